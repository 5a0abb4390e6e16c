#include "collect/fact.h"

#include "base/encode.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_clean(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return false;
        }
    }
    return utf8_valid(text);
}

struct slice fact_text(struct arena *arena, struct slice text, size_t max_bytes)
{
    text = slice_first(text, max_bytes);
    if (text.len == 0 || is_clean(text)) {
        return text;
    }
    uint8_t *copy = arena_alloc(arena, text.len);
    if (copy == NULL) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = text.data[i] >= 0x20 && text.data[i] < 0x7f ? text.data[i] : (uint8_t)'?';
    }
    return slice_of(copy, text.len);
}

struct json *fact_set_text(struct arena *arena, struct json *object, const char *name, struct slice text, size_t max_bytes)
{
    return json_set_string(arena, object, name, fact_text(arena, text, max_bytes));
}

struct json *fact_base64(struct arena *arena, struct slice bytes)
{
    cleanup_buf struct buf text = BUF_INIT(bytes.len / 3 * 4 + 8);
    if (base64_encode(&text, bytes) != ERR_NONE) {
        return NULL;
    }
    return json_string(arena, buf_slice(&text));
}

enum err fact_read_file(int directory_fd, const char *path, struct buf *out, bool *ret_cut)
{
    int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = ERR_NONE;
    bool was_cut = false;
    for (;;) {
        uint8_t chunk[4096];
        ssize_t count = read(fd, chunk, sizeof(chunk));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            err = count < 0 ? err_from_errno(errno) : ERR_NONE;
            break;
        }
        size_t room = out->max - out->len;
        was_cut = (size_t)count > room;
        err = buf_append(out, slice_first(slice_of(chunk, (size_t)count), room));
        if (err != ERR_NONE || was_cut) {
            break;
        }
    }
    close(fd);
    if (err == ERR_NONE) {
        *ret_cut = was_cut;
    }
    return err;
}

enum err fact_read_text(struct arena *arena, int directory_fd, const char *path, size_t max_bytes, struct slice *ret_text)
{
    cleanup_buf struct buf content = BUF_INIT(max_bytes);
    bool was_cut = false;
    enum err err = fact_read_file(directory_fd, path, &content, &was_cut);
    if (err != ERR_NONE) {
        return err;
    }
    if (was_cut) {
        return ERR_TOO_LARGE;
    }
    struct slice text = arena_copy(arena, slice_trim(buf_slice(&content)));
    if (text.data == NULL && text.len > 0) {
        return ERR_MEMORY;
    }
    *ret_text = text;
    return ERR_NONE;
}

enum err fact_output(struct arena *arena, struct json *facts, struct json *planted, struct json **ret_output)
{
    struct json *output = json_new(arena, JSON_OBJECT);
    json_set(arena, output, "facts", facts);
    if (planted != NULL) {
        json_set(arena, json_set_object(arena, output, "plant"), "facts", planted);
    }
    if (facts == NULL || json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_output = output;
    return ERR_NONE;
}
