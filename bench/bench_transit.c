/*
 * Transit inside keep: one turn that encrypts or decrypts a megabyte (unpacking the request, base64 both ways, the cipher, the reply's tree, packing it), beside its floor,
 * the bare cipher over the same bytes in the same run. Processor time, so that other load on the machine does not bend it.
 */
#include "base/encode.h"
#include "crypto/crypto.h"
#include "engine/operations.h"
#include "engine/token.h"
#include "process/memory.h"
#include "secrets/kv_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const struct engine engine_transit;

enum { BATCH_BYTES = 1 << 20, ROUNDS = 60, REPEATS = 5 };

static double cpu_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The floor, MB/s. */
static double bare(size_t item_bytes)
{
    static uint8_t text[BATCH_BYTES];
    uint8_t key[KEY_BYTES] = {1}, nonce[AEAD_NONCE_BYTES] = {2}, tag[AEAD_TAG_BYTES];
    struct aead *aead = NULL;
    if (aead_new(AEAD_AES256_GCM, slice_of(key, sizeof key), &aead) != ERR_NONE) {
        abort();
    }
    double start = cpu_s();
    for (int i = 0; i < ROUNDS; i++) {
        for (size_t at = 0; at < BATCH_BYTES; at += item_bytes) {
            if (aead_seal(aead, nonce, SLICE_NONE, slice_of(text + at, item_bytes), text + at, tag) != ERR_NONE) {
                abort();
            }
        }
    }
    double took = cpu_s() - start;
    aead_free(aead);
    return (double)ROUNDS * BATCH_BYTES / took / 1e6;
}

static struct json *batch_of(struct arena *arena, const char *name, const struct slice *texts, size_t count)
{
    struct json *body = json_new(arena, JSON_OBJECT), *batch = json_set_array(arena, body, "batch_input");
    for (size_t i = 0; i < count; i++) {
        json_set(arena, json_append(batch, json_new(arena, JSON_OBJECT)), name, json_string(arena, texts[i]));
    }
    return body;
}

static struct turn *ask(struct kv_scene *scene, const char *path, const struct json *body)
{
    struct turn *turn = NULL;
    struct request request = {.verb = VERB_WRITE, .path = slice_string(path), .token = scene->root, .body = body};
    if (driver_request(scene->driver, &request, &turn) != ERR_NONE || turn == NULL) {
        abort();
    }
    return turn;
}

/* Seconds that packing a request takes: the driver does it in gate's stead, and keep does not. */
static double gate_part(const struct kv_scene *scene, const char *path, const struct json *body)
{
    struct request request = {.verb = VERB_WRITE, .path = slice_string(path), .token = scene->root, .body = body};
    double start = cpu_s();
    for (int i = 0; i < ROUNDS; i++) {
        cleanup_buf struct buf packed = BUF_INIT(8 << 20);
        if (request_put(&packed, &request) != ERR_NONE) {
            abort();
        }
    }
    return (cpu_s() - start) / ROUNDS;
}

/* MB/s of plain text. Gives the reply's texts of the last round. */
static double turns(struct kv_scene *scene, const char *path, const struct json *body, const char *result, struct arena *arena, struct slice *texts)
{
    double took = -(double)ROUNDS * gate_part(scene, path, body);
    for (int i = 0; i < ROUNDS; i++) {
        cleanup_buf struct buf packed = BUF_INIT(8 << 20);
        double start = cpu_s();
        struct turn *turn = ask(scene, path, body);
        if (reply_put(&packed, &turn->reply) != ERR_NONE) {
            abort();
        }
        took += cpu_s() - start;
        size_t at = 0;
        for (const struct json *one = i + 1 < ROUNDS ? NULL : json_path(turn->reply.tree, "data.batch_results")->first; one != NULL; one = one->next) {
            texts[at++] = arena_copy(arena, json_text(one, result, SLICE_NONE));
        }
        driver_end(turn);
    }
    return (double)ROUNDS * BATCH_BYTES / took / 1e6;
}

static void measure(struct kv_scene *scene, size_t item_bytes)
{
    struct arena *arena = arena_new(512 << 20);
    size_t count = BATCH_BYTES / item_bytes;
    struct slice *texts = arena_alloc_array(arena, count, sizeof *texts);
    uint8_t *plain = arena_alloc(arena, item_bytes);
    cleanup_buf struct buf text = BUF_INIT(4 << 20);
    if (texts == NULL || plain == NULL || base64_encode(&text, slice_of(plain, item_bytes)) != ERR_NONE) {
        abort();
    }
    double best[3] = {0};
    for (int i = 0; i < REPEATS; i++) {
        for (size_t k = 0; k < count; k++) {
            texts[k] = buf_slice(&text);
        }
        double now[3] = {bare(item_bytes), turns(scene, "t/encrypt/k", batch_of(arena, "plaintext", texts, count), "ciphertext", arena, texts), 0};
        now[2] = turns(scene, "t/decrypt/k", batch_of(arena, "ciphertext", texts, count), "plaintext", arena, texts);
        for (size_t k = 0; k < 3; k++) {
            best[k] = now[k] > best[k] ? now[k] : best[k];
        }
    }
    printf("%5zu x %7zu bytes: bare AES-256-GCM %5.0f MB/s; a turn in keep encrypts %5.0f MB/s (%2.0f %%), decrypts %5.0f MB/s (%2.0f %%)\n", count, item_bytes, best[0], best[1],
           100 * best[1] / best[0], best[2], 100 * best[2] / best[0]);
    arena_free(arena);
}

int main(void)
{
    memory_hold(); /* as keep does */
    struct kv_scene scene = kv_scene_start();
    const struct json *reply = NULL;
    driver_add_engine(scene.driver, &engine_transit);
    if (kv_ask(&scene, scene.root, VERB_WRITE, "sys/mounts/t", NULL, "{\"type\":\"transit\"}", &reply) != ERR_NONE || kv_ask(&scene, scene.root, VERB_WRITE, "t/keys/k", NULL, "{}", &reply) != ERR_NONE) {
        return 1;
    }
    static const size_t sizes[] = {BATCH_BYTES, 64 << 10, 4 << 10, 256};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        measure(&scene, sizes[i]);
    }
    kv_scene_end(&scene);
    return 0;
}
