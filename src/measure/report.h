/*
 * The report: an annex with its verdicts as a PDF/A-3A, sentence by sentence, the evidence
 * embedded. A pure function: the same input gives the same bytes; the time is part of the input.
 * Work "report.pdf": input
 * {"language":"de|en","company"?:text,"annex":{"title","revision","adopted","digest"},"generated":RFC
 * 3339, "period"?:{"from","to"},
 *           "sections":[{"id","number","title","clauses":[{"id","text","verdict","since","reason":TEXT,
 *             "period"?:{"percent","gaps":[{"from","to","verdict"}]},"population"?:n,
 *             "interpretations"?:[{"word"?,"english","german" | "proposal":TEXT,"state"}],
 *             "attestations"?:[{"statement","by","at","expires"}],"deviation"?:{"owner","plan","due"},
 *             "measures"?:[text | {"number","title":TEXT}]}]}],
 *           "own"?:[{"kind","title"?:TEXT,"verdict","reason":TEXT}],"not_covered"?:[TEXT],"checkpoint"?:text,"vkey"?:text}
 *          TEXT is {"english","german"}, {"en","de"}, or one text for both. raw: the evidence
 * bundle (JSON), embedded as it is; may be empty. output {"pages":n}, raw: the PDF Counts are taken
 * from the clauses, so that the first page cannot contradict the others. "owner" and "by" are shown
 * as numbers: names of people never reach the paper. An unknown verdict is refused, not guessed.
 */
#ifndef VOGT_MEASURE_REPORT_H
#define VOGT_MEASURE_REPORT_H

#include "process/worker.h"

enum err report_pdf(struct arena *arena, const struct json *input, struct slice raw,
                    struct work_reply *reply) must_check;

#endif
