#include "agent/courier.h"

#include "agent/file.h"
#include "base/log.h"
#include "base/time.h"

static void set_time(struct arena *arena, struct json *tree, const char *name, int64_t unix_ms)
{
    char text[RFC3339_BYTES];
    if (unix_ms == 0) {
        json_set_null(arena, tree, name);
        return;
    }
    rfc3339_format(unix_ms, text);
    json_set_string(arena, tree, name, slice_string(text));
}

void courier_write_status(struct courier *courier)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    cleanup_buf struct buf text = BUF_INIT(1 << 18);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "state", slice_string(courier->state));
    json_set_string(arena, tree, "name", slice_string(courier->config.name));
    json_set_string(arena, tree, "kind", slice_string(courier->config.kind));
    json_set_string(arena, tree, "server", slice_string(courier->config.server));
    json_set_string(arena, tree, "version", SLICE_LITERAL(VOGT_VERSION));
    set_time(arena, tree, "written_at", courier->now.unix_ms);
    set_time(arena, tree, "contact_at", courier->contact_unix_ms);
    set_time(arena, tree, "certificate_expires_at", courier->config.expires_ms);
    json_set_u64(arena, tree, "every_s", courier->config.every_s);
    json_set_u64(arena, tree, "tasks", courier->tasks.count);
    json_set_u64(arena, tree, "tasks_refused", courier->tasks.refused_count);
    json_set_u64(arena, tree, "spooled", spool_count(courier->spool));
    json_set_u64(arena, tree, "spooled_bytes", spool_bytes(courier->spool));
    json_set_u64(arena, tree, "lost", spool_dropped(courier->spool));
    json_set_i64(arena, tree, "skew_ms", courier->skew_ms);
    json_set_string(arena, tree, "error", slice_string(courier->error));
    json_set(arena, tree, "cannot_see", courier->sight == NULL ? json_new(arena, JSON_ARRAY) : json_copy(arena, courier->sight));
    json_set(arena, tree, "confinement", courier->confinement == NULL ? json_new(arena, JSON_OBJECT) : json_copy(arena, courier->confinement));
    enum err err = tree == NULL ? ERR_MEMORY : json_write(&text, tree, 1);
    err = err == ERR_NONE ? buf_append_byte(&text, '\n') : err;
    err = err == ERR_NONE ? file_write(courier->directory_fd, "status.json", buf_slice(&text)) : err;
    if (err != ERR_NONE) {
        LOG(LOG_WARN, "agent.status-unwritten", LOG_ERR(err));
    }
}
