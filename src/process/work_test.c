#include "process/work.h"

#include "base/check.h"

enum { BYTES_MAX = 1 << 16 };

TEST(a_call_comes_back_as_it_went)
{
    struct arena *arena cleanup_arena = arena_new(BYTES_MAX);
    cleanup_buf struct buf out = BUF_INIT(BYTES_MAX);
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "host", SLICE_LITERAL("example.org"));
    CHECK_ERR(ERR_NONE, work_put_call(&out, SLICE_LITERAL("collect.tls"), input,
                                      SLICE_LITERAL("raw\0bytes")));
    struct work_call call;
    CHECK_ERR(ERR_NONE, work_get_call(arena, buf_slice(&out), &call));
    CHECK_SLICE("collect.tls", call.name);
    CHECK_SLICE("raw\0bytes", call.raw);
    CHECK(json_equal(input, call.input));
}

TEST(a_result_comes_back_as_it_went)
{
    struct arena *arena cleanup_arena = arena_new(BYTES_MAX);
    cleanup_buf struct buf out = BUF_INIT(BYTES_MAX);
    struct work_result result = {.err = ERR_MALFORMED}, back;
    CHECK_ERR(ERR_MALFORMED,
              complain(&result.complaint, ERR_MALFORMED, TEXT("no", "nein"), 3, 7, "word", 4));
    CHECK_ERR(ERR_NONE, work_put_result(&out, &result));
    CHECK_ERR(ERR_NONE, work_get_result(arena, buf_slice(&out), &back));
    CHECK(back.err == ERR_MALFORMED && back.output->type == JSON_OBJECT && back.output->count == 0);
    CHECK(back.complaint.line == 3 && back.complaint.column == 7);
    CHECK_STRING("no", back.complaint.text.english);
    CHECK_STRING("nein", back.complaint.text.german);
    CHECK_STRING("word", back.complaint.detail);
}

TEST(a_result_without_complaint_has_none)
{
    struct arena *arena cleanup_arena = arena_new(BYTES_MAX);
    cleanup_buf struct buf out = BUF_INIT(BYTES_MAX);
    const struct work_result result = {.err = ERR_NONE, .raw = SLICE_LITERAL("pdf")};
    struct work_result back;
    CHECK_ERR(ERR_NONE, work_put_result(&out, &result));
    CHECK_ERR(ERR_NONE, work_get_result(arena, buf_slice(&out), &back));
    CHECK(back.err == ERR_NONE && back.complaint.text.english == NULL);
    CHECK_SLICE("pdf", back.raw);
}

TEST(no_cut_call_or_result_is_taken)
{
    struct arena *arena cleanup_arena = arena_new(BYTES_MAX);
    cleanup_buf struct buf call_bytes = BUF_INIT(BYTES_MAX), result_bytes = BUF_INIT(BYTES_MAX);
    struct work_call call;
    struct work_result result = {.err = ERR_NONE}, back;
    CHECK_ERR(ERR_NONE, work_put_call(&call_bytes, SLICE_LITERAL("x"), NULL, SLICE_LITERAL("raw")));
    CHECK_ERR(ERR_NONE, work_put_result(&result_bytes, &result));
    for (size_t len = 0; len < call_bytes.len; len++) {
        CHECK(work_get_call(arena, slice_of(call_bytes.data, len), &call) != ERR_NONE);
    }
    for (size_t len = 0; len < result_bytes.len; len++) {
        CHECK(work_get_result(arena, slice_of(result_bytes.data, len), &back) != ERR_NONE);
    }
    CHECK_ERR(ERR_NONE, buf_append_byte(&call_bytes, 0));
    CHECK_ERR(ERR_MALFORMED, work_get_call(arena, buf_slice(&call_bytes), &call));
    CHECK_ERR(ERR_NONE, buf_append_byte(&result_bytes, 0));
    CHECK_ERR(ERR_MALFORMED, work_get_result(arena, buf_slice(&result_bytes), &back));
}

TEST_MAIN
