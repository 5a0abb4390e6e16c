/*
 * The grammar, by recursive descent; every level counts against HCL_DEPTH_MAX.
 *   body   := { item line-end }
 *   item   := name "=" value | string "=" value | name { string } "{" body "}"
 *   value  := string | heredoc | number | true | false | null | "[" value,* "]" | "{" pair,* "}"
 *   pair   := (name | string) ("=" | ":") value; pairs end with a comma or a line
 */
#include "base/hcl.h"

#include "base/hcl_lex.h"
#include "base/json_tree.h"
#include "base/names.h"

/* Values remember where they (of a pair: their name) stand, for complaints about repeated names. */
struct placed_json {
    struct json json;
    size_t offset;
};

static enum err read_value(struct hcl_lexer *lexer, size_t depth, struct json **ret_value);

static enum err refuse_here(const struct hcl_lexer *lexer, struct text text)
{
    return hcl_refuse(lexer, lexer->at, text, hcl_word_length(lexer));
}

static enum err check_depth(const struct hcl_lexer *lexer, size_t depth)
{
    if (depth <= HCL_DEPTH_MAX) {
        return ERR_NONE;
    }
    return refuse_here(lexer, TEXT("nested too deeply; at most 32 levels are allowed",
                                   "zu tief verschachtelt; erlaubt sind höchstens 32 Ebenen"));
}

static struct json *new_value(struct hcl_lexer *lexer, enum json_type type)
{
    struct placed_json *placed = arena_alloc(lexer->arena, sizeof(*placed));
    if (placed == NULL) {
        return NULL;
    }
    placed->json.type = type;
    placed->offset = lexer->at;
    return &placed->json;
}

static enum err read_list(struct hcl_lexer *lexer, size_t depth, struct json *list)
{
    size_t opening = lexer->at++;
    for (bool comma = true;;) {
        enum err err = hcl_skip(lexer);
        if (err != ERR_NONE) {
            return err;
        }
        if (hcl_peek(lexer) == ']') {
            lexer->at++;
            return ERR_NONE;
        }
        if (hcl_peek(lexer) == 0) {
            return hcl_refuse(lexer, opening,
                              TEXT("this list is not closed; add ]",
                                   "diese Liste ist nicht geschlossen; ] ergänzen"),
                              1);
        }
        if (!comma) {
            return refuse_here(lexer, TEXT("a comma or ] was expected in the list",
                                           "in der Liste wurde ein Komma oder ] erwartet"));
        }
        struct json *element;
        err = read_value(lexer, depth + 1, &element);
        if (err != ERR_NONE) {
            return err;
        }
        json_link(list, element);
        err = hcl_skip(lexer);
        if (err != ERR_NONE) {
            return err;
        }
        comma = hcl_peek(lexer) == ',';
        lexer->at += comma ? 1 : 0;
    }
}

/* A name may stand bare or in quotes; the slice of a bare one is copied, so that trees never point
 * into the text. */
static enum err read_key(struct hcl_lexer *lexer, struct slice *ret_name)
{
    if (hcl_peek(lexer) == '"') {
        return hcl_string(lexer, ret_name);
    }
    if (!hcl_at_name(lexer)) {
        return refuse_here(
            lexer,
            TEXT("a name was expected; names start with a letter, others go in double quotes",
                 "erwartet wurde ein Name; Namen beginnen mit einem Buchstaben, andere stehen in "
                 "doppelten Anführungszeichen"));
    }
    struct slice copy = arena_copy(lexer->arena, hcl_name(lexer));
    if (copy.data == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_name = copy;
    return ERR_NONE;
}

static enum err read_pair(struct hcl_lexer *lexer, size_t depth, struct json *object)
{
    size_t offset = lexer->at;
    struct slice name;
    enum err err = read_key(lexer, &name);
    if (err == ERR_NONE) {
        err = hcl_skip_in_line(lexer);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (hcl_peek(lexer) != '=' && hcl_peek(lexer) != ':') {
        return refuse_here(
            lexer, TEXT("= was expected after the name", "nach dem Namen wurde = erwartet"));
    }
    lexer->at++;
    struct json *value;
    err = hcl_skip_in_line(lexer);
    if (err == ERR_NONE) {
        err = read_value(lexer, depth + 1, &value);
    }
    if (err != ERR_NONE) {
        return err;
    }
    value->name = name;
    ((struct placed_json *)value)->offset = offset;
    json_link(object, value);
    return ERR_NONE;
}

/* Behind a pair: a comma, the line's end, or the object's. */
static enum err end_pair(struct hcl_lexer *lexer)
{
    enum err err = hcl_skip_in_line(lexer);
    if (err != ERR_NONE) {
        return err;
    }
    if (hcl_peek(lexer) == ',') {
        lexer->at++;
        return ERR_NONE;
    }
    if (hcl_at_line_end(lexer) || hcl_peek(lexer) == '}') {
        return ERR_NONE;
    }
    return refuse_here(lexer, TEXT("a comma, a new line or } was expected in the object",
                                   "im Objekt wurde ein Komma, eine neue Zeile oder } erwartet"));
}

static enum err check_object(const struct hcl_lexer *lexer, const struct json *object)
{
    const struct json *repeated;
    enum err err = json_repeated_name(lexer->arena, object, &repeated);
    if (err != ERR_NONE || repeated == NULL) {
        return err;
    }
    return hcl_refuse(lexer, ((const struct placed_json *)repeated)->offset,
                      TEXT("this name stands twice in the object; remove one of them",
                           "dieser Name steht zweimal im Objekt; einen davon entfernen"),
                      repeated->name.len);
}

static enum err read_object(struct hcl_lexer *lexer, size_t depth, struct json *object)
{
    size_t opening = lexer->at++;
    for (;;) {
        enum err err = hcl_skip(lexer);
        if (err != ERR_NONE) {
            return err;
        }
        if (hcl_peek(lexer) == '}') {
            lexer->at++;
            return check_object(lexer, object);
        }
        if (hcl_peek(lexer) == 0) {
            return hcl_refuse(lexer, opening,
                              TEXT("this object is not closed; add }",
                                   "dieses Objekt ist nicht geschlossen; } ergänzen"),
                              1);
        }
        err = read_pair(lexer, depth, object);
        if (err == ERR_NONE) {
            err = end_pair(lexer);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
}

static enum err read_word(struct hcl_lexer *lexer, struct json *value)
{
    static const struct {
        const char *word;
        enum json_type type;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
    size_t start = lexer->at;
    struct slice word = hcl_name(lexer);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_is(word, words[i].word)) {
            value->type = words[i].type;
            return ERR_NONE;
        }
    }
    return hcl_refuse(
        lexer, start,
        TEXT("a value was expected; put text in double quotes (variables and functions do not "
             "exist here)",
             "erwartet wurde ein Wert; Text gehört in doppelte Anführungszeichen (Variablen und "
             "Funktionen gibt es hier nicht)"),
        word.len);
}

static enum err read_value(struct hcl_lexer *lexer, size_t depth, struct json **ret_value)
{
    enum err err = check_depth(lexer, depth);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *value = new_value(lexer, JSON_NULL);
    if (value == NULL) {
        return ERR_TOO_LARGE;
    }
    uint8_t byte = hcl_peek(lexer);
    if (byte == '"') {
        value->type = JSON_STRING;
        err = hcl_string(lexer, &value->text);
    } else if (byte == '[') {
        value->type = JSON_ARRAY;
        err = read_list(lexer, depth, value);
    } else if (byte == '{') {
        value->type = JSON_OBJECT;
        err = read_object(lexer, depth, value);
    } else if (byte == '-' || (byte >= '0' && byte <= '9')) {
        value->type = JSON_NUMBER;
        err = hcl_number(lexer, &value->text);
    } else if (slice_starts(slice_from(lexer->text, lexer->at), SLICE_LITERAL("<<"))) {
        value->type = JSON_STRING;
        err = hcl_heredoc(lexer, &value->text);
    } else if (hcl_at_name(lexer)) {
        err = read_word(lexer, value);
    } else {
        err = refuse_here(
            lexer,
            TEXT("a value was expected: \"text\", a number, true, false, null, [list] or {object}",
                 "erwartet wurde ein Wert: \"Text\", eine Zahl, true, false, null, [Liste] oder "
                 "{Objekt}"));
    }
    if (err == ERR_NONE) {
        *ret_value = value;
    }
    return err;
}

/* A body under construction: lists are appended at their ends. */
struct body {
    struct hcl_block *block;
    struct hcl_attribute **next_attribute;
    struct hcl_block **next_block;
    size_t attribute_count, block_count;
    size_t opening; /* offset of the brace */
    size_t depth;
};

static struct body body_of(struct hcl_block *block, size_t opening, size_t depth)
{
    return (struct body){.block = block,
                         .next_attribute = &block->attributes,
                         .next_block = &block->blocks,
                         .opening = opening,
                         .depth = depth};
}

/* What an item starts with. */
struct head {
    struct slice name;
    size_t line, column;
    bool quoted;
};

static enum err read_attribute(struct hcl_lexer *lexer, struct body *body, const struct head *head)
{
    struct hcl_attribute *attribute = arena_alloc(lexer->arena, sizeof(*attribute));
    if (attribute == NULL) {
        return ERR_TOO_LARGE;
    }
    lexer->at++; /* the = */
    struct json *value;
    enum err err = hcl_skip_in_line(lexer);
    if (err == ERR_NONE) {
        err = read_value(lexer, body->depth + 1, &value);
    }
    if (err != ERR_NONE) {
        return err;
    }
    *attribute = (struct hcl_attribute){
        .name = head->name, .value = value, .line = head->line, .column = head->column};
    *body->next_attribute = attribute;
    body->next_attribute = &attribute->next;
    body->attribute_count++;
    return ERR_NONE;
}

static enum err read_labels(struct hcl_lexer *lexer, struct hcl_block *block)
{
    while (hcl_peek(lexer) == '"') {
        if (block->label_count == HCL_LABELS_MAX) {
            return refuse_here(lexer, TEXT("a block takes at most four labels",
                                           "ein Block hat höchstens vier Namen"));
        }
        enum err err = hcl_string(lexer, &block->labels[block->label_count]);
        if (err == ERR_NONE) {
            block->label_count++;
            err = hcl_skip_in_line(lexer);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

static enum err refuse_item(const struct hcl_lexer *lexer, const struct head *head)
{
    if (hcl_at_name(lexer)) {
        return refuse_here(
            lexer, TEXT("put the name of a block in double quotes, as in path \"secret/*\" { ... }",
                        "der Name eines Blocks gehört in doppelte Anführungszeichen, etwa path "
                        "\"secret/*\" { ... }"));
    }
    if (head->quoted) {
        return refuse_here(
            lexer, TEXT("= was expected after the name", "nach dem Namen wurde = erwartet"));
    }
    return refuse_here(lexer, TEXT("after the name, write = and a value, or { to open a block",
                                   "nach dem Namen folgt = und ein Wert oder { für einen Block"));
}

static enum err read_body(struct hcl_lexer *lexer, struct body *body);

static enum err read_block(struct hcl_lexer *lexer, struct body *body, const struct head *head)
{
    struct hcl_block *block = arena_alloc(lexer->arena, sizeof(*block));
    if (block == NULL) {
        return ERR_TOO_LARGE;
    }
    block->type = head->name;
    block->line = head->line;
    block->column = head->column;
    enum err err = read_labels(lexer, block);
    if (err != ERR_NONE) {
        return err;
    }
    if (hcl_peek(lexer) != '{') {
        return refuse_item(lexer, head);
    }
    err = check_depth(lexer, body->depth + 1);
    if (err != ERR_NONE) {
        return err;
    }
    struct body inner = body_of(block, lexer->at++, body->depth + 1);
    err = read_body(lexer, &inner);
    if (err == ERR_NONE) {
        *body->next_block = block;
        body->next_block = &block->next;
        body->block_count++;
    }
    return err;
}

/* One item a line, except that a block's brace may close on the line of its last item. */
static enum err end_item(struct hcl_lexer *lexer)
{
    enum err err = hcl_skip_in_line(lexer);
    if (err != ERR_NONE || hcl_at_line_end(lexer) || hcl_peek(lexer) == '}') {
        return err;
    }
    return refuse_here(lexer,
                       TEXT("a new line was expected here", "hier wurde eine neue Zeile erwartet"));
}

static enum err read_item(struct hcl_lexer *lexer, struct body *body)
{
    struct head head = {.quoted = hcl_peek(lexer) == '"'};
    hcl_place(lexer, &head.line, &head.column);
    enum err err = read_key(lexer, &head.name);
    if (err == ERR_NONE) {
        err = hcl_skip_in_line(lexer);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (hcl_peek(lexer) == '=') {
        err = read_attribute(lexer, body, &head);
    } else if (head.quoted) {
        err = refuse_item(lexer, &head);
    } else {
        err = read_block(lexer, body, &head);
    }
    return err == ERR_NONE ? end_item(lexer) : err;
}

static enum err refuse_name(const struct hcl_lexer *lexer, struct text text, struct slice name,
                            size_t line, size_t column)
{
    return complain(lexer->complaint, ERR_MALFORMED, text, line, column, (const char *)name.data,
                    name.len);
}

/* An attribute twice, or a name used for both an attribute and a block: whoever reads the body
 * would see one only. */
static enum err check_body(struct hcl_lexer *lexer, const struct body *body)
{
    if (body->attribute_count == 0) {
        return ERR_NONE;
    }
    struct name_place *names =
        arena_alloc_array(lexer->arena, body->attribute_count, sizeof(*names));
    if (names == NULL) {
        return ERR_TOO_LARGE;
    }
    size_t index = 0;
    const struct hcl_attribute *attribute = body->block->attributes;
    for (; attribute != NULL; attribute = attribute->next) {
        names[index] = (struct name_place){attribute->name, index};
        index++;
    }
    size_t repeated = names_repeated(names, index);
    if (repeated != SIZE_MAX) {
        attribute = body->block->attributes;
        while (repeated-- > 0) {
            attribute = attribute->next;
        }
        return refuse_name(lexer,
                           TEXT("this name is set twice; remove one of them",
                                "dieser Name wird zweimal gesetzt; einen davon entfernen"),
                           attribute->name, attribute->line, attribute->column);
    }
    for (const struct hcl_block *block = body->block->blocks; block != NULL; block = block->next) {
        if (names_contain(names, index, block->type)) {
            return refuse_name(
                lexer,
                TEXT("this name stands for a value and for a block; use one of them",
                     "dieser Name steht für einen Wert und für einen Block; nur eins von beiden "
                     "verwenden"),
                block->type, block->line, block->column);
        }
    }
    return ERR_NONE;
}

static enum err refuse_end(const struct hcl_lexer *lexer, const struct body *body)
{
    return hcl_refuse(
        lexer, body->opening,
        TEXT("this block is not closed; add }", "dieser Block ist nicht geschlossen; } ergänzen"),
        1);
}

static enum err read_body(struct hcl_lexer *lexer, struct body *body)
{
    bool is_root = body->depth == 0;
    for (;;) {
        enum err err = hcl_skip(lexer);
        if (err != ERR_NONE) {
            return err;
        }
        uint8_t byte = hcl_peek(lexer);
        if (byte == 0) {
            return is_root ? check_body(lexer, body) : refuse_end(lexer, body);
        }
        if (byte == '}' && !is_root) {
            lexer->at++;
            return check_body(lexer, body);
        }
        if (byte == '}') {
            return refuse_here(lexer, TEXT("this } closes nothing; remove it",
                                           "diese } schließt nichts; entfernen"));
        }
        err = read_item(lexer, body);
        if (err != ERR_NONE) {
            return err;
        }
    }
}

enum err hcl_read(struct arena *arena, struct slice text, struct hcl_block **ret_root,
                  struct complaint *complaint)
{
    struct hcl_lexer lexer;
    enum err err = hcl_lexer_start(&lexer, arena, text, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    struct hcl_block *root = arena_alloc(arena, sizeof(*root));
    if (root == NULL) {
        err = ERR_TOO_LARGE;
    } else {
        root->line = root->column = 1;
        struct body body = body_of(root, 0, 0);
        err = read_body(&lexer, &body);
    }
    if (err == ERR_TOO_LARGE) {
        return complain(complaint, err,
                        TEXT("the text is larger than allowed", "der Text ist größer als erlaubt"),
                        0, 0, NULL, 0);
    }
    if (err == ERR_NONE) {
        *ret_root = root;
    }
    return err;
}
