/*
 * Checkpoints (C2SP tlog-checkpoint): a signed note whose text is
 *
 *   <origin>\n<size, decimal>\n<base64 of the root>\n[extension lines]
 *
 * Vogt's logs write no extension lines (time-stamps lie in side files) and accept those of others.
 * Slices borrow.
 */
#ifndef VOGT_LEDGER_CHECKPOINT_H
#define VOGT_LEDGER_CHECKPOINT_H

#include "ledger/note.h"
#include "ledger/tree.h"

struct checkpoint {
    struct slice origin;
    uint64_t size;
    struct tree_hash root;
    struct slice extensions; /* whole lines, or empty */
};

enum err checkpoint_parse(struct slice text, struct checkpoint *ret_checkpoint) must_check;
/* Makes the whole signed note; key->name is the origin. */
enum err checkpoint_sign(const struct note_key *key, struct slice seed, uint64_t size,
                         const struct tree_hash *root, struct buf *out) must_check;
/* Parses the note, checks the log's signature and that the origin is the key's name. ERR_MALFORMED;
 * ERR_INVALID: another origin; ERR_NOT_FOUND: not signed by this key; ERR_FORGED. */
enum err checkpoint_open(struct slice bytes, const struct note_key *key, struct note *ret_note,
                         struct checkpoint *ret_checkpoint) must_check;
/* The same for a note under a name that this log had before it was reopened: another origin with the
 * same last part ("…/evidence"), signed with the same key pair. ERR_INVALID: no such name. */
enum err checkpoint_open_former(struct slice bytes, const struct note_key *key,
                                struct note *ret_note,
                                struct checkpoint *ret_checkpoint) must_check;

#endif
