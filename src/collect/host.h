/*
 * The machine probe: who a machine is, its addresses, its file systems on devices, what listens. Look collects it on the machine it runs on, an agent on
 * others; judge proposes volumes and endpoints from it, and says whether all could be read, so that what is missing is gone.
 */
#ifndef VOGT_COLLECT_HOST_H
#define VOGT_COLLECT_HOST_H

#include "process/worker.h"

/* "collect.host". Output {"facts":{"hostname","os","kernel","addresses":[{"interface","address","family"}],"mounts":[{"point","type","source"}],
 * "sockets":{…as collect.sockets}},"plant":{"facts":…},"vantage"}; "addresses_error", "mounts_error" where something could not be read. */
enum err collect_host(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* "judge.machine": kind host.discovered. Option "host": the subject's name; "this" is the machine that Vogt runs on, others stand before their names. */
enum err judge_machine(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
