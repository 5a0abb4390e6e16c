#include "collect/judge_test.h"
#include "collect/self.h"

enum { ARENA_BYTES = 4 << 20 };

static const char *judge_one(struct arena *arena, work_fn work, const char *probe, const char *facts, const char *options,
                             const char *kind)
{
    const struct json *real = test_json(arena, facts);
    return test_said(arena, test_judge(arena, work, real, self_planted(arena, probe, real), options, "{}"), kind);
}

struct row {
    const char *facts, *options, *wanted;
};

#define CHECK_ROWS(rows, work, probe, kind)                                                                            \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                                                    \
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);                                                    \
        CHECK_STRING((rows)[i].wanted, judge_one(arena, work, probe, (rows)[i].facts, (rows)[i].options, kind));       \
    }

TEST(seal_kinds)
{
    static const struct row rows[] = {
        {"{\"seal\":\"key-file\"}", "{}", "fail seal.key-file"},
        {"{\"seal\":\"key-file\"}", "{\"accept\":[\"key-file\"]}", "pass seal.accepted"},
        {"{\"seal\":\"shamir\"}", "{}", "fail seal.shamir"},
        {"{\"seal\":\"pkcs11\",\"kms_asked_at_ms\":1795420000000}", "{}", "pass seal.kms-asked"},
        {"{\"seal\":\"pkcs11\"}", "{}", "fail seal.kms-not-asked"},
        {"{\"seal\":\"tpm\",\"kms_asked_at_ms\":1995420000000}", "{}", "fail seal.kms-not-asked"},
        {"{\"seal\":\"?\"}", "{}", "error seal.unknown"},
        {"{}", "{}", "error seal.unknown"},
    };
    CHECK_ROWS(rows, judge_seal, "seal", "seal.kms")
}

TEST(keys_are_judged_by_their_age_and_what_was_left_undone)
{
    static const struct row rows[] = {
        {"{\"term\":3,\"installed_at_ms\":1795420000000,\"late\":[]}", "{}", "pass keys.rotated"},
        {"{\"term\":3,\"installed_at_ms\":1763800000000,\"late\":[]}", "{}", "fail keys.old"},
        {"{\"term\":3,\"installed_at_ms\":1795000000000,\"late\":[]}", "{\"days\":3}", "fail keys.old"},
        {"{\"term\":3,\"installed_at_ms\":1795420000000,\"late\":[\"transit_rotate_due/x\"]}", "{}", "fail keys.late"},
        {"{\"term\":3,\"installed_at_ms\":1795420000000}", "{}", "error facts.missing"},
        {"{\"term\":3,\"late\":[]}", "{}", "error facts.missing"},
        {"{\"term\":3,\"installed_at_ms\":1895420000000,\"late\":[]}", "{}", "error facts.missing"},
        {"{\"term\":3,\"installed_at_ms\":1795420000000,\"late\":[]}", "{\"days\":0}", "error options.unknown"},
    };
    CHECK_ROWS(rows, judge_keys, "keys", "keys.rotated")
}

#define ROOT "\"root\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
#define SAME "\"verified_root\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
#define OTHER "\"verified_root\":\"10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
#define LOG(more) "{\"size\":9,\"verified_size\":9," ROOT "," more "}"
#define GOOD LOG(SAME ",\"findings\":0")
#define FACTS(evidence, audit) "{\"evidence\":" evidence ",\"audit\":" audit ",\"checkpoint_age_ms\":5000,\"gaps\":0}"

TEST(ledger_integrity)
{
    static const struct row rows[] = {
        {FACTS(GOOD, GOOD), "{}", "pass ledger.whole"},
        {FACTS(LOG(OTHER ",\"findings\":0"), GOOD), "{}", "fail ledger.root-differs"},
        {FACTS(GOOD, LOG(OTHER ",\"findings\":0")), "{}", "fail ledger.root-differs"},
        {FACTS(GOOD, LOG(SAME ",\"findings\":[{}]")), "{}", "fail ledger.findings"},
        {FACTS(GOOD, LOG(SAME)), "{}", "error ledger.not-verified"},
        {FACTS("{\"size\":9,\"verified_size\":8," ROOT "," SAME ",\"findings\":0}", GOOD), "{}", "fail ledger.size-differs"},
        {"{\"evidence\":" GOOD ",\"checkpoint_age_ms\":1,\"gaps\":0}", "{}", "error ledger.not-verified"},
    };
    CHECK_ROWS(rows, judge_ledger, "ledger", "ledger.integrity")
}

TEST(ledger_completeness)
{
    static const struct row rows[] = {
        {FACTS(GOOD, GOOD), "{}", "pass ledger.complete"},
        {FACTS(GOOD, GOOD), "{\"checkpoint_max_ms\":4000}", "fail ledger.checkpoint-old"},
        {"{\"checkpoint_age_ms\":1,\"gaps\":[{}]}", "{}", "fail ledger.gaps"},
        {"{\"checkpoint_age_ms\":1}", "{}", "error ledger.not-verified"},
        {"{\"gaps\":0}", "{}", "error ledger.not-verified"},
    };
    CHECK_ROWS(rows, judge_ledger, "ledger", "ledger.completeness")
}

#define RULE(granted, used) "{\"holder\":\"token:1\",\"rule\":\"secret/*\",\"capabilities\":[\"read\"],\"granted_at_ms\":" granted used "}"
#define OLD "1780000000000"
#define NEW ",\"last_used_ms\":1795000000000"

TEST(privileges_used)
{
    static const struct row rows[] = {
        {"{\"rules\":[" RULE(OLD, NEW) "]}", "{}", "pass privilege.all-used"},
        {"{\"rules\":[" RULE(OLD, "") "]}", "{}", "fail privilege.unused"},
        {"{\"rules\":[" RULE(OLD, "") "]}", "{\"days\":365}", "pass privilege.all-used"},
        {"{\"rules\":[" RULE("1795000000000", "") "]}", "{}", "pass privilege.all-used"},
        {"{\"rules\":[" RULE("1995000000000", "") "]}", "{}", "error privilege.not-read"},
        {"{\"rules\":[{\"rule\":\"x\",\"capabilities\":[\"deny\"],\"granted_at_ms\":0}]}", "{}", "pass privilege.all-used"},
        {"{\"rules\":[{\"rule\":\"x\"}]}", "{}", "error privilege.not-read"},
        {"{\"rules\":[]}", "{\"days\":0}", "error options.unknown"},
        {"{}", "{}", "error privilege.not-read"},
    };
    CHECK_ROWS(rows, judge_privilege, "privilege", "privilege.used")
}

TEST(privileges_denied)
{
    static const struct row rows[] = {
        {"{\"probe\":{\"tried\":true,\"denied\":true,\"path\":\"sys/seal\"}}", "{}", "pass privilege.denied"},
        {"{\"probe\":{\"tried\":true,\"denied\":false}}", "{}", "fail privilege.not-denied"},
        {"{\"probe\":{\"tried\":true}}", "{}", "error privilege.not-tried"},
        {"{\"probe\":{\"denied\":true}}", "{}", "error privilege.not-tried"},
        {"{}", "{}", "error privilege.not-tried"},
    };
    CHECK_ROWS(rows, judge_privilege, "privilege", "privilege.denied")
}

TEST(without_plant_nothing_is_green)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct json *good = test_json(arena, FACTS(GOOD, GOOD));
    struct json *output = test_judge(arena, judge_ledger, good, NULL, "{}", "{}");
    CHECK_STRING("error plant.missed", test_said(arena, output, "ledger.integrity"));
    CHECK_STRING("error plant.missed", test_said(arena, output, "ledger.completeness"));
    output = test_judge(arena, judge_ledger, NULL, self_planted(arena, "ledger", good), "{}", "{}");
    CHECK_STRING("error facts.missing", test_said(arena, output, "ledger.integrity"));
}

TEST(a_judge_refuses_what_is_no_object)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply = {0};
    CHECK_ERR(ERR_INVALID, judge_seal(arena, NULL, SLICE_NONE, &reply));
    CHECK_ERR(ERR_INVALID, judge_seal(arena, test_json(arena, "[]"), SLICE_NONE, &reply));
}

TEST_MAIN
