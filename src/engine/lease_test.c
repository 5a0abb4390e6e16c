/* Leases through an engine made for the test: given, looked up, renewed, ended in every way, under moved clocks, crashes and seals. */
#include "engine/lease.h"

#include "base/check.h"
#include "engine/operations.h"
#include "engine/token.h"
#include "engine/turn_driver.h"

enum { ARENA_BYTES = 64 << 20, MINUTE_MS = 60 * 1000, HOUR_MS = 3600 * 1000 };
static const int64_t NOON_MS = INT64_C(1795435200000);

/* ---- an engine that lends ---- */

/* What the test's outside world knows: how often each end was asked for, and whether it is reachable. */
static struct {
    unsigned ends, renewals;
    bool fails;
    char last[64];
} outside;

static enum err lend_end(struct turn *turn, const struct json *data)
{
    const struct json *config = NULL;
    enum err err = turn_json(turn, mount_path(turn, "config"), &config); /* the engine's own rows must still be there */
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DAMAGED : err;
    }
    err = turn_work(turn, ROLE_REACH, "lend.end", data, SLICE_NONE, &config, NULL, NULL);
    if (err == ERR_UNREACHABLE) {
        return turn_refuse(turn, err, TEXT("the database does not answer", "die Datenbank antwortet nicht"), SLICE_NONE);
    }
    return err;
}

static enum err outside_work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    struct slice who = json_text(input, "name", SLICE_NONE);
    if (role != ROLE_REACH || strcmp(name, "lend.end") != 0 || outside.fails) {
        return ERR_UNREACHABLE;
    }
    outside.ends++;
    snprintf(outside.last, sizeof outside.last, "%.*s", (int)who.len, (const char *)who.data);
    *ret_output = json_new(arena, JSON_OBJECT);
    return ERR_NONE;
}

static enum err lend_renew(struct turn *turn, const struct json *data, uint64_t ttl_s)
{
    (void)turn;
    (void)data;
    (void)ttl_s;
    outside.renewals++;
    return ERR_NONE;
}

static enum err operation_lend(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "name", turn->values[0]);
    struct lease_wish wish = {.ttl_s = 600, .max_ttl_s = 1500, .data = data};
    struct slice id;
    uint64_t ttl_s = 0;
    enum err err = lease_create(turn, &wish, &id, &ttl_s);
    err = err == ERR_NONE ? turn_reply_data(turn, data) : err;
    return err == ERR_NONE ? turn_reply_lease(turn, id, true, ttl_s) : err;
}

static enum err enable(struct turn *turn, const struct mount *mount)
{
    (void)mount;
    return turn_put_json(turn, mount_path(turn, "config"), json_new(turn->arena, JSON_OBJECT), 0);
}

static const struct field no_fields[] = {{NULL, FIELD_ANY, 0, {NULL, NULL}}};
static const struct route lend_routes[] = {{"lend", VERB_READ, "creds/:name", ROUTE_SECRET, no_fields, {"Lends.", "Leiht."}}};
static const struct engine engine_lend = {.type = "lend", .class = ENGINE_SECRET, .title = TEXT_INIT("lends", "leiht"), .routes = lend_routes, .route_count = 1,
                                          .enable = enable, .lease_end = lend_end, .lease_renew = lend_renew};

/* A login that gives a token of the policy `root` for half an hour. */
static enum err operation_log_in(struct turn *turn)
{
    struct token_wish wish = {.name = "bob", .policies = token_policies(turn, "admin", NULL), .ttl_s = 1800};
    struct json *auth = NULL;
    enum err err = token_create(turn, &wish, &auth);
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

static const struct route door_routes[] = {{"log_in", VERB_WRITE, "login/:name", ROUTE_PUBLIC | ROUTE_EFFECT, no_fields, {"Logs in.", "Meldet an."}}};
static const struct engine engine_door = {.type = "door", .class = ENGINE_AUTH, .title = TEXT_INIT("door", "Tür"), .routes = door_routes, .route_count = 1};

/* ---- the scene ---- */

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
};

static enum err ask(struct scene *scene, struct slice token, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    const struct json *reply = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = token, .body = driver_tree(scene->arena, body), .query = driver_tree(scene->arena, "{\"type\":\"irrevocable\"}")};
    return driver_ask(scene->driver, scene->arena, &request, ret_reply == NULL ? &reply : ret_reply);
}

static struct slice token_of(struct scene *scene, const struct json *reply)
{
    return arena_copy(scene->arena, json_text(json_member(reply, "auth"), "client_token", SLICE_NONE));
}

static struct scene scene_start(void)
{
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(7, NOON_MS)};
    outside.ends = outside.renewals = 0;
    outside.fails = false;
    if (scene.arena == NULL || scene.driver == NULL) {
        __builtin_trap();
    }
    driver_set_work(scene.driver, outside_work);
    driver_add_engine(scene.driver, &engine_lend);
    driver_add_engine(scene.driver, &engine_door);
    driver_add_operation(scene.driver, "lend", operation_lend);
    driver_add_operation(scene.driver, "log_in", operation_log_in);
    scene.root = driver_token(scene.driver, scene.arena, "root");
    if (ask(&scene, scene.root, VERB_WRITE, "sys/mounts/db", "{\"type\":\"lend\"}", NULL) != ERR_NONE ||
        ask(&scene, scene.root, VERB_WRITE, "sys/auth/door", "{\"type\":\"door\"}", NULL) != ERR_NONE) {
        __builtin_trap();
    }
    return scene;
}

static void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

static struct slice lend(struct scene *scene, struct slice token, const char *name)
{
    const struct json *reply = NULL;
    char *path = arena_printf(scene->arena, "db/creds/%s", name);
    return ask(scene, token, VERB_READ, path, NULL, &reply) == ERR_NONE ? json_text(reply, "lease_id", SLICE_NONE) : SLICE_NONE;
}

static enum err look_up(struct scene *scene, struct slice lease, const struct json **ret_reply)
{
    char *body = arena_printf(scene->arena, "{\"lease_id\":\"%.*s\"}", (int)lease.len, (const char *)lease.data);
    return ask(scene, scene->root, VERB_WRITE, "sys/leases/lookup", body, ret_reply);
}

static enum err with_lease(struct scene *scene, const char *path, struct slice lease, const struct json **ret_reply)
{
    char *body = arena_printf(scene->arena, "{\"lease_id\":\"%.*s\"}", (int)lease.len, (const char *)lease.data);
    return ask(scene, scene->root, VERB_WRITE, path, body, ret_reply);
}

/* As keep does every few seconds. */
static void sweep(struct scene *scene)
{
    size_t ran = 0;
    CHECK_ERR(ERR_NONE, driver_run(scene->driver, "own_lease_sweep", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_settle(scene->driver, 10000, &ran));
}

static int64_t now_ms;

static void pass(struct scene *scene, int64_t ms)
{
    now_ms += ms;
    driver_set_now(scene->driver, now_ms);
}

/* ---- tests ---- */

TEST(a_lease_is_given_looked_up_renewed_and_ends_at_its_time)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    struct slice lease = lend(&scene, scene.root, "ann");
    CHECK(slice_starts(lease, SLICE_LITERAL("db/creds/ann/")));
    CHECK_ERR(ERR_NONE, look_up(&scene, lease, &reply));
    CHECK_SLICE("600", json_path(reply, "data.ttl")->text);
    CHECK_SLICE("2026-11-23T12:10:00.000Z", json_path(reply, "data.expire_time")->text);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_LIST, "sys/leases/lookup/db/creds/", NULL, &reply));
    CHECK_SLICE("ann/", json_path(reply, "data.keys")->first->text);
    pass(&scene, 9 * MINUTE_MS);
    CHECK_ERR(ERR_NONE, with_lease(&scene, "sys/leases/renew", lease, &reply));
    CHECK_SLICE("600", json_member(reply, "lease_duration")->text);
    CHECK_U64(1, outside.renewals);
    pass(&scene, 9 * MINUTE_MS);
    CHECK_ERR(ERR_NONE, with_lease(&scene, "sys/renew", lease, &reply)); /* the old path; never beyond 1500 s in all */
    CHECK_SLICE("420", json_member(reply, "lease_duration")->text);
    pass(&scene, 7 * MINUTE_MS);
    CHECK_ERR(ERR_INVALID, look_up(&scene, lease, &reply)); /* over at once, before any sweep */
    CHECK_SLICE("invalid lease", json_member(reply, "errors")->first->text);
    CHECK_ERR(ERR_INVALID, with_lease(&scene, "sys/leases/renew", lease, &reply));
    CHECK_U64(0, outside.ends);
    sweep(&scene);
    CHECK_U64(1, outside.ends);
    CHECK(strcmp(outside.last, "ann") == 0);
    sweep(&scene);
    CHECK_U64(1, outside.ends);
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_LIST, "sys/leases/lookup/db/creds/", NULL, &reply));
    scene_end(&scene);
}

TEST(steps_of_the_wall_neither_lose_nor_prolong)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    struct slice lease = lend(&scene, scene.root, "ann");
    driver_step_wall(scene.driver, 48 * (int64_t)HOUR_MS);
    now_ms += 48 * (int64_t)HOUR_MS;
    CHECK_ERR(ERR_NONE, look_up(&scene, lease, &reply));
    CHECK_SLICE("600", json_path(reply, "data.ttl")->text);
    CHECK_SLICE("2026-11-25T12:10:00.000Z", json_path(reply, "data.expire_time")->text); /* shown by the wall that people see */
    sweep(&scene);
    CHECK_U64(0, outside.ends);
    driver_step_wall(scene.driver, -96 * (int64_t)HOUR_MS);
    now_ms -= 96 * (int64_t)HOUR_MS;
    pass(&scene, 10 * MINUTE_MS - 1);
    CHECK_ERR(ERR_NONE, look_up(&scene, lease, &reply));
    pass(&scene, 1);
    CHECK_ERR(ERR_INVALID, look_up(&scene, lease, &reply));
    sweep(&scene);
    CHECK_U64(1, outside.ends);
    scene_end(&scene);
}

TEST(a_crash_between_claim_and_end_only_delays)
{
    struct scene scene = scene_start();
    now_ms = NOON_MS;
    (void)lend(&scene, scene.root, "ann");
    pass(&scene, 10 * MINUTE_MS);
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "own_lease_sweep", NULL, NULL)); /* claimed; the turn that ends it is lost */
    CHECK_ERR(ERR_NONE, driver_restart(scene.driver));
    sweep(&scene);
    CHECK_U64(0, outside.ends);
    pass(&scene, 5 * MINUTE_MS);
    sweep(&scene);
    CHECK_U64(1, outside.ends);
    scene_end(&scene);
}

TEST(sealed_hours_count)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    struct slice short_one = lend(&scene, scene.root, "ann");
    pass(&scene, 4 * MINUTE_MS);
    driver_vault(scene.driver)->sealed = true;
    driver_surroundings(scene.driver)->sealed = true;
    pass(&scene, 5 * MINUTE_MS);
    CHECK_ERR(ERR_SEALED, look_up(&scene, short_one, &reply));
    CHECK_ERR(ERR_NONE, driver_restart(scene.driver));
    CHECK_ERR(ERR_NONE, look_up(&scene, short_one, &reply));
    CHECK_SLICE("60", json_path(reply, "data.ttl")->text);
    pass(&scene, MINUTE_MS);
    CHECK_ERR(ERR_INVALID, look_up(&scene, short_one, &reply));
    scene_end(&scene);
}

TEST(what_cannot_be_ended_is_tried_again_and_shown)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    outside.fails = true;
    (void)lend(&scene, scene.root, "ann");
    pass(&scene, 10 * MINUTE_MS);
    sweep(&scene);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/leases/count", NULL, &reply));
    CHECK_SLICE("0", json_path(reply, "data.lease_count")->text);
    for (int i = 0; i < 12; i++) {
        pass(&scene, HOUR_MS);
        sweep(&scene);
    }
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/leases", NULL, &reply));
    CHECK_SLICE("1", json_path(reply, "data.lease_count")->text);
    CHECK_SLICE("the database does not answer", json_text(json_path(reply, "data.leases")->first, "error", SLICE_NONE));
    outside.fails = false;
    pass(&scene, HOUR_MS);
    sweep(&scene);
    CHECK_U64(1, outside.ends);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/leases/count", NULL, &reply));
    CHECK_SLICE("0", json_path(reply, "data.lease_count")->text);
    scene_end(&scene);
}

TEST(leases_go_with_the_token_that_asked)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    CHECK_ERR(ERR_NONE, ask(&scene, SLICE_NONE, VERB_WRITE, "auth/door/login/bob", NULL, &reply));
    struct slice bob = token_of(&scene, reply), leases[120];
    for (size_t i = 0; i < 120; i++) {
        leases[i] = lend(&scene, bob, "bob");
        CHECK(leases[i].len > 0);
    }
    struct slice other = lend(&scene, scene.root, "ann");
    CHECK_ERR(ERR_NONE, ask(&scene, bob, VERB_WRITE, "auth/token/revoke-self", "{}", NULL));
    CHECK_ERR(ERR_INVALID, look_up(&scene, leases[0], &reply)); /* before anything was swept */
    CHECK_ERR(ERR_INVALID, look_up(&scene, leases[119], &reply));
    CHECK_U64(0, outside.ends);
    for (int i = 0; i < 40; i++) {
        pass(&scene, 5000);
        sweep(&scene);
    }
    CHECK_U64(120, outside.ends);
    CHECK_ERR(ERR_NONE, look_up(&scene, other, &reply));
    scene_end(&scene);
}

TEST(a_prefix_ends_all_below_at_once_and_later_ones_live)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    struct slice first = lend(&scene, scene.root, "ann"), second = lend(&scene, scene.root, "bob");
    for (int i = 0; i < 250; i++) {
        CHECK(lend(&scene, scene.root, "ann").len > 0);
    }
    pass(&scene, 1000);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/leases/revoke-prefix/db/creds/ann", "{}", &reply));
    CHECK_ERR(ERR_INVALID, look_up(&scene, first, &reply));
    CHECK_ERR(ERR_NONE, look_up(&scene, second, &reply));
    pass(&scene, 1000);
    struct slice later = lend(&scene, scene.root, "ann");
    CHECK_ERR(ERR_NONE, look_up(&scene, later, &reply));
    for (int i = 0; i < 60; i++) {
        pass(&scene, 5000);
        sweep(&scene);
    }
    CHECK_U64(251, outside.ends);
    CHECK_ERR(ERR_NONE, look_up(&scene, later, &reply));
    CHECK_ERR(ERR_NONE, look_up(&scene, second, &reply));
    CHECK(!memory_has_row(driver_rows(scene.driver), "lease/cut/db/creds/ann"));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/leases/revoke-force/db", "{}", &reply));
    CHECK_ERR(ERR_INVALID, look_up(&scene, second, &reply));
    sweep(&scene);
    CHECK_U64(251, outside.ends); /* their engine was not asked */
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_LIST, "sys/leases/lookup/db/creds", NULL, &reply));
    scene_end(&scene);
}

TEST(logins_end_with_their_mount_and_by_prefix)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    CHECK_ERR(ERR_NONE, ask(&scene, SLICE_NONE, VERB_WRITE, "auth/door/login/bob", NULL, &reply));
    struct slice bob = token_of(&scene, reply);
    CHECK_ERR(ERR_NONE, ask(&scene, SLICE_NONE, VERB_WRITE, "auth/door/login/eve", NULL, &reply));
    struct slice eve = token_of(&scene, reply);
    CHECK_ERR(ERR_NONE, ask(&scene, bob, VERB_WRITE, "auth/token/create", "{\"policies\":[\"default\"]}", &reply));
    struct slice child = token_of(&scene, reply);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/leases/revoke-prefix/auth/door/login/eve", "{}", &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, eve, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, bob, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_DELETE, "sys/auth/door", NULL, &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, bob, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, child, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    sweep(&scene);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_LIST, "auth/token/accessors", NULL, &reply));
    CHECK_U64(1, json_path(reply, "data.keys")->count); /* root's */
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/auth/door", "{\"type\":\"door\"}", &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, bob, VERB_READ, "auth/token/lookup-self", NULL, &reply)); /* another mount at the same path */
    scene_end(&scene);
}

TEST(an_engine_that_is_unmounted_ends_its_leases_before_its_rows_go)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    struct slice lease = lend(&scene, scene.root, "ann");
    for (int i = 0; i < 30; i++) {
        CHECK(lend(&scene, scene.root, "bob").len > 0);
    }
    outside.fails = true;
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_DELETE, "sys/mounts/db", NULL, &reply));
    CHECK_ERR(ERR_INVALID, look_up(&scene, lease, &reply));
    sweep(&scene);
    outside.fails = false;
    for (int i = 0; i < 40; i++) {
        pass(&scene, 10000);
        sweep(&scene);
    }
    CHECK_U64(31, outside.ends);
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_LIST, "sys/leases/lookup/db/creds", NULL, &reply));
    scene_end(&scene);
}

TEST(a_moved_mount_keeps_its_rows_and_what_was_given_below_its_former_path_ends)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    struct slice lease = lend(&scene, scene.root, "ann");
    CHECK_ERR(ERR_NONE, ask(&scene, SLICE_NONE, VERB_WRITE, "auth/door/login/bob", "{}", &reply));
    struct slice bob = token_of(&scene, reply);
    CHECK_ERR(ERR_NONE, ask(&scene, bob, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, "sys/remount", "{\"from\":\"nowhere\",\"to\":\"x\"}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, "sys/remount", "{\"from\":\"db\",\"to\":\"auth/db\"}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, "sys/remount", "{\"from\":\"db\",\"to\":\"sys\"}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, "sys/remount", "{\"from\":\"db\",\"to\":\"db\"}", &reply));
    outside.fails = true;
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/remount", "{\"from\":\"db/\",\"to\":\"databases/main\"}", &reply));
    struct slice id = json_path(reply, "data.migration_id")->text;
    char *status = arena_printf(scene.arena, "sys/remount/status/%.*s", (int)id.len, (const char *)id.data);
    CHECK_ERR(ERR_INVALID, look_up(&scene, lease, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_READ, "db/creds/ann", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "databases/main/creds/ann", NULL, &reply));
    CHECK(slice_starts(json_text(reply, "lease_id", SLICE_NONE), SLICE_LITERAL("databases/main/creds/ann/")));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, status, NULL, &reply));
    CHECK_SLICE("in-progress", json_path(reply, "data.migration_info.status")->text);
    sweep(&scene);
    CHECK_U64(0, outside.ends);
    /* another mount takes the former path, the moved one goes: what was lent is still ended by the engine that lent it */
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/db", "{\"type\":\"lend\"}", NULL));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_DELETE, "sys/mounts/databases/main", NULL, NULL));
    outside.fails = false;
    for (int i = 0; i < 20; i++) {
        pass(&scene, HOUR_MS);
        sweep(&scene);
    }
    CHECK_U64(2, outside.ends);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    scene_end(&scene);
}

TEST(logins_of_a_moved_method_end_and_new_ones_go_to_its_new_path)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    now_ms = NOON_MS;
    CHECK_ERR(ERR_NONE, ask(&scene, SLICE_NONE, VERB_WRITE, "auth/door/login/bob", "{}", &reply));
    struct slice bob = token_of(&scene, reply);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/remount", "{\"from\":\"auth/door\",\"to\":\"auth/gate\"}", &reply));
    struct slice id = json_path(reply, "data.migration_id")->text;
    CHECK_ERR(ERR_DENIED, ask(&scene, bob, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, SLICE_NONE, VERB_WRITE, "auth/door/login/bob", "{}", &reply));
    pass(&scene, 1);
    CHECK_ERR(ERR_NONE, ask(&scene, SLICE_NONE, VERB_WRITE, "auth/gate/login/bob", "{}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, token_of(&scene, reply), VERB_READ, "auth/token/lookup-self", NULL, &reply));
    pass(&scene, HOUR_MS);
    sweep(&scene);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, arena_printf(scene.arena, "sys/remount/status/%.*s", (int)id.len, (const char *)id.data), NULL, &reply));
    CHECK_SLICE("success", json_path(reply, "data.migration_info.status")->text);
    scene_end(&scene);
}

/* Any prefix of the turns that a mass revocation starts may be all that happened before a crash; what is left still ends, once. */
TEST(crashes_anywhere_in_a_mass_revocation_lose_nothing)
{
    for (size_t cut_after = 0; cut_after < 24; cut_after += 3) {
        struct scene scene = scene_start();
        const struct json *reply = NULL;
        now_ms = NOON_MS;
        for (int i = 0; i < 40; i++) {
            CHECK(lend(&scene, scene.root, "ann").len > 0);
        }
        size_t ran = 0;
        CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/leases/revoke-prefix/db", "{}", &reply));
        CHECK_ERR(ERR_NONE, driver_settle(scene.driver, cut_after, &ran));
        CHECK_ERR(ERR_NONE, driver_restart(scene.driver));
        for (int i = 0; i < 80; i++) {
            pass(&scene, 10000);
            sweep(&scene);
        }
        CHECK_U64(40, outside.ends);
        CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_LIST, "sys/leases/lookup/db/creds", NULL, &reply));
        scene_end(&scene);
    }
}

TEST_MAIN
