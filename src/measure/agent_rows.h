/* The rows of agents as operations use them: found, changed, their certificates ended. Owned by agent_engine.c; formats in agent.h. */
#ifndef VOGT_MEASURE_AGENT_ROWS_H
#define VOGT_MEASURE_AGENT_ROWS_H

#include "engine/turn.h"
#include "measure/agent.h"

char *agent_path(struct turn *turn, const char *folder, struct slice name);       /* "agent/host/web-1" */
/* The row of the calling certificate's agent. The first call with a renewed certificate ends the one before. ERR_DENIED: revoked, or enrolled anew. */
enum err agent_calling(struct turn *turn, const struct json **ret_row) must_check;

#endif
