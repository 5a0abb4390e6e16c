#include "measure/kinds.h"

#include "measure/catalogue.h"
#include "measure/edit.h"

#include <string.h>

/* Which subjects are found by machines and providers. People write the others themselves. */
static const struct {
    const char *id, *fed;
} populations[] = {
    {"population.endpoint", "endpoint"},   {"population.host", "host"},             {"population.volume", "volume"}, {"population.account", "account"},
    {"population.container", "container"}, {"population.repository", "repository"}, {"population.bucket", "bucket"}, {"population.database", "database"},
    {"population.person", "person"},       {"population.team", "team"},
};

/* What the machine probe finds on a host. */
static const char *const fed_by_hosts[] = {"endpoint", "volume"};

static const struct observation_rule *rule_of(const char *kind)
{
    for (size_t m = 0; m < catalogue_measure_count(); m++) {
        const struct measure *measure = catalogue_measure_at(m);
        for (size_t p = 0; p < measure->promise_count; p++) {
            const struct promise *promise = &measure->promises[p];
            for (size_t i = 0; i < promise->observation_count; i++) {
                if (strcmp(promise->observations[i].kind, kind) == 0) {
                    return &promise->observations[i];
                }
            }
        }
    }
    return NULL;
}

void kinds_gather(struct kinds *ret_kinds)
{
    struct kinds *kinds = ret_kinds;
    kinds->count = 0;
    for (size_t p = 0; p < catalogue_probe_count(); p++) {
        const struct probe *probe = catalogue_probe_at(p);
        for (size_t i = 0; i < probe->observation_count && kinds->count < KINDS_MAX; i++) {
            const char *id = probe->observations[i];
            const struct observation_rule *rule = rule_of(id);
            if (kinds_find(kinds, slice_string(id)) == NULL) {
                kinds->items[kinds->count++] = (struct kind){.id = id, .subject = rule == NULL ? probe->subject : rule->subject, .needs = rule == NULL ? NULL : rule->needs};
            }
        }
    }
    for (size_t i = 0; i < sizeof populations / sizeof populations[0] && kinds->count < KINDS_MAX; i++) {
        kinds->items[kinds->count++] = (struct kind){.id = populations[i].id, .fed = populations[i].fed};
    }
}

const struct kind *kinds_find(const struct kinds *kinds, struct slice id)
{
    for (size_t i = 0; i < kinds->count; i++) {
        if (slice_is(id, kinds->items[i].id)) {
            return &kinds->items[i];
        }
    }
    return NULL;
}

static bool feeds(const struct json *subject, const char *fed)
{
    struct slice kind = json_text(subject, "kind", SLICE_NONE);
    for (size_t i = 0; slice_is(kind, "host") && i < sizeof fed_by_hosts / sizeof fed_by_hosts[0]; i++) {
        if (strcmp(fed_by_hosts[i], fed) == 0) {
            return true;
        }
    }
    const struct json *list = json_member(json_member(subject, "attributes"), "feeds");
    for (const struct json *one = slice_is(kind, "source") && list != NULL ? list->first : NULL; one != NULL; one = one->next) {
        if (slice_is(one->text, fed)) {
            return true;
        }
    }
    return false;
}

bool kind_is_about(const struct kind *kind, const struct json *subject)
{
    return kind->fed != NULL ? feeds(subject, kind->fed) : slice_is(json_text(subject, "kind", SLICE_NONE), kind->subject);
}

const char *kinds_population(const struct kinds *kinds, struct slice subject_kind)
{
    for (size_t i = 0; i < kinds->count; i++) {
        if (kinds->items[i].fed != NULL && slice_is(subject_kind, kinds->items[i].fed)) {
            return kinds->items[i].id;
        }
    }
    return NULL;
}

bool kind_tells_population(struct slice kind)
{
    return slice_is(kind, "source.complete") || slice_is(kind, "host.discovered");
}
