/* Questions at the terminal (or lines of standard input when that is none). */
#ifndef VOGT_COMMAND_SECRET_PROMPT_H
#define VOGT_COMMAND_SECRET_PROMPT_H

#include "command/command.h"
#include "crypto/secret.h"

enum outcome prompt_line(struct run *run, const char *question, char *out, size_t out_bytes);
/* Without echo; at most 1 KiB. */
enum outcome prompt_secret(struct run *run, const char *question, struct secret *ret_secret);

#endif
