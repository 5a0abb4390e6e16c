/* Making the tables in PostgreSQL, and telling whether they are ours. The schema's comment carries its version. */
#include "store/postgres_inside.h"
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object {
    const char *make, *shown;
};

static const struct object objects[] = {
#define POSTGRES_OBJECT(make, shown) {make, shown},
#include "store/postgres_schema.def"
#undef POSTGRES_OBJECT
};

enum { OBJECT_COUNT = sizeof(objects) / sizeof(objects[0]) };

static const char comment_start[] = "Vogt store, schema ";

/* A line an object: what there may be by its shape, all else by its kind and name. */
static const char objects_sql[] =
    "SELECT line COLLATE \"C\" FROM ("
    "SELECT 'table ' || c.relname || ' (' || (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)"
    " || CASE WHEN o.collname IS NULL OR o.collname = 'default' THEN '' ELSE ' ' || o.collname END"
    " || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || CASE WHEN a.atthasdef THEN ' default' ELSE '' END, ', ' ORDER BY a.attnum)"
    " FROM pg_attribute a LEFT JOIN pg_collation o ON o.oid = a.attcollation WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) || ')'"
    " || CASE WHEN c.relpersistence <> 'p' THEN ' not permanent' ELSE '' END || CASE WHEN c.relrowsecurity THEN ' row security' ELSE '' END AS line"
    " FROM pg_class c WHERE c.relnamespace = $1::oid AND c.relkind = 'r'"
    " UNION ALL SELECT pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = $1::oid"
    " UNION ALL SELECT 'relation ' || c.relname FROM pg_class c WHERE c.relnamespace = $1::oid AND c.relkind NOT IN ('r', 'i')"
    " UNION ALL SELECT 'trigger ' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = $1::oid AND NOT t.tgisinternal"
    " UNION ALL SELECT 'rule ' || r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = $1::oid"
    " UNION ALL SELECT 'constraint ' || k.conname FROM pg_constraint k WHERE k.connamespace = $1::oid AND k.contype NOT IN ('p', 'n')"
    " UNION ALL SELECT 'inherits' FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhparent WHERE c.relnamespace = $1::oid AND c.relkind = 'r'"
    " UNION ALL SELECT 'function ' || p.proname FROM pg_proc p WHERE p.pronamespace = $1::oid"
    ") AS found ORDER BY 1";

PGresult *postgres_ask(struct rows_source *source, const char *sql, enum err *ret_err)
{
    PGresult *result = PQexec(source->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        return result;
    }
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    source_say(source, state, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    *ret_err = PQstatus(source->connection) != CONNECTION_OK ? ERR_UNREACHABLE : state_err(state);
    PQclear(result);
    return NULL;
}

static enum err run(struct rows_source *source, const char *sql)
{
    enum err err = ERR_NONE;
    PQclear(postgres_ask(source, sql, &err));
    return err;
}

/* The root of the empty tree is SHA-256 of nothing. */
static const char first_rows_sql[] =
    "INSERT INTO vogt.log SELECT number, 0, '\\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', 0, '' FROM (VALUES (1), (2)) AS logs(number);"
    "INSERT INTO vogt.meta VALUES ('state', ''), ('epoch', '\\x0000000000000000');"
    /* What is sealed cannot be made smaller; the state, new with each commit, stays in its row. */
    "ALTER TABLE vogt.row ALTER COLUMN bytes SET STORAGE EXTERNAL; ALTER TABLE vogt.meta ALTER COLUMN value SET STORAGE PLAIN";

static enum err create(struct rows_source *source)
{
    char sql[128];
    enum err err = run(source, "BEGIN");
    err = err == ERR_NONE ? run(source, "CREATE SCHEMA IF NOT EXISTS vogt") : err;
    for (size_t turn = 0; turn < 2; turn++) { /* tables first */
        for (size_t i = 0; err == ERR_NONE && i < OBJECT_COUNT; i++) {
            bool is_table = objects[i].make != NULL && strncmp(objects[i].make, "CREATE TABLE", 12) == 0;
            err = objects[i].make == NULL || is_table != (turn == 0) ? ERR_NONE : run(source, objects[i].make);
        }
    }
    snprintf(sql, sizeof(sql), "COMMENT ON SCHEMA vogt IS '%s%d'", comment_start, (int)SCHEMA_VERSION);
    err = err == ERR_NONE ? run(source, first_rows_sql) : err;
    err = err == ERR_NONE ? run(source, sql) : err;
    err = err == ERR_NONE ? run(source, "COMMIT") : err;
    if (err != ERR_NONE && PQstatus(source->connection) == CONNECTION_OK) {
        PQclear(PQexec(source->connection, "ROLLBACK")); /* the first error is the one to tell */
    }
    return err;
}

static PGresult *list_objects(struct rows_source *source, const char *oid, enum err *ret_err)
{
    const char *const values[] = {oid};
    PGresult *result = PQexecParams(source->connection, objects_sql, 1, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        return result;
    }
    source_say(source, PQresultErrorField(result, PG_DIAG_SQLSTATE), PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    *ret_err = PQstatus(source->connection) != CONNECTION_OK ? ERR_UNREACHABLE : ERR_IO;
    PQclear(result);
    return NULL;
}

/* *ret_empty: there is nothing in it at all. */
static enum err check_objects(struct rows_source *source, const char *oid, bool *ret_empty)
{
    enum err err = ERR_NONE;
    PGresult *found = list_objects(source, oid, &err);
    if (found == NULL) {
        return err;
    }
    size_t count = (size_t)PQntuples(found);
    for (size_t i = 0; err == ERR_NONE && i < (count > OBJECT_COUNT ? count : OBJECT_COUNT); i++) {
        const char *line = i < count ? PQgetvalue(found, (int)i, 0) : NULL;
        if (line == NULL || i >= OBJECT_COUNT || strcmp(line, objects[i].shown) != 0) {
            source_say(source, NULL, line == NULL ? objects[i].shown : line);
            err = ERR_DAMAGED;
        }
    }
    *ret_empty = count == 0;
    PQclear(found);
    return err;
}

/* "Vogt store, schema 2" */
static enum err check_comment(const char *comment)
{
    uint64_t version = 0;
    struct slice text = slice_string(comment);
    if (!slice_starts(text, slice_string(comment_start)) || slice_to_u64(slice_from(text, sizeof(comment_start) - 1), &version) != ERR_NONE) {
        return ERR_INVALID;
    }
    return version > SCHEMA_VERSION ? ERR_NEWER : version < SCHEMA_VERSION ? ERR_DAMAGED : ERR_NONE;
}

enum err postgres_check_schema(struct rows_source *source, bool may_create)
{
    enum err err = ERR_NONE;
    PGresult *found = postgres_ask(source, "SELECT oid, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'vogt'", &err);
    if (found == NULL) {
        return err;
    }
    bool is_there = PQntuples(found) == 1, is_ours = is_there && !PQgetisnull(found, 0, 1), is_empty = false;
    if (is_ours) {
        err = check_comment(PQgetvalue(found, 0, 1));
    }
    if (err == ERR_NONE && is_there) {
        err = check_objects(source, PQgetvalue(found, 0, 0), &is_empty);
    }
    PQclear(found);
    if (is_ours) {
        return err;
    }
    if (is_there && !is_empty) {
        return err == ERR_NONE || err == ERR_DAMAGED ? ERR_INVALID : err; /* somebody else's */
    }
    return may_create ? create(source) : ERR_DAMAGED;
}
