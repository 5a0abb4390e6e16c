/*
 * Each operation on the disk, each sync and each allocation fails in turn, once. The store must say
 * so, lose nothing that it acknowledged, go on after what can be tried again, and stop for good
 * after a failed sync.
 */
#include "crypto/check_crypto.h"
#include "store/file_fault.h"
#include "store/keep_model.h"

#include "base/check.h"

#include <sqlite3.h>
#include <stdlib.h>

enum { TURNS = 8, FAILURES_MAX = 20000 };

/* --- allocations: ours through the linker's --wrap, SQLite's through its own table --- */

static uint64_t allocations_left; /* 0: none fails */
static bool allocation_failed, allocations_paused;

static bool fails_now(void)
{
    if (allocations_left == 0 || allocations_paused || --allocations_left > 0) {
        return false;
    }
    allocation_failed = true;
    return true;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(old, bytes);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int bytes)
{
    return fails_now() ? NULL : sqlite_memory.xMalloc(bytes);
}

static void *sqlite_realloc(void *old, int bytes)
{
    return fails_now() ? NULL : sqlite_memory.xRealloc(old, bytes);
}

__attribute__((constructor)) static void replace_sqlite_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
    sqlite3_mem_methods replaced = sqlite_memory;
    replaced.xMalloc = sqlite_malloc;
    replaced.xRealloc = sqlite_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &replaced);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* every allocation passes the table */
}

/* --- the run --- */

struct fault_run {
    struct disk *disk;
    struct store *store;
    struct files *files;
    struct model sure, maybe;
    enum err first_err;
    size_t commits;
};

static enum err open_store(struct fault_run *run)
{
    enum err err = disk_files(run->disk, &run->files);
    return err == ERR_NONE ? store_open(run->files, NULL, &run->store) : err;
}

/* The model's own work is no subject of this test. */
static enum err prepare(struct fault_run *run, size_t turn, struct buf *body)
{
    allocations_paused = true;
    run->maybe = run->sure;
    enum err err = buf_reserve(body, 65536);
    if (err == ERR_NONE) {
        err = turn % 4 == 3 ? model_publication(&run->sure, LOG_EVIDENCE, body)
                            : model_commit(&run->maybe, body);
    }
    allocations_paused = false;
    return err;
}

static enum err attempt(struct fault_run *run, size_t turn, struct slice body)
{
    cleanup_buf struct buf answer = BUF_INIT(4096);
    enum err err = turn % 4 == 3 ? store_publish(run->store, body, &answer)
                                 : store_commit(run->store, body, &answer);
    if (err != ERR_NONE) {
        return err;
    }
    run->sure = run->maybe;
    run->commits++;
    if (turn % 4 == 3) {
        run->sure.published[LOG_EVIDENCE] = run->sure.logs[LOG_EVIDENCE].size;
    }
    return store_tidy(run->store, 128); /* often, so that failures meet it */
}

/* One turn; what fails and has not ended the store is tried again, and must then succeed. */
static const char *turn_once(struct fault_run *run, size_t turn)
{
    cleanup_buf struct buf body = BUF_INIT(MODEL_BODY_BYTES);
    if (prepare(run, turn, &body) != ERR_NONE) {
        return "the test ran out of memory";
    }
    size_t before = run->commits;
    enum err err = attempt(run, turn, buf_slice(&body));
    if (err == ERR_NONE) {
        return NULL;
    }
    run->first_err = run->first_err == ERR_NONE ? err : run->first_err;
    if (store_ended(run->store) != ERR_NONE) {
        struct model after = run->maybe, sure = run->sure;
        err = run->commits == before ? attempt(run, turn, buf_slice(&body)) : ERR_IO;
        run->maybe = after;
        run->sure = sure;
        return err == ERR_NONE ? "an ended store took a commit" : NULL;
    }
    if (run->commits > before) {
        return NULL; /* only the tidying failed: it comes again */
    }
    err = attempt(run, turn, buf_slice(&body));
    return err == ERR_NONE ? NULL : "a second attempt failed";
}

static const char *run_turns(struct fault_run *run)
{
    enum err err = open_store(run);
    if (err != ERR_NONE) {
        run->first_err = err;
        run->store = NULL;
        err = open_store(run);
    }
    if (err != ERR_NONE) {
        run->store = NULL;
        return "a second opening failed";
    }
    const char *difference = NULL;
    for (size_t turn = 0; difference == NULL && turn < TURNS && store_ended(run->store) == ERR_NONE;
         turn++) {
        difference = turn_once(run, turn);
    }
    return difference;
}

/* What is there after a calm restart; the failed operation may have reached the disk all the same.
 */
static const char *check_afterwards(struct fault_run *run)
{
    store_close(run->store);
    run->store = NULL;
    disk_fail_after(run->disk, 0, ERR_NONE, false);
    allocations_left = 0;
    if (open_store(run) != ERR_NONE) {
        run->store = NULL;
        return "does not open afterwards";
    }
    const char *difference = rows_integrity(store_rows(run->store)) == ERR_NONE
                                 ? NULL
                                 : "the database's own check fails";
    if (difference == NULL) {
        difference = model_difference(&run->sure, run->store, run->files);
    }
    if (difference != NULL && model_difference(&run->maybe, run->store, run->files) == NULL) {
        difference = NULL;
    }
    store_close(run->store);
    run->store = NULL;
    return difference;
}

enum subject { SUBJECT_OPERATION, SUBJECT_SYNC, SUBJECT_ALLOCATION };

/* True as long as the n-th of its kind exists. */
static bool fail_nth(enum subject subject, uint64_t n, enum err failure,
                     const char **ret_difference)
{
    struct fault_run *run = calloc(1, sizeof(*run));
    run->disk = disk_new(n, FAULT_SYNCS_WORK);
    model_start(&run->sure, 1);
    run->maybe = run->sure;
    allocation_failed = false;
    if (subject == SUBJECT_ALLOCATION) {
        allocations_left = n;
    } else {
        disk_fail_after(run->disk, n, failure, subject == SUBJECT_SYNC);
    }
    const char *difference = run_turns(run);
    bool happened =
        subject == SUBJECT_ALLOCATION ? allocation_failed : disk_failure_happened(run->disk);
    bool ended = run->store != NULL && store_ended(run->store) != ERR_NONE;
    allocations_left = 0;
    if (difference == NULL && subject == SUBJECT_SYNC && happened && run->first_err == ERR_NONE) {
        difference = "a failed sync was not told";
    }
    if (difference == NULL && subject == SUBJECT_ALLOCATION && ended) {
        difference = "a missing allocation ended the store";
    }
    if (difference == NULL) {
        difference = check_afterwards(run);
    }
    store_close(run->store);
    disk_free(run->disk);
    free(run);
    *ret_difference = difference;
    return happened;
}

static size_t fail_each(enum subject subject, enum err failure)
{
    size_t bad = 0;
    uint64_t n = 1;
    const char *difference = NULL;
    for (; n < FAILURES_MAX && fail_nth(subject, n, failure, &difference); n++) {
        if (difference != NULL) {
            printf("failure %" PRIu64 ": %s\n", n, difference);
            bad++;
        }
    }
    printf("%" PRIu64 " failures tried\n", n - 1);
    return n < 20 ? SIZE_MAX : bad;
}

TEST(fault_full_disk_at_each_operation)
{
    CHECK_U64(0, fail_each(SUBJECT_OPERATION, ERR_FULL));
}

TEST(fault_broken_disk_at_each_operation)
{
    CHECK_U64(0, fail_each(SUBJECT_OPERATION, ERR_IO));
}

TEST(fault_each_sync_ends_the_store)
{
    CHECK_U64(0, fail_each(SUBJECT_SYNC, ERR_IO));
}

TEST(fault_each_allocation)
{
    CHECK_U64(0, fail_each(SUBJECT_ALLOCATION, ERR_MEMORY));
}

TEST_MAIN
