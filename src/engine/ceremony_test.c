/* What holders of unseal keys do together: root tokens, new keys; and the ring's new key by itself. */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "base/encode.h"
#include "engine/token.h"

#include <string.h>

enum { ARENA_BYTES = 4 << 20, SHARES = 5, THRESHOLD = 3 };
static const int64_t NOON_MS = INT64_C(1795435200000), DAY_MS = INT64_C(86400000);

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
    const struct json *keys;
};

/* A store whose root key is in shares, as sys/init makes it, and a root token to begin with. */
static enum err operation_test_shares(struct turn *turn)
{
    struct vault *vault = turn->around->vault;
    struct token_wish wish = {.name = "ada", .path = "test", .policies = token_policies(turn, "root", NULL)};
    struct secret remote cleanup_secret = SECRET_NONE, made cleanup_secret = SECRET_NONE;
    struct json *auth = NULL;
    if (!vault_can_rekey(turn)) {
        return ERR_NEED;
    }
    enum err err = token_create(turn, &wish, &auth);
    err = err == ERR_NONE ? vault_split(turn, SHARES, THRESHOLD, &remote, &made) : err;
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, top, "token", json_text(auth, "client_token", SLICE_NONE));
    err = err == ERR_NONE ? share_reply(turn, top, &made, SHARES) : err;
    vault->type = "shamir";
    err = err == ERR_NONE ? vault_rekey(vault, turn, secret_slice(&remote), SHARES, THRESHOLD) : err;
    return err == ERR_NONE ? turn_reply_top(turn, 200, top) : err;
}

static const struct json *ask(struct scene *scene, struct slice token, enum verb verb, const char *path, const char *body, enum err wanted)
{
    const struct json *reply = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = token, .remote = SLICE_LITERAL("127.0.0.1:4711"), .body = driver_tree(scene->arena, body)};
    enum err err = driver_ask(scene->driver, scene->arena, &request, &reply);
    if (err != wanted) {
        printf("%s: %s instead of %s\n", path, err_name(err), err_name(wanted));
        check_fail(__FILE__, __LINE__, "another result");
    }
    return reply;
}

static struct scene *scene_start(bool is_shared)
{
    static struct scene scene;
    struct turn *turn = NULL;
    scene = (struct scene){.arena = arena_new(ARENA_BYTES), .driver = driver_new(3, NOON_MS)};
    driver_add_operation(scene.driver, "test_shares", operation_test_shares);
    if (is_shared && driver_run(scene.driver, "test_shares", NULL, &turn) != ERR_NONE) {
        __builtin_trap();
    }
    if (is_shared) {
        scene.root = arena_copy(scene.arena, json_text(turn->reply.tree, "token", SLICE_NONE));
        scene.keys = json_copy(scene.arena, json_member(turn->reply.tree, "keys"));
        driver_end(turn);
    }
    return &scene;
}

static void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

static struct slice key_at(const struct json *keys, size_t index)
{
    const struct json *key = keys->first;
    while (index-- > 0) {
        key = key->next;
    }
    return key->text;
}

static const struct json *give(struct scene *scene, const char *path, struct slice key, struct slice nonce, enum err wanted)
{
    return ask(scene, SLICE_NONE, VERB_WRITE, path,
               arena_printf(scene->arena, "{\"key\":\"%.*s\",\"nonce\":\"%.*s\"}", (int)key.len, (const char *)key.data, (int)nonce.len, (const char *)nonce.data), wanted);
}

static uint64_t number(const struct json *tree, const char *name)
{
    uint64_t value = UINT64_MAX;
    return json_u64(tree, name, &value) == ERR_NONE ? value : UINT64_MAX;
}

/* Sealed, as after a restart, and unsealed with three of these keys? */
static bool unseals(struct scene *scene, const struct json *keys)
{
    vault_seal(driver_vault(scene->driver), driver_state(scene->driver));
    driver_surroundings(scene->driver)->sealed = true;
    (void)ask(scene, SLICE_NONE, VERB_WRITE, "sys/unseal", "{\"reset\":true}", ERR_NONE);
    bool is_sealed = true;
    for (size_t i = 1; i <= THRESHOLD; i++) {
        const struct json *reply = NULL;
        struct json *body = json_new(scene->arena, JSON_OBJECT);
        json_set_string(scene->arena, body, "key", key_at(keys, i));
        struct request request = {.verb = VERB_WRITE, .path = SLICE_LITERAL("sys/unseal"), .body = body};
        if (driver_ask(scene->driver, scene->arena, &request, &reply) == ERR_NONE) {
            is_sealed = json_bool(reply, "sealed", true);
        }
    }
    driver_surroundings(scene->driver)->sealed = is_sealed;
    return !is_sealed;
}

TEST(enough_keys_make_a_root_token_that_only_the_otp_shows)
{
    struct scene *scene = scene_start(true);
    const struct json *begun = ask(scene, SLICE_NONE, VERB_WRITE, "sys/generate-root/attempt", "{}", ERR_NONE);
    struct slice otp = json_text(begun, "otp", SLICE_NONE), nonce = json_text(begun, "nonce", SLICE_NONE);
    CHECK_U64(28, otp.len);
    CHECK_U64(36, nonce.len);
    CHECK_U64(28, number(begun, "otp_length"));
    CHECK_U64(THRESHOLD, number(begun, "required"));
    CHECK_U64(0, json_text(ask(scene, SLICE_NONE, VERB_READ, "sys/generate-root/attempt", NULL, ERR_NONE), "otp", SLICE_NONE).len); /* shown once */
    (void)ask(scene, SLICE_NONE, VERB_WRITE, "sys/generate-root/attempt", "{}", ERR_INVALID);
    CHECK_U64(1, number(give(scene, "sys/generate-root/update", key_at(scene->keys, 0), nonce, ERR_NONE), "progress"));
    CHECK_U64(1, number(give(scene, "sys/generate-root/update", key_at(scene->keys, 0), nonce, ERR_NONE), "progress")); /* the same key again */
    (void)give(scene, "sys/generate-root/update", key_at(scene->keys, 1), SLICE_LITERAL("another"), ERR_INVALID);
    (void)give(scene, "sys/generate-root/update", SLICE_LITERAL("00"), nonce, ERR_INVALID);
    CHECK_U64(2, number(give(scene, "sys/generate-root/update", key_at(scene->keys, 4), nonce, ERR_NONE), "progress"));
    const struct json *done = give(scene, "sys/generate-root/update", key_at(scene->keys, 2), nonce, ERR_NONE);
    CHECK(json_bool(done, "complete", false));
    CHECK_U64(THRESHOLD, number(done, "progress"));
    struct slice encoded = json_text(done, "encoded_root_token", SLICE_NONE);
    CHECK_U64(38, encoded.len); /* 28 bytes in base64 without padding */
    const struct json *decoded = ask(scene, SLICE_NONE, VERB_WRITE, "sys/decode-token",
                                     arena_printf(scene->arena, "{\"encoded_token\":\"%.*s\",\"otp\":\"%.*s\"}", (int)encoded.len, (const char *)encoded.data, (int)otp.len, (const char *)otp.data), ERR_NONE);
    struct slice token = json_text(json_member(decoded, "data"), "token", SLICE_NONE);
    CHECK_U64(28, token.len);
    CHECK(slice_starts(token, SLICE_LITERAL("hvs.")));
    (void)ask(scene, token, VERB_READ, "sys/audit", NULL, ERR_NONE); /* wants sudo */
    CHECK(!json_bool(ask(scene, SLICE_NONE, VERB_READ, "sys/generate-root/attempt", NULL, ERR_NONE), "started", true));
    (void)give(scene, "sys/generate-root/update", key_at(scene->keys, 2), nonce, ERR_INVALID);
    scene_end(scene);
}

TEST(keys_that_do_not_fit_make_nothing_and_are_forgotten)
{
    struct scene *scene = scene_start(true);
    const struct json *begun = ask(scene, SLICE_NONE, VERB_WRITE, "sys/generate-root/attempt", "{\"otp\":\"BMjzW3wAsEzINXCM05Wbas3u9zSl\"}", ERR_NONE);
    struct slice nonce = json_text(begun, "nonce", SLICE_NONE);
    CHECK_U64(0, json_text(begun, "otp", SLICE_NONE).len);
    uint64_t evidence = memory_entry_count(driver_rows(scene->driver), LOG_EVIDENCE);
    (void)give(scene, "sys/generate-root/update", key_at(scene->keys, 0), nonce, ERR_NONE);
    (void)give(scene, "sys/generate-root/update", key_at(scene->keys, 1), nonce, ERR_NONE);
    (void)give(scene, "sys/generate-root/update", SLICE_LITERAL("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff07"), nonce, ERR_INVALID);
    CHECK_U64(0, number(ask(scene, SLICE_NONE, VERB_READ, "sys/generate-root/attempt", NULL, ERR_NONE), "progress"));
    CHECK_U64(evidence, memory_entry_count(driver_rows(scene->driver), LOG_EVIDENCE));
    (void)ask(scene, SLICE_NONE, VERB_DELETE, "sys/generate-root/attempt", NULL, ERR_NONE);
    (void)give(scene, "sys/generate-root/update", key_at(scene->keys, 0), nonce, ERR_INVALID);
    (void)ask(scene, SLICE_NONE, VERB_WRITE, "sys/generate-root/attempt", "{\"otp\":\"short\"}", ERR_INVALID);
    (void)ask(scene, SLICE_NONE, VERB_WRITE, "sys/generate-root/attempt", "{\"pgp_key\":\"keybase:ada\"}", ERR_INVALID);
    (void)ask(scene, SLICE_NONE, VERB_READ, "sys/generate-root-token/attempt", NULL, ERR_DENIED); /* the newer path wants a token */
    (void)ask(scene, scene->root, VERB_READ, "sys/generate-root-token/attempt", NULL, ERR_NONE);
    scene_end(scene);
}

static const struct json *rekey(struct scene *scene, bool verifies, struct slice *ret_verify_nonce)
{
    const struct json *begun = ask(scene, SLICE_NONE, VERB_WRITE, "sys/rekey/init",
                                   verifies ? "{\"secret_shares\":4,\"secret_threshold\":3,\"require_verification\":true}" : "{\"secret_shares\":4,\"secret_threshold\":3}", ERR_NONE);
    struct slice nonce = json_text(begun, "nonce", SLICE_NONE);
    const struct json *done = NULL;
    for (size_t i = 0; i < THRESHOLD; i++) {
        done = give(scene, "sys/rekey/update", key_at(scene->keys, i), nonce, ERR_NONE);
    }
    *ret_verify_nonce = json_text(done, "verification_nonce", SLICE_NONE);
    const struct json *keys = json_member(done, "keys");
    if (number(begun, "n") != 4 || number(begun, "required") != THRESHOLD || !json_bool(done, "complete", false) || keys == NULL || keys->count != 4) {
        check_fail(__FILE__, __LINE__, "no four new keys");
    }
    return keys;
}

TEST(new_unseal_keys_count_and_the_old_ones_do_not)
{
    struct scene *scene = scene_start(true);
    struct slice verify_nonce;
    CHECK(unseals(scene, scene->keys));
    const struct json *keys = rekey(scene, false, &verify_nonce);
    CHECK_U64(0, verify_nonce.len);
    (void)ask(scene, scene->root, VERB_READ, "sys/audit", NULL, ERR_NONE);
    CHECK(!unseals(scene, scene->keys));
    CHECK(unseals(scene, keys));
    (void)ask(scene, scene->root, VERB_READ, "sys/audit", NULL, ERR_NONE);
    CHECK_U64(4, driver_vault(scene->driver)->shares_total);
    scene_end(scene);
}

TEST(new_unseal_keys_to_be_verified_count_once_they_were_shown)
{
    struct scene *scene = scene_start(true);
    struct slice nonce;
    const struct json *keys = rekey(scene, true, &nonce);
    CHECK_U64(36, nonce.len);
    (void)give(scene, "sys/rekey/verify", key_at(keys, 0), nonce, ERR_NONE);
    struct slice second = json_text(ask(scene, SLICE_NONE, VERB_DELETE, "sys/rekey/verify", NULL, ERR_NONE), "nonce", SLICE_NONE);
    CHECK(!slice_equal(second, nonce));
    (void)give(scene, "sys/rekey/verify", key_at(keys, 0), nonce, ERR_INVALID);
    for (size_t i = 0; i < THRESHOLD; i++) {
        (void)give(scene, "sys/rekey/verify", key_at(scene->keys, i), second, i + 1 == THRESHOLD ? ERR_INVALID : ERR_NONE); /* the old ones */
    }
    const struct json *done = NULL;
    for (size_t i = 0; i < THRESHOLD; i++) {
        done = give(scene, "sys/rekey/verify", key_at(keys, i), second, ERR_NONE);
    }
    CHECK(json_bool(done, "complete", false));
    CHECK(!unseals(scene, scene->keys));
    CHECK(unseals(scene, keys));
    scene_end(scene);
}

TEST(new_unseal_keys_that_nobody_verified_never_count)
{
    struct scene *scene = scene_start(true);
    struct slice nonce;
    const struct json *keys = rekey(scene, true, &nonce);
    CHECK(!unseals(scene, keys));
    CHECK(unseals(scene, scene->keys));
    (void)give(scene, "sys/rekey/verify", key_at(keys, 0), nonce, ERR_INVALID); /* sealing forgot them */
    scene_end(scene);
}

TEST(another_root_key_leaves_the_unseal_keys_as_they_are)
{
    struct scene *scene = scene_start(true);
    struct slice before = arena_copy(scene->arena, memory_row_bytes(driver_rows(scene->driver), "boot/seal"));
    (void)ask(scene, scene->root, VERB_WRITE, "sys/rotate/root", NULL, ERR_NONE);
    CHECK(!slice_equal(before, memory_row_bytes(driver_rows(scene->driver), "boot/seal")));
    CHECK(unseals(scene, scene->keys));
    scene_end(scene);
}

TEST(a_key_file_has_no_unseal_keys_to_work_with)
{
    struct scene *scene = scene_start(false);
    const struct json *refused = ask(scene, SLICE_NONE, VERB_WRITE, "sys/generate-root/attempt", "{}", ERR_INVALID);
    CHECK(slice_find(json_text(json_member(refused, "complaint"), "english", SLICE_NONE), SLICE_LITERAL("key file")) != SIZE_MAX);
    (void)ask(scene, SLICE_NONE, VERB_WRITE, "sys/rekey/init", "{\"secret_shares\":1,\"secret_threshold\":1}", ERR_INVALID);
    (void)ask(scene, SLICE_NONE, VERB_READ, "sys/rekey/init", NULL, ERR_INVALID);
    (void)ask(scene, SLICE_NONE, VERB_WRITE, "sys/rekey-recovery-key/init", "{}", ERR_INVALID);
    scene_end(scene);
}

static uint32_t active(struct scene *scene)
{
    return barrier_active_id(state_barrier(driver_state(scene->driver)));
}

TEST(the_ring_gets_a_new_key_by_itself_when_its_time_is_up)
{
    struct scene *scene = scene_start(true);
    size_t ran = 0;
    (void)ask(scene, scene->root, VERB_WRITE, "sys/rotate/config", "{\"interval\":3600}", ERR_INVALID);
    (void)ask(scene, scene->root, VERB_WRITE, "sys/rotate/config", "{\"max_operations\":5}", ERR_INVALID);
    (void)ask(scene, scene->root, VERB_WRITE, "sys/rotate/config", "{\"interval\":259200}", ERR_NONE);
    CHECK_U64(72 * 3600, number(json_member(ask(scene, scene->root, VERB_READ, "sys/rotate/config", NULL, ERR_NONE), "data"), "interval"));
    uint32_t before = active(scene);
    driver_set_now(scene->driver, NOON_MS + DAY_MS);
    CHECK_ERR(ERR_NONE, driver_run(scene->driver, "own_rotate", NULL, NULL));
    CHECK_U64(before, active(scene));
    driver_set_now(scene->driver, NOON_MS + 3 * DAY_MS);
    CHECK_ERR(ERR_NONE, driver_run(scene->driver, "own_rotate", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_settle(scene->driver, 100, &ran));
    CHECK_U64(before + 1, active(scene));
    CHECK(memory_has_row(driver_rows(scene->driver), "job/own_rotate/ring"));
    (void)ask(scene, scene->root, VERB_WRITE, "sys/rotate/config", "{\"enabled\":false}", ERR_NONE);
    CHECK(!memory_has_row(driver_rows(scene->driver), "job/own_rotate/ring"));
    driver_set_now(scene->driver, NOON_MS + 30 * DAY_MS);
    CHECK_ERR(ERR_NONE, driver_run(scene->driver, "own_rotate", NULL, NULL));
    CHECK_U64(before + 1, active(scene));
    scene_end(scene);
}

TEST_MAIN
