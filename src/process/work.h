/*
 * The bodies of WORK and WORKED (keep <-> judge, reach, look), and nothing else:
 *   WORK    bytes name, bytes packed input, bytes raw
 *   WORKED  u16 err, bytes packed output, bytes raw, u32 line, u32 column, bytes English, bytes
 * German, bytes detail (bytes = u32 length, then the bytes; all little-endian; nothing may follow).
 */
#ifndef VOGT_PROCESS_WORK_H
#define VOGT_PROCESS_WORK_H

#include "base/json.h"

enum {
    WORK_NAME_BYTES = 64,
    WORK_INPUT_BYTES = 8 << 20,
    WORK_OUTPUT_BYTES = 16 << 20,
    WORK_TEXT_BYTES = 1024,
};

struct work_call {
    struct slice name;
    struct json *input;
    struct slice raw;
};

struct work_result {
    enum err err;
    struct json *output; /* never NULL: an empty object when there is none */
    struct slice raw;
    struct complaint complaint; /* texts live in the arena given to work_get_result; NULL texts when
                                   there is none */
};

/* Appended to `out`, e.g. to channel_begin(channel, MESSAGE_WORK, id). input NULL means {}. */
enum err work_put_call(struct buf *out, struct slice name, const struct json *input,
                       struct slice raw) must_check;
enum err work_get_call(struct arena *arena, struct slice body,
                       struct work_call *ret_call) must_check;
/* Results borrow from `body` (raw) and live in the arena. */
enum err work_put_result(struct buf *out, const struct work_result *result) must_check;
enum err work_get_result(struct arena *arena, struct slice body,
                         struct work_result *ret_result) must_check;

#endif
