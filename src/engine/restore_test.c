/* Putting a snapshot back: what keep decides between the first part and the swap. Store is a function of this test; the whole of it: tests/test_snapshot.py. */
#include "engine/token_scene.h"

#include "base/archive.h"
#include "base/check.h"

#include <string.h>

enum { KINDS = STAGE_KINDS };

/* What store was asked, and what it answers to the look. */
struct store {
    unsigned asked[KINDS];
    uint64_t id, size;
    struct stage_answer look;
    uint8_t note[STAGED_NOTE_MAX_BYTES];
    size_t note_len;
};

static void stage(void *context, const struct stage_ask *question, struct stage_answer *answer)
{
    struct store *store = context;
    store->asked[question->what]++;
    *answer = (struct stage_answer){.err = ERR_NONE};
    if (question->what == STAGE_WRITE) {
        store->id = question->id;
        store->size = question->offset + question->bytes.len;
    } else if (question->what == STAGE_CHECK) {
        *answer = store->look;
    } else if (question->what == STAGE_SWAP) {
        memcpy(store->note, question->bytes.data, question->bytes.len);
        store->note_len = question->bytes.len;
    }
    answer->size = store->size;
}

struct scene {
    struct token_scene tokens;
    struct store store;
    struct restoring restoring;
    const char *next;
};

static void scene_start(struct scene *scene)
{
    *scene = (struct scene){.tokens = token_scene_start(), .next = ""};
    driver_set_stage(scene->tokens.driver, stage, &scene->store);
    driver_surroundings(scene->tokens.driver)->restoring = &scene->restoring;
    const struct memory_rows *rows = driver_rows(scene->tokens.driver);
    scene->store.look = (struct stage_answer){.err = ERR_NONE, .digest = {7}, .seal = memory_row_bytes(rows, "boot/seal"), .ring = memory_row_bytes(rows, "boot/keyring")};
}

/* As gate asks: `more` are members of the query beside next. */
static enum err send(struct scene *scene, const char *path, const char *raw, const char *more)
{
    struct token_scene *tokens = &scene->tokens;
    struct json *query = NULL;
    struct turn *turn = NULL;
    if (json_read(tokens->arena, slice_string(more), &query, NULL) != ERR_NONE) {
        return ERR_INTERNAL;
    }
    if (scene->next[0] != '\0') {
        json_set_string(tokens->arena, query, "next", slice_string(scene->next));
    }
    struct request request = {.verb = VERB_WRITE, .path = slice_string(path), .token = tokens->root, .remote = SLICE_LITERAL("127.0.0.1:1"), .query = query, .raw = slice_string(raw)};
    enum err err = driver_request(tokens->driver, &request, &turn);
    scene->next = err == ERR_NONE ? arena_string(tokens->arena, turn->reply.next) : "";
    tokens->status = turn->reply.status;
    tokens->reply = turn->reply.tree == NULL ? NULL : json_copy(tokens->arena, turn->reply.tree);
    driver_end(turn);
    return err;
}

static const char path[] = "sys/storage/raft/snapshot", forced[] = "sys/storage/raft/snapshot-force";

TEST(parts_come_in_order_and_the_last_word_is_recorded_before_the_swap)
{
    struct scene scene;
    struct json *note = NULL;
    scene_start(&scene);
    uint64_t commits = driver_commit_count(scene.tokens.driver);
    CHECK_ERR(ERR_NONE, send(&scene, path, "abc", "{}"));
    CHECK_ERR(ERR_NONE, send(&scene, path, "de", "{}"));
    CHECK_U64(5, scene.store.size);
    CHECK_U64(0, scene.store.asked[STAGE_CHECK]);
    CHECK_ERR(ERR_NONE, send(&scene, path, "f", "{\"last\":\"true\"}"));
    CHECK_U64(6, scene.store.size);
    CHECK(scene.store.asked[STAGE_CHECK] == 1 && scene.store.asked[STAGE_SWAP] == 0 && scene.restoring.done == NULL);
    CHECK(driver_commit_count(scene.tokens.driver) > commits);
    CHECK_ERR(ERR_NONE, send(&scene, path, "", "{\"last\":\"true\"}"));
    CHECK(scene.store.asked[STAGE_SWAP] == 1 && scene.restoring.done != NULL && !scene.restoring.is_other_key);
    CHECK_U64(200, scene.tokens.status);
    CHECK(strstr(token_scene_text(&scene.tokens, "warnings"), "ledger reopen") != NULL);
    CHECK_ERR(ERR_NONE, json_unpack(scene.tokens.arena, slice_of(scene.store.note, scene.store.note_len), &note));
    CHECK(slice_find(json_text(note, "payload", SLICE_NONE), SLICE_LITERAL("snapshot.restored")) != SIZE_MAX);
    CHECK(slice_find(json_text(note, "payload", SLICE_NONE), SLICE_LITERAL("\"sha256\":\"0700")) != SIZE_MAX);
    scene.next = "";
    CHECK_ERR(ERR_BUSY, send(&scene, path, "abc", "{}"));
    token_scene_end(&scene.tokens);
}

TEST(nothing_is_swapped_that_was_not_looked_at)
{
    struct scene scene;
    scene_start(&scene);
    CHECK_ERR(ERR_NONE, send(&scene, path, "abc", "{}"));
    static const char *const nexts[] = {"0000000000000001-swap", "swap", "-", "x-1", "0000000000000001", "0000000000000001-x"};
    for (size_t i = 0; i < sizeof nexts / sizeof nexts[0]; i++) {
        scene.next = nexts[i];
        CHECK_ERR(ERR_NOT_FOUND, send(&scene, path, "", "{}"));
    }
    char next[40];
    snprintf(next, sizeof next, "%016llx-swap", (unsigned long long)scene.store.id);
    scene.next = next;
    CHECK_ERR(ERR_NOT_FOUND, send(&scene, path, "", "{}"));
    CHECK(scene.store.asked[STAGE_SWAP] == 0 && scene.restoring.done == NULL);
    token_scene_end(&scene.tokens);
}

TEST(what_goes_on_no_more_is_let_go)
{
    struct scene scene;
    scene_start(&scene);
    CHECK_ERR(ERR_NONE, send(&scene, path, "abc", "{}"));
    CHECK_U64(scene.store.id, scene.restoring.coming);
    CHECK_ERR(ERR_NONE, driver_run(scene.tokens.driver, "own_restore_end", NULL, NULL));
    CHECK(scene.store.asked[STAGE_END] == 1 && scene.restoring.coming == 0 && scene.restoring.id == 0);
    token_scene_end(&scene.tokens);
}

TEST(sums_that_do_not_fit_and_findings_are_refused)
{
    struct scene scene;
    scene_start(&scene);
    CHECK_ERR(ERR_INVALID, send(&scene, path, "abc", "{\"last\":\"true\",\"packed\":\"true\",\"meta\":\"{}\",\"sums\":\"\"}"));
    CHECK_U64(1, scene.store.asked[STAGE_END]);
    cleanup_buf struct buf sums = BUF_INIT(512);
    uint8_t meta[SHA256_BYTES];
    sha256(SLICE_LITERAL("{}"), meta);
    CHECK_ERR(ERR_NONE, sums_put(&sums, slice_of(meta, sizeof meta), "meta.json"));
    CHECK_ERR(ERR_NONE, sums_put(&sums, slice_of(scene.store.look.digest, SHA256_BYTES), "state.bin"));
    struct json *query = json_new(scene.tokens.arena, JSON_OBJECT);
    json_set_string(scene.tokens.arena, query, "last", SLICE_LITERAL("true"));
    json_set_string(scene.tokens.arena, query, "packed", SLICE_LITERAL("true"));
    json_set_string(scene.tokens.arena, query, "meta", SLICE_LITERAL("{}"));
    json_set_string(scene.tokens.arena, query, "sums", buf_slice(&sums));
    cleanup_buf struct buf text = BUF_INIT(1024);
    CHECK_ERR(ERR_NONE, json_write(&text, query, 0));
    CHECK_ERR(ERR_NONE, send(&scene, path, "abc", arena_string(scene.tokens.arena, buf_slice(&text))));
    scene.next = "";
    scene.store.look.english = scene.store.look.german = SLICE_LITERAL("a row is missing");
    scene.store.look.place = SLICE_LITERAL("core/keys");
    CHECK_ERR(ERR_INVALID, send(&scene, path, "abc", "{\"last\":\"true\"}"));
    CHECK(strstr(token_scene_error(&scene.tokens), "a row is missing") != NULL);
    scene.store.look = (struct stage_answer){.err = ERR_NEWER};
    CHECK_ERR(ERR_INVALID, send(&scene, path, "abc", "{\"last\":\"true\"}"));
    CHECK(strstr(token_scene_error(&scene.tokens), "newer version") != NULL);
    token_scene_end(&scene.tokens);
}

TEST(what_another_key_sealed_wants_force)
{
    struct scene scene;
    static uint8_t ring[4096];
    scene_start(&scene);
    CHECK(scene.store.look.ring.len > 0 && scene.store.look.ring.len <= sizeof ring);
    memcpy(ring, scene.store.look.ring.data, scene.store.look.ring.len);
    ring[scene.store.look.ring.len - 1] ^= 1;
    scene.store.look.ring.data = ring;
    CHECK_ERR(ERR_INVALID, send(&scene, path, "abc", "{\"last\":\"true\"}"));
    CHECK(strstr(token_scene_error(&scene.tokens), "-force") != NULL && scene.store.asked[STAGE_END] == 1);
    CHECK_ERR(ERR_NONE, send(&scene, forced, "abc", "{\"last\":\"true\"}"));
    CHECK_ERR(ERR_NONE, send(&scene, forced, "", "{\"last\":\"true\"}"));
    CHECK(scene.restoring.done != NULL && scene.restoring.is_other_key);
    CHECK(strstr(token_scene_text(&scene.tokens, "warnings"), "sealed") != NULL);
    token_scene_end(&scene.tokens);
}

TEST_MAIN
