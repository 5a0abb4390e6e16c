/*
 * Password policies: how passwords that engines make look, as Vault writes them in HCL.
 *   policy/password/NAME  {"text": HCL as written,"length","rules":[{"charset","min_chars"}]}
 * A password has `length` characters, each as likely as the others of all charsets together, but for those that the rules ask for.
 */
#include "engine/turn.h"

#include "base/utf8.h"
#include "engine/namespace.h"
#include "engine/operations.h"

enum { LENGTH_MIN = 4, LENGTH_MAX = 512, RULES_MAX = 32, CHARACTERS_MAX = 2048, POLICIES_MAX = 1000, NAME_MAX_BYTES = 128 };

struct characters {
    struct slice list[CHARACTERS_MAX];
    size_t count;
};

static size_t step(struct slice text)
{
    size_t len = 1;
    while (len < text.len && (text.data[len] & 0xc0) == 0x80) {
        len++;
    }
    return len;
}

/* Adds the characters of a charset, each once. False: too many. */
static bool add(struct characters *set, struct slice charset)
{
    while (charset.len > 0) {
        struct slice one = slice_first(charset, step(charset));
        size_t i = 0;
        while (i < set->count && !slice_equal(set->list[i], one)) {
            i++;
        }
        if (i == set->count) {
            if (set->count == CHARACTERS_MAX) {
                return false;
            }
            set->list[set->count++] = one;
        }
        charset = slice_from(charset, one.len);
    }
    return true;
}

static char *row_path(struct turn *turn, struct slice name)
{
    return namespace_row(turn, turn->space, "policy/password/%.*s", (int)name.len, (const char *)name.data);
}

/* ---- checking ---- */

static enum err refuse(struct turn *turn, struct text text, const struct json *at)
{
    uint64_t line = 0;
    bool has_line = json_u64(at, "line", &line) == ERR_NONE;
    enum err err = turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
    turn->complaint.line = has_line ? (size_t)line : 0;
    return err;
}

static bool is_printable(struct slice charset)
{
    for (size_t i = 0; i < charset.len; i++) {
        if (charset.data[i] < 0x20 || charset.data[i] == 0x7f) {
            return false;
        }
    }
    return charset.len > 0 && utf8_valid(charset);
}

static enum err add_rule(struct turn *turn, const struct json *block, struct json *rules, uint64_t *wanted)
{
    const struct json *labels = json_member(block, "labels");
    struct slice charset = json_text(block, "charset", SLICE_NONE);
    uint64_t least = 0;
    if (labels == NULL || labels->count != 1 || !slice_is(labels->first->text, "charset")) {
        return refuse(turn, TEXT("a rule is of the kind charset", "eine Regel ist von der Art charset"), block);
    }
    for (const struct json *member = block->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "labels") && !slice_is(member->name, "line") && !slice_is(member->name, "charset") && !slice_is(member->name, "min-chars")) {
            return turn_refuse(turn, ERR_INVALID, TEXT("a rule has charset and min-chars only", "eine Regel hat nur charset und min-chars"), member->name);
        }
    }
    if (!is_printable(charset)) {
        return refuse(turn, TEXT("charset is a text of printable characters", "charset ist ein Text aus druckbaren Zeichen"), block);
    }
    enum err err = json_u64(block, "min-chars", &least);
    if ((err != ERR_NONE && err != ERR_NOT_FOUND) || least > LENGTH_MAX) {
        return refuse(turn, TEXT("min-chars is a whole number", "min-chars ist eine ganze Zahl"), block);
    }
    *wanted += least;
    struct json *rule = json_append(rules, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, rule, "charset", charset);
    return json_set_u64(turn->arena, rule, "min_chars", least) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err read_tree(struct turn *turn, const struct json *tree, struct json *row)
{
    uint64_t length = 0, wanted = 0;
    struct json *rules = json_set_array(turn->arena, row, "rules");
    struct characters *all = arena_alloc(turn->arena, sizeof *all);
    const struct json *blocks = json_member(tree, "rule");
    for (const struct json *member = tree == NULL ? NULL : tree->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "length") && !slice_is(member->name, "rule")) {
            return turn_refuse(turn, ERR_INVALID, TEXT("a password policy has length and rules only", "eine Passwortrichtlinie hat nur length und rule"), member->name);
        }
    }
    if (json_u64(tree, "length", &length) != ERR_NONE || length < LENGTH_MIN || length > LENGTH_MAX) {
        return refuse(turn, TEXT("length is 4 to 512 characters", "length ist 4 bis 512 Zeichen"), NULL);
    }
    if (blocks == NULL || blocks->count == 0 || blocks->count > RULES_MAX) {
        return refuse(turn, TEXT("a password policy has 1 to 32 rules: rule \"charset\" { charset = \"…\" }", "eine Passwortrichtlinie hat 1 bis 32 Regeln: rule \"charset\" { charset = \"…\" }"), NULL);
    }
    for (const struct json *block = blocks->first; block != NULL; block = block->next) {
        enum err err = all == NULL ? ERR_MEMORY : add_rule(turn, block, rules, &wanted);
        if (err != ERR_NONE) {
            return err;
        }
        if (!add(all, json_text(block, "charset", SLICE_NONE))) {
            return refuse(turn, TEXT("the charsets have 2048 characters at most", "die charsets haben zusammen höchstens 2048 Zeichen"), block);
        }
    }
    if (wanted > length) {
        return refuse(turn, TEXT("the rules ask for more characters than length", "die Regeln verlangen mehr Zeichen als length"), NULL);
    }
    return json_set_u64(turn->arena, row, "length", length) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- making ---- */

static size_t draw(struct turn *turn, size_t below)
{
    uint32_t value, limit = UINT32_MAX - (uint32_t)(UINT32_MAX % below + 1) % (uint32_t)below;
    do {
        turn_random(turn, &value, sizeof value);
    } while (value > limit);
    return value % below;
}

static enum err make(struct turn *turn, const struct json *row, struct slice *ret_password)
{
    struct slice *chosen = arena_alloc_array(turn->arena, LENGTH_MAX, sizeof *chosen);
    struct characters *all = arena_alloc(turn->arena, sizeof *all), *own = arena_alloc(turn->arena, sizeof *own);
    const struct json *rules = json_member(row, "rules");
    uint64_t length = 0, least = 0;
    size_t count = 0;
    if (chosen == NULL || all == NULL || own == NULL) {
        return ERR_MEMORY;
    }
    if (json_u64(row, "length", &length) != ERR_NONE || length > LENGTH_MAX || rules == NULL) {
        return ERR_DAMAGED;
    }
    for (const struct json *rule = rules->first; rule != NULL; rule = rule->next) {
        struct slice charset = json_text(rule, "charset", SLICE_NONE);
        *own = (struct characters){.count = 0};
        if (!add(all, charset) || !add(own, charset) || own->count == 0 || json_u64(rule, "min_chars", &least) != ERR_NONE || least > length - count) {
            return ERR_DAMAGED;
        }
        for (uint64_t i = 0; i < least; i++) {
            chosen[count++] = own->list[draw(turn, own->count)];
        }
    }
    while (count < length && all->count > 0) {
        chosen[count++] = all->list[draw(turn, all->count)];
    }
    cleanup_buf struct buf text = BUF_INIT(LENGTH_MAX * 4);
    enum err err = ERR_NONE;
    for (size_t left = count; left > 0 && err == ERR_NONE; left--) { /* in random order */
        size_t at = draw(turn, left);
        err = buf_append(&text, chosen[at]);
        chosen[at] = chosen[left - 1];
    }
    *ret_password = arena_copy(turn->arena, buf_slice(&text));
    wipe(text.data, text.len);
    return err;
}

/* A password by the policy of this name, in the arena. ERR_NOT_FOUND: there is none. */
static enum err generate(struct turn *turn, struct slice policy, struct slice *ret_password)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, row_path(turn, policy), &row);
    return err == ERR_NONE ? make(turn, row, ret_password) : err;
}

/* ---- sys/policies/password ---- */

enum err operation_password_policy_list(struct turn *turn)
{
    return turn_reply_names(turn, namespace_row(turn, turn->space, "policy/password/"), POLICIES_MAX);
}

enum err operation_password_policy_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, row_path(turn, turn->values[0]), &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "policy", json_text(row, "text", SLICE_NONE));
    return turn_reply_data(turn, data);
}

static enum err record(struct turn *turn, const char *type)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "name", turn->values[0]);
    return json_set_string(turn->arena, body, "by", turn->caller.name) == NULL ? ERR_MEMORY : turn_evidence(turn, type, body, NULL);
}

enum err operation_password_policy_write(struct turn *turn)
{
    const struct json *policy = json_member(turn->request->body, "policy");
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    if (turn->values[0].len > NAME_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a policy's name has at most 128 bytes", "der Name einer Richtlinie hat höchstens 128 Bytes"), SLICE_NONE);
    }
    json_set_string(turn->arena, row, "text", json_text(policy, "text", SLICE_NONE));
    enum err err = read_tree(turn, json_member(policy, "tree"), row);
    err = err == ERR_NONE ? turn_put_json(turn, row_path(turn, turn->values[0]), row, 0) : err;
    err = err == ERR_NONE ? record(turn, "password-policy.written") : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_password_policy_delete(struct turn *turn)
{
    enum err err = turn_delete(turn, row_path(turn, turn->values[0]));
    err = err == ERR_NONE ? record(turn, "password-policy.deleted") : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_password_policy_generate(struct turn *turn)
{
    struct slice password;
    enum err err = generate(turn, turn->values[0], &password);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "password", password);
    return turn_reply_data(turn, data);
}
