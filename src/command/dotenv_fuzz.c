#include "command/dotenv.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written as NAME='value' reads back as it was; so what came out is put in again. */
static void read_back(struct arena *arena, const struct dotenv_entry *entry)
{
    cleanup_buf struct buf text = BUF_INIT(4 << 20);
    struct dotenv again;
    struct complaint complaint;
    uint8_t mark = memchr(entry->value.data, '\'', entry->value.len) == NULL ? '\'' : '`';
    if (memchr(entry->value.data, mark, entry->value.len) != NULL) {
        return;
    }
    enum err err = buf_append(&text, entry->name);
    err = err == ERR_NONE ? buf_append_byte(&text, '=') : err;
    err = err == ERR_NONE ? buf_append_byte(&text, mark) : err;
    err = err == ERR_NONE ? buf_append(&text, entry->value) : err;
    err = err == ERR_NONE ? buf_append_byte(&text, mark) : err;
    if (err == ERR_NONE && (err = dotenv_read(arena, buf_slice(&text), &again, &complaint)) != ERR_MEMORY &&
        (err != ERR_NONE || again.count != 1 || !slice_equal(again.entries[0].value, entry->value) || !slice_equal(again.entries[0].name, entry->name))) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    struct dotenv file;
    struct complaint complaint = {.text = {NULL, NULL}};
    if (arena == NULL) {
        return 0;
    }
    enum err err = dotenv_read(arena, slice_of(data, size), &file, &complaint);
    if (err == ERR_MALFORMED && (complaint.line == 0 || complaint.text.german == NULL)) {
        __builtin_trap(); /* a refusal without its line */
    }
    for (size_t i = 0; err == ERR_NONE && i < file.count && i < 8; i++) {
        read_back(arena, &file.entries[i]);
    }
    return 0;
}
