/* Forms of keys for people and other programs: SubjectPublicKeyInfo (RFC 5280), RSA (RFC 8017), EC (RFC 5480). */
#include "secrets/transit_form.h"

#include "base/encode.h"
#include "crypto/der.h"

static const struct slice rsa_oid = SLICE_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), ec_oid_content = SLICE_INIT("\x2a\x86\x48\xce\x3d\x02\x01");

enum { FORM_MAX_BYTES = 8192 };

static enum err put_algorithm(const struct transit_kind *kind, struct buf *out)
{
    cleanup_buf struct buf content = BUF_INIT(64);
    bool is_rsa = kind->family == TRANSIT_RSA;
    enum err err = der_put(&content, DER_OID, is_rsa ? rsa_oid : ec_oid_content);
    err = err != ERR_NONE ? err : is_rsa ? der_put(&content, DER_NULL, SLICE_NONE) : der_put(&content, DER_OID, ec_oid((enum curve)kind->detail));
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

enum err transit_spki(const struct transit_kind *kind, struct slice public_key, struct buf *out)
{
    cleanup_buf struct buf content = BUF_INIT(FORM_MAX_BYTES);
    enum err err = put_algorithm(kind, &content);
    err = err == ERR_NONE ? der_put_bits(&content, public_key) : err;
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

static enum err derived_public(struct turn *turn, const struct transit_version *version, struct slice context, struct slice *ret_public)
{
    uint8_t seed[ED25519_SEED_BYTES], *public_key = arena_alloc(turn->arena, ED25519_PUBLIC_BYTES);
    enum err err = public_key == NULL ? ERR_MEMORY : transit_derive(version->key, context, seed, sizeof seed);
    err = err == ERR_NONE ? ed25519_public(slice_of(seed, sizeof seed), public_key) : err;
    wipe(seed, sizeof seed);
    *ret_public = slice_of(public_key, ED25519_PUBLIC_BYTES);
    return err;
}

enum err transit_public_text(struct turn *turn, const struct transit_key *key, const struct transit_version *version, struct slice context, struct slice *ret_text)
{
    cleanup_buf struct buf der = BUF_INIT(FORM_MAX_BYTES), text = BUF_INIT(FORM_MAX_BYTES);
    struct slice public_key = version->public_key;
    enum err err = ERR_NONE;
    *ret_text = SLICE_NONE;
    if (key->derived && context.len == 0) {
        return ERR_NONE;
    }
    if (key->kind->family == TRANSIT_ED25519) {
        err = key->derived ? derived_public(turn, version, context, &public_key) : ERR_NONE;
        err = err == ERR_NONE ? base64_encode(&text, public_key) : err;
    } else {
        err = transit_spki(key->kind, public_key, &der);
        err = err == ERR_NONE ? pem_write(&text, "PUBLIC KEY", buf_slice(&der)) : err;
    }
    *ret_text = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&text)) : SLICE_NONE;
    return err == ERR_NONE && ret_text->data == NULL ? ERR_MEMORY : err;
}
