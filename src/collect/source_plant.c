#include "collect/source_plant.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum { PLANTED_KEY_BITS = 2048, REPLY_MAX_BYTES = 64 << 10 };

/* TEST-NET-1: even a client that connected by itself would reach nobody. */
static const char planted_address[] = "http://192.0.2.1";

static const struct source_planted *answer_of(const struct source_api *api, struct slice target)
{
    static const struct source_planted nothing = {.body = "{}", .status = 404};
    for (size_t i = 0; i < api->planted_count; i++) {
        if (slice_is(target, api->planted[i].target)) {
            return &api->planted[i];
        }
    }
    return &nothing;
}

/* The planted secret in a header or, where a token is asked for, in the body; a signed statement has it in the signature's key alone. */
static bool is_logged_in(const struct source_api *api, const struct http_request *request)
{
    bool seen = api->planted_credential == NULL || slice_find(request->body, SLICE_LITERAL("planted")) != SIZE_MAX ||
                slice_find(request->body, SLICE_LITERAL("assertion=")) != SIZE_MAX;
    for (const char *const *header = request->headers; *header != NULL && !seen; header++) {
        seen = slice_find(slice_string(*header), SLICE_LITERAL("planted")) != SIZE_MAX;
    }
    return seen;
}

static enum err ask_planted(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    const struct source_api *api = context;
    struct source_address address;
    static const struct source_planted stranger = {.body = "{}", .status = 401};
    if (source_address_read(slice_string(request->url), &address) != ERR_NONE) {
        return complain(complaint, ERR_INVALID, TEXT("no address", "keine Adresse"), 0, 0, NULL, 0);
    }
    const struct source_planted *answer = is_logged_in(api, request) ? answer_of(api, address.target) : &stranger;
    if (answer->cut) {
        return complain(complaint, ERR_CLOSED, TEXT("the answer was cut short", "die Antwort brach ab"), 0, 0, NULL, 0);
    }
    struct http_reply reply = {answer->status, BUF_INIT(REPLY_MAX_BYTES), BUF_INIT(request->reply_max_bytes)};
    enum err err = buf_append_string(&reply.headers, answer->headers == NULL ? "" : answer->headers);
    err = err == ERR_NONE ? buf_append_string(&reply.body, answer->body) : err;
    if (err != ERR_NONE) {
        http_reply_free(&reply);
        return err;
    }
    *ret_reply = reply;
    return ERR_NONE;
}

/* A key of its own, made anew each time: a service account without one cannot ask for a token. */
static enum err planted_key(struct arena *arena, struct json *credential)
{
    EVP_PKEY *key = EVP_RSA_gen(PLANTED_KEY_BITS);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool made = key != NULL && bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    long len = made ? BIO_get_mem_data(bio, &text) : 0;
    enum err err = !made || len <= 0 ? ERR_CRYPTO : ERR_NONE;
    if (err == ERR_NONE && json_set_string(arena, credential, "private_key", slice_of(text, (size_t)len)) == NULL) {
        err = ERR_TOO_LARGE;
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return err;
}

static enum err planted_input(struct arena *arena, const struct source_api *api, struct json **ret_input)
{
    struct json *input = json_new(arena, JSON_OBJECT), *credential = json_new(arena, JSON_OBJECT), *options = json_new(arena, JSON_OBJECT);
    enum err err = api->planted_credential == NULL ? ERR_NONE : json_read(arena, slice_string(api->planted_credential), &credential, NULL);
    err = err == ERR_NONE && api->planted_options != NULL ? json_read(arena, slice_string(api->planted_options), &options, NULL) : err;
    err = err == ERR_NONE && api->login == LOGIN_SERVICE_ACCOUNT ? planted_key(arena, credential) : err;
    json_set_string(arena, input, "address", slice_string(planted_address));
    json_set_string(arena, options, "token_address", slice_string(planted_address));
    json_set(arena, input, "credential", credential);
    if (json_set(arena, input, "options", options) == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_input = input;
    return err;
}

enum err source_plant(struct arena *arena, const struct source_api *api, int64_t deadline_ms, struct json **ret_facts)
{
    struct source_run run = {.arena = arena, .api = api, .deadline_ms = deadline_ms, .login = BUF_INIT(SOURCE_LOGIN_MAX_BYTES)};
    run.wire = (struct source_wire){ask_planted, (void *)(uintptr_t)api};
    struct json *input = NULL;
    enum err err = planted_input(arena, api, &input);
    err = err == ERR_NONE ? source_run_all(&run, input, NULL) : err;
    buf_free(&run.login);
    if (err == ERR_NONE) {
        *ret_facts = run.facts;
    }
    return err;
}
