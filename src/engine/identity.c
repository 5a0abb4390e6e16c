/* The TLS identity of a Vogt that was given none: a P-256 key and a certificate signed by itself (RFC 5280), for ten years. */
#include "engine/vault.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>

enum { IDENTITY_DAYS = 3650, IDENTITY_MAX_BYTES = 64 << 10 };

static int add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int done = extension != NULL && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return done;
}

static int fill(X509 *certificate, EVP_PKEY *key, const char *host, uint64_t serial, int64_t now_ms)
{
    char names[512];
    bool is_local = host == NULL || host[0] == '\0' || strcmp(host, "localhost") == 0 || strchr(host, ':') != NULL || strspn(host, "0123456789.") == strlen(host);
    snprintf(names, sizeof names, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", is_local ? "" : ",DNS:", is_local ? "" : host);
    X509_NAME *name = X509_get_subject_name(certificate);
    time_t start = (time_t)(now_ms / 1000) - 3600, end = start + (time_t)IDENTITY_DAYS * 86400;
    return X509_set_version(certificate, 2) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) &&
           ASN1_TIME_adj(X509_getm_notBefore(certificate), start, 0, 0) != NULL && ASN1_TIME_adj(X509_getm_notAfter(certificate), end, 0, 0) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"Vogt", -1, -1, 0) && X509_set_issuer_name(certificate, name) &&
           X509_set_pubkey(certificate, key) && add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") && add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, NID_subject_alt_name, names) && X509_sign(certificate, key, EVP_sha256()) > 0;
}

static enum err write_pem(X509 *certificate, struct buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum err err = ERR_CRYPTO;
    if (bio != NULL && PEM_write_bio_X509(bio, certificate)) {
        long len = BIO_get_mem_data(bio, &text);
        err = len > 0 ? put_bytes(out, slice_of(text, (size_t)len)) : ERR_CRYPTO;
    }
    BIO_free(bio);
    return err;
}

static enum err create(const char *host, uint64_t serial, int64_t now_ms, struct buf *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    unsigned char *der = NULL;
    int der_len = 0;
    enum err err = ERR_CRYPTO;
    if (key != NULL && certificate != NULL && fill(certificate, key, host, serial, now_ms) && (der_len = i2d_PrivateKey(key, &der)) > 0) {
        err = put_u8(out, 1);
        err = err == ERR_NONE ? put_bytes(out, slice_of(der, (size_t)der_len)) : err;
        err = err == ERR_NONE ? write_pem(certificate, out) : err;
    }
    if (der != NULL) {
        wipe(der, (size_t)der_len);
        OPENSSL_free(der);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return err;
}

enum err vault_identity(struct vault *vault, struct turn *turn, const char *host, struct slice *ret_certificate_pem)
{
    struct slice row, key;
    enum err err = turn_row(turn, "boot/tls", &row);
    if (err == ERR_NOT_FOUND) {
        cleanup_buf struct buf made = BUF_INIT(IDENTITY_MAX_BYTES);
        uint64_t serial = 0;
        turn_random(turn, &serial, sizeof serial);
        err = create(host, serial, turn->now_ms, &made);
        err = err == ERR_NONE ? turn_put(turn, "boot/tls", buf_slice(&made), 0) : err;
        wipe(made.data, made.len);
        err = err == ERR_NONE ? turn_row(turn, "boot/tls", &row) : err;
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct reader reader = reader_of(row);
    uint8_t version = 0;
    err = get_u8(&reader, &version);
    err = err == ERR_NONE ? get_bytes(&reader, IDENTITY_MAX_BYTES, &key) : err;
    err = err == ERR_NONE ? get_bytes(&reader, IDENTITY_MAX_BYTES, ret_certificate_pem) : err;
    if (err != ERR_NONE || version != 1) {
        return ERR_DAMAGED;
    }
    secret_free(&vault->tls_key);
    return secret_copy(key, &vault->tls_key);
}

enum err vault_sign(const struct vault *vault, uint16_t scheme, struct slice digest, struct buf *out)
{
    if (scheme != 0x0403 || digest.len != SHA256_BYTES || vault->tls_key.len == 0) {
        return ERR_INVALID;
    }
    const unsigned char *der = vault->tls_key.data;
    EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &der, (long)vault->tls_key.len);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    unsigned char signature[128];
    size_t len = sizeof signature;
    enum err err = ERR_CRYPTO;
    if (context != NULL && EVP_PKEY_sign_init(context) > 0 && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0 &&
        EVP_PKEY_sign(context, signature, &len, digest.data, digest.len) > 0) {
        err = put_bytes(out, slice_of(signature, len));
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return err;
}

enum err vault_pin(const struct vault *vault, uint8_t ret_pin[SHA256_BYTES])
{
    if (vault->tls_key.len == 0) {
        return ERR_SEALED;
    }
    const unsigned char *der = vault->tls_key.data;
    EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &der, (long)vault->tls_key.len);
    unsigned char *info = NULL;
    int len = key == NULL ? 0 : i2d_PUBKEY(key, &info);
    if (len > 0) {
        sha256(slice_of(info, (size_t)len), ret_pin);
    }
    OPENSSL_free(info);
    EVP_PKEY_free(key);
    return len > 0 ? ERR_NONE : ERR_CRYPTO;
}
