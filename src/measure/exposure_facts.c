#include "measure/exposure_facts.h"

#include "measure/edit.h"
#include "measure/exposure_provider.h"
#include "measure/newest.h"
#include "measure/standing.h"

/* "80/tcp" of a container, published as {"address","port"}: as collect/exposure.h wants it. */
static bool add_published(struct turn *turn, struct json *list, const struct json *container)
{
    for (const struct json *port = edit_items(container, "ports"); port != NULL; port = port->next) {
        struct slice inside = json_text(port, "inside", SLICE_NONE), number;
        struct json *one = json_append(list, json_new(turn->arena, JSON_OBJECT));
        (void)slice_split(&inside, '/', &number);
        json_set_string(turn->arena, one, "address", json_text(port, "address", SLICE_NONE));
        json_set_i64(turn->arena, one, "port", edit_number(port, "port", 0));
        json_set_string(turn->arena, one, "protocol", inside.len == 0 ? SLICE_LITERAL("tcp") : inside);
        if (json_set_string(turn->arena, one, "container", json_text(container, "name", SLICE_NONE)) == NULL) {
            return false;
        }
    }
    return true;
}

/* Every engine must have been read, or not be there: a part of what is published would pass for all of it. NULL otherwise. */
static struct json *published_of(struct turn *turn, const struct json *facts)
{
    struct json *list = json_new(turn->arena, JSON_ARRAY);
    const struct json *engine = edit_items(facts, "engines");
    if (engine == NULL) {
        return NULL;
    }
    for (; engine != NULL; engine = engine->next) {
        struct slice read = json_text(engine, "read", SLICE_NONE);
        const struct json *cut = edit_items(engine, "cut");
        if ((!slice_is(read, "ok") && !slice_is(read, "absent")) || cut != NULL) {
            return NULL;
        }
        for (const struct json *container = edit_items(engine, "containers"); container != NULL; container = container->next) {
            if (!slice_is(json_text(container, "read", SLICE_LITERAL("ok")), "ok") || !add_published(turn, list, container)) {
                return NULL;
            }
        }
    }
    return list;
}

static struct json *as_it_is(struct turn *turn, const struct json *facts)
{
    return json_copy(turn->arena, facts);
}

static const struct layer {
    const char *name, *probe;
    struct json *(*shape)(struct turn *turn, const struct json *facts);
} layers[] = {
    {"nft", "firewall", as_it_is},
    {"sockets", "sockets", as_it_is},
    {"scan", "ports", as_it_is},
    {"published", "docker", published_of},
};

static enum err add_layer(struct turn *turn, const struct layer *layer, struct slice subject, struct json *facts, struct json *times)
{
    struct json *payload = NULL;
    enum err err = newest_run(turn, layer->probe, subject, &payload);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    const struct json *recorded = json_member(payload, "facts");
    if (recorded == NULL || !json_bool(json_member(payload, "plant"), "caught", false)) {
        return ERR_NONE;
    }
    struct json *shaped = layer->shape(turn, recorded);
    if (shaped == NULL) {
        return ERR_NONE;
    }
    json_set(turn->arena, facts, layer->name, shaped);
    return json_set_i64(turn->arena, times, layer->name, edit_number(payload, "collected_at_ms", 0)) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err exposure_facts(struct turn *turn, struct slice subject, struct json *facts)
{
    struct json *times = json_new(turn->arena, JSON_OBJECT);
    enum err all = ERR_NONE;
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        if (!standing_goes_on(&all, add_layer(turn, &layers[i], subject, facts, times))) {
            return all;
        }
    }
    (void)standing_goes_on(&all, exposure_provider(turn, subject, facts, times));
    return all == ERR_NONE && json_set(turn->arena, facts, "collected_at_ms", times) == NULL ? ERR_MEMORY : all;
}
