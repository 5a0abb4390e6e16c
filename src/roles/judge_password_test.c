#include "base/check.h"
#include "roles/judge_password.h"

#define SALT "736f6d6573616c74736f6d6573616c74" /* somesaltsomesalt */

static struct complaint said;

static enum err run(struct arena *arena, const char *input_text, struct slice passphrase,
                    struct slice *ret_hash)
{
    struct json *input = NULL;
    struct buf raw = BUF_INIT(16);
    struct work_reply reply = {.raw = &raw};
    enum err err = json_read(arena, slice_string(input_text), &input, &reply.complaint);
    err = err == ERR_NONE ? judge_password(arena, input, passphrase, &reply) : err;
    *ret_hash = err == ERR_NONE ? json_text(reply.output, "hash", SLICE_NONE) : SLICE_NONE;
    said = reply.complaint;
    return err;
}

/* Of the reference program, as in argon2id_test.c. */
TEST(password_hash_is_argon2id)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    struct slice hash;
    CHECK_ERR(ERR_NONE, run(arena, "{\"salt\":\"" SALT "\",\"memory_kib\":65536,\"passes\":2}",
                            SLICE_LITERAL("password"), &hash));
    CHECK_SLICE("fc33b78139231d34b71626bd6245c1d72efa190ad605c3d8166a72adcedfa2c2", hash);
    CHECK_ERR(ERR_NONE, run(arena, "{\"salt\":\"" SALT "\",\"memory_kib\":8,\"passes\":1}",
                            SLICE_LITERAL("password"), &hash));
    CHECK_SLICE("05b6ca8f8038b683887ad4916533858b49cb52040126c134f4c6e9d8711b8c09", hash);
}

TEST(password_bounds_are_kept)
{
    static const char *const bad[] = {
        "{}",
        "{\"salt\":\"" SALT "\",\"memory_kib\":7,\"passes\":1}",
        "{\"salt\":\"" SALT "\",\"memory_kib\":262145,\"passes\":1}",
        "{\"salt\":\"" SALT "\",\"memory_kib\":8,\"passes\":0}",
        "{\"salt\":\"" SALT "\",\"memory_kib\":8,\"passes\":11}",
        "{\"salt\":\"" SALT "\",\"memory_kib\":-8,\"passes\":1}",
        "{\"salt\":\"" SALT "\",\"memory_kib\":18446744073709551616,\"passes\":1}",
        "{\"salt\":\"" SALT "\",\"memory_kib\":8}",
        "{\"salt\":\"" SALT "00\",\"memory_kib\":8,\"passes\":1}",
        "{\"salt\":\"00\",\"memory_kib\":8,\"passes\":1}",
        "{\"salt\":\"zz6f6d6573616c74736f6d6573616c74\",\"memory_kib\":8,\"passes\":1}",
        "{\"salt\":17,\"memory_kib\":8,\"passes\":1}",
        "[]",
    };
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct slice hash;
        CHECK_ERR(ERR_INVALID, run(arena, bad[i], SLICE_LITERAL("password"), &hash));
        CHECK(said.text.english != NULL && said.text.german != NULL);
        CHECK(strstr(said.detail, "password") == NULL);
    }
}

TEST(password_length_is_bounded)
{
    static uint8_t long_text[PASSWORD_MAX_BYTES + 1];
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    struct slice hash, empty_hash;
    const char *input = "{\"salt\":\"" SALT "\",\"memory_kib\":8,\"passes\":1}";
    CHECK_ERR(ERR_TOO_LARGE, run(arena, input, slice_of(long_text, sizeof(long_text)), &hash));
    CHECK_ERR(ERR_NONE, run(arena, input, slice_of(long_text, PASSWORD_MAX_BYTES), &hash));
    CHECK_ERR(ERR_NONE, run(arena, input, SLICE_NONE, &empty_hash));
    CHECK(!slice_equal(hash, empty_hash));
}

TEST_MAIN
