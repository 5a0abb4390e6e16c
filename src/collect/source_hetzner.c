/*
 * Hetzner Cloud. Its firewalls drop what no inbound rule allows as soon as one is applied to a server; several on one server allow together. They
 * filter the public interface alone.
 */
#include "collect/judge_source.h"

#include <stdio.h>

enum { LIST_MAX_BYTES = 280, RULES_MAX_COUNT = 5000, IPV4_WIDE_BITS = 8, IPV6_WIDE_BITS = 16 };

/* ---- rules ---- */

/* A source that holds a good part of all addresses; what cannot be read counts as wide. */
static bool is_wide(struct slice prefix)
{
    size_t slash = slice_find_byte(prefix, '/');
    bool v6 = slice_find_byte(prefix, ':') != SIZE_MAX;
    uint64_t bits = 0;
    if (slash == SIZE_MAX) {
        return prefix.len == 0;
    }
    return slice_to_u64(slice_from(prefix, slash + 1), &bits) != ERR_NONE || bits < (v6 ? IPV6_WIDE_BITS : IPV4_WIDE_BITS);
}

static bool opens_to_many(const struct json *rule)
{
    const struct json *sources = json_member(rule, "source_ips");
    if (sources == NULL || sources->type != JSON_ARRAY || sources->count == 0) {
        return true;
    }
    for (const struct json *source = sources->first; source != NULL; source = source->next) {
        if (is_wide(source->text)) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const struct json *ports, uint64_t port, struct slice protocol)
{
    for (const struct json *row = ports; row != NULL; row = row->next) {
        if (judge_number(row, "port", -1) == (int64_t)port && slice_equal(json_text(row, "protocol", protocol), protocol)) {
            return true;
        }
    }
    return false;
}

/* "443", "8000-8010" or "any". */
static bool read_range(struct slice text, uint64_t *first, uint64_t *last)
{
    size_t dash = slice_find_byte(text, '-');
    if (slice_is(text, "any")) {
        *first = 1;
        *last = UINT16_MAX;
        return true;
    }
    bool good = slice_to_u64(slice_first(text, dash), first) == ERR_NONE;
    *last = *first;
    good = good && (dash == SIZE_MAX || slice_to_u64(slice_from(text, dash + 1), last) == ERR_NONE);
    return good && *first > 0 && *last <= UINT16_MAX && *first <= *last;
}

struct opened {
    const struct json *ports;           /* of the estate: first row */
    uint64_t narrow, rules;
    bool everything, unread;
    char unlisted[LIST_MAX_BYTES];
    size_t unlisted_len;
};

static void note_unlisted(struct opened *opened, struct slice protocol, struct slice port)
{
    int count = snprintf(opened->unlisted + opened->unlisted_len, LIST_MAX_BYTES - opened->unlisted_len, "%s%.*s%s%.*s", opened->unlisted_len == 0 ? "" : ", ",
                         (int)(protocol.len < 8 ? protocol.len : 8), protocol.len == 0 ? "" : (const char *)protocol.data, port.len == 0 ? "" : " ",
                         (int)(port.len < 20 ? port.len : 20), port.len == 0 ? "" : (const char *)port.data);
    if (count > 0 && (size_t)count < LIST_MAX_BYTES - opened->unlisted_len) {
        opened->unlisted_len += (size_t)count;
    }
}

static void take_rule(struct opened *opened, const struct json *rule)
{
    struct slice protocol = json_text(rule, "protocol", SLICE_NONE), port = source_text(rule, "port");
    uint64_t first = 0, last = 0;
    bool inbound = judge_is(rule, "direction", "in");
    opened->unread = opened->unread || ++opened->rules > RULES_MAX_COUNT || (!inbound && !judge_is(rule, "direction", "out"));
    if (!inbound || opened->rules > RULES_MAX_COUNT || slice_is(protocol, "icmp")) {
        return;
    }
    if (!opens_to_many(rule)) {
        opened->narrow++;
        return;
    }
    bool ported = slice_is(protocol, "tcp") || slice_is(protocol, "udp");
    if (!ported) {
        note_unlisted(opened, protocol.len == 0 ? SLICE_LITERAL("?") : protocol, SLICE_NONE); /* gre, esp: whole tunnels */
        return;
    }
    if (!read_range(port, &first, &last)) {
        opened->unread = true;
        return;
    }
    opened->everything = opened->everything || (first == 1 && last == UINT16_MAX);
    for (uint64_t number = first; number <= last; number++) {
        if (!is_listed(opened->ports, number, protocol)) {
            note_unlisted(opened, protocol, port);
            return;
        }
    }
}

/* ---- servers ---- */

static const struct json *firewall_of(const struct judge_case *judge_case, struct slice id)
{
    for (const struct json *firewall = source_items(judge_case, "firewalls"); firewall != NULL; firewall = firewall->next) {
        if (id.len > 0 && slice_equal(source_text(firewall, "id"), id)) {
            return firewall;
        }
    }
    return NULL;
}

static const struct json *ports_of_host(const struct judge_case *judge_case, struct slice name)
{
    for (const struct json *host = judge_items(judge_case->estate, "hosts"); host != NULL; host = host->next) {
        if (slice_equal(json_text(host, "name", SLICE_NONE), name)) {
            return judge_items(host, "ports");
        }
    }
    return NULL;
}

static bool has_address(const struct json *server, const char *path)
{
    return source_text(server, path).len > 0;
}

static struct finding judge_applied(struct judge_case *judge_case, const struct json *server)
{
    struct opened opened = {.ports = ports_of_host(judge_case, json_text(server, "name", SLICE_NONE))};
    const struct json *applied = judge_items(json_member(server, "public_net"), "firewalls");
    if (applied == NULL) {
        return judge_finding(judge_case, OUTCOME_FAIL, "cloud.no-firewall");
    }
    for (; applied != NULL; applied = applied->next) {
        const struct json *firewall = firewall_of(judge_case, source_text(applied, "id")), *rules = json_member(firewall, "rules");
        if (!judge_is(applied, "status", "applied")) {
            return judge_finding(judge_case, OUTCOME_FAIL, "cloud.firewall-pending");
        }
        if (rules == NULL || rules->type != JSON_ARRAY) {
            return judge_finding(judge_case, OUTCOME_ERROR, "cloud.firewall-unread");
        }
        for (const struct json *rule = rules->first; rule != NULL; rule = rule->next) {
            take_rule(&opened, rule);
        }
    }
    const char *reason = opened.everything ? "cloud.opens-everything" : opened.unlisted_len > 0 ? "cloud.port-unlisted" : NULL;
    struct finding finding = reason != NULL ? judge_finding(judge_case, OUTCOME_FAIL, reason)
                                            : judge_finding(judge_case, opened.unread ? OUTCOME_ERROR : OUTCOME_PASS, opened.unread ? "cloud.firewall-unread" : "cloud.denies-by-default");
    judge_value(judge_case, finding.values, "ports", slice_of(opened.unlisted, opened.unlisted_len));
    json_set_u64(judge_case->arena, finding.values, "narrow", opened.narrow);
    return finding;
}

static void judge_server(struct judge_case *judge_case, const struct json *server)
{
    const struct json *public_net = json_member(server, "public_net");
    struct slice name = source_name(judge_case, "", SLICE_NONE, json_text(server, "name", SLICE_NONE));
    struct finding finding;
    if (public_net == NULL || (public_net->type != JSON_OBJECT && public_net->type != JSON_NULL)) {
        finding = judge_finding(judge_case, OUTCOME_ERROR, "cloud.firewall-unread");
    } else if (!has_address(server, "public_net.ipv4.ip") && !has_address(server, "public_net.ipv6.ip")) {
        finding = judge_finding(judge_case, OUTCOME_PASS, "cloud.no-public-address");
    } else {
        finding = judge_applied(judge_case, server);
    }
    struct json *values = judge_observe_at(judge_case, "cloud.security-groups", source_subject(judge_case, "host", name), finding.outcome, finding.reason);
    for (const struct json *member = finding.values == NULL ? NULL : finding.values->first; member != NULL && values != NULL; member = member->next) {
        json_set(judge_case->arena, values, arena_string(judge_case->arena, member->name), json_copy(judge_case->arena, member));
    }
    judge_value(judge_case, values, "host", name);
}

static void add_text(struct judge_case *judge_case, struct json *list, struct slice text)
{
    if (text.len > 0) {
        json_append(list, json_string(judge_case->arena, text));
    }
}

static void propose_server(struct judge_case *judge_case, const struct json *server)
{
    struct slice name = source_name(judge_case, "", SLICE_NONE, json_text(server, "name", SLICE_NONE));
    struct json *attributes = judge_propose(judge_case, "host", name, source_where(judge_case, "servers", source_text(server, "id")));
    struct json *addresses = json_set_array(judge_case->arena, attributes, "addresses");
    add_text(judge_case, addresses, source_text(server, "public_net.ipv4.ip"));
    add_text(judge_case, addresses, source_text(server, "public_net.ipv6.ip"));
    for (const struct json *net = judge_items(server, "private_net"); net != NULL; net = net->next) {
        add_text(judge_case, addresses, source_text(net, "ip"));
    }
    if (addresses != NULL && addresses->first != NULL) {
        json_set_string(judge_case->arena, attributes, "address", addresses->first->text);
    }
    struct slice region = source_text(server, "location.name");
    json_set_string(judge_case->arena, attributes, "location", region.len > 0 ? region : source_text(server, "datacenter.location.name"));
    json_set_string(judge_case->arena, attributes, "provider", SLICE_LITERAL("hetzner"));
    json_set_string(judge_case->arena, attributes, "provider_id", source_text(server, "id"));
    struct json *firewalls = json_set_array(judge_case->arena, attributes, "firewalls");
    for (const struct json *applied = judge_items(json_member(server, "public_net"), "firewalls"); applied != NULL; applied = applied->next) {
        add_text(judge_case, firewalls, json_text(firewall_of(judge_case, source_text(applied, "id")), "name", SLICE_NONE));
    }
}

/* ---- what else there is ---- */

static struct slice server_name(const struct judge_case *judge_case, struct slice id)
{
    for (const struct json *server = source_items(judge_case, "servers"); server != NULL; server = server->next) {
        if (id.len > 0 && slice_equal(source_text(server, "id"), id)) {
            return json_text(server, "name", SLICE_NONE);
        }
    }
    return SLICE_NONE;
}

static void propose_networks(struct judge_case *judge_case)
{
    for (const struct json *network = source_items(judge_case, "networks"); network != NULL; network = network->next) {
        struct slice name = source_name(judge_case, "hetzner", SLICE_NONE, json_text(network, "name", SLICE_NONE));
        struct json *attributes = judge_propose(judge_case, "network", name, source_where(judge_case, "networks", source_text(network, "id")));
        json_set_string(judge_case->arena, attributes, "range", source_text(network, "ip_range"));
        json_set_string(judge_case->arena, attributes, "provider", SLICE_LITERAL("hetzner"));
    }
}

/* Where a volume is mounted only its host knows: a person or the agent there says it. */
static void propose_volumes(struct judge_case *judge_case)
{
    for (const struct json *volume = source_items(judge_case, "volumes"); volume != NULL; volume = volume->next) {
        struct slice host = server_name(judge_case, source_text(volume, "server"));
        struct slice name = source_name(judge_case, "hetzner", SLICE_NONE, json_text(volume, "name", SLICE_NONE));
        struct json *attributes = judge_propose(judge_case, "volume", name, source_where(judge_case, "volumes", source_text(volume, "id")));
        if (host.len > 0) {
            json_set_string(judge_case->arena, attributes, "host", host);
        }
        json_set_string(judge_case->arena, attributes, "device", source_text(volume, "linux_device"));
        json_set_string(judge_case->arena, attributes, "location", source_text(volume, "location.name"));
        json_set_string(judge_case->arena, attributes, "provider", SLICE_LITERAL("hetzner"));
    }
}

static void propose_balancer(struct judge_case *judge_case, const struct json *balancer)
{
    static const char *const paths[] = {"public_net.ipv4.ip", "public_net.ipv6.ip"};
    for (const struct json *service = judge_items(balancer, "services"); service != NULL; service = service->next) {
        for (size_t i = 0; i < 2; i++) {
            struct slice ip = source_text(balancer, paths[i]), port = source_text(service, "listen_port");
            if (ip.len == 0 || port.len == 0 || !json_bool(json_member(balancer, "public_net"), "enabled", true)) {
                continue;
            }
            struct slice name = slice_string(arena_printf(judge_case->arena, i == 0 ? "%.*s:%.*s" : "[%.*s]:%.*s", (int)ip.len, (const char *)ip.data, (int)port.len,
                                                          (const char *)port.data));
            struct json *attributes = judge_propose(judge_case, "endpoint", source_name(judge_case, "", SLICE_NONE, name),
                                                    source_where(judge_case, "load_balancers", source_text(balancer, "id")));
            json_set_string(judge_case->arena, attributes, "description", json_text(balancer, "name", SLICE_NONE));
            if (judge_is(service, "protocol", "https")) {
                json_set_string(judge_case->arena, attributes, "protocol", SLICE_LITERAL("https"));
            }
        }
    }
}

/* Who may sign in to the console no interface tells: one account stands for them all, so that nobody forgets to attest it. */
static void judge_console(struct judge_case *judge_case)
{
    struct slice source = json_text(judge_case->subject, "name", SLICE_LITERAL("project"));
    struct source_account console = {
        .name = source_name(judge_case, "hetzner", source, SLICE_LITERAL("console")),
        .login = SLICE_LITERAL("console"),
        .where = SLICE_LITERAL("console"),
        .admin = true,
        .factor = judge_finding(judge_case, OUTCOME_UNPROVABLE, "mfa.hetzner-unseen"),
        .last_used_ms = -1,
        .created_ms = -1,
    };
    source_judge_account(judge_case, &console);
    judge_not_covered(judge_case, "mfa.hetzner-unseen");
}

/* The attempt was refused because the token may only read, or for any other reason, which only a writer gets to hear. */
static void judge_token(struct judge_case *judge_case)
{
    const struct json *attempt = source_request(judge_case, "attempt"), *answer = judge_items(attempt, "items");
    struct slice code = source_text(answer, "error.code");
    bool readonly = slice_is(code, "token_readonly");
    bool writer = slice_is(code, "not_found") || slice_is(code, "invalid_input") || slice_is(code, "json_error") || slice_is(code, "locked");
    if (writer) {
        source_power(judge_case, SLICE_LITERAL("read & write"));
    }
    source_judge_read_only(judge_case, readonly, "attempt");
}

static void judge_hetzner(struct judge_case *judge_case)
{
    bool private_net = false;
    source_judge_complete(judge_case);
    judge_token(judge_case);
    for (const struct json *server = source_items(judge_case, "servers"); server != NULL; server = server->next) {
        propose_server(judge_case, server);
        judge_server(judge_case, server);
        private_net = private_net || judge_items(server, "private_net") != NULL;
    }
    propose_networks(judge_case);
    propose_volumes(judge_case);
    for (const struct json *balancer = source_items(judge_case, "load_balancers"); balancer != NULL; balancer = balancer->next) {
        propose_balancer(judge_case, balancer);
    }
    judge_console(judge_case);
    if (private_net) {
        judge_not_covered(judge_case, "cloud.private-networks");
    }
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},
    {"source.read-only", "source.can-write", false},
    {"cloud.security-groups", "cloud.no-firewall", false},
    {"mfa.factor", "mfa.hetzner-unseen", true},
    {"mfa.cloud-factor", "mfa.hetzner-unseen", true},
    {"access.unused-rights", "access.use-unseen", true},
    {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_hetzner = {"hetzner", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_hetzner}};
