#include "base/check.h"
#include "engine/request.h"

enum { ARENA_BYTES = 1 << 20 };

static struct json *sample_tree(struct arena *arena)
{
    struct json *tree = json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "name", SLICE_LITERAL("ä\0b"));
    json_set(arena, tree, "number", json_number_text(arena, SLICE_LITERAL("1.10")));
    return tree;
}

static struct request sample_request(struct arena *arena)
{
    return (struct request){
        .verb = VERB_WRITE,
        .flags = 1,
        .path = SLICE_LITERAL("annex/clauses/3.1"),
        .token = SLICE_LITERAL("hvs.x"),
        .remote = SLICE_LITERAL("127.0.0.1:5123"),
        .wrap_ttl = SLICE_LITERAL("60"),
        .name_space = SLICE_LITERAL("team/"),
        .query = NULL,
        .body = sample_tree(arena),
        .raw = SLICE_LITERAL("raw"),
    };
}

TEST(request_comes_back)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf bytes = BUF_INIT(ARENA_BYTES);
    struct request in = sample_request(arena), out;
    CHECK_ERR(ERR_NONE, request_put(&bytes, &in));
    CHECK_ERR(ERR_NONE, request_get(arena, buf_slice(&bytes), &out));
    CHECK_U64(VERB_WRITE, out.verb);
    CHECK_U64(1, out.flags);
    CHECK_SLICE("annex/clauses/3.1", out.path);
    CHECK_SLICE("hvs.x", out.token);
    CHECK_SLICE("127.0.0.1:5123", out.remote);
    CHECK_SLICE("60", out.wrap_ttl);
    CHECK_SLICE("team/", out.name_space);
    CHECK(out.query == NULL);
    CHECK(json_equal(in.body, out.body));
    CHECK_SLICE("raw", out.raw);
}

TEST(every_truncation_and_any_extra_byte_is_refused)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf bytes = BUF_INIT(ARENA_BYTES);
    struct request in = sample_request(arena), out;
    CHECK_ERR(ERR_NONE, request_put(&bytes, &in));
    for (size_t len = 0; len < bytes.len; len++) {
        CHECK(request_get(arena, slice_first(buf_slice(&bytes), len), &out) != ERR_NONE);
    }
    CHECK_ERR(ERR_NONE, buf_append_byte(&bytes, 0));
    CHECK_ERR(ERR_MALFORMED, request_get(arena, buf_slice(&bytes), &out));
}

TEST(unknown_verbs_and_long_paths_are_refused)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf bytes = BUF_INIT(ARENA_BYTES);
    struct request in = sample_request(arena), out;
    in.verb = VERB_NONE;
    CHECK_ERR(ERR_INVALID, request_put(&bytes, &in));
    in.verb = VERB_READ;
    CHECK_ERR(ERR_NONE, request_put(&bytes, &in));
    bytes.data[0] = VERB_READ | VERB_WRITE;
    CHECK_ERR(ERR_MALFORMED, request_get(arena, buf_slice(&bytes), &out));
    buf_clear(&bytes);
    static const uint8_t path[REQUEST_PATH_MAX_BYTES + 1];
    in.path = slice_of(path, sizeof(path));
    CHECK_ERR(ERR_NONE, request_put(&bytes, &in));
    CHECK_ERR(ERR_MALFORMED, request_get(arena, buf_slice(&bytes), &out));
}

TEST(a_body_that_is_no_object_is_refused)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf bytes = BUF_INIT(ARENA_BYTES);
    struct request in = sample_request(arena), out;
    in.body = json_string(arena, SLICE_LITERAL("text"));
    CHECK_ERR(ERR_NONE, request_put(&bytes, &in));
    CHECK_ERR(ERR_MALFORMED, request_get(arena, buf_slice(&bytes), &out));
}

TEST(reply_tree_comes_back)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf bytes = BUF_INIT(ARENA_BYTES);
    struct reply in = {.status = 200, .kind = REPLY_TREE, .is_login = true, .retry_after_s = 70000, .tree = sample_tree(arena)}, out;
    CHECK_ERR(ERR_NONE, reply_put(&bytes, &in));
    CHECK_ERR(ERR_NONE, reply_get(arena, buf_slice(&bytes), &out));
    CHECK_U64(200, out.status);
    CHECK_U64(REPLY_TREE, out.kind);
    CHECK_U64(70000, out.retry_after_s);
    CHECK(out.is_login);
    CHECK(json_equal(in.tree, out.tree));
    for (size_t len = 0; len < bytes.len; len++) {
        CHECK(reply_get(arena, slice_first(buf_slice(&bytes), len), &out) != ERR_NONE);
    }
}

TEST(reply_raw_and_none_come_back)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf bytes = BUF_INIT(ARENA_BYTES);
    struct reply raw = {.status = 200,
                        .kind = REPLY_RAW,
                        .content_type = SLICE_LITERAL("application/pdf"),
                        .file_name = SLICE_LITERAL("annex.pdf"),
                        .next = SLICE_LITERAL("7-1"),
                        .raw = SLICE_LITERAL("%PDF")},
                 none = {.status = 204, .kind = REPLY_NONE}, out;
    CHECK_ERR(ERR_NONE, reply_put(&bytes, &raw));
    CHECK_ERR(ERR_NONE, reply_get(arena, buf_slice(&bytes), &out));
    CHECK_SLICE("application/pdf", out.content_type);
    CHECK_SLICE("annex.pdf", out.file_name);
    CHECK_SLICE("%PDF", out.raw);
    CHECK_SLICE("7-1", out.next);
    static const uint8_t too_long[REPLY_NEXT_MAX_BYTES + 1];
    raw.next = slice_of(too_long, sizeof too_long);
    buf_clear(&bytes);
    CHECK_ERR(ERR_NONE, reply_put(&bytes, &raw));
    CHECK_ERR(ERR_MALFORMED, reply_get(arena, buf_slice(&bytes), &out));
    buf_clear(&bytes);
    CHECK_ERR(ERR_NONE, reply_put(&bytes, &none));
    CHECK_ERR(ERR_NONE, reply_get(arena, buf_slice(&bytes), &out));
    CHECK_U64(204, out.status);
    CHECK_U64(0, out.raw.len);
    struct reply redirect = {.status = 303, .kind = REPLY_REDIRECT, .raw = SLICE_LITERAL("/ui/")};
    buf_clear(&bytes);
    CHECK_ERR(ERR_NONE, reply_put(&bytes, &redirect));
    CHECK_ERR(ERR_NONE, reply_get(arena, buf_slice(&bytes), &out));
    CHECK_U64(REPLY_REDIRECT, out.kind);
    CHECK_SLICE("/ui/", out.raw);
}

TEST(replies_with_impossible_status_or_kind_are_refused)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf bytes = BUF_INIT(ARENA_BYTES);
    struct reply none = {.status = 204, .kind = REPLY_NONE}, out;
    CHECK_ERR(ERR_NONE, reply_put(&bytes, &none));
    bytes.data[2] = 9;
    CHECK_ERR(ERR_MALFORMED, reply_get(arena, buf_slice(&bytes), &out));
    bytes.data[2] = REPLY_NONE;
    bytes.data[3] = 2;
    CHECK_ERR(ERR_MALFORMED, reply_get(arena, buf_slice(&bytes), &out));
    bytes.data[3] = 0;
    bytes.data[0] = 100;
    CHECK_ERR(ERR_MALFORMED, reply_get(arena, buf_slice(&bytes), &out));
    struct reply no_tree = {.status = 200, .kind = REPLY_TREE};
    CHECK_ERR(ERR_INVALID, reply_put(&bytes, &no_tree));
}

TEST_MAIN
