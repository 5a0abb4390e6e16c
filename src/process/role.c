#include "process/role.h"

static const char *const role_names[ROLE_COUNT] = {
    [ROLE_NONE] = "none",   [ROLE_PARENT] = "parent", [ROLE_GATE] = "gate",
    [ROLE_KEEP] = "keep",   [ROLE_STORE] = "store",   [ROLE_JUDGE] = "judge",
    [ROLE_REACH] = "reach", [ROLE_LOOK] = "look",     [ROLE_SEAL] = "seal",   [ROLE_COURIER] = "courier",
    [ROLE_TELL] = "tell",
};

static const char *const level_names[CONFINEMENT_COUNT] = {
    [CONFINEMENT_NONE] = "none",       [CONFINEMENT_LIMITS] = "limits",
    [CONFINEMENT_SECCOMP] = "seccomp", [CONFINEMENT_LANDLOCK] = "landlock",
    [CONFINEMENT_FULL] = "full",
};

bool role_is_hub(enum role role)
{
    return role == ROLE_KEEP || role == ROLE_COURIER;
}

const char *role_name(enum role role)
{
    return (unsigned)role < ROLE_COUNT ? role_names[role] : "?";
}

enum role role_of_name(struct slice name)
{
    for (unsigned i = ROLE_NONE + 1; i < ROLE_COUNT; i++) {
        if (slice_is(name, role_names[i])) {
            return (enum role)i;
        }
    }
    return ROLE_NONE;
}

const char *confinement_name(enum confinement level)
{
    return (unsigned)level < CONFINEMENT_COUNT ? level_names[level] : "?";
}

enum err confinement_of_name(struct slice name, enum confinement *ret_level)
{
    for (unsigned i = 0; i < CONFINEMENT_COUNT; i++) {
        if (slice_is(name, level_names[i])) {
            *ret_level = (enum confinement)i;
            return ERR_NONE;
        }
    }
    return ERR_INVALID;
}
