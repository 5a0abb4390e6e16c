/*
 * Backups of a key with all its versions: base64 of JSON in the form that Vault writes, so that a key can move between both.
 *
 *   {"policy": {"name","keys": {"1": ENTRY…},"derived","kdf","convergent_encryption","exportable","min_decryption_version","min_encryption_version","latest_version",
 *     "archive_version","archive_min_version","min_available_version","deletion_allowed","convergent_version","type","backup_info","restore_info",
 *     "allow_plaintext_backup","version_template","storage_prefix","auto_rotate_period" (ns),"Imported","AllowImportedKeyRotation","key_size"},
 *    "archived_keys": {"keys": [ENTRY…]}}     of all versions; where none was trimmed, the first is empty, so that the index is the version
 *   ENTRY {"key","hmac_key": base64,"time","ec_x","ec_y","ec_d": decimal,"rsa_key": {"N","E","D","Primes":[2]},"rsa_public_key": {"N","E"},"public_key": text,
 *     "convergent_version","creation_time": s}
 *
 * Backups come as text: judge decodes it. What is in it is a tree whose every member is checked here.
 */
#include "secrets/transit_form.h"

#include "base/encode.h"
#include "base/time.h"
#include "crypto/der.h"

#include <string.h>

enum { BACKUP_MAX_BYTES = 8 << 20, VERSIONS_MAX = 10000, NANOSECONDS = 1000000000, KDF_HKDF = 1, ED25519_PAIR_BYTES = 64 };

/* ---- writing ---- */

static struct json *set_decimal(struct turn *turn, struct json *object, const char *name, struct slice number)
{
    cleanup_buf struct buf text = BUF_INIT(NUMBER_DIGITS_MAX + 1);
    enum err err = number_to_decimal(number, &text);
    return json_set(turn->arena, object, name, err == ERR_NONE ? json_number_text(turn->arena, buf_slice(&text)) : NULL);
}

static bool set_ec(struct turn *turn, struct json *entry, const struct transit_key *key, const struct transit_version *version)
{
    size_t bytes = ec_private_bytes((enum curve)key->kind->detail);
    const struct json *x = set_decimal(turn, entry, "ec_x", slice_first(slice_from(version->public_key, 1), bytes));
    const struct json *y = set_decimal(turn, entry, "ec_y", slice_from(version->public_key, 1 + bytes));
    const struct json *d = version->key.len == 0 ? json_set_null(turn->arena, entry, "ec_d") : set_decimal(turn, entry, "ec_d", version->key);
    return x != NULL && y != NULL && d != NULL;
}

static bool set_rsa(struct turn *turn, struct json *entry, const struct transit_version *version)
{
    static const char *const names[] = {"N", "E", "D"};
    struct slice numbers[RSA_NUMBERS];
    if (version->key.len == 0) {
        struct json *half = json_set_object(turn->arena, entry, "rsa_public_key");
        return rsa_public_numbers(version->public_key, &numbers[RSA_N], &numbers[RSA_E]) == ERR_NONE && set_decimal(turn, half, "N", numbers[RSA_N]) != NULL && set_decimal(turn, half, "E", numbers[RSA_E]) != NULL;
    }
    bool done = rsa_numbers(version->key, numbers) == ERR_NONE;
    struct json *whole = json_set_object(turn->arena, entry, "rsa_key"), holder = {.type = JSON_OBJECT};
    for (size_t i = 0; i < 3 && done; i++) {
        done = set_decimal(turn, whole, names[i], numbers[i]) != NULL;
    }
    struct json *primes = json_set_array(turn->arena, whole, "Primes");
    for (size_t i = RSA_P; i <= RSA_Q && done; i++) {
        struct json *prime = set_decimal(turn, &holder, "p", numbers[i]);
        done = prime != NULL && json_append(primes, json_share(turn->arena, prime)) != NULL;
    }
    return done;
}

static bool set_secret(struct turn *turn, struct json *entry, const struct transit_key *key, const struct transit_version *version)
{
    uint8_t pair[ED25519_PAIR_BYTES];
    struct slice bytes = version->key;
    if (key->kind->family == TRANSIT_EC) {
        return set_ec(turn, entry, key, version);
    }
    if (key->kind->family == TRANSIT_RSA) {
        return set_rsa(turn, entry, version);
    }
    if (key->kind->family == TRANSIT_ED25519 && !key->derived && bytes.len == ED25519_SEED_BYTES) {
        memcpy(pair, bytes.data, ED25519_SEED_BYTES);
        memcpy(pair + ED25519_SEED_BYTES, version->public_key.data, ED25519_PUBLIC_BYTES);
        bytes = slice_of(pair, sizeof pair);
    }
    enum err err = transit_set_base64(turn, entry, "key", bytes);
    wipe(pair, sizeof pair);
    return err == ERR_NONE;
}

static struct json *entry_of(struct turn *turn, const struct transit_key *key, const struct transit_version *version)
{
    char time[RFC3339_BYTES];
    struct slice text = SLICE_NONE;
    struct json *entry = json_new(turn->arena, JSON_OBJECT);
    rfc3339_format(version->created_ms, time);
    enum err err = transit_set_base64(turn, entry, "hmac_key", version->hmac);
    bool done = err == ERR_NONE && set_secret(turn, entry, key, version);
    json_set_string(turn->arena, entry, "time", slice_string(time));
    err = key->kind->public_name == NULL ? ERR_NONE : transit_public_text(turn, key, version, SLICE_NONE, &text);
    json_set_string(turn->arena, entry, "public_key", text);
    json_set_u64(turn->arena, entry, "convergent_version", key->convergent ? TRANSIT_CONVERGENT_VERSION : 0);
    const struct json *last = json_set_i64(turn->arena, entry, "creation_time", version->created_ms / 1000);
    return done && err == ERR_NONE && last != NULL ? entry : NULL;
}

static struct json *policy_of(struct turn *turn, const struct transit_key *key)
{
    struct arena *arena = turn->arena;
    struct json *policy = json_new(arena, JSON_OBJECT);
    char time[RFC3339_BYTES];
    rfc3339_format(turn->now_ms, time);
    json_set_string(arena, policy, "name", key->name);
    json_set_bool(arena, policy, "derived", key->derived);
    json_set_u64(arena, policy, "kdf", key->derived ? KDF_HKDF : 0);
    json_set_bool(arena, policy, "convergent_encryption", key->convergent);
    json_set_bool(arena, policy, "exportable", key->exportable);
    json_set_u64(arena, policy, "min_decryption_version", key->min_decryption);
    json_set_u64(arena, policy, "min_encryption_version", key->min_encryption);
    json_set_u64(arena, policy, "latest_version", key->latest);
    json_set_u64(arena, policy, "archive_version", key->latest);
    json_set_u64(arena, policy, "archive_min_version", key->available);
    json_set_u64(arena, policy, "min_available_version", key->available);
    json_set_bool(arena, policy, "deletion_allowed", key->deletable);
    json_set_i64(arena, policy, "convergent_version", key->convergent ? -1 : 0);
    json_set_u64(arena, policy, "type", key->kind->number);
    struct json *info = json_set_object(arena, policy, "backup_info");
    json_set_string(arena, info, "time", slice_string(time));
    json_set_u64(arena, info, "version", key->latest);
    json_set_null(arena, policy, "restore_info");
    json_set_bool(arena, policy, "allow_plaintext_backup", key->backup);
    json_set_string(arena, policy, "version_template", SLICE_NONE);
    json_set_string(arena, policy, "storage_prefix", SLICE_NONE);
    json_set_u64(arena, policy, "auto_rotate_period", key->rotate_s * NANOSECONDS);
    json_set_bool(arena, policy, "Imported", key->imported);
    json_set_bool(arena, policy, "AllowImportedKeyRotation", key->import_rotation);
    json_set_u64(arena, policy, "key_size", key->key_bytes);
    return policy;
}

static enum err backup_tree(struct turn *turn, const struct transit_key *key, struct json **ret_tree)
{
    struct transit_version *versions = NULL;
    size_t count = 0;
    enum err err = transit_versions(turn, key, key->available == 0 ? 1 : key->available, &versions, &count);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *tree = json_new(turn->arena, JSON_OBJECT), *policy = json_set(turn->arena, tree, "policy", policy_of(turn, key));
    struct json *current = json_set_object(turn->arena, policy, "keys"), *archived = json_set_array(turn->arena, json_set_object(turn->arena, tree, "archived_keys"), "keys");
    bool done = current != NULL && archived != NULL && (key->available > 0 || json_append(archived, json_new(turn->arena, JSON_OBJECT)) != NULL);
    for (size_t i = 0; i < count && done; i++) {
        struct json *entry = entry_of(turn, key, &versions[i]);
        done = json_append(archived, entry) != NULL;
        if (done && versions[i].number >= key->min_decryption) {
            done = json_set(turn->arena, current, turn_path(turn, "%llu", (unsigned long long)versions[i].number), json_share(turn->arena, entry)) != NULL;
        }
    }
    *ret_tree = tree;
    return done ? ERR_NONE : ERR_MEMORY;
}

enum err operation_transit_backup(struct turn *turn)
{
    struct transit_key key;
    struct json *tree = NULL, *data = json_new(turn->arena, JSON_OBJECT);
    cleanup_buf struct buf text = BUF_INIT(BACKUP_MAX_BYTES);
    enum err err = transit_load(turn, turn->values[0], &key);
    if (err == ERR_NONE && !key.exportable) {
        return turn_refuse(turn, ERR_INVALID, TEXT("exporting is disallowed on the policy", "dieser Schlüssel lässt sich nicht ausgeben (exportable)"), SLICE_NONE);
    }
    if (err == ERR_NONE && !key.backup) {
        return turn_refuse(turn, ERR_INVALID, TEXT("plaintext backup is disallowed on the policy", "dieser Schlüssel lässt sich nicht im Klartext sichern (allow_plaintext_backup)"), SLICE_NONE);
    }
    err = err == ERR_NONE ? backup_tree(turn, &key, &tree) : err;
    err = err == ERR_NONE ? json_write(&text, tree, 0) : err;
    err = err == ERR_NONE ? transit_set_base64(turn, data, "backup", buf_slice(&text)) : err;
    key.backed_up_ms = turn->now_ms;
    err = err == ERR_NONE ? transit_save(turn, &key) : err;
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* ---- reading: ERR_MALFORMED whatever is wrong ---- */

static enum err read_decimal(struct turn *turn, const struct json *object, const char *name, struct slice *ret_number)
{
    const struct json *member = json_member(object, name);
    cleanup_buf struct buf number = BUF_INIT(NUMBER_DIGITS_MAX);
    enum err err = member != NULL && member->type == JSON_NUMBER ? number_from_decimal(member->text, &number) : ERR_MALFORMED;
    *ret_number = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&number)) : SLICE_NONE;
    return err == ERR_NONE && number.len == 0 ? ERR_MALFORMED : err;
}

static enum err read_ec(struct turn *turn, const struct transit_key *key, const struct json *entry, struct transit_version *version)
{
    struct slice number;
    size_t bytes = ec_private_bytes((enum curve)key->kind->detail);
    uint8_t *padded = arena_alloc(turn->arena, bytes);
    enum err err = read_decimal(turn, entry, "ec_d", &number);
    if (err != ERR_NONE || number.len > bytes || padded == NULL) {
        return padded == NULL ? ERR_MEMORY : ERR_MALFORMED;
    }
    memcpy(padded + bytes - number.len, number.data, number.len);
    version->key = slice_of(padded, bytes);
    return transit_set_public(turn, key, version);
}

static enum err read_rsa(struct turn *turn, const struct transit_key *key, const struct json *entry, struct transit_version *version)
{
    static const char *const names[] = {"N", "E", "D"};
    const struct json *whole = json_member(entry, "rsa_key"), *primes = json_member(whole, "Primes"), *output = NULL;
    struct slice numbers[RSA_NUMBERS] = {{NULL, 0}}, raw;
    cleanup_buf struct buf form = BUF_INIT(RSA_PRIVATE_MAX_BYTES);
    uint64_t bits = 0;
    enum err err = primes != NULL && primes->type == JSON_ARRAY && primes->count == 2 ? ERR_NONE : ERR_MALFORMED;
    for (size_t i = 0; i < 3 && err == ERR_NONE; i++) {
        err = read_decimal(turn, whole, names[i], &numbers[i]);
    }
    const struct json *prime = err == ERR_NONE ? primes->first : NULL;
    for (size_t i = RSA_P; prime != NULL && err == ERR_NONE; prime = prime->next, i++) {
        struct json holder = {.type = JSON_OBJECT}, *copy = json_share(turn->arena, prime);
        err = json_set(turn->arena, &holder, "p", copy) == NULL ? ERR_MEMORY : read_decimal(turn, &holder, "p", &numbers[i]);
    }
    err = err == ERR_NONE ? rsa_from_numbers(numbers, &form) : err;
    version->key = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&form)) : SLICE_NONE;
    err = err == ERR_NONE ? turn_work(turn, ROLE_KEEP, "rsa.check", NULL, version->key, &output, &raw, NULL) : err;
    err = err == ERR_NONE ? json_u64(output, "bits", &bits) : err;
    err = err == ERR_NONE && bits != key->kind->detail ? ERR_MALFORMED : err;
    return err == ERR_NONE ? transit_set_public(turn, key, version) : err;
}

static enum err read_plain(struct turn *turn, const struct transit_key *key, const struct json *entry, struct transit_version *version)
{
    struct slice bytes;
    enum err err = transit_bytes(turn, entry, "key", &bytes);
    bool is_pair = key->kind->family == TRANSIT_ED25519 && bytes.len == ED25519_PAIR_BYTES;
    version->key = is_pair ? slice_first(bytes, ED25519_SEED_BYTES) : bytes;
    bool fits = key->kind->key_bytes > 0 ? version->key.len == key->kind->key_bytes : version->key.len == key->key_bytes;
    if (err != ERR_NONE || !fits) {
        return ERR_MALFORMED;
    }
    return key->kind->family == TRANSIT_ED25519 && !key->derived ? transit_set_public(turn, key, version) : ERR_NONE;
}

static enum err read_entry(struct turn *turn, const struct transit_key *key, const struct json *entry, struct transit_version *version)
{
    static enum err (*const readers[])(struct turn *, const struct transit_key *, const struct json *, struct transit_version *) = {
        [TRANSIT_AEAD] = read_plain, [TRANSIT_ED25519] = read_plain, [TRANSIT_EC] = read_ec, [TRANSIT_RSA] = read_rsa, [TRANSIT_HMAC] = read_plain,
    };
    uint64_t convergent = 0;
    enum err err = transit_bytes(turn, entry, "hmac_key", &version->hmac);
    err = err == ERR_NONE ? rfc3339_parse(json_text(entry, "time", SLICE_NONE), &version->created_ms) : err;
    if (err == ERR_NONE && key->convergent && (json_u64(entry, "convergent_version", &convergent) != ERR_NONE || convergent != TRANSIT_CONVERGENT_VERSION)) {
        return ERR_MALFORMED; /* older schemes give other ciphertexts */
    }
    if (err != ERR_NONE || version->hmac.len == 0 || version->hmac.len > TRANSIT_HMAC_KEY_MAX_BYTES) {
        return ERR_MALFORMED;
    }
    return readers[key->kind->family](turn, key, entry, version);
}

static bool read_numbers(const struct json *policy, struct transit_key *key, uint64_t *ret_kdf, uint64_t *ret_type)
{
    const struct {
        const char *name;
        uint64_t *place;
        bool is_needed;
    } members[] = {
        {"latest_version", &key->latest, true}, {"min_decryption_version", &key->min_decryption, true}, {"min_encryption_version", &key->min_encryption, true},
        {"min_available_version", &key->available, false}, {"auto_rotate_period", &key->rotate_s, false}, {"key_size", &key->key_bytes, false}, {"type", ret_type, true}, {"kdf", ret_kdf, false},
    };
    bool is_good = true;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        enum err err = json_u64(policy, members[i].name, members[i].place);
        is_good = is_good && (err == ERR_NONE || (err == ERR_NOT_FOUND && !members[i].is_needed));
    }
    key->rotate_s /= NANOSECONDS;
    key->min_decryption = key->min_decryption == 0 ? 1 : key->min_decryption;
    return is_good && key->latest >= 1 && key->latest <= TRANSIT_VERSION_MAX && key->min_decryption <= key->latest && key->min_encryption <= key->latest && key->available <= key->min_decryption &&
           (key->min_encryption == 0 || key->min_encryption >= key->min_decryption) && (key->rotate_s == 0 || (key->rotate_s >= TRANSIT_ROTATE_MIN_S && key->rotate_s <= UINT32_MAX));
}

static enum err read_policy(struct turn *turn, const struct json *policy, struct slice name, struct transit_key *ret_key)
{
    uint64_t kdf = 0, type = 0;
    struct transit_key numbers = {0};
    if (!read_numbers(policy, &numbers, &kdf, &type) || transit_kind_numbered(type) == NULL || !transit_name_is_good(name)) {
        return ERR_MALFORMED;
    }
    struct transit_key key = transit_new(turn, name, transit_kind_numbered(type));
    key.latest = numbers.latest;
    key.available = numbers.available;
    key.min_decryption = numbers.min_decryption;
    key.min_encryption = numbers.min_encryption;
    key.rotate_s = numbers.rotate_s;
    key.key_bytes = key.kind->family == TRANSIT_HMAC ? numbers.key_bytes : 0;
    key.derived = json_bool(policy, "derived", false);
    key.convergent = json_bool(policy, "convergent_encryption", false);
    key.exportable = json_bool(policy, "exportable", false);
    key.backup = json_bool(policy, "allow_plaintext_backup", false);
    key.deletable = json_bool(policy, "deletion_allowed", false);
    key.imported = json_bool(policy, "Imported", false);
    key.import_rotation = json_bool(policy, "AllowImportedKeyRotation", false);
    key.restored_ms = turn->now_ms;
    bool is_hmac_sized = key.kind->family != TRANSIT_HMAC || (key.key_bytes >= TRANSIT_HMAC_KEY_BYTES && key.key_bytes <= TRANSIT_HMAC_KEY_MAX_BYTES);
    bool derives_well = !key.derived ? !key.convergent : key.kind->derives && kdf == KDF_HKDF && (!key.convergent || key.kind->family == TRANSIT_AEAD);
    *ret_key = key;
    return key.id.len == 0 ? ERR_MEMORY : is_hmac_sized && derives_well ? ERR_NONE : ERR_MALFORMED;
}

/* All entries are read before any is written; RSA's are checked in keep's thread, all at once. */
static enum err restore_versions(struct turn *turn, const struct transit_key *key, const struct json *archived)
{
    uint64_t number = key->available; /* of the first entry: an empty one where nothing was trimmed */
    enum err err = ERR_NONE;
    bool needs = false;
    if (archived == NULL || archived->type != JSON_ARRAY || archived->count > VERSIONS_MAX || archived->count != key->latest + 1 - key->available) {
        return ERR_MALFORMED;
    }
    for (const struct json *entry = archived->first; entry != NULL && err == ERR_NONE; entry = entry->next, number++) {
        struct transit_version version = {.number = number};
        err = number == 0 ? ERR_NONE : read_entry(turn, key, entry, &version);
        needs = needs || err == ERR_NEED;
        err = err == ERR_NONE && number > 0 ? transit_put_version(turn, key, &version, true) : err == ERR_NEED ? ERR_NONE : err;
    }
    return err == ERR_NONE && needs ? ERR_NEED : err;
}

static enum err make_room(struct turn *turn, struct slice name)
{
    struct transit_key there;
    enum err err = transit_load(turn, name, &there);
    if (err == ERR_NONE && !json_bool(turn->request->body, "force", false)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a key of this name already exists; set force to replace it", "einen Schlüssel dieses Namens gibt es schon; mit force wird er ersetzt"), SLICE_NONE);
    }
    return err == ERR_NONE ? transit_forget(turn, &there) : err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err record(struct turn *turn, const struct transit_key *key)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "mount", turn->mount->path);
    json_set_string(turn->arena, body, "key", key->name);
    json_set_string(turn->arena, body, "kind", slice_string(key->kind->name));
    json_set_u64(turn->arena, body, "version", key->latest);
    json_set_string(turn->arena, body, "by", turn->caller.name);
    return turn_evidence(turn, "transit.restored", body, NULL);
}

enum err operation_transit_restore(struct turn *turn)
{
    struct transit_key key;
    const struct json *tree = NULL;
    struct slice raw;
    enum err err = turn_work(turn, ROLE_JUDGE, "transit.backup", NULL, turn_field(turn, "backup"), &tree, &raw, NULL);
    const struct json *policy = json_member(tree, "policy");
    struct slice name = turn->values[0].len > 0 ? turn->values[0] : json_text(policy, "name", SLICE_NONE);
    if (err != ERR_NONE) {
        return err;
    }
    err = read_policy(turn, policy, name, &key);
    err = err == ERR_NONE ? make_room(turn, name) : err;
    err = err == ERR_NONE ? restore_versions(turn, &key, json_path(tree, "archived_keys.keys")) : err;
    if (err == ERR_MALFORMED || err == ERR_FORGED || (err == ERR_INVALID && turn->complaint.text.english == NULL)) {
        turn->complaint = (struct complaint){0};
        return turn_refuse(turn, ERR_INVALID, TEXT("the backup is damaged, or of a kind of key that Vogt does not have", "die Sicherung ist beschädigt oder von einer Art Schlüssel, die Vogt nicht kennt"), SLICE_NONE);
    }
    err = err == ERR_NONE ? transit_schedule(turn, &key) : err;
    err = err == ERR_NONE ? transit_save(turn, &key) : err;
    err = err == ERR_NONE ? record(turn, &key) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
