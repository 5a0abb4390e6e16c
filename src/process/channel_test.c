#include "process/channel.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUEUE_BYTES = 1 << 20 };

struct pair {
    struct channel *gate, *keep;
};

static struct pair pair_of(enum role a, enum role b, size_t queue_max_bytes)
{
    int fds[2];
    struct pair pair = {NULL, NULL};
    if (channel_pair(fds) == ERR_NONE) {
        pair.gate = channel_new(fds[0], a, b, queue_max_bytes);
        pair.keep = channel_new(fds[1], b, a, queue_max_bytes);
    }
    return pair;
}

static void pair_free(struct pair pair)
{
    channel_free(pair.gate);
    channel_free(pair.keep);
}

/* keep's end of a channel whose other end is a bare socket, to say what no well-behaved peer says.
 */
static struct channel *victim_of(enum role peer, int *ret_raw)
{
    int fds[2];
    if (channel_pair(fds) != ERR_NONE) {
        return NULL;
    }
    *ret_raw = fds[1];
    return channel_new(fds[0], ROLE_KEEP, peer, QUEUE_BYTES);
}

static void header_of(uint8_t out[CHANNEL_HEADER_BYTES], uint32_t bytes, unsigned kind,
                      unsigned fds)
{
    memset(out, 0, CHANNEL_HEADER_BYTES);
    store_u32_little(out, bytes);
    out[4] = (uint8_t)kind;
    out[5] = (uint8_t)(kind >> 8);
    out[6] = (uint8_t)fds;
    store_u64_little(out + 8, 7);
}

static enum err hear(enum role peer, const uint8_t *bytes, size_t len)
{
    int raw = -1;
    struct channel *channel = victim_of(peer, &raw);
    if (channel == NULL || send(raw, bytes, len, 0) != (ssize_t)len) {
        return ERR_INTERNAL;
    }
    struct frame frame;
    enum err err = channel_receive(channel, &frame);
    channel_free(channel);
    close(raw);
    return err;
}

TEST(frames_arrive_in_order_with_kind_id_and_body)
{
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, QUEUE_BYTES);
    struct frame frame;
    CHECK_ERR(ERR_BUSY, channel_receive(pair.keep, &frame));
    CHECK_ERR(ERR_NONE, channel_send(pair.gate, MESSAGE_REQUEST, 1, SLICE_LITERAL("one")));
    CHECK_ERR(ERR_NONE, channel_send(pair.gate, MESSAGE_SIGN, UINT64_MAX, SLICE_NONE));
    CHECK_ERR(ERR_BUSY, channel_receive(pair.keep, &frame)); /* queued, not written */
    CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
    CHECK_U64(0, channel_queued_bytes(pair.gate));
    CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
    CHECK(frame.kind == MESSAGE_REQUEST && frame.id == 1 && frame.fd == -1);
    CHECK_SLICE("one", frame.body);
    CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
    CHECK(frame.kind == MESSAGE_SIGN && frame.id == UINT64_MAX && frame.body.len == 0);
    CHECK_ERR(ERR_BUSY, channel_receive(pair.keep, &frame));
    pair_free(pair);
}

TEST(a_frame_may_come_byte_by_byte)
{
    int raw = -1;
    struct channel *channel = victim_of(ROLE_GATE, &raw);
    uint8_t bytes[CHANNEL_HEADER_BYTES + 5];
    struct frame frame;
    header_of(bytes, 5, MESSAGE_REQUEST, 0);
    memcpy(bytes + CHANNEL_HEADER_BYTES, "hello", 5);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        CHECK_ERR(ERR_BUSY, channel_receive(channel, &frame));
        CHECK(send(raw, bytes + i, 1, 0) == 1);
    }
    CHECK_ERR(ERR_NONE, channel_receive(channel, &frame));
    CHECK_SLICE("hello", frame.body);
    channel_free(channel);
    close(raw);
}

TEST(a_large_frame_passes_in_pieces_and_is_whole)
{
    enum { BYTES = 5 << 20 };
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, BYTES + CHANNEL_HEADER_BYTES);
    uint8_t *bytes = malloc(BYTES);
    CHECK(bytes != NULL);
    for (size_t i = 0; i < BYTES; i++) {
        bytes[i] = (uint8_t)(i * 31 >> 3);
    }
    CHECK_ERR(ERR_NONE, channel_send(pair.gate, MESSAGE_REQUEST, 9, slice_of(bytes, BYTES)));
    struct frame frame;
    enum err err = ERR_BUSY;
    for (int i = 0; i < 10000 && err == ERR_BUSY; i++) {
        CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
        err = channel_receive(pair.keep, &frame);
    }
    CHECK_ERR(ERR_NONE, err);
    CHECK_U64(BYTES, frame.body.len);
    CHECK(memcmp(frame.body.data, bytes, BYTES) == 0);
    free(bytes);
    pair_free(pair);
}

TEST(what_the_table_does_not_know_ends_the_channel)
{
    static const struct {
        const char *what;
        enum role peer;
        uint32_t bytes;
        unsigned kind, fds;
    } rows[] = {
        {"no such kind", ROLE_GATE, 0, 15, 0},
        {"kind past the table", ROLE_GATE, 0, 4711, 0},
        {"kind zero", ROLE_GATE, 0, 0, 0},
        {"larger than its row", ROLE_GATE, 4097, MESSAGE_SIGN, 0},
        {"all that a length can say", ROLE_GATE, UINT32_MAX, MESSAGE_REQUEST, 0},
        {"another role's message", ROLE_JUDGE, 0, MESSAGE_REQUEST, 0},
        {"the wrong direction", ROLE_GATE, 0, MESSAGE_REPLY, 0},
        {"from the parent only", ROLE_GATE, 0, MESSAGE_CHANNEL, 0},
        {"a descriptor where none may be", ROLE_GATE, 0, MESSAGE_REQUEST, 1},
        {"two descriptors", ROLE_PARENT, 0, MESSAGE_CHANNEL, 2},
        {"a descriptor announced and not sent", ROLE_PARENT, 0, MESSAGE_CHANNEL, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t header[CHANNEL_HEADER_BYTES];
        header_of(header, rows[i].bytes, rows[i].kind, rows[i].fds);
        enum err err = hear(rows[i].peer, header, sizeof(header));
        if (err != ERR_PROTOCOL) {
            printf("%s: ", rows[i].what);
        }
        CHECK_ERR(ERR_PROTOCOL, err);
    }
}

TEST(a_violation_is_final)
{
    int raw = -1;
    struct channel *channel = victim_of(ROLE_GATE, &raw);
    uint8_t bytes[2 * CHANNEL_HEADER_BYTES];
    struct frame frame;
    header_of(bytes, 0, 15, 0);
    header_of(bytes + CHANNEL_HEADER_BYTES, 0, MESSAGE_SIGN, 0);
    CHECK(send(raw, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes));
    CHECK_ERR(ERR_PROTOCOL, channel_receive(channel, &frame));
    CHECK_ERR(ERR_PROTOCOL, channel_receive(channel, &frame));
    channel_free(channel);
    close(raw);
}

TEST(the_end_of_the_peer_is_told_after_its_last_frame)
{
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, QUEUE_BYTES);
    struct frame frame;
    CHECK_ERR(ERR_NONE, channel_send(pair.gate, MESSAGE_SIGN, 3, SLICE_LITERAL("last")));
    CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
    channel_free(pair.gate);
    CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
    CHECK_SLICE("last", frame.body);
    CHECK_ERR(ERR_CLOSED, channel_receive(pair.keep, &frame));
    CHECK_ERR(ERR_NONE, channel_send(pair.keep, MESSAGE_SIGNED, 3, SLICE_NONE));
    CHECK_ERR(ERR_CLOSED, channel_flush(pair.keep));
    channel_free(pair.keep);
}

TEST(a_frame_cut_short_is_a_violation)
{
    int raw = -1;
    struct channel *channel = victim_of(ROLE_GATE, &raw);
    uint8_t header[CHANNEL_HEADER_BYTES];
    struct frame frame;
    header_of(header, 5, MESSAGE_SIGN, 0);
    CHECK(send(raw, header, sizeof(header), 0) == (ssize_t)sizeof(header));
    close(raw);
    CHECK_ERR(ERR_PROTOCOL, channel_receive(channel, &frame));
    channel_free(channel);
}

TEST(sending_keeps_to_the_table_too)
{
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, QUEUE_BYTES);
    static const uint8_t large[4097];
    CHECK_ERR(ERR_INVALID, channel_send(pair.gate, MESSAGE_REPLY, 1, SLICE_NONE));
    CHECK_ERR(ERR_INVALID, channel_send(pair.gate, (enum message)15, 1, SLICE_NONE));
    CHECK_ERR(ERR_TOO_LARGE,
              channel_send(pair.gate, MESSAGE_SIGN, 1, slice_of(large, sizeof(large))));
    CHECK_U64(0, channel_queued_bytes(pair.gate));
    CHECK_ERR(ERR_INVALID, channel_send_fd(pair.gate, MESSAGE_SIGN, 1, SLICE_NONE, 0));
    CHECK_U64(0, channel_queued_bytes(pair.gate));
    pair_free(pair);
}

TEST(the_queue_is_bounded_and_the_frame_too_many_leaves_no_trace)
{
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, 100);
    static const uint8_t bytes[60];
    CHECK_ERR(ERR_NONE, channel_send(pair.gate, MESSAGE_SIGN, 1, slice_of(bytes, sizeof(bytes))));
    CHECK_ERR(ERR_TOO_LARGE,
              channel_send(pair.gate, MESSAGE_SIGN, 2, slice_of(bytes, sizeof(bytes))));
    CHECK_U64(76, channel_queued_bytes(pair.gate));
    CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
    CHECK_ERR(ERR_NONE, channel_send(pair.gate, MESSAGE_SIGN, 3, slice_of(bytes, sizeof(bytes))));
    CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
    struct frame frame;
    CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
    CHECK_U64(1, frame.id);
    CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
    CHECK_U64(3, frame.id);
    pair_free(pair);
}

TEST(a_peer_that_does_not_read_fills_the_queue_only)
{
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, QUEUE_BYTES);
    static const uint8_t bytes[4096];
    enum err err = ERR_NONE;
    uint64_t sent = 0;
    while (err == ERR_NONE && sent < 100000) {
        err = channel_send(pair.gate, MESSAGE_SIGN, sent, slice_of(bytes, sizeof(bytes)));
        sent += err == ERR_NONE ? 1 : 0;
        CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
    }
    CHECK_ERR(ERR_TOO_LARGE, err);
    CHECK(channel_queued_bytes(pair.gate) <= QUEUE_BYTES);
    struct frame frame;
    for (uint64_t got = 0; got < sent; got++) {
        CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
        CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
        CHECK_U64(got, frame.id);
    }
    CHECK_ERR(ERR_BUSY, channel_receive(pair.keep, &frame));
    pair_free(pair);
}

TEST(a_frame_built_in_place_arrives_and_one_left_unfinished_does_not)
{
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, QUEUE_BYTES);
    struct frame frame;
    CHECK_ERR(ERR_NONE, put_u64(channel_begin(pair.gate, MESSAGE_SIGN, 1), 1));
    CHECK_ERR(ERR_NONE, channel_flush(pair.gate)); /* nothing of it goes out */
    CHECK_ERR(ERR_NONE, buf_append_string(channel_begin(pair.gate, MESSAGE_SIGN, 2), "whole"));
    CHECK_ERR(ERR_NONE, channel_end(pair.gate));
    CHECK_ERR(ERR_INTERNAL, channel_end(pair.gate));
    CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
    CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
    CHECK_U64(2, frame.id);
    CHECK_SLICE("whole", frame.body);
    CHECK_ERR(ERR_BUSY, channel_receive(pair.keep, &frame));
    pair_free(pair);
}

/* The read end of a pipe in which `text` waits. */
static int pipe_with(const char *text)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0 || write(fds[1], text, strlen(text)) != (ssize_t)strlen(text)) {
        return -1;
    }
    close(fds[1]);
    return fds[0];
}

TEST(descriptors_stay_with_their_frames)
{
    struct pair pair = pair_of(ROLE_PARENT, ROLE_KEEP, QUEUE_BYTES);
    static const char *const texts[] = {"a", "b", "c"};
    struct frame frame;
    for (uint64_t i = 0; i < 3; i++) {
        int fd = pipe_with(texts[i]);
        CHECK_ERR(ERR_NONE,
                  channel_send(pair.gate, MESSAGE_ENDED, 10 + i, SLICE_LITERAL("between")));
        CHECK_ERR(ERR_NONE,
                  channel_send_fd(pair.gate, MESSAGE_CHANNEL, i, SLICE_LITERAL("with"), fd));
        close(fd);
    }
    CHECK_ERR(ERR_NONE, channel_flush(pair.gate));
    for (uint64_t i = 0; i < 3; i++) {
        char got = 0;
        CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
        CHECK(frame.id == 10 + i && frame.fd == -1);
        CHECK_ERR(ERR_NONE, channel_receive(pair.keep, &frame));
        CHECK(frame.id == i && frame.fd >= 0);
        CHECK((fcntl(frame.fd, F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(read(frame.fd, &got, 1) == 1 && got == texts[i][0]);
        close(frame.fd);
    }
    pair_free(pair);
}

TEST(a_descriptor_that_no_frame_announced_is_a_violation)
{
    int raw = -1;
    struct channel *channel = victim_of(ROLE_PARENT, &raw);
    uint8_t header[CHANNEL_HEADER_BYTES];
    header_of(header, 0, MESSAGE_ENDED, 0);
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {header, sizeof(header)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    int zero = 0;
    memcpy(CMSG_DATA(head), &zero, sizeof(zero));
    CHECK(sendmsg(raw, &message, 0) == (ssize_t)sizeof(header));
    struct frame frame;
    CHECK_ERR(ERR_NONE, channel_receive(channel, &frame));
    CHECK_ERR(ERR_PROTOCOL, channel_receive(channel, &frame));
    channel_free(channel);
    close(raw);
}

TEST(waiting_gives_up_in_time)
{
    struct pair pair = pair_of(ROLE_GATE, ROLE_KEEP, QUEUE_BYTES);
    struct frame frame;
    CHECK_ERR(ERR_TIMEOUT, channel_wait(pair.keep, 20, &frame));
    CHECK_ERR(ERR_NONE, channel_send(pair.gate, MESSAGE_SIGN, 1, SLICE_NONE));
    CHECK_ERR(ERR_NONE, channel_flush_all(pair.gate, 1000));
    CHECK_ERR(ERR_NONE, channel_wait(pair.keep, 1000, &frame));
    pair_free(pair);
}

TEST(every_message_has_a_name)
{
    CHECK_STRING("REQUEST", message_name(MESSAGE_REQUEST));
    CHECK_STRING("UNWRAPPED", message_name(MESSAGE_UNWRAPPED));
    CHECK_STRING("?", message_name((enum message)15));
}

TEST_MAIN
