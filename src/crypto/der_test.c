#include "crypto/der.h"

#include "base/check.h"
#include "crypto/vector.h"

#include <string.h>

TEST(der_lengths_and_numbers_have_one_form)
{
    static const struct {
        const char *hex;
        enum err err;
        size_t len;
    } numbers[] = {
        {"020100", ERR_NONE, 0}, {"020101", ERR_NONE, 1}, {"02020080", ERR_NONE, 1}, {"020200ff", ERR_NONE, 1}, {"02020100", ERR_NONE, 2},
        {"0200", ERR_MALFORMED, 0}, {"020180", ERR_MALFORMED, 0}, {"0202007f", ERR_MALFORMED, 0}, {"02020000", ERR_MALFORMED, 0}, {"0202ff01", ERR_MALFORMED, 0},
        {"02810101", ERR_MALFORMED, 0}, {"0282000101", ERR_MALFORMED, 0}, {"028001", ERR_MALFORMED, 0}, {"0284000000010a", ERR_MALFORMED, 0}, {"0202", ERR_MALFORMED, 0},
        {"02", ERR_MALFORMED, 0}, {"", ERR_MALFORMED, 0}, {"030101", ERR_MALFORMED, 0}, {"02ff", ERR_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct vector vector = vector_hex(numbers[i].hex);
        struct reader reader = reader_of(vector_slice(&vector));
        struct slice number;
        CHECK_ERR(numbers[i].err, der_get_number(&reader, &number));
        if (numbers[i].err == ERR_NONE) {
            CHECK_U64(numbers[i].len, number.len);
            CHECK_ERR(ERR_NONE, reader_end(&reader));
            cleanup_buf struct buf again = BUF_INIT(16);
            CHECK_ERR(ERR_NONE, der_put_number(&again, number));
            CHECK(slice_equal(vector_slice(&vector), buf_slice(&again)));
        } else {
            CHECK_U64(vector.len, reader_left(&reader));
        }
    }
}

TEST(der_what_is_written_is_read)
{
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        cleanup_buf struct buf content = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20), bits = BUF_INIT(1 << 20);
        CHECK_ERR(ERR_NONE, buf_reserve(&content, lengths[i] + 1));
        memset(content.data, 0x5a, lengths[i] + 1);
        content.len = lengths[i];
        struct slice found;
        CHECK_ERR(ERR_NONE, der_put(&out, DER_OCTET_STRING, buf_slice(&content)));
        struct reader reader = reader_of(buf_slice(&out));
        CHECK(der_next_is(&reader, DER_OCTET_STRING));
        CHECK_ERR(ERR_MALFORMED, der_get(&reader, DER_SEQUENCE, &found));
        CHECK_ERR(ERR_NONE, der_get(&reader, DER_OCTET_STRING, &found));
        CHECK_U64(lengths[i], found.len);
        CHECK_ERR(ERR_NONE, reader_end(&reader));
        CHECK_ERR(ERR_NONE, der_put_bits(&bits, buf_slice(&content)));
        reader = reader_of(buf_slice(&bits));
        CHECK_ERR(ERR_NONE, der_get_bits(&reader, &found));
        CHECK_U64(lengths[i], found.len);
    }
    struct vector spare = vector_hex("030201aa");
    struct reader reader = reader_of(vector_slice(&spare));
    struct slice found;
    CHECK_ERR(ERR_MALFORMED, der_get_bits(&reader, &found));
}

TEST(pem_has_one_block_of_the_wanted_label)
{
    cleanup_buf struct buf text = BUF_INIT(4096), out = BUF_INIT(4096);
    uint8_t bytes[100];
    memset(bytes, 7, sizeof bytes);
    CHECK_ERR(ERR_NONE, pem_write(&text, "PUBLIC KEY", slice_of(bytes, sizeof bytes)));
    CHECK(slice_starts(buf_slice(&text), SLICE_LITERAL("-----BEGIN PUBLIC KEY-----\nBwcHBwcH")));
    CHECK(slice_ends(buf_slice(&text), SLICE_LITERAL("\n-----END PUBLIC KEY-----\n")));
    CHECK_ERR(ERR_NONE, pem_read(buf_slice(&text), "PUBLIC KEY", &out));
    CHECK(slice_equal(slice_of(bytes, sizeof bytes), buf_slice(&out)));
    CHECK_ERR(ERR_MALFORMED, pem_read(buf_slice(&text), "PRIVATE KEY", &out));
    static const char *const bad[] = {"", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY----------END PUBLIC KEY----", "-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----",
                                      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\nx"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_MALFORMED, pem_read(slice_string(bad[i]), "PUBLIC KEY", &out));
    }
    CHECK_U64(sizeof bytes, out.len);
}

TEST_MAIN
