/* kv version 2: the table of its routes, lists, and what all of them share. */
#include "secrets/kv2.h"

enum { DETAILS_MAX = 1000 };

bool kv2_path_is_good(struct slice path)
{
    struct slice rest = path, segment;
    bool is_good = path.len > 0 && path.len <= KV2_PATH_MAX_BYTES && path.data[path.len - 1] != '/' && path.data[0] != '/';
    while (is_good && slice_split(&rest, '/', &segment)) {
        is_good = !slice_is(segment, ".") && !slice_is(segment, "..");
    }
    for (size_t i = 0; is_good && i < path.len; i++) {
        is_good = path.data[i] >= 0x20 && path.data[i] != 0x7f;
    }
    return is_good;
}

/* Vault's own words: clients and people know them. */
static enum err refuse_while_upgrading(struct turn *turn)
{
    enum err err = json_bool(turn->mount->row, "upgraded", false) ? turn_exists(turn, mount_path(turn, "upgrade")) : ERR_NOT_FOUND;
    if (err == ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID,
                           TEXT("Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.",
                                "Die Daten dieses Mounts werden auf Versionen umgestellt; er antwortet in Kürze wieder."), SLICE_NONE);
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err kv2_ready(struct turn *turn)
{
    struct slice path = turn->values[0];
    bool is_write = turn->request->verb == VERB_WRITE || turn->request->verb == VERB_PATCH;
    if (path.len > KV2_PATH_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the path is longer than 460 bytes", "der Pfad ist länger als 460 Bytes"), SLICE_NONE);
    }
    if (is_write && path.len > 0 && path.data[path.len - 1] == '/') {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot write to a path ending in '/'", "an einen Pfad, der auf / endet, lässt sich nichts schreiben"), SLICE_NONE);
    }
    return refuse_while_upgrading(turn);
}

/* Only data and metadata know whether something exists; all other writes are updates. */
static enum err exists(struct turn *turn)
{
    struct slice pattern = slice_string(turn->route->pattern);
    bool is_secret = slice_starts(pattern, SLICE_LITERAL("data/")) || slice_starts(pattern, SLICE_LITERAL("metadata/"));
    return is_secret && kv2_path_is_good(turn->values[0]) ? turn_exists(turn, kv2_path(turn, "kv2", turn->values[0])) : ERR_NONE;
}

/* ---- lists ---- */

/* Everything below a path; with "next" when there is more than one answer holds. */
static enum err scan(struct turn *turn, struct json **ret_data)
{
    struct slice path = turn->values[0], limit_text = turn_query(turn, "limit");
    uint64_t limit = SIZE_MAX;
    enum err err = kv2_ready(turn);
    if (err == ERR_NONE && limit_text.len > 0 && slice_to_u64(limit_text, &limit) != ERR_NONE) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("limit is a whole number", "limit ist eine ganze Zahl"), limit_text);
    }
    return err == ERR_NONE ? secrets_scan(turn, "kv2", path, (size_t)limit, ret_data) : err;
}

static enum err names(struct turn *turn, struct json **ret_data)
{
    struct turn_names list;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? secrets_names(turn, "kv2", turn->values[0], &list) : err;
    if (err == ERR_NONE) {
        *ret_data = turn_keys(turn, &list);
        err = *ret_data == NULL ? ERR_MEMORY : ERR_NONE;
    }
    return err;
}

static enum err list_or_scan(struct turn *turn, struct json **ret_data)
{
    return turn->request->verb == VERB_SCAN ? scan(turn, ret_data) : names(turn, ret_data);
}

enum err operation_kv2_list(struct turn *turn)
{
    struct json *data = NULL;
    enum err err = list_or_scan(turn, &data);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

static enum err add_details(struct turn *turn, struct json *info, struct slice key)
{
    struct slice prefix = turn->values[0];
    bool ends = prefix.len == 0 || prefix.data[prefix.len - 1] == '/';
    char *path = turn_path(turn, "%.*s%s%.*s", (int)prefix.len, (const char *)prefix.data, ends ? "" : "/", (int)key.len, (const char *)key.data);
    char *name = arena_string(turn->arena, key);
    struct kv2_secret secret;
    if (slice_ends(key, SLICE_LITERAL("/"))) {
        return json_set_object(turn->arena, info, name) == NULL ? ERR_MEMORY : ERR_NONE;
    }
    enum err err = kv2_load(turn, slice_string(path), &secret);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    return json_set(turn->arena, info, name, kv2_metadata_tree(turn, &secret)) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err operation_kv2_details(struct turn *turn)
{
    struct json *data = NULL;
    enum err err = list_or_scan(turn, &data), all = ERR_NONE;
    const struct json *keys = json_member(data, "keys");
    if (err != ERR_NONE) {
        return err;
    }
    if (keys->count > DETAILS_MAX) {
        return turn_refuse(turn, ERR_TOO_LARGE, TEXT("more than 1000 secrets: ask in parts with the queries after and limit", "mehr als 1000 Secrets: mit den Abfragen after und limit in Teilen fragen"), SLICE_NONE);
    }
    struct json *info = json_set_object(turn->arena, data, "key_info");
    for (const struct json *key = keys->first; key != NULL && (all == ERR_NONE || all == ERR_NEED); key = key->next) {
        err = add_details(turn, info, key->text);
        all = err == ERR_NONE ? all : err;
    }
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}

/* A path of version 1, asked of a version 2: said with 404, as Vault does. A known word with a verb that it does not take is 405. */
enum err operation_kv2_wrong(struct turn *turn)
{
    static const char *const words[] = {"config", "data", "metadata", "delete", "undelete", "destroy", "subkeys", "detailed-metadata", "bin"};
    struct slice rest = turn->values[0], first = SLICE_NONE;
    bool is_known = slice_split(&rest, '/', &first);
    for (size_t i = 0; is_known && i < sizeof words / sizeof words[0]; i++) {
        if (slice_is(first, words[i])) {
            return turn_refuse(turn, ERR_METHOD, TEXT("unsupported operation", "das geht hier nicht"), SLICE_NONE);
        }
    }
    return turn_reply_warning(turn, 404, "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. "
                                            "If using the Vault CLI, use 'vault kv get' for this operation.");
}

#define DATA F(data, FIELD_ANY, 0, "The secret: a JSON object.", "Das Secret: ein JSON-Objekt.")
#define OPTIONS F(options, FIELD_OBJECT, 0, "cas: only if this is the current version; 0: only if there is none.", "cas: nur wenn dies die jetzige Version ist; 0: nur wenn es keine gibt.")
#define VERSIONS FIELDS(F(versions, FIELD_ANY, 0, "Numbers of versions.", "Nummern der Versionen."))
#define LIMITS F(max_versions, FIELD_ANY, 0, "How many versions are kept; 0: the mount's, else 10.", "Wie viele Versionen bleiben; 0: wie der Mount, sonst 10."), \
               F(cas_required, FIELD_ANY, 0, "Writes must name the current version.", "Schreiben muss die jetzige Version nennen."), \
               F(delete_version_after, FIELD_ANY, 0, "Versions are deleted after this time; 0s: never.", "Versionen gelten nach dieser Zeit als gelöscht; 0s: nie.")

static const struct route routes[] = {
    ROUTE(kv2_config_read, VERB_READ, "config", 0, NO_FIELDS, "Settings of the mount.", "Einstellungen des Mounts.")
    ROUTE(kv2_config_write, VERB_WRITE, "config", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(LIMITS, F(deleted_keep, FIELD_ANY, 0, "Vogt's own: how long secrets deleted with all versions can be restored; 0s: not at all.", "Nur Vogt: wie lange sich ganz gelöschte Secrets wiederherstellen lassen; 0s: gar nicht.")),
          "Changes the settings of the mount.", "Ändert die Einstellungen des Mounts.")
    ROUTE(kv2_read, VERB_READ, "data/*path", ROUTE_SECRET, NO_FIELDS, "A secret; query version, else the newest.", "Ein Secret; Abfrage version, sonst das neueste.")
    ROUTE(kv2_write, VERB_WRITE, "data/*path", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(DATA, OPTIONS), "Writes a new version.", "Schreibt eine neue Version.")
    ROUTE(kv2_patch, VERB_PATCH, "data/*path", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(DATA, OPTIONS), "Writes a new version: the newest with these changes (RFC 7396).", "Schreibt eine neue Version: die neueste mit diesen Änderungen (RFC 7396).")
    ROUTE(kv2_delete, VERB_DELETE, "data/*path", ROUTE_EFFECT, NO_FIELDS, "Deletes the newest version; it can be undeleted.", "Löscht die neueste Version; sie lässt sich zurückholen.")
    ROUTE(kv2_subkeys, VERB_READ, "subkeys/*path", ROUTE_SECRET, NO_FIELDS, "The names in a secret without the values; queries version, depth.", "Die Namen in einem Secret ohne die Werte; Abfragen version, depth.")
    ROUTE(kv2_delete_versions, VERB_WRITE, "delete/*path", ROUTE_EFFECT, VERSIONS, "Deletes versions; they can be undeleted.", "Löscht Versionen; sie lassen sich zurückholen.")
    ROUTE(kv2_undelete, VERB_WRITE, "undelete/*path", ROUTE_EFFECT, VERSIONS, "Takes back that versions were deleted.", "Holt gelöschte Versionen zurück.")
    ROUTE(kv2_destroy, VERB_WRITE, "destroy/*path", ROUTE_EFFECT, VERSIONS, "Destroys the data of versions for good.", "Vernichtet die Daten von Versionen endgültig.")
    ROUTE(kv2_metadata_read, VERB_READ, "metadata/*path", 0, NO_FIELDS, "What is known of a secret and its versions.", "Was über ein Secret und seine Versionen bekannt ist.")
    ROUTE(kv2_list, VERB_LIST | VERB_SCAN, "metadata/*path", 0, NO_FIELDS, "Names below a path, scanned: with all that lies below; queries after, limit.", "Namen unter einem Pfad, mit SCAN alles darunter; Abfragen after, limit.")
    ROUTE(kv2_metadata_write, VERB_WRITE, "metadata/*path", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(LIMITS, F(custom_metadata, FIELD_ANY, 0, "Texts by name: at most 64, names up to 128, values up to 512 bytes.", "Texte nach Namen: höchstens 64, Namen bis 128, Werte bis 512 Bytes.")),
          "Sets what a secret's versions are kept by, and its own notes.", "Setzt, wie Versionen eines Secrets aufbewahrt werden, und eigene Angaben.")
    ROUTE(kv2_metadata_patch, VERB_PATCH, "metadata/*path", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, NO_FIELDS, "Changes parts of the metadata (RFC 7396).", "Ändert Teile der Metadaten (RFC 7396).")
    ROUTE(kv2_metadata_delete, VERB_DELETE, "metadata/*path", ROUTE_EFFECT, NO_FIELDS, "Deletes a secret with all its versions.", "Löscht ein Secret mit allen Versionen.")
    ROUTE(kv2_details, VERB_LIST | VERB_SCAN, "detailed-metadata/*path", 0, NO_FIELDS, "Names below a path with their metadata.", "Namen unter einem Pfad mit ihren Metadaten.")
    ROUTE(kv2_bin_list, VERB_LIST | VERB_READ, "bin/secrets", 0, NO_FIELDS, "Vogt's own: secrets deleted with all versions that can still be restored.", "Nur Vogt: ganz gelöschte Secrets, die sich noch wiederherstellen lassen.")
    ROUTE(kv2_bin_read, VERB_READ, "bin/secrets/:key", 0, NO_FIELDS, "One of them.", "Eines davon.")
    ROUTE(kv2_bin_restore, VERB_WRITE, "bin/secrets/:key", ROUTE_EFFECT, FIELDS(F(path, FIELD_STRING, 0, "Where to; default: where it was.", "Wohin; sonst wo es war.")), "Restores a deleted secret.", "Stellt ein gelöschtes Secret wieder her.")
    ROUTE(kv2_bin_delete, VERB_DELETE, "bin/secrets/:key", ROUTE_EFFECT, NO_FIELDS, "Ends what the bin keeps, now.", "Beendet jetzt, was der Papierkorb hält.")
    ROUTE(kv2_gone_list, VERB_LIST | VERB_READ, "bin/versions", 0, NO_FIELDS, "Vogt's own: secrets whose newest version is deleted and can be undeleted; query after.", "Nur Vogt: Secrets, deren neueste Version gelöscht ist und sich zurückholen lässt; Abfrage after.")
    ROUTE(kv2_wrong, VERB_READ | VERB_WRITE | VERB_DELETE | VERB_LIST | VERB_PATCH | VERB_SCAN, "*path", ROUTE_OPEN_FIELDS, NO_FIELDS, "Not a path of version 2.", "Kein Pfad der Version 2.")
};

const struct engine engine_kv2 = {
    .type = "kv", .class = ENGINE_SECRET, .title = TEXT_INIT("key and value, version 2", "Schlüssel und Wert, Version 2"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = exists, .enable = kv_enable, .tune = kv2_tuned,
};
