#include "engine/token.h"

#include "base/check.h"
#include "engine/turn_driver.h"

static const int64_t NOON_MS = 1795435200000; /* 2026-11-23T12:00:00Z */
enum { HOUR_MS = 3600 * 1000 };

/* Makes a token: name, one policy, ttl, uses from the input. */
static enum err operation_make(struct turn *turn)
{
    uint64_t ttl_s = 0, uses = 0;
    enum err err = json_u64(turn->input, "ttl_s", &ttl_s);
    err = err == ERR_NONE ? json_u64(turn->input, "uses", &uses) : err;
    char *policy = arena_string(turn->arena, turn_field(turn, "policy"));
    struct token_wish wish = {.name = "ada", .path = "test", .no_default_policy = true, .policies = token_policies(turn, policy, NULL), .ttl_s = ttl_s, .uses = uses};
    struct json *auth = NULL;
    err = err == ERR_NONE ? token_create(turn, &wish, &auth) : err;
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

struct made {
    struct buf token, accessor;
};

static void made_free(struct made *made)
{
    buf_free(&made->token);
    buf_free(&made->accessor);
}

static enum err make(struct turn_driver *driver, const char *policy, uint64_t ttl_s, uint64_t uses, struct made *made)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *input = json_new(arena, JSON_OBJECT);
    struct turn *turn = NULL;
    json_set_string(arena, input, "policy", slice_string(policy));
    json_set_u64(arena, input, "ttl_s", ttl_s);
    json_set_u64(arena, input, "uses", uses);
    *made = (struct made){BUF_INIT(256), BUF_INIT(256)};
    enum err err = driver_run(driver, "make", input, &turn);
    if (err == ERR_NONE) {
        const struct json *auth = json_member(turn->reply.tree, "auth");
        err = buf_append(&made->token, json_text(auth, "client_token", SLICE_NONE));
        err = err == ERR_NONE ? buf_append(&made->accessor, json_text(auth, "accessor", SLICE_NONE)) : err;
    }
    driver_end(turn);
    return err;
}

/* A request with this token; its result. */
static enum err send(struct turn_driver *driver, const struct made *made, enum verb verb, const char *path, const struct json *body)
{
    struct request request = {.verb = verb, .path = slice_string(path), .token = buf_slice(&made->token), .remote = SLICE_LITERAL("127.0.0.1:1"), .body = body};
    return driver_request(driver, &request, NULL);
}

static enum err look_up(struct turn_driver *driver, const struct made *made)
{
    return send(driver, made, VERB_READ, "auth/token/lookup-self", NULL);
}

static struct turn_driver *start(void)
{
    struct turn_driver *driver = driver_new(1, NOON_MS);
    if (driver != NULL) {
        driver_add_operation(driver, "make", operation_make);
    }
    return driver;
}

TEST(a_token_is_known_again_from_its_rows)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 0, &made));
    CHECK(slice_starts(buf_slice(&made.token), SLICE_LITERAL("hvs.")));
    CHECK_U64(4 + 32, made.token.len); /* 24 bytes in base64url */
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    CHECK_ERR(ERR_NONE, look_up(driver, &made)); /* found again from the rows */
    char path[96];
    snprintf(path, sizeof path, "token/accessor/%.*s", (int)made.accessor.len, (const char *)made.accessor.data);
    CHECK(memory_has_row(driver_rows(driver), path));
    driver_free(driver);
}

TEST(unknown_and_changed_tokens_are_refused)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 0, &made));
    for (size_t i = 0; i < made.token.len; i++) {
        made.token.data[i] ^= 1;
        CHECK_ERR(ERR_DENIED, look_up(driver, &made));
        made.token.data[i] ^= 1;
    }
    made.token.len--;
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    made.token.len = 0;
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    driver_free(driver);
}

TEST(a_token_ends_at_its_time)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made, forever;
    CHECK(driver != NULL);
    forever = (struct made){BUF_INIT(1), BUF_INIT(1)};
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 0, &made));
    CHECK_ERR(ERR_NONE, make(driver, "default", 0, 0, &forever));
    driver_set_now(driver, NOON_MS + HOUR_MS - 1);
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    driver_set_now(driver, NOON_MS + HOUR_MS);
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    driver_set_now(driver, NOON_MS + 10000LL * HOUR_MS);
    CHECK_ERR(ERR_NONE, look_up(driver, &forever));
    driver_free(driver);
}

TEST(renewing_prolongs_from_now)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 0, &made));
    driver_set_now(driver, NOON_MS + HOUR_MS / 2);
    CHECK_ERR(ERR_NONE, send(driver, &made, VERB_WRITE, "auth/token/renew-self", NULL));
    driver_set_now(driver, NOON_MS + HOUR_MS + HOUR_MS / 4);
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    driver_set_now(driver, NOON_MS + HOUR_MS + HOUR_MS / 2);
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    driver_free(driver);
}

TEST(uses_are_counted)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 2, &made));
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    driver_free(driver);
}

/* Policy denies, and the operation itself refuses: both have used up the token. */
TEST(refused_requests_are_uses_too)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 3, &made));
    uint64_t audited = memory_entry_count(driver_rows(driver), LOG_AUDIT);
    CHECK_ERR(ERR_DENIED, send(driver, &made, VERB_READ, "sys/status", NULL));
    CHECK_U64(audited + 1, memory_entry_count(driver_rows(driver), LOG_AUDIT)); /* no effect without its record */
    struct json *body = json_new(arena, JSON_OBJECT);
    json_append(json_set_array(arena, body, "policies"), json_string(arena, SLICE_LITERAL("root")));
    CHECK_ERR(ERR_DENIED, send(driver, &made, VERB_WRITE, "auth/token/create", body));
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    driver_free(driver);
}

TEST(what_a_refused_request_would_have_changed_is_not_done)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 0, &made));
    uint64_t audited = memory_entry_count(driver_rows(driver), LOG_AUDIT);
    CHECK_ERR(ERR_DENIED, send(driver, &made, VERB_READ, "sys/status", NULL));
    CHECK_U64(audited, memory_entry_count(driver_rows(driver), LOG_AUDIT)); /* no use to count: nothing to record */
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    driver_free(driver);
}

TEST(renewing_is_a_use_and_gives_none_back)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 3, &made));
    CHECK_ERR(ERR_NONE, send(driver, &made, VERB_WRITE, "auth/token/renew-self", NULL));
    CHECK_ERR(ERR_NONE, send(driver, &made, VERB_WRITE, "auth/token/renew-self", NULL));
    CHECK_ERR(ERR_INVALID, send(driver, &made, VERB_WRITE, "auth/token/renew-self", NULL)); /* the last: it ends with this request */
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    driver_free(driver);
}

TEST(revoked_tokens_leave_no_row)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    size_t before = memory_row_count(driver_rows(driver));
    CHECK_ERR(ERR_NONE, make(driver, "root", 3600, 0, &made));
    CHECK_U64(before + 3, memory_row_count(driver_rows(driver))); /* token, accessor, and the batch's audit blob */
    CHECK_ERR(ERR_NONE, send(driver, &made, VERB_WRITE, "auth/token/revoke-self", NULL));
    CHECK_U64(before + 2, memory_row_count(driver_rows(driver))); /* two audit blobs are left */
    CHECK_ERR(ERR_DENIED, look_up(driver, &made));
    driver_free(driver);
}

TEST(policies_limit_what_a_token_may)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made plain, auditor, admin, root;
    plain = auditor = admin = root = (struct made){BUF_INIT(1), BUF_INIT(1)};
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 3600, 0, &plain));
    CHECK_ERR(ERR_NONE, make(driver, "auditor", 3600, 0, &auditor));
    CHECK_ERR(ERR_NONE, make(driver, "admin", 3600, 0, &admin));
    CHECK_ERR(ERR_NONE, make(driver, "root", 3600, 0, &root));
    CHECK_ERR(ERR_DENIED, send(driver, &plain, VERB_READ, "sys/status", NULL));
    CHECK_ERR(ERR_DENIED, send(driver, &auditor, VERB_WRITE, "sys/rotate", NULL));
    CHECK_ERR(ERR_NONE, send(driver, &auditor, VERB_READ, "ledger/status", NULL));
    CHECK_ERR(ERR_NONE, send(driver, &admin, VERB_WRITE, "sys/rotate", NULL));
    CHECK_ERR(ERR_NONE, send(driver, &root, VERB_WRITE, "sys/rotate", NULL));
    driver_free(driver);
}

TEST(nobody_gives_what_they_do_not_hold)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made admin;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "admin", 3600, 0, &admin));
    struct json *body = json_new(arena, JSON_OBJECT);
    json_append(json_set_array(arena, body, "policies"), json_string(arena, SLICE_LITERAL("root")));
    CHECK_ERR(ERR_INVALID, send(driver, &admin, VERB_WRITE, "auth/token/create", body));
    body = json_new(arena, JSON_OBJECT);
    json_append(json_set_array(arena, body, "policies"), json_string(arena, SLICE_LITERAL("auditor")));
    CHECK_ERR(ERR_NONE, send(driver, &admin, VERB_WRITE, "auth/token/create", body));
    driver_free(driver);
}

TEST(use_of_rules_is_remembered_once_an_hour)
{
    struct turn_driver *driver = start();
    __attribute__((cleanup(made_free))) struct made made;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, make(driver, "default", 0, 0, &made));
    CHECK_U64(0, memory_row_version(driver_rows(driver), "usage/default"));
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    CHECK_U64(1, memory_row_version(driver_rows(driver), "usage/default"));
    driver_set_now(driver, NOON_MS + HOUR_MS);
    CHECK_ERR(ERR_NONE, look_up(driver, &made));
    CHECK_U64(2, memory_row_version(driver_rows(driver), "usage/default"));
    driver_free(driver);
}

TEST_MAIN
