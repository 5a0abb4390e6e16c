/*
 * The inventory: which subjects are in scope, and who said so. Four sources of subjects, told apart by a subject's "source":
 *
 *   estate       written in estate.hcl          replaced whenever the file is put anew
 *   configured   a source, a vantage            made and removed by their own operations
 *   confirmed    discovered, then confirmed     by a person in the inbox; leaves only by a person's word
 *   discovered   found, nobody has said yet     blocks green; leaves when nothing finds it any more
 *
 * What somebody allowed in the file, or ignored in the inbox with a reason, is no subject. A subject that was confirmed and is found no more stays: an
 * asset that hides must not turn a sentence green. The inbox says that it is gone; only containers, which come and go with every deployment, leave by
 * themselves.
 *
 *   estate/current   {"text","allowed":[{"subject","reason"}],"ignored":[{"subject","reason","by","at_ms"}],"written":bool}
 *   found/PROBE/SUBJECT-ID  {"at_ms","whole","found":[{"id","kind","name","attributes","where"}],"gone":[{"id","at_ms"}]}
 *
 * Several probes tell of one machine, each of its own things: what one does not tell of, another may (so a row for each, and not one for the machine).
 */
#ifndef VOGT_MEASURE_INVENTORY_H
#define VOGT_MEASURE_INVENTORY_H

#include "measure/standing.h"

/* estate/current; an empty one where nobody wrote anything yet. */
enum err inventory_current(struct turn *turn, const struct json **ret_row) must_check;
/* What inventory_ensure puts there: the subjects of an estate that nobody wrote. */
enum err inventory_default(struct turn *turn, struct json **ret_subjects) must_check;
/* Where nobody wrote an estate: this machine and Vogt's own endpoint, whatever its address is now. The first step of everything that needs subjects. */
enum err inventory_ensure(struct turn *turn, struct world *world) must_check;
/* People put estate.hcl anew: `estate` as estate_build gives it. */
enum err inventory_write(struct turn *turn, struct world *world, const struct json *estate, struct slice text) must_check;
/* What `probe` found at `source` (a subject's id). `whole`: it saw all that there is for this probe to see. */
enum err inventory_found(struct turn *turn, struct world *world, struct slice probe, struct slice source, const struct json *proposals, bool whole) must_check;
/* The row of what `probe` found at `source`; NULL without memory. */
char *inventory_found_path(struct turn *turn, struct slice probe, struct slice source);
/* Of such a row's path. */
struct slice inventory_found_probe(struct slice path), inventory_found_source(struct slice path);

/* A person's word about subjects of the inbox. */
enum inventory_decision { INVENTORY_CONFIRM, INVENTORY_IGNORE, INVENTORY_REMOVE, INVENTORY_RESTORE };
struct inventory_word {
    enum inventory_decision decision;
    const struct json *ids;             /* array of strings; one that ends in '*' means all of the inbox that begin so */
    const struct json *attributes;      /* of what is confirmed: these take the place of what was found; NULL: as found */
    struct slice reason;
};
/* *ret_count: how many subjects it was about. ERR_NOT_FOUND names the id that is not there, ERR_CONFLICT one that stands in the file. */
enum err inventory_decide(struct turn *turn, struct world *world, const struct inventory_word *word, uint64_t *ret_count) must_check;
/* What waits for a person: [{"id","kind","name","state":"new|gone","attributes","seen":[{"source","probe","where","at_ms"}]}]. */
enum err inventory_inbox(struct turn *turn, struct json **ret_items) must_check;

#endif
