/* What people say about a sentence: which measures fulfil it, what a vague word means here, what they vouch for, how a broken promise is in hand. */
#include "measure/operations.h"

#include "base/time.h"
#include "measure/adopt.h"
#include "measure/edit.h"
#include "measure/view.h"

enum { WORDS_MAX_BYTES = 4000, ATTESTED_DAYS = 90, ATTESTED_DAYS_MAX = 366 };
static const int64_t day_ms = 86400000;

/* The clause that the request names. */
static enum err find_clause(struct turn *turn, struct world *world, const struct json **ret_clause)
{
    enum err err = standing_load(turn, world);
    if (err != ERR_NONE) {
        return err;
    }
    *ret_clause = world_clause(world, turn->values[0]);
    return *ret_clause != NULL ? ERR_NONE
                               : turn_refuse(turn, ERR_NOT_FOUND, TEXT("the annex has no such sentence", "der Anhang hat keinen solchen Satz"), turn->values[0]);
}

static enum err check_words(struct turn *turn, const char *field)
{
    struct slice words = turn_field(turn, field);
    if (slice_trim(words).len == 0 || words.len > WORDS_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this field needs words, at most 4,000 bytes", "dieses Feld braucht Worte, höchstens 4.000 Bytes"), slice_string(field));
    }
    return ERR_NONE;
}

static struct json *body_of(struct turn *turn, const struct json *clause)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "clause", json_text(clause, "id", SLICE_NONE));
    return body;
}

static struct json *signed_by(struct turn *turn, struct json *body)
{
    json_set_string(turn->arena, body, "by", turn->caller.name);
    return json_set_i64(turn->arena, body, "at_ms", turn->now_ms);
}

/* Recorded, applied, judged anew; the reply shows the sentence as it stands now. */
static enum err finish(struct turn *turn, struct world *world, const char *type, const struct json *body)
{
    const struct json *row = NULL;
    enum err err = standing_change(turn, world, type, body);
    err = err == ERR_NONE ? turn_json(turn, standing_key(turn, "verdict", turn->values[0]), &row) : err;
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *view = NULL;
    err = view_clause_whole(turn, world, world_clause(world, turn->values[0]), row, &view);
    return err == ERR_NONE ? turn_reply_data(turn, view) : err;
}

enum err operation_annex_bind(struct turn *turn)
{
    struct world world;
    const struct json *clause = NULL;
    struct json *body = NULL;
    struct slice unknown = SLICE_NONE;
    enum err err = find_clause(turn, &world, &clause);
    err = err == ERR_NONE ? adopt_rebind(turn->arena, clause, json_member(turn->request->body, "measures"), turn->caller.name, turn_field(turn, "reason"), turn->now_ms, &body, &unknown) : err;
    if (err == ERR_NOT_FOUND && unknown.len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the catalogue has no such measure", "der Katalog hat keine solche Maßnahme"), unknown);
    }
    return err == ERR_NONE ? finish(turn, &world, "binding.confirmed", body) : err;
}

enum err operation_annex_interpret(struct turn *turn)
{
    struct world world;
    const struct json *clause = NULL;
    struct slice term = turn_field(turn, "term");
    enum err err = check_words(turn, "english");
    err = err == ERR_NONE ? check_words(turn, "german") : err;
    err = err == ERR_NONE ? find_clause(turn, &world, &clause) : err;
    if (err != ERR_NONE) {
        return err;
    }
    const struct json *list = json_member(clause, "interpretations"), *proposed = edit_at(list, edit_find(list, "term", term));
    const struct json *values = json_member(turn->request->body, "values");
    if (proposed == NULL && catalogue_term(term) == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the catalogue has no such vague word", "der Katalog kennt kein solches unbestimmte Wort"), term);
    }
    struct json *body = body_of(turn, clause);
    json_set_string(turn->arena, body, "term", term);
    edit_carry(turn->arena, body, proposed, "word");
    json_set_string(turn->arena, body, "english", turn_field(turn, "english"));
    json_set_string(turn->arena, body, "german", turn_field(turn, "german"));
    json_set(turn->arena, body, "values", values == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, values));
    json_set_string(turn->arena, body, "state", SLICE_LITERAL("confirmed"));
    return signed_by(turn, body) == NULL ? ERR_MEMORY : finish(turn, &world, "interpretation.signed", body);
}

enum err operation_annex_attest(struct turn *turn)
{
    struct world world;
    const struct json *clause = NULL;
    struct slice id = turn_field(turn, "promise");
    uint64_t days = ATTESTED_DAYS;
    enum err err = check_words(turn, "statement");
    if (err == ERR_NONE && (json_u64(turn->request->body, "expires_days", &days) == ERR_INVALID || days == 0 || days > ATTESTED_DAYS_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("an attestation is good for 1 to 366 days", "eine Bestätigung gilt 1 bis 366 Tage"), SLICE_LITERAL("expires_days"));
    }
    err = err == ERR_NONE ? find_clause(turn, &world, &clause) : err;
    if (err != ERR_NONE) {
        return err;
    }
    const struct json *promises = json_member(clause, "promises"), *promise = edit_at(promises, edit_find(promises, "id", id));
    const struct promise *entry = catalogue_promise(json_text(promise, "measure", SLICE_NONE), json_text(promise, "promise", SLICE_NONE));
    if (entry == NULL || !entry->attestable) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this promise cannot be attested: either the sentence does not make it, or a machine has to see it",
                                                   "diese Zusage lässt sich nicht bestätigen: Der Satz macht sie nicht, oder eine Maschine muss sie sehen"), id);
    }
    struct json *body = body_of(turn, clause);
    json_set_string(turn->arena, body, "promise", id);
    json_set_string(turn->arena, body, "statement", turn_field(turn, "statement"));
    json_set_i64(turn->arena, body, "expires_ms", turn->now_ms + (int64_t)days * day_ms);
    return signed_by(turn, body) == NULL ? ERR_MEMORY : finish(turn, &world, "attestation.signed", body);
}

enum err operation_annex_deviate(struct turn *turn)
{
    struct world world;
    const struct json *clause = NULL;
    struct slice due = turn_field(turn, "due");
    int64_t due_ms = 0;
    char *midnight = turn_path(turn, "%.*sT00:00:00Z", (int)due.len, (const char *)due.data);
    enum err err = check_words(turn, "owner");
    err = err == ERR_NONE ? check_words(turn, "plan") : err;
    if (err == ERR_NONE && (due.len != 10 || rfc3339_parse(slice_string(midnight), &due_ms) != ERR_NONE)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("due is a day such as 2027-01-31", "due ist ein Tag wie 2027-01-31"), due);
    }
    err = err == ERR_NONE ? find_clause(turn, &world, &clause) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *body = body_of(turn, clause);
    json_set_string(turn->arena, body, "owner", turn_field(turn, "owner"));
    json_set_string(turn->arena, body, "plan", turn_field(turn, "plan"));
    json_set_string(turn->arena, body, "due", due);
    return signed_by(turn, body) == NULL ? ERR_MEMORY : finish(turn, &world, "deviation.set", body);
}

enum err operation_annex_deviation_close(struct turn *turn)
{
    struct world world;
    const struct json *clause = NULL;
    enum err err = find_clause(turn, &world, &clause);
    if (err != ERR_NONE) {
        return err;
    }
    if (json_member(clause, "deviation") == NULL) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("this sentence has no deviation", "dieser Satz hat keine Abweichung"), turn->values[0]);
    }
    struct json *body = body_of(turn, clause);
    return signed_by(turn, body) == NULL ? ERR_MEMORY : finish(turn, &world, "deviation.closed", body);
}
