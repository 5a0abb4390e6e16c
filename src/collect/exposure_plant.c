#include "collect/exposure.h"

enum { PLANTED_PORT = 39119 };

/* The member of the wanted type to grow; a fresh one where there is none. */
static struct json *grow(struct arena *arena, struct json *object, const char *name, enum json_type type)
{
    for (struct json *member = object == NULL ? NULL : object->first; member != NULL; member = member->next) {
        if (slice_is(member->name, name) && member->type == type) {
            return member;
        }
    }
    return json_set(arena, object, name, json_new(arena, type));
}

/* Copies without what is of the wrong type: it would stand twice. */
static struct json *copy_of(struct arena *arena, const struct json *facts)
{
    struct json *copy = json_new(arena, JSON_OBJECT);
    for (const struct json *member = facts == NULL || facts->type != JSON_OBJECT ? NULL : facts->first; member != NULL; member = member->next) {
        const char *name = arena_string(arena, member->name);
        bool wrong = (slice_is(member->name, "scan") && member->type != JSON_OBJECT) || (slice_is(member->name, "published") && member->type != JSON_ARRAY);
        if (name != NULL && !wrong) {
            json_set(arena, copy, name, json_copy(arena, member));
        }
    }
    return copy;
}

struct json *exposure_planted(struct arena *arena, const struct json *facts)
{
    static const char *const others[] = {"closed", "filtered", "unreachable", "denied", "error", "not-asked"};
    struct json *planted = copy_of(arena, facts);
    struct json *scan = grow(arena, planted, "scan", JSON_OBJECT);
    struct json *address = json_append(grow(arena, scan, "addresses", JSON_ARRAY), json_new(arena, JSON_OBJECT));
    json_set_string(arena, address, "address", SLICE_LITERAL("192.0.2.250"));
    json_set_string(arena, address, "family", SLICE_LITERAL("ipv4"));
    json_set_bool(arena, address, "local", false);
    json_append(json_set_array(arena, address, "open"), json_number_u64(arena, PLANTED_PORT));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        json_set_array(arena, address, others[i]);
    }
    struct json *published = json_append(grow(arena, planted, "published", JSON_ARRAY), json_new(arena, JSON_OBJECT));
    json_set_string(arena, published, "address", SLICE_LITERAL("0.0.0.0"));
    json_set_u64(arena, published, "port", PLANTED_PORT);
    json_set_string(arena, published, "protocol", SLICE_LITERAL("tcp"));
    json_set_string(arena, published, "container", SLICE_LITERAL("planted"));
    return json_set_u64(arena, planted, "planted_port", PLANTED_PORT) == NULL ? NULL : planted;
}
