#include "agent/config.h"

#include "agent/file.h"

#include <string.h>

enum { FILE_MAX_BYTES = 4096 };
static const char file_name[] = "agent.json";

enum err config_set(char *field, size_t size, struct slice text)
{
    if (text.len >= size || (text.len > 0 && memchr(text.data, 0, text.len) != NULL)) {
        return ERR_INVALID;
    }
    if (text.len > 0) {
        memcpy(field, text.data, text.len);
    }
    field[text.len] = '\0';
    return ERR_NONE;
}

static enum err take(const struct json *tree, struct config *config)
{
    enum err err = config_set(config->server, sizeof(config->server), json_text(tree, "server", SLICE_NONE));
    err = err == ERR_NONE ? config_set(config->pin, sizeof(config->pin), json_text(tree, "pin", SLICE_NONE)) : err;
    err = err == ERR_NONE ? config_set(config->name, sizeof(config->name), json_text(tree, "name", SLICE_NONE)) : err;
    err = err == ERR_NONE ? config_set(config->kind, sizeof(config->kind), json_text(tree, "kind", SLICE_NONE)) : err;
    err = err == ERR_NONE ? json_u64(tree, "every_s", &config->every_s) : err;
    return err == ERR_NONE ? json_i64(tree, "expires_ms", &config->expires_ms) : err;
}

enum err config_read(int directory_fd, struct config *ret_config)
{
    cleanup_buf struct buf text = BUF_INIT(FILE_MAX_BYTES);
    struct arena *arena cleanup_arena = arena_new(1 << 18);
    struct config config = {.every_s = 0};
    struct json *tree = NULL;
    enum err err = arena == NULL ? ERR_MEMORY : file_read(directory_fd, file_name, &text);
    if (err != ERR_NONE) {
        return err;
    }
    err = json_read(arena, buf_slice(&text), &tree, NULL);
    err = err == ERR_NONE ? take(tree, &config) : err;
    if (err == ERR_NONE) {
        *ret_config = config;
    }
    return err == ERR_NONE || err == ERR_MEMORY ? err : ERR_DAMAGED;
}

enum err config_write(int directory_fd, const struct config *config)
{
    cleanup_buf struct buf text = BUF_INIT(FILE_MAX_BYTES);
    struct arena *arena cleanup_arena = arena_new(1 << 18);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "server", slice_string(config->server));
    json_set_string(arena, tree, "pin", slice_string(config->pin));
    json_set_string(arena, tree, "name", slice_string(config->name));
    json_set_string(arena, tree, "kind", slice_string(config->kind));
    json_set_u64(arena, tree, "every_s", config->every_s);
    struct json *last = json_set_i64(arena, tree, "expires_ms", config->expires_ms);
    enum err err = last == NULL ? ERR_MEMORY : json_write(&text, tree, 1);
    return err == ERR_NONE ? file_write(directory_fd, file_name, buf_slice(&text)) : err;
}
