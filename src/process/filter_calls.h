/* The system calls of each filter, as data. Internal to process/. */
#ifndef VOGT_PROCESS_FILTER_CALLS_H
#define VOGT_PROCESS_FILTER_CALLS_H

#include <stdint.h>

enum filter_test {
    TEST_MASKED, /* (argument & mask) == value; a mask of zero: no test */
    TEST_SELF,   /* argument == our own process id */
};

struct filter_argument {
    enum filter_test test;
    uint8_t number;
    uint64_t mask, value;
};

enum { FILTER_ARGUMENTS = 2 };

struct filter_call {
    const char
        *name; /* of the system call; one that the architecture does not have is passed over */
    struct filter_argument arguments[FILTER_ARGUMENTS]; /* all must hold */
    int refuse_errno; /* 0: allowed; else answered with this error instead of death */
};

/* A filter is the union of its lists; any other call has the filter's own action. Rows of one call
 * are alternatives. */
struct filter {
    const struct filter_call *const *lists; /* NULL-terminated */
};

extern const struct filter filters_of_roles[];    /* by enum role */
extern const struct filter filters_of_children[]; /* by enum child_kind */
extern const struct filter filter_connecting;     /* the store's, where its database is a server */
extern const char
    *const filter_connected_refused[]; /* NULL-terminated: killed on top of it, once connected */
extern const struct filter_call
    *const filter_sanitizer; /* added to every filter of a sanitizer build */
extern const char
    *const filter_task_refused[]; /* NULL-terminated: killed on top of reach's filter */
extern const char *const
    filter_parent_refused[]; /* NULL-terminated: EPERM in the parent and all that it starts */

#endif
