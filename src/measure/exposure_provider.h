/* What a provider's firewalls let through to one host, from the newest run at a source that knows it. Shape: collect/exposure.h. */
#ifndef VOGT_MEASURE_EXPOSURE_PROVIDER_H
#define VOGT_MEASURE_EXPOSURE_PROVIDER_H

#include "engine/turn.h"

/* Sets "provider" in facts and in times (collected_at_ms), if some source read this host whole. ERR_NEED, ERR_MEMORY. */
enum err exposure_provider(struct turn *turn, struct slice subject, struct json *facts, struct json *times) must_check;

/* The part that needs no rows: "provider" of the host by this name in the facts of a source; NULL where it was not read whole. */
struct json *exposure_provider_of(struct arena *arena, const struct json *told, struct slice host);

#endif
