/* A table of routes as OpenAPI 3.1. LIST is no method there: it is written as Vault does, as GET
 * with list=true on the path with a slash at its end. */
#include "engine/route.h"

#include <string.h>

struct method {
    enum verb verb;
    const char *name;
    const char *path_end;
    const char *suffix;
};

static const struct method methods[] = {
    {VERB_READ, "get", "", "read"},        {VERB_WRITE, "post", "", "write"},
    {VERB_DELETE, "delete", "", "delete"}, {VERB_LIST, "get", "/", "list"},
    {VERB_PATCH, "patch", "", "patch"},
};

static const struct {
    const char *type;
    const char *format;
} field_types[] = {
    [FIELD_STRING] = {"string", NULL}, [FIELD_NUMBER] = {"integer", NULL},
    [FIELD_BOOL] = {"boolean", NULL},  [FIELD_DURATION] = {"string", "duration"},
    [FIELD_STRINGS] = {"array", NULL}, [FIELD_OBJECT] = {"object", NULL},
    [FIELD_PAIRS] = {"object", NULL},
    [FIELD_HCL] = {"string", "hcl"},   [FIELD_ANY] = {NULL, NULL},
};

static void set_text(struct arena *arena, struct json *object, const char *name, const char *text)
{
    json_set_string(arena, object, name, slice_string(text));
}

static bool is_variable(struct slice segment)
{
    return segment.len > 0 && (segment.data[0] == ':' || segment.data[0] == '*');
}

/* "annex/clauses/:id" -> "/annex/clauses/{id}"; NULL when the arena is full. */
static char *path_of(struct arena *arena, const char *pattern, const char *end)
{
    char *path = arena_printf(arena, "%s", "");
    struct slice rest = slice_string(pattern), segment;
    while (path != NULL && slice_split(&rest, '/', &segment)) {
        struct slice name = is_variable(segment) ? slice_from(segment, 1) : segment;
        path = arena_printf(arena, is_variable(segment) ? "%s/{%.*s}" : "%s/%.*s", path,
                            (int)name.len, (const char *)name.data);
    }
    return path == NULL ? NULL : arena_printf(arena, "%s%s", path, end);
}

static struct json *add_parameter(struct arena *arena, struct json *parameters, struct slice name,
                                  const char *in)
{
    struct json *parameter = json_append(parameters, json_new(arena, JSON_OBJECT));
    json_set_string(arena, parameter, "name", name);
    set_text(arena, parameter, "in", in);
    json_set_bool(arena, parameter, "required", true);
    struct json *schema = json_set_object(arena, parameter, "schema");
    set_text(arena, schema, "type", "string");
    return schema;
}

static void add_parameters(struct arena *arena, struct json *operation, const struct route *route,
                           enum verb verb)
{
    struct json *parameters = json_set_array(arena, operation, "parameters");
    struct slice rest = slice_string(route->pattern), segment;
    while (slice_split(&rest, '/', &segment)) {
        if (is_variable(segment)) {
            add_parameter(arena, parameters, slice_from(segment, 1), "path");
        }
    }
    if (verb == VERB_LIST) {
        struct json *schema = add_parameter(arena, parameters, SLICE_LITERAL("list"), "query");
        json_append(json_set_array(arena, schema, "enum"),
                    json_string(arena, SLICE_LITERAL("true")));
    }
}

static void add_field(struct arena *arena, struct json *properties, const struct field *field)
{
    struct json *property = json_set_object(arena, properties, field->name);
    if (field_types[field->type].type != NULL) {
        set_text(arena, property, "type", field_types[field->type].type);
    }
    if (field_types[field->type].format != NULL) {
        set_text(arena, property, "format", field_types[field->type].format);
    }
    if ((field->flags & FIELD_LONG) != 0) {
        set_text(arena, property, "format", "lines");
    }
    if (field->type == FIELD_STRINGS) {
        set_text(arena, json_set_object(arena, property, "items"), "type", "string");
    }
    set_text(arena, property, "description", field->help.english);
    set_text(arena, property, "x-description-de", field->help.german);
    if ((field->flags & FIELD_SECRET) != 0) {
        json_set_bool(arena, property, "writeOnly", true);
    }
    if ((field->flags & FIELD_OLD) != 0) {
        json_set_bool(arena, property, "deprecated", true);
    }
}

static void add_object_schema(struct arena *arena, struct json *content, const struct route *route)
{
    struct json *schema =
        json_set_object(arena, json_set_object(arena, content, "application/json"), "schema");
    set_text(arena, schema, "type", "object");
    struct json *properties = json_set_object(arena, schema, "properties");
    struct json *required = NULL;
    for (const struct field *field = route->fields; field->name != NULL; field++) {
        add_field(arena, properties, field);
        if ((field->flags & FIELD_REQUIRED) != 0) {
            required = required == NULL ? json_set_array(arena, schema, "required") : required;
            json_append(required, json_string(arena, slice_string(field->name)));
        }
    }
    json_set_bool(arena, schema, "additionalProperties", (route->flags & ROUTE_OPEN_FIELDS) != 0);
}

static void add_request_body(struct arena *arena, struct json *operation, const struct route *route,
                             enum verb verb)
{
    if (verb != VERB_WRITE && verb != VERB_PATCH) {
        return;
    }
    struct json *content =
        json_set_object(arena, json_set_object(arena, operation, "requestBody"), "content");
    if ((route->flags & ROUTE_RAW_BODY) != 0) {
        json_set_object(arena, content, "application/octet-stream");
    } else {
        add_object_schema(arena, content, route);
    }
}

static void add_responses(struct arena *arena, struct json *operation, const struct route *route)
{
    struct json *responses = json_set_object(arena, operation, "responses");
    struct json *good = json_set_object(arena, responses, "200");
    set_text(arena, good, "description", "done");
    struct json *content = json_set_object(arena, good, "content");
    json_set_object(arena, content,
                    (route->flags & ROUTE_RAW_REPLY) != 0 ? "application/octet-stream"
                                                          : "application/json");
    set_text(arena, json_set_object(arena, responses, "default"), "$ref",
             "#/components/responses/error");
}

static void add_operation(struct arena *arena, struct json *path, const struct route *route,
                          const struct method *method)
{
    struct json *operation = json_set_object(arena, path, method->name);
    bool only_verb = route->verbs == (unsigned)method->verb;
    char *id = only_verb ? arena_printf(arena, "%s", route->operation)
                         : arena_printf(arena, "%s_%s", route->operation, method->suffix);
    set_text(arena, operation, "operationId", id == NULL ? "" : id);
    set_text(arena, operation, "summary", route->help.english);
    set_text(arena, operation, "x-summary-de", route->help.german);
    add_parameters(arena, operation, route, method->verb);
    add_request_body(arena, operation, route, method->verb);
    add_responses(arena, operation, route);
    if ((route->flags & ROUTE_PUBLIC) != 0) {
        json_set_array(arena, operation, "security");
    } else if ((route->flags & ROUTE_CERTIFICATE) != 0) {
        struct json *only = json_append(json_set_array(arena, operation, "security"), json_new(arena, JSON_OBJECT));
        json_set_array(arena, only, "certificate");
    }
    if ((route->flags & ROUTE_SUDO) != 0) {
        json_set_bool(arena, operation, "x-sudo", true);
    }
}

static bool stood_before(const struct route *routes, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(routes[i].pattern, routes[index].pattern) == 0) {
            return true;
        }
    }
    return false;
}

/* All operations of one path of the document; a path that no operation has is left out. */
static enum err add_path(struct arena *arena, struct json *paths, const struct route *routes,
                         size_t count, size_t first, const char *end)
{
    const char *pattern = routes[first].pattern;
    struct json *path = NULL;
    for (size_t i = first; i < count; i++) {
        const struct route *route = &routes[i];
        for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++) {
            if (strcmp(route->pattern, pattern) != 0 ||
                (route->verbs & (unsigned)methods[m].verb) == 0 ||
                strcmp(methods[m].path_end, end) != 0) {
                continue;
            }
            if (path == NULL) {
                char *name = path_of(arena, pattern, end);
                path = name == NULL ? NULL : json_set_object(arena, paths, name);
            }
            if (path == NULL) {
                return ERR_TOO_LARGE;
            }
            add_operation(arena, path, route, &methods[m]);
        }
    }
    return ERR_NONE;
}

static void add_components(struct arena *arena, struct json *document)
{
    struct json *components = json_set_object(arena, document, "components");
    struct json *schemes = json_set_object(arena, components, "securitySchemes");
    struct json *token = json_set_object(arena, schemes, "token");
    set_text(arena, token, "type", "apiKey");
    set_text(arena, token, "in", "header");
    set_text(arena, token, "name", "X-Vault-Token");
    set_text(arena, json_set_object(arena, schemes, "certificate"), "type", "mutualTLS");
    struct json *error =
        json_set_object(arena, json_set_object(arena, components, "responses"), "error");
    set_text(arena, error, "description", "refused; the texts say why");
    struct json *schema = json_set_object(
        arena, json_set_object(arena, json_set_object(arena, error, "content"), "application/json"),
        "schema");
    set_text(arena, schema, "type", "object");
    struct json *errors =
        json_set_object(arena, json_set_object(arena, schema, "properties"), "errors");
    set_text(arena, errors, "type", "array");
    set_text(arena, json_set_object(arena, errors, "items"), "type", "string");
}

enum err route_openapi_of(struct arena *arena, struct text title, const char *base,
                          const struct route *routes, size_t count, struct json **ret_document)
{
    struct json *document = json_new(arena, JSON_OBJECT);
    set_text(arena, document, "openapi", "3.1.0");
    struct json *info = json_set_object(arena, document, "info");
    set_text(arena, info, "title", title.english);
    set_text(arena, info, "x-title-de", title.german);
    set_text(arena, info, "version", VOGT_VERSION);
    struct json *servers = json_set_array(arena, document, "servers");
    set_text(arena, json_append(servers, json_new(arena, JSON_OBJECT)), "url", base);
    struct json *security = json_set_array(arena, document, "security");
    json_set_array(arena, json_append(security, json_new(arena, JSON_OBJECT)), "token");
    struct json *paths = json_set_object(arena, document, "paths");
    for (size_t i = 0; i < count; i++) {
        bool is_new = !stood_before(routes, i);
        enum err err = is_new ? add_path(arena, paths, routes, count, i, "") : ERR_NONE;
        if (err == ERR_NONE && is_new) {
            err = add_path(arena, paths, routes, count, i, "/");
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    add_components(arena, document);
    /* Builders pass NULL on; only an arena with room left for one more node has held everything. */
    if (paths == NULL || arena_alloc(arena, sizeof(struct json)) == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_document = document;
    return ERR_NONE;
}

enum err route_openapi(struct arena *arena, struct json **ret_document)
{
    return route_openapi_of(arena, TEXT("Vogt", "Vogt"), "/v1", route_at(0), route_count(),
                            ret_document);
}
