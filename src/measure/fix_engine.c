/* fixes: for every sentence that is not green the shortest true fix, with the text of the change where there can be one. */
#include "measure/operations.h"

#include "measure/edit.h"
#include "measure/fix.h"
#include "measure/fix_list.h"
#include "measure/view.h"

enum err operation_fixes(struct turn *turn)
{
    struct world world;
    struct fix_list fixes;
    struct slice wanted = turn_query(turn, "clause");
    enum err err = standing_load(turn, &world);
    if (err == ERR_NONE && wanted.len > 0 && world_clause(&world, wanted) == NULL) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("the annex has no such sentence", "der Anhang hat keinen solchen Satz"), wanted);
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, data, "fixes");
    err = err == ERR_NONE ? fix_list_gather(turn, &world, wanted, &fixes) : err;
    enum err all = err;
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < fixes.count; i++) {
        (void)standing_goes_on(&all, fix_list_put(turn, &world, &fixes.items[i], true, list));
    }
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}
