#include "command/bundle.h"

#include "base/encode.h"
#include "base/time.h"
#include "command/rejudge.h"
#include "ledger/commitment.h"
#include "ledger/proof.h"
#include "measure/fold.h"

enum {
    ROW_BYTES = 32 << 20,
    ENTRY_BYTES = 1 << 16,
    RECORD_BYTES = 16 << 20,
    PAYLOAD_ARENA_BYTES = 256 << 20
};

struct check {
    struct arena *arena;
    const struct json *bundle;
    struct note_key key;
    struct slice checkpoint;
    struct fold fold;
    struct bundle_report *report;
    uint64_t next_index; /* indices grow */
};

static void find(struct check *check, struct text text, uint64_t index)
{
    if (check->report->finding_count < BUNDLE_FINDINGS_MAX) {
        check->report->findings[check->report->finding_count++] =
            (struct bundle_finding){text, index};
    }
}

/* Nothing stands in a bundle that is not checked: a reader would take it for proved. */
static bool has_only(const struct json *object, const char *const *names, size_t count)
{
    for (const struct json *member = object == NULL ? NULL : object->first; member != NULL;
         member = member->next) {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++) {
            known = slice_is(member->name, names[i]);
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

static const char *const bundle_names[] = {"format", "made",       "clause",  "text",   "revision",
                                           "vkey",   "checkpoint", "verdict", "entries"};
static const char *const annex_names[] = {"format", "made",       "revision",
                                          "vkey",   "checkpoint", "verdicts", "entries"};
static const char *const entry_names[] = {"index", "entry", "salt", "payload", "proof"};
enum {
    BUNDLE_NAMES = sizeof(bundle_names) / sizeof(bundle_names[0]),
    ANNEX_NAMES = sizeof(annex_names) / sizeof(annex_names[0]),
    ENTRY_NAMES = sizeof(entry_names) / sizeof(entry_names[0])
};

/* ---- one entry ---- */

/* The proof leads from the entry to the root of the bundle's own checkpoint, which the log signed.
 */
static void check_proof(struct check *check, const struct json *one, struct slice entry,
                        uint64_t index)
{
    struct proof proof;
    struct checkpoint checkpoint;
    if (proof_read(json_text(one, "proof", SLICE_NONE), &proof) != ERR_NONE) {
        find(check,
             TEXT("there is no readable proof of inclusion",
                  "es gibt keinen lesbaren Einschlussbeweis"),
             index);
        return;
    }
    if (proof.index != index || !slice_equal(proof.checkpoint, check->checkpoint)) {
        find(check,
             TEXT("the proof is of another entry or another checkpoint",
                  "der Beweis gehört zu einem anderen Eintrag oder Prüfpunkt"),
             index);
    } else if (proof_check(&proof, entry, &check->key, &checkpoint) != ERR_NONE) {
        find(check,
             TEXT("the entry is not in the log that the checkpoint signs",
                  "der Eintrag steht nicht im Logbuch, das der Prüfpunkt zeichnet"),
             index);
    }
}

static enum err check_payload(struct check *check, const struct json *one, struct slice entry,
                              uint64_t index, struct slice *ret_payload)
{
    cleanup_buf struct buf row = BUF_INIT(ROW_BYTES);
    struct slice payload = json_text(one, "payload", SLICE_NONE), opened;
    enum err err = base64_decode(&row, json_text(one, "salt", SLICE_NONE));
    bool whole = err == ERR_NONE && row.len == COMMITMENT_SALT_BYTES;
    err = whole ? buf_append(&row, payload) : err == ERR_MALFORMED ? ERR_NONE : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (!whole || evidence_open(entry, buf_slice(&row), &opened) != ERR_NONE) {
        find(check,
             TEXT("the payload is not what the entry commits to",
                  "der Inhalt ist nicht der, auf den der Eintrag festlegt"),
             index);
        payload = SLICE_NONE;
    }
    *ret_payload = payload;
    return ERR_NONE;
}

/* Facts are judged again, in an arena of their own because they may be large. */
static enum err judge_again(struct check *check, struct slice payload, uint64_t index)
{
    cleanup_arena struct arena *arena = arena_new(PAYLOAD_ARENA_BYTES);
    struct json *tree = NULL;
    struct complaint complaint;
    enum err err = arena == NULL ? ERR_MEMORY : json_read(arena, payload, &tree, &complaint);
    if (err != ERR_NONE || !slice_is(json_text(tree, "type", SLICE_NONE), "observation")) {
        return err == ERR_MEMORY || err == ERR_TOO_LARGE
                   ? err
                   : ERR_NONE; /* the fold says what is malformed */
    }
    check->report->observation_count++;
    switch (rejudge(arena, tree)) {
    case REJUDGED_AGREES:
        check->report->rejudged_count++;
        break;
    case REJUDGED_NO_JUDGE:
        check->report->without_facts_count++;
        break;
    case REJUDGED_DIFFERS:
    case REJUDGED_ERROR:
        find(check,
             TEXT("the facts, judged again, give another result",
                  "die Fakten ergeben, erneut beurteilt, etwas anderes"),
             index);
        break;
    }
    return ERR_NONE;
}

static enum err fold_entry(struct check *check, struct slice payload, uint64_t index)
{
    enum fold_result result = FOLD_DAMAGED;
    enum err err = fold_take(&check->fold, payload, index, &result, NULL);
    if (err == ERR_NONE && result != FOLD_TAKEN) {
        find(check,
             TEXT("this entry does not belong into a bundle or is malformed",
                  "dieser Eintrag gehört nicht in ein Bündel oder ist fehlerhaft"),
             index);
    }
    return err == ERR_NONE ? judge_again(check, payload, index) : err;
}

static enum err check_entry(struct check *check, const struct json *one)
{
    cleanup_buf struct buf bytes = BUF_INIT(ENTRY_BYTES);
    uint64_t index = UINT64_MAX;
    struct slice payload = SLICE_NONE;
    if (!has_only(one, entry_names, ENTRY_NAMES) || json_u64(one, "index", &index) != ERR_NONE ||
        index == UINT64_MAX || index < check->next_index ||
        base64_decode(&bytes, json_text(one, "entry", SLICE_NONE)) != ERR_NONE) {
        find(check,
             TEXT("an entry without index or bytes, with more than belongs there, or out of order",
                  "ein Eintrag ohne Nummer oder Inhalt, mit Überzähligem oder außer der Reihe"),
             index);
        return ERR_NONE;
    }
    check->next_index = index + 1;
    check->report->entry_count++;
    check_proof(check, one, buf_slice(&bytes), index);
    enum err err = check_payload(check, one, buf_slice(&bytes), index, &payload);
    return err == ERR_NONE && payload.len > 0 ? fold_entry(check, payload, index) : err;
}

/* ---- the whole ---- */

static void check_revision(struct check *check)
{
    const struct json *revision = json_member(check->fold.world.annex, "revision"),
                      *said = json_member(check->bundle, "revision");
    if (revision == NULL || said == NULL || revision->type != said->type ||
        !slice_equal(revision->text, said->text)) {
        find(check,
             TEXT("the revision is not the adopted one", "die Fassung ist nicht die übernommene"),
             UINT64_MAX);
    }
}

/* One verdict from these entries alone, at the time the bundle was made, byte for byte. */
static enum err check_record(struct check *check, const struct json *clause,
                             const struct json *said, int64_t made_ms)
{
    struct judgement whole;
    if (!slice_is(json_text(said, "catalogue", SLICE_NONE), catalogue_version)) {
        check->report->other_catalogue = true;
        return ERR_NONE;
    }
    cleanup_buf struct buf theirs = BUF_INIT(RECORD_BYTES), ours = BUF_INIT(RECORD_BYTES);
    struct json *record = verdict_record(&check->fold.world, clause, made_ms, &whole);
    enum err err = record == NULL ? ERR_MEMORY : json_write(&ours, record, 0);
    err = err == ERR_NONE ? json_write(&theirs, said, 0) : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (!slice_equal(buf_slice(&ours), buf_slice(&theirs))) {
        find(check,
             TEXT("the verdict does not follow from the entries",
                  "das Urteil folgt nicht aus den Einträgen"),
             UINT64_MAX);
    }
    struct bundle_report *report = check->report;
    if (report->clause_count == 0 ||
        verdict_is_worse(whole.verdict, verdict_of_name(report->verdict))) {
        report->verdict = slice_string(verdict_name(whole.verdict));
    }
    report->clause_count++;
    report->verdict_counts[whole.verdict]++;
    return ERR_NONE;
}

static enum err check_clause(struct check *check, int64_t made_ms)
{
    const struct json *said = json_member(check->bundle, "verdict");
    const struct json *clause =
        world_clause(&check->fold.world, json_text(check->bundle, "clause", SLICE_NONE));
    if (clause == NULL || said == NULL) {
        find(check,
             TEXT("the entries hold no such clause, or there is no verdict",
                  "die Einträge enthalten diesen Satz nicht, oder es fehlt ein Urteil"),
             UINT64_MAX);
        return ERR_NONE;
    }
    if (!slice_equal(json_text(clause, "text", SLICE_NONE),
                     json_text(check->bundle, "text", SLICE_NONE))) {
        find(check,
             TEXT("the clause's text is not the adopted one",
                  "der Text des Satzes ist nicht der übernommene"),
             UINT64_MAX);
    }
    check_revision(check);
    return check_record(check, clause, said, made_ms);
}

/* Every clause of the adopted annex, and no other, in its order: a sentence that is left out is not proved. */
static enum err check_annex(struct check *check, int64_t made_ms)
{
    const struct json *clauses = json_member(check->fold.world.annex, "clauses"),
                      *verdicts = json_member(check->bundle, "verdicts");
    if (clauses == NULL || verdicts == NULL || verdicts->type != JSON_ARRAY ||
        verdicts->count != clauses->count) {
        find(check,
             TEXT("there is not one verdict for each clause of the adopted annex",
                  "es gibt nicht zu jedem Satz der übernommenen Anlage ein Urteil"),
             UINT64_MAX);
        return ERR_NONE;
    }
    check_revision(check);
    enum err err = ERR_NONE;
    const struct json *said = verdicts->first;
    for (const struct json *clause = clauses->first; err == ERR_NONE && clause != NULL;
         clause = clause->next, said = said->next) {
        err = check_record(check, clause, said, made_ms);
    }
    return err;
}

static enum err malformed(struct complaint *complaint, struct text text)
{
    return complain(complaint, ERR_MALFORMED, text, 0, 0, NULL, 0);
}

static enum err check_frame(struct check *check, const struct note_key *expected,
                            struct complaint *complaint)
{
    const struct json *bundle = check->bundle;
    struct note note;
    struct checkpoint checkpoint;
    struct slice format = json_text(bundle, "format", SLICE_NONE);
    check->report->is_annex = slice_is(format, BUNDLE_ANNEX_FORMAT);
    bool known = check->report->is_annex ? has_only(bundle, annex_names, ANNEX_NAMES)
                                         : slice_is(format, BUNDLE_FORMAT) &&
                                               has_only(bundle, bundle_names, BUNDLE_NAMES);
    if (!known) {
        return malformed(complaint, TEXT("this is no evidence bundle of Vogt",
                                         "das ist kein Beweisbündel von Vogt"));
    }
    if (note_key_parse(json_text(bundle, "vkey", SLICE_NONE), &check->key) != ERR_NONE) {
        return malformed(complaint, TEXT("the bundle's verifier key is unreadable",
                                         "der Prüfschlüssel des Bündels ist unlesbar"));
    }
    if (expected != NULL) {
        bool same = slice_equal(expected->name, check->key.name) &&
                    expected->type == check->key.type &&
                    slice_equal(slice_of(expected->public_key, ED25519_PUBLIC_BYTES),
                                slice_of(check->key.public_key, ED25519_PUBLIC_BYTES));
        if (!same) {
            find(check,
                 TEXT("the bundle is of another log than the key given",
                      "das Bündel stammt aus einem anderen Logbuch als der gegebene Schlüssel"),
                 UINT64_MAX);
        }
        check->key = *expected;
    }
    check->report->origin = check->key.name;
    check->checkpoint = json_text(bundle, "checkpoint", SLICE_NONE);
    if (checkpoint_open(check->checkpoint, &check->key, &note, &checkpoint) != ERR_NONE) {
        find(check,
             TEXT("the checkpoint is not signed by this log",
                  "der Prüfpunkt ist nicht von diesem Logbuch gezeichnet"),
             UINT64_MAX);
    } else {
        check->report->log_size = checkpoint.size;
    }
    return ERR_NONE;
}

static enum err check_all(struct check *check, int64_t made_ms)
{
    const struct json *entries = json_member(check->bundle, "entries");
    enum err err = ERR_NONE;
    for (const struct json *one = entries->first; one != NULL && err == ERR_NONE; one = one->next) {
        err = check_entry(check, one);
    }
    if (err != ERR_NONE) {
        return err;
    }
    return check->report->is_annex ? check_annex(check, made_ms) : check_clause(check, made_ms);
}

enum err bundle_check(struct arena *arena, const struct json *bundle,
                      const struct note_key *expected, struct bundle_report *ret_report,
                      struct complaint *complaint)
{
    struct bundle_report report = {.entry_count = 0};
    struct check check = {.arena = arena, .bundle = bundle, .report = &report};
    const struct json *entries = json_member(bundle, "entries");
    int64_t made_ms = 0;
    enum err err = check_frame(&check, expected, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    if (entries == NULL || entries->type != JSON_ARRAY || entries->count > BUNDLE_ENTRIES_MAX ||
        rfc3339_parse(json_text(bundle, "made", SLICE_NONE), &made_ms) != ERR_NONE) {
        return malformed(complaint, TEXT("the bundle has no entries or no time",
                                         "das Bündel hat keine Einträge oder keine Zeit"));
    }
    err = fold_start(&check.fold);
    if (err == ERR_NONE) {
        err = check_all(&check, made_ms);
        fold_free(&check.fold);
    }
    if (err == ERR_NONE) {
        *ret_report = report;
    }
    return err;
}
