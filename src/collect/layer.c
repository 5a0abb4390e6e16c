/*
 * tar: 512 bytes a header, name[100] at 0, size in octal at 124, checksum at 148,
 * type at 156, prefix[155] at 345; before an entry may stand a pax header ("x": "LEN path=…\n") or a GNU long name ("L") for it.
 * Whiteouts (OCI image specification, layer.md): ".wh.NAME" removes NAME of the layers below, ".wh..wh..opq" all that its directory held there.
 *
 *   HEADER --file--> BODY --end--> PADDING --> HEADER        HEADER --two empty blocks--> END (what follows is passed over)
 */
#include "collect/layer.h"

#include "collect/packages.h"
#include "collect/unpack.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 512, PAX_MAX_BYTES = 64 << 10, PREFIX_AT = 345, PREFIX_BYTES = 155, NAME_BYTES = 100, SIZE_AT = 124, SIZE_BYTES = 12, TYPE_AT = 156 };

enum found_kind { FOUND_DPKG, FOUND_APK, FOUND_RPM, FOUND_SHELL };

/* Exact paths, or directories whose files count (they end with '/'). */
static const struct {
    const char *path;
    enum found_kind kind;
} wanted[] = {
    {"var/lib/dpkg/status", FOUND_DPKG}, {"var/lib/dpkg/status.d/", FOUND_DPKG}, {"lib/apk/db/installed", FOUND_APK}, {"usr/lib/apk/db/installed", FOUND_APK},
    {"var/lib/rpm/", FOUND_RPM},         {"usr/lib/sysimage/rpm/", FOUND_RPM},   {"bin/sh", FOUND_SHELL},            {"bin/bash", FOUND_SHELL},
    {"bin/dash", FOUND_SHELL},           {"bin/ash", FOUND_SHELL},               {"bin/busybox", FOUND_SHELL},       {"usr/bin/sh", FOUND_SHELL},
    {"usr/bin/bash", FOUND_SHELL},       {"usr/bin/dash", FOUND_SHELL},
};

struct found {
    char *path;
    enum found_kind kind;
    uint64_t count;                 /* of packages */
    unsigned layer;
    bool gone;
};

enum tar_state { STATE_HEADER, STATE_BODY, STATE_PADDING, STATE_END };
enum body_use { USE_NOTHING, USE_LIST, USE_PAX, USE_LONG_NAME };

struct layer_image {
    struct found found[LAYER_LISTS_MAX_COUNT];
    size_t found_count;
    uint64_t unpacked_bytes, entries;
    unsigned layer;
    struct unpack *unpack;          /* NULL: plain tar */
    enum tar_state state;
    uint8_t header[BLOCK_BYTES];
    size_t header_bytes, empty_blocks;
    uint64_t left_bytes;
    size_t padding_bytes;
    enum body_use use;
    struct buf body;                /* of a list, a pax header or a long name */
    enum found_kind list_kind;
    char path[LAYER_PATH_MAX_BYTES + 1], next_path[LAYER_PATH_MAX_BYTES + 1]; /* the latter from pax or GNU, for the next entry */
    bool has_next_path;
};

struct layer_image *layer_image_new(void)
{
    struct layer_image *image = calloc(1, sizeof *image);
    if (image != NULL) {
        image->body = BUF_INIT(LAYER_LIST_MAX_BYTES);
    }
    return image;
}

void layer_image_free(struct layer_image *image)
{
    if (image == NULL) {
        return;
    }
    unpack_free(image->unpack);
    for (size_t i = 0; i < image->found_count; i++) {
        free(image->found[i].path);
    }
    buf_free(&image->body);
    free(image);
}

/* -- paths ------------------------------------------------------------------------------------------------------------------ */

/* Without "./" and leading slashes. Whatever leads upwards is nobody's file. */
static bool set_path(struct layer_image *image, struct slice text)
{
    while (text.len > 0 && (text.data[0] == '/' || slice_starts(text, SLICE_LITERAL("./")))) {
        text = slice_from(text, text.data[0] == '/' ? 1 : 2);
    }
    if (text.len > LAYER_PATH_MAX_BYTES || slice_find_byte(text, '\0') != SIZE_MAX) {
        return false;
    }
    if (text.len > 0) {
        memcpy(image->path, text.data, text.len);
    }
    image->path[text.len] = '\0';
    return true;
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int wanted_kind(const char *path)
{
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        size_t len = strlen(wanted[i].path);
        bool folder = wanted[i].path[len - 1] == '/';
        if (folder ? strncmp(path, wanted[i].path, len) == 0 && path[len] != '\0' : strcmp(path, wanted[i].path) == 0) {
            return (int)wanted[i].kind;
        }
    }
    return -1;
}

static bool is_beneath(const char *path, const char *folder, size_t folder_len)
{
    return strncmp(path, folder, folder_len) == 0 && (folder_len == 0 || path[folder_len] == '/' || path[folder_len] == '\0');
}

/* Removes what the layers below hold there: the path itself and all beneath it. */
static void white_out(struct layer_image *image, const char *folder, size_t folder_len)
{
    for (size_t i = 0; i < image->found_count; i++) {
        struct found *found = &image->found[i];
        found->gone = found->gone || (found->layer < image->layer && is_beneath(found->path, folder, folder_len));
    }
}

static bool take_whiteout(struct layer_image *image)
{
    const char *name = last_name(image->path);
    if (strncmp(name, ".wh.", 4) != 0) {
        return false;
    }
    size_t folder_len = (size_t)(name - image->path);
    if (strcmp(name, ".wh..wh..opq") == 0) {
        white_out(image, image->path, folder_len > 0 ? folder_len - 1 : 0);
        return true;
    }
    memmove(image->path + folder_len, name + 4, strlen(name + 4) + 1);
    white_out(image, image->path, strlen(image->path));
    return true;
}

static enum err note_found(struct layer_image *image, const char *path, enum found_kind kind, uint64_t count)
{
    for (size_t i = 0; i < image->found_count; i++) {
        if (strcmp(image->found[i].path, path) == 0) {
            image->found[i] = (struct found){image->found[i].path, kind, count, image->layer, false};
            return ERR_NONE;
        }
    }
    if (image->found_count == LAYER_LISTS_MAX_COUNT) {
        return ERR_TOO_LARGE;
    }
    char *copy = strdup(path);
    if (copy != NULL) {
        image->found[image->found_count++] = (struct found){copy, kind, count, image->layer, false};
    }
    return copy == NULL ? ERR_MEMORY : ERR_NONE;
}

/* -- tar -------------------------------------------------------------------------------------------------------------------- */

static bool read_octal(const uint8_t *field, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t i = 0, digits = 0;
    if ((field[0] & 0x80) != 0) { /* base 256, for sizes over 8 GiB */
        for (i = 1; i < len; i++) {
            if (value >> 55 != 0) {
                return false;
            }
            value = value << 8 | field[i];
        }
        *ret_value = value;
        return field[0] == 0x80;
    }
    while (i < len && field[i] == ' ') {
        i++;
    }
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++, digits++) {
        value = value << 3 | (uint64_t)(field[i] - '0');
    }
    *ret_value = value;
    return digits > 0 && (i == len || field[i] == ' ' || field[i] == '\0');
}

static bool is_header(const uint8_t *block)
{
    uint64_t recorded = 0, sum = 0;
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        sum += i >= 148 && i < 156 ? ' ' : block[i];
    }
    return read_octal(block + 148, 8, &recorded) && recorded == sum;
}

static bool is_empty(const uint8_t *block)
{
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool set_header_path(struct layer_image *image)
{
    char joined[PREFIX_BYTES + 1 + NAME_BYTES + 1];
    size_t prefix = memcmp(image->header + 257, "ustar", 5) == 0 ? strnlen((const char *)image->header + PREFIX_AT, PREFIX_BYTES) : 0, len = 0;
    if (image->has_next_path) {
        image->has_next_path = false;
        return set_path(image, slice_string(image->next_path));
    }
    if (prefix > 0 && memcmp(image->header + 257, "ustar ", 6) != 0) { /* GNU's old form has times there */
        memcpy(joined, image->header + PREFIX_AT, prefix);
        joined[prefix] = '/';
        len = prefix + 1;
    }
    size_t name = strnlen((const char *)image->header, NAME_BYTES);
    memcpy(joined + len, image->header, name);
    return set_path(image, slice_of(joined, len + name));
}

/* "30 path=a/b\n": decimal length of the whole record. */
static enum err take_pax(struct layer_image *image)
{
    struct slice rest = buf_slice(&image->body);
    while (rest.len > 0) {
        size_t blank = slice_find_byte(rest, ' ');
        uint64_t len = 0;
        if (blank == SIZE_MAX || slice_to_u64(slice_first(rest, blank), &len) != ERR_NONE || len > rest.len || len < blank + 2 || rest.data[len - 1] != '\n') {
            return ERR_MALFORMED;
        }
        struct slice record = slice_first(slice_from(rest, blank + 1), (size_t)len - blank - 2);
        if (slice_starts(record, SLICE_LITERAL("path="))) {
            struct slice path = slice_from(record, 5);
            if (path.len > LAYER_PATH_MAX_BYTES || slice_find_byte(path, '\0') != SIZE_MAX) {
                return ERR_MALFORMED;
            }
            memcpy(image->next_path, path.data, path.len);
            image->next_path[path.len] = '\0';
            image->has_next_path = true;
        } else if (slice_starts(record, SLICE_LITERAL("size="))) {
            return ERR_TOO_LARGE; /* only files over 8 GiB need it */
        }
        rest = slice_from(rest, (size_t)len);
    }
    return ERR_NONE;
}

static enum err take_long_name(struct layer_image *image)
{
    struct slice name = buf_slice(&image->body);
    name = slice_first(name, slice_find_byte(name, '\0'));
    if (name.len > LAYER_PATH_MAX_BYTES) {
        return ERR_MALFORMED;
    }
    if (name.len > 0) {
        memcpy(image->next_path, name.data, name.len);
    }
    image->next_path[name.len] = '\0';
    image->has_next_path = true;
    return ERR_NONE;
}

static enum err end_body(struct layer_image *image)
{
    enum err err = ERR_NONE;
    if (image->use == USE_PAX) {
        err = take_pax(image);
    } else if (image->use == USE_LONG_NAME) {
        err = take_long_name(image);
    } else if (image->use == USE_LIST) {
        bool sums = slice_ends(slice_string(image->path), SLICE_LITERAL(".md5sums"));
        uint64_t count = sums ? 0 : image->list_kind == FOUND_DPKG ? packages_of_dpkg(buf_slice(&image->body)) : packages_of_apk(buf_slice(&image->body));
        err = note_found(image, image->path, image->list_kind, count);
    }
    buf_clear(&image->body);
    image->use = USE_NOTHING;
    image->state = image->padding_bytes > 0 ? STATE_PADDING : STATE_HEADER;
    return err;
}

/* What the next entry's body is for. */
static enum err begin_entry(struct layer_image *image, char type, uint64_t size)
{
    image->use = USE_NOTHING;
    if (type == 'x' || type == 'L') {
        image->use = type == 'x' ? USE_PAX : USE_LONG_NAME;
        return size > PAX_MAX_BYTES ? ERR_TOO_LARGE : ERR_NONE;
    }
    if (type == 'g' || type == 'K') {
        return ERR_NONE;
    }
    if (++image->entries > LAYER_ENTRIES_MAX_COUNT || (image->unpacked_bytes += size) > LAYER_UNPACKED_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    if (!set_header_path(image)) {
        return ERR_MALFORMED;
    }
    int kind = take_whiteout(image) ? -1 : wanted_kind(image->path);
    bool file = type == '0' || type == '\0' || type == '7';
    if (kind < 0 || type == '5') {
        return ERR_NONE;
    }
    if (kind == FOUND_RPM || kind == FOUND_SHELL) {
        return note_found(image, image->path, (enum found_kind)kind, 0);
    }
    if (!file) {
        return ERR_NONE; /* a link in the place of a list: it has no packages of its own */
    }
    image->use = USE_LIST;
    image->list_kind = (enum found_kind)kind;
    return size > LAYER_LIST_MAX_BYTES ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err take_header(struct layer_image *image)
{
    uint64_t size = 0;
    image->header_bytes = 0;
    if (is_empty(image->header)) {
        image->state = ++image->empty_blocks == 2 ? STATE_END : STATE_HEADER;
        return ERR_NONE;
    }
    image->empty_blocks = 0;
    if (!is_header(image->header) || !read_octal(image->header + SIZE_AT, SIZE_BYTES, &size) || size > LAYER_UNPACKED_MAX_BYTES) {
        return ERR_MALFORMED;
    }
    char type = (char)image->header[TYPE_AT];
    bool bodyless = type == '1' || type == '2' || type == '3' || type == '4' || type == '5' || type == '6';
    size = bodyless ? 0 : size;
    enum err err = begin_entry(image, type, size);
    image->left_bytes = size;
    image->padding_bytes = (size_t)((BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES);
    image->state = STATE_BODY;
    return err == ERR_NONE && size == 0 ? end_body(image) : err;
}

static enum err feed_tar(struct layer_image *image, struct slice bytes)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && bytes.len > 0 && image->state != STATE_END) {
        size_t want = image->state == STATE_HEADER ? BLOCK_BYTES - image->header_bytes : image->state == STATE_PADDING ? image->padding_bytes
                      : image->left_bytes < bytes.len ? (size_t)image->left_bytes : bytes.len;
        struct slice part = slice_first(bytes, want);
        bytes = slice_from(bytes, part.len);
        if (image->state == STATE_HEADER) {
            memcpy(image->header + image->header_bytes, part.data, part.len);
            image->header_bytes += part.len;
            err = image->header_bytes == BLOCK_BYTES ? take_header(image) : ERR_NONE;
        } else if (image->state == STATE_PADDING) {
            image->padding_bytes -= part.len;
            image->state = image->padding_bytes == 0 ? STATE_HEADER : STATE_PADDING;
        } else {
            err = image->use != USE_NOTHING ? buf_append(&image->body, part) : ERR_NONE;
            image->left_bytes -= part.len;
            err = err == ERR_NONE && image->left_bytes == 0 ? end_body(image) : err;
        }
    }
    return err;
}

/* -- the layer -------------------------------------------------------------------------------------------------------------- */

enum err layer_begin(struct layer_image *image, enum layer_pack pack)
{
    unpack_free(image->unpack);
    image->unpack = pack == LAYER_TAR ? NULL : unpack_new(pack == LAYER_GZIP ? UNPACK_GZIP : UNPACK_ZSTD);
    image->layer++;
    image->state = STATE_HEADER;
    image->header_bytes = image->empty_blocks = 0;
    image->has_next_path = false;
    buf_clear(&image->body);
    return pack != LAYER_TAR && image->unpack == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err take_unpacked(void *context, struct slice bytes)
{
    return feed_tar(context, bytes);
}

enum err layer_feed(struct layer_image *image, struct slice bytes)
{
    return image->unpack == NULL ? feed_tar(image, bytes) : unpack_feed(image->unpack, bytes, take_unpacked, image);
}

enum err layer_end(struct layer_image *image)
{
    bool whole = image->state == STATE_END || (image->state == STATE_HEADER && image->header_bytes == 0);
    bool ended = image->unpack == NULL || unpack_is_whole(image->unpack);
    unpack_free(image->unpack);
    image->unpack = NULL;
    return whole && ended ? ERR_NONE : ERR_MALFORMED;
}

struct layer_summary layer_summary(const struct layer_image *image)
{
    struct layer_summary summary = {.unpacked_bytes = image->unpacked_bytes, .entries = image->entries, .from = "none"};
    bool rpm = false, listed = false, apk = false;
    for (size_t i = 0; i < image->found_count; i++) {
        const struct found *found = &image->found[i];
        if (!found->gone) {
            rpm = rpm || found->kind == FOUND_RPM;
            apk = apk || found->kind == FOUND_APK;
            listed = listed || found->kind == FOUND_DPKG || found->kind == FOUND_APK;
            summary.packages += found->count;
            summary.shells += found->kind == FOUND_SHELL ? 1 : 0;
        }
    }
    summary.from = listed ? (apk ? "apk" : "dpkg") : rpm ? "rpm" : "none";
    return summary;
}
