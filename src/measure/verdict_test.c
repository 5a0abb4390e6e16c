#include "measure/explain.h"

#include "base/check.h"
#include "measure/edit.h"

enum { ARENA_BYTES = 16 << 20 };
static const int64_t hour_ms = 3600000, now_ms = INT64_C(1790000000000);

static void apply(struct world *world, const char *type, const char *text, int64_t at_ms)
{
    struct json *tree = NULL;
    enum err err = json_read(world->arena, slice_string(text), &tree, NULL);
    err = err == ERR_NONE ? world_apply(world, slice_string(type), tree, at_ms, 7) : err;
    if (err != ERR_NONE) {
        printf("FAIL the test's own world: %s: %s\n", err_name(err), text);
        __builtin_trap();
    }
}

static const char annex_text[] =
    "{\"revision\":1,\"clauses\":["
    "{\"id\":\"3.1\",\"promises\":[{\"id\":\"3.1.a\",\"measure\":\"crypto.transit\",\"promise\":\"tls13\",\"values\":{}}]},"
    "{\"id\":\"3.2\",\"promises\":[]},"
    "{\"id\":\"1.1\",\"promises\":[{\"id\":\"1.1.a\",\"measure\":\"people.champions\",\"promise\":\"roster\",\"values\":{}}]}]}";

static const char estate_text[] =
    "{\"whole\":true,\"put\":[{\"id\":\"vogt:this\",\"kind\":\"vogt\",\"confirmed\":true},{\"id\":\"endpoint:a:443\",\"kind\":\"endpoint\",\"confirmed\":true}]}";

static void observe(struct world *world, const char *subject, const char *kind, const char *outcome, bool caught, int64_t at_ms)
{
    char *text = arena_printf(world->arena,
                              "{\"subject\":\"%s\",\"observations\":[{\"kind\":\"%s\",\"outcome\":\"%s\",\"reason\":\"tls.versions-kept\",\"values\":{}}],\"plant\":{\"caught\":%s}}",
                              subject, kind, outcome, caught ? "true" : "false");
    apply(world, "observation", text, at_ms);
}

static struct world whole_world(struct arena *arena)
{
    struct world world;
    if (world_start_population(arena, &world) != ERR_NONE) {
        __builtin_trap();
    }
    apply(&world, "annex.adopted", annex_text, now_ms);
    apply(&world, "estate.changed", estate_text, now_ms);
    observe(&world, "vogt:this", "ledger.integrity", "pass", true, now_ms - hour_ms);
    observe(&world, "vogt:this", "ledger.completeness", "pass", true, now_ms - hour_ms);
    return world;
}

static struct judgement judge(struct world *world, const char *clause, int64_t at_ms)
{
    return verdict_clause(world, world_clause(world, slice_string(clause)), at_ms);
}

/* One observation, everything else in order: what may it come to? */
TEST(verdict_truth_table)
{
    static const struct {
        const char *outcome, *reason;
        int64_t age_ms;
        bool caught;
        enum verdict verdict;
    } rows[] = {
        {"pass", "tls.versions-kept", 0, true, VERDICT_KEPT},
        {"pass", "tls.versions-kept", 24 * 3600000, true, VERDICT_KEPT},
        {"pass", "verdict.stale", 24 * 3600000 + 1, true, VERDICT_STALE},
        {"pass", "tls.versions-kept", -5 * 60000, true, VERDICT_KEPT},
        {"pass", "verdict.future", -5 * 60000 - 1, true, VERDICT_UNPROVEN},
        {"fail", "tls.versions-kept", -24 * 3600000, true, VERDICT_BROKEN},
        {"unprovable", "tls.versions-kept", 0, true, VERDICT_UNPROVEN},
        {"pass", "plant.missed", 0, false, VERDICT_UNPROVEN},
        {"fail", "tls.versions-kept", 0, true, VERDICT_BROKEN},
        {"fail", "tls.versions-kept", INT64_C(400) * 86400000, true, VERDICT_BROKEN},
        {"fail", "plant.missed", 0, false, VERDICT_UNPROVEN},
        {"error", "tls.versions-kept", 0, true, VERDICT_UNPROVEN},
        {"error", "tls.versions-kept", 25 * 3600000, true, VERDICT_UNPROVEN},
        {"green", "tls.versions-kept", 0, true, VERDICT_UNPROVEN},
        {"", "tls.versions-kept", 0, true, VERDICT_UNPROVEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        cleanup_world struct world world = whole_world(arena);
        observe(&world, "endpoint:a:443", "tls.version", rows[i].outcome, rows[i].caught, now_ms - rows[i].age_ms);
        struct judgement judgement = judge(&world, "3.1", now_ms);
        CHECK_STRING(verdict_name(rows[i].verdict), verdict_name(judgement.verdict));
        CHECK(slice_is(judgement.reason, rows[i].reason));
    }
}

TEST(verdict_without_observation_subject_or_binding_is_unproven)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_UNPROVEN);
    CHECK_SLICE("verdict.not-observed", judge(&world, "3.1", now_ms).reason);
    CHECK_SLICE("verdict.unbound", judge(&world, "3.2", now_ms).reason);
    CHECK_SLICE("verdict.no-probe", judge(&world, "1.1", now_ms).reason);
    apply(&world, "estate.changed", "{\"whole\":true,\"put\":[{\"id\":\"vogt:this\",\"kind\":\"vogt\",\"confirmed\":true}]}", now_ms);
    CHECK_SLICE("verdict.no-subject", judge(&world, "3.1", now_ms).reason);
}

TEST(verdict_every_subject_counts_and_the_worst_wins)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    apply(&world, "estate.changed",
          "{\"whole\":true,\"put\":[{\"id\":\"vogt:this\",\"kind\":\"vogt\",\"confirmed\":true},{\"id\":\"endpoint:a:443\",\"kind\":\"endpoint\",\"confirmed\":true},"
          "{\"id\":\"endpoint:b:443\",\"kind\":\"endpoint\",\"confirmed\":true}]}", now_ms);
    observe(&world, "endpoint:a:443", "tls.version", "pass", true, now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_UNPROVEN);
    observe(&world, "endpoint:b:443", "tls.version", "pass", true, now_ms - 25 * hour_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_STALE);
    observe(&world, "endpoint:a:443", "tls.version", "fail", true, now_ms);
    struct judgement judgement = judge(&world, "3.1", now_ms);
    CHECK(judgement.verdict == VERDICT_BROKEN);
    CHECK_SLICE("endpoint:a:443", judgement.subject);
    CHECK(judgement.oldest_ms == now_ms - 25 * hour_ms);
}

TEST(verdict_an_unconfirmed_subject_blocks_green_but_not_red)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    apply(&world, "estate.changed",
          "{\"whole\":true,\"put\":[{\"id\":\"vogt:this\",\"kind\":\"vogt\",\"confirmed\":true},{\"id\":\"endpoint:a:443\",\"kind\":\"endpoint\",\"confirmed\":false}]}", now_ms);
    observe(&world, "endpoint:a:443", "tls.version", "pass", true, now_ms);
    CHECK_SLICE("verdict.unconfirmed", judge(&world, "3.1", now_ms).reason);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_UNPROVEN);
    observe(&world, "endpoint:a:443", "tls.version", "fail", true, now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_BROKEN);
}

TEST(verdict_nothing_is_kept_while_the_ledger_is_in_doubt)
{
    static const struct {
        const char *kind, *outcome;
        bool caught;
        int64_t age_ms;
    } rows[] = {
        {"ledger.integrity", "fail", true, 0}, {"ledger.integrity", "error", true, 0}, {"ledger.integrity", "pass", false, 0},
        {"ledger.completeness", "fail", true, 0}, {"ledger.completeness", "pass", true, 25 * 3600000}, {"ledger.completeness", "pass", true, -3600000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        cleanup_world struct world world = whole_world(arena);
        observe(&world, "endpoint:a:443", "tls.version", "pass", true, now_ms);
        CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_KEPT);
        observe(&world, "vogt:this", rows[i].kind, rows[i].outcome, rows[i].caught, now_ms - rows[i].age_ms);
        struct judgement judgement = judge(&world, "3.1", now_ms);
        CHECK(judgement.verdict == VERDICT_UNPROVEN);
        CHECK_SLICE("verdict.ledger", judgement.reason);
        /* but what is broken stays broken */
        observe(&world, "endpoint:a:443", "tls.version", "fail", true, now_ms);
        CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_BROKEN);
    }
}

/* The first attestable promise that no probe covers, whatever the catalogue calls it. */
static const struct promise *attestable(bool wanted)
{
    for (size_t m = 0; m < catalogue_measure_count(); m++) {
        const struct measure *measure = catalogue_measure_at(m);
        for (size_t p = 0; p < measure->promise_count; p++) {
            const struct promise *promise = &measure->promises[p];
            if (promise->attestable == wanted && promise->observation_count > 0 && promise->observations[0].probe == NULL && !promise_has_probe(promise)) {
                return promise;
            }
        }
    }
    return NULL;
}

static void bind(struct world *world, const struct promise *promise)
{
    apply(world, "binding.confirmed",
          arena_printf(world->arena, "{\"clause\":\"1.1\",\"bindings\":[],\"promises\":[{\"id\":\"1.1.a\",\"measure\":\"%s\",\"promise\":\"%s\",\"values\":{}}]}", promise->measure->id,
                       promise->name), now_ms);
}

TEST(verdict_attestation_stands_where_no_machine_can_see)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    CHECK(attestable(true) != NULL && attestable(false) != NULL);
    bind(&world, attestable(true));
    CHECK_SLICE("verdict.no-probe", judge(&world, "1.1", now_ms).reason);
    char *word = arena_printf(arena, "{\"clause\":\"1.1\",\"promise\":\"1.1.a\",\"by\":\"ada\",\"at_ms\":%lld,\"expires_ms\":%lld}", (long long)now_ms, (long long)(now_ms + hour_ms));
    apply(&world, "attestation.signed", word, now_ms);
    CHECK(judge(&world, "1.1", now_ms).verdict == VERDICT_ATTESTED);
    CHECK(judge(&world, "1.1", now_ms + hour_ms - 1).verdict == VERDICT_ATTESTED);
    CHECK(judge(&world, "1.1", now_ms + hour_ms).verdict == VERDICT_STALE);
    /* given before the clock was set back: not yet valid */
    CHECK(judge(&world, "1.1", now_ms - hour_ms).verdict == VERDICT_UNPROVEN);
    bind(&world, attestable(false));
    CHECK(judge(&world, "1.1", now_ms).verdict == VERDICT_UNPROVEN);
}

TEST(verdict_attestation_never_outweighs_an_observation)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    observe(&world, "endpoint:a:443", "tls.version", "fail", true, now_ms);
    char *word = arena_printf(arena, "{\"clause\":\"3.1\",\"promise\":\"3.1.a\",\"by\":\"ada\",\"at_ms\":%lld,\"expires_ms\":%lld}", (long long)now_ms, (long long)(now_ms + hour_ms));
    apply(&world, "attestation.signed", word, now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_BROKEN);
}

/* Accounts whose second factor nobody shows: a signed word stands in for them, but not for one that was seen without. */
TEST(verdict_attestation_stands_in_for_what_cannot_be_proven)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    const struct promise *cloud = catalogue_promise(SLICE_LITERAL("access.mfa"), SLICE_LITERAL("cloud"));
    CHECK(cloud != NULL && cloud->attestable && cloud->observation_count == 1);
    bind(&world, cloud);
    CHECK_SLICE("verdict.no-subject", judge(&world, "1.1", now_ms).reason);
    char *word = arena_printf(arena, "{\"clause\":\"1.1\",\"promise\":\"1.1.a\",\"by\":\"ada\",\"at_ms\":%lld,\"expires_ms\":%lld}", (long long)now_ms, (long long)(now_ms + hour_ms));
    apply(&world, "attestation.signed", word, now_ms);
    CHECK(judge(&world, "1.1", now_ms).verdict == VERDICT_ATTESTED);
    apply(&world, "estate.changed", "{\"put\":[{\"id\":\"account:a\",\"kind\":\"account\",\"confirmed\":true},{\"id\":\"account:b\",\"kind\":\"account\",\"confirmed\":true}]}", now_ms);
    CHECK_SLICE("verdict.not-observed", judge(&world, "1.1", now_ms).reason);
    observe(&world, "account:a", "mfa.cloud-factor", "unprovable", true, now_ms);
    observe(&world, "account:b", "mfa.cloud-factor", "pass", true, now_ms);
    CHECK(judge(&world, "1.1", now_ms).verdict == VERDICT_ATTESTED);
    CHECK(judge(&world, "1.1", now_ms + hour_ms).verdict == VERDICT_STALE);
    observe(&world, "account:b", "mfa.cloud-factor", "fail", true, now_ms);
    CHECK(judge(&world, "1.1", now_ms).verdict == VERDICT_BROKEN);
    observe(&world, "account:b", "mfa.cloud-factor", "error", true, now_ms);
    CHECK(judge(&world, "1.1", now_ms).verdict == VERDICT_UNPROVEN);
}

/* What is paid for and not in the estate leaves the population of hosts in doubt, however whole the reading was. */
TEST(verdict_an_invoice_with_an_unknown_position_blocks_hosts)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    bind(&world, catalogue_promise(SLICE_LITERAL("infra.default-deny"), SLICE_LITERAL("security-groups")));
    apply(&world, "estate.changed",
          "{\"put\":[{\"id\":\"host:a\",\"kind\":\"host\",\"name\":\"a\",\"confirmed\":true},{\"id\":\"source:bill\",\"kind\":\"source\",\"confirmed\":true,"
          "\"attributes\":{\"kind\":\"invoice\",\"feeds\":[\"host\"]}}]}", now_ms);
    observe(&world, "host:a", "cloud.security-groups", "pass", true, now_ms);
    observe(&world, "source:bill", "population.invoice", "fail", true, now_ms);
    observe(&world, "source:bill", "source.complete", "pass", true, now_ms);
    CHECK_SLICE("verdict.population", judge(&world, "1.1", now_ms).reason);
    observe(&world, "source:bill", "population.invoice", "pass", true, now_ms);
    CHECK(judge(&world, "1.1", now_ms).verdict == VERDICT_KEPT);
}

/* An eye outside is asked for only while there is one, and never about what only the inside can reach. */
TEST(verdict_what_needs_a_vantage_is_asked_for_while_there_is_one)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    observe(&world, "endpoint:a:443", "tls.version", "pass", true, now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_KEPT);
    apply(&world, "estate.changed", "{\"put\":[{\"id\":\"vantage:eye\",\"kind\":\"vantage\",\"name\":\"eye\",\"confirmed\":true}]}", now_ms);
    CHECK_SLICE("verdict.not-observed", judge(&world, "3.1", now_ms).reason);
    CHECK_SLICE("outside.version", judge(&world, "3.1", now_ms).kind);
    observe(&world, "endpoint:a:443", "outside.version", "fail", true, now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_BROKEN);
    observe(&world, "endpoint:a:443", "outside.version", "pass", true, now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_KEPT);
    apply(&world, "estate.changed", "{\"put\":[{\"id\":\"endpoint:localhost:1\",\"kind\":\"endpoint\",\"name\":\"localhost:1\",\"confirmed\":true}]}", now_ms);
    observe(&world, "endpoint:localhost:1", "tls.version", "pass", true, now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_KEPT);
    apply(&world, "estate.changed", "{\"put\":[],\"removed\":[\"vantage:eye\"]}", now_ms);
    CHECK(judge(&world, "3.1", now_ms).verdict == VERDICT_KEPT);
}

TEST(verdict_record_is_the_same_every_time_and_ignores_values)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    observe(&world, "endpoint:a:443", "tls.version", "pass", true, now_ms);
    struct judgement whole;
    struct json *first = verdict_record(&world, world_clause(&world, SLICE_LITERAL("3.1")), now_ms, &whole);
    struct json *second = verdict_record(&world, world_clause(&world, SLICE_LITERAL("3.1")), now_ms + 1000, &whole);
    CHECK(json_equal(first, second) && verdict_same(first, second));
    CHECK(whole.until_ms == now_ms + 23 * hour_ms); /* the ledger's observation ends first */
    CHECK(!verdict_same(first, verdict_record(&world, world_clause(&world, SLICE_LITERAL("3.1")), now_ms + 24 * hour_ms + 1, &whole)));
}

TEST(verdict_interpretations_and_numbers_set_the_age)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    const struct promise *found = NULL;
    for (size_t m = 0; m < catalogue_measure_count() && found == NULL; m++) {
        const struct measure *measure = catalogue_measure_at(m);
        for (size_t p = 0; p < measure->promise_count && found == NULL; p++) {
            const struct promise *promise = &measure->promises[p];
            found = promise->observation_count > 0 && promise->observations[0].max_age_from != NULL ? promise : NULL;
        }
    }
    CHECK(found != NULL);
    bind(&world, found);
    const struct json *clause = world_clause(&world, SLICE_LITERAL("1.1")), *promise = json_member(clause, "promises")->first;
    int64_t before_ms = verdict_max_age_ms(&world, clause, promise, &found->observations[0]);
    char *text = arena_printf(arena, "{\"clause\":\"1.1\",\"term\":\"regular\",\"values\":{\"%s\":17},\"by\":\"ada\"}", found->observations[0].max_age_from);
    apply(&world, "interpretation.signed", text, now_ms);
    clause = world_clause(&world, SLICE_LITERAL("1.1"));
    CHECK(before_ms != INT64_C(17) * 86400000);
    CHECK(verdict_max_age_ms(&world, clause, promise, &found->observations[0]) == INT64_C(17) * 86400000);
}

TEST(explain_speaks_both_languages_and_fills_places)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_world struct world world = whole_world(arena);
    struct judgement judgement = judge(&world, "3.1", now_ms);
    struct json *out = json_new(arena, JSON_OBJECT);
    explain_set(arena, out, "reason", &judgement);
    CHECK_SLICE("endpoint:a:443 has not been observed yet (tls.version).", json_text(json_member(out, "reason"), "english", SLICE_NONE));
    CHECK_SLICE("endpoint:a:443 wurde noch nicht gemessen (tls.version).", json_text(json_member(out, "reason"), "german", SLICE_NONE));
    struct json *fix = json_new(arena, JSON_OBJECT);
    CHECK(explain_fix(arena, fix, judgement.reason, NULL, judgement.subject, judgement.kind));
    CHECK(!explain_fix(arena, fix, SLICE_LITERAL("verdict.attested"), NULL, SLICE_NONE, SLICE_NONE));
}

TEST_MAIN
