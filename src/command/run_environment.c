#include "command/run_environment.h"

#include <string.h>

enum { VALUE_BYTES = 1 << 20 };

enum err environment_start(struct environment *environment, struct arena *arena, bool upper)
{
    *environment = (struct environment){.arena = arena, .upper = upper, .entries = arena_alloc_array(arena, ENVIRONMENT_MAX, sizeof *environment->entries)};
    return environment->entries == NULL ? ERR_MEMORY : ERR_NONE;
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static bool is_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
}

char *environment_name(struct arena *arena, const char *prefix, struct slice field, bool upper)
{
    char *name = arena_printf(arena, "%s%.*s", prefix, (int)field.len, field.len > 0 ? (const char *)field.data : "");
    for (size_t i = 0; name != NULL && name[i] != '\0'; i++) {
        name[i] = is_letter(name[i]) || (i > 0 && is_digit(name[i])) ? name[i] : '_';
        name[i] = upper && name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
    }
    return name;
}

/* Whoever may write a secret must not decide which code a program loads. */
static bool decides_what_runs(const char *name)
{
    static const char *const names[] = {"PATH", "IFS", "BASH_ENV", "GCONV_PATH"};
    bool decides = strncmp(name, "LD_", 3) == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        decides = decides || strcmp(name, names[i]) == 0;
    }
    return decides;
}

static enum err refuse(struct complaint *complaint, struct text text, const char *detail)
{
    return detail == NULL ? ERR_MEMORY : complain(complaint, ERR_INVALID, text, 0, 0, detail, strlen(detail));
}

enum err environment_set(struct environment *environment, const char *name, struct slice value, const char *from, struct complaint *complaint)
{
    if (decides_what_runs(name)) {
        return refuse(complaint, TEXT("a variable of this name would decide what is executed; give it a prefix (PATH=PREFIX)", "eine Variable dieses Namens würde entscheiden, was ausgeführt wird; gib ihr ein Präfix (PFAD=PRÄFIX)"),
                      arena_printf(environment->arena, "%s (%s)", name, from));
    }
    for (size_t i = 0; i < environment->count; i++) {
        if (strcmp(environment->entries[i].name, name) == 0) {
            return refuse(complaint, TEXT("two fields become the same variable; give one of them a prefix (PATH=PREFIX)", "zwei Felder werden zur selben Variablen; gib einem davon ein Präfix (PFAD=PRÄFIX)"),
                          arena_printf(environment->arena, "%s (%s; %s)", name, environment->entries[i].from, from));
        }
    }
    if (slice_find_byte(value, 0) != SIZE_MAX) {
        return refuse(complaint, TEXT("a variable cannot hold a zero byte", "eine Variable kann kein Nullbyte enthalten"), from);
    }
    size_t len = strlen(name);
    char *line = arena_alloc(environment->arena, len + 1 + value.len + 1);
    if (line == NULL || environment->count == ENVIRONMENT_MAX) {
        return line == NULL ? ERR_MEMORY : refuse(complaint, TEXT("more than 4096 variables", "mehr als 4096 Variablen"), from);
    }
    memcpy(line, name, len);
    line[len] = '=';
    if (value.len > 0) {
        memcpy(line + len + 1, value.data, value.len);
    }
    environment->entries[environment->count++] = (struct environment_entry){name, line, from};
    return ERR_NONE;
}

static enum err add_field(struct environment *environment, const char *path, const char *prefix, const struct json *field, struct complaint *complaint)
{
    cleanup_buf struct buf text = BUF_INIT(VALUE_BYTES);
    const char *name = environment_name(environment->arena, prefix, field->name, environment->upper);
    const char *from = arena_printf(environment->arena, "%s, %.*s", path, (int)field->name.len, field->name.len > 0 ? (const char *)field->name.data : "");
    if (name == NULL || from == NULL) {
        return ERR_MEMORY;
    }
    if (name[0] == '\0' || field->type == JSON_NULL) {
        return refuse(complaint, TEXT("this field has no name or no value", "dieses Feld hat keinen Namen oder keinen Wert"), from);
    }
    enum err err = field->type == JSON_STRING ? buf_append(&text, field->text) : json_write(&text, field, 0);
    if (err == ERR_TOO_LARGE) {
        return refuse(complaint, TEXT("this value is longer than 1 MiB", "dieser Wert ist länger als 1 MiB"), from);
    }
    return err == ERR_NONE ? environment_set(environment, name, buf_slice(&text), from, complaint) : err;
}

enum err environment_add(struct environment *environment, const char *path, const char *prefix, const struct json *data, struct complaint *complaint)
{
    enum err err = ERR_NONE;
    for (const struct json *field = data == NULL ? NULL : data->first; field != NULL && err == ERR_NONE; field = field->next) {
        err = add_field(environment, path, prefix, field, complaint);
    }
    return err;
}

static bool is_left_out(const struct environment *environment, const char *line)
{
    static const char *const tokens[] = {"VOGT_TOKEN", "VAULT_TOKEN", "BAO_TOKEN"};
    size_t len = strcspn(line, "=");
    bool found = false;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        found = found || (strlen(tokens[i]) == len && strncmp(tokens[i], line, len) == 0);
    }
    for (size_t i = 0; i < environment->count && !found; i++) {
        found = strlen(environment->entries[i].name) == len && strncmp(environment->entries[i].name, line, len) == 0;
    }
    return found;
}

char **environment_block(const struct environment *environment, char *const *inherited)
{
    size_t count = 0, used = 0;
    while (inherited[count] != NULL) {
        count++;
    }
    char **block = arena_alloc_array(environment->arena, count + environment->count + 1, sizeof *block);
    for (size_t i = 0; block != NULL && i < count; i++) {
        if (!is_left_out(environment, inherited[i])) {
            block[used++] = inherited[i];
        }
    }
    for (size_t i = 0; block != NULL && i < environment->count; i++) {
        /* copied: the entries are read-only, and execve takes what may be written */
        block[used] = arena_string(environment->arena, slice_string(environment->entries[i].line));
        if (block[used++] == NULL) {
            return NULL;
        }
    }
    return block;
}
