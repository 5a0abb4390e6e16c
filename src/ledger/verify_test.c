/*
 * A small ledger, made here with SQL and plain files, and everything that can be done to it: each
 * byte flipped, each file cut at each length or removed, rows and entries changed, removed,
 * swapped, added, and the whole set back to yesterday.
 */
#include "crypto/check_crypto.h"
#include "ledger/verify.h"

#include "base/check.h"
#include "ledger/commitment.h"
#include "store/sethash.h"

#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20, FILES_MAX = 64 };

static const char schema[] =
    "PRAGMA page_size=512; PRAGMA application_id=1450141556; PRAGMA user_version=1; BEGIN;"
    "CREATE TABLE row(path TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, due_unix_ms "
    "INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX row_due ON row(due_unix_ms) WHERE due_unix_ms > 0;"
    "CREATE TABLE entry(log INTEGER NOT NULL, idx INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY "
    "KEY(log, idx)) WITHOUT ROWID;"
    "CREATE TABLE log(log INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, edge "
    "BLOB NOT NULL,"
    " published_size INTEGER NOT NULL, checkpoint BLOB NOT NULL);"
    "CREATE TABLE meta(name TEXT PRIMARY KEY NOT NULL, value);"
    "INSERT INTO meta VALUES ('epoch', 0);";

struct world {
    char directory[32];
    int directory_fd, log_fd[LOG_AUDIT + 1];
    uint8_t seed[LOG_AUDIT + 1][ED25519_SEED_BYTES];
    struct note_key keys[LOG_AUDIT + 1];
    struct tree trees[LOG_AUDIT + 1];
    struct buf checkpoints[LOG_AUDIT + 1];
    struct buf entries[LOG_AUDIT + 1]; /* of the current bundle */
    struct tree_hash *leaves[LOG_AUDIT + 1];
    struct sethash sethash;
    sqlite3 *database;
};

static const char *const folder_names[] = {"", "evidence", "audit"};

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "the test's own ledger cannot be made: %s\n", what);
        abort();
    }
}
#define MUST(expression) must((expression), #expression)

static void write_file(int directory_fd, const char *path, struct slice bytes)
{
    char folder[128];
    for (size_t i = 0; path[i] != '\0'; i++) {
        if (path[i] == '/') {
            snprintf(folder, sizeof(folder), "%.*s", (int)i, path);
            mkdirat(directory_fd, folder, 0700);
        }
    }
    int fd = openat(directory_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUST(fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    close(fd);
}

static void sql(struct world *world, const char *text)
{
    MUST(sqlite3_exec(world->database, text, NULL, NULL, NULL) == SQLITE_OK);
}

static void insert(struct world *world, const char *text, const char *path, int64_t a, int64_t b,
                   struct slice bytes)
{
    sqlite3_stmt *statement = NULL;
    MUST(sqlite3_prepare_v2(world->database, text, -1, &statement, NULL) == SQLITE_OK);
    MUST(path == NULL || sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC) == SQLITE_OK);
    MUST(sqlite3_bind_int64(statement, 2, a) == SQLITE_OK &&
         sqlite3_bind_int64(statement, 3, b) == SQLITE_OK);
    MUST(sqlite3_bind_blob(statement, 4, bytes.data, (int)bytes.len, SQLITE_STATIC) == SQLITE_OK);
    MUST(sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_finalize(statement);
}

static void put_row(struct world *world, const char *path, struct slice bytes)
{
    insert(world, "INSERT INTO row VALUES (?1, ?2, ?3, ?4)", path, 1, 0, bytes);
    if (strncmp(path, "audit/", 6) != 0) {
        MUST(sethash_add(&world->sethash, slice_string(path), 1, bytes) == ERR_NONE);
    }
}

static void put_entry(struct world *world, uint8_t log, struct slice entry)
{
    struct tree *tree = &world->trees[log];
    if (world->database != NULL) {
        insert(world, "INSERT INTO entry VALUES (?2, ?3, ?4)", NULL, log, (int64_t)tree->size,
               entry);
    }
    tree_leaf(entry, &world->leaves[log][tree->size]);
    MUST(tree_append(tree, entry) == ERR_NONE &&
         bundle_append(&world->entries[log], entry) == ERR_NONE);
}

/* Evidence with its row, a row that changes nothing else, and the audit entry with its blob. */
static void commit(struct world *world, uint64_t number)
{
    uint8_t evidence[EVIDENCE_ENTRY_BYTES] = {ENTRY_EVIDENCE, (uint8_t)number,
                                              (uint8_t)(number >> 8)};
    uint8_t audit[AUDIT_ENTRY_BYTES], blob[40];
    char path[LEDGER_ROW_PATH_BYTES];
    struct audit_entry entry = {.evidence_size = number + 1};
    put_entry(world, LOG_EVIDENCE, slice_of(evidence, sizeof(evidence)));
    if (world->database == NULL) {
        return;
    }
    ledger_row_path("evidence", number, path);
    put_row(world, path, slice_of(path, 20));
    memset(blob, (int)number + 1, sizeof(blob));
    ledger_row_path("audit", number, path);
    put_row(world, path, slice_of(blob, sizeof(blob)));
    sha256(slice_of(blob, sizeof(blob)), entry.blob_digest.bytes);
    sethash_digest(&world->sethash, entry.state_digest.bytes);
    tree_root(&world->trees[LOG_EVIDENCE], &entry.evidence_root);
    audit_entry_encode(&entry, audit);
    put_entry(world, LOG_AUDIT, slice_of(audit, sizeof(audit)));
}

static void write_tile(struct world *world, uint8_t log, const struct tile *tile)
{
    cleanup_buf struct buf bytes = BUF_INIT(BUNDLE_MAX_BYTES);
    char path[TILE_PATH_BYTES];
    uint64_t first = tile->number * TILE_WIDTH;
    struct slice rest = buf_slice(&world->entries[log]), entry;
    for (uint64_t i = 0; tile->level == TILE_LEVEL_ENTRIES && i < first + tile->width; i++) {
        MUST(bundle_next(&rest, &entry) == ERR_NONE);
        MUST(i < first || bundle_append(&bytes, entry) == ERR_NONE);
    }
    for (unsigned i = 0; tile->level != TILE_LEVEL_ENTRIES && i < tile->width; i++) {
        struct tree_hash hash;
        tile_fold(&world->leaves[log][(first + i) << (TILE_HEIGHT * tile->level)],
                  1u << (TILE_HEIGHT * tile->level), &hash);
        MUST(buf_append(&bytes, tree_hash_slice(&hash)) == ERR_NONE);
    }
    tile_path(tile, path);
    write_file(world->log_fd[log], path, buf_slice(&bytes));
}

static void publish(struct world *world, uint8_t log, uint64_t old_size)
{
    struct tree *tree = &world->trees[log];
    struct tree_hash root, edge[TREE_EDGE_MAX];
    struct tile tile;
    for (struct tile_walk walk = tile_walk_start(old_size, tree->size);
         tile_walk_next(&walk, &tile);) {
        write_tile(world, log, &tile);
    }
    tree_root(tree, &root);
    buf_clear(&world->checkpoints[log]);
    MUST(checkpoint_sign(&world->keys[log], slice_of(world->seed[log], ED25519_SEED_BYTES),
                         tree->size, &root, &world->checkpoints[log]) == ERR_NONE);
    write_file(world->log_fd[log], "checkpoint", buf_slice(&world->checkpoints[log]));
    if (world->database == NULL) {
        return;
    }
    size_t count = tree_save(tree, edge);
    char text[256];
    snprintf(text, sizeof(text),
             "INSERT OR REPLACE INTO log VALUES (%u, %llu, x'', x'', %llu, x'')", log,
             (unsigned long long)tree->size, (unsigned long long)tree->size);
    sql(world, text);
    insert(world, "UPDATE log SET root = ?4 WHERE log = ?2 AND ?3 = 0", NULL, log, 0,
           tree_hash_slice(&root));
    insert(world, "UPDATE log SET edge = ?4 WHERE log = ?2 AND ?3 = 0", NULL, log, 0,
           slice_of(edge, count * SHA256_BYTES));
    insert(world, "UPDATE log SET checkpoint = ?4 WHERE log = ?2 AND ?3 = 0", NULL, log, 0,
           buf_slice(&world->checkpoints[log]));
}

static void save_state(struct world *world)
{
    uint8_t lanes[SETHASH_BYTES];
    sethash_save(&world->sethash, lanes);
    insert(world, "INSERT OR REPLACE INTO meta SELECT ?1, ?4 WHERE ?2 = 0 AND ?3 = 0", "state", 0,
           0, slice_of(lanes, sizeof(lanes)));
}

static void publish_all(struct world *world, uint64_t old_size)
{
    publish(world, LOG_EVIDENCE, old_size);
    if (world->database != NULL) {
        publish(world, LOG_AUDIT, old_size);
        save_state(world);
    }
}

static void make_world(struct world *world, bool with_database, uint64_t first_size, uint64_t size)
{
    *world = (struct world){.directory = "/tmp/vogt-test-XXXXXX"};
    MUST(mkdtemp(world->directory) != NULL);
    world->directory_fd = open(world->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        uint8_t public_key[ED25519_PUBLIC_BYTES];
        world->entries[log].max = world->checkpoints[log].max = FILE_MAX_BYTES;
        world->leaves[log] = calloc(size + TILE_WIDTH, sizeof(struct tree_hash));
        memset(world->seed[log], log, ED25519_SEED_BYTES);
        MUST(ed25519_public(slice_of(world->seed[log], ED25519_SEED_BYTES), public_key) ==
             ERR_NONE);
        MUST(note_key_make(slice_string(folder_names[log]), NOTE_TYPE_ED25519,
                           slice_of(public_key, sizeof(public_key)),
                           &world->keys[log]) == ERR_NONE);
        mkdirat(world->directory_fd, folder_names[log], 0700);
        world->log_fd[log] =
            openat(world->directory_fd, folder_names[log], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (with_database) {
        char path[64];
        snprintf(path, sizeof(path), "%s/vogt.db", world->directory);
        MUST(sqlite3_open(path, &world->database) == SQLITE_OK);
        sql(world, schema);
    }
    for (uint64_t i = 0; i < size; i++) {
        if (i == first_size && i > 0) {
            publish_all(world, 0);
        }
        commit(world, i);
    }
    publish_all(world, first_size);
    if (with_database) {
        sql(world, "COMMIT");
        sqlite3_close(world->database);
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void free_world(struct world *world)
{
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        buf_free(&world->entries[log]);
        buf_free(&world->checkpoints[log]);
        free(world->leaves[log]);
        close(world->log_fd[log]);
    }
    close(world->directory_fd);
    nftw(world->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* True: nothing is wrong. An error is as loud as a finding. */
static bool tiles_good(struct world *world, uint8_t log, struct slice known)
{
    struct verify_report report;
    struct verify_source source = verify_directory(&world->log_fd[log]);
    MUST(verify_report_start(&report) == ERR_NONE);
    enum err err = verify_log(&source, log, &world->keys[log], NULL, &report);
    err = err == ERR_NONE ? verify_folder(&world->log_fd[log], log, &report) : err;
    if (known.len > 0) {
        err = err == ERR_NONE ? verify_known(&source, log, &world->keys[log], known, &report) : err;
    }
    bool good = err == ERR_NONE && verify_report_good(&report) && report.finding_count == 0;
    verify_report_free(&report);
    return good;
}

static enum err rows_checked(struct world *world, struct slice known, struct verify_report *report)
{
    struct verify_store store = {.directory_fd = world->directory_fd};
    MUST(verify_report_start(report) == ERR_NONE);
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        store.keys[log] = &world->keys[log];
        report->logs[log].opened = true;
        report->logs[log].size = world->trees[log].size;
        tree_root(&world->trees[log], &report->logs[log].root);
    }
    store.known[LOG_EVIDENCE] = known;
    return verify_rows(&store, NULL, report);
}

static bool rows_good(struct world *world)
{
    struct verify_report report;
    enum err err = rows_checked(world, SLICE_NONE, &report);
    bool good = err == ERR_NONE && verify_report_good(&report);
    verify_report_free(&report);
    return good;
}

static void read_file(int directory_fd, const char *path, struct buf *bytes)
{
    struct verify_source source = verify_directory(&directory_fd);
    buf_clear(bytes);
    MUST(source.fetch(source.context, path, bytes) == ERR_NONE);
}

/* All files of a log, found by walking. */
struct listing {
    size_t count;
    char paths[FILES_MAX][TILE_PATH_BYTES];
};
static struct listing listing;
static size_t listing_skip;

static int list_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)walk;
    if (type == FTW_F && listing.count < FILES_MAX) {
        snprintf(listing.paths[listing.count++], TILE_PATH_BYTES, "%s", path + listing_skip);
    }
    return 0;
}

static void list_files(struct world *world, uint8_t log)
{
    char root[64];
    listing.count = 0;
    listing_skip =
        (size_t)snprintf(root, sizeof(root), "%s/%s", world->directory, folder_names[log]) + 1;
    nftw(root, list_one, 16, FTW_PHYS);
}

TEST(every_change_to_a_file_of_a_log_is_found)
{
    struct world world;
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES);
    make_world(&world, false, 261, 300);
    CHECK(tiles_good(&world, LOG_EVIDENCE, SLICE_NONE));
    list_files(&world, LOG_EVIDENCE);
    CHECK_U64(8,
              listing.count); /* checkpoint, 2 x (full, old and new partial), and level 1's tile */
    size_t missed = 0, tried = 0;
    for (size_t file = 0; file < listing.count; file++) {
        const char *path = listing.paths[file];
        read_file(world.log_fd[LOG_EVIDENCE], path, &bytes);
        int fd = openat(world.log_fd[LOG_EVIDENCE], path, O_RDWR | O_CLOEXEC);
        for (size_t i = 0; i < bytes.len; i++, tried++) {
            uint8_t flipped = (uint8_t)(bytes.data[i] ^ (1u << i % 8));
            MUST(pwrite(fd, &flipped, 1, (off_t)i) == 1);
            missed += tiles_good(&world, LOG_EVIDENCE, SLICE_NONE);
            MUST(pwrite(fd, &bytes.data[i], 1, (off_t)i) == 1);
        }
        close(fd);
        for (size_t length = 0; length < bytes.len; length += length < 200 ? 1 : 31, tried++) {
            write_file(world.log_fd[LOG_EVIDENCE], path, slice_first(buf_slice(&bytes), length));
            missed += tiles_good(&world, LOG_EVIDENCE, SLICE_NONE);
        }
        write_file(world.log_fd[LOG_EVIDENCE], path, buf_slice(&bytes));
    }
    CHECK(tiles_good(&world, LOG_EVIDENCE, SLICE_NONE));
    printf("     %zu flips and cuts of %zu files, %zu missed\n", tried, listing.count, missed);
    CHECK_U64(0, missed);
    free_world(&world);
}

/* What the present size needs must be there; a partial tile of an earlier size may go. */
TEST(removed_swapped_and_foreign_files_are_found)
{
    struct world world;
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES), other = BUF_INIT(FILE_MAX_BYTES);
    make_world(&world, false, 261, 300);
    list_files(&world, LOG_EVIDENCE);
    int fd = world.log_fd[LOG_EVIDENCE];
    for (size_t file = 0; file < listing.count; file++) {
        const char *path = listing.paths[file];
        bool old = strstr(path, ".p/5") != NULL;
        read_file(fd, path, &bytes);
        MUST(unlinkat(fd, path, 0) == 0);
        CHECK(tiles_good(&world, LOG_EVIDENCE, SLICE_NONE) == old);
        for (size_t second = 0; second < file; second++) {
            read_file(fd, listing.paths[second], &other);
            write_file(fd, path, buf_slice(&other));
            write_file(fd, listing.paths[second], buf_slice(&bytes));
            CHECK(!tiles_good(&world, LOG_EVIDENCE, SLICE_NONE));
            write_file(fd, listing.paths[second], buf_slice(&other));
        }
        write_file(fd, path, buf_slice(&bytes));
    }
    CHECK(tiles_good(&world, LOG_EVIDENCE, SLICE_NONE));
    write_file(fd, "tile/0/notes.txt", SLICE_LITERAL("x"));
    CHECK(!tiles_good(&world, LOG_EVIDENCE, SLICE_NONE));
    free_world(&world);
}

TEST(a_checkpoint_kept_elsewhere_shows_a_rollback_and_a_fork)
{
    struct world old, new;
    make_world(&old, true, 0, 10);
    make_world(&new, true, 10, 12);
    struct slice yesterday = buf_slice(&old.checkpoints[LOG_EVIDENCE]),
                 today = buf_slice(&new.checkpoints[LOG_EVIDENCE]);
    CHECK(tiles_good(&new, LOG_EVIDENCE, yesterday));
    CHECK(tiles_good(&new, LOG_EVIDENCE, today));
    CHECK(!tiles_good(&old, LOG_EVIDENCE, today));
    struct verify_report report;
    CHECK_ERR(ERR_NONE, rows_checked(&old, today, &report));
    CHECK(!verify_report_good(&report));
    CHECK(strstr(report.findings[0].text.english, "rolled back") != NULL);
    verify_report_free(&report);
    CHECK_ERR(ERR_NONE, rows_checked(&new, yesterday, &report));
    CHECK(verify_report_good(&report));
    verify_report_free(&report);

    cleanup_buf struct buf forked = BUF_INIT(4096);
    struct tree_hash root = {{1}};
    CHECK_ERR(ERR_NONE, checkpoint_sign(&new.keys[LOG_EVIDENCE],
                                        slice_of(new.seed[LOG_EVIDENCE], ED25519_SEED_BYTES), 7,
                                        &root, &forked));
    CHECK(!tiles_good(&new, LOG_EVIDENCE, buf_slice(&forked)));
    CHECK_ERR(ERR_NONE, rows_checked(&new, buf_slice(&forked), &report));
    CHECK(!verify_report_good(&report));
    verify_report_free(&report);
    free_world(&old);
    free_world(&new);
}

/* Changes by somebody who knows SQL, and the one that undoes each. */
static const char *const row_changes[] = {
    "DELETE FROM row WHERE path = 'evidence/0000000000000002'",
    "DELETE FROM row WHERE path = 'audit/0000000000000000'",
    "DELETE FROM row WHERE path = 'audit/0000000000000005'",
    "UPDATE row SET version = 2 WHERE path = 'evidence/0000000000000003'",
    "UPDATE row SET version = 2 WHERE path = 'audit/0000000000000003'",
    "UPDATE row SET bytes = (SELECT bytes FROM row WHERE path = 'evidence/0000000000000001') || "
    "x'00' WHERE path = 'evidence/0000000000000001'",
    "UPDATE row SET bytes = (SELECT r.bytes FROM row r WHERE r.path = CASE row.path WHEN "
    "'audit/0000000000000001' THEN"
    " 'audit/0000000000000002' ELSE 'audit/0000000000000001' END) WHERE path IN "
    "('audit/0000000000000001', 'audit/0000000000000002')",
    "UPDATE row SET path = 'evidence/0000000000000099' WHERE path = 'evidence/0000000000000004'",
    "INSERT INTO row VALUES ('kv/secret', 1, 0, x'00')",
    "INSERT INTO row VALUES ('audit/0000000000000006', 1, 0, x'00')",
    "INSERT INTO row VALUES ('audit/other', 1, 0, x'00')",
    "DELETE FROM entry WHERE log = 1 AND idx = 2",
    "DELETE FROM entry WHERE log = 2 AND idx = 5",
    "DELETE FROM entry WHERE log = 1",
    "UPDATE entry SET bytes = x'01' || substr(bytes, 3) || x'00' WHERE log = 1 AND idx = 3",
    "UPDATE entry SET bytes = (SELECT e.bytes FROM entry e WHERE e.log = 1 AND e.idx = 3 - "
    "entry.idx) WHERE log = 1 AND idx IN (1, 2)",
    "UPDATE entry SET bytes = (SELECT e.bytes FROM entry e WHERE e.log = 2 AND e.idx = 3 - "
    "entry.idx) WHERE log = 2 AND idx IN (1, 2)",
    "UPDATE entry SET log = 3 WHERE log = 2",
    "INSERT INTO entry SELECT log, 6, bytes FROM entry WHERE idx = 0 AND log = 1",
    "UPDATE log SET size = 5 WHERE log = 1",
    "UPDATE log SET root = zeroblob(32) WHERE log = 2",
    "UPDATE log SET edge = zeroblob(64) WHERE log = 1",
    "UPDATE log SET published_size = 3 WHERE log = 1",
    "UPDATE log SET checkpoint = (SELECT checkpoint FROM log WHERE log = 1)",
    "DELETE FROM log",
    "UPDATE meta SET value = zeroblob(2048) WHERE name = 'state'",
    "DELETE FROM meta WHERE name = 'state'",
    "PRAGMA user_version = 0",
    "PRAGMA application_id = 1",
};

TEST(changed_removed_added_and_swapped_rows_are_found)
{
    struct world world;
    char path[64];
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES);
    make_world(&world, true, 4, 6);
    CHECK(rows_good(&world));
    read_file(world.directory_fd, "vogt.db", &bytes);
    snprintf(path, sizeof(path), "%s/vogt.db", world.directory);
    for (size_t i = 0; i < sizeof(row_changes) / sizeof(row_changes[0]); i++) {
        MUST(sqlite3_open(path, &world.database) == SQLITE_OK);
        sql(&world, row_changes[i]);
        sqlite3_close(world.database);
        if (rows_good(&world)) {
            printf("     not found: %s\n", row_changes[i]);
            CHECK(false);
        }
        write_file(world.directory_fd, "vogt.db", buf_slice(&bytes));
        CHECK(rows_good(&world));
    }
    free_world(&world);
}

/* SHA-256 of all that the tables say, but for due_unix_ms and the epoch, which no log covers. */
static bool content_digest(struct world *world, uint8_t ret_digest[SHA256_BYTES], size_t *ret_bytes)
{
    static const char *const queries[] = {
        "SELECT path, version, bytes FROM row ORDER BY path",
        "SELECT log, idx, bytes FROM entry ORDER BY log, idx",
        "SELECT log, size, root, edge, published_size, checkpoint FROM log ORDER BY log",
        "SELECT name, value FROM meta WHERE name = 'state'",
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
                const void *data = sqlite3_column_blob(statement, c);
                *ret_bytes += sqlite3_column_type(statement, c) == SQLITE_BLOB
                                  ? (size_t)sqlite3_column_bytes(statement, c)
                                  : 0;
                good =
                    put_bytes(&all, slice_of(data, data == NULL ? 0
                                                                : (size_t)sqlite3_column_bytes(
                                                                      statement, c))) == ERR_NONE;
            }
        }
        good = good && result == SQLITE_DONE;
        sqlite3_finalize(statement);
    }
    sqlite3_close(database);
    sha256(buf_slice(&all), ret_digest);
    return good;
}

/* A flip is found, or every row still says the same: counters, free space, types of equal bytes,
 * due and epoch. */
TEST(every_flipped_byte_of_the_database_is_found_or_changes_nothing)
{
    struct world world;
    uint8_t before[SHA256_BYTES], after[SHA256_BYTES];
    size_t content_bytes = 0;
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES);
    make_world(&world, true, 2, 3);
    CHECK(rows_good(&world) && content_digest(&world, before, &content_bytes));
    read_file(world.directory_fd, "vogt.db", &bytes);
    int fd = openat(world.directory_fd, "vogt.db", O_RDWR | O_CLOEXEC);
    size_t found = 0, unchanged = 0, missed = 0, other_bytes = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t flipped = (uint8_t)(bytes.data[i] ^ (1u << i % 8));
        MUST(pwrite(fd, &flipped, 1, (off_t)i) == 1);
        if (!rows_good(&world)) {
            found++;
        } else if (content_digest(&world, after, &other_bytes) &&
                   memcmp(before, after, sizeof(before)) == 0) {
            unchanged++;
        } else {
            printf("     missed: byte %zu\n", i);
            missed++;
        }
        MUST(pwrite(fd, &bytes.data[i], 1, (off_t)i) == 1);
    }
    close(fd);
    printf("     %zu bytes: %zu flips found, %zu leave every row as it was, %zu missed\n",
           bytes.len, found, unchanged, missed);
    CHECK_U64(0, missed);
    CHECK(found > content_bytes); /* every byte of a blob, and more */
    for (size_t length = 0; length < bytes.len; length += 97) {
        write_file(world.directory_fd, "vogt.db", slice_first(buf_slice(&bytes), length));
        CHECK(!rows_good(&world));
    }
    free_world(&world);
}

TEST(a_held_or_absent_database_is_an_error_and_nothing_is_written)
{
    struct world world;
    struct verify_report report;
    make_world(&world, true, 0, 2);
    int fd = openat(world.directory_fd, "vogt.db", O_RDWR | O_CLOEXEC);
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
    CHECK(fcntl(fd, F_OFD_SETLK, &lock) == 0);
    CHECK_ERR(ERR_LOCKED, rows_checked(&world, SLICE_NONE, &report));
    verify_report_free(&report);
    close(fd);
    CHECK(rows_good(&world));
    CHECK(faccessat(world.directory_fd, "vogt.db-wal", F_OK, 0) != 0);
    CHECK(faccessat(world.directory_fd, "vogt.db-shm", F_OK, 0) != 0);
    CHECK(unlinkat(world.directory_fd, "vogt.db", 0) == 0);
    CHECK_ERR(ERR_NOT_FOUND, rows_checked(&world, SLICE_NONE, &report));
    verify_report_free(&report);
    free_world(&world);
}

/* What a crash leaves: pages that stand only in the write-ahead log. They count, and the ledger
 * stays as it was. */
TEST(a_write_ahead_log_is_read_in_a_copy)
{
    struct world world;
    char path[64];
    cleanup_buf struct buf before = BUF_INIT(FILE_MAX_BYTES), after = BUF_INIT(FILE_MAX_BYTES);
    make_world(&world, true, 0, 3);
    snprintf(path, sizeof(path), "%s/vogt.db", world.directory);
    MUST(sqlite3_open(path, &world.database) == SQLITE_OK);
    sql(&world, "PRAGMA journal_mode=WAL; UPDATE meta SET value = 1 WHERE name = 'epoch'");
    CHECK(faccessat(world.directory_fd, "vogt.db-wal", F_OK, 0) == 0);
    CHECK(rows_good(&world));
    sql(&world, "UPDATE row SET version = 2 WHERE path = 'evidence/0000000000000001'");
    read_file(world.directory_fd, "vogt.db-wal", &before);
    CHECK(!rows_good(&world));
    read_file(world.directory_fd, "vogt.db-wal", &after);
    CHECK(slice_equal(buf_slice(&before), buf_slice(&after)));
    sqlite3_close(world.database);
    free_world(&world);
}

TEST_MAIN
