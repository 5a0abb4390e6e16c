#include "engine/vault.h"

#include "base/check.h"
#include "engine/turn_driver.h"

static const int64_t NOON_MS = 1795435200000; /* 2026-11-23T12:00:00Z */

/* Puts and reads one row behind the barrier. */
static enum err operation_put_row(struct turn *turn)
{
    enum err err = turn_put(turn, "n/secret", SLICE_LITERAL("text"), NOON_MS);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err operation_read_row(struct turn *turn)
{
    struct slice bytes;
    enum err err = turn_row(turn, "n/secret", &bytes);
    return err != ERR_NONE ? err : slice_is(bytes, "text") ? turn_reply_none(turn) : ERR_INTERNAL;
}

/* sys/rotate without a request's caller. */
static enum err operation_rotate_now(struct turn *turn)
{
    if (!turn_want(turn, "boot/keyring") || !turn_want(turn, "boot/seal")) {
        return ERR_NEED;
    }
    enum err err = vault_rotate(turn->around->vault, turn);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static struct turn_driver *start(void)
{
    struct turn_driver *driver = driver_new(1, NOON_MS);
    if (driver != NULL) {
        driver_add_operation(driver, "put_row", operation_put_row);
        driver_add_operation(driver, "read_row", operation_read_row);
        driver_add_operation(driver, "rotate_now", operation_rotate_now);
    }
    return driver;
}

static uint32_t key_of(struct turn_driver *driver, const char *path)
{
    uint32_t id = 0;
    return barrier_key_id(memory_row_bytes(driver_rows(driver), path), &id) == ERR_NONE ? id : 0;
}

TEST(a_new_store_has_seal_ring_and_keys)
{
    struct turn_driver *driver = start();
    CHECK(driver != NULL);
    const struct memory_rows *rows = driver_rows(driver);
    CHECK(memory_has_row(rows, "boot/seal") && memory_has_row(rows, "boot/keyring") && memory_has_row(rows, "core/keys"));
    CHECK(!driver_vault(driver)->sealed && driver_vault(driver)->initialized);
    CHECK_STRING("key-file", driver_vault(driver)->type);
    CHECK_U64(1, memory_entry_count(rows, LOG_EVIDENCE)); /* vogt.initialized */
    driver_free(driver);
}

TEST(sealing_forgets_and_the_right_key_opens_again)
{
    struct turn_driver *driver = start();
    uint8_t half[32];
    CHECK(driver != NULL);
    struct vault *vault = driver_vault(driver);
    CHECK_U64(sizeof half, vault->remote.len);
    memcpy(half, vault->remote.data, sizeof half);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put_row", NULL, NULL));
    vault_seal(vault, driver_state(driver));
    CHECK(vault->remote.len == 0 && vault->token_key.len == 0 && vault->evidence_seed.len == 0 && vault->audit_seed.len == 0);
    CHECK_ERR(ERR_SEALED, driver_run(driver, "read_row", NULL, NULL));
    half[0] ^= 1;
    CHECK_ERR(ERR_NONE, secret_copy(slice_of(half, sizeof half), &vault->remote));
    CHECK_ERR(ERR_FORGED, driver_run(driver, "own_unseal", NULL, NULL)); /* the wrong key file */
    CHECK(vault->sealed && state_barrier(driver_state(driver)) == NULL);
    vault->remote.data[0] ^= 1;
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_unseal", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "read_row", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    CHECK_ERR(ERR_NONE, driver_run(driver, "read_row", NULL, NULL)); /* and from fetched rows */
    wipe(half, sizeof half);
    driver_free(driver);
}

TEST(after_a_rotation_rows_are_sealed_anew)
{
    struct turn_driver *driver = start();
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put_row", NULL, NULL));
    uint32_t before = key_of(driver, "n/secret"), core = key_of(driver, "core/keys");
    CHECK(before != 0 && core == before);
    CHECK_ERR(ERR_NONE, driver_run(driver, "rotate_now", NULL, NULL));
    CHECK_U64(before, key_of(driver, "n/secret")); /* old rows open with their old key */
    CHECK_ERR(ERR_NONE, driver_run(driver, "read_row", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_reseal", NULL, NULL));
    CHECK_U64(before + 1, key_of(driver, "n/secret"));
    CHECK_U64((uint64_t)NOON_MS, memory_row(driver_rows(driver), SLICE_LITERAL("n/secret"))->due_ms); /* still due when it was */
    CHECK_U64(before + 1, key_of(driver, "core/keys"));
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    CHECK_ERR(ERR_NONE, driver_run(driver, "read_row", NULL, NULL)); /* the ring that was stored has both keys */
    driver_free(driver);
}

static enum err operation_put_due(struct turn *turn)
{
    enum err first = turn_put(turn, "schedule/one", SLICE_LITERAL("text"), NOON_MS + 60000);
    enum err second = turn_put(turn, "token/id/one", SLICE_LITERAL("text"), NOON_MS + 3600000);
    return first != ERR_NONE ? first : second != ERR_NONE ? second : turn_reply_none(turn);
}

/* Rows with a due time are sealed anew like all others, and stay due when they were. */
TEST(rotation_reseals_what_is_due_without_moving_it)
{
    struct turn_driver *driver = start();
    CHECK(driver != NULL);
    driver_add_operation(driver, "put_due", operation_put_due);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put_due", NULL, NULL));
    const struct memory_rows *rows = driver_rows(driver);
    uint32_t before = key_of(driver, "schedule/one");
    CHECK_ERR(ERR_NONE, driver_run(driver, "rotate_now", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_reseal", NULL, NULL));
    CHECK_U64(before + 1, key_of(driver, "schedule/one"));
    CHECK_U64(before + 1, key_of(driver, "token/id/one"));
    CHECK_U64(NOON_MS + 60000, memory_row(rows, SLICE_LITERAL("schedule/one"))->due_ms);
    CHECK_U64(NOON_MS + 3600000, memory_row(rows, SLICE_LITERAL("token/id/one"))->due_ms);
    for (size_t i = 0; i < memory_row_count(rows); i++) {
        uint32_t key = 0;
        struct slice path = buf_slice(&rows->list[i].path);
        bool is_old = barrier_key_id(buf_slice(&rows->list[i].bytes), &key) == ERR_NONE && key == before;
        CHECK(!is_old || slice_starts(path, SLICE_LITERAL("boot/")) || slice_starts(path, SLICE_LITERAL("audit/")));
    }
    uint64_t version = memory_row_version(rows, "schedule/one");
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_reseal", NULL, NULL));
    CHECK_U64(version, memory_row_version(rows, "schedule/one")); /* nothing left to do */
    driver_free(driver);
}

static enum err operation_put_many(struct turn *turn)
{
    enum err all = ERR_NONE;
    for (unsigned i = 0; i < 450; i++) {
        enum err err = turn_put(turn, turn_path(turn, "n/many/%03u", i), SLICE_LITERAL("text"), 0);
        all = err != ERR_NONE && (all == ERR_NONE || all == ERR_NEED) ? err : all;
    }
    return all == ERR_NONE ? turn_reply_none(turn) : all;
}

static size_t under_key(struct turn_driver *driver, uint32_t wanted)
{
    size_t count = 0;
    for (unsigned i = 0; i < 450; i++) {
        char path[32];
        count += snprintf(path, sizeof path, "n/many/%03u", i) > 0 && key_of(driver, path) == wanted ? 1 : 0;
    }
    return count;
}

/* 200 rows are sealed anew a turn; a stop after the first of them is gone on from at the next unsealing. */
TEST(sealing_anew_that_a_stop_cut_short_is_gone_on_with)
{
    struct turn_driver *driver = start();
    size_t ran = 0;
    CHECK(driver != NULL);
    driver_add_operation(driver, "put_many", operation_put_many);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put_many", NULL, NULL));
    uint32_t before = key_of(driver, "n/many/000");
    CHECK_ERR(ERR_NONE, driver_settle(driver, 100, &ran)); /* what the start began */
    CHECK_ERR(ERR_NONE, driver_run(driver, "sys_rotate", NULL, NULL));
    CHECK(memory_has_row(driver_rows(driver), "core/reseal"));
    CHECK_ERR(ERR_NONE, driver_settle(driver, 1, &ran));
    driver_forget_started(driver);
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    size_t left = under_key(driver, before);
    CHECK(left > 0 && left < 450);
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_settle", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_settle(driver, 100, &ran));
    CHECK_U64(0, under_key(driver, before));
    CHECK(!memory_has_row(driver_rows(driver), "core/reseal"));
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_settle", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_settle(driver, 100, &ran));
    CHECK_U64(0, ran); /* nothing left to do */
    driver_free(driver);
}

/* ---- policies of a store that an older program made ---- */

static const char old_text[] = "path \"annex\" {\n  capabilities = [\"read\"]\n}\n";
static struct {
    const char *text;
    int64_t changed_s;
} old_policy;

static enum err operation_put_policy(struct turn *turn)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT), *rules = json_new(turn->arena, JSON_ARRAY), *rule = json_append(rules, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, rule, "path", SLICE_LITERAL("annex"));
    json_append(json_set_array(turn->arena, rule, "capabilities"), json_string(turn->arena, SLICE_LITERAL("read")));
    json_set_string(turn->arena, row, "text", slice_string(old_policy.text));
    json_set(turn->arena, row, "rules", rules);
    json_set_i64(turn->arena, row, "changed_s", old_policy.changed_s);
    enum err err = turn_put_json(turn, "policy/acl/auditor", row, 0);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static uint64_t lacking(struct turn_driver *driver)
{
    struct turn *turn = NULL;
    if (driver_run(driver, "sys_status", NULL, &turn) != ERR_NONE) {
        return UINT64_MAX;
    }
    const struct json *behind = json_path(turn->reply.tree, "data.policies_behind");
    const struct json *missing = behind == NULL ? NULL : json_member(behind->first, "missing");
    uint64_t count = behind == NULL ? UINT64_MAX : missing == NULL ? 0 : missing->count;
    bool is_other = count > 0 && behind != NULL && !slice_is(json_text(behind->first, "name", SLICE_NONE), "auditor");
    driver_end(turn);
    return is_other ? UINT64_MAX : count;
}

TEST(policies_that_nobody_wrote_follow_the_program_and_others_are_named)
{
    struct turn_driver *driver = start();
    CHECK(driver != NULL);
    driver_add_operation(driver, "put_policy", operation_put_policy);
    const struct memory_rows *rows = driver_rows(driver);
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_settle", NULL, NULL));
    CHECK_U64(1, memory_entry_count(rows, LOG_EVIDENCE)); /* all are as they should be: no record */
    CHECK_U64(0, lacking(driver));
    old_policy.text = old_text;
    old_policy.changed_s = NOON_MS / 1000;
    CHECK_ERR(ERR_NONE, driver_run(driver, "put_policy", NULL, NULL));
    CHECK(lacking(driver) > 3 && lacking(driver) < 100);
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_settle", NULL, NULL));
    CHECK_U64(2, memory_entry_count(rows, LOG_EVIDENCE));
    CHECK_U64(0, lacking(driver));
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_settle", NULL, NULL));
    CHECK_U64(2, memory_entry_count(rows, LOG_EVIDENCE));
    old_policy.changed_s++; /* somebody wrote the same text later */
    CHECK_ERR(ERR_NONE, driver_run(driver, "put_policy", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_settle", NULL, NULL));
    CHECK(lacking(driver) > 3 && lacking(driver) < 100);
    old_policy.changed_s--; /* or other text in the second in which the store was made */
    old_policy.text = "path \"annex\" { capabilities = [\"read\"] }";
    CHECK_ERR(ERR_NONE, driver_run(driver, "put_policy", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "own_settle", NULL, NULL));
    CHECK(lacking(driver) > 3 && lacking(driver) < 100);
    CHECK_U64(2, memory_entry_count(rows, LOG_EVIDENCE));
    driver_free(driver);
}

TEST(log_keys_come_from_the_rows_and_change_name_only)
{
    struct turn_driver *driver = start();
    char origin[96], again[96];
    struct note_key key;
    struct slice seed;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, vault_log_key(driver_vault(driver), LOG_EVIDENCE, origin, &key, &seed));
    CHECK(slice_ends(slice_string(origin), SLICE_LITERAL("/evidence")));
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    CHECK_ERR(ERR_NONE, vault_log_key(driver_vault(driver), LOG_EVIDENCE, again, &key, &seed));
    CHECK_STRING(origin, again);
    CHECK_ERR(ERR_NONE, vault_log_key(driver_vault(driver), LOG_AUDIT, again, &key, &seed));
    CHECK(slice_ends(slice_string(again), SLICE_LITERAL("/audit")));
    vault_seal(driver_vault(driver), driver_state(driver));
    CHECK_ERR(ERR_SEALED, vault_log_key(driver_vault(driver), LOG_EVIDENCE, again, &key, &seed));
    driver_free(driver);
}

TEST_MAIN
