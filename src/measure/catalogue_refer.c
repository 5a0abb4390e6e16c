/* What the entries of the catalogue say about each other: numbers, sections, subjects, probes,
 * parameters. */
#include "measure/catalogue_source.h"

#include <stdlib.h>

static uint64_t number_of(const struct entry *entry)
{
    uint64_t number = 0;
    const struct json *value = block_value(entry->block, "number");
    if (value == NULL || slice_to_u64(value->text, &number) != ERR_NONE) {
        return 0;
    }
    return number;
}

static int compare_entries(const void *a, const void *b)
{
    uint64_t left = number_of(a), right = number_of(b);
    return left < right ? -1 : left > right;
}

static int compare_ids(const void *a, const void *b)
{
    return slice_compare(entry_id(a), entry_id(b));
}

static void fault_at(struct source *source, const struct entry *entry,
                     const struct hcl_block *block, struct text text, struct slice detail)
{
    source_fault(source, entry->file, block->line, block->column, text, detail);
}

static void check_numbers(struct source *source)
{
    struct entry_list *list = &source->lists[ENTRY_MEASURE];
    for (size_t i = 0; i < list->count; i++) {
        const struct entry *entry = &list->items[i];
        uint64_t number = number_of(entry);
        if (number < 1 || number > MEASURES_EXPECTED) {
            fault_at(source, entry, entry->block,
                     TEXT("number must be 1 to 28", "number muss 1 bis 28 sein"), entry_id(entry));
        } else if (i > 0 && number_of(&list->items[i - 1]) == number) {
            fault_at(source, entry, entry->block,
                     TEXT("this number is taken by another measure",
                          "diese Nummer hat schon eine andere Maßnahme"),
                     entry_id(entry));
        }
    }
    if (source->fault_count == 0 && list->count != MEASURES_EXPECTED) {
        source_fault(source, "measures", 0, 0,
                     TEXT("the catalogue must have exactly 28 measures",
                          "der Katalog muss genau 28 Maßnahmen haben"),
                     SLICE_NONE);
    }
}

static void check_reference(struct source *source, const struct entry *entry,
                            const struct hcl_block *block, enum entry_kind kind, struct slice id,
                            struct text text)
{
    if (source_find(source, kind, id) == NULL) {
        fault_at(source, entry, block, text, id);
    }
}

static bool lists(const struct entry *probe, const char *attribute, struct slice word)
{
    const struct json *list = block_value(probe->block, attribute);
    for (const struct json *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next) {
        if (slice_equal(item->text, word)) {
            return true;
        }
    }
    return false;
}

/* A probe runs at one subject; what it finds there may be about others (the containers of a host). */
static bool speaks_of(const struct entry *probe, struct slice subject)
{
    return slice_equal(hcl_text(probe->block, "subject", SLICE_NONE), subject) ||
           lists(probe, "about", subject);
}

static void check_observation(struct source *source, const struct entry *entry,
                              const struct hcl_block *promise, const struct hcl_block *observation)
{
    struct slice subject = hcl_text(observation, "subject", SLICE_NONE);
    struct slice probe_id = hcl_text(observation, "probe", SLICE_NONE);
    struct slice from = hcl_text(observation, "max_age_from", SLICE_NONE);
    struct slice needs = hcl_text(observation, "needs", SLICE_NONE);
    check_reference(source, entry, observation, ENTRY_SUBJECT, subject,
                    TEXT("no such kind of subject", "diese Art von Gegenstand gibt es nicht"));
    if (needs.len > 0) {
        check_reference(source, entry, observation, ENTRY_SUBJECT, needs,
                        TEXT("no such kind of subject", "diese Art von Gegenstand gibt es nicht"));
    }
    const struct entry *probe =
        probe_id.len == 0 ? NULL : source_find(source, ENTRY_PROBE, probe_id);
    if (probe_id.len > 0 && probe == NULL) {
        fault_at(source, entry, observation, TEXT("no such probe", "diese Probe gibt es nicht"),
                 probe_id);
    } else if (probe != NULL && !lists(probe, "observations", observation->labels[0])) {
        fault_at(source, entry, observation,
                 TEXT("the probe does not make this observation",
                      "die Probe macht diese Beobachtung nicht"),
                 observation->labels[0]);
    } else if (probe != NULL && !speaks_of(probe, subject)) {
        fault_at(source, entry, observation,
                 TEXT("the probe has another kind of subject",
                      "die Probe hat eine andere Art von Gegenstand"),
                 subject);
    }
    char name[16] = {0};
    for (size_t i = 0; i < from.len && i + 1 < sizeof(name); i++) {
        name[i] = (char)from.data[i];
    }
    if (from.len > 0 && json_member(block_value(promise, "parameters"), name) == NULL) {
        fault_at(source, entry, observation,
                 TEXT("max_age_from names no parameter of this promise",
                      "max_age_from nennt keinen Parameter dieses Versprechens"),
                 from);
    }
}

static void check_measure(struct source *source, const struct entry *entry)
{
    check_reference(source, entry, entry->block, ENTRY_SECTION,
                    hcl_text(entry->block, "section", SLICE_NONE),
                    TEXT("no such section", "diesen Abschnitt gibt es nicht"));
    for (const struct hcl_block *promise = entry->block->blocks; promise != NULL;
         promise = promise->next) {
        if (block_value(promise, "sure") == NULL && block_value(promise, "likely") == NULL) {
            fault_at(source, entry, promise,
                     TEXT("this promise has no words to be recognised by",
                          "dieses Versprechen hat keine Wörter, an denen man es erkennt"),
                     promise->labels[0]);
        }
        for (const struct hcl_block *observation = promise->blocks; observation != NULL;
             observation = observation->next) {
            check_observation(source, entry, promise, observation);
        }
    }
}

static void check_term(struct source *source, const struct entry *entry)
{
    const struct json *measures = block_value(entry->block, "measures");
    for (const struct json *item = measures == NULL ? NULL : measures->first; item != NULL;
         item = item->next) {
        check_reference(source, entry, entry->block, ENTRY_MEASURE, item->text,
                        TEXT("no such measure", "diese Maßnahme gibt es nicht"));
    }
}

void source_finish(struct source *source)
{
    for (size_t kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
        struct entry_list *list = &source->lists[kind];
        qsort(list->items, list->count, sizeof(list->items[0]),
              kind == ENTRY_MEASURE ? compare_entries : compare_ids);
    }
    for (size_t i = 0; i < source->lists[ENTRY_MEASURE].count; i++) {
        check_measure(source, &source->lists[ENTRY_MEASURE].items[i]);
    }
    for (size_t i = 0; i < source->lists[ENTRY_TERM].count; i++) {
        check_term(source, &source->lists[ENTRY_TERM].items[i]);
    }
    for (size_t i = 0; i < source->lists[ENTRY_PROBE].count; i++) {
        const struct entry *probe = &source->lists[ENTRY_PROBE].items[i];
        check_reference(source, probe, probe->block, ENTRY_SUBJECT,
                        hcl_text(probe->block, "subject", SLICE_NONE),
                        TEXT("no such kind of subject", "diese Art von Gegenstand gibt es nicht"));
        const struct json *about = block_value(probe->block, "about");
        for (const struct json *item = about == NULL ? NULL : about->first; item != NULL;
             item = item->next) {
            check_reference(
                source, probe, probe->block, ENTRY_SUBJECT, item->text,
                TEXT("no such kind of subject", "diese Art von Gegenstand gibt es nicht"));
        }
    }
    check_numbers(source);
}
