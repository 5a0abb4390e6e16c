/* vogt evidence verify: a bundle, or the report that carries one, checked alone. */
#include "command/attachment.h"
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

static enum outcome print_report(const struct run *run, const struct json *bundle,
                                 const struct bundle_report *report)
{
    struct arena *arena = run->arena;
    struct json *top = json_new(arena, JSON_OBJECT);
    json_set_bool(arena, top, "good", report->finding_count == 0 && !report->other_catalogue);
    if (report->is_annex) {
        struct json *counts = json_set_object(arena, top, "verdicts");
        json_set_u64(arena, top, "clauses", report->clause_count);
        for (enum verdict verdict = 0; verdict < VERDICT_COUNT; verdict++) {
            json_set_u64(arena, counts, verdict_name(verdict), report->verdict_counts[verdict]);
        }
    } else {
        json_set_string(arena, top, "clause", json_text(bundle, "clause", SLICE_NONE));
    }
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
    {"By the public rules each verdict above follows from these entries at the time the bundle was "
     "made.",
     "Nach den öffentlichen Regeln folgt jedes Urteil oben aus diesen Einträgen zu dem Zeitpunkt, "
     "zu dem das Bündel entstand."},
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
    {"that the pages of a report say the same: what counts are the verdicts above.",
     "dass auf den Seiten eines Berichts dasselbe steht: Es gelten die Urteile oben."},
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

/* How many sentences have which verdict, and each of them by its id. */
static void show_verdicts(struct run *run, const struct json *bundle,
                        const struct bundle_report *report)
{
    const struct json *verdicts = json_member(bundle, "verdicts");
    screen_string(&run->screen, COLOUR_BOLD,
                  arena_printf(run->arena, "%zu %s", report->clause_count,
                               SAY(run, "sentences", "Sätze")));
    fputc('\n', run->screen.out);
    for (enum verdict verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (report->verdict_counts[verdict] == 0) {
            continue;
        }
        fputs("  ", run->screen.out);
        show_verdict(run, slice_string(verdict_name(verdict)));
        fprintf(run->screen.out, "  %zu:", report->verdict_counts[verdict]);
        for (const struct json *one = verdicts == NULL ? NULL : verdicts->first; one != NULL;
             one = one->next) {
            if (slice_is(json_text(one, "verdict", SLICE_NONE), verdict_name(verdict))) {
                fputc(' ', run->screen.out);
                screen_put(&run->screen, COLOUR_NONE, json_text(one, "clause", SLICE_NONE));
            }
        }
        fputc('\n', run->screen.out);
    }
}

static void show_report(struct run *run, const struct json *bundle,
                        const struct bundle_report *report)
{
    if (report->is_annex) {
        show_verdicts(run, bundle, report);
    } else {
        screen_put(&run->screen, COLOUR_BOLD, json_text(bundle, "clause", SLICE_NONE));
        fputs("  ", run->screen.out);
        show_verdict(run, report->verdict);
        fputc('\n', run->screen.out);
        screen_wrap(&run->screen, 0, 0, COLOUR_NONE, json_text(bundle, "text", SLICE_NONE));
    }
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

/* The bundle's text: the file itself, or what a report carries as its attachment. */
static enum err bundle_text(struct slice file, struct buf *out, struct slice *ret_text,
                            struct complaint *complaint)
{
    if (!attachment_is_pdf(file)) {
        *ret_text = file;
        return ERR_NONE;
    }
    enum err err = attachment_read(file, out, complaint);
    *ret_text = buf_slice(out);
    return err;
}

enum outcome command_evidence_verify(struct run *run)
{
    cleanup_buf struct buf bytes = BUF_INIT(BUNDLE_BYTES + (1 << 17));
    cleanup_buf struct buf attached = BUF_INIT(BUNDLE_BYTES);
    struct slice text;
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
    enum err err = report == NULL ? ERR_MEMORY
                                  : bundle_text(buf_slice(&bytes), &attached, &text, &complaint);
    err = err == ERR_NONE ? json_read(run->arena, text, &bundle, &complaint) : err;
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
