#include "measure/explain.h"

#include "collect/reason.h"
#include "measure/edit.h"

enum { SENTENCE_MAX_BYTES = 4096 };

static const struct reason own[] = {
#define EXPLAIN(id, english, german, fix_english, fix_german, minutes) {id, TEXT_INIT(english, german), TEXT_INIT(fix_english, fix_german), minutes},
#include "measure/explain.def"
#undef EXPLAIN
};

static const struct reason *find(struct slice id)
{
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (slice_is(id, own[i].id)) {
            return &own[i];
        }
    }
    return reason_find(id);
}

static void set(struct arena *arena, struct json *object, const char *name, struct text text, enum language language, const struct json *values)
{
    cleanup_buf struct buf sentence = BUF_INIT(SENTENCE_MAX_BYTES);
    enum err err = reason_write(&sentence, text, language, values);
    /* a sentence that is too long is cut: what it fills in came from outside */
    json_set_string(arena, object, name, err == ERR_NONE || sentence.len > 0 ? buf_slice(&sentence) : slice_string(text_in(text, language)));
}

static const struct json *with_place(struct arena *arena, const struct json *values, struct slice subject, struct slice kind)
{
    const struct json *all = values == NULL || values->type != JSON_OBJECT ? json_new(arena, JSON_OBJECT) : values;
    if (json_member(all, "subject") == NULL && subject.len > 0) {
        all = edit_with(arena, all, "subject", json_string(arena, subject));
    }
    if (json_member(all, "kind") == NULL && kind.len > 0) {
        all = edit_with(arena, all, "kind", json_string(arena, kind));
    }
    return all;
}

void explain_set_text(struct arena *arena, struct json *object, const char *name, struct text text)
{
    struct json *both = json_set_object(arena, object, name);
    json_set_string(arena, both, "english", slice_string(text.english));
    json_set_string(arena, both, "german", slice_string(text.german));
}

void explain_set_reason(struct arena *arena, struct json *object, const char *name, struct slice reason, const struct json *values, struct slice subject, struct slice kind)
{
    const struct reason *found = find(reason);
    struct json *both = json_set_object(arena, object, name);
    json_set_string(arena, both, "id", reason);
    if (found == NULL) {
        json_set_string(arena, both, "english", reason);
        json_set_string(arena, both, "german", reason);
        return;
    }
    const struct json *all = with_place(arena, values, subject, kind);
    set(arena, both, "english", found->sentence, LANGUAGE_ENGLISH, all);
    set(arena, both, "german", found->sentence, LANGUAGE_GERMAN, all);
}

void explain_set(struct arena *arena, struct json *object, const char *name, const struct judgement *judgement)
{
    explain_set_reason(arena, object, name, judgement->reason, judgement->values, judgement->subject, judgement->kind);
}

bool explain_fix(struct arena *arena, struct json *ret_fix, struct slice reason, const struct json *values, struct slice subject, struct slice kind)
{
    const struct reason *found = find(reason);
    if (found == NULL || found->fix.english[0] == '\0') {
        return false;
    }
    const struct json *all = with_place(arena, values, subject, kind);
    set(arena, ret_fix, "english", found->fix, LANGUAGE_ENGLISH, all);
    set(arena, ret_fix, "german", found->fix, LANGUAGE_GERMAN, all);
    json_set_u64(arena, ret_fix, "minutes", found->fix_minutes);
    return true;
}
