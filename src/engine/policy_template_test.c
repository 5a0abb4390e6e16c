#include "engine/policy_template.h"

#include "base/check.h"

static const char ENTITY[] = "{\"name\":\"ada\",\"metadata\":{\"team\":\"blue\",\"star\":\"a*\",\"up\":\"x/../y\",\"plus\":\"+\",\"mail\":\"a+b@c.de\",\"empty\":\"\"},"
                             "\"aliases\":[{\"id\":\"al-1\",\"name\":\"ns/app\",\"mount_accessor\":\"auth_k8s_1\",\"metadata\":{\"pod\":\"p1\"},\"custom_metadata\":{\"x.y\":\"z\"}}]}";
static const char GROUPS[] = "[{\"id\":\"g-1\",\"name\":\"ops.de\",\"metadata\":{\"floor\":\"3\"}}]";

static struct identity identity_in(struct arena *arena)
{
    struct json *entity = NULL, *groups = NULL;
    if (json_read(arena, slice_string(ENTITY), &entity, NULL) != ERR_NONE || json_read(arena, slice_string(GROUPS), &groups, NULL) != ERR_NONE) {
        __builtin_trap();
    }
    return (struct identity){.id = SLICE_LITERAL("e-1"), .entity = entity, .groups = groups};
}

TEST(what_is_named_is_filled_in)
{
    static const struct {
        const char *pattern, *filled;
    } rows[] = {
        {"secret/{{identity.entity.id}}/*", "secret/e-1/*"},
        {"a/{{ identity.entity.name }}", "a/ada"},
        {"{{identity.entity.metadata.team}}/x/{{identity.entity.name}}/+", "blue/x/ada/+"},
        {"k/{{identity.entity.aliases.auth_k8s_1.name}}", "k/ns/app"},
        {"k/{{identity.entity.aliases.auth_k8s_1.id}}", "k/al-1"},
        {"k/{{identity.entity.aliases.auth_k8s_1.metadata.pod}}", "k/p1"},
        {"k/{{identity.entity.aliases.auth_k8s_1.custom_metadata.x.y}}", "k/z"},
        {"g/{{identity.groups.ids.g-1.name}}", "g/ops.de"},
        {"g/{{identity.groups.names.ops.de.id}}", "g/g-1"},
        {"g/{{identity.groups.names.ops.de.metadata.floor}}", "g/3"},
        {"m/{{identity.entity.metadata.mail}}", "m/a+b@c.de"},
    };
    struct arena *arena cleanup_arena = arena_new(1 << 18);
    struct identity identity = identity_in(arena);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice filled;
        CHECK(template_has(slice_string(rows[i].pattern)) && template_is_good(slice_string(rows[i].pattern)));
        CHECK(template_fill(arena, &identity, slice_string(rows[i].pattern), &filled));
        CHECK_STRING(rows[i].filled, arena_string(arena, filled));
    }
}

TEST(what_is_not_there_or_could_widen_the_pattern_makes_it_mean_nothing)
{
    static const char *const patterns[] = {
        "a/{{identity.entity.metadata.none}}", "a/{{identity.entity.metadata.star}}",           "a/{{identity.entity.metadata.up}}",   "a/{{identity.entity.metadata.plus}}/b",
        "a/{{identity.entity.metadata.empty}}", "a/{{identity.entity.aliases.auth_other.name}}", "a/{{identity.groups.ids.g-2.name}}", "a/{{identity.groups.names.ops.id}}",
        "a/{{identity.entity.name",             "a/{{identity.entity.secret}}",
    };
    struct arena *arena cleanup_arena = arena_new(1 << 18);
    struct identity identity = identity_in(arena);
    struct slice filled;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        CHECK(!template_fill(arena, &identity, slice_string(patterns[i]), &filled));
    }
    CHECK(!template_fill(arena, NULL, SLICE_LITERAL("a/{{identity.entity.name}}"), &filled));
    identity.is_barred = true;
    CHECK(!template_fill(arena, &identity, SLICE_LITERAL("a/{{identity.entity.name}}"), &filled));
}

TEST(what_is_not_known_is_said_when_it_is_written)
{
    CHECK(template_is_good(SLICE_LITERAL("plain/*")));
    CHECK(!template_is_good(SLICE_LITERAL("a/{{identity.entity.name")));
    CHECK(!template_is_good(SLICE_LITERAL("a/identity.entity.name}}")));
    CHECK(!template_is_good(SLICE_LITERAL("a/{{identity.entity.age}}")));
    CHECK(!template_is_good(SLICE_LITERAL("a/{{identity.entity.metadata.}}")));
}

TEST_MAIN
