/* vogt evidence: a bundle as the API gives it. Checking one alone is evidence_verify.c. */
#include "command/bundle.h"
#include "command/client.h"
#include "command/show.h"

enum { BUNDLE_BYTES = 128 << 20 };

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
