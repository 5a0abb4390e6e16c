#include "measure/docx_style.h"

#include <stdlib.h>
#include <string.h>

enum { STYLES_MAX = 2000, LISTS_MAX = 2000, FORMAT_BYTES = 24, TEXT_BYTES = 48 };

static bool is_start(xmlTextReaderPtr reader)
{
    return xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT;
}

static bool is_end_of(xmlTextReaderPtr reader, const char *name)
{
    return xmlTextReaderNodeType(reader) == XML_READER_TYPE_END_ELEMENT && slice_is(docx_xml_name(reader), name);
}

/* "heading 2", "Überschrift 2": the level. */
static void read_style_name(struct slice name, struct docx_style *style)
{
    static const char *const prefixes[] = {"heading ", "überschrift ", "Überschrift "};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        struct slice prefix = slice_string(prefixes[i]);
        if (slice_starts_caseless(name, prefix) && name.len > prefix.len && name.data[prefix.len] >= '1' && name.data[prefix.len] <= '9') {
            style->heading = (unsigned)(name.data[prefix.len] - '0');
        }
    }
    style->title = slice_is_caseless(name, "title") || slice_is_caseless(name, "titel");
    style->contents = slice_starts_caseless(name, SLICE_LITERAL("toc ")) || slice_starts_caseless(name, SLICE_LITERAL("verzeichnis "));
}

static enum err style_open(struct arena *arena, xmlTextReaderPtr reader, struct docx_styles *styles)
{
    char *id = docx_xml_attribute(reader, "w:styleId");
    struct docx_style *style = &styles->items[styles->count];
    *style = (struct docx_style){.id = arena_copy(arena, slice_string(id)), .num_id = DOCX_NO_NUMBER};
    bool full = id != NULL && id[0] != 0 && style->id.data == NULL;
    xmlFree(id);
    styles->count++;
    return full ? ERR_TOO_LARGE : ERR_NONE;
}

static void style_member(xmlTextReaderPtr reader, struct docx_style *style)
{
    struct slice name = docx_xml_name(reader);
    if (slice_is(name, "name")) {
        char *value = docx_xml_attribute(reader, "w:val");
        read_style_name(slice_string(value), style);
        xmlFree(value);
    } else if (slice_is(name, "outlineLvl")) {
        long level = docx_xml_number(reader, "w:val", 9);
        style->heading = level < 9 && style->heading == 0 ? (unsigned)level + 1 : style->heading;
    } else if (slice_is(name, "numId")) {
        style->num_id = docx_xml_number(reader, "w:val", DOCX_NO_NUMBER);
    } else if (slice_is(name, "ilvl")) {
        style->level = docx_xml_number(reader, "w:val", 0);
    } else if (slice_is(name, "b")) {
        style->bold = docx_xml_switch(reader);
    }
}

enum err docx_styles_read(struct arena *arena, const struct buf *part, struct docx_styles *ret_styles,
                          struct complaint *complaint)
{
    struct docx_styles styles = {NULL, 0};
    bool open = false;
    int status = 1;
    enum err err = ERR_NONE;
    styles.items = arena_alloc_array(arena, STYLES_MAX, sizeof(*styles.items));
    if (styles.items == NULL) {
        return ERR_TOO_LARGE;
    }
    xmlTextReaderPtr reader = part->len == 0 ? NULL : docx_xml_open(part);
    while (reader != NULL && err == ERR_NONE && styles.count < STYLES_MAX && (status = docx_xml_next(reader)) == 1) {
        if (is_start(reader) && slice_is(docx_xml_name(reader), "style")) {
            err = style_open(arena, reader, &styles);
            open = xmlTextReaderIsEmptyElement(reader) == 0;
        } else if (is_end_of(reader, "style")) {
            open = false;
        } else if (open && is_start(reader)) {
            style_member(reader, &styles.items[styles.count - 1]);
        }
    }
    xmlFreeTextReader(reader);
    if (err == ERR_NONE && status < 0) {
        err = docx_complain_broken(complaint);
    }
    *ret_styles = err == ERR_NONE ? styles : *ret_styles;
    return err;
}

const struct docx_style *docx_style_find(const struct docx_styles *styles, struct slice id)
{
    for (size_t i = 0; i < styles->count; i++) {
        if (slice_equal(styles->items[i].id, id)) {
            return &styles->items[i];
        }
    }
    return NULL;
}

struct level {
    char format[FORMAT_BYTES];     /* decimal, upperRoman, bullet … */
    char text[TEXT_BYTES];         /* "%1.%2" */
    unsigned start;
};

struct abstract_list {
    long id;
    struct level levels[DOCX_LEVELS];
};

struct list {
    long id, abstract_id;
    bool own_count;                /* starts anew: a startOverride */
    unsigned counts[DOCX_LEVELS];
    bool counted[DOCX_LEVELS];
};

struct docx_numbering {
    struct abstract_list *abstracts;
    struct list *lists;
    size_t abstract_count, list_count;
};

static void copy_value(xmlTextReaderPtr reader, char *out, size_t out_bytes)
{
    char *value = docx_xml_attribute(reader, "w:val");
    if (value != NULL && strlen(value) < out_bytes) {
        memcpy(out, value, strlen(value) + 1);
    }
    xmlFree(value);
}

/* Where the reader stands in numbering.xml. */
struct numbering_place {
    struct abstract_list *abstract;
    struct level *level;
    struct list *list;
};

static void numbering_node(xmlTextReaderPtr reader, struct docx_numbering *numbering, struct numbering_place *place)
{
    struct slice name = docx_xml_name(reader);
    if (slice_is(name, "abstractNum") && numbering->abstract_count < LISTS_MAX) {
        *place = (struct numbering_place){.abstract = &numbering->abstracts[numbering->abstract_count++]};
        place->abstract->id = docx_xml_number(reader, "w:abstractNumId", 0);
    } else if (slice_is(name, "num") && numbering->list_count < LISTS_MAX) {
        *place = (struct numbering_place){.list = &numbering->lists[numbering->list_count++]};
        place->list->id = docx_xml_number(reader, "w:numId", 0);
        place->list->abstract_id = DOCX_NO_NUMBER;
    } else if (slice_is(name, "lvl") && place->abstract != NULL) {
        long ilvl = docx_xml_number(reader, "w:ilvl", 0);
        place->level = ilvl < DOCX_LEVELS ? &place->abstract->levels[ilvl] : NULL;
        if (place->level != NULL) {
            place->level->start = 1;
        }
    } else if (slice_is(name, "startOverride") && place->list != NULL) {
        place->list->own_count = true;
    } else if (slice_is(name, "abstractNumId") && place->list != NULL) {
        place->list->abstract_id = docx_xml_number(reader, "w:val", DOCX_NO_NUMBER);
    } else if (place->level != NULL && slice_is(name, "numFmt")) {
        copy_value(reader, place->level->format, FORMAT_BYTES);
    } else if (place->level != NULL && slice_is(name, "lvlText")) {
        copy_value(reader, place->level->text, TEXT_BYTES);
    } else if (place->level != NULL && slice_is(name, "start")) {
        place->level->start = (unsigned)docx_xml_number(reader, "w:val", 1);
    }
}

/* How many lists a part holds, so that memory is taken for those only. */
static size_t count_lists(const struct buf *part)
{
    struct slice rest = buf_slice(part), needle = SLICE_LITERAL("Num ");
    size_t count = 1, at;
    while (count < LISTS_MAX && (at = slice_find(rest, needle)) != SIZE_MAX) {
        rest = slice_from(rest, at + needle.len);
        count++;
    }
    for (rest = buf_slice(part), needle = SLICE_LITERAL(":num ");
         count < LISTS_MAX && (at = slice_find(rest, needle)) != SIZE_MAX; count++) {
        rest = slice_from(rest, at + needle.len);
    }
    return LISTS_MAX < count ? LISTS_MAX : count;
}

enum err docx_numbering_read(struct arena *arena, const struct buf *part, struct docx_numbering **ret_numbering,
                             struct complaint *complaint)
{
    struct docx_numbering *numbering = arena_alloc(arena, sizeof(*numbering));
    struct numbering_place place = {NULL, NULL, NULL};
    size_t most = count_lists(part);
    int status = 1;
    if (numbering == NULL) {
        return ERR_TOO_LARGE;
    }
    numbering->abstracts = arena_alloc_array(arena, most, sizeof(*numbering->abstracts));
    numbering->lists = arena_alloc_array(arena, most, sizeof(*numbering->lists));
    if (numbering->abstracts == NULL || numbering->lists == NULL) {
        return ERR_TOO_LARGE;
    }
    xmlTextReaderPtr reader = part->len == 0 ? NULL : docx_xml_open(part);
    while (reader != NULL && numbering->list_count < most && numbering->abstract_count < most &&
           (status = docx_xml_next(reader)) == 1) {
        if (is_start(reader)) {
            numbering_node(reader, numbering, &place);
        } else if (is_end_of(reader, "lvl")) {
            place.level = NULL;
        }
    }
    xmlFreeTextReader(reader);
    if (status < 0) {
        return docx_complain_broken(complaint);
    }
    *ret_numbering = numbering;
    return ERR_NONE;
}

static struct list *find_list(struct docx_numbering *numbering, long num_id, struct abstract_list **ret_abstract)
{
    struct list *found = NULL;
    for (size_t i = 0; i < numbering->list_count && found == NULL; i++) {
        found = numbering->lists[i].id == num_id ? &numbering->lists[i] : NULL;
    }
    for (size_t i = 0; found != NULL && i < numbering->abstract_count; i++) {
        if (numbering->abstracts[i].id == found->abstract_id) {
            *ret_abstract = &numbering->abstracts[i];
            return found;
        }
    }
    return NULL;
}

/* Lists over one abstract list count on together, unless one starts anew. */
static struct list *counting_list(struct docx_numbering *numbering, struct list *list)
{
    for (size_t i = 0; !list->own_count && i < numbering->list_count; i++) {
        struct list *other = &numbering->lists[i];
        if (other->abstract_id == list->abstract_id && !other->own_count) {
            return other;
        }
    }
    return list;
}

static enum err print_roman(unsigned value, char lower, struct buf *out)
{
    static const struct { unsigned value; const char *text; } steps[] = {
        {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}};
    enum err err = ERR_NONE;
    value = value > 399 ? 399 : value;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == ERR_NONE;) {
        if (value < steps[i].value) {
            i++;
            continue;
        }
        value -= steps[i].value;
        for (const char *c = steps[i].text; *c != 0 && err == ERR_NONE; c++) {
            err = buf_append_byte(out, (uint8_t)(*c | lower));
        }
    }
    return err;
}

static enum err print_count(const char *format, unsigned value, struct buf *out)
{
    bool letter = strcmp(format, "lowerLetter") == 0 || strcmp(format, "upperLetter") == 0;
    if (letter) {
        unsigned offset = value == 0 ? 0 : (value - 1) % 26;
        return buf_append_byte(out, (uint8_t)((format[0] == 'l' ? 'a' : 'A') + (int)offset));
    }
    if (strcmp(format, "lowerRoman") == 0 || strcmp(format, "upperRoman") == 0) {
        return print_roman(value, format[0] == 'l' ? 0x20 : 0, out);
    }
    return buf_append_u64_decimal(out, value);
}

enum err docx_number_print(struct docx_numbering *numbering, long num_id, long level, struct buf *out)
{
    struct abstract_list *abstract = NULL;
    struct list *list = level < 0 || level >= DOCX_LEVELS ? NULL : find_list(numbering, num_id, &abstract);
    if (list == NULL) {
        return ERR_NONE;
    }
    list = counting_list(numbering, list);
    list->counts[level] = list->counted[level] ? list->counts[level] + 1 : abstract->levels[level].start;
    list->counted[level] = true;
    for (long deeper = level + 1; deeper < DOCX_LEVELS; deeper++) {
        list->counted[deeper] = false;
    }
    const struct level *look = &abstract->levels[level];
    if (strcmp(look->format, "none") == 0) {
        return ERR_NONE;
    }
    if (strcmp(look->format, "bullet") == 0 || look->text[0] == 0) {
        return buf_append_string(out, "• ");
    }
    enum err err = ERR_NONE;
    for (const char *c = look->text; *c != 0 && err == ERR_NONE; c++) {
        long which = c[0] == '%' && c[1] >= '1' && c[1] <= '9' ? c[1] - '1' : -1;
        if (which < 0) {
            err = buf_append_byte(out, (uint8_t)*c);
            continue;
        }
        unsigned value = list->counted[which] ? list->counts[which] : abstract->levels[which].start;
        err = print_count(abstract->levels[which].format, value, out);
        c++;
    }
    return err == ERR_NONE ? buf_append_byte(out, ' ') : err;
}
