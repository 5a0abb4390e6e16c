/* The operations of the annex, the estate, observing and reporting, by name. */
#ifndef VOGT_MEASURE_OPERATIONS_H
#define VOGT_MEASURE_OPERATIONS_H

#include "engine/turn.h"

#define OPERATION(name) enum err operation_##name(struct turn *turn);
#include "measure/operations.def"
#undef OPERATION

#endif
