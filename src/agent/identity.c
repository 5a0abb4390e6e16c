#include "agent/identity.h"

#include "agent/file.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { KEY_MAX_BYTES = 8192, SIGNATURE_MAX_BYTES = 80 };
static const char key_name[] = "key.pem", certificate_name[] = "certificate.der";

static bool point_of(const EVP_PKEY *key, uint8_t point[IDENTITY_POINT_BYTES])
{
    size_t len = 0;
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, IDENTITY_POINT_BYTES, &len) == 1 && len == IDENTITY_POINT_BYTES && point[0] == 0x04;
}

static enum err make_key(int directory_fd, EVP_PKEY **ret_key)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *memory = BIO_new(BIO_s_secmem());
    char *text = NULL;
    bool written = key != NULL && memory != NULL && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1;
    long len = written ? BIO_get_mem_data(memory, &text) : 0;
    enum err err = len > 0 ? file_write(directory_fd, key_name, slice_of(text, (size_t)len)) : ERR_CRYPTO;
    BIO_free(memory);
    if (err != ERR_NONE) {
        EVP_PKEY_free(key);
        return err;
    }
    *ret_key = key;
    return ERR_NONE;
}

static enum err read_key(int directory_fd, EVP_PKEY **ret_key)
{
    cleanup_buf struct buf text = BUF_INIT(KEY_MAX_BYTES);
    enum err err = file_read(directory_fd, key_name, &text);
    if (err == ERR_NOT_FOUND) {
        return make_key(directory_fd, ret_key);
    }
    if (err != ERR_NONE) {
        return err;
    }
    BIO *memory = BIO_new_mem_buf(text.data, (int)text.len);
    EVP_PKEY *key = memory == NULL ? NULL : PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);
    BIO_free(memory);
    ERR_clear_error();
    if (key == NULL) {
        return ERR_DAMAGED;
    }
    *ret_key = key;
    return ERR_NONE;
}

/* Is it for our key? What OpenSSL makes of the bytes is looked at only to compare: Vogt sent them over a pinned connection. */
static bool is_ours(const struct identity *identity, struct slice der)
{
    const unsigned char *bytes = der.data;
    X509 *certificate = d2i_X509(NULL, &bytes, (long)der.len);
    bool ours = certificate != NULL && bytes == der.data + der.len && X509_check_private_key(certificate, identity->key) == 1;
    X509_free(certificate);
    ERR_clear_error();
    return ours;
}

static enum err adopt(struct identity *identity, struct slice der)
{
    unsigned len = 0;
    if (!is_ours(identity, der) || EVP_Digest(der.data, der.len, identity->id, &len, EVP_sha256(), NULL) != 1) {
        return ERR_FORGED;
    }
    buf_clear(&identity->certificate);
    return buf_append(&identity->certificate, der);
}

enum err identity_open(int directory_fd, struct identity *ret_identity)
{
    struct identity identity = {.certificate = BUF_INIT(IDENTITY_CERTIFICATE_MAX_BYTES)};
    cleanup_buf struct buf der = BUF_INIT(IDENTITY_CERTIFICATE_MAX_BYTES);
    enum err err = read_key(directory_fd, &identity.key);
    if (err != ERR_NONE) {
        return err;
    }
    err = point_of(identity.key, identity.point) ? file_read(directory_fd, certificate_name, &der) : ERR_DAMAGED;
    err = err == ERR_NONE ? adopt(&identity, buf_slice(&der)) : err == ERR_NOT_FOUND ? ERR_NONE : err;
    if (err != ERR_NONE) {
        identity_free(&identity);
        return err == ERR_FORGED ? ERR_DAMAGED : err;
    }
    *ret_identity = identity;
    return ERR_NONE;
}

void identity_free(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    buf_free(&identity->certificate);
    identity->key = NULL;
}

enum err identity_take(int directory_fd, struct identity *identity, struct slice der)
{
    enum err err = is_ours(identity, der) ? file_write(directory_fd, certificate_name, der) : ERR_FORGED;
    return err == ERR_NONE ? adopt(identity, der) : err;
}

enum err identity_sign(const struct identity *identity, struct slice message, struct buf *out)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool signed_it = context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, identity->key) == 1 &&
                     EVP_DigestSign(context, signature, &len, message.data, message.len) == 1;
    EVP_MD_CTX_free(context);
    return signed_it ? buf_append(out, slice_of(signature, len)) : ERR_CRYPTO;
}
