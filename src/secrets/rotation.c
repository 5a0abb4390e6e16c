/*
 * sys/rotation: secrets of kv mounts (version 2) that are changed by themselves. A hook sets the new value at the target; only when the target really takes it the
 * new version is written, and from then on the probe "rotation" shows that the target refuses the old one.
 *
 *   rotation/PATH   {"field","every_s","length","hook":{"hook","port","token","authorities_pem"},"target","port","user","authorities_pem","set_ms","by",
 *                    "current","paused","old"?,"rotated_at_ms"?,"version"?,"fresh"?,"id"?,"failed"?:{"at_ms","english","german","detail"}}
 *
 *        ┌── "fresh" is drawn and stored ──> hook told ──> target asked ──taken──> new version, "current" becomes "old" ──> due after `every`
 *        └────────────────────────────────── either fails: the same "fresh" again after ten minutes ◄──┘
 *
 * "paused": none begins by itself; one that has begun goes on to its end, because the target may have its value.
 * "fresh" is committed before anybody is told of it, so that no value that a target may have taken is ever lost. No reply, record or error shows a value or the token.
 */
#include "secrets/rotation.h"

#include "crypto/secret.h"
#include "engine/job.h"
#include "engine/policy.h"
#include "measure/edit.h"
#include "measure/observe.h"
#include "measure/standing.h"
#include "secrets/kv2.h"

enum { EVERY_MIN_S = 3600, EVERY_MAX_S = 3660 * 86400, LENGTH_DEFAULT = 32, LENGTH_MIN = 12, LENGTH_MAX = 128, LISTED_MAX = 1000, AGAIN_MS = 600000, ID_BYTES = 16, TEXT_MAX_BYTES = 2048, PEM_MAX_BYTES = 64 << 10 };

static char *row_path(struct turn *turn, struct slice path)
{
    return turn_path(turn, "rotation/%.*s", (int)path.len, (const char *)path.data);
}

static struct slice subject_id(struct turn *turn, struct slice path)
{
    char *id = turn_path(turn, "secret:%.*s", (int)path.len, (const char *)path.data);
    return id == NULL ? SLICE_NONE : slice_string(id);
}

static struct json *job_input(struct turn *turn, struct slice path)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    return json_set_string(turn->arena, input, "path", path) == NULL ? NULL : input;
}

static enum err load(struct turn *turn, struct slice path, const struct json **ret_row)
{
    enum err err = path.len == 0 || path.len > KV2_PATH_MAX_BYTES ? ERR_NOT_FOUND : turn_json(turn, row_path(turn, path), ret_row);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, err, TEXT("no rotation is set for this path", "für diesen Pfad ist keine Rotation eingerichtet"), path) : err;
}

/* ---- the secret ---- */

struct rotated {
    struct mount mount;
    struct slice rest;                  /* the path within the mount */
    struct kv2_secret secret;
    const struct json *data;            /* of the newest version */
};

static enum err no_secret(struct turn *turn, struct slice path)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("there is no secret of a kv mount with versions at this path", "unter diesem Pfad liegt kein Secret eines kv-Mounts mit Versionen"), path);
}

/* Sets turn->mount while it is needed: kv's functions work on the turn's own mount. */
static enum err load_secret(struct turn *turn, struct slice path, struct rotated *rotated)
{
    enum err err = mount_find(turn, path, &rotated->mount, &rotated->rest);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? no_secret(turn, path) : err;
    }
    bool is_versioned = slice_is(json_text(rotated->mount.row, "type", SLICE_NONE), "kv") && slice_is(json_text(json_member(rotated->mount.row, "options"), "version", SLICE_NONE), "2");
    if (!is_versioned || !kv2_path_is_good(rotated->rest)) {
        return no_secret(turn, path);
    }
    turn->mount = &rotated->mount;
    err = kv2_load(turn, rotated->rest, &rotated->secret);
    const struct kv2_version *newest = err == ERR_NONE ? kv2_version(&rotated->secret, rotated->secret.current) : NULL;
    if (newest != NULL && !newest->is_destroyed && !kv2_is_deleted(newest, turn->now_ms)) {
        err = kv2_data(turn, &rotated->secret, newest, &rotated->data);
    }
    turn->mount = NULL;
    return err == ERR_NOT_FOUND || (err == ERR_NONE && rotated->data == NULL) ? no_secret(turn, path) : err;
}

static const struct json *value_of(const struct rotated *rotated, struct slice field)
{
    for (const struct json *one = rotated->data == NULL ? NULL : rotated->data->first; one != NULL; one = one->next) {
        if (slice_equal(one->name, field)) {
            return one->type == JSON_STRING && one->text.len > 0 ? one : NULL;
        }
    }
    return NULL;
}

/* ---- the target ---- */

/* Errors that are about Vogt itself, not about the hook, the target or the secret. */
static bool is_own(enum err err)
{
    return err == ERR_NEED || err == ERR_MEMORY || err == ERR_SEALED || err == ERR_FORGED || err == ERR_DAMAGED;
}

static enum err ask_target(struct turn *turn, const struct json *row, const struct json **ret_output)
{
    static const char *const asked[] = {"target", "port", "user", "authorities_pem"};
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        edit_carry(turn->arena, input, row, asked[i]);
    }
    json_set_string(turn->arena, input, "value", json_text(row, "fresh", SLICE_NONE));
    return turn_work(turn, ROLE_REACH, "credential.try", input, SLICE_NONE, ret_output, NULL, NULL);
}

/* ---- setting up ---- */

/* "scheme://host[:port]/…": the port, which the task's process may connect to. reach reads the whole address again, and strictly. */
static bool port_of(struct slice text, bool may_be_postgres, uint64_t *ret_port)
{
    static const struct {
        const char *scheme;
        uint64_t port;
    } schemes[] = {{"https://", 443}, {"http://", 80}, {"postgres://", 0}};
    for (size_t i = 0; i < (may_be_postgres ? 3u : 2u); i++) {
        if (!slice_starts(text, slice_string(schemes[i].scheme))) {
            continue;
        }
        struct slice rest = slice_from(text, slice_string(schemes[i].scheme).len);
        size_t slash = slice_find_byte(rest, '/'), bracket = slice_find_byte(rest, ']');
        rest = slice_first(rest, slash == SIZE_MAX ? rest.len : slash);
        rest = bracket != SIZE_MAX && bracket < rest.len ? slice_from(rest, bracket + 1) : rest;
        size_t colon = slice_find_byte(rest, ':');
        *ret_port = schemes[i].port;
        return (colon == SIZE_MAX ? schemes[i].port > 0 : slice_to_u64(slice_from(rest, colon + 1), ret_port) == ERR_NONE) && *ret_port > 0 && *ret_port <= UINT16_MAX;
    }
    return false;
}

static enum err take_address(struct turn *turn, struct json *row, const char *name, bool may_be_postgres)
{
    struct slice text = turn_field(turn, name);
    uint64_t port = 0;
    if (text.len > TEXT_MAX_BYTES || !port_of(text, may_be_postgres, &port)) {
        return turn_refuse(turn, ERR_INVALID, may_be_postgres ? TEXT("target is https://HOST/PATH or postgres://HOST:PORT/DATABASE", "target ist https://RECHNER/PFAD oder postgres://RECHNER:PORT/DATENBANK")
                                                              : TEXT("hook is https://HOST/PATH", "hook ist https://RECHNER/PFAD"), text);
    }
    json_set_string(turn->arena, row, name, text);
    return json_set_u64(turn->arena, row, "port", port) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* Authorities stay with their address until others are given: "" for none. */
static enum err take_pem(struct turn *turn, struct json *row, const char *field, const char *address, const struct json *before)
{
    bool stays = json_member(turn->request->body, field) == NULL && slice_equal(json_text(before, address, SLICE_NONE), json_text(row, address, SLICE_NONE));
    struct slice pem = stays ? json_text(before, "authorities_pem", SLICE_NONE) : turn_field(turn, field);
    if (pem.len > PEM_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("these certificates are longer than 64 KiB", "diese Zertifikate sind länger als 64 KiB"), slice_string(field));
    }
    return pem.len > 0 && json_set_string(turn->arena, row, "authorities_pem", pem) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err take_number(struct turn *turn, const char *name, uint64_t usual, uint64_t least, uint64_t most, uint64_t *ret_value)
{
    *ret_value = usual;
    if (json_member(turn->request->body, name) == NULL) {
        return usual > 0 ? ERR_NONE : turn_refuse(turn, ERR_INVALID, TEXT("this field is missing", "dieses Feld fehlt"), slice_string(name));
    }
    bool good = json_u64(turn->request->body, name, ret_value) == ERR_NONE && *ret_value >= least && *ret_value <= most;
    return good ? ERR_NONE : turn_refuse(turn, ERR_INVALID, TEXT("every is from one hour to ten years, length from 12 to 128", "every reicht von einer Stunde bis zehn Jahre, length von 12 bis 128"), slice_string(name));
}

/* Whoever lets a secret be changed must be allowed to read and to change it: this is no way around rules. */
static enum err may_change(struct turn *turn, const struct rotated *rotated)
{
    struct grant grant = {0};
    char *whole = turn_path(turn, "%.*s/data/%.*s", (int)rotated->mount.path.len, (const char *)rotated->mount.path.data, (int)rotated->rest.len, (const char *)rotated->rest.data);
    enum err err = turn->caller.is_root ? ERR_NONE : policy_grant(turn, turn->caller.policies, slice_string(whole), &grant);
    unsigned needed = CAPABILITY_READ | CAPABILITY_UPDATE;
    return err == ERR_NONE && !turn->caller.is_root && (grant.capabilities & needed) != needed ? ERR_DENIED : err;
}

/* The same value of the same account at the same target: only how it is changed may be another. */
static bool is_same_place(const struct turn *turn, const struct json *before)
{
    static const char *const members[] = {"field", "user", "target"};
    bool is_same = before != NULL;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        is_same = is_same && slice_equal(json_text(before, members[i], SLICE_NONE), turn_field(turn, members[i]));
    }
    return is_same;
}

static enum err row_of_body(struct turn *turn, const struct rotated *rotated, const struct json *before, struct json **ret_row)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT), *hook = json_set_object(turn->arena, row, "hook");
    struct slice field = turn_field(turn, "field"), user = turn_field(turn, "user"), token = turn_field(turn, "hook_token");
    uint64_t every_s = 0, length = 0;
    const struct json *value = value_of(rotated, field), *same = json_member(before, "hook");
    /* what was given for one place is not carried to another */
    bool keeps_token = token.len == 0 && slice_equal(json_text(same, "hook", SLICE_NONE), turn_field(turn, "hook"));
    token = keeps_token ? json_text(same, "token", SLICE_NONE) : token;
    if (value == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the secret has no such field with a text", "das Secret hat kein solches Feld mit einem Text"), field);
    }
    if (user.len == 0 || token.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this field is missing", "dieses Feld fehlt"), slice_string(user.len == 0 ? "user" : "hook_token"));
    }
    enum err err = take_number(turn, "every", 0, EVERY_MIN_S, EVERY_MAX_S, &every_s);
    err = err == ERR_NONE ? take_number(turn, "length", LENGTH_DEFAULT, LENGTH_MIN, LENGTH_MAX, &length) : err;
    err = err == ERR_NONE ? take_address(turn, hook, "hook", false) : err;
    err = err == ERR_NONE ? take_pem(turn, hook, "hook_authorities_pem", "hook", same) : err;
    err = err == ERR_NONE ? take_address(turn, row, "target", true) : err;
    err = err == ERR_NONE ? take_pem(turn, row, "target_authorities_pem", "target", before) : err;
    json_set_string(turn->arena, hook, "token", token);
    json_set_string(turn->arena, row, "field", field);
    json_set_string(turn->arena, row, "user", user);
    json_set_u64(turn->arena, row, "every_s", every_s);
    json_set_u64(turn->arena, row, "length", length);
    json_set_i64(turn->arena, row, "set_ms", turn->now_ms);
    json_set_string(turn->arena, row, "by", turn->caller.name);
    json_set_string(turn->arena, row, "current", value->text);
    json_set_bool(turn->arena, row, "paused", json_bool(before, "paused", false));
    static const char *const carried[] = {"old", "rotated_at_ms", "version", "fresh", "id", "failed"};
    for (size_t i = 0; is_same_place(turn, before) && i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, row, before, carried[i]);
    }
    *ret_row = row;
    return err;
}

static struct json *subject_of(struct turn *turn, struct slice path)
{
    struct json *subject = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, subject, "id", subject_id(turn, path));
    json_set_string(turn->arena, subject, "kind", SLICE_LITERAL("secret"));
    json_set_string(turn->arena, subject, "name", path);
    json_set_string(turn->arena, subject, "source", SLICE_LITERAL("configured"));
    json_set_bool(turn->arena, subject, "confirmed", true);
    return json_set_object(turn->arena, subject, "attributes") == NULL ? NULL : subject;
}

static int64_t due_ms(const struct json *row)
{
    int64_t rotated_ms = edit_number(row, "rotated_at_ms", 0);
    return (rotated_ms > 0 ? rotated_ms : edit_number(row, "set_ms", 0)) + edit_number(row, "every_s", 0) * 1000;
}

/* What is said of a rotation, in replies and records: no value, no token. */
static struct json *shown(struct turn *turn, struct slice path, const struct json *row)
{
    static const char *const told[] = {"field", "every_s", "length", "target", "user", "version", "failed"};
    struct json *tree = json_new(turn->arena, JSON_OBJECT);
    int64_t rotated_ms = edit_number(row, "rotated_at_ms", 0);
    json_set_string(turn->arena, tree, "path", path);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        edit_carry(turn->arena, tree, row, told[i]);
    }
    json_set_string(turn->arena, tree, "hook", json_text(json_member(row, "hook"), "hook", SLICE_NONE));
    json_set_bool(turn->arena, tree, "under_way", json_member(row, "fresh") != NULL);
    json_set_bool(turn->arena, tree, "paused", json_bool(row, "paused", false));
    edit_set_time(turn->arena, tree, "rotated", rotated_ms);
    edit_set_time(turn->arena, tree, "due", due_ms(row));
    return tree;
}

/* When it is due again, or never while it is paused. */
static enum err schedule(struct turn *turn, struct slice path, const struct json *row)
{
    bool is_under_way = json_member(row, "fresh") != NULL, rests = json_bool(row, "paused", false) && !is_under_way;
    return rests ? job_end(turn, JOB_SECRET_ROTATE, path) : job_put(turn, JOB_SECRET_ROTATE, path, job_input(turn, path), is_under_way ? turn->now_ms + AGAIN_MS : due_ms(row));
}

static enum err record(struct turn *turn, const char *type, struct slice path, const struct json *row, struct slice by)
{
    struct json *body = shown(turn, path, row);
    return json_set_string(turn->arena, body, "by", by) == NULL ? ERR_MEMORY : turn_evidence(turn, type, body, NULL);
}

static enum err refuse_under_way(struct turn *turn, struct slice path)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("a rotation is under way, and its target may have the new value already; run it again until it ends", "eine Rotation läuft, und ihr Ziel hat den neuen Wert vielleicht schon; erneut ausführen, bis sie endet"), path);
}

enum err operation_rotation_write(struct turn *turn)
{
    struct world world;
    struct slice path = turn->values[0];
    struct rotated rotated = {0};
    const struct json *before = NULL;
    struct json *row = NULL, *put = json_new(turn->arena, JSON_ARRAY);
    enum err err = path.len > KV2_PATH_MAX_BYTES ? no_secret(turn, path) : load_secret(turn, path, &rotated);
    err = err == ERR_NONE ? may_change(turn, &rotated) : err;
    err = err == ERR_NONE ? turn_json(turn, row_path(turn, path), &before) : err;
    err = err == ERR_NOT_FOUND ? ERR_NONE : err;
    err = err == ERR_NONE && json_member(before, "fresh") != NULL && !is_same_place(turn, before) ? refuse_under_way(turn, path) : err;
    err = err == ERR_NONE ? row_of_body(turn, &rotated, before, &row) : err;
    err = err == ERR_NONE ? standing_load(turn, &world) : err;
    if (err != ERR_NONE) {
        return err;
    }
    enum err all = ERR_NONE;
    json_append(put, subject_of(turn, path));
    struct estate_change change = {.put = put, .by = turn->caller.name};
    (void)(standing_goes_on(&all, turn_put_json(turn, row_path(turn, path), row, 0)) && standing_goes_on(&all, record(turn, "rotation.set", path, row, turn->caller.name)) &&
           standing_goes_on(&all, schedule(turn, path, row)) &&
           standing_goes_on(&all, standing_estate_change(turn, &world, &change)) && standing_goes_on(&all, standing_refresh(turn, &world)));
    return all == ERR_NONE ? turn_reply_data(turn, shown(turn, path, row)) : all;
}

/* A value that was drawn may be given up when the target does not take it: then nobody has it. */
static enum err may_give_up(struct turn *turn, struct slice path, const struct json *row)
{
    const struct json *output = NULL;
    enum err err = json_member(row, "fresh") == NULL ? ERR_NOT_FOUND : ask_target(turn, row, &output);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : is_own(err) ? err : refuse_under_way(turn, path);
    }
    return slice_is(json_text(output, "state", SLICE_NONE), "refused") ? ERR_NONE : refuse_under_way(turn, path);
}

enum err operation_rotation_delete(struct turn *turn)
{
    struct world world;
    struct slice path = turn->values[0];
    const struct json *row = NULL;
    struct json *removed = json_new(turn->arena, JSON_ARRAY);
    enum err err = load(turn, path, &row);
    err = err == ERR_NONE ? may_give_up(turn, path, row) : err;
    err = err == ERR_NONE ? standing_load(turn, &world) : err;
    if (err != ERR_NONE) {
        return err;
    }
    enum err all = ERR_NONE;
    json_append(removed, json_string(turn->arena, subject_id(turn, path)));
    struct estate_change change = {.removed = removed, .by = turn->caller.name};
    (void)(standing_goes_on(&all, turn_delete(turn, row_path(turn, path))) && standing_goes_on(&all, job_end(turn, JOB_SECRET_ROTATE, path)) &&
           standing_goes_on(&all, record(turn, "rotation.removed", path, row, turn->caller.name)) && standing_goes_on(&all, standing_estate_change(turn, &world, &change)) &&
           standing_goes_on(&all, standing_refresh(turn, &world)));
    return all == ERR_NONE ? turn_reply_none(turn) : all;
}

enum err operation_rotation_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = load(turn, turn->values[0], &row);
    return err == ERR_NONE ? turn_reply_data(turn, shown(turn, turn->values[0], row)) : err;
}

enum err operation_rotation_list(struct turn *turn)
{
    struct turn_names rows = {0};
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys"), *info = json_set_object(turn->arena, data, "key_info");
    enum err err = turn_list(turn, "rotation/", turn_query(turn, "after").len == 0 ? SLICE_NONE : slice_string(row_path(turn, turn_query(turn, "after"))), LISTED_MAX, &rows);
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        struct slice path = slice_from(rows.names[i], sizeof "rotation/" - 1);
        err = json_unpack(turn->arena, rows.bytes[i], &row) == ERR_NONE ? ERR_NONE : ERR_DAMAGED;
        json_append(keys, json_string(turn->arena, path));
        json_set(turn->arena, info, arena_string(turn->arena, path), shown(turn, path, row));
    }
    return err != ERR_NONE ? err : keys->count == 0 ? ERR_NOT_FOUND : turn_reply_data(turn, data);
}

/* Begins now; how it ended is read afterwards. */
enum err operation_rotation_run(struct turn *turn)
{
    struct slice path = turn->values[0];
    const struct json *row = NULL;
    enum err err = load(turn, path, &row);
    err = err == ERR_NONE ? job_put(turn, JOB_SECRET_ROTATE, path, job_input(turn, path), turn->now_ms) : err;
    return err == ERR_NONE ? turn_reply_data(turn, shown(turn, path, row)) : err;
}

enum err operation_rotation_pause(struct turn *turn)
{
    struct slice path = turn->values[0];
    const struct json *row = NULL;
    bool pauses = json_bool(turn->request->body, "paused", true);
    enum err err = load(turn, path, &row);
    if (err != ERR_NONE || json_member(row, "fresh") != NULL) {
        return err == ERR_NONE ? refuse_under_way(turn, path) : err;
    }
    row = edit_with(turn->arena, row, "paused", json_boolean(turn->arena, pauses));
    err = row == NULL ? ERR_MEMORY : turn_put_json(turn, row_path(turn, path), row, 0);
    err = err == ERR_NONE ? record(turn, pauses ? "rotation.paused" : "rotation.resumed", path, row, turn->caller.name) : err;
    err = err == ERR_NONE ? schedule(turn, path, row) : err;
    return err == ERR_NONE ? turn_reply_data(turn, shown(turn, path, row)) : err;
}

/* ---- rotating: turns of keep's own ---- */

/* Letters and digits: every target takes them. Of the 256 values of a byte the last eight are passed over, so that all letters are as likely. */
static struct slice draw(struct turn *turn, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t bytes[4 * LENGTH_MAX];
    char *text = arena_alloc(turn->arena, LENGTH_MAX + 1);
    size_t count = 0;
    turn_random(turn, bytes, sizeof bytes);
    for (size_t i = 0; text != NULL && i < sizeof bytes && count < length; i++) {
        if (bytes[i] < 248) {
            text[count++] = letters[bytes[i] % 62];
        }
    }
    wipe(bytes, sizeof bytes);
    return text == NULL || count < length ? SLICE_NONE : slice_of(text, length);
}

static struct slice draw_id(struct turn *turn)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[ID_BYTES];
    char *text = arena_alloc(turn->arena, 2 * ID_BYTES);
    turn_random(turn, bytes, sizeof bytes);
    for (size_t i = 0; text != NULL && i < ID_BYTES; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text == NULL ? SLICE_NONE : slice_of(text, 2 * ID_BYTES);
}

static enum err begin(struct turn *turn, struct slice path, const struct json *row)
{
    uint64_t length = LENGTH_DEFAULT;
    (void)!json_u64(row, "length", &length);
    struct slice fresh = draw(turn, (size_t)length), id = draw_id(turn);
    if (fresh.len == 0 || id.len == 0) {
        return ERR_MEMORY;
    }
    row = edit_with(turn->arena, row, "fresh", json_string(turn->arena, fresh));
    row = edit_with(turn->arena, row, "id", json_string(turn->arena, id));
    enum err err = row == NULL ? ERR_MEMORY : turn_put_json(turn, row_path(turn, path), row, 0);
    return err == ERR_NONE ? job_put(turn, JOB_SECRET_ROTATE, path, job_input(turn, path), turn->now_ms) : err;
}

static enum err fail(struct turn *turn, struct slice path, const struct json *row, struct text why, struct slice detail)
{
    struct json *failed = json_new(turn->arena, JSON_OBJECT);
    edit_set_time(turn->arena, failed, "at", turn->now_ms);
    json_set_string(turn->arena, failed, "english", slice_string(why.english));
    json_set_string(turn->arena, failed, "german", slice_string(why.german));
    json_set_string(turn->arena, failed, "detail", detail);
    row = edit_with(turn->arena, row, "failed", failed);
    turn->complaint = (struct complaint){0};
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, turn_put_json(turn, row_path(turn, path), row, 0)) && standing_goes_on(&all, record(turn, "rotation.failed", path, row, SLICE_LITERAL("vogt"))) &&
           standing_goes_on(&all, job_put(turn, JOB_SECRET_ROTATE, path, job_input(turn, path), turn->now_ms + AGAIN_MS)));
    return all;
}

static enum err fail_refused(struct turn *turn, struct slice path, const struct json *row, enum err err, struct text where)
{
    struct text why = turn->complaint.text.english != NULL ? turn->complaint.text : (struct text){err_text(err, LANGUAGE_ENGLISH), err_text(err, LANGUAGE_GERMAN)};
    struct text both = {turn_path(turn, "%s: %s", where.english, why.english), turn_path(turn, "%s: %s", where.german, why.german)};
    struct slice detail = slice_string(arena_string(turn->arena, slice_string(turn->complaint.detail)));
    return both.english == NULL || both.german == NULL ? ERR_MEMORY : fail(turn, path, row, both, detail);
}

static enum err tell_hook(struct turn *turn, struct slice path, const struct json *row, struct slice old, uint64_t *ret_status)
{
    static const char *const told[] = {"field", "user", "id"}, *const asked[] = {"hook", "port", "token", "authorities_pem"};
    const struct json *output = NULL;
    struct json *input = json_new(turn->arena, JSON_OBJECT), *body = json_set_object(turn->arena, input, "body");
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        edit_carry(turn->arena, input, json_member(row, "hook"), asked[i]);
    }
    json_set_string(turn->arena, body, "path", path);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        edit_carry(turn->arena, body, row, told[i]);
    }
    json_set_string(turn->arena, body, "old", old);
    json_set_string(turn->arena, body, "new", json_text(row, "fresh", SLICE_NONE));
    enum err err = turn_work(turn, ROLE_REACH, "rotation.hook", input, SLICE_NONE, &output, NULL, NULL);
    return err == ERR_NONE ? json_u64(output, "status", ret_status) : err;
}

/* The target took it: the new version is written, and what was current is what the target must refuse from now on. */
static enum err finish(struct turn *turn, struct slice path, const struct json *row, struct rotated *rotated, struct slice old)
{
    struct slice fresh = json_text(row, "fresh", SLICE_NONE), field = json_text(row, "field", SLICE_NONE);
    char *name = arena_string(turn->arena, field);
    struct json *data = name == NULL ? NULL : secrets_with(turn, rotated->data, name, json_string(turn->arena, fresh));
    struct watch watch = {SLICE_LITERAL("rotation"), subject_id(turn, path)};
    if (data == NULL) {
        return ERR_MEMORY;
    }
    turn->mount = &rotated->mount;
    enum err all = kv2_add(turn, rotated->rest, &rotated->secret, data);
    turn->mount = NULL;
    row = edit_with(turn->arena, row, "old", json_string(turn->arena, old));
    row = edit_with(turn->arena, row, "current", json_string(turn->arena, fresh));
    row = edit_with(turn->arena, row, "rotated_at_ms", json_number_i64(turn->arena, turn->now_ms));
    row = edit_with(turn->arena, row, "version", json_number_u64(turn->arena, rotated->secret.current));
    struct json *done = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *one = row == NULL ? NULL : row->first; one != NULL; one = one->next) {
        bool is_over = slice_is(one->name, "fresh") || slice_is(one->name, "id") || slice_is(one->name, "failed");
        if (!is_over) {
            json_set(turn->arena, done, arena_string(turn->arena, one->name), json_copy(turn->arena, one));
        }
    }
    (void)(standing_goes_on(&all, turn_put_json(turn, row_path(turn, path), done, 0)) && standing_goes_on(&all, record(turn, "rotation.done", path, done, SLICE_LITERAL("vogt"))) &&
           standing_goes_on(&all, schedule(turn, path, done)) && standing_goes_on(&all, observe_make_due(turn, &watch)));
    return all;
}

static enum err go_on(struct turn *turn, struct slice path, const struct json *row)
{
    struct rotated rotated = {0};
    uint64_t status = 0;
    const struct json *output = NULL;
    enum err err = load_secret(turn, path, &rotated);
    const struct json *value = err == ERR_NONE ? value_of(&rotated, json_text(row, "field", SLICE_NONE)) : NULL;
    if (err == ERR_NONE && value == NULL) {
        return fail(turn, path, row, TEXT("the secret has no such field with a text any more", "das Secret hat kein solches Feld mit einem Text mehr"), json_text(row, "field", SLICE_NONE));
    }
    if (err != ERR_NONE) {
        return is_own(err) ? err : fail_refused(turn, path, row, err, TEXT("the secret", "das Secret"));
    }
    err = tell_hook(turn, path, row, value->text, &status);
    if (err != ERR_NONE) {
        return is_own(err) ? err : fail_refused(turn, path, row, err, TEXT("the hook", "der Hook"));
    }
    if (status < 200 || status > 299) {
        return fail(turn, path, row, TEXT("the hook refused the new value with this status", "der Hook hat den neuen Wert mit diesem Status abgelehnt"), slice_string(turn_path(turn, "HTTP %llu", (unsigned long long)status)));
    }
    err = ask_target(turn, row, &output);
    if (err != ERR_NONE) {
        return is_own(err) ? err : fail_refused(turn, path, row, err, TEXT("the target", "das Ziel"));
    }
    if (!slice_is(json_text(output, "state", SLICE_NONE), "accepted")) {
        return fail(turn, path, row, TEXT("the hook said that it is done, but the target does not take the new value", "der Hook meldete Erfolg, aber das Ziel nimmt den neuen Wert nicht"), json_text(output, "status", SLICE_NONE));
    }
    return finish(turn, path, row, &rotated, value->text);
}

/* A job of keep's own: {"path"}. */
enum err operation_secret_rotate(struct turn *turn)
{
    struct slice path = json_text(turn->input, "path", SLICE_NONE);
    const struct json *row = NULL;
    enum err err = turn_json(turn, row_path(turn, path), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? job_end(turn, JOB_SECRET_ROTATE, path) : err;
    }
    return json_member(row, "fresh") == NULL ? begin(turn, path, row) : go_on(turn, path, row);
}
