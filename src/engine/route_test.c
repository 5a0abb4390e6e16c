#include "base/check.h"

/* The look-up over a table of the test's own: what is proven here must not depend on the routes
 * that Vogt has today. */
#define ROUTES_FILE "engine/route_test.def"
#include "engine/route.c"

enum { ARENA_BYTES = 4 << 20 };

static enum err find(enum verb verb, const char *path, struct route_match *match)
{
    return route_find(verb, slice_string(path), match);
}

TEST(literal_paths)
{
    struct route_match match;
    CHECK_ERR(ERR_NONE, find(VERB_READ, "sys/seal-status", &match));
    CHECK_STRING("seal_status", match.route->operation);
    CHECK(route_at(match.index) == match.route);
    CHECK_ERR(ERR_NONE, find(VERB_READ, "sys/seal-status/", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "sys/seal-status//", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "sys/seal-statu", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "sys", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "/sys/seal-status", &match));
    CHECK(!match.path_known);
}

TEST(other_verbs_are_told_from_unknown_paths)
{
    struct route_match match;
    CHECK_ERR(ERR_METHOD, find(VERB_WRITE, "sys/seal-status", &match));
    CHECK(match.path_known);
    CHECK(match.route == NULL);
}

TEST(names_are_taken_in_order)
{
    struct route_match match;
    CHECK_ERR(ERR_NONE, find(VERB_DELETE, "clauses/3.1/deviation", &match));
    CHECK_SLICE("3.1", match.values[0]);
    CHECK_ERR(ERR_NONE, find(VERB_READ, "ledger/evidence/tile/0/x001/234.p/5", &match));
    CHECK_SLICE("evidence", match.values[0]);
    CHECK_SLICE("0/x001/234.p/5", match.values[1]);
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "clauses//deviation", &match));
    CHECK_ERR(ERR_NONE, find(VERB_READ, "kv/own", &match));
    CHECK_STRING("any_mount", match.route->operation);
}

TEST(the_same_path_with_other_verbs)
{
    struct route_match match;
    CHECK_ERR(ERR_NONE, find(VERB_DELETE, "sys/policies/acl/a", &match));
    CHECK_STRING("policy_read", match.route->operation);
    CHECK_ERR(ERR_NONE, find(VERB_WRITE, "sys/policies/acl/a", &match));
    CHECK_STRING("policy_write", match.route->operation);
    CHECK_ERR(ERR_METHOD, find(VERB_PATCH, "sys/policies/acl/a", &match));
}

TEST(literals_win_over_names)
{
    struct route_match match;
    CHECK_ERR(ERR_NONE, find(VERB_READ, "clauses/current", &match));
    CHECK_STRING("current", match.route->operation);
    CHECK_ERR(ERR_NONE, find(VERB_WRITE, "clauses/current", &match));
    CHECK_STRING("clause", match.route->operation);
}

TEST(the_rest_is_empty_in_lists_only)
{
    struct route_match match;
    CHECK_ERR(ERR_NONE, find(VERB_LIST, "ledger/audit/tile/", &match));
    CHECK_U64(0, match.values[1].len);
    CHECK_ERR(ERR_NONE, find(VERB_LIST, "ledger/audit/tile", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "ledger/audit/tile/", &match));
}

TEST(dots_are_no_segments)
{
    struct route_match match;
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "clauses/..", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "clauses/.", &match));
    CHECK_ERR(ERR_NOT_FOUND, find(VERB_READ, "ledger/audit/tile/../../x", &match));
    CHECK_ERR(ERR_NONE, find(VERB_READ, "clauses/...", &match));
}

/* ---- bodies ---- */

static const struct route *route_named(const char *operation)
{
    for (size_t i = 0; i < route_count(); i++) {
        if (strcmp(route_at(i)->operation, operation) == 0) {
            return route_at(i);
        }
    }
    return NULL;
}

/* The checked body as text, or the complaint in English. */
static struct slice checked(struct arena *arena, const char *operation, const char *body)
{
    struct json *tree;
    const struct json *out;
    struct complaint complaint = {.line = 0};
    static char text[4096];
    struct buf written = BUF_INIT(sizeof(text));
    if (json_read(arena, slice_string(body), &tree, &complaint) != ERR_NONE) {
        return SLICE_LITERAL("no JSON");
    }
    if (route_check(route_named(operation), arena, tree, &out, &complaint) != ERR_NONE) {
        return slice_of(text, complaint_format(&complaint, LANGUAGE_ENGLISH, text, sizeof(text)));
    }
    if (json_write(&written, out, 0) != ERR_NONE) {
        return SLICE_LITERAL("not written");
    }
    struct slice copy = arena_copy(arena, buf_slice(&written));
    buf_free(&written);
    return copy;
}

#define CHECKED(expected, operation, body)                                                         \
    do {                                                                                           \
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);                                \
        CHECK_SLICE(expected, checked(arena, (operation), (body)));                                \
    } while (0)

TEST(values_are_brought_into_their_form)
{
    CHECKED("{\"text\":\"a\"}", "everything", "{\"text\":\"a\"}");
    CHECKED("{\"text\":\"1.10\"}", "everything", "{\"text\":1.10}");
    CHECKED("{\"number\":7}", "everything", "{\"number\":7}");
    CHECKED("{\"number\":7}", "everything", "{\"number\":\"7\"}");
    CHECKED("{\"flag\":true}", "everything", "{\"flag\":\"true\"}");
    CHECKED("{\"flag\":false}", "everything", "{\"flag\":false}");
    CHECKED("{\"ttl\":5400}", "everything", "{\"ttl\":\"1h30m\"}");
    CHECKED("{\"ttl\":90}", "everything", "{\"ttl\":90}");
    CHECKED("{\"names\":[\"a\",\"b\"]}", "everything", "{\"names\":\"a, b,\"}");
    CHECKED("{\"names\":[\"a,b\"]}", "everything", "{\"names\":[\"a,b\"]}");
    CHECKED("{\"object\":{\"x\":[1]}}", "everything", "{\"object\":{\"x\":[1]}}");
    CHECKED("{\"any\":[null]}", "everything", "{\"any\":[null]}");
    CHECKED("{}", "everything", "{\"text\":null}");
    CHECKED("{\"text\":\"\"}", "everything", "{\"text\":\"\",\"ttl\":\"\",\"number\":\"\",\"flag\":\"\"}");
    CHECKED("{\"policy\":{\"text\":\"a = 1\",\"tree\":{\"a\":1}}}", "policy_write",
            "{\"policy\":\"a = 1\"}");
}

TEST(what_the_path_says_may_stand_in_the_body_too)
{
    CHECKED("{\"policy\":{\"text\":\"a = 1\",\"tree\":{\"a\":1}}}", "policy_write", "{\"name\":\"other\",\"policy\":\"a = 1\"}");
    CHECKED("there is no such field here: names", "policy_write", "{\"names\":\"x\",\"policy\":\"a = 1\"}");
}

TEST(wrong_values_name_their_field)
{
    CHECKED("this field takes a whole number that is not negative: number", "everything",
            "{\"number\":-1}");
    CHECKED("this field takes a whole number that is not negative: number", "everything",
            "{\"number\":1.5}");
    CHECKED("this field takes a whole number that is not negative: number", "everything",
            "{\"number\":[]}");
    CHECKED("this field takes true or false: flag", "everything", "{\"flag\":\"yes\"}");
    CHECKED("this field takes a list of texts, or one text with commas: names", "everything",
            "{\"names\":[1]}");
    CHECKED("this field takes an object: object", "everything", "{\"object\":\"x\"}");
    CHECKED("this field takes a text: text", "everything", "{\"text\":{}}");
    CHECKED("there is no such field here: texd", "everything", "{\"texd\":1}");
    CHECKED("a required field is missing: key", "unseal", "{\"reset\":true}");
    CHECKED("a required field is missing: key", "unseal", "{\"key\":null}");
    CHECKED("the body must be a JSON object", "unseal", "[]");
    CHECKED("a required field is missing: key", "unseal", "null");
}

TEST(values_are_not_repeated)
{
    CHECKED("this field takes a whole number that is not negative: secret", "everything",
            "{\"secret\":\"hunter2\"}");
    CHECKED("this field takes an object: object", "everything", "{\"object\":\"hunter2\"}");
    CHECKED("there is no such field here", "everything", "{\"hunter2\":\"\"}");
    CHECKED("there is no such field here", "everything", "{\"aHVudGVyMg\":\"=\"}");
    CHECKED("this field takes a duration, such as 90, \"90s\", \"5m\" or \"1h30m\": ttl",
            "everything", "{\"ttl\":\"hunter2\"}");
}

TEST(open_routes_hand_on_what_they_do_not_know)
{
    CHECKED("{\"number\":1,\"other\":{\"a\":null}}", "open",
            "{\"number\":\"1\",\"other\":{\"a\":null}}");
}

TEST(hcl_errors_keep_their_place)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct complaint complaint = {.line = 0};
    const struct json *out;
    struct json *body = json_new(arena, JSON_OBJECT);
    json_set_string(arena, body, "policy", SLICE_LITERAL("path \"a\" {\n  x = \n}"));
    CHECK(route_check(route_named("policy_write"), arena, body, &out, &complaint) != ERR_NONE);
    CHECK(complaint.line >= 2);
}

TEST(pairs_are_objects_or_texts_with_an_equals_sign)
{
    static const struct {
        const char *given, *taken;
    } rows[] = {
        {"{\"a\":\"b\",\"n\":1.50,\"t\":true,\"f\":false}", "{\"a\":\"b\",\"n\":\"1.50\",\"t\":\"1\",\"f\":\"0\"}"},
        {"\"a=b=c\"", "{\"a\":\"b=c\"}"},
        {"[\"a=b\",\"c=\",\"a=d\"]", "{\"a\":\"d\",\"c\":\"\"}"},
        {"{}", "{}"},
        {"[]", "{}"},
        {"\"a\"", NULL},
        {"\"=a\"", NULL},
        {"[1]", NULL},
        {"7", NULL},
        {"{\"a\":[]}", NULL},
    };
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_buf struct buf text = BUF_INIT(4096);
        struct complaint complaint;
        struct json *given = NULL, *body = json_new(arena, JSON_OBJECT);
        const struct json *out = NULL;
        CHECK_ERR(ERR_NONE, json_read(arena, slice_string(rows[i].given), &given, NULL));
        json_set(arena, body, "pairs", given);
        CHECK_ERR(rows[i].taken == NULL ? ERR_INVALID : ERR_NONE, route_check(route_named("everything"), arena, body, &out, &complaint));
        if (rows[i].taken != NULL) {
            CHECK_ERR(ERR_NONE, json_write(&text, json_member(out, "pairs"), 0));
            CHECK_STRING(rows[i].taken, arena_string(arena, buf_slice(&text)));
        }
    }
}

TEST(policies_may_be_json_of_bounded_depth)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf deep = BUF_INIT(4096), packed = BUF_INIT(1 << 16);
    struct complaint complaint;
    struct json *again = NULL, *body = json_new(arena, JSON_OBJECT);
    const struct json *out = NULL;
    json_set_string(arena, body, "policy", SLICE_LITERAL("{\"name\":\"x\",\"path\":{\"a/*\":{\"capabilities\":[\"read\"]},\"b\":{\"policy\":\"deny\"}}}"));
    CHECK_ERR(ERR_NONE, route_check(route_named("policy_write"), arena, body, &out, &complaint));
    CHECK_ERR(ERR_NONE, json_write(&packed, json_path(out, "policy.tree"), 0));
    CHECK_SLICE("{\"name\":\"x\",\"path\":[{\"labels\":[\"a/*\"],\"capabilities\":[\"read\"]},{\"labels\":[\"b\"],\"policy\":\"deny\"}]}", buf_slice(&packed));
    for (size_t depth = 1; depth < 64; depth++) {
        buf_clear(&deep);
        buf_clear(&packed);
        for (size_t i = 0; i < 2 * depth; i++) {
            CHECK_ERR(ERR_NONE, buf_append_string(&deep, i < depth ? "{\"a\":" : i == depth ? "1}" : "}"));
        }
        body = json_new(arena, JSON_OBJECT);
        json_set_string(arena, body, "policy", buf_slice(&deep));
        if (route_check(route_named("policy_write"), arena, body, &out, &complaint) == ERR_NONE) {
            CHECK(depth <= 34);
            CHECK_ERR(ERR_NONE, json_pack(&packed, out));
            CHECK_ERR(ERR_NONE, json_unpack(arena, buf_slice(&packed), &again));
        } else {
            CHECK(depth > 32);
        }
    }
}

TEST(no_body_is_an_empty_one)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct complaint complaint;
    const struct json *out;
    CHECK_ERR(ERR_NONE, route_check(route_named("everything"), arena, NULL, &out, &complaint));
    CHECK_U64(0, out->count);
    CHECK_ERR(ERR_INVALID, route_check(route_named("unseal"), arena, NULL, &out, &complaint));
}

TEST(openapi_holds_every_operation)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *document;
    CHECK_ERR(ERR_NONE, route_openapi(arena, &document));
    const struct json *paths = json_member(document, "paths");
    const struct json *clause = json_member(paths, "/clauses/{id}");
    CHECK(clause != NULL);
    CHECK_SLICE("clause_read", json_text(json_member(clause, "get"), "operationId", SLICE_NONE));
    CHECK_SLICE("clause_write", json_text(json_member(clause, "post"), "operationId", SLICE_NONE));
    const struct json *policy = json_member(paths, "/sys/policies/acl/{name}");
    CHECK_SLICE("policy_read_delete",
                json_text(json_member(policy, "delete"), "operationId", SLICE_NONE));
    CHECK_SLICE("policy_write", json_text(json_member(policy, "post"), "operationId", SLICE_NONE));
    CHECK(json_bool(json_member(policy, "post"), "x-sudo", false));
    CHECK_SLICE("policies",
                json_text(json_path(paths, "/sys/policies/acl/.get"), "operationId", SLICE_NONE));
    CHECK(json_member(paths, "/sys/policies/acl") == NULL);
    CHECK(json_member(paths, "/ledger/{log}/tile/{rest}") != NULL);
    size_t operations = 0;
    for (const struct json *path = paths->first; path != NULL; path = path->next) {
        operations += path->count;
    }
    size_t verbs = 0;
    for (size_t i = 0; i < route_count(); i++) {
        verbs += (size_t)__builtin_popcount(route_at(i)->verbs);
    }
    CHECK_U64(verbs, operations);
    cleanup_arena struct arena *small = arena_new(20000);
    CHECK_ERR(ERR_TOO_LARGE, route_openapi(small, &document));
}

TEST_MAIN
