/*
 * Endpoints collected and judged as reach and judge do it: a child process for each, four at a time, its facts through a pipe, judged in
 * one other process. Beside it the floor: as many complete TLS handshakes as those endpoints were asked for, with the bare library, by as
 * many processes. Same server, same run.
 *
 *   bench_tls PORT ENDPOINTS WORKERS     the server answers to *.vogt.test at 127.0.0.1:PORT
 */
#include "collect/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_BYTES = 16 << 20, FACTS_MAX_BYTES = 4 << 20, WORKERS_MAX = 64, COMPLETE_HANDSHAKES = 3 };

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_tls: %s failed\n", what);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double child_cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* -- one endpoint --------------------------------------------------------------------------------------------------- */

static _Noreturn void collect(int fd, unsigned port, size_t number)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "host", slice_string(arena_printf(arena, "n%zu.vogt.test", number)));
    json_set_string(arena, input, "address", SLICE_LITERAL("127.0.0.1"));
    json_set_u64(arena, input, "port", port);
    json_set_string(arena, input, "protocol", SLICE_LITERAL("https"));
    struct work_reply reply = {0};
    struct buf text = BUF_INIT(FACTS_MAX_BYTES);
    must(collect_tls(arena, input, SLICE_NONE, &reply) == ERR_NONE && json_write(&text, reply.output, 0) == ERR_NONE, "collect");
    for (size_t done = 0; done < text.len;) {
        ssize_t count = write(fd, text.data + done, text.len - done);
        must(count > 0, "write");
        done += (size_t)count;
    }
    _exit(0);
}

static size_t judge(struct slice text)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *input = NULL, *options = json_new(arena, JSON_OBJECT);
    must(json_read(arena, text, &input, NULL) == ERR_NONE, "facts");
    json_set_string(arena, options, "trust", SLICE_LITERAL("any"));
    json_set(arena, input, "options", options);
    json_set_i64(arena, input, "collected_at_ms", (int64_t)time(NULL) * 1000);
    struct work_reply reply = {0};
    must(judge_tls(arena, input, SLICE_NONE, &reply) == ERR_NONE, "judge");
    size_t passed = 0;
    const struct json *observations = json_member(reply.output, "observations");
    for (const struct json *one = observations == NULL ? NULL : observations->first; one != NULL; one = one->next) {
        passed += slice_is(json_text(one, "outcome", SLICE_NONE), "pass") ? 1 : 0;
    }
    return passed;
}

/* -- many ----------------------------------------------------------------------------------------------------------- */

struct slot {
    pid_t pid;
    int fd;
    double begun;
    struct buf facts;
};

static void begin(struct slot *slot, unsigned port, size_t number)
{
    int fds[2];
    must(pipe(fds) == 0, "pipe");
    *slot = (struct slot){.pid = fork(), .fd = fds[0], .begun = seconds(), .facts = BUF_INIT(FACTS_MAX_BYTES)};
    must(slot->pid >= 0, "fork");
    if (slot->pid == 0) {
        close(fds[0]);
        collect(fds[1], port, number);
    }
    close(fds[1]);
}

/* False at the end of the facts. */
static bool listen_to(struct slot *slot)
{
    uint8_t chunk[65536];
    ssize_t count = read(slot->fd, chunk, sizeof(chunk));
    must(count >= 0, "read");
    must(buf_append(&slot->facts, slice_of(chunk, (size_t)count)) == ERR_NONE, "room");
    return count > 0;
}

struct outcome {
    size_t passed;
    double longest;
};

static void end(struct slot *slot, struct outcome *outcome)
{
    close(slot->fd);
    waitpid(slot->pid, NULL, 0);
    outcome->passed += judge(buf_slice(&slot->facts));
    buf_free(&slot->facts);
    double took = seconds() - slot->begun;
    outcome->longest = took > outcome->longest ? took : outcome->longest;
    slot->pid = 0;
}

static struct outcome observe(unsigned port, size_t endpoints, size_t workers)
{
    struct slot slots[WORKERS_MAX] = {{0}};
    struct outcome outcome = {0};
    size_t begun = 0, ended = 0;
    while (ended < endpoints) {
        struct pollfd waiting[WORKERS_MAX];
        for (size_t i = 0; i < workers; i++) {
            if (slots[i].pid == 0 && begun < endpoints) {
                begin(&slots[i], port, begun++);
            }
            waiting[i] = (struct pollfd){slots[i].pid == 0 ? -1 : slots[i].fd, POLLIN, 0};
        }
        must(poll(waiting, workers, -1) > 0, "poll");
        for (size_t i = 0; i < workers; i++) {
            if (waiting[i].revents != 0 && !listen_to(&slots[i])) {
                end(&slots[i], &outcome);
                ended++;
            }
        }
    }
    return outcome;
}

/* -- the floor ------------------------------------------------------------------------------------------------------ */

static _Noreturn void shake(unsigned port, size_t count)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (size_t i = 0; i < count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "connect");
        SSL *ssl = SSL_new(context);
        must(SSL_set_fd(ssl, fd) == 1 && SSL_set_tlsext_host_name(ssl, "n1.vogt.test") == 1 && SSL_connect(ssl) == 1, "handshake");
        SSL_free(ssl);
        close(fd);
    }
    _exit(0);
}

static void shake_all(unsigned port, size_t count, size_t workers)
{
    for (size_t i = 0; i < workers; i++) {
        pid_t pid = fork();
        must(pid >= 0, "fork");
        if (pid == 0) {
            shake(port, count / workers);
        }
    }
    for (int status = 0; wait(&status) > 0;) {
        must(status == 0, "floor");
    }
}

int main(int argc, char **argv)
{
    must(argc == 4, "usage: bench_tls PORT ENDPOINTS WORKERS;");
    unsigned port = (unsigned)strtoul(argv[1], NULL, 10);
    size_t endpoints = strtoul(argv[2], NULL, 10), workers = strtoul(argv[3], NULL, 10);
    must(port > 0 && endpoints > 0 && workers > 0 && workers <= WORKERS_MAX, "arguments");
    double begun = seconds();
    shake_all(port, endpoints * COMPLETE_HANDSHAKES, workers);
    double floor_s = seconds() - begun, floor_cpu_s = child_cpu_seconds();
    begun = seconds();
    struct outcome outcome = observe(port, endpoints, workers);
    double took_s = seconds() - begun, cpu_s = child_cpu_seconds() - floor_cpu_s;
    printf("%zu endpoints judged, %zu kinds passed: %.1f s, %.1f ms each, longest %.0f ms, %.1f ms of processor each\n", endpoints, outcome.passed, took_s,
           1000 * took_s / (double)endpoints, 1000 * outcome.longest, 1000 * cpu_s / (double)endpoints);
    printf("floor, %zu bare handshakes: %.1f s, %.1f ms of processor for each endpoint; ratio %.1f\n", endpoints * COMPLETE_HANDSHAKES, floor_s,
           1000 * floor_cpu_s / (double)endpoints, took_s / floor_s);
    return 0;
}
