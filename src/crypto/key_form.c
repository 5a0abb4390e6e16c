#include "crypto/key_form.h"

#include "crypto/crypto.h"
#include "crypto/der.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

static const struct slice rsa_oid = SLICE_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), ec_key_oid = SLICE_INIT("\x2a\x86\x48\xce\x3d\x02\x01"), ed25519_oid = SLICE_INIT("\x2b\x65\x70");

/* ---- the algorithm's name ---- */

static enum err put_algorithm(struct key_type type, struct buf *out)
{
    cleanup_buf struct buf content = BUF_INIT(64);
    const struct slice oids[] = {[KEY_ED25519] = ed25519_oid, [KEY_EC] = ec_key_oid, [KEY_RSA] = rsa_oid};
    enum err err = der_put(&content, DER_OID, oids[type.family]);
    if (err == ERR_NONE && type.family != KEY_ED25519) {
        err = type.family == KEY_RSA ? der_put(&content, DER_NULL, SLICE_NONE) : der_put(&content, DER_OID, ec_oid(type.curve));
    }
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

/* Its bytes are one string a type, so they are compared with what we would write. */
static enum err get_algorithm(struct reader *reader, struct key_type type)
{
    cleanup_buf struct buf expected = BUF_INIT(64);
    struct slice found;
    enum err err = put_algorithm(type, &expected);
    err = err == ERR_NONE ? get_raw(reader, expected.len, &found) : err;
    return err == ERR_NONE && slice_equal(found, buf_slice(&expected)) ? ERR_NONE : ERR_MALFORMED;
}

/* The content of a SEQUENCE that is all there is. */
static enum err open_sequence(struct slice der, struct reader *ret_inner)
{
    struct reader outer = reader_of(der);
    struct slice content;
    enum err err = der_get(&outer, DER_SEQUENCE, &content);
    err = err == ERR_NONE ? reader_end(&outer) : err;
    *ret_inner = reader_of(err == ERR_NONE ? content : SLICE_NONE);
    return err;
}

/* ---- ECPrivateKey: 1, the number, [0] the curve (may be absent within PKCS #8), [1] the public half (may be absent) ---- */

static enum err check_curve(struct reader *reader, enum curve curve)
{
    struct slice content, oid;
    enum err err = der_get(reader, DER_CONTEXT_0, &content);
    struct reader inner = reader_of(err == ERR_NONE ? content : SLICE_NONE);
    err = err == ERR_NONE ? der_get(&inner, DER_OID, &oid) : err;
    err = err == ERR_NONE ? reader_end(&inner) : err;
    return err == ERR_NONE && slice_equal(oid, ec_oid(curve)) ? ERR_NONE : ERR_MALFORMED;
}

static enum err check_point(struct reader *reader, enum curve curve, struct slice key)
{
    uint8_t expected[EC_PUBLIC_MAX_BYTES];
    struct slice content, point;
    enum err err = der_get(reader, DER_CONTEXT_1, &content);
    struct reader inner = reader_of(err == ERR_NONE ? content : SLICE_NONE);
    err = err == ERR_NONE ? der_get_bits(&inner, &point) : err;
    err = err == ERR_NONE ? reader_end(&inner) : err;
    err = err == ERR_NONE ? ec_public(curve, key, expected) : err;
    return err == ERR_NONE && slice_equal(point, slice_of(expected, ec_public_bytes(curve))) ? ERR_NONE : ERR_MALFORMED; /* a point that is not the number's own would sign what nobody verifies */
}

static enum err from_sec1(enum curve curve, struct slice der, uint8_t room[EC_PRIVATE_MAX_BYTES], struct slice *ret_key)
{
    struct reader reader;
    struct slice version, number;
    uint8_t expected[EC_PUBLIC_MAX_BYTES];
    size_t bytes = ec_private_bytes(curve);
    enum err err = open_sequence(der, &reader);
    err = err == ERR_NONE ? der_get_number(&reader, &version) : err;
    err = err == ERR_NONE && (version.len != 1 || version.data[0] != 1) ? ERR_MALFORMED : err;
    err = err == ERR_NONE ? der_get(&reader, DER_OCTET_STRING, &number) : err;
    if (err != ERR_NONE || number.len == 0 || number.len > bytes) {
        return ERR_MALFORMED;
    }
    memset(room, 0, bytes - number.len); /* some programs write it without its leading zeros */
    memcpy(room + bytes - number.len, number.data, number.len);
    struct slice key = slice_of(room, bytes);
    err = ec_public(curve, key, expected) == ERR_NONE ? ERR_NONE : ERR_MALFORMED;
    err = err == ERR_NONE && der_next_is(&reader, DER_CONTEXT_0) ? check_curve(&reader, curve) : err;
    err = err == ERR_NONE && der_next_is(&reader, DER_CONTEXT_1) ? check_point(&reader, curve, key) : err;
    err = err == ERR_NONE ? reader_end(&reader) : err;
    *ret_key = err == ERR_NONE ? key : SLICE_NONE;
    return err;
}

static enum err put_sec1(enum curve curve, struct slice key, struct slice public_key, bool with_curve, struct buf *out)
{
    static const uint8_t one[] = {1};
    cleanup_buf struct buf content = BUF_INIT(512), oid = BUF_INIT(32), bits = BUF_INIT(256);
    enum err err = buf_reserve(&content, 512);
    err = err == ERR_NONE ? der_put_number(&content, slice_of(one, sizeof one)) : err;
    err = err == ERR_NONE ? der_put(&content, DER_OCTET_STRING, key) : err;
    err = err == ERR_NONE ? der_put(&oid, DER_OID, ec_oid(curve)) : err;
    err = err == ERR_NONE && with_curve ? der_put(&content, DER_CONTEXT_0, buf_slice(&oid)) : err;
    err = err == ERR_NONE ? der_put_bits(&bits, public_key) : err;
    err = err == ERR_NONE ? der_put(&content, DER_CONTEXT_1, buf_slice(&bits)) : err;
    err = err == ERR_NONE ? buf_reserve(out, content.len + 8) : err;
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

enum err key_to_sec1(enum curve curve, struct slice key, struct slice public_key, struct buf *out)
{
    return put_sec1(curve, key, public_key, true, out);
}

/* ---- PKCS #8: 0, the algorithm, an OCTET STRING ---- */

enum err key_from_pkcs8(struct key_type type, struct slice der, uint8_t room[EC_PRIVATE_MAX_BYTES], struct slice *ret_key)
{
    struct reader reader, inner;
    struct slice version, content, seed;
    enum err err = open_sequence(der, &reader);
    err = err == ERR_NONE ? der_get_number(&reader, &version) : err;
    err = err == ERR_NONE && version.len != 0 ? ERR_MALFORMED : err;
    err = err == ERR_NONE ? get_algorithm(&reader, type) : err;
    err = err == ERR_NONE ? der_get(&reader, DER_OCTET_STRING, &content) : err;
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err != ERR_NONE) {
        return ERR_MALFORMED;
    }
    if (type.family == KEY_EC) {
        return from_sec1(type.curve, content, room, ret_key);
    }
    if (type.family == KEY_RSA) {
        *ret_key = content; /* RSAPrivateKey; rsa_check_private reads it */
        return ERR_NONE;
    }
    inner = reader_of(content);
    err = der_get(&inner, DER_OCTET_STRING, &seed);
    err = err == ERR_NONE ? reader_end(&inner) : err;
    err = err == ERR_NONE && seed.len != ED25519_SEED_BYTES ? ERR_MALFORMED : err;
    *ret_key = err == ERR_NONE ? seed : SLICE_NONE;
    return err;
}

enum err key_to_pkcs8(struct key_type type, struct slice key, struct slice public_key, struct buf *out)
{
    cleanup_buf struct buf inner = BUF_INIT(KEY_FORM_MAX_BYTES), content = BUF_INIT(KEY_FORM_MAX_BYTES);
    enum err err = buf_reserve(&inner, KEY_FORM_MAX_BYTES); /* at once: growing would copy a key about */
    err = err == ERR_NONE ? buf_reserve(&content, KEY_FORM_MAX_BYTES) : err;
    err = err == ERR_NONE ? der_put_number(&content, SLICE_NONE) : err;
    err = err == ERR_NONE ? put_algorithm(type, &content) : err;
    if (err == ERR_NONE) {
        err = type.family == KEY_EC ? put_sec1(type.curve, key, public_key, false, &inner) : type.family == KEY_RSA ? buf_append(&inner, key) : der_put(&inner, DER_OCTET_STRING, key);
    }
    err = err == ERR_NONE ? der_put(&content, DER_OCTET_STRING, buf_slice(&inner)) : err;
    err = err == ERR_NONE ? buf_reserve(out, content.len + 8) : err;
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

/* ---- SubjectPublicKeyInfo ---- */

enum err key_from_spki(struct key_type type, struct slice der, struct slice *ret_public)
{
    struct reader reader;
    struct slice public_key;
    enum err err = open_sequence(der, &reader);
    err = err == ERR_NONE ? get_algorithm(&reader, type) : err;
    err = err == ERR_NONE ? der_get_bits(&reader, &public_key) : err;
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err == ERR_NONE && type.family == KEY_EC && !ec_is_public(type.curve, public_key)) {
        err = ERR_MALFORMED;
    }
    if (err == ERR_NONE && type.family == KEY_ED25519 && public_key.len != ED25519_PUBLIC_BYTES) {
        err = ERR_MALFORMED;
    }
    *ret_public = err == ERR_NONE ? public_key : SLICE_NONE;
    return err;
}

enum err key_to_spki(struct key_type type, struct slice public_key, struct buf *out)
{
    cleanup_buf struct buf content = BUF_INIT(KEY_FORM_MAX_BYTES);
    enum err err = put_algorithm(type, &content);
    err = err == ERR_NONE ? der_put_bits(&content, public_key) : err;
    return err == ERR_NONE ? der_put(out, DER_SEQUENCE, buf_slice(&content)) : err;
}

/* ---- key wrap with padding ---- */

enum { KWP_BLOCK_BYTES = 8, KWP_OVERHEAD_BYTES = 16 };

static const EVP_CIPHER *wrap_cipher(struct slice wrapping)
{
    return wrapping.len == 16 ? EVP_aes_128_wrap_pad() : wrapping.len == 24 ? EVP_aes_192_wrap_pad() : wrapping.len == 32 ? EVP_aes_256_wrap_pad() : NULL;
}

static enum err run_wrap(struct slice wrapping, struct slice in, int seals, struct buf *out)
{
    const EVP_CIPHER *cipher = wrap_cipher(wrapping);
    if (cipher == NULL || in.len == 0 || in.len > KEY_FORM_MAX_BYTES) {
        return cipher == NULL ? ERR_INVALID : ERR_FORGED;
    }
    enum err err = buf_reserve(out, in.len + KWP_OVERHEAD_BYTES);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0;
    if (context != NULL && err == ERR_NONE) {
        EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
        bool done = EVP_CipherInit_ex2(context, cipher, wrapping.data, NULL, seals, NULL) == 1 && EVP_CipherUpdate(context, out->data + out->len, &written, in.data, (int)in.len) == 1 && written > 0;
        out->len += done ? (size_t)written : 0;
        err = done ? ERR_NONE : ERR_FORGED;
    }
    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return context == NULL ? ERR_MEMORY : err;
}

enum err kwp_wrap(struct slice wrapping, struct slice key, struct buf *out)
{
    return run_wrap(wrapping, key, 1, out);
}

enum err kwp_unwrap(struct slice wrapping, struct slice wrapped, struct buf *out)
{
    bool is_sized = wrapped.len >= KWP_OVERHEAD_BYTES && wrapped.len % KWP_BLOCK_BYTES == 0;
    return wrap_cipher(wrapping) != NULL && !is_sized ? ERR_FORGED : run_wrap(wrapping, wrapped, 0, out);
}

/* ---- decimal ---- */

enum err number_to_decimal(struct slice big_endian, struct buf *out)
{
    BIGNUM *number = BN_secure_new();
    bool done = number != NULL && big_endian.len <= KEY_FORM_MAX_BYTES && BN_bin2bn(big_endian.data, (int)big_endian.len, number) != NULL;
    char *text = done ? BN_bn2dec(number) : NULL;
    enum err err = text == NULL ? ERR_MEMORY : buf_append_string(out, text);
    if (text != NULL) {
        wipe(text, strlen(text));
        OPENSSL_free(text);
    }
    BN_clear_free(number);
    return err;
}

enum err number_from_decimal(struct slice digits, struct buf *out)
{
    char text[NUMBER_DIGITS_MAX + 1];
    bool is_good = digits.len > 0 && digits.len <= NUMBER_DIGITS_MAX;
    for (size_t i = 0; is_good && i < digits.len; i++) {
        is_good = digits.data[i] >= '0' && digits.data[i] <= '9';
        text[i] = (char)digits.data[i];
    }
    if (!is_good) {
        return ERR_MALFORMED;
    }
    text[digits.len] = '\0';
    BIGNUM *number = BN_secure_new();
    bool done = number != NULL && BN_dec2bn(&number, text) == (int)digits.len;
    wipe(text, sizeof text);
    enum err err = done ? buf_reserve(out, (size_t)BN_num_bytes(number) + 1) : ERR_MEMORY;
    out->len += err == ERR_NONE ? (size_t)BN_bn2bin(number, out->data + out->len) : 0;
    BN_clear_free(number);
    return err;
}
