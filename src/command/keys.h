/* Verifier keys of the two logs, from --vkey, from a data directory's verifier.keys, or from the
 * daemon. The names borrow from the run's arena. */
#ifndef VOGT_COMMAND_KEYS_H
#define VOGT_COMMAND_KEYS_H

#include "command/command.h"
#include "ledger/note.h"
#include "store/wire.h"

struct log_keys {
    struct note_key list[LOG_AUDIT + 1]; /* by log id */
    bool have[LOG_AUDIT + 1];
    struct text source; /* where they came from, for people */
};

/* LOG_EVIDENCE or LOG_AUDIT by the end of an origin or key name; 0: neither. */
uint8_t log_of_name(struct slice name);
const char *log_name(uint8_t log);
/* directory may be NULL. Says what is wrong. */
enum outcome keys_find(struct run *run, const char *directory, struct log_keys *ret_keys);
/* Writes the daemon's present keys to DIR/verifier.keys; what cannot be asked or written is left. */
void keys_leave(struct run *run, const char *directory);

#endif
