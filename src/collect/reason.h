/*
 * Reasons: every outcome names one by its id; here stands what a person reads, in both languages, and what to do about it.
 * The table is reason.def. Placeholders such as {host} are filled from the observation's values.
 */
#ifndef VOGT_COLLECT_REASON_H
#define VOGT_COLLECT_REASON_H

#include "base/json.h"

struct reason {
    const char *id;
    struct text sentence;
    struct text fix;              /* empty texts: nothing to do */
    unsigned fix_minutes;         /* for a person who knows the system; 0 without a fix */
};

const struct reason *reason_find(struct slice id);                /* NULL when unknown */
const struct reason *reason_all(size_t *ret_count);
/* Appends the text with its placeholders filled; one without a value becomes "?". ERR_TOO_LARGE of the buf. */
enum err reason_write(struct buf *out, struct text text, enum language language, const struct json *values) must_check;

#endif
