/* The algorithms: one table, and the two forms of signatures that libcrypto takes otherwise than JWS writes them. */
#include "secrets/jose.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <string.h>

struct jose_algorithm {
    const char *name, *digest;          /* digest NULL: the algorithm brings its own */
    enum jose_kind kind;
    bool is_pss;
    size_t coordinate_bytes;            /* of ECDSA: the signature is two of them */
};

static const struct jose_algorithm algorithms[] = {
    {"ES256", "SHA256", JOSE_P256, false, 32}, {"ES384", "SHA384", JOSE_P384, false, 48}, {"ES512", "SHA512", JOSE_P521, false, 66},
    {"Ed25519", NULL, JOSE_ED25519, false, 0}, {"EdDSA", NULL, JOSE_ED25519, false, 0},   {"PS256", "SHA256", JOSE_RSA, true, 0},
    {"PS384", "SHA384", JOSE_RSA, true, 0},    {"PS512", "SHA512", JOSE_RSA, true, 0},    {"RS256", "SHA256", JOSE_RSA, false, 0},
    {"RS384", "SHA384", JOSE_RSA, false, 0},   {"RS512", "SHA512", JOSE_RSA, false, 0},
};

const struct jose_algorithm *jose_algorithm_find(struct slice name)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (slice_is(name, algorithms[i].name)) {
            return &algorithms[i];
        }
    }
    return NULL;
}

const char *jose_algorithm_name(const struct jose_algorithm *algorithm)
{
    return algorithm->name;
}

bool jose_key_fits(const struct jose_key *key, const struct jose_algorithm *algorithm)
{
    return key->kind == algorithm->kind && (key->algorithm.len == 0 || slice_is(key->algorithm, algorithm->name));
}

/* r and s side by side become the DER that libcrypto takes; 0: out of memory. */
static int der_of(struct slice signature, unsigned char **ret_der)
{
    size_t half = signature.len / 2;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature.data, (int)half, NULL), *s = BN_bin2bn(signature.data + half, (int)half, NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return 0;
    }
    int len = i2d_ECDSA_SIG(pair, ret_der);
    ECDSA_SIG_free(pair); /* and the numbers that it owns since */
    return len < 0 ? 0 : len;
}

static bool set_padding(EVP_PKEY_CTX *context, const struct jose_algorithm *algorithm)
{
    if (algorithm->kind != JOSE_RSA) {
        return true;
    }
    if (!algorithm->is_pss) {
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    }
    /* RFC 7518, 3.5: the salt is as long as the digest, the mask made with the same */
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool check(EVP_PKEY *key, const struct jose_algorithm *algorithm, struct slice data, const unsigned char *signature, size_t signature_len)
{
    EVP_PKEY_CTX *inner = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestVerifyInit_ex(context, &inner, algorithm->digest, NULL, NULL, key, NULL) == 1 && set_padding(inner, algorithm) &&
                EVP_DigestVerify(context, signature, signature_len, data.data, data.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

static bool has_right_length(const struct jose_key *key, const struct jose_algorithm *algorithm, size_t len)
{
    switch (algorithm->kind) {
    case JOSE_RSA:
        return len == (size_t)EVP_PKEY_get_size(key->key);
    case JOSE_ED25519:
        return len == 64;
    case JOSE_P256:
    case JOSE_P384:
    case JOSE_P521:
        break;
    }
    return len == 2 * algorithm->coordinate_bytes;
}

enum err jose_verify(const struct jose_key *key, const struct jose *jose)
{
    const struct jose_algorithm *algorithm = jose->algorithm;
    struct slice signature = jose->signature;
    if (!jose_key_fits(key, algorithm) || !has_right_length(key, algorithm, signature.len)) {
        return ERR_FORGED;
    }
    if (algorithm->coordinate_bytes == 0) {
        return check(key->key, algorithm, jose->signed_part, signature.data, signature.len) ? ERR_NONE : ERR_FORGED;
    }
    unsigned char *der = NULL;
    int len = der_of(signature, &der);
    bool good = len > 0 && check(key->key, algorithm, jose->signed_part, der, (size_t)len);
    OPENSSL_free(der);
    return good ? ERR_NONE : ERR_FORGED;
}
