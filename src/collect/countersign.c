#include "collect/countersign.h"

#include "base/encode.h"
#include "ledger/timestamp.h"
#include "ledger/witness.h"

/* Is this a line of that key? witness_reply_read has verified every one that is. */
static bool is_line_of(struct slice line, struct slice start, const struct note_key *key)
{
    cleanup_buf struct buf blob = BUF_INIT(256);
    return slice_starts(line, start) && base64_decode(&blob, slice_from(line, start.len)) == ERR_NONE && blob.len > 4 &&
           (key->id >> 24) == blob.data[0] && (key->id >> 16 & 0xff) == blob.data[1] && (key->id >> 8 & 0xff) == blob.data[2] && (key->id & 0xff) == blob.data[3];
}

/* One line of the witness's own key and nothing else: a checkpoint bears a bounded number of signatures, and who fills it makes it useless to all. */
static enum err own_line(struct slice lines, const struct note_key *key, struct buf *out)
{
    cleanup_buf struct buf start = BUF_INIT(NOTE_NAME_MAX_BYTES + 8);
    enum err err = buf_append_string(&start, "\xe2\x80\x94 ");
    err = err == ERR_NONE ? buf_append(&start, key->name) : err;
    err = err == ERR_NONE ? buf_append_byte(&start, ' ') : err;
    struct slice line;
    while (err == ERR_NONE && out->len == 0 && slice_split(&lines, '\n', &line)) {
        if (is_line_of(line, buf_slice(&start), key)) {
            err = buf_append(out, line);
            err = err == ERR_NONE ? buf_append_byte(out, '\n') : err;
        }
    }
    return err;
}

enum err countersign_witness(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    uint64_t status = 0, old_size = 0;
    struct note_key key;
    struct witness_reply read;
    enum err err = json_u64(input, "status", &status);
    err = err == ERR_NONE ? json_u64(input, "old_size", &old_size) : err;
    err = err == ERR_NONE ? note_key_parse(json_text(input, "vkey", SLICE_NONE), &key) : err;
    err = err == ERR_NONE ? witness_reply_read((unsigned)status, json_text(input, "content_type", SLICE_NONE), raw, old_size,
                                               json_text(input, "checkpoint", SLICE_NONE), &key, &read) : err;
    cleanup_buf struct buf lines = BUF_INIT(WITNESS_REPLY_MAX_BYTES);
    err = err == ERR_NONE && read.outcome == WITNESS_COSIGNED ? own_line(read.lines, &key, &lines) : err;
    if (err != ERR_NONE) {
        return err;
    }
    reply->output = json_new(arena, JSON_OBJECT);
    struct json *last = json_set_string(arena, reply->output, "outcome", slice_string(witness_outcome_name(read.outcome)));
    if (read.outcome == WITNESS_OTHER_SIZE || read.outcome == WITNESS_AHEAD) {
        last = json_set_u64(arena, reply->output, "size", read.size);
    }
    if (read.outcome == WITNESS_COSIGNED) {
        json_set_u64(arena, reply->output, "time_unix_s", read.time_unix_s);
        last = json_set_string(arena, reply->output, "lines", buf_slice(&lines));
    }
    return last == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err read_digest(const struct json *input, uint8_t ret_digest[SHA256_BYTES], uint64_t *ret_nonce)
{
    cleanup_buf struct buf bytes = BUF_INIT(SHA256_BYTES);
    enum err err = hex_decode(&bytes, json_text(input, "digest", SLICE_NONE));
    err = err == ERR_NONE && bytes.len != SHA256_BYTES ? ERR_INVALID : err;
    for (size_t i = 0; err == ERR_NONE && i < SHA256_BYTES; i++) {
        ret_digest[i] = bytes.data[i];
    }
    return err == ERR_NONE ? json_u64(input, "nonce", ret_nonce) : err;
}

static enum err explain(enum err err, struct work_reply *reply)
{
    static const struct {
        enum err err;
        struct text text;
    } texts[] = {
        {ERR_MALFORMED, TEXT_INIT("the authority's answer is no time-stamp", "die Antwort der Zeitstempelstelle ist kein Zeitstempel")},
        {ERR_DENIED, TEXT_INIT("the authority refused to stamp", "die Zeitstempelstelle lehnte den Stempel ab")},
        {ERR_FORGED, TEXT_INIT("the time-stamp is not over this checkpoint, or not by a trusted authority",
                               "der Zeitstempel gehört nicht zu diesem Checkpoint oder stammt von keiner vertrauten Stelle")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].err == err) {
            return complain(&reply->complaint, err, texts[i].text, 0, 0, NULL, 0);
        }
    }
    return err;
}

enum err countersign_stamp(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    uint8_t digest[SHA256_BYTES];
    uint64_t nonce = 0;
    struct slice trust = json_text(input, "trust", SLICE_NONE);
    struct timestamp stamp = {0};
    enum err err = read_digest(input, digest, &nonce);
    if (err == ERR_NONE) {
        err = trust.len > 0 ? timestamp_check(raw, digest, &nonce, trust, &stamp) : timestamp_check_unchained(raw, digest, &nonce, &stamp.unix_s);
    }
    if (err != ERR_NONE) {
        return explain(err, reply);
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_i64(arena, reply->output, "time_unix_s", stamp.unix_s);
    return json_set_bool(arena, reply->output, "chained", trust.len > 0) == NULL ? ERR_MEMORY : ERR_NONE;
}
