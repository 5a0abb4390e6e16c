#include "secrets/kubernetes_judge.h"

#include "secrets/jose.h"
#include "secrets/jwt_judge.h"

static enum err refuse(struct work_reply *reply, struct text text)
{
    return complain(&reply->complaint, ERR_INVALID, text, 0, 0, NULL, 0);
}

static void set_text(struct arena *arena, struct json *output, const char *name, const struct json *value)
{
    json_set_string(arena, output, name, value == NULL || value->type != JSON_STRING ? SLICE_NONE : value->text);
}

/* ---- the token ---- */

static bool is_signed(const struct json *pems, const struct jose *jose)
{
    size_t count = 0;
    bool good = pems == NULL || pems->count == 0;
    for (const struct json *one = pems == NULL ? NULL : pems->first; one != NULL && !good && count < JWT_PEMS_MAX; one = one->next, count++) {
        struct jose_key key;
        if (jose_key_pem(one->text, &key) == ERR_NONE) {
            good = jose_key_fits(&key, jose->algorithm) && jose_verify(&key, jose) == ERR_NONE;
            jose_key_free(&key);
        }
    }
    return good;
}

/* Tokens bound to pods have one object; those of older clusters a claim a part. */
static void take_account(struct arena *arena, const struct json *claims, struct json *output)
{
    const struct json *bound = json_member(claims, "kubernetes.io"), *account = json_member(bound, "serviceaccount");
    if (bound != NULL) {
        set_text(arena, output, "namespace", json_member(bound, "namespace"));
        set_text(arena, output, "name", json_member(account, "name"));
        set_text(arena, output, "uid", json_member(account, "uid"));
        set_text(arena, output, "secret", json_member(json_member(bound, "secret"), "name"));
        return;
    }
    set_text(arena, output, "namespace", json_member(claims, "kubernetes.io/serviceaccount/namespace"));
    set_text(arena, output, "name", json_member(claims, "kubernetes.io/serviceaccount/service-account.name"));
    set_text(arena, output, "uid", json_member(claims, "kubernetes.io/serviceaccount/service-account.uid"));
    set_text(arena, output, "secret", json_member(claims, "kubernetes.io/serviceaccount/secret.name"));
}

enum err login_account(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct jose jose;
    struct json *claims = NULL, *output = json_new(arena, JSON_OBJECT);
    enum err err = jose_split(arena, raw, &jose, &reply->complaint);
    if (err == ERR_NONE && !is_signed(json_member(input, "pems"), &jose)) {
        return complain(&reply->complaint, ERR_FORGED, TEXT("none of pem_keys made the token's signature", "keiner der pem_keys passt zur Signatur des Tokens"), 0, 0, NULL, 0);
    }
    err = err == ERR_NONE ? jose_claims(arena, &jose, &claims, &reply->complaint) : err;
    if (err != ERR_NONE) {
        return err;
    }
    take_account(arena, claims, output);
    set_text(arena, output, "issuer", json_member(claims, "iss"));
    const struct json *audience = json_member(claims, "aud");
    if (audience != NULL) {
        json_set(arena, output, "audience", json_copy(arena, audience));
    }
    if (json_text(output, "name", SLICE_NONE).len == 0 || json_text(output, "namespace", SLICE_NONE).len == 0 || json_text(output, "uid", SLICE_NONE).len == 0) {
        return refuse(reply, TEXT("the token names no service account of Kubernetes", "das Token nennt kein Dienstkonto von Kubernetes"));
    }
    reply->output = output;
    return ERR_NONE;
}

/* ---- the review ---- */

/* "system:serviceaccount:NAMESPACE:NAME". */
static bool take_user(struct arena *arena, struct slice user, struct json *output)
{
    struct slice prefix = SLICE_LITERAL("system:serviceaccount:"), rest = slice_from(user, prefix.len);
    size_t colon = slice_starts(user, prefix) ? slice_find_byte(rest, ':') : SIZE_MAX;
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == rest.len || slice_find_byte(slice_from(rest, colon + 1), ':') != SIZE_MAX) {
        return false;
    }
    json_set_string(arena, output, "namespace", slice_first(rest, colon));
    return json_set_string(arena, output, "name", slice_from(rest, colon + 1)) != NULL;
}

static bool take_audiences(struct arena *arena, const struct json *given, struct json *output)
{
    struct json *audiences = json_set_array(arena, output, "audiences");
    bool good = given == NULL || given->type == JSON_ARRAY || given->type == JSON_NULL;
    for (const struct json *one = good && given != NULL ? given->first : NULL; one != NULL; one = one->next) {
        good = good && one->type == JSON_STRING && json_append(audiences, json_string(arena, one->text)) != NULL;
    }
    return good;
}

enum err login_review(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input;
    struct json *review = NULL, *output = json_new(arena, JSON_OBJECT);
    enum err err = json_read(arena, raw, &review, NULL);
    const struct json *status = err == ERR_NONE ? json_member(review, "status") : NULL, *user = json_member(status, "user"), *answer = json_member(status, "authenticated");
    if (status == NULL || status->type != JSON_OBJECT || !slice_is(json_text(review, "kind", SLICE_NONE), "TokenReview") ||
        !slice_is(json_text(review, "apiVersion", SLICE_NONE), "authentication.k8s.io/v1")) {
        return refuse(reply, TEXT("the answer is no TokenReview of Kubernetes", "die Antwort ist kein TokenReview von Kubernetes"));
    }
    bool is_known = answer != NULL && answer->type == JSON_TRUE;
    json_set_bool(arena, output, "authenticated", is_known);
    set_text(arena, output, "error", json_member(status, "error"));
    set_text(arena, output, "uid", json_member(user, "uid"));
    if (!take_audiences(arena, json_member(status, "audiences"), output) || (is_known && !take_user(arena, json_text(user, "username", SLICE_NONE), output))) {
        return refuse(reply, TEXT("the cluster's answer names no service account", "die Antwort des Clusters nennt kein Dienstkonto"));
    }
    reply->output = output;
    return output == NULL ? ERR_MEMORY : ERR_NONE;
}
