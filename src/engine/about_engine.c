/* sys/: what clients ask about the server itself, and settings of Vault's that do not exist here and say so. */
#include "engine/operations.h"

#include "base/time.h"
#include "engine/route.h"
#include "engine/vault.h"

#include <string.h>

static const char version_row[] = "core/versions";

static void set_time(struct turn *turn, struct json *object, const char *name, int64_t unix_ms)
{
    char text[RFC3339_BYTES];
    rfc3339_format(unix_ms, text);
    json_set_string(turn->arena, object, name, slice_string(text));
}

/* One node: nobody stands by, and nobody is led. */
enum err operation_sys_leader(struct turn *turn)
{
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, top, "ha_enabled", false);
    json_set_bool(turn->arena, top, "is_self", false);
    json_set_string(turn->arena, top, "active_time", SLICE_LITERAL("0001-01-01T00:00:00Z"));
    json_set_string(turn->arena, top, "leader_address", SLICE_NONE);
    json_set_string(turn->arena, top, "leader_cluster_address", SLICE_NONE);
    json_set_bool(turn->arena, top, "performance_standby", false);
    json_set_u64(turn->arena, top, "performance_standby_last_remote_wal", 0);
    return turn_reply_top(turn, 200, top);
}

enum err operation_sys_raft_configuration(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *config = json_set_object(turn->arena, data, "config");
    json_set_u64(turn->arena, config, "index", 0);
    struct json *server = json_append(json_set_array(turn->arena, config, "servers"), json_new(turn->arena, JSON_OBJECT));
    const char *address = turn->around->address, *host = strstr(address, "://");
    json_set_string(turn->arena, server, "node_id", SLICE_LITERAL("vogt"));
    json_set_string(turn->arena, server, "address", slice_string(host == NULL ? address : host + 3));
    json_set_bool(turn->arena, server, "leader", true);
    json_set_bool(turn->arena, server, "voter", true);
    json_set_string(turn->arena, server, "protocol_version", SLICE_NONE);
    return turn_reply_data(turn, data);
}

/* The seal was asked once, at unsealing; nothing of it can become unhealthy afterwards. */
enum err operation_sys_seal_backends(struct turn *turn)
{
    const struct vault *vault = turn->around->vault;
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, top, "healthy", true);
    json_set_bool(turn->arena, top, "fully_wrapped", true);
    struct json *seal = json_append(json_set_array(turn->arena, top, "backends"), json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, seal, "name", slice_string(strcmp(vault->type, "none") == 0 ? "shamir" : vault->type));
    json_set_bool(turn->arena, seal, "configured", vault->initialized);
    json_set_bool(turn->arena, seal, "disabled", false);
    json_set_bool(turn->arena, seal, "healthy", true);
    return turn_reply_top(turn, 200, top);
}

enum err operation_sys_feature_flags(struct turn *turn)
{
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_array(turn->arena, top, "feature_flags");
    return turn_reply_top(turn, 200, top);
}

enum err operation_sys_openapi(struct turn *turn)
{
    struct json *document = NULL;
    enum err err = route_openapi(turn->arena, &document);
    return err == ERR_NONE ? turn_reply_top(turn, 200, document) : err;
}

/* Vault counts clients to be paid for them. What it would answer with the counting off. */
enum err operation_sys_counters_config(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "enabled", SLICE_LITERAL("disable"));
    json_set_bool(turn->arena, data, "queries_available", false);
    json_set_u64(turn->arena, data, "default_report_months", 12);
    json_set_u64(turn->arena, data, "retention_months", 0);
    json_set_bool(turn->arena, data, "reporting_enabled", false);
    return turn_reply_data(turn, data);
}

enum err operation_sys_counters_activity(struct turn *turn)
{
    return turn_reply_none(turn);
}

enum err operation_sys_ha_status(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *nodes = json_set_array(turn->arena, data, "nodes");
    struct json *node = json_append(nodes, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, node, "hostname", SLICE_LITERAL("localhost"));
    json_set_string(turn->arena, node, "api_address", slice_string(turn->around->address));
    json_set_string(turn->arena, node, "cluster_address", SLICE_NONE);
    json_set_bool(turn->arena, node, "active_node", true);
    json_set_null(turn->arena, node, "last_echo");
    json_set_string(turn->arena, node, "version", SLICE_LITERAL(COMPATIBLE_VERSION));
    return turn_reply_both(turn, data);
}

/* A copy of the members that have other names here. */
static void add_named(struct turn *turn, struct json *to, const struct json *from, const char *const names[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *value = json_member(from, names[i][0]);
        if (value != NULL) {
            json_set(turn->arena, to, names[i][1], json_copy(turn->arena, value));
        }
    }
}
#define ADD_NAMED(turn, to, from, names) add_named((turn), (to), (from), (names), sizeof(names) / sizeof((names)[0]))

static uint64_t number(const struct json *from, const char *name)
{
    uint64_t value = 0;
    return json_u64(from, name, &value) == ERR_NONE ? value : 0;
}

/* How much of a whole, in percent with one decimal; nothing of nothing. */
static void add_percent(struct turn *turn, struct json *to, const char *name, uint64_t part, uint64_t whole)
{
    if (whole > 0 && part <= whole && part <= UINT64_MAX / 1000) {
        uint64_t thousandths = part * 1000 / whole;
        json_set(turn->arena, to, name, json_number_text(turn->arena, slice_string(turn_path(turn, "%llu.%llu", (unsigned long long)(thousandths / 10), (unsigned long long)(thousandths % 10)))));
    }
}

static void add_disks(struct turn *turn, struct json *data, const struct json *load)
{
    static const char *const names[][2] = {{"point", "path"}, {"type", "fstype"}, {"source", "device"}, {"total", "total"}, {"free", "free"}, {"files", "inodesTotal"}, {"files_free", "inodesFree"}};
    const struct json *disks = json_member(load, "disks");
    struct json *list = json_set_array(turn->arena, data, "disk");
    for (const struct json *one = disks == NULL ? NULL : disks->first; one != NULL; one = one->next) {
        struct json *disk = json_append(list, json_new(turn->arena, JSON_OBJECT));
        uint64_t total = number(one, "total"), unused = number(one, "free");
        ADD_NAMED(turn, disk, one, names);
        if (json_member(one, "total") != NULL && unused <= total) {
            json_set_u64(turn->arena, disk, "used", total - unused);
            add_percent(turn, disk, "usedPercent", total - unused, total - unused + number(one, "available")); /* of what an ordinary user can have, as df says it */
        }
    }
}

static void add_processors(struct turn *turn, struct json *data, const struct json *load)
{
    static const char *const names[][2] = {{"cpu", "cpu"}, {"vendor", "vendorId"}, {"family", "family"}, {"model", "model"}, {"name", "modelName"}, {"mhz", "mhz"}};
    const struct json *cpus = json_member(load, "cpus"), *times = json_member(load, "times");
    struct json *list = json_set_array(turn->arena, data, "cpu");
    for (const struct json *one = cpus == NULL ? NULL : cpus->first; one != NULL; one = one->next) {
        ADD_NAMED(turn, json_append(list, json_new(turn->arena, JSON_OBJECT)), one, names);
    }
    json_set(turn->arena, data, "cpu_times", times == NULL ? json_new(turn->arena, JSON_ARRAY) : json_copy(turn->arena, times));
}

static void add_memory(struct turn *turn, struct json *data, const struct json *load)
{
    static const char *const names[][2] = {{"total", "total"}, {"free", "free"}, {"available", "available"}, {"buffers", "buffers"}, {"cached", "cached"}};
    const struct json *from = json_member(load, "memory");
    struct json *memory = json_set_object(turn->arena, data, "memory");
    uint64_t total = number(from, "total"), available = number(from, "available");
    ADD_NAMED(turn, memory, from, names);
    if (total > 0 && available <= total) {
        json_set_u64(turn->arena, memory, "used", total - available);
        add_percent(turn, memory, "usedPercent", total - available, total);
    }
}

/* What look sees of this machine, under Vault's names. */
enum err operation_sys_host_info(struct turn *turn)
{
    static const char *const names[][2] = {{"uptime_s", "uptime"}, {"boot_s", "bootTime"}, {"processes", "procs"}, {"loads", "loads"}};
    const struct json *output = NULL, *load = NULL;
    int64_t at_ms = 0;
    enum err err = turn_work(turn, ROLE_LOOK, "collect.host", json_new(turn->arena, JSON_OBJECT), SLICE_NONE, &output, NULL, NULL);
    enum err also = err == ERR_NONE || err == ERR_NEED ? turn_work(turn, ROLE_LOOK, "collect.load", json_new(turn->arena, JSON_OBJECT), SLICE_NONE, &load, NULL, &at_ms) : ERR_NONE;
    if (err != ERR_NONE || also != ERR_NONE) {
        return err != ERR_NONE && err != ERR_NEED ? err : also != ERR_NONE ? also : err;
    }
    const struct json *facts = json_member(output, "facts");
    load = json_member(load, "facts");
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    set_time(turn, data, "timestamp", at_ms);
    struct json *host = json_set_object(turn->arena, data, "host");
    json_set_string(turn->arena, host, "hostname", json_text(facts, "hostname", SLICE_NONE));
    json_set_string(turn->arena, host, "os", SLICE_LITERAL("linux"));
    json_set_string(turn->arena, host, "platform", json_text(facts, "os", SLICE_NONE));
    json_set_string(turn->arena, host, "kernelVersion", json_text(facts, "kernel", SLICE_NONE));
    ADD_NAMED(turn, host, load, names);
    add_processors(turn, data, load);
    add_memory(turn, data, load);
    add_disks(turn, data, load);
    return turn_reply_data(turn, data);
}

/* ---- which versions have been here ---- */

/* Keep's own, after each unsealing: a version that was not here before is written down. {"VERSION": unix ms}, oldest first. */
enum err operation_own_version(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, version_row, &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    if (err == ERR_NONE && json_member(row, VOGT_VERSION) != NULL) {
        return ERR_NONE;
    }
    struct json *fresh = err == ERR_NONE ? json_copy(turn->arena, row) : json_new(turn->arena, JSON_OBJECT);
    return json_set_i64(turn->arena, fresh, VOGT_VERSION, turn->now_ms) == NULL ? ERR_MEMORY : turn_put_json(turn, version_row, fresh, 0);
}

enum err operation_sys_version_history(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, version_row, &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys"), *infos = json_set_object(turn->arena, data, "key_info");
    struct slice previous = SLICE_NONE;
    for (const struct json *one = row->first; one != NULL; one = one->next) {
        int64_t at_ms = 0;
        const char *name = arena_string(turn->arena, one->name);
        struct json *info = json_set_object(turn->arena, infos, name);
        err = json_i64(row, name, &at_ms);
        json_append(keys, json_string(turn->arena, one->name));
        json_set_null(turn->arena, info, "build_date");
        if (previous.len > 0) {
            json_set_string(turn->arena, info, "previous_version", previous);
        } else {
            json_set_null(turn->arena, info, "previous_version");
        }
        set_time(turn, info, "timestamp_installed", at_ms);
        previous = one->name;
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : ERR_DAMAGED;
}

/* ---- settings ---- */

enum err operation_sys_config_sanitized(struct turn *turn)
{
    const struct surroundings *around = turn->around;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "api_addr", slice_string(around->address));
    json_set_string(turn->arena, data, "cluster_addr", SLICE_NONE);
    json_set_u64(turn->arena, data, "default_lease_ttl", 0);
    json_set_u64(turn->arena, data, "max_lease_ttl", 0);
    json_set_bool(turn->arena, data, "disable_mlock", false);
    struct json *listener = json_append(json_set_array(turn->arena, data, "listeners"), json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, listener, "type", SLICE_LITERAL("tcp"));
    struct json *seal = json_append(json_set_array(turn->arena, data, "seals"), json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, seal, "type", slice_string(around->vault->type));
    json_set_bool(turn->arena, seal, "disabled", false);
    json_set_string(turn->arena, json_set_object(turn->arena, data, "storage"), "type", slice_string(around->storage == NULL ? "sqlite" : around->storage));
    return turn_reply_data(turn, data);
}

enum err operation_sys_plugins(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("plugins are not supported: all engines are built in", "Plugins gibt es nicht: alle Engines sind eingebaut"), SLICE_NONE);
}
