/*
 * Small files in the agent's one directory: read whole within a bound, written so that a reader and a crash see the old content or the new, never half. Names are
 * plain (no slash); nothing here leaves the directory.
 */
#ifndef VOGT_AGENT_FILE_H
#define VOGT_AGENT_FILE_H

#include "base/bytes.h"

/* Appends the content. ERR_NOT_FOUND; ERR_TOO_LARGE past out's maximum. */
enum err file_read(int directory_fd, const char *name, struct buf *out) must_check;
/* Beside, synced, renamed, directory synced; mode 0600. */
enum err file_write(int directory_fd, const char *name, struct slice bytes) must_check;

#endif
