#include "collect/mountinfo.h"

static bool is_octal(uint8_t byte)
{
    return byte >= '0' && byte <= '7';
}

static struct slice unescape(struct arena *arena, struct slice text)
{
    if (slice_find_byte(text, '\\') == SIZE_MAX) {
        return text;
    }
    uint8_t *out = arena_alloc(arena, text.len);
    if (out == NULL) {
        return SLICE_NONE;
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\' && text.len - i > 3 && text.data[i + 1] <= '3' && is_octal(text.data[i + 1]) &&
            is_octal(text.data[i + 2]) && is_octal(text.data[i + 3])) {
            out[len++] = (uint8_t)((text.data[i + 1] - '0') << 6 | (text.data[i + 2] - '0') << 3 | (text.data[i + 3] - '0'));
            i += 3;
        } else {
            out[len++] = text.data[i];
        }
    }
    return slice_of(out, len);
}

static enum err read_device(struct slice text, struct mount *mount)
{
    struct slice major;
    uint64_t first = 0, second = 0;
    if (!slice_split(&text, ':', &major) || slice_to_u64(major, &first) != ERR_NONE ||
        slice_to_u64(text, &second) != ERR_NONE || first > 0xfff || second > 0xfffff) {
        return ERR_MALFORMED;
    }
    mount->major = (unsigned)first;
    mount->minor = (unsigned)second;
    return ERR_NONE;
}

static enum err read_line(struct arena *arena, struct slice line, struct mount *ret_mount)
{
    struct slice before[6], after[3], field;
    struct mount mount = {0};
    for (size_t i = 0; i < 6; i++) {
        if (!slice_split(&line, ' ', &before[i]) || before[i].len == 0) {
            return ERR_MALFORMED;
        }
    }
    do {
        if (!slice_split(&line, ' ', &field)) {
            return ERR_MALFORMED;
        }
    } while (!slice_is(field, "-"));
    for (size_t i = 0; i < 3; i++) {
        if (!slice_split(&line, ' ', &after[i])) {
            after[i] = SLICE_NONE;
        }
    }
    enum err err = read_device(before[2], &mount);
    if (err != ERR_NONE || after[0].len == 0) {
        return ERR_MALFORMED;
    }
    mount.root = unescape(arena, before[3]);
    mount.point = unescape(arena, before[4]);
    mount.type = after[0];
    mount.source = unescape(arena, after[1]);
    mount.options = unescape(arena, after[2]);
    *ret_mount = mount;
    return ERR_NONE;
}

enum err mountinfo_next(struct arena *arena, struct slice *rest, struct mount *ret_mount)
{
    struct slice line;
    do {
        if (!slice_split(rest, '\n', &line)) {
            return ERR_NOT_FOUND;
        }
    } while (line.len == 0);
    return read_line(arena, line, ret_mount);
}

static bool holds(struct slice point, struct slice path)
{
    if (!slice_starts(path, point)) {
        return false;
    }
    return point.len == path.len || (point.len > 0 && point.data[point.len - 1] == '/') || path.data[point.len] == '/';
}

enum err mountinfo_find(struct arena *arena, struct slice text, struct slice path, struct mount *ret_mount)
{
    struct mount best = {0}, mount;
    bool found = false;
    enum err err;
    while ((err = mountinfo_next(arena, &text, &mount)) == ERR_NONE) {
        if (mount.point.len > 0 && holds(mount.point, path) && (!found || mount.point.len >= best.point.len)) {
            best = mount;
            found = true;
        }
    }
    if (err != ERR_NOT_FOUND || !found) {
        return err;
    }
    *ret_mount = best;
    return ERR_NONE;
}

struct slice mountinfo_option(struct slice options, const char *name)
{
    struct slice option, wanted = slice_string(name);
    while (slice_split(&options, ',', &option)) {
        if (slice_starts(option, wanted) && option.len > wanted.len && option.data[wanted.len] == '=') {
            return slice_from(option, wanted.len + 1);
        }
    }
    return SLICE_NONE;
}
