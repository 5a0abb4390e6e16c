#include "base/ports.h"

void ports_add(struct ports *ports, uint16_t port)
{
    if (port != 0) {
        ports->bits[port / 8] |= (uint8_t)(1u << port % 8);
    }
}

bool ports_has(const struct ports *ports, uint16_t port)
{
    return (ports->bits[port / 8] >> port % 8 & 1) != 0;
}

void ports_remove(struct ports *ports, const struct ports *others)
{
    for (size_t i = 0; i < PORTS_BYTES; i++) {
        ports->bits[i] &= (uint8_t)~others->bits[i];
    }
}

void ports_keep(struct ports *ports, const struct ports *others)
{
    for (size_t i = 0; i < PORTS_BYTES; i++) {
        ports->bits[i] &= others->bits[i];
    }
}

void ports_join(struct ports *ports, const struct ports *others)
{
    for (size_t i = 0; i < PORTS_BYTES; i++) {
        ports->bits[i] |= others->bits[i];
    }
}

size_t ports_count(const struct ports *ports)
{
    size_t count = 0;
    for (size_t i = 0; i < PORTS_BYTES; i++) {
        count += (size_t)__builtin_popcount(ports->bits[i]);
    }
    return count;
}

enum err ports_add_text(struct ports *ports, struct slice text)
{
    struct slice rest = text, part;
    uint64_t first = 0, last = 0;
    if (!slice_split(&rest, '-', &part) || slice_to_u64(part, &first) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    bool range = part.len < text.len;
    if (range && slice_to_u64(rest, &last) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    last = range ? last : first;
    if (first == 0 || last > UINT16_MAX || first > last) {
        return ERR_MALFORMED;
    }
    for (uint64_t port = first; port <= last; port++) {
        ports_add(ports, (uint16_t)port);
    }
    return ERR_NONE;
}

enum err ports_add_json(struct ports *ports, const struct json *array)
{
    const struct json *item = array == NULL || array->type != JSON_ARRAY ? NULL : array->first;
    for (; item != NULL; item = item->next) {
        bool text = item->type == JSON_NUMBER || item->type == JSON_STRING;
        enum err err = text ? ports_add_text(ports, item->text) : ERR_MALFORMED;
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}
