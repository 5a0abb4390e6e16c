#include "command/keys.h"

#include "command/client.h"

#include <unistd.h>

#define KEYS_FILE "verifier.keys"

enum { KEYS_FILE_BYTES = 8192 };

uint8_t log_of_name(struct slice name)
{
    if (slice_ends(name, SLICE_LITERAL("/evidence"))) {
        return LOG_EVIDENCE;
    }
    return slice_ends(name, SLICE_LITERAL("/audit")) ? LOG_AUDIT : 0;
}

const char *log_name(uint8_t log)
{
    return log == LOG_EVIDENCE ? "evidence" : log == LOG_AUDIT ? "audit" : "";
}

static enum outcome add(struct run *run, struct log_keys *keys, struct slice vkey)
{
    struct note_key key;
    struct slice kept = arena_copy(run->arena, slice_trim(vkey));
    enum err err = note_key_parse(kept, &key);
    uint8_t log = err == ERR_NONE ? log_of_name(key.name) : 0;
    if (log == 0 || key.type != NOTE_TYPE_ED25519) {
        return run_fail(
            run, OUTCOME_INPUT,
            TEXT("this is no verifier key of a log of Vogt (NAME/evidence+…)",
                 "das ist kein Prüfschlüssel eines Logbuchs von Vogt (NAME/evidence+…)"),
            kept);
    }
    keys->list[log] = key;
    keys->have[log] = true;
    return OUTCOME_OK;
}

static enum outcome add_lines(struct run *run, struct log_keys *keys, struct slice lines)
{
    struct slice line;
    enum outcome outcome = OUTCOME_OK;
    while (outcome == OUTCOME_OK && slice_split(&lines, '\n', &line)) {
        outcome = slice_trim(line).len == 0 ? OUTCOME_OK : add(run, keys, line);
    }
    return outcome;
}

static enum outcome ask_daemon(struct run *run, struct log_keys *keys)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "ledger/status", &data);
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT && outcome == OUTCOME_OK; log++) {
        outcome = add(run, keys, json_text(json_member(data, log_name(log)), "vkey", SLICE_NONE));
    }
    return outcome;
}

enum outcome keys_find(struct run *run, const char *directory, struct log_keys *ret_keys)
{
    const struct option_values *given = &run->options[OPTION_VKEY];
    struct log_keys keys = {.source = TEXT("given by --vkey", "mit --vkey gegeben")};
    enum outcome outcome = OUTCOME_OK;
    const char *path =
        directory == NULL ? NULL : arena_printf(run->arena, "%s/" KEYS_FILE, directory);
    for (size_t i = 0; i < given->count && outcome == OUTCOME_OK; i++) {
        outcome = add(run, &keys, slice_string(given->list[i]));
    }
    if (given->count == 0 && path != NULL && access(path, R_OK) == 0) {
        cleanup_buf struct buf bytes = BUF_INIT(KEYS_FILE_BYTES + (1 << 17));
        keys.source = TEXT("from the directory itself (verifier.keys)",
                           "aus dem Verzeichnis selbst (verifier.keys)");
        outcome = run_read_file(run, path, KEYS_FILE_BYTES, &bytes);
        outcome = outcome == OUTCOME_OK ? add_lines(run, &keys, buf_slice(&bytes)) : outcome;
    } else if (given->count == 0) {
        keys.source = TEXT("as the daemon itself says", "nach Auskunft des Dienstes selbst");
        outcome = ask_daemon(run, &keys);
    }
    if (outcome == OUTCOME_OK) {
        *ret_keys = keys;
    }
    return outcome;
}

void keys_leave(struct run *run, const char *directory)
{
    const struct json *status = NULL;
    struct ask ask = {.method = "GET", .path = "ledger/status", .quiet = true};
    const char *path = arena_printf(run->arena, "%s/" KEYS_FILE, directory);
    if (client_data(run, &ask, &status) != OUTCOME_OK || path == NULL) {
        return;
    }
    struct slice evidence = json_text(json_member(status, "evidence"), "vkey", SLICE_NONE),
                 audit = json_text(json_member(status, "audit"), "vkey", SLICE_NONE);
    const char *keys =
        arena_printf(run->arena, "%.*s\n%.*s\n", (int)evidence.len, (const char *)evidence.data,
                     (int)audit.len, (const char *)audit.data);
    if (evidence.len > 0 && audit.len > 0 && keys != NULL) {
        (void)run_write_file(run, path, slice_string(keys));
    }
}
