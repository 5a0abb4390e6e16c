/* Help, completion for bash and zsh, and docs/commands.md: all from the two tables. */
#include "command/command.h"

#include <string.h>

enum { PAGE_BYTES = 1 << 18 };

static bool takes(const struct command *command, size_t option)
{
    return (command->options & (UINT64_C(1) << option)) != 0;
}

/* The common options are those of the last command, `help`, which has none of its own. */
static bool is_common(size_t option)
{
    return takes(&commands[command_count - 1], option);
}

static const struct text introduction = {
    "Vogt proves the sentences of an annex of technical and organisational measures.",
    "Vogt beweist die Sätze einer Anlage technischer und organisatorischer Maßnahmen."};

void help_all(struct run *run)
{
    const struct screen *screen = &run->screen;
    screen_wrap(screen, 0, 0, COLOUR_NONE, slice_string(run_text(run, introduction)));
    fprintf(screen->out, "\n%s\n\n",
            SAY(run, "vogt COMMAND [OPTIONS] [ARGUMENTS]", "vogt BEFEHL [OPTIONEN] [ANGABEN]"));
    for (size_t i = 0; i < command_count; i++) {
        size_t len = strlen(commands[i].name);
        fprintf(screen->out, "  %s", commands[i].name);
        screen_spaces(screen, len < 19 ? 19 - len : 1);
        screen_wrap(screen, 21, 21, COLOUR_NONE, slice_string(run_text(run, commands[i].help)));
    }
    fprintf(screen->out, "\n%s\n",
            SAY(run, "`vogt help COMMAND` tells more.", "`vogt help BEFEHL` sagt mehr."));
}

void help_command(struct run *run, const struct command *command)
{
    const struct screen *screen = &run->screen;
    fprintf(screen->out, "vogt %s%s%s %s\n\n", command->name,
            command->arguments[0] == '\0' ? "" : " ", command->arguments,
            SAY(run, "[OPTIONS]", "[OPTIONEN]"));
    screen_wrap(screen, 0, 0, COLOUR_NONE, slice_string(run_text(run, command->help)));
    fputc('\n', screen->out);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (takes(command, i)) {
            const struct option_row *row = &option_rows[i];
            int len = fprintf(screen->out, "  %s%s%s", row->name, row->value == NULL ? "" : " ",
                              row->value == NULL ? "" : row->value);
            screen_spaces(screen, len < 25 ? (size_t)(25 - len) : 1);
            screen_wrap(screen, 25, 25, COLOUR_NONE, slice_string(run_text(run, row->help)));
        }
    }
}

static const struct command *named(const struct run *run)
{
    cleanup_buf struct buf name = BUF_INIT(256);
    for (size_t i = 0; i < run->argument_count; i++) {
        if ((i > 0 && buf_append_byte(&name, ' ') != ERR_NONE) ||
            buf_append_string(&name, run->arguments[i]) != ERR_NONE) {
            return NULL;
        }
    }
    for (size_t i = 0; i < command_count; i++) {
        if (slice_is(buf_slice(&name), commands[i].name)) {
            return &commands[i];
        }
    }
    return NULL;
}

static struct json *describe(struct arena *arena, const struct command *command)
{
    struct json *one = json_new(arena, JSON_OBJECT);
    json_set_string(arena, one, "name", slice_string(command->name));
    json_set_string(arena, one, "arguments", slice_string(command->arguments));
    json_set_string(arena, one, "english", slice_string(command->help.english));
    json_set_string(arena, one, "german", slice_string(command->help.german));
    struct json *options = json_set_array(arena, one, "options");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (takes(command, i)) {
            json_append(options, json_string(arena, slice_string(option_rows[i].name)));
        }
    }
    return one;
}

/* Help on "ledger" alone lists the commands that begin with it. */
static bool help_family(struct run *run)
{
    bool found = false;
    size_t len = strlen(run->arguments[0]);
    for (size_t i = 0; i < command_count && run->argument_count == 1; i++) {
        if (strncmp(commands[i].name, run->arguments[0], len) == 0 &&
            commands[i].name[len] == ' ') {
            if (found) {
                fputc('\n', run->screen.out);
            }
            help_command(run, &commands[i]);
            found = true;
        }
    }
    return found;
}

enum outcome command_help(struct run *run)
{
    const struct command *command = run->argument_count == 0 ? NULL : named(run);
    if (run->json) {
        struct json *list = json_new(run->arena, JSON_ARRAY);
        for (size_t i = 0; i < command_count; i++) {
            if (run->argument_count == 0 || command == &commands[i]) {
                json_append(list, describe(run->arena, &commands[i]));
            }
        }
        return run_print_json(list);
    }
    if (run->argument_count == 0) {
        help_all(run);
    } else if (command != NULL) {
        help_command(run, command);
    } else if (!help_family(run)) {
        return run_fail(run, OUTCOME_USAGE,
                        TEXT("no such command; `vogt help` lists them",
                             "diesen Befehl gibt es nicht; `vogt help` nennt alle"),
                        slice_string(run->arguments[0]));
    }
    return OUTCOME_OK;
}

/* ---- docs/commands.md ---- */

static const struct {
    enum outcome outcome;
    const char *meaning;
} codes[] = {
    {OUTCOME_OK, "done"},
    {OUTCOME_FAILED, "it was tried and failed; with `--check`: not every sentence shown is kept"},
    {OUTCOME_USAGE, "the command line is wrong"},
    {OUTCOME_UNREACHABLE,
     "Vogt cannot be reached, its certificate is not trusted, or it is sealed or not initialised"},
    {OUTCOME_DENIED, "the token may not do this, or there is none"},
    {OUTCOME_INPUT, "the input is bad: a file, an address, a name that does not exist"},
    {OUTCOME_INTEGRITY, "a ledger, a bundle or a replay does not agree"},
};

#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum err try_err = (call);                                                                 \
        if (try_err != ERR_NONE) {                                                                 \
            return try_err;                                                                        \
        }                                                                                          \
    } while (0)

static enum err page_options(struct buf *out, const struct command *command)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (command == NULL ? is_common(i) : takes(command, i) && !is_common(i)) {
            TRY(buf_printf(out, "- `%s%s%s` %s\n", row->name, row->value == NULL ? "" : " ",
                           row->value == NULL ? "" : row->value, row->help.english));
        }
    }
    return ERR_NONE;
}

enum err help_page(struct buf *out)
{
    TRY(buf_append_string(out, "# The command line\n\nWritten by `vogt help` from its tables "
                               "(`src/command/commands.def`, `options.def`); a test compares.\n\n"
                               "Every command takes:\n\n"));
    TRY(page_options(out, NULL));
    TRY(buf_append_string(out,
                          "\nThe server is `--address`, `VOGT_ADDR`, or what `vogt up` left in "
                          "`DIR/address`. Its certificate is trusted through\n"
                          "`VOGT_CACERT` (a file of authorities), or because it is exactly "
                          "`DIR/tls.pem` (this host, or `--dir` given), or through the\n"
                          "system's authorities. The token is `VOGT_TOKEN`, `DIR/operator.token` "
                          "when `--dir` is given, `~/.vogt/token`, or\n"
                          "`DIR/operator.token`. Colours appear on a terminal only and never with "
                          "`NO_COLOR`.\n\n## Exit codes\n\n| code | meaning |\n|---|---|\n"));
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        TRY(buf_printf(out, "| %d | %s |\n", (int)codes[i].outcome, codes[i].meaning));
    }
    TRY(buf_append_string(out,
                          "\n`vogt up` passes the daemon's own exit code on once it was ready. "
                          "With `--json` a failure prints\n"
                          "`{\"error\":{\"code\",\"english\",\"german\",\"detail\"}}` on standard "
                          "output, beside the words on standard error.\n\n## Commands\n"));
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        TRY(buf_printf(out, "\n### vogt %s%s%s\n\n%s\n", command->name,
                       command->arguments[0] == '\0' ? "" : " ", command->arguments,
                       command->help.english));
        size_t before = out->len;
        TRY(buf_append_byte(out, '\n'));
        TRY(page_options(out, command));
        out->len = out->len == before + 1 ? before : out->len;
    }
    return ERR_NONE;
}

/* ---- completion ---- */

static enum err words_of_options(struct buf *out, const struct command *command)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (takes(command, i)) {
            TRY(buf_printf(out, " %s", option_rows[i].name));
        }
    }
    return ERR_NONE;
}

/* First words, each once: they stand together in the table only by accident. */
static enum err first_words(struct buf *out)
{
    for (size_t i = 0; i < command_count; i++) {
        size_t len = strcspn(commands[i].name, " ");
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = strncmp(commands[j].name, commands[i].name, len) == 0 &&
                   (commands[j].name[len] == ' ' || commands[j].name[len] == '\0');
        }
        if (!seen) {
            TRY(buf_printf(out, " %.*s", (int)len, commands[i].name));
        }
    }
    return ERR_NONE;
}

static enum err second_words(struct buf *out, const char *first)
{
    size_t len = strlen(first);
    for (size_t i = 0; i < command_count; i++) {
        if (strncmp(commands[i].name, first, len) == 0 && commands[i].name[len] == ' ') {
            TRY(buf_printf(out, " %s", commands[i].name + len + 1));
        }
    }
    return ERR_NONE;
}

static enum err family_cases(struct buf *out)
{
    static const char *const families[] = {"estate", "source", "agent",
                                           "ledger", "evidence", "token", "policy"};
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        TRY(buf_printf(out, "    %s) choices=\"", families[i]));
        TRY(second_words(out, families[i]));
        TRY(buf_append_string(out, "\" ;;\n"));
    }
    TRY(buf_append_string(out, "    completion) choices=\"bash zsh\" ;;\n    help) choices=\""));
    TRY(first_words(out));
    return buf_append_string(out, "\" ;;\n");
}

static enum err option_cases(struct buf *out)
{
    static const char *const actions[] = {[COMPLETE_FILE] = "files",
                                          [COMPLETE_DIRECTORY] = "folders",
                                          [COMPLETE_LANGUAGE] = "\"de en\"",
                                          [COMPLETE_LEVEL] =
                                              "\"none limits seccomp landlock full\"",
                                          [COMPLETE_NONE] = "nothing"};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (option_rows[i].value != NULL) {
            TRY(buf_printf(out, "    %s) value=%s ;;\n", option_rows[i].name,
                           actions[option_rows[i].complete]));
        }
    }
    return ERR_NONE;
}

static enum err option_lists(struct buf *out)
{
    for (size_t i = 0; i < command_count; i++) {
        TRY(buf_printf(out, "    \"%s\") options=\"", commands[i].name));
        TRY(words_of_options(out, &commands[i]));
        TRY(buf_append_string(out, "\" ;;\n"));
    }
    return ERR_NONE;
}

/* The part that both shells share: from $previous, $first and $second to $value, $choices, $options
 * ($words is zsh's own: giving it a value there completes nothing any more). */
static enum err shared_part(struct buf *out)
{
    TRY(buf_append_string(out,
                          "_vogt_find() {\n  value= choices= options=\n  case \"$previous\" in\n"));
    TRY(option_cases(out));
    TRY(buf_append_string(out, "  esac\n  case \"$first\" in\n    '') choices=\""));
    TRY(first_words(out));
    TRY(buf_append_string(out, "\" ;;\n"));
    TRY(family_cases(out));
    TRY(buf_append_string(out, "  esac\n  case \"$first\" in\n"));
    for (size_t i = 0; i < command_count; i++) {
        if (strchr(commands[i].name, ' ') == NULL) {
            TRY(buf_printf(out, "    %s) options=\"", commands[i].name));
            TRY(words_of_options(out, &commands[i]));
            TRY(buf_append_string(out, "\" ;;\n"));
        }
    }
    TRY(buf_append_string(out, "  esac\n  case \"$first $second\" in\n"));
    TRY(option_lists(out));
    return buf_append_string(out, "  esac\n}\n\n");
}

enum err completion_bash(struct buf *out)
{
    TRY(buf_append_string(
        out, "# bash completion for vogt; load with: source <(vogt completion bash)\n"));
    TRY(shared_part(out));
    return buf_append_string(
        out, "_vogt() {\n"
             "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} "
             "first= second= value choices options word\n"
             "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
             "    case \"$word\" in -*) continue ;; esac\n"
             "    if [ -z \"$first\" ]; then first=$word; elif [ -z \"$second\" ]; then "
             "second=$word; fi\n"
             "  done\n"
             "  _vogt_find\n"
             "  case \"$value\" in\n"
             "    files) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
             "    folders) COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n"
             "    nothing) COMPREPLY=(); return ;;\n"
             "    ?*) COMPREPLY=($(compgen -W \"$value\" -- \"$current\")); return ;;\n"
             "  esac\n"
             "  case \"$current\" in\n"
             "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
             "    *) COMPREPLY=($(compgen -W \"$choices\" -- \"$current\") $(if [ -n \"$first\" ]; "
             "then compgen -f -- \"$current\"; fi)) ;;\n"
             "  esac\n"
             "}\n"
             "complete -o filenames -F _vogt vogt\n");
}

enum err completion_zsh(struct buf *out)
{
    TRY(buf_append_string(
        out,
        "#compdef vogt\n# zsh completion for vogt; load with: source <(vogt completion zsh)\n"));
    TRY(shared_part(out));
    return buf_append_string(
        out, "_vogt() {\n"
             "  local current=$words[CURRENT] previous=$words[CURRENT-1] first= second= word\n"
             "  local -a typed; typed=(\"${(@)words[2,CURRENT-1]}\")\n"
             "  for word in $typed; do\n"
             "    case \"$word\" in -*) continue ;; esac\n"
             "    if [ -z \"$first\" ]; then first=$word; elif [ -z \"$second\" ]; then "
             "second=$word; fi\n"
             "  done\n"
             "  local value choices options\n"
             "  _vogt_find\n"
             "  case \"$value\" in\n"
             "    files) _files; return ;;\n"
             "    folders) _files -/; return ;;\n"
             "    nothing) return ;;\n"
             "    ?*) compadd -- ${=value}; return ;;\n"
             "  esac\n"
             "  case \"$current\" in\n"
             "    -*) compadd -- ${=options} ;;\n"
             "    *) compadd -- ${=choices}; if [ -n \"$first\" ]; then _files; fi ;;\n"
             "  esac\n"
             "}\n"
             "if [ \"$funcstack[1]\" = _vogt ]; then _vogt \"$@\"; else compdef _vogt vogt; fi\n");
}

enum outcome command_completion(struct run *run)
{
    bool is_bash = strcmp(run->arguments[0], "bash") == 0;
    cleanup_buf struct buf out = BUF_INIT(PAGE_BYTES);
    if (!is_bash && strcmp(run->arguments[0], "zsh") != 0) {
        return run_fail(run, OUTCOME_USAGE,
                        TEXT("there is completion for bash and zsh",
                             "es gibt Vervollständigung für bash und zsh"),
                        slice_string(run->arguments[0]));
    }
    enum err err = is_bash ? completion_bash(&out) : completion_zsh(&out);
    return err == ERR_NONE ? run_write_file(run, "-", buf_slice(&out)) : run_fail_err(run, err, "");
}
