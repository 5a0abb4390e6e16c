/* Rules that look at parameters and at wrapping, at the paths of a cubbyhole. */
#include "engine/token_scene.h"

#include "base/check.h"

/* A token whose only policy has this block for cubbyhole/x. */
static struct slice limited(struct token_scene *scene, const char *name, const char *members)
{
    const char *body = arena_printf(scene->arena, "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":[{\"labels\":[\"cubbyhole/x\"],\"line\":1,\"capabilities\":[\"create\",\"update\",\"read\"],%s}]}}}", members);
    token_scene_do(scene, VERB_WRITE, arena_printf(scene->arena, "sys/policies/acl/%s", name), body);
    return token_scene_token(scene, arena_printf(scene->arena, "{\"policies\":[\"%s\"],\"no_default_policy\":true}", name));
}

static enum err write(struct token_scene *scene, struct slice token, const char *body)
{
    return token_scene_ask(scene, token, VERB_WRITE, "cubbyhole/x", body);
}

TEST(allowed_parameters_are_all_that_may_be_written)
{
    struct token_scene scene = token_scene_start();
    struct slice token = limited(&scene, "a", "\"allowed_parameters\":{\"color\":[\"blue\",\"gre*\"],\"size\":[],\"n\":[7]}");
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"color\":\"blue\",\"size\":\"any\",\"n\":7}"));
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"Color\":\"green\"}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"color\":\"red\"}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"n\":8}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"color\":\"blue\",\"other\":\"x\"}"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/x", NULL));
    token = limited(&scene, "b", "\"allowed_parameters\":{\"color\":[\"blue\"],\"*\":[]}");
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"color\":\"blue\",\"other\":\"x\"}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"color\":\"red\",\"other\":\"x\"}"));
    token_scene_end(&scene);
}

TEST(denied_parameters_win_over_allowed_ones)
{
    struct token_scene scene = token_scene_start();
    struct slice token = limited(&scene, "a", "\"denied_parameters\":{\"color\":[\"*d\"],\"secret\":[]},\"allowed_parameters\":{\"*\":[]}");
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"color\":\"blue\"}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"color\":\"red\"}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"secret\":\"x\"}"));
    token = limited(&scene, "b", "\"denied_parameters\":{\"*\":[]}");
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"any\":\"x\"}"));
    token_scene_end(&scene);
}

TEST(required_parameters_must_be_there)
{
    struct token_scene scene = token_scene_start();
    struct slice token = limited(&scene, "a", "\"required_parameters\":[\"owner\",\"ttl\"]");
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"owner\":\"ada\",\"ttl\":\"1h\",\"more\":1}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"owner\":\"ada\"}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, NULL));
    token_scene_end(&scene);
}

TEST(replies_are_wrapped_for_as_long_as_a_rule_says)
{
    struct token_scene scene = token_scene_start();
    struct slice token = limited(&scene, "a", "\"min_wrapping_ttl\":\"1m\",\"max_wrapping_ttl\":120");
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/x", NULL));
    scene.wrap_ttl = "30";
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/x", NULL));
    scene.wrap_ttl = "121";
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/x", NULL));
    scene.wrap_ttl = "60";
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"a\":1}"));
    scene.wrap_ttl = "120";
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/x", NULL));
    CHECK_STRING("120", token_scene_text(&scene, "wrap_info.ttl"));
    token_scene_end(&scene);
}

TEST(limits_of_several_policies_all_hold)
{
    struct token_scene scene = token_scene_start();
    (void)limited(&scene, "a", "\"allowed_parameters\":{\"x\":[]}");
    (void)limited(&scene, "b", "\"allowed_parameters\":{\"y\":[]},\"required_parameters\":[\"y\"]");
    struct slice token = token_scene_token(&scene, "{\"policies\":[\"a\",\"b\"],\"no_default_policy\":true}");
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"x\":1,\"y\":2}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"x\":1}"));
    CHECK_ERR(ERR_DENIED, write(&scene, token, "{\"y\":1,\"z\":2}"));
    token_scene_end(&scene);
}

TEST(what_a_rule_cannot_say_is_refused_with_its_line)
{
    static const char *const bad[] = {"\"allowed_parameters\":[\"a\"]",  "\"allowed_parameters\":{\"a\":\"b\"}", "\"required_parameters\":\"a\"", "\"required_parameters\":[1]",
                                      "\"min_wrapping_ttl\":\"soon\"", "\"min_wrapping_ttl\":60,\"max_wrapping_ttl\":30"};
    struct token_scene scene = token_scene_start();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *body = arena_printf(scene.arena, "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":[{\"labels\":[\"a\"],\"line\":7,\"capabilities\":[\"read\"],%s}]}}}", bad[i]);
        CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "sys/policies/acl/bad", body));
        CHECK_STRING("7", token_scene_text(&scene, "complaint.line"));
    }
    token_scene_end(&scene);
}

TEST(rules_of_old_say_a_word_instead_of_capabilities)
{
    struct token_scene scene = token_scene_start();
    const char *body = "{\"policy\":{\"text\":\"x\",\"tree\":{\"name\":\"old\",\"path\":[{\"labels\":[\"cubbyhole/x\"],\"line\":1,\"policy\":\"write\"},{\"labels\":[\"cubbyhole/y\"],\"line\":4,\"policy\":\"deny\"}]}}}";
    token_scene_do(&scene, VERB_WRITE, "sys/policies/acl/old", body);
    struct slice token = token_scene_token(&scene, "{\"policies\":[\"old\"]}");
    CHECK_ERR(ERR_NONE, write(&scene, token, "{\"a\":1}"));
    CHECK_ERR(ERR_NONE, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/x", NULL));
    CHECK_ERR(ERR_DENIED, token_scene_ask(&scene, token, VERB_READ, "cubbyhole/y", NULL));
    CHECK_ERR(ERR_INVALID, token_scene_ask(&scene, scene.root, VERB_WRITE, "sys/policies/acl/bad", "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":[{\"labels\":[\"a\"],\"line\":1,\"policy\":\"fly\"}]}}}"));
    token_scene_end(&scene);
}

TEST_MAIN
