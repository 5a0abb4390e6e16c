#include "base/check.h"
#include "crypto/crypto.h"
#include "crypto/vector.h"

enum { MOST_SHARES = 7 };

/* Combines the shares chosen by the bits of `chosen`. */
static enum err combine(const struct secret *shares, unsigned chosen, struct secret *ret_secret)
{
    struct slice picked[MOST_SHARES];
    size_t count = 0;
    for (unsigned i = 0; i < MOST_SHARES; i++) {
        if ((chosen >> i & 1) != 0) {
            picked[count++] = secret_slice(&shares[i]);
        }
    }
    return shamir_combine(picked, count, ret_secret);
}

/* Every subset: enough shares give the secret back, fewer do not. */
static bool all_subsets_hold(const struct secret *shares, unsigned count, unsigned threshold,
                             struct slice secret)
{
    for (unsigned chosen = 0; chosen < 1u << count; chosen++) {
        unsigned size = (unsigned)__builtin_popcount(chosen);
        cleanup_secret struct secret rebuilt = SECRET_NONE;
        enum err err = combine(shares, chosen, &rebuilt);
        if (err != (size < 2 ? ERR_INVALID : ERR_NONE)) {
            return false;
        }
        if (size >= 2 && slice_equal(secret_slice(&rebuilt), secret) != (size >= threshold)) {
            return false;
        }
    }
    return true;
}

TEST(shamir_all_subsets_of_all_small_splits)
{
    static const uint8_t secret[] = "\x00\x01\xff the root key of a castle";
    uint8_t random[sizeof(secret) * MOST_SHARES];
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_NONE, shake128(SLICE_LITERAL("coefficients"), random, sizeof(random)));
    for (unsigned count = 2; count <= MOST_SHARES; count++) {
        for (unsigned threshold = 2; threshold <= count; threshold++) {
            struct secret shares[MOST_SHARES] = {SECRET_NONE};
            CHECK_ERR(ERR_NONE,
                      shamir_split(slice_of(secret, sizeof(secret)), count, threshold,
                                   slice_of(random, sizeof(secret) * (threshold - 1)), shares));
            bool hold =
                all_subsets_hold(shares, count, threshold, slice_of(secret, sizeof(secret)));
            for (unsigned i = 0; i < count; i++) {
                CHECK_U64(sizeof(secret) + 1, shares[i].len);
                CHECK_U64(i + 1, shares[i].data[sizeof(secret)]);
                secret_free(&shares[i]);
            }
            CHECK(hold);
        }
    }
}

/* One byte, every value of secret and coefficient: the line through (0, secret) with that slope. A
 * share at x = 1 is secret xor slope; two shares always rebuild it. */
TEST(shamir_every_byte_and_slope)
{
    CHECK_ERR(ERR_NONE, crypto_start());
    for (unsigned value = 0; value < 256; value += 5) {
        for (unsigned slope = 0; slope < 256; slope += 3) {
            uint8_t secret = (uint8_t)value, coefficient = (uint8_t)slope;
            struct secret shares[2], rebuilt;
            CHECK_ERR(ERR_NONE,
                      shamir_split(slice_of(&secret, 1), 2, 2, slice_of(&coefficient, 1), shares));
            CHECK_U64(value ^ slope, shares[0].data[0]);
            struct slice both[2] = {secret_slice(&shares[1]), secret_slice(&shares[0])};
            CHECK_ERR(ERR_NONE, shamir_combine(both, 2, &rebuilt));
            CHECK_U64(value, rebuilt.data[0]);
            secret_free(&rebuilt);
            secret_free(&shares[0]);
            secret_free(&shares[1]);
        }
    }
}

/* By hand in GF(2^8), 0x11b: secret 0x42, line 0x42 + 0x57 x; 0x57 * 0x83 = 0xc1 is the example of
 * FIPS 197. */
TEST(shamir_field_is_that_of_aes)
{
    struct slice shares[2] = {SLICE_LITERAL("\x83\x83"), SLICE_LITERAL("\x15\x01")};
    struct secret rebuilt;
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_U64(0x42 ^ 0xc1, shares[0].data[0]);
    CHECK_U64(0x42 ^ 0x57, shares[1].data[0]);
    CHECK_ERR(ERR_NONE, shamir_combine(shares, 2, &rebuilt));
    CHECK_U64(0x42, rebuilt.data[0]);
    secret_free(&rebuilt);
}

TEST(shamir_255_shares)
{
    uint8_t secret[2] = {0xab, 0xcd}, random[2 * 254];
    static struct secret shares[255];
    struct slice slices[255];
    struct secret rebuilt;
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_NONE, shake128(SLICE_LITERAL("many"), random, sizeof(random)));
    CHECK_ERR(ERR_NONE, shamir_split(slice_of(secret, 2), 255, 255,
                                     slice_of(random, sizeof(random)), shares));
    for (size_t i = 0; i < 255; i++) {
        slices[i] = secret_slice(&shares[i]);
    }
    CHECK_ERR(ERR_NONE, shamir_combine(slices, 255, &rebuilt));
    CHECK(slice_equal(secret_slice(&rebuilt), slice_of(secret, 2)));
    secret_free(&rebuilt);
    CHECK_ERR(ERR_NONE, shamir_combine(slices, 254, &rebuilt));
    CHECK(!slice_equal(secret_slice(&rebuilt), slice_of(secret, 2)));
    secret_free(&rebuilt);
    for (size_t i = 0; i < 255; i++) {
        secret_free(&shares[i]);
    }
}

TEST(shamir_refuses_what_makes_no_sense)
{
    uint8_t random[16] = {0};
    struct secret shares[4], rebuilt;
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_INVALID, shamir_split(SLICE_NONE, 3, 2, SLICE_NONE, shares));
    CHECK_ERR(ERR_INVALID, shamir_split(SLICE_LITERAL("ab"), 3, 1, SLICE_NONE, shares));
    CHECK_ERR(ERR_INVALID, shamir_split(SLICE_LITERAL("ab"), 3, 4, slice_of(random, 6), shares));
    CHECK_ERR(ERR_INVALID, shamir_split(SLICE_LITERAL("ab"), 256, 2, slice_of(random, 2), shares));
    CHECK_ERR(ERR_INVALID, shamir_split(SLICE_LITERAL("ab"), 3, 2, slice_of(random, 3), shares));
    struct slice same_x[2] = {SLICE_LITERAL("ab\x01"), SLICE_LITERAL("cd\x01")};
    struct slice zero_x[2] = {SLICE_LITERAL("ab\x01"), SLICE_LITERAL("cd\x00")};
    struct slice lengths[2] = {SLICE_LITERAL("ab\x01"), SLICE_LITERAL("c\x02")};
    struct slice only_x[2] = {SLICE_LITERAL("\x01"), SLICE_LITERAL("\x02")};
    CHECK_ERR(ERR_INVALID, shamir_combine(same_x, 2, &rebuilt));
    CHECK_ERR(ERR_INVALID, shamir_combine(zero_x, 2, &rebuilt));
    CHECK_ERR(ERR_INVALID, shamir_combine(lengths, 2, &rebuilt));
    CHECK_ERR(ERR_INVALID, shamir_combine(only_x, 2, &rebuilt));
    CHECK_ERR(ERR_INVALID, shamir_combine(same_x, 1, &rebuilt));
    CHECK_ERR(ERR_INVALID, shamir_combine(same_x, 0, &rebuilt));
}

TEST_MAIN
