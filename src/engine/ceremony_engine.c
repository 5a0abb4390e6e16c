/* sys/generate-root, sys/rekey: what enough holders of unseal keys may do together while Vogt is unsealed. Refused where the seal has no such keys. */
#include "engine/operations.h"

#include "base/encode.h"
#include "engine/token.h"
#include "engine/vault.h"

#include <string.h>

static uint64_t needed(const struct vault *vault)
{
    return vault->threshold == 0 ? 1 : vault->threshold;
}

static enum err check_seal(struct turn *turn)
{
    if (strcmp(turn->around->vault->type, "shamir") == 0) {
        return ERR_NONE;
    }
    return turn_refuse(turn, ERR_INVALID,
                       TEXT("this Vogt unseals itself with its key file: there are no unseal keys that people hold. Whoever may read its directory has the operator's token; "
                            "sys/rotate/root changes the root key",
                            "dieses Vogt entsiegelt sich mit seiner Schlüsseldatei: niemand hält Entsiegelungsschlüssel. Wer sein Verzeichnis lesen darf, hat das Token des Betreibers; "
                            "sys/rotate/root wechselt den Wurzelschlüssel"),
                       SLICE_NONE);
}

/* The keys make a half: is it the one that unsealed? What does not fit is forgotten, so that people begin anew. */
static enum err check_remote(struct turn *turn, struct ceremony *ceremony, const struct secret *remote)
{
    const struct vault *vault = turn->around->vault;
    if (vault->remote.len > 0 && secret_equal(secret_slice(&vault->remote), secret_slice(remote))) {
        return ERR_NONE;
    }
    ceremony_forget(ceremony);
    return turn_refuse(turn, ERR_INVALID, TEXT("these unseal keys do not fit; start again", "diese Entsiegelungsschlüssel passen nicht; bitte von vorn"), SLICE_NONE);
}

static enum err record(struct turn *turn, const char *type, uint64_t keys)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    return json_set_u64(turn->arena, body, "keys", keys) == NULL ? ERR_MEMORY : turn_evidence(turn, type, body, NULL);
}

/* ---- a root token ---- */

static struct json *root_status(struct turn *turn, const char *otp, struct slice encoded)
{
    const struct vault *vault = turn->around->vault;
    const struct ceremony *ceremony = &vault->root_making.ceremony;
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, top, "nonce", slice_string(ceremony->nonce));
    json_set_bool(turn->arena, top, "started", ceremony_has_begun(ceremony));
    json_set_u64(turn->arena, top, "progress", ceremony->count);
    json_set_u64(turn->arena, top, "required", needed(vault));
    json_set_bool(turn->arena, top, "complete", encoded.len > 0);
    json_set_string(turn->arena, top, "encoded_token", encoded);
    json_set_string(turn->arena, top, "encoded_root_token", encoded);
    json_set_string(turn->arena, top, "pgp_fingerprint", SLICE_NONE);
    json_set_string(turn->arena, top, "otp", slice_string(otp));
    return json_set_u64(turn->arena, top, "otp_length", OTP_BYTES) == NULL ? NULL : top;
}

enum err operation_root_attempt(struct turn *turn)
{
    return turn_reply_top(turn, 200, root_status(turn, NULL, SLICE_NONE));
}

enum err operation_root_begin(struct turn *turn)
{
    struct root_making *making = &turn->around->vault->root_making;
    struct slice given = turn_field(turn, "otp");
    enum err err = check_seal(turn);
    if (err != ERR_NONE) {
        return err;
    }
    if (turn_field(turn, "pgp_key").len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("PGP keys are not taken here: let the root token be masked by an otp", "PGP-Schlüssel gehen hier nicht: das Root-Token lässt sich mit einem otp verdecken"), SLICE_NONE);
    }
    if (given.len > 0 && given.len != OTP_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("OTP string is wrong length: 28 characters", "das otp hat die falsche Länge: 28 Zeichen"), SLICE_NONE);
    }
    if (ceremony_has_begun(&making->ceremony)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("root generation already in progress", "ein Root-Token entsteht schon"), SLICE_NONE);
    }
    if (given.len > 0) {
        memcpy(making->otp, given.data, OTP_BYTES);
        making->otp[OTP_BYTES] = '\0';
    } else {
        base62_random(turn, making->otp, OTP_BYTES);
    }
    ceremony_begin(turn, &making->ceremony);
    return turn_reply_top(turn, 200, root_status(turn, given.len > 0 ? NULL : arena_string(turn->arena, slice_string(making->otp)), SLICE_NONE));
}

enum err operation_root_cancel(struct turn *turn)
{
    root_making_end(&turn->around->vault->root_making);
    return turn_reply_none(turn);
}

/* base64 of token xor otp, without padding, as clients take it apart. */
static enum err mask(struct turn *turn, const char *token, const char *otp, struct slice *ret_text)
{
    char bytes[OTP_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(token[i] ^ otp[i]);
    }
    cleanup_buf struct buf text = BUF_INIT(2 * OTP_BYTES);
    enum err err = base64_encode(&text, slice_of(bytes, sizeof bytes));
    struct slice encoded = buf_slice(&text);
    while (encoded.len > 0 && encoded.data[encoded.len - 1] == '=') {
        encoded.len--;
    }
    *ret_text = arena_copy(turn->arena, encoded);
    return err;
}

static enum err make_root(struct turn *turn, struct slice *ret_encoded)
{
    char token[OTP_BYTES + 1] = "hvs.";
    base62_random(turn, token + 4, OTP_BYTES - 4);
    struct token_wish wish = {.name = "root", .path = "auth/token/root", .policies = token_policies(turn, "root", NULL), .id = slice_string(token)};
    struct json *auth = NULL;
    enum err err = token_create(turn, &wish, &auth);
    err = err == ERR_NONE ? record(turn, "root.generated", turn->around->vault->root_making.ceremony.count) : err;
    err = err == ERR_NONE ? mask(turn, token, turn->around->vault->root_making.otp, ret_encoded) : err;
    wipe(token, sizeof token);
    return err;
}

enum err operation_root_update(struct turn *turn)
{
    struct vault *vault = turn->around->vault;
    struct root_making *making = &vault->root_making;
    struct secret remote cleanup_secret = SECRET_NONE;
    struct slice encoded = SLICE_NONE;
    enum err err = check_seal(turn);
    err = err == ERR_NONE ? ceremony_give(turn, &making->ceremony, vault->shares_total, needed(vault), &remote) : err;
    if (err == ERR_NONE && remote.len > 0) {
        err = check_remote(turn, &making->ceremony, &remote);
        err = err == ERR_NONE ? make_root(turn, &encoded) : err;
    }
    struct json *status = err == ERR_NONE ? root_status(turn, NULL, encoded) : NULL;
    err = err == ERR_NONE ? turn_reply_top(turn, 200, status) : err;
    if (err == ERR_NONE && encoded.len > 0) {
        root_making_end(making); /* last: until here a run may be repeated */
    }
    return err;
}

enum err operation_decode_token(struct turn *turn)
{
    struct slice encoded = turn_field(turn, "encoded_token"), otp = turn_field(turn, "otp");
    cleanup_buf struct buf bytes = BUF_INIT(4096), padded = BUF_INIT(4096);
    enum err err = buf_append(&padded, encoded);
    for (size_t i = encoded.len; err == ERR_NONE && i % 4 != 0; i++) {
        err = buf_append(&padded, SLICE_LITERAL("="));
    }
    err = err == ERR_NONE ? base64_decode(&bytes, buf_slice(&padded)) : err;
    if (err != ERR_NONE || bytes.len != otp.len) {
        wipe(bytes.data, bytes.len);
        return turn_refuse(turn, ERR_INVALID, TEXT("token and otp do not belong together", "Token und otp gehören nicht zusammen"), SLICE_NONE);
    }
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= otp.data[i];
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "token", buf_slice(&bytes));
    wipe(bytes.data, bytes.len);
    return turn_reply_data(turn, data);
}

/* ---- new unseal keys ---- */

/* OpenBao's newer paths have the envelope, Vault's have none. */
static enum err reply(struct turn *turn, const struct json *tree)
{
    bool is_enveloped = slice_starts(slice_string(turn->route->pattern), SLICE_LITERAL("sys/rotate/"));
    return is_enveloped ? turn_reply_data(turn, tree) : turn_reply_top(turn, 200, tree);
}

static struct json *rekey_status(struct turn *turn)
{
    const struct vault *vault = turn->around->vault;
    const struct rekeying *rekeying = &vault->rekeying;
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, top, "nonce", slice_string(rekeying->ceremony.nonce));
    json_set_bool(turn->arena, top, "started", ceremony_has_begun(&rekeying->ceremony));
    json_set_u64(turn->arena, top, "t", rekeying->threshold);
    json_set_u64(turn->arena, top, "n", rekeying->shares);
    json_set_u64(turn->arena, top, "progress", rekeying->ceremony.count);
    json_set_u64(turn->arena, top, "required", needed(vault));
    json_set_null(turn->arena, top, "pgp_fingerprints");
    json_set_bool(turn->arena, top, "backup", false);
    if (ceremony_has_begun(&rekeying->verify)) {
        json_set_string(turn->arena, top, "verification_nonce", slice_string(rekeying->verify.nonce));
    }
    return json_set_bool(turn->arena, top, "verification_required", rekeying->wants_verification) == NULL ? NULL : top;
}

enum err operation_rekey_status(struct turn *turn)
{
    enum err err = check_seal(turn);
    return err == ERR_NONE ? reply(turn, rekey_status(turn)) : err;
}

enum err operation_rekey_begin(struct turn *turn)
{
    struct rekeying *rekeying = &turn->around->vault->rekeying;
    const struct json *body = turn->request->body;
    uint64_t shares = 5, threshold = 3;
    enum err err = check_seal(turn), has_shares = json_u64(body, "secret_shares", &shares), has_threshold = json_u64(body, "secret_threshold", &threshold);
    if (err != ERR_NONE) {
        return err;
    }
    if ((has_shares != ERR_NONE && has_shares != ERR_NOT_FOUND) || (has_threshold != ERR_NONE && has_threshold != ERR_NOT_FOUND)) {
        shares = 0; /* refused below */
    }
    const struct json *pgp = json_member(body, "pgp_keys");
    if ((pgp != NULL && (pgp->count > 0 || pgp->text.len > 0)) || json_bool(body, "backup", false)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("PGP keys and a backup of what they encrypt are not taken here", "PGP-Schlüssel und eine Sicherung des damit Verschlüsselten gehen hier nicht"), SLICE_NONE);
    }
    err = share_check_numbers(turn, shares, threshold);
    if (err != ERR_NONE) {
        return err;
    }
    if (ceremony_has_begun(&rekeying->ceremony)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("rekey already in progress", "neue Entsiegelungsschlüssel entstehen schon"), SLICE_NONE);
    }
    rekeying_end(rekeying);
    rekeying->shares = shares;
    rekeying->threshold = threshold;
    rekeying->wants_verification = json_bool(body, "require_verification", false);
    ceremony_begin(turn, &rekeying->ceremony);
    return reply(turn, rekey_status(turn));
}

enum err operation_rekey_cancel(struct turn *turn)
{
    rekeying_end(&turn->around->vault->rekeying);
    return turn_reply_none(turn);
}

/* The new keys count from now on: the root key is another, the ring is sealed under it. */
static enum err change_keys(struct turn *turn, const struct secret *remote)
{
    struct vault *vault = turn->around->vault;
    if (!vault_can_rekey(turn)) {
        return ERR_NEED;
    }
    enum err err = record(turn, "unseal-keys.changed", vault->rekeying.shares);
    return err == ERR_NONE ? vault_rekey(vault, turn, secret_slice(remote), vault->rekeying.shares, vault->rekeying.threshold) : err; /* last */
}

/* Enough of the old keys are there: here are the new ones. They count at once, or after they were shown. */
static enum err make_keys(struct turn *turn)
{
    struct rekeying *rekeying = &turn->around->vault->rekeying;
    struct secret remote cleanup_secret = SECRET_NONE, made cleanup_secret = SECRET_NONE;
    enum err err = vault_split(turn, (unsigned)rekeying->shares, (unsigned)rekeying->threshold, &remote, &made);
    struct json *status = rekey_status(turn);
    json_set_bool(turn->arena, status, "complete", true);
    err = err == ERR_NONE ? share_reply(turn, status, &made, rekeying->shares) : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (rekeying->wants_verification) {
        ceremony_begin(turn, &rekeying->verify);
        json_set_string(turn->arena, status, "verification_nonce", slice_string(rekeying->verify.nonce));
        secret_free(&rekeying->remote);
        rekeying->remote = secret_take(&remote);
        ceremony_forget(&rekeying->ceremony);
        return reply(turn, status);
    }
    err = change_keys(turn, &remote);
    err = err == ERR_NONE ? reply(turn, status) : err;
    if (err == ERR_NONE) {
        rekeying_end(rekeying);
    }
    return err;
}

enum err operation_rekey_update(struct turn *turn)
{
    struct vault *vault = turn->around->vault;
    struct rekeying *rekeying = &vault->rekeying;
    struct secret remote cleanup_secret = SECRET_NONE;
    enum err err = check_seal(turn);
    if (err == ERR_NONE && ceremony_has_begun(&rekeying->verify)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the new keys are there and wait to be verified (sys/rekey/verify)", "die neuen Schlüssel sind da und wollen bestätigt sein (sys/rekey/verify)"), SLICE_NONE);
    }
    err = err == ERR_NONE ? ceremony_give(turn, &rekeying->ceremony, vault->shares_total, needed(vault), &remote) : err;
    if (err != ERR_NONE || remote.len == 0) {
        return err == ERR_NONE ? reply(turn, rekey_status(turn)) : err;
    }
    err = check_remote(turn, &rekeying->ceremony, &remote);
    return err == ERR_NONE ? make_keys(turn) : err;
}

static struct json *verify_status(struct turn *turn)
{
    const struct rekeying *rekeying = &turn->around->vault->rekeying;
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, top, "nonce", slice_string(rekeying->verify.nonce));
    json_set_bool(turn->arena, top, "started", ceremony_has_begun(&rekeying->verify));
    json_set_u64(turn->arena, top, "t", rekeying->threshold);
    json_set_u64(turn->arena, top, "n", rekeying->shares);
    return json_set_u64(turn->arena, top, "progress", rekeying->verify.count) == NULL ? NULL : top;
}

static enum err check_verifying(struct turn *turn)
{
    enum err err = check_seal(turn);
    return err != ERR_NONE || ceremony_has_begun(&turn->around->vault->rekeying.verify)
               ? err
               : turn_refuse(turn, ERR_INVALID, TEXT("no rekey verification in progress", "keine neuen Schlüssel warten auf Bestätigung"), SLICE_NONE);
}

enum err operation_rekey_verify_status(struct turn *turn)
{
    enum err err = check_verifying(turn);
    return err == ERR_NONE ? reply(turn, verify_status(turn)) : err;
}

/* The keys given so far are forgotten, and the nonce is another; the new keys are still to be shown. */
enum err operation_rekey_verify_restart(struct turn *turn)
{
    enum err err = check_verifying(turn);
    if (err != ERR_NONE) {
        return err;
    }
    ceremony_begin(turn, &turn->around->vault->rekeying.verify);
    return reply(turn, verify_status(turn));
}

enum err operation_rekey_verify(struct turn *turn)
{
    struct rekeying *rekeying = &turn->around->vault->rekeying;
    struct secret remote cleanup_secret = SECRET_NONE;
    enum err err = check_verifying(turn);
    err = err == ERR_NONE ? ceremony_give(turn, &rekeying->verify, rekeying->shares, rekeying->threshold, &remote) : err;
    if (err != ERR_NONE || remote.len == 0) {
        return err == ERR_NONE ? reply(turn, verify_status(turn)) : err;
    }
    if (!secret_equal(secret_slice(&rekeying->remote), secret_slice(&remote))) {
        ceremony_forget(&rekeying->verify);
        return turn_refuse(turn, ERR_INVALID, TEXT("these are not the new unseal keys; start again", "das sind nicht die neuen Entsiegelungsschlüssel; bitte von vorn"), SLICE_NONE);
    }
    struct json *done = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, done, "nonce", slice_string(rekeying->verify.nonce));
    json_set_bool(turn->arena, done, "complete", true);
    err = change_keys(turn, &remote);
    err = err == ERR_NONE ? reply(turn, done) : err;
    if (err == ERR_NONE) {
        rekeying_end(rekeying);
    }
    return err;
}

enum err operation_rekey_backup(struct turn *turn)
{
    return turn_refuse(turn, ERR_NOT_FOUND, TEXT("no backed-up keys found", "es gibt keine gesicherten Schlüssel"), SLICE_NONE);
}

enum err operation_rekey_recovery(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("recovery rekeying not supported: no seal here has recovery keys", "Wiederherstellungsschlüssel gibt es hier bei keinem Siegel"), SLICE_NONE);
}
