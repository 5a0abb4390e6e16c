/*
 * Fixes: what is to be changed so that a red or unproven observation turns green, as text that a person reviews and puts into place: a ruleset, a
 * middleware, a Terraform resource, lines of the estate. Vogt changes nothing itself. Made from the reason of a judgement, the subject and the estate's
 * list of ports; a table of templates (fix_change.def), so a fix is added by a row. Pure.
 *
 * Whatever came from outside (names, ports, paths) enters a text only with letters, digits and ._:/[]- in it, everything else as '_': a name must not
 * become a line of somebody's configuration.
 */
#ifndef VOGT_MEASURE_FIX_H
#define VOGT_MEASURE_FIX_H

#include "base/json.h"

struct fix_subject {
    const struct json *subject;         /* {"kind","name","attributes"} */
    const struct json *host;            /* the host it lies on, itself if it is one; NULL: not known */
    const char *minimum;                /* TLS version that the annex asks for: "1.2" or "1.3" */
};

/* Appends to `list` each change that would mend this reason there:
 * {"format","file","title":{"english","german"},"text","check","note":{"english","german"}}; check: a command that tries the text before it counts, or "". */
enum err fix_changes(struct arena *arena, struct slice reason, const struct fix_subject *about, struct json *list) must_check;

/* Appends the template with its @placeholders@ filled. ERR_TOO_LARGE. For tests. */
enum err fix_fill(struct buf *out, const char *template, const struct json *values) must_check;

#endif
