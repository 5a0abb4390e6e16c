/* Every operation by name: the engine's and the domains'. Here, because the engine knows nothing of the floors above it. */
#include "engine/operations.h"
#include "engine/turn_inside.h"

#include <string.h>

#if __has_include("measure/operations.def")
#define OPERATION(name) enum err operation_##name(struct turn *turn);
#include "measure/operations.def"
#undef OPERATION
#endif

static const struct {
    const char *name;
    operation_fn run;
} operations[] = {
#define OPERATION(name) {#name, operation_##name},
#include "engine/operations.def"
#if __has_include("measure/operations.def")
#include "measure/operations.def"
#endif
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
