/*
 * JSON (RFC 8259), strictly: UTF-8 only, no duplicate names, no trailing bytes, depth and size bounded; numbers keep
 * their text, so that 1.1 and 12345678901234567890 come back as they came. \u0000 is kept (slices carry their length).
 * A tree lives in an arena and is immutable once read; it can also be built by hand and written.
 *
 * Packed form (between processes): see json_pack.
 */
#ifndef VOGT_BASE_JSON_H
#define VOGT_BASE_JSON_H

#include "base/arena.h"
#include "base/bytes.h"

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    struct slice name;                 /* of a member of an object */
    struct slice text;                 /* of a number: as it stood; of a string: decoded UTF-8 */
    struct json *first, *last;         /* children of arrays and objects, in order */
    struct json *next;                 /* sibling */
    size_t count;                      /* of children */
};

enum { JSON_DEPTH_MAX = 64 };

/* Reads one value. ERR_MALFORMED with *complaint (line, column), ERR_TOO_LARGE when the arena is full. */
enum err json_read(struct arena *arena, struct slice text, struct json **ret_value, struct complaint *complaint) must_check;

/* Look-ups; NULL where there is none or `object` is not an object. A NULL argument gives NULL. */
const struct json *json_member(const struct json *object, const char *name);
const struct json *json_path(const struct json *value, const char *dotted_path); /* "auth.client_token" */
/* The member's string/number/bool, or the fallback. */
struct slice json_text(const struct json *object, const char *name, struct slice fallback);
bool json_bool(const struct json *object, const char *name, bool fallback);
/* A whole number member: JSON number or decimal string. ERR_NOT_FOUND when absent, ERR_INVALID otherwise. */
enum err json_u64(const struct json *object, const char *name, uint64_t *ret_value) must_check;
enum err json_i64(const struct json *object, const char *name, int64_t *ret_value) must_check;

/* Building. All return NULL when the arena is full and accept NULL parents, so that a chain needs one check at the end.
 * Texts and names are copied; bytes that are no UTF-8 become U+FFFD. */
struct json *json_new(struct arena *arena, enum json_type type);
struct json *json_string(struct arena *arena, struct slice text);          /* copies */
/* The same without a copy: the text is UTF-8 for certain (digits, base64…) and lives as long as the tree. */
struct json *json_string_kept(struct arena *arena, struct slice text);
/* A node without a name over the same children: a tree that is finished can stand in several places. */
struct json *json_share(struct arena *arena, const struct json *value);
struct json *json_number_u64(struct arena *arena, uint64_t value);
struct json *json_number_i64(struct arena *arena, int64_t value);
struct json *json_number_text(struct arena *arena, struct slice text);     /* must be a valid JSON number */
struct json *json_boolean(struct arena *arena, bool value);
struct json *json_append(struct json *array, struct json *value);          /* returns value */
struct json *json_set(struct arena *arena, struct json *object, const char *name, struct json *value); /* returns value; no check for duplicates */
struct json *json_set_string(struct arena *arena, struct json *object, const char *name, struct slice text);
struct json *json_set_u64(struct arena *arena, struct json *object, const char *name, uint64_t value);
struct json *json_set_i64(struct arena *arena, struct json *object, const char *name, int64_t value);
struct json *json_set_bool(struct arena *arena, struct json *object, const char *name, bool value);
struct json *json_set_null(struct arena *arena, struct json *object, const char *name);
struct json *json_set_object(struct arena *arena, struct json *object, const char *name); /* returns the new object */
struct json *json_set_array(struct arena *arena, struct json *object, const char *name);
struct json *json_copy(struct arena *arena, const struct json *value);     /* deep, into another arena */
bool json_equal(const struct json *a, const struct json *b);               /* same order, same number text */

/* Writes compact UTF-8 text: members in their order, only what must be escaped is (", \, below 0x20, 0x7f).
 * The same tree always gives the same bytes. indent > 0 writes it for people. */
enum err json_write(struct buf *out, const struct json *value, unsigned indent) must_check;
enum err json_write_string(struct buf *out, struct slice text) must_check; /* with quotes */

/*
 * Packed form, little-endian: u8 type; number, string: u32 length + bytes; array: u32 count + values;
 * object: u32 count + (u32 length + name, value)*. Unpacking borrows from `packed`, checks depth, UTF-8 and leftover bytes.
 */
enum err json_pack(struct buf *out, const struct json *value) must_check;
enum err json_unpack(struct arena *arena, struct slice packed, struct json **ret_value) must_check;

#endif
