/* Layers as bytes: packings, long names, whiteouts, hostile ones; and the planted registry. */
#include "collect/judge_source.h"
#include "collect/judge_test.h"
#include "collect/layer.h"
#include "collect/reason.h"
#include "collect/source.h"

#include <zlib.h>
#include <zstd.h>

enum { ARENA_BYTES = 64 << 20, TAR_BYTES = 64 << 10 };

struct tar {
    uint8_t bytes[TAR_BYTES];
    size_t len;
};

static void add(struct tar *tar, const char *name, char type, const char *content)
{
    uint8_t *out = tar->bytes + tar->len;
    size_t size = strlen(content), padded = (size + 511) / 512 * 512;
    unsigned sum = 0;
    memset(out, 0, 512 + padded);
    snprintf((char *)out, 100, "%s", name);
    snprintf((char *)out + 124, 12, "%011o", (unsigned)(size & 0777777));
    out[156] = (uint8_t)type;
    memcpy(out + 257, "ustar", 6);
    memset(out + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++) {
        sum += out[i];
    }
    snprintf((char *)out + 148, 8, "%06o", sum & 0777777);
    memcpy(out + 512, content, size);
    tar->len += 512 + padded;
}

static enum err feed(struct layer_image *image, const struct tar *tar, enum layer_pack pack, size_t piece)
{
    static uint8_t packed[TAR_BYTES * 2];
    struct slice rest = slice_of(tar->bytes, tar->len);
    if (pack == LAYER_GZIP) {
        z_stream stream = {0};
        if (deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
            return ERR_MEMORY;
        }
        stream.next_in = (Bytef *)(uintptr_t)tar->bytes;
        stream.avail_in = (uInt)tar->len;
        stream.next_out = packed;
        stream.avail_out = sizeof packed;
        (void)deflate(&stream, Z_FINISH);
        rest = slice_of(packed, stream.total_out);
        (void)deflateEnd(&stream);
    }
    if (pack == LAYER_ZSTD) { /* in two frames */
        size_t half = tar->len / 2, first = ZSTD_compress(packed, sizeof packed, tar->bytes, half, 3);
        size_t second = ZSTD_isError(first) ? 0 : ZSTD_compress(packed + first, sizeof packed - first, tar->bytes + half, tar->len - half, 3);
        if (ZSTD_isError(first) || ZSTD_isError(second)) {
            return ERR_INTERNAL;
        }
        rest = slice_of(packed, first + second);
    }
    enum err err = layer_begin(image, pack);
    while (err == ERR_NONE && rest.len > 0) {
        err = layer_feed(image, slice_first(rest, piece));
        rest = slice_from(rest, piece);
    }
    return err == ERR_NONE ? layer_end(image) : err;
}

#define TWO "Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: install ok installed\n"
#define ONE "Package: a\nStatus: install ok installed\n"

TEST(lists_are_counted_in_every_packing_and_piece)
{
    static struct tar tar;
    tar.len = 0;
    add(&tar, "./var/lib/dpkg/", '5', "");
    add(&tar, "./var/lib/dpkg/status", '0', TWO);
    add(&tar, "bin/sh", '2', "");
    add(&tar, "etc/passwd", '0', "root:x:0:0::/root:/bin/sh\n");
    static const size_t pieces[] = {1, 7, 511, 512, 513, 65536};
    static const enum layer_pack packs[] = {LAYER_TAR, LAYER_GZIP, LAYER_ZSTD};
    for (size_t i = 0; i < 18; i++) {
        struct layer_image *image = layer_image_new();
        CHECK_ERR(ERR_NONE, feed(image, &tar, packs[i / 6], pieces[i % 6]));
        struct layer_summary summary = layer_summary(image);
        CHECK_U64(2, summary.packages);
        CHECK_U64(1, summary.shells);
        CHECK_U64(4, summary.entries);
        CHECK_STRING("dpkg", summary.from);
        layer_image_free(image);
    }
}

TEST(upper_layers_replace_and_white_out)
{
    static struct tar base, upper;
    static const struct {
        const char *name, *content;
        uint64_t packages;
        const char *from;
        unsigned shells;
    } rows[] = {
        {"var/lib/dpkg/status", ONE, 1, "dpkg", 1},     {"var/lib/dpkg/.wh.status", "", 0, "none", 1}, {"var/lib/.wh..wh..opq", "", 0, "none", 1},
        {"var/.wh.lib", "", 0, "none", 1},              {".wh..wh..opq", "", 0, "none", 0},            {"bin/.wh.sh", "", 2, "dpkg", 0},
        {"var/lib/.wh.dpk", "", 2, "dpkg", 1},          {"../var/lib/dpkg/status", ONE, 2, "dpkg", 1}, {"lib/apk/db/installed", "P:x\n", 3, "apk", 1},
        {"var/lib/rpm/rpmdb.sqlite", "x", 2, "dpkg", 1}, {"var/lib/dpkg/status.d/base", "Package: c\n", 3, "dpkg", 1}, {"var/lib/dpkg/status.d/base.md5sums", "Package: c\n", 2, "dpkg", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        base.len = upper.len = 0;
        add(&base, "var/lib/dpkg/status", '0', TWO);
        add(&base, "bin/sh", '0', "x");
        add(&upper, rows[i].name, '0', rows[i].content);
        struct layer_image *image = layer_image_new();
        CHECK_ERR(ERR_NONE, feed(image, &base, LAYER_GZIP, 4096));
        CHECK_ERR(ERR_NONE, feed(image, &upper, LAYER_ZSTD, 4096));
        struct layer_summary summary = layer_summary(image);
        CHECK_U64(rows[i].packages, summary.packages);
        CHECK_STRING(rows[i].from, summary.from);
        CHECK_U64(rows[i].shells, summary.shells);
        layer_image_free(image);
    }
}

TEST(long_names_belong_to_the_next_entry)
{
    static struct tar tar;
    tar.len = 0;
    add(&tar, "pax", 'x', "28 path=var/lib/dpkg/status\n");
    add(&tar, "short", '0', ONE);
    add(&tar, "././@LongLink", 'L', "lib/apk/db/installed");
    add(&tar, "short", '0', "P:a\nP:b\n");
    add(&tar, "var/lib/dpkg/status.d/x", '0', "Package: y\n");
    struct layer_image *image = layer_image_new();
    CHECK_ERR(ERR_NONE, feed(image, &tar, LAYER_TAR, 100));
    CHECK_U64(4, layer_summary(image).packages);
    layer_image_free(image);
}

TEST(hostile_layers_are_refused)
{
    static struct tar tar;
    for (unsigned i = 0; i < 6; i++) {
        struct layer_image *image = layer_image_new();
        tar.len = 0;
        add(&tar, "var/lib/dpkg/status", '0', TWO);
        enum layer_pack pack = LAYER_TAR;
        if (i == 0) {
            tar.len = 700;                              /* breaks off */
        } else if (i == 1) {
            tar.bytes[0] ^= 1;                          /* the checksum is wrong */
        } else if (i == 2) {
            add(&tar, "pax", 'x', "9999 path=x\n");
        } else if (i == 3) {
            add(&tar, "pax", 'x', "20 size=99999999999\n");
        } else if (i == 4) {
            memcpy(tar.bytes, "\x1f\x8b\x08\x00nonsense", 12);
            pack = LAYER_TAR;
        } else {
            tar.bytes[156] = 'x';                       /* then its sum is wrong too */
        }
        CHECK(feed(image, &tar, pack, 4096) != ERR_NONE);
        layer_image_free(image);
    }
    struct layer_image *image = layer_image_new();
    CHECK_ERR(ERR_NONE, layer_begin(image, LAYER_GZIP));
    CHECK_ERR(ERR_MALFORMED, layer_feed(image, SLICE_LITERAL("this is no gzip")));
    layer_image_free(image);
    image = layer_image_new();
    CHECK_ERR(ERR_NONE, layer_begin(image, LAYER_GZIP));
    CHECK_ERR(ERR_MALFORMED, layer_end(image));
    layer_image_free(image);
}

/* A frame that asks for a window of 2^28 bytes is refused before the memory is taken; one that breaks off is no layer. */
TEST(hostile_zstandard_is_refused)
{
    static uint8_t packed[4096];
    static const char content[3000] = "x";
    ZSTD_CCtx *stream = ZSTD_createCCtx();
    CHECK(stream != NULL && !ZSTD_isError(ZSTD_CCtx_setParameter(stream, ZSTD_c_windowLog, 28)));
    ZSTD_inBuffer in = {content, sizeof content, 0};
    ZSTD_outBuffer out = {packed, sizeof packed, 0};
    CHECK(!ZSTD_isError(ZSTD_compressStream2(stream, &out, &in, ZSTD_e_flush)) && !ZSTD_isError(ZSTD_compressStream2(stream, &out, &in, ZSTD_e_end)));
    ZSTD_freeCCtx(stream);
    struct layer_image *image = layer_image_new();
    CHECK_ERR(ERR_NONE, layer_begin(image, LAYER_ZSTD));
    CHECK_ERR(ERR_TOO_LARGE, layer_feed(image, slice_of(packed, out.pos)));
    CHECK_ERR(ERR_NONE, layer_begin(image, LAYER_ZSTD));
    CHECK_ERR(ERR_MALFORMED, layer_feed(image, SLICE_LITERAL("this is no zstd")));
    CHECK_ERR(ERR_NONE, layer_begin(image, LAYER_ZSTD));
    CHECK_ERR(ERR_MALFORMED, layer_end(image));
    size_t whole = ZSTD_compress(packed, sizeof packed, (const char[1024]){0}, 1024, 3);
    CHECK_ERR(ERR_NONE, layer_begin(image, LAYER_ZSTD));
    CHECK_ERR(ERR_NONE, layer_feed(image, slice_of(packed, whole - 1)));
    CHECK_ERR(ERR_MALFORMED, layer_end(image));
    layer_image_free(image);
}

TEST(the_planted_registry_is_caught)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply = {0};
    CHECK_ERR(ERR_NONE, collect_source(arena, test_json(arena, "{\"kind\":\"registry\",\"address\":\"http://127.0.0.1:1\",\"port\":1,\"options\":{\"images\":[\"a/b:1\",\"../x\"]}}"), SLICE_NONE, &reply));
    const struct json *planted = json_path(reply.output, "plant.facts");
    const struct json *output = test_judge(arena, judge_source, json_member(reply.output, "facts"), planted, "{}", "{}");
    CHECK(json_bool(json_member(output, "plant"), "caught", false));
    CHECK_STRING("error source.unreachable", test_said(arena, output, "source.complete"));
    CHECK_STRING("error image.unread", test_said(arena, output, "image.budget"));
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    CHECK_ERR(ERR_NONE, json_write(&text, planted, 0));
    CHECK(slice_find(buf_slice(&text), SLICE_LITERAL("never kept")) == SIZE_MAX);
    output = test_judge(arena, judge_source, planted, planted, "{}", "{}");
    for (const struct json *one = judge_items(output, "observations"); one != NULL; one = one->next) {
        const struct reason *reason = reason_find(json_text(one, "reason", SLICE_NONE));
        cleanup_buf struct buf sentence = BUF_INIT(4096);
        CHECK(reason != NULL && reason_write(&sentence, reason->sentence, LANGUAGE_GERMAN, json_member(one, "values")) == ERR_NONE);
        CHECK(slice_find_byte(buf_slice(&sentence), '?') == SIZE_MAX);
    }
}

TEST_MAIN
