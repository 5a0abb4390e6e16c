/*
 * A login at PostgreSQL (protocol 3.0) by SCRAM-SHA-256 (RFC 5802, RFC 7677), far enough to know whether the password is taken.
 *
 *   SSLRequest      u32 8, u32 80877103; the server answers one byte: 'S' TLS begins, 'N' it does not
 *   StartupMessage  u32 length, u32 196608, "user\0NAME\0database\0NAME\0\0"
 *   message         u8 type, u32 length that counts itself, body
 *   'R' 10          mechanisms, each with \0; -> 'p' "SCRAM-SHA-256\0", u32 length, client-first
 *   'R' 11          server-first "r=…,s=…,i=…"; -> 'p' client-final "c=biws,r=…,p=…"
 *   'R' 12          server-final "v=…": the server knows the password as well
 *   'R' 0           logged in        'R' 3, 5: it wants the password itself or its MD5, which it is not told        'E' refused, its field 'C' is the SQLSTATE
 */
#include "collect/rotation.h"

#include "base/encode.h"
#include "collect/tls_session.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX_BYTES = 8192, TEXT_MAX_BYTES = 1024, ADDRESSES_MAX = 8, SESSION_MAX_BYTES = 256 << 10, ITERATIONS_MAX = 1000000, DIGEST_BYTES = 32, MESSAGES_MAX = 100, NONCE_BYTES = 18 };

struct dialogue {
    const struct credential_line *line;
    const struct credential *credential;
    struct buf held;                    /* bytes read and not yet taken */
    char nonce[32];
    struct buf first, server;           /* client-first-bare; server-first */
    uint8_t server_signature[DIGEST_BYTES];
    bool is_proven;                     /* the server showed that it knows the password */
    char *status;
};

static void say(struct dialogue *dialogue, const char *word)
{
    snprintf(dialogue->status, 16, "%s", word);
}

/* ---- messages ---- */

static enum err take(struct dialogue *dialogue, size_t count, struct slice *ret_bytes)
{
    while (dialogue->held.len < count) {
        size_t got = 0;
        enum err err = count > MESSAGE_MAX_BYTES ? ERR_TOO_LARGE : buf_reserve(&dialogue->held, 2048);
        err = err == ERR_NONE ? dialogue->line->read(dialogue->line->context, dialogue->held.data + dialogue->held.len, 2048, &got) : err;
        if (err != ERR_NONE) {
            return err;
        }
        dialogue->held.len += got;
    }
    *ret_bytes = slice_of(dialogue->held.data, count);
    return ERR_NONE;
}

static uint32_t u32_big(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static enum err put_u32_big(struct buf *out, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    return buf_append(out, slice_of(bytes, 4));
}

/* The body is borrowed until the next one is read. */
static enum err read_message(struct dialogue *dialogue, size_t *taken, uint8_t *ret_type, struct slice *ret_body)
{
    struct slice bytes;
    buf_consume(&dialogue->held, *taken);
    *taken = 0;
    enum err err = take(dialogue, 5, &bytes);
    if (err != ERR_NONE) {
        return err;
    }
    uint32_t length = u32_big(bytes.data + 1);
    if (length < 4 || length > MESSAGE_MAX_BYTES - 1) {
        return ERR_TOO_LARGE;
    }
    err = take(dialogue, 1 + (size_t)length, &bytes);
    if (err == ERR_NONE) {
        *taken = bytes.len;
        *ret_type = bytes.data[0];
        *ret_body = slice_from(bytes, 5);
    }
    return err;
}

static enum err send_message(struct dialogue *dialogue, const char *type, struct slice body)
{
    cleanup_buf struct buf out = BUF_INIT(MESSAGE_MAX_BYTES);
    enum err err = buf_append_string(&out, type);
    err = err == ERR_NONE ? put_u32_big(&out, (uint32_t)body.len + 4) : err;
    err = err == ERR_NONE ? buf_append(&out, body) : err;
    return err == ERR_NONE ? dialogue->line->write(dialogue->line->context, buf_slice(&out)) : err;
}

static enum err put_text(struct buf *out, struct slice text)
{
    enum err err = slice_find_byte(text, 0) != SIZE_MAX ? ERR_INVALID : buf_append(out, text);
    return err == ERR_NONE ? buf_append_byte(out, 0) : err;
}

static enum err send_startup(struct dialogue *dialogue)
{
    cleanup_buf struct buf body = BUF_INIT(TEXT_MAX_BYTES);
    enum err err = put_u32_big(&body, 196608);
    err = err == ERR_NONE ? put_text(&body, SLICE_LITERAL("user")) : err;
    err = err == ERR_NONE ? put_text(&body, dialogue->credential->user) : err;
    err = err == ERR_NONE ? put_text(&body, SLICE_LITERAL("database")) : err;
    err = err == ERR_NONE ? put_text(&body, dialogue->credential->database) : err;
    err = err == ERR_NONE ? buf_append_byte(&body, 0) : err;
    return err == ERR_NONE ? send_message(dialogue, "", buf_slice(&body)) : err;
}

/* ---- SCRAM ---- */

static enum err send_first(struct dialogue *dialogue, struct slice mechanisms)
{
    cleanup_buf struct buf body = BUF_INIT(TEXT_MAX_BYTES);
    struct slice mechanism;
    bool is_known = false;
    while (slice_split(&mechanisms, 0, &mechanism)) {
        is_known = is_known || slice_is(mechanism, "SCRAM-SHA-256");
    }
    if (!is_known) {
        return ERR_UNSUPPORTED;
    }
    enum err err = buf_printf(&dialogue->first, "n=,r=%s", dialogue->nonce);
    err = err == ERR_NONE ? put_text(&body, SLICE_LITERAL("SCRAM-SHA-256")) : err;
    err = err == ERR_NONE ? put_u32_big(&body, (uint32_t)dialogue->first.len + 3) : err;
    err = err == ERR_NONE ? buf_append_string(&body, "n,,") : err;
    err = err == ERR_NONE ? buf_append(&body, buf_slice(&dialogue->first)) : err;
    return err == ERR_NONE ? send_message(dialogue, "p", buf_slice(&body)) : err;
}

/* "r=…" of "r=…,s=…,i=…". */
static struct slice attribute(struct slice text, char name)
{
    struct slice part;
    while (slice_split(&text, ',', &part)) {
        if (part.len > 2 && part.data[0] == (uint8_t)name && part.data[1] == '=') {
            return slice_from(part, 2);
        }
    }
    return SLICE_NONE;
}

static bool hmac(struct slice key, struct slice text, uint8_t out[DIGEST_BYTES])
{
    unsigned length = 0;
    return key.len <= INT32_MAX && HMAC(EVP_sha256(), key.data, (int)key.len, text.data, text.len, out, &length) != NULL && length == DIGEST_BYTES;
}

/* ClientProof and ServerSignature from the salted password; all else on the way is wiped. */
static bool prove(struct dialogue *dialogue, struct slice salt, uint64_t iterations, struct slice message, uint8_t proof[DIGEST_BYTES])
{
    uint8_t salted[DIGEST_BYTES], key[DIGEST_BYTES], stored[DIGEST_BYTES], signature[DIGEST_BYTES];
    struct slice value = dialogue->credential->value;
    unsigned length = 0;
    bool good = value.len <= TEXT_MAX_BYTES && PKCS5_PBKDF2_HMAC((const char *)value.data, (int)value.len, salt.data, (int)salt.len, (int)iterations, EVP_sha256(), DIGEST_BYTES, salted) == 1 &&
                hmac(slice_of(salted, DIGEST_BYTES), SLICE_LITERAL("Client Key"), key) && EVP_Digest(key, DIGEST_BYTES, stored, &length, EVP_sha256(), NULL) == 1 &&
                hmac(slice_of(stored, DIGEST_BYTES), message, signature);
    for (size_t i = 0; good && i < DIGEST_BYTES; i++) {
        proof[i] = key[i] ^ signature[i];
    }
    good = good && hmac(slice_of(salted, DIGEST_BYTES), SLICE_LITERAL("Server Key"), key) && hmac(slice_of(key, DIGEST_BYTES), message, dialogue->server_signature);
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(stored, sizeof stored);
    OPENSSL_cleanse(signature, sizeof signature);
    return good;
}

static enum err send_final(struct dialogue *dialogue, struct slice server_first)
{
    cleanup_buf struct buf salt = BUF_INIT(TEXT_MAX_BYTES), final = BUF_INIT(TEXT_MAX_BYTES), message = BUF_INIT(4 * TEXT_MAX_BYTES);
    struct slice nonce = attribute(server_first, 'r'), count = attribute(server_first, 'i');
    uint64_t iterations = 0;
    uint8_t proof[DIGEST_BYTES] = {0};
    bool good = slice_starts(nonce, slice_string(dialogue->nonce)) && nonce.len > strlen(dialogue->nonce) && slice_to_u64(count, &iterations) == ERR_NONE && iterations > 0 &&
                iterations <= ITERATIONS_MAX && base64_decode(&salt, attribute(server_first, 's')) == ERR_NONE && salt.len > 0;
    enum err err = !good ? ERR_PROTOCOL : buf_append_string(&final, "c=biws,r=");
    err = err == ERR_NONE ? buf_append(&final, nonce) : err;
    err = err == ERR_NONE ? buf_append(&message, buf_slice(&dialogue->first)) : err;
    err = err == ERR_NONE ? buf_append_byte(&message, ',') : err;
    err = err == ERR_NONE ? buf_append(&message, server_first) : err;
    err = err == ERR_NONE ? buf_append_byte(&message, ',') : err;
    err = err == ERR_NONE ? buf_append(&message, buf_slice(&final)) : err;
    if (err == ERR_NONE && !prove(dialogue, buf_slice(&salt), iterations, buf_slice(&message), proof)) {
        err = ERR_CRYPTO;
    }
    err = err == ERR_NONE ? buf_append_string(&final, ",p=") : err;
    err = err == ERR_NONE ? base64_encode(&final, slice_of(proof, sizeof proof)) : err;
    OPENSSL_cleanse(proof, sizeof proof);
    return err == ERR_NONE ? send_message(dialogue, "p", buf_slice(&final)) : err;
}

static bool is_signed(const struct dialogue *dialogue, struct slice server_final)
{
    cleanup_buf struct buf signature = BUF_INIT(TEXT_MAX_BYTES);
    return base64_decode(&signature, attribute(server_final, 'v')) == ERR_NONE && signature.len == DIGEST_BYTES && CRYPTO_memcmp(signature.data, dialogue->server_signature, DIGEST_BYTES) == 0;
}

/* ---- the dialogue ---- */

/* Field 'C' of an error: five letters or digits. */
static enum credential_state refusal(struct dialogue *dialogue, struct slice body)
{
    struct slice field;
    say(dialogue, "error");
    while (slice_split(&body, 0, &field)) {
        if (field.len == 6 && field.data[0] == 'C') {
            char code[6] = "";
            for (size_t i = 0; i < 5; i++) {
                uint8_t byte = field.data[i + 1];
                bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z');
                code[i] = is_plain ? (char)byte : '-';
            }
            say(dialogue, code);
            return strcmp(code, "28P01") == 0 ? CREDENTIAL_REFUSED : CREDENTIAL_UNCLEAR;
        }
    }
    return CREDENTIAL_UNCLEAR;
}

/* ERR_NONE: the dialogue goes on; else it ended, and *ret_state says how. */
static enum err answer(struct dialogue *dialogue, struct slice body, enum credential_state *ret_state)
{
    if (body.len < 4) {
        return ERR_PROTOCOL;
    }
    uint32_t code = u32_big(body.data);
    body = slice_from(body, 4);
    if (code == 10) {
        return dialogue->first.len > 0 ? ERR_PROTOCOL : send_first(dialogue, body);
    }
    if (code == 11) {
        bool is_due = dialogue->first.len > 0 && dialogue->server.len == 0;
        enum err err = is_due ? buf_append(&dialogue->server, body) : ERR_PROTOCOL;
        return err == ERR_NONE ? send_final(dialogue, buf_slice(&dialogue->server)) : err;
    }
    if (code == 12) {
        dialogue->is_proven = dialogue->server.len > 0 && is_signed(dialogue, body);
        return dialogue->is_proven ? ERR_NONE : ERR_FORGED;
    }
    if (code == 0) {
        /* without a question for it the password is not what lets in: the old one does as well */
        bool is_open = dialogue->first.len == 0;
        say(dialogue, is_open ? "no password" : "scram");
        *ret_state = is_open || dialogue->is_proven ? CREDENTIAL_ACCEPTED : CREDENTIAL_UNCLEAR;
        return ERR_CLOSED;
    }
    say(dialogue, code == 3 ? "cleartext" : code == 5 ? "md5" : "method");
    return ERR_UNSUPPORTED;
}

enum credential_state credential_postgres_talk(const struct credential_line *line, const struct credential *credential, const uint8_t nonce[NONCE_BYTES], char status[16])
{
    cleanup_buf struct buf text = BUF_INIT(64);
    struct dialogue dialogue = {.line = line, .credential = credential, .held = BUF_INIT(2 * MESSAGE_MAX_BYTES), .first = BUF_INIT(TEXT_MAX_BYTES), .server = BUF_INIT(TEXT_MAX_BYTES), .status = status};
    enum credential_state state = CREDENTIAL_UNCLEAR;
    enum err err = base64_encode(&text, slice_of(nonce, NONCE_BYTES));
    snprintf(dialogue.nonce, sizeof dialogue.nonce, "%.*s", (int)text.len, (const char *)text.data);
    say(&dialogue, "broken");
    err = err == ERR_NONE ? send_startup(&dialogue) : err;
    size_t taken = 0, count = 0;
    while (err == ERR_NONE && count++ < MESSAGES_MAX) {
        uint8_t type = 0;
        struct slice body;
        err = read_message(&dialogue, &taken, &type, &body);
        if (err == ERR_NONE && type == 'E') {
            state = refusal(&dialogue, body);
            break;
        }
        err = err != ERR_NONE ? err : type == 'R' ? answer(&dialogue, body, &state) : type == 'N' || type == 'S' ? ERR_NONE : ERR_PROTOCOL;
    }
    if (err == ERR_TIMEOUT) {
        state = CREDENTIAL_SILENT;
        say(&dialogue, "timeout");
    }
    buf_free(&dialogue.held);
    buf_free(&dialogue.first);
    buf_free(&dialogue.server);
    OPENSSL_cleanse(dialogue.server_signature, sizeof dialogue.server_signature);
    return state;
}

/* ---- the connection ---- */

static enum err write_stream(void *context, struct slice bytes)
{
    return stream_write(context, bytes);
}

static enum err read_stream(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    return stream_read(context, out, max_bytes, ret_count);
}

static enum err write_session(void *context, struct slice bytes)
{
    return tls_session_write(context, bytes);
}

static enum err read_session(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    return tls_session_read(context, out, max_bytes, ret_count);
}

static enum err open_stream(const struct credential *credential, int64_t deadline_ns, struct stream *ret_stream)
{
    struct stream_address addresses[ADDRESSES_MAX];
    size_t count = 0;
    enum err err = stream_resolve(credential->host, credential->port, addresses, ADDRESSES_MAX, &count), last = err;
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        last = stream_connect(&addresses[i], deadline_ns, SESSION_MAX_BYTES, ret_stream);
        if (last == ERR_NONE) {
            return ERR_NONE;
        }
    }
    return last == ERR_NONE ? ERR_NOT_FOUND : last;
}

/* SCRAM shows the password to nobody and makes the server show that it knows it: so the certificate need not be trusted. */
static enum credential_state over_tls(const struct credential *credential, struct stream stream, const uint8_t *nonce, char status[16])
{
    SSL_CTX *context = tls_session_context();
    struct tls_session session;
    struct tls_ask ask = {.context = context, .version = TLS1_3_VERSION};
    if (context == NULL) {
        stream_close(&stream);
        return CREDENTIAL_UNCLEAR;
    }
    tls_session_open(&ask, stream, &session);
    enum credential_state state = CREDENTIAL_UNCLEAR;
    if (session.result == TLS_ACCEPTED) {
        struct credential_line line = {write_session, read_session, &session};
        state = credential_postgres_talk(&line, credential, nonce, status);
    } else {
        snprintf(status, 16, "tls %s", tls_result_name(session.result));
    }
    tls_session_close(&session);
    SSL_CTX_free(context);
    return state;
}

enum credential_state credential_postgres(const struct credential *credential, int64_t deadline_ns, char status[16])
{
    static const uint8_t request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
    struct stream stream;
    uint8_t nonce[NONCE_BYTES], byte = 0;
    size_t count = 0;
    snprintf(status, 16, "silent");
    if (RAND_bytes(nonce, sizeof nonce) != 1 || open_stream(credential, deadline_ns, &stream) != ERR_NONE) {
        return CREDENTIAL_SILENT;
    }
    enum err err = stream_write(&stream, slice_of(request, sizeof request));
    err = err == ERR_NONE ? stream_read(&stream, &byte, 1, &count) : err;
    if (err == ERR_NONE && byte == 'S') {
        return over_tls(credential, stream, nonce, status);
    }
    enum credential_state state = err != ERR_NONE ? CREDENTIAL_SILENT : CREDENTIAL_UNCLEAR;
    if (err == ERR_NONE && byte == 'N') {
        struct credential_line line = {write_stream, read_stream, &stream};
        state = credential_postgres_talk(&line, credential, nonce, status);
    }
    stream_close(&stream);
    return state;
}
