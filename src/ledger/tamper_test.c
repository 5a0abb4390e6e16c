/*
 * Everything that can be done to a small ledger's bytes, exhaustively: in the files of both logs and in the
 * database each byte flipped, each file cut at each length, removed, swapped with each other one; in each
 * table each row removed, each value changed in several ways, each pair of rows swapped in each column, rows
 * and objects added. A change is found, or it left every value as it was. The counts are printed.
 */
#include "crypto/check_crypto.h"
#include "ledger/verify_world.h"

#include "base/check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

struct tally {
    size_t tried, unchanged, missed;
};

/* ---- the logs' files ---- */

static void flip_bytes(struct world *world, uint8_t log, int fd, struct slice bytes, size_t stride,
                       struct tally *tally)
{
    for (size_t i = 0; i < bytes.len; i += stride, tally->tried++) {
        uint8_t flipped = (uint8_t)(bytes.data[i] ^ (1u << i % 8));
        MUST(pwrite(fd, &flipped, 1, (off_t)i) == 1);
        tally->missed += world_tiles_good(world, log, SLICE_NONE);
        MUST(pwrite(fd, &bytes.data[i], 1, (off_t)i) == 1);
    }
}

static void cut(struct world *world, uint8_t log, int fd, struct slice bytes, size_t stride,
                struct tally *tally)
{
    for (size_t length = bytes.len; length-- > 0;) {
        MUST(ftruncate(fd, (off_t)length) == 0);
        if (length % stride == 0 || length < 200 || length + 1 == bytes.len) {
            tally->tried++;
            tally->missed += world_tiles_good(world, log, SLICE_NONE);
        }
    }
    MUST(pwrite(fd, bytes.data, bytes.len, 0) == (ssize_t)bytes.len);
    MUST(pwrite(fd, "x", 1, (off_t)bytes.len) == 1);
    tally->tried++;
    tally->missed += world_tiles_good(world, log, SLICE_NONE);
    MUST(ftruncate(fd, (off_t)bytes.len) == 0);
}

static void tamper_with_files(uint64_t first_size, uint64_t size, size_t file_count, size_t flip_stride,
                              size_t cut_stride)
{
    struct world world;
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES);
    world_make(&world, true, first_size, size);
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        struct tally flips = {0}, cuts = {0};
        CHECK(world_tiles_good(&world, log, SLICE_NONE));
        world_list(&world, log);
        CHECK_U64(file_count, world.file_count);
        for (size_t file = 0; file < world.file_count; file++) {
            world_read(world.log_fd[log], world.files[file], &bytes);
            int fd = openat(world.log_fd[log], world.files[file], O_RDWR | O_CLOEXEC);
            flip_bytes(&world, log, fd, buf_slice(&bytes), flip_stride, &flips);
            cut(&world, log, fd, buf_slice(&bytes), cut_stride, &cuts);
            close(fd);
        }
        CHECK(world_tiles_good(&world, log, SLICE_NONE));
        printf("     %s, %" PRIu64 " entries: %zu bytes flipped, %zu missed; %zu cuts, %zu missed; "
               "%zu files\n",
               log == LOG_EVIDENCE ? "evidence" : "audit", size, flips.tried, flips.missed,
               cuts.tried, cuts.missed, world.file_count);
        CHECK_U64(0, flips.missed + cuts.missed);
    }
    world_free(&world);
}

TEST(every_flip_and_cut_of_every_file_of_both_logs_is_found)
{
    tamper_with_files(3, 6, 5, 1, 1); /* checkpoint, old and new partial tiles */
}

/* Full tiles and a level above them: 62,500 bytes, of which every fifth. */
TEST(flips_and_cuts_of_full_tiles_are_found)
{
    tamper_with_files(257, 260, 8, 5, 101);
}

/* What the present size needs must be there; a partial tile of an earlier size may go. */
static void remove_and_swap(struct world *world, uint8_t log, uint8_t other_log, struct tally *tally)
{
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES), other = BUF_INIT(FILE_MAX_BYTES);
    int fd = world->log_fd[log], other_fd = world->log_fd[other_log];
    world_list(world, log);
    for (size_t file = 0; file < world->file_count; file++) {
        const char *path = world->files[file];
        bool old = strstr(path, ".p/1") != NULL && strncmp(path, "tile/1/", 7) != 0;
        world_read(fd, path, &bytes);
        MUST(unlinkat(fd, path, 0) == 0);
        tally->tried++;
        tally->missed += world_tiles_good(world, log, SLICE_NONE) != old;
        for (size_t second = 0; second < world->file_count; second++) {
            if (log == other_log && second >= file) {
                break;
            }
            world_read(other_fd, world->files[second], &other); /* both logs have the same paths */
            world_write(fd, path, buf_slice(&other));
            world_write(other_fd, world->files[second], buf_slice(&bytes));
            tally->tried++;
            tally->missed += world_tiles_good(world, log, SLICE_NONE);
            world_write(other_fd, world->files[second], buf_slice(&other));
        }
        world_write(fd, path, buf_slice(&bytes));
    }
    CHECK(world_tiles_good(world, log, SLICE_NONE));
}

TEST(removed_swapped_and_foreign_files_of_both_logs_are_found)
{
    struct world world;
    struct tally tally = {0};
    world_make(&world, true, 257, 260);
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        remove_and_swap(&world, log, LOG_EVIDENCE, &tally);
        remove_and_swap(&world, log, LOG_AUDIT, &tally);
    }
    printf("     %zu files removed or swapped with another, %zu missed\n", tally.tried,
           tally.missed);
    CHECK_U64(0, tally.missed);
    world_write(world.log_fd[LOG_AUDIT], "tile/0/notes.txt", SLICE_LITERAL("x"));
    CHECK(!world_tiles_good(&world, LOG_AUDIT, SLICE_NONE));
    world_free(&world);
}

/* ---- the database ---- */

/* SHA-256 of all that the tables say, with the types of the values; ret_bytes: of them in blobs. */
static bool content_digest(struct world *world, uint8_t ret_digest[SHA256_BYTES], size_t *ret_bytes)
{
    static const char *const queries[] = {
        "SELECT path, version, due_unix_ms, bytes FROM row ORDER BY path",
        "SELECT log, idx, bytes FROM entry ORDER BY log, idx",
        "SELECT log, size, root, edge, published_size, checkpoint FROM log ORDER BY log",
        "SELECT name, value FROM meta ORDER BY name",
        "SELECT type, name, sql FROM sqlite_schema ORDER BY name",
        "PRAGMA user_version",
        "PRAGMA application_id"};
    char name[64];
    sqlite3 *database = NULL;
    cleanup_buf struct buf all = BUF_INIT(FILE_MAX_BYTES);
    snprintf(name, sizeof(name), "file:%s/vogt.db?immutable=1", world->directory);
    *ret_bytes = 0;
    bool good =
        sqlite3_open_v2(name, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK;
    for (size_t i = 0; good && i < sizeof(queries) / sizeof(queries[0]); i++) {
        sqlite3_stmt *statement = NULL;
        int result = SQLITE_ERROR;
        good = sqlite3_prepare_v2(database, queries[i], -1, &statement, NULL) == SQLITE_OK;
        while (good && (result = sqlite3_step(statement)) == SQLITE_ROW) {
            for (int c = 0; good && c < sqlite3_column_count(statement); c++) {
                int type = sqlite3_column_type(statement, c);
                const void *data = sqlite3_column_blob(statement, c);
                size_t len = data == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, c);
                *ret_bytes += type == SQLITE_BLOB ? len : 0;
                good = put_u8(&all, (uint8_t)type) == ERR_NONE &&
                       put_bytes(&all, slice_of(data, len)) == ERR_NONE;
            }
        }
        good = good && result == SQLITE_DONE;
        sqlite3_finalize(statement);
    }
    sqlite3_close(database);
    sha256(buf_slice(&all), ret_digest);
    return good;
}

struct original {
    uint8_t digest[SHA256_BYTES];
    size_t blob_bytes;
    struct buf database;
};

static void keep_original(struct world *world, struct original *original)
{
    original->database = BUF_INIT(FILE_MAX_BYTES);
    MUST(content_digest(world, original->digest, &original->blob_bytes));
    world_read(world->directory_fd, "vogt.db", &original->database);
}

/* After a change: found, or every value as before. */
static bool is_missed(struct world *world, const struct original *original, struct tally *tally)
{
    uint8_t digest[SHA256_BYTES];
    size_t bytes = 0;
    tally->tried++;
    if (!world_rows_good(world)) {
        return false;
    }
    bool same = content_digest(world, digest, &bytes) &&
                memcmp(digest, original->digest, sizeof(digest)) == 0;
    tally->unchanged += same;
    tally->missed += !same;
    return !same;
}

static void try_sql(struct world *world, const struct original *original, const char *text,
                    struct tally *tally)
{
    if (world_sql(world, text) && is_missed(world, original, tally)) {
        printf("     not found: %s\n", text);
    }
    world_write(world->directory_fd, "vogt.db", buf_slice(&original->database));
}

enum { KEYS_MAX = 64, KEY_BYTES_MAX = 96, SQL_BYTES = 1024 };

/* A table, how to write the condition that names one row, and what can be changed in it. */
struct table {
    const char *name, *keys_sql;
    const char *integers[4], *blobs[4], *texts[2];
};

static const struct table tables[] = {
    {"row", "SELECT 'path = ' || quote(path) FROM row", {"version", "due_unix_ms"}, {"bytes"},
     {"path"}},
    {"entry", "SELECT 'log = ' || log || ' AND idx = ' || idx FROM entry", {"log", "idx"},
     {"bytes"}, {NULL}},
    {"log", "SELECT 'log = ' || log FROM log", {"log", "size", "published_size"},
     {"root", "edge", "checkpoint"}, {NULL}},
    {"meta", "SELECT 'name = ' || quote(name) FROM meta", {NULL}, {"value"}, {"name"}},
};

struct keys {
    size_t count;
    char list[KEYS_MAX][KEY_BYTES_MAX];
};

static void read_keys(struct world *world, const struct table *table, struct keys *ret_keys)
{
    char path[64];
    sqlite3_stmt *statement = NULL;
    snprintf(path, sizeof(path), "%s/vogt.db", world->directory);
    MUST(sqlite3_open(path, &world->database) == SQLITE_OK);
    MUST(sqlite3_prepare_v2(world->database, table->keys_sql, -1, &statement, NULL) == SQLITE_OK);
    ret_keys->count = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        MUST(ret_keys->count < KEYS_MAX);
        snprintf(ret_keys->list[ret_keys->count++], KEY_BYTES_MAX, "%s",
                 (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    sqlite3_close(world->database);
}

/* @ is the column. */
static const char *const integer_changes[] = {
    "@ + 1", "@ - 1", "0", "-1", "@ + 4294967296", "@ + 0.5", "'x' || @"};
static const char *const blob_changes[] = {
    "x''",
    "@ || x'00'",
    "CAST(substr(@, 2) AS BLOB)",
    "CAST(substr(@, 1, length(@) - 1) AS BLOB)",
    "CAST(x'ff' || substr(@, 2) AS BLOB)",
    "CAST(substr(@, 1, length(@) - 1) || x'ff' AS BLOB)",
    "CAST(@ AS TEXT)",
    "7"};
static const char *const text_changes[] = {"@ || 'x'", "'x' || @", "upper(@)"};

static void fill_in(const char *text, const char *column, char out[SQL_BYTES / 2])
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        len += (size_t)snprintf(out + len, SQL_BYTES / 2 - len, "%.*s", *text == '@' ? 64 : 1,
                                *text == '@' ? column : text);
        MUST(len < SQL_BYTES / 2);
    }
}

static void change_column(struct world *world, const struct original *original,
                          const char *table_name, const char *column, const char *key,
                          const char *const *changes, size_t change_count, struct tally *tally)
{
    char text[SQL_BYTES], value[SQL_BYTES / 2];
    for (size_t i = 0; column != NULL && i < change_count; i++) {
        fill_in(changes[i], column, value);
        snprintf(text, sizeof(text), "UPDATE %s SET %s = %s WHERE %s", table_name, column, value,
                 key);
        try_sql(world, original, text, tally);
    }
}

static void change_row(struct world *world, const struct original *original,
                       const struct table *table, const char *key, struct tally *tally)
{
    char text[SQL_BYTES];
    snprintf(text, sizeof(text), "DELETE FROM %s WHERE %s", table->name, key);
    try_sql(world, original, text, tally);
#define CHANGE_ALL(columns, changes)                                                               \
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {                            \
        change_column(world, original, table->name, columns[i], key, changes,                      \
                      sizeof(changes) / sizeof(changes[0]), tally);                                \
    }
    CHANGE_ALL(table->integers, integer_changes)
    CHANGE_ALL(table->blobs, blob_changes)
    CHANGE_ALL(table->texts, text_changes)
#undef CHANGE_ALL
}

static void swap_column(struct world *world, const struct original *original,
                        const char *table_name, const char *column, const char *a, const char *b,
                        struct tally *tally)
{
    char text[SQL_BYTES];
    if (column == NULL) {
        return;
    }
    snprintf(text, sizeof(text),
             "UPDATE %s SET %s = CASE WHEN %s THEN (SELECT %s FROM %s WHERE %s) ELSE (SELECT %s FROM "
             "%s WHERE %s) END WHERE (%s) OR (%s)",
             table_name, column, a, column, table_name, b, column, table_name, a, a, b);
    try_sql(world, original, text, tally);
}

/* Key columns cannot be swapped in one statement: SQLite holds them unique; swapping all others is the
 * same. */
static void swap_pairs(struct world *world, const struct original *original,
                       const struct table *table, const struct keys *keys, struct tally *tally)
{
    for (size_t a = 0; a < keys->count; a++) {
        for (size_t b = 0; b < a; b++) {
            for (size_t i = 0; i < 4; i++) {
                swap_column(world, original, table->name, table->integers[i], keys->list[a],
                            keys->list[b], tally);
                swap_column(world, original, table->name, table->blobs[i], keys->list[a],
                            keys->list[b], tally);
            }
        }
    }
}

static const char *const additions[] = {
    "INSERT INTO row VALUES ('kv/secret', 1, 0, x'00')",
    "INSERT INTO row VALUES ('audit/0000000000000004', 1, 0, x'00')",
    "INSERT INTO row VALUES ('audit/other', 1, 0, x'00')",
    "INSERT INTO row VALUES ('audit/', 1, 0, x'00')",
    "INSERT INTO row SELECT 'evidence/0000000000000009', version, 0, bytes FROM row LIMIT 1",
    "INSERT INTO row VALUES (x'6b76', 1, 0, x'00')",
    "INSERT INTO entry SELECT log, 4, bytes FROM entry WHERE idx = 0 AND log = 1",
    "INSERT INTO entry SELECT log, 9, bytes FROM entry WHERE idx = 0 AND log = 1",
    "INSERT INTO entry SELECT log, 4, bytes FROM entry WHERE idx = 3 AND log = 2",
    "INSERT INTO entry SELECT log, -1, bytes FROM entry WHERE idx = 0 AND log = 2",
    "INSERT INTO entry SELECT log, 0.5, bytes FROM entry WHERE idx = 0 AND log = 2",
    "INSERT INTO entry SELECT 3, idx, bytes FROM entry WHERE log = 1",
    "INSERT INTO entry SELECT 1.5, idx, bytes FROM entry WHERE log = 1",
    "INSERT INTO entry VALUES ('x', 0, x'')",
    "INSERT INTO log SELECT 3, size, root, edge, published_size, checkpoint FROM log WHERE log = 1",
    "INSERT INTO meta VALUES ('other', 1)",
    "INSERT INTO meta SELECT 'state-1', value FROM meta WHERE name = 'state'",
    "UPDATE meta SET value = 1 WHERE name = 'epoch'",
    "DELETE FROM log",
    "DELETE FROM entry WHERE log = 1",
    "CREATE TABLE other(x)",
    "CREATE INDEX other ON row(version)",
    "CREATE VIEW other AS SELECT 1",
    "CREATE TRIGGER other AFTER INSERT ON row BEGIN DELETE FROM row WHERE path = 'x'; END",
    "DROP INDEX row_due",
    "ALTER TABLE row ADD COLUMN other",
    "ANALYZE",
    "PRAGMA user_version = 0",
    "PRAGMA user_version = 1",
    "PRAGMA application_id = 1",
};

TEST(every_removed_changed_added_and_swapped_row_is_found)
{
    struct world world;
    struct original original;
    struct keys *keys = calloc(1, sizeof(*keys));
    world_make(&world, true, 2, 4);
    CHECK(keys != NULL && world_rows_good(&world));
    keep_original(&world, &original);
    size_t missed = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct tally changes = {0}, swaps = {0};
        read_keys(&world, &tables[i], keys);
        for (size_t row = 0; row < keys->count; row++) {
            change_row(&world, &original, &tables[i], keys->list[row], &changes);
        }
        swap_pairs(&world, &original, &tables[i], keys, &swaps);
        printf("     %s: %zu rows; %zu removals and changes (%zu left every value as it was, %zu "
               "missed), %zu swaps (%zu equal, %zu missed)\n",
               tables[i].name, keys->count, changes.tried, changes.unchanged, changes.missed,
               swaps.tried, swaps.unchanged, swaps.missed);
        missed += changes.missed + swaps.missed;
    }
    struct tally others = {0};
    for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
        try_sql(&world, &original, additions[i], &others);
    }
    printf("     %zu additions and other changes, %zu unchanged, %zu missed\n", others.tried,
           others.unchanged, others.missed);
    CHECK_U64(sizeof(additions) / sizeof(additions[0]), others.tried); /* SQLite refused none */
    CHECK_U64(0, others.unchanged);
    CHECK_U64(0, missed + others.missed);
    CHECK(world_rows_good(&world));
    buf_free(&original.database);
    free(keys);
    world_free(&world);
}

/* What is not found changed no value: counters of the header, free bytes within pages. */
TEST(every_flip_and_cut_of_the_database_is_found_or_changes_nothing)
{
    struct world world;
    struct original original;
    struct tally flips = {0}, cuts = {0};
    world_make(&world, true, 1, 2);
    CHECK(world_rows_good(&world));
    keep_original(&world, &original);
    struct slice bytes = buf_slice(&original.database);
    int fd = openat(world.directory_fd, "vogt.db", O_RDWR | O_CLOEXEC);
    for (size_t i = 0; i < bytes.len; i++) {
        const uint8_t masks[] = {(uint8_t)(1u << i % 8), 0xff};
        for (size_t mask = 0; mask < sizeof(masks); mask++) {
            uint8_t flipped = (uint8_t)(bytes.data[i] ^ masks[mask]);
            MUST(pwrite(fd, &flipped, 1, (off_t)i) == 1);
            if (is_missed(&world, &original, &flips)) {
                printf("     missed: byte %zu, mask %02x\n", i, masks[mask]);
            }
        }
        MUST(pwrite(fd, &bytes.data[i], 1, (off_t)i) == 1);
    }
    for (size_t length = bytes.len; length-- > 0;) {
        MUST(ftruncate(fd, (off_t)length) == 0);
        (void)is_missed(&world, &original, &cuts);
    }
    close(fd);
    printf("     %zu flips of %zu bytes: %zu left every value as it was, %zu missed; %zu cuts, %zu "
           "missed\n",
           flips.tried, bytes.len, flips.unchanged, flips.missed, cuts.tried, cuts.missed);
    CHECK_U64(0, flips.missed + cuts.missed + cuts.unchanged);
    CHECK(flips.tried - flips.unchanged > 2 * original.blob_bytes); /* each byte of a blob, and more */
    buf_free(&original.database);
    world_free(&world);
}

TEST_MAIN
