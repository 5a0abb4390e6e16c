#include "store/barrier.h"

#include "base/check.h"

static const uint8_t first_key[KEY_BYTES] = {1}, second_key[KEY_BYTES] = {2},
                     root_key[KEY_BYTES] = {3}, nonce[XAES_NONCE_BYTES] = {4};

static struct slice key(const uint8_t bytes[KEY_BYTES])
{
    return slice_of(bytes, KEY_BYTES);
}

TEST(barrier_binds_path_and_version)
{
    struct barrier *barrier = NULL;
    cleanup_buf struct buf sealed = BUF_INIT(4096);
    cleanup_buf struct buf plain = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_NONE, barrier_new(key(first_key), 1000, &barrier));
    CHECK_ERR(ERR_NONE, barrier_seal(barrier, SLICE_LITERAL("a"), 1, nonce, SLICE_LITERAL("secret"),
                                     &sealed));
    CHECK_U64(6 + SEALED_OVERHEAD_BYTES, sealed.len);
    CHECK_ERR(ERR_FORGED,
              barrier_unseal(barrier, SLICE_LITERAL("b"), 1, buf_slice(&sealed), &plain));
    CHECK_ERR(ERR_FORGED,
              barrier_unseal(barrier, SLICE_LITERAL("a"), 2, buf_slice(&sealed), &plain));
    CHECK_U64(0, plain.len);
    CHECK_ERR(ERR_NONE, barrier_unseal(barrier, SLICE_LITERAL("a"), 1, buf_slice(&sealed), &plain));
    CHECK_SLICE("secret", buf_slice(&plain));
    CHECK_U64(1, barrier_sealed_count(barrier));
    barrier_free(barrier);
}

TEST(barrier_notices_every_changed_byte)
{
    struct barrier *barrier = NULL;
    cleanup_buf struct buf sealed = BUF_INIT(4096);
    cleanup_buf struct buf plain = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, barrier_new(key(first_key), 1000, &barrier));
    CHECK_ERR(ERR_NONE, barrier_seal(barrier, SLICE_LITERAL("a"), 1, nonce, SLICE_LITERAL("secret"),
                                     &sealed));
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] ^= 1;
        CHECK(barrier_unseal(barrier, SLICE_LITERAL("a"), 1, buf_slice(&sealed), &plain) !=
              ERR_NONE);
        sealed.data[i] ^= 1;
        CHECK(barrier_unseal(barrier, SLICE_LITERAL("a"), 1, slice_first(buf_slice(&sealed), i),
                             &plain) != ERR_NONE);
    }
    barrier_free(barrier);
}

TEST(barrier_ring_survives_rotation_and_restart)
{
    struct barrier *barrier = NULL, *again = NULL;
    cleanup_buf struct buf old_row = BUF_INIT(4096);
    cleanup_buf struct buf ring = BUF_INIT(65536);
    cleanup_buf struct buf plain = BUF_INIT(4096);
    uint32_t id = 0;
    CHECK_ERR(ERR_NONE, barrier_new(key(first_key), 1000, &barrier));
    CHECK_ERR(ERR_NONE,
              barrier_seal(barrier, SLICE_LITERAL("a"), 1, nonce, SLICE_LITERAL("old"), &old_row));
    CHECK_ERR(ERR_NONE, barrier_rotate(barrier, key(second_key), 2000));
    CHECK_U64(2, barrier_active_id(barrier));
    CHECK_ERR(ERR_NONE, barrier_seal_ring(barrier, key(root_key), nonce, &ring));
    CHECK_ERR(ERR_FORGED, barrier_open(key(first_key), buf_slice(&ring), &again));
    CHECK_ERR(ERR_NONE, barrier_open(key(root_key), buf_slice(&ring), &again));
    CHECK_U64(2, barrier_active_id(again));
    CHECK_U64(2000, barrier_active_since_unix_ms(again));
    CHECK_ERR(ERR_NONE, barrier_unseal(again, SLICE_LITERAL("a"), 1, buf_slice(&old_row), &plain));
    CHECK_SLICE("old", buf_slice(&plain));
    CHECK_ERR(ERR_NONE, barrier_key_id(buf_slice(&old_row), &id));
    CHECK_U64(1, id);
    CHECK_ERR(ERR_INVALID, barrier_drop(again, 2));
    CHECK_ERR(ERR_NOT_FOUND, barrier_drop(again, 3));
    CHECK_ERR(ERR_NONE, barrier_drop(again, 1));
    CHECK_ERR(ERR_FORGED,
              barrier_unseal(again, SLICE_LITERAL("a"), 1, buf_slice(&old_row), &plain));
    barrier_free(again);
    barrier_free(barrier);
}

TEST(root_key_needs_both_halves)
{
    cleanup_secret struct secret one = SECRET_NONE;
    cleanup_secret struct secret two = SECRET_NONE;
    cleanup_secret struct secret three = SECRET_NONE;
    CHECK_ERR(ERR_NONE,
              root_key_derive(key(first_key), key(second_key), SLICE_LITERAL("key-file"), &one));
    CHECK_ERR(ERR_NONE,
              root_key_derive(key(second_key), key(first_key), SLICE_LITERAL("key-file"), &two));
    CHECK_ERR(ERR_NONE,
              root_key_derive(key(first_key), key(second_key), SLICE_LITERAL("shamir"), &three));
    CHECK(!slice_equal(secret_slice(&one), secret_slice(&two)) &&
          !slice_equal(secret_slice(&one), secret_slice(&three)));
    cleanup_secret struct secret four = SECRET_NONE;
    CHECK_ERR(ERR_INVALID, root_key_derive(SLICE_NONE, SLICE_NONE, SLICE_LITERAL("x"), &four));
}

TEST_MAIN
