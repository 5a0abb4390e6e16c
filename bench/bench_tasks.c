/*
 * What keep spends on a piece of work: N tasks wait for reach at once, are handed out as far as its
 * capacity goes, answered by this program at the other end of a real channel, and taken back. Prints
 * microseconds a task; the same at every N when nothing walks the waiting ones.
 */
#include "engine/mount.h"
#include "roles/keep.h"

#include "process/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 5, CAPACITY = 16 };

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_tasks: %s failed\n", what);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* keep_turns.c has these; here a turn is nothing but its asks. */
static size_t answered;

void keep_answered(struct keep *keep, struct running *running)
{
    (void)keep;
    running->waiting--;
    answered++;
}

void keep_told(struct keep *keep, struct running *running)
{
    (void)keep, (void)running;
}

void keep_forget_gate(struct keep *keep, const struct channel *gate)
{
    (void)keep;
    (void)gate;
}

/* reach's end: answers whatever came with an empty object. */
static void serve(struct channel *reach)
{
    struct frame frame;
    enum err err;
    while ((err = channel_receive(reach, &frame)) == ERR_NONE) {
        const struct work_result result = {.err = ERR_NONE};
        must(work_put_result(channel_begin(reach, MESSAGE_WORKED, frame.id), &result) == ERR_NONE &&
                 channel_end(reach) == ERR_NONE,
             "answer");
    }
    must(err == ERR_BUSY && channel_flush(reach) == ERR_NONE, "reach's channel");
}

static void take(struct keep *keep, struct member *member)
{
    struct frame frame;
    enum err err;
    while ((err = channel_receive(member->channel, &frame)) == ERR_NONE) {
        must(keep_take_worked(keep, member, frame.id, frame.body) == ERR_NONE, "take");
    }
    must(err == ERR_BUSY, "keep's channel");
}

static double run(struct keep *keep, struct channel *reach, size_t count)
{
    struct turn_private inside = {.lasting = arena_new(TURN_ARENA_MAX_BYTES)};
    struct turn turn = {.inside = &inside};
    struct running running = {.turn = &turn};
    struct ask *asks = calloc(count, sizeof *asks);
    must(asks != NULL && inside.lasting != NULL, "memory");
    answered = 0;
    double start = seconds();
    for (size_t i = 0; i < count; i++) {
        asks[i] = (struct ask){.role = ROLE_REACH, .work = "collect.tls", .input = SLICE_LITERAL("{}")};
        must(keep_add_task(keep, &running, &asks[i]) == ERR_NONE, "add");
    }
    while (answered < count) {
        keep_dispatch(keep);
        must(channel_flush(keep->members[0].channel) == ERR_NONE, "flush");
        serve(reach);
        take(keep, &keep->members[0]);
    }
    double taken = seconds() - start;
    free(asks);
    arena_free(inside.lasting);
    return 1e6 * taken / (double)count;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

operation_fn operation_find(const char *name)
{
    (void)name;
    return NULL;
}

const struct engine *engine_find(enum engine_class class, struct slice type)
{
    (void)class, (void)type;
    return NULL;
}

int main(void)
{
    static struct keep keep;
    static const size_t counts[] = {50, 500, 5000, 8000};
    int fds[2];
    must(channel_pair(fds) == ERR_NONE, "pair");
    struct channel *reach = channel_new(fds[1], ROLE_REACH, ROLE_KEEP, QUEUE_MAX_BYTES);
    keep.member_count = 1;
    keep.members[0] = (struct member){.role = ROLE_REACH, .capacity = CAPACITY, .channel = channel_new(fds[0], ROLE_KEEP, ROLE_REACH, QUEUE_MAX_BYTES)};
    must(reach != NULL && keep.members[0].channel != NULL, "channels");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        double taken[RUNS];
        for (int round = 0; round < RUNS; round++) {
            taken[round] = run(&keep, reach, counts[i]);
        }
        qsort(taken, RUNS, sizeof(taken[0]), by_size);
        printf("%zu waiting tasks: %.1f us a task\n", counts[i], taken[RUNS / 2]);
    }
    return 0;
}
