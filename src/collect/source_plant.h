/*
 * The planted provider: what the table of a kind says it answers, in place of the HTTP client; login, paging, picking and bounds are those of the real
 * run. It looks at what it is asked: a request without the planted credential is answered with 401, an unknown one with 404, and so the plant fails.
 */
#ifndef VOGT_COLLECT_SOURCE_PLANT_H
#define VOGT_COLLECT_SOURCE_PLANT_H

#include "collect/source_run.h"

/* The facts of the planted provider. ERR_TOO_LARGE, ERR_MEMORY, ERR_CRYPTO. */
enum err source_plant(struct arena *arena, const struct source_api *api, int64_t deadline_ms, struct json **ret_facts) must_check;

#endif
