/* Logging in with a client certificate: all entries, or the one that is named, and the chain go to judge; what it says is held against the revocation lists. */
#include "secrets/cert.h"

#include "base/encode.h"
#include "engine/token.h"

enum { NONCE_BYTES = 16 };

static enum err refuse(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("invalid certificate or no client certificate supplied", "das Client-Zertifikat ist ungültig oder fehlt"), SLICE_NONE);
}

/* ---- entries ---- */

static enum err add_entry(struct turn *turn, struct json *entries, struct slice name, const struct json *row)
{
    struct json *entry = json_append(entries, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, entry, "name", name);
    for (const struct json *member = row->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "token") && !slice_is(member->name, "display_name")) {
            json_set(turn->arena, entry, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    return entry == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err all_entries(struct turn *turn, struct json *entries)
{
    struct turn_names rows;
    char *prefix = cert_path(turn, SLICE_LITERAL(""));
    enum err err = turn_list(turn, prefix, SLICE_NONE, CERT_ENTRIES_MAX + 1, &rows);
    if (err == ERR_NONE && rows.count > CERT_ENTRIES_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this method has more than 1000 entries: a login names one", "dieses Verfahren hat mehr als 1000 Einträge: die Anmeldung muss einen nennen"), SLICE_NONE);
    }
    size_t skip = slice_string(prefix).len;
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row) == ERR_NONE ? add_entry(turn, entries, slice_from(rows.names[i], skip), row) : ERR_DAMAGED;
    }
    return err;
}

static enum err named_entry(struct turn *turn, struct slice name, struct json *entries)
{
    const struct json *row = NULL;
    enum err err = cert_name_is_good(name) ? turn_json(turn, cert_path(turn, name), &row) : ERR_NOT_FOUND;
    return err == ERR_NONE ? add_entry(turn, entries, name, row) : err == ERR_NOT_FOUND ? ERR_NONE : err; /* judge then finds none that fits */
}

/* ---- revocation ---- */

static bool has(const struct json *texts, struct slice text)
{
    for (const struct json *one = texts == NULL ? NULL : texts->first; one != NULL; one = one->next) {
        if (slice_equal(one->text, text)) {
            return true;
        }
    }
    return false;
}

static bool revokes(const struct json *list, const struct json *chain)
{
    struct slice issuer = json_text(list, "issuer", SLICE_NONE);
    for (const struct json *one = chain == NULL ? NULL : chain->first; one != NULL; one = one->next) {
        if (slice_equal(json_text(one, "issuer", SLICE_NONE), issuer) && has(json_member(list, "serials"), json_text(one, "serial", SLICE_NONE))) {
            return true;
        }
    }
    return false;
}

/* A list that is fetched, of an issuer of this chain, has run out by its own word: nobody knows who was revoked since. */
static bool has_run_out(const struct turn *turn, const struct json *list, const struct json *chain)
{
    int64_t until_s = 0;
    struct slice issuer = json_text(list, "issuer", SLICE_NONE);
    const struct json *one = chain == NULL ? NULL : chain->first;
    while (one != NULL && !slice_equal(json_text(one, "issuer", SLICE_NONE), issuer)) {
        one = one->next;
    }
    return one != NULL && json_text(list, "url", SLICE_NONE).len > 0 && json_i64(list, "until_s", &until_s) == ERR_NONE && turn->now_ms / 1000 > until_s;
}

static enum err check_revoked(struct turn *turn, const struct turn_names *lists, const struct json *chain)
{
    for (size_t i = 0; i < lists->count; i++) {
        struct json *list = NULL;
        if (json_unpack(turn->arena, lists->bytes[i], &list) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        if (revokes(list, chain)) {
            return refuse(turn);
        }
        if (has_run_out(turn, list, chain)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("the revocation list has run out and could not be fetched anew", "die Sperrliste ist abgelaufen und ließ sich nicht neu holen"), json_text(list, "url", SLICE_NONE));
        }
    }
    return ERR_NONE;
}

static enum err load_lists(struct turn *turn, struct turn_names *ret_lists)
{
    enum err err = turn_list(turn, mount_path(turn, "crl/"), SLICE_NONE, CERT_CRLS_MAX + 1, ret_lists);
    return err == ERR_NONE && ret_lists->count > CERT_CRLS_MAX
               ? turn_refuse(turn, ERR_INVALID, TEXT("this method has more than 100 revocation lists", "dieses Verfahren hat mehr als 100 Sperrlisten"), SLICE_NONE) : err;
}

/* ---- the login ---- */

/* Of the question to an OCSP server, so that no older answer fits it. */
static struct slice new_nonce(struct turn *turn)
{
    uint8_t bytes[NONCE_BYTES];
    cleanup_buf struct buf text = BUF_INIT(2 * sizeof bytes);
    turn_random(turn, bytes, sizeof bytes);
    return hex_encode(&text, slice_of(bytes, sizeof bytes)) == ERR_NONE ? arena_copy(turn->arena, buf_slice(&text)) : SLICE_NONE;
}

static struct json *metadata_of(struct turn *turn, const struct json *found)
{
    static const struct {
        const char *name, *from;
    } members[] = {{"cert_name", "name"}, {"common_name", "common_name"}, {"serial_number", "serial_number"}, {"subject_key_id", "subject_key_id"}, {"authority_key_id", "authority_key_id"}};
    struct json *metadata = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_set_string(turn->arena, metadata, members[i].name, json_text(found, members[i].from, SLICE_NONE));
    }
    const struct json *extensions = json_member(found, "extensions");
    for (const struct json *one = extensions == NULL ? NULL : extensions->first; one != NULL; one = one->next) {
        json_set_string(turn->arena, metadata, arena_string(turn->arena, one->name), one->text);
    }
    return metadata;
}

static enum err let_in(struct turn *turn, const struct json *found)
{
    struct slice name = json_text(found, "name", SLICE_NONE);
    const struct json *row = NULL;
    enum err err = turn_json(turn, cert_path(turn, name), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? refuse(turn) : err; /* deleted meanwhile */
    }
    err = cert_ocsp_check(turn, row, found);
    if (err != ERR_NONE) {
        return err;
    }
    bool is_bound = !json_bool(mount_settings(turn->mount), "disable_binding", false);
    struct login login = {.row = row, .name = json_text(row, "display_name", name), .alias = json_text(found, "common_name", SLICE_NONE), .metadata = metadata_of(turn, found),
                          .certificate = is_bound ? json_text(found, "certificate", SLICE_NONE) : SLICE_NONE};
    return login_token_give(turn, &login);
}

enum err operation_cert_login(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn_field(turn, "name"));
    struct turn_names lists;
    const struct json *found = NULL;
    if (turn->request->chain.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("client certificate must be supplied", "das Client-Zertifikat fehlt"), SLICE_NONE);
    }
    struct json *input = json_new(turn->arena, JSON_OBJECT), *entries = json_set_array(turn->arena, input, "entries");
    json_set_i64(turn->arena, input, "now_s", turn->now_ms / 1000);
    json_set_string(turn->arena, input, "nonce", new_nonce(turn));
    enum err first = entries == NULL ? ERR_MEMORY : name.len > 0 ? named_entry(turn, name, entries) : all_entries(turn, entries), second = load_lists(turn, &lists);
    if (first != ERR_NONE || second != ERR_NONE) {
        return first != ERR_NONE && first != ERR_NEED ? first : second != ERR_NONE ? second : first;
    }
    enum err err = turn_work(turn, ROLE_JUDGE, "cert.login", input, turn->request->chain, &found, NULL, NULL);
    err = err == ERR_NONE ? check_revoked(turn, &lists, json_member(found, "chain")) : err;
    return err == ERR_NONE ? let_in(turn, found) : err;
}
