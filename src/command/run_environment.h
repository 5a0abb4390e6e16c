/*
 * The environment of a program that gets secrets: names made of the fields' names, two that become the same refused, names that decide what is executed refused.
 * All lies in the arena that it is given, which its owner wipes; it never prints a value.
 */
#ifndef VOGT_COMMAND_RUN_ENVIRONMENT_H
#define VOGT_COMMAND_RUN_ENVIRONMENT_H

#include "base/arena.h"
#include "base/json.h"

enum { ENVIRONMENT_MAX = 4096 };

struct environment {
    struct arena *arena;
    bool upper;
    struct environment_entry {
        const char *name, *line, *from; /* "DB_PASSWORD", "DB_PASSWORD=…", "secret/app/db, password" */
    } *entries;
    size_t count;
};

enum err environment_start(struct environment *environment, struct arena *arena, bool upper) must_check;
/* Letters, digits and _ stay, anything else becomes _, and so does a digit at the beginning. NULL without memory. */
char *environment_name(struct arena *arena, const char *prefix, struct slice field, bool upper);
/* Every field of a secret: text as it is, numbers and truth values as they are written, lists and objects as JSON. ERR_INVALID with a complaint that names both
 * sources of a name, or the field that cannot be one. */
enum err environment_add(struct environment *environment, const char *path, const char *prefix, const struct json *data, struct complaint *complaint) must_check;
enum err environment_set(struct environment *environment, const char *name, struct slice value, const char *from, struct complaint *complaint) must_check;
/* What a program is started with: `inherited` without tokens of Vogt and Vault and without what secrets replace, then the secrets. NULL without memory. */
char **environment_block(const struct environment *environment, char *const *inherited);

#endif
