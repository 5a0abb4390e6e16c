#include "measure/newest.h"

#include "ledger/commitment.h"

enum err newest_run(struct turn *turn, const char *probe, struct slice subject, struct json **ret_payload)
{
    char path[LEDGER_ROW_PATH_BYTES];
    const struct json *row = NULL;
    struct slice opened;
    uint64_t index = 0;
    char *name = turn_path(turn, "schedule/%s/%.*s", probe, (int)subject.len, (const char *)subject.data);
    enum err err = turn_json(turn, name, &row);
    if (err != ERR_NONE) {
        return err;
    }
    if (json_u64(row, "index", &index) != ERR_NONE) {
        return ERR_NOT_FOUND; /* due, and never observed */
    }
    ledger_row_path("evidence", index, path);
    err = turn_row(turn, arena_string(turn->arena, slice_string(path)), &opened);
    if (err == ERR_NONE && opened.len < COMMITMENT_SALT_BYTES) {
        return ERR_DAMAGED;
    }
    return err != ERR_NONE ? err : json_read(turn->arena, slice_from(opened, COMMITMENT_SALT_BYTES), ret_payload, NULL);
}
