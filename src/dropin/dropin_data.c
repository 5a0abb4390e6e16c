#include "dropin/dropin.h"

#include <string.h>

enum { FILE_MAX_BYTES = 32 << 20 };

static struct slice read_all(struct dropin *dropin, const char *path, int *ret_code)
{
    cleanup_buf struct buf bytes = BUF_INIT(FILE_MAX_BYTES + (1 << 17));
    *ret_code = run_read_file(&dropin->run, path, FILE_MAX_BYTES, &bytes) == OUTCOME_OK ? DROPIN_OK : DROPIN_LOCAL;
    return *ret_code == DROPIN_OK ? arena_copy(dropin->run.arena, buf_slice(&bytes)) : SLICE_NONE;
}

/* A name given again makes a list of its values. */
static void add(struct arena *arena, struct json *object, struct slice name, struct json *value)
{
    const char *key = arena_string(arena, name);
    for (struct json *member = object->first; member != NULL && value != NULL; member = member->next) {
        if (!slice_equal(member->name, name)) {
            continue;
        }
        if (member->type != JSON_ARRAY) {
            struct json *before = json_copy(arena, member);
            member->type = JSON_ARRAY;
            member->first = member->last = NULL;
            member->count = 0;
            json_append(member, before);
        }
        json_append(member, value);
        return;
    }
    json_set(arena, object, key == NULL ? "" : key, value);
}

/* A whole object: from "@file" or "-". */
static int add_object(struct dropin *dropin, const char *path, struct json *object)
{
    int code;
    struct json *tree = NULL;
    struct complaint complaint = {.text = {NULL, NULL}};
    struct slice text = read_all(dropin, path, &code);
    if (code != DROPIN_OK) {
        return code;
    }
    if (json_read(dropin->run.arena, text, &tree, &complaint) != ERR_NONE || tree->type != JSON_OBJECT) {
        return dropin_say(dropin, TEXT("this is no JSON object", "das ist kein JSON-Objekt"), path);
    }
    for (const struct json *member = tree->first; member != NULL; member = member->next) {
        add(dropin->run.arena, object, member->name, json_copy(dropin->run.arena, member));
    }
    return DROPIN_OK;
}

static int add_word(struct dropin *dropin, const char *word, struct json *object)
{
    if (strcmp(word, "-") == 0 || (word[0] == '@' && strchr(word, '=') == NULL)) {
        return add_object(dropin, word[0] == '-' ? "-" : word + 1, object);
    }
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word) {
        return dropin_say(dropin, TEXT("must be key=value", "muss die Form Schlüssel=Wert haben"), word);
    }
    struct slice value = slice_string(equals + 1);
    int code = DROPIN_OK;
    if (equals[1] == '@') {
        value = read_all(dropin, equals + 2, &code);
    } else if (strcmp(equals + 1, "-") == 0) {
        value = read_all(dropin, "-", &code);
    } else if (equals[1] == '\\' && equals[2] == '@') {
        value = slice_string(equals + 2);
    }
    add(dropin->run.arena, object, slice_of(word, (size_t)(equals - word)), code == DROPIN_OK ? json_string(dropin->run.arena, value) : NULL);
    return code;
}

int dropin_data(struct dropin *dropin, size_t first, struct json **ret_object)
{
    struct json *object = json_new(dropin->run.arena, JSON_OBJECT);
    int code = object == NULL ? dropin_out_of_memory(dropin) : DROPIN_OK;
    for (size_t i = first; i < dropin->word_count && code == DROPIN_OK; i++) {
        code = add_word(dropin, dropin->words[i], object);
    }
    *ret_object = object;
    return code;
}

int dropin_pairs_flag(struct dropin *dropin, const char *flag, struct json *object, const char *name)
{
    size_t position = 0;
    const char *pair;
    struct json *pairs = NULL;
    while (dropin_next_flag(dropin, flag, &position, &pair)) {
        pairs = pairs == NULL ? json_set_object(dropin->run.arena, object, name) : pairs;
        const char *equals = strchr(pair, '=');
        if (equals == NULL || pairs == NULL) {
            return dropin_say(dropin, TEXT("must be key=value", "muss die Form Schlüssel=Wert haben"), pair);
        }
        add(dropin->run.arena, pairs, slice_of(pair, (size_t)(equals - pair)), json_string(dropin->run.arena, slice_string(equals + 1)));
    }
    return DROPIN_OK;
}

static int set_number(struct dropin *dropin, struct json *body, const struct dropin_field *field, const char *value)
{
    uint64_t number = 0;
    if (slice_to_u64(slice_string(value), &number) != ERR_NONE) {
        return dropin_say(dropin, TEXT("this is no whole number", "das ist keine ganze Zahl"), arena_printf(dropin->run.arena, "-%s=%s", field->flag, value));
    }
    json_set_u64(dropin->run.arena, body, field->member, number);
    return DROPIN_OK;
}

static void set_list(struct dropin *dropin, struct json *body, const struct dropin_field *field)
{
    size_t position = 0;
    const char *value;
    struct json *list = json_set_array(dropin->run.arena, body, field->member);
    while (dropin_next_flag(dropin, field->flag, &position, &value)) {
        struct slice rest = slice_string(value), part;
        while (slice_split(&rest, ',', &part)) {
            json_append(list, json_string(dropin->run.arena, slice_trim(part)));
        }
    }
}

int dropin_fields(struct dropin *dropin, const struct dropin_field *fields, size_t count, struct json *body)
{
    int code = DROPIN_OK;
    for (size_t i = 0; i < count && code == DROPIN_OK; i++) {
        const char *value = dropin_flag(dropin, fields[i].flag);
        if (value == NULL) {
            continue;
        }
        switch (fields[i].kind) {
        case DROPIN_TEXT:
            json_set_string(dropin->run.arena, body, fields[i].member, slice_string(value));
            break;
        case DROPIN_NUMBER:
            code = set_number(dropin, body, &fields[i], value);
            break;
        case DROPIN_SWITCH:
            json_set_bool(dropin->run.arena, body, fields[i].member, dropin_switch(dropin, fields[i].flag));
            break;
        case DROPIN_LIST:
            set_list(dropin, body, &fields[i]);
            break;
        }
    }
    return code;
}
