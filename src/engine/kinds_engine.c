/*
 * sys/internal/ui/engines: what can be mounted, and what each kind answers below its mount, from the tables of the engines; the page makes its forms of that. Public, as
 * /openapi.json is: it tells which release this is, and nothing of what is mounted.
 */
#include "engine/operations.h"

#include "engine/mount.h"

/* The engine that a mount with this version has; the same where there are no versions. */
static const struct engine *of_version(struct turn *turn, const struct engine *engine, struct slice version)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, json_set_object(turn->arena, row, "options"), "version", version);
    return engine->variant == NULL ? engine : engine->variant(row);
}

static void add(struct turn *turn, struct json *list, const struct engine *engine, const char *version)
{
    struct json *one = json_append(list, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, one, "type", slice_string(engine->type));
    json_set_string(turn->arena, one, "class", engine->class == ENGINE_AUTH ? SLICE_LITERAL("auth") : SLICE_LITERAL("secret"));
    if (version != NULL) {
        json_set_string(turn->arena, one, "version", slice_string(version));
    }
    json_set_string(turn->arena, one, "english", slice_string(engine->title.english));
    json_set_string(turn->arena, one, "german", slice_string(engine->title.german));
}

enum err operation_sys_ui_engines(struct turn *turn)
{
    static const char *const versions[] = {"2", "1"}; /* the newest first */
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, data, "engines");
    for (size_t i = 0; engine_at(i) != NULL; i++) {
        const struct engine *engine = engine_at(i);
        for (size_t v = 0; v < (engine->variant == NULL ? 1 : 2); v++) {
            add(turn, list, of_version(turn, engine, slice_string(versions[v])), engine->variant == NULL ? NULL : versions[v]);
        }
    }
    return turn_reply_data(turn, data);
}

/* Of kv the query version says which. */
enum err operation_sys_ui_engine(struct turn *turn)
{
    bool is_auth = slice_is(turn->values[0], "auth");
    const struct engine *engine = is_auth || slice_is(turn->values[0], "secret") ? engine_find(is_auth ? ENGINE_AUTH : ENGINE_SECRET, turn->values[1]) : NULL;
    struct json *document = NULL;
    if (engine == NULL) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("there is no such kind of engine", "eine solche Art von Engine gibt es nicht"), turn->values[1]);
    }
    engine = of_version(turn, engine, turn_query(turn, "version"));
    enum err err = route_openapi_of(turn->arena, engine->title, is_auth ? "/v1/auth/{mount}" : "/v1/{mount}", engine->routes, engine->route_count, &document);
    return err == ERR_NONE ? turn_reply_data(turn, document) : err;
}
