/* Keys of transit for people: made, read, configured, rotated, trimmed, deleted. */
#include "secrets/transit.h"

#include "base/time.h"
#include "engine/token.h"

#include <string.h>

static const struct text NO_SUCH_KEY = TEXT_INIT("no existing key with this name could be found", "einen Schlüssel dieses Namens gibt es nicht");

/* ---- showing ---- */

static void set_counts(struct arena *arena, struct json *data, const struct transit_key *key)
{
    json_set_string(arena, data, "name", key->name);
    json_set_string(arena, data, "type", slice_string(key->kind->name));
    json_set_bool(arena, data, "derived", key->derived);
    json_set_bool(arena, data, "deletion_allowed", key->deletable);
    json_set_u64(arena, data, "min_available_version", key->available);
    json_set_u64(arena, data, "min_decryption_version", key->min_decryption);
    json_set_u64(arena, data, "min_encryption_version", key->min_encryption);
    json_set_u64(arena, data, "latest_version", key->latest);
    json_set_bool(arena, data, "exportable", key->exportable);
    json_set_bool(arena, data, "allow_plaintext_backup", key->backup);
    json_set_bool(arena, data, "supports_encryption", key->kind->encrypts);
    json_set_bool(arena, data, "supports_decryption", key->kind->encrypts);
    json_set_bool(arena, data, "supports_signing", key->kind->signs);
    json_set_bool(arena, data, "supports_derivation", key->kind->derives);
    json_set_u64(arena, data, "auto_rotate_period", key->rotate_s);
    json_set_bool(arena, data, "imported_key", key->imported);
}

static void set_options(struct arena *arena, struct json *data, const struct transit_key *key)
{
    if (key->kind->family == TRANSIT_HMAC) {
        json_set_u64(arena, data, "key_size", key->key_bytes);
    }
    if (key->imported) {
        json_set_bool(arena, data, "imported_key_allow_rotation", key->import_rotation);
    }
    if (key->derived) {
        json_set_string(arena, data, "kdf", SLICE_LITERAL("hkdf_sha256"));
        json_set_bool(arena, data, "convergent_encryption", key->convergent);
        if (key->convergent) {
            json_set_u64(arena, data, "convergent_encryption_version", TRANSIT_CONVERGENT_VERSION);
        }
    }
    const struct {
        const char *name;
        int64_t at_ms;
    } times[] = {{"backup_info", key->backed_up_ms}, {"restore_info", key->restored_ms}, {"auto_rotate_info", key->rotate_at_ms}}; /* the last is Vogt's own: the next rotation */
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[RFC3339_BYTES];
        rfc3339_format(times[i].at_ms, text);
        if (times[i].at_ms > 0) {
            json_set_string(arena, json_set_object(arena, data, times[i].name), "time", slice_string(text));
        }
    }
}

/* Reading a derived key, the query context says whose public key is wanted. */
static enum err context_asked(struct turn *turn, const struct transit_key *key, struct slice *ret_context)
{
    struct json *holder = json_new(turn->arena, JSON_OBJECT);
    struct slice text = turn_query(turn, "context");
    *ret_context = SLICE_NONE;
    if (!key->derived || text.len == 0) {
        return ERR_NONE;
    }
    return json_set_string(turn->arena, holder, "context", text) == NULL ? ERR_MEMORY : transit_bytes(turn, holder, "context", ret_context);
}

static enum err set_version(struct turn *turn, struct json *keys, const struct transit_key *key, const struct transit_version *version)
{
    const char *number = turn_path(turn, "%llu", (unsigned long long)version->number);
    if (key->kind->public_name == NULL) {
        return json_set_i64(turn->arena, keys, number, version->created_ms / 1000) == NULL ? ERR_MEMORY : ERR_NONE;
    }
    char time[RFC3339_BYTES];
    struct slice text, context;
    struct json *one = json_set_object(turn->arena, keys, number);
    rfc3339_format(version->created_ms, time);
    enum err err = context_asked(turn, key, &context);
    err = err == ERR_NONE ? transit_public_text(turn, key, version, context, &text) : err;
    json_set_string(turn->arena, one, "certificate_chain", SLICE_NONE);
    json_set_string(turn->arena, one, "creation_time", slice_string(time));
    json_set_string(turn->arena, one, "name", slice_string(key->kind->public_name));
    return err != ERR_NONE ? err : json_set_string(turn->arena, one, "public_key", text) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* {"type","name",…,"keys":{…}} as Vault shows a key. */
static enum err reply_key(struct turn *turn, const struct transit_key *key, const char *warning)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    struct transit_version *versions = NULL;
    size_t count = 0;
    uint64_t first = key->min_decryption > key->available ? key->min_decryption : key->available;
    set_counts(turn->arena, data, key);
    set_options(turn->arena, data, key);
    struct json *keys = json_set_object(turn->arena, data, "keys");
    enum err err = transit_versions(turn, key, first == 0 ? 1 : first, &versions, &count);
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = set_version(turn, keys, key, &versions[i]);
    }
    err = err == ERR_NONE ? turn_reply_data(turn, data) : err;
    return err == ERR_NONE && warning != NULL ? turn_reply_warn(turn, warning) : err;
}

enum err operation_transit_read(struct turn *turn)
{
    struct transit_key key;
    enum err err = transit_load(turn, turn->values[0], &key);
    return err == ERR_NONE ? reply_key(turn, &key, NULL) : err;
}

enum err operation_transit_list(struct turn *turn)
{
    return secrets_list(turn, "key", SLICE_NONE);
}

/* ---- making ---- */

/* auto_rotate_period; absent leaves *ret_seconds */
static enum err read_period(struct turn *turn, uint64_t *ret_seconds)
{
    uint64_t seconds = 0;
    enum err err = json_u64(turn->request->body, "auto_rotate_period", &seconds);
    if (err == ERR_NONE && seconds > 0 && (seconds < TRANSIT_ROTATE_MIN_S || seconds > UINT32_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("auto rotate period must be 0 to disable or at least an hour", "auto_rotate_period ist 0 (aus) oder mindestens eine Stunde"), SLICE_NONE);
    }
    *ret_seconds = err == ERR_NONE ? seconds : *ret_seconds;
    return ERR_NONE;
}

enum err transit_allow_derived(struct turn *turn, const struct transit_key *key)
{
    if (key->derived && !key->kind->derives) {
        return turn_refuse(turn, ERR_INVALID, TEXT("key derivation and convergent encryption not supported for keys of type", "aus Schlüsseln dieses Typs wird nichts abgeleitet"), slice_string(key->kind->name));
    }
    if (key->convergent && !key->derived) {
        return turn_refuse(turn, ERR_INVALID, TEXT("convergent encryption requires derivation to be enabled", "convergent_encryption braucht derived"), SLICE_NONE);
    }
    if (key->convergent && key->kind->family != TRANSIT_AEAD) {
        return turn_refuse(turn, ERR_INVALID, TEXT("convergent encryption not supported for keys of type", "convergent_encryption gibt es bei diesem Typ nicht"), slice_string(key->kind->name));
    }
    return ERR_NONE;
}

static enum err read_key_size(struct turn *turn, struct transit_key *key)
{
    uint64_t bytes = 0;
    enum err err = json_u64(turn->request->body, "key_size", &bytes);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && bytes == 0)) {
        return ERR_NONE;
    }
    if (key->kind->family != TRANSIT_HMAC) {
        return turn_refuse(turn, ERR_INVALID, TEXT("key_size is only valid for HMAC keys", "key_size gilt nur für Schlüssel des Typs hmac"), SLICE_NONE);
    }
    if (err != ERR_NONE || bytes < TRANSIT_HMAC_KEY_BYTES || bytes > TRANSIT_HMAC_KEY_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid key_size: it must be between 32 and 512 bytes", "key_size liegt zwischen 32 und 512 Bytes"), SLICE_NONE);
    }
    key->key_bytes = bytes;
    return ERR_NONE;
}

enum err transit_wish(struct turn *turn, struct slice name, struct transit_key *ret_key)
{
    const struct json *body = turn->request->body;
    struct slice type = json_text(body, "type", SLICE_LITERAL("aes256-gcm96"));
    const struct transit_kind *kind = transit_kind(type);
    if (!transit_name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a key's name has at most 128 letters, digits, '_', '-', '.', and begins and ends with none of the last two",
                                                   "der Name eines Schlüssels hat höchstens 128 Buchstaben, Ziffern, '_', '-', '.' und beginnt und endet nicht mit den letzten beiden"), name);
    }
    if (kind == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unknown key type", "diesen Typ von Schlüsseln gibt es nicht"), SLICE_NONE);
    }
    struct transit_key key = transit_new(turn, name, kind);
    key.derived = json_bool(body, "derived", false);
    key.convergent = json_bool(body, "convergent_encryption", false);
    key.exportable = json_bool(body, "exportable", false);
    key.backup = json_bool(body, "allow_plaintext_backup", false);
    enum err err = key.id.len == 0 ? ERR_MEMORY : transit_allow_derived(turn, &key);
    err = err == ERR_NONE ? read_period(turn, &key.rotate_s) : err;
    err = err == ERR_NONE ? read_key_size(turn, &key) : err;
    *ret_key = key;
    return err;
}

enum err operation_transit_create(struct turn *turn)
{
    struct transit_key key;
    enum err err = transit_load(turn, turn->values[0], &key);
    if (err == ERR_NONE) {
        return reply_key(turn, &key, turn_path(turn, "key %.*s already existed", (int)key.name.len, (const char *)key.name.data));
    }
    err = err == ERR_NOT_FOUND ? transit_wish(turn, turn->values[0], &key) : err;
    err = err == ERR_NONE ? transit_rotate(turn, &key) : err;
    return err == ERR_NONE ? reply_key(turn, &key, NULL) : err;
}

enum err operation_transit_rotate(struct turn *turn)
{
    struct transit_key key;
    enum err err = transit_need(turn, turn->values[0], NO_SUCH_KEY, &key);
    if (err == ERR_NONE && key.imported && !key.import_rotation) {
        return turn_refuse(turn, ERR_INVALID, TEXT("imported key does not allow rotation within Vault", "dieser importierte Schlüssel wird hier nicht gewechselt (allow_rotation)"), SLICE_NONE);
    }
    err = err == ERR_NONE ? transit_rotate(turn, &key) : err;
    return err == ERR_NONE ? reply_key(turn, &key, NULL) : err;
}

enum err operation_transit_delete(struct turn *turn)
{
    struct transit_key key;
    enum err err = transit_need(turn, turn->values[0], TEXT("could not delete key; not found", "einen Schlüssel dieses Namens gibt es nicht"), &key);
    if (err == ERR_NONE && !key.deletable) {
        return turn_refuse(turn, ERR_INVALID, TEXT("deletion is not allowed for this key (deletion_allowed)", "dieser Schlüssel darf nicht gelöscht werden (deletion_allowed)"), key.name);
    }
    err = err == ERR_NONE ? transit_remove(turn, &key) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- configuring ---- */

static enum err read_minimum(struct turn *turn, const char *name, uint64_t zero, uint64_t latest, uint64_t *ret_number)
{
    uint64_t number = 0;
    enum err err = json_u64(turn->request->body, name, &number);
    if (err == ERR_NOT_FOUND) {
        return ERR_NONE;
    }
    number = number == 0 ? zero : number;
    if (err != ERR_NONE || number > latest) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot set a minimum version beyond the latest key version", "so weit ist der Schlüssel noch nicht: das Minimum läge über seiner neuesten Version"), slice_string(name));
    }
    *ret_number = number;
    return ERR_NONE;
}

static enum err check_minimums(struct turn *turn, const struct transit_key *key)
{
    if (key->min_encryption > 0 && key->min_encryption < key->min_decryption) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot set min encryption/decryption values; min encryption version must be greater than or equal to min decryption version",
                                                   "min_encryption_version liegt nicht unter min_decryption_version"), SLICE_NONE);
    }
    if (key->min_decryption < key->available) {
        return turn_refuse(turn, ERR_INVALID, TEXT("min decryption version should not be less than min available version", "ältere Versionen gibt es nicht mehr (min_available_version)"), SLICE_NONE);
    }
    return ERR_NONE;
}

/* exportable and allow_plaintext_backup are only ever given: what was exported cannot be called back. */
enum err operation_transit_config(struct turn *turn)
{
    struct transit_key key;
    const struct json *body = turn->request->body;
    enum err err = transit_need(turn, turn->values[0], NO_SUCH_KEY, &key);
    if (err != ERR_NONE) {
        return err;
    }
    uint64_t period = key.rotate_s;
    err = read_minimum(turn, "min_decryption_version", 1, key.latest, &key.min_decryption);
    err = err == ERR_NONE ? read_minimum(turn, "min_encryption_version", 0, key.latest, &key.min_encryption) : err;
    err = err == ERR_NONE ? check_minimums(turn, &key) : err;
    err = err == ERR_NONE ? read_period(turn, &period) : err;
    if (err == ERR_NONE && period > 0 && key.imported && !key.import_rotation) {
        return turn_refuse(turn, ERR_INVALID, TEXT("imported key does not allow rotation within Vault", "dieser importierte Schlüssel wird hier nicht gewechselt (allow_rotation)"), SLICE_NONE);
    }
    key.deletable = json_bool(body, "deletion_allowed", key.deletable);
    key.exportable = key.exportable || json_bool(body, "exportable", false);
    key.backup = key.backup || json_bool(body, "allow_plaintext_backup", false);
    if (err == ERR_NONE && period != key.rotate_s) {
        key.rotate_s = period;
        err = transit_schedule(turn, &key);
    }
    err = err == ERR_NONE ? transit_save(turn, &key) : err;
    return err == ERR_NONE ? reply_key(turn, &key, NULL) : err;
}

/* ---- trimming ---- */

static enum err check_trim(struct turn *turn, const struct transit_key *key, uint64_t wanted)
{
    static const struct text refusals[] = {
        TEXT_INIT("minimum available version cannot be set when minimum encryption version is not set", "erst muss min_encryption_version gesetzt sein"),
        TEXT_INIT("minimum available version cannot be decremented", "was weg ist, kommt nicht zurück: min_available_version wird nur größer"),
        TEXT_INIT("cannot set minimum available version beyond the minimum encryption version", "min_available_version liegt nicht über min_encryption_version"),
        TEXT_INIT("cannot set minimum available version beyond the minimum decryption version", "min_available_version liegt nicht über min_decryption_version"),
        TEXT_INIT("minimum available version is the number of a version, from 1 on", "min_available_version ist die Nummer einer Version, ab 1"),
    };
    const bool bad[] = {key->min_encryption == 0, wanted < key->available, wanted > key->min_encryption, wanted > key->min_decryption, wanted == 0};
    for (size_t i = sizeof bad / sizeof bad[0]; i-- > 0;) {
        if (bad[i]) {
            return turn_refuse(turn, ERR_INVALID, refusals[i], SLICE_NONE);
        }
    }
    return ERR_NONE;
}

/* The rows of versions that go: a bounded number a request, so that no turn grows with a key's age. */
enum { TRIM_MAX = 1000 };

enum err operation_transit_trim(struct turn *turn)
{
    struct transit_key key;
    uint64_t wanted = 0;
    enum err err = transit_need(turn, turn->values[0], NO_SUCH_KEY, &key), number = json_u64(turn->request->body, "min_available_version", &wanted);
    err = err == ERR_NONE ? check_trim(turn, &key, number == ERR_NONE ? wanted : 0) : err;
    if (err != ERR_NONE) {
        return err;
    }
    uint64_t first = key.available == 0 ? 1 : key.available;
    if (wanted - first > TRIM_MAX) {
        return turn_refuse(turn, ERR_TOO_LARGE, TEXT("at most 1000 versions go at once: trim in steps", "auf einmal gehen höchstens 1000 Versionen weg: in Schritten kürzen"), SLICE_NONE);
    }
    for (uint64_t i = first; i < wanted && err == ERR_NONE; i++) {
        err = turn_delete(turn, transit_version_path(turn, key.id, i));
    }
    key.available = wanted;
    err = err == ERR_NONE ? transit_save(turn, &key) : err;
    return err == ERR_NONE ? reply_key(turn, &key, NULL) : err;
}
