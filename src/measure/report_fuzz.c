#include "base/arena.h"
#include "measure/report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 32 << 20, OUT_BYTES = 4 << 20 };

/* Any JSON as input of the report; what comes out is a whole file or nothing, and twice the same.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf first = BUF_INIT(OUT_BYTES), second = BUF_INIT(OUT_BYTES);
    struct work_reply reply = {.raw = &first};
    struct json *input = NULL;
    if (arena == NULL ||
        json_read(arena, slice_of(data, size), &input, &reply.complaint) != ERR_NONE) {
        return 0;
    }
    enum err err = report_pdf(arena, input, slice_of(data, size), &reply);
    if (err != ERR_NONE) {
        if (first.len != 0 || reply.complaint.text.english == NULL) {
            abort();
        }
        return 0;
    }
    struct slice pdf = buf_slice(&first);
    if (!slice_starts(pdf, SLICE_LITERAL("%PDF-1.7\n")) ||
        !slice_ends(pdf, SLICE_LITERAL("%%EOF\n"))) {
        abort();
    }
    reply.raw = &second;
    err = report_pdf(arena, input, slice_of(data, size), &reply);
    if (err == ERR_NONE && !slice_equal(pdf, buf_slice(&second))) {
        abort();
    }
    return 0;
}
