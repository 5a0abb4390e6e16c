/* vogt source: read accesses to providers. Credentials come from a file, standard input or the terminal, never from the command line. */
#include "command/client.h"
#include "command/estate.h"
#include "command/secret_prompt.h"
#include "command/show.h"

#include <string.h>

enum { CREDENTIAL_BYTES = 64 << 10, OPTION_FILE_BYTES = 512 << 10, RUN_MS = 180000, LINE_BYTES = 1024 };

static enum outcome read_sources(struct run *run, const struct json **ret_data)
{
    return client_get(run, "estate/sources", ret_data);
}

static const struct json *find(const struct json *list, const char *member, struct slice wanted)
{
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        if (slice_equal(json_text(one, member, SLICE_NONE), wanted)) {
            return one;
        }
    }
    return NULL;
}

static const char *source_path(struct run *run, const char *more)
{
    const char *name = path_segment(run, run->arguments[0]);
    return name == NULL ? NULL : arena_printf(run->arena, "estate/sources/%s%s", name, more);
}

/* ---- showing ---- */

static void show_standing(struct run *run, const char *name, const struct json *standing)
{
    struct slice words = run_words(run, json_member(standing, "reason"));
    screen_spaces(&run->screen, 2);
    screen_string(&run->screen, COLOUR_NONE, name);
    screen_spaces(&run->screen, PAIR_COLUMNS - 2 - text_width(slice_string(name)));
    if (standing == NULL) {
        fprintf(run->screen.out, "%s\n", SAY(run, "not asked yet", "noch nicht gefragt"));
        return;
    }
    show_verdict(run, json_text(standing, "verdict", SLICE_NONE));
    screen_wrap(&run->screen, PAIR_COLUMNS + VERDICT_COLUMNS, PAIR_COLUMNS + VERDICT_COLUMNS, COLOUR_NONE, words);
}

static void show_source(struct run *run, const struct json *source)
{
    const struct json *powers = json_member(source, "powers");
    uint64_t found = 0, gone = 0;
    bool is_counted = json_u64(source, "found", &found) == ERR_NONE && json_u64(source, "gone", &gone) == ERR_NONE;
    const char *options = estate_attributes(run, json_member(source, "options"));
    screen_put(&run->screen, COLOUR_BOLD, json_text(source, "name", SLICE_NONE));
    fputs("  ", run->screen.out);
    screen_put(&run->screen, COLOUR_DIM, run_words(run, json_member(source, "title")));
    fputs("\n", run->screen.out);
    show_pair(run, SAY(run, "address", "Adresse"), json_text(source, "address", SLICE_NONE));
    if (options[0] != '\0') {
        show_pair(run, SAY(run, "options", "Optionen"), slice_string(options));
    }
    show_standing(run, SAY(run, "newest run", "letzter Lauf"), json_member(source, "complete"));
    if (is_counted) {
        const char *line = arena_printf(run->arena, gone > 0 ? "%llu, %llu %s" : "%llu", (unsigned long long)found, (unsigned long long)gone, SAY(run, "found no more", "nicht mehr gefunden"));
        show_pair(run, SAY(run, "found", "gefunden"), slice_string(line));
    }
    show_standing(run, SAY(run, "only reads", "liest nur"), json_member(source, "read_only"));
    for (const struct json *power = powers == NULL ? NULL : powers->first; power != NULL; power = power->next) {
        show_pair(run, SAY(run, "could do as well", "könnte außerdem"), run_words(run, power));
    }
}

enum outcome command_source_list(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = read_sources(run, &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(json_member(data, "sources")) : outcome;
    }
    const struct json *sources = json_member(data, "sources");
    if (sources == NULL || sources->count == 0) {
        screen_wrap(&run->screen, 0, 0, COLOUR_NONE, slice_string(SAY(run, "No source is set up; `vogt source kinds` shows what there is, `vogt source set` sets one up.",
                                                                      "Keine Quelle ist eingerichtet; `vogt source kinds` zeigt, was es gibt, `vogt source set` richtet eine ein.")));
    }
    for (const struct json *source = sources == NULL ? NULL : sources->first; source != NULL; source = source->next) {
        show_source(run, source);
    }
    return OUTCOME_OK;
}

static void show_field(struct run *run, const struct json *field)
{
    struct slice name = json_text(field, "name", SLICE_NONE), title = run_words(run, json_member(field, "title"));
    bool is_credential = json_bool(field, "credential", false);
    const char *line = arena_printf(run->arena, "%.*s (%s%s)", (int)title.len, (const char *)title.data, is_credential ? SAY(run, "credential", "Zugangsdaten") : SAY(run, "option", "Option"),
                                    json_bool(field, "required", false) ? "" : SAY(run, ", optional", ", optional"));
    char *shown = arena_string(run->arena, name);
    show_pair(run, shown == NULL ? "" : shown, slice_string(line));
}

enum outcome command_source_kinds(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = read_sources(run, &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(json_member(data, "kinds")) : outcome;
    }
    const struct json *kinds = json_member(data, "kinds");
    for (const struct json *kind = kinds == NULL ? NULL : kinds->first; kind != NULL; kind = kind->next) {
        const struct json *fields = json_member(kind, "fields");
        fputs(kind == kinds->first ? "" : "\n", run->screen.out);
        screen_put(&run->screen, COLOUR_BOLD, json_text(kind, "id", SLICE_NONE));
        fputs("  ", run->screen.out);
        screen_wrap(&run->screen, 2, 2, COLOUR_DIM, run_words(run, json_member(kind, "title")));
        show_pair(run, SAY(run, "grant it", "zu gewähren"), run_words(run, json_member(kind, "rights")));
        if (json_text(kind, "address", SLICE_NONE).len > 0) {
            show_pair(run, SAY(run, "address", "Adresse"), json_text(kind, "address", SLICE_NONE));
        }
        for (const struct json *field = fields == NULL ? NULL : fields->first; field != NULL; field = field->next) {
            show_field(run, field);
        }
    }
    return OUTCOME_OK;
}

/* ---- setting up ---- */

static bool is_form(const struct json *kind, struct slice name, const char *form)
{
    return slice_is(json_text(find(json_member(kind, "fields"), "name", name), "form", SLICE_NONE), form);
}

static struct json *list_of(struct run *run, struct slice text)
{
    struct json *list = json_new(run->arena, JSON_ARRAY);
    struct slice part;
    while (slice_split(&text, ',', &part)) {
        if (slice_trim(part).len > 0) {
            json_append(list, json_string(run->arena, slice_trim(part)));
        }
    }
    return list;
}

/* NAME=VALUE; NAME=@FILE takes the file's text, and of a list commas stand between. */
static enum outcome set_option(struct run *run, struct json *options, const struct json *kind, const char *word)
{
    const char *equals = strchr(word, '=');
    struct slice name = slice_of(word, equals == NULL ? 0 : (size_t)(equals - word));
    if (name.len == 0 || (equals[1] != '@' && !is_form(kind, name, "list") && !is_form(kind, name, "text"))) {
        return estate_set_word(run, options, word) ? OUTCOME_OK : OUTCOME_USAGE;
    }
    cleanup_buf struct buf bytes = BUF_INIT(OPTION_FILE_BYTES + (1 << 17));
    enum outcome outcome = equals[1] == '@' ? run_read_file(run, equals + 2, OPTION_FILE_BYTES, &bytes) : OUTCOME_OK;
    struct slice text = equals[1] == '@' ? buf_slice(&bytes) : slice_string(equals + 1);
    char *kept = arena_string(run->arena, name);
    if (outcome == OUTCOME_OK && text.len > 0) {
        json_set(run->arena, options, kept, is_form(kind, name, "list") ? list_of(run, text) : json_string(run->arena, text));
    }
    return outcome;
}

/* What stood before stays unless the command line names it. */
static enum outcome put_options(struct run *run, struct json *body, const struct json *kind, const struct json *before)
{
    struct json *options = json_set_object(run->arena, body, "options");
    const struct json *known = json_member(before, "options");
    for (const struct json *one = known == NULL ? NULL : known->first; one != NULL; one = one->next) {
        char *name = arena_string(run->arena, one->name);
        bool is_named = false;
        for (size_t i = 2; i < run->argument_count; i++) {
            is_named = is_named || (strncmp(run->arguments[i], name, one->name.len) == 0 && run->arguments[i][one->name.len] == '=');
        }
        if (!is_named) {
            json_set(run->arena, options, name, json_copy(run->arena, one));
        }
    }
    enum outcome outcome = OUTCOME_OK;
    for (size_t i = 2; i < run->argument_count && outcome == OUTCOME_OK; i++) {
        outcome = set_option(run, options, kind, run->arguments[i]);
    }
    return outcome;
}

/* The one secret of a kind that has no other field to ask for; NULL when it has more. */
static const struct json *only_field(const struct json *fields)
{
    const struct json *only = NULL;
    for (const struct json *field = fields == NULL ? NULL : fields->first; field != NULL; field = field->next) {
        if (json_bool(field, "credential", false)) {
            if (only != NULL) {
                return NULL;
            }
            only = field;
        }
    }
    return only;
}

/* A JSON object with the fields, of which others than the kind's are passed over (a provider's own key file has more); or the secret alone. */
static enum outcome credential_of_file(struct run *run, struct json *credential, const struct json *fields, const char *path)
{
    cleanup_buf struct buf bytes = BUF_INIT(CREDENTIAL_BYTES + (1 << 17));
    struct complaint complaint = {.text = {NULL, NULL}};
    struct json *read = NULL;
    const struct json *only = only_field(fields);
    enum outcome outcome = run_read_file(run, path, CREDENTIAL_BYTES, &bytes);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct slice text = slice_trim(buf_slice(&bytes));
    bool is_object = json_read(run->arena, text, &read, &complaint) == ERR_NONE && read->type == JSON_OBJECT;
    for (const struct json *field = is_object && fields != NULL ? fields->first : NULL; field != NULL; field = field->next) {
        char *name = arena_string(run->arena, json_text(field, "name", SLICE_NONE));
        if (json_bool(field, "credential", false) && json_member(read, name) != NULL) {
            json_set(run->arena, credential, name, json_copy(run->arena, json_member(read, name)));
        }
    }
    if (!is_object && only != NULL && text.len > 0) {
        json_set_string(run->arena, credential, arena_string(run->arena, json_text(only, "name", SLICE_NONE)), text);
    }
    wipe(bytes.data, bytes.len);
    return credential->count > 0 ? OUTCOME_OK
                                 : run_fail(run, OUTCOME_INPUT, TEXT("the file holds none of the fields that `vogt source kinds` names", "die Datei enthält keines der Felder, die `vogt source kinds` nennt"), slice_string(path));
}

static enum outcome ask_field(struct run *run, struct json *credential, const struct json *field)
{
    struct slice title = run_words(run, json_member(field, "title"));
    char *name = arena_string(run->arena, json_text(field, "name", SLICE_NONE)), line[LINE_BYTES];
    const char *question = arena_printf(run->arena, "%.*s: ", (int)title.len, (const char *)title.data);
    if (json_bool(field, "secret", false)) {
        struct secret secret cleanup_secret = SECRET_NONE;
        enum outcome outcome = prompt_secret(run, question, &secret);
        if (outcome == OUTCOME_OK) {
            json_set_string(run->arena, credential, name, slice_trim(secret_slice(&secret)));
        }
        return outcome;
    }
    enum outcome outcome = prompt_line(run, question, line, sizeof line);
    if (outcome == OUTCOME_OK) {
        json_set_string(run->arena, credential, name, slice_trim(slice_string(line)));
    }
    return outcome;
}

static enum outcome put_credential(struct run *run, struct json *body, const struct json *kind)
{
    const struct json *fields = json_member(kind, "fields");
    const char *path = run_option(run, OPTION_CREDENTIAL_FILE);
    struct json *credential = json_set_object(run->arena, body, "credential");
    if (path != NULL) {
        return credential_of_file(run, credential, fields, path);
    }
    enum outcome outcome = OUTCOME_OK;
    for (const struct json *field = fields == NULL ? NULL : fields->first; field != NULL && outcome == OUTCOME_OK; field = field->next) {
        if (json_bool(field, "credential", false) && json_bool(field, "required", false)) {
            outcome = ask_field(run, credential, field);
        }
    }
    return outcome;
}

static enum outcome send_source(struct run *run, const struct json *kind, const struct json *before)
{
    const char *url = run_option(run, OPTION_URL), *path = source_path(run, "");
    struct slice address = url == NULL ? json_text(before, "address", SLICE_NONE) : slice_string(url);
    bool is_same = before != NULL && slice_equal(json_text(before, "kind", SLICE_NONE), json_text(kind, "id", SLICE_NONE)) && slice_equal(json_text(before, "address", SLICE_NONE), address);
    struct json *body = json_new(run->arena, JSON_OBJECT);
    const struct json *data = NULL;
    json_set_string(run->arena, body, "kind", json_text(kind, "id", SLICE_NONE));
    if (address.len > 0) {
        json_set_string(run->arena, body, "address", address);
    }
    enum outcome outcome = put_options(run, body, kind, before);
    /* the credential that is set stays, unless the place is another or somebody gives a new one */
    if (outcome == OUTCOME_OK && (!is_same || run_has(run, OPTION_CREDENTIAL_FILE) || run_has(run, OPTION_ASK))) {
        outcome = put_credential(run, body, kind);
    }
    outcome = outcome == OUTCOME_OK ? client_post(run, path, body, &data) : outcome;
    if (outcome == OUTCOME_OK && !run->json) {
        show_source(run, data);
    }
    return outcome == OUTCOME_OK && run->json ? run_print_json(data) : outcome;
}

enum outcome command_source_set(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = read_sources(run, &data);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    const struct json *kind = find(json_member(data, "kinds"), "id", slice_string(run->arguments[1]));
    const struct json *before = find(json_member(data, "sources"), "name", slice_string(run->arguments[0]));
    if (kind == NULL) {
        return run_fail(run, OUTCOME_INPUT, TEXT("there is no such kind of source; `vogt source kinds` lists them", "diese Art von Quelle gibt es nicht; `vogt source kinds` nennt sie"), slice_string(run->arguments[1]));
    }
    return send_source(run, kind, before);
}

/* ---- asking and removing ---- */

enum outcome command_source_run(struct run *run)
{
    const struct json *data = NULL;
    struct ask ask = {.method = "POST", .path = source_path(run, "/run"), .body = json_new(run->arena, JSON_OBJECT), .timeout_ms = RUN_MS};
    progress_begin(SAY(run, "Asking", "Frage"));
    enum outcome outcome = ask.path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
    progress_end();
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    bool is_whole = slice_is(json_text(json_member(data, "complete"), "verdict", SLICE_NONE), "kept");
    if (run->json) {
        outcome = run_print_json(data);
    } else {
        show_source(run, data);
    }
    return outcome == OUTCOME_OK && !is_whole ? OUTCOME_FAILED : outcome;
}

enum outcome command_source_remove(struct run *run)
{
    const struct json *data = NULL;
    struct ask ask = {.method = "DELETE", .path = source_path(run, "")};
    return ask.path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
}
