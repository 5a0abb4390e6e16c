/* auth/token/create and its siblings: who gets which token, with Vault's words; roles; capabilities. */
#include "engine/token_scene.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

static enum err create_as(struct token_scene *scene, struct slice token, const char *body)
{
    return token_scene_ask(scene, token, VERB_WRITE, "auth/token/create", body);
}

static struct slice made(struct token_scene *scene)
{
    return json_text(json_member(scene->reply, "auth"), "client_token", SLICE_NONE);
}

/* A caller who may create tokens and nothing more; with sudo also the rest. */
static struct slice caller(struct token_scene *scene, const char *capabilities)
{
    token_scene_policy(scene, "maker", arena_printf(scene->arena, "{\"auth/token/create\":%s,\"auth/token/create-orphan\":[\"update\"],\"auth/token/create/*\":[\"update\"]}", capabilities));
    return token_scene_token(scene, "{\"policies\":[\"maker\",\"app\"]}");
}

TEST(everything_that_can_be_asked_for_is_in_the_token)
{
    struct token_scene scene = token_scene_start();
    struct slice token = token_scene_token(&scene, "{\"policies\":[\"App\",\"web\",\"app\"],\"ttl\":3600,\"explicit_max_ttl\":7200,\"num_uses\":5,\"renewable\":false,"
                                                   "\"display_name\":\"ci job #7!\",\"meta\":{\"team\":\"blue\"},\"no_parent\":true}");
    CHECK_STRING("[\"app\",\"default\",\"web\"]", token_scene_text(&scene, "auth.policies"));
    CHECK_STRING("3600", token_scene_text(&scene, "auth.lease_duration"));
    CHECK_STRING("false", token_scene_text(&scene, "auth.renewable"));
    CHECK_STRING("true", token_scene_text(&scene, "auth.orphan"));
    CHECK_STRING("5", token_scene_text(&scene, "auth.num_uses"));
    CHECK_STRING("{\"team\":\"blue\"}", token_scene_text(&scene, "auth.metadata"));
    token_scene_do(&scene, VERB_WRITE, "auth/token/lookup", token_scene_naming(&scene, "token", token));
    CHECK_STRING("token-ci-job--7", token_scene_text(&scene, "data.display_name"));
    CHECK_STRING("7200", token_scene_text(&scene, "data.explicit_max_ttl"));
    CHECK_STRING("auth/token/create", token_scene_text(&scene, "data.path"));
    token_scene_end(&scene);
}

TEST(a_token_may_bear_an_id_that_root_chose)
{
    struct token_scene scene = token_scene_start();
    struct slice weak = caller(&scene, "[\"update\"]");
    CHECK_SLICE("my-fixed-token", token_scene_token(&scene, "{\"id\":\"my-fixed-token\",\"policies\":[\"root\"]}"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, SLICE_LITERAL("my-fixed-token"), VERB_READ, "auth/token/lookup-self", NULL));
    CHECK_ERR(ERR_INVALID, create_as(&scene, scene.root, "{\"id\":\"my-fixed-token\"}"));
    CHECK_STRING("cannot create a token with a duplicate ID", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, create_as(&scene, scene.root, "{\"id\":\"hvs.mine\"}"));
    CHECK_STRING("custom token ID cannot contain '.'", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, create_as(&scene, weak, "{\"id\":\"mine\"}"));
    CHECK_STRING("root or sudo privileges required to specify token id", token_scene_error(&scene));
    CHECK_ERR(ERR_NONE, create_as(&scene, caller(&scene, "[\"update\",\"sudo\"]"), "{\"id\":\"mine\"}"));
    token_scene_end(&scene);
}

TEST(without_sudo_nobody_gets_more_than_he_has)
{
    struct token_scene scene = token_scene_start();
    struct slice weak = caller(&scene, "[\"update\"]");
    static const struct {
        const char *body, *words;
    } refused[] = {
        {"{\"policies\":[\"other\"]}", "child policies must be subset of parent: other"},
        {"{\"policies\":[\"root\"]}", "child policies must be subset of parent: root"},
        {"{\"no_parent\":true}", "root or sudo privileges required to create orphan token"},
        {"{\"period\":60}", "root or sudo privileges required to create periodic token"},
        {"{\"type\":\"lasting\"}", "invalid 'type' value: lasting"},
        {"{\"meta\":{\"a\":1}}", "metadata is an object of at most 64 strings"},
        {"{\"policies\":[\"app\"],\"type\":\"batch\",\"num_uses\":3}", "batch tokens cannot have this set: num_uses"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        CHECK_ERR(ERR_INVALID, create_as(&scene, weak, refused[i].body));
        CHECK_STRING(refused[i].words, token_scene_error(&scene));
        CHECK_U64(400, scene.status);
    }
    CHECK_ERR(ERR_NONE, create_as(&scene, weak, "{\"policies\":[\"app\"]}"));
    CHECK_STRING("[\"app\",\"default\"]", token_scene_text(&scene, "auth.policies"));
    CHECK_ERR(ERR_NONE, create_as(&scene, weak, "{}")); /* as the caller's */
    CHECK_STRING("[\"app\",\"default\",\"maker\"]", token_scene_text(&scene, "auth.policies"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, weak, VERB_WRITE, "auth/token/create-orphan", "{\"policies\":[\"app\"]}"));
    CHECK_STRING("true", token_scene_text(&scene, "auth.orphan"));
    struct slice strong = caller(&scene, "[\"update\",\"sudo\"]");
    CHECK_ERR(ERR_NONE, create_as(&scene, strong, "{\"policies\":[\"other\"],\"no_parent\":true,\"period\":60}"));
    CHECK_ERR(ERR_INVALID, create_as(&scene, strong, "{\"policies\":[\"root\"]}"));
    CHECK_STRING("root tokens may not be created without parent token being root", token_scene_error(&scene));
    token_scene_end(&scene);
}

TEST(default_is_not_given_by_who_has_it_not)
{
    struct token_scene scene = token_scene_start();
    (void)caller(&scene, "[\"update\"]");
    struct slice bare = token_scene_token(&scene, "{\"policies\":[\"maker\"],\"no_default_policy\":true}");
    CHECK_ERR(ERR_NONE, create_as(&scene, bare, "{}"));
    CHECK_STRING("[\"maker\"]", token_scene_text(&scene, "auth.policies"));
    token_scene_end(&scene);
}

TEST(some_tokens_create_none)
{
    struct token_scene scene = token_scene_start();
    (void)caller(&scene, "[\"update\"]");
    struct slice batch = token_scene_token(&scene, "{\"policies\":[\"maker\"],\"type\":\"batch\",\"ttl\":60}");
    CHECK(slice_starts(batch, SLICE_LITERAL("hvb.")));
    struct slice counted = token_scene_token(&scene, "{\"policies\":[\"maker\"],\"num_uses\":5}");
    CHECK_ERR(ERR_INVALID, create_as(&scene, batch, "{}"));
    CHECK_STRING("batch tokens cannot create more tokens", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, create_as(&scene, counted, "{}"));
    CHECK_STRING("restricted use token cannot generate child tokens", token_scene_error(&scene));
    CHECK_ERR(ERR_NONE, create_as(&scene, scene.root, "{\"ttl\":60}"));
    CHECK_ERR(ERR_INVALID, create_as(&scene, made(&scene), "{}")); /* root for a minute gives none for ever */
    CHECK_STRING("expiring root tokens cannot create non-expiring root tokens", token_scene_error(&scene));
    token_scene_end(&scene);
}

TEST(a_role_says_what_its_tokens_are)
{
    struct token_scene scene = token_scene_start();
    struct slice weak = caller(&scene, "[\"update\"]");
    token_scene_do(&scene, VERB_WRITE, "auth/token/roles/ci",
                   "{\"allowed_policies\":[\"deploy\"],\"allowed_policies_glob\":[\"env-*\"],\"disallowed_policies_glob\":[\"*-prod\"],\"orphan\":true,\"renewable\":false,\"token_period\":120,"
                   "\"path_suffix\":\"v1\",\"token_bound_cidrs\":[\"127.0.0.0/8\"],\"token_num_uses\":9}");
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, weak, VERB_WRITE, "auth/token/create/ci", "{\"policies\":[\"env-test\"]}"));
    CHECK_STRING("[\"default\",\"env-test\"]", token_scene_text(&scene, "auth.policies"));
    CHECK_STRING("120", token_scene_text(&scene, "auth.lease_duration"));
    CHECK_STRING("true", token_scene_text(&scene, "auth.orphan"));
    token_scene_do(&scene, VERB_WRITE, "auth/token/lookup", token_scene_naming(&scene, "token", made(&scene)));
    CHECK_STRING("auth/token/create/ci/v1", token_scene_text(&scene, "data.path"));
    CHECK_STRING("ci", token_scene_text(&scene, "data.role"));
    CHECK_STRING("9", token_scene_text(&scene, "data.num_uses"));
    CHECK_STRING("[\"127.0.0.0/8\"]", token_scene_text(&scene, "data.bound_cidrs"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, weak, VERB_WRITE, "auth/token/create/ci", "{}"));
    CHECK_STRING("[\"default\",\"deploy\"]", token_scene_text(&scene, "auth.policies"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, weak, VERB_WRITE, "auth/token/create/ci", "{\"policies\":[\"app\"]}"));
    CHECK_STRING("token policies must be subset of the role's allowed policies or glob policies: app", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, weak, VERB_WRITE, "auth/token/create/ci", "{\"policies\":[\"env-prod\"]}"));
    CHECK_STRING("token policy is disallowed by this role: env-prod", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, weak, VERB_WRITE, "auth/token/create/none", "{}"));
    CHECK_STRING("unknown role: none", token_scene_error(&scene));
    token_scene_end(&scene);
}

TEST(roles_are_read_listed_changed_and_deleted)
{
    struct token_scene scene = token_scene_start();
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_LIST, "auth/token/roles", NULL));
    token_scene_do(&scene, VERB_WRITE, "auth/token/roles/a", "{\"allowed_policies\":[\"b\",\"A\"],\"period\":60}");
    token_scene_do(&scene, VERB_WRITE, "auth/token/roles/a", "{\"orphan\":true}");
    token_scene_do(&scene, VERB_READ, "auth/token/roles/a", NULL);
    CHECK_STRING("[\"a\",\"b\"]", token_scene_text(&scene, "data.allowed_policies"));
    CHECK_STRING("60", token_scene_text(&scene, "data.token_period"));
    CHECK_STRING("60", token_scene_text(&scene, "data.period"));
    CHECK_STRING("true", token_scene_text(&scene, "data.orphan"));
    CHECK_STRING("true", token_scene_text(&scene, "data.renewable"));
    CHECK_STRING("default-service", token_scene_text(&scene, "data.token_type"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "auth/token/roles/a", "{\"token_type\":\"big\"}"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "auth/token/roles/a", "{\"token_bound_cidrs\":[\"here\"]}"));
    token_scene_do(&scene, VERB_LIST, "auth/token/roles", NULL);
    CHECK_STRING("[\"a\"]", token_scene_text(&scene, "data.keys"));
    token_scene_do(&scene, VERB_DELETE, "auth/token/roles/a", NULL);
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_READ, "auth/token/roles/a", NULL));
    token_scene_end(&scene);
}

TEST(capabilities_of_oneself_of_a_token_and_of_an_accessor)
{
    struct token_scene scene = token_scene_start();
    token_scene_policy(&scene, "app", "{\"secret/app/*\":[\"update\",\"create\"],\"secret/app/x\":[\"deny\"],\"secret/app/+/y\":[\"read\"]}");
    struct slice token = token_scene_token(&scene, "{\"policies\":[\"app\"]}");
    const char *accessor = token_scene_text(&scene, "auth.accessor");
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_WRITE, "sys/capabilities-self", "{\"paths\":[\"secret/app/a\",\"secret/app/x\",\"elsewhere\"]}"));
    CHECK_STRING("[\"create\",\"update\"]", token_scene_text(&scene, "data.secret/app/a"));
    CHECK_STRING("[\"deny\"]", token_scene_text(&scene, "secret/app/x"));
    CHECK_STRING("[\"deny\"]", token_scene_text(&scene, "elsewhere"));
    token_scene_do(&scene, VERB_WRITE, "sys/capabilities-accessor", arena_printf(scene.arena, "{\"accessor\":\"%s\",\"paths\":[\"secret/app/a\"]}", accessor));
    CHECK_STRING("[\"create\",\"update\"]", token_scene_text(&scene, "capabilities"));
    token_scene_do(&scene, VERB_WRITE, "sys/capabilities", arena_printf(scene.arena, "{\"token\":\"%.*s\",\"path\":[\"secret/app/z/y\"]}", (int)token.len, (const char *)token.data));
    CHECK_STRING("[\"read\"]", token_scene_text(&scene, "data.capabilities"));
    token_scene_do(&scene, VERB_WRITE, "sys/capabilities-self", "{\"paths\":[\"any/thing\"]}");
    CHECK_STRING("[\"root\"]", token_scene_text(&scene, "data.capabilities"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "sys/capabilities", "{\"token\":\"hvs.none\",\"paths\":[\"a\"]}"));
    CHECK_STRING("invalid token", token_scene_error(&scene));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "sys/capabilities-accessor", "{\"accessor\":\"none\",\"paths\":[\"a\"]}"));
    CHECK_STRING("invalid accessor", token_scene_error(&scene));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "sys/internal/ui/resultant-acl", NULL));
    CHECK_STRING("false", token_scene_text(&scene, "data.root"));
    CHECK_STRING("[\"create\",\"update\"]", token_scene_text(&scene, "data.glob_paths.secret/app/.capabilities"));
    CHECK_STRING("[\"deny\"]", token_scene_text(&scene, "data.exact_paths.secret/app/x.capabilities"));
    token_scene_end(&scene);
}

TEST(policies_are_named_in_lower_case_and_some_stay)
{
    struct token_scene scene = token_scene_start();
    token_scene_policy(&scene, "Team-A", "{\"auth/token/roles/x\":[\"read\"]}");
    struct slice token = token_scene_token(&scene, "{\"policies\":[\"TEAM-a\"]}");
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, token, VERB_READ, "auth/token/roles/x", NULL)); /* allowed, and nothing there */
    token_scene_do(&scene, VERB_READ, "sys/policies/acl/TEAM-A", NULL);
    CHECK_STRING("team-a", token_scene_text(&scene, "data.name"));
    token_scene_do(&scene, VERB_DELETE, "sys/policies/acl/team-A", NULL);
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, token, VERB_READ, "auth/token/roles/x", NULL));
    token_scene_do(&scene, VERB_READ, "sys/policies/acl/root", NULL);
    CHECK_STRING("", token_scene_text(&scene, "data.policy"));
    static const char *const kept[] = {"sys/policies/acl/root", "sys/policies/acl/Default"};
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_DELETE, kept[i], NULL));
    }
    token_scene_end(&scene);
}

TEST(what_is_there_without_being_mounted_stands_in_the_lists)
{
    struct token_scene scene = token_scene_start();
    token_scene_do(&scene, VERB_READ, "sys/mounts", NULL);
    CHECK_STRING("cubbyhole", token_scene_text(&scene, "data.cubbyhole/.type"));
    CHECK_STRING("system", token_scene_text(&scene, "sys/.type"));
    token_scene_do(&scene, VERB_READ, "sys/auth", NULL);
    CHECK_STRING("token", token_scene_text(&scene, "data.token/.type"));
    token_scene_do(&scene, VERB_READ, "sys/internal/ui/mounts/cubbyhole/a", NULL);
    CHECK_STRING("cubbyhole/", token_scene_text(&scene, "data.path"));
    token_scene_do(&scene, VERB_READ, "sys/mounts/cubbyhole", NULL);
    CHECK_STRING("cubbyhole", token_scene_text(&scene, "data.type"));
    token_scene_do(&scene, VERB_READ, "sys/auth/token/tune", NULL);
    CHECK_STRING("default-service", token_scene_text(&scene, "data.token_type"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_READ, "sys/mounts/none", NULL));
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, scene.root, VERB_READ, "sys/internal/ui/mounts/none/a", NULL));
    token_scene_end(&scene);
}

TEST(a_token_opens_a_session_of_the_page)
{
    struct token_scene scene = token_scene_start();
    struct slice token = token_scene_token(&scene, "{\"policies\":[\"dev\"],\"ttl\":\"1h\"}");
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_WRITE, "auth/token/session", NULL));
    CHECK(slice_equal(token, slice_string(token_scene_text(&scene, "auth.client_token"))));
    CHECK_STRING("[\"default\",\"dev\"]", token_scene_text(&scene, "auth.policies"));
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "auth/token/session", NULL));
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, SLICE_LITERAL("hvs.guessed"), VERB_WRITE, "auth/token/session", NULL));
    scene.wrap_ttl = "60";
    token_scene_do(&scene, VERB_WRITE, "sys/wrapping/wrap", "{\"secret\":\"blue\"}");
    struct slice wrapping = slice_string(token_scene_text(&scene, "wrap_info.token"));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, wrapping, VERB_WRITE, "auth/token/session", NULL));
    token_scene_end(&scene);
}

TEST_MAIN
