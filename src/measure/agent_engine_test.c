/* Agents without a process: invitation, enrolment, renewal, revocation, and everything that must be refused. Time and keys come from the test. */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "base/encode.h"
#include "engine/certificate.h"
#include "engine/token.h"
#include "measure/agent.h"
#include "measure/edit.h"
#include "measure/operations.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <string.h>

enum { ARENA_BYTES = 16 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000), HOUR_MS = 3600000;

/* For helpers that give something back; a test itself CHECKs. */
static void must(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice token;                 /* of root */
    EVP_PKEY *key;                      /* the agent's */
};

static enum err operation_test_token(struct turn *turn)
{
    struct token_wish wish = {.name = "ada", .path = "test", .policies = token_policies(turn, "root", NULL), .ttl_s = 0};
    struct json *auth = NULL;
    struct slice certificate;
    enum err err = vault_identity(turn->around->vault, turn, "localhost", &certificate);
    err = err == ERR_NONE ? token_create(turn, &wish, &auth) : err;
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

static struct scene scene_start(void)
{
    static const struct {
        const char *name;
        operation_fn run;
    } operations[] = {
#define TESTED(name) {#name, operation_##name}
        TESTED(agent_create), TESTED(agent_enrol), TESTED(agent_renew), TESTED(agent_return), TESTED(agent_revoke), TESTED(agent_list), TESTED(observations),
#undef TESTED
    };
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(11, NOON_MS), .key = EVP_EC_gen("P-256")};
    struct turn *turn = NULL;
    if (scene.arena == NULL || scene.driver == NULL || scene.key == NULL) {
        __builtin_trap();
    }
    driver_surroundings(scene.driver)->address = "https://localhost:8200";
    driver_add_operation(scene.driver, "test_token", operation_test_token);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        driver_add_operation(scene.driver, operations[i].name, operations[i].run);
    }
    if (driver_run(scene.driver, "test_token", NULL, &turn) != ERR_NONE) {
        __builtin_trap();
    }
    scene.token = arena_copy(scene.arena, json_text(json_member(turn->reply.tree, "auth"), "client_token", SLICE_NONE));
    driver_end(turn);
    return scene;
}

static void scene_end(struct scene *scene)
{
    EVP_PKEY_free(scene->key);
    driver_free(scene->driver);
    arena_free(scene->arena);
}

struct question {
    enum verb verb;
    const char *path;
    const struct json *body;
    struct slice token, certificate;    /* certificate: hex, or none */
};

static enum err ask(struct scene *scene, const struct question *question, const struct json **ret_data)
{
    const struct json *reply = NULL;
    cleanup_buf struct buf digest = BUF_INIT(32);
    if (hex_decode(&digest, question->certificate) != ERR_NONE) {
        return ERR_INTERNAL;
    }
    struct request request = {.verb = question->verb, .path = slice_string(question->path), .token = question->token, .body = question->body, .certificate = buf_slice(&digest)};
    enum err err = driver_ask(scene->driver, scene->arena, &request, &reply);
    if (ret_data != NULL) {
        *ret_data = json_member(reply, "data");
    }
    return err;
}

static struct json *named(struct scene *scene, const char *name)
{
    struct json *body = json_new(scene->arena, JSON_OBJECT);
    json_set_string(scene->arena, body, "name", slice_string(name));
    return body;
}

/* The invitation's token. */
static struct slice invite(struct scene *scene, const char *name)
{
    const struct json *data = NULL;
    struct question question = {VERB_WRITE, "agent/create", named(scene, name), scene->token, SLICE_NONE};
    must(ask(scene, &question, &data) == ERR_NONE);
    must(json_text(data, "pin", SLICE_NONE).len == 64);
    return json_text(data, "token", SLICE_NONE);
}

/* Puts "key" and "signature" over label, digest, point and name; `flip` is a byte of the signature to break, or -1. */
static void prove(struct scene *scene, struct json *body, const char *label, struct slice digest, const char *name, int flip)
{
    uint8_t point[P256_PUBLIC_BYTES], signature[P256_SIGNATURE_MAX_BYTES];
    size_t point_len = 0, signature_len = sizeof signature;
    cleanup_buf struct buf message = BUF_INIT(1024), text = BUF_INIT(1024);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(EVP_PKEY_get_octet_string_param(scene->key, "encoded-pub-key", point, sizeof point, &point_len) == 1);
    must(agent_proof_message(&message, label, digest, slice_of(point, sizeof point), slice_string(name)) == ERR_NONE);
    must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, scene->key) == 1 && EVP_DigestSign(context, signature, &signature_len, message.data, message.len) == 1);
    EVP_MD_CTX_free(context);
    if (flip >= 0) {
        signature[flip] ^= 1;
    }
    must(base64_encode(&text, slice_of(point, sizeof point)) == ERR_NONE);
    json_set_string(scene->arena, body, "key", buf_slice(&text));
    buf_clear(&text);
    must(base64_encode(&text, slice_of(signature, signature_len)) == ERR_NONE);
    json_set_string(scene->arena, body, "signature", buf_slice(&text));
}

/* Id of the certificate that a reply carries. */
static struct slice id_of(struct scene *scene, const struct json *data)
{
    cleanup_buf struct buf der = BUF_INIT(4096), hex = BUF_INIT(64);
    uint8_t digest[SHA256_BYTES];
    must(base64_decode(&der, json_text(data, "certificate", SLICE_NONE)) == ERR_NONE);
    sha256(buf_slice(&der), digest);
    must(hex_encode(&hex, slice_of(digest, sizeof digest)) == ERR_NONE);
    return arena_copy(scene->arena, buf_slice(&hex));
}

static enum err enrol_as(struct scene *scene, const char *name, const char *signed_name, struct slice token, int flip, struct slice *ret_id)
{
    const struct json *data = NULL;
    uint8_t digest[SHA256_BYTES];
    struct json *body = named(scene, name);
    sha256(token, digest);
    json_set_string(scene->arena, body, "token", token);
    prove(scene, body, AGENT_ENROL_LABEL, slice_of(digest, sizeof digest), signed_name, flip);
    struct question question = {VERB_WRITE, "agent/enrol", body, SLICE_NONE, SLICE_NONE};
    enum err err = ask(scene, &question, &data);
    if (err == ERR_NONE) {
        *ret_id = id_of(scene, data);
    }
    return err;
}

static enum err enrol(struct scene *scene, const char *name, struct slice token, struct slice *ret_id)
{
    return enrol_as(scene, name, name, token, -1, ret_id);
}

static enum err renew(struct scene *scene, const char *name, struct slice id, struct slice *ret_id)
{
    const struct json *data = NULL;
    cleanup_buf struct buf digest = BUF_INIT(32);
    struct json *body = json_new(scene->arena, JSON_OBJECT);
    must(hex_decode(&digest, id) == ERR_NONE);
    prove(scene, body, AGENT_RENEW_LABEL, buf_slice(&digest), name, -1);
    struct question question = {VERB_WRITE, "agent/renew", body, SLICE_NONE, id};
    enum err err = ask(scene, &question, &data);
    if (err == ERR_NONE) {
        *ret_id = id_of(scene, data);
    }
    return err;
}

static enum err come_back(struct scene *scene, const char *name, struct slice id, struct slice *ret_id)
{
    const struct json *data = NULL;
    cleanup_buf struct buf digest = BUF_INIT(32);
    struct json *body = named(scene, name);
    must(hex_decode(&digest, id) == ERR_NONE);
    prove(scene, body, AGENT_RETURN_LABEL, buf_slice(&digest), name, -1);
    struct question question = {VERB_WRITE, "agent/return", body, SLICE_NONE, SLICE_NONE};
    enum err err = ask(scene, &question, &data);
    if (err == ERR_NONE) {
        *ret_id = id_of(scene, data);
    }
    return err;
}

static bool state_is(struct scene *scene, const char *name, const char *state)
{
    const struct json *data = NULL;
    struct question question = {VERB_READ, "agent/list", NULL, scene->token, SLICE_NONE};
    must(ask(scene, &question, &data) == ERR_NONE);
    for (const struct json *one = edit_items(data, "agents"); one != NULL; one = one->next) {
        if (slice_is(json_text(one, "name", SLICE_NONE), name)) {
            return slice_is(json_text(one, "state", SLICE_NONE), state);
        }
    }
    return false;
}

TEST(a_token_enrols_its_own_host_once)
{
    struct scene scene = scene_start();
    struct slice one = invite(&scene, "web-1"), two = invite(&scene, "web-2"), id = SLICE_NONE;
    CHECK(slice_starts(one, SLICE_LITERAL("vga.")) && !slice_equal(one, two));
    CHECK(state_is(&scene, "web-1", "invited"));
    CHECK_ERR(ERR_DENIED, enrol(&scene, "web-1", two, &id)); /* another host's */
    CHECK_ERR(ERR_DENIED, enrol(&scene, "web-3", one, &id)); /* nobody invited */
    CHECK_ERR(ERR_DENIED, enrol(&scene, "web-1", SLICE_LITERAL("vga.wrong"), &id));
    CHECK_ERR(ERR_DENIED, enrol(&scene, "web-1", SLICE_NONE, &id));
    CHECK_ERR(ERR_DENIED, enrol(&scene, "../x", one, &id));
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", one, &id));
    CHECK(state_is(&scene, "web-1", "well"));
    CHECK_ERR(ERR_DENIED, enrol(&scene, "web-1", one, &id)); /* used */
    driver_set_now(scene.driver, NOON_MS + HOUR_MS);
    CHECK(state_is(&scene, "web-2", "lapsed"));
    CHECK_ERR(ERR_DENIED, enrol(&scene, "web-2", two, &id)); /* an hour old */
    two = invite(&scene, "web-2");
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-2", two, &id));
    scene_end(&scene);
}

TEST(who_does_not_hold_the_key_is_refused_and_the_token_lives_on)
{
    struct scene scene = scene_start();
    struct slice token = invite(&scene, "web-1"), id = SLICE_NONE;
    CHECK_ERR(ERR_INVALID, enrol_as(&scene, "web-1", "web-2", token, -1, &id)); /* a signature over another name */
    CHECK_ERR(ERR_INVALID, enrol_as(&scene, "web-1", "web-1", token, 10, &id));
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &id));
    scene_end(&scene);
}

TEST(a_certificate_opens_its_routes_and_nothing_else)
{
    struct scene scene = scene_start();
    struct slice token = invite(&scene, "web-1"), id = SLICE_NONE, next = SLICE_NONE;
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &id));
    static const struct {
        enum verb verb;
        const char *path;
    } closed[] = {{VERB_READ, "observations"}, {VERB_READ, "agent/list"}, {VERB_WRITE, "agent/create"}, {VERB_WRITE, "agent/revoke"},
                  {VERB_READ, "estate"}, {VERB_READ, "auth/token/lookup-self"}, {VERB_READ, "sys/status"}};
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        struct question question = {closed[i].verb, closed[i].path, closed[i].verb == VERB_WRITE ? named(&scene, "web-1") : NULL, SLICE_NONE, id};
        CHECK_ERR(ERR_DENIED, ask(&scene, &question, NULL));
    }
    /* and root's token does not open what needs a certificate */
    struct question question = {VERB_WRITE, "agent/renew", named(&scene, "web-1"), scene.token, SLICE_NONE};
    CHECK_ERR(ERR_DENIED, ask(&scene, &question, NULL));
    CHECK_ERR(ERR_INVALID, renew(&scene, "web-2", id, &next)); /* another's name */
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", id, &next));
    scene_end(&scene);
}

TEST(the_old_certificate_ends_when_the_new_one_is_used)
{
    struct scene scene = scene_start();
    struct slice token = invite(&scene, "web-1"), first = SLICE_NONE, lost = SLICE_NONE, second = SLICE_NONE, third = SLICE_NONE;
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &first));
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", first, &lost)); /* its reply never arrived */
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", first, &second));
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", lost, &third));
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", second, &third));
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", first, &third));
    driver_set_now(scene.driver, NOON_MS + 12 * HOUR_MS);
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", third, &first));
    driver_set_now(scene.driver, NOON_MS + 24 * HOUR_MS);
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", third, &second)); /* over */
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", first, &second));
    scene_end(&scene);
}

TEST(an_agent_that_was_away_comes_back_by_its_key_within_a_week)
{
    struct scene scene = scene_start();
    struct slice token = invite(&scene, "web-1"), id = SLICE_NONE, back = SLICE_NONE, next = SLICE_NONE;
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &id));
    driver_set_now(scene.driver, NOON_MS + 25 * HOUR_MS);
    CHECK(state_is(&scene, "web-1", "expired"));
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", id, &next));
    CHECK_ERR(ERR_DENIED, come_back(&scene, "web-2", id, &back));
    CHECK_ERR(ERR_DENIED, come_back(&scene, "web-1", SLICE_LITERAL("0000000000000000000000000000000000000000000000000000000000000000"), &back));
    EVP_PKEY *own = scene.key;
    scene.key = EVP_EC_gen("P-256");
    CHECK_ERR(ERR_DENIED, come_back(&scene, "web-1", id, &back)); /* somebody else's key */
    EVP_PKEY_free(scene.key);
    scene.key = own;
    CHECK_ERR(ERR_NONE, come_back(&scene, "web-1", id, &back));
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", back, &next));
    driver_set_now(scene.driver, NOON_MS + (25 + 24 + 7 * 24) * HOUR_MS + 1);
    CHECK_ERR(ERR_DENIED, come_back(&scene, "web-1", next, &back)); /* too long ago */
    driver_set_now(scene.driver, NOON_MS + (25 + 24 + 7 * 24) * HOUR_MS);
    CHECK_ERR(ERR_NONE, come_back(&scene, "web-1", next, &back));
    struct question question = {VERB_WRITE, "agent/revoke", named(&scene, "web-1"), scene.token, SLICE_NONE};
    CHECK_ERR(ERR_NONE, ask(&scene, &question, NULL));
    CHECK_ERR(ERR_DENIED, come_back(&scene, "web-1", back, &next));
    scene_end(&scene);
}

TEST(revoked_means_at_once)
{
    struct scene scene = scene_start();
    struct slice token = invite(&scene, "web-1"), id = SLICE_NONE, next = SLICE_NONE, again = SLICE_NONE;
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &id));
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", id, &next));
    struct question question = {VERB_WRITE, "agent/revoke", named(&scene, "web-1"), scene.token, SLICE_NONE};
    CHECK_ERR(ERR_NONE, ask(&scene, &question, NULL));
    CHECK(state_is(&scene, "web-1", "revoked"));
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", id, &again));
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", next, &again));
    question.body = named(&scene, "web-9");
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, &question, NULL));
    token = invite(&scene, "web-1");
    CHECK(state_is(&scene, "web-1", "invited"));
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &id));
    CHECK(state_is(&scene, "web-1", "well"));
    scene_end(&scene);
}

TEST(enrolling_anew_ends_what_was_before)
{
    struct scene scene = scene_start();
    struct slice token = invite(&scene, "web-1"), first = SLICE_NONE, second = SLICE_NONE, next = SLICE_NONE;
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &first));
    token = invite(&scene, "web-1");
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", first, &next)); /* not ended by an invitation that nobody used */
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &second));
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", first, &next));
    CHECK_ERR(ERR_DENIED, renew(&scene, "web-1", next, &first));
    CHECK_ERR(ERR_NONE, renew(&scene, "web-1", second, &next));
    scene_end(&scene);
}

TEST(a_silent_agent_is_said_so_and_later_that_its_certificate_is_over)
{
    struct scene scene = scene_start();
    struct slice token = invite(&scene, "web-1"), id = SLICE_NONE;
    CHECK_ERR(ERR_NONE, enrol(&scene, "web-1", token, &id));
    driver_set_now(scene.driver, NOON_MS + 180001);
    CHECK(state_is(&scene, "web-1", "silent"));
    driver_set_now(scene.driver, NOON_MS + 24 * HOUR_MS);
    CHECK(state_is(&scene, "web-1", "expired"));
    scene_end(&scene);
}

TEST(bad_invitations_are_refused)
{
    struct scene scene = scene_start();
    static const char *const names[] = {"", "this", "a b", "-x", "ä", "a/b", "../.."};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct question question = {VERB_WRITE, "agent/create", named(&scene, names[i]), scene.token, SLICE_NONE};
        CHECK_ERR(ERR_INVALID, ask(&scene, &question, NULL));
    }
    struct json *body = named(&scene, "x");
    json_set_string(scene.arena, body, "kind", SLICE_LITERAL("spy"));
    struct question question = {VERB_WRITE, "agent/create", body, scene.token, SLICE_NONE};
    CHECK_ERR(ERR_INVALID, ask(&scene, &question, NULL));
    body = named(&scene, "x");
    json_set_u64(scene.arena, body, "every", 86401);
    question.body = body;
    CHECK_ERR(ERR_INVALID, ask(&scene, &question, NULL));
    scene_end(&scene);
}

TEST_MAIN
