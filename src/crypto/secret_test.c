#include "base/check.h"
#include "crypto/crypto.h"

TEST(secret_copies_and_moves)
{
    CHECK_ERR(ERR_NONE, crypto_start());
    cleanup_secret struct secret secret = SECRET_NONE;
    CHECK_ERR(ERR_NONE, secret_copy(SLICE_LITERAL("hunter2"), &secret));
    CHECK_SLICE("hunter2", secret_slice(&secret));
    cleanup_secret struct secret taken = secret_take(&secret);
    CHECK(secret.data == NULL && secret.len == 0);
    CHECK_SLICE("hunter2", secret_slice(&taken));
    secret_free(&secret);
    secret_free(&secret);
}

TEST(secret_starts_as_zero)
{
    CHECK_ERR(ERR_NONE, crypto_start());
    cleanup_secret struct secret secret = SECRET_NONE, empty = SECRET_NONE;
    CHECK_ERR(ERR_NONE, secret_new(3, &secret));
    CHECK_SLICE("\0\0\0", secret_slice(&secret));
    CHECK_ERR(ERR_NONE, secret_new(0, &empty));
    CHECK_U64(0, empty.len);
}

TEST(secret_random_differs)
{
    CHECK_ERR(ERR_NONE, crypto_start());
    cleanup_secret struct secret a = SECRET_NONE, b = SECRET_NONE;
    CHECK_ERR(ERR_NONE, secret_random(32, &a));
    CHECK_ERR(ERR_NONE, secret_random(32, &b));
    CHECK(!secret_equal(secret_slice(&a), secret_slice(&b)));
}

TEST(secret_equal_looks_at_everything)
{
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK(secret_equal(SLICE_LITERAL("abc"), SLICE_LITERAL("abc")));
    CHECK(secret_equal(SLICE_NONE, SLICE_NONE));
    CHECK(!secret_equal(SLICE_LITERAL("abc"), SLICE_LITERAL("abd")));
    CHECK(!secret_equal(SLICE_LITERAL("abc"), SLICE_LITERAL("xbc")));
    CHECK(!secret_equal(SLICE_LITERAL("abc"), SLICE_LITERAL("ab")));
}

TEST(wipe_leaves_zeros)
{
    char text[] = "secret";
    wipe(text, sizeof(text));
    for (size_t i = 0; i < sizeof(text); i++) {
        CHECK_U64(0, (unsigned char)text[i]);
    }
    wipe(NULL, 0);
}

TEST_MAIN
