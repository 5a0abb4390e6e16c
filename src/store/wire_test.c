#include "store/wire.h"

#include "base/check.h"

static const struct need needs[] = {
    {.kind = NEED_ROW, .path = {(const uint8_t *)"a/b", 3}},
    {.kind = NEED_LIST,
     .path = {(const uint8_t *)"a/", 2},
     .after = {(const uint8_t *)"a/b", 3},
     .limit = 10},
    {.kind = NEED_DUE, .number = 1700000000000, .limit = LIST_LIMIT_MAX},
    {.kind = NEED_ENTRIES, .log = LOG_AUDIT, .number = 7, .limit = 256},
    {.kind = NEED_LOG, .log = LOG_EVIDENCE},
    {.kind = NEED_NAMES, .after = {(const uint8_t *)"x/", 2}, .limit = 1},
    {.kind = NEED_TILE, .log = LOG_EVIDENCE, .level = 255, .number = 3, .width = 256},
    {.kind = NEED_STATE},
    {.kind = NEED_SNAPSHOT, .level = SNAPSHOT_READ, .number = 7, .limit = 3},
};

TEST(needs_come_back_as_they_went)
{
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        cleanup_buf struct buf out = BUF_INIT(2048);
        struct need back;
        CHECK_ERR(ERR_NONE, need_put(&out, &needs[i]));
        struct reader reader = reader_of(buf_slice(&out));
        CHECK_ERR(ERR_NONE, need_get(&reader, &back));
        CHECK_ERR(ERR_NONE, reader_end(&reader));
        CHECK(back.kind == needs[i].kind && slice_equal(back.path, needs[i].path) &&
              slice_equal(back.after, needs[i].after));
        CHECK(back.number == needs[i].number && back.limit == needs[i].limit &&
              back.log == needs[i].log);
        CHECK(back.level == needs[i].level && back.width == needs[i].width);
        for (size_t cut = 0; cut < out.len; cut++) {
            reader = reader_of(slice_first(buf_slice(&out), cut));
            CHECK_ERR(ERR_MALFORMED, need_get(&reader, &back));
        }
    }
}

TEST(stages_come_back_as_they_went_and_cut_ones_do_not)
{
    struct stage_ask stage = {STAGE_CHECK, 7, 9, SLICE_LITERAL("bytes")}, stage_back;
    struct stage_answer staged = {.err = ERR_FULL, .size = 12, .digest = {1, 2, 3}, .english = SLICE_LITERAL("a"), .german = SLICE_LITERAL("b"), .place = SLICE_LITERAL("c"),
                            .seal = SLICE_LITERAL("d"), .ring = SLICE_LITERAL("e"), .note = SLICE_LITERAL("f")}, staged_back;
    cleanup_buf struct buf out = BUF_INIT(1024), more = BUF_INIT(1024);
    CHECK_ERR(ERR_NONE, stage_ask_put(&out, &stage));
    CHECK_ERR(ERR_NONE, stage_answer_put(&more, &staged));
    struct reader reader = reader_of(buf_slice(&out));
    CHECK_ERR(ERR_NONE, stage_ask_get(&reader, &stage_back));
    CHECK_ERR(ERR_NONE, reader_end(&reader));
    CHECK(stage_back.what == STAGE_CHECK && stage_back.id == 7 && stage_back.offset == 9);
    CHECK_SLICE("bytes", stage_back.bytes);
    reader = reader_of(buf_slice(&more));
    CHECK_ERR(ERR_NONE, stage_answer_get(&reader, &staged_back));
    CHECK_ERR(ERR_NONE, reader_end(&reader));
    CHECK(staged_back.err == ERR_FULL && staged_back.size == 12 && memcmp(staged_back.digest, staged.digest, sizeof(staged.digest)) == 0);
    CHECK_SLICE("a", staged_back.english);
    CHECK_SLICE("e", staged_back.ring);
    CHECK_SLICE("f", staged_back.note);
    for (size_t cut = 0; cut < out.len; cut++) {
        reader = reader_of(slice_first(buf_slice(&out), cut));
        CHECK_ERR(ERR_MALFORMED, stage_ask_get(&reader, &stage_back));
    }
    out.data[0] = STAGE_KINDS;
    reader = reader_of(buf_slice(&out));
    CHECK_ERR(ERR_INVALID, stage_ask_get(&reader, &stage_back));
}

static enum err read_back(const struct need *need)
{
    cleanup_buf struct buf out = BUF_INIT(4096);
    struct need back;
    enum err err = need_put(&out, need);
    struct reader reader = reader_of(buf_slice(&out));
    return err == ERR_NONE ? need_get(&reader, &back) : err;
}

TEST(needs_outside_the_rules_are_refused)
{
    uint8_t long_path[PATH_MAX_BYTES + 1];
    memset(long_path, 'a', sizeof(long_path));
    CHECK_ERR(ERR_TOO_LARGE,
              read_back(&(struct need){.kind = NEED_ROW,
                                       .path = slice_of(long_path, sizeof(long_path))}));
    CHECK_ERR(ERR_NONE, read_back(&(struct need){.kind = NEED_ROW,
                                                 .path = slice_of(long_path, PATH_MAX_BYTES)}));
    CHECK_ERR(ERR_INVALID, read_back(&(struct need){.kind = NEED_ROW}));
    CHECK_ERR(ERR_INVALID,
              read_back(&(struct need){.kind = NEED_ROW, .path = SLICE_LITERAL("a\0b")}));
    CHECK_ERR(ERR_INVALID,
              read_back(&(struct need){.kind = NEED_ROW, .path = SLICE_LITERAL("\xff")}));
    CHECK_ERR(ERR_TOO_LARGE,
              read_back(&(struct need){.kind = NEED_LIST, .limit = LIST_LIMIT_MAX + 1}));
    CHECK_ERR(ERR_INVALID, read_back(&(struct need){.kind = NEED_LOG, .log = 3}));
    CHECK_ERR(ERR_INVALID,
              read_back(&(struct need){.kind = NEED_TILE, .log = 1, .level = 8, .width = 1}));
    CHECK_ERR(ERR_INVALID, read_back(&(struct need){.kind = NEED_TILE, .log = 1, .width = 0}));
    CHECK_ERR(ERR_INVALID, read_back(&(struct need){.kind = NEED_TILE, .log = 1, .width = 257}));
    CHECK_ERR(ERR_INVALID, read_back(&(struct need){.kind = (enum need_kind)10}));
    struct reader reader = reader_of(SLICE_LITERAL("\x0a"));
    struct need need;
    CHECK_ERR(ERR_INVALID, need_get(&reader, &need));
}

TEST(changes_and_appends_come_back)
{
    cleanup_buf struct buf out = BUF_INIT(4096);
    struct change put = {CHANGE_PUT, SLICE_LITERAL("p"), 3, 99, SLICE_LITERAL("bytes")},
                  delete = {CHANGE_DELETE, SLICE_LITERAL("d"), 4, 0, SLICE_NONE}, change;
    struct append append = {LOG_AUDIT, 12, SLICE_LITERAL("entry")}, back;
    CHECK_ERR(ERR_NONE, change_put(&out, &put));
    CHECK_ERR(ERR_NONE, change_put(&out, &delete));
    CHECK_ERR(ERR_NONE, append_put(&out, &append));
    struct reader reader = reader_of(buf_slice(&out));
    CHECK_ERR(ERR_NONE, change_get(&reader, &change));
    CHECK(change.kind == CHANGE_PUT && change.expected_version == 3 && change.due_unix_ms == 99);
    CHECK_SLICE("bytes", change.bytes);
    CHECK_ERR(ERR_NONE, change_get(&reader, &change));
    CHECK(change.kind == CHANGE_DELETE && change.expected_version == 4 && change.bytes.len == 0);
    CHECK_ERR(ERR_NONE, append_get(&reader, &back));
    CHECK(back.log == LOG_AUDIT && back.index == 12);
    CHECK_SLICE("entry", back.entry);
    CHECK_ERR(ERR_NONE, reader_end(&reader));
}

TEST(versions_that_would_turn_negative_are_refused)
{
    cleanup_buf struct buf out = BUF_INIT(4096);
    struct change change = {CHANGE_DELETE, SLICE_LITERAL("d"), INT64_MAX, 0, SLICE_NONE};
    CHECK_ERR(ERR_NONE, change_put(&out, &change));
    struct reader reader = reader_of(buf_slice(&out));
    CHECK_ERR(ERR_TOO_LARGE, change_get(&reader, &change));
}

TEST_MAIN
