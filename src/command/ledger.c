/* vogt ledger: what the daemon says of it, and proofs. The verification is in ledger_verify.c. */
#include "command/client.h"
#include "command/keys.h"
#include "command/show.h"

#include <string.h>
#include <unistd.h>

static uint64_t number_of(const struct json *object, const char *name)
{
    uint64_t number = 0;
    return json_u64(object, name, &number) == ERR_NONE ? number : 0;
}

/* "; failing since …: why", or nothing. */
static const char *trouble(struct run *run, const struct json *one)
{
    struct slice since = json_text(one, "failed_since", SLICE_NONE);
    const struct json *reason = json_member(one, "reason");
    struct slice why = json_text(
        reason, run->language == LANGUAGE_GERMAN ? "german" : "english", SLICE_NONE);
    const char *line = "";
    if (since.len > 0) {
        line = arena_printf(run->arena, "; %s %.*s", SAY(run, "failing since", "scheitert seit"),
                            (int)since.len, (const char *)since.data);
    }
    return why.len == 0 ? line
                        : arena_printf(run->arena, "%s%s %.*s", line, since.len > 0 ? ":" : ";",
                                       (int)why.len, (const char *)why.data);
}

/* "covers 120 entries since 2026-…, 3 behind" */
static const char *coverage(struct run *run, uint64_t size, struct slice at, uint64_t behind)
{
    const char *covered =
        arena_printf(run->arena, "%s %llu %s, %.*s", SAY(run, "covers", "deckt"),
                     (unsigned long long)size, SAY(run, "entries", "Einträge"), (int)at.len,
                     at.len > 0 ? (const char *)at.data : "");
    return behind == 0
               ? covered
               : arena_printf(run->arena, "%s; %llu %s", covered, (unsigned long long)behind,
                              SAY(run, "published entries behind", "veröffentlichte Einträge zurück"));
}

static void show_witnesses(struct run *run, const struct json *log)
{
    const struct json *witnesses = json_member(log, "witnesses");
    struct slice unwitnessed = json_text(log, "unwitnessed_since", SLICE_NONE);
    if (witnesses == NULL || witnesses->count == 0) {
        show_pair(run, SAY(run, "witnesses", "Zeugen"), slice_string(SAY(run, "none", "keine")));
    }
    for (const struct json *one = witnesses == NULL ? NULL : witnesses->first; one != NULL;
         one = one->next) {
        struct slice name = json_text(one, "name", SLICE_NONE);
        uint64_t size = number_of(one, "size");
        const char *state = size == 0 ? SAY(run, "has signed nothing yet", "hat noch nichts gezeichnet")
                                      : coverage(run, size, json_text(one, "at", SLICE_NONE),
                                                 number_of(one, "behind"));
        show_pair(run, SAY(run, "witness", "Zeuge"),
                  slice_string(arena_printf(run->arena, "%.*s: %s%s", (int)name.len,
                                            name.len > 0 ? (const char *)name.data : "", state,
                                            trouble(run, one))));
    }
    if (unwitnessed.len > 0) {
        show_pair(run, SAY(run, "unwitnessed since", "unbezeugt seit"), unwitnessed);
    }
}

static void show_stamp(struct run *run, const struct json *stamp, uint64_t published)
{
    uint64_t size = number_of(stamp, "size");
    const char *state = SAY(run, "none", "keiner"), *chained = "";
    if (size > 0) {
        state = coverage(run, size, json_text(stamp, "at", SLICE_NONE),
                         published > size ? published - size : 0);
        chained = json_bool(stamp, "chained", false)
                      ? ""
                      : SAY(run, "; signed by an authority that is not named in the configuration",
                            "; gezeichnet von einer Stelle, die nicht in der Konfiguration steht");
    } else if (stamp != NULL && stamp->type == JSON_OBJECT) {
        state = SAY(run, "none yet", "noch keiner");
    }
    show_pair(run, SAY(run, "time-stamp", "Zeitstempel"),
              slice_string(arena_printf(run->arena, "%s%s%s", state, chained, trouble(run, stamp))));
}

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
    show_witnesses(run, log);
    show_stamp(run, json_member(log, "timestamp"), published);
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
