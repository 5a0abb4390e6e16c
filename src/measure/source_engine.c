/*
 * estate/sources: read accesses to providers, which tell what there is. A row source/NAME holds kind, address, options and credential, sealed like every
 * row; the credential leaves it only into the input of the one task that asks the provider, and no reply shows it.
 */
#include "measure/operations.h"

#include "collect/source_kinds.h"
#include "measure/edit.h"
#include "measure/inventory.h"
#include "measure/observe.h"
#include "measure/view.h"

#include <string.h>

enum { NAME_MAX_BYTES = 64, SOURCES_MAX = 200 };

static struct slice source_id(struct turn *turn, struct slice name)
{
    char *id = turn_path(turn, "source:%.*s", (int)name.len, (const char *)name.data);
    return id == NULL ? SLICE_NONE : slice_string(id);
}

static bool name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= NAME_MAX_BYTES && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-._") && !byte_is_among(name.data[0], "-._");
}

static enum err read_source(struct turn *turn, struct slice name, const struct json **ret_row)
{
    enum err err = turn_json(turn, standing_key(turn, "source", name), ret_row);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, err, TEXT("there is no such source", "diese Quelle gibt es nicht"), name) : err;
}

/* ---- setting up ---- */

static struct json *feeds_of(struct arena *arena, const struct source_kind *kind)
{
    struct json *feeds = json_new(arena, JSON_ARRAY);
    struct slice rest = slice_string(kind->feeds), one;
    while (slice_split(&rest, ' ', &one)) {
        if (one.len > 0) {
            json_append(feeds, json_string(arena, one));
        }
    }
    return feeds;
}

static struct json *subject_of(struct turn *turn, struct slice name, const struct source_kind *kind, struct slice address)
{
    struct json *subject = json_new(turn->arena, JSON_OBJECT), *attributes = NULL;
    json_set_string(turn->arena, subject, "id", source_id(turn, name));
    json_set_string(turn->arena, subject, "kind", SLICE_LITERAL("source"));
    json_set_string(turn->arena, subject, "name", name);
    json_set_string(turn->arena, subject, "source", SLICE_LITERAL("configured"));
    json_set_bool(turn->arena, subject, "confirmed", true);
    attributes = json_set_object(turn->arena, subject, "attributes");
    json_set_string(turn->arena, attributes, "kind", slice_string(kind->id));
    json_set_string(turn->arena, attributes, "address", address);
    return json_set(turn->arena, attributes, "feeds", feeds_of(turn->arena, kind)) == NULL ? NULL : subject;
}

/* The ports go along, because the task's process may reach no others. */
static enum err set_ports(struct turn *turn, struct json *row, const struct source_kind *kind, struct slice address, const struct json *options)
{
    uint16_t ports[2];
    size_t count = source_ports(kind, address, json_text(options, "token_address", SLICE_NONE), ports);
    if (count == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the address is not one like https://host[:port]", "die Adresse hat nicht die Form https://host[:port]"), address);
    }
    json_set_u64(turn->arena, row, "port", ports[0]);
    struct json *list = json_set_array(turn->arena, row, "ports");
    for (size_t i = 0; i < count; i++) {
        json_append(list, json_number_u64(turn->arena, ports[i]));
    }
    return list == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err record(struct turn *turn, const char *type, struct slice name, const struct json *row)
{
    static const char *const carried[] = {"kind", "address", "options"};
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "name", name);
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, body, row, carried[i]); /* the credential is nobody's to read */
    }
    return json_set_string(turn->arena, body, "by", turn->caller.name) == NULL ? ERR_MEMORY : turn_evidence(turn, type, body, NULL);
}

static enum err row_of(struct turn *turn, const struct source_kind *kind, const struct json *before, struct json **ret_row)
{
    const struct json *credential = json_member(turn->request->body, "credential"), *options = json_member(turn->request->body, "options");
    struct slice address = turn_field(turn, "address");
    address = address.len == 0 ? slice_string(kind->address) : address;
    if (address.len == 0 && json_text(options, "text", SLICE_NONE).len > 0) {
        address = SLICE_LITERAL("https://localhost"); /* the text is the source: no address is used */
    }
    bool same_place = slice_is(json_text(before, "kind", SLICE_NONE), kind->id) && slice_equal(json_text(before, "address", SLICE_NONE), address);
    if (credential == NULL && before != NULL && !same_place) {
        /* what was given for one place is not carried to another */
        return turn_refuse(turn, ERR_INVALID, TEXT("another kind or address needs its credential anew", "andere Art oder Adresse braucht die Zugangsdaten neu"), SLICE_LITERAL("credential"));
    }
    credential = credential == NULL ? json_member(before, "credential") : credential;
    enum err err = source_check(kind, credential, options, &turn->complaint);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "kind", slice_string(kind->id));
    json_set_string(turn->arena, row, "address", address);
    err = set_ports(turn, row, kind, address, options);
    json_set(turn->arena, row, "credential", credential == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, credential));
    json_set(turn->arena, row, "options", options == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, options));
    *ret_row = row;
    return err == ERR_NONE && json_set_i64(turn->arena, row, "set_ms", turn->now_ms) == NULL ? ERR_MEMORY : err;
}

static enum err reply_source(struct turn *turn, struct slice name);

enum err operation_source_write(struct turn *turn)
{
    struct world world;
    struct slice name = turn->values[0];
    const struct source_kind *kind = source_kind_find(turn_field(turn, "kind"));
    const struct json *before = NULL;
    struct json *row = NULL;
    if (!name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a source's name is 1 to 64 of a-z 0-9 - . _", "der Name einer Quelle hat 1 bis 64 Zeichen aus a-z 0-9 - . _"), name);
    }
    if (kind == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("there is no such kind of source; estate/sources lists them", "diese Art von Quelle gibt es nicht; estate/sources nennt sie"), turn_field(turn, "kind"));
    }
    enum err all = ERR_NONE, err = turn_json(turn, standing_key(turn, "source", name), &before);
    before = err == ERR_NONE ? before : NULL;
    (void)(standing_goes_on(&all, err == ERR_NOT_FOUND ? ERR_NONE : err) && standing_goes_on(&all, standing_load(turn, &world)));
    if (all != ERR_NONE) {
        return all;
    }
    all = row_of(turn, kind, before, &row);
    if (all != ERR_NONE) {
        return all;
    }
    struct json *put = json_new(turn->arena, JSON_ARRAY);
    json_append(put, subject_of(turn, name, kind, json_text(row, "address", SLICE_NONE)));
    struct estate_change change = {.put = put, .by = turn->caller.name};
    (void)(standing_goes_on(&all, turn_put_json(turn, standing_key(turn, "source", name), row, 0)) && standing_goes_on(&all, record(turn, "source.set", name, row)) &&
           standing_goes_on(&all, standing_estate_change(turn, &world, &change)) && standing_goes_on(&all, standing_refresh(turn, &world)));
    return all == ERR_NONE ? reply_source(turn, name) : all;
}

/* What it found stays in scope; nobody finds it any more, so that it waits in the inbox or ages. */
enum err operation_source_delete(struct turn *turn)
{
    struct world world;
    struct slice name = turn->values[0];
    const struct json *row = NULL;
    enum err all = read_source(turn, name, &row);
    all = all == ERR_NONE ? standing_load(turn, &world) : all;
    if (all != ERR_NONE) {
        return all;
    }
    struct json *removed = json_new(turn->arena, JSON_ARRAY);
    json_append(removed, json_string(turn->arena, source_id(turn, name)));
    struct estate_change change = {.removed = removed, .by = turn->caller.name};
    (void)(standing_goes_on(&all, turn_delete(turn, standing_key(turn, "source", name))) && standing_goes_on(&all, record(turn, "source.removed", name, row)) &&
           standing_goes_on(&all, standing_estate_change(turn, &world, &change)) && standing_goes_on(&all, standing_refresh(turn, &world)));
    return all == ERR_NONE ? turn_reply_none(turn) : all;
}

enum err operation_source_run(struct turn *turn)
{
    struct world world;
    struct slice name = turn->values[0];
    struct watch watch = {SLICE_LITERAL("source"), source_id(turn, name)};
    const struct json *row = NULL;
    uint64_t observed = 0, failed = 0;
    enum err err = read_source(turn, name, &row);
    err = err == ERR_NONE ? standing_load(turn, &world) : err;
    err = err == ERR_NONE ? observe_run(turn, &world, &watch, 1, &observed, &failed) : err;
    err = err == ERR_NONE ? standing_refresh(turn, &world) : err;
    return err == ERR_NONE ? reply_source(turn, name) : err;
}

/* ---- showing ---- */

/* Which fields of the credential are set, never what stands in them. */
static struct json *fields_set(struct arena *arena, const struct json *credential)
{
    struct json *list = json_new(arena, JSON_ARRAY);
    for (const struct json *field = credential == NULL ? NULL : credential->first; field != NULL; field = field->next) {
        json_append(list, json_string(arena, field->name));
    }
    return list;
}

static enum err put_standing(struct turn *turn, struct json *item, const char *name, const char *kind, struct slice id)
{
    struct member member;
    enum err err = standing_member(turn, slice_string(kind), id, &member);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    struct judgement judgement = verdict_member(&member, slice_string(kind), (int64_t)KINDS_POPULATION_MAX_AGE_S * 1000, turn->now_ms);
    struct json *shown = json_set_object(turn->arena, item, name);
    json_set_string(turn->arena, shown, "verdict", slice_string(verdict_name(judgement.verdict)));
    explain_set(turn->arena, shown, "reason", &judgement);
    edit_set_time(turn->arena, shown, "observed", judgement.oldest_ms);
    if (member.observation != NULL) {
        json_set_u64(turn->arena, shown, "index", member.index);
    }
    return ERR_NONE;
}

static enum err put_powers(struct turn *turn, struct json *item, struct slice id)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, turn_path(turn, "schedule/source/%.*s", (int)id.len, (const char *)id.data), &row);
    struct json *list = json_set_array(turn->arena, item, "powers");
    for (const struct json *one = err == ERR_NONE ? edit_items(row, "powers") : NULL; one != NULL; one = one->next) {
        struct json *holder = json_new(turn->arena, JSON_OBJECT);
        explain_set_reason(turn->arena, holder, "words", json_text(one, "reason", SLICE_NONE), json_member(one, "values"), id, SLICE_LITERAL("source"));
        json_append(list, json_copy(turn->arena, json_member(holder, "words")));
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err put_found(struct turn *turn, struct json *item, struct slice id)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, inventory_found_path(turn, SLICE_LITERAL("source"), id), &row);
    const struct json *found = err == ERR_NONE ? json_member(row, "found") : NULL, *gone = err == ERR_NONE ? json_member(row, "gone") : NULL;
    json_set_u64(turn->arena, item, "found", found == NULL ? 0 : found->count);
    json_set_u64(turn->arena, item, "gone", gone == NULL ? 0 : gone->count);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err describe(struct turn *turn, struct slice name, const struct json *row, struct json *item)
{
    static const char *const carried[] = {"kind", "address", "options"};
    struct slice id = source_id(turn, name);
    const struct source_kind *kind = source_kind_find(json_text(row, "kind", SLICE_NONE));
    enum err all = ERR_NONE;
    json_set_string(turn->arena, item, "name", name);
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, item, row, carried[i]);
    }
    json_set(turn->arena, item, "credential_fields", fields_set(turn->arena, json_member(row, "credential")));
    edit_set_time(turn->arena, item, "set", edit_number(row, "set_ms", 0));
    if (kind != NULL) {
        explain_set_text(turn->arena, item, "title", kind->title);
        json_set(turn->arena, item, "feeds", feeds_of(turn->arena, kind));
    }
    (void)(standing_goes_on(&all, put_standing(turn, item, "complete", "source.complete", id)) &&
           standing_goes_on(&all, put_standing(turn, item, "read_only", "source.read-only", id)) && standing_goes_on(&all, put_powers(turn, item, id)) &&
           standing_goes_on(&all, put_found(turn, item, id)));
    return all;
}

static enum err reply_source(struct turn *turn, struct slice name)
{
    const struct json *row = NULL;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    enum err err = read_source(turn, name, &row);
    err = err == ERR_NONE ? describe(turn, name, row, data) : err;
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_source_read(struct turn *turn)
{
    return reply_source(turn, turn->values[0]);
}

static void put_kinds(struct turn *turn, struct json *data)
{
    size_t kind_count = 0, field_count = 0;
    const struct source_kind *kinds = source_kind_all(&kind_count);
    const struct source_field *fields = source_field_all(&field_count);
    struct json *list = json_set_array(turn->arena, data, "kinds");
    for (size_t i = 0; i < kind_count; i++) {
        struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT)), *shown = NULL;
        json_set_string(turn->arena, item, "id", slice_string(kinds[i].id));
        explain_set_text(turn->arena, item, "title", kinds[i].title);
        explain_set_text(turn->arena, item, "rights", kinds[i].rights);
        json_set_string(turn->arena, item, "address", slice_string(kinds[i].address));
        json_set(turn->arena, item, "feeds", feeds_of(turn->arena, &kinds[i]));
        shown = json_set_array(turn->arena, item, "fields");
        for (size_t f = 0; f < field_count; f++) {
            if (strcmp(fields[f].kind, kinds[i].id) != 0) {
                continue;
            }
            struct json *field = json_append(shown, json_new(turn->arena, JSON_OBJECT));
            json_set_string(turn->arena, field, "name", slice_string(fields[f].name));
            json_set_bool(turn->arena, field, "credential", fields[f].credential);
            json_set_bool(turn->arena, field, "required", fields[f].required);
            json_set_bool(turn->arena, field, "secret", fields[f].secret);
            json_set_string(turn->arena, field, "form", slice_string(source_field_form(&fields[f])));
            explain_set_text(turn->arena, field, "title", fields[f].title);
        }
    }
}

enum err operation_sources_list(struct turn *turn)
{
    struct turn_names rows = {0};
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, data, "sources");
    enum err all = turn_list(turn, "source/", SLICE_NONE, SOURCES_MAX, &rows);
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < rows.count; i++) {
        struct json *row = NULL;
        enum err err = json_unpack(turn->arena, rows.bytes[i], &row);
        struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
        (void)standing_goes_on(&all, err == ERR_NONE ? describe(turn, slice_from(rows.names[i], sizeof "source/" - 1), row, item) : ERR_DAMAGED);
    }
    put_kinds(turn, data);
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}
