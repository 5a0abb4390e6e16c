#include "crypto/ec.h"

#include "crypto/algorithms.h"
#include "crypto/der.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int nid;
    size_t bytes;
    struct slice oid;
} curves[] = {
    {"P-256", NID_X9_62_prime256v1, 32, SLICE_INIT("\x2a\x86\x48\xce\x3d\x03\x01\x07")},
    {"P-384", NID_secp384r1, 48, SLICE_INIT("\x2b\x81\x04\x00\x22")},
    {"P-521", NID_secp521r1, 66, SLICE_INIT("\x2b\x81\x04\x00\x23")},
};

size_t ec_private_bytes(enum curve curve)
{
    return curves[curve].bytes;
}

size_t ec_public_bytes(enum curve curve)
{
    return 1 + 2 * curves[curve].bytes;
}

struct slice ec_oid(enum curve curve)
{
    return curves[curve].oid;
}

/* The point of a number, by the group's own ladder, whose time does not depend on the number. */
static enum err point_of(enum curve curve, const EC_GROUP *group, BIGNUM *number, uint8_t *ret_public)
{
    size_t bytes = ec_public_bytes(curve);
    EC_POINT *point = EC_POINT_new(group);
    BN_set_flags(number, BN_FLG_CONSTTIME);
    bool done = point != NULL && EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
                EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_public, bytes, NULL) == bytes;
    EC_POINT_free(point);
    return done ? ERR_NONE : ERR_CRYPTO;
}

static bool is_in_range(const BIGNUM *number, const EC_GROUP *group)
{
    return number != NULL && !BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(group)) < 0;
}

enum err ec_make(enum curve curve, const uint8_t drawn[EC_DRAW_BYTES], uint8_t *ret_private, uint8_t *ret_public)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[curve].nid);
    BIGNUM *number = BN_secure_new(), *most = group == NULL ? NULL : BN_dup(EC_GROUP_get0_order(group));
    BN_CTX *context = BN_CTX_secure_new();
    bool done = group != NULL && number != NULL && most != NULL && context != NULL && BN_bin2bn(drawn, EC_DRAW_BYTES, number) != NULL && BN_sub_word(most, 1) == 1;
    if (done) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        done = BN_mod(number, number, most, context) == 1 && BN_add_word(number, 1) == 1 && BN_bn2binpad(number, ret_private, (int)curves[curve].bytes) == (int)curves[curve].bytes;
    }
    enum err err = done ? point_of(curve, group, number, ret_public) : ERR_CRYPTO;
    BN_clear_free(number);
    BN_free(most);
    BN_CTX_free(context);
    EC_GROUP_free(group);
    return err;
}

enum err ec_public(enum curve curve, struct slice private_key, uint8_t *ret_public)
{
    if (private_key.len != curves[curve].bytes) {
        return ERR_INVALID;
    }
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[curve].nid);
    BIGNUM *number = BN_secure_new();
    bool is_read = group != NULL && number != NULL && BN_bin2bn(private_key.data, (int)private_key.len, number) != NULL;
    enum err err = !is_read ? ERR_CRYPTO : !is_in_range(number, group) ? ERR_INVALID : point_of(curve, group, number, ret_public);
    BN_clear_free(number);
    EC_GROUP_free(group);
    return err;
}

/* `private_key` may be empty: then only for checking. */
static EVP_PKEY *key_of(enum curve curve, struct slice private_key, struct slice public_key)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *number = private_key.len == 0 ? NULL : BN_secure_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    bool good = build != NULL && context != NULL && (private_key.len == 0 || (number != NULL && BN_bin2bn(private_key.data, (int)private_key.len, number) != NULL)) &&
                OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curves[curve].name, 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public_key.data, public_key.len) == 1 &&
                (number == NULL || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1);
    OSSL_PARAM *params = good ? OSSL_PARAM_BLD_to_param(build) : NULL;
    if (params != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(context, &key, number == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params);
    }
    OSSL_PARAM_free(params); /* numbers of keys lie in libcrypto's own secure part, which it clears */
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(number);
    EVP_PKEY_CTX_free(context);
    return key;
}

bool ec_is_public(enum curve curve, struct slice public_key)
{
    if (public_key.len != ec_public_bytes(curve) || public_key.data[0] != 0x04) {
        return false;
    }
    EVP_PKEY *key = key_of(curve, SLICE_NONE, public_key);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    bool is_good = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_good;
}

enum err ec_sign(enum curve curve, struct slice private_key, struct slice digest, struct buf *ret_der)
{
    uint8_t public_key[EC_PUBLIC_MAX_BYTES];
    enum err err = ec_public(curve, private_key, public_key);
    err = err == ERR_NONE ? buf_reserve(ret_der, EC_SIGNATURE_MAX_BYTES + 8) : err;
    if (err != ERR_NONE) {
        return err;
    }
    EVP_PKEY *key = key_of(curve, private_key, slice_of(public_key, ec_public_bytes(curve)));
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    size_t len = EC_SIGNATURE_MAX_BYTES + 8;
    bool done = context != NULL && EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, ret_der->data + ret_der->len, &len, digest.data, digest.len) == 1;
    ret_der->len += done ? len : 0;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return done ? ERR_NONE : ERR_CRYPTO;
}

enum err ec_verify(enum curve curve, struct slice public_key, struct slice digest, struct slice der)
{
    if (!ec_is_public(curve, public_key)) {
        return ERR_INVALID;
    }
    if (der.len == 0 || der.len > EC_SIGNATURE_MAX_BYTES) {
        return ERR_FORGED;
    }
    EVP_PKEY *key = key_of(curve, SLICE_NONE, public_key);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    enum err err = ERR_CRYPTO;
    if (context != NULL && EVP_PKEY_verify_init(context) == 1) {
        err = EVP_PKEY_verify(context, der.data, der.len, digest.data, digest.len) == 1 ? ERR_NONE : ERR_FORGED;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}

/* ---- r and s side by side ---- */

static enum err put_padded(struct buf *out, struct slice number, size_t bytes)
{
    enum err err = number.len > bytes ? ERR_MALFORMED : ERR_NONE;
    for (size_t i = number.len; i < bytes && err == ERR_NONE; i++) {
        err = buf_append_byte(out, 0);
    }
    return err == ERR_NONE ? buf_append(out, number) : err;
}

enum err ec_to_jws(enum curve curve, struct slice der, struct buf *out)
{
    struct reader outer = reader_of(der), inner;
    struct slice content, r, s;
    enum err err = der_get(&outer, DER_SEQUENCE, &content);
    err = err == ERR_NONE ? reader_end(&outer) : err;
    inner = reader_of(err == ERR_NONE ? content : SLICE_NONE);
    err = err == ERR_NONE ? der_get_number(&inner, &r) : err;
    err = err == ERR_NONE ? der_get_number(&inner, &s) : err;
    err = err == ERR_NONE ? reader_end(&inner) : err;
    err = err == ERR_NONE ? put_padded(out, r, curves[curve].bytes) : err;
    return err == ERR_NONE ? put_padded(out, s, curves[curve].bytes) : err;
}

enum err ec_from_jws(enum curve curve, struct slice jws, struct buf *out)
{
    size_t bytes = curves[curve].bytes;
    cleanup_buf struct buf content = BUF_INIT(EC_SIGNATURE_MAX_BYTES);
    if (jws.len != 2 * bytes) {
        return ERR_FORGED;
    }
    enum err err = der_put_number(&content, slice_first(jws, bytes));
    err = err == ERR_NONE ? der_put_number(&content, slice_from(jws, bytes)) : err;
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}
