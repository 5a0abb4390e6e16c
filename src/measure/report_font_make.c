/*
 * Cuts the fonts of the report at build time: report_font_make OUTPUT.c NAME=FILE.ttf ...
 * Reads a TrueType file, keeps the glyphs of the ranges below and the parts that they are composed
 * of, drops hints (they are for coarse screens), writes tables glyf head hhea hmtx loca maxp,
 * deflates the result, and prints it as a C table (report_font.h). Glyph 0 stays the missing glyph,
 * then one glyph a code point, rising, then parts. Never part of a role; it trusts its input no
 * further than the file's end.
 */
#include "measure/report_font.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    FILE_MAX_BYTES = 16 << 20,
    GLYPHS_MAX = 4096,
    COMPOSITE_ARGUMENTS_ARE_WORDS = 0x0001,
    COMPOSITE_HAS_SCALE = 0x0008,
    COMPOSITE_MORE = 0x0020,
    COMPOSITE_HAS_TWO_SCALES = 0x0040,
    COMPOSITE_HAS_MATRIX = 0x0080,
    COMPOSITE_HAS_INSTRUCTIONS = 0x0100,
    HEAD_CHECKSUM_OFFSET = 8,
    HEAD_LOCA_FORMAT_OFFSET = 50,
};

/* Latin for every language of the EU, Greek, Cyrillic, typographic marks, and signs that people
 * write into annexes. */
static const struct {
    uint32_t first, last;
} ranges[] = {
    {0x20, 0x7e},     {0xa0, 0x17f},    {0x192, 0x192},   {0x218, 0x21b},   {0x2c6, 0x2c7},
    {0x2d8, 0x2dd},   {0x386, 0x38a},   {0x38c, 0x38c},   {0x38e, 0x3a1},   {0x3a3, 0x3ce},
    {0x400, 0x45f},   {0x490, 0x491},   {0x1e9e, 0x1e9e}, {0x2010, 0x2015}, {0x2018, 0x2022},
    {0x2026, 0x2026}, {0x202f, 0x202f}, {0x2030, 0x2030}, {0x2032, 0x2033}, {0x2039, 0x203a},
    {0x203d, 0x203d}, {0x2044, 0x2044}, {0x2070, 0x2070}, {0x2074, 0x2079}, {0x2080, 0x2089},
    {0x20ac, 0x20ac}, {0x2116, 0x2116}, {0x2122, 0x2122}, {0x2126, 0x2126}, {0x2153, 0x2154},
    {0x215b, 0x215e}, {0x2190, 0x2195}, {0x21d2, 0x21d2}, {0x21d4, 0x21d4}, {0x2202, 0x2202},
    {0x2206, 0x2206}, {0x2208, 0x2208}, {0x220f, 0x220f}, {0x2211, 0x2212}, {0x2215, 0x2215},
    {0x2219, 0x221a}, {0x221e, 0x221e}, {0x2227, 0x2228}, {0x222b, 0x222b}, {0x2248, 0x2248},
    {0x2260, 0x2261}, {0x2264, 0x2265}, {0x25a0, 0x25a1}, {0x25aa, 0x25ab}, {0x25b2, 0x25b2},
    {0x25b6, 0x25b6}, {0x25ba, 0x25ba}, {0x25bc, 0x25bc}, {0x25c6, 0x25c7}, {0x25ca, 0x25cb},
    {0x25cf, 0x25cf}, {0x25e6, 0x25e6}, {0x2605, 0x2606}, {0x2610, 0x2612}, {0x2713, 0x2714},
    {0x2717, 0x2718}, {0x2794, 0x2794}, {0x27a2, 0x27a2}, {0xfb00, 0xfb04}, {0xfffd, 0xfffd},
};

struct source {
    struct slice file, head, hhea, maxp, hmtx, loca, glyf, cmap;
    uint32_t units_per_em, glyph_count, metric_count;
    bool long_loca;
};

struct cut {
    struct source source;
    uint16_t glyphs[GLYPHS_MAX]; /* old ids by new id */
    uint32_t code_points[GLYPHS_MAX];
    size_t count, point_count;
    struct buf glyf, loca, hmtx, out;
};

static void fail(const char *what)
{
    fprintf(stderr, "report_font_make: %s\n", what);
    exit(1);
}

static void must(enum err err)
{
    if (err != ERR_NONE) {
        fail(err_text(err, LANGUAGE_ENGLISH));
    }
}

static uint32_t big(struct slice data, size_t offset, size_t bytes)
{
    if (offset > data.len || bytes > data.len - offset) {
        fail("the font ends too early");
    }
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | data.data[offset + i];
    }
    return value;
}

static int16_t big_signed(struct slice data, size_t offset)
{
    return (int16_t)big(data, offset, 2);
}

static void put_big(struct buf *buf, uint32_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0;) {
        must(buf_append_byte(buf, (uint8_t)(value >> (8 * i))));
    }
}

static struct slice part(struct slice data, size_t offset, size_t bytes)
{
    if (offset > data.len || bytes > data.len - offset) {
        fail("the font ends too early");
    }
    return slice_of(data.data + offset, bytes);
}

static struct slice table(struct slice file, const char *tag)
{
    for (size_t i = 0; i < big(file, 4, 2); i++) {
        size_t at = 12 + 16 * i;
        if (slice_is(part(file, at, 4), tag)) {
            return part(file, big(file, at + 8, 4), big(file, at + 12, 4));
        }
    }
    fail("a table is missing");
    return SLICE_NONE;
}

/* The subtable of format 4: the basic plane as Windows reads it. */
static struct slice find_cmap(struct slice cmap)
{
    for (size_t i = 0; i < big(cmap, 2, 2); i++) {
        size_t offset = big(cmap, 4 + 8 * i + 4, 4);
        if (big(cmap, 4 + 8 * i, 2) == 3 && big(cmap, offset, 2) == 4) {
            return slice_from(cmap, offset);
        }
    }
    fail("no character map of format 4");
    return SLICE_NONE;
}

static uint16_t old_glyph(const struct source *source, uint32_t code_point)
{
    size_t doubled = big(source->cmap, 6, 2);
    for (size_t i = 0; i < doubled; i += 2) {
        uint32_t end = big(source->cmap, 14 + i, 2), start = big(source->cmap, 16 + doubled + i, 2);
        if (code_point > end || code_point < start) {
            continue;
        }
        uint32_t delta = big(source->cmap, 16 + 2 * doubled + i, 2),
                 offset = big(source->cmap, 16 + 3 * doubled + i, 2);
        if (offset == 0) {
            return (uint16_t)(code_point + delta);
        }
        uint32_t glyph =
            big(source->cmap, 16 + 3 * doubled + i + offset + 2 * (code_point - start), 2);
        return glyph == 0 ? 0 : (uint16_t)(glyph + delta);
    }
    return 0;
}

static struct slice outline(const struct source *source, uint32_t glyph)
{
    size_t from, to;
    if (source->long_loca) {
        from = big(source->loca, 4 * (size_t)glyph, 4);
        to = big(source->loca, 4 * (size_t)glyph + 4, 4);
    } else {
        from = 2 * (size_t)big(source->loca, 2 * (size_t)glyph, 2);
        to = 2 * (size_t)big(source->loca, 2 * (size_t)glyph + 2, 2);
    }
    if (to < from) {
        fail("glyphs out of order");
    }
    return part(source->glyf, from, to - from);
}

static uint16_t new_part(struct cut *cut, uint16_t old)
{
    for (size_t i = 0; i < cut->count; i++) {
        if (cut->glyphs[i] == old) {
            return (uint16_t)i;
        }
    }
    if (cut->count == GLYPHS_MAX) {
        fail("too many glyphs");
    }
    cut->glyphs[cut->count] = old;
    return (uint16_t)cut->count++;
}

/* i16 contours < 0, 4 x i16 box, then parts: u16 flags, u16 glyph, two arguments, scale. */
static void put_composite(struct cut *cut, struct slice old)
{
    must(buf_append(&cut->glyf, slice_first(old, 10)));
    uint32_t flags = COMPOSITE_MORE;
    for (size_t at = 10; (flags & COMPOSITE_MORE) != 0;) {
        flags = big(old, at, 2);
        size_t rest = (flags & COMPOSITE_ARGUMENTS_ARE_WORDS) != 0 ? 4 : 2;
        rest += (flags & COMPOSITE_HAS_SCALE) != 0        ? 2
                : (flags & COMPOSITE_HAS_TWO_SCALES) != 0 ? 4
                : (flags & COMPOSITE_HAS_MATRIX) != 0     ? 8
                                                          : 0;
        put_big(&cut->glyf, flags & ~(uint32_t)COMPOSITE_HAS_INSTRUCTIONS, 2);
        put_big(&cut->glyf, new_part(cut, (uint16_t)big(old, at + 2, 2)), 2);
        must(buf_append(&cut->glyf, part(old, at + 4, rest)));
        at += 4 + rest;
    }
}

/* i16 contours, 4 x i16 box, u16 end points, u16 length and bytes of instructions, then flags and
 * coordinates. */
static void put_simple(struct cut *cut, struct slice old)
{
    size_t before = 10 + 2 * (size_t)big(old, 0, 2);
    size_t instructions = big(old, before, 2);
    must(buf_append(&cut->glyf, part(old, 0, before)));
    put_big(&cut->glyf, 0, 2);
    must(buf_append(&cut->glyf, slice_from(old, before + 2 + instructions)));
}

static void put_glyph(struct cut *cut, size_t index)
{
    struct slice old = outline(&cut->source, cut->glyphs[index]);
    put_big(&cut->loca, (uint32_t)cut->glyf.len, 4);
    if (old.len > 0 && big_signed(old, 0) < 0) {
        put_composite(cut, old);
    } else if (old.len > 0) {
        put_simple(cut, old);
    }
    while (cut->glyf.len % 4 != 0) {
        must(buf_append_byte(&cut->glyf, 0));
    }
}

static uint32_t advance(const struct source *source, uint32_t glyph)
{
    uint32_t row = glyph < source->metric_count ? glyph : source->metric_count - 1;
    return big(source->hmtx, 4 * (size_t)row, 2);
}

static uint32_t left_bearing(const struct source *source, uint32_t glyph)
{
    return glyph < source->metric_count
               ? big(source->hmtx, 4 * (size_t)glyph + 2, 2)
               : big(source->hmtx,
                     4 * (size_t)source->metric_count + 2 * ((size_t)glyph - source->metric_count),
                     2);
}

static int32_t thousandths(const struct source *source, int32_t units)
{
    int32_t em = (int32_t)source->units_per_em, half = units < 0 ? -em / 2 : em / 2;
    return (units * 1000 + half) / em;
}

static void open_source(struct slice file, struct source *ret_source)
{
    struct source source = {.file = file,
                            .head = table(file, "head"),
                            .hhea = table(file, "hhea"),
                            .maxp = table(file, "maxp"),
                            .hmtx = table(file, "hmtx"),
                            .loca = table(file, "loca"),
                            .glyf = table(file, "glyf"),
                            .cmap = find_cmap(table(file, "cmap"))};
    source.units_per_em = big(source.head, 18, 2);
    source.long_loca = big(source.head, HEAD_LOCA_FORMAT_OFFSET, 2) == 1;
    source.glyph_count = big(source.maxp, 4, 2);
    source.metric_count = big(source.hhea, 34, 2);
    if (source.units_per_em == 0 || source.metric_count == 0) {
        fail("no metrics");
    }
    *ret_source = source;
}

static void choose(struct cut *cut)
{
    cut->glyphs[0] = 0;
    cut->count = 1;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        for (uint32_t point = ranges[i].first; point <= ranges[i].last; point++) {
            uint16_t glyph = old_glyph(&cut->source, point);
            if (glyph != 0 && cut->count < GLYPHS_MAX) {
                cut->code_points[cut->count] = point;
                cut->glyphs[cut->count++] = glyph;
            }
        }
    }
    cut->point_count = cut->count - 1;
}

static uint32_t checksum(struct slice data)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < data.len; i++) {
        sum += (uint32_t)data.data[i] << (24 - 8 * (i % 4));
    }
    return sum;
}

static void patch(struct buf *buf, size_t offset, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        buf->data[offset + i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    }
}

/* The directory, then the tables in the order of their tags. */
static void put_file(struct cut *cut)
{
    struct buf head = BUF_INIT(256), hhea = BUF_INIT(256), maxp = BUF_INIT(256);
    must(buf_append(&head, cut->source.head));
    patch(&head, HEAD_CHECKSUM_OFFSET, 0, 4);
    patch(&head, HEAD_LOCA_FORMAT_OFFSET, 1, 2);
    must(buf_append(&hhea, cut->source.hhea));
    patch(&hhea, 34, (uint32_t)cut->count, 2);
    must(buf_append(&maxp, cut->source.maxp));
    patch(&maxp, 4, (uint32_t)cut->count, 2);
    const struct {
        const char *tag;
        struct slice data;
    } tables[] = {{"glyf", buf_slice(&cut->glyf)}, {"head", buf_slice(&head)},
                  {"hhea", buf_slice(&hhea)},      {"hmtx", buf_slice(&cut->hmtx)},
                  {"loca", buf_slice(&cut->loca)}, {"maxp", buf_slice(&maxp)}};
    enum { TABLES = sizeof(tables) / sizeof(tables[0]), SEARCH = 64, SELECTOR = 2 };
    put_big(&cut->out, 0x00010000, 4);
    put_big(&cut->out, TABLES, 2);
    put_big(&cut->out, SEARCH, 2);
    put_big(&cut->out, SELECTOR, 2);
    put_big(&cut->out, TABLES * 16 - SEARCH, 2);
    size_t offset = 12 + 16 * TABLES, head_at = 0;
    for (size_t i = 0; i < TABLES; i++) {
        must(buf_append_string(&cut->out, tables[i].tag));
        put_big(&cut->out, checksum(tables[i].data), 4);
        put_big(&cut->out, (uint32_t)offset, 4);
        put_big(&cut->out, (uint32_t)tables[i].data.len, 4);
        head_at = i == 1 ? offset : head_at;
        offset += (tables[i].data.len + 3) / 4 * 4;
    }
    for (size_t i = 0; i < TABLES; i++) {
        must(buf_append(&cut->out, tables[i].data));
        while (cut->out.len % 4 != 0) {
            must(buf_append_byte(&cut->out, 0));
        }
    }
    patch(&cut->out, head_at + HEAD_CHECKSUM_OFFSET, 0xb1b0afba - checksum(buf_slice(&cut->out)),
          4);
    buf_free(&head);
    buf_free(&hhea);
    buf_free(&maxp);
}

static void print_font(FILE *file, const char *noun, const char *name, const struct cut *cut)
{
    const struct source *source = &cut->source;
    uLongf packed_bytes = compressBound(cut->out.len);
    uint8_t *packed = malloc(packed_bytes);
    if (packed == NULL ||
        compress2(packed, &packed_bytes, cut->out.data, cut->out.len, Z_BEST_COMPRESSION) != Z_OK) {
        fail("cannot deflate");
    }
    fprintf(file, "static const struct report_point %s_points[] = {", noun);
    for (size_t i = 1; i <= cut->point_count; i++) {
        fprintf(file, "%s{0x%x, %d},", i % 8 == 1 ? "\n    " : " ", cut->code_points[i],
                thousandths(source, (int32_t)advance(source, cut->glyphs[i])));
    }
    fprintf(file, "\n};\nstatic const uint8_t %s_packed[] = {", noun);
    for (size_t i = 0; i < packed_bytes; i++) {
        fprintf(file, "%s%d,", i % 32 == 0 ? "\n    " : "", packed[i]);
    }
    fprintf(file,
            "\n};\nconst struct report_font report_font_%s = {\n    .name = \"%s\",\n    .box = "
            "{%d, %d, %d, %d},\n",
            noun, name, thousandths(source, big_signed(source->head, 36)),
            thousandths(source, big_signed(source->head, 38)),
            thousandths(source, big_signed(source->head, 40)),
            thousandths(source, big_signed(source->head, 42)));
    struct slice capital = outline(source, old_glyph(source, 'H'));
    fprintf(file, "    .ascent = %d, .descent = %d, .cap_height = %d, .missing_width = %d,\n",
            thousandths(source, big_signed(source->hhea, 4)),
            thousandths(source, big_signed(source->hhea, 6)),
            thousandths(source, big_signed(capital, 8)),
            thousandths(source, (int32_t)advance(source, 0)));
    fprintf(file, "    .points = %s_points, .point_count = %zu,\n", noun, cut->point_count);
    fprintf(file,
            "    .packed = %s_packed, .packed_bytes = sizeof(%s_packed), .plain_bytes = %zu,\n};\n",
            noun, noun, cut->out.len);
    free(packed);
}

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(FILE_MAX_BYTES);
    if (file == NULL || data == NULL) {
        fail("cannot read the font");
    }
    size_t len = fread(data, 1, FILE_MAX_BYTES, file);
    fclose(file);
    return slice_of(data, len);
}

static void make(FILE *out, const char *noun, const char *name, const char *path)
{
    static struct cut cut;
    cut = (struct cut){.glyf = BUF_INIT(FILE_MAX_BYTES),
                       .loca = BUF_INIT(FILE_MAX_BYTES),
                       .hmtx = BUF_INIT(FILE_MAX_BYTES),
                       .out = BUF_INIT(FILE_MAX_BYTES)};
    struct slice file = read_file(path);
    open_source(file, &cut.source);
    choose(&cut);
    for (size_t i = 0; i < cut.count; i++) { /* grows while composites name their parts */
        put_glyph(&cut, i);
        put_big(&cut.hmtx, advance(&cut.source, cut.glyphs[i]), 2);
        put_big(&cut.hmtx, left_bearing(&cut.source, cut.glyphs[i]), 2);
    }
    put_big(&cut.loca, (uint32_t)cut.glyf.len, 4);
    put_file(&cut);
    print_font(out, noun, name, &cut);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fail("usage: report_font_make OUTPUT.c REGULAR.ttf BOLD.ttf");
    }
    FILE *out = fopen(argv[1], "w");
    if (out == NULL) {
        fail("cannot write the output");
    }
    fprintf(out, "/* Cut by report_font_make; see report_font.h. */\n#include "
                 "\"measure/report_font.h\"\n\n");
    make(out, "regular", "VOGTAA+DejaVuSans", argv[2]);
    make(out, "bold", "VOGTAB+DejaVuSans-Bold", argv[3]);
    if (fclose(out) != 0) {
        fail("cannot write the output");
    }
    return 0;
}
