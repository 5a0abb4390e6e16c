/*
 * Rotation of secrets by a hook: rows, operations and the state machine stand in rotation.c. Here are its operations, which keep alone brings along: they work on the
 * estate (measure) as well as on kv, and tests of kv need no estate.
 */
#ifndef VOGT_SECRETS_ROTATION_H
#define VOGT_SECRETS_ROTATION_H

#include "engine/turn.h"

#define OPERATION(name) enum err operation_##name(struct turn *turn);
#include "secrets/rotation.def"
#undef OPERATION

#endif
