/* What a vantage is asked to scan of a host, and what the judges of ports may let stand. */
#ifndef VOGT_MEASURE_EXPOSURE_TASK_H
#define VOGT_MEASURE_EXPOSURE_TASK_H

#include "engine/turn.h"

/* The input of collect.ports (collect/port_scan.h): the host's public addresses; the ports of its "outside", else the usual ones, the host's own, and a slice of all others that
 * moves on every twelve hours, so that each port is asked within sixteen days; ports for the plant, drawn at random. */
enum err exposure_task(struct turn *turn, const struct json *host, struct json *input) must_check;
/* "ports" and "addresses" of the host, as judge.ports and judge.exposure read them. */
enum err exposure_estate(struct turn *turn, const struct json *host, struct json *estate) must_check;

#endif
