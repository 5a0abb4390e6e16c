#include "collect/source_run.h"

#include "base/encode.h"
#include "collect/source_pick.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { TOKEN_LIFE_S = 600, SIGNATURE_MAX_BYTES = 1024, TOKEN_TREE_MAX_BYTES = 4 << 20 };

/* ---- the header with the secret ---- */

static bool is_header_text(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7e) {
            return false;
        }
    }
    return text.len > 0;
}

static enum err refuse(struct complaint *complaint, const char *name)
{
    return complain(complaint, ERR_INVALID, TEXT("this field of the credential is missing or has characters that do not belong there",
                                                 "dieses Feld des Zugangs fehlt oder enthält unzulässige Zeichen"), 0, 0, name, strlen(name));
}

static enum err set_bearer(struct source_run *run, struct slice token)
{
    buf_clear(&run->login);
    enum err err = buf_append_string(&run->login, "Authorization: Bearer ");
    err = err == ERR_NONE ? buf_append(&run->login, token) : err;
    return err == ERR_NONE ? buf_append_byte(&run->login, '\0') : err;
}

/* The template's one word in braces is a field. */
static enum err set_header(struct source_run *run, struct complaint *complaint)
{
    struct slice template = slice_string(run->api->header);
    size_t open = slice_find_byte(template, '{'), close = slice_find_byte(template, '}');
    const char *name = arena_string(run->arena, slice_first(slice_from(template, open + 1), close - open - 1));
    struct slice value = json_text(run->credential, name, SLICE_NONE);
    if (!is_header_text(value)) {
        return refuse(complaint, name);
    }
    enum err err = buf_append(&run->login, slice_first(template, open));
    err = err == ERR_NONE ? buf_append(&run->login, value) : err;
    return err == ERR_NONE ? buf_append_byte(&run->login, '\0') : err;
}

static enum err set_basic(struct source_run *run, struct complaint *complaint)
{
    struct slice user = json_text(run->credential, "user", SLICE_NONE), password = json_text(run->credential, "password", SLICE_NONE);
    cleanup_buf struct buf pair = BUF_INIT(SOURCE_LOGIN_MAX_BYTES / 2);
    if (user.len == 0 && password.len == 0) {
        return ERR_NONE;                /* what is open to all needs no login */
    }
    if (user.len == 0 || slice_find_byte(user, ':') != SIZE_MAX) {
        return refuse(complaint, "user");
    }
    enum err err = buf_append(&pair, user);
    err = err == ERR_NONE ? buf_append_byte(&pair, ':') : err;
    err = err == ERR_NONE ? buf_append(&pair, password) : err;
    err = err == ERR_NONE ? buf_append_string(&run->login, "Authorization: Basic ") : err;
    err = err == ERR_NONE ? base64_encode(&run->login, buf_slice(&pair)) : err;
    return err == ERR_NONE ? buf_append_byte(&run->login, '\0') : err;
}

/* ---- the body of a token request ---- */

static enum err put_pair(struct buf *body, const char *name, struct slice value)
{
    enum err err = body->len == 0 ? ERR_NONE : buf_append_byte(body, '&');
    err = err == ERR_NONE ? buf_append_string(body, name) : err;
    err = err == ERR_NONE ? buf_append_byte(body, '=') : err;
    return err == ERR_NONE ? source_escape(body, value) : err;
}

static enum err put_client(struct source_run *run, struct buf *body, struct complaint *complaint)
{
    static const char *const names[] = {"client_id", "client_secret"};
    enum err err = put_pair(body, "grant_type", SLICE_LITERAL("client_credentials"));
    for (size_t i = 0; i < 2 && err == ERR_NONE; i++) {
        struct slice value = json_text(run->credential, names[i], SLICE_NONE);
        err = value.len == 0 ? refuse(complaint, names[i]) : put_pair(body, names[i], value);
    }
    return err == ERR_NONE && run->api->scope != NULL ? put_pair(body, "scope", slice_string(run->api->scope)) : err;
}

static enum err sign(struct slice pem, struct slice text, struct buf *out)
{
    BIO *bio = pem.len > INT32_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
    /* an empty password: a key that is encrypted fails instead of asking somebody */
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = sizeof(signature);
    bool good = key != NULL && context != NULL && EVP_PKEY_is_a(key, "RSA") && (size_t)EVP_PKEY_get_size(key) <= len &&
                EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 && EVP_DigestSign(context, signature, &len, text.data, text.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good ? base64url_encode(out, slice_of(signature, len)) : ERR_CRYPTO;
}

/* {"iss","sub"?,"scope","aud","iat","exp"} */
static enum err put_statement(struct source_run *run, const char *audience, struct buf *out)
{
    struct json *statement = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, statement, "iss", json_text(run->credential, "client_email", SLICE_NONE));
    json_set_string(run->arena, statement, "sub", json_text(run->options, "subject", SLICE_NONE));
    json_set_string(run->arena, statement, "scope", slice_string(run->api->scope));
    json_set_string(run->arena, statement, "aud", slice_string(audience));
    json_set_i64(run->arena, statement, "iat", run->now_ms / 1000);
    if (json_set_i64(run->arena, statement, "exp", run->now_ms / 1000 + TOKEN_LIFE_S) == NULL) {
        return ERR_TOO_LARGE;
    }
    cleanup_buf struct buf text = BUF_INIT(SOURCE_LOGIN_MAX_BYTES);
    enum err err = json_write(&text, statement, 0);
    return err == ERR_NONE ? base64url_encode(out, buf_slice(&text)) : err;
}

static enum err put_service_account(struct source_run *run, const char *audience, struct buf *body, struct complaint *complaint)
{
    cleanup_buf struct buf token = BUF_INIT(SOURCE_LOGIN_MAX_BYTES);
    enum err err = base64url_encode(&token, SLICE_LITERAL("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"));
    err = err == ERR_NONE ? buf_append_byte(&token, '.') : err;
    err = err == ERR_NONE ? put_statement(run, audience, &token) : err;
    cleanup_buf struct buf signature = BUF_INIT(2 * SIGNATURE_MAX_BYTES);
    err = err == ERR_NONE ? sign(json_text(run->credential, "private_key", SLICE_NONE), buf_slice(&token), &signature) : err;
    if (err == ERR_CRYPTO) {
        return refuse(complaint, "private_key");
    }
    err = err == ERR_NONE ? buf_append_byte(&token, '.') : err;
    err = err == ERR_NONE ? buf_append(&token, buf_slice(&signature)) : err;
    err = err == ERR_NONE ? put_pair(body, "grant_type", SLICE_LITERAL("urn:ietf:params:oauth:grant-type:jwt-bearer")) : err;
    return err == ERR_NONE ? put_pair(body, "assertion", buf_slice(&token)) : err;
}

/* ---- the token ---- */

/* What the token says about itself, unverified: it is our own, and the provider is who reads it. */
static void keep_claims(struct source_run *run, struct slice token)
{
    struct slice part, rest = token;
    cleanup_buf struct buf text = BUF_INIT(SOURCE_LOGIN_MAX_BYTES);
    cleanup_arena struct arena *arena = arena_new(TOKEN_TREE_MAX_BYTES);
    struct json *claims = NULL;
    bool cut = false;
    if (run->api->claims == NULL || arena == NULL || !slice_split(&rest, '.', &part) || !slice_split(&rest, '.', &part)) {
        return;
    }
    if (base64url_decode(&text, part) == ERR_NONE && json_read(arena, buf_slice(&text), &claims, NULL) == ERR_NONE && claims->type == JSON_OBJECT) {
        struct json *kept = source_pick(run->arena, claims, run->api->claims, &cut);
        json_set(run->arena, run->facts, "token", kept);
    }
}

static const char *take_token(struct source_run *run, const struct http_reply *reply)
{
    cleanup_arena struct arena *arena = arena_new(TOKEN_TREE_MAX_BYTES);
    struct json *tree = NULL;
    const char *reason = arena == NULL ? "source.too-large" : source_read(reply, arena, &tree);
    struct slice token = reason == NULL ? json_text(tree, "access_token", SLICE_NONE) : SLICE_NONE;
    if (reason == NULL && (!is_header_text(token) || set_bearer(run, token) != ERR_NONE)) {
        reason = "source.wrong-shape";
    }
    if (reason == NULL) {
        struct slice scope = json_text(tree, "scope", SLICE_NONE);
        if (scope.len > 0) {
            json_set_string(run->arena, run->facts, "token_scope", slice_first(scope, SOURCE_TEXT_MAX_BYTES));
        }
        keep_claims(run, token);
    }
    return reason;
}

static enum err ask_token(struct source_run *run, struct complaint *complaint)
{
    cleanup_buf struct buf url = BUF_INIT(SOURCE_URL_MAX_BYTES), body = BUF_INIT(2 * SOURCE_LOGIN_MAX_BYTES);
    enum err err = source_url(run, &run->token_address, run->api->token_path, SLICE_NONE, &url);
    err = err == ERR_NONE ? buf_append_byte(&url, '\0') : err;
    if (err == ERR_NONE) {
        err = run->api->login == LOGIN_CLIENT ? put_client(run, &body, complaint) : put_service_account(run, (const char *)url.data, &body, complaint);
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct json *note = json_append(run->requests, json_new(run->arena, JSON_OBJECT));
    json_set_string(run->arena, note, "name", SLICE_LITERAL("token"));
    struct source_ask ask = {.method = "POST", .url = &url, .content_type = "Content-Type: application/x-www-form-urlencoded", .body = buf_slice(&body)};
    struct http_reply reply = HTTP_REPLY_NONE;
    const char *reason = source_exchange(run, &ask, false, note, &reply);
    reason = reason == NULL ? take_token(run, &reply) : reason;
    http_reply_free(&reply);
    if (reason != NULL) {
        /* a refused token request has the status 400 or 401; either way nothing can be asked */
        run->stopped = run->stopped != NULL ? run->stopped : slice_is(slice_string(reason), "source.status") ? "source.unauthorised" : reason;
        json_set_string(run->arena, note, "error", slice_string(run->stopped));
    }
    return json_set_bool(run->arena, note, "complete", reason == NULL) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum err source_log_in(struct source_run *run, struct complaint *complaint)
{
    switch (run->api->login) {
    case LOGIN_NONE:
        return ERR_NONE;
    case LOGIN_HEADER:
        return set_header(run, complaint);
    case LOGIN_BASIC:
        return set_basic(run, complaint);
    case LOGIN_CLIENT:
    case LOGIN_SERVICE_ACCOUNT:
        return ask_token(run, complaint);
    }
    return ERR_INTERNAL;
}
