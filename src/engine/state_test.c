#include "engine/state.h"

#include "base/check.h"

enum { CACHE_BYTES = 64 << 10 };

/* A state with a barrier of a fixed key; NULL if something failed. */
static struct state *unsealed(size_t cache_bytes)
{
    static const uint8_t key[KEY_BYTES] = {1, 2, 3};
    struct barrier *barrier = NULL;
    struct state *state = state_new(cache_bytes);
    if (state == NULL || crypto_start() != ERR_NONE || barrier_new(slice_of(key, sizeof key), 1000, &barrier) != ERR_NONE) {
        state_free(state);
        return NULL;
    }
    state_set_barrier(state, barrier);
    return state;
}

static enum err put(struct state *state, const char *path, const char *text)
{
    uint8_t nonce[XAES_NONCE_BYTES];
    random_bytes(nonce, sizeof nonce);
    return state_put(state, slice_string(path), slice_string(text), 0, nonce);
}

/* As if store had said that there is no such row; then put. */
static enum err create(struct state *state, const char *path, const char *text)
{
    enum err err = state_supply(state, slice_string(path), NULL);
    return err == ERR_NONE ? put(state, path, text) : err;
}

static enum err commit(struct state *state, struct buf *body)
{
    uint64_t number = state_batch_number(state);
    enum err err = state_batch_take(state, body);
    if (err == ERR_NONE) {
        state_batch_committed(state, number);
    }
    return err;
}

static void digest(struct state *state, uint8_t out[SHA256_BYTES])
{
    sethash_digest(state_sethash(state), out);
}

TEST(unknown_absent_and_found_are_three_things)
{
    struct state *state = unsealed(CACHE_BYTES);
    struct stored_row row;
    cleanup_buf struct buf plain = BUF_INIT(1024);
    CHECK(state != NULL);
    CHECK(state_row(state, SLICE_LITERAL("a"), &row) == LOOKUP_UNKNOWN);
    CHECK_ERR(ERR_NONE, state_supply(state, SLICE_LITERAL("a"), NULL));
    CHECK(state_row(state, SLICE_LITERAL("a"), &row) == LOOKUP_ABSENT);
    CHECK_ERR(ERR_NONE, put(state, "a", "text"));
    CHECK(state_row(state, SLICE_LITERAL("a"), &row) == LOOKUP_FOUND);
    CHECK_U64(1, row.version);
    CHECK_ERR(ERR_NONE, state_open(state, &row, &plain));
    CHECK_SLICE("text", buf_slice(&plain));
    CHECK_ERR(ERR_NONE, state_delete(state, SLICE_LITERAL("a")));
    CHECK(state_row(state, SLICE_LITERAL("a"), &row) == LOOKUP_ABSENT);
    state_free(state);
}

TEST(what_is_newer_is_kept)
{
    struct state *state = unsealed(CACHE_BYTES);
    struct stored_row row;
    CHECK(state != NULL);
    CHECK_ERR(ERR_NONE, create(state, "a", "new"));
    CHECK_ERR(ERR_NONE, state_supply(state, SLICE_LITERAL("a"), NULL)); /* a late answer of store */
    CHECK(state_row(state, SLICE_LITERAL("a"), &row) == LOOKUP_FOUND);
    state_free(state);
}

TEST(changing_an_unknown_row_is_a_bug_of_the_caller)
{
    struct state *state = unsealed(CACHE_BYTES);
    CHECK(state != NULL);
    CHECK_ERR(ERR_INTERNAL, put(state, "a", "text"));
    CHECK_ERR(ERR_INTERNAL, state_delete(state, SLICE_LITERAL("a")));
    state_free(state);
}

/* NULL: rows like this one do not stay open. Released by the caller. */
static struct opened_row *held(struct state *state, const char *path)
{
    struct stored_row row;
    struct opened_row *opened = NULL;
    return state_row(state, slice_string(path), &row) == LOOKUP_FOUND && state_hold(state, &row, &opened) == ERR_NONE ? opened : NULL;
}

static enum err create_packed(struct state *state, const char *path, const char *text)
{
    cleanup_arena struct arena *arena = arena_new(4096);
    cleanup_buf struct buf packed = BUF_INIT(1024);
    struct json *tree = NULL;
    uint8_t nonce[XAES_NONCE_BYTES] = {7};
    enum err err = json_read(arena, slice_string(text), &tree, NULL);
    err = err == ERR_NONE ? json_pack(&packed, tree) : err;
    err = err == ERR_NONE ? state_supply(state, slice_string(path), NULL) : err;
    return err == ERR_NONE ? state_put(state, slice_string(path), buf_slice(&packed), 0, nonce) : err;
}

TEST(what_every_request_reads_stays_opened_and_is_never_old)
{
    struct state *state = unsealed(CACHE_BYTES);
    struct stored_row row;
    cleanup_buf struct buf stored = BUF_INIT(1024);
    CHECK(state != NULL);
    CHECK_ERR(ERR_NONE, create_packed(state, "policy/acl/a", "{\"rules\":[\"one\"]}"));
    CHECK_ERR(ERR_NONE, create_packed(state, "n/space/token/id/t", "{}"));
    CHECK_ERR(ERR_NONE, create_packed(state, "m/secret", "{}"));
    CHECK_ERR(ERR_NONE, create(state, "usage/raw", "no JSON"));
    size_t before = state_cached_bytes(state);
    struct opened_row *one = held(state, "policy/acl/a"), *again = held(state, "policy/acl/a");
    CHECK(one != NULL && one == again && one->tree != NULL);
    CHECK_SLICE("one", json_member(one->tree, "rules")->first->text);
    size_t opened = state_cached_bytes(state);
    CHECK(opened > before); /* it counts, once */
    CHECK(held(state, "m/secret") == NULL); /* values do not stay */
    CHECK_U64(opened, state_cached_bytes(state));
    struct opened_row *raw = held(state, "usage/raw"), *token = held(state, "n/space/token/id/t");
    CHECK(token != NULL && raw != NULL && raw->tree == NULL);
    CHECK_SLICE("no JSON", raw->bytes);
    opened_release(raw);
    opened_release(token);
    CHECK(state_row(state, SLICE_LITERAL("policy/acl/a"), &row) == LOOKUP_FOUND);
    CHECK_ERR(ERR_NONE, buf_append(&stored, row.bytes));
    struct stored_row other = {.path = row.path, .version = row.version, .bytes = buf_slice(&stored)};
    CHECK_ERR(ERR_NONE, state_hold(state, &other, &raw)); /* only the very bytes that were opened */
    CHECK(raw == NULL);

    CHECK_ERR(ERR_NONE, create_packed(state, "policy/acl/a", "{\"rules\":[\"second\"]}"));
    struct opened_row *second = held(state, "policy/acl/a");
    CHECK(second != NULL && second != one);
    CHECK_SLICE("second", json_member(second->tree, "rules")->first->text);
    CHECK_SLICE("one", json_member(one->tree, "rules")->first->text); /* who held it before keeps what it was */
    opened_release(one);
    opened_release(again);

    state_set_barrier(state, NULL);
    CHECK(state_row(state, SLICE_LITERAL("policy/acl/a"), &row) == LOOKUP_FOUND);
    CHECK_ERR(ERR_SEALED, state_hold(state, &row, &raw));
    CHECK(state_cached_bytes(state) < opened); /* nothing is open */
    CHECK_SLICE("second", json_member(second->tree, "rules")->first->text);
    state_free(state);
    opened_release(second);
}

TEST(sealed_rows_do_not_open_without_keys_or_elsewhere)
{
    struct state *state = unsealed(CACHE_BYTES);
    struct stored_row row;
    cleanup_buf struct buf plain = BUF_INIT(1024), stored = BUF_INIT(1024);
    CHECK(state != NULL);
    CHECK_ERR(ERR_NONE, create(state, "a", "text"));
    CHECK(state_row(state, SLICE_LITERAL("a"), &row) == LOOKUP_FOUND);
    CHECK_ERR(ERR_NONE, buf_append(&stored, row.bytes));
    struct stored_row moved = {.path = SLICE_LITERAL("b"), .version = row.version, .bytes = buf_slice(&stored)};
    CHECK_ERR(ERR_FORGED, state_open(state, &moved, &plain));
    struct stored_row older = {.path = SLICE_LITERAL("a"), .version = row.version + 1, .bytes = buf_slice(&stored)};
    CHECK_ERR(ERR_FORGED, state_open(state, &older, &plain));
    for (size_t i = 0; i < stored.len; i++) {
        stored.data[i] ^= 0x10;
        struct stored_row damaged = {.path = SLICE_LITERAL("a"), .version = row.version, .bytes = buf_slice(&stored)};
        CHECK(state_open(state, &damaged, &plain) != ERR_NONE);
        stored.data[i] ^= 0x10;
    }
    state_set_barrier(state, NULL);
    CHECK_ERR(ERR_SEALED, state_open(state, &row, &plain));
    CHECK_ERR(ERR_SEALED, put(state, "a", "text"));
    CHECK_ERR(ERR_NONE, create(state, "boot/a", "text")); /* what is needed before unsealing is not sealed */
    CHECK_U64(0, plain.len);
    state_free(state);
}

TEST(the_set_hash_follows_rows_but_not_audit_blobs)
{
    struct state *state = unsealed(CACHE_BYTES);
    uint8_t empty[SHA256_BYTES], one[SHA256_BYTES], now[SHA256_BYTES];
    CHECK(state != NULL);
    digest(state, empty);
    CHECK_ERR(ERR_NONE, create(state, "a", "text"));
    digest(state, one);
    CHECK(memcmp(empty, one, sizeof one) != 0);
    CHECK_ERR(ERR_NONE, create(state, "audit/0000000000000000", "blob"));
    digest(state, now);
    CHECK(memcmp(one, now, sizeof one) == 0);
    CHECK_ERR(ERR_NONE, create(state, "boot/b", "open"));
    digest(state, now);
    CHECK(memcmp(one, now, sizeof one) != 0);
    CHECK_ERR(ERR_NONE, state_delete(state, SLICE_LITERAL("boot/b")));
    digest(state, now);
    CHECK(memcmp(one, now, sizeof one) == 0);
    CHECK_ERR(ERR_NONE, put(state, "a", "text")); /* the same text: another version and another sealing */
    digest(state, now);
    CHECK(memcmp(one, now, sizeof one) != 0);
    CHECK_ERR(ERR_NONE, state_delete(state, SLICE_LITERAL("a")));
    digest(state, now);
    CHECK(memcmp(empty, now, sizeof one) == 0);
    state_free(state);
}

TEST(a_batch_names_versions_entries_and_intent)
{
    struct state *state = unsealed(CACHE_BYTES);
    cleanup_buf struct buf body = BUF_INIT(1 << 20);
    CHECK(state != NULL);
    CHECK(state_batch_is_empty(state));
    CHECK_ERR(ERR_NONE, create(state, "a", "1"));
    CHECK_ERR(ERR_NONE, put(state, "a", "2"));
    CHECK_ERR(ERR_NONE, state_append(state, LOG_EVIDENCE, SLICE_LITERAL("entry")));
    CHECK(!state_batch_is_empty(state));
    CHECK_U64(1, state_batch_number(state));
    CHECK_ERR(ERR_NONE, commit(state, &body));
    CHECK(state_batch_is_empty(state));
    CHECK_U64(2, state_batch_number(state));

    struct reader reader = reader_of(buf_slice(&body));
    uint64_t epoch = 1, size = 0;
    uint32_t count = 0;
    uint8_t log = 0;
    struct slice root = SLICE_NONE, lanes = SLICE_NONE;
    struct change change;
    struct append append;
    struct tree_hash expected;
    CHECK_ERR(ERR_NONE, get_u64(&reader, &epoch));
    CHECK_U64(0, epoch);
    CHECK_ERR(ERR_NONE, get_u32(&reader, &count));
    CHECK_U64(2, count);
    for (uint64_t version = 0; version < 2; version++) {
        CHECK_ERR(ERR_NONE, change_get(&reader, &change));
        CHECK_SLICE("a", change.path);
        CHECK_U64(version, change.expected_version);
    }
    CHECK_ERR(ERR_NONE, get_u32(&reader, &count));
    CHECK_U64(1, count);
    CHECK_ERR(ERR_NONE, append_get(&reader, &append));
    CHECK_SLICE("entry", append.entry);
    CHECK_U64(0, append.index);
    CHECK_ERR(ERR_NONE, get_u32(&reader, &count));
    CHECK_U64(1, count); /* the audit log did not grow: no intent for it */
    CHECK_ERR(ERR_NONE, get_u8(&reader, &log));
    CHECK_ERR(ERR_NONE, get_u64(&reader, &size));
    CHECK_ERR(ERR_NONE, get_raw(&reader, SHA256_BYTES, &root));
    tree_root(&state_log(state, LOG_EVIDENCE)->tree, &expected);
    CHECK_U64(LOG_EVIDENCE, log);
    CHECK_U64(1, size);
    CHECK(slice_equal(root, tree_hash_slice(&expected)));
    CHECK_ERR(ERR_NONE, get_bytes(&reader, SETHASH_BYTES, &lanes));
    CHECK_U64(SETHASH_BYTES, lanes.len);
    CHECK_ERR(ERR_NONE, reader_end(&reader));

    cleanup_buf struct buf second = BUF_INIT(1 << 16), third = BUF_INIT(1 << 16);
    CHECK_ERR(ERR_NONE, create(state, "audit/0000000000000000", "blob"));
    CHECK_ERR(ERR_NONE, state_batch_take(state, &second)); /* nothing that the set-hash covers: it is not brought */
    CHECK(second.len < SETHASH_BYTES);
    CHECK_ERR(ERR_NONE, put(state, "a", "other"));
    CHECK_ERR(ERR_NONE, state_batch_take(state, &third));
    CHECK(third.len > SETHASH_BYTES);
    state_free(state);
}

TEST(changes_below_a_folder_are_known)
{
    struct state *state = unsealed(CACHE_BYTES);
    cleanup_buf struct buf body = BUF_INIT(1 << 20);
    CHECK(state != NULL);
    uint64_t before = state_change_number(state);
    CHECK_ERR(ERR_NONE, create(state, "list/a", "1"));
    CHECK(state_changed_below(state, SLICE_LITERAL("list/"), before));
    CHECK(!state_changed_below(state, SLICE_LITERAL("other/"), before));
    CHECK(state_open_below(state, SLICE_LITERAL("list/")));
    CHECK_ERR(ERR_NONE, commit(state, &body));
    CHECK(!state_open_below(state, SLICE_LITERAL("list/")));
    uint64_t after = state_change_number(state);
    CHECK(!state_changed_below(state, SLICE_LITERAL("list/"), after));
    for (int i = 0; i < 300; i++) {
        CHECK_ERR(ERR_NONE, i == 0 ? create(state, "b", "x") : put(state, "b", "x"));
    }
    CHECK(state_changed_below(state, SLICE_LITERAL("list/"), after)); /* more than it remembers: it says yes */
    state_free(state);
}

TEST(the_cache_is_bounded_and_never_drops_what_is_not_committed)
{
    struct state *state = unsealed(CACHE_BYTES);
    struct stored_row row;
    cleanup_buf struct buf body = BUF_INIT(4 << 20);
    CHECK(state != NULL);
    for (int i = 0; i < 200; i++) {
        char path[32], text[513];
        snprintf(path, sizeof path, "row/%d", i);
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        CHECK_ERR(ERR_NONE, create(state, path, text));
    }
    state_trim(state);
    CHECK(state_cached_bytes(state) > CACHE_BYTES); /* all in the open batch */
    CHECK(state_row(state, SLICE_LITERAL("row/0"), &row) == LOOKUP_FOUND);
    uint64_t number = state_batch_number(state);
    CHECK_ERR(ERR_NONE, state_batch_take(state, &body));
    state_trim(state);
    CHECK(state_cached_bytes(state) > CACHE_BYTES); /* sent, not acknowledged */
    state_batch_committed(state, number);
    state_trim(state);
    CHECK(state_cached_bytes(state) <= CACHE_BYTES);
    CHECK(state_row(state, SLICE_LITERAL("row/1"), &row) == LOOKUP_UNKNOWN); /* the least recently used went */
    CHECK(state_row(state, SLICE_LITERAL("row/199"), &row) == LOOKUP_FOUND);
    state_free(state);
}

TEST_MAIN
