#include "collect/port_text.h"

#include <stdio.h>
#include <string.h>

enum { NAMED_MAX = 5 };

void port_text(const struct ports *ports, const char *protocol, char out[PORT_TEXT_BYTES])
{
    size_t ranges = 0, len = 0;
    unsigned first = 0;
    for (unsigned port = 1; port <= PORTS_ALL + 1; port++) {
        bool has = port <= PORTS_ALL && ports_has(ports, (uint16_t)port);
        if (has && first == 0) {
            first = port;
        }
        if (has || first == 0) {
            continue;
        }
        if (ranges++ < NAMED_MAX) {
            const char *before = len == 0 ? protocol : ",";
            int count = first == port - 1 ? snprintf(out + len, PORT_TEXT_BYTES - len, "%s %u", before, first)
                                          : snprintf(out + len, PORT_TEXT_BYTES - len, "%s %u-%u", before, first, port - 1);
            len += count > 0 && (size_t)count < PORT_TEXT_BYTES - len ? (size_t)count : 0;
        }
        first = 0;
    }
    if (ranges > NAMED_MAX) {
        snprintf(out + len, PORT_TEXT_BYTES - len, " (+%zu)", ranges - NAMED_MAX);
    } else if (ranges == 0) {
        memcpy(out, "-", 2);
    }
}

void port_listed(const struct json *estate, const char *protocol, struct ports *ret_ports)
{
    struct ports ports = {{0}};
    const struct json *list = json_member(estate, "ports");
    for (const struct json *row = list == NULL || list->type != JSON_ARRAY ? NULL : list->first; row != NULL; row = row->next) {
        uint64_t port = 0;
        bool ours = slice_is(json_text(row, "protocol", slice_string(protocol)), protocol);
        if (ours && json_u64(row, "port", &port) == ERR_NONE && port <= PORTS_ALL) {
            ports_add(&ports, (uint16_t)port);
        }
    }
    *ret_ports = ports;
}
