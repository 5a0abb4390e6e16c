/*
 * vogt secret: reading and writing secrets of kv mounts. A value comes by standard input, a file or the terminal, never by argument: the list of processes and the
 * shell's history would have it.
 */
#include "command/client.h"
#include "command/kv.h"
#include "command/secret_prompt.h"
#include "command/show.h"

#include "base/utf8.h"

#include <string.h>
#include <unistd.h>

enum { VALUE_BYTES = 1 << 20, QUESTION_BYTES = 512 };

/* ---- reading ---- */

static enum outcome nothing_there(struct run *run, const char *path)
{
    return run_fail(run, OUTCOME_INPUT,
                    TEXT("nothing is there, or this version was deleted; `vogt secret versions` shows what there was", "dort ist nichts, oder diese Version ist gelöscht; `vogt secret versions` zeigt, was es gab"),
                    slice_string(path));
}

/* Lines of a value stay lines, as they came; each is sanitised. */
static void show_value(struct run *run, const struct json *value)
{
    cleanup_buf struct buf text = BUF_INIT(VALUE_BYTES * 4);
    char *name = arena_string(run->arena, value->name);
    bool is_read = (value->type == JSON_STRING ? buf_append(&text, value->text) : json_write(&text, value, 0)) == ERR_NONE;
    struct slice rest = buf_slice(&text), line;
    if (!is_read || slice_find_byte(rest, '\n') == SIZE_MAX) {
        screen_spaces(&run->screen, 2);
        screen_string(&run->screen, COLOUR_NONE, name == NULL ? "" : name);
        size_t width = text_width(value->name);
        screen_spaces(&run->screen, width + 2 < PAIR_COLUMNS ? PAIR_COLUMNS - 2 - width : 1);
        screen_put(&run->screen, COLOUR_NONE, rest);
        fputc('\n', run->screen.out);
        return;
    }
    screen_spaces(&run->screen, 2);
    screen_string(&run->screen, COLOUR_NONE, name == NULL ? "" : name);
    fputc('\n', run->screen.out);
    while (slice_split(&rest, '\n', &line)) {
        screen_spaces(&run->screen, 4);
        screen_put(&run->screen, COLOUR_NONE, line);
        fputc('\n', run->screen.out);
    }
}

static enum outcome print_field(struct run *run, const struct json *data, const char *name)
{
    const struct json *value = json_member(data, name);
    if (value == NULL) {
        return run_fail(run, OUTCOME_INPUT, TEXT("the secret has no such field", "das Secret hat kein solches Feld"), slice_string(name));
    }
    if (run->json) {
        return run_print_json(value);
    }
    cleanup_buf struct buf text = BUF_INIT(64 << 20);
    enum err err = value->type == JSON_STRING ? buf_append(&text, value->text) : json_write(&text, value, 0);
    if (err == ERR_NONE && isatty(STDOUT_FILENO) == 1) {
        err = buf_append_byte(&text, '\n');
    }
    return err == ERR_NONE ? run_write_file(run, "-", buf_slice(&text)) : run_fail_err(run, err, name);
}

enum outcome command_secret_get(struct run *run)
{
    struct kv_place place;
    const struct json *data = NULL, *metadata = NULL;
    enum outcome outcome = kv_find_secret(run, run->arguments[0], &place);
    outcome = outcome == OUTCOME_OK ? kv_read(run, &place, run_option(run, OPTION_VERSION), &data, &metadata) : outcome;
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    if (data == NULL || data->type == JSON_NULL) {
        return nothing_there(run, run->arguments[0]);
    }
    if (run_has(run, OPTION_FIELD)) {
        return print_field(run, data, run_option(run, OPTION_FIELD));
    }
    if (run->json) {
        struct json *all = json_new(run->arena, JSON_OBJECT);
        json_set(run->arena, all, "data", json_copy(run->arena, data));
        if (metadata != NULL) {
            json_set(run->arena, all, "metadata", json_copy(run->arena, metadata));
        }
        return run_print_json(all);
    }
    for (const struct json *value = data->first; value != NULL; value = value->next) {
        show_value(run, value);
    }
    return OUTCOME_OK;
}

static enum outcome list_mounts(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "sys/internal/ui/mounts", &data);
    const struct json *mounts = json_member(data, "secret");
    struct json *names = json_new(run->arena, JSON_ARRAY);
    for (const struct json *mount = outcome == OUTCOME_OK && mounts != NULL ? mounts->first : NULL; mount != NULL; mount = mount->next) {
        if (slice_is(json_text(mount, "type", SLICE_NONE), "kv")) {
            json_append(names, json_string(run->arena, mount->name));
            if (!run->json) {
                screen_put(&run->screen, COLOUR_NONE, mount->name);
                fputc('\n', run->screen.out);
            }
        }
    }
    return outcome == OUTCOME_OK && run->json ? run_print_json(names) : outcome;
}

static void print_keys(struct run *run, const struct json *keys)
{
    for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
        screen_put(&run->screen, COLOUR_NONE, key->text);
        fputc('\n', run->screen.out);
    }
}

enum outcome command_secret_list(struct run *run)
{
    struct kv_place place;
    const struct json *data = NULL;
    if (run->argument_count == 0) {
        return list_mounts(run);
    }
    enum outcome outcome = kv_find(run, run->arguments[0], &place);
    struct ask ask = {.method = "LIST", .missing_is_fine = true};
    if (outcome == OUTCOME_OK) {
        ask.path = kv_request_path(run, &place, "metadata");
        outcome = ask.path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
    }
    const struct json *keys = json_member(data, "keys");
    if (outcome == OUTCOME_OK && run->json) {
        return run_print_json(keys == NULL ? json_new(run->arena, JSON_ARRAY) : keys);
    }
    if (outcome == OUTCOME_OK && keys == NULL) {
        screen_wrap(&run->screen, 0, 0, COLOUR_DIM, slice_string(SAY(run, "Nothing is there.", "Dort ist nichts.")));
    }
    print_keys(run, keys);
    return outcome;
}

static const char *search_path(struct run *run, struct slice after)
{
    const char *in = run_option(run, OPTION_IN);
    const char *text = path_segment(run, run->arguments[0]), *place = path_segment(run, in == NULL ? "" : in), *rest = path_segment(run, after.len == 0 ? "" : arena_string(run->arena, after));
    return text == NULL || place == NULL || rest == NULL ? NULL : arena_printf(run->arena, "sys/search?limit=1000&name=%s&in=%s&after=%s", text, place, rest);
}

enum outcome command_secret_search(struct run *run)
{
    struct json *all = json_new(run->arena, JSON_ARRAY);
    struct slice after = SLICE_NONE;
    enum outcome outcome = OUTCOME_OK;
    do {
        const struct json *data = NULL;
        outcome = client_get(run, search_path(run, after), &data);
        const struct json *keys = json_member(data, "keys");
        for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
            json_append(all, json_string(run->arena, key->text));
        }
        after = json_text(data, "next", SLICE_NONE);
    } while (outcome == OUTCOME_OK && after.len > 0);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(all) : outcome;
    }
    print_keys(run, all);
    return OUTCOME_OK;
}

/* ---- writing ---- */

/* Text of a file or of standard input. A newline at the end of one line alone is the editor's, not the secret's. */
static enum outcome value_of_file(struct run *run, const char *path, struct json **ret_value)
{
    cleanup_buf struct buf bytes = BUF_INIT(VALUE_BYTES + (1 << 17));
    enum outcome outcome = run_read_file(run, path, VALUE_BYTES, &bytes);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct slice text = buf_slice(&bytes);
    size_t newline = slice_find_byte(text, '\n');
    if (newline != SIZE_MAX && newline + 1 == text.len) {
        text.len -= newline > 0 && text.data[newline - 1] == '\r' ? 2 : 1;
    }
    if (!utf8_valid(text)) {
        return run_fail(run, OUTCOME_INPUT, TEXT("a value is text in UTF-8; write other bytes in base64", "ein Wert ist Text in UTF-8; andere Bytes gehören in base64"), slice_string(path));
    }
    *ret_value = json_string(run->arena, text);
    return *ret_value == NULL ? run_fail_err(run, ERR_MEMORY, "") : OUTCOME_OK;
}

static enum outcome value_of_prompt(struct run *run, const char *name, struct json **ret_value)
{
    struct secret value cleanup_secret = SECRET_NONE;
    char question[QUESTION_BYTES];
    snprintf(question, sizeof question, "%s: ", name);
    enum outcome outcome = prompt_secret(run, question, &value);
    if (outcome == OUTCOME_OK && !utf8_valid(secret_slice(&value))) {
        return run_fail(run, OUTCOME_INPUT, TEXT("a value is text in UTF-8", "ein Wert ist Text in UTF-8"), slice_string(name));
    }
    *ret_value = outcome == OUTCOME_OK ? json_string(run->arena, secret_slice(&value)) : NULL;
    return outcome;
}

/* NAME asks, NAME=@FILE and NAME=- read. */
static enum outcome take_value(struct run *run, const char *word, struct json *values)
{
    const char *equals = strchr(word, '=');
    char *name = arena_string(run->arena, slice_of(word, equals == NULL ? strlen(word) : (size_t)(equals - word)));
    struct json *value = NULL;
    if (name == NULL || name[0] == '\0' || json_member(values, name) != NULL) {
        return run_fail(run, OUTCOME_USAGE, TEXT("a name is missing or stands there twice", "ein Name fehlt oder steht zweimal da"), slice_string(name));
    }
    bool is_file = equals != NULL && equals[1] == '@', is_input = equals != NULL && strcmp(equals, "=-") == 0;
    if (equals != NULL && !is_file && !is_input) {
        return run_fail(run, OUTCOME_USAGE,
                        TEXT("a value never stands in the command line, where other processes and the shell's history have it: NAME asks for it, NAME=@FILE reads it, NAME=- takes standard input",
                             "ein Wert steht nie in der Befehlszeile, wo ihn andere Prozesse und die Liste früherer Befehle haben: NAME fragt danach, NAME=@DATEI liest ihn, NAME=- nimmt die Standardeingabe"),
                        slice_string(name));
    }
    enum outcome outcome = equals == NULL ? value_of_prompt(run, name, &value) : value_of_file(run, is_file ? equals + 2 : "-", &value);
    if (outcome == OUTCOME_OK) {
        json_set(run->arena, values, name, value);
    }
    return outcome;
}

/* A whole secret as a JSON object; numbers stay as they are written. */
static enum outcome object_of_file(struct run *run, const char *path, struct json **ret_values)
{
    cleanup_buf struct buf bytes = BUF_INIT(VALUE_BYTES + (1 << 17));
    struct complaint complaint = {.text = {NULL, NULL}};
    enum outcome outcome = run_read_file(run, path, VALUE_BYTES, &bytes);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    enum err err = json_read(run->arena, arena_copy(run->arena, buf_slice(&bytes)), ret_values, &complaint);
    if (err != ERR_NONE) {
        complaint.detail[0] = '\0'; /* it would show a piece of the secret */
        return run_fail_complaint(run, err, &complaint);
    }
    return (*ret_values)->type == JSON_OBJECT ? OUTCOME_OK : run_fail(run, OUTCOME_INPUT, TEXT("a secret is a JSON object", "ein Secret ist ein JSON-Objekt"), slice_string(path));
}

static enum outcome take_values(struct run *run, struct json **ret_values)
{
    const char *only = run->argument_count == 2 ? run->arguments[1] : run->argument_count == 1 ? "-" : "";
    if (strcmp(only, "-") == 0 || only[0] == '@') {
        return object_of_file(run, only[0] == '@' ? only + 1 : "-", ret_values);
    }
    struct json *values = json_new(run->arena, JSON_OBJECT);
    enum outcome outcome = OUTCOME_OK;
    size_t inputs = 0;
    for (size_t i = 1; i < run->argument_count; i++) {
        const char *equals = strchr(run->arguments[i], '=');
        inputs += equals != NULL && strcmp(equals, "=-") == 0 ? 1 : 0;
    }
    if (inputs > 1) {
        return run_fail(run, OUTCOME_USAGE, TEXT("standard input is one value only", "die Standardeingabe ist nur ein Wert"), SLICE_NONE);
    }
    for (size_t i = 1; i < run->argument_count && outcome == OUTCOME_OK; i++) {
        outcome = take_value(run, run->arguments[i], values);
    }
    *ret_values = values;
    return outcome;
}

enum outcome command_secret_put(struct run *run)
{
    struct kv_place place;
    struct json *values = NULL;
    const struct json *data = NULL;
    uint64_t version = 0;
    enum outcome outcome = kv_find_secret(run, run->arguments[0], &place);
    outcome = outcome == OUTCOME_OK ? take_values(run, &values) : outcome;
    outcome = outcome == OUTCOME_OK ? kv_write(run, &place, values, run_has(run, OPTION_MERGE) ? KV_MERGE : KV_REPLACE, run_option(run, OPTION_CAS), &data) : outcome;
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    if (json_u64(data, "version", &version) == ERR_NONE) {
        fprintf(run->screen.out, "%s %llu\n", SAY(run, "version", "Version"), (unsigned long long)version);
    }
    return OUTCOME_OK;
}
