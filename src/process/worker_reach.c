/*
 * reach: a child process a task. The upper half connects nowhere; it takes WORK, forks, and passes
 * the child's answer on. The child gives up both channels, narrows itself to the task's ports, runs
 * the one piece of work, writes the WORKED body to its pipe and is gone.
 *
 *   WORK -> start_task -> [child runs] -> read_task until the end of the pipe -> finish_task ->
 * WORKED
 *                                      \-> deadline passed: expire_tasks kills it     -> WORKED
 * with TIMEOUT
 */
#include "process/worker_internal.h"

#include "base/log.h"
#include "process/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TASKS_MAX = WORKER_REACH_TASKS,
    ANSWERS_MAX_BYTES = 64 << 20, /* of all tasks together: not 16 times the largest answer */
    TIMEOUT_DEFAULT_MS = 15000,
    TIMEOUT_MAX_MS = 120000,
    TIMEOUT_GRACE_MS = 500, /* for a collector that keeps to its time to say so itself */
    DNS_PORT = 53,
    READ_BYTES = 64 << 10,
};

struct task {
    bool used;
    pid_t pid;
    int fd; /* the end that the child writes to */
    uint64_t id;
    int64_t deadline_ms;
    struct buf answer;
};

struct reach {
    struct worker *worker;
    struct task tasks[TASKS_MAX];
};

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t written = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* the upper half sees a cut answer and says so */
        }
        bytes = slice_from(bytes, (size_t)written);
    }
}

static void add_port(struct ports *ports, const struct json *object)
{
    uint64_t number = 0;
    if (json_u64(object, "port", &number) == ERR_NONE && number <= UINT16_MAX) {
        ports_add(ports, (uint16_t)number);
    }
}

/* "port" and "ports" of the task's input, those of its "targets" and "control", the ports of its
 * plant, and 53: names are looked up over TCP too when the answer is long. What is malformed adds
 * nothing: the collector refuses it in words. */
static void ports_of(const struct json *input, struct ports *ret_connect, struct ports *ret_listen)
{
    struct ports listen = {{0}}, connect;
    (void)!ports_add_json(&listen, json_member(input, "plant_ports"));
    connect = listen;
    ports_add(&connect, DNS_PORT);
    (void)!ports_add_json(&connect, json_member(input, "ports"));
    add_port(&connect, input);
    add_port(&connect, json_member(input, "control"));
    const struct json *targets = json_member(input, "targets");
    for (const struct json *one = targets == NULL ? NULL : targets->first; one != NULL; one = one->next) {
        add_port(&connect, one);
    }
    *ret_connect = connect;
    *ret_listen = listen;
}

static _Noreturn void run_task(const struct worker *worker, struct arena *arena,
                               const struct json *input, struct slice body, int fd)
{
    cleanup_buf struct buf out = BUF_INIT(WORKER_BODY_BYTES);
    struct ports connect, listen;
    ports_of(input, &connect, &listen);
    close(channel_fd(worker->start.parent));
    close(channel_fd(worker->start.keep));
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
        sandbox_narrow_task(&connect, &listen) != ERR_NONE ||
        worker_answer(worker, arena, body, &out) != ERR_NONE) {
        _exit(1);
    }
    write_all(fd, buf_slice(&out));
    _exit(0);
}

static int64_t timeout_of(const struct json *input)
{
    uint64_t timeout_ms = TIMEOUT_DEFAULT_MS;
    if (json_u64(input, "timeout_ms", &timeout_ms) != ERR_NONE || timeout_ms == 0 ||
        timeout_ms > TIMEOUT_MAX_MS) {
        timeout_ms = TIMEOUT_DEFAULT_MS;
    }
    return (int64_t)timeout_ms + TIMEOUT_GRACE_MS;
}

/* Forks; on success the task's slot is filled. */
static enum err fork_task(struct reach *reach, struct task *task, const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(WORKER_ARENA_BYTES);
    struct work_call call;
    int fds[2];
    enum err err = arena == NULL ? ERR_MEMORY : work_get_call(arena, frame->body, &call);
    if (err != ERR_NONE) {
        return err;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        return err_from_errno(errno);
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        run_task(reach->worker, arena, call.input, frame->body, fds[1]);
    }
    int number = errno;
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return err_from_errno(number);
    }
    *task = (struct task){true,
                          pid,
                          fds[0],
                          frame->id,
                          mono_ms() + timeout_of(call.input),
                          BUF_INIT(WORKER_BODY_BYTES)};
    return ERR_NONE;
}

static enum err refuse(struct reach *reach, uint64_t id, enum err reason, struct text text)
{
    struct channel *keep = reach->worker->start.keep;
    enum err put = worker_refuse(channel_begin(keep, MESSAGE_WORKED, id), reason, text, "");
    enum err err = channel_end(keep);
    return put != ERR_NONE ? put : err;
}

/* Ends the child whatever it does, passes its answer on if it is one, else `reason`. */
static enum err finish_task(struct reach *reach, struct task *task, enum err reason)
{
    int status = 0;
    kill(task->pid, SIGKILL);
    while (waitpid(task->pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(task->fd);
    task->used = false;
    enum err err;
    if (reason == ERR_NONE && task->answer.len > 0) {
        err = channel_send(reach->worker->start.keep, MESSAGE_WORKED, task->id,
                           buf_slice(&task->answer));
    } else if (reason == ERR_TIMEOUT) {
        err = refuse(
            reach, task->id, reason,
            TEXT("the target did not answer in time", "das Ziel antwortete nicht rechtzeitig"));
    } else {
        LOG(LOG_WARN, "reach.task-died",
            LOG_NUMBER("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
        err = refuse(reach, task->id, reason == ERR_NONE ? ERR_PROTOCOL : reason,
                     TEXT("the probe ended without an answer", "die Messung endete ohne Antwort"));
    }
    buf_free(&task->answer);
    return err;
}

static size_t answers_bytes(const struct reach *reach)
{
    size_t sum = 0;
    for (size_t i = 0; i < TASKS_MAX; i++) {
        sum += reach->tasks[i].used ? reach->tasks[i].answer.capacity : 0;
    }
    return sum;
}

static enum err read_task(struct reach *reach, struct task *task)
{
    enum err err = buf_reserve(&task->answer, READ_BYTES);
    err = err == ERR_NONE && answers_bytes(reach) > ANSWERS_MAX_BYTES ? ERR_TOO_LARGE : err;
    if (err != ERR_NONE) {
        return finish_task(reach, task, err);
    }
    ssize_t got = recv(task->fd, task->answer.data + task->answer.len, READ_BYTES, MSG_DONTWAIT);
    if (got > 0) {
        task->answer.len += (size_t)got;
        return ERR_NONE;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return ERR_NONE;
    }
    return finish_task(reach, task, got == 0 ? ERR_NONE : ERR_IO);
}

static enum err expire_tasks(struct reach *reach, int *ret_wait_ms)
{
    int64_t now_ms = mono_ms(), wait_ms = -1;
    for (size_t i = 0; i < TASKS_MAX; i++) {
        struct task *task = &reach->tasks[i];
        if (!task->used) {
            continue;
        }
        int64_t left_ms = task->deadline_ms - now_ms;
        if (left_ms <= 0) {
            enum err err = finish_task(reach, task, ERR_TIMEOUT);
            if (err != ERR_NONE) {
                return err;
            }
        } else if (wait_ms < 0 || left_ms < wait_ms) {
            wait_ms = left_ms;
        }
    }
    *ret_wait_ms = (int)wait_ms;
    return ERR_NONE;
}

static struct task *free_task(struct reach *reach)
{
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (!reach->tasks[i].used) {
            return &reach->tasks[i];
        }
    }
    return NULL;
}

/* Takes WORK as long as a slot is free; what does not fit waits in the channel. */
static enum err take_work(struct reach *reach)
{
    struct task *task;
    while ((task = free_task(reach)) != NULL) {
        struct frame frame;
        enum err err = channel_receive(reach->worker->start.keep, &frame);
        if (err != ERR_NONE) {
            return err == ERR_BUSY ? ERR_NONE : err;
        }
        if (frame.kind != MESSAGE_WORK) {
            return ERR_PROTOCOL;
        }
        err = fork_task(reach, task, &frame);
        if (err != ERR_NONE) {
            err = refuse(
                reach, frame.id, err,
                TEXT("the probe could not be started", "die Messung ließ sich nicht starten"));
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

static enum err wait_and_read(struct reach *reach, int wait_ms)
{
    struct pollfd wait[2 + TASKS_MAX];
    struct task *tasks[2 + TASKS_MAX] = {NULL};
    nfds_t count = 2;
    struct channel *keep = reach->worker->start.keep;
    short events = (short)((free_task(reach) != NULL ? POLLIN : 0) |
                           (channel_queued_bytes(keep) > 0 ? POLLOUT : 0));
    wait[0] = (struct pollfd){channel_fd(reach->worker->start.parent), POLLIN, 0};
    wait[1] = (struct pollfd){channel_fd(keep), events, 0};
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (reach->tasks[i].used) {
            tasks[count] = &reach->tasks[i];
            wait[count++] = (struct pollfd){reach->tasks[i].fd, POLLIN, 0};
        }
    }
    if (poll(wait, count, wait_ms) < 0) {
        return errno == EINTR ? ERR_NONE : err_from_errno(errno);
    }
    if ((wait[1].revents & (POLLHUP | POLLERR)) != 0 && free_task(reach) == NULL) {
        return ERR_CLOSED;
    }
    for (nfds_t i = 2; i < count; i++) {
        enum err err = wait[i].revents != 0 ? read_task(reach, tasks[i]) : ERR_NONE;
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

static enum err run_loop(struct reach *reach)
{
    while (!reach->worker->stopping) {
        int wait_ms = -1;
        enum err err = take_work(reach);
        worker_hear_parent(reach->worker); /* what came together with its last word is in the channel already: poll would not tell */
        if (reach->worker->stopping) {
            return ERR_NONE;
        }
        if (err == ERR_NONE) {
            err = expire_tasks(reach, &wait_ms);
        }
        if (err == ERR_NONE) {
            err = channel_flush(reach->worker->start.keep);
        }
        if (err == ERR_NONE) {
            err = wait_and_read(reach, wait_ms);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

enum err worker_reach_loop(struct worker *worker)
{
    struct reach reach = {.worker = worker};
    enum err err = run_loop(&reach);
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (reach.tasks[i].used) {
            kill(reach.tasks[i].pid, SIGKILL);
            close(reach.tasks[i].fd);
            buf_free(&reach.tasks[i].answer);
        }
    }
    return err;
}
