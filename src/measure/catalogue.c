#include "measure/catalogue.h"

#include "measure/catalogue_tables.h"

size_t catalogue_measure_count(void)
{
    return catalogue_measures_count;
}

const struct measure *catalogue_measure_at(size_t index)
{
    return index < catalogue_measures_count ? &catalogue_measures[index] : NULL;
}

const struct measure *catalogue_measure(struct slice id)
{
    for (size_t i = 0; i < catalogue_measures_count; i++) {
        if (slice_is(id, catalogue_measures[i].id)) {
            return &catalogue_measures[i];
        }
    }
    return NULL;
}

const struct promise *catalogue_promise(struct slice measure_id, struct slice promise_name)
{
    const struct measure *measure = catalogue_measure(measure_id);
    for (size_t i = 0; measure != NULL && i < measure->promise_count; i++) {
        if (slice_is(promise_name, measure->promises[i].name)) {
            return &measure->promises[i];
        }
    }
    return NULL;
}

const struct parameter *promise_parameter(const struct promise *promise, const char *name)
{
    for (size_t i = 0; i < promise->parameter_count; i++) {
        if (slice_is(slice_string(name), promise->parameters[i].name)) {
            return &promise->parameters[i];
        }
    }
    return NULL;
}

bool promise_has_probe(const struct promise *promise)
{
    for (size_t i = 0; i < promise->observation_count; i++) {
        if (promise->observations[i].probe == NULL) {
            return false;
        }
    }
    return promise->observation_count > 0;
}

size_t catalogue_probe_count(void)
{
    return catalogue_probes_count;
}

const struct probe *catalogue_probe_at(size_t index)
{
    return index < catalogue_probes_count ? &catalogue_probes[index] : NULL;
}

const struct probe *catalogue_probe(struct slice id)
{
    for (size_t i = 0; i < catalogue_probes_count; i++) {
        if (slice_is(id, catalogue_probes[i].id)) {
            return &catalogue_probes[i];
        }
    }
    return NULL;
}

static bool needs_probe(const struct promise *promise, const struct probe *probe)
{
    for (size_t i = 0; i < promise->observation_count; i++) {
        const char *needed = promise->observations[i].probe;
        if (needed != NULL && slice_is(slice_string(needed), probe->id)) {
            return true;
        }
    }
    return false;
}

const struct promise *catalogue_probe_promise(const struct probe *probe,
                                              const struct promise *previous)
{
    bool passed = previous == NULL;
    for (size_t i = 0; i < catalogue_measures_count; i++) {
        const struct measure *measure = &catalogue_measures[i];
        for (size_t j = 0; j < measure->promise_count; j++) {
            const struct promise *promise = &measure->promises[j];
            if (passed && needs_probe(promise, probe)) {
                return promise;
            }
            passed = passed || promise == previous;
        }
    }
    return NULL;
}

size_t catalogue_term_count(void)
{
    return catalogue_terms_count;
}

const struct term *catalogue_term_at(size_t index)
{
    return index < catalogue_terms_count ? &catalogue_terms[index] : NULL;
}

const struct term *catalogue_term(struct slice id)
{
    for (size_t i = 0; i < catalogue_terms_count; i++) {
        if (slice_is(id, catalogue_terms[i].id)) {
            return &catalogue_terms[i];
        }
    }
    return NULL;
}

const struct subject_kind *catalogue_subject(struct slice id)
{
    for (size_t i = 0; i < catalogue_subjects_count; i++) {
        if (slice_is(id, catalogue_subjects[i].id)) {
            return &catalogue_subjects[i];
        }
    }
    return NULL;
}

size_t catalogue_section_count(void)
{
    return catalogue_sections_count;
}

const struct section_theme *catalogue_section_at(size_t index)
{
    return index < catalogue_sections_count ? &catalogue_sections[index] : NULL;
}

const struct section_theme *catalogue_section(struct slice id)
{
    for (size_t i = 0; i < catalogue_sections_count; i++) {
        if (slice_is(id, catalogue_sections[i].id)) {
            return &catalogue_sections[i];
        }
    }
    return NULL;
}

size_t catalogue_outside_count(void)
{
    return catalogue_outsides_count;
}

const struct outside_topic *catalogue_outside_at(size_t index)
{
    return index < catalogue_outsides_count ? &catalogue_outsides[index] : NULL;
}
