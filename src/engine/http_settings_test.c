/* Settings of HTTP: what is taken, refused, shown, and what gates are told of it. That gates keep to it: tests/test_vault_system.py. */
#include "engine/http_settings.h"

#include "base/check.h"
#include "engine/device.h"
#include "engine/turn_driver.h"
#include "ledger/commitment.h"
#include "store/barrier.h"

#include <string.h>

enum { ARENA_BYTES = 32 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000);

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct http_settings told;
    struct slice root;
    const struct json *headers;     /* of the next requests */
};

static struct scene *scene_start(void)
{
    static struct scene scene;
    scene = (struct scene){.arena = arena_new(ARENA_BYTES), .driver = driver_new(11, NOON_MS)};
    driver_surroundings(scene.driver)->http = &scene.told;
    scene.root = driver_token(scene.driver, scene.arena, "root");
    return &scene;
}

static void scene_end(struct scene *scene)
{
    buf_free(&scene->told.packed);
    driver_free(scene->driver);
    arena_free(scene->arena);
}

/* The reply as text. */
static struct slice ask(struct scene *scene, enum verb verb, const char *path, const char *body, enum err wanted)
{
    const struct json *reply = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = scene->root, .remote = SLICE_LITERAL("127.0.0.1:4711"), .body = driver_tree(scene->arena, body), .headers = scene->headers};
    enum err err = driver_ask(scene->driver, scene->arena, &request, &reply);
    const struct json *data = json_member(reply, "data");
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    if (reply != NULL) {
        (void)!json_write(&text, data == NULL ? reply : data, 0);
    }
    if (err != wanted) {
        printf("%s: %s instead of %s: %.*s\n", path, err_name(err), err_name(wanted), (int)text.len, (const char *)text.data);
        check_fail(__FILE__, __LINE__, "another result");
    }
    return arena_copy(scene->arena, buf_slice(&text));
}

/* What gates were told last, as text. */
static struct slice told(struct scene *scene)
{
    struct json *tree = NULL;
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    if (scene->told.number == 0 || json_unpack(scene->arena, buf_slice(&scene->told.packed), &tree) != ERR_NONE || json_write(&text, tree, 0) != ERR_NONE) {
        return SLICE_NONE;
    }
    return arena_copy(scene->arena, buf_slice(&text));
}

TEST(origins_are_set_shown_told_and_ended)
{
    struct scene *scene = scene_start();
    CHECK_SLICE("{\"enabled\":false,\"allowed_origins\":null,\"allowed_headers\":null}", ask(scene, VERB_READ, "sys/config/cors", NULL, ERR_NONE));
    (void)ask(scene, VERB_WRITE, "sys/config/cors", "{\"allowed_origins\":[\"https://app.example\",\"http://localhost:3000\"],\"allowed_headers\":[\"X-Mine\",\"x-vault-token\"]}", ERR_NONE);
    CHECK(slice_starts(told(scene), SLICE_LITERAL("{\"origins\":[\"https://app.example\",\"http://localhost:3000\"],\"allowed\":[\"Content-Type\",")));
    CHECK(slice_ends(told(scene), SLICE_LITERAL("\"X-Vault-Namespace\",\"X-Mine\"]}"))); /* what is usual does not stand twice */
    CHECK(slice_starts(ask(scene, VERB_READ, "sys/config/cors", NULL, ERR_NONE), SLICE_LITERAL("{\"enabled\":true,\"allowed_origins\":[\"https://app.example\",")));
    static const char *const wrong[] = {"[]", "[\"*\",\"https://a.example\"]", "[\"app.example\"]", "[\"https://a.example/path\"]", "[\"https://*.example\"]", "[\"https://\"]", "[\"https://a b\"]",
                                        "[\"https://a\\u0001\"]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)ask(scene, VERB_WRITE, "sys/config/cors", arena_printf(scene->arena, "{\"allowed_origins\":%s}", wrong[i]), ERR_INVALID);
    }
    (void)ask(scene, VERB_WRITE, "sys/config/cors", "{\"allowed_origins\":[\"*\"],\"allowed_headers\":[\"X-Vogt-Session\"]}", ERR_INVALID); /* the cookie's */
    (void)ask(scene, VERB_WRITE, "sys/config/cors", "{\"allowed_origins\":[\"*\"],\"allowed_headers\":[\"a: b\"]}", ERR_INVALID);
    CHECK_U64(1, scene->told.number);
    (void)ask(scene, VERB_DELETE, "sys/config/cors", NULL, ERR_NONE);
    CHECK_SLICE("{}", told(scene));
    CHECK(slice_starts(ask(scene, VERB_READ, "sys/config/cors", NULL, ERR_NONE), SLICE_LITERAL("{\"enabled\":false")));
    scene_end(scene);
}

TEST(the_page_gets_headers_and_keeps_its_own)
{
    struct scene *scene = scene_start();
    (void)ask(scene, VERB_LIST, "sys/config/ui/headers", NULL, ERR_NOT_FOUND);
    (void)ask(scene, VERB_WRITE, "sys/config/ui/headers/X-Custom", "{\"values\":[\"one\",\"two\"]}", ERR_NONE);
    (void)ask(scene, VERB_WRITE, "sys/config/ui/headers/Report-To", "{\"values\":[\"{}\"]}", ERR_NONE);
    (void)ask(scene, VERB_WRITE, "sys/config/ui/headers/x-custom", "{\"values\":[\"three\",\"four\"]}", ERR_NONE); /* the same header */
    CHECK_SLICE("{\"keys\":[\"Report-To\",\"x-custom\"]}", ask(scene, VERB_LIST, "sys/config/ui/headers", NULL, ERR_NONE));
    CHECK_SLICE("{\"value\":\"three\"}", ask(scene, VERB_READ, "sys/config/ui/headers/X-Custom", NULL, ERR_NONE));
    CHECK_SLICE("{\"page\":{\"Report-To\":[\"{}\"],\"x-custom\":[\"three\",\"four\"]}}", told(scene));
    static const char *const fixed[] = {"Content-Security-Policy", "content-security-policy", "X-Frame-Options", "Set-Cookie", "X-Vault-Token", "Access-Control-Allow-Origin", "Content-Length", "X y"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        (void)ask(scene, VERB_WRITE, arena_printf(scene->arena, "sys/config/ui/headers/%s", fixed[i]), "{\"values\":[\"x\"]}", ERR_INVALID);
    }
    (void)ask(scene, VERB_WRITE, "sys/config/ui/headers/X-B", "{\"values\":[\"a\\r\\nSet-Cookie: b\"]}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/config/ui/headers/X-B", "{\"values\":[]}", ERR_INVALID);
    (void)ask(scene, VERB_DELETE, "sys/config/ui/headers/x-custom", NULL, ERR_NONE);
    (void)ask(scene, VERB_READ, "sys/config/ui/headers/X-Custom", NULL, ERR_NOT_FOUND);
    CHECK_SLICE("{\"page\":{\"Report-To\":[\"{}\"]}}", told(scene));
    scene_end(scene);
}

/* The newest record of the ledger, opened. */
static struct slice newest_record(struct scene *scene)
{
    size_t count = memory_entry_count(driver_rows(scene->driver), LOG_AUDIT);
    char path[64];
    snprintf(path, sizeof path, "audit/%016zx", count - 1);
    struct slice sealed = memory_row_bytes(driver_rows(scene->driver), path);
    struct buf plain = BUF_INIT(1 << 20);
    if (sealed.len == 0 || barrier_unseal(state_barrier(driver_state(scene->driver)), slice_string(path), memory_row_version(driver_rows(scene->driver), path), sealed, &plain) != ERR_NONE) {
        buf_free(&plain);
        return SLICE_NONE;
    }
    struct slice copy = arena_copy(scene->arena, buf_slice(&plain));
    buf_free(&plain);
    return copy;
}

TEST(headers_are_named_and_stand_in_the_ledger)
{
    struct scene *scene = scene_start();
    CHECK_SLICE("{\"headers\":{}}", ask(scene, VERB_READ, "sys/config/auditing/request-headers", NULL, ERR_NONE));
    (void)ask(scene, VERB_WRITE, "sys/config/auditing/request-headers/X-Request-ID", "{\"hmac\":false}", ERR_NONE);
    (void)ask(scene, VERB_WRITE, "sys/config/auditing/request-headers/X-User", "{\"hmac\":true}", ERR_NONE);
    CHECK_SLICE("{\"headers\":{\"x-request-id\":{\"hmac\":false},\"x-user\":{\"hmac\":true}}}", ask(scene, VERB_READ, "sys/config/auditing/request-headers", NULL, ERR_NONE));
    CHECK_SLICE("{\"x-user\":{\"hmac\":true}}", ask(scene, VERB_READ, "sys/config/auditing/request-headers/X-User", NULL, ERR_NONE));
    CHECK_SLICE("{\"headers\":{\"x-request-id\":{\"hmac\":false},\"x-user\":{\"hmac\":true}}}", told(scene));
    static const char *const secret[] = {"X-Vault-Token", "authorization", "Cookie", "a b"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        (void)ask(scene, VERB_WRITE, arena_printf(scene->arena, "sys/config/auditing/request-headers/%s", secret[i]), "{}", ERR_INVALID);
    }
    scene->headers = driver_tree(scene->arena, "{\"x-request-id\":{\"hmac\":false,\"values\":[\"abc-1\",\"abc-2\"]},\"x-user\":{\"hmac\":true,\"values\":[\"grace\"]}}");
    (void)ask(scene, VERB_DELETE, "sys/config/auditing/request-headers/x-absent", NULL, ERR_NONE);
    struct slice record = newest_record(scene);
    CHECK(slice_find(record, SLICE_LITERAL("\"headers\":{\"x-request-id\":[\"abc-1\",\"abc-2\"],\"x-user\":[\"hmac-sha256:")) != SIZE_MAX);
    CHECK(slice_find(record, SLICE_LITERAL("grace")) == SIZE_MAX);
    scene->headers = NULL;
    (void)ask(scene, VERB_DELETE, "sys/config/auditing/request-headers/X-User", NULL, ERR_NONE);
    CHECK(newest_record(scene).len > 0 && slice_find(newest_record(scene), SLICE_LITERAL("\"headers\"")) == SIZE_MAX);
    CHECK_SLICE("{\"headers\":{\"x-request-id\":{\"hmac\":false}}}", told(scene));
    scene_end(scene);
}

TEST(they_are_few)
{
    struct scene *scene = scene_start();
    for (unsigned i = 0; i < HTTP_HEADERS_MAX; i++) {
        (void)ask(scene, VERB_WRITE, arena_printf(scene->arena, "sys/config/auditing/request-headers/x-%u", i), "{}", ERR_NONE);
    }
    (void)ask(scene, VERB_WRITE, "sys/config/auditing/request-headers/x-more", "{}", ERR_INVALID);
    (void)ask(scene, VERB_WRITE, "sys/config/auditing/request-headers/x-3", "{\"hmac\":true}", ERR_NONE);
    scene_end(scene);
}

TEST_MAIN
