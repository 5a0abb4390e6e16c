/* Any file: told apart by its first bytes, then read as what it is. */
#include "measure/document.h"

#include <string.h>

#include "measure/docx.h"
#include "measure/pdf_text.h"

#define SAVE_ENGLISH ". Save the annex as Word (.docx), PDF, Markdown or plain text and try again"
#define SAVE_GERMAN ". Bitte den Anhang als Word (.docx), PDF, Markdown oder reinen Text speichern und erneut versuchen"

/* What people really choose by mistake. */
static const struct foreign {
    struct slice magic;
    struct text text;
} foreigns[] = {
    {{(const uint8_t *)"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8},
     {"an old Word file (.doc) or one locked with a password" SAVE_ENGLISH,
      "Eine alte Word-Datei (.doc) oder eine mit Kennwort" SAVE_GERMAN}},
    {{(const uint8_t *)"{\\rtf", 5}, {"a Rich Text file (.rtf)" SAVE_ENGLISH, "Eine Rich-Text-Datei (.rtf)" SAVE_GERMAN}},
    {{(const uint8_t *)"\x89PNG", 4}, {"a picture, not a text" SAVE_ENGLISH, "Ein Bild, kein Text" SAVE_GERMAN}},
    {{(const uint8_t *)"\xff\xd8\xff", 3}, {"a picture, not a text" SAVE_ENGLISH, "Ein Bild, kein Text" SAVE_GERMAN}},
    {{(const uint8_t *)"<!DOCTYPE html", 14}, {"a web page (HTML)" SAVE_ENGLISH, "Eine Webseite (HTML)" SAVE_GERMAN}},
    {{(const uint8_t *)"<html", 5}, {"a web page (HTML)" SAVE_ENGLISH, "Eine Webseite (HTML)" SAVE_GERMAN}},
    {{(const uint8_t *)"\x1f\x8b", 2}, {"a compressed archive" SAVE_ENGLISH, "Ein komprimiertes Archiv" SAVE_GERMAN}},
};

static bool looks_like_markdown(struct slice name, struct slice text)
{
    if (slice_ends(name, SLICE_LITERAL(".md")) || slice_ends(name, SLICE_LITERAL(".markdown"))) {
        return true;
    }
    struct slice head = slice_first(text, 65536);
    return slice_starts(head, SLICE_LITERAL("# ")) || slice_find(head, SLICE_LITERAL("\n# ")) != SIZE_MAX ||
           slice_find(head, SLICE_LITERAL("\n## ")) != SIZE_MAX;
}

static enum err read_text(struct arena *arena, struct slice name, struct slice bytes, struct document *ret_document,
                          struct complaint *complaint)
{
    struct slice text;
    enum text_encoding encoding;
    enum err err = text_decode(arena, bytes, &text, &encoding, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    enum document_format format = looks_like_markdown(name, text) ? DOCUMENT_MARKDOWN : DOCUMENT_TEXT;
    err = document_lines(arena, text, format, ret_document, complaint);
    if (err == ERR_NONE) {
        ret_document->encoding = encoding;
        document_drop_furniture(ret_document);
    }
    return err;
}

enum err document_read(struct arena *arena, struct slice name, struct slice bytes, struct document *ret_document,
                       struct complaint *complaint)
{
    if (bytes.len > DOCUMENT_MAX_BYTES) {
        return complain(complaint, ERR_TOO_LARGE,
                        TEXT("the file is larger than 8 MiB. Save the annex alone, without pictures",
                             "Die Datei ist größer als 8 MiB. Bitte nur den Anhang speichern, ohne Bilder"),
                        0, 0, (const char *)name.data, name.len);
    }
    if (slice_trim(bytes).len == 0) {
        return complain(complaint, ERR_INVALID,
                        TEXT("the file is empty. Give the annex as Word, PDF, Markdown or plain text",
                             "Die Datei ist leer. Bitte den Anhang als Word, PDF, Markdown oder reinen Text angeben"),
                        0, 0, (const char *)name.data, name.len);
    }
    if (slice_starts(bytes, SLICE_LITERAL("PK\x03\x04")) || slice_starts(bytes, SLICE_LITERAL("PK\x05\x06"))) {
        return docx_read(arena, bytes, ret_document, complaint);
    }
    if (slice_find(slice_first(bytes, 1024), SLICE_LITERAL("%PDF-")) != SIZE_MAX) {
        return pdf_text_read(arena, bytes, ret_document, complaint);
    }
    for (size_t i = 0; i < sizeof(foreigns) / sizeof(foreigns[0]); i++) {
        if (slice_starts(bytes, foreigns[i].magic)) {
            return complain(complaint, ERR_UNSUPPORTED, foreigns[i].text, 0, 0, (const char *)name.data, name.len);
        }
    }
    return read_text(arena, name, bytes, ret_document, complaint);
}
