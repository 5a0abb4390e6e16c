/*
 * vogt replay: the evidence log from its beginning. Every payload is checked against its entry, the
 * entries against the signed checkpoint, every recorded verdict is computed again and compared byte
 * for byte, every observation judged again from its facts.
 */
#include "command/client.h"
#include "command/entries.h"
#include "command/keys.h"
#include "command/rejudge.h"
#include "command/show.h"
#include "ledger/checkpoint.h"
#include "measure/fold.h"

#include <string.h>

enum { SHOWN_MAX = 20, CHECKPOINT_BYTES = NOTE_MAX_BYTES };

struct replay {
    struct fold fold;
    struct tree tree;
    uint64_t checkpoint_size;
    struct tree_hash checkpoint_root;
    bool root_met;
    uint64_t forged, rejudged, rejudged_otherwise, without_facts;
    uint64_t shown;
};

static void tell(struct run *run, struct replay *replay, struct text text, uint64_t index)
{
    if (!run->json && replay->shown++ < SHOWN_MAX) {
        progress_end();
        fprintf(run->screen.out, "  #%llu ", (unsigned long long)index);
        screen_wrap(&run->screen, 10, 10, COLOUR_RED, slice_string(run_text(run, text)));
    }
}

static void judge_again(struct run *run, struct replay *replay, const struct log_entry *entry)
{
    struct json *payload = NULL;
    struct complaint complaint;
    if (slice_find(slice_first(entry->payload, 64), SLICE_LITERAL("\"observation\"")) == SIZE_MAX ||
        json_read(run->arena, entry->payload, &payload, &complaint) != ERR_NONE ||
        !slice_is(json_text(payload, "type", SLICE_NONE), "observation")) {
        return;
    }
    switch (rejudge(run->arena, payload)) {
    case REJUDGED_AGREES:
        replay->rejudged++;
        break;
    case REJUDGED_NO_JUDGE:
        replay->without_facts++;
        break;
    case REJUDGED_DIFFERS:
    case REJUDGED_ERROR:
        replay->rejudged_otherwise++;
        tell(run, replay,
             TEXT("the facts, judged again, give another result",
                  "die Fakten ergeben, erneut beurteilt, etwas anderes"),
             entry->index);
        break;
    }
}

static enum outcome take(struct run *run, void *context, const struct log_entry *entry)
{
    struct replay *replay = context;
    enum fold_result result = FOLD_DAMAGED;
    enum err err = tree_append(&replay->tree, entry->entry);
    if (err == ERR_NONE && replay->tree.size == replay->checkpoint_size) {
        struct tree_hash root;
        tree_root(&replay->tree, &root);
        replay->root_met = tree_hash_equal(&root, &replay->checkpoint_root);
    }
    if (entry->is_forged) {
        replay->forged++;
        tell(run, replay,
             TEXT("the payload is not what the entry commits to",
                  "der Inhalt ist nicht der, auf den der Eintrag festlegt"),
             entry->index);
        return OUTCOME_OK;
    }
    err = err == ERR_NONE ? fold_take(&replay->fold, entry->payload, entry->index, &result, NULL)
                          : err;
    if (err != ERR_NONE) {
        return run_fail_err(run, err, "evidence");
    }
    if (result == FOLD_VERDICT_DIFFERS || result == FOLD_DAMAGED) {
        tell(run, replay,
             result == FOLD_DAMAGED ? TEXT("a malformed entry", "ein fehlerhafter Eintrag")
                                    : TEXT("the recorded verdict does not follow",
                                           "das aufgezeichnete Urteil folgt nicht"),
             entry->index);
    }
    judge_again(run, replay, entry);
    return OUTCOME_OK;
}

static enum outcome read_checkpoint(struct run *run, struct replay *replay)
{
    struct log_keys keys;
    struct note note;
    struct checkpoint checkpoint;
    cleanup_buf struct buf bytes = BUF_INIT(CHECKPOINT_BYTES);
    enum outcome outcome = keys_find(run, NULL, &keys);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    enum err err = client_fetch(run, "/ledger/evidence/checkpoint", CHECKPOINT_BYTES, &bytes);
    if (err != ERR_NONE) {
        return run_fail_err(run, err, "/ledger/evidence/checkpoint");
    }
    if (!keys.have[LOG_EVIDENCE] || checkpoint_open(buf_slice(&bytes), &keys.list[LOG_EVIDENCE],
                                                    &note, &checkpoint) != ERR_NONE) {
        return run_fail(run, OUTCOME_INTEGRITY,
                        TEXT("the checkpoint is not signed by this log",
                             "der Prüfpunkt ist nicht von diesem Logbuch gezeichnet"),
                        SLICE_NONE);
    }
    replay->checkpoint_size = checkpoint.size;
    replay->checkpoint_root = checkpoint.root;
    return OUTCOME_OK;
}

static bool is_good(const struct replay *replay)
{
    const struct fold_counts *counts = &replay->fold.counts;
    return replay->root_met && replay->forged == 0 && replay->rejudged_otherwise == 0 &&
           counts->differing == 0 && counts->damaged == 0;
}

static enum outcome report(struct run *run, const struct replay *replay)
{
    const struct fold_counts *counts = &replay->fold.counts;
    const struct row {
        const char *name;
        struct text text;
        uint64_t value;
    } rows[] = {
        {"entries", {"entries", "Einträge"}, counts->entries + replay->forged},
        {"erased", {"erased", "gelöscht"}, counts->erased},
        {"verdicts", {"verdicts", "Urteile"}, counts->verdicts},
        {"agreed", {"agree byte for byte", "stimmen Byte für Byte"}, counts->agreed},
        {"differing", {"differ", "weichen ab"}, counts->differing},
        {"other_catalogue",
         {"of another catalogue", "aus anderem Katalog"},
         counts->other_catalogue},
        {"observations", {"observations", "Beobachtungen"}, counts->observations},
        {"rejudged", {"judged again alike", "erneut gleich beurteilt"}, replay->rejudged},
        {"rejudged_otherwise",
         {"judged otherwise", "anders beurteilt"},
         replay->rejudged_otherwise},
        {"without_facts",
         {"without facts or judge", "ohne Fakten o. Richter"},
         replay->without_facts},
        {"forged", {"forged payloads", "gefälschte Inhalte"}, replay->forged},
        {"damaged", {"malformed", "fehlerhaft"}, counts->damaged},
    };
    struct json *top = json_new(run->arena, JSON_OBJECT);
    json_set_bool(run->arena, top, "good", is_good(replay));
    json_set_bool(run->arena, top, "root_agrees", replay->root_met);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_set_u64(run->arena, top, rows[i].name, rows[i].value);
        if (!run->json) {
            show_pair(
                run, run_text(run, rows[i].text),
                slice_string(arena_printf(run->arena, " %llu", (unsigned long long)rows[i].value)));
        }
    }
    if (run->json) {
        enum outcome outcome = run_print_json(top);
        return outcome == OUTCOME_OK && !is_good(replay) ? OUTCOME_INTEGRITY : outcome;
    }
    if (!replay->root_met) {
        screen_wrap(&run->screen, 0, 0, COLOUR_RED,
                    slice_string(SAY(run, "The entries do not lead to the signed root.",
                                     "Die Einträge führen nicht zur gezeichneten Wurzel.")));
    }
    screen_wrap(&run->screen, 0, 0, is_good(replay) ? COLOUR_GREEN : COLOUR_RED,
                slice_string(is_good(replay) ? SAY(run, "Every verdict follows from the evidence.",
                                                   "Jedes Urteil folgt aus den Beweisen.")
                                             : SAY(run, "The replay does NOT agree.",
                                                   "Die Wiederholung stimmt NICHT.")));
    return is_good(replay) ? OUTCOME_OK : OUTCOME_INTEGRITY;
}

/* The daemon of a data directory, or at an address. */
static void take_place(struct run *run)
{
    const char *place = run->arguments[0];
    bool is_address = strncmp(place, "https://", 8) == 0;
    run->options[is_address ? OPTION_ADDRESS : OPTION_DIR] =
        (struct option_values){.list = {place}, .count = 1};
}

enum outcome command_replay(struct run *run)
{
    if (run->argument_count == 1) {
        take_place(run);
    }
    struct replay *replay = arena_alloc(run->arena, sizeof(*replay));
    enum err err = replay == NULL ? ERR_MEMORY : fold_start(&replay->fold);
    if (err != ERR_NONE) {
        return run_fail_err(run, err, "");
    }
    tree_clear(&replay->tree);
    enum outcome outcome = read_checkpoint(run, replay);
    progress_begin(SAY(run, "Replaying", "Wiederhole"));
    outcome = outcome == OUTCOME_OK ? entries_each(run, take, replay) : outcome;
    progress_end();
    outcome = outcome == OUTCOME_OK ? report(run, replay) : outcome;
    fold_free(&replay->fold);
    return outcome;
}
