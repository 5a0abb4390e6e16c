/* sys/policies/acl and sys/capabilities-self. */
#include "engine/operations.h"

#include "engine/policy.h"

enum { POLICIES_MAX = 1000, NAME_MAX_BYTES = 128 };

static char *row_path(struct turn *turn)
{
    return turn_path(turn, "policy/acl/%.*s", (int)turn->values[0].len, (const char *)turn->values[0].data);
}

enum err operation_policy_list(struct turn *turn)
{
    struct turn_names names;
    enum err err = turn_names(turn, "policy/acl/", turn_query(turn, "after"), POLICIES_MAX, &names);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    for (size_t i = 0; i < names.count; i++) {
        json_append(keys, json_string(turn->arena, names.names[i]));
    }
    json_append(keys, json_string(turn->arena, SLICE_LITERAL("root")));
    return turn_reply_data(turn, data);
}

enum err operation_policy_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, row_path(turn), &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "name", turn->values[0]);
    json_set_string(turn->arena, data, "policy", json_text(row, "text", SLICE_NONE));
    return turn_reply_data(turn, data);
}

static enum err check_name(struct turn *turn)
{
    struct slice name = turn->values[0];
    if (slice_is(name, "root") || name.len > NAME_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this policy is built in, or its name is too long", "diese Richtlinie ist eingebaut, oder ihr Name ist zu lang"), name);
    }
    return ERR_NONE;
}

enum err operation_policy_write(struct turn *turn)
{
    const struct json *policy = json_member(turn->request->body, "policy"), *rules = NULL;
    enum err err = check_name(turn);
    err = err == ERR_NONE ? policy_rules(turn->arena, json_member(policy, "tree"), &rules, &turn->complaint) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT), *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "text", json_text(policy, "text", SLICE_NONE));
    json_set(turn->arena, row, "rules", json_copy(turn->arena, rules));
    json_set_i64(turn->arena, row, "changed_s", turn->now_ms / 1000);
    json_set_string(turn->arena, record, "name", turn->values[0]);
    json_set(turn->arena, record, "rules", json_copy(turn->arena, rules));
    json_set_string(turn->arena, record, "by", turn->caller.name);
    err = turn_put_json(turn, row_path(turn), row, 0);
    err = err == ERR_NONE ? turn_evidence(turn, "policy.written", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_policy_delete(struct turn *turn)
{
    struct json *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, record, "name", turn->values[0]);
    json_set_string(turn->arena, record, "by", turn->caller.name);
    enum err err = check_name(turn);
    err = err == ERR_NONE ? turn_delete(turn, row_path(turn)) : err;
    err = err == ERR_NONE ? turn_evidence(turn, "policy.deleted", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_sys_capabilities_self(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    const struct json *paths = json_member(turn->request->body, "paths");
    for (const struct json *path = paths == NULL ? NULL : paths->first; path != NULL; path = path->next) {
        struct grant grant = {.capabilities = CAPABILITY_SUDO};
        if (!turn->caller.is_root) {
            enum err err = policy_grant(turn, turn->caller.policies, path->text, &grant);
            if (err != ERR_NONE) {
                return err;
            }
        }
        struct json *names = turn->caller.is_root ? json_new(turn->arena, JSON_ARRAY) : policy_capability_names(turn->arena, grant.capabilities);
        if (turn->caller.is_root) {
            json_append(names, json_string(turn->arena, SLICE_LITERAL("root")));
        }
        json_set(turn->arena, data, arena_string(turn->arena, path->text), names);
    }
    return turn_reply_data(turn, data);
}
