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
