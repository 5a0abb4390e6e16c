/* An authority is made here with OpenSSL's own responder, so that requests, replies and refusals
 * are real ones. */
#include "crypto/check_crypto.h"
#include "ledger/timestamp.h"

#include "base/check.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

struct authority {
    EVP_PKEY *key;
    X509 *certificate;
    TS_RESP_CTX *responder;
    struct buf pem;
};

static ASN1_INTEGER *serial(TS_RESP_CTX *context, void *data)
{
    (void)context, (void)data;
    ASN1_INTEGER *integer = ASN1_INTEGER_new();
    return ASN1_INTEGER_set_uint64(integer, 42) == 1 ? integer : NULL;
}

static bool add_extension(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool make_authority(struct authority *authority, const char *name)
{
    *authority = (struct authority){
        .key = EVP_RSA_gen(2048), .certificate = X509_new(), .responder = TS_RESP_CTX_new()};
    authority->pem.max = 1 << 16;
    X509 *certificate = authority->certificate;
    X509_NAME *subject = X509_get_subject_name(certificate);
    bool good = authority->key != NULL && X509_set_version(certificate, 2) == 1 &&
                ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(certificate), -60) != NULL &&
                X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) != NULL &&
                X509_set_pubkey(certificate, authority->key) == 1 &&
                X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
                                           -1, -1, 0) == 1 &&
                X509_set_issuer_name(certificate, subject) == 1 &&
                add_extension(certificate, NID_ext_key_usage, "critical,timeStamping") &&
                add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
                X509_sign(certificate, authority->key, EVP_sha256()) > 0;
    TS_RESP_CTX *responder = authority->responder;
    ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.55555.1", 1);
    good = good && TS_RESP_CTX_set_signer_cert(responder, certificate) == 1 &&
           TS_RESP_CTX_set_signer_key(responder, authority->key) == 1 &&
           TS_RESP_CTX_set_signer_digest(responder, EVP_sha256()) == 1 &&
           TS_RESP_CTX_set_def_policy(responder, policy) == 1 &&
           TS_RESP_CTX_add_md(responder, EVP_sha256()) == 1 &&
           TS_RESP_CTX_set_ess_cert_id_digest(responder, EVP_sha256()) == 1;
    ASN1_OBJECT_free(policy);
    TS_RESP_CTX_set_serial_cb(responder, serial, NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    good = good && PEM_write_bio_X509(bio, certificate) == 1;
    long length = BIO_get_mem_data(bio, &text);
    good = good && buf_append(&authority->pem, slice_of(text, (size_t)length)) == ERR_NONE;
    BIO_free(bio);
    return good;
}

static void free_authority(struct authority *authority)
{
    EVP_PKEY_free(authority->key);
    X509_free(authority->certificate);
    TS_RESP_CTX_free(authority->responder);
    buf_free(&authority->pem);
}

static bool answer(struct authority *authority, struct slice request, struct buf *reply)
{
    BIO *bio = BIO_new_mem_buf(request.data, (int)request.len);
    TS_RESP *response = TS_RESP_create_response(authority->responder, bio);
    uint8_t *der = NULL;
    int length = response == NULL ? -1 : i2d_TS_RESP(response, &der);
    bool good = length > 0 && buf_append(reply, slice_of(der, (size_t)length)) == ERR_NONE;
    OPENSSL_free(der);
    TS_RESP_free(response);
    BIO_free(bio);
    return good;
}

TEST(a_stamp_is_asked_for_and_checked)
{
    struct authority authority, stranger;
    uint8_t digest[SHA256_BYTES], other[SHA256_BYTES];
    uint64_t nonce = 0x8000000000000001, wrong = 2;
    struct timestamp timestamp;
    int64_t peeked = 0;
    cleanup_buf struct buf request = BUF_INIT(4096), reply = BUF_INIT(TIMESTAMP_REPLY_MAX_BYTES);
    sha256(SLICE_LITERAL("a checkpoint"), digest);
    sha256(SLICE_LITERAL("another"), other);
    CHECK(make_authority(&authority, "Stamps") && make_authority(&stranger, "Stamps"));
    CHECK_ERR(ERR_NONE, timestamp_request(digest, nonce, &request));
    CHECK(answer(&authority, buf_slice(&request), &reply));
    struct slice trust = buf_slice(&authority.pem);
    CHECK_ERR(ERR_NONE, timestamp_check(buf_slice(&reply), digest, &nonce, trust, &timestamp));
    CHECK_U64(42, timestamp.serial);
    CHECK_STRING("/CN=Stamps", timestamp.authority);
    CHECK_ERR(ERR_NONE, timestamp_peek(buf_slice(&reply), &peeked));
    CHECK(peeked == timestamp.unix_s && peeked > 1600000000);
    CHECK_ERR(ERR_NONE, timestamp_check(buf_slice(&reply), digest, NULL, trust, &timestamp));
    CHECK_ERR(ERR_NONE, timestamp_check_unchained(buf_slice(&reply), digest, &nonce, &peeked));
    CHECK(peeked == timestamp.unix_s);
    CHECK_ERR(ERR_FORGED, timestamp_check_unchained(buf_slice(&reply), digest, &wrong, &peeked));
    CHECK_ERR(ERR_FORGED, timestamp_check_unchained(buf_slice(&reply), other, &nonce, &peeked));
    CHECK_ERR(ERR_FORGED, timestamp_check(buf_slice(&reply), digest, &wrong, trust, &timestamp));
    CHECK_ERR(ERR_FORGED, timestamp_check(buf_slice(&reply), other, &nonce, trust, &timestamp));
    CHECK_ERR(ERR_FORGED, timestamp_check(buf_slice(&reply), digest, &nonce,
                                          buf_slice(&stranger.pem), &timestamp));
    CHECK_ERR(ERR_INVALID, timestamp_check(buf_slice(&reply), digest, &nonce,
                                           SLICE_LITERAL("no PEM"), &timestamp));
    CHECK_ERR(ERR_MALFORMED, timestamp_check(slice_first(buf_slice(&reply), reply.len - 1), digest,
                                             &nonce, trust, &timestamp));
    CHECK_ERR(ERR_NONE, buf_append_byte(&reply, 0));
    CHECK_ERR(ERR_MALFORMED, timestamp_check(buf_slice(&reply), digest, &nonce, trust, &timestamp));
    free_authority(&authority);
    free_authority(&stranger);
}

TEST(a_refusal_is_told)
{
    struct authority authority;
    uint8_t digest[SHA256_BYTES] = {1};
    struct timestamp timestamp;
    cleanup_buf struct buf reply = BUF_INIT(TIMESTAMP_REPLY_MAX_BYTES);
    CHECK(make_authority(&authority, "Stamps"));
    CHECK(answer(&authority, SLICE_LITERAL("no request"), &reply));
    int64_t unix_s = 0;
    CHECK_ERR(ERR_DENIED, timestamp_check_unchained(buf_slice(&reply), digest, NULL, &unix_s));
    CHECK_ERR(ERR_DENIED, timestamp_check(buf_slice(&reply), digest, NULL,
                                          buf_slice(&authority.pem), &timestamp));
    free_authority(&authority);
}

TEST_MAIN
