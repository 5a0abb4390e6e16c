/* vogt evidence: a bundle as the API gives it, and checking one alone. */
#include "base/time.h"
#include "command/bundle.h"
#include "command/client.h"
#include "command/keys.h"
#include "command/show.h"

enum { BUNDLE_BYTES = 128 << 20 };

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

static enum outcome write_bundle(struct run *run, const struct json *bundle)
{
    const char *output = run_option(run, OPTION_OUTPUT), *clause = run->arguments[0];
    const struct json *entries = json_member(bundle, "entries");
    size_t count = entries == NULL ? 0 : entries->count;
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
        json_set_u64(run->arena, top, "entries", count);
        json_set(run->arena, top, "verdict",
                 json_copy(run->arena, json_member(json_member(bundle, "verdict"), "verdict")));
        return run_print_json(top);
    }
    show_verdict(run, json_text(json_member(bundle, "verdict"), "verdict", SLICE_NONE));
    fprintf(run->screen.out, "%s: %zu %s\n", output, count,
            SAY(run, "entries", "Einträge"));
    return OUTCOME_OK;
}

enum outcome command_evidence(struct run *run)
{
    const struct json *bundle = NULL;
    const char *path = arena_printf(run->arena, "evidence/clauses/%s", path_segment(run, run->arguments[0]));
    progress_begin(SAY(run, "Gathering the evidence", "Sammle die Beweise"));
    enum outcome outcome = path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_get(run, path, &bundle);
    progress_end();
    outcome = outcome == OUTCOME_OK ? check_own(run, bundle) : outcome;
    return outcome == OUTCOME_OK ? write_bundle(run, bundle) : outcome;
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
