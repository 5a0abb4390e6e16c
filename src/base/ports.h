/*
 * A set of ports, as a task names them: numbers (443, "443") and ranges ("1-1024"). The sandbox of a
 * task and the collector that it confines read the same text by the same code, so that neither
 * believes in other ports than the other. Plain value; port 0 is never in it.
 */
#ifndef VOGT_BASE_PORTS_H
#define VOGT_BASE_PORTS_H

#include "base/json.h"

enum { PORTS_BYTES = 65536 / 8, PORTS_ALL = 65535 };

struct ports {
    uint8_t bits[PORTS_BYTES];
};

void ports_add(struct ports *ports, uint16_t port);
bool ports_has(const struct ports *ports, uint16_t port);
void ports_remove(struct ports *ports, const struct ports *others);
void ports_keep(struct ports *ports, const struct ports *others); /* those that are in both */
void ports_join(struct ports *ports, const struct ports *others);
size_t ports_count(const struct ports *ports);
/* Adds "443" or "1-1024". ERR_MALFORMED and nothing added: no such thing. */
enum err ports_add_text(struct ports *ports, struct slice text) must_check;
/* Adds an array's numbers and ranges; NULL or no array adds nothing. ERR_MALFORMED: some item is
 * neither; those before it are in. */
enum err ports_add_json(struct ports *ports, const struct json *array) must_check;

#endif
