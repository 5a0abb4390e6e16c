#include "measure/catalogue_source.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum value_kind {
    VALUE_TEXT, /* { en = "…", de = "…" }, both there */
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_BOOL,
    VALUE_STRINGS,
    VALUE_PATTERNS,
    VALUE_PARAMETERS, /* { days = 90, version = "1.3" } */
    VALUE_FRAMEWORKS, /* { iso27001 = ["8.24"] } */
    VALUE_DURATION,
};

struct attribute_rule {
    const char *name; /* NULL ends the list */
    enum value_kind kind;
    bool required;
};

enum { RULE_NAMES_MAX = 16 };

struct block_rule {
    const char *type;
    size_t label_count;
    const struct attribute_rule *attributes;
    const struct block_rule *child; /* the one type of block within; NULL: none */
    bool child_required;
};

static const struct attribute_rule observation_attributes[] = {
    {"subject", VALUE_STRING, true},
    {"max_age", VALUE_DURATION, true},
    {"max_age_from", VALUE_STRING, false},
    {"probe", VALUE_STRING, false},
    {"needs", VALUE_STRING, false},
    {NULL, VALUE_TEXT, false},
};
static const struct block_rule observation_rule = {"observation", 1, observation_attributes, NULL,
                                                   false};

static const struct attribute_rule promise_attributes[] = {
    {"title", VALUE_TEXT, true},
    {"attestable", VALUE_BOOL, false},
    {"parameters", VALUE_PARAMETERS, false},
    {"sure", VALUE_PATTERNS, false},
    {"likely", VALUE_PATTERNS, false},
    {"hint", VALUE_PATTERNS, false},
    {NULL, VALUE_TEXT, false},
};
static const struct block_rule promise_rule = {"promise", 1, promise_attributes, &observation_rule,
                                               true};

static const struct attribute_rule measure_attributes[] = {
    {"number", VALUE_NUMBER, true},  {"section", VALUE_STRING, true},
    {"title", VALUE_TEXT, true},     {"runs", VALUE_TEXT, true},
    {"proves", VALUE_TEXT, true},    {"frameworks", VALUE_FRAMEWORKS, true},
    {"sure", VALUE_PATTERNS, true},  {"likely", VALUE_PATTERNS, false},
    {"hint", VALUE_PATTERNS, false}, {"not", VALUE_PATTERNS, false},
    {NULL, VALUE_TEXT, false},
};
static const struct attribute_rule theme_attributes[] = {
    {"title", VALUE_TEXT, true},
    {"sure", VALUE_PATTERNS, true},
    {NULL, VALUE_TEXT, false},
};
static const struct attribute_rule term_attributes[] = {
    {"proposal", VALUE_TEXT, true},     {"parameter", VALUE_STRING, false},
    {"measures", VALUE_STRINGS, false}, {"values", VALUE_PARAMETERS, false},
    {"sure", VALUE_PATTERNS, false},    {NULL, VALUE_TEXT, false},
};
static const struct attribute_rule probe_attributes[] = {
    {"title", VALUE_TEXT, true},
    {"subject", VALUE_STRING, true},
    {"about", VALUE_STRINGS, false},
    {"observations", VALUE_STRINGS, true},
    {NULL, VALUE_TEXT, false},
};
static const struct attribute_rule subject_attributes[] = {{"title", VALUE_TEXT, true},
                                                           {"found", VALUE_BOOL, false},
                                                           {NULL, VALUE_TEXT, false}};

static const struct block_rule entry_rules[ENTRY_KIND_COUNT] = {
    [ENTRY_MEASURE] = {"measure", 1, measure_attributes, &promise_rule, true},
    [ENTRY_SECTION] = {"section", 1, theme_attributes, NULL, false},
    [ENTRY_OUTSIDE] = {"outside", 1, theme_attributes, NULL, false},
    [ENTRY_TERM] = {"term", 1, term_attributes, NULL, false},
    [ENTRY_PROBE] = {"probe", 1, probe_attributes, NULL, false},
    [ENTRY_SUBJECT] = {"subject", 1, subject_attributes, NULL, false},
};

static const char *const parameter_names[] = {"days", "hours",   "minutes",
                                              "bits", "version", "seconds"};
static const char *const framework_names[] = {"iso27001", "gdpr", "gspp", "nis2", "c5"};

static enum language fault_language(void)
{
    const char *language = getenv("LANG");
    return language != NULL && strncmp(language, "de", 2) == 0 ? LANGUAGE_GERMAN : LANGUAGE_ENGLISH;
}

void source_fault(struct source *source, const char *file, size_t line, size_t column,
                  struct text text, struct slice detail)
{
    if (!source->quiet) {
        fprintf(stderr, "%s:%zu:%zu: %s: %.*s\n", file, line, column,
                text_in(text, fault_language()), (int)detail.len,
                detail.len == 0 ? "" : (const char *)detail.data);
    }
    if (source->fault_count++ == 0) {
        source->fault_file = file;
        source->fault_line = line;
        source->fault_text = text;
    }
}

static bool one_of(struct slice word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, list[i])) {
            return true;
        }
    }
    return false;
}

static bool is_filled_string(const struct json *value)
{
    return value != NULL && value->type == JSON_STRING && slice_trim(value->text).len > 0;
}

static bool is_strings(const struct json *value)
{
    if (value->type != JSON_ARRAY || value->count == 0) {
        return false;
    }
    for (const struct json *item = value->first; item != NULL; item = item->next) {
        if (!is_filled_string(item)) {
            return false;
        }
    }
    return true;
}

static bool is_text(const struct json *value)
{
    return value->type == JSON_OBJECT && value->count == 2 &&
           is_filled_string(json_member(value, "en")) && is_filled_string(json_member(value, "de"));
}

static bool are_parameters(const struct json *value)
{
    if (value->type != JSON_OBJECT || value->count == 0) {
        return false;
    }
    for (const struct json *item = value->first; item != NULL; item = item->next) {
        if (!one_of(item->name, parameter_names,
                    sizeof(parameter_names) / sizeof(parameter_names[0])) ||
            (item->type != JSON_NUMBER && item->type != JSON_STRING)) {
            return false;
        }
    }
    return true;
}

static bool are_frameworks(const struct json *value)
{
    if (value->type != JSON_OBJECT || value->count == 0) {
        return false;
    }
    for (const struct json *item = value->first; item != NULL; item = item->next) {
        if (!one_of(item->name, framework_names,
                    sizeof(framework_names) / sizeof(framework_names[0])) ||
            !is_strings(item)) {
            return false;
        }
    }
    return true;
}

static bool is_duration(const struct json *value)
{
    uint64_t seconds = 0;
    return value->type == JSON_STRING && duration_parse(value->text, &seconds) == ERR_NONE &&
           seconds > 0;
}

static bool value_fits(const struct json *value, enum value_kind kind)
{
    switch (kind) {
    case VALUE_TEXT:
        return is_text(value);
    case VALUE_NUMBER:
        return value->type == JSON_NUMBER;
    case VALUE_STRING:
        return is_filled_string(value);
    case VALUE_BOOL:
        return value->type == JSON_TRUE || value->type == JSON_FALSE;
    case VALUE_STRINGS:
    case VALUE_PATTERNS:
        return is_strings(value);
    case VALUE_PARAMETERS:
        return are_parameters(value);
    case VALUE_FRAMEWORKS:
        return are_frameworks(value);
    case VALUE_DURATION:
        return is_duration(value);
    }
    return false;
}

static struct text kind_fault(enum value_kind kind)
{
    switch (kind) {
    case VALUE_TEXT:
        return TEXT("needs a text in both languages, { en = \"…\", de = \"…\" }",
                    "braucht einen Text in beiden Sprachen, { en = \"…\", de = \"…\" }");
    case VALUE_NUMBER:
        return TEXT("must be a number", "muss eine Zahl sein");
    case VALUE_STRING:
        return TEXT("must be a string that is not empty", "muss ein nicht leerer Text sein");
    case VALUE_BOOL:
        return TEXT("must be true or false", "muss true oder false sein");
    case VALUE_STRINGS:
    case VALUE_PATTERNS:
        return TEXT("must be a list of strings, none empty",
                    "muss eine Liste nicht leerer Texte sein");
    case VALUE_PARAMETERS:
        return TEXT("must name days, hours, minutes, seconds, bits or version with a value",
                    "muss days, hours, minutes, seconds, bits oder version mit einem Wert nennen");
    case VALUE_FRAMEWORKS:
        return TEXT("must name iso27001, gdpr, gspp, nis2 or c5 with lists of ids",
                    "muss iso27001, gdpr, gspp, nis2 oder c5 mit Listen von Kennungen nennen");
    case VALUE_DURATION:
        return TEXT("must be a duration such as \"24h\" or \"90d\"",
                    "muss eine Dauer wie \"24h\" oder \"90d\" sein");
    }
    return TEXT("is wrong", "ist falsch");
}

/* Names outside the rule, missing and ill-typed attributes of one block. False: the names
 * themselves are wrong. */
static bool check_names(struct source *source, const char *file, const struct hcl_block *block,
                        const struct block_rule *rule)
{
    const char *names[RULE_NAMES_MAX + 1] = {NULL};
    for (size_t i = 0; rule->attributes[i].name != NULL && i < RULE_NAMES_MAX; i++) {
        names[i] = rule->attributes[i].name;
    }
    const char *blocks[2] = {rule->child == NULL ? NULL : rule->child->type, NULL};
    struct complaint complaint = {0};
    if (hcl_check_names(block, names, blocks, &complaint) != ERR_NONE) {
        source_fault(source, file, complaint.line, complaint.column, complaint.text,
                     slice_string(complaint.detail));
        return false;
    }
    if (block->label_count != rule->label_count) {
        source_fault(source, file, block->line, block->column,
                     TEXT("this block needs one name behind its type",
                          "dieser Block braucht genau einen Namen hinter seiner Art"),
                     block->type);
        return false;
    }
    return true;
}

static void check_attributes(struct source *source, const char *file, const struct hcl_block *block,
                             const struct block_rule *rule)
{
    for (const struct attribute_rule *wanted = rule->attributes; wanted->name != NULL; wanted++) {
        const struct hcl_attribute *attribute = hcl_attribute(block, wanted->name);
        if (attribute == NULL && wanted->required) {
            source_fault(source, file, block->line, block->column,
                         TEXT("this block lacks the attribute", "diesem Block fehlt das Attribut"),
                         slice_string(wanted->name));
        } else if (attribute != NULL && !value_fits(attribute->value, wanted->kind)) {
            source_fault(source, file, attribute->line, attribute->column, kind_fault(wanted->kind),
                         attribute->name);
        }
    }
}

static void check_twins(struct source *source, const char *file, const struct hcl_block *block)
{
    for (const struct hcl_block *later = block->next; later != NULL; later = later->next) {
        if (slice_equal(later->labels[0], block->labels[0])) {
            source_fault(source, file, later->line, later->column,
                         TEXT("this name is taken already in the same block",
                              "diesen Namen gibt es im selben Block schon"),
                         later->labels[0]);
        }
    }
}

/* The depth is that of the rules (measure, promise, observation), so a loop a level suffices. */
static void check_block(struct source *source, const char *file, const struct hcl_block *block,
                        const struct block_rule *rule)
{
    if (!check_names(source, file, block, rule)) {
        return;
    }
    check_attributes(source, file, block, rule);
    if (rule->child_required && block->blocks == NULL) {
        source_fault(source, file, block->line, block->column,
                     TEXT("this block lacks a block", "diesem Block fehlt ein Block"),
                     slice_string(rule->child->type));
    }
    for (const struct hcl_block *child = block->blocks; child != NULL; child = child->next) {
        check_twins(source, file, child);
        check_block(source, file, child, rule->child);
    }
}

struct slice entry_id(const struct entry *entry)
{
    return entry->block->labels[0];
}

const struct entry *source_find(const struct source *source, enum entry_kind kind, struct slice id)
{
    for (size_t i = 0; i < source->lists[kind].count; i++) {
        if (slice_equal(entry_id(&source->lists[kind].items[i]), id)) {
            return &source->lists[kind].items[i];
        }
    }
    return NULL;
}

static void add_block(struct source *source, const char *file, const struct hcl_block *block)
{
    for (size_t kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
        if (!slice_is(block->type, entry_rules[kind].type)) {
            continue;
        }
        size_t faults = source->fault_count;
        check_block(source, file, block, &entry_rules[kind]);
        struct entry_list *list = &source->lists[kind];
        if (source->fault_count > faults) {
            return;
        }
        if (list->count == ENTRIES_MAX ||
            source_find(source, (enum entry_kind)kind, block->labels[0]) != NULL) {
            source_fault(source, file, block->line, block->column,
                         TEXT("this entry exists already, or there are too many",
                              "diesen Eintrag gibt es schon, oder es sind zu viele"),
                         block->labels[0]);
            return;
        }
        list->items[list->count++] = (struct entry){block, file};
        return;
    }
    source_fault(
        source, file, block->line, block->column,
        TEXT("unknown entry; known are measure, section, outside, term, probe, subject",
             "unbekannter Eintrag; bekannt sind measure, section, outside, term, probe, subject"),
        block->type);
}

void source_add(struct source *source, const char *file, struct slice text)
{
    struct complaint complaint = {0};
    struct hcl_block *root = NULL;
    if (hcl_read(source->arena, text, &root, &complaint) != ERR_NONE) {
        source_fault(source, file, complaint.line, complaint.column, complaint.text,
                     slice_string(complaint.detail));
        return;
    }
    if (root->attributes != NULL) {
        source_fault(source, file, root->attributes->line, root->attributes->column,
                     TEXT("an attribute stands outside of any entry",
                          "ein Attribut steht außerhalb eines Eintrags"),
                     root->attributes->name);
    }
    for (const struct hcl_block *block = root->blocks; block != NULL; block = block->next) {
        add_block(source, file, block);
    }
}

struct slice block_text(const struct hcl_block *block, const char *name, const char *language)
{
    const struct hcl_attribute *attribute = hcl_attribute(block, name);
    return attribute == NULL ? SLICE_NONE : json_text(attribute->value, language, SLICE_NONE);
}

const struct json *block_value(const struct hcl_block *block, const char *name)
{
    const struct hcl_attribute *attribute = hcl_attribute(block, name);
    return attribute == NULL ? NULL : attribute->value;
}
