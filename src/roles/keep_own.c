/* What follows keep's own turns, and the surroundings that turns see. */
#include "roles/keep.h"

#include "base/log.h"

#include <string.h>

const char *keep_config(const struct keep *keep, const char *name)
{
    struct slice text = json_text(keep->start.configuration, name, SLICE_NONE);
    return text.data == NULL ? "" : arena_string(keep->start.arena, text);
}

static void answer_parent(struct keep *keep, const struct running *running)
{
    struct arena *arena = running->turn->arena;
    cleanup_buf struct buf body = BUF_INIT(65536);
    struct json *tree = NULL;
    if (running->result == ERR_NONE && running->turn->reply.kind == REPLY_TREE) {
        tree = json_copy(arena, running->turn->reply.tree);
        json_set_string(arena, tree, "certificate", slice_of(keep->certificate, keep->certificate_len));
    } else {
        tree = json_new(arena, JSON_OBJECT);
        json_set_string(arena, tree, "err", slice_string(err_name(running->result)));
        json_set_string(arena, tree, "certificate", slice_of(keep->certificate, keep->certificate_len));
    }
    enum err err = tree == NULL ? ERR_MEMORY : json_pack(&body, tree);
    err = err == ERR_NONE ? channel_send(keep->start.parent, MESSAGE_ANSWER, running->frame_id, buf_slice(&body)) : err;
    wipe(body.data, body.len);
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.answer-lost", LOG_ERR(err));
    }
}

static void become_ready(struct keep *keep)
{
    keep->phase = PHASE_READY;
    for (size_t i = 0; i < keep->asked_count; i++) {
        enum err err = keep_begin_own(keep, ORIGIN_PARENT, keep->asked[i], keep->asked_operation[i], NULL);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "keep.ask-lost", LOG_ERR(err));
        }
    }
    keep->asked_count = 0;
    LOG(LOG_INFO, "keep.ready", LOG_TEXT("seal", keep->vault.type), LOG_NUMBER("sealed", keep->vault.sealed));
}

static void send_certificate(struct keep *keep, struct channel *gate)
{
    cleanup_buf struct buf body = BUF_INIT(65536);
    enum err err = put_bytes(&body, slice_of(keep->certificate, keep->certificate_len));
    err = err == ERR_NONE ? channel_send(gate, MESSAGE_CERTIFICATE, 0, buf_slice(&body)) : err;
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.certificate-lost", LOG_ERR(err));
    }
}

static void send_authority(struct keep *keep, struct channel *gate)
{
    cleanup_buf struct buf body = BUF_INIT(4096);
    enum err err = put_bytes(&body, slice_of(keep->vault.authority, keep->vault.authority_len));
    err = err == ERR_NONE ? channel_send(gate, MESSAGE_AUTHORITY, 0, buf_slice(&body)) : err;
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.authority-lost", LOG_ERR(err));
    }
}

void keep_tell_authority(struct keep *keep)
{
    if (keep->authority_told || keep->vault.authority_len == 0) {
        return;
    }
    keep->authority_told = true;
    for (size_t i = 0; i < keep->member_count; i++) {
        if (keep->members[i].role == ROLE_GATE && keep->members[i].channel != NULL) {
            send_authority(keep, keep->members[i].channel);
        }
    }
}

static void send_clients(struct keep *keep, struct channel *gate)
{
    uint8_t body[1] = {keep->vault.asks_certificates};
    enum err err = channel_send(gate, MESSAGE_CLIENTS, 0, slice_of(body, sizeof body));
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.clients-lost", LOG_ERR(err));
    }
}

void keep_tell_clients(struct keep *keep)
{
    if (keep->asks_all_told == keep->vault.asks_certificates) {
        return;
    }
    keep->asks_all_told = keep->vault.asks_certificates;
    for (size_t i = 0; i < keep->member_count; i++) {
        if (keep->members[i].role == ROLE_GATE && keep->members[i].channel != NULL) {
            send_clients(keep, keep->members[i].channel);
        }
    }
}

static void send_settings(struct keep *keep, struct channel *gate)
{
    enum err err = channel_send(gate, MESSAGE_SETTINGS, 0, buf_slice(&keep->http.packed));
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.settings-lost", LOG_ERR(err));
    }
}

void keep_tell_settings(struct keep *keep)
{
    if (keep->http_told == keep->http.number) {
        return;
    }
    keep->http_told = keep->http.number;
    for (size_t i = 0; i < keep->member_count; i++) {
        if (keep->members[i].role == ROLE_GATE && keep->members[i].channel != NULL) {
            send_settings(keep, keep->members[i].channel);
        }
    }
}

void keep_greet_gate(struct keep *keep, struct channel *gate)
{
    if (keep->certificate_len > 0) {
        send_certificate(keep, gate);
    }
    if (keep->vault.authority_len > 0) {
        send_authority(keep, gate);
    }
    if (keep->asks_all_told) {
        send_clients(keep, gate);
    }
    if (keep->http_told > 0) {
        send_settings(keep, gate);
    }
}

/* Not while store is at work with it: the look at a large one takes its time. */
enum err keep_end_idle_restore(struct keep *keep)
{
    const struct restoring *restoring = &keep->restoring;
    bool is_at_work = keep->waiting[ROLE_STORE].count > 0;
    for (size_t i = 0; i < keep->member_count; i++) {
        is_at_work = is_at_work || (keep->members[i].role == ROLE_STORE && keep->members[i].at_work.count > 0);
    }
    bool is_idle = restoring->coming != 0 && restoring->done == NULL && !is_at_work && steady_ms(&keep->steady, keep->now) - restoring->heard_ms >= RESTORE_IDLE_MS;
    return is_idle ? keep_begin_own(keep, ORIGIN_OWN, 0, "own_restore_end", NULL) : ERR_NONE;
}

/* ---- the steady clock ---- */

void keep_set_clock(struct keep *keep)
{
    keep->around.steady_ahead_ms = keep->phase < PHASE_UNSEALING ? 0 : steady_ms(&keep->steady, keep->now) - keep->now.unix_ms;
}

void keep_anchor_clock(struct keep *keep)
{
    int64_t step_ms = 0;
    if (!steady_wants_anchor(&keep->steady, keep->now, &step_ms)) {
        return;
    }
    struct anchor anchor = steady_anchor(&keep->steady, keep->now);
    struct arena *arena cleanup_arena = arena_new(65536);
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_i64(arena, input, "steady_ms", anchor.steady_ms);
    json_set_i64(arena, input, "wall_ms", anchor.wall_ms);
    json_set_i64(arena, input, "mono_ms", anchor.mono_ms);
    json_set_string(arena, input, "boot", slice_string(anchor.boot));
    json_set_i64(arena, input, "step_ms", step_ms);
    enum err err = keep_begin_own(keep, ORIGIN_OWN, 0, "own_clock", input);
    if (err != ERR_NONE) {
        keep->steady.has_anchor = false; /* again in the next round */
        LOG(LOG_WARN, "keep.anchor-lost", LOG_ERR(err));
    }
}

/* The identity is there, the kind of seal known: ask seal for the key file's half, or wait for people. */
static void started(struct keep *keep, const struct running *running)
{
    struct slice pem = running->turn->reply.raw;
    if (running->result != ERR_NONE || pem.len > sizeof keep->certificate) {
        keep->failed = running->result != ERR_NONE ? running->result : ERR_TOO_LARGE;
        return;
    }
    memcpy(keep->certificate, pem.data, pem.len);
    keep->certificate_len = pem.len;
    steady_start(&keep->steady, keep->found_anchor.is_there ? &keep->found_anchor.anchor : NULL, keep->now, keep->boot);
    keep->around.steady_ahead_ms = steady_ms(&keep->steady, keep->now) - keep->now.unix_ms;
    for (size_t i = 0; i < keep->member_count; i++) {
        if (keep->members[i].role == ROLE_GATE && keep->members[i].channel != NULL) {
            send_certificate(keep, keep->members[i].channel);
        }
    }
    bool wants_key_file = strcmp(keep_config(keep, "seal"), "key-file") == 0 && !json_bool(keep->start.configuration, "sealed", false);
    if (!wants_key_file || (keep->vault.initialized && strcmp(keep->vault.type, "key-file") != 0)) {
        become_ready(keep);
        return;
    }
    keep->phase = PHASE_UNSEALING;
    struct json *tree = json_new(running->turn->arena, JSON_OBJECT);
    json_set_string(running->turn->arena, tree, "seal", SLICE_LITERAL("key-file"));
    cleanup_buf struct buf body = BUF_INIT(4096);
    enum err err = json_pack(&body, tree);
    err = err == ERR_NONE ? channel_send(keep->start.parent, MESSAGE_START_SEAL, 0, buf_slice(&body)) : err;
    if (err != ERR_NONE) {
        keep->failed = err;
    }
}

static void unsealed(struct keep *keep, const struct running *running)
{
    if (running->result != ERR_NONE) {
        LOG(LOG_ERROR, "keep.unseal-failed", LOG_ERR(running->result),
            LOG_TEXT("what", running->result == ERR_FORGED ? "the key file does not belong to this store" : "the store could not be unsealed"));
        keep->failure = running->result == ERR_FORGED ? TEXT("the key file does not belong to this store: put the right one in its place, from where you keep its copy",
                                                             "die Schlüsseldatei gehört nicht zu diesem Bestand: die richtige an ihre Stelle legen, aus ihrer Kopie")
                                                      : TEXT("the store could not be unsealed; the log says why", "der Bestand ließ sich nicht entsiegeln; das Protokoll sagt warum");
        keep->failed = running->result;
        return;
    }
    become_ready(keep);
}

void keep_own_ended(struct keep *keep, struct running *running)
{
    if (running->origin == ORIGIN_PARENT) {
        answer_parent(keep, running);
    } else if (strcmp(running->operation, "own_start") == 0) {
        started(keep, running);
    } else if (strcmp(running->operation, "own_unseal") == 0) {
        unsealed(keep, running);
    } else if (running->result != ERR_NONE) {
        LOG(LOG_WARN, "keep.turn-failed", LOG_TEXT("operation", running->operation), LOG_ERR(running->result));
    }
}

/* "own uid, own root" as a list, like keep's own. */
static struct json *split_features(struct arena *arena, const char *features)
{
    struct json *list = json_new(arena, JSON_ARRAY);
    struct slice rest = slice_string(features), one;
    while (slice_split(&rest, ',', &one)) {
        json_append(list, json_string(arena, slice_trim(one)));
    }
    return list;
}

static void describe_members(struct keep *keep, struct arena *arena, struct json *roles)
{
    const struct json *parent = json_member(keep->start.configuration, "parent");
    struct json *first = json_append(roles, parent == NULL ? json_new(arena, JSON_OBJECT) : json_copy(arena, parent));
    json_set_string(arena, first, "role", SLICE_LITERAL("parent"));
    struct json *own = json_append(roles, json_new(arena, JSON_OBJECT));
    json_set_string(arena, own, "role", SLICE_LITERAL("keep"));
    json_set_string(arena, own, "confinement", slice_string(confinement_name(keep->start.level)));
    json_set(arena, own, "features", json_copy(arena, keep->start.features));
    for (size_t i = 0; i < keep->member_count; i++) {
        const struct member *member = &keep->members[i];
        if (member->role == ROLE_KEEP) {
            continue; /* keep's own thread is no process */
        }
        struct json *one = json_append(roles, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "role", slice_string(role_name(member->role)));
        json_set_u64(arena, one, "index", member->index);
        json_set_u64(arena, one, "pid", member->pid);
        json_set_string(arena, one, "confinement", slice_string(member->confinement));
        json_set(arena, one, "features", split_features(arena, member->features));
        json_set_u64(arena, one, "restarts", member->restarts);
        json_set_bool(arena, one, "running", member->channel != NULL);
    }
}

/* Built anew when something changed and once a second: a turn only reads it. No turn runs between this and the next run. */
void keep_look_around(struct keep *keep)
{
    struct arena *arena = keep->around_arena;
    arena_reset(arena);
    struct json *roles = json_new(arena, JSON_ARRAY), *counters = json_new(arena, JSON_OBJECT);
    describe_members(keep, arena, roles);
    keep_describe_tellers(keep, arena, roles);
    json_set_u64(arena, counters, "requests", keep->counters.requests);
    json_set_u64(arena, counters, "refused", keep->counters.refused);
    json_set_u64(arena, counters, "turns", keep->counters.turns);
    json_set_u64(arena, counters, "commits", keep->counters.commits);
    json_set_u64(arena, counters, "fetches", keep->counters.fetches);
    json_set_u64(arena, counters, "works", keep->counters.works);
    json_set_u64(arena, counters, "role_crashes", keep->counters.crashes);
    keep->around.roles = roles;
    keep->around.counters = counters;
    keep->around.sealed = keep->vault.sealed;
    keep->around.initialized = keep->vault.initialized;
}

/* ---- witnesses and time-stamps ---- */

static void log_problem(const struct complaint *problem, struct slice name)
{
    if (problem->text.english != NULL) {
        LOG(LOG_WARN, "config.countersign", LOG_SLICE("name", name), LOG_TEXT("value", problem->detail), LOG_TEXT("what", problem->text.english));
    }
}

void keep_read_countersign(struct keep *keep)
{
    struct countersign_config *config = &keep->countersign;
    countersign_config_read(json_member(keep->start.configuration, "config"), config);
    log_problem(&config->problem, SLICE_NONE);
    log_problem(&config->stamper.problem, config->stamper.name);
    for (size_t i = 0; i < config->witness_count; i++) {
        log_problem(&config->witnesses[i].problem, config->witnesses[i].name);
    }
    keep->around.countersign = config;
    keep->countersign_ms[0] = keep->countersign_ms[1] = INT64_MIN / 2;
}

static enum err begin_countersign(struct keep *keep, enum log_id log)
{
    struct arena *arena cleanup_arena = arena_new(65536);
    enum err err = ERR_NONE;
    for (size_t i = 0; i < keep->countersign.witness_count && err == ERR_NONE; i++) {
        struct json *input = json_new(arena, JSON_OBJECT);
        json_set_string(arena, input, "log", slice_string(countersign_log_name(log)));
        json_set_string(arena, input, "witness", keep->countersign.witnesses[i].name);
        err = keep_begin_own(keep, ORIGIN_OWN, 0, "own_witness", input);
    }
    if (keep->countersign.has_stamper && err == ERR_NONE) {
        struct json *input = json_new(arena, JSON_OBJECT);
        json_set_string(arena, input, "log", slice_string(countersign_log_name(log)));
        err = keep_begin_own(keep, ORIGIN_OWN, 0, "own_timestamp", input);
    }
    return err;
}

/* The turns decide by their rows whether anything is due; this only bounds how often they look. */
void keep_countersign(struct keep *keep)
{
    int64_t mono_ms = keep->now.mono_ns / 1000000;
    for (enum log_id log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        int64_t *last_ms = &keep->countersign_ms[log - 1];
        bool is_published = state_log(keep->state, log)->published_size > 0;
        if (!is_published || keep->around.reopen_needed || mono_ms - *last_ms < COUNTERSIGN_RETRY_MS) {
            continue;
        }
        *last_ms = mono_ms;
        enum err err = begin_countersign(keep, log);
        if (err != ERR_NONE) {
            LOG(LOG_WARN, "keep.countersign-lost", LOG_ERR(err));
        }
    }
}
