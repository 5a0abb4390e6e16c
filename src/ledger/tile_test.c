#include "crypto/check_crypto.h"
#include "ledger/tile.h"

#include "base/check.h"

struct path_row {
    unsigned level;
    uint64_t number;
    unsigned width;
    const char *path;
};

static const struct path_row path_rows[] = {
    {0, 0, 256, "tile/0/000"},
    {0, 0, 5, "tile/0/000.p/5"},
    {3, 1234067, 256, "tile/3/x001/x234/067"},
    {TILE_LEVEL_ENTRIES, 999, 1, "tile/entries/999.p/1"},
    {TILE_LEVEL_ENTRIES, 1000, 255, "tile/entries/x001/000.p/255"},
    {7, UINT64_MAX, 256, "tile/7/x018/x446/x744/x073/x709/x551/615"},
};

static const char *const bad_paths[] = {
    "",
    "tile",
    "tile/",
    "tile/8/000",
    "tile/00/000",
    "tile/0/00",
    "tile/0/0000",
    "tile/0/x000/001",
    "tile/0/x001",
    "tile/0/x001/",
    "tile/0/001/002",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/05",
    "tile/0/000.p/",
    "tile/0/000.p/1x",
    "tile/entries",
    "tile/entries/../000",
    "tile/-1/000",
    "tile/0/x018/x446/x744/x073/x709/x551/616",
    "checkpoint",
};

TEST(tile_paths_are_written_and_read)
{
    for (size_t i = 0; i < sizeof(path_rows) / sizeof(path_rows[0]); i++) {
        const struct path_row *row = &path_rows[i];
        struct tile tile = {row->level, row->number, row->width}, read;
        char path[TILE_PATH_BYTES];
        CHECK_U64(strlen(row->path), tile_path(&tile, path));
        CHECK_STRING(row->path, path);
        CHECK_ERR(ERR_NONE, tile_path_parse(slice_string(path), &read));
        CHECK(read.level == row->level && read.number == row->number && read.width == row->width);
    }
    for (size_t i = 0; i < sizeof(bad_paths) / sizeof(bad_paths[0]); i++) {
        struct tile read;
        CHECK_ERR(ERR_MALFORMED, tile_path_parse(slice_string(bad_paths[i]), &read));
    }
}

TEST(tile_widths_follow_the_size)
{
    CHECK_U64(0, tile_width_at(0, 0, 0));
    CHECK_U64(0, tile_count(0, 0));
    CHECK_U64(1, tile_width_at(0, 0, 1));
    CHECK_U64(256, tile_width_at(0, 0, 256));
    CHECK_U64(0, tile_width_at(0, 1, 256));
    CHECK_U64(1, tile_width_at(1, 0, 256));
    CHECK_U64(44, tile_width_at(TILE_LEVEL_ENTRIES, 273, 69932));
    CHECK_U64(17, tile_width_at(1, 1, 69932));
    CHECK_U64(1, tile_width_at(2, 0, 69932));
    CHECK_U64(0, tile_width_at(3, 0, 69932));
    CHECK_U64(274, tile_count(TILE_LEVEL_ENTRIES, 69932));
}

/* Walking in steps of any sizes writes, in the end, every tile that a walk from nothing names. */
TEST(tile_walks_name_exactly_what_is_new)
{
    for (uint64_t old = 0; old < 1200; old += 37) {
        for (uint64_t new = old; new < 1200; new += 53) {
            size_t expected = 0, got = 0;
            for (uint64_t n = 0; n < 5; n++) {
                expected += tile_width_at(0, n, old) != tile_width_at(0, n, new)
                                ? 2
                                : 0; /* and its bundle */
                expected += tile_width_at(1, n, old) != tile_width_at(1, n, new);
            }
            struct tile tile;
            for (struct tile_walk walk = tile_walk_start(old, new); tile_walk_next(&walk, &tile);
                 got++) {
                CHECK_U64(tile_width_at(tile.level, tile.number, new), tile.width);
                CHECK(tile_width_at(tile.level, tile.number, old) != tile.width);
            }
            CHECK_U64(expected, got);
        }
    }
}

TEST(nodes_are_found_in_their_tiles)
{
    unsigned level, offset, count;
    uint64_t number;
    tile_of_node(0, 300, &level, &number, &offset, &count);
    CHECK(level == 0 && number == 1 && offset == 44 && count == 1);
    tile_of_node(7, 3, &level, &number, &offset, &count);
    CHECK(level == 0 && number == 1 && offset == 128 && count == 128);
    tile_of_node(8, 3, &level, &number, &offset, &count);
    CHECK(level == 1 && number == 0 && offset == 3 && count == 1);
}

TEST(folding_gives_the_subtree)
{
    struct tree_hash hashes[TILE_WIDTH], folded, root;
    for (unsigned count = 1; count <= TILE_WIDTH; count *= 2) {
        struct tree tree;
        tree_clear(&tree);
        for (unsigned i = 0; i < count; i++) {
            tree_leaf(slice_of(&i, sizeof(i)), &hashes[i]);
            CHECK_ERR(ERR_NONE, tree_append_leaf(&tree, &hashes[i]));
        }
        tree_root(&tree, &root);
        tile_fold(hashes, count, &folded);
        CHECK(tree_hash_equal(&root, &folded));
    }
}

TEST(bundles_come_apart_as_they_were_put_together)
{
    cleanup_buf struct buf bundle = BUF_INIT(BUNDLE_MAX_BYTES);
    static uint8_t large[ENTRY_MAX_BYTES + 1];
    struct slice rest, entry;
    CHECK_ERR(ERR_NONE, bundle_append(&bundle, SLICE_LITERAL("one")));
    CHECK_ERR(ERR_NONE, bundle_append(&bundle, SLICE_NONE));
    CHECK_ERR(ERR_NONE, bundle_append(&bundle, slice_of(large, ENTRY_MAX_BYTES)));
    CHECK_ERR(ERR_TOO_LARGE, bundle_append(&bundle, slice_of(large, sizeof(large))));
    CHECK_SLICE("\0\3one\0\0\xff\xff", slice_first(buf_slice(&bundle), 9));
    rest = buf_slice(&bundle);
    CHECK_ERR(ERR_NONE, bundle_next(&rest, &entry));
    CHECK_SLICE("one", entry);
    CHECK_ERR(ERR_NONE, bundle_next(&rest, &entry));
    CHECK_U64(0, entry.len);
    CHECK_ERR(ERR_NONE, bundle_next(&rest, &entry));
    CHECK_U64(ENTRY_MAX_BYTES, entry.len);
    CHECK_ERR(ERR_NOT_FOUND, bundle_next(&rest, &entry));
    rest = slice_first(buf_slice(&bundle), 4);
    CHECK_ERR(ERR_MALFORMED, bundle_next(&rest, &entry));
    rest = slice_first(buf_slice(&bundle), 1);
    CHECK_ERR(ERR_MALFORMED, bundle_next(&rest, &entry));
}

TEST_MAIN
