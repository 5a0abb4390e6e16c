/* kv version 2 through turns in memory: what Vault's clients see of versions, metadata, check-and-set; the bin, the upgrade, search. */
#include "secrets/kv2.h"
#include "secrets/kv_scene.h"

#include "base/check.h"

#define ASK(verb, path, query, body) kv_ask(&scene, scene.root, verb, path, query, body, &reply)
#define READ(path) ASK(VERB_READ, path, NULL, NULL)
#define WRITE(path, body) ASK(VERB_WRITE, path, NULL, body)
#define PART(dotted) kv_text(&scene, reply, dotted)
#define CHECK_PART(expected, dotted) CHECK_STRING(expected, PART(dotted))

static struct kv_scene start(void)
{
    struct kv_scene scene = kv_scene_start();
    const struct json *reply = NULL;
    if (WRITE("sys/mounts/s", "{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}") != ERR_NONE) {
        __builtin_trap();
    }
    return scene;
}

TEST(versions_are_written_read_and_come_back_as_they_came)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, READ("s/data/a"));
    CHECK_PART("[]", "errors");
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"pin\":1.10,\"big\":12345678901234567890,\"e\":-0.0e+10,\"t\":\"ä\\u0000\"}}"));
    CHECK_PART("{\"created_time\":\"2026-11-23T12:00:00.000Z\",\"custom_metadata\":null,\"deletion_time\":\"\",\"destroyed\":false,\"version\":1}", "data");
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_PART("{\"pin\":1.10,\"big\":12345678901234567890,\"e\":-0.0e+10,\"t\":\"ä\\u0000\"}", "data.data");
    CHECK_PART("1", "data.metadata.version");
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"pin\":2},\"options\":{\"cas\":1}}"));
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_PART("{\"pin\":2}", "data.data");
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/a", "{\"version\":\"1\"}", NULL));
    CHECK_PART("1.10", "data.data.pin");
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/a", "{\"version\":\"0\"}", NULL));
    CHECK_PART("2", "data.metadata.version");
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_READ, "s/data/a", "{\"version\":\"3\"}", NULL));
    CHECK_ERR(ERR_INVALID, ASK(VERB_READ, "s/data/a", "{\"version\":\"x\"}", NULL));
    CHECK_ERR(ERR_NONE, WRITE("s/data/empty", "{\"data\":{}}"));
    CHECK_ERR(ERR_NONE, READ("s/data/empty"));
    CHECK_PART("{}", "data.data");
    kv_scene_end(&scene);
}

/* {"x":NUMBER} with so many bytes beside it. */
static char *padded(struct kv_scene *scene, int number, int bytes)
{
    return arena_printf(scene->arena, "{\"data\":{\"x\":%d,\"pad\":\"%0*d\"}}", number, bytes, 0);
}

TEST(older_versions_stay_in_the_row_while_it_is_small_and_leave_it_together)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    for (int i = 1; i <= 5; i++) { /* four of 140 bytes fit, with what is known of them */
        CHECK_ERR(ERR_NONE, WRITE("s/data/a", padded(&scene, i, 140)));
        CHECK_U64(i < 5 ? 1 : 5, kv_row_count(&scene));
    }
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", padded(&scene, 6, 140)));
    CHECK_U64(5, kv_row_count(&scene));
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", padded(&scene, 7, 2000))); /* alone in its row, however large */
    CHECK_U64(7, kv_row_count(&scene));
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", padded(&scene, 8, 10)));
    CHECK_U64(8, kv_row_count(&scene));
    for (int i = 1; i <= 8; i++) {
        CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/a", arena_printf(scene.arena, "{\"version\":\"%d\"}", i), NULL));
        CHECK_PART(arena_printf(scene.arena, "%d", i), "data.data.x");
    }
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", padded(&scene, 9, 10)));
    CHECK_U64(8, kv_row_count(&scene));
    CHECK_ERR(ERR_NONE, WRITE("s/destroy/a", "{\"versions\":[1,8]}")); /* one beside, one in the row */
    CHECK_U64(7, kv_row_count(&scene));
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/a", "{\"version\":\"8\"}", NULL));
    CHECK_PART("true", "data.metadata.destroyed");
    CHECK_PART("null", "data.data");
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_PART("9", "data.data.x");
    for (int i = 0; i < 14; i++) { /* all ten that are kept of a usual password */
        CHECK_ERR(ERR_NONE, WRITE("s/data/usual", "{\"data\":{\"user\":\"app\",\"password\":\"correct horse battery 1234\"}}"));
        CHECK_U64(8, kv_row_count(&scene));
    }
    kv_scene_end(&scene);
}

/* What an older release wrote: the newest version's data behind the list, all others beside. */
TEST(rows_of_format_1_are_read)
{
    static const char row[] = "\1\20\0\0\0""0123456789abcdef\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                              "\2\0\0\0" "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" "\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\5\0\0\0\6\0\0\0\0";
    cleanup_arena struct arena *arena = arena_new(4096);
    struct kv2_secret secret;
    CHECK_ERR(ERR_NONE, kv2_decode(arena, slice_of(row, sizeof row - 1), &secret));
    CHECK_U64(2, secret.count);
    CHECK(secret.versions[0].is_destroyed && secret.versions[0].data.len == 0);
    CHECK_U64(5, secret.versions[1].data.len);
    for (size_t i = 0; i + 1 < sizeof row - 1; i++) {
        CHECK_ERR(ERR_DAMAGED, kv2_decode(arena, slice_of(row, i), &secret));
    }
}

TEST(check_and_set_speaks_the_words_that_clients_match)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    static const char mismatch[] = "[\"check-and-set parameter did not match the current version\"]", required[] = "[\"check-and-set parameter required for this call\"]";
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a", "{\"data\":{},\"options\":{\"cas\":1}}"));
    CHECK_PART(mismatch, "errors");
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{},\"options\":{\"cas\":0}}"));
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a", "{\"data\":{},\"options\":{\"cas\":0}}"));
    CHECK_PART(mismatch, "errors");
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{},\"options\":{\"cas\":\"1\"}}"));
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a", "{\"data\":{},\"options\":{\"cas\":\"q\"}}"));
    CHECK_PART("[\"error parsing check-and-set parameter\"]", "errors");
    CHECK_ERR(ERR_NONE, WRITE("s/metadata/a", "{\"cas_required\":true}"));
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a", "{\"data\":{}}"));
    CHECK_PART(required, "errors");
    CHECK_ERR(ERR_NONE, WRITE("s/config", "{\"cas_required\":true}"));
    CHECK_ERR(ERR_INVALID, WRITE("s/data/b", "{\"data\":{}}"));
    CHECK_PART(required, "errors");
    CHECK_ERR(ERR_NONE, WRITE("s/metadata/b", "{\"cas_required\":false}"));
    CHECK_PART("[\"\\\"cas_required\\\" set to false, but is mandated by backend config. This value will be ignored.\"]", "warnings");
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a", "{\"x\":1}"));
    CHECK_PART("[\"no data provided\"]", "errors");
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a", "{\"data\":\"text\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a/", "{\"data\":{}}"));
    kv_scene_end(&scene);
}

TEST(patches_merge_and_what_is_deleted_is_not_patched)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_PATCH, "s/data/a", NULL, "{\"data\":{\"x\":1}}"));
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"x\":1.0,\"o\":{\"p\":1,\"q\":{\"r\":2}},\"l\":[1,2]}}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_PATCH, "s/data/a", NULL, "{\"data\":{\"o\":{\"p\":null,\"q\":{\"s\":3}},\"l\":[9],\"n\":{\"a\":null,\"b\":{\"c\":null}}},\"options\":{\"cas\":1}}"));
    CHECK_PART("2", "data.version");
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_PART("{\"x\":1.0,\"o\":{\"q\":{\"r\":2,\"s\":3}},\"l\":[9],\"n\":{\"b\":{}}}", "data.data");
    CHECK_ERR(ERR_INVALID, ASK(VERB_PATCH, "s/data/a", NULL, "{\"data\":{\"x\":1},\"options\":{\"cas\":1}}"));
    CHECK_ERR(ERR_INVALID, ASK(VERB_PATCH, "s/data/a", NULL, "{}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/data/a", NULL, NULL));
    CHECK_ERR(ERR_NONE, ASK(VERB_PATCH, "s/data/a", NULL, "{\"data\":{\"x\":1}}"));
    CHECK_U64(404, scene.status);
    CHECK_PART("2", "data.version");
    kv_scene_end(&scene);
}

TEST(a_deleted_version_is_404_with_its_metadata)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"x\":1}}"));
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"x\":2}}"));
    kv_wait(&scene, 5);
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/data/a", NULL, NULL));
    CHECK_U64(204, scene.status);
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_U64(404, scene.status);
    CHECK_PART("null", "data.data");
    CHECK_PART("\"2026-11-23T12:00:05.000Z\"", "data.metadata.deletion_time");
    CHECK_ERR(ERR_NONE, READ("s/subkeys/a"));
    CHECK_U64(404, scene.status);
    CHECK_PART("null", "data.subkeys");
    CHECK_ERR(ERR_NONE, READ("s/bin/versions"));
    CHECK_PART("{\"a\":{\"version\":2,\"deleted_by\":\"ada\",\"deletion_time\":\"2026-11-23T12:00:05.000Z\"}}", "data.key_info");
    CHECK_ERR(ERR_NONE, WRITE("s/undelete/a", "{\"versions\":[2]}"));
    CHECK_ERR(ERR_NOT_FOUND, READ("s/bin/versions"));
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_PART("2", "data.data.x");
    CHECK_ERR(ERR_NONE, WRITE("s/destroy/a", "{\"versions\":[1,2,7]}"));
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_U64(404, scene.status);
    CHECK_PART("true", "data.metadata.destroyed");
    CHECK_ERR(ERR_NONE, WRITE("s/undelete/a", "{\"versions\":\"1,2\"}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/a", "{\"version\":\"1\"}", NULL));
    CHECK_U64(404, scene.status);
    CHECK_ERR(ERR_INVALID, WRITE("s/delete/a", "{}"));
    CHECK_PART("[\"No version number provided\"]", "errors");
    CHECK_ERR(ERR_INVALID, WRITE("s/destroy/a", "{\"versions\":[]}"));
    CHECK_ERR(ERR_INVALID, WRITE("s/destroy/a", "{\"versions\":[true]}"));
    CHECK_ERR(ERR_NONE, WRITE("s/delete/none", "{\"versions\":[1]}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/data/none", NULL, NULL));
    kv_scene_end(&scene);
}

TEST(metadata_says_what_there_is_and_how_it_is_kept)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("s/metadata/a", "{}"));
    CHECK_ERR(ERR_NOT_FOUND, READ("s/metadata/a"));
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_PATCH, "s/metadata/a", NULL, "{\"max_versions\":2}"));
    CHECK_ERR(ERR_NONE, WRITE("s/metadata/a", "{\"max_versions\":\"2\",\"custom_metadata\":{\"owner\":\"ada\",\"cost\":5},\"delete_version_after\":\"1h30m\"}"));
    CHECK_ERR(ERR_NONE, READ("s/metadata/a"));
    CHECK_PART("{\"cas_required\":false,\"created_time\":\"2026-11-23T12:00:00.000Z\",\"current_version\":0,\"custom_metadata\":{\"owner\":\"ada\",\"cost\":\"5\"},\"delete_version_after\":\"1h30m0s\","
               "\"max_versions\":2,\"oldest_version\":0,\"updated_time\":\"2026-11-23T12:00:00.000Z\",\"versions\":{}}", "data");
    CHECK_ERR(ERR_NOT_FOUND, READ("s/data/a"));
    for (int i = 0; i < 5; i++) {
        CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"x\":1}}"));
    }
    CHECK_PART("{\"owner\":\"ada\",\"cost\":\"5\"}", "data.custom_metadata");
    CHECK_PART("\"2026-11-23T13:30:00.000Z\"", "data.deletion_time");
    CHECK_ERR(ERR_NONE, READ("s/metadata/a"));
    CHECK_PART("4", "data.oldest_version");
    CHECK_U64(2, json_path(reply, "data.versions")->count);
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_READ, "s/data/a", "{\"version\":\"3\"}", NULL));
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/a", "{\"version\":\"4\"}", NULL));
    CHECK_U64(200, scene.status);
    kv_wait(&scene, 5400);
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_U64(404, scene.status);
    CHECK_ERR(ERR_NONE, WRITE("s/undelete/a", "{\"versions\":[5]}"));
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_U64(200, scene.status);
    CHECK_ERR(ERR_NONE, ASK(VERB_PATCH, "s/metadata/a", NULL, "{\"custom_metadata\":{\"owner\":null,\"z\":\"1\"},\"max_versions\":null}"));
    CHECK_ERR(ERR_NONE, READ("s/metadata/a"));
    CHECK_PART("{\"cost\":\"5\",\"z\":\"1\"}", "data.custom_metadata");
    CHECK_PART("0", "data.max_versions");
    CHECK_PART("\"1h30m0s\"", "data.delete_version_after");
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/metadata/a", NULL, NULL));
    CHECK_ERR(ERR_NOT_FOUND, READ("s/metadata/a"));
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_LIST, "s/metadata", NULL, NULL));
    kv_scene_end(&scene);
}

TEST(metadata_is_limited)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    char long_name[200], long_value[600], many[2000] = "{\"custom_metadata\":{";
    size_t len = slice_string(many).len;
    snprintf(long_name, sizeof long_name, "{\"custom_metadata\":{\"%0129d\":\"x\"}}", 1);
    snprintf(long_value, sizeof long_value, "{\"custom_metadata\":{\"x\":\"%0513d\"}}", 1);
    for (int i = 0; i < 65; i++) {
        len += (size_t)snprintf(many + len, sizeof many - len, "%s\"k%d\":\"v\"", i == 0 ? "" : ",", i);
    }
    snprintf(many + len, sizeof many - len, "}}");
    const char *const bad[] = {long_name, long_value, many, "{\"custom_metadata\":{\"\":\"x\"}}", "{\"custom_metadata\":[\"x\"]}", "{\"custom_metadata\":{\"x\":{}}}", "{\"custom_metadata\":{\"x\":\"\\n\"}}",
                               "{\"max_versions\":-1}", "{\"max_versions\":\"many\"}", "{\"cas_required\":\"maybe\"}", "{\"delete_version_after\":\"abc\"}", "{\"delete_version_after\":{}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, WRITE("s/metadata/a", bad[i]));
        CHECK_ERR(ERR_NOT_FOUND, READ("s/metadata/a"));
    }
    CHECK_ERR(ERR_INVALID, WRITE("s/config", "{\"deleted_keep\":\"-1h\"}"));
    CHECK_ERR(ERR_NONE, WRITE("s/config", "{\"max_versions\":3,\"delete_version_after\":\"-1s\",\"deleted_keep\":\"720h\"}"));
    CHECK_ERR(ERR_NONE, READ("s/config"));
    CHECK_PART("{\"cas_required\":false,\"delete_version_after\":\"-1s\",\"deleted_keep\":\"720h0m0s\",\"max_versions\":3}", "data");
    kv_scene_end(&scene);
}

TEST(subkeys_have_no_values)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"x\":1,\"o\":{\"p\":{\"q\":\"secret\"},\"e\":{}},\"l\":[{\"z\":1}]}}"));
    CHECK_ERR(ERR_NONE, READ("s/subkeys/a"));
    CHECK_PART("{\"x\":null,\"o\":{\"p\":{\"q\":null},\"e\":null},\"l\":null}", "data.subkeys");
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/subkeys/a", "{\"depth\":\"1\"}", NULL));
    CHECK_PART("{\"x\":null,\"o\":null,\"l\":null}", "data.subkeys");
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/subkeys/a", "{\"depth\":\"2\",\"version\":\"1\"}", NULL));
    CHECK_PART("{\"x\":null,\"o\":{\"p\":null,\"e\":null},\"l\":null}", "data.subkeys");
    kv_scene_end(&scene);
}

TEST(lists_are_paged_scanned_and_detailed)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    static const char *const paths[] = {"s/data/a", "s/data/dir/b", "s/data/dir/c/d", "s/data/dir-x", "s/data/new"};
    for (size_t i = 0; i < 5; i++) {
        CHECK_ERR(ERR_NONE, WRITE(paths[i], "{\"data\":{\"x\":1}}"));
    }
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "s/metadata", NULL, NULL));
    CHECK_PART("[\"a\",\"dir-x\",\"dir/\",\"new\"]", "data.keys");
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "s/metadata/", "{\"after\":\"a\",\"limit\":\"2\"}", NULL));
    CHECK_PART("[\"dir-x\",\"dir/\"]", "data.keys");
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "s/metadata/dir", NULL, NULL));
    CHECK_PART("[\"b\",\"c/\"]", "data.keys");
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_LIST, "s/metadata/none", NULL, NULL));
    CHECK_ERR(ERR_NONE, ASK(VERB_SCAN, "s/metadata", NULL, NULL));
    CHECK_PART("[\"a\",\"dir-x\",\"dir/b\",\"dir/c/d\",\"new\"]", "data.keys");
    CHECK_ERR(ERR_NONE, ASK(VERB_SCAN, "s/metadata/dir/", NULL, NULL));
    CHECK_PART("[\"b\",\"c/d\"]", "data.keys");
    CHECK_ERR(ERR_NONE, ASK(VERB_SCAN, "s/metadata", "{\"limit\":\"3\"}", NULL));
    CHECK_PART("[\"a\",\"dir-x\",\"dir/b\"]", "data.keys");
    CHECK_PART("\"dir/b\"", "data.next");
    CHECK_ERR(ERR_NONE, ASK(VERB_SCAN, "s/metadata", "{\"after\":\"dir/b\"}", NULL));
    CHECK_PART("[\"dir/c/d\",\"new\"]", "data.keys");
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "s/detailed-metadata/dir", NULL, NULL));
    CHECK_PART("{}", "data.key_info.c/");
    CHECK_PART("1", "data.key_info.b.current_version");
    CHECK_ERR(ERR_NONE, ASK(VERB_SCAN, "s/detailed-metadata", NULL, NULL));
    CHECK_U64(5, json_path(reply, "data.key_info")->count);
    CHECK_ERR(ERR_METHOD, ASK(VERB_LIST, "s/data", NULL, NULL));
    CHECK_ERR(ERR_NONE, READ("s/a"));
    CHECK_U64(404, scene.status);
    CHECK(slice_starts(json_path(reply, "warnings")->first->text, SLICE_LITERAL("Invalid path for a versioned K/V secrets engine.")));
    kv_scene_end(&scene);
}

TEST(what_is_deeper_than_a_reply_is_refused)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    char body[256];
    for (int depth = 50; depth < 63; depth++) {
        size_t len = (size_t)snprintf(body, sizeof body, "{\"data\":{\"x\":");
        memset(body + len, '[', (size_t)depth - 1);
        memset(body + len + depth - 1, ']', (size_t)depth - 1);
        snprintf(body + len + 2 * (depth - 1), 3, "}}");
        enum err err = WRITE("s/data/a", body);
        CHECK(err == ERR_NONE || err == ERR_INVALID);
        if (err == ERR_NONE) {
            cleanup_buf struct buf packed = BUF_INIT(1 << 16);
            struct json *again = NULL;
            CHECK_ERR(ERR_NONE, READ("s/data/a"));
            CHECK_ERR(ERR_NONE, json_pack(&packed, reply));
            CHECK_ERR(ERR_NONE, json_unpack(scene.arena, buf_slice(&packed), &again));
        }
    }
    CHECK_ERR(ERR_INVALID, WRITE("s/data/a", body));
    kv_scene_end(&scene);
}

TEST(rules_tell_create_from_update_and_a_list_from_its_folder)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    kv_policy(&scene, "maker", "[{\"labels\":[\"s/data/*\"],\"line\":1,\"capabilities\":[\"create\",\"read\"]},{\"labels\":[\"s/metadata/team/*\"],\"line\":2,\"capabilities\":[\"list\"]}]");
    struct slice maker = kv_token(&scene, "maker");
    CHECK_ERR(ERR_NONE, kv_ask(&scene, maker, VERB_WRITE, "s/data/team/a", NULL, "{\"data\":{}}", &reply));
    CHECK_ERR(ERR_DENIED, kv_ask(&scene, maker, VERB_WRITE, "s/data/team/a", NULL, "{\"data\":{}}", &reply));
    CHECK_ERR(ERR_DENIED, kv_ask(&scene, maker, VERB_PATCH, "s/data/team/a", NULL, "{\"data\":{}}", &reply));
    CHECK_ERR(ERR_NONE, kv_ask(&scene, maker, VERB_LIST, "s/metadata/team", NULL, NULL, &reply));
    CHECK_ERR(ERR_NONE, kv_ask(&scene, maker, VERB_LIST, "s/metadata/team/", NULL, NULL, &reply));
    CHECK_ERR(ERR_DENIED, kv_ask(&scene, maker, VERB_LIST, "s/metadata", NULL, NULL, &reply));
    CHECK_ERR(ERR_DENIED, kv_ask(&scene, maker, VERB_SCAN, "s/metadata/team", NULL, NULL, &reply));
    kv_scene_end(&scene);
}

TEST(the_bin_keeps_what_was_deleted_for_its_time)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("s/config", "{\"deleted_keep\":\"30d\"}"));
    for (int i = 0; i < 3; i++) {
        CHECK_ERR(ERR_NONE, WRITE("s/data/a", padded(&scene, i, 1000)));
    }
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/metadata/a", NULL, NULL));
    CHECK_ERR(ERR_NOT_FOUND, READ("s/data/a"));
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "s/bin/secrets", NULL, NULL));
    char *key = arena_string(scene.arena, json_path(reply, "data.keys")->first->text), *path = arena_printf(scene.arena, "s/bin/secrets/%s", key);
    CHECK_ERR(ERR_NONE, READ(path));
    CHECK_PART("{\"path\":\"a\",\"deleted_by\":\"ada\",\"deletion_time\":\"2026-11-23T12:00:00.000Z\",\"kept_until\":\"2026-12-23T12:00:00.000Z\",\"current_version\":3}", "data");
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"y\":1}}"));
    CHECK_ERR(ERR_INVALID, WRITE(path, "{}"));
    CHECK_ERR(ERR_INVALID, WRITE(path, "{\"path\":\"x/../y\"}"));
    kv_policy(&scene, "restorer", "[{\"labels\":[\"s/bin/*\"],\"line\":1,\"capabilities\":[\"update\"]}]");
    CHECK_ERR(ERR_DENIED, kv_ask(&scene, kv_token(&scene, "restorer"), VERB_WRITE, path, NULL, "{\"path\":\"b\"}", &reply));
    CHECK_ERR(ERR_NONE, WRITE(path, "{\"path\":\"b\"}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/b", "{\"version\":\"2\"}", NULL));
    CHECK_PART("1", "data.data.x");
    CHECK_ERR(ERR_NOT_FOUND, READ(path));
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_PART("1", "data.data.y");
    /* the time passes: nothing of it is left */
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/metadata/a", NULL, NULL));
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/metadata/b", NULL, NULL));
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "s/bin/secrets", NULL, NULL));
    CHECK_U64(2, json_path(reply, "data.keys")->count);
    kv_run_jobs(&scene);
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "s/bin/secrets", NULL, NULL));
    CHECK_U64(6, kv_row_count(&scene)); /* two entries, two secrets, two older versions of b */
    kv_wait(&scene, 30 * 86400 + 1);
    kv_run_jobs(&scene);
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_LIST, "s/bin/secrets", NULL, NULL));
    CHECK_U64(0, kv_row_count(&scene));
    kv_scene_end(&scene);
}

TEST(without_a_bin_a_deletion_is_final)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    for (int i = 0; i < 9; i++) {
        CHECK_ERR(ERR_NONE, WRITE("s/data/a", padded(&scene, 1, 1000)));
    }
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/metadata/a", NULL, NULL));
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_LIST, "s/bin/secrets", NULL, NULL));
    CHECK_ERR(ERR_NONE, WRITE("s/data/a", "{\"data\":{\"x\":2}}"));
    CHECK_PART("1", "data.version");
    CHECK_U64(9, kv_row_count(&scene));
    kv_run_jobs(&scene);
    CHECK_U64(1, kv_row_count(&scene));
    CHECK_ERR(ERR_NONE, READ("s/data/a"));
    CHECK_PART("2", "data.data.x");
    kv_scene_end(&scene);
}

TEST(a_version_1_becomes_a_version_2_and_refuses_meanwhile)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("sys/mounts/old", "{\"type\":\"kv-v1\"}"));
    for (int i = 0; i < 450; i++) {
        CHECK_ERR(ERR_NONE, WRITE(arena_printf(scene.arena, "old/dir/%d", i), "{\"x\":1.50}"));
    }
    CHECK_ERR(ERR_INVALID, WRITE("sys/mounts/old/tune", "{\"options\":{\"version\":\"3\"}}"));
    CHECK_ERR(ERR_NONE, WRITE("sys/mounts/old/tune", "{\"options\":{\"version\":\"2\"}}"));
    CHECK_PART("[\"Upgrading mount from version 1 to version 2. This mount will be unavailable for a brief period and will resume service shortly.\"]", "warnings");
    CHECK_ERR(ERR_INVALID, READ("old/data/dir/7"));
    CHECK_PART("[\"Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.\"]", "errors");
    CHECK_ERR(ERR_INVALID, WRITE("old/data/dir/7", "{\"data\":{}}"));
    CHECK_ERR(ERR_NONE, READ("sys/internal/ui/mounts/old/dir/7"));
    CHECK_PART("\"2\"", "data.options.version");
    kv_run_jobs(&scene);
    CHECK_ERR(ERR_NONE, READ("old/data/dir/7"));
    CHECK_PART("{\"x\":1.50}", "data.data");
    CHECK_ERR(ERR_NONE, READ("old/metadata/dir/449"));
    CHECK_PART("1", "data.oldest_version");
    CHECK_ERR(ERR_NONE, ASK(VERB_LIST, "old/metadata/dir", NULL, NULL));
    CHECK_U64(450, json_path(reply, "data.keys")->count);
    CHECK_ERR(ERR_INVALID, WRITE("sys/mounts/old/tune", "{\"options\":{\"version\":\"1\"}}"));
    CHECK_PART("[\"cannot downgrade mount from version 2\"]", "errors");
    CHECK_ERR(ERR_NONE, WRITE("sys/mounts/old/tune", "{\"description\":\"new\"}"));
    CHECK_ERR(ERR_NONE, READ("old/data/dir/7"));
    kv_scene_end(&scene);
}

TEST(search_shows_what_the_caller_may_list_and_nothing_else)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    static const char *const paths[] = {"s/data/top-db", "s/data/team/one/db-main", "s/data/team/one/web", "s/data/team/two/DB", "s/data/other/db"};
    for (size_t i = 0; i < 5; i++) {
        CHECK_ERR(ERR_NONE, WRITE(paths[i], "{\"data\":{}}"));
    }
    CHECK_ERR(ERR_NONE, WRITE("sys/mounts/v1/x", "{\"type\":\"kv\"}"));
    CHECK_ERR(ERR_NONE, WRITE("v1/x/db/old", "{\"x\":1}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/search", "{\"name\":\"db\"}", NULL));
    CHECK_PART("[\"s/other/db\",\"s/team/one/db-main\",\"s/team/two/DB\",\"s/top-db\",\"v1/x/db/old\"]", "data.keys");
    CHECK_PART("", "data.next");
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/search", "{\"name\":\"db\",\"in\":\"s/team\"}", NULL));
    CHECK_PART("[\"s/team/one/db-main\",\"s/team/two/DB\"]", "data.keys");
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/search", "{\"in\":\"v1/x/db\"}", NULL));
    CHECK_PART("[\"v1/x/db/old\"]", "data.keys");
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/search", "{\"name\":\"db\",\"limit\":\"2\"}", NULL));
    CHECK_PART("[\"s/other/db\",\"s/team/one/db-main\"]", "data.keys");
    const char *next = arena_printf(scene.arena, "{\"name\":\"db\",\"after\":%s}", PART("data.next"));
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/search", next, NULL));
    CHECK_PART("[\"s/team/two/DB\",\"s/top-db\",\"v1/x/db/old\"]", "data.keys");
    kv_policy(&scene, "team", "[{\"labels\":[\"sys/search\"],\"line\":1,\"capabilities\":[\"read\"]},{\"labels\":[\"s/metadata/team/*\"],\"line\":2,\"capabilities\":[\"list\"]},"
                              "{\"labels\":[\"s/metadata/team/two/*\"],\"line\":3,\"capabilities\":[\"deny\"]},{\"labels\":[\"v1/x/+/old\"],\"line\":4,\"capabilities\":[\"list\"]}]");
    CHECK_ERR(ERR_NONE, kv_ask(&scene, kv_token(&scene, "team"), VERB_READ, "sys/search", NULL, NULL, &reply));
    CHECK_PART("[\"s/team/one/db-main\",\"s/team/one/web\"]", "data.keys");
    kv_policy(&scene, "none", "[{\"labels\":[\"sys/search\"],\"line\":1,\"capabilities\":[\"read\"]},{\"labels\":[\"s/data/*\"],\"line\":2,\"capabilities\":[\"read\"]}]");
    CHECK_ERR(ERR_NONE, kv_ask(&scene, kv_token(&scene, "none"), VERB_READ, "sys/search", NULL, NULL, &reply));
    CHECK_PART("[]", "data.keys");
    CHECK_ERR(ERR_INVALID, ASK(VERB_READ, "sys/search", "{\"limit\":\"0\"}", NULL));
    kv_scene_end(&scene);
}

TEST(a_large_tree_is_walked_in_parts_that_meet)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    for (int i = 0; i < 300; i++) {
        CHECK_ERR(ERR_NONE, WRITE(arena_printf(scene.arena, "s/data/f%03d/g/leaf", i), "{\"data\":{}}"));
    }
    const char *query = NULL;
    size_t found = 0;
    for (int part = 0; part < 20; part++) {
        CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/search", query, NULL));
        found += json_path(reply, "data.keys")->count;
        const char *next = PART("data.next");
        if (next[0] == '\0') {
            break;
        }
        query = arena_printf(scene.arena, "{\"after\":%s}", next);
    }
    CHECK_U64(300, found);
    kv_scene_end(&scene);
}

TEST_MAIN
