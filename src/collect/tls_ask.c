/*
 * Asks one endpoint in TLS. The order spares connections, for each costs the other side as much as us:
 *
 *   first connection: TLS 1.3, complete -> accepted: its session also asks for "/"
 *                          \-> no answer in TLS: hello 1.2 -> none either: what does it say in the clear? understood -> the end
 *   1.2, 1.1, 1.0 complete; hellos 1.2 to SSL 3.0; suites below 1.3; a Diffie-Hellman handshake where a suite has it
 *   last: the newest version again, whose session also asks for a page that does not exist: the control
 */
#include "collect/tls_probe.h"

#include "base/encode.h"
#include "collect/cipher.h"
#include "collect/fact.h"
#include "collect/hello.h"

#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum {
    OFFERED_MAX = 120,               /* suites of one hello: some servers hang up on more than 128 */
    ROUNDS_MAX = 100,                /* of asking for one more suite */
    CHAIN_MAX = 10,
    CHAIN_MAX_BYTES = 65536,
};

static const struct tls_version versions[] = {
    {TLS1_3_VERSION, "1.3"}, {TLS1_2_VERSION, "1.2"}, {TLS1_1_VERSION, "1.1"}, {TLS1_VERSION, "1.0"},
};

/* -- complete handshakes -------------------------------------------------------------------------------------------- */

static struct tls_ask ask_of(const struct tls_probe *probe, int version)
{
    return (struct tls_ask){.context = probe->context, .version = version, .server_name = probe->by_address ? NULL : probe->server_name,
                            .alpn = probe->protocol->alpn};
}

/* An ended connection before TLS is no answer about TLS. */
static void not_opened(enum err err, bool connected, struct tls_session *ret_session)
{
    *ret_session = (struct tls_session){.stream = {.fd = -1}, .result = err == ERR_TIMEOUT ? TLS_TIMEOUT : TLS_NOT_TRIED};
    snprintf(ret_session->error, sizeof(ret_session->error), "no connection: %s", tls_reach_name(err, connected));
}

static void open_asking(const struct tls_probe *probe, const struct tls_ask *ask, struct tls_session *ret_session)
{
    struct stream stream;
    bool connected = false;
    enum err err = tls_probe_open(probe, NULL, &connected, &stream);
    if (err != ERR_NONE) {
        not_opened(err, connected, ret_session);
        return;
    }
    tls_session_open(ask, stream, ret_session);
}

static void open_session(const struct tls_probe *probe, int version, struct tls_session *ret_session)
{
    struct tls_ask ask = ask_of(probe, version);
    open_asking(probe, &ask, ret_session);
}

static void put_leaf(const struct tls_probe *probe, struct json *fact, const struct tls_session *session)
{
    X509 *leaf = SSL_get0_peer_certificate(session->ssl);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    cleanup_buf struct buf hex = BUF_INIT(2 * EVP_MAX_MD_SIZE);
    if (leaf != NULL && X509_digest(leaf, EVP_sha256(), digest, &length) == 1 && hex_encode(&hex, slice_of(digest, length)) == ERR_NONE) {
        json_set_string(probe->arena, fact, "leaf", buf_slice(&hex));
    }
}

static void put_result(const struct tls_probe *probe, struct json *fact, const char *version, const struct tls_session *session)
{
    struct arena *arena = probe->arena;
    json_set_string(arena, fact, "version", slice_string(version));
    json_set_string(arena, fact, "result", slice_string(tls_result_name(session->result)));
    if (session->result == TLS_ALERT) {
        json_set_string(arena, fact, "alert", slice_string(hello_alert_name(session->alert)));
    }
    if (session->error[0] != '\0') {
        fact_set_text(arena, fact, "error", slice_string(session->error), TLS_TEXT_MAX_BYTES);
    }
    if (session->result == TLS_ACCEPTED) {
        put_leaf(probe, fact, session);
    }
}

static void put_negotiated(const struct tls_probe *probe, struct json *fact, const struct tls_session *session)
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

static void put_chain(const struct tls_probe *probe, struct json *facts, const struct tls_session *session)
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
    int code = X509_V_ERR_UNSPECIFIED;
    bool asked = probe->roots != NULL && roots_verify(probe->roots, certificates, &code) == ERR_NONE;
    struct json *verify = json_set_object(probe->arena, facts, "verify");
    json_set_string(probe->arena, verify, "roots", slice_string(asked ? "system" : "none"));
    json_set_i64(probe->arena, verify, "code", code);
    json_set_string(probe->arena, verify, "text", slice_string(X509_verify_cert_error_string(code)));
}

/* The chain of the newest version, and any other leaf that an older version brings (RSA beside ECDSA). */
static void put_accepted(const struct tls_probe *probe, struct json *facts, struct json *fact, const struct json *best_fact,
                         const struct tls_session *session)
{
    put_negotiated(probe, fact, session);
    if (best_fact == NULL) {
        put_chain(probe, facts, session);
    } else if (!slice_equal(json_text(fact, "leaf", SLICE_NONE), json_text(best_fact, "leaf", SLICE_NONE))) {
        put_chain(probe, fact, session);
    }
}

static void put_control(const struct tls_probe *probe, struct json *facts, const struct tls_version *best, struct json *replies)
{
    struct tls_session session;
    if (replies != NULL) {
        open_session(probe, best->version, &session);
        tls_http_put(probe, replies, NULL, &session);
        tls_session_close(&session);
    }
    open_session(probe, best->version, &session);
    put_result(probe, json_set_object(probe->arena, facts, "control"), best->name, &session);
    if (replies != NULL) {
        tls_http_put(probe, replies, TLS_HTTP_NO_PAGE, &session);
    }
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

/* A warning after which the other side only hung up was its refusal. */
static enum tls_result result_of_answer(enum err err, const struct hello_answer *answer)
{
    if (err != ERR_NONE) {
        bool warned = err == ERR_CLOSED && answer->warned;
        return warned ? TLS_ALERT : err == ERR_CLOSED ? TLS_CLOSED : err == ERR_TIMEOUT ? TLS_TIMEOUT : err == ERR_TOO_LARGE ? TLS_TOO_LARGE : TLS_GARBAGE;
    }
    return answer->state == HELLO_ACCEPTED ? TLS_ACCEPTED : answer->state == HELLO_ALERT ? TLS_ALERT : TLS_GARBAGE;
}

static struct hello_outcome say_hello(const struct tls_probe *probe, uint16_t version, const uint16_t *suites, size_t count)
{
    struct hello_outcome outcome = {.result = TLS_LOCAL};
    uint8_t random[HELLO_RANDOM_BYTES];
    cleanup_buf struct buf hello = BUF_INIT(4096);
    struct slice name = probe->by_address ? SLICE_NONE : slice_string(probe->server_name);
    struct stream stream;
    bool connected = false;
    if (RAND_bytes(random, sizeof(random)) != 1 || hello_write(&hello, version, suites, count, name, random) != ERR_NONE) {
        return outcome;
    }
    enum err err = tls_probe_open(probe, NULL, &connected, &stream);
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

/* The suites below TLS 1.3, some at a time; 0: there are no more. */
static size_t old_suites(size_t batch, uint16_t out[OFFERED_MAX])
{
    size_t all = 0, count = 0, skip = batch * OFFERED_MAX;
    const struct cipher *ciphers = cipher_all(&all);
    for (size_t i = 0; i < all && count < OFFERED_MAX; i++) {
        if (ciphers[i].tls13) {
            continue;
        }
        if (skip > 0) {
            skip--;
        } else {
            out[count++] = ciphers[i].number;
        }
    }
    return count;
}

/* What leaves a question open outweighs a connection that only ended, and that a clear refusal. */
static unsigned openness(enum tls_result result)
{
    return result == TLS_ALERT || result == TLS_REFUSED ? 0 : result == TLS_CLOSED ? 1 : 2;
}

/* Offers every suite; the first answer that takes one, else the least clear refusal. */
static struct hello_outcome offer_all(const struct tls_probe *probe, uint16_t version)
{
    struct hello_outcome worst = {.result = TLS_LOCAL};
    uint16_t suites[OFFERED_MAX];
    size_t count;
    for (size_t batch = 0; (count = old_suites(batch, suites)) > 0; batch++) {
        struct hello_outcome outcome = say_hello(probe, version, suites, count);
        if (outcome.result == TLS_ACCEPTED) {
            return outcome;
        }
        if (batch == 0 || openness(outcome.result) > openness(worst.result)) {
            worst = outcome;
        }
    }
    return worst;
}

/* Removes one suite; false when it was not there: chosen without having been offered, so the server does not speak TLS properly. */
static bool strike(uint16_t *suites, size_t *count, uint16_t chosen)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (suites[i] != chosen) {
            suites[kept++] = suites[i];
        }
    }
    bool struck = kept < *count;
    *count = kept;
    return struck;
}

static bool has_finite_field(uint16_t suite)
{
    const struct cipher *cipher = cipher_by_number(suite);
    return cipher != NULL && slice_starts(slice_string(cipher->name), SLICE_LITERAL("TLS_DHE_"));
}

struct accepted {
    struct json *list;
    size_t rounds;
    bool finite_field;                    /* one of them is Diffie-Hellman in a finite field, whose group is to be seen */
};

static bool take(const struct tls_probe *probe, struct accepted *accepted, uint16_t *suites, size_t *count, uint16_t chosen)
{
    if (!strike(suites, count, chosen)) {
        return false;
    }
    json_append(accepted->list, json_number_u64(probe->arena, chosen));
    accepted->finite_field = accepted->finite_field || has_finite_field(chosen);
    return true;
}

/* Strikes out the one chosen, and asks again, until the server refuses what is left: then true. `known` was chosen already. */
static bool ask_for_each(const struct tls_probe *probe, uint16_t version, uint16_t *suites, size_t count, uint16_t known, struct accepted *accepted)
{
    (void)take(probe, accepted, suites, &count, known);
    while (count > 0 && accepted->rounds++ < ROUNDS_MAX) {
        struct hello_outcome outcome = say_hello(probe, version, suites, count);
        if (outcome.result != TLS_ACCEPTED) {
            /* Only an alert or a silent close of a version that was accepted is a refusal of the rest. */
            return outcome.result == TLS_ALERT || outcome.result == TLS_CLOSED;
        }
        if (!take(probe, accepted, suites, &count, outcome.answer.suite)) {
            return false; /* chosen without having been offered: the server does not speak TLS properly */
        }
    }
    return count == 0;
}

/* `known` is the suite that the version was accepted with. Returns whether a finite field is among them. */
static bool put_suites(const struct tls_probe *probe, struct json *facts, uint16_t version, uint16_t known)
{
    struct json *fact = json_set_object(probe->arena, facts, "suites");
    json_set_string(probe->arena, fact, "version", slice_string(hello_version_name(version)));
    struct accepted accepted = {.list = json_set_array(probe->arena, fact, "accepted")};
    uint16_t suites[OFFERED_MAX];
    bool complete = true;
    size_t count;
    for (size_t batch = 0; (count = old_suites(batch, suites)) > 0; batch++) {
        complete = ask_for_each(probe, version, suites, count, known, &accepted) && complete;
    }
    json_set_bool(probe->arena, fact, "complete", complete);
    return accepted.finite_field;
}

/* The group is the server's own below TLS 1.3: only a handshake shows it. */
static void put_finite_field(const struct tls_probe *probe, struct json *facts, uint16_t version)
{
    struct tls_ask ask = ask_of(probe, version);
    ask.ciphers = "kDHE:@SECLEVEL=0";
    struct tls_session session;
    open_asking(probe, &ask, &session);
    struct json *fact = json_set_object(probe->arena, facts, "finite_field");
    put_result(probe, fact, hello_version_name(version), &session);
    EVP_PKEY *key = NULL;
    if (session.result == TLS_ACCEPTED && SSL_get_peer_tmp_key(session.ssl, &key) == 1) {
        json_set_i64(probe->arena, fact, "bits", EVP_PKEY_get_bits(key));
        EVP_PKEY_free(key);
    }
    tls_session_close(&session);
}

static void put_hello(const struct tls_probe *probe, struct json *hellos, uint16_t version, const struct hello_outcome *outcome)
{
    struct json *fact = json_append(hellos, json_new(probe->arena, JSON_OBJECT));
    json_set_string(probe->arena, fact, "version", slice_string(hello_version_name(version)));
    json_set_string(probe->arena, fact, "result", slice_string(tls_result_name(outcome->result)));
    if (outcome->result == TLS_ALERT) {
        json_set_string(probe->arena, fact, "alert", slice_string(hello_alert_name(outcome->answer.alert)));
    } else if (outcome->result == TLS_ACCEPTED) {
        json_set_u64(probe->arena, fact, "suite", outcome->answer.suite);
    }
}

static void put_hellos(const struct tls_probe *probe, struct json *facts)
{
    static const uint16_t asked[] = {HELLO_TLS_1_2, HELLO_TLS_1_1, HELLO_TLS_1_0, HELLO_SSL_3_0};
    uint16_t newest = 0, chosen = 0;
    struct json *hellos = json_set_array(probe->arena, facts, "hellos");
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct hello_outcome outcome = offer_all(probe, asked[i]);
        put_hello(probe, hellos, asked[i], &outcome);
        if (outcome.result == TLS_ACCEPTED && newest == 0) {
            newest = asked[i];
            chosen = outcome.answer.suite;
        }
    }
    if (newest != 0 && put_suites(probe, facts, newest, chosen)) {
        put_finite_field(probe, facts, newest);
    }
}

/* -- the order ------------------------------------------------------------------------------------------------------ */

static bool is_no_answer(enum tls_result result)
{
    return result != TLS_ACCEPTED && result != TLS_ALERT && result != TLS_REFUSED && result != TLS_LOCAL;
}

/* An endpoint that says nothing in TLS twice is asked in the clear. True: it answered there, and all is said. */
static bool is_plain(const struct tls_probe *probe, struct json *facts)
{
    uint16_t suites[OFFERED_MAX];
    struct hello_outcome outcome = say_hello(probe, HELLO_TLS_1_2, suites, old_suites(0, suites));
    return is_no_answer(outcome.result) && tls_plain_put(probe, facts);
}

static struct json *put_handshake(const struct tls_probe *probe, struct json *facts, struct json *handshakes, const struct tls_version *version,
                                  const struct json *best_fact, const struct tls_session *session)
{
    struct json *fact = json_append(handshakes, json_new(probe->arena, JSON_OBJECT));
    put_result(probe, fact, version->name, session);
    if (session->result == TLS_ACCEPTED) {
        put_accepted(probe, facts, fact, best_fact, session);
    }
    return fact;
}

void tls_ask_all(const struct tls_probe *probe, struct stream first, struct json *facts)
{
    struct json *handshakes = json_set_array(probe->arena, facts, "handshakes"), *replies = NULL;
    const struct json *best_fact = NULL;
    const struct tls_version *best = NULL;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct tls_session session;
        struct tls_ask ask = ask_of(probe, versions[i].version);
        if (i == 0) {
            tls_session_open(&ask, first, &session);
        } else {
            open_asking(probe, &ask, &session);
        }
        enum tls_result result = session.result;
        const struct json *fact = put_handshake(probe, facts, handshakes, &versions[i], best_fact, &session);
        if (result == TLS_ACCEPTED && best == NULL) {
            best = &versions[i];
            best_fact = fact;
            replies = probe->protocol->browser ? json_set_array(probe->arena, facts, "http") : NULL;
            if (replies != NULL) {
                tls_http_put(probe, replies, "/", &session);
            }
        }
        tls_session_close(&session);
        if (i == 0 && is_no_answer(result) && is_plain(probe, facts)) {
            return;
        }
    }
    put_hellos(probe, facts);
    if (best != NULL) {
        put_control(probe, facts, best, replies);
    }
}
