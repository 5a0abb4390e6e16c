/* vogt observe, morning, periods, report. */
#include "command/client.h"
#include "command/observe.h"
#include "command/show.h"

#include <time.h>

enum { OBSERVE_MS = 180000, POLL_MS = 300, REPORT_MS = 120000, REPORT_BYTES = 64 << 20, WORST_GAPS = 5 };

/* A large estate goes on after the reply: wait until nothing is left, or the time is over. */
static enum outcome wait_for_rest(struct run *run)
{
    for (unsigned round = 0; round < OBSERVE_MS / POLL_MS; round++) {
        const struct json *left = NULL;
        uint64_t waiting = 0;
        enum outcome outcome = client_get(run, "observe", &left);
        if (outcome != OUTCOME_OK || json_u64(left, "waiting", &waiting) != ERR_NONE || waiting == 0) {
            return outcome;
        }
        struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    return OUTCOME_OK;
}

enum outcome observe_everything(struct run *run, const struct json **ret_data)
{
    struct ask ask = {.method = "POST", .path = "observe", .body = json_new(run->arena, JSON_OBJECT), .timeout_ms = OBSERVE_MS};
    progress_begin(SAY(run, "Observing", "Beobachte"));
    enum outcome outcome = client_data(run, &ask, ret_data);
    uint64_t later = 0;
    if (outcome == OUTCOME_OK && json_u64(*ret_data, "later", &later) == ERR_NONE && later > 0) {
        outcome = wait_for_rest(run);
    }
    progress_end();
    return outcome;
}

enum outcome command_observe(struct run *run)
{
    const struct json *data = NULL, *annex = NULL;
    enum outcome outcome = observe_everything(run, &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    uint64_t observed = 0, failed = 0, later = 0;
    if (json_u64(data, "observed", &observed) == ERR_NONE && json_u64(data, "failed", &failed) == ERR_NONE && json_u64(data, "later", &later) == ERR_NONE) {
        fprintf(run->screen.out, "%llu %s, %llu %s\n", (unsigned long long)(observed + later), SAY(run, "observations", "Beobachtungen"), (unsigned long long)failed,
                SAY(run, "could not be made", "gelangen nicht"));
    }
    struct ask more = {.method = "GET", .path = "annex/current", .missing_is_fine = true};
    outcome = client_data(run, &more, &annex);
    if (outcome == OUTCOME_OK && annex != NULL) {
        show_counts(run, json_member(annex, "counts"));
    }
    return outcome;
}

static void show_changes(struct run *run, const struct json *changes)
{
    for (const struct json *change = changes->first; change != NULL; change = change->next) {
        struct slice clause = json_text(change, "clause", SLICE_NONE),
                     text = json_text(change, "text", SLICE_NONE),
                     reason = run_words(run, json_member(change, "reason"));
        const char *line =
            arena_printf(run->arena, "%.*s  %.*s%s%.*s", (int)clause.len, (const char *)clause.data,
                         (int)text.len, (const char *)text.data, reason.len > 0 ? ": " : "",
                         (int)reason.len, (const char *)reason.data);
        fputs("  ", run->screen.out);
        show_verdict(run, json_text(change, "from", SLICE_NONE));
        fputs("-> ", run->screen.out);
        show_verdict(run, json_text(change, "to", SLICE_NONE));
        screen_wrap(&run->screen, 5 + 2 * VERDICT_COLUMNS, 5 + 2 * VERDICT_COLUMNS, COLOUR_NONE,
                    slice_string(line));
    }
}

static void show_fixes(struct run *run, const struct json *fixes)
{
    uint64_t number = 0;
    for (const struct json *fix = fixes->first; fix != NULL; fix = fix->next) {
        const struct json *clauses = json_member(fix, "clauses");
        struct slice words = run_words(run, fix);
        uint64_t minutes = 0;
        bool has_minutes = json_u64(fix, "minutes", &minutes) == ERR_NONE;
        const char *time = has_minutes
                               ? arena_printf(run->arena, " (%llu %s)", (unsigned long long)minutes,
                                              SAY(run, "min", "Min."))
                               : "";
        const char *line = arena_printf(
            run->arena, "%.*s%s: %zu %s", (int)words.len, (const char *)words.data, time,
            clauses == NULL ? 0 : clauses->count, SAY(run, "sentences", "Sätze"));
        fprintf(run->screen.out, "  %llu. ", (unsigned long long)++number);
        screen_wrap(&run->screen, 5, 5, COLOUR_NONE, slice_string(line));
    }
}

static bool is_same_duty(const struct json *a, const struct json *b)
{
    return slice_equal(json_text(a, "english", SLICE_NONE), json_text(b, "english", SLICE_NONE)) &&
           slice_equal(json_text(a, "due", SLICE_NONE), json_text(b, "due", SLICE_NONE));
}

/* Duties that say the same become one line with their clauses behind. */
static void show_duty(struct run *run, const struct json *duty)
{
    cleanup_buf struct buf line = BUF_INIT(1 << 16);
    struct slice due = json_text(duty, "due", SLICE_NONE);
    bool good = buf_append(&line, run_words(run, duty)) == ERR_NONE;
    size_t count = 0;
    for (const struct json *one = duty; one != NULL && good; one = one->next) {
        struct slice clause = json_text(one, "clause", SLICE_NONE);
        if (is_same_duty(duty, one) && clause.len > 0) {
            good = buf_append_string(&line, count++ == 0 ? ": " : ", ") == ERR_NONE &&
                   buf_append(&line, clause) == ERR_NONE;
        }
    }
    if (due.len > 0) {
        show_pair(run, arena_string(run->arena, due), buf_slice(&line));
        return;
    }
    fputs("  - ", run->screen.out);
    screen_wrap(&run->screen, 4, 4, COLOUR_NONE, buf_slice(&line));
}

static void show_duties(struct run *run, const struct json *duties)
{
    for (const struct json *duty = duties->first; duty != NULL; duty = duty->next) {
        bool is_first = true;
        for (const struct json *before = duties->first; before != duty && is_first;
             before = before->next) {
            is_first = !is_same_duty(before, duty);
        }
        if (is_first) {
            show_duty(run, duty);
        }
    }
}

static void show_inbox(struct run *run, const struct json *inbox)
{
    uint64_t fresh = 0, gone = 0;
    if (json_u64(inbox, "new", &fresh) == ERR_NONE && fresh > 0) {
        fprintf(run->screen.out, "%llu %s\n", (unsigned long long)fresh,
                fresh == 1
                    ? SAY(run, "discovered subject waits for a word: `vogt estate inbox`",
                          "entdeckter Gegenstand wartet auf ein Wort: `vogt estate inbox`")
                    : SAY(run, "discovered subjects wait for a word: `vogt estate inbox`",
                          "entdeckte Gegenstände warten auf ein Wort: `vogt estate inbox`"));
    }
    if (json_u64(inbox, "gone", &gone) == ERR_NONE && gone > 0) {
        fprintf(run->screen.out, "%llu %s\n", (unsigned long long)gone,
                gone == 1 ? SAY(run, "subject is found no more", "Gegenstand wird nicht mehr gefunden")
                          : SAY(run, "subjects are found no more",
                                "Gegenstände werden nicht mehr gefunden"));
    }
}

enum outcome command_morning(struct run *run)
{
    static const struct part {
        const char *member;
        struct text heading, nothing;
        void (*show)(struct run *run, const struct json *list);
    } parts[] = {
        {"changes",
         {"Changed since yesterday", "Seit gestern geändert"},
         {"nothing", "nichts"},
         show_changes},
        {"fixes",
         {"What helps most", "Was am meisten hilft"},
         {"nothing to do", "nichts zu tun"},
         show_fixes},
        {"duties", {"Duties", "Pflichten"}, {"none due", "keine fällig"}, show_duties},
    };
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "morning", &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    show_counts(run, json_member(data, "counts"));
    show_inbox(run, json_member(data, "inbox"));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const struct json *list = json_member(data, parts[i].member);
        show_heading(run, run_text(run, parts[i].heading));
        if (list == NULL || list->count == 0) {
            fprintf(run->screen.out, "  %s\n", run_text(run, parts[i].nothing));
        } else {
            parts[i].show(run, list);
        }
    }
    show_own(run, data);
    return OUTCOME_OK;
}

static void show_period(struct run *run, const struct json *clause)
{
    const struct json *percent = json_member(clause, "percent"),
                      *gaps = json_member(clause, "gaps");
    struct slice number = percent == NULL ? SLICE_NONE : percent->text;
    const char *line = arena_printf(run->arena, "%.*s %% %s", (int)number.len,
                                    (const char *)number.data, SAY(run, "kept", "erfüllt"));
    size_t shown = 0;
    show_pair(run, arena_string(run->arena, json_text(clause, "id", SLICE_NONE)),
              slice_string(line));
    for (const struct json *gap = gaps == NULL ? NULL : gaps->first;
         gap != NULL && shown < WORST_GAPS; gap = gap->next, shown++) {
        struct slice from = json_text(gap, "from", SLICE_NONE),
                     to = json_text(gap, "to", SLICE_NONE);
        screen_spaces(&run->screen, PAIR_COLUMNS);
        show_verdict(run, json_text(gap, "verdict", SLICE_NONE));
        fprintf(run->screen.out, "%.*s - %.*s\n", (int)from.len, (const char *)from.data,
                (int)to.len, (const char *)to.data);
    }
    if (gaps != NULL && gaps->count > shown) {
        screen_spaces(&run->screen, PAIR_COLUMNS);
        fprintf(run->screen.out, "... %zu %s\n", gaps->count - shown, SAY(run, "more", "weitere"));
    }
}

enum outcome command_periods(struct run *run)
{
    const char *from = run_option(run, OPTION_FROM), *to = run_option(run, OPTION_TO);
    const char *path =
        arena_printf(run->arena, "periods%s%s%s%s%s", from == NULL && to == NULL ? "" : "?",
                     from == NULL ? "" : "from=", from == NULL ? "" : path_segment(run, from),
                     to == NULL     ? ""
                     : from == NULL ? "to="
                                    : "&to=",
                     to == NULL ? "" : path_segment(run, to));
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, path, &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    struct slice begin = json_text(data, "from", SLICE_NONE),
                 end = json_text(data, "to", SLICE_NONE);
    const struct json *clauses = json_member(data, "clauses");
    fprintf(run->screen.out, "%.*s - %.*s\n", (int)begin.len,
            begin.len > 0 ? (const char *)begin.data : "", (int)end.len,
            end.len > 0 ? (const char *)end.data : "");
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL;
         clause = clause->next) {
        show_period(run, clause);
    }
    return OUTCOME_OK;
}

enum outcome command_report(struct run *run)
{
    const char *output = run_option(run, OPTION_OUTPUT);
    output = output == NULL ? "vogt-report.pdf" : output;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    if (run_has(run, OPTION_LANGUAGE)) {
        json_set_string(run->arena, body, "language",
                        slice_string(run_option(run, OPTION_LANGUAGE)));
    }
    struct ask ask = {
        .method = "POST", .path = "annex/report", .body = body, .timeout_ms = REPORT_MS};
    cleanup_buf struct buf pdf = BUF_INIT(REPORT_BYTES);
    progress_begin(SAY(run, "Writing the report", "Schreibe den Bericht"));
    enum outcome outcome = client_raw(run, &ask, &pdf);
    progress_end();
    if (outcome == OUTCOME_OK && !slice_starts(buf_slice(&pdf), SLICE_LITERAL("%PDF-"))) {
        return run_fail(run, OUTCOME_FAILED,
                        TEXT("the answer is no PDF", "die Antwort ist kein PDF"), SLICE_NONE);
    }
    outcome = outcome == OUTCOME_OK ? run_write_file(run, output, buf_slice(&pdf)) : outcome;
    if (outcome != OUTCOME_OK || output[0] == '-') {
        return outcome;
    }
    if (run->json) {
        struct json *top = json_new(run->arena, JSON_OBJECT);
        json_set_string(run->arena, top, "file", slice_string(output));
        json_set_u64(run->arena, top, "bytes", pdf.len);
        return run_print_json(top);
    }
    fprintf(run->screen.out, "%s: %zu %s\n", output, pdf.len, SAY(run, "bytes", "Bytes"));
    return OUTCOME_OK;
}
