/* A database that shall take the place of vogt.db: its parts, and the look at the whole of it, during which nothing else is answered. */
#include "ledger/verify.h"
#include "roles/store_place.h"
#include "store/staging.h"
#include "store/vfs.h"

/* What is wrong first, and the rows in the open that say by which key it opens. */
struct look {
    struct verify_report report;
    struct buf seal, ring;
};

static enum err verify(struct files *files, struct look *look)
{
    struct verify_options options = {.threads = 1};
    struct verify_store store = {.directory_fd = -1, .name = STAGING_NAME};
    struct vfs *vfs = NULL;
    enum err err = vfs_new(files, &vfs);
    if (err != ERR_NONE) {
        return err;
    }
    store.vfs = vfs_name(vfs);
    err = verify_rows(&store, &options, &look->report);
    if (err == ERR_NONE && look->report.broken_count == 0) {
        err = verify_row(&store, "boot/seal", &look->seal);
        err = err == ERR_NONE ? verify_row(&store, "boot/keyring", &look->ring) : err;
    }
    vfs_free(vfs);
    return err;
}

static void say(struct stage_answer *staged, const struct look *look)
{
    for (size_t i = 0; i < look->report.finding_count; i++) {
        const struct verify_finding *finding = &look->report.findings[i];
        if (finding->weight == VERIFY_BROKEN) {
            staged->english = slice_string(finding->text.english);
            staged->german = slice_string(finding->text.german);
            staged->place = slice_string(finding->place);
            return;
        }
    }
    staged->seal = buf_slice(&look->seal);
    staged->ring = buf_slice(&look->ring);
}

/* The answer is written here, because what it says lies in the look. */
static enum err check(struct store *store, const struct stage_ask *stage, struct buf *out)
{
    struct staging *staging = store_staging(store);
    struct stage_answer staged = {.size = staging_size(staging)};
    struct look look = {.seal = BUF_INIT(STAGED_ROW_MAX_BYTES), .ring = BUF_INIT(STAGED_ROW_MAX_BYTES)};
    enum err err = verify_report_start(&look.report);
    if (err != ERR_NONE) {
        return err;
    }
    staged.err = staging_close(staging, stage->id, staged.digest);
    if (staged.err == ERR_NONE) {
        staged.err = verify(store_files(store), &look);
        say(&staged, &look);
    }
    if (staged.err == ERR_NONE && staged.english.len == 0) {
        staging_approve(staging);
    } else if (staging_is(staging, stage->id)) {
        staging_end(staging);
    }
    err = stage_answer_put(out, &staged);
    verify_report_free(&look.report);
    buf_free(&look.seal);
    buf_free(&look.ring);
    return err;
}

static enum err answer(struct store *store, const struct stage_ask *stage, struct buf *out)
{
    struct staging *staging = store_staging(store);
    struct stage_answer staged = {.err = ERR_NONE};
    cleanup_buf struct buf note = BUF_INIT(STAGED_NOTE_MAX_BYTES);
    if (stage->what == STAGE_CHECK) {
        return check(store, stage, out);
    }
    if (stage->what == STAGE_WRITE) {
        staged.err = staging_write(staging, stage->id, stage->offset, stage->bytes);
    } else if (stage->what == STAGE_SWAP) {
        staged.err = staging_swap(staging, stage->id, stage->bytes);
    } else if (stage->what == STAGE_NOTE) {
        staged.err = staging_note(staging, &note);
        staged.note = buf_slice(&note);
    } else if (staging_is(staging, stage->id)) {
        staging_end(staging);
    }
    staged.size = staging_size(staging);
    return stage_answer_put(out, &staged);
}

enum err store_place_stage(struct store *store, struct slice body, struct buf *out)
{
    struct files *files = store_files(store);
    enum err last_err = files->last_err; /* of the rows' own file: theirs to judge by */
    struct reader reader = reader_of(body);
    struct stage_ask stage;
    enum err err = stage_ask_get(&reader, &stage);
    err = err == ERR_NONE ? reader_end(&reader) : err;
    err = err == ERR_NONE ? answer(store, &stage, out) : err;
    files->last_err = last_err;
    return err;
}
