#include "roles/judge_password.h"

#include "base/encode.h"
#include "crypto/crypto.h"

struct effort {
    uint8_t salt[PASSWORD_SALT_BYTES];
    uint32_t memory_kib, passes;
};

static enum err read_bounded(const struct json *input, const char *name, uint64_t min, uint64_t max,
                             uint32_t *ret_value)
{
    uint64_t value = 0;
    enum err err = json_u64(input, name, &value);
    if (err != ERR_NONE || value < min || value > max) {
        return ERR_INVALID;
    }
    *ret_value = (uint32_t)value;
    return ERR_NONE;
}

static enum err read_salt(const struct json *input, uint8_t ret_salt[PASSWORD_SALT_BYTES])
{
    cleanup_buf struct buf salt = BUF_INIT(PASSWORD_SALT_BYTES);
    enum err err = hex_decode(&salt, json_text(input, "salt", SLICE_NONE));
    if (err != ERR_NONE || salt.len != PASSWORD_SALT_BYTES) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < PASSWORD_SALT_BYTES; i++) {
        ret_salt[i] = salt.data[i];
    }
    return ERR_NONE;
}

static enum err read_effort(const struct json *input, struct effort *ret_effort,
                            struct complaint *complaint)
{
    struct effort effort = {0};
    if (read_salt(input, effort.salt) != ERR_NONE) {
        return complain(
            complaint, ERR_INVALID,
            TEXT("the salt must be 16 bytes in hex", "Das Salz muss 16 Bytes in Hex sein"), 0, 0,
            NULL, 0);
    }
    if (read_bounded(input, "memory_kib", PASSWORD_MEMORY_MIN_KIB, PASSWORD_MEMORY_MAX_KIB,
                     &effort.memory_kib) != ERR_NONE) {
        return complain(complaint, ERR_INVALID,
                        TEXT("memory_kib must be a number from 8 to 262144",
                             "memory_kib muss eine Zahl von 8 bis 262144 sein"),
                        0, 0, NULL, 0);
    }
    if (read_bounded(input, "passes", 1, PASSWORD_PASSES_MAX, &effort.passes) != ERR_NONE) {
        return complain(
            complaint, ERR_INVALID,
            TEXT("passes must be a number from 1 to 10", "passes muss eine Zahl von 1 bis 10 sein"),
            0, 0, NULL, 0);
    }
    *ret_effort = effort;
    return ERR_NONE;
}

enum err judge_password(struct arena *arena, const struct json *input, struct slice raw,
                        struct work_reply *reply)
{
    struct effort effort;
    enum err err = read_effort(input, &effort, &reply->complaint);
    if (err != ERR_NONE) {
        return err;
    }
    if (raw.len > PASSWORD_MAX_BYTES) {
        return complain(
            &reply->complaint, ERR_TOO_LARGE,
            TEXT("a passphrase has at most 4096 bytes", "Eine Passphrase hat höchstens 4096 Bytes"),
            0, 0, NULL, 0);
    }
    uint8_t hash[PASSWORD_HASH_BYTES];
    err = argon2id(raw, slice_of(effort.salt, sizeof(effort.salt)), effort.memory_kib,
                   effort.passes, hash);
    if (err != ERR_NONE) {
        return complain(&reply->complaint, err,
                        TEXT("not enough memory to check a passphrase",
                             "Nicht genug Speicher, um eine Passphrase zu prüfen"),
                        0, 0, NULL, 0);
    }
    cleanup_buf struct buf hex = BUF_INIT(2 * PASSWORD_HASH_BYTES);
    err = hex_encode(&hex, slice_of(hash, sizeof(hash)));
    wipe(hash, sizeof(hash));
    struct json *output = json_new(arena, JSON_OBJECT);
    if (err == ERR_NONE && json_set_string(arena, output, "hash", buf_slice(&hex)) == NULL) {
        err = ERR_MEMORY;
    }
    if (err == ERR_NONE) {
        reply->output = output;
    }
    return err;
}
