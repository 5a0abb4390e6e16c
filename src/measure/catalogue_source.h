/*
 * The sources of the catalogue while building: measures/ read as HCL, every entry checked. Only catalogue_make uses it.
 * A fault is printed as "file:line:column: what is wrong: the word"; after the first one of a file the next file is read on,
 * so that one build names them all. Owns nothing but the arena's content.
 */
#ifndef VOGT_MEASURE_CATALOGUE_SOURCE_H
#define VOGT_MEASURE_CATALOGUE_SOURCE_H

#include "base/hcl.h"

enum entry_kind {
    ENTRY_MEASURE,
    ENTRY_SECTION,
    ENTRY_OUTSIDE,
    ENTRY_TERM,
    ENTRY_PROBE,
    ENTRY_SUBJECT,
    ENTRY_KIND_COUNT,
};

enum { ENTRIES_MAX = 128, MEASURES_EXPECTED = 28 };

struct entry {
    const struct hcl_block *block;
    const char *file;
};

struct entry_list {
    struct entry items[ENTRIES_MAX];
    size_t count;
};

struct source {
    struct arena *arena;
    struct entry_list lists[ENTRY_KIND_COUNT];
    size_t fault_count;
    const char *fault_file;             /* of the first fault */
    size_t fault_line;
    struct text fault_text;
    bool quiet;                         /* faults are counted, not printed */
};

/* Reads one file's text and sorts its blocks into the lists; faults are printed and counted. */
void source_add(struct source *source, const char *file, struct slice text);
/* After all files: measures in order of number, references between entries, numbers complete. */
void source_finish(struct source *source);
/* Prints a fault at a place and counts it. */
void source_fault(struct source *source, const char *file, size_t line, size_t column, struct text text, struct slice detail);

struct slice entry_id(const struct entry *entry);
const struct entry *source_find(const struct source *source, enum entry_kind kind, struct slice id);
/* Attribute of a checked block: an object's member, a list (NULL: absent), a string. */
struct slice block_text(const struct hcl_block *block, const char *name, const char *language);
const struct json *block_value(const struct hcl_block *block, const char *name);

#endif
