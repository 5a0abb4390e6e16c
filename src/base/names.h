/*
 * Finds a name that stands twice among the members of an object or the attributes of a block. Owns
 * nothing; used by the readers of this folder only. The cost is n log n comparisons, whatever names
 * a hostile input chooses.
 */
#ifndef VOGT_BASE_NAMES_H
#define VOGT_BASE_NAMES_H

#include "base/bytes.h"

struct name_place {
    struct slice name;
    size_t index;
};

/* Sorts `names` by name, then index. The smallest index whose name stood before, or SIZE_MAX. */
size_t names_repeated(struct name_place *names, size_t count);
/* In names that names_repeated has sorted. */
bool names_contain(const struct name_place *names, size_t count, struct slice name);

#endif
