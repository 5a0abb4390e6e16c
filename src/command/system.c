/* vogt init, seal, unseal, rotate, policy. */
#include "command/client.h"
#include "command/secret_prompt.h"
#include "command/show.h"

#include <string.h>

enum { SHARES_DEFAULT = 5, THRESHOLD_DEFAULT = 3, POLICY_BYTES = 256 << 10 };

static bool number_option(struct run *run, enum option option, uint64_t usual, uint64_t *ret_value)
{
    const char *text = run_option(run, option);
    *ret_value = usual;
    if (text == NULL || slice_to_u64(slice_string(text), ret_value) == ERR_NONE) {
        return true;
    }
    run_fail(run, OUTCOME_USAGE, TEXT("this is no whole number", "das ist keine ganze Zahl"),
             slice_string(text));
    return false;
}

enum outcome command_init(struct run *run)
{
    uint64_t shares = 0, threshold = 0;
    if (!number_option(run, OPTION_SHARES, SHARES_DEFAULT, &shares) ||
        !number_option(run, OPTION_THRESHOLD,
                       shares < THRESHOLD_DEFAULT ? shares : THRESHOLD_DEFAULT, &threshold)) {
        return OUTCOME_USAGE;
    }
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_u64(run->arena, body, "secret_shares", shares);
    json_set_u64(run->arena, body, "secret_threshold", threshold);
    const struct json *reply = NULL;
    struct ask ask = {.method = "PUT", .path = "sys/init", .body = body};
    enum outcome outcome = client_ask(run, &ask, &reply);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(reply) : outcome;
    }
    const struct json *keys = json_member(reply, "keys_base64");
    uint64_t number = 0;
    for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
        fprintf(run->screen.out, "%s %llu: %.*s\n",
                SAY(run, "Unseal key", "Entsiegelungsschlüssel"), (unsigned long long)++number,
                (int)key->text.len, (const char *)key->text.data);
    }
    struct slice token = json_text(reply, "root_token", SLICE_NONE);
    fprintf(run->screen.out, "%s: %.*s\n", SAY(run, "Root token", "Root-Token"), (int)token.len,
            token.len > 0 ? (const char *)token.data : "");
    screen_wrap(
        &run->screen, 0, 0, COLOUR_YELLOW,
        slice_string(SAY(run,
                         "These are shown once. Give each key to another person; without enough of "
                         "them the data stay sealed for ever. Vogt is sealed now: vogt unseal.",
                         "Dies wird genau einmal gezeigt. Gib jeden Schlüssel einer anderen "
                         "Person; ohne genug von ihnen bleiben die Daten für immer versiegelt. "
                         "Vogt ist jetzt versiegelt: vogt unseal.")));
    return OUTCOME_OK;
}

static enum outcome show_progress(struct run *run, const struct json *reply)
{
    uint64_t progress = 0, threshold = 0;
    if (run->json) {
        return run_print_json(reply);
    }
    if (!json_bool(reply, "sealed", true)) {
        fprintf(run->screen.out, "%s\n", SAY(run, "Unsealed.", "Entsiegelt."));
    } else if (json_u64(reply, "progress", &progress) == ERR_NONE &&
               json_u64(reply, "t", &threshold) == ERR_NONE) {
        fprintf(run->screen.out, "%s %llu / %llu\n",
                SAY(run, "Sealed; keys so far:", "Versiegelt; Schlüssel bisher:"),
                (unsigned long long)progress, (unsigned long long)threshold);
    }
    return OUTCOME_OK;
}

enum outcome command_unseal(struct run *run)
{
    struct secret key cleanup_secret = SECRET_NONE;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    const struct json *reply = NULL;
    if (run_has(run, OPTION_RESET)) {
        json_set_bool(run->arena, body, "reset", true);
    } else {
        enum outcome outcome =
            prompt_secret(run, SAY(run, "Unseal key: ", "Entsiegelungsschlüssel: "), &key);
        if (outcome != OUTCOME_OK) {
            return outcome;
        }
        json_set_string(run->arena, body, "key", slice_trim(secret_slice(&key)));
    }
    struct ask ask = {.method = "PUT", .path = "sys/unseal", .body = body};
    enum outcome outcome = client_ask(run, &ask, &reply);
    return outcome == OUTCOME_OK ? show_progress(run, reply) : outcome;
}

static enum outcome put(struct run *run, const char *path, struct text done)
{
    const struct json *reply = NULL;
    struct ask ask = {.method = "PUT", .path = path, .body = json_new(run->arena, JSON_OBJECT)};
    enum outcome outcome = client_ask(run, &ask, &reply);
    if (outcome == OUTCOME_OK && !run->json) {
        fprintf(run->screen.out, "%s\n", run_text(run, done));
    }
    return outcome == OUTCOME_OK && run->json ? run_print_json(reply) : outcome;
}

enum outcome command_seal(struct run *run)
{
    return put(run, "sys/seal", TEXT("Sealed.", "Versiegelt."));
}

enum outcome command_rotate(struct run *run)
{
    return put(run, "sys/rotate",
               TEXT("A new key is in use.", "Ein neuer Schlüssel ist in Gebrauch."));
}

/* ---- policies ---- */

enum outcome command_policy_list(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "sys/policies/acl?list=true", &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    const struct json *keys = json_member(data, "keys");
    for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
        screen_put(&run->screen, COLOUR_NONE, key->text);
        fputc('\n', run->screen.out);
    }
    return OUTCOME_OK;
}

static const char *policy_path(struct run *run)
{
    const char *name = path_segment(run, run->arguments[0]);
    return name == NULL ? NULL : arena_printf(run->arena, "sys/policies/acl/%s", name);
}

enum outcome command_policy_read(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, policy_path(run), &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    struct slice text = json_text(data, "policy", SLICE_NONE), line;
    while (slice_split(&text, '\n', &line)) {
        screen_put(&run->screen, COLOUR_NONE, line);
        fputc('\n', run->screen.out);
    }
    return OUTCOME_OK;
}

enum outcome command_policy_write(struct run *run)
{
    cleanup_buf struct buf bytes = BUF_INIT(POLICY_BYTES + (1 << 17));
    const struct json *data = NULL;
    enum outcome outcome = run_read_file(run, run->arguments[1], POLICY_BYTES, &bytes);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "policy", buf_slice(&bytes));
    return client_post(run, policy_path(run), body, &data);
}

enum outcome command_policy_delete(struct run *run)
{
    const struct json *data = NULL;
    const char *path = policy_path(run);
    struct ask ask = {.method = "DELETE", .path = path};
    return path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
}
