/*
 * The row of a secret. Numbers are small ones (base/bytes.h), texts have their length before them as one:
 *
 *   u8 2, text id, created_ms, updated_ms - created_ms (signed), current, oldest, max_versions, u8 cas_required, delete_after_s (signed), text custom_metadata (packed
 *   JSON; empty: none), count, count * { number - that of the version before, created_ms - that of the version before (signed), deleted_ms, u8 what, if what is 2: text
 *   data (packed JSON) }
 *
 * What: 0 the data lies in a row of its own, 1 it was destroyed, 2 it stands here. Before the first version are number 0 and the secret's created_ms. Versions ascend.
 *
 * Format 1, as older releases wrote it: all numbers u64, lengths and count u32, little-endian, times whole; only the newest version's data, behind the list.
 * What does not hold is a damaged row: nobody but keep writes it.
 */
#include "secrets/kv2.h"

#include <string.h>

#include "base/encode.h"

enum { FORMAT_1 = 1, FORMAT = 2, VERSION_1_BYTES = 25, VERSION_MIN_BYTES = 4, COLUMNS_BYTES = 64 };

enum what { DATA_BESIDE, DATA_DESTROYED, DATA_HERE };

/* What a row of store's B-tree may have without taking further pages (SQLite's file format, section 1.6: 1,002 bytes of an index page of 4,096); each page is written
 * twice. Older versions stay in the row up to this size, and leave it all at once: their rows are neighbours. */
enum { SMALL_ROW_BYTES = 1002 - COLUMNS_BYTES - SEALED_OVERHEAD_BYTES, SMALL_ROW_MIN_BYTES = 400 };

char *kv2_path(struct turn *turn, const char *folder, struct slice path)
{
    return mount_path(turn, "%s/%.*s", folder, (int)path.len, (const char *)path.data);
}

char *kv2_version_path(struct turn *turn, struct slice id, uint64_t number)
{
    return mount_path(turn, "v/%.*s/%llu", (int)id.len, (const char *)id.data, (unsigned long long)number);
}

/* A row's reader with the two ways in which it may be written. */
struct row_reader {
    struct reader reader;
    uint8_t format;
};

static enum err get_number(struct row_reader *row, uint64_t *ret_value)
{
    return row->format == FORMAT_1 ? get_u64(&row->reader, ret_value) : get_small(&row->reader, ret_value);
}

static enum err get_signed(struct row_reader *row, int64_t *ret_value)
{
    uint64_t value = 0;
    if (row->format != FORMAT_1) {
        return get_small_signed(&row->reader, ret_value);
    }
    enum err err = get_u64(&row->reader, &value);
    *ret_value = (int64_t)value;
    return err;
}

/* A time, told as the distance from another. */
static enum err get_time(struct row_reader *row, int64_t from_ms, int64_t *ret_ms)
{
    int64_t value = 0;
    enum err err = get_signed(row, &value);
    *ret_ms = row->format == FORMAT_1 ? value : (int64_t)((uint64_t)value + (uint64_t)from_ms);
    return err;
}

static enum err get_text(struct row_reader *row, struct slice *ret_text)
{
    uint64_t len = 0;
    if (row->format == FORMAT_1) {
        return get_bytes(&row->reader, ROW_MAX_BYTES, ret_text);
    }
    enum err err = get_small(&row->reader, &len);
    return err == ERR_NONE ? get_raw(&row->reader, len, ret_text) : err;
}

static enum err get_flag(struct row_reader *row, bool *ret_flag)
{
    uint8_t value = 2;
    enum err err = get_u8(&row->reader, &value);
    *ret_flag = value == 1;
    return err == ERR_NONE && value > 1 ? ERR_MALFORMED : err;
}

static enum err get_version(struct row_reader *row, uint64_t before, int64_t before_ms, struct kv2_version *version)
{
    bool is_old = row->format == FORMAT_1;
    uint8_t what = 0;
    uint64_t number = 0, deleted_ms = 0;
    enum err err = get_number(row, &number);
    err = err == ERR_NONE ? get_time(row, before_ms, &version->created_ms) : err;
    err = err == ERR_NONE ? get_number(row, &deleted_ms) : err;
    err = err == ERR_NONE ? get_u8(&row->reader, &what) : err;
    err = err == ERR_NONE && what == DATA_HERE && !is_old ? get_text(row, &version->data) : err;
    version->number = is_old ? number : before + number;
    version->deleted_ms = (int64_t)deleted_ms;
    version->is_destroyed = what == DATA_DESTROYED;
    bool is_good = version->number > before && what <= (is_old ? DATA_DESTROYED : DATA_HERE);
    return err == ERR_NONE && !is_good ? ERR_MALFORMED : err;
}

static enum err get_versions(struct arena *arena, struct row_reader *row, struct kv2_secret *secret)
{
    uint32_t old_count = 0;
    uint64_t count = 0;
    enum err err = row->format == FORMAT_1 ? get_u32(&row->reader, &old_count) : get_small(&row->reader, &count);
    count += old_count;
    if (err != ERR_NONE || count > reader_left(&row->reader) / (row->format == FORMAT_1 ? VERSION_1_BYTES : VERSION_MIN_BYTES)) {
        return ERR_MALFORMED;
    }
    secret->versions = arena_alloc_array(arena, (size_t)count + 1, sizeof *secret->versions); /* one more: a write adds it */
    if (secret->versions == NULL) {
        return ERR_MEMORY;
    }
    uint64_t before = 0;
    int64_t before_ms = secret->created_ms;
    for (; secret->count < count && err == ERR_NONE; secret->count++) {
        struct kv2_version *version = &secret->versions[secret->count];
        err = get_version(row, before, before_ms, version);
        before = version->number;
        before_ms = version->created_ms;
    }
    return err == ERR_NONE && count > 0 && before != secret->current ? ERR_MALFORMED : err;
}

/* Format 1. */
static enum err get_newest(struct row_reader *row, struct kv2_secret *secret)
{
    struct slice data;
    enum err err = get_text(row, &data);
    if (err == ERR_NONE && secret->count > 0) {
        secret->versions[secret->count - 1].data = data;
    }
    return err;
}

enum err kv2_decode(struct arena *arena, struct slice bytes, struct kv2_secret *ret_secret)
{
    struct row_reader row = {.reader = reader_of(bytes)};
    struct kv2_secret secret = {0};
    enum err err = get_u8(&row.reader, &row.format);
    err = err == ERR_NONE && row.format != FORMAT && row.format != FORMAT_1 ? ERR_MALFORMED : err;
    err = err == ERR_NONE ? get_text(&row, &secret.id) : err;
    err = err == ERR_NONE ? get_time(&row, 0, &secret.created_ms) : err;
    err = err == ERR_NONE ? get_time(&row, secret.created_ms, &secret.updated_ms) : err;
    err = err == ERR_NONE ? get_number(&row, &secret.current) : err;
    err = err == ERR_NONE ? get_number(&row, &secret.oldest) : err;
    err = err == ERR_NONE ? get_number(&row, &secret.max_versions) : err;
    err = err == ERR_NONE ? get_flag(&row, &secret.cas_required) : err;
    err = err == ERR_NONE ? get_signed(&row, &secret.delete_after_s) : err;
    err = err == ERR_NONE ? get_text(&row, &secret.custom) : err;
    err = err == ERR_NONE ? get_versions(arena, &row, &secret) : err;
    err = err == ERR_NONE && row.format == FORMAT_1 ? get_newest(&row, &secret) : err;
    err = err == ERR_NONE ? reader_end(&row.reader) : err;
    if (err != ERR_NONE || secret.id.len > 2 * KV2_ID_BYTES) {
        return err == ERR_MEMORY ? err : ERR_DAMAGED;
    }
    *ret_secret = secret;
    return ERR_NONE;
}

enum err kv2_load(struct turn *turn, struct slice path, struct kv2_secret *ret_secret)
{
    struct slice bytes;
    enum err err = turn_row(turn, kv2_path(turn, "kv2", path), &bytes);
    return err == ERR_NONE ? kv2_decode(turn->arena, bytes, ret_secret) : err;
}

static enum err put_text(struct buf *out, struct slice text)
{
    enum err err = put_small(out, text.len);
    return err == ERR_NONE ? buf_append(out, text) : err;
}

static int64_t between(int64_t from_ms, int64_t to_ms)
{
    return (int64_t)((uint64_t)to_ms - (uint64_t)from_ms);
}

static enum err put_versions(struct buf *out, const struct kv2_secret *secret)
{
    uint64_t before = 0;
    int64_t before_ms = secret->created_ms;
    enum err err = put_small(out, secret->count);
    for (size_t i = 0; err == ERR_NONE && i < secret->count; i++) {
        const struct kv2_version *version = &secret->versions[i];
        err = put_small(out, version->number - before);
        err = err == ERR_NONE ? put_small_signed(out, between(before_ms, version->created_ms)) : err;
        err = err == ERR_NONE ? put_small(out, (uint64_t)version->deleted_ms) : err;
        err = err == ERR_NONE ? put_u8(out, version->is_destroyed ? DATA_DESTROYED : version->data.len > 0 ? DATA_HERE : DATA_BESIDE) : err;
        err = err == ERR_NONE && version->data.len > 0 ? put_text(out, version->data) : err;
        before = version->number;
        before_ms = version->created_ms;
    }
    return err;
}

static enum err encode(struct buf *out, const struct kv2_secret *secret)
{
    enum err err = buf_reserve(out, SMALL_ROW_BYTES); /* growing copies and wipes */
    err = err == ERR_NONE ? put_u8(out, FORMAT) : err;
    err = err == ERR_NONE ? put_text(out, secret->id) : err;
    err = err == ERR_NONE ? put_small_signed(out, secret->created_ms) : err;
    err = err == ERR_NONE ? put_small_signed(out, between(secret->created_ms, secret->updated_ms)) : err;
    err = err == ERR_NONE ? put_small(out, secret->current) : err;
    err = err == ERR_NONE ? put_small(out, secret->oldest) : err;
    err = err == ERR_NONE ? put_small(out, secret->max_versions) : err;
    err = err == ERR_NONE ? put_u8(out, secret->cas_required ? 1 : 0) : err;
    err = err == ERR_NONE ? put_small_signed(out, secret->delete_after_s) : err;
    err = err == ERR_NONE ? put_text(out, secret->custom) : err;
    return err == ERR_NONE ? put_versions(out, secret) : err;
}

enum err kv2_save(struct turn *turn, struct slice path, const struct kv2_secret *secret)
{
    cleanup_buf struct buf row = BUF_INIT(ROW_MAX_BYTES);
    enum err err = encode(&row, secret);
    return err == ERR_NONE ? turn_put(turn, kv2_path(turn, "kv2", path), buf_slice(&row), 0) : err;
}

struct kv2_secret kv2_new(struct turn *turn)
{
    uint8_t random[KV2_ID_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(64);
    turn_random(turn, random, sizeof random);
    struct kv2_secret secret = {.created_ms = turn->now_ms, .updated_ms = turn->now_ms, .versions = arena_alloc(turn->arena, sizeof *secret.versions)};
    if (hex_encode(&hex, slice_of(random, sizeof random)) == ERR_NONE) {
        secret.id = arena_copy(turn->arena, buf_slice(&hex));
    }
    return secret;
}

struct kv2_version *kv2_version(struct kv2_secret *secret, uint64_t number)
{
    for (size_t i = secret->count; i-- > 0;) {
        if (secret->versions[i].number == number) {
            return &secret->versions[i];
        }
    }
    return NULL;
}

bool kv2_is_deleted(const struct kv2_version *version, int64_t now_ms)
{
    return version->deleted_ms != 0 && version->deleted_ms <= now_ms;
}

enum err kv2_data(struct turn *turn, const struct kv2_secret *secret, const struct kv2_version *version, const struct json **ret_data)
{
    struct slice packed = version->data;
    struct json *tree = NULL;
    bool is_beside = !version->is_destroyed && packed.len == 0;
    enum err err = is_beside ? turn_row(turn, kv2_version_path(turn, secret->id, version->number), &packed) : ERR_NONE;
    if (err == ERR_NONE && !version->is_destroyed) {
        err = json_unpack(turn->arena, packed, &tree);
    }
    *ret_data = tree;
    return err == ERR_MALFORMED || (is_beside && err == ERR_NOT_FOUND) ? ERR_DAMAGED : err;
}

/* ---- a new version ---- */

static uint64_t versions_to_keep(const struct turn *turn, const struct kv2_secret *secret)
{
    uint64_t mount = kv2_settings(turn).max_versions, own = secret->max_versions, most = own > mount ? own : mount;
    return most > 0 ? most : KV2_VERSIONS_DEFAULT;
}

static int64_t deletion_ms(const struct turn *turn, const struct kv2_secret *secret)
{
    int64_t mount = kv2_settings(turn).delete_after_s, own = secret->delete_after_s;
    int64_t after_s = mount < 0 || own < 0 ? 0 : own == 0 ? mount : mount == 0 || own < mount ? own : mount;
    return after_s == 0 ? 0 : turn->now_ms + after_s * 1000;
}

/* Versions at the front of the list beyond what is kept. */
static enum err give_up_oldest(struct turn *turn, struct kv2_secret *secret)
{
    uint64_t keep = versions_to_keep(turn, secret);
    enum err all = ERR_NONE;
    if (secret->current - secret->oldest < keep) {
        return ERR_NONE;
    }
    secret->oldest = secret->current - keep + 1;
    while (secret->count > 0 && secret->versions[0].number < secret->oldest) {
        bool has_row = !secret->versions[0].is_destroyed && secret->versions[0].data.len == 0;
        enum err err = has_row ? turn_delete(turn, kv2_version_path(turn, secret->id, secret->versions[0].number)) : ERR_NONE;
        secret->versions++;
        secret->count--;
        if (err != ERR_NONE && err != ERR_NEED) {
            return err;
        }
        all = err == ERR_NEED ? err : all; /* asks for all rows at once */
    }
    return all;
}

/* How large the row at this path may be without taking further pages. */
static size_t small_row_bytes(const char *row_path)
{
    size_t path_bytes = slice_string(row_path).len;
    return SMALL_ROW_BYTES > SMALL_ROW_MIN_BYTES + path_bytes ? SMALL_ROW_BYTES - path_bytes : SMALL_ROW_MIN_BYTES;
}

/* Older versions leave the row. No row of such a number can exist: numbers are never used twice below one id. */
static enum err put_aside(struct turn *turn, struct kv2_secret *secret)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i + 1 < secret->count; i++) {
        struct kv2_version *version = &secret->versions[i];
        if (version->data.len > 0) {
            char *path = kv2_version_path(turn, secret->id, version->number);
            err = turn_is_new(turn, path);
            err = err == ERR_NONE ? turn_put(turn, path, version->data, 0) : err;
            version->data = SLICE_NONE;
        }
    }
    return err;
}

enum err kv2_add(struct turn *turn, struct slice path, struct kv2_secret *secret, const struct json *data)
{
    cleanup_buf struct buf packed = BUF_INIT(ROW_MAX_BYTES), row = BUF_INIT(ROW_MAX_BYTES);
    char *row_path = kv2_path(turn, "kv2", path);
    bool was_gone = secret->count > 0 && kv2_is_deleted(&secret->versions[secret->count - 1], turn->now_ms);
    if (secret->id.data == NULL || secret->versions == NULL || row_path == NULL) {
        return ERR_MEMORY;
    }
    enum err err = json_pack(&packed, data);
    if (err != ERR_NONE) {
        return err;
    }
    secret->current++;
    secret->updated_ms = turn->now_ms;
    secret->versions[secret->count++] = (struct kv2_version){.number = secret->current, .created_ms = turn->now_ms, .deleted_ms = deletion_ms(turn, secret), .data = buf_slice(&packed)};
    err = give_up_oldest(turn, secret);
    err = err == ERR_NONE ? encode(&row, secret) : err;
    if (err == ERR_NONE && row.len > small_row_bytes(row_path)) {
        buf_clear(&row);
        err = put_aside(turn, secret);
        err = err == ERR_NONE ? encode(&row, secret) : err;
    }
    err = err == ERR_NONE ? turn_put(turn, row_path, buf_slice(&row), 0) : err;
    secret->versions[secret->count - 1].data = SLICE_NONE; /* they end with this function */
    return err == ERR_NONE && was_gone ? kv2_note_gone(turn, path, secret) : err;
}

enum err kv2_note_gone(struct turn *turn, struct slice path, const struct kv2_secret *secret)
{
    const struct kv2_version *newest = secret->count == 0 ? NULL : &secret->versions[secret->count - 1];
    char *row = kv2_path(turn, "gone", path);
    if (newest == NULL || newest->is_destroyed || !kv2_is_deleted(newest, turn->now_ms)) {
        return turn_delete(turn, row);
    }
    struct json *note = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, note, "version", newest->number);
    json_set_i64(turn->arena, note, "at_ms", newest->deleted_ms);
    return turn_put_json(turn, row, json_set_string(turn->arena, note, "by", turn->caller.name) == NULL ? NULL : note, 0);
}
