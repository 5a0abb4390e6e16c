/*
 * How busy this machine is: processors and what they did, memory, how full its file systems are, since when it runs. For sys/host-info alone; nothing is judged by it.
 *
 * Facts: {"uptime_s","boot_s","processes","loads":[of 1, 5 and 15 minutes],"cpus":[{"cpu","vendor","family","model","name","mhz"}],
 *   "times":[{"cpu":"cpu-total|cpu0|…","user","nice","system","idle","iowait","irq","softirq","steal"} in hundredths of a second],
 *   "memory":{"total","free","available","buffers","cached"} in bytes,"disks":[{"point","type","source","total","free","available","files","files_free"}]}.
 * What could not be read is not there.
 */
#ifndef VOGT_COLLECT_LOAD_H
#define VOGT_COLLECT_LOAD_H

#include "base/json.h"
#include "process/worker.h"

/* "collect.load", in look. Output {"facts","vantage":"local"}. */
enum err collect_load(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* The kernel's own texts (man 5 proc): what is not understood is passed over. */
void load_read_cpuinfo(struct arena *arena, struct slice text, struct json *facts);
void load_read_stat(struct arena *arena, struct slice text, struct json *facts);
void load_read_meminfo(struct arena *arena, struct slice text, struct json *facts);
void load_read_loadavg(struct arena *arena, struct slice text, struct json *facts);
void load_read_uptime(struct arena *arena, struct slice text, struct json *facts);

#endif
