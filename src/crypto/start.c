#include "crypto/crypto.h"

#include "crypto/algorithms.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Written once, before any thread or sandbox; constant from then on. */
static struct algorithms fetched;
static bool started;

/* Tools and tests with neither thread nor sandbox may leave the start to the first use. */
const struct algorithms *algorithms(void)
{
    if (!started && crypto_start() != ERR_NONE) {
        abort(); /* no digest, no signature, no seal: nothing could go on */
    }
    return &fetched;
}

static bool fetch(void)
{
    fetched = (struct algorithms){
        .sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
        .shake128 = EVP_MD_fetch(NULL, "SHAKE128", NULL),
        .aes256_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL),
        .aes256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL),
        .aes128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL),
        .chacha20_poly1305 = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL),
    };
    static const char *const names[HASH_COUNT] = {NULL, "SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"};
    bool has_hashes = true;
    for (size_t i = HASH_NONE + 1; i < HASH_COUNT; i++) {
        fetched.hashes[i] = EVP_MD_fetch(NULL, names[i], NULL);
        has_hashes = has_hashes && fetched.hashes[i] != NULL;
    }
    return has_hashes && fetched.sha256 != NULL && fetched.shake128 != NULL && fetched.aes256_ecb != NULL &&
           fetched.aes256_gcm != NULL && fetched.aes128_gcm != NULL && fetched.chacha20_poly1305 != NULL;
}

static bool digests_work(void)
{
    static const uint8_t expected[SHA256_BYTES] = {/* SHA-256("abc"), FIPS 180-4 */
                                                   0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                                   0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                                   0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                                   0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t digest[SHA256_BYTES], stream[16];
    sha256(SLICE_LITERAL("abc"), digest);
    return memcmp(digest, expected, sizeof(expected)) == 0 &&
           shake128(SLICE_NONE, stream, sizeof(stream)) == ERR_NONE && stream[0] == 0x7f;
}

/* The first vector of the specification. */
static bool xaes_works(void)
{
    static const uint8_t expected[] = {0xce, 0x54, 0x6e, 0xf6, 0x3c, 0x9c, 0xc6, 0x07, 0x65, 0x92,
                                       0x36, 0x09, 0xb3, 0x3a, 0x9a, 0x19, 0x74, 0xe9, 0x6e, 0x52,
                                       0xda, 0xf2, 0xfc, 0xf7, 0x07, 0x5e, 0x22, 0x71};
    uint8_t key[KEY_BYTES];
    memset(key, 1, sizeof(key));
    struct xaes *xaes = NULL;
    cleanup_buf struct buf sealed = BUF_INIT(128), opened = BUF_INIT(128);
    bool works = xaes_new(slice_of(key, sizeof(key)), &xaes) == ERR_NONE &&
                 xaes_seal(xaes, (const uint8_t *)"ABCDEFGHIJKLMNOPQRSTUVWX", SLICE_NONE,
                           SLICE_LITERAL("XAES-256-GCM"), &sealed) == ERR_NONE &&
                 slice_equal(slice_from(buf_slice(&sealed), XAES_NONCE_BYTES),
                             slice_of(expected, sizeof(expected))) &&
                 xaes_open(xaes, SLICE_NONE, buf_slice(&sealed), &opened) == ERR_NONE &&
                 slice_equal(buf_slice(&opened), SLICE_LITERAL("XAES-256-GCM"));
    xaes_free(xaes);
    return works;
}

static bool signatures_work(void)
{
    static const uint8_t seed[ED25519_SEED_BYTES];
    uint8_t public_key[ED25519_PUBLIC_BYTES], signature[ED25519_SIGNATURE_BYTES];
    struct slice message = SLICE_LITERAL("vogt");
    struct slice seed_slice = slice_of(seed, sizeof(seed)),
                 key_slice = slice_of(public_key, sizeof(public_key));
    struct slice signature_slice = slice_of(signature, sizeof(signature));
    if (ed25519_public(seed_slice, public_key) != ERR_NONE ||
        ed25519_sign(seed_slice, message, signature) != ERR_NONE ||
        ed25519_verify(key_slice, message, signature_slice) != ERR_NONE) {
        return false;
    }
    signature[0] ^= 1; /* the refusal loads what libcrypto needs for errors */
    return ed25519_verify(key_slice, message, signature_slice) == ERR_FORGED;
}

/* Each algorithm runs once against a known answer: a broken library stops the role, and what loads
 * late is loaded. */
enum err crypto_start(void)
{
    if (started) {
        return ERR_NONE;
    }
    if (sodium_init() < 0 || OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1 ||
        !fetch()) {
        return ERR_CRYPTO;
    }
    started = true;
    uint8_t random[16];
    random_bytes(random, sizeof(random));
    bool works = RAND_bytes(random, (int)sizeof(random)) == 1 && digests_work() && xaes_works() &&
                 signatures_work();
    ERR_clear_error();
    started = works;
    return works ? ERR_NONE : ERR_CRYPTO;
}

void random_bytes(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            abort(); /* without randomness nothing here is safe */
        }
        at += got;
        len -= (size_t)got;
    }
}
