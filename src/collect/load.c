#include "collect/load.h"

#include "collect/fact.h"
#include "collect/mountinfo.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 256, PATH_MAX_BYTES = 4096, FILE_MAX_BYTES = 4 << 20, CPUS_MAX = 4096, DISKS_MAX = 256 };

/* The next word of a line: what stands between blanks. */
static struct slice word(struct slice *rest)
{
    size_t start = 0, end;
    while (start < rest->len && (rest->data[start] == ' ' || rest->data[start] == '\t')) {
        start++;
    }
    for (end = start; end < rest->len && rest->data[end] != ' ' && rest->data[end] != '\t';) {
        end++;
    }
    struct slice found = slice_of(rest->data + start, end - start);
    *rest = slice_from(*rest, end);
    return found;
}

/* "0.52": digits, at most one dot, none at either end. As JSON it is the same number. */
static bool is_decimal(struct slice text)
{
    bool has_dot = false;
    for (size_t i = 0; i < text.len; i++) {
        bool dot = text.data[i] == '.' && !has_dot && i > 0 && i + 1 < text.len;
        if (!dot && (text.data[i] < '0' || text.data[i] > '9')) {
            return false;
        }
        has_dot = has_dot || dot;
    }
    return text.len > 0 && (text.len == 1 || text.data[0] != '0' || text.data[1] == '.');
}

static void put_decimal(struct arena *arena, struct json *object, const char *name, struct slice text)
{
    if (is_decimal(text) && json_member(object, name) == NULL) {
        json_set(arena, object, name, json_number_text(arena, text));
    }
}

void load_read_cpuinfo(struct arena *arena, struct slice text, struct json *facts)
{
    static const struct {
        const char *key, *name;
        bool is_number;
    } rows[] = {{"vendor_id", "vendor", false}, {"cpu family", "family", false}, {"model", "model", false}, {"model name", "name", false}, {"cpu MHz", "mhz", true}};
    struct json *cpus = json_set_array(arena, facts, "cpus"), *cpu = NULL;
    struct slice line;
    while (cpus != NULL && slice_split(&text, '\n', &line)) {
        size_t colon = slice_find_byte(line, ':');
        struct slice key = slice_trim(slice_first(line, colon == SIZE_MAX ? 0 : colon)), value = slice_trim(slice_from(line, colon == SIZE_MAX ? line.len : colon + 1));
        uint64_t number = 0;
        if (slice_is(key, "processor") && slice_to_u64(value, &number) == ERR_NONE && cpus->count < CPUS_MAX) {
            cpu = json_append(cpus, json_new(arena, JSON_OBJECT));
            json_set_u64(arena, cpu, "cpu", number);
        }
        for (size_t i = 0; cpu != NULL && i < sizeof rows / sizeof rows[0]; i++) {
            if (slice_is(key, rows[i].key) && rows[i].is_number) {
                put_decimal(arena, cpu, rows[i].name, value);
            } else if (slice_is(key, rows[i].key) && json_member(cpu, rows[i].name) == NULL) {
                fact_set_text(arena, cpu, rows[i].name, value, TEXT_MAX_BYTES);
            }
        }
    }
}

void load_read_stat(struct arena *arena, struct slice text, struct json *facts)
{
    static const char *const names[] = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"};
    struct json *times = json_set_array(arena, facts, "times");
    struct slice line;
    while (times != NULL && slice_split(&text, '\n', &line)) {
        struct slice name = word(&line);
        uint64_t number = 0;
        if (slice_is(name, "btime") && json_member(facts, "boot_s") == NULL && slice_to_u64(word(&line), &number) == ERR_NONE) {
            json_set_u64(arena, facts, "boot_s", number);
        }
        if (!slice_starts(name, SLICE_LITERAL("cpu")) || times->count > CPUS_MAX) {
            continue;
        }
        struct json *one = json_append(times, json_new(arena, JSON_OBJECT));
        fact_set_text(arena, one, "cpu", name.len == 3 ? SLICE_LITERAL("cpu-total") : name, TEXT_MAX_BYTES);
        for (size_t i = 0; i < sizeof names / sizeof names[0] && slice_to_u64(word(&line), &number) == ERR_NONE; i++) {
            json_set_u64(arena, one, names[i], number);
        }
    }
}

/* "MemTotal:       16314516 kB" */
void load_read_meminfo(struct arena *arena, struct slice text, struct json *facts)
{
    static const struct {
        const char *key, *name;
    } rows[] = {{"MemTotal:", "total"}, {"MemFree:", "free"}, {"MemAvailable:", "available"}, {"Buffers:", "buffers"}, {"Cached:", "cached"}};
    struct json *memory = json_set_object(arena, facts, "memory");
    struct slice line;
    while (slice_split(&text, '\n', &line)) {
        struct slice key = word(&line);
        uint64_t kibibytes = 0;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (slice_is(key, rows[i].key) && json_member(memory, rows[i].name) == NULL && slice_to_u64(word(&line), &kibibytes) == ERR_NONE && slice_is(word(&line), "kB") && kibibytes <= UINT64_MAX / 1024) {
                json_set_u64(arena, memory, rows[i].name, kibibytes * 1024);
            }
        }
    }
}

/* "0.52 0.58 0.59 1/389 12345" */
void load_read_loadavg(struct arena *arena, struct slice text, struct json *facts)
{
    struct json *loads = json_set_array(arena, facts, "loads");
    for (int i = 0; i < 3; i++) {
        struct slice load = word(&text);
        if (is_decimal(load)) {
            json_append(loads, json_number_text(arena, load));
        }
    }
}

/* "350735.47 234388.90" */
void load_read_uptime(struct arena *arena, struct slice text, struct json *facts)
{
    struct slice seconds = word(&text);
    size_t dot = slice_find_byte(seconds, '.');
    uint64_t whole = 0;
    if (slice_to_u64(slice_first(seconds, dot == SIZE_MAX ? seconds.len : dot), &whole) == ERR_NONE) {
        json_set_u64(arena, facts, "uptime_s", whole);
    }
}

/* Every process has a folder of digits; those that are hidden from look are not counted. */
static void count_processes(struct arena *arena, struct json *facts)
{
    DIR *folder = opendir("/proc");
    uint64_t count = 0;
    if (folder == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? 1 : 0;
    }
    closedir(folder);
    json_set_u64(arena, facts, "processes", count);
}

static void put_disks(struct arena *arena, struct json *facts)
{
    struct json *disks = json_set_array(arena, facts, "disks");
    struct slice text;
    struct mount mount;
    enum err err = fact_read_text(arena, AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text);
    while (err == ERR_NONE && disks != NULL && disks->count < DISKS_MAX) {
        struct statvfs room;
        err = mountinfo_next(arena, &text, &mount);
        if (err != ERR_NONE || (mount.major == 0 && !slice_starts(mount.source, SLICE_LITERAL("/dev/")))) {
            continue;
        }
        const char *point = arena_string(arena, mount.point);
        struct json *disk = json_append(disks, json_new(arena, JSON_OBJECT));
        fact_set_text(arena, disk, "point", mount.point, PATH_MAX_BYTES);
        fact_set_text(arena, disk, "type", mount.type, TEXT_MAX_BYTES);
        fact_set_text(arena, disk, "source", mount.source, PATH_MAX_BYTES);
        if (point != NULL && statvfs(point, &room) == 0) {
            uint64_t block = room.f_frsize;
            json_set_u64(arena, disk, "total", (uint64_t)room.f_blocks * block);
            json_set_u64(arena, disk, "free", (uint64_t)room.f_bfree * block);
            json_set_u64(arena, disk, "available", (uint64_t)room.f_bavail * block);
            json_set_u64(arena, disk, "files", room.f_files);
            json_set_u64(arena, disk, "files_free", room.f_ffree);
        }
    }
}

enum err collect_load(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct {
        const char *path;
        void (*read)(struct arena *arena, struct slice text, struct json *facts);
    } files[] = {{"/proc/cpuinfo", load_read_cpuinfo}, {"/proc/stat", load_read_stat}, {"/proc/meminfo", load_read_meminfo}, {"/proc/loadavg", load_read_loadavg}, {"/proc/uptime", load_read_uptime}};
    (void)input, (void)raw;
    struct json *output = json_new(arena, JSON_OBJECT), *facts = json_set_object(arena, output, "facts");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct slice text;
        if (fact_read_text(arena, AT_FDCWD, files[i].path, FILE_MAX_BYTES, &text) == ERR_NONE) {
            files[i].read(arena, text, facts);
        }
    }
    count_processes(arena, facts);
    put_disks(arena, facts);
    json_set_string(arena, output, "vantage", SLICE_LITERAL("local"));
    reply->output = output;
    return json_member(facts, "disks") == NULL ? ERR_TOO_LARGE : ERR_NONE;
}
