#include "base/check.h"
#include "base/utf8.h"

TEST(utf8_every_code_point_round_trips)
{
    cleanup_buf struct buf out = BUF_INIT(8);
    for (uint32_t code_point = 0; code_point <= 0x110000; code_point++) {
        bool allowed = code_point <= 0x10ffff && !(code_point >= 0xd800 && code_point <= 0xdfff);
        buf_clear(&out);
        CHECK_ERR(allowed ? ERR_NONE : ERR_INVALID, utf8_append(&out, code_point));
        if (allowed) {
            size_t position = 0;
            uint32_t back = 0;
            CHECK_ERR(ERR_NONE, utf8_next(buf_slice(&out), &position, &back));
            CHECK(back == code_point && position == out.len);
        }
    }
}

TEST(utf8_refuses_what_rfc_3629_does)
{
    static const struct slice bad[] = {
        SLICE_INIT("\x80"),
        SLICE_INIT("\xc0\x80"),
        SLICE_INIT("\xc1\xbf"),
        SLICE_INIT("\xe0\x9f\xbf"),
        SLICE_INIT("\xed\xa0\x80"),
        SLICE_INIT("\xf0\x8f\xbf\xbf"),
        SLICE_INIT("\xf4\x90\x80\x80"),
        SLICE_INIT("\xf5\x80\x80\x80"),
        SLICE_INIT("\xff"),
        SLICE_INIT("\xc3"),
        SLICE_INIT("\xe2\x82"),
        SLICE_INIT("\xf0\x9f\x98"),
        SLICE_INIT("\xc3("),
        SLICE_INIT("\xe2\x28\xa1"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t position = 0;
        uint32_t code_point = 77;
        CHECK(!utf8_valid(bad[i]));
        CHECK_ERR(ERR_MALFORMED, utf8_next(bad[i], &position, &code_point));
        CHECK(position == 0 && code_point == 77);
    }
}

/* The fast path steps eight bytes; a bad byte must be found wherever it stands. */
TEST(utf8_finds_a_bad_byte_anywhere)
{
    uint8_t text[40];
    for (size_t len = 1; len <= sizeof(text); len++) {
        memset(text, 'a', sizeof(text));
        CHECK(utf8_valid(slice_of(text, len)));
        for (size_t at = 0; at < len; at++) {
            text[at] = 0xff;
            CHECK(!utf8_valid(slice_of(text, len)));
            text[at] = 'a';
        }
    }
    CHECK(utf8_valid(SLICE_NONE));
    CHECK(utf8_valid(SLICE_LITERAL("Grüße aus der Straße, Привет, 日本, 😀 and eight more bytes")));
}

TEST(utf8_folds_letters)
{
    CHECK_U64('a', utf8_fold('A'));
    CHECK_U64('z', utf8_fold('Z'));
    CHECK_U64('[', utf8_fold('['));
    CHECK_U64(0xe4, utf8_fold(0xc4));   /* Ä */
    CHECK_U64(0xd7, utf8_fold(0xd7));   /* the multiplication sign is no letter */
    CHECK_U64(0xdf, utf8_fold(0x1e9e)); /* capital sharp s */
    CHECK_U64(0x3c9, utf8_fold(0x3a9)); /* Omega */
    CHECK_U64(0x3c3, utf8_fold(0x3c2)); /* final sigma */
    CHECK_U64(0x436, utf8_fold(0x416)); /* Zhe */
    CHECK_U64(0x451, utf8_fold(0x401)); /* Io */
    CHECK_U64(0x17e, utf8_fold(0x17d)); /* Z with caron */
    CHECK_U64(0x17e, utf8_fold(0x17e));
    CHECK_U64(0x1f600, utf8_fold(0x1f600));
}

TEST_MAIN
