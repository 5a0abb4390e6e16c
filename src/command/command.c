#include "command/command.h"

#include "base/language.h"
#include "command/client.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 512 << 20, DETAIL_BYTES = 1024 };

const struct option_row option_rows[OPTION_COUNT] = {
#define OPTION(id, name, value, complete, english, german)                                         \
    {name, value, complete, {english, german}},
#include "command/options.def"
#undef OPTION
};

#define O(id) (UINT64_C(1) << OPTION_##id)
#define COMMON (O(HELP) | O(JSON) | O(LANGUAGE) | O(ADDRESS) | O(DIR))

const struct command commands[] = {
#define COMMAND(name, function, arguments, least, most, options, english, german)                  \
    {name, function, arguments, least, most, COMMON | (options), {english, german}},
#include "command/commands.def"
#undef COMMAND
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

/* ---- reading the words ---- */

size_t words_match(const char *name, char **words, size_t count)
{
    struct slice rest = slice_string(name), part;
    size_t taken = 0;
    while (slice_split(&rest, ' ', &part)) {
        if (taken == count || !slice_is(part, words[taken])) {
            return 0;
        }
        taken++;
    }
    return taken;
}

static const struct command *find_command(char **words, size_t count, size_t *ret_taken)
{
    for (size_t i = 0; i < command_count; i++) {
        size_t taken = words_match(commands[i].name, words, count);
        if (taken > 0) {
            *ret_taken = taken;
            return &commands[i];
        }
    }
    return NULL;
}

static enum err bad_word(struct complaint *complaint, struct text text, const char *word)
{
    return complain(complaint, ERR_INVALID, text, 0, 0, word, strlen(word));
}

/* "--name", "--name=value" or "-o"; the value may be the next word. */
static enum err take_option(int count, char **words, int *position, struct run *run,
                            struct complaint *complaint)
{
    const char *word = words[*position], *equals = strchr(word, '=');
    size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);
    /* "-field=x" as Vault's users write it is "--field=x" */
    bool is_short = word[1] != '-' && len == 2, has_one_dash = word[1] != '-' && len > 2;
    equals = is_short ? NULL : equals;
    len = is_short ? strlen(word) : len;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        bool is_output_word = i == OPTION_OUTPUT && len == 8 && memcmp(word, "--output", 8) == 0;
        bool is_short_help = i == OPTION_HELP && strcmp(word, "-h") == 0;
        const char *name = row->name + (has_one_dash && row->name[1] == '-' ? 1 : 0);
        if (!is_output_word && !is_short_help &&
            (strlen(name) != len || memcmp(name, word, len) != 0)) {
            continue;
        }
        const char *value = equals == NULL ? NULL : equals + 1;
        if ((row->value == NULL) != (value == NULL) && row->value == NULL) {
            return bad_word(complaint,
                            TEXT("this option takes no value", "diese Option nimmt keinen Wert"),
                            word);
        }
        if (row->value != NULL && value == NULL) {
            if (*position + 1 >= count) {
                return bad_word(
                    complaint, TEXT("this option needs a value", "diese Option braucht einen Wert"),
                    word);
            }
            value = words[++*position];
        }
        struct option_values *values = &run->options[i];
        if (values->count == REPEATS_MAX) {
            return bad_word(complaint, TEXT("too often", "zu oft"), word);
        }
        values->list[values->count++] = value;
        return ERR_NONE;
    }
    return bad_word(complaint, TEXT("no such option", "diese Option gibt es nicht"), word);
}

static bool takes_program(char **plain, size_t plain_count)
{
    size_t taken = 0;
    const struct command *command = find_command(plain, plain_count, &taken);
    return command != NULL && (command->options & TAKES_PROGRAM) != 0;
}

static enum err sort_words(int count, char **words, struct run *run, char **plain,
                           size_t *ret_plain, struct complaint *complaint)
{
    bool only_plain = false;
    size_t plain_count = 0;
    for (int i = 0; i < count; i++) {
        if (!only_plain && strcmp(words[i], "--") == 0) {
            only_plain = true;
            if (takes_program(plain, plain_count)) {
                run->program = words + i + 1;
                run->program_count = (size_t)(count - i - 1);
                break;
            }
        } else if (!only_plain && words[i][0] == '-' && words[i][1] != '\0') {
            enum err err = take_option(count, words, &i, run, complaint);
            if (err != ERR_NONE) {
                return err;
            }
        } else if (plain_count == ARGUMENTS_MAX) {
            return bad_word(complaint, TEXT("too many words", "zu viele Wörter"), words[i]);
        } else {
            plain[plain_count++] = words[i];
        }
    }
    *ret_plain = plain_count;
    return ERR_NONE;
}

static enum err check_options(const struct run *run, struct complaint *complaint)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (run->options[i].count > 0 && (run->command->options & (UINT64_C(1) << i)) == 0) {
            return bad_word(
                complaint,
                TEXT("this command has no such option", "dieser Befehl hat keine solche Option"),
                option_rows[i].name);
        }
    }
    const char *language = run_option(run, OPTION_LANGUAGE);
    if (language != NULL && strcmp(language, "de") != 0 && strcmp(language, "en") != 0) {
        return bad_word(complaint,
                        TEXT("the languages are de and en", "die Sprachen sind de und en"),
                        language);
    }
    return ERR_NONE;
}

enum err command_parse(int count, char **words, struct run *run, struct complaint *complaint)
{
    char *plain[ARGUMENTS_MAX] = {NULL};
    size_t plain_count = 0, taken = 0;
    enum err err = sort_words(count, words, run, plain, &plain_count, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    if (plain_count == 0) {
        run->command = NULL;
        return run_has(run, OPTION_HELP) ? ERR_NONE
                                         : bad_word(complaint,
                                                    TEXT("which command? `vogt help` lists them",
                                                         "welcher Befehl? `vogt help` nennt sie"),
                                                    "");
    }
    run->command = find_command(plain, plain_count, &taken);
    if (run->command == NULL) {
        return bad_word(complaint,
                        TEXT("no such command; `vogt help` lists them",
                             "diesen Befehl gibt es nicht; `vogt help` nennt alle"),
                        plain[0]);
    }
    run->argument_count = plain_count - taken;
    for (size_t i = 0; i < run->argument_count; i++) {
        run->arguments[i] = plain[taken + i];
    }
    err = check_options(run, complaint);
    if (err == ERR_NONE && !run_has(run, OPTION_HELP) &&
        (run->argument_count < run->command->least || run->argument_count > run->command->most)) {
        err = bad_word(complaint,
                       TEXT("other arguments are needed; see `vogt help`",
                            "es braucht andere Angaben; siehe `vogt help`"),
                       run->command->name);
    }
    return err;
}

/* ---- what commands share ---- */

bool run_has(const struct run *run, enum option option)
{
    return run->options[option].count > 0;
}

const char *run_option(const struct run *run, enum option option)
{
    const struct option_values *values = &run->options[option];
    return values->count == 0 ? NULL : values->list[values->count - 1];
}

const char *run_text(const struct run *run, struct text text)
{
    return text_in(text, run->language);
}

enum outcome run_print_json(const struct json *tree)
{
    cleanup_buf struct buf out = BUF_INIT(256 << 20);
    enum err err = tree == NULL ? buf_append_string(&out, "null") : json_write(&out, tree, 2);
    if (err != ERR_NONE || fwrite(out.data, 1, out.len, stdout) != out.len ||
        fputc('\n', stdout) == EOF || fflush(stdout) != 0) {
        fputs("vogt: standard output cannot be written\n", stderr);
        return OUTCOME_FAILED;
    }
    return OUTCOME_OK;
}

static const char *const outcome_names[] = {"ok",     "failed", "usage",    "unreachable",
                                            "denied", "input",  "integrity"};

enum outcome run_fail(struct run *run, enum outcome outcome, struct text text, struct slice detail)
{
    struct screen errors = screen_of(stderr);
    progress_end();
    fflush(stdout);
    screen_string(&errors, COLOUR_NONE, "vogt: ");
    screen_string(&errors, COLOUR_NONE, text_in(text, run->language));
    if (detail.len > 0) {
        screen_string(&errors, COLOUR_NONE, ": ");
        screen_put(&errors, COLOUR_NONE, detail);
    }
    fputc('\n', stderr);
    if (run->json && run->arena != NULL) {
        struct json *top = json_new(run->arena, JSON_OBJECT),
                    *error = json_set_object(run->arena, top, "error");
        json_set_string(run->arena, error, "code", slice_string(outcome_names[outcome]));
        json_set_string(run->arena, error, "english", slice_string(text.english));
        json_set_string(run->arena, error, "german", slice_string(text.german));
        json_set_string(run->arena, error, "detail", detail);
        (void)run_print_json(top);
    }
    return outcome;
}

static const struct {
    enum err err;
    enum outcome outcome;
} err_rows[] = {{ERR_UNREACHABLE, OUTCOME_UNREACHABLE}, {ERR_TIMEOUT, OUTCOME_UNREACHABLE},
                {ERR_CLOSED, OUTCOME_UNREACHABLE},      {ERR_FORGED, OUTCOME_UNREACHABLE},
                {ERR_SEALED, OUTCOME_UNREACHABLE},      {ERR_DENIED, OUTCOME_DENIED},
                {ERR_RIGHTS, OUTCOME_DENIED},           {ERR_INVALID, OUTCOME_INPUT},
                {ERR_MALFORMED, OUTCOME_INPUT},         {ERR_TOO_LARGE, OUTCOME_INPUT},
                {ERR_NOT_FOUND, OUTCOME_INPUT},         {ERR_UNSUPPORTED, OUTCOME_INPUT},
                {ERR_DAMAGED, OUTCOME_INTEGRITY}};

enum outcome outcome_of_err(enum err err)
{
    for (size_t i = 0; i < sizeof(err_rows) / sizeof(err_rows[0]); i++) {
        if (err_rows[i].err == err) {
            return err_rows[i].outcome;
        }
    }
    return err == ERR_NONE ? OUTCOME_OK : OUTCOME_FAILED;
}

enum outcome run_fail_err(struct run *run, enum err err, const char *detail)
{
    struct text text = {err_text(err, LANGUAGE_ENGLISH), err_text(err, LANGUAGE_GERMAN)};
    return run_fail(run, outcome_of_err(err), text, slice_string(detail));
}

enum outcome run_fail_complaint(struct run *run, enum err err, const struct complaint *complaint)
{
    if (complaint->text.english == NULL) {
        return run_fail_err(run, err, complaint->detail);
    }
    if (complaint->line == 0) {
        return run_fail(run, outcome_of_err(err), complaint->text, slice_string(complaint->detail));
    }
    char english[DETAIL_BYTES], german[DETAIL_BYTES];
    complaint_format(complaint, LANGUAGE_ENGLISH, english, sizeof(english));
    complaint_format(complaint, LANGUAGE_GERMAN, german, sizeof(german));
    return run_fail(run, outcome_of_err(err), (struct text){english, german}, SLICE_NONE);
}

struct slice run_words(const struct run *run, const struct json *object)
{
    if (object != NULL && object->type == JSON_STRING) {
        return object->text;
    }
    return json_text(object, run->language == LANGUAGE_GERMAN ? "german" : "english", SLICE_NONE);
}

enum outcome run_read_file(struct run *run, const char *path, size_t max_bytes, struct buf *out)
{
    bool is_standard = strcmp(path, "-") == 0;
    int fd = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    enum err err = fd < 0 ? err_from_errno(errno) : ERR_NONE;
    if (err == ERR_NONE && !is_standard && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        err = ERR_INVALID; /* a directory, a device, a pipe that never ends */
    }
    for (ssize_t got = 1; err == ERR_NONE && got > 0;) {
        err = out->len > max_bytes ? ERR_TOO_LARGE : buf_reserve(out, 1 << 16);
        got = err == ERR_NONE ? read(fd, out->data + out->len, 1 << 16) : 0;
        if (got < 0) {
            err = err_from_errno(errno);
        } else {
            out->len += (size_t)got;
        }
    }
    if (fd >= 0 && !is_standard) {
        close(fd);
    }
    if (err == ERR_NONE && out->len > max_bytes) {
        err = ERR_TOO_LARGE;
    }
    if (err == ERR_NONE) {
        return OUTCOME_OK;
    }
    struct text text =
        err == ERR_TOO_LARGE
            ? TEXT("the file is larger than allowed", "die Datei ist größer als erlaubt")
            : TEXT("the file cannot be read", "die Datei lässt sich nicht lesen");
    return run_fail(run, OUTCOME_INPUT, text, slice_string(path));
}

enum outcome run_write_file(struct run *run, const char *path, struct slice bytes)
{
    if (strcmp(path, "-") == 0) {
        bool good = fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len && fflush(stdout) == 0;
        return good ? OUTCOME_OK : run_fail_err(run, ERR_IO, path);
    }
    const char *beside = arena_printf(run->arena, "%s.new", path);
    int fd = beside == NULL
                 ? -1
                 : open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < bytes.len;) {
        ssize_t wrote = write(fd, bytes.data + done, bytes.len - done);
        good = wrote > 0;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    good = good && fsync(fd) == 0;
    if (fd >= 0) {
        good = close(fd) == 0 && good;
    }
    if (good && rename(beside, path) == 0) {
        return OUTCOME_OK;
    }
    int number = errno;
    if (fd >= 0) {
        unlink(beside);
    }
    return run_fail(run, OUTCOME_FAILED,
                    TEXT("the file cannot be written", "die Datei lässt sich nicht schreiben"),
                    slice_string(arena_printf(run->arena, "%s (%s)", path, strerror(number))));
}

const char *run_directory(const struct run *run)
{
    const char *given = run_option(run, OPTION_DIR);
    given = given == NULL ? getenv("VOGT_DIR") : given;
    if (given != NULL && given[0] != '\0') {
        return given;
    }
    bool is_here = access("var/vogt.db", F_OK) == 0 || access("var/postgresql", F_OK) == 0;
    return is_here || access("/var/lib/vogt", F_OK) != 0 ? "var" : "/var/lib/vogt";
}

const char *run_find_program(struct run *run, const char *const *paths, size_t count)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[len < 0 ? 0 : len] = '\0';
    const char *folder = dirname(self);
    for (size_t i = 0; len >= 0 && i < count; i++) {
        const char *path = arena_printf(run->arena, "%s%s", folder, paths[i]);
        if (path != NULL && access(path, X_OK) == 0) {
            return path;
        }
    }
    return NULL;
}

static enum outcome dispatch(struct run *run, enum err err, const struct complaint *complaint)
{
    const char *language = run_option(run, OPTION_LANGUAGE);
    if (language != NULL) {
        run->language = strcmp(language, "de") == 0 ? LANGUAGE_GERMAN : LANGUAGE_ENGLISH;
    }
    run->json = run_has(run, OPTION_JSON);
    if (err != ERR_NONE) {
        run_fail(run, OUTCOME_USAGE, complaint->text, slice_string(complaint->detail));
        return OUTCOME_USAGE;
    }
    if (run->command == NULL) {
        help_all(run);
        return OUTCOME_OK;
    }
    if (run_has(run, OPTION_HELP)) {
        help_command(run, run->command);
        return OUTCOME_OK;
    }
    return run->command->run(run);
}

int command_main(int count, char **words)
{
    struct run run = {.language = language_of_environment(), .screen = screen_of(stdout)};
    struct complaint complaint = {.text = {NULL, NULL}};
    enum err err = crypto_start();
    run.arena = arena_new(ARENA_BYTES);
    if (err != ERR_NONE || run.arena == NULL) {
        return (int)run_fail_err(&run, err == ERR_NONE ? ERR_MEMORY : err, "");
    }
    err = command_parse(count, words, &run, &complaint);
    enum outcome outcome = dispatch(&run, err, &complaint);
    client_free(run.client);
    arena_free(run.arena);
    if (fflush(stdout) != 0 && outcome == OUTCOME_OK) {
        fputs("vogt: standard output cannot be written\n", stderr);
        outcome = OUTCOME_FAILED;
    }
    return run.exit_code != 0 ? run.exit_code : (int)outcome;
}
