/* Transit through turns in memory: what Vault's clients see of keys, ciphertexts and batches. */
#include "secrets/transit_scene.h"

#include "base/check.h"
#include "base/encode.h"

#include <string.h>

TEST(a_key_is_made_read_listed_and_deleted_as_vault_does_it)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_LIST, "t/keys", NULL, NULL));
    CHECK_ERR(ERR_NOT_FOUND, READ("t/keys/a"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a", "{}"));
    CHECK_PART("{\"name\":\"a\",\"type\":\"aes256-gcm96\",\"derived\":false,\"deletion_allowed\":false,\"min_available_version\":0,\"min_decryption_version\":1,\"min_encryption_version\":0,"
               "\"latest_version\":1,\"exportable\":false,\"allow_plaintext_backup\":false,\"supports_encryption\":true,\"supports_decryption\":true,\"supports_signing\":false,"
               "\"supports_derivation\":true,\"auto_rotate_period\":0,\"imported_key\":false,\"keys\":{\"1\":1795435200}}", "data");
    CHECK_PART("null", "warnings");
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a", "{\"type\":\"chacha20-poly1305\",\"exportable\":true}"));
    CHECK_PART("[\"key a already existed\"]", "warnings");
    CHECK_PART("\"aes256-gcm96\"", "data.type");
    CHECK_PART("false", "data.exportable");
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "t/keys", NULL, NULL));
    CHECK_PART("[\"a\"]", "data.keys");
    CHECK_ERR(ERR_INVALID, ASK(VERB_DELETE, "t/keys/a", NULL, NULL));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a/config", "{\"deletion_allowed\":true}"));
    size_t before = kv_row_count(&scene);
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "t/keys/a", NULL, NULL));
    CHECK_U64(204, scene.status);
    kv_run_jobs(&scene);
    CHECK_U64(2, before - kv_row_count(&scene));
    CHECK_ERR(ERR_INVALID, ASK(VERB_DELETE, "t/keys/a", NULL, NULL));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"type\":\"ed448\",\"plaintext\":\"\"}"));
    kv_scene_end(&scene);
}

TEST(what_makes_no_sense_is_refused_when_a_key_is_made)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    static const char *const bad[] = {
        "{\"type\":\"rot13\"}", "{\"convergent_encryption\":true}", "{\"auto_rotate_period\":\"59m\"}", "{\"key_size\":32}", "{\"derived\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, WRITE("t/keys/a", bad[i]));
    }
    static const char *const names[] = {"t/keys/-a", "t/keys/a.", "t/keys/a%20b", "t/keys/ä"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK_ERR(ERR_INVALID, WRITE(names[i], "{}"));
    }
    CHECK_U64(0, kv_row_count(&scene));
    kv_scene_end(&scene);
}

TEST(texts_come_back_with_every_cipher_and_only_with_the_right_key)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    static const char *const types[] = {"aes256-gcm96", "aes128-gcm96", "chacha20-poly1305"};
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/k%zu", i), BODY("{\"type\":\"%s\"}", types[i])));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/encrypt/k%zu", i), "{\"plaintext\":\"dGhlIHF1aWNrIGJyb3duIGZveA==\"}"));
        CHECK_PART("1", "data.key_version");
        const char *sealed = TEXT_OF("data.ciphertext");
        CHECK_U64(9 + 4 * ((12 + 19 + 16 + 2) / 3), strlen(sealed));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/decrypt/k%zu", i), BODY("{\"ciphertext\":\"%s\"}", sealed)));
        CHECK_PART("{\"plaintext\":\"dGhlIHF1aWNrIGJyb3duIGZveA==\"}", "data");
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/decrypt/k%zu", i), BODY("{\"ciphertext\":\"%s\",\"associated_data\":\"YQ==\"}", sealed)));
        CHECK_PART("[\"invalid ciphertext: unable to decrypt\"]", "errors");
        CHECK_ERR(ERR_NONE, WRITE("t/keys/other", BODY("{\"type\":\"%s\"}", types[i])));
        CHECK_ERR(ERR_INVALID, WRITE("t/decrypt/other", BODY("{\"ciphertext\":\"%s\"}", sealed)));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/encrypt/k%zu", i), "{\"plaintext\":\"YQ==\",\"associated_data\":\"YmM=\"}"));
        sealed = TEXT_OF("data.ciphertext");
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/decrypt/k%zu", i), BODY("{\"ciphertext\":\"%s\",\"associated_data\":\"YmM=\"}", sealed)));
        CHECK_PART("\"YQ==\"", "data.plaintext");
        CHECK_ERR(ERR_INVALID, WRITE(BODY("t/decrypt/k%zu", i), BODY("{\"ciphertext\":\"%s\"}", sealed)));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/encrypt/k%zu", i), "{\"plaintext\":\"\"}"));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/decrypt/k%zu", i), BODY("{\"ciphertext\":\"%s\"}", TEXT_OF("data.ciphertext"))));
        CHECK_PART("\"\"", "data.plaintext");
    }
    kv_scene_end(&scene);
}

TEST(what_is_no_ciphertext_is_said_to_be_none)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a", "{}"));
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "missing ciphertext to decrypt"}, {"x", "invalid ciphertext: no prefix"}, {"vault:v1", "invalid ciphertext: no prefix"}, {"Vault:v1:", "invalid ciphertext: no prefix"},
        {"vault:v:", "invalid ciphertext: version number could not be decoded"}, {"vault:v-1:", "invalid ciphertext: version number could not be decoded"},
        {"vault:v01:", "invalid ciphertext: version number could not be decoded"}, {"vault:v99999999999999999999:", "invalid ciphertext: version number could not be decoded"},
        {"vault:v2:", "invalid ciphertext: version is too new"}, {"vault:v1:%", "invalid ciphertext: could not decode base64"},
        {"vault:v1:", "invalid ciphertext: unable to decrypt"}, {"vault:v1:AAAA", "invalid ciphertext: unable to decrypt"},
        {"vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "invalid ciphertext: unable to decrypt"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\"}", bad[i].text)));
        CHECK_STRING(bad[i].error, TEXT_OF("complaint.english"));
    }
    CHECK_ERR(ERR_INVALID, WRITE("t/decrypt/none", "{\"ciphertext\":\"vault:v1:AAAA\"}"));
    CHECK_PART("[\"encryption key not found\"]", "errors");
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{}"));
    CHECK_PART("[\"missing plaintext to encrypt\"]", "errors");
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", NULL));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"plaintext\":\"=\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\",\"nonce\":\"AAAAAAAAAAAAAAAA\"}"));
    kv_scene_end(&scene);
}

TEST(a_context_has_its_own_key_and_convergent_keys_say_the_same_twice)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a", "{\"derived\":true,\"convergent_encryption\":true}"));
    CHECK_PART("\"hkdf_sha256\"", "data.kdf");
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\",\"context\":\"Y3R4\"}"));
    const char *first = TEXT_OF("data.ciphertext");
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\",\"context\":\"Y3R4\"}"));
    CHECK_STRING(first, TEXT_OF("data.ciphertext"));
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/a", "{\"plaintext\":\"Yg==\",\"context\":\"Y3R4\"}"));
    CHECK(strcmp(first, TEXT_OF("data.ciphertext")) != 0);
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\",\"context\":\"Y3R5\"}"));
    CHECK(strcmp(first, TEXT_OF("data.ciphertext")) != 0);
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\"}", first)));
    CHECK_ERR(ERR_INVALID, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\",\"context\":\"Y3R5\"}", first)));
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\",\"context\":\"Y3R4\"}", first)));
    CHECK_PART("\"YQ==\"", "data.plaintext");
    kv_scene_end(&scene);
}

TEST(versions_have_minimums_and_are_rewrapped_and_trimmed)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\"}"));
    const char *old = TEXT_OF("data.ciphertext");
    for (int i = 2; i <= 4; i++) {
        kv_wait(&scene, 60);
        CHECK_ERR(ERR_NONE, WRITE("t/keys/a/rotate", "{}"));
    }
    CHECK_PART("{\"1\":1795435200,\"2\":1795435260,\"3\":1795435320,\"4\":1795435380}", "data.keys");
    CHECK_ERR(ERR_NONE, WRITE("t/rewrap/a", BODY("{\"ciphertext\":\"%s\"}", old)));
    CHECK_PART("4", "data.key_version");
    const char *fresh = TEXT_OF("data.ciphertext");
    CHECK(strncmp(fresh, "vault:v4:", 9) == 0);
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\"}", fresh)));
    CHECK_PART("\"YQ==\"", "data.plaintext");
    CHECK_ERR(ERR_NONE, WRITE("t/rewrap/a", BODY("{\"ciphertext\":\"%s\",\"key_version\":2}", fresh)));
    CHECK_PART("2", "data.key_version");
    CHECK_ERR(ERR_INVALID, WRITE("t/rewrap/a", BODY("{\"ciphertext\":\"%s\",\"key_version\":5}", fresh)));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/a/config", "{\"min_decryption_version\":5}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/a/config", "{\"min_decryption_version\":3,\"min_encryption_version\":2}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/a/trim", "{\"min_available_version\":2}"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a/config", "{\"min_decryption_version\":3,\"min_encryption_version\":4}"));
    CHECK_PART("{\"3\":1795435320,\"4\":1795435380}", "data.keys");
    CHECK_ERR(ERR_INVALID, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\"}", old)));
    CHECK_PART("[\"ciphertext or signature version is disallowed by policy (too old)\"]", "errors");
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\",\"key_version\":3}"));
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/a", "{\"plaintext\":\"YQ==\",\"key_version\":4}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/a/trim", "{\"min_available_version\":4}"));
    size_t rows = kv_row_count(&scene);
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a/trim", "{\"min_available_version\":3}"));
    CHECK_U64(2, rows - kv_row_count(&scene));
    CHECK_PART("3", "data.min_available_version");
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/a/trim", "{\"min_available_version\":2}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/a/config", "{\"min_decryption_version\":2}"));
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\"}", fresh)));
    kv_scene_end(&scene);
}

TEST(a_batch_says_of_each_item_what_was_wrong_with_it)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a", "{}"));
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/a", "{\"batch_input\":[{\"plaintext\":\"YQ==\",\"reference\":\"one\"},{\"plaintext\":\"Yg==\",\"associated_data\":\"Yg==\"}]}"));
    CHECK_U64(200, scene.status);
    const struct json *results = json_path(reply, "data.batch_results");
    CHECK_U64(2, results->count);
    CHECK_SLICE("one", json_text(results->first, "reference", SLICE_NONE));
    const char *one = arena_string(scene.arena, json_text(results->first, "ciphertext", SLICE_NONE)), *two = arena_string(scene.arena, json_text(results->last, "ciphertext", SLICE_NONE));
    const char *body = BODY("{\"batch_input\":[{\"ciphertext\":\"%s\"},{\"ciphertext\":\"%s\",\"reference\":\"bad\"},{\"ciphertext\":\"%s\",\"associated_data\":\"Yg==\"}]}", one, two, two);
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/a", body));
    CHECK_U64(400, scene.status);
    CHECK_PART("[{\"plaintext\":\"YQ==\"},{\"error\":\"invalid ciphertext: unable to decrypt\",\"reference\":\"bad\"},{\"plaintext\":\"Yg==\"}]", "data.batch_results");
    body = BODY("{\"partial_failure_response_code\":207,\"batch_input\":[{\"ciphertext\":\"%s\"},{\"ciphertext\":\"x\"},{}]}", one);
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/a", body));
    CHECK_U64(207, scene.status);
    CHECK_PART("[{\"plaintext\":\"YQ==\"},{\"error\":\"invalid ciphertext: no prefix\"},{\"error\":\"missing ciphertext to decrypt\"}]", "data.batch_results");
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/a", "{\"partial_failure_response_code\":207,\"batch_input\":[{}]}"));
    CHECK_U64(400, scene.status);
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"batch_input\":[]}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"batch_input\":[1]}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/a", "{\"batch_input\":{}}"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a/rotate", NULL));
    CHECK_ERR(ERR_NONE, WRITE("t/rewrap/a", BODY("{\"batch_input\":[{\"ciphertext\":\"%s\"},{\"ciphertext\":\"%s\",\"associated_data\":\"Yg==\",\"key_version\":1}]}", one, two)));
    CHECK_U64(200, scene.status);
    CHECK_U64(2, json_path(reply, "data.batch_results")->count);
    kv_scene_end(&scene);
}

TEST(encrypting_makes_the_key_only_for_who_may_create)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    kv_policy(&scene, "user", "[{\"labels\":[\"t/encrypt/*\"],\"line\":1,\"capabilities\":[\"update\"]}]");
    kv_policy(&scene, "maker", "[{\"labels\":[\"t/encrypt/*\"],\"line\":1,\"capabilities\":[\"create\",\"update\"]}]");
    struct slice user = kv_token(&scene, "user"), maker = kv_token(&scene, "maker");
    const char *body = "{\"plaintext\":\"YQ==\"}";
    CHECK_ERR(ERR_DENIED, kv_ask(&scene, user, VERB_WRITE, "t/encrypt/a", NULL, body, &reply));
    CHECK_ERR(ERR_NONE, kv_ask(&scene, maker, VERB_WRITE, "t/encrypt/a", NULL, body, &reply));
    CHECK_ERR(ERR_NONE, kv_ask(&scene, user, VERB_WRITE, "t/encrypt/a", NULL, body, &reply));
    CHECK_ERR(ERR_NONE, kv_ask(&scene, maker, VERB_WRITE, "t/encrypt/c", NULL, "{\"batch_input\":[{\"plaintext\":\"YQ==\",\"context\":\"YQ==\"}],\"type\":\"chacha20-poly1305\"}", &reply));
    CHECK_ERR(ERR_NONE, READ("t/keys/c"));
    CHECK_PART("true", "data.derived");
    CHECK_PART("\"chacha20-poly1305\"", "data.type");
    CHECK_ERR(ERR_INVALID, kv_ask(&scene, maker, VERB_WRITE, "t/encrypt/d", NULL, "{\"batch_input\":[{\"plaintext\":\"YQ==\",\"context\":\"YQ==\"},{\"plaintext\":\"YQ==\"}]}", &reply));
    CHECK_ERR(ERR_NONE, WRITE("t/config/keys", "{\"disable_upsert\":true}"));
    CHECK_ERR(ERR_INVALID, kv_ask(&scene, maker, VERB_WRITE, "t/encrypt/e", NULL, body, &reply));
    CHECK_ERR(ERR_NONE, READ("t/config/keys"));
    CHECK_PART("{\"disable_upsert\":true}", "data");
    CHECK_ERR(ERR_NONE, WRITE("t/cache-config", "{\"size\":100}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/cache-config", "{\"size\":9}"));
    CHECK_ERR(ERR_NONE, READ("t/cache-config"));
    CHECK_PART("{\"size\":100}", "data");
    CHECK_ERR(ERR_NONE, READ("t/config/keys"));
    CHECK_PART("{\"disable_upsert\":true}", "data");
    kv_scene_end(&scene);
}

TEST(data_keys_are_wrapped_and_in_plain_only_when_asked)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a", "{}"));
    static const unsigned bits[] = {128, 256, 512};
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERR(ERR_NONE, WRITE("t/datakey/plaintext/a", BODY("{\"bits\":%u}", bits[i])));
        const char *plain = TEXT_OF("data.plaintext");
        CHECK_U64((bits[i] / 8 + 2) / 3 * 4, strlen(plain));
        CHECK_ERR(ERR_NONE, WRITE("t/decrypt/a", BODY("{\"ciphertext\":\"%s\"}", TEXT_OF("data.ciphertext"))));
        CHECK_STRING(plain, TEXT_OF("data.plaintext"));
    }
    CHECK_ERR(ERR_NONE, WRITE("t/datakey/wrapped/a", NULL));
    CHECK(json_path(reply, "data.plaintext") == NULL);
    CHECK_ERR(ERR_INVALID, WRITE("t/datakey/wrapped/a", "{\"bits\":64}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/datakey/plain/a", NULL));
    kv_scene_end(&scene);
}

TEST(keep_rotates_keys_that_are_due_and_forgets_those_that_are_gone)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a", "{\"auto_rotate_period\":\"1h\"}"));
    CHECK_PART("3600", "data.auto_rotate_period");
    kv_wait(&scene, 3700);
    kv_run_jobs(&scene);
    CHECK_ERR(ERR_NONE, READ("t/keys/a"));
    CHECK_PART("2", "data.latest_version");
    kv_wait(&scene, 1800);
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a/rotate", NULL)); /* by hand: the schedule counts from here */
    kv_wait(&scene, 2000);
    kv_run_jobs(&scene);
    CHECK_ERR(ERR_NONE, READ("t/keys/a"));
    CHECK_PART("3", "data.latest_version");
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a/config", "{\"auto_rotate_period\":0}"));
    kv_wait(&scene, 100000);
    kv_run_jobs(&scene);
    CHECK_ERR(ERR_NONE, READ("t/keys/a"));
    CHECK_PART("3", "data.latest_version");
    CHECK_ERR(ERR_NONE, WRITE("t/keys/a/config", "{\"auto_rotate_period\":\"24h\",\"deletion_allowed\":true}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "t/keys/a", NULL, NULL));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/b", "{\"auto_rotate_period\":\"1h\"}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "sys/mounts/t", NULL, NULL));
    kv_wait(&scene, 100000);
    kv_run_jobs(&scene);
    kv_scene_end(&scene);
}

TEST_MAIN
