/* vogt fix: what is to be changed so that sentences turn green, and the text of each change, shown or written into files for a review. */
#include "command/client.h"
#include "command/show.h"

#include <string.h>

/* "7-nftables-default-deny.nft": sorted as shown, and nothing of a path in it. */
static const char *file_name(struct run *run, size_t number, const struct json *change)
{
    struct slice format = json_text(change, "format", SLICE_NONE), path = json_text(change, "file", SLICE_NONE);
    size_t start = path.len;
    while (start > 0 && path.data[start - 1] != '/') {
        start--;
    }
    struct slice base = slice_from(path, start);
    return arena_printf(run->arena, "%zu-%.*s-%.*s", number, (int)format.len, (const char *)format.data, (int)base.len, (const char *)base.data);
}

static enum outcome write_change(struct run *run, const char *folder, size_t number, const struct json *change)
{
    const char *name = file_name(run, number, change);
    const char *path = name == NULL ? NULL : arena_printf(run->arena, "%s/%s", folder, name);
    if (path == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    enum outcome outcome = run_write_file(run, path, json_text(change, "text", SLICE_NONE));
    if (outcome == OUTCOME_OK) {
        fprintf(run->screen.out, "     %s\n", path);
    }
    return outcome;
}

static void show_change(struct run *run, const struct json *change)
{
    struct slice text = json_text(change, "text", SLICE_NONE), line, note = run_words(run, json_member(change, "note")), check = json_text(change, "check", SLICE_NONE);
    struct slice file = json_text(change, "file", SLICE_NONE), title = run_words(run, json_member(change, "title"));
    fputs("   * ", run->screen.out);
    screen_wrap(&run->screen, 5, 5, COLOUR_NONE, title);
    if (file.len > 0) {
        fprintf(run->screen.out, "     %.*s\n", (int)file.len, (const char *)file.data);
    }
    while (slice_split(&text, '\n', &line)) {
        if (line.len > 0 || text.len > 0) {
            fputs("     | ", run->screen.out);
            screen_put(&run->screen, COLOUR_NONE, line);
            fputc('\n', run->screen.out);
        }
    }
    if (check.len > 0) {
        fprintf(run->screen.out, "     %s: %.*s\n", SAY(run, "try it first", "vorher prüfen"), (int)check.len, (const char *)check.data);
    }
    if (note.len > 0) {
        fputs("     ", run->screen.out);
        screen_wrap(&run->screen, 5, 5, COLOUR_NONE, note);
    }
}

static enum outcome show_fix(struct run *run, size_t number, const struct json *fix, const char *folder)
{
    const struct json *clauses = json_member(fix, "clauses"), *changes = json_member(fix, "changes");
    uint64_t minutes = 0;
    (void)!json_u64(fix, "minutes", &minutes);
    fprintf(run->screen.out, "%zu. ", number);
    screen_wrap(&run->screen, 3, 3, COLOUR_BOLD, run_words(run, fix));
    fputs("   ", run->screen.out);
    screen_wrap(&run->screen, 3, 3, COLOUR_NONE, run_words(run, json_member(fix, "why")));
    fprintf(run->screen.out, "   %llu %s;", (unsigned long long)minutes, SAY(run, "min", "Min."));
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL; clause = clause->next) {
        fprintf(run->screen.out, " %.*s", (int)clause->text.len, (const char *)clause->text.data);
    }
    fputc('\n', run->screen.out);
    enum outcome outcome = OUTCOME_OK;
    for (const struct json *change = changes == NULL ? NULL : changes->first; outcome == OUTCOME_OK && change != NULL; change = change->next) {
        bool is_file = folder != NULL && json_text(change, "file", SLICE_NONE).len > 0;
        if (is_file) {
            outcome = write_change(run, folder, number, change);
        } else {
            show_change(run, change);
        }
    }
    return outcome;
}

enum outcome command_fix(struct run *run)
{
    const struct json *data = NULL;
    const char *folder = run_option(run, OPTION_INTO);
    const char *path = run->argument_count == 0 ? "fixes" : arena_printf(run->arena, "fixes?clause=%s", path_segment(run, run->arguments[0]));
    enum outcome outcome = path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_get(run, path, &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    const struct json *fixes = json_member(data, "fixes");
    if (fixes == NULL || fixes->count == 0) {
        fprintf(run->screen.out, "%s\n", SAY(run, "Nothing to mend that Vogt could name.", "Nichts zu beheben, was Vogt nennen könnte."));
        return OUTCOME_OK;
    }
    size_t number = 0;
    for (const struct json *fix = fixes->first; outcome == OUTCOME_OK && fix != NULL; fix = fix->next) {
        outcome = show_fix(run, ++number, fix, folder);
    }
    return outcome;
}
