/*
 * A store that is older than what was published. Whose name a found checkpoint bears decides; the names are known once the vault is open:
 *
 *   the log's own name, not larger than the rows    as it should be
 *   the log's own name, larger                      the rows were restored from an older copy
 *   the former name, as core/keys has it            reopened, and nothing published since: the checkpoint is the former log's
 *   any other name                                  the rows are from before a reopening: restored as well, whatever the sizes
 *
 * In the second and the last case nothing is signed and nothing taken until `vogt ledger reopen`: else two different trees would be signed under one name.
 */
#include "roles/keep.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

static const char *name_of(enum log_id log)
{
    return log == LOG_EVIDENCE ? "evidence" : "audit";
}

enum err keep_find_checkpoint(struct keep *keep, enum log_id log, struct slice note, uint64_t published_size)
{
    struct found *found = &keep->found[log - 1];
    struct log_edge *edge = state_log(keep->state, log);
    struct slice origin = slice_first(note, slice_find_byte(note, '\n'));
    if (origin.len >= sizeof found->origin) {
        return ERR_DAMAGED;
    }
    if (origin.len > 0) {
        memcpy(found->origin, origin.data, origin.len);
    }
    found->origin[origin.len] = '\0';
    found->is_larger = published_size > edge->tree.size;
    edge->published_size = published_size;
    keep->around.reopen_needed = keep->around.reopen_needed || found->is_larger;
    return ERR_NONE;
}

static bool is_named(const struct found *found, const char *vault_name, enum log_id log)
{
    char origin[sizeof found->origin];
    snprintf(origin, sizeof origin, "%s/%s", vault_name, name_of(log));
    return strcmp(origin, found->origin) == 0;
}

static bool went_back(struct keep *keep, enum log_id log)
{
    const struct found *found = &keep->found[log - 1];
    struct log_edge *edge = state_log(keep->state, log);
    if (found->origin[0] == '\0') {
        return false;
    }
    if (is_named(found, keep->vault.name, log)) {
        return found->is_larger;
    }
    if (keep->vault.former[0] != '\0' && is_named(found, keep->vault.former, log)) {
        edge->published_size = 0;
        return false;
    }
    return true;
}

void keep_unsealed(struct keep *keep)
{
    if (keep->is_held_against_found) {
        return;
    }
    keep->is_held_against_found = true;
    keep->around.reopen_needed = false;
    for (enum log_id log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        if (went_back(keep, log)) {
            keep->around.reopen_needed = true;
            LOG(LOG_ERROR, "ledger.went-back", LOG_TEXT("log", name_of(log)), LOG_TEXT("published", keep->found[log - 1].origin),
                LOG_NUMBER("published_size", state_log(keep->state, log)->published_size), LOG_NUMBER("size", state_log(keep->state, log)->tree.size),
                LOG_TEXT("what", "the store is older than its last checkpoint: it was restored; it takes nothing until `vogt ledger reopen`"));
        }
    }
}

void keep_reopened(struct keep *keep)
{
    keep->around.reopen_needed = false;
    state_log(keep->state, LOG_EVIDENCE)->published_size = 0;
    state_log(keep->state, LOG_AUDIT)->published_size = 0;
}
