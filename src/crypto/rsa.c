#include "crypto/rsa.h"

#include "crypto/algorithms.h"
#include "crypto/der.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

enum { MODULUS_MIN_BITS = 2048, EXPONENT_MAX_BYTES = 8, PUBLIC_EXPONENT = 65537 };

/* ---- forms ---- */

enum err rsa_numbers(struct slice private_key, struct slice ret_numbers[RSA_NUMBERS])
{
    struct reader outer = reader_of(private_key), inner;
    struct slice content, version;
    enum err err = der_get(&outer, DER_SEQUENCE, &content);
    err = err == ERR_NONE ? reader_end(&outer) : err;
    inner = reader_of(err == ERR_NONE ? content : SLICE_NONE);
    err = err == ERR_NONE ? der_get_number(&inner, &version) : err;
    err = err == ERR_NONE && version.len != 0 ? ERR_MALFORMED : err; /* two primes, no more */
    for (size_t i = 0; i < RSA_NUMBERS && err == ERR_NONE; i++) {
        err = der_get_number(&inner, &ret_numbers[i]);
    }
    return err == ERR_NONE ? reader_end(&inner) : err;
}

enum err rsa_public_numbers(struct slice public_key, struct slice *ret_n, struct slice *ret_e)
{
    struct reader outer = reader_of(public_key), inner;
    struct slice content;
    enum err err = der_get(&outer, DER_SEQUENCE, &content);
    err = err == ERR_NONE ? reader_end(&outer) : err;
    inner = reader_of(err == ERR_NONE ? content : SLICE_NONE);
    err = err == ERR_NONE ? der_get_number(&inner, ret_n) : err;
    err = err == ERR_NONE ? der_get_number(&inner, ret_e) : err;
    return err == ERR_NONE ? reader_end(&inner) : err;
}

static unsigned bits_of(struct slice number)
{
    unsigned bits = (unsigned)number.len * 8;
    for (unsigned top = number.len == 0 ? 0x80 : number.data[0]; top < 0x80; top <<= 1) {
        bits--;
    }
    return number.len == 0 ? 0 : bits;
}

/* Of a public half from elsewhere: no modulus that is even, no exponent that is even, one, or huge. */
static bool public_is_good(struct slice n, struct slice e)
{
    unsigned bits = bits_of(n);
    bool is_sized = bits >= MODULUS_MIN_BITS && bits <= RSA_BITS_MAX && e.len > 0 && e.len <= EXPONENT_MAX_BYTES;
    return is_sized && (n.data[n.len - 1] & 1) != 0 && (e.data[e.len - 1] & 1) != 0 && bits_of(e) > 1;
}

enum err rsa_check_public(struct slice public_key, unsigned *ret_bits)
{
    struct slice n, e;
    enum err err = rsa_public_numbers(public_key, &n, &e);
    if (err != ERR_NONE || !public_is_good(n, e)) {
        return ERR_INVALID;
    }
    *ret_bits = bits_of(n);
    return ERR_NONE;
}

static enum err put_public(struct slice n, struct slice e, struct buf *out)
{
    cleanup_buf struct buf content = BUF_INIT(RSA_PUBLIC_MAX_BYTES);
    enum err err = der_put_number(&content, n);
    err = err == ERR_NONE ? der_put_number(&content, e) : err;
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

enum err rsa_public(struct slice private_key, struct buf *ret_public)
{
    struct slice numbers[RSA_NUMBERS];
    enum err err = rsa_numbers(private_key, numbers);
    return err == ERR_NONE ? put_public(numbers[RSA_N], numbers[RSA_E], ret_public) : err;
}

static enum err put_private(const struct slice numbers[RSA_NUMBERS], struct buf *out)
{
    cleanup_buf struct buf content = BUF_INIT(RSA_PRIVATE_MAX_BYTES);
    enum err err = buf_reserve(&content, RSA_PRIVATE_MAX_BYTES); /* at once: growing would leave copies */
    err = err == ERR_NONE ? der_put_number(&content, SLICE_NONE) : err;
    for (size_t i = 0; i < RSA_NUMBERS && err == ERR_NONE; i++) {
        err = der_put_number(&content, numbers[i]);
    }
    err = err == ERR_NONE ? buf_reserve(out, content.len + 4) : err;
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

/* ---- libcrypto's keys ---- */

static const char *const part_names[RSA_NUMBERS] = {
    OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
    OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* count 2: the public half. */
static EVP_PKEY *key_of(const struct slice *numbers, size_t count)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *parts[RSA_NUMBERS] = {NULL};
    EVP_PKEY *key = NULL;
    bool good = build != NULL && context != NULL;
    for (size_t i = 0; i < count && good; i++) {
        parts[i] = BN_secure_new();
        good = parts[i] != NULL && BN_bin2bn(numbers[i].data, (int)numbers[i].len, parts[i]) != NULL && OSSL_PARAM_BLD_push_BN(build, part_names[i], parts[i]) == 1;
    }
    OSSL_PARAM *params = good ? OSSL_PARAM_BLD_to_param(build) : NULL;
    if (params != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(context, &key, count == RSA_NUMBERS ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    for (size_t i = 0; i < count; i++) {
        BN_clear_free(parts[i]);
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *private_of(struct slice private_key)
{
    struct slice numbers[RSA_NUMBERS];
    return rsa_numbers(private_key, numbers) == ERR_NONE ? key_of(numbers, RSA_NUMBERS) : NULL;
}

static EVP_PKEY *public_of(struct slice public_key)
{
    struct slice numbers[2];
    return rsa_public_numbers(public_key, &numbers[0], &numbers[1]) == ERR_NONE && public_is_good(numbers[0], numbers[1]) ? key_of(numbers, 2) : NULL;
}

enum err rsa_make(unsigned bits, struct buf *ret_private)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    uint8_t bytes[RSA_NUMBERS][RSA_MAX_BYTES];
    struct slice numbers[RSA_NUMBERS];
    bool done = context != NULL && EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) == 1 && EVP_PKEY_generate(context, &key) == 1;
    for (size_t i = 0; i < RSA_NUMBERS && done; i++) {
        BIGNUM *part = NULL;
        done = EVP_PKEY_get_bn_param(key, part_names[i], &part) == 1 && BN_num_bytes(part) <= RSA_MAX_BYTES;
        numbers[i] = slice_of(bytes[i], done ? (size_t)BN_bn2bin(part, bytes[i]) : 0);
        BN_clear_free(part);
    }
    enum err err = done ? put_private(numbers, ret_private) : ERR_CRYPTO;
    wipe(bytes, sizeof bytes);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(context);
    return err;
}

enum err rsa_check_private(struct slice private_key, bool deep, unsigned *ret_bits)
{
    struct slice numbers[RSA_NUMBERS];
    enum err err = rsa_numbers(private_key, numbers);
    if (err != ERR_NONE || !public_is_good(numbers[RSA_N], numbers[RSA_E])) {
        return ERR_INVALID;
    }
    for (size_t i = RSA_D; i < RSA_NUMBERS; i++) {
        if (numbers[i].len == 0 || numbers[i].len > numbers[RSA_N].len) {
            return ERR_INVALID;
        }
    }
    EVP_PKEY *key = key_of(numbers, RSA_NUMBERS);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    bool is_good = context != NULL && (!deep || EVP_PKEY_check(context) == 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    *ret_bits = bits_of(numbers[RSA_N]);
    return is_good ? ERR_NONE : ERR_INVALID;
}

enum err rsa_from_numbers(const struct slice numbers[RSA_NUMBERS], struct buf *ret_private)
{
    BIGNUM *parts[RSA_NUMBERS] = {NULL}, *less = BN_secure_new();
    BN_CTX *context = BN_CTX_secure_new();
    uint8_t bytes[RSA_NUMBERS][RSA_MAX_BYTES];
    struct slice all[RSA_NUMBERS];
    bool good = less != NULL && context != NULL;
    for (size_t i = 0; i < RSA_NUMBERS && good; i++) {
        parts[i] = BN_secure_new();
        good = parts[i] != NULL && (i > RSA_Q || (numbers[i].len > 0 && numbers[i].len <= RSA_MAX_BYTES && BN_bin2bn(numbers[i].data, (int)numbers[i].len, parts[i]) != NULL));
    }
    for (size_t i = 0; i < 2 && good; i++) { /* d modulo each prime less one */
        good = BN_sub(less, parts[RSA_P + i], BN_value_one()) == 1 && !BN_is_zero(less) && BN_mod(parts[RSA_DP + i], parts[RSA_D], less, context) == 1;
    }
    good = good && BN_mod_inverse(parts[RSA_QI], parts[RSA_Q], parts[RSA_P], context) != NULL;
    for (size_t i = 0; i < RSA_NUMBERS && good; i++) {
        good = BN_num_bytes(parts[i]) <= RSA_MAX_BYTES;
        all[i] = slice_of(bytes[i], good ? (size_t)BN_bn2bin(parts[i], bytes[i]) : 0);
    }
    enum err err = good ? put_private(all, ret_private) : ERR_INVALID;
    for (size_t i = 0; i < RSA_NUMBERS; i++) {
        BN_clear_free(parts[i]);
    }
    wipe(bytes, sizeof bytes);
    BN_clear_free(less);
    BN_CTX_free(context);
    ERR_clear_error();
    return err;
}

/* ---- signatures ---- */

static bool set_scheme(EVP_PKEY_CTX *context, const struct rsa_scheme *scheme)
{
    const EVP_MD *md = algorithms()->hashes[scheme->hash];
    if (!scheme->is_pss) {
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 && (md == NULL || EVP_PKEY_CTX_set_signature_md(context, md) == 1);
    }
    int salt = scheme->salt_bytes == RSA_SALT_AUTO ? RSA_PSS_SALTLEN_AUTO : scheme->salt_bytes == RSA_SALT_HASH ? RSA_PSS_SALTLEN_DIGEST : scheme->salt_bytes;
    return md != NULL && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_signature_md(context, md) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1;
}

enum err rsa_sign(struct slice private_key, const struct rsa_scheme *scheme, struct slice digest, struct buf *ret_signature)
{
    EVP_PKEY *key = private_of(private_key);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    enum err err = context != NULL && EVP_PKEY_sign_init(context) == 1 ? buf_reserve(ret_signature, RSA_MAX_BYTES) : ERR_CRYPTO;
    size_t len = RSA_MAX_BYTES;
    if (err == ERR_NONE) {
        bool done = set_scheme(context, scheme) && EVP_PKEY_sign(context, ret_signature->data + ret_signature->len, &len, digest.data, digest.len) == 1;
        ret_signature->len += done ? len : 0;
        err = done ? ERR_NONE : ERR_INVALID;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}

enum err rsa_verify(struct slice public_key, const struct rsa_scheme *scheme, struct slice digest, struct slice signature)
{
    EVP_PKEY *key = public_of(public_key);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    enum err err = ERR_CRYPTO;
    if (context != NULL && EVP_PKEY_verify_init(context) == 1) {
        bool is_good = signature.len > 0 && set_scheme(context, scheme) && EVP_PKEY_verify(context, signature.data, signature.len, digest.data, digest.len) == 1;
        err = is_good ? ERR_NONE : ERR_FORGED;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}

/* ---- OAEP ---- */

static bool set_oaep(EVP_PKEY_CTX *context, enum hash hash)
{
    const EVP_MD *md = algorithms()->hashes[hash];
    return md != NULL && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_oaep_md(context, md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1;
}

enum err rsa_encrypt(struct slice public_key, enum hash hash, struct slice plain, struct buf *out)
{
    static const uint8_t nothing[1];
    EVP_PKEY *key = public_of(public_key);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    size_t len = RSA_MAX_BYTES, overhead = 2 * hash_bytes(hash) + 2;
    bool fits = key != NULL && plain.len + overhead <= (size_t)EVP_PKEY_get_size(key);
    enum err err = context == NULL || EVP_PKEY_encrypt_init(context) != 1 ? ERR_CRYPTO : fits ? buf_reserve(out, RSA_MAX_BYTES) : ERR_TOO_LARGE;
    if (err == ERR_NONE) {
        bool done = set_oaep(context, hash) && EVP_PKEY_encrypt(context, out->data + out->len, &len, plain.len == 0 ? nothing : plain.data, plain.len) == 1;
        out->len += done ? len : 0;
        err = done ? ERR_NONE : ERR_CRYPTO;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}

enum err rsa_decrypt(struct slice private_key, enum hash hash, struct slice sealed, struct buf *out)
{
    EVP_PKEY *key = private_of(private_key);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    size_t len = RSA_MAX_BYTES;
    enum err err = context == NULL || EVP_PKEY_decrypt_init(context) != 1 || !set_oaep(context, hash) ? ERR_CRYPTO : buf_reserve(out, RSA_MAX_BYTES);
    if (err == ERR_NONE) {
        bool done = sealed.len > 0 && EVP_PKEY_decrypt(context, out->data + out->len, &len, sealed.data, sealed.len) == 1;
        out->len += done ? len : 0;
        err = done ? ERR_NONE : ERR_FORGED;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}
