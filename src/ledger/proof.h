/*
 * Offline proofs (C2SP tlog-proof; files end in .tlog-proof): an entry is in the log that a
 * checkpoint states.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64>                  optional
 *   index <decimal>
 *   <base64 hash>                   from the leaf's sibling up
 *   (blank line)
 *   <checkpoint, a signed note>
 *
 * Slices borrow from what was read, but for `extra`, which is still base64: it is no part of what
 * is proved.
 */
#ifndef VOGT_LEDGER_PROOF_H
#define VOGT_LEDGER_PROOF_H

#include "ledger/checkpoint.h"

enum { PROOF_EXTRA_MAX_BYTES = 64 << 10, PROOF_MAX_BYTES = NOTE_MAX_BYTES + (128 << 10) };

struct proof {
    struct slice extra_base64; /* empty: none */
    uint64_t index;
    struct tree_proof path;
    struct slice checkpoint; /* the signed note */
};

/* `extra` is raw here. */
enum err proof_write(struct slice extra, uint64_t index, const struct tree_proof *path,
                     struct slice checkpoint, struct buf *out) must_check;
/* ERR_MALFORMED, ERR_TOO_LARGE. */
enum err proof_read(struct slice bytes, struct proof *ret_proof) must_check;

/* Checks the checkpoint, then the path. ERR_FORGED: the path does not lead to the root; others as checkpoint_open. */
enum err proof_check(const struct proof *proof, struct slice entry, const struct note_key *key,
                     struct checkpoint *ret_checkpoint) must_check;

#endif
