/* Secrets compared without being shown: which values count, what becomes a fact, and what the judges say. */
#include "collect/fingerprint.h"
#include "collect/judge_test.h"
#include "collect/secrets.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 16 << 20 };
#define KEY "\"fingerprint_key\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\""

enum err worker_child(const char *program, int *ret_fd)
{
    (void)program, (void)ret_fd;
    return ERR_RIGHTS;
}

TEST(values_that_tell_something_are_told_from_others)
{
    static const struct {
        const char *name, *value;
        enum fingerprint_worth wanted;
    } rows[] = {
        {"DB_PASSWORD", "hunter2hunter2", FINGERPRINT_TELLS},
        {"db_password", "changeme", FINGERPRINT_TELLS},
        {"DB_PASSWORD", "short", FINGERPRINT_SHORT},
        {"API_TOKEN", "production", FINGERPRINT_COMMON},
        {"PIN_SECRET", "1234567890", FINGERPRINT_COMMON},
        {"PIN_SECRET", "12345678901234567890", FINGERPRINT_TELLS},
        {"DATABASE_URL", "postgres://app:pw@db/app", FINGERPRINT_TELLS},
        {"CACHE", "redis://user:3kd9Fj2kQ@cache:6379", FINGERPRINT_TELLS},
        {"SENTRY", "https://sentry.example.org/4711/x", FINGERPRINT_PLAIN},
        {"DEBUG", "true", FINGERPRINT_COMMON},
        {"PORT", "8080", FINGERPRINT_COMMON},
        {"NODE_ENV", "production", FINGERPRINT_COMMON},
        {"REGION", "eu-central-1", FINGERPRINT_SHORT},
        {"ADMIN", "operations@example.org", FINGERPRINT_PLAIN},
        {"HOST", "database.internal.example.org", FINGERPRINT_PLAIN},
        {"DATA", "/var/lib/application/data", FINGERPRINT_PLAIN},
        {"TITLE", "The application of the company", FINGERPRINT_PLAIN},
        {"FILL", "aaaaaaaaaaaaaaaaaaaaaaaa", FINGERPRINT_PLAIN},
        {"SALT", "q8Zk2LmN5vXw9TrB", FINGERPRINT_TELLS},
        {"tls.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", FINGERPRINT_TELLS},
        {"EMPTY", "", FINGERPRINT_COMMON},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (fingerprint_worth(slice_string(rows[i].name), slice_string(rows[i].value)) != rows[i].wanted) {
            printf("     %s=%s\n", rows[i].name, rows[i].value);
        }
        CHECK_U64(rows[i].wanted, fingerprint_worth(slice_string(rows[i].name), slice_string(rows[i].value)));
    }
}

static bool write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    bool ok = file != NULL && fputs(text, file) >= 0;
    ok = file != NULL && fclose(file) == 0 && ok;
    return ok && chmod(path, mode) == 0;
}

TEST(files_become_fingerprints_and_never_values)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    char folder[] = "/tmp/vogt-secrets-XXXXXX";
    struct work_reply reply = {0};
    CHECK(mkdtemp(folder) != NULL);
    const char *env = arena_printf(arena, "%s/.env", folder), *inside = arena_printf(arena, "%s/run", folder), *one = arena_printf(arena, "%s/run/db", folder);
    CHECK(mkdir(inside, 0700) == 0);
    CHECK(write_file(env, "# a comment\nexport DB_PASSWORD=\"hunter2hunter2\"\nPORT=8080\nSALT='q8Zk2LmN5vXw9TrB'\nnot a line\n", 0640));
    CHECK(write_file(one, "hunter2hunter2\n", 0600));
    const char *input = arena_printf(arena, "{" KEY ",\"paths\":[\"%s\",\"%s\",\"%s/none\"]}", env, inside, folder);
    CHECK_ERR(ERR_NONE, collect_secrets(arena, test_json(arena, input), SLICE_NONE, &reply));
    const struct json *facts = json_member(reply.output, "facts"), *first = judge_items(facts, "files"), *second = first->next, *third = second->next;
    CHECK_SLICE("ok", json_text(first, "read", SLICE_NONE));
    CHECK_SLICE("0640", json_text(first, "mode", SLICE_NONE));
    CHECK_U64(2, json_member(first, "values")->count);
    CHECK_SLICE("DB_PASSWORD", json_text(judge_items(first, "values"), "name", SLICE_NONE));
    CHECK_SLICE("1", json_text(json_member(first, "left_out"), "common", SLICE_NONE));
    CHECK_SLICE("1", json_text(json_member(second, "left_out"), "short", SLICE_NONE)); /* "db" is no telling name */
    CHECK_SLICE("NOT_FOUND", json_text(third, "read", SLICE_NONE));
    CHECK_ERR(ERR_NONE, json_write(&text, reply.output, 0));
    static const char *const values[] = {"hunter2", "q8Zk2", "8080"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        CHECK(slice_find(buf_slice(&text), slice_string(values[i])) == SIZE_MAX);
    }
    struct json *output = test_judge(arena, judge_secrets, facts, json_path(reply.output, "plant.facts"), "{}", "{}");
    CHECK(json_bool(json_member(output, "plant"), "caught", false));
    CHECK_STRING("error secrets.not-read", test_said(arena, output, "secrets.files-closed"));
    CHECK(unlink(env) == 0 && unlink(one) == 0 && rmdir(inside) == 0 && rmdir(folder) == 0);
}

TEST(tasks_without_key_or_paths_are_refused)
{
    static const char *const bad[] = {"{}", "{" KEY "}", "{" KEY ",\"paths\":[]}", "{" KEY ",\"paths\":[\"relative\"]}", "{\"paths\":[\"/etc/hostname\"]}",
                                      "{\"fingerprint_key\":\"00\",\"paths\":[\"/etc/hostname\"]}", "{" KEY ",\"paths\":[7]}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct work_reply reply = {0};
        CHECK_ERR(ERR_INVALID, collect_secrets(arena, test_json(arena, bad[i]), SLICE_NONE, &reply));
    }
}

#define FP(digit) #digit "0000000000000000000000000000000"
#define VALUE(name, digit) "{\"name\":\"" name "\",\"fingerprint\":\"" FP(digit) "\"}"
#define FILE_OF(path, mode, values) "{\"path\":\"" path "\",\"read\":\"ok\",\"mode\":\"" mode "\",\"values\":[" values "]}"
#define UNREAD(path) "{\"path\":\"" path "\",\"read\":\"RIGHTS\"}"
#define FILES(list) "{\"files\":[" list "]}"
#define ENGINE(read, values) "{\"engines\":[{\"engine\":\"docker\",\"read\":\"" read "\",\"containers\":[{\"name\":\"web\",\"environment\":[" values "]}]}]}"
#define SIDES(one, other) "{\"sides\":[{\"environment\":\"staging\",\"sources\":[" one "]},{\"environment\":\"production\",\"sources\":[" other "]}]}"

TEST(files_and_environments_are_judged)
{
    static const char planted[] = SIDES(FILES(FILE_OF("/p", "0644", VALUE("P", 9))), FILES(FILE_OF("/p", "0644", VALUE("P", 9))));
    static const struct {
        work_fn work;
        const char *kind, *facts, *wanted;
    } rows[] = {
        {judge_secrets, "secrets.files-closed", FILES(FILE_OF("/a", "0640", VALUE("A", 1))), "pass secrets.closed"},
        {judge_secrets, "secrets.files-closed", FILES(FILE_OF("/a", "0600", "") "," FILE_OF("/b", "0644", "")), "fail secrets.open-file"},
        {judge_secrets, "secrets.files-closed", FILES(FILE_OF("/a", "0600", "") "," UNREAD("/b")), "error secrets.not-read"},
        {judge_secrets, "secrets.files-closed", FILES(FILE_OF("/a", "?", "")), "fail secrets.open-file"},
        {judge_secrets, "secrets.files-closed", FILES(""), "error secrets.not-read"},
        {judge_disjoint, "secrets.disjoint", SIDES(FILES(FILE_OF("/a", "0600", VALUE("A", 1))), FILES(FILE_OF("/b", "0600", VALUE("A", 2)))), "pass secrets.disjoint"},
        {judge_disjoint, "secrets.disjoint", SIDES(FILES(FILE_OF("/a", "0600", VALUE("A", 1))), FILES(FILE_OF("/b", "0600", VALUE("B", 2) "," VALUE("C", 1)))), "fail secrets.shared"},
        {judge_disjoint, "secrets.disjoint", SIDES(ENGINE("ok", VALUE("A", 1)), FILES(FILE_OF("/b", "0600", VALUE("B", 1)))), "fail secrets.shared"},
        {judge_disjoint, "secrets.disjoint", SIDES(FILES(UNREAD("/a")), FILES(FILE_OF("/b", "0600", VALUE("B", 1)))), "error secrets.not-compared"},
        {judge_disjoint, "secrets.disjoint", SIDES(ENGINE("no-rights", VALUE("A", 1)), FILES(FILE_OF("/b", "0600", VALUE("B", 2)))), "error secrets.not-compared"},
        {judge_disjoint, "secrets.disjoint", SIDES("", FILES(FILE_OF("/b", "0600", VALUE("B", 2)))), "error secrets.not-compared"},
        {judge_disjoint, "secrets.disjoint", "{\"sides\":[]}", "error facts.missing"},
        {judge_disjoint, "secrets.disjoint", "{}", "error facts.missing"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        const char *plant = rows[i].work == judge_secrets ? FILES(FILE_OF("/planted", "0644", "")) : planted;
        struct json *output = test_judge(arena, rows[i].work, test_json(arena, rows[i].facts), test_json(arena, plant), "{}", "{}");
        CHECK(json_bool(json_member(output, "plant"), "caught", false));
        CHECK_STRING(rows[i].wanted, test_said(arena, output, rows[i].kind));
    }
}

TEST_MAIN
