/* auth/kubernetes/login: what the token says is held against the role, then the cluster is asked, and what it says counts. */
#include "secrets/kubernetes.h"

#include "base/glob.h"
#include "engine/token.h"
#include "secrets/web.h"

enum { POD_FRESH_MS = 5 * 60 * 1000 };

static const char review_path[] = "/apis/authentication.k8s.io/v1/tokenreviews";

static enum err deny(struct turn *turn, struct text text)
{
    return turn_refuse(turn, ERR_DENIED, text, SLICE_NONE);
}

static bool allows(const struct json *patterns, struct slice text)
{
    for (const struct json *one = patterns == NULL ? NULL : patterns->first; one != NULL; one = one->next) {
        if (glob_matches(one->text, text)) {
            return true;
        }
    }
    return false;
}

/* A text, or a list that has it. */
static bool names(const struct json *value, struct slice text)
{
    if (value == NULL || value->type == JSON_STRING) {
        return value != NULL && slice_equal(value->text, text);
    }
    for (const struct json *one = value->type == JSON_ARRAY ? value->first : NULL; one != NULL; one = one->next) {
        if (one->type == JSON_STRING && slice_equal(one->text, text)) {
            return true;
        }
    }
    return false;
}

static struct slice member(const struct json *object, const char *name)
{
    return json_text(object, name, SLICE_NONE);
}

/* May this account use the role? */
static enum err check_account(struct turn *turn, const struct json *role, const struct json *account)
{
    if (!allows(json_member(role, "bound_service_account_namespaces"), member(account, "namespace"))) {
        return deny(turn, TEXT("namespace not authorized", "dieser Namensraum darf sich hier nicht anmelden"));
    }
    return allows(json_member(role, "bound_service_account_names"), member(account, "name")) ? ERR_NONE : deny(turn, TEXT("service account name not authorized", "dieses Dienstkonto darf sich hier nicht anmelden"));
}

static enum err read_account(struct turn *turn, const struct json *config, const struct json *role, const struct json **ret_account)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    const struct json *pems = json_member(config, "pem_keys");
    struct slice audience = member(role, "audience"), issuer = member(config, "issuer");
    if (pems != NULL) {
        json_set(turn->arena, input, "pems", json_copy(turn->arena, pems));
    }
    enum err err = turn_work(turn, ROLE_JUDGE, "login.account", input, turn_field(turn, "jwt"), ret_account, NULL, NULL);
    if (err != ERR_NONE) {
        return err == ERR_FORGED ? ERR_DENIED : err; /* with judge's words */
    }
    if (audience.len > 0 && !names(json_member(*ret_account, "audience"), audience)) {
        return deny(turn, TEXT("invalid audience (aud) claim: audience claim does not match any expected audience", "das Token ist für einen anderen Empfänger bestimmt (aud)"));
    }
    if (!json_bool(config, "disable_iss_validation", true) && !slice_equal(member(*ret_account, "issuer"), issuer.len > 0 ? issuer : SLICE_LITERAL("kubernetes/serviceaccount"))) {
        return deny(turn, TEXT("invalid issuer (iss) claim", "das Token kommt von einem anderen Aussteller (iss)"));
    }
    return check_account(turn, role, *ret_account);
}

/* ---- the cluster ---- */

static enum err write_question(struct turn *turn, const struct json *role, struct buf *out)
{
    struct json *question = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, question, "apiVersion", SLICE_LITERAL("authentication.k8s.io/v1"));
    json_set_string(turn->arena, question, "kind", SLICE_LITERAL("TokenReview"));
    struct json *spec = json_set_object(turn->arena, question, "spec");
    json_set_string(turn->arena, spec, "token", turn_field(turn, "jwt"));
    if (member(role, "audience").len > 0) {
        json_append(json_set_array(turn->arena, spec, "audiences"), json_string(turn->arena, member(role, "audience")));
    }
    return spec == NULL ? ERR_MEMORY : json_write(out, question, 0);
}

static enum err wrong_status(struct turn *turn, uint64_t status)
{
    switch (status) {
    case 401:
        return deny(turn, TEXT("permission denied: the cluster does not know the token that asks (token_reviewer_jwt, or the one that logs in); it may have been deleted or have expired",
                               "Zugriff verweigert: der Cluster kennt das fragende Token nicht (token_reviewer_jwt oder das, das sich anmeldet); vielleicht ist es gelöscht oder abgelaufen"));
    case 403:
        return deny(turn, TEXT("permission denied: the token that asks may not make TokenReviews; it needs the cluster role system:auth-delegator",
                               "Zugriff verweigert: das fragende Token darf keine TokenReviews anlegen; es braucht die Clusterrolle system:auth-delegator"));
    default:
        return turn_refuse(turn, ERR_INVALID, TEXT("the cluster's API answered with an error", "die API des Clusters antwortete mit einem Fehler"), slice_string(turn_path(turn, "%llu", (unsigned long long)status)));
    }
}

static enum err read_pod(struct turn *turn, const struct json **ret_pod)
{
    char *path = mount_path(turn, "pod");
    const struct json *output = NULL;
    int64_t read_ms = 0;
    enum err err = turn_json(turn, path, ret_pod);
    if (err != ERR_NOT_FOUND && (err != ERR_NONE || (json_i64(*ret_pod, "read_ms", &read_ms) == ERR_NONE && turn->steady_ms - read_ms < POD_FRESH_MS))) {
        return err;
    }
    err = turn_work(turn, ROLE_LOOK, "collect.pod", NULL, SLICE_NONE, &output, NULL, NULL);
    if (err == ERR_NEED || err == ERR_MEMORY) {
        return err;
    }
    turn->complaint = (struct complaint){0}; /* no look, no pod */
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "ca", member(output, "ca"));
    json_set_string(turn->arena, row, "token", member(output, "token"));
    json_set_i64(turn->arena, row, "read_ms", turn->steady_ms);
    *ret_pod = row;
    err = turn_put_json(turn, path, row, 0);
    turn_keep_changes(turn);
    return err;
}

/* What the configuration leaves open is taken from the pod that Vogt runs in, if it runs in one: files that Kubernetes renews, so they are read again every few minutes. */
static enum err fill_from_pod(struct turn *turn, const struct json *config, struct slice *ca, struct slice *reviewer)
{
    const struct json *pod = NULL;
    if (json_bool(config, "disable_local_ca_jwt", false) || (ca->len > 0 && reviewer->len > 0)) {
        return ERR_NONE;
    }
    enum err err = read_pod(turn, &pod);
    *ca = err == ERR_NONE && ca->len == 0 ? member(pod, "ca") : *ca;
    *reviewer = err == ERR_NONE && reviewer->len == 0 ? member(pod, "token") : *reviewer;
    return err;
}

static enum err ask_cluster(struct turn *turn, const struct json *config, const struct json *role, const struct json **ret_review)
{
    struct slice host = member(config, "kubernetes_host"), ca = member(config, "kubernetes_ca_cert"), reviewer = member(config, "token_reviewer_jwt"), body = SLICE_NONE;
    enum err err = fill_from_pod(turn, config, &ca, &reviewer);
    if (err != ERR_NONE) {
        return err;
    }
    struct slice bearer = reviewer.len > 0 ? reviewer : turn_field(turn, "jwt");
    bool has_scheme = slice_find(host, SLICE_LITERAL("://")) != SIZE_MAX, has_slash = slice_ends(host, SLICE_LITERAL("/"));
    uint64_t status = 0;
    cleanup_buf struct buf question = BUF_INIT(4 * KUBERNETES_JWT_MAX_BYTES);
    err = write_question(turn, role, &question);
    const struct web_ask ask = {
        .url = slice_string(turn_path(turn, "%s%.*s%s", has_scheme ? "" : "https://", (int)(host.len - (has_slash ? 1 : 0)), (const char *)host.data, review_path)),
        .authorities_pem = ca,
        .authorization = slice_string(turn_path(turn, "Bearer %.*s", (int)bearer.len, (const char *)bearer.data)),
        .content_type = "application/json",
        .body = buf_slice(&question),
    };
    err = err == ERR_NONE ? web_exchange(turn, &ask, &status, &body) : err;
    if (err == ERR_NONE && status != 200 && status != 201) {
        return wrong_status(turn, status);
    }
    return err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "login.review", NULL, body, ret_review, NULL, NULL) : err;
}

/* The cluster must know the token, and as the account that it says it is; and where an audience was asked for, say that it is meant for it. */
static enum err check_review(struct turn *turn, const struct json *role, const struct json *account, const struct json *review)
{
    static const char *const same[] = {"namespace", "name", "uid"};
    struct slice audience = member(role, "audience");
    if (!json_bool(review, "authenticated", false)) {
        return turn_refuse(turn, ERR_DENIED, TEXT("permission denied: the cluster says that the token is not good", "Zugriff verweigert: der Cluster sagt, dass das Token nicht gilt"), member(review, "error"));
    }
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (!slice_equal(member(account, same[i]), member(review, same[i]))) {
            return deny(turn, TEXT("permission denied: the cluster knows the token as another service account", "Zugriff verweigert: der Cluster kennt das Token als ein anderes Dienstkonto"));
        }
    }
    return audience.len == 0 || names(json_member(review, "audiences"), audience) ? ERR_NONE : deny(turn, TEXT("permission denied: the cluster did not confirm the audience", "Zugriff verweigert: der Cluster hat den Empfänger nicht bestätigt"));
}

/* ---- the login ---- */

static enum err give(struct turn *turn, struct slice role_name, const struct json *role, const struct json *account)
{
    struct slice name = member(account, "name"), namespace = member(account, "namespace"), uid = member(account, "uid");
    struct json *metadata = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, metadata, "role", role_name);
    json_set_string(turn->arena, metadata, "service_account_name", name);
    json_set_string(turn->arena, metadata, "service_account_namespace", namespace);
    json_set_string(turn->arena, metadata, "service_account_secret_name", member(account, "secret"));
    json_set_string(turn->arena, metadata, "service_account_uid", uid);
    const char *shown = turn_path(turn, "%.*s-%.*s", (int)namespace.len, (const char *)namespace.data, (int)name.len, (const char *)name.data);
    const char *path = turn_path(turn, "%.*s/%.*s", (int)namespace.len, (const char *)namespace.data, (int)name.len, (const char *)name.data);
    bool by_name = slice_is(member(role, "alias_name_source"), "serviceaccount_name");
    struct login login = {.row = role, .name = slice_string(shown), .alias = by_name ? slice_string(path) : uid, .metadata = metadata};
    return login_token_give(turn, &login);
}

static enum err find_role(struct turn *turn, struct slice *ret_name, const struct json **ret_role)
{
    struct slice given = turn_field(turn, "role");
    *ret_name = secrets_lower(turn, given);
    if (given.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing role", "role fehlt"), SLICE_NONE);
    }
    if (turn_field(turn, "jwt").len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing jwt", "jwt fehlt"), SLICE_NONE);
    }
    if (turn_field(turn, "jwt").len > KUBERNETES_JWT_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the token is larger than 16 KiB", "das Token ist größer als 16 KiB"), SLICE_NONE);
    }
    enum err err = kubernetes_role(turn, *ret_name, ret_role);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT(turn_path(turn, "invalid role name \"%.*s\"", (int)given.len, (const char *)given.data),
                                                                      turn_path(turn, "die Rolle „%.*s“ gibt es nicht", (int)given.len, (const char *)given.data)), SLICE_NONE)
                                : err;
}

enum err operation_kubernetes_login(struct turn *turn)
{
    const struct json *config = NULL, *role = NULL, *account = NULL, *review = NULL;
    struct slice name = SLICE_NONE;
    enum err err = find_role(turn, &name, &role);
    if (err != ERR_NONE) {
        return err;
    }
    if (!token_cidr_allows(json_member(json_member(role, "token"), "token_bound_cidrs"), turn->request->remote)) {
        return ERR_DENIED; /* before anybody is asked */
    }
    err = kubernetes_config(turn, &config);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("could not load backend configuration", "die Anmeldung ist noch nicht eingerichtet (config)"), SLICE_NONE) : err;
    }
    err = read_account(turn, config, role, &account);
    err = err == ERR_NONE ? ask_cluster(turn, config, role, &review) : err;
    err = err == ERR_NONE ? check_review(turn, role, account, review) : err;
    return err == ERR_NONE ? give(turn, name, role, account) : err;
}
