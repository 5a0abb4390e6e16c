#include "crypto/check_crypto.h"
#include "store/sethash.h"

#include "base/check.h"

static bool same(const struct sethash *a, const struct sethash *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

TEST(sethash_does_not_mind_the_order)
{
    struct sethash a = {0}, b = {0};
    CHECK_ERR(ERR_NONE, sethash_add(&a, &(struct stored_row){SLICE_LITERAL("x"), 1, 0, SLICE_LITERAL("one")}));
    CHECK_ERR(ERR_NONE, sethash_add(&a, &(struct stored_row){SLICE_LITERAL("y"), 2, 0, SLICE_LITERAL("two")}));
    CHECK_ERR(ERR_NONE, sethash_add(&b, &(struct stored_row){SLICE_LITERAL("y"), 2, 0, SLICE_LITERAL("two")}));
    CHECK(!same(&a, &b));
    CHECK_ERR(ERR_NONE, sethash_add(&b, &(struct stored_row){SLICE_LITERAL("x"), 1, 0, SLICE_LITERAL("one")}));
    CHECK(same(&a, &b));
}

TEST(sethash_removes_what_was_added)
{
    struct sethash a = {0}, empty;
    sethash_clear(&empty);
    CHECK_ERR(ERR_NONE, sethash_add(&a, &(struct stored_row){SLICE_LITERAL("x"), 1, 0, SLICE_LITERAL("one")}));
    CHECK(!same(&a, &empty));
    CHECK_ERR(ERR_NONE, sethash_remove(&a, &(struct stored_row){SLICE_LITERAL("x"), 1, 0, SLICE_LITERAL("one")}));
    CHECK(same(&a, &empty));
}

TEST(sethash_tells_path_version_due_time_and_bytes_apart)
{
    static const struct {
        const char *path;
        uint64_t version, due_unix_ms;
        const char *bytes;
    } rows[] = {{"x", 1, 0, "one"}, {"x", 2, 0, "one"}, {"xo", 1, 0, "ne"}, {"x", 1, 0, "One"},
                {"", 1, 0, "one"},  {"x", 1, 1, "one"}, {"x", 1, 2, "one"}, {"x", 0, 1, "one"}};
    enum { COUNT = sizeof(rows) / sizeof(rows[0]) };
    uint8_t digests[COUNT][SHA256_BYTES];
    for (size_t i = 0; i < COUNT; i++) {
        struct sethash one = {0};
        struct stored_row row = {slice_string(rows[i].path), rows[i].version, rows[i].due_unix_ms,
                                 slice_string(rows[i].bytes)};
        CHECK_ERR(ERR_NONE, sethash_add(&one, &row));
        sethash_digest(&one, digests[i]);
        for (size_t j = 0; j < i; j++) {
            CHECK(memcmp(digests[i], digests[j], SHA256_BYTES) != 0);
        }
    }
}

/* Computed apart from this program, with Python's hashlib: shake_128(b"vogt/state/v2" + le32(4) +
 * b"path" + le64(3) + le64(1700000000000) + sha256(b"bytes")).digest(2048), and without the due time
 * for schema 1. */
TEST(sethash_is_the_one_specified)
{
    static const uint8_t expected_start[8] = {0x1b, 0x4b, 0x16, 0x7e, 0xa2, 0x8f, 0x2f, 0xac};
    static const uint8_t expected_digest[SHA256_BYTES] = {
        0xe8, 0xc8, 0x39, 0xd8, 0x5d, 0x90, 0xab, 0xdf, 0x55, 0x58, 0xe3, 0xd5, 0xc2, 0x4b, 0x5e,
        0x3c, 0x4a, 0x66, 0x25, 0xad, 0x44, 0xd1, 0xd4, 0xa1, 0x22, 0x2c, 0x6d, 0xa0, 0x46, 0xc2,
        0x15, 0xd5};
    static const uint8_t expected_digest_1[SHA256_BYTES] = {
        0x6a, 0x62, 0x67, 0x42, 0xdb, 0x6a, 0x71, 0x0e, 0xe0, 0x46, 0xfa, 0xc1, 0x1a, 0x81, 0x4d,
        0x3a, 0x8f, 0x80, 0xbe, 0x43, 0x43, 0x5f, 0xf4, 0x18, 0x9c, 0xd6, 0x9b, 0x48, 0x0a, 0xf1,
        0xdd, 0xae};
    struct sethash one = {0}, two, old = {0};
    struct stored_row row = {SLICE_LITERAL("path"), 3, 1700000000000, SLICE_LITERAL("bytes")};
    uint8_t saved[SETHASH_BYTES], digest[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, sethash_add(&one, &row));
    sethash_save(&one, saved);
    CHECK(memcmp(saved, expected_start, sizeof(expected_start)) == 0);
    sethash_digest(&one, digest);
    CHECK(memcmp(digest, expected_digest, sizeof(digest)) == 0);
    sethash_load(&two, saved);
    CHECK(same(&one, &two));
    CHECK_ERR(ERR_NONE, sethash_add_1(&old, &row));
    sethash_digest(&old, digest);
    CHECK(memcmp(digest, expected_digest_1, sizeof(digest)) == 0);
}

TEST(sethash_refuses_a_path_too_long)
{
    uint8_t path[513] = {'a'};
    struct sethash one = {0};
    CHECK_ERR(ERR_TOO_LARGE, sethash_add(&one, &(struct stored_row){.path = slice_of(path, sizeof(path)), .version = 1}));
}

TEST_MAIN
