/* The work "annex.bind": see binding.h for the members that it adds to each clause. */
#include "measure/binding.h"

#include "measure/interpretation.h"

#include <stdio.h>
#include <string.h>

enum {
    SCRATCH_MAX_BYTES = 16 << 20,
    CLAUSES_MAX = 5000,
    CLAUSE_TEXT_MAX_BYTES = 16000,
    REASON_MAX_BYTES = 1000
};

struct job {
    struct arena *arena, *scratch; /* the answer's; the clause's, reset after each */
    const struct words_index *index;
    const struct json *annex;
    bool full; /* the answer's arena; what follows is not written any more */
};

/* Whatever is added to the answer goes through here, so that a full arena never shortens it
 * unnoticed. */
static struct json *kept(struct job *job, struct json *value)
{
    job->full = job->full || value == NULL;
    return value;
}

static void set_string(struct job *job, struct json *object, const char *name, struct slice text)
{
    bool whole = text.data != NULL || text.len == 0;
    (void)kept(job, whole ? json_set_string(job->arena, object, name, text) : NULL);
}

static void set_text(struct job *job, struct json *object, const char *name, struct slice english,
                     struct slice german)
{
    struct json *text = kept(job, json_set_object(job->arena, object, name));
    set_string(job, text, "en", english);
    set_string(job, text, "de", german);
}

/* At most `most` bytes, never a part of a character. */
static struct slice cut(struct slice text, size_t most)
{
    while (most > 0 && most < text.len && (text.data[most] & 0xc0) == 0x80) {
        most--;
    }
    return slice_first(text, most);
}

static struct slice section_title(const struct json *annex, struct slice id)
{
    const struct json *sections = json_member(annex, "sections");
    for (const struct json *section = sections == NULL ? NULL : sections->first; section != NULL;
         section = section->next) {
        if (slice_equal(json_text(section, "id", SLICE_NONE), id)) {
            return json_text(section, "title", SLICE_NONE);
        }
    }
    return SLICE_NONE;
}

/* „TLS 1.3“, „HSTS“: the words of the clause that speak for the measure. */
static enum err put_quotes(struct buf *out, const struct words *words,
                           const struct binding *binding, enum language language)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < binding->word_count; i++) {
        struct slice part = clause_part(words, binding->words[i]);
        const char *open = language == LANGUAGE_GERMAN ? "„" : "“",
                   *close = language == LANGUAGE_GERMAN ? "“" : "”";
        err = buf_printf(out, "%s%s", i == 0 ? "" : ", ", open);
        err = err == ERR_NONE ? buf_append(out, cut(part, 60)) : err;
        err = err == ERR_NONE ? buf_append_string(out, close) : err;
    }
    return err;
}

static struct slice reason_text(struct job *job, const struct words *words,
                                const struct binding *binding, enum language language)
{
    struct text before = TEXT("the clause says ", "der Satz sagt ");
    struct text section =
        TEXT("; the section is about it, too", "; auch der Abschnitt handelt davon");
    cleanup_buf struct buf out = BUF_INIT(REASON_MAX_BYTES);
    enum err err = buf_append_string(&out, text_in(before, language));
    err = err == ERR_NONE ? put_quotes(&out, words, binding, language) : err;
    if (err == ERR_NONE && binding->section_agrees) {
        err = buf_append_string(&out, text_in(section, language));
    }
    return err == ERR_NONE ? arena_copy(job->arena, buf_slice(&out)) : SLICE_LITERAL("");
}

static void put_bindings(struct job *job, struct json *clause, const struct words *words,
                         const struct clause_bindings *bindings)
{
    struct json *list = kept(job, json_set_array(job->arena, clause, "bindings"));
    for (size_t i = 0; i < bindings->count; i++) {
        const struct binding *binding = &bindings->items[i];
        struct json *item = json_append(list, kept(job, json_new(job->arena, JSON_OBJECT)));
        char score[16];
        snprintf(score, sizeof(score), "%u.%02u", binding->score_permille / 1000,
                 binding->score_permille % 1000 / 10);
        set_string(job, item, "measure", slice_string(binding->measure->id));
        (void)kept(job, json_set_u64(job->arena, item, "number", binding->measure->number));
        (void)kept(job, json_set(job->arena, item, "score",
                                 json_number_text(job->arena, slice_string(score))));
        set_text(job, item, "reason", reason_text(job, words, binding, LANGUAGE_ENGLISH),
                 reason_text(job, words, binding, LANGUAGE_GERMAN));
    }
    if (bindings->count > 0) {
        return;
    }
    struct text reason =
        TEXT("no measure of the catalogue matches", "keine Maßnahme des Katalogs passt");
    if (bindings->outside == NULL) {
        set_text(job, clause, "reason", slice_string(reason.english), slice_string(reason.german));
        return;
    }
    const char *english = arena_printf(job->arena, "%s; the clause is about: %s", reason.english,
                                       bindings->outside->title.english);
    const char *german = arena_printf(job->arena, "%s; der Satz handelt von: %s", reason.german,
                                      bindings->outside->title.german);
    job->full = job->full || english == NULL || german == NULL;
    set_text(job, clause, "reason", slice_string(english), slice_string(german));
}

static struct slice promise_label(struct job *job, struct slice clause_id, size_t index)
{
    char *label =
        arena_printf(job->arena, "%.*s.%c", (int)clause_id.len,
                     clause_id.len == 0 ? "" : (const char *)clause_id.data, (int)('a' + index));
    job->full = job->full || label == NULL;
    return slice_string(label);
}

static void put_value(struct job *job, struct json *values, const char *name, const char *value)
{
    struct slice text = slice_string(value);
    bool quoted = text.len >= 2 && text.data[0] == '"';
    struct json *item = quoted ? json_string(job->arena, slice_of(text.data + 1, text.len - 2))
                               : json_number_text(job->arena, text);
    (void)kept(job, json_set(job->arena, values, name, item));
}

static void put_promises(struct job *job, struct json *clause, const struct words *words,
                         const struct clause_promises *promises)
{
    struct slice id = json_text(clause, "id", SLICE_NONE);
    struct json *list = kept(job, json_set_array(job->arena, clause, "promises"));
    for (size_t i = 0; i < promises->count; i++) {
        const struct clause_promise *promise = &promises->items[i];
        struct json *item = json_append(list, kept(job, json_new(job->arena, JSON_OBJECT)));
        set_string(job, item, "id", promise_label(job, id, i));
        set_string(job, item, "text", clause_part(words, promise->range));
        set_string(job, item, "measure", slice_string(promise->promise->measure->id));
        set_string(job, item, "promise", slice_string(promise->promise->name));
        struct json *values = kept(job, json_set_object(job->arena, item, "values"));
        for (size_t j = 0; j < promise->value_count; j++) {
            put_value(job, values, promise->values[j].parameter->name, promise->values[j].value);
        }
    }
}

static void put_interpretations(struct job *job, struct json *clause, const struct words *words,
                                const struct clause_interpretations *interpretations)
{
    struct slice id = json_text(clause, "id", SLICE_NONE);
    struct json *list = kept(job, json_set_array(job->arena, clause, "interpretations"));
    for (size_t i = 0; i < interpretations->count; i++) {
        const struct interpretation *interpretation = &interpretations->items[i];
        struct json *item = json_append(list, kept(job, json_new(job->arena, JSON_OBJECT)));
        set_string(job, item, "term", slice_string(interpretation->term->id));
        if (interpretation->words.end > interpretation->words.first) {
            set_string(job, item, "word", clause_part(words, interpretation->words));
        }
        struct json *promises = kept(job, json_set_array(job->arena, item, "promises"));
        for (size_t j = 0; j < CLAUSE_PROMISES_MAX; j++) {
            if ((interpretation->promises & UINT32_C(1) << j) != 0) {
                json_append(promises,
                            kept(job, json_string(job->arena, promise_label(job, id, j))));
            }
        }
        set_text(job, item, "proposal",
                 interpretation_text(job->arena, interpretation, LANGUAGE_ENGLISH),
                 interpretation_text(job->arena, interpretation, LANGUAGE_GERMAN));
        struct json *values = kept(job, json_set_object(job->arena, item, "values"));
        if (interpretation->parameter != NULL) {
            put_value(job, values, interpretation->parameter, interpretation->value);
        }
    }
}

/* The lead-in sentence and the clause as one text, so that a pattern may span both. */
static enum err with_lead(struct arena *scratch, struct slice lead, struct slice text,
                          struct slice *ret_joined)
{
    uint8_t *joined = arena_alloc(scratch, lead.len + 1 + text.len);
    if (joined == NULL) {
        return ERR_TOO_LARGE;
    }
    memcpy(joined, lead.data, lead.len);
    joined[lead.len] = '\n';
    if (text.len > 0) {
        memcpy(joined + lead.len + 1, text.data, text.len);
    }
    *ret_joined = slice_of(joined, lead.len + 1 + text.len);
    return ERR_NONE;
}

static enum err bind_clause(struct job *job, struct json *clause)
{
    struct slice text = cut(json_text(clause, "text", SLICE_LITERAL("")), CLAUSE_TEXT_MAX_BYTES);
    struct slice lead = cut(json_text(clause, "lead", SLICE_LITERAL("")), CLAUSE_TEXT_MAX_BYTES);
    struct slice title = section_title(job->annex, json_text(clause, "section", SLICE_NONE));
    struct words_reading *own = NULL, *whole = NULL, *section = NULL;
    enum err err = words_reading_make(job->scratch, job->index, text, &own);
    whole = own;
    if (err == ERR_NONE && lead.len > 0) {
        struct slice joined = SLICE_NONE;
        err = with_lead(job->scratch, lead, text, &joined);
        err = err == ERR_NONE ? words_reading_make(job->scratch, job->index, joined, &whole) : err;
    }
    if (err == ERR_NONE && title.len > 0) {
        err = words_reading_make(job->scratch, job->index, title, &section);
    }
    if (err != ERR_NONE) {
        return err;
    }
    const struct words *words = words_reading_words(own), *all_words = words_reading_words(whole);
    struct clause_bindings bindings;
    struct clause_promises promises;
    struct clause_interpretations interpretations;
    binding_find(whole, all_words->count - words->count, section, &bindings);
    clause_promises_find(own, &bindings, &promises);
    interpretations_find(own, &bindings, &promises, &interpretations);
    put_bindings(job, clause, all_words, &bindings);
    put_promises(job, clause, words, &promises);
    put_interpretations(job, clause, words, &interpretations);
    return job->full ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err bind_all(struct job *job, const struct json *clauses, struct json *list)
{
    for (const struct json *clause = clauses->first; clause != NULL; clause = clause->next) {
        struct json *copy = json_append(list, json_copy(job->arena, clause));
        enum err err = copy == NULL ? ERR_TOO_LARGE : bind_clause(job, copy);
        arena_reset(job->scratch);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

static bool is_annex(const struct json *input)
{
    const struct json *clauses = json_member(input, "clauses");
    if (clauses == NULL || clauses->type != JSON_ARRAY || clauses->count > CLAUSES_MAX) {
        return false;
    }
    for (const struct json *clause = clauses->first; clause != NULL; clause = clause->next) {
        struct slice text = json_text(clause, "text", SLICE_NONE);
        if (clause->type != JSON_OBJECT || text.data == NULL ||
            json_member(clause, "bindings") != NULL) {
            return false;
        }
    }
    return true;
}

enum err annex_bind(struct arena *arena, const struct json *input, struct slice raw,
                    struct work_reply *reply)
{
    (void)raw;
    if (!is_annex(input)) {
        return complain(&reply->complaint, ERR_INVALID,
                        TEXT("this is not the tree of an annex that was read and not bound yet; "
                             "read the document again",
                             "das ist kein Baum eines gelesenen, noch nicht zugeordneten Anhangs; "
                             "das Dokument bitte neu einlesen"),
                        0, 0, NULL, 0);
    }
    cleanup_arena struct arena *scratch = arena_new(SCRATCH_MAX_BYTES);
    struct words_index *index = NULL;
    enum err err = scratch == NULL ? ERR_MEMORY : words_index_make(arena, &index);
    struct job job = {.arena = arena, .scratch = scratch, .index = index, .annex = input};
    struct json *output = json_new(arena, JSON_OBJECT);
    for (const struct json *member = input->first; err == ERR_NONE && member != NULL;
         member = member->next) {
        char *name = arena_string(arena, member->name);
        if (name == NULL) {
            err = ERR_TOO_LARGE;
        } else if (slice_is(member->name, "clauses")) {
            err = bind_all(&job, member, kept(&job, json_set_array(arena, output, "clauses")));
        } else if (!slice_is(member->name, "catalogue")) {
            (void)kept(&job, json_set(arena, output, name, json_copy(arena, member)));
        }
    }
    set_string(&job, output, "catalogue", slice_string(catalogue_version));
    err = err == ERR_NONE && job.full ? ERR_TOO_LARGE : err;
    if (err == ERR_NONE) {
        reply->output = output;
    }
    return err;
}
