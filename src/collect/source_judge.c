#include "collect/judge_source.h"

#include "base/time.h"
#include "collect/source_kinds.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 256, WHERE_MAX_BYTES = 200, NAMED_POWERS_MAX = 6, DAYS = 90, DAYS_MAX = 3650 };
static const int64_t day_ms = 86400000;

/* ---- facts ---- */

const struct json *source_request(const struct judge_case *judge_case, const char *name)
{
    for (const struct json *request = judge_items(judge_case->facts, "requests"); request != NULL; request = request->next) {
        if (judge_is(request, "name", name)) {
            return request;
        }
    }
    return NULL;
}

const struct json *source_items(const struct judge_case *judge_case, const char *name)
{
    return judge_items(source_request(judge_case, name), "items");
}

bool source_has_all(const struct judge_case *judge_case, const char *name)
{
    return json_bool(source_request(judge_case, name), "complete", false);
}

const struct json *source_each(const struct judge_case *judge_case, const char *name, struct slice of)
{
    for (const struct json *one = judge_items(source_request(judge_case, name), "each"); one != NULL; one = one->next) {
        if (slice_equal(json_text(one, "of", SLICE_NONE), of)) {
            return one;
        }
    }
    return NULL;
}

static int compare_rows(const void *a, const void *b)
{
    const struct source_row *left = a, *right = b;
    return slice_compare(left->key, right->key);
}

struct source_index source_index(struct judge_case *judge_case, const struct json *first, const char *member)
{
    struct source_index index = {NULL, 0};
    size_t count = 0;
    for (const struct json *row = first; row != NULL; row = row->next) {
        count++;
    }
    index.rows = count == 0 ? NULL : arena_alloc_array(judge_case->arena, count, sizeof(*index.rows));
    judge_case->full = judge_case->full || (count > 0 && index.rows == NULL);
    for (const struct json *row = index.rows == NULL ? NULL : first; row != NULL; row = row->next) {
        struct slice key = source_text(row, member);
        if (key.len > 0) {
            index.rows[index.count++] = (struct source_row){key, row};
        }
    }
    if (index.count > 1) {
        qsort(index.rows, index.count, sizeof(*index.rows), compare_rows);
    }
    return index;
}

const struct json *source_find(const struct source_index *index, struct slice key)
{
    const struct source_row wanted = {key, NULL};
    const struct source_row *found = index->count == 0 || key.len == 0 ? NULL : bsearch(&wanted, index->rows, index->count, sizeof(*index->rows), compare_rows);
    return found == NULL ? NULL : found->row;
}

struct source_index source_index_items(struct judge_case *judge_case, const char *request, const char *member)
{
    return source_index(judge_case, source_items(judge_case, request), member);
}

struct source_index source_index_each(struct judge_case *judge_case, const char *request)
{
    return source_index(judge_case, judge_items(source_request(judge_case, request), "each"), "of");
}

struct slice source_text(const struct json *object, const char *dotted_path)
{
    const struct json *value = json_path(object, dotted_path);
    return value != NULL && (value->type == JSON_STRING || value->type == JSON_NUMBER) ? value->text : SLICE_NONE;
}

int64_t source_time(const struct json *object, const char *dotted_path)
{
    struct slice text = source_text(object, dotted_path);
    int64_t at_ms = -1;
    char whole[32];
    if (rfc3339_parse(text, &at_ms) == ERR_NONE) {
        return at_ms;
    }
    if (text.len != 10) {
        return -1;
    }
    for (size_t i = 0; i < 10; i++) {
        whole[i] = (char)text.data[i];
    }
    static const char midnight[] = "T00:00:00Z";
    for (size_t i = 0; i < sizeof(midnight); i++) {
        whole[10 + i] = midnight[i];
    }
    return rfc3339_parse(slice_string(whole), &at_ms) == ERR_NONE ? at_ms : -1;
}

/* ---- names ---- */

struct slice source_name(struct judge_case *judge_case, const char *kind, struct slice scope, struct slice name)
{
    const char *joined = arena_printf(judge_case->arena, "%s%s%.*s%s%.*s", kind, scope.len > 0 && kind[0] != '\0' ? "/" : "", (int)scope.len, scope.len == 0 ? "" : (const char *)scope.data,
                                      name.len > 0 && (scope.len > 0 || kind[0] != '\0') ? "/" : "", (int)name.len, name.len == 0 ? "" : (const char *)name.data);
    struct slice whole = slice_string(joined);
    char *text = arena_string(judge_case->arena, slice_first(whole, NAME_MAX_BYTES));
    if (joined == NULL || text == NULL) {
        judge_case->full = true;
        return SLICE_NONE;
    }
    size_t len = whole.len < NAME_MAX_BYTES ? whole.len : NAME_MAX_BYTES;
    while (len < whole.len && len > 0 && (whole.data[len] & 0xc0) == 0x80) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        text[i] = (uint8_t)text[i] <= 0x20 || text[i] == 0x7f ? '-' : text[i];
    }
    return slice_of(text, len);
}

struct slice source_lower(struct judge_case *judge_case, struct slice text)
{
    char *lower = arena_lower(judge_case->arena, text);
    judge_case->full = judge_case->full || lower == NULL;
    return lower == NULL ? SLICE_NONE : slice_of(lower, text.len);
}

struct slice source_where(struct judge_case *judge_case, const char *request, struct slice id)
{
    return slice_string(arena_printf(judge_case->arena, "%s/%.*s", request, (int)(id.len < WHERE_MAX_BYTES ? id.len : WHERE_MAX_BYTES),
                                     id.len == 0 ? "" : (const char *)id.data));
}

struct slice source_subject(struct judge_case *judge_case, const char *kind, struct slice name)
{
    return slice_string(arena_printf(judge_case->arena, "%s:%.*s", kind, (int)name.len, name.len == 0 ? "" : (const char *)name.data));
}

/* ---- the source itself ---- */

/* Errors that facts may name: a reason id never comes from outside this table. */
static const char *error_of(const struct json *request)
{
    static const char *const known[] = {
        "source.unreachable", "source.timeout",   "source.untrusted",   "source.unauthorised", "source.forbidden",   "source.not-found",
        "source.rate-limited", "source.status",   "source.led-elsewhere", "source.malformed",  "source.wrong-shape", "source.too-large",
        "image.layer-unknown", "image.digest-differs", "image.no-platform",
        "source.too-much",    "source.cut",       "source.page-unknown", "source.page-missing", "source.item-cut",
    };
    struct slice error = json_text(request, "error", SLICE_NONE);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (slice_is(error, known[i])) {
            return known[i];
        }
    }
    return "source.status";
}

/* The part of a request that went wrong: itself, or the first of those asked for each item; NULL: it is complete. */
static const struct json *broken_part(const struct json *request)
{
    if (json_bool(request, "complete", false)) {
        return NULL;
    }
    for (const struct json *one = judge_items(request, "each"); one != NULL; one = one->next) {
        if (!json_bool(one, "complete", false)) {
            return one;
        }
    }
    return request;
}

static bool read_something(const struct json *request)
{
    return judge_items(request, "items") != NULL || judge_items(request, "each") != NULL;
}

static void say_request(struct judge_case *judge_case, struct json *values, struct slice name, const struct json *part)
{
    judge_value(judge_case, values, "request", name);
    judge_value(judge_case, values, "error", slice_string(error_of(part)));
    judge_value(judge_case, values, "address", json_text(judge_case->facts, "address", SLICE_LITERAL("?")));
    struct slice status = source_text(part, "status"), seconds = source_text(part, "retry_after_s");
    judge_value(judge_case, values, "status", status.len == 0 ? SLICE_LITERAL("-") : status);
    judge_value(judge_case, values, "seconds", seconds.len == 0 ? SLICE_LITERAL("-") : seconds);
}

static void say_incomplete(struct judge_case *judge_case, const struct json *request, const struct json *part)
{
    bool begun = read_something(request) || json_member(part, "error") == NULL;
    struct json *values = judge_observe(judge_case, "source.complete", begun ? OUTCOME_FAIL : OUTCOME_ERROR, begun ? "source.incomplete" : error_of(part));
    say_request(judge_case, values, json_text(request, "name", SLICE_LITERAL("-")), part);
}

void source_judge_complete(struct judge_case *judge_case)
{
    uint64_t requests = 0, items = 0;
    for (const struct json *request = judge_items(judge_case->facts, "requests"); request != NULL; request = request->next) {
        const struct json *part = broken_part(request), *list = json_member(request, "items");
        if (part != NULL && !json_bool(request, "optional", false)) {
            say_incomplete(judge_case, request, part);
            return;
        }
        if (part != NULL && !judge_is(request, "error", "source.not-asked")) {
            struct json *values = judge_not_covered(judge_case, "source.optional-unread");
            judge_value(judge_case, values, "request", json_text(request, "name", SLICE_LITERAL("?")));
            judge_value(judge_case, values, "error", slice_string(error_of(part)));
        }
        requests++;
        items += list == NULL ? 0 : list->count;
    }
    if (requests == 0) {
        judge_observe(judge_case, "source.complete", OUTCOME_ERROR, "facts.missing");
        return;
    }
    struct slice address = json_text(judge_case->facts, "address", SLICE_LITERAL("?"));
    bool is_text = slice_is(address, "-") || slice_is(address, "import"); /* put in by a person, asked of nobody */
    struct json *values = judge_observe(judge_case, "source.complete", OUTCOME_PASS, is_text ? "source.text-read" : "source.all-read");
    json_set_u64(judge_case->arena, values, "requests", requests);
    json_set_u64(judge_case->arena, values, "items", items);
    judge_value(judge_case, values, "address", address);
    judge_case->whole = true;
}

void source_power(struct judge_case *judge_case, struct slice name)
{
    judge_value(judge_case, judge_power(judge_case, "source.power"), "power", name);
}

/* The request that would show the powers failed: that is no word about the powers. */
static bool say_unread(struct judge_case *judge_case, const char *name)
{
    const struct json *request = name == NULL ? NULL : source_request(judge_case, name);
    if (name == NULL || json_bool(request, "complete", false) || judge_is(request, "error", "source.not-asked")) {
        return false;
    }
    struct json *values = judge_observe(judge_case, "source.read-only", OUTCOME_ERROR, error_of(request));
    say_request(judge_case, values, slice_string(name), request);
    return true;
}

void source_judge_read_only(struct judge_case *judge_case, bool seen, const char *request)
{
    const struct json *powers = judge_case->powers;
    bool any = powers != NULL && powers->count > 0;
    if (!any && !seen && say_unread(judge_case, request)) {
        return;
    }
    enum outcome outcome = any ? OUTCOME_FAIL : seen ? OUTCOME_PASS : OUTCOME_UNPROVABLE;
    struct json *values = judge_observe(judge_case, "source.read-only", outcome, any ? "source.can-write" : seen ? "source.reads-only" : "source.powers-unseen");
    cleanup_buf struct buf names = BUF_INIT(300);
    size_t named = 0;
    for (const struct json *power = any ? powers->first : NULL; power != NULL && named < NAMED_POWERS_MAX; power = power->next) {
        struct slice name = json_text(json_member(power, "values"), "power", SLICE_NONE);
        if (buf_append_string(&names, named == 0 ? "" : ", ") != ERR_NONE || buf_append(&names, name) != ERR_NONE) {
            break;
        }
        named++;
    }
    judge_value(judge_case, values, "powers", buf_slice(&names));
    if (!any && !seen) {
        judge_not_covered(judge_case, "source.powers-unseen");
    }
}

/* ---- accounts ---- */

static bool is_approved(const struct judge_case *judge_case, const struct source_account *account)
{
    for (const struct json *admin = judge_items(judge_case->options, "admins"); admin != NULL; admin = admin->next) {
        if (slice_equal(admin->text, account->login) || (account->email.len > 0 && slice_equal(admin->text, account->email)) || slice_equal(admin->text, account->name)) {
            return true;
        }
    }
    return false;
}

static void report(struct judge_case *judge_case, const char *kind, const struct source_account *account, struct finding finding)
{
    struct slice subject = source_subject(judge_case, "account", account->name);
    struct json *values = judge_observe_at(judge_case, kind, subject, finding.outcome, finding.reason);
    for (const struct json *member = finding.values == NULL ? NULL : finding.values->first; member != NULL && values != NULL; member = member->next) {
        json_set(judge_case->arena, values, arena_string(judge_case->arena, member->name), json_copy(judge_case->arena, member));
    }
    judge_value(judge_case, values, "account", account->name);
}

static struct finding factor_of(struct judge_case *judge_case, const struct source_account *account, bool owes, const char *why_not)
{
    const char *excuse = account->inactive ? "mfa.inactive" : account->service ? "mfa.service-account" : !owes ? why_not : NULL;
    if (excuse != NULL) {
        return judge_finding(judge_case, OUTCOME_PASS, excuse);
    }
    return account->factor.reason == NULL ? judge_finding(judge_case, OUTCOME_ERROR, "facts.missing") : account->factor;
}

static bool is_cloud(const struct judge_case *judge_case)
{
    const struct source_kind *kind = source_kind_find(json_text(judge_case->facts, "kind", SLICE_NONE));
    /* the planted account is everything that can be wrong */
    return judge_case->planted || json_bool(judge_case->options, "cloud", kind != NULL && kind->cloud);
}

static struct finding unused_of(struct judge_case *judge_case, const struct source_account *account)
{
    int64_t days = judge_number(judge_case->options, "days", DAYS);
    if (days <= 0 || days > DAYS_MAX) {
        return judge_finding(judge_case, OUTCOME_ERROR, "options.unknown");
    }
    if (account->inactive) {
        return judge_finding(judge_case, OUTCOME_PASS, "access.inactive");
    }
    if (!account->use_seen) {
        return judge_finding(judge_case, OUTCOME_UNPROVABLE, "access.use-unseen");
    }
    int64_t last_ms = account->last_used_ms > account->created_ms ? account->last_used_ms : account->created_ms;
    if (last_ms > judge_case->collected_at_ms + day_ms) {
        return judge_finding(judge_case, OUTCOME_ERROR, "access.use-in-future");
    }
    int64_t idle_ms = judge_case->collected_at_ms - last_ms;
    bool never = account->last_used_ms < 0, idle = last_ms < 0 || idle_ms > days * day_ms;
    struct finding finding = judge_finding(judge_case, idle ? OUTCOME_FAIL : OUTCOME_PASS, !idle ? "access.used" : never ? "access.never-used" : "access.unused");
    json_set_i64(judge_case->arena, finding.values, "days", idle_ms < 0 || last_ms < 0 ? 0 : idle_ms / day_ms);
    json_set_i64(judge_case->arena, finding.values, "limit", days);
    return finding;
}

static struct finding matrix_of(struct judge_case *judge_case, const struct source_account *account)
{
    const struct json *admins = json_member(judge_case->options, "admins");
    if (account->inactive || !account->admin) {
        return judge_finding(judge_case, OUTCOME_PASS, account->inactive ? "access.inactive" : "access.no-admin-right");
    }
    if (judge_case->planted || (admins != NULL && !is_approved(judge_case, account))) {
        return judge_finding(judge_case, OUTCOME_FAIL, "access.unapproved-admin");
    }
    return judge_finding(judge_case, admins == NULL ? OUTCOME_ERROR : OUTCOME_PASS, admins == NULL ? "access.no-matrix" : "access.approved-admin");
}

void source_judge_account(struct judge_case *judge_case, const struct source_account *account)
{
    if (!account->inactive) {
        struct json *attributes = judge_propose(judge_case, "account", account->name, account->where);
        json_set_string(judge_case->arena, attributes, "login", account->login);
        if (account->email.len > 0) {
            json_set_string(judge_case->arena, attributes, "email", account->email);
        }
        json_set_bool(judge_case->arena, attributes, "admin", account->admin);
        json_set_bool(judge_case->arena, attributes, "service", account->service);
    }
    report(judge_case, "mfa.factor", account, factor_of(judge_case, account, account->admin, "mfa.not-admin"));
    report(judge_case, "mfa.cloud-factor", account, factor_of(judge_case, account, is_cloud(judge_case), "mfa.not-cloud"));
    report(judge_case, "access.unused-rights", account, unused_of(judge_case, account));
    report(judge_case, "access.matrix", account, matrix_of(judge_case, account));
}

void source_propose_person(struct judge_case *judge_case, struct slice email, struct slice login, struct slice where)
{
    if (slice_find_byte(email, '@') == SIZE_MAX || slice_find_byte(email, ' ') != SIZE_MAX) {
        return;                         /* people are named by their address */
    }
    struct slice name = source_name(judge_case, "", SLICE_NONE, source_lower(judge_case, email));
    struct json *attributes = judge_propose(judge_case, "person", name, where);
    json_set_string(judge_case->arena, attributes, "email", name);
    if (login.len > 0) {
        json_set_string(judge_case->arena, attributes, "login", login);
    }
}
