/* What holds wherever the rows lie: built twice, with SQLite's scene and with PostgreSQL's. */
#include "crypto/check_crypto.h"
#include "store/rows_scene.h"

#include "store/tiles.h"

#include "base/check.h"

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
    place_close(&place);
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
