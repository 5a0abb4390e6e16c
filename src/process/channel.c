/*
 * Two buffers: `in` holds what the kernel gave and is not parsed yet, `out` whole frames that wait to be written and at most one frame being built at the end.
 *
 *   in:   [ parsed | frame being returned | more, perhaps cut ]      out:  [ written | whole frames | frame being built ]
 *         ^0       ^in_start                                 ^in_end       ^0        ^sent          ^building
 *
 * A descriptor travels with the first byte of its frame. The kernel never moves bytes after a
 * descriptor into the same read as the bytes of the next one, so received descriptors wait in a
 * queue and frames that say they carry one take from it in order.
 */
#include "process/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES = 64 << 10,  /* one read takes at least this much if the kernel has it */
    KEEP_BYTES = 256 << 10, /* larger buffers are given back when they are empty */
    FDS_MAX = 16,           /* descriptors that may wait in either direction */
    NOT_BUILDING = -1,
};

struct waiting_fd {
    size_t offset; /* in `out`: the first byte of its frame */
    int fd;
};

struct channel {
    int fd;
    enum role self, peer;
    uint8_t *in;
    size_t in_start, in_end, in_capacity;
    int in_fds[FDS_MAX];
    size_t in_fd_count;
    struct buf out;
    size_t sent;
    struct waiting_fd out_fds[FDS_MAX];
    size_t out_fd_count;
    ssize_t building; /* offset in `out` of the frame begun, or NOT_BUILDING */
    enum err begun;   /* what channel_begin could not say */
    size_t building_max;
    bool closed, broken; /* the peer is gone; the peer broke the protocol */
};

struct message_row {
    const char *name;
    uint16_t number;
    uint8_t sender, receiver; /* enum role; ROLE_NONE: any */
    uint32_t max_bytes;
    uint8_t descriptor;
};

static const struct message_row message_rows[] = {
#define MESSAGE(name, number, sender, receiver, max_bytes, descriptor)                             \
    {#name, number, ROLE_##sender, ROLE_##receiver, max_bytes, descriptor},
#include "process/messages.def"
#undef MESSAGE
};

enum { MESSAGE_NUMBER_MAX = 65 };

enum message_index {
#define MESSAGE(name, number, sender, receiver, max_bytes, descriptor) INDEX_##name,
#include "process/messages.def"
#undef MESSAGE
};

/* One more than the row of each number, so that a frame costs no search. */
static const uint8_t row_of_number[MESSAGE_NUMBER_MAX + 1] = {
#define MESSAGE(name, number, sender, receiver, max_bytes, descriptor) [number] = INDEX_##name + 1,
#include "process/messages.def"
#undef MESSAGE
};

static const struct message_row *row_find(uint16_t number)
{
    if (number > MESSAGE_NUMBER_MAX || row_of_number[number] == 0) {
        return NULL;
    }
    return &message_rows[row_of_number[number] - 1];
}

const char *message_name(enum message kind)
{
    const struct message_row *row = (unsigned)kind <= UINT16_MAX ? row_find((uint16_t)kind) : NULL;
    return row == NULL ? "?" : row->name;
}

static bool row_allows(const struct message_row *row, enum role from, enum role to)
{
    return (row->sender == ROLE_NONE || row->sender == (uint8_t)from) &&
           (row->receiver == ROLE_NONE || row->receiver == (uint8_t)to);
}

enum err channel_pair(int ret_fds[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret_fds) == 0
               ? ERR_NONE
               : err_from_errno(errno);
}

struct channel *channel_new(int fd, enum role self, enum role peer, size_t queue_max_bytes)
{
    struct channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL) {
        return NULL;
    }
    channel->fd = fd;
    channel->self = self;
    channel->peer = peer;
    channel->out = BUF_INIT(queue_max_bytes);
    channel->building = NOT_BUILDING;
    return channel;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL) {
        return;
    }
    for (size_t i = 0; i < channel->in_fd_count; i++) {
        close(channel->in_fds[i]);
    }
    for (size_t i = 0; i < channel->out_fd_count; i++) {
        close(channel->out_fds[i].fd);
    }
    close(channel->fd);
    buf_free(&channel->out);
    free(channel->in);
    free(channel);
}

int channel_fd(const struct channel *channel)
{
    return channel->fd;
}

enum role channel_peer(const struct channel *channel)
{
    return channel->peer;
}

/* ---- receiving ---- */

static enum err violate(struct channel *channel)
{
    channel->broken = true;
    return ERR_PROTOCOL;
}

/* Makes room for `need` bytes from in_start on, and for a worthwhile read. */
static enum err make_room(struct channel *channel, size_t need)
{
    if (channel->in_start == channel->in_end) {
        channel->in_start = channel->in_end = 0;
        if (channel->in_capacity > KEEP_BYTES && need <= READ_BYTES) {
            free(channel->in);
            channel->in = NULL;
            channel->in_capacity = 0;
        }
    }
    size_t want = need > READ_BYTES ? need : READ_BYTES;
    if (channel->in_start + want <= channel->in_capacity) {
        return ERR_NONE;
    }
    if (channel->in_start > 0) {
        memmove(channel->in, channel->in + channel->in_start, channel->in_end - channel->in_start);
        channel->in_end -= channel->in_start;
        channel->in_start = 0;
    }
    if (want <= channel->in_capacity) {
        return ERR_NONE;
    }
    uint8_t *grown = realloc(channel->in, want);
    if (grown == NULL) {
        return ERR_MEMORY;
    }
    channel->in = grown;
    channel->in_capacity = want;
    return ERR_NONE;
}

/* Keeps the descriptors of a control message; false: more than a well-behaved peer may have on the
 * way. */
static bool take_fds(struct channel *channel, struct msghdr *message)
{
    bool ok = (message->msg_flags & MSG_CTRUNC) == 0;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
            if (channel->in_fd_count < FDS_MAX) {
                channel->in_fds[channel->in_fd_count++] = fd;
            } else {
                close(fd);
                ok = false;
            }
        }
    }
    return ok;
}

static enum err read_more(struct channel *channel)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec part = {channel->in + channel->in_end, channel->in_capacity - channel->in_end};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    ssize_t got;
    do {
        got = recvmsg(channel->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return ERR_BUSY;
        }
        channel->closed = true;
        return ERR_CLOSED;
    }
    if (got == 0) {
        channel->closed = true;
        return ERR_CLOSED;
    }
    channel->in_end += (size_t)got;
    return take_fds(channel, &message) ? ERR_NONE : violate(channel);
}

/* The frame at in_start. ERR_NEED: *ret_need bytes must be there first. */
static enum err parse(struct channel *channel, struct frame *ret_frame, size_t *ret_need)
{
    const uint8_t *data = channel->in + channel->in_start;
    size_t have = channel->in_end - channel->in_start;
    if (have < CHANNEL_HEADER_BYTES) {
        *ret_need = CHANNEL_HEADER_BYTES;
        return ERR_NEED;
    }
    size_t body_bytes = load_u32_little(data);
    uint16_t kind = (uint16_t)(data[4] | data[5] << 8);
    unsigned fd_count = (unsigned)(data[6] | data[7] << 8);
    const struct message_row *row = row_find(kind);
    if (row == NULL || !row_allows(row, channel->peer, channel->self) ||
        body_bytes > row->max_bytes || fd_count > row->descriptor) {
        return violate(channel);
    }
    if (have - CHANNEL_HEADER_BYTES < body_bytes) {
        *ret_need = CHANNEL_HEADER_BYTES + body_bytes;
        return ERR_NEED;
    }
    int fd = -1;
    if (fd_count == 1) {
        if (channel->in_fd_count == 0) {
            return violate(channel);
        }
        fd = channel->in_fds[0];
        channel->in_fd_count--;
        memmove(channel->in_fds, channel->in_fds + 1, channel->in_fd_count * sizeof(int));
    }
    channel->in_start += CHANNEL_HEADER_BYTES + body_bytes;
    *ret_frame = (struct frame){(enum message)kind, load_u64_little(data + 8),
                                slice_of(data + CHANNEL_HEADER_BYTES, body_bytes), fd};
    return ERR_NONE;
}

enum err channel_receive(struct channel *channel, struct frame *ret_frame)
{
    if (channel->broken) {
        return ERR_PROTOCOL;
    }
    for (;;) {
        size_t need = CHANNEL_HEADER_BYTES;
        enum err err = parse(channel, ret_frame, &need);
        if (err != ERR_NEED) {
            return err;
        }
        if (channel->in_start == channel->in_end && channel->in_fd_count > 0) {
            return violate(channel); /* a descriptor that no frame announced */
        }
        if (channel->closed) {
            return channel->in_start == channel->in_end ? ERR_CLOSED : violate(channel);
        }
        err = make_room(channel, need);
        if (err != ERR_NONE) {
            return err;
        }
        err = read_more(channel);
        if (err == ERR_CLOSED) {
            continue;
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
}

/* ---- sending ---- */

static void drop_unfinished(struct channel *channel)
{
    if (channel->building != NOT_BUILDING) {
        channel->out.len = (size_t)channel->building;
        channel->building = NOT_BUILDING;
    }
}

/* Moves what is unwritten to the front once that is cheap, so that `max` bounds the queue and not
 * its history. */
static void compact(struct channel *channel)
{
    if (channel->sent < channel->out.len / 2 || channel->sent == 0) {
        return;
    }
    for (size_t i = 0; i < channel->out_fd_count; i++) {
        channel->out_fds[i].offset -= channel->sent;
    }
    buf_consume(&channel->out, channel->sent);
    channel->sent = 0;
    if (channel->out.len == 0 && channel->out.capacity > KEEP_BYTES) {
        buf_free(&channel->out);
    }
}

static enum err begin(struct channel *channel, enum message kind, uint64_t id, unsigned fd_count)
{
    const struct message_row *row = (unsigned)kind <= UINT16_MAX ? row_find((uint16_t)kind) : NULL;
    if (row == NULL || !row_allows(row, channel->self, channel->peer) ||
        fd_count > row->descriptor) {
        return ERR_INVALID;
    }
    compact(channel);
    channel->building_max = row->max_bytes;
    enum err err = buf_reserve(&channel->out, CHANNEL_HEADER_BYTES);
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t header[CHANNEL_HEADER_BYTES] = {
        0, 0, 0, 0, (uint8_t)kind, (uint8_t)((unsigned)kind >> 8), (uint8_t)fd_count, 0};
    store_u64_little(header + 8, id);
    return buf_append(&channel->out, slice_of(header, sizeof(header)));
}

struct buf *channel_begin(struct channel *channel, enum message kind, uint64_t id)
{
    drop_unfinished(channel);
    compact(channel);
    channel->building = (ssize_t)channel->out.len;
    channel->begun = begin(channel, kind, id, 0);
    return &channel->out;
}

enum err channel_end(struct channel *channel)
{
    if (channel->building == NOT_BUILDING) {
        return ERR_INTERNAL;
    }
    size_t start = (size_t)channel->building;
    enum err err = channel->begun;
    size_t body_bytes = 0;
    if (err == ERR_NONE) {
        body_bytes = channel->out.len - start - CHANNEL_HEADER_BYTES;
        err = body_bytes > channel->building_max ? ERR_TOO_LARGE : ERR_NONE;
    }
    if (err != ERR_NONE) {
        drop_unfinished(channel);
        return err;
    }
    store_u32_little(channel->out.data + start, (uint32_t)body_bytes);
    channel->building = NOT_BUILDING;
    return ERR_NONE;
}

enum err channel_send(struct channel *channel, enum message kind, uint64_t id, struct slice body)
{
    struct buf *out = channel_begin(channel, kind, id);
    if (channel->begun == ERR_NONE) {
        channel->begun = buf_append(out, body);
    }
    return channel_end(channel);
}

enum err channel_send_fd(struct channel *channel, enum message kind, uint64_t id, struct slice body,
                         int fd)
{
    if (channel->out_fd_count == FDS_MAX) {
        return ERR_TOO_LARGE;
    }
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) {
        return err_from_errno(errno);
    }
    drop_unfinished(channel);
    compact(channel);
    size_t offset = channel->out.len;
    channel->building = (ssize_t)offset;
    channel->begun = begin(channel, kind, id, 1);
    if (channel->begun == ERR_NONE) {
        channel->begun = buf_append(&channel->out, body);
    }
    enum err err = channel_end(channel);
    if (err != ERR_NONE) {
        close(copy);
        return err;
    }
    channel->out_fds[channel->out_fd_count++] = (struct waiting_fd){offset, copy};
    return ERR_NONE;
}

/* One write from `sent` up to the next descriptor's frame or `end`; with that descriptor when it
 * stands at `sent`. */
static ssize_t write_some(struct channel *channel, size_t end)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {channel->out.data + channel->sent, end - channel->sent};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    bool with_fd = channel->out_fd_count > 0 && channel->out_fds[0].offset == channel->sent;
    size_t boundary = with_fd ? 1 : 0;
    if (channel->out_fd_count > boundary && channel->out_fds[boundary].offset < end) {
        part.iov_len = channel->out_fds[boundary].offset - channel->sent;
    }
    if (with_fd) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(header), &channel->out_fds[0].fd, sizeof(int));
    }
    ssize_t written;
    do {
        written = sendmsg(channel->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (written < 0 && errno == EINTR);
    if (written > 0 && with_fd) {
        close(channel->out_fds[0].fd);
        channel->out_fd_count--;
        memmove(channel->out_fds, channel->out_fds + 1,
                channel->out_fd_count * sizeof(channel->out_fds[0]));
    }
    return written;
}

enum err channel_flush(struct channel *channel)
{
    size_t end = channel->building == NOT_BUILDING ? channel->out.len : (size_t)channel->building;
    while (channel->sent < end) {
        ssize_t written = write_some(channel, end);
        if (written < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM) {
                return ERR_NONE;
            }
            return ERR_CLOSED;
        }
        channel->sent += (size_t)written;
    }
    if (channel->building == NOT_BUILDING) {
        compact(channel);
    }
    return ERR_NONE;
}

size_t channel_queued_bytes(const struct channel *channel)
{
    size_t end = channel->building == NOT_BUILDING ? channel->out.len : (size_t)channel->building;
    return end - channel->sent;
}

/* ---- waiting ---- */

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until `events` or the deadline; deadline_ms < 0: for ever. */
static enum err wait_for(const struct channel *channel, short events, int64_t deadline_ms)
{
    int64_t left = deadline_ms < 0 ? -1 : deadline_ms - mono_ms();
    if (deadline_ms >= 0 && left <= 0) {
        return ERR_TIMEOUT;
    }
    struct pollfd wait = {channel->fd, events, 0};
    int ready = poll(&wait, 1, left > INT32_MAX ? INT32_MAX : (int)left);
    if (ready < 0 && errno != EINTR) {
        return err_from_errno(errno);
    }
    return ERR_NONE;
}

enum err channel_wait(struct channel *channel, int timeout_ms, struct frame *ret_frame)
{
    int64_t deadline_ms = timeout_ms < 0 ? -1 : mono_ms() + timeout_ms;
    for (;;) {
        enum err err = channel_flush(channel);
        if (err == ERR_NONE || err == ERR_CLOSED) {
            err = channel_receive(
                channel, ret_frame); /* what the peer sent before it went is still worth having */
        }
        if (err != ERR_BUSY) {
            return err;
        }
        short events = (short)(POLLIN | (channel_queued_bytes(channel) > 0 ? POLLOUT : 0));
        err = wait_for(channel, events, deadline_ms);
        if (err != ERR_NONE) {
            return err;
        }
    }
}

enum err channel_flush_all(struct channel *channel, int timeout_ms)
{
    int64_t deadline_ms = timeout_ms < 0 ? -1 : mono_ms() + timeout_ms;
    for (;;) {
        enum err err = channel_flush(channel);
        if (err != ERR_NONE || channel_queued_bytes(channel) == 0) {
            return err;
        }
        err = wait_for(channel, POLLOUT, deadline_ms);
        if (err != ERR_NONE) {
            return err;
        }
    }
}
