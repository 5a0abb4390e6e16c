#include "collect/tls_plant.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX_BYTES = 4096 };

struct tls_plant {
    SSL_CTX *context;
    SSL *ssl;                          /* of the present connection */
    struct stream_peer peer;
    uint8_t request[REQUEST_MAX_BYTES];
    size_t request_bytes;
    bool answered;
};

static const char plant_ciphers[] = "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0";
static const char found_reply[] = "HTTP/1.1 200 OK\r\nServer: planted\r\nContent-Length: 0\r\n\r\n";
static const char missing_reply[] = "HTTP/1.1 404 Not Found\r\nServer: planted\r\nContent-Length: 0\r\n\r\n";

static bool name_certificate(X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:elsewhere.vogt.invalid");
    bool named = names != NULL && X509_add_ext(certificate, names, -1) == 1 &&
                 X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Vogt planted failure", -1, -1,
                                            0) == 1 && X509_set_issuer_name(certificate, name) == 1;
    X509_EXTENSION_free(names);
    return named;
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    if (certificate == NULL) {
        return NULL;
    }
    bool made = X509_set_version(certificate, X509_VERSION_3) == 1 &&
                ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
                ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20000101000000Z") == 1 &&
                ASN1_TIME_set_string(X509_getm_notAfter(certificate), "20010101000000Z") == 1 &&
                X509_set_pubkey(certificate, key) == 1 && name_certificate(certificate) &&
                X509_sign(certificate, key, EVP_sha256()) > 0;
    if (!made) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static SSL_CTX *make_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key == NULL ? NULL : make_certificate(key);
    bool made = context != NULL && certificate != NULL && SSL_CTX_set_cipher_list(context, plant_ciphers) == 1 &&
                SSL_CTX_set_min_proto_version(context, TLS1_VERSION) == 1 &&
                SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1 &&
                SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!made) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

static enum err take(void *context, struct slice bytes)
{
    struct tls_plant *plant = context;
    if (bytes.len > INT_MAX || BIO_write(SSL_get_rbio(plant->ssl), bytes.data, (int)bytes.len) != (int)bytes.len) {
        return ERR_MEMORY;
    }
    return ERR_NONE;
}

/* Answers once the request is whole, by its path. */
static void answer(struct tls_plant *plant)
{
    struct slice request = slice_of(plant->request, plant->request_bytes);
    if (plant->answered || slice_find(request, SLICE_LITERAL("\r\n\r\n")) == SIZE_MAX) {
        return;
    }
    bool root = slice_find(request, SLICE_LITERAL(" / HTTP/")) != SIZE_MAX;
    const char *reply = root ? found_reply : missing_reply;
    plant->answered = SSL_write(plant->ssl, reply, (int)strlen(reply)) > 0;
}

/* Moves the server on as far as the bytes it has allow. A failed handshake leaves its alert in the outgoing BIO. */
static void advance(struct tls_plant *plant)
{
    ERR_clear_error();
    if (!SSL_is_init_finished(plant->ssl) && SSL_accept(plant->ssl) != 1) {
        return;
    }
    while (plant->request_bytes < sizeof(plant->request)) {
        int count = SSL_read(plant->ssl, plant->request + plant->request_bytes,
                             (int)(sizeof(plant->request) - plant->request_bytes));
        if (count <= 0) {
            break;
        }
        plant->request_bytes += (size_t)count;
    }
    answer(plant);
}

static enum err give(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    struct tls_plant *plant = context;
    advance(plant);
    int count = BIO_read(SSL_get_wbio(plant->ssl), out, max_bytes > INT_MAX ? INT_MAX : (int)max_bytes);
    *ret_count = count > 0 ? (size_t)count : 0;
    return ERR_NONE;
}

enum err tls_plant_new(struct tls_plant **ret_plant)
{
    struct tls_plant *plant = calloc(1, sizeof(*plant));
    if (plant == NULL) {
        return ERR_MEMORY;
    }
    plant->peer = (struct stream_peer){take, give, plant};
    plant->context = make_context();
    if (plant->context == NULL) {
        free(plant);
        return ERR_CRYPTO;
    }
    *ret_plant = plant;
    return ERR_NONE;
}

void tls_plant_free(struct tls_plant *plant)
{
    if (plant != NULL) {
        SSL_free(plant->ssl);
        SSL_CTX_free(plant->context);
        free(plant);
    }
}

enum err tls_plant_connect(struct tls_plant *plant, size_t read_max_bytes, struct stream *ret_stream)
{
    SSL_free(plant->ssl);
    plant->ssl = SSL_new(plant->context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (plant->ssl == NULL || in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return ERR_MEMORY;
    }
    SSL_set_bio(plant->ssl, in, out);
    SSL_set_accept_state(plant->ssl);
    plant->request_bytes = 0;
    plant->answered = false;
    *ret_stream = stream_planted(&plant->peer, read_max_bytes);
    return ERR_NONE;
}
