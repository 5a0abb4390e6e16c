/*
 * The probe of separated networks. Collector (reach on a machine of one environment): can the named endpoints of another environment be
 * connected to from here? Judge: network.staging-refused. Nothing is read from what answers.
 */
#ifndef VOGT_COLLECT_CONNECT_H
#define VOGT_COLLECT_CONNECT_H

#include "process/worker.h"

/* "collect.connect". Input {"targets":[{"host","port"}],"control":{"host","port"},"plant_ports":[N,M],"timeout_ms"?}; at most 64 targets.
 * The control is an endpoint that must be reachable from here: without it, failing proves nothing. */
enum err collect_connect(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.connect". Plant: the collector's own listener as a target. */
enum err judge_connect(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
