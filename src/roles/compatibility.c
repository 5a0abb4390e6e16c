#include "roles/compatibility.h"

#include "engine/mount.h"
#include "engine/route.h"
#include "secrets/secrets.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 256, METHODS_MAX = 6, TAKEN_MAX = 2000 };

enum row_kind { ROW_SECTION, ROW_ENDPOINT, ROW_DIFFERS };

static const struct row {
    enum row_kind kind;
    const char *first, *second, *third;
} rows[] = {
#define SECTION(title, routes, mount) {ROW_SECTION, title, routes, mount},
#define ENDPOINT(methods, path) {ROW_ENDPOINT, methods, path, NULL},
#define DIFFERS(methods, path, how) {ROW_DIFFERS, methods, path, how},
#include "roles/compatibility.def"
#undef SECTION
#undef ENDPOINT
#undef DIFFERS
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

enum presence { STATE_ABSENT, STATE_DIFFERENT, STATE_DONE };
static const char *const state_names[] = {"not there", "different", "done"};

struct verdict {
    enum presence state;
    const char *how;
};

/* ---- methods ---- */

static const struct {
    const char *name;
    enum verb verb;
} methods[] = {{"GET", VERB_READ}, {"HEAD", VERB_READ}, {"POST", VERB_WRITE}, {"PUT", VERB_WRITE}, {"DELETE", VERB_DELETE}, {"LIST", VERB_LIST}, {"PATCH", VERB_PATCH}};

static enum verb verb_of(struct slice method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (slice_is(method, methods[i].name)) {
            return methods[i].verb;
        }
    }
    return VERB_READ;
}

/* "GET,POST" or "GET, POST". */
static bool next_method(struct slice *rest, struct slice *ret_method)
{
    if (!slice_split(rest, ',', ret_method)) {
        return false;
    }
    *ret_method = slice_trim(*ret_method);
    return true;
}

static bool names_method(const char *list, struct slice method)
{
    struct slice rest = slice_string(list), one;
    while (next_method(&rest, &one)) {
        if (slice_equal(one, method)) {
            return true;
        }
    }
    return list[0] == '\0';
}

/* ---- what the tables say ---- */

/* ":name" of the documentation as a name that somebody could have given. */
static enum err concrete(struct buf *out, const char *path)
{
    struct slice rest = slice_string(path), segment;
    enum err err = ERR_NONE;
    for (bool is_first = true; err == ERR_NONE && slice_split(&rest, '/', &segment); is_first = false) {
        err = is_first ? ERR_NONE : buf_append_byte(out, '/');
        bool is_name = segment.len > 0 && segment.data[0] == ':';
        err = err != ERR_NONE ? err : is_name ? buf_append_string(out, "name") : buf_append(out, segment);
    }
    return err;
}

static const struct engine *engine_of(const char *routes)
{
    static const struct {
        const char *prefix;
        enum engine_class class;
    } classes[] = {{"secret:", ENGINE_SECRET}, {"auth:", ENGINE_AUTH}};
    for (size_t i = 0; i < 2; i++) {
        if (strncmp(routes, classes[i].prefix, strlen(classes[i].prefix)) == 0) {
            return engine_find(classes[i].class, slice_string(routes + strlen(classes[i].prefix)));
        }
    }
    return strcmp(routes, "kv1") == 0 ? &engine_kv1 : strcmp(routes, "kv2") == 0 ? &engine_kv2 : NULL;
}

/* What answers only to say that nothing is there. */
static bool is_catch_all(const struct route *route)
{
    return strcmp(route->operation, "kv2_wrong") == 0;
}

static const struct route *find(const struct row *section, enum verb verb, struct slice path)
{
    struct route_match match;
    bool is_top = strcmp(section->second, "sys") == 0;
    const struct engine *engine = is_top ? NULL : engine_of(section->second);
    if (!is_top && engine == NULL) {
        return NULL;
    }
    enum err err = is_top ? route_find(verb, path, &match) : route_find_in(engine->routes, engine->route_count, verb, path, &match);
    return err != ERR_NONE || is_catch_all(match.route) ? NULL : match.route;
}

static const char *difference(const struct row *section, const char *path, struct slice method)
{
    bool is_within = false;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        is_within = rows[i].kind == ROW_SECTION ? &rows[i] == section : is_within;
        if (rows[i].kind == ROW_DIFFERS && is_within && strcmp(rows[i].second, path) == 0 && names_method(rows[i].first, method)) {
            return rows[i].third;
        }
    }
    return NULL;
}

static enum err judge(const struct row *section, const struct row *endpoint, struct slice method, struct verdict *ret_verdict)
{
    cleanup_buf struct buf path = BUF_INIT(PATH_BYTES);
    enum err err = concrete(&path, endpoint->second);
    if (err != ERR_NONE) {
        return err;
    }
    const struct route *route = find(section, verb_of(method), buf_slice(&path));
    const char *how = difference(section, endpoint->second, method);
    bool refuses = route != NULL && (strncmp(route->help.english, "Refused", 7) == 0 || strncmp(route->help.english, "There is none", 13) == 0);
    how = how == NULL && refuses ? route->help.english : how;
    *ret_verdict = (struct verdict){route == NULL ? STATE_ABSENT : how != NULL ? STATE_DIFFERENT : STATE_DONE, route == NULL ? NULL : how};
    return ERR_NONE;
}

/* ---- the list's own mistakes ---- */

static enum err refuse(struct complaint *complaint, struct text text, const char *path)
{
    return complain(complaint, ERR_INVALID, text, 0, 0, path, strlen(path));
}

static enum err check_difference(const struct row *section, const struct row *differs, struct complaint *complaint)
{
    bool is_within = false, is_used = false;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct slice rest = slice_string(rows[i].first), method;
        is_within = rows[i].kind == ROW_SECTION ? &rows[i] == section : is_within;
        while (rows[i].kind == ROW_ENDPOINT && is_within && strcmp(rows[i].second, differs->second) == 0 && next_method(&rest, &method)) {
            struct verdict verdict;
            enum err err = judge(section, &rows[i], method, &verdict);
            if (err != ERR_NONE) {
                return err;
            }
            is_used = is_used || (names_method(differs->first, method) && verdict.state == STATE_DIFFERENT);
        }
    }
    return is_used ? ERR_NONE : refuse(complaint, TEXT("a difference is said of an endpoint that is not listed or not there", "ein Unterschied zu einem Endpunkt, der nicht in der Liste oder nicht da ist"), differs->second);
}

static enum err check_twice(size_t index, struct complaint *complaint)
{
    for (size_t i = index + 1; i < ROW_COUNT && rows[i].kind != ROW_SECTION; i++) {
        struct slice rest = slice_string(rows[index].first), method;
        while (rows[i].kind == ROW_ENDPOINT && strcmp(rows[i].second, rows[index].second) == 0 && next_method(&rest, &method)) {
            if (names_method(rows[i].first, method)) {
                return refuse(complaint, TEXT("an endpoint stands there twice", "ein Endpunkt steht zweimal da"), rows[i].second);
            }
        }
    }
    return ERR_NONE;
}

static enum err check(struct complaint *complaint)
{
    const struct row *section = NULL;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < ROW_COUNT; i++) {
        section = rows[i].kind == ROW_SECTION ? &rows[i] : section;
        err = rows[i].kind == ROW_DIFFERS ? check_difference(section, &rows[i], complaint) : rows[i].kind == ROW_ENDPOINT ? check_twice(i, complaint) : ERR_NONE;
    }
    return err;
}

/* ---- the page ---- */

static const char introduction[] =
    "# What of Vault's API is here\n\n"
    "Every endpoint of Vault's public API documentation (and OpenBao's of the same names), held against Vogt's tables of routes: *done*, *different* and how, or *not there*.\n"
    "The list of endpoints is `src/roles/compatibility.def`, written by hand; what stands beside each comes from the tables that the daemon itself works by. After a change:\n"
    "`ninja -C build compatibility_page && build/compatibility_page > docs/vault-compatibility.md` (`tests/test_compatibility.py` compares, and asks a running Vogt). Logins and engines are shown where they are usually mounted.\n\n"
    "That a route is *done* says that it exists and takes the documented fields that clients send; the behaviour is held by the tests of each engine and by real clients.\n"
    "What is here beside it stands at the end.\n\n";

struct counts {
    size_t by_state[3];
};

static enum err count_section(size_t index, struct counts *counts)
{
    enum err err = ERR_NONE;
    for (size_t i = index + 1; err == ERR_NONE && i < ROW_COUNT && rows[i].kind != ROW_SECTION; i++) {
        struct slice rest = slice_string(rows[i].first), method;
        while (err == ERR_NONE && rows[i].kind == ROW_ENDPOINT && next_method(&rest, &method)) {
            struct verdict verdict;
            err = judge(&rows[index], &rows[i], method, &verdict);
            counts->by_state[err == ERR_NONE ? verdict.state : STATE_ABSENT]++;
        }
    }
    return err;
}

static enum err put_counts(struct buf *out, const char *title, const struct counts *counts)
{
    return buf_printf(out, "| %s | %zu | %zu | %zu |\n", title, counts->by_state[STATE_DONE], counts->by_state[STATE_DIFFERENT], counts->by_state[STATE_ABSENT]);
}

static enum err put_summary(struct buf *out)
{
    struct counts all = {{0}};
    enum err err = buf_append_string(out, "| methods and paths of | done | different | not there |\n|---|---|---|---|\n");
    for (size_t i = 0; err == ERR_NONE && i < ROW_COUNT; i++) {
        if (rows[i].kind != ROW_SECTION) {
            continue;
        }
        struct counts own = {{0}};
        err = count_section(i, &own);
        for (size_t k = 0; k < 3; k++) {
            all.by_state[k] += own.by_state[k];
        }
        err = err == ERR_NONE ? put_counts(out, rows[i].first, &own) : err;
    }
    return err == ERR_NONE ? put_counts(out, "**all**", &all) : err;
}

static bool is_same(const struct verdict *a, const struct verdict *b)
{
    return a->state == b->state && (a->how == b->how || (a->how != NULL && b->how != NULL && strcmp(a->how, b->how) == 0));
}

/* One line for all methods of a path that stand alike. */
static enum err put_endpoint(struct buf *out, const struct row *section, const struct row *endpoint)
{
    struct slice rest = slice_string(endpoint->first), names[METHODS_MAX];
    struct verdict verdicts[METHODS_MAX];
    size_t count = 0;
    bool is_put[METHODS_MAX] = {false};
    enum err err = ERR_NONE;
    while (err == ERR_NONE && count < METHODS_MAX && next_method(&rest, &names[count])) {
        err = judge(section, endpoint, names[count], &verdicts[count]);
        count++;
    }
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        if (is_put[i]) {
            continue;
        }
        err = buf_append_string(out, "| ");
        for (size_t k = i; err == ERR_NONE && k < count; k++) {
            if (is_same(&verdicts[i], &verdicts[k])) {
                is_put[k] = true;
                err = buf_printf(out, "%s%.*s", k == i ? "" : ", ", (int)names[k].len, (const char *)names[k].data);
            }
        }
        err = err == ERR_NONE ? buf_printf(out, " | `%s%s` | %s%s%s |\n", section->third, endpoint->second, state_names[verdicts[i].state], verdicts[i].how == NULL ? "" : ": ", verdicts[i].how == NULL ? "" : verdicts[i].how) : err;
    }
    return err;
}

static bool is_whole_absent(size_t index)
{
    struct counts counts = {{0}};
    return count_section(index, &counts) == ERR_NONE && counts.by_state[STATE_DONE] + counts.by_state[STATE_DIFFERENT] == 0;
}

static enum err put_section(struct buf *out, size_t index)
{
    enum err err = buf_printf(out, "\n## %s\n\n%s| method | path | |\n|---|---|---|\n", rows[index].first, is_whole_absent(index) ? "Not there.\n\n" : "");
    for (size_t i = index + 1; err == ERR_NONE && i < ROW_COUNT && rows[i].kind != ROW_SECTION; i++) {
        err = rows[i].kind == ROW_ENDPOINT ? put_endpoint(out, &rows[index], &rows[i]) : ERR_NONE;
    }
    return err;
}

/* ---- what is here beside it ---- */

struct taken {
    const struct route *list[TAKEN_MAX];
    size_t count;
};

/* Routes that some documented endpoint leads to. */
static enum err take_all(struct taken *taken)
{
    const struct row *section = NULL;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < ROW_COUNT; i++) {
        section = rows[i].kind == ROW_SECTION ? &rows[i] : section;
        struct slice rest = slice_string(rows[i].first), method;
        while (err == ERR_NONE && rows[i].kind == ROW_ENDPOINT && next_method(&rest, &method)) {
            cleanup_buf struct buf path = BUF_INIT(PATH_BYTES);
            err = concrete(&path, rows[i].second);
            const struct route *route = err == ERR_NONE ? find(section, verb_of(method), buf_slice(&path)) : NULL;
            if (route != NULL && taken->count == TAKEN_MAX) {
                return ERR_TOO_LARGE;
            }
            if (route != NULL) {
                taken->list[taken->count++] = route;
            }
        }
    }
    return err;
}

static bool is_taken(const struct taken *taken, const struct route *route)
{
    for (size_t i = 0; i < taken->count; i++) {
        if (taken->list[i] == route) {
            return true;
        }
    }
    return is_catch_all(route);
}

static enum err put_route(struct buf *out, const struct route *route, const char *mount)
{
    static const struct {
        enum verb verb;
        const char *name;
    } verbs[] = {{VERB_READ, "GET"}, {VERB_WRITE, "POST"}, {VERB_DELETE, "DELETE"}, {VERB_LIST, "LIST"}, {VERB_PATCH, "PATCH"}, {VERB_SCAN, "SCAN"}};
    enum err err = buf_append_string(out, "| ");
    bool is_first = true;
    for (size_t i = 0; err == ERR_NONE && i < sizeof verbs / sizeof verbs[0]; i++) {
        if ((route->verbs & (unsigned)verbs[i].verb) != 0) {
            err = buf_printf(out, "%s%s", is_first ? "" : ", ", verbs[i].name);
            is_first = false;
        }
    }
    return err == ERR_NONE ? buf_printf(out, " | `%s%s` | %s |\n", mount, route->pattern, route->help.english) : err;
}

static enum err put_engine(struct buf *out, const struct taken *taken, const struct engine *engine)
{
    char mount[64];
    snprintf(mount, sizeof mount, "%s%s/", engine->class == ENGINE_AUTH ? "auth/" : "", strcmp(engine->type, "kv") == 0 ? "secret" : engine->type);
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < engine->route_count; i++) {
        err = is_taken(taken, &engine->routes[i]) ? ERR_NONE : put_route(out, &engine->routes[i], mount);
    }
    return err;
}

static enum err put_own(struct buf *out)
{
    struct taken taken = {.count = 0};
    const struct engine *engine = NULL;
    enum err err = take_all(&taken);
    err = err == ERR_NONE ? buf_append_string(out, "\n## Beside Vault's documentation\n\nVogt's own paths, and older names of documented ones.\n\n| method | path | |\n|---|---|---|\n") : err;
    for (size_t i = 0; err == ERR_NONE && i < route_count(); i++) {
        err = is_taken(&taken, route_at(i)) ? ERR_NONE : put_route(out, route_at(i), "");
    }
    for (size_t i = 0; err == ERR_NONE && (engine = engine_at(i)) != NULL; i++) {
        bool is_kv = engine->class == ENGINE_SECRET && strcmp(engine->type, "kv") == 0;
        err = put_engine(out, &taken, is_kv ? &engine_kv2 : engine);
    }
    return err;
}

enum err compatibility_page(struct buf *out, struct complaint *complaint)
{
    enum err err = check(complaint);
    err = err == ERR_NONE ? buf_append_string(out, introduction) : err;
    err = err == ERR_NONE ? put_summary(out) : err;
    for (size_t i = 0; err == ERR_NONE && i < ROW_COUNT; i++) {
        err = rows[i].kind == ROW_SECTION ? put_section(out, i) : ERR_NONE;
    }
    return err == ERR_NONE ? put_own(out) : err;
}
