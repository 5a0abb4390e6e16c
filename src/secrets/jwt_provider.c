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

enum err login_discovery(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const char *const names[] = {"jwks_uri", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"};
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
    json_set_string(arena, reply->output, "issuer", issuer);
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
