/*
 * Discovery on the machine it runs on (look): who it is, its addresses, its file systems on devices, what listens. Proposals of
 * subjects, to be confirmed; nothing is judged.
 */
#ifndef VOGT_COLLECT_HOST_H
#define VOGT_COLLECT_HOST_H

#include "process/worker.h"

/* "collect.host". Output {"facts":{"hostname","os","kernel","addresses":[{"interface","address","family"}],"mounts":[{"point","type",
 * "source"}],"sockets":{…as collect.sockets}},"proposals":[{"kind":"host|endpoint|volume","name",…,"reason"}],"vantage"}. */
enum err collect_host(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
