/*
 * Picking: of a provider's reply only the members that a table names become facts. What is not named (and so every secret) is dropped where it
 * was read. A pick is written as names between blanks, members of a member in parentheses, through arrays as well:
 *     "id name public_net(ipv4(ip)) rules(direction port source_ips)"
 * A named member is kept when it is a text, number, bool, null, or a list of those; an object or a list of objects needs its own names.
 * "*" is every member of an object whose names are themselves the data: "data(*(type))". Owns nothing.
 */
#ifndef VOGT_COLLECT_SOURCE_PICK_H
#define VOGT_COLLECT_SOURCE_PICK_H

#include "base/json.h"

enum { SOURCE_TEXT_MAX_BYTES = 1024, SOURCE_LIST_MAX_COUNT = 2000, SOURCE_NAME_MAX_BYTES = 512 };

/* A new object of the arena. *cut becomes true when a text or list was longer than allowed. NULL when the arena is full. */
struct json *source_pick(struct arena *arena, const struct json *value, const char *pick, bool *cut);

#endif
