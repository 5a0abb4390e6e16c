#include "secrets/secrets.h"

enum { NAMES_MAX = 10000 };

enum err secrets_list(struct turn *turn, const char *folder, struct slice prefix)
{
    struct slice limit_text = turn_query(turn, "limit"), after = turn_query(turn, "after");
    uint64_t limit = NAMES_MAX;
    if (limit_text.len > 0 && (slice_to_u64(limit_text, &limit) != ERR_NONE || limit == 0 || limit > NAMES_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("limit is a whole number from 1 to 10000", "limit ist eine ganze Zahl von 1 bis 10000"), limit_text);
    }
    bool ends = prefix.len == 0 || prefix.data[prefix.len - 1] == '/';
    char *path = mount_path(turn, "%s/%.*s%s", folder, (int)prefix.len, (const char *)prefix.data, ends ? "" : "/");
    struct turn_names names;
    enum err err = turn_names(turn, path, after, (uint32_t)limit, &names);
    if (err != ERR_NONE || names.count == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    for (size_t i = 0; i < names.count; i++) {
        json_append(keys, json_string(turn->arena, names.names[i]));
    }
    return turn_reply_data(turn, data);
}

struct slice secrets_lower(struct turn *turn, struct slice text)
{
    char *copy = arena_string(turn->arena, slice_trim(text));
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + ('a' - 'A') : *at);
    }
    return slice_string(copy);
}

struct json *secrets_with(struct turn *turn, const struct json *object, const char *name, struct json *value)
{
    struct json *copy = json_new(turn->arena, JSON_OBJECT);
    bool is_set = value == NULL;
    for (const struct json *member = object == NULL ? NULL : object->first; member != NULL; member = member->next) {
        bool is_it = slice_is(member->name, name);
        if (!is_it || value != NULL) {
            json_set(turn->arena, copy, arena_string(turn->arena, member->name), is_it ? value : json_copy(turn->arena, member));
        }
        is_set = is_set || is_it;
    }
    if (!is_set) {
        json_set(turn->arena, copy, name, value);
    }
    return copy;
}
