/*
 * Keys that come from elsewhere, and go elsewhere, wrapped. A key travels as base64 of
 *   RSA-OAEP of a fresh AES key under the receiver's RSA key, and AES key wrap with padding (RFC 5649) of the key under it
 * The mount's own RSA key for this is made when somebody first asks for it:
 *   m/UUID/version/UUID/00000001   as a version (transit.h), of an id that no key has
 * Whatever is wrong with what came is said with the same words, so that nobody learns from it how far the unwrapping went.
 */
#include "secrets/transit_form.h"

#include "base/encode.h"

#include <string.h>

enum { TRAVEL_MAX_BYTES = 8192, EPHEMERAL_BYTES = 32 };

/* ---- the mount's wrapping key ---- */

static struct transit_key wrapping_key(struct turn *turn)
{
    return (struct transit_key){.name = SLICE_LITERAL("wrapping"), .id = turn->mount->uuid, .kind = transit_kind(SLICE_LITERAL("rsa-4096"))};
}

static enum err load_wrapping(struct turn *turn, struct transit_version *ret_version)
{
    struct transit_key key = wrapping_key(turn);
    return transit_version(turn, &key, 1, ret_version);
}

enum err operation_transit_wrapping_key(struct turn *turn)
{
    struct transit_key key = wrapping_key(turn);
    struct transit_version version = {.number = 1, .created_ms = turn->now_ms};
    struct slice text;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    enum err err = load_wrapping(turn, &version);
    if (err == ERR_NOT_FOUND) {
        err = transit_make(turn, &key, &version);
        err = err == ERR_NONE ? transit_put_version(turn, &key, &version, false) : err;
    }
    err = err == ERR_NONE ? transit_public_text(turn, &key, &version, SLICE_NONE, &text) : err;
    return err == ERR_NONE ? turn_reply_data(turn, json_set_string(turn->arena, data, "public_key", text) == NULL ? NULL : data) : err;
}

/* ---- unwrapping ---- */

static enum err read_hash_function(struct turn *turn, enum hash *ret_hash)
{
    static const struct {
        const char *name;
        enum hash hash;
    } names[] = {{"SHA256", HASH_SHA2_256}, {"SHA1", HASH_SHA1}, {"SHA224", HASH_SHA2_224}, {"SHA384", HASH_SHA2_384}, {"SHA512", HASH_SHA2_512}};
    struct slice given = turn_field(turn, "hash_function");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is(given, names[i].name) || (given.len == 0 && i == 0)) {
            *ret_hash = names[i].hash;
            return ERR_NONE;
        }
    }
    return turn_refuse(turn, ERR_INVALID, TEXT("hash_function is SHA1, SHA224, SHA256, SHA384 or SHA512", "hash_function ist SHA1, SHA224, SHA256, SHA384 oder SHA512"), SLICE_NONE);
}

static enum err refuse_unwrapped(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("the ciphertext could not be unwrapped to a key of this type: it should be RSA-OAEP of an AES key under wrapping_key, then AES-KWP of the key (PKCS #8 where it is a pair)",
                                               "aus dem Geheimtext ließ sich kein Schlüssel dieses Typs auspacken: erwartet ist RSA-OAEP eines AES-Schlüssels mit wrapping_key, dann AES-KWP des Schlüssels (bei Paaren PKCS #8)"),
                       SLICE_NONE);
}

/* Of RSA the inside is looked at in keep's thread: the primes are tested. */
static enum err check_rsa(struct turn *turn, const struct transit_key *key, struct slice private_key)
{
    const struct json *output = NULL;
    struct slice raw;
    uint64_t bits = 0;
    enum err err = turn_work(turn, ROLE_KEEP, "rsa.check", NULL, private_key, &output, &raw, NULL);
    err = err == ERR_NONE ? json_u64(output, "bits", &bits) : err;
    return err == ERR_NONE && bits != key->kind->detail ? ERR_MALFORMED : err;
}

static enum err unwrap(struct turn *turn, const struct transit_key *key, struct slice *ret_key)
{
    struct transit_version wrapping;
    struct slice travel, ephemeral;
    enum hash hash = HASH_SHA2_256;
    const struct json *output = NULL;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    cleanup_buf struct buf form = BUF_INIT(TRAVEL_MAX_BYTES);
    enum err err = read_hash_function(turn, &hash);
    err = err == ERR_NONE ? transit_bytes(turn, turn->request->body, "ciphertext", &travel) : err;
    err = err == ERR_NONE ? load_wrapping(turn, &wrapping) : err;
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && (travel.len <= RSA_MAX_BYTES || travel.len > TRAVEL_MAX_BYTES))) {
        return refuse_unwrapped(turn);
    }
    err = err == ERR_NONE ? transit_set_base64(turn, input, "sealed", slice_first(travel, RSA_MAX_BYTES)) : err;
    json_set_u64(turn->arena, input, "hash", hash);
    if (err != ERR_NONE) {
        return err;
    }
    err = turn_work(turn, ROLE_KEEP, "rsa.decrypt", input, wrapping.key, &output, &ephemeral, NULL);
    err = err == ERR_NONE && ephemeral.len != EPHEMERAL_BYTES ? ERR_FORGED : err;
    err = err == ERR_NONE ? buf_reserve(&form, TRAVEL_MAX_BYTES) : err;
    err = err == ERR_NONE ? kwp_unwrap(ephemeral, slice_from(travel, RSA_MAX_BYTES), &form) : err;
    err = err == ERR_NONE ? transit_from_travel(turn, key, buf_slice(&form), ret_key) : err;
    err = err == ERR_NONE && key->kind->family == TRANSIT_RSA ? check_rsa(turn, key, *ret_key) : err;
    return err == ERR_FORGED || err == ERR_MALFORMED || err == ERR_INVALID ? refuse_unwrapped(turn) : err;
}

/* Only the public half: for encrypting and checking. */
static enum err read_public(struct turn *turn, const struct transit_key *key, struct slice pem, struct slice *ret_public)
{
    const struct json *output = NULL;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    uint64_t bits = 0;
    if (key->kind->public_name == NULL || key->derived) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a key of this type has no public half to import", "ein Schlüssel dieses Typs hat keinen öffentlichen Teil zum Importieren"), SLICE_NONE);
    }
    struct key_type type = transit_key_type(key->kind);
    json_set_u64(turn->arena, input, "family", type.family);
    json_set_u64(turn->arena, input, "curve", type.curve);
    enum err err = turn_work(turn, ROLE_JUDGE, "transit.public", input, pem, &output, ret_public, NULL);
    err = err == ERR_NONE ? json_u64(output, "bits", &bits) : err;
    if (err == ERR_NONE && key->kind->family == TRANSIT_RSA && bits != key->kind->detail) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the public key has another size than this type", "der öffentliche Schlüssel hat eine andere Länge als dieser Typ"), SLICE_NONE);
    }
    return err;
}

static enum err read_version(struct turn *turn, const struct transit_key *key, struct transit_version *ret_version)
{
    struct slice pem = turn_field(turn, "public_key"), wrapped = turn_field(turn, "ciphertext");
    if ((pem.len == 0) == (wrapped.len == 0)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("provide one of 'ciphertext' and 'public_key' to import", "zum Importieren gehört entweder „ciphertext“ oder „public_key“"), SLICE_NONE);
    }
    *ret_version = (struct transit_version){0};
    if (pem.len > 0) {
        return read_public(turn, key, pem, &ret_version->public_key);
    }
    enum err err = unwrap(turn, key, &ret_version->key);
    return err == ERR_NONE && !key->derived ? transit_set_public(turn, key, ret_version) : err;
}

enum err operation_transit_import(struct turn *turn)
{
    struct transit_key key;
    struct transit_version version;
    enum err err = transit_load(turn, turn->values[0], &key);
    if (err == ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the import path cannot be used with an existing key; use import_version to give an imported key a new version",
                                                   "diesen Schlüssel gibt es schon; import_version gibt einem importierten Schlüssel eine neue Version"), SLICE_NONE);
    }
    err = err == ERR_NOT_FOUND ? transit_wish(turn, turn->values[0], &key) : err;
    if (err != ERR_NONE) {
        return err;
    }
    key.imported = true;
    key.import_rotation = json_bool(turn->request->body, "allow_rotation", false);
    if (key.rotate_s > 0 && !key.import_rotation) {
        return turn_refuse(turn, ERR_INVALID, TEXT("allow_rotation must be set to true if auto-rotation is enabled", "auto_rotate_period braucht allow_rotation"), SLICE_NONE);
    }
    err = read_version(turn, &key, &version);
    key.key_bytes = err == ERR_NONE && key.kind->family == TRANSIT_HMAC ? version.key.len : key.key_bytes;
    err = err == ERR_NONE ? transit_add(turn, &key, &version) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* A version whose public half came alone gets its private one when its number is named. */
static enum err complete_version(struct turn *turn, const struct transit_key *key, uint64_t number, struct transit_version *given)
{
    struct transit_version there;
    enum err err = number > key->latest ? ERR_NOT_FOUND : transit_version(turn, key, number, &there);
    bool fits = err == ERR_NONE && there.key.len == 0 && given->key.len > 0 && slice_equal(there.public_key, given->public_key);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && !fits)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this version exists with its private part, or has another public one", "diese Version hat schon einen geheimen Teil, oder einen anderen öffentlichen"), SLICE_NONE);
    }
    there.key = given->key;
    return err == ERR_NONE ? transit_put_version(turn, key, &there, false) : err;
}

enum err operation_transit_import_version(struct turn *turn)
{
    struct transit_key key;
    struct transit_version version;
    uint64_t number = 0;
    enum err err = transit_need(turn, turn->values[0], TEXT("no key with this name could be found", "einen Schlüssel dieses Namens gibt es nicht"), &key), named = json_u64(turn->request->body, "version", &number);
    if (err == ERR_NONE && !key.imported) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the import_version endpoint can only be used with an imported key", "import_version gilt nur für importierte Schlüssel"), SLICE_NONE);
    }
    err = err == ERR_NONE ? read_version(turn, &key, &version) : err;
    if (err == ERR_NONE && named == ERR_NONE && number > 0) {
        err = complete_version(turn, &key, number, &version);
    } else if (err == ERR_NONE) {
        err = transit_add(turn, &key, &version);
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- wrapped for another server ---- */

static enum err wrap(struct turn *turn, const struct transit_version *receiver, enum hash hash, const struct transit_key *key, const struct transit_version *version, struct json *keys)
{
    uint8_t ephemeral[EPHEMERAL_BYTES];
    cleanup_buf struct buf form = BUF_INIT(TRAVEL_MAX_BYTES), travel = BUF_INIT(TRAVEL_MAX_BYTES);
    turn_random(turn, ephemeral, sizeof ephemeral);
    enum err err = buf_reserve(&form, TRAVEL_MAX_BYTES);
    err = err == ERR_NONE ? transit_to_travel(key, version, &form) : err;
    err = err == ERR_NONE ? rsa_encrypt(receiver->public_key, hash, slice_of(ephemeral, sizeof ephemeral), &travel) : err;
    err = err == ERR_NONE ? kwp_wrap(slice_of(ephemeral, sizeof ephemeral), buf_slice(&form), &travel) : err;
    wipe(ephemeral, sizeof ephemeral);
    return err == ERR_NONE ? transit_set_base64(turn, keys, turn_path(turn, "%llu", (unsigned long long)version->number), buf_slice(&travel)) : err;
}

enum err operation_transit_byok_export(struct turn *turn)
{
    struct transit_key destination, source;
    struct transit_version receiver, *versions = NULL;
    enum hash hash = HASH_SHA2_256;
    size_t count = 0;
    enum err err = transit_load(turn, turn->values[0], &destination), also = transit_load(turn, turn->values[1], &source);
    err = err == ERR_NONE ? also : err;
    err = err == ERR_NONE ? read_hash_function(turn, &hash) : err;
    if (err == ERR_NONE && (destination.kind->family != TRANSIT_RSA || !source.exportable)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the destination must be an RSA key, and the source exportable", "das Ziel muss ein RSA-Schlüssel sein, die Quelle exportable"), SLICE_NONE);
    }
    err = err == ERR_NONE ? transit_version(turn, &destination, destination.latest, &receiver) : err;
    err = err == ERR_NONE ? transit_versions_named(turn, &source, turn->values[2], &versions, &count) : err;
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_object(turn->arena, data, "keys");
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = versions[i].key.len == 0 ? ERR_NONE : wrap(turn, &receiver, hash, &source, &versions[i], keys);
    }
    json_set_string(turn->arena, data, "name", err == ERR_NONE ? source.name : SLICE_NONE);
    json_set_string(turn->arena, data, "type", err == ERR_NONE ? slice_string(source.kind->name) : SLICE_NONE);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}
