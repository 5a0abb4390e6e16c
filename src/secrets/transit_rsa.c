#include "secrets/transit_rsa.h"

#include "base/encode.h"
#include "crypto/rsa.h"

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

enum err transit_rsa_sign(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct rsa_scheme scheme = {.is_pss = json_bool(input, "pss", false)};
    cleanup_buf struct buf digest = BUF_INIT(RSA_MAX_BYTES);
    (void)arena;
    enum err err = read_hash(input, &scheme.hash);
    err = err == ERR_NONE ? read_salt(input, &scheme.salt_bytes) : err;
    err = err == ERR_NONE ? base64_decode(&digest, json_text(input, "digest", SLICE_NONE)) : err;
    return err == ERR_NONE ? rsa_sign(raw, &scheme, buf_slice(&digest), reply->raw) : err;
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
