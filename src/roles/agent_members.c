/* The two members of an agent: their start, their frames, their end. */
#include "roles/agent.h"

#include "base/log.h"
#include "process/role_start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUEUE_BYTES = 2 << 20, MESSAGE_ARENA_BYTES = 1 << 18, CALM_MS = 60000, PAUSE_FIRST_MS = 200, PAUSE_MAX_MS = 30000, STOP_MS = 4000, EXIT_AGAIN = 73, EXIT_NO_PROGRAM = 127 };

static enum err send_tree(struct channel *channel, enum message kind, uint64_t id, const struct json *tree, int fd)
{
    cleanup_buf struct buf body = BUF_INIT(MESSAGE_ARENA_BYTES);
    enum err err = tree == NULL ? ERR_MEMORY : json_pack(&body, tree);
    if (err == ERR_NONE) {
        err = fd < 0 ? channel_send(channel, kind, id, buf_slice(&body)) : channel_send_fd(channel, kind, id, buf_slice(&body), fd);
    }
    return err == ERR_NONE ? channel_flush(channel) : err;
}

/* ---- start ---- */

static void configure_courier(const struct agent *agent, struct arena *arena, struct json *tree)
{
    const struct agent_options *options = &agent->options;
    struct utsname names;
    bool named = uname(&names) == 0;
    json_set_string(arena, tree, "server", slice_string(options->server));
    json_set_string(arena, tree, "pin", slice_string(options->pin));
    json_set_string(arena, tree, "token", slice_string(agent->token));
    /* the machine's own name, unless another was given: a token for another machine is then refused */
    bool first = agent_worker_role(agent) == ROLE_NONE;
    json_set_string(arena, tree, "name", options->name != NULL ? slice_string(options->name) : named && first ? slice_string(names.nodename) : SLICE_NONE);
    json_set_string(arena, tree, "hostname", named ? slice_string(names.nodename) : SLICE_NONE);
    json_set(arena, tree, "sight", agent_sight(arena, agent_worker_role(agent)));
}

static enum err configure(struct agent *agent, struct agent_member *member)
{
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "role", slice_string(role_name(member->role)));
    json_set_u64(arena, tree, "index", 0);
    json_set_u64(arena, tree, "descriptors", member->role == ROLE_COURIER ? 1 : 0);
    json_set_string(arena, tree, "minimum", slice_string(confinement_name(agent->options.minimum)));
    if (member->role == ROLE_COURIER) {
        configure_courier(agent, arena, tree);
    }
    struct slice paths = slice_string(agent->options.read), path;
    struct json *read = member->role == ROLE_LOOK ? json_set_array(arena, tree, "read") : NULL;
    while (slice_split(&paths, ':', &path)) {
        json_append(read, json_string(arena, path));
    }
    struct json *last = json_set_string(arena, tree, "language", agent->language == LANGUAGE_GERMAN ? SLICE_LITERAL("de") : SLICE_LITERAL("en"));
    return send_tree(member->channel, MESSAGE_CONFIGURE, 0, last == NULL ? NULL : tree, -1);
}

static void close_both(int fds[2])
{
    for (size_t i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

/* The child's ends are closed here in every case; ours live in the member. */
static enum err launch(struct agent *agent, struct agent_member *member)
{
    int parent_fds[2] = {-1, -1}, hub_fds[2] = {-1, -1}, fds[3];
    size_t count = 0;
    enum err err = channel_pair(parent_fds);
    err = err == ERR_NONE && member->role != ROLE_COURIER ? channel_pair(hub_fds) : err;
    if (err == ERR_NONE) {
        member->channel = channel_new(parent_fds[0], ROLE_PARENT, role_is_hub(member->role) ? ROLE_KEEP : member->role, QUEUE_BYTES);
        err = member->channel == NULL ? ERR_MEMORY : ERR_NONE;
    }
    if (err != ERR_NONE) {
        close_both(parent_fds);
        close_both(hub_fds);
        return err;
    }
    fds[count++] = parent_fds[1];
    fds[count++] = member->role == ROLE_COURIER ? agent->directory_fd : hub_fds[1];
    err = spawn_role(agent->executables_fd, member->role, NULL, fds, count, &member->spawned);
    close(parent_fds[1]);
    if (hub_fds[1] >= 0) {
        close(hub_fds[1]);
    }
    member->hub_end = hub_fds[0];
    return err;
}

static void release(struct agent_member *member)
{
    channel_free(member->channel);
    member->channel = NULL;
    if (member->hub_end >= 0) {
        close(member->hub_end);
    }
    if (member->spawned.pidfd >= 0) {
        close(member->spawned.pidfd);
    }
    member->hub_end = -1;
    member->spawned = (struct spawned){0, -1};
    member->kill_ms = 0;
}

static void kill_member(const struct agent_member *member)
{
    if (member->spawned.pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, member->spawned.pidfd, SIGKILL, NULL, 0);
    }
}

enum err agent_start(struct agent *agent, enum agent_member_id id)
{
    struct agent_member *member = &agent->members[id];
    if (id == MEMBER_WORKER) {
        member->role = agent_worker_role(agent); /* the courier is ready, so it is enrolled */
    }
    if (member->role == ROLE_NONE) {
        return ERR_NONE;
    }
    enum err err = launch(agent, member);
    if (err != ERR_NONE) {
        release(member);
        return err;
    }
    member->state = AGENT_STARTING;
    member->started_ms = agent_now_ms();
    if (configure(agent, member) != ERR_NONE) {
        kill_member(member); /* its end is noticed like any other */
    }
    return ERR_NONE;
}

/* ---- frames ---- */

static void hand_over(struct agent *agent)
{
    struct agent_member *courier = &agent->members[MEMBER_COURIER], *worker = &agent->members[MEMBER_WORKER];
    if (courier->state != AGENT_SERVING || worker->state != AGENT_SERVING || worker->hub_end < 0) {
        return;
    }
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "role", slice_string(role_name(worker->role)));
    struct json *last = json_set_string(arena, tree, "confinement", slice_string(worker->confinement));
    enum err err = send_tree(courier->channel, MESSAGE_CHANNEL, 0, last == NULL ? NULL : tree, worker->hub_end);
    close(worker->hub_end);
    worker->hub_end = -1;
    if (err != ERR_NONE) {
        kill_member(courier);
    }
}

static enum err take_ready(struct agent *agent, struct arena *arena, struct agent_member *member, const struct json *tree)
{
    struct slice level = json_text(tree, "confinement", SLICE_NONE);
    if (json_member(tree, "err") != NULL) {
        const char *english = arena_string(arena, json_text(tree, "english", SLICE_LITERAL("a role could not start")));
        const char *german = arena_string(arena, json_text(tree, "german", SLICE_LITERAL("eine Rolle konnte nicht starten")));
        agent_fail(agent, ERR_INVALID, english == NULL || german == NULL ? TEXT("a role could not start", "eine Rolle konnte nicht starten") : TEXT(english, german), role_name(member->role));
        return ERR_NONE;
    }
    if (member->state != AGENT_STARTING || confinement_of_name(level, &member->level) != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    snprintf(member->confinement, sizeof(member->confinement), "%s", confinement_name(member->level));
    member->state = AGENT_SERVING;
    if (member->role == ROLE_COURIER && agent->members[MEMBER_WORKER].state == AGENT_EMPTY) {
        enum err err = agent_start(agent, MEMBER_WORKER);
        if (err != ERR_NONE) {
            return err;
        }
    }
    hand_over(agent);
    return ERR_NONE;
}

static enum err take_child(struct agent *agent, struct arena *arena, struct agent_member *member, uint64_t id, const struct json *tree)
{
    int fd = -1;
    enum err err = program_start(&agent->programs, agent_now_ms(), member->role, json_text(tree, "program", SLICE_NONE), &fd);
    struct json *answer = json_new(arena, JSON_OBJECT);
    json_set_string(arena, answer, "err", slice_string(err_name(err)));
    err = send_tree(member->channel, MESSAGE_CHILD, id, answer, fd);
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

static enum err take(struct agent *agent, struct agent_member *member, const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    struct json *tree = NULL;
    enum err err = arena == NULL ? ERR_MEMORY : json_unpack(arena, frame->body, &tree);
    if (err != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    if (frame->kind == MESSAGE_READY) {
        return take_ready(agent, arena, member, tree);
    }
    return frame->kind == MESSAGE_START_CHILD && member->role == ROLE_LOOK ? take_child(agent, arena, member, frame->id, tree) : ERR_PROTOCOL;
}

void agent_hear(struct agent *agent, enum agent_member_id id)
{
    struct agent_member *member = &agent->members[id];
    for (;;) {
        struct frame frame;
        enum err err = member->channel == NULL ? ERR_CLOSED : channel_receive(member->channel, &frame);
        if (err == ERR_BUSY || err == ERR_CLOSED) {
            return; /* its end comes as a signal */
        }
        err = err == ERR_NONE ? take(agent, member, &frame) : err;
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "role.violated", LOG_TEXT("violator", role_name(member->role)), LOG_ERR(err));
            kill_member(member);
            return;
        }
    }
}

void agent_close(struct agent_member *member)
{
    kill_member(member);
    channel_free(member->channel);
    member->channel = NULL;
}

/* ---- end ---- */

static int64_t pause_ms(const struct agent_member *member)
{
    int64_t wait_ms = PAUSE_FIRST_MS;
    for (unsigned i = 1; i < member->crashes && wait_ms < PAUSE_MAX_MS; i++) {
        wait_ms *= 2;
    }
    return wait_ms < PAUSE_MAX_MS ? wait_ms : PAUSE_MAX_MS;
}

static void describe(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status)) {
        snprintf(out, size, WTERMSIG(status) == SIGSYS ? "killed by its system call filter" : "signal %d", WTERMSIG(status));
    } else {
        snprintf(out, size, "exit %d", WEXITSTATUS(status));
    }
}

static void tell_courier(struct agent *agent)
{
    struct agent_member *courier = &agent->members[MEMBER_COURIER];
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    if (courier->state == AGENT_SERVING && send_tree(courier->channel, MESSAGE_ENDED, 0, arena == NULL ? NULL : json_new(arena, JSON_OBJECT), -1) != ERR_NONE) {
        kill_member(courier);
    }
}

/* Without the courier the worker's channel leads nowhere: it ends too, and both begin anew. */
static void courier_ended(struct agent *agent, int status, bool failed_start)
{
    struct agent_member *courier = &agent->members[MEMBER_COURIER], *worker = &agent->members[MEMBER_WORKER];
    kill_member(worker);
    bool again = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_AGAIN;
    if (again) {
        explicit_bzero(agent->token, sizeof(agent->token)); /* used */
        courier->crashes = 0;
        courier->restart_ms = agent_now_ms();
    } else if (failed_start && WIFEXITED(status) && WEXITSTATUS(status) == ROLE_EXIT_STOPPED) {
        agent->stopping = true;
    }
}

void agent_member_ended(struct agent *agent, enum agent_member_id id, int status)
{
    struct agent_member *member = &agent->members[id];
    int64_t now_ms = agent_now_ms();
    char reason[64];
    agent_hear(agent, id); /* what it said last, perhaps why it went */
    bool starting = member->state == AGENT_STARTING;
    release(member);
    member->state = AGENT_EMPTY;
    if (agent->stopping) {
        return;
    }
    if (starting && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_PROGRAM) {
        agent_fail(agent, ERR_NOT_FOUND, TEXT("a program of the agent cannot be started; all stand in one folder, and /dev/null must be there", "ein Programm des Agenten lässt sich nicht starten; alle liegen in einem Ordner, und /dev/null muss es geben"), role_name(member->role));
        return;
    }
    describe(status, reason, sizeof(reason));
    member->crashes = now_ms - member->started_ms > CALM_MS ? 1 : member->crashes + 1;
    member->state = AGENT_WAITING;
    member->restart_ms = now_ms + pause_ms(member);
    if (id == MEMBER_COURIER) {
        courier_ended(agent, status, starting);
    } else {
        tell_courier(agent);
    }
    LOG(LOG_WARN, "role.ended", LOG_TEXT("ended", role_name(member->role)), LOG_TEXT("reason", reason), LOG_NUMBER("restart_in_ms", member->restart_ms - now_ms));
}

void agent_restart_due(struct agent *agent, int64_t now_ms)
{
    for (size_t i = 0; i < AGENT_MEMBERS; i++) {
        struct agent_member *member = &agent->members[i];
        if (member->kill_ms != 0 && now_ms >= member->kill_ms) {
            kill_member(member);
            member->kill_ms = now_ms + STOP_MS;
        }
        bool worker_must_wait = i == MEMBER_WORKER && agent->members[MEMBER_COURIER].state != AGENT_SERVING;
        if (member->state != AGENT_WAITING || now_ms < member->restart_ms || agent->stopping || worker_must_wait) {
            continue;
        }
        enum err err = agent_start(agent, (enum agent_member_id)i);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "role.not-restarted", LOG_TEXT("ended", role_name(member->role)), LOG_ERR(err));
            member->crashes++;
            member->restart_ms = now_ms + pause_ms(member);
        }
    }
}

int64_t agent_next_ms(const struct agent *agent)
{
    int64_t next_ms = -1;
    for (size_t i = 0; i < AGENT_MEMBERS; i++) {
        const struct agent_member *member = &agent->members[i];
        bool worker_must_wait = i == MEMBER_WORKER && agent->members[MEMBER_COURIER].state != AGENT_SERVING;
        int64_t own_ms = member->kill_ms != 0 ? member->kill_ms : member->state == AGENT_WAITING && !agent->stopping && !worker_must_wait ? member->restart_ms : -1;
        next_ms = own_ms >= 0 && (next_ms < 0 || own_ms < next_ms) ? own_ms : next_ms;
    }
    return next_ms;
}

void agent_stop_members(struct agent *agent, int64_t now_ms)
{
    for (size_t i = 0; i < AGENT_MEMBERS; i++) {
        struct agent_member *member = &agent->members[i];
        if (member->spawned.pidfd < 0 || member->kill_ms != 0) {
            continue;
        }
        enum err err = channel_send(member->channel, MESSAGE_STOP, 0, SLICE_NONE);
        err = err == ERR_NONE ? channel_flush(member->channel) : err;
        member->kill_ms = now_ms + (err == ERR_NONE ? STOP_MS : 0);
    }
}

bool agent_is_empty(const struct agent *agent)
{
    return agent->members[MEMBER_COURIER].spawned.pidfd < 0 && agent->members[MEMBER_WORKER].spawned.pidfd < 0;
}
