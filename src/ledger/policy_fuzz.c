#include "crypto/check_crypto.h"
#include "ledger/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A policy that reads has its quorum among its members, groups name only what stands before them,
 * and a refused one says where. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy policy;
    struct complaint complaint = {.line = 0};
    if (policy_read(slice_of(data, size), &policy, &complaint) != ERR_NONE) {
        if (complaint.text.english == NULL || complaint.text.german == NULL) {
            __builtin_trap();
        }
        return 0;
    }
    if (!policy.quorum_none && policy.quorum >= policy.member_count) {
        __builtin_trap();
    }
    for (size_t i = 0; i < policy.member_count; i++) {
        const struct policy_member *member = &policy.members[i];
        unsigned count = (unsigned)__builtin_popcountll(member->members);
        if (!member->is_witness &&
            (member->members >> i != 0 || member->threshold == 0 || member->threshold > count)) {
            __builtin_trap();
        }
    }
    return 0;
}
