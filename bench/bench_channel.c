/*
 * Round trips over a channel between two processes, alone and in batches of 64, beside the same
 * over a bare socketpair: same run, same bytes, median of five. Prints `figure floor ratio` a line
 * (round trips a second).
 */
#include "process/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BODY_BYTES = 256,
    FRAME_BYTES = BODY_BYTES + CHANNEL_HEADER_BYTES,
    RUNS = 5,
    SINGLES = 20000,
    BATCHES = 4000,
    BATCH_MAX = 64
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_channel: %s failed\n", what);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* keep's side: answers each REQUEST by a REPLY of the same body, whatever came in one go by one
 * flush. */
static _Noreturn void echo_channel(int fd)
{
    struct channel *channel = channel_new(fd, ROLE_KEEP, ROLE_GATE, 1 << 22);
    struct frame frame;
    for (;;) {
        enum err err = channel_wait(channel, -1, &frame);
        while (err == ERR_NONE) {
            must(channel_send(channel, MESSAGE_REPLY, frame.id, frame.body) == ERR_NONE, "reply");
            err = channel_receive(channel, &frame);
        }
        if (err != ERR_BUSY || channel_flush_all(channel, -1) != ERR_NONE) {
            _exit(0);
        }
    }
}

static bool read_whole(int fd, uint8_t *bytes, size_t len)
{
    for (size_t have = 0; have < len;) {
        ssize_t got = read(fd, bytes + have, len - have);
        if (got <= 0) {
            return false;
        }
        have += (size_t)got;
    }
    return true;
}

static _Noreturn void echo_bare(int fd, size_t batch)
{
    static uint8_t bytes[FRAME_BYTES * BATCH_MAX];
    while (read_whole(fd, bytes, batch * FRAME_BYTES)) {
        must(write(fd, bytes, batch * FRAME_BYTES) == (ssize_t)(batch * FRAME_BYTES), "write");
    }
    _exit(0);
}

static double channel_rate(size_t rounds, size_t batch)
{
    int fds[2];
    struct frame frame;
    static const uint8_t body[BODY_BYTES];
    must(channel_pair(fds) == ERR_NONE, "channel_pair");
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        echo_channel(fds[1]);
    }
    close(fds[1]);
    struct channel *channel = channel_new(fds[0], ROLE_GATE, ROLE_KEEP, 1 << 22);
    double begun = seconds();
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < batch; i++) {
            must(channel_send(channel, MESSAGE_REQUEST, i, slice_of(body, sizeof(body))) ==
                     ERR_NONE,
                 "send");
        }
        for (size_t i = 0; i < batch; i++) {
            must(channel_wait(channel, -1, &frame) == ERR_NONE && frame.id == i &&
                     frame.body.len == BODY_BYTES,
                 "reply");
        }
    }
    double taken = seconds() - begun;
    channel_free(channel);
    waitpid(pid, NULL, 0);
    return (double)(rounds * batch) / taken;
}

static double bare_rate(size_t rounds, size_t batch)
{
    int fds[2];
    static uint8_t bytes[FRAME_BYTES * BATCH_MAX];
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        echo_bare(fds[1], batch);
    }
    close(fds[1]);
    double begun = seconds();
    for (size_t round = 0; round < rounds; round++) {
        must(write(fds[0], bytes, batch * FRAME_BYTES) == (ssize_t)(batch * FRAME_BYTES) &&
                 read_whole(fds[0], bytes, batch * FRAME_BYTES),
             "trip");
    }
    double taken = seconds() - begun;
    close(fds[0]);
    waitpid(pid, NULL, 0);
    return (double)(rounds * batch) / taken;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, size_t rounds, size_t batch)
{
    double figures[RUNS], floors[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        floors[i] = bare_rate(rounds, batch);
        figures[i] = channel_rate(rounds, batch);
    }
    qsort(figures, RUNS, sizeof(double), compare);
    qsort(floors, RUNS, sizeof(double), compare);
    printf("%s: %.0f %.0f %.2f\n", name, figures[RUNS / 2], floors[RUNS / 2],
           figures[RUNS / 2] / floors[RUNS / 2]);
}

int main(void)
{
    measure("channel round trips alone", SINGLES, 1);
    measure("channel round trips in batches of 64", BATCHES, BATCH_MAX);
    return 0;
}
