/* The audit log's records over more than a year: anchored each day, pruned 400 days later, on record, and not a day earlier. */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "ledger/commitment.h"

#include <limits.h>
#include <string.h>

static const int64_t NOON_MS = 1795435200000, DAY_MS = 86400000; /* 2026-11-23T12:00:00Z */

static enum err operation_change(struct turn *turn)
{
    enum err err = turn_put(turn, "n/row", SLICE_LITERAL("text"), 0);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* The last payload of this type in the evidence log, as text; empty: none. */
struct found {
    char text[512];
    size_t count;
};

static enum err operation_find_pruned(struct turn *turn)
{
    struct turn_names rows;
    enum err err = turn_list(turn, "evidence/", SLICE_NONE, 4096, &rows);
    struct json *list = json_new(turn->arena, JSON_OBJECT), *found = json_set_array(turn->arena, list, "found");
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct slice payload = slice_from(rows.bytes[i], COMMITMENT_SALT_BYTES);
        if (slice_find(payload, SLICE_LITERAL("\"type\":\"audit.pruned\"")) != SIZE_MAX) {
            json_append(found, json_string(turn->arena, payload));
        }
    }
    return err == ERR_NONE ? turn_reply_data(turn, list) : err;
}

static void find_pruned(struct turn_driver *driver, struct found *ret_found)
{
    struct turn *turn = NULL;
    ret_found->count = 0;
    CHECK_ERR(ERR_NONE, driver_run(driver, "find", NULL, &turn));
    const struct json *list = json_member(json_member(turn->reply.tree, "data"), "found");
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        snprintf(ret_found->text, sizeof ret_found->text, "%.*s", (int)one->text.len, (const char *)one->text.data);
        ret_found->count++;
    }
    driver_end(turn);
}

static struct turn_driver *start(void)
{
    struct turn_driver *driver = driver_new(1, NOON_MS);
    if (driver != NULL) {
        driver_add_operation(driver, "change", operation_change);
        driver_add_operation(driver, "find", operation_find_pruned);
    }
    return driver;
}

/* Blobs that are there, and the index of the first. */
static size_t blobs(struct turn_driver *driver, uint64_t *ret_first)
{
    size_t count = 0;
    *ret_first = UINT64_MAX;
    for (uint64_t i = 0; i < memory_entry_count(driver_rows(driver), LOG_AUDIT); i++) {
        char path[LEDGER_ROW_PATH_BYTES];
        ledger_row_path("audit", i, path);
        if (memory_has_row(driver_rows(driver), path)) {
            *ret_first = *ret_first == UINT64_MAX ? i : *ret_first;
            count++;
        }
    }
    return count;
}

static void change(struct turn_driver *driver, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        CHECK_ERR(ERR_NONE, driver_run(driver, "change", NULL, NULL));
    }
}

/* What keep does in an hour: the anchor, then pruning until it starts no further turn. */
static unsigned hour(struct turn_driver *driver, int64_t now_ms)
{
    unsigned turns = 0;
    bool goes_on = true;
    driver_set_now(driver, now_ms);
    if (driver_run(driver, "own_anchor", NULL, NULL) != ERR_NONE) {
        return UINT_MAX;
    }
    while (goes_on && turns < 100) {
        struct turn *turn = NULL;
        if (driver_run(driver, "own_prune", NULL, &turn) != ERR_NONE) {
            driver_end(turn);
            return UINT_MAX;
        }
        goes_on = turn->inside->started != NULL;
        driver_end(turn);
        turns++;
    }
    return turns;
}

TEST(records_go_400_days_after_their_anchor_and_not_before)
{
    struct turn_driver *driver = start();
    struct found found;
    uint64_t first = 0, anchored = 0;
    CHECK(driver != NULL);
    change(driver, 150);
    anchored = memory_entry_count(driver_rows(driver), LOG_AUDIT);
    CHECK_U64(1, hour(driver, NOON_MS));
    change(driver, 10);
    CHECK_U64(1, hour(driver, NOON_MS + 399 * DAY_MS)); /* young still; the next anchor */
    change(driver, 10);
    CHECK_U64(1, hour(driver, NOON_MS + 400 * DAY_MS - 1));
    size_t entries = memory_entry_count(driver_rows(driver), LOG_AUDIT);
    CHECK_U64(entries, blobs(driver, &first));
    find_pruned(driver, &found);
    CHECK_U64(0, found.count);

    CHECK_U64(anchored / 64 + 1, hour(driver, NOON_MS + 400 * DAY_MS)); /* 64 a turn */
    entries = memory_entry_count(driver_rows(driver), LOG_AUDIT);
    CHECK_U64(entries - anchored, blobs(driver, &first));
    CHECK_U64(anchored, first);
    find_pruned(driver, &found);
    CHECK_U64(1, found.count);
    char expected[64];
    snprintf(expected, sizeof expected, "\"from\":0,\"below\":%llu,", (unsigned long long)anchored);
    CHECK(strstr(found.text, expected) != NULL && strstr(found.text, "\"kept_days\":400") != NULL);
    snprintf(expected, sizeof expected, "ledger/audit-kept/%016llx", (unsigned long long)anchored);
    CHECK(memory_has_row(driver_rows(driver), expected));

    CHECK_U64(1, hour(driver, NOON_MS + 400 * DAY_MS + 3600000)); /* nothing more, and no second record */
    find_pruned(driver, &found);
    CHECK_U64(1, found.count);
    CHECK_U64(1, hour(driver, NOON_MS + 799 * DAY_MS));
    CHECK(!memory_has_row(driver_rows(driver), expected)); /* one row says it */
    find_pruned(driver, &found);
    CHECK_U64(2, found.count);
    uint8_t digest[SHA256_BYTES];
    struct tree_hash counted;
    CHECK_ERR(ERR_NONE, memory_state_digest(driver_rows(driver), digest));
    sethash_digest(state_sethash(driver_state(driver)), counted.bytes);
    CHECK(memcmp(digest, counted.bytes, sizeof digest) == 0);
    driver_free(driver);
}

/* An anchor dated back by a wrong clock is not old: those made before it are young. */
TEST(a_clock_that_went_wrong_prunes_nothing_early)
{
    struct turn_driver *driver = start();
    uint64_t first = 0;
    CHECK(driver != NULL);
    change(driver, 5);
    CHECK_U64(1, hour(driver, NOON_MS));
    change(driver, 5);
    CHECK_U64(1, hour(driver, NOON_MS - 500 * DAY_MS)); /* makes an anchor of that time */
    CHECK_U64(1, hour(driver, NOON_MS + DAY_MS));
    size_t entries = memory_entry_count(driver_rows(driver), LOG_AUDIT);
    CHECK_U64(entries, blobs(driver, &first));
    CHECK_U64(1, hour(driver, NOON_MS + 400 * DAY_MS)); /* the first, and the one after it that bears an older date */
    CHECK(blobs(driver, &first) < entries && first > 0);
    driver_free(driver);
}

/* What a crash or a stop between the turns leaves is taken up again. */
TEST(pruning_that_was_interrupted_goes_on)
{
    struct turn_driver *driver = start();
    uint64_t first = 0;
    CHECK(driver != NULL);
    change(driver, 200);
    CHECK_U64(1, hour(driver, NOON_MS));
    driver_set_now(driver, NOON_MS + 400 * DAY_MS);
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_prune", NULL, NULL));
    (void)blobs(driver, &first);
    CHECK_U64(64, first);
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    CHECK(hour(driver, NOON_MS + 401 * DAY_MS) > 1);
    (void)blobs(driver, &first);
    CHECK(first >= 200);
    driver_free(driver);
}

TEST_MAIN
