/* The rows against the set-hash of the newest audit entry, and those that stand for entries. */
#include "ledger/verify_inside.h"

#include "ledger/commitment.h"
#include "store/sethash.h"

#include <stdio.h>

#define KEPT_FOLDER "ledger/audit-kept"

/* The row that says up to where audit blobs were pruned: at most one, in the open by its path. */
enum err check_kept_from(struct check *check)
{
    sqlite3_stmt *statement = NULL;
    bool more = true;
    size_t count = 0;
    enum err err = check_prepare(
        check, "SELECT path FROM row WHERE path >= '" KEPT_FOLDER "/' AND path < '" KEPT_FOLDER "0'",
        &statement);
    while (err == ERR_NONE && (err = row_step(statement, &more)) == ERR_NONE && more) {
        struct slice path = row_column(statement, 0);
        bool good =
            count++ == 0 && ledger_row_index(KEPT_FOLDER, path, &check->kept_from) == ERR_NONE;
        if (!good) {
            char place[VERIFY_PLACE_BYTES];
            snprintf(place, sizeof(place), "%.*s", (int)path.len, (const char *)path.data);
            check_broken(check, LOG_AUDIT,
                         TEXT("the row that says what was pruned is not as Vogt writes it",
                              "die Zeile, die das Ausgedünnte nennt, ist nicht, wie Vogt sie "
                              "schreibt"),
                         place, UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    return err;
}

/* After the logs: said, so that nobody takes a pruned log for a whole one. */
static void tell_pruned(struct check *check)
{
    if (check->kept_from > check->sizes[LOG_AUDIT]) {
        check_broken(check, LOG_AUDIT,
                     TEXT("more was pruned on record than the log has entries",
                          "laut Vermerk wurde mehr ausgedünnt, als das Log Einträge hat"),
                     KEPT_FOLDER, check->kept_from);
    } else if (check->report->pruned_count > 0) {
        verify_find(check->report, VERIFY_NOTE, LOG_AUDIT,
                    TEXT("records of entries before this one were pruned, on record; the entries "
                         "themselves are there",
                         "Aufzeichnungen zu Einträgen vor diesem wurden ausgedünnt, laut Vermerk; "
                         "die Einträge selbst sind da"),
                    KEPT_FOLDER, check->kept_from);
    }
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
    check_broken(check, log, TEXT("a row belongs to no entry", "eine Zeile gehört zu keinem Eintrag"),
           place, UINT64_MAX);
}

/* Both formats of the set-hash are added up where an older one may be named. */
struct sums {
    struct sethash now, schema_1;
    bool wants_1;
    uint64_t evidence_rows;
};

static bool is_typed(sqlite3_stmt *statement)
{
    return sqlite3_column_type(statement, 0) == SQLITE_TEXT &&
           sqlite3_column_type(statement, 1) == SQLITE_INTEGER &&
           sqlite3_column_type(statement, 2) == SQLITE_INTEGER &&
           sqlite3_column_type(statement, 3) == SQLITE_BLOB;
}

static enum err add_row(struct check *check, sqlite3_stmt *statement, struct sums *sums)
{
    struct stored_row row = {row_column(statement, 0),
                             (uint64_t)sqlite3_column_int64(statement, 1),
                             (uint64_t)sqlite3_column_int64(statement, 2),
                             row_column(statement, 3)};
    uint64_t blobs = 0;
    check->report->row_count++;
    check_path(check, row.path, "audit", LOG_AUDIT, &blobs);
    check_path(check, row.path, "evidence", LOG_EVIDENCE, &sums->evidence_rows);
    /* SQLite keeps a type with each value; what it would convert is not what Vogt wrote. */
    if (!is_typed(statement) || (!sethash_covers(row.path) && row.due_unix_ms != 0)) {
        char place[VERIFY_PLACE_BYTES];
        snprintf(place, sizeof(place), "%.*s", (int)row.path.len, (const char *)row.path.data);
        check_broken(check, 0,
                     TEXT("a row's version, due time or bytes are not as Vogt writes them",
                          "Version, Fälligkeit oder Inhalt einer Zeile sind nicht, wie Vogt sie "
                          "schreibt"),
                     place, UINT64_MAX);
    }
    if (!sethash_covers(row.path)) {
        return ERR_NONE;
    }
    enum err err = sethash_add(&sums->now, &row);
    return err == ERR_NONE && sums->wants_1 ? sethash_add_1(&sums->schema_1, &row) : err;
}

static enum err add_rows(struct check *check, struct sums *sums)
{
    sqlite3_stmt *statement = NULL;
    bool more = true;
    enum err err =
        check_prepare(check, "SELECT path, version, due_unix_ms, bytes FROM row", &statement);
    while (err == ERR_NONE && (err = row_step(statement, &more)) == ERR_NONE && more) {
        err = add_row(check, statement, sums);
    }
    sqlite3_finalize(statement);
    return err == ERR_TOO_LARGE ? ERR_DAMAGED : err;
}

/* Store keeps the set-hash's lanes, so that it need not add up all rows at each start; between a migration
 * and the next commit also as schema 1 had it. The epoch is for several writers, and there is one. */
enum meta { META_STATE, META_STATE_1, META_EPOCH, META_COUNT };

static const char *const meta_names[] = {
    [META_STATE] = "state", [META_STATE_1] = "state-1", [META_EPOCH] = "epoch"};

static bool is_meta(struct check *check, enum meta meta, sqlite3_stmt *statement,
                    const struct sums *sums)
{
    uint8_t lanes[SETHASH_BYTES];
    struct slice value = row_column(statement, 1);
    bool is_blob = sqlite3_column_type(statement, 1) == SQLITE_BLOB;
    switch (meta) {
    case META_STATE:
        sethash_save(check->schema == 1 ? &sums->schema_1 : &sums->now, lanes);
        return is_blob && ((value.len == 0 && !check->has_state) ||
                           slice_equal(value, slice_of(lanes, sizeof(lanes))));
    case META_STATE_1:
        sethash_save(&sums->schema_1, lanes);
        return is_blob && check->schema > 1 && slice_equal(value, slice_of(lanes, sizeof(lanes)));
    case META_EPOCH:
        return sqlite3_column_type(statement, 1) == SQLITE_INTEGER &&
               sqlite3_column_int64(statement, 1) == 0;
    case META_COUNT:
        break;
    }
    return false;
}

static enum err check_meta(struct check *check, const struct sums *sums)
{
    sqlite3_stmt *statement = NULL;
    bool more = true, seen[META_COUNT] = {false};
    enum err err = check_prepare(check, "SELECT name, value FROM meta", &statement);
    while (err == ERR_NONE && (err = row_step(statement, &more)) == ERR_NONE && more) {
        struct slice name = row_column(statement, 0);
        bool good = false;
        for (enum meta meta = 0; meta < META_COUNT; meta++) {
            if (slice_is(name, meta_names[meta])) {
                good = is_meta(check, meta, statement, sums);
                seen[meta] = true;
            }
        }
        if (!good) {
            char place[VERIFY_PLACE_BYTES];
            snprintf(place, sizeof(place), "meta %.*s", (int)name.len, (const char *)name.data);
            check_broken(check, 0,
                         TEXT("what store remembers about the whole is not what follows from the "
                              "rows",
                              "was sich der Speicher über das Ganze merkt, folgt nicht aus den "
                              "Zeilen"),
                         place, UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    if (err == ERR_NONE && (!seen[META_STATE] || !seen[META_EPOCH])) {
        check_broken(check, 0,
                     TEXT("what store remembers about the whole is missing",
                          "was sich der Speicher über das Ganze merkt, fehlt"),
                     "meta", UINT64_MAX);
    }
    return err;
}

/* Only where meta says so: the older format leaves out when a row is due. */
static enum err find_format(struct check *check, struct sums *sums)
{
    int64_t migrated = 0;
    enum err err =
        check_number(check, "SELECT count(*) FROM meta WHERE name = 'state-1'", &migrated);
    sums->wants_1 = check->schema == 1 || migrated > 0;
    return err;
}

static bool is_named(const struct check *check, const struct sums *sums)
{
    struct tree_hash now, schema_1;
    sethash_digest(&sums->now, now.bytes);
    sethash_digest(&sums->schema_1, schema_1.bytes);
    return tree_hash_equal(sums->wants_1 ? &schema_1 : &now, &check->state_digest);
}

static void compare_rows(struct check *check, const struct sums *sums)
{
    if (check->has_state && !is_named(check, sums)) {
        check_broken(check, LOG_AUDIT,
                     TEXT("the rows are not those of the newest audit entry: one was changed, "
                          "removed, added or rolled back",
                          "die Zeilen sind nicht die des neuesten Audit-Eintrags: eine wurde "
                          "geändert, entfernt, hinzugefügt oder zurückgesetzt"),
                     "row", check->sizes[LOG_AUDIT] - 1);
    }
    if (!check->has_state && check->report->row_count > 0) {
        verify_find(check->report, VERIFY_NOTE, LOG_AUDIT,
                    TEXT("there is no audit entry yet that the rows could be held against",
                         "es gibt noch keinen Audit-Eintrag, an dem die Zeilen zu messen wären"),
                    "row", UINT64_MAX);
    }
}

enum err check_state(struct check *check)
{
    struct sums sums = {.wants_1 = false};
    sethash_clear(&sums.now);
    sethash_clear(&sums.schema_1);
    enum err err = find_format(check, &sums);
    if (err == ERR_NONE) {
        err = add_rows(check, &sums);
    }
    if (err != ERR_NONE) {
        return err;
    }
    compare_rows(check, &sums);
    tell_pruned(check);
    uint64_t entries = check->sizes[LOG_EVIDENCE];
    check->report->erased_count = entries > sums.evidence_rows ? entries - sums.evidence_rows : 0;
    return check_meta(check, &sums);
}
