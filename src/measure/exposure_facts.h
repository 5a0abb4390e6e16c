/*
 * The facts of `exposure`: what the newest observations of one host recorded, layer by layer, put together from the evidence log
 * (collect/exposure.h has their shape). An observation whose plant was not caught, or whose facts were erased, is no layer.
 */
#ifndef VOGT_MEASURE_EXPOSURE_FACTS_H
#define VOGT_MEASURE_EXPOSURE_FACTS_H

#include "engine/turn.h"

/* ERR_NEED, ERR_MEMORY. A host of which nothing was observed has no layer. */
enum err exposure_facts(struct turn *turn, struct slice subject, struct json *facts) must_check;

#endif
