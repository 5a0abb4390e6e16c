#include "measure/report_sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure/report_line.h"
#include "measure/report_sheet_inside.h"

enum { CONTENT_MAX_BYTES = 8 << 20, SAID_MAX_BYTES = 512 };

static void fail(struct report_file *file, enum err err)
{
    if (file->err == ERR_NONE) {
        file->err = err;
    }
}

/* From the arena; a full arena is the same failure as a full file. */
static void *take(struct sheet *sheet, size_t bytes)
{
    void *memory = sheet->file.err == ERR_NONE ? arena_alloc(sheet->arena, bytes) : NULL;
    if (memory == NULL) {
        fail(&sheet->file, ERR_TOO_LARGE);
    }
    return memory;
}

void sheet_say(struct report_file *errors, struct buf *content, const char *format, ...)
{
    char text[SAID_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (errors->err == ERR_NONE) {
        errors->err = len < 0 || (size_t)len >= sizeof(text)
                          ? ERR_TOO_LARGE
                          : buf_append(content, slice_of(text, (size_t)len));
    }
}

/* Thousandths as a decimal, with a space behind. */
static void say_length(struct report_file *errors, struct buf *content, int64_t length)
{
    long long rest = length < 0 ? -(long long)length : (long long)length;
    sheet_say(errors, content, "%s%lld.%03lld ", length < 0 ? "-" : "", rest / 1000, rest % 1000);
}

static void say_tint(struct report_file *errors, struct buf *content, struct tint tint)
{
    say_length(errors, content, tint.red * 1000 / 255);
    say_length(errors, content, tint.green * 1000 / 255);
    say_length(errors, content, tint.blue * 1000 / 255);
    sheet_say(errors, content, "rg\n");
}

static const struct report_font *font_of(const struct style *style)
{
    return style->bold ? &report_font_bold : &report_font_regular;
}

/* A letter that the font lacks is drawn as U+FFFD; what stood there is said beside, for whoever
 * reads or copies the text. Characters for private use mean nothing to others, so they stay U+FFFD.
 */
static void say_replaced(struct report_file *errors, struct buf *content,
                         const struct report_letter *letter)
{
    uint32_t point = letter->code_point;
    bool private = (point >= 0xe000 && point < 0xf900) || point >= 0xf0000;
    sheet_say(errors, content, ">Tj\n/Span<</ActualText<FEFF");
    if (private || point < 0x10000) {
        sheet_say(errors, content, "%04X", private ? 0xfffdU : (unsigned)point);
    } else {
        sheet_say(errors, content, "%04X%04X", 0xd800U + (unsigned)((point - 0x10000) >> 10),
                  0xdc00U + (unsigned)((point - 0x10000) & 0x3ff));
    }
    sheet_say(errors, content, ">>>BDC\n<%04X>Tj\nEMC\n<", letter->glyph);
}

void sheet_letters(struct report_file *errors, struct buf *content, const struct style *style,
                   int64_t x, int64_t y, struct slice text, bool space_follows)
{
    const struct report_font *font = font_of(style);
    sheet_say(errors, content, "BT\n/F%d ", style->bold ? 1 : 0);
    say_length(errors, content, style->size);
    sheet_say(errors, content, "Tf\n");
    say_tint(errors, content, style->tint);
    say_length(errors, content, x);
    say_length(errors, content, y);
    sheet_say(errors, content, "Td\n<");
    struct report_letter letter;
    for (size_t position = 0; report_letter_next(font, text, &position, &letter);) {
        if (letter.replaced) {
            say_replaced(errors, content, &letter);
        } else {
            sheet_say(errors, content, "%04X", letter.glyph);
        }
    }
    if (space_follows) {
        sheet_say(errors, content, "%04X", report_font_glyph(font, ' '));
    }
    sheet_say(errors, content, ">Tj\nET\n");
}

static void page_end(struct sheet *sheet)
{
    if (sheet->page == NULL || sheet->file.err != ERR_NONE) {
        return;
    }
    sheet->page->content = report_file_object(&sheet->file);
    report_file_stream_deflated(&sheet->file, sheet->page->content, "", buf_slice(&sheet->content));
    buf_clear(&sheet->content);
}

static void page_begin(struct sheet *sheet)
{
    if (sheet->page_count == SHEET_PAGES_MAX) {
        fail(&sheet->file, ERR_TOO_LARGE);
    }
    struct sheet_page *page = take(sheet, sizeof(*page));
    if (page == NULL) {
        return;
    }
    page->object = report_file_object(&sheet->file);
    page->number = sheet->page_count++;
    if (sheet->page == NULL) {
        sheet->first_page = page;
    } else {
        sheet->page->next = page;
    }
    sheet->page = page;
    sheet->y = SHEET_TOP;
}

void sheet_start(struct sheet *sheet, struct arena *arena, struct buf *out)
{
    *sheet = (struct sheet){
        .file = report_file_of(out), .arena = arena, .content = BUF_INIT(CONTENT_MAX_BYTES)};
    for (size_t i = 0; i < sizeof(sheet->fonts) / sizeof(sheet->fonts[0]); i++) {
        sheet->fonts[i] = report_file_object(&sheet->file);
    }
    sheet->pages_object = report_file_object(&sheet->file);
    sheet->tree_object = report_file_object(&sheet->file);
    sheet->document = sheet_tag(sheet, NULL, "Document", "");
    page_begin(sheet);
}

void sheet_free(struct sheet *sheet)
{
    buf_free(&sheet->content);
    report_file_free(&sheet->file);
}

static void hang(struct tag *parent, struct kid *kid)
{
    if (parent->last == NULL) {
        parent->first = kid;
    } else {
        parent->last->next = kid;
    }
    parent->last = kid;
}

struct tag *sheet_tag(struct sheet *sheet, struct tag *parent, const char *role,
                      const char *attributes)
{
    struct tag *tag = take(sheet, sizeof(*tag));
    struct kid *kid = take(sheet, sizeof(*kid));
    if (tag == NULL || kid == NULL) {
        return NULL;
    }
    *tag = (struct tag){.role = role,
                        .attributes = attributes,
                        .parent = parent == NULL ? sheet->document : parent};
    tag->object = report_file_object(&sheet->file);
    if (sheet->last_tag == NULL) {
        sheet->first_tag = tag;
    } else {
        sheet->last_tag->next = tag;
        kid->tag = tag;
        hang(tag->parent, kid);
    }
    sheet->last_tag = tag;
    return tag;
}

void sheet_break(struct sheet *sheet)
{
    if (sheet->y < SHEET_TOP) {
        page_end(sheet);
        page_begin(sheet);
    }
}

void sheet_need(struct sheet *sheet, int64_t height)
{
    if (sheet->y - height < SHEET_BOTTOM) {
        sheet_break(sheet);
    }
}

void sheet_space(struct sheet *sheet, int64_t height)
{
    if (sheet->y < SHEET_TOP) {
        sheet->y -= height;
    }
}

/* What follows, up to mark_end, belongs to the tag. */
static void mark_begin(struct sheet *sheet, struct tag *tag)
{
    struct mark *mark = take(sheet, sizeof(*mark));
    struct kid *kid = take(sheet, sizeof(*kid));
    if (mark == NULL || kid == NULL || tag == NULL) {
        return;
    }
    struct sheet_page *page = sheet->page;
    *kid = (struct kid){.page = page, .mark = page->mark_count++};
    hang(tag, kid);
    mark->tag = tag;
    if (page->last == NULL) {
        page->first = mark;
    } else {
        page->last->next = mark;
    }
    page->last = mark;
    sheet_say(&sheet->file, &sheet->content, "/%s<</MCID %zu>>BDC\n", tag->role, kid->mark);
}

static void mark_end(struct sheet *sheet)
{
    sheet_say(&sheet->file, &sheet->content, "EMC\n");
}

void sheet_text(struct sheet *sheet, struct tag *tag, const struct style *style,
                struct column column, struct slice text)
{
    size_t position = 0;
    bool open = false;
    for (struct report_line line;
         sheet->file.err == ERR_NONE &&
         report_line_next(font_of(style), style->size, column.width, text, &position, &line);) {
        if (sheet->y - style->leading < SHEET_BOTTOM) {
            if (open) {
                mark_end(sheet);
            }
            open = false;
            sheet_break(sheet);
        }
        if (!open) {
            mark_begin(sheet, tag);
        }
        open = true;
        int64_t baseline = sheet->y - (style->leading - style->size) / 2 - style->size * 4 / 5;
        sheet_letters(&sheet->file, &sheet->content, style, column.left, baseline,
                      slice_of(text.data + line.start, line.end - line.start), line.space_follows);
        sheet->y -= style->leading;
    }
    if (open) {
        mark_end(sheet);
    }
}

int64_t sheet_text_height(const struct style *style, struct column column, struct slice text)
{
    return (int64_t)report_line_count(font_of(style), style->size, column.width, text) *
           style->leading;
}

void sheet_bookmark(struct sheet *sheet, unsigned level, struct slice title)
{
    struct bookmark *bookmark = take(sheet, sizeof(*bookmark)), *before = sheet->last_bookmark;
    if (bookmark == NULL) {
        return;
    }
    *bookmark =
        (struct bookmark){.title = title, .level = level, .page = sheet->page, .y = sheet->y};
    bookmark->object = report_file_object(&sheet->file);
    struct bookmark *sibling = before;
    while (sibling != NULL && sibling->level > level) {
        sibling = sibling->parent;
    }
    if (before != NULL && level > before->level) {
        bookmark->parent = before;
        sibling = NULL;
    } else if (sibling != NULL) {
        bookmark->parent = sibling->parent;
        bookmark->previous = sibling;
        sibling->next = bookmark;
    }
    if (bookmark->parent != NULL) {
        struct bookmark *parent = bookmark->parent;
        parent->first = parent->first == NULL ? bookmark : parent->first;
        parent->last = bookmark;
        parent->count++;
    }
    if (before == NULL) {
        sheet->first_bookmark = bookmark;
    } else {
        before->following = bookmark;
    }
    sheet->last_bookmark = bookmark;
}

/* The path stands in a square of 1000 units, which becomes `scale`. */
void sheet_shape(struct sheet *sheet, struct tint tint, int64_t x, int64_t y, int64_t scale,
                 const char *path)
{
    struct report_file *errors = &sheet->file;
    sheet_say(errors, &sheet->content, "/Artifact BMC\nq\n");
    say_tint(errors, &sheet->content, tint);
    long long unit = (long long)scale; /* millionths of a point a unit */
    sheet_say(errors, &sheet->content, "0.%06lld 0 0 0.%06lld ", unit, unit);
    say_length(errors, &sheet->content, x);
    say_length(errors, &sheet->content, y);
    sheet_say(errors, &sheet->content, "cm\n");
    if (errors->err == ERR_NONE) {
        fail(errors, buf_append_string(&sheet->content, path));
    }
    sheet_say(errors, &sheet->content, "\nQ\nEMC\n");
}

void sheet_box(struct sheet *sheet, struct tint tint, int64_t x, int64_t y, int64_t width,
               int64_t height)
{
    struct report_file *errors = &sheet->file;
    sheet_say(errors, &sheet->content, "/Artifact BMC\n");
    say_tint(errors, &sheet->content, tint);
    say_length(errors, &sheet->content, x);
    say_length(errors, &sheet->content, y);
    say_length(errors, &sheet->content, width);
    say_length(errors, &sheet->content, height);
    sheet_say(errors, &sheet->content, "re f\nEMC\n");
}
