/*
 * The power goes out at a random operation, 300 times, on a disk that loses, tears and reorders
 * what was not synced. No acknowledged commit or publication may be lost, and what was under way is
 * there whole or not at all. The same test on disks that only pretend to sync must find losses.
 */
#include "crypto/check_crypto.h"
#include "store/file_fault.h"
#include "store/keep_model.h"

#include "base/check.h"

#include <stdlib.h>

enum { DISKS = 60, CRASHES_A_DISK = 5, ROUNDS = DISKS * CRASHES_A_DISK, TURNS_MAX = 400 };

/* `sure` is what was acknowledged; `maybe` is the same, or what was under way when the power went
 * out. */
struct crash_run {
    struct disk *disk;
    struct store *store;
    struct files *files;
    struct model sure, maybe;
    const char *difference;
    size_t commits, publications;
};

static enum err open_store(struct crash_run *run)
{
    enum err err = disk_files(run->disk, &run->files);
    return err == ERR_NONE ? store_open(run->files, NULL, &run->store) : err;
}

static void close_store(struct crash_run *run)
{
    store_close(run->store);
    run->store = NULL;
}

static enum err commit_once(struct crash_run *run)
{
    cleanup_buf struct buf body = BUF_INIT(MODEL_BODY_BYTES);
    cleanup_buf struct buf answer = BUF_INIT(4096);
    run->maybe = run->sure;
    enum err err = model_commit(&run->maybe, &body);
    if (err == ERR_NONE) {
        err = store_commit(run->store, buf_slice(&body), &answer);
    }
    if (err == ERR_NONE) {
        run->sure = run->maybe;
        run->commits++;
        err = store_tidy(run->store, 128); /* often, so that crashes meet it */
    }
    return err;
}

static enum err publish_once(struct crash_run *run, uint8_t log)
{
    cleanup_buf struct buf body = BUF_INIT(MODEL_BODY_BYTES);
    cleanup_buf struct buf answer = BUF_INIT(4096);
    enum err err = model_publication(&run->sure, log, &body);
    if (err == ERR_NONE) {
        err = store_publish(run->store, buf_slice(&body), &answer);
    }
    if (err == ERR_NONE) {
        run->sure.published[log] = run->sure.logs[log].size;
        run->maybe = run->sure;
        run->publications++;
    }
    return err;
}

static enum err turn(struct crash_run *run)
{
    uint64_t dice = disk_random(run->disk, 8);
    return dice < 6 ? commit_once(run) : publish_once(run, dice == 6 ? LOG_EVIDENCE : LOG_AUDIT);
}

/* After a crash: the store opens and holds one of the two. */
static void check_survivor(struct crash_run *run)
{
    enum err err = open_store(run);
    if (err != ERR_NONE) {
        run->difference = err_name(err);
        run->store = NULL;
        return;
    }
    if (rows_integrity(store_rows(run->store)) != ERR_NONE) {
        run->difference = "the database's own check fails";
        return;
    }
    run->difference = model_difference(&run->sure, run->store, run->files);
    if (run->difference != NULL && model_difference(&run->maybe, run->store, run->files) == NULL) {
        run->sure = run->maybe;
        run->difference = NULL;
    }
    run->maybe = run->sure;
}

static void crash_once(struct crash_run *run)
{
    disk_crash_after(run->disk,
                     1 + disk_random(run->disk, disk_random(run->disk, 4) == 0 ? 30 : 700));
    enum err err = run->store == NULL ? open_store(run) : ERR_NONE;
    if (err != ERR_NONE) {
        run->store = NULL;
    }
    for (size_t i = 0; err == ERR_NONE && i < TURNS_MAX; i++) {
        err = turn(run);
    }
    if (!disk_crashed(run->disk)) {
        run->difference = err == ERR_NONE ? "no crash came" : err_name(err);
    }
    close_store(run);
    disk_restart(run->disk);
    if (run->difference == NULL) {
        check_survivor(run);
    }
    /* Half of the time the next crash may come while the store opens and recovers. */
    if (disk_random(run->disk, 2) == 0) {
        close_store(run);
    }
}

/* Number of disks on which something was lost; says what, if asked to. */
static size_t run_all(enum fault_syncs syncs, bool loud, size_t disks)
{
    size_t lost = 0, commits = 0, publications = 0;
    struct crash_run *run = calloc(1, sizeof(*run));
    for (uint64_t seed = 1; run != NULL && seed <= disks; seed++) {
        *run = (struct crash_run){.disk = disk_new(seed, syncs)};
        model_start(&run->sure, seed);
        run->maybe = run->sure;
        for (size_t crash = 0; crash < CRASHES_A_DISK && run->difference == NULL; crash++) {
            crash_once(run);
        }
        if (run->difference != NULL) {
            lost++;
            if (loud) {
                printf("disk %" PRIu64 ": %s\n", seed, run->difference);
            }
        }
        commits += run->commits;
        publications += run->publications;
        close_store(run);
        disk_free(run->disk);
    }
    free(run);
    if (loud) {
        printf("%d crashes, %zu acknowledged commits, %zu publications\n", (int)ROUNDS, commits,
               publications);
        lost += commits < ROUNDS ||
                publications < ROUNDS / 2; /* a run that did too little proves too little */
    }
    return lost;
}

TEST(crash_loses_nothing_acknowledged)
{
    CHECK_U64(0, run_all(FAULT_SYNCS_WORK, true, DISKS));
}

TEST(crash_without_any_sync_is_noticed)
{
    CHECK(run_all(FAULT_SYNCS_IGNORED, false, 10) >= 8);
}

TEST(crash_without_syncs_of_files_is_noticed)
{
    CHECK(run_all(FAULT_SYNCS_OF_FILES_IGNORED, false, 10) >= 8);
}

TEST(crash_without_syncs_of_directories_is_noticed)
{
    CHECK(run_all(FAULT_SYNCS_OF_DIRECTORIES_IGNORED, false, 10) >= 5);
}

TEST_MAIN
