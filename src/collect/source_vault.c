/*
 * An existing Vault or OpenBao: the server is a subject of its own ("vault:SOURCE"), and so is its address, whose TLS the probe tls looks at. About the server:
 * vault.version by the day on which it was built, vault.seal (it is initialised and open), vault.kms (its root key comes from a key management service),
 * vault.audit (somebody records what it does) and vault.key-age. What the token may do is its own policies' word.
 */
#include "collect/judge_source.h"
#include "collect/source_kinds.h"

enum { VERSION_DAYS = 180, KEY_DAYS = 365, DAYS_MAX = 3660 };
static const int64_t day_ms = INT64_C(86400000);

struct server {
    struct judge_case *judge_case;
    struct slice name, subject;
};

static struct json *observe(const struct server *server, const char *kind, enum outcome outcome, const char *reason)
{
    struct json *values = judge_observe_at(server->judge_case, kind, server->subject, outcome, reason);
    judge_value(server->judge_case, values, "server", server->name);
    return values;
}

/* What a request brought; NULL: nothing that can be used. */
static const struct json *answer(const struct server *server, const char *request)
{
    return source_has_all(server->judge_case, request) ? source_items(server->judge_case, request) : NULL;
}

static void unread(const struct server *server, const char *kind, const char *what)
{
    judge_value(server->judge_case, observe(server, kind, OUTCOME_ERROR, "vault.unread"), "request", slice_string(what));
}

/* Of a moment in the past: how many days ago; -1: it is no time, or lies in the future. */
static int64_t days_since(const struct server *server, const struct json *object, const char *path)
{
    int64_t at_ms = source_time(object, path), age_ms = server->judge_case->collected_at_ms - at_ms;
    return at_ms < 0 || age_ms < -day_ms ? -1 : age_ms < 0 ? 0 : age_ms / day_ms;
}

/* The limit that the options set; 0: one that nobody can mean. */
static int64_t limit_of(const struct server *server, const char *option, int64_t usual)
{
    int64_t days = judge_number(server->judge_case->options, option, usual);
    return server->judge_case->planted ? usual : days > 0 && days <= DAYS_MAX ? days : 0;
}

static void judge_days(const struct server *server, const char *kind, int64_t days, int64_t limit, const char *good, const char *bad, struct slice version)
{
    if (limit == 0) {
        observe(server, kind, OUTCOME_ERROR, "options.unknown");
        return;
    }
    struct json *values = observe(server, kind, days <= limit ? OUTCOME_PASS : OUTCOME_FAIL, days <= limit ? good : bad);
    json_set_i64(server->judge_case->arena, values, "days", days);
    json_set_i64(server->judge_case->arena, values, "limit", limit);
    judge_value(server->judge_case, values, "version", version);
}

/* ---- each of the five ---- */

static void judge_version(const struct server *server, const struct json *seal)
{
    struct slice version = json_text(seal, "version", SLICE_NONE);
    int64_t days = days_since(server, seal, "build_date");
    if (seal == NULL || version.len == 0) {
        unread(server, "vault.version", "sys/seal-status");
    } else if (days < 0) {
        judge_value(server->judge_case, observe(server, "vault.version", OUTCOME_UNPROVABLE, "vault.version-undated"), "version", version);
    } else {
        judge_days(server, "vault.version", days, limit_of(server, "version_days", VERSION_DAYS), "vault.version-recent", "vault.version-old", version);
    }
}

static bool is_bool(const struct json *value)
{
    return value != NULL && (value->type == JSON_TRUE || value->type == JSON_FALSE);
}

static void judge_seal(const struct server *server, const struct json *seal)
{
    if (!is_bool(json_member(seal, "sealed")) || !is_bool(json_member(seal, "initialized"))) {
        unread(server, "vault.seal", "sys/seal-status");
        return;
    }
    bool is_open = json_bool(seal, "initialized", false) && !json_bool(seal, "sealed", true);
    judge_value(server->judge_case, observe(server, "vault.seal", is_open ? OUTCOME_PASS : OUTCOME_FAIL, is_open ? "vault.open" : "vault.sealed"), "type", json_text(seal, "type", SLICE_LITERAL("?")));
}

/* Kinds of seal whose root key lies in a service or a device. "static" is a key in the configuration, "shamir" shares in people's hands. */
static bool is_kms(struct slice type)
{
    static const char *const kinds[] = {"awskms", "azurekeyvault", "gcpckms", "ocikms", "alicloudkms", "transit", "pkcs11", "kmip", "tpm2"};
    for (size_t i = 0; i < (sizeof kinds / sizeof kinds[0]); i++) {
        if (slice_is(type, kinds[i])) {
            return true;
        }
    }
    return false;
}

static void judge_kms(const struct server *server, const struct json *seal)
{
    struct slice type = json_text(seal, "type", SLICE_NONE);
    if (type.len == 0) {
        unread(server, "vault.kms", "sys/seal-status");
        return;
    }
    bool good = is_kms(type);
    judge_value(server->judge_case, observe(server, "vault.kms", good ? OUTCOME_PASS : OUTCOME_FAIL, good ? "vault.sealed-by-kms" : "vault.no-kms"), "type", type);
}

static void judge_audit(const struct server *server, const struct json *devices)
{
    const struct json *data = json_member(devices, "data");
    if (data == NULL || data->type != JSON_OBJECT) {
        unread(server, "vault.audit", "sys/audit");
        return;
    }
    struct json *values = observe(server, "vault.audit", data->count > 0 ? OUTCOME_PASS : OUTCOME_FAIL, data->count > 0 ? "vault.audited" : "vault.no-audit");
    json_set_u64(server->judge_case->arena, values, "count", data->count);
    judge_value(server->judge_case, values, "device", data->first == NULL ? SLICE_LITERAL("-") : data->first->name);
}

static void judge_key(const struct server *server, const struct json *keys)
{
    int64_t days = days_since(server, keys, "data.install_time");
    if (days < 0) {
        unread(server, "vault.key-age", "sys/key-status");
        return;
    }
    judge_days(server, "vault.key-age", days, limit_of(server, "key_days", KEY_DAYS), "vault.key-recent", "vault.key-old", source_text(keys, "data.term"));
}

/* ---- what the token may do ---- */

/* What every token may do about itself by the policy "default" of Vault, OpenBao and Vogt, and what changes nothing although it is a POST. */
static bool is_own_affair(struct slice path)
{
    static const char *const paths[] = {"auth/token/lookup-self", "auth/token/renew-self", "auth/token/revoke-self", "sys/capabilities-self", "sys/leases/lookup", "sys/leases/renew", "sys/renew",
                                        "sys/tools/hash", "sys/wrapping/", "sys/control-group/request", "cubbyhole/", "identity/oidc/provider/", "sys/policies/test", "auth/passphrase/set"};
    for (size_t i = 0; i < (sizeof paths / sizeof paths[0]); i++) {
        if (slice_starts(path, slice_string(paths[i]))) {
            return true;
        }
    }
    return false;
}

static bool may_change(const struct json *rule)
{
    static const char *const words[] = {"create", "update", "patch", "delete", "root"};
    bool changes = false;
    for (const struct json *word = judge_items(rule, "capabilities"); word != NULL; word = word->next) {
        for (size_t i = 0; i < (sizeof words / sizeof words[0]); i++) {
            changes = changes || slice_is(word->text, words[i]);
        }
        if (slice_is(word->text, "deny")) {
            return false;
        }
    }
    return changes;
}

static void add_powers(struct judge_case *judge_case, const struct json *paths, const char *ending)
{
    for (const struct json *rule = paths == NULL ? NULL : paths->first; rule != NULL; rule = rule->next) {
        if (may_change(rule) && !is_own_affair(rule->name)) {
            source_power(judge_case, slice_string(arena_printf(judge_case->arena, "%.*s%s", (int)rule->name.len, rule->name.len > 0 ? (const char *)rule->name.data : "", ending)));
        }
    }
}

static void judge_rights(const struct server *server, const struct json *rights)
{
    const struct json *data = json_member(rights, "data"), *exact = json_member(data, "exact_paths"), *glob = json_member(data, "glob_paths");
    if (json_bool(data, "root", false)) {
        source_power(server->judge_case, SLICE_LITERAL("root"));
    }
    add_powers(server->judge_case, exact, "");
    add_powers(server->judge_case, glob, "*");
    bool is_read = data != NULL && (exact != NULL || glob != NULL || json_bool(data, "root", false));
    source_judge_read_only(server->judge_case, is_read, "rights");
}

/* ---- the server ---- */

static void propose(const struct server *server, const struct json *seal)
{
    struct judge_case *judge_case = server->judge_case;
    struct slice text = json_text(judge_case->facts, "address", SLICE_NONE);
    struct source_address address;
    struct json *attributes = judge_propose(judge_case, "vault", server->name, SLICE_LITERAL("seal"));
    json_set_string(judge_case->arena, attributes, "url", text);
    if (json_text(seal, "version", SLICE_NONE).len > 0) {
        json_set_string(judge_case->arena, attributes, "version", json_text(seal, "version", SLICE_NONE));
    }
    if (source_address_read(text, &address) == ERR_NONE && !address.plain) {
        bool is_ip6 = slice_find_byte(address.host, ':') != SIZE_MAX;
        const char *name = arena_printf(judge_case->arena, is_ip6 ? "[%.*s]:%u" : "%.*s:%u", (int)address.host.len, (const char *)address.host.data, (unsigned)address.port);
        struct json *endpoint = name == NULL ? NULL : judge_propose(judge_case, "endpoint", slice_string(name), SLICE_LITERAL("seal"));
        json_set_string(judge_case->arena, endpoint, "protocol", SLICE_LITERAL("https"));
    }
}

static void judge_vault(struct judge_case *judge_case)
{
    struct server server = {.judge_case = judge_case, .name = source_name(judge_case, "", SLICE_NONE, json_text(judge_case->subject, "name", SLICE_LITERAL("vault")))};
    server.subject = source_subject(judge_case, "vault", server.name);
    const struct json *seal = answer(&server, "seal");
    source_judge_complete(judge_case);
    propose(&server, seal);
    judge_version(&server, seal);
    judge_seal(&server, seal);
    judge_kms(&server, seal);
    judge_audit(&server, answer(&server, "devices"));
    judge_key(&server, answer(&server, "keys"));
    judge_rights(&server, source_items(judge_case, "rights"));
    judge_not_covered(judge_case, "vault.kms-use-unseen");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false}, {"source.read-only", "source.can-write", false}, {"vault.version", "vault.version-old", false}, {"vault.seal", "vault.sealed", false},
    {"vault.kms", "vault.no-kms", false},            {"vault.audit", "vault.no-audit", false},        {"vault.key-age", "vault.key-old", false},
};
const struct source_judge source_judge_vault = {"vault", {kinds, sizeof kinds / sizeof kinds[0], judge_vault}};
