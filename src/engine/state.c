#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

/*
 * The cache is a hash table of entries that also hang in a list, most recently used first. An entry says what store holds (or will hold once the open and the
 * sent batches are committed): a row or its absence. `pinned` is the number of the batch that must be acknowledged before the entry may go.
 */
struct entry {
    struct entry *next_in_slot;
    struct entry *newer, *older;
    uint64_t version, due_unix_ms, pinned;
    uint64_t hash;
    uint8_t *bytes;
    size_t bytes_len;
    struct opened_row *opened;          /* NULL: not (yet) */
    size_t path_len;
    bool absent;
    uint8_t path[];
};

enum { CHANGED_MAX = 256, SLOTS_START = 256 };

/* Paths changed most recently, for lists that were fetched before. */
struct changed {
    uint64_t number, batch;
    uint8_t path[PATH_MAX_BYTES];
    size_t path_len;
};

struct state {
    struct entry **slots;
    size_t slot_count, entry_count;
    struct entry *newest, *oldest;
    size_t cached_bytes, cache_max_bytes;

    struct barrier *barrier;
    struct sethash sethash;
    struct log_edge evidence, audit;

    struct changed changed[CHANGED_MAX];
    uint64_t change_number;

    uint64_t batch_number, committed_number;
    struct buf changes, appends;
    uint32_t change_count, append_count;
    bool touched_evidence, touched_audit, touched_sethash;
};

enum { BATCH_MAX_BYTES = 64 << 20, IDLE_BUFFER_MAX_BYTES = 256 << 10, ENTRY_COST_BYTES = sizeof(struct entry) + 32, OPENED_MAX_BYTES = 16 << 10 };

struct state *state_new(size_t cache_max_bytes)
{
    struct state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return NULL;
    }
    state->slots = calloc(SLOTS_START, sizeof *state->slots);
    if (state->slots == NULL) {
        free(state);
        return NULL;
    }
    state->slot_count = SLOTS_START;
    state->cache_max_bytes = cache_max_bytes;
    state->batch_number = 1;
    state->touched_sethash = true; /* the first batch always brings it: a store that was migrated waits for it (store/schema.h) */
    state->changes = BUF_INIT(BATCH_MAX_BYTES);
    state->appends = BUF_INIT(BATCH_MAX_BYTES);
    sethash_clear(&state->sethash);
    return state;
}

/* Rows that say who may what, and where: read by every request, and no secrets of anybody. Only these stay opened. */
static bool stays_open(struct slice path)
{
    static const char *const folders[] = {"mount/", "policy/acl/", "usage/", "token/id/", "identity/entity/", "identity/group/"};
    if (slice_starts(path, SLICE_LITERAL("n/"))) { /* of a namespace: n/ID/mount/… */
        size_t id = slice_find_byte(slice_from(path, 2), '/');
        path = id == SIZE_MAX ? path : slice_from(path, 2 + id + 1);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (slice_starts(path, slice_string(folders[i]))) {
            return true;
        }
    }
    return false;
}

static void close_entry(struct state *state, struct entry *entry)
{
    if (entry->opened != NULL) {
        state->cached_bytes -= opened_bytes(entry->opened);
        opened_release(entry->opened);
        entry->opened = NULL;
    }
}

static void drop_all(struct state *state)
{
    struct entry *entry = state->newest;
    while (entry != NULL) {
        struct entry *older = entry->older;
        close_entry(state, entry);
        free(entry->bytes);
        free(entry);
        entry = older;
    }
    memset(state->slots, 0, state->slot_count * sizeof(struct entry *));
    state->newest = NULL;
    state->oldest = NULL;
    state->entry_count = 0;
    state->cached_bytes = 0;
}

void state_free(struct state *state)
{
    if (state == NULL) {
        return;
    }
    drop_all(state);
    barrier_free(state->barrier);
    buf_free(&state->changes);
    buf_free(&state->appends);
    free(state->slots);
    free(state);
}

void state_set_barrier(struct state *state, struct barrier *barrier)
{
    for (struct entry *entry = state->newest; entry != NULL; entry = entry->older) {
        close_entry(state, entry);
    }
    barrier_free(state->barrier);
    state->barrier = barrier;
}

struct barrier *state_barrier(struct state *state)
{
    return state->barrier;
}

struct sethash *state_sethash(struct state *state)
{
    return &state->sethash;
}

struct log_edge *state_log(struct state *state, enum log_id log)
{
    return log == LOG_EVIDENCE ? &state->evidence : &state->audit;
}

/* Eight bytes at a time, each mixed in by a multiplication; rows are named by Vogt, so nobody outside chooses many colliding paths cheaply: paths carry HMACs or are
 * policy-bound. */
static uint64_t hash_path(struct slice path)
{
    uint64_t hash = 1469598103934665603u ^ path.len;
    while (path.len > 0) {
        uint64_t word = 0;
        size_t take = path.len < sizeof word ? path.len : sizeof word;
        memcpy(&word, path.data, take);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
        path = slice_of(path.data + take, path.len - take);
    }
    return hash;
}

static void unlink_use(struct state *state, struct entry *entry)
{
    if (entry->newer != NULL) {
        entry->newer->older = entry->older;
    } else {
        state->newest = entry->older;
    }
    if (entry->older != NULL) {
        entry->older->newer = entry->newer;
    } else {
        state->oldest = entry->newer;
    }
}

static void link_newest(struct state *state, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = state->newest;
    if (state->newest != NULL) {
        state->newest->newer = entry;
    } else {
        state->oldest = entry;
    }
    state->newest = entry;
}

static struct entry *find(struct state *state, struct slice path)
{
    uint64_t hash = hash_path(path);
    struct entry *entry = state->slots[hash & (state->slot_count - 1)];
    while (entry != NULL && (entry->hash != hash || !slice_equal(slice_of(entry->path, entry->path_len), path))) {
        entry = entry->next_in_slot;
    }
    if (entry != NULL && entry != state->newest) {
        unlink_use(state, entry);
        link_newest(state, entry);
    }
    return entry;
}

static void grow(struct state *state)
{
    size_t count = state->slot_count * 2;
    struct entry **slots = calloc(count, sizeof *slots);
    if (slots == NULL) {
        return; /* longer chains, still right */
    }
    for (struct entry *entry = state->newest; entry != NULL; entry = entry->older) {
        struct entry **slot = &slots[entry->hash & (count - 1)];
        entry->next_in_slot = *slot;
        *slot = entry;
    }
    free(state->slots);
    state->slots = slots;
    state->slot_count = count;
}

static enum err insert(struct state *state, struct slice path, struct entry **ret_entry)
{
    struct entry *entry = calloc(1, sizeof *entry + path.len);
    if (entry == NULL) {
        return ERR_MEMORY;
    }
    memcpy(entry->path, path.data, path.len);
    entry->path_len = path.len;
    entry->hash = hash_path(path);
    entry->absent = true;
    if (state->entry_count >= state->slot_count) {
        grow(state);
    }
    struct entry **slot = &state->slots[entry->hash & (state->slot_count - 1)];
    entry->next_in_slot = *slot;
    *slot = entry;
    link_newest(state, entry);
    state->entry_count++;
    state->cached_bytes += ENTRY_COST_BYTES + path.len;
    *ret_entry = entry;
    return ERR_NONE;
}

static void evict(struct state *state, struct entry *entry)
{
    struct entry **slot = &state->slots[entry->hash & (state->slot_count - 1)];
    while (*slot != entry) {
        slot = &(*slot)->next_in_slot;
    }
    *slot = entry->next_in_slot;
    unlink_use(state, entry);
    close_entry(state, entry);
    state->entry_count--;
    state->cached_bytes -= ENTRY_COST_BYTES + entry->path_len + entry->bytes_len;
    free(entry->bytes);
    free(entry);
}

/* Takes the bytes by copy. NULL: the row is absent. */
static enum err fill(struct state *state, struct entry *entry, const struct stored_row *row)
{
    static const struct stored_row nothing;
    uint8_t *copy = NULL;
    entry->absent = row == NULL;
    row = row == NULL ? &nothing : row;
    if (row->bytes.len > 0) {
        copy = malloc(row->bytes.len);
        if (copy == NULL) {
            return ERR_MEMORY;
        }
        memcpy(copy, row->bytes.data, row->bytes.len);
    }
    close_entry(state, entry);
    state->cached_bytes -= entry->bytes_len;
    free(entry->bytes);
    entry->bytes = copy;
    entry->bytes_len = row->bytes.len;
    entry->version = row->version;
    entry->due_unix_ms = row->due_unix_ms;
    state->cached_bytes += entry->bytes_len;
    return ERR_NONE;
}

static struct stored_row row_of(const struct entry *entry)
{
    return (struct stored_row){slice_of(entry->path, entry->path_len), entry->version, entry->due_unix_ms, slice_of(entry->bytes, entry->bytes_len)};
}

enum lookup state_row(struct state *state, struct slice path, struct stored_row *ret_row)
{
    struct entry *entry = find(state, path);
    if (entry == NULL) {
        return LOOKUP_UNKNOWN;
    }
    if (entry->absent) {
        return LOOKUP_ABSENT;
    }
    *ret_row = row_of(entry);
    return LOOKUP_FOUND;
}

enum err state_supply(struct state *state, struct slice path, const struct stored_row *row)
{
    if (find(state, path) != NULL) {
        return ERR_NONE; /* what is here is as new or newer: keep is the only writer */
    }
    struct entry *entry = NULL;
    enum err err = insert(state, path, &entry);
    return err != ERR_NONE ? err : fill(state, entry, row);
}

static bool is_boot(struct slice path)
{
    return slice_starts(path, SLICE_LITERAL("boot/"));
}

enum err state_open(struct state *state, const struct stored_row *row, struct buf *out)
{
    if (is_boot(row->path)) {
        return buf_append(out, row->bytes);
    }
    if (state->barrier == NULL) {
        return ERR_SEALED;
    }
    return barrier_unseal(state->barrier, row->path, row->version, row->bytes, out);
}

enum err state_hold(struct state *state, const struct stored_row *row, struct opened_row **ret_opened)
{
    *ret_opened = NULL;
    struct entry *entry = stays_open(row->path) ? find(state, row->path) : NULL;
    if (entry == NULL || entry->bytes != row->bytes.data || entry->version != row->version || row->bytes.len > OPENED_MAX_BYTES) { /* these very bytes, and no others */
        return ERR_NONE;
    }
    if (state->barrier == NULL) {
        return ERR_SEALED;
    }
    if (entry->opened == NULL) {
        cleanup_buf struct buf plain = BUF_INIT(OPENED_MAX_BYTES);
        enum err err = barrier_unseal(state->barrier, row->path, row->version, row->bytes, &plain);
        if (err != ERR_NONE) {
            return err;
        }
        entry->opened = opened_new(buf_slice(&plain));
        state->cached_bytes += entry->opened == NULL ? 0 : opened_bytes(entry->opened);
    }
    if (entry->opened != NULL) {
        entry->opened->users++;
        *ret_opened = entry->opened;
    }
    return ERR_NONE;
}

static void note_change(struct state *state, struct slice path)
{
    struct changed *changed = &state->changed[state->change_number % CHANGED_MAX];
    changed->number = ++state->change_number;
    changed->batch = state->batch_number;
    changed->path_len = path.len;
    memcpy(changed->path, path.data, path.len);
}

/* NULL: the row goes. */
static enum err sethash_replace(struct state *state, const struct entry *entry, const struct stored_row *row)
{
    struct stored_row old = row_of(entry);
    if (!sethash_covers(old.path)) {
        return ERR_NONE;
    }
    state->touched_sethash = true;
    enum err err = entry->absent ? ERR_NONE : sethash_remove(&state->sethash, &old);
    return err == ERR_NONE && row != NULL ? sethash_add(&state->sethash, row) : err;
}

static enum err add_change(struct state *state, const struct change *change)
{
    enum err err = change_put(&state->changes, change);
    if (err == ERR_NONE) {
        state->change_count++;
    }
    return err;
}

static enum err put_stored(struct state *state, struct entry *entry, struct slice bytes, uint64_t due_unix_ms)
{
    struct slice path = slice_of(entry->path, entry->path_len);
    struct change change = {.kind = CHANGE_PUT, .path = path, .expected_version = entry->version,
                            .due_unix_ms = due_unix_ms, .bytes = bytes};
    struct stored_row row = {path, entry->version + 1, due_unix_ms, bytes};
    enum err err = add_change(state, &change);
    if (err == ERR_NONE) {
        err = sethash_replace(state, entry, &row);
    }
    if (err == ERR_NONE) {
        err = fill(state, entry, &row);
    }
    if (err == ERR_NONE) {
        entry->pinned = state->batch_number;
        note_change(state, path);
    }
    return err;
}

enum err state_put(struct state *state, struct slice path, struct slice plain, uint64_t due_unix_ms, const uint8_t *nonce)
{
    struct entry *entry = path.len <= PATH_MAX_BYTES ? find(state, path) : NULL;
    if (entry == NULL) {
        return ERR_INTERNAL;
    }
    if (is_boot(path)) {
        return put_stored(state, entry, plain, due_unix_ms);
    }
    if (state->barrier == NULL) {
        return ERR_SEALED;
    }
    cleanup_buf struct buf sealed = BUF_INIT(ROW_MAX_BYTES + SEALED_OVERHEAD_BYTES);
    enum err err = barrier_seal(state->barrier, path, entry->version + 1, nonce, plain, &sealed);
    return err != ERR_NONE ? err : put_stored(state, entry, buf_slice(&sealed), due_unix_ms);
}

enum err state_delete(struct state *state, struct slice path)
{
    struct entry *entry = find(state, path);
    if (entry == NULL) {
        return ERR_INTERNAL;
    }
    if (entry->absent) {
        return ERR_NONE;
    }
    struct change change = {.kind = CHANGE_DELETE, .path = path, .expected_version = entry->version};
    enum err err = add_change(state, &change);
    if (err == ERR_NONE) {
        err = sethash_replace(state, entry, NULL);
    }
    if (err == ERR_NONE) {
        err = fill(state, entry, NULL);
        entry->pinned = state->batch_number;
        note_change(state, slice_of(entry->path, entry->path_len));
    }
    return err;
}

enum err state_append(struct state *state, enum log_id log, struct slice entry)
{
    struct log_edge *edge = state_log(state, log);
    struct append append = {.log = (uint8_t)log, .index = edge->tree.size, .entry = entry};
    enum err err = append_put(&state->appends, &append);
    if (err != ERR_NONE) {
        return err;
    }
    err = tree_append(&edge->tree, entry);
    if (err != ERR_NONE) {
        return err;
    }
    state->append_count++;
    *(log == LOG_EVIDENCE ? &state->touched_evidence : &state->touched_audit) = true;
    return ERR_NONE;
}

uint64_t state_change_number(const struct state *state)
{
    return state->change_number;
}

bool state_changed_below(const struct state *state, struct slice prefix, uint64_t since)
{
    if (state->change_number - since > CHANGED_MAX) {
        return true;
    }
    for (uint64_t number = since; number < state->change_number; number++) {
        const struct changed *changed = &state->changed[number % CHANGED_MAX];
        if (slice_starts(slice_of(changed->path, changed->path_len), prefix)) {
            return true;
        }
    }
    return false;
}

bool state_open_below(const struct state *state, struct slice prefix)
{
    if (state->change_count > CHANGED_MAX) {
        return true;
    }
    for (size_t i = 0; i < CHANGED_MAX; i++) {
        const struct changed *changed = &state->changed[i];
        if (changed->batch == state->batch_number && slice_starts(slice_of(changed->path, changed->path_len), prefix)) {
            return true;
        }
    }
    return false;
}

uint64_t state_batch_number(const struct state *state)
{
    return state->batch_number;
}

bool state_batch_is_empty(const struct state *state)
{
    return state->change_count == 0 && state->append_count == 0;
}

size_t state_batch_bytes(const struct state *state)
{
    return state->changes.len + state->appends.len;
}

static enum err put_intent(struct buf *out, enum log_id log, const struct tree *tree)
{
    struct tree_hash root;
    tree_root(tree, &root);
    enum err err = put_u8(out, (uint8_t)log);
    if (err == ERR_NONE) {
        err = put_u64(out, tree->size);
    }
    return err == ERR_NONE ? buf_append(out, tree_hash_slice(&root)) : err;
}

/* Keeps the memory of a usual batch, gives back that of a large one. */
static void empty(struct buf *buf)
{
    if (buf->capacity <= IDLE_BUFFER_MAX_BYTES) {
        buf_clear(buf);
    } else {
        buf_free(buf);
        *buf = BUF_INIT(BATCH_MAX_BYTES);
    }
}

/* Empty: as store has it. */
static enum err put_sethash(struct buf *out, const struct state *state)
{
    uint8_t lanes[SETHASH_BYTES];
    if (!state->touched_sethash) {
        return put_bytes(out, SLICE_NONE);
    }
    sethash_save(&state->sethash, lanes);
    return put_bytes(out, slice_of(lanes, sizeof lanes));
}

enum err state_batch_take(struct state *state, struct buf *out)
{
    uint32_t logs = (uint32_t)state->touched_evidence + (uint32_t)state->touched_audit;
    enum err err = put_u64(out, 0);
    err = err == ERR_NONE ? put_u32(out, state->change_count) : err;
    err = err == ERR_NONE ? buf_append(out, buf_slice(&state->changes)) : err;
    err = err == ERR_NONE ? put_u32(out, state->append_count) : err;
    err = err == ERR_NONE ? buf_append(out, buf_slice(&state->appends)) : err;
    err = err == ERR_NONE ? put_u32(out, logs) : err;
    if (err == ERR_NONE && state->touched_evidence) {
        err = put_intent(out, LOG_EVIDENCE, &state->evidence.tree);
    }
    if (err == ERR_NONE && state->touched_audit) {
        err = put_intent(out, LOG_AUDIT, &state->audit.tree);
    }
    err = err == ERR_NONE ? put_sethash(out, state) : err;
    if (err != ERR_NONE) {
        return err;
    }
    empty(&state->changes);
    empty(&state->appends);
    state->change_count = 0;
    state->append_count = 0;
    state->touched_evidence = false;
    state->touched_audit = false;
    state->touched_sethash = false;
    state->batch_number++;
    return ERR_NONE;
}

void state_batch_committed(struct state *state, uint64_t number)
{
    if (number > state->committed_number) {
        state->committed_number = number;
    }
}

void state_set_cache(struct state *state, size_t max_bytes)
{
    state->cache_max_bytes = max_bytes;
}

void state_trim(struct state *state)
{
    struct entry *entry = state->oldest;
    while (entry != NULL && state->cached_bytes > state->cache_max_bytes) {
        struct entry *newer = entry->newer;
        if (entry->pinned <= state->committed_number) {
            evict(state, entry);
        }
        entry = newer;
    }
}

size_t state_cached_bytes(const struct state *state)
{
    return state->cached_bytes;
}
