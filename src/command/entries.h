/* The evidence log's entries with their payloads, page by page from the daemon, each checked
 * against its commitment. Owns one page at a time. */
#ifndef VOGT_COMMAND_ENTRIES_H
#define VOGT_COMMAND_ENTRIES_H

#include "command/command.h"

struct log_entry {
    uint64_t index;
    struct slice entry;   /* the bytes in the log */
    struct slice payload; /* empty: erased */
    bool is_forged;       /* payload and salt are not what the entry commits to */
};

/* Called in order; everything borrows from the page. Anything but OUTCOME_OK ends the walk. */
typedef enum outcome (*entry_fn)(struct run *run, void *context, const struct log_entry *entry);
enum outcome entries_each(struct run *run, entry_fn each, void *context);

#endif
