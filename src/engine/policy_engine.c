/* sys/policies/acl, and sys/policy as clients of old name it. */
#include "engine/operations.h"

#include "engine/namespace.h"
#include "engine/policy.h"

enum { POLICIES_MAX = 1000, NAME_MAX_BYTES = 128 };

/* Names of policies are in lower case, as tokens have them. */
static struct slice name_of(struct turn *turn)
{
    return slice_string(arena_lower(turn->arena, turn->values[0]));
}

static char *row_path(struct turn *turn)
{
    struct slice name = name_of(turn);
    return namespace_row(turn, turn->space, "policy/acl/%.*s", (int)name.len, (const char *)name.data);
}

/* Asked by the path of old, which repeats `data` beside the envelope and calls the text "rules". */
static bool is_old(const struct turn *turn)
{
    return slice_is(turn->request->path, "sys/policy") || slice_starts(turn->request->path, SLICE_LITERAL("sys/policy/"));
}

enum err operation_policy_list(struct turn *turn)
{
    struct turn_names names;
    enum err err = turn_names(turn, namespace_row(turn, turn->space, "policy/acl/"), turn_query(turn, "after"), POLICIES_MAX, &names);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    bool is_root = turn->space.id.len == 0, has_default = is_root;
    for (size_t i = 0; i < names.count; i++) {
        has_default = has_default || slice_is(names.names[i], "default");
        json_append(keys, json_string(turn->arena, names.names[i]));
    }
    if (!has_default || is_root) {
        json_append(keys, json_string(turn->arena, slice_string(is_root ? "root" : "default")));
    }
    if (!is_old(turn)) {
        return turn_reply_data(turn, data);
    }
    json_set(turn->arena, data, "policies", json_copy(turn->arena, keys));
    return turn_reply_both(turn, data);
}

enum err operation_policy_read(struct turn *turn)
{
    const struct json *row = NULL;
    bool is_root = slice_is(name_of(turn), "root"); /* built in: no rules, and everything allowed */
    enum err err = is_root ? ERR_NONE : turn_json(turn, row_path(turn), &row);
    if (err == ERR_NOT_FOUND && turn->space.id.len > 0 && slice_is(name_of(turn), "default")) {
        err = turn_json(turn, "policy/acl/default", &row); /* the root's, as long as there is none of its own */
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "name", name_of(turn));
    json_set_string(turn->arena, data, is_old(turn) ? "rules" : "policy", json_text(row, "text", SLICE_NONE));
    return is_old(turn) ? turn_reply_both(turn, data) : turn_reply_data(turn, data);
}

static enum err check_name(struct turn *turn, bool deletes)
{
    struct slice name = name_of(turn);
    if (slice_is(name, "root") || slice_is(name, "response-wrapping")) {
        return turn_refuse(turn, ERR_INVALID, deletes ? TEXT("cannot delete this policy", "diese Richtlinie lässt sich nicht löschen") : TEXT("cannot update this policy", "diese Richtlinie lässt sich nicht ändern"), name);
    }
    if (deletes && slice_is(name, "default")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot delete this policy", "diese Richtlinie lässt sich nicht löschen"), name);
    }
    return name.len <= NAME_MAX_BYTES ? ERR_NONE : turn_refuse(turn, ERR_INVALID, TEXT("a policy's name has at most 128 bytes", "der Name einer Richtlinie hat höchstens 128 Bytes"), SLICE_NONE);
}

enum err operation_policy_write(struct turn *turn)
{
    const struct json *policy = json_member(turn->request->body, "policy"), *rules = NULL;
    policy = policy == NULL ? json_member(turn->request->body, "rules") : policy;
    enum err err = check_name(turn, false);
    if (err == ERR_NONE && policy == NULL) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("'policy' parameter not supplied or empty", "es fehlt 'policy'"), SLICE_NONE);
    }
    err = err == ERR_NONE ? policy_rules(turn->arena, json_member(policy, "tree"), &rules, &turn->complaint) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT), *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "text", json_text(policy, "text", SLICE_NONE));
    json_set(turn->arena, row, "rules", json_copy(turn->arena, rules));
    json_set_i64(turn->arena, row, "changed_s", turn->now_ms / 1000);
    json_set_string(turn->arena, record, "name", name_of(turn));
    if (turn->space.id.len > 0) {
        json_set_string(turn->arena, record, "namespace", turn->space.path);
    }
    json_set(turn->arena, record, "rules", json_copy(turn->arena, rules));
    json_set_string(turn->arena, record, "by", turn->caller.name);
    err = turn_put_json(turn, row_path(turn), row, 0);
    err = err == ERR_NONE ? turn_evidence(turn, "policy.written", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_policy_delete(struct turn *turn)
{
    struct json *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, record, "name", name_of(turn));
    if (turn->space.id.len > 0) {
        json_set_string(turn->arena, record, "namespace", turn->space.path);
    }
    json_set_string(turn->arena, record, "by", turn->caller.name);
    enum err err = check_name(turn, true);
    err = err == ERR_NONE ? turn_delete(turn, row_path(turn)) : err;
    err = err == ERR_NONE ? turn_evidence(turn, "policy.deleted", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
