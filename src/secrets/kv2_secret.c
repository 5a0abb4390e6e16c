/*
 * The row of a secret, little-endian:
 *
 *   u8 2, bytes id, u64 created_ms, u64 updated_ms, u64 current, u64 oldest, u64 max_versions, u8 cas_required, u64 delete_after_s (two's complement),
 *   bytes custom_metadata (packed JSON; empty: none), u32 count, count * { u64 number, u64 created_ms, u64 deleted_ms, u8 what, if what is 2: bytes data (packed JSON) }
 *
 * What: 0 the data lies in a row of its own, 1 it was destroyed, 2 it stands here. Format 1, as older releases wrote it, had the newest version's data alone, behind the
 * list. Versions ascend. What does not hold is a damaged row: nobody but keep writes it.
 */
#include "secrets/kv2.h"

#include <string.h>

#include "base/encode.h"

enum { FORMAT_1 = 1, FORMAT = 2, VERSION_BYTES = 25 };

enum what { DATA_BESIDE, DATA_DESTROYED, DATA_HERE };

/* A row of store's B-tree that is larger than about 1,000 bytes, path and seal included, takes further pages; each page is written twice. So older versions stay in the row
 * up to this size, and leave it all at once: their rows are neighbours. */
enum { SMALL_ROW_BYTES = 800 };

char *kv2_path(struct turn *turn, const char *folder, struct slice path)
{
    return mount_path(turn, "%s/%.*s", folder, (int)path.len, (const char *)path.data);
}

char *kv2_version_path(struct turn *turn, struct slice id, uint64_t number)
{
    return mount_path(turn, "v/%.*s/%llu", (int)id.len, (const char *)id.data, (unsigned long long)number);
}

static enum err get_signed(struct reader *reader, int64_t *ret_value)
{
    uint64_t value = 0;
    enum err err = get_u64(reader, &value);
    *ret_value = (int64_t)value;
    return err;
}

static enum err get_flag(struct reader *reader, bool *ret_flag)
{
    uint8_t value = 2;
    enum err err = get_u8(reader, &value);
    *ret_flag = value == 1;
    return err == ERR_NONE && value > 1 ? ERR_MALFORMED : err;
}

static enum err get_version(struct reader *reader, uint8_t format, uint64_t after, struct kv2_version *version)
{
    uint8_t what = 0;
    enum err err = get_u64(reader, &version->number);
    err = err == ERR_NONE ? get_signed(reader, &version->created_ms) : err;
    err = err == ERR_NONE ? get_signed(reader, &version->deleted_ms) : err;
    err = err == ERR_NONE ? get_u8(reader, &what) : err;
    err = err == ERR_NONE && what == DATA_HERE ? get_bytes(reader, ROW_MAX_BYTES, &version->data) : err;
    version->is_destroyed = what == DATA_DESTROYED;
    bool is_good = version->number > after && what <= (format == FORMAT_1 ? DATA_DESTROYED : DATA_HERE);
    return err == ERR_NONE && !is_good ? ERR_MALFORMED : err;
}

static enum err get_versions(struct arena *arena, struct reader *reader, uint8_t format, struct kv2_secret *secret)
{
    uint32_t count = 0;
    enum err err = get_u32(reader, &count);
    if (err != ERR_NONE || count > reader_left(reader) / VERSION_BYTES) {
        return ERR_MALFORMED;
    }
    secret->versions = arena_alloc_array(arena, (size_t)count + 1, sizeof *secret->versions); /* one more: a write adds it */
    if (secret->versions == NULL) {
        return ERR_MEMORY;
    }
    for (; secret->count < count && err == ERR_NONE; secret->count++) {
        err = get_version(reader, format, secret->count == 0 ? 0 : secret->versions[secret->count - 1].number, &secret->versions[secret->count]);
    }
    return err == ERR_NONE && count > 0 && secret->versions[count - 1].number != secret->current ? ERR_MALFORMED : err;
}

/* Format 1. */
static enum err get_newest(struct reader *reader, struct kv2_secret *secret)
{
    struct slice data;
    enum err err = get_bytes(reader, ROW_MAX_BYTES, &data);
    if (err == ERR_NONE && secret->count > 0) {
        secret->versions[secret->count - 1].data = data;
    }
    return err;
}

enum err kv2_decode(struct arena *arena, struct slice bytes, struct kv2_secret *ret_secret)
{
    struct reader reader = reader_of(bytes);
    struct kv2_secret secret = {0};
    uint8_t format = 0;
    enum err err = get_u8(&reader, &format);
    err = err == ERR_NONE && format != FORMAT && format != FORMAT_1 ? ERR_MALFORMED : err;
    err = err == ERR_NONE ? get_bytes(&reader, 2 * KV2_ID_BYTES, &secret.id) : err;
    err = err == ERR_NONE ? get_signed(&reader, &secret.created_ms) : err;
    err = err == ERR_NONE ? get_signed(&reader, &secret.updated_ms) : err;
    err = err == ERR_NONE ? get_u64(&reader, &secret.current) : err;
    err = err == ERR_NONE ? get_u64(&reader, &secret.oldest) : err;
    err = err == ERR_NONE ? get_u64(&reader, &secret.max_versions) : err;
    err = err == ERR_NONE ? get_flag(&reader, &secret.cas_required) : err;
    err = err == ERR_NONE ? get_signed(&reader, &secret.delete_after_s) : err;
    err = err == ERR_NONE ? get_bytes(&reader, ROW_MAX_BYTES, &secret.custom) : err;
    err = err == ERR_NONE ? get_versions(arena, &reader, format, &secret) : err;
    err = err == ERR_NONE && format == FORMAT_1 ? get_newest(&reader, &secret) : err;
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err != ERR_NONE) {
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

static enum err put_versions(struct buf *out, const struct kv2_secret *secret)
{
    enum err err = put_u32(out, (uint32_t)secret->count);
    for (size_t i = 0; err == ERR_NONE && i < secret->count; i++) {
        const struct kv2_version *version = &secret->versions[i];
        err = put_u64(out, version->number);
        err = err == ERR_NONE ? put_u64(out, (uint64_t)version->created_ms) : err;
        err = err == ERR_NONE ? put_u64(out, (uint64_t)version->deleted_ms) : err;
        err = err == ERR_NONE ? put_u8(out, version->is_destroyed ? DATA_DESTROYED : version->data.len > 0 ? DATA_HERE : DATA_BESIDE) : err;
        err = err == ERR_NONE && version->data.len > 0 ? put_bytes(out, version->data) : err;
    }
    return err;
}

static enum err encode(struct buf *out, const struct kv2_secret *secret)
{
    enum err err = put_u8(out, FORMAT);
    err = err == ERR_NONE ? put_bytes(out, secret->id) : err;
    err = err == ERR_NONE ? put_u64(out, (uint64_t)secret->created_ms) : err;
    err = err == ERR_NONE ? put_u64(out, (uint64_t)secret->updated_ms) : err;
    err = err == ERR_NONE ? put_u64(out, secret->current) : err;
    err = err == ERR_NONE ? put_u64(out, secret->oldest) : err;
    err = err == ERR_NONE ? put_u64(out, secret->max_versions) : err;
    err = err == ERR_NONE ? put_u8(out, secret->cas_required ? 1 : 0) : err;
    err = err == ERR_NONE ? put_u64(out, (uint64_t)secret->delete_after_s) : err;
    err = err == ERR_NONE ? put_bytes(out, secret->custom) : err;
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

/* Older versions leave a row that is too large. No row of such a number can exist: numbers are never used twice below one id. */
static enum err put_aside(struct turn *turn, struct kv2_secret *secret)
{
    size_t bytes = secret->custom.len + secret->count * VERSION_BYTES;
    for (size_t i = 0; i < secret->count; i++) {
        bytes += secret->versions[i].data.len;
    }
    enum err err = ERR_NONE;
    for (size_t i = 0; bytes > SMALL_ROW_BYTES && err == ERR_NONE && i + 1 < secret->count; i++) {
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
    cleanup_buf struct buf packed = BUF_INIT(ROW_MAX_BYTES);
    bool was_gone = secret->count > 0 && kv2_is_deleted(&secret->versions[secret->count - 1], turn->now_ms);
    if (secret->id.data == NULL || secret->versions == NULL) {
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
    err = err == ERR_NONE ? put_aside(turn, secret) : err;
    err = err == ERR_NONE ? kv2_save(turn, path, secret) : err;
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
