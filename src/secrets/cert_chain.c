#include "secrets/cert_chain.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "engine/request.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

enum { ANCHORS_MAX = 16, DEPTH_MAX = 8, AUTH_LEVEL = 2 /* 112 bits: no SHA-1, no RSA below 2048 */, OID_MAX_BYTES = 128 };

void cert_stack_free(cert_stack *stack)
{
    sk_X509_pop_free(stack, X509_free);
}

/* ---- reading ---- */

/* An encrypted block asks for a passphrase, and would do so on a terminal. */
static int no_passphrase(char *out, int size, int writes, void *context)
{
    (void)out, (void)size, (void)writes, (void)context;
    return -1;
}

enum err cert_read_pem(struct slice pem, cert_stack **ret_stack)
{
    BIO *memory = pem.len > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
    cert_stack *stack = sk_X509_new_null();
    bool good = memory != NULL && stack != NULL;
    for (X509 *one = NULL; good && (one = PEM_read_bio_X509(memory, NULL, no_passphrase, NULL)) != NULL;) {
        good = sk_X509_num(stack) < ANCHORS_MAX && sk_X509_push(stack, one) > 0;
        if (!good) {
            X509_free(one);
        }
    }
    /* it ends where no other block begins; a block that cannot be read is no end */
    good = good && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE && sk_X509_num(stack) > 0;
    ERR_clear_error();
    BIO_free(memory);
    if (!good) {
        cert_stack_free(stack);
        return ERR_INVALID;
    }
    *ret_stack = stack;
    return ERR_NONE;
}

static X509 *read_der(struct slice der)
{
    const unsigned char *at = der.data;
    X509 *one = der.len == 0 || der.len > LONG_MAX ? NULL : d2i_X509(NULL, &at, (long)der.len);
    if (one != NULL && at != der.data + der.len) {
        X509_free(one);
        one = NULL;
    }
    return one;
}

enum err cert_read_chain(struct slice chain, cert_stack **ret_stack)
{
    struct reader reader = reader_of(chain);
    cert_stack *stack = sk_X509_new_null();
    bool good = stack != NULL && chain.len > 0;
    while (good && reader_end(&reader) != ERR_NONE) {
        struct slice der;
        X509 *one = get_bytes(&reader, REQUEST_CHAIN_MAX_BYTES, &der) == ERR_NONE && sk_X509_num(stack) < REQUEST_CHAIN_MAX_COUNT ? read_der(der) : NULL;
        good = one != NULL && sk_X509_push(stack, one) > 0;
        if (!good) {
            X509_free(one);
        }
    }
    ERR_clear_error();
    if (!good) {
        cert_stack_free(stack);
        return ERR_INVALID;
    }
    *ret_stack = stack;
    return ERR_NONE;
}

/* ---- verifying ---- */

static X509_STORE *store_of(cert_stack *anchors, X509 *leaf)
{
    X509_STORE *store = X509_STORE_new();
    for (int i = 0; store != NULL && i < sk_X509_num(anchors); i++) {
        X509 *anchor = sk_X509_value(anchors, i);
        bool counts = X509_check_ca(anchor) == 1 || X509_cmp(anchor, leaf) == 0; /* 1: it says so itself; older forms do not count */
        if (counts && X509_STORE_add_cert(store, anchor) != 1) {
            X509_STORE_free(store);
            store = NULL;
        }
    }
    return store;
}

enum err cert_verify(cert_stack *chain, cert_stack *anchors, int purpose, int64_t now_s, cert_stack **ret_path)
{
    X509 *leaf = sk_X509_value(chain, 0);
    X509_STORE *store = store_of(anchors, leaf);
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = store != NULL && context != NULL && X509_STORE_CTX_init(context, store, leaf, chain) == 1;
    if (good) {
        X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set_time(rules, (time_t)now_s);
        X509_VERIFY_PARAM_set_depth(rules, DEPTH_MAX);
        X509_VERIFY_PARAM_set_auth_level(rules, AUTH_LEVEL);
        good = X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN) == 1 && X509_VERIFY_PARAM_set_purpose(rules, purpose) == 1 && X509_verify_cert(context) == 1;
    }
    cert_stack *path = good ? X509_STORE_CTX_get1_chain(context) : NULL;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
    if (path == NULL) {
        return ERR_DENIED;
    }
    *ret_path = path;
    return ERR_NONE;
}

/* ---- what it says ---- */

static void append(struct arena *arena, struct json *array, const ASN1_STRING *value)
{
    unsigned char *text = NULL;
    int len = ASN1_STRING_to_UTF8(&text, value);
    if (len >= 0) {
        json_append(array, json_string(arena, slice_of(text, (size_t)len)));
    }
    OPENSSL_free(text);
}

static void subject_names(struct arena *arena, X509 *certificate, int nid, struct json *array)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    for (int at = X509_NAME_get_index_by_NID(subject, nid, -1); at >= 0; at = X509_NAME_get_index_by_NID(subject, nid, at)) {
        append(arena, array, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    }
}

struct json *cert_names(struct arena *arena, X509 *certificate, enum cert_names which)
{
    static const int kinds[] = {[CERT_DNS] = GEN_DNS, [CERT_EMAIL] = GEN_EMAIL, [CERT_URI] = GEN_URI};
    struct json *array = json_new(arena, JSON_ARRAY);
    if (which == CERT_COMMON_NAMES || which == CERT_UNITS) {
        subject_names(arena, certificate, which == CERT_UNITS ? NID_organizationalUnitName : NID_commonName, array);
        return array;
    }
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == kinds[which]) {
            append(arena, array, name->d.ia5);
        }
    }
    GENERAL_NAMES_free(names);
    return array;
}

bool cert_extension(struct arena *arena, X509 *certificate, struct slice oid, struct slice *ret_der, struct slice *ret_text)
{
    char name[OID_MAX_BYTES];
    if (oid.len == 0 || oid.len >= sizeof name) {
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)oid.len, (const char *)oid.data);
    ASN1_OBJECT *object = OBJ_txt2obj(name, 1);
    int at = object == NULL ? -1 : X509_get_ext_by_OBJ(certificate, object, -1);
    ASN1_OBJECT_free(object);
    if (at < 0) {
        return false;
    }
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
    const unsigned char *start = ASN1_STRING_get0_data(value), *end = start;
    long len = ASN1_STRING_length(value);
    ASN1_TYPE *type = d2i_ASN1_TYPE(NULL, &end, len);
    bool is_text = type != NULL && end == start + len && (type->type == V_ASN1_UTF8STRING || type->type == V_ASN1_PRINTABLESTRING || type->type == V_ASN1_IA5STRING);
    *ret_der = arena_copy(arena, slice_of(start, (size_t)len));
    *ret_text = is_text ? arena_copy(arena, slice_of(ASN1_STRING_get0_data(type->value.asn1_string), (size_t)ASN1_STRING_length(type->value.asn1_string))) : SLICE_NONE;
    ASN1_TYPE_free(type);
    ERR_clear_error();
    return true;
}

struct slice cert_serial(struct arena *arena, const ASN1_INTEGER *serial)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
    char *text = number == NULL ? NULL : BN_bn2dec(number);
    struct slice copy = text == NULL ? SLICE_NONE : arena_copy(arena, slice_string(text));
    OPENSSL_free(text);
    BN_free(number);
    return copy;
}

struct slice cert_key_id(struct arena *arena, const ASN1_OCTET_STRING *id)
{
    cleanup_buf struct buf text = BUF_INIT(4096);
    const uint8_t *bytes = id == NULL ? NULL : ASN1_STRING_get0_data(id);
    enum err err = ERR_NONE;
    for (int i = 0; err == ERR_NONE && id != NULL && i < ASN1_STRING_length(id); i++) {
        err = i == 0 ? ERR_NONE : buf_append_string(&text, ":");
        err = err == ERR_NONE ? hex_encode(&text, slice_of(bytes + i, 1)) : err;
    }
    return err == ERR_NONE ? arena_copy(arena, buf_slice(&text)) : SLICE_NONE;
}

static struct slice hash_of(struct arena *arena, unsigned char *der, int len)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof digest);
    struct slice text = SLICE_NONE;
    if (len >= 0) {
        sha256(slice_of(der, (size_t)len), digest);
        text = hex_encode(&hex, slice_of(digest, sizeof digest)) == ERR_NONE ? arena_copy(arena, buf_slice(&hex)) : SLICE_NONE;
    }
    OPENSSL_free(der);
    return text;
}

struct slice cert_name_hash(struct arena *arena, const X509_NAME *name)
{
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(name, &der);
    return hash_of(arena, der, len);
}

struct slice cert_hash(struct arena *arena, X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    return hash_of(arena, der, len);
}
