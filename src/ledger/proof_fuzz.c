#include "crypto/check_crypto.h"
#include "ledger/proof.h"
#include "ledger/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A proof that reads has a path within bounds; a witness's reply always has an outcome. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    struct proof proof;
    struct note_key key;
    struct checkpoint checkpoint;
    struct slice bytes = slice_of(data, size);
    if (note_key_parse(slice_string(vkey), &key) != ERR_NONE) {
        __builtin_trap();
    }
    if (proof_read(bytes, &proof) == ERR_NONE) {
        struct witness_reply reply = {.outcome = WITNESS_OUTCOMES};
        if (proof.path.count > TREE_PROOF_MAX ||
            proof_check(&proof, bytes, &key, &checkpoint) == ERR_NONE) {
            __builtin_trap(); /* nobody here holds the key */
        }
        for (unsigned status = 200; status <= 409; status += 209) {
            if (witness_reply_read(status, SLICE_LITERAL("text/x.tlog.size"), bytes, 1,
                                   proof.checkpoint, &key, &reply) != ERR_NONE ||
                reply.outcome >= WITNESS_OUTCOMES || reply.outcome == WITNESS_COSIGNED) {
                __builtin_trap();
            }
        }
    }
    return 0;
}
