/*
 * What a verdict rests on, for somebody who has nothing else: entries of the evidence log with salt, payload and proof of inclusion, under one
 * signed checkpoint; `vogt evidence verify` checks it (docs/evidence-bundle.md). For one clause it carries its verdict, for a whole annex
 * all verdicts in place of one:
 *   {"format":"vogt-evidence-annex/v1","made","revision","vkey","checkpoint","verdicts":[record],"entries":[{"index","entry","salt","payload","proof"}]}
 */
#ifndef VOGT_MEASURE_EVIDENCE_BUNDLE_H
#define VOGT_MEASURE_EVIDENCE_BUNDLE_H

#include "measure/standing.h"

/* `clause` NULL: the whole annex. ERR_NEED until checkpoint, tiles and rows are there. */
enum err evidence_bundle(struct turn *turn, const struct world *world, const struct json *clause, struct json **ret_bundle) must_check;

#endif
