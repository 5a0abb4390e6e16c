/*
 * Texts of transit and items of a request. "vault:v" NUMBER ":" BASE64; the number is decimal without sign; v0 is what version 1 was called once.
 */
#include "secrets/transit.h"

#include "base/encode.h"

#include <stdio.h>

enum { BATCH_MAX = 100000, PAIR_BATCH_MAX = 1000 };

enum fault { GOOD, NO_PREFIX, BAD_VERSION };

static enum fault read_text(struct slice text, struct transit_text *ret_text)
{
    struct slice prefix = SLICE_LITERAL("vault:v"), rest = slice_from(text, prefix.len), number;
    if (!slice_starts(text, prefix) || slice_find_byte(rest, ':') == SIZE_MAX) {
        return NO_PREFIX;
    }
    uint64_t version = 0;
    if (!slice_split(&rest, ':', &number) || slice_to_u64(number, &version) != ERR_NONE || version > TRANSIT_VERSION_MAX) {
        return BAD_VERSION;
    }
    *ret_text = (struct transit_text){.version = version == 0 ? 1 : version, .text = rest};
    return GOOD;
}

size_t transit_prefix(uint64_t version, char out[32])
{
    int len = snprintf(out, 32, "vault:v%llu:", (unsigned long long)version);
    return len < 0 ? 0 : (size_t)len;
}

/* ---- members of an item ---- */

static enum err decode(struct turn *turn, struct slice text, struct slice *ret_bytes)
{
    size_t room = text.len / 4 * 3 + 3;
    struct buf out = {.data = arena_alloc(turn->arena, room), .capacity = room, .max = room}; /* of the arena: never freed by itself */
    if (out.data == NULL) {
        return ERR_MEMORY;
    }
    enum err err = base64_decode(&out, text);
    *ret_bytes = buf_slice(&out);
    return err;
}

enum err transit_bytes(struct turn *turn, const struct json *item, const char *name, struct slice *ret_bytes)
{
    const struct json *member = json_member(item, name);
    if (member == NULL || member->type == JSON_NULL) {
        *ret_bytes = SLICE_NONE;
        return ERR_NONE;
    }
    if (member->type != JSON_STRING || decode(turn, member->text, ret_bytes) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("failed to base64-decode", "das ist kein Base64"), slice_string(name));
    }
    return ERR_NONE;
}

enum err transit_context(struct transit_call *call, const struct json *item, struct slice *ret_context)
{
    enum err err = transit_bytes(call->turn, item, "context", ret_context);
    if (err == ERR_NONE && call->key.derived && ret_context->len == 0) {
        return turn_refuse(call->turn, ERR_INVALID,
                           TEXT("missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform "
                                "operations with the key",
                                "es fehlt „context“: dieser Schlüssel leitet für jeden Kontext einen eigenen ab"),
                           SLICE_NONE);
    }
    return err;
}

enum err transit_number_to_make(struct transit_call *call, const struct json *item, uint64_t *ret_number)
{
    const struct transit_key *key = &call->key;
    uint64_t number = 0;
    enum err err = json_u64(item, "key_version", &number);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("key_version is a version's number", "key_version ist die Nummer einer Version"), SLICE_NONE);
    }
    number = number == 0 ? key->latest : number;
    if (number > key->latest) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("requested version for encryption is higher than the latest key version", "so eine neue Version hat der Schlüssel noch nicht"), SLICE_NONE);
    }
    if (number < key->min_encryption || number < key->min_decryption || number < key->available) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("requested version for encryption is less than the minimum encryption key version", "mit so alten Versionen wird nichts mehr verschlüsselt (min_encryption_version)"),
                           SLICE_NONE);
    }
    *ret_number = number;
    return ERR_NONE;
}

enum err transit_number_to_read(struct transit_call *call, struct slice text, bool is_signature, struct transit_text *ret_text)
{
    struct turn *turn = call->turn;
    enum fault fault = read_text(text, ret_text);
    if (fault == NO_PREFIX) {
        return is_signature ? turn_refuse(turn, ERR_INVALID, TEXT("invalid signature: no prefix", "keine Signatur: sie beginnt nicht mit vault:v"), SLICE_NONE)
                            : turn_refuse(turn, ERR_INVALID, TEXT("invalid ciphertext: no prefix", "kein Geheimtext: er beginnt nicht mit vault:v"), SLICE_NONE);
    }
    if (fault == BAD_VERSION) {
        return is_signature ? turn_refuse(turn, ERR_INVALID, TEXT("invalid signature: version number could not be decoded", "keine Signatur: die Version ist keine Zahl"), SLICE_NONE)
                            : turn_refuse(turn, ERR_INVALID, TEXT("invalid ciphertext: version number could not be decoded", "kein Geheimtext: die Version ist keine Zahl"), SLICE_NONE);
    }
    if (ret_text->version > call->key.latest) {
        return is_signature ? turn_refuse(turn, ERR_INVALID, TEXT("invalid signature: version is too new", "die Signatur nennt eine Version, die es noch nicht gibt"), SLICE_NONE)
                            : turn_refuse(turn, ERR_INVALID, TEXT("invalid ciphertext: version is too new", "der Geheimtext nennt eine Version, die es noch nicht gibt"), SLICE_NONE);
    }
    if (ret_text->version < call->key.min_decryption || ret_text->version < call->key.available) {
        return turn_refuse(turn, ERR_INVALID, TEXT("ciphertext or signature version is disallowed by policy (too old)", "so alte Versionen lässt der Schlüssel nicht mehr zu (min_decryption_version)"), SLICE_NONE);
    }
    return ERR_NONE;
}

/* ---- results ---- */

static enum err set_encoded(struct turn *turn, struct json *result, const char *name, struct slice prefix, struct slice bytes)
{
    size_t room = prefix.len + (bytes.len + 2) / 3 * 4;
    struct buf out = {.data = arena_room(turn->arena, room + 1), .capacity = room + 1, .max = room + 1};
    if (out.data == NULL) {
        return ERR_MEMORY;
    }
    enum err err = buf_append(&out, prefix);
    err = err == ERR_NONE ? base64_encode(&out, bytes) : err;
    struct json *value = err == ERR_NONE ? json_string_kept(turn->arena, buf_slice(&out)) : NULL;
    return err != ERR_NONE ? err : json_set(turn->arena, result, name, value) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err transit_set_text(struct turn *turn, struct json *result, const char *name, uint64_t version, struct slice bytes)
{
    char prefix[32];
    size_t len = transit_prefix(version, prefix);
    return set_encoded(turn, result, name, slice_of(prefix, len), bytes);
}

enum err transit_set_base64(struct turn *turn, struct json *result, const char *name, struct slice bytes)
{
    return set_encoded(turn, result, name, SLICE_NONE, bytes);
}

/* ---- items ---- */

enum err transit_call_batch(struct turn *turn, const struct json **ret_batch)
{
    const struct json *batch = json_member(turn->request->body, "batch_input");
    *ret_batch = NULL;
    if (batch == NULL || batch->type == JSON_NULL) {
        return ERR_NONE;
    }
    bool is_good = batch->type == JSON_ARRAY;
    for (const struct json *item = is_good ? batch->first : NULL; item != NULL; item = item->next) {
        is_good = is_good && item->type == JSON_OBJECT;
    }
    if (!is_good) {
        return turn_refuse(turn, ERR_INVALID, TEXT("failed to parse batch input: it is a list of objects", "batch_input ist eine Liste von Objekten"), SLICE_NONE);
    }
    if (batch->count == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing batch input to process", "batch_input ist leer"), SLICE_NONE);
    }
    if (batch->count > BATCH_MAX) {
        return turn_refuse(turn, ERR_TOO_LARGE, TEXT("a batch has at most 100000 items", "ein batch hat höchstens 100000 Einträge"), SLICE_NONE);
    }
    *ret_batch = batch;
    return ERR_NONE;
}

enum err transit_call_bounded(const struct transit_call *call)
{
    bool is_too_long = call->batch != NULL && call->key.kind->public_name != NULL && call->batch->count > PAIR_BATCH_MAX;
    return is_too_long ? turn_refuse(call->turn, ERR_TOO_LARGE, TEXT("a batch of a key with a public part has at most 1000 items", "ein batch mit einem Schlüsselpaar hat höchstens 1000 Einträge"), SLICE_NONE) : ERR_NONE;
}

struct transit_loaded *transit_call_version(struct transit_call *call, uint64_t number)
{
    struct transit_loaded *one = call->loaded;
    while (one != NULL && one->version.number != number) {
        one = one->next;
    }
    return one;
}

/* What belongs to the item alone; anything else ends the request. */
static bool is_refusal(const struct transit_call *call, enum err err)
{
    return (err == ERR_INVALID || err == ERR_FORGED || err == ERR_UNSUPPORTED) && call->turn->complaint.text.english != NULL;
}

enum err transit_call_load(struct transit_call *call, uint64_t number)
{
    if (transit_call_version(call, number) != NULL) {
        return ERR_NONE;
    }
    struct transit_loaded *loaded = arena_alloc(call->turn->arena, sizeof *loaded);
    if (loaded == NULL) {
        return ERR_MEMORY;
    }
    enum err err = transit_version(call->turn, &call->key, number, &loaded->version);
    if (err == ERR_NONE) {
        loaded->next = call->loaded;
        call->loaded = loaded;
    }
    return err;
}

/* A request without a body is an item without members. */
static const struct json *first_of(const struct transit_call *call)
{
    static const struct json nothing = {.type = JSON_OBJECT};
    const struct json *body = call->turn->request->body;
    return call->batch != NULL ? call->batch->first : body != NULL ? body : &nothing;
}

static const struct json *next_of(const struct transit_call *call, const struct json *item)
{
    return call->batch == NULL ? NULL : item->next;
}

/* All rows before any computing: items that are refused for their number are refused again below. */
static enum err load_all(struct transit_call *call, transit_number_fn number)
{
    enum err all = ERR_NONE;
    for (const struct json *item = first_of(call); item != NULL; item = next_of(call, item)) {
        uint64_t wanted = 0;
        enum err err = number(call, item, &wanted);
        err = err == ERR_NONE ? transit_call_load(call, wanted) : err;
        if (err != ERR_NONE && err != ERR_NEED && !is_refusal(call, err)) {
            return err == ERR_NOT_FOUND ? ERR_DAMAGED : err;
        }
        all = err == ERR_NEED ? err : all;
        call->turn->complaint = (struct complaint){0};
    }
    return all;
}

static enum err run_item(struct transit_call *call, const struct json *item, transit_number_fn number, transit_item_fn run, struct json *result)
{
    uint64_t wanted = 0;
    enum err err = number(call, item, &wanted);
    const struct transit_loaded *loaded = err == ERR_NONE ? transit_call_version(call, wanted) : NULL;
    return err != ERR_NONE ? err : loaded == NULL ? ERR_INTERNAL : run(call, item, &loaded->version, result);
}

static enum err note_refusal(struct transit_call *call, struct json *result)
{
    char text[512];
    size_t len = complaint_format(&call->turn->complaint, LANGUAGE_ENGLISH, text, sizeof text);
    call->turn->complaint = (struct complaint){0};
    return json_set_string(call->turn->arena, result, "error", slice_of(text, len)) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err run_batch(struct transit_call *call, transit_number_fn number, transit_item_fn run, struct json *results, size_t *ret_refused)
{
    enum err err = ERR_NONE;
    bool needs = false; /* slow work of several items is asked for at once */
    for (const struct json *item = call->batch->first; item != NULL && err == ERR_NONE; item = item->next) {
        struct json *result = json_append(results, json_new(call->turn->arena, JSON_OBJECT));
        const struct json *reference = json_member(item, "reference");
        err = result == NULL ? ERR_MEMORY : run_item(call, item, number, run, result);
        if (is_refusal(call, err)) {
            (*ret_refused)++;
            err = note_refusal(call, result);
        }
        needs = needs || err == ERR_NEED;
        err = err == ERR_NEED ? ERR_NONE : err;
        if (reference != NULL && reference->type == JSON_STRING && err == ERR_NONE) {
            err = json_set(call->turn->arena, result, "reference", json_string_kept(call->turn->arena, reference->text)) == NULL ? ERR_MEMORY : ERR_NONE;
        }
    }
    return err == ERR_NONE && needs ? ERR_NEED : err;
}

/* 400 when an item was refused, or what the caller wants it to be when others were done. */
static enum err set_status(struct transit_call *call, size_t refused)
{
    uint64_t wanted = 0;
    enum err err = json_u64(call->turn->request->body, "partial_failure_response_code", &wanted);
    if (refused == 0 || !call->fails_alone) {
        return ERR_NONE;
    }
    bool is_wanted = err == ERR_NONE && refused < call->batch->count && wanted >= 200 && wanted <= 599;
    call->turn->reply.status = is_wanted ? (uint16_t)wanted : 400;
    return ERR_NONE;
}

static enum err run_all(struct transit_call *call, transit_number_fn number, transit_item_fn run)
{
    struct turn *turn = call->turn;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    size_t refused = 0;
    enum err err = load_all(call, number);
    if (err != ERR_NONE || data == NULL) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    if (call->batch == NULL) {
        err = run_item(call, first_of(call), number, run, data);
        return err == ERR_NONE ? turn_reply_data(turn, data) : err;
    }
    err = run_batch(call, number, run, json_set_array(turn->arena, data, "batch_results"), &refused);
    err = err == ERR_NONE ? turn_reply_data(turn, data) : err;
    return err == ERR_NONE ? set_status(call, refused) : err;
}

enum err transit_call_run(struct transit_call *call, transit_number_fn number, transit_item_fn run)
{
    enum err err = run_all(call, number, run);
    for (struct transit_loaded *one = call->loaded; one != NULL; one = one->next) {
        aead_free(one->aead);
    }
    buf_free(&call->scratch);
    return err;
}
