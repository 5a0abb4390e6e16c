/* What clients show and operators bring: chains as REQUEST has them, PEM, revocation lists. */
#include "secrets/cert_chain.h"
#include "secrets/cert_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct arena *arena, cert_stack *chain)
{
    cert_stack *path = NULL;
    X509 *leaf = sk_X509_value(chain, 0);
    struct slice der, text;
    if (cert_verify(chain, chain, INT64_C(1795435200), &path) == ERR_NONE && sk_X509_num(path) < 1) {
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
    arena_free(arena);
    return 0;
}
