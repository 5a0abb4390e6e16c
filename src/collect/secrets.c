/*
 * Facts: {"files":[{"path","read":"ok|NOT_FOUND|RIGHTS|TOO_LARGE|…","mode":"0640","uid":N,"values":[{"name","fingerprint"}],
 *   "left_out":{"short":N,"common":N,"plain":N},"cut"?:true}],"cut"?:true}
 * A directory stands for the files in it, not for those in its folders.
 */
#include "collect/secrets.h"

#include "collect/fact.h"
#include "collect/fingerprint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS_MAX = 64, FILES_MAX = 256, FILE_MAX_BYTES = 262144, VALUES_MAX = 500, NAME_MAX_BYTES = 128, PATH_MAX_BYTES = 1024 };

/* -- content -------------------------------------------------------------------------------------------------------- */

static bool is_name(struct slice text)
{
    return text.len > 0 && text.len <= NAME_MAX_BYTES && slice_consists_of(text, ASCII_LETTERS ASCII_DIGITS "_.-") && !byte_is_among(text.data[0], ASCII_DIGITS ".-");
}

/* "export NAME='value'" without its quotes. */
static bool split_line(struct slice line, struct slice *ret_name, struct slice *ret_value)
{
    line = slice_trim(line);
    line = slice_starts(line, SLICE_LITERAL("export ")) ? slice_trim(slice_from(line, 7)) : line;
    size_t equals = slice_find_byte(line, '=');
    struct slice name = equals == SIZE_MAX ? SLICE_NONE : slice_trim(slice_first(line, equals));
    if (!is_name(name)) {
        return false;
    }
    struct slice value = slice_trim(slice_from(line, equals + 1));
    bool quoted = value.len >= 2 && (value.data[0] == '"' || value.data[0] == '\'') && value.data[value.len - 1] == value.data[0];
    *ret_name = name;
    *ret_value = quoted ? slice_first(slice_from(value, 1), value.len - 2) : value;
    return true;
}

static void put_value(struct arena *arena, struct slice name, struct slice value, const uint8_t *key, struct json *values, uint64_t left_out[FINGERPRINT_WORTHS])
{
    enum fingerprint_worth worth = fingerprint_worth(name, value);
    left_out[worth]++;
    if (worth == FINGERPRINT_TELLS && values != NULL && values->count < VALUES_MAX) {
        struct json *one = json_append(values, json_new(arena, JSON_OBJECT));
        fact_set_text(arena, one, "name", name, NAME_MAX_BYTES);
        fingerprint_set(arena, one, "fingerprint", key, value);
    }
}

void secrets_read(struct arena *arena, struct slice content, struct slice file_name, const uint8_t *key, struct json *fact)
{
    struct json *values = json_set_array(arena, fact, "values"), *left = json_set_object(arena, fact, "left_out");
    uint64_t left_out[FINGERPRINT_WORTHS] = {0};
    struct slice rest = content, line, name, value;
    size_t assignments = 0;
    while (slice_split(&rest, '\n', &line)) {
        if (split_line(line, &name, &value)) {
            assignments++;
            put_value(arena, name, value, key, values, left_out);
        }
    }
    if (assignments == 0) {            /* one secret a file, as container engines hand them out; or a private key */
        put_value(arena, file_name, slice_trim(content), key, values, left_out);
    }
    json_set_u64(arena, left, "short", left_out[FINGERPRINT_SHORT]);
    json_set_u64(arena, left, "common", left_out[FINGERPRINT_COMMON]);
    json_set_u64(arena, left, "plain", left_out[FINGERPRINT_PLAIN]);
    if (values != NULL && left_out[FINGERPRINT_TELLS] > values->count) {
        json_set_bool(arena, fact, "cut", true);
    }
}

/* -- files ---------------------------------------------------------------------------------------------------------- */

/* Like fact_read_file, but nothing of the content stays behind on the stack. */
static enum err read_wiped(int fd, struct buf *out)
{
    uint8_t chunk[4096];
    enum err err = ERR_NONE;
    for (ssize_t count = 1; err == ERR_NONE && count > 0;) {
        count = read(fd, chunk, sizeof(chunk));
        err = count < 0 ? err_from_errno(errno) : buf_append(out, slice_of(chunk, (size_t)(count < 0 ? 0 : count)));
    }
    explicit_bzero(chunk, sizeof(chunk));
    return err;
}

static void put_file(struct arena *arena, struct json *files, const char *path, const uint8_t *key)
{
    cleanup_buf struct buf content = BUF_INIT(FILE_MAX_BYTES);
    struct json *fact = json_append(files, json_new(arena, JSON_OBJECT));
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    enum err err = fd < 0 || fstat(fd, &status) != 0 ? err_from_errno(errno) : S_ISREG(status.st_mode) ? ERR_NONE : ERR_INVALID;
    fact_set_text(arena, fact, "path", slice_string(path), PATH_MAX_BYTES);
    if (err == ERR_NONE) {
        char mode[8];
        snprintf(mode, sizeof(mode), "%04o", (unsigned)status.st_mode & 07777u);
        json_set_string(arena, fact, "mode", slice_string(mode));
        json_set_u64(arena, fact, "uid", status.st_uid);
        err = read_wiped(fd, &content);
    }
    if (fd >= 0) {
        close(fd);
    }
    json_set_string(arena, fact, "read", err == ERR_NONE ? SLICE_LITERAL("ok") : slice_string(err_name(err)));
    if (err == ERR_NONE) {
        const char *last = strrchr(path, '/');
        secrets_read(arena, buf_slice(&content), slice_string(last == NULL ? path : last + 1), key, fact);
    }
}

static void put_path(struct arena *arena, struct json *facts, struct json *files, const char *path, const uint8_t *key)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        put_file(arena, files, path, key);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        struct stat status;
        const char *inside = arena_printf(arena, "%s/%s", path, entry->d_name);
        if (inside == NULL || fstatat(dirfd(directory), entry->d_name, &status, 0) != 0 || !S_ISREG(status.st_mode)) {
            continue;
        }
        if (files->count >= FILES_MAX) {
            json_set_bool(arena, facts, "cut", true);
            break;
        }
        put_file(arena, files, inside, key);
    }
    closedir(directory);
}

/* The plant: one file that everybody may read, with a secret that stands in every environment's plant. */
static struct json *plant(struct arena *arena, const uint8_t *key)
{
    struct json *facts = json_new(arena, JSON_OBJECT), *fact = json_append(json_set_array(arena, facts, "files"), json_new(arena, JSON_OBJECT));
    json_set_string(arena, fact, "path", SLICE_LITERAL("/planted/.env"));
    json_set_string(arena, fact, "read", SLICE_LITERAL("ok"));
    json_set_string(arena, fact, "mode", SLICE_LITERAL("0644"));
    secrets_read(arena, SLICE_LITERAL("MODE=production\nPLANTED_PASSWORD='vogt-planted-hunter2'\nPORT=8080\n"), SLICE_LITERAL(".env"), key, fact);
    return facts;
}

enum err collect_secrets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    uint8_t key[FINGERPRINT_KEY_BYTES];
    const struct json *paths = json_member(input, "paths");
    (void)raw;
    bool named = paths != NULL && paths->type == JSON_ARRAY && paths->count > 0 && paths->count <= PATHS_MAX;
    for (const struct json *path = named ? paths->first : NULL; path != NULL; path = path->next) {
        named = named && path->type == JSON_STRING && path->text.len > 1 && path->text.len < PATH_MAX_BYTES && path->text.data[0] == '/';
    }
    if (!named || fingerprint_key(input, key) != ERR_NONE) {
        return complain(&reply->complaint, ERR_INVALID,
                        TEXT("comparing secrets needs 1 to 64 absolute paths and a key of 64 hex digits",
                             "der Vergleich von Secrets braucht 1 bis 64 absolute Pfade und einen Schlüssel aus 64 Hexziffern"), 0, 0, NULL, 0);
    }
    struct json *facts = json_new(arena, JSON_OBJECT), *files = json_set_array(arena, facts, "files");
    for (const struct json *path = paths->first; path != NULL && files != NULL; path = path->next) {
        const char *text = arena_string(arena, path->text);
        if (text != NULL) {
            put_path(arena, facts, files, text, key);
        }
    }
    struct json *planted = plant(arena, key);
    explicit_bzero(key, sizeof(key));
    return fact_output(arena, files == NULL ? NULL : facts, planted, &reply->output);
}
