#include "store/rows_scene.h"

#include <stdio.h>
#include <stdlib.h>

/* A commit of one change, as keep would send it. */
enum err commit_change(struct place *place, const struct change *change, struct buf *answer)
{
    cleanup_buf struct buf body = BUF_INIT(ROW_MAX_BYTES + 65536);
    enum err err = put_u64(&body, 0);
    err = err == ERR_NONE ? put_u32(&body, 1) : err;
    err = err == ERR_NONE ? change_put(&body, change) : err;
    err = err == ERR_NONE ? put_u32(&body, 0) : err;
    err = err == ERR_NONE ? put_u32(&body, 0) : err;
    err = err == ERR_NONE ? put_bytes(&body, SLICE_LITERAL("state")) : err;
    return err == ERR_NONE ? store_commit(place->store, buf_slice(&body), answer) : err;
}

enum err put_row(struct place *place, const char *path, uint64_t expected, uint64_t due,
                        const char *bytes)
{
    cleanup_buf struct buf answer = BUF_INIT(4096);
    struct change change = {CHANGE_PUT, slice_string(path), expected, due, slice_string(bytes)};
    return commit_change(place, &change, &answer);
}

void place_end(struct place *place)
{
    char command[128];
    place_close(place);
    snprintf(command, sizeof(command), "rm -rf %s", place->path);
    if (system(command) != 0) {
        printf("cannot remove %s\n", place->path);
    }
}

void place_file(const struct place *place, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", place->path, name);
}

enum err place_reopen_after(struct place *place, const char *sql)
{
    place_close(place);
    return place_run(place, sql) ? place_open(place) : ERR_INTERNAL;
}
