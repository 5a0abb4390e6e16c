/* vogt status, vogt version. */
#include "command/client.h"
#include "command/show.h"
#include "process/sandbox.h"

static void show_roles(struct run *run, const struct json *roles)
{
    show_heading(run, SAY(run, "Roles", "Rollen"));
    for (const struct json *role = roles == NULL ? NULL : roles->first; role != NULL;
         role = role->next) {
        struct slice name = json_text(role, "role", SLICE_NONE),
                     level = json_text(role, "confinement", SLICE_NONE);
        const struct json *features = json_member(role, "features");
        cleanup_buf struct buf words = BUF_INIT(4096);
        bool good = features == NULL || features->type == JSON_ARRAY ||
                    buf_append(&words, features->text) == ERR_NONE;
        for (const struct json *word =
                 features == NULL || features->type != JSON_ARRAY ? NULL : features->first;
             word != NULL && good; word = word->next) {
            good = (words.len == 0 || buf_append_string(&words, ", ") == ERR_NONE) &&
                   buf_append(&words, word->text) == ERR_NONE;
        }
        uint64_t restarts = 0, index = 0;
        bool has_restarts = json_u64(role, "restarts", &restarts) == ERR_NONE && restarts > 0;
        bool has_index = json_u64(role, "index", &index) == ERR_NONE && index > 0;
        const char *title = has_index
                                ? arena_printf(run->arena, "%.*s %llu", (int)name.len,
                                               (const char *)name.data, (unsigned long long)index)
                                : arena_string(run->arena, name);
        const char *more = has_restarts
                               ? arena_printf(run->arena, "; %llu %s", (unsigned long long)restarts,
                                              SAY(run, "restarts", "Neustarts"))
                               : "";
        const char *line = arena_printf(
            run->arena, "%.*s%s%.*s%s%s", (int)level.len, (const char *)level.data,
            words.len > 0 ? " (" : "", (int)words.len,
            words.len > 0 ? (const char *)words.data : "", words.len > 0 ? ")" : "", more);
        show_pair(run, title == NULL ? "" : title, slice_string(line));
    }
}

/* The one gap that costs the seal its sense has a line of its own. */
static void warn_of_key(struct run *run, const struct json *roles)
{
    for (const struct json *role = roles == NULL ? NULL : roles->first; role != NULL; role = role->next) {
        const struct json *features = json_member(role, "features");
        for (const struct json *word = features == NULL || features->type != JSON_ARRAY ? NULL : features->first; word != NULL; word = word->next) {
            if (slice_is(word->text, SANDBOX_KEY_IN_REACH)) {
                screen_wrap(&run->screen, 0, 0, COLOUR_YELLOW,
                            slice_string(SAY(run,
                                             "A captured store could read seal.key and with it every row: this host gave it neither an own user nor an own root. "
                                             "Allow user namespaces, start Vogt as root, or keep the key elsewhere: seal \"key-file\" { path = … }.",
                                             "Ein übernommener store könnte seal.key lesen und damit jede Zeile: Dieser Host gab ihm weder eigenen Benutzer noch "
                                             "eigene Wurzel. Erlaube User-Namespaces, starte Vogt als root oder lege den Schlüssel anderswohin: "
                                             "seal \"key-file\" { path = … }.")));
            }
        }
    }
}

/* Policies that somebody wrote stay as they are when the program knows more: whoever logs in by them misses it. */
static void warn_of_policies(struct run *run, const struct json *behind)
{
    for (const struct json *one = behind == NULL ? NULL : behind->first; one != NULL; one = one->next) {
        const struct json *missing = json_member(one, "missing");
        struct slice name = json_text(one, "name", SLICE_NONE), first = missing == NULL || missing->first == NULL ? SLICE_NONE : missing->first->text;
        const char *line = arena_printf(run->arena, "%s %.*s: %s (%llu; %.*s…)", SAY(run, "Policy", "Richtlinie"), (int)name.len, (const char *)name.data,
                                        SAY(run, "it lacks rules that this Vogt starts with; `vogt policy read` shows it, `vogt policy write` adds them",
                                            "ihr fehlen Regeln, mit denen dieses Vogt beginnt; `vogt policy read` zeigt sie, `vogt policy write` ergänzt sie"),
                                        (unsigned long long)(missing == NULL ? 0 : missing->count), (int)first.len, (const char *)first.data);
        screen_wrap(&run->screen, 0, 0, COLOUR_YELLOW, slice_string(line == NULL ? "" : line));
    }
}

static enum outcome show_sealed(struct run *run)
{
    const struct json *reply = NULL;
    struct ask ask = {.method = "GET", .path = "sys/seal-status"};
    enum outcome outcome = client_ask(run, &ask, &reply);
    if (outcome != OUTCOME_OK || !json_bool(reply, "sealed", false)) {
        return outcome;
    }
    if (run->json) {
        (void)run_print_json(reply);
        return OUTCOME_UNREACHABLE;
    }
    uint64_t progress = 0, threshold = 0;
    bool known = json_u64(reply, "progress", &progress) == ERR_NONE &&
                 json_u64(reply, "t", &threshold) == ERR_NONE;
    bool ready = json_bool(reply, "initialized", false);
    show_pair(run, SAY(run, "address", "Adresse"), slice_string(client_address(run)));
    show_pair(run, SAY(run, "seal", "Siegel"),
              slice_string(
                  !ready
                      ? SAY(run, "not initialised: `vogt init`", "nicht eingerichtet: `vogt init`")
                      : SAY(run, "sealed: `vogt unseal`", "versiegelt: `vogt unseal`")));
    if (known && ready) {
        fprintf(run->screen.out, "  %llu / %llu\n", (unsigned long long)progress,
                (unsigned long long)threshold);
    }
    return OUTCOME_UNREACHABLE;
}

enum outcome command_status(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = show_sealed(run);
    outcome = outcome == OUTCOME_OK ? client_get(run, "sys/status", &data) : outcome;
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    const struct json *seal = json_member(data, "seal"), *counters = json_member(data, "counters");
    screen_string(&run->screen, COLOUR_BOLD, "Vogt ");
    screen_put(&run->screen, COLOUR_BOLD, json_text(data, "version", SLICE_NONE));
    fputc('\n', run->screen.out);
    show_pair(run, SAY(run, "address", "Adresse"), slice_string(client_address(run)));
    show_pair(run, SAY(run, "started", "gestartet"), json_text(data, "started", SLICE_NONE));
    show_pair(run, SAY(run, "seal", "Siegel"), json_text(seal, "type", SLICE_NONE));
    if (json_member(data, "minimum") != NULL) {
        show_pair(run, SAY(run, "least confinement", "Mindesteinsperrung"),
                  json_text(data, "minimum", SLICE_NONE));
    }
    show_roles(run, json_member(data, "roles"));
    warn_of_key(run, json_member(data, "roles"));
    warn_of_policies(run, json_member(data, "policies_behind"));
    if (counters != NULL && counters->count > 0) {
        show_heading(run, SAY(run, "Counters", "Zähler"));
        for (const struct json *counter = counters->first; counter != NULL;
             counter = counter->next) {
            show_pair(run, arena_string(run->arena, counter->name), counter->text);
        }
    }
    const struct json *ledger = NULL;
    struct ask ask = {.method = "GET", .path = "ledger/status", .quiet = true};
    if (client_data(run, &ask, &ledger) == OUTCOME_OK) {
        show_heading(run, SAY(run, "Ledger", "Logbuch"));
        show_pair(run, "evidence",
                  json_text(json_member(ledger, "evidence"), "origin", SLICE_NONE));
        const struct json *size = json_member(json_member(ledger, "evidence"), "size");
        show_pair(run, SAY(run, "entries", "Einträge"), size == NULL ? SLICE_NONE : size->text);
        show_pair(run, SAY(run, "unwitnessed since", "unbezeugt seit"),
                  json_text(json_member(ledger, "evidence"), "unwitnessed_since", SLICE_NONE));
    }
    return OUTCOME_OK;
}

enum outcome command_version(struct run *run)
{
    if (run->json) {
        struct json *top = json_new(run->arena, JSON_OBJECT);
        json_set_string(run->arena, top, "version", SLICE_LITERAL(VOGT_VERSION));
        return run_print_json(top);
    }
    puts("vogt " VOGT_VERSION);
    return OUTCOME_OK;
}
