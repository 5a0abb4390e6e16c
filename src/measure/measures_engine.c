/* measures/: the catalogue as people read it. */
#include "measure/operations.h"

#include "measure/explain.h"

enum err operation_measures_list(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys"), *info = NULL;
    for (size_t i = 0; i < catalogue_measure_count(); i++) {
        json_append(keys, json_string(turn->arena, slice_string(catalogue_measure_at(i)->id)));
    }
    info = json_set_object(turn->arena, data, "key_info");
    for (size_t i = 0; i < catalogue_measure_count(); i++) {
        const struct measure *measure = catalogue_measure_at(i);
        struct json *one = json_set_object(turn->arena, info, measure->id);
        json_set_u64(turn->arena, one, "number", measure->number);
        json_set_string(turn->arena, one, "section", slice_string(measure->section));
        explain_set_text(turn->arena, one, "title", measure->title);
    }
    json_set_string(turn->arena, data, "catalogue", slice_string(catalogue_version));
    return turn_reply_data(turn, data);
}

static void put_promise(struct turn *turn, struct json *list, const struct promise *promise)
{
    struct arena *arena = turn->arena;
    struct json *one = json_append(list, json_new(arena, JSON_OBJECT));
    json_set_string(arena, one, "promise", slice_string(promise->name));
    explain_set_text(arena, one, "title", promise->title);
    json_set_bool(arena, one, "attestable", promise->attestable);
    json_set_bool(arena, one, "probed", promise_has_probe(promise));
    struct json *values = json_set_object(arena, one, "values");
    for (size_t i = 0; i < promise->parameter_count; i++) {
        struct slice text = slice_string(promise->parameters[i].value);
        bool quoted = text.len >= 2 && text.data[0] == '"';
        json_set(arena, values, promise->parameters[i].name, quoted ? json_string(arena, slice_of(text.data + 1, text.len - 2)) : json_number_text(arena, text));
    }
    struct json *observations = json_set_array(arena, one, "observations");
    for (size_t i = 0; i < promise->observation_count; i++) {
        const struct observation_rule *rule = &promise->observations[i];
        struct json *item = json_append(observations, json_new(arena, JSON_OBJECT));
        json_set_string(arena, item, "kind", slice_string(rule->kind));
        json_set_string(arena, item, "subject", slice_string(rule->subject));
        json_set_u64(arena, item, "max_age_s", rule->max_age_s);
        if (rule->probe == NULL) {
            json_set_null(arena, item, "probe");
        } else {
            json_set_string(arena, item, "probe", slice_string(rule->probe));
        }
    }
}

enum err operation_measure_read(struct turn *turn)
{
    const struct measure *measure = catalogue_measure(turn->values[0]);
    struct arena *arena = turn->arena;
    if (measure == NULL) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("the catalogue has no such measure", "der Katalog hat keine solche Maßnahme"), turn->values[0]);
    }
    struct json *data = json_new(arena, JSON_OBJECT), *frameworks = NULL, *promises = NULL;
    json_set_string(arena, data, "id", slice_string(measure->id));
    json_set_u64(arena, data, "number", measure->number);
    json_set_string(arena, data, "section", slice_string(measure->section));
    explain_set_text(arena, data, "title", measure->title);
    explain_set_text(arena, data, "runs", measure->runs);
    explain_set_text(arena, data, "proves", measure->proves);
    frameworks = json_set_object(arena, data, "frameworks");
    for (size_t i = 0; i < measure->framework_count; i++) {
        struct json *ids = json_set_array(arena, frameworks, measure->frameworks[i].framework);
        for (size_t k = 0; k < measure->frameworks[i].id_count; k++) {
            json_append(ids, json_string(arena, slice_string(measure->frameworks[i].ids[k])));
        }
    }
    promises = json_set_array(arena, data, "promises");
    for (size_t i = 0; i < measure->promise_count; i++) {
        put_promise(turn, promises, &measure->promises[i]);
    }
    return turn_reply_data(turn, data);
}
