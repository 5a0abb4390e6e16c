#include "command/run_environment.h"

#include "base/check.h"

static const struct json *tree(struct arena *arena, const char *text)
{
    struct json *read = NULL;
    struct complaint complaint;
    return json_read(arena, slice_string(text), &read, &complaint) == ERR_NONE ? read : NULL;
}

static const char *line_of(char **block, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; block[i] != NULL; i++) {
        if (strncmp(block[i], name, len) == 0 && block[i][len] == '=') {
            return block[i] + len + 1;
        }
    }
    return NULL;
}

TEST(names_are_what_a_shell_takes)
{
    static const struct {
        const char *prefix, *field;
        bool upper;
        const char *name;
    } rows[] = {
        {"", "PASSWORD", false, "PASSWORD"}, {"", "password", false, "password"},      {"DB_", "password", true, "DB_PASSWORD"},
        {"", "db.pass-word", false, "db_pass_word"}, {"", "1st", false, "_st"},          {"A", "1st", false, "A1st"},
        {"", "\xc3\xa4", false, "__"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(1 << 20);
        CHECK(strcmp(environment_name(arena, rows[i].prefix, slice_string(rows[i].field), rows[i].upper), rows[i].name) == 0);
    }
}

TEST(values_of_every_type_come_as_they_are_written)
{
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    struct environment environment;
    struct complaint complaint;
    char inherited[][32] = {"KEPT=1", "a=old", "VAULT_TOKEN=hvs.x", "VOGT_TOKEN=hvs.x", "VAULT_TOKENS=1"};
    char *block_before[] = {inherited[0], inherited[1], inherited[2], inherited[3], inherited[4], NULL};
    CHECK_ERR(ERR_NONE, environment_start(&environment, arena, false));
    CHECK_ERR(ERR_NONE, environment_add(&environment, "s/x", "", tree(arena, "{\"a\":\"x = y\\n\",\"b\":1.10,\"c\":true,\"d\":{\"e\":[1]},\"f\":\"\"}"), &complaint));
    char **block = environment_block(&environment, block_before);
    CHECK(strcmp(line_of(block, "a"), "x = y\n") == 0 && strcmp(line_of(block, "b"), "1.10") == 0 && strcmp(line_of(block, "c"), "true") == 0);
    CHECK(strcmp(line_of(block, "d"), "{\"e\":[1]}") == 0 && strcmp(line_of(block, "f"), "") == 0);
    CHECK(strcmp(line_of(block, "KEPT"), "1") == 0 && strcmp(line_of(block, "VAULT_TOKENS"), "1") == 0);
    CHECK(line_of(block, "VAULT_TOKEN") == NULL && line_of(block, "VOGT_TOKEN") == NULL);
    CHECK(strcmp(block[0], "KEPT=1") == 0 && strcmp(block[2], "a=x = y\n") == 0);
}

TEST(two_fields_that_become_one_variable_are_refused_and_both_named)
{
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    struct environment environment;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, environment_start(&environment, arena, true));
    CHECK_ERR(ERR_NONE, environment_add(&environment, "s/x", "", tree(arena, "{\"db-pass\":\"hunter2\"}"), &complaint));
    CHECK_ERR(ERR_NONE, environment_add(&environment, "s/y", "Y_", tree(arena, "{\"db_pass\":\"hunter2\"}"), &complaint));
    CHECK_ERR(ERR_INVALID, environment_add(&environment, "s/y", "", tree(arena, "{\"DB_PASS\":\"hunter2\"}"), &complaint));
    CHECK(strstr(complaint.detail, "s/x, db-pass") != NULL && strstr(complaint.detail, "s/y, DB_PASS") != NULL && strstr(complaint.detail, "hunter2") == NULL);
}

TEST(what_cannot_or_must_not_be_a_variable_is_refused)
{
    static const char *const texts[] = {"{\"LD_PRELOAD\":\"x\"}", "{\"PATH\":\"x\"}", "{\"a\":null}", "{\"\":\"x\"}", "{\"a\":\"x\\u0000y\"}", "{\"ld_preload\":\"x\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(4 << 20);
        struct environment environment;
        struct complaint complaint;
        CHECK_ERR(ERR_NONE, environment_start(&environment, arena, true));
        CHECK_ERR(ERR_INVALID, environment_add(&environment, "s/x", "", tree(arena, texts[i]), &complaint));
        CHECK(complaint.text.german != NULL && environment.count == 0);
    }
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    struct environment environment;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, environment_start(&environment, arena, false));
    CHECK_ERR(ERR_NONE, environment_add(&environment, "s/x", "APP_", tree(arena, "{\"PATH\":\"x\"}"), &complaint));
}

TEST_MAIN
