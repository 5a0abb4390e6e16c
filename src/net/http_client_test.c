/* Against a libmicrohttpd of this test's own, plain and with TLS. */
#include "base/check.h"
#include "net/http_client.h"

#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

static char key_pem[4096], certificate_pem[4096];

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *body,
                               const char *location)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "X-Kind", "test");
    if (location != NULL) {
        MHD_add_response_header(response, "Location", location);
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_bytes, void **request)
{
    static char seen[4096];
    (void)context;
    (void)version;
    if (*request == NULL) {
        *request = seen;
        snprintf(seen, sizeof(seen), "%s %s ", method, url);
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        strncat(seen, upload, *upload_bytes < 1000 ? *upload_bytes : 1000);
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/slow") == 0) {
        usleep(600000);
    }
    if (strcmp(url, "/large") == 0) {
        static char large[100000];
        memset(large, 'x', sizeof(large) - 1);
        return respond(connection, 200, large, NULL);
    }
    return strcmp(url, "/away") == 0 ? respond(connection, 302, "away", "https://example.org/")
                                     : respond(connection, 200, seen, NULL);
}

static void make_certificate(char *key_text, char *certificate_text, size_t bytes)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"vogt", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_sign(certificate, key, EVP_sha256());
    BIO *memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
    BIO_read(memory, key_text, (int)bytes - 1);
    PEM_write_bio_X509(memory, certificate);
    BIO_read(memory, certificate_text, (int)bytes - 1);
    BIO_free(memory);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static struct MHD_Daemon *server_start(bool tls, char *url, size_t bytes)
{
    struct MHD_Daemon *server =
        tls ? MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, serve,
                               NULL, MHD_OPTION_HTTPS_MEM_KEY, key_pem, MHD_OPTION_HTTPS_MEM_CERT,
                               certificate_pem, MHD_OPTION_END)
            : MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, NULL,
                               MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server == NULL ? NULL : MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
    snprintf(url, bytes, "%s://127.0.0.1:%u", tls ? "https" : "http",
             info == NULL ? 0u : (unsigned)info->port);
    return server;
}

struct asked {
    enum err err;
    struct http_reply reply;
    struct complaint complaint;
};

static void ask(struct asked *asked, bool tls, const char *path, struct http_request request)
{
    char start[64], url[256];
    struct MHD_Daemon *server = server_start(tls, start, sizeof(start));
    struct http_client *client = http_client_new();
    snprintf(url, sizeof(url), "%s%s", start, path);
    request.url = url;
    request.allow_plain = !tls;
    *asked = (struct asked){.err = ERR_INTERNAL, .reply = HTTP_REPLY_NONE};
    if (server != NULL && client != NULL) {
        asked->err = http_client_ask(client, &request, &asked->reply, &asked->complaint);
    }
    http_client_free(client);
    if (server != NULL) {
        MHD_stop_daemon(server);
    }
}

TEST(methods_bodies_and_headers)
{
    struct asked asked;
    ask(&asked, false, "/a", (struct http_request){.method = "PUT", .body = SLICE_LITERAL("{}")});
    CHECK_ERR(ERR_NONE, asked.err);
    CHECK_U64(200, asked.reply.status);
    CHECK_SLICE("PUT /a {}", buf_slice(&asked.reply.body));
    CHECK_SLICE("test", http_reply_header(&asked.reply, "x-kind"));
    CHECK_SLICE("", http_reply_header(&asked.reply, "x-other"));
    http_reply_free(&asked.reply);
    ask(&asked, false, "/b", (struct http_request){.method = "LIST"});
    CHECK_SLICE("LIST /b ", buf_slice(&asked.reply.body));
    http_reply_free(&asked.reply);
    ask(&asked, false, "/c", (struct http_request){.method = "HEAD"});
    CHECK_ERR(ERR_NONE, asked.err);
    CHECK_U64(0, asked.reply.body.len);
    http_reply_free(&asked.reply);
    ask(&asked, false, "/d", (struct http_request){.method = "POST"});
    CHECK_SLICE("POST /d ", buf_slice(&asked.reply.body));
    http_reply_free(&asked.reply);
}

TEST(redirects_are_not_followed)
{
    struct asked asked;
    ask(&asked, false, "/away", (struct http_request){.method = "GET"});
    CHECK_ERR(ERR_NONE, asked.err);
    CHECK_U64(302, asked.reply.status);
    http_reply_free(&asked.reply);
}

TEST(large_and_slow_replies_are_refused)
{
    struct asked asked;
    ask(&asked, false, "/large", (struct http_request){.method = "GET", .reply_max_bytes = 1000});
    CHECK_ERR(ERR_TOO_LARGE, asked.err);
    CHECK(asked.complaint.text.german != NULL);
    ask(&asked, false, "/slow", (struct http_request){.method = "GET", .timeout_ms = 200});
    CHECK_ERR(ERR_TIMEOUT, asked.err);
}

static bool count_bytes(void *context, struct slice bytes)
{
    size_t *total = context;
    *total += bytes.len;
    return *total < 200000;
}

TEST(a_sink_gets_the_body)
{
    struct asked asked;
    size_t total = 0;
    ask(&asked, false, "/large",
        (struct http_request){
            .method = "GET", .reply_max_bytes = 10, .sink = count_bytes, .sink_context = &total});
    CHECK_ERR(ERR_NONE, asked.err);
    CHECK_U64(99999, total);
    http_reply_free(&asked.reply);
    total = 150000;
    ask(&asked, false, "/large",
        (struct http_request){.method = "GET", .sink = count_bytes, .sink_context = &total});
    CHECK_ERR(ERR_CLOSED, asked.err);
}

static size_t give_letters(void *context, uint64_t offset, void *into, size_t max)
{
    const char *text = context;
    size_t count = max < 2 ? max : 2; /* a little at a time */
    memcpy(into, text + offset, count);
    return strncmp(text + offset, "!", 1) == 0 ? 0 : count;
}

TEST(a_source_gives_the_body_and_may_fail)
{
    struct asked asked;
    char text[] = "seven letters", broken[] = "four!rest";
    ask(&asked, false, "/t", (struct http_request){.method = "PUT", .source = give_letters, .source_context = text, .source_bytes = strlen(text)});
    CHECK_ERR(ERR_NONE, asked.err);
    CHECK_SLICE("PUT /t seven letters", buf_slice(&asked.reply.body));
    http_reply_free(&asked.reply);
    ask(&asked, false, "/t", (struct http_request){.method = "PUT", .source = give_letters, .source_context = broken, .source_bytes = strlen(broken)});
    CHECK_ERR(ERR_CLOSED, asked.err);
}

TEST(only_the_pinned_certificate_is_trusted)
{
    static char other_key[4096], other_certificate[4096];
    make_certificate(key_pem, certificate_pem, sizeof(key_pem));
    make_certificate(other_key, other_certificate, sizeof(other_key));
    struct asked asked;
    ask(&asked, true, "/t",
        (struct http_request){.method = "GET", .pinned_pem = slice_string(certificate_pem)});
    CHECK_ERR(ERR_NONE, asked.err);
    CHECK_SLICE("GET /t ", buf_slice(&asked.reply.body));
    http_reply_free(&asked.reply);
    ask(&asked, true, "/t",
        (struct http_request){.method = "GET", .pinned_pem = slice_string(other_certificate)});
    CHECK_ERR(ERR_FORGED, asked.err);
    ask(&asked, true, "/t", (struct http_request){.method = "GET"});
    CHECK_ERR(ERR_FORGED, asked.err);
}

TEST(addresses_that_are_none)
{
    struct http_client *client = http_client_new();
    struct http_reply reply;
    struct complaint complaint;
    struct http_request request = {.method = "GET", .url = "http://127.0.0.1:1/"};
    CHECK_ERR(ERR_INVALID, http_client_ask(client, &request, &reply, &complaint));
    request.url = "file:///etc/passwd";
    CHECK_ERR(ERR_INVALID, http_client_ask(client, &request, &reply, &complaint));
    request.url = "https://127.0.0.1:1/";
    CHECK_ERR(ERR_UNREACHABLE, http_client_ask(client, &request, &reply, &complaint));
    http_client_free(client);
}

TEST_MAIN
