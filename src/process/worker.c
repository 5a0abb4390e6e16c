#include "process/worker_internal.h"

#include "base/log.h"
#include "process/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { CHILD_WAIT_MS = 5000 };

/* worker_child has no context to take it from: a work function sees only its input. Set once,
 * before the first piece of work. */
static struct worker *current;

enum err worker_refuse(struct buf *out, enum err err, struct text text, const char *detail)
{
    struct work_result result = {.err = err};
    if (complain(&result.complaint, err, text, 0, 0, detail, slice_string(detail).len) != err) {
        return ERR_INTERNAL;
    }
    return work_put_result(out, &result);
}

static const struct work *find_work(const struct worker *worker, struct slice name)
{
    for (size_t i = 0; i < worker->work_count; i++) {
        if (slice_is(name, worker->works[i].name)) {
            return &worker->works[i];
        }
    }
    return NULL;
}

enum err worker_answer(const struct worker *worker, struct arena *arena, struct slice body,
                       struct buf *out)
{
    struct work_call call;
    enum err err = work_get_call(arena, body, &call);
    if (err != ERR_NONE) {
        return worker_refuse(
            out, err, TEXT("the work order is damaged", "der Arbeitsauftrag ist beschädigt"), "");
    }
    const struct work *work = find_work(worker, call.name);
    if (work == NULL) {
        const char *name = arena_string(arena, call.name);
        return worker_refuse(
            out, ERR_NOT_FOUND,
            TEXT("this role has no such work", "diese Rolle kennt diese Arbeit nicht"),
            name == NULL ? "" : name);
    }
    cleanup_buf struct buf raw = BUF_INIT(WORKER_BODY_BYTES);
    struct work_reply reply = {.raw = &raw};
    err = work->run(arena, call.input, call.raw, &reply);
    const struct work_result result = {
        .err = err,
        .output = err == ERR_NONE ? reply.output : NULL,
        .raw = err == ERR_NONE ? buf_slice(&raw) : SLICE_NONE,
        .complaint = err == ERR_NONE ? (struct complaint){.text = {NULL, NULL}} : reply.complaint,
    };
    size_t start = out->len;
    enum err put = work_put_result(out, &result);
    if (put == ERR_NONE) {
        return ERR_NONE;
    }
    out->len = start; /* too large for the wire: say so instead */
    return worker_refuse(out, put, TEXT("the result is too large", "das Ergebnis ist zu groß"),
                         work->name);
}

void worker_hear_parent(struct worker *worker)
{
    struct frame frame;
    enum err err = channel_receive(worker->start.parent, &frame);
    if (err == ERR_BUSY) {
        return;
    }
    if (err != ERR_NONE || frame.kind != MESSAGE_STOP) {
        LOG(err == ERR_CLOSED ? LOG_WARN : LOG_ERROR, "worker.parent-lost", LOG_ERR(err));
    }
    worker->stopping = true;
}

/* The one frame that waits, if any. */
static enum err serve(const struct worker *worker, struct channel *keep, struct arena *arena)
{
    struct frame frame;
    enum err err = channel_receive(keep, &frame);
    if (err != ERR_NONE) {
        return err;
    }
    if (frame.kind != MESSAGE_WORK) {
        return ERR_PROTOCOL;
    }
    struct buf *out = channel_begin(keep, MESSAGE_WORKED, frame.id);
    enum err answered = worker_answer(worker, arena, frame.body, out);
    err = channel_end(keep);
    arena_reset(arena);
    if (answered != ERR_NONE || err != ERR_NONE) {
        return answered != ERR_NONE ? answered : err;
    }
    return channel_flush_all(keep, -1);
}

static enum err serve_loop(struct worker *worker)
{
    struct arena *arena cleanup_arena = arena_new(WORKER_ARENA_BYTES);
    if (arena == NULL) {
        return ERR_MEMORY;
    }
    while (!worker->stopping) {
        enum err err = serve(worker, worker->start.keep, arena);
        if (err != ERR_NONE && err != ERR_BUSY) {
            return err;
        }
        worker_hear_parent(worker); /* what came together with its last word is in the channel already: poll would not tell */
        if (err == ERR_NONE || worker->stopping) {
            continue;
        }
        struct pollfd wait[2] = {{channel_fd(worker->start.parent), POLLIN, 0},
                                 {channel_fd(worker->start.keep), POLLIN, 0}};
        if (poll(wait, 2, -1) < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
    }
    return ERR_NONE;
}

enum err worker_serve(struct channel *channel, const struct work *works, size_t count)
{
    const struct worker worker = {.works = works, .work_count = count};
    struct arena *arena cleanup_arena = arena_new(WORKER_ARENA_BYTES);
    enum err err = arena == NULL ? ERR_MEMORY : ERR_NONE;
    while (err == ERR_NONE) {
        err = serve(&worker, channel, arena);
        struct pollfd wait = {channel_fd(channel), POLLIN, 0};
        if (err == ERR_BUSY) {
            err = poll(&wait, 1, -1) < 0 && errno != EINTR ? err_from_errno(errno) : ERR_NONE;
        }
    }
    return err;
}

int worker_run(enum role self, const struct work *works, size_t count)
{
    struct worker worker = {.works = works, .work_count = count};
    if (role_start(self, &worker.start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    current = &worker;
    enum err err = role_confine(&worker.start, worker.start.fd_count > 0 ? worker.start.fds[0] : -1);
    if (err == ERR_NONE) {
        err = role_ready(&worker.start);
    }
    if (err != ERR_NONE) {
        return role_fail(&worker.start, err,
                         TEXT("a worker could not be confined as configured",
                              "ein Arbeiter ließ sich nicht wie verlangt einsperren"));
    }
    err = self == ROLE_REACH ? worker_reach_loop(&worker) : serve_loop(&worker);
    if (err != ERR_NONE && err != ERR_CLOSED) {
        LOG(LOG_ERROR, "worker.ended", LOG_ERR(err));
    }
    current = NULL;
    role_end(&worker.start);
    return err == ERR_NONE || err == ERR_CLOSED ? ROLE_EXIT_STOPPED : 1;
}

static enum err ask_child(struct worker *worker, struct arena *arena, const char *program)
{
    struct json *ask = json_new(arena, JSON_OBJECT);
    if (json_set_string(arena, ask, "program", slice_string(program)) == NULL) {
        return ERR_MEMORY;
    }
    enum err packed = json_pack(channel_begin(worker->start.parent, MESSAGE_START_CHILD, 0), ask);
    enum err err = channel_end(worker->start.parent);
    return packed != ERR_NONE ? packed : err;
}

static enum err err_of_name(struct slice name)
{
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        if (slice_is(name, err_name((enum err)i))) {
            return (enum err)i;
        }
    }
    return ERR_PROTOCOL;
}

enum err worker_child(const char *program, int *ret_fd)
{
    if (current == NULL || current->start.self == ROLE_REACH) {
        return ERR_RIGHTS;
    }
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct frame frame;
    enum err err = arena == NULL ? ERR_MEMORY : ask_child(current, arena, program);
    while (err == ERR_NONE) {
        err = channel_wait(current->start.parent, CHILD_WAIT_MS, &frame);
        if (err != ERR_NONE || frame.kind == MESSAGE_CHILD) {
            break;
        }
        if (frame.kind != MESSAGE_STOP) {
            return ERR_PROTOCOL;
        }
        current->stopping = true; /* the piece of work is finished first */
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct json *answer = NULL;
    err = json_unpack(arena, frame.body, &answer);
    if (err == ERR_NONE) {
        err = err_of_name(json_text(answer, "err", SLICE_NONE));
    }
    if (err != ERR_NONE || frame.fd < 0) {
        if (frame.fd >= 0) {
            close(frame.fd);
        }
        return err == ERR_NONE ? ERR_PROTOCOL : err;
    }
    *ret_fd = frame.fd;
    return ERR_NONE;
}
