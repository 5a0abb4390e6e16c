/*
 * The probe of a host's ports from outside. Collector (reach, or a vantage elsewhere): which TCP ports of the host's addresses take a
 * connection, and what can be told of a few UDP ports. Judge: ports.outside. It connects to the addresses and ports that the task
 * names, to its own planted listener, and to nothing else.
 */
#ifndef VOGT_COLLECT_PORT_SCAN_H
#define VOGT_COLLECT_PORT_SCAN_H

#include "process/worker.h"

/* "collect.ports". Input {"addresses":["192.0.2.1","2001:db8::1"],"ports":["1-1024",5432],"udp_ports"?:[53],"plant_ports":[N,M],
 * "per_second"?:200,"at_a_time"?:128,"wait_ms"?:1500,"timeout_ms"?:15000}. plant_ports: two ports of loopback that the task chose at random;
 * the collector listens on the first that is free, and needs another that it does not listen on. */
enum err collect_ports(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.ports". Estate {"ports":[{"port":443,"protocol":"tcp"}],"addresses":["192.0.2.1"]}: every address in it must have been scanned.
 * Plant: the listener. */
enum err judge_ports(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
