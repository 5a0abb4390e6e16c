/* The courier of an agent: its start, and the loop between its parent, its worker and Vogt. What it says and does stands in agent/courier_*.c. */
#include "agent/courier.h"

#include "base/log.h"
#include "base/ports.h"
#include "base/time.h"
#include "measure/agent.h"
#include "process/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKER_QUEUE_BYTES = 32 << 20, MESSAGE_ARENA_BYTES = 1 << 18, WAIT_MAX_MS = 60000, DNS_PORT = 53 };

void courier_look_at_clock(struct courier *courier)
{
    struct instant now = clock_now();
    courier->now.unix_ms = now.unix_ms;
    courier->now.mono_ms = now.mono_ns / 1000000;
}

/* ---- the parent's frames ---- */

static enum err take_channel(struct courier *courier, const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    struct json *tree = NULL;
    enum err err = frame->fd < 0 || arena == NULL ? ERR_PROTOCOL : json_unpack(arena, frame->body, &tree);
    enum role role = role_of_name(json_text(tree, "role", SLICE_NONE));
    if (err != ERR_NONE || (role != ROLE_LOOK && role != ROLE_REACH)) {
        return ERR_PROTOCOL;
    }
    struct channel *channel = channel_new(frame->fd, ROLE_KEEP, role, WORKER_QUEUE_BYTES);
    if (channel == NULL) {
        return ERR_MEMORY;
    }
    courier_hire(courier, channel, role, json_text(tree, "confinement", SLICE_NONE));
    return ERR_NONE;
}

/* ERR_BUSY: nothing waits. STOP and a parent that is gone both set stopping. */
static enum err hear_parent(struct courier *courier)
{
    struct frame frame;
    enum err err = channel_receive(courier->start.parent, &frame);
    if (err == ERR_CLOSED) {
        courier->stopping = true;
        return ERR_BUSY;
    }
    if (err != ERR_NONE) {
        return err;
    }
    switch ((unsigned)frame.kind) {
    case MESSAGE_STOP:
        courier->stopping = true;
        return ERR_NONE;
    case MESSAGE_CHANNEL:
        return take_channel(courier, &frame);
    case MESSAGE_ENDED:
        courier_dismiss(courier);
        return ERR_NONE;
    default:
        return ERR_PROTOCOL;
    }
}

static enum err hear_all(struct courier *courier)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && !courier->stopping) {
        err = hear_parent(courier);
    }
    while ((err == ERR_NONE || err == ERR_BUSY) && courier->worker != NULL) {
        err = courier_hear_worker(courier);
        if (err == ERR_BUSY) {
            break;
        }
        if (err == ERR_CLOSED || err == ERR_PROTOCOL) {
            courier_dismiss(courier); /* the parent sees its end, or ends it */
            err = ERR_BUSY;
        }
    }
    return err == ERR_BUSY ? ERR_NONE : err;
}

static void wait_for_frames(struct courier *courier, int64_t wait_ms)
{
    struct pollfd waiting[2] = {{channel_fd(courier->start.parent), POLLIN, 0}, {-1, POLLIN, 0}};
    if (courier->worker != NULL) {
        waiting[1].fd = channel_fd(courier->worker);
        waiting[1].events = (short)(POLLIN | (channel_queued_bytes(courier->worker) > 0 ? POLLOUT : 0));
    }
    (void)poll(waiting, 2, (int)(wait_ms < 0 ? 0 : wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : wait_ms));
    courier_look_at_clock(courier);
}

/* ---- starting ---- */

static enum err take_configuration(struct courier *courier, struct complaint *complaint)
{
    const struct json *given = courier->start.configuration;
    struct slice server = json_text(given, "server", SLICE_NONE), pin = json_text(given, "pin", SLICE_NONE), name = json_text(given, "name", SLICE_NONE);
    struct config *config = &courier->config;
    enum err err = config_read(courier->directory_fd, config);
    err = err == ERR_NOT_FOUND ? ERR_NONE : err;
    err = err == ERR_NONE && server.len > 0 ? config_set(config->server, sizeof(config->server), server) : err;
    err = err == ERR_NONE && pin.len > 0 ? config_set(config->pin, sizeof(config->pin), pin) : err;
    err = err == ERR_NONE && name.len > 0 ? config_set(config->name, sizeof(config->name), name) : err;
    if (err == ERR_NONE && config->server[0] == '\0') {
        return complain(complaint, ERR_INVALID, TEXT("this directory holds no agent yet: give --server, --pin and --token", "in diesem Verzeichnis ist noch kein Agent: gib --server, --pin und --token an"), 0, 0, NULL, 0);
    }
    return err == ERR_NONE ? exchange_read(slice_string(config->server), slice_string(config->pin), &courier->exchange, complaint) : err;
}

/* Nothing but Vogt's port and names is left to connect to, where the kernel can say so. */
static enum err confine(struct courier *courier)
{
    struct ports connect = {{0}}, listen = {{0}};
    ports_add(&connect, courier->exchange.port);
    ports_add(&connect, DNS_PORT);
    enum err err = role_confine(&courier->start, courier->directory_fd);
    return err == ERR_NONE ? sandbox_narrow_task(&connect, &listen) : err;
}

static enum err begin(struct courier *courier, struct complaint *complaint)
{
    static const struct spool_limits limits = {COURIER_SPOOL_BYTES, COURIER_SPOOL_COUNT, COURIER_SPOOL_AGE_MS};
    courier->directory_fd = courier->start.fd_count > 0 ? courier->start.fds[0] : -1;
    courier->lasting = arena_new(MESSAGE_ARENA_BYTES * 16);
    courier->sight = json_member(courier->start.configuration, "sight");
    courier->state = "away";
    courier->batch_max = AGENT_REPORTS_MAX;
    courier_look_at_clock(courier);
    enum err err = courier->lasting == NULL ? ERR_MEMORY : courier->directory_fd < 0 ? ERR_INVALID : exchange_start();
    err = err == ERR_NONE ? take_configuration(courier, complaint) : err;
    err = err == ERR_NONE ? confine(courier) : err;
    err = err == ERR_NONE ? identity_open(courier->directory_fd, &courier->identity) : err;
    return err == ERR_NONE ? spool_open(courier->directory_fd, &limits, &courier->spool) : err;
}

/* Vogt may be away when an agent is set up: asked again until it answers, or the parent says stop. */
static enum err enrol(struct courier *courier, struct complaint *complaint)
{
    struct slice token = json_text(courier->start.configuration, "token", SLICE_NONE), hostname = json_text(courier->start.configuration, "hostname", SLICE_NONE);
    enum err err = courier_enrol(courier, token, hostname, complaint);
    while (err_is_retryable(err) && !courier->stopping) {
        LOG(LOG_WARN, "agent.enrolment-waits", LOG_ERR(err), LOG_TEXT("text", complaint->text.english == NULL ? "" : complaint->text.english));
        wait_for_frames(courier, COURIER_RETRY_MS);
        err = hear_all(courier);
        err = err == ERR_NONE && !courier->stopping ? courier_enrol(courier, token, hostname, complaint) : err;
    }
    return err;
}

/* ---- serving ---- */

static int64_t sooner(int64_t a, int64_t b)
{
    return b < 0 || a < b ? a : b;
}

static enum err serve(struct courier *courier)
{
    enum err err = ERR_NONE;
    courier_recall_tasks(courier);
    while (err == ERR_NONE && !courier->stopping) {
        if (courier->now.mono_ms >= courier->next_poll_mono_ms) {
            courier_poll(courier);
        }
        err = courier_dispatch(courier);
        if (err == ERR_CLOSED) {
            courier_dismiss(courier);
            err = ERR_NONE;
        }
        bool idle = courier->worker != NULL && courier->busy < courier->capacity;
        int64_t wait_ms = courier->next_poll_mono_ms - courier->now.mono_ms;
        wait_for_frames(courier, sooner(wait_ms, idle ? tasks_wait_ms(&courier->tasks, courier->now.mono_ms) : -1));
        err = err == ERR_NONE ? hear_all(courier) : err;
        bool resting = courier->busy == 0 && tasks_due(&courier->tasks, courier->worker_role, courier->now.mono_ms) == NULL;
        if (resting && spool_count(courier->spool) > 0 && strcmp(courier->state, "well") == 0) {
            courier->next_poll_mono_ms = courier->now.mono_ms; /* a round is complete: Vogt hears of it at once */
        }
    }
    return err;
}

static void end(struct courier *courier)
{
    courier_dismiss(courier);
    tasks_free(&courier->tasks);
    spool_free(courier->spool);
    identity_free(&courier->identity);
    arena_free(courier->lasting);
}

static int fail(struct courier *courier, enum err err, const struct complaint *complaint)
{
    struct text text = complaint->text;
    if (text.english == NULL) {
        text = TEXT(err_text(err, LANGUAGE_ENGLISH), err_text(err, LANGUAGE_GERMAN));
    }
    int code = role_fail(&courier->start, err, text);
    end(courier);
    return code;
}

int main(void)
{
    static struct courier courier = {.directory_fd = -1, .tasks = {.list = NULL}};
    struct complaint complaint = {.text = {NULL, NULL}};
    if (role_start(ROLE_COURIER, &courier.start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    enum err err = begin(&courier, &complaint);
    bool has_token = err == ERR_NONE && json_text(courier.start.configuration, "token", SLICE_NONE).len > 0;
    if (err == ERR_NONE && courier.identity.certificate.len == 0 && !has_token) {
        err = complain(&complaint, ERR_INVALID, TEXT("this agent is not enrolled: give the token of `vogt agent create`", "dieser Agent ist nicht angemeldet: gib das Token von `vogt agent create` an"), 0, 0, NULL, 0);
    }
    bool enrolled_now = false;
    if (has_token) {
        err = enrol(&courier, &complaint);
        enrolled_now = err == ERR_NONE && !courier.stopping;
        if (err == ERR_DENIED && courier.identity.certificate.len > 0) {
            LOG(LOG_WARN, "agent.token-not-taken", LOG_TEXT("text", complaint.text.english)); /* used already, as after a restart of a unit that always gives it */
            err = ERR_NONE;
        }
    }
    if (err != ERR_NONE) {
        return fail(&courier, err, &complaint);
    }
    if (!enrolled_now && !courier.stopping) {
        err = role_ready(&courier.start);
        err = err == ERR_NONE ? serve(&courier) : err;
    }
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "courier.failed", LOG_ERR(err));
    }
    end(&courier);
    role_end(&courier.start);
    return err != ERR_NONE ? ROLE_EXIT_FAILED : enrolled_now ? COURIER_EXIT_AGAIN : ROLE_EXIT_STOPPED;
}
