/*
 * kv version 1: a value a path, the newest only. Rows:
 *   m/UUID/kv/PATH   the body as it was written; numbers keep their text
 */
#include "base/time.h"
#include "secrets/kv2.h"

static char *row_of(struct turn *turn)
{
    return kv2_path(turn, "kv", turn->values[0]);
}

static enum err check_path(struct turn *turn)
{
    struct slice path = turn->values[0];
    bool is_write = turn->request->verb == VERB_WRITE;
    if (path.len > KV2_PATH_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the path is longer than 460 bytes", "der Pfad ist länger als 460 Bytes"), SLICE_NONE);
    }
    if (is_write && slice_ends(path, SLICE_LITERAL("/"))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot write to a path ending in '/'", "an einen Pfad, der auf / endet, lässt sich nichts schreiben"), SLICE_NONE);
    }
    return ERR_NONE;
}

static enum err exists(struct turn *turn)
{
    return kv2_path_is_good(turn->values[0]) ? turn_exists(turn, row_of(turn)) : ERR_NONE;
}

/* A value may say itself how long it should be kept: "ttl", or "lease" as it was called once. */
static uint64_t lease_of(const struct turn *turn, const struct json *value)
{
    uint64_t seconds = 0;
    static const char *const names[] = {"ttl", "lease"};
    for (size_t i = 0; i < 2; i++) {
        struct slice text = json_text(value, names[i], SLICE_NONE);
        if (text.len > 0) {
            return duration_parse(text, &seconds) == ERR_NONE ? seconds : mount_default_ttl_s(turn, turn->mount);
        }
    }
    return mount_default_ttl_s(turn, turn->mount);
}

enum err operation_kv1_read(struct turn *turn)
{
    const struct json *value = NULL;
    enum err err = check_path(turn);
    err = err == ERR_NONE ? turn_json(turn, row_of(turn), &value) : err;
    err = err == ERR_NONE ? turn_reply_data(turn, value) : err;
    return err == ERR_NONE ? turn_reply_lease(turn, SLICE_NONE, false, lease_of(turn, value)) : err;
}

enum err operation_kv1_list(struct turn *turn)
{
    struct json *data = NULL;
    enum err err = check_path(turn);
    if (err != ERR_NONE || turn->request->verb == VERB_LIST) {
        return err != ERR_NONE ? err : secrets_list(turn, "kv", turn->values[0]);
    }
    err = secrets_scan(turn, "kv", turn->values[0], SIZE_MAX, &data);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_kv1_write(struct turn *turn)
{
    const struct json *body = turn->request->body;
    enum err err = check_path(turn);
    if (err == ERR_NONE && (body == NULL || body->count == 0)) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("missing data fields", "es fehlen die Daten"), SLICE_NONE);
    }
    err = err == ERR_NONE ? secrets_fits(turn, body) : err;
    err = err == ERR_NONE ? turn_put_json(turn, row_of(turn), body, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_kv1_delete(struct turn *turn)
{
    enum err err = check_path(turn);
    err = err == ERR_NONE ? turn_delete(turn, row_of(turn)) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* Of a new mount: there are these two versions. */
enum err kv_enable(struct turn *turn, const struct mount *mount)
{
    struct slice version = json_text(json_member(mount->row, "options"), "version", SLICE_LITERAL("1"));
    bool is_known = slice_is(version, "1") || slice_is(version, "2");
    return is_known ? ERR_NONE : turn_refuse(turn, ERR_INVALID, TEXT("invalid version provided", "diese Version gibt es nicht"), version);
}

static const struct route routes[] = {
    ROUTE(kv1_read, VERB_READ, "*path", ROUTE_SECRET, NO_FIELDS, "The value of a path.", "Der Wert eines Pfads.")
    ROUTE(kv1_list, VERB_LIST | VERB_SCAN, "*path", 0, NO_FIELDS, "Names below a path, scanned: with all that lies below; queries after, limit.", "Namen unter einem Pfad, mit SCAN alles darunter; Abfragen after, limit.")
    ROUTE(kv1_write, VERB_WRITE, "*path", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, NO_FIELDS, "Sets the value of a path.", "Setzt den Wert eines Pfads.")
    ROUTE(kv1_delete, VERB_DELETE, "*path", ROUTE_EFFECT, NO_FIELDS, "Deletes the value of a path.", "Löscht den Wert eines Pfads.")
};

const struct engine engine_kv1 = {
    .type = "kv", .class = ENGINE_SECRET, .title = TEXT_INIT("key and value, version 1", "Schlüssel und Wert, Version 1"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = exists, .enable = kv_enable, .tune = kv2_tuned,
};

/* Which of the two a mount of the type kv is. */
static const struct engine *variant(const struct json *row)
{
    return slice_is(json_text(json_member(row, "options"), "version", SLICE_NONE), "2") ? &engine_kv2 : &engine_kv1;
}

const struct engine engine_kv = {.type = "kv", .class = ENGINE_SECRET, .title = TEXT_INIT("key and value", "Schlüssel und Wert"), .variant = variant};
