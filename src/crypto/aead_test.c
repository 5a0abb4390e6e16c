#include "base/check.h"
#include "crypto/check_crypto.h"
#include "crypto/vector.h"

#include <string.h>

/* Kind, key, nonce, associated data, plain text, cipher text, tag: McGrew and Viega's test cases 4 and 16 of GCM's first specification, which NIST's validation took over;
 * RFC 8439, 2.8.2. */
#define GCM_PLAIN "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_DATA "feedfacedeadbeeffeedfacedeadbeefabaddad2"
static const struct {
    enum aead_kind kind;
    const char *key, *nonce, *data, *plain, *sealed, *tag;
} vectors[] = {
    {AEAD_AES128_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", GCM_DATA, GCM_PLAIN,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091", "5bc94fbc3221a5db94fae95ae7121a47"},
    {AEAD_AES128_GCM, "00000000000000000000000000000000", "000000000000000000000000", "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
    {AEAD_AES256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", GCM_DATA, GCM_PLAIN,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662", "76fc6ece0f4e1768cddf8853bb2d551b"},
    {AEAD_AES256_GCM, "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {AEAD_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
     "1ae10b594f09e26a7e902ecbd0600691"},
};

TEST(aead_of_the_specifications)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct vector key = vector_hex(vectors[i].key), nonce = vector_hex(vectors[i].nonce), data = vector_hex(vectors[i].data), plain = vector_hex(vectors[i].plain);
        struct aead *aead = NULL;
        uint8_t text[256], tag[AEAD_TAG_BYTES];
        memcpy(text, plain.bytes, sizeof text);
        CHECK_ERR(ERR_NONE, aead_new(vectors[i].kind, vector_slice(&key), &aead));
        for (int twice = 0; twice < 2; twice++) { /* in place, and with the same object again */
            CHECK_ERR(ERR_NONE, aead_seal(aead, nonce.bytes, vector_slice(&data), slice_of(text, plain.len), text, tag));
            CHECK(vector_is(text, plain.len, vectors[i].sealed));
            CHECK(vector_is(tag, sizeof tag, vectors[i].tag));
            CHECK_ERR(ERR_NONE, aead_open(aead, nonce.bytes, vector_slice(&data), slice_of(text, plain.len), tag, text));
            CHECK(vector_is(text, plain.len, vectors[i].plain));
        }
        aead_free(aead);
    }
}

TEST(aead_notices_every_change_and_lets_nothing_out)
{
    static const uint8_t key[32] = {1}, nonce[AEAD_NONCE_BYTES] = {2};
    for (enum aead_kind kind = AEAD_AES128_GCM; kind <= AEAD_CHACHA20_POLY1305; kind++) {
        struct aead *aead = NULL;
        uint8_t sealed[20], tag[AEAD_TAG_BYTES], out[20], zero[20] = {0};
        CHECK_ERR(ERR_INVALID, aead_new(kind, slice_of(key, 31), &aead));
        CHECK_ERR(ERR_INVALID, aead_new(kind, SLICE_NONE, &aead));
        CHECK_ERR(ERR_NONE, aead_new(kind, slice_of(key, aead_key_bytes(kind)), &aead));
        CHECK_ERR(ERR_NONE, aead_seal(aead, nonce, SLICE_LITERAL("data"), SLICE_LITERAL("twenty bytes of text"), sealed, tag));
        for (size_t i = 0; i < sizeof sealed + sizeof tag + sizeof nonce; i++) {
            uint8_t text[20], mac[AEAD_TAG_BYTES], other[AEAD_NONCE_BYTES];
            memcpy(text, sealed, sizeof text);
            memcpy(mac, tag, sizeof mac);
            memcpy(other, nonce, sizeof other);
            uint8_t *byte = i < sizeof text ? text + i : i < sizeof text + sizeof mac ? mac + (i - sizeof text) : other + (i - sizeof text - sizeof mac);
            *byte ^= 1;
            memset(out, 0xee, sizeof out);
            CHECK_ERR(ERR_FORGED, aead_open(aead, other, SLICE_LITERAL("data"), slice_of(text, sizeof text), mac, out));
            CHECK(memcmp(out, zero, sizeof out) == 0);
        }
        CHECK_ERR(ERR_FORGED, aead_open(aead, nonce, SLICE_LITERAL("dat"), slice_of(sealed, sizeof sealed), tag, out));
        CHECK_ERR(ERR_FORGED, aead_open(aead, nonce, SLICE_LITERAL("data"), slice_of(sealed, 19), tag, out));
        CHECK_ERR(ERR_NONE, aead_open(aead, nonce, SLICE_LITERAL("data"), slice_of(sealed, sizeof sealed), tag, out));
        CHECK(memcmp(out, "twenty bytes of text", sizeof out) == 0);
        aead_free(aead);
    }
}

TEST_MAIN
