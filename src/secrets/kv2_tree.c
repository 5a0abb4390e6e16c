/* What kv version 2 shows of secrets, and the two transformations of trees: merging a patch, and taking the values out. */
#include "secrets/kv2.h"

#include "base/time.h"

enum { MERGE_COMPARISONS_MAX = 1 << 24 };

void kv2_set_time(struct arena *arena, struct json *object, const char *name, int64_t at_ms)
{
    char text[RFC3339_BYTES] = "";
    if (at_ms != 0) {
        rfc3339_format(at_ms, text);
    }
    json_set_string(arena, object, name, slice_string(text));
}

void kv2_set_duration(struct arena *arena, struct json *object, const char *name, int64_t seconds)
{
    const char *sign = seconds < 0 ? "-" : "";
    unsigned long long left = (unsigned long long)(seconds < 0 ? -seconds : seconds), hours = left / 3600, minutes = left / 60 % 60;
    const char *text = hours > 0     ? arena_printf(arena, "%s%lluh%llum%llus", sign, hours, minutes, left % 60)
                       : minutes > 0 ? arena_printf(arena, "%s%llum%llus", sign, minutes, left % 60)
                                     : arena_printf(arena, "%s%llus", sign, left);
    json_set_string(arena, object, name, slice_string(text));
}

enum err kv2_duration(struct turn *turn, const struct json *body, const char *name, int64_t *ret_seconds)
{
    const struct json *member = json_member(body, name);
    if (member == NULL || member->type == JSON_NULL) {
        return ERR_NONE;
    }
    bool is_text = member->type == JSON_STRING || member->type == JSON_NUMBER, is_negative = is_text && slice_starts(member->text, SLICE_LITERAL("-"));
    uint64_t seconds = 0;
    if (!is_text || duration_parse(slice_from(member->text, is_negative ? 1 : 0), &seconds) != ERR_NONE || seconds > INT32_MAX * UINT64_C(100)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this is no duration such as 0s, 90s or 720h", "das ist keine Dauer wie 0s, 90s oder 720h"), slice_string(name));
    }
    *ret_seconds = is_negative ? -(int64_t)seconds : (int64_t)seconds;
    return ERR_NONE;
}

struct json *kv2_custom_tree(struct turn *turn, const struct kv2_secret *secret)
{
    struct json *custom = NULL;
    if (secret->custom.len > 0 && json_unpack(turn->arena, secret->custom, &custom) == ERR_NONE && custom->count > 0) {
        return custom;
    }
    return json_new(turn->arena, JSON_NULL);
}

struct json *kv2_version_tree(struct turn *turn, const struct kv2_secret *secret, const struct kv2_version *version)
{
    struct json *tree = json_new(turn->arena, JSON_OBJECT);
    kv2_set_time(turn->arena, tree, "created_time", version->created_ms);
    json_set(turn->arena, tree, "custom_metadata", kv2_custom_tree(turn, secret));
    kv2_set_time(turn->arena, tree, "deletion_time", version->deleted_ms);
    json_set_bool(turn->arena, tree, "destroyed", version->is_destroyed);
    return json_set_u64(turn->arena, tree, "version", version->number) == NULL ? NULL : tree;
}

static struct json *versions_tree(struct turn *turn, const struct kv2_secret *secret)
{
    struct json *versions = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < secret->count; i++) {
        const struct kv2_version *version = &secret->versions[i];
        struct json *one = json_set_object(turn->arena, versions, turn_path(turn, "%llu", (unsigned long long)version->number));
        kv2_set_time(turn->arena, one, "created_time", version->created_ms);
        kv2_set_time(turn->arena, one, "deletion_time", version->deleted_ms);
        if (json_set_bool(turn->arena, one, "destroyed", version->is_destroyed) == NULL) {
            return NULL;
        }
    }
    return versions;
}

struct json *kv2_metadata_tree(struct turn *turn, const struct kv2_secret *secret)
{
    struct json *tree = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, tree, "cas_required", secret->cas_required);
    kv2_set_time(turn->arena, tree, "created_time", secret->created_ms);
    json_set_u64(turn->arena, tree, "current_version", secret->current);
    json_set(turn->arena, tree, "custom_metadata", kv2_custom_tree(turn, secret));
    kv2_set_duration(turn->arena, tree, "delete_version_after", secret->delete_after_s);
    json_set_u64(turn->arena, tree, "max_versions", secret->max_versions);
    json_set_u64(turn->arena, tree, "oldest_version", secret->oldest);
    kv2_set_time(turn->arena, tree, "updated_time", secret->updated_ms);
    return json_set(turn->arena, tree, "versions", versions_tree(turn, secret)) == NULL ? NULL : tree;
}

/* Names may hold any character, also NUL: a child keeps its name as bytes. */
static void attach(struct json *parent, struct json *child, struct slice name)
{
    child->name = name;
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}

/* ---- merging ---- */

/* Two objects still to be merged into one that already stands in the result; `target` NULL: as if it were empty. */
struct pair {
    const struct json *target, *patch;
    struct json *into;
    struct pair *next;
};

static const struct json *named(const struct json *object, struct slice name)
{
    for (const struct json *member = object == NULL ? NULL : object->first; member != NULL; member = member->next) {
        if (slice_equal(member->name, name)) {
            return member;
        }
    }
    return NULL;
}

static enum err add_copy(struct arena *arena, struct json *object, const struct json *member)
{
    struct json *copy = json_copy(arena, member);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    attach(object, copy, arena_copy(arena, member->name));
    return ERR_NONE;
}

static enum err add_pair(struct arena *arena, struct pair **waiting, const struct json *target, const struct json *patch, struct json *into)
{
    struct pair *pair = arena_alloc(arena, sizeof *pair);
    struct json *object = json_new(arena, JSON_OBJECT);
    if (pair == NULL || object == NULL) {
        return ERR_MEMORY;
    }
    attach(into, object, arena_copy(arena, patch->name));
    *pair = (struct pair){target != NULL && target->type == JSON_OBJECT ? target : NULL, patch, object, *waiting};
    *waiting = pair;
    return ERR_NONE;
}

static enum err merge_member(struct arena *arena, struct pair **waiting, const struct json *target, const struct json *patch, struct json *into)
{
    if (patch == NULL) {
        return add_copy(arena, into, target);
    }
    if (patch->type == JSON_NULL) {
        return ERR_NONE;
    }
    return patch->type == JSON_OBJECT ? add_pair(arena, waiting, target, patch, into) : add_copy(arena, into, patch);
}

static enum err merge_pair(struct arena *arena, struct pair **waiting, const struct pair *pair)
{
    enum err err = ERR_NONE;
    size_t members = pair->target == NULL ? 0 : pair->target->count;
    if (members > 0 && pair->patch->count > MERGE_COMPARISONS_MAX / members) {
        return ERR_TOO_LARGE;
    }
    for (const struct json *member = pair->target == NULL ? NULL : pair->target->first; member != NULL && err == ERR_NONE; member = member->next) {
        err = merge_member(arena, waiting, member, named(pair->patch, member->name), pair->into);
    }
    for (const struct json *member = pair->patch->first; member != NULL && err == ERR_NONE; member = member->next) {
        err = named(pair->target, member->name) == NULL ? merge_member(arena, waiting, NULL, member, pair->into) : ERR_NONE;
    }
    return err;
}

enum err kv2_merge(struct arena *arena, const struct json *target, const struct json *patch, struct json **ret_merged)
{
    struct json *merged = json_new(arena, JSON_OBJECT);
    struct pair first = {target, patch, merged, NULL}, *waiting = &first;
    enum err err = merged == NULL ? ERR_MEMORY : ERR_NONE;
    while (waiting != NULL && err == ERR_NONE) {
        const struct pair *pair = waiting;
        waiting = pair->next;
        err = merge_pair(arena, &waiting, pair);
    }
    if (err == ERR_NONE) {
        *ret_merged = merged;
    }
    return err;
}

/* ---- without the values ---- */

enum err kv2_subkeys(struct arena *arena, const struct json *data, uint64_t depth, struct json **ret_tree)
{
    const struct json *from[JSON_DEPTH_MAX];
    struct json *to[JSON_DEPTH_MAX], *root = json_new(arena, JSON_OBJECT);
    size_t level = 0;
    to[0] = root;
    from[0] = data->first;
    while (root != NULL) {
        const struct json *member = from[level];
        if (member == NULL) {
            if (level-- == 0) {
                *ret_tree = root;
                return ERR_NONE;
            }
            continue;
        }
        from[level] = member->next;
        bool opens = member->type == JSON_OBJECT && member->count > 0 && (depth == 0 || level + 1 < depth) && level + 1 < JSON_DEPTH_MAX;
        struct json *copy = json_new(arena, opens ? JSON_OBJECT : JSON_NULL);
        if (copy == NULL) {
            break;
        }
        attach(to[level], copy, arena_copy(arena, member->name));
        if (opens) {
            level++;
            from[level] = member->first;
            to[level] = copy;
        }
    }
    return ERR_MEMORY;
}
