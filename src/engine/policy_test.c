#include "engine/policy.h"

#include "base/check.h"
#include "base/hcl.h"
#include "engine/turn_driver.h"

static const int64_t NOON_MS = 1795435200000; /* 2026-11-23T12:00:00Z */

static bool matches(const char *pattern, const char *path)
{
    return policy_matches(slice_string(pattern), slice_string(path));
}

static bool wins(const char *a, const char *b)
{
    return policy_is_more_specific(slice_string(a), slice_string(b)) && !policy_is_more_specific(slice_string(b), slice_string(a));
}

TEST(patterns_match_as_in_vault)
{
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        {"secret/foo", "secret/foo", true},
        {"secret/foo", "secret/foobar", false},
        {"secret/foo", "secret/fo", false},
        {"secret/*", "secret/", true},
        {"secret/*", "secret/a/b/c", true},
        {"secret/*", "secret", false},
        {"secret/zip-*", "secret/zip-line/a", true},
        {"secret/zip-*", "secret/zap", false},
        {"*", "anything/at/all", true},
        {"*", "", true},
        {"+", "one", true},
        {"+", "one/two", false},
        {"+", "", false},
        {"+/teamb", "teama/teamb", true},
        {"+/teamb", "a/b/teamb", false},
        {"secret/+/teamb", "secret/x/teamb", true},
        {"secret/+/teamb", "secret//teamb", false},
        {"secret/+/+/x", "secret/a/b/x", true},
        {"secret/+/*", "secret/a/b/c", true},
        {"secret/+/*", "secret/a", false},
        {"secret/a+", "secret/ab", false},      /* "+" stands for a segment only where it is one */
        {"secret/a+", "secret/a+", true},
        {"secret/*/x", "secret/a/x", false},    /* "*" is a wildcard at the end only */
        {"secret/*/x", "secret/*/x", true},
        {"", "", true},
        {"", "a", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (matches(cases[i].pattern, cases[i].path) != cases[i].matches) {
            check_fail(__FILE__, __LINE__, cases[i].pattern);
        }
    }
}

TEST(the_more_specific_pattern_wins)
{
    CHECK(wins("secret/foo", "secret/*"));
    CHECK(wins("secret/foo/*", "secret/*"));            /* its first wildcard comes later */
    CHECK(wins("secret/+/x", "secret/*"));              /* no glob at the end */
    CHECK(wins("secret/+/x/y", "secret/+/+/y"));        /* fewer "+" */
    CHECK(wins("secret/+/abc*", "secret/+/ab*"));       /* longer */
    CHECK(wins("secret/+/b", "secret/+/a"));            /* larger in the alphabet */
    CHECK(!policy_is_more_specific(SLICE_LITERAL("a/*"), SLICE_LITERAL("a/*")));
}

/* ---- the rules of a text ---- */

static enum err rules_of(struct arena *arena, const char *hcl, const struct json **ret_rules, struct complaint *complaint)
{
    struct hcl_block *root = NULL;
    enum err err = hcl_read(arena, slice_string(hcl), &root, complaint);
    return err == ERR_NONE ? policy_rules(arena, hcl_to_json(arena, root), ret_rules, complaint) : err;
}

TEST(rules_are_read_and_checked)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    const struct json *rules = NULL;
    struct complaint complaint = {0};
    CHECK_ERR(ERR_NONE, rules_of(arena, "path \"/secret/*\" {\n  capabilities = [\"read\", \"list\"]\n}\npath \"b\" {\n  capabilities = [\"deny\"]\n}\n", &rules, &complaint));
    CHECK_U64(2, rules->count);
    CHECK_SLICE("secret/*", json_text(rules->first, "path", SLICE_NONE)); /* a leading slash goes */
    CHECK_ERR(ERR_INVALID, rules_of(arena, "path \"a\" {\n  capabilities = [\"fly\"]\n}\n", &rules, &complaint));
    CHECK_STRING("fly", complaint.detail);
    CHECK_ERR(ERR_INVALID, rules_of(arena, "path \"a\" {\n  capabilities = []\n}\n", &rules, &complaint));
    CHECK_ERR(ERR_INVALID, rules_of(arena, "path \"a\" {\n}\n", &rules, &complaint));
    CHECK_ERR(ERR_INVALID, rules_of(arena, "path \"a\" {\n  capabilities = [\"read\"]\n  capability = 1\n}\n", &rules, &complaint));
    CHECK_STRING("capability", complaint.detail);
    CHECK_ERR(ERR_INVALID, rules_of(arena, "paths \"a\" {\n  capabilities = [\"read\"]\n}\n", &rules, &complaint));
    CHECK_ERR(ERR_INVALID, rules_of(arena, "path {\n  capabilities = [\"read\"]\n}\n", &rules, &complaint));
}

/* ---- grants of several policies ---- */

static unsigned granted;

/* Asks for the grant of `policies` (with commas) on `path`. */
static enum err operation_grant(struct turn *turn)
{
    struct json *names = json_new(turn->arena, JSON_ARRAY);
    struct slice rest = turn_field(turn, "policies"), name;
    while (slice_split(&rest, ',', &name)) {
        json_append(names, json_string(turn->arena, name));
    }
    struct grant grant;
    enum err err = policy_grant(turn, names, turn_field(turn, "path"), &grant);
    if (err != ERR_NONE) {
        return err;
    }
    granted = grant.capabilities;
    return turn_reply_none(turn);
}

/* Puts a policy row with up to two rules. */
static enum err operation_policy(struct turn *turn)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT), *rules = json_set_array(turn->arena, row, "rules");
    for (const struct json *member = turn->input->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "policy")) {
            struct json *rule = json_append(rules, json_new(turn->arena, JSON_OBJECT));
            json_set_string(turn->arena, rule, "path", member->name);
            json_append(json_set_array(turn->arena, rule, "capabilities"), json_string(turn->arena, member->text));
        }
    }
    struct slice name = turn_field(turn, "policy");
    enum err err = turn_put_json(turn, turn_path(turn, "policy/acl/%.*s", (int)name.len, (const char *)name.data), row, 0);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err add_policy(struct turn_driver *driver, const char *name, const char *path, const char *capability)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "policy", slice_string(name));
    json_set_string(arena, input, path, slice_string(capability));
    return driver_run(driver, "policy", input, NULL);
}

static enum err ask(struct turn_driver *driver, const char *policies, const char *path)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "policies", slice_string(policies));
    json_set_string(arena, input, "path", slice_string(path));
    granted = 0xffff;
    return driver_run(driver, "grant", input, NULL);
}

TEST(policies_add_up_and_deny_wins)
{
    struct turn_driver *driver = driver_new(1, NOON_MS);
    CHECK(driver != NULL);
    driver_add_operation(driver, "grant", operation_grant);
    driver_add_operation(driver, "policy", operation_policy);
    CHECK_ERR(ERR_NONE, add_policy(driver, "reader", "kv/*", "read"));
    CHECK_ERR(ERR_NONE, add_policy(driver, "lister", "kv/*", "list"));
    CHECK_ERR(ERR_NONE, add_policy(driver, "denier", "kv/*", "deny"));
    CHECK_ERR(ERR_NONE, add_policy(driver, "exact", "kv/a", "delete"));
    CHECK_ERR(ERR_NONE, ask(driver, "reader", "kv/a"));
    CHECK_U64(CAPABILITY_READ, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "reader,lister", "kv/a")); /* the same pattern adds up */
    CHECK_U64(CAPABILITY_READ | CAPABILITY_LIST, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "reader,denier", "kv/a"));
    CHECK_U64(0, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "denier,reader", "kv/a"));
    CHECK_U64(0, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "reader,exact", "kv/a")); /* the more specific pattern decides alone */
    CHECK_U64(CAPABILITY_DELETE, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "reader,nobody-wrote-this", "kv/a"));
    CHECK_U64(CAPABILITY_READ, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "reader", "other"));
    CHECK_U64(0, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "", "kv/a"));
    CHECK_U64(0, granted);
    driver_free(driver);
}

TEST(new_stores_have_policies)
{
    struct turn_driver *driver = driver_new(1, NOON_MS);
    CHECK(driver != NULL);
    driver_add_operation(driver, "grant", operation_grant);
    CHECK_ERR(ERR_NONE, driver_restart(driver)); /* the rows have to be fetched */
    CHECK_ERR(ERR_NONE, ask(driver, "auditor", "sys/seal"));
    CHECK_U64(0, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "auditor", "morning"));
    CHECK_U64(CAPABILITY_READ, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "default", "auth/token/lookup-self"));
    CHECK_U64(CAPABILITY_READ, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "operator", "sys/rotate"));
    CHECK_U64(0, granted);
    CHECK_ERR(ERR_NONE, ask(driver, "admin", "sys/rotate"));
    CHECK((granted & CAPABILITY_SUDO) != 0 && (granted & CAPABILITY_UPDATE) != 0);
    driver_free(driver);
}

TEST_MAIN
