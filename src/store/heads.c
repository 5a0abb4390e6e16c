#include "store/heads.h"

#include <string.h>

bool log_is_known(uint8_t log)
{
    return log > 0 && log < LOGS;
}

enum err heads_load(struct heads *heads, uint64_t log, uint64_t size, struct slice root, struct slice edge, uint64_t published_size)
{
    if (log == 0 || log >= LOGS || root.len != SHA256_BYTES) {
        return ERR_DAMAGED;
    }
    struct log_head *head = &heads->logs[log];
    memcpy(head->root, root.data, SHA256_BYTES);
    head->published_size = published_size;
    return edge_load(&head->edge, size, edge);
}

void heads_begin(struct heads *heads)
{
    memcpy(heads->next, heads->logs, sizeof(heads->next));
    memset(heads->appended, 0, sizeof(heads->appended));
    memset(heads->intended, 0, sizeof(heads->intended));
}

enum err heads_may_append(const struct heads *heads, const struct append *append)
{
    if (!log_is_known(append->log) || heads->intended[append->log]) {
        return ERR_INVALID;
    }
    return append->index == heads->next[append->log].edge.size ? ERR_NONE : ERR_CONFLICT;
}

void heads_append(struct heads *heads, const struct append *append)
{
    edge_append(&heads->next[append->log].edge, append->entry);
    heads->appended[append->log] = true;
}

enum err heads_may_intend(const struct heads *heads, const struct log_intent *intent)
{
    bool fits = log_is_known(intent->log) && !heads->intended[intent->log] && intent->size == heads->next[intent->log].edge.size;
    return fits ? ERR_NONE : ERR_INVALID;
}

void heads_intend(struct heads *heads, const struct log_intent *intent)
{
    memcpy(heads->next[intent->log].root, intent->root, SHA256_BYTES);
    heads->intended[intent->log] = true;
}

bool heads_are_whole(const struct heads *heads)
{
    bool is_whole = true;
    for (size_t i = 0; i < LOGS; i++) {
        is_whole = is_whole && (!heads->appended[i] || heads->intended[i]);
    }
    return is_whole;
}

void heads_commit(struct heads *heads)
{
    memcpy(heads->logs, heads->next, sizeof(heads->logs));
}
