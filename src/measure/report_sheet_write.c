/* The end of a set of sheets: what is written once all pages are known. */
#include "measure/report_sheet.h"

#include <inttypes.h>
#include <stdio.h>

#include "measure/report_line.h"
#include "measure/report_sheet_inside.h"

enum {
    MARGIN_SIZE = 7500,
    HEAD_Y = SHEET_HEIGHT - 46000,
    FOOT_Y = 40000,
    HEAD_GAP = 12000,
    MARGIN_MAX_BYTES = 1 << 20,
    FLAGS_SYMBOLIC = 4,
    STEM_WIDTH_REGULAR = 80,
    STEM_WIDTH_BOLD = 140,
    MAP_BLOCK = 100, /* a character map holds at most 100 entries a block */
};

static const struct style margin_style = {
    .size = MARGIN_SIZE, .leading = MARGIN_SIZE, .tint = {0x5a, 0x60, 0x68}};

static int64_t width_of(struct slice text, struct report_line *ret_line, int64_t width)
{
    size_t position = 0;
    struct report_line line = {0};
    if (!report_line_next(&report_font_regular, MARGIN_SIZE, width, text, &position, &line)) {
        line = (struct report_line){0};
    }
    *ret_line = line;
    return line.width;
}

/* One line, cut where it would run into what stands on the right. */
static void margin_text(struct report_file *file, struct buf *content, struct slice text, int64_t y,
                        int64_t width, bool at_right)
{
    struct report_line line;
    int64_t used = width_of(text, &line, width);
    if (line.end > line.start) {
        sheet_letters(file, content, &margin_style, at_right ? SHEET_RIGHT - used : SHEET_LEFT, y,
                      slice_of(text.data + line.start, line.end - line.start), false);
    }
}

static uint32_t write_margins(struct sheet *sheet, const struct sheet_margins *margins,
                              const struct sheet_page *page)
{
    struct report_file *file = &sheet->file;
    cleanup_buf struct buf content = BUF_INIT(MARGIN_MAX_BYTES);
    char number[64];
    bool german = margins->language == LANGUAGE_GERMAN;
    int len = german ? snprintf(number, sizeof(number), "Seite %zu von %zu", page->number + 1,
                                sheet->page_count)
                     : snprintf(number, sizeof(number), "Page %zu of %zu", page->number + 1,
                                sheet->page_count);
    const int64_t half = (SHEET_RIGHT - SHEET_LEFT - HEAD_GAP) / 2,
                  most = (SHEET_RIGHT - SHEET_LEFT) * 4 / 5;
    sheet_say(file, &content, "/Artifact<</Type/Pagination/Subtype/Header>>BDC\n");
    margin_text(file, &content, margins->head_left, HEAD_Y, half, false);
    margin_text(file, &content, margins->head_right, HEAD_Y, half, true);
    sheet_say(file, &content, "EMC\n/Artifact<</Type/Pagination/Subtype/Footer>>BDC\n");
    margin_text(file, &content, margins->foot_left, FOOT_Y, most, false);
    margin_text(file, &content, slice_of(number, (size_t)len), FOOT_Y, half, true);
    sheet_say(file, &content, "EMC\n");
    uint32_t object = report_file_object(file);
    report_file_stream_deflated(file, object, "", buf_slice(&content));
    return object;
}

static void write_page(struct sheet *sheet, const struct sheet_margins *margins,
                       const struct sheet_page *page)
{
    uint32_t margin = write_margins(sheet, margins, page);
    report_file_begin(&sheet->file, page->object);
    report_file_printf(
        &sheet->file,
        "<</Type/Page/Parent %" PRIu32 " 0 R/MediaBox[0 0 %d.%03d %d.%03d]/Tabs/S/StructParents %zu"
        "/Resources<</Font<</F0 %" PRIu32 " 0 R/F1 %" PRIu32 " 0 R>>>>/Contents[%" PRIu32
        " 0 R %" PRIu32 " 0 R]>>",
        sheet->pages_object, SHEET_WIDTH / 1000, SHEET_WIDTH % 1000, SHEET_HEIGHT / 1000,
        SHEET_HEIGHT % 1000, page->number, sheet->fonts[0], sheet->fonts[1], page->content, margin);
    report_file_end(&sheet->file);
}

static void write_pages(struct sheet *sheet, const struct sheet_margins *margins)
{
    for (const struct sheet_page *page = sheet->first_page;
         page != NULL && sheet->file.err == ERR_NONE; page = page->next) {
        write_page(sheet, margins, page);
    }
    report_file_begin(&sheet->file, sheet->pages_object);
    report_file_printf(&sheet->file, "<</Type/Pages/Count %zu/Kids[", sheet->page_count);
    for (const struct sheet_page *page = sheet->first_page; page != NULL; page = page->next) {
        report_file_printf(&sheet->file, "%" PRIu32 " 0 R\n", page->object);
    }
    report_file_printf(&sheet->file, "]>>");
    report_file_end(&sheet->file);
}

static void write_tag(struct sheet *sheet, const struct tag *tag)
{
    struct report_file *file = &sheet->file;
    report_file_begin(file, tag->object);
    report_file_printf(file, "<</Type/StructElem/S/%s/P %" PRIu32 " 0 R%s/K[", tag->role,
                       tag->parent == NULL ? sheet->tree_object : tag->parent->object,
                       tag->attributes);
    for (const struct kid *kid = tag->first; kid != NULL; kid = kid->next) {
        if (kid->tag != NULL) {
            report_file_printf(file, "%" PRIu32 " 0 R\n", kid->tag->object);
        } else {
            report_file_printf(file, "<</Type/MCR/Pg %" PRIu32 " 0 R/MCID %zu>>\n",
                               kid->page->object, kid->mark);
        }
    }
    report_file_printf(file, "]>>");
    report_file_end(file);
}

/* The way back, from a piece of a page to its tag. */
static void write_parents(struct sheet *sheet, uint32_t object)
{
    struct report_file *file = &sheet->file;
    report_file_begin(file, object);
    report_file_printf(file, "<</Nums[");
    for (const struct sheet_page *page = sheet->first_page; page != NULL && file->err == ERR_NONE;
         page = page->next) {
        report_file_printf(file, "%zu[", page->number);
        for (const struct mark *mark = page->first; mark != NULL; mark = mark->next) {
            report_file_printf(file, "%" PRIu32 " 0 R\n", mark->tag->object);
        }
        report_file_printf(file, "]");
    }
    report_file_printf(file, "]>>");
    report_file_end(file);
}

static void write_tree(struct sheet *sheet)
{
    struct report_file *file = &sheet->file;
    for (const struct tag *tag = sheet->first_tag; tag != NULL && file->err == ERR_NONE;
         tag = tag->next) {
        write_tag(sheet, tag);
    }
    if (sheet->document == NULL) {
        return;
    }
    uint32_t parents = report_file_object(file);
    write_parents(sheet, parents);
    report_file_begin(file, sheet->tree_object);
    report_file_printf(file,
                       "<</Type/StructTreeRoot/K[%" PRIu32 " 0 R]/ParentTree %" PRIu32
                       " 0 R/ParentTreeNextKey %zu>>",
                       sheet->document->object, parents, sheet->page_count);
    report_file_end(file);
}

static void write_link(struct report_file *file, const char *name, const struct bookmark *bookmark)
{
    if (bookmark != NULL) {
        report_file_printf(file, "/%s %" PRIu32 " 0 R", name, bookmark->object);
    }
}

static void write_bookmark(struct sheet *sheet, const struct bookmark *bookmark, uint32_t root)
{
    struct report_file *file = &sheet->file;
    report_file_begin(file, bookmark->object);
    report_file_printf(file, "<</Title");
    report_file_string(file, bookmark->title);
    report_file_printf(file, "/Parent %" PRIu32 " 0 R/Dest[%" PRIu32 " 0 R/XYZ 0 %lld null]",
                       bookmark->parent == NULL ? root : bookmark->parent->object,
                       bookmark->page->object, (long long)bookmark->y / 1000 + 6);
    write_link(file, "Prev", bookmark->previous);
    write_link(file, "Next", bookmark->next);
    write_link(file, "First", bookmark->first);
    write_link(file, "Last", bookmark->last);
    if (bookmark->count > 0) {
        report_file_printf(file, "/Count -%zu", bookmark->count); /* closed */
    }
    report_file_printf(file, ">>");
    report_file_end(file);
}

static uint32_t write_bookmarks(struct sheet *sheet)
{
    if (sheet->first_bookmark == NULL) {
        return 0;
    }
    uint32_t root = report_file_object(&sheet->file);
    const struct bookmark *last = sheet->first_bookmark;
    size_t count = 1;
    while (last->next != NULL) {
        last = last->next;
        count++;
    }
    for (const struct bookmark *bookmark = sheet->first_bookmark; bookmark != NULL;
         bookmark = bookmark->following) {
        write_bookmark(sheet, bookmark, root);
    }
    report_file_begin(&sheet->file, root);
    report_file_printf(&sheet->file,
                       "<</Type/Outlines/Count %zu/First %" PRIu32 " 0 R/Last %" PRIu32 " 0 R>>",
                       count, sheet->first_bookmark->object, last->object);
    report_file_end(&sheet->file);
    return root;
}

/* What character each glyph stands for, so that text can be copied and read aloud. */
static void write_map(struct sheet *sheet, const struct report_font *font, uint32_t object)
{
    struct report_file *file = &sheet->file;
    cleanup_buf struct buf map = BUF_INIT(MARGIN_MAX_BYTES);
    sheet_say(
        file, &map,
        "/CIDInit/ProcSet findresource begin\n12 dict "
        "begin\nbegincmap\n/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n");
    sheet_say(file, &map,
              "/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n1 "
              "begincodespacerange\n<0000><FFFF>\nendcodespacerange\n");
    for (size_t i = 0; i < font->point_count; i++) {
        size_t left = font->point_count - i;
        if (i % MAP_BLOCK == 0) {
            sheet_say(file, &map, "%zu beginbfchar\n", left < MAP_BLOCK ? left : MAP_BLOCK);
        }
        sheet_say(file, &map, "<%04zX><%04X>\n", i + 1, (unsigned)font->points[i].code_point);
        if (i % MAP_BLOCK == MAP_BLOCK - 1 || left == 1) {
            sheet_say(file, &map, "endbfchar\n");
        }
    }
    sheet_say(file, &map, "endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n");
    report_file_stream_deflated(file, object,
                                "/Type/CMap/CMapName/Adobe-Identity-UCS/CIDSystemInfo<</"
                                "Registry(Adobe)/Ordering(UCS)/Supplement 0>>",
                                buf_slice(&map));
}

static void write_widths(struct report_file *file, const struct report_font *font)
{
    report_file_printf(file, "/DW %d/W[0[%d", font->missing_width, font->missing_width);
    for (size_t i = 0; i < font->point_count; i++) {
        report_file_printf(file, "%s%d", i % 20 == 0 ? "\n" : " ", font->points[i].width);
    }
    report_file_printf(file, "]]");
}

static void write_font(struct sheet *sheet, const struct report_font *font, uint32_t object,
                       int stem_width)
{
    struct report_file *file = &sheet->file;
    uint32_t descendant = report_file_object(file), descriptor = report_file_object(file),
             program = report_file_object(file), map = report_file_object(file);
    report_file_begin(file, object);
    report_file_printf(
        file,
        "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%" PRIu32
        " 0 R]/ToUnicode %" PRIu32 " 0 R>>",
        font->name, descendant, map);
    report_file_end(file);
    report_file_begin(file, descendant);
    report_file_printf(file,
                       "<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</"
                       "Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
                       "/CIDToGIDMap/Identity/FontDescriptor %" PRIu32 " 0 R",
                       font->name, descriptor);
    write_widths(file, font);
    report_file_printf(file, ">>");
    report_file_end(file);
    report_file_begin(file, descriptor);
    report_file_printf(file,
                       "<</Type/FontDescriptor/FontName/%s/Flags %d/FontBBox[%d %d %d "
                       "%d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d"
                       "/StemV %d/FontFile2 %" PRIu32 " 0 R>>",
                       font->name, FLAGS_SYMBOLIC, font->box[0], font->box[1], font->box[2],
                       font->box[3], font->ascent, font->descent, font->cap_height, stem_width,
                       program);
    report_file_end(file);
    char length[32];
    if (snprintf(length, sizeof(length), "/Length1 %zu", font->plain_bytes) > 0) {
        report_file_stream_packed(file, program, length,
                                  slice_of(font->packed, font->packed_bytes));
    }
    write_map(sheet, font, map);
}

void sheet_finish(struct sheet *sheet, const struct sheet_margins *margins, uint32_t *ret_outlines)
{
    struct report_file *file = &sheet->file;
    if (file->err == ERR_NONE) {
        sheet->page->content = report_file_object(file);
        report_file_stream_deflated(file, sheet->page->content, "", buf_slice(&sheet->content));
    }
    write_pages(sheet, margins);
    write_tree(sheet);
    write_font(sheet, &report_font_regular, sheet->fonts[0], STEM_WIDTH_REGULAR);
    write_font(sheet, &report_font_bold, sheet->fonts[1], STEM_WIDTH_BOLD);
    *ret_outlines = file->err == ERR_NONE ? write_bookmarks(sheet) : 0;
}
