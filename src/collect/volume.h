/*
 * The probe of volumes. Collector (look): which devices lie beneath a path, and what encrypts each. Judge: volume.cipher.
 */
#ifndef VOGT_COLLECT_VOLUME_H
#define VOGT_COLLECT_VOLUME_H

#include "process/worker.h"

/* "collect.volumes". Input {"path":"/var/lib/postgresql"}. */
enum err collect_volumes(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.volume". Options: "cipher_bits" (256). */
enum err judge_volume(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* Where the collector reads: the machine, or a planted one. Paths are absolute; results live in the arena. */
struct volume_view {
    enum err (*read)(struct arena *arena, const char *path, size_t max_bytes, struct slice *ret_text);
    enum err (*list)(struct arena *arena, const char *path, struct json *names);            /* names in a directory */
    enum err (*resolve)(struct arena *arena, struct slice path, struct slice *ret_path);    /* without symbolic links */
    enum err (*number)(struct arena *arena, struct slice device_path, struct slice *ret_number); /* "254:1" of /dev/… */
    enum err (*header)(const char *device_name, struct buf *out);                           /* first bytes of the device */
    enum err (*table)(struct arena *arena, const char *number, struct json *crypt);         /* the kernel's crypt table */
};
extern const struct volume_view volume_host, volume_planted;

struct json *volume_read(struct arena *arena, const struct volume_view *view, struct slice path);

#endif
