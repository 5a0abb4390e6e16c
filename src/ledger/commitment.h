/*
 * What stands in the two logs. Entries are commitments; what they commit to lies encrypted in the
 * store and can be erased.
 *
 * Evidence entry, 33 bytes:  0x01 ‖ SHA-256("vogt/commitment/v1" ‖ salt[32] ‖ payload)
 *   its row evidence/<index, 16 hex digits>, opened: salt[32] ‖ payload (JSON text)
 *
 * Audit entry, 137 bytes:    0x02 ‖ records root[32] ‖ SHA-256 of the sealed blob[32] ‖ state
 * digest[32] ‖ u64 BE evidence size ‖ evidence root[32] its row audit/<index, 16 hex digits>,
 * opened: u32 LE count, count x (salt[32], u32 LE length, record (JSON text)) records root: the
 * Merkle tree over the leaves SHA-256(0x00 ‖ salt ‖ record) state digest: set-hash of all rows
 * outside audit/ after the commit
 */
#ifndef VOGT_LEDGER_COMMITMENT_H
#define VOGT_LEDGER_COMMITMENT_H

#include "ledger/tree.h"

enum {
    COMMITMENT_SALT_BYTES = 32,
    EVIDENCE_ENTRY_BYTES = 1 + SHA256_BYTES,
    AUDIT_ENTRY_BYTES = 1 + 3 * SHA256_BYTES + 8 + SHA256_BYTES,
    AUDIT_RECORD_MAX_BYTES = 1 << 20,
    LEDGER_ROW_PATH_BYTES = 32,
};

enum entry_kind { ENTRY_EVIDENCE = 0x01, ENTRY_AUDIT = 0x02 };

struct audit_entry {
    struct tree_hash records_root, blob_digest, state_digest;
    uint64_t evidence_size;
    struct tree_hash evidence_root;
};

/* `salt` is COMMITMENT_SALT_BYTES long. */
void evidence_entry(struct slice salt, struct slice payload,
                    uint8_t ret_entry[EVIDENCE_ENTRY_BYTES]);
/* Is this opened row (salt ‖ payload) what the entry commits to? ERR_MALFORMED: no evidence entry;
 * ERR_FORGED. */
enum err evidence_open(struct slice entry, struct slice opened_row,
                       struct slice *ret_payload) must_check;

void audit_entry_encode(const struct audit_entry *entry, uint8_t ret_entry[AUDIT_ENTRY_BYTES]);
enum err audit_entry_decode(struct slice bytes, struct audit_entry *ret_entry) must_check;

/* "evidence/000000000000002a", "audit/…"; `folder` without the slash. */
void ledger_row_path(const char *folder, uint64_t index, char out[LEDGER_ROW_PATH_BYTES]);
/* The inverse, strictly. ERR_MALFORMED: no such path. */
enum err ledger_row_index(const char *folder, struct slice path, uint64_t *ret_index) must_check;

/* A batch of records in its plain form, and its root. Owns `plain`. */
struct audit_batch {
    struct buf plain;
    struct tree records;
};
enum err audit_batch_start(size_t max_bytes, struct audit_batch *ret_batch) must_check;
enum err audit_batch_add(struct audit_batch *batch, struct slice salt,
                         struct slice record) must_check;
void audit_batch_root(const struct audit_batch *batch, struct tree_hash *ret_root);
void audit_batch_free(struct audit_batch *batch);

/* Reads a plain batch: every record is handed to `each` (may be NULL) once the whole is known to
 * have this root. ERR_MALFORMED, ERR_FORGED, or what `each` returned. */
typedef enum err (*audit_record_fn)(void *context, uint32_t number, struct slice salt,
                                    struct slice record);
enum err audit_batch_read(struct slice plain, const struct tree_hash *root, audit_record_fn each,
                          void *context) must_check;

#endif
