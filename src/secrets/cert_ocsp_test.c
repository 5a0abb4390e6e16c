/* Logins whose certificate's issuer is asked whether it was revoked: what answers count, whom is asked, and what follows. Answers are made by libcrypto. */
#include "secrets/login_scene.h"

#include "base/encode.h"
#include "secrets/cert_maker.h"

#include <stdlib.h>

#include <openssl/ocsp.h>

extern const struct engine engine_cert;

enum { DAY_S = 86400, MINUTE_S = 60 };

/* A server: what it answers, and how often it was asked. */
struct server {
    const char *url;
    enum err err;                       /* else it cannot be reached */
    unsigned http_status;
    int response_status, status;
    const struct made *signer;
    const EVP_MD *digest;
    int64_t this_s, next_s;             /* from now; next_s INT64_MAX: it does not say */
    enum { NONCE_SAME, NONCE_NONE, NONCE_OTHER } nonce;
    bool is_about_other, is_cut, has_leftover, is_without_certificate;
    unsigned asked;
};

static struct {
    struct login_scene scene;
    struct made authority, other, delegate, pretender, leaf, bare;
    struct server servers[5];
    size_t server_count;
    struct buf chain, bare_chain;
} stage;

static ASN1_TIME *time_at(int64_t from_now_s)
{
    time_t at = (time_t)(LOGIN_SCENE_MS / 1000 + from_now_s);
    return ASN1_TIME_adj(NULL, at, 0, 0);
}

/* DER of the server's answer to this question. */
static struct buf answer_of(const struct server *server, OCSP_REQUEST *request)
{
    struct buf der = BUF_INIT(1 << 16);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = server->is_about_other ? OCSP_cert_to_id(EVP_sha1(), stage.bare.certificate, stage.authority.certificate) : OCSP_CERTID_dup(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)));
    ASN1_TIME *from = time_at(server->this_s), *until = server->next_s == INT64_MAX ? NULL : time_at(server->next_s);
    bool good = OCSP_basic_add1_status(basic, id, server->status, server->status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0, server->status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL, from, until) != NULL;
    unsigned char other[16] = "another question";
    good = good && (server->nonce == NONCE_SAME ? OCSP_copy_nonce(basic, request) == 1 : server->nonce == NONCE_NONE || OCSP_basic_add1_nonce(basic, other, sizeof other) == 1);
    good = good && OCSP_basic_sign(basic, server->signer->certificate, server->signer->key, server->digest, NULL, server->is_without_certificate ? OCSP_NOCERTS : 0) == 1;
    OCSP_RESPONSE *response = good ? OCSP_response_create(server->response_status, server->response_status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? basic : NULL) : NULL;
    unsigned char *bytes = NULL;
    int len = response == NULL ? -1 : i2d_OCSP_RESPONSE(response, &bytes);
    if (len <= 0 || buf_append(&der, slice_of(bytes, (size_t)len - server->is_cut)) != ERR_NONE || (server->has_leftover && buf_append_byte(&der, 0) != ERR_NONE)) {
        abort();
    }
    OPENSSL_free(bytes);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return der;
}

static enum err reach(struct arena *arena, const char *name, const struct json *input, struct slice raw, struct work_reply *reply)
{
    for (size_t i = 0; i < stage.server_count; i++) {
        struct server *server = &stage.servers[i];
        if (!slice_is(json_text(input, "url", SLICE_NONE), server->url)) {
            continue;
        }
        const unsigned char *at = raw.data;
        OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &at, (long)raw.len);
        server->asked++;
        if (request == NULL || strcmp(name, "http.post") != 0 || !slice_is(json_text(input, "content_type", SLICE_NONE), "application/ocsp-request")) {
            abort();
        }
        cleanup_buf struct buf der = answer_of(server, request);
        OCSP_REQUEST_free(request);
        reply->output = json_new(arena, JSON_OBJECT);
        json_set_u64(arena, reply->output, "status", server->http_status);
        return server->err != ERR_NONE ? server->err : buf_append(reply->raw, buf_slice(&der));
    }
    return ERR_UNREACHABLE;
}

static struct made make(struct cert_wish wish)
{
    wish.start_s = -DAY_S;
    wish.end_s = 30 * DAY_S;
    return cert_make(&wish, LOGIN_SCENE_MS / 1000);
}

static struct server *add_server(const char *url)
{
    struct server *server = &stage.servers[stage.server_count++];
    *server = (struct server){.url = url, .http_status = 200, .status = V_OCSP_CERTSTATUS_GOOD, .signer = &stage.authority, .digest = EVP_sha256(), .this_s = -MINUTE_S, .next_s = DAY_S};
    return server;
}

static void start(void)
{
    stage.scene = login_scene_start(&engine_cert, "cert", NULL);
    stage.authority = make((struct cert_wish){.name = "Our authority", .is_authority = true});
    stage.other = make((struct cert_wish){.name = "Other authority", .is_authority = true});
    stage.delegate = make((struct cert_wish){.issuer = &stage.authority, .name = "answers", .usage = "OCSPSigning"});
    stage.pretender = make((struct cert_wish){.issuer = &stage.authority, .name = "pretender", .usage = "clientAuth"});
    stage.leaf = make((struct cert_wish){.issuer = &stage.authority, .name = "web", .usage = "clientAuth", .oid = "authorityInfoAccess", .value = "OCSP;URI:http://ocsp.example/"});
    stage.bare = make((struct cert_wish){.issuer = &stage.authority, .name = "bare", .usage = "clientAuth"});
    stage.chain = BUF_INIT(65536);
    stage.bare_chain = BUF_INIT(65536);
    stage.server_count = 0;
    made_chain(&stage.chain, &stage.leaf);
    made_chain(&stage.bare_chain, &stage.bare);
    login_scene_set_reach(reach);
}

static void end(void)
{
    struct made *all[] = {&stage.authority, &stage.other, &stage.delegate, &stage.pretender, &stage.leaf, &stage.bare};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        made_free(all[i]);
    }
    buf_free(&stage.chain);
    buf_free(&stage.bare_chain);
    login_scene_end(&stage.scene);
}

static const char *quoted(struct slice text)
{
    cleanup_buf struct buf out = BUF_INIT(1 << 16);
    if (json_write_string(&out, text) != ERR_NONE) {
        abort();
    }
    return arena_string(stage.scene.arena, buf_slice(&out));
}

static enum err write_entry(const struct made *certificate, const char *more)
{
    const struct json *reply = NULL;
    const char *body = scene_text(&stage.scene, "{\"certificate\":%s%s%s}", quoted(made_pem(stage.scene.arena, certificate)), strstr(more, "ocsp_enabled") == NULL ? ",\"ocsp_enabled\":true" : "", more);
    return login_scene_ask(&stage.scene, stage.scene.root, VERB_WRITE, "auth/cert/certs/web", body, &reply);
}

/* The first of the errors; empty: in. */
static const char *log_in(const struct buf *chain)
{
    const struct json *reply = NULL;
    stage.scene.chain = buf_slice(chain);
    enum err err = login_scene_ask(&stage.scene, SLICE_NONE, VERB_WRITE, "auth/cert/login", "{}", &reply);
    stage.scene.chain = SLICE_NONE;
    return err == ERR_NONE ? "" : arena_string(stage.scene.arena, login_scene_error(reply));
}

static bool says(const char *words)
{
    const char *got = log_in(&stage.chain);
    bool same = strcmp(got, words) == 0;
    if (!same) {
        printf("     said \"%s\" instead of \"%s\"\n", got, words);
    }
    return same;
}

#define REVOKED "the client certificate was revoked"
#define NOT_SIGNED "the OCSP answer is not signed by the issuer or by whom it named for this"
#define TOO_OLD "the OCSP answer is too old, or of a time to come"

TEST(a_certificate_that_nobody_revoked_logs_in)
{
    start();
    struct server *server = add_server("http://ocsp.example/");
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ""));
    CHECK(says(""));
    CHECK_U64(1, server->asked);
    server->status = V_OCSP_CERTSTATUS_REVOKED;
    CHECK(says(REVOKED));
    server->status = V_OCSP_CERTSTATUS_UNKNOWN;
    CHECK(says("the OCSP server does not know the certificate: http://ocsp.example/"));
    CHECK_U64(3, server->asked); /* nothing is kept between logins */
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_enabled\":false"));
    CHECK(says(""));
    CHECK_U64(3, server->asked);
    end();
}

TEST(answers_count_when_they_are_signed_fresh_and_about_this)
{
    start();
    struct server *server = add_server("http://ocsp.example/"), good = *server;
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ""));
    const struct {
        struct server answer;
        const char *words;
    } cases[] = {
        {{.signer = &stage.delegate}, ""},
        {{.signer = &stage.authority, .is_without_certificate = true}, ""},
        {{.signer = &stage.delegate, .is_without_certificate = true}, NOT_SIGNED},
        {{.signer = &stage.pretender}, NOT_SIGNED},
        {{.signer = &stage.other}, NOT_SIGNED},
        {{.digest = EVP_sha1()}, NOT_SIGNED},
        {{.digest = EVP_sha512()}, ""},
        {{.nonce = NONCE_NONE}, ""},
        {{.nonce = NONCE_OTHER}, "the OCSP answer belongs to another question (nonce)"},
        {{.is_about_other = true}, "the OCSP answer is about another certificate"},
        {{.is_cut = true}, "this is no OCSP answer"},
        {{.has_leftover = true}, "this is no OCSP answer"},
        {{.response_status = OCSP_RESPONSE_STATUS_TRYLATER}, "the OCSP server refused to answer: trylater"},
        {{.this_s = -2 * DAY_S, .next_s = -DAY_S}, TOO_OLD},
        {{.this_s = -2 * DAY_S, .next_s = -4 * MINUTE_S}, ""}, /* clocks differ */
        {{.this_s = 6 * MINUTE_S, .next_s = DAY_S}, TOO_OLD},
        {{.this_s = -4 * MINUTE_S, .next_s = INT64_MAX}, ""},
        {{.this_s = -6 * MINUTE_S, .next_s = INT64_MAX}, TOO_OLD},
        {{.http_status = 500}, "the server answered with an error: 500, http://ocsp.example/"},
        {{.err = ERR_TIMEOUT}, "the server did not answer in time: http://ocsp.example/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct server answer = cases[i].answer;
        answer.url = good.url;
        answer.signer = answer.signer == NULL ? good.signer : answer.signer;
        answer.digest = answer.digest == NULL ? good.digest : answer.digest;
        answer.http_status = answer.http_status == 0 ? good.http_status : answer.http_status;
        answer.this_s = answer.this_s == 0 ? good.this_s : answer.this_s;
        answer.next_s = answer.next_s == 0 ? good.next_s : answer.next_s;
        for (int status = V_OCSP_CERTSTATUS_GOOD; status <= V_OCSP_CERTSTATUS_REVOKED; status++) {
            answer.status = status;
            *server = answer;
            bool counts = strcmp(cases[i].words, "") == 0;
            CHECK(says(counts && status == V_OCSP_CERTSTATUS_REVOKED ? REVOKED : cases[i].words));
        }
    }
    end();
}

TEST(where_nobody_answers_the_entry_says_whether_it_is_in)
{
    start();
    struct server *server = add_server("http://ocsp.example/");
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_fail_open\":true"));
    server->err = ERR_UNREACHABLE;
    CHECK(says(""));
    server->err = ERR_NONE;
    server->status = V_OCSP_CERTSTATUS_UNKNOWN;
    CHECK(says(""));
    server->status = V_OCSP_CERTSTATUS_REVOKED; /* who says so is believed */
    CHECK(says(REVOKED));
    server->signer = &stage.other;              /* this is nobody */
    CHECK(says(""));
    /* a certificate that names no server, and one that is its own anchor: nobody can be asked */
    CHECK(strcmp(log_in(&stage.bare_chain), "") == 0);
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_fail_open\":false"));
    CHECK(strcmp(log_in(&stage.bare_chain), "no OCSP server can be asked about this certificate") == 0);
    CHECK_ERR(ERR_NONE, write_entry(&stage.leaf, ""));
    CHECK(says("no OCSP server can be asked about this certificate"));
    /* ... and one that names what no http client can ask */
    struct made odd = make((struct cert_wish){.issuer = &stage.authority, .name = "odd", .usage = "clientAuth", .oid = "authorityInfoAccess", .value = "OCSP;URI:ldap://ocsp.example/"});
    cleanup_buf struct buf chain = BUF_INIT(65536);
    made_chain(&chain, &odd);
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ""));
    CHECK(strcmp(log_in(&chain), "this is no http address: ldap://ocsp.example/") == 0);
    made_free(&odd);
    end();
}

TEST(the_entry_says_who_is_asked_and_whether_all_must_agree)
{
    start();
    struct server *first = add_server("https://one.example/ocsp"), *second = add_server("http://two.example:8080/"), *named = add_server("http://ocsp.example/");
    CHECK_ERR(ERR_INVALID, write_entry(&stage.authority, ",\"ocsp_servers_override\":\"one.example\""));
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_servers_override\":[\"https://one.example/ocsp\",\"http://two.example:8080/\"]"));
    CHECK(says(""));
    CHECK(first->asked == 1 && second->asked == 0 && named->asked == 0);
    first->err = ERR_UNREACHABLE; /* then the next one */
    CHECK(says(""));
    CHECK(first->asked == 2 && second->asked == 1);
    second->status = V_OCSP_CERTSTATUS_REVOKED;
    CHECK(says(REVOKED));
    first->err = ERR_NONE; /* the first that answers decides */
    CHECK(says(""));
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_query_all_servers\":true"));
    CHECK(says(REVOKED));
    second->status = V_OCSP_CERTSTATUS_GOOD;
    CHECK(says(""));
    second->status = V_OCSP_CERTSTATUS_UNKNOWN;
    CHECK(says("the OCSP server does not know the certificate: http://two.example:8080/"));
    second->err = ERR_TIMEOUT;
    CHECK(says("the server did not answer in time: http://two.example:8080/"));
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_fail_open\":true"));
    CHECK(says(""));
    CHECK_U64(0, named->asked);
    end();
}

TEST(others_may_answer_when_the_entry_names_them)
{
    start();
    struct server *server = add_server("http://ocsp.example/");
    server->signer = &stage.other;
    const struct json *reply = NULL;
    struct slice pem = made_pem(stage.scene.arena, &stage.other);
    cleanup_buf struct buf encoded = BUF_INIT(1 << 16);
    CHECK_ERR(ERR_NONE, base64_encode(&encoded, pem));
    CHECK_ERR(ERR_INVALID, write_entry(&stage.authority, ",\"ocsp_ca_certificates\":\"nobody\""));
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ""));
    CHECK(says(NOT_SIGNED));
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, scene_text(&stage.scene, ",\"ocsp_ca_certificates\":%s", quoted(pem))));
    CHECK(says(""));
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_ca_certificates\":\"\""));
    CHECK(says(NOT_SIGNED));
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, scene_text(&stage.scene, ",\"ocsp_ca_certificates\":%s", quoted(buf_slice(&encoded)))));
    CHECK(says(""));
    CHECK_ERR(ERR_NONE, login_scene_ask(&stage.scene, stage.scene.root, VERB_READ, "auth/cert/certs/web", NULL, &reply));
    CHECK(slice_equal(login_scene_text(&stage.scene, reply, "data.ocsp_ca_certificates"), pem));
    CHECK_SLICE("true", login_scene_text(&stage.scene, reply, "data.ocsp_enabled"));
    CHECK_SLICE("[]", login_scene_text(&stage.scene, reply, "data.ocsp_servers_override"));
    CHECK_SLICE("web", login_scene_text(&stage.scene, reply, "data.display_name"));
    end();
}

TEST(an_answer_may_be_so_old)
{
    start();
    struct server *server = add_server("http://ocsp.example/");
    CHECK_ERR(ERR_NONE, write_entry(&stage.authority, ",\"ocsp_this_update_max_age\":\"1h\""));
    server->this_s = -59 * MINUTE_S;
    server->next_s = INT64_MAX;
    CHECK(says(""));
    server->this_s = -61 * MINUTE_S;
    CHECK(says(TOO_OLD));
    server->next_s = DAY_S;
    CHECK(says(TOO_OLD));
    end();
}

TEST_MAIN
