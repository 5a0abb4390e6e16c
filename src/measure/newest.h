/* The newest run of a probe at a subject, as the evidence log has it. */
#ifndef VOGT_MEASURE_NEWEST_H
#define VOGT_MEASURE_NEWEST_H

#include "engine/turn.h"

/* Its whole payload (docs/evidence.md). ERR_NOT_FOUND: there was no run, or it was erased. */
enum err newest_run(struct turn *turn, const char *probe, struct slice subject, struct json **ret_payload) must_check;

#endif
