/* A snapshot as a database: for whoever restores or verifies one. */
#ifndef VOGT_COMMAND_SNAPSHOT_H
#define VOGT_COMMAND_SNAPSHOT_H

#include "command/command.h"

/* Puts the snapshot, plain or as an archive, into the folder as vogt.db. What is wrong with it is said. */
enum outcome snapshot_unpack(struct run *run, const char *path, int folder_fd);

#endif
