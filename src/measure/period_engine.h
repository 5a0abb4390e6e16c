/* Verdicts of a clause over a time, read from its history. */
#ifndef VOGT_MEASURE_PERIOD_ENGINE_H
#define VOGT_MEASURE_PERIOD_ENGINE_H

#include "measure/period.h"
#include "measure/standing.h"

/* Fills `item` with {"id","kept_s","total_s","percent","gaps":[{"from","to","verdict"}]}. ERR_NEED. */
enum err period_describe(struct turn *turn, struct slice id, int64_t from_ms, int64_t to_ms, struct json *item) must_check;

#endif
