/*
 * Durable commits in batches of 64 rows with their log entries, through the store, beside SQLite
 * alone with the same rows: same run, same directory, taking turns; the median of five. Prints
 * batches a second: `figure floor ratio`.
 */
#include "store/rows_inside.h"
#include "store/sethash.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH_ROWS = 64, BATCHES = 200, ROUNDS = 5, ROW_BYTES = 300, ENTRY_BYTES = 33 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void must(enum err err)
{
    if (err != ERR_NONE) {
        die(err_name(err));
    }
}

static struct slice path_of(size_t round, size_t batch, size_t row, char out[48])
{
    /* Spread over the key space, as real paths are. */
    int len =
        snprintf(out, 48, "rows/%08zx/%zu",
                 ((round * BATCHES + batch) * BATCH_ROWS + row) * 2654435761U & 0xffffffffU, row);
    return slice_of(out, (size_t)len);
}

static void put_batch(struct buf *body, struct edge *edge, size_t round, size_t batch,
                      struct slice bytes)
{
    char name[48];
    uint8_t entry[ENTRY_BYTES] = {1}, root[SHA256_BYTES];
    must(put_u64(body, 1));
    must(put_u32(body, BATCH_ROWS));
    for (size_t i = 0; i < BATCH_ROWS; i++) {
        struct change change = {CHANGE_PUT, path_of(round, batch, i, name), 0, 0, bytes};
        must(change_put(body, &change));
    }
    must(put_u32(body, BATCH_ROWS));
    for (size_t i = 0; i < BATCH_ROWS; i++) {
        struct append append = {LOG_EVIDENCE, edge->size, slice_of(entry, sizeof(entry))};
        must(append_put(body, &append));
        edge_append(edge, append.entry);
    }
    edge_root(edge, root);
    must(put_u32(body, 1));
    must(put_u8(body, LOG_EVIDENCE));
    must(put_u64(body, edge->size));
    must(buf_append(body, slice_of(root, sizeof(root))));
    uint8_t state[SETHASH_BYTES] = {1};
    must(put_bytes(body, slice_of(state, sizeof(state))));
}

static double store_round(struct store *store, struct edge *edge, size_t round, struct slice bytes)
{
    struct buf body = BUF_INIT(1 << 20), answer = BUF_INIT(4096);
    double spent = 0;
    for (size_t batch = 0; batch < BATCHES; batch++) {
        buf_clear(&body);
        buf_clear(&answer);
        put_batch(&body, edge, round, batch, bytes);
        double start = seconds();
        must(store_commit(store, buf_slice(&body), &answer));
        must(store_tidy(store, STORE_TIDY_PAGES));
        spent += seconds() - start;
    }
    buf_free(&body);
    buf_free(&answer);
    return BATCHES / spent;
}

static void sql(sqlite3 *database, const char *text)
{
    if (sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK) {
        die(sqlite3_errmsg(database));
    }
}

static void step(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE) {
        die("SQLite alone failed");
    }
    sqlite3_reset(statement);
}

/* SQLite as it comes, on its own files: the same rows and entries, one durable transaction a batch.
 */
static double sqlite_round(sqlite3 *database, size_t round, struct slice bytes)
{
    sqlite3_stmt *row = NULL, *entry = NULL;
    char name[48];
    uint8_t entry_bytes[ENTRY_BYTES] = {1};
    if (sqlite3_prepare_v2(database, "INSERT INTO row VALUES (?1, 1, 0, ?2)", -1, &row, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(database, "INSERT INTO entry VALUES (1, ?1, ?2)", -1, &entry, NULL) !=
            SQLITE_OK) {
        die(sqlite3_errmsg(database));
    }
    double start = seconds();
    for (size_t batch = 0; batch < BATCHES; batch++) {
        sql(database, "BEGIN IMMEDIATE");
        for (size_t i = 0; i < BATCH_ROWS; i++) {
            bind_text(row, 1, path_of(round, batch, i, name));
            bind_blob(row, 2, bytes);
            step(row);
            bind_u64(entry, 1, (round * BATCHES + batch) * BATCH_ROWS + i);
            bind_blob(entry, 2, slice_of(entry_bytes, sizeof(entry_bytes)));
            step(entry);
        }
        sql(database, "COMMIT");
    }
    double spent = seconds() - start;
    sqlite3_finalize(row);
    sqlite3_finalize(entry);
    return BATCHES / spent;
}

static sqlite3 *open_alone(const char *directory)
{
    char name[128];
    sqlite3 *database = NULL;
    snprintf(name, sizeof(name), "%s/alone.db", directory);
    if (sqlite3_open(name, &database) != SQLITE_OK) {
        die("SQLite alone cannot open its file");
    }
    sql(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                  "CREATE TABLE row(path TEXT PRIMARY KEY NOT NULL, version INTEGER, due_unix_ms "
                  "INTEGER, bytes BLOB) WITHOUT ROWID;"
                  "CREATE TABLE entry(log INTEGER, idx INTEGER, bytes BLOB, PRIMARY KEY(log, idx)) "
                  "WITHOUT ROWID;");
    return database;
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

int main(void)
{
    char directory[] = "./bench-store-XXXXXX", command[64];
    double figures[ROUNDS], floors[ROUNDS];
    uint8_t bytes[ROW_BYTES];
    struct edge edge = {0};
    struct files *files = NULL;
    struct store *store = NULL;
    memset(bytes, 0x5a, sizeof(bytes));
    must(crypto_start());
    if (mkdtemp(directory) == NULL) {
        die("no directory to write in");
    }
    must(files_new(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &files));
    must(store_open(files, NULL, &store));
    sqlite3 *alone = open_alone(directory);
    for (size_t round = 0; round < ROUNDS; round++) {
        figures[round] = store_round(store, &edge, round, slice_of(bytes, sizeof(bytes)));
        floors[round] = sqlite_round(alone, round, slice_of(bytes, sizeof(bytes)));
    }
    store_close(store);
    sqlite3_close(alone);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    if (system(command) != 0) {
        fprintf(stderr, "cannot remove %s\n", directory);
    }
    qsort(figures, ROUNDS, sizeof(double), ascending);
    qsort(floors, ROUNDS, sizeof(double), ascending);
    printf("durable batches of %d rows and entries a second: %.0f %.0f %.2f\n", (int)BATCH_ROWS,
           figures[ROUNDS / 2], floors[ROUNDS / 2], figures[ROUNDS / 2] / floors[ROUNDS / 2]);
    return 0;
}
