/*
 * A snapshot put back while Vogt runs, as Vault's clients do it: POST sys/storage/raft/snapshot, or snapshot-force for one that another key sealed. Gate unpacks what comes
 * and hands on the database in parts (ROUTE_PARTS, route.h); store puts them beside its own (store/staging.h).
 *
 *   part ... part, last: looked at as a whole (store: every row, entry and the set-hash), held to SHA256SUMS and the key, recorded --> swap: what was recorded is
 *   published, store takes the other database with its next start, keep and all others begin anew
 *
 * Until the swap nothing has changed. A restore goes back in the logs: the record (snapshot.restored) is among the old evidence log's last words, under a checkpoint, and the new
 * Vogt takes nothing until `vogt ledger reopen` (keep_reopen.c). Its first entry names that checkpoint and repeats the record with index and salt, so that everybody can hold it
 * against the former log's tiles: nobody has to believe the store, which carries it over as a note. Tokens and leases are those of the snapshot.
 */
#include "engine/operations.h"

#include "base/archive.h"
#include "base/encode.h"
#include "engine/vault.h"
#include "ledger/commitment.h"

#include <string.h>

enum { ID_DIGITS = 16 };

static const char swap_word[] = "swap";

static enum err refuse(struct turn *turn, enum err err)
{
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, err, TEXT("this restore ended, or another one was begun: nothing was changed", "diese Wiederherstellung endete, oder eine andere begann: nichts wurde verändert"), SLICE_NONE);
    }
    if (err == ERR_FULL) {
        return turn_refuse(turn, err, TEXT("there is no room for the snapshot beside the database: nothing was changed", "neben der Datenbank ist kein Platz für die Sicherung: nichts wurde verändert"), SLICE_NONE);
    }
    if (err == ERR_DAMAGED || err == ERR_NEWER) {
        return turn_refuse(turn, ERR_INVALID, err == ERR_NEWER ? TEXT("a newer version of Vogt wrote this snapshot", "eine neuere Version von Vogt hat diese Sicherung geschrieben")
                                                               : TEXT("this is no whole snapshot of Vogt: it was cut or changed, or something else made it",
                                                                      "das ist keine vollständige Sicherung von Vogt: sie wurde abgeschnitten oder verändert, oder etwas anderes hat sie geschrieben"), SLICE_NONE);
    }
    return err;
}

/* The refusal stands once store has let go of what came. */
static enum err give_up(struct turn *turn, uint64_t id, enum err refused)
{
    struct stage_answer staged;
    enum err err = turn_stage(turn, &(struct stage_ask){.what = STAGE_END, .id = id}, &staged);
    return err == ERR_NEED ? err : refused;
}

static enum err reply_next(struct turn *turn, const char *next)
{
    enum err err = next == NULL ? ERR_MEMORY : turn_reply_raw(turn, "", NULL, SLICE_NONE);
    turn->reply.next = slice_string(next);
    return err;
}

/* Of a file that was not an archive there are none. */
static bool has_sums(const struct turn *turn, const struct stage_answer *staged)
{
    struct slice meta = turn_query(turn, "meta"), sums = turn_query(turn, "sums");
    uint8_t digest[SHA256_BYTES];
    sha256(meta, digest);
    return turn_query(turn, "packed").len == 0 ||
           (sums_name(sums, slice_of(digest, sizeof digest), "meta.json") && sums_name(sums, slice_of(staged->digest, sizeof staged->digest), "state.bin"));
}

static enum err record(struct turn *turn, const struct stage_answer *staged, bool is_other_key, uint64_t *ret_index)
{
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    enum err err = hex_encode(&hex, slice_of(staged->digest, sizeof staged->digest));
    json_set_string(turn->arena, body, "sha256", buf_slice(&hex));
    json_set_u64(turn->arena, body, "bytes", staged->size);
    json_set_bool(turn->arena, body, "other_key", is_other_key);
    json_set_string(turn->arena, body, "by", turn->caller.name);
    return err == ERR_NONE ? turn_evidence(turn, "snapshot.restored", body, ret_index) : err;
}

static enum err look(struct turn *turn, uint64_t id)
{
    struct stage_answer staged;
    enum err err = turn_stage(turn, &(struct stage_ask){.what = STAGE_CHECK, .id = id}, &staged);
    if (err != ERR_NONE) {
        return err == ERR_NEED ? err : refuse(turn, err);
    }
    if (staged.english.len > 0) {
        const char *english = arena_string(turn->arena, staged.english), *german = arena_string(turn->arena, staged.german);
        return english == NULL || german == NULL ? ERR_MEMORY : turn_refuse(turn, ERR_INVALID, TEXT(english, german), staged.place);
    }
    if (!has_sums(turn, &staged)) {
        return give_up(turn, id, refuse(turn, ERR_DAMAGED));
    }
    err = vault_would_open(turn->around->vault, turn->arena, staged.seal, staged.ring);
    bool is_other_key = err != ERR_NONE, is_forced = slice_ends(turn->request->path, SLICE_LITERAL("-force"));
    if (is_other_key && !is_forced) {
        return give_up(turn, id, turn_refuse(turn, ERR_INVALID, TEXT("this snapshot is sealed by another key; with -force (snapshot-force) it is put back all the same, and then opens with its own unseal keys or key file only",
                                                                     "diese Sicherung ist mit einem anderen Schlüssel versiegelt; mit -force (snapshot-force) wird sie trotzdem zurückgespielt und öffnet sich dann nur mit ihren eigenen Entsiegelungsschlüsseln oder ihrer Schlüsseldatei"), SLICE_NONE));
    }
    uint64_t index = 0;
    err = record(turn, &staged, is_other_key, &index);
    *turn->around->restoring = (struct restoring){.coming = id, .heard_ms = turn->steady_ms, .id = id, .index = index, .is_other_key = is_other_key};
    return err == ERR_NONE ? reply_next(turn, turn_path(turn, "%016llx-%s", (unsigned long long)id, swap_word)) : err;
}

static enum err take_part(struct turn *turn, uint64_t id, uint64_t offset)
{
    struct stage_answer staged;
    enum err err = turn_stage(turn, &(struct stage_ask){STAGE_WRITE, id, offset, turn->request->raw}, &staged);
    if (err != ERR_NONE) {
        return err == ERR_NEED ? err : refuse(turn, err);
    }
    turn->around->restoring->coming = id;
    turn->around->restoring->heard_ms = turn->steady_ms;
    return turn_query(turn, "last").len > 0 ? look(turn, id) : reply_next(turn, turn_path(turn, "%016llx-%llu", (unsigned long long)id, (unsigned long long)staged.size));
}

/* Whoever sent it went away: the disk is free again. */
enum err operation_own_restore_end(struct turn *turn)
{
    struct restoring *restoring = turn->around->restoring;
    enum err err = give_up(turn, restoring->coming, ERR_NONE);
    if (err == ERR_NONE) {
        *restoring = (struct restoring){.coming = 0};
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* {"index","salt","payload"}, packed. */
static enum err put_note(struct turn *turn, struct buf *note)
{
    char path[LEDGER_ROW_PATH_BYTES];
    cleanup_buf struct buf salt = BUF_INIT(64);
    struct slice row;
    ledger_row_path("evidence", turn->around->restoring->index, path);
    enum err err = turn_row(turn, arena_string(turn->arena, slice_string(path)), &row);
    err = err == ERR_NONE && row.len < COMMITMENT_SALT_BYTES ? ERR_DAMAGED : err;
    err = err == ERR_NONE ? base64_encode(&salt, slice_first(row, COMMITMENT_SALT_BYTES)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *tree = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, tree, "index", turn->around->restoring->index);
    json_set_string(turn->arena, tree, "salt", buf_slice(&salt));
    json_set_string(turn->arena, tree, "payload", slice_from(row, COMMITMENT_SALT_BYTES));
    return json_pack(note, tree);
}

static enum err swap(struct turn *turn, uint64_t id)
{
    struct restoring *restoring = turn->around->restoring;
    struct stage_answer staged;
    cleanup_buf struct buf note = BUF_INIT(STAGED_NOTE_MAX_BYTES);
    if (restoring->id != id) {
        return refuse(turn, ERR_NOT_FOUND);
    }
    enum err err = turn_publish(turn, LOG_EVIDENCE);
    err = err == ERR_NONE ? turn_publish(turn, LOG_AUDIT) : err;
    err = err == ERR_NONE ? put_note(turn, &note) : err;
    err = err == ERR_NONE ? turn_stage(turn, &(struct stage_ask){.what = STAGE_SWAP, .id = id, .bytes = buf_slice(&note)}, &staged) : err;
    if (err != ERR_NONE) {
        return err == ERR_NEED ? err : refuse(turn, err);
    }
    restoring->done = turn;
    bool is_sealed = restoring->is_other_key || strcmp(turn->around->vault->type, "key-file") != 0;
    return turn_reply_warning(turn, 200, is_sealed ? "Restored. Vogt begins anew, sealed: it opens with the unseal keys or the key file of the snapshot. Then: vogt ledger reopen --reason ..."
                                                                 : "Restored. Vogt begins anew and takes no writes until: vogt ledger reopen --reason ...");
}

static enum err read_id(struct slice text, uint64_t *ret_id)
{
    cleanup_buf struct buf bytes = BUF_INIT(ID_DIGITS / 2);
    if (text.len != ID_DIGITS || hex_decode(&bytes, text) != ERR_NONE) {
        return ERR_NOT_FOUND;
    }
    *ret_id = load_u64_big(bytes.data);
    return ERR_NONE;
}

enum err operation_snapshot_restore(struct turn *turn)
{
    struct slice next = turn_query(turn, "next"), word;
    uint64_t id = 0, offset = 0;
    if (turn->around->restoring == NULL || turn->around->restoring->done != NULL) {
        return ERR_BUSY;
    }
    if (next.len == 0) {
        turn_random(turn, &id, sizeof id);
        return take_part(turn, id | 1, 0);
    }
    if (!slice_split(&next, '-', &word) || read_id(word, &id) != ERR_NONE) {
        return refuse(turn, ERR_NOT_FOUND);
    }
    if (slice_is(next, swap_word)) {
        return swap(turn, id);
    }
    return slice_to_u64(next, &offset) == ERR_NONE ? take_part(turn, id, offset) : refuse(turn, ERR_NOT_FOUND);
}
