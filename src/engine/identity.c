/* The TLS identity: given by the operator, else a P-256 key and a certificate signed by itself (RFC 5280), for ten years. */
#include "engine/vault.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
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
    if (vault->tls_given.len > 0) {
        *ret_certificate_pem = vault->tls_given;
        return ERR_NONE;
    }
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

enum err vault_give_identity(struct vault *vault, struct slice chain_pem, struct slice key_pem, struct complaint *complaint)
{
    BIO *chain = BIO_new_mem_buf(chain_pem.data, (int)chain_pem.len), *text = BIO_new_mem_buf(key_pem.data, (int)key_pem.len);
    X509 *first = chain == NULL ? NULL : PEM_read_bio_X509(chain, NULL, NULL, NULL);
    EVP_PKEY *key = text == NULL ? NULL : PEM_read_bio_PrivateKey(text, NULL, NULL, (void *)(uintptr_t) "");
    unsigned char *der = NULL;
    int type = key == NULL ? 0 : EVP_PKEY_get_base_id(key), bits = key == NULL ? 0 : EVP_PKEY_get_bits(key);
    bool is_usable = type == EVP_PKEY_ED25519 || (type == EVP_PKEY_EC && (bits == 256 || bits == 384)) || (type == EVP_PKEY_RSA && bits >= 2048);
    struct text problem = key == NULL || first == NULL ? TEXT("the files of tls are no PEM certificate and unencrypted PEM key", "die Dateien von tls sind kein PEM-Zertifikat und unverschlüsselter PEM-Schlüssel")
                          : !is_usable ? TEXT("the key of tls must be P-256, P-384, Ed25519, or RSA of at least 2048 bits", "der Schlüssel von tls muss P-256, P-384, Ed25519 oder RSA ab 2048 Bit sein")
                          : X509_check_private_key(first, key) != 1 ? TEXT("the key of tls does not belong to its first certificate", "der Schlüssel von tls gehört nicht zu ihrem ersten Zertifikat")
                                                                    : (struct text){NULL, NULL};
    enum err err = problem.english == NULL ? ERR_NONE : complain(complaint, ERR_INVALID, problem, 0, 0, NULL, 0);
    int len = err == ERR_NONE ? i2d_PrivateKey(key, &der) : 0;
    if (err == ERR_NONE) {
        secret_free(&vault->tls_key);
        err = len > 0 ? secret_copy(slice_of(der, (size_t)len), &vault->tls_key) : ERR_CRYPTO;
        vault->tls_given = err == ERR_NONE ? chain_pem : SLICE_NONE;
    }
    if (der != NULL) {
        OPENSSL_clear_free(der, (size_t)len);
    }
    X509_free(first);
    EVP_PKEY_free(key);
    BIO_free(chain);
    BIO_free(text);
    return err;
}

static const struct {
    uint16_t scheme;
    int type;
    const EVP_MD *(*digest)(void);      /* NULL: the message is signed as it is */
    size_t digest_bytes;
    bool is_pss;
} schemes[] = {{0x0403, EVP_PKEY_EC, EVP_sha256, 32, false}, {0x0503, EVP_PKEY_EC, EVP_sha384, 48, false}, {0x0804, EVP_PKEY_RSA, EVP_sha256, 32, true}, {0x0807, EVP_PKEY_ED25519, NULL, 0, false}};

static bool sign_digest(EVP_PKEY *key, size_t row, struct slice digest, unsigned char *out, size_t *len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool done = context != NULL && EVP_PKEY_sign_init(context) > 0 && (!schemes[row].is_pss || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0) &&
                EVP_PKEY_CTX_set_signature_md(context, schemes[row].digest()) > 0 &&
                (!schemes[row].is_pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0) && EVP_PKEY_sign(context, out, len, digest.data, digest.len) > 0;
    EVP_PKEY_CTX_free(context);
    return done;
}

static bool sign_message(EVP_PKEY *key, struct slice message, unsigned char *out, size_t *len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) > 0 && EVP_DigestSign(context, out, len, message.data, message.len) > 0;
    EVP_MD_CTX_free(context);
    return done;
}

static EVP_PKEY *tls_key(const struct vault *vault)
{
    const unsigned char *der = vault->tls_key.data;
    return vault->tls_key.len == 0 ? NULL : d2i_AutoPrivateKey(NULL, &der, (long)vault->tls_key.len);
}

enum err vault_sign(const struct vault *vault, uint16_t scheme, struct slice digest, struct buf *out)
{
    unsigned char signature[1024];
    size_t len = sizeof signature, row = 0;
    EVP_PKEY *key = tls_key(vault);
    while (row < sizeof schemes / sizeof schemes[0] && schemes[row].scheme != scheme) {
        row++;
    }
    bool fits = key != NULL && row < sizeof schemes / sizeof schemes[0] && schemes[row].type == EVP_PKEY_get_base_id(key) &&
                (schemes[row].digest == NULL || schemes[row].digest_bytes == digest.len);
    enum err err = !fits ? ERR_INVALID : ERR_CRYPTO;
    if (fits && (schemes[row].digest == NULL ? sign_message(key, digest, signature, &len) : sign_digest(key, row, digest, signature, &len))) {
        err = put_bytes(out, slice_of(signature, len));
    }
    EVP_PKEY_free(key);
    return err;
}

enum err vault_pin(const struct vault *vault, uint8_t ret_pin[SHA256_BYTES])
{
    if (vault->tls_key.len == 0) {
        return ERR_SEALED;
    }
    EVP_PKEY *key = tls_key(vault);
    unsigned char *info = NULL;
    int len = key == NULL ? 0 : i2d_PUBKEY(key, &info);
    if (len > 0) {
        sha256(slice_of(info, (size_t)len), ret_pin);
    }
    OPENSSL_free(info);
    EVP_PKEY_free(key);
    return len > 0 ? ERR_NONE : ERR_CRYPTO;
}
