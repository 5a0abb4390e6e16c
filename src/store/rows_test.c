#include "crypto/check_crypto.h"
#include "store/sethash.h"
#include "store/store.h"

#include "store/tiles.h"

#include "base/check.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A data directory of its own for each test, removed at its end. */
struct place {
    char path[64];
    struct store *store;
};

static enum err place_open(struct place *place)
{
    int fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct files *files = NULL;
    place->store = NULL;
    enum err err = fd < 0 ? ERR_IO : files_new(fd, &files);
    return err == ERR_NONE ? store_open(files, NULL, &place->store) : err;
}

static enum err place_new(struct place *place)
{
    snprintf(place->path, sizeof(place->path), "/tmp/vogt-rows-XXXXXX");
    return mkdtemp(place->path) == NULL ? ERR_IO : place_open(place);
}

static void place_end(struct place *place)
{
    char command[128];
    store_close(place->store);
    snprintf(command, sizeof(command), "rm -rf %s", place->path);
    if (system(command) != 0) {
        printf("cannot remove %s\n", place->path);
    }
}

static void place_file(const struct place *place, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", place->path, name);
}

/* A commit of one change, as keep would send it. */
static enum err commit_change(struct place *place, const struct change *change, struct buf *answer)
{
    cleanup_buf struct buf body = BUF_INIT(ROW_MAX_BYTES + 65536);
    enum err err = put_u64(&body, 0);
    err = err == ERR_NONE ? put_u32(&body, 1) : err;
    err = err == ERR_NONE ? change_put(&body, change) : err;
    err = err == ERR_NONE ? put_u32(&body, 0) : err;
    err = err == ERR_NONE ? put_u32(&body, 0) : err;
    err = err == ERR_NONE ? put_bytes(&body, SLICE_LITERAL("state")) : err;
    return err == ERR_NONE ? store_commit(place->store, buf_slice(&body), answer) : err;
}

static enum err put_row(struct place *place, const char *path, uint64_t expected, uint64_t due,
                        const char *bytes)
{
    cleanup_buf struct buf answer = BUF_INIT(4096);
    struct change change = {CHANGE_PUT, slice_string(path), expected, due, slice_string(bytes)};
    return commit_change(place, &change, &answer);
}

/* The paths or names of an answer, one after the other with blanks between. */
static enum err words_of(struct buf *answer, bool with_rows, struct buf *out)
{
    struct reader reader = reader_of(buf_slice(answer));
    uint32_t count = 0;
    enum err err = get_u32(&reader, &count);
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct stored_row row = {0};
        err = with_rows ? stored_row_get(&reader, &row)
                        : get_bytes(&reader, PATH_MAX_BYTES, &row.path);
        err = err == ERR_NONE && i > 0 ? buf_append_byte(out, ' ') : err;
        err = err == ERR_NONE ? buf_append(out, row.path) : err;
    }
    return err == ERR_NONE ? reader_end(&reader) : err;
}

#define CHECK_WORDS(expected, with_rows, call)                                                     \
    do {                                                                                           \
        cleanup_buf struct buf answer_ = BUF_INIT(65536);                                          \
        cleanup_buf struct buf words_ = BUF_INIT(65536);                                           \
        struct buf *out = &answer_;                                                                \
        CHECK_ERR(ERR_NONE, call);                                                                 \
        CHECK_ERR(ERR_NONE, words_of(&answer_, with_rows, &words_));                               \
        CHECK_SLICE(expected, buf_slice(&words_));                                                 \
    } while (0)

TEST(rows_keep_and_give_back)
{
    struct place place;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "a/one", 0, 0, "first"));
    CHECK_ERR(ERR_NONE, put_row(&place, "a/one", 1, 0, "second"));
    store_close(place.store);
    CHECK_ERR(ERR_NONE, place_open(&place));
    cleanup_buf struct buf out = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, rows_row(store_rows(place.store), SLICE_LITERAL("a/one"), &out));
    CHECK_SLICE("\x01\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\0\0\0second", buf_slice(&out));
    buf_clear(&out);
    CHECK_ERR(ERR_NONE, rows_row(store_rows(place.store), SLICE_LITERAL("a/two"), &out));
    CHECK_SLICE("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", buf_slice(&out));
    buf_clear(&out);
    CHECK_ERR(ERR_NONE, rows_state(store_rows(place.store), &out));
    CHECK_SLICE("state", buf_slice(&out));
    place_end(&place);
}

TEST(rows_conflicts_change_nothing)
{
    struct place place;
    cleanup_buf struct buf answer = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "x", 0, 0, "1"));
    struct change again = {CHANGE_PUT, SLICE_LITERAL("x"), 0, 0, SLICE_LITERAL("2")};
    CHECK_ERR(ERR_CONFLICT, commit_change(&place, &again, &answer));
    CHECK_U64(ERR_CONFLICT, answer.data[0]);
    CHECK_SLICE("\x01\0\0\0x", slice_from(buf_slice(&answer), 2));
    CHECK_ERR(ERR_CONFLICT, put_row(&place, "x", 2, 0, "2"));
    CHECK_ERR(ERR_CONFLICT, put_row(&place, "y", 1, 0, "2"));
    struct change gone = {CHANGE_DELETE, SLICE_LITERAL("x"), 7, 0, SLICE_NONE};
    CHECK_ERR(ERR_CONFLICT, commit_change(&place, &gone, &answer));
    gone.expected_version = 0;
    CHECK_ERR(ERR_CONFLICT, commit_change(&place, &gone, &answer));
    gone.expected_version = 1;
    CHECK_ERR(ERR_NONE, commit_change(&place, &gone, &answer));
    gone.expected_version = 0;
    CHECK_ERR(ERR_NONE, commit_change(&place, &gone, &answer));
    place_end(&place);
}

TEST(rows_are_listed_in_order)
{
    struct place place;
    static const char *const paths[] = {"a", "a-b", "a/b/c", "a/b/d", "a/x", "b", "a0", "ä/ö"};
    CHECK_ERR(ERR_NONE, place_new(&place));
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        CHECK_ERR(ERR_NONE, put_row(&place, paths[i], 0, 10 * i, "."));
    }
    struct rows *rows = store_rows(place.store);
    CHECK_WORDS("a/b/c a/b/d a/x", true, rows_list(rows, SLICE_LITERAL("a/"), SLICE_NONE, 10, out));
    CHECK_WORDS("a/b/d a/x", true,
                rows_list(rows, SLICE_LITERAL("a/"), SLICE_LITERAL("a/b/c"), 10, out));
    CHECK_WORDS("a/b/c", true, rows_list(rows, SLICE_LITERAL("a/"), SLICE_LITERAL("a"), 1, out));
    CHECK_WORDS("", true, rows_list(rows, SLICE_LITERAL("c"), SLICE_NONE, 10, out));
    CHECK_WORDS("a a-b a/ a0 b ä/", false, rows_names(rows, SLICE_NONE, SLICE_NONE, 10, out));
    CHECK_WORDS("b/ x", false, rows_names(rows, SLICE_LITERAL("a/"), SLICE_NONE, 10, out));
    CHECK_WORDS("x", false, rows_names(rows, SLICE_LITERAL("a/"), SLICE_LITERAL("b/"), 10, out));
    CHECK_WORDS("a/ a0", false, rows_names(rows, SLICE_NONE, SLICE_LITERAL("a-b"), 2, out));
    CHECK_WORDS("a-b a/b/c a/b/d", true, rows_due(rows, 30, 10, out));
    CHECK_WORDS("a-b", true, rows_due(rows, 30, 1, out));
    place_end(&place);
}

TEST(rows_refuse_what_does_not_fit_the_log)
{
    struct place place;
    CHECK_ERR(ERR_NONE, place_new(&place));
    struct rows *rows = store_rows(place.store);
    struct append append = {LOG_EVIDENCE, 1, SLICE_LITERAL("entry")};
    struct log_intent intent = {LOG_EVIDENCE, 2, {0}};
    CHECK_ERR(ERR_NONE, rows_begin(rows, 3));
    CHECK_ERR(ERR_CONFLICT, rows_append(rows, &append));
    append.index = 0;
    CHECK_ERR(ERR_NONE, rows_append(rows, &append));
    CHECK_ERR(ERR_INVALID, rows_intend(rows, &intent));
    CHECK_ERR(ERR_INVALID, rows_commit(rows)); /* no intent */
    CHECK_U64(0, rows_log(rows, LOG_EVIDENCE)->edge.size);
    CHECK_ERR(ERR_NONE, rows_begin(rows, 3));
    CHECK_ERR(ERR_NONE, rows_append(rows, &append));
    intent.size = 1;
    CHECK_ERR(ERR_NONE, rows_intend(rows, &intent));
    CHECK_ERR(ERR_INVALID, rows_intend(rows, &intent));
    CHECK_ERR(ERR_NONE, rows_commit(rows));
    CHECK_U64(1, rows_log(rows, LOG_EVIDENCE)->edge.size);
    CHECK_ERR(ERR_LOCKED, rows_begin(rows, 2)); /* an earlier epoch */
    place_end(&place);
}

TEST(rows_let_one_process_in)
{
    struct place place, second;
    CHECK_ERR(ERR_NONE, place_new(&place));
    second = place;
    CHECK_ERR(ERR_LOCKED, place_open(&second));
    /* SQLite's own files respect the lock too. */
    char name[128];
    sqlite3 *other = NULL;
    place_file(&place, "vogt.db", name);
    CHECK_U64(SQLITE_OK, (unsigned)sqlite3_open(name, &other));
    CHECK_U64(SQLITE_BUSY,
              (unsigned)sqlite3_exec(other, "SELECT count(*) FROM row", NULL, NULL, NULL));
    sqlite3_close(other);
    CHECK_ERR(ERR_NONE, put_row(&place, "still", 0, 0, "works"));
    place_end(&place);
}

/* Runs SQL on the closed database as another program would. */
static int change_outside(const struct place *place, const char *sql)
{
    char name[128];
    sqlite3 *database = NULL;
    place_file(place, "vogt.db", name);
    int result = sqlite3_open(name, &database);
    if (result == SQLITE_OK) {
        result = sqlite3_exec(database, sql, NULL, NULL, NULL);
    }
    sqlite3_close(database);
    return result;
}

static enum err reopen_after(struct place *place, const char *sql)
{
    store_close(place->store);
    place->store = NULL;
    return change_outside(place, sql) == SQLITE_OK ? place_open(place) : ERR_INTERNAL;
}

TEST(rows_refuse_newer_and_foreign)
{
    struct place place;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NEWER, reopen_after(&place, "PRAGMA user_version=3"));
    CHECK_ERR(ERR_INVALID, reopen_after(&place, "PRAGMA application_id=1"));
    CHECK_ERR(ERR_NONE,
              reopen_after(&place, "PRAGMA application_id=1450141556; PRAGMA user_version=2"));
    CHECK_ERR(ERR_DAMAGED, reopen_after(&place, "PRAGMA user_version=0"));
    CHECK_ERR(ERR_DAMAGED,
              reopen_after(&place, "PRAGMA user_version=2; CREATE TRIGGER t AFTER INSERT ON row "
                                   "BEGIN DELETE FROM row WHERE path = 'x'; END"));
    CHECK_ERR(ERR_NONE, reopen_after(&place, "DROP TRIGGER t"));
    CHECK_ERR(ERR_DAMAGED, reopen_after(&place, "DROP TABLE entry"));
    place_end(&place);
}

/* As a Vogt of schema 1 left it. */
static enum err age(struct place *place, const struct sethash *state_1)
{
    char sql[2 * SETHASH_BYTES + 128], *at = sql;
    uint8_t lanes[SETHASH_BYTES];
    sethash_save(state_1, lanes);
    at += snprintf(at, 64, "UPDATE meta SET value = x'");
    for (size_t i = 0; i < sizeof(lanes); i++) {
        at += snprintf(at, 3, "%02x", lanes[i]);
    }
    snprintf(at, 64, "' WHERE name = 'state'; PRAGMA user_version = 1");
    store_close(place->store);
    place->store = NULL;
    return change_outside(place, sql) == SQLITE_OK ? ERR_NONE : ERR_INTERNAL;
}

static bool holds(struct place *place, const struct sethash *state, const struct sethash *state_1)
{
    uint8_t lanes[SETHASH_BYTES];
    cleanup_buf struct buf found = BUF_INIT(4096), found_1 = BUF_INIT(4096);
    if (rows_state(store_rows(place->store), &found) != ERR_NONE ||
        rows_state_1(store_rows(place->store), &found_1) != ERR_NONE) {
        return false;
    }
    sethash_save(state, lanes);
    bool good = slice_equal(buf_slice(&found), slice_of(lanes, sizeof(lanes)));
    if (state_1 == NULL) {
        return good && found_1.len == 0;
    }
    sethash_save(state_1, lanes);
    return good && slice_equal(buf_slice(&found_1), slice_of(lanes, sizeof(lanes)));
}

TEST(rows_of_schema_1_are_migrated_once_and_only_if_whole)
{
    struct place place;
    struct sethash new = {0}, old = {0};
    struct stored_row row = {SLICE_LITERAL("schedule/x"), 1, 1700000000000, SLICE_LITERAL("1")};
    CHECK_ERR(ERR_NONE, sethash_add(&new, &row));
    CHECK_ERR(ERR_NONE, sethash_add_1(&old, &row));
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "schedule/x", 0, 1700000000000, "1"));
    CHECK_ERR(ERR_NONE, put_row(&place, "audit/0", 0, 0, "outside"));
    CHECK_ERR(ERR_NONE, age(&place, &new)); /* what it calls its state is not its rows' */
    CHECK_ERR(ERR_DAMAGED, place_open(&place));
    CHECK(change_outside(&place, "PRAGMA user_version = 2") == SQLITE_OK);
    CHECK_ERR(ERR_NONE, place_open(&place)); /* nothing was changed but what this test changed */
    CHECK_ERR(ERR_NONE, age(&place, &old));
    for (int opened = 0; opened < 2; opened++) {
        CHECK_ERR(ERR_NONE, place_open(&place));
        CHECK(holds(&place, &new, &old));
        store_close(place.store);
    }
    CHECK_ERR(ERR_NONE, place_open(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "audit/1", 0, 0, "outside")); /* saves the word "state" */
    cleanup_buf struct buf state_1 = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, rows_state_1(store_rows(place.store), &state_1));
    CHECK_U64(0, state_1.len);
    store_close(place.store);
    CHECK_ERR(ERR_NONE, place_open(&place));
    CHECK_ERR(ERR_NONE, rows_state_1(store_rows(place.store), &state_1));
    CHECK_U64(0, state_1.len);
    place_end(&place);
}

TEST(rows_refuse_damage)
{
    struct place place;
    char name[128];
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "x", 0, 0, "1"));
    store_close(place.store);
    place_file(&place, "vogt.db", name);
    int fd = open(name, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, "garbage", 7, 0) == 7 && fsync(fd) == 0);
    CHECK_ERR(ERR_DAMAGED, place_open(&place));
    CHECK(pwrite(fd, "SQLite ", 7, 0) == 7 && ftruncate(fd, 4096) == 0);
    CHECK_ERR(ERR_DAMAGED, place_open(&place));
    close(fd);
    place_end(&place);
}

TEST(rows_say_when_the_directory_is_read_only)
{
    struct place place;
    if (geteuid() == 0) {
        return; /* root may write everywhere; the disk that says so is in fault_test's layer */
    }
    CHECK_ERR(ERR_NONE, place_new(&place));
    store_close(place.store);
    char name[128];
    place_file(&place, "vogt.db", name);
    CHECK(unlink(name) == 0 && chmod(place.path, 0500) == 0);
    CHECK_ERR(ERR_READ_ONLY, place_open(&place));
    CHECK(chmod(place.path, 0700) == 0);
    place_end(&place);
}

TEST(rows_do_not_begin_anew_beside_a_ledger)
{
    struct place place;
    char name[128], command[256];
    CHECK_ERR(ERR_NONE, place_new(&place));
    store_close(place.store);
    place_file(&place, "vogt.db", name);
    snprintf(command, sizeof(command),
             "mkdir -p %s/ledger/evidence && echo x > %s/ledger/evidence/checkpoint", place.path,
             place.path);
    CHECK(system(command) == 0 && unlink(name) == 0);
    CHECK_ERR(ERR_DAMAGED, place_open(&place));
    CHECK(access(name, F_OK) != 0);
    place_end(&place);
}

TEST(tile_names_follow_the_specification)
{
    char name[128];
    CHECK_ERR(ERR_NONE, tile_name(LOG_EVIDENCE, 0, 1234067, 256, name, sizeof(name)));
    CHECK_STRING("ledger/evidence/tile/0/x001/x234/067", name);
    CHECK_ERR(ERR_NONE, tile_name(LOG_AUDIT, TILE_LEVEL_ENTRIES, 0, 17, name, sizeof(name)));
    CHECK_STRING("ledger/audit/tile/entries/000.p/17", name);
    CHECK_ERR(ERR_INVALID, tile_name(LOG_AUDIT, 8, 0, 17, name, sizeof(name)));
    CHECK_ERR(ERR_INVALID, tile_name(LOG_AUDIT, 0, 0, 257, name, sizeof(name)));
    CHECK_ERR(ERR_INVALID, tile_name(3, 0, 0, 1, name, sizeof(name)));
}

TEST(note_head_is_read_strictly)
{
    uint64_t size = 0;
    uint8_t root[SHA256_BYTES];
#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    CHECK_ERR(ERR_NONE,
              note_head(SLICE_LITERAL("log.example\n12\n" ROOT "\n\n- x\n"), &size, root));
    CHECK_U64(12, size);
    CHECK_ERR(ERR_MALFORMED, note_head(SLICE_LITERAL("log.example\n012\n" ROOT "\n"), &size, root));
    CHECK_ERR(ERR_MALFORMED, note_head(SLICE_LITERAL("log.example\n12\n" ROOT), &size, root));
    CHECK_ERR(ERR_MALFORMED, note_head(SLICE_LITERAL("\n12\n" ROOT "\n"), &size, root));
    CHECK_ERR(ERR_MALFORMED, note_head(SLICE_LITERAL("log.example\n12\nAAAA\n"), &size, root));
#undef ROOT
}

TEST_MAIN
