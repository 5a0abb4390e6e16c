/*
 * An evidence bundle: what one clause's verdict rests on, or (in a report) those of a whole annex,
 * for somebody who has nothing but this file. One JSON object:
 *
 *   {"format":"vogt-evidence/v1","made":RFC 3339,"clause":"3.1","text","revision":N,
 *    "vkey": verifier key of the evidence log,"checkpoint": signed note,
 *    "verdict": the record as computed at `made` (measure/verdict.h),
 *    "entries":[{"index":N,"entry":base64,"salt":base64,"payload":JSON text,"proof": C2SP
 * tlog-proof}]}
 *
 *   {"format":"vogt-evidence-annex/v1","made","revision","vkey","checkpoint",
 *    "verdicts":[a record of every clause, in the annex's order],"entries"}
 *
 * Entries stand in the order of their indices: the adoption of the annex, what people said about
 * the clause, the estate, the newest observation of each kind and subject that the clause needs,
 * those of the ledger itself. Pure: no file, no clock, no network.
 */
#ifndef VOGT_COMMAND_BUNDLE_H
#define VOGT_COMMAND_BUNDLE_H

#include "base/json.h"
#include "ledger/note.h"
#include "measure/verdict.h"

#define BUNDLE_FORMAT "vogt-evidence/v1"
#define BUNDLE_ANNEX_FORMAT "vogt-evidence-annex/v1"

enum { BUNDLE_FINDINGS_MAX = 64, BUNDLE_ENTRIES_MAX = 100000 };

struct bundle_finding {
    struct text text;
    uint64_t index; /* UINT64_MAX: of no entry */
};

struct bundle_report {
    struct bundle_finding findings[BUNDLE_FINDINGS_MAX]; /* what is wrong; none: the bundle holds */
    size_t finding_count, entry_count, observation_count, rejudged_count, without_facts_count;
    uint64_t log_size;
    struct slice origin, verdict; /* recomputed; borrow from the arena. Of an annex: the worst */
    bool is_annex;
    size_t clause_count, verdict_counts[VERDICT_COUNT]; /* recomputed */
    bool other_catalogue; /* made with another catalogue: entries are checked, the verdict cannot be
                             recomputed */
};

/* Checks everything. `expected` NULL: the key in the bundle is taken. ERR_MALFORMED with a
 * complaint: no bundle at all. */
enum err bundle_check(struct arena *arena, const struct json *bundle,
                      const struct note_key *expected, struct bundle_report *ret_report,
                      struct complaint *complaint) must_check;

#endif
