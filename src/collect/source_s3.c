/*
 * Buckets of an S3 server ("s3"), and of an AWS account with its people ("aws"). Only GET is ever sent; a request is signed for its own address alone. Answers
 * are XML, which reach does not parse: they go to judge as text. What to ask next (names of buckets, their regions, who asks) is cut out of them by
 * looking for a tag, and held against what such names may be made of; judge, which reads the whole, notices a bucket that was not asked for.
 *
 * aws: buckets lie at the address of their region; IAM and STS at their own. All of them only if the source's address is one of amazonaws.com: elsewhere
 * (a server that imitates AWS) everything is asked at the address itself.
 *
 * Facts: as of every source; items are {"text": XML}. Answers that say "there is none" (404) or "this server knows no such thing" (405, 501) are answers.
 */
#include "collect/source_other.h"

#include "base/time.h"
#include "base/utf8.h"
#include "collect/sigv4.h"
#include "collect/source_kinds.h"
#include "collect/source_run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    BUCKETS_MAX_COUNT = 300,
    LIST_MAX_BYTES = 4 << 20, ANSWER_MAX_BYTES = 256 << 10, REPORT_MAX_BYTES = 6 << 20, FACTS_MAX_BYTES = 12 << 20,
    TIMEOUT_DEFAULT_MS = 60000, TIMEOUT_MAX_MS = 120000, EXCHANGE_MAX_MS = 20000,
    REPORT_TRIES = 6, REPORT_PAUSE_MS = 1500,
    NAME_MAX_BYTES = 255, URL_MAX_BYTES = 2048, PLANTED_DEADLINE_MS = 10000,
};

#define AMAZON ".amazonaws.com"

struct s3_run {
    struct arena *arena;
    struct source_wire wire;
    const struct json *credential, *options;
    struct slice kind, region;          /* where the first questions go */
    struct source_address address;
    bool amazon;
    int64_t deadline_ms;
    const char *stopped;
    size_t bytes;                       /* of texts so far */
    struct json *requests;
};

/* -- one question --------------------------------------------------------------------------------------------------------- */

struct s3_question {
    const char *service;                /* "s3", "iam", "sts" */
    struct slice region, bucket;        /* bucket: empty, or the path */
    const char *query;
    size_t max_bytes;
};

/* "https://HOST[:PORT]" of a service; AWS has one for each. */
static const char *origin_of(const struct s3_run *run, const struct s3_question *question)
{
    bool global = strcmp(question->service, "iam") == 0;
    if (!run->amazon) {
        return arena_string(run->arena, run->address.origin);
    }
    return global ? "https://iam" AMAZON : arena_printf(run->arena, "https://%s.%.*s" AMAZON, question->service, (int)question->region.len, (const char *)question->region.data);
}

static const char *status_reason(struct s3_run *run, const struct s3_question *question, unsigned status)
{
    bool bucket = question->bucket.len > 0;
    if (status == 200 || (bucket && (status == 404 || status == 405 || status == 501))) {
        return NULL;
    }
    if (status == 429 || status == 503) {
        run->stopped = "source.rate-limited";
        return run->stopped;
    }
    return source_status_reason(status);
}

/* Signs for this very address. */
static enum err sign(const struct s3_run *run, const struct s3_question *question, const char *url, struct buf *lines, const char *headers[6])
{
    struct source_address address;
    enum err err = source_address_read(slice_string(url), &address);
    size_t scheme = address.plain ? strlen("http://") : strlen("https://"), mark = err == ERR_NONE ? slice_find_byte(address.target, '?') : 0;
    struct slice host = slice_from(address.origin, scheme);
    const char *own_port = address.plain ? ":80" : ":443";
    host.len -= slice_ends(host, slice_string(own_port)) ? strlen(own_port) : 0;
    const struct sigv4 keys = {
        .access_key = json_text(run->credential, "access_key", SLICE_NONE),
        .secret_key = json_text(run->credential, "secret_key", SLICE_NONE),
        .session_token = json_text(run->credential, "session_token", SLICE_NONE),
        .region = question->region,
        .service = slice_string(question->service),
        .unix_ms = clock_now().unix_ms,
    };
    const struct sigv4_request request = {.method = "GET", .host = host, .path = slice_first(address.target, mark), .query = slice_from(address.target, mark == SIZE_MAX ? mark : mark + 1)};
    err = err == ERR_NONE ? sigv4_sign(&keys, &request, lines) : err;
    struct slice rest = buf_slice(lines);
    for (size_t i = 0; err == ERR_NONE && i < 5 && rest.len > 0; i++) {
        headers[i] = (const char *)rest.data; /* each ends with NUL */
        rest = slice_from(rest, strlen(headers[i]) + 1);
    }
    return err;
}

static const char *exchange(struct s3_run *run, const struct s3_question *question, struct json *note, struct http_reply *reply)
{
    const char *origin = origin_of(run, question), *headers[6] = {NULL};
    const char *url = origin == NULL ? NULL : arena_printf(run->arena, "%s/%.*s%s%s", origin, (int)question->bucket.len, question->bucket.len == 0 ? "" : (const char *)question->bucket.data,
                                                           question->query[0] == '\0' ? "" : "?", question->query);
    cleanup_buf struct buf lines = BUF_INIT(8192);
    int64_t left_ms = run->deadline_ms - source_mono_ms();
    if (left_ms <= 0) {
        run->stopped = "source.timeout";
        return run->stopped;
    }
    if (url == NULL || sign(run, question, url, &lines, headers) != ERR_NONE) {
        return "source.unauthorised";
    }
    struct http_request request = {
        .method = "GET",
        .url = url,
        .headers = headers,
        .pinned_pem = json_text(run->options, "pinned_pem", SLICE_NONE),
        .authorities_pem = json_text(run->options, "authorities_pem", SLICE_NONE),
        .allow_plain = run->address.plain,
        .refuse_link_local = true,
        .timeout_ms = (unsigned)(left_ms < EXCHANGE_MAX_MS ? left_ms : EXCHANGE_MAX_MS),
        .reply_max_bytes = question->max_bytes,
    };
    struct complaint complaint = {0};
    enum err err = run->wire.ask(run->wire.context, &request, reply, &complaint);
    if (err != ERR_NONE) {
        const char *reason = source_transport_reason(err, NULL);
        run->stopped = err == ERR_TOO_LARGE ? run->stopped : reason;
        return reason;
    }
    json_set_u64(run->arena, note, "status", reply->status);
    return status_reason(run, question, reply->status);
}

/* Asks, and writes what came into the note. The text stays in the arena: *ret_text. */
static enum err ask(struct s3_run *run, const struct s3_question *question, struct json *note, struct slice *ret_text)
{
    struct http_reply reply = HTTP_REPLY_NONE;
    struct json *items = json_set_array(run->arena, note, "items");
    const char *reason = run->stopped != NULL ? run->stopped : exchange(run, question, note, &reply);
    struct slice body = buf_slice(&reply.body);
    if (reason == NULL && (!utf8_valid(body) || (run->bytes += body.len) > FACTS_MAX_BYTES)) {
        reason = utf8_valid(body) ? "source.too-much" : "source.malformed";
    }
    if (reason == NULL) {
        struct json *item = json_append(items, json_new(run->arena, JSON_OBJECT)), *text = json_set_string(run->arena, item, "text", body);
        *ret_text = text == NULL ? SLICE_NONE : text->text;
        items = text;
    } else {
        json_set_string(run->arena, note, "error", slice_string(reason));
    }
    http_reply_free(&reply);
    return items == NULL || json_set_bool(run->arena, note, "complete", reason == NULL) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

static struct json *begin(struct s3_run *run, const char *name)
{
    struct json *note = json_append(run->requests, json_new(run->arena, JSON_OBJECT));
    json_set_string(run->arena, note, "name", slice_string(name));
    return note;
}

/* -- what to ask next ------------------------------------------------------------------------------------------------------- */

/* The text between <tag …> and the next '<'. *rest moves behind it. */
static bool cut_out(struct slice *rest, const char *tag, struct slice *ret_text)
{
    for (;;) {
        size_t open = slice_find(*rest, slice_string(tag));
        if (open == SIZE_MAX || open == 0) {
            return false;
        }
        bool is_tag = rest->data[open - 1] == '<';
        struct slice after = slice_from(*rest, open + strlen(tag));
        size_t close = slice_find_byte(after, '>');
        *rest = after;
        if (!is_tag || close == SIZE_MAX || (close > 0 && after.data[0] != ' ' && after.data[0] != '/')) {
            continue;
        }
        struct slice text = slice_from(after, close + 1);
        bool empty = close > 0 && after.data[close - 1] == '/';
        *ret_text = empty ? SLICE_NONE : slice_first(text, slice_find_byte(text, '<'));
        *rest = text;
        return true;
    }
}

static bool is_bucket_name(struct slice name)
{
    return name.len > 2 && name.len <= NAME_MAX_BYTES && name.data[0] != '.' && slice_consists_of(name, ASCII_LETTERS ASCII_DIGITS "-_.");
}

static bool is_region(struct slice region)
{
    return region.len > 0 && region.len <= 32 && slice_consists_of(region, ASCII_LOWER ASCII_DIGITS "-");
}

/* AWS writes the oldest two regions otherwise. */
static struct slice region_of(const struct s3_run *run, struct slice location)
{
    struct slice text = SLICE_NONE;
    (void)cut_out(&location, "LocationConstraint", &text);
    text = slice_is(text, "EU") ? SLICE_LITERAL("eu-west-1") : text;
    return run->amazon && is_region(text) ? text : run->region;
}

static enum err ask_bucket(struct s3_run *run, struct json *const *eaches, struct slice bucket)
{
    /* max-keys: a server that knows no such setting would list the bucket, and names of objects are none of our business */
    static const char *const queries[] = {"location=&max-keys=0", "encryption=&max-keys=0", "max-keys=0&versioning=", "max-keys=0&object-lock=", "max-keys=0&publicAccessBlock=",
                                          "max-keys=0&policyStatus="};
    struct s3_question question = {.service = "s3", .region = run->region, .bucket = bucket, .max_bytes = ANSWER_MAX_BYTES};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < 6 && err == ERR_NONE; i++) {
        struct json *one = json_append(eaches[i], json_new(run->arena, JSON_OBJECT));
        struct slice text = SLICE_NONE;
        json_set_string(run->arena, one, "of", bucket);
        question.query = queries[i];
        err = ask(run, &question, one, &text);
        question.region = i == 0 && err == ERR_NONE ? region_of(run, text) : question.region;
    }
    return err;
}

/* Complete when every one of them is. */
static enum err end_eaches(struct s3_run *run, struct json *const *notes, struct json *const *eaches, bool all)
{
    for (size_t i = 0; i < 6; i++) {
        bool complete = all;
        for (const struct json *one = eaches[i] == NULL ? NULL : eaches[i]->first; one != NULL; one = one->next) {
            complete = complete && json_bool(one, "complete", false);
        }
        if (json_set_bool(run->arena, notes[i], "complete", complete) == NULL) {
            return ERR_TOO_LARGE;
        }
    }
    return ERR_NONE;
}

static enum err ask_buckets(struct s3_run *run)
{
    static const char *const names[] = {"location", "encryption", "versioning", "lock", "public_block", "policy"};
    const struct s3_question list = {.service = "s3", .region = run->region, .query = "", .max_bytes = LIST_MAX_BYTES};
    struct json *notes[6], *eaches[6], *buckets = begin(run, "buckets");
    struct slice text = SLICE_NONE, name;
    size_t count = 0;
    enum err err = ask(run, &list, buckets, &text);
    for (size_t i = 0; i < 6; i++) {
        notes[i] = begin(run, names[i]);
        eaches[i] = json_set_array(run->arena, notes[i], "each");
    }
    while (err == ERR_NONE && count < BUCKETS_MAX_COUNT && cut_out(&text, "Bucket", &name) && cut_out(&text, "Name", &name)) {
        count++;
        err = is_bucket_name(name) ? ask_bucket(run, eaches, name) : ERR_NONE;
    }
    return err == ERR_NONE ? end_eaches(run, notes, eaches, json_bool(buckets, "complete", false) && count < BUCKETS_MAX_COUNT) : err;
}

/* -- people and rights of an AWS account ------------------------------------------------------------------------------------ */

static void pause_ms(int64_t ms)
{
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&wait, NULL);
}

/* A report is made on demand and kept for four hours; AWS counts making one among the reading rights. It may take a moment. */
static enum err ask_report(struct s3_run *run)
{
    const struct s3_question make = {.service = "iam", .region = SLICE_LITERAL("us-east-1"), .query = "Action=GenerateCredentialReport&Version=2010-05-08", .max_bytes = ANSWER_MAX_BYTES};
    const struct s3_question get = {.service = "iam", .region = SLICE_LITERAL("us-east-1"), .query = "Action=GetCredentialReport&Version=2010-05-08", .max_bytes = REPORT_MAX_BYTES};
    struct slice text = SLICE_NONE;
    struct json *note = NULL;
    enum err err = ERR_NONE;
    for (unsigned i = 0; i < REPORT_TRIES && err == ERR_NONE; i++) {
        struct json *made = json_new(run->arena, JSON_OBJECT); /* what it answers is not kept */
        err = ask(run, &make, made, &text);
        struct slice rest = text, state = SLICE_NONE;
        bool going = json_bool(made, "complete", false) && cut_out(&rest, "State", &state) && !slice_is(state, "COMPLETE");
        if (!going || i + 1 == REPORT_TRIES || run->deadline_ms - source_mono_ms() < 2 * REPORT_PAUSE_MS) {
            break;
        }
        pause_ms(REPORT_PAUSE_MS);
    }
    note = begin(run, "report");
    return err == ERR_NONE ? ask(run, &get, note, &text) : err;
}

static const char simulated[] = "&ActionNames.member.1=iam%3ACreateUser&ActionNames.member.2=iam%3ACreateAccessKey&ActionNames.member.3=s3%3APutObject"
                                "&ActionNames.member.4=s3%3ADeleteObject&ActionNames.member.5=s3%3APutBucketPolicy&ActionNames.member.6=ec2%3ARunInstances"
                                "&ActionNames.member.7=kms%3AScheduleKeyDeletion&ActionNames.member.8=sts%3AAssumeRole";

/* Asks the account itself what the key may do: nothing is tried. */
static enum err ask_powers(struct s3_run *run)
{
    const struct s3_question who = {.service = "sts", .region = run->amazon ? SLICE_LITERAL("us-east-1") : run->region, .query = "Action=GetCallerIdentity&Version=2011-06-15", .max_bytes = ANSWER_MAX_BYTES};
    struct slice text = SLICE_NONE, arn = SLICE_NONE;
    enum err err = ask(run, &who, begin(run, "identity"), &text);
    struct json *note = begin(run, "powers");
    cleanup_buf struct buf query = BUF_INIT(URL_MAX_BYTES);
    json_set_bool(run->arena, note, "optional", true);
    if (err != ERR_NONE || !cut_out(&text, "Arn", &arn) || arn.len == 0 || slice_ends(arn, SLICE_LITERAL(":root"))) {
        json_set_array(run->arena, note, "items");
        json_set_string(run->arena, note, "error", SLICE_LITERAL("source.not-asked"));
        return err == ERR_NONE && json_set_bool(run->arena, note, "complete", false) == NULL ? ERR_TOO_LARGE : err;
    }
    /* parameters in the order of their names: Action, ActionNames…, PolicySourceArn, Version */
    err = buf_append_string(&query, "Action=SimulatePrincipalPolicy");
    err = err == ERR_NONE ? buf_append_string(&query, simulated) : err;
    err = err == ERR_NONE ? buf_append_string(&query, "&PolicySourceArn=") : err;
    err = err == ERR_NONE ? source_escape(&query, arn) : err;
    err = err == ERR_NONE ? buf_append(&query, SLICE_LITERAL("&Version=2010-05-08\0")) : err;
    const struct s3_question ask_them = {.service = "iam", .region = SLICE_LITERAL("us-east-1"), .query = (const char *)query.data, .max_bytes = ANSWER_MAX_BYTES};
    return err == ERR_NONE ? ask(run, &ask_them, note, &text) : err;
}

/* -- the whole -------------------------------------------------------------------------------------------------------------- */

static enum err run_all(struct s3_run *run, struct json *to)
{
    struct json *facts = json_set_object(run->arena, to, "facts");
    json_set_string(run->arena, facts, "kind", run->kind);
    json_set_string(run->arena, facts, "address", run->address.origin);
    run->requests = json_set_array(run->arena, facts, "requests");
    enum err err = run->requests == NULL ? ERR_TOO_LARGE : ask_buckets(run);
    bool account = slice_is(run->kind, "aws");
    err = err == ERR_NONE && account ? ask_report(run) : err;
    return err == ERR_NONE && account ? ask_powers(run) : err;
}

static enum err ask_client(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    return http_client_ask(context, request, ret_reply, complaint);
}

static enum err read_input(struct s3_run *run, const struct json *input, struct complaint *complaint)
{
    const struct source_kind *kind = source_kind_find(run->kind);
    struct slice text = json_text(input, "address", slice_string(kind->address));
    uint64_t allowed = 0, timeout_ms = 0;
    bool known = json_u64(input, "timeout_ms", &timeout_ms) == ERR_NONE && timeout_ms > 0 && timeout_ms <= TIMEOUT_MAX_MS;
    run->deadline_ms = source_mono_ms() + (known ? (int64_t)timeout_ms : TIMEOUT_DEFAULT_MS);
    if (source_address_read(text, &run->address) != ERR_NONE || run->address.target.len > 1 || slice_starts(text, SLICE_LITERAL("dns://")) || !is_region(run->region)) {
        return complain(complaint, ERR_INVALID, TEXT("an S3 source needs an address such as https://HOST, without a path, and a region such as eu-central-1",
                                                     "eine S3-Quelle braucht eine Adresse wie https://RECHNER, ohne Pfad, und eine Region wie eu-central-1"),
                        0, 0, (const char *)text.data, text.len);
    }
    bool here = slice_is(run->address.host, "localhost") || slice_starts(run->address.host, SLICE_LITERAL("127.")) || slice_is(run->address.host, "::1");
    if (run->address.plain && !here && !json_bool(run->options, "plain", false)) {
        return complain(complaint, ERR_INVALID, TEXT("a credential must not travel without TLS; use https, or set the option plain for a network that is private",
                                                     "ein Zugang darf nicht ohne TLS übertragen werden; https benutzen oder in einem privaten Netz die Option plain setzen"),
                        0, 0, (const char *)text.data, text.len);
    }
    run->amazon = slice_is(run->kind, "aws") && slice_ends(run->address.host, SLICE_LITERAL(AMAZON));
    if (json_u64(input, "port", &allowed) != ERR_NONE || allowed != run->address.port) {
        return complain(complaint, ERR_INVALID, TEXT("the source's address has another port than was allowed", "die Adresse der Quelle hat einen anderen Port als erlaubt"), 0, 0,
                        NULL, 0);
    }
    return ERR_NONE;
}

enum err source_s3(struct arena *arena, const struct json *input, struct work_reply *reply)
{
    struct s3_run run = {
        .arena = arena,
        .credential = json_member(input, "credential"),
        .options = json_member(input, "options"),
        .kind = json_text(input, "kind", SLICE_NONE),
    };
    run.region = json_text(run.options, "region", SLICE_LITERAL("us-east-1"));
    enum err err = read_input(&run, input, &reply->complaint);
    struct http_client *client = err == ERR_NONE ? http_client_new() : NULL;
    err = err == ERR_NONE && client == NULL ? ERR_MEMORY : err;
    run.wire = (struct source_wire){ask_client, client};
    struct json *output = json_new(arena, JSON_OBJECT), *credential = json_new(arena, JSON_OBJECT);
    err = err == ERR_NONE ? run_all(&run, output) : err;
    http_client_free(client);
    json_set_string(arena, credential, "access_key", SLICE_LITERAL("planted"));
    json_set_string(arena, credential, "secret_key", SLICE_LITERAL("planted-token"));
    struct s3_run planted = {.arena = arena, .wire = s3_planted, .credential = credential, .kind = run.kind, .region = SLICE_LITERAL("us-east-1")};
    planted.deadline_ms = source_mono_ms() + PLANTED_DEADLINE_MS;
    err = err == ERR_NONE ? source_address_read(SLICE_LITERAL("http://192.0.2.1"), &planted.address) : err;
    err = err == ERR_NONE ? run_all(&planted, json_set_object(arena, output, "plant")) : err;
    reply->output = err == ERR_NONE ? output : NULL;
    return err == ERR_NONE && json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL ? ERR_TOO_LARGE : err;
}
