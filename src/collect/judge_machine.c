#include "collect/host.h"

#include "collect/judge.h"

#include <string.h>

/* Bounds of the collector: a list that is as long as this was cut. */
enum { MOUNTS_MAX = 256, LISTENERS_MAX = 4096 };

static bool is_repeated(const struct json *mounts, const struct json *mount)
{
    for (const struct json *earlier = mounts->first; earlier != mount; earlier = earlier->next) {
        if (slice_equal(json_text(earlier, "source", SLICE_NONE), json_text(mount, "source", SLICE_NONE))) {
            return true;
        }
    }
    return false;
}

/* Loopback never leaves the machine: nothing is in transit there. */
static bool is_loopback(struct slice address)
{
    return slice_starts(address, SLICE_LITERAL("127.")) || slice_is(address, "::1") || slice_starts(address, SLICE_LITERAL("::ffff:127."));
}

static bool is_wildcard(struct slice address)
{
    return slice_is(address, "0.0.0.0") || slice_is(address, "::");
}

static const char *protocol_of(struct slice port)
{
    static const struct {
        const char *port, *protocol;
    } spoken[] = {{"443", "https"}, {"8443", "https"}, {"8200", "https"}, {"25", "smtp"}, {"587", "smtp"}, {"5432", "postgres"}};
    for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++) {
        if (slice_is(port, spoken[i].port)) {
            return spoken[i].protocol;
        }
    }
    return "tls";
}

static struct slice host_name(const struct judge_case *judge_case)
{
    return json_text(judge_case->options, "host", SLICE_LITERAL("this"));
}

static bool is_this(const struct judge_case *judge_case)
{
    return slice_is(host_name(judge_case), "this");
}

/* On another host the name of a volume begins with the host's, because every machine has a "/". */
static void propose_volume(struct judge_case *judge_case, const struct json *mount)
{
    struct slice point = json_text(mount, "point", SLICE_NONE), host = host_name(judge_case);
    char *name = arena_printf(judge_case->arena, "%.*s%.*s", is_this(judge_case) ? 0 : (int)host.len, (const char *)host.data, (int)point.len, (const char *)point.data);
    struct json *attributes = judge_propose(judge_case, "volume", slice_string(name == NULL ? "" : name), point);
    if (!is_this(judge_case)) {
        judge_value(judge_case, attributes, "host", host);
        judge_value(judge_case, attributes, "path", point);
    }
}

/* Every TCP port that others can reach is an endpoint, until a person says what it is: an unlisted one blocks green. */
static void propose_endpoint(struct judge_case *judge_case, const struct json *listener)
{
    struct slice address = json_text(listener, "address", SLICE_NONE), port = json_text(listener, "port", SLICE_NONE), host = host_name(judge_case);
    if (!judge_is(listener, "protocol", "tcp") || is_loopback(address) || port.len == 0) {
        return;
    }
    struct slice place = !is_wildcard(address) ? address : is_this(judge_case) ? SLICE_LITERAL("localhost") : host;
    bool is_v6 = slice_find_byte(place, ':') != SIZE_MAX;
    char *name = arena_printf(judge_case->arena, is_v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", (int)place.len, (const char *)place.data, (int)port.len, (const char *)port.data);
    struct json *attributes = judge_propose(judge_case, "endpoint", slice_string(name == NULL ? "" : name), address);
    judge_value(judge_case, attributes, "protocol", slice_string(protocol_of(port)));
    judge_value(judge_case, attributes, "host", host);
}

/* IPv6 may be switched off, then its tables are absent; that of TCP over IPv4 never is. */
static bool sockets_are_read(const struct json *sockets)
{
    const struct json *tables = json_member(sockets, "tables"), *listeners = json_member(sockets, "listeners");
    bool v6 = judge_is(tables, "tcp6", "read") || judge_is(tables, "tcp6", "absent");
    return v6 && judge_is(tables, "tcp", "read") && listeners != NULL && listeners->count < LISTENERS_MAX;
}

static bool mounts_are_read(const struct json *facts)
{
    const struct json *mounts = json_member(facts, "mounts");
    return json_member(facts, "mounts_error") == NULL && mounts != NULL && mounts->type == JSON_ARRAY && mounts->count > 0 && mounts->count < MOUNTS_MAX;
}

static void judge_facts(struct judge_case *judge_case)
{
    const struct json *facts = judge_case->facts, *mounts = json_member(facts, "mounts");
    for (const struct json *mount = judge_items(facts, "mounts"); mount != NULL; mount = mount->next) {
        if (!is_repeated(mounts, mount)) {
            propose_volume(judge_case, mount);
        }
    }
    for (const struct json *listener = judge_items(json_member(facts, "sockets"), "listeners"); listener != NULL; listener = listener->next) {
        propose_endpoint(judge_case, listener);
    }
    bool mounted = mounts_are_read(facts), listened = sockets_are_read(json_member(facts, "sockets"));
    judge_case->whole = mounted && listened;
    struct json *values = judge_observe(judge_case, "host.discovered", judge_case->whole ? OUTCOME_PASS : OUTCOME_FAIL, judge_case->whole ? "machine.whole" : "machine.incomplete");
    judge_value(judge_case, values, "host", json_text(facts, "hostname", SLICE_LITERAL("?")));
    json_set_u64(judge_case->arena, values, "mounts", mounts == NULL ? 0 : mounts->count);
    const struct json *listeners = json_path(facts, "sockets.listeners");
    json_set_u64(judge_case->arena, values, "listeners", listeners == NULL ? 0 : listeners->count);
    judge_value(judge_case, values, "what", slice_string(!listened ? "/proc/net" : !mounted ? "/proc/self/mountinfo" : "-"));
}

enum err judge_machine(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"host.discovered", "machine.incomplete"}};
    static const struct judge judge = {kinds, 1, judge_facts};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
