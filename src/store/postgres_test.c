/* What a PostgreSQL database alone can do: be somebody else's, changed, without durable commits, gone; and what a connection's text may say. */
#include "crypto/check_crypto.h"
#include "store/postgres.h"
#include "store/rows_scene.h"

#include "base/check.h"

#include <stdlib.h>

static enum err read_place(const char *url, struct complaint *complaint)
{
    struct rows_place *place = NULL;
    enum err err = rows_place_read(slice_string(url), &place, complaint);
    rows_place_free(place);
    return err;
}

TEST(a_connection_is_read_and_never_quoted)
{
    static const struct {
        const char *url;
        enum err err;
        const char *detail;
    } cases[] = {
        {"postgres://u:hunter2@db.example:5432/vault?sslmode=verify-full\n", ERR_NONE, ""},
        {"postgresql://u:hunter2@/vault?host=/run/postgresql", ERR_NONE, ""},
        {"host=db.example user=u password=hunter2 dbname=vault", ERR_NONE, ""},
        {"postgres://u:hunter2@db.example/vault?options=-csynchronous_commit%3Doff", ERR_UNSUPPORTED, "options"},
        {"postgres://u:hunter2@db.example/vault?service=x", ERR_UNSUPPORTED, "service"},
        {"postgres://u:hunter2@db.example/vault?passfile=/x", ERR_UNSUPPORTED, "passfile"},
        {"postgres://u:hunter2@db.example/vault?pool_max_conns=4", ERR_MALFORMED, ""},
        {"postgres://u:hunter2@/vault", ERR_MALFORMED, "host"},
        {"postgres://db.example/vault", ERR_MALFORMED, "user"},
        {"postgres://u:hun%zzter2@db.example/vault", ERR_MALFORMED, ""},
        {"postgres://u:hunter2@[db.example/vault", ERR_MALFORMED, ""},
        {"", ERR_MALFORMED, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct complaint complaint = {.text = {"", ""}};
        char words[1024];
        CHECK_ERR(cases[i].err, read_place(cases[i].url, &complaint));
        CHECK_STRING(cases[i].detail, complaint.detail);
        complaint_format(&complaint, LANGUAGE_ENGLISH, words, sizeof(words));
        CHECK(strstr(words, "hunter") == NULL && strstr(words, "ter2") == NULL);
    }
}

TEST(the_paths_that_a_connection_needs_are_named)
{
    struct rows_place *place = NULL;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, rows_place_read(SLICE_LITERAL("host=/run/a,db.example,/run/b user=u sslmode=verify-ca sslcert=/c.pem sslkey=/k.pem"), &place, &complaint));
    const char *const *paths = rows_place_paths(place);
    CHECK_STRING("/run/a", paths[0]);
    CHECK_STRING("/run/b", paths[1]);
    CHECK_STRING("/c.pem", paths[2]);
    CHECK_STRING("/k.pem", paths[3]);
    CHECK(paths[4] == NULL);
    rows_place_free(place);
}

TEST(a_database_lets_one_vogt_in)
{
    struct place place, second;
    CHECK_ERR(ERR_NONE, place_new(&place));
    second = place;
    CHECK_ERR(ERR_LOCKED, place_open(&second));
    CHECK_ERR(ERR_NONE, put_row(&place, "still", 0, 0, "works"));
    place_close(&place);
    CHECK_ERR(ERR_NONE, place_open(&place));
    place_end(&place);
}

TEST(newer_changed_and_foreign_ones_are_refused)
{
    struct place place;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NEWER, place_reopen_after(&place, "COMMENT ON SCHEMA vogt IS 'Vogt store, schema 3'"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "COMMENT ON SCHEMA vogt IS 'Vogt store, schema 0'"));
    CHECK_ERR(ERR_INVALID, place_reopen_after(&place, "COMMENT ON SCHEMA vogt IS 'of the bookkeepers'"));
    CHECK_ERR(ERR_INVALID, place_reopen_after(&place, "COMMENT ON SCHEMA vogt IS NULL; CREATE TABLE vogt.bills (id int)"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "COMMENT ON SCHEMA vogt IS 'Vogt store, schema 2'")); /* bills */
    CHECK_ERR(ERR_NONE, place_reopen_after(&place, "DROP TABLE vogt.bills"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
                                                "CREATE TRIGGER t BEFORE INSERT ON vogt.row FOR EACH ROW EXECUTE FUNCTION public.f()"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "DROP TRIGGER t ON vogt.row; CREATE RULE r AS ON DELETE TO vogt.row DO INSTEAD NOTHING"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "DROP RULE r ON vogt.row; ALTER TABLE vogt.entry SET UNLOGGED"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "ALTER TABLE vogt.entry SET LOGGED; ALTER TABLE vogt.row ALTER COLUMN path TYPE text COLLATE \"default\""));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "ALTER TABLE vogt.row ALTER COLUMN path TYPE text COLLATE \"C\"; ALTER TABLE vogt.row ENABLE ROW LEVEL SECURITY"));
    CHECK_ERR(ERR_NONE, place_reopen_after(&place, "ALTER TABLE vogt.row DISABLE ROW LEVEL SECURITY"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "DELETE FROM vogt.log WHERE log = 2"));
    CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "DROP TABLE vogt.entry"));
    place_end(&place);
}

TEST(commits_that_are_not_durable_are_refused)
{
    struct place place;
    char sql[128];
    CHECK_ERR(ERR_NONE, place_new(&place));
    snprintf(sql, sizeof(sql), "ALTER DATABASE %s SET synchronous_commit = off", place.database);
    CHECK_ERR(ERR_UNSUPPORTED, place_reopen_after(&place, sql));
    snprintf(sql, sizeof(sql), "ALTER DATABASE %s SET synchronous_commit = remote_write", place.database);
    CHECK_ERR(ERR_NONE, place_reopen_after(&place, sql));
    place_end(&place);
}

TEST(an_empty_database_beside_a_ledger_is_a_lost_one)
{
    struct place place;
    char command[256];
    CHECK_ERR(ERR_NONE, place_new(&place));
    snprintf(command, sizeof(command), "mkdir -p %s/ledger/evidence && echo x > %s/ledger/evidence/checkpoint", place.path, place.path);
    CHECK(system(command) == 0);
    for (int opened = 0; opened < 2; opened++) { /* nothing is made on the way */
        CHECK_ERR(ERR_DAMAGED, place_reopen_after(&place, "DROP SCHEMA IF EXISTS vogt CASCADE"));
    }
    place_end(&place);
}

TEST(a_lost_connection_is_final)
{
    struct place place;
    cleanup_buf struct buf out = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "a", 0, 0, "1"));
    CHECK(place_run(&place, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vogt'"));
    CHECK_ERR(ERR_IO, put_row(&place, "a", 1, 0, "2"));
    CHECK_ERR(ERR_IO, store_ended(place.store));
    CHECK_ERR(ERR_IO, rows_row(store_rows(place.store), SLICE_LITERAL("a"), &out));
    CHECK_ERR(ERR_IO, put_row(&place, "a", 1, 0, "2"));
    place_close(&place);
    CHECK_ERR(ERR_NONE, place_open(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "a", 1, 0, "2"));
    place_end(&place);
}

/* A FETCH of many needs at once: answers in the order of the questions, whatever was in between. */
TEST(needs_that_were_sent_ahead_get_their_own_answers)
{
    struct place place;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "a/1", 0, 5, "one"));
    CHECK_ERR(ERR_NONE, put_row(&place, "a/2", 0, 0, "two"));
    static const struct need needs[] = {
        {.kind = NEED_ROW, .path = {(const uint8_t *)"a/2", 3}}, {.kind = NEED_LOG, .log = LOG_AUDIT},           {.kind = NEED_LIST, .path = {(const uint8_t *)"a/", 2}, .limit = 9},
        {.kind = NEED_STATE},                                    {.kind = NEED_DUE, .number = 9, .limit = 9},    {.kind = NEED_NAMES, .limit = 9},
        {.kind = NEED_ENTRIES, .log = LOG_AUDIT, .limit = 9},    {.kind = NEED_ROW, .path = {(const uint8_t *)"a/1", 3}},
    };
    cleanup_buf struct buf body = BUF_INIT(4096), whole = BUF_INIT(65536), single = BUF_INIT(65536);
    CHECK_ERR(ERR_NONE, put_u32(&body, 8));
    CHECK_ERR(ERR_NONE, put_u16(&single, ERR_NONE));
    CHECK_ERR(ERR_NONE, put_u32(&single, 8));
    for (size_t i = 0; i < 8; i++) {
        cleanup_buf struct buf one = BUF_INIT(4096), answer = BUF_INIT(65536);
        CHECK_ERR(ERR_NONE, need_put(&body, &needs[i]));
        CHECK_ERR(ERR_NONE, put_u32(&one, 1));
        CHECK_ERR(ERR_NONE, need_put(&one, &needs[i]));
        CHECK_ERR(ERR_NONE, store_fetch(place.store, buf_slice(&one), &answer));
        CHECK_ERR(ERR_NONE, buf_append(&single, slice_from(buf_slice(&answer), 6)));
    }
    CHECK_ERR(ERR_NONE, store_fetch(place.store, buf_slice(&body), &whole));
    CHECK(whole.len == single.len && memcmp(whole.data, single.data, whole.len) == 0);
    /* An answer without room for it takes nothing away from the next question. */
    cleanup_buf struct buf small = BUF_INIT(64);
    CHECK_ERR(ERR_TOO_LARGE, store_fetch(place.store, buf_slice(&body), &small));
    buf_clear(&whole);
    CHECK_ERR(ERR_NONE, store_fetch(place.store, buf_slice(&body), &whole));
    CHECK(whole.len == single.len && memcmp(whole.data, single.data, whole.len) == 0);
    place_end(&place);
}

/* More than a socket holds, in one commit and in one answer. */
TEST(large_commits_and_answers_go_through)
{
    enum { ROWS = 3000, BYTES = 3000 };
    struct place place;
    cleanup_buf struct buf body = BUF_INIT(64 << 20), answer = BUF_INIT(64 << 20);
    static uint8_t bytes[BYTES];
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_u64(&body, 0));
    CHECK_ERR(ERR_NONE, put_u32(&body, ROWS));
    for (size_t i = 0; i < ROWS; i++) {
        char name[32];
        snprintf(name, sizeof(name), "many/%06zu", i);
        CHECK_ERR(ERR_NONE, change_put(&body, &(struct change){CHANGE_PUT, slice_string(name), 0, 0, slice_of(bytes, sizeof(bytes))}));
    }
    CHECK_ERR(ERR_NONE, put_u32(&body, 0));
    CHECK_ERR(ERR_NONE, put_u32(&body, 0));
    CHECK_ERR(ERR_NONE, put_bytes(&body, SLICE_LITERAL("state")));
    CHECK_ERR(ERR_NONE, store_commit(place.store, buf_slice(&body), &answer));
    buf_clear(&answer);
    CHECK_ERR(ERR_CONFLICT, store_commit(place.store, buf_slice(&body), &answer)); /* and thousands of parts after the first that failed */
    CHECK_SLICE("\x0b\0\0\0many/000000", slice_from(buf_slice(&answer), 2));
    buf_clear(&answer);
    CHECK_ERR(ERR_NONE, rows_list(store_rows(place.store), SLICE_LITERAL("many/"), SLICE_NONE, LIST_LIMIT_MAX, &answer));
    CHECK(answer.len > (size_t)ROWS * BYTES);
    place_end(&place);
}

TEST_MAIN
