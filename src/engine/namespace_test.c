/* Namespaces: what is made in one reaches nowhere else. Two teams with the same names for everything, and a root that sees both. */
#include "engine/namespace.h"

#include "base/check.h"
#include "engine/lease.h"
#include "engine/token.h"
#include "engine/turn_driver.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000);

/* ---- engines: a box that holds texts and lends, a door that logs in ---- */

static unsigned lent_ends;

static enum err operation_box_put(struct turn *turn)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "value", turn_field(turn, "value"));
    enum err err = turn_put_json(turn, mount_path(turn, "box/%.*s", (int)turn->values[0].len, (const char *)turn->values[0].data), row, 0);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err operation_box_get(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, mount_path(turn, "box/%.*s", (int)turn->values[0].len, (const char *)turn->values[0].data), &row);
    return err == ERR_NONE ? turn_reply_data(turn, row) : err;
}

static enum err operation_box_lend(struct turn *turn)
{
    struct lease_wish wish = {.ttl_s = 600};
    struct slice id;
    uint64_t ttl_s = 0;
    enum err err = lease_create(turn, &wish, &id, &ttl_s);
    err = err == ERR_NONE ? turn_reply_data(turn, json_new(turn->arena, JSON_OBJECT)) : err;
    return err == ERR_NONE ? turn_reply_lease(turn, id, true, ttl_s) : err;
}

static enum err operation_door_login(struct turn *turn)
{
    struct token_wish wish = {.name = "bob", .policies = token_policies(turn, "web", NULL), .ttl_s = 1800};
    struct json *auth = NULL;
    enum err err = token_create(turn, &wish, &auth);
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

static const struct field no_fields[] = {{NULL, FIELD_ANY, 0, {NULL, NULL}}};
static const struct route box_routes[] = {
    {"box_put", VERB_WRITE, ":name", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, no_fields, {"Puts.", "Legt ab."}},
    {"box_get", VERB_READ, ":name", ROUTE_SECRET, no_fields, {"Gives.", "Gibt."}},
    {"box_lend", VERB_READ, "lend/:name", ROUTE_SECRET, no_fields, {"Lends.", "Leiht."}},
};
static const struct route door_routes[] = {{"door_login", VERB_WRITE, "login", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS, no_fields, {"Logs in.", "Meldet an."}}};

static enum err box_lease_end(struct turn *turn, const struct json *data);
static const struct engine box = {.type = "box", .class = ENGINE_SECRET, .title = TEXT_INIT("box", "Kiste"), .routes = box_routes, .route_count = 3, .lease_end = box_lease_end};
static const struct engine door = {.type = "door", .class = ENGINE_AUTH, .title = TEXT_INIT("door", "Tür"), .routes = door_routes, .route_count = 1};

/* ---- the scene ---- */

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
};

static enum err send(struct scene *scene, struct slice token, const char *space, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    const struct json *reply = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = token, .name_space = slice_string(space), .remote = SLICE_LITERAL("127.0.0.1:1"), .body = driver_tree(scene->arena, body)};
    return driver_ask(scene->driver, scene->arena, &request, ret_reply == NULL ? &reply : ret_reply);
}

/* As `who` may want it: the result must be this. */
static const struct json *ask(struct scene *scene, struct slice token, const char *space, enum verb verb, const char *path, const char *body, enum err wanted)
{
    const struct json *reply = NULL;
    enum err err = send(scene, token, space, verb, path, body, &reply);
    if (err != wanted) {
        printf("%s in %s: %s instead of %s\n", path, space == NULL ? "the root" : space, err_name(err), err_name(wanted));
        check_fail(__FILE__, __LINE__, "another result");
    }
    return reply;
}

static struct slice text_at(const struct json *tree, const char *path)
{
    const struct json *found = json_path(tree, path);
    return found == NULL ? SLICE_LITERAL("") : found->text;
}

static struct slice token_in(struct scene *scene, const struct json *reply)
{
    return arena_copy(scene->arena, text_at(reply, "auth.client_token"));
}

#define POLICY(path, capabilities) "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":[{\"labels\":[\"" path "\"],\"capabilities\":[" capabilities "],\"line\":1}]}}}"
#define ALL "\"create\",\"read\",\"update\",\"delete\",\"list\",\"sudo\""

/* Two teams, each with secret/, auth/door/ and the policies web and boss; a namespace below the first. */
static struct scene scene_start(void)
{
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(5, NOON_MS)};
    lent_ends = 0;
    driver_add_engine(scene.driver, &box);
    driver_add_engine(scene.driver, &door);
    driver_add_operation(scene.driver, "box_put", operation_box_put);
    driver_add_operation(scene.driver, "box_get", operation_box_get);
    driver_add_operation(scene.driver, "box_lend", operation_box_lend);
    driver_add_operation(scene.driver, "door_login", operation_door_login);
    scene.root = driver_token(scene.driver, scene.arena, "root");
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/mounts/secret", "{\"type\":\"box\"}", ERR_NONE);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "secret/app", "{\"value\":\"root\"}", ERR_NONE);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/policies/acl/web", POLICY("*", ALL), ERR_NONE); /* as mighty as can be, in the root */
    static const char *const teams[] = {"ant", "bee"};
    for (size_t i = 0; i < 2; i++) {
        (void)ask(&scene, scene.root, NULL, VERB_WRITE, arena_printf(scene.arena, "sys/namespaces/%s", teams[i]), "{\"custom_metadata\":{\"owner\":\"ada\"}}", ERR_NONE);
        (void)ask(&scene, scene.root, teams[i], VERB_WRITE, "sys/mounts/secret", "{\"type\":\"box\"}", ERR_NONE);
        (void)ask(&scene, scene.root, teams[i], VERB_WRITE, "sys/auth/door", "{\"type\":\"door\"}", ERR_NONE);
        (void)ask(&scene, scene.root, teams[i], VERB_WRITE, "secret/app", arena_printf(scene.arena, "{\"value\":\"%s\"}", teams[i]), ERR_NONE);
        (void)ask(&scene, scene.root, teams[i], VERB_WRITE, "sys/policies/acl/web", i == 0 ? POLICY("secret/app", "\"read\"") : POLICY("secret/other", "\"read\""), ERR_NONE);
        (void)ask(&scene, scene.root, teams[i], VERB_WRITE, "sys/policies/acl/boss", POLICY("*", ALL), ERR_NONE);
    }
    (void)ask(&scene, scene.root, "ant", VERB_WRITE, "sys/namespaces/dev", "{}", ERR_NONE);
    (void)ask(&scene, scene.root, "ant/dev", VERB_WRITE, "sys/mounts/secret", "{\"type\":\"box\"}", ERR_NONE);
    (void)ask(&scene, scene.root, "ant/dev", VERB_WRITE, "secret/app", "{\"value\":\"ant/dev\"}", ERR_NONE);
    return scene;
}

static void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

static struct slice boss_of(struct scene *scene, const char *space)
{
    return token_in(scene, ask(scene, scene->root, space, VERB_WRITE, "auth/token/create", "{\"policies\":[\"boss\"],\"ttl\":3600}", ERR_NONE));
}

static struct slice web_of(struct scene *scene, const char *space)
{
    return token_in(scene, ask(scene, SLICE_NONE, space, VERB_WRITE, "auth/door/login", "{}", ERR_NONE));
}

static enum err box_lease_end(struct turn *turn, const struct json *data)
{
    (void)turn;
    (void)data;
    lent_ends++;
    return ERR_NONE;
}

/* ---- tests ---- */

TEST(the_same_path_is_another_secret_in_each_namespace)
{
    struct scene scene = scene_start();
    static const char *const spaces[] = {NULL, "ant", "bee", "ant/dev"}, *const values[] = {"root", "ant", "bee", "ant/dev"}, *const paths[] = {"secret/app", "ant/secret/app", "bee/secret/app", "ant/dev/secret/app"};
    for (size_t i = 0; i < 4; i++) {
        CHECK(slice_is(text_at(ask(&scene, scene.root, spaces[i], VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"), values[i]));
        CHECK(slice_is(text_at(ask(&scene, scene.root, NULL, VERB_READ, paths[i], NULL, ERR_NONE), "data.value"), values[i])); /* by its path */
    }
    CHECK_SLICE("ant/dev", text_at(ask(&scene, scene.root, "ant", VERB_READ, "dev/secret/app", NULL, ERR_NONE), "data.value")); /* by both */
    CHECK_SLICE("ant", text_at(ask(&scene, scene.root, "/ant/", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    CHECK_SLICE("root", text_at(ask(&scene, scene.root, "root", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    (void)ask(&scene, scene.root, "cat", VERB_READ, "secret/app", NULL, ERR_NOT_FOUND); /* never the root's instead */
    /* and who may not ask hears the same words whether there is something or not */
    CHECK_SLICE("permission denied", json_path(ask(&scene, SLICE_NONE, "cat", VERB_READ, "secret/app", NULL, ERR_DENIED), "errors")->first->text);
    CHECK_SLICE("permission denied", json_path(ask(&scene, SLICE_NONE, NULL, VERB_READ, "nothing/here", NULL, ERR_DENIED), "errors")->first->text);
    CHECK_SLICE("permission denied", json_path(ask(&scene, SLICE_NONE, "ant", VERB_READ, "secret/app", NULL, ERR_DENIED), "errors")->first->text);
    (void)ask(&scene, scene.root, "ant/cat", VERB_READ, "secret/app", NULL, ERR_NOT_FOUND);
    /* mounts are listed where they are */
    CHECK(json_path(ask(&scene, scene.root, "ant", VERB_READ, "sys/mounts", NULL, ERR_NONE), "data.secret/") != NULL);
    (void)ask(&scene, scene.root, "ant", VERB_WRITE, "sys/mounts/ants", "{\"type\":\"box\"}", ERR_NONE);
    CHECK(json_path(ask(&scene, scene.root, "ant", VERB_READ, "sys/mounts", NULL, ERR_NONE), "data.ants/") != NULL);
    static const char *const others[] = {NULL, "bee", "ant/dev"};
    for (size_t i = 0; i < 3; i++) {
        CHECK(json_path(ask(&scene, scene.root, others[i], VERB_READ, "sys/mounts", NULL, ERR_NONE), "data.ants/") == NULL);
        CHECK(json_path(ask(&scene, scene.root, others[i], VERB_READ, "sys/internal/ui/mounts", NULL, ERR_NONE), "data.secret.ants/") == NULL);
    }
    (void)ask(&scene, scene.root, "ant", VERB_DELETE, "sys/mounts/secret", NULL, ERR_NONE);
    CHECK_SLICE("bee", text_at(ask(&scene, scene.root, "bee", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    CHECK_SLICE("root", text_at(ask(&scene, scene.root, NULL, VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    (void)ask(&scene, scene.root, "ant", VERB_READ, "secret/app", NULL, ERR_NOT_FOUND);
    scene_end(&scene);
}

TEST(a_login_is_good_in_its_namespace_with_the_policies_of_it)
{
    struct scene scene = scene_start();
    struct slice ant = web_of(&scene, "ant"), bee = web_of(&scene, "bee");
    CHECK_SLICE("ant", text_at(ask(&scene, ant, "ant", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    (void)ask(&scene, ant, NULL, VERB_READ, "ant/secret/app", NULL, ERR_NONE);
    /* the root's policy of the same name would allow everything */
    (void)ask(&scene, ant, "ant", VERB_WRITE, "secret/app", "{\"value\":\"x\"}", ERR_DENIED);
    (void)ask(&scene, bee, "bee", VERB_READ, "secret/app", NULL, ERR_DENIED);
    (void)ask(&scene, bee, "bee", VERB_READ, "secret/other", NULL, ERR_NOT_FOUND);
    /* nowhere else */
    (void)ask(&scene, ant, NULL, VERB_READ, "secret/app", NULL, ERR_DENIED);
    (void)ask(&scene, ant, "bee", VERB_READ, "secret/app", NULL, ERR_DENIED);
    (void)ask(&scene, ant, NULL, VERB_READ, "bee/secret/app", NULL, ERR_DENIED);
    (void)ask(&scene, ant, NULL, VERB_READ, "auth/token/lookup-self", NULL, ERR_DENIED);
    (void)ask(&scene, ant, "ant", VERB_READ, "auth/token/lookup-self", NULL, ERR_NONE); /* the root's `default`, inherited */
    (void)ask(&scene, ant, "ant/dev", VERB_READ, "secret/app", NULL, ERR_DENIED);       /* below, but no rule says dev/secret/app */
    (void)ask(&scene, scene.root, "ant", VERB_WRITE, "sys/policies/acl/web", POLICY("dev/secret/app", "\"read\""), ERR_NONE);
    CHECK_SLICE("ant/dev", text_at(ask(&scene, ant, "ant/dev", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    (void)ask(&scene, ant, "ant", VERB_READ, "secret/app", NULL, ERR_DENIED);
    scene_end(&scene);
}

TEST(whoever_may_do_everything_in_a_namespace_may_do_nothing_outside)
{
    struct scene scene = scene_start();
    struct slice boss = boss_of(&scene, "ant");
    struct slice own_root = token_in(&scene, ask(&scene, scene.root, "ant", VERB_WRITE, "auth/token/create", "{\"policies\":[\"root\"]}", ERR_NONE));
    struct slice other = boss_of(&scene, "bee");
    struct slice tokens[] = {boss, own_root};
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "auth/token/roles/any", "{\"allowed_policies\":[\"web\"]}", ERR_NONE);
    static const char *const closed[] = {"sys/audit", "sys/quotas/config", "sys/key-status", "sys/status", "ledger/status", "evidence/entries", "estate", "sys/rotate/config", "sys/policies/test",
                                         "sys/storage/raft/snapshot", "sys/search", "annex/current", "agent/list", "sys/leases/count", "sys/internal/ui/resultant-acl", "sys/config/cors"};
    for (size_t t = 0; t < 2; t++) {
        struct slice token = tokens[t];
        (void)ask(&scene, token, "ant", VERB_WRITE, "secret/app", "{\"value\":\"new\"}", ERR_NONE);
        (void)ask(&scene, token, "ant/dev", VERB_READ, "secret/app", NULL, ERR_NONE);
        (void)ask(&scene, token, "ant", VERB_WRITE, arena_printf(scene.arena, "sys/namespaces/x%zu", t), "{}", ERR_NONE);
        (void)ask(&scene, token, "ant", VERB_WRITE, "sys/policies/acl/new", POLICY("secret/*", "\"read\""), ERR_NONE);
        for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
            enum err inside = send(&scene, token, "ant", VERB_READ, closed[i], NULL, NULL), outside = send(&scene, token, NULL, VERB_READ, closed[i], NULL, NULL);
            CHECK(inside == ERR_NOT_FOUND || inside == ERR_METHOD);
            CHECK(outside == ERR_DENIED || outside == ERR_METHOD);
        }
        (void)ask(&scene, token, "ant", VERB_WRITE, "sys/seal", "{}", ERR_NOT_FOUND);
        (void)ask(&scene, token, NULL, VERB_WRITE, "sys/seal", "{}", ERR_DENIED);
        (void)ask(&scene, token, NULL, VERB_WRITE, "sys/namespaces/cat", "{}", ERR_DENIED);
        (void)ask(&scene, token, NULL, VERB_READ, "bee/secret/app", NULL, ERR_DENIED);
        (void)ask(&scene, token, "bee", VERB_READ, "sys/mounts", NULL, ERR_DENIED);
        (void)ask(&scene, token, NULL, VERB_READ, "sys/mounts", NULL, ERR_DENIED);
        (void)ask(&scene, token, NULL, VERB_WRITE, "sys/policies/acl/web", POLICY("*", ALL), ERR_DENIED);
        /* tokens of others, by themselves or by their accessors */
        char *named = arena_printf(scene.arena, "{\"token\":\"%.*s\"}", (int)other.len, (const char *)other.data), *root = arena_printf(scene.arena, "{\"token\":\"%.*s\"}", (int)scene.root.len, (const char *)scene.root.data);
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/lookup", named, ERR_DENIED);
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/lookup", root, ERR_DENIED);
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/revoke", root, ERR_NONE); /* what is not there is revoked */
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/revoke", named, ERR_NONE);
        (void)ask(&scene, token, "ant", VERB_WRITE, "sys/capabilities", arena_printf(scene.arena, "{\"token\":\"%.*s\",\"paths\":[\"secret/app\"]}", (int)other.len, (const char *)other.data), ERR_INVALID);
        struct slice accessor = text_at(ask(&scene, scene.root, NULL, VERB_READ, "auth/token/lookup-self", NULL, ERR_NONE), "data.accessor");
        char *by_accessor = arena_printf(scene.arena, "{\"accessor\":\"%.*s\"}", (int)accessor.len, (const char *)accessor.data);
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/lookup-accessor", by_accessor, ERR_DENIED);
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/revoke-accessor", by_accessor, ERR_INVALID);
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/create/any", "{}", ERR_INVALID); /* the root has this role */
        (void)ask(&scene, token, "ant", VERB_WRITE, "auth/token/create", "{\"entity_alias\":\"ada\"}", ERR_INVALID);
        (void)ask(&scene, token, "ant", VERB_WRITE, "sys/leases/revoke-prefix/bee", "{}", ERR_NONE); /* of a path below ant */
    }
    CHECK_SLICE("bee", text_at(ask(&scene, other, "bee", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    (void)ask(&scene, scene.root, NULL, VERB_READ, "sys/audit", NULL, ERR_NONE);
    scene_end(&scene);
}

TEST(policies_of_one_namespace_are_not_given_by_holders_of_the_same_name_in_another)
{
    struct scene scene = scene_start();
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/policies/acl/maker", POLICY("ant/auth/token/create", "\"update\""), ERR_NONE);
    struct slice maker = token_in(&scene, ask(&scene, scene.root, NULL, VERB_WRITE, "auth/token/create", "{\"policies\":[\"maker\",\"boss\"],\"ttl\":3600}", ERR_NONE));
    (void)ask(&scene, maker, "ant", VERB_WRITE, "auth/token/create", "{\"policies\":[\"boss\"]}", ERR_INVALID);
    (void)ask(&scene, maker, "ant", VERB_WRITE, "auth/token/create", "{\"policies\":[\"root\"]}", ERR_INVALID);
    (void)ask(&scene, maker, "ant", VERB_WRITE, "auth/token/create", "{}", ERR_INVALID);
    struct slice lesser = token_in(&scene, ask(&scene, maker, "ant", VERB_WRITE, "auth/token/create", "{\"policies\":[\"default\"]}", ERR_NONE));
    (void)ask(&scene, lesser, "ant", VERB_READ, "secret/app", NULL, ERR_DENIED);
    /* what a token may is told by its own namespace's policies */
    struct slice web = web_of(&scene, "ant");
    const struct json *told = ask(&scene, scene.root, "ant", VERB_WRITE, "sys/capabilities", arena_printf(scene.arena, "{\"token\":\"%.*s\",\"paths\":[\"secret/app\"]}", (int)web.len, (const char *)web.data), ERR_NONE);
    CHECK_U64(1, json_path(told, "data.capabilities")->count);
    CHECK_SLICE("read", json_path(told, "data.capabilities")->first->text);
    told = ask(&scene, scene.root, NULL, VERB_WRITE, "sys/capabilities", arena_printf(scene.arena, "{\"token\":\"%.*s\",\"paths\":[\"secret/app\"]}", (int)web.len, (const char *)web.data), ERR_NONE);
    CHECK_SLICE("deny", json_path(told, "data.capabilities")->first->text); /* in the root it is good for nothing */
    told = ask(&scene, web, "ant", VERB_WRITE, "sys/capabilities-self", "{\"paths\":[\"secret/other\"]}", ERR_NONE);
    CHECK_SLICE("deny", json_path(told, "data.capabilities")->first->text);
    scene_end(&scene);
}

TEST(roles_and_accessors_are_those_of_the_namespace)
{
    struct scene scene = scene_start();
    struct slice boss = boss_of(&scene, "ant"), other = boss_of(&scene, "bee");
    (void)ask(&scene, boss, "ant", VERB_WRITE, "auth/token/roles/ci", "{\"allowed_policies\":[\"web\"]}", ERR_NONE);
    struct slice made = token_in(&scene, ask(&scene, boss, "ant", VERB_WRITE, "auth/token/create/ci", "{}", ERR_NONE));
    CHECK_SLICE("ant", text_at(ask(&scene, made, "ant", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    (void)ask(&scene, other, "bee", VERB_WRITE, "auth/token/create/ci", "{}", ERR_INVALID);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "auth/token/create/ci", "{}", ERR_INVALID);
    struct slice accessor = text_at(ask(&scene, made, "ant", VERB_READ, "auth/token/lookup-self", NULL, ERR_NONE), "data.accessor");
    char *named = arena_printf(scene.arena, "{\"accessor\":\"%.*s\"}", (int)accessor.len, (const char *)accessor.data);
    uint64_t before = json_path(ask(&scene, scene.root, NULL, VERB_LIST, "auth/token/accessors", NULL, ERR_NONE), "data.keys")->count;
    CHECK_U64(2, json_path(ask(&scene, boss, "ant", VERB_LIST, "auth/token/accessors", NULL, ERR_NONE), "data.keys")->count);
    CHECK_U64(1, json_path(ask(&scene, other, "bee", VERB_LIST, "auth/token/accessors", NULL, ERR_NONE), "data.keys")->count);
    (void)ask(&scene, other, "bee", VERB_WRITE, "auth/token/revoke-accessor", named, ERR_INVALID);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "auth/token/revoke-accessor", named, ERR_INVALID); /* in its namespace, as Vault has it */
    (void)ask(&scene, boss, "ant", VERB_WRITE, "auth/token/revoke-accessor", named, ERR_NONE);
    (void)ask(&scene, made, "ant", VERB_READ, "secret/app", NULL, ERR_DENIED);
    CHECK_U64(1, json_path(ask(&scene, boss, "ant", VERB_LIST, "auth/token/accessors", NULL, ERR_NONE), "data.keys")->count);
    CHECK_U64(before, json_path(ask(&scene, scene.root, NULL, VERB_LIST, "auth/token/accessors", NULL, ERR_NONE), "data.keys")->count);
    scene_end(&scene);
}

TEST(a_deleted_namespace_takes_all_with_it_and_none_of_it_comes_back)
{
    struct scene scene = scene_start();
    struct slice boss = boss_of(&scene, "bee"), own_root = token_in(&scene, ask(&scene, scene.root, "bee", VERB_WRITE, "auth/token/create", "{\"policies\":[\"root\"]}", ERR_NONE));
    struct slice child = token_in(&scene, ask(&scene, boss, "bee", VERB_WRITE, "auth/token/create", "{\"policies\":[\"boss\"],\"type\":\"batch\",\"ttl\":600}", ERR_NONE));
    (void)ask(&scene, child, "bee", VERB_READ, "secret/app", NULL, ERR_NONE);
    (void)ask(&scene, scene.root, NULL, VERB_DELETE, "sys/namespaces/ant", NULL, ERR_INVALID); /* dev lies below */
    (void)ask(&scene, scene.root, NULL, VERB_DELETE, "sys/namespaces/bee", NULL, ERR_NONE);
    (void)ask(&scene, scene.root, NULL, VERB_DELETE, "sys/namespaces/bee", NULL, ERR_NONE);
    (void)ask(&scene, scene.root, "bee", VERB_READ, "secret/app", NULL, ERR_NOT_FOUND);
    (void)ask(&scene, boss, "bee", VERB_READ, "secret/app", NULL, ERR_DENIED);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/namespaces/bee", "{}", ERR_NONE); /* the same path, another one */
    (void)ask(&scene, scene.root, "bee", VERB_WRITE, "sys/mounts/secret", "{\"type\":\"box\"}", ERR_NONE);
    (void)ask(&scene, scene.root, "bee", VERB_WRITE, "sys/policies/acl/boss", POLICY("*", ALL), ERR_NONE);
    (void)ask(&scene, scene.root, "bee", VERB_READ, "secret/app", NULL, ERR_NOT_FOUND);
    struct slice old[] = {boss, own_root, child};
    for (size_t i = 0; i < 3; i++) {
        (void)ask(&scene, old[i], "bee", VERB_READ, "secret/app", NULL, ERR_DENIED);
        (void)ask(&scene, old[i], NULL, VERB_READ, "secret/app", NULL, ERR_DENIED);
    }
    size_t ran = 0;
    for (int i = 1; i <= 4; i++) {
        driver_set_now(scene.driver, NOON_MS + i * 600000);
        CHECK_ERR(ERR_NONE, driver_run(scene.driver, "own_lease_sweep", NULL, NULL));
        CHECK_ERR(ERR_NONE, driver_settle(scene.driver, 10000, &ran));
    }
    size_t left = 0;
    for (size_t i = 0; i < memory_row_count(driver_rows(scene.driver)); i++) {
        left += slice_starts(buf_slice(&driver_rows(scene.driver)->list[i].path), SLICE_LITERAL("sweep/"));
    }
    CHECK_U64(0, left);
    (void)ask(&scene, scene.root, "bee", VERB_READ, "sys/policies/acl/web", NULL, ERR_NOT_FOUND);
    CHECK_SLICE("ant", text_at(ask(&scene, scene.root, "ant", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    CHECK_SLICE("root", text_at(ask(&scene, scene.root, NULL, VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    scene_end(&scene);
}

static void sweep(struct scene *scene, int64_t at_ms)
{
    size_t ran = 0;
    driver_set_now(scene->driver, at_ms);
    CHECK_ERR(ERR_NONE, driver_run(scene->driver, "own_lease_sweep", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_settle(scene->driver, 10000, &ran));
}

TEST(leases_of_a_namespace_end_through_its_engine_and_are_nobody_elses)
{
    struct scene scene = scene_start();
    struct slice boss = boss_of(&scene, "ant"), other = boss_of(&scene, "bee");
    struct slice lease = arena_copy(scene.arena, json_text(ask(&scene, boss, "ant", VERB_READ, "secret/lend/x", NULL, ERR_NONE), "lease_id", SLICE_NONE));
    CHECK(slice_starts(lease, SLICE_LITERAL("ant/secret/lend/x/")));
    char *named = arena_printf(scene.arena, "{\"lease_id\":\"%.*s\"}", (int)lease.len, (const char *)lease.data);
    (void)ask(&scene, boss, "ant", VERB_WRITE, "sys/leases/lookup", named, ERR_NONE);
    (void)ask(&scene, boss, "ant", VERB_WRITE, "sys/leases/renew", named, ERR_NONE);
    (void)ask(&scene, other, "bee", VERB_WRITE, "sys/leases/lookup", named, ERR_INVALID);
    (void)ask(&scene, other, "bee", VERB_WRITE, "sys/leases/renew", named, ERR_INVALID);
    (void)ask(&scene, other, "bee", VERB_WRITE, "sys/leases/revoke", named, ERR_NONE);
    (void)ask(&scene, other, "bee", VERB_WRITE, "sys/leases/revoke-prefix/ant", "{}", ERR_NONE);
    (void)ask(&scene, other, "bee", VERB_WRITE, "sys/leases/revoke-prefix/secret", "{}", ERR_NONE);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/leases/revoke-prefix/secret", "{}", ERR_NONE);
    sweep(&scene, NOON_MS + 1000);
    CHECK_U64(0, lent_ends);
    (void)ask(&scene, scene.root, "ant", VERB_WRITE, "sys/leases/lookup", named, ERR_NONE);
    CHECK_U64(1, json_path(ask(&scene, scene.root, "ant", VERB_LIST, "sys/leases/lookup/secret/lend/", NULL, ERR_NONE), "data.keys")->count);
    sweep(&scene, NOON_MS + 700000); /* its time is up */
    CHECK_U64(1, lent_ends);
    /* another one ends with its namespace, through the engine of a mount that is gone already */
    (void)ask(&scene, other, "bee", VERB_READ, "secret/lend/y", NULL, ERR_NONE);
    (void)ask(&scene, scene.root, NULL, VERB_DELETE, "sys/namespaces/bee", NULL, ERR_NONE);
    for (int i = 1; i < 6; i++) {
        sweep(&scene, NOON_MS + 700000 + i * 10000);
    }
    CHECK_U64(2, lent_ends);
    scene_end(&scene);
}

TEST(namespaces_are_listed_read_and_named_as_they_may_be)
{
    struct scene scene = scene_start();
    const struct json *listed = ask(&scene, scene.root, NULL, VERB_LIST, "sys/namespaces", NULL, ERR_NONE);
    CHECK_U64(2, json_path(listed, "data.keys")->count);
    CHECK_SLICE("ant/", json_path(listed, "data.keys")->first->text);
    CHECK_U64(3, json_path(ask(&scene, scene.root, NULL, VERB_SCAN, "sys/namespaces", NULL, ERR_NONE), "data.keys")->count);
    CHECK_SLICE("dev/", json_path(ask(&scene, scene.root, "ant", VERB_LIST, "sys/namespaces", NULL, ERR_NONE), "data.keys")->first->text);
    (void)ask(&scene, scene.root, "bee", VERB_LIST, "sys/namespaces", NULL, ERR_NOT_FOUND);
    CHECK_SLICE("ant/dev/", text_at(ask(&scene, scene.root, "ant", VERB_READ, "sys/namespaces/dev", NULL, ERR_NONE), "data.path"));
    const struct json *before = ask(&scene, scene.root, NULL, VERB_READ, "sys/namespaces/ant", NULL, ERR_NONE);
    CHECK_SLICE("ada", text_at(before, "data.custom_metadata.owner"));
    (void)ask(&scene, scene.root, NULL, VERB_PATCH, "sys/namespaces/ant", "{\"custom_metadata\":{\"team\":\"x\",\"owner\":null}}", ERR_NONE);
    const struct json *after = ask(&scene, scene.root, NULL, VERB_READ, "sys/namespaces/ant", NULL, ERR_NONE);
    CHECK_SLICE("x", text_at(after, "data.custom_metadata.team"));
    CHECK_U64(1, json_path(after, "data.custom_metadata")->count);
    CHECK(slice_equal(text_at(before, "data.id"), text_at(after, "data.id")));
    CHECK_SLICE("ant", text_at(ask(&scene, scene.root, "ant", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    static const char *const bad[] = {"root", "sys", "auth", "audit", "identity", "cubbyhole", "annex", ".hidden", "-x", "a b", "secret"}; /* the last one is a mount */
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)ask(&scene, scene.root, NULL, VERB_WRITE, arena_printf(scene.arena, "sys/namespaces/%s", bad[i]), "{}", ERR_INVALID);
    }
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/mounts/ant", "{\"type\":\"box\"}", ERR_INVALID);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/mounts/ant/x", "{\"type\":\"box\"}", ERR_INVALID);
    (void)ask(&scene, scene.root, NULL, VERB_PATCH, "sys/namespaces/cat", "{}", ERR_NOT_FOUND);
    /* policies by path alone: gate did not read them as such */
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "ant/sys/policies/acl/x", POLICY("*", ALL), ERR_INVALID);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "ant/sys/mounts/more", "{\"type\":\"box\"}", ERR_NONE);
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "ant/sys/namespaces/more", "{}", ERR_INVALID); /* a mount is there */
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "ant/sys/remount", "{\"from\":\"more\"}", ERR_INVALID); /* `to` is missing: bodies are checked here too */
    scene_end(&scene);
}

static size_t seen_by(struct scene *scene, struct slice token, const char *space, const char *wanted)
{
    const struct json *keys = json_path(ask(scene, token, space, VERB_READ, "sys/internal/ui/namespaces", NULL, ERR_NONE), "data.keys");
    struct buf text = BUF_INIT(4096);
    bool is_same = json_write(&text, keys, 0) == ERR_NONE && slice_is(buf_slice(&text), wanted);
    if (!is_same) {
        printf("%.*s instead of %s\n", (int)text.len, (const char *)text.data, wanted);
    }
    buf_free(&text);
    return is_same;
}

TEST(a_token_hears_of_the_namespaces_that_it_may_do_something_in)
{
    struct scene scene = scene_start();
    CHECK(seen_by(&scene, scene.root, NULL, "[\"ant/\",\"ant/dev/\",\"bee/\"]"));
    CHECK(seen_by(&scene, scene.root, "ant", "[\"dev/\"]"));
    CHECK(seen_by(&scene, boss_of(&scene, "ant"), "ant", "[\"dev/\"]"));
    (void)ask(&scene, scene.root, NULL, VERB_WRITE, "sys/policies/acl/some", POLICY("ant/dev/secret/*", "\"read\""), ERR_NONE);
    struct slice some = token_in(&scene, ask(&scene, scene.root, NULL, VERB_WRITE, "auth/token/create", "{\"policies\":[\"some\"],\"no_default_policy\":true}", ERR_NONE));
    CHECK(seen_by(&scene, some, NULL, "[\"ant/\",\"ant/dev/\"]"));
    CHECK(seen_by(&scene, some, "bee", "[]"));
    (void)ask(&scene, boss_of(&scene, "ant"), NULL, VERB_READ, "sys/internal/ui/namespaces", NULL, ERR_DENIED);
    (void)ask(&scene, SLICE_LITERAL("hvs.nobody"), NULL, VERB_READ, "sys/internal/ui/namespaces", NULL, ERR_DENIED);
    (void)ask(&scene, SLICE_NONE, NULL, VERB_READ, "sys/internal/ui/namespaces", NULL, ERR_DENIED);
    scene_end(&scene);
}

TEST(a_moved_mount_stays_in_its_namespace)
{
    struct scene scene = scene_start();
    (void)ask(&scene, scene.root, "ant", VERB_WRITE, "sys/remount", "{\"from\":\"secret\",\"to\":\"vault\"}", ERR_NONE);
    CHECK_SLICE("ant", text_at(ask(&scene, scene.root, "ant", VERB_READ, "vault/app", NULL, ERR_NONE), "data.value"));
    (void)ask(&scene, scene.root, "ant", VERB_READ, "secret/app", NULL, ERR_NOT_FOUND);
    (void)ask(&scene, scene.root, NULL, VERB_READ, "vault/app", NULL, ERR_NOT_FOUND);
    CHECK_SLICE("bee", text_at(ask(&scene, scene.root, "bee", VERB_READ, "secret/app", NULL, ERR_NONE), "data.value"));
    struct slice ant = web_of(&scene, "ant"), bee = web_of(&scene, "bee");
    (void)ask(&scene, scene.root, "ant", VERB_DELETE, "sys/auth/door", NULL, ERR_NONE);
    (void)ask(&scene, ant, "ant", VERB_READ, "auth/token/lookup-self", NULL, ERR_DENIED);
    (void)ask(&scene, bee, "bee", VERB_READ, "auth/token/lookup-self", NULL, ERR_NONE);
    scene_end(&scene);
}

TEST_MAIN
