/* Every operation by name: the engine's and the domains'. Here, because the engine knows nothing of the floors above it. */
#include "engine/mount.h"
#include "engine/operations.h"
#include "engine/turn_inside.h"

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

operation_fn operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return operations[i].run;
        }
    }
    return NULL;
}
