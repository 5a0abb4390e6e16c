#include "measure/annex.h"

#include <string.h>

#include "measure/annex_reading.h"

static enum err read_lines(struct reading *reading)
{
    typedef enum err (*role_fn)(struct reading *, size_t *);
    static const role_fn readers[] = {[LINE_HEADING] = section_open, [LINE_ITEM] = item_read, [LINE_ROW] = row_read,
                                      [LINE_TEXT] = text_read};
    size_t first = title_line_count(reading);
    if (first > 0 && reading->title.len == 0) {
        reading->title = reading_plain(reading->arena, reading->lines->items[0].line->text);
    }
    enum err err = ERR_NONE;
    for (size_t i = first; err == ERR_NONE && i < reading->lines->count; i++) {
        err = readers[reading->lines->items[i].role](reading, &i);
    }
    return err != ERR_NONE ? err : held_release(reading);
}

static enum err complain_nothing(struct reading *reading)
{
    if (reading->lines->count == 0) {
        return reading_complain(reading, ERR_INVALID,
                           TEXT("the file holds no text. Give the annex as Word, PDF, Markdown or plain text",
                                "Die Datei enthält keinen Text. Bitte den Anhang als Word, PDF, Markdown oder reinen Text "
                                "angeben"),
                           1, SLICE_NONE);
    }
    return reading_complain(reading, ERR_INVALID,
                       TEXT("only headings, no sentence: below the headings the annex must say what is done",
                            "Nur Überschriften, kein Satz: Unter den Überschriften muss der Anhang sagen, was getan wird"),
                       reading->lines->items[0].line->number, slice_first(reading->lines->items[0].body, 80));
}

/* A bare numbered list of one or two words each is a table of contents, no annex. */
static bool only_names(const struct reading *reading)
{
    const struct annex_lines *lines = reading->lines;
    for (size_t i = 0; i < lines->count; i++) {
        const struct annex_line *line = &lines->items[i];
        bool numbered = marker_can_head(line->marker.kind) || line->role == LINE_HEADING;
        size_t words = 0;
        for (size_t k = 0; k < line->body.len; k++) {
            words += line->body.data[k] != ' ' && (k == 0 || line->body.data[k - 1] == ' ') ? 1 : 0;
            numbered = numbered && !(line->body.data[k] >= '0' && line->body.data[k] <= '9');
        }
        if (!numbered || words > 3 || (line->body.len > 0 && !annex_line_is_title(line->body))) {
            return false;
        }
    }
    return true;
}

enum err annex_build(struct arena *arena, const struct document *document, struct json **ret_annex,
                     struct complaint *complaint)
{
    struct annex_lines lines;
    enum err err = annex_lines_classify(arena, document, &lines);
    if (err != ERR_NONE) {
        return err;
    }
    struct slice whole = SLICE_NONE;
    for (size_t i = 0; i < lines.count && document->format != DOCUMENT_DOCX; i++) {
        const struct slice raw = lines.items[i].line->raw;
        whole = i == 0 ? raw : slice_of(whole.data, (size_t)(raw.data + raw.len - whole.data));
    }
    struct json *annex = json_new(arena, JSON_OBJECT);
    struct reading reading = {.arena = arena, .lines = &lines, .complaint = complaint, .title = document->title,
                              .hyphens = {whole, 200, LANGUAGE_GERMAN}};
    cleanup_buf struct buf words = BUF_INIT(256 * 1024);
    for (size_t i = 0; i < lines.count && err == ERR_NONE && words.len < 200000; i++) {
        err = buf_append(&words, slice_first(lines.items[i].body, 20000));
        err = err == ERR_NONE ? buf_append_byte(&words, ' ') : err;
    }
    reading.hyphens.language = sentence_language(buf_slice(&words));
    json_set_string(arena, annex, "language",
                    slice_string(reading.hyphens.language == LANGUAGE_GERMAN ? "de" : "en"));
    struct json *title = json_set_string(arena, annex, "title", SLICE_NONE);
    json_set_string(arena, annex, "format", slice_string(document_format_name(document->format)));
    json_set_string(arena, annex, "encoding", slice_string(text_encoding_name(document->encoding)));
    reading.sections = json_set_array(arena, annex, "sections");
    reading.clauses = json_set_array(arena, annex, "clauses");
    reading.left_out = json_set_array(arena, annex, "left_out");
    if (err != ERR_NONE || title == NULL || reading.left_out == NULL) {
        return err != ERR_NONE ? err : ERR_TOO_LARGE;
    }
    err = lines.count == 0 || only_names(&reading) ? complain_nothing(&reading) : read_lines(&reading);
    if (err == ERR_NONE && reading.clauses->count == 0) {
        err = complain_nothing(&reading);
    }
    if (err != ERR_NONE) {
        return err;
    }
    title->text = slice_first(reading.title, 500);
    *ret_annex = annex;
    return ERR_NONE;
}

enum err annex_parse(struct arena *arena, struct slice text_utf8, enum document_format format, struct json **ret_annex,
                     struct complaint *complaint)
{
    struct document document;
    enum err err = document_lines(arena, text_utf8, format, &document, complaint);
    if (err == ERR_NONE) {
        document_drop_furniture(&document);
        err = annex_build(arena, &document, ret_annex, complaint);
    }
    return err;
}

enum err annex_read(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct document document;
    struct slice name = json_text(input, "name", SLICE_NONE);
    enum err err = document_read(arena, name, raw, &document, &reply->complaint);
    if (err == ERR_NONE) {
        err = annex_build(arena, &document, &reply->output, &reply->complaint);
    }
    if (err != ERR_NONE && reply->complaint.text.english == NULL) {
        return complain(&reply->complaint, err,
                        TEXT("the document is too large to read. Adopt the annex alone, without what is around it",
                             "Das Dokument ist zu groß zum Lesen. Bitte nur den Anhang selbst übernehmen"),
                        0, 0, (const char *)name.data, name.len);
    }
    return err;
}
