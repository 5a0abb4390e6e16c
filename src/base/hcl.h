/*
 * HCL as configuration, estate, catalogue and policies use it (the subset of HCL 1 and 2 native syntax):
 *   attribute:  name = value | "name" = value        block: name "label" "label" { ... }
 *   values: string with \ escapes, heredoc (<<EOT, <<-EOT), number, true, false, null, [list], {object with = or :}
 *   comments: # // and slash-star
 * No interpolation, functions or expressions: "${" in a string is an error that says so.
 * Bounded depth, no recursion on input beyond HCL_DEPTH_MAX; every node carries its line and column.
 */
#ifndef VOGT_BASE_HCL_H
#define VOGT_BASE_HCL_H

#include "base/arena.h"
#include "base/json.h"

enum { HCL_DEPTH_MAX = 32, HCL_LABELS_MAX = 4 };

struct hcl_attribute {
    struct slice name;
    struct json *value;                /* lists are JSON arrays, objects JSON objects */
    size_t line, column;
    struct hcl_attribute *next;
};

struct hcl_block {
    struct slice type;                 /* empty for the root */
    struct slice labels[HCL_LABELS_MAX];
    size_t label_count;
    struct hcl_attribute *attributes;  /* in order; a name twice is an error */
    struct hcl_block *blocks;          /* children, in order */
    struct hcl_block *next;
    size_t line, column;
};

enum err hcl_read(struct arena *arena, struct slice text, struct hcl_block **ret_root, struct complaint *complaint) must_check;

const struct hcl_attribute *hcl_attribute(const struct hcl_block *block, const char *name);   /* NULL if absent */
struct slice hcl_text(const struct hcl_block *block, const char *name, struct slice fallback); /* string attributes */
/* Attributes and blocks outside the NULL-terminated lists of allowed names: ERR_INVALID with the place. */
enum err hcl_check_names(const struct hcl_block *block, const char *const *attributes, const char *const *blocks,
                         struct complaint *complaint) must_check;
/* As JSON: {"attr":…, "blocktype":[{"labels":["a"],"line":n, …body…}]} */
struct json *hcl_to_json(struct arena *arena, const struct hcl_block *block);

#endif
