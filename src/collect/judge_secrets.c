#include "collect/judge.h"
#include "collect/secrets.h"

enum { VALUES_MAX = 8192, FINGERPRINT_DIGITS = 32 };

static struct finding about(struct judge_case *judge_case, enum outcome outcome, const char *reason, const struct json *file)
{
    struct finding finding = judge_finding(judge_case, outcome, reason);
    judge_value(judge_case, finding.values, "path", json_text(file, "path", SLICE_LITERAL("-")));
    judge_value(judge_case, finding.values, "result", json_text(file, "read", SLICE_LITERAL("-")));
    judge_value(judge_case, finding.values, "mode", json_text(file, "mode", SLICE_LITERAL("-")));
    return finding;
}

/* -- the files of one host ------------------------------------------------------------------------------------------ */

/* "0644": the last digit is what everybody may do; 4 is reading. */
static bool is_open(struct slice mode)
{
    return mode.len != 4 || mode.data[3] < '0' || mode.data[3] >= '4';
}

static void judge_closed(struct judge_case *judge_case)
{
    struct finding worst = {0};
    int64_t files = 0, values = 0;
    for (const struct json *file = judge_items(judge_case->facts, "files"); file != NULL; file = file->next) {
        const struct json *list = json_member(file, "values");
        files++;
        values += list == NULL ? 0 : (int64_t)list->count;
        if (!judge_is(file, "read", "ok")) {
            judge_worst(&worst, about(judge_case, OUTCOME_ERROR, "secrets.not-read", file));
        } else if (is_open(json_text(file, "mode", SLICE_NONE))) {
            judge_worst(&worst, about(judge_case, OUTCOME_FAIL, "secrets.open-file", file));
        }
    }
    if (files == 0 || json_member(judge_case->facts, "cut") != NULL) {
        judge_worst(&worst, about(judge_case, OUTCOME_ERROR, "secrets.not-read", NULL));
    }
    if (worst.reason == NULL) {
        worst = judge_finding(judge_case, OUTCOME_PASS, "secrets.closed");
        json_set_i64(judge_case->arena, worst.values, "files", files);
        json_set_i64(judge_case->arena, worst.values, "count", values);
    }
    judge_report(judge_case, "secrets.files-closed", worst);
}

enum err judge_secrets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"secrets.files-closed", "secrets.open-file"}};
    static const struct judge judge = {kinds, 1, judge_closed};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}

/* -- two environments ----------------------------------------------------------------------------------------------- */

struct value {
    struct slice fingerprint, name, where;
};

struct side {
    struct slice environment;
    struct value *values;
    size_t count;
    bool whole;
    struct slice unread;               /* the first that was not read */
};

static void add_values(struct side *side, const struct json *list, struct slice where)
{
    for (const struct json *one = list == NULL || list->type != JSON_ARRAY ? NULL : list->first; one != NULL; one = one->next) {
        struct slice fingerprint = json_text(one, "fingerprint", SLICE_NONE);
        if (fingerprint.len != FINGERPRINT_DIGITS) {
            continue;                  /* a name without value, or a value that the rule leaves out */
        }
        if (side->count == VALUES_MAX) {
            side->whole = false;
            return;
        }
        side->values[side->count++] = (struct value){fingerprint, json_text(one, "name", SLICE_LITERAL("?")), where};
    }
}

static void miss(struct side *side, struct slice what)
{
    side->whole = false;
    side->unread = side->unread.len == 0 ? what : side->unread;
}

static void add_source(struct side *side, const struct json *source)
{
    for (const struct json *file = judge_items(source, "files"); file != NULL; file = file->next) {
        struct slice path = json_text(file, "path", SLICE_LITERAL("?"));
        if (!judge_is(file, "read", "ok") || json_member(file, "cut") != NULL) {
            miss(side, path);
        }
        add_values(side, json_member(file, "values"), path);
    }
    for (const struct json *engine = judge_items(source, "engines"); engine != NULL; engine = engine->next) {
        if (!judge_is(engine, "read", "ok") && !judge_is(engine, "read", "absent")) {
            miss(side, json_text(engine, "engine", SLICE_LITERAL("?")));
        }
        for (const struct json *container = judge_items(engine, "containers"); container != NULL; container = container->next) {
            add_values(side, json_member(container, "environment"), json_text(container, "name", SLICE_LITERAL("?")));
        }
    }
    if (json_member(source, "cut") != NULL) {
        miss(side, SLICE_LITERAL("files"));
    }
}

static bool read_side(struct judge_case *judge_case, const struct json *item, struct side *side)
{
    *side = (struct side){.environment = json_text(item, "environment", SLICE_LITERAL("?")), .whole = true};
    side->values = arena_alloc_array(judge_case->arena, VALUES_MAX, sizeof(*side->values));
    for (const struct json *source = side->values == NULL ? NULL : judge_items(item, "sources"); source != NULL; source = source->next) {
        add_source(side, source);
    }
    return side->values != NULL;
}

static void name_pair(struct judge_case *judge_case, struct json *values, const struct side *one, const struct side *other)
{
    judge_value(judge_case, values, "one", one->environment);
    judge_value(judge_case, values, "other", other->environment);
    json_set_u64(judge_case->arena, values, "count_one", one->count);
    json_set_u64(judge_case->arena, values, "count_other", other->count);
}

static struct finding compare(struct judge_case *judge_case, const struct side *one, const struct side *other)
{
    uint64_t shared = 0;
    const struct value *first = NULL, *second = NULL;
    for (size_t i = 0; i < one->count; i++) {
        bool found = false;
        for (size_t j = 0; j < other->count && !found; j++) {
            found = slice_equal(one->values[i].fingerprint, other->values[j].fingerprint);
            if (found && shared++ == 0) {
                first = &one->values[i];
                second = &other->values[j];
            }
        }
    }
    bool seen = one->whole && other->whole && one->count > 0 && other->count > 0;
    struct finding finding = shared > 0 ? judge_finding(judge_case, OUTCOME_FAIL, "secrets.shared")
                             : !seen ? judge_finding(judge_case, OUTCOME_ERROR, "secrets.not-compared")
                                     : judge_finding(judge_case, OUTCOME_PASS, "secrets.disjoint");
    const struct side *unseen = !one->whole || one->count == 0 ? one : other;
    name_pair(judge_case, finding.values, one, other);
    judge_value(judge_case, finding.values, "where", unseen->unread.len > 0 ? unseen->unread : unseen->environment);
    if (first != NULL) {
        judge_value(judge_case, finding.values, "name_one", first->name);
        judge_value(judge_case, finding.values, "where_one", first->where);
        judge_value(judge_case, finding.values, "name_other", second->name);
        judge_value(judge_case, finding.values, "where_other", second->where);
        json_set_u64(judge_case->arena, finding.values, "shared", shared);
    }
    return finding;
}

static void judge_apart(struct judge_case *judge_case)
{
    const struct json *list = json_member(judge_case->facts, "sides"), *first = judge_items(judge_case->facts, "sides");
    struct side one, other;
    struct finding finding = {0};
    if (list != NULL && list->count == 2 && read_side(judge_case, first, &one) && read_side(judge_case, first->next, &other)) {
        finding = compare(judge_case, &one, &other);
    }
    judge_report(judge_case, "secrets.disjoint", finding);
    judge_report_also(judge_case, "secrets.disjoint", "apart_from", finding);
}

enum err judge_disjoint(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"secrets.disjoint", "secrets.shared"}};
    static const struct judge judge = {kinds, 1, judge_apart};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}

struct json *disjoint_planted(struct arena *arena, const struct json *facts)
{
    struct json *planted = json_new(arena, JSON_OBJECT), *sides = json_set_array(arena, planted, "sides");
    const struct json *side = judge_items(facts, "sides");
    for (size_t i = 0; i < 2; i++) {
        struct json *copy = side == NULL ? json_new(arena, JSON_OBJECT) : json_copy(arena, side), *sources = NULL;
        for (struct json *member = copy == NULL ? NULL : copy->first; member != NULL; member = member->next) {
            sources = slice_is(member->name, "sources") && member->type == JSON_ARRAY ? member : sources;
        }
        sources = sources != NULL ? sources : json_set_array(arena, copy, "sources");
        struct json *source = json_append(sources, json_new(arena, JSON_OBJECT));
        struct json *file = json_append(json_set_array(arena, source, "files"), json_new(arena, JSON_OBJECT));
        json_set_string(arena, file, "path", SLICE_LITERAL("/planted/.env"));
        json_set_string(arena, file, "read", SLICE_LITERAL("ok"));
        struct json *value = json_append(json_set_array(arena, file, "values"), json_new(arena, JSON_OBJECT));
        json_set_string(arena, value, "name", SLICE_LITERAL("PLANTED_PASSWORD"));
        json_set_string(arena, value, "fingerprint", SLICE_LITERAL("706c616e746564706c616e746564706c"));
        if (json_append(sides, copy) == NULL) {
            return NULL;
        }
        side = side == NULL ? NULL : side->next;
    }
    return planted;
}
