#include "collect/roots.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

enum { ROOTS_MAX = 1024, ROOTS_MAX_BYTES = 8 << 20, PASSES_MAX = 4 };

struct roots {
    struct buf der;                       /* all certificates, one behind the other */
    size_t count;
    size_t starts[ROOTS_MAX + 1];
};

/* Takes one block of the file. False at its end, or when it is too much. */
static bool read_one(BIO *file, struct roots *roots)
{
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long length = 0;
    if (PEM_read_bio(file, &name, &header, &data, &length) != 1) {
        return false;
    }
    bool certificate = length > 0 && strcmp(name, PEM_STRING_X509) == 0;
    bool fits = roots->count < ROOTS_MAX && (!certificate || buf_append(&roots->der, slice_of(data, (size_t)length)) == ERR_NONE);
    if (certificate && fits) {
        roots->starts[++roots->count] = roots->der.len;
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    return fits;
}

enum err roots_load(const char *path, struct roots **ret_roots)
{
    BIO *file = BIO_new_file(path, "r");
    struct roots *roots = file == NULL ? NULL : calloc(1, sizeof(*roots));
    if (roots != NULL) {
        roots->der = BUF_INIT(ROOTS_MAX_BYTES);
        while (read_one(file, roots)) {
        }
    }
    BIO_free(file);
    ERR_clear_error();
    if (roots == NULL || roots->count == 0) {
        roots_free(roots);
        return ERR_NOT_FOUND;
    }
    *ret_roots = roots;
    return ERR_NONE;
}

void roots_free(struct roots *roots)
{
    if (roots != NULL) {
        buf_free(&roots->der);
        free(roots);
    }
}

static bool has_name(struct slice der, const X509_NAME *name)
{
    const unsigned char *bytes = NULL;
    size_t length = 0;
    return X509_NAME_get0_der(name, &bytes, &length) == 1 && slice_find(der, slice_of(bytes, length)) != SIZE_MAX;
}

static bool could_sign(struct slice der, STACK_OF(X509) *certificates)
{
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        if (has_name(der, X509_get_issuer_name(sk_X509_value(certificates, i)))) {
            return true;
        }
    }
    return false;
}

/* Decodes what could have signed one of `wanted` and is not chosen yet. Returns how many, -1 without memory. */
static int choose(const struct roots *roots, STACK_OF(X509) *wanted, bool chosen[ROOTS_MAX], STACK_OF(X509) *found)
{
    int count = 0;
    for (size_t i = 0; i < roots->count; i++) {
        struct slice der = slice_of(roots->der.data + roots->starts[i], roots->starts[i + 1] - roots->starts[i]);
        if (chosen[i] || !could_sign(der, wanted)) {
            continue;
        }
        chosen[i] = true;
        const unsigned char *position = der.data;
        X509 *root = d2i_X509(NULL, &position, (long)der.len);
        if (root != NULL && sk_X509_push(found, root) == 0) {
            X509_free(root);
            return -1;
        }
        count += root != NULL ? 1 : 0;
    }
    return count;
}

/* The authorities for a chain, and those above them. */
static STACK_OF(X509) *choose_all(const struct roots *roots, STACK_OF(X509) *chain)
{
    bool chosen[ROOTS_MAX] = {false};
    STACK_OF(X509) *found = sk_X509_new_null();
    int more = found == NULL ? -1 : choose(roots, chain, chosen, found);
    for (size_t passes = 0; more > 0 && passes < PASSES_MAX; passes++) {
        more = choose(roots, found, chosen, found);
    }
    if (more < 0) {
        sk_X509_pop_free(found, X509_free);
        return NULL;
    }
    return found;
}

/* As the TLS library would: for a server, at security level 0, the trusted first. */
static bool verify(STACK_OF(X509) *trusted, STACK_OF(X509) *chain, int *ret_code)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool made = store != NULL && context != NULL;
    for (int i = 0; made && i < sk_X509_num(trusted); i++) {
        made = X509_STORE_add_cert(store, sk_X509_value(trusted, i)) == 1;
    }
    made = made && X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain) == 1 && X509_STORE_CTX_set_default(context, "ssl_server") == 1;
    if (made) {
        X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_TRUSTED_FIRST);
        X509_VERIFY_PARAM_set_auth_level(how, 0);
        int verified = X509_verify_cert(context);
        int code = X509_STORE_CTX_get_error(context);
        *ret_code = verified != 1 && code == X509_V_OK ? X509_V_ERR_UNSPECIFIED : code;
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return made;
}

enum err roots_verify(const struct roots *roots, STACK_OF(X509) *chain, int *ret_code)
{
    STACK_OF(X509) *trusted = sk_X509_num(chain) > 0 ? choose_all(roots, chain) : NULL;
    bool made = trusted != NULL && verify(trusted, chain, ret_code);
    sk_X509_pop_free(trusted, X509_free);
    ERR_clear_error();
    return made ? ERR_NONE : ERR_MEMORY;
}
