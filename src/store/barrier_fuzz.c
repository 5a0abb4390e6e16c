/*
 * The first byte chooses: a sealed row or ring as it comes (it must never open under these keys),
 * or the plain form of a ring, sealed here so that its decoder is reached.
 */
#include "store/barrier.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t root_key[KEY_BYTES] = {7}, nonce[XAES_NONCE_BYTES] = {9};

static void open_ring(struct slice sealed, bool may_open)
{
    struct barrier *barrier = NULL;
    if (barrier_open(slice_of(root_key, KEY_BYTES), sealed, &barrier) != ERR_NONE) {
        return;
    }
    if (!may_open) {
        abort();
    }
    /* What opens must seal and open again. */
    struct buf again = BUF_INIT(1 << 20);
    struct barrier *second = NULL;
    if (barrier_seal_ring(barrier, slice_of(root_key, KEY_BYTES), nonce, &again) != ERR_NONE ||
        barrier_open(slice_of(root_key, KEY_BYTES), buf_slice(&again), &second) != ERR_NONE ||
        barrier_active_id(barrier) != barrier_active_id(second)) {
        abort();
    }
    buf_free(&again);
    barrier_free(second);
    barrier_free(barrier);
}

static void open_plain_ring(struct slice plain)
{
    struct xaes *xaes = NULL;
    struct buf sealed = BUF_INIT(1 << 20);
    if (xaes_new(slice_of(root_key, KEY_BYTES), &xaes) == ERR_NONE &&
        xaes_seal(xaes, nonce, SLICE_LITERAL("vogt/keyring/v1"), plain, &sealed) == ERR_NONE) {
        open_ring(buf_slice(&sealed), true);
    }
    buf_free(&sealed);
    xaes_free(xaes);
}

static void unseal_row(struct slice sealed)
{
    struct barrier *barrier = NULL;
    struct buf plain = BUF_INIT(1 << 20);
    if (barrier_new(slice_of(root_key, KEY_BYTES), 1, &barrier) == ERR_NONE &&
        barrier_unseal(barrier, SLICE_LITERAL("path"), 1, sealed, &plain) == ERR_NONE) {
        abort();
    }
    buf_free(&plain);
    barrier_free(barrier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started && crypto_start() != ERR_NONE) {
        abort();
    }
    started = true;
    if (size == 0) {
        return 0;
    }
    struct slice input = slice_of(data + 1, size - 1);
    if (data[0] % 3 == 0) {
        unseal_row(input);
    } else if (data[0] % 3 == 1) {
        open_ring(input, false);
    } else {
        open_plain_ring(input);
    }
    return 0;
}
