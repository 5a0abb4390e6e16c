/*
 * What an endpoint says in the clear. Two questions: does one that gives no answer in TLS speak some protocol without it, and does one
 * that begins TLS after a greeting let people go on without.
 */
#include "collect/tls_probe.h"

#include "collect/fact.h"

#include <string.h>

enum { PLAIN_STEP_MAX_MS = 1500, PLAIN_WORDS_MAX_BYTES = 80, PLAIN_READ_MAX_BYTES = 4096 };

/* Answers are told by how they begin; `at` skips bytes that vary. */
struct plain_answer {
    const char *spoke;
    size_t at;
    struct slice begins;
};

static const struct plain_answer answers[] = {
    {"http", 0, SLICE_INIT("HTTP/1.")},
    {"http/2", 3, SLICE_INIT("\x04\x00\x00\x00\x00\x00")},      /* a SETTINGS frame of stream 0 */
    {"redis", 0, SLICE_INIT("+PONG")},
    {"redis", 0, SLICE_INIT("-NOAUTH")},
    {"redis", 0, SLICE_INIT("-DENIED")},
    {"redis", 0, SLICE_INIT("-ERR ")},
    {"memcached", 0, SLICE_INIT("VERSION ")},
    {"postgres", 0, SLICE_INIT("N")},
    {"pop3", 0, SLICE_INIT("+OK")},
    {"imap", 0, SLICE_INIT("* OK")},
    {"smtp or ftp", 0, SLICE_INIT("220")},
    {"mysql", 3, SLICE_INIT("\x00\x0a")},
    {"xmpp", 0, SLICE_INIT("<?xml")},
    {"nats", 0, SLICE_INIT("INFO {")},
    {"amqp", 0, SLICE_INIT("AMQP")},
};

/* Questions that change nothing. "" only listens: many servers speak first. An answer counts to that question alone for which it is told. */
static const struct {
    struct slice says;
    const char *spoke;                   /* the only protocol it is meant for, NULL: any */
} questions[] = {
    {SLICE_INIT("GET / HTTP/1.0\r\n\r\n"), NULL},
    {SLICE_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"), "http/2"},
    {SLICE_INIT("PING\r\n"), "redis"},
    {SLICE_INIT("version\r\n"), "memcached"},
    {SLICE_INIT("\0\0\0\x08\x04\xd2\x16\x2f"), "postgres"},
};

static bool is_answer(const struct plain_answer *answer, struct slice received)
{
    bool whole = strcmp(answer->spoke, "postgres") != 0 || received.len == 1; /* one byte says it, if it is the only one */
    return whole && slice_starts(slice_from(received, answer->at), answer->begins);
}

static const char *spoken(struct slice received, const char *meant)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        bool fits = meant == NULL ? strcmp(answers[i].spoke, "postgres") != 0 : strcmp(meant, answers[i].spoke) == 0;
        if (fits && is_answer(&answers[i], received)) {
            return answers[i].spoke;
        }
    }
    return NULL;
}

/* Reads until the answer is understood or nothing more comes. */
static const char *ask_plain(const struct tls_probe *probe, struct slice says, const char *meant, struct buf *received)
{
    struct tls_probe brief = *probe;
    brief.step_ms = probe->step_ms < PLAIN_STEP_MAX_MS ? probe->step_ms : PLAIN_STEP_MAX_MS;
    struct stream stream;
    if (tls_probe_connect(&brief, probe->port, &stream) != ERR_NONE) {
        return NULL;
    }
    const char *spoke = NULL;
    enum err err = stream_write(&stream, says);
    while (err == ERR_NONE && spoke == NULL) {
        uint8_t chunk[512];
        size_t count = 0;
        err = stream_read(&stream, chunk, sizeof(chunk), &count);
        err = err != ERR_NONE ? err : buf_append(received, slice_of(chunk, count));
        spoke = err != ERR_NONE ? NULL : spoken(buf_slice(received), meant);
    }
    stream_close(&stream);
    return spoke;
}

bool tls_plain_put(const struct tls_probe *probe, struct json *facts)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        cleanup_buf struct buf received = BUF_INIT(PLAIN_READ_MAX_BYTES);
        const char *spoke = ask_plain(probe, questions[i].says, questions[i].spoke, &received);
        if (spoke != NULL) {
            struct json *fact = json_set_object(probe->arena, facts, "plain");
            json_set_string(probe->arena, fact, "spoke", slice_string(spoke));
            fact_set_text(probe->arena, fact, "words", buf_slice(&received), PLAIN_WORDS_MAX_BYTES);
            return true;
        }
    }
    return false;
}

static void put_greeting(const struct tls_probe *probe, const struct greeting *greeting, struct json *facts)
{
    struct json *fact = json_set_object(probe->arena, facts, "unencrypted");
    json_set_string(probe->arena, fact, "state", slice_string(unencrypted_name(greeting->unencrypted)));
    fact_set_text(probe->arena, fact, "words", slice_of(greeting->words, greeting->words_bytes), GREETING_WORDS_MAX_BYTES);
}

void tls_plain_put_unencrypted(const struct tls_probe *probe, const struct greeting *greeting, struct json *facts)
{
    if (probe->protocol->try_unencrypted == NULL) {
        put_greeting(probe, greeting, facts);
        return;
    }
    struct greeting tried = {.unencrypted = UNENCRYPTED_UNCLEAR};
    struct stream stream;
    if (tls_probe_connect(probe, probe->port, &stream) == ERR_NONE) {
        struct talk talk;
        talk_begin(&talk, &stream);
        if (probe->protocol->try_unencrypted(&talk, &tried) != ERR_NONE) {
            tried.unencrypted = UNENCRYPTED_UNCLEAR; /* a connection that only ends says neither yes nor no */
        }
        stream_close(&stream);
    }
    put_greeting(probe, &tried, facts);
}
