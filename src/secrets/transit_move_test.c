/* Transit through turns in memory: keys that are exported, backed up, restored, imported. */
#include "secrets/transit_scene.h"

#include "base/check.h"
#include "base/encode.h"

#include <string.h>

#define HELLO "aGVsbG8="

static const char *const types[] = {"aes256-gcm96", "aes128-gcm96", "chacha20-poly1305", "ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "hmac"};
enum { TYPES = sizeof types / sizeof types[0], FIRST_PAIR = 3, HMAC = TYPES - 1 };

/* A MAC proves that a key is the same: every type has one. */
static const char *mac_of(struct kv_scene *shared, const char *name)
{
    struct kv_scene scene = *shared;
    const struct json *reply = NULL;
    return WRITE(BODY("t/hmac/%s", name), "{\"input\":\"" HELLO "\",\"key_version\":1}") == ERR_NONE ? TEXT_OF("data.hmac") : "none";
}

TEST(exports_have_the_forms_of_vault_and_need_exportable)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    static const char *const begins[] = {"", "", "", "", "-----BEGIN EC PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----", ""};
    static const size_t lengths[] = {44, 24, 44, 88, 0, 0, 0, 0, 44};
    for (size_t i = 0; i < TYPES; i++) {
        const char *what = i < FIRST_PAIR ? "encryption-key" : i == HMAC ? "hmac-key" : "signing-key";
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/k%zu", i), BODY("{\"type\":\"%s\"}", types[i])));
        CHECK_ERR(ERR_INVALID, READ(BODY("t/export/%s/k%zu", what, i)));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/k%zu/config", i), "{\"exportable\":true}"));
        CHECK_ERR(ERR_NONE, READ(BODY("t/export/%s/k%zu", what, i)));
        const char *text = TEXT_OF("data.keys.1");
        CHECK(strncmp(text, begins[i], strlen(begins[i])) == 0 && (lengths[i] == 0 || strlen(text) == lengths[i]));
        CHECK_PART(BODY("\"%s\"", types[i]), "data.type");
        CHECK_ERR(i < FIRST_PAIR || i == HMAC ? ERR_INVALID : ERR_NONE, READ(BODY("t/export/public-key/k%zu", i)));
        CHECK_ERR(ERR_NONE, READ(BODY("t/export/hmac-key/k%zu", i)));
    }
    CHECK_ERR(ERR_INVALID, READ("t/export/signing-key/k0"));
    CHECK_ERR(ERR_INVALID, READ("t/export/encryption-key/k4"));
    CHECK_ERR(ERR_INVALID, READ("t/export/soul/k4"));
    CHECK_ERR(ERR_NOT_FOUND, READ("t/export/signing-key/none"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k0/rotate", NULL));
    CHECK_ERR(ERR_NONE, READ("t/export/encryption-key/k0"));
    CHECK_U64(2, json_path(reply, "data.keys")->count);
    CHECK_ERR(ERR_NONE, READ("t/export/encryption-key/k0/latest"));
    CHECK_U64(1, json_path(reply, "data.keys")->count);
    CHECK(json_path(reply, "data.keys.2") != NULL);
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k0/config", "{\"min_decryption_version\":2}"));
    CHECK_ERR(ERR_INVALID, READ("t/export/encryption-key/k0/1"));
    CHECK_ERR(ERR_INVALID, READ("t/export/encryption-key/k0/3"));
    CHECK_ERR(ERR_INVALID, READ("t/export/encryption-key/k0/x"));
    kv_scene_end(&scene);
}

TEST(a_backup_restores_every_type_with_all_its_versions)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < TYPES; i++) {
        CHECK_ERR(ERR_NONE, WRITE("t/keys/k", BODY("{\"type\":\"%s\",\"exportable\":true}", types[i])));
        CHECK_ERR(ERR_INVALID, READ("t/backup/k"));
        CHECK_ERR(ERR_NONE, WRITE("t/keys/k/config", "{\"allow_plaintext_backup\":true,\"deletion_allowed\":true}"));
        kv_wait(&scene, 60);
        CHECK_ERR(ERR_NONE, WRITE("t/keys/k/rotate", NULL));
        CHECK_ERR(ERR_NONE, WRITE("t/keys/k/config", "{\"min_encryption_version\":1}"));
        const char *mac = mac_of(&scene, "k");
        CHECK_ERR(ERR_NONE, READ("t/keys/k"));
        const char *keys = PART("data.keys");
        CHECK_ERR(ERR_NONE, READ("t/backup/k"));
        const char *backup = TEXT_OF("data.backup");
        CHECK_ERR(ERR_INVALID, WRITE("t/restore", BODY("{\"backup\":\"%s\"}", backup)));
        CHECK_ERR(ERR_NONE, WRITE("t/restore", BODY("{\"backup\":\"%s\",\"force\":true}", backup)));
        CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "t/keys/k", NULL, NULL));
        kv_run_jobs(&scene);
        CHECK_U64(0, kv_row_count(&scene));
        CHECK_ERR(ERR_NONE, WRITE("t/restore/other", BODY("{\"backup\":\"%s\"}", backup)));
        CHECK_STRING(mac, mac_of(&scene, "other"));
        CHECK_ERR(ERR_NONE, READ("t/keys/other"));
        CHECK_STRING(keys, PART("data.keys"));
        CHECK_PART("1", "data.min_encryption_version");
        CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "t/keys/other", NULL, NULL));
        kv_run_jobs(&scene);
    }
    kv_scene_end(&scene);
}

TEST(a_trimmed_derived_and_scheduled_key_comes_back_as_it_was)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k", "{\"derived\":true,\"convergent_encryption\":true,\"exportable\":true,\"allow_plaintext_backup\":true,\"auto_rotate_period\":\"48h\"}"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k/rotate", NULL));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k/rotate", NULL));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k/config", "{\"min_decryption_version\":2,\"min_encryption_version\":2}"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k/trim", "{\"min_available_version\":2}"));
    const char *plain = "{\"plaintext\":\"" HELLO "\",\"context\":\"YQ==\",\"key_version\":2}";
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/k", plain));
    const char *sealed = TEXT_OF("data.ciphertext");
    CHECK_ERR(ERR_NONE, READ("t/backup/k"));
    CHECK_ERR(ERR_NONE, WRITE("t/restore/again", BODY("{\"backup\":\"%s\"}", TEXT_OF("data.backup"))));
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/again", plain));
    CHECK_STRING(sealed, TEXT_OF("data.ciphertext"));
    CHECK_ERR(ERR_NONE, READ("t/keys/again"));
    CHECK_PART("172800", "data.auto_rotate_period");
    CHECK_PART("2", "data.min_available_version");
    CHECK(strlen(TEXT_OF("data.restore_info.time")) > 0);
    kv_wait(&scene, 172900);
    kv_run_jobs(&scene);
    CHECK_ERR(ERR_NONE, READ("t/keys/again"));
    CHECK_PART("4", "data.latest_version");
    kv_scene_end(&scene);
}

TEST(what_is_no_backup_is_refused_and_leaves_nothing)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
#define ENTRY "{\"key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"hmac_key\":\"AAAA\",\"time\":\"2026-11-01T00:00:00.123456789Z\",\"creation_time\":1}"
#define POLICY "\"name\":\"n\",\"latest_version\":1,\"min_decryption_version\":1,\"min_encryption_version\":0"
    static const struct {
        const char *json;
        enum err err;
    } cases[] = {
        {"{\"policy\":{" POLICY ",\"type\":0},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_NONE},
        {"{\"policy\":{" POLICY ",\"type\":8},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID}, /* a key of another length */
        {"{\"policy\":{" POLICY ",\"type\":1},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":3},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":11},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":99},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":0,\"derived\":true,\"kdf\":0},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":0,\"derived\":true,\"kdf\":1,\"convergent_encryption\":true},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":0},\"archived_keys\":{\"keys\":[" ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":0},\"archived_keys\":{\"keys\":[{},{}]}}", ERR_INVALID},
        {"{\"policy\":{" POLICY ",\"type\":0}}", ERR_INVALID},
        {"{\"policy\":{\"name\":\"../n\",\"latest_version\":1,\"min_decryption_version\":1,\"min_encryption_version\":0,\"type\":0},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{\"policy\":{\"name\":\"n\",\"latest_version\":1,\"min_decryption_version\":2,\"min_encryption_version\":0,\"type\":0},\"archived_keys\":{\"keys\":[{}," ENTRY "]}}", ERR_INVALID},
        {"{}", ERR_INVALID}, {"[]", ERR_INVALID}, {"", ERR_INVALID}, {"{", ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cleanup_buf struct buf text = BUF_INIT(8192);
        CHECK_ERR(ERR_NONE, base64_encode(&text, slice_string(cases[i].json)));
        size_t before = kv_row_count(&scene);
        CHECK_ERR(cases[i].err, WRITE("t/restore", BODY("{\"backup\":\"%.*s\",\"force\":true}", (int)text.len, (const char *)text.data)));
        CHECK(cases[i].err == ERR_NONE || kv_row_count(&scene) == before);
    }
    CHECK_ERR(ERR_INVALID, WRITE("t/restore", "{\"backup\":\"*\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/restore", "{}"));
    kv_scene_end(&scene);
}

TEST(keys_travel_wrapped_and_only_unbroken)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/x/import", "{\"ciphertext\":\"AAAA\"}"));
    CHECK_ERR(ERR_NONE, READ("t/wrapping_key"));
    const char *pem = PART("data.public_key"); /* as JSON, its line ends escaped */
    CHECK_ERR(ERR_NONE, READ("t/wrapping_key"));
    CHECK_STRING(pem, PART("data.public_key"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/there/import", BODY("{\"type\":\"rsa-4096\",\"public_key\":%s}", pem)));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/no/import", BODY("{\"type\":\"rsa-2048\",\"public_key\":%s}", pem)));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/no/import", BODY("{\"type\":\"ecdsa-p256\",\"public_key\":%s}", pem)));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/no/import", BODY("{\"type\":\"aes256-gcm96\",\"public_key\":%s}", pem)));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/no/import", "{\"type\":\"rsa-4096\",\"public_key\":\"x\"}"));
    for (size_t i = 0; i < TYPES; i++) {
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/k%zu", i), BODY("{\"type\":\"%s\",\"exportable\":true}", types[i])));
        CHECK_ERR(ERR_NONE, READ(BODY("t/byok-export/there/k%zu", i)));
        const char *travel = TEXT_OF("data.keys.1");
        char *broken = arena_string(scene.arena, slice_string(travel));
        broken[strlen(broken) - 9] = broken[strlen(broken) - 9] == 'A' ? 'B' : 'A';
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/keys/i%zu/import", i), BODY("{\"type\":\"%s\",\"ciphertext\":\"%s\"}", types[i], broken)));
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/keys/i%zu/import", i), BODY("{\"type\":\"%s\",\"ciphertext\":\"%s\",\"hash_function\":\"SHA1\"}", types[i], travel)));
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/keys/i%zu/import", i), BODY("{\"type\":\"%s\",\"ciphertext\":\"%s\"}", types[i < 4 ? 4 : 1], travel)));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/i%zu/import", i), BODY("{\"type\":\"%s\",\"ciphertext\":\"%s\",\"exportable\":true}", types[i], travel)));
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/keys/i%zu/import", i), BODY("{\"type\":\"%s\",\"ciphertext\":\"%s\"}", types[i], travel)));
        const char *what = i < FIRST_PAIR ? "encryption-key" : i == HMAC ? "hmac-key" : "signing-key";
        CHECK_ERR(ERR_NONE, READ(BODY("t/export/%s/k%zu", what, i)));
        const char *own = TEXT_OF("data.keys.1");
        CHECK_ERR(ERR_NONE, READ(BODY("t/export/%s/i%zu", what, i)));
        CHECK_STRING(own, TEXT_OF("data.keys.1"));
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/keys/i%zu/rotate", i), NULL));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/i%zu/import_version", i), BODY("{\"ciphertext\":\"%s\"}", travel)));
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/keys/k%zu/import_version", i), BODY("{\"ciphertext\":\"%s\"}", travel)));
    }
    kv_scene_end(&scene);
}

TEST(a_public_half_encrypts_and_checks_until_its_private_one_comes)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, READ("t/wrapping_key"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/there/import", BODY("{\"type\":\"rsa-4096\",\"public_key\":%s}", PART("data.public_key"))));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/k", "{\"type\":\"ecdsa-p256\",\"exportable\":true}"));
    CHECK_ERR(ERR_NONE, READ("t/export/public-key/k"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/half/import", BODY("{\"type\":\"ecdsa-p256\",\"public_key\":%s}", PART("data.keys.1"))));
    CHECK_ERR(ERR_NONE, WRITE("t/sign/k", "{\"input\":\"" HELLO "\"}"));
    const char *signature = TEXT_OF("data.signature");
    CHECK_ERR(ERR_NONE, WRITE("t/verify/half", BODY("{\"input\":\"" HELLO "\",\"signature\":\"%s\"}", signature)));
    CHECK_PART("true", "data.valid");
    CHECK_ERR(ERR_INVALID, WRITE("t/sign/half", "{\"input\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_NONE, READ("t/byok-export/there/k"));
    const char *travel = TEXT_OF("data.keys.1");
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/half/import_version", BODY("{\"ciphertext\":\"%s\",\"version\":2}", travel)));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/half/import_version", BODY("{\"ciphertext\":\"%s\",\"version\":1}", travel)));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/half/import_version", BODY("{\"ciphertext\":\"%s\",\"version\":1}", travel)));
    CHECK_ERR(ERR_NONE, WRITE("t/sign/half", "{\"input\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/there", "{\"plaintext\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/decrypt/there", BODY("{\"ciphertext\":\"%s\"}", TEXT_OF("data.ciphertext"))));
    kv_scene_end(&scene);
}

TEST_MAIN
