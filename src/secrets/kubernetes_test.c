/* Logins from Kubernetes: configuration, roles, what the token must say, and that the cluster's word alone counts. */
#include "secrets/login_scene.h"

#include "secrets/jose_scene.h"

#include <stdlib.h>

extern const struct engine engine_kubernetes;

/* What answers in the place of reach. */
static struct {
    enum err err;
    unsigned status, asked;
    const char *review, *pod_ca, *pod_token;
    unsigned looked;
    char url[256], authorization[4096], body[8192], authorities[64];
    uint64_t port;
} cluster;

static void keep(char *out, size_t out_bytes, struct slice text)
{
    snprintf(out, out_bytes, "%.*s", (int)text.len, text.data == NULL ? "" : (const char *)text.data);
}

static enum err reach(struct arena *arena, const char *name, const struct json *input, struct slice raw, struct work_reply *reply)
{
    if (strcmp(name, "collect.pod") == 0) {
        cluster.looked++;
        reply->output = json_new(arena, JSON_OBJECT);
        json_set_string(arena, reply->output, "ca", slice_string(cluster.pod_ca));
        return json_set_string(arena, reply->output, "token", slice_string(cluster.pod_token)) == NULL ? ERR_MEMORY : ERR_NONE;
    }
    cluster.asked++;
    keep(cluster.url, sizeof cluster.url, json_text(input, "url", SLICE_NONE));
    keep(cluster.authorization, sizeof cluster.authorization, json_text(input, "authorization", SLICE_NONE));
    keep(cluster.authorities, sizeof cluster.authorities, json_text(input, "authorities_pem", SLICE_NONE));
    keep(cluster.body, sizeof cluster.body, raw);
    if (strcmp(name, "http.post") != 0 || !slice_is(json_text(input, "content_type", SLICE_NONE), "application/json") || json_u64(input, "port", &cluster.port) != ERR_NONE) {
        return ERR_INTERNAL;
    }
    if (cluster.err != ERR_NONE) {
        return cluster.err;
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, reply->output, "status", cluster.status);
    return buf_append_string(reply->raw, cluster.review);
}

struct pod_scene {
    struct login_scene login;
    EVP_PKEY *key;
};

static enum err ask(struct pod_scene *scene, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    return login_scene_ask(&scene->login, scene->login.root, verb, scene_text(&scene->login, "auth/kubernetes/%s", path), body, ret_reply);
}

#define REVIEW(status) "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1\",\"metadata\":{},\"spec\":{\"token\":\"x\"},\"status\":{" status "}}"
#define GOOD "\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:web:shop\",\"uid\":\"u-1\",\"groups\":[\"system:serviceaccounts\"]}"
#define ROLE(more) "{\"bound_service_account_names\":[\"shop\",\"job-*\"],\"bound_service_account_namespaces\":\"web\"" more "}"

static struct pod_scene start(void)
{
    struct pod_scene scene = {.login = login_scene_start(&engine_kubernetes, "kubernetes", NULL), .key = jose_scene_key("RS256")};
    const struct json *reply = NULL;
    memset(&cluster, 0, sizeof cluster);
    cluster.status = 201;
    cluster.review = REVIEW(GOOD);
    login_scene_set_reach(reach);
    if (ask(&scene, VERB_WRITE, "config", "{\"kubernetes_host\":\"https://10.0.0.1:6443/\",\"kubernetes_ca_cert\":\"PEM\\n\",\"token_reviewer_jwt\":\"reviewer\\n\"}", &reply) != ERR_NONE ||
        ask(&scene, VERB_WRITE, "role/app", ROLE(",\"policies\":\"dev\",\"ttl\":\"1h\""), &reply) != ERR_NONE) {
        abort();
    }
    return scene;
}

static void end(struct pod_scene *scene)
{
    EVP_PKEY_free(scene->key);
    login_scene_end(&scene->login);
}

static enum err log_in(struct pod_scene *scene, const char *role, const char *claims, const struct json **ret_reply)
{
    const char *token = jose_scene_token(scene->login.arena, scene->key, "RS256", "{\"alg\":\"RS256\",\"kid\":\"k\"}", claims);
    return login_scene_ask(&scene->login, SLICE_NONE, VERB_WRITE, "auth/kubernetes/login", scene_text(&scene->login, "{\"role\":\"%s\",\"jwt\":\"%s\"}", role, token), ret_reply);
}

#define ACCOUNT(namespace, name, uid, more) "{\"iss\":\"https://kubernetes.default.svc\",\"kubernetes.io\":{\"namespace\":\"" namespace "\",\"serviceaccount\":{\"name\":\"" name "\",\"uid\":\"" uid "\"}}" more "}"
#define SHOP ACCOUNT("web", "shop", "u-1", ",\"aud\":[\"api\",\"vogt\"]")

static bool says(const struct json *reply, const char *words)
{
    bool same = slice_starts(login_scene_error(reply), slice_string(words));
    if (!same) {
        struct slice got = login_scene_error(reply);
        printf("     said \"%.*s\"\n", (int)got.len, got.data == NULL ? "" : (const char *)got.data);
    }
    return same;
}

TEST(a_configuration_is_written_and_its_token_never_shown)
{
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "config", NULL, &reply));
    CHECK_SLICE("https://10.0.0.1:6443/", login_scene_text(&scene.login, reply, "data.kubernetes_host"));
    CHECK_SLICE("true", login_scene_text(&scene.login, reply, "data.token_reviewer_jwt_set"));
    CHECK_SLICE("(absent)", login_scene_text(&scene.login, reply, "data.token_reviewer_jwt"));
    CHECK_SLICE("true", login_scene_text(&scene.login, reply, "data.disable_iss_validation"));
    CHECK_SLICE("false", login_scene_text(&scene.login, reply, "data.disable_local_ca_jwt"));
    CHECK_SLICE("[]", login_scene_text(&scene.login, reply, "data.pem_keys"));
    static const struct {
        const char *body, *words;
    } bad[] = {
        {"{}", "a required field is missing: kubernetes_host"}, {"{\"kubernetes_host\":\"\"}", "no host provided"}, {"{\"kubernetes_host\":\"http://10.0.0.1\"}", "kubernetes_host must be a host"},
        {"{\"kubernetes_host\":\"a b\"}", "kubernetes_host must be a host"}, {"{\"kubernetes_host\":\"h\",\"disable_local_ca_jwt\":true}", "kubernetes_ca_cert must be given when disable_local_ca_jwt is true"},
        {"{\"kubernetes_host\":\"h\",\"pem_keys\":[\"x\"]}", "error parsing public key"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", bad[i].body, &reply));
        CHECK(says(reply, bad[i].words));
    }
    end(&scene);
}

TEST(a_role_is_written_read_changed_listed_and_deleted)
{
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/App", "{\"audience\":\"vogt\"}", &reply)); /* the rest stays */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    static const struct {
        const char *member, *value;
    } shown[] = {
        {"bound_service_account_names", "[\"shop\",\"job-*\"]"}, {"bound_service_account_namespaces", "[\"web\"]"}, {"audience", "vogt"}, {"alias_name_source", "serviceaccount_uid"},
        {"token_policies", "[\"dev\"]"}, {"policies", "[\"dev\"]"}, {"token_ttl", "3600"}, {"ttl", "3600"},
    };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        CHECK(slice_is(login_scene_text(&scene.login, reply, scene_text(&scene.login, "data.%s", shown[i].member)), shown[i].value));
    }
    static const struct {
        const char *body, *words;
    } bad[] = {
        {"{}", "\"bound_service_account_names\" can not be empty"}, {"{\"bound_service_account_names\":\"a\"}", "\"bound_service_account_namespaces\" can not be empty"},
        {ROLE(",\"alias_name_source\":\"x\""), "invalid alias_name_source"},
        {"{\"bound_service_account_names\":\"*,a\",\"bound_service_account_namespaces\":\"web\"}", "can not mix \"*\" with values"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/bad", bad[i].body, &reply));
        CHECK(says(reply, bad[i].words));
    }
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_LIST, "role", NULL, &reply));
    CHECK_SLICE("[\"app\"]", login_scene_text(&scene.login, reply, "data.keys"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "role/app", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    end(&scene);
}

TEST(the_cluster_is_asked_and_gives_the_token_its_name)
{
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    CHECK_U64(1, cluster.asked);
    CHECK_U64(6443, cluster.port);
    CHECK(strcmp(cluster.url, "https://10.0.0.1:6443/apis/authentication.k8s.io/v1/tokenreviews") == 0);
    CHECK(strcmp(cluster.authorization, "Bearer reviewer") == 0 && strcmp(cluster.authorities, "PEM") == 0);
    CHECK(strncmp(cluster.body, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\",\"spec\":{\"token\":\"ey", 78) == 0 && strstr(cluster.body, "audiences") == NULL);
    CHECK_SLICE("{\"role\":\"app\",\"service_account_name\":\"shop\",\"service_account_namespace\":\"web\",\"service_account_secret_name\":\"\",\"service_account_uid\":\"u-1\"}", login_scene_text(&scene.login, reply, "auth.metadata"));
    CHECK_SLICE("[\"default\",\"dev\"]", login_scene_text(&scene.login, reply, "auth.policies"));
    struct slice token = login_scene_text(&scene.login, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_SLICE("kubernetes-web-shop", login_scene_text(&scene.login, reply, "data.display_name"));
    /* a cluster's own token, without a reviewer's: it asks for itself */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"kubernetes_host\":\"k8s.example:8443\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    CHECK(strcmp(cluster.url, "https://k8s.example:8443/apis/authentication.k8s.io/v1/tokenreviews") == 0 && strncmp(cluster.authorization, "Bearer ey", 9) == 0);
    /* the form of older clusters */
    cluster.review = REVIEW("\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:web:job-7\",\"uid\":\"u-7\"}");
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", "{\"kubernetes.io/serviceaccount/namespace\":\"web\",\"kubernetes.io/serviceaccount/service-account.name\":\"job-7\","
                                              "\"kubernetes.io/serviceaccount/service-account.uid\":\"u-7\",\"kubernetes.io/serviceaccount/secret.name\":\"job-7-token\"}", &reply));
    CHECK_SLICE("job-7-token", login_scene_text(&scene.login, reply, "auth.metadata.service_account_secret_name"));
    end(&scene);
}

TEST(what_the_token_says_refuses_before_the_cluster_is_asked)
{
    static const struct {
        const char *claims, *words;
        enum err err;
    } cases[] = {
        {ACCOUNT("default", "shop", "u-1", ""), "namespace not authorized", ERR_DENIED},
        {ACCOUNT("web", "root", "u-1", ""), "service account name not authorized", ERR_DENIED},
        {ACCOUNT("web", "xjob-1", "u-1", ""), "service account name not authorized", ERR_DENIED},
        {ACCOUNT("web", "", "u-1", ""), "the token names no service account of Kubernetes", ERR_INVALID},
        {"{\"sub\":\"ada\"}", "the token names no service account of Kubernetes", ERR_INVALID},
        {"{\"kubernetes.io\":[1]}", "the token names no service account of Kubernetes", ERR_INVALID},
    };
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_ERR(cases[i].err, log_in(&scene, "app", cases[i].claims, &reply));
        CHECK(says(reply, cases[i].words));
    }
    CHECK_ERR(ERR_INVALID, log_in(&scene, "none", SHOP, &reply));
    CHECK(says(reply, "invalid role name \"none\""));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "", SHOP, &reply));
    CHECK(says(reply, "missing role"));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/kubernetes/login", "{\"role\":\"app\"}", &reply));
    CHECK(says(reply, "missing jwt"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/aud", ROLE(",\"audience\":\"other\",\"token_bound_cidrs\":\"127.0.0.1\""), &reply));
    CHECK_ERR(ERR_DENIED, log_in(&scene, "aud", SHOP, &reply));
    CHECK(says(reply, "invalid audience (aud) claim"));
    scene.login.remote = "192.0.2.1:4";
    CHECK_ERR(ERR_DENIED, log_in(&scene, "aud", SHOP, &reply));
    CHECK(says(reply, "permission denied"));
    CHECK_U64(0, cluster.asked);
    end(&scene);
}

TEST(only_the_clusters_word_counts)
{
    static const struct {
        unsigned status;
        const char *review, *words;
        enum err err;
    } cases[] = {
        {201, REVIEW("\"authenticated\":false,\"error\":\"token has expired\"") , "permission denied: the cluster says that the token is not good: token has expired", ERR_DENIED},
        {201, REVIEW("\"authenticated\":\"true\",\"user\":{\"username\":\"system:serviceaccount:web:shop\",\"uid\":\"u-1\"}"), "permission denied: the cluster says that the token is not good", ERR_DENIED},
        {201, REVIEW(""), "permission denied: the cluster says that the token is not good", ERR_DENIED},
        {201, REVIEW("\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:web:job-1\",\"uid\":\"u-1\"}"), "permission denied: the cluster knows the token as another service account", ERR_DENIED},
        {201, REVIEW("\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:web:shop\",\"uid\":\"u-2\"}"), "permission denied: the cluster knows the token as another service account", ERR_DENIED},
        {201, REVIEW("\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:web:shop\"}"), "permission denied: the cluster knows the token as another service account", ERR_DENIED},
        {201, REVIEW("\"authenticated\":true,\"user\":{\"username\":\"ada\",\"uid\":\"u-1\"}"), "the cluster's answer names no service account", ERR_INVALID},
        {201, REVIEW("\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:web:shop:x\",\"uid\":\"u-1\"}"), "the cluster's answer names no service account", ERR_INVALID},
        {201, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":{" GOOD "}}", "the answer is no TokenReview of Kubernetes", ERR_INVALID},
        {201, "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1beta1\",\"status\":{" GOOD "}}", "the answer is no TokenReview of Kubernetes", ERR_INVALID},
        {201, "<html>", "the answer is no TokenReview of Kubernetes", ERR_INVALID},
        {201, "", "the answer is no TokenReview of Kubernetes", ERR_INVALID},
        {401, "{}", "permission denied: the cluster does not know the token that asks", ERR_DENIED},
        {403, "{}", "permission denied: the token that asks may not make TokenReviews", ERR_DENIED},
        {500, REVIEW(GOOD), "the cluster's API answered with an error: 500", ERR_INVALID},
        {302, REVIEW(GOOD), "the cluster's API answered with an error: 302", ERR_INVALID},
    };
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cluster.status = cases[i].status;
        cluster.review = cases[i].review;
        CHECK_ERR(cases[i].err, log_in(&scene, "app", SHOP, &reply));
        CHECK(says(reply, cases[i].words));
    }
    cluster.err = ERR_FORGED;
    CHECK_ERR(ERR_INVALID, log_in(&scene, "app", SHOP, &reply));
    CHECK(says(reply, "the server's certificate is not trusted"));
    end(&scene);
}

TEST(in_a_pod_its_own_files_stand_in_for_what_is_not_configured)
{
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    cluster.pod_ca = "POD CA";
    cluster.pod_token = "pod-token";
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    CHECK(cluster.looked == 0 && strcmp(cluster.authorization, "Bearer reviewer") == 0); /* all is configured */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"kubernetes_host\":\"h\"}", &reply));
    for (int i = 0; i < 3; i++) {
        CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
        CHECK(strcmp(cluster.authorization, "Bearer pod-token") == 0 && strcmp(cluster.authorities, "POD CA") == 0);
    }
    CHECK_U64(1, cluster.looked);
    cluster.pod_token = "newer"; /* the kubelet renews it */
    login_scene_move(&scene.login, 5 * 60 * 1000);
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    CHECK(strcmp(cluster.authorization, "Bearer newer") == 0);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"kubernetes_host\":\"h\",\"kubernetes_ca_cert\":\"PEM\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    CHECK(strcmp(cluster.authorization, "Bearer newer") == 0 && strcmp(cluster.authorities, "PEM") == 0);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"kubernetes_host\":\"h\",\"kubernetes_ca_cert\":\"PEM\",\"disable_local_ca_jwt\":true}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    CHECK(strncmp(cluster.authorization, "Bearer ey", 9) == 0);
    CHECK_U64(2, cluster.looked);
    end(&scene);
}

TEST(an_audience_must_be_confirmed)
{
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"audience\":\"vogt\",\"alias_name_source\":\"serviceaccount_name\"}", &reply));
    CHECK_ERR(ERR_DENIED, log_in(&scene, "app", SHOP, &reply)); /* a cluster that ignores audiences */
    CHECK(says(reply, "permission denied: the cluster did not confirm the audience"));
    CHECK(strstr(cluster.body, "\"audiences\":[\"vogt\"]") != NULL);
    cluster.review = REVIEW(GOOD ",\"audiences\":[\"vogt\"]");
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    end(&scene);
}

TEST(keys_and_issuer_are_checked_where_they_are_configured)
{
    struct pod_scene scene = start();
    const struct json *reply = NULL;
    struct arena *arena = scene.login.arena;
    cleanup_buf struct buf pem = BUF_INIT(8192);
    CHECK_ERR(ERR_NONE, json_write_string(&pem, slice_string(jose_scene_pem(arena, scene.key))));
    const char *key = arena_string(arena, buf_slice(&pem));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", scene_text(&scene.login, "{\"kubernetes_host\":\"h\",\"pem_keys\":[%s],\"disable_iss_validation\":false,\"issuer\":\"https://kubernetes.default.svc\"}", key), &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", SHOP, &reply));
    EVP_PKEY *own = scene.key, *other = jose_scene_key("RS256");
    scene.key = other;
    CHECK_ERR(ERR_DENIED, log_in(&scene, "app", SHOP, &reply));
    CHECK(says(reply, "none of pem_keys made the token's signature"));
    scene.key = own;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", scene_text(&scene.login, "{\"kubernetes_host\":\"h\",\"disable_iss_validation\":false}"), &reply));
    CHECK_ERR(ERR_DENIED, log_in(&scene, "app", SHOP, &reply));
    CHECK(says(reply, "invalid issuer (iss) claim"));
    CHECK_U64(1, cluster.asked);
    EVP_PKEY_free(other);
    end(&scene);
}

TEST_MAIN
