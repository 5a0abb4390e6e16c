#include "base/check.h"
#include "crypto/crypto.h"
#include "crypto/vector.h"

/* RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc). */
static const struct {
    const char *seed, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe246551"
     "41438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d"
     "291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6594a7c15e9716ed28dc027"
     "beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "bbd454d4423643ce80e2a9a"
     "c94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0303dca179c138ac17ad9be"
     "f1177331a704"},
};

TEST(ed25519_of_rfc_8032)
{
    CHECK_ERR(ERR_NONE, crypto_start());
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct vector seed = vector_hex(vectors[i].seed), message = vector_hex(vectors[i].message);
        uint8_t public_key[ED25519_PUBLIC_BYTES], signature[ED25519_SIGNATURE_BYTES];
        CHECK_ERR(ERR_NONE, ed25519_public(vector_slice(&seed), public_key));
        CHECK(vector_is(public_key, sizeof(public_key), vectors[i].public_key));
        CHECK_ERR(ERR_NONE, ed25519_sign(vector_slice(&seed), vector_slice(&message), signature));
        CHECK(vector_is(signature, sizeof(signature), vectors[i].signature));
        struct slice key = slice_of(public_key, sizeof(public_key)),
                     signed_by = slice_of(signature, sizeof(signature));
        CHECK_ERR(ERR_NONE, ed25519_verify(key, vector_slice(&message), signed_by));
        CHECK_ERR(ERR_FORGED, ed25519_verify(key, SLICE_LITERAL("another message"), signed_by));
    }
}

TEST(ed25519_refuses_every_flipped_bit)
{
    uint8_t seed[ED25519_SEED_BYTES] = {9}, public_key[ED25519_PUBLIC_BYTES],
            signature[ED25519_SIGNATURE_BYTES];
    struct slice message = SLICE_LITERAL("root");
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_NONE, ed25519_public(slice_of(seed, 32), public_key));
    CHECK_ERR(ERR_NONE, ed25519_sign(slice_of(seed, 32), message, signature));
    for (size_t bit = 0; bit < sizeof(signature) * 8; bit++) {
        signature[bit / 8] = (uint8_t)(signature[bit / 8] ^ (1u << bit % 8));
        CHECK_ERR(ERR_FORGED,
                  ed25519_verify(slice_of(public_key, 32), message, slice_of(signature, 64)));
        signature[bit / 8] = (uint8_t)(signature[bit / 8] ^ (1u << bit % 8));
    }
    public_key[3] ^= 4;
    CHECK_ERR(ERR_FORGED,
              ed25519_verify(slice_of(public_key, 32), message, slice_of(signature, 64)));
}

/* S + L signs the same message if the verifier does not check that S is reduced. */
TEST(ed25519_refuses_a_second_spelling_of_a_signature)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    uint8_t seed[ED25519_SEED_BYTES] = {9}, public_key[ED25519_PUBLIC_BYTES],
            signature[ED25519_SIGNATURE_BYTES];
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_NONE, ed25519_public(slice_of(seed, 32), public_key));
    CHECK_ERR(ERR_NONE, ed25519_sign(slice_of(seed, 32), SLICE_LITERAL("root"), signature));
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)(carry & 0xff);
        carry >>= 8;
    }
    CHECK_U64(0, carry);
    CHECK_ERR(ERR_FORGED, ed25519_verify(slice_of(public_key, 32), SLICE_LITERAL("root"),
                                         slice_of(signature, 64)));
}

TEST(ed25519_lengths)
{
    uint8_t bytes[64] = {0};
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_INVALID, ed25519_public(slice_of(bytes, 31), bytes));
    CHECK_ERR(ERR_INVALID, ed25519_sign(slice_of(bytes, 33), SLICE_NONE, bytes));
    CHECK_ERR(ERR_INVALID, ed25519_verify(slice_of(bytes, 31), SLICE_NONE, slice_of(bytes, 64)));
    CHECK_ERR(ERR_FORGED, ed25519_verify(slice_of(bytes, 32), SLICE_NONE, slice_of(bytes, 63)));
}

TEST_MAIN
