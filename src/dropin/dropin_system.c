/* status, version, policy, lease, namespace: the smaller groups below sys/. */
#include "dropin/dropin.h"

#include <string.h>

enum { POLICY_MAX_BYTES = 256 << 10 };

/* Says what Vault would: programs that start `vault` decide by this line what they may use. */
int verb_version(struct dropin *dropin)
{
    dropin_line(dropin, "Vault v1.15.0 (Vogt %s)", VOGT_VERSION);
    return DROPIN_OK;
}

int verb_status(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = "sys/seal-status", .doing = "Error checking seal status"};
    int code = dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return DROPIN_LOCAL; /* 2 means sealed */
    }
    code = dropin_show_seal(dropin, answer.tree);
    return code == DROPIN_OK && json_bool(answer.tree, "sealed", true) ? DROPIN_REMOTE : code;
}

/* ---- policies ---- */

static const char *policy_path(struct dropin *dropin)
{
    return arena_printf(dropin->run.arena, "sys/policies/acl/%s", dropin->words[0]);
}

int verb_policy_list(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = "sys/policies/acl?list=true", .doing = "Error listing policies"};
    int code = dropin_ask(dropin, &ask, &answer);
    const struct json *keys = json_path(code == DROPIN_OK ? answer.tree : NULL, "data.keys");
    if (code != DROPIN_OK || !dropin_is_table(dropin)) {
        return code == DROPIN_OK ? dropin_show_json(dropin, keys) : code;
    }
    for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
        dropin_line(dropin, "%.*s", (int)key->text.len, (const char *)key->text.data);
    }
    return DROPIN_OK;
}

int verb_policy_read(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = policy_path(dropin), .doing = arena_printf(dropin->run.arena, "Error reading policy named %s", dropin->words[0]),
                             .missing_is_fine = true};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    if (answer.status == 404) {
        fprintf(stderr, "No policy named: %s\n", dropin->words[0]);
        return DROPIN_REMOTE;
    }
    struct slice text = json_text(json_member(answer.tree, "data"), "policy", SLICE_NONE);
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, json_member(answer.tree, "data"));
    }
    dropin_line(dropin, "%.*s", (int)slice_trim(text).len, text.len > 0 ? (const char *)slice_trim(text).data : "");
    return DROPIN_OK;
}

int verb_policy_write(struct dropin *dropin)
{
    cleanup_buf struct buf bytes = BUF_INIT(POLICY_MAX_BYTES + (1 << 17));
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer answer;
    if (run_read_file(&dropin->run, dropin->words[1], POLICY_MAX_BYTES, &bytes) != OUTCOME_OK) {
        return DROPIN_LOCAL;
    }
    json_set_string(dropin->run.arena, body, "policy", buf_slice(&bytes));
    struct dropin_ask ask = {.method = "PUT", .path = policy_path(dropin), .body = body, .doing = "Error uploading policy"};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Uploaded policy: %s", dropin->words[0]);
    }
    return code;
}

int verb_policy_delete(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "DELETE", .path = policy_path(dropin), .doing = "Error deleting policy"};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Deleted policy: %s", dropin->words[0]);
    }
    return code;
}

/* ---- leases ---- */

static struct json *lease_body(struct dropin *dropin)
{
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    json_set_string(dropin->run.arena, body, "lease_id", slice_string(dropin->words[0]));
    return body;
}

int verb_lease_lookup(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "PUT", .path = "sys/leases/lookup", .body = lease_body(dropin), .doing = "error looking up lease"};
    int code = dropin_ask(dropin, &ask, &answer);
    return code == DROPIN_OK ? dropin_show(dropin, answer.tree) : code;
}

int verb_lease_renew(struct dropin *dropin)
{
    static const struct dropin_field fields[] = {{"increment", "increment", DROPIN_TEXT}, {"i", "increment", DROPIN_TEXT}};
    struct dropin_answer answer;
    struct json *body = lease_body(dropin);
    int code = dropin_fields(dropin, fields, sizeof(fields) / sizeof(fields[0]), body);
    struct dropin_ask ask = {.method = "PUT", .path = "sys/leases/renew", .body = body, .doing = "Error renewing lease"};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    return code == DROPIN_OK ? dropin_show(dropin, answer.tree) : code;
}

int verb_lease_revoke(struct dropin *dropin)
{
    struct dropin_answer answer;
    bool is_forced = dropin_switch(dropin, "force") || dropin_switch(dropin, "f"), is_prefix = dropin_switch(dropin, "prefix");
    const char *word = dropin->words[0], *path = is_prefix && is_forced ? arena_printf(dropin->run.arena, "sys/leases/revoke-force/%s", word)
                                                 : is_prefix            ? arena_printf(dropin->run.arena, "sys/leases/revoke-prefix/%s", word)
                                                                        : "sys/leases/revoke";
    struct json *body = is_prefix ? json_new(dropin->run.arena, JSON_OBJECT) : lease_body(dropin);
    if (dropin_switch(dropin, "sync")) {
        json_set_bool(dropin->run.arena, body, "sync", true);
    }
    if (is_forced && !is_prefix) {
        return dropin_say(dropin, TEXT("-force goes with -prefix", "-force gehört zu -prefix"), NULL);
    }
    struct dropin_ask ask = {.method = "PUT", .path = path, .body = body, .doing = "Error revoking lease"};
    int code = path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code == DROPIN_OK) {
        dropin_line(dropin, is_prefix ? "Success! Revoked any leases with prefix: %s" : "All revocation operations queued successfully! %s", word);
    }
    return code;
}

/* ---- namespaces ---- */

int verb_namespace_list(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = "sys/namespaces?list=true", .doing = "Error listing namespaces", .missing_is_fine = true};
    int code = dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    if (json_path(answer.tree, "data.keys") == NULL) {
        fputs("No namespaces found\n", stderr);
        return DROPIN_REMOTE;
    }
    return dropin_show_keys(dropin, answer.tree);
}

static int namespace_request(struct dropin *dropin, const char *method, struct json *body, bool shows)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = method, .path = arena_printf(dropin->run.arena, "sys/namespaces/%s", dropin->words[0]), .body = body, .doing = "Error with the namespace"};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code == DROPIN_OK && shows) {
        return dropin_show(dropin, answer.tree);
    }
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Namespace deleted at: %s/", dropin->words[0]);
    }
    return code;
}

int verb_namespace_create(struct dropin *dropin)
{
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    int code = dropin_pairs_flag(dropin, "custom-metadata", body, "custom_metadata");
    return code == DROPIN_OK ? namespace_request(dropin, "PUT", body, true) : code;
}

int verb_namespace_lookup(struct dropin *dropin)
{
    return namespace_request(dropin, "GET", NULL, true);
}

int verb_namespace_delete(struct dropin *dropin)
{
    return namespace_request(dropin, "DELETE", NULL, false);
}
