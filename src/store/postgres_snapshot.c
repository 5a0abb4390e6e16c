#include "store/snapshot.h"

#include <stdlib.h>

struct snapshot {
    int nothing;
};

struct snapshot *snapshot_new(struct files *files)
{
    (void)files;
    return calloc(1, sizeof(struct snapshot));
}

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot);
}

/* A copy of the rows is the database's own business: pg_dump. */
enum err snapshot_answer(struct snapshot *snapshot, struct rows *rows, const struct need *need, struct buf *out)
{
    (void)snapshot, (void)rows, (void)need;
    enum err err = put_u16(out, ERR_UNSUPPORTED);
    err = err == ERR_NONE ? put_u8(out, 0) : err;
    err = err == ERR_NONE ? put_u64(out, 0) : err;
    return err == ERR_NONE ? put_bytes(out, SLICE_NONE) : err;
}
