/*
 * The standing: the world as rows hold it, and the one way in which operations change it. Every change is first an entry of the evidence log;
 * the rows hold the same trees, so that loading them gives the world that a replay of the log gives. Subjects, and how each stands with a kind of
 * observation, lie in parts by a hash of their id (SS, two hex digits), so that a change touches its part and the tally, however many there are. Rows:
 *
 *   annex/current                    the adopted annex with what people said (body of annex.adopted, changed by later entries)
 *   annex/revision/NNNNNNNN          {"revision","adopted_ms","name","language","digest","clauses"}     annex/file/NNNNNNNN   the file's bytes
 *   estate/current                   {"text","allowed","ignored","confirmed"}: what people wrote and decided (inventory.h)
 *   estate/subjects/SS               {"ID":{"id","kind","name","source","confirmed","attributes"}}
 *   standing/KIND/SS                 {"ID":{"confirmed","observation","at_ms","index"}}
 *   tally/KIND                       {"SS":tally}
 *   found/PROBE/SUBJECT-ID           {"at_ms","whole","found":[{"kind","name","attributes","where"}]}: what the newest run there saw
 *   observation/of/SUBJECT/INDEX     {"probe","subject","observations","plant","at_ms","index"}: one run; INDEX as 16 hex digits
 *   schedule/PROBE/SUBJECT           {"probe","subject","at_ms","index","not_covered"}; due when it is to be observed again
 *   verdict/CLAUSE                   {"record","since_ms","until_ms","oldest_ms"}
 *   history/CLAUSE/TIME-INDEX        {"clause","at_ms","from","verdict","record"}: each change of a verdict, in order
 *   entries/said                     {"annex","estate":[index],"words":[{"clause","index"}]}: entries that annex and estate as they stand came from
 *   change/TIME-INDEX                the same as history, of all clauses
 */
#ifndef VOGT_MEASURE_STANDING_H
#define VOGT_MEASURE_STANDING_H

#include "engine/turn.h"
#include "measure/explain.h"

enum { STANDING_LIST_MAX = 10000, STANDING_SUBJECTS_MAX = 20000 };

/* Collects ERR_NEED over several calls, so that one fetch brings what all of them want. True: go on (err was ERR_NONE or ERR_NEED). */
bool standing_goes_on(enum err *all, enum err err);

/* ERR_NEED, ... Without an annex or an estate the world has none. */
enum err standing_load(struct turn *turn, struct world *ret_world) must_check;
/* In two steps, where much is asked of others between them: the annex, and before recording or judging the tallies. */
enum err standing_load_annex(struct turn *turn, struct world *ret_world) must_check;
enum err standing_load_tallies(struct turn *turn, struct world *world) must_check;
/* Records an entry about the annex, applies it to the world, and puts annex/current anew. *ret_index may be NULL. */
enum err standing_record(struct turn *turn, struct world *world, const char *type, const struct json *body, uint64_t *ret_index) must_check;
/* Computes all verdicts and records those that changed. The last step of everything that changes the world; also a tick's. */
enum err standing_refresh(struct turn *turn, const struct world *world) must_check;
/* standing_record and standing_refresh. */
enum err standing_change(struct turn *turn, struct world *world, const char *type, const struct json *body) must_check;
/* A subject as it stands; ERR_NOT_FOUND. */
enum err standing_subject(struct turn *turn, struct slice id, const struct json **ret_subject) must_check;
/* All subjects, an array in no particular order. */
enum err standing_subjects(struct turn *turn, struct json **ret_subjects) must_check;
/* How one subject stands with one kind; ERR_NOT_FOUND: it is not expected of it. */
enum err standing_member(struct turn *turn, struct slice kind, struct slice subject, struct member *ret_member) must_check;
/* Everybody's standing with one kind. */
enum err standing_all(struct turn *turn, struct slice kind, struct member **ret_members, size_t *ret_count) must_check;

/* What happened to members of kinds. */
enum member_change_type { MEMBER_OBSERVED, MEMBER_IN_SCOPE, MEMBER_GONE };
struct member_change {
    const struct kind *kind;            /* of the table */
    enum member_change_type type;
    struct member member;
    size_t number;                      /* the caller's own */
    bool is_new;                        /* set: outcome or reason is another than before */
};
/* Puts the changes into their rows and the tallies into the world. Sorts `changes`. An observation of somebody who is not expected is passed over. */
enum err standing_apply(struct turn *turn, struct world *world, struct member_change *changes, size_t count) must_check;

/* One run of a probe, as its payload is recorded: an entry of the log, the members, the world. *ret_new (may be NULL; one for each observation of the
 * payload) says whose outcome or reason changed. */
enum err standing_observe(struct turn *turn, struct world *world, const struct json *payload, uint64_t *ret_index, bool *ret_new) must_check;
/* Subjects come, change or leave: `put` subjects, `removed` ids; with `whole` all that is not in `put` leaves. An entry of the log, rows, the world.
 * Nothing is recorded where nothing would change. */
struct estate_change {
    const struct json *put, *removed;   /* arrays, may be NULL */
    bool whole;
    struct slice by;
};
enum err standing_estate_change(struct turn *turn, struct world *world, const struct estate_change *change) must_check;

char *standing_key(struct turn *turn, const char *folder, struct slice name);        /* "folder/name" */

#endif
