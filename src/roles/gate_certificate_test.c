/* Client certificates at vogt-gate itself: who is asked for one, which count, and what keep hears of them. */
#include "base/check.h"
#include "base/encode.h"
#include "roles/gate_client.h"

#include <string.h>

#include <openssl/x509v3.h>

enum { DAY_S = 86400 };

struct issuer {
    EVP_PKEY *key;
    X509 *certificate;
};

static struct issuer own, foreign;

static X509 *make(const struct issuer *issuer, EVP_PKEY *key, const char *name, long start_s, long end_s, const char *usage)
{
    static long serial;
    X509 *made = X509_new();
    X509V3_CTX context;
    X509_EXTENSION *extension = NULL;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, made, made, NULL, NULL, 0);
    extension = usage == NULL ? X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints, "critical,CA:TRUE")
                              : X509V3_EXT_conf_nid(NULL, &context, NID_ext_key_usage, usage);
    bool good = X509_set_version(made, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(made), start_s) != NULL && X509_gmtime_adj(X509_getm_notAfter(made), end_s) != NULL &&
                X509_set_pubkey(made, key) == 1 &&
                X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1 &&
                X509_set_issuer_name(made, X509_get_subject_name(issuer == NULL ? made : issuer->certificate)) == 1 && extension != NULL &&
                X509_add_ext(made, extension, -1) == 1 && X509_sign(made, issuer == NULL ? key : issuer->key, NULL) > 0;
    X509_EXTENSION_free(extension);
    if (!good) {
        __builtin_trap();
    }
    return made;
}

static struct issuer make_issuer(const char *name)
{
    struct issuer issuer = {.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
    issuer.certificate = make(NULL, issuer.key, name, -DAY_S, DAY_S, NULL);
    return issuer;
}

/* "…/authority" makes keep name the authority; anything else tells what keep was told. */
static bool answer(struct gate_peer *from, struct arena *arena, const struct request *request, struct reply *reply)
{
    struct json *tree = json_new(arena, JSON_OBJECT);
    if (slice_is(request->path, "sys/policies/acl/authority")) {
        uint8_t *der = NULL;
        int len = i2d_X509(own.certificate, &der);
        cleanup_buf struct buf body = BUF_INIT(4096);
        json_set_bool(arena, tree, "sent", put_bytes(&body, slice_of(der, (size_t)len)) == ERR_NONE &&
                                               channel_send(from->keep, MESSAGE_AUTHORITY, 0, buf_slice(&body)) == ERR_NONE);
        OPENSSL_free(der);
    }
    if (slice_is(request->path, "sys/policies/acl/clients") || slice_is(request->path, "sys/policies/acl/no-clients")) {
        uint8_t asks_all[1] = {slice_is(request->path, "sys/policies/acl/clients")};
        json_set_bool(arena, tree, "sent", channel_send(from->keep, MESSAGE_CLIENTS, 0, slice_of(asks_all, 1)) == ERR_NONE);
    }
    if (slice_is(request->path, "sys/metrics")) {
        *reply = (struct reply){.status = 200, .kind = REPLY_RAW, .content_type = SLICE_LITERAL("text/plain; version=0.0.4"), .raw = SLICE_LITERAL("vogt_keep_up 1\n")};
        return true;
    }
    cleanup_buf struct buf hex = BUF_INIT(64);
    if (hex_encode(&hex, request->certificate) != ERR_NONE) {
        return false;
    }
    json_set_string(arena, tree, "certificate", buf_slice(&hex));
    json_set_u64(arena, tree, "chain", request->chain.len);
    if (request->chain.len > 0) {
        uint8_t digest[32];
        cleanup_buf struct buf chain = BUF_INIT(64);
        (void)!EVP_Digest(request->chain.data + 4, request->chain.len - 4, digest, NULL, EVP_sha256(), NULL); /* of a chain of one */
        json_set_string(arena, tree, "shown", hex_encode(&chain, slice_of(digest, sizeof digest)) == ERR_NONE ? buf_slice(&chain) : SLICE_NONE);
    }
    *reply = (struct reply){.status = 200, .kind = REPLY_TREE, .tree = tree};
    return true;
}

/* What keep is told of a client that shows this certificate: one request, or several on one connection. */
static bool heard(X509 *certificate, EVP_PKEY *key, unsigned times, char out[65])
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    static const char before[] = "{\"certificate\":\"";
    if (!client_open_as(&client, certificate, key)) {
        return false;
    }
    for (unsigned i = 0; i < times; i++) {
        if (!client_send(&client, slice_string(GET("/v1/sys/policies/acl/x") END)) || !client_read(&client, true, &got) || got.status != 200) {
            return false;
        }
    }
    struct slice text = slice_from(got.body, sizeof before - 1);
    text = slice_first(text, slice_find_byte(text, '"'));
    if (text.len > 64) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return slice_starts(got.body, slice_string(before));
}

static bool fingerprint(X509 *certificate, char out[65])
{
    uint8_t digest[32];
    unsigned len = 0;
    cleanup_buf struct buf hex = BUF_INIT(64);
    bool good = X509_digest(certificate, EVP_sha256(), digest, &len) == 1 && hex_encode(&hex, slice_of(digest, len)) == ERR_NONE;
    memcpy(out, hex.data, hex.len);
    out[hex.len] = '\0';
    return good;
}

TEST(without_an_authority_nobody_is_asked)
{
    cleanup_client struct client client;
    char told[65];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *good = make(&own, key, "web-1", -60, DAY_S, "clientAuth");
    CHECK(client_open(&client));
    CHECK(SSL_get0_peer_CA_list(client.tls) == NULL);
    CHECK(heard(good, key, 1, told));
    CHECK(strcmp(told, "") == 0);
    X509_free(good);
    EVP_PKEY_free(key);
}

static void name_authority(void)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/authority") END, &got));
    CHECK(answer_has(got.body, "\"sent\":true"));
}

TEST(one_issuer_is_offered_and_nobody_must_have_a_certificate)
{
    name_authority();
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&client));
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(client.tls);
    CHECK_U64(1, (uint64_t)sk_X509_NAME_num(names));
    CHECK(X509_NAME_cmp(sk_X509_NAME_value(names, 0), X509_get_subject_name(own.certificate)) == 0);
    CHECK(client_send(&client, slice_string(GET("/v1/sys/policies/acl/x") END)) && client_read(&client, true, &got));
    CHECK_SLICE("{\"certificate\":\"\",\"chain\":0}\n", got.body);
}

TEST(a_good_certificate_is_told_by_its_digest)
{
    char told[65], expected[65];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *good = make(&own, key, "web-1", -60, DAY_S, "clientAuth");
    CHECK(fingerprint(good, expected));
    CHECK(heard(good, key, 1, told));
    CHECK(strcmp(told, expected) == 0);
    CHECK(heard(good, key, 3, told)); /* all requests of a connection */
    CHECK(strcmp(told, expected) == 0);
    X509_free(good);
    EVP_PKEY_free(key);
}

TEST(what_does_not_verify_counts_as_none)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct issuer twin = make_issuer("Vogt agents 1"); /* the authority's name, another key */
    X509 *bad[] = {
        make(&own, key, "expired", -2 * DAY_S, -DAY_S, "clientAuth"), make(&own, key, "early", DAY_S, 2 * DAY_S, "clientAuth"),
        make(&own, key, "server", -60, DAY_S, "serverAuth"),          make(&foreign, key, "foreign", -60, DAY_S, "clientAuth"),
        make(&twin, key, "forged", -60, DAY_S, "clientAuth"),         make(NULL, own.key, "self", -60, DAY_S, "clientAuth"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char told[65] = "?";
        CHECK(heard(bad[i], i == 5 ? own.key : key, 2, told));
        CHECK(strcmp(told, "") == 0);
        X509_free(bad[i]);
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/metrics") "X-Vault-Token: hvs.a\r\n" END, &got));
    CHECK(answer_has(got.body, "vogt_gate_client_certificates_refused_total{gate=\"0\"} 6"));
    X509_free(twin.certificate);
    EVP_PKEY_free(twin.key);
    EVP_PKEY_free(key);
}

/* ---- logins by certificate ---- */

#define LOGIN(path) "POST " path " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"

static bool told_of(X509 *certificate, EVP_PKEY *key, const char *request, struct answer *got)
{
    cleanup_client struct client client;
    bool good = client_open_as(&client, certificate, key) && client_send(&client, slice_string(request)) && client_read(&client, true, got) && got->status == 200;
    return good;
}

TEST(a_certificate_of_others_is_handed_on_with_logins_alone)
{
    char shown[65], expected[160];
    cleanup_answer struct answer got = ANSWER_NONE;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *theirs = make(&foreign, key, "web-1", -60, DAY_S, "clientAuth");
    CHECK(fingerprint(theirs, shown));
    CHECK(told_of(theirs, key, LOGIN("/v1/auth/cert/login"), &got)); /* no such method is mounted */
    CHECK(answer_has(got.body, "\"chain\":0"));
    CHECK(ask(GET("/v1/sys/policies/acl/clients") END, &got));
    snprintf(expected, sizeof expected, "{\"certificate\":\"\",\"chain\":%d,\"shown\":\"%s\"}\n", 4 + i2d_X509(theirs, NULL), shown);
    static const char *const with[] = {LOGIN("/v1/auth/cert/login"), LOGIN("/v1/auth/some/where/login"), LOGIN("/v1/auth/token/renew-self")};
    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
        CHECK(told_of(theirs, key, with[i], &got));
        CHECK(answer_has(got.body, expected));
    }
    static const char *const without[] = {GET("/v1/auth/cert/login") END, LOGIN("/v1/secret/login"), LOGIN("/v1/auth/cert/certs/web"), LOGIN("/v1/auth/token/revoke-self")};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        CHECK(told_of(theirs, key, without[i], &got));
        CHECK(answer_has(got.body, "{\"certificate\":\"\",\"chain\":0}"));
    }
    X509_free(theirs);
    EVP_PKEY_free(key);
}

TEST(who_has_a_certificate_and_not_its_key_comes_nowhere)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    EVP_PKEY *key = EVP_EC_gen("P-256"), *wrong = EVP_EC_gen("P-256");
    X509 *theirs = make(&foreign, key, "web-1", -60, DAY_S, "clientAuth");
    CHECK(!client_open_as(&client, theirs, wrong) || !client_send(&client, slice_string(LOGIN("/v1/auth/cert/login"))) || !client_read(&client, true, &got));
    X509_free(theirs);
    EVP_PKEY_free(key);
    EVP_PKEY_free(wrong);
}

TEST(agents_are_as_safe_as_before_while_all_are_asked)
{
    char told[65], expected[65];
    cleanup_client struct client client;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    CHECK(client_open(&client));
    CHECK(sk_X509_NAME_num(SSL_get0_peer_CA_list(client.tls)) <= 0); /* no issuer is named: whatever a client has */
    X509 *good = make(&own, key, "web-1", -60, DAY_S, "clientAuth");
    CHECK(fingerprint(good, expected));
    CHECK(heard(good, key, 2, told));
    CHECK(strcmp(told, expected) == 0);
    struct issuer twin = make_issuer("Vogt agents 1");
    X509 *bad[] = {make(&own, key, "expired", -2 * DAY_S, -DAY_S, "clientAuth"), make(&own, key, "server", -60, DAY_S, "serverAuth"), make(&foreign, key, "foreign", -60, DAY_S, "clientAuth"),
                   make(&twin, key, "forged", -60, DAY_S, "clientAuth")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(heard(bad[i], key, 2, told));
        CHECK(strcmp(told, "") == 0);
        X509_free(bad[i]);
    }
    X509_free(good);
    X509_free(twin.certificate);
    EVP_PKEY_free(twin.key);
    EVP_PKEY_free(key);
}

TEST(when_the_last_login_by_certificate_goes_the_agents_authority_alone_is_asked_for)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/no-clients") END, &got));
    CHECK(client_open(&client));
    CHECK_U64(1, (uint64_t)sk_X509_NAME_num(SSL_get0_peer_CA_list(client.tls)));
}

int main(void)
{
    own = make_issuer("Vogt agents 1");
    foreign = make_issuer("Somebody else");
    return gate_peer_start(&peer, answer, 64, 32) ? client_end(check_main()) : 1;
}
