#include "crypto/ec.h"

#include "base/check.h"
#include "crypto/check_crypto.h"
#include "crypto/hash.h"
#include "crypto/vector.h"

#include <string.h>

/* RFC 6979, A.2.5 to A.2.7: the private number, the public point, and r, s over "sample" with the hash of the curve's size. */
static const struct {
    enum curve curve;
    enum hash hash;
    const char *number, *point, *signature;
} vectors[] = {
    {CURVE_P256, HASH_SHA2_256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {CURVE_P384, HASH_SHA2_384, "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
     "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
     "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
    {CURVE_P521, HASH_SHA2_512, "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538",
     "0401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4"
     "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
     "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa"
     "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a"},
};

TEST(ecdsa_of_rfc_6979)
{
    for (size_t i = 0; i < 3; i++) {
        enum curve curve = vectors[i].curve;
        struct vector number = vector_hex(vectors[i].number), point = vector_hex(vectors[i].point), jws = vector_hex(vectors[i].signature);
        uint8_t public_key[EC_PUBLIC_MAX_BYTES], digest[HASH_MAX_BYTES];
        cleanup_buf struct buf der = BUF_INIT(EC_SIGNATURE_MAX_BYTES), own = BUF_INIT(EC_SIGNATURE_MAX_BYTES + 8), back = BUF_INIT(EC_SIGNATURE_MAX_BYTES);
        struct slice over = slice_of(digest, hash_bytes(vectors[i].hash));
        CHECK_ERR(ERR_NONE, ec_public(curve, vector_slice(&number), public_key));
        CHECK(vector_is(public_key, ec_public_bytes(curve), vectors[i].point));
        CHECK_ERR(ERR_NONE, hash_of(vectors[i].hash, SLICE_LITERAL("sample"), digest));
        CHECK_ERR(ERR_NONE, ec_from_jws(curve, vector_slice(&jws), &der));
        CHECK_ERR(ERR_NONE, ec_verify(curve, vector_slice(&point), over, buf_slice(&der)));
        CHECK_ERR(ERR_NONE, ec_to_jws(curve, buf_slice(&der), &back));
        CHECK(slice_equal(vector_slice(&jws), buf_slice(&back)));
        CHECK_ERR(ERR_NONE, ec_sign(curve, vector_slice(&number), over, &own));
        CHECK_ERR(ERR_NONE, ec_verify(curve, vector_slice(&point), over, buf_slice(&own)));
        for (size_t k = 0; k < der.len; k++) {
            der.data[k] ^= 1;
            CHECK_ERR(ERR_FORGED, ec_verify(curve, vector_slice(&point), over, buf_slice(&der)));
            der.data[k] ^= 1;
        }
        digest[0] ^= 1;
        CHECK_ERR(ERR_FORGED, ec_verify(curve, vector_slice(&point), over, buf_slice(&der)));
        CHECK_ERR(ERR_FORGED, ec_verify(curve, vector_slice(&point), over, SLICE_NONE));
        CHECK_ERR(ERR_FORGED, ec_from_jws(curve, slice_from(vector_slice(&jws), 1), &der));
    }
}

/* What Wycheproof's tests of ECDSA are about: r and s at the edges, forms that are not DER. Every one must be refused, whatever the key; n is P-256's order. */
#define N_HEX "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
static const struct {
    const char *what, *hex;
} forgeries[] = {
    {"r and s zero", "3006020100020100"}, {"r zero, s one", "3006020100020101"}, {"r one, s zero", "3006020101020100"}, {"r and s one", "3006020101020101"},
    {"r and s minus one", "30060201ff0201ff"}, {"r the order", "3026022100" N_HEX "020101"}, {"s the order", "30260201010221" "00" N_HEX}, {"both the order", "3046022100" N_HEX "022100" N_HEX},
    {"an empty number", "300402000200"}, {"an empty sequence", "3000"}, {"no sequence", "0500"}, {"a number only", "3003020101"}, {"three numbers", "3009020101020101020101"},
    {"an indefinite length", "30800201010201010000"}, {"a length in long form", "308106020101020101"}, {"a number with a needless zero", "300702020001020101"},
    {"something behind it", "30060201010201010000"}, {"r huge", "300a0205ffffffffff020101"},
};

TEST(signatures_that_a_careless_check_would_take)
{
    struct vector point = vector_hex(vectors[0].point);
    uint8_t digests[2][HASH_MAX_BYTES] = {{0}};
    CHECK_ERR(ERR_NONE, hash_of(HASH_SHA2_256, SLICE_LITERAL("sample"), digests[0])); /* and a digest of zeros, with which r and s one has been taken */
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
            struct vector signature = vector_hex(forgeries[i].hex);
            CHECK_ERR(ERR_FORGED, ec_verify(CURVE_P256, vector_slice(&point), slice_of(digests[k], 32), vector_slice(&signature)));
        }
    }
}

TEST(numbers_outside_the_order_and_points_beside_the_curve_are_no_keys)
{
    /* The order of P-256, one less, zero. */
    static const char *const numbers[] = {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "0000000000000000000000000000000000000000000000000000000000000000", "01", ""};
    uint8_t public_key[EC_PUBLIC_MAX_BYTES];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct vector number = vector_hex(numbers[i]);
        CHECK_ERR(ERR_INVALID, ec_public(CURVE_P256, vector_slice(&number), public_key));
    }
    struct vector last = vector_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
    CHECK_ERR(ERR_NONE, ec_public(CURVE_P256, vector_slice(&last), public_key));
    CHECK(ec_is_public(CURVE_P256, slice_of(public_key, 65)));
    CHECK(!ec_is_public(CURVE_P384, slice_of(public_key, 65)));
    public_key[64] ^= 1;
    CHECK(!ec_is_public(CURVE_P256, slice_of(public_key, 65)));
    CHECK(!ec_is_public(CURVE_P256, SLICE_NONE));
}

TEST(keys_are_made_of_what_was_drawn)
{
    for (enum curve curve = CURVE_P256; curve <= CURVE_P521; curve++) {
        uint8_t drawn[EC_DRAW_BYTES], number[EC_PRIVATE_MAX_BYTES], point[EC_PUBLIC_MAX_BYTES], again[EC_PRIVATE_MAX_BYTES], derived[EC_PUBLIC_MAX_BYTES];
        memset(drawn, 0xff, sizeof drawn);
        CHECK_ERR(ERR_NONE, ec_make(curve, drawn, number, point));
        CHECK_ERR(ERR_NONE, ec_make(curve, drawn, again, derived));
        CHECK(memcmp(number, again, ec_private_bytes(curve)) == 0);
        CHECK_ERR(ERR_NONE, ec_public(curve, slice_of(number, ec_private_bytes(curve)), derived));
        CHECK(memcmp(point, derived, ec_public_bytes(curve)) == 0 && ec_is_public(curve, slice_of(point, ec_public_bytes(curve))));
        memset(drawn, 0, sizeof drawn);
        CHECK_ERR(ERR_NONE, ec_make(curve, drawn, number, point)); /* zero is no key: one is */
        CHECK_U64(1, number[ec_private_bytes(curve) - 1]);
    }
}

TEST_MAIN
