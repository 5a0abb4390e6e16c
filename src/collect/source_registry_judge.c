/*
 * Images of a registry: image.budget and image.not-root, both about the source, the worst image first. Options image_megabytes (300), image_packages (150). What
 * cannot be counted (RPM, packings that are not read) is an error.
 */
#include "collect/judge_source.h"

enum { MEGABYTES_DEFAULT = 300, PACKAGES_DEFAULT = 150, BYTES_OF_MEGABYTE = 1000000 };

static struct finding about(struct judge_case *judge_case, enum outcome outcome, const char *reason, const struct json *request)
{
    struct finding finding = judge_finding(judge_case, outcome, reason);
    judge_value(judge_case, finding.values, "image", json_text(request, "name", SLICE_LITERAL("-")));
    return finding;
}

static struct finding budget_of(struct judge_case *judge_case, const struct json *request, const struct json *item)
{
    int64_t megabytes_max = judge_number(judge_case->options, "image_megabytes", MEGABYTES_DEFAULT), packages_max = judge_number(judge_case->options, "image_packages", PACKAGES_DEFAULT);
    int64_t bytes = judge_number(item, "unpacked_bytes", -1), packages = judge_number(item, "packages", -1);
    bool unread = bytes < 0 || !json_bool(request, "complete", false), large = bytes > megabytes_max * BYTES_OF_MEGABYTE, many = packages > packages_max;
    const char *reason = unread ? "image.unread" : large ? "image.large" : many ? "image.packages" : packages < 0 ? "image.packages-unread" : "image.in-budget";
    struct finding finding = about(judge_case, !unread && (large || many) ? OUTCOME_FAIL : unread || packages < 0 ? OUTCOME_ERROR : OUTCOME_PASS, reason, request);
    json_set_i64(judge_case->arena, finding.values, "megabytes", bytes / BYTES_OF_MEGABYTE);
    json_set_i64(judge_case->arena, finding.values, "packages", packages);
    json_set_i64(judge_case->arena, finding.values, "megabytes_max", megabytes_max);
    json_set_i64(judge_case->arena, finding.values, "packages_max", packages_max);
    judge_value(judge_case, finding.values, "from", json_text(item, "from", SLICE_LITERAL("-")));
    return finding;
}

static bool is_root(struct slice user)
{
    struct slice name = SLICE_NONE;
    (void)slice_split(&user, ':', &name);
    bool zero = true;
    for (size_t i = 0; i < name.len; i++) {
        zero = zero && name.data[i] == '0';
    }
    return zero || slice_is(name, "root");
}

static struct finding user_of(struct judge_case *judge_case, const struct json *request, const struct json *item)
{
    const struct json *user = json_member(item, "user");
    bool known = user != NULL && user->type == JSON_STRING, root = known && is_root(user->text);
    struct finding finding = about(judge_case, root ? OUTCOME_FAIL : known ? OUTCOME_PASS : OUTCOME_ERROR, root ? "image.root" : known ? "image.unprivileged" : "image.unread", request);
    judge_value(judge_case, finding.values, "user", known && user->text.len > 0 ? user->text : SLICE_LITERAL("root"));
    return finding;
}

static void judge_registry(struct judge_case *judge_case)
{
    struct finding budget = {0}, user = {0};
    source_judge_complete(judge_case);
    for (const struct json *request = judge_items(judge_case->facts, "requests"); request != NULL; request = request->next) {
        const struct json *item = judge_items(request, "items");
        if (judge_case->planted && !json_bool(request, "complete", false)) {
            continue; /* the one that breaks off is planted for source.complete alone */
        }
        judge_worst(&budget, budget_of(judge_case, request, item));
        judge_worst(&user, user_of(judge_case, request, item));
    }
    judge_report(judge_case, "image.budget", budget);
    judge_report(judge_case, "image.not-root", user);
    if (judge_is(judge_case->facts, "credential", "none")) {
        judge_observe(judge_case, "source.read-only", OUTCOME_PASS, "source.no-credential");
        return;
    }
    if (judge_case->planted) {
        source_power(judge_case, SLICE_LITERAL("?"));
    }
    source_judge_read_only(judge_case, false, NULL); /* a registry does not say what else a login may do */
}

static const struct judge_kind kinds[] = {{"source.complete", "source.incomplete", false}, {"source.read-only", "source.can-write", false},
                                          {"image.budget", "image.packages", false},       {"image.not-root", "image.root", false}};
const struct source_judge source_judge_registry = {"registry", {kinds, 4, judge_registry}};
