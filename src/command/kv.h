/* Secrets of kv mounts, versioned or not, as commands name them: "secret/app/db", the mount's path first. Owns nothing; all lies in the run's arena. */
#ifndef VOGT_COMMAND_KV_H
#define VOGT_COMMAND_KV_H

#include "command/command.h"

struct kv_place {
    const char *mount; /* "secret/" */
    const char *path;  /* below it, without a slash in front; "" for the mount itself */
    const char *type;  /* "kv", or another engine's */
    bool is_versioned;
};

/* Asks which mount a path lies in. Says itself that there is none that the token may use. */
enum outcome kv_find(struct run *run, const char *path, struct kv_place *ret_place);
/* The same, and it is a kv mount and more than the mount itself. */
enum outcome kv_find_secret(struct run *run, const char *path, struct kv_place *ret_place);
/* What requests about the place are sent to: "secret/PART/app/db" for "data", "metadata" and so on; without versions "secret/app/db". NULL without memory. */
const char *kv_request_path(struct run *run, const struct kv_place *place, const char *part);
/* An object of values: what is there now. *ret_data is NULL when nothing is, or when it was deleted; `version` 0 is the newest. */
enum outcome kv_read(struct run *run, const struct kv_place *place, const char *version, const struct json **ret_data, const struct json **ret_metadata);

enum kv_write {
    KV_REPLACE, /* all that is there */
    KV_MERGE,   /* what is not named stays */
    KV_CREATE   /* only when nothing is there */
};
/* `cas`: NULL, or the version that must be the current one. *ret_data: what the write told (NULL without versions). */
enum outcome kv_write(struct run *run, const struct kv_place *place, const struct json *values, enum kv_write how, const char *cas, const struct json **ret_data);

#endif
