#include "base/hcl.h"
#include "base/time.h"
#include "engine/route.h"

/* One converter a field type: the value as keep shall see it, as a new node without a name. */
typedef enum err (*convert_fn)(struct arena *arena, const struct json *value,
                               struct json **ret_value, struct complaint *complaint);

static enum err refuse(struct complaint *complaint, struct text text, struct slice detail)
{
    return complain(complaint, ERR_INVALID, text, 0, 0, (const char *)detail.data, detail.len);
}

/* A node of our own over the same children: trees are immutable once read, so that sharing them is
 * safe. */
static enum err share(struct arena *arena, const struct json *value, struct json **ret_value)
{
    struct json *node = arena_alloc(arena, sizeof(*node));
    if (node == NULL) {
        return ERR_TOO_LARGE;
    }
    *node = *value;
    node->next = NULL;
    node->name = SLICE_NONE;
    *ret_value = node;
    return ERR_NONE;
}

static enum err made(struct json *node, struct json **ret_value)
{
    if (node == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_value = node;
    return ERR_NONE;
}

static enum err convert_any(struct arena *arena, const struct json *value, struct json **ret_value,
                            struct complaint *complaint)
{
    (void)complaint;
    return share(arena, value, ret_value);
}

static enum err convert_string(struct arena *arena, const struct json *value,
                               struct json **ret_value, struct complaint *complaint)
{
    if (value->type == JSON_STRING) {
        return share(arena, value, ret_value);
    }
    if (value->type == JSON_NUMBER) {
        return made(json_string(arena, value->text), ret_value);
    }
    return refuse(complaint, TEXT("this field takes a text", "dieses Feld nimmt einen Text"),
                  SLICE_NONE);
}

static enum err convert_number(struct arena *arena, const struct json *value,
                               struct json **ret_value, struct complaint *complaint)
{
    uint64_t number;
    if ((value->type != JSON_NUMBER && value->type != JSON_STRING) ||
        slice_to_u64(value->text, &number) != ERR_NONE) {
        return refuse(complaint,
                      TEXT("this field takes a whole number that is not negative",
                           "dieses Feld nimmt eine ganze, nicht negative Zahl"),
                      SLICE_NONE);
    }
    return made(json_number_u64(arena, number), ret_value);
}

static enum err convert_bool(struct arena *arena, const struct json *value, struct json **ret_value,
                             struct complaint *complaint)
{
    bool is_string = value->type == JSON_STRING;
    bool yes = value->type == JSON_TRUE || (is_string && slice_is(value->text, "true"));
    if (!yes && value->type != JSON_FALSE && !(is_string && slice_is(value->text, "false"))) {
        return refuse(complaint,
                      TEXT("this field takes true or false", "dieses Feld nimmt true oder false"),
                      SLICE_NONE);
    }
    return made(json_boolean(arena, yes), ret_value);
}

static enum err convert_duration(struct arena *arena, const struct json *value,
                                 struct json **ret_value, struct complaint *complaint)
{
    uint64_t seconds;
    if ((value->type != JSON_NUMBER && value->type != JSON_STRING) ||
        duration_parse(value->text, &seconds) != ERR_NONE) {
        return refuse(complaint,
                      TEXT("this field takes a duration, such as 90, \"90s\", \"5m\" or \"1h30m\"",
                           "dieses Feld nimmt eine Dauer, etwa 90, \"90s\", \"5m\" oder \"1h30m\""),
                      SLICE_NONE);
    }
    return made(json_number_u64(arena, seconds), ret_value);
}

static enum err split_strings(struct arena *arena, struct slice text, struct json **ret_value)
{
    struct json *list = json_new(arena, JSON_ARRAY);
    struct slice part;
    while (slice_split(&text, ',', &part)) {
        part = slice_trim(part);
        if (part.len > 0 && json_append(list, json_string(arena, part)) == NULL) {
            return ERR_TOO_LARGE;
        }
    }
    return made(list, ret_value);
}

static enum err convert_strings(struct arena *arena, const struct json *value,
                                struct json **ret_value, struct complaint *complaint)
{
    if (value->type == JSON_STRING) {
        return split_strings(arena, value->text, ret_value);
    }
    bool good = value->type == JSON_ARRAY;
    for (const struct json *child = good ? value->first : NULL; child != NULL;
         child = child->next) {
        good = good && child->type == JSON_STRING;
    }
    if (!good) {
        return refuse(complaint,
                      TEXT("this field takes a list of texts, or one text with commas",
                           "dieses Feld nimmt eine Liste von Texten oder einen Text mit Kommas"),
                      SLICE_NONE);
    }
    return share(arena, value, ret_value);
}

static enum err convert_object(struct arena *arena, const struct json *value,
                               struct json **ret_value, struct complaint *complaint)
{
    if (value->type != JSON_OBJECT) {
        return refuse(complaint, TEXT("this field takes an object", "dieses Feld nimmt ein Objekt"),
                      SLICE_NONE);
    }
    return share(arena, value, ret_value);
}

static enum err no_pairs(struct complaint *complaint)
{
    return refuse(complaint, TEXT("this field takes texts by name: an object, or name=value", "dieses Feld nimmt Texte nach Namen: ein Objekt oder name=wert"), SLICE_NONE);
}

/* "name=value"; the first equals sign parts them, and a later one of the same name counts. */
static enum err add_pair(struct arena *arena, struct json *pairs, struct slice text, struct complaint *complaint)
{
    size_t sign = slice_find_byte(text, '=');
    if (sign == SIZE_MAX || sign == 0) {
        return no_pairs(complaint);
    }
    char *name = arena_string(arena, slice_first(text, sign));
    struct slice value = slice_from(text, sign + 1);
    for (struct json *one = pairs->first; one != NULL; one = one->next) {
        if (slice_is(one->name, name)) {
            one->text = value;
            return ERR_NONE;
        }
    }
    return json_set_string(arena, pairs, name, value) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* Values of an object are texts, or what Vault makes texts of: numbers and truth values. */
static enum err add_member(struct arena *arena, struct json *pairs, const struct json *member, struct complaint *complaint)
{
    bool is_truth = member->type == JSON_TRUE || member->type == JSON_FALSE;
    if (!is_truth && member->type != JSON_STRING && member->type != JSON_NUMBER) {
        return no_pairs(complaint);
    }
    struct slice text = is_truth ? slice_string(member->type == JSON_TRUE ? "1" : "0") : member->text;
    struct json *added = json_string(arena, text);
    if (added == NULL) {
        return ERR_TOO_LARGE;
    }
    added->name = member->name; /* by hand: names of objects may hold any character, NUL too */
    *(pairs->last == NULL ? &pairs->first : &pairs->last->next) = added;
    pairs->last = added;
    pairs->count++;
    return ERR_NONE;
}

static enum err convert_pairs(struct arena *arena, const struct json *value, struct json **ret_value, struct complaint *complaint)
{
    struct json *pairs = json_new(arena, JSON_OBJECT);
    bool is_list = value->type == JSON_ARRAY, is_object = value->type == JSON_OBJECT;
    enum err err = pairs == NULL ? ERR_TOO_LARGE : is_list || is_object ? ERR_NONE : value->type == JSON_STRING ? add_pair(arena, pairs, value->text, complaint) : no_pairs(complaint);
    for (const struct json *one = is_list || is_object ? value->first : NULL; one != NULL && err == ERR_NONE; one = one->next) {
        err = is_object ? add_member(arena, pairs, one, complaint) : one->type == JSON_STRING ? add_pair(arena, pairs, one->text, complaint) : no_pairs(complaint);
    }
    return err == ERR_NONE ? made(pairs, ret_value) : err;
}

/* {"path":{"secret/app":{…}}} becomes {"path":[{"labels":["secret/app"],…}]}: blocks with one label as JSON writes them, also as a list of such objects. */
static void add_blocks(struct arena *arena, struct json *blocks, const struct json *labelled)
{
    for (const struct json *one = labelled->first; one != NULL; one = one->next) {
        struct json *block = one->type == JSON_OBJECT ? json_append(blocks, json_new(arena, JSON_OBJECT)) : NULL;
        json_append(json_set_array(arena, block, "labels"), json_string(arena, one->name));
        for (const struct json *member = block == NULL ? NULL : one->first; member != NULL; member = member->next) {
            json_set(arena, block, arena_string(arena, member->name), json_copy(arena, member));
        }
    }
}

/* As deep as HCL may be: what keep gets must fit the depth of packed trees, with all that stands around it. */
static bool is_too_deep(const struct json *tree)
{
    const struct json *level[HCL_DEPTH_MAX + 1] = {tree->first};
    for (size_t depth = 0;;) {
        const struct json *here = level[depth];
        if (here == NULL && depth == 0) {
            return false;
        }
        if (here == NULL) {
            depth--;
            level[depth] = level[depth]->next;
        } else if (here->first == NULL) {
            level[depth] = here->next;
        } else if (depth == HCL_DEPTH_MAX) {
            return true;
        } else {
            level[++depth] = here->first;
        }
    }
}

static enum err read_json_blocks(struct arena *arena, struct slice text, struct json **ret_tree, struct complaint *complaint)
{
    struct json *given = NULL, *tree = json_new(arena, JSON_OBJECT);
    enum err err = json_read(arena, text, &given, complaint);
    if (err == ERR_NONE && is_too_deep(given)) {
        return refuse(complaint, TEXT("this is nested deeper than 32 levels", "das ist tiefer als 32 Ebenen verschachtelt"), SLICE_NONE);
    }
    for (const struct json *member = err == ERR_NONE ? given->first : NULL; member != NULL; member = member->next) {
        char *name = arena_string(arena, member->name);
        if (member->type != JSON_OBJECT && member->type != JSON_ARRAY) {
            json_set(arena, tree, name, json_copy(arena, member));
            continue;
        }
        struct json *blocks = json_set_array(arena, tree, name);
        for (const struct json *one = member->type == JSON_ARRAY ? member->first : NULL; one != NULL; one = one->next) {
            add_blocks(arena, blocks, one);
        }
        if (member->type == JSON_OBJECT) {
            add_blocks(arena, blocks, member);
        }
    }
    *ret_tree = tree;
    return err;
}

static enum err convert_hcl(struct arena *arena, const struct json *value, struct json **ret_value,
                            struct complaint *complaint)
{
    if (value->type != JSON_STRING) {
        return refuse(complaint,
                      TEXT("this field takes HCL as a text", "dieses Feld nimmt HCL als Text"),
                      SLICE_NONE);
    }
    struct hcl_block *root = NULL;
    struct json *tree = NULL, *both = json_new(arena, JSON_OBJECT);
    bool is_json = slice_starts(slice_trim(value->text), SLICE_LITERAL("{"));
    enum err err = is_json ? read_json_blocks(arena, value->text, &tree, complaint) : hcl_read(arena, value->text, &root, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(arena, both, "text", value->text);
    if (json_set(arena, both, "tree", is_json ? tree : hcl_to_json(arena, root)) == NULL) {
        return ERR_TOO_LARGE;
    }
    return made(both, ret_value);
}

static const convert_fn converters[] = {
    [FIELD_STRING] = convert_string,   [FIELD_NUMBER] = convert_number,
    [FIELD_BOOL] = convert_bool,       [FIELD_DURATION] = convert_duration,
    [FIELD_STRINGS] = convert_strings, [FIELD_OBJECT] = convert_object,
    [FIELD_PAIRS] = convert_pairs,
    [FIELD_HCL] = convert_hcl,         [FIELD_ANY] = convert_any,
};

static const struct field *find_field(const struct route *route, struct slice name)
{
    for (const struct field *field = route->fields; field->name != NULL; field++) {
        if (slice_is(name, field->name)) {
            return field;
        }
    }
    return NULL;
}

/* json_set takes names with a NUL; members handed on keep the slice that they came with. */
static void attach(struct json *object, struct json *node, struct slice name)
{
    node->name = name;
    if (object->last == NULL) {
        object->first = node;
    } else {
        object->last->next = node;
    }
    object->last = node;
    object->count++;
}

/* A message about a value names its field: "this field takes ...: threshold". The texts of complaints
 * are constants, so the name goes where the detail is. The value is never repeated: it may be a secret
 * in the wrong place. HCL keeps its own place, which is of more use. */
static enum err name_field(struct complaint *complaint, const struct field *field)
{
    if (complaint == NULL || complaint->line > 0) {
        return ERR_INVALID;
    }
    struct slice name = slice_string(field->name);
    return complain(complaint, ERR_INVALID, complaint->text, 0, 0, (const char *)name.data,
                    name.len);
}

/* Clients repeat in the body what the path already says ("name" of "role/:name"); the path counts. */
static bool is_in_path(const struct route *route, struct slice name)
{
    struct slice rest = slice_string(route->pattern), part;
    while (slice_split(&rest, '/', &part)) {
        if (part.len > 1 && part.data[0] == ':' && slice_equal(slice_from(part, 1), name)) {
            return true;
        }
    }
    return false;
}

/* Clients write null for what was not given, and the empty text where they have no value for a time, a number or a yes. */
static bool is_not_given(const struct field *field, const struct json *member)
{
    bool is_scalar = field->type == FIELD_DURATION || field->type == FIELD_NUMBER || field->type == FIELD_BOOL;
    return member->type == JSON_NULL || (is_scalar && member->type == JSON_STRING && member->text.len == 0);
}

/* A form without "=" makes its whole text a name ("curl -d SECRET", base64 with its padding): the
 * value is empty then, or begins with "=". Such a name is not repeated. */
static struct slice shown_name(const struct json *member)
{
    bool is_bare = member->type == JSON_STRING &&
                   (member->text.len == 0 || member->text.data[0] == '=');
    return is_bare ? SLICE_NONE : member->name;
}

static enum err check_member(const struct route *route, struct arena *arena,
                             const struct json *member, struct json *checked,
                             struct complaint *complaint)
{
    const struct field *field = find_field(route, member->name);
    if (field == NULL && is_in_path(route, member->name)) {
        return ERR_NONE;
    }
    if (field == NULL && (route->flags & ROUTE_OPEN_FIELDS) == 0) {
        return refuse(complaint,
                      TEXT("there is no such field here", "dieses Feld gibt es hier nicht"),
                      shown_name(member));
    }
    if (field != NULL && is_not_given(field, member)) {
        return ERR_NONE;
    }
    struct json *value;
    enum err err =
        converters[field == NULL ? FIELD_ANY : field->type](arena, member, &value, complaint);
    if (err == ERR_NONE) {
        attach(checked, value, member->name);
    } else if (err == ERR_INVALID && field != NULL) {
        return name_field(complaint, field);
    }
    return err;
}

/* Is there ":NAME" in the pattern? */
static bool is_of_path(const struct route *route, struct slice name)
{
    struct slice rest = slice_string(route->pattern);
    while (rest.len > 0) {
        size_t slash = slice_find_byte(rest, '/');
        struct slice segment = slice_first(rest, slash == SIZE_MAX ? rest.len : slash);
        if (segment.len > 1 && segment.data[0] == ':' && slice_equal(slice_from(segment, 1), name)) {
            return true;
        }
        rest = slash == SIZE_MAX ? SLICE_NONE : slice_from(rest, slash + 1);
    }
    return false;
}

enum err route_known(const struct route *route, struct arena *arena, const struct json *body, const struct json **ret_body, struct slice *ret_ignored)
{
    bool all = true;
    *ret_body = body;
    for (const struct json *member = body == NULL ? NULL : body->first; member != NULL; member = member->next) {
        all = all && find_field(route, member->name) != NULL;
    }
    if (all || (route->flags & ROUTE_OPEN_FIELDS) != 0 || body->type != JSON_OBJECT) {
        return ERR_NONE;
    }
    struct json *known = json_new(arena, JSON_OBJECT);
    cleanup_buf struct buf ignored = BUF_INIT(1024);
    enum err err = known == NULL ? ERR_TOO_LARGE : ERR_NONE;
    for (const struct json *member = body->first; err == ERR_NONE && member != NULL; member = member->next) {
        if (find_field(route, member->name) != NULL) {
            err = json_set(arena, known, arena_string(arena, member->name), json_copy(arena, member)) == NULL ? ERR_TOO_LARGE : ERR_NONE;
        } else if (!is_of_path(route, member->name) && ignored.len + member->name.len < 1000) { /* what else there is, is not named */
            err = ignored.len == 0 ? ERR_NONE : buf_append_string(&ignored, " ");
            err = err == ERR_NONE ? buf_append(&ignored, member->name) : err;
        }
    }
    *ret_body = known;
    *ret_ignored = arena_copy(arena, buf_slice(&ignored));
    return err;
}

enum err route_check(const struct route *route, struct arena *arena, const struct json *body,
                     const struct json **ret_body, struct complaint *complaint)
{
    struct json *checked = json_new(arena, JSON_OBJECT);
    if (checked == NULL) {
        return ERR_TOO_LARGE;
    }
    if (body != NULL && body->type == JSON_NULL) {
        body = NULL; /* clients write null where they have nothing to say */
    }
    if (body != NULL && body->type != JSON_OBJECT) {
        return refuse(complaint,
                      TEXT("the body must be a JSON object",
                           "der Rumpf der Anfrage muss ein JSON-Objekt sein"),
                      SLICE_NONE);
    }
    for (const struct json *member = body == NULL ? NULL : body->first; member != NULL;
         member = member->next) {
        enum err err = check_member(route, arena, member, checked, complaint);
        if (err != ERR_NONE) {
            return err;
        }
    }
    for (const struct field *field = route->fields; field->name != NULL; field++) {
        if ((field->flags & FIELD_REQUIRED) != 0 && json_member(checked, field->name) == NULL) {
            return refuse(complaint, TEXT("a required field is missing", "ein Pflichtfeld fehlt"),
                          slice_string(field->name));
        }
    }
    *ret_body = checked;
    return ERR_NONE;
}
