/*
 * Facts: {"path","resolved"?,"error"?,"mount":{"point","type","source","device","upper"?},
 *   "tops":["253:0"],"devices":[{"device","name","dm_uuid"?,"loop"?,"slaves":["254:1"],
 *      "crypt":{"cipher","key_bits"}? ,"crypt_error"?,"luks":{…}?,"luks_error"?}],"devices_cut":bool}
 * devices holds every device reachable from tops over slaves.
 */
#include "collect/volume.h"

#include "collect/fact.h"
#include "collect/luks.h"
#include "collect/mountinfo.h"

#include <stdio.h>
#include <string.h>

enum { DEVICES_MAX = 64, PATH_MAX_BYTES = 4096, TEXT_MAX_BYTES = 256, MOUNTINFO_MAX_BYTES = 1 << 20, SLAVES_MAX = 32 };

struct reading {
    struct arena *arena;
    const struct volume_view *view;
    struct json *facts, *devices;
};

static enum err read_sys(const struct reading *reading, const char *number, const char *name, struct slice *ret_text)
{
    const char *path = arena_printf(reading->arena, "/sys/dev/block/%s/%s", number, name);
    return path == NULL ? ERR_MEMORY : reading->view->read(reading->arena, path, PATH_MAX_BYTES, ret_text);
}

/* The kernel's name of a device, from "DEVNAME=vda1" of its uevent. */
static struct slice name_of(const struct reading *reading, const char *number)
{
    struct slice text, line;
    if (read_sys(reading, number, "uevent", &text) != ERR_NONE) {
        return SLICE_NONE;
    }
    while (slice_split(&text, '\n', &line)) {
        if (slice_starts(line, SLICE_LITERAL("DEVNAME="))) {
            return slice_from(line, 8);
        }
    }
    return SLICE_NONE;
}

static void put_slaves(const struct reading *reading, struct json *device, const char *number)
{
    struct arena *arena = reading->arena;
    struct json *slaves = json_set_array(arena, device, "slaves");
    struct json *names = json_new(arena, JSON_ARRAY);
    const char *path = arena_printf(arena, "/sys/dev/block/%s/slaves", number);
    if (path == NULL || reading->view->list(arena, path, names) != ERR_NONE || names == NULL) {
        return;
    }
    size_t count = 0;
    for (const struct json *name = names->first; name != NULL && count < SLAVES_MAX; name = name->next, count++) {
        struct slice slave;
        const char *file = arena_printf(arena, "slaves/%.*s/dev", (int)name->text.len, (const char *)name->text.data);
        /* One that cannot be read stays in the list under its name: the judge will not find it, and not be green. */
        bool known = file != NULL && read_sys(reading, number, file, &slave) == ERR_NONE;
        json_append(slaves, json_string(arena, fact_text(arena, known ? slave : name->text, TEXT_MAX_BYTES)));
    }
}

static void put_luks(const struct reading *reading, struct json *device, struct slice name)
{
    cleanup_buf struct buf header = BUF_INIT(LUKS_HEADER_MAX_BYTES);
    struct json *luks = json_new(reading->arena, JSON_OBJECT);
    const char *text = arena_string(reading->arena, name);
    if (name.len == 0 || text == NULL || slice_find(name, SLICE_LITERAL("..")) != SIZE_MAX) {
        return;
    }
    enum err err = reading->view->header(text, &header);
    err = err != ERR_NONE ? err : luks_read(reading->arena, buf_slice(&header), luks);
    if (err == ERR_NONE) {
        json_set(reading->arena, device, "luks", luks);
    } else if (err != ERR_NOT_FOUND) {
        json_set_string(reading->arena, device, "luks_error", slice_string(err_name(err)));
    }
}

static void put_crypt(const struct reading *reading, struct json *device, const char *number)
{
    struct json *crypt = json_new(reading->arena, JSON_OBJECT);
    enum err err = reading->view->table(reading->arena, number, crypt);
    if (err == ERR_NONE) {
        json_set(reading->arena, device, "crypt", crypt);
    } else {
        json_set_string(reading->arena, device, "crypt_error", slice_string(err_name(err)));
    }
}

static void put_device(const struct reading *reading, struct slice number)
{
    struct arena *arena = reading->arena;
    const char *text = arena_string(arena, number);
    struct json *device = json_append(reading->devices, json_new(arena, JSON_OBJECT));
    fact_set_text(arena, device, "device", number, TEXT_MAX_BYTES);
    if (text == NULL || slice_find_byte(number, '/') != SIZE_MAX) {
        return;
    }
    struct slice name = name_of(reading, text), value;
    fact_set_text(arena, device, "name", name, TEXT_MAX_BYTES);
    if (read_sys(reading, text, "dm/uuid", &value) == ERR_NONE) {
        fact_set_text(arena, device, "dm_uuid", value, TEXT_MAX_BYTES);
        if (slice_starts(value, SLICE_LITERAL("CRYPT-"))) {
            put_crypt(reading, device, text);
        }
    }
    if (read_sys(reading, text, "loop/backing_file", &value) == ERR_NONE) {
        fact_set_text(arena, device, "loop", value, TEXT_MAX_BYTES);
    }
    put_slaves(reading, device, text);
    put_luks(reading, device, name);
}

static bool is_listed(const struct json *devices, struct slice number)
{
    for (const struct json *device = devices == NULL ? NULL : devices->first; device != NULL; device = device->next) {
        if (slice_equal(json_text(device, "device", SLICE_NONE), number)) {
            return true;
        }
    }
    return false;
}

/* Breadth first: the list of devices is its own queue, read while it grows. */
static void put_devices(const struct reading *reading, const struct json *tops)
{
    bool was_cut = false;
    for (const struct json *top = tops == NULL ? NULL : tops->first; top != NULL; top = top->next) {
        put_device(reading, top->text);
    }
    for (const struct json *device = reading->devices == NULL ? NULL : reading->devices->first; device != NULL;
         device = device->next) {
        const struct json *slaves = json_member(device, "slaves");
        for (const struct json *slave = slaves == NULL ? NULL : slaves->first; slave != NULL; slave = slave->next) {
            if (is_listed(reading->devices, slave->text)) {
                continue;
            }
            if (reading->devices->count == DEVICES_MAX) {
                was_cut = true;
                break;
            }
            put_device(reading, slave->text);
        }
    }
    json_set_bool(reading->arena, reading->facts, "devices_cut", was_cut);
}

/* A btrfs may lie on several devices; mountinfo names one. /sys/fs/btrfs/UUID/devices names all. */
static void put_btrfs(const struct reading *reading, struct json *tops, struct slice first)
{
    struct arena *arena = reading->arena;
    struct json *systems = json_new(arena, JSON_ARRAY);
    const char *number = arena_string(arena, first);
    struct slice own = number == NULL ? SLICE_NONE : name_of(reading, number);
    if (systems == NULL || reading->view->list(arena, "/sys/fs/btrfs", systems) != ERR_NONE) {
        json_set_string(arena, reading->facts, "error", SLICE_LITERAL("btrfs-devices-unknown"));
        return;
    }
    for (const struct json *system = systems->first; system != NULL; system = system->next) {
        struct json *names = json_new(arena, JSON_ARRAY);
        const char *path = arena_printf(arena, "/sys/fs/btrfs/%.*s/devices", (int)system->text.len, (const char *)system->text.data);
        bool ours = false;
        if (names == NULL || path == NULL || reading->view->list(arena, path, names) != ERR_NONE) {
            continue;
        }
        for (const struct json *name = names->first; name != NULL; name = name->next) {
            ours = ours || slice_equal(name->text, own);
        }
        for (const struct json *name = ours ? names->first : NULL; name != NULL; name = name->next) {
            struct slice other;
            const char *device = arena_printf(arena, "/dev/%.*s", (int)name->text.len, (const char *)name->text.data);
            bool known = reading->view->number(arena, slice_string(device), &other) == ERR_NONE;
            if (!known || !slice_equal(other, first)) {
                json_append(tops, json_string(arena, known ? other : name->text));
            }
        }
    }
}

static void put_tops(const struct reading *reading, const struct mount *mount)
{
    struct arena *arena = reading->arena;
    struct json *tops = json_set_array(arena, reading->facts, "tops");
    struct slice number;
    if (mount->major != 0) {
        json_append(tops, json_string(arena, slice_string(arena_printf(arena, "%u:%u", mount->major, mount->minor))));
    } else if (slice_starts(mount->source, SLICE_LITERAL("/dev/")) &&
               reading->view->number(arena, mount->source, &number) == ERR_NONE) {
        json_append(tops, json_string(arena, number));
        if (slice_is(mount->type, "btrfs")) {
            put_btrfs(reading, tops, number);
        }
    }
    put_devices(reading, tops);
}

static void put_mount(const struct reading *reading, const char *name, const struct mount *mount)
{
    struct arena *arena = reading->arena;
    struct json *fact = json_set_object(arena, reading->facts, name);
    fact_set_text(arena, fact, "point", mount->point, PATH_MAX_BYTES);
    fact_set_text(arena, fact, "type", mount->type, TEXT_MAX_BYTES);
    fact_set_text(arena, fact, "source", mount->source, PATH_MAX_BYTES);
    json_set_string(arena, fact, "device", slice_string(arena_printf(arena, "%u:%u", mount->major, mount->minor)));
}

/* What an overlay writes goes to its upper directory: that one's mount counts. */
static enum err find_mount(const struct reading *reading, struct slice text, struct slice path, struct mount *ret_mount)
{
    struct mount mount;
    enum err err = mountinfo_find(reading->arena, text, path, &mount);
    if (err != ERR_NONE) {
        return err;
    }
    if (slice_is(mount.type, "overlay")) {
        struct slice upper = mountinfo_option(mount.options, "upperdir"), resolved;
        put_mount(reading, "overlay", &mount);
        if (upper.len > 0 && reading->view->resolve(reading->arena, upper, &resolved) == ERR_NONE) {
            err = mountinfo_find(reading->arena, text, resolved, &mount);
        }
    }
    if (err == ERR_NONE) {
        *ret_mount = mount;
    }
    return err;
}

struct json *volume_read(struct arena *arena, const struct volume_view *view, struct slice path)
{
    struct reading reading = {.arena = arena, .view = view, .facts = json_new(arena, JSON_OBJECT)};
    struct slice resolved, text;
    struct mount mount;
    fact_set_text(arena, reading.facts, "path", path, PATH_MAX_BYTES);
    enum err err = view->resolve(arena, path, &resolved);
    err = err != ERR_NONE ? err : view->read(arena, "/proc/self/mountinfo", MOUNTINFO_MAX_BYTES, &text);
    err = err != ERR_NONE ? err : find_mount(&reading, text, resolved, &mount);
    if (err != ERR_NONE) {
        json_set_string(arena, reading.facts, "error", slice_string(err_name(err)));
        return reading.facts;
    }
    put_mount(&reading, "mount", &mount);
    reading.devices = json_new(arena, JSON_ARRAY);
    put_tops(&reading, &mount);
    json_set(arena, reading.facts, "devices", reading.devices);
    return reading.facts;
}

enum err collect_volumes(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)raw;
    struct slice path = json_text(input, "path", SLICE_NONE);
    if (path.len == 0 || path.data[0] != '/' || path.len >= PATH_MAX_BYTES || slice_find_byte(path, 0) != SIZE_MAX) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("not an absolute path", "kein absoluter Pfad"), 0, 0,
                        (const char *)path.data, path.len);
    }
    struct json *facts = volume_read(arena, &volume_host, path), *planted = volume_read(arena, &volume_planted, SLICE_LITERAL("/planted/data"));
    return fact_output(arena, facts, planted, &reply->output);
}
