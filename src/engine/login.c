/*
 * Logging in as a person: by a one-time link, then by a passphrase (Argon2id, computed in judge).
 *   login/link/HEX    {"name","policies","expires_s"}: HEX is the SHA-256 of the code; due at its end; gone once used
 *   login/person/NAME {"salt":hex,"hash":hex,"memory_kib","passes","policies","failures","locked_until_s"}
 */
#include "engine/operations.h"

#include "base/encode.h"
#include "base/utf8.h"
#include "engine/token.h"

enum {
    LINK_TTL_S = 3600,
    SESSION_TTL_S = 12 * 3600,
    PASSPHRASE_MIN_CHARACTERS = 12,
    PASSPHRASE_MAX_BYTES = 1024,
    NAME_MAX_BYTES = 64,
    ARGON_MEMORY_KIB = 47104,   /* RFC 9106 section 4, OWASP's 46 MiB with one pass */
    ARGON_PASSES = 1,
    FAILURES_MAX = 5,
    LOCK_S = 300,
    CODE_BYTES = 24,
};

static enum err link_path(struct turn *turn, struct slice code, char **ret_path)
{
    uint8_t digest[SHA256_BYTES];
    sha256(code, digest);
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof digest);
    enum err err = hex_encode(&hex, slice_of(digest, sizeof digest));
    *ret_path = turn_path(turn, "login/link/%.*s", (int)hex.len, (const char *)hex.data);
    return err;
}

/* Makes the link's row and gives the whole address. */
static enum err make_link(struct turn *turn, struct slice name, const struct json *policies, struct slice *ret_link)
{
    uint8_t random[CODE_BYTES];
    turn_random(turn, random, sizeof random);
    cleanup_buf struct buf code = BUF_INIT(64), link = BUF_INIT(512);
    enum err err = base64url_encode(&code, slice_of(random, sizeof random));
    char *path = NULL;
    err = err == ERR_NONE ? link_path(turn, buf_slice(&code), &path) : err;
    int64_t end_s = turn->now_ms / 1000 + LINK_TTL_S;
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "name", name);
    json_set(turn->arena, row, "policies", json_copy(turn->arena, policies));
    json_set_i64(turn->arena, row, "expires_s", end_s);
    err = err == ERR_NONE ? turn_is_new(turn, path) : err;
    err = err == ERR_NONE ? turn_put_json(turn, path, row, end_s * 1000) : err;
    err = err == ERR_NONE ? buf_append_string(&link, turn->around->address) : err;
    err = err == ERR_NONE ? buf_append_string(&link, "/ui/#login=") : err;
    err = err == ERR_NONE ? buf_append(&link, buf_slice(&code)) : err;
    *ret_link = arena_copy(turn->arena, buf_slice(&link));
    return err;
}

static bool name_is_good(struct slice name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || !utf8_valid(name)) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < 0x21 || name.data[i] == '/' || name.data[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum err bad_name(struct turn *turn, struct slice name)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("a login name has 1 to 64 bytes without spaces and slashes", "ein Anmeldename hat 1 bis 64 Bytes ohne Leerzeichen und Schrägstriche"), name);
}

enum err operation_link_create(struct turn *turn)
{
    struct slice name = turn_field(turn, "name"), link;
    if (!name_is_good(name)) {
        return bad_name(turn, name);
    }
    const struct json *policies = json_member(turn->request->body, "policies");
    if (policies == NULL || policies->count == 0) {
        policies = token_policies(turn, "default", "auditor");
    }
    enum err err = token_may_give(turn, policies);
    err = err == ERR_NONE ? make_link(turn, name, policies, &link) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "link", link);
    json_set_string(turn->arena, record, "for", name);
    json_set(turn->arena, record, "policies", json_copy(turn->arena, policies));
    json_set_string(turn->arena, record, "by", turn->caller.name);
    err = err == ERR_NONE ? turn_evidence(turn, "login.link", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* Asked by the parent at every start: a link for the first administrator, as long as there is no person yet. */
enum err operation_own_link(struct turn *turn)
{
    struct turn_names people;
    enum err err = turn_names(turn, "login/person/", SLICE_NONE, 1, &people);
    struct slice link = SLICE_NONE;
    if (err == ERR_NONE && people.count == 0) {
        err = make_link(turn, SLICE_LITERAL("admin"), token_policies(turn, "default", "admin"), &link);
    }
    struct json *answer = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, answer, "login_link", link);
    return err == ERR_NONE ? turn_reply_top(turn, 200, answer) : err;
}

/* The operator's token: whoever may read the data directory (and so the key file) may observe and adopt from the command line. The one before ends. */
enum err operation_own_operator_token(struct turn *turn)
{
    const struct json *last = NULL;
    enum err err = turn_json(turn, "core/operator", &last);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    if (err == ERR_NONE) {
        err = token_end(turn, json_text(last, "id", SLICE_NONE));
        if (err != ERR_NONE) {
            return err;
        }
    }
    struct token_wish wish = {.name = "operator", .path = OPERATOR_PATH, .policies = token_policies(turn, "default", "operator")};
    struct json *auth = NULL;
    const struct json *pointer = NULL;
    err = token_create(turn, &wish, &auth);
    struct slice accessor = json_text(auth, "accessor", SLICE_NONE);
    err = err == ERR_NONE ? turn_json(turn, turn_path(turn, "token/accessor/%.*s", (int)accessor.len, (const char *)accessor.data), &pointer) : err;
    err = err == ERR_NONE ? turn_put_json(turn, "core/operator", pointer, 0) : err;
    struct json *answer = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, answer, "token", json_text(auth, "client_token", SLICE_NONE));
    return err == ERR_NONE ? turn_reply_top(turn, 200, answer) : err;
}

static enum err log_in(struct turn *turn, struct slice name, const struct json *policies, const char *path)
{
    struct json *auth = NULL, *record = json_new(turn->arena, JSON_OBJECT), *metadata = json_new(turn->arena, JSON_OBJECT);
    struct token_wish wish = {.name = arena_string(turn->arena, name), .path = path, .policies = policies, .ttl_s = SESSION_TTL_S, .metadata = metadata};
    json_set_string(turn->arena, metadata, "name", name);
    enum err err = token_create(turn, &wish, &auth);
    json_set_string(turn->arena, record, "name", name);
    json_set_string(turn->arena, record, "how", slice_string(path));
    err = err == ERR_NONE ? turn_evidence(turn, "login", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

enum err operation_link_login(struct turn *turn)
{
    char *path = NULL;
    const struct json *row = NULL;
    int64_t end_s = 0;
    enum err err = link_path(turn, turn_field(turn, "code"), &path);
    err = err == ERR_NONE ? turn_json(turn, path, &row) : err;
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && (json_i64(row, "expires_s", &end_s) != ERR_NONE || turn->now_ms >= end_s * 1000))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this login link was used already or is too old", "dieser Anmelde-Link wurde schon benutzt oder ist zu alt"), SLICE_NONE);
    }
    err = err == ERR_NONE ? turn_delete(turn, path) : err;
    return err == ERR_NONE ? log_in(turn, json_text(row, "name", SLICE_NONE), json_member(row, "policies"), "auth/link/login") : err;
}

/* ---- passphrases ---- */

static enum err hash(struct turn *turn, struct slice passphrase, struct slice salt_hex, uint64_t memory_kib, uint64_t passes, struct slice *ret_hex)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "salt", salt_hex);
    json_set_u64(turn->arena, input, "memory_kib", memory_kib);
    json_set_u64(turn->arena, input, "passes", passes);
    const struct json *output = NULL;
    enum err err = turn_work(turn, ROLE_JUDGE, "argon2id", input, passphrase, &output, NULL, NULL);
    *ret_hex = err == ERR_NONE ? json_text(output, "hash", SLICE_NONE) : SLICE_NONE;
    return err;
}

static size_t characters(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += (text.data[i] & 0xc0) != 0x80;
    }
    return count;
}

enum err operation_passphrase_set(struct turn *turn)
{
    struct slice name = turn_field(turn, "name"), passphrase = turn_field(turn, "passphrase"), hex;
    if (!name_is_good(name)) {
        return bad_name(turn, name);
    }
    if (characters(passphrase) < PASSPHRASE_MIN_CHARACTERS || passphrase.len > PASSPHRASE_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a passphrase has at least 12 characters", "eine Passphrase hat mindestens 12 Zeichen"), SLICE_NONE);
    }
    char *path = turn_path(turn, "login/person/%.*s", (int)name.len, (const char *)name.data);
    const struct json *row = NULL;
    enum err err = turn_json(turn, path, &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    if (err == ERR_NONE && !slice_equal(turn->caller.name, name)) {
        return turn_refuse(turn, ERR_DENIED, TEXT("this name belongs to somebody else", "dieser Name gehört jemand anderem"), name);
    }
    uint8_t salt[16];
    turn_random(turn, salt, sizeof salt);
    cleanup_buf struct buf salt_hex = BUF_INIT(2 * sizeof salt);
    err = hex_encode(&salt_hex, slice_of(salt, sizeof salt));
    err = err == ERR_NONE ? hash(turn, passphrase, buf_slice(&salt_hex), ARGON_MEMORY_KIB, ARGON_PASSES, &hex) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *person = json_new(turn->arena, JSON_OBJECT), *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, person, "salt", buf_slice(&salt_hex));
    json_set_string(turn->arena, person, "hash", hex);
    json_set_u64(turn->arena, person, "memory_kib", ARGON_MEMORY_KIB);
    json_set_u64(turn->arena, person, "passes", ARGON_PASSES);
    json_set(turn->arena, person, "policies", json_copy(turn->arena, json_member(turn->caller.token, "policies")));
    json_set_string(turn->arena, record, "name", name);
    err = turn_put_json(turn, path, person, 0);
    err = err == ERR_NONE ? turn_evidence(turn, "passphrase.set", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static struct json *with_failures(struct turn *turn, const struct json *row, uint64_t failures, int64_t locked_until_s)
{
    static const char *const kept[] = {"salt", "hash", "memory_kib", "passes", "policies"};
    struct json *copy = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const struct json *member = json_member(row, kept[i]);
        if (member != NULL) {
            json_set(turn->arena, copy, kept[i], json_copy(turn->arena, member));
        }
    }
    json_set_u64(turn->arena, copy, "failures", failures);
    json_set_i64(turn->arena, copy, "locked_until_s", locked_until_s);
    return copy;
}

static const struct text wrong = {"name or passphrase is wrong", "Name oder Passphrase ist falsch"};

/* A wrong passphrase changes the person's row (the count of failures), so it is a reply of its own and not an error, which would undo that. */
static enum err count_failure(struct turn *turn, const char *path, const struct json *row)
{
    uint64_t failures = 0;
    if (json_u64(row, "failures", &failures) != ERR_NONE) {
        failures = 0;
    }
    failures++;
    int64_t until_s = failures >= FAILURES_MAX ? turn->now_ms / 1000 + LOCK_S : 0;
    enum err err = turn_put_json(turn, path, with_failures(turn, row, failures >= FAILURES_MAX ? 0 : failures, until_s), 0);
    struct json *top = json_new(turn->arena, JSON_OBJECT), *errors = json_set_array(turn->arena, top, "errors");
    json_append(errors, json_string(turn->arena, slice_string(wrong.english)));
    struct json *complaint = json_set_object(turn->arena, top, "complaint");
    json_set_string(turn->arena, complaint, "english", slice_string(wrong.english));
    json_set_string(turn->arena, complaint, "german", slice_string(wrong.german));
    return err == ERR_NONE ? turn_reply_top(turn, 400, top) : err;
}

enum err operation_passphrase_login(struct turn *turn)
{
    struct slice name = turn_field(turn, "name"), hex;
    if (!name_is_good(name) || turn_field(turn, "passphrase").len > PASSPHRASE_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, wrong, SLICE_NONE);
    }
    char *path = turn_path(turn, "login/person/%.*s", (int)name.len, (const char *)name.data);
    const struct json *row = NULL;
    enum err err = turn_json(turn, path, &row);
    if (err == ERR_NOT_FOUND) {
        /* as slow as for a name that exists, so that time does not tell which names do */
        err = hash(turn, turn_field(turn, "passphrase"), SLICE_LITERAL("00000000000000000000000000000000"), ARGON_MEMORY_KIB, ARGON_PASSES, &hex);
        return err == ERR_NONE ? turn_refuse(turn, ERR_INVALID, wrong, SLICE_NONE) : err;
    }
    if (err != ERR_NONE) {
        return err;
    }
    int64_t locked_until_s = 0;
    uint64_t memory_kib = 0, passes = 0;
    if (json_i64(row, "locked_until_s", &locked_until_s) == ERR_NONE && turn->now_ms / 1000 < locked_until_s) {
        return turn_refuse(turn, ERR_BUSY, TEXT("too many wrong passphrases: wait five minutes", "zu viele falsche Passphrasen: bitte fünf Minuten warten"), SLICE_NONE);
    }
    err = json_u64(row, "memory_kib", &memory_kib);
    err = err == ERR_NONE ? json_u64(row, "passes", &passes) : err;
    err = err == ERR_NONE ? hash(turn, turn_field(turn, "passphrase"), json_text(row, "salt", SLICE_NONE), memory_kib, passes, &hex) : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (!secret_equal(hex, json_text(row, "hash", SLICE_NONE))) {
        return count_failure(turn, path, row);
    }
    err = turn_put_json(turn, path, with_failures(turn, row, 0, 0), 0);
    return err == ERR_NONE ? log_in(turn, name, json_member(row, "policies"), "auth/passphrase/login") : err;
}
