/*
 * signature = hex(HMAC(key, "AWS4-HMAC-SHA256\n" date "\n" scope "\n" hex(SHA-256(canonical request))))
 * key       = HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), service), "aws4_request");   scope = day/region/service/aws4_request
 * canonical request = method "\n" path "\n" query "\n" headers in order, "name:value\n" each "\n" names by ";" "\n" hex(SHA-256(body))
 */
#include "collect/sigv4.h"

#include "base/encode.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DIGEST_BYTES = SHA256_DIGEST_LENGTH, TEXT_MAX_BYTES = 16 << 10, DATE_BYTES = 17, DAY_BYTES = 8 };

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static enum err mac(const uint8_t *key, size_t key_bytes, struct slice text, uint8_t ret_mac[DIGEST_BYTES])
{
    unsigned count = 0;
    return HMAC(EVP_sha256(), key, (int)key_bytes, text.len == 0 ? (const uint8_t *)"" : text.data, text.len, ret_mac, &count) != NULL && count == DIGEST_BYTES ? ERR_NONE
                                                                                                                                                      : ERR_CRYPTO;
}

/* The key of this day, region and service. */
static enum err derive(const struct sigv4 *keys, struct slice day, uint8_t ret_key[DIGEST_BYTES])
{
    cleanup_buf struct buf first = BUF_INIT(1024);
    const struct slice parts[] = {day, keys->region, keys->service, SLICE_LITERAL("aws4_request")};
    enum err err = buf_append_string(&first, "AWS4");
    err = err == ERR_NONE ? buf_append(&first, keys->secret_key) : err;
    err = err == ERR_NONE ? mac(first.data, first.len, parts[0], ret_key) : err;
    for (size_t i = 1; i < 4 && err == ERR_NONE; i++) {
        uint8_t next[DIGEST_BYTES];
        err = mac(ret_key, DIGEST_BYTES, parts[i], next);
        memcpy(ret_key, next, DIGEST_BYTES);
    }
    return err;
}

static enum err append_all(struct buf *out, const struct slice *parts, size_t count)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = buf_append(out, parts[i]);
    }
    return err;
}

#define TEXT_OF(literal) SLICE_LITERAL(literal)
#define APPEND(out, ...) append_all((out), (const struct slice[]){__VA_ARGS__}, sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))

static enum err append_canonical(const struct sigv4 *keys, const struct sigv4_request *request, struct slice date, struct buf *out)
{
    bool token = keys->session_token.len > 0;
    struct slice path = request->path.len == 0 ? TEXT_OF("/") : request->path;
    enum err err = APPEND(out, slice_string(request->method), TEXT_OF("\n"), path, TEXT_OF("\n"), request->query, TEXT_OF("\nhost:"), request->host,
                          TEXT_OF("\nx-amz-content-sha256:" EMPTY_SHA256 "\nx-amz-date:"), date, TEXT_OF("\n"));
    if (err == ERR_NONE && token) {
        err = APPEND(out, TEXT_OF("x-amz-security-token:"), keys->session_token, TEXT_OF("\n"));
    }
    return err != ERR_NONE ? err
                           : APPEND(out, TEXT_OF("\nhost;x-amz-content-sha256;x-amz-date"), token ? TEXT_OF(";x-amz-security-token") : SLICE_NONE, TEXT_OF("\n" EMPTY_SHA256));
}

static enum err append_hex(struct buf *out, const uint8_t digest[DIGEST_BYTES])
{
    return hex_encode(out, slice_of(digest, DIGEST_BYTES));
}

static bool write_date(int64_t unix_ms, char date[DATE_BYTES])
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm utc;
    return unix_ms >= 0 && gmtime_r(&seconds, &utc) != NULL && strftime(date, DATE_BYTES, "%Y%m%dT%H%M%SZ", &utc) == DATE_BYTES - 1;
}

enum err sigv4_sign(const struct sigv4 *keys, const struct sigv4_request *request, struct buf *out)
{
    char date[DATE_BYTES];
    uint8_t digest[DIGEST_BYTES], key[DIGEST_BYTES];
    cleanup_buf struct buf canonical = BUF_INIT(TEXT_MAX_BYTES), scope = BUF_INIT(512), to_sign = BUF_INIT(1024);
    if (keys->access_key.len == 0 || keys->secret_key.len == 0 || !write_date(keys->unix_ms, date)) {
        return ERR_INVALID;
    }
    struct slice when = slice_string(date), day = slice_first(when, DAY_BYTES);
    enum err err = append_canonical(keys, request, when, &canonical);
    err = err == ERR_NONE ? APPEND(&scope, day, TEXT_OF("/"), keys->region, TEXT_OF("/"), keys->service, TEXT_OF("/aws4_request")) : err;
    if (err == ERR_NONE) {
        SHA256(canonical.data, canonical.len, digest);
        err = APPEND(&to_sign, TEXT_OF("AWS4-HMAC-SHA256\n"), when, TEXT_OF("\n"), buf_slice(&scope), TEXT_OF("\n"));
    }
    err = err == ERR_NONE ? append_hex(&to_sign, digest) : err;
    err = err == ERR_NONE ? derive(keys, day, key) : err;
    err = err == ERR_NONE ? mac(key, DIGEST_BYTES, buf_slice(&to_sign), digest) : err;
    OPENSSL_cleanse(key, sizeof key);
    const struct slice end = {(const uint8_t *)"", 1};
    err = err == ERR_NONE ? APPEND(out, TEXT_OF("x-amz-date: "), when, end, TEXT_OF("x-amz-content-sha256: " EMPTY_SHA256), end) : err;
    if (err == ERR_NONE && keys->session_token.len > 0) {
        err = APPEND(out, TEXT_OF("x-amz-security-token: "), keys->session_token, end);
    }
    err = err == ERR_NONE ? APPEND(out, TEXT_OF("Authorization: AWS4-HMAC-SHA256 Credential="), keys->access_key, TEXT_OF("/"), buf_slice(&scope),
                                   TEXT_OF(",SignedHeaders=host;x-amz-content-sha256;x-amz-date"), keys->session_token.len > 0 ? TEXT_OF(";x-amz-security-token") : SLICE_NONE,
                                   TEXT_OF(",Signature="))
                          : err;
    err = err == ERR_NONE ? append_hex(out, digest) : err;
    return err == ERR_NONE ? buf_append(out, end) : err;
}
