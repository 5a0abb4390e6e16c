#include "command/show.h"

#include "base/time.h"

#include <string.h>

enum { ID_COLUMNS = 7 };

static const struct verdict_word {
    const char *verdict;
    struct text word;
    enum colour colour;
} verdict_words[] = {
    {"kept", {"kept", "erfüllt"}, COLOUR_GREEN},
    {"broken", {"broken", "gebrochen"}, COLOUR_RED},
    {"stale", {"stale", "veraltet"}, COLOUR_YELLOW},
    {"unproven", {"unproven", "unbewiesen"}, COLOUR_MAGENTA},
    {"attested", {"attested", "bestätigt"}, COLOUR_BLUE},
};
enum { VERDICT_WORDS = sizeof(verdict_words) / sizeof(verdict_words[0]) };

static const struct verdict_word *word_of(struct slice verdict)
{
    for (size_t i = 0; i < VERDICT_WORDS; i++) {
        if (slice_is(verdict, verdict_words[i].verdict)) {
            return &verdict_words[i];
        }
    }
    return NULL;
}

static void pad(struct run *run, struct slice text, size_t columns)
{
    size_t width = text_width(text);
    screen_spaces(&run->screen, width < columns ? columns - width : 1);
}

void show_verdict(struct run *run, struct slice verdict)
{
    const struct verdict_word *word = word_of(verdict);
    struct slice text = word == NULL ? verdict : slice_string(run_text(run, word->word));
    screen_put(&run->screen, word == NULL ? COLOUR_NONE : word->colour, text);
    pad(run, text, VERDICT_COLUMNS);
}

void show_heading(struct run *run, const char *text)
{
    fputc('\n', run->screen.out);
    screen_wrap(&run->screen, 0, 0, COLOUR_BOLD, slice_string(text));
}

void show_pair(struct run *run, const char *name, struct slice value)
{
    screen_spaces(&run->screen, 2);
    screen_string(&run->screen, COLOUR_NONE, name);
    pad(run, slice_string(name), PAIR_COLUMNS - 2);
    screen_wrap(&run->screen, PAIR_COLUMNS, PAIR_COLUMNS, COLOUR_NONE, value);
}

const char *show_age(struct run *run, int64_t seconds)
{
    char words[64];
    if (seconds < 1) {
        return SAY(run, "just now", "gerade eben");
    }
    duration_words(seconds, run->language, words, sizeof(words));
    return run->language == LANGUAGE_GERMAN ? arena_printf(run->arena, "vor %s", words)
                                            : arena_printf(run->arena, "%s ago", words);
}

void show_counts(struct run *run, const struct json *counts)
{
    bool first = true;
    for (size_t i = 0; i < VERDICT_WORDS; i++) {
        uint64_t count = 0;
        if (json_u64(counts, verdict_words[i].verdict, &count) != ERR_NONE || count == 0) {
            continue;
        }
        fprintf(run->screen.out, "%s%llu ", first ? "" : ", ", (unsigned long long)count);
        screen_string(&run->screen, verdict_words[i].colour, run_text(run, verdict_words[i].word));
        first = false;
    }
    if (!first) {
        fputc('\n', run->screen.out);
    }
}

static void show_deviation(struct run *run, const struct json *deviation, size_t indent)
{
    if (deviation == NULL || deviation->type != JSON_OBJECT) {
        return;
    }
    struct slice owner = json_text(deviation, "owner", SLICE_NONE),
                 due = json_text(deviation, "due", SLICE_NONE),
                 plan = json_text(deviation, "plan", SLICE_NONE);
    const char *text =
        arena_printf(run->arena, "%s %.*s %s %.*s: %.*s", SAY(run, "in hand:", "in Arbeit:"),
                     (int)owner.len, (const char *)owner.data, SAY(run, "until", "bis"),
                     (int)due.len, (const char *)due.data, (int)plan.len, (const char *)plan.data);
    screen_spaces(&run->screen, indent);
    screen_wrap(&run->screen, indent, indent, COLOUR_NONE, slice_string(text));
}

/* "3.1    kept        The sentence …" and below it the reason and the age. */
static void show_clause(struct run *run, const struct json *clause)
{
    const struct screen *screen = &run->screen;
    struct slice id = json_text(clause, "id", SLICE_NONE),
                 verdict = json_text(clause, "verdict", SLICE_NONE),
                 reason = run_words(run, json_member(clause, "reason"));
    size_t indent = 2 + ID_COLUMNS + VERDICT_COLUMNS;
    int64_t age_s = 0;
    screen_spaces(screen, 2);
    screen_put(screen, COLOUR_NONE, id);
    pad(run, id, ID_COLUMNS);
    show_verdict(run, verdict);
    screen_wrap(screen, indent, indent, COLOUR_NONE, json_text(clause, "text", SLICE_NONE));
    bool has_age = json_i64(clause, "age_s", &age_s) == ERR_NONE;
    if (reason.len > 0 || has_age) {
        const char *age = has_age ? show_age(run, age_s) : "";
        const char *line =
            arena_printf(run->arena, "%.*s%s%s%s", (int)reason.len, (const char *)reason.data,
                         has_age ? " (" : "", age, has_age ? ")" : "");
        screen_spaces(screen, indent);
        screen_wrap(screen, indent, indent, COLOUR_DIM, slice_string(line));
    }
    show_deviation(run, json_member(clause, "deviation"), indent);
}

static void show_section(struct run *run, const struct json *section, const struct json *clauses)
{
    struct slice id = json_text(section, "id", SLICE_NONE),
                 number = json_text(section, "number", SLICE_NONE),
                 title = json_text(section, "title", SLICE_NONE);
    const char *heading =
        arena_printf(run->arena, "%.*s%s%.*s", (int)number.len, (const char *)number.data,
                     number.len > 0 ? " " : "", (int)title.len, (const char *)title.data);
    bool has_heading = false;
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL;
         clause = clause->next) {
        if (slice_equal(json_text(clause, "section", SLICE_NONE), id)) {
            if (!has_heading) {
                show_heading(run, heading == NULL ? "" : heading);
                has_heading = true;
            }
            show_clause(run, clause);
        }
    }
}

static bool has_section(const struct json *sections, struct slice id)
{
    for (const struct json *section = sections == NULL ? NULL : sections->first; section != NULL;
         section = section->next) {
        if (slice_equal(json_text(section, "id", SLICE_NONE), id)) {
            return true;
        }
    }
    return false;
}

void show_annex(struct run *run, const struct json *data)
{
    const struct json *sections = json_member(data, "sections"),
                      *clauses = json_member(data, "clauses");
    struct slice title = json_text(data, "title", json_text(data, "name", SLICE_NONE)),
                 adopted = json_text(data, "adopted", SLICE_NONE);
    uint64_t revision = 0;
    screen_wrap(&run->screen, 0, 0, COLOUR_BOLD, title);
    if (json_u64(data, "revision", &revision) == ERR_NONE) {
        fprintf(run->screen.out, "%s %llu, %s %.*s\n", SAY(run, "Revision", "Fassung"),
                (unsigned long long)revision, SAY(run, "adopted", "übernommen"), (int)adopted.len,
                adopted.len > 0 ? (const char *)adopted.data : "");
    }
    show_counts(run, json_member(data, "counts"));
    for (const struct json *section = sections == NULL ? NULL : sections->first; section != NULL;
         section = section->next) {
        show_section(run, section, clauses);
    }
    /* A sentence whose section is not listed is shown all the same: nothing promised may be left
     * out. */
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL;
         clause = clause->next) {
        if (!has_section(sections, json_text(clause, "section", SLICE_NONE))) {
            show_clause(run, clause);
        }
    }
}

void show_own(struct run *run, const struct json *morning)
{
    const struct json *own = json_member(morning, "own"),
                      *missing = json_member(morning, "not_covered");
    if (own != NULL && own->count > 0) {
        show_heading(run, SAY(run, "Vogt itself", "Vogt selbst"));
        for (const struct json *one = own->first; one != NULL; one = one->next) {
            struct slice title = run_words(run, json_member(one, "title")),
                         reason = run_words(run, json_member(one, "reason"));
            title = title.len > 0 || reason.len > 0 ? title : json_text(one, "kind", SLICE_NONE);
            const char *line =
                arena_printf(run->arena, "%.*s%s%.*s", (int)title.len, (const char *)title.data,
                             title.len > 0 && reason.len > 0 ? ": " : "", (int)reason.len,
                             (const char *)reason.data);
            screen_spaces(&run->screen, 2);
            show_verdict(run, json_text(one, "verdict", SLICE_NONE));
            screen_wrap(&run->screen, 2 + VERDICT_COLUMNS, 2 + VERDICT_COLUMNS, COLOUR_NONE,
                        slice_string(line));
        }
    }
    if (missing != NULL && missing->count > 0) {
        show_heading(run, SAY(run, "Not covered", "Nicht abgedeckt"));
        for (const struct json *one = missing->first; one != NULL; one = one->next) {
            fputs("  - ", run->screen.out);
            screen_wrap(&run->screen, 4, 4, COLOUR_NONE, run_words(run, one));
        }
    }
}

bool show_all_kept(const struct json *clauses)
{
    if (clauses == NULL || clauses->first == NULL) {
        return false;
    }
    for (const struct json *clause = clauses->first; clause != NULL; clause = clause->next) {
        if (!slice_is(json_text(clause, "verdict", SLICE_NONE), "kept")) {
            return false;
        }
    }
    return true;
}
