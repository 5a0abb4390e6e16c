/*
 * A log whose store went back and that goes on under another name: its tree is smaller than the one
 * that was published, whose files lie in the way. The power goes out at every operation in turn; what
 * outsiders saw is kept whole, and the new log's folder never mixes the two.
 */
#include "crypto/check_crypto.h"
#include "store/file_fault.h"
#include "store/store.h"
#include "store/tiles.h"

#include "base/check.h"
#include "base/encode.h"

enum { LOST = 600, KEPT = 270, OPERATIONS_MAX = 4000, SMALL_BYTES = 1 << 20 };

static struct slice entry_of(uint64_t index, bool is_new, uint8_t out[9])
{
    store_u64_big(out, index);
    out[8] = index >= KEPT && is_new; /* both trees begin alike and differ after the copy */
    return slice_of(out, 9);
}

struct history {
    struct disk *disk;
    struct files *files;
    struct store *store;
    struct edge edge;
};

static enum err open_store(struct history *history)
{
    enum err err = disk_files(history->disk, &history->files);
    return err == ERR_NONE ? store_open(history->files, NULL, &history->store) : err;
}

static enum err close_store(struct history *history)
{
    store_close(history->store);
    history->store = NULL;
    return ERR_NONE;
}

static enum err append_until(struct history *history, uint64_t size, bool is_new)
{
    cleanup_buf struct buf body = BUF_INIT(SMALL_BYTES), answer = BUF_INIT(4096);
    uint8_t bytes[9];
    struct log_intent intent = {.log = LOG_EVIDENCE, .size = size};
    uint64_t first = history->edge.size;
    enum err err = put_u64(&body, 0);
    err = err == ERR_NONE ? put_u32(&body, 0) : err;
    err = err == ERR_NONE ? put_u32(&body, (uint32_t)(size - first)) : err;
    for (uint64_t i = first; i < size && err == ERR_NONE; i++) {
        struct append append = {LOG_EVIDENCE, i, entry_of(i, is_new, bytes)};
        edge_append(&history->edge, append.entry);
        err = append_put(&body, &append);
    }
    edge_root(&history->edge, intent.root);
    err = err == ERR_NONE ? put_u32(&body, 1) : err;
    err = err == ERR_NONE ? put_u8(&body, intent.log) : err;
    err = err == ERR_NONE ? put_u64(&body, size) : err;
    err = err == ERR_NONE ? buf_append(&body, slice_of(intent.root, SHA256_BYTES)) : err;
    err = err == ERR_NONE ? put_bytes(&body, SLICE_NONE) : err;
    return err == ERR_NONE ? store_commit(history->store, buf_slice(&body), &answer) : err;
}

static enum err write_note(const struct edge *edge, const char *origin, struct buf *note)
{
    uint8_t root[SHA256_BYTES];
    edge_root(edge, root);
    enum err err = buf_printf(note, "%s\n%llu\n", origin, (unsigned long long)edge->size);
    err = err == ERR_NONE ? base64_encode(note, slice_of(root, sizeof(root))) : err;
    return err == ERR_NONE ? buf_append_string(note, "\n\n- a signature\n") : err;
}

static enum err publish(struct history *history, const char *origin)
{
    cleanup_buf struct buf note = BUF_INIT(4096);
    enum err err = write_note(&history->edge, origin, &note);
    return err == ERR_NONE ? tiles_publish(history->files, store_rows(history->store), LOG_EVIDENCE,
                                           history->edge.size, buf_slice(&note))
                           : err;
}

/* 270 entries under the name a/evidence, copied; 600 published; then the copy is back. */
static void go_back(struct history *history)
{
    cleanup_buf struct buf copy = BUF_INIT(SMALL_BYTES);
    *history = (struct history){.disk = disk_new(7, FAULT_SYNCS_WORK)};
    CHECK_ERR(ERR_NONE, open_store(history));
    CHECK_ERR(ERR_NONE, append_until(history, KEPT, false));
    CHECK_ERR(ERR_NONE, publish(history, "a/evidence"));
    CHECK_ERR(ERR_NONE, close_store(history)); /* closing moves the write-ahead log */
    CHECK_ERR(ERR_NONE, disk_files(history->disk, &history->files));
    CHECK_ERR(ERR_NONE, file_load(history->files, "vogt.db", &copy));
    files_free(history->files);
    struct edge kept = history->edge;
    CHECK_ERR(ERR_NONE, open_store(history));
    CHECK_ERR(ERR_NONE, append_until(history, LOST, false));
    CHECK_ERR(ERR_NONE, publish(history, "a/evidence"));
    CHECK_ERR(ERR_NONE, close_store(history));
    CHECK_ERR(ERR_NONE, disk_files(history->disk, &history->files));
    CHECK_ERR(ERR_NONE, file_replace(history->files, "vogt.db", buf_slice(&copy)));
    CHECK_ERR(ERR_NONE, file_sync_directory(history->files, ""));
    files_free(history->files);
    history->edge = kept;
    CHECK_ERR(ERR_NONE, open_store(history));
    CHECK_ERR(ERR_NONE, append_until(history, KEPT + 5, true));
}

/* Every file of a tree of this size is there and is this tree's. */
static bool has_tree(struct history *history, const char *folder, uint64_t size, bool is_new)
{
    char name[FILE_NAME_MAX_BYTES + 1];
    cleanup_buf struct buf bytes = BUF_INIT(SMALL_BYTES);
    bool good = true;
    for (uint64_t first = 0; first < size && good; first += TILE_WIDTH) {
        uint64_t left = size - first < TILE_WIDTH ? size - first : TILE_WIDTH;
        char partial[16] = "";
        if (left < TILE_WIDTH) {
            snprintf(partial, sizeof(partial), ".p/%u", (unsigned)left);
        }
        snprintf(name, sizeof(name), "%s/tile/entries/%03u%s", folder,
                 (unsigned)(first / TILE_WIDTH), partial);
        good = file_load(history->files, name, &bytes) == ERR_NONE && bytes.len == left * 11;
        for (uint64_t i = 0; i < left && good; i++) {
            uint8_t entry[9];
            good = slice_equal(slice_of(bytes.data + i * 11 + 2, 9),
                               entry_of(first + i, is_new, entry));
        }
    }
    return good;
}

static bool exists(struct history *history, const char *name)
{
    bool found = false;
    return file_exists(history->files, name, &found) == ERR_NONE && found;
}

static void check_reopened(struct history *history)
{
    cleanup_buf struct buf note = BUF_INIT(CHECKPOINT_MAX_BYTES);
    uint64_t size = 0;
    CHECK_ERR(ERR_NONE, tiles_checkpoint(history->files, LOG_EVIDENCE, &note, &size));
    CHECK(size == KEPT + 5 && slice_starts(buf_slice(&note), SLICE_LITERAL("b/evidence\n")));
    CHECK(has_tree(history, "ledger/evidence", KEPT + 5, true));
    CHECK(!exists(history, "ledger/evidence/tile/0/001"));
    CHECK(!exists(history, "ledger/evidence/tile/0/002.p"));
    CHECK(!exists(history, "ledger/evidence/tile/entries/001"));
    CHECK(has_tree(history, "ledger/former/a_evidence", LOST, false));
    CHECK(exists(history, "ledger/former/a_evidence/checkpoint"));
}

TEST(a_smaller_tree_under_another_name_replaces_the_published_one)
{
    struct history history;
    go_back(&history);
    CHECK_ERR(ERR_INVALID, publish(&history, "a/evidence")); /* under its own name it never shrinks */
    CHECK(has_tree(&history, "ledger/evidence", LOST, false));
    CHECK_ERR(ERR_NONE, publish(&history, "b/evidence"));
    check_reopened(&history);
    CHECK_ERR(ERR_NONE, close_store(&history));
    disk_free(history.disk);
}

/* Until the rename is on the disk the former tree stands whole in its place; afterwards whole in the
 * other. */
TEST(a_crash_at_any_operation_of_it_loses_neither_tree)
{
    uint64_t crashes = 0;
    for (uint64_t after = 1; after < OPERATIONS_MAX; after++) {
        struct history history;
        go_back(&history);
        disk_crash_after(history.disk, after);
        enum err err = publish(&history, "b/evidence");
        bool crashed = disk_crashed(history.disk);
        struct edge edge = history.edge;
        CHECK_ERR(ERR_NONE, close_store(&history));
        disk_restart(history.disk);
        CHECK_ERR(ERR_NONE, open_store(&history));
        history.edge = edge;
        CHECK(has_tree(&history, "ledger/evidence", LOST, false) !=
              has_tree(&history, "ledger/former/a_evidence", LOST, false));
        CHECK_ERR(ERR_NONE, publish(&history, "b/evidence"));
        check_reopened(&history);
        CHECK_ERR(ERR_NONE, close_store(&history));
        disk_free(history.disk);
        if (!crashed) {
            CHECK_ERR(ERR_NONE, err);
            break;
        }
        crashes++;
    }
    printf("     %llu crashes\n", (unsigned long long)crashes);
    CHECK(crashes > 20 && crashes < OPERATIONS_MAX - 1);
}

TEST_MAIN
