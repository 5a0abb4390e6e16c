/* Keys of transit as rows: types, loading, saving, versions. */
#include "secrets/transit.h"

#include "base/encode.h"
#include "engine/job.h"

#include <string.h>

static const struct transit_kind kinds[] = {
    {"aes256-gcm96", TRANSIT_AEAD, AEAD_AES256_GCM, 0, 32, true, false, true, NULL},
    {"aes128-gcm96", TRANSIT_AEAD, AEAD_AES128_GCM, 8, 16, true, false, true, NULL},
    {"chacha20-poly1305", TRANSIT_AEAD, AEAD_CHACHA20_POLY1305, 5, 32, true, false, true, NULL},
    {"ed25519", TRANSIT_ED25519, 0, 2, ED25519_SEED_BYTES, false, true, true, "ed25519"},
    {"ecdsa-p256", TRANSIT_EC, CURVE_P256, 1, 32, false, true, false, "P-256"},
    {"ecdsa-p384", TRANSIT_EC, CURVE_P384, 6, 48, false, true, false, "P-384"},
    {"ecdsa-p521", TRANSIT_EC, CURVE_P521, 7, 66, false, true, false, "P-521"},
    {"rsa-2048", TRANSIT_RSA, 2048, 3, 0, true, true, false, "rsa-2048"},
    {"rsa-3072", TRANSIT_RSA, 3072, 9, 0, true, true, false, "rsa-3072"},
    {"rsa-4096", TRANSIT_RSA, 4096, 4, 0, true, true, false, "rsa-4096"},
    {"hmac", TRANSIT_HMAC, 0, 11, 0, false, false, false, NULL},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0], PAGE = 500 };

const struct transit_kind *transit_kind(struct slice name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (slice_is(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct transit_kind *transit_kind_numbered(uint64_t number)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (kinds[i].number == number) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* Letters, digits, '_', '-', '.'; the first and the last are none of '-' and '.'. */
bool transit_name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= TRANSIT_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LETTERS ASCII_DIGITS "_-.") && !byte_is_among(name.data[0], "-.") &&
           !byte_is_among(name.data[name.len - 1], "-.");
}

char *transit_key_path(struct turn *turn, struct slice name)
{
    return mount_path(turn, "key/%.*s", (int)name.len, (const char *)name.data);
}

char *transit_version_path(struct turn *turn, struct slice id, uint64_t number)
{
    return mount_path(turn, "version/%.*s/%08llx", (int)id.len, (const char *)id.data, (unsigned long long)number);
}

/* ---- a key ---- */

/* Numbers and truths of the row, each with its place in the struct. */
enum member_type { MEMBER_NUMBER, MEMBER_TIME, MEMBER_BOOL };
static const struct {
    const char *name;
    enum member_type type;
    size_t offset;
} members[] = {
    {"latest", MEMBER_NUMBER, offsetof(struct transit_key, latest)},
    {"available", MEMBER_NUMBER, offsetof(struct transit_key, available)},
    {"min_decryption", MEMBER_NUMBER, offsetof(struct transit_key, min_decryption)},
    {"min_encryption", MEMBER_NUMBER, offsetof(struct transit_key, min_encryption)},
    {"rotate_s", MEMBER_NUMBER, offsetof(struct transit_key, rotate_s)},
    {"key_bytes", MEMBER_NUMBER, offsetof(struct transit_key, key_bytes)},
    {"rotate_at_ms", MEMBER_TIME, offsetof(struct transit_key, rotate_at_ms)},
    {"backed_up_ms", MEMBER_TIME, offsetof(struct transit_key, backed_up_ms)},
    {"restored_ms", MEMBER_TIME, offsetof(struct transit_key, restored_ms)},
    {"derived", MEMBER_BOOL, offsetof(struct transit_key, derived)},
    {"convergent", MEMBER_BOOL, offsetof(struct transit_key, convergent)},
    {"exportable", MEMBER_BOOL, offsetof(struct transit_key, exportable)},
    {"backup", MEMBER_BOOL, offsetof(struct transit_key, backup)},
    {"deletable", MEMBER_BOOL, offsetof(struct transit_key, deletable)},
    {"imported", MEMBER_BOOL, offsetof(struct transit_key, imported)},
    {"import_rotation", MEMBER_BOOL, offsetof(struct transit_key, import_rotation)},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

enum err transit_load(struct turn *turn, struct slice name, struct transit_key *ret_key)
{
    const struct json *row = NULL;
    enum err err = transit_name_is_good(name) ? turn_json(turn, transit_key_path(turn, name), &row) : ERR_NOT_FOUND;
    if (err != ERR_NONE) {
        return err;
    }
    struct transit_key key = {.name = name, .id = json_text(row, "id", SLICE_NONE), .kind = transit_kind(json_text(row, "type", SLICE_NONE))};
    bool is_good = key.kind != NULL && key.id.len == 2 * (size_t)TRANSIT_ID_BYTES;
    for (size_t i = 0; is_good && i < MEMBER_COUNT; i++) {
        void *place = (char *)&key + members[i].offset;
        if (members[i].type == MEMBER_BOOL) {
            *(bool *)place = json_bool(row, members[i].name, false);
        } else if (json_member(row, members[i].name) != NULL) {
            err = members[i].type == MEMBER_NUMBER ? json_u64(row, members[i].name, place) : json_i64(row, members[i].name, place);
            is_good = err == ERR_NONE;
        }
    }
    if (!is_good || key.latest == 0 || key.latest > TRANSIT_VERSION_MAX) {
        return ERR_DAMAGED;
    }
    *ret_key = key;
    return ERR_NONE;
}

enum err transit_need(struct turn *turn, struct slice name, struct text missing, struct transit_key *ret_key)
{
    enum err err = transit_load(turn, name, ret_key);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, missing, SLICE_NONE) : err;
}

enum err transit_save(struct turn *turn, const struct transit_key *key)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "id", key->id);
    const struct json *last = json_set_string(turn->arena, row, "type", slice_string(key->kind->name));
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const void *place = (const char *)key + members[i].offset;
        if (members[i].type == MEMBER_NUMBER) {
            last = json_set_u64(turn->arena, row, members[i].name, *(const uint64_t *)place);
        } else if (members[i].type == MEMBER_TIME) {
            last = json_set_i64(turn->arena, row, members[i].name, *(const int64_t *)place);
        } else {
            last = json_set_bool(turn->arena, row, members[i].name, *(const bool *)place);
        }
    }
    return last == NULL ? ERR_MEMORY : turn_put_json(turn, transit_key_path(turn, key->name), row, 0);
}

struct transit_key transit_new(struct turn *turn, struct slice name, const struct transit_kind *kind)
{
    uint8_t id[TRANSIT_ID_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof id);
    turn_random(turn, id, sizeof id);
    enum err err = hex_encode(&hex, slice_of(id, sizeof id));
    return (struct transit_key){.name = name, .id = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&hex)) : SLICE_NONE, .kind = kind, .min_decryption = 1, .key_bytes = kind->family == TRANSIT_HMAC ? TRANSIT_HMAC_KEY_BYTES : 0};
}

/* ---- versions ---- */

static struct slice decoded(struct turn *turn, const struct json *row, const char *name, bool *is_good)
{
    struct slice text = json_text(row, name, SLICE_NONE);
    size_t room = text.len / 4 * 3 + 3;
    struct buf out = {.data = arena_alloc(turn->arena, room), .capacity = room, .max = room};
    *is_good = *is_good && out.data != NULL && base64_decode(&out, text) == ERR_NONE;
    return *is_good && out.len > 0 ? buf_slice(&out) : SLICE_NONE;
}

static enum err read_version(struct turn *turn, const struct transit_key *key, uint64_t number, const struct json *row, struct transit_version *ret_version)
{
    bool is_good = true;
    struct transit_version version = {.number = number, .key = decoded(turn, row, "key", &is_good), .hmac = decoded(turn, row, "hmac", &is_good), .public_key = decoded(turn, row, "public", &is_good)};
    enum err err = json_i64(row, "created_ms", &version.created_ms);
    is_good = is_good && err == ERR_NONE && (version.key.len > 0 || version.public_key.len > 0) && (key->kind->key_bytes == 0 || version.key.len == 0 || version.key.len == key->kind->key_bytes);
    if (is_good) {
        *ret_version = version;
    }
    return is_good ? ERR_NONE : ERR_DAMAGED;
}

enum err transit_version(struct turn *turn, const struct transit_key *key, uint64_t number, struct transit_version *ret_version)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, transit_version_path(turn, key->id, number), &row);
    return err == ERR_NONE ? read_version(turn, key, number, row, ret_version) : err;
}

static enum err append_page(struct turn *turn, const struct transit_key *key, const struct turn_names *page, uint64_t first, struct transit_version **versions, size_t *count)
{
    struct transit_version *grown = arena_alloc_array(turn->arena, *count + page->count + 1, sizeof *grown);
    if (grown == NULL) {
        return ERR_MEMORY;
    }
    if (*count > 0) {
        memcpy(grown, *versions, *count * sizeof *grown);
    }
    enum err err = ERR_NONE;
    for (size_t i = 0; i < page->count && err == ERR_NONE; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, page->bytes[i], &row);
        err = err == ERR_NONE ? read_version(turn, key, first + *count, row, &grown[*count]) : err;
        *count += err == ERR_NONE;
    }
    *versions = grown;
    return err;
}

/* Rows follow one another without a gap: versions are only taken away from the front. */
enum err transit_versions(struct turn *turn, const struct transit_key *key, uint64_t first, struct transit_version **ret_versions, size_t *ret_count)
{
    char *prefix = mount_path(turn, "version/%.*s/", (int)key->id.len, (const char *)key->id.data);
    struct transit_version *versions = NULL;
    size_t count = 0;
    for (bool goes_on = true; goes_on;) {
        struct turn_names page;
        char *after = transit_version_path(turn, key->id, first + count - 1);
        enum err err = prefix == NULL || after == NULL ? ERR_MEMORY : turn_list(turn, prefix, slice_string(after), PAGE, &page);
        err = err == ERR_NONE ? append_page(turn, key, &page, first, &versions, &count) : err;
        if (err != ERR_NONE) {
            return err;
        }
        goes_on = page.count == PAGE;
    }
    if (first + count == key->latest && versions != NULL) { /* lists do not show what this turn itself has put */
        enum err err = transit_version(turn, key, key->latest, &versions[count]);
        if (err != ERR_NONE) {
            return err == ERR_NOT_FOUND ? ERR_DAMAGED : err;
        }
        count++;
    }
    *ret_versions = versions;
    *ret_count = count;
    return count == key->latest + 1 - first ? ERR_NONE : ERR_DAMAGED;
}

static void set_bytes(struct turn *turn, struct json *row, const char *name, struct slice bytes, enum err *err)
{
    if (bytes.len > 0 && *err == ERR_NONE) {
        *err = transit_set_base64(turn, row, name, bytes);
    }
}

enum err transit_put_version(struct turn *turn, const struct transit_key *key, const struct transit_version *version, bool is_new)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    char *path = transit_version_path(turn, key->id, version->number);
    enum err err = json_set_i64(turn->arena, row, "created_ms", version->created_ms) == NULL ? ERR_MEMORY : ERR_NONE;
    set_bytes(turn, row, "key", version->key, &err);
    set_bytes(turn, row, "hmac", version->hmac, &err);
    set_bytes(turn, row, "public", version->public_key, &err);
    err = err == ERR_NONE && is_new ? turn_is_new(turn, path) : err;
    return err == ERR_NONE ? turn_put_json(turn, path, row, 0) : err;
}

/* ---- new versions ---- */

static struct slice drawn(struct turn *turn, size_t bytes)
{
    uint8_t *data = arena_alloc(turn->arena, bytes);
    if (data != NULL) {
        turn_random(turn, data, bytes);
    }
    return data == NULL ? SLICE_NONE : slice_of(data, bytes);
}

static enum err record(struct turn *turn, const struct transit_key *key)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "mount", turn->mount->path);
    json_set_string(turn->arena, body, "key", key->name);
    json_set_string(turn->arena, body, "kind", slice_string(key->kind->name));
    json_set_u64(turn->arena, body, "version", key->latest);
    json_set_bool(turn->arena, body, "scheduled", turn->caller.name.len == 0);
    json_set_string(turn->arena, body, "by", turn->caller.name);
    return turn_evidence(turn, "transit.rotated", body, NULL);
}

enum err transit_add(struct turn *turn, struct transit_key *key, struct transit_version *version)
{
    bool is_new = key->latest == 0; /* of the id: no row of it can be there */
    version->hmac = version->hmac.len > 0 ? version->hmac : drawn(turn, TRANSIT_HMAC_KEY_BYTES);
    version->number = ++key->latest;
    version->created_ms = turn->now_ms;
    enum err err = version->hmac.len == 0 ? ERR_MEMORY : transit_put_version(turn, key, version, is_new);
    err = err == ERR_NONE ? transit_schedule(turn, key) : err;
    err = err == ERR_NONE ? transit_save(turn, key) : err;
    return err == ERR_NONE ? record(turn, key) : err;
}

static enum err make_plain(struct turn *turn, const struct transit_key *key, struct transit_version *version)
{
    version->key = drawn(turn, key->kind->key_bytes > 0 ? key->kind->key_bytes : key->key_bytes);
    return version->key.len == 0 ? ERR_MEMORY : ERR_NONE;
}

static enum err make_ed25519(struct turn *turn, const struct transit_key *key, struct transit_version *version)
{
    uint8_t *public_key = arena_alloc(turn->arena, ED25519_PUBLIC_BYTES);
    enum err err = make_plain(turn, key, version);
    err = err == ERR_NONE && public_key == NULL ? ERR_MEMORY : err;
    version->public_key = slice_of(public_key, ED25519_PUBLIC_BYTES);
    return err == ERR_NONE && !key->derived ? ed25519_public(version->key, public_key) : err;
}

static enum err make_ec(struct turn *turn, const struct transit_key *key, struct transit_version *version)
{
    enum curve curve = (enum curve)key->kind->detail;
    uint8_t from[EC_DRAW_BYTES], *made = arena_alloc(turn->arena, EC_PRIVATE_MAX_BYTES + EC_PUBLIC_MAX_BYTES);
    turn_random(turn, from, sizeof from);
    enum err err = made == NULL ? ERR_MEMORY : ec_make(curve, from, made, made + EC_PRIVATE_MAX_BYTES);
    wipe(from, sizeof from);
    version->key = slice_of(made, ec_private_bytes(curve));
    version->public_key = slice_of(made + EC_PRIVATE_MAX_BYTES, ec_public_bytes(curve));
    return err;
}

static enum err make_rsa(struct turn *turn, const struct transit_key *key, struct transit_version *version)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    const struct json *output = NULL;
    json_set_u64(turn->arena, input, "bits", key->kind->detail);
    enum err err = turn_work(turn, ROLE_KEEP, "rsa.make", input, SLICE_NONE, &output, &version->key, NULL);
    return err == ERR_NONE ? transit_set_public(turn, key, version) : err;
}

enum err transit_set_public(struct turn *turn, const struct transit_key *key, struct transit_version *version)
{
    size_t room = RSA_PUBLIC_MAX_BYTES;
    struct buf out = {.data = arena_alloc(turn->arena, room), .capacity = room, .max = room};
    enum err err = out.data == NULL ? ERR_MEMORY : ERR_NONE;
    if (err == ERR_NONE && key->kind->family == TRANSIT_RSA) {
        err = rsa_public(version->key, &out);
    } else if (err == ERR_NONE && key->kind->family == TRANSIT_EC) {
        err = ec_public((enum curve)key->kind->detail, version->key, out.data);
        out.len = ec_public_bytes((enum curve)key->kind->detail);
    } else if (err == ERR_NONE && key->kind->family == TRANSIT_ED25519) {
        err = ed25519_public(version->key, out.data);
        out.len = ED25519_PUBLIC_BYTES;
    }
    version->public_key = buf_slice(&out);
    return err;
}

enum err transit_make(struct turn *turn, const struct transit_key *key, struct transit_version *version)
{
    static enum err (*const makers[])(struct turn *, const struct transit_key *, struct transit_version *) = {
        [TRANSIT_AEAD] = make_plain, [TRANSIT_ED25519] = make_ed25519, [TRANSIT_EC] = make_ec, [TRANSIT_RSA] = make_rsa, [TRANSIT_HMAC] = make_plain,
    };
    return makers[key->kind->family](turn, key, version);
}

enum err transit_rotate(struct turn *turn, struct transit_key *key)
{
    struct transit_version version = {0};
    enum err err = transit_make(turn, key, &version);
    return err == ERR_NONE ? transit_add(turn, key, &version) : err;
}

/* ---- the schedule ---- */

static struct slice job_key(struct turn *turn, const struct transit_key *key)
{
    return slice_string(turn_path(turn, "%.*s.%.*s", (int)turn->mount->uuid.len, (const char *)turn->mount->uuid.data, (int)key->id.len, (const char *)key->id.data));
}

enum err transit_schedule(struct turn *turn, struct transit_key *key)
{
    bool was_scheduled = key->rotate_at_ms > 0;
    key->rotate_at_ms = key->rotate_s == 0 ? 0 : turn->now_ms + (int64_t)key->rotate_s * 1000;
    if (key->rotate_at_ms == 0) {
        return was_scheduled ? job_end(turn, JOB_TRANSIT_ROTATE, job_key(turn, key)) : ERR_NONE;
    }
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "mount", turn->mount->path);
    json_set_string(turn->arena, input, "uuid", turn->mount->uuid);
    json_set_string(turn->arena, input, "name", key->name);
    return json_set_string(turn->arena, input, "id", key->id) == NULL ? ERR_MEMORY : job_put(turn, JOB_TRANSIT_ROTATE, job_key(turn, key), input, key->rotate_at_ms);
}

/*
 * A job of keep's own: {"mount","uuid","name","id"}. What is gone meanwhile is not rotated; a key that was rotated by hand since is due later, and its job says so already.
 */
enum err operation_transit_rotate_due(struct turn *turn)
{
    struct slice uuid = json_text(turn->input, "uuid", SLICE_NONE), id = json_text(turn->input, "id", SLICE_NONE);
    struct mount mount = {.path = json_text(turn->input, "mount", SLICE_NONE), .uuid = uuid};
    struct transit_key key;
    turn->mount = &mount;
    enum err live = turn_exists(turn, turn_path(turn, "mount/live/%.*s", (int)uuid.len, (const char *)uuid.data)); /* wherever it is mounted now */
    enum err err = transit_load(turn, json_text(turn->input, "name", SLICE_NONE), &key);
    bool is_gone = err == ERR_NOT_FOUND || live == ERR_NOT_FOUND || (err == ERR_NONE && !slice_equal(key.id, id));
    if (live == ERR_NEED || err == ERR_NEED) {
        err = ERR_NEED;
    } else if (is_gone) {
        err = job_end(turn, JOB_TRANSIT_ROTATE, slice_string(turn_path(turn, "%.*s.%.*s", (int)uuid.len, (const char *)uuid.data, (int)id.len, (const char *)id.data)));
    } else if (err == ERR_NONE) {
        bool may = key.rotate_s > 0 && (!key.imported || key.import_rotation);
        err = may && key.rotate_at_ms <= turn->now_ms ? transit_rotate(turn, &key) : ERR_NONE;
    }
    turn->mount = NULL;
    return err;
}

enum err transit_forget(struct turn *turn, const struct transit_key *key)
{
    struct slice prefix = slice_string(mount_path(turn, "version/%.*s/", (int)key->id.len, (const char *)key->id.data));
    enum err err = key->rotate_at_ms > 0 ? job_end(turn, JOB_TRANSIT_ROTATE, job_key(turn, key)) : ERR_NONE;
    return err == ERR_NONE ? mount_sweep_below(turn, key->id, prefix) : err;
}

enum err transit_remove(struct turn *turn, const struct transit_key *key)
{
    enum err err = transit_forget(turn, key);
    return err == ERR_NONE ? turn_delete(turn, transit_key_path(turn, key->name)) : err;
}
