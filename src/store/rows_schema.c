/* Making the tables, telling whether they are ours, and migrating older ones. */
#include "store/rows_inside.h"
#include "store/schema.h"
#include "store/sethash.h"

#include <stdio.h>
#include <string.h>

/* The root of the empty tree is SHA-256 of nothing. */
static const char first_rows_sql[] =
    "INSERT INTO log SELECT column1, 0, "
    "x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', x'', 0, x'' FROM (VALUES "
    "(1), (2));"
    "INSERT INTO meta VALUES ('state', x''), ('epoch', 0)";

static enum err execute(struct rows *rows, const char *sql)
{
    return rows_result(rows, sqlite3_exec(rows->database, sql, NULL, NULL, NULL));
}

static enum err prepare(struct rows *rows, const char *sql, sqlite3_stmt **ret_statement)
{
    return rows_result(rows, sqlite3_prepare_v2(rows->database, sql, -1, ret_statement, NULL));
}

static enum err pragma_number(struct rows *rows, const char *sql, int64_t *ret_number)
{
    sqlite3_stmt *statement = NULL;
    enum err err = prepare(rows, sql, &statement);
    int result = err == ERR_NONE ? sqlite3_step(statement) : SQLITE_ERROR;
    if (result == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(statement, 0);
    } else if (err == ERR_NONE) {
        err = rows_result(rows, result);
    }
    sqlite3_finalize(statement);
    return err;
}

static enum err write_versions(struct rows *rows)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d",
             (int)APPLICATION_ID, (int)SCHEMA_VERSION);
    return execute(rows, sql);
}

static enum err create(struct rows *rows)
{
    enum err err = execute(rows, "BEGIN IMMEDIATE");
    for (size_t i = 0; err == ERR_NONE && i < SCHEMA_OBJECT_COUNT; i++) {
        err = schema_objects[i].sql == NULL ? ERR_NONE : execute(rows, schema_objects[i].sql);
    }
    if (err == ERR_NONE) {
        err = execute(rows, first_rows_sql);
    }
    if (err == ERR_NONE) {
        err = write_versions(rows);
    }
    return err == ERR_NONE ? execute(rows, "COMMIT") : err;
}

static bool is_object(sqlite3_stmt *statement, const struct schema_object *object)
{
    struct slice sql = column_slice(statement, 2);
    return slice_is(column_slice(statement, 0), object->type) &&
           slice_is(column_slice(statement, 1), object->name) &&
           (object->sql == NULL ? sql.len == 0 : slice_is(sql, object->sql));
}

/* A trigger or view would run here, with this role's rights and under its syncs. */
static enum err check_objects(struct rows *rows)
{
    sqlite3_stmt *statement = NULL;
    size_t known = 0, count = 0;
    int result = SQLITE_DONE;
    enum err err = prepare(rows, "SELECT type, name, sql FROM sqlite_schema", &statement);
    while (err == ERR_NONE && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        count++;
        for (size_t i = 0; i < SCHEMA_OBJECT_COUNT; i++) {
            known += is_object(statement, &schema_objects[i]);
        }
    }
    if (err == ERR_NONE) {
        err = rows_result(rows, result);
    }
    sqlite3_finalize(statement);
    if (err == ERR_NONE && (count != SCHEMA_OBJECT_COUNT || known != count)) {
        err = ERR_DAMAGED;
    }
    return err;
}

/* ---- schema 1 -> 2 ---- */

static enum err add_all(struct rows *rows, struct sethash *old, struct sethash *new)
{
    sqlite3_stmt *statement = NULL;
    int result = SQLITE_DONE;
    enum err err = prepare(rows, "SELECT path, version, due_unix_ms, bytes FROM row", &statement);
    while (err == ERR_NONE && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        struct stored_row row = {column_slice(statement, 0), column_u64(statement, 1),
                                 column_u64(statement, 2), column_slice(statement, 3)};
        if (!sethash_covers(row.path)) {
            continue;
        }
        err = sethash_add(new, &row);
        if (err == ERR_NONE) {
            err = sethash_add_1(old, &row);
        }
    }
    if (err == ERR_NONE) {
        err = rows_result(rows, result);
    }
    sqlite3_finalize(statement);
    return err == ERR_TOO_LARGE ? ERR_DAMAGED : err;
}

static enum err save(struct rows *rows, const char *name, const struct sethash *sethash)
{
    uint8_t lanes[SETHASH_BYTES];
    sqlite3_stmt *statement = NULL;
    sethash_save(sethash, lanes);
    enum err err = prepare(rows, "INSERT OR REPLACE INTO meta VALUES (?1, ?2)", &statement);
    if (err == ERR_NONE) {
        bind_text(statement, 1, slice_string(name));
        bind_blob(statement, 2, slice_of(lanes, sizeof(lanes)));
        err = step_done(rows, statement);
    }
    sqlite3_finalize(statement);
    return err;
}

/* *ret_first: nothing was ever committed. ERR_DAMAGED: the rows are not those of the saved state. */
static enum err check_saved(struct rows *rows, const struct sethash *old, bool *ret_first)
{
    uint8_t lanes[SETHASH_BYTES];
    sqlite3_stmt *statement = NULL;
    sethash_save(old, lanes);
    enum err err = prepare(rows, "SELECT value FROM meta WHERE name = 'state'", &statement);
    int result = err == ERR_NONE ? sqlite3_step(statement) : SQLITE_ERROR;
    if (err == ERR_NONE && result != SQLITE_ROW) {
        err = result == SQLITE_DONE ? ERR_DAMAGED : rows_result(rows, result);
    }
    if (err == ERR_NONE) {
        struct slice saved = column_slice(statement, 0);
        *ret_first = saved.len == 0;
        err = saved.len == 0 || slice_equal(saved, slice_of(lanes, sizeof(lanes))) ? ERR_NONE
                                                                                   : ERR_DAMAGED;
    }
    sqlite3_finalize(statement);
    return err;
}

/* One transaction. What the old set-hash cannot vouch for is not taken over. */
static enum err migrate(struct rows *rows)
{
    struct sethash old, new;
    bool is_first = true;
    sethash_clear(&old);
    sethash_clear(&new);
    enum err err = execute(rows, "BEGIN IMMEDIATE");
    if (err == ERR_NONE) {
        err = add_all(rows, &old, &new);
    }
    if (err == ERR_NONE) {
        err = check_saved(rows, &old, &is_first);
    }
    if (err == ERR_NONE && !is_first) {
        err = save(rows, "state", &new);
    }
    if (err == ERR_NONE && !is_first) {
        err = save(rows, "state-1", &old);
    }
    if (err == ERR_NONE) {
        err = write_versions(rows);
    }
    if (err == ERR_NONE) {
        return execute(rows, "COMMIT");
    }
    (void)execute(rows, "ROLLBACK"); /* the first error is the one to tell */
    return err;
}

/* A file without a table is a new one. */
enum err rows_check_schema(struct rows *rows, bool may_create)
{
    int64_t application = 0, version = 0, tables = 0;
    enum err err = pragma_number(rows, "PRAGMA application_id", &application);
    if (err == ERR_NONE) {
        err = pragma_number(rows, "PRAGMA user_version", &version);
    }
    if (err == ERR_NONE) {
        err = pragma_number(rows, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (application == 0 && version == 0 && tables == 0) {
        return may_create ? create(rows) : ERR_DAMAGED;
    }
    if (application != APPLICATION_ID) {
        return ERR_INVALID;
    }
    if (version > SCHEMA_VERSION) {
        return ERR_NEWER;
    }
    err = version < SCHEMA_VERSION_OLDEST ? ERR_DAMAGED : check_objects(rows);
    return err == ERR_NONE && version < SCHEMA_VERSION ? migrate(rows) : err;
}
