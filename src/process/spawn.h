/*
 * Starting a role's executable: beside our own (/proc/self/exe), with exactly the descriptors given
 * (from 3 on), a clean environment, /dev/null as standard input, standard error passed on as output
 * and error, killed when the parent dies. Knows nothing of what roles do.
 */
#ifndef VOGT_PROCESS_SPAWN_H
#define VOGT_PROCESS_SPAWN_H

#include "process/role.h"

#include <sys/types.h>

enum { SPAWN_FDS_MAX = 16 };

struct spawned {
    pid_t pid;
    int pidfd; /* readable when the process ended; CLOEXEC; the caller closes it */
};

/* Opens the directory of our own executable: what spawn_role takes. */
enum err spawn_directory(int *ret_directory_fd) must_check;

/* fds[i] becomes descriptor 3 + i; they stay the caller's. `program`: the executable, NULL for the
 * one named after the role. ERR_NOT_FOUND: no such executable; ERR_IO. */
enum err spawn_role(int directory_fd, enum role role, const char *program, const int *fds,
                    size_t fd_count, struct spawned *ret_spawned) must_check;

/* What ends a parent (SIGINT, SIGTERM, SIGHUP) and says that a child ended (SIGCHLD): blocked from now on, and read at this descriptor (non-blocking, CLOEXEC). Errors of errno. */
enum err spawn_signals(int *ret_signal_fd) must_check;

#endif
