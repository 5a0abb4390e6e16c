#include "measure/catalogue_emit.h"

#include "base/time.h"
#include "measure/catalogue_pattern.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct emitter {
    struct buf *out;
    struct source *source;
    struct pattern_set *set;
};

/* C string of UTF-8 text; escapes only what C needs. */
static enum err put_string(struct buf *out, struct slice text)
{
    enum err err = buf_append_byte(out, '"');
    for (size_t i = 0; err == ERR_NONE && i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '\n') {
            err = buf_append_string(out, "\\n");
        } else if (byte == '"' || byte == '\\') {
            err = buf_printf(out, "\\%c", byte);
        } else {
            err = buf_append_byte(out, byte);
        }
    }
    return err == ERR_NONE ? buf_append_byte(out, '"') : err;
}

static enum err put_member(struct buf *out, const char *name, struct slice text)
{
    enum err err = buf_printf(out, "    .%s = ", name);
    err = err == ERR_NONE ? put_string(out, text) : err;
    return err == ERR_NONE ? buf_append_string(out, ",\n") : err;
}

static enum err put_text_member(struct buf *out, const struct hcl_block *block, const char *name)
{
    enum err err = buf_printf(out, "    .%s = {", name);
    err = err == ERR_NONE ? put_string(out, block_text(block, name, "en")) : err;
    err = err == ERR_NONE ? buf_append_string(out, ", ") : err;
    err = err == ERR_NONE ? put_string(out, block_text(block, name, "de")) : err;
    return err == ERR_NONE ? buf_append_string(out, "},\n") : err;
}

/* An array of strings under a name of its own. */
static enum err put_strings(struct buf *out, const char *name, const struct json *list)
{
    enum err err = buf_printf(out, "static const char *const %s[] = {", name);
    for (const struct json *item = list->first; err == ERR_NONE && item != NULL;
         item = item->next) {
        err = put_string(out, item->text);
        err = err == ERR_NONE ? buf_append_string(out, ", ") : err;
    }
    return err == ERR_NONE ? buf_append_string(out, "};\n") : err;
}

static enum err put_parameters(struct buf *out, const char *name, const struct json *object)
{
    enum err err = buf_printf(out, "static const struct parameter %s[] = {", name);
    for (const struct json *item = object->first; err == ERR_NONE && item != NULL;
         item = item->next) {
        err = buf_append_string(out, "{");
        err = err == ERR_NONE ? put_string(out, item->name) : err;
        err = err == ERR_NONE ? buf_append_string(out, ", ") : err;
        if (item->type == JSON_STRING) {
            err = err == ERR_NONE ? buf_printf(out, "\"\\\"%.*s\\\"\"}, ", (int)item->text.len,
                                               (const char *)item->text.data)
                                  : err;
        } else {
            err = err == ERR_NONE ? put_string(out, item->text) : err;
            err = err == ERR_NONE ? buf_append_string(out, "}, ") : err;
        }
    }
    return err == ERR_NONE ? buf_append_string(out, "};\n") : err;
}

static bool lists_pattern(const struct hcl_block *block, struct slice text)
{
    static const char *const names[] = {"sure", "likely", "hint"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct json *list = block_value(block, names[i]);
        for (const struct json *item = list == NULL ? NULL : list->first; item != NULL;
             item = item->next) {
            if (slice_equal(item->text, text)) {
                return true;
            }
        }
    }
    return false;
}

/* In how many measures the same pattern stands: what many share says little. */
static size_t measures_with(const struct source *source, struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < source->lists[ENTRY_MEASURE].count; i++) {
        const struct hcl_block *block = source->lists[ENTRY_MEASURE].items[i].block;
        bool found = lists_pattern(block, text);
        for (const struct hcl_block *promise = block->blocks; !found && promise != NULL;
             promise = promise->next) {
            found = lists_pattern(promise, text);
        }
        count += found ? 1 : 0;
    }
    return count;
}

/* 1, 1/1.25, 1/1.4, ...: about 1 / (1 + 0.36 ln n), in thousandths. */
static unsigned rarity_permille(size_t measures)
{
    static const unsigned table[] = {1000, 1000, 800, 715, 665, 630};
    size_t last = sizeof(table) / sizeof(table[0]) - 1;
    return table[measures < last ? measures : last];
}

static enum err put_list(struct emitter *emitter, const struct entry *entry,
                         const struct hcl_block *block, const char *list_name,
                         unsigned weight_permille)
{
    const struct hcl_attribute *attribute = hcl_attribute(block, list_name);
    if (attribute == NULL) {
        return ERR_NONE;
    }
    for (const struct json *item = attribute->value->first; item != NULL; item = item->next) {
        struct pattern_span groups = {0};
        if (pattern_add(emitter->set, item->text, &groups) != ERR_NONE) {
            source_fault(
                emitter->source, entry->file, attribute->line, attribute->column,
                TEXT("a pattern has a part without a word", "ein Muster hat einen Teil ohne Wort"),
                item->text);
            continue;
        }
        unsigned weight =
            weight_permille * rarity_permille(measures_with(emitter->source, item->text)) / 1000;
        enum err err = buf_append_string(emitter->out, "    {");
        err = err == ERR_NONE ? put_string(emitter->out, item->text) : err;
        err = err == ERR_NONE
                  ? buf_printf(emitter->out, ", %u, %u, %u},\n", groups.first, groups.count, weight)
                  : err;
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* static const struct pattern NAME[]: the lists sure, likely, hint of a block. Empty lists give no
 * array. */
static enum err put_patterns(struct emitter *emitter, const struct entry *entry,
                             const struct hcl_block *block, const char *name)
{
    if (block_value(block, "sure") == NULL && block_value(block, "likely") == NULL &&
        block_value(block, "hint") == NULL) {
        return ERR_NONE;
    }
    enum err err = buf_printf(emitter->out, "static const struct pattern %s[] = {\n", name);
    err = err == ERR_NONE ? put_list(emitter, entry, block, "sure", 860) : err;
    err = err == ERR_NONE ? put_list(emitter, entry, block, "likely", 500) : err;
    err = err == ERR_NONE ? put_list(emitter, entry, block, "hint", 220) : err;
    return err == ERR_NONE ? buf_append_string(emitter->out, "};\n") : err;
}

static size_t list_length(const struct hcl_block *block, const char *name)
{
    const struct json *list = block_value(block, name);
    return list == NULL ? 0 : list->count;
}

static size_t pattern_total(const struct hcl_block *block)
{
    return list_length(block, "sure") + list_length(block, "likely") + list_length(block, "hint");
}

/* ".items = NAME, .item_count = N," or NULL and 0. */
static enum err put_reference(struct buf *out, const char *member, const char *singular,
                              const char *array, size_t count)
{
    return buf_printf(out, "    .%s = %s,\n    .%s_count = %zu,\n", member,
                      count == 0 ? "NULL" : array, singular, count);
}

static enum err put_observations(struct buf *out, const struct hcl_block *promise, const char *name)
{
    enum err err = buf_printf(out, "static const struct observation_rule %s[] = {\n", name);
    for (const struct hcl_block *block = promise->blocks; err == ERR_NONE && block != NULL;
         block = block->next) {
        uint64_t seconds = 0;
        struct slice probe = hcl_text(block, "probe", SLICE_NONE),
                     from = hcl_text(block, "max_age_from", SLICE_NONE),
                     needs = hcl_text(block, "needs", SLICE_NONE);
        err = duration_parse(hcl_text(block, "max_age", SLICE_NONE), &seconds);
        err = err == ERR_NONE ? buf_append_string(out, "    {") : err;
        err = err == ERR_NONE ? put_string(out, block->labels[0]) : err;
        err = err == ERR_NONE ? buf_append_string(out, ", ") : err;
        err = err == ERR_NONE ? put_string(out, hcl_text(block, "subject", SLICE_NONE)) : err;
        err = err == ERR_NONE ? buf_append_string(out, ", ") : err;
        err = err == ERR_NONE
                  ? (probe.len == 0 ? buf_append_string(out, "NULL") : put_string(out, probe))
                  : err;
        err = err == ERR_NONE ? buf_printf(out, ", %" PRIu64 ", ", seconds) : err;
        err = err == ERR_NONE
                  ? (from.len == 0 ? buf_append_string(out, "NULL") : put_string(out, from))
                  : err;
        err = err == ERR_NONE ? buf_append_string(out, ", ") : err;
        err = err == ERR_NONE
                  ? (needs.len == 0 ? buf_append_string(out, "NULL") : put_string(out, needs))
                  : err;
        err = err == ERR_NONE ? buf_append_string(out, "},\n") : err;
    }
    return err == ERR_NONE ? buf_append_string(out, "};\n") : err;
}

static size_t block_count(const struct hcl_block *first)
{
    size_t count = 0;
    for (; first != NULL; first = first->next) {
        count++;
    }
    return count;
}

struct array_name {
    char text[48];
};

static struct array_name array_name(const char *kind, size_t entry, size_t part)
{
    struct array_name name;
    snprintf(name.text, sizeof(name.text), "%s_%zu_%zu", kind, entry, part);
    return name;
}

static enum err put_promise_arrays(struct emitter *emitter, const struct entry *entry,
                                   const struct hcl_block *promise, size_t index, size_t part)
{
    enum err err = put_patterns(emitter, entry, promise, array_name("patterns", index, part).text);
    err = err == ERR_NONE ? put_observations(emitter->out, promise,
                                             array_name("observations", index, part).text)
                          : err;
    const struct json *parameters = block_value(promise, "parameters");
    if (parameters != NULL && err == ERR_NONE) {
        err = put_parameters(emitter->out, array_name("parameters", index, part).text, parameters);
    }
    return err;
}

static enum err put_promise(struct emitter *emitter, const struct entry *entry,
                            const struct hcl_block *promise, size_t index, size_t part)
{
    struct buf *out = emitter->out;
    struct slice name = promise->labels[0], measure = entry_id(entry);
    const struct json *attestable = block_value(promise, "attestable");
    enum err err = buf_append_string(out, "{\n");
    err = err == ERR_NONE ? put_member(out, "name", name) : err;
    err = err == ERR_NONE
              ? buf_printf(out, "    .id = \"%.*s/%.*s\",\n", (int)measure.len,
                           (const char *)measure.data, (int)name.len, (const char *)name.data)
              : err;
    err = err == ERR_NONE ? put_text_member(out, promise, "title") : err;
    err = err == ERR_NONE
              ? buf_printf(out, "    .measure = &catalogue_measures[%zu],\n    .attestable = %s,\n",
                           index,
                           attestable != NULL && attestable->type == JSON_TRUE ? "true" : "false")
              : err;
    err = err == ERR_NONE ? put_reference(out, "parameters", "parameter",
                                          array_name("parameters", index, part).text,
                                          list_length(promise, "parameters"))
                          : err;
    err = err == ERR_NONE ? put_reference(out, "observations", "observation",
                                          array_name("observations", index, part).text,
                                          block_count(promise->blocks))
                          : err;
    err = err == ERR_NONE
              ? put_reference(out, "patterns", "pattern", array_name("patterns", index, part).text,
                              pattern_total(promise))
              : err;
    return err == ERR_NONE ? buf_append_string(out, "},\n") : err;
}

static enum err put_frameworks(struct buf *out, const struct hcl_block *block, size_t index)
{
    const struct json *frameworks = block_value(block, "frameworks");
    enum err err = ERR_NONE;
    size_t part = 0;
    for (const struct json *item = frameworks->first; err == ERR_NONE && item != NULL;
         item = item->next) {
        err = put_strings(out, array_name("framework", index, part++).text, item);
    }
    err = err == ERR_NONE
              ? buf_printf(out, "static const struct framework_ids frameworks_%zu[] = {", index)
              : err;
    part = 0;
    for (const struct json *item = frameworks->first; err == ERR_NONE && item != NULL;
         item = item->next) {
        err = buf_printf(out, "{\"%.*s\", %s, %zu}, ", (int)item->name.len,
                         (const char *)item->name.data, array_name("framework", index, part++).text,
                         item->count);
    }
    return err == ERR_NONE ? buf_append_string(out, "};\n") : err;
}

static enum err put_measure_arrays(struct emitter *emitter, const struct entry *entry, size_t index)
{
    struct buf *out = emitter->out;
    size_t part = 1;
    enum err err =
        put_patterns(emitter, entry, entry->block, array_name("patterns", index, 0).text);
    err = err == ERR_NONE ? put_frameworks(out, entry->block, index) : err;
    if (err == ERR_NONE && block_value(entry->block, "not") != NULL) {
        err = buf_printf(out, "static const struct pattern denials_%zu[] = {\n", index);
        err = err == ERR_NONE ? put_list(emitter, entry, entry->block, "not", 1000) : err;
        err = err == ERR_NONE ? buf_append_string(out, "};\n") : err;
    }
    for (const struct hcl_block *block = entry->block->blocks; err == ERR_NONE && block != NULL;
         block = block->next) {
        err = put_promise_arrays(emitter, entry, block, index, part++);
    }
    err = err == ERR_NONE
              ? buf_printf(out, "static const struct promise promises_%zu[] = {\n", index)
              : err;
    part = 1;
    for (const struct hcl_block *block = entry->block->blocks; err == ERR_NONE && block != NULL;
         block = block->next) {
        err = put_promise(emitter, entry, block, index, part++);
    }
    return err == ERR_NONE ? buf_append_string(out, "};\n\n") : err;
}

static enum err put_measure(struct emitter *emitter, const struct entry *entry, size_t index)
{
    struct buf *out = emitter->out;
    const struct hcl_block *block = entry->block;
    struct slice number = block_value(block, "number")->text;
    enum err err = buf_append_string(out, "{\n");
    err = err == ERR_NONE ? put_member(out, "id", entry_id(entry)) : err;
    err = err == ERR_NONE
              ? buf_printf(out, "    .number = %.*s,\n", (int)number.len, (const char *)number.data)
              : err;
    err =
        err == ERR_NONE ? put_member(out, "section", hcl_text(block, "section", SLICE_NONE)) : err;
    err = err == ERR_NONE ? put_text_member(out, block, "title") : err;
    err = err == ERR_NONE ? put_text_member(out, block, "runs") : err;
    err = err == ERR_NONE ? put_text_member(out, block, "proves") : err;
    err = err == ERR_NONE
              ? buf_printf(out, "    .frameworks = frameworks_%zu,\n    .framework_count = %zu,\n",
                           index, list_length(block, "frameworks"))
              : err;
    err = err == ERR_NONE
              ? buf_printf(out, "    .promises = promises_%zu,\n    .promise_count = %zu,\n", index,
                           block_count(block->blocks))
              : err;
    err = err == ERR_NONE
              ? put_reference(out, "patterns", "pattern", array_name("patterns", index, 0).text,
                              pattern_total(block))
              : err;
    char denials[32];
    snprintf(denials, sizeof(denials), "denials_%zu", index);
    err = err == ERR_NONE
              ? put_reference(out, "denials", "denial", denials, list_length(block, "not"))
              : err;
    return err == ERR_NONE ? buf_append_string(out, "},\n") : err;
}

static enum err put_theme(struct emitter *emitter, const struct entry *entry, const char *prefix,
                          size_t index)
{
    enum err err = buf_append_string(emitter->out, "{\n");
    err = err == ERR_NONE ? put_member(emitter->out, "id", entry_id(entry)) : err;
    err = err == ERR_NONE ? put_text_member(emitter->out, entry->block, "title") : err;
    err = err == ERR_NONE
              ? put_reference(emitter->out, "patterns", "pattern",
                              array_name(prefix, index, 0).text, pattern_total(entry->block))
              : err;
    return err == ERR_NONE ? buf_append_string(emitter->out, "},\n") : err;
}

static enum err put_term(struct emitter *emitter, const struct entry *entry, size_t index)
{
    struct buf *out = emitter->out;
    const struct hcl_block *block = entry->block;
    struct slice parameter = hcl_text(block, "parameter", SLICE_NONE);
    enum err err = buf_append_string(out, "{\n");
    err = err == ERR_NONE ? put_member(out, "id", entry_id(entry)) : err;
    err = err == ERR_NONE ? put_text_member(out, block, "proposal") : err;
    if (parameter.len > 0) {
        err = err == ERR_NONE ? put_member(out, "parameter", parameter) : err;
    }
    err = err == ERR_NONE ? put_reference(out, "measures", "measure",
                                          array_name("term_measures", index, 0).text,
                                          list_length(block, "measures"))
                          : err;
    err = err == ERR_NONE
              ? put_reference(out, "values", "value", array_name("term_values", index, 0).text,
                              list_length(block, "values"))
              : err;
    err = err == ERR_NONE
              ? put_reference(out, "patterns", "pattern",
                              array_name("term_patterns", index, 0).text, pattern_total(block))
              : err;
    return err == ERR_NONE ? buf_append_string(out, "},\n") : err;
}

static enum err put_term_arrays(struct emitter *emitter, const struct entry *entry, size_t index)
{
    const struct json *measures = block_value(entry->block, "measures"),
                      *values = block_value(entry->block, "values");
    enum err err =
        put_patterns(emitter, entry, entry->block, array_name("term_patterns", index, 0).text);
    if (err == ERR_NONE && measures != NULL) {
        err = put_strings(emitter->out, array_name("term_measures", index, 0).text, measures);
    }
    if (err == ERR_NONE && values != NULL) {
        err = put_parameters(emitter->out, array_name("term_values", index, 0).text, values);
    }
    return err;
}

static enum err put_no_arrays(struct emitter *emitter, const struct entry *entry, size_t index)
{
    (void)emitter;
    (void)entry;
    (void)index;
    return ERR_NONE;
}

static enum err put_section_arrays(struct emitter *emitter, const struct entry *entry, size_t index)
{
    return put_patterns(emitter, entry, entry->block,
                        array_name("section_patterns", index, 0).text);
}

static enum err put_section(struct emitter *emitter, const struct entry *entry, size_t index)
{
    return put_theme(emitter, entry, "section_patterns", index);
}

static enum err put_outside_arrays(struct emitter *emitter, const struct entry *entry, size_t index)
{
    return put_patterns(emitter, entry, entry->block,
                        array_name("outside_patterns", index, 0).text);
}

static enum err put_outside(struct emitter *emitter, const struct entry *entry, size_t index)
{
    return put_theme(emitter, entry, "outside_patterns", index);
}

static enum err put_probe_arrays(struct emitter *emitter, const struct entry *entry, size_t index)
{
    return put_strings(emitter->out, array_name("probe_observations", index, 0).text,
                       block_value(entry->block, "observations"));
}

static enum err put_probe(struct emitter *emitter, const struct entry *entry, size_t index)
{
    struct buf *out = emitter->out;
    enum err err = buf_append_string(out, "{\n");
    err = err == ERR_NONE ? put_member(out, "id", entry_id(entry)) : err;
    err = err == ERR_NONE ? put_text_member(out, entry->block, "title") : err;
    err = err == ERR_NONE
              ? put_member(out, "subject", hcl_text(entry->block, "subject", SLICE_NONE))
              : err;
    err = err == ERR_NONE ? put_reference(out, "observations", "observation",
                                          array_name("probe_observations", index, 0).text,
                                          list_length(entry->block, "observations"))
                          : err;
    return err == ERR_NONE ? buf_append_string(out, "},\n") : err;
}

static enum err put_subject(struct emitter *emitter, const struct entry *entry, size_t index)
{
    (void)index;
    enum err err = buf_append_string(emitter->out, "{\n");
    err = err == ERR_NONE ? put_member(emitter->out, "id", entry_id(entry)) : err;
    err = err == ERR_NONE ? put_text_member(emitter->out, entry->block, "title") : err;
    return err == ERR_NONE ? buf_append_string(emitter->out, "},\n") : err;
}

typedef enum err (*put_fn)(struct emitter *emitter, const struct entry *entry, size_t index);

static const struct {
    const char *type, *table;
    put_fn arrays, row;
} entry_tables[ENTRY_KIND_COUNT] = {
    [ENTRY_MEASURE] = {"struct measure", "catalogue_measures", put_measure_arrays, put_measure},
    [ENTRY_SECTION] = {"struct section_theme", "catalogue_sections", put_section_arrays,
                       put_section},
    [ENTRY_OUTSIDE] = {"struct outside_topic", "catalogue_outsides", put_outside_arrays,
                       put_outside},
    [ENTRY_TERM] = {"struct term", "catalogue_terms", put_term_arrays, put_term},
    [ENTRY_PROBE] = {"struct probe", "catalogue_probes", put_probe_arrays, put_probe},
    [ENTRY_SUBJECT] = {"struct subject_kind", "catalogue_subjects", put_no_arrays, put_subject},
};

static enum err put_table(struct emitter *emitter, enum entry_kind kind)
{
    const struct entry_list *list = &emitter->source->lists[kind];
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < list->count; i++) {
        err = entry_tables[kind].arrays(emitter, &list->items[i], i);
    }
    err = err == ERR_NONE ? buf_printf(emitter->out, "const %s %s[] = {\n", entry_tables[kind].type,
                                       entry_tables[kind].table)
                          : err;
    for (size_t i = 0; err == ERR_NONE && i < list->count; i++) {
        err = entry_tables[kind].row(emitter, &list->items[i], i);
    }
    return err == ERR_NONE ? buf_printf(emitter->out, "};\nconst size_t %s_count = %zu;\n\n",
                                        entry_tables[kind].table, list->count)
                           : err;
}

static enum err put_spans(struct buf *out, const char *name, const struct pattern_span *spans,
                          size_t count)
{
    enum err err = buf_printf(out, "const struct pattern_span %s[] = {\n", name);
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        err = buf_printf(out, "{%u, %u},%s", spans[i].first, spans[i].count,
                         i % 12 == 11 ? "\n" : " ");
    }
    return err == ERR_NONE ? buf_append_string(out, "};\n") : err;
}

static enum err put_words(struct buf *out, const struct pattern_set *set)
{
    enum err err = buf_append_string(out, "const struct pattern_word catalogue_words[] = {\n");
    for (size_t i = 0; err == ERR_NONE && i < set->word_count; i++) {
        err = buf_printf(out, "    {\"%s\", %u, %u},\n", set->words[i].folded, set->words[i].length,
                         set->words[i].flags);
    }
    err = err == ERR_NONE ? buf_printf(out, "};\nconst size_t catalogue_words_count = %zu;\n\n",
                                       set->word_count)
                          : err;
    err = err == ERR_NONE ? buf_append_string(out, "const uint16_t catalogue_phrase_words[] = {\n")
                          : err;
    for (size_t i = 0; err == ERR_NONE && i < set->phrase_word_count; i++) {
        err = buf_printf(out, "%u,%s", set->phrase_words[i], i % 24 == 23 ? "\n" : " ");
    }
    err = err == ERR_NONE ? buf_append_string(out, "};\n") : err;
    err = err == ERR_NONE ? put_spans(out, "catalogue_phrases", set->phrases, set->phrase_count)
                          : err;
    return err == ERR_NONE ? put_spans(out, "catalogue_groups", set->groups, set->group_count)
                           : err;
}

/* ---- the kinds of observations that probes make, each once, with the subject that a promise asks them of ---- */

static const struct hcl_block *observation_block(const struct source *source, struct slice kind)
{
    const struct entry_list *measures = &source->lists[ENTRY_MEASURE];
    for (size_t i = 0; i < measures->count; i++) {
        for (const struct hcl_block *promise = measures->items[i].block->blocks; promise != NULL; promise = promise->next) {
            for (const struct hcl_block *observation = promise->blocks; observation != NULL; observation = observation->next) {
                if (slice_equal(observation->labels[0], kind)) {
                    return observation;
                }
            }
        }
    }
    return NULL;
}

static bool was_before(const struct entry_list *probes, size_t probe, const struct json *kind)
{
    for (size_t i = 0; i <= probe; i++) {
        for (const struct json *item = block_value(probes->items[i].block, "observations")->first; item != NULL; item = item->next) {
            if (item == kind) {
                return false;
            }
            if (slice_equal(item->text, kind->text)) {
                return true;
            }
        }
    }
    return false;
}

static enum err put_kind(struct buf *out, struct slice id, struct slice subject, struct slice fed, struct slice needs)
{
    const struct slice parts[] = {id, subject, fed, needs};
    enum err err = buf_append_string(out, "    {");
    for (size_t i = 0; err == ERR_NONE && i < sizeof parts / sizeof parts[0]; i++) {
        err = parts[i].len == 0 ? buf_append_string(out, "NULL") : put_string(out, parts[i]);
        err = err == ERR_NONE ? buf_append_string(out, i + 1 < sizeof parts / sizeof parts[0] ? ", " : "},\n") : err;
    }
    return err;
}

static enum err put_kinds(struct buf *out, const struct source *source)
{
    const struct entry_list *probes = &source->lists[ENTRY_PROBE], *subjects = &source->lists[ENTRY_SUBJECT];
    enum err err = buf_append_string(out, "const struct kind catalogue_kinds[] = {\n");
    for (size_t i = 0; i < probes->count; i++) {
        for (const struct json *kind = block_value(probes->items[i].block, "observations")->first; err == ERR_NONE && kind != NULL; kind = kind->next) {
            const struct hcl_block *asked = observation_block(source, kind->text);
            struct slice subject = hcl_text(asked == NULL ? probes->items[i].block : asked, "subject", SLICE_NONE);
            struct slice needs = asked == NULL ? SLICE_NONE : hcl_text(asked, "needs", SLICE_NONE);
            err = was_before(probes, i, kind) ? ERR_NONE : put_kind(out, kind->text, subject, SLICE_NONE, needs);
        }
    }
    for (size_t i = 0; err == ERR_NONE && i < subjects->count; i++) {
        const struct json *found = block_value(subjects->items[i].block, "found");
        char *id = arena_printf(source->arena, "population.%.*s", (int)entry_id(&subjects->items[i]).len, (const char *)entry_id(&subjects->items[i]).data);
        if (found != NULL && found->type == JSON_TRUE) {
            err = id == NULL ? ERR_MEMORY : put_kind(out, slice_string(id), SLICE_NONE, entry_id(&subjects->items[i]), SLICE_NONE);
        }
    }
    return err == ERR_NONE ? buf_append_string(out, "};\nconst size_t catalogue_kinds_count = sizeof catalogue_kinds / sizeof catalogue_kinds[0];\n"
                                                    "_Static_assert(sizeof catalogue_kinds / sizeof catalogue_kinds[0] <= KINDS_MAX, \"KINDS_MAX of kinds.h\");\n")
                           : err;
}

enum err emit_tables(struct buf *out, struct source *source, const char *version)
{
    struct pattern_set *set = calloc(1, sizeof(*set));
    if (set == NULL) {
        return ERR_MEMORY;
    }
    set->arena = source->arena;
    struct emitter emitter = {out, source, set};
    enum err err = buf_printf(
        out,
        "/* Written by catalogue_make from measures/; changes are lost. */\n"
        "#include \"measure/catalogue_tables.h\"\n\nconst char catalogue_version[17] = \"%s\";\n\n",
        version);
    for (size_t kind = 0; err == ERR_NONE && kind < ENTRY_KIND_COUNT; kind++) {
        err = put_table(&emitter, (enum entry_kind)kind);
    }
    err = err == ERR_NONE ? put_kinds(out, source) : err;
    err = err == ERR_NONE ? put_words(out, set) : err;
    free(set);
    return err;
}
