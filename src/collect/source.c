#include "collect/source.h"

#include "base/time.h"
#include "collect/csv.h"
#include "collect/fact.h"
#include "collect/source_other.h"
#include "collect/source_pick.h"
#include "collect/source_plant.h"
#include "collect/source_run.h"

enum { TIMEOUT_DEFAULT_MS = 60000, TIMEOUT_MAX_MS = 120000, PLANT_MAX_MS = 10000, ID_MAX_BYTES = 512 };

static const struct source_api *const apis[] = {
    &source_api_hetzner, &source_api_github, &source_api_gitlab, &source_api_forgejo, &source_api_keycloak, &source_api_entra, &source_api_google, &source_api_scim, &source_api_csv,
    &source_api_dokploy, &source_api_crtsh, &source_api_certspotter, &source_api_vault,
};

/* Kinds that are asked otherwise than by a table of requests. */
static const struct {
    const char *kind;
    enum err (*collect)(struct arena *arena, const struct json *input, struct work_reply *reply);
} others[] = {{"registry", source_registry}, {"s3", source_s3}, {"aws", source_s3}, {"dns", source_dns}, {"zone", source_import}, {"invoice", source_import}};

const struct source_api *const *source_api_all(size_t *ret_count)
{
    *ret_count = SOURCE_COUNT(apis);
    return apis;
}

/* NULL: this kind is asked by no table */
static const struct source_api *find_api(struct slice kind)
{
    for (size_t i = 0; i < SOURCE_COUNT(apis); i++) {
        if (slice_is(kind, apis[i]->kind)) {
            return apis[i];
        }
    }
    return NULL;
}

/* ---- the items of one reply ---- */

/* How much of the answer's room a tree takes, roughly as packed. */
static size_t tree_bytes(const struct json *value)
{
    size_t bytes = 8 + value->name.len + value->text.len;
    for (const struct json *child = value->first; child != NULL; child = child->next) {
        bytes += tree_bytes(child);
    }
    return bytes;
}

static const char *add_item(struct source_run *run, const struct source_request *request, const struct json *item, struct json *items)
{
    bool cut = false;
    if (item->type != JSON_OBJECT) {
        return "source.wrong-shape";
    }
    struct json *picked = json_append(items, source_pick(run->arena, item, request->pick, &cut));
    if (picked == NULL || ++run->items_count > SOURCE_ITEMS_MAX_COUNT || (run->facts_bytes += tree_bytes(picked)) > SOURCE_FACTS_MAX_BYTES) {
        run->stopped = "source.too-much";
        return run->stopped;
    }
    return cut ? "source.item-cut" : NULL;
}

/* A text cut within an item does not end the request; what is missing is said. */
static const char *add_items(struct source_run *run, const struct source_request *request, const struct json *tree, struct json *items, size_t *ret_count,
                             const char **cut)
{
    if (request->items == NULL) {
        *ret_count = 1;
        const char *reason = add_item(run, request, tree, items);
        *cut = reason != NULL && slice_is(slice_string(reason), "source.item-cut") ? reason : *cut;
        return *cut == reason ? NULL : reason;
    }
    const struct json *list = request->items[0] == '\0' ? tree : json_path(tree, request->items);
    if (list == NULL && request->absent_is_empty && tree->type == JSON_OBJECT) {
        *ret_count = 0;
        return NULL;
    }
    if (list == NULL || list->type != JSON_ARRAY) {
        return "source.wrong-shape";
    }
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        const char *reason = add_item(run, request, item, items);
        if (reason != NULL && slice_is(slice_string(reason), "source.item-cut")) {
            *cut = reason;
        } else if (reason != NULL) {
            return reason;
        }
    }
    *ret_count = list->count;
    return NULL;
}

static void keep_headers(struct source_run *run, const struct source_request *request, const struct http_reply *reply, struct json *note)
{
    struct slice rest = slice_string(request->headers), name;
    struct json *headers = rest.len == 0 || json_member(note, "headers") != NULL ? NULL : json_set_object(run->arena, note, "headers");
    while (headers != NULL && slice_split(&rest, ' ', &name)) {
        char *text = arena_string(run->arena, name);
        struct slice value = text == NULL ? SLICE_NONE : http_reply_header(reply, text);
        if (value.len > 0) {
            json_set_string(run->arena, headers, text, slice_first(value, SOURCE_TEXT_MAX_BYTES));
        }
    }
}

/* ---- one request with all its pages ---- */

static const char *read_reply(const struct source_request *request, const struct http_reply *reply, struct arena *arena, struct json **ret_tree)
{
    if (request->format == FORMAT_JSON) {
        return source_read(reply, arena, ret_tree);
    }
    enum err err = csv_table(arena, buf_slice(&reply->body), ret_tree, NULL);
    return err == ERR_NONE ? NULL : err == ERR_MALFORMED ? "source.malformed" : "source.too-large";
}

static const char *take_page(struct source_run *run, const struct source_request *request, const struct http_reply *reply, struct json *note, struct source_pages *pages,
                             const char **cut, bool *more)
{
    cleanup_arena struct arena *tree_arena = arena_new(SOURCE_TREE_MAX_BYTES);
    struct json *tree = NULL, *items = (struct json *)(uintptr_t)json_member(note, "items");
    size_t count = 0;
    keep_headers(run, request, reply, note);
    const char *reason = tree_arena == NULL ? "source.too-large" : read_reply(request, reply, tree_arena, &tree);
    reason = reason == NULL ? add_items(run, request, tree, items, &count, cut) : reason;
    pages->items_count += count;
    return reason == NULL ? source_pages_next(run, request, reply, tree, count, pages, more) : reason;
}

static const char *ask_pages(struct source_run *run, const struct source_request *request, struct json *note, struct source_pages *pages)
{
    const char *reason = NULL, *cut = NULL;
    bool more = true;
    while (more && reason == NULL) {
        struct source_ask ask = {.method = "GET", .url = &pages->url, .with_login = true};
        struct http_reply reply = HTTP_REPLY_NONE;
        more = false;
        reason = source_exchange(run, &ask, false, note, &reply);
        reason = reason == NULL ? take_page(run, request, &reply, note, pages, &cut, &more) : reason;
        http_reply_free(&reply);
    }
    return reason == NULL ? cut : reason;
}

/* What cannot be carried out is asked for once: the answer's status and error code are the fact, whatever they are. */
static const char *ask_attempt(struct source_run *run, const struct source_request *request, struct json *note, struct source_pages *pages)
{
    if (!json_bool(run->options, "attempt", true)) {
        return "source.not-asked";
    }
    struct source_ask ask = {.method = "POST", .url = &pages->url, .content_type = "Content-Type: application/json", .body = slice_string(request->attempt), .with_login = true};
    struct http_reply reply = HTTP_REPLY_NONE;
    const char *reason = source_exchange(run, &ask, true, note, &reply);
    cleanup_arena struct arena *tree_arena = arena_new(SOURCE_TREE_MAX_BYTES);
    struct json *tree = NULL, *items = (struct json *)(uintptr_t)json_member(note, "items");
    bool cut = false;
    if (reply.status > 0 && tree_arena != NULL && source_read(&reply, tree_arena, &tree) == NULL && tree->type == JSON_OBJECT) {
        json_append(items, source_pick(run->arena, tree, request->pick, &cut));
    }
    bool answered = reply.status > 0 && run->stopped == NULL;
    http_reply_free(&reply);
    return answered ? NULL : reason == NULL ? "source.unreachable" : reason;
}

/* Asks and writes what came of it into the note: items, complete, error. */
static enum err ask_into(struct source_run *run, const struct source_request *request, struct slice id, struct json *note)
{
    struct source_pages pages = {.base = BUF_INIT(SOURCE_URL_MAX_BYTES), .url = BUF_INIT(SOURCE_URL_MAX_BYTES + 1)};
    json_set_array(run->arena, note, "items");
    const char *reason = run->stopped;
    if (reason == NULL) {
        enum err err = source_url(run, &run->address, request->path, id, &pages.base);
        err = err == ERR_NONE ? source_pages_begin(request, &pages) : err;
        reason = err == ERR_NONE ? NULL : err == ERR_NOT_FOUND ? "source.not-found" : "source.too-large";
    }
    if (reason == NULL) {
        reason = request->attempt != NULL ? ask_attempt(run, request, note, &pages) : ask_pages(run, request, note, &pages);
    }
    source_pages_free(&pages);
    if (reason != NULL) {
        json_set_string(run->arena, note, "error", slice_string(reason));
    }
    return json_set_bool(run->arena, note, "complete", reason == NULL) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* ---- requests that others drive ---- */

static bool is_true(const struct json *item, struct slice name)
{
    bool negated = name.len > 0 && name.data[0] == '!';
    name = slice_from(name, negated ? 1 : 0);
    const struct json *member = item->first;
    while (member != NULL && !slice_equal(member->name, name)) {
        member = member->next;
    }
    return (member != NULL && member->type == JSON_TRUE) != negated;
}

static bool is_meant(const struct source_request *request, const struct json *item)
{
    struct slice rest = slice_string(request->each_where), name;
    while (slice_split(&rest, ' ', &name)) {
        if (name.len > 0 && !is_true(item, name)) {
            return false;
        }
    }
    return true;
}

static const struct json *request_note(const struct source_run *run, const char *name)
{
    for (const struct json *note = run->requests->first; note != NULL; note = note->next) {
        if (slice_is(json_text(note, "name", SLICE_NONE), name)) {
            return note;
        }
    }
    return NULL;
}

static enum err ask_one(struct source_run *run, const struct source_request *request, const struct json *id, struct json *each, bool *complete)
{
    if (id == NULL || id->text.len == 0 || id->text.len > ID_MAX_BYTES) {
        *complete = false;
        return ERR_NONE;
    }
    struct json *one = json_append(each, json_new(run->arena, JSON_OBJECT));
    json_set_string(run->arena, one, "of", id->text);
    enum err err = ask_into(run, request, id->text, one);
    *complete = *complete && json_bool(one, "complete", false);
    return err;
}

/* Asks for every member at the dotted path below the item; lists on the way are walked. As deep as the table's path. */
static enum err ask_below(struct source_run *run, const struct source_request *request, const struct json *item, struct slice path, struct json *each, bool *complete)
{
    struct slice name = SLICE_NONE;
    const struct json *member = item->first;
    (void)slice_split(&path, '.', &name);
    while (member != NULL && !slice_equal(member->name, name)) {
        member = member->next;
    }
    if (path.data == NULL) {
        return ask_one(run, request, member, each, complete);
    }
    if (member == NULL || (member->type != JSON_ARRAY && member->type != JSON_OBJECT)) {
        *complete = false;
        return ERR_NONE;
    }
    enum err err = member->type == JSON_OBJECT ? ask_below(run, request, member, path, each, complete) : ERR_NONE;
    for (const struct json *child = member->type == JSON_ARRAY ? member->first : NULL; child != NULL && err == ERR_NONE; child = child->next) {
        err = ask_below(run, request, child, path, each, complete);
    }
    return err;
}

static enum err ask_each(struct source_run *run, const struct source_request *request, struct json *note)
{
    const struct json *driver = request_note(run, request->each), *items = json_member(driver, "items");
    struct json *each = json_set_array(run->arena, note, "each");
    bool complete = json_bool(driver, "complete", false);
    enum err err = ERR_NONE;
    for (const struct json *item = items == NULL ? NULL : items->first; item != NULL && err == ERR_NONE; item = item->next) {
        if (is_meant(request, item)) {
            err = ask_below(run, request, item, slice_string(request->each_id == NULL ? "id" : request->each_id), each, &complete);
        }
    }
    return err == ERR_NONE && json_set_bool(run->arena, note, "complete", complete) == NULL ? ERR_TOO_LARGE : err;
}

static bool is_wanted(const struct source_run *run, const struct source_request *request)
{
    bool negated = request->when != NULL && request->when[0] == '!';
    return request->when == NULL || (json_member(run->options, request->when + (negated ? 1 : 0)) != NULL) != negated;
}

static enum err ask_all(struct source_run *run)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < run->api->request_count && err == ERR_NONE; i++) {
        const struct source_request *request = &run->api->requests[i];
        if (!is_wanted(run, request)) {
            continue;
        }
        struct json *note = json_append(run->requests, json_new(run->arena, JSON_OBJECT));
        json_set_string(run->arena, note, "name", slice_string(request->name));
        if (request->optional) {
            json_set_bool(run->arena, note, "optional", true);
        }
        err = request->each != NULL ? ask_each(run, request, note) : ask_into(run, request, SLICE_NONE, note);
    }
    return err;
}

/* ---- the run ---- */

static enum err read_address(struct slice text, const struct json *options, struct source_address *address, struct complaint *complaint)
{
    bool known = source_address_read(text, address) == ERR_NONE && slice_find_byte(address->target, '?') == SIZE_MAX && !slice_starts(text, SLICE_LITERAL("dns://"));
    if (!known) {
        return complain(complaint, ERR_INVALID, TEXT("the source's address must be https://HOST, with port and path if needed",
                                                     "die Adresse der Quelle muss https://RECHNER lauten, mit Port und Pfad nach Bedarf"), 0, 0,
                        (const char *)text.data, text.len);
    }
    bool here = slice_is(address->host, "localhost") || slice_starts(address->host, SLICE_LITERAL("127.")) || slice_is(address->host, "::1");
    if (address->plain && !here && !json_bool(options, "plain", false)) {
        return complain(complaint, ERR_INVALID, TEXT("a credential must not travel without TLS; use https, or set the option plain for a network that is private",
                                                     "ein Zugang darf nicht ohne TLS übertragen werden; https benutzen oder in einem privaten Netz die Option plain setzen"),
                        0, 0, (const char *)text.data, text.len);
    }
    return ERR_NONE;
}

/* Whether the task's process may connect there at all: said here, not as a strange failure later. */
static enum err check_port(const struct json *input, uint16_t port, struct complaint *complaint)
{
    uint64_t allowed = 0;
    const struct json *ports = json_member(input, "ports");
    bool good = json_u64(input, "port", &allowed) == ERR_NONE && allowed == port;
    for (const struct json *one = ports == NULL ? NULL : ports->first; one != NULL && !good; one = one->next) {
        good = slice_to_u64(one->text, &allowed) == ERR_NONE && allowed == port;
    }
    return good ? ERR_NONE : complain(complaint, ERR_INVALID, TEXT("the source's address has another port than was allowed",
                                                                   "die Adresse der Quelle hat einen anderen Port als erlaubt"), 0, 0, NULL, 0);
}

static struct slice inline_text(const struct source_run *run)
{
    return run->api->inline_option == NULL ? SLICE_NONE : json_text(run->options, run->api->inline_option, SLICE_NONE);
}

static enum err read_addresses(struct source_run *run, const struct json *input, struct complaint *complaint)
{
    if (inline_text(run).len > 0) {
        run->address.origin = SLICE_LITERAL("-"); /* nowhere: the reply is given */
        return ERR_NONE;
    }
    const struct source_kind *kind = source_kind_find(slice_string(run->api->kind));
    struct slice address = json_text(input, "address", slice_string(kind->address));
    struct slice token_address = json_text(run->options, "token_address", slice_string(kind->token_address));
    enum err err = read_address(address, run->options, &run->address, complaint);
    return err == ERR_NONE ? read_address(token_address.len == 0 ? address : token_address, run->options, &run->token_address, complaint) : err;
}

/* Options that judges need as well go into the facts: they are whom the facts are about. */
static void keep_options(struct source_run *run)
{
    static const char *const kept[] = {"org", "group", "realm", "tenant", "domain"};
    for (size_t i = 0; i < SOURCE_COUNT(kept); i++) {
        struct slice value = json_text(run->options, kept[i], SLICE_NONE);
        if (value.len > 0) {
            json_set_string(run->arena, run->facts, kept[i], slice_first(value, SOURCE_TEXT_MAX_BYTES));
        }
    }
}

enum err source_run_all(struct source_run *run, const struct json *input, struct complaint *complaint)
{
    run->credential = json_member(input, "credential");
    run->options = json_member(input, "options");
    run->now_ms = clock_now().unix_ms;
    run->facts = json_new(run->arena, JSON_OBJECT);
    enum err err = read_addresses(run, input, complaint);
    json_set_string(run->arena, run->facts, "kind", slice_string(run->api->kind));
    json_set_string(run->arena, run->facts, "address", run->address.origin);
    keep_options(run);
    run->requests = json_set_array(run->arena, run->facts, "requests");
    err = err == ERR_NONE && run->requests == NULL ? ERR_TOO_LARGE : err;
    err = err == ERR_NONE ? source_log_in(run, complaint) : err;
    json_set_bool(run->arena, run->facts, "logged_in", run->login.len > 0);
    return err == ERR_NONE ? ask_all(run) : err;
}

static enum err ask_inline(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    const struct source_run *run = context;
    struct http_reply reply = {200, BUF_INIT(1), BUF_INIT(request->reply_max_bytes)};
    if (buf_append(&reply.body, inline_text(run)) != ERR_NONE) {
        http_reply_free(&reply);
        return complain(complaint, ERR_TOO_LARGE, TEXT("the text is larger than allowed", "der Text ist größer als erlaubt"), 0, 0, NULL, 0);
    }
    *ret_reply = reply;
    return ERR_NONE;
}

static enum err ask_client(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    return http_client_ask(context, request, ret_reply, complaint);
}

static enum err check_input(struct source_run *run, const struct json *input, struct complaint *complaint)
{
    const struct source_kind *kind = source_kind_find(json_text(input, "kind", SLICE_NONE));
    run->api = kind == NULL ? NULL : find_api(slice_string(kind->id));
    if (run->api == NULL) {
        struct slice name = json_text(input, "kind", SLICE_NONE);
        return complain(complaint, ERR_INVALID, TEXT("there is no such kind of source", "diese Art von Quelle gibt es nicht"), 0, 0, (const char *)name.data, name.len);
    }
    run->options = json_member(input, "options");
    enum err err = source_check(kind, json_member(input, "credential"), run->options, complaint);
    err = err == ERR_NONE ? read_addresses(run, input, complaint) : err;
    if (err != ERR_NONE || inline_text(run).len > 0) {
        return err;
    }
    err = check_port(input, run->address.port, complaint);
    return err == ERR_NONE ? check_port(input, run->token_address.port, complaint) : err;
}

/* What the table of kinds asks for is there; then the kind's own collector. */
static enum err collect_other(struct arena *arena, const struct source_kind *kind, const struct json *input, struct work_reply *reply, bool *ret_done)
{
    for (size_t i = 0; kind != NULL && i < SOURCE_COUNT(others); i++) {
        if (slice_is(slice_string(kind->id), others[i].kind)) {
            *ret_done = true;
            enum err err = source_check(kind, json_member(input, "credential"), json_member(input, "options"), &reply->complaint);
            return err == ERR_NONE ? others[i].collect(arena, input, reply) : err;
        }
    }
    return ERR_NONE;
}

enum err collect_source(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)raw;
    bool done = false;
    enum err other = collect_other(arena, source_kind_find(json_text(input, "kind", SLICE_NONE)), input, reply, &done);
    if (done) {
        return other;
    }
    struct source_run run = {.arena = arena, .login = BUF_INIT(SOURCE_LOGIN_MAX_BYTES)};
    uint64_t timeout_ms = 0;
    bool known = json_u64(input, "timeout_ms", &timeout_ms) == ERR_NONE && timeout_ms > 0 && timeout_ms <= TIMEOUT_MAX_MS;
    enum err err = check_input(&run, input, &reply->complaint);
    struct http_client *client = err == ERR_NONE ? http_client_new() : NULL;
    err = err == ERR_NONE && client == NULL ? ERR_MEMORY : err;
    struct json *planted = NULL;
    run.wire = err == ERR_NONE && inline_text(&run).len > 0 ? (struct source_wire){ask_inline, &run} : (struct source_wire){ask_client, client};
    run.deadline_ms = source_mono_ms() + (known ? (int64_t)timeout_ms : TIMEOUT_DEFAULT_MS);
    err = err == ERR_NONE ? source_plant(arena, run.api, source_mono_ms() + PLANT_MAX_MS, &planted) : err;
    err = err == ERR_NONE ? source_run_all(&run, input, &reply->complaint) : err;
    buf_free(&run.login);
    http_client_free(client);
    return err == ERR_NONE ? fact_output(arena, run.facts, planted, &reply->output) : err;
}
