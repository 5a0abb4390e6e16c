/* sys/audit, sys/audit-hash: which audit devices there are, as Vault shows them. */
#include "engine/device.h"

#include "base/encode.h"
#include "engine/mount.h"
#include "engine/operations.h"

#include <string.h>

enum { SALT_BYTES = 32, ACCESSOR_BYTES = 4, PATIENCE_MAX_MS = 4000, PREFIX_BYTES = 128 };

static const char row_path[] = "core/audit";

/* "file" and "file/" are the same device: with the slash, as Vault shows it. */
static struct slice path_of(struct turn *turn)
{
    struct slice path = turn->values[0];
    while (path.len > 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }
    return slice_string(turn_path(turn, "%.*s/", (int)path.len, (const char *)path.data));
}

static const struct json *find(const struct json *devices, struct slice path)
{
    const struct json *device = devices == NULL ? NULL : devices->first;
    while (device != NULL && !slice_equal(json_text(device, "path", SLICE_NONE), path)) {
        device = device->next;
    }
    return device;
}

/* How its process fares, as keep knows it since the start; NULL: it was given nothing yet. */
static const struct json *state_of(const struct turn *turn, const struct json *device)
{
    uint64_t slot = 0, index = 0;
    const struct json *role = turn->around->roles == NULL || json_u64(device, "slot", &slot) != ERR_NONE ? NULL : turn->around->roles->first;
    while (role != NULL && !(slice_is(json_text(role, "role", SLICE_NONE), "tell") && json_u64(role, "index", &index) == ERR_NONE && index == slot)) {
        role = role->next;
    }
    return json_member(role, "device");
}

static struct json *shown(struct turn *turn, const struct json *device)
{
    const struct json *state = state_of(turn, device);
    struct json *item = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, item, "type", json_text(device, "type", SLICE_NONE));
    json_set_string(turn->arena, item, "description", json_text(device, "description", SLICE_NONE));
    json_set(turn->arena, item, "options", json_copy(turn->arena, json_member(device, "options")));
    json_set_bool(turn->arena, item, "local", json_bool(device, "local", false));
    if (state != NULL) {
        json_set(turn->arena, item, "state", json_copy(turn->arena, state)); /* Vogt's own */
    }
    return json_set_string(turn->arena, item, "path", json_text(device, "path", SLICE_NONE)) == NULL ? NULL : item;
}

enum err operation_sys_audits(struct turn *turn)
{
    const struct json *devices = NULL;
    enum err err = device_load(turn, &devices);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *device = devices == NULL ? NULL : devices->first; device != NULL; device = device->next) {
        json_set(turn->arena, data, arena_string(turn->arena, json_text(device, "path", SLICE_NONE)), shown(turn, device));
    }
    return turn_reply_both(turn, data);
}

/* ---- what a device is told to be ---- */

static struct slice option(const struct json *options, const char *name)
{
    return json_text(options, name, SLICE_NONE);
}

/* A file lies in the one directory that tell may write to, by its whole path or by its name alone. */
static enum err file_of(struct turn *turn, const struct json *options, struct json *device)
{
    struct slice path = option(options, "file_path"), directory = slice_string(turn->around->audit_directory);
    path = path.len > 0 ? path : option(options, "path");
    if (slice_is(path, "discard") || slice_is(path, "/dev/null")) {
        json_set_string(turn->arena, device, "kind", SLICE_LITERAL("discard"));
        return ERR_NONE;
    }
    struct slice name = path;
    if (slice_starts(path, directory) && path.len > directory.len + 1 && path.data[directory.len] == '/') {
        name = slice_from(path, directory.len + 1);
    }
    if (name.len == 0 || slice_find_byte(name, '/') != SIZE_MAX || slice_is(name, ".") || slice_is(name, "..") || slice_find_byte(name, 0) != SIZE_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a file device writes into one directory only (audit { directory = \"…\" } in the configuration); file_path is a name in it",
                                                   "ein Datei-Gerät schreibt nur in ein Verzeichnis (audit { directory = \"…\" } in der Konfiguration); file_path ist ein Name darin"),
                           slice_string(turn_path(turn, "%s", turn->around->audit_directory)));
    }
    json_set_string(turn->arena, device, "kind", SLICE_LITERAL("file"));
    json_set_string(turn->arena, device, "name", name);
    json_set_string(turn->arena, device, "mode", option(options, "mode"));
    return ERR_NONE;
}

static enum err syslog_of(struct turn *turn, const struct json *options, struct json *device)
{
    json_set_string(turn->arena, device, "kind", SLICE_LITERAL("syslog"));
    json_set_string(turn->arena, device, "facility", option(options, "facility").len > 0 ? option(options, "facility") : SLICE_LITERAL("AUTH"));
    json_set_string(turn->arena, device, "tag", option(options, "tag").len > 0 ? option(options, "tag") : SLICE_LITERAL("vault"));
    return ERR_NONE;
}

/* write_timeout is seconds, as "2s" or "2". */
static enum err socket_of(struct turn *turn, const struct json *options, struct json *device)
{
    struct slice address = option(options, "address"), kind = option(options, "socket_type"), wait = option(options, "write_timeout");
    kind = kind.len > 0 ? kind : SLICE_LITERAL("tcp");
    uint64_t seconds = 2;
    if (wait.len > 0 && wait.data[wait.len - 1] == 's') {
        wait.len--;
    }
    bool is_kind = slice_is(kind, "tcp") || slice_is(kind, "udp") || slice_is(kind, "unix");
    if (address.len == 0 || !is_kind || (wait.len > 0 && slice_to_u64(wait, &seconds) != ERR_NONE) || seconds == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a socket device needs address (HOST:PORT, or for unix a name in the directory of audit files), socket_type tcp, udp or unix, and write_timeout in whole seconds",
                                                   "ein Socket-Gerät braucht address (HOST:PORT, bei unix ein Name im Verzeichnis der Audit-Dateien), socket_type tcp, udp oder unix und write_timeout in ganzen Sekunden"),
                           address);
    }
    if (slice_is(kind, "unix")) {
        struct json *path = json_new(turn->arena, JSON_OBJECT), *named = json_new(turn->arena, JSON_OBJECT);
        json_set_string(turn->arena, path, "file_path", address);
        enum err err = file_of(turn, path, named);
        if (err != ERR_NONE) {
            return err;
        }
        address = json_text(named, "name", address);
    }
    uint64_t patience_ms = seconds * 1000;
    json_set_string(turn->arena, device, "kind", SLICE_LITERAL("socket"));
    json_set_string(turn->arena, device, "address", address);
    json_set_string(turn->arena, device, "socket_type", kind);
    json_set_u64(turn->arena, device, "patience_ms", patience_ms < PATIENCE_MAX_MS ? patience_ms : PATIENCE_MAX_MS);
    return ERR_NONE;
}

static const struct {
    const char *type;
    enum err (*read)(struct turn *turn, const struct json *options, struct json *device);
} types[] = {{"file", file_of}, {"syslog", syslog_of}, {"socket", socket_of}};

static enum err read_type(struct turn *turn, struct slice type, const struct json *options, struct json **ret_device)
{
    struct slice format = option(options, "format");
    *ret_device = json_new(turn->arena, JSON_OBJECT);
    if ((format.len > 0 && !slice_is(format, "json")) || option(options, "prefix").len > PREFIX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("records are written as json, with a prefix of at most 128 bytes", "Einträge werden als json geschrieben, mit höchstens 128 Bytes prefix"), format);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (slice_is(type, types[i].type)) {
            return types[i].read(turn, options, *ret_device);
        }
    }
    return turn_refuse(turn, ERR_INVALID, TEXT("unknown backend type: file, syslog and socket there are", "diese Art gibt es nicht; es gibt file, syslog und socket"), type);
}

/* ---- making and ending ---- */

static bool free_slot(const struct json *devices, uint64_t *ret_slot)
{
    for (uint64_t slot = 0; slot < DEVICES_MAX; slot++) {
        bool is_taken = false;
        for (const struct json *device = devices == NULL ? NULL : devices->first; device != NULL; device = device->next) {
            uint64_t taken = 0;
            is_taken = is_taken || (json_u64(device, "slot", &taken) == ERR_NONE && taken == slot);
        }
        if (!is_taken) {
            *ret_slot = slot;
            return true;
        }
    }
    return false;
}

static struct slice random_hex(struct turn *turn, size_t bytes)
{
    uint8_t random[SALT_BYTES];
    turn_random(turn, random, bytes);
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof random);
    return hex_encode(&hex, slice_of(random, bytes)) == ERR_NONE ? arena_copy(turn->arena, buf_slice(&hex)) : SLICE_NONE;
}

static struct json *new_device(struct turn *turn, struct slice path, struct slice type, uint64_t slot, struct json *input)
{
    const struct json *body = turn->request->body, *options = json_member(body, "options");
    struct json *device = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, device, "path", path);
    json_set_string(turn->arena, device, "type", type);
    json_set_string(turn->arena, device, "description", turn_field(turn, "description"));
    json_set(turn->arena, device, "options", options == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, options));
    json_set_bool(turn->arena, device, "local", json_bool(body, "local", false));
    json_set_string(turn->arena, device, "salt", random_hex(turn, SALT_BYTES));
    json_set_string(turn->arena, device, "accessor", random_hex(turn, ACCESSOR_BYTES));
    json_set_u64(turn->arena, device, "slot", slot);
    return json_set(turn->arena, device, "device", input) == NULL ? NULL : device;
}

/* The row with one device more, or one less. */
static enum err put_devices(struct turn *turn, const struct json *devices, struct slice without, struct json *more)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, row, "devices");
    for (const struct json *device = devices == NULL ? NULL : devices->first; device != NULL; device = device->next) {
        if (!slice_equal(json_text(device, "path", SLICE_NONE), without)) {
            json_append(list, json_copy(turn->arena, device));
        }
    }
    if (more != NULL) {
        json_append(list, more);
    }
    return turn_put_json(turn, row_path, row, 0);
}

static enum err record(struct turn *turn, const char *what, struct slice path, struct slice type)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "path", path);
    json_set_string(turn->arena, body, "kind", type);
    return json_set_string(turn->arena, body, "by", turn->caller.name) == NULL ? ERR_MEMORY : turn_evidence(turn, what, body, NULL);
}

enum err operation_sys_audit_write(struct turn *turn)
{
    struct slice path = path_of(turn), type = turn_field(turn, "type");
    const struct json *devices = NULL;
    struct json *input = NULL;
    uint64_t slot = 0;
    enum err err = device_load(turn, &devices);
    if (err != ERR_NONE) {
        return err;
    }
    if (find(devices, path) != NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("path already in use", "unter diesem Pfad gibt es schon ein Gerät"), path);
    }
    if (!free_slot(devices, &slot)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("there are four audit devices already, more there cannot be", "es gibt schon vier Audit-Geräte, mehr gehen nicht"), SLICE_NONE);
    }
    err = read_type(turn, type, json_member(turn->request->body, "options"), &input);
    struct json *device = err == ERR_NONE ? new_device(turn, path, type, slot, input) : NULL;
    err = err == ERR_NONE && device == NULL ? ERR_MEMORY : err;
    err = err == ERR_NONE && !json_bool(turn->request->body, "skip_test", false) ? device_try(turn, device) : err;
    if (err == ERR_IO) {
        turn->complaint.text = TEXT("the device cannot be opened", "das Gerät lässt sich nicht öffnen");
        return ERR_INVALID;
    }
    err = err == ERR_NONE ? put_devices(turn, devices, SLICE_NONE, device) : err;
    err = err == ERR_NONE ? record(turn, "audit.enabled", path, type) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_sys_audit_delete(struct turn *turn)
{
    struct slice path = path_of(turn);
    const struct json *devices = NULL;
    enum err err = device_load(turn, &devices);
    const struct json *device = err == ERR_NONE ? find(devices, path) : NULL;
    if (err != ERR_NONE || device == NULL) {
        return err == ERR_NONE ? turn_reply_none(turn) : err; /* as Vault: what is not there is disabled */
    }
    err = put_devices(turn, devices, path, NULL);
    err = err == ERR_NONE ? record(turn, "audit.disabled", path, json_text(device, "type", SLICE_NONE)) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_sys_audit_hash(struct turn *turn)
{
    const struct json *devices = NULL;
    enum err err = device_load(turn, &devices);
    const struct json *device = err == ERR_NONE ? find(devices, path_of(turn)) : NULL;
    if (err != ERR_NONE) {
        return err;
    }
    if (device == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unknown audit backend", "dieses Audit-Gerät gibt es nicht"), turn->values[0]);
    }
    cleanup_buf struct buf salt = BUF_INIT(SALT_BYTES);
    err = hex_decode(&salt, json_text(device, "salt", SLICE_NONE));
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "hash", device_hash(turn->arena, buf_slice(&salt), turn_field(turn, "input")));
    return err == ERR_NONE ? turn_reply_both(turn, data) : ERR_DAMAGED;
}
