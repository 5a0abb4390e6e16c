#include "ledger/verify_world.h"

#include "ledger/commitment.h"
#include "store/schema.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const folder_names[] = {"", "evidence", "audit"};

void world_must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "the test's own ledger: %s\n", what);
        abort();
    }
}

void world_write(int directory_fd, const char *path, struct slice bytes)
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

static void make_tables(struct world *world)
{
    char versions[128];
    snprintf(versions, sizeof(versions),
             "PRAGMA page_size=512; PRAGMA application_id=%d; PRAGMA user_version=%d; BEGIN",
             (int)APPLICATION_ID, world->schema);
    sql(world, versions);
    for (size_t i = 0; i < SCHEMA_OBJECT_COUNT; i++) {
        if (schema_objects[i].sql != NULL) {
            sql(world, schema_objects[i].sql);
        }
    }
    sql(world, "INSERT INTO meta VALUES ('epoch', 0)");
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

static void put_row(struct world *world, const char *path, uint64_t due_unix_ms, struct slice bytes)
{
    struct stored_row row = {slice_string(path), 1, due_unix_ms, bytes};
    insert(world, "INSERT INTO row VALUES (?1, ?2, ?3, ?4)", path, 1, (int64_t)due_unix_ms, bytes);
    enum err err = !sethash_covers(row.path) ? ERR_NONE
                   : world->schema == 1      ? sethash_add_1(&world->sethash, &row)
                                             : sethash_add(&world->sethash, &row);
    MUST(err == ERR_NONE);
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

/* Evidence with its row, a row that is due, and the audit entry with its blob. */
static void commit(struct world *world, uint64_t number)
{
    uint8_t evidence[EVIDENCE_ENTRY_BYTES] = {ENTRY_EVIDENCE, (uint8_t)number,
                                              (uint8_t)(number >> 8)};
    uint8_t audit[AUDIT_ENTRY_BYTES], blob[40];
    char path[2 * LEDGER_ROW_PATH_BYTES];
    struct audit_entry entry = {.evidence_size = number + 1};
    put_entry(world, LOG_EVIDENCE, slice_of(evidence, sizeof(evidence)));
    if (world->database == NULL) {
        return;
    }
    ledger_row_path("evidence", number, path);
    put_row(world, path, 0, slice_of(path, 20));
    snprintf(path, sizeof(path), "schedule/%04u", (unsigned)number);
    put_row(world, path, 1700000000000 + number * 60000, slice_of(path, 13));
    memset(blob, (int)number + 1, sizeof(blob));
    ledger_row_path("audit", number, path);
    if (number >= world->pruned_below) {
        put_row(world, path, 0, slice_of(blob, sizeof(blob)));
    }
    if (world->pruned_below > 0 && number == 0) {
        snprintf(path, sizeof(path), "ledger/audit-kept/%016" PRIx64, world->pruned_below);
        put_row(world, path, 0, SLICE_LITERAL("when"));
    }
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
    world_write(world->log_fd[log], path, buf_slice(&bytes));
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
    world_write(world->log_fd[log], "checkpoint", buf_slice(&world->checkpoints[log]));
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

static void make(struct world *world, int schema, uint64_t pruned_below, bool with_database,
                 uint64_t first_size, uint64_t size)
{
    *world = (struct world){.directory = "/tmp/vogt-test-XXXXXX",
                            .schema = schema,
                            .pruned_below = pruned_below};
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
        make_tables(world);
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

void world_make(struct world *world, bool with_database, uint64_t first_size, uint64_t size)
{
    make(world, SCHEMA_VERSION, 0, with_database, first_size, size);
}

void world_make_schema_1(struct world *world, uint64_t size)
{
    make(world, 1, 0, true, 0, size);
}

void world_make_pruned(struct world *world, uint64_t size, uint64_t below)
{
    make(world, SCHEMA_VERSION, below, true, 0, size);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void world_free(struct world *world)
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

bool world_tiles_good(struct world *world, uint8_t log, struct slice known)
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

enum err world_rows_check(struct world *world, struct slice known, struct verify_report *report)
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

bool world_rows_good(struct world *world)
{
    struct verify_report report;
    enum err err = world_rows_check(world, SLICE_NONE, &report);
    bool good = err == ERR_NONE && verify_report_good(&report);
    verify_report_free(&report);
    return good;
}

void world_read(int directory_fd, const char *path, struct buf *bytes)
{
    struct verify_source source = verify_directory(&directory_fd);
    buf_clear(bytes);
    MUST(source.fetch(source.context, path, bytes) == ERR_NONE);
}

/* All files of a log, found by walking; nftw knows no context. */
static struct world *listed;
static size_t listed_skip;

static int list_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)walk;
    if (type == FTW_F) {
        MUST(listed->file_count < FILES_MAX);
        snprintf(listed->files[listed->file_count++], TILE_PATH_BYTES, "%s", path + listed_skip);
    }
    return 0;
}

void world_list(struct world *world, uint8_t log)
{
    char root[64];
    world->file_count = 0;
    listed = world;
    listed_skip =
        (size_t)snprintf(root, sizeof(root), "%s/%s", world->directory, folder_names[log]) + 1;
    nftw(root, list_one, 16, FTW_PHYS);
}

bool world_sql(struct world *world, const char *text)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/vogt.db", world->directory);
    MUST(sqlite3_open(path, &world->database) == SQLITE_OK);
    bool good = sqlite3_exec(world->database, text, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(world->database);
    return good;
}
