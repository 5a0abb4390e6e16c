#include "measure/kinds.h"

#include "measure/catalogue_tables.h"

#include <string.h>

/* What is found on a host, and which of its observations says that all of it was. */
static const struct {
    const char *fed, *told;
} hosts_tell[] = {{"endpoint", "host.discovered"}, {"volume", "host.discovered"}, {"container", "engine.read"}};
enum { HOSTS_TELL = sizeof hosts_tell / sizeof hosts_tell[0] };

const struct kind *kinds_at(size_t index)
{
    return index < catalogue_kinds_count ? &catalogue_kinds[index] : NULL;
}

size_t kinds_count(void)
{
    return catalogue_kinds_count;
}

size_t kinds_index(const struct kind *kind)
{
    return (size_t)(kind - catalogue_kinds);
}

const struct kind *kinds_find(struct slice id)
{
    for (size_t i = 0; i < catalogue_kinds_count; i++) {
        if (slice_is(id, catalogue_kinds[i].id)) {
            return &catalogue_kinds[i];
        }
    }
    return NULL;
}

static bool feeds(const struct json *subject, const char *fed)
{
    struct slice kind = json_text(subject, "kind", SLICE_NONE);
    for (size_t i = 0; slice_is(kind, "host") && i < HOSTS_TELL; i++) {
        if (strcmp(hosts_tell[i].fed, fed) == 0) {
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

/* What only its own machine or network can reach is nothing for an eye outside. */
static bool is_inside(const struct json *subject)
{
    struct slice name = json_text(subject, "name", SLICE_NONE);
    return json_bool(json_member(subject, "attributes"), "inside", false) || slice_starts(name, SLICE_LITERAL("localhost:")) || slice_starts(name, SLICE_LITERAL("127.")) ||
           slice_starts(name, SLICE_LITERAL("[::1]"));
}

bool kind_is_about(const struct kind *kind, const struct json *subject)
{
    if (kind->needs != NULL && is_inside(subject)) {
        return false;
    }
    return kind->fed != NULL ? feeds(subject, kind->fed) : slice_is(json_text(subject, "kind", SLICE_NONE), kind->subject);
}

bool kind_is_told_by(const struct kind *kind, const struct json *subject)
{
    static const struct {
        const char *kind, *source;
    } own[] = {{"population.invoice", "invoice"}, {"image.budget", "registry"}, {"image.not-root", "registry"}};
    struct slice source = json_text(json_member(subject, "attributes"), "kind", SLICE_NONE);
    bool is_source = slice_is(json_text(subject, "kind", SLICE_NONE), "source");
    for (size_t i = 0; is_source && i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(kind->id, own[i].kind) == 0) {
            return slice_is(source, own[i].source);
        }
    }
    return true;
}

const struct kind *kinds_population(struct slice subject_kind)
{
    for (size_t i = 0; i < catalogue_kinds_count; i++) {
        if (catalogue_kinds[i].fed != NULL && slice_is(subject_kind, catalogue_kinds[i].fed)) {
            return &catalogue_kinds[i];
        }
    }
    return NULL;
}

bool kind_tells_population(struct slice kind, const struct json *subject, const char *fed)
{
    bool is_invoice = slice_is(json_text(json_member(subject, "attributes"), "kind", SLICE_NONE), "invoice");
    for (size_t i = 0; i < HOSTS_TELL; i++) {
        if (slice_is(kind, hosts_tell[i].told) && (fed == NULL || strcmp(hosts_tell[i].fed, fed) == 0)) {
            return true;
        }
    }
    return (slice_is(kind, "population.invoice") && (subject == NULL || is_invoice)) || (slice_is(kind, "source.complete") && !is_invoice);
}
