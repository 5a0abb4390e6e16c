#include "base/check.h"
#include "base/encode.h"

typedef enum err (*code_fn)(struct buf *out, struct slice bytes);

static bool gives(code_fn code, struct slice input, struct slice expected)
{
    cleanup_buf struct buf out = BUF_INIT(1000);
    return code(&out, input) == ERR_NONE && slice_equal(buf_slice(&out), expected);
}

static enum err result_of(code_fn code, const char *input)
{
    cleanup_buf struct buf out = BUF_INIT(1000);
    enum err err = code(&out, slice_string(input));
    return out.len == 0 ? err : ERR_NONE; /* a refusal leaves nothing behind */
}

TEST(base64_of_rfc_4648)
{
    static const struct {
        struct slice plain, standard, url;
    } vectors[] = {
        {SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT("")},
        {SLICE_INIT("f"), SLICE_INIT("Zg=="), SLICE_INIT("Zg")},
        {SLICE_INIT("fo"), SLICE_INIT("Zm8="), SLICE_INIT("Zm8")},
        {SLICE_INIT("foo"), SLICE_INIT("Zm9v"), SLICE_INIT("Zm9v")},
        {SLICE_INIT("foob"), SLICE_INIT("Zm9vYg=="), SLICE_INIT("Zm9vYg")},
        {SLICE_INIT("fooba"), SLICE_INIT("Zm9vYmE="), SLICE_INIT("Zm9vYmE")},
        {SLICE_INIT("foobar"), SLICE_INIT("Zm9vYmFy"), SLICE_INIT("Zm9vYmFy")},
        {SLICE_INIT("\xfb\xff\xfe"), SLICE_INIT("+//+"), SLICE_INIT("-__-")},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        CHECK(gives(base64_encode, vectors[i].plain, vectors[i].standard));
        CHECK(gives(base64_decode, vectors[i].standard, vectors[i].plain));
        CHECK(gives(base64url_encode, vectors[i].plain, vectors[i].url));
        CHECK(gives(base64url_decode, vectors[i].url, vectors[i].plain));
    }
}

TEST(base64_refuses_other_spellings)
{
    static const char *const bad[] = {"Z",    "Zg",       "Zg=",  "Zg===", "Zh==",
                                      "Zm9=", "Zm8=Zm8=", "====", "Zm 9",  "Zm9v\n",
                                      "-_-_", "Zg==\n",   "=Zm9", "Zm=v"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, result_of(base64_decode, bad[i]));
    }
    static const char *const bad_url[] = {"Z", "Zg==", "Zh", "Zm9", "+/+/", "Zm9vZ", "Zm 9"};
    for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, result_of(base64url_decode, bad_url[i]));
    }
}

TEST(hex_both_ways)
{
    CHECK(gives(hex_encode, SLICE_LITERAL("\x00\x9f\xff"), SLICE_LITERAL("009fff")));
    CHECK(gives(hex_decode, SLICE_LITERAL("009FfF"), SLICE_LITERAL("\x00\x9f\xff")));
    CHECK_ERR(ERR_MALFORMED, result_of(hex_decode, "0"));
    CHECK_ERR(ERR_MALFORMED, result_of(hex_decode, "0g"));
    CHECK_ERR(ERR_MALFORMED, result_of(hex_decode, "0 "));
    CHECK_ERR(ERR_MALFORMED, result_of(hex_decode, "@@"));
}

TEST(codes_respect_the_maximum)
{
    struct buf out = BUF_INIT(3);
    CHECK_ERR(ERR_TOO_LARGE, base64_encode(&out, SLICE_LITERAL("a")));
    CHECK_ERR(ERR_TOO_LARGE, hex_encode(&out, SLICE_LITERAL("ab")));
    CHECK_ERR(ERR_TOO_LARGE, base64_decode(&out, SLICE_LITERAL("Zm9vYmFy")));
    CHECK_ERR(ERR_NONE, base64_decode(&out, SLICE_LITERAL("Zm9v")));
    CHECK_SLICE("foo", buf_slice(&out));
    buf_free(&out);
}

TEST(nothing_encodes_and_decodes_to_nothing)
{
    static enum err (*const codes[])(struct buf *out, struct slice input) = {
        base64_encode, base64_decode, base64url_encode, base64url_decode, hex_encode, hex_decode,
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        cleanup_buf struct buf out = BUF_INIT(0);
        CHECK_ERR(ERR_NONE, codes[i](&out, SLICE_NONE));
        CHECK_U64(0, out.len);
    }
}

TEST_MAIN
