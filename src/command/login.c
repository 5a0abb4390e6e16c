/* vogt login, vogt token. Passphrases and unseal keys are read without echo and wiped. */
#include "command/client.h"
#include "command/secret_prompt.h"
#include "command/show.h"

#include <string.h>

static enum outcome keep(struct run *run, const struct json *reply)
{
    const struct json *auth = json_member(reply, "auth");
    struct slice token = json_text(auth, "client_token", SLICE_NONE),
                 name = json_text(json_member(auth, "metadata"), "name", SLICE_NONE);
    if (token.len == 0) {
        return run_fail(run, OUTCOME_FAILED,
                        TEXT("the answer holds no token", "die Antwort enthält kein Token"),
                        SLICE_NONE);
    }
    enum outcome outcome = client_keep_token(run, token);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(auth) : outcome;
    }
    fprintf(run->screen.out, "%s %.*s; ~/.vogt/token\n", SAY(run, "Logged in as", "Angemeldet als"),
            (int)name.len, name.len > 0 ? (const char *)name.data : "");
    return OUTCOME_OK;
}

static enum outcome by_link(struct run *run, const char *link)
{
    const char *mark = strstr(link, "#login=");
    struct json *body = json_new(run->arena, JSON_OBJECT);
    const struct json *reply = NULL;
    if (mark != NULL && !run_has(run, OPTION_ADDRESS)) {
        const char *slash = strstr(link, "/ui/");
        const char *address =
            slash == NULL || strncmp(link, "https://", 8) != 0
                ? NULL
                : arena_string(run->arena, slice_of(link, (size_t)(slash - link)));
        if (address != NULL) {
            run->options[OPTION_ADDRESS] = (struct option_values){.list = {address}, .count = 1};
        }
    }
    json_set_string(run->arena, body, "code",
                    slice_string(mark == NULL ? link : mark + strlen("#login=")));
    struct ask ask = {.method = "POST", .path = "auth/link/login", .body = body};
    enum outcome outcome = client_ask(run, &ask, &reply);
    return outcome == OUTCOME_OK ? keep(run, reply) : outcome;
}

/* A link read from standard input stands in no list of processes. */
static enum outcome by_read_link(struct run *run)
{
    char link[1024];
    enum outcome outcome = prompt_line(run, SAY(run, "Link: ", "Link: "), link, sizeof(link));
    const char *kept = arena_string(run->arena, slice_trim(slice_string(link)));
    return outcome == OUTCOME_OK ? by_link(run, kept == NULL ? "" : kept) : outcome;
}

enum outcome command_login(struct run *run)
{
    if (run->argument_count == 1 && strcmp(run->arguments[0], "-") == 0) {
        return by_read_link(run);
    }
    if (run->argument_count == 1) {
        return by_link(run, run->arguments[0]);
    }
    char name[128];
    struct secret passphrase cleanup_secret = SECRET_NONE;
    const struct json *reply = NULL;
    enum outcome outcome = prompt_line(run, SAY(run, "Name: ", "Name: "), name, sizeof(name));
    outcome = outcome == OUTCOME_OK
                  ? prompt_secret(run, SAY(run, "Passphrase: ", "Passphrase: "), &passphrase)
                  : outcome;
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "name", slice_string(name));
    json_set_string(run->arena, body, "passphrase", secret_slice(&passphrase));
    struct ask ask = {.method = "POST", .path = "auth/passphrase/login", .body = body};
    outcome = client_ask(run, &ask, &reply);
    return outcome == OUTCOME_OK ? keep(run, reply) : outcome;
}

enum outcome command_token_create(struct run *run)
{
    const struct option_values *policies = &run->options[OPTION_POLICY];
    const char *ttl = run_option(run, OPTION_TTL);
    struct json *body = json_new(run->arena, JSON_OBJECT);
    if (policies->count > 0) {
        struct json *list = json_set_array(run->arena, body, "policies");
        for (size_t i = 0; i < policies->count; i++) {
            json_append(list, json_string(run->arena, slice_string(policies->list[i])));
        }
    }
    if (ttl != NULL) {
        json_set_string(run->arena, body, "ttl", slice_string(ttl));
    }
    if (run->argument_count == 1) {
        json_set_string(run->arena, body, "display_name", slice_string(run->arguments[0]));
    }
    const struct json *reply = NULL;
    struct ask ask = {.method = "POST", .path = "auth/token/create", .body = body};
    enum outcome outcome = client_ask(run, &ask, &reply);
    const struct json *auth = json_member(reply, "auth");
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(auth) : outcome;
    }
    screen_put(&run->screen, COLOUR_NONE, json_text(auth, "client_token", SLICE_NONE));
    fputc('\n', run->screen.out);
    return OUTCOME_OK;
}

enum outcome command_token_lookup(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "auth/token/lookup-self", &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    for (const struct json *member = data == NULL ? NULL : data->first; member != NULL;
         member = member->next) {
        bool is_token =
            slice_is(member->name, "id"); /* it need not stand in the terminal's memory */
        cleanup_buf struct buf text = BUF_INIT(1 << 16);
        if (!is_token && member->type != JSON_NULL &&
            (member->type == JSON_STRING ? buf_append(&text, member->text)
                                         : json_write(&text, member, 0)) == ERR_NONE) {
            show_pair(run, arena_string(run->arena, member->name), buf_slice(&text));
        }
    }
    return OUTCOME_OK;
}

enum outcome command_token_renew(struct run *run)
{
    const struct json *reply = NULL;
    struct ask ask = {.method = "POST",
                      .path = "auth/token/renew-self",
                      .body = json_new(run->arena, JSON_OBJECT)};
    enum outcome outcome = client_ask(run, &ask, &reply);
    return outcome == OUTCOME_OK && run->json ? run_print_json(json_member(reply, "auth"))
                                              : outcome;
}

enum outcome command_token_revoke(struct run *run)
{
    const struct json *data = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    if (run->argument_count == 0) {
        return client_post(run, "auth/token/revoke-self", body, &data);
    }
    json_set_string(run->arena, body, "accessor", slice_string(run->arguments[0]));
    return client_post(run, "auth/token/revoke-accessor", body, &data);
}
