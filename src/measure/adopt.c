#include "measure/adopt.h"

#include "measure/catalogue.h"
#include "measure/edit.h"
#include "measure/revision.h"

/* The documents' rooms write {"en","de"}; the API says {"english","german"}. */
static void set_words(struct arena *arena, struct json *to, const char *name, const struct json *words)
{
    if (words != NULL) {
        struct json *both = json_set_object(arena, to, name);
        json_set_string(arena, both, "english", json_text(words, "en", json_text(words, "english", SLICE_NONE)));
        json_set_string(arena, both, "german", json_text(words, "de", json_text(words, "german", SLICE_NONE)));
    }
}

static void put_bindings(struct arena *arena, struct json *to, const struct json *clause)
{
    struct json *bindings = json_set_array(arena, to, "bindings");
    for (const struct json *one = edit_items(clause, "bindings"); one != NULL; one = one->next) {
        struct json *item = json_append(bindings, json_new(arena, JSON_OBJECT));
        edit_carry(arena, item, one, "measure");
        edit_carry(arena, item, one, "number");
        edit_carry(arena, item, one, "score");
        set_words(arena, item, "reason", json_member(one, "reason"));
        json_set_bool(arena, item, "confirmed", false);
    }
}

static void put_interpretations(struct arena *arena, struct json *to, const struct json *clause)
{
    struct json *list = json_set_array(arena, to, "interpretations");
    for (const struct json *one = edit_items(clause, "interpretations"); one != NULL; one = one->next) {
        struct json *item = json_append(list, json_new(arena, JSON_OBJECT));
        const struct json *proposal = json_member(one, "proposal");
        edit_carry(arena, item, one, "term");
        edit_carry(arena, item, one, "word");
        json_set_string(arena, item, "english", json_text(proposal, "en", SLICE_NONE));
        json_set_string(arena, item, "german", json_text(proposal, "de", SLICE_NONE));
        edit_carry(arena, item, one, "values");
        json_set_string(arena, item, "state", SLICE_LITERAL("proposed"));
    }
}

static enum err put_clause(struct arena *arena, struct json *clauses, const struct json *clause)
{
    static const char *const carried[] = {"id", "section", "text", "lead", "line"};
    char digest[CLAUSE_DIGEST_BYTES];
    enum err err = clause_digest(arena, json_text(clause, "text", SLICE_NONE), json_text(clause, "lead", SLICE_NONE), digest);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *item = json_append(clauses, json_new(arena, JSON_OBJECT));
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(arena, item, clause, carried[i]);
    }
    json_set_string(arena, item, "digest", slice_string(digest));
    const struct json *promises = json_member(clause, "promises");
    json_set(arena, item, "promises", promises == NULL ? json_new(arena, JSON_ARRAY) : json_copy(arena, promises));
    put_bindings(arena, item, clause);
    set_words(arena, item, "unbound", json_member(clause, "reason"));
    put_interpretations(arena, item, clause);
    return json_set_bool(arena, item, "confirmed", false) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum err adopt_annex(struct arena *arena, const struct json *bound, struct json **ret_annex)
{
    struct json *annex = json_new(arena, JSON_OBJECT), *clauses = NULL;
    edit_carry(arena, annex, bound, "language");
    edit_carry(arena, annex, bound, "title");
    edit_carry(arena, annex, bound, "sections");
    edit_carry(arena, annex, bound, "left_out");
    edit_carry(arena, annex, bound, "catalogue");
    clauses = json_set_array(arena, annex, "clauses");
    for (const struct json *clause = edit_items(bound, "clauses"); clause != NULL; clause = clause->next) {
        enum err err = put_clause(arena, clauses, clause);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (clauses == NULL || clauses->count == 0) {
        return clauses == NULL ? ERR_TOO_LARGE : ERR_INVALID;
    }
    *ret_annex = annex;
    return ERR_NONE;
}

/* A promise's id begins with its clause's, which may have moved. */
static const struct json *renamed(struct arena *arena, const struct json *item, const char *member, struct slice old_id, struct slice new_id)
{
    struct slice name = json_text(item, member, SLICE_NONE);
    if (slice_equal(old_id, new_id) || !slice_starts(name, old_id)) {
        return item;
    }
    struct slice rest = slice_from(name, old_id.len);
    char *text = arena_printf(arena, "%.*s%.*s", (int)new_id.len, (const char *)new_id.data, (int)rest.len, (const char *)rest.data);
    return text == NULL ? NULL : edit_with(arena, item, member, json_string(arena, slice_string(text)));
}

static const struct json *renamed_list(struct arena *arena, const struct json *from, const char *list, const char *member, struct slice new_id)
{
    struct json *items = json_new(arena, JSON_ARRAY);
    for (const struct json *one = edit_items(from, list); one != NULL; one = one->next) {
        const struct json *item = renamed(arena, one, member, json_text(from, "id", SLICE_NONE), new_id);
        json_append(items, item == NULL ? NULL : json_copy(arena, item));
    }
    return items;
}

/* What people said of the old clause, on the new one. */
static const struct json *inherit(struct arena *arena, const struct json *from, const struct json *to)
{
    struct slice id = json_text(to, "id", SLICE_NONE);
    if (json_bool(from, "confirmed", false)) {
        to = edit_with(arena, to, "promises", renamed_list(arena, from, "promises", "id", id));
        to = edit_with(arena, to, "bindings", json_member(from, "bindings"));
        to = edit_with(arena, to, "confirmed", json_boolean(arena, true));
    }
    for (const struct json *one = edit_items(from, "interpretations"); one != NULL; one = one->next) {
        if (slice_is(json_text(one, "state", SLICE_NONE), "confirmed")) {
            const struct json *list = json_member(to, "interpretations");
            to = edit_with(arena, to, "interpretations", edit_item(arena, list, edit_find(list, "term", json_text(one, "term", SLICE_NONE)), one));
        }
    }
    if (json_member(from, "attestations") != NULL) {
        to = edit_with(arena, to, "attestations", renamed_list(arena, from, "attestations", "promise", id));
    }
    const struct json *deviation = json_member(from, "deviation");
    return deviation == NULL ? to : edit_with(arena, to, "deviation", deviation);
}

static struct slice text_of_clause(const struct json *annex, struct slice id)
{
    const struct json *clauses = json_member(annex, "clauses");
    return json_text(edit_at(clauses, edit_find(clauses, "id", id)), "text", SLICE_NONE);
}

static const struct {
    const char *state, *kind;
    struct text text;
} kinds[] = {
    {"unchanged", "unchanged", TEXT_INIT("unchanged; what was confirmed stands", "unverändert; Bestätigtes gilt weiter")},
    {"moved", "moved", TEXT_INIT("the same words at another place; what was confirmed stands", "gleiche Worte an anderer Stelle; Bestätigtes gilt weiter")},
    {"changed", "changed", TEXT_INIT("reworded; bindings are to be confirmed anew", "umformuliert; Bindungen sind neu zu bestätigen")},
    {"added", "added", TEXT_INIT("new", "neu")},
};

static void put_change(struct arena *arena, struct json *changes, const struct json *one, const struct json *before, const struct json *after)
{
    struct json *change = json_append(changes, json_new(arena, JSON_OBJECT));
    const struct json *weakened = edit_items(one, "weakened");
    json_set_string(arena, change, "clause", json_text(one, "id", SLICE_NONE));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (slice_is(json_text(one, "state", SLICE_NONE), kinds[i].state)) {
            const struct json *words = json_member(weakened, "text");
            json_set_string(arena, change, "kind", slice_string(weakened != NULL ? "weakened" : kinds[i].kind));
            json_set_string(arena, change, "english", json_text(words, "en", slice_string(kinds[i].text.english)));
            json_set_string(arena, change, "german", json_text(words, "de", slice_string(kinds[i].text.german)));
        }
    }
    json_set_string(arena, change, "old", text_of_clause(before, json_text(one, "before", SLICE_NONE)));
    json_set_string(arena, change, "new", text_of_clause(after, json_text(one, "id", SLICE_NONE)));
}

enum err adopt_carry(struct arena *arena, const struct json *before, const struct json *after, const struct json **ret_annex, struct json **ret_changes)
{
    struct json *revision = NULL, *changes = json_new(arena, JSON_ARRAY), *clauses = json_new(arena, JSON_ARRAY);
    if (before == NULL) {
        *ret_annex = after;
        *ret_changes = changes;
        return changes == NULL ? ERR_TOO_LARGE : ERR_NONE;
    }
    enum err err = annex_compare(arena, before, after, &revision);
    if (err != ERR_NONE) {
        return err;
    }
    const struct json *old_clauses = json_member(before, "clauses"), *new_clauses = json_member(after, "clauses");
    for (const struct json *one = edit_items(revision, "clauses"); one != NULL; one = one->next) {
        const struct json *to = edit_at(new_clauses, edit_find(new_clauses, "id", json_text(one, "id", SLICE_NONE)));
        const struct json *from = edit_at(old_clauses, edit_find(old_clauses, "id", json_text(one, "before", SLICE_NONE)));
        bool same = slice_is(json_text(one, "state", SLICE_NONE), "unchanged") || slice_is(json_text(one, "state", SLICE_NONE), "moved");
        to = same && from != NULL ? inherit(arena, from, to) : to;
        if (to == NULL || json_append(clauses, json_copy(arena, to)) == NULL) {
            return ERR_TOO_LARGE;
        }
        put_change(arena, changes, one, before, after);
    }
    for (const struct json *one = edit_items(revision, "removed"); one != NULL; one = one->next) {
        struct json *change = json_append(changes, json_new(arena, JSON_OBJECT));
        json_set_string(arena, change, "clause", json_text(one, "id", SLICE_NONE));
        json_set_string(arena, change, "kind", SLICE_LITERAL("removed"));
        json_set_string(arena, change, "english", SLICE_LITERAL("no longer promised"));
        json_set_string(arena, change, "german", SLICE_LITERAL("nicht mehr zugesagt"));
        edit_carry(arena, change, one, "text");
        json_set_string(arena, change, "old", json_text(one, "text", SLICE_NONE));
        json_set_string(arena, change, "new", SLICE_NONE);
    }
    *ret_annex = edit_with(arena, after, "clauses", clauses);
    *ret_changes = changes;
    return *ret_annex == NULL || changes == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

static bool names_measure(const struct json *measures, struct slice id)
{
    for (const struct json *one = measures == NULL ? NULL : measures->first; one != NULL; one = one->next) {
        if (slice_equal(one->text, id)) {
            return true;
        }
    }
    return false;
}

static struct json *bound_by(struct arena *arena, struct json *bindings, const struct json *clause, const struct measure *measure, struct slice by, struct slice reason, int64_t now_ms)
{
    const struct json *old = json_member(clause, "bindings");
    const struct json *same = edit_at(old, edit_find(old, "measure", slice_string(measure->id)));
    struct json *one = json_append(bindings, json_new(arena, JSON_OBJECT));
    json_set_string(arena, one, "measure", slice_string(measure->id));
    json_set_u64(arena, one, "number", measure->number);
    if (same != NULL) {
        edit_carry(arena, one, same, "score");
        edit_carry(arena, one, same, "reason");
    } else {
        json_set_u64(arena, one, "score", 1);
        struct json *words = json_set_object(arena, one, "reason");
        json_set_string(arena, words, "english", reason);
        json_set_string(arena, words, "german", reason);
    }
    json_set_bool(arena, one, "confirmed", true);
    json_set_string(arena, one, "by", by);
    return json_set_i64(arena, one, "at_ms", now_ms);
}

enum err adopt_rebind(struct arena *arena, const struct json *clause, const struct json *measures, struct slice by, struct slice reason, int64_t now_ms, struct json **ret_payload,
                      struct slice *ret_unknown)
{
    struct json *payload = json_new(arena, JSON_OBJECT), *bindings = NULL, *promises = NULL;
    json_set_string(arena, payload, "clause", json_text(clause, "id", SLICE_NONE));
    json_set_string(arena, payload, "by", by);
    json_set_string(arena, payload, "why", reason);
    bindings = json_set_array(arena, payload, "bindings");
    promises = json_set_array(arena, payload, "promises");
    unsigned last = 0;
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        struct slice id = json_text(promise, "id", SLICE_NONE);
        unsigned letter = id.len == 0 ? 0 : (unsigned)id.data[id.len - 1];
        last = letter >= 'a' && letter <= 'z' && letter - 'a' + 1 > last ? letter - 'a' + 1 : last;
        if (names_measure(measures, json_text(promise, "measure", SLICE_NONE))) {
            json_append(promises, json_copy(arena, promise));
        }
    }
    for (const struct json *one = measures == NULL ? NULL : measures->first; one != NULL; one = one->next) {
        const struct measure *measure = catalogue_measure(one->text);
        if (measure == NULL) {
            *ret_unknown = one->text;
            return ERR_NOT_FOUND;
        }
        if (edit_find(bindings, "measure", one->text) < (bindings == NULL ? 0 : bindings->count)) {
            continue;
        }
        if (bound_by(arena, bindings, clause, measure, by, reason, now_ms) == NULL) {
            return ERR_TOO_LARGE;
        }
        if (edit_find(promises, "measure", one->text) < promises->count || measure->promise_count == 0) {
            continue;
        }
        struct slice id = json_text(clause, "id", SLICE_NONE);
        struct json *promise = json_append(promises, json_new(arena, JSON_OBJECT));
        char *name = arena_printf(arena, "%.*s.%c", (int)id.len, (const char *)id.data, last < 26 ? (int)('a' + last) : 'z');
        last++;
        json_set_string(arena, promise, "id", slice_string(name));
        edit_carry(arena, promise, clause, "text");
        json_set_string(arena, promise, "measure", one->text);
        json_set_string(arena, promise, "promise", slice_string(measure->promises[0].name));
        json_set_object(arena, promise, "values");
    }
    *ret_payload = payload;
    return promises == NULL ? ERR_TOO_LARGE : ERR_NONE;
}
