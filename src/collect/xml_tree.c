#include "collect/xml_tree.h"

#include <libxml/xmlreader.h>

struct builder {
    struct arena *arena;
    struct json *open[XML_DEPTH_MAX + 1]; /* objects, from the outermost */
    const char *name[XML_DEPTH_MAX + 1];
    struct slice text[XML_DEPTH_MAX + 1]; /* what stood between the tags so far */
    unsigned depth;
    size_t elements;
};

/* Errors end the reading; what they say helps nobody. */
static void be_silent(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

static enum err begin_element(struct builder *builder, xmlTextReaderPtr reader)
{
    if (builder->depth == XML_DEPTH_MAX || ++builder->elements > XML_ELEMENTS_MAX) {
        return ERR_TOO_LARGE;
    }
    builder->depth++;
    builder->open[builder->depth] = json_new(builder->arena, JSON_OBJECT);
    builder->name[builder->depth] = arena_string(builder->arena, slice_string((const char *)xmlTextReaderConstLocalName(reader)));
    builder->text[builder->depth] = SLICE_NONE;
    return builder->open[builder->depth] == NULL || builder->name[builder->depth] == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err end_element(struct builder *builder)
{
    if (builder->depth == 0) {
        return ERR_MALFORMED;
    }
    struct json *object = builder->open[builder->depth];
    struct json *value = object->first != NULL ? object : json_string(builder->arena, slice_trim(builder->text[builder->depth]));
    const char *name = builder->name[builder->depth];
    builder->depth--;
    return json_set(builder->arena, builder->open[builder->depth], name, value) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* Text in pieces (between comments, CDATA) is rare: the pieces are joined. */
static enum err take_text(struct builder *builder, xmlTextReaderPtr reader)
{
    struct slice piece = slice_string((const char *)xmlTextReaderConstValue(reader)), *text = &builder->text[builder->depth];
    if (builder->depth == 0 || piece.len > XML_TEXT_MAX_BYTES || text->len > XML_TEXT_MAX_BYTES) {
        return builder->depth == 0 ? ERR_NONE : ERR_TOO_LARGE;
    }
    const char *joined = text->len == 0 ? arena_string(builder->arena, piece)
                                        : arena_printf(builder->arena, "%.*s%.*s", (int)text->len, (const char *)text->data, (int)piece.len, (const char *)piece.data);
    *text = slice_string(joined);
    return joined == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err take_node(struct builder *builder, xmlTextReaderPtr reader)
{
    enum err err;
    switch (xmlTextReaderNodeType(reader)) {
    case XML_READER_TYPE_ELEMENT:
        err = begin_element(builder, reader);
        return err == ERR_NONE && xmlTextReaderIsEmptyElement(reader) == 1 ? end_element(builder) : err;
    case XML_READER_TYPE_END_ELEMENT:
        return end_element(builder);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        return take_text(builder, reader);
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
    case XML_READER_TYPE_ENTITY:
        return ERR_MALFORMED;
    default:
        return ERR_NONE; /* comments, white space, the declaration */
    }
}

enum err xml_tree_read(struct arena *arena, struct slice text, struct json **ret_root)
{
    struct builder builder = {.arena = arena, .open = {json_new(arena, JSON_OBJECT)}};
    if (text.len == 0 || text.len > XML_TEXT_MAX_BYTES || builder.open[0] == NULL) {
        return text.len == 0 ? ERR_MALFORMED : ERR_TOO_LARGE;
    }
    xmlTextReaderPtr reader = xmlReaderForMemory((const char *)text.data, (int)text.len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT | XML_PARSE_HUGE | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (reader == NULL) {
        return ERR_MEMORY;
    }
    xmlTextReaderSetStructuredErrorHandler(reader, be_silent, NULL);
    enum err err = ERR_NONE;
    int status = 1;
    while (err == ERR_NONE && (status = xmlTextReaderRead(reader)) == 1) {
        err = take_node(&builder, reader);
    }
    xmlFreeTextReader(reader);
    err = err == ERR_NONE && (status != 0 || builder.depth != 0 || builder.open[0]->count != 1) ? ERR_MALFORMED : err;
    if (err == ERR_NONE) {
        *ret_root = builder.open[0];
    }
    return err;
}
