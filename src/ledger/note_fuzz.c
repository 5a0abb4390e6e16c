#include "crypto/check_crypto.h"
#include "ledger/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses keeps its promises: slices lie within the input, and a key that is written is read as
 * the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct note note;
    struct checkpoint checkpoint;
    struct note_key key;
    struct slice bytes = slice_of(data, size);
    if (note_parse(bytes, &note) == ERR_NONE) {
        if (note.signature_count == 0 || note.text.data != data || note.text.len >= size) {
            __builtin_trap();
        }
        if (checkpoint_parse(note.text, &checkpoint) == ERR_NONE &&
            checkpoint.size > TREE_SIZE_MAX) {
            __builtin_trap();
        }
    }
    if (note_key_parse(bytes, &key) == ERR_NONE) {
        struct note_key again;
        cleanup_buf struct buf written = BUF_INIT(1024);
        if (note_key_write(&key, &written) != ERR_NONE ||
            note_key_parse(buf_slice(&written), &again) != ERR_NONE || again.id != key.id) {
            __builtin_trap();
        }
    }
    return 0;
}
