/* Frames from a hostile peer, in pieces of the fuzzer's choice: no crash, no frame outside its row,
 * an end after a violation. Bodies go on to the decoders of WORK and WORKED. First byte: who
 * speaks; second: bytes a piece. */
#include "process/channel.h"
#include "process/work.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(struct slice body)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    struct work_call call;
    struct work_result result;
    if (arena != NULL && work_get_call(arena, body, &call) == ERR_NONE && call.input == NULL) {
        abort();
    }
    if (arena != NULL && work_get_result(arena, body, &result) == ERR_NONE &&
        result.output == NULL) {
        abort();
    }
}

static enum err drain(struct channel *channel)
{
    struct frame frame;
    enum err err;
    while ((err = channel_receive(channel, &frame)) == ERR_NONE) {
        if (frame.fd != -1 || frame.body.len > (32u << 20)) {
            abort();
        }
        decode(frame.body);
    }
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fds[2];
    if (size < 2 || channel_pair(fds) != ERR_NONE) {
        return 0;
    }
    struct channel *channel =
        channel_new(fds[0], ROLE_KEEP, (enum role)(1 + data[0] % (ROLE_COUNT - 1)), 1 << 16);
    size_t piece = 1u + data[1];
    enum err err = ERR_BUSY;
    for (size_t at = 2; at < size && err == ERR_BUSY; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        if (send(fds[1], data + at, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len) {
            break;
        }
        err = drain(channel);
    }
    if (err == ERR_PROTOCOL && drain(channel) != ERR_PROTOCOL) {
        abort();
    }
    channel_free(channel);
    close(fds[1]);
    return 0;
}
