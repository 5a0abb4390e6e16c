#include "command/command.h"

#include "base/check.h"
#include "command/screen.h"

#include <stdlib.h>
#include <unistd.h>

enum { WORDS_MAX = 8, FILE_BYTES = 1 << 20 };

static enum err parse(const char *const *words, struct run *run, struct complaint *complaint)
{
    int count = 0;
    union {
        const char *const *borrowed;
        char **words;
    } both = {.borrowed = words}; /* command_parse does not change them */
    while (words[count] != NULL) {
        count++;
    }
    *run = (struct run){.command = NULL};
    *complaint = (struct complaint){.text = {NULL, NULL}};
    return command_parse(count, both.words, run, complaint);
}

TEST(every_row_of_the_table_parses_with_its_least_and_most_arguments)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        char name[64];
        const char *words[ARGUMENTS_MAX + 4];
        size_t count = 0, len = strcspn(command->name, " ");
        CHECK(len < sizeof(name));
        memcpy(name, command->name, len);
        name[len] = '\0';
        words[count++] = name;
        const char *space = strchr(command->name, ' ');
        if (space != NULL) {
            words[count++] = space + 1;
        }
        struct run run;
        struct complaint complaint;
        for (size_t given = 0; given <= command->most; given++) {
            for (size_t j = 0; j < given; j++) {
                words[count + j] = "x";
            }
            words[count + given] = NULL;
            CHECK_ERR(given < command->least ? ERR_INVALID : ERR_NONE,
                      parse(words, &run, &complaint));
            CHECK(given < command->least || run.command == command);
            CHECK(given < command->least || run.argument_count == given);
        }
        for (size_t j = 0; j <= command->most; j++) {
            words[count + j] = "x";
        }
        words[count + command->most + 1] = NULL;
        bool can_overflow = command->most + 1 + count <= ARGUMENTS_MAX;
        CHECK(!can_overflow || parse(words, &run, &complaint) == ERR_INVALID);
    }
}

TEST(rows_are_whole_in_both_languages)
{
    for (size_t i = 0; i < command_count; i++) {
        CHECK(commands[i].run != NULL && commands[i].least <= commands[i].most &&
              commands[i].most < ARGUMENTS_MAX);
        CHECK(strlen(commands[i].help.english) > 10 && strlen(commands[i].help.german) > 10);
        CHECK((commands[i].least == 0) || commands[i].arguments[0] != '\0');
        for (size_t j = 0; j < i; j++) {
            CHECK(strcmp(commands[i].name, commands[j].name) != 0);
            size_t len =
                strlen(commands[j].name); /* a name that begins another one must stand after it */
            CHECK(strncmp(commands[i].name, commands[j].name, len) != 0 ||
                  commands[i].name[len] != ' ');
        }
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        CHECK(option_rows[i].name[0] == '-' && strlen(option_rows[i].help.english) > 5 &&
              strlen(option_rows[i].help.german) > 5);
        bool is_used = false;
        for (size_t j = 0; j < command_count; j++) {
            is_used = is_used || (commands[j].options & (UINT64_C(1) << i)) != 0;
        }
        CHECK(is_used);
    }
}

static const struct {
    const char *words[WORDS_MAX];
    enum err err;
    const char *command;
    enum option option;
    const char *value;
    size_t arguments;
} cases[] = {
    {{"status", NULL}, ERR_NONE, "status", OPTION_DIR, NULL, 0},
    {{"--dir", "d", "status", NULL}, ERR_NONE, "status", OPTION_DIR, "d", 0},
    {{"status", "--dir=d", NULL}, ERR_NONE, "status", OPTION_DIR, "d", 0},
    {{"status", "--dir=", NULL}, ERR_NONE, "status", OPTION_DIR, "", 0},
    {{"ledger", "--json", "verify", "d", NULL}, ERR_NONE, "ledger verify", OPTION_JSON, NULL, 1},
    {{"evidence", "verify", "f", NULL}, ERR_NONE, "evidence verify", OPTION_DIR, NULL, 1},
    {{"evidence", "3.1", "-o", "f", NULL}, ERR_NONE, "evidence", OPTION_OUTPUT, "f", 1},
    {{"evidence", "3.1", "--output", "f", NULL}, ERR_NONE, "evidence", OPTION_OUTPUT, "f", 1},
    {{"evidence", "3.1", "--output=f", NULL}, ERR_NONE, "evidence", OPTION_OUTPUT, "f", 1},
    {{"adopt", "--", "--dry-run", NULL}, ERR_NONE, "adopt", OPTION_DRY_RUN, NULL, 1},
    {{"adopt", "-", NULL}, ERR_NONE, "adopt", OPTION_DRY_RUN, NULL, 1},
    {{"adopt", "--help", NULL}, ERR_NONE, "adopt", OPTION_HELP, NULL, 0},
    {{"-h", NULL}, ERR_NONE, NULL, OPTION_HELP, NULL, 0},
    {{NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"nope", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"ledger", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"ledger", "nope", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"status", "--nope", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"status", "--dir", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"status", "--json=yes", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"status", "--annex", "f", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"status", "--language", "fr", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"status", "more", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
    {{"adopt", NULL}, ERR_INVALID, NULL, OPTION_DIR, NULL, 0},
};

TEST(words_are_read_as_the_table_says)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run;
        struct complaint complaint;
        CHECK_ERR(cases[i].err, parse(cases[i].words, &run, &complaint));
        if (cases[i].err != ERR_NONE) {
            CHECK(complaint.text.english != NULL && complaint.text.german != NULL);
            continue;
        }
        CHECK_STRING(cases[i].command, run.command == NULL ? NULL : run.command->name);
        CHECK_U64(cases[i].arguments, run.argument_count);
        if (cases[i].value != NULL) {
            CHECK_STRING(cases[i].value, run_option(&run, cases[i].option));
        }
    }
}

TEST(an_option_repeats_only_so_often)
{
    const char *words[2 * (REPEATS_MAX + 1) + 2] = {"status"};
    struct run run;
    struct complaint complaint;
    for (size_t i = 0; i <= REPEATS_MAX; i++) {
        words[1 + 2 * i] = "--dir";
        words[2 + 2 * i] = i == 0 ? "first" : "last";
    }
    words[1 + 2 * REPEATS_MAX] = NULL;
    CHECK_ERR(ERR_NONE, parse(words, &run, &complaint));
    CHECK_STRING("last", run_option(&run, OPTION_DIR));
    words[1 + 2 * REPEATS_MAX] = "--dir";
    words[3 + 2 * REPEATS_MAX] = NULL;
    CHECK_ERR(ERR_INVALID, parse(words, &run, &complaint));
}

static size_t count_of(struct slice text, struct slice needle)
{
    size_t count = 0, at;
    while ((at = slice_find(text, needle)) != SIZE_MAX) {
        count++;
        text = slice_from(text, at + needle.len);
    }
    return count;
}

TEST(completion_knows_every_command_and_option_and_is_good_shell)
{
    static const char *const shells[] = {"bash -n", "zsh -n"};
    for (size_t i = 0; i < 2; i++) {
        cleanup_buf struct buf out = BUF_INIT(FILE_BYTES);
        CHECK_ERR(ERR_NONE, i == 0 ? completion_bash(&out) : completion_zsh(&out));
        for (size_t j = 0; j < command_count; j++) {
            char quoted[80];
            snprintf(quoted, sizeof(quoted), "    \"%s\") options=", commands[j].name);
            CHECK_U64(1, count_of(buf_slice(&out), slice_string(quoted)));
        }
        if (i == 1 && access("/usr/bin/zsh", X_OK) != 0 && access("/bin/zsh", X_OK) != 0) {
            continue; /* its parts that bash shares were read above */
        }
        FILE *shell = popen(shells[i], "w");
        CHECK(shell != NULL);
        CHECK_U64(out.len, fwrite(out.data, 1, out.len, shell));
        CHECK(pclose(shell) == 0);
    }
}

/* bash itself completes: the words that it offers for what was typed. */
static bool offers(const char *typed, const char *word)
{
    char script[1024], line[256];
    cleanup_buf struct buf out = BUF_INIT(FILE_BYTES);
    char path[] = "/tmp/vogt-completion-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || completion_bash(&out) != ERR_NONE ||
        write(fd, out.data, out.len) != (ssize_t)out.len || close(fd) != 0) {
        return false;
    }
    snprintf(script, sizeof(script),
             "bash -c 'source %s; COMP_WORDS=(vogt %s); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); "
             "_vogt; printf \"%%s\\n\" \"${COMPREPLY[@]}\"'",
             path, typed);
    FILE *shell = popen(script, "r");
    bool found = false;
    while (shell != NULL && fgets(line, sizeof(line), shell) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = found || strcmp(line, word) == 0;
    }
    bool ended = shell != NULL && pclose(shell) == 0;
    unlink(path);
    return ended && found;
}

TEST(bash_completes_commands_options_and_values)
{
    CHECK(offers("led", "ledger"));
    CHECK(offers("ledger ver", "verify"));
    CHECK(offers("ledger verify --kn", "--known"));
    CHECK(offers("up --li", "--listen"));
    CHECK(offers("status --language \"\"", "de"));
    CHECK(offers("up --minimum land", "landlock"));
    CHECK(offers("completion z", "zsh"));
    CHECK(!offers("status --an", "--annex"));
}

TEST(the_page_of_commands_is_the_one_in_docs)
{
    cleanup_buf struct buf page = BUF_INIT(FILE_BYTES), kept = BUF_INIT(FILE_BYTES);
    FILE *file = fopen(VOGT_SOURCE_ROOT "/docs/commands.md", "rb");
    CHECK(file != NULL);
    CHECK_ERR(ERR_NONE, buf_reserve(&kept, FILE_BYTES));
    kept.len = fread(kept.data, 1, FILE_BYTES, file);
    fclose(file);
    CHECK_ERR(ERR_NONE, help_page(&page));
    CHECK(slice_equal(buf_slice(&page), buf_slice(&kept)));
}

/* ---- the terminal ---- */

static struct slice written(FILE *file, struct buf *out)
{
    rewind(file);
    if (buf_reserve(out, 4096) != ERR_NONE) {
        __builtin_trap();
    }
    out->len = fread(out->data, 1, 4096, file);
    fclose(file);
    return buf_slice(out);
}

TEST(text_is_wrapped_by_columns_not_bytes)
{
    cleanup_buf struct buf out = BUF_INIT(8192);
    struct screen screen = {.out = tmpfile(), .width = 20};
    CHECK(screen.out != NULL);
    screen_wrap(&screen, 0, 2, COLOUR_NONE,
                slice_string("äöüß äöüß  äöüß\nÄÖÜ wordthatistoolongforaline x"));
    CHECK_SLICE("äöüß äöüß äöüß ÄÖÜ\n  wordthatistoolongforaline\n  x\n",
                written(screen.out, &out));
}

TEST(what_others_wrote_never_moves_the_cursor)
{
    static const char *const hostile[] = {"a\033[2Jb",
                                          "a\x07",
                                          "a\xc2\x9b"
                                          "31mb",
                                          "a\xe2\x80\xae"
                                          "b",
                                          "\xff\xfe",
                                          "a\rb"};
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        cleanup_buf struct buf out = BUF_INIT(8192);
        struct screen screen = {.out = tmpfile(), .width = 80};
        screen_string(&screen, COLOUR_NONE, hostile[i]);
        struct slice text = written(screen.out, &out);
        CHECK(slice_find_byte(text, 0x1b) == SIZE_MAX && slice_find_byte(text, 0x07) == SIZE_MAX &&
              slice_find_byte(text, '\r') == SIZE_MAX);
        CHECK(slice_find(text, SLICE_LITERAL("\xc2\x9b")) == SIZE_MAX &&
              slice_find(text, SLICE_LITERAL("\xe2\x80\xae")) == SIZE_MAX);
        CHECK(slice_find(text, SLICE_LITERAL("\xef\xbf\xbd")) != SIZE_MAX);
    }
}

TEST(colours_stay_away_where_they_are_not_wanted)
{
    FILE *file = tmpfile();
    CHECK(file != NULL);
    CHECK(!screen_of(file).colours);
    fclose(file);
}

TEST_MAIN
