#include "measure/scene.h"

#include "engine/token.h"
#include "ledger/commitment.h"
#include "measure/edit.h"
#include "measure/fold.h"
#include "measure/operations.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20 };

struct scene_script scene_script;

const char scene_first_annex[] =
    "{\"language\":\"en\",\"title\":\"Annex\",\"sections\":[{\"id\":\"3\",\"number\":\"3\",\"title\":\"Encryption\"}],\"catalogue\":\"x\",\"clauses\":["
    "{\"id\":\"3.1\",\"section\":\"3\",\"text\":\"Transport uses TLS 1.3.\",\"bindings\":[{\"measure\":\"crypto.transit\",\"number\":7,\"score\":0.9,\"reason\":{\"en\":\"TLS\",\"de\":\"TLS\"}}],"
    "\"promises\":[{\"id\":\"3.1.a\",\"text\":\"TLS\",\"measure\":\"crypto.transit\",\"promise\":\"tls13\",\"values\":{\"version\":\"1.3\"}}],\"interpretations\":[]},"
    "{\"id\":\"3.2\",\"section\":\"3\",\"text\":\"Our offices are pleasant.\",\"bindings\":[],\"reason\":{\"en\":\"none\",\"de\":\"keine\"},\"promises\":[],\"interpretations\":[]}]}";

const char scene_second_annex[] =
    "{\"language\":\"en\",\"title\":\"Annex\",\"sections\":[{\"id\":\"4\",\"number\":\"4\",\"title\":\"Encryption\"}],\"catalogue\":\"x\",\"clauses\":["
    "{\"id\":\"4.1\",\"section\":\"4\",\"text\":\"Transport uses TLS 1.3.\",\"bindings\":[{\"measure\":\"crypto.rest\",\"number\":8,\"score\":0.4,\"reason\":{\"en\":\"?\",\"de\":\"?\"}}],"
    "\"promises\":[],\"interpretations\":[]}]}";

static const struct json *judged(struct arena *arena, struct slice probe_id)
{
    const struct probe *probe = catalogue_probe(probe_id);
    struct json *output = json_new(arena, JSON_OBJECT), *list = json_set_array(arena, output, "observations");
    for (size_t i = 0; i < probe->observation_count; i++) {
        bool fails = strcmp(probe->observations[i], scene_script.failing) == 0;
        struct json *one = json_append(list, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "kind", slice_string(probe->observations[i]));
        json_set_string(arena, one, "outcome", slice_string(fails ? "fail" : "pass"));
        json_set_string(arena, one, "reason", slice_string(fails ? "tls.old-version-accepted" : "tls.versions-kept"));
        json_set_object(arena, one, "values");
    }
    json_set_bool(arena, json_set_object(arena, output, "plant"), "caught", !scene_script.blind);
    json_set_array(arena, output, "not_covered");
    if (scene_script.found != NULL && slice_is(probe_id, "machine")) {
        json_set(arena, output, "proposals", json_copy(arena, driver_tree(arena, scene_script.found)));
        json_set_bool(arena, output, "whole", scene_script.whole);
    } else if (scene_script.found != NULL && slice_is(probe_id, "docker")) {
        json_set_array(arena, output, "proposals"); /* the same machine's engine runs nothing, and says so of all that it sees */
        json_set_bool(arena, output, "whole", true);
    }
    return output;
}

static enum err work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    struct slice work_name = slice_string(name);
    (void)role;
    (void)input;
    if (strcmp(name, scene_script.refusing) == 0) {
        return ERR_UNREACHABLE;
    }
    if (slice_starts(work_name, SLICE_LITERAL("annex."))) {
        *ret_output = driver_tree(arena, scene_script.annex);
    } else if (slice_starts(work_name, SLICE_LITERAL("judge."))) {
        *ret_output = judged(arena, slice_from(work_name, 6));
    } else {
        *ret_output = driver_tree(arena, "{\"facts\":{\"seen\":1},\"plant\":{\"facts\":{}},\"vantage\":\"test\",\"proposals\":[]}");
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

struct scene scene_start(void)
{
    static const struct {
        const char *name;
        operation_fn run;
    } operations[] = {
#define TESTED(name) {#name, operation_##name}
        TESTED(tick), TESTED(observe), TESTED(observe_one), TESTED(observe_waiting), TESTED(estate_read), TESTED(estate_write), TESTED(estate_inbox), TESTED(estate_confirm),
        TESTED(estate_ignore), TESTED(estate_remove), TESTED(estate_restore), TESTED(observations),
        TESTED(sources_list), TESTED(source_read), TESTED(source_write), TESTED(source_delete), TESTED(source_run), TESTED(fixes), TESTED(annex_adopt), TESTED(annex_current), TESTED(annex_clause),
        TESTED(annex_bind), TESTED(annex_attest), TESTED(annex_deviate), TESTED(annex_deviation_close), TESTED(measure_read), TESTED(morning), TESTED(periods),
#undef TESTED
    };
    scene_script = (struct scene_script){.annex = scene_first_annex, .failing = "", .refusing = ""};
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(7, SCENE_NOON_MS)};
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

void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

enum err scene_ask(struct scene *scene, enum verb verb, const char *path, const char *body, const char *raw, const struct json **ret_data)
{
    const struct json *reply = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = scene->token, .body = driver_tree(scene->arena, body), .raw = slice_string(raw)};
    enum err err = driver_ask(scene->driver, scene->arena, &request, &reply);
    *ret_data = json_member(reply, "data");
    return err;
}

struct slice scene_verdict(struct scene *scene, const char *clause)
{
    const struct json *data = NULL;
    char *path = arena_printf(scene->arena, "annex/clauses/%s", clause);
    return scene_ask(scene, VERB_READ, path, NULL, NULL, &data) == ERR_NONE ? json_text(data, "verdict", SLICE_NONE) : SLICE_NONE;
}

bool scene_replays(struct scene *scene)
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

