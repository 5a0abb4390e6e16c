#include "collect/zone.h"

#include "collect/csv.h"

enum { TOKENS_MAX = 64 };

static const char *const kept_types[] = {"A", "AAAA", "CNAME", "MX", "NS", "SOA", "SRV"};
static const char *const classes[] = {"IN", "CH", "HS", "CS"};

static const char *find_word(struct slice word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is_caseless(word, words[i])) {
            return words[i];
        }
    }
    return NULL;
}

static bool is_name_byte(uint8_t byte)
{
    return byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "-_.*/");
}

struct slice zone_name(struct arena *arena, struct slice text, struct slice origin)
{
    bool absolute = text.len > 1 && text.data[text.len - 1] == '.', at = slice_is(text, "@");
    text = absolute ? slice_first(text, text.len - 1) : text;
    struct slice tail = absolute ? SLICE_NONE : origin;
    size_t len = at ? tail.len : text.len + (tail.len > 0 ? 1 + tail.len : 0);
    uint8_t *name = len == 0 || len > ZONE_NAME_MAX_BYTES ? NULL : arena_alloc(arena, len);
    for (size_t i = 0; name != NULL && i < len; i++) {
        size_t from = at ? 0 : text.len + 1;
        uint8_t byte = !at && i < text.len ? text.data[i] : !at && i == text.len ? '.' : tail.data[i - from];
        if (!is_name_byte(byte) || (byte == '.' && (i == 0 || name[i - 1] == '.'))) {
            return SLICE_NONE;
        }
        name[i] = byte_lower(byte);
    }
    return name == NULL ? SLICE_NONE : slice_of(name, len);
}

/* Digits with an optional unit: 3600, 1h, 2w3d. */
static bool is_ttl(struct slice word)
{
    bool digit = false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t byte = word.data[i] | 0x20;
        bool unit = byte == 's' || byte == 'm' || byte == 'h' || byte == 'd' || byte == 'w';
        if (!(word.data[i] >= '0' && word.data[i] <= '9') && !(unit && digit)) {
            return false;
        }
        digit = digit || (word.data[i] >= '0' && word.data[i] <= '9');
    }
    return digit && word.data[0] >= '0' && word.data[0] <= '9';
}

static bool is_address(struct slice value)
{
    return value.len > 1 && value.len < 46 && slice_consists_of(value, ASCII_DIGITS "abcdefABCDEF.:");
}

/* The member of the data that says where it leads: the third word of SRV is its port, the fourth its target. */
static enum err add_record(struct arena *arena, struct slice owner, const char *type, const struct slice *data, size_t count, struct slice origin, struct json *records)
{
    struct slice word = slice_string(type);
    size_t at = slice_is(word, "MX") ? 1 : slice_is(word, "SRV") ? 3 : 0;
    if (owner.len == 0 || count <= at) {
        return ERR_MALFORMED;
    }
    bool address = slice_is(word, "A") || slice_is(word, "AAAA");
    bool root = slice_is(data[at], ".");        /* "this service is not offered" */
    struct slice value = address || root ? data[at] : zone_name(arena, data[at], origin);
    if (value.len == 0 || (address && !is_address(value))) {
        return ERR_MALFORMED;
    }
    if (records->count >= ZONE_RECORDS_MAX) {
        return ERR_TOO_LARGE;
    }
    struct json *record = json_append(records, json_new(arena, JSON_OBJECT));
    json_set_string(arena, record, "name", owner);
    json_set_string(arena, record, "type", word);
    if (slice_is(word, "SRV")) {
        json_set_string(arena, record, "port", data[2]);
    }
    return json_set_string(arena, record, "value", value) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* -- master files ------------------------------------------------------------------------------------------------------- */

struct scan {
    struct slice rest;
    size_t line;
    unsigned depth;                 /* of parentheses */
};

/* One entry: words up to a line end outside parentheses. *ret_blank: it began with white space. */
static enum err read_entry(struct scan *scan, struct slice words[TOKENS_MAX], size_t *ret_count, bool *ret_blank)
{
    size_t count = 0;
    *ret_blank = scan->rest.len > 0 && (scan->rest.data[0] == ' ' || scan->rest.data[0] == '\t');
    while (scan->rest.len > 0) {
        uint8_t byte = scan->rest.data[0];
        size_t used = 1;
        if (byte == ';') {
            size_t end = slice_find_byte(scan->rest, '\n');
            used = end == SIZE_MAX ? scan->rest.len : end;
        } else if (byte == '\n') {
            scan->line++;
        } else if (byte == '(' || byte == ')') {
            if ((byte == ')') == (scan->depth == 0)) {
                return ERR_MALFORMED; /* a second one within, or one that closes nothing */
            }
            scan->depth = byte == '(' ? 1 : 0;
        } else if (byte == '"') {
            used = 1;
            while (used < scan->rest.len && scan->rest.data[used] != '"' && scan->rest.data[used] != '\n') {
                used += scan->rest.data[used] == '\\' ? 2 : 1;
            }
            if (used >= scan->rest.len || scan->rest.data[used] != '"') {
                return ERR_MALFORMED;
            }
            used++;
        } else if (byte != ' ' && byte != '\t' && byte != '\r') {
            while (used < scan->rest.len && slice_find_byte(SLICE_LITERAL(" \t\r\n;()\""), scan->rest.data[used]) == SIZE_MAX) {
                used++;
            }
            if (count == TOKENS_MAX) {
                return ERR_TOO_LARGE;
            }
            words[count++] = slice_first(scan->rest, used);
        }
        if (byte == '"' && count < TOKENS_MAX) {
            words[count++] = slice_first(scan->rest, used); /* texts are never needed, their place is */
        }
        scan->rest = slice_from(scan->rest, used);
        if (byte == '\n' && scan->depth == 0) {
            break;
        }
    }
    *ret_count = count;
    return scan->rest.len == 0 && scan->depth > 0 ? ERR_MALFORMED : ERR_NONE;
}

struct reading {
    struct arena *arena;
    struct slice origin, owner;
    struct json *records;
};

static enum err take_directive(struct reading *reading, const struct slice *words, size_t count)
{
    if (slice_is_caseless(words[0], "$ORIGIN") && count == 2) {
        reading->origin = zone_name(reading->arena, words[1], reading->origin);
        return reading->origin.len == 0 ? ERR_MALFORMED : ERR_NONE;
    }
    return slice_is_caseless(words[0], "$TTL") ? ERR_NONE : ERR_UNSUPPORTED;
}

/* [owner] [ttl] [class] type data, ttl and class in either order. */
static enum err take_entry(struct reading *reading, const struct slice *words, size_t count, bool blank)
{
    size_t at = 0;
    if (!blank) {
        if (words[0].data[0] == '$') {
            return take_directive(reading, words, count);
        }
        struct slice owner = zone_name(reading->arena, words[at++], reading->origin);
        if (owner.len == 0) {
            return ERR_MALFORMED;
        }
        reading->owner = owner;
    }
    for (unsigned i = 0; i < 2 && at < count; i++) {
        at += is_ttl(words[at]) || find_word(words[at], classes, sizeof classes / sizeof classes[0]) != NULL ? 1 : 0;
    }
    if (at >= count || reading->owner.len == 0) {
        return ERR_MALFORMED;
    }
    const char *type = find_word(words[at], kept_types, sizeof kept_types / sizeof kept_types[0]);
    return type == NULL ? ERR_NONE : add_record(reading->arena, reading->owner, type, words + at + 1, count - at - 1, reading->origin, reading->records);
}

enum err zone_read(struct arena *arena, struct slice text, struct slice zone, struct json *records, size_t *ret_line)
{
    struct scan scan = {.rest = text, .line = 1};
    struct reading reading = {.arena = arena, .origin = zone_name(arena, zone, SLICE_NONE), .records = records};
    enum err err = reading.origin.len == 0 ? ERR_MALFORMED : ERR_NONE;
    while (err == ERR_NONE && scan.rest.len > 0) {
        struct slice words[TOKENS_MAX];
        size_t count = 0;
        bool blank = false;
        *ret_line = scan.line;
        err = read_entry(&scan, words, &count, &blank);
        err = err == ERR_NONE && count > 0 ? take_entry(&reading, words, count, blank) : err;
    }
    return err;
}

/* -- CSV ------------------------------------------------------------------------------------------------------------------ */

static size_t column_of(const struct slice *fields, size_t count, const char *const *names)
{
    for (; *names != NULL; names++) {
        for (size_t i = 0; i < count; i++) {
            if (slice_is_caseless(fields[i], *names)) {
                return i;
            }
        }
    }
    return SIZE_MAX;
}

enum err zone_read_csv(struct arena *arena, struct slice text, struct slice zone, struct json *records, size_t *ret_line)
{
    static const char *const name_words[] = {"NAME", "HOST", "HOSTNAME", "RECORD", NULL}, *const type_words[] = {"TYPE", "RECORD TYPE", NULL},
                      *const value_words[] = {"VALUE", "CONTENT", "DATA", "TARGET", "DESTINATION", NULL};
    struct slice fields[CSV_FIELDS_MAX], origin = zone_name(arena, zone, SLICE_NONE);
    struct csv csv = csv_open(text);
    size_t count = 0;
    enum err err = csv_row(&csv, arena, fields, &count);
    size_t name = column_of(fields, count, name_words), type = column_of(fields, count, type_words), value = column_of(fields, count, value_words);
    if (err == ERR_NONE && (name == SIZE_MAX || type == SIZE_MAX || value == SIZE_MAX || origin.len == 0)) {
        err = ERR_MALFORMED;
    }
    while (err == ERR_NONE && (err = csv_row(&csv, arena, fields, &count)) == ERR_NONE) {
        size_t last = name > type ? name : type;
        last = value > last ? value : last;
        const char *kept = count <= last ? NULL : find_word(fields[type], kept_types, sizeof kept_types / sizeof kept_types[0]);
        if (count <= last) {
            err = ERR_MALFORMED;
        } else if (kept != NULL) {
            /* providers write names below the zone with or without it, mostly without the last dot */
            struct slice owner = zone_name(arena, fields[name].len == 0 ? SLICE_LITERAL("@") : fields[name], origin);
            struct slice whole = zone_name(arena, fields[name], SLICE_NONE), rest = fields[value], words[4];
            owner = slice_equal(whole, origin) || (slice_ends(whole, origin) && whole.len > origin.len && whole.data[whole.len - origin.len - 1] == '.') ? whole : owner;
            size_t word_count = 0;
            while (word_count < 4 && slice_split(&rest, ' ', &words[word_count])) {
                word_count += words[word_count].len > 0 ? 1 : 0;
            }
            /* a priority may stand in a column of its own */
            bool alone = word_count == 1 && slice_is_caseless(slice_string(kept), "MX");
            const struct slice mail[2] = {SLICE_LITERAL("0"), words[0]};
            err = slice_is_caseless(slice_string(kept), "SRV") && word_count < 4 ? ERR_NONE
                  : add_record(arena, owner, kept, alone ? mail : words, alone ? 2 : word_count, SLICE_NONE, records);
        }
    }
    *ret_line = csv.line;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}
