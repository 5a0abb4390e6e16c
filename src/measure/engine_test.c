/*
 * The whole of these rooms without a process: an annex is adopted, observed, spoken about, and after every scene the evidence log is folded
 * anew, which must agree with every verdict that was recorded.
 */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "engine/token.h"
#include "ledger/commitment.h"
#include "measure/edit.h"
#include "measure/fold.h"
#include "measure/operations.h"

enum { ARENA_BYTES = 64 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000), HOUR_MS = 3600000;

/* What the workers of this test say; scenes set it. */
static struct {
    const char *annex;          /* of annex.read */
    const char *failing;        /* kind of observation that fails; or "" */
    const char *refusing;       /* work that gives an error; or "" */
    bool blind;                 /* plants are not caught */
} script;

static const char first_annex[] =
    "{\"language\":\"en\",\"title\":\"Annex\",\"sections\":[{\"id\":\"3\",\"number\":\"3\",\"title\":\"Encryption\"}],\"catalogue\":\"x\",\"clauses\":["
    "{\"id\":\"3.1\",\"section\":\"3\",\"text\":\"Transport uses TLS 1.3.\",\"bindings\":[{\"measure\":\"crypto.transit\",\"number\":7,\"score\":0.9,\"reason\":{\"en\":\"TLS\",\"de\":\"TLS\"}}],"
    "\"promises\":[{\"id\":\"3.1.a\",\"text\":\"TLS\",\"measure\":\"crypto.transit\",\"promise\":\"tls13\",\"values\":{\"version\":\"1.3\"}}],\"interpretations\":[]},"
    "{\"id\":\"3.2\",\"section\":\"3\",\"text\":\"Our offices are pleasant.\",\"bindings\":[],\"reason\":{\"en\":\"none\",\"de\":\"keine\"},\"promises\":[],\"interpretations\":[]}]}";

static const char second_annex[] =
    "{\"language\":\"en\",\"title\":\"Annex\",\"sections\":[{\"id\":\"4\",\"number\":\"4\",\"title\":\"Encryption\"}],\"catalogue\":\"x\",\"clauses\":["
    "{\"id\":\"4.1\",\"section\":\"4\",\"text\":\"Transport uses TLS 1.3.\",\"bindings\":[{\"measure\":\"crypto.rest\",\"number\":8,\"score\":0.4,\"reason\":{\"en\":\"?\",\"de\":\"?\"}}],"
    "\"promises\":[],\"interpretations\":[]}]}";

static const struct json *parsed(struct arena *arena, const char *text)
{
    struct json *tree = NULL;
    return json_read(arena, slice_string(text), &tree, NULL) == ERR_NONE ? tree : NULL;
}

static const struct json *judged(struct arena *arena, struct slice probe_id)
{
    const struct probe *probe = catalogue_probe(probe_id);
    struct json *output = json_new(arena, JSON_OBJECT), *list = json_set_array(arena, output, "observations");
    for (size_t i = 0; i < probe->observation_count; i++) {
        bool fails = strcmp(probe->observations[i], script.failing) == 0;
        struct json *one = json_append(list, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "kind", slice_string(probe->observations[i]));
        json_set_string(arena, one, "outcome", slice_string(fails ? "fail" : "pass"));
        json_set_string(arena, one, "reason", slice_string(fails ? "tls.old-version-accepted" : "tls.versions-kept"));
        json_set_object(arena, one, "values");
    }
    json_set_bool(arena, json_set_object(arena, output, "plant"), "caught", !script.blind);
    json_set_array(arena, output, "not_covered");
    return output;
}

static enum err work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    struct slice work_name = slice_string(name);
    (void)role;
    (void)input;
    if (strcmp(name, script.refusing) == 0) {
        return ERR_UNREACHABLE;
    }
    if (slice_starts(work_name, SLICE_LITERAL("annex."))) {
        *ret_output = parsed(arena, script.annex);
    } else if (slice_starts(work_name, SLICE_LITERAL("judge."))) {
        *ret_output = judged(arena, slice_from(work_name, 6));
    } else {
        *ret_output = parsed(arena, "{\"facts\":{\"seen\":1},\"plant\":{\"facts\":{}},\"vantage\":\"test\",\"proposals\":[]}");
    }
    return *ret_output == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err operation_test_token(struct turn *turn)
{
    struct token_wish wish = {.name = "ada", .path = "test", .policies = token_policies(turn, "root", NULL), .ttl_s = 0};
    struct json *auth = NULL;
    struct slice certificate;
    enum err err = vault_identity(turn->around->vault, turn, "localhost", &certificate); /* as own_start does: there once, the same ever after */
    err = err == ERR_NONE ? token_create(turn, &wish, &auth) : err;
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice token;
};

static struct scene scene_start(void)
{
    static const struct {
        const char *name;
        operation_fn run;
    } operations[] = {
#define TESTED(name) {#name, operation_##name}
        TESTED(tick), TESTED(observe), TESTED(observe_one), TESTED(estate_read), TESTED(estate_write), TESTED(annex_adopt), TESTED(annex_current), TESTED(annex_clause),
        TESTED(annex_bind), TESTED(annex_attest), TESTED(annex_deviate), TESTED(annex_deviation_close), TESTED(measure_read), TESTED(morning), TESTED(periods),
#undef TESTED
    };
    script.annex = first_annex;
    script.failing = script.refusing = "";
    script.blind = false;
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(7, NOON_MS)};
    struct turn *turn = NULL;
    if (scene.arena == NULL || scene.driver == NULL) {
        __builtin_trap();
    }
    driver_surroundings(scene.driver)->address = "https://localhost:8200";
    driver_set_work(scene.driver, work);
    driver_add_operation(scene.driver, "test_token", operation_test_token);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        driver_add_operation(scene.driver, operations[i].name, operations[i].run);
    }
    if (driver_run(scene.driver, "test_token", NULL, &turn) != ERR_NONE) {
        __builtin_trap();
    }
    scene.token = arena_copy(scene.arena, json_text(json_member(turn->reply.tree, "auth"), "client_token", SLICE_NONE));
    driver_end(turn);
    return scene;
}

static void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

/* A request as gate hands it on; the reply's data is copied out. */
static enum err ask(struct scene *scene, enum verb verb, const char *path, const char *body, const char *raw, const struct json **ret_data)
{
    struct turn *turn = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = scene->token, .body = body == NULL ? NULL : parsed(scene->arena, body), .raw = slice_string(raw)};
    enum err err = driver_request(scene->driver, &request, &turn);
    const struct json *data = turn == NULL ? NULL : json_member(turn->reply.tree, "data");
    *ret_data = data == NULL ? NULL : json_copy(scene->arena, data);
    driver_end(turn);
    return err;
}

static struct slice verdict_of(struct scene *scene, const char *clause)
{
    const struct json *data = NULL;
    char *path = arena_printf(scene->arena, "annex/clauses/%s", clause);
    return ask(scene, VERB_READ, path, NULL, NULL, &data) == ERR_NONE ? json_text(data, "verdict", SLICE_NONE) : SLICE_NONE;
}

/* Folds the log from its beginning. True: every entry was taken and every verdict agreed, and there were verdicts. */
static bool replays(struct scene *scene)
{
    struct fold fold;
    bool good = fold_start(&fold) == ERR_NONE;
    size_t count = memory_entry_count(driver_rows(scene->driver), LOG_EVIDENCE);
    for (size_t i = 0; good && i < count; i++) {
        char path[LEDGER_ROW_PATH_BYTES];
        struct stored_row row;
        struct slice payload = SLICE_NONE;
        enum fold_result result = FOLD_DAMAGED;
        struct buf opened = BUF_INIT(ROW_MAX_BYTES), expected = BUF_INIT(1 << 20);
        ledger_row_path("evidence", i, path);
        good = state_row(driver_state(scene->driver), slice_string(path), &row) == LOOKUP_FOUND && state_open(driver_state(scene->driver), &row, &opened) == ERR_NONE &&
               evidence_open(memory_entry(driver_rows(scene->driver), LOG_EVIDENCE, i), buf_slice(&opened), &payload) == ERR_NONE &&
               fold_take(&fold, payload, i, &result, &expected) == ERR_NONE && (result == FOLD_TAKEN || result == FOLD_VERDICT_AGREES);
        if (!good) {
            printf("entry %zu does not replay: %.*s\nexpected: %.*s\n", i, (int)payload.len, (const char *)payload.data, (int)expected.len, (const char *)expected.data);
        }
        buf_free(&opened);
        buf_free(&expected);
    }
    good = good && fold.counts.agreed > 0;
    fold_free(&fold);
    return good;
}

TEST(an_annex_is_adopted_observed_and_kept)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_U64(1, (uint64_t)edit_number(data, "revision", 0));
    CHECK_SLICE("unproven", verdict_of(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_U64(0, (uint64_t)edit_number(data, "failed", 99));
    CHECK_SLICE("kept", verdict_of(&scene, "3.1"));
    CHECK_SLICE("unproven", verdict_of(&scene, "3.2"));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(time_alone_ends_green_and_the_record_says_since_when)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    driver_set_now(scene.driver, NOON_MS + 30 * HOUR_MS);
    script.refusing = "collect.tls";
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", parsed(scene.arena, "{\"probe\":\"machine\",\"subject\":\"host:this\"}"), NULL));
    CHECK_SLICE("stale", verdict_of(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "annex/clauses/3.1", NULL, NULL, &data));
    /* nobody said within the hour whether all endpoints are known: that ended it first */
    CHECK_SLICE("2026-11-23T13:00:00.000Z", json_text(data, "since", SLICE_NONE));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "periods", NULL, NULL, &data));
    CHECK_U64(3600, (uint64_t)edit_number(edit_items(data, "clauses"), "kept_s", 0));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(nothing_is_kept_while_nobody_says_what_there_is)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", verdict_of(&scene, "3.1"));
    script.refusing = "collect.host";
    driver_set_now(scene.driver, NOON_MS + HOUR_MS + 1);
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "tick", NULL, NULL));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "annex/clauses/3.1", NULL, NULL, &data));
    CHECK_SLICE("unproven", json_text(data, "verdict", SLICE_NONE));
    CHECK_SLICE("verdict.population", json_text(json_member(data, "reason"), "id", SLICE_NONE));
    script.refusing = "";
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", verdict_of(&scene, "3.1"));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(a_clock_set_back_is_not_green)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    driver_set_now(scene.driver, NOON_MS - HOUR_MS);
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "tick", NULL, NULL));
    CHECK_SLICE("unproven", verdict_of(&scene, "3.1"));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(failures_refusals_and_blind_probes_are_what_they_are)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    script.failing = "tls.version";
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("broken", verdict_of(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "morning", NULL, NULL, &data));
    CHECK_SLICE("tls.old-version-accepted", json_text(edit_items(data, "fixes"), "reason_id", SLICE_NONE));
    script.failing = "";
    script.refusing = "collect.tls";
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("unproven", verdict_of(&scene, "3.1"));
    script.refusing = "";
    script.blind = true;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("unproven", verdict_of(&scene, "3.1"));
    script.blind = false;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", verdict_of(&scene, "3.1"));
    script.failing = "ledger.integrity";
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("unproven", verdict_of(&scene, "3.1"));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(what_people_say_is_recorded_and_survives_a_revision)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/clauses/3.1/bindings", "{\"measures\":[\"crypto.transit\"],\"reason\":\"yes\"}", NULL, &data));
    CHECK(json_bool(data, "confirmed", false));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "annex/clauses/3.1/bindings", "{\"measures\":[\"no.such\"]}", NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_WRITE, "annex/clauses/9.9/bindings", "{\"measures\":[\"crypto.transit\"]}", NULL, &data));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "annex/clauses/3.1/attestations", "{\"promise\":\"3.1.a\",\"statement\":\"trust me\"}", NULL, &data));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "annex/clauses/3.1/deviation", "{\"owner\":\"ada\",\"plan\":\"mend\",\"due\":\"soon\"}", NULL, &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/clauses/3.1/deviation", "{\"owner\":\"ada\",\"plan\":\"mend\",\"due\":\"2027-01-31\"}", NULL, &data));
    CHECK_SLICE("mend", json_text(json_member(data, "deviation"), "plan", SLICE_NONE));
    size_t entries = memory_entry_count(driver_rows(scene.driver), LOG_EVIDENCE);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_U64(1, (uint64_t)edit_number(data, "revision", 0));
    CHECK_U64(entries, memory_entry_count(driver_rows(scene.driver), LOG_EVIDENCE));
    script.annex = second_annex;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the second file", &data));
    CHECK_U64(2, (uint64_t)edit_number(data, "revision", 0));
    CHECK_SLICE("unchanged", json_text(edit_items(data, "changes"), "kind", SLICE_NONE));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "annex/clauses/4.1", NULL, NULL, &data));
    CHECK(json_bool(data, "confirmed", false));
    CHECK_SLICE("4.1.a", json_text(edit_items(data, "promises"), "id", SLICE_NONE));
    CHECK_SLICE("mend", json_text(json_member(data, "deviation"), "plan", SLICE_NONE));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "annex/clauses/3.2", NULL, NULL, &data));
    CHECK(!memory_has_row(driver_rows(scene.driver), "verdict/3.2"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "annex/clauses/4.1/deviation", NULL, NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_DELETE, "annex/clauses/4.1/deviation", NULL, NULL, &data));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(the_estate_decides_what_is_in_scope)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", verdict_of(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "estate",
                            "{\"hcl\":{\"text\":\"…\",\"tree\":{\"endpoint\":[{\"labels\":[\"localhost:8200\"],\"line\":1,\"own\":true},{\"labels\":[\"www:443\"],\"line\":2}]}}}", NULL, &data));
    CHECK_SLICE("unproven", verdict_of(&scene, "3.1"));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "estate", "{\"hcl\":{\"text\":\"…\",\"tree\":{\"endpiont\":[{\"labels\":[\"x\"],\"line\":1}]}}}", NULL, &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", verdict_of(&scene, "3.1"));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(what_is_due_is_observed_and_what_left_the_estate_is_not)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK(memory_has_row(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200"));
    uint64_t version = memory_row_version(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200");
    driver_set_now(scene.driver, NOON_MS + 13 * HOUR_MS);
    const struct json *watch = parsed(scene.arena, "{\"probe\":\"tls\",\"subject\":\"endpoint:localhost:8200\"}");
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", watch, NULL));
    CHECK_U64(version + 1, memory_row_version(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "estate", "{\"hcl\":{\"text\":\"…\",\"tree\":{\"endpoint\":[{\"labels\":[\"www:443\"],\"line\":2}]}}}", NULL, &data));
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", watch, NULL));
    CHECK(!memory_has_row(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200"));
    CHECK(replays(&scene));
    scene_end(&scene);
}

TEST(without_an_annex_every_view_says_so)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "annex/current", NULL, NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "annex/clauses/1.1", NULL, NULL, &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "morning", NULL, NULL, &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "estate", NULL, NULL, &data));
    CHECK_U64(3, json_member(data, "subjects")->count);
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "annex/adopt", NULL, "", &data));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "measures/crypto.transit", NULL, NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "measures/no.such", NULL, NULL, &data));
    scene_end(&scene);
}

TEST_MAIN
