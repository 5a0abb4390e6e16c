#include "secrets/jwt_provider.h"

#include "secrets/jose.h"
#include "secrets/web_address.h"

static enum err refuse(struct work_reply *reply, struct text text, struct slice detail)
{
    return complain(&reply->complaint, ERR_INVALID, text, 0, 0, (const char *)detail.data, detail.len);
}

static enum err read_object(struct arena *arena, struct slice raw, struct json **ret_tree)
{
    enum err err = json_read(arena, raw, ret_tree, NULL);
    return err == ERR_NONE && (*ret_tree)->type != JSON_OBJECT ? ERR_MALFORMED : err;
}

/* ---- discovery ---- */

/* An address of the provider's document is taken when it is as safe as the one that the document came from: never plain where that was not. */
static bool is_taken(struct slice text, bool from_plain)
{
    struct web_address address;
    return web_address_is_safe(text) && web_address_read(text, &address) && (!address.is_plain || from_plain);
}

static enum err take_address(struct arena *arena, const struct json *document, const char *name, bool from_plain, struct work_reply *reply)
{
    const struct json *member = json_member(document, name);
    if (member == NULL || member->type == JSON_NULL) {
        return ERR_NONE;
    }
    if (member->type != JSON_STRING || !is_taken(member->text, from_plain)) {
        return refuse(reply, TEXT("the provider's document names an address that is not taken", "das Dokument des Anbieters nennt eine Adresse, die nicht genommen wird"), slice_string(name));
    }
    return json_set_string(arena, reply->output, name, member->text) == NULL ? ERR_MEMORY : ERR_NONE;
}

static bool lists(const struct json *list, const char *word)
{
    for (const struct json *one = list == NULL || list->type != JSON_ARRAY ? NULL : list->first; one != NULL; one = one->next) {
        if (one->type == JSON_STRING && slice_is(one->text, word)) {
            return true;
        }
    }
    return false;
}

enum err login_discovery(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const char *const names[] = {"jwks_uri", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "device_authorization_endpoint"};
    struct slice asked = json_text(input, "issuer", SLICE_NONE);
    struct json *document = NULL;
    bool from_plain = slice_starts(asked, SLICE_LITERAL("http://"));
    reply->output = json_new(arena, JSON_OBJECT);
    if (read_object(arena, raw, &document) != ERR_NONE) {
        return refuse(reply, TEXT("the provider's document is no JSON object", "das Dokument des Anbieters ist kein JSON-Objekt"), SLICE_NONE);
    }
    struct slice issuer = json_text(document, "issuer", SLICE_NONE);
    if (asked.len == 0 || !slice_equal(issuer, asked)) {
        return refuse(reply, TEXT("the provider calls itself by another issuer than oidc_discovery_url, which must be the same to the letter", "der Anbieter nennt sich (issuer) anders als oidc_discovery_url; beide müssen Zeichen für Zeichen gleich sein"), issuer);
    }
    const struct json *methods = json_member(document, "token_endpoint_auth_methods_supported"); /* absent: client_secret_basic */
    json_set_string(arena, reply->output, "issuer", issuer);
    json_set_bool(arena, reply->output, "secret_in_form", lists(methods, "client_secret_post") && !lists(methods, "client_secret_basic"));
    enum err err = ERR_NONE;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && err == ERR_NONE; i++) {
        err = take_address(arena, document, names[i], from_plain, reply);
    }
    if (err == ERR_NONE && json_member(reply->output, "jwks_uri") == NULL) {
        return refuse(reply, TEXT("the provider's document names no keys (jwks_uri)", "das Dokument des Anbieters nennt keine Schlüssel (jwks_uri)"), SLICE_NONE);
    }
    return err;
}

/* ---- key sets ---- */

static bool keep_key(struct arena *arena, const struct json *jwk, struct json *keys)
{
    static const char *const names[] = {"kty", "kid", "alg", "crv", "x", "y", "n", "e"};
    struct jose_key key;
    if (jose_key_jwk(jwk, &key) != ERR_NONE) {
        return true; /* a set may hold keys for other uses and of kinds to come (RFC 7517, 5) */
    }
    jose_key_free(&key);
    struct json *copy = json_append(keys, json_new(arena, JSON_OBJECT));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json *member = json_member(jwk, names[i]);
        if (member != NULL && member->type == JSON_STRING && json_set_string(arena, copy, names[i], member->text) == NULL) {
            return false;
        }
    }
    return copy != NULL;
}

enum err login_jwks(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input;
    struct json *document = NULL, *keys = json_new(arena, JSON_ARRAY);
    const struct json *given = read_object(arena, raw, &document) == ERR_NONE ? json_member(document, "keys") : NULL;
    if (given == NULL || given->type != JSON_ARRAY) {
        return refuse(reply, TEXT("the answer is no set of keys (JWKS)", "die Antwort ist kein Satz von Schlüsseln (JWKS)"), SLICE_NONE);
    }
    if (given->count > JOSE_KEYS_MAX) {
        return refuse(reply, TEXT("the set has more than 100 keys", "der Satz hat mehr als 100 Schlüssel"), SLICE_NONE);
    }
    for (const struct json *one = given->first; one != NULL; one = one->next) {
        if (!keep_key(arena, one, keys)) {
            return ERR_MEMORY;
        }
    }
    if (keys->count == 0) {
        return refuse(reply, TEXT("the set has no key that can check signatures here", "der Satz hat keinen Schlüssel, mit dem sich hier Signaturen prüfen lassen"), SLICE_NONE);
    }
    reply->output = json_new(arena, JSON_OBJECT);
    return json_set(arena, reply->output, "keys", keys) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- logins through the browser ---- */

enum err login_exchange(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct json *answer = NULL;
    uint64_t status = 0;
    enum err err = read_object(arena, raw, &answer);
    if (json_u64(input, "status", &status) != ERR_NONE || status != 200) {
        struct slice word = err == ERR_NONE ? json_text(answer, "error", SLICE_NONE) : SLICE_NONE;
        if (slice_is(word, "authorization_pending") || slice_is(word, "slow_down")) { /* RFC 8628, 3.5 */
            reply->output = json_new(arena, JSON_OBJECT);
            return json_set_string(arena, reply->output, "pending", word) == NULL ? ERR_MEMORY : ERR_NONE;
        }
        return refuse(reply, TEXT("Vault login failed. Error exchanging oidc code", "Anmeldung fehlgeschlagen. Der Anbieter nahm den Code nicht an"), word);
    }
    struct slice id_token = err == ERR_NONE ? json_text(answer, "id_token", SLICE_NONE) : SLICE_NONE;
    if (id_token.len == 0) {
        return refuse(reply, TEXT("Vault login failed. Token verification failed. No id_token found in response.", "Anmeldung fehlgeschlagen. Die Antwort des Anbieters enthält kein id_token."), SLICE_NONE);
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, reply->output, "id_token", id_token);
    return json_set_string(arena, reply->output, "access_token", json_text(answer, "access_token", SLICE_NONE)) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err login_device(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct json *answer = NULL;
    struct web_address address;
    uint64_t status = 0, interval_s = 0;
    enum err err = read_object(arena, raw, &answer);
    struct slice device = json_text(answer, "device_code", SLICE_NONE), user = json_text(answer, "user_code", SLICE_NONE), whole = json_text(answer, "verification_uri_complete", SLICE_NONE);
    struct slice url = whole.len > 0 ? whole : json_text(answer, "verification_uri", SLICE_NONE);
    if (err != ERR_NONE || json_u64(input, "status", &status) != ERR_NONE || status != 200 || device.len == 0 || user.len == 0 || !web_address_read(url, &address)) {
        return refuse(reply, TEXT("the provider gives no code for a device", "der Anbieter gibt keinen Code für ein Gerät"), json_text(answer, "error", SLICE_NONE));
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, reply->output, "device_code", device);
    json_set_string(arena, reply->output, "user_code", user);
    if (json_u64(answer, "interval", &interval_s) == ERR_NONE && interval_s > 0) {
        json_set_u64(arena, reply->output, "interval", interval_s);
    }
    return json_set_string(arena, reply->output, "url", url) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* OpenID Connect Core 1.0, 5.3.2: what is told of another subject must not be used. */
enum err login_userinfo(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct json *user = NULL, *claims = json_new(arena, JSON_OBJECT);
    const struct json *given = json_member(input, "claims");
    struct slice subject = json_text(input, "sub", SLICE_NONE);
    if (read_object(arena, raw, &user) != ERR_NONE || subject.len == 0 || !slice_equal(json_text(user, "sub", SLICE_NONE), subject)) {
        return refuse(reply, TEXT("the provider's answer is not about this user", "die Antwort des Anbieters betrifft eine andere Person"), SLICE_NONE);
    }
    for (const struct json *one = given == NULL ? NULL : given->first; one != NULL; one = one->next) {
        json_set(arena, claims, arena_string(arena, one->name), json_copy(arena, one));
    }
    for (const struct json *one = user->first; one != NULL; one = one->next) {
        const char *name = arena_string(arena, one->name);
        if (name != NULL && json_member(given, name) == NULL && json_set(arena, claims, name, json_copy(arena, one)) == NULL) {
            return ERR_MEMORY;
        }
    }
    reply->output = json_new(arena, JSON_OBJECT);
    return json_set(arena, reply->output, "claims", claims) == NULL ? ERR_MEMORY : ERR_NONE;
}
