/* The planted listener of probes that connect: on loopback, at one of the ports that the task chose at random ("plant_ports"). */
#ifndef VOGT_COLLECT_PLANT_PORT_H
#define VOGT_COLLECT_PLANT_PORT_H

#include "base/json.h"

/* A listening descriptor, which the caller closes, on the first of the ports that is free; -1 when there is none. */
int plant_port_listen(const struct json *ports, uint16_t *ret_port);

#endif
