/*
 * Verification of a ledger, from nothing but its bytes and the logs' verifier keys. It only ever
 * reads: no file is created, changed or locked beside the ledger.
 *
 *   verify_log     one log as tiles, from a directory or an address: checkpoint, every entry
 * bundle, every tile, the root verify_folder  that a directory holds no other files than these
 * tiles, and that old partial tiles still fit verify_known   against a checkpoint kept elsewhere:
 * the log still begins with what was once signed verify_rows    vogt.db: entries, blobs, evidence
 * rows, the state's set-hash, and how the two logs name each other
 *
 * What is wrong becomes findings in a report, what could not be done at all an error. A report is
 * broken when it has a broken finding; notes (erased, pruned, not yet published) are said and
 * harmless.
 */
#ifndef VOGT_LEDGER_VERIFY_H
#define VOGT_LEDGER_VERIFY_H

#include "ledger/checkpoint.h"
#include "ledger/tile.h"
#include "store/wire.h"

#include <pthread.h>

enum { VERIFY_FINDINGS_MAX = 1000, VERIFY_PLACE_BYTES = 160, VERIFY_THREADS_MAX = 16 };

enum verify_weight { VERIFY_NOTE, VERIFY_BROKEN };

struct verify_finding {
    enum verify_weight weight;
    struct text text;
    uint8_t log;                    /* 0: neither */
    char place[VERIFY_PLACE_BYTES]; /* a file or a row; may be empty */
    bool has_index;
    uint64_t index; /* of an entry */
};

struct verify_log_state {
    bool opened;   /* the checkpoint's signature is good */
    uint64_t size; /* of the checkpoint */
    struct tree_hash root;
    uint64_t unpublished; /* entries in rows beyond it */
};

struct verify_report {
    struct verify_finding *findings; /* owned; the first VERIFY_FINDINGS_MAX */
    size_t finding_count, broken_count, left_out_count;
    struct verify_log_state logs[LOG_AUDIT + 1];
    uint64_t row_count, erased_count, pruned_count;
    pthread_mutex_t lock;
};

/* Where a log's files come from; paths are relative to the log's folder: "checkpoint",
 * "tile/0/000". */
struct verify_source {
    void *context;
    /* Appends the file to `out`, which bounds it. ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_IO, … */
    enum err (*fetch)(void *context, const char *path, struct buf *out);
    bool parallel; /* fetch may be called by several threads at once */
};

struct verify_options {
    unsigned threads; /* 0 and 1: none beside the caller's */
    /* Called by the caller's thread only; may be NULL. */
    void (*progress)(void *context, uint8_t log, uint64_t done, uint64_t total);
    void *progress_context;
};

enum err verify_report_start(struct verify_report *ret_report) must_check;
void verify_report_free(struct verify_report *report);
bool verify_report_good(const struct verify_report *report);
/* For verify's own files and for callers that check more. `index` UINT64_MAX: none. */
void verify_find(struct verify_report *report, enum verify_weight weight, uint8_t log,
                 struct text text, const char *place, uint64_t index);

/* What a known checkpoint of a former name shows when the log lacks what it states. */
struct text verify_text_reopened(void);

/* A directory as a source; *directory_fd must stay open and in place. Symbolic links are not
 * followed. */
struct verify_source verify_directory(const int *directory_fd);

enum err verify_log(const struct verify_source *source, uint8_t log, const struct note_key *key,
                    const struct verify_options *options, struct verify_report *report) must_check;
/* After verify_log of the same directory. */
enum err verify_folder(const int *directory_fd, uint8_t log,
                       struct verify_report *report) must_check;
/* After verify_log of the same source. `known` is a checkpoint note of this log, signed by the same
 * key; under a former name of the log it shows whether the reopening lost anything. */
enum err verify_known(const struct verify_source *source, uint8_t log, const struct note_key *key,
                      struct slice known, struct verify_report *report) must_check;

struct verify_store {
    int directory_fd;                           /* of the data directory that holds vogt.db */
    const char *vfs, *name;                     /* vfs not NULL: instead, a database that nobody else has open, by SQLite's names of file layer and file */
    const struct note_key *keys[LOG_AUDIT + 1]; /* by log id; NULL: signatures are left alone */
    struct slice known[LOG_AUDIT + 1];          /* checkpoint notes kept elsewhere; may be empty */
};
/* Takes what verify_log found in `report` as the published state. ERR_LOCKED: a running daemon
 * holds the database; ERR_NOT_FOUND: there is none; ERR_NEWER; ERR_DAMAGED when SQLite cannot read
 * it at all. */
enum err verify_rows(const struct verify_store *store, const struct verify_options *options,
                     struct verify_report *report) must_check;

/* A row in the open (boot/) of a database that was found good. ERR_NOT_FOUND. */
enum err verify_row(const struct verify_store *store, const char *path, struct buf *out) must_check;

#endif
