#include "base/check.h"
#include "base/bytes.h"

TEST(slice_comparisons)
{
    CHECK(slice_equal(SLICE_NONE, SLICE_LITERAL("")));
    CHECK(!slice_equal(SLICE_LITERAL("a"), SLICE_LITERAL("b")));
    CHECK(slice_is(SLICE_LITERAL("abc"), "abc"));
    CHECK(slice_is(SLICE_NONE, NULL));
    CHECK(slice_starts(SLICE_LITERAL("abc"), SLICE_LITERAL("ab")));
    CHECK(!slice_starts(SLICE_LITERAL("a"), SLICE_LITERAL("ab")));
    CHECK(slice_ends(SLICE_LITERAL("abc"), SLICE_LITERAL("bc")));
    CHECK(slice_ends(SLICE_NONE, SLICE_NONE));
    CHECK(slice_compare(SLICE_LITERAL("ab"), SLICE_LITERAL("abc")) < 0);
    CHECK(slice_compare(SLICE_LITERAL("b"), SLICE_LITERAL("abc")) > 0);
    CHECK(slice_compare(SLICE_LITERAL("\xff"), SLICE_LITERAL("a")) > 0);
    CHECK(slice_compare(SLICE_NONE, SLICE_NONE) == 0);
}

TEST(slice_without_case_knows_the_letters_of_ascii_and_no_others)
{
    CHECK(slice_equal_caseless(SLICE_LITERAL("Content-Type"), SLICE_LITERAL("cONTENT-tYPE")));
    CHECK(slice_equal_caseless(SLICE_NONE, SLICE_LITERAL("")));
    CHECK(!slice_equal_caseless(SLICE_LITERAL("ab"), SLICE_LITERAL("abc")));
    CHECK(!slice_equal_caseless(SLICE_LITERAL("[@"), SLICE_LITERAL("{`"))); /* beside the letters, and as far apart */
    CHECK(!slice_equal_caseless(SLICE_LITERAL("\xc4"), SLICE_LITERAL("\xe4")));
    CHECK(slice_is_caseless(SLICE_LITERAL("A\0z"), NULL) == false && slice_is_caseless(SLICE_LITERAL("azAZ"), "AZaz"));
    CHECK(slice_starts_caseless(SLICE_LITERAL("X-Vault-Token"), SLICE_LITERAL("x-vault-")));
    CHECK(!slice_starts_caseless(SLICE_LITERAL("X-V"), SLICE_LITERAL("x-vault-")));
    CHECK_U64(2, slice_find_caseless(SLICE_LITERAL("DBPassWord"), SLICE_LITERAL("PASSWORD")));
    CHECK_U64(SIZE_MAX, slice_find_caseless(SLICE_LITERAL("pass"), SLICE_LITERAL("password")));
    CHECK_U64(0, slice_find_caseless(SLICE_NONE, SLICE_NONE));
}

TEST(slice_consists_of_the_bytes_named)
{
    CHECK(slice_consists_of(SLICE_LITERAL("Az-9"), ASCII_LETTERS ASCII_DIGITS "-"));
    CHECK(slice_consists_of(SLICE_NONE, ASCII_DIGITS));
    CHECK(!slice_consists_of(SLICE_LITERAL("aB"), ASCII_LOWER));
    CHECK(!slice_consists_of(SLICE_LITERAL("a\0b"), ASCII_LETTERS)); /* strchr finds the end of every string */
    CHECK(!slice_consists_of(SLICE_LITERAL("\xe4"), ASCII_LETTERS));
}

TEST(slice_cutting)
{
    CHECK_SLICE("bc", slice_from(SLICE_LITERAL("abc"), 1));
    CHECK_SLICE("", slice_from(SLICE_LITERAL("abc"), 9));
    CHECK_SLICE("", slice_from(SLICE_NONE, 1));
    CHECK_SLICE("ab", slice_first(SLICE_LITERAL("abc"), 2));
    CHECK_SLICE("abc", slice_first(SLICE_LITERAL("abc"), 9));
    CHECK_SLICE("a b", slice_trim(SLICE_LITERAL(" \t\r\na b\v\f ")));
    CHECK_SLICE("", slice_trim(SLICE_LITERAL("   ")));
    CHECK_U64(3, slice_find(SLICE_LITERAL("abcdef"), SLICE_LITERAL("de")));
    CHECK_U64(SIZE_MAX, slice_find(SLICE_LITERAL("a"), SLICE_LITERAL("ab")));
    CHECK_U64(0, slice_find(SLICE_NONE, SLICE_NONE));
    CHECK_U64(SIZE_MAX, slice_find_byte(SLICE_NONE, 0));
    CHECK_U64(1, slice_find_byte(SLICE_LITERAL("a\0b"), 0));
}

TEST(slice_split_gives_every_part_once)
{
    struct slice rest = SLICE_LITERAL("a,,b,"), part;
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE("a", part);
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE("", part);
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE("b", part);
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE("", part);
    CHECK(!slice_split(&rest, ',', &part));
    rest = SLICE_LITERAL("");
    CHECK(slice_split(&rest, ',', &part));
    CHECK(!slice_split(&rest, ',', &part));
}

TEST(slice_to_u64_is_strict)
{
    uint64_t value = 7;
    CHECK_ERR(ERR_NONE, slice_to_u64(SLICE_LITERAL("18446744073709551615"), &value));
    CHECK_U64(UINT64_MAX, value);
    CHECK_ERR(ERR_NONE, slice_to_u64(SLICE_LITERAL("0"), &value));
    CHECK_U64(0, value);
    value = 7;
    CHECK_ERR(ERR_TOO_LARGE, slice_to_u64(SLICE_LITERAL("18446744073709551616"), &value));
    CHECK_ERR(ERR_TOO_LARGE, slice_to_u64(SLICE_LITERAL("99999999999999999999999999"), &value));
    CHECK_ERR(ERR_MALFORMED, slice_to_u64(SLICE_LITERAL("99999999999999999999999999x"), &value));
    static const char *const bad[] = {"", "00", "01", "+1", "-1", " 1", "1 ", "1a", "0x1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, slice_to_u64(slice_string(bad[i]), &value));
    }
    CHECK_U64(7, value);
}

TEST(buf_grows_to_its_maximum_and_not_past)
{
    cleanup_buf struct buf buf = BUF_INIT(1000);
    for (size_t i = 0; i < 1000; i++) {
        CHECK_ERR(ERR_NONE, buf_append_byte(&buf, (uint8_t)i));
    }
    CHECK_ERR(ERR_TOO_LARGE, buf_append_byte(&buf, 0));
    CHECK_ERR(ERR_TOO_LARGE, buf_reserve(&buf, SIZE_MAX));
    CHECK_U64(1000, buf.len);
    CHECK(buf.capacity <= buf.max);
    for (size_t i = 0; i < 1000; i++) {
        CHECK_U64((uint8_t)i, buf.data[i]);
    }
}

TEST(buf_appends_and_prints)
{
    cleanup_buf struct buf buf = BUF_INIT(64);
    CHECK_ERR(ERR_NONE, buf_append_string(&buf, "n="));
    CHECK_ERR(ERR_NONE, buf_append_u64_decimal(&buf, UINT64_MAX));
    CHECK_ERR(ERR_NONE, buf_append_u64_decimal(&buf, 0));
    CHECK_ERR(ERR_NONE, buf_printf(&buf, ";%d%s", -5, "x"));
    CHECK_SLICE("n=184467440737095516150;-5x", buf_slice(&buf));
    CHECK_ERR(ERR_TOO_LARGE, buf_printf(&buf, "%64s", ""));
    CHECK_SLICE("n=184467440737095516150;-5x", buf_slice(&buf));
    struct buf full = BUF_INIT(3);
    CHECK_ERR(ERR_NONE, buf_printf(&full, "abc"));
    CHECK_SLICE("abc", buf_slice(&full));
    buf_free(&full);
}

TEST(buf_consumes_takes_clears)
{
    cleanup_buf struct buf buf = BUF_INIT(64);
    CHECK_ERR(ERR_NONE, buf_append_string(&buf, "abcdef"));
    buf_consume(&buf, 2);
    CHECK_SLICE("cdef", buf_slice(&buf));
    CHECK_SLICE("\0\0", slice_of(buf.data + 4, 2)); /* wiped behind */
    buf_consume(&buf, 0);
    struct buf taken = buf_take(&buf);
    CHECK_U64(0, buf.len);
    CHECK(buf.data == NULL && buf.max == 64);
    CHECK_SLICE("cdef", buf_slice(&taken));
    buf_clear(&taken);
    CHECK_U64(0, taken.len);
    CHECK_SLICE("\0\0\0\0", slice_of(taken.data, 4));
    buf_free(&taken);
    buf_free(&taken);
}

TEST(encodings_round)
{
    cleanup_buf struct buf buf = BUF_INIT(1000);
    CHECK_ERR(ERR_NONE, put_u8(&buf, 0xab));
    CHECK_ERR(ERR_NONE, put_u16(&buf, 0x1234));
    CHECK_ERR(ERR_NONE, put_u32(&buf, 0x12345678));
    CHECK_ERR(ERR_NONE, put_u64(&buf, 0x123456789abcdef0));
    CHECK_ERR(ERR_NONE, put_bytes(&buf, SLICE_LITERAL("hi")));
    CHECK_SLICE("\xab\x34\x12\x78\x56\x34\x12\xf0\xde\xbc\x9a\x78\x56\x34\x12\x02\0\0\0hi",
                buf_slice(&buf));
    struct reader reader = reader_of(buf_slice(&buf));
    uint8_t a = 0;
    uint16_t b = 0;
    uint32_t c = 0;
    uint64_t d = 0;
    struct slice bytes = SLICE_NONE;
    CHECK_ERR(ERR_NONE, get_u8(&reader, &a));
    CHECK_ERR(ERR_NONE, get_u16(&reader, &b));
    CHECK_ERR(ERR_NONE, get_u32(&reader, &c));
    CHECK_ERR(ERR_NONE, get_u64(&reader, &d));
    CHECK_ERR(ERR_MALFORMED, reader_end(&reader));
    CHECK_ERR(ERR_TOO_LARGE, get_bytes(&reader, 1, &bytes));
    CHECK_U64(6, reader_left(&reader));
    CHECK_ERR(ERR_NONE, get_bytes(&reader, 2, &bytes));
    CHECK(a == 0xab && b == 0x1234 && c == 0x12345678 && d == 0x123456789abcdef0);
    CHECK_SLICE("hi", bytes);
    CHECK_ERR(ERR_NONE, reader_end(&reader));
    CHECK_ERR(ERR_MALFORMED, get_u8(&reader, &a));
}

TEST(reader_refuses_lengths_past_the_end)
{
    struct reader reader = reader_of(SLICE_LITERAL("\xff\xff\xff\xff"
                                                   "ab"));
    struct slice bytes = SLICE_NONE;
    CHECK_ERR(ERR_MALFORMED, get_bytes(&reader, SIZE_MAX, &bytes));
    CHECK_U64(6, reader_left(&reader));
    CHECK(bytes.data == NULL);
    CHECK_ERR(ERR_MALFORMED, get_raw(&reader, SIZE_MAX, &bytes));
}

TEST(loads_and_stores)
{
    uint8_t bytes[8];
    store_u64_big(bytes, 0x0102030405060708);
    CHECK_SLICE("\1\2\3\4\5\6\7\10", slice_of(bytes, 8));
    CHECK_U64(0x0102030405060708, load_u64_big(bytes));
    CHECK_U64(0x0807060504030201, load_u64_little(bytes));
    CHECK_U64(0x04030201, load_u32_little(bytes));
}

TEST(small_numbers_come_back)
{
    static const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, INT64_MAX, UINT64_MAX};
    static const size_t lengths[] = {1, 1, 1, 2, 2, 3, 9, 10};
    static const int64_t signed_values[] = {0, -1, 1, 63, -64, 64, INT64_MAX, INT64_MIN};
    cleanup_buf struct buf out = BUF_INIT(1024);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint64_t back = 1;
        int64_t signed_back = 1;
        buf_clear(&out);
        CHECK_ERR(ERR_NONE, put_small(&out, values[i]));
        CHECK_U64(lengths[i], out.len);
        struct reader reader = reader_of(buf_slice(&out));
        CHECK_ERR(ERR_NONE, get_small(&reader, &back));
        CHECK_ERR(ERR_NONE, reader_end(&reader));
        CHECK_U64(values[i], back);
        reader = reader_of(slice_first(buf_slice(&out), out.len - 1));
        CHECK_ERR(ERR_MALFORMED, get_small(&reader, &back));
        CHECK_U64(0, reader.position);
        buf_clear(&out);
        CHECK_ERR(ERR_NONE, put_small_signed(&out, signed_values[i]));
        reader = reader_of(buf_slice(&out));
        CHECK_ERR(ERR_NONE, get_small_signed(&reader, &signed_back));
        CHECK(signed_back == signed_values[i]);
    }
    static const char *const bad[] = {"\x80", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reader reader = reader_of(slice_string(bad[i]));
        uint64_t back;
        CHECK_ERR(ERR_MALFORMED, get_small(&reader, &back));
    }
    struct reader longer = reader_of(SLICE_LITERAL("\x80\x00"));
    uint64_t back;
    CHECK_ERR(ERR_MALFORMED, get_small(&longer, &back));
}

TEST_MAIN
