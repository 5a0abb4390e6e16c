/*
 * Runs one work of this floor for tests and by hand, without daemon or sandbox. Standard input:
 *   {"work":"collect.tls","input":{…}}                                   prints the work's output
 *   {"collect":"collect.tls","judge":"judge.tls","input":{…},"options":{…},"estate":{…},"now_ms":N}   collects, then judges
 * Exit code 1 and the complaint on standard error when the work refuses. Container engines are asked at the sockets that the variables
 * VOGT_TEST_DOCKER and VOGT_TEST_PODMAN name, through the vogt-relay that VOGT_TEST_RELAY names; without them there is none.
 */
#include "base/time.h"
#include "collect/reason.h"
#include "collect/works.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 << 20, INPUT_MAX_BYTES = 32 << 20 };

/* The connection at descriptor 4, as the parent makes it, and the program that holds it. */
static _Noreturn void become_relay(const char *path)
{
    const char *relay = getenv("VOGT_TEST_RELAY");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (relay == NULL || strlen(path) >= sizeof(address.sun_path) || fd < 0) {
        _exit(126);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && dup2(fd, 4) == 4) {
        execl(relay, "vogt-relay", (char *)NULL);
    }
    _exit(127);
}

/* Without a parent the program is started here: what the parent's table says, nothing else. */
enum err worker_child(const char *program, int *ret_fd)
{
    int pair[2];
    bool planted = strcmp(program, "nft-plant") == 0;
    const char *engine = strcmp(program, "engine-docker") == 0 ? getenv("VOGT_TEST_DOCKER") : strcmp(program, "engine-podman") == 0 ? getenv("VOGT_TEST_PODMAN") : NULL;
    bool for_people = strcmp(program, "nft-text") == 0;
    if (strcmp(program, "nft") != 0 && !planted && !for_people && engine == NULL) {
        return ERR_NOT_FOUND;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return ERR_IO;
    }
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pair[1], STDIN_FILENO);
        dup2(pair[1], STDOUT_FILENO);
        if (engine != NULL) {
            become_relay(engine);
        }
        if (planted && unshare(CLONE_NEWNET) != 0) {
            _exit(126);
        }
        execlp("nft", "nft", for_people ? "-a" : "-j", "list", "ruleset", (char *)NULL);
        _exit(127);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return ERR_IO;
    }
    *ret_fd = pair[0];
    return ERR_NONE;
}

static void fail(const char *what, enum err err, const struct complaint *complaint)
{
    char text[400] = "";
    if (complaint != NULL) {
        complaint_format(complaint, LANGUAGE_ENGLISH, text, sizeof(text));
    }
    fprintf(stderr, "%s: %s: %s\n", what, err_name(err), text);
    exit(1);
}

static struct json *run(struct arena *arena, struct slice name, const struct json *input)
{
    size_t count = 0;
    const struct work *works = collect_works(&count);
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, works[i].name)) {
            struct buf raw = BUF_INIT(1 << 20);
            struct work_reply reply = {.raw = &raw};
            enum err err = works[i].run(arena, input, SLICE_NONE, &reply);
            buf_free(&raw);
            if (err != ERR_NONE) {
                fail(works[i].name, err, &reply.complaint);
            }
            return reply.output;
        }
    }
    fail("no such work", ERR_NOT_FOUND, NULL);
    return NULL;
}

static void copy_member(struct arena *arena, struct json *to, const struct json *from, const char *name)
{
    const struct json *member = json_member(from, name);
    if (member != NULL) {
        json_set(arena, to, name, json_copy(arena, member));
    }
}

static struct json *observe(struct arena *arena, const struct json *request)
{
    struct json *collected = run(arena, json_text(request, "collect", SLICE_NONE), json_member(request, "input"));
    int64_t now_ms = clock_now().unix_ms;
    if (json_i64(request, "now_ms", &now_ms) == ERR_INVALID) {
        fail("now_ms", ERR_INVALID, NULL);
    }
    struct json *input = json_new(arena, JSON_OBJECT);
    copy_member(arena, input, collected, "facts");
    copy_member(arena, input, collected, "plant");
    copy_member(arena, input, request, "subject");
    copy_member(arena, input, request, "options");
    copy_member(arena, input, request, "estate");
    json_set_i64(arena, input, "collected_at_ms", now_ms);
    struct json *output = run(arena, json_text(request, "judge", SLICE_NONE), input);
    copy_member(arena, output, input, "facts");
    return output;
}

/* Each observation's sentence, as a person would read it: placeholders without value show in tests. */
static void add_sentences(struct arena *arena, struct json *output)
{
    const struct json *observations = json_member(output, "observations");
    struct json *sentences = json_set_array(arena, output, "sentences");
    for (const struct json *entry = observations == NULL ? NULL : observations->first; entry != NULL; entry = entry->next) {
        const struct reason *reason = reason_find(json_text(entry, "reason", SLICE_NONE));
        struct buf text = BUF_INIT(65536);
        if (reason == NULL || reason_write(&text, reason->sentence, LANGUAGE_ENGLISH, json_member(entry, "values")) != ERR_NONE) {
            fail("reason without sentence", ERR_INTERNAL, NULL);
        }
        json_append(sentences, json_string(arena, buf_slice(&text)));
        buf_free(&text);
    }
}

int main(void)
{
    cleanup_buf struct buf text = BUF_INIT(INPUT_MAX_BYTES);
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    for (;;) {
        uint8_t chunk[65536];
        ssize_t count = read(STDIN_FILENO, chunk, sizeof(chunk));
        if (count <= 0) {
            break;
        }
        if (buf_append(&text, slice_of(chunk, (size_t)count)) != ERR_NONE) {
            fail("input", ERR_TOO_LARGE, NULL);
        }
    }
    struct json *request = NULL;
    struct complaint complaint = {0};
    enum err err = json_read(arena, buf_slice(&text), &request, &complaint);
    if (err != ERR_NONE) {
        fail("input", err, &complaint);
    }
    bool both = json_member(request, "collect") != NULL;
    struct json *output = both ? observe(arena, request)
                               : run(arena, json_text(request, "work", SLICE_NONE), json_member(request, "input"));
    if (both) {
        add_sentences(arena, output);
    }
    cleanup_buf struct buf written = BUF_INIT(INPUT_MAX_BYTES);
    if (json_write(&written, output, 1) != ERR_NONE) {
        fail("output", ERR_TOO_LARGE, NULL);
    }
    printf("%.*s\n", (int)written.len, (const char *)written.data);
    return 0;
}
