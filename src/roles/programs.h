/*
 * Child programs of a parent (Vogt's, and an agent's): from a fixed table, who may ask for it, where it stands, its arguments, its confinement. Owns the running ones
 * until they have ended; each is killed after 20 s.
 */
#ifndef VOGT_ROLES_PROGRAMS_H
#define VOGT_ROLES_PROGRAMS_H

#include "process/role.h"

#include <sys/types.h>

enum { PROGRAMS_MAX = 8 };

struct program { /* a running child program */
    pid_t pid;   /* 0: free */
    int64_t kill_ms;
};

struct programs {
    struct program list[PROGRAMS_MAX];
};

/* *ret_fd: the other end of its standard input and output. ERR_NOT_FOUND: no such program, or not installed; ERR_RIGHTS: not this role's; ERR_BUSY. */
enum err program_start(struct programs *programs, int64_t now_ms, enum role asker, struct slice name, int *ret_fd) must_check;
bool program_is_installed(const char *name);
bool program_ended(struct programs *programs, pid_t pid);
int64_t programs_kill_due(struct programs *programs, int64_t now_ms); /* the next deadline, -1 without */

#endif
