#include "roles/keep.h"

#include "base/log.h"
#include "engine/quota.h"
#include "ledger/commitment.h"
#include "process/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- loading what store holds ---- */

/* The first FETCH: saved set-hash, both logs. Its id is 1; the newest audit entry is asked with id 2. */
enum { LOAD_LOGS = 1, LOAD_AUDIT = 2 };

static enum err ask_logs(struct keep *keep)
{
    static const struct need needs[] = {{.kind = NEED_STATE}, {.kind = NEED_LOG, .log = LOG_EVIDENCE}, {.kind = NEED_LOG, .log = LOG_AUDIT}};
    struct buf *out = channel_begin(keep->store, MESSAGE_FETCH, LOAD_LOGS);
    enum err err = out == NULL ? ERR_MEMORY : put_u32(out, 3);
    for (size_t i = 0; i < 3 && err == ERR_NONE; i++) {
        err = need_put(out, &needs[i]);
    }
    keep->next_id = LOAD_AUDIT;
    keep->phase = PHASE_LOADING;
    return err == ERR_NONE ? channel_end(keep->store) : err;
}

static enum err load_log(struct keep *keep, struct reader *reader, enum log_id log)
{
    struct log_edge *edge = state_log(keep->state, log);
    uint64_t size = 0, published = 0;
    uint32_t count = 0;
    struct slice note, hashes;
    enum err err = get_u64(reader, &size);
    err = err == ERR_NONE ? get_u64(reader, &published) : err;
    err = err == ERR_NONE ? get_bytes(reader, ROW_MAX_BYTES, &note) : err;
    err = err == ERR_NONE ? get_u32(reader, &count) : err;
    err = err == ERR_NONE ? get_raw(reader, (size_t)count * SHA256_BYTES, &hashes) : err;
    err = err == ERR_NONE ? tree_load(&edge->tree, size, hashes) : err;
    return err == ERR_NONE ? keep_find_checkpoint(keep, log, note, published) : err;
}

static enum err load_logs(struct keep *keep, struct slice body)
{
    struct reader reader = reader_of(body);
    uint16_t code = 0;
    uint32_t count = 0;
    uint8_t valid = 0;
    struct slice lanes, lanes_1 = SLICE_NONE;
    enum err err = get_u16(&reader, &code);
    if (err == ERR_NONE && code != ERR_NONE) {
        return (enum err)(code < ERR_COUNT ? code : ERR_INTERNAL);
    }
    err = err == ERR_NONE ? get_u32(&reader, &count) : err;
    err = err == ERR_NONE ? get_bytes(&reader, 4096, &lanes) : err;
    err = err == ERR_NONE ? get_u8(&reader, &valid) : err;
    err = err == ERR_NONE ? get_bytes(&reader, 4096, &lanes_1) : err;
    if (err == ERR_NONE && ((lanes.len != 0 && lanes.len != SETHASH_BYTES) || (lanes_1.len != 0 && lanes_1.len != SETHASH_BYTES))) {
        return ERR_DAMAGED;
    }
    if (err == ERR_NONE && lanes.len > 0) {
        sethash_load(state_sethash(keep->state), lanes.data);
    }
    sethash_digest(state_sethash(keep->state), keep->state_digest.bytes);
    if (err == ERR_NONE && lanes_1.len > 0) {
        sha256(lanes_1, keep->state_digest.bytes); /* just migrated: the newest audit entry names the state as schema 1 counted it */
    }
    err = err == ERR_NONE ? load_log(keep, &reader, LOG_EVIDENCE) : err;
    return err == ERR_NONE ? load_log(keep, &reader, LOG_AUDIT) : err;
}

static enum err begin_start(struct keep *keep)
{
    keep->phase = PHASE_STARTING;
    struct arena *arena cleanup_arena = arena_new(65536);
    struct json *input = json_new(arena, JSON_OBJECT);
    const char *address = keep->around.address;
    const char *host = strstr(address, "://") != NULL ? strstr(address, "://") + 3 : address;
    json_set_string(arena, input, "host", slice_of(host, strcspn(host, ":/")));
    return keep_begin_own(keep, ORIGIN_OWN, 0, "own_start", input);
}

static enum err ask_audit(struct keep *keep)
{
    uint64_t size = state_log(keep->state, LOG_AUDIT)->tree.size;
    if (size == 0) {
        return begin_start(keep);
    }
    struct need need = {.kind = NEED_ENTRIES, .log = LOG_AUDIT, .number = size - 1, .limit = 1};
    struct buf *out = channel_begin(keep->store, MESSAGE_FETCH, LOAD_AUDIT);
    enum err err = out == NULL ? ERR_MEMORY : put_u32(out, 1);
    err = err == ERR_NONE ? need_put(out, &need) : err;
    return err == ERR_NONE ? channel_end(keep->store) : err;
}

/* The newest audit entry names the state and the evidence log that belong to it. */
static enum err check_audit(struct keep *keep, struct slice body)
{
    struct reader reader = reader_of(body);
    uint16_t code = 0;
    uint32_t count = 0, entries = 0;
    struct slice bytes;
    struct audit_entry entry;
    enum err err = get_u16(&reader, &code);
    err = err == ERR_NONE && code != ERR_NONE ? ERR_DAMAGED : err;
    err = err == ERR_NONE ? get_u32(&reader, &count) : err;
    err = err == ERR_NONE ? get_u32(&reader, &entries) : err;
    err = err == ERR_NONE && entries != 1 ? ERR_DAMAGED : err;
    err = err == ERR_NONE ? get_bytes(&reader, ROW_MAX_BYTES, &bytes) : err;
    err = err == ERR_NONE ? audit_entry_decode(bytes, &entry) : err;
    if (err != ERR_NONE) {
        return ERR_DAMAGED;
    }
    struct tree_hash root;
    tree_root(&state_log(keep->state, LOG_EVIDENCE)->tree, &root);
    if (!tree_hash_equal(&keep->state_digest, &entry.state_digest) || !tree_hash_equal(&root, &entry.evidence_root) ||
        entry.evidence_size != state_log(keep->state, LOG_EVIDENCE)->tree.size) {
        LOG(LOG_ERROR, "store.changed", LOG_TEXT("what", "rows or evidence are not those of the newest audit entry: somebody changed the store; `vogt ledger verify` names the place"));
        return ERR_DAMAGED;
    }
    return begin_start(keep);
}

static enum err take_fetched(struct keep *keep, const struct frame *frame)
{
    if (keep->phase != PHASE_LOADING) {
        return keep_take_fetched(keep, frame->id, frame->body);
    }
    if (frame->id == LOAD_AUDIT) {
        return check_audit(keep, frame->body);
    }
    enum err err = load_logs(keep, frame->body);
    return err == ERR_NONE ? ask_audit(keep) : err;
}

/* ---- frames ---- */

static enum err from_store(struct keep *keep, struct member *store, const struct frame *frame)
{
    switch ((unsigned)frame->kind) {
    case MESSAGE_FETCHED:
        return take_fetched(keep, frame);
    case MESSAGE_COMMITTED:
        return keep_take_committed(keep, frame->id, frame->body);
    case MESSAGE_PUBLISHED:
        return keep_take_published(keep, frame->id, frame->body);
    case MESSAGE_STAGED:
        return keep_take_staged(keep, store, frame->id, frame->body);
    default:
        return ERR_PROTOCOL;
    }
}

static enum err sign(struct keep *keep, struct channel *gate, const struct frame *frame)
{
    struct reader reader = reader_of(frame->body);
    uint16_t scheme = 0;
    struct slice digest;
    enum err err = get_u16(&reader, &scheme);
    err = err == ERR_NONE ? get_bytes(&reader, 4096, &digest) : err;
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    cleanup_buf struct buf body = BUF_INIT(1024);
    if (vault_sign(&keep->vault, scheme, digest, &body) != ERR_NONE) {
        buf_clear(&body);
        err = put_bytes(&body, SLICE_NONE);
    }
    return err == ERR_NONE ? channel_send(gate, MESSAGE_SIGNED, frame->id, buf_slice(&body)) : err;
}

static void refuse_busy(struct keep *keep, struct channel *gate, uint64_t id)
{
    struct reply reply = {.status = (uint16_t)err_http_status(ERR_BUSY), .kind = REPLY_NONE};
    struct buf *out = channel_begin(gate, MESSAGE_REPLY, id);
    enum err err = out == NULL ? ERR_MEMORY : reply_put(out, &reply);
    err = err == ERR_NONE ? channel_end(gate) : err;
    keep->counters.refused++;
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.reply-lost", LOG_ERR(err));
    }
}

static enum err from_gate(struct keep *keep, struct channel *gate, const struct frame *frame)
{
    if (frame->kind == MESSAGE_SIGN) {
        return sign(keep, gate, frame);
    }
    if (frame->kind != MESSAGE_REQUEST) {
        return ERR_PROTOCOL;
    }
    enum err err = keep_begin_request(keep, gate, frame->id, frame->body);
    if (err == ERR_BUSY) {
        refuse_busy(keep, gate, frame->id);
        return ERR_NONE;
    }
    return err;
}

static enum err from_seal(struct keep *keep, const struct frame *frame)
{
    if (frame->kind != MESSAGE_UNWRAPPED || keep->phase != PHASE_UNSEALING || frame->body.len != KEY_BYTES) {
        return ERR_PROTOCOL;
    }
    secret_free(&keep->vault.remote);
    enum err err = secret_copy(frame->body, &keep->vault.remote);
    keep->vault.remote_at_ms = keep->now.unix_ms;
    return err == ERR_NONE ? keep_begin_own(keep, ORIGIN_OWN, 0, "own_unseal", NULL) : err;
}

static enum err from_member(struct keep *keep, struct member *member, const struct frame *frame)
{
    if (member->role == ROLE_STORE) {
        enum err err = from_store(keep, member, frame);
        if (err != ERR_NONE) {
            keep->failed = err; /* without its store keep can do nothing right */
        }
        return err;
    }
    if (member->role == ROLE_GATE) {
        return from_gate(keep, member->channel, frame);
    }
    if (member->role == ROLE_SEAL) {
        return from_seal(keep, frame);
    }
    if (member->role == ROLE_TELL) {
        return frame->kind == MESSAGE_WORKED ? keep_take_told(keep, member, frame->id, frame->body) : ERR_PROTOCOL;
    }
    return frame->kind == MESSAGE_WORKED ? keep_take_worked(keep, member, frame->id, frame->body) : ERR_PROTOCOL;
}

static void copy_text(char *out, size_t out_bytes, struct slice text)
{
    size_t len = text.len < out_bytes ? text.len : out_bytes - 1;
    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
}

static enum role role_of(struct slice name)
{
    for (unsigned role = ROLE_PARENT; role < ROLE_COUNT; role++) {
        if (slice_is(name, role_name((enum role)role))) {
            return (enum role)role;
        }
    }
    return ROLE_NONE;
}

static struct member *find_member(struct keep *keep, enum role role, uint64_t index)
{
    for (size_t i = 0; i < keep->member_count; i++) {
        if (keep->members[i].role == role && keep->members[i].index == index) {
            return &keep->members[i];
        }
    }
    return NULL;
}

/* A new role, or the successor of one that ended. */
static enum err take_channel(struct keep *keep, struct arena *arena, const struct frame *frame)
{
    struct json *tree = NULL;
    uint64_t index = 0;
    enum err err = frame->fd < 0 ? ERR_PROTOCOL : json_unpack(arena, frame->body, &tree);
    err = err == ERR_NONE ? json_u64(tree, "index", &index) : err;
    enum role role = err == ERR_NONE ? role_of(json_text(tree, "role", SLICE_NONE)) : ROLE_NONE;
    if (role == ROLE_NONE || (role == ROLE_TELL && index >= DEVICES_MAX)) {
        return ERR_PROTOCOL;
    }
    struct member *member = find_member(keep, role, index);
    if (member == NULL && keep->member_count == MEMBERS_MAX) {
        return ERR_TOO_LARGE;
    }
    if (member == NULL) {
        member = &keep->members[keep->member_count++];
        *member = (struct member){.role = role, .index = index};
    } else {
        keep_lose_member(keep, member);
        member->restarts++;
    }
    member->channel = channel_new(frame->fd, ROLE_KEEP, role, role == ROLE_STORE ? STORE_QUEUE_MAX_BYTES : QUEUE_MAX_BYTES);
    member->capacity = role == ROLE_REACH ? WORKER_REACH_TASKS : 1;
    copy_text(member->confinement, sizeof member->confinement, json_text(tree, "confinement", SLICE_NONE));
    copy_text(member->features, sizeof member->features, json_text(tree, "features", SLICE_NONE));
    if (json_u64(tree, "pid", &member->pid) != ERR_NONE || member->channel == NULL) {
        return ERR_PROTOCOL;
    }
    keep_look_around(keep);
    if (role == ROLE_STORE) {
        keep->store = member->channel;
        return ask_logs(keep);
    }
    if (role == ROLE_GATE) {
        keep_greet_gate(keep, member->channel);
    }
    if (role == ROLE_SEAL) {
        return channel_send(member->channel, MESSAGE_UNWRAP, 1, SLICE_NONE);
    }
    return ERR_NONE;
}

static enum err take_ended(struct keep *keep, struct arena *arena, const struct frame *frame)
{
    struct json *tree = NULL;
    uint64_t index = 0;
    enum err err = json_unpack(arena, frame->body, &tree);
    err = err == ERR_NONE ? json_u64(tree, "index", &index) : err;
    if (err != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    enum role role = role_of(json_text(tree, "role", SLICE_NONE));
    keep->counters.crashes += role != ROLE_SEAL;
    struct member *member = find_member(keep, role, index);
    if (member != NULL && role != ROLE_STORE) {
        keep_lose_member(keep, member);
    }
    if (role == ROLE_TELL && index < DEVICES_MAX) {
        struct slice reason = json_text(tree, "reason", SLICE_NONE);
        keep_lose_teller(keep, (size_t)index, ERR_CLOSED, arena_string(arena, reason.len > 0 ? reason : SLICE_LITERAL("?")));
    }
    keep_look_around(keep);
    return keep->vault.sealed || role == ROLE_SEAL ? ERR_NONE : keep_begin_own(keep, ORIGIN_OWN, 0, "own_role_ended", tree); /* seal answers once and ends */
}

static enum err take_ask(struct keep *keep, struct arena *arena, const struct frame *frame)
{
    struct json *tree = NULL;
    enum err err = json_unpack(arena, frame->body, &tree);
    struct slice what = json_text(tree, "do", SLICE_NONE);
    const char *operation = slice_is(what, "operator-token") ? "own_operator_token" : slice_is(what, "login-link") ? "own_link" : NULL;
    if (err != ERR_NONE || operation == NULL || keep->asked_count == ASKED_MAX) {
        return ERR_PROTOCOL;
    }
    if (keep->phase == PHASE_READY) {
        return keep_begin_own(keep, ORIGIN_PARENT, frame->id, operation, NULL);
    }
    keep->asked[keep->asked_count] = frame->id;
    keep->asked_operation[keep->asked_count++] = operation;
    return ERR_NONE;
}

static enum err from_parent(struct keep *keep, const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    if (arena == NULL) {
        return ERR_MEMORY;
    }
    switch ((unsigned)frame->kind) {
    case MESSAGE_CHANNEL:
        return take_channel(keep, arena, frame);
    case MESSAGE_ENDED:
        return take_ended(keep, arena, frame);
    case MESSAGE_ASK:
        return take_ask(keep, arena, frame);
    case MESSAGE_STOP:
        keep->stopping = true;
        keep->stop_mono_ns = keep->now.mono_ns;
        return ERR_NONE;
    default:
        return ERR_PROTOCOL;
    }
}

/* ---- the loop ---- */

static void drain_parent(struct keep *keep)
{
    struct frame frame;
    enum err err = channel_receive(keep->start.parent, &frame);
    while (err == ERR_NONE) {
        err = from_parent(keep, &frame);
        err = err == ERR_NONE ? channel_receive(keep->start.parent, &frame) : err;
    }
    if (err != ERR_BUSY) {
        keep->failed = err == ERR_CLOSED ? ERR_NONE : err;
        keep->stopping = true;
    }
}

/* Store's answers first: they set turns free that others wait behind. */
static void drain_members(struct keep *keep)
{
    for (size_t i = 0; i < keep->member_count && keep->failed == ERR_NONE; i++) {
        struct member *member = &keep->members[i];
        bool waits = member->role == ROLE_GATE && (keep->running_count >= RUNNING_MAX / 2 || keep->restoring.done != NULL);
        enum err err = member->channel == NULL || waits ? ERR_BUSY : ERR_NONE;
        while (err == ERR_NONE) {
            struct frame frame;
            err = channel_receive(member->channel, &frame);
            err = err == ERR_NONE ? from_member(keep, member, &frame) : err;
        }
        if (err == ERR_CLOSED && member->role == ROLE_STORE && keep->restoring.done != NULL) {
            keep->store = NULL; /* it heard sooner that all begins anew */
            keep->stopping = true;
            keep_lose_member(keep, member);
        } else if (err != ERR_BUSY) {
            if (err != ERR_CLOSED) {
                LOG(LOG_WARN, "keep.channel-ended", LOG_TEXT("role", role_name(member->role)), LOG_ERR(err));
            }
            keep->failed = keep->failed == ERR_NONE && (member->role == ROLE_STORE || member->role == ROLE_KEEP) ? err : keep->failed;
            keep_lose_member(keep, member);
        }
    }
}

static void flush_all(struct keep *keep)
{
    for (size_t i = 0; i < keep->member_count; i++) {
        struct member *member = &keep->members[i];
        if (member->channel != NULL && channel_flush(member->channel) != ERR_NONE) {
            keep_lose_member(keep, member);
        }
    }
    if (channel_flush(keep->start.parent) != ERR_NONE) {
        keep->stopping = true;
    }
}

static void tick(struct keep *keep)
{
    int64_t mono_ms = keep->now.mono_ns / 1000000;
    keep->is_settled = keep->is_settled && !keep->vault.sealed;
    if (keep->phase != PHASE_READY || keep->vault.sealed) {
        return;
    }
    for (enum log_id log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        const struct log_edge *edge = state_log(keep->state, log);
        if (edge->tree.size > edge->published_size && (keep->stopping || mono_ms - keep->publications[log - 1].last_ms >= CHECKPOINT_EVERY_MS)) {
            keep_publish(keep, log);
        }
    }
    enum err err = ERR_NONE;
    if (keep->stopping) {
        return;
    }
    keep_countersign(keep);
    if (!keep->around.reopen_needed) {
        keep_anchor_clock(keep);
    }
    if (!keep->is_settled && !keep->around.reopen_needed) {
        err = keep_begin_own(keep, ORIGIN_OWN, 0, "own_settle", NULL);
        keep->is_settled = err == ERR_NONE;
    }
    if (err == ERR_NONE && mono_ms - keep->leases_ms >= LEASES_EVERY_MS && !keep->around.reopen_needed) {
        keep->leases_ms = mono_ms;
        err = keep_begin_own(keep, ORIGIN_OWN, 0, "own_lease_sweep", NULL);
    }
    if (err == ERR_NONE && mono_ms - keep->tick_ms >= TICK_EVERY_MS && !keep->around.reopen_needed) {
        keep->tick_ms = mono_ms;
        err = keep_begin_own(keep, ORIGIN_OWN, 0, "tick", NULL);
        err = err == ERR_NONE ? keep_end_idle_restore(keep) : err;
    }
    if (err == ERR_NONE && mono_ms - keep->anchor_ms >= ANCHOR_EVERY_MS && !keep->around.reopen_needed) {
        keep->anchor_ms = mono_ms;
        err = keep_begin_own(keep, ORIGIN_OWN, 0, "own_anchor", NULL);
    }
    if (err != ERR_NONE) {
        LOG(LOG_WARN, "keep.tick-lost", LOG_ERR(err));
    }
}

static int wait_for_frames(struct keep *keep)
{
    struct pollfd polls[MEMBERS_MAX + 1];
    nfds_t count = 0;
    polls[count++] = (struct pollfd){.fd = channel_fd(keep->start.parent), .events = POLLIN};
    for (size_t i = 0; i < keep->member_count; i++) {
        const struct member *member = &keep->members[i];
        if (member->channel != NULL) {
            short out = channel_queued_bytes(member->channel) > 0 ? POLLOUT : 0;
            polls[count++] = (struct pollfd){.fd = channel_fd(member->channel), .events = (short)(POLLIN | out)};
        }
    }
    /* A turn that was begun after the last run must not wait for a frame. */
    return poll(polls, count, keep_has_runnable(keep) ? 0 : keep->stopping ? 20 : 1000);
}

/* Asked to stop: the last entries still come under a checkpoint, within STOP_GRACE_MS. */
static bool goes_on(const struct keep *keep)
{
    if (!keep->stopping) {
        return true;
    }
    bool may_publish = keep->stop_mono_ns != 0 && keep->phase == PHASE_READY && !keep->vault.sealed && !keep->around.reopen_needed && keep->restoring.done == NULL;
    bool is_behind = false;
    for (enum log_id log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        const struct log_edge *edge = state_log(keep->state, log);
        is_behind = is_behind || edge->tree.size > edge->published_size;
    }
    return may_publish && is_behind && keep->now.mono_ns - keep->stop_mono_ns < (int64_t)STOP_GRACE_MS * 1000000;
}

/* Replies that no commit holds back leave, and what is open goes to store. */
static void settle(struct keep *keep)
{
    keep_release(keep);
    if (keep->store != NULL && keep->phase >= PHASE_STARTING && keep->failed == ERR_NONE) {
        keep->failed = keep_send_batch(keep);
    }
    flush_all(keep);
}

static void turn_loop(struct keep *keep)
{
    int64_t looked_ms = 0;
    while (goes_on(keep) && keep->failed == ERR_NONE) {
        (void)wait_for_frames(keep);
        keep->now = clock_now();
        keep_new_seed(keep);
        keep_set_clock(keep);
        if (keep->now.mono_ns / 1000000 - looked_ms >= 1000) {
            looked_ms = keep->now.mono_ns / 1000000;
            keep_look_around(keep);
            memory_rest(keep->counters.requests);
        }
        drain_parent(keep);
        drain_members(keep);
        settle(keep); /* before new turns run: who waits for the disk gets its reply, and the disk its next batch */
        keep_run(keep, RUNS_A_ROUND);
        settle(keep);
        keep_dispatch(keep);
        keep_dispatch_tellers(keep);
        keep_tell_authority(keep);
        keep_tell_clients(keep);
        keep_tell_settings(keep);
        tick(keep);
        flush_all(keep);
        state_set_cache(keep->state, keep->hungry_count > 0 ? CACHE_HUNGRY_BYTES : CACHE_MAX_BYTES);
        state_trim(keep->state);
    }
}

/* Before going: everything that was acknowledged is on the disk already; a last checkpoint is store's business at the next start. */
static int end(struct keep *keep)
{
    enum err failed = keep->failed;
    if (failed != ERR_NONE) {
        LOG(LOG_ERROR, "keep.failed", LOG_ERR(failed), LOG_TEXT("what", err_text(failed, LANGUAGE_ENGLISH)));
    }
    keep_end_slow(keep);
    vault_free(&keep->vault);
    state_free(keep->state);
    audit_free(keep->audit);
    limiter_free(keep->around.limiter);
    buf_free(&keep->http.packed);
    if (failed != ERR_NONE && keep->failure.english != NULL) {
        return role_fail(&keep->start, failed, keep->failure);
    }
    role_end(&keep->start);
    return failed == ERR_NONE ? ROLE_EXIT_STOPPED : ROLE_EXIT_FAILED;
}

static enum err read_whole(int fd, struct buf *out)
{
    enum err err = ERR_NONE;
    for (ssize_t got = 1; err == ERR_NONE && got > 0;) {
        err = buf_reserve(out, 1024);
        got = err == ERR_NONE ? read(fd, out->data + out->len, 1024) : 0;
        err = got < 0 ? err_from_errno(errno) : err;
        out->len += got > 0 ? (size_t)got : 0;
    }
    return err;
}

/* The operator's certificate and key: descriptors from the parent, read before the sandbox closes. */
static enum err take_identity(struct keep *keep, struct complaint *complaint)
{
    cleanup_buf struct buf chain = BUF_INIT(sizeof keep->certificate), key = BUF_INIT(sizeof keep->certificate);
    if (keep->start.fd_count != 2) {
        return ERR_NONE;
    }
    enum err err = buf_reserve(&key, sizeof keep->certificate); /* once: a grown one would leave its former bytes behind */
    err = err == ERR_NONE ? read_whole(keep->start.fds[0], &chain) : err;
    err = err == ERR_NONE ? read_whole(keep->start.fds[1], &key) : err;
    struct slice kept = arena_copy(keep->start.arena, buf_slice(&chain));
    err = err == ERR_NONE ? vault_give_identity(&keep->vault, kept, buf_slice(&key), complaint) : err;
    wipe(key.data, key.capacity);
    close(keep->start.fds[0]);
    close(keep->start.fds[1]);
    return err;
}

/* Tells one start of the machine from another; empty where there is no /proc. */
static void read_boot(char boot[BOOT_ID_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, boot, BOOT_ID_BYTES - 1);
    boot[len == BOOT_ID_BYTES - 1 ? len : 0] = '\0';
    if (fd >= 0) {
        (void)close(fd);
    }
}

int main(void)
{
    static struct keep keep; /* large; one in a process */
    struct complaint complaint = {.text = TEXT("keep could not start", "keep konnte nicht starten")};
    if (role_start(ROLE_KEEP, &keep.start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    memory_hold();
    keep.vault = (struct vault){.sealed = true, .type = "none"};
    enum err err = crypto_start();
    keep.state = state_new(CACHE_MAX_BYTES);
    keep.audit = audit_new();
    uint8_t limiter_seed[32];
    random_bytes(limiter_seed, sizeof limiter_seed);
    struct limiter *limiter = limiter_new(limiter_seed);
    keep.around_arena = arena_new(1 << 20);
    if (err == ERR_NONE && (keep.state == NULL || keep.audit == NULL || limiter == NULL || keep.around_arena == NULL)) {
        err = ERR_MEMORY;
    }
    keep.now = clock_now();
    keep_new_seed(&keep);
    keep.around = (struct surroundings){.sealed = true, .started_ms = keep.now.unix_ms, .address = keep_config(&keep, "address"),
                                        .directory = keep_config(&keep, "directory"), .storage = keep_config(&keep, "storage"), .anchor = &keep.found_anchor, .limiter = limiter, .http = &keep.http, .restoring = &keep.restoring, .vault = &keep.vault};
    read_boot(keep.boot);
    keep_read_countersign(&keep);
    keep_read_audit_directory(&keep);
    keep_read_lease_times(&keep);
    keep_look_around(&keep);
    err = err == ERR_NONE ? take_identity(&keep, &complaint) : err;
    err = err == ERR_NONE ? keep_prepare_slow(&keep) : err;
    err = err == ERR_NONE ? role_confine(&keep.start, -1) : err;
    err = err == ERR_NONE ? role_ready(&keep.start) : err;
    if (err != ERR_NONE) {
        return role_fail(&keep.start, err, complaint.text);
    }
    turn_loop(&keep);
    return end(&keep);
}
