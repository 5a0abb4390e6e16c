/*
 * A daemon of our own: starts vogt-parent from beside our executable (or ../lib/vogt), reads its
 * one line of readiness, passes signals on, waits for its end. The daemon dies with us. One at a
 * time, because signals have no context.
 */
#ifndef VOGT_COMMAND_DAEMON_H
#define VOGT_COMMAND_DAEMON_H

#include "command/command.h"

#include <sys/types.h>

struct daemon_start {
    const char *directory, *listen, *minimum, *config; /* the last two may be NULL */
    const char *database; /* NULL, or the file with the connection to PostgreSQL */
    bool log_here; /* its log on our standard error, else DIRECTORY/vogt.log */
    bool may_be_sealed; /* no operator's token is waited for: who starts it will unseal it */
};

struct daemon {
    pid_t pid;
    const char *address, *login_link; /* login_link NULL: there is a person already */
};

/* Ready: OUTCOME_OK and *ret_daemon. Else its own words are said and it is gone. */
enum outcome daemon_begin(struct run *run, const struct daemon_start *start,
                          struct daemon *ret_daemon);
bool daemon_told_to_stop(void); /* SIGINT, SIGTERM or SIGHUP came */
/* Waits for its end (after SIGTERM when `stop`), and gives its exit code; 128 + signal when one
 * ended it. */
int daemon_end(const struct daemon *daemon, bool stop);

#endif
