/*
 * The standing: the world as rows hold it, and the one way in which operations change it. Every change is first an entry of the evidence log;
 * the rows hold the same trees, so that loading them gives the world that a replay of the log gives. Rows:
 *
 *   annex/current                    the adopted annex with what people said (body of annex.adopted, changed by later entries)
 *   annex/revision/NNNNNNNN          {"revision","adopted_ms","name","language","digest","clauses"}     annex/file/NNNNNNNN   the file's bytes
 *   estate/current                   {"text","estate","proposals","subjects"}
 *   observation/latest/KIND/SUBJECT  {"probe","subject","observations":[one],"plant","at_ms","index"}
 *   observation/of/SUBJECT/INDEX     {"probe","subject","observations","plant","at_ms","index"}: one run; INDEX as 16 hex digits
 *   schedule/PROBE/SUBJECT           {"probe","subject","at_ms","index","not_covered"}; due when it is to be observed again
 *   verdict/CLAUSE                   {"record","since_ms","until_ms","index"}
 *   history/CLAUSE/TIME-INDEX        {"clause","at_ms","from","verdict","record"}: each change of a verdict, in order
 *   entries/said                     {"annex","estate","words":[{"clause","index"}]}: indices of the entries that the annex as it stands came from
 *   change/TIME-INDEX                the same, of all clauses
 */
#ifndef VOGT_MEASURE_STANDING_H
#define VOGT_MEASURE_STANDING_H

#include "engine/turn.h"
#include "measure/explain.h"

enum { STANDING_LIST_MAX = 10000 };

/* Collects ERR_NEED over several calls, so that one fetch brings what all of them want. True: go on (err was ERR_NONE or ERR_NEED). */
bool standing_goes_on(enum err *all, enum err err);

/* ERR_NEED, ... Without an annex or an estate the world has none; vogt:this is there always. */
enum err standing_load(struct turn *turn, struct world *ret_world) must_check;
/* Records an entry, applies it to the world, and puts annex/current anew when it changed. *ret_index may be NULL. */
enum err standing_record(struct turn *turn, struct world *world, const char *type, const struct json *body, uint64_t *ret_index) must_check;
/* Computes all verdicts and records those that changed. The last step of everything that changes the world; also a tick's. */
enum err standing_refresh(struct turn *turn, const struct world *world) must_check;
/* standing_record and standing_refresh. */
enum err standing_change(struct turn *turn, struct world *world, const char *type, const struct json *body) must_check;
/* estate/current, or the default of this machine. *ret_written: a person wrote it. */
enum err standing_estate(struct turn *turn, const struct json **ret_row, bool *ret_written) must_check;

char *standing_key(struct turn *turn, const char *folder, struct slice name);        /* "folder/name" */

#endif
