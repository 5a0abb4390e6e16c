/* What the courier says to Vogt and hears from it. */
#include "agent/courier.h"

#include "agent/file.h"
#include "base/encode.h"
#include "base/log.h"
#include "measure/agent.h"

#include <stdio.h>
#include <string.h>

enum { DELIVERIES_MAX = 16, MESSAGE_MAX_BYTES = 1024, STATUS_DENIED = 403, STATUS_MALFORMED = 400, STATUS_TOO_LARGE = 413 };

/* ---- answers ---- */

/* What a refusal says, as the server words it. */
static enum err refused(struct courier *courier, const struct exchange_reply *reply, struct complaint *complaint)
{
    const struct json *said = json_member(reply->tree, "complaint"), *errors = json_member(reply->tree, "errors");
    struct slice first = errors != NULL && errors->first != NULL ? errors->first->text : SLICE_LITERAL("refused");
    struct slice english = json_text(said, "english", first), german = json_text(said, "german", first);
    snprintf(courier->said_english, sizeof(courier->said_english), "%.*s", (int)english.len, (const char *)english.data);
    snprintf(courier->said_german, sizeof(courier->said_german), "%.*s", (int)german.len, (const char *)german.data);
    enum err err = reply->status == STATUS_DENIED ? ERR_DENIED : reply->status == STATUS_MALFORMED || reply->status == STATUS_TOO_LARGE ? ERR_INVALID : ERR_BUSY;
    return complain(complaint, err, TEXT(courier->said_english, courier->said_german), 0, 0, NULL, 0);
}

/* One question with our certificate; *ret_data is the reply's "data". */
static enum err ask(struct courier *courier, const char *path, const struct json *body, struct arena *arena, const struct json **ret_data, struct complaint *complaint)
{
    struct exchange_reply reply = {0, NULL};
    int64_t before_ms = courier->now.unix_ms, now_ms = 0;
    enum err err = exchange_ask(&courier->exchange, &courier->identity, path, body, arena, &reply, complaint);
    courier_look_at_clock(courier);
    if (err != ERR_NONE) {
        return err;
    }
    if (reply.status != 200) {
        return refused(courier, &reply, complaint);
    }
    courier->contact_unix_ms = courier->now.unix_ms;
    *ret_data = json_member(reply.tree, "data");
    if (json_i64(*ret_data, "now_ms", &now_ms) == ERR_NONE) {
        courier->skew_ms = before_ms + (courier->now.unix_ms - before_ms) / 2 - now_ms;
    }
    return ERR_NONE;
}

/* ---- enrolling and renewing ---- */

static enum err put_proof(struct courier *courier, struct arena *arena, struct json *body, const char *label, struct slice digest)
{
    cleanup_buf struct buf message = BUF_INIT(MESSAGE_MAX_BYTES), signature = BUF_INIT(MESSAGE_MAX_BYTES), text = BUF_INIT(MESSAGE_MAX_BYTES);
    struct slice point = slice_of(courier->identity.point, sizeof(courier->identity.point));
    enum err err = agent_proof_message(&message, label, digest, point, slice_string(courier->config.name));
    err = err == ERR_NONE ? identity_sign(&courier->identity, buf_slice(&message), &signature) : err;
    err = err == ERR_NONE ? base64_encode(&text, point) : err;
    json_set_string(arena, body, "key", buf_slice(&text));
    buf_clear(&text);
    err = err == ERR_NONE ? base64_encode(&text, buf_slice(&signature)) : err;
    return json_set_string(arena, body, "signature", buf_slice(&text)) == NULL ? ERR_MEMORY : err;
}

/* The certificate's end is kept by our own clock, whatever that shows: a wrong clock must not make us late. */
static enum err take_certificate(struct courier *courier, const struct json *data)
{
    cleanup_buf struct buf der = BUF_INIT(IDENTITY_CERTIFICATE_MAX_BYTES);
    struct config config = courier->config;
    int64_t expires_ms = 0, now_ms = 0;
    enum err err = base64_decode(&der, json_text(data, "certificate", SLICE_NONE));
    err = err == ERR_NONE ? config_set(config.kind, sizeof(config.kind), json_text(data, "kind", SLICE_NONE)) : err;
    err = err == ERR_NONE ? json_u64(data, "every_s", &config.every_s) : err;
    err = err == ERR_NONE ? json_i64(data, "expires_ms", &expires_ms) : err;
    err = err == ERR_NONE ? json_i64(data, "now_ms", &now_ms) : err;
    bool good = err == ERR_NONE && (slice_is(slice_string(config.kind), "host") || slice_is(slice_string(config.kind), "vantage")) &&
                config.every_s >= AGENT_EVERY_MIN_S && config.every_s <= AGENT_EVERY_MAX_S;
    if (!good) {
        return ERR_MALFORMED;
    }
    config.expires_ms = courier->now.unix_ms + (expires_ms - now_ms);
    err = identity_take(courier->directory_fd, &courier->identity, buf_slice(&der));
    err = err == ERR_NONE ? config_write(courier->directory_fd, &config) : err;
    if (err == ERR_NONE) {
        courier->config = config;
    }
    return err;
}

enum err courier_enrol(struct courier *courier, struct slice token, struct slice hostname, struct complaint *complaint)
{
    struct arena *arena cleanup_arena = arena_new(COURIER_ARENA_BYTES);
    uint8_t digest[IDENTITY_ID_BYTES];
    const struct json *data = NULL;
    struct json *body = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, body, "token", token);
    json_set_string(arena, body, "name", slice_string(courier->config.name));
    json_set_string(arena, body, "hostname", hostname);
    enum err err = EVP_Digest(token.data, token.len, digest, NULL, EVP_sha256(), NULL) != 1 ? ERR_CRYPTO : body == NULL ? ERR_MEMORY : ERR_NONE;
    err = err == ERR_NONE ? put_proof(courier, arena, body, AGENT_ENROL_LABEL, slice_of(digest, sizeof(digest))) : err;
    err = err == ERR_NONE ? ask(courier, "agent/enrol", body, arena, &data, complaint) : err;
    err = err == ERR_NONE ? take_certificate(courier, data) : err;
    if (err == ERR_NONE) {
        LOG(LOG_INFO, "agent.enrolled", LOG_TEXT("name", courier->config.name), LOG_TEXT("kind", courier->config.kind));
    }
    return err;
}

/* With the certificate as long as it is good, then with the key alone. */
static enum err renew(struct courier *courier)
{
    bool is_over = courier->now.unix_ms >= courier->config.expires_ms;
    struct arena *arena cleanup_arena = arena_new(COURIER_ARENA_BYTES);
    struct complaint complaint = {.text = {NULL, NULL}};
    const struct json *data = NULL;
    struct json *body = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    enum err err = body == NULL ? ERR_MEMORY : put_proof(courier, arena, body, is_over ? AGENT_RETURN_LABEL : AGENT_RENEW_LABEL, slice_of(courier->identity.id, IDENTITY_ID_BYTES));
    if (is_over) {
        json_set_string(arena, body, "name", slice_string(courier->config.name));
    }
    err = err == ERR_NONE ? ask(courier, is_over ? "agent/return" : "agent/renew", body, arena, &data, &complaint) : err;
    err = err == ERR_NONE ? take_certificate(courier, data) : err;
    if (err != ERR_NONE) {
        LOG(LOG_WARN, "agent.not-renewed", LOG_ERR(err));
    }
    return err;
}

/* ---- tasks ---- */

static const char tasks_name[] = "tasks.json";

/* Kept, so that an agent that starts while Vogt is away goes on with what it was last asked. */
static enum err keep_tasks(struct courier *courier, const struct json *data)
{
    cleanup_buf struct buf text = BUF_INIT(EXCHANGE_REPLY_MAX_BYTES);
    uint8_t digest[IDENTITY_ID_BYTES];
    struct json list = {.type = JSON_OBJECT};
    struct arena *arena cleanup_arena = arena_new(COURIER_ARENA_BYTES);
    struct json *copy = arena == NULL ? NULL : json_copy(arena, json_member(data, "tasks"));
    enum err err = json_set(arena, &list, "tasks", copy) == NULL ? ERR_MEMORY : json_write(&text, &list, 0);
    if (err != ERR_NONE || EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL) != 1 || memcmp(digest, courier->tasks_digest, sizeof(digest)) == 0) {
        return err;
    }
    memcpy(courier->tasks_digest, digest, sizeof(digest));
    return file_write(courier->directory_fd, tasks_name, buf_slice(&text));
}

void courier_recall_tasks(struct courier *courier)
{
    cleanup_buf struct buf text = BUF_INIT(EXCHANGE_REPLY_MAX_BYTES);
    struct arena *arena cleanup_arena = arena_new(COURIER_ARENA_BYTES);
    struct json *tree = NULL;
    enum err err = arena == NULL ? ERR_MEMORY : file_read(courier->directory_fd, tasks_name, &text);
    err = err == ERR_NONE ? json_read(arena, buf_slice(&text), &tree, NULL) : err;
    err = err == ERR_NONE ? tasks_take(&courier->tasks, tree, slice_string(courier->config.kind), courier->now.mono_ms) : err;
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        LOG(LOG_WARN, "agent.tasks-unread", LOG_ERR(err));
    }
}

static enum err fetch_tasks(struct courier *courier, struct complaint *complaint)
{
    struct arena *arena cleanup_arena = arena_new(COURIER_ARENA_BYTES);
    const struct json *data = NULL;
    enum err err = arena == NULL ? ERR_MEMORY : ask(courier, "agent/tasks", NULL, arena, &data, complaint);
    err = err == ERR_NONE ? tasks_take(&courier->tasks, data, slice_string(courier->config.kind), courier->now.mono_ms) : err;
    uint64_t every_s = 0;
    if (err == ERR_NONE && json_u64(data, "every_s", &every_s) == ERR_NONE && every_s >= AGENT_EVERY_MIN_S && every_s <= AGENT_EVERY_MAX_S) {
        courier->config.every_s = every_s;
    }
    return err == ERR_NONE ? keep_tasks(courier, data) : err;
}

/* ---- delivering ---- */

static void put_health(struct courier *courier, struct arena *arena, struct json *body)
{
    json_set_string(arena, body, "version", SLICE_LITERAL(VOGT_VERSION));
    json_set_i64(arena, body, "sent_ms", courier->now.unix_ms);
    json_set_u64(arena, body, "spooled", spool_count(courier->spool));
    json_set_u64(arena, body, "spooled_bytes", spool_bytes(courier->spool));
    json_set_u64(arena, body, "lost_total", spool_dropped(courier->spool));
    json_set(arena, body, "cannot_see", courier->sight == NULL ? json_new(arena, JSON_ARRAY) : json_copy(arena, courier->sight));
    json_set(arena, body, "confinement", courier->confinement == NULL ? json_new(arena, JSON_OBJECT) : json_copy(arena, courier->confinement));
    struct json *refusals = json_set_array(arena, body, "refused");
    for (size_t i = 0; i < courier->tasks.refused_count; i++) {
        struct json *one = json_append(refusals, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "collector", slice_string(courier->tasks.refused[i].collector));
        json_set_string(arena, one, "why", slice_string(courier->tasks.refused[i].why));
    }
}

/* The oldest reports that fit one delivery, at least one of them. *ret_count 0: the spool is empty. */
static enum err put_reports(struct courier *courier, struct arena *arena, struct json *body, size_t *ret_count)
{
    struct json *reports = json_set_array(arena, body, "reports");
    uint64_t bytes = 0;
    size_t count = 0;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && count < courier->batch_max && count < spool_count(courier->spool) &&
           (count == 0 || bytes + spool_size(courier->spool, count) <= AGENT_DELIVERY_MAX_BYTES)) {
        cleanup_buf struct buf text = BUF_INIT(COURIER_REPORT_MAX_BYTES);
        struct json *report = NULL;
        bytes += spool_size(courier->spool, count);
        err = spool_read(courier->spool, count, &text);
        struct slice copy = err == ERR_NONE ? arena_copy(arena, buf_slice(&text)) : SLICE_NONE;
        err = err == ERR_NONE ? json_read(arena, copy, &report, NULL) : err;
        json_append(reports, report);
        count++;
    }
    *ret_count = count;
    return err;
}

/* A report that Vogt cannot take at all must not stand before the others for ever: it is dropped, and counted like any that was lost. */
static enum err give_way(struct courier *courier, size_t sent)
{
    if (sent > 1) {
        courier->batch_max = sent / 2;
        return ERR_NONE;
    }
    return sent == 1 ? spool_drop(courier->spool, 1) : ERR_INVALID;
}

static void log_refusals(const struct json *results)
{
    for (const struct json *one = results == NULL ? NULL : results->first; one != NULL; one = one->next) {
        if (!json_bool(one, "taken", false)) {
            LOG(LOG_WARN, "agent.report-refused", LOG_SLICE("reason", json_text(one, "reason", SLICE_LITERAL("?"))), LOG_SLICE("probe", json_text(one, "probe", SLICE_NONE)),
                LOG_SLICE("subject", json_text(one, "subject", SLICE_NONE)));
        }
    }
}

/* One delivery. Every report that was answered leaves the spool, taken or refused: both are Vogt's last word. *ret_more: there may be more to send. */
static enum err deliver(struct courier *courier, bool *ret_more, struct complaint *complaint)
{
    struct arena *arena cleanup_arena = arena_new(COURIER_ARENA_BYTES);
    struct json *body = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    const struct json *data = NULL;
    size_t count = 0;
    *ret_more = false;
    put_health(courier, arena, body);
    enum err err = body == NULL ? ERR_MEMORY : put_reports(courier, arena, body, &count);
    if (err == ERR_MALFORMED || err == ERR_TOO_LARGE) {
        *ret_more = true;
        return spool_drop(courier->spool, count); /* a file that we did not write so: counted, and the next are tried */
    }
    err = err == ERR_NONE ? ask(courier, "agent/facts", body, arena, &data, complaint) : err;
    if (err == ERR_INVALID) {
        *ret_more = true;
        return give_way(courier, count);
    }
    const struct json *results = json_member(data, "results");
    if (err == ERR_NONE && (results == NULL || results->count != count)) {
        err = ERR_MALFORMED;
    }
    if (err != ERR_NONE) {
        return err;
    }
    log_refusals(results);
    spool_remove(courier->spool, count);
    courier->batch_max = AGENT_REPORTS_MAX;
    *ret_more = spool_count(courier->spool) > 0;
    return ERR_NONE;
}

static enum err deliver_all(struct courier *courier, struct complaint *complaint)
{
    bool more = true;
    enum err err = ERR_NONE;
    for (int i = 0; i < DELIVERIES_MAX && more && err == ERR_NONE; i++) {
        err = deliver(courier, &more, complaint);
    }
    if (more) {
        courier->next_poll_mono_ms = courier->now.mono_ms; /* the rest comes right after what waits elsewhere */
    }
    return err;
}

static void note(struct courier *courier, enum err err, const struct complaint *complaint)
{
    const char *state = err == ERR_NONE ? "well" : err == ERR_DENIED ? "denied" : "away";
    courier->error[0] = '\0';
    if (err != ERR_NONE && complaint->text.english != NULL) {
        complaint_format(complaint, courier->start.language, courier->error, sizeof(courier->error));
    } else if (err != ERR_NONE) {
        snprintf(courier->error, sizeof(courier->error), "%s", err_text(err, courier->start.language));
    }
    if (strcmp(state, courier->state) != 0) {
        LOG(err == ERR_NONE ? LOG_INFO : LOG_WARN, "agent.state", LOG_TEXT("state", state), LOG_TEXT("text", courier->error));
    }
    courier->state = state;
}

/* Asking for tasks costs Vogt more than a sign of life. */
static int64_t tasks_pause_ms(const struct courier *courier)
{
    int64_t most_ms = (int64_t)courier->config.every_s * 1000;
    return most_ms < COURIER_TASKS_MS ? most_ms : COURIER_TASKS_MS;
}

void courier_poll(struct courier *courier)
{
    struct complaint complaint = {.text = {NULL, NULL}};
    if (courier->now.unix_ms >= courier->config.expires_ms - COURIER_RENEW_MS) {
        (void)!renew(courier); /* with the old one as long as that is good; tried again with the next poll */
    }
    bool asks = courier->now.mono_ms >= courier->next_tasks_mono_ms;
    enum err err = asks ? fetch_tasks(courier, &complaint) : ERR_NONE;
    if (asks && err == ERR_NONE) {
        courier->next_tasks_mono_ms = courier->now.mono_ms + tasks_pause_ms(courier);
    }
    courier->next_poll_mono_ms = courier->now.mono_ms + (int64_t)agent_poll_s(courier->config.every_s) * 1000;
    enum err expired = spool_expire(courier->spool, courier->now.unix_ms);
    err = err == ERR_NONE ? deliver_all(courier, &complaint) : err;
    note(courier, err != ERR_NONE ? err : expired, &complaint);
    courier_write_status(courier);
}
