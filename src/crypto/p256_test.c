#include "base/check.h"
#include "crypto/check_crypto.h"
#include "crypto/vector.h"

#include <string.h>

/* RFC 6979, A.2.5 (P-256, SHA-256, messages "sample" and "test"); the signature's DER was written by hand from r and s. */
#define KEY_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define KEY_Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
static const char key_hex[] = "04" KEY_X KEY_Y;
static const char sample_hex[] = "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                 "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
static const char test_hex[] = "3045022100f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                               "0220019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083";

TEST(p256_of_rfc_6979)
{
    struct vector key = vector_hex(key_hex), sample = vector_hex(sample_hex), test = vector_hex(test_hex);
    CHECK(p256_is_key(vector_slice(&key)));
    CHECK_ERR(ERR_NONE, p256_verify(vector_slice(&key), SLICE_LITERAL("sample"), vector_slice(&sample)));
    CHECK_ERR(ERR_NONE, p256_verify(vector_slice(&key), SLICE_LITERAL("test"), vector_slice(&test)));
    CHECK_ERR(ERR_FORGED, p256_verify(vector_slice(&key), SLICE_LITERAL("test"), vector_slice(&sample)));
    CHECK_ERR(ERR_FORGED, p256_verify(vector_slice(&key), SLICE_NONE, vector_slice(&sample)));
}

TEST(every_changed_byte_of_a_signature_is_noticed)
{
    struct vector key = vector_hex(key_hex), test = vector_hex(test_hex);
    uint8_t bytes[P256_SIGNATURE_MAX_BYTES + 1];
    struct slice good = vector_slice(&test);
    for (size_t i = 0; i < good.len; i++) {
        memcpy(bytes, good.data, good.len);
        bytes[i] ^= 1;
        CHECK_ERR(ERR_FORGED, p256_verify(vector_slice(&key), SLICE_LITERAL("test"), slice_of(bytes, good.len)));
    }
    memcpy(bytes, good.data, good.len);
    bytes[good.len] = 0; /* something behind it */
    CHECK_ERR(ERR_FORGED, p256_verify(vector_slice(&key), SLICE_LITERAL("test"), slice_of(bytes, good.len + 1)));
    CHECK_ERR(ERR_FORGED, p256_verify(vector_slice(&key), SLICE_LITERAL("test"), slice_first(good, good.len - 1)));
    CHECK_ERR(ERR_FORGED, p256_verify(vector_slice(&key), SLICE_LITERAL("test"), SLICE_NONE));
}

TEST(what_is_no_point_of_the_curve_is_no_key)
{
    static const char *const bad[] = {
        "", "00", "02" KEY_X,                                                                    /* infinity; the short form */
        "04" KEY_X "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462298",           /* off the curve */
        "06" KEY_X KEY_Y, "04" KEY_X KEY_Y "00", "04" KEY_X,
        "040000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct vector key = vector_hex(bad[i]), test = vector_hex(test_hex);
        CHECK(!p256_is_key(vector_slice(&key)));
        CHECK_ERR(ERR_INVALID, p256_verify(vector_slice(&key), SLICE_LITERAL("test"), vector_slice(&test)));
    }
}

TEST_MAIN
