/*
 * A double of keep, store and gate for tests of the parent; which one, its name says. keep answers
 * the parent's questions, sends each worker that it is handed the works of a table, and logs what
 * it hears; store tries to read the key file in its directory; the others wait for STOP. No part of
 * a daemon.
 */
#include "base/log.h"
#include "process/role_start.h"
#include "process/work.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEERS_MAX = 16 };

struct double_keep {
    struct role_start start;
    struct channel *peers[PEERS_MAX];
    size_t peer_count;
    bool stopping;
};

static enum err send_object(struct channel *channel, enum message kind, uint64_t id,
                            const char *name, const char *value)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *tree = json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, name, slice_string(value));
    enum err packed = json_pack(channel_begin(channel, kind, id), tree);
    enum err err = channel_end(channel);
    if (packed != ERR_NONE || err != ERR_NONE) {
        return packed != ERR_NONE ? packed : err;
    }
    return channel_flush(channel);
}

/* Real works, so that a system call that a collector needs and its sandbox lacks shows here; and
 * one that nobody has. */
static const struct {
    enum role role;
    const char *name, *input, *raw;
} orders[] = {
    {ROLE_JUDGE, "judge.nothing", "{}", ""},
    {ROLE_JUDGE, "annex.read", "{\"name\":\"a.md\"}",
     "# Annex\n\n## 1. Access\n\n- All data in transit is encrypted with TLS 1.3.\n"},
    {ROLE_JUDGE, "annex.read", "{\"name\":\"a.pdf\"}",
     "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count "
     "0>>endobj\n"},
    {ROLE_JUDGE, "judge.tls", "{}", ""},
    {ROLE_REACH, "judge.nothing", "{}", ""},
    {ROLE_REACH, "collect.tls",
     "{\"host\":\"localhost\",\"port\":1,\"server_name\":\"localhost\",\"protocol\":\"https\"}",
     ""},
    {ROLE_LOOK, "judge.nothing", "{}", ""},
    {ROLE_LOOK, "collect.docker", "{}", ""},
    {ROLE_LOOK, "collect.host", "{}", ""},
    {ROLE_LOOK, "collect.nft", "{}", ""},
    {ROLE_LOOK, "collect.sockets", "{}", ""},
    {ROLE_LOOK, "collect.volumes", "{\"path\":\"/tmp\"}", ""},
};

static enum err send_order(struct channel *peer, size_t number)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *input = NULL;
    enum err err = json_read(arena, slice_string(orders[number].input), &input, NULL);
    if (err == ERR_NONE) {
        err = work_put_call(channel_begin(peer, MESSAGE_WORK, number),
                            slice_string(orders[number].name), input,
                            slice_string(orders[number].raw));
    }
    return err == ERR_NONE ? channel_end(peer) : err;
}

static void log_result(const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(16 << 20);
    struct work_result result;
    cleanup_buf struct buf text = BUF_INIT(16 << 20);
    if (frame->id >= sizeof(orders) / sizeof(orders[0]) ||
        work_get_result(arena, frame->body, &result) != ERR_NONE ||
        json_write(&text, result.output, 0) != ERR_NONE) {
        abort();
    }
    LOG(LOG_INFO, "double.worked", LOG_TEXT("work", orders[frame->id].name),
        LOG_TEXT("result", err_name(result.err)),
        LOG_TEXT("complaint", result.complaint.text.english),
        LOG_SLICE("output", slice_first(buf_slice(&text), 600)));
}

static void take_channel(struct double_keep *keep, const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *tree = NULL;
    if (json_unpack(arena, frame->body, &tree) != ERR_NONE || frame->fd < 0 ||
        keep->peer_count == PEERS_MAX) {
        abort();
    }
    enum role role = role_of_name(json_text(tree, "role", SLICE_NONE));
    struct channel *peer = channel_new(frame->fd, ROLE_KEEP, role, 1 << 20);
    keep->peers[keep->peer_count++] = peer;
    LOG(LOG_INFO, "double.channel", LOG_SLICE("of", json_text(tree, "role", SLICE_NONE)),
        LOG_SLICE("confinement", json_text(tree, "confinement", SLICE_NONE)),
        LOG_SLICE("features", json_text(tree, "features", SLICE_NONE)));
    enum err err = role == ROLE_SEAL
                       ? channel_send(peer, MESSAGE_UNWRAP, 1, SLICE_LITERAL("wrapped"))
                       : ERR_NONE;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]) && err == ERR_NONE; i++) {
        err = orders[i].role == role ? send_order(peer, i) : ERR_NONE;
    }
    if (err != ERR_NONE || channel_flush(peer) != ERR_NONE) {
        LOG_BARE(LOG_ERROR, "double.unsent");
    }
}

static void take_parent(struct double_keep *keep, const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *tree = NULL;
    enum err err = ERR_NONE;
    if (frame->kind == MESSAGE_STOP) {
        keep->stopping = true;
        return;
    }
    if (frame->kind == MESSAGE_CHANNEL) {
        take_channel(keep, frame);
        return;
    }
    if (json_unpack(arena, frame->body, &tree) != ERR_NONE) {
        abort();
    }
    if (frame->kind == MESSAGE_ENDED) {
        LOG(LOG_INFO, "double.ended", LOG_SLICE("of", json_text(tree, "role", SLICE_NONE)),
            LOG_SLICE("reason", json_text(tree, "reason", SLICE_NONE)));
    } else if (frame->kind == MESSAGE_ASK &&
               slice_is(json_text(tree, "do", SLICE_NONE), "operator-token")) {
        err = send_object(keep->start.parent, MESSAGE_ANSWER, frame->id, "token", "hvs.operator");
        if (err == ERR_NONE && !json_bool(keep->start.configuration, "sealed", false)) {
            err = send_object(keep->start.parent, MESSAGE_START_SEAL, 0, "seal", "key-file");
        }
    } else if (frame->kind == MESSAGE_ASK) {
        err = send_object(keep->start.parent, MESSAGE_ANSWER, frame->id, "login_link",
                          "https://localhost/login");
    }
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "double.unsent", LOG_ERR(err));
    }
}

/* All that waits: poll does not know of frames that were read along with the first. False: the peer
 * is gone. */
static bool hear_peer(struct channel *peer)
{
    for (;;) {
        struct frame frame;
        enum err err = channel_receive(peer, &frame);
        if (err != ERR_NONE) {
            return err == ERR_BUSY;
        }
        if (frame.kind == MESSAGE_WORKED) {
            log_result(&frame);
        } else {
            LOG(LOG_INFO, "double.heard", LOG_TEXT("of", role_name(channel_peer(peer))),
                LOG_TEXT("message", message_name(frame.kind)), LOG_NUMBER("bytes", frame.body.len));
        }
    }
}

static void round_of(struct double_keep *keep)
{
    struct pollfd wait[1 + PEERS_MAX];
    struct frame frame;
    wait[0] = (struct pollfd){channel_fd(keep->start.parent), POLLIN, 0};
    for (size_t i = 0; i < keep->peer_count; i++) {
        wait[i + 1] = (struct pollfd){channel_fd(keep->peers[i]), POLLIN, 0};
    }
    size_t count = keep->peer_count;
    if (poll(wait, 1 + count, -1) < 0) {
        return;
    }
    for (size_t i = count; i > 0; i--) {
        if (wait[i].revents != 0 && !hear_peer(keep->peers[i - 1])) {
            channel_free(keep->peers[i - 1]);
            keep->peers[i - 1] = keep->peers[--keep->peer_count];
        }
    }
    enum err err = ERR_NONE;
    while (wait[0].revents != 0 && err == ERR_NONE && !keep->stopping) {
        err = channel_receive(keep->start.parent, &frame);
        if (err == ERR_NONE) {
            take_parent(keep, &frame);
        }
    }
    keep->stopping = keep->stopping || (err != ERR_NONE && err != ERR_BUSY);
}

/* What a store must be able to do, and what not. */
static void try_directory(void)
{
    char byte;
    int made = open("double.db", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int key = open("seal.key", O_RDONLY | O_CLOEXEC);
    ssize_t got = key < 0 ? -1 : read(key, &byte, 1);
    LOG(LOG_INFO, "double.directory", LOG_NUMBER("writable", made >= 0 ? 1 : 0),
        LOG_NUMBER("key_readable", got > 0 ? 1 : 0));
}

static void wait_for_stop(struct role_start *start)
{
    struct frame frame;
    while (channel_wait(start->parent, -1, &frame) == ERR_NONE && frame.kind != MESSAGE_STOP) {
    }
}

int main(int count, char **arguments)
{
    static struct double_keep keep;
    const char *dash = count == 1 ? strrchr(arguments[0], '-') : NULL;
    enum role role = dash == NULL ? ROLE_NONE : role_of_name(slice_string(dash + 1));
    if (role == ROLE_NONE || role_start(role, &keep.start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    enum err err = role_confine(&keep.start, role == ROLE_STORE ? keep.start.fds[0] : -1);
    if (role == ROLE_STORE) {
        try_directory();
    }
    if (err != ERR_NONE || role_ready(&keep.start) != ERR_NONE) {
        return role_fail(&keep.start, ERR_RIGHTS,
                         TEXT("the double could not start", "das Double konnte nicht starten"));
    }
    LOG(LOG_INFO, "double.configured",
        LOG_NUMBER("sealed", json_bool(keep.start.configuration, "sealed", false) ? 1 : 0));
    if (role != ROLE_KEEP) {
        wait_for_stop(&keep.start);
    }
    while (role == ROLE_KEEP && !keep.stopping) {
        round_of(&keep);
    }
    role_end(&keep.start);
    return 0;
}
