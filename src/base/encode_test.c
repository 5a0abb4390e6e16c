#include "base/check.h"
#include "base/encode.h"

#include <string.h>

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

/* Slowly and by the book: what the wide steps must give at every length and place. */
static void encode_plainly(const uint8_t *from, size_t len, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t bit = 0; bit < len * 8; bit += 6) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 6; i++) {
            value = value << 1 | (i < len * 8 ? (unsigned)(from[i / 8] >> (7 - i % 8)) & 1u : 0u);
        }
        *to++ = digits[value];
    }
    for (size_t i = 0; i < (3 - len % 3) % 3; i++) {
        *to++ = '=';
    }
    *to = '\0';
}

TEST(base64_of_every_length_is_the_same_by_wide_and_plain_steps)
{
    uint8_t bytes[300];
    char expected[404];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(random >> 24);
    }
    for (size_t start = 0; start < 8; start++) {
        for (size_t len = 0; len + start < sizeof bytes; len++) {
            encode_plainly(bytes + start, len, expected);
            CHECK(gives(base64_encode, slice_of(bytes + start, len), slice_string(expected)));
            CHECK(gives(base64_decode, slice_string(expected), slice_of(bytes + start, len)));
        }
    }
}

TEST(base64_refuses_what_is_no_digit_wherever_it_stands)
{
    char text[133];
    for (unsigned byte = 0; byte < 256; byte++) {
        bool is_digit = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
        for (size_t at = 0; at < 132; at += byte == '=' ? 5 : 1) {
            memset(text, 'Q', sizeof text);
            text[at] = (char)byte;
            cleanup_buf struct buf out = BUF_INIT(100);
            bool pads = byte == '=' && at == 131; /* Q ends with zero bits */
            CHECK_ERR(is_digit || pads ? ERR_NONE : ERR_MALFORMED, base64_decode(&out, slice_of(text, 132)));
        }
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
