/* How fast rows are sealed and opened, digests and signatures made: operations a second on one
 * core. */
#include "base/time.h"
#include "crypto/crypto.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 200000, SIGNATURES = 5000, ROW_BYTES = 256 };

static void say(const char *name, int rounds, int64_t start_ns)
{
    printf("%-24s %10.0f /s\n", name, rounds / ((double)(clock_now().mono_ns - start_ns) / 1e9));
}

static enum err rows(void)
{
    uint8_t key[KEY_BYTES] = {1}, nonce[XAES_NONCE_BYTES] = {2}, row[ROW_BYTES] = {3};
    cleanup_buf struct buf sealed = BUF_INIT(1024), opened = BUF_INIT(1024);
    struct xaes *xaes = NULL;
    enum err err = xaes_new(slice_of(key, sizeof(key)), &xaes);
    int64_t start_ns = clock_now().mono_ns;
    for (int i = 0; err == ERR_NONE && i < ROUNDS; i++) {
        memcpy(nonce, &i, sizeof(i));
        buf_clear(&sealed);
        err = xaes_seal(xaes, nonce, SLICE_LITERAL("kv/data/path"), slice_of(row, sizeof(row)),
                        &sealed);
    }
    say("seal 256 bytes", ROUNDS, start_ns);
    start_ns = clock_now().mono_ns;
    for (int i = 0; err == ERR_NONE && i < ROUNDS; i++) {
        buf_clear(&opened);
        err = xaes_open(xaes, SLICE_LITERAL("kv/data/path"), buf_slice(&sealed), &opened);
    }
    say("open 256 bytes", ROUNDS, start_ns);
    xaes_free(xaes);
    return err;
}

static void digests(void)
{
    uint8_t digest[SHA256_BYTES] = {0};
    struct slice half = slice_of(digest, sizeof(digest));
    int64_t start_ns = clock_now().mono_ns;
    for (int i = 0; i < ROUNDS; i++) {
        sha256_prefixed(1, half, half, digest);
    }
    say("tree node", ROUNDS, start_ns);
    start_ns = clock_now().mono_ns;
    for (int i = 0; i < ROUNDS; i++) {
        hmac_sha256(half, half, digest);
    }
    say("hmac 32 bytes", ROUNDS, start_ns);
}

static enum err signatures(void)
{
    uint8_t seed[ED25519_SEED_BYTES] = {1}, public_key[ED25519_PUBLIC_BYTES],
            signature[ED25519_SIGNATURE_BYTES];
    struct slice message = SLICE_LITERAL("a checkpoint");
    enum err err = ed25519_public(slice_of(seed, sizeof(seed)), public_key);
    int64_t start_ns = clock_now().mono_ns;
    for (int i = 0; err == ERR_NONE && i < SIGNATURES; i++) {
        err = ed25519_sign(slice_of(seed, sizeof(seed)), message, signature);
    }
    say("sign", SIGNATURES, start_ns);
    start_ns = clock_now().mono_ns;
    for (int i = 0; err == ERR_NONE && i < SIGNATURES; i++) {
        err = ed25519_verify(slice_of(public_key, sizeof(public_key)), message,
                             slice_of(signature, sizeof(signature)));
    }
    say("verify", SIGNATURES, start_ns);
    return err;
}

int main(void)
{
    if (crypto_start() != ERR_NONE || rows() != ERR_NONE) {
        return 1;
    }
    digests();
    return signatures() == ERR_NONE ? 0 : 1;
}
