/*
 * Facts: {"targets":[{"host","port","resolved":"ok|no-such-name|resolver-failed","addresses":[{"address","local":bool,"state"}]}],
 *   "control":{"host","port","resolved","first","last"}}      states: scan.h; the control is asked before and after the targets
 */
#include "collect/connect.h"

#include "collect/fact.h"
#include "collect/plant_port.h"
#include "collect/scan.h"
#include "collect/stream.h"

#include <string.h>
#include <unistd.h>

enum { TARGETS_MAX = 64, ADDRESSES_MAX = 4, TIMEOUT_MS = 15000, TIMEOUT_MAX_MS = 120000, WAIT_MS = 2500, PER_SECOND = 50, HOST_MAX_BYTES = 253 };

struct target {
    struct slice host;
    uint16_t port;
    const char *resolved;
    struct scan_address addresses[ADDRESSES_MAX];
    size_t count;
};

static bool read_target(const struct json *item, struct target *ret_target)
{
    uint64_t port = 0;
    struct target target = {.host = json_text(item, "host", SLICE_NONE), .resolved = "ok"};
    if (target.host.len == 0 || target.host.len > HOST_MAX_BYTES || json_u64(item, "port", &port) != ERR_NONE || port == 0 || port > UINT16_MAX) {
        return false;
    }
    target.port = (uint16_t)port;
    struct stream_address found[ADDRESSES_MAX];
    size_t count = 0;
    enum err err = stream_resolve(target.host, target.port, found, ADDRESSES_MAX, &count);
    if (err != ERR_NONE) {
        target.resolved = err == ERR_UNREACHABLE ? "resolver-failed" : "no-such-name";
    }
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        target.count += scan_address_of(slice_string(found[i].text), &target.addresses[target.count]) == ERR_NONE ? 1 : 0;
    }
    *ret_target = target;
    return true;
}

static void ask(struct target *target, struct scan_probe probes[ADDRESSES_MAX], int64_t deadline_ns)
{
    const struct scan_limits limits = {.per_second = PER_SECOND, .at_a_time = ADDRESSES_MAX, .wait_ms = WAIT_MS, .deadline_ns = deadline_ns};
    for (size_t i = 0; i < target->count; i++) {
        probes[i] = (struct scan_probe){.address = (uint16_t)i, .port = target->port};
    }
    scan_run(target->addresses, probes, target->count, &limits);
}

static struct json *put_name(struct arena *arena, struct json *fact, const struct target *target)
{
    fact_set_text(arena, fact, "host", target->host, HOST_MAX_BYTES);
    json_set_u64(arena, fact, "port", target->port);
    return json_set_string(arena, fact, "resolved", slice_string(target->resolved));
}

static void put_target(struct arena *arena, struct json *list, struct target *target, int64_t deadline_ns)
{
    struct scan_probe probes[ADDRESSES_MAX];
    struct json *fact = json_append(list, json_new(arena, JSON_OBJECT));
    put_name(arena, fact, target);
    ask(target, probes, deadline_ns);
    struct json *addresses = json_set_array(arena, fact, "addresses");
    for (size_t i = 0; i < target->count; i++) {
        struct json *one = json_append(addresses, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "address", slice_string(target->addresses[i].text));
        json_set_bool(arena, one, "local", target->addresses[i].local);
        json_set_string(arena, one, "state", slice_string(scan_state_name((enum scan_state)probes[i].state)));
    }
}

/* Any address of the control is enough. */
static void put_control(struct arena *arena, struct json *control, const char *name, struct target *target, int64_t deadline_ns)
{
    struct scan_probe probes[ADDRESSES_MAX];
    enum scan_state state = SCAN_NOT_ASKED;
    ask(target, probes, deadline_ns);
    for (size_t i = 0; i < target->count; i++) {
        state = state == SCAN_OPEN ? state : (enum scan_state)probes[i].state;
    }
    json_set_string(arena, control, name, slice_string(scan_state_name(state)));
}

static struct json *look_at(struct arena *arena, const struct json *input, int64_t deadline_ns)
{
    struct json *facts = json_new(arena, JSON_OBJECT), *list = json_set_array(arena, facts, "targets"), *control = json_new(arena, JSON_OBJECT);
    const struct json *items = json_member(input, "targets");
    struct target *target = arena_alloc(arena, sizeof(*target)), *proof = arena_alloc(arena, sizeof(*proof));
    if (target == NULL || proof == NULL || list == NULL || !read_target(json_member(input, "control"), proof)) {
        return NULL;
    }
    put_name(arena, control, proof);
    put_control(arena, control, "first", proof, deadline_ns);
    for (const struct json *item = items->first; item != NULL; item = item->next) {
        if (!read_target(item, target)) {
            return NULL;
        }
        put_target(arena, list, target, deadline_ns - (int64_t)WAIT_MS * 1000000);
    }
    put_control(arena, control, "last", proof, deadline_ns);
    return json_set(arena, facts, "control", control) == NULL ? NULL : facts;
}

/* Our own listener as target and control of a task of its own. */
static struct json *plant(struct arena *arena, const struct json *input, int64_t deadline_ns)
{
    uint16_t port = 0;
    int fd = plant_port_listen(json_member(input, "plant_ports"), &port);
    struct json *task = NULL, *facts = NULL;
    const char *text = arena_printf(arena, "{\"targets\":[{\"host\":\"127.0.0.1\",\"port\":%u}],\"control\":{\"host\":\"127.0.0.1\",\"port\":%u}}",
                                    (unsigned)port, (unsigned)port);
    if (fd >= 0 && text != NULL && json_read(arena, slice_string(text), &task, NULL) == ERR_NONE) {
        facts = look_at(arena, task, deadline_ns);
    }
    if (fd >= 0) {
        close(fd);
    }
    return facts;
}

enum err collect_connect(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    const struct json *targets = json_member(input, "targets");
    uint64_t timeout_ms = TIMEOUT_MS;
    (void)raw;
    if (json_u64(input, "timeout_ms", &timeout_ms) != ERR_NONE || timeout_ms == 0 || timeout_ms > TIMEOUT_MAX_MS) {
        timeout_ms = TIMEOUT_MS;
    }
    int64_t deadline_ns = stream_now_ns() + (int64_t)timeout_ms * 1000000;
    struct json *planted = plant(arena, input, deadline_ns);
    bool named = targets != NULL && targets->type == JSON_ARRAY && targets->count > 0 && targets->count <= TARGETS_MAX;
    struct json *facts = named ? look_at(arena, input, deadline_ns) : NULL;
    if (facts == NULL) {
        return complain(&reply->complaint, ERR_INVALID,
                        TEXT("a connection attempt needs 1 to 64 targets and a control, each with host and port",
                             "ein Verbindungsversuch braucht 1 bis 64 Ziele und eine Kontrolle, je mit host und port"), 0, 0, NULL, 0);
    }
    return fact_output(arena, facts, planted, &reply->output);
}
