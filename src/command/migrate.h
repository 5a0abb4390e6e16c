/*
 * Taking over what another server holds: two clients of the same API, one that is only read and one that is written. It keeps no state of its own: what is at the
 * target already and is the same counts as moved, so that a run that was broken off goes on where it was; what is there and is different is never overwritten.
 * It owns the two clients and the memory of one item at a time, which is wiped; no value is ever shown, kept or logged.
 */
#ifndef VOGT_COMMAND_MIGRATE_H
#define VOGT_COMMAND_MIGRATE_H

#include "command/client.h"

enum migrate_side { MIGRATE_SOURCE, MIGRATE_TARGET };

/* What the report counts. */
enum migrate_kind { MIGRATE_MOUNT, MIGRATE_SECRET, MIGRATE_VERSION, MIGRATE_POLICY, MIGRATE_ROLE, MIGRATE_USER, MIGRATE_KEY, MIGRATE_KIND_COUNT };

struct migrate {
    struct run *run;
    struct client *clients[2];
    struct arena *own, *item;           /* the run's; of what is moved just now */
    bool is_dry;
    size_t moved[MIGRATE_KIND_COUNT], there[MIGRATE_KIND_COUNT];
    const struct json *mounts[2], *logins[2]; /* of either side: sys/mounts, sys/auth, in `own` */
    struct json *left;                  /* array in `own`: {"what","path","english","german","detail","failed"} */
    size_t failed_count;                /* of what is left: what another run, or somebody, could still move */
    enum outcome stop;                  /* OUTCOME_OK: go on; else the server does not answer any more, which was said */
    const char *words;                  /* of the newest refusal, in `item` */
};

/* "Is it there?": true and NULL where it is not; false after a refusal, which is noted under `what` and `path`. */
bool migrate_read(struct migrate *migrate, enum migrate_side side, const char *path, const char *what, const struct json **ret_data);
/* A write to the target; nothing in a dry run. False after a refusal, noted likewise. */
bool migrate_write(struct migrate *migrate, const char *method, const char *path, const struct json *body, const char *what, const char *shown);
/* Names of a list, in memory that outlives items; forgets the item. */
struct json *migrate_list(struct migrate *migrate, enum migrate_side side, const char *path, const char *what);
/* Something that stays where it is, and why. `failed`: it could be moved once the reason is gone; else it cannot be by its nature. */
void migrate_leave(struct migrate *migrate, bool failed, const char *what, const char *path, struct text why, const char *detail);
void migrate_count(struct migrate *migrate, enum migrate_kind kind, bool was_there);
/* Between two items: their values are forgotten. */
void migrate_next(struct migrate *migrate);
/* "approle" of "approle/", escaped for a request, in memory that outlives items. */
const char *migrate_mount_name(struct migrate *migrate, const struct json *mount);
/* Of `from` the members that `names` (between blanks) lists and that are not null, in `item`. */
struct json *migrate_members(struct migrate *migrate, const struct json *from, const char *names);

void migrate_kv(struct migrate *migrate, const struct json *mount);
void migrate_policies(struct migrate *migrate);
void migrate_approle(struct migrate *migrate, const struct json *mount);
void migrate_userpass(struct migrate *migrate, const struct json *mount);
void migrate_transit(struct migrate *migrate, const struct json *mount);

#endif
