/* Sending an annex to the daemon, and showing what an adoption changed. Owns nothing. */
#ifndef VOGT_COMMAND_ADOPT_H
#define VOGT_COMMAND_ADOPT_H

#include "command/command.h"

enum { ADOPT_FILE_BYTES = 8 << 20 };

/* annex/read (dry) or annex/adopt with the file's bytes; its name is the last part of `path`. */
enum outcome adopt_send(struct run *run, const char *path, const struct buf *bytes, bool dry,
                        const struct json **ret_data);
void adopt_show_changes(struct run *run, const struct json *adopted);

#endif
