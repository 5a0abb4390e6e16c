/*
 * verify_rows: the database as the truth that the tiles were derived from. It is opened immutable,
 * so that SQLite itself cannot write; where a crash left a write-ahead log beside it, both are
 * copied to a private directory and opened there.
 *
 * What no log covers, and is therefore not verified: the column due_unix_ms (when to look at a row
 * again; the row's own bytes say it too) and meta's epoch. The row path ledger/audit-kept/<index,
 * 16 hex digits> (in the set-hash like any row) says that audit blobs below that index were pruned
 * on purpose.
 */
#include "ledger/verify.h"

#include "ledger/commitment.h"
#include "store/sethash.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE_NAME "vogt.db"
#define KEPT_FOLDER "ledger/audit-kept"

enum {
    CLAIMS_MAX = 8,
    PROGRESS_EVERY = 1 << 16,
    APPLICATION_ID = 1450141556, /* store's schema: "Vogt" */
};

/* Somebody says that the log had this root at this size. */
struct claim {
    uint64_t size;
    struct tree_hash root;
    struct text text;
    const char *place;
    bool met, is_former; /* of a former name of the log */
};

struct check {
    const struct verify_store *store;
    const struct verify_options *options;
    struct verify_report *report;
    sqlite3 *database;
    char copy[64];                 /* the private directory, or empty */
    uint64_t sizes[LOG_AUDIT + 1]; /* entries in rows */
    bool has_state;
    struct tree_hash state_digest; /* of the newest audit entry */
    uint64_t kept_from;
    struct claim claims[CLAIMS_MAX];
    size_t claim_count;
};

static void broken(struct check *check, uint8_t log, struct text text, const char *place,
                   uint64_t index)
{
    verify_find(check->report, VERIFY_BROKEN, log, text, place, index);
}

static struct slice column(sqlite3_stmt *statement, int number)
{
    const void *data = sqlite3_column_blob(statement, number);
    return slice_of(data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, number));
}

static enum err sqlite_err(int result)
{
    int primary = result & 0xff;
    if (primary == SQLITE_NOMEM) {
        return ERR_MEMORY;
    }
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_ERROR
               ? ERR_DAMAGED
               : ERR_IO;
}

static enum err prepare(struct check *check, const char *sql, sqlite3_stmt **ret_statement)
{
    int result = sqlite3_prepare_v2(check->database, sql, -1, ret_statement, NULL);
    return result == SQLITE_OK ? ERR_NONE : sqlite_err(result);
}

/* A row: *ret_more is true. */
static enum err step(sqlite3_stmt *statement, bool *ret_more)
{
    int result = sqlite3_step(statement);
    *ret_more = result == SQLITE_ROW;
    return result == SQLITE_ROW || result == SQLITE_DONE ? ERR_NONE : sqlite_err(result);
}

/* ---- opening ---- */

static enum err copy_file(int from_directory, const char *name, const char *folder)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int from = openat(from_directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum err err = from < 0 || to < 0 ? err_from_errno(errno) : ERR_NONE;
    uint8_t block[65536];
    ssize_t got = 0;
    while (err == ERR_NONE && (got = read(from, block, sizeof(block))) > 0) {
        err = write(to, block, (size_t)got) == got ? ERR_NONE
                                                   : err_from_errno(errno == 0 ? ENOSPC : errno);
    }
    if (err == ERR_NONE && got < 0) {
        err = err_from_errno(errno);
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to);
    }
    return err;
}

static enum err copy_database(struct check *check)
{
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL || strlen(temporary) > sizeof(check->copy) - 24) {
        temporary = "/tmp";
    }
    snprintf(check->copy, sizeof(check->copy), "%s/vogt-verify-XXXXXX", temporary);
    if (mkdtemp(check->copy) == NULL) {
        check->copy[0] = '\0';
        return err_from_errno(errno);
    }
    enum err err = copy_file(check->store->directory_fd, DATABASE_NAME, check->copy);
    return err == ERR_NONE
               ? copy_file(check->store->directory_fd, DATABASE_NAME "-wal", check->copy)
               : err;
}

static void remove_copy(struct check *check)
{
    static const char *const names[] = {DATABASE_NAME, DATABASE_NAME "-wal", DATABASE_NAME "-shm"};
    char path[128];
    for (size_t i = 0; check->copy[0] != '\0' && i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", check->copy, names[i]);
        unlink(path);
    }
    if (check->copy[0] != '\0') {
        rmdir(check->copy);
    }
}

/* The store locks the whole file while it runs. */
static enum err refuse_when_held(int directory_fd)
{
    int fd = openat(directory_fd, DATABASE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int asked = fcntl(fd, F_OFD_GETLK, &lock);
    enum err err = asked != 0               ? err_from_errno(errno)
                   : lock.l_type == F_UNLCK ? ERR_NONE
                                            : ERR_LOCKED;
    close(fd);
    return err;
}

static enum err open_database(struct check *check)
{
    struct stat status;
    char name[128];
    enum err err = refuse_when_held(check->store->directory_fd);
    if (err != ERR_NONE) {
        return err;
    }
    bool log_beside = fstatat(check->store->directory_fd, DATABASE_NAME "-wal", &status,
                              AT_SYMLINK_NOFOLLOW) == 0 &&
                      status.st_size > 0;
    if (log_beside) {
        err = copy_database(check);
        snprintf(name, sizeof(name), "%s/" DATABASE_NAME, check->copy);
    } else {
        snprintf(name, sizeof(name), "file:/proc/self/fd/%d/" DATABASE_NAME "?immutable=1",
                 check->store->directory_fd);
    }
    if (err != ERR_NONE) {
        return err;
    }
    int flags = log_beside ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    int result = sqlite3_open_v2(name, &check->database, flags | SQLITE_OPEN_NOMUTEX, NULL);
    return result == SQLITE_OK ? ERR_NONE : sqlite_err(result);
}

static enum err pragma_number(struct check *check, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement = NULL;
    bool more = false;
    enum err err = prepare(check, sql, &statement);
    if (err == ERR_NONE) {
        err = step(statement, &more);
    }
    *ret_value = more ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return err;
}

/* Every page, every index against its table. */
static enum err check_integrity(struct check *check)
{
    int64_t application = 0, version = 0;
    enum err err = pragma_number(check, "PRAGMA application_id", &application);
    if (err == ERR_NONE) {
        err = pragma_number(check, "PRAGMA user_version", &version);
    }
    if (err == ERR_NONE && version > SCHEMA_VERSION) {
        return ERR_NEWER;
    }
    if (err == ERR_NONE && (application != APPLICATION_ID || version != SCHEMA_VERSION)) {
        broken(check, 0,
               TEXT("the database's header is not Vogt's",
                    "der Kopf der Datenbank ist nicht der von Vogt"),
               DATABASE_NAME, UINT64_MAX);
    }
    sqlite3_stmt *statement = NULL;
    bool more = true;
    if (err == ERR_NONE) {
        err = prepare(check, "PRAGMA integrity_check", &statement);
    }
    while (err == ERR_NONE && (err = step(statement, &more)) == ERR_NONE && more) {
        const unsigned char *line = sqlite3_column_text(statement, 0);
        if (line != NULL && strcmp((const char *)line, "ok") != 0) {
            broken(
                check, 0,
                TEXT("SQLite finds the database damaged", "SQLite findet die Datenbank beschädigt"),
                (const char *)line, UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    return err;
}

/* ---- the logs ---- */

static void claim(struct check *check, uint64_t size, const struct tree_hash *root,
                  struct text text, const char *place)
{
    if (check->claim_count < CLAIMS_MAX) {
        check->claims[check->claim_count++] = (struct claim){size, *root, text, place, false, false};
    }
}

static void claim_note(struct check *check, uint8_t log, struct slice bytes, struct text text,
                       const char *place)
{
    struct note note;
    struct checkpoint checkpoint;
    bool is_former = checkpoint_open_former(bytes, check->store->keys[log], &note, &checkpoint) ==
                     ERR_NONE; /* reopened, and perhaps not published since */
    if (!is_former &&
        checkpoint_open(bytes, check->store->keys[log], &note, &checkpoint) != ERR_NONE) {
        broken(check, log,
               TEXT("a checkpoint in it is not signed by the log's key",
                    "ein Prüfpunkt darin ist nicht vom Schlüssel des Logs signiert"),
               place, UINT64_MAX);
        return;
    }
    claim(check, checkpoint.size, &checkpoint.root, is_former ? verify_text_reopened() : text,
          place);
    check->claims[check->claim_count - 1].is_former = is_former;
}

static void meet_claims(struct check *check, uint8_t log, const struct tree *tree)
{
    for (size_t i = 0; i < check->claim_count; i++) {
        struct claim *one = &check->claims[i];
        struct tree_hash root;
        if (one->met || one->size != tree->size) {
            continue;
        }
        one->met = true;
        tree_root(tree, &root);
        if (!tree_hash_equal(&root, &one->root)) {
            broken(check, log, one->text, one->place, one->size);
        }
    }
}

static void miss_claims(struct check *check, uint8_t log)
{
    for (size_t i = 0; i < check->claim_count; i++) {
        const struct claim *one = &check->claims[i];
        if (!one->met) {
            broken(check, log,
                   one->is_former
                       ? one->text
                       : TEXT("the database was rolled back: it holds fewer entries than a "
                              "checkpoint or record states",
                              "die Datenbank wurde zurückgesetzt: sie hat weniger Einträge, als "
                              "ein Prüfpunkt oder Vermerk nennt"),
                   one->place, one->size);
        }
    }
}

/* The log's own row: size, root, edge, and the checkpoint that store believes published. */
static enum err check_log_row(struct check *check, uint8_t log, const struct tree *tree)
{
    sqlite3_stmt *statement = NULL;
    bool more = false;
    enum err err = prepare(check, "SELECT size, root, edge FROM log WHERE log = ?1", &statement);
    if (err == ERR_NONE) {
        sqlite3_bind_int(statement, 1, log);
        err = step(statement, &more);
    }
    if (err == ERR_NONE) {
        struct tree_hash root, edge[TREE_EDGE_MAX];
        tree_root(tree, &root);
        size_t count = tree_save(tree, edge);
        bool good = more && (uint64_t)sqlite3_column_int64(statement, 0) == tree->size &&
                    slice_equal(column(statement, 1), tree_hash_slice(&root)) &&
                    slice_equal(column(statement, 2), slice_of(edge, count * SHA256_BYTES));
        if (!good) {
            broken(
                check, log,
                TEXT(
                    "size, root or edge in the log's row are not those of its entries",
                    "Größe, Wurzel oder Rand in der Zeile des Logs sind nicht die seiner Einträge"),
                "log", UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    return err;
}

static enum err claim_published(struct check *check, uint8_t log)
{
    sqlite3_stmt *statement = NULL;
    bool more = false;
    enum err err =
        prepare(check, "SELECT published_size, checkpoint FROM log WHERE log = ?1", &statement);
    if (err == ERR_NONE) {
        sqlite3_bind_int(statement, 1, log);
        err = step(statement, &more);
    }
    if (err == ERR_NONE && more) {
        struct slice bytes = column(statement, 1);
        uint64_t published = (uint64_t)sqlite3_column_int64(statement, 0);
        size_t before = check->claim_count;
        if (bytes.len > 0) {
            claim_note(check, log, bytes,
                       TEXT("the entries do not lead to the checkpoint in the log's row",
                            "die Einträge führen nicht zum Prüfpunkt in der Zeile des Logs"),
                       "log");
        }
        bool fits = bytes.len == 0
                        ? published == 0
                        : check->claim_count == before || check->claims[before].size == published;
        if (!fits) {
            broken(check, log,
                   TEXT("the published size is not that of the checkpoint",
                        "die veröffentlichte Größe ist nicht die des Prüfpunkts"),
                   "log", UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    return err;
}

static enum err collect_claims(struct check *check, uint8_t log)
{
    const struct verify_log_state *state = &check->report->logs[log];
    check->claim_count = 0;
    if (state->opened) {
        claim(check, state->size, &state->root,
              TEXT("the database's entries do not lead to the signed root",
                   "die Einträge der Datenbank führen nicht zur signierten Wurzel"),
              "checkpoint");
    }
    if (check->store->known[log].len > 0) {
        claim_note(check, log, check->store->known[log],
                   TEXT("the database does not begin with what the known checkpoint states",
                        "die Datenbank beginnt nicht mit dem, was der bekannte Prüfpunkt nennt"),
                   "known checkpoint");
    }
    return claim_published(check, log);
}

/* The audit entries, read beside the evidence log: each names how far that log was when it was
 * written. */
struct audit_cursor {
    sqlite3_stmt *statement;
    bool more;
    uint64_t index;
    struct audit_entry entry;
};

static enum err cursor_next(struct audit_cursor *cursor)
{
    enum err err;
    while ((err = step(cursor->statement, &cursor->more)) == ERR_NONE && cursor->more) {
        cursor->index = (uint64_t)sqlite3_column_int64(cursor->statement, 0);
        if (audit_entry_decode(column(cursor->statement, 1), &cursor->entry) == ERR_NONE) {
            return ERR_NONE; /* others are found when the audit log itself is read */
        }
    }
    return err;
}

static enum err check_cursor(struct check *check, struct audit_cursor *cursor,
                             const struct tree *tree)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && cursor->more && cursor->entry.evidence_size <= tree->size) {
        struct tree_hash root;
        tree_root(tree, &root);
        if (cursor->entry.evidence_size < tree->size ||
            !tree_hash_equal(&root, &cursor->entry.evidence_root)) {
            broken(check, LOG_AUDIT,
                   TEXT("an audit entry names another evidence log than this one, or an earlier "
                        "state of it than its predecessor",
                        "ein Audit-Eintrag nennt ein anderes Nachweis-Log als dieses, oder einen "
                        "älteren Stand als sein Vorgänger"),
                   "entry", cursor->index);
        }
        err = cursor_next(cursor);
    }
    return err;
}

/* Is the blob that an audit entry names there and unchanged? */
static enum err check_blob(struct check *check, sqlite3_stmt *blobs, uint64_t index,
                           const struct audit_entry *entry)
{
    char path[LEDGER_ROW_PATH_BYTES];
    uint8_t digest[SHA256_BYTES];
    bool more = false;
    ledger_row_path("audit", index, path);
    sqlite3_reset(blobs);
    sqlite3_bind_text(blobs, 1, path, -1, SQLITE_STATIC);
    enum err err = step(blobs, &more);
    if (err != ERR_NONE) {
        return err;
    }
    if (!more) {
        check->report->pruned_count += index < check->kept_from;
        if (index >= check->kept_from) {
            broken(check, LOG_AUDIT,
                   TEXT("the records of an audit entry are missing",
                        "die Aufzeichnungen eines Audit-Eintrags fehlen"),
                   path, index);
        }
        return ERR_NONE;
    }
    sha256(column(blobs, 1), digest);
    if (memcmp(digest, entry->blob_digest.bytes, sizeof(digest)) != 0 ||
        sqlite3_column_int64(blobs, 0) != 1) {
        broken(check, LOG_AUDIT,
               TEXT("the records are not those that the audit entry names",
                    "die Aufzeichnungen sind nicht die, die der Audit-Eintrag nennt"),
               path, index);
    }
    return ERR_NONE;
}

static enum err check_entry(struct check *check, uint8_t log, uint64_t index, struct slice bytes,
                            sqlite3_stmt *blobs)
{
    struct audit_entry entry;
    bool good = log == LOG_AUDIT
                    ? audit_entry_decode(bytes, &entry) == ERR_NONE
                    : bytes.len == EVIDENCE_ENTRY_BYTES && bytes.data[0] == ENTRY_EVIDENCE;
    if (!good) {
        broken(check, log, TEXT("an entry is not well-formed", "ein Eintrag ist nicht wohlgeformt"),
               "entry", index);
        return ERR_NONE;
    }
    if (log != LOG_AUDIT) {
        return ERR_NONE;
    }
    check->has_state = true;
    check->state_digest = entry.state_digest;
    return check_blob(check, blobs, index, &entry);
}

static void show_progress(struct check *check, uint8_t log, uint64_t done)
{
    if (check->options != NULL && check->options->progress != NULL && done % PROGRESS_EVERY == 0) {
        check->options->progress(check->options->progress_context, log, done,
                                 check->report->logs[log].size);
    }
}

static enum err stream_entries(struct check *check, uint8_t log, sqlite3_stmt *entries,
                               sqlite3_stmt *blobs, struct audit_cursor *cursor, struct tree *tree)
{
    bool more = true;
    enum err err = ERR_NONE;
    for (;;) {
        meet_claims(check, log, tree);
        if (log == LOG_EVIDENCE) {
            err = check_cursor(check, cursor, tree);
        }
        if (err != ERR_NONE || (err = step(entries, &more)) != ERR_NONE || !more) {
            return err;
        }
        if ((uint64_t)sqlite3_column_int64(entries, 0) != tree->size) {
            broken(check, log, TEXT("an entry is missing", "ein Eintrag fehlt"), "entry",
                   tree->size);
            return ERR_NONE;
        }
        struct slice bytes = column(entries, 1);
        err = check_entry(check, log, tree->size, bytes, blobs);
        if (err == ERR_NONE) {
            err = tree_append(tree, bytes);
        }
        if (err != ERR_NONE) {
            return err;
        }
        show_progress(check, log, tree->size);
    }
}

static enum err check_log(struct check *check, uint8_t log)
{
    sqlite3_stmt *entries = NULL, *blobs = NULL;
    struct audit_cursor cursor = {.more = true};
    struct tree tree;
    tree_clear(&tree);
    enum err err = collect_claims(check, log);
    if (err == ERR_NONE) {
        err = prepare(check, "SELECT idx, bytes FROM entry WHERE log = ?1 ORDER BY idx", &entries);
    }
    if (err == ERR_NONE) {
        err = prepare(check, "SELECT version, bytes FROM row WHERE path = ?1", &blobs);
    }
    if (err == ERR_NONE) {
        err = prepare(check, "SELECT idx, bytes FROM entry WHERE log = 2 ORDER BY idx",
                      &cursor.statement);
    }
    if (err == ERR_NONE) {
        err = cursor_next(&cursor);
    }
    if (err == ERR_NONE) {
        sqlite3_bind_int(entries, 1, log);
        err = stream_entries(check, log, entries, blobs, &cursor, &tree);
    }
    if (err == ERR_NONE && log == LOG_EVIDENCE && cursor.more) {
        broken(check, LOG_AUDIT,
               TEXT("an audit entry names more evidence than there is",
                    "ein Audit-Eintrag nennt mehr Nachweise, als es gibt"),
               "entry", cursor.index);
    }
    if (err == ERR_NONE) {
        miss_claims(check, log);
        err = check_log_row(check, log, &tree);
    }
    sqlite3_finalize(entries);
    sqlite3_finalize(blobs);
    sqlite3_finalize(cursor.statement);
    check->sizes[log] = tree.size;
    uint64_t published = check->report->logs[log].size;
    check->report->logs[log].unpublished = tree.size > published ? tree.size - published : 0;
    return err;
}

/* ---- the state ---- */

static enum err read_kept_from(struct check *check)
{
    sqlite3_stmt *statement = NULL;
    bool more = true;
    enum err err = prepare(
        check, "SELECT path FROM row WHERE path > '" KEPT_FOLDER "/' AND path < '" KEPT_FOLDER "0'",
        &statement);
    while (err == ERR_NONE && (err = step(statement, &more)) == ERR_NONE && more) {
        uint64_t index = 0;
        if (ledger_row_index(KEPT_FOLDER, column(statement, 0), &index) == ERR_NONE &&
            index > check->kept_from) {
            check->kept_from = index;
        }
    }
    sqlite3_finalize(statement);
    return err;
}

/* Rows that stand for entries must have one. */
static void check_path(struct check *check, struct slice path, const char *folder, uint8_t log,
                       uint64_t *count)
{
    struct slice prefix = slice_string(folder);
    uint64_t index = 0;
    char place[VERIFY_PLACE_BYTES];
    if (!slice_starts(path, prefix) || path.len == prefix.len || path.data[prefix.len] != '/') {
        return;
    }
    if (ledger_row_index(folder, path, &index) == ERR_NONE && index < check->sizes[log]) {
        ++*count;
        return;
    }
    snprintf(place, sizeof(place), "%.*s", (int)path.len, (const char *)path.data);
    broken(check, log, TEXT("a row belongs to no entry", "eine Zeile gehört zu keinem Eintrag"),
           place, UINT64_MAX);
}

static enum err add_rows(struct check *check, struct sethash *sethash, uint64_t *evidence_rows)
{
    sqlite3_stmt *statement = NULL;
    bool more = true;
    uint64_t blobs = 0;
    enum err err = prepare(check, "SELECT path, version, bytes FROM row", &statement);
    while (err == ERR_NONE && (err = step(statement, &more)) == ERR_NONE && more) {
        struct slice path = column(statement, 0);
        check->report->row_count++;
        check_path(check, path, "audit", LOG_AUDIT, &blobs);
        check_path(check, path, "evidence", LOG_EVIDENCE, evidence_rows);
        if (!slice_starts(path, SLICE_LITERAL("audit/"))) {
            err = sethash_add(sethash, path, (uint64_t)sqlite3_column_int64(statement, 1),
                              column(statement, 2));
        }
    }
    sqlite3_finalize(statement);
    return err == ERR_TOO_LARGE ? ERR_DAMAGED : err;
}

/* Store keeps the set-hash's lanes, so that it need not add up all rows at each start. */
static enum err check_saved_state(struct check *check, const struct sethash *sethash)
{
    uint8_t lanes[SETHASH_BYTES];
    sqlite3_stmt *statement = NULL;
    bool more = false;
    enum err err = prepare(check, "SELECT value FROM meta WHERE name = 'state'", &statement);
    if (err == ERR_NONE) {
        err = step(statement, &more);
    }
    if (err == ERR_NONE) {
        sethash_save(sethash, lanes);
        struct slice saved = more ? column(statement, 0) : SLICE_NONE;
        bool before_first = more && saved.len == 0 && !check->has_state;
        if (!before_first && !slice_equal(saved, slice_of(lanes, sizeof(lanes)))) {
            broken(check, 0,
                   TEXT("the saved state is not that of the rows",
                        "der gespeicherte Zustand ist nicht der der Zeilen"),
                   "meta", UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    return err;
}

static enum err check_state(struct check *check)
{
    struct sethash sethash;
    struct tree_hash digest;
    uint64_t evidence_rows = 0;
    sethash_clear(&sethash);
    enum err err = add_rows(check, &sethash, &evidence_rows);
    if (err != ERR_NONE) {
        return err;
    }
    sethash_digest(&sethash, digest.bytes);
    if (check->has_state && !tree_hash_equal(&digest, &check->state_digest)) {
        broken(check, LOG_AUDIT,
               TEXT("the rows are not those of the newest audit entry: one was changed, removed, "
                    "added or rolled back",
                    "die Zeilen sind nicht die des neuesten Audit-Eintrags: eine wurde geändert, "
                    "entfernt, "
                    "hinzugefügt oder zurückgesetzt"),
               "row", check->sizes[LOG_AUDIT] - 1);
    }
    if (!check->has_state && check->report->row_count > 0) {
        verify_find(check->report, VERIFY_NOTE, LOG_AUDIT,
                    TEXT("there is no audit entry yet that the rows could be held against",
                         "es gibt noch keinen Audit-Eintrag, an dem die Zeilen zu messen wären"),
                    "row", UINT64_MAX);
    }
    uint64_t entries = check->sizes[LOG_EVIDENCE];
    check->report->erased_count = entries > evidence_rows ? entries - evidence_rows : 0;
    return check_saved_state(check, &sethash);
}

enum err verify_rows(const struct verify_store *store, const struct verify_options *options,
                     struct verify_report *report)
{
    struct check check = {.store = store, .options = options, .report = report};
    enum err err = open_database(&check);
    if (err == ERR_NONE) {
        err = check_integrity(&check);
    }
    if (err == ERR_NONE) {
        err = read_kept_from(&check);
    }
    if (err == ERR_NONE) {
        err = check_log(&check, LOG_EVIDENCE);
    }
    if (err == ERR_NONE) {
        err = check_log(&check, LOG_AUDIT);
    }
    if (err == ERR_NONE) {
        err = check_state(&check);
    }
    sqlite3_close(check.database);
    remove_copy(&check);
    return err;
}
