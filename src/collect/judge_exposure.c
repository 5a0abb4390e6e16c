/*
 * For each address family, in this order:
 *   1 what the scan found open and the estate does not list                      -> fail
 *   2 a scan that cannot be believed, or none                                    -> error
 *   3 no layer that denies by default                                            -> fail, or error while a layer was not seen
 *   4 what all seen layers let through to a listener, unlisted and not scanned   -> fail
 *   5 the same where a rule was not understood                                   -> error
 * What the layers let through and the scan did not reach is stopped by something that nobody saw: said, not judged.
 */
#include "collect/exposure.h"
#include "collect/port_text.h"

struct place {
    struct judge_case *judge_case;
    const struct exposure *exposure;
    struct port_sets listed;
    struct finding *worst;
};

static const char *family_of(const struct exposure *exposure)
{
    return exposure->ipv6 ? "IPv6" : "IPv4";
}

static uint16_t first_of(const struct ports *ports)
{
    for (unsigned port = 1; port <= PORTS_ALL; port++) {
        if (ports_has(ports, (uint16_t)port)) {
            return (uint16_t)port;
        }
    }
    return 0;
}

static struct json *put_ports(struct place *place, struct json *values, const char *name, const struct ports *ports, const char *protocol)
{
    char text[PORT_TEXT_BYTES];
    port_text(ports, protocol, text);
    judge_value(place->judge_case, values, name, slice_string(text));
    judge_value(place->judge_case, values, "family", slice_string(family_of(place->exposure)));
    return values;
}

/* Those of `found` that the estate does not list are a finding, with the way in of the first. */
static void judge_unlisted(struct place *place, struct ports found, bool udp, enum outcome outcome, const char *reason)
{
    ports_remove(&found, udp ? &place->listed.udp : &place->listed.tcp);
    uint16_t port = first_of(&found);
    if (port == 0) {
        return;
    }
    struct finding finding = judge_finding(place->judge_case, outcome, reason);
    put_ports(place, finding.values, "ports", &found, udp ? "udp" : "tcp");
    judge_value(place->judge_case, finding.values, "path", slice_string(exposure_path(place->judge_case, place->exposure, port, udp)));
    judge_worst(place->worst, finding);
}

static void judge_reached(struct place *place)
{
    judge_unlisted(place, place->exposure->scan_open.tcp, false, OUTCOME_FAIL, "exposure.reachable");
    judge_unlisted(place, place->exposure->scan_open.udp, true, OUTCOME_FAIL, "exposure.reachable");
}

static void judge_address(struct place *place, const struct json *fact)
{
    const struct json *control = json_member(fact, "control");
    bool whole = json_member(fact, "cut") == NULL;
    static const char *const unasked[] = {"not-asked", "denied", "error"};
    for (size_t i = 0; i < sizeof(unasked) / sizeof(unasked[0]); i++) {
        const struct json *list = json_member(fact, unasked[i]);
        whole = whole && list != NULL && list->type == JSON_ARRAY && list->count == 0;
    }
    const char *reason = json_bool(fact, "local", true) ? "ports.not-outside" : control == NULL ? "ports.nothing-answers"
                         : !slice_equal(json_text(control, "first", SLICE_LITERAL("?")), json_text(control, "last", SLICE_LITERAL("!"))) ? "ports.control-lost"
                         : !whole ? "ports.incomplete" : NULL;
    if (reason != NULL) {
        struct finding finding = judge_finding(place->judge_case, OUTCOME_ERROR, reason);
        judge_value(place->judge_case, finding.values, "address", json_text(fact, "address", SLICE_LITERAL("?")));
        judge_value(place->judge_case, finding.values, "ports", SLICE_LITERAL("-"));
        json_set_i64(place->judge_case->arena, finding.values, "port", judge_number(control, "port", 0));
        judge_worst(place->worst, finding);
    }
}

static void judge_scan(struct place *place)
{
    const struct judge_case *judge_case = place->judge_case;
    if (!place->exposure->seen[LAYER_SCAN]) {
        judge_worst(place->worst, judge_finding(place->judge_case, OUTCOME_ERROR, "exposure.no-scan"));
        return;
    }
    for (const struct json *fact = judge_items(json_member(judge_case->facts, "scan"), "addresses"); fact != NULL; fact = fact->next) {
        if (judge_is(fact, "family", "ipv6") == place->exposure->ipv6) {
            judge_address(place, fact);
        }
    }
    for (const struct json *wanted = judge_items(judge_case->estate, "addresses"); wanted != NULL; wanted = wanted->next) {
        bool ours = (slice_find_byte(wanted->text, ':') != SIZE_MAX) == place->exposure->ipv6, found = false;
        for (const struct json *fact = judge_items(json_member(judge_case->facts, "scan"), "addresses"); fact != NULL; fact = fact->next) {
            found = found || slice_equal(json_text(fact, "address", SLICE_NONE), wanted->text);
        }
        if (ours && !found) {
            struct finding finding = judge_finding(place->judge_case, OUTCOME_ERROR, "ports.address-not-scanned");
            judge_value(place->judge_case, finding.values, "address", wanted->text);
            judge_worst(place->worst, finding);
        }
    }
}

static void judge_default(struct place *place)
{
    const struct exposure *exposure = place->exposure;
    bool all_seen = exposure->seen[LAYER_NFT] && exposure->seen[LAYER_PROVIDER];
    if (!exposure->nft_denies && !exposure->provider_attached) {
        struct finding finding = judge_finding(place->judge_case, all_seen ? OUTCOME_FAIL : OUTCOME_ERROR,
                                               all_seen ? "exposure.no-default-deny" : "exposure.no-layer");
        judge_value(place->judge_case, finding.values, "family", slice_string(family_of(exposure)));
        judge_worst(place->worst, finding);
    }
}

/* Where all layers that were seen let a packet through to somebody: the host's part first, then the provider's. */
static struct port_sets open_by_rules(const struct exposure *exposure, const struct port_sets *accepted)
{
    struct port_sets open = *accepted;
    ports_keep(&open.tcp, &exposure->listening.tcp);
    ports_keep(&open.udp, &exposure->listening.udp);
    ports_join(&open.tcp, &exposure->published.tcp);
    ports_join(&open.udp, &exposure->published.udp);
    ports_join(&open.tcp, &exposure->redirected.tcp);
    ports_join(&open.udp, &exposure->redirected.udp);
    return open;
}

static void judge_rules(struct place *place, struct port_sets *ret_host)
{
    const struct exposure *exposure = place->exposure;
    struct port_sets host = exposure->seen[LAYER_NFT] ? open_by_rules(exposure, &exposure->nft_open) : exposure->published, open = host, maybe;
    *ret_host = host;
    ports_keep(&open.tcp, &exposure->provider_open.tcp);
    ports_keep(&open.udp, &exposure->provider_open.udp);
    struct ports unasked = open.tcp, silent = open.tcp;
    ports_remove(&unasked, &exposure->scan_asked);
    judge_unlisted(place, unasked, false, OUTCOME_FAIL, "exposure.open-unscanned");
    judge_unlisted(place, open.udp, true, OUTCOME_FAIL, "exposure.open-unscanned");
    maybe = exposure->nft_maybe;
    ports_keep(&maybe.tcp, &exposure->listening.tcp);
    ports_keep(&maybe.udp, &exposure->listening.udp);
    ports_keep(&maybe.tcp, &exposure->provider_open.tcp);
    ports_keep(&maybe.udp, &exposure->provider_open.udp);
    ports_remove(&maybe.tcp, &exposure->scan_asked);
    judge_unlisted(place, maybe.tcp, false, OUTCOME_ERROR, "exposure.unsure");
    judge_unlisted(place, maybe.udp, true, OUTCOME_ERROR, "exposure.unsure");
    ports_keep(&silent, &exposure->scan_asked);
    ports_remove(&silent, &exposure->scan_open.tcp);
    ports_remove(&silent, &place->listed.tcp);
    if (first_of(&silent) != 0 && exposure->scanned) {
        put_ports(place, judge_not_covered(place->judge_case, "exposure.stopped-unseen"), "ports", &silent, "tcp");
    }
}

static void judge_listed(struct place *place)
{
    struct ports closed = place->listed.tcp;
    ports_keep(&closed, &place->exposure->scan_asked);
    ports_remove(&closed, &place->exposure->scan_open.tcp);
    if (first_of(&closed) == 0 || !place->exposure->scanned) {
        return;
    }
    if (json_bool(place->judge_case->options, "exact", false)) {
        struct finding finding = judge_finding(place->judge_case, OUTCOME_FAIL, "exposure.listed-closed");
        put_ports(place, finding.values, "ports", &closed, "tcp");
        judge_worst(place->worst, finding);
    } else {
        put_ports(place, judge_not_covered(place->judge_case, "exposure.listed-closed"), "ports", &closed, "tcp");
    }
}

/* What each layer stops, for the sentence of a pass. */
struct stopped {
    struct ports reached, nft, provider;
    bool ipv4, ipv6;
};

static void add_stopped(const struct place *place, const struct port_sets *host, struct stopped *stopped)
{
    const struct exposure *exposure = place->exposure;
    struct ports by_nft = exposure->listening.tcp, by_provider = host->tcp;
    ports_remove(&by_nft, &host->tcp);
    ports_remove(&by_provider, &exposure->provider_open.tcp);
    if (exposure->nft_denies) {
        ports_join(&stopped->nft, &by_nft);
    }
    ports_join(&stopped->provider, &by_provider);
    ports_join(&stopped->reached, &exposure->scan_open.tcp);
    stopped->ipv6 = stopped->ipv6 || exposure->ipv6;
    stopped->ipv4 = stopped->ipv4 || !exposure->ipv6;
}

static bool estate_has_family(const struct judge_case *judge_case, bool ipv6)
{
    for (const struct json *wanted = judge_items(judge_case->estate, "addresses"); wanted != NULL; wanted = wanted->next) {
        if ((slice_find_byte(wanted->text, ':') != SIZE_MAX) == ipv6) {
            return true;
        }
    }
    return false;
}

static void say_missing(struct judge_case *judge_case, const struct exposure *exposure)
{
    for (unsigned layer = 0; layer < LAYER_COUNT; layer++) {
        if (!exposure->seen[layer]) {
            judge_value(judge_case, judge_not_covered(judge_case, "exposure.layer-not-seen"), "layer", slice_string(layer_name((enum layer)layer)));
        }
    }
}

static struct finding kept(struct judge_case *judge_case, const struct stopped *stopped)
{
    struct finding finding = judge_finding(judge_case, OUTCOME_PASS, "exposure.default-deny-kept");
    const struct {
        const char *name;
        const struct ports *ports;
    } rows[] = {{"ports", &stopped->reached}, {"nft", &stopped->nft}, {"provider", &stopped->provider}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[PORT_TEXT_BYTES];
        port_text(rows[i].ports, "tcp", text);
        judge_value(judge_case, finding.values, rows[i].name, slice_string(text));
    }
    judge_value(judge_case, finding.values, "families",
                stopped->ipv4 && stopped->ipv6 ? SLICE_LITERAL("IPv4, IPv6") : stopped->ipv6 ? SLICE_LITERAL("IPv6") : SLICE_LITERAL("IPv4"));
    return finding;
}

static void judge_family(struct judge_case *judge_case, const struct exposure *exposure, struct finding *worst, struct stopped *stopped)
{
    struct place place = {.judge_case = judge_case, .exposure = exposure, .worst = worst};
    struct port_sets host;
    port_listed(judge_case->estate, "tcp", &place.listed.tcp);
    port_listed(judge_case->estate, "udp", &place.listed.udp);
    if (judge_case->planted) {
        struct ports planted = {{0}}; /* whatever the estate lists, not this one */
        ports_add(&planted, (uint16_t)judge_number(judge_case->facts, "planted_port", 0));
        ports_remove(&place.listed.tcp, &planted);
    }
    judge_reached(&place);
    judge_scan(&place);
    judge_default(&place);
    judge_rules(&place, &host);
    judge_listed(&place);
    add_stopped(&place, &host, stopped);
}

static void judge_layers(struct judge_case *judge_case)
{
    struct finding worst = {0};
    struct stopped stopped = {0};
    struct exposure *exposure = arena_alloc(judge_case->arena, sizeof(*exposure));
    for (unsigned ipv6 = 0; exposure != NULL && ipv6 < 2; ipv6++) {
        enum layer bad = LAYER_COUNT;
        exposure_read(judge_case, ipv6 == 1, exposure, &bad);
        if (ipv6 == 0) {
            say_missing(judge_case, exposure);
        }
        if (bad != LAYER_COUNT) {
            struct finding finding = judge_finding(judge_case, OUTCOME_ERROR, "exposure.layer-not-read");
            judge_value(judge_case, finding.values, "layer", slice_string(layer_name(bad)));
            judge_worst(&worst, finding);
        }
        if (exposure->scanned || estate_has_family(judge_case, ipv6 == 1)) {
            judge_family(judge_case, exposure, &worst, &stopped);
        } else {
            judge_value(judge_case, judge_not_covered(judge_case, "ports.family-not-seen"), "family", slice_string(ipv6 == 1 ? "IPv6" : "IPv4"));
        }
    }
    if (!stopped.ipv4 && !stopped.ipv6) {
        judge_worst(&worst, judge_finding(judge_case, OUTCOME_ERROR, "exposure.no-scan"));
    }
    judge_report(judge_case, "exposure.default-deny", worst.reason != NULL ? worst : kept(judge_case, &stopped));
}

enum err judge_exposure(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"exposure.default-deny", "exposure.reachable"}};
    static const struct judge judge = {kinds, 1, judge_layers};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
