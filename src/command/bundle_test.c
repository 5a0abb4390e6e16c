#include "command/bundle.h"

#include "base/check.h"
#include "base/encode.h"
#include "base/time.h"
#include "ledger/checkpoint.h"
#include "ledger/commitment.h"
#include "ledger/proof.h"
#include "measure/fold.h"

enum { ARENA_BYTES = 64 << 20, LOG_ENTRIES = 7 };
static const int64_t start_ms = INT64_C(1790000000000);

/* A log of seven entries: annex, estate, the ledger's own observation, an old TLS observation, the
 * newest one, and two that no bundle needs. */
struct fixture {
    struct arena *arena;
    struct slice payloads[LOG_ENTRIES];
    uint8_t entries[LOG_ENTRIES][EVIDENCE_ENTRY_BYTES], salts[LOG_ENTRIES][COMMITMENT_SALT_BYTES],
        seed[ED25519_SEED_BYTES];
    struct tree tree;
    struct note_key key;
    struct slice checkpoint;
};

static const char *const members[LOG_ENTRIES] = {
    "\"type\":\"annex.adopted\",\"time\":\"%s\",\"revision\":1,\"clauses\":[{\"id\":\"3.1\","
    "\"text\":\"Only TLS 1.3.\",\"promises\":[{\"id\":\"3.1.a\",\"measure\":"
    "\"crypto.transit\",\"promise\":\"tls13\",\"values\":{}}]}]",
    "\"type\":\"estate.changed\",\"time\":\"%s\",\"whole\":true,\"put\":[{\"id\":\"vogt:this\",\"kind\":"
    "\"vogt\",\"confirmed\":true},{\"id\":\"endpoint:a:443\",\"kind\":\"endpoint\","
    "\"confirmed\":true}]",
    "\"type\":\"observation\",\"time\":\"%s\",\"probe\":\"ledger\",\"subject\":\"vogt:this\","
    "\"observations\":[{\"kind\":\"ledger.integrity\",\"outcome\":\"pass\",\"reason\":"
    "\"ledger.whole\",\"values\":{}},{\"kind\":\"ledger.completeness\",\"outcome\":\"pass\","
    "\"reason\":\"ledger.complete\",\"values\":{}}],\"plant\":{\"caught\":true}",
    "\"type\":\"observation\",\"time\":\"%s\",\"probe\":\"tls\",\"subject\":\"endpoint:a:443\","
    "\"observations\":[{\"kind\":\"tls.version\",\"outcome\":\"fail\",\"reason\":"
    "\"tls.old-version-accepted\",\"values\":{}}],\"plant\":{\"caught\":true}",
    "\"type\":\"observation\",\"time\":\"%s\",\"probe\":\"tls\",\"subject\":\"endpoint:a:443\","
    "\"observations\":[{\"kind\":\"tls.version\",\"outcome\":\"pass\",\"reason\":"
    "\"tls.versions-kept\",\"values\":{\"host\":\"a\",\"port\":443}}],\"plant\":{\"caught\":true}",
    "\"type\":\"login\",\"time\":\"%s\",\"name\":\"a\"",
    "\"type\":\"login\",\"time\":\"%s\",\"name\":\"b\"",
};

static enum err node(void *context, unsigned level, uint64_t index, struct tree_hash *ret_hash)
{
    const struct fixture *fixture = context;
    struct tree part;
    tree_clear(&part);
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        enum err err = tree_append(&part, slice_of(fixture->entries[i], EVIDENCE_ENTRY_BYTES));
        if (err != ERR_NONE) {
            return err;
        }
    }
    tree_root(&part, ret_hash);
    return ERR_NONE;
}

/* One printf per row of the table: the format is data here, so the time is put in by hand. */
static struct slice payload_of(struct arena *arena, size_t i)
{
    char time[RFC3339_BYTES];
    rfc3339_format(start_ms + (int64_t)i, time);
    struct slice text = slice_string(members[i]);
    size_t at = slice_find(text, SLICE_LITERAL("%s"));
    return slice_string(
        arena_printf(arena, "{%.*s%s%s}", (int)at, members[i], time, members[i] + at + 2));
}

static enum err set_up(struct fixture *fixture)
{
    *fixture = (struct fixture){.arena = arena_new(ARENA_BYTES)};
    uint8_t public[ED25519_PUBLIC_BYTES];
    memset(fixture->seed, 7, sizeof(fixture->seed));
    tree_clear(&fixture->tree);
    enum err err = fixture->arena == NULL
                       ? ERR_MEMORY
                       : ed25519_public(slice_of(fixture->seed, sizeof(fixture->seed)), public);
    for (size_t i = 0; i < LOG_ENTRIES && err == ERR_NONE; i++) {
        fixture->payloads[i] = payload_of(fixture->arena, i);
        memset(fixture->salts[i], (int)i + 1, COMMITMENT_SALT_BYTES);
        evidence_entry(slice_of(fixture->salts[i], COMMITMENT_SALT_BYTES), fixture->payloads[i],
                       fixture->entries[i]);
        err = tree_append(&fixture->tree, slice_of(fixture->entries[i], EVIDENCE_ENTRY_BYTES));
    }
    struct tree_hash root;
    cleanup_buf struct buf note = BUF_INIT(8192);
    tree_root(&fixture->tree, &root);
    err = err == ERR_NONE
              ? note_key_make(SLICE_LITERAL("example/evidence"), NOTE_TYPE_ED25519,
                              arena_copy(fixture->arena, slice_of(public, sizeof(public))),
                              &fixture->key)
              : err;
    err = err == ERR_NONE
              ? checkpoint_sign(&fixture->key, slice_of(fixture->seed, sizeof(fixture->seed)),
                                LOG_ENTRIES, &root, &note)
              : err;
    fixture->checkpoint = arena_copy(fixture->arena, buf_slice(&note));
    return err;
}

static enum err add_text(struct fixture *fixture, struct json *object, const char *name,
                         struct slice bytes)
{
    cleanup_buf struct buf text = BUF_INIT(1 << 16);
    enum err err = base64_encode(&text, bytes);
    json_set_string(fixture->arena, object, name, buf_slice(&text));
    return err;
}

static enum err add_entry(struct fixture *fixture, struct json *entries, uint64_t index)
{
    struct tree_source source = {fixture, node};
    struct tree_proof path;
    cleanup_buf struct buf proof = BUF_INIT(PROOF_MAX_BYTES);
    struct json *one = json_append(entries, json_new(fixture->arena, JSON_OBJECT));
    enum err err = tree_prove_inclusion(&source, index, LOG_ENTRIES, &path);
    err =
        err == ERR_NONE ? proof_write(SLICE_NONE, index, &path, fixture->checkpoint, &proof) : err;
    json_set_u64(fixture->arena, one, "index", index);
    err = err == ERR_NONE ? add_text(fixture, one, "entry",
                                     slice_of(fixture->entries[index], EVIDENCE_ENTRY_BYTES))
                          : err;
    err = err == ERR_NONE ? add_text(fixture, one, "salt",
                                     slice_of(fixture->salts[index], COMMITMENT_SALT_BYTES))
                          : err;
    json_set_string(fixture->arena, one, "payload", fixture->payloads[index]);
    json_set_string(fixture->arena, one, "proof", buf_slice(&proof));
    return err;
}

/* The record as Vogt computes it from these payloads, at this time. */
static struct json *record(struct fixture *fixture, const uint64_t *indices, size_t count,
                           int64_t at_ms)
{
    struct fold fold;
    struct judgement whole;
    enum fold_result result;
    if (fold_start(&fold) != ERR_NONE) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (fold_take(&fold, fixture->payloads[indices[i]], indices[i], &result, NULL) !=
                ERR_NONE ||
            result != FOLD_TAKEN) {
            __builtin_trap();
        }
    }
    struct json *computed =
        verdict_record(&fold.world, world_clause(&fold.world, SLICE_LITERAL("3.1")), at_ms, &whole);
    struct json *kept = json_copy(fixture->arena, computed);
    fold_free(&fold);
    return kept;
}

static enum err make(struct fixture *fixture, const uint64_t *indices, size_t count,
                     struct json **ret_bundle)
{
    struct json *bundle = json_new(fixture->arena, JSON_OBJECT);
    char made[RFC3339_BYTES];
    cleanup_buf struct buf vkey = BUF_INIT(1024);
    rfc3339_format(start_ms + 60000, made);
    enum err err = note_key_write(&fixture->key, &vkey);
    json_set_string(fixture->arena, bundle, "format", SLICE_LITERAL(BUNDLE_FORMAT));
    json_set_string(fixture->arena, bundle, "made", slice_string(made));
    json_set_string(fixture->arena, bundle, "clause", SLICE_LITERAL("3.1"));
    json_set_string(fixture->arena, bundle, "text", SLICE_LITERAL("Only TLS 1.3."));
    json_set_u64(fixture->arena, bundle, "revision", 1);
    json_set_string(fixture->arena, bundle, "vkey", buf_slice(&vkey));
    json_set_string(fixture->arena, bundle, "checkpoint", fixture->checkpoint);
    json_set(fixture->arena, bundle, "verdict", record(fixture, indices, count, start_ms + 60000));
    struct json *entries = json_set_array(fixture->arena, bundle, "entries");
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = add_entry(fixture, entries, indices[i]);
    }
    *ret_bundle = bundle;
    return err;
}

/* The same as a report carries it. */
static struct json *of_annex(struct fixture *fixture, const struct json *bundle)
{
    struct json *annex = json_new(fixture->arena, JSON_OBJECT);
    for (const struct json *member = bundle->first; member != NULL; member = member->next) {
        if (slice_is(member->name, "format")) {
            json_set_string(fixture->arena, annex, "format", SLICE_LITERAL(BUNDLE_ANNEX_FORMAT));
        } else if (slice_is(member->name, "verdict")) {
            json_append(json_set_array(fixture->arena, annex, "verdicts"),
                        json_copy(fixture->arena, member));
        } else if (!slice_is(member->name, "clause") && !slice_is(member->name, "text")) {
            json_set(fixture->arena, annex, arena_string(fixture->arena, member->name),
                     json_copy(fixture->arena, member));
        }
    }
    return annex;
}

static const uint64_t needed[] = {0, 1, 2, 4};

TEST(a_whole_bundle_holds)
{
    struct fixture fixture;
    struct json *bundle = NULL;
    struct bundle_report report;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, set_up(&fixture));
    CHECK_ERR(ERR_NONE, make(&fixture, needed, 4, &bundle));
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, bundle, NULL, &report, &complaint));
    CHECK_U64(0, report.finding_count);
    CHECK_U64(4, report.entry_count);
    CHECK_U64(LOG_ENTRIES, report.log_size);
    CHECK_SLICE("kept", report.verdict);
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, bundle, &fixture.key, &report, &complaint));
    CHECK_U64(0, report.finding_count);
    arena_free(fixture.arena);
}

TEST(a_whole_annex_holds)
{
    struct fixture fixture;
    struct json *bundle = NULL;
    struct bundle_report report;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, set_up(&fixture));
    CHECK_ERR(ERR_NONE, make(&fixture, needed, 4, &bundle));
    bundle = of_annex(&fixture, bundle);
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, bundle, NULL, &report, &complaint));
    CHECK_U64(0, report.finding_count);
    CHECK(report.is_annex && report.clause_count == 1 && report.verdict_counts[VERDICT_KEPT] == 1);
    CHECK_SLICE("kept", report.verdict);
    arena_free(fixture.arena);
}

TEST(a_key_of_another_log_is_found)
{
    struct fixture fixture;
    struct json *bundle = NULL;
    struct bundle_report report;
    struct complaint complaint;
    struct note_key other;
    uint8_t public[ED25519_PUBLIC_BYTES], seed[ED25519_SEED_BYTES] = {9};
    CHECK_ERR(ERR_NONE, set_up(&fixture));
    CHECK_ERR(ERR_NONE, make(&fixture, needed, 4, &bundle));
    CHECK_ERR(ERR_NONE, ed25519_public(slice_of(seed, sizeof(seed)), public));
    CHECK_ERR(ERR_NONE, note_key_make(SLICE_LITERAL("example/evidence"), NOTE_TYPE_ED25519,
                                      slice_of(public, sizeof(public)), &other));
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, bundle, &other, &report, &complaint));
    CHECK(report.finding_count > 0);
    arena_free(fixture.arena);
}

/* Leaving out the observation that made it kept, or putting an entry that does not belong there, is
 * found. */
TEST(a_verdict_that_does_not_follow_is_found)
{
    static const uint64_t without[] = {0, 1, 2, 3, 4};
    struct fixture fixture;
    struct json *bundle = NULL, *other = NULL;
    struct bundle_report report;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, set_up(&fixture));
    CHECK_ERR(ERR_NONE, make(&fixture, without, 4, &bundle)); /* up to 3: broken */
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, bundle, NULL, &report, &complaint));
    CHECK_U64(0, report.finding_count);
    CHECK_SLICE("broken", report.verdict);
    CHECK_ERR(ERR_NONE, make(&fixture, needed, 4, &other));
    struct json *lie = json_new(fixture.arena, JSON_OBJECT);
    for (const struct json *member = bundle->first; member != NULL; member = member->next) {
        bool is_verdict = slice_is(member->name, "verdict");
        json_set(fixture.arena, lie, arena_string(fixture.arena, member->name),
                 json_copy(fixture.arena, is_verdict ? json_member(other, "verdict") : member));
    }
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, lie, NULL, &report, &complaint));
    CHECK_U64(1, report.finding_count);
    arena_free(fixture.arena);
}

TEST(another_order_and_a_repeated_entry_are_found)
{
    static const uint64_t swapped[] = {0, 2, 1, 4}, twice[] = {0, 1, 2, 2, 4};
    struct fixture fixture;
    struct json *bundle = NULL;
    struct bundle_report report;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, set_up(&fixture));
    CHECK_ERR(ERR_NONE, make(&fixture, swapped, 4, &bundle));
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, bundle, NULL, &report, &complaint));
    CHECK(report.finding_count > 0);
    CHECK_ERR(ERR_NONE, make(&fixture, twice, 5, &bundle));
    CHECK_ERR(ERR_NONE, bundle_check(fixture.arena, bundle, NULL, &report, &complaint));
    CHECK(report.finding_count > 0);
    arena_free(fixture.arena);
}

/* Whatever byte of the file is changed: it is no bundle any more, or something is found. */
static void change_every_byte(bool is_annex)
{
    struct fixture fixture;
    struct json *bundle = NULL;
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    CHECK_ERR(ERR_NONE, set_up(&fixture));
    CHECK_ERR(ERR_NONE, make(&fixture, needed, 4, &bundle));
    bundle = is_annex ? of_annex(&fixture, bundle) : bundle;
    CHECK_ERR(ERR_NONE, json_write(&text, bundle, 0));
    size_t unnoticed = 0, tried = 0,
           made =
               slice_find(buf_slice(&text), SLICE_LITERAL("\"made\":\"")) + strlen("\"made\":\"");
    for (size_t i = 0; i < text.len; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct bundle_report report = {.finding_count = 0};
        struct complaint complaint;
        struct json *changed = NULL;
        text.data[i] ^= 0x01;
        if (json_read(arena, buf_slice(&text), &changed, &complaint) == ERR_NONE &&
            bundle_check(arena, changed, NULL, &report, &complaint) == ERR_NONE &&
            report.finding_count == 0 && !report.other_catalogue) {
            bool is_aside =
                i >= made &&
                i < made + RFC3339_BYTES -
                        1; /* nobody signed this time; the verdict follows at the changed one too */
            unnoticed += is_aside ? 0 : 1;
            if (!is_aside) {
                printf("     unnoticed at %zu\n", i);
            }
        }
        text.data[i] ^= 0x01;
        tried++;
    }
    CHECK_U64(text.len, tried);
    CHECK_U64(0, unnoticed);
    arena_free(fixture.arena);
}

TEST(every_changed_byte_is_found)
{
    change_every_byte(false);
    change_every_byte(true);
}

TEST(what_is_no_bundle_is_refused_with_words)
{
    static const char *const texts[] = {"{}", "[]", "{\"format\":\"vogt-evidence/v2\"}",
                                        "{\"format\":\"vogt-evidence/v1\",\"vkey\":\"x\"}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *tree = NULL;
        struct bundle_report report;
        struct complaint complaint = {.text = {NULL, NULL}};
        CHECK_ERR(ERR_NONE, json_read(arena, slice_string(texts[i]), &tree, &complaint));
        CHECK_ERR(ERR_MALFORMED, bundle_check(arena, tree, NULL, &report, &complaint));
        CHECK(complaint.text.german != NULL);
    }
}

TEST_MAIN
