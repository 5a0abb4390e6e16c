/*
 * The barrier: what keep does to a row before store may hold it. It owns the key ring.
 *
 * A sealed row: u8 1, u32 LE key id, nonce[24], ciphertext, tag[16] (XAES-256-GCM). Associated data:
 * "vogt/row/v1" ‖ u32 LE key id ‖ u64 LE version ‖ path. So a row moved to another path, or an older version put back under a newer number, does not open.
 *
 * Key ring (plain form, sealed under the root key in the row boot/keyring): u8 1, u32 LE active id, u32 LE count,
 * count x (u32 LE id, u64 LE created_unix_ms, u64 LE sealed count, key[32]); ids grow by one. XAES allows 2^80 messages a key with random nonces;
 * rotation is for policy, not for the nonce limit.
 */
#ifndef VOGT_STORE_BARRIER_H
#define VOGT_STORE_BARRIER_H

#include "crypto/crypto.h"

struct barrier;

enum { SEALED_OVERHEAD_BYTES = 1 + 4 + XAES_OVERHEAD_BYTES };

enum err barrier_new(struct slice first_key, int64_t now_unix_ms, struct barrier **ret_barrier) must_check;
/* From the sealed ring. ERR_FORGED: the root key is wrong. */
enum err barrier_open(struct slice root_key, struct slice sealed_ring, struct barrier **ret_barrier) must_check;
enum err barrier_seal_ring(struct barrier *barrier, struct slice root_key, const uint8_t nonce[XAES_NONCE_BYTES], struct buf *out) must_check;
void barrier_free(struct barrier *barrier);                       /* wipes */

enum err barrier_seal(struct barrier *barrier, struct slice path, uint64_t version, const uint8_t nonce[XAES_NONCE_BYTES],
                      struct slice plain, struct buf *out) must_check;
enum err barrier_unseal(struct barrier *barrier, struct slice path, uint64_t version, struct slice sealed, struct buf *out) must_check;
/* The key id a sealed row was made with (for re-encryption after a rotation). */
enum err barrier_key_id(struct slice sealed, uint32_t *ret_id) must_check;

enum err barrier_rotate(struct barrier *barrier, struct slice new_key, int64_t now_unix_ms) must_check; /* the new one becomes active */
enum err barrier_drop(struct barrier *barrier, uint32_t id) must_check;   /* never the active one */
uint32_t barrier_active_id(const struct barrier *barrier);
int64_t barrier_active_since_unix_ms(const struct barrier *barrier);
uint64_t barrier_sealed_count(const struct barrier *barrier);     /* with the active key */

/* root = HKDF-SHA-256(key = remote ‖ local, salt = "vogt/root/v1", info = seal kind) */
enum err root_key_derive(struct slice remote, struct slice local, struct slice info, struct secret *ret_root) must_check;

#endif
