/* annex/: reading a document, adopting it as a revision, and showing what stands. */
#include "measure/operations.h"

#include "base/encode.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "measure/adopt.h"
#include "measure/edit.h"
#include "measure/inventory.h"
#include "measure/period.h"
#include "measure/view.h"

enum { REVISIONS_MAX = 10000, HISTORY_SHOWN = 1000 };

/* The document as an annex with everything proposed: two pieces of judge's work. */
static enum err read_document(struct turn *turn, struct json **ret_annex)
{
    struct slice name = turn_query(turn, "name"), raw = turn->request->raw;
    const struct json *read = NULL, *bound = NULL;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "name", name);
    if (raw.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the file is empty", "Die Datei ist leer"), name);
    }
    enum err err = turn_work(turn, ROLE_JUDGE, "annex.read", input, raw, &read, NULL, NULL);
    err = err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "annex.bind", read, SLICE_NONE, &bound, NULL, NULL) : err;
    return err == ERR_NONE ? adopt_annex(turn->arena, bound, ret_annex) : err;
}

enum err operation_annex_read(struct turn *turn)
{
    struct json *annex = NULL;
    enum err err = read_document(turn, &annex);
    return err == ERR_NONE ? turn_reply_data(turn, annex) : err;
}

static enum err digest_of(struct turn *turn, struct json **ret_digest)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    sha256(turn->request->raw, digest);
    enum err err = hex_encode(&hex, slice_of(digest, sizeof digest));
    *ret_digest = json_string(turn->arena, buf_slice(&hex));
    return err == ERR_NONE && *ret_digest == NULL ? ERR_MEMORY : err;
}

/* Verdicts of sentences that went are no verdicts any more; what they were stays in their history and in the log. */
static enum err drop_old_verdicts(struct turn *turn, const struct json *before, const struct json *after)
{
    enum err all = ERR_NONE;
    const struct json *clauses = json_member(after, "clauses");
    for (const struct json *clause = edit_items(before, "clauses"); clause != NULL; clause = clause->next) {
        struct slice id = json_text(clause, "id", SLICE_NONE);
        if (edit_find(clauses, "id", id) == clauses->count && !standing_goes_on(&all, turn_delete(turn, standing_key(turn, "verdict", id)))) {
            return all;
        }
    }
    return all;
}

static enum err put_revision(struct turn *turn, const struct json *annex, uint64_t number)
{
    static const char *const carried[] = {"revision", "adopted_ms", "name", "language", "digest"};
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    enum err all = ERR_NONE;
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, row, annex, carried[i]);
    }
    json_set_u64(turn->arena, row, "clauses", json_member(annex, "clauses")->count);
    (void)(standing_goes_on(&all, turn_put_json(turn, turn_path(turn, "annex/revision/%08llu", (unsigned long long)number), row, 0)) &&
           standing_goes_on(&all, turn_put(turn, turn_path(turn, "annex/file/%08llu", (unsigned long long)number), turn->request->raw, 0)));
    return all;
}

static const struct json *numbered(struct turn *turn, const struct json *annex, uint64_t number, const struct json *digest)
{
    struct json *head = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, head, "revision", number);
    json_set_i64(turn->arena, head, "adopted_ms", turn->now_ms);
    json_set_string(turn->arena, head, "name", turn_query(turn, "name"));
    json_set(turn->arena, head, "digest", json_copy(turn->arena, digest));
    json_set_string(turn->arena, head, "by", turn->caller.name);
    for (const struct json *member = annex == NULL ? NULL : annex->first; member != NULL; member = member->next) {
        edit_carry(turn->arena, head, annex, arena_string(turn->arena, member->name));
    }
    return head;
}

static enum err reply_adopted(struct turn *turn, const struct json *annex, const struct json *changes)
{
    struct json *data = json_copy(turn->arena, annex);
    return json_set(turn->arena, data, "changes", json_copy(turn->arena, changes)) == NULL ? ERR_MEMORY : turn_reply_data(turn, data);
}

enum err operation_annex_adopt(struct turn *turn)
{
    struct world world;
    struct json *annex = NULL, *digest = NULL, *changes = NULL;
    const struct json *carried = NULL;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, standing_load(turn, &world)) && standing_goes_on(&all, digest_of(turn, &digest)));
    if (all == ERR_NONE && slice_equal(json_text(world.annex, "digest", SLICE_NONE), digest->text)) {
        return reply_adopted(turn, world.annex, json_new(turn->arena, JSON_ARRAY)); /* the same file again changes nothing */
    }
    (void)((all == ERR_NONE || all == ERR_NEED) && standing_goes_on(&all, read_document(turn, &annex)));
    if (all != ERR_NONE) {
        return all;
    }
    const struct json *before = world.annex;
    uint64_t number = (uint64_t)edit_number(before, "revision", 0) + 1;
    enum err err = adopt_carry(turn->arena, before, annex, &carried, &changes);
    const struct json *adopted = err == ERR_NONE ? numbered(turn, carried, number, digest) : NULL;
    if (adopted == NULL) {
        return err == ERR_NONE ? ERR_MEMORY : err;
    }
    (void)(standing_goes_on(&all, put_revision(turn, adopted, number)) && standing_goes_on(&all, drop_old_verdicts(turn, before, adopted)) &&
           standing_goes_on(&all, inventory_ensure(turn, &world)) && standing_goes_on(&all, standing_record(turn, &world, "annex.adopted", adopted, NULL)) &&
           standing_goes_on(&all, standing_refresh(turn, &world)));
    return all == ERR_NONE ? reply_adopted(turn, adopted, changes) : all;
}

enum err operation_annex_revisions(struct turn *turn)
{
    struct turn_names rows;
    enum err err = turn_list(turn, "annex/revision/", SLICE_NONE, REVISIONS_MAX, &rows);
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, data, "revisions");
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        if (err == ERR_NONE) {
            edit_set_time(turn->arena, row, "adopted", edit_number(row, "adopted_ms", 0));
            json_append(list, row);
        }
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

static enum err no_annex(struct turn *turn)
{
    return turn_refuse(turn, ERR_NOT_FOUND, TEXT("no annex is adopted yet; vogt adopt FILE takes one", "noch ist kein Anhang übernommen; vogt adopt DATEI übernimmt einen"), SLICE_NONE);
}

/* The verdict as it stood: from the clause's own history. */
static enum err verdict_at(struct turn *turn, const struct json *clause, int64_t at_ms, const char **ret_verdict, int64_t *ret_since_ms)
{
    struct slice id = json_text(clause, "id", SLICE_NONE);
    struct turn_names rows;
    enum err err = turn_list(turn, turn_path(turn, "history/%.*s/", (int)id.len, (const char *)id.data), SLICE_NONE, STANDING_LIST_MAX, &rows);
    const char *verdict = verdict_name(VERDICT_UNPROVEN);
    int64_t since_ms = 0;
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        if (err == ERR_NONE && edit_number(row, "at_ms", INT64_MAX) <= at_ms) {
            since_ms = edit_number(row, "at_ms", 0);
            verdict = verdict_name(verdict_of_name(json_text(row, "verdict", SLICE_NONE)));
        }
    }
    *ret_verdict = verdict;
    *ret_since_ms = since_ms;
    return err;
}

static enum err show_past(struct turn *turn, const struct world *world, struct slice at)
{
    int64_t at_ms = 0;
    uint64_t counts[VERDICT_COUNT] = {0};
    if (rfc3339_parse(at, &at_ms) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("at is a time such as 2026-11-23T09:00:00Z", "at ist ein Zeitpunkt wie 2026-11-23T09:00:00Z"), at);
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_new(turn->arena, JSON_ARRAY);
    enum err all = ERR_NONE;
    for (const struct json *clause = edit_items(world->annex, "clauses"); clause != NULL; clause = clause->next) {
        const char *verdict = NULL;
        int64_t since_ms = 0;
        if (!standing_goes_on(&all, verdict_at(turn, clause, at_ms, &verdict, &since_ms))) {
            return all;
        }
        struct json *one = json_append(list, json_new(turn->arena, JSON_OBJECT));
        edit_carry(turn->arena, one, clause, "id");
        edit_carry(turn->arena, one, clause, "section");
        edit_carry(turn->arena, one, clause, "text");
        json_set_string(turn->arena, one, "verdict", slice_string(verdict));
        edit_set_time(turn->arena, one, "since", since_ms);
        counts[verdict_of_name(slice_string(verdict))]++;
    }
    json_set_string(turn->arena, data, "at", at);
    struct json *counted = json_set_object(turn->arena, data, "counts");
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        json_set_u64(turn->arena, counted, verdict_name((enum verdict)i), counts[i]);
    }
    edit_carry(turn->arena, data, world->annex, "sections");
    json_set(turn->arena, data, "clauses", list);
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}

enum err operation_annex_current(struct turn *turn)
{
    struct world world;
    struct json *view = NULL;
    struct slice at = turn_query(turn, "at");
    enum err err = standing_load(turn, &world);
    if (err != ERR_NONE) {
        return err;
    }
    if (world.annex == NULL) {
        return no_annex(turn);
    }
    if (at.len > 0) {
        return show_past(turn, &world, at);
    }
    err = view_annex(turn, &world, &view);
    return err == ERR_NONE ? turn_reply_data(turn, view) : err;
}

static enum err add_history(struct turn *turn, struct json *view, struct slice id)
{
    struct turn_names rows;
    struct json *list = json_set_array(turn->arena, view, "history");
    enum err err = turn_list(turn, turn_path(turn, "history/%.*s/", (int)id.len, (const char *)id.data), SLICE_NONE, STANDING_LIST_MAX, &rows);
    for (size_t i = err == ERR_NONE && rows.count > HISTORY_SHOWN ? rows.count - HISTORY_SHOWN : 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        if (err == ERR_NONE) {
            const struct json *record = json_member(row, "record");
            struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
            edit_set_time(turn->arena, item, "at", edit_number(row, "at_ms", 0));
            edit_carry(turn->arena, item, row, "verdict");
            explain_set_reason(turn->arena, item, "reason", json_text(record, "reason", SLICE_NONE), json_member(record, "values"), json_text(record, "subject", SLICE_NONE),
                               json_text(record, "kind", SLICE_NONE));
        }
    }
    return err;
}

enum err operation_annex_clause(struct turn *turn)
{
    struct world world;
    const struct json *row = NULL;
    enum err err = standing_load(turn, &world);
    const struct json *clause = err == ERR_NONE ? world_clause(&world, turn->values[0]) : NULL;
    if (err != ERR_NONE) {
        return err;
    }
    if (clause == NULL) {
        return world.annex == NULL ? no_annex(turn) : turn_refuse(turn, ERR_NOT_FOUND, TEXT("the annex has no such sentence", "der Anhang hat keinen solchen Satz"), turn->values[0]);
    }
    err = turn_json(turn, standing_key(turn, "verdict", turn->values[0]), &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *view = NULL;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, view_clause_whole(turn, &world, clause, row, &view)) && standing_goes_on(&all, add_history(turn, view, turn->values[0])));
    return all == ERR_NONE ? turn_reply_data(turn, view) : all;
}
