#include "collect/exposure.h"

#include "collect/ruleset.h"

#include <string.h>

enum { LAYER_MAX_MS = 86400000, CHAINS_MAX = 64 };

static const char *const names[LAYER_COUNT] = {"nft", "sockets", "published", "provider", "scan"};

const char *layer_name(enum layer layer)
{
    return names[layer];
}

static void fill(struct port_sets *sets)
{
    memset(sets->tcp.bits, 0xff, PORTS_BYTES);
    memset(sets->udp.bits, 0xff, PORTS_BYTES);
    sets->tcp.bits[0] = sets->udp.bits[0] = 0xfe;  /* port 0 is none */
}

static void add_range(struct port_sets *sets, bool tcp, bool udp, unsigned first, unsigned last)
{
    for (unsigned port = first; port <= last && port <= PORTS_ALL; port++) {
        if (tcp) {
            ports_add(&sets->tcp, (uint16_t)port);
        }
        if (udp) {
            ports_add(&sets->udp, (uint16_t)port);
        }
    }
}

static bool is_seen(const struct judge_case *judge_case, enum layer layer)
{
    const struct json *when = json_member(judge_case->facts, "collected_at_ms");
    int64_t at_ms = judge_number(when, names[layer], INT64_MIN), max_ms = judge_number(judge_case->options, "layer_max_ms", LAYER_MAX_MS);
    if (judge_case->planted) {
        return json_member(judge_case->facts, names[layer]) != NULL; /* made here and now */
    }
    return json_member(judge_case->facts, names[layer]) != NULL && at_ms != INT64_MIN && at_ms <= judge_case->collected_at_ms &&
           judge_case->collected_at_ms - at_ms <= max_ms;
}

static bool is_of_family(struct slice address, bool ipv6)
{
    return (slice_find_byte(address, ':') != SIZE_MAX) == ipv6;
}

static bool is_loopback(struct slice address)
{
    return slice_starts(address, SLICE_LITERAL("127.")) || slice_is(address, "::1") || slice_starts(address, SLICE_LITERAL("::ffff:127."));
}

/* -- the host ------------------------------------------------------------------------------------------------------- */

static void add_opening(const struct opening *opening, struct port_sets *open, struct port_sets *maybe)
{
    for (size_t i = 0; i < opening->range_count; i++) {
        const struct port_range *range = &opening->ranges[i];
        add_range(range->riddle ? maybe : open, range->tcp, range->udp, range->first, range->last);
    }
    if (opening->everything) {
        fill(open);
    } else if (opening->riddles > 0) {
        fill(maybe);
    }
}

static void keep_both(struct port_sets *sets, const struct port_sets *others)
{
    ports_keep(&sets->tcp, &others->tcp);
    ports_keep(&sets->udp, &others->udp);
}

static void join_both(struct port_sets *sets, const struct port_sets *others)
{
    ports_join(&sets->tcp, &others->tcp);
    ports_join(&sets->udp, &others->udp);
}

/* A packet must pass every base chain of the hook: what is open is open in each that denies. */
static bool read_nft(const struct judge_case *judge_case, struct exposure *exposure)
{
    const struct json *facts = json_member(judge_case->facts, "nft");
    const char *family = exposure->ipv6 ? "ip6" : "ip";
    struct json *tree = NULL;
    struct ruleset *ruleset = NULL;
    struct opening opening;
    if (!judge_is(facts, "read", "ok") || json_read(judge_case->arena, json_text(facts, "ruleset", SLICE_NONE), &tree, NULL) != ERR_NONE ||
        ruleset_read(judge_case->arena, tree, json_text(facts, "text", SLICE_NONE), &ruleset) != ERR_NONE) {
        return false;
    }
    struct port_sets possible;         /* open or perhaps open */
    fill(&exposure->nft_open);
    fill(&possible);
    for (size_t i = 0; i < CHAINS_MAX && ruleset_base_chain(ruleset, family, "input", i, &opening); i++) {
        struct port_sets open = {0}, maybe = {0};
        if (!opening.denies) {
            continue;
        }
        add_opening(&opening, &open, &maybe);
        join_both(&maybe, &open);
        keep_both(&exposure->nft_open, &open);
        keep_both(&possible, &maybe);
        exposure->nft_denies = true;
    }
    exposure->nft_maybe = possible;
    ports_remove(&exposure->nft_maybe.tcp, &exposure->nft_open.tcp);
    ports_remove(&exposure->nft_maybe.udp, &exposure->nft_open.udp);
    struct port_sets unsure = {0};
    ruleset_redirected(ruleset, family, &opening);
    add_opening(&opening, &exposure->redirected, &unsure);
    join_both(&exposure->nft_maybe, &unsure);
    return true;
}

/* A socket on "::" takes IPv4 too, unless it was told not to, which nobody sees from here. */
static bool read_sockets(const struct judge_case *judge_case, struct exposure *exposure)
{
    const struct json *facts = json_member(judge_case->facts, "sockets"), *list = json_member(facts, "listeners");
    int64_t first = judge_number(facts, "ephemeral_first", INT64_MAX), last = judge_number(facts, "ephemeral_last", -1);
    for (const struct json *one = judge_items(facts, "listeners"); one != NULL; one = one->next) {
        struct slice address = json_text(one, "address", SLICE_NONE);
        bool tcp = judge_is(one, "protocol", "tcp"), udp = judge_is(one, "protocol", "udp");
        int64_t port = judge_number(one, "port", 0);
        bool client = udp && port >= first && port <= last;
        bool here = is_of_family(address, exposure->ipv6) || slice_is(address, "::");
        if (here && !client && !is_loopback(address) && port > 0 && port <= PORTS_ALL) {
            add_range(&exposure->listening, tcp, udp, (unsigned)port, (unsigned)port);
        }
    }
    return list != NULL && list->type == JSON_ARRAY;
}

/* A published port without address is published on all of both families. */
static bool reaches(const struct json *published, bool ipv6)
{
    struct slice address = json_text(published, "address", SLICE_NONE);
    return address.len == 0 || (is_of_family(address, ipv6) && !is_loopback(address));
}

static bool read_published(const struct judge_case *judge_case, struct exposure *exposure)
{
    const struct json *list = json_member(judge_case->facts, "published");
    for (const struct json *one = judge_items(judge_case->facts, "published"); one != NULL; one = one->next) {
        int64_t port = judge_number(one, "port", 0);
        struct slice protocol = json_text(one, "protocol", SLICE_LITERAL("tcp"));
        if (port <= 0 || port > PORTS_ALL) {
            return false;
        }
        if (reaches(one, exposure->ipv6)) {
            add_range(&exposure->published, slice_is(protocol, "tcp"), slice_is(protocol, "udp"), (unsigned)port, (unsigned)port);
        }
    }
    return list != NULL && list->type == JSON_ARRAY;
}

/* -- the provider --------------------------------------------------------------------------------------------------- */

/* A source of fewer than eight bits is nearly anybody. Without sources anybody is meant. */
static bool from_anywhere(const struct json *rule, bool ipv6)
{
    const struct json *sources = json_member(rule, "source_ips");
    if (sources == NULL || sources->type != JSON_ARRAY || sources->count == 0) {
        return true;
    }
    for (const struct json *source = sources->first; source != NULL; source = source->next) {
        size_t slash = slice_find_byte(source->text, '/');
        uint64_t bits = 0;
        bool wide = slash != SIZE_MAX && slice_to_u64(slice_from(source->text, slash + 1), &bits) == ERR_NONE && bits < 8;
        if (wide && is_of_family(source->text, ipv6)) {
            return true;
        }
    }
    return false;
}

/* ERR_MALFORMED: a port that we do not understand. */
static enum err rule_ports(const struct json *rule, bool ipv6, struct port_sets *ret_sets)
{
    struct port_sets sets = {0};
    struct ports ports = {{0}};
    struct slice protocol = json_text(rule, "protocol", SLICE_LITERAL("any")), text = json_text(rule, "port", SLICE_LITERAL("any"));
    bool any = slice_is(protocol, "any") || slice_is(protocol, "all");
    bool tcp = any || slice_is(protocol, "tcp"), udp = any || slice_is(protocol, "udp");
    enum err err = ports_add_text(&ports, slice_is(text, "any") || text.len == 0 ? SLICE_LITERAL("1-65535") : text);
    if (judge_is(rule, "direction", "in") && (tcp || udp) && from_anywhere(rule, ipv6)) {
        sets.tcp = tcp ? ports : sets.tcp;
        sets.udp = udp ? ports : sets.udp;
        *ret_sets = sets;
        return err;
    }
    *ret_sets = sets;
    return ERR_NONE;
}

static bool read_provider(const struct judge_case *judge_case, struct exposure *exposure)
{
    const struct json *facts = json_member(judge_case->facts, "provider"), *rules = json_member(facts, "rules");
    exposure->provider_attached = json_bool(facts, "attached", false);
    if (!exposure->provider_attached) {
        return json_member(facts, "attached") != NULL;
    }
    exposure->provider_open = (struct port_sets){0};
    for (const struct json *rule = judge_items(facts, "rules"); rule != NULL; rule = rule->next) {
        struct port_sets sets;
        if (rule_ports(rule, exposure->ipv6, &sets) != ERR_NONE) {
            return false;
        }
        join_both(&exposure->provider_open, &sets);
    }
    return rules != NULL && rules->type == JSON_ARRAY;
}

/* -- the scan ------------------------------------------------------------------------------------------------------- */

static bool read_scan(const struct judge_case *judge_case, struct exposure *exposure)
{
    static const char *const answers[] = {"open", "closed", "rejected", "filtered", "unreachable"};
    const struct json *scan = json_member(judge_case->facts, "scan"), *list = json_member(scan, "addresses");
    bool first = true;
    for (const struct json *fact = judge_items(scan, "addresses"); fact != NULL; fact = fact->next) {
        struct ports asked = {{0}}, open = {{0}}, udp = {{0}};
        if (judge_is(fact, "family", "ipv6") != exposure->ipv6) {
            continue;
        }
        bool read = ports_add_json(&open, json_member(fact, "open")) == ERR_NONE && ports_add_json(&udp, json_path(fact, "udp.answered")) == ERR_NONE;
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
            read = read && ports_add_json(&asked, json_member(fact, answers[i])) == ERR_NONE;
        }
        if (!read) {
            return false;
        }
        ports_join(&exposure->scan_open.tcp, &open);
        ports_join(&exposure->scan_open.udp, &udp);
        /* asked at every address, or not asked */
        if (first) {
            exposure->scan_asked = asked;
        } else {
            ports_keep(&exposure->scan_asked, &asked);
        }
        first = false;
        exposure->scanned = true;
    }
    return list != NULL && list->type == JSON_ARRAY;
}

void exposure_read(const struct judge_case *judge_case, bool ipv6, struct exposure *ret_exposure, enum layer *ret_bad)
{
    static bool (*const readers[LAYER_COUNT])(const struct judge_case *judge_case, struct exposure *exposure) = {read_nft, read_sockets, read_published,
                                                                                                               read_provider, read_scan};
    struct exposure exposure = {.ipv6 = ipv6};
    *ret_bad = LAYER_COUNT;
    fill(&exposure.provider_open);
    for (unsigned layer = 0; layer < LAYER_COUNT; layer++) {
        bool seen = is_seen(judge_case, (enum layer)layer);
        exposure.seen[layer] = seen && readers[layer](judge_case, &exposure);
        if (seen && !exposure.seen[layer] && *ret_bad == LAYER_COUNT) {
            *ret_bad = (enum layer)layer;
        }
    }
    if (!exposure.seen[LAYER_NFT]) {
        fill(&exposure.nft_maybe);     /* nobody knows what it stops */
    }
    *ret_exposure = exposure;
}

/* -- the way in ----------------------------------------------------------------------------------------------------- */

static const char *provider_step(const struct judge_case *judge_case, const struct exposure *exposure, uint16_t port, bool udp)
{
    unsigned number = 0;
    if (!exposure->seen[LAYER_PROVIDER]) {
        return "provider(?)";
    }
    if (!exposure->provider_attached) {
        return "provider(none)";
    }
    for (const struct json *rule = judge_items(json_member(judge_case->facts, "provider"), "rules"); rule != NULL; rule = rule->next) {
        struct port_sets sets;
        number++;
        if (rule_ports(rule, exposure->ipv6, &sets) == ERR_NONE && ports_has(udp ? &sets.udp : &sets.tcp, port)) {
            struct slice text = slice_first(json_text(rule, "port", SLICE_LITERAL("any")), 20);
            return arena_printf(judge_case->arena, "provider(rule %u: %s %.*s)", number, udp ? "udp" : "tcp", (int)text.len, (const char *)text.data);
        }
    }
    return "provider(denies)";
}

static const char *container_step(const struct judge_case *judge_case, const struct exposure *exposure, uint16_t port, bool udp)
{
    for (const struct json *one = judge_items(judge_case->facts, "published"); one != NULL; one = one->next) {
        bool same = judge_number(one, "port", 0) == port && slice_is(json_text(one, "protocol", SLICE_LITERAL("tcp")), udp ? "udp" : "tcp");
        if (same && reaches(one, exposure->ipv6)) {
            struct slice name = slice_first(json_text(one, "container", SLICE_LITERAL("?")), 60);
            return arena_printf(judge_case->arena, "docker(%.*s)", (int)name.len, (const char *)name.data);
        }
    }
    return "docker(?)";
}

static bool in(const struct port_sets *sets, uint16_t port, bool udp)
{
    return ports_has(udp ? &sets->udp : &sets->tcp, port);
}

const char *exposure_path(const struct judge_case *judge_case, const struct exposure *exposure, uint16_t port, bool udp)
{
    const char *provider = provider_step(judge_case, exposure, port, udp);
    const char *path;
    if (exposure->seen[LAYER_PUBLISHED] && in(&exposure->published, port, udp)) {
        path = arena_printf(judge_case->arena, "%s > nft(dnat) > %s", provider, container_step(judge_case, exposure, port, udp));
    } else if (in(&exposure->redirected, port, udp)) {
        path = arena_printf(judge_case->arena, "%s > nft(dnat)", provider);
    } else {
        const char *nft = !exposure->seen[LAYER_NFT] ? "nft(?)" : !exposure->nft_denies ? "nft(no default deny)"
                          : in(&exposure->nft_open, port, udp) ? "nft(input accept)" : in(&exposure->nft_maybe, port, udp) ? "nft(not understood)" : "nft(denies)";
        const char *listener = !exposure->seen[LAYER_SOCKETS] ? "listener(?)" : in(&exposure->listening, port, udp) ? "listener" : "listener(none)";
        path = arena_printf(judge_case->arena, "%s > %s > %s", provider, nft, listener);
    }
    return path == NULL ? "?" : path;
}
