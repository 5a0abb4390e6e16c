/*
 * A store that is replaced by an earlier copy of itself. The power goes out at every operation in turn, from the first byte that comes until the new store was opened: what
 * is found then is the store of before or the copy, whole, and the copy says that it was restored. The same on disks that only pretend to sync finds losses.
 */
#include "crypto/check_crypto.h"
#include "store/file_fault.h"
#include "store/keep_model.h"
#include "store/staging.h"

#include "base/check.h"

#include <stdlib.h>

enum { COPY_ID = 7, PART_BYTES = 20000, COPY_MAX_BYTES = 8 << 20, TURNS = 12, OPERATIONS_MAX = 2000 };

struct scene {
    struct disk *disk;
    struct files *files;
    struct store *store;
    struct model before, now;       /* at the copy; when it comes back */
    struct buf copy;
};

static enum err open_store(struct scene *scene)
{
    enum err err = disk_files(scene->disk, &scene->files);
    err = err == ERR_NONE ? store_open(scene->files, NULL, &scene->store) : err;
    scene->store = err == ERR_NONE ? scene->store : NULL;
    return err;
}

static void close_store(struct scene *scene)
{
    store_close(scene->store);
    scene->store = NULL;
}

static enum err change(struct scene *scene)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < TURNS; i++) {
        cleanup_buf struct buf body = BUF_INIT(MODEL_BODY_BYTES), answer = BUF_INIT(4096);
        err = model_commit(&scene->now, &body);
        err = err == ERR_NONE ? store_commit(scene->store, buf_slice(&body), &answer) : err;
    }
    return err;
}

static enum err ask_snapshot(struct scene *scene, uint8_t what, struct slice *ret_part, struct buf *answer)
{
    struct need need = {.kind = NEED_SNAPSHOT, .level = what, .number = COPY_ID};
    cleanup_buf struct buf body = BUF_INIT(256);
    uint16_t code = 0;
    uint32_t count = 0;
    uint8_t is_ready = 0;
    uint64_t size = 0;
    buf_clear(answer);
    enum err err = put_u32(&body, 1);
    err = err == ERR_NONE ? need_put(&body, &need) : err;
    err = err == ERR_NONE ? store_fetch(scene->store, buf_slice(&body), answer) : err;
    struct reader reader = reader_of(buf_slice(answer));
    err = err == ERR_NONE ? get_u16(&reader, &code) : err;
    err = err == ERR_NONE ? get_u32(&reader, &count) : err;
    err = err == ERR_NONE ? get_u16(&reader, &code) : err;
    err = err == ERR_NONE ? get_u8(&reader, &is_ready) : err;
    err = err == ERR_NONE ? get_u64(&reader, &size) : err;
    err = err == ERR_NONE ? get_bytes(&reader, COPY_MAX_BYTES, ret_part) : err;
    return err == ERR_NONE && code != ERR_NONE ? (enum err)code : err;
}

static enum err take_copy(struct scene *scene)
{
    cleanup_buf struct buf answer = BUF_INIT(COPY_MAX_BYTES);
    struct slice part = SLICE_NONE;
    enum err err = ask_snapshot(scene, SNAPSHOT_COPY, &part, &answer);
    err = err == ERR_NONE ? ask_snapshot(scene, SNAPSHOT_READ, &part, &answer) : err;
    err = err == ERR_NONE ? buf_append(&scene->copy, part) : err;
    scene->before = scene->now;
    return err == ERR_NONE ? ask_snapshot(scene, SNAPSHOT_END, &part, &answer) : err;
}

static enum err scene_new(struct scene *scene, uint64_t seed, enum fault_syncs syncs)
{
    cleanup_buf struct buf body = BUF_INIT(MODEL_BODY_BYTES), answer = BUF_INIT(4096);
    *scene = (struct scene){.disk = disk_new(seed, syncs), .copy = BUF_INIT(COPY_MAX_BYTES)};
    model_start(&scene->now, seed);
    enum err err = open_store(scene);
    err = err == ERR_NONE ? change(scene) : err;
    err = err == ERR_NONE ? model_publication(&scene->now, LOG_AUDIT, &body) : err;
    err = err == ERR_NONE ? store_publish(scene->store, buf_slice(&body), &answer) : err;
    scene->now.published[LOG_AUDIT] = scene->now.logs[LOG_AUDIT].size;
    err = err == ERR_NONE ? take_copy(scene) : err;
    return err == ERR_NONE ? change(scene) : err; /* its last changes are in the log only */
}

static void scene_end(struct scene *scene)
{
    close_store(scene);
    disk_free(scene->disk);
    buf_free(&scene->copy);
}

static enum err stage(struct scene *scene)
{
    struct staging *staging = store_staging(scene->store);
    uint8_t digest[SHA256_BYTES], expected[SHA256_BYTES];
    enum err err = ERR_NONE;
    for (struct slice rest = buf_slice(&scene->copy); err == ERR_NONE && rest.len > 0; rest = slice_from(rest, PART_BYTES)) {
        err = staging_write(staging, COPY_ID, scene->copy.len - rest.len, slice_first(rest, PART_BYTES));
    }
    err = err == ERR_NONE ? staging_close(staging, COPY_ID, digest) : err;
    sha256(buf_slice(&scene->copy), expected);
    return err == ERR_NONE && memcmp(digest, expected, sizeof digest) != 0 ? ERR_DAMAGED : err;
}

static enum err stage_and_swap(struct scene *scene)
{
    enum err err = stage(scene);
    if (err == ERR_NONE) {
        staging_approve(store_staging(scene->store));
        err = staging_swap(store_staging(scene->store), COPY_ID, SLICE_LITERAL("why"));
    }
    return err;
}

/* And says why. */
static bool is_marked(struct scene *scene)
{
    cleanup_buf struct buf note = BUF_INIT(64);
    return staging_note(store_staging(scene->store), &note) == ERR_NONE && slice_is(buf_slice(&note), "why");
}

static const char *difference(struct scene *scene, bool is_swapped)
{
    if (open_store(scene) != ERR_NONE) {
        return "it does not open";
    }
    if (rows_integrity(store_rows(scene->store)) != ERR_NONE) {
        return "the database's own check fails";
    }
    if (model_difference(&scene->before, scene->store, scene->files) == NULL) {
        return is_marked(scene) ? NULL : "the copy does not say that it was restored";
    }
    const char *found = model_difference(&scene->now, scene->store, scene->files);
    return found != NULL ? found : is_swapped ? "the old store is back" : is_marked(scene) ? "the old store says that it was restored" : NULL;
}

/* *ret_reached: the power went out in the midst of it. */
static const char *crash_at(uint64_t operation, uint64_t seed, enum fault_syncs syncs, bool *ret_reached)
{
    struct scene scene;
    const char *found = scene_new(&scene, seed, syncs) == ERR_NONE ? NULL : "the scene was not set";
    if (found == NULL) {
        disk_crash_after(scene.disk, operation);
        bool is_swapped = stage_and_swap(&scene) == ERR_NONE;
        close_store(&scene);
        if (open_store(&scene) == ERR_NONE) { /* takes it in */
            close_store(&scene);
        }
        *ret_reached = disk_crashed(scene.disk);
        disk_restart(scene.disk);
        found = difference(&scene, is_swapped);
    }
    scene_end(&scene);
    return found;
}

static size_t losses(uint64_t seed, enum fault_syncs syncs, bool loud)
{
    bool reached = true;
    size_t count = 0;
    uint64_t operation = 1;
    for (; reached && operation < OPERATIONS_MAX; operation++) {
        const char *found = crash_at(operation, seed, syncs, &reached);
        count += found != NULL;
        if (loud && found != NULL) {
            printf("operation %" PRIu64 ": %s\n", operation, found);
        }
    }
    if (loud) {
        printf("power went out at %" PRIu64 " operations\n", operation - 1);
        count += operation < 20 || operation == OPERATIONS_MAX;
    }
    return count;
}

TEST(a_crash_leaves_the_old_store_or_the_new_one)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        CHECK_U64(0, losses(seed, FAULT_SYNCS_WORK, true));
    }
}

TEST(missing_syncs_would_be_noticed)
{
    CHECK(losses(1, FAULT_SYNCS_OF_FILES_IGNORED, false) > 0);
    CHECK(losses(1, FAULT_SYNCS_OF_DIRECTORIES_IGNORED, false) > 0);
}

TEST(only_what_was_approved_is_swapped_and_parts_come_in_order)
{
    struct scene scene;
    bool exists = true;
    uint8_t digest[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, scene_new(&scene, 5, FAULT_SYNCS_WORK));
    struct staging *staging = store_staging(scene.store);
    CHECK_ERR(ERR_NOT_FOUND, staging_write(staging, 0, 0, SLICE_LITERAL("x")));
    CHECK_ERR(ERR_NOT_FOUND, staging_write(staging, 1, 1, SLICE_LITERAL("x")));
    CHECK_ERR(ERR_NONE, staging_write(staging, 1, 0, SLICE_LITERAL("abc")));
    CHECK_ERR(ERR_NOT_FOUND, staging_write(staging, 1, 0, SLICE_LITERAL("abc")));
    CHECK_ERR(ERR_NOT_FOUND, staging_write(staging, 1, 2, SLICE_LITERAL("c")));
    CHECK_ERR(ERR_NOT_FOUND, staging_write(staging, 2, 3, SLICE_LITERAL("c")));
    CHECK_ERR(ERR_NOT_FOUND, staging_close(staging, 2, digest));
    staging_approve(staging); /* it still comes */
    CHECK_ERR(ERR_NOT_FOUND, staging_swap(staging, 1, SLICE_NONE));
    CHECK_ERR(ERR_NONE, staging_close(staging, 1, digest));
    CHECK_ERR(ERR_NOT_FOUND, staging_write(staging, 1, 3, SLICE_LITERAL("d")));
    CHECK_ERR(ERR_NOT_FOUND, staging_swap(staging, 1, SLICE_NONE));
    staging_approve(staging);
    CHECK_ERR(ERR_NOT_FOUND, staging_swap(staging, 2, SLICE_NONE));
    CHECK_ERR(ERR_NONE, staging_write(staging, 2, 0, SLICE_LITERAL("another"))); /* ends the first */
    CHECK_U64(7, staging_size(staging));
    CHECK_ERR(ERR_NOT_FOUND, staging_swap(staging, 1, SLICE_NONE));
    staging_end(staging);
    CHECK_ERR(ERR_NONE, file_exists(scene.files, STAGING_NAME, &exists));
    CHECK(!exists);
    CHECK_ERR(ERR_NONE, stage(&scene)); /* what was not swapped is nobody's after a restart */
    close_store(&scene);
    CHECK(difference(&scene, false) == NULL && !is_marked(&scene));
    CHECK_ERR(ERR_NONE, file_exists(scene.files, STAGING_NAME, &exists));
    CHECK(!exists);
    scene_end(&scene);
}

TEST(a_full_disk_ends_what_came_and_nothing_else)
{
    struct scene scene;
    bool exists = true;
    CHECK_ERR(ERR_NONE, scene_new(&scene, 6, FAULT_SYNCS_WORK));
    disk_fail_after(scene.disk, 4, ERR_FULL, false);
    CHECK_ERR(ERR_FULL, stage(&scene));
    CHECK_ERR(ERR_NONE, file_exists(scene.files, STAGING_NAME, &exists));
    CHECK(!exists);
    CHECK_ERR(ERR_NONE, change(&scene));
    CHECK_ERR(ERR_NONE, stage_and_swap(&scene));
    close_store(&scene);
    CHECK(difference(&scene, true) == NULL);
    scene_end(&scene);
}

TEST_MAIN
