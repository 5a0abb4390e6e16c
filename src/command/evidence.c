/* vogt evidence: making a bundle through the API, and checking one alone. */
#include "base/time.h"
#include "command/bundle.h"
#include "command/client.h"
#include "command/entries.h"
#include "command/keys.h"
#include "command/show.h"
#include "measure/edit.h"
#include "measure/fold.h"

#include <stdlib.h>

enum { TRIES_MAX = 4, WORDS_MAX = 4096, BUNDLE_BYTES = 128 << 20 };

/* Which entries the verdict of one clause rests on, found while the whole log is folded. */
struct choice {
    struct slice clause;
    struct fold fold;
    uint64_t annex, estate,
        words[WORDS_MAX]; /* indices; words: what people said about the clause since the adoption */
    bool has_annex, has_estate;
    size_t word_count;
    uint64_t *chosen;
    size_t chosen_count, chosen_capacity;
};

static enum outcome note_entry(struct run *run, struct choice *choice, const struct json *payload,
                               uint64_t index)
{
    struct slice type = json_text(payload, "type", SLICE_NONE);
    if (slice_is(type, "annex.adopted")) {
        choice->annex = index;
        choice->has_annex = true;
        choice->word_count = 0;
    } else if (slice_is(type, "estate.changed")) {
        choice->estate = index;
        choice->has_estate = true;
    } else if (!slice_is(type, "verdict") && !slice_is(type, "observation") &&
               slice_equal(json_text(payload, "clause", SLICE_NONE), choice->clause)) {
        if (choice->word_count == WORDS_MAX) {
            return run_fail_err(run, ERR_TOO_LARGE, "bundle");
        }
        choice->words[choice->word_count++] = index;
    }
    return OUTCOME_OK;
}

static enum outcome take_entry(struct run *run, void *context, const struct log_entry *entry)
{
    struct choice *choice = context;
    enum fold_result result = FOLD_DAMAGED;
    struct json *payload = NULL;
    struct complaint complaint;
    if (entry->is_forged) {
        return run_fail(run, OUTCOME_INTEGRITY,
                        TEXT("a payload is not what its entry commits to",
                             "ein Inhalt ist nicht der, auf den sein Eintrag festlegt"),
                        slice_string(arena_printf(run->arena, "evidence #%llu",
                                                  (unsigned long long)entry->index)));
    }
    enum err err = fold_take(&choice->fold, entry->payload, entry->index, &result, NULL);
    if (err != ERR_NONE) {
        return run_fail_err(run, err, "evidence");
    }
    if (result != FOLD_TAKEN ||
        json_read(run->arena, entry->payload, &payload, &complaint) != ERR_NONE) {
        return OUTCOME_OK;
    }
    return note_entry(run, choice, payload, entry->index);
}

static void choose(struct choice *choice, uint64_t index)
{
    for (size_t i = 0; i < choice->chosen_count; i++) {
        if (choice->chosen[i] == index) {
            return;
        }
    }
    if (choice->chosen_count < choice->chosen_capacity) {
        choice->chosen[choice->chosen_count++] = index;
    }
}

static int by_index(const void *a, const void *b)
{
    uint64_t one, other;
    __builtin_memcpy(&one, a, sizeof(one));
    __builtin_memcpy(&other, b, sizeof(other));
    return one < other ? -1 : one > other;
}

static bool is_needed(const struct json *clause, const struct seen *seen)
{
    if (slice_starts(seen->kind, SLICE_LITERAL("ledger."))) {
        return true; /* green rests on the ledger */
    }
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL;
         promise = promise->next) {
        const struct promise *entry = catalogue_promise(json_text(promise, "measure", SLICE_NONE),
                                                        json_text(promise, "promise", SLICE_NONE));
        for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
            if (slice_is(seen->kind, entry->observations[i].kind)) {
                return true;
            }
        }
    }
    return false;
}

static enum outcome choose_all(struct run *run, struct choice *choice)
{
    const struct world *world = &choice->fold.world;
    const struct json *clause = world_clause(world, choice->clause);
    if (clause == NULL || !choice->has_annex) {
        return run_fail(run, OUTCOME_INPUT,
                        TEXT("the adopted annex has no such clause",
                             "die übernommene Anlage hat keinen solchen Satz"),
                        choice->clause);
    }
    choice->chosen_capacity = world->seen_count + choice->word_count + 2;
    choice->chosen =
        arena_alloc_array(run->arena, choice->chosen_capacity, sizeof(*choice->chosen));
    if (choice->chosen == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    choose(choice, choice->annex);
    if (choice->has_estate) {
        choose(choice, choice->estate);
    }
    for (size_t i = 0; i < choice->word_count; i++) {
        choose(choice, choice->words[i]);
    }
    for (size_t i = 0; i < world->seen_count; i++) {
        if (is_needed(clause, &world->seen[i])) {
            choose(choice, world->seen[i].index);
        }
    }
    qsort(choice->chosen, choice->chosen_count, sizeof(*choice->chosen), by_index);
    return OUTCOME_OK;
}

/* All proofs under one checkpoint. The last entry is asked for first, so that its checkpoint covers
 * all; when another is published meanwhile, all is asked anew. */
static enum outcome fetch_entries(struct run *run, const struct choice *choice, struct json *bundle,
                                  bool *ret_moved)
{
    struct json **found = arena_alloc_array(run->arena, choice->chosen_count, sizeof(*found));
    struct slice checkpoint = SLICE_NONE;
    *ret_moved = false;
    for (size_t i = choice->chosen_count; i > 0; i--) {
        const struct json *data = NULL;
        enum outcome outcome = client_get(run,
                                          arena_printf(run->arena, "ledger/evidence/prove/%llu",
                                                       (unsigned long long)choice->chosen[i - 1]),
                                          &data);
        if (outcome != OUTCOME_OK || found == NULL) {
            return outcome == OUTCOME_OK ? run_fail_err(run, ERR_MEMORY, "") : outcome;
        }
        struct slice proof = json_text(data, "proof", SLICE_NONE);
        size_t end = slice_find(proof, SLICE_LITERAL("\n\n"));
        struct slice note = end == SIZE_MAX ? SLICE_NONE : slice_from(proof, end + 2);
        checkpoint = i == choice->chosen_count ? note : checkpoint;
        *ret_moved = *ret_moved || !slice_equal(checkpoint, note);
        found[i - 1] = json_new(run->arena, JSON_OBJECT);
        json_set_u64(run->arena, found[i - 1], "index", choice->chosen[i - 1]);
        json_set_string(run->arena, found[i - 1], "entry", json_text(data, "entry", SLICE_NONE));
        json_set_string(run->arena, found[i - 1], "salt", json_text(data, "salt", SLICE_NONE));
        json_set_string(run->arena, found[i - 1], "payload",
                        json_text(data, "payload", SLICE_NONE));
        json_set_string(run->arena, found[i - 1], "proof", proof);
    }
    json_set_string(run->arena, bundle, "checkpoint", checkpoint);
    struct json *entries = json_set_array(run->arena, bundle, "entries");
    for (size_t i = 0; i < choice->chosen_count; i++) {
        json_append(entries, found[i]);
    }
    return OUTCOME_OK;
}

static enum outcome fill(struct run *run, struct choice *choice, struct slice vkey,
                         struct json *bundle)
{
    char made[RFC3339_BYTES];
    struct instant now = clock_now();
    struct judgement whole;
    const struct json *clause = world_clause(&choice->fold.world, choice->clause),
                      *revision = json_member(choice->fold.world.annex, "revision");
    rfc3339_format(now.unix_ms, made);
    json_set_string(run->arena, bundle, "format", SLICE_LITERAL(BUNDLE_FORMAT));
    json_set_string(run->arena, bundle, "made", slice_string(made));
    json_set_string(run->arena, bundle, "clause", choice->clause);
    json_set_string(run->arena, bundle, "text", json_text(clause, "text", SLICE_NONE));
    json_set(run->arena, bundle, "revision",
             revision == NULL ? json_new(run->arena, JSON_NULL) : json_copy(run->arena, revision));
    json_set_string(run->arena, bundle, "vkey", vkey);
    struct json *record = verdict_record(&choice->fold.world, clause, now.unix_ms, &whole);
    if (json_set(run->arena, bundle, "verdict",
                 record == NULL ? NULL : json_copy(run->arena, record)) == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    return OUTCOME_OK;
}

static enum outcome make(struct run *run, struct choice *choice, struct slice vkey,
                         struct json **ret_bundle)
{
    bool moved = true;
    for (unsigned tries = 0; moved && tries < TRIES_MAX; tries++) {
        struct json *bundle = json_new(run->arena, JSON_OBJECT);
        enum outcome outcome = fill(run, choice, vkey, bundle);
        outcome = outcome == OUTCOME_OK ? fetch_entries(run, choice, bundle, &moved) : outcome;
        if (outcome != OUTCOME_OK) {
            return outcome;
        }
        *ret_bundle = bundle;
    }
    return moved ? run_fail(run, OUTCOME_FAILED,
                            TEXT("the log grows faster than it can be read; try again",
                                 "das Logbuch wächst schneller, als es gelesen werden kann; bitte "
                                 "noch einmal"),
                            SLICE_NONE)
                 : OUTCOME_OK;
}

static void show_findings(struct run *run, const struct bundle_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct bundle_finding *finding = &report->findings[i];
        const char *place =
            finding->index == UINT64_MAX
                ? ""
                : arena_printf(run->arena, "#%llu: ", (unsigned long long)finding->index);
        screen_string(&run->screen, COLOUR_RED, "  ! ");
        screen_wrap(
            &run->screen, 4, 4, COLOUR_NONE,
            slice_string(arena_printf(run->arena, "%s%s", place, run_text(run, finding->text))));
    }
}

/* Nothing leaves that would not hold with those who get it. */
static enum outcome check_own(struct run *run, const struct json *bundle)
{
    struct bundle_report report;
    struct complaint complaint = {.text = {NULL, NULL}};
    enum err err = bundle_check(run->arena, bundle, NULL, &report, &complaint);
    if (err != ERR_NONE) {
        return run_fail_complaint(run, err, &complaint);
    }
    if (report.finding_count > 0) {
        return run_fail(
            run, OUTCOME_INTEGRITY, report.findings[0].text,
            slice_string(report.findings[0].index == UINT64_MAX
                             ? ""
                             : arena_printf(run->arena, "evidence #%llu",
                                            (unsigned long long)report.findings[0].index)));
    }
    return OUTCOME_OK;
}

static enum outcome write_bundle(struct run *run, const struct choice *choice,
                                 const struct json *bundle)
{
    const char *output = run_option(run, OPTION_OUTPUT), *clause = run->arguments[0];
    cleanup_buf struct buf text = BUF_INIT(BUNDLE_BYTES);
    output = output == NULL
                 ? arena_printf(run->arena, "%s.vogt-evidence.json", path_segment(run, clause))
                 : output;
    enum err err = json_write(&text, bundle, 1);
    err = err == ERR_NONE ? buf_append_byte(&text, '\n') : err;
    if (err != ERR_NONE || output == NULL) {
        return run_fail_err(run, err == ERR_NONE ? ERR_MEMORY : err, "bundle");
    }
    enum outcome outcome = run_write_file(run, output, buf_slice(&text));
    if (outcome != OUTCOME_OK || output[0] == '-') {
        return outcome;
    }
    if (run->json) {
        struct json *top = json_new(run->arena, JSON_OBJECT);
        json_set_string(run->arena, top, "file", slice_string(output));
        json_set_u64(run->arena, top, "entries", choice->chosen_count);
        json_set(run->arena, top, "verdict",
                 json_copy(run->arena, json_member(json_member(bundle, "verdict"), "verdict")));
        return run_print_json(top);
    }
    show_verdict(run, json_text(json_member(bundle, "verdict"), "verdict", SLICE_NONE));
    fprintf(run->screen.out, "%s: %zu %s\n", output, choice->chosen_count,
            SAY(run, "entries", "Einträge"));
    return OUTCOME_OK;
}

enum outcome command_evidence(struct run *run)
{
    const struct json *status = NULL;
    struct json *bundle = NULL;
    struct choice *choice = arena_alloc(run->arena, sizeof(*choice));
    enum err err = choice == NULL ? ERR_MEMORY : fold_start(&choice->fold);
    if (err != ERR_NONE) {
        return run_fail_err(run, err, "");
    }
    choice->clause = slice_string(run->arguments[0]);
    enum outcome outcome = client_get(run, "ledger/status", &status);
    progress_begin(SAY(run, "Gathering the evidence", "Sammle die Beweise"));
    outcome = outcome == OUTCOME_OK ? entries_each(run, take_entry, choice) : outcome;
    outcome = outcome == OUTCOME_OK ? choose_all(run, choice) : outcome;
    outcome = outcome == OUTCOME_OK
                  ? make(run, choice,
                         json_text(json_member(status, "evidence"), "vkey", SLICE_NONE), &bundle)
                  : outcome;
    progress_end();
    outcome = outcome == OUTCOME_OK ? check_own(run, bundle) : outcome;
    outcome = outcome == OUTCOME_OK ? write_bundle(run, choice, bundle) : outcome;
    fold_free(&choice->fold);
    return outcome;
}

/* ---- checking one ---- */

static enum outcome print_report(const struct run *run, const struct json *bundle,
                                 const struct bundle_report *report)
{
    struct arena *arena = run->arena;
    struct json *top = json_new(arena, JSON_OBJECT);
    json_set_bool(arena, top, "good", report->finding_count == 0 && !report->other_catalogue);
    json_set_string(arena, top, "clause", json_text(bundle, "clause", SLICE_NONE));
    json_set_string(arena, top, "verdict", report->verdict);
    json_set_string(arena, top, "made", json_text(bundle, "made", SLICE_NONE));
    json_set_string(arena, top, "origin", report->origin);
    json_set_u64(arena, top, "log_size", report->log_size);
    json_set_u64(arena, top, "entries", report->entry_count);
    json_set_u64(arena, top, "observations", report->observation_count);
    json_set_u64(arena, top, "rejudged", report->rejudged_count);
    json_set_u64(arena, top, "without_facts", report->without_facts_count);
    json_set_bool(arena, top, "other_catalogue", report->other_catalogue);
    struct json *findings = json_set_array(arena, top, "findings");
    for (size_t i = 0; i < report->finding_count; i++) {
        struct json *one = json_append(findings, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "english", slice_string(report->findings[i].text.english));
        json_set_string(arena, one, "german", slice_string(report->findings[i].text.german));
        if (report->findings[i].index != UINT64_MAX) {
            json_set_u64(arena, one, "index", report->findings[i].index);
        }
    }
    return run_print_json(top);
}

static const struct text proves[] = {
    {"Every entry listed is in the log that this key signed, under this checkpoint.",
     "Jeder aufgeführte Eintrag steht unter diesem Prüfpunkt im Logbuch, das dieser Schlüssel "
     "gezeichnet hat."},
    {"No payload was changed since it was recorded.",
     "Kein Inhalt wurde verändert, seit er aufgezeichnet ist."},
    {"By the public rules the verdict follows from these entries at the time the bundle was made.",
     "Nach den öffentlichen Regeln folgt das Urteil aus diesen Einträgen zu dem Zeitpunkt, zu dem "
     "das Bündel entstand."},
};
static const struct text does_not[] = {
    {"that this key is the company's: compare it with the one it published, and give it with "
     "--vkey.",
     "dass dieser Schlüssel der Firma gehört: vergleiche ihn mit dem veröffentlichten und gib ihn "
     "mit --vkey an."},
    {"that nothing newer was left out: ask for the whole log (`vogt ledger verify`, `vogt "
     "replay`).",
     "dass nichts Neueres weggelassen wurde: verlange das ganze Logbuch (`vogt ledger verify`, "
     "`vogt replay`)."},
    {"that others were shown the same log, unless witnesses signed the checkpoint.",
     "dass anderen dasselbe Logbuch gezeigt wurde, solange keine Zeugen den Prüfpunkt gezeichnet "
     "haben."},
    {"that the machines said the truth when they were observed; each probe shows its planted "
     "failure instead.",
     "dass die Rechner bei der Beobachtung die Wahrheit sagten; dafür zeigt jede Probe ihren "
     "gepflanzten Fehler."},
};

static void show_texts(struct run *run, const char *heading, const struct text *texts, size_t count)
{
    show_heading(run, heading);
    for (size_t i = 0; i < count; i++) {
        fputs("  - ", run->screen.out);
        screen_wrap(&run->screen, 4, 4, COLOUR_NONE, slice_string(run_text(run, texts[i])));
    }
}

static void show_report(struct run *run, const struct json *bundle,
                        const struct bundle_report *report)
{
    struct slice id = json_text(bundle, "clause", SLICE_NONE);
    screen_put(&run->screen, COLOUR_BOLD, id);
    fputs("  ", run->screen.out);
    show_verdict(run, report->verdict);
    fputc('\n', run->screen.out);
    screen_wrap(&run->screen, 0, 0, COLOUR_NONE, json_text(bundle, "text", SLICE_NONE));
    show_pair(run, SAY(run, "made", "entstanden"), json_text(bundle, "made", SLICE_NONE));
    show_pair(run, SAY(run, "log", "Logbuch"), report->origin);
    show_pair(run, SAY(run, "checkpoint", "Prüfpunkt"),
              slice_string(arena_printf(run->arena, "%llu %s", (unsigned long long)report->log_size,
                                        SAY(run, "entries", "Einträge"))));
    show_pair(run, SAY(run, "entries here", "Einträge hier"),
              slice_string(arena_printf(run->arena, "%zu", report->entry_count)));
    const char *judged = arena_printf(
        run->arena, "%zu, %zu %s, %zu %s", report->observation_count, report->rejudged_count,
        SAY(run, "judged again alike", "erneut gleich beurteilt"), report->without_facts_count,
        SAY(run, "without facts or judge", "ohne Fakten oder Richter"));
    show_pair(run, SAY(run, "observations", "Beobachtungen"), slice_string(judged));
    show_findings(run, report);
    if (report->finding_count > 0) {
        screen_wrap(&run->screen, 0, 0, COLOUR_RED,
                    slice_string(SAY(run, "The bundle does NOT hold.", "Das Bündel hält NICHT.")));
        return;
    }
    if (report->other_catalogue) {
        screen_wrap(
            &run->screen, 0, 0, COLOUR_YELLOW,
            slice_string(SAY(run,
                             "The entries hold. The verdict could not be recomputed: it was made "
                             "with another version of the catalogue.",
                             "Die Einträge halten. Das Urteil ließ sich nicht neu berechnen: es "
                             "entstand mit einer anderen Fassung des Katalogs.")));
        return;
    }
    show_texts(run, SAY(run, "The bundle holds. It proves:", "Das Bündel hält. Es beweist:"),
               proves, sizeof(proves) / sizeof(proves[0]));
    show_texts(run, SAY(run, "It does not prove:", "Es beweist nicht:"), does_not,
               sizeof(does_not) / sizeof(does_not[0]));
}

static enum outcome expected_key(struct run *run, struct log_keys *keys,
                                 const struct note_key **ret_key)
{
    *ret_key = NULL;
    if (!run_has(run, OPTION_VKEY)) {
        return OUTCOME_OK;
    }
    enum outcome outcome = keys_find(run, NULL, keys);
    if (outcome == OUTCOME_OK && !keys->have[LOG_EVIDENCE]) {
        return run_fail(run, OUTCOME_USAGE,
                        TEXT("the verifier key of the evidence log is needed",
                             "es braucht den Prüfschlüssel des Beweis-Logbuchs"),
                        SLICE_NONE);
    }
    *ret_key = &keys->list[LOG_EVIDENCE];
    return outcome;
}

enum outcome command_evidence_verify(struct run *run)
{
    cleanup_buf struct buf bytes = BUF_INIT(BUNDLE_BYTES + (1 << 17));
    struct log_keys keys;
    const struct note_key *expected = NULL;
    struct json *bundle = NULL;
    struct complaint complaint = {.text = {NULL, NULL}};
    enum outcome outcome = expected_key(run, &keys, &expected);
    outcome = outcome == OUTCOME_OK ? run_read_file(run, run->arguments[0], BUNDLE_BYTES, &bytes)
                                    : outcome;
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct bundle_report *report = arena_alloc(run->arena, sizeof(*report));
    enum err err =
        report == NULL ? ERR_MEMORY : json_read(run->arena, buf_slice(&bytes), &bundle, &complaint);
    progress_begin(SAY(run, "Verifying", "Prüfe"));
    err = err == ERR_NONE ? bundle_check(run->arena, bundle, expected, report, &complaint) : err;
    progress_end();
    if (err != ERR_NONE) {
        return run_fail_complaint(run, err, &complaint);
    }
    if (run->json) {
        outcome = print_report(run, bundle, report);
    } else {
        show_report(run, bundle, report);
    }
    outcome = outcome == OUTCOME_OK && report->other_catalogue ? OUTCOME_FAILED : outcome;
    return report->finding_count > 0 ? OUTCOME_INTEGRITY : outcome;
}
