/* Rate limits, password policies, random bytes: what operators set, and that it holds. */
#include "engine/quota.h"

#include "base/check.h"
#include "base/encode.h"
#include "engine/mount.h"
#include "engine/turn_driver.h"

#include <string.h>

enum { ARENA_BYTES = 32 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000);

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
};

static enum err operation_door(struct turn *turn)
{
    return turn_reply_none(turn);
}

static const struct field no_fields[] = {{NULL, FIELD_ANY, 0, {NULL, NULL}}};
static const struct route door_routes[] = {{"door", VERB_WRITE, "login", ROUTE_PUBLIC | ROUTE_OPEN_FIELDS, no_fields, {"Logs in.", "Meldet an."}}};
static const struct engine door = {.type = "door", .class = ENGINE_AUTH, .title = {"Door", "Tür"}, .routes = door_routes, .route_count = 1};

static enum err ask_from(struct scene *scene, const char *remote, enum verb verb, const char *path, const char *body, const struct json **ret_reply, uint32_t *ret_wait_s)
{
    struct turn *turn = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = scene->root, .remote = slice_string(remote), .body = driver_tree(scene->arena, body)};
    enum err err = driver_request(scene->driver, &request, &turn);
    if (ret_reply != NULL) {
        *ret_reply = turn == NULL || turn->reply.tree == NULL ? NULL : json_copy(scene->arena, turn->reply.tree);
    }
    if (ret_wait_s != NULL) {
        *ret_wait_s = turn == NULL ? 0 : turn->reply.retry_after_s;
    }
    driver_end(turn);
    return err;
}

static const struct json *ask(struct scene *scene, enum verb verb, const char *path, const char *body, enum err wanted)
{
    const struct json *reply = NULL;
    enum err err = ask_from(scene, "127.0.0.1:4711", verb, path, body, &reply, NULL);
    if (err != wanted) {
        printf("%s: %s instead of %s\n", path, err_name(err), err_name(wanted));
        check_fail(__FILE__, __LINE__, "another result");
    }
    return reply;
}

static struct scene *scene_start(void)
{
    static struct scene scene;
    scene = (struct scene){.arena = arena_new(ARENA_BYTES), .driver = driver_new(11, NOON_MS)};
    driver_add_operation(scene.driver, "door", operation_door);
    driver_add_engine(scene.driver, &door);
    scene.root = driver_token(scene.driver, scene.arena, "root");
    return &scene;
}

static void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

static size_t passed(struct scene *scene, const char *remote, const char *path, size_t count)
{
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        good += ask_from(scene, remote, VERB_READ, path, NULL, NULL, NULL) != ERR_BUSY;
    }
    return good;
}

TEST(an_address_gets_so_many_requests_an_interval_and_is_told_when_to_come_again)
{
    struct scene *scene = scene_start();
    uint32_t wait_s = 0;
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/ledger", "{\"path\":\"ledger\",\"rate\":3,\"interval\":60}", ERR_NONE);
    CHECK_U64(3, passed(scene, "10.0.0.1:1", "ledger/status", 10));
    CHECK_U64(3, passed(scene, "10.0.0.2:1", "ledger/status", 10)); /* another address */
    CHECK_U64(0, passed(scene, "10.0.0.1:2", "ledger/status", 5));  /* another port is the same */
    CHECK_U64(5, passed(scene, "10.0.0.1:2", "sys/status", 5));     /* another path */
    driver_set_now(scene->driver, NOON_MS + 20000);
    const struct json *told = NULL;
    CHECK_ERR(ERR_BUSY, ask_from(scene, "10.0.0.1:3", VERB_READ, "ledger/status", NULL, &told, &wait_s));
    CHECK(slice_starts(json_path(told, "errors")->first->text, SLICE_LITERAL("rate limit quota exceeded")));
    CHECK_U64(40, wait_s);
    driver_set_now(scene->driver, NOON_MS + 60000);
    CHECK_U64(3, passed(scene, "10.0.0.1:2", "ledger/status", 5));
    (void)ask(scene, VERB_DELETE, "sys/quotas/rate-limit/ledger", NULL, ERR_NONE);
    CHECK_U64(5, passed(scene, "10.0.0.1:2", "ledger/status", 5));
    scene_end(scene);
}

TEST(who_was_over_the_limit_is_blocked_for_as_long_as_it_says)
{
    struct scene *scene = scene_start();
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/x", "{\"path\":\"ledger\",\"rate\":\"1.4\",\"interval\":1,\"block_interval\":300}", ERR_NONE);
    CHECK_U64(1, passed(scene, "10.0.0.1:1", "ledger/status", 3));
    driver_set_now(scene->driver, NOON_MS + 299000);
    CHECK_U64(0, passed(scene, "10.0.0.1:1", "ledger/status", 3));
    driver_set_now(scene->driver, NOON_MS + 300000);
    CHECK_U64(1, passed(scene, "10.0.0.1:1", "ledger/status", 1));
    scene_end(scene);
}

TEST(the_most_specific_quota_decides_and_exempt_paths_are_never_limited)
{
    struct scene *scene = scene_start();
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/all", "{\"rate\":40,\"interval\":3600}", ERR_NONE);
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/one", "{\"path\":\"ledger/status\",\"rate\":2,\"interval\":3600}", ERR_NONE);
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/some", "{\"path\":\"ledger/ev*\",\"rate\":4,\"interval\":3600}", ERR_NONE);
    CHECK_U64(2, passed(scene, "10.0.0.1:1", "ledger/status", 10));
    CHECK_U64(4, passed(scene, "10.0.0.1:1", "ledger/evidence/prove/0", 10));
    CHECK_U64(40, passed(scene, "10.0.0.1:1", "sys/status", 50));
    CHECK_U64(60, passed(scene, "10.0.0.1:1", "sys/health", 60));
    (void)ask(scene, VERB_WRITE, "sys/quotas/config", "{\"rate_limit_exempt_paths\":[\"sys/st*\"]}", ERR_NONE);
    CHECK_U64(30, passed(scene, "10.0.0.1:1", "sys/status", 30));
    CHECK_U64(0, passed(scene, "10.0.0.1:1", "sys/health", 10));
    const struct json *listed = ask(scene, VERB_LIST, "sys/quotas/rate-limit", NULL, ERR_NONE);
    CHECK_U64(3, json_path(listed, "data.keys")->count);
    (void)ask(scene, VERB_READ, "sys/quotas/rate-limit/none", NULL, ERR_NOT_FOUND);
    (void)ask(scene, VERB_WRITE, "sys/quotas/config", "{\"enable_rate_limit_response_headers\":true}", ERR_INVALID);
    scene_end(scene);
}

TEST(a_quota_of_a_role_counts_its_logins_alone)
{
    struct scene *scene = scene_start();
    (void)ask(scene, VERB_WRITE, "sys/auth/door", "{\"type\":\"door\"}", ERR_NONE);
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/batch", "{\"path\":\"auth/door/\",\"role\":\"batch\",\"rate\":2,\"interval\":60}", ERR_NONE);
    size_t good = 0, others = 0;
    for (size_t i = 0; i < 6; i++) {
        good += ask_from(scene, "10.0.0.1:1", VERB_WRITE, "auth/door/login", "{\"role\":\"batch\"}", NULL, NULL) == ERR_NONE;
        others += ask_from(scene, "10.0.0.1:1", VERB_WRITE, "auth/door/login", "{\"role\":\"web\"}", NULL, NULL) == ERR_NONE;
    }
    CHECK_U64(2, good);
    CHECK_U64(6, others);
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/bad", "{\"path\":\"sys\",\"role\":\"batch\",\"rate\":2}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/bad", "{\"path\":\"nowhere\",\"rate\":2}", ERR_INVALID);
    static const char *const rates[] = {"0", "\"-1\"", "\"1e9\"", "\"\"", "\"0.0\"", "99999999", "true"};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/bad", arena_printf(scene->arena, "{\"rate\":%s}", rates[i]), ERR_INVALID);
    }
    scene_end(scene);
}

TEST(counters_stay_bounded_however_many_addresses_come)
{
    struct scene *scene = scene_start();
    (void)ask(scene, VERB_WRITE, "sys/quotas/rate-limit/ledger", "{\"path\":\"ledger\",\"rate\":1,\"interval\":3600}", ERR_NONE);
    CHECK_U64(1, passed(scene, "[2001:db8::1]:1", "ledger/status", 3));
    CHECK_U64(0, passed(scene, "[2001:db8::2]:1", "ledger/status", 3)); /* the same network of 64 bits */
    CHECK_U64(1, passed(scene, "[2001:db8:0:1::2]:1", "ledger/status", 3));
    size_t before = limiter_bytes(driver_surroundings(scene->driver)->limiter), good = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char remote[40];
        snprintf(remote, sizeof remote, "10.%u.%u.1:5", i / 256, i % 256);
        good += passed(scene, remote, "ledger/status", 1);
    }
    CHECK_U64(20000, good);
    CHECK_U64(before, limiter_bytes(driver_surroundings(scene->driver)->limiter));
    CHECK(before < 256 * 1024);
    scene_end(scene);
}

/* ---- password policies ---- */

#define POLICY(text, tree) "{\"policy\":{\"text\":\"" text "\",\"tree\":" tree "}}"

TEST(a_password_is_as_its_policy_says)
{
    struct scene *scene = scene_start();
    (void)ask(scene, VERB_WRITE, "sys/policies/password/db",
              POLICY("as written", "{\"length\":12,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"abcä\",\"min-chars\":3},{\"labels\":[\"charset\"],\"charset\":\"0123456789\",\"min-chars\":2},"
                                   "{\"labels\":[\"charset\"],\"charset\":\"!\",\"min-chars\":1}]}"), ERR_NONE);
    CHECK_SLICE("as written", json_text(json_member(ask(scene, VERB_READ, "sys/policies/password/db", NULL, ERR_NONE), "data"), "policy", SLICE_NONE));
    bool varies = false;
    struct slice first = SLICE_NONE;
    for (size_t i = 0; i < 200; i++) {
        struct slice password = json_text(json_member(ask(scene, VERB_READ, "sys/policies/password/db/generate", NULL, ERR_NONE), "data"), "password", SLICE_NONE);
        size_t letters = 0, digits = 0, marks = 0;
        for (size_t j = 0; j < password.len; j++) {
            uint8_t byte = password.data[j];
            letters += byte == 'a' || byte == 'b' || byte == 'c' || byte == 0xc3;
            digits += byte >= '0' && byte <= '9';
            marks += byte == '!';
        }
        CHECK_U64(12, letters + digits + marks);
        CHECK(letters >= 3 && digits >= 2 && marks >= 1);
        first = i == 0 ? password : first;
        varies = varies || (i > 0 && password.len > 0 && first.data[0] != password.data[0]); /* what a rule asks for stands anywhere */
    }
    CHECK(varies);
    CHECK_U64(1, json_path(ask(scene, VERB_LIST, "sys/policies/password", NULL, ERR_NONE), "data.keys")->count);
    (void)ask(scene, VERB_DELETE, "sys/policies/password/db", NULL, ERR_NONE);
    (void)ask(scene, VERB_READ, "sys/policies/password/db/generate", NULL, ERR_NOT_FOUND);
    (void)ask(scene, VERB_LIST, "sys/policies/password", NULL, ERR_NOT_FOUND);
    scene_end(scene);
}

TEST(a_policy_that_no_password_can_keep_is_refused)
{
    struct scene *scene = scene_start();
    static const char *const bad[] = {
        POLICY("x", "{\"length\":3,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"abc\"}]}"), POLICY("x", "{\"length\":12}"), POLICY("x", "{\"length\":12,\"rule\":[]}"),
        POLICY("x", "{\"length\":12,\"rule\":[{\"labels\":[\"words\"],\"charset\":\"abc\"}]}"), POLICY("x", "{\"length\":12,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"\"}]}"),
        POLICY("x", "{\"length\":12,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"abc\",\"min-chars\":13}]}"), POLICY("x", "{\"length\":12,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"abc\",\"most\":1}]}"),
        POLICY("x", "{\"length\":9999,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"abc\"}]}"), POLICY("x", "{\"length\":12,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"a\\tb\"}]}"),
        POLICY("x", "{\"length\":12,\"other\":1,\"rule\":[{\"labels\":[\"charset\"],\"charset\":\"abc\"}]}"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)ask(scene, VERB_WRITE, "sys/policies/password/bad", bad[i], ERR_INVALID);
    }
    scene_end(scene);
}

TEST(random_bytes_come_as_asked_for)
{
    struct scene *scene = scene_start();
    cleanup_buf struct buf bytes = BUF_INIT(1 << 20);
    struct slice text = json_text(json_member(ask(scene, VERB_WRITE, "sys/tools/random", "{}", ERR_NONE), "data"), "random_bytes", SLICE_NONE);
    CHECK_ERR(ERR_NONE, base64_decode(&bytes, text));
    CHECK_U64(32, bytes.len);
    text = json_text(json_member(ask(scene, VERB_WRITE, "sys/tools/random/64", "{\"format\":\"hex\"}", ERR_NONE), "data"), "random_bytes", SLICE_NONE);
    CHECK_U64(128, text.len);
    text = json_text(json_member(ask(scene, VERB_WRITE, "sys/tools/random/all/131072", "{\"format\":\"hex\"}", ERR_NONE), "data"), "random_bytes", SLICE_NONE);
    CHECK_U64(2 * 131072, text.len);
    text = json_text(json_member(ask(scene, VERB_WRITE, "sys/tools/random/seal", "{\"bytes\":1,\"format\":\"hex\"}", ERR_NONE), "data"), "random_bytes", SLICE_NONE);
    CHECK_U64(2, text.len);
    (void)ask(scene, VERB_WRITE, "sys/tools/random/131073", "{}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/tools/random/0", "{}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/tools/random/coin", "{}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/tools/random/coin/3", "{}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/tools/random", "{\"format\":\"octal\"}", ERR_INVALID);
    scene_end(scene);
}

/* FIPS 180-4 and FIPS 202: the digests of "abc". */
TEST(digests_are_those_of_the_standards)
{
    static const struct {
        const char *path, *sum;
    } known[] = {
        {"sys/tools/hash", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sys/tools/hash/sha2-224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
        {"sys/tools/hash/sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
        {"sys/tools/hash/sha3-224", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
    };
    struct scene *scene = scene_start();
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        CHECK(slice_is(json_text(json_member(ask(scene, VERB_WRITE, known[i].path, "{\"input\":\"YWJj\"}", ERR_NONE), "data"), "sum", SLICE_NONE), known[i].sum));
    }
    CHECK_SLICE("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
                json_text(json_member(ask(scene, VERB_WRITE, "sys/tools/hash", "{\"input\":\"YWJj\",\"algorithm\":\"sha2-256\",\"format\":\"base64\"}", ERR_NONE), "data"), "sum", SLICE_NONE));
    (void)ask(scene, VERB_WRITE, "sys/tools/hash/md5", "{\"input\":\"YWJj\"}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/tools/hash", "{\"input\":\"abc\"}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/tools/hash", "{\"input\":\"YWJj\",\"format\":\"octal\"}", ERR_INVALID);
    scene_end(scene);
}

TEST_MAIN
