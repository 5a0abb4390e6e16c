/*
 * Buckets: bucket.encryption of each, and what else is known of it as attributes (region, versioning, lock, whether the public may read). Accounts of AWS by
 * the credential report: a second factor, passwords and keys by their last use. What a key could do is the account's own word (SimulatePrincipalPolicy).
 */
#include "base/encode.h"
#include "collect/csv.h"
#include "collect/judge_source.h"
#include "collect/xml_tree.h"

enum { REPORT_MAX_BYTES = 6 << 20 };

static bool is_aws(const struct judge_case *judge_case)
{
    return judge_is(judge_case->facts, "kind", "aws");
}

/* The root element's object of an answer; NULL: there is none, or it is not readable. *ret_status: 0 without an answer. */
static const struct json *answer_of(struct judge_case *judge_case, const struct json *request, int64_t *ret_status)
{
    struct json *root = NULL;
    struct slice text = json_text(judge_items(request, "items"), "text", SLICE_NONE);
    *ret_status = json_bool(request, "complete", false) ? judge_number(request, "status", 0) : 0;
    return text.len > 0 && xml_tree_read(judge_case->arena, text, &root) == ERR_NONE ? root : NULL;
}

/* What stands in the root element, whatever a server calls it. */
static const struct json *inside(const struct json *answer)
{
    return answer == NULL || answer->first == NULL || answer->first->type != JSON_OBJECT ? NULL : answer->first;
}

/* ---- buckets ---- */

struct bucket {
    struct slice name, subject_name;
    const struct json *answer;
    int64_t status;
};

static void ask_for(struct judge_case *judge_case, struct bucket *bucket, const char *request)
{
    bucket->answer = answer_of(judge_case, source_each(judge_case, request, bucket->name), &bucket->status);
    if (json_member(bucket->answer, "ListBucketResult") != NULL) {
        bucket->answer = NULL;          /* a server that knows no such setting lists the bucket instead */
        bucket->status = 501;
    }
}

static bool error_is(const struct bucket *bucket, const char *code)
{
    return judge_is(json_path(bucket->answer, "Error"), "Code", code);
}

static void judge_encryption(struct judge_case *judge_case, struct bucket *bucket)
{
    ask_for(judge_case, bucket, "encryption");
    struct slice algorithm = json_text(json_path(inside(bucket->answer), "Rule.ApplyServerSideEncryptionByDefault"), "SSEAlgorithm", SLICE_NONE);
    bool none = bucket->status == 404 && error_is(bucket, "ServerSideEncryptionConfigurationNotFoundError");
    bool unknown = bucket->status == 405 || bucket->status == 501 || error_is(bucket, "NotImplemented");
    enum outcome outcome = bucket->status == 200 && algorithm.len > 0 ? OUTCOME_PASS : none ? OUTCOME_FAIL : unknown ? OUTCOME_UNPROVABLE : OUTCOME_ERROR;
    static const char *const reasons[] = {[OUTCOME_PASS] = "bucket.encrypted", [OUTCOME_FAIL] = "bucket.not-encrypted", [OUTCOME_UNPROVABLE] = "bucket.encryption-unseen", [OUTCOME_ERROR] = "bucket.unread"};
    struct json *values = judge_observe_at(judge_case, "bucket.encryption", source_subject(judge_case, "bucket", bucket->subject_name), outcome, reasons[outcome]);
    judge_value(judge_case, values, "bucket", bucket->name);
    judge_value(judge_case, values, "algorithm", algorithm.len == 0 ? SLICE_LITERAL("-") : algorithm);
}

/* The attribute is left out where the answer does not say. */
static void put_settings(struct judge_case *judge_case, struct bucket *bucket, struct json *attributes)
{
    ask_for(judge_case, bucket, "location");
    struct slice region = json_text(bucket->answer, "LocationConstraint", SLICE_NONE);
    if (bucket->status == 200) {
        json_set_string(judge_case->arena, attributes, "region", region.len > 0 ? region : SLICE_LITERAL("us-east-1"));
    }
    ask_for(judge_case, bucket, "versioning");
    if (bucket->status == 200) {
        json_set_bool(judge_case->arena, attributes, "versioning", judge_is(inside(bucket->answer), "Status", "Enabled"));
    }
    ask_for(judge_case, bucket, "lock");
    if (bucket->status == 200 || error_is(bucket, "ObjectLockConfigurationNotFoundError")) {
        json_set_bool(judge_case->arena, attributes, "lock", judge_is(inside(bucket->answer), "ObjectLockEnabled", "Enabled"));
    }
    ask_for(judge_case, bucket, "policy");
    if (json_member(inside(bucket->answer), "IsPublic") != NULL || error_is(bucket, "NoSuchBucketPolicy")) {
        json_set_bool(judge_case->arena, attributes, "public", judge_is(inside(bucket->answer), "IsPublic", "true"));
    }
}

static void judge_bucket(struct judge_case *judge_case, struct slice name)
{
    struct slice provider = is_aws(judge_case) ? SLICE_LITERAL("aws") : json_text(judge_case->subject, "name", SLICE_LITERAL("s3"));
    struct bucket bucket = {.name = name, .subject_name = source_name(judge_case, "", provider, name)};
    struct json *attributes = judge_propose(judge_case, "bucket", bucket.subject_name, source_where(judge_case, "buckets", name));
    put_settings(judge_case, &bucket, attributes);
    if (!judge_case->planted || slice_is(name, "planted")) {
        judge_encryption(judge_case, &bucket);
    }
}

/* False: the list cannot be read, or holds a bucket that was not asked for. */
static bool judge_buckets(struct judge_case *judge_case)
{
    int64_t status = 0;
    const struct json *answer = answer_of(judge_case, source_request(judge_case, "buckets"), &status);
    const struct json *result = json_member(answer, "ListAllMyBucketsResult"), *list = json_member(result, "Buckets");
    bool whole = status == 200 && result != NULL && json_text(result, "ContinuationToken", SLICE_NONE).len == 0;
    for (const struct json *bucket = list != NULL && list->type == JSON_OBJECT ? list->first : NULL; bucket != NULL; bucket = bucket->next) {
        struct slice name = json_text(bucket, "Name", SLICE_NONE);
        if (!slice_is(bucket->name, "Bucket") || name.len == 0) {
            continue;
        }
        whole = whole && source_each(judge_case, "location", name) != NULL;
        judge_bucket(judge_case, name);
    }
    return whole;
}

/* ---- people of an AWS account ---- */

struct report {
    struct slice heading[CSV_FIELDS_MAX], fields[CSV_FIELDS_MAX];
    size_t heading_count, count;
};

static struct slice field_of(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->heading_count && i < report->count; i++) {
        if (slice_is(report->heading[i], name)) {
            return report->fields[i];
        }
    }
    return SLICE_NONE;
}

static int64_t time_of(struct judge_case *judge_case, const struct report *report, const char *name)
{
    struct json *holder = json_new(judge_case->arena, JSON_OBJECT);
    json_set_string(judge_case->arena, holder, "at", field_of(report, name));
    return source_time(holder, "at");
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void judge_user(struct judge_case *judge_case, const struct report *report)
{
    struct slice user = field_of(report, "user"), factor = field_of(report, "mfa_active"), password = field_of(report, "password_enabled");
    bool root = slice_is(user, "<root_account>"), signs_in = root || slice_is(password, "true");
    bool keys = slice_is(field_of(report, "access_key_1_active"), "true") || slice_is(field_of(report, "access_key_2_active"), "true");
    int64_t used_ms = later(time_of(judge_case, report, "password_last_used"),
                            later(time_of(judge_case, report, "access_key_1_last_used_date"), time_of(judge_case, report, "access_key_2_last_used_date")));
    struct source_account account = {
        .name = source_name(judge_case, "aws", SLICE_NONE, root ? SLICE_LITERAL("root") : user),
        .login = root ? SLICE_LITERAL("root") : user,
        .where = source_where(judge_case, "report", user),
        .admin = root,
        .service = !signs_in,
        .inactive = !signs_in && !keys,
        .use_seen = true,
        .last_used_ms = used_ms,
        .created_ms = time_of(judge_case, report, "user_creation_time"),
    };
    bool yes = slice_is(factor, "true"), no = slice_is(factor, "false");
    account.factor = judge_finding(judge_case, yes ? OUTCOME_PASS : no ? OUTCOME_FAIL : OUTCOME_ERROR, yes ? "mfa.has-factor" : no ? "mfa.none" : "mfa.not-readable");
    if (judge_case->planted) {
        account.admin = true; /* the planted account is everything that can be wrong */
    }
    if (user.len > 0) {
        source_judge_account(judge_case, &account);
    }
}

static bool judge_people(struct judge_case *judge_case)
{
    int64_t status = 0;
    const struct json *answer = answer_of(judge_case, source_request(judge_case, "report"), &status);
    cleanup_buf struct buf bytes = BUF_INIT(REPORT_MAX_BYTES);
    struct slice content = json_text(json_path(answer, "GetCredentialReportResponse.GetCredentialReportResult"), "Content", SLICE_NONE);
    if (status != 200 || content.len == 0 || base64_decode(&bytes, content) != ERR_NONE) {
        return false;
    }
    struct slice text = arena_copy(judge_case->arena, buf_slice(&bytes));
    struct csv csv = csv_open(text);
    struct report report = {.count = 0};
    enum err err = csv_row(&csv, judge_case->arena, report.heading, &report.heading_count);
    while (err == ERR_NONE && (err = csv_row(&csv, judge_case->arena, report.fields, &report.count)) == ERR_NONE) {
        judge_user(judge_case, &report);
    }
    return err == ERR_NOT_FOUND;
}

/* ---- the key ---- */

static void judge_powers(struct judge_case *judge_case)
{
    int64_t status = 0;
    const struct json *identity = answer_of(judge_case, source_request(judge_case, "identity"), &status);
    struct slice arn = json_text(json_path(identity, "GetCallerIdentityResponse.GetCallerIdentityResult"), "Arn", SLICE_NONE);
    if (slice_ends(arn, SLICE_LITERAL(":root"))) {
        source_power(judge_case, SLICE_LITERAL("everything (key of the root account)"));
        source_judge_read_only(judge_case, true, NULL);
        return;
    }
    const struct json *powers = answer_of(judge_case, source_request(judge_case, "powers"), &status);
    const struct json *results = json_path(powers, "SimulatePrincipalPolicyResponse.SimulatePrincipalPolicyResult.EvaluationResults");
    bool seen = status == 200 && results != NULL && results->type == JSON_OBJECT && results->first != NULL;
    for (const struct json *result = seen ? results->first : NULL; result != NULL; result = result->next) {
        if (judge_is(result, "EvalDecision", "allowed")) {
            source_power(judge_case, json_text(result, "EvalActionName", SLICE_LITERAL("?")));
        }
    }
    source_judge_read_only(judge_case, seen, NULL);
}

static void judge_s3(struct judge_case *judge_case)
{
    bool whole = judge_buckets(judge_case), people = !is_aws(judge_case) || judge_people(judge_case);
    const char *asked[] = {"buckets", "report"};
    bool answered = source_has_all(judge_case, asked[0]) && (!is_aws(judge_case) || source_has_all(judge_case, asked[1]));
    if (answered && !(whole && people)) {
        /* it came, and is not what it should be: no word about completeness can rest on it */
        struct json *values = judge_observe(judge_case, "source.complete", OUTCOME_ERROR, "source.wrong-shape");
        judge_value(judge_case, values, "request", slice_string(asked[whole ? 1 : 0]));
        judge_value(judge_case, values, "address", json_text(judge_case->facts, "address", SLICE_LITERAL("-")));
    } else {
        source_judge_complete(judge_case);
    }
    if (is_aws(judge_case)) {
        judge_powers(judge_case);
        judge_not_covered(judge_case, "access.matrix-admins-only");
    } else if (judge_case->planted) {
        source_power(judge_case, SLICE_LITERAL("?"));
        source_judge_read_only(judge_case, false, NULL);
    } else {
        source_judge_read_only(judge_case, false, NULL); /* S3 has no question for it */
    }
}

static const struct judge_kind s3_kinds[] = {
    {"source.complete", "source.incomplete", false}, {"source.read-only", "source.can-write", false}, {"bucket.encryption", "bucket.not-encrypted", false}};
const struct source_judge source_judge_s3 = {"s3", {s3_kinds, 3, judge_s3}};
static const struct judge_kind aws_kinds[] = {
    {"source.complete", "source.incomplete", false}, {"source.read-only", "source.can-write", false},     {"bucket.encryption", "bucket.not-encrypted", false},
    {"mfa.factor", "mfa.none", false},               {"mfa.cloud-factor", "mfa.none", false},             {"access.unused-rights", "access.never-used", false},
    {"access.matrix", "access.unapproved-admin", false}};
const struct source_judge source_judge_aws = {"aws", {aws_kinds, 7, judge_s3}};
