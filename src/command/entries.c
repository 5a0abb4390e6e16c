#include "command/entries.h"

#include "base/encode.h"
#include "command/client.h"
#include "ledger/commitment.h"

enum {
    PAGE_ARENA_BYTES = 256 << 20,
    PAGE_ENTRIES = 500,
    ENTRY_BYTES = 1 << 16,
    ROW_BYTES = 32 << 20
};

static enum err open_entry(struct arena *arena, const struct json *one, struct log_entry *entry)
{
    cleanup_buf struct buf bytes = BUF_INIT(ENTRY_BYTES), row = BUF_INIT(ROW_BYTES);
    struct slice salt = json_text(one, "salt", SLICE_NONE),
                 payload = json_text(one, "payload", SLICE_NONE), opened;
    enum err err = base64_decode(&bytes, json_text(one, "entry", SLICE_NONE));
    err = err == ERR_NONE ? json_u64(one, "index", &entry->index) : err;
    entry->entry = arena_copy(arena, buf_slice(&bytes));
    entry->payload = payload;
    if (err != ERR_NONE || payload.len == 0) {
        return err;
    }
    err = base64_decode(&row, salt);
    bool whole = err == ERR_NONE && row.len == COMMITMENT_SALT_BYTES;
    err = whole ? buf_append(&row, payload) : err;
    entry->is_forged = !whole || (err == ERR_NONE && evidence_open(entry->entry, buf_slice(&row),
                                                                   &opened) != ERR_NONE);
    return err == ERR_MALFORMED ? ERR_NONE : err;
}

static enum outcome walk_page(struct run *run, const struct json *data, uint64_t *next,
                              entry_fn each, void *context)
{
    const struct json *list = json_member(data, "entries");
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        struct log_entry entry = {.index = 0};
        enum err err = open_entry(run->arena, one, &entry);
        if (err != ERR_NONE || entry.index != *next) {
            return run_fail(run, OUTCOME_FAILED,
                            TEXT("the daemon's answer is not in order",
                                 "die Antwort des Dienstes ist nicht in Ordnung"),
                            SLICE_LITERAL("evidence/entries"));
        }
        enum outcome outcome = each(run, context, &entry);
        if (outcome != OUTCOME_OK) {
            return outcome;
        }
        (*next)++;
    }
    return OUTCOME_OK;
}

enum outcome entries_each(struct run *run, entry_fn each, void *context)
{
    struct arena *kept = run->arena, *page = arena_new(PAGE_ARENA_BYTES);
    uint64_t next = 0, size = 1;
    enum outcome outcome =
        client_address(run)[0] == '\0' || page == NULL
            ? OUTCOME_FAILED
            : OUTCOME_OK; /* connected before: what lasts lies in the run's arena */
    while (outcome == OUTCOME_OK && next < size) {
        const struct json *data = NULL;
        uint64_t before = next;
        run->arena = page;
        outcome = client_get(run,
                             arena_printf(page, "evidence/entries?after=%llu&limit=%d",
                                          (unsigned long long)next, (int)PAGE_ENTRIES),
                             &data);
        if (outcome == OUTCOME_OK && json_u64(data, "size", &size) != ERR_NONE) {
            size = 0;
        }
        outcome = outcome == OUTCOME_OK ? walk_page(run, data, &next, each, context) : outcome;
        progress_count(next, size);
        arena_reset(page);
        run->arena = kept;
        if (outcome == OUTCOME_OK && next == before && next < size) {
            outcome = run_fail(run, OUTCOME_FAILED,
                               TEXT("the daemon gives no more entries",
                                    "der Dienst gibt keine weiteren Einträge heraus"),
                               SLICE_NONE);
        }
    }
    run->arena = kept;
    arena_free(page);
    return outcome;
}
