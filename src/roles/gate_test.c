/* The rules of HTTP: vogt-gate itself, over real TLS, with this program for its parent and its
 * keep. */
#include "base/check.h"
#include "roles/gate_client.h"

#include <sys/socket.h>

TEST(a_request_goes_to_keep_and_its_reply_comes_back)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/3.1?a=1&b=x+y%20z") "X-Vault-Token: "
                                                            "hvs.abc\r\nX-Vault-Namespace: team\r\n"
                                                            "X-Vault-Wrap-TTL: 1m\r\n" END,
              &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.head,
                     "\r\nStrict-Transport-Security: max-age=63072000; includeSubDomains\r\n"));
    CHECK(answer_has(got.head, "\r\nCache-Control: no-store\r\n"));
    CHECK(answer_has(got.head, "\r\nContent-Type: application/json\r\n"));
    CHECK(answer_has(got.head, "\r\nX-Vault-Namespace: team\r\n"));
    CHECK(!answer_has(got.head, "\r\nServer: "));
    CHECK_SLICE("{\"data\":{\"verb\":1,\"path\":\"sys/policies/acl/"
                "3.1\",\"token\":\"hvs.abc\",\"wrap_ttl\":\"60\","
                "\"name_space\":\"team\",\"remote\":true,\"raw_bytes\":0,\"query\":{\"a\":\"1\","
                "\"b\":\"x y z\"}}}\n",
                got.body);
}

TEST(bearer_tokens_count_too)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/1") "Authorization: Bearer hvs.bearer\r\n" END, &got));
    CHECK(answer_has(got.body, "\"token\":\"hvs.bearer\""));
}

TEST(paths_are_decoded_once)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/%C3%A4%2520b") END, &got));
    CHECK(answer_has(got.body, "\"path\":\"sys/policies/acl/ä%20b\""));
}

TEST(broken_paths_are_refused)
{
    static const char *const requests[] = {
        GET("/v1/sys/policies/acl/%zz") END, GET("/v1/sys/policies/acl/%00") END,
        GET("/v1/sys/policies/acl/%0a") END, GET("/v1/sys/policies/acl/%ff") END,
        GET("/v1/sys/policies/acl/%4") END,
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask(requests[i], &got));
        CHECK_U64(400, got.status);
        CHECK(answer_has(got.body, "{\"errors\":[\"the path is not"));
        CHECK(answer_has(got.head, "\r\nStrict-Transport-Security: "));
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/a b") END, &got));
    CHECK_U64(400, got.status);
    CHECK(MHD_REFUSES || answer_has(got.body, "{\"errors\":[\"the path is not"));
    CHECK(ask(GET("/v1/sys/policies/acl/..") END, &got));
    CHECK_U64(404, got.status);
}

TEST(unknown_paths_and_wrong_verbs)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/no/such") END, &got));
    CHECK_U64(404, got.status);
    CHECK_SLICE("{\"errors\":[\"no handler for route\"]}\n", got.body);
    CHECK(answer_has(got.head, "\r\nStrict-Transport-Security: "));
    CHECK(ask("DELETE /v1/sys/seal-status HTTP/1.1\r\n" HOST END, &got));
    CHECK_U64(405, got.status);
    CHECK_SLICE("{\"errors\":[\"unsupported operation\"]}\n", got.body);
    CHECK(ask("OPTIONS /v1/sys/seal-status HTTP/1.1\r\n" HOST END, &got));
    CHECK_U64(405, got.status);
}

TEST(refusals_speak_german_when_asked)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/no/such") "Accept-Language: de-DE,de;q=0.9\r\n" END, &got));
    CHECK_SLICE("{\"errors\":[\"unter diesem Pfad gibt es nichts\"]}\n", got.body);
}

TEST(lists_by_verb_and_by_query)
{
    static const char *const requests[] = {"LIST /v1/sys/policies/acl HTTP/1.1\r\n" HOST END,
                                           GET("/v1/sys/policies/acl?list=true") END,
                                           GET("/v1/sys/policies/acl/?list=1") END,
                                           GET("/v1/sys/policies/acl?list=True") END};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask(requests[i], &got));
        CHECK_U64(200, got.status);
        CHECK(answer_has(got.body, "\"verb\":8"));
    }
}

TEST(put_and_post_are_the_same_with_or_without_a_content_type)
{
    static const char *const starts[] = {"POST /v1/sys/policies/acl/a",
                                         "PUT /v1/sys/policies/acl/a"};
    static const char *const types[] = {"", "Content-Type: application/json\r\n",
                                        "Content-Type: application/x-www-form-urlencoded\r\n"};
    for (size_t i = 0; i < 6; i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask_with_body(starts[i % 2], types[i / 2], " {\"policy\":\"a = 1\"}", &got));
        CHECK_U64(200, got.status);
        CHECK(answer_has(got.body, "\"verb\":2"));
        CHECK(
            answer_has(got.body, "\"body\":{\"policy\":{\"text\":\"a = 1\",\"tree\":{\"a\":1}}}"));
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body(starts[0], types[2], "policy=a+%3D+1", &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.body, "\"text\":\"a = 1\""));
}

TEST(bad_json_names_its_place)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\n  \"policy\": tru }", &got));
    CHECK_U64(400, got.status);
    CHECK(answer_has(got.body, "{\"errors\":[\"line 2, column 13: "));
    CHECK(answer_has(got.body, "\"line\":2,\"column\":13"));
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"\xff\"}", &got));
    CHECK_U64(400, got.status);
    CHECK(
        ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"\",\"policy\":\"\"}", &got));
    CHECK_U64(400, got.status);
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "[1]", &got));
    CHECK_U64(400, got.status);
    CHECK(answer_has(got.body, "the body must be a JSON object"));
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"a = \\n b {\"}", &got));
    CHECK_U64(400, got.status);
    CHECK(answer_has(got.body, "\"line\":"));
}

/* A value is written by mistake in ways that no table foresees; the place says enough to whoever sent it. */
TEST(no_refusal_repeats_what_a_body_holds)
{
    static const char *const bodies[][2] = {
        {"", "{\"policy\":hunter2}"},
        {"", "{\"policy\":\"x\",hunter2}"},
        {"", "{\"policy\":\"x\" \"hunter2\"}"},
        {"", "{\"hunter2\":1,\"hunter2\":1}"},
        {"", "hunter2"},
        {"", "{\"policy\":\"\\hunter2\"}"},
        {"Content-Type: application/x-www-form-urlencoded\r\n", "policy=%zzhunter2"},
        {"Content-Type: application/x-www-form-urlencoded\r\n", "%zzhunter2"},
        {"Content-Type: application/x-www-form-urlencoded\r\n", "hunter2=1&hunter2=1"},
    };
    cleanup_answer struct answer got = ANSWER_NONE;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", bodies[i][0], bodies[i][1], &got));
        CHECK_U64(400, got.status);
        CHECK(!answer_has(got.body, "hunter2"));
    }
    CHECK(ask_with_body("PUT /v1/auth/token/create", "", "{\"num_uses\":\"hunter2\"}", &got));
    CHECK_U64(400, got.status);
    CHECK(!answer_has(got.body, "hunter2"));
}

TEST(missing_and_unknown_fields_are_named)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{}", &got));
    CHECK_U64(400, got.status);
    CHECK(answer_has(got.body, "a required field is missing: policy"));
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"\",\"polizei\":1}", &got));
    CHECK_U64(400, got.status);
    CHECK(answer_has(got.body, "there is no such field here: polizei"));
}

TEST(files_arrive_as_they_are)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("POST /v1/annex/read?name=annex.docx", "", "\x01 not json", &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.body, "\"raw_bytes\":10,\"query\":{\"name\":\"annex.docx\"}"));
}

TEST(chunked_bodies_arrive)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask("POST /v1/annex/read HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
              "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
              &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.body, "\"raw_bytes\":7"));
}

TEST(a_body_is_waited_for_when_it_is_announced)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL("POST /v1/annex/read HTTP/1.1\r\n" HOST
                                             "Content-Length: 3\r\nExpect: 100-continue\r\n" END)));
    CHECK(client_read(&client, false, &got));
    CHECK_U64(100, got.status);
    CHECK(client_send(&client, SLICE_LITERAL("abc")));
    CHECK(client_read(&client, true, &got));
    CHECK(answer_has(got.body, "\"raw_bytes\":3"));
}

TEST(patch_needs_its_content_type)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PATCH /v1/sys/seal-status", "", "{}", &got));
    CHECK_U64(405, got.status);
}

TEST(head_has_no_body)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL("HEAD /v1/sys/health HTTP/1.1\r\n" HOST END)));
    CHECK(client_read(&client, false, &got));
    CHECK_U64(200, got.status);
    /* Were a body sent, it would stand in front of the next answer. */
    CHECK(client_send(&client, SLICE_LITERAL(GET("/v1/sys/health") END)));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.body, "\"path\":\"sys/health\""));
}

TEST(empty_replies)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/nothing") END, &got));
    CHECK_U64(204, got.status);
    CHECK_U64(0, got.body.len);
    CHECK(answer_has(got.head, "\r\nStrict-Transport-Security: "));
}

TEST(pipelined_requests_are_answered_in_order)
{
    cleanup_client struct client client;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL(GET("/v1/sys/policies/acl/1") END GET("/v1/sys/no")
                                                 END GET("/v1/sys/policies/acl/2") END)));
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_read(&client, true, &got));
    CHECK(answer_has(got.body, "sys/policies/acl/1"));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(404, got.status);
    CHECK(client_read(&client, true, &got));
    CHECK(answer_has(got.body, "sys/policies/acl/2"));
}

TEST(a_client_that_reads_late_gets_every_answer_whole)
{
    enum { COUNT = 400, TEXT_BYTES = 700 };
    char text[TEXT_BYTES + 1], request[TEXT_BYTES + 256], wanted[64];
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&client));
    for (int i = 0; i < COUNT; i++) {
        int len = i % TEXT_BYTES;
        memset(text, 'x', TEXT_BYTES);
        text[len] = '\0';
        snprintf(request, sizeof request, GET("/v1/sys/policies/acl/%d?a=%s") END, i, text);
        CHECK(client_send(&client, slice_string(request)));
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(client_read(&client, true, &got));
        snprintf(wanted, sizeof wanted, "\"path\":\"sys/policies/acl/%d\"", i);
        CHECK(answer_has(got.body, wanted));
        CHECK(slice_ends(got.body, SLICE_LITERAL("}}}\n")));
    }
}

TEST(a_login_with_a_cookie_hides_the_token)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("POST /v1/auth/link/login", "X-Vogt-Session: cookie\r\n",
                        "{\"code\":\"abc\"}", &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.head, "\r\nSet-Cookie: __Host-vogt=hvs.session-1; HttpOnly; Secure; "
                               "SameSite=Strict; Path=/\r\n"));
    CHECK_SLICE("{\"auth\":{\"client_token\":\"\"}}\n", got.body);
    CHECK(ask_with_body("POST /v1/auth/link/login", "", "{\"code\":\"abc\"}", &got));
    CHECK(!answer_has(got.head, "Set-Cookie"));
    CHECK_SLICE("{\"auth\":{\"client_token\":\"hvs.session-1\"}}\n", got.body);
    CHECK(ask_with_body("POST /v1/auth/people/login/ada", "X-Vogt-Session: cookie\r\n", "{\"password\":\"abc\"}", &got));
    CHECK(answer_has(got.head, "\r\nSet-Cookie: __Host-vogt=hvs.session-1; "));
    CHECK_SLICE("{\"auth\":{\"client_token\":\"\"}}\n", got.body);
    CHECK(ask_with_body("POST /v1/auth/people/made", "X-Vogt-Session: cookie\r\n", "{}", &got)); /* a token for somebody else */
    CHECK(!answer_has(got.head, "Set-Cookie"));
    CHECK_SLICE("{\"auth\":{\"client_token\":\"hvs.session-1\"}}\n", got.body);
}

TEST(a_cookie_counts_only_beside_its_header)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/policies/acl/1") "Cookie: __Host-vogt=hvs.cookie\r\n" END, &got));
    CHECK(answer_has(got.body, "\"token\":\"\""));
    CHECK(ask(GET("/v1/sys/policies/acl/1") "Cookie: __Host-vogt=hvs.cookie\r\nX-Vogt-Session: "
                                            "cookie\r\n" END,
              &got));
    CHECK(answer_has(got.body, "\"token\":\"hvs.cookie\""));
    CHECK(ask(GET("/v1/auth/token/lookup-self") "Cookie: __Host-vogt=hvs.cookie\r\nX-Vogt-Session: "
                                                "cookie\r\n" END,
              &got));
    CHECK_SLICE("{\"data\":{\"id\":\"\"}}\n", got.body);
    CHECK(ask(GET("/v1/sys/policies/acl/1") "Cookie: __Host-vogt=hvs.cookie\r\nX-Vogt-Session: "
                                            "end\r\n" END,
              &got));
    CHECK(answer_has(
        got.head,
        "\r\nSet-Cookie: __Host-vogt=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0\r\n"));
}

TEST(the_way_back_of_vaults_page_is_the_page)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/ui/vault/auth/team%2Foidc/oidc/callback?state=a&code=b") END, &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.head, "\r\nContent-Type: text/html"));
    CHECK(ask(GET("/ui/vault/auth/oidc/oidc/other") END, &got));
    CHECK_U64(404, got.status);
    CHECK(ask("POST /ui/vault/auth/oidc/oidc/callback HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END, &got));
    CHECK_U64(405, got.status);
    CHECK(ask(GET("/v1/sys/policies/acl/elsewhere") END, &got));
    CHECK_U64(303, got.status);
    CHECK(answer_has(got.head, "\r\nLocation: /ui/#state=a&code=b\r\n") && answer_has(got.head, "\r\nCache-Control: no-store\r\n"));
}

TEST(the_page_has_strict_headers)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/") END, &got));
    CHECK_U64(302, got.status);
    CHECK(answer_has(got.head, "\r\nLocation: /ui/\r\n"));
    CHECK(ask(GET("/ui/") END, &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.head,
                     "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; "));
    CHECK(answer_has(got.head, "frame-ancestors 'none'\r\n"));
    CHECK(answer_has(got.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
    CHECK(answer_has(got.head, "\r\nReferrer-Policy: no-referrer\r\n"));
    CHECK(answer_has(got.head, "\r\nCross-Origin-Opener-Policy: same-origin\r\n"));
    CHECK(answer_has(got.head, "\r\nStrict-Transport-Security: "));
    CHECK(answer_has(got.body, "<title>"));
    size_t at = slice_find(got.head, SLICE_LITERAL("\r\nETag: "));
    CHECK(at != SIZE_MAX);
    char request[512];
    struct slice tag = slice_first(slice_from(got.head, at + 8), 34);
    snprintf(request, sizeof(request), GET("/ui/") "If-None-Match: %.*s\r\n" END, (int)tag.len,
             (const char *)tag.data);
    CHECK(ask(request, &got));
    CHECK_U64(304, got.status);
    CHECK(ask(GET("/ui/nothing.js") END, &got));
    CHECK_U64(404, got.status);
    CHECK(ask(GET("/ui/../../etc/passwd") END, &got));
    CHECK_U64(404, got.status);
    CHECK(ask("POST /ui/ HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END, &got));
    CHECK_U64(405, got.status);
}

TEST(the_ledger_is_served_as_tiles)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/ledger/evidence/checkpoint") END, &got));
    CHECK_SLICE("ledger/evidence/tile/checkpoint", got.body);
    CHECK(answer_has(got.head, "\r\nCache-Control: no-cache\r\n"));
    CHECK(ask(GET("/ledger/audit/tile/0/x001/234") END, &got));
    CHECK_SLICE("ledger/audit/tile/0/x001/234", got.body);
    CHECK(answer_has(got.head, "\r\nCache-Control: public, max-age=31536000, immutable\r\n"));
    CHECK(ask(GET("/ledger/audit/tile/0/001.p/7") END, &got));
    CHECK(answer_has(got.head, "\r\nCache-Control: public, max-age=60\r\n"));
    CHECK(ask(GET("/ledger/other/checkpoint") END, &got));
    CHECK_U64(404, got.status);
    CHECK(ask(GET("/ledger/evidence/vogt.db") END, &got));
    CHECK_U64(404, got.status);
}

TEST(metrics_join_both)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/metrics") "X-Vault-Token: hvs.a\r\n" END, &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.head, "\r\nContent-Type: text/plain; version=0.0.4\r\n"));
    CHECK(answer_has(got.body, "vogt_keep_up 1\n# HELP vogt_gate_connections_open "));
    CHECK(answer_has(got.body, "vogt_gate_requests_total{gate=\"0\",class=\"2xx\"} "));
}

TEST(openapi_is_served)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/openapi.json") END, &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.body, "{\"openapi\":\"3.1.0\""));
    CHECK(answer_has(got.body, "\"/sys/seal-status\""));
}

int main(void)
{
    int bytes = 1; /* the kernel's least: sockets are full often */
    bool good = gate_peer_start(&peer, gate_client_answer, 64, 32) && setsockopt(peer.listener, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0;
    return good ? client_end(check_main()) : 1;
}
