#include "store/tiles.h"

#include "base/encode.h"
#include "store/unsynced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMER_DIRECTORY "ledger/former"

static const char *const log_directories[] = {
    [LOG_EVIDENCE] = "ledger/evidence", [LOG_AUDIT] = "ledger/audit"};

/* One run of publishing. */
struct publishing {
    struct files *files;
    struct rows *rows;
    uint8_t log;
    uint64_t from, to;
    struct buf entries, bundle;
    struct unsynced unsynced;
};

static bool log_known(uint8_t log)
{
    return log == LOG_EVIDENCE || log == LOG_AUDIT;
}

enum err tile_name(uint8_t log, uint8_t level, uint64_t number, unsigned width, char *ret_name,
                   size_t name_bytes)
{
    if (!log_known(log) || (level >= TILE_LEVELS && level != TILE_LEVEL_ENTRIES) || width == 0 ||
        width > TILE_WIDTH) {
        return ERR_INVALID;
    }
    char path[TILE_PATH_BYTES];
    tile_path(&(struct tile){level, number, width}, path);
    int len = snprintf(ret_name, name_bytes, "%s/%s", log_directories[log], path);
    return len > 0 && (size_t)len < name_bytes ? ERR_NONE : ERR_INVALID;
}

enum err note_head(struct slice note, uint64_t *ret_size, uint8_t ret_root[SHA256_BYTES])
{
    struct slice rest = note, origin, size_text, root_text;
    uint64_t size;
    if (!slice_split(&rest, '\n', &origin) || origin.len == 0 ||
        !slice_split(&rest, '\n', &size_text) || !slice_split(&rest, '\n', &root_text) ||
        rest.data == NULL || slice_to_u64(size_text, &size) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    cleanup_buf struct buf root = BUF_INIT(SHA256_BYTES);
    if (base64_decode(&root, root_text) != ERR_NONE || root.len != SHA256_BYTES) {
        return ERR_MALFORMED;
    }
    *ret_size = size;
    memcpy(ret_root, root.data, SHA256_BYTES);
    return ERR_NONE;
}

enum err tiles_checkpoint_name(uint8_t log, char *ret_name, size_t name_bytes)
{
    if (!log_known(log)) {
        return ERR_INVALID;
    }
    int len = snprintf(ret_name, name_bytes, "%s/checkpoint", log_directories[log]);
    return len > 0 && (size_t)len < name_bytes ? ERR_NONE : ERR_INVALID;
}

enum err tiles_checkpoint(struct files *files, uint8_t log, struct buf *out, uint64_t *ret_size)
{
    char name[DIRECTORY_MAX_BYTES];
    uint8_t root[SHA256_BYTES];
    bool exists = false;
    enum err err = tiles_checkpoint_name(log, name, sizeof(name));
    if (err == ERR_NONE) {
        err = file_exists(files, name, &exists);
    }
    if (err == ERR_NONE && !exists) {
        err = ERR_NOT_FOUND;
    }
    if (err == ERR_NONE) {
        err = file_load(files, name, out);
    }
    return err == ERR_NONE ? note_head(buf_slice(out), ret_size, root) : err;
}

/* A note's first line names its log. */
static struct slice origin_of(struct slice note)
{
    return slice_first(note, slice_find_byte(note, '\n'));
}

/* "ledger/former/vogt-0123456789abcdef_evidence": a name without what could lead elsewhere. */
static void former_name(struct slice origin, char out[DIRECTORY_MAX_BYTES])
{
    size_t len = (size_t)snprintf(out, DIRECTORY_MAX_BYTES, FORMER_DIRECTORY "/");
    for (size_t i = 0; i < origin.len && len < DIRECTORY_MAX_BYTES - 1; i++) {
        out[len++] = byte_is_among(origin.data[i], ASCII_LETTERS ASCII_DIGITS "-") ? (char)origin.data[i] : '_';
    }
    out[len] = '\0';
}

/*
 * The log goes on under another name, and its tree may be smaller than the one that was published.
 * The files of the former one are moved away as they are: they are what outsiders saw, and the only
 * trace of entries that a restore lost. Durable before anything new is written in their place; after
 * a crash in between there is no checkpoint, and the next publication writes everything.
 */
static enum err set_aside(struct publishing *run, struct slice former_note)
{
    char name[DIRECTORY_MAX_BYTES];
    bool exists = false;
    former_name(origin_of(former_note), name);
    enum err err = unsynced_make_directories(&run->unsynced, name);
    if (err == ERR_NONE) {
        err = file_exists(run->files, name, &exists);
    }
    if (err == ERR_NONE && exists) {
        err = ERR_EXISTS;
    }
    if (err == ERR_NONE) {
        err = unsynced_sync(&run->unsynced);
    }
    if (err == ERR_NONE) {
        err = file_rename(run->files, log_directories[run->log], name);
    }
    if (err == ERR_NONE) {
        err = file_sync_directory(run->files, FORMER_DIRECTORY);
    }
    return err == ERR_NONE ? file_sync_directory(run->files, "ledger") : err;
}

static enum err write_tile(struct publishing *run, uint8_t level, uint64_t number, unsigned width,
                           struct slice bytes)
{
    char name[DIRECTORY_MAX_BYTES];
    enum err err = tile_name(run->log, level, number, width, name, sizeof(name));
    return err == ERR_NONE ? unsynced_write(&run->unsynced, name, bytes) : err;
}

/* Entries of one bundle come from the rows, as its bytes and as the leaves of the tile of level 0.
 */
static enum err write_bundle(struct publishing *run, uint64_t number, unsigned width)
{
    uint8_t leaves[TILE_BYTES];
    uint32_t count = 0;
    buf_clear(&run->entries);
    buf_clear(&run->bundle);
    enum err err = rows_entries(run->rows, run->log, number * TILE_WIDTH, width, &run->entries);
    struct reader reader = reader_of(buf_slice(&run->entries));
    if (err == ERR_NONE) {
        err = get_u32(&reader, &count);
    }
    if (err == ERR_NONE && count != width) {
        err = ERR_DAMAGED; /* the log's row promises entries that are not there */
    }
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct slice entry = SLICE_NONE;
        err = get_bytes(&reader, UINT16_MAX, &entry);
        if (err == ERR_NONE) {
            edge_leaf(entry, leaves + (size_t)i * SHA256_BYTES);
            err = bundle_append(&run->bundle, entry);
        }
    }
    if (err == ERR_NONE) {
        err = write_tile(run, TILE_LEVEL_ENTRIES, number, width, buf_slice(&run->bundle));
    }
    return err == ERR_NONE
               ? write_tile(run, 0, number, width, slice_of(leaves, (size_t)width * SHA256_BYTES))
               : err;
}

/* The root over 2^n hashes, folded in place. */
static void fold(uint8_t *hashes, size_t count, uint8_t ret_root[SHA256_BYTES])
{
    uint8_t node[SHA256_BYTES];
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++) {
            edge_node(hashes + 2 * i * SHA256_BYTES, hashes + (2 * i + 1) * SHA256_BYTES, node);
            memcpy(hashes + i * SHA256_BYTES, node, SHA256_BYTES);
        }
    }
    memcpy(ret_root, hashes, SHA256_BYTES);
}

static enum err load_tile(struct publishing *run, uint8_t level, uint64_t number, unsigned width,
                          uint8_t *ret_hashes)
{
    char name[DIRECTORY_MAX_BYTES];
    cleanup_buf struct buf bytes = BUF_INIT(TILE_BYTES);
    enum err err = tile_name(run->log, level, number, width, name, sizeof(name));
    if (err == ERR_NONE) {
        err = file_load(run->files, name, &bytes);
    }
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && bytes.len != (size_t)width * SHA256_BYTES)) {
        err = ERR_DAMAGED;
    }
    if (err == ERR_NONE) {
        memcpy(ret_hashes, bytes.data, bytes.len);
    }
    return err;
}

/* A tile above the entries', from the full ones below it. */
static enum err write_level_tile(struct publishing *run, const struct tile *tile)
{
    uint8_t hashes[TILE_BYTES], below[TILE_BYTES];
    enum err err = ERR_NONE;
    for (unsigned i = 0; err == ERR_NONE && i < tile->width; i++) {
        err = load_tile(run, (uint8_t)(tile->level - 1), tile->number * TILE_WIDTH + i, TILE_WIDTH,
                        below);
        if (err == ERR_NONE) {
            fold(below, TILE_WIDTH, hashes + (size_t)i * SHA256_BYTES);
        }
    }
    return err == ERR_NONE ? write_tile(run, (uint8_t)tile->level, tile->number, tile->width,
                                        slice_of(hashes, (size_t)tile->width * SHA256_BYTES))
                           : err;
}

/* The tree's right edge as the tiles have it: each level's last, partial tile holds up to eight of
 * the peaks. */
static enum err tiles_edge(struct publishing *run, struct edge *ret_edge)
{
    uint8_t hashes[TILE_BYTES];
    unsigned peaks = 0;
    ret_edge->size = run->to;
    for (int level = TILE_LEVELS - 1; level >= 0; level--) {
        uint64_t count = run->to >> (8 * level);
        unsigned width = (unsigned)(count % TILE_WIDTH);
        if (width == 0) {
            continue;
        }
        enum err err = load_tile(run, (uint8_t)level, count / TILE_WIDTH, width, hashes);
        if (err != ERR_NONE) {
            return err;
        }
        size_t offset = 0;
        for (unsigned peak = TILE_WIDTH / 2; peak > 0; peak /= 2) {
            if ((width & peak) != 0) {
                fold(hashes + offset * SHA256_BYTES, peak, ret_edge->hashes[peaks++]);
                offset += peak;
            }
        }
    }
    return ERR_NONE;
}

/* All tiles from `run->from` on; then the root that the tiles give must be the note's. */
static enum err write_tiles(struct publishing *run, const uint8_t root[SHA256_BYTES])
{
    enum err err = ERR_NONE;
    struct tile tile;
    for (struct tile_walk walk = tile_walk_start(run->from, run->to);
         err == ERR_NONE && tile_walk_next(&walk, &tile);) {
        if (tile.level == TILE_LEVEL_ENTRIES) {
            err = write_bundle(run, tile.number, tile.width); /* the tile of level 0 with it */
        } else if (tile.level > 0) {
            err = write_level_tile(run, &tile);
        }
    }
    struct edge edge;
    uint8_t tiles_root[SHA256_BYTES];
    if (err == ERR_NONE) {
        err = tiles_edge(run, &edge);
    }
    if (err != ERR_NONE) {
        return err;
    }
    edge_root(&edge, tiles_root);
    return memcmp(tiles_root, root, SHA256_BYTES) == 0 ? ERR_NONE : ERR_DAMAGED;
}

/* Partial tiles whose full one is published are of no use any more; left over after a crash they do
 * no harm. */
static enum err drop_partials(struct publishing *run, uint8_t level, uint64_t number)
{
    char name[DIRECTORY_MAX_BYTES], directory[DIRECTORY_MAX_BYTES];
    bool exists = false;
    enum err err = tile_name(run->log, level, number, 1, name, sizeof(name));
    directory_of(name, directory);
    if (err == ERR_NONE) {
        err = file_exists(run->files, directory, &exists);
    }
    if (err != ERR_NONE || !exists) {
        return err;
    }
    for (unsigned width = 1; err == ERR_NONE && width < TILE_WIDTH; width++) {
        err = tile_name(run->log, level, number, width, name, sizeof(name));
        if (err == ERR_NONE) {
            err = file_exists(run->files, name, &exists);
        }
        if (err == ERR_NONE && exists) {
            err = file_remove(run->files, name);
        }
    }
    return err == ERR_NONE ? file_remove(run->files, directory) : err;
}

static enum err drop_old(struct publishing *run)
{
    enum err err = ERR_NONE;
    for (unsigned level = 0; err == ERR_NONE && level < TILE_LEVELS; level++) {
        uint64_t first = (run->from >> (8 * level)) / TILE_WIDTH,
                 end = (run->to >> (8 * level)) / TILE_WIDTH;
        for (uint64_t number = first; err == ERR_NONE && number < end; number++) {
            err = drop_partials(run, (uint8_t)level, number);
            if (err == ERR_NONE && level == 0) {
                err = drop_partials(run, TILE_LEVEL_ENTRIES, number);
            }
        }
    }
    return err;
}

static enum err publish(struct publishing *run, struct slice note, const uint8_t root[SHA256_BYTES])
{
    char name[DIRECTORY_MAX_BYTES];
    enum err err = write_tiles(run, root);
    if (err == ERR_DAMAGED && run->from > 0) {
        /* Files published earlier were lost or changed: rows are the truth, so all are written
         * anew, once. */
        run->from = 0;
        err = write_tiles(run, root);
    }
    if (err == ERR_NONE) {
        err = unsynced_sync(&run->unsynced);
    }
    if (err == ERR_NONE) {
        err = tiles_checkpoint_name(run->log, name, sizeof(name));
    }
    if (err == ERR_NONE) {
        err = unsynced_write(&run->unsynced, name, note);
    }
    if (err == ERR_NONE) {
        err = unsynced_sync(&run->unsynced);
    }
    if (err == ERR_NONE) {
        err = rows_publish(run->rows, run->log, run->to, note);
    }
    return err == ERR_NONE ? drop_old(run) : err;
}

enum err tiles_publish(struct files *files, struct rows *rows, uint8_t log, uint64_t size,
                       struct slice note)
{
    uint64_t note_size = 0, from = 0;
    uint8_t root[SHA256_BYTES];
    enum err err = log_known(log) && note.len <= CHECKPOINT_MAX_BYTES ? note_head(note, &note_size, root)
                                                                : ERR_INVALID;
    if (err != ERR_NONE) {
        return err;
    }
    cleanup_buf struct buf old = BUF_INIT(CHECKPOINT_MAX_BYTES);
    err = tiles_checkpoint(files, log, &old, &from);
    if (err == ERR_NOT_FOUND || err == ERR_MALFORMED || err == ERR_TOO_LARGE) {
        from = 0; /* never published, or not readable any more: everything is written */
    } else if (err != ERR_NONE) {
        return err;
    }
    bool is_reopened = err == ERR_NONE && !slice_equal(origin_of(note), origin_of(buf_slice(&old)));
    from = is_reopened ? 0 : from;
    if (note_size != size || size > rows_log(rows, log)->edge.size || size < from) {
        return ERR_INVALID;
    }
    struct publishing *run = calloc(1, sizeof(*run));
    if (run == NULL) {
        return ERR_MEMORY;
    }
    *run = (struct publishing){
        files, rows, log, from, size, BUF_INIT(BUNDLE_MAX_BYTES * 2), BUF_INIT(BUNDLE_MAX_BYTES),
        {.files = files}};
    err = is_reopened ? set_aside(run, buf_slice(&old)) : ERR_NONE;
    err = err == ERR_NONE ? publish(run, note, root) : err;
    buf_free(&run->entries);
    buf_free(&run->bundle);
    free(run);
    return err;
}
