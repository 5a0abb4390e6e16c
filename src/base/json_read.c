/*
 * The reader. The text is copied into the arena once; strings are decoded in place there, since no
 * escape is shorter than what it stands for, and every name and text is a slice of that copy. So a
 * byte's offset in the copy is its offset in the text, and complaints find their line. arena_copy
 * adds a NUL, which no rule accepts: it stops every scan.
 *
 * State: `parents` holds the open containers. Between tokens the reader is
 *   at a value      -> read_value: scalar, or opens a container (push)
 *   after a value   -> read_after: "," to the next value or name, or closes (pop), or the end of
 * the text at depth 0
 */
#include "base/json.h"

#include "base/json_tree.h"
#include "base/utf8.h"

#include <string.h>

struct parser {
    struct arena *arena;
    uint8_t *start, *at;
    const uint8_t *end;
    struct slice text; /* as the caller gave it, for complaints */
    struct complaint *complaint;
    struct json *parents[JSON_DEPTH_MAX];
    size_t depth;
    struct json *root;
    bool after_value; /* else at a value */
    struct slice name;
};

enum byte_class { CLASS_PLAIN, CLASS_QUOTE, CLASS_ESCAPE, CLASS_CONTROL };

static enum err refuse(const struct parser *parser, const uint8_t *where, struct text text,
                       size_t detail_length)
{
    size_t offset = (size_t)(where - parser->start), line = 1, column = 1;
    for (size_t i = 0; i < offset && i < parser->text.len; i++) {
        if (parser->text.data[i] == '\n') {
            line++;
            column = 1;
        } else if ((parser->text.data[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    struct slice detail = slice_first(slice_from(parser->text, offset), detail_length);
    return complain(parser->complaint, ERR_MALFORMED, text, line, column, (const char *)detail.data,
                    detail.len);
}

/* The word at fault, for the complaint: up to white space or punctuation. */
static size_t word_length(const struct parser *parser, const uint8_t *where)
{
    size_t length = 0, left = (size_t)(parser->end - where);
    while (length < left && strchr(" \t\r\n,:]}", where[length]) == NULL) {
        length++;
    }
    return length == 0 && left > 0 ? 1 : length;
}

static enum err refuse_word(const struct parser *parser, const uint8_t *where, struct text text)
{
    if (where >= parser->end) {
        return refuse(parser, where,
                      TEXT("the JSON text ends too early; a bracket, quote or value is missing",
                           "der JSON-Text endet zu früh; es fehlt eine Klammer, ein "
                           "Anführungszeichen oder ein Wert"),
                      0);
    }
    return refuse(parser, where, text, word_length(parser, where));
}

static void skip_space(struct parser *parser)
{
    uint8_t *at = parser->at;
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') {
        at++;
    }
    parser->at = at;
}

/* A byte below 0x20, a quote or a backslash somewhere in eight bytes: the usual subtract-and-mask
 * tests. A borrow can only raise false alarms above a true one, and the loop that follows looks at
 * each byte. */
static bool has_special(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    uint64_t found = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                     ((backslash - ones) & ~backslash);
    return (found & tops) != 0;
}

/* Moves to the first quote, backslash or control byte; *all collects the bytes' bits, to see
 * whether all are ASCII. */
static uint8_t *skip_plain(uint8_t *at, const uint8_t *end, uint64_t *all)
{
    at += json_plain_bytes(at, (size_t)(end - at));
    while ((size_t)(end - at) >= sizeof(uint64_t)) {
        uint64_t word = load_u64_little(at);
        if (has_special(word)) {
            break;
        }
        *all |= word;
        at += sizeof(word);
    }
    while (*at >= 0x20 && *at != '"' && *at != '\\') {
        *all |= *at++;
    }
    return at;
}

static bool read_hex4(const uint8_t *at, uint32_t *ret_value)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        uint8_t lower = at[i] | 0x20;
        if (at[i] >= '0' && at[i] <= '9') {
            value = value << 4 | (uint32_t)(at[i] - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | (uint32_t)(lower - 'a' + 10);
        } else {
            return false; /* the NUL behind the text, too */
        }
    }
    *ret_value = value;
    return true;
}

/* `at` is behind "\u". A high surrogate must be followed by a low one. Returns the bytes taken, 0
 * for an error. */
static size_t read_code_point(const uint8_t *at, uint32_t *ret_code_point)
{
    uint32_t high, low;
    if (!read_hex4(at, &high) || (high >= 0xdc00 && high <= 0xdfff)) {
        return 0;
    }
    if (high < 0xd800 || high > 0xdfff) {
        *ret_code_point = high;
        return 4;
    }
    if (at[4] != '\\' || at[5] != 'u' || !read_hex4(at + 6, &low) || low < 0xdc00 || low > 0xdfff) {
        return 0;
    }
    *ret_code_point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 10;
}

static size_t store_utf8(uint8_t *to, uint32_t code_point)
{
    if (code_point < 0x80) {
        to[0] = (uint8_t)code_point;
        return 1;
    }
    size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--) {
        to[i] = (uint8_t)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    to[0] = (uint8_t)(lead[len] | code_point);
    return len;
}

static uint8_t simple_escape(uint8_t letter)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    return found == NULL ? 0 : (uint8_t)meanings[found - letters];
}

/* `*from` is at a backslash; both pointers move on. */
static enum err read_escape(const struct parser *parser, uint8_t **from, uint8_t **to)
{
    uint8_t *at = *from;
    uint8_t simple = simple_escape(at[1]);
    if (simple != 0) {
        *(*to)++ = simple;
        *from = at + 2;
        return ERR_NONE;
    }
    uint32_t code_point;
    size_t taken = at[1] == 'u' ? read_code_point(at + 2, &code_point) : 0;
    if (taken == 0) {
        return refuse(parser, at,
                      TEXT("this escape is not allowed in JSON; write \\\\ for a backslash, "
                           "\\uXXXX for a character",
                           "dieses Escape ist in JSON nicht erlaubt; \\\\ steht für einen "
                           "Rückstrich, \\uXXXX für ein "
                           "Zeichen"),
                      (size_t)(parser->end - at) < 6 ? (size_t)(parser->end - at) : 6);
    }
    *to += store_utf8(*to, code_point);
    *from = at + 2 + taken;
    return ERR_NONE;
}

static enum err refuse_in_string(const struct parser *parser, const uint8_t *opening,
                                 const uint8_t *where)
{
    if (where >= parser->end || *where == '\n') {
        return refuse(parser, opening,
                      TEXT("this string does not end on its line; add the closing quote, or write "
                           "\\n for a new line",
                           "diese Zeichenkette endet nicht in ihrer Zeile; schließendes "
                           "Anführungszeichen ergänzen "
                           "oder \\n für den Zeilenumbruch schreiben"),
                      0);
    }
    return refuse(
        parser, where,
        TEXT("control characters must be escaped inside a string, as in \\t or \\u001f",
             "Steuerzeichen müssen in Zeichenketten maskiert werden, etwa \\t oder \\u001f"),
        0);
}

static enum err refuse_utf8(const struct parser *parser, const uint8_t *from, const uint8_t *end)
{
    struct slice raw = slice_of(parser->text.data + (from - parser->start), (size_t)(end - from));
    size_t position = 0;
    uint32_t code_point;
    while (utf8_next(raw, &position, &code_point) == ERR_NONE) {
    }
    return refuse(parser, from + position,
                  TEXT("this byte is not UTF-8; save the text as UTF-8",
                       "dieses Byte ist kein UTF-8; den Text als UTF-8 speichern"),
                  0);
}

/* parser->at is at the opening quote. */
static enum err read_string(struct parser *parser, struct slice *ret_text)
{
    uint8_t *opening = parser->at, *first = opening + 1;
    uint64_t all = 0;
    uint8_t *from = skip_plain(first, parser->end, &all), *to = from;
    while (*from != '"') {
        if (*from != '\\') {
            return refuse_in_string(parser, opening, from);
        }
        enum err err = read_escape(parser, &from, &to);
        if (err != ERR_NONE) {
            return err;
        }
        uint8_t *run = from;
        from = skip_plain(from, parser->end, &all);
        memmove(to, run, (size_t)(from - run));
        to += from - run;
    }
    *ret_text = slice_of(first, (size_t)(to - first));
    parser->at = from + 1;
    /* Escapes are ASCII and give whole characters, so the decoded text is valid exactly if the raw
     * text is. */
    if ((all & 0x8080808080808080u) != 0 && !utf8_valid(*ret_text)) {
        return refuse_utf8(parser, first, from);
    }
    return ERR_NONE;
}

static bool ends_number(uint8_t byte)
{
    return !((byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '+' ||
             (byte | 0x20) == 'e');
}

static enum err read_number(struct parser *parser, struct json *value)
{
    uint8_t *end = parser->at;
    while (!ends_number(*end)) {
        end++;
    }
    struct slice text = slice_of(parser->at, (size_t)(end - parser->at));
    if (!json_number_valid(text)) {
        return refuse(
            parser, parser->at,
            TEXT("this is not a JSON number; write it like 12, -0.5 or 1e6, without leading zeros",
                 "das ist keine JSON-Zahl; Schreibweise wie 12, -0.5 oder 1e6, ohne führende "
                 "Nullen"),
            word_length(parser, parser->at));
    }
    value->type = JSON_NUMBER;
    value->text = text;
    parser->at = end;
    return ERR_NONE;
}

static enum err refuse_value(const struct parser *parser)
{
    if (parser->at == parser->start && slice_starts(parser->text, SLICE_LITERAL("\xef\xbb\xbf"))) {
        return refuse(
            parser, parser->at,
            TEXT("the text starts with a byte order mark; save it as UTF-8 without one",
                 "der Text beginnt mit einem Byte-Order-Mark; als UTF-8 ohne BOM speichern"),
            0);
    }
    return refuse_word(parser, parser->at,
                       TEXT("a JSON value was expected: a string in double quotes, a number, true, "
                            "false, null, [ or {",
                            "erwartet wurde ein JSON-Wert: Zeichenkette in doppelten "
                            "Anführungszeichen, Zahl, true, "
                            "false, null, [ oder {"));
}

static enum err read_literal(struct parser *parser, struct json *value)
{
    static const struct {
        struct slice word;
        enum json_type type;
    } literals[] = {
        {SLICE_INIT("true"), JSON_TRUE},
        {SLICE_INIT("false"), JSON_FALSE},
        {SLICE_INIT("null"), JSON_NULL},
    };
    struct slice rest = slice_of(parser->at, (size_t)(parser->end - parser->at));
    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        if (slice_starts(rest, literals[i].word)) {
            value->type = literals[i].type;
            parser->at += literals[i].word.len;
            return ERR_NONE;
        }
    }
    return refuse_value(parser);
}

static enum err open_container(struct parser *parser, struct json *value, enum json_type type)
{
    if (parser->depth == JSON_DEPTH_MAX) {
        return refuse(parser, parser->at,
                      TEXT("nested too deeply; at most 64 levels are allowed",
                           "zu tief verschachtelt; erlaubt sind höchstens 64 Ebenen"),
                      0);
    }
    value->type = type;
    parser->parents[parser->depth++] = value;
    parser->at++;
    return ERR_NONE;
}

/* At a member: its name and the colon. */
static enum err read_name(struct parser *parser)
{
    skip_space(parser);
    if (*parser->at != '"') {
        return refuse_word(parser, parser->at,
                           TEXT("a name in double quotes was expected",
                                "erwartet wurde ein Name in doppelten Anführungszeichen"));
    }
    enum err err = read_string(parser, &parser->name);
    if (err != ERR_NONE) {
        return err;
    }
    skip_space(parser);
    if (*parser->at != ':') {
        return refuse_word(parser, parser->at,
                           TEXT("a colon was expected after the name",
                                "nach dem Namen wurde ein Doppelpunkt erwartet"));
    }
    parser->at++;
    return ERR_NONE;
}

static enum err close_container(struct parser *parser)
{
    struct json *closed = parser->parents[--parser->depth];
    parser->at++;
    parser->after_value = true;
    if (closed->type != JSON_OBJECT) {
        return ERR_NONE;
    }
    const struct json *repeated;
    enum err err = json_repeated_name(parser->arena, closed, &repeated);
    if (err == ERR_NONE && repeated != NULL) {
        err = refuse(parser, repeated->name.data - 1,
                     TEXT("this name stands twice in the object; remove one of them",
                          "dieser Name steht zweimal im Objekt; einen davon entfernen"),
                     word_length(parser, repeated->name.data - 1));
    }
    return err;
}

/* Inside a container just opened: its end, or its first name or value. */
static enum err enter_container(struct parser *parser, enum json_type type)
{
    parser->after_value = false;
    skip_space(parser);
    if (*parser->at == (type == JSON_OBJECT ? '}' : ']')) {
        return close_container(parser);
    }
    return type == JSON_OBJECT ? read_name(parser) : ERR_NONE;
}

static enum err read_value(struct parser *parser)
{
    skip_space(parser);
    struct json *value = json_new(parser->arena, JSON_NULL);
    if (value == NULL) {
        return ERR_TOO_LARGE;
    }
    if (parser->depth > 0) {
        value->name = parser->name;
        json_link(parser->parents[parser->depth - 1], value);
    } else {
        parser->root = value;
    }
    parser->name = SLICE_NONE;
    parser->after_value = true;
    uint8_t byte = *parser->at;
    if (byte == '"') {
        value->type = JSON_STRING;
        return read_string(parser, &value->text);
    }
    if (byte == '-' || (byte >= '0' && byte <= '9')) {
        return read_number(parser, value);
    }
    if (byte == '{' || byte == '[') {
        enum json_type type = byte == '{' ? JSON_OBJECT : JSON_ARRAY;
        enum err err = open_container(parser, value, type);
        return err == ERR_NONE ? enter_container(parser, type) : err;
    }
    return read_literal(parser, value);
}

static enum err read_after(struct parser *parser)
{
    skip_space(parser);
    bool in_object = parser->parents[parser->depth - 1]->type == JSON_OBJECT;
    if (*parser->at == ',') {
        parser->at++;
        parser->after_value = false;
        return in_object ? read_name(parser) : ERR_NONE;
    }
    if (*parser->at == (in_object ? '}' : ']')) {
        return close_container(parser);
    }
    return refuse_word(parser, parser->at,
                       in_object
                           ? TEXT("a comma or } was expected", "erwartet wurde ein Komma oder }")
                           : TEXT("a comma or ] was expected", "erwartet wurde ein Komma oder ]"));
}

enum err json_read(struct arena *arena, struct slice text, struct json **ret_value,
                   struct complaint *complaint)
{
    uint8_t *copy = text.len == SIZE_MAX ? NULL : arena_alloc(arena, text.len + 1);
    if (copy == NULL) {
        return complain(
            complaint, ERR_TOO_LARGE,
            TEXT("the JSON text is larger than allowed", "der JSON-Text ist größer als erlaubt"), 0,
            0, NULL, 0);
    }
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    struct parser parser = {.arena = arena,
                            .start = copy,
                            .at = copy,
                            .end = copy + text.len,
                            .text = text,
                            .complaint = complaint};
    enum err err = ERR_NONE;
    do {
        err = parser.after_value ? read_after(&parser) : read_value(&parser);
    } while (err == ERR_NONE && (parser.depth > 0 || !parser.after_value));
    if (err == ERR_TOO_LARGE) {
        return complain(complaint, err,
                        TEXT("the JSON text has more values than allowed",
                             "der JSON-Text hat mehr Werte als erlaubt"),
                        0, 0, NULL, 0);
    }
    if (err != ERR_NONE) {
        return err;
    }
    skip_space(&parser);
    if (parser.at != parser.end) {
        return refuse(&parser, parser.at,
                      TEXT("the JSON value ends before this; remove what follows",
                           "der JSON-Wert endet davor; entfernen, was noch folgt"),
                      word_length(&parser, parser.at));
    }
    *ret_value = parser.root;
    return ERR_NONE;
}
