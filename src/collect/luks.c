#include "collect/luks.h"

#include "collect/fact.h"

#include <stdio.h>
#include <string.h>

enum {
    MAGIC_BYTES = 6,
    VERSION_AT = 6,
    LUKS1_NAME_AT = 8,
    LUKS1_MODE_AT = 40,
    LUKS1_KEY_BYTES_AT = 108,
    LUKS1_BYTES = 592,
    LUKS2_BYTES_AT = 8,
    UUID_AT = 168,
    LUKS2_JSON_AT = 4096,
    CIPHER_MAX_BYTES = 100,
    KEY_MAX_BYTES = 512,
};

static const uint8_t magic[MAGIC_BYTES] = {'L', 'U', 'K', 'S', 0xba, 0xbe};

/* A text in a field of fixed size: up to its NUL. */
static struct slice field(struct slice header, size_t at, size_t bytes)
{
    struct slice text = slice_first(slice_from(header, at), bytes);
    size_t end = slice_find_byte(text, 0);
    return end == SIZE_MAX ? text : slice_first(text, end);
}

static struct json *put_segment(struct arena *arena, struct json *segments, struct slice cipher, uint64_t key_bytes)
{
    struct json *segment = json_append(segments, json_new(arena, JSON_OBJECT));
    fact_set_text(arena, segment, "cipher", cipher, CIPHER_MAX_BYTES);
    json_set_u64(arena, segment, "key_bits", key_bytes * 8);
    return segment;
}

static enum err read_version1(struct arena *arena, struct slice header, struct json *fact)
{
    if (header.len < LUKS1_BYTES) {
        return ERR_MALFORMED;
    }
    struct slice name = field(header, LUKS1_NAME_AT, 32), mode = field(header, LUKS1_MODE_AT, 32);
    const uint8_t *data = header.data + LUKS1_KEY_BYTES_AT;
    uint64_t key_bytes = (uint64_t)data[0] << 24 | (uint64_t)data[1] << 16 | (uint64_t)data[2] << 8 | data[3];
    char cipher[CIPHER_MAX_BYTES];
    if (name.len == 0 || key_bytes == 0 || key_bytes > KEY_MAX_BYTES) {
        return ERR_MALFORMED;
    }
    snprintf(cipher, sizeof(cipher), "%.*s-%.*s", (int)name.len, (const char *)name.data, (int)mode.len, (const char *)mode.data);
    put_segment(arena, json_set_array(arena, fact, "segments"), slice_string(cipher), key_bytes);
    return ERR_NONE;
}

/* The smallest key of any slot: a slot can hold only the whole key of the volume, so that they are all alike. */
static enum err key_bytes_of(const struct json *tree, uint64_t *ret_bytes)
{
    const struct json *slots = json_member(tree, "keyslots");
    uint64_t smallest = UINT64_MAX;
    if (slots == NULL || slots->type != JSON_OBJECT) {
        return ERR_MALFORMED;
    }
    for (const struct json *slot = slots->first; slot != NULL; slot = slot->next) {
        uint64_t bytes = 0;
        if (!slice_is(json_text(slot, "type", SLICE_NONE), "luks2")) {
            continue; /* of a re-encryption */
        }
        if (json_u64(slot, "key_size", &bytes) != ERR_NONE || bytes == 0 || bytes > KEY_MAX_BYTES) {
            return ERR_MALFORMED;
        }
        smallest = bytes < smallest ? bytes : smallest;
    }
    if (smallest == UINT64_MAX) {
        return ERR_MALFORMED;
    }
    *ret_bytes = smallest;
    return ERR_NONE;
}

static enum err read_version2(struct arena *arena, struct slice header, struct json *fact)
{
    uint64_t bytes = header.len < 16 ? 0 : load_u64_big(header.data + LUKS2_BYTES_AT), key_bytes = 0;
    if (bytes <= LUKS2_JSON_AT) {
        return ERR_MALFORMED;
    }
    if (bytes > header.len) {
        return ERR_TOO_LARGE;
    }
    struct json *tree = NULL;
    struct slice text = field(header, LUKS2_JSON_AT, (size_t)bytes - LUKS2_JSON_AT);
    enum err err = json_read(arena, text, &tree, NULL);
    err = err != ERR_NONE ? err : key_bytes_of(tree, &key_bytes);
    const struct json *segments = json_member(tree, "segments");
    if (err != ERR_NONE || segments == NULL || segments->type != JSON_OBJECT || segments->first == NULL) {
        return err != ERR_NONE ? err : ERR_MALFORMED;
    }
    struct json *out = json_set_array(arena, fact, "segments");
    for (const struct json *segment = segments->first; segment != NULL; segment = segment->next) {
        bool crypt = slice_is(json_text(segment, "type", SLICE_NONE), "crypt");
        struct json *one = put_segment(arena, out, crypt ? json_text(segment, "encryption", SLICE_LITERAL("?")) : SLICE_LITERAL("none"), key_bytes);
        struct slice mac = json_text(json_member(segment, "integrity"), "type", SLICE_NONE);
        if (mac.len > 0) {
            fact_set_text(arena, one, "integrity", mac, CIPHER_MAX_BYTES);
        }
    }
    return ERR_NONE;
}

enum err luks_read(struct arena *arena, struct slice header, struct json *fact)
{
    if (header.len < UUID_AT + 40 || memcmp(header.data, magic, MAGIC_BYTES) != 0) {
        return ERR_NOT_FOUND;
    }
    unsigned version = (unsigned)header.data[VERSION_AT] << 8 | header.data[VERSION_AT + 1];
    enum err err = version == 1 ? read_version1(arena, header, fact)
                   : version == 2 ? read_version2(arena, header, fact) : ERR_MALFORMED;
    if (err != ERR_NONE) {
        return err;
    }
    json_set_u64(arena, fact, "version", version);
    return fact_set_text(arena, fact, "uuid", field(header, UUID_AT, 40), 40) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* Bytes of the key, from its text in the table; the text itself goes nowhere. */
static enum err table_key_bytes(struct slice key, uint64_t *ret_bytes)
{
    struct slice part, rest = key;
    if (key.len > 0 && key.data[0] == ':') {
        rest = slice_from(rest, 1);
        return slice_split(&rest, ':', &part) ? slice_to_u64(part, ret_bytes) : ERR_MALFORMED;
    }
    for (size_t i = 0; i < key.len; i++) {
        bool digit = (key.data[i] >= '0' && key.data[i] <= '9') || (key.data[i] >= 'a' && key.data[i] <= 'f') ||
                     (key.data[i] >= 'A' && key.data[i] <= 'F');
        if (!digit) {
            return ERR_MALFORMED;
        }
    }
    if (key.len == 0 || key.len % 2 != 0) {
        return ERR_MALFORMED;
    }
    *ret_bytes = key.len / 2;
    return ERR_NONE;
}

enum err luks_read_table(struct arena *arena, struct slice parameters, struct json *fact)
{
    struct slice cipher, key;
    uint64_t key_bytes = 0;
    if (!slice_split(&parameters, ' ', &cipher) || !slice_split(&parameters, ' ', &key) || cipher.len == 0 ||
        table_key_bytes(key, &key_bytes) != ERR_NONE || key_bytes > KEY_MAX_BYTES) {
        return ERR_MALFORMED;
    }
    fact_set_text(arena, fact, "cipher", cipher, CIPHER_MAX_BYTES);
    return json_set_u64(arena, fact, "key_bits", key_bytes * 8) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}
