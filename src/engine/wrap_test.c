/* Wrapped replies: who gets them, once, and nothing else with that token; cubbyholes that belong to one token. */
#include "engine/token_scene.h"

#include "base/check.h"

static struct slice wrapping_token(struct token_scene *scene)
{
    return json_text(json_member(scene->reply, "wrap_info"), "token", SLICE_NONE);
}

/* Wraps {"secret":"blue"} for a minute as root. */
static struct slice wrap(struct token_scene *scene)
{
    scene->wrap_ttl = "60";
    token_scene_do(scene, VERB_WRITE, "sys/wrapping/wrap", "{\"secret\":\"blue\"}");
    return wrapping_token(scene);
}

static enum err unwrap_as(struct token_scene *scene, struct slice token, struct slice named)
{
    return token_scene_ask(scene, token, VERB_WRITE, "sys/wrapping/unwrap", named.len == 0 ? NULL : token_scene_naming(scene, "token", named));
}

static const char *const NOT_VALID = "wrapping token is not valid or does not exist";

TEST(a_wrapped_reply_tells_its_token_and_nothing_of_itself)
{
    struct token_scene scene = token_scene_start();
    scene.wrap_ttl = "120";
    token_scene_do(&scene, VERB_READ, "auth/token/lookup-self", NULL);
    CHECK_STRING("null", token_scene_text(&scene, "data"));
    CHECK_STRING("null", token_scene_text(&scene, "auth"));
    CHECK_STRING("120", token_scene_text(&scene, "wrap_info.ttl"));
    CHECK_STRING("auth/token/lookup-self", token_scene_text(&scene, "wrap_info.creation_path"));
    CHECK_STRING("2026-11-23T12:00:00.000Z", token_scene_text(&scene, "wrap_info.creation_time"));
    CHECK(slice_starts(wrapping_token(&scene), SLICE_LITERAL("hvs.")));
    CHECK_STRING("", token_scene_text(&scene, "wrap_info.wrapped_accessor"));
    token_scene_end(&scene);
}

TEST(the_reply_comes_back_once_as_it_was)
{
    struct token_scene scene = token_scene_start();
    struct slice token = wrap(&scene);
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, token, SLICE_NONE)); /* the token itself calls */
    CHECK_STRING("blue", token_scene_text(&scene, "data.secret"));
    CHECK_STRING("null", token_scene_text(&scene, "wrap_info"));
    CHECK_ERR(ERR_INVALID, unwrap_as(&scene, token, SLICE_NONE));
    CHECK_STRING(NOT_VALID, token_scene_error(&scene));
    CHECK_U64(400, scene.status);
    token = wrap(&scene);
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, scene.root, token)); /* somebody else calls and names it */
    CHECK_STRING("blue", token_scene_text(&scene, "data.secret"));
    CHECK_ERR(ERR_INVALID, unwrap_as(&scene, scene.root, token));
    CHECK_STRING(NOT_VALID, token_scene_error(&scene));
    token = wrap(&scene);
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, SLICE_NONE, token)); /* nobody calls, and has it */
    token_scene_end(&scene);
}

TEST(a_wrapping_token_ends_at_its_time_with_what_it_holds)
{
    struct token_scene scene = token_scene_start();
    struct slice token = wrap(&scene);
    size_t ran = 0;
    driver_set_now(scene.driver, TOKEN_SCENE_MS + 60000);
    CHECK_ERR(ERR_INVALID, unwrap_as(&scene, token, SLICE_NONE));
    CHECK_STRING(NOT_VALID, token_scene_error(&scene));
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "own_lease_sweep", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_settle(scene.driver, 100, &ran));
    CHECK_U64(0, token_scene_rows(&scene, "cubby/"));
    CHECK_U64(1, token_scene_rows(&scene, "token/id/")); /* root's */
    token_scene_end(&scene);
}

TEST(nothing_is_left_of_what_was_unwrapped)
{
    struct token_scene scene = token_scene_start();
    size_t ran = 0;
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, wrap(&scene), SLICE_NONE));
    CHECK_ERR(ERR_NONE, driver_settle(scene.driver, 100, &ran));
    CHECK_U64(0, token_scene_rows(&scene, "cubby/"));
    CHECK_U64(0, token_scene_rows(&scene, "token/end/"));
    token_scene_end(&scene);
}

TEST(a_wrapping_token_opens_nothing_else_and_is_used_up_by_trying)
{
    struct token_scene scene = token_scene_start();
    static const struct {
        enum verb verb;
        const char *path;
    } others[] = {{VERB_READ, "auth/token/lookup-self"}, {VERB_WRITE, "auth/token/renew-self"}, {VERB_WRITE, "sys/wrapping/wrap"},
                  {VERB_READ, "cubbyhole/other"},         {VERB_LIST, "cubbyhole/"},             {VERB_DELETE, "cubbyhole/response"}, {VERB_LIST, "sys/policies/acl"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct slice token = wrap(&scene);
        CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, token, others[i].verb, others[i].path, NULL));
        CHECK_ERR(ERR_INVALID, unwrap_as(&scene, token, SLICE_NONE));
    }
    token_scene_end(&scene);
}

TEST(clients_of_old_read_the_reply_in_the_cubbyhole)
{
    struct token_scene scene = token_scene_start();
    struct slice token = wrap(&scene);
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/response", NULL));
    CHECK(strstr(token_scene_text(&scene, "data.response"), "\"data\":{\"secret\":\"blue\"}") != NULL);
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/response", NULL));
    token_scene_end(&scene);
}

TEST(looking_a_wrapping_token_up_does_not_use_it)
{
    struct token_scene scene = token_scene_start();
    struct slice token = wrap(&scene);
    driver_set_now(scene.driver, TOKEN_SCENE_MS + 5000);
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "sys/wrapping/lookup", token_scene_naming(&scene, "token", token)));
    CHECK_STRING("{\"creation_path\":\"sys/wrapping/wrap\",\"creation_time\":\"2026-11-23T12:00:00.000Z\",\"creation_ttl\":60}", token_scene_text(&scene, "data"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "sys/wrapping/lookup", NULL));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "sys/wrapping/lookup", NULL)); /* root's is none */
    CHECK_STRING(NOT_VALID, token_scene_error(&scene));
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, token, SLICE_NONE));
    token_scene_end(&scene);
}

TEST(rewrapping_gives_another_token_for_the_same_time_and_path)
{
    struct token_scene scene = token_scene_start();
    struct slice first = wrap(&scene);
    driver_set_now(scene.driver, TOKEN_SCENE_MS + 50000);
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, first, VERB_WRITE, "sys/wrapping/rewrap", NULL));
    struct slice second = wrapping_token(&scene);
    CHECK_STRING("60", token_scene_text(&scene, "wrap_info.ttl"));
    CHECK_STRING("sys/wrapping/wrap", token_scene_text(&scene, "wrap_info.creation_path"));
    CHECK(!slice_equal(first, second));
    CHECK_ERR(ERR_INVALID, unwrap_as(&scene, first, SLICE_NONE));
    driver_set_now(scene.driver, TOKEN_SCENE_MS + 109000);
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, second, SLICE_NONE));
    CHECK_STRING("blue", token_scene_text(&scene, "data.secret"));
    token_scene_end(&scene);
}

TEST(a_wrapped_token_is_good_once_it_is_unwrapped)
{
    struct token_scene scene = token_scene_start();
    scene.wrap_ttl = "60";
    token_scene_do(&scene, VERB_WRITE, "auth/token/create", "{\"policies\":[\"default\"]}");
    const char *accessor = token_scene_text(&scene, "wrap_info.wrapped_accessor");
    CHECK(strlen(accessor) > 0);
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, wrapping_token(&scene), SLICE_NONE));
    CHECK_STRING(accessor, token_scene_text(&scene, "auth.accessor"));
    struct slice inner = json_text(json_member(scene.reply, "auth"), "client_token", SLICE_NONE);
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, inner, VERB_READ, "auth/token/lookup-self", NULL));
    token_scene_end(&scene);
}

TEST(what_has_no_content_or_failed_is_not_wrapped)
{
    struct token_scene scene = token_scene_start();
    scene.wrap_ttl = "60";
    token_scene_do(&scene, VERB_WRITE, "cubbyhole/mine", "{\"a\":1}");
    CHECK_U64(204, scene.status);
    scene.wrap_ttl = "60";
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_READ, "cubbyhole/none", NULL));
    CHECK_U64(404, scene.status);
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "sys/wrapping/wrap", "{\"a\":1}"));
    CHECK_STRING("endpoint requires response wrapping to be used", token_scene_error(&scene));
    token_scene_end(&scene);
}

TEST(another_caller_needs_a_policy_to_unwrap)
{
    struct token_scene scene = token_scene_start();
    struct slice bare = token_scene_token(&scene, "{\"policies\":[\"none\"],\"no_default_policy\":true}"), usual = token_scene_token(&scene, "{\"policies\":[\"default\"]}");
    struct slice token = wrap(&scene);
    CHECK_ERR(ERR_DENIED, unwrap_as(&scene, bare, token));
    CHECK_ERR(ERR_NONE, unwrap_as(&scene, usual, token));
    token_scene_end(&scene);
}

TEST(a_cubbyhole_belongs_to_one_token_and_ends_with_it)
{
    struct token_scene scene = token_scene_start();
    struct slice ada = token_scene_token(&scene, "{\"policies\":[\"default\"]}"), bob = token_scene_token(&scene, "{\"policies\":[\"default\"]}");
    size_t ran = 0;
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, ada, VERB_WRITE, "cubbyhole/a/b", "{\"n\":1.10}"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, ada, VERB_WRITE, "cubbyhole/c", "{\"n\":2}"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, ada, VERB_READ, "cubbyhole/a/b", NULL));
    CHECK_STRING("{\"n\":1.10}", token_scene_text(&scene, "data"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, ada, VERB_LIST, "cubbyhole/", NULL));
    CHECK_STRING("[\"a/\",\"c\"]", token_scene_text(&scene, "data.keys"));
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, bob, VERB_READ, "cubbyhole/c", NULL));
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, scene.root, VERB_READ, "cubbyhole/c", NULL));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, ada, VERB_DELETE, "cubbyhole/c", NULL));
    CHECK_ERR(ERR_NOT_FOUND, token_scene_ask(&scene, ada, VERB_READ, "cubbyhole/c", NULL));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, ada, VERB_WRITE, "auth/token/revoke-self", NULL));
    CHECK_ERR(ERR_NONE, driver_settle(scene.driver, 100, &ran));
    CHECK_U64(0, token_scene_rows(&scene, "cubby/"));
    token_scene_end(&scene);
}

TEST_MAIN
