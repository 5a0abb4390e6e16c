/* Keys in plain, for who may have them: export of an exportable key. */
#include "secrets/transit_form.h"

static const struct {
    const char *name;
    enum transit_export what;
} exports[] = {
    {"encryption-key", TRANSIT_EXPORT_ENCRYPTION}, {"signing-key", TRANSIT_EXPORT_SIGNING}, {"hmac-key", TRANSIT_EXPORT_HMAC}, {"public-key", TRANSIT_EXPORT_PUBLIC},
};

static enum err find_export(struct turn *turn, struct slice name, enum transit_export *ret_what)
{
    for (size_t i = 0; i < sizeof exports / sizeof exports[0]; i++) {
        if (slice_is(name, exports[i].name)) {
            *ret_what = exports[i].what;
            return ERR_NONE;
        }
    }
    return turn_refuse(turn, ERR_INVALID, TEXT("invalid export type: encryption-key, signing-key, hmac-key or public-key", "ausgegeben wird encryption-key, signing-key, hmac-key oder public-key"), name);
}

static enum err check_export(struct turn *turn, const struct transit_key *key, enum transit_export what)
{
    const struct {
        bool is_bad;
        struct text text;
    } rules[] = {
        {what != TRANSIT_EXPORT_PUBLIC && !key->exportable, TEXT("private key material is not exportable", "dieser Schlüssel lässt sich nicht ausgeben (exportable)")},
        {what == TRANSIT_EXPORT_ENCRYPTION && !key->kind->encrypts, TEXT("encryption not supported for the key", "dieser Schlüssel verschlüsselt nicht")},
        {what == TRANSIT_EXPORT_SIGNING && !key->kind->signs, TEXT("signing not supported for the key", "dieser Schlüssel signiert nicht")},
        {what == TRANSIT_EXPORT_PUBLIC && key->kind->public_name == NULL, TEXT("the key has no public part", "dieser Schlüssel hat keinen öffentlichen Teil")},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].is_bad) {
            return turn_refuse(turn, ERR_INVALID, rules[i].text, SLICE_NONE);
        }
    }
    return ERR_NONE;
}

/* "" all that may be read, "latest", or a number. */
enum err transit_versions_named(struct turn *turn, const struct transit_key *key, struct slice named, struct transit_version **ret_versions, size_t *ret_count)
{
    uint64_t number = key->latest, first = key->min_decryption > key->available ? key->min_decryption : key->available;
    if (named.len == 0) {
        return transit_versions(turn, key, first == 0 ? 1 : first, ret_versions, ret_count);
    }
    if (!slice_is(named, "latest") && (slice_to_u64(named, &number) != ERR_NONE || number == 0)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid key version", "das ist keine Version"), named);
    }
    if (number < first) {
        return turn_refuse(turn, ERR_INVALID, TEXT("version for export is below minimum decryption version", "so alte Versionen lässt der Schlüssel nicht mehr zu (min_decryption_version)"), SLICE_NONE);
    }
    struct transit_version *one = arena_alloc(turn->arena, sizeof *one);
    enum err err = one == NULL ? ERR_MEMORY : number > key->latest ? ERR_NOT_FOUND : transit_version(turn, key, number, one);
    *ret_versions = one;
    *ret_count = err == ERR_NONE;
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("version does not exist or cannot be found", "diese Version gibt es nicht"), SLICE_NONE) : err;
}

enum err operation_transit_export(struct turn *turn)
{
    enum transit_export what = TRANSIT_EXPORT_PUBLIC;
    struct transit_key key;
    struct transit_version *versions = NULL;
    size_t count = 0;
    enum err err = find_export(turn, turn->values[0], &what);
    err = err == ERR_NONE ? transit_load(turn, turn->values[1], &key) : err;
    err = err == ERR_NONE ? check_export(turn, &key, what) : err;
    err = err == ERR_NONE ? transit_versions_named(turn, &key, turn->values[2], &versions, &count) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_object(turn->arena, data, "keys");
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        struct slice text;
        bool is_public_only = versions[i].key.len == 0 && what != TRANSIT_EXPORT_PUBLIC && what != TRANSIT_EXPORT_HMAC;
        err = is_public_only ? ERR_NONE : transit_export_text(turn, &key, &versions[i], what, &text);
        char *number = turn_path(turn, "%llu", (unsigned long long)versions[i].number);
        err = err == ERR_NONE && !is_public_only && json_set_string(turn->arena, keys, number, text) == NULL ? ERR_MEMORY : err;
    }
    json_set_string(turn->arena, data, "name", key.name);
    json_set_string(turn->arena, data, "type", slice_string(key.kind->name));
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}
