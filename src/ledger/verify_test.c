/* Verification of a small ledger: checkpoints kept elsewhere, older schemas, held databases, what a crash
 * leaves. Everything that can be done to its bytes is in tamper_test.c. */
#include "crypto/check_crypto.h"
#include "ledger/verify_world.h"

#include "base/check.h"

#include <fcntl.h>
#include <unistd.h>

TEST(a_checkpoint_kept_elsewhere_shows_a_rollback_and_a_fork)
{
    struct world old, new;
    world_make(&old, true, 0, 10);
    world_make(&new, true, 10, 12);
    struct slice yesterday = buf_slice(&old.checkpoints[LOG_EVIDENCE]),
                 today = buf_slice(&new.checkpoints[LOG_EVIDENCE]);
    CHECK(world_tiles_good(&new, LOG_EVIDENCE, yesterday));
    CHECK(world_tiles_good(&new, LOG_EVIDENCE, today));
    CHECK(!world_tiles_good(&old, LOG_EVIDENCE, today));
    struct verify_report report;
    CHECK_ERR(ERR_NONE, world_rows_check(&old, today, &report));
    CHECK(!verify_report_good(&report));
    CHECK(strstr(report.findings[0].text.english, "rolled back") != NULL);
    verify_report_free(&report);
    CHECK_ERR(ERR_NONE, world_rows_check(&new, yesterday, &report));
    CHECK(verify_report_good(&report));
    verify_report_free(&report);

    cleanup_buf struct buf forked = BUF_INIT(4096);
    struct tree_hash root = {{1}};
    CHECK_ERR(ERR_NONE, checkpoint_sign(&new.keys[LOG_EVIDENCE],
                                        slice_of(new.seed[LOG_EVIDENCE], ED25519_SEED_BYTES), 7,
                                        &root, &forked));
    CHECK(!world_tiles_good(&new, LOG_EVIDENCE, buf_slice(&forked)));
    CHECK_ERR(ERR_NONE, world_rows_check(&new, buf_slice(&forked), &report));
    CHECK(!verify_report_good(&report));
    verify_report_free(&report);
    world_free(&old);
    world_free(&new);
}

TEST(a_held_or_absent_database_is_an_error_and_nothing_is_written)
{
    struct world world;
    struct verify_report report;
    world_make(&world, true, 0, 2);
    int fd = openat(world.directory_fd, "vogt.db", O_RDWR | O_CLOEXEC);
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
    CHECK(fcntl(fd, F_OFD_SETLK, &lock) == 0);
    CHECK_ERR(ERR_LOCKED, world_rows_check(&world, SLICE_NONE, &report));
    verify_report_free(&report);
    close(fd);
    CHECK(world_rows_good(&world));
    CHECK(faccessat(world.directory_fd, "vogt.db-wal", F_OK, 0) != 0);
    CHECK(faccessat(world.directory_fd, "vogt.db-shm", F_OK, 0) != 0);
    CHECK(unlinkat(world.directory_fd, "vogt.db", 0) == 0);
    CHECK_ERR(ERR_NOT_FOUND, world_rows_check(&world, SLICE_NONE, &report));
    verify_report_free(&report);
    world_free(&world);
}

/* What a crash leaves: pages that stand only in the write-ahead log. They count, and the ledger
 * stays as it was. */
TEST(a_write_ahead_log_is_read_in_a_copy)
{
    struct world world;
    char path[64];
    cleanup_buf struct buf before = BUF_INIT(FILE_MAX_BYTES), after = BUF_INIT(FILE_MAX_BYTES);
    world_make(&world, true, 0, 3);
    snprintf(path, sizeof(path), "%s/vogt.db", world.directory);
    MUST(sqlite3_open(path, &world.database) == SQLITE_OK);
    MUST(sqlite3_exec(world.database,
                      "PRAGMA journal_mode=WAL; UPDATE meta SET value = 0 WHERE name = 'epoch'",
                      NULL, NULL, NULL) == SQLITE_OK);
    CHECK(faccessat(world.directory_fd, "vogt.db-wal", F_OK, 0) == 0);
    CHECK(world_rows_good(&world));
    MUST(sqlite3_exec(world.database,
                      "UPDATE row SET version = 2 WHERE path = 'evidence/0000000000000001'", NULL,
                      NULL, NULL) == SQLITE_OK);
    world_read(world.directory_fd, "vogt.db-wal", &before);
    CHECK(!world_rows_good(&world));
    world_read(world.directory_fd, "vogt.db-wal", &after);
    CHECK(slice_equal(buf_slice(&before), buf_slice(&after)));
    sqlite3_close(world.database);
    world_free(&world);
}

/* A store that an older Vogt left: whole, and said to be old; the older format counts nowhere else. */
TEST(an_older_schema_is_verified_as_it_was)
{
    struct world world;
    struct verify_report report;
    world_make_schema_1(&world, 4);
    CHECK_ERR(ERR_NONE, world_rows_check(&world, SLICE_NONE, &report));
    CHECK(verify_report_good(&report) && report.finding_count == 1);
    verify_report_free(&report);
    CHECK(world_sql(&world, "UPDATE row SET version = 2 WHERE path = 'schedule/0001'"));
    CHECK(!world_rows_good(&world));
    CHECK(world_sql(&world, "UPDATE row SET version = 1 WHERE path = 'schedule/0001'"));
    CHECK(world_rows_good(&world));
    CHECK(world_sql(&world, "PRAGMA user_version = 2"));
    CHECK(!world_rows_good(&world));
    world_free(&world);
}

/* Pruned on record: said and good. Without record, beyond it, or with another record: found. */
TEST(pruned_records_are_said_and_missing_ones_found)
{
    static const char *const changes[] = {
        "DELETE FROM row WHERE path = 'audit/0000000000000004'",
        "DELETE FROM row WHERE path LIKE 'ledger/audit-kept/%'",
        "UPDATE row SET path = 'ledger/audit-kept/0000000000000005' WHERE path LIKE "
        "'ledger/audit-kept/%'",
        "UPDATE row SET path = 'ledger/audit-kept/0000000000000003' WHERE path LIKE "
        "'ledger/audit-kept/%'",
        "INSERT INTO row VALUES ('ledger/audit-kept/0000000000000006', 1, 0, x'00')",
        "INSERT INTO row VALUES ('ledger/audit-kept/x', 1, 0, x'00')",
        "INSERT INTO row VALUES ('audit/0000000000000002', 1, 0, x'00')"};
    struct world world;
    struct verify_report report;
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES);
    world_make_pruned(&world, 6, 4);
    CHECK_ERR(ERR_NONE, world_rows_check(&world, SLICE_NONE, &report));
    CHECK(verify_report_good(&report) && report.finding_count == 1);
    CHECK(strstr(report.findings[0].text.english, "pruned, on record") != NULL);
    CHECK_U64(4, report.findings[0].index);
    CHECK_U64(4, report.pruned_count);
    verify_report_free(&report);
    world_read(world.directory_fd, "vogt.db", &bytes);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        CHECK(world_sql(&world, changes[i]));
        CHECK(!world_rows_good(&world));
        world_write(world.directory_fd, "vogt.db", buf_slice(&bytes));
    }
    CHECK(world_rows_good(&world));
    world_free(&world);
    world_make_pruned(&world, 3, 4); /* more than there is */
    CHECK(!world_rows_good(&world));
    world_free(&world);
}

TEST_MAIN
