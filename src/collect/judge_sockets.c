#include "collect/judge.h"
#include "collect/sockets.h"

#include <stdio.h>

enum { NAMED_MAX = 3, LIST_MAX_BYTES = 280 };

static bool is_loopback(struct slice address)
{
    return slice_starts(address, SLICE_LITERAL("127.")) || slice_is(address, "::1") ||
           slice_starts(address, SLICE_LITERAL("::ffff:127."));
}

static bool is_allowed(const struct judge_case *judge_case, const struct json *listener)
{
    int64_t port = judge_number(listener, "port", -1);
    for (const struct json *row = judge_items(judge_case->estate, "ports"); row != NULL; row = row->next) {
        struct slice protocol = json_text(row, "protocol", json_text(listener, "protocol", SLICE_NONE));
        if (judge_number(row, "port", -2) == port &&
            slice_equal(protocol, json_text(listener, "protocol", SLICE_LITERAL("?")))) {
            return true;
        }
    }
    return false;
}

/* An unconnected UDP socket in the kernel's own range is nearly always a client waiting for its answer: said, not judged. */
static bool is_ephemeral_udp(const struct judge_case *judge_case, const struct json *listener)
{
    int64_t port = judge_number(listener, "port", -1);
    return judge_is(listener, "protocol", "udp") && port >= judge_number(judge_case->facts, "ephemeral_first", INT64_MAX) &&
           port <= judge_number(judge_case->facts, "ephemeral_last", -1);
}

static size_t append_listener(char *out, size_t len, const struct json *listener)
{
    struct slice protocol = json_text(listener, "protocol", SLICE_LITERAL("?"));
    struct slice process = slice_first(json_text(listener, "process", SLICE_NONE), 20);
    int count = snprintf(out + len, LIST_MAX_BYTES - len, "%s%.*s %lld%s%.*s%s", len == 0 ? "" : ", ", (int)protocol.len,
                         (const char *)protocol.data, (long long)judge_number(listener, "port", 0),
                         process.len == 0 ? "" : " (", (int)process.len, process.len == 0 ? "" : (const char *)process.data,
                         process.len == 0 ? "" : ")");
    return count > 0 && (size_t)count < LIST_MAX_BYTES - len ? len + (size_t)count : len;
}

struct counted {
    uint64_t listeners, unlisted, ephemeral, unnamed;
    char names[LIST_MAX_BYTES];
};

static struct counted count_listeners(const struct judge_case *judge_case)
{
    struct counted counted = {0};
    size_t len = 0;
    const struct json *listener = judge_items(judge_case->facts, "listeners");
    for (; listener != NULL; listener = listener->next) {
        counted.listeners++;
        if (is_loopback(json_text(listener, "address", SLICE_NONE)) || is_allowed(judge_case, listener)) {
            continue;
        }
        if (is_ephemeral_udp(judge_case, listener)) {
            counted.ephemeral++;
            continue;
        }
        counted.unnamed += json_member(listener, "process") == NULL ? 1 : 0;
        if (counted.unlisted++ < NAMED_MAX) {
            len = append_listener(counted.names, len, listener);
        }
    }
    return counted;
}

/* IPv6 may be switched off, then its tables are absent; that of TCP over IPv4 never is. */
static const char *unread_table(const struct json *facts)
{
    static const char *const names[] = {"tcp", "udp", "tcp6", "udp6"};
    const struct json *tables = json_member(facts, "tables");
    for (size_t i = 0; i < 4; i++) {
        if (!judge_is(tables, names[i], "read") && !(i >= 2 && judge_is(tables, names[i], "absent"))) {
            return names[i];
        }
    }
    return NULL;
}

static void judge_listed(struct judge_case *judge_case)
{
    if (judge_case->planted) {
        judge_case->estate = NULL; /* whatever the estate allows, the planted socket is not in it */
    }
    struct counted counted = count_listeners(judge_case);
    const char *unread = unread_table(judge_case->facts);
    bool listed = json_member(judge_case->facts, "listeners") != NULL && counted.unlisted == 0;
    enum outcome outcome = counted.unlisted > 0 ? OUTCOME_FAIL : unread != NULL || !listed ? OUTCOME_ERROR : OUTCOME_PASS;
    const char *reason = outcome == OUTCOME_FAIL ? "sockets.unlisted"
                         : outcome == OUTCOME_ERROR ? "sockets.not-read" : "sockets.all-listed";
    struct json *values = judge_observe(judge_case, "sockets.listed", outcome, reason);
    json_set_u64(judge_case->arena, values, "listeners", counted.listeners);
    json_set_u64(judge_case->arena, values, "unlisted", counted.unlisted);
    judge_value(judge_case, values, "ports", slice_string(counted.names));
    judge_value(judge_case, values, "table", slice_string(unread == NULL ? "-" : unread));
    if (counted.ephemeral > 0) {
        json_set_u64(judge_case->arena, judge_not_covered(judge_case, "sockets.udp-ephemeral"), "count", counted.ephemeral);
    }
    if (counted.unnamed > 0) {
        json_set_u64(judge_case->arena, judge_not_covered(judge_case, "sockets.unnamed"), "count", counted.unnamed);
    }
}

enum err judge_sockets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"sockets.listed", "sockets.unlisted"}};
    static const struct judge judge = {kinds, 1, judge_listed};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
