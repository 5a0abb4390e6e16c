/*
 * The set-hash of the state: LtHash16-1024 (Lewi, Kim, Maykov, Weis 2019, "Securing Update Propagation
 * with Homomorphic Hashing"; Bellare, Micciancio 1997) over all rows but those below audit/; 1,024 lanes
 * of 16 bits, an element expanded with SHAKE-128. Adding and removing a row each cost one expansion,
 * whatever the number of rows, and anyone who holds the rows can recompute it without a key.
 *
 *   element of a row: "vogt/state/v2" ‖ u32 LE path length ‖ path ‖ u64 LE version ‖ u64 LE due, Unix
 *                     milliseconds, 0 never ‖ SHA-256(stored bytes)
 *   before schema 2:  "vogt/state/v1" ‖ u32 LE path length ‖ path ‖ u64 LE version ‖ SHA-256(stored bytes)
 */
#ifndef VOGT_STORE_SETHASH_H
#define VOGT_STORE_SETHASH_H

#include "crypto/crypto.h"
#include "store/wire.h"

enum { SETHASH_LANES = 1024, SETHASH_BYTES = 2 * SETHASH_LANES };

struct sethash {
    uint16_t lanes[SETHASH_LANES];
};

void sethash_clear(struct sethash *sethash);
/* Audit blobs are named by their SHA-256 in the audit log itself. */
bool sethash_covers(struct slice path);
/* ERR_TOO_LARGE: no such path. */
enum err sethash_add(struct sethash *sethash, const struct stored_row *row) must_check;
enum err sethash_remove(struct sethash *sethash, const struct stored_row *row) must_check;
/* As schema 1 had it, to read and migrate such a store. */
enum err sethash_add_1(struct sethash *sethash, const struct stored_row *row) must_check;
void sethash_digest(const struct sethash *sethash, uint8_t ret_digest[SHA256_BYTES]);   /* SHA-256 of the lanes, little-endian */
void sethash_save(const struct sethash *sethash, uint8_t out[SETHASH_BYTES]);
void sethash_load(struct sethash *sethash, const uint8_t in[SETHASH_BYTES]);

#endif
