#include "base/check.h"
#include "crypto/crypto.h"
#include "crypto/vector.h"

/* The first test of the program: nobody has started anything. */
TEST(sha256_starts_by_itself)
{
    uint8_t digest[SHA256_BYTES];
    sha256(SLICE_LITERAL("abc"), digest);
    CHECK(vector_is(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST(sha256_of_fips_180_4)
{
    uint8_t digest[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, crypto_start());
    sha256(SLICE_NONE, digest);
    CHECK(
        vector_is(digest, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    sha256(SLICE_LITERAL("abc"), digest);
    CHECK(
        vector_is(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    sha256(SLICE_LITERAL("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), digest);
    CHECK(
        vector_is(digest, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
}

TEST(sha256_in_pieces_is_the_same)
{
    uint8_t data[300], whole[SHA256_BYTES], pieces[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, crypto_start());
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)i;
    }
    struct sha256 *running = sha256_new();
    CHECK(running != NULL);
    for (size_t cut = 0; cut <= sizeof(data); cut += 7) {
        sha256(slice_of(data, sizeof(data)), whole);
        sha256_update(running, slice_of(data, cut));
        sha256(slice_of(data, 3), pieces); /* a digest in between disturbs nothing */
        sha256_update(running, slice_of(data + cut, sizeof(data) - cut));
        sha256_finish(running, pieces);
        CHECK(memcmp(whole, pieces, sizeof(whole)) == 0);
        sha256_prefixed(data[0], slice_of(data + 1, cut == 0 ? 0 : cut - 1),
                        slice_of(data + (cut == 0 ? 1 : cut), sizeof(data) - (cut == 0 ? 1 : cut)),
                        pieces);
        CHECK(memcmp(whole, pieces, sizeof(whole)) == 0);
    }
    sha256_free(running);
    sha256_free(NULL);
}

TEST(sha256_of_a_million_a)
{
    uint8_t block[1000], digest[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, crypto_start());
    memset(block, 'a', sizeof(block));
    struct sha256 *running = sha256_new();
    for (int i = 0; i < 1000; i++) {
        sha256_update(running, slice_of(block, sizeof(block)));
    }
    sha256_finish(running, digest);
    sha256_free(running);
    CHECK(
        vector_is(digest, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
}

TEST(hmac_of_rfc_4231)
{
    uint8_t mac[SHA256_BYTES], long_key[131];
    CHECK_ERR(ERR_NONE, crypto_start());
    struct vector key = vector_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    hmac_sha256(vector_slice(&key), SLICE_LITERAL("Hi There"), mac);
    CHECK(vector_is(mac, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
    hmac_sha256(SLICE_LITERAL("Jefe"), SLICE_LITERAL("what do ya want for nothing?"), mac);
    CHECK(vector_is(mac, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    memset(long_key, 0xaa, sizeof(long_key));
    hmac_sha256(slice_of(long_key, sizeof(long_key)),
                SLICE_LITERAL("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
    CHECK(vector_is(mac, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

TEST(hkdf_of_rfc_5869)
{
    uint8_t out[82];
    CHECK_ERR(ERR_NONE, crypto_start());
    struct vector key = vector_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    struct vector salt = vector_hex("000102030405060708090a0b0c"),
                  info = vector_hex("f0f1f2f3f4f5f6f7f8f9");
    CHECK_ERR(ERR_NONE,
              hkdf_sha256(vector_slice(&key), vector_slice(&salt), vector_slice(&info), out, 42));
    CHECK(vector_is(
        out, 42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
    CHECK_ERR(ERR_NONE, hkdf_sha256(vector_slice(&key), SLICE_NONE, SLICE_NONE, out, 42));
    CHECK(vector_is(
        out, 42,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
    uint8_t counting[80];
    for (size_t i = 0; i < sizeof(counting); i++) {
        counting[i] = (uint8_t)i;
    }
    uint8_t second_salt[80], second_info[80];
    for (size_t i = 0; i < 80; i++) {
        second_salt[i] = (uint8_t)(0x60 + i);
        second_info[i] = (uint8_t)(0xb0 + i);
    }
    CHECK_ERR(ERR_NONE, hkdf_sha256(slice_of(counting, 80), slice_of(second_salt, 80),
                                    slice_of(second_info, 80), out, 82));
    CHECK(vector_is(
        out, 82,
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb"
        "41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"));
}

TEST(hkdf_has_an_end)
{
    static uint8_t out[255 * 32 + 1];
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_NONE,
              hkdf_sha256(SLICE_LITERAL("k"), SLICE_NONE, SLICE_NONE, out, sizeof(out) - 1));
    CHECK_ERR(ERR_INVALID,
              hkdf_sha256(SLICE_LITERAL("k"), SLICE_NONE, SLICE_NONE, out, sizeof(out)));
    CHECK_ERR(ERR_NONE, hkdf_sha256(SLICE_LITERAL("k"), SLICE_NONE, SLICE_NONE, out, 0));
}

TEST(shake128_of_fips_202)
{
    uint8_t out[32];
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_NONE, shake128(SLICE_NONE, out, sizeof(out)));
    CHECK(vector_is(out, 32, "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"));
    CHECK_ERR(ERR_NONE, shake128(SLICE_LITERAL("The quick brown fox jumps over the lazy dog"), out,
                                 sizeof(out)));
    CHECK(vector_is(out, 32, "f4202e3c5852f9182a0430fd8144f0a74b95e7417ecae17db0f8cfeed0e3e66e"));
}

TEST(random_bytes_differ)
{
    uint8_t a[64] = {0}, b[64] = {0};
    random_bytes(a, sizeof(a));
    random_bytes(b, sizeof(b));
    CHECK(memcmp(a, b, sizeof(a)) != 0);
    random_bytes(a, 0);
}

TEST_MAIN
