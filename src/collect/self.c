#include "collect/self.h"

#include "collect/exposure.h"
#include "collect/secrets.h"

#include <string.h>

/* A copy without the members that the plant replaces. */
static struct json *copy_without(struct arena *arena, const struct json *object, const char *const *names, size_t count)
{
    struct json *copy = json_new(arena, JSON_OBJECT);
    const struct json *member = object == NULL || object->type != JSON_OBJECT ? NULL : object->first;
    for (; member != NULL; member = member->next) {
        bool replaced = false;
        for (size_t i = 0; i < count; i++) {
            replaced = replaced || slice_is(member->name, names[i]);
        }
        if (!replaced) {
            json_set(arena, copy, arena_string(arena, member->name), json_copy(arena, member));
        }
    }
    return copy;
}

static struct json *plant_seal(struct arena *arena, const struct json *facts)
{
    (void)facts;
    struct json *planted = json_new(arena, JSON_OBJECT);
    return json_set_string(arena, planted, "seal", SLICE_LITERAL("key-file")) == NULL ? NULL : planted;
}

/* The signed root, recomputed with its first digit changed: one flipped bit somewhere in the log would look like this. */
static struct json *plant_ledger(struct arena *arena, const struct json *facts)
{
    static const char *const in_facts[] = {"evidence", "gaps"}, *const in_log[] = {"root", "verified_root", "verified_size", "findings", "size"};
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const struct json *evidence = json_member(facts, "evidence");
    struct slice root = json_text(evidence, "root", SLICE_NONE);
    root = root.len < sizeof(zeros) - 1 ? slice_string(zeros) : root;
    uint8_t *flipped = arena_alloc(arena, root.len);
    struct json *planted = copy_without(arena, facts, in_facts, 2), *log = copy_without(arena, evidence, in_log, 5);
    if (flipped == NULL || planted == NULL || log == NULL) {
        return NULL;
    }
    memcpy(flipped, root.data, root.len);
    flipped[0] = root.data[0] == '0' ? '1' : '0';
    json_set_string(arena, log, "root", root);
    json_set_string(arena, log, "verified_root", slice_of(flipped, root.len));
    json_set_u64(arena, log, "size", 1);
    json_set_u64(arena, log, "verified_size", 1);
    json_set_u64(arena, log, "findings", 0);
    json_set(arena, planted, "evidence", log);
    return json_set_u64(arena, planted, "gaps", 1) == NULL ? NULL : planted;
}

static struct json *plant_privilege(struct arena *arena, const struct json *facts)
{
    static const char *const replaced[] = {"rules", "probe"};
    struct json *planted = copy_without(arena, facts, replaced, 2);
    const struct json *real = json_member(facts, "rules");
    struct json *rules = real != NULL && real->type == JSON_ARRAY ? json_copy(arena, real) : json_new(arena, JSON_ARRAY);
    json_set(arena, planted, "rules", rules);
    struct json *rule = json_append(rules, json_new(arena, JSON_OBJECT));
    json_set_string(arena, rule, "holder", SLICE_LITERAL("planted"));
    json_set_string(arena, rule, "rule", SLICE_LITERAL("*"));
    json_append(json_set_array(arena, rule, "capabilities"), json_string(arena, SLICE_LITERAL("sudo")));
    json_set_u64(arena, rule, "granted_at_ms", 0);
    struct json *probe = json_set_object(arena, planted, "probe");
    json_set_string(arena, probe, "path", SLICE_LITERAL("planted"));
    json_set_bool(arena, probe, "tried", true);
    return json_set_bool(arena, probe, "denied", false) == NULL ? NULL : planted;
}

/* A ring whose key is as old as the time that people count from. */
static struct json *plant_keys(struct arena *arena, const struct json *facts)
{
    static const char *const replaced[] = {"installed_at_ms"};
    struct json *planted = copy_without(arena, facts, replaced, 1);
    if (json_member(planted, "late") == NULL) {
        json_set_array(arena, planted, "late");
    }
    return json_set_i64(arena, planted, "installed_at_ms", 1) == NULL ? NULL : planted;
}

struct json *self_planted(struct arena *arena, const char *probe, const struct json *facts)
{
    static const struct {
        const char *probe;
        struct json *(*plant)(struct arena *arena, const struct json *facts);
    } rows[] = {{"seal", plant_seal}, {"keys", plant_keys}, {"ledger", plant_ledger}, {"privilege", plant_privilege}, {"exposure", exposure_planted}, {"disjoint", disjoint_planted}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].probe, probe) == 0) {
            return rows[i].plant(arena, facts);
        }
    }
    return NULL;
}
