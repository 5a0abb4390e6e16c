/* Every operation by name: the engine's and the domains'. Here, because the engine knows nothing of the floors above it. */
#include "engine/mount.h"
#include "engine/operations.h"
#include "engine/turn_inside.h"

#include <assert.h>
#include <string.h>

#if __has_include("measure/operations.def")
#define OPERATION(name) enum err operation_##name(struct turn *turn);
#include "measure/operations.def"
#undef OPERATION
#endif

#define OPERATION(name) enum err operation_##name(struct turn *turn);
#include "secrets/operations.def"
#include "secrets/rotation.def"
#undef OPERATION
#define ENGINE(name) extern const struct engine engine_##name;
#include "secrets/engines.def"
#undef ENGINE

static const struct engine *const engines[] = {
#define ENGINE(name) &engine_##name,
#include "secrets/engines.def"
#undef ENGINE
};

const struct engine *engine_at(size_t index)
{
    return index < sizeof engines / sizeof engines[0] ? engines[index] : NULL;
}

const struct engine *engine_find(enum engine_class class, struct slice type)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (engines[i]->class == class && slice_is(type, engines[i]->type)) {
            return engines[i];
        }
    }
    return NULL;
}

static const struct {
    const char *name;
    operation_fn run;
} operations[] = {
#define OPERATION(name) {#name, operation_##name},
#include "engine/operations.def"
#if __has_include("measure/operations.def")
#include "measure/operations.def"
#endif
#include "secrets/operations.def"
#include "secrets/rotation.def"
#undef OPERATION
};

enum { OPERATION_COUNT = sizeof operations / sizeof operations[0], BUCKET_COUNT = 1024, NO_OPERATION = UINT16_MAX };

/* Every run of a turn looks its operation up: by a table that the first one builds, of what is const. */
static struct {
    bool built;
    uint16_t bucket[BUCKET_COUNT], next[OPERATION_COUNT];
} by_name;

static size_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    }
    return (hash ^ (hash >> 16)) % BUCKET_COUNT;
}

static void build(void)
{
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        by_name.bucket[i] = NO_OPERATION;
    }
    for (size_t i = OPERATION_COUNT; i-- > 0;) {
        size_t bucket = bucket_of(operations[i].name);
        by_name.next[i] = by_name.bucket[bucket];
        by_name.bucket[bucket] = (uint16_t)i;
    }
    by_name.built = true;
}

operation_fn operation_find(const char *name)
{
    static_assert(OPERATION_COUNT < NO_OPERATION, "indexes are of 16 bits");
    if (!by_name.built) {
        build();
    }
    for (uint16_t i = by_name.bucket[bucket_of(name)]; i != NO_OPERATION; i = by_name.next[i]) {
        if (strcmp(operations[i].name, name) == 0) {
            return operations[i].run;
        }
    }
    return NULL;
}
