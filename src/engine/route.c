#include "engine/route.h"

#include <assert.h>

/* The tests put a small table of their own here. */
#ifndef ROUTES_FILE
#define ROUTES_FILE "engine/routes.def"
#endif

#define F(name, type, flags, english, german)                                                      \
    {                                                                                              \
#name, (type), (flags),                                                                    \
        {                                                                                          \
            (english), (german)                                                                    \
        }                                                                                          \
    }
#define FIELDS(...) ((const struct field[]){__VA_ARGS__, {NULL, FIELD_ANY, 0, {NULL, NULL}}})
#define NO_FIELDS ((const struct field[]){{NULL, FIELD_ANY, 0, {NULL, NULL}}})
#define ROUTE(operation, verbs, pattern, flags, fields, english, german)                           \
    {#operation, (verbs), (pattern), (flags), (fields), {(english), (german)}},

static const struct route routes[] = {
#include ROUTES_FILE
};

enum {
    ROUTE_COUNT = sizeof(routes) / sizeof(routes[0]),
    BUCKET_COUNT = 64, /* of first segments; one more holds the patterns that begin with a name */
    SEGMENTS_MAX = 16,
    NO_ROUTE = UINT16_MAX,
};
static_assert(ROUTE_COUNT < NO_ROUTE, "routes are numbered by 16 bits");

/*
 * Chains of routes by the first segment of their patterns. Derived from the const table at the
 * first look-up and never changed again, so it is a table too, only one that the compiler cannot
 * compute.
 */
static struct {
    bool built;
    uint16_t bucket[BUCKET_COUNT + 1];
    uint16_t next[ROUTE_COUNT];
} by_segment;

size_t route_count(void)
{
    return ROUTE_COUNT;
}

const struct route *route_at(size_t index)
{
    return index < ROUTE_COUNT ? &routes[index] : NULL;
}

static size_t bucket_of(struct slice segment)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < segment.len; i++) {
        hash = (hash ^ segment.data[i]) * 16777619u;
    }
    return (hash ^ (hash >> 16)) % BUCKET_COUNT;
}

static bool is_variable(struct slice segment)
{
    return segment.len > 0 && (segment.data[0] == ':' || segment.data[0] == '*');
}

static void build(void)
{
    for (size_t i = 0; i <= BUCKET_COUNT; i++) {
        by_segment.bucket[i] = NO_ROUTE;
    }
    for (size_t i = ROUTE_COUNT; i-- > 0;) {
        struct slice rest = slice_string(routes[i].pattern), segment;
        if (!slice_split(&rest, '/', &segment)) {
            segment = SLICE_NONE;
        }
        size_t bucket = is_variable(segment) ? BUCKET_COUNT : bucket_of(segment);
        by_segment.next[i] = by_segment.bucket[bucket];
        by_segment.bucket[bucket] = (uint16_t)i;
    }
    by_segment.built = true;
}

/* How specific a match is: two bits a segment from the left, literal before name before rest. */
struct candidate {
    uint64_t rank;
    struct slice values[ROUTE_VALUES_MAX];
    size_t value_count;
};

static bool take_value(struct candidate *candidate, struct slice value)
{
    if (candidate->value_count == ROUTE_VALUES_MAX) {
        return false;
    }
    candidate->values[candidate->value_count++] = value;
    return true;
}

/* The rest may be empty for lists only: "LIST kv/metadata/" means its root. */
static bool take_rest(struct candidate *candidate, struct slice rest, enum verb verb)
{
    return (rest.len > 0 || verb == VERB_LIST || verb == VERB_SCAN) && take_value(candidate, rest);
}

static bool cut(struct slice *rest, bool *at_end, struct slice *ret_segment)
{
    if (*at_end) {
        return false;
    }
    size_t slash = slice_find_byte(*rest, '/');
    *ret_segment = slice_first(*rest, slash == SIZE_MAX ? rest->len : slash);
    *at_end = slash == SIZE_MAX;
    *rest = slash == SIZE_MAX ? SLICE_NONE : slice_from(*rest, slash + 1);
    return true;
}

static bool segment_matches(struct slice wanted, struct slice segment, unsigned shift,
                            struct candidate *candidate)
{
    if (is_variable(wanted)) {
        candidate->rank |= UINT64_C(1) << shift;
        return segment.len > 0 && take_value(candidate, segment);
    }
    candidate->rank |= UINT64_C(2) << shift;
    return slice_equal(wanted, segment);
}

static bool matches(const char *pattern, struct slice path, enum verb verb,
                    struct candidate *ret_candidate)
{
    struct candidate candidate = {0};
    struct slice pattern_rest = slice_string(pattern), path_rest = path, wanted, segment;
    bool pattern_end = false, path_end = false;
    for (unsigned i = 0; cut(&pattern_rest, &pattern_end, &wanted); i++) {
        if (i == SEGMENTS_MAX) {
            return false;
        }
        if (wanted.len > 0 && wanted.data[0] == '*') {
            bool taken = take_rest(&candidate, path_rest, verb);
            *ret_candidate = candidate;
            return taken;
        }
        if (!cut(&path_rest, &path_end, &segment) ||
            !segment_matches(wanted, segment, 2 * (2 * SEGMENTS_MAX - 1 - i), &candidate)) {
            return false;
        }
    }
    /* "annex/clauses/" names the same as "annex/clauses". */
    if (!path_end && path_rest.len > 0) {
        return false;
    }
    *ret_candidate = candidate;
    return true;
}

/* No route takes a path with dots for segments: whoever resolved them later would see another path
 * than we checked. */
static bool has_dot_segment(struct slice path)
{
    struct slice segment;
    bool at_end = false;
    while (cut(&path, &at_end, &segment)) {
        if (slice_is(segment, ".") || slice_is(segment, "..")) {
            return true;
        }
    }
    return false;
}

static void consider(const struct route *route, size_t index, enum verb verb, struct slice path, uint64_t *best, struct route_match *match)
{
    struct candidate candidate;
    char first = route->pattern[0];
    bool may_match = first == '\0' || first == ':' || first == '*' || (path.len > 0 && path.data[0] == (uint8_t)first); /* most do not */
    if (!may_match || !matches(route->pattern, path, verb, &candidate)) {
        return;
    }
    match->path_known = true;
    if ((route->verbs & (unsigned)verb) == 0 || (match->route != NULL && candidate.rank <= *best)) {
        return;
    }
    *best = candidate.rank;
    match->route = route;
    match->index = index;
    for (size_t v = 0; v < ROUTE_VALUES_MAX; v++) {
        match->values[v] = candidate.values[v];
    }
}

static void search(uint16_t first, enum verb verb, struct slice path, uint64_t *best,
                   struct route_match *match)
{
    for (uint16_t i = first; i != NO_ROUTE; i = by_segment.next[i]) {
        consider(&routes[i], i, verb, path, best, match);
    }
}

enum err route_find_in(const struct route *table, size_t count, enum verb verb, struct slice path, struct route_match *ret_match)
{
    struct route_match match = {0};
    uint64_t best = 0;
    bool has_dots = has_dot_segment(path);
    for (size_t i = 0; i < count && !has_dots; i++) {
        consider(&table[i], i, verb, path, &best, &match);
    }
    *ret_match = match;
    return match.route != NULL ? ERR_NONE : match.path_known ? ERR_METHOD : ERR_NOT_FOUND;
}

bool route_is_taken(struct slice path)
{
    if (!by_segment.built) {
        build();
    }
    size_t slash = slice_find_byte(path, '/');
    struct slice first = slice_first(path, slash == SIZE_MAX ? path.len : slash);
    bool is_auth = slash != SIZE_MAX && slice_is(first, "auth");
    size_t second = is_auth ? slice_find_byte(slice_from(path, slash + 1), '/') : SIZE_MAX;
    struct slice taken = !is_auth ? first : slice_first(path, second == SIZE_MAX ? path.len : slash + 1 + second);
    for (uint16_t i = by_segment.bucket[bucket_of(first)]; i != NO_ROUTE; i = by_segment.next[i]) {
        struct slice pattern = slice_string(routes[i].pattern);
        bool is_there = slice_starts(pattern, taken) && (pattern.len == taken.len || pattern.data[taken.len] == '/');
        bool is_bare_auth = !is_auth && slice_starts(pattern, SLICE_LITERAL("auth/")); /* "auth" alone belongs to nobody */
        if (is_there && !is_bare_auth) {
            return true;
        }
    }
    return false;
}

bool route_may_be_mounted(struct slice path)
{
    return path.len > 0 && !has_dot_segment(path) && !route_is_taken(path);
}

const struct route *route_mounted(void)
{
    static const struct field none[] = {{NULL, FIELD_ANY, 0, {NULL, NULL}}};
    static const struct route mounted = {"mounted", VERB_READ | VERB_WRITE | VERB_DELETE | VERB_LIST | VERB_PATCH | VERB_SCAN, "*", ROUTE_OPEN_FIELDS, none, {"", ""}};
    return &mounted;
}

enum err route_find(enum verb verb, struct slice path, struct route_match *ret_match)
{
    if (!by_segment.built) {
        build();
    }
    struct route_match match = {0};
    uint64_t best = 0;
    size_t slash = slice_find_byte(path, '/');
    struct slice segment = slice_first(path, slash == SIZE_MAX ? path.len : slash);
    if (!has_dot_segment(path)) {
        search(by_segment.bucket[bucket_of(segment)], verb, path, &best, &match);
        search(by_segment.bucket[BUCKET_COUNT], verb, path, &best, &match);
    }
    *ret_match = match; /* also without a route: path_known tells why */
    if (match.route != NULL) {
        return ERR_NONE;
    }
    return match.path_known ? ERR_METHOD : ERR_NOT_FOUND;
}
