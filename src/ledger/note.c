#include "ledger/note.h"

#include "base/encode.h"
#include "base/utf8.h"

#include <string.h>

#define SIGNATURE_START "\xe2\x80\x94 " /* em dash, space */

enum {
    KEY_ID_BYTES = 4,
    TIME_BYTES = 8,
    SIGNATURE_BLOB_MAX_BYTES = 8 << 10, /* ML-DSA signatures of others take nearly 5 kB */
};

/* Unicode's White_Space. */
static bool is_space(uint32_t code_point)
{
    return (code_point >= 0x09 && code_point <= 0x0d) || code_point == 0x20 || code_point == 0x85 ||
           code_point == 0xa0 || code_point == 0x1680 ||
           (code_point >= 0x2000 && code_point <= 0x200a) || code_point == 0x2028 ||
           code_point == 0x2029 || code_point == 0x202f || code_point == 0x205f ||
           code_point == 0x3000;
}

static bool name_is_valid(struct slice name)
{
    if (name.len == 0 || name.len > NOTE_NAME_MAX_BYTES) {
        return false;
    }
    for (size_t position = 0; position < name.len;) {
        uint32_t code_point = 0;
        if (utf8_next(name, &position, &code_point) != ERR_NONE || is_space(code_point) ||
            code_point == '+' || code_point < 0x20) {
            return false;
        }
    }
    return true;
}

static uint32_t load_id(const uint8_t bytes[KEY_ID_BYTES])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_id(uint8_t out[KEY_ID_BYTES], uint32_t id)
{
    for (size_t i = 0; i < KEY_ID_BYTES; i++) {
        out[i] = (uint8_t)(id >> (24 - 8 * i) & 0xff);
    }
}

static uint32_t compute_id(struct slice name, uint8_t type,
                           const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    uint8_t bytes[NOTE_NAME_MAX_BYTES + 2 + ED25519_PUBLIC_BYTES], digest[SHA256_BYTES];
    memcpy(bytes, name.data, name.len);
    bytes[name.len] = '\n';
    bytes[name.len + 1] = type;
    memcpy(bytes + name.len + 2, public_key, ED25519_PUBLIC_BYTES);
    sha256(slice_of(bytes, name.len + 2 + ED25519_PUBLIC_BYTES), digest);
    return load_id(digest);
}

enum err note_key_make(struct slice name, uint8_t type, struct slice public_key,
                       struct note_key *ret_key)
{
    if (!name_is_valid(name) || public_key.len != ED25519_PUBLIC_BYTES ||
        (type != NOTE_TYPE_ED25519 && type != NOTE_TYPE_COSIGNATURE)) {
        return ERR_INVALID;
    }
    struct note_key key = {.name = name, .type = type};
    memcpy(key.public_key, public_key.data, ED25519_PUBLIC_BYTES);
    key.id = compute_id(name, type, key.public_key);
    *ret_key = key;
    return ERR_NONE;
}

enum err note_key_parse(struct slice vkey, struct note_key *ret_key)
{
    cleanup_buf struct buf id = BUF_INIT(KEY_ID_BYTES);
    cleanup_buf struct buf material = BUF_INIT(SIGNATURE_BLOB_MAX_BYTES);
    struct slice rest = vkey, name, id_text;
    if (!slice_split(&rest, '+', &name) || !slice_split(&rest, '+', &id_text) ||
        id_text.len != 2 * KEY_ID_BYTES || hex_decode(&id, id_text) != ERR_NONE || rest.len == 0 ||
        base64_decode(&material, rest) != ERR_NONE || material.len < 1) {
        return ERR_MALFORMED;
    }
    uint8_t type = material.data[0];
    if (type != NOTE_TYPE_ED25519 && type != NOTE_TYPE_COSIGNATURE) {
        return ERR_UNSUPPORTED;
    }
    struct note_key key;
    enum err err = note_key_make(name, type, slice_from(buf_slice(&material), 1), &key);
    if (err == ERR_NONE && key.id != load_id(id.data)) {
        err = ERR_INVALID;
    }
    if (err == ERR_NONE) {
        *ret_key = key;
    }
    return err;
}

enum err note_key_write(const struct note_key *key, struct buf *out)
{
    uint8_t material[1 + ED25519_PUBLIC_BYTES] = {key->type};
    memcpy(material + 1, key->public_key, ED25519_PUBLIC_BYTES);
    enum err err = buf_append(out, key->name);
    if (err == ERR_NONE) {
        err = buf_printf(out, "+%08x+", key->id);
    }
    return err == ERR_NONE ? base64_encode(out, slice_of(material, sizeof(material))) : err;
}

/* A line between "— " and the newline: name, one space, base64. */
static enum err parse_signature(struct slice line, struct note_signature *ret_signature)
{
    if (!slice_starts(line, SLICE_LITERAL(SIGNATURE_START))) {
        return ERR_MALFORMED;
    }
    struct slice rest = slice_from(line, sizeof(SIGNATURE_START) - 1);
    struct note_signature signature = {.key_id = 0};
    if (slice_find_byte(rest, ' ') == SIZE_MAX || !slice_split(&rest, ' ', &signature.name) ||
        !name_is_valid(signature.name) || rest.len == 0) {
        return ERR_MALFORMED;
    }
    cleanup_buf struct buf blob = BUF_INIT(SIGNATURE_BLOB_MAX_BYTES);
    enum err err = base64_decode(&blob, rest);
    if (err != ERR_NONE) {
        return err;
    }
    if (blob.len <= KEY_ID_BYTES) {
        return ERR_MALFORMED;
    }
    signature.key_id = load_id(blob.data);
    signature.base64 = rest;
    *ret_signature = signature;
    return ERR_NONE;
}

static enum err check_characters(struct slice bytes)
{
    for (size_t position = 0; position < bytes.len;) {
        uint32_t code_point = 0;
        if (utf8_next(bytes, &position, &code_point) != ERR_NONE ||
            (code_point < 0x20 && code_point != '\n')) {
            return ERR_MALFORMED;
        }
    }
    return ERR_NONE;
}

/* Offset of the last blank line's own newline; SIZE_MAX without one. */
static size_t find_blank_line(struct slice bytes)
{
    for (size_t i = bytes.len; i-- > 1;) {
        if (bytes.data[i] == '\n' && bytes.data[i - 1] == '\n') {
            return i;
        }
    }
    return SIZE_MAX;
}

enum err note_parse(struct slice bytes, struct note *ret_note)
{
    if (bytes.len > NOTE_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    size_t blank = find_blank_line(bytes);
    if (blank == SIZE_MAX || bytes.data[bytes.len - 1] != '\n' || blank == bytes.len - 1 ||
        check_characters(bytes) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    ret_note->text = slice_first(bytes, blank);
    ret_note->signature_count = 0;
    struct slice rest = slice_first(slice_from(bytes, blank + 1), bytes.len - blank - 2), line;
    while (slice_split(&rest, '\n', &line)) {
        if (ret_note->signature_count == NOTE_SIGNATURES_MAX) {
            return ERR_TOO_LARGE;
        }
        enum err err = parse_signature(line, &ret_note->signatures[ret_note->signature_count]);
        if (err != ERR_NONE) {
            return err;
        }
        ret_note->signature_count++;
    }
    return ret_note->signature_count > 0 ? ERR_NONE : ERR_MALFORMED;
}

static enum err cosigned_message(uint64_t time_unix_s, struct slice text, struct buf *out)
{
    enum err err = buf_append_string(out, "cosignature/v1\ntime ");
    if (err == ERR_NONE) {
        err = buf_append_u64_decimal(out, time_unix_s);
    }
    if (err == ERR_NONE) {
        err = buf_append_byte(out, '\n');
    }
    return err == ERR_NONE ? buf_append(out, text) : err;
}

static enum err verify_blob(struct slice text, const struct note_key *key, struct slice blob,
                            uint64_t *ret_time_unix_s)
{
    struct slice public_key = slice_of(key->public_key, sizeof(key->public_key));
    struct slice signature = slice_from(blob, KEY_ID_BYTES);
    if (key->type == NOTE_TYPE_ED25519) {
        *ret_time_unix_s = 0;
        return signature.len == ED25519_SIGNATURE_BYTES
                   ? ed25519_verify(public_key, text, signature)
                   : ERR_FORGED;
    }
    if (signature.len != TIME_BYTES + ED25519_SIGNATURE_BYTES) {
        return ERR_FORGED;
    }
    uint64_t time_unix_s = load_u64_big(signature.data);
    if (time_unix_s > INT64_MAX) {
        return ERR_FORGED;
    }
    cleanup_buf struct buf message = BUF_INIT(NOTE_MAX_BYTES + 64);
    enum err err = cosigned_message(time_unix_s, text, &message);
    if (err == ERR_NONE) {
        err = ed25519_verify(public_key, buf_slice(&message), slice_from(signature, TIME_BYTES));
    }
    if (err == ERR_NONE) {
        *ret_time_unix_s = time_unix_s;
    }
    return err;
}

enum err note_verify(const struct note *note, const struct note_key *key, uint64_t *ret_time_unix_s)
{
    enum err result = ERR_NOT_FOUND;
    uint64_t latest_unix_s = 0;
    for (size_t i = 0; i < note->signature_count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        if (signature->key_id != key->id || !slice_equal(signature->name, key->name)) {
            continue;
        }
        cleanup_buf struct buf blob = BUF_INIT(SIGNATURE_BLOB_MAX_BYTES);
        uint64_t time_unix_s = 0;
        enum err err = base64_decode(&blob, signature->base64);
        if (err == ERR_NONE) {
            err = verify_blob(note->text, key, buf_slice(&blob), &time_unix_s);
        }
        if (err != ERR_NONE) {
            return err;
        }
        latest_unix_s = time_unix_s > latest_unix_s ? time_unix_s : latest_unix_s;
        result = ERR_NONE;
    }
    if (result == ERR_NONE && ret_time_unix_s != NULL) {
        *ret_time_unix_s = latest_unix_s;
    }
    return result;
}

static enum err sign_blob(struct slice text, const struct note_key *key, struct slice seed,
                          uint64_t time_unix_s, struct buf *blob)
{
    uint8_t id[KEY_ID_BYTES], time[TIME_BYTES], signature[ED25519_SIGNATURE_BYTES];
    cleanup_buf struct buf message = BUF_INIT(NOTE_MAX_BYTES + 64);
    enum err err = key->type == NOTE_TYPE_ED25519 ? buf_append(&message, text)
                                                  : cosigned_message(time_unix_s, text, &message);
    if (err == ERR_NONE) {
        err = ed25519_sign(seed, buf_slice(&message), signature);
    }
    store_id(id, key->id);
    store_u64_big(time, time_unix_s);
    if (err == ERR_NONE) {
        err = buf_append(blob, slice_of(id, sizeof(id)));
    }
    if (err == ERR_NONE && key->type == NOTE_TYPE_COSIGNATURE) {
        err = buf_append(blob, slice_of(time, sizeof(time)));
    }
    return err == ERR_NONE ? buf_append(blob, slice_of(signature, sizeof(signature))) : err;
}

enum err note_sign_line(struct slice text, const struct note_key *key, struct slice seed,
                        uint64_t time_unix_s, struct buf *out)
{
    cleanup_buf struct buf blob = BUF_INIT(SIGNATURE_BLOB_MAX_BYTES);
    enum err err =
        time_unix_s > INT64_MAX ? ERR_INVALID : sign_blob(text, key, seed, time_unix_s, &blob);
    if (err == ERR_NONE) {
        err = buf_append_string(out, SIGNATURE_START);
    }
    if (err == ERR_NONE) {
        err = buf_append(out, key->name);
    }
    if (err == ERR_NONE) {
        err = buf_append_byte(out, ' ');
    }
    if (err == ERR_NONE) {
        err = base64_encode(out, buf_slice(&blob));
    }
    return err == ERR_NONE ? buf_append_byte(out, '\n') : err;
}

enum err note_sign(struct slice text, const struct note_key *key, struct slice seed,
                   struct buf *out)
{
    if (text.len == 0 || text.data[text.len - 1] != '\n' || check_characters(text) != ERR_NONE) {
        return ERR_INVALID;
    }
    enum err err = buf_append(out, text);
    if (err == ERR_NONE) {
        err = buf_append_byte(out, '\n');
    }
    return err == ERR_NONE ? note_sign_line(text, key, seed, 0, out) : err;
}
