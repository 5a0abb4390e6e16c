/* operator: setting up, unsealing, new keys, new root tokens, snapshots. Keys are typed or read, and wiped. */
#include "dropin/dropin.h"

#include "base/encode.h"
#include "command/secret_prompt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OTP_MAX = 256 };

static int request(struct dropin *dropin, const char *method, const char *path, const struct json *body, const char *doing, struct dropin_answer *ret_answer)
{
    struct dropin_ask ask = {.method = method, .path = path, .body = body, .doing = doing};
    return dropin_ask(dropin, &ask, ret_answer);
}

static uint64_t number_of(const struct json *object, const char *name)
{
    uint64_t number = 0;
    return json_u64(object, name, &number) == ERR_NONE ? number : 0;
}

/* ---- init ---- */

static int show_status_of_init(struct dropin *dropin)
{
    struct dropin_answer answer;
    int code = request(dropin, "GET", "sys/init", NULL, "Error checking init status", &answer);
    if (code != DROPIN_OK) {
        return DROPIN_LOCAL;
    }
    bool is_initialized = json_bool(answer.tree, "initialized", false);
    dropin_line(dropin, is_initialized ? "Vault is initialized" : "Vault is not initialized");
    return is_initialized ? DROPIN_OK : DROPIN_REMOTE;
}

static int show_keys_json(struct dropin *dropin, const struct json *reply, uint64_t shares, uint64_t threshold)
{
    struct arena *arena = dropin->run.arena;
    struct json *out = json_new(arena, JSON_OBJECT);
    json_set(arena, out, "unseal_keys_b64", json_copy(arena, json_member(reply, "keys_base64")));
    json_set(arena, out, "unseal_keys_hex", json_copy(arena, json_member(reply, "keys")));
    json_set_u64(arena, out, "unseal_shares", shares);
    json_set_u64(arena, out, "unseal_threshold", threshold);
    json_set_array(arena, out, "recovery_keys_b64");
    json_set_array(arena, out, "recovery_keys_hex");
    json_set_u64(arena, out, "recovery_keys_shares", 0);
    json_set_u64(arena, out, "recovery_keys_threshold", 0);
    json_set_string(arena, out, "root_token", json_text(reply, "root_token", SLICE_NONE));
    return dropin_show_json(dropin, out);
}

static void show_keys(struct dropin *dropin, const struct json *keys)
{
    unsigned long long number = 0;
    for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
        dropin_line(dropin, "Unseal Key %llu: %.*s", ++number, (int)key->text.len, (const char *)key->text.data);
    }
}

/* Numbers that `n` and `t` abbreviate. */
static int key_numbers(struct dropin *dropin, struct json *body)
{
    static const struct dropin_field fields[] = {{"key-shares", "secret_shares", DROPIN_NUMBER}, {"n", "secret_shares", DROPIN_NUMBER}, {"key-threshold", "secret_threshold", DROPIN_NUMBER},
                                                 {"t", "secret_threshold", DROPIN_NUMBER}};
    int code = dropin_fields(dropin, fields, sizeof(fields) / sizeof(fields[0]), body);
    if (code == DROPIN_OK && json_member(body, "secret_shares") == NULL) {
        json_set_u64(dropin->run.arena, body, "secret_shares", 5);
    }
    if (code == DROPIN_OK && json_member(body, "secret_threshold") == NULL) {
        json_set_u64(dropin->run.arena, body, "secret_threshold", 3);
    }
    return code;
}

static int refuse_pgp(struct dropin *dropin)
{
    return dropin_say(dropin, TEXT("keys are not encrypted with PGP here", "Schlüssel werden hier nicht mit PGP verschlüsselt"), NULL);
}

int verb_operator_init(struct dropin *dropin)
{
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer answer;
    if (dropin_switch(dropin, "status")) {
        return show_status_of_init(dropin);
    }
    if (dropin_flag(dropin, "pgp-keys") != NULL || dropin_flag(dropin, "root-token-pgp-key") != NULL) {
        return refuse_pgp(dropin);
    }
    int code = key_numbers(dropin, body);
    code = code == DROPIN_OK ? request(dropin, "PUT", "sys/init", body, "Error initializing", &answer) : code;
    if (code != DROPIN_OK) {
        return code;
    }
    uint64_t shares = number_of(body, "secret_shares"), threshold = number_of(body, "secret_threshold");
    if (!dropin_is_table(dropin)) {
        return show_keys_json(dropin, answer.tree, shares, threshold);
    }
    struct slice token = json_text(answer.tree, "root_token", SLICE_NONE);
    show_keys(dropin, json_member(answer.tree, "keys_base64"));
    dropin_line(dropin, "\nInitial Root Token: %.*s\n", (int)token.len, (const char *)token.data);
    dropin_line(dropin, "%s", text_in(TEXT("These are shown once. Whoever has enough of the keys can unseal; with fewer nobody can, ever.",
                                           "Dies wird einmal gezeigt. Wer genug der Schlüssel hat, kann entsiegeln; mit weniger kann es niemand, nie."),
                                      dropin->run.language));
    return DROPIN_OK;
}

/* ---- one key ---- */

/* The key of the only word, or typed. */
static int read_key(struct dropin *dropin, const char *question, struct secret *ret_key)
{
    if (dropin->word_count == 1 && strcmp(dropin->words[0], "-") != 0) {
        return secret_copy(slice_string(dropin->words[0]), ret_key) == ERR_NONE ? DROPIN_OK : dropin_out_of_memory(dropin);
    }
    return prompt_secret(&dropin->run, question, ret_key) == OUTCOME_OK ? DROPIN_OK : DROPIN_LOCAL;
}

int verb_operator_unseal(struct dropin *dropin)
{
    struct secret key cleanup_secret = SECRET_NONE;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer answer;
    if (dropin_switch(dropin, "reset")) {
        json_set_bool(dropin->run.arena, body, "reset", true);
    } else {
        int code = read_key(dropin, "Unseal Key (will be hidden): ", &key);
        if (code != DROPIN_OK) {
            return code;
        }
        json_set_string(dropin->run.arena, body, "key", slice_trim(secret_slice(&key)));
    }
    int code = request(dropin, "PUT", "sys/unseal", body, "Error unsealing", &answer);
    return code == DROPIN_OK ? dropin_show_seal(dropin, answer.tree) : code;
}

static int put(struct dropin *dropin, const char *path, const char *doing, const char *done)
{
    struct dropin_answer answer;
    int code = request(dropin, "PUT", path, json_new(dropin->run.arena, JSON_OBJECT), doing, &answer);
    if (code == DROPIN_OK) {
        dropin_line(dropin, "%s", done);
    }
    return code;
}

int verb_operator_seal(struct dropin *dropin)
{
    return put(dropin, "sys/seal", "Error sealing", "Success! Vault is sealed.");
}

int verb_operator_step_down(struct dropin *dropin)
{
    return put(dropin, "sys/step-down", "Error stepping down", "Success! Stepped down.");
}

int verb_operator_key_status(struct dropin *dropin)
{
    struct dropin_answer answer;
    int code = request(dropin, "GET", "sys/key-status", NULL, "Error reading key status", &answer);
    if (code != DROPIN_OK || !dropin_is_table(dropin)) {
        return code == DROPIN_OK ? dropin_show_json(dropin, answer.tree) : code;
    }
    const struct json *data = json_member(answer.tree, "data");
    struct dropin_table table = dropin_table_of(dropin, 2);
    dropin_pair(&table, "Key Term", dropin_value(dropin, json_member(data, "term")));
    dropin_pair(&table, "Install Time", json_text(data, "install_time", SLICE_NONE));
    dropin_table_write(dropin, &table, "Key|Value");
    return DROPIN_OK;
}

int verb_operator_rotate(struct dropin *dropin)
{
    int code = put(dropin, "sys/rotate", "Error rotating key", "Success! Rotated key\n");
    return code == DROPIN_OK ? verb_operator_key_status(dropin) : code;
}

int verb_operator_members(struct dropin *dropin)
{
    struct dropin_answer answer;
    int code = request(dropin, "GET", "sys/ha-status", NULL, "Error reading the servers", &answer);
    return code == DROPIN_OK ? dropin_show(dropin, answer.tree) : code;
}

/* ---- generate-root, rekey: several people, one key each ---- */

static int show_progress(struct dropin *dropin, const struct json *status)
{
    static const struct {
        const char *label, *member;
    } rows[] = {{"Nonce", "nonce"}, {"Started", "started"}, {"Rekey Progress", NULL}, {"Progress", NULL}, {"New Shares", "n"}, {"New Threshold", "t"}, {"Verification Required", "verification_required"},
                {"Verification Nonce", "verification_nonce"}, {"Complete", "complete"}, {"Encoded Token", "encoded_token"}, {"OTP", "otp"}, {"OTP Length", "otp_length"}};
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, status);
    }
    struct dropin_table table = dropin_table_of(dropin, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct json *value = rows[i].member == NULL ? NULL : json_member(status, rows[i].member);
        struct slice text = value == NULL ? SLICE_NONE : dropin_value(dropin, value);
        if (text.len > 0) {
            dropin_pair(&table, rows[i].label, text);
        }
        if (i == 3 && json_member(status, "required") != NULL) {
            dropin_pair(&table, "Progress", slice_string(arena_printf(dropin->run.arena, "%llu/%llu", (unsigned long long)number_of(status, "progress"),
                                                                      (unsigned long long)number_of(status, "required"))));
        }
    }
    dropin_table_write(dropin, &table, "Key|Value");
    return DROPIN_OK;
}

/* Gives one key to an attempt that is under way. */
static int give_key(struct dropin *dropin, const char *status_path, const char *update_path, const char *doing, struct dropin_answer *ret_answer)
{
    struct secret key cleanup_secret = SECRET_NONE;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer status;
    const char *nonce = dropin_flag(dropin, "nonce");
    int code = DROPIN_OK;
    if (nonce == NULL) {
        code = request(dropin, "GET", status_path, NULL, doing, &status);
        if (code == DROPIN_OK && !json_bool(status.tree, "started", false)) {
            return dropin_say(dropin, TEXT("nothing is under way; begin with -init", "es ist nichts begonnen; beginne mit -init"), NULL);
        }
        nonce = code == DROPIN_OK ? arena_string(dropin->run.arena, json_text(status.tree, "nonce", SLICE_NONE)) : NULL;
    }
    code = code == DROPIN_OK ? read_key(dropin, "Unseal Key (will be hidden): ", &key) : code;
    if (code != DROPIN_OK) {
        return code;
    }
    json_set_string(dropin->run.arena, body, "key", slice_trim(secret_slice(&key)));
    json_set_string(dropin->run.arena, body, "nonce", slice_string(nonce));
    return request(dropin, "PUT", update_path, body, doing, ret_answer);
}

/* The token is encoded by XOR with the one-time password (public documentation of generate-root). */
static int decode_root(struct dropin *dropin, const char *encoded, const char *otp)
{
    cleanup_buf struct buf bytes = BUF_INIT(OTP_MAX), padded = BUF_INIT(OTP_MAX + 4);
    struct slice text = slice_string(encoded);
    bool good = otp != NULL && buf_append(&padded, text) == ERR_NONE;
    while (good && padded.len % 4 != 0) {
        good = buf_append_byte(&padded, '=') == ERR_NONE;
    }
    if (!good || base64_decode(&bytes, buf_slice(&padded)) != ERR_NONE || bytes.len != strlen(otp)) {
        return dropin_say(dropin, TEXT("-decode needs the encoded token and, with -otp, its one-time password of the same length",
                                       "-decode braucht das kodierte Token und mit -otp sein gleich langes Einmalpasswort"), NULL);
    }
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= (uint8_t)otp[i];
    }
    if (!dropin_is_table(dropin)) {
        struct json *out = json_new(dropin->run.arena, JSON_OBJECT);
        json_set_string(dropin->run.arena, out, "token", buf_slice(&bytes));
        return dropin_show_json(dropin, out);
    }
    dropin_line(dropin, "%.*s", (int)bytes.len, (const char *)bytes.data);
    return DROPIN_OK;
}

/* A password from the server's length and this machine's randomness; 62 letters and digits, none likelier than another. */
static int make_otp(struct dropin *dropin)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct secret noise cleanup_secret = SECRET_NONE;
    struct dropin_answer answer;
    char out[OTP_MAX + 1] = {0};
    int code = request(dropin, "GET", "sys/generate-root/attempt", NULL, "Error reading the state of generate-root", &answer);
    uint64_t len = code == DROPIN_OK ? number_of(answer.tree, "otp_length") : 0;
    if (code != DROPIN_OK || len == 0 || len > OTP_MAX) {
        return code == DROPIN_OK ? dropin_say(dropin, TEXT("the server names no length", "der Server nennt keine Länge"), NULL) : code;
    }
    for (size_t done = 0; done < len;) {
        if (secret_random(OTP_MAX, &noise) != ERR_NONE) {
            return dropin_out_of_memory(dropin);
        }
        for (size_t i = 0; i < OTP_MAX && done < len; i++) {
            if (noise.data[i] < 4 * (sizeof(letters) - 1)) {
                out[done++] = letters[noise.data[i] % (sizeof(letters) - 1)];
            }
        }
        secret_free(&noise);
    }
    dropin_line(dropin, "%s", out);
    wipe(out, sizeof(out));
    return DROPIN_OK;
}

int verb_operator_generate_root(struct dropin *dropin)
{
    static const char attempt[] = "sys/generate-root/attempt", doing[] = "Error generating root";
    const char *encoded = dropin_flag(dropin, "decode"), *otp = dropin_flag(dropin, "otp");
    struct dropin_answer answer;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    if (encoded != NULL) {
        return decode_root(dropin, encoded, otp);
    }
    if (dropin_flag(dropin, "pgp-key") != NULL) {
        return refuse_pgp(dropin);
    }
    if (dropin_switch(dropin, "generate-otp")) {
        return make_otp(dropin);
    }
    int code;
    if (dropin_switch(dropin, "cancel")) {
        code = request(dropin, "DELETE", attempt, NULL, doing, &answer);
        if (code == DROPIN_OK) {
            dropin_line(dropin, "Success! Root token generation canceled (if it was started)");
        }
        return code;
    }
    if (dropin_switch(dropin, "init")) {
        if (otp != NULL) {
            json_set_string(dropin->run.arena, body, "otp", slice_string(otp));
        }
        code = request(dropin, "PUT", attempt, body, doing, &answer);
    } else if (dropin_switch(dropin, "status")) {
        code = request(dropin, "GET", attempt, NULL, doing, &answer);
    } else {
        code = give_key(dropin, attempt, "sys/generate-root/update", doing, &answer);
    }
    return code == DROPIN_OK ? show_progress(dropin, answer.tree) : code;
}

int verb_operator_rekey(struct dropin *dropin)
{
    static const char doing[] = "Error rekeying";
    bool verifies = dropin_switch(dropin, "verify") && !dropin_switch(dropin, "init");
    const char *state = verifies ? "sys/rekey/verify" : "sys/rekey/init", *update = verifies ? "sys/rekey/verify" : "sys/rekey/update", *target = dropin_flag(dropin, "target");
    struct dropin_answer answer;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    if (dropin_flag(dropin, "pgp-keys") != NULL) {
        return refuse_pgp(dropin);
    }
    if (target != NULL && strcmp(target, "barrier") != 0) {
        return dropin_say(dropin, TEXT("there are no recovery keys; the only target is barrier", "es gibt keine Wiederherstellungsschlüssel; das einzige Ziel ist barrier"), target);
    }
    int code;
    if (dropin_switch(dropin, "cancel")) {
        code = request(dropin, "DELETE", state, NULL, doing, &answer);
        if (code == DROPIN_OK) {
            dropin_line(dropin, "Success! Canceled rekeying (if it was started)");
        }
        return code;
    }
    if (dropin_switch(dropin, "init")) {
        json_set_bool(dropin->run.arena, body, "require_verification", dropin_switch(dropin, "verify"));
        code = key_numbers(dropin, body);
        code = code == DROPIN_OK ? request(dropin, "PUT", state, body, doing, &answer) : code;
    } else if (dropin_switch(dropin, "status")) {
        code = request(dropin, "GET", state, NULL, doing, &answer);
    } else {
        code = give_key(dropin, state, update, doing, &answer);
    }
    if (code == DROPIN_OK && dropin_is_table(dropin) && json_member(answer.tree, "keys_base64") != NULL) {
        show_keys(dropin, json_member(answer.tree, "keys_base64"));
        dropin_line(dropin, "%s", "");
    }
    return code == DROPIN_OK ? show_progress(dropin, answer.tree) : code;
}

/* ---- snapshots ---- */

/* Beside its place until it is whole. */
int verb_snapshot_save(struct dropin *dropin)
{
    const char *path = dropin->words[0], *beside = arena_printf(dropin->run.arena, "%s.new", path);
    struct dropin_ask ask = {.method = "GET", .path = "sys/storage/raft/snapshot", .doing = "Error taking the snapshot"};
    int fd = beside == NULL ? -1 : open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return dropin_say(dropin, TEXT("the file cannot be written", "die Datei lässt sich nicht schreiben"), path);
    }
    int code = dropin_ask_file(dropin, &ask, fd);
    bool is_kept = fsync(fd) == 0;
    is_kept = close(fd) == 0 && is_kept && (code != DROPIN_OK || rename(beside, path) == 0);
    if (code != DROPIN_OK || !is_kept) {
        unlink(beside);
    }
    return code != DROPIN_OK ? code : is_kept ? DROPIN_OK : dropin_say(dropin, TEXT("the file cannot be written", "die Datei lässt sich nicht schreiben"), path);
}

int verb_snapshot_restore(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "POST", .path = dropin_switch(dropin, "force") ? "sys/storage/raft/snapshot-force" : "sys/storage/raft/snapshot",
                             .content_type = "application/octet-stream", .doing = "Error installing the snapshot"};
    ask.file = open(dropin->words[0], O_RDONLY | O_CLOEXEC);
    if (ask.file < 0) {
        return dropin_say(dropin, TEXT("the file cannot be read", "die Datei lässt sich nicht lesen"), dropin->words[0]);
    }
    int code = dropin_ask(dropin, &ask, &answer);
    close(ask.file);
    return code;
}
