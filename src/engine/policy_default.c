/* The policies that every store starts with, and what an update of the program makes of them. */
#include "engine/policy.h"

#include <string.h>

enum { LINES_PER_RULE = 3, DEFAULT_TEXT_MAX_BYTES = 64 << 10 };

/* What a new store starts with: name, pattern, capabilities. */
static const struct {
    const char *policy, *pattern, *capabilities;
} default_rules[] = {
    {"default", "auth/token/lookup-self", "read"},
    {"default", "auth/token/renew-self", "update"},
    {"default", "auth/token/revoke-self", "update"},
    {"default", "auth/passphrase/set", "update"},
    {"default", "cubbyhole/*", "create,read,update,delete,list"},
    {"default", "identity/entity/id/{{identity.entity.id}}", "read"},
    {"default", "identity/entity/name/{{identity.entity.name}}", "read"},
    {"default", "sys/capabilities-self", "update"},
    {"default", "sys/leases/lookup", "update"},
    {"default", "sys/leases/renew", "update"},
    {"default", "sys/renew", "update"},
    {"default", "sys/wrapping/lookup", "update"},
    {"default", "sys/wrapping/unwrap", "update"},
    {"default", "sys/wrapping/wrap", "update"},
    {"default", "sys/internal/ui/resultant-acl", "read"},
    {"default", "sys/search", "read,list"},
    {"default", "sys/internal/ui/mounts", "read"},
    {"default", "sys/internal/ui/mounts/*", "read"},
    {"admin", "*", "create,read,update,delete,list,patch,sudo,scan"},
    {"admin", "sys/leases/lookup", "create,read,update,delete,list,patch,sudo,scan"}, /* else default's exact rule would decide, and nobody list leases from the top */
    {"operator", "annex/*", "read,update,create,list,delete"},
    {"operator", "agent/*", "read,update,list"},
    {"operator", "measures", "list"},
    {"operator", "measures/*", "read"},
    {"operator", "estate", "read,update"},
    {"operator", "estate/*", "read,update,list,delete"},
    {"operator", "fixes", "read"},
    {"operator", "observe", "read,update"},
    {"operator", "observations", "read"},
    {"operator", "observations/*", "read"},
    {"operator", "morning", "read"},
    {"operator", "periods", "read"},
    {"operator", "evidence/*", "read"},
    {"operator", "ledger/*", "read,update"},
    {"operator", "ledger/reopen", "update,sudo"},
    {"operator", "sys/status", "read"},
    {"operator", "sys/metrics", "read"},
    {"operator", "auth/link/create", "update"},
    {"auditor", "agent/list", "read,list"},
    {"auditor", "annex/*", "read,list"},
    {"auditor", "annex/report", "update"},
    {"auditor", "estate", "read"},
    {"auditor", "estate/inbox", "read"},
    {"auditor", "measures", "list"},
    {"auditor", "measures/*", "read"},
    {"auditor", "morning", "read"},
    {"auditor", "observations", "read"},
    {"auditor", "observations/*", "read"},
    {"auditor", "periods", "read"},
    {"auditor", "evidence/*", "read"},
    {"auditor", "ledger/*", "read"},
};
enum { DEFAULT_RULE_COUNT = sizeof default_rules / sizeof default_rules[0] };

/* The HCL of rules, as Vogt itself writes it. */
static enum err write_rules(struct buf *text, const struct json *rules)
{
    enum err err = ERR_NONE;
    for (const struct json *rule = rules == NULL ? NULL : rules->first; err == ERR_NONE && rule != NULL; rule = rule->next) {
        const struct json *names = json_member(rule, "capabilities");
        struct slice path = json_text(rule, "path", SLICE_NONE);
        err = names == NULL ? ERR_DAMAGED : buf_printf(text, "path \"%.*s\" {\n  capabilities = ", (int)path.len, (const char *)path.data);
        err = err == ERR_NONE ? json_write(text, names, 0) : err;
        err = err == ERR_NONE ? buf_append_string(text, "\n}\n") : err;
    }
    return err;
}

static struct json *default_rules_of(struct arena *arena, const char *policy)
{
    struct json *rules = json_new(arena, JSON_ARRAY);
    for (size_t i = 0; rules != NULL && i < DEFAULT_RULE_COUNT; i++) {
        if (strcmp(default_rules[i].policy, policy) == 0) {
            struct json *rule = json_append(rules, json_new(arena, JSON_OBJECT));
            json_set_string(arena, rule, "path", slice_string(default_rules[i].pattern));
            json_set_u64(arena, rule, "line", LINES_PER_RULE * (rules->count - 1) + 1);
            json_set(arena, rule, "capabilities", policy_split_names(arena, default_rules[i].capabilities));
        }
    }
    return rules;
}

static enum err put_default(struct turn *turn, const char *policy, const struct json *rules, int64_t changed_s)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    cleanup_buf struct buf text = BUF_INIT(DEFAULT_TEXT_MAX_BYTES);
    enum err err = rules == NULL ? ERR_MEMORY : write_rules(&text, rules);
    json_set_string(turn->arena, row, "text", buf_slice(&text));
    json_set(turn->arena, row, "rules", json_copy(turn->arena, rules));
    json_set_i64(turn->arena, row, "changed_s", changed_s);
    return err == ERR_NONE ? turn_put_json(turn, turn_path(turn, "policy/acl/%s", policy), row, 0) : err;
}

/* The first row of each policy in the table; NULL past the last. */
static const char *default_at(size_t *at)
{
    while (*at > 0 && *at < DEFAULT_RULE_COUNT && strcmp(default_rules[*at].policy, default_rules[*at - 1].policy) == 0) {
        (*at)++;
    }
    return *at < DEFAULT_RULE_COUNT ? default_rules[(*at)++].policy : NULL;
}

static void add_up(enum err *result, enum err err)
{
    *result = err != ERR_NONE && (*result == ERR_NONE || *result == ERR_NEED) ? err : *result;
}

enum err policy_create_defaults(struct turn *turn)
{
    enum err result = ERR_NONE;
    const char *policy = NULL;
    for (size_t at = 0; (policy = default_at(&at)) != NULL;) {
        add_up(&result, put_default(turn, policy, default_rules_of(turn->arena, policy), turn->now_ms / 1000));
    }
    return result;
}

/* Written when the store was made and by Vogt: the second of its making, and text that is what Vogt makes of the rules. People's writing has neither. */
static bool is_untouched(const struct json *row, int64_t initialized_s)
{
    int64_t changed_s = 0;
    cleanup_buf struct buf text = BUF_INIT(DEFAULT_TEXT_MAX_BYTES);
    return json_i64(row, "changed_s", &changed_s) == ERR_NONE && changed_s == initialized_s && write_rules(&text, json_member(row, "rules")) == ERR_NONE &&
           slice_equal(buf_slice(&text), json_text(row, "text", SLICE_NONE));
}

/* A default policy as it stands; ERR_NOT_FOUND: somebody deleted it. */
static enum err read_default(struct turn *turn, const char *policy, const struct json **ret_row)
{
    return turn_json(turn, turn_path(turn, "policy/acl/%s", policy), ret_row);
}

static enum err refresh(struct turn *turn, const char *policy, int64_t initialized_s)
{
    const struct json *row = NULL;
    struct json *rules = default_rules_of(turn->arena, policy), *record = json_new(turn->arena, JSON_OBJECT);
    enum err err = read_default(turn, policy, &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    if (!is_untouched(row, initialized_s) || (rules != NULL && json_equal(rules, json_member(row, "rules")))) {
        return ERR_NONE;
    }
    json_set_string(turn->arena, record, "name", slice_string(policy));
    json_set(turn->arena, record, "rules", json_copy(turn->arena, rules));
    json_set_string(turn->arena, record, "by", SLICE_LITERAL("vogt"));
    err = put_default(turn, policy, rules, initialized_s);
    return err == ERR_NONE ? turn_evidence(turn, "policy.written", record, NULL) : err;
}

enum err policy_refresh_defaults(struct turn *turn)
{
    const struct json *seal = NULL;
    int64_t initialized_ms = 0;
    enum err result = turn_json(turn, "boot/seal", &seal);
    result = result == ERR_NONE ? json_i64(seal, "initialized_ms", &initialized_ms) : result;
    if (result != ERR_NONE) {
        return result;
    }
    const char *policy = NULL;
    for (size_t at = 0; (policy = default_at(&at)) != NULL;) {
        add_up(&result, refresh(turn, policy, initialized_ms / 1000));
    }
    return result;
}

static bool has_pattern(const struct json *rules, struct slice pattern)
{
    for (const struct json *rule = rules == NULL ? NULL : rules->first; rule != NULL; rule = rule->next) {
        if (slice_equal(json_text(rule, "path", SLICE_NONE), pattern)) {
            return true;
        }
    }
    return false;
}

enum err policy_behind(struct turn *turn, struct json **ret_list)
{
    struct json *list = json_new(turn->arena, JSON_ARRAY);
    enum err result = ERR_NONE;
    const char *policy = NULL;
    for (size_t at = 0; (policy = default_at(&at)) != NULL;) {
        const struct json *row = NULL, *rules = default_rules_of(turn->arena, policy);
        enum err err = read_default(turn, policy, &row);
        add_up(&result, err == ERR_NOT_FOUND ? ERR_NONE : err);
        struct json *missing = json_new(turn->arena, JSON_ARRAY);
        for (const struct json *rule = err == ERR_NONE && rules != NULL ? rules->first : NULL; rule != NULL; rule = rule->next) {
            struct slice pattern = json_text(rule, "path", SLICE_NONE);
            if (!has_pattern(json_member(row, "rules"), pattern)) {
                json_append(missing, json_string(turn->arena, pattern));
            }
        }
        if (missing != NULL && missing->count > 0) {
            struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
            json_set_string(turn->arena, item, "name", slice_string(policy));
            json_set(turn->arena, item, "missing", missing);
        }
    }
    *ret_list = list;
    return list == NULL ? ERR_MEMORY : result;
}
