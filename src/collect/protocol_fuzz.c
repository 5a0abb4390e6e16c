/* Hostile answers before TLS: the first byte names the protocol, the second how many bytes come at once, the rest is what the endpoint says. */
#include "collect/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    struct slice rest;
    size_t at_once;
};

static enum err take(void *context, struct slice bytes)
{
    (void)context;
    (void)bytes;
    return ERR_NONE;
}

static enum err give(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    struct script *script = context;
    size_t count = 0;
    for (; count < script->at_once && count < max_bytes && count < script->rest.len; count++) {
        out[count] = script->rest.data[count];
    }
    script->rest = slice_from(script->rest, count);
    *ret_count = count;
    return ERR_NONE;
}

static void play(struct slice answers, size_t at_once, const struct protocol *protocol, bool without)
{
    struct script script = {answers, at_once};
    struct stream_peer peer = {take, give, &script};
    struct stream stream = stream_planted(&peer, 262144);
    struct greeting greeting = {0};
    struct talk talk;
    talk_begin(&talk, &stream);
    enum err err = without ? protocol->try_unencrypted(&talk, &greeting) : protocol->start(&talk, SLICE_LITERAL("localhost"), &greeting);
    bool more = talk_end(&talk) != ERR_NONE;
    if (greeting.words_bytes > sizeof(greeting.words) || (err == ERR_NONE && !without && more)) {
        __builtin_trap(); /* TLS would begin with bytes that came too early */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    const struct protocol *protocols = protocol_all(&count);
    if (size < 2) {
        return 0;
    }
    const struct protocol *protocol = &protocols[data[0] % count];
    struct slice answers = slice_of(data + 2, size - 2);
    if (protocol->start != NULL) {
        play(answers, 1 + data[1], protocol, false);
    }
    if (protocol->try_unencrypted != NULL) {
        play(answers, 1 + data[1], protocol, true);
    }
    return 0;
}
