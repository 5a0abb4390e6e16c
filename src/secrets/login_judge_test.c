/* What judge does for logins: metadata read, bcrypt's hashes checked. */
#include "secrets/login_judge.h"

#include "base/check.h"

#include <string.h>

static enum err run(work_fn work, const char *input_text, struct slice raw, const struct json **ret_output)
{
    static struct arena *arena; /* of the last run: its output is read before the next */
    arena_free(arena);
    arena = arena_new(1 << 20);
    struct json *input = NULL;
    struct buf bytes = BUF_INIT(16);
    struct work_reply reply = {.raw = &bytes};
    enum err err = json_read(arena, slice_string(input_text), &input, NULL);
    err = err == ERR_NONE ? work(arena, input, raw, &reply) : err;
    *ret_output = reply.output;
    return err;
}

static bool matches(const char *setting, struct slice password)
{
    char input[160];
    const struct json *output = NULL;
    snprintf(input, sizeof input, "{\"setting\":\"%s\"}", setting);
    return run(login_crypt, input, password, &output) == ERR_NONE && slice_is(json_text(output, "hash", SLICE_NONE), setting);
}

/* Of the tests of crypt_blowfish and of Go's bcrypt, and of Debian's htpasswd -B. */
TEST(bcrypt_knows_the_right_password)
{
    CHECK(matches("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", SLICE_LITERAL("U*U")));
    CHECK(matches("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", SLICE_LITERAL("U*U*")));
    CHECK(matches("$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", SLICE_LITERAL("allmine")));
    CHECK(matches("$2y$05$OU7Kxh0PfWacaoowjL3pGu6up5vm2/BQWPaqhma1TbHzWZjcElT1C", SLICE_LITERAL("pässword")));
    CHECK(matches("$2y$04$sImf74To0xa4lEtWJhMKQOCLBOlXbkQ82d.T9q.ZQFiR6NpWBDvdK", SLICE_LITERAL("correct horse battery")));
}

TEST(bcrypt_refuses_all_others)
{
    char long_password[73];
    memset(long_password, 'a', sizeof long_password);
    CHECK(!matches("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", SLICE_LITERAL("U*V")));
    CHECK(!matches("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", SLICE_LITERAL("")));
    CHECK(!matches("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", SLICE_LITERAL("U*U\0more")));
    CHECK(!matches("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", slice_of(long_password, sizeof long_password)));
}

TEST(other_forms_of_hashes_are_refused)
{
    static const char *const bad[] = {"{}", "{\"setting\":\"\"}", "{\"setting\":\"$6$saltsalt$xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
                                      "{\"setting\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe\"}",
                                      "{\"setting\":\"$2a$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}"};
    const struct json *output = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(run(login_crypt, bad[i], SLICE_LITERAL("U*U"), &output) != ERR_NONE);
    }
}

TEST(metadata_is_an_object_in_a_text)
{
    const struct json *output = NULL;
    CHECK_ERR(ERR_NONE, run(login_metadata, "{}", SLICE_LITERAL("{\"team\":\"blue\"}"), &output));
    CHECK_SLICE("blue", json_text(json_member(output, "metadata"), "team", SLICE_NONE));
    CHECK_ERR(ERR_INVALID, run(login_metadata, "{}", SLICE_LITERAL("[1]"), &output));
    CHECK_ERR(ERR_INVALID, run(login_metadata, "{}", SLICE_LITERAL("team=blue"), &output));
    CHECK_ERR(ERR_INVALID, run(login_metadata, "{}", SLICE_LITERAL(""), &output));
}

TEST_MAIN
