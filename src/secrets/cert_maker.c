#include "secrets/cert_maker.h"

#include <stdlib.h>

#include <openssl/pem.h>

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

static void extend(X509 *certificate, const char *name, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf(NULL, &context, name, value);
    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void set_time(ASN1_TIME *time, int64_t at_s)
{
    time_t at = (time_t)at_s;
    must(X509_time_adj_ex(time, 0, 0, &at) != NULL);
}

static void add_name(X509 *certificate, const char *kind, const char *text)
{
    must(text == NULL || X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), kind, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1);
}

struct made cert_make(const struct cert_wish *wish, int64_t now_s)
{
    static long serial = 1000;
    struct made made = {.key = wish->rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(wish->rsa_bits), .certificate = X509_new()};
    X509 *certificate = made.certificate;
    must(made.key != NULL && certificate != NULL && X509_set_version(certificate, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial) == 1);
    set_time(X509_getm_notBefore(certificate), now_s + wish->start_s);
    set_time(X509_getm_notAfter(certificate), now_s + wish->end_s);
    add_name(certificate, "CN", wish->name);
    add_name(certificate, "OU", wish->unit);
    must(X509_set_pubkey(certificate, made.key) == 1);
    must(X509_set_issuer_name(certificate, X509_get_subject_name(wish->issuer == NULL ? certificate : wish->issuer->certificate)) == 1);
    extend(certificate, "basicConstraints", wish->is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    extend(certificate, "subjectKeyIdentifier", "hash");
    if (wish->sans != NULL) {
        extend(certificate, "subjectAltName", wish->sans);
    }
    if (wish->usage != NULL) {
        extend(certificate, "extendedKeyUsage", wish->usage);
    }
    if (wish->oid != NULL) {
        extend(certificate, wish->oid, wish->value);
    }
    must(X509_sign(certificate, wish->issuer == NULL ? made.key : wish->issuer->key, EVP_sha256()) > 0);
    return made;
}

void made_free(struct made *made)
{
    EVP_PKEY_free(made->key);
    X509_free(made->certificate);
}

static struct slice text_of(struct arena *arena, BIO *memory)
{
    char *text = NULL;
    long len = BIO_get_mem_data(memory, &text);
    must(len > 0);
    struct slice copy = arena_copy(arena, slice_of(text, (size_t)len));
    BIO_free(memory);
    return copy;
}

struct slice made_pem(struct arena *arena, const struct made *made)
{
    BIO *memory = BIO_new(BIO_s_mem());
    must(memory != NULL && PEM_write_bio_X509(memory, made->certificate) == 1);
    return text_of(arena, memory);
}

struct slice made_crl(struct arena *arena, const struct made *issuer, const struct made *revoked, int64_t now_s)
{
    X509_CRL *crl = X509_CRL_new();
    X509_REVOKED *one = X509_REVOKED_new();
    ASN1_TIME *time = ASN1_TIME_new();
    BIO *memory = BIO_new(BIO_s_mem());
    must(crl != NULL && one != NULL && time != NULL && memory != NULL && X509_CRL_set_version(crl, 1) == 1);
    set_time(time, now_s);
    must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate)) == 1 && X509_CRL_set1_lastUpdate(crl, time) == 1 && X509_CRL_set1_nextUpdate(crl, time) == 1);
    must(X509_REVOKED_set_serialNumber(one, X509_get_serialNumber(revoked->certificate)) == 1 && X509_REVOKED_set_revocationDate(one, time) == 1 && X509_CRL_add0_revoked(crl, one) == 1);
    must(X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0 && PEM_write_bio_X509_CRL(memory, crl) == 1);
    ASN1_TIME_free(time);
    X509_CRL_free(crl);
    return text_of(arena, memory);
}

void made_chain(struct buf *chain, const struct made *made)
{
    unsigned char *der = NULL;
    int len = i2d_X509(made->certificate, &der);
    must(len > 0 && put_bytes(chain, slice_of(der, (size_t)len)) == ERR_NONE);
    OPENSSL_free(der);
}
