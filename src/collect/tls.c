/*
 * Facts of the TLS probe:
 *   {"host","server_name","protocol","port",
 *    "resolved":"ok" | "no-such-name" | "resolver-failed",
 *    "addresses":[{"address","family":"ipv4|ipv6",
 *      "reach":"open" | "no-listener" | "timeout" | "unreachable" | "denied" | "no-starttls",
 *      "handshakes":[{"version":"1.3","result":…,"alert"?,"error"?,"cipher"?,"cipher_number"?,"group"?}],   complete handshakes
 *      "hellos":[{"version":"1.2","result":…,"alert"?,"suite"?}],                    first answers to hand-made ClientHellos
 *      "suites":{"version":"1.2","accepted":[number],"complete":bool},               one by one until the server refuses
 *      "chain":["base64 DER"],"chain_cut":bool,"verify":{"roots":"system|none","code":N,"text"},
 *      "http":[{"path","result":"ok|…","status"?,"hsts":["…"],"hsts_count",  "location"?}],
 *      "control":{"version","result"}}]}                                             the first handshake again, last
 */
#include "collect/tls.h"

#include "collect/cipher.h"
#include "collect/fact.h"
#include "collect/hello.h"
#include "collect/http_head.h"
#include "collect/tls_plant.h"
#include "collect/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum {
    ADDRESSES_MAX = 4,
    SUITES_MAX = 160,
    ROUNDS_MAX = 48,                 /* of asking for one more suite */
    CHAIN_MAX = 10,
    CHAIN_MAX_BYTES = 65536,
    HANDSHAKE_MAX_BYTES = 262144,    /* of one connection, all that we are ready to read */
    TEXT_MAX_BYTES = 512,
    TIMEOUT_MS = 15000,
    TIMEOUT_MAX_MS = 60000,
    STEP_MAX_MS = 3000,
    NAME_MAX_BYTES = 253,
};

#define ERROR_PATH "/.well-known/vogt-no-such-page"

struct probe {
    struct arena *arena;
    char server_name[NAME_MAX_BYTES + 1];
    bool by_address;                 /* the server has no name: no name is sent */
    struct slice protocol;
    bool http;
    uint16_t port;
    int64_t deadline_ns, step_ms;
    const struct stream_address *address; /* or the plant */
    struct tls_plant *plant;
    X509_STORE *roots;
};

struct version_row {
    int version;
    const char *name;
};

static const struct version_row versions[] = {
    {TLS1_3_VERSION, "1.3"}, {TLS1_2_VERSION, "1.2"}, {TLS1_1_VERSION, "1.1"}, {TLS1_VERSION, "1.0"},
};

/* -- the way to the first byte of TLS ------------------------------------------------------------------------------ */

/* Reads one CRLF line of at most 512 bytes, byte by byte: nothing after it may be swallowed. */
static enum err read_line(struct stream *stream, char out[TEXT_MAX_BYTES], size_t *ret_len)
{
    size_t len = 0, count = 0;
    while (len < TEXT_MAX_BYTES) {
        enum err err = stream_read(stream, (uint8_t *)out + len, 1, &count);
        if (err != ERR_NONE) {
            return err;
        }
        len++;
        if (out[len - 1] == '\n') {
            *ret_len = len;
            return ERR_NONE;
        }
    }
    return ERR_TOO_LARGE;
}

/* A reply of SMTP is lines "250-text" ending in "250 text". */
static enum err read_smtp(struct stream *stream, const char *code, bool *ret_starttls)
{
    bool starttls = false;
    for (size_t lines = 0; lines < 100; lines++) {
        char line[TEXT_MAX_BYTES];
        size_t len = 0;
        enum err err = read_line(stream, line, &len);
        if (err != ERR_NONE) {
            return err;
        }
        if (len < 4 || memcmp(line, code, 3) != 0) {
            return ERR_UNSUPPORTED;
        }
        starttls = starttls || slice_is(slice_trim(slice_of(line + 4, len - 4)), "STARTTLS");
        if (line[3] != '-') {
            *ret_starttls = starttls;
            return ERR_NONE;
        }
    }
    return ERR_TOO_LARGE;
}

static enum err start_smtp(struct stream *stream)
{
    bool starttls = false;
    enum err err = read_smtp(stream, "220", &starttls);
    err = err != ERR_NONE ? err : stream_write(stream, SLICE_LITERAL("EHLO vogt.invalid\r\n"));
    err = err != ERR_NONE ? err : read_smtp(stream, "250", &starttls);
    if (err == ERR_NONE && !starttls) {
        return ERR_UNSUPPORTED;
    }
    err = err != ERR_NONE ? err : stream_write(stream, SLICE_LITERAL("STARTTLS\r\n"));
    return err != ERR_NONE ? err : read_smtp(stream, "220", &starttls);
}

/* PostgreSQL's SSLRequest: length 8, code 80877103; the server answers with one byte, 'S' or 'N'. */
static enum err start_postgres(struct stream *stream)
{
    static const uint8_t request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
    uint8_t answer = 0;
    size_t count = 0;
    enum err err = stream_write(stream, slice_of(request, sizeof(request)));
    err = err != ERR_NONE ? err : stream_read(stream, &answer, 1, &count);
    return err != ERR_NONE ? err : answer == 'S' ? ERR_NONE : ERR_UNSUPPORTED;
}

static enum err open_stream(const struct probe *probe, struct stream *ret_stream)
{
    if (probe->plant != NULL) {
        return tls_plant_connect(probe->plant, HANDSHAKE_MAX_BYTES, ret_stream);
    }
    struct stream stream;
    int64_t deadline_ns = stream_deadline(probe->step_ms, probe->deadline_ns);
    enum err err = stream_connect(probe->address, deadline_ns, HANDSHAKE_MAX_BYTES, &stream);
    if (err != ERR_NONE) {
        return err;
    }
    if (slice_is(probe->protocol, "smtp")) {
        err = start_smtp(&stream);
    } else if (slice_is(probe->protocol, "postgres")) {
        err = start_postgres(&stream);
    }
    if (err != ERR_NONE) {
        stream_close(&stream);
        return err;
    }
    *ret_stream = stream;
    return ERR_NONE;
}

static const char *reach_name(enum err err)
{
    static const struct {
        enum err err;
        const char *name;
    } rows[] = {
        {ERR_NONE, "open"},       {ERR_CLOSED, "no-listener"}, {ERR_TIMEOUT, "timeout"},
        {ERR_RIGHTS, "denied"},   {ERR_UNSUPPORTED, "no-starttls"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].err == err) {
            return rows[i].name;
        }
    }
    return "unreachable";
}

/* -- complete handshakes -------------------------------------------------------------------------------------------- */

static void open_session(const struct probe *probe, int version, X509_STORE *roots, struct tls_session *ret_session)
{
    struct tls_ask ask = {version, probe->by_address ? NULL : probe->server_name, probe->http, roots};
    struct stream stream;
    enum err err = open_stream(probe, &stream);
    if (err == ERR_NONE) {
        tls_session_open(&ask, stream, ret_session);
        return;
    }
    *ret_session = (struct tls_session){.stream = {.fd = -1}};
    ret_session->result = err == ERR_TIMEOUT ? TLS_TIMEOUT : TLS_CLOSED;
    snprintf(ret_session->error, sizeof(ret_session->error), "no connection: %s", reach_name(err));
    if (err != ERR_TIMEOUT) {
        ret_session->result = TLS_NOT_TRIED; /* an ended connection before TLS is no answer about TLS */
    }
}

static void put_result(const struct probe *probe, struct json *fact, const char *version, const struct tls_session *session)
{
    struct arena *arena = probe->arena;
    json_set_string(arena, fact, "version", slice_string(version));
    json_set_string(arena, fact, "result", slice_string(tls_result_name(session->result)));
    if (session->result == TLS_ALERT) {
        json_set_string(arena, fact, "alert", slice_string(hello_alert_name(session->alert)));
    }
    if (session->error[0] != '\0') {
        fact_set_text(arena, fact, "error", slice_string(session->error), TEXT_MAX_BYTES);
    }
}

static void put_negotiated(const struct probe *probe, struct json *fact, const struct tls_session *session)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(session->ssl);
    if (cipher != NULL) {
        json_set_string(probe->arena, fact, "cipher", slice_string(SSL_CIPHER_standard_name(cipher)));
        json_set_u64(probe->arena, fact, "cipher_number", SSL_CIPHER_get_protocol_id(cipher));
    }
    int group = (int)SSL_get_negotiated_group(session->ssl);
    const char *name = group == 0 ? NULL : SSL_group_to_name(session->ssl, group);
    if (name != NULL) {
        json_set_string(probe->arena, fact, "group", slice_string(name));
    }
}

static void put_chain(const struct probe *probe, struct json *facts, const struct tls_session *session)
{
    struct json *chain = json_set_array(probe->arena, facts, "chain");
    STACK_OF(X509) *certificates = SSL_get_peer_cert_chain(session->ssl);
    size_t total = 0;
    bool was_cut = false;
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        unsigned char *der = NULL;
        int length = i2d_X509(sk_X509_value(certificates, i), &der);
        was_cut = was_cut || i >= CHAIN_MAX || length <= 0 || (size_t)length > CHAIN_MAX_BYTES - total;
        if (!was_cut) {
            total += (size_t)length;
            json_append(chain, fact_base64(probe->arena, slice_of(der, (size_t)length)));
        }
        OPENSSL_free(der);
    }
    json_set_bool(probe->arena, facts, "chain_cut", was_cut);
    long code = SSL_get_verify_result(session->ssl);
    struct json *verify = json_set_object(probe->arena, facts, "verify");
    json_set_string(probe->arena, verify, "roots", slice_string(probe->roots == NULL ? "none" : "system"));
    json_set_i64(probe->arena, verify, "code", code);
    json_set_string(probe->arena, verify, "text", slice_string(X509_verify_cert_error_string(code)));
}

/* Returns the newest version accepted, or NULL. */
static const struct version_row *put_handshakes(const struct probe *probe, struct json *facts)
{
    const struct version_row *best = NULL;
    struct json *handshakes = json_set_array(probe->arena, facts, "handshakes");
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct tls_session session;
        open_session(probe, versions[i].version, best == NULL ? probe->roots : NULL, &session);
        struct json *fact = json_append(handshakes, json_new(probe->arena, JSON_OBJECT));
        put_result(probe, fact, versions[i].name, &session);
        if (session.result == TLS_ACCEPTED) {
            put_negotiated(probe, fact, &session);
            if (best == NULL) {
                best = &versions[i];
                put_chain(probe, facts, &session);
            }
        }
        tls_session_close(&session);
    }
    return best;
}

static void put_control(const struct probe *probe, struct json *facts, const struct version_row *best)
{
    struct tls_session session;
    open_session(probe, best->version, NULL, &session);
    put_result(probe, json_set_object(probe->arena, facts, "control"), best->name, &session);
    tls_session_close(&session);
}

/* -- hand-made hellos ----------------------------------------------------------------------------------------------- */

struct hello_outcome {
    enum tls_result result;
    struct hello_answer answer;
};

static enum err exchange_hello(struct stream *stream, struct slice hello, struct hello_answer *ret_answer)
{
    cleanup_buf struct buf received = BUF_INIT(HELLO_ANSWER_MAX_BYTES);
    enum err err = stream_write(stream, hello);
    while (err == ERR_NONE) {
        uint8_t chunk[2048];
        size_t count = 0;
        err = stream_read(stream, chunk, sizeof(chunk), &count);
        err = err != ERR_NONE ? err : buf_append(&received, slice_of(chunk, count));
        if (err == ERR_NONE) {
            *ret_answer = hello_read(buf_slice(&received));
            if (ret_answer->state != HELLO_MORE) {
                return ERR_NONE;
            }
        }
    }
    return err;
}

static enum tls_result result_of_answer(enum err err, const struct hello_answer *answer)
{
    if (err != ERR_NONE) {
        return err == ERR_CLOSED ? TLS_CLOSED : err == ERR_TIMEOUT ? TLS_TIMEOUT : TLS_GARBAGE;
    }
    return answer->state == HELLO_ACCEPTED ? TLS_ACCEPTED : answer->state == HELLO_ALERT ? TLS_ALERT : TLS_GARBAGE;
}

static struct hello_outcome say_hello(const struct probe *probe, uint16_t version, const uint16_t *suites, size_t count)
{
    struct hello_outcome outcome = {.result = TLS_LOCAL};
    uint8_t random[HELLO_RANDOM_BYTES];
    cleanup_buf struct buf hello = BUF_INIT(4096);
    struct slice name = probe->by_address ? SLICE_NONE : slice_string(probe->server_name);
    struct stream stream;
    if (RAND_bytes(random, sizeof(random)) != 1 || hello_write(&hello, version, suites, count, name, random) != ERR_NONE) {
        return outcome;
    }
    enum err err = open_stream(probe, &stream);
    if (err != ERR_NONE) {
        outcome.result = err == ERR_TIMEOUT ? TLS_TIMEOUT : TLS_NOT_TRIED;
        return outcome;
    }
    err = exchange_hello(&stream, buf_slice(&hello), &outcome.answer);
    stream_close(&stream);
    outcome.result = result_of_answer(err, &outcome.answer);
    if (outcome.result == TLS_ACCEPTED && outcome.answer.version > version) {
        outcome.result = TLS_GARBAGE;
    } else if (outcome.result == TLS_ACCEPTED && outcome.answer.version < version) {
        outcome.result = TLS_REFUSED; /* it answered with an older version: asked for on its own below */
    }
    return outcome;
}

static size_t old_suites(uint16_t out[SUITES_MAX])
{
    size_t all = 0, count = 0;
    const struct cipher *ciphers = cipher_all(&all);
    for (size_t i = 0; i < all && count < SUITES_MAX; i++) {
        if (!ciphers[i].tls13) {
            out[count++] = ciphers[i].number;
        }
    }
    return count;
}

/* Offers all suites, strikes out the one chosen, and asks again, until the server refuses what is left. */
static void put_suites(const struct probe *probe, struct json *facts, uint16_t version)
{
    uint16_t suites[SUITES_MAX];
    size_t count = old_suites(suites);
    struct json *fact = json_set_object(probe->arena, facts, "suites");
    json_set_string(probe->arena, fact, "version", slice_string(hello_version_name(version)));
    struct json *accepted = json_set_array(probe->arena, fact, "accepted");
    bool complete = false;
    for (size_t rounds = 0; rounds < ROUNDS_MAX && count > 0; rounds++) {
        struct hello_outcome outcome = say_hello(probe, version, suites, count);
        if (outcome.result != TLS_ACCEPTED) {
            /* Only an alert or a silent close after an accepted round is a refusal of the rest. */
            complete = rounds > 0 && (outcome.result == TLS_ALERT || outcome.result == TLS_CLOSED);
            break;
        }
        json_append(accepted, json_number_u64(probe->arena, outcome.answer.suite));
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            if (suites[i] != outcome.answer.suite) {
                suites[kept++] = suites[i];
            }
        }
        if (kept == count) {
            break; /* chosen without having been offered: the server does not speak TLS properly */
        }
        count = kept;
    }
    json_set_bool(probe->arena, fact, "complete", complete || count == 0);
}

static void put_hellos(const struct probe *probe, struct json *facts)
{
    static const uint16_t asked[] = {HELLO_TLS_1_2, HELLO_TLS_1_1, HELLO_TLS_1_0, HELLO_SSL_3_0};
    uint16_t suites[SUITES_MAX], newest = 0;
    size_t count = old_suites(suites);
    struct json *hellos = json_set_array(probe->arena, facts, "hellos");
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct hello_outcome outcome = say_hello(probe, asked[i], suites, count);
        struct json *fact = json_append(hellos, json_new(probe->arena, JSON_OBJECT));
        json_set_string(probe->arena, fact, "version", slice_string(hello_version_name(asked[i])));
        json_set_string(probe->arena, fact, "result", slice_string(tls_result_name(outcome.result)));
        if (outcome.result == TLS_ALERT) {
            json_set_string(probe->arena, fact, "alert", slice_string(hello_alert_name(outcome.answer.alert)));
        } else if (outcome.result == TLS_ACCEPTED) {
            json_set_u64(probe->arena, fact, "suite", outcome.answer.suite);
            newest = newest == 0 ? asked[i] : newest;
        }
    }
    if (newest != 0) {
        put_suites(probe, facts, newest);
    }
}

/* -- HTTP ----------------------------------------------------------------------------------------------------------- */

static enum err fetch_head(const struct probe *probe, struct tls_session *session, const char *path, struct buf *received)
{
    cleanup_buf struct buf request = BUF_INIT(1024);
    enum err err = buf_printf(&request, "GET %s HTTP/1.1\r\nHost: %s", path, probe->server_name);
    if (err == ERR_NONE && probe->port != 443) {
        err = buf_printf(&request, ":%u", (unsigned)probe->port);
    }
    err = err != ERR_NONE ? err
                          : buf_append_string(&request, "\r\nUser-Agent: vogt\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    err = err != ERR_NONE ? err : tls_session_write(session, buf_slice(&request));
    size_t head_bytes = 0;
    while (err == ERR_NONE && !http_head_whole(buf_slice(received), &head_bytes)) {
        uint8_t chunk[4096];
        size_t count = 0;
        err = tls_session_read(session, chunk, sizeof(chunk), &count);
        err = err != ERR_NONE ? err : buf_append(received, slice_of(chunk, count));
    }
    if (err == ERR_NONE) {
        received->len = head_bytes;
    }
    return err;
}

static const char *http_result(enum err err)
{
    switch ((int)err) {
    case ERR_NONE:
        return "ok";
    case ERR_CLOSED:
        return "cut-short";
    case ERR_TIMEOUT:
        return "timeout";
    case ERR_TOO_LARGE:
        return "too-large";
    }
    return "garbage";
}

static void put_http(const struct probe *probe, struct json *replies, const char *path, const struct version_row *best)
{
    struct arena *arena = probe->arena;
    struct json *fact = json_append(replies, json_new(arena, JSON_OBJECT));
    json_set_string(arena, fact, "path", slice_string(path));
    struct tls_session session;
    open_session(probe, best->version, NULL, &session);
    cleanup_buf struct buf received = BUF_INIT(HTTP_HEAD_MAX_BYTES);
    struct http_head head = {0};
    enum err err = session.result == TLS_ACCEPTED ? fetch_head(probe, &session, path, &received)
                   : session.result == TLS_TIMEOUT ? ERR_TIMEOUT : ERR_PROTOCOL;
    err = err != ERR_NONE ? err : http_head_read(buf_slice(&received), &head);
    tls_session_close(&session);
    json_set_string(arena, fact, "result", slice_string(http_result(err)));
    if (err != ERR_NONE) {
        return;
    }
    json_set_u64(arena, fact, "status", head.status);
    struct json *hsts = json_set_array(arena, fact, "hsts");
    for (size_t i = 0; i < head.hsts_count && i < HTTP_VALUES_MAX; i++) {
        json_append(hsts, json_string(arena, fact_text(arena, head.hsts[i], TEXT_MAX_BYTES)));
    }
    json_set_u64(arena, fact, "hsts_count", head.hsts_count);
    if (head.location.data != NULL) {
        fact_set_text(arena, fact, "location", head.location, TEXT_MAX_BYTES);
    }
}

/* -- the whole ------------------------------------------------------------------------------------------------------ */

static void put_answers(const struct probe *probe, struct json *facts)
{
    const struct version_row *best = put_handshakes(probe, facts);
    put_hellos(probe, facts);
    if (best == NULL) {
        return;
    }
    if (probe->http) {
        struct json *replies = json_set_array(probe->arena, facts, "http");
        put_http(probe, replies, "/", best);
        put_http(probe, replies, ERROR_PATH, best);
    }
    put_control(probe, facts, best);
}

static void put_address(struct probe *probe, struct json *addresses)
{
    struct json *facts = json_append(addresses, json_new(probe->arena, JSON_OBJECT));
    json_set_string(probe->arena, facts, "address",
                    slice_string(probe->plant != NULL ? "planted" : probe->address->text));
    json_set_string(probe->arena, facts, "family",
                    slice_string(probe->plant == NULL && probe->address->ipv6 ? "ipv6" : "ipv4"));
    struct stream stream;
    enum err err = open_stream(probe, &stream);
    json_set_string(probe->arena, facts, "reach", slice_string(reach_name(err)));
    if (err == ERR_NONE) {
        stream_close(&stream);
        put_answers(probe, facts);
    }
}

static struct json *new_facts(const struct probe *probe, struct slice host)
{
    struct json *facts = json_new(probe->arena, JSON_OBJECT);
    fact_set_text(probe->arena, facts, "host", host, NAME_MAX_BYTES);
    json_set_string(probe->arena, facts, "server_name", slice_string(probe->server_name));
    json_set_string(probe->arena, facts, "protocol", probe->protocol);
    json_set_u64(probe->arena, facts, "port", probe->port);
    return facts;
}

static struct json *collect_outside(struct probe *probe, struct slice host, struct slice address)
{
    struct stream_address addresses[ADDRESSES_MAX];
    size_t count = 0;
    enum err err = stream_resolve(address.len > 0 ? address : host, probe->port, addresses, ADDRESSES_MAX, &count);
    struct json *facts = new_facts(probe, host);
    const char *resolved = err == ERR_NONE ? "ok" : err == ERR_NOT_FOUND ? "no-such-name" : "resolver-failed";
    json_set_string(probe->arena, facts, "resolved", slice_string(resolved));
    struct json *list = json_set_array(probe->arena, facts, "addresses");
    for (size_t i = 0; i < count; i++) {
        /* Each address gets its share of what time is left, so that one that drips cannot hide the others. */
        int64_t now_ns = stream_now_ns();
        struct probe one = *probe;
        one.address = &addresses[i];
        one.deadline_ns = now_ns + (probe->deadline_ns - now_ns) / (int64_t)(count - i);
        put_address(&one, list);
    }
    return facts;
}

static struct json *collect_planted(const struct probe *probe)
{
    struct probe planted = *probe;
    if (tls_plant_new(&planted.plant) != ERR_NONE) {
        return NULL;
    }
    snprintf(planted.server_name, sizeof(planted.server_name), "%s", TLS_PLANT_NAME);
    planted.protocol = SLICE_LITERAL("https");
    planted.http = true;
    planted.by_address = false;
    planted.port = 443;
    struct json *facts = new_facts(&planted, SLICE_LITERAL(TLS_PLANT_NAME));
    json_set_string(probe->arena, facts, "resolved", SLICE_LITERAL("ok"));
    put_address(&planted, json_set_array(probe->arena, facts, "addresses"));
    tls_plant_free(planted.plant);
    return facts;
}

/* Names go into requests: nothing but what a host name or an address is made of may pass. */
static bool name_is_clean(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (!letter && byte != '-' && byte != '.' && byte != '_' && byte != ':') {
            return false;
        }
    }
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

static bool is_address(const char *name)
{
    struct in6_addr bytes;
    return inet_pton(AF_INET, name, &bytes) == 1 || inet_pton(AF_INET6, name, &bytes) == 1;
}

static enum err read_input(const struct json *input, struct probe *probe, struct complaint *complaint)
{
    static const char *const protocols[] = {"https", "tls", "smtp", "postgres"};
    struct slice host = json_text(input, "host", SLICE_NONE), name = json_text(input, "server_name", host);
    name = name.len == 0 ? host : name;
    if (!name_is_clean(host) || !name_is_clean(name)) {
        return complain(complaint, ERR_INVALID, TEXT("not a host name", "kein Rechnername"), 0, 0,
                        (const char *)(name_is_clean(host) ? name : host).data, (name_is_clean(host) ? name : host).len);
    }
    uint64_t port = 443, timeout_ms = TIMEOUT_MS;
    enum err port_err = json_u64(input, "port", &port), timeout_err = json_u64(input, "timeout_ms", &timeout_ms);
    if ((port_err != ERR_NONE && port_err != ERR_NOT_FOUND) || port == 0 || port > 65535 ||
        (timeout_err != ERR_NONE && timeout_err != ERR_NOT_FOUND) || timeout_ms == 0 || timeout_ms > TIMEOUT_MAX_MS) {
        return complain(complaint, ERR_INVALID, TEXT("port or timeout_ms out of range", "port oder timeout_ms unzulässig"),
                        0, 0, NULL, 0);
    }
    memcpy(probe->server_name, name.data, name.len);
    probe->server_name[name.len] = '\0';
    probe->by_address = is_address(probe->server_name);
    probe->port = (uint16_t)port;
    int64_t step_ms = (int64_t)timeout_ms / 4;
    probe->step_ms = step_ms > STEP_MAX_MS ? STEP_MAX_MS : step_ms;
    /* An eighth is left for writing the facts: whoever called ends this process once timeout_ms have passed. */
    probe->deadline_ns = stream_deadline((int64_t)timeout_ms - (int64_t)timeout_ms / 8, INT64_MAX);
    struct slice protocol = json_text(input, "protocol", SLICE_LITERAL("https"));
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (slice_is(protocol, protocols[i])) {
            probe->protocol = slice_string(protocols[i]);
            probe->http = i == 0;
            return ERR_NONE;
        }
    }
    return complain(complaint, ERR_INVALID, TEXT("unknown protocol", "unbekanntes Protokoll"), 0, 0,
                    (const char *)protocol.data, protocol.len);
}

/* The machine's own list of authorities; NULL where it is not readable, which the facts then say. */
static X509_STORE *load_roots(void)
{
    X509_STORE *store = X509_STORE_new();
    if (store != NULL && X509_STORE_load_file(store, "/etc/ssl/certs/ca-certificates.crt") != 1) {
        X509_STORE_free(store);
        store = NULL;
    }
    ERR_clear_error();
    return store;
}

enum err collect_tls(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)raw;
    struct probe probe = {.arena = arena};
    enum err err = read_input(input, &probe, &reply->complaint);
    if (err != ERR_NONE) {
        return err;
    }
    probe.roots = load_roots();
    struct json *planted = collect_planted(&probe);
    struct json *facts = collect_outside(&probe, json_text(input, "host", SLICE_NONE),
                                         json_text(input, "address", SLICE_NONE));
    X509_STORE_free(probe.roots);
    struct json *output = json_new(arena, JSON_OBJECT);
    json_set(arena, output, "facts", facts);
    if (planted != NULL) {
        json_set(arena, json_set_object(arena, output, "plant"), "facts", planted);
    }
    if (json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL) {
        return ERR_TOO_LARGE;
    }
    reply->output = output;
    return ERR_NONE;
}
