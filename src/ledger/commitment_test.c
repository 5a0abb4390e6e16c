#include "crypto/check_crypto.h"
#include "ledger/commitment.h"

#include "base/check.h"

static uint8_t salt_bytes[COMMITMENT_SALT_BYTES] = {9, 8, 7};

static struct slice salt(void)
{
    return slice_of(salt_bytes, sizeof(salt_bytes));
}

TEST(evidence_opens_to_its_payload_only)
{
    uint8_t entry[EVIDENCE_ENTRY_BYTES], digest[SHA256_BYTES];
    cleanup_buf struct buf row = BUF_INIT(1024), message = BUF_INIT(1024);
    struct slice payload = SLICE_LITERAL("{\"type\":\"observation\"}"), got;
    evidence_entry(salt(), payload, entry);
    CHECK_ERR(ERR_NONE, buf_append_string(&message, "vogt/commitment/v1"));
    CHECK_ERR(ERR_NONE, buf_append(&message, salt()));
    CHECK_ERR(ERR_NONE, buf_append(&message, payload));
    sha256(buf_slice(&message), digest);
    CHECK(entry[0] == 1 && memcmp(entry + 1, digest, sizeof(digest)) == 0);
    CHECK_ERR(ERR_NONE, buf_append(&row, salt()));
    CHECK_ERR(ERR_NONE, buf_append(&row, payload));
    CHECK_ERR(ERR_NONE, evidence_open(slice_of(entry, sizeof(entry)), buf_slice(&row), &got));
    CHECK(slice_equal(payload, got));
    for (size_t i = 0; i < row.len; i++) {
        row.data[i] ^= 1;
        CHECK_ERR(ERR_FORGED, evidence_open(slice_of(entry, sizeof(entry)), buf_slice(&row), &got));
        row.data[i] ^= 1;
    }
    CHECK_ERR(ERR_MALFORMED,
              evidence_open(slice_of(entry, sizeof(entry) - 1), buf_slice(&row), &got));
    CHECK_ERR(ERR_MALFORMED, evidence_open(slice_of(entry, sizeof(entry)),
                                           slice_first(buf_slice(&row), 31), &got));
}

TEST(audit_entries_come_back)
{
    struct audit_entry entry = {.evidence_size = 0x0102030405060708}, read;
    uint8_t bytes[AUDIT_ENTRY_BYTES];
    memset(&entry.blob_digest, 5, sizeof(entry.blob_digest));
    audit_entry_encode(&entry, bytes);
    CHECK(bytes[0] == 2 && bytes[33] == 5 && bytes[97] == 1 && bytes[104] == 8);
    CHECK_ERR(ERR_NONE, audit_entry_decode(slice_of(bytes, sizeof(bytes)), &read));
    CHECK(memcmp(&entry, &read, sizeof(entry)) == 0);
    CHECK_ERR(ERR_MALFORMED, audit_entry_decode(slice_of(bytes, sizeof(bytes) - 1), &read));
    bytes[0] = 1;
    CHECK_ERR(ERR_MALFORMED, audit_entry_decode(slice_of(bytes, sizeof(bytes)), &read));
}

TEST(row_paths_come_back)
{
    char path[LEDGER_ROW_PATH_BYTES];
    uint64_t index = 0;
    ledger_row_path("evidence", 42, path);
    CHECK_STRING("evidence/000000000000002a", path);
    CHECK_ERR(ERR_NONE, ledger_row_index("evidence", slice_string(path), &index));
    CHECK_U64(42, index);
    CHECK_ERR(ERR_MALFORMED, ledger_row_index("audit", slice_string(path), &index));
    CHECK_ERR(ERR_MALFORMED,
              ledger_row_index("evidence", SLICE_LITERAL("evidence/000000000000002A"), &index));
    CHECK_ERR(ERR_MALFORMED, ledger_row_index("evidence", SLICE_LITERAL("evidence/2a"), &index));
}

static enum err count_records(void *context, uint32_t number, struct slice record_salt,
                              struct slice record)
{
    uint32_t *count = context;
    bool good = number == *count && slice_equal(record_salt, salt()) && record.len == number;
    ++*count;
    return good ? ERR_NONE : ERR_INTERNAL;
}

TEST(batches_come_back_and_every_flip_is_seen)
{
    struct audit_batch batch;
    struct tree_hash root;
    uint32_t count = 0;
    CHECK_ERR(ERR_NONE, audit_batch_start(4096, &batch));
    for (size_t i = 0; i < 5; i++) {
        CHECK_ERR(ERR_NONE, audit_batch_add(&batch, salt(), slice_of("abcdefg", i)));
    }
    CHECK_ERR(ERR_INVALID, audit_batch_add(&batch, SLICE_NONE, SLICE_NONE));
    audit_batch_root(&batch, &root);
    CHECK_ERR(ERR_NONE, audit_batch_read(buf_slice(&batch.plain), &root, count_records, &count));
    CHECK_U64(5, count);
    for (size_t i = 0; i < batch.plain.len; i++) {
        batch.plain.data[i] ^= 0x10;
        CHECK(audit_batch_read(buf_slice(&batch.plain), &root, NULL, NULL) != ERR_NONE);
        batch.plain.data[i] ^= 0x10;
        CHECK(audit_batch_read(slice_first(buf_slice(&batch.plain), i), &root, NULL, NULL) !=
              ERR_NONE);
    }
    audit_batch_free(&batch);
}

TEST_MAIN
