/* vogt estate: what there is and how it stands, what waits for a word, and the word. */
#include "command/estate.h"

#include "command/client.h"
#include "command/show.h"

#include <string.h>

enum { ESTATE_BYTES = 1 << 20, PAGES_MAX = 100, WORDS_BYTES = 1 << 16, ATTRIBUTE_BYTES = 120 };

/* ---- the whole, page by page ---- */

static const char *page_path(struct run *run, struct slice after)
{
    const char *kind = run_option(run, OPTION_KIND), *text = run->argument_count > 0 && run->command->run == command_estate ? run->arguments[0] : NULL;
    char *next = arena_string(run->arena, after);
    return arena_printf(run->arena, "estate?after=%s%s%s%s%s", after.len == 0 ? "" : path_segment(run, next), kind == NULL ? "" : "&kind=", kind == NULL ? "" : path_segment(run, kind),
                        text == NULL ? "" : "&q=", text == NULL ? "" : path_segment(run, text));
}

static void carry(struct run *run, struct json *list, const struct json *from)
{
    for (const struct json *one = from == NULL ? NULL : from->first; one != NULL; one = one->next) {
        json_append(list, json_copy(run->arena, one));
    }
}

/* All pages as one answer, with its lists whole and without "next". */
static enum outcome read_estate(struct run *run, const struct json **ret_data)
{
    struct json *all = json_new(run->arena, JSON_OBJECT), *subjects = NULL, *coverage = NULL;
    const struct json *data = NULL;
    struct slice after = SLICE_NONE;
    for (size_t page = 0; page < PAGES_MAX; page++) {
        enum outcome outcome = client_get(run, page_path(run, after), &data);
        if (outcome != OUTCOME_OK) {
            return outcome;
        }
        for (const struct json *member = page > 0 || data == NULL ? NULL : data->first; member != NULL; member = member->next) {
            bool is_paged = slice_is(member->name, "subjects") || slice_is(member->name, "coverage") || slice_is(member->name, "next");
            if (!is_paged) {
                json_set(run->arena, all, arena_string(run->arena, member->name), json_copy(run->arena, member));
            }
        }
        subjects = subjects == NULL ? json_set_array(run->arena, all, "subjects") : subjects;
        coverage = coverage == NULL ? json_set_array(run->arena, all, "coverage") : coverage;
        carry(run, subjects, json_member(data, "subjects"));
        carry(run, coverage, json_member(data, "coverage"));
        after = json_text(data, "next", SLICE_NONE);
        if (after.len == 0) {
            *ret_data = all;
            return OUTCOME_OK;
        }
    }
    return run_fail(run, OUTCOME_FAILED, TEXT("the answer never ends", "die Antwort endet nie"), SLICE_LITERAL("estate"));
}

/* ---- how a subject looks ---- */

enum look { LOOK_BROKEN, LOOK_UNLISTED, LOOK_UNCOVERED, LOOK_UNPROVEN, LOOK_STALE, LOOK_KEPT, LOOK_COUNT };
static const struct {
    const char *verdict;                /* of a subject that was judged; NULL: none */
    struct text word;
    enum colour colour;
} looks[LOOK_COUNT] = {
    [LOOK_BROKEN] = {"broken", TEXT_INIT("broken", "gebrochen"), COLOUR_RED},
    [LOOK_UNLISTED] = {NULL, TEXT_INIT("unlisted: discovered, and nobody has said that it belongs; it blocks green", "unbestätigt: entdeckt, und niemand hat gesagt, dass es dazugehört; verhindert Grün"), COLOUR_MAGENTA},
    [LOOK_UNCOVERED] = {NULL, TEXT_INIT("not covered", "nicht abgedeckt"), COLOUR_DIM},
    [LOOK_UNPROVEN] = {"unproven", TEXT_INIT("unproven", "unbewiesen"), COLOUR_MAGENTA},
    [LOOK_STALE] = {"stale", TEXT_INIT("stale", "veraltet"), COLOUR_YELLOW},
    [LOOK_KEPT] = {"kept", TEXT_INIT("kept", "erfüllt"), COLOUR_GREEN},
};

static enum look look_of(const struct json *subject, const struct json *covered)
{
    struct slice verdict = json_text(covered, "verdict", SLICE_NONE);
    if (slice_is(verdict, "broken")) {
        return LOOK_BROKEN;
    }
    if (!json_bool(subject, "confirmed", false)) {
        return LOOK_UNLISTED;
    }
    if (slice_is(json_text(covered, "state", SLICE_NONE), "not covered")) {
        return LOOK_UNCOVERED;
    }
    for (enum look look = LOOK_UNPROVEN; look < LOOK_COUNT; look++) {
        if (slice_is(verdict, looks[look].verdict)) {
            return look;
        }
    }
    return LOOK_UNPROVEN;
}

/* Subjects and their coverage come in the same order, one for one. */
static void show_look(struct run *run, const struct json *data, enum look look, bool *is_first)
{
    const struct json *subjects = json_member(data, "subjects"), *coverage = json_member(data, "coverage");
    const struct json *covered = coverage == NULL ? NULL : coverage->first;
    bool is_headed = false;
    for (const struct json *subject = subjects == NULL ? NULL : subjects->first; subject != NULL; subject = subject->next) {
        if (look_of(subject, covered) == look) {
            struct slice why = run_words(run, json_member(covered, "reason"));
            const char *name = arena_string(run->arena, json_text(subject, "id", SLICE_NONE));
            if (!is_headed) {
                fputs(*is_first ? "" : "\n", run->screen.out);
                screen_wrap(&run->screen, 0, 0, looks[look].colour, slice_string(run_text(run, looks[look].word)));
                is_headed = true;
                *is_first = false;
            }
            why = why.len > 0 ? why : run_words(run, covered);
            show_pair(run, name == NULL ? "" : name, look == LOOK_KEPT ? SLICE_NONE : why);
        }
        covered = covered == NULL ? NULL : covered->next;
    }
}

static void show_counts_by_kind(struct run *run, const struct json *counts)
{
    cleanup_buf struct buf line = BUF_INIT(WORDS_BYTES);
    bool good = true;
    for (const struct json *kind = counts == NULL ? NULL : counts->first; kind != NULL && good; kind = kind->next) {
        good = buf_printf(&line, "%s%.*s %.*s", line.len == 0 ? "" : ", ", (int)kind->text.len, (const char *)kind->text.data, (int)kind->name.len, (const char *)kind->name.data) == ERR_NONE;
    }
    if (line.len > 0) {
        fputc('\n', run->screen.out);
        screen_wrap(&run->screen, 0, 0, COLOUR_DIM, buf_slice(&line));
    }
}

enum outcome command_estate(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = read_estate(run, &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    const struct json *gaps = json_member(data, "not_covered");
    bool is_first = true;
    for (enum look look = LOOK_BROKEN; look < LOOK_COUNT; look++) {
        show_look(run, data, look, &is_first);
    }
    if (is_first) {
        screen_wrap(&run->screen, 0, 0, COLOUR_NONE, slice_string(SAY(run, "Nothing in the estate fits.", "Im Bestand passt nichts dazu.")));
    }
    show_counts_by_kind(run, json_member(data, "counts"));
    if (gaps != NULL && gaps->count > 0) {
        show_heading(run, SAY(run, "What probes could not see", "Was Proben nicht sehen konnten"));
        for (const struct json *gap = gaps->first; gap != NULL; gap = gap->next) {
            fputs("  - ", run->screen.out);
            screen_wrap(&run->screen, 4, 4, COLOUR_NONE, run_words(run, gap));
        }
    }
    return OUTCOME_OK;
}

enum outcome estate_send(struct run *run, struct slice hcl)
{
    const struct json *data = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "hcl", hcl);
    struct ask ask = {.method = "PUT", .path = "estate", .body = body};
    return client_data(run, &ask, &data);
}

enum outcome command_estate_put(struct run *run)
{
    cleanup_buf struct buf bytes = BUF_INIT(ESTATE_BYTES + (1 << 17));
    enum outcome outcome = run_read_file(run, run->arguments[0], ESTATE_BYTES, &bytes);
    outcome = outcome == OUTCOME_OK ? estate_send(run, buf_slice(&bytes)) : outcome;
    return outcome == OUTCOME_OK ? command_estate(run) : outcome;
}

/* ---- what waits ---- */

/* A long text, such as a list of people that is an option of a source, only by its beginning. */
static struct slice beginning(struct slice text)
{
    size_t line = slice_find_byte(text, '\n'), len = line < text.len ? line : text.len;
    len = len > ATTRIBUTE_BYTES ? ATTRIBUTE_BYTES : len;
    while (len < text.len && len > 0 && (text.data[len] & 0xc0) == 0x80) {
        len--;
    }
    return slice_first(text, len);
}

const char *estate_attributes(struct run *run, const struct json *object)
{
    cleanup_buf struct buf line = BUF_INIT(WORDS_BYTES);
    bool good = true;
    for (const struct json *word = object == NULL ? NULL : object->first; word != NULL && good; word = word->next) {
        if (slice_is(word->name, "set")) {
            continue; /* what a person set stands in the others already */
        }
        good = buf_printf(&line, "%s%.*s = ", line.len == 0 ? "" : ", ", (int)word->name.len, (const char *)word->name.data) == ERR_NONE &&
               (word->type == JSON_STRING ? buf_append(&line, beginning(word->text)) : json_write(&line, word, 0)) == ERR_NONE;
        good = good && (word->type != JSON_STRING || beginning(word->text).len == word->text.len || buf_append_string(&line, " ...") == ERR_NONE);
    }
    char *text = arena_string(run->arena, buf_slice(&line));
    return text == NULL ? "" : text;
}

static void show_item(struct run *run, const struct json *item)
{
    cleanup_buf struct buf line = BUF_INIT(WORDS_BYTES);
    const struct json *seen = json_member(item, "seen");
    const char *name = arena_string(run->arena, json_text(item, "id", SLICE_NONE)), *attributes = estate_attributes(run, json_member(item, "attributes"));
    bool good = true;
    for (const struct json *one = seen == NULL ? NULL : seen->first; one != NULL && good; one = one->next) {
        struct slice source = json_text(one, "source", SLICE_NONE), where = json_text(one, "where", SLICE_NONE);
        good = buf_printf(&line, "%s%s %.*s%s%.*s", line.len == 0 ? "" : "; ", SAY(run, "seen by", "gesehen von"), (int)source.len, (const char *)source.data, where.len == 0 ? "" : ", ", (int)where.len,
                          where.len == 0 ? "" : (const char *)where.data) == ERR_NONE;
    }
    if (good && attributes[0] != '\0') {
        (void)!buf_printf(&line, "%s%s", line.len == 0 ? "" : "; ", attributes); /* too long: what was seen is enough */
    }
    show_pair(run, name == NULL ? "" : name, buf_slice(&line));
}

static void show_state(struct run *run, const struct json *items, const char *state, const char *heading)
{
    bool is_headed = false;
    for (const struct json *item = items == NULL ? NULL : items->first; item != NULL; item = item->next) {
        if (slice_is(json_text(item, "state", SLICE_NONE), state)) {
            if (!is_headed) {
                show_heading(run, heading);
                is_headed = true;
            }
            show_item(run, item);
        }
    }
}

enum outcome command_estate_inbox(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "estate/inbox", &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    const struct json *items = json_member(data, "items"), *ignored = json_member(data, "ignored");
    if (items == NULL || items->count == 0) {
        screen_wrap(&run->screen, 0, 0, COLOUR_NONE, slice_string(SAY(run, "Nothing waits for a word.", "Nichts wartet auf ein Wort.")));
    }
    show_state(run, items, "new", SAY(run, "Discovered: `vogt estate confirm` or `ignore`", "Entdeckt: `vogt estate confirm` oder `ignore`"));
    show_state(run, items, "gone", SAY(run, "Found no more: `vogt estate remove`", "Nicht mehr gefunden: `vogt estate remove`"));
    if (ignored != NULL && ignored->count > 0) {
        show_heading(run, SAY(run, "Ignored: `vogt estate restore`", "Ausgenommen: `vogt estate restore`"));
        for (const struct json *one = ignored->first; one != NULL; one = one->next) {
            struct slice reason = json_text(one, "reason", SLICE_NONE), by = json_text(one, "by", SLICE_NONE);
            const char *name = arena_string(run->arena, json_text(one, "subject", SLICE_NONE));
            const char *line = arena_printf(run->arena, "%.*s (%.*s)", (int)reason.len, (const char *)reason.data, (int)by.len, (const char *)by.data);
            show_pair(run, name == NULL ? "" : name, slice_string(line));
        }
    }
    return OUTCOME_OK;
}

/* ---- the word ---- */

bool estate_set_word(struct run *run, struct json *object, const char *word)
{
    const char *equals = strchr(word, '=');
    struct complaint complaint = {.text = {NULL, NULL}};
    struct json *value = NULL;
    if (equals == NULL || equals == word) {
        run_fail(run, OUTCOME_USAGE, TEXT("values are given as NAME=VALUE", "Werte gibt man als NAME=WERT an"), slice_string(word));
        return false;
    }
    char *name = arena_string(run->arena, slice_of(word, (size_t)(equals - word)));
    bool is_plain = json_read(run->arena, slice_string(equals + 1), &value, &complaint) == ERR_NONE && value->type != JSON_STRING && value->type != JSON_NULL;
    if (equals[1] != '\0') {
        json_set(run->arena, object, name, is_plain ? value : json_string(run->arena, slice_string(equals + 1)));
    }
    return true;
}

static enum outcome decide(struct run *run, const char *decision, bool needs_reason, struct text done)
{
    const struct option_values *sets = &run->options[OPTION_SET];
    const char *reason = run_option(run, OPTION_REASON);
    const struct json *data = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT), *list = json_set_array(run->arena, body, "subjects");
    if (needs_reason && (reason == NULL || slice_trim(slice_string(reason)).len == 0)) {
        return run_fail(run, OUTCOME_USAGE, TEXT("this decision needs --reason", "diese Entscheidung braucht --reason"), SLICE_NONE);
    }
    for (size_t i = 0; i < run->argument_count; i++) {
        json_append(list, json_string(run->arena, slice_string(run->arguments[i])));
    }
    if (reason != NULL) {
        json_set_string(run->arena, body, "reason", slice_string(reason));
    }
    struct json *attributes = sets->count > 0 ? json_set_object(run->arena, body, "attributes") : NULL;
    for (size_t i = 0; i < sets->count; i++) {
        if (!estate_set_word(run, attributes, sets->list[i])) {
            return OUTCOME_USAGE;
        }
    }
    const char *path = arena_printf(run->arena, "estate/inbox/%s", decision);
    enum outcome outcome = path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_post(run, path, body, &data);
    uint64_t count = 0;
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    if (json_u64(data, "decided", &count) == ERR_NONE) {
        fprintf(run->screen.out, "%llu %s\n", (unsigned long long)count, run_text(run, done));
    }
    return OUTCOME_OK;
}

enum outcome command_estate_confirm(struct run *run)
{
    return decide(run, "confirm", false, TEXT("confirmed", "bestätigt"));
}

enum outcome command_estate_ignore(struct run *run)
{
    return decide(run, "ignore", true, TEXT("ignored", "ausgenommen"));
}

enum outcome command_estate_remove(struct run *run)
{
    return decide(run, "remove", true, TEXT("removed", "entfernt"));
}

enum outcome command_estate_restore(struct run *run)
{
    return decide(run, "restore", true, TEXT("no longer ignored", "nicht mehr ausgenommen"));
}
