/* '*' stands for any bytes, also none, wherever it is; everything else for itself. Goes back to the last star only: at most pattern times text steps. */
#ifndef VOGT_BASE_GLOB_H
#define VOGT_BASE_GLOB_H

#include "base/bytes.h"

bool glob_matches(struct slice pattern, struct slice text);

#endif
