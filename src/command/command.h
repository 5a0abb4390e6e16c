/*
 * The command line: one table of commands and one of options, from which parsing, help, completion
 * and docs/commands.md come. A command is an ordinary client of the API; it never opens the
 * daemon's database but to verify it, read-only.
 */
#ifndef VOGT_COMMAND_COMMAND_H
#define VOGT_COMMAND_COMMAND_H

#include "base/arena.h"
#include "base/json.h"
#include "command/screen.h"

enum { ARGUMENTS_MAX = 32, REPEATS_MAX = 32 };

/* Exit codes, documented in docs/commands.md. */
enum outcome {
    OUTCOME_OK,
    OUTCOME_FAILED, /* it was tried and failed; with --check: not every sentence is kept */
    OUTCOME_USAGE,
    OUTCOME_UNREACHABLE, /* nothing answers, its certificate is not trusted, or it is sealed */
    OUTCOME_DENIED,
    OUTCOME_INPUT,
    OUTCOME_INTEGRITY, /* ledger, bundle or replay do not agree */
};

enum option {
#define OPTION(id, name, value, complete, english, german) OPTION_##id,
#include "command/options.def"
#undef OPTION
    OPTION_COUNT
};

enum complete {
    COMPLETE_NONE,
    COMPLETE_FILE,
    COMPLETE_DIRECTORY,
    COMPLETE_LANGUAGE,
    COMPLETE_LEVEL
};

struct option_row {
    const char *name, *value;
    enum complete complete;
    struct text help;
};
extern const struct option_row option_rows[OPTION_COUNT];

struct run;
typedef enum outcome (*command_fn)(struct run *run);

struct command {
    const char *name; /* "ledger verify" */
    command_fn run;
    const char *arguments; /* as shown */
    size_t least, most;
    uint64_t options; /* bit OPTION_x, the common ones included */
    struct text help;
};
extern const struct command commands[];
extern const size_t command_count;

/* Beside the bits of the options: what follows "--" is another program's command line. */
enum { PROGRAM_BIT = 63 };
#define TAKES_PROGRAM (UINT64_C(1) << PROGRAM_BIT)

struct option_values {
    const char *list[REPEATS_MAX];
    size_t count;
};

struct client;

struct run {
    const struct command *command;
    const char *arguments[ARGUMENTS_MAX];
    size_t argument_count;
    char **program; /* what follows "--", for commands that take it; ends with NULL as argv does */
    size_t program_count;
    int exit_code; /* of that program; counts instead of the outcome when it is not 0 */
    struct option_values options[OPTION_COUNT];
    enum language language;
    bool json;
    struct arena *arena;
    struct screen screen;
    struct client *client; /* NULL until the first question */
};

/* Reads the words after the program's name. ERR_INVALID with a complaint; arguments borrow. */
enum err command_parse(int count, char **words, struct run *run,
                       struct complaint *complaint) must_check;
int command_main(int count, char **words); /* the exit code */

/* How many of the words a name such as "ledger verify" takes; 0 when they say something else. */
size_t words_match(const char *name, char **words, size_t count);

bool run_has(const struct run *run, enum option option);
const char *run_option(const struct run *run, enum option option); /* the last one given, or NULL */
const char *run_text(const struct run *run, struct text text);
#define SAY(run, english, german) run_text((run), TEXT(english, german))

/* Says one error on standard error ("vogt: text: detail"), and as JSON on standard output when
 * --json was given. Returns `outcome`. */
enum outcome run_fail(struct run *run, enum outcome outcome, struct text text, struct slice detail);
enum outcome run_fail_err(struct run *run, enum err err, const char *detail);
enum outcome run_fail_complaint(struct run *run, enum err err, const struct complaint *complaint);
enum outcome outcome_of_err(enum err err);
/* Prints a tree as the command's JSON. */
enum outcome run_print_json(const struct json *tree);
/* The text of {"english","german"} in the language of the run; empty when there is none. */
struct slice run_words(const struct run *run, const struct json *object);
/* A whole file ("-": standard input) or a complaint said. */
enum outcome run_read_file(struct run *run, const char *path, size_t max_bytes, struct buf *out);
/* Writes beside and renames, 0644; "-" is standard output. */
enum outcome run_write_file(struct run *run, const char *path, struct slice bytes);
const char *run_directory(const struct run *run);
/* The first of these paths below the folder of our own program that can be run; NULL: none. */
const char *run_find_program(struct run *run, const char *const *paths, size_t count);

/* command_help.c */
void help_all(struct run *run);
void help_command(struct run *run, const struct command *command);
enum err help_page(struct buf *out) must_check; /* docs/commands.md */
enum err completion_bash(struct buf *out) must_check;
enum err completion_zsh(struct buf *out) must_check;

#define COMMAND(name, function, ...) enum outcome function(struct run *run);
#include "command/commands.def"
#undef COMMAND

#endif
