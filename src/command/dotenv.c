#include "command/dotenv.h"

#include "base/utf8.h"

#include <string.h>

struct scan {
    struct arena *arena;
    struct slice text;
    size_t at, line, line_begin;
    struct complaint *complaint;
};

static bool is_end(const struct scan *scan)
{
    return scan->at >= scan->text.len;
}

/* The byte here, or '\n' at the end: a last line needs no newline. */
static uint8_t here(const struct scan *scan)
{
    return is_end(scan) ? '\n' : scan->text.data[scan->at];
}

static void step(struct scan *scan)
{
    if (is_end(scan)) {
        return;
    }
    if (scan->text.data[scan->at++] == '\n') {
        scan->line++;
        scan->line_begin = scan->at;
    }
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

static void skip_blanks(struct scan *scan)
{
    while (!is_end(scan) && is_blank(here(scan))) {
        step(scan);
    }
}

static void skip_line(struct scan *scan)
{
    while (here(scan) != '\n') {
        step(scan);
    }
    step(scan);
}

static enum err refuse(struct scan *scan, struct text text, size_t line, size_t column, struct slice name)
{
    return complain(scan->complaint, ERR_MALFORMED, text, line, column, (const char *)name.data, name.len);
}

static enum err refuse_here(struct scan *scan, struct text text, struct slice name)
{
    return refuse(scan, text, scan->line, scan->at - scan->line_begin + 1, name);
}

static bool is_letter(uint8_t byte)
{
    return byte_is_among(byte, ASCII_LETTERS "_");
}

static bool is_name_byte(uint8_t byte)
{
    return byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "_.-");
}

static struct slice take_word(struct scan *scan)
{
    size_t begin = scan->at;
    while (!is_end(scan) && is_name_byte(here(scan))) {
        step(scan);
    }
    return slice_of(scan->text.data + begin, scan->at - begin);
}

static enum err take_name(struct scan *scan, struct slice *ret_name)
{
    struct slice word = take_word(scan);
    if (slice_is(word, "export") && is_blank(here(scan))) {
        skip_blanks(scan);
        word = take_word(scan);
    }
    if (word.len == 0 || !is_letter(word.data[0])) {
        return refuse_here(scan, TEXT("a name begins with a letter or _ and has letters, digits, _ . - only", "ein Name beginnt mit einem Buchstaben oder _ und hat nur Buchstaben, Ziffern, _ . -"), SLICE_NONE);
    }
    if (word.len > DOTENV_NAME_MAX_BYTES) {
        return refuse_here(scan, TEXT("the name is longer than 256 bytes", "der Name ist länger als 256 Bytes"), SLICE_NONE);
    }
    skip_blanks(scan);
    if (is_end(scan) || here(scan) != '=') {
        return refuse_here(scan, TEXT("after the name an = is missing", "nach dem Namen fehlt ein ="), word);
    }
    step(scan);
    *ret_name = word;
    return ERR_NONE;
}

/* ---- values ---- */

static struct slice plain(struct scan *scan)
{
    size_t begin = scan->at, end = begin;
    for (bool after_blank = true; here(scan) != '\n'; step(scan)) {
        if (here(scan) == '#' && after_blank) {
            break;
        }
        after_blank = is_blank(here(scan));
        end = after_blank ? end : scan->at + 1;
    }
    return slice_of(scan->text.data + begin, end - begin);
}

/* What \x stands for; 0 when the backslash stays. */
static uint8_t escaped(uint8_t byte)
{
    static const uint8_t pairs[][2] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'}, {'"', '"'}, {'$', '$'}, {'`', '`'}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i][0] == byte) {
            return pairs[i][1];
        }
    }
    return 0;
}

/* A backslash stands here. True when it was an escape, of which nothing or one byte remains in `out`. */
static bool take_escape(struct scan *scan, uint8_t *out, size_t *len)
{
    struct slice rest = slice_from(scan->text, scan->at + 1);
    bool joins = rest.len > 0 && (rest.data[0] == '\n' || slice_starts(rest, SLICE_LITERAL("\r\n")));
    uint8_t meant = rest.len == 0 ? 0 : escaped(rest.data[0]);
    if (!joins && meant == 0) {
        return false;
    }
    step(scan);
    if (joins && here(scan) == '\r') {
        step(scan);
    }
    step(scan);
    if (!joins) {
        out[(*len)++] = meant;
    }
    return true;
}

static bool is_reference(struct slice text, size_t at)
{
    return at + 1 < text.len && text.data[at] == '$' && (text.data[at + 1] == '{' || is_letter(text.data[at + 1]));
}

/* Where the quote that was opened ends; SIZE_MAX when it does not. What follows a backslash ends no "text". */
static size_t closing(const struct scan *scan, uint8_t mark)
{
    for (size_t i = scan->at; i < scan->text.len; i++) {
        if (scan->text.data[i] == mark) {
            return i;
        }
        i += mark == '"' && scan->text.data[i] == '\\' ? 1 : 0;
    }
    return SIZE_MAX;
}

static enum err quoted(struct scan *scan, struct dotenv_entry *entry)
{
    uint8_t mark = here(scan);
    size_t column = scan->at - scan->line_begin + 1, len = 0;
    step(scan);
    size_t end = closing(scan, mark);
    if (end == SIZE_MAX) {
        return refuse(scan, TEXT("the quote that begins here does not end", "das Anführungszeichen, das hier beginnt, endet nicht"), scan->line, column, entry->name);
    }
    uint8_t *out = arena_alloc(scan->arena, end - scan->at + 1);
    if (out == NULL) {
        return ERR_MEMORY;
    }
    while (scan->at < end) {
        if (mark == '"' && here(scan) == '\\' && take_escape(scan, out, &len)) {
            continue;
        }
        entry->refers = entry->refers || (mark == '"' && is_reference(scan->text, scan->at));
        out[len++] = here(scan);
        step(scan);
    }
    step(scan);
    entry->value = slice_of(out, len);
    skip_blanks(scan);
    if (here(scan) != '\n' && here(scan) != '#') {
        return refuse_here(scan, TEXT("something follows the closing quote", "nach dem schließenden Anführungszeichen steht noch etwas"), entry->name);
    }
    return ERR_NONE;
}

static enum err take_value(struct scan *scan, struct dotenv_entry *entry)
{
    skip_blanks(scan);
    uint8_t first = here(scan);
    if (first == '\'' || first == '"' || first == '`') {
        return quoted(scan, entry);
    }
    struct slice value = plain(scan);
    for (size_t i = 0; i < value.len; i++) {
        entry->refers = entry->refers || is_reference(value, i);
    }
    entry->value = value.len == 0 ? slice_of("", 0) : arena_copy(scan->arena, value);
    return entry->value.data == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- the file ---- */

static enum err take_entry(struct scan *scan, struct dotenv *file)
{
    struct dotenv_entry *entry = &file->entries[file->count];
    *entry = (struct dotenv_entry){.line = scan->line};
    size_t column = scan->at - scan->line_begin + 1;
    enum err err = take_name(scan, &entry->name);
    for (size_t i = 0; err == ERR_NONE && i < file->count; i++) {
        if (slice_equal(file->entries[i].name, entry->name)) {
            err = refuse(scan, TEXT("this name stands there twice, and dialects differ in which one counts", "dieser Name steht zweimal da, und Dialekte sind uneins, welcher gilt"), entry->line, column, entry->name);
        }
    }
    err = err == ERR_NONE ? take_value(scan, entry) : err;
    if (err == ERR_NONE) {
        entry->name = arena_copy(scan->arena, entry->name);
        err = entry->name.data == NULL ? ERR_MEMORY : ERR_NONE;
        file->count++;
        skip_line(scan);
    }
    return err;
}

static enum err check_bytes(struct scan *scan)
{
    size_t position = 0;
    uint32_t code_point = 0;
    while (position < scan->text.len) {
        uint8_t byte = scan->text.data[position];
        if (byte == 0 || utf8_next(scan->text, &position, &code_point) != ERR_NONE) {
            struct text text = byte == 0 ? TEXT("a zero byte: this is no text", "ein Nullbyte: das ist kein Text") : TEXT("this is not UTF-8", "das ist kein UTF-8");
            return refuse(scan, text, scan->line, position - scan->line_begin + 1, SLICE_NONE);
        }
        if (byte == '\n') {
            scan->line++;
            scan->line_begin = position;
        }
    }
    scan->line = 1;
    scan->line_begin = 0;
    return ERR_NONE;
}

enum err dotenv_read(struct arena *arena, struct slice text, struct dotenv *ret_file, struct complaint *complaint)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct scan scan = {.arena = arena, .text = text, .line = 1, .complaint = complaint};
    struct dotenv file = {.entries = arena_alloc_array(arena, DOTENV_ENTRIES_MAX, sizeof *file.entries)};
    enum err err = file.entries == NULL ? ERR_MEMORY : check_bytes(&scan);
    if (err == ERR_NONE && slice_starts(text, slice_string(mark))) {
        scan.at = sizeof mark - 1;
        scan.line_begin = scan.at;
    }
    while (err == ERR_NONE && !is_end(&scan)) {
        skip_blanks(&scan);
        if (here(&scan) == '\n' || here(&scan) == '#') {
            skip_line(&scan);
        } else if (file.count == DOTENV_ENTRIES_MAX) {
            err = complain(complaint, ERR_TOO_LARGE, TEXT("more than 4096 names", "mehr als 4096 Namen"), scan.line, 1, "", 0);
        } else {
            err = take_entry(&scan, &file);
        }
    }
    if (err == ERR_NONE) {
        *ret_file = file;
    }
    return err;
}
