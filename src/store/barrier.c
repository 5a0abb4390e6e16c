#include "store/barrier.h"

#include "store/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEALED_FORMAT = 1,
    RING_FORMAT = 1,
    RING_KEYS_MAX = 1024,
    RING_HEAD_BYTES = 1 + 4 + 4,
    RING_KEY_BYTES = 4 + 8 + 8 + KEY_BYTES,
    RING_MAX_BYTES = RING_HEAD_BYTES + RING_KEYS_MAX * RING_KEY_BYTES,
};

static const char row_label[] = "vogt/row/v1";
static const char ring_label[] = "vogt/keyring/v1";

enum {
    ROW_LABEL_BYTES = sizeof(row_label) - 1,
    ASSOCIATED_MAX_BYTES = ROW_LABEL_BYTES + 4 + 8 + PATH_MAX_BYTES
};

struct ring_key {
    uint32_t id;
    int64_t created_unix_ms;
    uint64_t sealed_count;
    struct secret key;
    struct xaes *xaes;
};

/* Keys in ascending order of their ids; the last one is the active one. */
struct barrier {
    struct ring_key *keys;
    size_t count;
};

static void key_free(struct ring_key *key)
{
    xaes_free(key->xaes);
    key->xaes = NULL;
    secret_free(&key->key);
}

void barrier_free(struct barrier *barrier)
{
    if (barrier == NULL) {
        return;
    }
    for (size_t i = 0; i < barrier->count; i++) {
        key_free(&barrier->keys[i]);
    }
    free(barrier->keys);
    free(barrier);
}

static struct ring_key *active(const struct barrier *barrier)
{
    return &barrier->keys[barrier->count - 1];
}

static struct ring_key *key_find(const struct barrier *barrier, uint32_t id)
{
    /* From the end: nearly every row is sealed with the newest keys. */
    for (size_t i = barrier->count; i > 0; i--) {
        if (barrier->keys[i - 1].id == id) {
            return &barrier->keys[i - 1];
        }
    }
    return NULL;
}

static enum err key_add(struct barrier *barrier, uint32_t id, int64_t created_unix_ms,
                        uint64_t sealed_count, struct slice bytes)
{
    if (bytes.len != KEY_BYTES) {
        return ERR_INVALID;
    }
    if (barrier->count == RING_KEYS_MAX) {
        return ERR_FULL;
    }
    struct ring_key *keys = reallocarray(barrier->keys, barrier->count + 1, sizeof(*keys));
    if (keys == NULL) {
        return ERR_MEMORY;
    }
    barrier->keys = keys;
    struct ring_key key = {id, created_unix_ms, sealed_count, SECRET_NONE, NULL};
    enum err err = secret_copy(bytes, &key.key);
    if (err == ERR_NONE) {
        err = xaes_new(secret_slice(&key.key), &key.xaes);
    }
    if (err != ERR_NONE) {
        key_free(&key);
        return err;
    }
    barrier->keys[barrier->count++] = key;
    return ERR_NONE;
}

enum err barrier_new(struct slice first_key, int64_t now_unix_ms, struct barrier **ret_barrier)
{
    struct barrier *barrier = calloc(1, sizeof(*barrier));
    if (barrier == NULL) {
        return ERR_MEMORY;
    }
    enum err err = key_add(barrier, 1, now_unix_ms, 0, first_key);
    if (err != ERR_NONE) {
        barrier_free(barrier);
        return err;
    }
    *ret_barrier = barrier;
    return ERR_NONE;
}

static enum err ring_key_read(struct reader *reader, struct barrier *barrier)
{
    uint32_t id;
    uint64_t created, sealed;
    struct slice key;
    enum err err = get_u32(reader, &id);
    if (err == ERR_NONE) {
        err = get_u64(reader, &created);
    }
    if (err == ERR_NONE) {
        err = get_u64(reader, &sealed);
    }
    if (err == ERR_NONE) {
        err = get_raw(reader, KEY_BYTES, &key);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (created > INT64_MAX || id == 0 || (barrier->count > 0 && active(barrier)->id >= id)) {
        return ERR_MALFORMED;
    }
    return key_add(barrier, id, (int64_t)created, sealed, key);
}

static enum err ring_read(struct slice plain, struct barrier *barrier)
{
    struct reader reader = reader_of(plain);
    uint8_t format;
    uint32_t active_id, count;
    enum err err = get_u8(&reader, &format);
    if (err == ERR_NONE) {
        err = get_u32(&reader, &active_id);
    }
    if (err == ERR_NONE) {
        err = get_u32(&reader, &count);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (format != RING_FORMAT) {
        return ERR_NEWER;
    }
    if (count == 0 || count > RING_KEYS_MAX) {
        return ERR_MALFORMED;
    }
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        err = ring_key_read(&reader, barrier);
    }
    if (err == ERR_NONE) {
        err = reader_end(&reader);
    }
    if (err == ERR_NONE && active(barrier)->id != active_id) {
        err = ERR_MALFORMED;
    }
    return err;
}

enum err barrier_open(struct slice root_key, struct slice sealed_ring, struct barrier **ret_barrier)
{
    if (sealed_ring.len < XAES_OVERHEAD_BYTES) {
        return ERR_MALFORMED;
    }
    if (sealed_ring.len > RING_MAX_BYTES + XAES_OVERHEAD_BYTES) {
        return ERR_TOO_LARGE;
    }
    struct xaes *xaes = NULL;
    struct barrier *barrier = NULL;
    struct buf plain = BUF_INIT(RING_MAX_BYTES + XAES_OVERHEAD_BYTES);
    enum err err = xaes_new(root_key, &xaes);
    if (err == ERR_NONE) {
        /* Reserved whole beforehand, so that growing leaves no unwiped copy of the keys behind. */
        err = buf_reserve(&plain, sealed_ring.len);
    }
    if (err == ERR_NONE) {
        err = xaes_open(xaes, slice_of(ring_label, sizeof(ring_label) - 1), sealed_ring, &plain);
    }
    if (err == ERR_NONE) {
        barrier = calloc(1, sizeof(*barrier));
        err = barrier == NULL ? ERR_MEMORY : ring_read(buf_slice(&plain), barrier);
    }
    if (plain.data != NULL) {
        wipe(plain.data, plain.capacity);
    }
    buf_free(&plain);
    xaes_free(xaes);
    if (err != ERR_NONE) {
        barrier_free(barrier);
        return err;
    }
    *ret_barrier = barrier;
    return ERR_NONE;
}

static void ring_write(const struct barrier *barrier, uint8_t *out)
{
    *out++ = RING_FORMAT;
    store_u32_little(out, active(barrier)->id);
    store_u32_little(out + 4, (uint32_t)barrier->count);
    out += 8;
    for (size_t i = 0; i < barrier->count; i++) {
        const struct ring_key *key = &barrier->keys[i];
        store_u32_little(out, key->id);
        store_u64_little(out + 4, (uint64_t)key->created_unix_ms);
        store_u64_little(out + 12, key->sealed_count);
        memcpy(out + 20, key->key.data, KEY_BYTES);
        out += RING_KEY_BYTES;
    }
}

enum err barrier_seal_ring(struct barrier *barrier, struct slice root_key,
                           const uint8_t nonce[XAES_NONCE_BYTES], struct buf *out)
{
    cleanup_secret struct secret plain = SECRET_NONE;
    struct xaes *xaes = NULL;
    enum err err = secret_new(RING_HEAD_BYTES + barrier->count * RING_KEY_BYTES, &plain);
    if (err == ERR_NONE) {
        ring_write(barrier, plain.data);
        err = xaes_new(root_key, &xaes);
    }
    if (err == ERR_NONE) {
        err = xaes_seal(xaes, nonce, slice_of(ring_label, sizeof(ring_label) - 1),
                        secret_slice(&plain), out);
    }
    xaes_free(xaes);
    return err;
}

static enum err associate(uint32_t id, struct slice path, uint64_t version,
                          uint8_t ret_out[ASSOCIATED_MAX_BYTES], struct slice *ret_associated)
{
    if (path.len > PATH_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    memcpy(ret_out, row_label, ROW_LABEL_BYTES);
    store_u32_little(ret_out + ROW_LABEL_BYTES, id);
    store_u64_little(ret_out + ROW_LABEL_BYTES + 4, version);
    if (path.len > 0) {
        memcpy(ret_out + ROW_LABEL_BYTES + 12, path.data, path.len);
    }
    *ret_associated = slice_of(ret_out, ROW_LABEL_BYTES + 12 + path.len);
    return ERR_NONE;
}

enum err barrier_seal(struct barrier *barrier, struct slice path, uint64_t version,
                      const uint8_t nonce[XAES_NONCE_BYTES], struct slice plain, struct buf *out)
{
    struct ring_key *key = active(barrier);
    uint8_t associated_bytes[ASSOCIATED_MAX_BYTES];
    struct slice associated;
    if (plain.len > ROW_MAX_BYTES - SEALED_OVERHEAD_BYTES) {
        return ERR_TOO_LARGE;
    }
    enum err err = associate(key->id, path, version, associated_bytes, &associated);
    if (err != ERR_NONE) {
        return err;
    }
    size_t before = out->len;
    err = buf_reserve(out, plain.len + SEALED_OVERHEAD_BYTES);
    if (err == ERR_NONE) {
        err = put_u8(out, SEALED_FORMAT);
    }
    if (err == ERR_NONE) {
        err = put_u32(out, key->id);
    }
    if (err == ERR_NONE) {
        err = xaes_seal(key->xaes, nonce, associated, plain, out);
    }
    if (err != ERR_NONE) {
        out->len = before;
        return err;
    }
    key->sealed_count++;
    return ERR_NONE;
}

enum err barrier_key_id(struct slice sealed, uint32_t *ret_id)
{
    if (sealed.len < SEALED_OVERHEAD_BYTES) {
        return ERR_MALFORMED;
    }
    if (sealed.data[0] != SEALED_FORMAT) {
        return ERR_MALFORMED;
    }
    *ret_id = load_u32_little(sealed.data + 1);
    return ERR_NONE;
}

enum err barrier_unseal(struct barrier *barrier, struct slice path, uint64_t version,
                        struct slice sealed, struct buf *out)
{
    uint32_t id;
    enum err err = barrier_key_id(sealed, &id);
    if (err != ERR_NONE) {
        return err;
    }
    struct ring_key *key = key_find(barrier, id);
    if (key == NULL) {
        return ERR_FORGED; /* made with a key that was dropped or never existed: it cannot be proven
                              genuine */
    }
    uint8_t associated_bytes[ASSOCIATED_MAX_BYTES];
    struct slice associated;
    err = associate(id, path, version, associated_bytes, &associated);
    if (err != ERR_NONE) {
        return err;
    }
    return xaes_open(key->xaes, associated, slice_from(sealed, 5), out);
}

enum err barrier_rotate(struct barrier *barrier, struct slice new_key, int64_t now_unix_ms)
{
    uint32_t id = active(barrier)->id;
    if (id == UINT32_MAX) {
        return ERR_FULL;
    }
    return key_add(barrier, id + 1, now_unix_ms, 0, new_key);
}

enum err barrier_drop(struct barrier *barrier, uint32_t id)
{
    struct ring_key *key = key_find(barrier, id);
    if (key == NULL) {
        return ERR_NOT_FOUND;
    }
    if (key == active(barrier)) {
        return ERR_INVALID;
    }
    size_t index = (size_t)(key - barrier->keys);
    key_free(key);
    memmove(key, key + 1, (barrier->count - index - 1) * sizeof(*key));
    barrier->count--;
    return ERR_NONE;
}

uint32_t barrier_active_id(const struct barrier *barrier)
{
    return active(barrier)->id;
}

int64_t barrier_active_since_unix_ms(const struct barrier *barrier)
{
    return active(barrier)->created_unix_ms;
}

uint64_t barrier_sealed_count(const struct barrier *barrier)
{
    return active(barrier)->sealed_count;
}

enum err root_key_derive(struct slice remote, struct slice local, struct slice info,
                         struct secret *ret_root)
{
    cleanup_secret struct secret halves = SECRET_NONE;
    cleanup_secret struct secret root = SECRET_NONE;
    size_t len;
    if (__builtin_add_overflow(remote.len, local.len, &len) || len == 0) {
        return ERR_INVALID;
    }
    enum err err = secret_new(len, &halves);
    if (err == ERR_NONE) {
        err = secret_new(KEY_BYTES, &root);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (remote.len > 0) {
        memcpy(halves.data, remote.data, remote.len);
    }
    if (local.len > 0) {
        memcpy(halves.data + remote.len, local.data, local.len);
    }
    err = hkdf_sha256(secret_slice(&halves), SLICE_LITERAL("vogt/root/v1"), info, root.data,
                      root.len);
    if (err == ERR_NONE) {
        *ret_root = secret_take(&root);
    }
    return err;
}
