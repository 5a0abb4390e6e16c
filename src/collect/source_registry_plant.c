/*
 * The planted registry: one image as root with more packages than any budget, and one whose only layer breaks off. Manifests, digests and layers are real ones, made
 * anew each time, so that everything that reads images reads these as well.
 */
#include "collect/source_other.h"

#include "base/encode.h"
#include "collect/source_run.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { PACKAGES = 5000, LINE_BYTES = 48, LIST_BYTES = PACKAGES * LINE_BYTES, BLOCK_BYTES = 512, LAYER_BYTES = (LIST_BYTES / BLOCK_BYTES + 4) * BLOCK_BYTES, MANIFEST_BYTES = 1024, HEX_BYTES = 65 };

#define CONFIG "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"\",\"Env\":[\"never kept\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"

struct planted {
    uint8_t layer[LAYER_BYTES];
    char layer_hex[HEX_BYTES], config_hex[HEX_BYTES], manifest[MANIFEST_BYTES];
};

static bool write_hex(const void *bytes, size_t count, char hex[HEX_BYTES])
{
    uint8_t digest[32];
    cleanup_buf struct buf text = BUF_INIT(64);
    if (EVP_Digest(bytes, count, digest, NULL, EVP_sha256(), NULL) != 1 || hex_encode(&text, slice_of(digest, sizeof digest)) != ERR_NONE) {
        return false;
    }
    memcpy(hex, text.data, 64);
    hex[64] = '\0';
    return true;
}

/* A tar with dpkg's status as its only file. */
static void write_layer(uint8_t *layer)
{
    unsigned sum = 0;
    memset(layer, 0, LAYER_BYTES);
    snprintf((char *)layer, 100, "var/lib/dpkg/status");
    snprintf((char *)layer + 124, 12, "%011o", (unsigned)LIST_BYTES);
    memcpy(layer + 257, "ustar", 6);
    layer[156] = '0';
    memset(layer + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        sum += layer[i];
    }
    snprintf((char *)layer + 148, 8, "%06o", sum & 0777777);
    for (size_t i = 0; i < PACKAGES; i++) {
        uint8_t *line = layer + BLOCK_BYTES + i * LINE_BYTES;
        memset(line, '\n', LINE_BYTES);
        memcpy(line, "Package: p\nStatus: install ok installed", 39);
    }
}

static struct slice answer_of(const struct planted *planted, struct slice target, unsigned *status, bool *cut)
{
    struct slice digest = slice_from(target, slice_find(target, SLICE_LITERAL("sha256:")) == SIZE_MAX ? SIZE_MAX : slice_find(target, SLICE_LITERAL("sha256:")) + 7);
    *cut = slice_starts(target, SLICE_LITERAL("/v2/planted/cut/blobs/"));
    if (slice_ends(target, SLICE_LITERAL("/manifests/1"))) {
        *cut = false;
        return slice_string(planted->manifest);
    }
    if (slice_is(digest, planted->config_hex)) {
        *cut = false;
        return SLICE_LITERAL(CONFIG);
    }
    *status = slice_is(digest, planted->layer_hex) ? 200 : 404;
    return *status == 200 ? slice_of(planted->layer, LAYER_BYTES) : SLICE_LITERAL("{}");
}

static enum err ask_planted(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    struct source_address address;
    struct http_reply reply = {200, BUF_INIT(1024), BUF_INIT(request->reply_max_bytes)};
    bool cut = false;
    if (source_address_read(slice_string(request->url), &address) != ERR_NONE) {
        return complain(complaint, ERR_INVALID, TEXT("no address", "keine Adresse"), 0, 0, NULL, 0);
    }
    struct slice body = answer_of(context, address.target, &reply.status, &cut);
    bool went_on = true;
    enum err err = request->sink == NULL || reply.status != 200 ? buf_append(&reply.body, body) : ERR_NONE;
    while (request->sink != NULL && reply.status == 200 && body.len > 0 && went_on) {
        struct slice piece = slice_first(body, 10000);
        went_on = request->sink(request->sink_context, piece);
        body = cut ? SLICE_NONE : slice_from(body, piece.len);
    }
    if (err != ERR_NONE || !went_on || cut) {
        http_reply_free(&reply);
        return err != ERR_NONE ? err : complain(complaint, ERR_CLOSED, TEXT("the answer was cut short", "die Antwort brach ab"), 0, 0, NULL, 0);
    }
    *ret_reply = reply;
    return ERR_NONE;
}

enum err registry_planted(struct arena *arena, void **ret_context, registry_ask_fn *ret_ask)
{
    struct planted *planted = arena_alloc(arena, sizeof *planted);
    if (planted == NULL) {
        return ERR_TOO_LARGE;
    }
    write_layer(planted->layer);
    bool done = write_hex(planted->layer, LAYER_BYTES, planted->layer_hex) && write_hex(CONFIG, sizeof CONFIG - 1, planted->config_hex);
    int len = snprintf(planted->manifest, sizeof planted->manifest,
                       "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:%s\"},"
                       "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:%s\",\"size\":%d}]}",
                       planted->config_hex, planted->layer_hex, (int)LAYER_BYTES);
    *ret_context = planted;
    *ret_ask = ask_planted;
    return done && len > 0 && (size_t)len < sizeof planted->manifest ? ERR_NONE : ERR_CRYPTO;
}
