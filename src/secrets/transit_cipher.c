/*
 * encrypt, decrypt, rewrap, data keys. The bytes behind "vault:vN:" are nonce[12], text, tag[16], as Vault has them.
 *
 * Convergent keys (version 3 of Vault's scheme): HKDF gives 32 bytes more than the cipher's key; HMAC-SHA-256 under these of the plain text is the nonce, its first
 * twelve bytes. The same text in the same context is the same ciphertext; different texts share a nonce with probability 2^-96 a pair.
 */
#include "secrets/transit.h"

#include "base/encode.h"

#include <string.h>

enum { SCRATCH_MAX_BYTES = 16 << 20, CONVERGENT_KEY_BYTES = 32, CIPHER_KEY_MAX_BYTES = 32, OVERHEAD_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES };

static const struct text NO_KEY = TEXT_INIT("encryption key not found", "diesen Schlüssel gibt es nicht");

enum err transit_derive(struct slice key, struct slice context, uint8_t *ret_out, size_t out_bytes)
{
    return hkdf_sha256(key, SLICE_NONE, context, ret_out, out_bytes);
}

/* ---- the cipher of an item ---- */

struct item_cipher {
    struct aead *aead;
    bool is_own;                        /* of this item alone: derived */
    uint8_t convergent[CONVERGENT_KEY_BYTES];
};

static void end_cipher(struct item_cipher *cipher)
{
    if (cipher->is_own) {
        aead_free(cipher->aead);
    }
    wipe(cipher->convergent, sizeof cipher->convergent);
}

static enum err derive_cipher(struct transit_call *call, const struct transit_version *version, struct slice context, struct item_cipher *ret_cipher)
{
    uint8_t derived[CIPHER_KEY_MAX_BYTES + CONVERGENT_KEY_BYTES];
    enum aead_kind kind = (enum aead_kind)call->key.kind->detail;
    size_t key_bytes = aead_key_bytes(kind);
    enum err err = transit_derive(version->key, context, derived, key_bytes + CONVERGENT_KEY_BYTES);
    err = err == ERR_NONE ? aead_new(kind, slice_of(derived, key_bytes), &ret_cipher->aead) : err;
    memcpy(ret_cipher->convergent, derived + key_bytes, CONVERGENT_KEY_BYTES);
    ret_cipher->is_own = err == ERR_NONE;
    wipe(derived, sizeof derived);
    return err;
}

static enum err cipher_of(struct transit_call *call, const struct transit_version *version, struct slice context, struct item_cipher *ret_cipher)
{
    if (call->key.derived) {
        return derive_cipher(call, version, context, ret_cipher);
    }
    struct transit_loaded *loaded = transit_call_version(call, version->number);
    enum err err = loaded == NULL ? ERR_INTERNAL : loaded->aead == NULL ? aead_new((enum aead_kind)call->key.kind->detail, version->key, &loaded->aead) : ERR_NONE;
    ret_cipher->aead = err == ERR_NONE ? loaded->aead : NULL;
    return err;
}

/* OAEP with SHA-256, as Vault has it. */
static enum err seal_rsa(struct transit_call *call, const struct transit_version *version, struct slice associated)
{
    if (associated.len > 0) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("associated data is not supported for keys of this type", "associated_data gibt es bei Schlüsseln dieses Typs nicht"), SLICE_NONE);
    }
    cleanup_buf struct buf sealed = BUF_INIT(RSA_MAX_BYTES);
    enum err err = rsa_encrypt(version->public_key, HASH_SHA2_256, slice_from(buf_slice(&call->scratch), AEAD_NONCE_BYTES), &sealed);
    if (err == ERR_TOO_LARGE) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("the plaintext is longer than this RSA key can encrypt", "der Klartext ist länger, als dieser RSA-Schlüssel verschlüsseln kann"), SLICE_NONE);
    }
    buf_clear(&call->scratch);
    return err == ERR_NONE ? buf_append(&call->scratch, buf_slice(&sealed)) : err;
}

static enum err open_rsa(struct transit_call *call, const struct transit_version *version, struct slice *ret_plain)
{
    struct json *input = json_new(call->turn->arena, JSON_OBJECT);
    const struct json *output = NULL;
    enum err err = version->key.len == 0 ? ERR_FORGED : transit_set_base64(call->turn, input, "sealed", buf_slice(&call->scratch));
    json_set_u64(call->turn->arena, input, "hash", HASH_SHA2_256);
    return err == ERR_NONE ? turn_work(call->turn, ROLE_KEEP, "rsa.decrypt", input, version->key, &output, ret_plain, NULL) : err;
}

/* call->scratch holds room for a nonce, then the plain text: it is sealed where it lies. */
static enum err seal_scratch(struct transit_call *call, const struct transit_version *version, struct slice context, struct slice associated)
{
    struct item_cipher cipher = {0};
    if (call->key.kind->family == TRANSIT_RSA) {
        return seal_rsa(call, version, associated);
    }
    enum err err = buf_reserve(&call->scratch, AEAD_TAG_BYTES);
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t *nonce = call->scratch.data, *text = nonce + AEAD_NONCE_BYTES;
    struct slice plain = slice_of(text, call->scratch.len - AEAD_NONCE_BYTES);
    err = cipher_of(call, version, context, &cipher);
    if (err == ERR_NONE && call->key.convergent) {
        uint8_t mac[SHA256_BYTES];
        hmac_sha256(slice_of(cipher.convergent, sizeof cipher.convergent), plain, mac);
        memcpy(nonce, mac, AEAD_NONCE_BYTES);
    } else if (err == ERR_NONE) {
        turn_random(call->turn, nonce, AEAD_NONCE_BYTES);
    }
    err = err == ERR_NONE ? aead_seal(cipher.aead, nonce, associated, plain, text, text + plain.len) : err;
    call->scratch.len += err == ERR_NONE ? AEAD_TAG_BYTES : 0;
    end_cipher(&cipher);
    return err;
}

/* Opens what call->scratch holds, in place: afterwards the plain text lies behind the nonce. */
static enum err open_scratch(struct transit_call *call, const struct transit_version *version, struct slice context, struct slice associated, struct slice *ret_plain)
{
    struct item_cipher cipher = {0};
    if (call->key.kind->family == TRANSIT_RSA) {
        return open_rsa(call, version, ret_plain);
    }
    enum err err = call->scratch.len < OVERHEAD_BYTES ? ERR_FORGED : cipher_of(call, version, context, &cipher);
    if (err == ERR_NONE) {
        uint8_t *text = call->scratch.data + AEAD_NONCE_BYTES;
        size_t bytes = call->scratch.len - OVERHEAD_BYTES;
        err = aead_open(cipher.aead, call->scratch.data, associated, slice_of(text, bytes), text + bytes, text);
        *ret_plain = slice_of(text, bytes);
    }
    end_cipher(&cipher);
    return err;
}

/* ---- members ---- */

static enum err read_extras(struct transit_call *call, const struct json *item, struct slice *ret_context, struct slice *ret_associated)
{
    enum err err = transit_context(call, item, ret_context);
    err = err == ERR_NONE ? transit_bytes(call->turn, item, "associated_data", ret_associated) : err;
    if (err == ERR_NONE && json_text(item, "nonce", SLICE_NONE).len > 0) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("provided nonce not allowed for this key", "dieser Schlüssel nimmt keinen fremden nonce"), SLICE_NONE);
    }
    return err;
}

static enum err start_scratch(struct transit_call *call)
{
    static const uint8_t nothing[AEAD_NONCE_BYTES];
    buf_clear(&call->scratch);
    return buf_append(&call->scratch, slice_of(nothing, sizeof nothing));
}

static enum err refuse_base64(struct transit_call *call, enum err err, struct text text)
{
    return err == ERR_MALFORMED ? turn_refuse(call->turn, ERR_INVALID, text, SLICE_NONE) : err;
}

/* ---- encrypt ---- */

static enum err encrypt_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result)
{
    struct slice context, associated;
    const struct json *plain = json_member(item, "plaintext");
    enum err err = plain == NULL || plain->type != JSON_STRING ? turn_refuse(call->turn, ERR_INVALID, TEXT("missing plaintext to encrypt", "es fehlt „plaintext“"), SLICE_NONE) : ERR_NONE;
    err = err == ERR_NONE ? read_extras(call, item, &context, &associated) : err;
    err = err == ERR_NONE ? start_scratch(call) : err;
    err = err == ERR_NONE ? refuse_base64(call, base64_decode(&call->scratch, plain->text), TEXT("failed to base64-decode plaintext", "plaintext ist kein Base64")) : err;
    err = err == ERR_NONE ? seal_scratch(call, version, context, associated) : err;
    err = err == ERR_NONE ? transit_set_text(call->turn, result, "ciphertext", version->number, buf_slice(&call->scratch)) : err;
    return err != ERR_NONE ? err : json_set_u64(call->turn->arena, result, "key_version", version->number) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* Of a batch that makes its key: contexts in all items or in none; they decide whether the key is derived. */
static enum err contexts_of(struct turn *turn, const struct json *batch, bool *ret_derived)
{
    size_t with = 0, all = batch == NULL ? 1 : batch->count;
    for (const struct json *item = batch == NULL ? turn->request->body : batch->first; item != NULL; item = batch == NULL ? NULL : item->next) {
        with += json_text(item, "context", SLICE_NONE).len > 0;
    }
    *ret_derived = with > 0;
    return with == 0 || with == all ? ERR_NONE
                                    : turn_refuse(turn, ERR_INVALID, TEXT("context should be set either in all the request blocks or in none", "context steht in allen Einträgen oder in keinem"), SLICE_NONE);
}

/* The key does not exist: whoever may create at this path gets it made, unless the mount forbids it. */
static enum err upsert(struct turn *turn, const struct json *batch, struct transit_key *ret_key)
{
    const struct json *settings = mount_settings(turn->mount);
    bool derived = false;
    struct transit_key key;
    if (json_bool(settings, "disable_upsert", false)) {
        return turn_refuse(turn, ERR_INVALID, NO_KEY, SLICE_NONE);
    }
    enum err err = transit_wish(turn, turn->values[0], &key);
    err = err == ERR_NONE ? contexts_of(turn, batch, &derived) : err;
    if (err == ERR_NONE && key.kind->family != TRANSIT_AEAD) {
        return turn_refuse(turn, ERR_INVALID, TEXT("key type not supported for this operation", "Schlüssel dieses Typs entstehen nicht beim Verschlüsseln"), slice_string(key.kind->name));
    }
    key.derived = derived;
    err = err == ERR_NONE ? transit_allow_derived(turn, &key) : err;
    err = err == ERR_NONE ? transit_rotate(turn, &key) : err;
    *ret_key = key;
    return err;
}

static enum err needs_family(struct turn *turn, const struct transit_key *key)
{
    return key->kind->encrypts ? ERR_NONE : turn_refuse(turn, ERR_INVALID, TEXT("message encryption not supported for key type", "Schlüssel dieses Typs verschlüsseln nicht"), slice_string(key->kind->name));
}

enum err operation_transit_encrypt(struct turn *turn)
{
    struct transit_call call = {.turn = turn, .scratch = BUF_INIT(SCRATCH_MAX_BYTES), .fails_alone = true};
    enum err err = transit_call_batch(turn, &call.batch), loaded = transit_load(turn, turn->values[0], &call.key);
    err = err == ERR_NONE && loaded == ERR_NOT_FOUND ? upsert(turn, call.batch, &call.key) : err != ERR_NONE ? err : loaded;
    err = err == ERR_NONE ? needs_family(turn, &call.key) : err;
    err = err == ERR_NONE ? transit_call_bounded(&call) : err;
    return err == ERR_NONE ? transit_call_run(&call, transit_number_to_make, encrypt_item) : err;
}

/* ---- decrypt ---- */

static enum err number_of_ciphertext(struct transit_call *call, const struct json *item, uint64_t *ret_number)
{
    struct transit_text text;
    struct slice given = json_text(item, "ciphertext", SLICE_NONE);
    if (given.len == 0) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("missing ciphertext to decrypt", "es fehlt „ciphertext“"), SLICE_NONE);
    }
    enum err err = transit_number_to_read(call, given, false, &text);
    *ret_number = err == ERR_NONE ? text.version : 0;
    return err;
}

static enum err open_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct slice *ret_context, struct slice *ret_associated, struct slice *ret_plain)
{
    struct transit_text text;
    enum err err = read_extras(call, item, ret_context, ret_associated);
    err = err == ERR_NONE ? transit_number_to_read(call, json_text(item, "ciphertext", SLICE_NONE), false, &text) : err;
    buf_clear(&call->scratch);
    err = err == ERR_NONE ? refuse_base64(call, base64_decode(&call->scratch, text.text), TEXT("invalid ciphertext: could not decode base64", "kein Geheimtext: hinter der Version steht kein Base64")) : err;
    err = err == ERR_NONE ? open_scratch(call, version, *ret_context, *ret_associated, ret_plain) : err;
    return err == ERR_FORGED ? turn_refuse(call->turn, ERR_INVALID, TEXT("invalid ciphertext: unable to decrypt", "der Geheimtext gehört nicht zu diesem Schlüssel oder ist verändert"), SLICE_NONE) : err;
}

static enum err decrypt_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result)
{
    struct slice context, associated, plain;
    enum err err = open_item(call, item, version, &context, &associated, &plain);
    return err == ERR_NONE ? transit_set_base64(call->turn, result, "plaintext", plain) : err;
}

enum err operation_transit_decrypt(struct turn *turn)
{
    struct transit_call call = {.turn = turn, .scratch = BUF_INIT(SCRATCH_MAX_BYTES), .fails_alone = true};
    enum err err = transit_call_batch(turn, &call.batch);
    err = err == ERR_NONE ? transit_need(turn, turn->values[0], NO_KEY, &call.key) : err;
    err = err == ERR_NONE ? needs_family(turn, &call.key) : err;
    err = err == ERR_NONE ? transit_call_bounded(&call) : err;
    return err == ERR_NONE ? transit_call_run(&call, number_of_ciphertext, decrypt_item) : err;
}

/* ---- rewrap: from an old version to a newer one, the text never leaves ---- */

/* Both versions of an item must be loaded. */
static enum err numbers_of_rewrap(struct transit_call *call, const struct json *item, uint64_t *ret_number)
{
    uint64_t fresh = 0;
    enum err err = transit_number_to_make(call, item, &fresh);
    enum err loaded = err == ERR_NONE ? transit_call_load(call, fresh) : ERR_NONE;
    err = err == ERR_NONE ? number_of_ciphertext(call, item, ret_number) : err;
    return err == ERR_NONE ? loaded : err;
}

static enum err rewrap_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result)
{
    struct slice context, associated, plain;
    uint64_t number = 0;
    enum err err = transit_number_to_make(call, item, &number);
    const struct transit_loaded *fresh = transit_call_version(call, number);
    err = err == ERR_NONE ? open_item(call, item, version, &context, &associated, &plain) : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (call->key.kind->family == TRANSIT_RSA) {
        err = start_scratch(call);
        err = err == ERR_NONE ? buf_append(&call->scratch, plain) : err;
    } else {
        call->scratch.len -= AEAD_TAG_BYTES; /* nonce and plain text, as they are sealed */
    }
    err = err != ERR_NONE ? err : fresh == NULL ? ERR_INTERNAL : seal_scratch(call, &fresh->version, context, associated);
    err = err == ERR_NONE ? transit_set_text(call->turn, result, "ciphertext", number, buf_slice(&call->scratch)) : err;
    return err != ERR_NONE ? err : json_set_u64(call->turn->arena, result, "key_version", number) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err operation_transit_rewrap(struct turn *turn)
{
    struct transit_call call = {.turn = turn, .scratch = BUF_INIT(SCRATCH_MAX_BYTES), .fails_alone = true};
    enum err err = transit_call_batch(turn, &call.batch);
    err = err == ERR_NONE ? transit_need(turn, turn->values[0], NO_KEY, &call.key) : err;
    err = err == ERR_NONE ? needs_family(turn, &call.key) : err;
    err = err == ERR_NONE ? transit_call_bounded(&call) : err;
    return err == ERR_NONE ? transit_call_run(&call, numbers_of_rewrap, rewrap_item) : err;
}

/* ---- data keys ---- */

static enum err datakey_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result)
{
    struct turn *turn = call->turn;
    struct slice context, associated;
    uint64_t bits = 256;
    uint8_t drawn[64];
    enum err err = json_u64(item, "bits", &bits);
    if ((err != ERR_NONE && err != ERR_NOT_FOUND) || (bits != 128 && bits != 256 && bits != 512)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid bit length: 128, 256 or 512", "bits ist 128, 256 oder 512"), SLICE_NONE);
    }
    err = read_extras(call, item, &context, &associated);
    err = err == ERR_NONE ? start_scratch(call) : err;
    if (err != ERR_NONE) {
        return err;
    }
    size_t bytes = (size_t)bits / 8;
    turn_random(turn, drawn, bytes);
    err = buf_append(&call->scratch, slice_of(drawn, bytes));
    err = err == ERR_NONE ? seal_scratch(call, version, context, associated) : err;
    err = err == ERR_NONE ? transit_set_text(turn, result, "ciphertext", version->number, buf_slice(&call->scratch)) : err;
    err = err == ERR_NONE && slice_is(turn->values[0], "plaintext") ? transit_set_base64(turn, result, "plaintext", slice_of(drawn, bytes)) : err;
    wipe(drawn, sizeof drawn);
    return err != ERR_NONE ? err : json_set_u64(turn->arena, result, "key_version", version->number) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err operation_transit_datakey(struct turn *turn)
{
    struct transit_call call = {.turn = turn, .scratch = BUF_INIT(SCRATCH_MAX_BYTES)};
    if (!slice_is(turn->values[0], "plaintext") && !slice_is(turn->values[0], "wrapped")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("Invalid path, must be 'plaintext' or 'wrapped'", "der Pfad nennt plaintext oder wrapped"), turn->values[0]);
    }
    enum err err = transit_need(turn, turn->values[1], NO_KEY, &call.key);
    err = err == ERR_NONE ? needs_family(turn, &call.key) : err;
    err = err == ERR_NONE ? transit_call_bounded(&call) : err;
    return err == ERR_NONE ? transit_call_run(&call, transit_number_to_make, datakey_item) : err;
}
