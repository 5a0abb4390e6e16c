/*
 * /proc/self/mountinfo: "id parent major:minor root point options [tags] - type source super-options", with spaces and such
 * in names as octal escapes. Pure; results live in the arena.
 */
#ifndef VOGT_COLLECT_MOUNTINFO_H
#define VOGT_COLLECT_MOUNTINFO_H

#include "base/arena.h"

struct mount {
    unsigned major, minor;
    struct slice root, point, type, source, options; /* options: of the file system */
};

/* The mount that holds the absolute path: the longest point that is its prefix, of equals the last. ERR_NOT_FOUND, ERR_MALFORMED. */
enum err mountinfo_find(struct arena *arena, struct slice text, struct slice path, struct mount *ret_mount) must_check;
/* The lines one by one: *rest starts as the whole text; ERR_NOT_FOUND at its end. */
enum err mountinfo_next(struct arena *arena, struct slice *rest, struct mount *ret_mount) must_check;
/* The value of "name=…" among comma-separated options; empty when absent. */
struct slice mountinfo_option(struct slice options, const char *name);

#endif
