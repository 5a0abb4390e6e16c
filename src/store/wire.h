/*
 * What keep and store say to each other. Paths are UTF-8, at most 512 bytes; a row's bytes at most 16 MiB. Store never sees keys or plain text.
 *
 * FETCH: u32 count, then count needs. FETCHED: u16 err, u32 count, the answers in the same order.
 *   need ROW      u8 1, bytes path                                       -> u8 found, u64 version, u64 due_unix_ms, bytes
 *   need LIST     u8 2, bytes prefix, bytes after, u32 limit             -> u32 n, n x (bytes path, u64 version, u64 due_unix_ms, bytes)
 *   need DUE      u8 3, u64 before_unix_ms, u32 limit                    -> u32 n, n x (bytes path, u64 version, u64 due_unix_ms, bytes), oldest first
 *                 Two clocks share the index: with the bit DUE_STEADY in before_unix_ms only rows whose due time has it too, else only those without
 *   need ENTRIES  u8 4, u8 log, u64 first, u32 count                     -> u32 n, n x bytes entry
 *   need LOG      u8 5, u8 log     -> u64 size, u64 published_size, bytes checkpoint (as published), u32 n, n x hash[32] (the right edge, largest subtree first)
 *   need NAMES    u8 6, bytes prefix, bytes after, u32 limit             -> u32 n, n x bytes: the next path segments below prefix, folders with a trailing '/'
 *   need TILE     u8 7, u8 log, u8 level (255: entries), u64 number, u16 width (1..256) -> u8 found, bytes
 *   need STATE    u8 8     -> bytes (empty before the first commit), u8 epoch_valid, bytes: the state as schema 1 had it, until the first commit after a migration
 *   need SNAPSHOT u8 9, u8 what (0 copy, 1 read, 2 end), u64 id, u32 step of copying, or number of a part of 4 MiB, or SNAPSHOT_DIGEST
 *                          -> u16 err, u8 ready, u64 size, bytes of the part (or SHA-256 of the copy): see snapshot.h
 *
 * The set-hash covers every row whose path does not start with "audit/": those blobs are named by SHA-256 in the audit log's entries.
 *
 * STAGE:  u8 what (0 write, 1 check, 2 swap, 3 end, 4 note), u64 id, u64 offset (write), bytes (write: of a database that shall take this one's place, see staging.h; swap: a
 *         note that goes with it)
 * STAGED: u16 err, u64 size, sha256[32], bytes finding, bytes finding in German, bytes place, bytes row boot/seal, bytes row boot/keyring (check; without a finding the database
 *         is as its ledger has it), bytes note (of what this store was restored from; empty: none)
 *
 * COMMIT: u64 epoch, u32 changes, changes x (u8 kind 1 put | 2 delete, bytes path, u64 expected_version (0: must not exist), put: u64 due_unix_ms (0: none), bytes),
 *         u32 appends, appends x (u8 log, u64 index, bytes entry), u32 logs, logs x (u8 log, u64 size, root[32]: the intended state after the appends).
 *         bytes state (the saved set-hash, kept for need STATE; at most 4096).
 *   One transaction, synced before COMMITTED leaves: u16 err, bytes path of the row that conflicted (ERR_CONFLICT) or empty.
 *   A put's new version is expected_version + 1.
 * PUBLISH: u8 log, u64 size, bytes signed checkpoint note: store writes and syncs entry bundles, tiles and directories up to size, then the checkpoint (write, sync, rename,
 *   sync directory). PUBLISHED: u16 err.
 */
#ifndef VOGT_STORE_WIRE_H
#define VOGT_STORE_WIRE_H

#include "base/bytes.h"

/* In a due time: it is one of keep's steady clock, by which leases live, and not of the wall's. */
#define DUE_STEADY (INT64_C(1) << 62)

enum log_id { LOG_EVIDENCE = 1, LOG_AUDIT = 2 };

enum need_kind { NEED_ROW = 1, NEED_LIST, NEED_DUE, NEED_ENTRIES, NEED_LOG, NEED_NAMES, NEED_TILE, NEED_STATE, NEED_SNAPSHOT };

enum { SNAPSHOT_COPY, SNAPSHOT_READ, SNAPSHOT_END };

enum { STAGE_WRITE, STAGE_CHECK, STAGE_SWAP, STAGE_END, STAGE_NOTE, STAGE_KINDS };

enum change_kind { CHANGE_PUT = 1, CHANGE_DELETE = 2 };

enum {
    PATH_MAX_BYTES = 512,
    ROW_MAX_BYTES = 16 << 20,
    LIST_LIMIT_MAX = 10000,
    SNAPSHOT_DIGEST = LIST_LIMIT_MAX,   /* the number after the last part's */
    STAGE_MAX_BYTES = 8 << 20,          /* at once */
    STAGED_TEXT_MAX_BYTES = 1024,
    STAGED_ROW_MAX_BYTES = 1 << 18,
    STAGED_NOTE_MAX_BYTES = 4096,
};

struct need {
    enum need_kind kind;
    struct slice path;          /* ROW: path; LIST, NAMES: prefix */
    struct slice after;         /* LIST, NAMES: strictly after this path or name; empty starts */
    uint64_t number;            /* DUE: before_unix_ms; ENTRIES: first; TILE: number */
    uint32_t limit;             /* LIST, DUE, NAMES, ENTRIES: at most */
    uint8_t log, level;
    uint16_t width;
};

struct change {
    enum change_kind kind;
    struct slice path;
    uint64_t expected_version;
    uint64_t due_unix_ms;
    struct slice bytes;
};

struct append {
    uint8_t log;
    uint64_t index;
    struct slice entry;
};

struct log_intent {
    uint8_t log;
    uint64_t size;
    uint8_t root[32];
};

struct stage_ask {
    uint8_t what;
    uint64_t id, offset;
    struct slice bytes;
};

struct stage_answer {
    enum err err;
    uint64_t size;
    uint8_t digest[32];
    struct slice english, german, place, seal, ring, note;
};

struct stored_row {
    struct slice path;
    uint64_t version;
    uint64_t due_unix_ms;       /* 0: never */
    struct slice bytes;
};

enum err need_put(struct buf *out, const struct need *need) must_check;
enum err need_get(struct reader *reader, struct need *ret_need) must_check;      /* checks kinds, path rules, limits */
enum err stored_row_get(struct reader *reader, struct stored_row *ret_row) must_check;
enum err change_put(struct buf *out, const struct change *change) must_check;
enum err change_get(struct reader *reader, struct change *ret_change) must_check;
enum err stage_ask_put(struct buf *out, const struct stage_ask *stage) must_check;
enum err stage_ask_get(struct reader *reader, struct stage_ask *ret_stage) must_check;
enum err stage_answer_put(struct buf *out, const struct stage_answer *staged) must_check;
enum err stage_answer_get(struct reader *reader, struct stage_answer *ret_staged) must_check;
enum err append_put(struct buf *out, const struct append *append) must_check;
enum err append_get(struct reader *reader, struct append *ret_append) must_check;

#endif
