/* read, write, patch, list, delete, unwrap, path-help: any path of the API. */
#include "dropin/dropin.h"

#include <string.h>

static const char *doing(struct dropin *dropin, const char *words, const char *path)
{
    const char *text = arena_printf(dropin->run.arena, "%s %s", words, path);
    return text == NULL ? words : text;
}

/* The words from the second on as a query: "?a=b". */
static const char *with_query(struct dropin *dropin, const char *path)
{
    for (size_t i = 1; i < dropin->word_count && path != NULL; i++) {
        path = arena_printf(dropin->run.arena, "%s%c%s", path, i == 1 ? '?' : '&', dropin->words[i]);
    }
    return path;
}

int verb_read(struct dropin *dropin)
{
    const char *path = dropin->words[0];
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = with_query(dropin, path), .doing = doing(dropin, "Error reading", path), .missing_is_fine = true};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    if (answer.status == 404 || answer.tree == NULL) {
        fprintf(stderr, "No value found at %s\n", path);
        return DROPIN_REMOTE;
    }
    return dropin_show(dropin, answer.tree);
}

static bool is_forced(const struct dropin *dropin)
{
    return dropin_switch(dropin, "force") || dropin_switch(dropin, "f");
}

static int change(struct dropin *dropin, const char *method, const char *words, const char *content_type)
{
    const char *path = dropin->words[0];
    struct json *body = NULL;
    struct dropin_answer answer;
    int code = dropin_data(dropin, 1, &body);
    if (code != DROPIN_OK) {
        return code;
    }
    struct dropin_ask ask = {.method = method, .path = path, .body = body, .content_type = content_type, .doing = doing(dropin, words, path)};
    code = dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    if (answer.tree == NULL) {
        if (dropin_is_table(dropin)) {
            dropin_line(dropin, "Success! Data written to: %s", path);
        }
        return DROPIN_OK;
    }
    return dropin_show(dropin, answer.tree);
}

int verb_write(struct dropin *dropin)
{
    if (dropin->word_count < 2 && !is_forced(dropin)) {
        return dropin_say(dropin, TEXT("Must supply data or use -force", "Es fehlen Daten, oder -force"), NULL);
    }
    return change(dropin, "PUT", "Error writing data to", NULL);
}

int verb_patch(struct dropin *dropin)
{
    return change(dropin, "PATCH", "Error patching data at", "application/merge-patch+json");
}

int verb_list(struct dropin *dropin)
{
    const char *path = arena_printf(dropin->run.arena, "%s?list=true", dropin->words[0]);
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = path, .doing = doing(dropin, "Error listing", dropin->words[0]), .missing_is_fine = true};
    int code = path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    return code == DROPIN_OK ? dropin_show_listed(dropin, answer.tree, dropin->words[0]) : code;
}

int verb_delete(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "DELETE", .path = with_query(dropin, dropin->words[0]), .doing = doing(dropin, "Error deleting", dropin->words[0])};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    if (answer.tree == NULL || !dropin_is_table(dropin)) {
        if (dropin_is_table(dropin)) {
            dropin_line(dropin, "Success! Data deleted (if it existed) at: %s", dropin->words[0]);
        }
        return answer.tree == NULL ? DROPIN_OK : dropin_show(dropin, answer.tree);
    }
    return dropin_show(dropin, answer.tree);
}

/* The wrapped token is given, or the caller's own. */
int verb_unwrap(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    if (dropin->word_count == 1 && dropin_token(dropin).len > 0) {
        json_set_string(dropin->run.arena, body, "token", slice_string(dropin->words[0]));
    } else if (dropin->word_count == 1) {
        int code = dropin_use_token(dropin, slice_string(dropin->words[0]));
        if (code != DROPIN_OK) {
            return code;
        }
    }
    struct dropin_ask ask = {.method = "PUT", .path = "sys/wrapping/unwrap", .body = body, .doing = "Error unwrapping"};
    int code = dropin_ask(dropin, &ask, &answer);
    return code == DROPIN_OK ? dropin_show(dropin, answer.tree) : code;
}

int verb_path_help(struct dropin *dropin)
{
    const char *path = arena_printf(dropin->run.arena, "%s?help=1", dropin->words[0]);
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = path, .doing = doing(dropin, "Error retrieving help for", dropin->words[0])};
    int code = path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK || !dropin_is_table(dropin)) {
        return code == DROPIN_OK ? dropin_show_json(dropin, answer.tree) : code;
    }
    screen_put(&dropin->run.screen, COLOUR_NONE, json_text(answer.tree, "help", SLICE_NONE));
    dropin_line(dropin, "%s", "");
    return DROPIN_OK;
}
