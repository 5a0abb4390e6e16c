/* vogt annex, clause, and what people decide about a clause: confirm, interpret, attest, deviate.
 */
#include "command/client.h"
#include "command/show.h"

#include <string.h>

enum outcome command_annex(struct run *run)
{
    const struct json *data = NULL;
    const char *at = run_option(run, OPTION_AT),
               *escaped = at == NULL ? NULL : path_segment(run, at);
    enum outcome outcome =
        client_get(run,
                   escaped == NULL ? "annex/current"
                                   : arena_printf(run->arena, "annex/current?at=%s", escaped),
                   &data);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    if (run->json) {
        outcome = run_print_json(data);
    } else {
        show_annex(run, data);
    }
    bool failed = run_has(run, OPTION_CHECK) && !show_all_kept(json_member(data, "clauses"));
    return outcome == OUTCOME_OK && failed ? OUTCOME_FAILED : outcome;
}

/* ---- one clause, opened ---- */

static void show_subject(struct run *run, const struct json *subject)
{
    int64_t age_s = 0;
    struct slice name = json_text(subject, "subject", SLICE_NONE),
                 reason = run_words(run, json_member(subject, "reason"));
    bool has_age = json_i64(subject, "age_s", &age_s) == ERR_NONE;
    const struct json *index = json_member(subject, "index");
    bool has_index = index != NULL && index->type == JSON_NUMBER;
    const char *line = arena_printf(
        run->arena, "%.*s%s%.*s%s%s%s%.*s", (int)name.len, (const char *)name.data,
        reason.len > 0 ? ": " : "", (int)reason.len, (const char *)reason.data, has_age ? ", " : "",
        has_age ? show_age(run, age_s) : "", has_index ? ", #" : "",
        has_index ? (int)index->text.len : 0, has_index ? (const char *)index->text.data : "");
    screen_spaces(&run->screen, 6);
    show_verdict(run, json_text(subject, "verdict", SLICE_NONE));
    screen_wrap(&run->screen, 6 + VERDICT_COLUMNS, 6 + VERDICT_COLUMNS, COLOUR_NONE,
                slice_string(line));
}

static void show_promise(struct run *run, const struct json *promise)
{
    const struct json *observations = json_member(promise, "observations");
    struct slice text = json_text(promise, "text", SLICE_NONE),
                 reason = run_words(run, json_member(promise, "reason")),
                 id = json_text(promise, "id", SLICE_NONE);
    const char *line =
        arena_printf(run->arena, "%.*s  %.*s%s%.*s", (int)id.len, (const char *)id.data,
                     (int)text.len, (const char *)text.data, reason.len > 0 ? ": " : "",
                     (int)reason.len, (const char *)reason.data);
    screen_spaces(&run->screen, 2);
    show_verdict(run, json_text(promise, "verdict", SLICE_NONE));
    screen_wrap(&run->screen, 2 + VERDICT_COLUMNS, 2 + VERDICT_COLUMNS, COLOUR_NONE,
                slice_string(line));
    for (const struct json *one = observations == NULL ? NULL : observations->first; one != NULL;
         one = one->next) {
        const struct json *subjects = json_member(one, "subjects");
        bool has_probe = json_text(one, "probe", SLICE_NONE).len > 0;
        screen_spaces(&run->screen, 4);
        screen_put(&run->screen, COLOUR_DIM, json_text(one, "kind", SLICE_NONE));
        fprintf(run->screen.out, "%s\n",
                has_probe ? "" : SAY(run, " (no probe yet)", " (noch keine Probe)"));
        for (const struct json *subject = subjects == NULL ? NULL : subjects->first;
             subject != NULL; subject = subject->next) {
            show_subject(run, subject);
        }
    }
}

static void show_list(struct run *run, const char *heading, const struct json *list,
                      const char *name)
{
    if (list == NULL || list->count == 0) {
        return;
    }
    show_heading(run, heading);
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        struct slice words = run_words(run, json_member(one, "title"));
        words = words.len > 0 ? words : run_words(run, one);
        words = words.len > 0 ? words
                              : json_text(one, "statement", json_text(one, "verdict", SLICE_NONE));
        struct slice state = json_text(one, "state", SLICE_NONE);
        const char *confirmed =
            json_bool(one, "confirmed", false) ? SAY(run, " (confirmed)", " (bestätigt)") : "";
        const char *line = arena_printf(
            run->arena, "%.*s%s%s%.*s", (int)words.len, (const char *)words.data, confirmed,
            state.len > 0 ? ", " : "", (int)state.len, (const char *)state.data);
        show_pair(run, arena_string(run->arena, json_text(one, name, SLICE_NONE)),
                  slice_string(line));
    }
}

enum outcome command_clause(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(
        run, arena_printf(run->arena, "annex/clauses/%s", path_segment(run, run->arguments[0])),
        &data);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    bool failed =
        run_has(run, OPTION_CHECK) && !slice_is(json_text(data, "verdict", SLICE_NONE), "kept");
    if (run->json) {
        outcome = run_print_json(data);
        return outcome == OUTCOME_OK && failed ? OUTCOME_FAILED : outcome;
    }
    const struct json *promises = json_member(data, "promises");
    screen_put(&run->screen, COLOUR_BOLD, json_text(data, "id", SLICE_NONE));
    fputs("  ", run->screen.out);
    show_verdict(run, json_text(data, "verdict", SLICE_NONE));
    fputc('\n', run->screen.out);
    screen_wrap(&run->screen, 0, 0, COLOUR_NONE, json_text(data, "text", SLICE_NONE));
    screen_wrap(&run->screen, 0, 0, COLOUR_DIM, run_words(run, json_member(data, "reason")));
    show_heading(run, SAY(run, "Promises", "Zusagen"));
    for (const struct json *promise = promises == NULL ? NULL : promises->first; promise != NULL;
         promise = promise->next) {
        show_promise(run, promise);
    }
    show_list(run, SAY(run, "Measures", "Maßnahmen"), json_member(data, "bindings"), "measure");
    show_list(run, SAY(run, "Interpretations", "Auslegungen"), json_member(data, "interpretations"),
              "term");
    show_list(run, SAY(run, "Attestations", "Bestätigungen"), json_member(data, "attestations"),
              "promise");
    show_list(run, SAY(run, "History", "Verlauf"), json_member(data, "history"), "at");
    return failed ? OUTCOME_FAILED : OUTCOME_OK;
}

/* ---- decisions ---- */

static enum outcome decide(struct run *run, const char *method, const char *what,
                           const struct json *body)
{
    const struct json *data = NULL;
    const char *path =
        arena_printf(run->arena, "annex/clauses/%s/%s", path_segment(run, run->arguments[0]), what);
    struct ask ask = {.method = method, .path = path, .body = body};
    enum outcome outcome =
        path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
    if (outcome == OUTCOME_OK && run->json) {
        return run_print_json(data);
    }
    if (outcome == OUTCOME_OK) {
        fprintf(run->screen.out, "%s\n",
                SAY(run, "Recorded in the ledger.", "Im Logbuch festgehalten."));
    }
    return outcome;
}

enum outcome command_confirm(struct run *run)
{
    const char *reason = run_option(run, OPTION_REASON);
    struct json *body = json_new(run->arena, JSON_OBJECT),
                *measures = json_set_array(run->arena, body, "measures");
    for (size_t i = 1; i < run->argument_count; i++) {
        json_append(measures, json_string(run->arena, slice_string(run->arguments[i])));
    }
    json_set_string(run->arena, body, "reason", slice_string(reason));
    return decide(run, "POST", "bindings", body);
}

static const struct json *find_interpretation(const struct json *clause, const char *term)
{
    const struct json *list = json_member(clause, "interpretations");
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        if (slice_is(json_text(one, "term", SLICE_NONE), term)) {
            return one;
        }
    }
    return NULL;
}

/* The proposal that stands there, with the values given here in the place of its own. */
static enum outcome interpretation(struct run *run, const struct json *proposal, struct json *body)
{
    struct arena *arena = run->arena;
    json_set_string(arena, body, "term", slice_string(run->arguments[1]));
    json_set_string(arena, body, "english", json_text(proposal, "english", SLICE_NONE));
    json_set_string(arena, body, "german", json_text(proposal, "german", SLICE_NONE));
    struct json *values = json_set_object(arena, body, "values");
    const struct json *old = json_member(proposal, "values");
    for (size_t i = 2; i < run->argument_count; i++) {
        const char *equals = strchr(run->arguments[i], '=');
        struct json *number = NULL;
        struct complaint complaint;
        if (equals == NULL || equals == run->arguments[i]) {
            return run_fail(
                run, OUTCOME_USAGE,
                TEXT("values are given as NAME=VALUE", "Werte gibt man als NAME=WERT an"),
                slice_string(run->arguments[i]));
        }
        const char *name =
            arena_string(arena, slice_of(run->arguments[i], (size_t)(equals - run->arguments[i])));
        bool is_plain =
            json_read(arena, slice_string(equals + 1), &number, &complaint) == ERR_NONE &&
            number->type != JSON_OBJECT && number->type != JSON_ARRAY;
        json_set(arena, values, name,
                 is_plain ? number : json_string(arena, slice_string(equals + 1)));
    }
    for (const struct json *value = old == NULL ? NULL : old->first; value != NULL;
         value = value->next) {
        const char *name = arena_string(arena, value->name);
        if (json_member(values, name) == NULL) {
            json_set(arena, values, name, json_copy(arena, value));
        }
    }
    return OUTCOME_OK;
}

enum outcome command_interpret(struct run *run)
{
    const struct json *clause = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    enum outcome outcome = client_get(
        run, arena_printf(run->arena, "annex/clauses/%s", path_segment(run, run->arguments[0])),
        &clause);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    const struct json *proposal = find_interpretation(clause, run->arguments[1]);
    if (proposal == NULL) {
        return run_fail(
            run, OUTCOME_INPUT,
            TEXT("this clause has no such vague word; `vogt clause` lists them",
                 "dieser Satz hat kein solches ungenaues Wort; `vogt clause` nennt sie"),
            slice_string(run->arguments[1]));
    }
    outcome = interpretation(run, proposal, body);
    return outcome == OUTCOME_OK ? decide(run, "POST", "interpretations", body) : outcome;
}

enum outcome command_attest(struct run *run)
{
    const char *days = run_option(run, OPTION_EXPIRES);
    uint64_t count = 365;
    if (days != NULL && (slice_to_u64(slice_string(days), &count) != ERR_NONE || count == 0)) {
        return run_fail(run, OUTCOME_USAGE,
                        TEXT("days are a whole number from 1", "Tage sind eine ganze Zahl ab 1"),
                        slice_string(days));
    }
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "promise", slice_string(run->arguments[1]));
    json_set_string(run->arena, body, "statement", slice_string(run->arguments[2]));
    json_set_u64(run->arena, body, "expires_days", count);
    return decide(run, "POST", "attestations", body);
}

enum outcome command_deviate(struct run *run)
{
    bool close = run_has(run, OPTION_CLOSE);
    if (close != (run->argument_count == 1) || (!close && run->argument_count != 4)) {
        return run_fail(run, OUTCOME_USAGE,
                        TEXT("either CLAUSE OWNER PLAN DUE or CLAUSE --close",
                             "entweder SATZ VERANTWORTLICHE PLAN TERMIN oder SATZ --close"),
                        SLICE_NONE);
    }
    if (close) {
        return decide(run, "DELETE", "deviation", NULL);
    }
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "owner", slice_string(run->arguments[1]));
    json_set_string(run->arena, body, "plan", slice_string(run->arguments[2]));
    json_set_string(run->arena, body, "due", slice_string(run->arguments[3]));
    return decide(run, "POST", "deviation", body);
}
