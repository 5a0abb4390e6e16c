/* An index: JSON objects found by the text of their member "id", in an arena. For lists that may be long; everything else walks its list. */
#ifndef VOGT_MEASURE_INDEX_H
#define VOGT_MEASURE_INDEX_H

#include "base/json.h"

struct index_slot {
    struct slice id;
    const struct json *value;
};

struct index {
    struct arena *arena;
    struct index_slot *slots;
    size_t capacity, count;             /* capacity: a power of two, or 0 */
};

#define INDEX_IN(the_arena) ((struct index){.arena = (the_arena)})

/* Puts it, in place of the one with the same id. ERR_MEMORY. */
enum err index_put(struct index *index, struct slice id, const struct json *value) must_check;
/* All items of an array. */
enum err index_all(struct index *index, const struct json *array) must_check;
const struct json *index_find(const struct index *index, struct slice id);     /* NULL: not there */

#endif
