/* Who is an agent: invited with a one-time token bound to a name, enrolled with a key of its own, renewed, revoked; and the list of all with their health. */
#include "measure/agent_rows.h"

#include "base/encode.h"
#include "engine/certificate.h"
#include "engine/vault.h"
#include "measure/edit.h"
#include "measure/operations.h"
#include "measure/standing.h"

enum { TOKEN_RANDOM_BYTES = 24, TOKEN_MAX_BYTES = 64, HOSTNAME_MAX_BYTES = 256, SILENT_POLLS = 3 };

char *agent_path(struct turn *turn, const char *folder, struct slice name)
{
    return turn_path(turn, "agent/%s/%.*s", folder, (int)name.len, (const char *)name.data);
}

static enum err put_row(struct turn *turn, const struct json *row)
{
    return turn_put_json(turn, agent_path(turn, "host", json_text(row, "name", SLICE_NONE)), row, 0);
}

static const struct json *with_text(struct turn *turn, const struct json *row, const char *name, struct slice text)
{
    return edit_with(turn->arena, row, name, json_string(turn->arena, text));
}

static const struct json *with_time(struct turn *turn, const struct json *row, const char *name, int64_t at_ms)
{
    return edit_with(turn->arena, row, name, json_number_i64(turn->arena, at_ms));
}

static enum err record(struct turn *turn, const char *type, const struct json *row, struct slice by)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    edit_carry(turn->arena, body, row, "name");
    edit_carry(turn->arena, body, row, "kind");
    if (by.len > 0) {
        json_set_string(turn->arena, body, "by", by);
    }
    edit_carry(turn->arena, body, row, "certificate");
    edit_carry(turn->arena, body, row, "hostname");
    return turn_evidence(turn, type, body, NULL);
}

static enum err digest_hex(struct turn *turn, struct slice bytes, struct slice *ret_hex)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    sha256(bytes, digest);
    enum err err = hex_encode(&hex, slice_of(digest, sizeof digest));
    *ret_hex = arena_copy(turn->arena, buf_slice(&hex));
    return err != ERR_NONE ? err : ret_hex->data == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- invited ---- */

static enum err make_token(struct turn *turn, struct slice *ret_token)
{
    uint8_t random[TOKEN_RANDOM_BYTES];
    cleanup_buf struct buf text = BUF_INIT(TOKEN_MAX_BYTES);
    turn_random(turn, random, sizeof random);
    enum err err = buf_append_string(&text, "vga.");
    err = err == ERR_NONE ? base64url_encode(&text, slice_of(random, sizeof random)) : err;
    *ret_token = arena_copy(turn->arena, buf_slice(&text));
    wipe(random, sizeof random);
    return err != ERR_NONE ? err : ret_token->data == NULL ? ERR_MEMORY : ERR_NONE;
}

struct invitation {
    struct slice name, kind;
    uint64_t every_s;
};

static enum err read_invitation(struct turn *turn, struct invitation *ret_invitation)
{
    struct invitation wish = {turn_field(turn, "name"), turn_field(turn, "kind"), AGENT_EVERY_DEFAULT_S};
    wish.kind = wish.kind.len == 0 ? SLICE_LITERAL("host") : wish.kind;
    if (!agent_name_is_good(wish.name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("an agent's name has letters, digits, '.', '-' and '_', at most 128, and is not \"this\"",
                                                   "der Name eines Agenten besteht aus Buchstaben, Ziffern, '.', '-' und '_', höchstens 128, und ist nicht \"this\""), wish.name);
    }
    if (!slice_is(wish.kind, "host") && !slice_is(wish.kind, "vantage")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the kind of an agent is host or vantage", "die Art eines Agenten ist host oder vantage"), wish.kind);
    }
    enum err err = json_u64(turn->request->body, "every", &wish.every_s);
    if ((err != ERR_NONE && err != ERR_NOT_FOUND) || wish.every_s < AGENT_EVERY_MIN_S || wish.every_s > AGENT_EVERY_MAX_S) {
        return turn_refuse(turn, ERR_INVALID, TEXT("an agent collects every second at most and every day at least", "ein Agent sammelt höchstens jede Sekunde und mindestens jeden Tag"), SLICE_NONE);
    }
    *ret_invitation = wish;
    return ERR_NONE;
}

/* A name that is enrolled keeps its certificate until the new invitation is used. */
static enum err put_invitation(struct turn *turn, const struct invitation *wish, struct slice token)
{
    static const char *const kept[] = {"enrolled_ms", "hostname", "point", "certificate", "certificate_expires_ms", "next", "next_expires_ms", NULL};
    const struct json *before = NULL;
    struct slice digest;
    enum err err = turn_json(turn, agent_path(turn, "host", wish->name), &before);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "name", wish->name);
    json_set_string(turn->arena, row, "kind", wish->kind);
    json_set_u64(turn->arena, row, "every_s", wish->every_s);
    json_set_i64(turn->arena, row, "created_ms", turn->now_ms);
    json_set_string(turn->arena, row, "by", turn->caller.name);
    for (size_t i = 0; kept[i] != NULL && err == ERR_NONE; i++) {
        edit_carry(turn->arena, row, before, kept[i]);
    }
    err = digest_hex(turn, token, &digest);
    json_set_string(turn->arena, row, "token", digest);
    json_set_i64(turn->arena, row, "token_expires_ms", turn->now_ms + AGENT_TOKEN_TTL_MS);
    err = err == ERR_NONE ? put_row(turn, row) : err;
    return err == ERR_NONE ? record(turn, "agent.invited", row, turn->caller.name) : err;
}

enum err operation_agent_create(struct turn *turn)
{
    struct invitation wish = {SLICE_NONE, SLICE_NONE, 0};
    struct slice token = SLICE_NONE;
    uint8_t pin[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    enum err err = read_invitation(turn, &wish);
    err = err == ERR_NONE ? make_token(turn, &token) : err;
    err = err == ERR_NONE ? vault_pin(turn->around->vault, pin) : err;
    err = err == ERR_NONE ? hex_encode(&hex, slice_of(pin, sizeof pin)) : err;
    err = err == ERR_NONE ? put_invitation(turn, &wish, token) : err;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "name", wish.name);
    json_set_string(turn->arena, data, "kind", wish.kind);
    json_set_u64(turn->arena, data, "every_s", wish.every_s);
    json_set_string(turn->arena, data, "token", token);
    edit_set_time(turn->arena, data, "expires_at", turn->now_ms + AGENT_TOKEN_TTL_MS);
    json_set_string(turn->arena, data, "server", slice_string(turn->around->address));
    json_set_string(turn->arena, data, "pin", buf_slice(&hex));
    err = err == ERR_NONE ? turn_reply_data(turn, data) : err;
    /* the last step: it changes the vault as well as rows */
    return err == ERR_NONE ? vault_authority_make(turn->around->vault, turn) : err;
}

/* ---- enrolled ---- */

struct proof {
    struct buf point, signature;
};

static void proof_free(struct proof *proof)
{
    buf_free(&proof->point);
    buf_free(&proof->signature);
}

/* Key and signature of the body; good only if the caller holds the key and signed exactly this. */
static enum err check_proof(struct turn *turn, const char *label, struct slice digest, struct slice name, struct proof *proof)
{
    cleanup_buf struct buf message = BUF_INIT(1024);
    proof->point = BUF_INIT(P256_PUBLIC_BYTES);
    proof->signature = BUF_INIT(P256_SIGNATURE_MAX_BYTES);
    enum err err = base64_decode(&proof->point, turn_field(turn, "key"));
    err = err == ERR_NONE ? base64_decode(&proof->signature, turn_field(turn, "signature")) : err;
    err = err == ERR_NONE ? agent_proof_message(&message, label, digest, buf_slice(&proof->point), name) : err;
    err = err == ERR_NONE ? p256_verify(buf_slice(&proof->point), buf_slice(&message), buf_slice(&proof->signature)) : err;
    return err == ERR_NONE || err == ERR_MEMORY || err == ERR_CRYPTO
               ? err
               : turn_refuse(turn, ERR_INVALID, TEXT("the key is no P-256 point, or its signature is not over this token and name",
                                                     "der Schlüssel ist kein P-256-Punkt, oder seine Signatur gilt nicht für dieses Token und diesen Namen"), SLICE_NONE);
}

static enum err reply_certificate(struct turn *turn, const struct json *row, const struct certificate_made *made)
{
    cleanup_buf struct buf text = BUF_INIT(8192);
    enum err err = base64_encode(&text, made->der);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    edit_carry(turn->arena, data, row, "name");
    edit_carry(turn->arena, data, row, "kind");
    edit_carry(turn->arena, data, row, "every_s");
    json_set_string(turn->arena, data, "certificate", buf_slice(&text));
    json_set_i64(turn->arena, data, "expires_ms", made->expires_ms);
    json_set_i64(turn->arena, data, "now_ms", turn->now_ms);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

static int64_t last_end_ms(const struct json *row)
{
    return edit_number(row, "next_expires_ms", edit_number(row, "certificate_expires_ms", 0));
}

static enum err issue(struct turn *turn, const struct json *row, struct slice point, struct certificate_made *ret_made)
{
    struct certificate_wish wish = {.name = json_text(row, "name", SLICE_NONE), .kind = json_text(row, "kind", SLICE_NONE), .point = point};
    return certificate_issue(turn, &wish, ret_made);
}

static enum err end_certificates(struct turn *turn, const struct json *row)
{
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, certificate_end(turn, json_text(row, "certificate", SLICE_NONE))) &&
           standing_goes_on(&all, certificate_end(turn, json_text(row, "next", SLICE_NONE))));
    return all;
}

/* One answer for a name that nobody invited, another name's token and a used one: only who holds the right token learns more. */
static enum err check_token(struct turn *turn, struct slice name, const struct json **ret_row)
{
    static const struct text unknown = {"this token is not good for this name: it is unknown, used, or was made for another host",
                                        "dieses Token gilt nicht für diesen Namen: es ist unbekannt, schon benutzt oder für einen anderen Rechner gemacht"};
    const struct json *row = NULL;
    struct slice digest;
    if (!agent_name_is_good(name)) {
        return turn_refuse(turn, ERR_DENIED, unknown, SLICE_NONE);
    }
    enum err err = turn_json(turn, agent_path(turn, "host", name), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_DENIED, unknown, name) : err;
    }
    err = digest_hex(turn, turn_field(turn, "token"), &digest);
    struct slice expected = json_text(row, "token", SLICE_NONE);
    if (err == ERR_NONE && (expected.len == 0 || !secret_equal(expected, digest))) {
        return turn_refuse(turn, ERR_DENIED, unknown, name);
    }
    if (err == ERR_NONE && turn->now_ms >= edit_number(row, "token_expires_ms", 0)) {
        return turn_refuse(turn, ERR_DENIED, TEXT("this token is older than an hour; make a new one with `vogt agent create`",
                                                  "dieses Token ist älter als eine Stunde; ein neues macht `vogt agent create`"), name);
    }
    *ret_row = row;
    return err;
}

/* A vantage is a subject: while there is one, what needs an eye outside is asked for (observation_rule.needs). */
static enum err change_vantage(struct turn *turn, const struct json *row, bool is_there)
{
    struct world world;
    struct slice name = json_text(row, "name", SLICE_NONE), id = slice_string(turn_path(turn, "vantage:%.*s", (int)name.len, (const char *)name.data));
    if (!slice_is(json_text(row, "kind", SLICE_NONE), "vantage")) {
        return ERR_NONE;
    }
    struct json *list = json_new(turn->arena, JSON_ARRAY), *subject = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, subject, "id", id);
    json_set_string(turn->arena, subject, "kind", SLICE_LITERAL("vantage"));
    json_set_string(turn->arena, subject, "name", name);
    json_set_string(turn->arena, subject, "source", SLICE_LITERAL("configured"));
    json_set_bool(turn->arena, subject, "confirmed", true);
    json_set_object(turn->arena, subject, "attributes");
    json_append(list, is_there ? subject : json_string(turn->arena, id));
    struct estate_change change = {.put = is_there ? list : NULL, .removed = is_there ? NULL : list, .by = is_there ? name : turn->caller.name};
    enum err err = standing_load(turn, &world);
    err = err == ERR_NONE ? standing_estate_change(turn, &world, &change) : err;
    return err == ERR_NONE ? standing_refresh(turn, &world) : err;
}

enum err operation_agent_enrol(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice name = turn_field(turn, "name");
    uint8_t digest[SHA256_BYTES];
    struct proof proof __attribute__((cleanup(proof_free))) = {BUF_INIT(0), BUF_INIT(0)};
    struct certificate_made made = {SLICE_NONE, SLICE_NONE, 0};
    enum err err = check_token(turn, name, &row);
    sha256(turn_field(turn, "token"), digest);
    err = err == ERR_NONE ? check_proof(turn, AGENT_ENROL_LABEL, slice_of(digest, sizeof digest), name, &proof) : err;
    err = err == ERR_NONE ? end_certificates(turn, row) : err;
    err = err == ERR_NONE ? issue(turn, row, buf_slice(&proof.point), &made) : err;
    if (err != ERR_NONE) {
        return err;
    }
    static const char *const gone[] = {"token", "token_expires_ms", "next", "next_expires_ms", "revoked_ms", "revoked_by", NULL};
    for (size_t i = 0; gone[i] != NULL; i++) {
        row = edit_with(turn->arena, row, gone[i], NULL);
    }
    row = with_time(turn, row, "enrolled_ms", turn->now_ms);
    row = with_text(turn, row, "hostname", slice_first(turn_field(turn, "hostname"), HOSTNAME_MAX_BYTES));
    row = with_text(turn, row, "certificate", made.id);
    row = with_time(turn, row, "certificate_expires_ms", made.expires_ms);
    struct slice point_digest;
    err = digest_hex(turn, buf_slice(&proof.point), &point_digest);
    row = err == ERR_NONE ? with_text(turn, row, "point", point_digest) : row;
    err = err == ERR_NONE ? put_row(turn, row) : err;
    err = err == ERR_NONE ? record(turn, "agent.enrolled", row, SLICE_NONE) : err;
    err = err == ERR_NONE ? change_vantage(turn, row, true) : err;
    return err == ERR_NONE ? reply_certificate(turn, row, &made) : err;
}

enum err agent_calling(struct turn *turn, const struct json **ret_row)
{
    const struct json *row = NULL;
    struct slice own = turn->caller.certificate;
    enum err err = turn_json(turn, agent_path(turn, "host", turn->caller.name), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    if (slice_equal(json_text(row, "certificate", SLICE_NONE), own)) {
        *ret_row = row;
        return ERR_NONE;
    }
    if (!slice_equal(json_text(row, "next", SLICE_NONE), own)) {
        return ERR_DENIED;
    }
    err = certificate_end(turn, json_text(row, "certificate", SLICE_NONE));
    if (err != ERR_NONE) {
        return err;
    }
    int64_t expires_ms = edit_number(row, "next_expires_ms", 0);
    row = with_time(turn, with_text(turn, row, "certificate", own), "certificate_expires_ms", expires_ms);
    row = edit_with(turn->arena, edit_with(turn->arena, row, "next", NULL), "next_expires_ms", NULL);
    *ret_row = row;
    return put_row(turn, row);
}

/* The reply may be lost: the certificate in use is good until the new one is used. A next one that was never used ends. */
enum err operation_agent_renew(struct turn *turn)
{
    const struct json *row = NULL;
    struct proof proof __attribute__((cleanup(proof_free))) = {BUF_INIT(0), BUF_INIT(0)};
    struct certificate_made made = {SLICE_NONE, SLICE_NONE, 0};
    struct slice point_digest = SLICE_NONE;
    enum err err = agent_calling(turn, &row);
    err = err == ERR_NONE ? check_proof(turn, AGENT_RENEW_LABEL, turn->request->certificate, turn->caller.name, &proof) : err;
    err = err == ERR_NONE ? certificate_end(turn, json_text(row, "next", SLICE_NONE)) : err;
    err = err == ERR_NONE ? issue(turn, row, buf_slice(&proof.point), &made) : err;
    err = err == ERR_NONE ? digest_hex(turn, buf_slice(&proof.point), &point_digest) : err;
    if (err != ERR_NONE) {
        return err;
    }
    row = with_text(turn, row, "point", point_digest);
    row = with_time(turn, with_text(turn, row, "next", made.id), "next_expires_ms", made.expires_ms);
    err = put_row(turn, row);
    return err == ERR_NONE ? reply_certificate(turn, row, &made) : err;
}

/* An agent whose certificate ended while Vogt or the network was away: its key is still known. Whoever sends the same words again gets a certificate for the agent's
 * own key, which is of no use without it. */
enum err operation_agent_return(struct turn *turn)
{
    static const struct text unknown = {"no agent of this name may come back so: it is unknown, revoked, has another key, or was away for more than a week",
                                        "kein Agent dieses Namens darf so zurückkommen: er ist unbekannt, entzogen, hat einen anderen Schlüssel oder war länger als eine Woche fort"};
    const struct json *row = NULL;
    struct slice name = turn_field(turn, "name"), point_digest;
    struct proof proof __attribute__((cleanup(proof_free))) = {BUF_INIT(0), BUF_INIT(0)};
    struct certificate_made made = {SLICE_NONE, SLICE_NONE, 0};
    cleanup_buf struct buf id = BUF_INIT(SHA256_BYTES);
    enum err err = agent_name_is_good(name) ? turn_json(turn, agent_path(turn, "host", name), &row) : ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, ERR_DENIED, unknown, SLICE_NONE);
    }
    struct slice last = json_text(row, "next", json_text(row, "certificate", SLICE_NONE));
    err = err == ERR_NONE ? hex_decode(&id, last) : err;
    if (err == ERR_NONE && (id.len == 0 || turn->now_ms > last_end_ms(row) + AGENT_RETURN_MS)) {
        return turn_refuse(turn, ERR_DENIED, unknown, name);
    }
    err = err == ERR_NONE ? check_proof(turn, AGENT_RETURN_LABEL, buf_slice(&id), name, &proof) : err;
    if (err == ERR_INVALID) {
        return turn_refuse(turn, ERR_DENIED, unknown, name); /* the same words, so that nobody learns which names there are */
    }
    err = err == ERR_NONE ? digest_hex(turn, buf_slice(&proof.point), &point_digest) : err;
    if (err == ERR_NONE && !slice_equal(point_digest, json_text(row, "point", SLICE_NONE))) {
        return turn_refuse(turn, ERR_DENIED, unknown, name);
    }
    err = err == ERR_NONE ? end_certificates(turn, row) : err;
    err = err == ERR_NONE ? issue(turn, row, buf_slice(&proof.point), &made) : err;
    if (err != ERR_NONE) {
        return err;
    }
    row = edit_with(turn->arena, edit_with(turn->arena, row, "next", NULL), "next_expires_ms", NULL);
    row = with_time(turn, with_text(turn, row, "certificate", made.id), "certificate_expires_ms", made.expires_ms);
    err = put_row(turn, row);
    err = err == ERR_NONE ? record(turn, "agent.returned", row, SLICE_NONE) : err;
    return err == ERR_NONE ? reply_certificate(turn, row, &made) : err;
}

enum err operation_agent_revoke(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice name = turn_field(turn, "name");
    enum err err = agent_name_is_good(name) ? turn_json(turn, agent_path(turn, "host", name), &row) : ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, err, TEXT("there is no agent of this name", "einen Agenten dieses Namens gibt es nicht"), name);
    }
    err = err == ERR_NONE ? end_certificates(turn, row) : err;
    if (err != ERR_NONE) {
        return err;
    }
    err = record(turn, "agent.revoked", row, turn->caller.name);
    static const char *const gone[] = {"token", "token_expires_ms", "certificate", "certificate_expires_ms", "next", "next_expires_ms", NULL};
    for (size_t i = 0; gone[i] != NULL; i++) {
        row = edit_with(turn->arena, row, gone[i], NULL);
    }
    row = with_text(turn, with_time(turn, row, "revoked_ms", turn->now_ms), "revoked_by", turn->caller.name);
    err = err == ERR_NONE ? put_row(turn, row) : err;
    err = err == ERR_NONE ? change_vantage(turn, row, false) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- the list ---- */

static const struct state {
    const char *id;
    struct text text;
} states[] = {
    {"revoked", TEXT_INIT("revoked", "entzogen")},
    {"invited", TEXT_INIT("invited, not enrolled yet", "eingeladen, noch nicht angemeldet")},
    {"lapsed", TEXT_INIT("its invitation lapsed unused", "seine Einladung verfiel ungenutzt")},
    {"expired", TEXT_INIT("its certificate expired: it has been away for more than a day; for a week it can come back by itself, then it must be invited again", "sein Zertifikat ist abgelaufen: er ist seit über einem Tag fort; eine Woche lang kann er selbst zurückkommen, danach muss er neu eingeladen werden")},
    {"silent", TEXT_INIT("nothing was heard from it lately: what it observed grows old", "von ihm war zuletzt nichts zu hören: was er beobachtet hat, veraltet")},
    {"well", TEXT_INIT("well", "wohlauf")},
};
enum { STATE_REVOKED, STATE_INVITED, STATE_LAPSED, STATE_EXPIRED, STATE_SILENT, STATE_WELL };

static const struct state *state_of(const struct turn *turn, const struct json *row, const struct json *seen)
{
    if (json_member(row, "revoked_ms") != NULL) {
        return &states[STATE_REVOKED];
    }
    if (json_member(row, "certificate") == NULL) {
        return &states[turn->now_ms < edit_number(row, "token_expires_ms", 0) ? STATE_INVITED : STATE_LAPSED];
    }
    if (turn->now_ms >= last_end_ms(row)) {
        return &states[STATE_EXPIRED];
    }
    int64_t heard_ms = edit_number(seen, "at_ms", edit_number(row, "enrolled_ms", 0));
    int64_t patience_ms = (int64_t)agent_poll_s((uint64_t)edit_number(row, "every_s", AGENT_EVERY_DEFAULT_S)) * 1000 * SILENT_POLLS;
    return &states[turn->now_ms - heard_ms > patience_ms ? STATE_SILENT : STATE_WELL];
}

static void put_gaps(struct turn *turn, struct json *one, const struct json *seen)
{
    struct json *list = json_set_array(turn->arena, one, "cannot_see");
    for (const struct json *id = edit_items(seen, "cannot_see"); id != NULL; id = id->next) {
        const struct agent_gap *gap = agent_gap_find(id->text);
        struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, item, "id", id->text);
        json_set_string(turn->arena, item, "english", gap == NULL ? id->text : slice_string(gap->text.english));
        json_set_string(turn->arena, item, "german", gap == NULL ? id->text : slice_string(gap->text.german));
    }
}

static void put_agent(struct turn *turn, struct json *list, const struct json *row, const struct json *seen)
{
    static const char *const carried[] = {"version", "spooled", "spooled_bytes", "skew_ms", "refused", "confinement", NULL};
    const struct state *state = state_of(turn, row, seen);
    struct json *one = json_append(list, json_new(turn->arena, JSON_OBJECT));
    edit_carry(turn->arena, one, row, "name");
    edit_carry(turn->arena, one, row, "kind");
    json_set_string(turn->arena, one, "state", slice_string(state->id));
    json_set_string(turn->arena, one, "english", slice_string(state->text.english));
    json_set_string(turn->arena, one, "german", slice_string(state->text.german));
    edit_carry(turn->arena, one, row, "every_s");
    edit_carry(turn->arena, one, row, "by");
    edit_carry(turn->arena, one, row, "hostname");
    edit_set_time(turn->arena, one, "created_at", edit_number(row, "created_ms", 0));
    edit_set_time(turn->arena, one, "enrolled_at", edit_number(row, "enrolled_ms", 0));
    edit_set_time(turn->arena, one, "revoked_at", edit_number(row, "revoked_ms", 0));
    edit_set_time(turn->arena, one, "last_seen_at", edit_number(seen, "at_ms", 0));
    edit_set_time(turn->arena, one, "certificate_expires_at", last_end_ms(row));
    json_set_i64(turn->arena, one, "lost", edit_number(seen, "lost_total", 0));
    for (size_t i = 0; carried[i] != NULL; i++) {
        edit_carry(turn->arena, one, seen, carried[i]);
    }
    put_gaps(turn, one, seen);
}

enum err operation_agent_list(struct turn *turn)
{
    struct turn_names rows, seen;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, turn_list(turn, "agent/host/", turn_query(turn, "after"), AGENT_LIST_MAX, &rows)) &&
           standing_goes_on(&all, turn_list(turn, "agent/seen/", SLICE_NONE, AGENT_LIST_MAX, &seen)));
    if (all != ERR_NONE) {
        return all;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, data, "agents");
    for (size_t i = 0; i < rows.count; i++) {
        struct json *row = NULL, *health = NULL;
        if (json_unpack(turn->arena, rows.bytes[i], &row) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        struct slice name = json_text(row, "name", SLICE_NONE);
        for (size_t k = 0; k < seen.count && health == NULL; k++) {
            bool same = slice_ends(seen.names[k], name) && seen.names[k].len == sizeof "agent/seen/" - 1 + name.len;
            if (same && json_unpack(turn->arena, seen.bytes[k], &health) != ERR_NONE) {
                return ERR_DAMAGED;
            }
        }
        put_agent(turn, list, row, health);
    }
    return turn_reply_data(turn, data);
}
