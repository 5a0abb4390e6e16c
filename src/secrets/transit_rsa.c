#include "secrets/transit_rsa.h"

#include "base/encode.h"
#include "crypto/rsa.h"
#include "secrets/transit.h"

enum err transit_rsa_make(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    uint64_t bits = 0;
    (void)arena;
    (void)raw;
    enum err err = json_u64(input, "bits", &bits);
    return err != ERR_NONE || bits > RSA_BITS_MAX ? ERR_INVALID : rsa_make((unsigned)bits, reply->raw);
}

static enum err read_hash(const struct json *input, enum hash *ret_hash)
{
    uint64_t number = 0;
    enum err err = json_u64(input, "hash", &number);
    *ret_hash = (enum hash)(number < HASH_COUNT ? number : 0);
    return err == ERR_NONE && number < HASH_COUNT ? ERR_NONE : ERR_INVALID;
}

static enum err read_salt(const struct json *input, int *ret_bytes)
{
    struct slice text = json_text(input, "salt", SLICE_NONE);
    uint64_t bytes = 0;
    enum err err = slice_is(text, "auto") || slice_is(text, "hash") ? ERR_NONE : slice_to_u64(text, &bytes);
    *ret_bytes = slice_is(text, "auto") ? RSA_SALT_AUTO : slice_is(text, "hash") ? RSA_SALT_HASH : (int)bytes;
    return err == ERR_NONE && bytes <= RSA_MAX_BYTES ? ERR_NONE : ERR_INVALID;
}

/* What both directions are told. */
struct told {
    enum transit_family family;
    enum curve curve;
    struct rsa_scheme scheme;
    struct buf message;                 /* of Ed25519 the text itself */
};
enum { MESSAGE_MAX_BYTES = 8 << 20 };

static enum err read_told(const struct json *input, struct told *told)
{
    uint64_t family = 0, detail = 0;
    enum err err = json_u64(input, "family", &family);
    err = err == ERR_NONE ? json_u64(input, "detail", &detail) : err;
    err = err == ERR_NONE ? read_hash(input, &told->scheme.hash) : err;
    err = err == ERR_NONE ? read_salt(input, &told->scheme.salt_bytes) : err;
    err = err == ERR_NONE ? base64_decode(&told->message, json_text(input, "message", SLICE_NONE)) : err;
    told->scheme.is_pss = json_bool(input, "pss", false);
    told->family = (enum transit_family)family;
    told->curve = (enum curve)detail;
    bool is_known = family == TRANSIT_ED25519 || family == TRANSIT_RSA || (family == TRANSIT_EC && detail <= CURVE_P521);
    return err == ERR_NONE && !is_known ? ERR_INVALID : err;
}

enum err transit_key_sign(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct told told = {.message = BUF_INIT(MESSAGE_MAX_BYTES)};
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    (void)arena;
    enum err err = read_told(input, &told);
    struct slice message = buf_slice(&told.message);
    if (err == ERR_NONE && told.family == TRANSIT_RSA) {
        err = rsa_sign(raw, &told.scheme, message, reply->raw);
    } else if (err == ERR_NONE && told.family == TRANSIT_EC) {
        err = ec_sign(told.curve, raw, message, reply->raw);
    } else if (err == ERR_NONE) {
        err = ed25519_sign(raw, message, signature);
        err = err == ERR_NONE ? buf_append(reply->raw, slice_of(signature, sizeof signature)) : err;
    }
    buf_free(&told.message);
    return err;
}

enum err transit_key_verify(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct told told = {.message = BUF_INIT(MESSAGE_MAX_BYTES)};
    cleanup_buf struct buf signature = BUF_INIT(RSA_MAX_BYTES);
    (void)arena;
    (void)reply;
    enum err err = read_told(input, &told);
    err = err == ERR_NONE && base64_decode(&signature, json_text(input, "signature", SLICE_NONE)) != ERR_NONE ? ERR_FORGED : err;
    struct slice message = buf_slice(&told.message);
    if (err == ERR_NONE && told.family == TRANSIT_RSA) {
        err = rsa_verify(raw, &told.scheme, message, buf_slice(&signature));
    } else if (err == ERR_NONE) {
        err = told.family == TRANSIT_EC ? ec_verify(told.curve, raw, message, buf_slice(&signature)) : ed25519_verify(raw, message, buf_slice(&signature));
    }
    buf_free(&told.message);
    return err;
}

enum err transit_rsa_decrypt(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    enum hash hash;
    cleanup_buf struct buf sealed = BUF_INIT(RSA_MAX_BYTES);
    (void)arena;
    enum err err = read_hash(input, &hash);
    if (err == ERR_NONE && base64_decode(&sealed, json_text(input, "sealed", SLICE_NONE)) != ERR_NONE) {
        return ERR_FORGED; /* longer than any key, or none at all */
    }
    return err == ERR_NONE ? rsa_decrypt(raw, hash, buf_slice(&sealed), reply->raw) : err;
}

enum err transit_rsa_check(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    unsigned bits = 0;
    (void)input;
    enum err err = rsa_check_private(raw, true, &bits);
    reply->output = json_new(arena, JSON_OBJECT);
    return err != ERR_NONE ? err : json_set_u64(arena, reply->output, "bits", bits) == NULL ? ERR_MEMORY : ERR_NONE;
}
