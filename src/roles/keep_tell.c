/*
 * Records for audit devices: each on its way to the tell of every device, the first that takes it lets its turn go on. Nothing here waits: what a device does not
 * answer within its time counts as not taken, and from then on it is passed over at once until it answers again.
 *
 *   a telling:  a part for each device --WORK--> WORKED: taken (resolved) / refused / too late / tell ended (resolved with the first cause once no part is left)
 *   a teller:   no process --START_TELL--> CHANNEL --WORK...--> ; another device in its slot, or none: its channel is closed, and the process ends
 */
#include "roles/keep.h"

#include "base/log.h"
#include "base/time.h"
#include "engine/device.h"
#include "process/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 5000, ASK_AGAIN_MS = 100, PARTS_MAX = 2048, PART_BYTES_MAX = 16 << 20, IN_FLIGHT_MAX = 64 };

struct telling {
    struct running *running;            /* NULL: resolved */
    struct ask *ask;                    /* of a request; NULL: the record of a reply */
    unsigned left;                      /* parts without an answer */
    bool has_cause;
    struct complaint cause;             /* of the first part that failed */
};

struct tell_part {
    struct tell_part *next;
    struct telling *telling;
    size_t slot;
    uint64_t id;                        /* of the WORK frame, once sent */
    int64_t begun_mono_ns;
    size_t bytes;
    struct slice path, input, lines;    /* in the same allocation */
};

static void resolve(struct keep *keep, struct telling *telling, enum err err)
{
    struct running *running = telling->running;
    if (running == NULL) {
        return;
    }
    telling->running = NULL;
    if (telling->ask != NULL) {
        telling->ask->err = err;
        telling->ask->state = ASK_DONE;
        telling->ask->complaint = telling->cause;
        keep_answered(keep, running);
    } else {
        if (err != ERR_NONE) {
            device_reply_unrecorded(running->turn, err, &telling->cause);
        }
        keep_told(keep, running);
    }
}

static void note_story(struct keep *keep, size_t slot, enum err err, const struct complaint *cause)
{
    struct teller *teller = &keep->tellers[slot];
    if (err == ERR_NONE) {
        teller->story.taken_unix_ms = keep->now.unix_ms;
        return;
    }
    teller->story.failed_unix_ms = keep->now.unix_ms;
    teller->story.failures++;
    complaint_format(cause, LANGUAGE_ENGLISH, teller->story.english, sizeof teller->story.english);
    complaint_format(cause, LANGUAGE_GERMAN, teller->story.german, sizeof teller->story.german);
}

/* The part is in no queue any more. */
static void end_part(struct keep *keep, struct tell_part *part, enum err err, const struct complaint *cause)
{
    struct telling *telling = part->telling;
    note_story(keep, part->slot, err, cause);
    if (err == ERR_NONE) {
        resolve(keep, telling, ERR_NONE);
    } else if (!telling->has_cause) {
        char text[COMPLAINT_DETAIL_BYTES];
        complaint_format(cause, LANGUAGE_ENGLISH, text, sizeof text);
        char whole[2 * COMPLAINT_DETAIL_BYTES];
        int len = snprintf(whole, sizeof whole, "%.*s: %s", (int)part->path.len, (const char *)part->path.data, text);
        telling->has_cause = true;
        (void)!complain(&telling->cause, ERR_IO, TEXT("no audit device takes the record, so nothing was done", "kein Audit-Gerät nimmt den Eintrag an, deshalb geschah nichts"), 0, 0, whole,
                        len > 0 ? (size_t)len : 0);
    }
    telling->left--;
    if (telling->left == 0) {
        resolve(keep, telling, ERR_IO);
        free(telling);
    }
    wipe(part, sizeof *part + part->bytes);
    free(part);
}

static void fail_part(struct keep *keep, struct tell_part *part, enum err err, struct text text, const char *detail)
{
    struct complaint cause = {.text = {NULL, NULL}};
    (void)!complain(&cause, err, text, 0, 0, detail, strlen(detail));
    end_part(keep, part, err, &cause);
}

static void put_in(struct tell_queue *queue, struct tell_part *part)
{
    part->next = NULL;
    if (queue->last == NULL) {
        queue->first = part;
    } else {
        queue->last->next = part;
    }
    queue->last = part;
    queue->count++;
    queue->bytes += part->bytes;
}

static struct tell_part *take_first(struct tell_queue *queue)
{
    struct tell_part *part = queue->first;
    queue->first = part->next;
    queue->last = queue->first == NULL ? NULL : queue->last;
    queue->count--;
    queue->bytes -= part->bytes;
    return part;
}

static struct tell_part *new_part(const struct keep *keep, struct telling *telling, const struct device_record *record)
{
    size_t bytes = record->path.len + record->input.len + record->lines.len;
    struct tell_part *part = calloc(1, sizeof *part + bytes + 1);
    if (part == NULL) {
        return NULL;
    }
    uint8_t *at = (uint8_t *)(part + 1);
    struct slice *const places[] = {&part->path, &part->input, &part->lines};
    const struct slice given[] = {record->path, record->input, record->lines};
    for (size_t i = 0; i < 3; i++) {
        if (given[i].len > 0) {
            memcpy(at, given[i].data, given[i].len);
        }
        *places[i] = slice_of(at, given[i].len);
        at += given[i].len;
    }
    part->bytes = bytes;
    part->telling = telling;
    part->slot = record->slot;
    part->begun_mono_ns = keep->now.mono_ns;
    return part;
}

/* Another device than before in this slot: what its process has open is another's. */
static void note_device(struct keep *keep, size_t slot, struct slice device)
{
    struct teller *teller = &keep->tellers[slot];
    uint8_t digest[SHA256_BYTES];
    sha256(device, digest);
    if (teller->is_known && memcmp(digest, teller->device, sizeof digest) != 0) {
        keep_drop_teller(keep, slot);
        memset(&teller->story, 0, sizeof teller->story);
    }
    memcpy(teller->device, digest, sizeof digest);
    teller->is_known = true;
}

static struct slice device_of(struct slice input)
{
    return slice_first(input, input.len == 0 ? 0 : input.len - 1); /* all but "last": its truth value is the last byte that is packed */
}

static enum err add_part(struct keep *keep, struct telling *telling, const struct device_record *record)
{
    struct teller *teller = &keep->tellers[record->slot];
    struct tell_part *part = new_part(keep, telling, record);
    if (part == NULL) {
        return ERR_MEMORY;
    }
    telling->left++;
    note_device(keep, record->slot, device_of(record->input));
    if (teller->is_stuck) {
        fail_part(keep, part, ERR_TIMEOUT, TEXT("it has not answered for some seconds", "es antwortet seit Sekunden nicht"), "");
    } else if (teller->waiting.count >= PARTS_MAX || teller->waiting.bytes + part->bytes > PART_BYTES_MAX) {
        fail_part(keep, part, ERR_BUSY, TEXT("too many records wait for it", "zu viele Einträge warten darauf"), "");
    } else {
        put_in(&teller->waiting, part);
    }
    return ERR_NONE;
}

/* One part too many keeps the telling alive while parts are added: each may fail at once. */
enum err keep_tell(struct keep *keep, struct running *running, struct ask *ask, struct slice records)
{
    struct telling *telling = calloc(1, sizeof *telling);
    if (telling == NULL) {
        return ERR_MEMORY;
    }
    *telling = (struct telling){.running = running, .ask = ask, .left = 1};
    if (ask != NULL) {
        running->waiting++;
    }
    struct reader reader = reader_of(records);
    struct device_record record;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && (err = device_record_get(&reader, &record)) == ERR_NONE) {
        err = add_part(keep, telling, &record);
    }
    telling->left--;
    if (telling->left == 0) {
        resolve(keep, telling, ERR_IO);
        free(telling);
    }
    return ERR_NONE; /* what could not be queued has failed, and so is answered */
}

/* ---- the processes ---- */

static struct member *member_of(struct keep *keep, size_t slot)
{
    for (size_t i = 0; i < keep->member_count; i++) {
        if (keep->members[i].role == ROLE_TELL && keep->members[i].index == slot) {
            return keep->members[i].channel == NULL ? NULL : &keep->members[i];
        }
    }
    return NULL;
}

static void start(struct keep *keep, size_t slot)
{
    struct teller *teller = &keep->tellers[slot];
    int64_t mono_ms = keep->now.mono_ns / 1000000;
    if (teller->asked_ms != 0 && mono_ms - teller->asked_ms < ASK_AGAIN_MS) {
        return;
    }
    teller->asked_ms = mono_ms;
    struct arena *arena cleanup_arena = arena_new(4096);
    struct json *tree = json_new(arena, JSON_OBJECT);
    cleanup_buf struct buf body = BUF_INIT(256);
    enum err err = json_set_u64(arena, tree, "index", slot) == NULL ? ERR_MEMORY : json_pack(&body, tree);
    err = err == ERR_NONE ? channel_send(keep->start.parent, MESSAGE_START_TELL, 0, buf_slice(&body)) : err;
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.tell-unasked", LOG_ERR(err));
    }
}

static enum err send_part(struct keep *keep, struct member *member, struct tell_part *part)
{
    part->id = ++keep->next_id;
    struct buf *out = channel_begin(member->channel, MESSAGE_WORK, part->id);
    enum err err = out == NULL ? ERR_MEMORY : put_bytes(out, SLICE_LITERAL("tell.write"));
    err = err == ERR_NONE ? put_bytes(out, part->input) : err;
    err = err == ERR_NONE ? put_bytes(out, part->lines) : err;
    enum err ended = out == NULL ? ERR_NONE : channel_end(member->channel);
    return err == ERR_NONE ? ended : err;
}

static void dispatch(struct keep *keep, size_t slot)
{
    struct teller *teller = &keep->tellers[slot];
    struct member *member = member_of(keep, slot);
    if (teller->waiting.first != NULL && member == NULL) {
        start(keep, slot);
    }
    while (member != NULL && teller->waiting.first != NULL && teller->at_work.count < IN_FLIGHT_MAX) {
        struct tell_part *part = take_first(&teller->waiting);
        enum err err = send_part(keep, member, part);
        if (err == ERR_NONE) {
            put_in(&teller->at_work, part);
        } else {
            fail_part(keep, part, err, TEXT(err_text(err, LANGUAGE_ENGLISH), err_text(err, LANGUAGE_GERMAN)), "");
        }
    }
}

static void fail_queue(struct keep *keep, struct tell_queue *queue, enum err err, struct text text, const char *detail)
{
    while (queue->first != NULL) {
        fail_part(keep, take_first(queue), err, text, detail);
    }
}

static bool is_late(const struct keep *keep, const struct tell_queue *queue)
{
    return queue->first != NULL && keep->now.mono_ns - queue->first->begun_mono_ns > (int64_t)ANSWER_MS * 1000000;
}

void keep_dispatch_tellers(struct keep *keep)
{
    for (size_t slot = 0; slot < DEVICES_MAX; slot++) {
        struct teller *teller = &keep->tellers[slot];
        if (is_late(keep, &teller->at_work) || is_late(keep, &teller->waiting)) {
            static const struct text late = {"it did not answer within 5 seconds", "es antwortete nicht innerhalb von 5 Sekunden"};
            /* It owes an answer, and with that it is taken up again; one that was never asked, or never came, owes none. */
            teller->is_stuck = teller->at_work.count > 0 && member_of(keep, slot) != NULL;
            LOG(LOG_ERROR, "audit.device-stuck", LOG_NUMBER("slot", slot));
            fail_queue(keep, &teller->at_work, ERR_TIMEOUT, late, "");
            fail_queue(keep, &teller->waiting, ERR_TIMEOUT, late, "");
        }
        dispatch(keep, slot);
    }
}

enum err keep_take_told(struct keep *keep, struct member *member, uint64_t id, struct slice body)
{
    struct teller *teller = &keep->tellers[member->index];
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct work_result result = {.err = ERR_MEMORY};
    enum err err = arena == NULL ? ERR_MEMORY : work_get_result(arena, body, &result);
    if (err != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    if (teller->at_work.first == NULL || teller->at_work.first->id != id) {
        teller->is_stuck = false; /* too late for its record, but it lives */
        return id <= keep->next_id ? ERR_NONE : ERR_PROTOCOL;
    }
    teller->is_stuck = false;
    end_part(keep, take_first(&teller->at_work), result.err, &result.complaint);
    return ERR_NONE;
}

void keep_lose_teller(struct keep *keep, size_t slot, enum err err, const char *reason)
{
    struct teller *teller = &keep->tellers[slot];
    static const struct text ended = {"its process ended", "sein Prozess endete"};
    teller->is_stuck = false;
    fail_queue(keep, &teller->at_work, err, ended, reason);
    if (reason[0] != '\0') { /* told by the parent: it will not come */
        fail_queue(keep, &teller->waiting, err, ended, reason);
    }
}

void keep_drop_teller(struct keep *keep, size_t slot)
{
    struct member *member = member_of(keep, slot);
    keep->tellers[slot].is_known = false;
    if (member != NULL) {
        keep_lose_member(keep, member);
    }
}

/* A device went: none of the processes is missed, those still needed come again with their next record. */
void keep_drop_idle_tellers(struct keep *keep)
{
    for (size_t slot = 0; slot < DEVICES_MAX; slot++) {
        if (keep->tellers[slot].waiting.count + keep->tellers[slot].at_work.count == 0 || keep->tellers[slot].is_stuck) {
            keep_drop_teller(keep, slot);
        }
    }
}

/* ---- how they fare ---- */

static struct json *entry_of(struct arena *arena, struct json *roles, size_t slot)
{
    for (struct json *one = roles->first; one != NULL; one = one->next) {
        uint64_t index = 0;
        if (slice_is(json_text(one, "role", SLICE_NONE), role_name(ROLE_TELL)) && json_u64(one, "index", &index) == ERR_NONE && index == slot) {
            return one;
        }
    }
    struct json *one = json_append(roles, json_new(arena, JSON_OBJECT));
    json_set_string(arena, one, "role", slice_string(role_name(ROLE_TELL)));
    json_set_u64(arena, one, "index", slot);
    json_set_bool(arena, one, "running", false);
    return one;
}

static void set_time(struct arena *arena, struct json *object, const char *name, int64_t unix_ms)
{
    char text[RFC3339_BYTES];
    rfc3339_format(unix_ms, text);
    if (unix_ms > 0) {
        json_set_string(arena, object, name, slice_string(text));
    }
}

void keep_describe_tellers(const struct keep *keep, struct arena *arena, struct json *roles)
{
    for (size_t slot = 0; slot < DEVICES_MAX; slot++) {
        const struct teller *teller = &keep->tellers[slot];
        if (!teller->is_known) {
            continue;
        }
        struct json *state = json_set_object(arena, entry_of(arena, roles, slot), "device");
        json_set_bool(arena, state, "stuck", teller->is_stuck);
        json_set_u64(arena, state, "waiting", teller->waiting.count + teller->at_work.count);
        json_set_u64(arena, state, "failures", teller->story.failures);
        set_time(arena, state, "taken", teller->story.taken_unix_ms);
        set_time(arena, state, "failed", teller->story.failed_unix_ms);
        if (teller->story.failures > 0) {
            struct json *cause = json_set_object(arena, state, "cause");
            json_set_string(arena, cause, "english", slice_string(teller->story.english));
            json_set_string(arena, cause, "german", slice_string(teller->story.german));
        }
    }
}

static uint64_t configured_seconds(const struct json *config, const char *name)
{
    uint64_t seconds = 0;
    return duration_parse(json_text(config, name, SLICE_NONE), &seconds) == ERR_NONE ? seconds : 0; /* the parent refused what is none */
}

void keep_read_lease_times(struct keep *keep)
{
    const struct json *config = json_member(keep->start.configuration, "config");
    keep->around.default_lease_s = configured_seconds(config, "default_lease_ttl");
    keep->around.max_lease_s = configured_seconds(config, "max_lease_ttl");
}

void keep_read_audit_directory(struct keep *keep)
{
    const struct json *blocks = json_member(json_member(keep->start.configuration, "config"), "audit");
    struct slice directory = json_text(blocks == NULL ? NULL : blocks->first, "directory", SLICE_LITERAL("audit"));
    bool is_whole = directory.len > 0 && directory.data[0] == '/';
    while (directory.len > 1 && directory.data[directory.len - 1] == '/') {
        directory.len--;
    }
    char *path = is_whole ? arena_string(keep->start.arena, directory)
                          : arena_printf(keep->start.arena, "%s/%.*s", keep->around.directory, (int)directory.len, (const char *)directory.data);
    keep->around.audit_directory = path == NULL ? "" : path;
}
