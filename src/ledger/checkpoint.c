#include "ledger/checkpoint.h"

#include "base/encode.h"

#include <string.h>

enum { CHECKPOINT_TEXT_MAX_BYTES = NOTE_NAME_MAX_BYTES + 128 };

static bool origin_is_valid(struct slice origin)
{
    static const uint8_t any_key[ED25519_PUBLIC_BYTES];
    struct note_key key;
    return note_key_make(origin, NOTE_TYPE_ED25519, slice_of(any_key, sizeof(any_key)), &key) ==
           ERR_NONE;
}

/* The text to sign. ERR_INVALID: an origin that cannot be a key name. */
static enum err text_of(struct slice origin, uint64_t size, const struct tree_hash *root,
                         struct buf *out)
{
    if (!origin_is_valid(origin)) {
        return ERR_INVALID;
    }
    enum err err = buf_append(out, origin);
    if (err == ERR_NONE) {
        err = buf_append_byte(out, '\n');
    }
    if (err == ERR_NONE) {
        err = buf_append_u64_decimal(out, size);
    }
    if (err == ERR_NONE) {
        err = buf_append_byte(out, '\n');
    }
    if (err == ERR_NONE) {
        err = base64_encode(out, tree_hash_slice(root));
    }
    return err == ERR_NONE ? buf_append_byte(out, '\n') : err;
}

/* Cuts a line that must end in a newline and hold something. */
static enum err take_line(struct slice *rest, struct slice *ret_line)
{
    size_t end = slice_find_byte(*rest, '\n');
    if (end == SIZE_MAX || end == 0) {
        return ERR_MALFORMED;
    }
    *ret_line = slice_first(*rest, end);
    *rest = slice_from(*rest, end + 1);
    return ERR_NONE;
}

static enum err parse_root(struct slice line, struct tree_hash *ret_root)
{
    cleanup_buf struct buf root = BUF_INIT(SHA256_BYTES);
    if (base64_decode(&root, line) != ERR_NONE || root.len != SHA256_BYTES) {
        return ERR_MALFORMED;
    }
    memcpy(ret_root->bytes, root.data, SHA256_BYTES);
    return ERR_NONE;
}

enum err checkpoint_parse(struct slice text, struct checkpoint *ret_checkpoint)
{
    struct checkpoint checkpoint = {.size = 0};
    struct slice rest = text, size = SLICE_NONE, root = SLICE_NONE, line;
    if (take_line(&rest, &checkpoint.origin) != ERR_NONE || take_line(&rest, &size) != ERR_NONE ||
        take_line(&rest, &root) != ERR_NONE || slice_to_u64(size, &checkpoint.size) != ERR_NONE ||
        checkpoint.size > TREE_SIZE_MAX || parse_root(root, &checkpoint.root) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    checkpoint.extensions = rest;
    while (rest.len > 0) {
        if (take_line(&rest, &line) != ERR_NONE) {
            return ERR_MALFORMED;
        }
    }
    *ret_checkpoint = checkpoint;
    return ERR_NONE;
}

enum err checkpoint_sign(const struct note_key *key, struct slice seed, uint64_t size,
                         const struct tree_hash *root, struct buf *out)
{
    cleanup_buf struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX_BYTES);
    enum err err = text_of(key->name, size, root, &text);
    return err == ERR_NONE ? note_sign(buf_slice(&text), key, seed, out) : err;
}

enum err checkpoint_open(struct slice bytes, const struct note_key *key, struct note *ret_note,
                         struct checkpoint *ret_checkpoint)
{
    struct checkpoint checkpoint;
    enum err err = note_parse(bytes, ret_note);
    if (err == ERR_NONE) {
        err = checkpoint_parse(ret_note->text, &checkpoint);
    }
    if (err == ERR_NONE && !slice_equal(checkpoint.origin, key->name)) {
        err = ERR_INVALID;
    }
    if (err == ERR_NONE) {
        err = note_verify(ret_note, key, NULL);
    }
    if (err == ERR_NONE) {
        *ret_checkpoint = checkpoint;
    }
    return err;
}

/* "evidence" of "vogt-0123456789abcdef/evidence" */
static struct slice last_part(struct slice name)
{
    struct slice part = name, rest = name;
    while (slice_split(&rest, '/', &part)) {
    }
    return part;
}

enum err checkpoint_open_former(struct slice bytes, const struct note_key *key,
                                struct note *ret_note, struct checkpoint *ret_checkpoint)
{
    struct note_key former;
    struct slice origin = slice_first(bytes, slice_find_byte(bytes, '\n'));
    if (slice_equal(origin, key->name) || !slice_equal(last_part(origin), last_part(key->name))) {
        return ERR_INVALID;
    }
    enum err err = note_key_make(origin, key->type,
                                 slice_of(key->public_key, sizeof(key->public_key)), &former);
    return err == ERR_NONE ? checkpoint_open(bytes, &former, ret_note, ret_checkpoint) : err;
}
