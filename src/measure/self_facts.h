/*
 * Facts that keep gathers about Vogt itself: its seal, its ledger, the rights that its policies grant. Shapes: collect/self.h. They are read from
 * rows and logs like anything else, so that the judgement can be made again.
 */
#ifndef VOGT_MEASURE_SELF_FACTS_H
#define VOGT_MEASURE_SELF_FACTS_H

#include "engine/turn.h"

/* ERR_NOT_FOUND: no such probe. */
enum err self_facts(struct turn *turn, struct slice probe, struct slice subject, struct json **ret_facts) must_check;

#endif
