/* What judges of ports share: the estate's list as a set, and a set in words. Pure. */
#ifndef VOGT_COLLECT_PORT_TEXT_H
#define VOGT_COLLECT_PORT_TEXT_H

#include "base/ports.h"

enum { PORT_TEXT_BYTES = 200 };

/* "tcp 22, 80-81 (+3)": the first few ranges, and how many more there are. "-" for none. */
void port_text(const struct ports *ports, const char *protocol, char out[PORT_TEXT_BYTES]);
/* The estate's {"ports":[{"port","protocol"?}]} of one protocol; a row without protocol means both. */
void port_listed(const struct json *estate, const char *protocol, struct ports *ret_ports);

#endif
