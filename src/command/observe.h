/* Observing everything and waiting for it, for `vogt observe` and `vogt up`. */
#ifndef VOGT_COMMAND_OBSERVE_H
#define VOGT_COMMAND_OBSERVE_H

#include "command/command.h"

/* Has Vogt run every probe, with a line of progress; waits at most three minutes for what goes on after its reply. */
enum outcome observe_everything(struct run *run, const struct json **ret_data) must_check;

#endif
