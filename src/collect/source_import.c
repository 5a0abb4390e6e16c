#include "collect/source_other.h"

#include "base/utf8.h"

enum { TEXT_MAX_BYTES = 4 << 20 };

/* What is planted: a zone that includes what is not here, an invoice with a server that nobody knows and a row that breaks off. */
static const struct {
    const char *kind, *scope, *text;
} planted_texts[] = {
    {"zone", "planted.example", "@ IN SOA ns hostmaster 1 2 3 4 5\nwww IN A 192.0.2.7\n$INCLUDE elsewhere\n"},
    {"invoice", "generic", "name,product\nplanted-unknown-server,Cloud Server\n\"breaks off\n"},
};

static enum err put(struct arena *arena, struct json *to, struct slice kind, struct slice scope, const struct json *options, struct slice text, const char *credential)
{
    static const char *const kept[] = {"format", "name_column", "id_column", "product_column", "products"};
    struct json *facts = json_set_object(arena, to, "facts");
    json_set_string(arena, facts, "kind", kind);
    json_set_string(arena, facts, "address", SLICE_LITERAL("import"));
    json_set_string(arena, facts, "credential", slice_string(credential));
    json_set_string(arena, facts, "zone", scope);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const struct json *option = json_member(options, kept[i]);
        if (option != NULL) {
            json_set(arena, facts, kept[i], json_copy(arena, option));
        }
    }
    json_set_array(arena, facts, "requests");
    return json_set_string(arena, facts, "text", text) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum err source_import(struct arena *arena, const struct json *input, struct work_reply *reply)
{
    const struct json *options = json_member(input, "options");
    struct slice kind = json_text(input, "kind", SLICE_NONE), text = json_text(options, "text", SLICE_NONE);
    struct json *output = json_new(arena, JSON_OBJECT), *plant = NULL;
    if (text.len > TEXT_MAX_BYTES || !utf8_valid(text)) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("the text of this source must be UTF-8 of at most 4 MiB", "der Text dieser Quelle muss UTF-8 von höchstens 4 MiB sein"), 0, 0,
                        NULL, 0);
    }
    enum err err = put(arena, output, kind, json_text(options, "zone", SLICE_NONE), options, text, "none");
    plant = json_set_object(arena, output, "plant");
    for (size_t i = 0; i < sizeof planted_texts / sizeof planted_texts[0] && err == ERR_NONE; i++) {
        if (slice_is(kind, planted_texts[i].kind)) {
            err = put(arena, plant, kind, slice_string(planted_texts[i].scope), NULL, slice_string(planted_texts[i].text), "planted");
        }
    }
    reply->output = err == ERR_NONE ? output : NULL;
    return err == ERR_NONE && json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL ? ERR_TOO_LARGE : err;
}
