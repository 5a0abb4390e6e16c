#include "base/check.h"
#include "net/url.h"

TEST(targets_are_cut_at_the_question_mark)
{
    struct target target;
    CHECK_ERR(ERR_NONE, target_split(SLICE_LITERAL("/v1/a?b=c?d"), &target));
    CHECK_SLICE("/v1/a", target.path);
    CHECK_SLICE("b=c?d", target.query);
    CHECK_ERR(ERR_NONE, target_split(SLICE_LITERAL("/"), &target));
    CHECK_SLICE("/", target.path);
    CHECK_ERR(ERR_NONE, target_split(SLICE_LITERAL("https://localhost:8200/v1/x"), &target));
    CHECK_SLICE("/v1/x", target.path);
    CHECK_ERR(ERR_NONE, target_split(SLICE_LITERAL("https://localhost:8200"), &target));
    CHECK_SLICE("/", target.path);
    CHECK_ERR(ERR_MALFORMED, target_split(SLICE_LITERAL("*"), &target));
    CHECK_ERR(ERR_MALFORMED, target_split(SLICE_LITERAL(""), &target));
    CHECK_ERR(ERR_MALFORMED, target_split(SLICE_LITERAL("ftp://a/b"), &target));
    CHECK_ERR(ERR_MALFORMED, target_split(SLICE_LITERAL("/a b"), &target));
    CHECK_ERR(ERR_MALFORMED, target_split(SLICE_LITERAL("/a?b\n"), &target));
}

TEST(paths_are_decoded)
{
    cleanup_buf struct buf out = BUF_INIT(100);
    CHECK_ERR(ERR_NONE, url_decode_path(&out, SLICE_LITERAL("/%C3%a4+%25")));
    CHECK_SLICE("/ä+%", buf_slice(&out));
}

TEST(broken_paths_are_refused)
{
    static const char *const paths[] = {"%",   "%4",  "%4g",    "%zz",  "%00",       "%0a",
                                        "%7f", "%ff", "%c0%af", "\xff", "a%ed%a0%80"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        cleanup_buf struct buf out = BUF_INIT(100);
        CHECK_ERR(ERR_MALFORMED, url_decode_path(&out, slice_string(paths[i])));
        CHECK_U64(0, out.len);
    }
    cleanup_buf struct buf small = BUF_INIT(3);
    CHECK_ERR(ERR_TOO_LARGE, url_decode_path(&small, SLICE_LITERAL("abcd")));
}

static enum err form(struct arena *arena, const char *text, struct buf *out)
{
    struct json *object;
    struct complaint complaint;
    buf_clear(out);
    enum err err = url_decode_form(arena, slice_string(text), &object, &complaint);
    return err == ERR_NONE ? json_write(out, object, 0) : err;
}

TEST(forms)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    cleanup_buf struct buf out = BUF_INIT(1000);
    CHECK_ERR(ERR_NONE, form(arena, "a=1&b=x+y%20z&c&d=&&e=%3D=", &out));
    CHECK_SLICE("{\"a\":\"1\",\"b\":\"x y z\",\"c\":\"\",\"d\":\"\",\"e\":\"==\"}",
                buf_slice(&out));
    CHECK_ERR(ERR_NONE, form(arena, "", &out));
    CHECK_SLICE("{}", buf_slice(&out));
    CHECK_ERR(ERR_MALFORMED, form(arena, "a=1&a=2", &out));
    CHECK_ERR(ERR_MALFORMED, form(arena, "a=%", &out));
    CHECK_ERR(ERR_MALFORMED, form(arena, "=1", &out));
    CHECK_ERR(ERR_MALFORMED, form(arena, "%00=1", &out));
    CHECK_ERR(ERR_MALFORMED, form(arena, "a=%ff", &out));
}

TEST(forms_are_bounded)
{
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    cleanup_buf struct buf text = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    for (unsigned i = 0; i < 1001; i++) {
        CHECK_ERR(ERR_NONE, buf_printf(&text, "n%u&", i));
    }
    CHECK_ERR(ERR_NONE, buf_append_byte(&text, 0));
    CHECK_ERR(ERR_TOO_LARGE, form(arena, (const char *)text.data, &out));
    cleanup_arena struct arena *small = arena_new(200);
    CHECK_ERR(ERR_TOO_LARGE, form(small, "abcdefgh=1&b=2&c=3&d=4", &out));
}

TEST(paths_are_encoded)
{
    cleanup_buf struct buf out = BUF_INIT(100);
    CHECK_ERR(ERR_NONE, url_encode_path(&out, SLICE_LITERAL("a/b ä\"\n%.pdf")));
    CHECK_SLICE("a/b%20%C3%A4%22%0A%25.pdf", buf_slice(&out));
}

TEST_MAIN
