/*
 * The document: {"nftables":[{"table":{…}},{"chain":{family,table,name,type?,hook?,policy?}},{"set":{…,elem}},
 * {"rule":{family,table,chain,handle,expr:[…]}}]}. A rule's expressions are matches and statements, in order; a verdict ends it.
 *
 * Walking a base chain keeps what is known about the packets that come so far (struct known); each match narrows it:
 *     rule -> match* -> accept  : what is known says what gets in
 *                    -> drop    : without any match, nothing after it is reached
 *                    -> jump    : the chain named, with what is known
 */
#include "collect/ruleset.h"

#include "collect/nft_text.h"

#include <string.h>

enum { DEPTH_MAX = 16, STEPS_MAX = 50000, PORTS_MAX = 64, OBJECTS_MAX = 100000 };

struct ruleset {
    const struct json *objects;        /* the array */
    const struct nft_text *text;       /* or NULL */
};

/* Zero: nothing is known, all packets come. */
struct known {
    bool matched;                      /* any match at all: not every packet comes here */
    bool harmless;                     /* loopback, answers, ICMP, or a named source: not from anywhere */
    bool riddle;
    bool tcp, udp;                     /* both false: any protocol */
    bool ports_set, ports_known;       /* a match on ports was there; and was understood */
    struct port_range ports[PORTS_MAX];
    size_t port_count;
};

struct walk {
    const struct ruleset *ruleset;
    struct slice family, table;
    struct opening *opening;
    bool redirects;                    /* look for DNAT instead of accept */
    size_t steps;
};

/* RETURNS: some packets left the chain for its caller, or for the base chain's policy, past what follows. */
enum ending { FALLS_THROUGH, RETURNS, DROPS, ACCEPTS };

static bool text_is(const struct json *object, const char *name, struct slice wanted)
{
    const struct json *member = json_member(object, name);
    return member != NULL && member->type == JSON_STRING && slice_equal(member->text, wanted);
}

enum err ruleset_read(struct arena *arena, const struct json *tree, struct slice text, struct ruleset **ret_ruleset)
{
    struct nft_text *for_people = NULL;
    const struct json *objects = json_member(tree, "nftables");
    if (objects == NULL || objects->type != JSON_ARRAY || objects->count > OBJECTS_MAX || objects->first == NULL ||
        json_member(objects->first, "metainfo") == NULL) {
        return ERR_MALFORMED;
    }
    struct ruleset *ruleset = arena_alloc(arena, sizeof(*ruleset));
    if (ruleset == NULL || (text.len > 0 && nft_text_read(arena, text, &for_people) != ERR_NONE)) {
        return ERR_TOO_LARGE;
    }
    ruleset->objects = objects;
    ruleset->text = for_people;
    *ret_ruleset = ruleset;
    return ERR_NONE;
}

/* -- matches -------------------------------------------------------------------------------------------------------- */

static bool port_number(const struct json *value, uint16_t *ret_port)
{
    static const struct {
        const char *name;
        uint16_t port;
    } names[] = {{"ssh", 22}, {"domain", 53}, {"http", 80}, {"https", 443}, {"bootpc", 68}, {"bootps", 67}, {"ntp", 123}};
    uint64_t port = 0;
    if (value->type == JSON_NUMBER && slice_to_u64(value->text, &port) == ERR_NONE && port <= UINT16_MAX) {
        *ret_port = (uint16_t)port;
        return true;
    }
    for (size_t i = 0; value->type == JSON_STRING && i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_is(value->text, names[i].name)) {
            *ret_port = names[i].port;
            return true;
        }
    }
    return false;
}

static bool add_range(struct known *known, const struct json *first, const struct json *last)
{
    struct port_range range = {0};
    if (known->port_count == PORTS_MAX || first == NULL || last == NULL || !port_number(first, &range.first) ||
        !port_number(last, &range.last) || range.first > range.last) {
        return false;
    }
    known->ports[known->port_count++] = range;
    return true;
}

/* A number, {"range":[a,b]}, or {"elem":{"val":…}}. */
static bool add_port(struct known *known, const struct json *value)
{
    const struct json *element = json_path(value, "elem.val");
    value = element != NULL ? element : value;
    const struct json *range = json_member(value, "range");
    if (range != NULL) {
        return range->type == JSON_ARRAY && range->count == 2 && add_range(known, range->first, range->last);
    }
    return add_range(known, value, value);
}

static const struct json *named_set(const struct walk *walk, struct slice name)
{
    for (const struct json *object = walk->ruleset->objects->first; object != NULL; object = object->next) {
        const struct json *set = json_member(object, "set");
        if (set != NULL && text_is(set, "family", walk->family) && text_is(set, "table", walk->table) &&
            text_is(set, "name", name)) {
            return set;
        }
    }
    return NULL;
}

/* The elements of {"set":[…]} or "@name", or the value itself as a list of one; NULL when there are none. */
static const struct json *elements(const struct walk *walk, const struct json *right, bool *ret_single)
{
    *ret_single = false;
    const struct json *set = json_member(right, "set");
    if (set != NULL) {
        *ret_single = set->type != JSON_ARRAY;
        return set->type == JSON_ARRAY ? set->first : set;
    }
    if (right->type == JSON_STRING && right->text.len > 1 && right->text.data[0] == '@') {
        const struct json *elem = json_member(named_set(walk, slice_from(right->text, 1)), "elem");
        return elem == NULL || elem->type != JSON_ARRAY ? NULL : elem->first;
    }
    *ret_single = true;
    return right;
}

static void match_ports(const struct walk *walk, const struct json *payload, const struct json *right, struct known *known)
{
    struct slice protocol = json_text(payload, "protocol", SLICE_NONE);
    bool tcp = slice_is(protocol, "tcp"), udp = slice_is(protocol, "udp"), either = slice_is(protocol, "th");
    if (!tcp && !udp && !either) {
        known->riddle = true;
        return;
    }
    known->tcp = tcp || (either && (known->tcp || !known->udp));
    known->udp = udp || (either && (known->udp || !tcp));
    if (known->ports_set) {
        return; /* narrowed before: the wider set stays, which never makes green what is not */
    }
    bool single = false;
    const struct json *value = elements(walk, right, &single);
    bool understood = value != NULL;
    known->ports_set = true;
    for (; value != NULL && understood; value = single ? NULL : value->next) {
        understood = add_port(known, value);
    }
    known->ports_known = understood;
    known->riddle = known->riddle || !understood;
}

static bool only_of(const struct walk *walk, const struct json *right, const char *const *words, size_t count)
{
    bool single = false;
    const struct json *value = right->type == JSON_ARRAY ? right->first : elements(walk, right, &single);
    if (value == NULL) {
        return false;
    }
    for (; value != NULL; value = single ? NULL : value->next) {
        bool found = false;
        for (size_t i = 0; i < count; i++) {
            found = found || (value->type == JSON_STRING && slice_is(value->text, words[i]));
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static void match_protocol(const struct walk *walk, const struct json *right, struct known *known)
{
    static const char *const icmp[] = {"icmp", "icmpv6", "ipv6-icmp", "igmp"};
    static const char *const tcp[] = {"tcp"}, *const udp[] = {"udp"}, *const both[] = {"tcp", "udp"};
    if (only_of(walk, right, icmp, 4)) {
        known->harmless = true;
    } else if (only_of(walk, right, tcp, 1)) {
        known->tcp = true;
    } else if (only_of(walk, right, udp, 1)) {
        known->udp = true;
    } else if (only_of(walk, right, both, 2)) {
        known->tcp = known->udp = true;
    } else {
        known->riddle = true;
    }
}

/* A source narrows only when it is small: a prefix of at least 8 bits, a range within one such prefix, or one address. */
static bool is_small_source(const struct json *value)
{
    enum { PREFIX_MIN_BITS = 8 };
    const struct json *element = json_path(value, "elem.val");
    value = element != NULL ? element : value;
    const struct json *prefix = json_member(value, "prefix"), *range = json_member(value, "range");
    if (prefix != NULL) {
        uint64_t bits = 0;
        return json_u64(prefix, "len", &bits) == ERR_NONE && bits >= PREFIX_MIN_BITS;
    }
    if (range == NULL) {
        return value->type == JSON_STRING;
    }
    if (range->type != JSON_ARRAY || range->count != 2) {
        return false;
    }
    struct slice first = range->first->text, last = range->last->text, first_part, last_part;
    uint8_t separator = slice_find_byte(first, ':') != SIZE_MAX ? ':' : '.';
    return slice_split(&first, separator, &first_part) && slice_split(&last, separator, &last_part) &&
           first_part.len > 0 && slice_equal(first_part, last_part);
}

static void match_source(const struct walk *walk, const struct json *right, struct known *known)
{
    bool single = false, small = true;
    const struct json *value = elements(walk, right, &single);
    for (; value != NULL; value = single ? NULL : value->next) {
        small = small && is_small_source(value);
    }
    known->harmless = known->harmless || small;
    known->riddle = known->riddle || !small;
}

/* 224.0.0.0/3 would begin like multicast and hold more. */
static bool wide_enough(const struct json *prefix)
{
    enum { MULTICAST_BITS = 4 };
    uint64_t bits = 0;
    return prefix == NULL || (json_u64(prefix, "len", &bits) == ERR_NONE && bits >= MULTICAST_BITS);
}

/* Multicast, link-local, broadcast, loopback. */
static bool only_on_the_link(const struct walk *walk, const struct json *right)
{
    static const char *const starts[] = {"224.", "239.255.", "255.255.255.255", "127.", "169.254.", "ff0", "fe80:"};
    bool single = false, all = true;
    const struct json *value = elements(walk, right, &single);
    all = value != NULL;
    for (; value != NULL && all; value = single ? NULL : value->next) {
        struct slice text = json_text(json_member(value, "prefix"), "addr", value->type == JSON_STRING ? value->text : SLICE_NONE);
        bool found = false;
        for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
            found = found || slice_starts(text, slice_string(starts[i]));
        }
        all = found && wide_enough(json_member(value, "prefix"));
    }
    return all;
}

/* `positive`: the operator says "is one of"; a negated match narrows nothing that we could use. */
static void match_payload(const struct walk *walk, const struct json *payload, const struct json *right, bool positive,
                          struct known *known)
{
    struct slice protocol = json_text(payload, "protocol", SLICE_NONE), field = json_text(payload, "field", SLICE_NONE);
    bool address = slice_is(protocol, "ip") || slice_is(protocol, "ip6");
    if (!positive) {
        known->riddle = true;
    } else if (slice_is(field, "dport")) {
        match_ports(walk, payload, right, known);
    } else if (address && slice_is(field, "saddr")) {
        match_source(walk, right, known);
    } else if (address && slice_is(field, "daddr")) {
        /* One of our own addresses: still from anywhere. No router brings what is sent to these. */
        known->harmless = known->harmless || only_on_the_link(walk, right);
    } else if (slice_is(field, "sport")) {
        return; /* the sender chooses it */
    } else if (address && (slice_is(field, "protocol") || slice_is(field, "nexthdr"))) {
        match_protocol(walk, right, known);
    } else if (slice_is(protocol, "icmp") || slice_is(protocol, "icmpv6")) {
        known->harmless = true;
    } else {
        known->riddle = true;
    }
}

/* Bridges that container engines and hypervisors make on this machine, by the names they give, and tunnels with known peers. */
static bool is_inner(struct slice name)
{
    static const char *const names[] = {"docker", "podman", "virbr", "lxcbr", "lxdbr", "incusbr", "cni", "wg", "tailscale", "docker_gwbridge"};
    bool network = name.len == 15 && slice_starts(name, SLICE_LITERAL("br-")); /* of Docker: br- and twelve hex digits */
    for (size_t i = 3; network && i < name.len; i++) {
        network = (name.data[i] >= '0' && name.data[i] <= '9') || (name.data[i] >= 'a' && name.data[i] <= 'f');
    }
    for (size_t i = 0; !network && i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice rest = slice_from(name, strlen(names[i]));
        uint64_t number = 0;
        network = slice_starts(name, slice_string(names[i])) && (rest.len == 0 || slice_to_u64(rest, &number) == ERR_NONE);
    }
    return network;
}

static bool only_inner(const struct walk *walk, const struct json *right)
{
    bool single = false, all = true;
    const struct json *value = elements(walk, right, &single);
    all = value != NULL;
    for (; value != NULL && all; value = single ? NULL : value->next) {
        all = value->type == JSON_STRING && is_inner(value->text);
    }
    return all;
}

static void match_meta(const struct walk *walk, struct slice key, const struct json *right, bool positive, struct known *known)
{
    static const char *const loopback[] = {"lo"};
    if (slice_is(key, "iifname") || slice_is(key, "iif")) {
        /* Another interface narrows, but from there "anywhere" may come; not so from this machine's own bridges and tunnels. */
        known->harmless = known->harmless || (positive && (only_of(walk, right, loopback, 1) || only_inner(walk, right)));
    } else if (slice_is(key, "l4proto") && positive) {
        match_protocol(walk, right, known);
    } else if (!slice_is(key, "nfproto") && !slice_is(key, "protocol")) {
        known->riddle = true;
    }
}

static void match_ct(const struct walk *walk, const struct json *ct, const struct json *right, bool positive, struct known *known)
{
    static const char *const answers[] = {"established", "related"}, *const translated[] = {"dnat"};
    static const char *const states[] = {"established", "related", "new", "untracked"};
    if (slice_is(json_text(ct, "key", SLICE_NONE), "status") && positive && only_of(walk, right, translated, 1)) {
        known->harmless = true; /* what prerouting redirects is judged there */
    } else if (!slice_is(json_text(ct, "key", SLICE_NONE), "state") || !positive) {
        known->riddle = true;
    } else if (only_of(walk, right, answers, 2)) {
        known->harmless = true;
    } else if (!only_of(walk, right, states, 4)) {
        known->riddle = true;
    }
}

/* The kind of the destination: our own address narrows nothing, multicast and broadcast come from the link alone. */
static void match_fib(const struct walk *walk, const struct json *fib, const struct json *right, bool positive, struct known *known)
{
    static const char *const local[] = {"local"}, *const link[] = {"multicast", "broadcast", "anycast"};
    if (!slice_is(json_text(fib, "result", SLICE_NONE), "type") || !positive) {
        known->riddle = true;
    } else if (only_of(walk, right, link, 3)) {
        known->harmless = true;
    } else if (!only_of(walk, right, local, 1)) {
        known->riddle = true;
    }
}

static void apply_match(const struct walk *walk, const struct json *match, struct known *known)
{
    const struct json *left = json_member(match, "left"), *right = json_member(match, "right");
    struct slice operation = json_text(match, "op", SLICE_LITERAL("=="));
    bool positive = slice_is(operation, "==") || slice_is(operation, "in");
    const struct json *payload = json_member(left, "payload"), *meta = json_member(left, "meta");
    const struct json *ct = json_member(left, "ct"), *fib = json_member(left, "fib");
    known->matched = true;
    if (right == NULL) {
        known->riddle = true;
    } else if (payload != NULL) {
        match_payload(walk, payload, right, positive, known);
    } else if (meta != NULL) {
        match_meta(walk, json_text(meta, "key", SLICE_NONE), right, positive, known);
    } else if (ct != NULL) {
        match_ct(walk, ct, right, positive, known);
    } else if (fib != NULL) {
        match_fib(walk, fib, right, positive, known);
    } else {
        known->riddle = true;
    }
}

/* -- rules ---------------------------------------------------------------------------------------------------------- */

static void let_in(struct walk *walk, const struct known *known, const struct json *rule)
{
    struct opening *opening = walk->opening;
    opening->accepts++;
    if (known->harmless) {
        return;
    }
    bool fits = known->port_count <= RULESET_RANGES_MAX - opening->range_count;
    int64_t handle = 0;
    if ((known->riddle || !fits) && opening->riddle_handle == 0 && json_i64(rule, "handle", &handle) == ERR_NONE) {
        opening->riddle_handle = handle;
    }
    if ((known->riddle && !known->ports_known) || !fits) {
        opening->riddles++;
        return;
    }
    if (!known->ports_set) {
        opening->everything = true;
        return;
    }
    for (size_t i = 0; i < known->port_count; i++) {
        struct port_range range = known->ports[i];
        range.tcp = known->tcp || !known->udp;
        range.udp = known->udp || !known->tcp;
        range.riddle = known->riddle;
        opening->ranges[opening->range_count++] = range;
    }
}

static const char *const quiet_statements[] = {"counter", "log", "limit", "comment", "ct count", "ct helper", "notrack", "quota",
                                               "mangle", "set", "meter", "last"};

static bool is_quiet(struct slice name)
{
    for (size_t i = 0; i < sizeof(quiet_statements) / sizeof(quiet_statements[0]); i++) {
        if (slice_is(name, quiet_statements[i])) {
            return true;
        }
    }
    return false;
}

static enum ending walk_chain(struct walk *walk, struct slice chain, const struct known *known, unsigned depth);

static enum ending end_with(struct walk *walk, struct slice verdict, const struct json *value, const struct known *known,
                            const struct json *rule, unsigned depth)
{
    if (slice_is(verdict, "accept")) {
        if (!walk->redirects) {
            let_in(walk, known, rule);
        }
        return known->matched ? FALLS_THROUGH : ACCEPTS;
    }
    if (slice_is(verdict, "drop") || slice_is(verdict, "reject")) {
        return known->matched ? FALLS_THROUGH : DROPS;
    }
    if (slice_is(verdict, "return")) {
        return RETURNS;
    }
    struct slice target = json_text(value, "target", SLICE_NONE);
    enum ending ending = walk_chain(walk, target, known, depth + 1);
    if (slice_is(verdict, "goto") && ending == FALLS_THROUGH) {
        return RETURNS;
    }
    return known->matched ? FALLS_THROUGH : ending;
}

static bool is_verdict(struct slice name)
{
    return slice_is(name, "accept") || slice_is(name, "drop") || slice_is(name, "reject") || slice_is(name, "jump") ||
           slice_is(name, "goto") || slice_is(name, "return");
}

/* {"vmap":{"key":…,"data":{"set":[[value,{"accept":null}],…]}}}: each pair is a rule of its own. */
static enum ending walk_verdict_map(struct walk *walk, const struct json *map, const struct known *known,
                                    const struct json *rule, unsigned depth)
{
    enum ending ending = FALLS_THROUGH;
    const struct json *pairs = json_path(map, "data.set"), *key = json_member(map, "key");
    if (pairs == NULL || pairs->type != JSON_ARRAY) {
        struct known riddle = *known;
        riddle.riddle = true;
        let_in(walk, &riddle, rule);
        return RETURNS;
    }
    for (const struct json *pair = pairs->first; pair != NULL && walk->steps++ < STEPS_MAX; pair = pair->next) {
        const struct json *right = pair->first, *verdict = right == NULL ? NULL : right->next;
        const struct json *word = verdict == NULL ? NULL : verdict->first;
        struct known narrowed = *known;
        narrowed.matched = true;
        const struct json *payload = json_member(key, "payload"), *meta = json_member(key, "meta"), *ct = json_member(key, "ct");
        if (word == NULL || !is_verdict(word->name)) {
            continue;
        }
        if (payload != NULL) {
            match_payload(walk, payload, right, true, &narrowed);
        } else if (meta != NULL) {
            match_meta(walk, json_text(meta, "key", SLICE_NONE), right, true, &narrowed);
        } else if (ct != NULL) {
            match_ct(walk, ct, right, true, &narrowed);
        } else {
            narrowed.riddle = true;
        }
        if (end_with(walk, word->name, word, &narrowed, rule, depth) == RETURNS) {
            ending = RETURNS;
        }
    }
    return ending;
}

static bool is_redirect(const struct json *statement)
{
    return slice_is(statement->name, "dnat") || slice_is(statement->name, "redirect") || slice_is(statement->name, "tproxy");
}

/* The rules that iptables left behind carry matches and targets of its own, which nft prints without their content. */
static void walk_foreign(struct walk *walk, const struct json *statement, struct known *known, const struct json *rule)
{
    struct slice type = json_text(statement, "type", SLICE_NONE), name = json_text(statement, "name", SLICE_NONE);
    known->matched = true;
    if (walk->redirects && (!slice_is(type, "match")) && (name.len == 0 || slice_is(name, "DNAT") || slice_is(name, "REDIRECT"))) {
        let_in(walk, known, rule);
    } else if (slice_is(name, "NFQUEUE")) {
        known->riddle = true;
        let_in(walk, known, rule);
    } else if (slice_is(type, "match") && slice_is(name, "comment")) {
        return;
    } else {
        known->riddle = true;
    }
}

/* A rule with anything of iptables in it is read from the text, where that has it. */
static const struct json *expressions_of(const struct walk *walk, const struct json *rule)
{
    const struct json *expressions = json_member(rule, "expr"), *said = NULL;
    const struct json *expression = expressions == NULL || expressions->type != JSON_ARRAY ? NULL : expressions->first;
    int64_t handle = 0;
    for (; expression != NULL && walk->ruleset->text != NULL; expression = expression->next) {
        if (json_member(expression, "xt") != NULL && json_i64(rule, "handle", &handle) == ERR_NONE) {
            said = nft_text_rule(walk->ruleset->text, walk->family, walk->table, json_text(rule, "chain", SLICE_NONE), handle);
            break;
        }
    }
    return said == NULL ? expressions : said;
}

static enum ending walk_rule(struct walk *walk, const struct json *rule, const struct known *before, unsigned depth)
{
    struct known known = *before;
    const struct json *expressions = expressions_of(walk, rule);
    const struct json *expression = expressions == NULL || expressions->type != JSON_ARRAY ? NULL : expressions->first;
    for (; expression != NULL && walk->steps++ < STEPS_MAX; expression = expression->next) {
        const struct json *statement = expression->type == JSON_OBJECT ? expression->first : NULL;
        if (statement == NULL) {
            known.riddle = known.matched = true;
        } else if (slice_is(statement->name, "match")) {
            apply_match(walk, statement, &known);
        } else if (is_verdict(statement->name)) {
            return end_with(walk, statement->name, statement, &known, rule, depth);
        } else if (slice_is(statement->name, "vmap")) {
            return walk_verdict_map(walk, statement, &known, rule, depth);
        } else if (slice_is(statement->name, "queue")) {
            known.riddle = true; /* a program decides */
            let_in(walk, &known, rule);
            return RETURNS;
        } else if (is_redirect(statement)) {
            if (walk->redirects) {
                let_in(walk, &known, rule);
            }
            return FALLS_THROUGH;
        } else if (slice_is(statement->name, "xt")) {
            walk_foreign(walk, statement, &known, rule);
        } else if (!is_quiet(statement->name)) {
            known.riddle = known.matched = true;
        } else if (slice_is(statement->name, "limit")) {
            known.matched = true; /* beyond the limit the packet goes on */
        }
    }
    return FALLS_THROUGH;
}

/* Calls itself for jumps, at most DEPTH_MAX deep, as the kernel does. */
static enum ending walk_chain(struct walk *walk, struct slice chain, const struct known *known, unsigned depth)
{
    bool returned = false;
    if (depth > DEPTH_MAX) {
        walk->opening->riddles++;
        return FALLS_THROUGH;
    }
    for (const struct json *object = walk->ruleset->objects->first; object != NULL; object = object->next) {
        const struct json *rule = json_member(object, "rule");
        if (walk->steps++ >= STEPS_MAX) {
            walk->opening->riddles++;
            return FALLS_THROUGH;
        }
        if (rule == NULL || !text_is(rule, "family", walk->family) || !text_is(rule, "table", walk->table) ||
            !text_is(rule, "chain", chain)) {
            continue;
        }
        enum ending ending = walk_rule(walk, rule, known, depth);
        if (ending == DROPS || ending == ACCEPTS) {
            return ending == DROPS && returned ? FALLS_THROUGH : ending;
        }
        returned = returned || ending == RETURNS;
    }
    return FALLS_THROUGH;
}

/* -- chains --------------------------------------------------------------------------------------------------------- */

static bool is_base_chain(const struct json *chain, const char *family, const char *type, const char *hook)
{
    return chain != NULL && text_is(chain, "hook", slice_string(hook)) && text_is(chain, "type", slice_string(type)) &&
           (text_is(chain, "family", slice_string(family)) || text_is(chain, "family", SLICE_LITERAL("inet")));
}

static struct walk walk_of(const struct ruleset *ruleset, const struct json *chain, bool redirects, struct opening *opening)
{
    return (struct walk){.ruleset = ruleset, .family = json_text(chain, "family", SLICE_NONE),
                         .table = json_text(chain, "table", SLICE_NONE), .opening = opening, .redirects = redirects};
}

bool ruleset_base_chain(const struct ruleset *ruleset, const char *family, const char *hook, size_t index,
                        struct opening *ret_opening)
{
    for (const struct json *object = ruleset->objects->first; object != NULL; object = object->next) {
        const struct json *chain = json_member(object, "chain");
        if (!is_base_chain(chain, family, "filter", hook) || index-- > 0) {
            continue;
        }
        struct opening opening = {0};
        struct walk walk = walk_of(ruleset, chain, false, &opening);
        struct known nothing = {0};
        enum ending ending = walk_chain(&walk, json_text(chain, "name", SLICE_NONE), &nothing, 0);
        bool drops = ending == DROPS || (ending == FALLS_THROUGH && text_is(chain, "policy", SLICE_LITERAL("drop")));
        opening.denies = drops;
        *ret_opening = opening;
        return true;
    }
    return false;
}

void ruleset_redirected(const struct ruleset *ruleset, const char *family, struct opening *ret_opening)
{
    struct opening opening = {0};
    for (const struct json *object = ruleset->objects->first; object != NULL; object = object->next) {
        const struct json *chain = json_member(object, "chain");
        if (is_base_chain(chain, family, "nat", "prerouting")) {
            struct walk walk = walk_of(ruleset, chain, true, &opening);
            struct known nothing = {0};
            (void)walk_chain(&walk, json_text(chain, "name", SLICE_NONE), &nothing, 0);
        }
    }
    *ret_opening = opening;
}
