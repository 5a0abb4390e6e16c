/* vogt import: a .env file becomes one secret of a kv mount. What it holds is never shown: names only. */
#include "command/client.h"
#include "command/dotenv.h"
#include "command/kv.h"
#include "command/show.h"

enum { FILE_BYTES = 1 << 20 };

static struct json *tree_of(struct run *run, const struct dotenv *file)
{
    struct json *values = json_new(run->arena, JSON_OBJECT);
    for (size_t i = 0; i < file->count; i++) {
        json_set_string(run->arena, values, (const char *)file->entries[i].name.data, file->entries[i].value);
    }
    return values;
}

static struct json *report_of(struct run *run, const struct dotenv *file, const struct json *written)
{
    struct json *report = json_new(run->arena, JSON_OBJECT), *names = json_set_array(run->arena, report, "names"), *refer = json_set_array(run->arena, report, "not_expanded");
    for (size_t i = 0; i < file->count; i++) {
        json_append(names, json_string(run->arena, file->entries[i].name));
        if (file->entries[i].refers) {
            json_append(refer, json_string(run->arena, file->entries[i].name));
        }
    }
    json_set_bool(run->arena, report, "written", !run_has(run, OPTION_DRY_RUN));
    if (written != NULL) {
        json_set(run->arena, report, "metadata", json_copy(run->arena, written));
    }
    return report;
}

static void show_report(struct run *run, const struct dotenv *file, const struct json *written)
{
    uint64_t version = 0;
    if (run_has(run, OPTION_DRY_RUN)) {
        for (size_t i = 0; i < file->count; i++) {
            screen_put(&run->screen, COLOUR_NONE, file->entries[i].name);
            fputc('\n', run->screen.out);
        }
    } else {
        fprintf(run->screen.out, "%zu %s", file->count, file->count == 1 ? SAY(run, "name", "Name") : SAY(run, "names", "Namen"));
        if (json_u64(written, "version", &version) == ERR_NONE) {
            fprintf(run->screen.out, ", %s %llu", SAY(run, "version", "Version"), (unsigned long long)version);
        }
        fputc('\n', run->screen.out);
    }
    for (size_t i = 0; i < file->count; i++) {
        if (file->entries[i].refers) {
            struct screen errors = screen_of(stderr);
            const char *line = arena_printf(run->arena, "%s %zu: %s: %s", SAY(run, "line", "Zeile"), file->entries[i].line, (const char *)file->entries[i].name.data,
                                            SAY(run, "the value refers to another variable; that is kept as it stands and not expanded", "der Wert verweist auf eine andere Variable; das bleibt stehen und wird nicht eingesetzt"));
            screen_wrap(&errors, 0, 0, COLOUR_YELLOW, slice_string(line));
        }
    }
}

static enum outcome exists_already(struct run *run, const struct kv_place *place)
{
    const struct json *data = NULL, *metadata = NULL;
    enum outcome outcome = kv_read(run, place, NULL, &data, &metadata);
    return outcome == OUTCOME_OK && data != NULL && data->type != JSON_NULL
               ? run_fail(run, OUTCOME_INPUT,
                          TEXT("there is a secret already: --merge adds to it, --replace puts this in its place", "dort ist schon ein Secret: --merge ergänzt es, --replace setzt dies an seine Stelle"), slice_string(run->arguments[1]))
               : outcome;
}

enum outcome command_import(struct run *run)
{
    cleanup_buf struct buf text = BUF_INIT(FILE_BYTES + (1 << 17));
    struct dotenv file;
    struct complaint complaint = {.text = {NULL, NULL}};
    struct kv_place place;
    const struct json *written = NULL;
    bool merges = run_has(run, OPTION_MERGE), replaces = run_has(run, OPTION_REPLACE), is_dry = run_has(run, OPTION_DRY_RUN);
    enum outcome outcome = merges && replaces ? run_fail(run, OUTCOME_USAGE, TEXT("--merge or --replace, not both", "--merge oder --replace, nicht beides"), SLICE_NONE) : run_read_file(run, run->arguments[0], FILE_BYTES, &text);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    enum err err = dotenv_read(run->arena, buf_slice(&text), &file, &complaint);
    if (err != ERR_NONE) {
        return run_fail_complaint(run, err, &complaint);
    }
    if (file.count == 0) {
        return run_fail(run, OUTCOME_INPUT, TEXT("there is no name in this file", "in dieser Datei steht kein Name"), slice_string(run->arguments[0]));
    }
    outcome = is_dry ? OUTCOME_OK : kv_find_secret(run, run->arguments[1], &place);
    outcome = outcome == OUTCOME_OK && !is_dry && !merges && !replaces ? exists_already(run, &place) : outcome;
    if (outcome == OUTCOME_OK && !is_dry) {
        outcome = kv_write(run, &place, tree_of(run, &file), merges ? KV_MERGE : replaces ? KV_REPLACE : KV_CREATE, NULL, &written);
    }
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(report_of(run, &file, written)) : outcome;
    }
    show_report(run, &file, written);
    return OUTCOME_OK;
}
