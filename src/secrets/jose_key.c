/* Keys: from JWK's members and from PEM, to what libcrypto checks with. */
#include "secrets/jose.h"

#include "base/encode.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <string.h>

enum { POINT_MAX_BYTES = 1 + 2 * 66, EXPONENT_MAX_BYTES = 4 };

static const struct curve {
    const char *name, *group;           /* in JWK's words and libcrypto's */
    size_t coordinate_bytes;
    enum jose_kind kind;
} curves[] = {
    {"P-256", "prime256v1", 32, JOSE_P256},
    {"P-384", "secp384r1", 48, JOSE_P384},
    {"P-521", "secp521r1", 66, JOSE_P521},
};
enum { CURVE_COUNT = sizeof curves / sizeof curves[0] };

void jose_key_free(struct jose_key *key)
{
    EVP_PKEY_free(key->key);
    key->key = NULL;
}

/* ---- what is taken ---- */

static bool is_checked(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool good = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return good;
}

/* An odd exponent above 1 of at most 32 bits, and a modulus that is neither weak nor a burden. */
static bool is_good_rsa(EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    int bits = EVP_PKEY_get_bits(key);
    bool good = bits >= JOSE_RSA_MIN_BITS && bits <= JOSE_RSA_MAX_BITS && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                BN_is_odd(exponent) && !BN_is_one(exponent) && BN_num_bits(exponent) <= 32;
    BN_free(exponent);
    ERR_clear_error();
    return good;
}

static bool kind_of_curve(EVP_PKEY *key, enum jose_kind *ret_kind)
{
    char group[64] = "";
    size_t len = 0;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1) {
        return false;
    }
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        if (strcmp(group, curves[i].group) == 0) {
            *ret_kind = curves[i].kind;
            return true;
        }
    }
    return false;
}

static enum err judge(EVP_PKEY *key, enum jose_kind *ret_kind)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        *ret_kind = JOSE_RSA;
        return is_good_rsa(key) ? ERR_NONE : ERR_INVALID;
    case EVP_PKEY_EC:
        return !kind_of_curve(key, ret_kind) ? ERR_UNSUPPORTED : is_checked(key) ? ERR_NONE : ERR_INVALID;
    case EVP_PKEY_ED25519:
        *ret_kind = JOSE_ED25519;
        return ERR_NONE;
    default:
        return ERR_UNSUPPORTED;
    }
}

/* Takes the key in every case. */
static enum err keep(EVP_PKEY *key, struct jose_key *ret_key)
{
    enum jose_kind kind = JOSE_RSA;
    enum err err = key == NULL ? ERR_INVALID : judge(key, &kind);
    ERR_clear_error();
    if (err != ERR_NONE) {
        EVP_PKEY_free(key);
        return err;
    }
    ret_key->key = key;
    ret_key->kind = kind;
    return ERR_NONE;
}

/* ---- JWK ---- */

static enum err member_bytes(const struct json *jwk, const char *name, struct buf *out)
{
    const struct json *member = json_member(jwk, name);
    if (member == NULL || member->type != JSON_STRING || member->text.len == 0) {
        return ERR_INVALID;
    }
    return base64url_decode(out, member->text) == ERR_NONE ? ERR_NONE : ERR_INVALID;
}

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return key;
}

static EVP_PKEY *rsa_of(struct slice modulus, struct slice exponent)
{
    BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL), *e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    if (n != NULL && e != NULL && builder != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        parameters = OSSL_PARAM_BLD_to_param(builder);
    }
    EVP_PKEY *key = parameters == NULL ? NULL : from_parameters("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

/* Numbers in the shortest form (RFC 7518, 2: Base64urlUInt); a zero byte in front is what older software wrote, and harmless. */
static enum err read_rsa(const struct json *jwk, struct jose_key *ret_key)
{
    cleanup_buf struct buf n = BUF_INIT(JOSE_RSA_MAX_BITS / 8 + 1), e = BUF_INIT(EXPONENT_MAX_BYTES + 1);
    enum err err = member_bytes(jwk, "n", &n);
    err = err == ERR_NONE ? member_bytes(jwk, "e", &e) : err;
    return err == ERR_NONE ? keep(rsa_of(buf_slice(&n), buf_slice(&e)), ret_key) : err;
}

static enum err read_ec(const struct json *jwk, struct jose_key *ret_key)
{
    struct slice name = json_text(jwk, "crv", SLICE_NONE);
    const struct curve *curve = NULL;
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        curve = slice_is(name, curves[i].name) ? &curves[i] : curve;
    }
    if (curve == NULL) {
        return ERR_UNSUPPORTED;
    }
    cleanup_buf struct buf point = BUF_INIT(POINT_MAX_BYTES);
    enum err err = buf_append_byte(&point, 0x04);
    err = err == ERR_NONE ? member_bytes(jwk, "x", &point) : err;
    err = err == ERR_NONE && point.len != 1 + curve->coordinate_bytes ? ERR_INVALID : err;
    err = err == ERR_NONE ? member_bytes(jwk, "y", &point) : err;
    err = err == ERR_NONE && point.len != 1 + 2 * curve->coordinate_bytes ? ERR_INVALID : err;
    if (err != ERR_NONE) {
        return err;
    }
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)curve->group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len),
        OSSL_PARAM_construct_end(),
    };
    return keep(from_parameters("EC", parameters), ret_key);
}

static enum err read_okp(const struct json *jwk, struct jose_key *ret_key)
{
    if (!slice_is(json_text(jwk, "crv", SLICE_NONE), "Ed25519")) {
        return ERR_UNSUPPORTED;
    }
    cleanup_buf struct buf x = BUF_INIT(32);
    enum err err = member_bytes(jwk, "x", &x);
    if (err != ERR_NONE || x.len != 32) {
        return ERR_INVALID;
    }
    return keep(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.len), ret_key);
}

/* A key says what it is for by `use` and `key_ops`; where it says nothing it is for everything. */
static bool is_for_checking(const struct json *jwk)
{
    const struct json *use = json_member(jwk, "use"), *operations = json_member(jwk, "key_ops");
    bool good = use == NULL || (use->type == JSON_STRING && slice_is(use->text, "sig"));
    bool verifies = operations == NULL;
    for (const struct json *one = operations == NULL ? NULL : operations->first; one != NULL; one = one->next) {
        verifies = verifies || (one->type == JSON_STRING && slice_is(one->text, "verify"));
    }
    return good && verifies;
}

enum err jose_key_jwk(const struct json *jwk, struct jose_key *ret_key)
{
    static const struct {
        const char *type;
        enum err (*read)(const struct json *jwk, struct jose_key *ret_key);
    } types[] = {{"EC", read_ec}, {"OKP", read_okp}, {"RSA", read_rsa}};
    struct slice type = json_text(jwk, "kty", SLICE_NONE);
    *ret_key = (struct jose_key){.kid = json_text(jwk, "kid", SLICE_NONE), .algorithm = json_text(jwk, "alg", SLICE_NONE)};
    if (jwk == NULL || jwk->type != JSON_OBJECT || type.len == 0) {
        return ERR_INVALID;
    }
    if (!is_for_checking(jwk) || (ret_key->algorithm.len > 0 && jose_algorithm_find(ret_key->algorithm) == NULL)) {
        return ERR_UNSUPPORTED;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (slice_is(type, types[i].type)) {
            return types[i].read(jwk, ret_key);
        }
    }
    return ERR_UNSUPPORTED;
}

/* ---- PEM ---- */

static EVP_PKEY *of_certificate(const uint8_t *der, long len)
{
    const unsigned char *at = der;
    X509 *certificate = d2i_X509(NULL, &at, len);
    EVP_PKEY *key = certificate != NULL && at == der + len ? X509_get_pubkey(certificate) : NULL;
    X509_free(certificate);
    return key;
}

static EVP_PKEY *of_block(const char *name, const uint8_t *der, long len)
{
    const unsigned char *at = der;
    EVP_PKEY *key = NULL;
    if (strcmp(name, PEM_STRING_PUBLIC) == 0) {
        key = d2i_PUBKEY(NULL, &at, len);
    } else if (strcmp(name, PEM_STRING_RSA_PUBLIC) == 0) {
        key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, len);
    } else {
        return strcmp(name, PEM_STRING_X509) == 0 ? of_certificate(der, len) : NULL;
    }
    if (key != NULL && at != der + len) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

enum err jose_key_pem(struct slice pem, struct jose_key *ret_key)
{
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    *ret_key = (struct jose_key){0};
    if (pem.len == 0 || pem.len > JOSE_PEM_MAX_BYTES) {
        return ERR_INVALID;
    }
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    bool is_read = bio != NULL && PEM_read_bio(bio, &name, &header, &der, &len) == 1;
    EVP_PKEY *key = is_read ? of_block(name, der, len) : NULL;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    return keep(key, ret_key);
}
