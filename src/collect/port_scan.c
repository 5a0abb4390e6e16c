/*
 * Facts: {"asked":N,"per_second":N,"complete":bool,"addresses":[{"address","family":"ipv4|ipv6","local":bool,
 *   "open":["22","80-81"],"closed":[…],"rejected":[…],"filtered":[…],"unreachable":[…],"denied":[…],"error":[…],"not-asked":[…],"cut"?:true,
 *   "errors"?:["EMFILE"],
 *   "control"?:{"port":22,"first":"open","last":"open"},
 *   "udp"?:{"answered":[…],"closed":[…],"silent":[…],"error":[…]}}]}
 * The control is the first port of an address that answered at all, asked again after all others: had the other side begun to hold
 * packets back meanwhile, it would not answer any more, and its silence about the others would mean nothing.
 */
#include "collect/port_scan.h"

#include "collect/fact.h"
#include "collect/plant_port.h"
#include "collect/scan.h"
#include "collect/scan_udp.h"
#include "collect/stream.h"
#include "base/ports.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ADDRESSES_MAX = 16,
    RANGES_MAX = 2000,                 /* of one state of one address */
    PER_SECOND = 200,
    WAIT_MS = 1500,
    WAIT_MAX_MS = 10000,
    TIMEOUT_MS = 15000,
    TIMEOUT_MAX_MS = 1800000,
};

struct request {
    struct scan_address addresses[ADDRESSES_MAX];
    size_t address_count;
    struct ports ports;
    uint16_t udp_ports[SCAN_UDP_PORTS_MAX];
    size_t udp_count;
    struct scan_limits limits;
};

static uint64_t number_or(const struct json *input, const char *name, uint64_t fallback, uint64_t max)
{
    uint64_t value = 0;
    return json_u64(input, name, &value) == ERR_NONE && value > 0 ? (value < max ? value : max) : fallback;
}

static enum err refuse(struct work_reply *reply, struct text text, struct slice detail)
{
    return complain(&reply->complaint, ERR_INVALID, text, 0, 0, (const char *)detail.data, detail.len);
}

static enum err read_addresses(const struct json *input, struct request *request, struct work_reply *reply)
{
    const struct json *list = json_member(input, "addresses");
    if (list == NULL || list->type != JSON_ARRAY || list->count == 0 || list->count > ADDRESSES_MAX) {
        return refuse(reply, TEXT("a scan needs 1 to 16 addresses", "eine Abtastung braucht 1 bis 16 Adressen"), SLICE_NONE);
    }
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        enum err err = item->type == JSON_STRING ? scan_address_of(item->text, &request->addresses[request->address_count]) : ERR_INVALID;
        if (err != ERR_NONE) {
            return refuse(reply, TEXT("an address to scan is no IPv4 or IPv6 address", "eine Adresse der Abtastung ist keine IPv4- oder IPv6-Adresse"),
                          item->text);
        }
        request->address_count++;
    }
    return ERR_NONE;
}

static enum err read_request(const struct json *input, struct request *request, struct work_reply *reply)
{
    struct ports udp = {{0}};
    enum err err = read_addresses(input, request, reply);
    if (err != ERR_NONE) {
        return err;
    }
    if (ports_add_json(&request->ports, json_member(input, "ports")) != ERR_NONE || ports_count(&request->ports) == 0 ||
        ports_add_json(&udp, json_member(input, "udp_ports")) != ERR_NONE || ports_count(&udp) > SCAN_UDP_PORTS_MAX) {
        return refuse(reply, TEXT("a scan needs ports, such as [22,\"8000-8100\"], and at most 32 of UDP",
                                  "eine Abtastung braucht Ports, etwa [22,\"8000-8100\"], und höchstens 32 für UDP"), SLICE_NONE);
    }
    for (unsigned port = 1; port <= PORTS_ALL; port++) {
        if (ports_has(&udp, (uint16_t)port)) {
            request->udp_ports[request->udp_count++] = (uint16_t)port;
        }
    }
    int64_t timeout_ms = (int64_t)number_or(input, "timeout_ms", TIMEOUT_MS, TIMEOUT_MAX_MS);
    request->limits = (struct scan_limits){
        .per_second = (unsigned)number_or(input, "per_second", PER_SECOND, SCAN_PER_SECOND_MAX),
        .at_a_time = (unsigned)number_or(input, "at_a_time", SCAN_AT_A_TIME_MAX, SCAN_AT_A_TIME_MAX),
        .wait_ms = (int64_t)number_or(input, "wait_ms", WAIT_MS, WAIT_MAX_MS),
        .deadline_ns = stream_now_ns() + timeout_ms * 1000000,
    };
    return ERR_NONE;
}

/* -- facts ---------------------------------------------------------------------------------------------------------- */

static void put_range(struct arena *arena, struct json *list, struct json *fact, unsigned first, unsigned last)
{
    char text[16];
    if (list != NULL && list->count >= RANGES_MAX) {
        if (json_member(fact, "cut") == NULL) {
            json_set_bool(arena, fact, "cut", true);
        }
        return;
    }
    snprintf(text, sizeof(text), first == last ? "%u" : "%u-%u", first, last);
    json_append(list, json_string(arena, slice_string(text)));
}

/* `states[port]`; neighbours of one state become one range. */
static void put_state(struct arena *arena, struct json *fact, const uint8_t *states, enum scan_state state)
{
    struct json *list = json_set_array(arena, fact, scan_state_name(state));
    unsigned first = 0;
    for (unsigned port = 1; port <= PORTS_ALL + 1; port++) {
        bool has = port <= PORTS_ALL && states[port] == (uint8_t)(state + 1);
        if (has && first == 0) {
            first = port;
        } else if (!has && first != 0) {
            put_range(arena, list, fact, first, port - 1);
            first = 0;
        }
    }
}

static struct json *put_address(struct arena *arena, struct json *list, const struct scan_address *address)
{
    struct json *fact = json_append(list, json_new(arena, JSON_OBJECT));
    json_set_string(arena, fact, "address", slice_string(address->text));
    json_set_string(arena, fact, "family", slice_string(address->ipv6 ? "ipv6" : "ipv4"));
    json_set_bool(arena, fact, "local", address->local);
    return fact;
}

static void put_errors(struct arena *arena, struct json *fact, const struct scan_probe *probes, size_t count, size_t address)
{
    enum { NAMED_MAX = 5 };
    struct json *errors = NULL;
    int16_t before = 0;
    for (size_t i = 0; i < count; i++) {
        if (probes[i].address == address && probes[i].error != 0 && probes[i].error != before) {
            before = probes[i].error;
            const char *name = strerrorname_np(before);
            errors = errors == NULL ? json_set_array(arena, fact, "errors") : errors;
            if (errors != NULL && errors->count < NAMED_MAX) {
                json_append(errors, json_string(arena, slice_string(name == NULL ? "?" : name)));
            }
        }
    }
}

static bool put_states(struct arena *arena, struct json *fact, const struct scan_probe *probes, size_t count, size_t address)
{
    uint8_t *states = arena_alloc(arena, PORTS_ALL + 1);  /* 0: not named by the task; else state + 1 */
    bool complete = true;
    if (states == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (probes[i].address == address) {
            states[probes[i].port] = (uint8_t)(probes[i].state + 1);
            complete = complete && probes[i].state != SCAN_NOT_ASKED;
        }
    }
    for (unsigned state = 0; state < SCAN_STATES; state++) {
        put_state(arena, fact, states, (enum scan_state)state);
    }
    put_errors(arena, fact, probes, count, address);
    return complete;
}

/* -- the scan ------------------------------------------------------------------------------------------------------- */

/* The first that took a connection, else the first that refused one by a reset, else by an ICMP message. */
static const struct scan_probe *control_of(const struct scan_probe *probes, size_t count, size_t address)
{
    const struct scan_probe *found = NULL;
    for (size_t i = 0; i < count; i++) {
        bool refused = probes[i].state == SCAN_CLOSED || probes[i].state == SCAN_REJECTED;
        bool better = found == NULL || (probes[i].state < found->state && probes[i].state >= SCAN_OPEN);
        if (probes[i].address == address && (probes[i].state == SCAN_OPEN || refused) && better) {
            found = &probes[i];
        }
    }
    return found;
}

static void put_control(struct arena *arena, const struct request *request, struct json *fact, const struct scan_probe *probes, size_t count,
                        size_t address)
{
    const struct scan_probe *first = control_of(probes, count, address);
    if (first == NULL) {
        return;
    }
    struct scan_probe last = {.address = (uint16_t)address, .port = first->port};
    scan_run(request->addresses, &last, 1, &request->limits);
    struct json *control = json_set_object(arena, fact, "control");
    json_set_u64(arena, control, "port", first->port);
    json_set_string(arena, control, "first", slice_string(scan_state_name((enum scan_state)first->state)));
    json_set_string(arena, control, "last", slice_string(scan_state_name((enum scan_state)last.state)));
}

static void put_udp(struct arena *arena, const struct request *request, struct json *fact, size_t address)
{
    static const char *const names[] = {[SCAN_UDP_SILENT] = "silent", [SCAN_UDP_ANSWERED] = "answered", [SCAN_UDP_CLOSED] = "closed", [SCAN_UDP_ERROR] = "error"};
    enum scan_udp_state states[SCAN_UDP_PORTS_MAX];
    if (request->udp_count == 0) {
        return;
    }
    scan_udp_run(&request->addresses[address], request->udp_ports, request->udp_count, request->limits.deadline_ns, states);
    struct json *udp = json_set_object(arena, fact, "udp");
    for (unsigned state = 0; state < sizeof(names) / sizeof(names[0]); state++) {
        struct json *list = json_set_array(arena, udp, names[state]);
        for (size_t i = 0; i < request->udp_count; i++) {
            if (states[i] == (enum scan_udp_state)state) {
                put_range(arena, list, udp, request->udp_ports[i], request->udp_ports[i]);
            }
        }
    }
}

/* Port by port over all addresses, so that one address does not get all packets at once. NULL: the arena is full. */
static struct json *scan(struct arena *arena, const struct request *request)
{
    size_t count = 0, room = ports_count(&request->ports) * request->address_count;
    struct scan_probe *probes = arena_alloc_array(arena, room, sizeof(*probes));
    struct json *facts = json_new(arena, JSON_OBJECT), *list = NULL;
    bool complete = true;
    for (unsigned port = 1; probes != NULL && port <= PORTS_ALL; port++) {
        for (size_t i = 0; ports_has(&request->ports, (uint16_t)port) && i < request->address_count; i++) {
            probes[count++] = (struct scan_probe){.address = (uint16_t)i, .port = (uint16_t)port};
        }
    }
    if (probes == NULL) {
        return NULL;
    }
    struct scan_limits limits = request->limits;
    int64_t reserve_ns = (3 * limits.wait_ms + (request->udp_count > 0 ? 2 * SCAN_UDP_WAIT_MS * (int64_t)request->address_count : 0)) * 1000000;
    limits.deadline_ns -= reserve_ns;  /* for the controls, UDP and the plant */
    scan_run(request->addresses, probes, count, &limits);
    json_set_u64(arena, facts, "asked", ports_count(&request->ports));
    json_set_u64(arena, facts, "per_second", limits.per_second);
    list = json_new(arena, JSON_ARRAY);
    for (size_t i = 0; i < request->address_count; i++) {
        struct json *fact = put_address(arena, list, &request->addresses[i]);
        complete = put_states(arena, fact, probes, count, i) && complete;
        put_control(arena, request, fact, probes, count, i);
        put_udp(arena, request, fact, i);
    }
    json_set_bool(arena, facts, "complete", complete);
    return json_set(arena, facts, "addresses", list) == NULL ? NULL : facts;
}

/* -- the plant ------------------------------------------------------------------------------------------------------ */

/* One listener of our own on loopback among ports that nobody listens on, found by the same scan. NULL: no port could be had. */
static struct json *plant(struct arena *arena, const struct json *input, const struct request *request)
{
    struct request planted = {.limits = request->limits, .address_count = 1};
    const struct json *ports = json_member(input, "plant_ports");
    uint16_t port = 0;
    int fd = plant_port_listen(ports, &port);
    if (fd < 0 || ports_add_json(&planted.ports, ports) != ERR_NONE || scan_address_of(SLICE_LITERAL("127.0.0.1"), &planted.addresses[0]) != ERR_NONE) {
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    planted.limits.deadline_ns = stream_now_ns() + 4 * planted.limits.wait_ms * 1000000;
    struct json *facts = scan(arena, &planted);
    close(fd);
    return facts;
}

enum err collect_ports(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct request *request = arena_alloc(arena, sizeof(*request));
    (void)raw;
    if (request == NULL) {
        return ERR_TOO_LARGE;
    }
    enum err err = read_request(input, request, reply);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *planted = plant(arena, input, request);
    struct json *facts = scan(arena, request);
    return fact_output(arena, facts, planted, &reply->output);
}
