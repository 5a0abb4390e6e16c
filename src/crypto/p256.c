#include "crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* libcrypto checks that the point lies on the curve; only the plain form (0x04, x, y) is taken, so that a key has one spelling. */
static EVP_PKEY *public_key_of(struct slice point)
{
    static char group[] = "prime256v1";
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.data, point.len),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

bool p256_is_key(struct slice point)
{
    if (point.len != P256_PUBLIC_BYTES || point.data[0] != 0x04) {
        return false;
    }
    EVP_PKEY *key = public_key_of(point);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    bool good = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}

enum err p256_verify(struct slice point, struct slice message, struct slice signature)
{
    if (!p256_is_key(point)) {
        return ERR_INVALID;
    }
    if (signature.len == 0 || signature.len > P256_SIGNATURE_MAX_BYTES) {
        return ERR_FORGED;
    }
    static const uint8_t nothing[1]; /* libcrypto wants a pointer even to no bytes */
    const uint8_t *data = message.len == 0 ? nothing : message.data;
    EVP_PKEY *key = public_key_of(point);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum err err = ERR_CRYPTO;
    if (key != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1) {
        err = EVP_DigestVerify(context, signature.data, signature.len, data, message.len) == 1 ? ERR_NONE : ERR_FORGED;
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}
