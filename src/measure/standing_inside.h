/* Between the files of the standing; nobody else includes it. */
#ifndef VOGT_MEASURE_STANDING_INSIDE_H
#define VOGT_MEASURE_STANDING_INSIDE_H

#include "measure/standing.h"

/* The member of an object by its name's bytes. */
const struct json *standing_named(const struct json *object, struct slice name);

/* Rows in parts, read once a call: trees[SS] is the part's object, NULL where there is none yet. */
struct standing_parts {
    const struct json *trees[TALLY_SHARDS];
    bool is_read[TALLY_SHARDS];
};
/* folder: "estate/subjects" or "standing/KIND". ERR_NEED; an absent row is an empty object. */
enum err standing_part(struct turn *turn, struct standing_parts *parts, const char *folder, unsigned shard, const struct json **ret_tree) must_check;
char *standing_part_path(struct turn *turn, const char *folder, unsigned shard);

#endif
