#include "collect/rotation.h"

#include "base/encode.h"
#include "collect/fact.h"
#include "collect/source_kinds.h"
#include "collect/stream.h"
#include "net/http_client.h"

#include <stdio.h>
#include <string.h>

enum { TRY_MS = 10000, HOOK_MS = 30000, REPLY_MAX_BYTES = 64 << 10, HEADER_BYTES = 8192, BODY_BYTES = 64 << 10 };

static const char *const names[] = {[CREDENTIAL_UNCLEAR] = "unclear", [CREDENTIAL_SILENT] = "silent", [CREDENTIAL_REFUSED] = "refused", [CREDENTIAL_ACCEPTED] = "accepted"};

const char *credential_state_name(enum credential_state state)
{
    return names[state];
}

/* ---- addresses ---- */

static bool is_here(const struct source_address *address)
{
    return slice_is(address->host, "localhost") || slice_starts(address->host, SLICE_LITERAL("127.")) || slice_is(address->host, "::1");
}

static enum err bad_address(struct work_reply *reply, struct slice text)
{
    return complain(&reply->complaint, ERR_INVALID, TEXT("this is no address that can be asked, or another port than was allowed", "das ist keine Adresse, die sich fragen lässt, oder ein anderer Port als erlaubt"), 0, 0,
                    (const char *)text.data, text.len);
}

/* https://, http:// on this machine alone, and where it is allowed postgres:// with its port. */
static enum err read_address(struct arena *arena, const struct json *input, const char *name, struct source_address *address, bool *ret_postgres, struct work_reply *reply)
{
    static const char postgres[] = "postgres://";
    struct slice text = json_text(input, name, SLICE_NONE);
    uint64_t allowed = 0;
    bool is_postgres = ret_postgres != NULL && slice_starts(text, slice_string(postgres));
    struct slice rest = slice_from(text, sizeof postgres - 1);
    const char *read = is_postgres ? arena_printf(arena, "https://%.*s", (int)rest.len, rest.len > 0 ? (const char *)rest.data : "") : arena_string(arena, text);
    if (read == NULL) {
        return ERR_MEMORY;
    }
    if (source_address_read(slice_string(read), address) != ERR_NONE || slice_starts(text, SLICE_LITERAL("dns://")) || (address->plain && !is_here(address)) ||
        json_u64(input, "port", &allowed) != ERR_NONE || allowed != address->port) {
        return bad_address(reply, text);
    }
    if (ret_postgres != NULL) {
        *ret_postgres = is_postgres;
    }
    return ERR_NONE;
}

/* ---- one try ---- */

struct attempt {
    enum credential_state state;
    char status[16];
};

/* How a target is asked; the planted one takes everything. */
struct target {
    struct arena *arena;
    const struct json *input;
    struct source_address address;
    bool is_postgres, is_planted;
};

static enum err basic_header(struct arena *arena, struct slice user, struct slice value, char **ret_header)
{
    cleanup_buf struct buf pair = BUF_INIT(HEADER_BYTES), text = BUF_INIT(2 * HEADER_BYTES);
    enum err err = buf_append(&pair, user);
    err = err == ERR_NONE ? buf_append_byte(&pair, ':') : err;
    err = err == ERR_NONE ? buf_append(&pair, value) : err;
    err = err == ERR_NONE ? buf_append_string(&text, "Authorization: Basic ") : err;
    err = err == ERR_NONE ? base64_encode(&text, buf_slice(&pair)) : err;
    *ret_header = err == ERR_NONE ? arena_string(arena, buf_slice(&text)) : NULL;
    return err == ERR_NONE && *ret_header == NULL ? ERR_MEMORY : err;
}

static enum err ask_http(const struct json *input, const char *url, const char *const *headers, const char *method, struct slice body, unsigned timeout_ms, unsigned *ret_status,
                         struct complaint *complaint)
{
    struct http_client *client = http_client_new();
    struct http_reply got = HTTP_REPLY_NONE;
    struct http_request request = {.method = method, .url = url, .headers = headers, .body = body, .authorities_pem = json_text(input, "authorities_pem", SLICE_NONE), .allow_plain = true,
                                   .refuse_link_local = true, .timeout_ms = timeout_ms, .reply_max_bytes = REPLY_MAX_BYTES};
    enum err err = client == NULL ? ERR_MEMORY : http_client_ask(client, &request, &got, complaint);
    *ret_status = err == ERR_NONE ? got.status : 0;
    http_reply_free(&got);
    http_client_free(client);
    return err;
}

static enum err try_http(const struct target *target, struct slice value, struct attempt *attempt)
{
    char *header = NULL;
    unsigned status = 0;
    struct complaint complaint = {.text = {NULL, NULL}};
    enum err err = basic_header(target->arena, json_text(target->input, "user", SLICE_NONE), value, &header);
    if (err != ERR_NONE) {
        return err;
    }
    err = ask_http(target->input, arena_string(target->arena, json_text(target->input, "target", SLICE_NONE)), (const char *const[]){header, NULL}, "GET", SLICE_NONE, TRY_MS, &status, &complaint);
    attempt->state = err != ERR_NONE && err != ERR_TOO_LARGE ? CREDENTIAL_SILENT : status >= 200 && status < 300 ? CREDENTIAL_ACCEPTED : status == 401 || status == 403 ? CREDENTIAL_REFUSED : CREDENTIAL_UNCLEAR;
    snprintf(attempt->status, sizeof attempt->status, err == ERR_NONE ? "HTTP %u" : "silent", status);
    return err == ERR_MEMORY ? err : ERR_NONE;
}

static enum err try_postgres(const struct target *target, struct slice value, struct attempt *attempt)
{
    struct slice path = target->address.target;
    struct credential credential = {.host = target->address.host, .database = path.len > 1 ? slice_from(path, 1) : SLICE_LITERAL("postgres"), .user = json_text(target->input, "user", SLICE_NONE),
                                    .value = value, .port = target->address.port};
    attempt->state = credential_postgres(&credential, stream_deadline(TRY_MS, INT64_MAX), attempt->status);
    return ERR_NONE;
}

static enum err try_value(const struct target *target, struct slice value, struct attempt *attempt)
{
    *attempt = (struct attempt){.state = CREDENTIAL_UNCLEAR, .status = "-"};
    if (target->is_planted) {
        *attempt = (struct attempt){.state = CREDENTIAL_ACCEPTED, .status = "planted"};
        return ERR_NONE;
    }
    return target->is_postgres ? try_postgres(target, value, attempt) : try_http(target, value, attempt);
}

static struct json *attempt_tree(struct arena *arena, struct json *object, const char *name, const struct attempt *attempt)
{
    struct json *one = json_set_object(arena, object, name);
    json_set_string(arena, one, "state", slice_string(names[attempt->state]));
    return json_set_string(arena, one, "status", slice_string(attempt->status));
}

static enum err open_target(struct arena *arena, const struct json *input, struct target *target, struct work_reply *reply)
{
    *target = (struct target){.arena = arena, .input = input};
    if (json_text(input, "user", SLICE_NONE).len == 0) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("the target's user is missing", "der Benutzer am Ziel fehlt"), 0, 0, NULL, 0);
    }
    return read_address(arena, input, "target", &target->address, &target->is_postgres, reply);
}

enum err credential_try(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct target target;
    struct attempt attempt;
    (void)raw;
    enum err err = open_target(arena, input, &target, reply);
    err = err == ERR_NONE ? try_value(&target, json_text(input, "value", SLICE_NONE), &attempt) : err;
    if (err != ERR_NONE) {
        return err;
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, reply->output, "state", slice_string(names[attempt.state]));
    return json_set_string(arena, reply->output, "status", slice_string(attempt.status)) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- the hook ---- */

static bool is_header_value(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= 0x20 || text.data[i] > 0x7e) {
            return false;
        }
    }
    return text.len > 0 && text.len <= 2048;
}

enum err rotation_hook(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct source_address address;
    struct slice token = json_text(input, "token", SLICE_NONE);
    cleanup_buf struct buf body = BUF_INIT(BODY_BYTES);
    unsigned status = 0;
    (void)raw;
    enum err err = read_address(arena, input, "hook", &address, NULL, reply);
    if (err == ERR_NONE && !is_header_value(token)) {
        err = complain(&reply->complaint, ERR_INVALID, TEXT("the hook's token cannot be a header", "das Token des Hooks passt in keinen Header"), 0, 0, NULL, 0);
    }
    const struct json *told = json_member(input, "body");
    err = err == ERR_NONE ? told == NULL ? ERR_INVALID : json_write(&body, told, 0) : err;
    const char *header = err == ERR_NONE ? arena_printf(arena, "Authorization: Bearer %.*s", (int)token.len, (const char *)token.data) : NULL;
    const char *url = arena_string(arena, json_text(input, "hook", SLICE_NONE));
    if (err != ERR_NONE || header == NULL || url == NULL) {
        return err == ERR_NONE ? ERR_MEMORY : err;
    }
    err = ask_http(input, url, (const char *const[]){"Content-Type: application/json", header, NULL}, "POST", buf_slice(&body), HOOK_MS, &status, &reply->complaint);
    reply->output = json_new(arena, JSON_OBJECT);
    return err != ERR_NONE ? err : json_set_u64(arena, reply->output, "status", status) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- the probe ---- */

/* The old value first: if somebody locks the account for it, the present one shows that as well. */
static enum err try_both(const struct target *target, struct json **ret_facts)
{
    static const char *const told[] = {"target", "user", "rotated_at_ms"};
    struct arena *arena = target->arena;
    struct json *facts = json_new(arena, JSON_OBJECT);
    const struct json *old = json_member(target->input, "old");
    struct attempt attempt = {.state = CREDENTIAL_UNCLEAR, .status = "-"};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const struct json *value = json_member(target->input, told[i]);
        json_set(arena, facts, told[i], value == NULL ? json_new(arena, JSON_NULL) : json_copy(arena, value));
    }
    enum err err = old == NULL ? ERR_NONE : try_value(target, old->text, &attempt);
    if (old != NULL) {
        attempt_tree(arena, facts, "old", &attempt);
    }
    err = err == ERR_NONE ? try_value(target, json_text(target->input, "current", SLICE_NONE), &attempt) : err;
    *ret_facts = facts;
    return err == ERR_NONE && attempt_tree(arena, facts, "current", &attempt) == NULL ? ERR_MEMORY : err;
}

static enum err plant(struct arena *arena, struct json **ret_facts)
{
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "target", SLICE_LITERAL("https://planted.invalid/"));
    json_set_string(arena, input, "user", SLICE_LITERAL("planted"));
    json_set_string(arena, input, "old", SLICE_LITERAL("planted"));
    json_set_string(arena, input, "current", SLICE_LITERAL("planted too"));
    json_set_i64(arena, input, "rotated_at_ms", 1);
    struct target target = {.arena = arena, .input = input, .is_planted = true};
    return input == NULL ? ERR_MEMORY : try_both(&target, ret_facts);
}

enum err collect_rotation(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct target target;
    struct json *facts = NULL, *planted = NULL;
    (void)raw;
    enum err err = open_target(arena, input, &target, reply);
    err = err == ERR_NONE ? plant(arena, &planted) : err;
    err = err == ERR_NONE ? try_both(&target, &facts) : err;
    return err == ERR_NONE ? fact_output(arena, facts, planted, &reply->output) : err;
}
