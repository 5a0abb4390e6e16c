/* SCRAM with a server made of bytes, and the judge of rotations. The real PostgreSQL stands in tests/test_rotation.py. */
#include "collect/rotation.h"

#include "base/encode.h"
#include "collect/judge_test.h"
#include "collect/reason.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { ARENA_BYTES = 8 << 20, ITERATIONS = 4096 };

/* A server that knows a password and answers by the text of RFC 5802; or one whose messages are given. */
struct server {
    const char *password;
    const uint8_t *given;
    size_t given_len;
    bool lies;                          /* signs with another key */
    struct buf out, first, server_first;
    size_t sent, messages;
};

static void put(struct server *server, char type, const char *head, size_t head_len, const char *text)
{
    size_t len = strlen(text);
    uint32_t whole = (uint32_t)(4 + head_len + len);
    const uint8_t prefix[5] = {(uint8_t)type, (uint8_t)(whole >> 24), (uint8_t)(whole >> 16), (uint8_t)(whole >> 8), (uint8_t)whole};
    CHECK_ERR(ERR_NONE, buf_append(&server->out, slice_of(prefix, 5)));
    CHECK_ERR(ERR_NONE, buf_append(&server->out, slice_of(head, head_len)));
    CHECK_ERR(ERR_NONE, buf_append_string(&server->out, text));
}

static void mac(const uint8_t *key, size_t key_len, struct slice text, uint8_t out[32])
{
    unsigned len = 0;
    CHECK(HMAC(EVP_sha256(), key, (int)key_len, text.data, text.len, out, &len) != NULL);
}

static void verify(struct server *server, struct slice final)
{
    size_t mark = slice_find(final, SLICE_LITERAL(",p="));
    cleanup_buf struct buf message = BUF_INIT(4096), proof = BUF_INIT(64), text = BUF_INIT(128);
    uint8_t salted[32], key[32], stored[32], signature[32];
    unsigned len = 0;
    CHECK(mark != SIZE_MAX);
    CHECK_ERR(ERR_NONE, buf_append(&message, buf_slice(&server->first)));
    CHECK_ERR(ERR_NONE, buf_append_byte(&message, ','));
    CHECK_ERR(ERR_NONE, buf_append(&message, buf_slice(&server->server_first)));
    CHECK_ERR(ERR_NONE, buf_append_byte(&message, ','));
    CHECK_ERR(ERR_NONE, buf_append(&message, slice_first(final, mark)));
    CHECK(PKCS5_PBKDF2_HMAC(server->password, (int)strlen(server->password), (const uint8_t *)"salt", 4, ITERATIONS, EVP_sha256(), 32, salted) == 1);
    mac(salted, 32, SLICE_LITERAL("Client Key"), key);
    CHECK(EVP_Digest(key, 32, stored, &len, EVP_sha256(), NULL) == 1);
    mac(stored, 32, buf_slice(&message), signature);
    CHECK_ERR(ERR_NONE, base64_decode(&proof, slice_from(final, mark + 3)));
    bool good = proof.len == 32;
    for (size_t i = 0; good && i < 32; i++) {
        good = (proof.data[i] ^ signature[i]) == key[i];
    }
    if (!good) {
        put(server, 'E', "SFATAL\0C28P01\0Mno\0", 19, "");
        return;
    }
    mac(salted, 32, server->lies ? SLICE_LITERAL("Other Key") : SLICE_LITERAL("Server Key"), key);
    mac(key, 32, buf_slice(&message), signature);
    CHECK_ERR(ERR_NONE, buf_append_string(&text, "v="));
    CHECK_ERR(ERR_NONE, base64_encode(&text, slice_of(signature, 32)));
    CHECK_ERR(ERR_NONE, buf_append_byte(&text, 0));
    put(server, 'R', "\0\0\0\x0c", 4, (const char *)text.data);
    put(server, 'R', "\0\0\0\0", 4, "");
}

static void take_message(struct server *server, struct slice bytes)
{
    server->messages++;
    if (server->given != NULL) {
        return;
    }
    if (server->messages == 1) {
        CHECK(slice_find(bytes, SLICE_LITERAL("user\0app\0database\0shop\0\0")) != SIZE_MAX);
        put(server, 'N', "", 0, "a notice");
        put(server, 'R', "\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", 38, "");
    } else if (server->messages == 2) {
        size_t mark = slice_find(bytes, SLICE_LITERAL("n,,"));
        struct slice first = slice_from(bytes, mark + 3);
        CHECK(mark != SIZE_MAX && slice_starts(first, SLICE_LITERAL("n=,r=")));
        CHECK_ERR(ERR_NONE, buf_append(&server->first, first));
        CHECK_ERR(ERR_NONE, buf_printf(&server->server_first, "r=%.*sSERVER,s=c2FsdA==,i=%d", (int)(first.len - 5), (const char *)first.data + 5, ITERATIONS));
        cleanup_buf struct buf text = BUF_INIT(1024);
        CHECK_ERR(ERR_NONE, buf_append(&text, buf_slice(&server->server_first)));
        CHECK_ERR(ERR_NONE, buf_append_byte(&text, 0));
        put(server, 'R', "\0\0\0\x0b", 4, (const char *)text.data);
    } else {
        verify(server, slice_from(bytes, 5));
    }
}

static enum err hear(void *context, struct slice bytes)
{
    take_message(context, bytes);
    return ERR_NONE;
}

static enum err tell(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    struct server *server = context;
    struct slice all = server->given != NULL ? slice_of(server->given, server->given_len) : buf_slice(&server->out);
    size_t count = all.len - server->sent < max_bytes ? all.len - server->sent : max_bytes;
    count = count > 3 ? 3 : count; /* in pieces */
    if (count == 0) {
        return ERR_CLOSED;
    }
    memcpy(out, all.data + server->sent, count);
    server->sent += count;
    *ret_count = count;
    return ERR_NONE;
}

static enum credential_state ask(struct server *server, const char *value, char status[16])
{
    static const uint8_t nonce[18] = "eighteen bytes!!!";
    struct credential credential = {.user = SLICE_LITERAL("app"), .database = SLICE_LITERAL("shop"), .value = slice_string(value)};
    struct credential_line line = {hear, tell, server};
    server->out.max = server->first.max = server->server_first.max = 1 << 16;
    enum credential_state state = credential_postgres_talk(&line, &credential, nonce, status);
    buf_free(&server->out);
    buf_free(&server->first);
    buf_free(&server->server_first);
    return state;
}

TEST(the_right_password_is_taken_and_another_refused)
{
    char status[16];
    struct server right = {.password = "pencil"}, wrong = {.password = "pencil"};
    CHECK(ask(&right, "pencil", status) == CREDENTIAL_ACCEPTED && strcmp(status, "scram") == 0);
    CHECK(ask(&wrong, "pencils", status) == CREDENTIAL_REFUSED && strcmp(status, "28P01") == 0);
}

TEST(a_server_that_does_not_know_the_password_proves_nothing)
{
    char status[16];
    struct server liar = {.password = "pencil", .lies = true};
    CHECK(ask(&liar, "pencil", status) == CREDENTIAL_UNCLEAR);
}

TEST(other_answers_say_neither)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum credential_state state;
        const char *status;
    } rows[] = {
        {"R\0\0\0\x08\0\0\0\0", 9, CREDENTIAL_ACCEPTED, "no password"},
        {"R\0\0\0\x08\0\0\0\x03", 9, CREDENTIAL_UNCLEAR, "cleartext"},
        {"R\0\0\0\x0c\0\0\0\x05salt", 13, CREDENTIAL_UNCLEAR, "md5"},
        {"R\0\0\0\x08\0\0\0\x07", 9, CREDENTIAL_UNCLEAR, "method"},
        {"E\0\0\0\x0fSFATAL\0C53300\0\0", 16, CREDENTIAL_UNCLEAR, "error"},
        {"E\0\0\0\x13SFATAL\0C53300\0\0", 20, CREDENTIAL_UNCLEAR, "53300"},
        {"E\0\0\0\x0c""C28P01\0\0", 13, CREDENTIAL_REFUSED, "28P01"},
        {"E\0\0\0\x0c""C28\x1b[1\0\0", 13, CREDENTIAL_UNCLEAR, "28--1"},
        {"R\0\0\0\x08\0\0\0\x0c", 9, CREDENTIAL_UNCLEAR, "broken"},
        {"R\0\0\0\x08\0\0\0\x0b", 9, CREDENTIAL_UNCLEAR, "broken"},
        {"R\0\0\0\x16\0\0\0\x0aSCRAM-SHA-1\0\0", 22, CREDENTIAL_UNCLEAR, "broken"},
        {"R\0\0\0\x04", 5, CREDENTIAL_UNCLEAR, "broken"},
        {"R\xff\xff\xff\xff", 5, CREDENTIAL_UNCLEAR, "broken"},
        {"Z\0\0\0\x05I", 6, CREDENTIAL_UNCLEAR, "broken"},
        {"", 0, CREDENTIAL_UNCLEAR, "broken"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char status[16];
        struct server server = {.given = (const uint8_t *)rows[i].bytes, .given_len = rows[i].len};
        enum credential_state state = ask(&server, "pencil", status);
        if (state != rows[i].state || strcmp(status, rows[i].status) != 0) {
            printf("row %zu: %s %s\n", i, credential_state_name(state), status);
        }
        CHECK(state == rows[i].state && strcmp(status, rows[i].status) == 0);
    }
}

/* ---- the judge ---- */

static const char planted[] = "{\"target\":\"x\",\"user\":\"x\",\"rotated_at_ms\":1,\"old\":{\"state\":\"accepted\",\"status\":\"-\"},\"current\":{\"state\":\"accepted\",\"status\":\"-\"}}";

TEST(a_rotation_is_judged_by_what_the_target_takes)
{
    static const struct {
        const char *old, *current;
        int64_t days;
        const char *options, *said;
    } rows[] = {
        {"refused", "accepted", 1, "{}", "pass secret.rotated"},
        {"refused", "accepted", 90, "{}", "pass secret.rotated"},
        {"refused", "accepted", 92, "{}", "fail secret.overdue"},
        {"refused", "accepted", 31, "{\"days\":30}", "fail secret.overdue"},
        {"refused", "accepted", 31, "{\"days\":0}", "error options.unknown"},
        {"accepted", "accepted", 1, "{}", "fail secret.old-accepted"},
        {"accepted", "silent", 1, "{}", "fail secret.old-accepted"},
        {"refused", "refused", 1, "{}", "error secret.current-refused"},
        {"refused", "silent", 1, "{}", "error secret.target-silent"},
        {"silent", "accepted", 1, "{}", "error secret.target-silent"},
        {"unclear", "accepted", 1, "{}", "error secret.target-silent"},
        {"refused", "unclear", 1, "{}", "error secret.target-silent"},
        {NULL, "accepted", 0, "{}", "fail secret.never-rotated"},
        {NULL, "refused", 0, "{}", "error secret.current-refused"},
        {"refused", "accepted", -5, "{}", "error facts.missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        const char *old = rows[i].old == NULL ? "" : arena_printf(arena, "\"old\":{\"state\":\"%s\",\"status\":\"-\"},", rows[i].old);
        const char *text = arena_printf(arena, "{\"target\":\"https://t\",\"user\":\"app\",\"rotated_at_ms\":%lld,%s\"current\":{\"state\":\"%s\",\"status\":\"-\"}}",
                                        (long long)(test_now_ms - rows[i].days * 86400000), old, rows[i].current);
        struct json *output = test_judge(arena, judge_rotation, test_json(arena, text), test_json(arena, planted), rows[i].options, "{}");
        CHECK_STRING(rows[i].said, test_said(arena, output, "secret.rotated"));
    }
}

TEST(what_did_not_catch_its_plant_is_not_believed)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const char *good = "{\"target\":\"x\",\"user\":\"x\",\"rotated_at_ms\":1795429000000,\"old\":{\"state\":\"refused\"},\"current\":{\"state\":\"accepted\"}}";
    CHECK_STRING("error plant.missed", test_said(arena, test_judge(arena, judge_rotation, test_json(arena, good), test_json(arena, good), "{}", "{}"), "secret.rotated"));
    CHECK_STRING("error plant.missed", test_said(arena, test_judge(arena, judge_rotation, test_json(arena, good), NULL, "{}", "{}"), "secret.rotated"));
}

TEST_MAIN
