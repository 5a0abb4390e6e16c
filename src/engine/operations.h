/* The engine's operations by name; own_* are turns that keep begins itself. */
#ifndef VOGT_ENGINE_OPERATIONS_H
#define VOGT_ENGINE_OPERATIONS_H

#include "engine/turn.h"

#define OPERATION(name) enum err operation_##name(struct turn *turn);
#include "engine/operations.def"
#undef OPERATION

#endif
