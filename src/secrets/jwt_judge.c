#include "secrets/jwt_judge.h"

#include "secrets/jose.h"

#include <stdio.h>

/* What the keys tried so far came to. */
struct trial {
    const struct jose *jose;
    bool knows_key, is_good;
};

/* A set's key counts when the token names no key, or names this one; a key in PEM has no name, so it always does. */
static void try_key(struct trial *trial, struct jose_key *key, bool has_names)
{
    bool is_named = !has_names || trial->jose->kid.len == 0 || slice_equal(key->kid, trial->jose->kid);
    if (is_named && jose_key_fits(key, trial->jose->algorithm)) {
        trial->knows_key = true;
        trial->is_good = jose_verify(key, trial->jose) == ERR_NONE;
    }
    jose_key_free(key);
}

static void try_all(struct trial *trial, const struct json *keys, const struct json *pems)
{
    struct jose_key key;
    size_t count = 0;
    for (const struct json *one = keys == NULL ? NULL : keys->first; one != NULL && !trial->is_good && count < JOSE_KEYS_MAX; one = one->next, count++) {
        if (jose_key_jwk(one, &key) == ERR_NONE) {
            try_key(trial, &key, true);
        }
    }
    count = 0;
    for (const struct json *one = pems == NULL ? NULL : pems->first; one != NULL && !trial->is_good && count < JWT_PEMS_MAX; one = one->next, count++) {
        if (jose_key_pem(one->text, &key) == ERR_NONE) {
            try_key(trial, &key, false);
        }
    }
}

static bool is_allowed(const struct json *algorithms, const struct jose_algorithm *algorithm)
{
    bool found = algorithms == NULL || algorithms->count == 0;
    for (const struct json *one = algorithms == NULL ? NULL : algorithms->first; one != NULL; one = one->next) {
        found = found || slice_is(one->text, jose_algorithm_name(algorithm));
    }
    return found;
}

enum err login_jwt(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct jose jose;
    enum err err = jose_split(arena, raw, &jose, &reply->complaint);
    if (err != ERR_NONE) {
        return err;
    }
    const char *name = jose_algorithm_name(jose.algorithm);
    if (!is_allowed(json_member(input, "algorithms"), jose.algorithm)) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("token is signed with an unexpected algorithm", "das Token ist mit einem hier nicht erlaubten Verfahren signiert"), 0, 0, name,
                        slice_string(name).len);
    }
    struct trial trial = {.jose = &jose};
    try_all(&trial, json_member(input, "keys"), json_member(input, "pems"));
    struct json *output = json_new(arena, JSON_OBJECT), *claims = NULL;
    err = trial.is_good ? jose_claims(arena, &jose, &claims, &reply->complaint) : ERR_NONE;
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(arena, output, "outcome", slice_string(trial.is_good ? "good" : trial.knows_key ? "forged" : "unknown-key"));
    bool made = trial.is_good ? json_set(arena, output, "claims", claims) != NULL : output != NULL;
    reply->output = output;
    return made ? ERR_NONE : ERR_MEMORY;
}

static enum err check_pems(const struct json *pems, struct complaint *complaint)
{
    if (pems != NULL && pems->count > JWT_PEMS_MAX) {
        return complain(complaint, ERR_INVALID, TEXT("there may be 32 public keys at most", "es dürfen höchstens 32 öffentliche Schlüssel sein"), 0, 0, NULL, 0);
    }
    size_t number = 1;
    for (const struct json *one = pems == NULL ? NULL : pems->first; one != NULL; one = one->next, number++) {
        struct jose_key key;
        char which[24];
        if (jose_key_pem(one->text, &key) != ERR_NONE) {
            int len = snprintf(which, sizeof which, "%zu", number); /* not what stands there: it may be a private key */
            return complain(complaint, ERR_INVALID,
                            TEXT("error parsing public key: it must be a PEM public key or certificate with RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519; number",
                                 "der öffentliche Schlüssel ist unlesbar: erwartet wird PEM, ein öffentlicher Schlüssel oder ein Zertifikat mit RSA von 2048 bis 8192 Bit, P-256, P-384, P-521 oder Ed25519; Nummer"),
                            0, 0, which, (size_t)len);
        }
        jose_key_free(&key);
    }
    return ERR_NONE;
}

enum err login_keys(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)raw;
    const struct json *algorithms = json_member(input, "algorithms");
    for (const struct json *one = algorithms == NULL ? NULL : algorithms->first; one != NULL; one = one->next) {
        if (jose_algorithm_find(one->text) == NULL) {
            return complain(&reply->complaint, ERR_INVALID, TEXT("unsupported signing algorithm", "dieses Signaturverfahren wird nicht unterstützt"), 0, 0, (const char *)one->text.data, one->text.len);
        }
    }
    reply->output = json_new(arena, JSON_OBJECT);
    return check_pems(json_member(input, "pems"), &reply->complaint);
}
