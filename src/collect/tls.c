/*
 * Facts of the TLS probe:
 *   {"host","server_name","protocol","port",
 *    "resolved":"ok" | "no-such-name" | "resolver-failed",
 *    "addresses":[{"address","family":"ipv4|ipv6",
 *      "reach":"open" | "no-listener" | "timeout" | "unreachable" | "denied" | "closed" | "no-starttls" | "not-the-protocol",
 *      "words"?,                                                                     what it said instead of its protocol
 *      "handshakes":[{"version":"1.3","result":…,"alert"?,"error"?,"leaf"?,"cipher"?,"cipher_number"?,"group"?,   complete handshakes
 *                     "chain"?,"chain_cut"?,"verify"?}],                             where the leaf is another than the first
 *      "plain":{"spoke","words"},                                                    no answer in TLS, but this one in the clear
 *      "hellos":[{"version":"1.2","result":…,"alert"?,"suite"?}],                    first answers to hand-made ClientHellos
 *      "suites":{"version":"1.2","accepted":[number],"complete":bool},               one by one until the server refuses
 *      "finite_field":{"version","result","leaf"?,"bits"?},                          where a suite has Diffie-Hellman in one
 *      "chain":["base64 DER"],"chain_cut":bool,"verify":{"roots":"system|none","code":N,"text"},
 *      "http":[{"broken"?,"path","result":"ok|…","status"?,"hsts":["…"],"hsts_count","location"?}],
 *      "control":{"version","result","leaf"?},                                       the first handshake again, last
 *      "unencrypted":{"state":"accepted|refused|unclear|unasked","words"},           of those that begin TLS after a greeting
 *      "clear":{"port","reach","result"?,"status"?,"hsts"?,"location"?}}]}           http on the clear port, if the task names one
 */
#include "collect/tls.h"

#include "collect/fact.h"
#include "collect/tls_probe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
    ADDRESSES_MAX = 4,
    HANDSHAKE_MAX_BYTES = 262144,    /* of one connection, all that we are ready to read */
    TIMEOUT_MS = 15000,
    TIMEOUT_MAX_MS = 60000,
    STEP_MAX_MS = 3000,
};

/* -- the way to the first byte of TLS ------------------------------------------------------------------------------ */

const char *tls_reach_name(enum err err, bool connected)
{
    static const struct {
        enum err err;
        const char *before, *after; /* the connection was there */
    } rows[] = {
        {ERR_NONE, "open", "open"},         {ERR_CLOSED, "no-listener", "closed"}, {ERR_TIMEOUT, "timeout", "timeout"},
        {ERR_RIGHTS, "denied", "denied"},   {ERR_UNSUPPORTED, "unreachable", "no-starttls"},
        {ERR_PROTOCOL, "unreachable", "not-the-protocol"}, {ERR_TOO_LARGE, "unreachable", "not-the-protocol"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].err == err) {
            return connected ? rows[i].after : rows[i].before;
        }
    }
    return "unreachable";
}

enum err tls_probe_connect(const struct tls_probe *probe, uint16_t port, struct stream *ret_stream)
{
    if (probe->plant != NULL) {
        return tls_plant_connect(probe->plant, HANDSHAKE_MAX_BYTES, ret_stream);
    }
    struct stream_address address = *probe->address;
    if (address.ipv6) {
        ((struct sockaddr_in6 *)&address.storage)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&address.storage)->sin_port = htons(port);
    }
    return stream_connect(&address, stream_deadline(probe->step_ms, probe->deadline_ns), HANDSHAKE_MAX_BYTES, ret_stream);
}

enum err tls_probe_open(const struct tls_probe *probe, struct greeting *greeting, bool *ret_connected, struct stream *ret_stream)
{
    struct stream stream;
    enum err err = tls_probe_connect(probe, probe->port, &stream);
    *ret_connected = err == ERR_NONE;
    if (err == ERR_NONE && probe->protocol->start != NULL) {
        struct talk talk;
        struct greeting unused = {0};
        talk_begin(&talk, &stream);
        err = probe->protocol->start(&talk, slice_string(probe->server_name), greeting == NULL ? &unused : greeting);
        if (err != ERR_NONE) {
            stream_close(&stream);
        }
    }
    if (err == ERR_NONE) {
        *ret_stream = stream;
    }
    return err;
}

/* -- the whole ------------------------------------------------------------------------------------------------------ */

static void put_address(struct tls_probe *probe, struct json *addresses)
{
    struct json *facts = json_append(addresses, json_new(probe->arena, JSON_OBJECT));
    json_set_string(probe->arena, facts, "address",
                    slice_string(probe->plant != NULL ? "planted" : probe->address->text));
    json_set_string(probe->arena, facts, "family",
                    slice_string(probe->plant == NULL && probe->address->ipv6 ? "ipv6" : "ipv4"));
    struct stream stream;
    struct greeting greeting = {0};
    bool connected = false;
    enum err err = tls_probe_open(probe, &greeting, &connected, &stream);
    json_set_string(probe->arena, facts, "reach", slice_string(tls_reach_name(err, connected)));
    if (err == ERR_NONE) {
        tls_ask_all(probe, stream, facts);
        if (probe->protocol->start != NULL) {
            tls_plain_put_unencrypted(probe, &greeting, facts);
        }
    } else if (greeting.words_bytes > 0) {
        fact_set_text(probe->arena, facts, "words", slice_of(greeting.words, greeting.words_bytes), GREETING_WORDS_MAX_BYTES);
    }
    if (probe->clear_port != 0 && probe->protocol->browser) {
        tls_http_put_clear(probe, facts);
    }
}

static struct json *new_facts(const struct tls_probe *probe, struct slice host)
{
    struct json *facts = json_new(probe->arena, JSON_OBJECT);
    fact_set_text(probe->arena, facts, "host", host, TLS_NAME_MAX_BYTES);
    json_set_string(probe->arena, facts, "server_name", slice_string(probe->server_name));
    json_set_string(probe->arena, facts, "protocol", slice_string(probe->protocol->name));
    json_set_u64(probe->arena, facts, "port", probe->port);
    return facts;
}

static struct json *collect_outside(struct tls_probe *probe, struct slice host, struct slice address)
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
        struct tls_probe one = *probe;
        one.address = &addresses[i];
        one.deadline_ns = now_ns + (probe->deadline_ns - now_ns) / (int64_t)(count - i);
        put_address(&one, list);
    }
    return facts;
}

static struct json *collect_planted(const struct tls_probe *probe)
{
    struct tls_probe planted = *probe;
    if (tls_plant_new(&planted.plant) != ERR_NONE) {
        return NULL;
    }
    snprintf(planted.server_name, sizeof(planted.server_name), "%s", TLS_PLANT_NAME);
    planted.protocol = protocol_by_name(SLICE_LITERAL("https"));
    planted.by_address = false;
    planted.port = 443;
    planted.clear_port = 0;
    struct json *facts = new_facts(&planted, SLICE_LITERAL(TLS_PLANT_NAME));
    json_set_string(probe->arena, facts, "resolved", SLICE_LITERAL("ok"));
    put_address(&planted, json_set_array(probe->arena, facts, "addresses"));
    tls_plant_free(planted.plant);
    return facts;
}

/* Names go into requests: nothing but what a host name or an address is made of may pass. */
static bool name_is_clean(struct slice name)
{
    return name.len > 0 && name.len <= TLS_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LETTERS ASCII_DIGITS "-._:");
}

static bool is_address(const char *name)
{
    struct in6_addr bytes;
    return inet_pton(AF_INET, name, &bytes) == 1 || inet_pton(AF_INET6, name, &bytes) == 1;
}

/* An address of IPv6 may come in the brackets that it has in a URL. */
static struct slice without_brackets(struct slice name)
{
    bool brackets = name.len > 2 && name.data[0] == '[' && name.data[name.len - 1] == ']';
    return brackets ? slice_of(name.data + 1, name.len - 2) : name;
}

static enum err read_names(const struct json *input, struct tls_probe *probe, struct slice *ret_host, struct complaint *complaint)
{
    struct slice host = without_brackets(json_text(input, "host", SLICE_NONE));
    struct slice name = without_brackets(json_text(input, "server_name", host));
    name = name.len == 0 ? host : name;
    if (!name_is_clean(host) || !name_is_clean(name)) {
        return complain(complaint, ERR_INVALID, TEXT("not a host name", "kein Rechnername"), 0, 0,
                        (const char *)(name_is_clean(host) ? name : host).data, (name_is_clean(host) ? name : host).len);
    }
    memcpy(probe->server_name, name.data, name.len);
    probe->server_name[name.len] = '\0';
    probe->by_address = is_address(probe->server_name);
    *ret_host = host;
    return ERR_NONE;
}

static bool read_number(const struct json *input, const char *name, uint64_t fallback, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = fallback;
    enum err err = json_u64(input, name, &value);
    *ret_value = value;
    return (err == ERR_NONE && value > 0 && value <= max) || err == ERR_NOT_FOUND;
}

static enum err read_numbers(const struct json *input, struct tls_probe *probe, struct complaint *complaint)
{
    uint64_t port = 0, clear_port = 0, timeout_ms = 0;
    if (!read_number(input, "port", 443, UINT16_MAX, &port) || !read_number(input, "clear_port", 0, UINT16_MAX, &clear_port) ||
        !read_number(input, "timeout_ms", TIMEOUT_MS, TIMEOUT_MAX_MS, &timeout_ms)) {
        return complain(complaint, ERR_INVALID, TEXT("port or timeout_ms out of range", "port oder timeout_ms unzulässig"),
                        0, 0, NULL, 0);
    }
    probe->port = (uint16_t)port;
    probe->clear_port = (uint16_t)clear_port;
    int64_t step_ms = (int64_t)timeout_ms / 4;
    probe->step_ms = step_ms > STEP_MAX_MS ? STEP_MAX_MS : step_ms;
    /* An eighth is left for writing the facts: whoever called ends this process once timeout_ms have passed. */
    probe->deadline_ns = stream_deadline((int64_t)timeout_ms - (int64_t)timeout_ms / 8, INT64_MAX);
    return ERR_NONE;
}

static enum err read_input(const struct json *input, struct tls_probe *probe, struct slice *ret_host, struct complaint *complaint)
{
    enum err err = read_names(input, probe, ret_host, complaint);
    err = err != ERR_NONE ? err : read_numbers(input, probe, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    struct slice protocol = json_text(input, "protocol", SLICE_NONE);
    probe->protocol = protocol.len == 0 ? protocol_by_port(probe->port) : protocol_by_name(protocol);
    return probe->protocol != NULL ? ERR_NONE
                                   : complain(complaint, ERR_INVALID, TEXT("unknown protocol", "unbekanntes Protokoll"), 0, 0,
                                              (const char *)protocol.data, protocol.len);
}

enum err collect_tls(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)raw;
    struct tls_probe probe = {.arena = arena};
    struct slice host = SLICE_NONE;
    struct roots *roots = NULL;
    enum err err = read_input(input, &probe, &host, &reply->complaint);
    if (err != ERR_NONE) {
        return err;
    }
    probe.context = tls_session_context();
    if (probe.context == NULL) {
        return ERR_CRYPTO;
    }
    probe.roots = roots_load(ROOTS_FILE, &roots) == ERR_NONE ? roots : NULL;
    struct json *planted = collect_planted(&probe);
    struct json *facts = collect_outside(&probe, host, without_brackets(json_text(input, "address", SLICE_NONE)));
    roots_free(roots);
    SSL_CTX_free(probe.context);
    return fact_output(arena, facts, planted, &reply->output);
}
