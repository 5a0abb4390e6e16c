/* What the commands about the estate and its sources share. Owns nothing. */
#ifndef VOGT_COMMAND_ESTATE_H
#define VOGT_COMMAND_ESTATE_H

#include "command/command.h"

/* Puts the written estate anew. */
enum outcome estate_send(struct run *run, struct slice hcl);
/* Sets NAME=VALUE of the command line in `object`: "name=" leaves it out, JSON that is no string keeps its kind, everything else is text.
 * False: it is none, and that was said. */
bool estate_set_word(struct run *run, struct json *object, const char *word);
/* "a = 1, b = x" of an object; empty when it has none. */
const char *estate_attributes(struct run *run, const struct json *object);

#endif
