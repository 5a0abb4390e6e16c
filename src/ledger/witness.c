#include "ledger/witness.h"

#include "base/encode.h"

#include <string.h>

struct status_row {
    unsigned http_status;
    enum witness_outcome outcome;
};

static const struct status_row status_rows[] = {
    {404, WITNESS_UNKNOWN_LOG},
    {403, WITNESS_BAD_SIGNATURE},
    {422, WITNESS_BAD_PROOF},
};

static const char *const outcome_names[WITNESS_OUTCOMES] = {
    [WITNESS_NO_ANSWER] = "no-answer",          [WITNESS_COSIGNED] = "cosigned",
    [WITNESS_OTHER_SIZE] = "other-size",        [WITNESS_AHEAD] = "ahead",
    [WITNESS_UNKNOWN_LOG] = "unknown-log",      [WITNESS_BAD_SIGNATURE] = "bad-signature",
    [WITNESS_BAD_PROOF] = "bad-proof",          [WITNESS_BAD_REQUEST] = "bad-request",
};

static const struct text outcome_texts[WITNESS_OUTCOMES] = {
    [WITNESS_NO_ANSWER] =
        {"The witness gave no usable answer; it is asked again later.",
         "Der Zeuge gab keine brauchbare Antwort; er wird später wieder gefragt."},
    [WITNESS_COSIGNED] = {"The witness cosigned the checkpoint.",
                          "Der Zeuge hat den Prüfpunkt mitgezeichnet."},
    [WITNESS_OTHER_SIZE] = {"The witness holds another size and wants the proof from there.",
                            "Der Zeuge kennt eine andere Größe und will den Nachweis von dort an."},
    [WITNESS_AHEAD] =
        {"The witness has seen a larger or different tree of this log: this ledger was rolled back "
         "or forked.",
         "Der Zeuge sah einen größeren oder anderen Baum dieses Logs: Dieses Hauptbuch wurde "
         "zurückgesetzt oder gespalten."},
    [WITNESS_UNKNOWN_LOG] =
        {"The witness does not know this log; ask its operator to add it.",
         "Der Zeuge kennt dieses Log nicht; bitten Sie seinen Betreiber, es aufzunehmen."},
    [WITNESS_BAD_SIGNATURE] = {"The witness has another key for this log.",
                               "Der Zeuge hat einen anderen Schlüssel für dieses Log."},
    [WITNESS_BAD_PROOF] = {"The witness finds this tree inconsistent with what it saw before.",
                           "Der Zeuge findet diesen Baum unvereinbar mit dem, was er vorher sah."},
    [WITNESS_BAD_REQUEST] = {"The witness refused the request.",
                             "Der Zeuge hat die Anfrage abgelehnt."},
};

const char *witness_outcome_name(enum witness_outcome outcome)
{
    return outcome_names[(size_t)outcome < WITNESS_OUTCOMES ? outcome : WITNESS_NO_ANSWER];
}

enum witness_outcome witness_outcome_find(struct slice name)
{
    for (unsigned i = 0; i < WITNESS_OUTCOMES; i++) {
        if (slice_is(name, outcome_names[i])) {
            return (enum witness_outcome)i;
        }
    }
    return WITNESS_NO_ANSWER;
}

struct text witness_outcome_text(enum witness_outcome outcome)
{
    return outcome_texts[(size_t)outcome < WITNESS_OUTCOMES ? outcome : WITNESS_NO_ANSWER];
}

enum err witness_request(uint64_t old_size, const struct tree_proof *proof, struct slice checkpoint,
                         struct buf *out)
{
    if (proof->count > WITNESS_PROOF_MAX || (old_size == 0 && proof->count > 0)) {
        return ERR_INVALID;
    }
    enum err err = buf_append_string(out, "old ");
    if (err == ERR_NONE) {
        err = buf_append_u64_decimal(out, old_size);
    }
    for (size_t i = 0; err == ERR_NONE && i < proof->count; i++) {
        err = buf_append_byte(out, '\n');
        if (err == ERR_NONE) {
            err = base64_encode(out, tree_hash_slice(&proof->hashes[i]));
        }
    }
    if (err == ERR_NONE) {
        err = buf_append_string(out, "\n\n");
    }
    return err == ERR_NONE ? buf_append(out, checkpoint) : err;
}

/* The size a witness holds: decimal digits and a newline, as text/x.tlog.size. */
static bool read_size(struct slice content_type, struct slice body, uint64_t *ret_size)
{
    struct slice type = slice_trim(slice_first(content_type, slice_find_byte(content_type, ';')));
    if (!slice_is(type, "text/x.tlog.size") || body.len < 2 || body.data[body.len - 1] != '\n') {
        return false;
    }
    return slice_to_u64(slice_first(body, body.len - 1), ret_size) == ERR_NONE;
}

static void read_conflict(struct slice content_type, struct slice body, uint64_t asked_old_size,
                          uint64_t our_size, struct witness_reply *reply)
{
    if (!read_size(content_type, body, &reply->size)) {
        /* Without a size, 409 says that the roots of one size differ. */
        reply->outcome = asked_old_size == our_size ? WITNESS_AHEAD : WITNESS_NO_ANSWER;
        return;
    }
    bool ahead =
        reply->size > our_size || (reply->size == asked_old_size && asked_old_size == our_size);
    reply->outcome = ahead ? WITNESS_AHEAD : WITNESS_OTHER_SIZE;
}

/* The reply's lines count when, appended to the checkpoint, they make a note that the witness's key
 * signed. */
static enum err read_cosignature(struct slice body, struct slice text, const struct note_key *key,
                                 struct witness_reply *reply)
{
    cleanup_buf struct buf bytes = BUF_INIT(NOTE_MAX_BYTES);
    enum err err = buf_append(&bytes, text);
    if (err == ERR_NONE) {
        err = buf_append_byte(&bytes, '\n');
    }
    if (err == ERR_NONE) {
        err = buf_append(&bytes, body);
    }
    if (err == ERR_MEMORY) {
        return err;
    }
    struct note note;
    bool good = err == ERR_NONE && note_parse(buf_slice(&bytes), &note) == ERR_NONE &&
                note.text.len == text.len &&
                note_verify(&note, key, &reply->time_unix_s) == ERR_NONE;
    if (good) {
        reply->lines = body;
        reply->outcome = WITNESS_COSIGNED;
    }
    return ERR_NONE;
}

enum err witness_reply_read(unsigned http_status, struct slice content_type, struct slice body,
                            uint64_t asked_old_size, struct slice checkpoint,
                            const struct note_key *key, struct witness_reply *ret_reply)
{
    struct witness_reply reply = {.outcome = WITNESS_NO_ANSWER};
    struct note note;
    struct checkpoint ours;
    enum err err = note_parse(checkpoint, &note);
    if (err == ERR_NONE) {
        err = checkpoint_parse(note.text, &ours);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (http_status == 200 && body.len <= WITNESS_REPLY_MAX_BYTES) {
        err = read_cosignature(body, note.text, key, &reply);
    } else if (http_status == 409) {
        read_conflict(content_type, body, asked_old_size, ours.size, &reply);
    } else if (http_status >= 400 && http_status < 500) {
        reply.outcome = WITNESS_BAD_REQUEST;
        for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++) {
            reply.outcome =
                status_rows[i].http_status == http_status ? status_rows[i].outcome : reply.outcome;
        }
    }
    if (err == ERR_NONE) {
        *ret_reply = reply;
    }
    return err;
}
