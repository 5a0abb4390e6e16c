#include "measure/index.h"

static uint64_t hash_of(struct slice id)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < id.len; i++) {
        hash = (hash ^ id.data[i]) * UINT64_C(1099511628211);
    }
    return hash ^ (hash >> 29);
}

static struct index_slot *slot_of(const struct index *index, struct slice id)
{
    size_t at = (size_t)hash_of(id) & (index->capacity - 1);
    while (index->slots[at].value != NULL && !slice_equal(index->slots[at].id, id)) {
        at = (at + 1) & (index->capacity - 1);
    }
    return &index->slots[at];
}

static enum err grow(struct index *index)
{
    struct index larger = {.arena = index->arena, .capacity = index->capacity == 0 ? 64 : 2 * index->capacity};
    larger.slots = arena_alloc_array(index->arena, larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return ERR_MEMORY;
    }
    __builtin_memset(larger.slots, 0, larger.capacity * sizeof *larger.slots);
    for (size_t i = 0; i < index->capacity; i++) {
        if (index->slots[i].value != NULL) {
            *slot_of(&larger, index->slots[i].id) = index->slots[i];
        }
    }
    larger.count = index->count;
    *index = larger;
    return ERR_NONE;
}

enum err index_put(struct index *index, struct slice id, const struct json *value)
{
    enum err err = 2 * (index->count + 1) > index->capacity ? grow(index) : ERR_NONE;
    if (err != ERR_NONE || value == NULL) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    struct index_slot *slot = slot_of(index, id);
    index->count += slot->value == NULL ? 1 : 0;
    *slot = (struct index_slot){id, value};
    return ERR_NONE;
}

enum err index_all(struct index *index, const struct json *array)
{
    enum err err = ERR_NONE;
    for (const struct json *item = array == NULL ? NULL : array->first; err == ERR_NONE && item != NULL; item = item->next) {
        err = index_put(index, json_text(item, "id", SLICE_NONE), item);
    }
    return err;
}

const struct json *index_find(const struct index *index, struct slice id)
{
    return index->capacity == 0 ? NULL : slot_of(index, id)->value;
}
