/* Identity: who stands behind tokens, what that adds to them, and how it is changed. */
#include "engine/entity.h"

#include "base/check.h"
#include "engine/mount.h"
#include "engine/token.h"
#include "engine/token_scene.h"

#include <string.h>

/* ---- a login that tells names and groups ---- */

static enum err operation_test_login(struct turn *turn)
{
    struct slice entity_id = SLICE_NONE;
    struct json *auth = NULL;
    struct identity_login login = {.alias = turn->values[0], .metadata = json_member(turn->request->body, "metadata"), .groups = json_member(turn->request->body, "groups")};
    enum err err = identity_of_login(turn, &login, &entity_id);
    struct token_wish wish = {.name = "door", .policies = json_new(turn->arena, JSON_ARRAY), .ttl_s = 3600, .entity_id = entity_id, .alias_name = login.alias};
    err = err == ERR_NONE ? token_create(turn, &wish, &auth) : err;
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

static const struct field no_fields[] = {{NULL, FIELD_ANY, 0, {NULL, NULL}}};
static const struct route door_routes[] = {{"test_login", VERB_WRITE, "login/:name", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS, no_fields, {"Logs in.", "Meldet an."}}};
static const struct engine engine_door = {.type = "door", .class = ENGINE_AUTH, .title = TEXT_INIT("door", "Tür"), .routes = door_routes, .route_count = 1};

static struct token_scene start(void)
{
    struct token_scene scene = token_scene_start();
    driver_add_engine(scene.driver, &engine_door);
    driver_add_operation(scene.driver, "test_login", operation_test_login);
    token_scene_do(&scene, VERB_WRITE, "sys/auth/door", "{\"type\":\"door\"}");
    return scene;
}

static struct slice log_in(struct token_scene *scene, const char *name, const char *body)
{
    if (token_scene_ask(scene, SLICE_NONE, VERB_WRITE, arena_printf(scene->arena, "auth/door/login/%s", name), body) != ERR_NONE) {
        __builtin_trap();
    }
    return json_text(json_member(scene->reply, "auth"), "client_token", SLICE_NONE);
}

static const char *accessor(struct token_scene *scene)
{
    token_scene_do(scene, VERB_READ, "sys/auth/door", NULL);
    return token_scene_text(scene, "data.accessor");
}

static const char *make(struct token_scene *scene, const char *path, const char *body)
{
    token_scene_do(scene, VERB_WRITE, path, body);
    return token_scene_text(scene, "data.id");
}

static enum err may(struct token_scene *scene, struct slice token, const char *path)
{
    enum err err = token_scene_ask(scene, token, VERB_READ, path, NULL);
    return err == ERR_NOT_FOUND ? ERR_NONE : err; /* allowed, and nothing there */
}

#define SAY(...) arena_printf(scene.arena, __VA_ARGS__)

/* ---- logging in ---- */

TEST(a_first_login_makes_an_entity_and_the_next_finds_it)
{
    struct token_scene scene = start();
    const char *mount = accessor(&scene);
    struct slice token = log_in(&scene, "ada", "{\"metadata\":{\"team\":\"blue\"}}");
    const char *id = token_scene_text(&scene, "auth.entity_id");
    CHECK_U64(36, strlen(id));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "auth/token/lookup-self", NULL));
    CHECK_STRING(id, token_scene_text(&scene, "data.entity_id"));
    (void)log_in(&scene, "ada", "{\"metadata\":{\"team\":\"red\"}}");
    CHECK_STRING(id, token_scene_text(&scene, "auth.entity_id"));
    (void)log_in(&scene, "bob", NULL);
    CHECK(strcmp(id, token_scene_text(&scene, "auth.entity_id")) != 0);
    token_scene_do(&scene, VERB_READ, SAY("identity/entity/id/%s", id), NULL);
    CHECK(strncmp("entity_", token_scene_text(&scene, "data.name"), 7) == 0);
    const struct json *alias = json_path(scene.reply, "data.aliases")->first;
    CHECK_SLICE("ada", json_text(alias, "name", SLICE_NONE));
    CHECK_STRING(mount, SAY("%.*s", (int)json_text(alias, "mount_accessor", SLICE_NONE).len, (const char *)json_text(alias, "mount_accessor", SLICE_NONE).data));
    CHECK_SLICE("auth/door/", json_text(alias, "mount_path", SLICE_NONE));
    CHECK_SLICE("red", json_text(json_member(alias, "metadata"), "team", SLICE_NONE));
    token_scene_do(&scene, VERB_LIST, "identity/entity/id", NULL);
    CHECK_U64(2, json_path(scene.reply, "data.keys")->count);
    token_scene_do(&scene, VERB_WRITE, "identity/lookup/entity", SAY("{\"alias_name\":\"ada\",\"alias_mount_accessor\":\"%s\"}", mount));
    CHECK_STRING(id, token_scene_text(&scene, "data.id"));
    token_scene_do(&scene, VERB_WRITE, "identity/lookup/entity", "{\"name\":\"nobody\"}");
    CHECK_U64(204, scene.status);
    token_scene_end(&scene);
}

TEST(policies_of_entity_and_groups_count_at_once)
{
    struct token_scene scene = start();
    token_scene_policy(&scene, "own", "{\"cubbyhole/own\":[\"read\"],\"sys/audit-own\":[\"read\"],\"auth/token/roles/own\":[\"read\"]}");
    token_scene_policy(&scene, "of-group", "{\"auth/token/roles/group\":[\"read\"]}");
    token_scene_policy(&scene, "of-parent", "{\"auth/token/roles/parent\":[\"read\"]}");
    struct slice token = log_in(&scene, "ada", NULL);
    const char *id = token_scene_text(&scene, "auth.entity_id");
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/own"));
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"policies\":[\"own\"]}");
    CHECK_U64(204, scene.status);
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/own"));
    const char *group = make(&scene, "identity/group", SAY("{\"name\":\"Ops\",\"policies\":[\"of-group\"],\"member_entity_ids\":[\"%s\"]}", id));
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/group"));
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/parent"));
    const char *parent = make(&scene, "identity/group", SAY("{\"name\":\"all\",\"policies\":[\"of-parent\"],\"member_group_ids\":[\"%s\"]}", group));
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/parent"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "auth/token/lookup-self", NULL));
    CHECK_STRING("[\"default\"]", token_scene_text(&scene, "data.policies"));
    CHECK_STRING("[\"own\",\"of-group\",\"of-parent\"]", token_scene_text(&scene, "data.identity_policies"));
    token_scene_do(&scene, VERB_READ, SAY("identity/entity/id/%s", id), NULL);
    CHECK_STRING(SAY("[\"%s\"]", group), token_scene_text(&scene, "data.direct_group_ids"));
    CHECK_STRING(SAY("[\"%s\"]", parent), token_scene_text(&scene, "data.inherited_group_ids"));
    token_scene_do(&scene, VERB_WRITE, SAY("identity/group/id/%s", group), "{\"member_entity_ids\":[]}");
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/group"));
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/parent"));
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/own"));
    token_scene_end(&scene);
}

TEST(a_disabled_or_deleted_entity_bars_its_tokens)
{
    struct token_scene scene = start();
    struct slice token = log_in(&scene, "ada", NULL);
    const char *id = token_scene_text(&scene, "auth.entity_id");
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"disabled\":true}");
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/lookup-self"));
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "auth/door/login/ada", NULL));
    token_scene_do(&scene, VERB_WRITE, "auth/token/lookup", token_scene_naming(&scene, "token", token)); /* it can still be looked at */
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"disabled\":false}");
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/lookup-self"));
    token_scene_do(&scene, VERB_DELETE, SAY("identity/entity/id/%s", id), NULL);
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/lookup-self"));
    CHECK_U64(0, token_scene_rows(&scene, "identity/"));
    (void)log_in(&scene, "ada", NULL); /* and begins anew */
    CHECK(strcmp(id, token_scene_text(&scene, "auth.entity_id")) != 0);
    token_scene_end(&scene);
}

TEST(the_login_says_which_external_groups_somebody_is_in)
{
    struct token_scene scene = start();
    const char *mount = accessor(&scene);
    token_scene_policy(&scene, "of-group", "{\"auth/token/roles/group\":[\"read\"]}");
    const char *group = make(&scene, "identity/group", "{\"name\":\"admins\",\"type\":\"external\",\"policies\":[\"of-group\"]}");
    const char *hand = make(&scene, "identity/group", "{\"name\":\"by-hand\"}");
    const char *alias = make(&scene, "identity/group-alias", SAY("{\"name\":\"/company/admins\",\"mount_accessor\":\"%s\",\"canonical_id\":\"%s\"}", mount, group));
    CHECK_U64(36, strlen(alias));
    struct slice token = log_in(&scene, "ada", "{\"groups\":[\"/company/admins\",\"/company/unknown\"]}");
    const char *id = token_scene_text(&scene, "auth.entity_id");
    CHECK_STRING("[\"of-group\"]", token_scene_text(&scene, "auth.identity_policies"));
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/group"));
    token_scene_do(&scene, VERB_WRITE, SAY("identity/group/id/%s", hand), SAY("{\"member_entity_ids\":[\"%s\"]}", id));
    (void)log_in(&scene, "ada", "{\"groups\":[]}"); /* no more; the older token feels it as well */
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/group"));
    token_scene_do(&scene, VERB_READ, SAY("identity/entity/id/%s", id), NULL);
    CHECK_STRING(SAY("[\"%s\"]", hand), token_scene_text(&scene, "data.direct_group_ids"));
    (void)log_in(&scene, "ada", "{\"groups\":[\"/company/admins\"]}");
    (void)log_in(&scene, "ada", NULL); /* a login that knows of no groups leaves them */
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/group"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, SAY("identity/group/id/%s", group), SAY("{\"member_entity_ids\":[\"%s\"]}", id)));
    CHECK_STRING("member entities can't be set manually for external groups", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "identity/group-alias", SAY("{\"name\":\"x\",\"mount_accessor\":\"%s\",\"canonical_id\":\"%s\"}", mount, hand)));
    token_scene_do(&scene, VERB_DELETE, SAY("identity/group/id/%s", group), NULL);
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/group"));
    CHECK_U64(0, token_scene_rows(&scene, "identity/group-a"));
    token_scene_end(&scene);
}

/* ---- by hand ---- */

TEST(entities_are_made_changed_and_found_by_name)
{
    struct token_scene scene = start();
    const char *id = make(&scene, "identity/entity", "{\"name\":\"Ada\",\"policies\":[\"B\",\"a\"],\"metadata\":{\"k\":\"v\"}}");
    CHECK_STRING("Ada", token_scene_text(&scene, "data.name"));
    token_scene_do(&scene, VERB_READ, "identity/entity/name/ada", NULL);
    CHECK_STRING(id, token_scene_text(&scene, "data.id"));
    CHECK_STRING("[\"a\",\"b\"]", token_scene_text(&scene, "data.policies"));
    CHECK_STRING("{\"k\":\"v\"}", token_scene_text(&scene, "data.metadata"));
    token_scene_do(&scene, VERB_WRITE, "identity/entity/name/ada", "{\"metadata\":{\"k\":\"w\"}}");
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"name\":\"Lovelace\"}");
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_READ, "identity/entity/name/ada", NULL));
    token_scene_do(&scene, VERB_READ, "identity/entity/name/lovelace", NULL);
    CHECK_STRING("{\"k\":\"w\"}", token_scene_text(&scene, "data.metadata"));
    (void)make(&scene, "identity/entity", "{\"name\":\"bob\"}");
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"name\":\"BOB\"}"));
    CHECK_STRING("this name is already in use: BOB", token_scene_error(&scene));
    static const char *const bad[] = {"{\"name\":\"a\\u0001b\"}", "{\"policies\":[\"root\"]}", "{\"metadata\":{\"a\":1}}", "{\"id\":\"none\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "identity/entity", bad[i]));
    }
    token_scene_do(&scene, VERB_LIST, "identity/entity/name", NULL);
    CHECK_STRING("[\"bob\",\"lovelace\"]", token_scene_text(&scene, "data.keys"));
    token_scene_do(&scene, VERB_WRITE, "identity/entity/batch-delete", SAY("{\"entity_ids\":[\"%s\",\"none\"]}", id));
    token_scene_do(&scene, VERB_DELETE, "identity/entity/name/bob", NULL);
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_LIST, "identity/entity/id", NULL));
    CHECK_U64(0, token_scene_rows(&scene, "identity/"));
    token_scene_end(&scene);
}

TEST(names_have_slashes_and_are_long)
{
    struct token_scene scene = start();
    char *longest = arena_printf(scene.arena, "%0400d", 7), *too_long = arena_printf(scene.arena, "%0401d", 7);
    static const char *const names[] = {"team/app", "Team/app/Two", "/lead", "trail/", "a%2Fb", "\xc3\xa4/\xc3\xb6"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        token_scene_do(&scene, VERB_WRITE, "identity/entity", arena_printf(scene.arena, "{\"name\":\"%s\"}", names[i]));
        token_scene_do(&scene, VERB_READ, arena_printf(scene.arena, "identity/entity/name/%s", names[i]), NULL);
        CHECK_STRING(names[i], token_scene_text(&scene, "data.name"));
    }
    token_scene_do(&scene, VERB_WRITE, arena_printf(scene.arena, "identity/group/name/org/%s", longest + 4), "{}");
    token_scene_do(&scene, VERB_READ, arena_printf(scene.arena, "identity/group/name/ORG/%s", longest + 4), NULL);
    token_scene_do(&scene, VERB_WRITE, "identity/entity", arena_printf(scene.arena, "{\"name\":\"%s\"}", longest));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "identity/entity", arena_printf(scene.arena, "{\"name\":\"%s\"}", too_long)));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "identity/entity", "{\"name\":\"a\\u0001b\"}"));
    token_scene_do(&scene, VERB_LIST, "identity/entity/name", NULL);
    const struct json *listed = json_path(scene.reply, "data.keys");
    size_t slashes = 0;
    for (const struct json *one = listed->first; one != NULL; one = one->next) {
        slashes += slice_find_byte(one->text, '/') != SIZE_MAX ? 1 : 0;
        CHECK(slice_find_byte(one->text, 1) == SIZE_MAX);
    }
    CHECK_U64(5, slashes);
    token_scene_do(&scene, VERB_DELETE, "identity/entity/name/team/app", NULL);
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_READ, "identity/entity/name/team/app", NULL));
    token_scene_do(&scene, VERB_READ, "identity/entity/name/team/app/two", NULL);
    token_scene_end(&scene);
}

TEST(an_alias_made_before_the_first_login_is_found_by_it)
{
    struct token_scene scene = start();
    const char *mount = accessor(&scene);
    const char *id = make(&scene, "identity/entity", "{\"name\":\"ada\"}");
    const char *alias = make(&scene, "identity/entity-alias", SAY("{\"name\":\"ada\",\"canonical_id\":\"%s\",\"mount_accessor\":\"%s\",\"custom_metadata\":{\"c\":\"d\"}}", id, mount));
    CHECK_STRING(id, token_scene_text(&scene, "data.canonical_id"));
    (void)log_in(&scene, "ada", "{\"metadata\":{\"m\":\"n\"}}");
    CHECK_STRING(id, token_scene_text(&scene, "auth.entity_id"));
    token_scene_do(&scene, VERB_READ, SAY("identity/entity-alias/id/%s", alias), NULL);
    CHECK_STRING("{\"c\":\"d\"}", token_scene_text(&scene, "data.custom_metadata"));
    CHECK_STRING("{\"m\":\"n\"}", token_scene_text(&scene, "data.metadata"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "identity/entity-alias", SAY("{\"name\":\"eve\",\"canonical_id\":\"%s\",\"mount_accessor\":\"%s\"}", id, mount)));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "identity/entity-alias", SAY("{\"name\":\"eve\",\"canonical_id\":\"%s\",\"mount_accessor\":\"none\"}", id)));
    CHECK_STRING("invalid mount accessor: none", token_scene_error(&scene));
    const char *other = make(&scene, "identity/entity", "{\"name\":\"bob\"}");
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity-alias/id/%s", alias), SAY("{\"name\":\"ada2\",\"canonical_id\":\"%s\",\"mount_accessor\":\"%s\"}", other, mount)); /* moves */
    (void)log_in(&scene, "ada2", NULL);
    CHECK_STRING(other, token_scene_text(&scene, "auth.entity_id"));
    (void)log_in(&scene, "ada", NULL);
    CHECK(strcmp(id, token_scene_text(&scene, "auth.entity_id")) != 0);
    token_scene_do(&scene, VERB_DELETE, SAY("identity/entity-alias/id/%s", alias), NULL);
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_READ, SAY("identity/entity-alias/id/%s", alias), NULL));
    token_scene_end(&scene);
}

TEST(merged_entities_are_one_for_tokens_and_groups)
{
    struct token_scene scene = start();
    token_scene_policy(&scene, "of-group", "{\"auth/token/roles/group\":[\"read\"]}");
    token_scene_policy(&scene, "of-bob", "{\"auth/token/roles/bob\":[\"read\"]}");
    struct slice token = log_in(&scene, "bob", NULL);
    const char *bob = token_scene_text(&scene, "auth.entity_id"), *ada = make(&scene, "identity/entity", "{\"name\":\"ada\"}");
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", bob), "{\"policies\":[\"of-bob\"]}");
    const char *group = make(&scene, "identity/group", SAY("{\"name\":\"g\",\"policies\":[\"of-group\"],\"member_entity_ids\":[\"%s\"]}", bob));
    token_scene_do(&scene, VERB_WRITE, "identity/entity/merge", SAY("{\"from_entity_ids\":[\"%s\"],\"to_entity_id\":\"%s\"}", bob, ada));
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/group"));
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/bob")); /* policies do not move */
    token_scene_do(&scene, VERB_READ, SAY("identity/entity/id/%s", bob), NULL);
    CHECK_STRING(ada, token_scene_text(&scene, "data.id"));
    CHECK_STRING(SAY("[\"%s\"]", bob), token_scene_text(&scene, "data.merged_entity_ids"));
    token_scene_do(&scene, VERB_READ, SAY("identity/group/id/%s", group), NULL);
    CHECK_STRING(SAY("[\"%s\"]", ada), token_scene_text(&scene, "data.member_entity_ids"));
    (void)log_in(&scene, "bob", NULL);
    CHECK_STRING(ada, token_scene_text(&scene, "auth.entity_id"));
    token_scene_do(&scene, VERB_LIST, "identity/entity/id", NULL);
    CHECK_STRING(SAY("[\"%s\"]", ada), token_scene_text(&scene, "data.keys"));
    (void)log_in(&scene, "carl", NULL);
    const char *carl = token_scene_text(&scene, "auth.entity_id");
    const char *body = SAY("{\"from_entity_ids\":[\"%s\"],\"to_entity_id\":\"%s\"}", carl, ada);
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "identity/entity/merge", body)); /* both have a name at the door */
    token_scene_do(&scene, VERB_WRITE, "identity/entity/merge", SAY("{\"from_entity_ids\":[\"%s\"],\"to_entity_id\":\"%s\",\"force\":true}", carl, ada));
    (void)log_in(&scene, "bob", NULL);
    CHECK_STRING(ada, token_scene_text(&scene, "auth.entity_id"));
    (void)log_in(&scene, "carl", NULL); /* his name went: he is somebody new */
    CHECK(strcmp(ada, token_scene_text(&scene, "auth.entity_id")) != 0);
    token_scene_end(&scene);
}

TEST(a_large_group_costs_its_members_requests_nothing)
{
    struct token_scene scene = start();
    cleanup_buf struct buf body = BUF_INIT(1 << 20);
    struct slice token = log_in(&scene, "ada", NULL);
    const char *id = token_scene_text(&scene, "auth.entity_id");
    CHECK_ERR(ERR_NONE, buf_printf(&body, "{\"name\":\"many\",\"policies\":[\"of-many\"],\"member_entity_ids\":[\"%s\"", id));
    for (int i = 0; i < 300; i++) {
        const char *one = make(&scene, "identity/entity", "{}");
        CHECK_ERR(ERR_NONE, buf_printf(&body, ",\"%s\"", one));
    }
    CHECK_ERR(ERR_NONE, buf_append_string(&body, "]}"));
    const char *group = make(&scene, "identity/group", arena_string(scene.arena, buf_slice(&body)));
    size_t bytes = memory_row_bytes(driver_rows(scene.driver), SAY("identity/group/%s", group)).len;
    CHECK(bytes < 1024 && memory_row_bytes(driver_rows(scene.driver), SAY("identity/group-members/%s", group)).len > 300 * 36);
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "auth/token/lookup-self", NULL));
    CHECK_STRING("[\"of-many\"]", token_scene_text(&scene, "data.identity_policies"));
    token_scene_do(&scene, VERB_LIST, "identity/group/id", NULL);
    CHECK_STRING("301", token_scene_text(&scene, SAY("data.key_info.%s.num_member_entities", group)));
    token_scene_do(&scene, VERB_DELETE, SAY("identity/group/id/%s", group), NULL);
    CHECK_U64(0, token_scene_rows(&scene, "identity/group"));
    token_scene_end(&scene);
}

TEST(groups_do_not_lie_in_themselves)
{
    struct token_scene scene = start();
    const char *a = make(&scene, "identity/group", "{\"name\":\"a\"}"), *b = make(&scene, "identity/group", SAY("{\"name\":\"b\",\"member_group_ids\":[\"%s\"]}", a));
    const char *c = make(&scene, "identity/group", SAY("{\"name\":\"c\",\"member_group_ids\":[\"%s\"]}", b));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, SAY("identity/group/id/%s", a), SAY("{\"member_group_ids\":[\"%s\"]}", c)));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, SAY("identity/group/id/%s", a), SAY("{\"member_group_ids\":[\"%s\"]}", a)));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, SAY("identity/group/id/%s", a), "{\"member_group_ids\":[\"none\"]}"));
    CHECK_STRING("invalid group ID: none", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, SAY("identity/group/id/%s", a), "{\"member_entity_ids\":[\"none\"]}"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, SAY("identity/group/id/%s", a), "{\"type\":\"external\"}"));
    token_scene_do(&scene, VERB_DELETE, SAY("identity/group/id/%s", b), NULL);
    token_scene_do(&scene, VERB_READ, SAY("identity/group/id/%s", c), NULL);
    CHECK_STRING("[]", token_scene_text(&scene, "data.member_group_ids"));
    token_scene_do(&scene, VERB_READ, "identity/group/name/A", NULL);
    CHECK_STRING("[]", token_scene_text(&scene, "data.parent_group_ids"));
    token_scene_do(&scene, VERB_WRITE, "identity/lookup/group", "{\"name\":\"c\"}");
    CHECK_STRING(c, token_scene_text(&scene, "data.id"));
    token_scene_end(&scene);
}

/* ---- templates ---- */

TEST(a_rule_that_names_the_caller_opens_his_own_path_only)
{
    struct token_scene scene = start();
    token_scene_policy(&scene, "mine", "{\"auth/token/roles/{{identity.entity.metadata.team}}\":[\"read\"],\"identity/group/id/{{identity.groups.names.ops.id}}\":[\"read\"]}");
    struct slice token = log_in(&scene, "ada", NULL), other = log_in(&scene, "bob", NULL);
    token_scene_do(&scene, VERB_WRITE, "auth/token/lookup", token_scene_naming(&scene, "token", token));
    const char *id = token_scene_text(&scene, "data.entity_id");
    CHECK_ERR(ERR_NONE, may(&scene, token, SAY("identity/entity/id/%s", id))); /* the policy default */
    CHECK_ERR(ERR_DENIED, may(&scene, other, SAY("identity/entity/id/%s", id)));
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"policies\":[\"mine\"],\"metadata\":{\"team\":\"blue\"}}");
    CHECK_ERR(ERR_NONE, may(&scene, token, "auth/token/roles/blue"));
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/red"));
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"metadata\":{\"team\":\"*\"}}");
    CHECK_ERR(ERR_DENIED, may(&scene, token, "auth/token/roles/red")); /* no way to widen it */
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"metadata\":{\"team\":\"red\"}}");
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_WRITE, "sys/capabilities-self", "{\"paths\":[\"auth/token/roles/red\"]}"));
    CHECK_STRING("[\"read\"]", token_scene_text(&scene, "data.capabilities"));
    token_scene_do(&scene, VERB_WRITE, "sys/capabilities", SAY("{\"token\":\"%.*s\",\"paths\":[\"auth/token/roles/red\"]}", (int)token.len, (const char *)token.data));
    CHECK_STRING("[\"read\"]", token_scene_text(&scene, "data.capabilities"));
    const char *group = make(&scene, "identity/group", SAY("{\"name\":\"ops\",\"member_entity_ids\":[\"%s\"]}", id));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, SAY("identity/group/id/%s", group), NULL));
    CHECK_U64(1, token_scene_rows(&scene, "usage/mine"));
    token_scene_end(&scene);
}

/* ---- tokens that a role lets stand for somebody ---- */

TEST(a_role_may_give_a_token_an_alias)
{
    struct token_scene scene = start();
    token_scene_do(&scene, VERB_WRITE, "auth/token/roles/ci", "{\"allowed_entity_aliases\":[\"job-*\"]}");
    token_scene_do(&scene, VERB_WRITE, "auth/token/create/ci", "{\"entity_alias\":\"job-7\"}");
    const char *id = token_scene_text(&scene, "auth.entity_id");
    CHECK_U64(36, strlen(id));
    struct slice token = json_text(json_member(scene.reply, "auth"), "client_token", SLICE_NONE);
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "auth/token/create/ci", "{\"entity_alias\":\"other\"}"));
    CHECK_STRING("invalid 'entity_alias' value: other", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "auth/token/create", "{\"entity_alias\":\"job-7\"}"));
    token_scene_policy(&scene, "maker", "{\"auth/token/create\":[\"update\"],\"auth/token/create-orphan\":[\"update\"]}");
    token_scene_do(&scene, VERB_WRITE, SAY("identity/entity/id/%s", id), "{\"policies\":[\"maker\"]}");
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_WRITE, "auth/token/create", "{\"policies\":[\"default\"]}"));
    CHECK_STRING(id, token_scene_text(&scene, "auth.entity_id")); /* a child stands for the same */
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_WRITE, "auth/token/create-orphan", "{\"policies\":[\"default\"]}"));
    CHECK_STRING("", token_scene_text(&scene, "auth.entity_id"));
    token_scene_end(&scene);
}

TEST_MAIN
