/* vogt adopt. */
#include "command/adopt.h"

#include "command/client.h"
#include "command/daemon.h"
#include "command/show.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_MS = 120000, NAME_BYTES = 255 };

enum outcome adopt_send(struct run *run, const char *path, const struct buf *bytes, bool dry,
                        const struct json **ret_data)
{
    const char *slash = strrchr(path, '/'),
               *name = path_segment(run, slash == NULL ? path : slash + 1);
    if (bytes->len == 0) {
        return run_fail(run, OUTCOME_INPUT, TEXT("the file is empty", "die Datei ist leer"),
                        slice_string(path));
    }
    if (name == NULL || strlen(name) > 3 * NAME_BYTES) {
        return run_fail(run, OUTCOME_INPUT,
                        TEXT("the file's name is no UTF-8 or too long",
                             "der Dateiname ist kein UTF-8 oder zu lang"),
                        slice_string(path));
    }
    const char *target = arena_printf(run->arena, "annex/%s?name=%s", dry ? "read" : "adopt", name);
    struct ask ask = {.method = "POST", .path = target, .raw = bytes, .timeout_ms = READ_MS};
    if (target == NULL) {
        return run_fail_err(run, ERR_MEMORY, path);
    }
    progress_begin(SAY(run, "Reading the annex", "Lese die Anlage"));
    enum outcome outcome = client_data(run, &ask, ret_data);
    progress_end();
    return outcome;
}

static const struct {
    const char *kind;
    struct text word;
    enum colour colour;
} kinds[] = {
    {"weakened", {"weakened", "abgeschwächt"}, COLOUR_RED},
    {"removed", {"removed", "entfernt"}, COLOUR_RED},
    {"changed", {"changed", "geändert"}, COLOUR_YELLOW},
    {"added", {"new", "neu"}, COLOUR_GREEN},
    {"moved", {"moved", "verschoben"}, COLOUR_NONE},
};

/* The worst first; unchanged sentences are not listed. */
void adopt_show_changes(struct run *run, const struct json *adopted)
{
    const struct json *changes = json_member(adopted, "changes");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (const struct json *change = changes == NULL ? NULL : changes->first; change != NULL;
             change = change->next) {
            if (!slice_is(json_text(change, "kind", SLICE_NONE), kinds[i].kind)) {
                continue;
            }
            struct slice clause = json_text(change, "clause", SLICE_NONE),
                         words = run_words(run, change);
            words = words.len > 0 ? words
                                  : json_text(change, "new", json_text(change, "old", SLICE_NONE));
            const char *line =
                arena_printf(run->arena, "%.*s: %.*s", (int)clause.len, (const char *)clause.data,
                             (int)words.len, (const char *)words.data);
            fputs("  ", run->screen.out);
            screen_string(&run->screen, kinds[i].colour, run_text(run, kinds[i].word));
            fputc(' ', run->screen.out);
            screen_wrap(&run->screen, 3 + text_width(slice_string(run_text(run, kinds[i].word))), 6,
                        COLOUR_NONE, slice_string(line));
        }
    }
}

static void show_binding(struct run *run, const struct json *binding)
{
    struct slice measure = json_text(binding, "measure", SLICE_NONE),
                 score = json_text(binding, "score", SLICE_NONE);
    struct slice reason = run_words(run, json_member(binding, "reason"));
    const struct json *number = json_member(binding, "number");
    const struct json *exact = json_member(binding, "score");
    score = exact == NULL ? score : exact->text;
    const char *line = arena_printf(
        run->arena, "%.*s %.*s (%.*s)%s%.*s", number == NULL ? 0 : (int)number->text.len,
        number == NULL ? "" : (const char *)number->text.data, (int)measure.len,
        (const char *)measure.data, (int)score.len, (const char *)score.data,
        reason.len > 0 ? ": " : "", (int)reason.len, (const char *)reason.data);
    fputs("           -> ", run->screen.out);
    screen_wrap(&run->screen, 14, 16, COLOUR_DIM, slice_string(line));
}

/* How a file is read: every sentence with the measures proposed for it. */
static void show_reading(struct run *run, const struct json *data)
{
    const struct json *clauses = json_member(data, "clauses");
    size_t unbound = 0;
    screen_wrap(&run->screen, 0, 0, COLOUR_BOLD, json_text(data, "title", SLICE_NONE));
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL;
         clause = clause->next) {
        struct slice id = json_text(clause, "id", SLICE_NONE);
        const struct json *bindings = json_member(clause, "bindings");
        fputs("  ", run->screen.out);
        screen_put(&run->screen, COLOUR_NONE, id);
        screen_spaces(&run->screen, text_width(id) < 7 ? 7 - text_width(id) : 1);
        screen_wrap(&run->screen, 9, 9, COLOUR_NONE, json_text(clause, "text", SLICE_NONE));
        for (const struct json *binding = bindings == NULL ? NULL : bindings->first;
             binding != NULL; binding = binding->next) {
            show_binding(run, binding);
        }
        if (bindings == NULL || bindings->count == 0) {
            unbound++;
            fputs("           -> ", run->screen.out);
            screen_wrap(&run->screen, 14, 16, COLOUR_YELLOW,
                        slice_string(SAY(run, "no measure of the catalogue fits",
                                         "keine Maßnahme des Katalogs passt")));
        }
    }
    fprintf(run->screen.out, "%zu %s, %zu %s\n", clauses == NULL ? 0 : clauses->count,
            SAY(run, "sentences", "Sätze"), unbound,
            SAY(run, "without a measure", "ohne Maßnahme"));
}

/* ---- a dry run where no Vogt answers: one is started on a directory of its own, for this one
 * question ---- */

/* Only plain files in it and in the ledger's folders beneath; no link is followed. */
static void remove_folder(int above, const char *name, unsigned depth)
{
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (unlinkat(fd, entry->d_name, 0) != 0 && depth > 0) {
            remove_folder(fd, entry->d_name, depth - 1);
        }
    }
    closedir(folder);
    (void)unlinkat(above, name, AT_REMOVEDIR);
}

static enum outcome read_alone(struct run *run, const char *path, const struct buf *bytes,
                               const struct json **ret_data)
{
    const char *place = getenv("TMPDIR");
    char *folder = arena_printf(run->arena, "%s/vogt-XXXXXX",
                                place == NULL || place[0] != '/' ? "/tmp" : place);
    if (folder == NULL || mkdtemp(folder) == NULL) {
        return run_fail(run, OUTCOME_FAILED,
                        TEXT("no temporary directory can be made",
                             "es lässt sich kein vorübergehendes Verzeichnis anlegen"),
                        slice_string(folder));
    }
    struct daemon_start start = {.directory = folder, .listen = "localhost:0"};
    struct daemon daemon = {.pid = -1};
    enum outcome outcome = daemon_begin(run, &start, &daemon);
    if (outcome == OUTCOME_OK) {
        outcome = client_start(run, daemon.address, folder);
        outcome = outcome == OUTCOME_OK ? adopt_send(run, path, bytes, true, ret_data) : outcome;
        (void)daemon_end(&daemon, true);
    }
    remove_folder(AT_FDCWD, folder, 8);
    return outcome;
}

/* Whether the daemon that would be asked is there and serves; a named address is always asked. */
static bool somebody_answers(struct run *run)
{
    const struct json *reply = NULL;
    struct ask ask = {.method = "GET", .path = "sys/health", .quiet = true, .timeout_ms = 5000};
    const char *address = getenv("VOGT_ADDR");
    return run_has(run, OPTION_ADDRESS) || (address != NULL && address[0] != '\0') ||
           client_ask(run, &ask, &reply) == OUTCOME_OK;
}

enum outcome command_adopt(struct run *run)
{
    bool dry = run_has(run, OPTION_DRY_RUN);
    const char *path = run->arguments[0];
    const struct json *data = NULL;
    cleanup_buf struct buf bytes = BUF_INIT(ADOPT_FILE_BYTES + (1 << 17));
    enum outcome outcome = run_read_file(run, path, ADOPT_FILE_BYTES, &bytes);
    if (outcome == OUTCOME_OK) {
        bool alone = dry && bytes.len > 0 && !somebody_answers(run);
        outcome = alone ? read_alone(run, path, &bytes, &data)
                        : adopt_send(run, path, &bytes, dry, &data);
    }
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    show_reading(run, data);
    if (!dry) {
        uint64_t revision = 0;
        adopt_show_changes(run, data);
        if (json_u64(data, "revision", &revision) == ERR_NONE) {
            fprintf(run->screen.out, "%s %llu.\n",
                    SAY(run, "Adopted as revision", "Übernommen als Fassung"),
                    (unsigned long long)revision);
        }
    }
    return OUTCOME_OK;
}
