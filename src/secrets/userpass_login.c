/* Passwords of userpass hashed and compared, and the login. All hashing is judge's. */
#include "secrets/userpass.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "engine/token.h"
#include "secrets/login_lockout.h"

enum { MEMORY_KIB = 47104, PASSES = 1, SALT_BYTES = 16, BCRYPT_BYTES = 60, BCRYPT_HEAD_BYTES = 7, BCRYPT_SALT_END = 29, BCRYPT_COST_MAX = 14 };

/* ---- bcrypt's form ---- */

/* "$2b$10$", 22 characters of salt, 31 of hash; the last of the salt has four bits only. A cost above 14 would keep judge busy for seconds a login. */
bool userpass_bcrypt_is_good(struct slice text)
{
    if (text.len != BCRYPT_BYTES || !slice_starts(text, SLICE_LITERAL("$2"))) {
        return false;
    }
    const uint8_t *at = text.data;
    unsigned cost = at[4] >= '0' && at[4] <= '9' && at[5] >= '0' && at[5] <= '9' ? (unsigned)(at[4] - '0') * 10 + (unsigned)(at[5] - '0') : 0;
    bool good = (at[2] == 'a' || at[2] == 'b' || at[2] == 'y') && at[3] == '$' && at[6] == '$' && cost >= 4 && cost <= BCRYPT_COST_MAX;
    for (size_t i = BCRYPT_HEAD_BYTES; good && i < BCRYPT_BYTES; i++) {
        good = byte_is_among(at[i], "./" ASCII_DIGITS ASCII_LETTERS);
    }
    uint8_t last = at[BCRYPT_SALT_END - 1];
    return good && (last == '.' || last == 'O' || last == 'e' || last == 'u');
}

enum err userpass_note_bcrypt(struct turn *turn, struct slice bcrypt)
{
    struct slice before = json_text(mount_settings(turn->mount), "bcrypt", SLICE_NONE), cost = slice_of(bcrypt.data + 4, 2);
    if (before.len == BCRYPT_BYTES && slice_compare(cost, slice_of(before.data + 4, 2)) <= 0) {
        return ERR_NONE;
    }
    struct json *settings = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, settings, "bcrypt", slice_string(turn_path(turn, "$2b$%.2s$......................%s", (const char *)cost.data, "...............................")));
    return mount_put_settings(turn, settings);
}

/* ---- hashing ---- */

static enum err argon2(struct turn *turn, struct slice password, struct slice salt_hex, uint64_t memory_kib, uint64_t passes, struct slice *ret_hex)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    const struct json *output = NULL;
    json_set_string(turn->arena, input, "salt", salt_hex);
    json_set_u64(turn->arena, input, "memory_kib", memory_kib);
    json_set_u64(turn->arena, input, "passes", passes);
    enum err err = turn_work(turn, ROLE_JUDGE, "argon2id", input, password, &output, NULL, NULL);
    *ret_hex = err == ERR_NONE ? json_text(output, "hash", SLICE_NONE) : SLICE_NONE;
    return err;
}

static enum err fresh_salt(struct turn *turn, struct slice *ret_hex)
{
    uint8_t salt[SALT_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof salt);
    turn_random(turn, salt, sizeof salt);
    enum err err = hex_encode(&hex, slice_of(salt, sizeof salt));
    *ret_hex = arena_copy(turn->arena, buf_slice(&hex));
    return err != ERR_NONE ? err : ret_hex->data == NULL ? ERR_MEMORY : ERR_NONE;
}

static void set_hash(struct turn *turn, struct json *row, struct slice salt, struct slice hash)
{
    json_set_string(turn->arena, row, "salt", salt);
    json_set_string(turn->arena, row, "hash", hash);
    json_set_u64(turn->arena, row, "memory_kib", MEMORY_KIB);
    json_set_u64(turn->arena, row, "passes", PASSES);
}

enum err userpass_hash(struct turn *turn, struct slice password, struct json *row)
{
    struct slice salt, hash;
    enum err err = fresh_salt(turn, &salt);
    err = err == ERR_NONE ? argon2(turn, password, salt, MEMORY_KIB, PASSES, &hash) : err;
    if (err == ERR_NONE) {
        set_hash(turn, row, salt, hash);
    }
    return err;
}

/* The same password, as Argon2id. */
static struct json *renewed(struct turn *turn, const struct json *row, struct slice salt, struct slice hash)
{
    struct json *fresh = json_new(turn->arena, JSON_OBJECT);
    set_hash(turn, fresh, salt, hash);
    const struct json *token = json_member(row, "token");
    if (token != NULL) {
        json_set(turn->arena, fresh, "token", json_copy(turn->arena, token));
    }
    return fresh;
}

enum password_verdict { PASSWORD_WRONG, PASSWORD_RIGHT, PASSWORD_RIGHT_RENEW };

/* Is it the password of this row? NULL: of nobody, which takes as long. PASSWORD_RIGHT_RENEW: right, and *ret_row is what the row should be from now on.
 * Both kinds of work are asked for at once, whether the row needs them or not. */
static enum err compare(struct turn *turn, const struct json *row, struct slice password, enum password_verdict *ret_verdict, struct json **ret_row)
{
    struct slice own_salt = json_text(row, "salt", SLICE_NONE), bcrypt = json_text(row, "bcrypt", SLICE_NONE), salt = own_salt, hash = SLICE_NONE;
    struct slice setting = bcrypt.len > 0 ? bcrypt : json_text(mount_settings(turn->mount), "bcrypt", SLICE_NONE);
    bool is_argon = own_salt.len > 0;
    enum err first = is_argon ? ERR_NONE : fresh_salt(turn, &salt), second = ERR_NONE;
    const struct json *output = NULL;
    if (first == ERR_NONE) {
        first = argon2(turn, password, salt, is_argon ? token_number(row, "memory_kib") : MEMORY_KIB, is_argon ? token_number(row, "passes") : PASSES, &hash);
    }
    if (setting.len > 0) {
        struct json *input = json_new(turn->arena, JSON_OBJECT);
        json_set_string(turn->arena, input, "setting", setting);
        second = turn_work(turn, ROLE_JUDGE, "login.crypt", input, password, &output, NULL, NULL);
    }
    if (first != ERR_NONE || second != ERR_NONE) {
        return first != ERR_NONE && first != ERR_NEED ? first : second != ERR_NONE ? second : first;
    }
    bool argon_fits = is_argon && secret_equal(hash, json_text(row, "hash", SLICE_NONE));
    bool bcrypt_fits = bcrypt.len > 0 && secret_equal(json_text(output, "hash", SLICE_NONE), bcrypt);
    *ret_row = bcrypt_fits ? renewed(turn, row, salt, hash) : NULL;
    *ret_verdict = bcrypt_fits ? PASSWORD_RIGHT_RENEW : argon_fits ? PASSWORD_RIGHT : PASSWORD_WRONG;
    return ERR_NONE;
}

/* ---- the login ---- */

static enum err refuse(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("invalid username or password", "Name oder Passwort ist falsch"), SLICE_NONE);
}

static enum err let_in(struct turn *turn, struct slice name, const struct json *row)
{
    struct json *metadata = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, metadata, "username", name);
    struct login login = {.row = row, .name = name, .alias = name, .metadata = metadata};
    return login_token_give(turn, &login);
}

enum err operation_userpass_login(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]), password = turn_field(turn, "password");
    if (password.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing password", "das Passwort fehlt"), SLICE_NONE);
    }
    if (!userpass_name_is_good(name) || password.len > USERPASS_PASSWORD_MAX_BYTES) {
        return refuse(turn);
    }
    const struct json *row = NULL;
    char *path = userpass_path(turn, name);
    (void)turn_want(turn, path);
    enum err err = lockout_check(turn, name);
    if (err != ERR_NONE) {
        return err;
    }
    err = turn_json(turn, path, &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    enum password_verdict verdict = PASSWORD_WRONG;
    struct json *fresh = NULL;
    err = compare(turn, row, password, &verdict, &fresh);
    if (err != ERR_NONE) {
        return err;
    }
    if (verdict == PASSWORD_WRONG) {
        err = lockout_count(turn, name);
        return err == ERR_NONE ? refuse(turn) : err;
    }
    err = lockout_forget(turn, name);
    err = err == ERR_NONE && verdict == PASSWORD_RIGHT_RENEW ? turn_put_json(turn, path, fresh, 0) : err;
    return err == ERR_NONE ? let_in(turn, name, row) : err;
}
