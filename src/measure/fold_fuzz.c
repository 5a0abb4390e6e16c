/* Payloads of the evidence log, one a line: whatever stands there, the fold must take or refuse it, and a verdict is computed of every clause. */
#include "measure/fold.h"

#include "measure/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fold fold;
    if (fold_start(&fold) != ERR_NONE) {
        return 0;
    }
    struct slice rest = slice_of(data, size), line;
    enum err err = ERR_NONE;
    for (uint64_t index = 0; err == ERR_NONE && slice_split(&rest, '\n', &line); index++) {
        enum fold_result result = FOLD_DAMAGED;
        err = fold_take(&fold, line, index, &result, NULL);
    }
    for (const struct json *clause = edit_items(fold.world.annex, "clauses"); clause != NULL; clause = clause->next) {
        struct judgement whole;
        struct json *record = verdict_record(&fold.world, clause, INT64_C(1790000000000), &whole);
        struct judgement ledger = verdict_ledger(&fold.world, INT64_C(1790000000000));
        if (record != NULL && whole.verdict == VERDICT_KEPT && ledger.verdict != VERDICT_KEPT) {
            __builtin_trap(); /* green without a whole ledger */
        }
    }
    fold_free(&fold);
    return 0;
}
