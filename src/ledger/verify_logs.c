/* The logs in the rows: every entry, what claims to know their roots, how the two name each other. */
#include "ledger/verify_inside.h"

#include "ledger/commitment.h"

#include <stdio.h>
#include <string.h>

enum { PROGRESS_EVERY = 1 << 16 };

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
    if (check->store->keys[log] == NULL) {
        return; /* nobody brought one: what is signed is not looked at */
    }
    bool is_former = checkpoint_open_former(bytes, check->store->keys[log], &note, &checkpoint) ==
                     ERR_NONE; /* reopened, and perhaps not published since */
    if (!is_former &&
        checkpoint_open(bytes, check->store->keys[log], &note, &checkpoint) != ERR_NONE) {
        check_broken(check, log,
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
            check_broken(check, log, one->text, one->place, one->size);
        }
    }
}

static void miss_claims(struct check *check, uint8_t log)
{
    for (size_t i = 0; i < check->claim_count; i++) {
        const struct claim *one = &check->claims[i];
        if (!one->met) {
            check_broken(check, log,
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

static bool is_head(sqlite3_stmt *statement)
{
    static const int types[] = {SQLITE_INTEGER, SQLITE_BLOB, SQLITE_BLOB, SQLITE_INTEGER,
                                SQLITE_BLOB};
    bool good = true;
    for (int i = 0; i < 5; i++) {
        good = good && sqlite3_column_type(statement, i) == types[i];
    }
    return good;
}

/* The log's own row: size, root, edge, and the checkpoint that store believes published. */
static enum err check_log_row(struct check *check, uint8_t log, const struct tree *tree)
{
    sqlite3_stmt *statement = NULL;
    bool more = false;
    enum err err = check_prepare(check, "SELECT size, root, edge, published_size, checkpoint FROM log WHERE log = ?1", &statement);
    if (err == ERR_NONE) {
        sqlite3_bind_int(statement, 1, log);
        err = row_step(statement, &more);
    }
    if (err == ERR_NONE) {
        struct tree_hash root, edge[TREE_EDGE_MAX];
        tree_root(tree, &root);
        size_t count = tree_save(tree, edge);
        bool good = more && is_head(statement) && (uint64_t)sqlite3_column_int64(statement, 0) == tree->size &&
                    slice_equal(row_column(statement, 1), tree_hash_slice(&root)) &&
                    slice_equal(row_column(statement, 2), slice_of(edge, count * SHA256_BYTES));
        if (!good) {
            check_broken(
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
        check_prepare(check, "SELECT published_size, checkpoint FROM log WHERE log = ?1", &statement);
    if (err == ERR_NONE) {
        sqlite3_bind_int(statement, 1, log);
        err = row_step(statement, &more);
    }
    if (err == ERR_NONE && more) {
        struct slice bytes = row_column(statement, 1);
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
            check_broken(check, log,
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
    while ((err = row_step(cursor->statement, &cursor->more)) == ERR_NONE && cursor->more) {
        cursor->index = (uint64_t)sqlite3_column_int64(cursor->statement, 0);
        if (audit_entry_decode(row_column(cursor->statement, 1), &cursor->entry) == ERR_NONE) {
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
            check_broken(check, LOG_AUDIT,
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
    enum err err = row_step(blobs, &more);
    if (err != ERR_NONE) {
        return err;
    }
    if (!more) {
        check->report->pruned_count += index < check->kept_from;
        if (index >= check->kept_from) {
            check_broken(check, LOG_AUDIT,
                   TEXT("the records of an audit entry are missing",
                        "die Aufzeichnungen eines Audit-Eintrags fehlen"),
                   path, index);
        }
        return ERR_NONE;
    }
    sha256(row_column(blobs, 1), digest);
    if (memcmp(digest, entry->blob_digest.bytes, sizeof(digest)) != 0 ||
        sqlite3_column_int64(blobs, 0) != 1) {
        check_broken(check, LOG_AUDIT,
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
        check_broken(check, log, TEXT("an entry is not well-formed", "ein Eintrag ist nicht wohlgeformt"),
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

/* SQLite keeps a type with each value, and compares 2 and 2.0 as equal. */
static bool is_typed(sqlite3_stmt *entries)
{
    return sqlite3_column_type(entries, 0) == SQLITE_INTEGER &&
           sqlite3_column_type(entries, 1) == SQLITE_BLOB &&
           sqlite3_column_type(entries, 2) == SQLITE_INTEGER;
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
        if (err != ERR_NONE || (err = row_step(entries, &more)) != ERR_NONE || !more) {
            return err;
        }
        if ((uint64_t)sqlite3_column_int64(entries, 0) != tree->size) {
            check_broken(check, log, TEXT("an entry is missing", "ein Eintrag fehlt"), "entry",
                   tree->size);
            return ERR_NONE;
        }
        struct slice bytes = row_column(entries, 1);
        if (!is_typed(entries)) {
            check_broken(check, log,
                         TEXT("an entry is not as Vogt writes it",
                              "ein Eintrag ist nicht, wie Vogt ihn schreibt"),
                         "entry", tree->size);
        }
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

enum err check_log(struct check *check, uint8_t log)
{
    sqlite3_stmt *entries = NULL, *blobs = NULL;
    struct audit_cursor cursor = {.more = true};
    struct tree tree;
    tree_clear(&tree);
    enum err err = collect_claims(check, log);
    if (err == ERR_NONE) {
        err = check_prepare(check, "SELECT idx, bytes, log FROM entry WHERE log = ?1 ORDER BY idx", &entries);
    }
    if (err == ERR_NONE) {
        err = check_prepare(check, "SELECT version, bytes FROM row WHERE path = ?1", &blobs);
    }
    if (err == ERR_NONE) {
        err = check_prepare(check, "SELECT idx, bytes FROM entry WHERE log = 2 ORDER BY idx",
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
        check_broken(check, LOG_AUDIT,
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

/* Entries and heads of logs that there are none of. Ranges, so that the index is used. */
enum err check_other_logs(struct check *check)
{
    int64_t entries = 0, heads = 0;
    enum err err = check_number(
        check,
        "SELECT (SELECT count(*) FROM entry WHERE log < 1) + (SELECT count(*) FROM entry WHERE log "
        "> 1 AND log < 2) + (SELECT count(*) FROM entry WHERE log > 2)",
        &entries);
    if (err == ERR_NONE) {
        err = check_number(check, "SELECT count(*) FROM log WHERE log NOT IN (1, 2)", &heads);
    }
    if (err == ERR_NONE && (entries != 0 || heads != 0)) {
        check_broken(check, 0,
                     TEXT("the database has entries of a log that there is not",
                          "die Datenbank hat Einträge eines Logs, das es nicht gibt"),
                     entries != 0 ? "entry" : "log", UINT64_MAX);
    }
    return err;
}
