#include "measure/fold.h"

#include "base/check.h"
#include "base/time.h"

enum { ARENA_BYTES = 16 << 20 };
static const int64_t start_ms = INT64_C(1790000000000);

static struct slice payload(struct arena *arena, const char *type, int64_t at_ms, const char *members)
{
    char time[RFC3339_BYTES];
    rfc3339_format(at_ms, time);
    return slice_string(arena_printf(arena, "{\"type\":\"%s\",\"time\":\"%s\"%s%s}", type, time, members[0] == '\0' ? "" : ",", members));
}

static const char annex[] = "\"clauses\":[{\"id\":\"3.1\",\"promises\":[{\"id\":\"3.1.a\",\"measure\":\"crypto.transit\",\"promise\":\"tls13\",\"values\":{}}]}]";
static const char estate[] = "\"whole\":true,\"put\":[{\"id\":\"vogt:this\",\"kind\":\"vogt\",\"confirmed\":true},{\"id\":\"endpoint:a:443\",\"kind\":\"endpoint\",\"confirmed\":true}]";
static const char ledger[] = "\"probe\":\"ledger\",\"subject\":\"vogt:this\",\"observations\":[{\"kind\":\"ledger.integrity\",\"outcome\":\"pass\",\"reason\":\"ledger.whole\",\"values\":{}},"
                             "{\"kind\":\"ledger.completeness\",\"outcome\":\"pass\",\"reason\":\"ledger.complete\",\"values\":{}}],\"plant\":{\"caught\":true}";
static const char tls[] = "\"probe\":\"tls\",\"subject\":\"endpoint:a:443\",\"observations\":[{\"kind\":\"tls.version\",\"outcome\":\"pass\",\"reason\":\"tls.versions-kept\","
                          "\"values\":{\"host\":\"a\",\"port\":443}}],\"plant\":{\"caught\":true},\"facts\":{\"big\":true},\"planted\":{}";

/* What keep would write now. */
static struct slice verdict_payload(struct fold *fold, struct arena *arena, int64_t at_ms)
{
    struct judgement whole;
    struct json *record = verdict_record(&fold->world, world_clause(&fold->world, SLICE_LITERAL("3.1")), at_ms, &whole);
    struct buf text = BUF_INIT(65536);
    if (record == NULL || json_write(&text, record, 0) != ERR_NONE) {
        __builtin_trap();
    }
    struct slice inner = slice_of(text.data + 1, text.len - 2);
    struct slice result = payload(arena, "verdict", at_ms, arena_string(arena, inner));
    buf_free(&text);
    return result;
}

static void feed(struct fold *fold, struct arena *arena)
{
    const struct slice texts[] = {payload(arena, "annex.adopted", start_ms, annex), payload(arena, "estate.changed", start_ms, estate), payload(arena, "observation", start_ms, ledger),
                                  payload(arena, "observation", start_ms + 5, tls)};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        enum fold_result result = FOLD_DAMAGED;
        if (fold_take(fold, texts[i], i, &result, NULL) != ERR_NONE || result != FOLD_TAKEN) {
            __builtin_trap();
        }
    }
}

TEST(fold_agrees_with_what_was_recorded)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct fold fold;
    CHECK_ERR(ERR_NONE, fold_start(&fold));
    feed(&fold, arena);
    struct slice text = verdict_payload(&fold, arena, start_ms + 10);
    CHECK(slice_find(text, SLICE_LITERAL("\"verdict\":\"kept\"")) != SIZE_MAX);
    enum fold_result result = FOLD_DAMAGED;
    CHECK_ERR(ERR_NONE, fold_take(&fold, text, 4, &result, NULL));
    CHECK(result == FOLD_VERDICT_AGREES);
    /* the same verdict a day and a bit later is a lie: it was stale by then */
    char *late = arena_string(arena, text);
    memcpy(late + slice_find(text, SLICE_LITERAL("2026-")), "2027-", 5);
    cleanup_buf struct buf expected = BUF_INIT(65536);
    CHECK_ERR(ERR_NONE, fold_take(&fold, slice_string(late), 5, &result, &expected));
    CHECK(result == FOLD_VERDICT_DIFFERS);
    CHECK(slice_find(buf_slice(&expected), SLICE_LITERAL("\"verdict\":\"stale\"")) != SIZE_MAX);
    CHECK_U64(1, fold.counts.agreed);
    CHECK_U64(1, fold.counts.differing);
    fold_free(&fold);
}

/* Whatever byte of a recorded verdict is changed, the replay does not agree. */
TEST(fold_notices_every_changed_byte_of_a_verdict)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct fold fold;
    CHECK_ERR(ERR_NONE, fold_start(&fold));
    feed(&fold, arena);
    struct slice text = verdict_payload(&fold, arena, start_ms + 10);
    for (size_t i = 0; i < text.len; i++) {
        char *changed = arena_string(arena, text);
        changed[i] = (char)(changed[i] ^ 1);
        enum fold_result result = FOLD_VERDICT_AGREES;
        CHECK_ERR(ERR_NONE, fold_take(&fold, slice_of(changed, text.len), 4, &result, NULL));
        /* a digit of the time may move by one and the verdict stay true: then it is another true record */
        bool in_time = i >= slice_find(text, SLICE_LITERAL("2026-")) && i < slice_find(text, SLICE_LITERAL("2026-")) + 24;
        CHECK(result != FOLD_VERDICT_AGREES || in_time);
    }
    fold_free(&fold);
}

TEST(fold_counts_erased_damaged_and_foreign_entries)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct fold fold;
    CHECK_ERR(ERR_NONE, fold_start(&fold));
    feed(&fold, arena);
    enum fold_result result = FOLD_TAKEN;
    CHECK_ERR(ERR_NONE, fold_take(&fold, SLICE_NONE, 4, &result, NULL));
    CHECK(result == FOLD_ERASED);
    CHECK_ERR(ERR_NONE, fold_take(&fold, SLICE_LITERAL("{\"type\":\"observation\",\"time\":\"yesterday\"}"), 5, &result, NULL));
    CHECK(result == FOLD_DAMAGED);
    CHECK_ERR(ERR_NONE, fold_take(&fold, payload(arena, "observation", start_ms, "\"subject\":\"x\""), 6, &result, NULL));
    CHECK(result == FOLD_DAMAGED);
    CHECK_ERR(ERR_NONE, fold_take(&fold, payload(arena, "deviation.set", start_ms, "\"clause\":\"9.9\""), 7, &result, NULL));
    CHECK(result == FOLD_DAMAGED);
    CHECK_ERR(ERR_NONE, fold_take(&fold, payload(arena, "role.ended", start_ms, "\"role\":\"gate\""), 8, &result, NULL));
    CHECK(result == FOLD_TAKEN);
    CHECK_ERR(ERR_NONE, fold_take(&fold, payload(arena, "verdict", start_ms, "\"clause\":\"3.1\",\"catalogue\":\"0000000000000000\""), 9, &result, NULL));
    CHECK(result == FOLD_OTHER_CATALOGUE);
    CHECK_U64(1, fold.counts.erased);
    CHECK_U64(3, fold.counts.damaged);
    CHECK_U64(10, fold.counts.entries);
    fold_free(&fold);
}

/* Far more than fits the arena at once: the world moves, and still agrees. */
TEST(fold_forgets_what_was_replaced)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct fold fold;
    CHECK_ERR(ERR_NONE, fold_start(&fold));
    feed(&fold, arena);
    struct slice text = payload(arena, "observation", start_ms + 20, tls);
    enum fold_result result = FOLD_TAKEN;
    for (uint64_t i = 0; i < 20000; i++) {
        CHECK_ERR(ERR_NONE, fold_take(&fold, text, 4 + i, &result, NULL));
    }
    CHECK(arena_used(fold.arena) < (size_t)40 << 20);
    CHECK_U64(2, population_count(fold.world.population));
    CHECK_ERR(ERR_NONE, fold_take(&fold, verdict_payload(&fold, arena, start_ms + 30), 30000, &result, NULL));
    CHECK(result == FOLD_VERDICT_AGREES);
    fold_free(&fold);
}

TEST(fold_gives_facts_back_to_their_judge)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *tree = NULL, *input = NULL;
    const char *work = NULL;
    CHECK_ERR(ERR_NONE, json_read(arena, payload(arena, "observation", start_ms, tls), &tree, NULL));
    CHECK_ERR(ERR_NONE, fold_judge_input(arena, tree, &work, &input));
    CHECK_STRING("judge.tls", work);
    CHECK(json_bool(json_member(input, "facts"), "big", false));
    CHECK(json_path(input, "plant.facts") != NULL);
    CHECK_ERR(ERR_NONE, json_read(arena, payload(arena, "annex.adopted", start_ms, annex), &tree, NULL));
    CHECK_ERR(ERR_NOT_FOUND, fold_judge_input(arena, tree, &work, &input));
}

TEST_MAIN
