#include "base/check.h"
#include "base/json.h"

static bool round_trips(const char *text)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    cleanup_buf struct buf packed = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
    struct json *value = NULL, *back = NULL;
    return json_read(arena, slice_string(text), &value, NULL) == ERR_NONE &&
           json_pack(&packed, value) == ERR_NONE &&
           json_unpack(arena, buf_slice(&packed), &back) == ERR_NONE && json_equal(value, back) &&
           json_pack(&again, back) == ERR_NONE &&
           slice_equal(buf_slice(&packed), buf_slice(&again));
}

static enum err unpacked(struct slice packed)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    struct json *value = NULL;
    enum err err = json_unpack(arena, packed, &value);
    return (err == ERR_NONE) == (value != NULL) ? err : ERR_INTERNAL;
}

TEST(json_pack_round_trips)
{
    static const char *const texts[] = {"null",
                                        "true",
                                        "-1.5e3",
                                        "\"\"",
                                        "\"ä\\u0000\"",
                                        "[]",
                                        "{}",
                                        "[[],{},[1,[2]]]",
                                        "{\"a\":{\"\":[1,2,3]},\"b\":null,\"c\":[{\"d\":\"e\"}]}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(round_trips(texts[i]));
    }
}

TEST(json_pack_bytes)
{
    cleanup_arena struct arena *arena = arena_new(1 << 16);
    cleanup_buf struct buf packed = BUF_INIT(1000);
    struct json *value = NULL;
    CHECK_ERR(ERR_NONE, json_read(arena, SLICE_LITERAL("{\"a\":[1,\"b\",null]}"), &value, NULL));
    CHECK_ERR(ERR_NONE, json_pack(&packed, value));
    CHECK_SLICE("\6\1\0\0\0\1\0\0\0a\5\3\0\0\0\3\1\0\0\0"
                "1\4\1\0\0\0b\0",
                buf_slice(&packed));
    CHECK_ERR(ERR_NONE, unpacked(buf_slice(&packed)));
    for (size_t len = 0; len < packed.len; len++) {
        CHECK_ERR(ERR_MALFORMED, unpacked(slice_first(buf_slice(&packed), len)));
    }
    CHECK_ERR(ERR_NONE, buf_append_byte(&packed, 0));
    CHECK_ERR(ERR_MALFORMED, unpacked(buf_slice(&packed)));
}

TEST(json_unpack_refuses)
{
    static const struct slice bad[] = {
        SLICE_INIT(""),
        SLICE_INIT("\7"),                               /* no such type */
        SLICE_INIT("\0\0"),                             /* bytes left */
        SLICE_INIT("\5\xff\xff\xff\xff"),               /* a count nothing backs */
        SLICE_INIT("\6\2\0\0\0\1\0\0\0a\0\1\0\0\0a\0"), /* a name twice */
        SLICE_INIT("\6\1\0\0\0\1\0\0\0\xff\0"),         /* a name that is no UTF-8 */
        SLICE_INIT("\4\2\0\0\0\xc3("),                  /* a text that is no UTF-8 */
        SLICE_INIT("\3\3\0\0\0"
                   "1,2"),           /* a number that would write as two values */
        SLICE_INIT("\3\0\0\0\0"),    /* an empty number */
        SLICE_INIT("\4\5\0\0\0abc"), /* a text past the end */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, unpacked(bad[i]));
    }
}

TEST(json_unpack_depth)
{
    cleanup_buf struct buf packed = BUF_INIT(10000);
    for (int i = 0; i < JSON_DEPTH_MAX; i++) {
        CHECK_ERR(ERR_NONE, buf_append(&packed, SLICE_LITERAL("\5\1\0\0\0")));
    }
    size_t len = packed.len;
    CHECK_ERR(ERR_NONE, buf_append_byte(&packed, 0));
    CHECK_ERR(ERR_NONE, unpacked(buf_slice(&packed)));
    packed.len = len;
    CHECK_ERR(ERR_NONE, buf_append(&packed, SLICE_LITERAL("\5\1\0\0\0\0")));
    CHECK_ERR(ERR_MALFORMED, unpacked(buf_slice(&packed)));
}

TEST(json_unpack_arena_full)
{
    cleanup_arena struct arena *small = arena_new(64);
    struct json *value = NULL;
    CHECK_ERR(ERR_TOO_LARGE, json_unpack(small, SLICE_LITERAL("\0"), &value));
}

TEST_MAIN
