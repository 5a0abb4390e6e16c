/*
 * A channel: one end of a socketpair (SOCK_STREAM, non-blocking, CLOEXEC) between two roles,
 * carrying frames: u32 body length, u16 kind, u16 count of descriptors (0 or 1), u64 id (all
 * little-endian), body. Identity is the channel: who sent a frame is known from the descriptor,
 * never from the frame. Every frame received is held against messages.def; a violation returns
 * ERR_PROTOCOL and the channel must be closed. Queues are bounded in bytes.
 */
#ifndef VOGT_PROCESS_CHANNEL_H
#define VOGT_PROCESS_CHANNEL_H

#include "process/role.h"

enum message {
#define MESSAGE(name, number, sender, receiver, max_bytes, descriptor) MESSAGE_##name = (number),
#include "process/messages.def"
#undef MESSAGE
};

struct frame {
    enum message kind;
    uint64_t id;
    struct slice body; /* borrowed until the next channel_receive on this channel */
    int fd;            /* -1, or a received descriptor that the caller now owns */
};

struct channel;

enum { CHANNEL_HEADER_BYTES = 16 };

const char *message_name(enum message kind); /* "CONFIGURE"; "?" for none of the table */
/* Two ends of a new channel, both CLOEXEC and non-blocking. */
enum err channel_pair(int ret_fds[2]) must_check;

/* Takes the descriptor. queue_max_bytes bounds what may wait to be sent. NULL without memory. */
struct channel *channel_new(int fd, enum role self, enum role peer, size_t queue_max_bytes);
void channel_free(struct channel *channel); /* closes */
int channel_fd(const struct channel *channel);
enum role channel_peer(const struct channel *channel);

/* Next whole frame. ERR_BUSY: none waits; ERR_CLOSED; ERR_PROTOCOL. Drains what the kernel holds in
 * large reads, so calling it until ERR_BUSY takes a whole batch with few system calls. */
enum err channel_receive(struct channel *channel, struct frame *ret_frame) must_check;
/* Queues a frame and does not write. ERR_TOO_LARGE: queue full or body above the table's limit. */
enum err channel_send(struct channel *channel, enum message kind, uint64_t id,
                      struct slice body) must_check;
/* The same in two steps, without a copy of the body: append the body to *channel_begin() (never
 * NULL), then channel_end. A frame begun and never ended is dropped by the next one; channel_end
 * reports what went wrong since channel_begin. */
struct buf *channel_begin(struct channel *channel, enum message kind, uint64_t id);
enum err channel_end(struct channel *channel) must_check;
enum err channel_send_fd(struct channel *channel, enum message kind, uint64_t id, struct slice body,
                         int fd) must_check; /* fd stays the caller's */
enum err channel_flush(struct channel *channel)
    must_check; /* writes what it can; ERR_NONE even if some is left; ERR_CLOSED */
size_t channel_queued_bytes(const struct channel *channel);
/* Blocking conveniences for start-up and one-shot roles. timeout_ms < 0 waits for ever.
 * ERR_TIMEOUT. */
enum err channel_wait(struct channel *channel, int timeout_ms, struct frame *ret_frame) must_check;
enum err channel_flush_all(struct channel *channel, int timeout_ms) must_check;

#endif
