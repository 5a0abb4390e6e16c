/*
 * The authority of agents' client certificates (RFC 5280): an Ed25519 key and a certificate that it signed itself, for ten years. Ed25519, because its signatures
 * need no randomness: a turn that runs again gives the same certificate. Nothing here reads a certificate that came from outside.
 */
#include "engine/vault.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>

enum { AUTHORITY_DAYS = 3650, LEAF_MAX_BYTES = 2048, SLOW_CLOCK_S = 300, NAME_MAX_BYTES = 64 };

struct extension {
    int nid;
    const char *value;
};

static const struct extension authority_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}, {NID_key_usage, "critical,keyCertSign"}, {NID_subject_key_identifier, "hash"}};
static const struct extension leaf_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"}, {NID_key_usage, "critical,digitalSignature"}, {NID_ext_key_usage, "critical,clientAuth"}};

static bool extend(X509 *certificate, const struct extension *extensions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
        X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
        int done = made != NULL && X509_add_ext(certificate, made, -1);
        X509_EXTENSION_free(made);
        if (done == 0) {
            return false;
        }
    }
    return true;
}

static bool set_frame(X509 *certificate, uint64_t serial, int64_t start_s, int64_t end_s)
{
    return X509_set_version(certificate, 2) != 0 && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) != 0 &&
           ASN1_TIME_adj(X509_getm_notBefore(certificate), (time_t)start_s, 0, 0) != NULL &&
           ASN1_TIME_adj(X509_getm_notAfter(certificate), (time_t)end_s, 0, 0) != NULL;
}

static bool set_name(X509_NAME *name, struct slice text)
{
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text.data, (int)text.len, -1, 0) != 0;
}

static enum err write_der(X509 *certificate, struct buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    enum err err = len > 0 ? buf_append(out, slice_of(der, (size_t)len)) : ERR_CRYPTO;
    OPENSSL_free(der);
    return err;
}

static enum err self_sign(EVP_PKEY *key, uint64_t serial, int64_t now_ms, struct buf *out)
{
    char text[NAME_MAX_BYTES];
    /* Another Vogt's authority must not have the same name: clients choose a certificate by it. */
    int len = snprintf(text, sizeof text, "Vogt agents %016llx", (unsigned long long)serial);
    X509 *certificate = X509_new();
    int64_t start_s = now_ms / 1000 - SLOW_CLOCK_S;
    bool made = key != NULL && certificate != NULL && set_frame(certificate, serial, start_s, start_s + (int64_t)AUTHORITY_DAYS * 86400) &&
                set_name(X509_get_subject_name(certificate), slice_of(text, (size_t)len)) &&
                X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 0 && X509_set_pubkey(certificate, key) != 0 &&
                extend(certificate, authority_extensions, sizeof authority_extensions / sizeof authority_extensions[0]) &&
                X509_sign(certificate, key, NULL) > 0;
    enum err err = made ? write_der(certificate, out) : ERR_CRYPTO;
    X509_free(certificate);
    return err;
}

static EVP_PKEY *key_of(struct slice seed)
{
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, seed.len);
}

static enum err put_authority(struct turn *turn)
{
    uint8_t seed[KEY_BYTES];
    uint64_t serial = 0;
    turn_random(turn, seed, sizeof seed);
    turn_random(turn, &serial, sizeof serial);
    EVP_PKEY *key = key_of(slice_of(seed, sizeof seed));
    cleanup_buf struct buf row = BUF_INIT(2048), der = BUF_INIT(sizeof turn->around->vault->authority);
    enum err err = self_sign(key, serial, turn->now_ms, &der);
    EVP_PKEY_free(key);
    err = err == ERR_NONE ? put_u8(&row, 1) : err;
    err = err == ERR_NONE ? buf_append(&row, slice_of(seed, sizeof seed)) : err;
    err = err == ERR_NONE ? put_bytes(&row, buf_slice(&der)) : err;
    err = err == ERR_NONE ? turn_put(turn, "core/authority", buf_slice(&row), 0) : err;
    wipe(seed, sizeof seed);
    wipe(row.data, row.len);
    return err;
}

enum err vault_authority_load(struct vault *vault, struct turn *turn)
{
    struct slice row, seed, der;
    enum err err = turn_row(turn, "core/authority", &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct reader reader = reader_of(row);
    uint8_t version = 0;
    err = get_u8(&reader, &version);
    err = err == ERR_NONE ? get_raw(&reader, KEY_BYTES, &seed) : err;
    err = err == ERR_NONE ? get_bytes(&reader, sizeof vault->authority, &der) : err;
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err != ERR_NONE || version != 1) {
        return ERR_DAMAGED;
    }
    secret_free(&vault->authority_seed);
    err = secret_copy(seed, &vault->authority_seed);
    if (err == ERR_NONE) {
        memcpy(vault->authority, der.data, der.len);
        vault->authority_len = der.len;
    }
    return err;
}

enum err vault_authority_make(struct vault *vault, struct turn *turn)
{
    enum err err = vault_authority_load(vault, turn);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = put_authority(turn);
    return err == ERR_NONE ? vault_authority_load(vault, turn) : err;
}

static X509 *authority_of(const struct vault *vault)
{
    const unsigned char *der = vault->authority;
    return vault->authority_len == 0 ? NULL : d2i_X509(NULL, &der, (long)vault->authority_len);
}

static EVP_PKEY *point_key(struct slice point)
{
    EVP_PKEY *key = EVP_PKEY_new(), *group = EVP_EC_gen("P-256"); /* its parameters alone are taken over */
    bool good = key != NULL && group != NULL && EVP_PKEY_copy_parameters(key, group) == 1 &&
                EVP_PKEY_set1_encoded_public_key(key, point.data, point.len) == 1;
    EVP_PKEY_free(group);
    if (!good) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

enum err vault_issue(const struct vault *vault, const struct leaf *leaf, int64_t now_ms, struct buf *out)
{
    if (vault->authority_seed.len == 0) {
        return ERR_SEALED;
    }
    EVP_PKEY *signer = key_of(secret_slice(&vault->authority_seed)), *key = point_key(leaf->point);
    X509 *authority = authority_of(vault), *certificate = X509_new();
    struct slice name = slice_first(leaf->name, NAME_MAX_BYTES); /* a common name has no more; the row says who it is, not the name */
    bool made = signer != NULL && key != NULL && authority != NULL && certificate != NULL &&
                set_frame(certificate, leaf->serial, now_ms / 1000 - SLOW_CLOCK_S, leaf->end_ms / 1000) && set_name(X509_get_subject_name(certificate), name) &&
                X509_set_issuer_name(certificate, X509_get_subject_name(authority)) != 0 && X509_set_pubkey(certificate, key) != 0 &&
                extend(certificate, leaf_extensions, sizeof leaf_extensions / sizeof leaf_extensions[0]) && X509_sign(certificate, signer, NULL) > 0;
    enum err err = made ? write_der(certificate, out) : ERR_CRYPTO;
    X509_free(certificate);
    X509_free(authority);
    EVP_PKEY_free(key);
    EVP_PKEY_free(signer);
    return err;
}
