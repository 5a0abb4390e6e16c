/* What clients show, operators bring and servers answer: chains as REQUEST has them, PEM, revocation lists, OCSP. */
#include "secrets/cert_chain.h"
#include "secrets/cert_judge.h"
#include "secrets/cert_maker.h"
#include "secrets/cert_ocsp_judge.h"

#include <stdlib.h>

enum { NOW_S = 1795435200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct arena *arena, cert_stack *chain)
{
    cert_stack *path = NULL;
    X509 *leaf = sk_X509_value(chain, 0);
    struct slice der, text;
    if (cert_verify(chain, chain, X509_PURPOSE_SSL_CLIENT, NOW_S, &path) == ERR_NONE && sk_X509_num(path) < 1) {
        __builtin_trap();
    }
    for (unsigned which = CERT_COMMON_NAMES; which <= CERT_URI; which++) {
        (void)cert_names(arena, leaf, (enum cert_names)which);
    }
    (void)cert_extension(arena, leaf, SLICE_LITERAL("2.5.29.17"), &der, &text);
    (void)cert_serial(arena, X509_get0_serialNumber(leaf));
    (void)cert_key_id(arena, X509_get0_authority_key_id(leaf));
    cert_stack_free(path);
}

/* The question about a certificate whose issuer signed nothing: no answer may count. */
static void hear(struct arena *arena, struct slice answer)
{
    static struct made issuer, leaf;
    if (issuer.key == NULL) {
        issuer = cert_make(&(struct cert_wish){.name = "issuer", .is_authority = true, .end_s = 86400}, NOW_S);
        leaf = cert_make(&(struct cert_wish){.issuer = &issuer, .name = "leaf", .usage = "clientAuth", .end_s = 86400}, NOW_S);
    }
    struct json *entry = json_new(arena, JSON_OBJECT), *output = json_new(arena, JSON_OBJECT);
    struct work_reply reply = {0};
    cert_stack *path = sk_X509_new_null();
    json_set_bool(arena, entry, "ocsp_enabled", true);
    bool made = path != NULL && sk_X509_push(path, leaf.certificate) > 0 && sk_X509_push(path, issuer.certificate) > 0 && cert_ocsp_question(arena, entry, path, SLICE_LITERAL("0123456789abcdef"), output);
    sk_X509_free(path);
    struct json *input = made ? json_copy(arena, json_member(output, "ocsp")) : NULL;
    json_set_i64(arena, input, "now_s", NOW_S);
    json_set_i64(arena, input, "max_age_s", 0);
    if (input == NULL || cert_judge_ocsp(arena, input, answer, &reply) == ERR_NONE) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct arena *arena = arena_new(16 << 20);
    cleanup_buf struct buf raw = BUF_INIT(16);
    struct work_reply reply = {.raw = &raw};
    cert_stack *chain = NULL;
    if (cert_read_chain(bytes, &chain) == ERR_NONE) {
        look(arena, chain);
        cert_stack_free(chain);
    }
    if (cert_read_pem(bytes, &chain) == ERR_NONE) {
        look(arena, chain);
        cert_stack_free(chain);
    }
    (void)!cert_judge_crl(arena, NULL, bytes, &reply);
    hear(arena, bytes);
    arena_free(arena);
    return 0;
}
