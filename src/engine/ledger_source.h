/* Tree nodes for proofs, read from the published tiles of a log, as a turn needs them: `node` of a struct tree_source whose context is a
 * struct ledger_source. ERR_NEED as every question of a turn; ERR_DAMAGED: a tile that must be there is not. Owns nothing. */
#ifndef VOGT_ENGINE_LEDGER_SOURCE_H
#define VOGT_ENGINE_LEDGER_SOURCE_H

#include "engine/turn.h"

struct ledger_source {
    struct turn *turn;
    enum log_id log;
    uint64_t size;                      /* published: the tiles of this size are there */
};

enum err ledger_source_node(void *context, unsigned level, uint64_t index, struct tree_hash *ret_hash) must_check;

#endif
