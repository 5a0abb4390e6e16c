#include "dropin/dropin.h"

#include "base/language.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 512 << 20 };

static const struct verb verbs[] = {
#define VERB(name, function, least, most, flags, arguments, english, german)                       \
    {name, function, least, most, flags, arguments, {english, german}},
#include "dropin/verbs.def"
#undef VERB
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static const char common_flags[] = "address= ca-cert= ca-path= client-cert= client-key= tls-skip-verify tls-server-name= namespace= ns= format= field= header= "
                                   "wrap-ttl= non-interactive no-color help h";

bool dropin_is_called(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strcmp(slash == NULL ? program : slash + 1, "vault") == 0;
}

int dropin_say(struct dropin *dropin, struct text text, const char *detail)
{
    struct screen errors = screen_of(stderr);
    fflush(stdout);
    screen_string(&errors, COLOUR_NONE, text_in(text, dropin->run.language));
    if (detail != NULL && detail[0] != '\0') {
        screen_string(&errors, COLOUR_NONE, ": ");
        screen_string(&errors, COLOUR_NONE, detail);
    }
    fputc('\n', stderr);
    return DROPIN_LOCAL;
}

int dropin_out_of_memory(struct dropin *dropin)
{
    return dropin_say(dropin, TEXT("out of memory", "nicht genug Speicher"), NULL);
}

const char *dropin_variable(const char *name)
{
    static const char *const prefixes[] = {"BAO_", "VAULT_"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        char whole[64];
        int len = snprintf(whole, sizeof(whole), "%s%s", prefixes[i], name);
        const char *value = len > 0 && (size_t)len < sizeof(whole) ? getenv(whole) : NULL;
        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    return NULL;
}

/* ---- the words ---- */

/* Whether `list` has the flag, and whether it takes a value. */
static bool flag_is_in(const char *list, struct slice name, bool *ret_takes_value)
{
    struct slice rest = slice_string(list), part;
    while (slice_split(&rest, ' ', &part)) {
        bool takes_value = part.len > 0 && part.data[part.len - 1] == '=';
        struct slice bare = slice_first(part, part.len - (takes_value ? 1 : 0));
        if (bare.len > 0 && slice_equal(bare, name)) {
            *ret_takes_value = takes_value;
            return true;
        }
    }
    return false;
}

/* "-name", "-name=value", "-name value", with one dash or two, as Go's flags are. */
static int take_flag(struct dropin *dropin, int count, char **words, int *position)
{
    const char *word = words[*position], *name = word + (word[1] == '-' ? 2 : 1), *equals = strchr(name, '=');
    struct slice bare = slice_of(name, equals == NULL ? strlen(name) : (size_t)(equals - name));
    bool takes_value = false;
    if (!flag_is_in(common_flags, bare, &takes_value) && !flag_is_in(dropin->verb->flags, bare, &takes_value)) {
        return dropin_say(dropin, TEXT("flag provided but not defined", "diese Angabe gibt es hier nicht"), word);
    }
    const char *value = equals == NULL ? "" : equals + 1;
    if (takes_value && equals == NULL) {
        if (*position + 1 >= count) {
            return dropin_say(dropin, TEXT("flag needs an argument", "diese Angabe braucht einen Wert"), word);
        }
        value = words[++*position];
    }
    if (dropin->flag_count == DROPIN_FLAGS_MAX) {
        return dropin_say(dropin, TEXT("too many flags", "zu viele Angaben"), word);
    }
    const char *kept = arena_string(dropin->run.arena, bare);
    dropin->flags[dropin->flag_count++] = (struct dropin_flag){kept == NULL ? "" : kept, value};
    return DROPIN_OK;
}

/* Flags stand before the first argument; behind it a dash is data, as it is to Vault. */
static int sort_words(struct dropin *dropin, int count, char **words)
{
    int i = 0;
    for (; i < count && words[i][0] == '-' && words[i][1] != '\0'; i++) {
        if (strcmp(words[i], "--") == 0) {
            i++;
            break;
        }
        int code = take_flag(dropin, count, words, &i);
        if (code != DROPIN_OK) {
            return code;
        }
    }
    for (; i < count; i++) {
        if (dropin->word_count == DROPIN_WORDS_MAX) {
            return dropin_say(dropin, TEXT("too many arguments", "zu viele Angaben"), words[i]);
        }
        dropin->words[dropin->word_count++] = words[i];
    }
    return DROPIN_OK;
}

static const struct verb *find_verb(char **words, size_t count, size_t *ret_taken)
{
    for (size_t i = 0; i < VERB_COUNT; i++) {
        size_t taken = words_match(verbs[i].name, words, count);
        if (taken > 0) {
            *ret_taken = taken;
            return &verbs[i];
        }
    }
    return NULL;
}

/* ---- help ---- */

static void show_verbs(const struct dropin *dropin, const char *group)
{
    size_t len = strlen(group);
    printf("%s\n\n", text_in(TEXT("Usage: vault VERB [flags] [arguments]", "Aufruf: vault VERB [Schalter] [Angaben]"), dropin->run.language));
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (len == 0 || (strncmp(verbs[i].name, group, len) == 0 && verbs[i].name[len] == ' ')) {
            printf("    %-30s %s\n", verbs[i].name, text_in(verbs[i].help, dropin->run.language));
        }
    }
}

static void show_verb(const struct dropin *dropin)
{
    const struct verb *verb = dropin->verb;
    struct slice rest = slice_string(verb->flags), part;
    printf("%s vault %s %s\n\n%s\n", text_in(TEXT("Usage:", "Aufruf:"), dropin->run.language), verb->name, verb->arguments, text_in(verb->help, dropin->run.language));
    while (slice_split(&rest, ' ', &part)) {
        if (part.len > 0) {
            printf("    -%.*s\n", (int)part.len, (const char *)part.data);
        }
    }
}

static bool group_exists(const char *group)
{
    size_t len = strlen(group);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strncmp(verbs[i].name, group, len) == 0 && verbs[i].name[len] == ' ') {
            return true;
        }
    }
    return false;
}

static int without_verb(struct dropin *dropin, int count, char **words)
{
    const char *word = count == 0 ? "-help" : words[0];
    if (strcmp(word, "-help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        show_verbs(dropin, "");
        return count == 0 ? DROPIN_LOCAL : DROPIN_OK;
    }
    if (group_exists(word)) {
        show_verbs(dropin, word);
        return count > 1 && strcmp(words[1], "-help") == 0 ? DROPIN_OK : DROPIN_LOCAL;
    }
    return dropin_say(dropin, TEXT("no such verb; vault -help lists them", "dieses Verb gibt es nicht; vault -help nennt alle"), word);
}

/* ---- flags ---- */

const char *dropin_flag(const struct dropin *dropin, const char *name)
{
    for (size_t i = dropin->flag_count; i > 0; i--) {
        if (strcmp(dropin->flags[i - 1].name, name) == 0) {
            return dropin->flags[i - 1].value;
        }
    }
    return NULL;
}

bool dropin_switch(const struct dropin *dropin, const char *name)
{
    const char *value = dropin_flag(dropin, name);
    return value != NULL && strcmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

bool dropin_next_flag(const struct dropin *dropin, const char *name, size_t *position, const char **ret_value)
{
    for (size_t i = *position; i < dropin->flag_count; i++) {
        if (strcmp(dropin->flags[i].name, name) == 0) {
            *position = i + 1;
            *ret_value = dropin->flags[i].value;
            return true;
        }
    }
    return false;
}

bool dropin_is_table(const struct dropin *dropin)
{
    const char *format = dropin_flag(dropin, "format");
    format = format == NULL ? dropin_variable("FORMAT") : format;
    return format == NULL || strcmp(format, "table") == 0;
}

static int check_format(struct dropin *dropin)
{
    const char *format = dropin_flag(dropin, "format");
    return format == NULL || strcmp(format, "table") == 0 || strcmp(format, "json") == 0 || strcmp(format, "yaml") == 0 || strcmp(format, "yml") == 0
               ? DROPIN_OK
               : dropin_say(dropin, TEXT("the formats are table, json and yaml", "die Formate sind table, json und yaml"), format);
}

static int dispatch(struct dropin *dropin, int count, char **words)
{
    size_t taken = 0;
    if (count > 0 && (strcmp(words[0], "-version") == 0 || strcmp(words[0], "--version") == 0 || strcmp(words[0], "-v") == 0)) {
        return verb_version(dropin);
    }
    dropin->verb = find_verb(words, (size_t)count, &taken);
    if (dropin->verb == NULL) {
        return without_verb(dropin, count, words);
    }
    int code = sort_words(dropin, count - (int)taken, words + taken);
    if (code != DROPIN_OK) {
        return code;
    }
    if (dropin_switch(dropin, "help") || dropin_switch(dropin, "h")) {
        show_verb(dropin);
        return DROPIN_OK;
    }
    if (dropin->word_count < dropin->verb->least || dropin->word_count > dropin->verb->most) {
        return dropin_say(dropin, dropin->word_count < dropin->verb->least ? TEXT("Not enough arguments", "Zu wenige Angaben") : TEXT("Too many arguments", "Zu viele Angaben"),
                          dropin->verb->name);
    }
    code = check_format(dropin);
    return code == DROPIN_OK ? dropin->verb->run(dropin) : code;
}

int dropin_main(int count, char **words)
{
    static struct dropin dropin; /* large, and there is one */
    dropin.run = (struct run){.language = language_of_environment(), .screen = screen_of(stdout), .arena = arena_new(ARENA_BYTES)};
    if (crypto_start() != ERR_NONE || dropin.run.arena == NULL) {
        return dropin_out_of_memory(&dropin);
    }
    int code = dispatch(&dropin, count, words);
    connection_free(dropin.connection);
    arena_free(dropin.run.arena);
    if (fflush(stdout) != 0 && code == DROPIN_OK) {
        fputs("vault: standard output cannot be written\n", stderr);
        code = DROPIN_LOCAL;
    }
    return code;
}
