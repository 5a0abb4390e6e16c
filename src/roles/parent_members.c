/* Members: the running roles, their start, their end, and the order of stopping. */
#include "roles/parent.h"

#include "base/log.h"
#include "process/role_start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    QUEUE_BYTES = 2 << 20,
    CALM_MS = 60000, /* a role that ran this long starts with a clean sheet */
    BACKOFF_FIRST_MS = 50,
    BACKOFF_MAX_MS = 30000,
    STOP_MS = 4000, /* what a role gets between STOP and SIGKILL */
    KEEP_CRASHES_MAX = 5,
};

/* Whoever takes requests goes first, whoever keeps the data last: what is under way can still be
 * committed. */
static const enum role stop_order[] = {ROLE_GATE, ROLE_REACH, ROLE_LOOK, ROLE_JUDGE,
                                       ROLE_SEAL, ROLE_TELL,  ROLE_KEEP, ROLE_STORE};
enum { STOP_PHASES = sizeof(stop_order) / sizeof(stop_order[0]) };

static void plan(struct parent *parent, enum role role, uint64_t count)
{
    for (uint64_t i = 0; i < count && parent->member_count < MEMBERS_MAX; i++) {
        parent->members[parent->member_count++] = (struct member){
            .role = role, .index = i, .state = MEMBER_EMPTY, .keep_end = -1, .spawned = {0, -1}};
    }
}

void members_plan(struct parent *parent)
{
    plan(parent, ROLE_STORE, 1);
    plan(parent, ROLE_KEEP, 1);
    plan(parent, ROLE_GATE, parent->options.gates);
    plan(parent, ROLE_JUDGE, parent->options.judges);
    plan(parent, ROLE_REACH, parent->options.reaches);
    plan(parent, ROLE_LOOK, 1);
    plan(parent, ROLE_SEAL, 1); /* started when keep asks for it, as are these: */
    plan(parent, ROLE_TELL, TELLS_MAX);
}

const char *member_program(const struct parent *parent, enum role role)
{
    return role == ROLE_STORE && parent->options.database != NULL ? "vogt-store-postgres" : role_name(role);
}

struct member *member_of_role(struct parent *parent, enum role role)
{
    for (size_t i = 0; i < parent->member_count; i++) {
        if (parent->members[i].role == role) {
            return &parent->members[i];
        }
    }
    return NULL;
}

struct member *member_at(struct parent *parent, enum role role, uint64_t index)
{
    for (size_t i = 0; i < parent->member_count; i++) {
        if (parent->members[i].role == role && parent->members[i].index == index) {
            return &parent->members[i];
        }
    }
    return NULL;
}

static bool is_asked_for(enum role role)
{
    return role == ROLE_SEAL || role == ROLE_TELL;
}

bool members_all(const struct parent *parent, enum member_state state)
{
    for (size_t i = 0; i < parent->member_count; i++) {
        if (!is_asked_for(parent->members[i].role) && parent->members[i].state != state) {
            return false;
        }
    }
    return true;
}

/* ---- configuration of a role ---- */

static void configure_keep(const struct parent *parent, struct arena *arena, struct json *tree)
{
    const struct json *blocks = json_member(parent->config, "seal");
    const struct json *labels = blocks == NULL ? NULL : json_member(blocks->first, "labels");
    struct slice seal =
        labels == NULL || labels->first == NULL ? SLICE_LITERAL("key-file") : labels->first->text;
    json_set_string(arena, tree, "address", slice_string(parent->address));
    json_set_string(arena, tree, "directory", slice_string(parent->directory_path));
    json_set_string(arena, tree, "seal", seal);
    json_set_string(arena, tree, "storage", slice_string(parent->options.database == NULL ? "sqlite" : "postgresql"));
    json_set_bool(arena, tree, "sealed", parent->sealed);
    struct json *counts = json_set_object(arena, tree, "counts");
    json_set_u64(arena, counts, "gate", parent->options.gates);
    json_set_u64(arena, counts, "judge", parent->options.judges);
    json_set_u64(arena, counts, "reach", parent->options.reaches);
    json_set_u64(arena, counts, "look", 1);
    struct json *own = json_set_object(arena, tree, "parent");
    json_set_u64(arena, own, "pid", (uint64_t)getpid());
    json_set_string(arena, own, "confinement", slice_string(confinement_name(parent->own.level)));
    struct json *features = json_set_array(arena, own, "features");
    for (size_t i = 0; i < parent->own.feature_count; i++) {
        json_append(features, json_string(arena, slice_string(parent->own.features[i])));
    }
    json_set(arena, tree, "config", json_copy(arena, parent->config));
}

static void configure_gate(const struct parent *parent, struct arena *arena, struct json *tree)
{
    json_set_u64(arena, tree, "sockets", parent->socket_count);
    json_set_string(arena, tree, "address", slice_string(parent->address));
    json_set_bool(arena, tree, "plain", parent->plain);
}

static void configure_store(const struct parent *parent, struct arena *arena, struct json *tree)
{
    json_set_string(arena, tree, "directory", slice_string(parent->directory_path));
}

/* look { read = ["/srv/app/.env"] }: files with secrets whose fingerprints are compared. */
static void configure_look(const struct parent *parent, struct arena *arena, struct json *tree)
{
    const struct json *blocks = json_member(parent->config, "look");
    const struct json *read = blocks == NULL ? NULL : json_member(blocks->first, "read");
    if (read != NULL && read->type == JSON_ARRAY) {
        json_set(arena, tree, "read", json_copy(arena, read));
    }
}

static void (*const configurers[ROLE_COUNT])(const struct parent *parent, struct arena *arena,
                                             struct json *tree) = {
    [ROLE_KEEP] = configure_keep, [ROLE_GATE] = configure_gate, [ROLE_STORE] = configure_store,
    [ROLE_LOOK] = configure_look};

static enum err configure(const struct parent *parent, struct member *member, size_t own_fds)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "role", slice_string(role_name(member->role)));
    json_set_u64(arena, tree, "index", member->index);
    json_set_u64(arena, tree, "descriptors", own_fds);
    if (configurers[member->role] != NULL) {
        configurers[member->role](parent, arena, tree);
    }
    struct slice language =
        parent->language == LANGUAGE_GERMAN ? SLICE_LITERAL("de") : SLICE_LITERAL("en");
    if (json_set_string(arena, tree, "language", language) == NULL) {
        return ERR_MEMORY;
    }
    enum err packed = json_pack(channel_begin(member->channel, MESSAGE_CONFIGURE, 0), tree);
    enum err err = channel_end(member->channel);
    if (packed != ERR_NONE || err != ERR_NONE) {
        return packed != ERR_NONE ? packed : err;
    }
    return channel_flush(member->channel);
}

/* ---- start ---- */

/* `opened`: what member_start opened for this one, -1 where it opened nothing. */
static const int *own_descriptors(const struct parent *parent, enum role role, const int opened[2],
                                  size_t *ret_count)
{
    switch (role) {
    case ROLE_STORE:
        *ret_count = 1;
        return &parent->directory_fd;
    case ROLE_GATE:
        *ret_count = parent->socket_count;
        return parent->sockets;
    case ROLE_SEAL:
    case ROLE_TELL:
        *ret_count = 1;
        return opened;
    case ROLE_KEEP:
        *ret_count = opened[0] < 0 ? 0 : 2;
        return opened;
    case ROLE_NONE:
    case ROLE_PARENT:
    case ROLE_JUDGE:
    case ROLE_REACH:
    case ROLE_LOOK:
    case ROLE_COURIER:
    case ROLE_COUNT:
        break;
    }
    *ret_count = 0;
    return NULL;
}

static void close_pair(int fds[2])
{
    for (size_t i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
            fds[i] = -1;
        }
    }
}

/* Starts the process with its ends; ours stay in parent_fds[0] and keep_fds[0]. */
static enum err launch(struct parent *parent, struct member *member, int parent_fds[2],
                       int keep_fds[2], const int opened[2], size_t *ret_own)
{
    int fds[SPAWN_FDS_MAX];
    size_t count = 0, own = 0;
    const int *own_fds = own_descriptors(parent, member->role, opened, &own);
    fds[count++] = parent_fds[1];
    if (member->role != ROLE_KEEP) {
        fds[count++] = keep_fds[1];
    }
    for (size_t i = 0; i < own; i++) {
        fds[count++] = own_fds[i];
    }
    if (member->role == ROLE_STORE && opened[0] >= 0) {
        fds[count++] = opened[0];
        own++;
    }
    *ret_own = own;
    const char *program = member->role == ROLE_STORE && opened[0] >= 0 ? member_program(parent, ROLE_STORE) : NULL;
    return spawn_role(parent->executables_fd, member->role, program, fds, count, &member->spawned);
}

static enum err start_with(struct parent *parent, struct member *member, const int opened[2])
{
    int parent_fds[2] = {-1, -1}, keep_fds[2] = {-1, -1};
    size_t own = 0;
    enum err err = channel_pair(parent_fds);
    if (err == ERR_NONE && member->role != ROLE_KEEP) {
        err = channel_pair(keep_fds);
    }
    if (err == ERR_NONE) {
        member->channel = channel_new(parent_fds[0], ROLE_PARENT, member->role, QUEUE_BYTES);
        err = member->channel == NULL ? ERR_MEMORY : ERR_NONE;
    }
    if (err != ERR_NONE) {
        close_pair(parent_fds);
        close_pair(keep_fds);
        return err;
    }
    parent_fds[0] = -1; /* the channel's now */
    err = launch(parent, member, parent_fds, keep_fds, opened, &own);
    if (err != ERR_NONE) {
        channel_free(member->channel);
        member->channel = NULL;
        close_pair(parent_fds);
        close_pair(keep_fds);
        return err;
    }
    close(parent_fds[1]);
    if (keep_fds[1] >= 0) {
        close(keep_fds[1]);
    }
    member->keep_end = keep_fds[0];
    member->state = MEMBER_STARTING;
    member->started_ms = parent_now_ms();
    member->kill_ms = 0;
    member->replaced = false;
    member->hung = false;
    err = configure(parent, member, own);
    if (err != ERR_NONE) {
        member_kill(member); /* its end is noticed like any other */
    }
    return ERR_NONE;
}

enum err member_start(struct parent *parent, struct member *member)
{
    int opened[2] = {-1, -1};
    struct complaint complaint;
    enum err err = member->role == ROLE_SEAL   ? directory_open_key(parent, &opened[0], &complaint)
                   : member->role == ROLE_KEEP ? directory_open_tls(parent, opened, &complaint)
                   : member->role == ROLE_TELL ? directory_open_audit(parent, &opened[0], &complaint)
                   : member->role == ROLE_STORE ? directory_open_database(parent, &opened[0], &complaint)
                                               : ERR_NONE;
    if (err != ERR_NONE) {
        char text[512];
        complaint_format(&complaint, parent->language, text, sizeof(text));
        LOG(LOG_ERROR, member->role == ROLE_SEAL ? "seal.no-key" : member->role == ROLE_TELL ? "audit.no-directory" : member->role == ROLE_STORE ? "store.no-connection" : "keep.no-certificate", LOG_ERR(err), LOG_TEXT("text", text));
        return err;
    }
    err = start_with(parent, member, opened);
    close_pair(opened);
    return err;
}

/* ---- end ---- */

void member_kill(struct member *member)
{
    if (member->spawned.pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, member->spawned.pidfd, SIGKILL, NULL, 0);
    }
}

static void describe(int status, char reason[REASON_BYTES])
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        snprintf(reason, REASON_BYTES, "killed by its system call filter");
    } else if (WIFSIGNALED(status)) {
        snprintf(reason, REASON_BYTES, "signal %d (%s)", WTERMSIG(status),
                 sigabbrev_np(WTERMSIG(status)));
    } else {
        snprintf(reason, REASON_BYTES, "exit %d", WEXITSTATUS(status));
    }
}

static void release(struct member *member)
{
    channel_free(member->channel);
    member->channel = NULL;
    close(member->spawned.pidfd);
    member->spawned = (struct spawned){0, -1};
    if (member->keep_end >= 0) {
        close(member->keep_end);
        member->keep_end = -1;
    }
    member->kill_ms = 0;
}

static int64_t backoff_ms(const struct member *member)
{
    int64_t wait_ms = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < member->crashes && wait_ms < BACKOFF_MAX_MS; i++) {
        wait_ms *= 2;
    }
    return wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS;
}

static void send_stop(struct member *member, int64_t now_ms)
{
    enum err err = channel_send(member->channel, MESSAGE_STOP, 0, SLICE_NONE);
    if (err == ERR_NONE) {
        err = channel_flush(member->channel);
    }
    member->kill_ms = now_ms + (err == ERR_NONE ? STOP_MS : 0);
}

/* Keep is gone or knows no more what is true, and its channels lead nowhere: all are started anew,
 * each after it has ended. */
void members_begin_anew(struct parent *parent, enum role role, const char *reason)
{
    int64_t now_ms = parent_now_ms();
    parent->ended_role = role;
    parent->asked = parent->asked && parent->announced; /* the one that was asked is gone */
    snprintf(parent->keep_reason, sizeof(parent->keep_reason), "%s", reason);
    for (size_t i = 0; i < parent->member_count; i++) {
        struct member *member = &parent->members[i];
        if (member->state == MEMBER_STARTING || member->state == MEMBER_SERVING) {
            member->replaced = true;
            member->state = MEMBER_STOPPING;
            send_stop(member, now_ms);
        }
    }
}

static void keep_ended(struct parent *parent, struct member *member, const char *reason)
{
    if (member->crashes > KEEP_CRASHES_MAX) {
        parent_fail(parent, ERR_INTERNAL,
                    TEXT("keep ended again and again; see the log above",
                         "keep endete immer wieder; siehe das Protokoll darüber"),
                    reason);
        return;
    }
    parent->sealed = true; /* the new one must not unseal by itself */
    members_begin_anew(parent, ROLE_KEEP, reason);
}

/* Its database cannot be reached for now: tried again, however long it takes. */
static void store_went(struct member *store, int64_t now_ms)
{
    store->crashes = now_ms - store->started_ms > CALM_MS ? 1 : store->crashes + 1;
    store->state = MEMBER_WAITING;
    store->restart_ms = now_ms + backoff_ms(store);
    LOG(LOG_WARN, "store.away", LOG_NUMBER("again_in_ms", store->restart_ms - now_ms));
}

static void crashed(struct parent *parent, struct member *member, const char *reason,
                    int64_t now_ms)
{
    member->crashes = now_ms - member->started_ms > CALM_MS ? 1 : member->crashes + 1;
    member->state = MEMBER_WAITING;
    member->restart_ms = now_ms + backoff_ms(member);
    LOG(LOG_ERROR, "role.ended", LOG_TEXT("ended", role_name(member->role)),
        LOG_NUMBER("index", member->index), LOG_TEXT("reason", reason),
        LOG_NUMBER("restart_in_ms", member->restart_ms - now_ms));
    if (member->role == ROLE_KEEP) {
        keep_ended(parent, member, reason);
    } else {
        keep_tell_ended(parent, member->role, member->index, reason, true);
    }
}

void member_ended(struct parent *parent, struct member *member, int status)
{
    char reason[REASON_BYTES];
    int64_t now_ms = parent_now_ms();
    enum member_state before = member->state;
    bool replaced = member->replaced;
    describe(status, reason);
    member_hear(parent, member); /* what it said last, perhaps why it went */
    if (member->role == ROLE_KEEP) {
        member_hear(parent, member_of_role(parent, ROLE_STORE)); /* perhaps because of that one */
        replaced = replaced || parent->store_away;
    }
    release(member);
    member->state = MEMBER_EMPTY;
    if (parent->stopping) {
        return;
    }
    if (is_asked_for(member->role)) {
        if (!replaced && !(WIFEXITED(status) && WEXITSTATUS(status) == ROLE_EXIT_STOPPED)) {
            keep_tell_ended(parent, member->role, member->index, reason, false);
        }
        return; /* keep asks for it again when it is needed again */
    }
    if (member->role == ROLE_STORE && parent->store_away) {
        store_went(member, now_ms);
        return;
    }
    if (replaced) {
        member->state = MEMBER_WAITING;
        member->restart_ms = now_ms;
        return;
    }
    if (member->role == ROLE_STORE || (!parent->announced && before == MEMBER_STARTING)) {
        parent_fail(parent, ERR_INTERNAL,
                    member->role == ROLE_STORE
                        ? TEXT("the store ended; nothing can be kept without it",
                               "der Speicher endete; ohne ihn lässt sich nichts aufbewahren")
                        : TEXT("a role ended while it started", "eine Rolle endete beim Start"),
                    member->role == ROLE_STORE ? reason : role_name(member->role));
        return;
    }
    crashed(parent, member, reason, now_ms);
}

/* ---- time ---- */

void members_restart_due(struct parent *parent, int64_t now_ms)
{
    for (size_t i = 0; i < parent->member_count; i++) {
        struct member *member = &parent->members[i];
        if (member->kill_ms != 0 && now_ms >= member->kill_ms) {
            member_kill(member);
            member->kill_ms = now_ms + STOP_MS;
        }
        if (member->state != MEMBER_WAITING || now_ms < member->restart_ms || parent->stopping) {
            continue;
        }
        enum err err = member_start(parent, member);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "role.not-restarted", LOG_TEXT("ended", role_name(member->role)),
                LOG_ERR(err));
            member->crashes++;
            member->restart_ms = now_ms + backoff_ms(member);
        }
    }
}

int64_t members_next_ms(const struct parent *parent)
{
    int64_t next_ms = -1;
    for (size_t i = 0; i < parent->member_count; i++) {
        const struct member *member = &parent->members[i];
        if (member->kill_ms != 0 && (next_ms < 0 || member->kill_ms < next_ms)) {
            next_ms = member->kill_ms;
        }
        if (member->state == MEMBER_WAITING && !parent->stopping &&
            (next_ms < 0 || member->restart_ms < next_ms)) {
            next_ms = member->restart_ms;
        }
    }
    return next_ms;
}

void members_stop_step(struct parent *parent, int64_t now_ms)
{
    while (parent->stop_phase < STOP_PHASES) {
        bool gone = true;
        for (size_t i = 0; i < parent->member_count; i++) {
            struct member *member = &parent->members[i];
            if (member->role != stop_order[parent->stop_phase] || member->spawned.pidfd < 0) {
                continue;
            }
            gone = false;
            if (member->state != MEMBER_STOPPING || member->kill_ms == 0) {
                member->state = MEMBER_STOPPING;
                send_stop(member, now_ms);
            }
        }
        if (!gone) {
            return;
        }
        parent->stop_phase++;
    }
}
