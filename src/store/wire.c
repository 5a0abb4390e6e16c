#include "store/wire.h"

#include "base/utf8.h"
#include "store/tile.h"

#include <string.h>

/* A path as it may stand in a row or begin one: UTF-8 without NUL, since SQLite compares text up to
 * its length only. */
static enum err check_path(struct slice path, bool may_be_empty)
{
    if (path.len == 0) {
        return may_be_empty ? ERR_NONE : ERR_INVALID;
    }
    if (path.len > PATH_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    if (!utf8_valid(path) || memchr(path.data, 0, path.len) != NULL) {
        return ERR_INVALID;
    }
    return ERR_NONE;
}

static enum err get_path(struct reader *reader, bool may_be_empty, struct slice *ret_path)
{
    struct slice path;
    enum err err = get_bytes(reader, PATH_MAX_BYTES, &path);
    if (err == ERR_NONE) {
        err = check_path(path, may_be_empty);
    }
    if (err == ERR_NONE) {
        *ret_path = path;
    }
    return err;
}

static enum err get_limit(struct reader *reader, uint32_t *ret_limit)
{
    uint32_t limit;
    enum err err = get_u32(reader, &limit);
    if (err == ERR_NONE && limit > LIST_LIMIT_MAX) {
        err = ERR_TOO_LARGE;
    }
    if (err == ERR_NONE) {
        *ret_limit = limit;
    }
    return err;
}

static enum err get_log(struct reader *reader, uint8_t *ret_log)
{
    uint8_t log;
    enum err err = get_u8(reader, &log);
    if (err == ERR_NONE && log != LOG_EVIDENCE && log != LOG_AUDIT) {
        err = ERR_INVALID;
    }
    if (err == ERR_NONE) {
        *ret_log = log;
    }
    return err;
}

/* Which fields a need carries, in their order on the wire: one row a kind, read by writer and
 * reader alike. */
enum field {
    FIELD_END,
    FIELD_PATH,
    FIELD_PREFIX,
    FIELD_AFTER,
    FIELD_LOG,
    FIELD_LEVEL,
    FIELD_NUMBER,
    FIELD_WIDTH,
    FIELD_LIMIT
};

static const enum field need_fields[][5] = {
    [NEED_ROW] = {FIELD_PATH},
    [NEED_LIST] = {FIELD_PREFIX, FIELD_AFTER, FIELD_LIMIT},
    [NEED_DUE] = {FIELD_NUMBER, FIELD_LIMIT},
    [NEED_ENTRIES] = {FIELD_LOG, FIELD_NUMBER, FIELD_LIMIT},
    [NEED_LOG] = {FIELD_LOG},
    [NEED_NAMES] = {FIELD_PREFIX, FIELD_AFTER, FIELD_LIMIT},
    [NEED_TILE] = {FIELD_LOG, FIELD_LEVEL, FIELD_NUMBER, FIELD_WIDTH},
    [NEED_STATE] = {FIELD_END},
    [NEED_SNAPSHOT] = {FIELD_LEVEL, FIELD_NUMBER, FIELD_LIMIT},
};

static bool kind_known(unsigned kind)
{
    return kind >= NEED_ROW && kind <= NEED_SNAPSHOT;
}

static enum err put_field(struct buf *out, enum field field, const struct need *need)
{
    switch (field) {
    case FIELD_PATH:
    case FIELD_PREFIX:
        return put_bytes(out, need->path);
    case FIELD_AFTER:
        return put_bytes(out, need->after);
    case FIELD_LOG:
        return put_u8(out, need->log);
    case FIELD_LEVEL:
        return put_u8(out, need->level);
    case FIELD_NUMBER:
        return put_u64(out, need->number);
    case FIELD_WIDTH:
        return put_u16(out, need->width);
    case FIELD_LIMIT:
        return put_u32(out, need->limit);
    case FIELD_END:
        break;
    }
    return ERR_INTERNAL;
}

static enum err get_level(struct reader *reader, uint8_t *ret_level)
{
    uint8_t level;
    enum err err = get_u8(reader, &level);
    if (err == ERR_NONE && level >= TILE_LEVELS && level != TILE_LEVEL_ENTRIES) {
        err = ERR_INVALID;
    }
    if (err == ERR_NONE) {
        *ret_level = level;
    }
    return err;
}

static enum err get_width(struct reader *reader, uint16_t *ret_width)
{
    uint16_t width;
    enum err err = get_u16(reader, &width);
    if (err == ERR_NONE && (width == 0 || width > TILE_WIDTH)) {
        err = ERR_INVALID;
    }
    if (err == ERR_NONE) {
        *ret_width = width;
    }
    return err;
}

static enum err get_field(struct reader *reader, enum field field, struct need *need)
{
    switch (field) {
    case FIELD_PATH:
        return get_path(reader, false, &need->path);
    case FIELD_PREFIX:
        return get_path(reader, true, &need->path);
    case FIELD_AFTER:
        return get_path(reader, true, &need->after);
    case FIELD_LOG:
        return get_log(reader, &need->log);
    case FIELD_LEVEL:
        return get_level(reader, &need->level);
    case FIELD_NUMBER:
        return get_u64(reader, &need->number);
    case FIELD_WIDTH:
        return get_width(reader, &need->width);
    case FIELD_LIMIT:
        return get_limit(reader, &need->limit);
    case FIELD_END:
        break;
    }
    return ERR_INTERNAL;
}

enum err need_put(struct buf *out, const struct need *need)
{
    if (!kind_known((unsigned)need->kind)) {
        return ERR_INVALID;
    }
    enum err err = put_u8(out, (uint8_t)need->kind);
    const enum field *fields = need_fields[need->kind];
    for (size_t i = 0; err == ERR_NONE && fields[i] != FIELD_END; i++) {
        err = put_field(out, fields[i], need);
    }
    return err;
}

enum err need_get(struct reader *reader, struct need *ret_need)
{
    uint8_t kind;
    enum err err = get_u8(reader, &kind);
    if (err != ERR_NONE) {
        return err;
    }
    if (!kind_known(kind)) {
        return ERR_INVALID;
    }
    struct need need = {.kind = (enum need_kind)kind};
    const enum field *fields = need_fields[kind];
    for (size_t i = 0; err == ERR_NONE && fields[i] != FIELD_END; i++) {
        err = get_field(reader, fields[i], &need);
    }
    if (err == ERR_NONE) {
        *ret_need = need;
    }
    return err;
}

enum err stored_row_get(struct reader *reader, struct stored_row *ret_row)
{
    struct stored_row row;
    enum err err = get_path(reader, false, &row.path);
    if (err == ERR_NONE) {
        err = get_u64(reader, &row.version);
    }
    if (err == ERR_NONE) {
        err = get_u64(reader, &row.due_unix_ms);
    }
    if (err == ERR_NONE) {
        err = get_bytes(reader, ROW_MAX_BYTES, &row.bytes);
    }
    if (err == ERR_NONE) {
        *ret_row = row;
    }
    return err;
}

enum err change_put(struct buf *out, const struct change *change)
{
    if (change->kind != CHANGE_PUT && change->kind != CHANGE_DELETE) {
        return ERR_INVALID;
    }
    enum err err = put_u8(out, (uint8_t)change->kind);
    if (err == ERR_NONE) {
        err = put_bytes(out, change->path);
    }
    if (err == ERR_NONE) {
        err = put_u64(out, change->expected_version);
    }
    if (err == ERR_NONE && change->kind == CHANGE_PUT) {
        err = put_u64(out, change->due_unix_ms);
        if (err == ERR_NONE) {
            err = put_bytes(out, change->bytes);
        }
    }
    return err;
}

/* SQLite's integers are signed: a version or a time that does not fit would change its sign in the
 * row. */
static enum err get_positive(struct reader *reader, uint64_t *ret_value)
{
    uint64_t value;
    enum err err = get_u64(reader, &value);
    if (err == ERR_NONE && value >= INT64_MAX) {
        err = ERR_TOO_LARGE;
    }
    if (err == ERR_NONE) {
        *ret_value = value;
    }
    return err;
}

enum err change_get(struct reader *reader, struct change *ret_change)
{
    uint8_t kind;
    struct change change = {0};
    enum err err = get_u8(reader, &kind);
    if (err == ERR_NONE && kind != CHANGE_PUT && kind != CHANGE_DELETE) {
        err = ERR_INVALID;
    }
    if (err == ERR_NONE) {
        change.kind = (enum change_kind)kind;
        err = get_path(reader, false, &change.path);
    }
    if (err == ERR_NONE) {
        err = get_positive(reader, &change.expected_version);
    }
    if (err == ERR_NONE && change.kind == CHANGE_PUT) {
        err = get_positive(reader, &change.due_unix_ms);
        if (err == ERR_NONE) {
            err = get_bytes(reader, ROW_MAX_BYTES, &change.bytes);
        }
    }
    if (err == ERR_NONE) {
        *ret_change = change;
    }
    return err;
}

enum err append_put(struct buf *out, const struct append *append)
{
    enum err err = put_u8(out, append->log);
    if (err == ERR_NONE) {
        err = put_u64(out, append->index);
    }
    if (err == ERR_NONE) {
        err = put_bytes(out, append->entry);
    }
    return err;
}

enum err append_get(struct reader *reader, struct append *ret_append)
{
    struct append append = {0};
    enum err err = get_log(reader, &append.log);
    if (err == ERR_NONE) {
        err = get_positive(reader, &append.index);
    }
    if (err == ERR_NONE) {
        err = get_bytes(reader, ENTRY_MAX_BYTES, &append.entry);
    }
    if (err == ERR_NONE) {
        *ret_append = append;
    }
    return err;
}

enum err stage_ask_put(struct buf *out, const struct stage_ask *stage)
{
    enum err err = put_u8(out, stage->what);
    err = err == ERR_NONE ? put_u64(out, stage->id) : err;
    err = err == ERR_NONE ? put_u64(out, stage->offset) : err;
    return err == ERR_NONE ? put_bytes(out, stage->bytes) : err;
}

enum err stage_ask_get(struct reader *reader, struct stage_ask *ret_stage)
{
    struct stage_ask stage = {0};
    enum err err = get_u8(reader, &stage.what);
    err = err == ERR_NONE && stage.what >= STAGE_KINDS ? ERR_INVALID : err;
    err = err == ERR_NONE ? get_u64(reader, &stage.id) : err;
    err = err == ERR_NONE ? get_positive(reader, &stage.offset) : err;
    err = err == ERR_NONE ? get_bytes(reader, STAGE_MAX_BYTES, &stage.bytes) : err;
    if (err == ERR_NONE) {
        *ret_stage = stage;
    }
    return err;
}

enum err stage_answer_put(struct buf *out, const struct stage_answer *staged)
{
    const struct slice fields[] = {staged->english, staged->german, staged->place, staged->seal, staged->ring, staged->note};
    enum err err = put_u16(out, (uint16_t)staged->err);
    err = err == ERR_NONE ? put_u64(out, staged->size) : err;
    err = err == ERR_NONE ? buf_append(out, slice_of(staged->digest, sizeof(staged->digest))) : err;
    for (size_t i = 0; err == ERR_NONE && i < sizeof(fields) / sizeof(fields[0]); i++) {
        err = put_bytes(out, fields[i]);
    }
    return err;
}

enum err stage_answer_get(struct reader *reader, struct stage_answer *ret_staged)
{
    struct stage_answer staged = {.err = ERR_NONE};
    struct {
        struct slice *field;
        size_t max_bytes;
    } const fields[] = {{&staged.english, STAGED_TEXT_MAX_BYTES}, {&staged.german, STAGED_TEXT_MAX_BYTES}, {&staged.place, STAGED_TEXT_MAX_BYTES},
                        {&staged.seal, STAGED_ROW_MAX_BYTES}, {&staged.ring, STAGED_ROW_MAX_BYTES}, {&staged.note, STAGED_NOTE_MAX_BYTES}};
    uint16_t code = 0;
    struct slice digest;
    enum err err = get_u16(reader, &code);
    err = err == ERR_NONE && code >= ERR_COUNT ? ERR_INVALID : err;
    err = err == ERR_NONE ? get_u64(reader, &staged.size) : err;
    err = err == ERR_NONE ? get_raw(reader, sizeof(staged.digest), &digest) : err;
    for (size_t i = 0; err == ERR_NONE && i < sizeof(fields) / sizeof(fields[0]); i++) {
        err = get_bytes(reader, fields[i].max_bytes, fields[i].field);
    }
    if (err == ERR_NONE) {
        staged.err = (enum err)code;
        memcpy(staged.digest, digest.data, digest.len);
        *ret_staged = staged;
    }
    return err;
}
