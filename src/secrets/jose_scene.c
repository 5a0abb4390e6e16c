#include "secrets/jose_scene.h"

#include "base/encode.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdlib.h>
#include <string.h>

const char *const JOSE_SCENE_ALGORITHMS[10] = {"ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"};

static void must(bool done)
{
    if (!done) {
        abort();
    }
}

const char *jose_scene_base64(struct arena *arena, struct slice bytes)
{
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    must(base64url_encode(&text, bytes) == ERR_NONE);
    return arena_string(arena, buf_slice(&text));
}

static size_t coordinate_bytes(const char *algorithm)
{
    return strcmp(algorithm, "ES256") == 0 ? 32 : strcmp(algorithm, "ES384") == 0 ? 48 : 66;
}

EVP_PKEY *jose_scene_key(const char *algorithm)
{
    EVP_PKEY *key = NULL;
    if (algorithm[0] == 'E' && algorithm[1] == 'S') {
        key = EVP_EC_gen(coordinate_bytes(algorithm) == 32 ? "P-256" : coordinate_bytes(algorithm) == 48 ? "P-384" : "P-521");
    } else {
        key = algorithm[0] == 'E' ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_RSA_gen(2048);
    }
    must(key != NULL);
    return key;
}

const char *jose_scene_pem(struct arena *arena, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    must(bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1);
    long len = BIO_get_mem_data(bio, &text);
    const char *copy = arena_string(arena, slice_of(text, (size_t)len));
    BIO_free(bio);
    return copy;
}

static const char *number(struct arena *arena, EVP_PKEY *key, const char *name, int width)
{
    uint8_t bytes[1024];
    BIGNUM *value = NULL;
    must(EVP_PKEY_get_bn_param(key, name, &value) == 1);
    int len = width > 0 ? BN_bn2binpad(value, bytes, width) : BN_bn2bin(value, bytes);
    BN_free(value);
    must(len > 0);
    return jose_scene_base64(arena, slice_of(bytes, (size_t)len));
}

const char *jose_scene_jwk(struct arena *arena, EVP_PKEY *key, const char *kid)
{
    const char *named = kid == NULL ? "" : arena_printf(arena, ",\"kid\":\"%s\"", kid);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return arena_printf(arena, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}", number(arena, key, OSSL_PKEY_PARAM_RSA_N, 0), number(arena, key, OSSL_PKEY_PARAM_RSA_E, 0), named);
    case EVP_PKEY_EC: {
        int width = (EVP_PKEY_get_bits(key) + 7) / 8;
        return arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"%s}", EVP_PKEY_get_bits(key), number(arena, key, OSSL_PKEY_PARAM_EC_PUB_X, width),
                            number(arena, key, OSSL_PKEY_PARAM_EC_PUB_Y, width), named);
    }
    default: {
        uint8_t raw[32];
        size_t len = sizeof raw;
        must(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
        return arena_printf(arena, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"%s}", jose_scene_base64(arena, slice_of(raw, len)), named);
    }
    }
}

/* DER of ECDSA to r and s side by side. */
static size_t flatten(uint8_t *signature, size_t len, size_t width)
{
    const unsigned char *at = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    must(pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, (int)width) > 0 && BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + width, (int)width) > 0);
    ECDSA_SIG_free(pair);
    return 2 * width;
}

const char *jose_scene_token(struct arena *arena, EVP_PKEY *key, const char *algorithm, const char *header, const char *payload)
{
    const char *text = arena_printf(arena, "%s.%s", jose_scene_base64(arena, slice_string(header)), jose_scene_base64(arena, slice_string(payload)));
    const char *digest = algorithm[0] == 'E' && algorithm[1] == 'd' ? NULL : strstr(algorithm, "256") != NULL ? "SHA256" : strstr(algorithm, "384") != NULL ? "SHA384" : "SHA512";
    uint8_t signature[1024];
    size_t len = sizeof signature;
    EVP_PKEY_CTX *inner = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(context != NULL && EVP_DigestSignInit_ex(context, &inner, digest, NULL, NULL, key, NULL) == 1);
    if (algorithm[0] == 'P') {
        must(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    must(EVP_DigestSign(context, signature, &len, (const uint8_t *)text, strlen(text)) == 1);
    EVP_MD_CTX_free(context);
    len = algorithm[0] == 'E' && algorithm[1] == 'S' ? flatten(signature, len, coordinate_bytes(algorithm)) : len;
    return arena_printf(arena, "%s.%s", text, jose_scene_base64(arena, slice_of(signature, len)));
}
