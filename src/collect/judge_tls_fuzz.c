/* Hostile facts, certificates among them, through every judge: none may crash, and without a plant none may be green. */
#include "collect/judge.h"
#include "collect/nft.h"
#include "collect/self.h"
#include "collect/sockets.h"
#include "collect/tls.h"
#include "collect/volume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const work_fn judges[] = {judge_tls, judge_firewall, judge_sockets, judge_volume, judge_seal, judge_ledger, judge_privilege};
    for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(8 << 20);
        struct json *facts = NULL;
        if (json_read(arena, slice_of(data, size), &facts, NULL) != ERR_NONE) {
            return 0;
        }
        struct json *input = json_new(arena, JSON_OBJECT);
        json_set(arena, input, "facts", facts);
        json_set(arena, json_set_object(arena, input, "plant"), "facts", json_copy(arena, facts));
        json_set_i64(arena, input, "collected_at_ms", 1795430000000);
        struct work_reply reply = {0};
        if (judges[i](arena, input, SLICE_NONE, &reply) != ERR_NONE) {
            continue;
        }
        /* The same facts as real ones and as plant: a probe that passed them cannot have caught them. */
        for (const struct json *entry = judge_items(reply.output, "observations"); entry != NULL; entry = entry->next) {
            if (judge_is(entry, "outcome", "pass")) {
                __builtin_trap();
            }
        }
    }
    return 0;
}
