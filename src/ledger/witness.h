/*
 * Asking a witness (C2SP tlog-witness) for its cosignature: the request body and what the reply
 * means. Pure; the HTTP exchange is done elsewhere.
 *
 *   POST <submission prefix>/add-checkpoint
 *   old <size>\n  {base64 hash\n}  \n  <checkpoint>
 */
#ifndef VOGT_LEDGER_WITNESS_H
#define VOGT_LEDGER_WITNESS_H

#include "ledger/checkpoint.h"

enum { WITNESS_PROOF_MAX = 63, WITNESS_REPLY_MAX_BYTES = 64 << 10 };

/* Zero is "no cosignature, and nothing is known". */
enum witness_outcome {
    WITNESS_NO_ANSWER, /* nothing usable came: try again later */
    WITNESS_COSIGNED,
    WITNESS_OTHER_SIZE, /* 409: the witness holds reply.size; ask again with a proof from there */
    WITNESS_AHEAD, /* 409: it holds a larger size than ours, or another root of this size: alarm */
    WITNESS_UNKNOWN_LOG,   /* 404: this log is not on its list */
    WITNESS_BAD_SIGNATURE, /* 403: it has another key for this origin */
    WITNESS_BAD_PROOF,     /* 422: our tree is not an extension of what it saw: alarm */
    WITNESS_BAD_REQUEST,   /* 400 and other 4xx */
    WITNESS_OUTCOMES,
};

struct witness_reply {
    enum witness_outcome outcome;
    uint64_t size;        /* WITNESS_OTHER_SIZE, WITNESS_AHEAD: what the witness holds */
    uint64_t time_unix_s; /* WITNESS_COSIGNED */
    struct slice
        lines; /* WITNESS_COSIGNED: signature lines to append to the checkpoint; borrowed */
};

/* ERR_INVALID: a proof for old size 0, or of more than 63 hashes. */
enum err witness_request(uint64_t old_size, const struct tree_proof *proof, struct slice checkpoint,
                         struct buf *out) must_check;
/* What an answer means. `asked_old_size` is that of the request, `checkpoint` the note sent, `key`
 * the witness's. Every answer has an outcome; only lack of memory is an error. */
enum err witness_reply_read(unsigned http_status, struct slice content_type, struct slice body,
                            uint64_t asked_old_size, struct slice checkpoint,
                            const struct note_key *key, struct witness_reply *ret_reply) must_check;
/* Its id in rows and replies: "cosigned", "other-size", …; and the way back, WITNESS_NO_ANSWER for
 * an unknown one. */
const char *witness_outcome_name(enum witness_outcome outcome);
enum witness_outcome witness_outcome_find(struct slice name);
/* What a person reads about it. */
struct text witness_outcome_text(enum witness_outcome outcome);

#endif
