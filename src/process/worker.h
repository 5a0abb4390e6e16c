/*
 * A worker: the main loop that judge, reach and look share. It takes WORK frames from keep
 * (descriptor 3 is the channel to the parent, 4 the channel to keep), runs the named function,
 * answers WORKED. One piece of work at a time.
 */
#ifndef VOGT_PROCESS_WORKER_H
#define VOGT_PROCESS_WORKER_H

#include "base/json.h"
#include "process/role.h"

/* Pieces of work that one reach does at once, each in a child of its own; keep hands out no more. A
 * probe of a far endpoint takes about a second, one of a dead endpoint 15 s: 16 at once are some
 * 600 to 900 a minute with a few dead ones among them; the parent's --reaches starts more. What
 * their answers may hold together is bounded in worker_reach.c. */
enum { WORKER_REACH_TASKS = 16 };

struct work_reply {
    struct json *output;        /* in the arena; NULL means an empty object */
    struct buf *raw;            /* bytes to attach, e.g. a PDF; starts empty */
    struct complaint complaint; /* what a person should read when the work is refused */
};

/* ERR_NONE: reply->output and raw hold the result. Else the error and the complaint go back; the
 * worker lives on. */
typedef enum err (*work_fn)(struct arena *arena, const struct json *input, struct slice raw,
                            struct work_reply *reply);

struct work {
    const char *name;
    work_fn run;
};

/* The whole main of a worker role: starts, enters the sandbox, serves until STOP. Returns the exit
 * code. reach runs each task in a child of its own (worker_reach.c); judge and look run one piece
 * of work at a time. */
int worker_run(enum role self, const struct work *works, size_t count) must_check;

/* The same on one channel until it closes, for a thread of keep's own: no start, no sandbox but the process's. */
struct channel;
enum err worker_serve(struct channel *channel, const struct work *works, size_t count) must_check;

/* Asks the parent to start a program of its fixed table; *ret_fd is its standard input and output
 * (shut down the writing side to end the input). ERR_NOT_FOUND: not installed; ERR_RIGHTS: not this
 * role's program, or the host refuses it. The program is killed after 20 s. judge: "pdftotext";
 * look: "nft" (the host's ruleset), "nft-text" (the same for people), "nft-plant" (the same in an empty network namespace: no rules
 * at all), "engine-docker" and "engine-podman" (vogt-relay, connected to that engine; NOT_FOUND:
 * there is no such socket; UNSUPPORTED: the relay is not installed). */
enum err worker_child(const char *program, int *ret_fd) must_check;

#endif
