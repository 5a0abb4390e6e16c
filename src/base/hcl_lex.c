#include "base/hcl_lex.h"

#include "base/json_tree.h"
#include "base/utf8.h"

#include <string.h>

static void advance(struct slice text, size_t *from, size_t to, size_t *line, size_t *column)
{
    for (; *from < to; (*from)++) {
        if (text.data[*from] == '\n') {
            (*line)++;
            *column = 1;
        } else if ((text.data[*from] & 0xc0) != 0x80) {
            (*column)++;
        }
    }
}

void hcl_place(struct hcl_lexer *lexer, size_t *ret_line, size_t *ret_column)
{
    advance(lexer->text, &lexer->mark, lexer->at, &lexer->mark_line, &lexer->mark_column);
    *ret_line = lexer->mark_line;
    *ret_column = lexer->mark_column;
}

enum err hcl_refuse(const struct hcl_lexer *lexer, size_t offset, struct text text,
                    size_t detail_length)
{
    size_t from = 0, line = 1, column = 1;
    advance(lexer->text, &from, offset, &line, &column);
    struct slice detail = slice_first(slice_from(lexer->text, offset), detail_length);
    return complain(lexer->complaint, ERR_MALFORMED, text, line, column, (const char *)detail.data,
                    detail.len);
}

enum err hcl_lexer_start(struct hcl_lexer *lexer, struct arena *arena, struct slice text,
                         struct complaint *complaint)
{
    *lexer = (struct hcl_lexer){
        .arena = arena, .text = text, .complaint = complaint, .mark_line = 1, .mark_column = 1};
    if (slice_starts(text, SLICE_LITERAL("\xef\xbb\xbf"))) {
        return hcl_refuse(
            lexer, 0,
            TEXT("the file starts with a byte order mark; save it as UTF-8 without one",
                 "die Datei beginnt mit einem Byte-Order-Mark; als UTF-8 ohne BOM speichern"),
            0);
    }
    size_t position = 0;
    while (position < text.len) {
        uint32_t code_point;
        size_t start = position;
        if (utf8_next(text, &position, &code_point) != ERR_NONE) {
            return hcl_refuse(lexer, start,
                              TEXT("this byte is not UTF-8; save the file as UTF-8",
                                   "dieses Byte ist kein UTF-8; die Datei als UTF-8 speichern"),
                              0);
        }
        if ((code_point < 0x20 && code_point != '\t' && code_point != '\n' && code_point != '\r') ||
            code_point == 0x7f) {
            return hcl_refuse(lexer, start,
                              TEXT("a control character stands here; remove it, or write it as "
                                   "\\uXXXX in a string",
                                   "hier steht ein Steuerzeichen; entfernen oder in einer "
                                   "Zeichenkette als \\uXXXX "
                                   "schreiben"),
                              0);
        }
    }
    return ERR_NONE;
}

static bool starts(const struct hcl_lexer *lexer, struct slice word)
{
    return slice_starts(slice_from(lexer->text, lexer->at), word);
}

bool hcl_at_line_end(const struct hcl_lexer *lexer)
{
    uint8_t byte = hcl_peek(lexer);
    return byte == 0 || byte == '\n' || (byte == '\r' && starts(lexer, SLICE_LITERAL("\r\n")));
}

static void skip_line_comment(struct hcl_lexer *lexer)
{
    while (!hcl_at_line_end(lexer)) {
        lexer->at++;
    }
}

static enum err skip_block_comment(struct hcl_lexer *lexer)
{
    size_t offset = slice_find(slice_from(lexer->text, lexer->at + 2), SLICE_LITERAL("*/"));
    if (offset == SIZE_MAX) {
        return hcl_refuse(
            lexer, lexer->at,
            TEXT("this comment does not end; add */", "dieser Kommentar endet nicht; */ ergänzen"),
            2);
    }
    lexer->at += offset + 4;
    return ERR_NONE;
}

enum err hcl_skip_in_line(struct hcl_lexer *lexer)
{
    for (;;) {
        uint8_t byte = hcl_peek(lexer);
        if (byte == ' ' || byte == '\t') {
            lexer->at++;
        } else if (byte == '#' || starts(lexer, SLICE_LITERAL("//"))) {
            skip_line_comment(lexer);
        } else if (starts(lexer, SLICE_LITERAL("/*"))) {
            enum err err = skip_block_comment(lexer);
            if (err != ERR_NONE) {
                return err;
            }
        } else {
            return ERR_NONE;
        }
    }
}

enum err hcl_skip(struct hcl_lexer *lexer)
{
    for (;;) {
        enum err err = hcl_skip_in_line(lexer);
        if (err != ERR_NONE || hcl_peek(lexer) == 0 || !hcl_at_line_end(lexer)) {
            return err;
        }
        lexer->at += hcl_peek(lexer) == '\r' ? 2 : 1;
    }
}

static bool is_name_start(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || byte == '_';
}

static bool is_name_byte(uint8_t byte)
{
    return is_name_start(byte) || (byte >= '0' && byte <= '9') || byte == '-';
}

bool hcl_at_name(const struct hcl_lexer *lexer)
{
    return is_name_start(hcl_peek(lexer));
}

struct slice hcl_name(struct hcl_lexer *lexer)
{
    size_t start = lexer->at;
    while (is_name_byte(hcl_peek(lexer))) {
        lexer->at++;
    }
    return slice_of(lexer->text.data + start, lexer->at - start);
}

size_t hcl_word_length(const struct hcl_lexer *lexer)
{
    size_t end = lexer->at;
    while (end < lexer->text.len && strchr(" \t\r\n,={}[]\"", lexer->text.data[end]) == NULL) {
        end++;
    }
    return end > lexer->at ? end - lexer->at : lexer->at < lexer->text.len ? 1 : 0;
}

/* ${ and %{ would be templates of Terraform. Doubling the sign writes them as text: $${ gives ${.
 * Returns the bytes to skip before copying: 1 for a doubled sign, 0 else. */
static enum err check_template(const struct hcl_lexer *lexer, size_t offset, size_t *ret_skip)
{
    struct slice rest = slice_from(lexer->text, offset);
    *ret_skip = 0;
    if (slice_starts(rest, SLICE_LITERAL("$${")) || slice_starts(rest, SLICE_LITERAL("%%{"))) {
        *ret_skip = 1;
        return ERR_NONE;
    }
    if (slice_starts(rest, SLICE_LITERAL("${")) || slice_starts(rest, SLICE_LITERAL("%{"))) {
        return hcl_refuse(
            lexer, offset,
            TEXT("templates are not supported; write the value itself, or double the sign ($${, "
                 "%%{) if "
                 "it is meant as text",
                 "Vorlagen werden nicht unterstützt; den Wert selbst schreiben oder das Zeichen "
                 "verdoppeln ($${, %%{), wenn es Text sein soll"),
            2);
    }
    return ERR_NONE;
}

static bool read_hex(struct slice digits, size_t count, uint32_t *ret_value)
{
    uint32_t value = 0;
    if (digits.len < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = digits.data[i], lower = byte | 0x20;
        if (byte >= '0' && byte <= '9') {
            value = value << 4 | (uint32_t)(byte - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | (uint32_t)(lower - 'a' + 10);
        } else {
            return false;
        }
    }
    *ret_value = value;
    return true;
}

/* At a backslash. Every escape is at least as long as its UTF-8, so the buffer of the raw length
 * holds the result. */
static enum err read_escape(const struct hcl_lexer *lexer, size_t *offset, struct buf *out)
{
    static const char letters[] = "nrt\"\\", meanings[] = "\n\r\t\"\\";
    struct slice rest = slice_from(lexer->text, *offset);
    uint8_t letter = rest.len > 1 ? rest.data[1] : 0;
    const char *found = letter == 0 ? NULL : strchr(letters, letter);
    if (found != NULL) {
        *offset += 2;
        return buf_append_byte(out, (uint8_t)meanings[found - letters]);
    }
    size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    uint32_t code_point;
    if (digits > 0 && read_hex(slice_from(rest, 2), digits, &code_point) &&
        utf8_append(out, code_point) == ERR_NONE) {
        *offset += 2 + digits;
        return ERR_NONE;
    }
    return hcl_refuse(
        lexer, *offset,
        TEXT("this escape is not known; \\n \\r \\t \\\" \\\\ \\uXXXX and \\UXXXXXXXX are",
             "dieses Escape gibt es nicht, nur \\n \\r \\t \\\" \\\\ \\uXXXX und \\UXXXXXXXX"),
        rest.len > 1 ? 2 : 1);
}

/* Offset of the closing quote, or SIZE_MAX if the line ends before. */
static size_t closing_quote(const struct hcl_lexer *lexer)
{
    for (size_t i = lexer->at + 1; i < lexer->text.len; i++) {
        uint8_t byte = lexer->text.data[i];
        if (byte == '"') {
            return i;
        }
        if (byte == '\n') {
            return SIZE_MAX;
        }
        if (byte == '\\' && i + 1 < lexer->text.len && lexer->text.data[i + 1] != '\n') {
            i++;
        }
    }
    return SIZE_MAX;
}

/* A buf over arena memory of just the right maximum: it never grows and is never freed. */
static bool arena_buf(struct arena *arena, size_t bytes, struct buf *ret_out)
{
    uint8_t *memory = arena_alloc(arena, bytes + 1);
    *ret_out = (struct buf){memory, 0, bytes, bytes};
    return memory != NULL;
}

enum err hcl_string(struct hcl_lexer *lexer, struct slice *ret_text)
{
    size_t end = closing_quote(lexer);
    if (end == SIZE_MAX) {
        return hcl_refuse(lexer, lexer->at,
                          TEXT("this string does not end on its line; add the closing quote, or "
                               "use <<EOT for several "
                               "lines",
                               "diese Zeichenkette endet nicht in ihrer Zeile; schließendes "
                               "Anführungszeichen ergänzen "
                               "oder für mehrere Zeilen <<EOT verwenden"),
                          0);
    }
    size_t offset = lexer->at + 1;
    struct buf out;
    if (!arena_buf(lexer->arena, end - offset, &out)) {
        return ERR_TOO_LARGE;
    }
    enum err err = ERR_NONE;
    while (err == ERR_NONE && offset < end) {
        uint8_t byte = lexer->text.data[offset];
        if (byte == '\\') {
            err = read_escape(lexer, &offset, &out);
            continue;
        }
        size_t skip = 0;
        err = byte == '$' || byte == '%' ? check_template(lexer, offset, &skip) : ERR_NONE;
        if (err == ERR_NONE) {
            err = buf_append_byte(&out, byte);
            offset += 1 + skip;
        }
    }
    if (err == ERR_NONE) {
        *ret_text = buf_slice(&out);
        lexer->at = end + 1;
    }
    return err;
}

struct heredoc {
    struct slice marker;
    bool indented;    /* <<- */
    size_t body, end; /* offsets: first line, the marker's line */
    size_t margin;    /* common white space of the lines that are not blank */
    size_t after;     /* behind the marker */
};

static size_t margin_of(struct slice line)
{
    size_t margin = 0;
    while (margin < line.len && (line.data[margin] == ' ' || line.data[margin] == '\t')) {
        margin++;
    }
    return margin;
}

static struct slice without_return(struct slice line)
{
    return line.len > 0 && line.data[line.len - 1] == '\r' ? slice_first(line, line.len - 1) : line;
}

static enum err heredoc_opening(struct hcl_lexer *lexer, struct heredoc *heredoc)
{
    size_t start = lexer->at;
    lexer->at += 2;
    if (hcl_peek(lexer) == '-') {
        heredoc->indented = true;
        lexer->at++;
    }
    heredoc->marker = hcl_at_name(lexer) ? hcl_name(lexer) : SLICE_NONE;
    if (heredoc->marker.len == 0 || !hcl_at_line_end(lexer) || hcl_peek(lexer) == 0) {
        return hcl_refuse(
            lexer, start,
            TEXT("a heredoc starts with <<WORD or <<-WORD alone at the end of the line",
                 "ein Heredoc beginnt mit <<WORT oder <<-WORT allein am Zeilenende"),
            2);
    }
    lexer->at += hcl_peek(lexer) == '\r' ? 2 : 1;
    heredoc->body = lexer->at;
    return ERR_NONE;
}

/* Looks for the marker's line; false if there is none. */
static bool heredoc_end(const struct hcl_lexer *lexer, struct heredoc *heredoc)
{
    struct slice rest = slice_from(lexer->text, heredoc->body), line;
    heredoc->margin = SIZE_MAX;
    while (slice_split(&rest, '\n', &line)) {
        size_t offset = (size_t)(line.data - lexer->text.data), margin = margin_of(line);
        struct slice word = without_return(slice_from(line, margin));
        if (slice_equal(slice_trim(word), heredoc->marker)) {
            heredoc->end = offset;
            heredoc->after = offset + margin + heredoc->marker.len;
            return true;
        }
        if (word.len > 0 && margin < heredoc->margin) {
            heredoc->margin = margin;
        }
    }
    return false;
}

static enum err heredoc_line(const struct hcl_lexer *lexer, struct slice line, struct buf *out)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < line.len; i++) {
        size_t skip = 0;
        if (line.data[i] == '$' || line.data[i] == '%') {
            err = check_template(lexer, (size_t)(line.data - lexer->text.data) + i, &skip);
        }
        if (err == ERR_NONE) {
            err = buf_append_byte(out, line.data[i]);
            i += skip;
        }
    }
    return err == ERR_NONE ? buf_append_byte(out, '\n') : err;
}

enum err hcl_heredoc(struct hcl_lexer *lexer, struct slice *ret_text)
{
    size_t start = lexer->at;
    struct heredoc heredoc = {.indented = false};
    enum err err = heredoc_opening(lexer, &heredoc);
    if (err != ERR_NONE) {
        return err;
    }
    if (!heredoc_end(lexer, &heredoc)) {
        return hcl_refuse(
            lexer, start,
            TEXT("this heredoc does not end; put its word alone on a line behind the text",
                 "dieses Heredoc endet nicht; sein Wort allein in eine Zeile hinter den Text "
                 "setzen"),
            (heredoc.indented ? 3u : 2u) + heredoc.marker.len);
    }
    struct slice body = slice_of(lexer->text.data + heredoc.body, heredoc.end - heredoc.body), line;
    struct buf out;
    if (!arena_buf(lexer->arena, body.len, &out)) {
        return ERR_TOO_LARGE;
    }
    while (err == ERR_NONE && body.len > 0 && slice_split(&body, '\n', &line)) {
        line = without_return(line);
        size_t margin = margin_of(line);
        bool deep = margin >= heredoc.margin;
        err = heredoc_line(
            lexer, heredoc.indented ? slice_from(line, deep ? heredoc.margin : margin) : line,
            &out);
    }
    if (err == ERR_NONE) {
        *ret_text = buf_slice(&out);
        lexer->at = heredoc.after;
    }
    return err;
}

enum err hcl_number(struct hcl_lexer *lexer, struct slice *ret_text)
{
    size_t length = hcl_word_length(lexer);
    struct slice word = slice_of(lexer->text.data + lexer->at, length);
    size_t comment = 0;
    while (comment < length && word.data[comment] != '#' && word.data[comment] != '/') {
        comment++;
    }
    word = slice_first(word, comment);
    if (!json_number_valid(word)) {
        return hcl_refuse(
            lexer, lexer->at,
            TEXT("this is not a number; write it like 12, -0.5 or 1e6, or put it in quotes if it "
                 "has a "
                 "unit, as in \"30d\"",
                 "das ist keine Zahl; Schreibweise wie 12, -0.5 oder 1e6, mit Einheit in "
                 "Anführungszeichen, etwa \"30d\""),
            length);
    }
    struct slice copy = arena_copy(lexer->arena, word);
    if (copy.data == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_text = copy;
    lexer->at += word.len;
    return ERR_NONE;
}
