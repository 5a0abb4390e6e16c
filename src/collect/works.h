/* Every work of this floor by name, for the test driver. The roles name their own in their tables, so that each links only its own. */
#ifndef VOGT_COLLECT_WORKS_H
#define VOGT_COLLECT_WORKS_H

#include "process/worker.h"

const struct work *collect_works(size_t *ret_count);

#endif
