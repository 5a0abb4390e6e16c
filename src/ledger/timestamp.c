#include "ledger/timestamp.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

/* OpenSSL 3.4 gave both a name that says who owns the argument; the older ones took it too. */
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
#define set_store TS_VERIFY_CTX_set0_store
#define set_imprint TS_VERIFY_CTX_set0_imprint
#else
#define set_store TS_VERIFY_CTX_set_store
#define set_imprint TS_VERIFY_CTX_set_imprint
#endif

#define cleanup_of(type, release)                                                                  \
    static void cleanup_##type(type **object)                                                      \
    {                                                                                              \
        release(*object);                                                                          \
    }
cleanup_of(TS_REQ, TS_REQ_free) cleanup_of(TS_RESP, TS_RESP_free)
    cleanup_of(TS_MSG_IMPRINT, TS_MSG_IMPRINT_free) cleanup_of(TS_VERIFY_CTX, TS_VERIFY_CTX_free)
        cleanup_of(X509_ALGOR, X509_ALGOR_free) cleanup_of(ASN1_INTEGER, ASN1_INTEGER_free)
            cleanup_of(BIO, BIO_vfree)

#define owned(type) __attribute__((cleanup(cleanup_##type))) type

                static TS_MSG_IMPRINT *make_imprint(const uint8_t digest[SHA256_BYTES])
{
    owned(X509_ALGOR) *algorithm = X509_ALGOR_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    uint8_t copy[SHA256_BYTES]; /* OpenSSL 3.0 takes it without const */
    memcpy(copy, digest, sizeof(copy));
    if (algorithm == NULL || imprint == NULL ||
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) != 1 ||
        TS_MSG_IMPRINT_set_algo(imprint, algorithm) != 1 ||
        TS_MSG_IMPRINT_set_msg(imprint, copy, sizeof(copy)) != 1) {
        TS_MSG_IMPRINT_free(imprint);
        return NULL;
    }
    return imprint;
}

static ASN1_INTEGER *make_integer(uint64_t value)
{
    ASN1_INTEGER *integer = ASN1_INTEGER_new();
    if (integer != NULL && ASN1_INTEGER_set_uint64(integer, value) != 1) {
        ASN1_INTEGER_free(integer);
        return NULL;
    }
    return integer;
}

enum err timestamp_request(const uint8_t digest[SHA256_BYTES], uint64_t nonce, struct buf *out)
{
    owned(TS_REQ) *request = TS_REQ_new();
    owned(TS_MSG_IMPRINT) *imprint = make_imprint(digest);
    owned(ASN1_INTEGER) *number = make_integer(nonce);
    if (request == NULL || imprint == NULL || number == NULL ||
        TS_REQ_set_version(request, 1) != 1 || TS_REQ_set_msg_imprint(request, imprint) != 1 ||
        TS_REQ_set_nonce(request, number) != 1 || TS_REQ_set_cert_req(request, 1) != 1) {
        ERR_clear_error();
        return ERR_MEMORY;
    }
    uint8_t *der = NULL;
    int length = i2d_TS_REQ(request, &der);
    if (length <= 0) {
        ERR_clear_error();
        return ERR_CRYPTO;
    }
    enum err err = buf_append(out, slice_of(der, (size_t)length));
    OPENSSL_free(der);
    return err;
}

/* DER that ends where the bytes end. */
static enum err parse_reply(struct slice reply, TS_RESP **ret_response)
{
    if (reply.len == 0 || reply.len > TIMESTAMP_REPLY_MAX_BYTES) {
        return ERR_MALFORMED;
    }
    const uint8_t *at = reply.data;
    TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)reply.len);
    ERR_clear_error();
    if (response == NULL || at != reply.data + reply.len) {
        TS_RESP_free(response);
        return ERR_MALFORMED;
    }
    *ret_response = response;
    return ERR_NONE;
}

static enum err load_trust(struct slice trust, X509_STORE **ret_store)
{
    if (trust.len == 0 || trust.len > TIMESTAMP_TRUST_MAX_BYTES) {
        return ERR_INVALID;
    }
    owned(BIO) *bio = BIO_new_mem_buf(trust.data, (int)trust.len);
    X509_STORE *store = X509_STORE_new();
    size_t count = 0;
    X509 *certificate;
    while (bio != NULL && store != NULL &&
           (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_cert(store, certificate) == 1;
        X509_free(certificate);
    }
    ERR_clear_error(); /* the end of the PEM text counts as an error there */
    if (count == 0) {
        X509_STORE_free(store);
        return bio == NULL || store == NULL ? ERR_MEMORY : ERR_INVALID;
    }
    *ret_store = store;
    return ERR_NONE;
}

static enum err reply_time(TS_TST_INFO *info, int64_t *ret_unix_s)
{
    struct tm parts;
    const ASN1_GENERALIZEDTIME *time = info == NULL ? NULL : TS_TST_INFO_get_time(info);
    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) {
        ERR_clear_error();
        return ERR_MALFORMED;
    }
    *ret_unix_s = (int64_t)timegm(&parts);
    return ERR_NONE;
}

/* Compared here, because the context of OpenSSL 3.0 has no setter for the nonce. */
static enum err check_nonce(TS_RESP *response, const uint64_t *nonce)
{
    if (nonce == NULL) {
        return ERR_NONE;
    }
    owned(ASN1_INTEGER) *expected = make_integer(*nonce);
    const ASN1_INTEGER *got = TS_TST_INFO_get_nonce(TS_RESP_get_tst_info(response));
    if (expected == NULL) {
        return ERR_MEMORY;
    }
    return got != NULL && ASN1_INTEGER_cmp(expected, got) == 0 ? ERR_NONE : ERR_FORGED;
}

/* `store` NULL: version and imprint only. It moves in. */
static enum err verify_with(TS_RESP *response, const uint8_t digest[SHA256_BYTES],
                            X509_STORE *store)
{
    owned(TS_VERIFY_CTX) *context = TS_VERIFY_CTX_new();
    uint8_t *imprint = OPENSSL_memdup(digest, SHA256_BYTES);
    if (context == NULL || imprint == NULL) {
        X509_STORE_free(store);
        OPENSSL_free(imprint);
        return ERR_MEMORY;
    }
    TS_VERIFY_CTX_set_flags(context, TS_VFY_VERSION | TS_VFY_IMPRINT |
                                         (store != NULL ? TS_VFY_SIGNATURE : 0));
    /* Both belong to the context from here on. */
    set_store(context, store);
    set_imprint(context, imprint, SHA256_BYTES);
    int good = TS_RESP_verify_response(context, response);
    ERR_clear_error();
    return good == 1 ? ERR_NONE : ERR_FORGED;
}

/* The chain is judged at the time stamped: an authority's certificate expires, its stamps do not.
 */
static enum err verify(TS_RESP *response, const uint8_t digest[SHA256_BYTES], struct slice trust,
                       int64_t unix_s)
{
    X509_STORE *store = NULL;
    enum err err = load_trust(trust, &store);
    if (err != ERR_NONE) {
        return err;
    }
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)unix_s);
    return verify_with(response, digest, store);
}

static void describe(TS_RESP *response, struct timestamp *timestamp)
{
    const ASN1_INTEGER *serial = TS_TST_INFO_get_serial(TS_RESP_get_tst_info(response));
    struct slice digits =
        slice_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    for (size_t i = 0; i < digits.len; i++) {
        timestamp->serial = timestamp->serial << 8 | digits.data[i];
    }
    STACK_OF(X509) *signers = PKCS7_get0_signers(TS_RESP_get_token(response), NULL, 0);
    if (signers != NULL && sk_X509_num(signers) > 0) {
        X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), timestamp->authority,
                          (int)sizeof(timestamp->authority));
    }
    sk_X509_free(signers);
    ERR_clear_error();
}

static bool is_granted(TS_RESP *response)
{
    long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response)));
    return status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS;
}

enum err timestamp_check(struct slice reply, const uint8_t digest[SHA256_BYTES],
                         const uint64_t *nonce, struct slice trust, struct timestamp *ret_timestamp)
{
    owned(TS_RESP) *response = NULL;
    struct timestamp timestamp = {0};
    enum err err = parse_reply(reply, &response);
    if (err != ERR_NONE) {
        return err;
    }
    if (!is_granted(response)) {
        return ERR_DENIED;
    }
    err = reply_time(TS_RESP_get_tst_info(response), &timestamp.unix_s);
    if (err == ERR_NONE) {
        err = check_nonce(response, nonce);
    }
    if (err == ERR_NONE) {
        err = verify(response, digest, trust, timestamp.unix_s);
    }
    if (err == ERR_NONE) {
        describe(response, &timestamp);
        *ret_timestamp = timestamp;
    }
    return err;
}

enum err timestamp_check_unchained(struct slice reply, const uint8_t digest[SHA256_BYTES],
                                   const uint64_t *nonce, int64_t *ret_unix_s)
{
    owned(TS_RESP) *response = NULL;
    int64_t unix_s = 0;
    enum err err = parse_reply(reply, &response);
    if (err == ERR_NONE && !is_granted(response)) {
        err = ERR_DENIED;
    }
    if (err == ERR_NONE) {
        err = reply_time(TS_RESP_get_tst_info(response), &unix_s);
    }
    if (err == ERR_NONE) {
        err = check_nonce(response, nonce);
    }
    if (err == ERR_NONE) {
        err = verify_with(response, digest, NULL);
    }
    if (err == ERR_NONE) {
        *ret_unix_s = unix_s;
    }
    return err;
}

enum err timestamp_peek(struct slice reply, int64_t *ret_unix_s)
{
    owned(TS_RESP) *response = NULL;
    enum err err = parse_reply(reply, &response);
    return err == ERR_NONE ? reply_time(TS_RESP_get_tst_info(response), ret_unix_s) : err;
}
