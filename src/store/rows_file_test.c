/* What SQLite's file alone can do: be locked, foreign, newer, damaged, read-only, lost, of an older schema. */
#include "crypto/check_crypto.h"
#include "store/rows_scene.h"
#include "store/sethash.h"

#include "base/check.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST(rows_refuse_newer_and_foreign)
{
    struct place place;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NEWER, place_reopen_after(&place, "PRAGMA user_version=3"));
    CHECK_ERR(ERR_INVALID, place_reopen_after(&place, "PRAGMA application_id=1"));
    CHECK_ERR(ERR_NONE,
              place_reopen_after(&place, "PRAGMA application_id=1450141556; PRAGMA user_version=2"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "PRAGMA user_version=0"));
    CHECK_ERR(ERR_DAMAGED,
              place_reopen_after(&place, "PRAGMA user_version=2; CREATE TRIGGER t AFTER INSERT ON row "
                                   "BEGIN DELETE FROM row WHERE path = 'x'; END"));
    CHECK_ERR(ERR_NONE, place_reopen_after(&place, "DROP TRIGGER t"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "DROP TABLE entry"));
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
    place_close(place);
    return place_run(place, sql) ? ERR_NONE : ERR_INTERNAL;
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
    CHECK(place_run(&place, "PRAGMA user_version = 2"));
    CHECK_ERR(ERR_NONE, place_open(&place)); /* nothing was changed but what this test changed */
    CHECK_ERR(ERR_NONE, age(&place, &old));
    for (int opened = 0; opened < 2; opened++) {
        CHECK_ERR(ERR_NONE, place_open(&place));
        CHECK(holds(&place, &new, &old));
        place_close(&place);
    }
    CHECK_ERR(ERR_NONE, place_open(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "audit/1", 0, 0, "outside")); /* saves the word "state" */
    cleanup_buf struct buf state_1 = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, rows_state_1(store_rows(place.store), &state_1));
    CHECK_U64(0, state_1.len);
    place_close(&place);
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
    place_close(&place);
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
    place_close(&place);
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
    place_close(&place);
    place_file(&place, "vogt.db", name);
    snprintf(command, sizeof(command),
             "mkdir -p %s/ledger/evidence && echo x > %s/ledger/evidence/checkpoint", place.path,
             place.path);
    CHECK(system(command) == 0 && unlink(name) == 0);
    CHECK_ERR(ERR_DAMAGED, place_open(&place));
    CHECK(access(name, F_OK) != 0);
    place_end(&place);
}

TEST_MAIN
