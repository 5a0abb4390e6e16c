/*
 * kv version 1: a value a path, the newest only. Rows:
 *   m/UUID/kv/PATH   the body as it was written; numbers keep their text
 */
#include "secrets/secrets.h"

static char *row_of(struct turn *turn)
{
    struct slice path = turn->values[0];
    return mount_path(turn, "kv/%.*s", (int)path.len, (const char *)path.data);
}

static enum err exists(struct turn *turn)
{
    struct slice bytes;
    return turn_row(turn, row_of(turn), &bytes);
}

enum err operation_kv1_read(struct turn *turn)
{
    const struct json *value = NULL;
    enum err err = turn_json(turn, row_of(turn), &value);
    if (err != ERR_NONE) {
        return err;
    }
    err = turn_reply_data(turn, value);
    return err == ERR_NONE ? turn_reply_lease(turn, SLICE_NONE, false, mount_default_ttl_s(turn->mount)) : err;
}

enum err operation_kv1_list(struct turn *turn)
{
    return secrets_list(turn, "kv", turn->values[0]);
}

enum err operation_kv1_write(struct turn *turn)
{
    const struct json *body = turn->request->body;
    if (body == NULL || body->count == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing data fields", "es fehlen die Daten"), SLICE_NONE);
    }
    enum err err = turn_put_json(turn, row_of(turn), body, 0);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_kv1_delete(struct turn *turn)
{
    enum err err = turn_delete(turn, row_of(turn));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static const struct route routes[] = {
    ROUTE(kv1_read, VERB_READ, "*path", ROUTE_SECRET, NO_FIELDS, "The value of a path.", "Der Wert eines Pfads.")
    ROUTE(kv1_list, VERB_LIST, "*path", 0, NO_FIELDS, "Names below a path; queries after, limit.", "Namen unter einem Pfad; Abfragen after, limit.")
    ROUTE(kv1_write, VERB_WRITE, "*path", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, NO_FIELDS, "Sets the value of a path.", "Setzt den Wert eines Pfads.")
    ROUTE(kv1_delete, VERB_DELETE, "*path", ROUTE_EFFECT, NO_FIELDS, "Deletes the value of a path.", "Löscht den Wert eines Pfads.")
};

const struct engine engine_kv1 = {
    .type = "kv", .class = ENGINE_SECRET, .title = TEXT_INIT("key and value", "Schlüssel und Wert"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = exists,
};

/* Which of the two a mount of the type kv is. */
static const struct engine *variant(const struct json *row)
{
    (void)row;
    return &engine_kv1;
}

const struct engine engine_kv = {.type = "kv", .class = ENGINE_SECRET, .title = TEXT_INIT("key and value", "Schlüssel und Wert"), .variant = variant};
