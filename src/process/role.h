/* The roles: one danger per process. Numbers stand in no file; names stand in logs, status and the
 * ledger. */
#ifndef VOGT_PROCESS_ROLE_H
#define VOGT_PROCESS_ROLE_H

#include "base/bytes.h"

enum role {
    ROLE_NONE,
    ROLE_PARENT,
    ROLE_GATE,
    ROLE_KEEP,
    ROLE_STORE,
    ROLE_JUDGE,
    ROLE_REACH,
    ROLE_LOOK,
    ROLE_SEAL,
    ROLE_COURIER, /* of an agent on another host: talks to Vogt, and stands where keep stands for look and reach */
    ROLE_TELL,    /* one audit device: writes its records to a file, a pipe, syslog or a socket */
    ROLE_COUNT
};

const char *role_name(enum role role); /* "gate" */
bool role_is_hub(enum role role);      /* keep or courier: the others' works go to it, and it has no keep of its own */

enum role role_of_name(struct slice name); /* ROLE_NONE if there is none */

/* How far the kernel and the container let a role be confined; a higher level includes the lower
 * ones. "Full" is all that the role's row in process/sandbox_profile.c asks for: look keeps the
 * host's root (read-only by Landlock), reach a root with the resolver's files only. An ordinary
 * user's "own uid" is an own user namespace without any capability. */
enum confinement {
    CONFINEMENT_NONE,
    CONFINEMENT_LIMITS,   /* rlimits, not dumpable, no new privileges */
    CONFINEMENT_SECCOMP,  /* and a system call filter */
    CONFINEMENT_LANDLOCK, /* and Landlock: no file, (ABI 4) no TCP beyond what the role needs */
    CONFINEMENT_FULL,     /* and an own uid with an empty root directory */
    CONFINEMENT_COUNT
};
const char *confinement_name(enum confinement level); /* "full" */
/* ERR_INVALID: no such level. */
enum err confinement_of_name(struct slice name, enum confinement *ret_level) must_check;

#endif
