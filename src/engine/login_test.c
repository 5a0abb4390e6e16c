/* Logging in: links that work once, passphrases that judge hashes (a stand-in here), the lock after wrong ones. */
#include "base/check.h"
#include "engine/turn_driver.h"

static const int64_t NOON_MS = 1795435200000; /* 2026-11-23T12:00:00Z */
enum { MINUTE_MS = 60 * 1000 };

/* Stands in for judge's Argon2id: the driver hands works no raw bytes, so the answer is set by the test. */
static const char *hash_answer = "aa";

static enum err work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    (void)input;
    struct json *output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, output, "hash", slice_string(hash_answer));
    *ret_output = output;
    return role == ROLE_JUDGE && slice_is(slice_string(name), "argon2id") ? ERR_NONE : ERR_NOT_FOUND;
}

static struct turn_driver *start(void)
{
    struct turn_driver *driver = driver_new(1, NOON_MS);
    hash_answer = "aa";
    if (driver != NULL) {
        driver_set_work(driver, work);
    }
    return driver;
}

/* A request with a body of up to two strings. */
static enum err send(struct turn_driver *driver, struct slice token, const char *path, const char *first, struct slice first_text, const char *second,
                     struct slice second_text, struct turn **ret_turn)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *body = json_new(arena, JSON_OBJECT);
    json_set_string(arena, body, first, first_text);
    if (second != NULL) {
        json_set_string(arena, body, second, second_text);
    }
    struct request request = {.verb = VERB_WRITE, .path = slice_string(path), .token = token, .remote = SLICE_LITERAL("127.0.0.1:1"), .body = body};
    return driver_request(driver, &request, ret_turn);
}

/* The code of the first administrator's link. */
static enum err first_code(struct turn_driver *driver, struct buf *out)
{
    struct turn *turn = NULL;
    enum err err = driver_run(driver, "own_link", NULL, &turn);
    struct slice link = err == ERR_NONE ? json_text(turn->reply.tree, "login_link", SLICE_NONE) : SLICE_NONE;
    size_t at = slice_find(link, SLICE_LITERAL("#login="));
    err = err == ERR_NONE && at == SIZE_MAX ? ERR_NOT_FOUND : err;
    err = err == ERR_NONE ? buf_append(out, slice_from(link, at + 7)) : err;
    driver_end(turn);
    return err;
}

static enum err log_in_by_link(struct turn_driver *driver, struct buf *ret_token)
{
    struct turn *turn = NULL;
    cleanup_buf struct buf code = BUF_INIT(256);
    enum err err = first_code(driver, &code);
    err = err == ERR_NONE ? send(driver, SLICE_NONE, "auth/link/login", "code", buf_slice(&code), NULL, SLICE_NONE, &turn) : err;
    err = err == ERR_NONE ? buf_append(ret_token, json_text(json_member(turn->reply.tree, "auth"), "client_token", SLICE_NONE)) : err;
    driver_end(turn);
    return err;
}

/* The reply's status of a login with a passphrase. */
static uint64_t log_in(struct turn_driver *driver, const char *name)
{
    struct turn *turn = NULL;
    enum err err = send(driver, SLICE_NONE, "auth/passphrase/login", "name", slice_string(name), "passphrase", SLICE_LITERAL("correct horse battery"), &turn);
    uint64_t status = turn == NULL ? (uint64_t)err : turn->reply.status;
    driver_end(turn);
    return status;
}

TEST(a_link_works_once)
{
    struct turn_driver *driver = start();
    cleanup_buf struct buf code = BUF_INIT(256);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, first_code(driver, &code));
    CHECK_ERR(ERR_INVALID, send(driver, SLICE_NONE, "auth/link/login", "code", SLICE_LITERAL("guessed"), NULL, SLICE_NONE, NULL));
    CHECK_ERR(ERR_NONE, send(driver, SLICE_NONE, "auth/link/login", "code", buf_slice(&code), NULL, SLICE_NONE, NULL));
    CHECK_ERR(ERR_INVALID, send(driver, SLICE_NONE, "auth/link/login", "code", buf_slice(&code), NULL, SLICE_NONE, NULL));
    driver_free(driver);
}

TEST(a_link_ends_after_an_hour)
{
    struct turn_driver *driver = start();
    cleanup_buf struct buf code = BUF_INIT(256);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, first_code(driver, &code));
    driver_set_now(driver, NOON_MS + 60 * MINUTE_MS);
    CHECK_ERR(ERR_INVALID, send(driver, SLICE_NONE, "auth/link/login", "code", buf_slice(&code), NULL, SLICE_NONE, NULL));
    driver_free(driver);
}

TEST(a_passphrase_is_set_and_then_opens)
{
    struct turn_driver *driver = start();
    cleanup_buf struct buf token = BUF_INIT(256);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, log_in_by_link(driver, &token));
    CHECK_ERR(ERR_INVALID, send(driver, buf_slice(&token), "auth/passphrase/set", "name", SLICE_LITERAL("admin"), "passphrase", SLICE_LITERAL("too short"), NULL));
    CHECK_ERR(ERR_NONE, send(driver, buf_slice(&token), "auth/passphrase/set", "name", SLICE_LITERAL("admin"), "passphrase", SLICE_LITERAL("correct horse battery"), NULL));
    CHECK_U64(200, log_in(driver, "admin"));
    CHECK_U64(400, log_in(driver, "nobody"));
    hash_answer = "bb"; /* what judge makes of another passphrase */
    CHECK_U64(400, log_in(driver, "admin"));
    driver_free(driver);
}

TEST(wrong_passphrases_lock_for_five_minutes)
{
    struct turn_driver *driver = start();
    cleanup_buf struct buf token = BUF_INIT(256);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, log_in_by_link(driver, &token));
    CHECK_ERR(ERR_NONE, send(driver, buf_slice(&token), "auth/passphrase/set", "name", SLICE_LITERAL("admin"), "passphrase", SLICE_LITERAL("correct horse battery"), NULL));
    hash_answer = "bb";
    for (int i = 0; i < 5; i++) {
        CHECK_U64(400, log_in(driver, "admin"));
    }
    hash_answer = "aa";
    CHECK_U64(err_http_status(ERR_BUSY), log_in(driver, "admin")); /* the right one does not help now */
    driver_set_now(driver, NOON_MS + 5 * MINUTE_MS);
    CHECK_U64(200, log_in(driver, "admin"));
    hash_answer = "bb";
    CHECK_U64(400, log_in(driver, "admin")); /* counted from the beginning */
    hash_answer = "aa";
    CHECK_U64(200, log_in(driver, "admin"));
    driver_free(driver);
}

TEST(a_name_belongs_to_who_set_it)
{
    struct turn_driver *driver = start();
    cleanup_buf struct buf token = BUF_INIT(256);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, log_in_by_link(driver, &token));
    CHECK_ERR(ERR_NONE, send(driver, buf_slice(&token), "auth/passphrase/set", "name", SLICE_LITERAL("ada"), "passphrase", SLICE_LITERAL("correct horse battery"), NULL));
    CHECK_ERR(ERR_DENIED, send(driver, buf_slice(&token), "auth/passphrase/set", "name", SLICE_LITERAL("ada"), "passphrase", SLICE_LITERAL("stolen horse battery"), NULL)); /* "admin" is not "ada" */
    driver_free(driver);
}

TEST_MAIN
