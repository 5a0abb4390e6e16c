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
    CHECK_ERR(ERR_NONE, sethash_add(&a, SLICE_LITERAL("x"), 1, SLICE_LITERAL("one")));
    CHECK_ERR(ERR_NONE, sethash_add(&a, SLICE_LITERAL("y"), 2, SLICE_LITERAL("two")));
    CHECK_ERR(ERR_NONE, sethash_add(&b, SLICE_LITERAL("y"), 2, SLICE_LITERAL("two")));
    CHECK(!same(&a, &b));
    CHECK_ERR(ERR_NONE, sethash_add(&b, SLICE_LITERAL("x"), 1, SLICE_LITERAL("one")));
    CHECK(same(&a, &b));
}

TEST(sethash_removes_what_was_added)
{
    struct sethash a = {0}, empty;
    sethash_clear(&empty);
    CHECK_ERR(ERR_NONE, sethash_add(&a, SLICE_LITERAL("x"), 1, SLICE_LITERAL("one")));
    CHECK(!same(&a, &empty));
    CHECK_ERR(ERR_NONE, sethash_remove(&a, SLICE_LITERAL("x"), 1, SLICE_LITERAL("one")));
    CHECK(same(&a, &empty));
}

TEST(sethash_tells_path_version_and_bytes_apart)
{
    static const struct {
        const char *path;
        uint64_t version;
        const char *bytes;
    } rows[] = {{"x", 1, "one"}, {"x", 2, "one"}, {"xo", 1, "ne"}, {"x", 1, "One"}, {"", 1, "one"}};
    uint8_t digests[5][SHA256_BYTES];
    for (size_t i = 0; i < 5; i++) {
        struct sethash one = {0};
        CHECK_ERR(ERR_NONE, sethash_add(&one, slice_string(rows[i].path), rows[i].version,
                                        slice_string(rows[i].bytes)));
        sethash_digest(&one, digests[i]);
        for (size_t j = 0; j < i; j++) {
            CHECK(memcmp(digests[i], digests[j], SHA256_BYTES) != 0);
        }
    }
}

/* Computed apart from this program, with Python's hashlib: shake_128(b"vogt/state/v1" + le32(4) +
 * b"path" + le64(3) + sha256(b"bytes")).digest(2048). */
TEST(sethash_is_the_one_specified)
{
    static const uint8_t expected_start[8] = {0x3a, 0xb9, 0x83, 0x37, 0x52, 0xf4, 0x11, 0x19};
    static const uint8_t expected_digest[SHA256_BYTES] = {
        0x6a, 0x62, 0x67, 0x42, 0xdb, 0x6a, 0x71, 0x0e, 0xe0, 0x46, 0xfa,
        0xc1, 0x1a, 0x81, 0x4d, 0x3a, 0x8f, 0x80, 0xbe, 0x43, 0x43, 0x5f,
        0xf4, 0x18, 0x9c, 0xd6, 0x9b, 0x48, 0x0a, 0xf1, 0xdd, 0xae};
    struct sethash one = {0}, two;
    uint8_t saved[SETHASH_BYTES], digest[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, sethash_add(&one, SLICE_LITERAL("path"), 3, SLICE_LITERAL("bytes")));
    sethash_save(&one, saved);
    CHECK(memcmp(saved, expected_start, sizeof(expected_start)) == 0);
    sethash_digest(&one, digest);
    CHECK(memcmp(digest, expected_digest, sizeof(digest)) == 0);
    sethash_load(&two, saved);
    CHECK(same(&one, &two));
}

TEST(sethash_refuses_a_path_too_long)
{
    uint8_t path[513] = {'a'};
    struct sethash one = {0};
    CHECK_ERR(ERR_TOO_LARGE, sethash_add(&one, slice_of(path, sizeof(path)), 1, SLICE_NONE));
}

TEST_MAIN
