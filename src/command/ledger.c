/* vogt ledger: what the daemon says of it, and proofs. The verification is in ledger_verify.c. */
#include "command/client.h"
#include "command/keys.h"
#include "command/show.h"

#include <string.h>
#include <unistd.h>

static void show_log(struct run *run, const char *name, const struct json *log)
{
    struct slice origin = json_text(log, "origin", SLICE_NONE),
                 vkey = json_text(log, "vkey", SLICE_NONE),
                 published_at = json_text(log, "published_at", SLICE_NONE);
    uint64_t size = 0, published = 0;
    if (json_u64(log, "size", &size) != ERR_NONE ||
        json_u64(log, "published_size", &published) != ERR_NONE) {
        return;
    }
    const struct json *witnesses = json_member(log, "witnesses");
    struct slice unwitnessed = json_text(log, "unwitnessed_since", SLICE_NONE);
    show_heading(run, name);
    show_pair(run, "origin", origin);
    show_pair(run, SAY(run, "entries", "Einträge"),
              slice_string(arena_printf(run->arena, "%llu", (unsigned long long)size)));
    show_pair(run, SAY(run, "root", "Wurzel"), json_text(log, "root", SLICE_NONE));
    const char *line = arena_printf(run->arena, "%llu %s, %.*s", (unsigned long long)published,
                                    SAY(run, "entries", "Einträge"), (int)published_at.len,
                                    published_at.len > 0 ? (const char *)published_at.data : "");
    show_pair(run, SAY(run, "published", "veröffentlicht"), slice_string(line));
    show_pair(run, SAY(run, "verifier key", "Prüfschlüssel"), vkey);
    if (witnesses == NULL || witnesses->count == 0) {
        const char *since = arena_printf(
            run->arena, "%s %.*s", SAY(run, "none; unwitnessed since", "keine; unbezeugt seit"),
            (int)unwitnessed.len, unwitnessed.len > 0 ? (const char *)unwitnessed.data : "");
        show_pair(run, SAY(run, "witnesses", "Zeugen"), slice_string(since));
        return;
    }
    for (const struct json *witness = witnesses->first; witness != NULL; witness = witness->next) {
        show_pair(run, SAY(run, "witness", "Zeuge"),
                  witness->type == JSON_STRING ? witness->text
                                               : json_text(witness, "name", SLICE_NONE));
    }
}

enum outcome command_ledger_status(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "ledger/status", &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    show_log(run, "evidence", json_member(data, "evidence"));
    show_log(run, "audit", json_member(data, "audit"));
    if (json_bool(data, "reopen_needed", false)) {
        screen_wrap(
            &run->screen, 0, 0, COLOUR_RED,
            slice_string(SAY(run,
                             "The store is older than its ledger (a restore?): nothing is recorded "
                             "until `vogt ledger reopen --reason TEXT`.",
                             "Der Bestand ist älter als sein Logbuch (eine Wiederherstellung?): "
                             "bis `vogt ledger reopen --reason TEXT` wird nichts aufgezeichnet.")));
    }
    return OUTCOME_OK;
}

static bool is_log(struct run *run, const char *log)
{
    if (strcmp(log, "evidence") == 0 || strcmp(log, "audit") == 0) {
        return true;
    }
    run_fail(
        run, OUTCOME_USAGE,
        TEXT("the logs are called evidence and audit", "die Logbücher heißen evidence und audit"),
        slice_string(log));
    return false;
}

enum outcome command_ledger_prove(struct run *run)
{
    const char *log = run->arguments[0], *output = run_option(run, OPTION_OUTPUT);
    uint64_t index = 0;
    const struct json *data = NULL;
    if (!is_log(run, log)) {
        return OUTCOME_USAGE;
    }
    if (slice_to_u64(slice_string(run->arguments[1]), &index) != ERR_NONE) {
        return run_fail(
            run, OUTCOME_USAGE,
            TEXT("an index is a whole number from 0", "eine Nummer ist eine ganze Zahl ab 0"),
            slice_string(run->arguments[1]));
    }
    enum outcome outcome = client_get(
        run, arena_printf(run->arena, "ledger/%s/prove/%llu", log, (unsigned long long)index),
        &data);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct slice proof = json_text(data, "proof", SLICE_NONE);
    if (output != NULL) {
        outcome = run_write_file(run, output, proof);
    }
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    return output == NULL ? run_write_file(run, "-", proof) : OUTCOME_OK;
}

enum outcome command_ledger_checkpoint(struct run *run)
{
    const char *log = run->arguments[0], *output = run_option(run, OPTION_OUTPUT);
    const struct json *data = NULL;
    if (!is_log(run, log)) {
        return OUTCOME_USAGE;
    }
    enum outcome outcome = client_post(run, arena_printf(run->arena, "ledger/%s/checkpoint", log),
                                       json_new(run->arena, JSON_OBJECT), &data);
    if (outcome != OUTCOME_OK || (run->json && output == NULL)) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    return run_write_file(run, output == NULL ? "-" : output,
                          json_text(data, "checkpoint", SLICE_NONE));
}

enum outcome command_ledger_reopen(struct run *run)
{
    const char *reason = run_option(run, OPTION_REASON);
    const struct json *data = NULL;
    if (reason == NULL) {
        return run_fail(run, OUTCOME_USAGE,
                        TEXT("say why the store was restored: --reason TEXT",
                             "sag, warum der Bestand wiederhergestellt wurde: --reason TEXT"),
                        SLICE_NONE);
    }
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "reason", slice_string(reason));
    enum outcome outcome = client_post(run, "ledger/reopen", body, &data);
    const char *keys = arena_printf(run->arena, "%s/verifier.keys", run_directory(run));
    if (outcome == OUTCOME_OK && keys != NULL && access(keys, W_OK) == 0) {
        keys_leave(run, run_directory(run)); /* the origins are part of the keys */
    }
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    screen_wrap(&run->screen, 0, 0, COLOUR_NONE,
                slice_string(SAY(run,
                                 "The ledger goes on under new origins; its first entry names the "
                                 "last known checkpoints.",
                                 "Das Logbuch geht unter neuen Namen weiter; sein erster Eintrag "
                                 "nennt die letzten bekannten Prüfpunkte.")));
    return OUTCOME_OK;
}
