/*
 * What clients bring to transit: ciphertexts ("vault:v…", byte 0 even) and backups (JSON, byte 0 odd; base64 is put around it here). Through whole turns: whatever comes,
 * a turn ends with a reply that is no fault of Vogt's own.
 */
#include "base/encode.h"
#include "secrets/transit_scene.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS_A_SCENE = 500 };

static struct kv_scene scene;
static unsigned inputs;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static struct kv_scene *fresh_scene(void)
{
    const struct json *reply = NULL;
    if (inputs++ % INPUTS_A_SCENE == 0) {
        if (inputs > 1) {
            kv_scene_end(&scene);
        }
        scene = transit_scene_start();
        require(WRITE("t/keys/k", "{}") == ERR_NONE && WRITE("t/keys/d", "{\"derived\":true}") == ERR_NONE && WRITE("t/keys/s", "{\"type\":\"ecdsa-p256\"}") == ERR_NONE);
    }
    return &scene;
}

static void ask(const char *path, const struct json *body)
{
    struct turn *turn = NULL;
    struct request request = {.verb = VERB_WRITE, .path = slice_string(path), .token = scene.root, .body = body};
    enum err err = driver_request(scene.driver, &request, &turn);
    require(turn != NULL && turn->reply.status >= 200 && turn->reply.status != 500);
    require(err != ERR_INTERNAL && err != ERR_DAMAGED && err != ERR_CRYPTO);
    driver_end(turn);
}

static void texts(struct arena *arena, struct slice input)
{
    static const char *const names[] = {"ciphertext", "signature", "hmac"};
    static const char *const paths[] = {"t/decrypt/k", "t/verify/s", "t/verify/k"};
    for (size_t i = 0; i < 3; i++) {
        struct json *body = json_new(arena, JSON_OBJECT), *batch = json_set_array(arena, body, "batch_input"), *item = json_append(batch, json_new(arena, JSON_OBJECT));
        json_set_string(arena, item, names[i], input);
        json_set_string(arena, item, "input", SLICE_LITERAL("YQ=="));
        ask(paths[i], body);
    }
}

static void backup(struct arena *arena, struct slice input)
{
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    struct json *body = json_new(arena, JSON_OBJECT);
    if (base64_encode(&text, input) == ERR_NONE) {
        json_set_string(arena, body, "backup", buf_slice(&text));
        json_set_bool(arena, body, "force", true);
        ask("t/restore", body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) {
        return 0;
    }
    struct arena *arena cleanup_arena = arena_new(16 << 20);
    struct slice input = slice_from(slice_of(data, size), 1);
    (void)fresh_scene();
    if (data[0] % 2 == 0) {
        texts(arena, input);
    } else {
        backup(arena, input);
    }
    return 0;
}
