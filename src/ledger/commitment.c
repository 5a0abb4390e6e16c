#include "ledger/commitment.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The label's first byte is handed over as sha256_prefixed's prefix, so that a payload is hashed
 * where it lies. */
static const char label[] = "vogt/commitment/v1";

enum { LABEL_BYTES = sizeof(label) - 1, INDEX_DIGITS = 16, COUNT_BYTES = 4 };

static_assert(LABEL_BYTES == 18, "the label is a format");
static_assert(EVIDENCE_ENTRY_BYTES == 33 && AUDIT_ENTRY_BYTES == 137, "entries are formats");

void evidence_entry(struct slice salt, struct slice payload,
                    uint8_t ret_entry[EVIDENCE_ENTRY_BYTES])
{
    uint8_t head[LABEL_BYTES - 1 + COMMITMENT_SALT_BYTES];
    if (salt.len != COMMITMENT_SALT_BYTES) {
        abort(); /* a caller's bug: the salt is what hides the payload */
    }
    memcpy(head, label + 1, LABEL_BYTES - 1);
    memcpy(head + LABEL_BYTES - 1, salt.data, COMMITMENT_SALT_BYTES);
    ret_entry[0] = ENTRY_EVIDENCE;
    sha256_prefixed((uint8_t)label[0], slice_of(head, sizeof(head)), payload, ret_entry + 1);
}

enum err evidence_open(struct slice entry, struct slice opened_row, struct slice *ret_payload)
{
    uint8_t expected[EVIDENCE_ENTRY_BYTES];
    if (entry.len != EVIDENCE_ENTRY_BYTES || entry.data[0] != ENTRY_EVIDENCE ||
        opened_row.len < COMMITMENT_SALT_BYTES) {
        return ERR_MALFORMED;
    }
    struct slice payload = slice_from(opened_row, COMMITMENT_SALT_BYTES);
    evidence_entry(slice_first(opened_row, COMMITMENT_SALT_BYTES), payload, expected);
    if (!slice_equal(entry, slice_of(expected, sizeof(expected)))) {
        return ERR_FORGED;
    }
    *ret_payload = payload;
    return ERR_NONE;
}

void audit_entry_encode(const struct audit_entry *entry, uint8_t ret_entry[AUDIT_ENTRY_BYTES])
{
    uint8_t *at = ret_entry;
    *at++ = ENTRY_AUDIT;
    memcpy(at, entry->records_root.bytes, SHA256_BYTES);
    memcpy(at + SHA256_BYTES, entry->blob_digest.bytes, SHA256_BYTES);
    memcpy(at + 2 * SHA256_BYTES, entry->state_digest.bytes, SHA256_BYTES);
    store_u64_big(at + 3 * SHA256_BYTES, entry->evidence_size);
    memcpy(at + 3 * SHA256_BYTES + 8, entry->evidence_root.bytes, SHA256_BYTES);
}

enum err audit_entry_decode(struct slice bytes, struct audit_entry *ret_entry)
{
    if (bytes.len != AUDIT_ENTRY_BYTES || bytes.data[0] != ENTRY_AUDIT) {
        return ERR_MALFORMED;
    }
    const uint8_t *at = bytes.data + 1;
    memcpy(ret_entry->records_root.bytes, at, SHA256_BYTES);
    memcpy(ret_entry->blob_digest.bytes, at + SHA256_BYTES, SHA256_BYTES);
    memcpy(ret_entry->state_digest.bytes, at + 2 * SHA256_BYTES, SHA256_BYTES);
    ret_entry->evidence_size = load_u64_big(at + 3 * SHA256_BYTES);
    memcpy(ret_entry->evidence_root.bytes, at + 3 * SHA256_BYTES + 8, SHA256_BYTES);
    return ERR_NONE;
}

void ledger_row_path(const char *folder, uint64_t index, char out[LEDGER_ROW_PATH_BYTES])
{
    snprintf(out, LEDGER_ROW_PATH_BYTES, "%s/%016" PRIx64, folder, index);
}

enum err ledger_row_index(const char *folder, struct slice path, uint64_t *ret_index)
{
    size_t start = strlen(folder) + 1;
    if (path.len != start + INDEX_DIGITS || !slice_starts(path, slice_string(folder)) ||
        path.data[start - 1] != '/') {
        return ERR_MALFORMED;
    }
    uint64_t index = 0;
    for (size_t i = start; i < path.len; i++) {
        uint8_t digit = path.data[i];
        if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f')) {
            return ERR_MALFORMED;
        }
        index = index << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    *ret_index = index;
    return ERR_NONE;
}

enum err audit_batch_start(size_t max_bytes, struct audit_batch *ret_batch)
{
    struct audit_batch batch = {.plain = BUF_INIT(max_bytes)};
    tree_clear(&batch.records);
    enum err err = put_u32(&batch.plain, 0);
    if (err == ERR_NONE) {
        *ret_batch = batch;
    }
    return err;
}

static void record_leaf(struct slice salt, struct slice record, struct tree_hash *ret_leaf)
{
    sha256_prefixed(0x00, salt, record, ret_leaf->bytes);
}

enum err audit_batch_add(struct audit_batch *batch, struct slice salt, struct slice record)
{
    if (salt.len != COMMITMENT_SALT_BYTES) {
        return ERR_INVALID;
    }
    if (record.len > AUDIT_RECORD_MAX_BYTES || batch->records.size == UINT32_MAX) {
        return ERR_TOO_LARGE;
    }
    struct tree_hash leaf;
    enum err err = buf_reserve(&batch->plain, salt.len + COUNT_BYTES + record.len);
    if (err == ERR_NONE) {
        err = buf_append(&batch->plain, salt);
    }
    if (err == ERR_NONE) {
        err = put_bytes(&batch->plain, record);
    }
    if (err == ERR_NONE) {
        record_leaf(salt, record, &leaf);
        err = tree_append_leaf(&batch->records, &leaf);
    }
    if (err == ERR_NONE) {
        store_u32_little(batch->plain.data, (uint32_t)batch->records.size);
    }
    return err;
}

void audit_batch_root(const struct audit_batch *batch, struct tree_hash *ret_root)
{
    tree_root(&batch->records, ret_root);
}

void audit_batch_free(struct audit_batch *batch)
{
    if (batch != NULL) {
        buf_free(&batch->plain);
    }
}

static enum err next_record(struct reader *reader, struct slice *ret_salt, struct slice *ret_record)
{
    enum err err = get_raw(reader, COMMITMENT_SALT_BYTES, ret_salt);
    return err == ERR_NONE ? get_bytes(reader, AUDIT_RECORD_MAX_BYTES, ret_record) : err;
}

static enum err check_batch(struct slice plain, const struct tree_hash *root, uint32_t *ret_count)
{
    struct reader reader = reader_of(plain);
    struct tree tree;
    struct tree_hash leaf, got;
    struct slice salt, record;
    uint32_t count = 0;
    tree_clear(&tree);
    enum err err = get_u32(&reader, &count);
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        err = next_record(&reader, &salt, &record);
        if (err == ERR_NONE) {
            record_leaf(salt, record, &leaf);
            err = tree_append_leaf(&tree, &leaf);
        }
    }
    if (err != ERR_NONE || reader_end(&reader) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    tree_root(&tree, &got);
    if (!tree_hash_equal(&got, root)) {
        return ERR_FORGED;
    }
    *ret_count = count;
    return ERR_NONE;
}

enum err audit_batch_read(struct slice plain, const struct tree_hash *root, audit_record_fn each,
                          void *context)
{
    uint32_t count = 0;
    enum err err = check_batch(plain, root, &count);
    struct reader reader = reader_of(slice_from(plain, COUNT_BYTES));
    for (uint32_t i = 0; err == ERR_NONE && each != NULL && i < count; i++) {
        struct slice salt, record;
        err = next_record(&reader, &salt, &record);
        if (err == ERR_NONE) {
            err = each(context, i, salt, record);
        }
    }
    return err;
}
