/* Forms of keys for people and other programs. */
#include "secrets/transit_form.h"

#include "base/encode.h"
#include "crypto/der.h"

#include <string.h>

struct key_type transit_key_type(const struct transit_kind *kind)
{
    static const enum key_family families[] = {[TRANSIT_ED25519] = KEY_ED25519, [TRANSIT_EC] = KEY_EC, [TRANSIT_RSA] = KEY_RSA};
    return (struct key_type){families[kind->family], kind->family == TRANSIT_EC ? (enum curve)kind->detail : CURVE_P256};
}

/* ---- public halves ---- */

static enum err derived_public(struct turn *turn, const struct transit_version *version, struct slice context, struct slice *ret_public)
{
    uint8_t seed[ED25519_SEED_BYTES], *public_key = arena_alloc(turn->arena, ED25519_PUBLIC_BYTES);
    enum err err = public_key == NULL ? ERR_MEMORY : transit_derive(version->key, context, seed, sizeof seed);
    err = err == ERR_NONE ? ed25519_public(slice_of(seed, sizeof seed), public_key) : err;
    wipe(seed, sizeof seed);
    *ret_public = slice_of(public_key, ED25519_PUBLIC_BYTES);
    return err;
}

static enum err keep_text(struct turn *turn, enum err err, const struct buf *text, struct slice *ret_text)
{
    *ret_text = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(text)) : SLICE_NONE;
    return err == ERR_NONE && ret_text->data == NULL ? ERR_MEMORY : err;
}

enum err transit_public_text(struct turn *turn, const struct transit_key *key, const struct transit_version *version, struct slice context, struct slice *ret_text)
{
    cleanup_buf struct buf der = BUF_INIT(KEY_FORM_MAX_BYTES), text = BUF_INIT(2 * KEY_FORM_MAX_BYTES);
    struct slice public_key = version->public_key;
    enum err err = ERR_NONE;
    if (key->derived && context.len == 0) {
        *ret_text = SLICE_NONE;
        return ERR_NONE;
    }
    if (key->kind->family == TRANSIT_ED25519) {
        err = key->derived ? derived_public(turn, version, context, &public_key) : ERR_NONE;
        err = err == ERR_NONE ? base64_encode(&text, public_key) : err;
    } else {
        err = key_to_spki(transit_key_type(key->kind), public_key, &der);
        err = err == ERR_NONE ? pem_write(&text, "PUBLIC KEY", buf_slice(&der)) : err;
    }
    return keep_text(turn, err, &text, ret_text);
}

/* ---- exports ---- */

static enum err private_text(const struct transit_key *key, const struct transit_version *version, struct buf *out)
{
    cleanup_buf struct buf form = BUF_INIT(KEY_FORM_MAX_BYTES);
    enum err err = buf_reserve(&form, KEY_FORM_MAX_BYTES);
    if (err != ERR_NONE) {
        return err;
    }
    switch (key->kind->family) {
    case TRANSIT_RSA:
        return pem_write(out, "RSA PRIVATE KEY", version->key);
    case TRANSIT_EC:
        err = key_to_sec1((enum curve)key->kind->detail, version->key, version->public_key, &form);
        return err == ERR_NONE ? pem_write(out, "EC PRIVATE KEY", buf_slice(&form)) : err;
    case TRANSIT_ED25519: /* seed and public half side by side, as Vault has it; of a derived key there is no public half */
        err = buf_append(&form, version->key);
        err = err == ERR_NONE && !key->derived ? buf_append(&form, version->public_key) : err;
        return err == ERR_NONE ? base64_encode(out, buf_slice(&form)) : err;
    case TRANSIT_AEAD:
    case TRANSIT_HMAC:
        break;
    }
    return base64_encode(out, version->key);
}

enum err transit_export_text(struct turn *turn, const struct transit_key *key, const struct transit_version *version, enum transit_export what, struct slice *ret_text)
{
    cleanup_buf struct buf text = BUF_INIT(2 * KEY_FORM_MAX_BYTES);
    if (what == TRANSIT_EXPORT_PUBLIC) {
        return transit_public_text(turn, key, version, SLICE_NONE, ret_text);
    }
    enum err err = buf_reserve(&text, 2 * KEY_FORM_MAX_BYTES);
    if (err == ERR_NONE) {
        err = what == TRANSIT_EXPORT_HMAC ? base64_encode(&text, key->kind->family == TRANSIT_HMAC ? version->key : version->hmac) : private_text(key, version, &text);
    }
    return keep_text(turn, err, &text, ret_text);
}

/* ---- wrapped ---- */

static bool is_plain(const struct transit_key *key)
{
    return key->kind->family == TRANSIT_AEAD || key->kind->family == TRANSIT_HMAC;
}

enum err transit_to_travel(const struct transit_key *key, const struct transit_version *version, struct buf *out)
{
    return is_plain(key) ? buf_append(out, version->key) : key_to_pkcs8(transit_key_type(key->kind), version->key, version->public_key, out);
}

enum err transit_from_travel(struct turn *turn, const struct transit_key *key, struct slice form, struct slice *ret_key)
{
    uint8_t room[EC_PRIVATE_MAX_BYTES];
    struct slice found = form;
    enum err err = is_plain(key) ? ERR_NONE : key_from_pkcs8(transit_key_type(key->kind), form, room, &found);
    bool is_sized = key->kind->family == TRANSIT_HMAC ? found.len >= TRANSIT_HMAC_KEY_BYTES && found.len <= TRANSIT_HMAC_KEY_MAX_BYTES
                                                      : key->kind->key_bytes == 0 || found.len == key->kind->key_bytes;
    *ret_key = err == ERR_NONE ? arena_copy(turn->arena, found) : SLICE_NONE;
    wipe(room, sizeof room);
    return err != ERR_NONE || !is_sized ? ERR_MALFORMED : ret_key->data == NULL ? ERR_MEMORY : ERR_NONE;
}
