/*
 * The probe of listening sockets. Collector (look): what listens on this machine, from /proc/net. Judge: sockets.listed.
 * What it sees is the network namespace it runs in.
 */
#ifndef VOGT_COLLECT_SOCKETS_H
#define VOGT_COLLECT_SOCKETS_H

#include "process/worker.h"

/* "collect.sockets". The input is not used. */
enum err collect_sockets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.sockets". Estate {"ports":[{"port":22,"protocol":"tcp"}]}; without protocol both are meant. */
enum err judge_sockets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* Appends the listeners of the text of one table ("tcp", "tcp6", "udp", "udp6") to the array. ERR_MALFORMED, ERR_TOO_LARGE. */
enum err sockets_parse(struct arena *arena, struct slice text, const char *table, struct json *listeners) must_check;
/* All facts beneath an open /proc. */
struct json *sockets_read(struct arena *arena, int proc_fd);

#endif
