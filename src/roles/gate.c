#include "roles/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "process/memory.h"

enum {
    FRAMES_A_ROUND = 16, /* then MHD sends what was answered: the clients go on while the rest is read */
    TICK_MS = 1000,
    STOP_TICK_MS = 20,
    STOP_WAIT_MS = 2000, /* for the replies that keep still owes */
    EVENTS_MAX = 16,
    CONNECTIONS_LIMIT = 65536,
};

enum source { SOURCE_PARENT, SOURCE_KEEP, SOURCE_HTTP, SOURCE_LISTENER };

static uint64_t source_mark(enum source source, int fd)
{
    return (uint64_t)source << 32 | (uint32_t)fd;
}

static enum err watch(struct gate *gate, enum source source, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = source_mark(source, fd)};
    return epoll_ctl(gate->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? ERR_NONE
                                                                     : err_from_errno(errno);
}

/* Several gates share the sockets: EPOLLEXCLUSIVE wakes one of them for a connection. Nobody is let
 * in before there is a certificate to show. */
static void listen_now(struct gate *gate)
{
    for (size_t i = 0; i < gate->start.fd_count && !gate->listening; i++) {
        enum err err = watch(gate, SOURCE_LISTENER, gate->start.fds[i], EPOLLIN | EPOLLEXCLUSIVE);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "gate.listen-failed", LOG_ERR(err));
        }
    }
    gate->listening = true;
}

void gate_listen_no_more(struct gate *gate)
{
    for (size_t i = 0; i < gate->start.fd_count && gate->listening; i++) {
        (void)epoll_ctl(gate->epoll_fd, EPOLL_CTL_DEL, gate->start.fds[i], NULL);
    }
    gate->listening = false;
}

void gate_frame(struct gate *gate, enum message kind, uint64_t id, struct slice body)
{
    if (kind == MESSAGE_CERTIFICATE) {
        enum err err = gate_tls_certificate(gate, body);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "gate.certificate-refused", LOG_ERR(err));
        } else if (!gate->stopping) {
            listen_now(gate);
        }
    } else if (kind == MESSAGE_AUTHORITY) {
        enum err err = gate_tls_authority(gate, body);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "gate.authority-refused", LOG_ERR(err));
        }
    } else if (kind == MESSAGE_CLIENTS) {
        enum err err = gate_tls_clients(gate, body);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "gate.clients-refused", LOG_ERR(err));
        }
    } else if (kind == MESSAGE_SETTINGS) {
        enum err err = gate_settings(gate, body);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "gate.settings-refused", LOG_ERR(err));
        }
    } else if (kind == MESSAGE_REPLY) {
        struct exchange *exchange = exchange_find(gate, id);
        if (exchange != NULL) {
            (exchange->stage == STAGE_FOLLOWING ? gate_stream_go_on : exchange->upload != NULL ? gate_upload_go_on : gate_reply)(exchange, body);
        }
    }
    /* SIGNED without anybody waiting: its handshake gave up meanwhile. */
}

void gate_hold(struct gate *gate, const struct frame *frame)
{
    struct held_frame *held = malloc(sizeof(*held) + frame->body.len);
    if (held == NULL) {
        return; /* its exchange ends at its deadline */
    }
    *held = (struct held_frame){.kind = frame->kind, .id = frame->id, .len = frame->body.len};
    if (frame->body.len > 0) {
        memcpy(held->bytes, frame->body.data, frame->body.len);
    }
    *gate->held_end = held;
    gate->held_end = &held->next;
}

static void take_held(struct gate *gate)
{
    while (gate->held != NULL) {
        struct held_frame *held = gate->held;
        gate->held = held->next;
        if (gate->held == NULL) {
            gate->held_end = &gate->held;
        }
        gate_frame(gate, held->kind, held->id, slice_of(held->bytes, held->len));
        explicit_bzero(held->bytes, held->len);
        free(held);
    }
}

static void take_keep(struct gate *gate)
{
    struct frame frame;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < FRAMES_A_ROUND && err == ERR_NONE; i++) {
        err = channel_receive(gate->start.keep, &frame);
        if (err == ERR_NONE) {
            gate_frame(gate, frame.kind, frame.id, frame.body);
        }
    }
    gate->keep_unread = err == ERR_NONE;
    if (err != ERR_NONE && err != ERR_BUSY) {
        LOG(LOG_ERROR, "gate.keep-lost", LOG_ERR(err));
        gate->keep_lost = true;
    }
}

static void stop(struct gate *gate)
{
    if (!gate->stopping) {
        gate_listen_no_more(gate);
        gate->stopping = true;
        gate->stop_mono_ns = gate->now_mono_ns + (int64_t)STOP_WAIT_MS * 1000000;
    }
}

static void take_parent(struct gate *gate)
{
    struct frame frame;
    enum err err;
    while ((err = channel_receive(gate->start.parent, &frame)) == ERR_NONE) {
        if (frame.kind == MESSAGE_STOP) {
            stop(gate);
        }
    }
    gate->parent_lost = gate->parent_lost || err != ERR_BUSY;
}

/* What was asked for leaves in one write; what the socket did not take waits for it to be
 * writable. */
void gate_flush(struct gate *gate)
{
    gate->unsent = 0;
    if (channel_flush(gate->start.keep) != ERR_NONE) {
        gate->keep_lost = true;
        return;
    }
    bool wants_write = channel_queued_bytes(gate->start.keep) > 0;
    if (wants_write != gate->keep_wants_write) {
        int fd = channel_fd(gate->start.keep);
        struct epoll_event event = {.events = EPOLLIN | (wants_write ? (uint32_t)EPOLLOUT : 0u),
                                    .data.u64 = source_mark(SOURCE_KEEP, fd)};
        (void)epoll_ctl(gate->epoll_fd, EPOLL_CTL_MOD, fd, &event);
        gate->keep_wants_write = wants_write;
    }
}

static int wait_ms(const struct gate *gate)
{
    if (gate->held != NULL || gate->keep_unread) {
        return 0;
    }
    int tick_ms = gate->stopping ? STOP_TICK_MS : TICK_MS;
    unsigned long long http_ms;
    bool http_waits =
        MHD_get_timeout(gate->daemon, &http_ms) == MHD_YES && http_ms < (unsigned long long)tick_ms;
    return http_waits ? (int)http_ms : tick_ms;
}

static void round_of(struct gate *gate)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(gate->epoll_fd, events, EVENTS_MAX, wait_ms(gate));
    gate->now_mono_ns = clock_now().mono_ns;
    take_held(gate);
    for (int i = 0; i < count; i++) {
        enum source source = (enum source)(events[i].data.u64 >> 32);
        if (source == SOURCE_PARENT) {
            take_parent(gate);
        } else if (source == SOURCE_KEEP) {
            gate->keep_unread = true;
        } else if (source == SOURCE_LISTENER) {
            gate_accept(gate, (int)(uint32_t)events[i].data.u64);
        }
    }
    if (gate->keep_unread) {
        take_keep(gate);
    }
    (void)MHD_run(gate->daemon);
    gate_transport_flush(gate);
    if (gate->now_mono_ns - gate->sweep_mono_ns > (int64_t)TICK_MS * 1000000) {
        gate->sweep_mono_ns = gate->now_mono_ns;
        gate_sweep(gate);
        memory_rest(gate->counters.requests[2]);
    }
    gate_flush(gate);
}

static bool goes_on(const struct gate *gate)
{
    if (gate->keep_lost || gate->parent_lost) {
        return false;
    }
    return !gate->stopping || (gate->waiting_count > 0 && gate->now_mono_ns < gate->stop_mono_ns);
}

static size_t configured(const struct gate *gate, const char *name, size_t fallback)
{
    uint64_t value;
    bool good = json_u64(gate->start.configuration, name, &value) == ERR_NONE && value >= 1 &&
                value <= CONNECTIONS_LIMIT;
    return good ? (size_t)value : fallback;
}

static enum err begin(struct gate *gate)
{
    gate->held_end = &gate->held;
    gate->head = BUF_INIT(GATE_HEAD_MAX_BYTES);
    gate->now_mono_ns = clock_now().mono_ns;
    gate->arena = arena_new(GATE_TREE_MAX_BYTES);
    gate->exchange_max = configured(gate, "connections", GATE_CONNECTIONS_DEFAULT);
    gate->exchanges = calloc(gate->exchange_max, sizeof(*gate->exchanges));
    gate->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (gate->arena == NULL || gate->exchanges == NULL || gate->epoll_fd < 0) {
        return ERR_MEMORY;
    }
    enum err err =
        gate_http_start(gate, gate->exchange_max,
                        configured(gate, "connections_per_address", GATE_PER_ADDRESS_DEFAULT));
    if (err == ERR_NONE) {
        err = watch(gate, SOURCE_PARENT, channel_fd(gate->start.parent), EPOLLIN);
    }
    if (err == ERR_NONE) {
        err = watch(gate, SOURCE_KEEP, channel_fd(gate->start.keep), EPOLLIN);
    }
    if (err == ERR_NONE) {
        err = watch(gate, SOURCE_HTTP, gate->http_epoll_fd, EPOLLIN);
    }
    if (err == ERR_NONE) {
        err = role_confine(&gate->start, -1);
    }
    return err == ERR_NONE ? role_ready(&gate->start) : err;
}

static void end(struct gate *gate)
{
    gate_http_stop(gate);
    gate_tls_stop(gate);
    buf_free(&gate->head);
    while (gate->held != NULL) {
        struct held_frame *held = gate->held;
        gate->held = held->next;
        free(held);
    }
    for (size_t i = 0; i < gate->exchange_made; i++) {
        free(gate->exchanges[i]);
    }
    free(gate->exchanges);
    arena_free(gate->arena);
    arena_free(gate->settings_arena);
    if (gate->epoll_fd >= 0) {
        (void)close(gate->epoll_fd);
    }
}

int main(void)
{
    struct gate gate = {.epoll_fd = -1, .http_epoll_fd = -1};
    if (role_start(ROLE_GATE, &gate.start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    memory_hold();
    enum err err = begin(&gate);
    if (err != ERR_NONE) {
        end(&gate);
        return role_fail(&gate.start, err,
                         TEXT("gate could not start its HTTPS server",
                              "gate konnte seinen HTTPS-Server nicht starten"));
    }
    take_parent(&gate); /* what came together with CONFIGURE is in the channel already: epoll would not tell */
    while (goes_on(&gate)) {
        round_of(&gate);
    }
    bool lost = gate.keep_lost;
    end(&gate);
    role_end(&gate.start);
    return lost ? ROLE_EXIT_FAILED : ROLE_EXIT_STOPPED;
}
