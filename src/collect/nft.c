/*
 * Facts: {"read":"ok|not-installed|no-rights|no-output|too-large|timeout|failed|garbage", "ruleset": the text of nft -j,
 *   "text"?: the text of nft -a, where some rule was made by iptables; "text_read"?: why there is none
 *   "forward_ipv4":"0|1","forward_ipv6":"0|1","ipv6":"present|absent","legacy_tables":["filter"]}
 * The planted failure is nft itself in a network namespace without any rule. Where the machine refuses one, a ruleset that accepts
 * everything is put in the place of the program's output; reading and judging stay the same.
 */
#include "collect/nft.h"

#include "base/utf8.h"
#include "collect/fact.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RULESET_MAX_BYTES = 2 << 20, CHILD_TIMEOUT_MS = 15000 };

static const char open_ruleset[] =
    "{\"nftables\":[{\"metainfo\":{\"json_schema_version\":1}},{\"table\":{\"family\":\"inet\",\"name\":\"planted\"}},"
    "{\"chain\":{\"family\":\"inet\",\"table\":\"planted\",\"name\":\"input\",\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,"
    "\"policy\":\"accept\"}}]}";

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All that the program prints until it ends. */
static enum err read_all(int fd, struct buf *out)
{
    int64_t deadline_ms = now_ms() + CHILD_TIMEOUT_MS;
    for (;;) {
        int64_t left_ms = deadline_ms - now_ms();
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0) {
            return ERR_TIMEOUT;
        }
        if (poll(&waiting, 1, (int)left_ms) <= 0) {
            continue;
        }
        uint8_t chunk[16384];
        ssize_t count = read(fd, chunk, sizeof(chunk));
        if (count == 0) {
            return ERR_NONE;
        }
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            return err_from_errno(errno);
        }
        enum err err = count > 0 ? buf_append(out, slice_of(chunk, (size_t)count)) : ERR_NONE;
        if (err != ERR_NONE) {
            return err;
        }
    }
}

static const char *name_of(enum err err, const struct buf *output)
{
    static const struct {
        enum err err;
        const char *name;
    } rows[] = {
        {ERR_NOT_FOUND, "not-installed"}, {ERR_RIGHTS, "no-rights"}, {ERR_TOO_LARGE, "too-large"}, {ERR_TIMEOUT, "timeout"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].err == err) {
            return rows[i].name;
        }
    }
    if (err != ERR_NONE) {
        return "failed";
    }
    /* Without the right to read rules nft says so on standard error, which is not ours, and prints nothing. */
    return output->len == 0 ? "no-output" : utf8_valid(buf_slice(output)) ? "ok" : "garbage";
}

static void put_flag(struct arena *arena, struct json *facts, const char *name, const char *path)
{
    struct slice text;
    if (fact_read_text(arena, AT_FDCWD, path, 16, &text) == ERR_NONE) {
        fact_set_text(arena, facts, name, text, 16);
    }
}

static void put_legacy(struct arena *arena, const char *path, struct json *tables)
{
    struct slice text, line;
    if (fact_read_text(arena, AT_FDCWD, path, 4096, &text) != ERR_NONE) {
        return;
    }
    while (slice_split(&text, '\n', &line)) {
        if (line.len > 0) {
            json_append(tables, json_string(arena, fact_text(arena, line, 64)));
        }
    }
}

static struct json *facts_of(struct arena *arena, enum err err, const struct buf *output)
{
    struct json *facts = json_new(arena, JSON_OBJECT);
    const char *read_name = name_of(err, output);
    json_set_string(arena, facts, "read", slice_string(read_name));
    if (strcmp(read_name, "ok") == 0) {
        json_set_string(arena, facts, "ruleset", buf_slice(output));
    }
    put_flag(arena, facts, "forward_ipv4", "/proc/sys/net/ipv4/ip_forward");
    put_flag(arena, facts, "forward_ipv6", "/proc/sys/net/ipv6/conf/all/forwarding");
    bool ipv6 = access("/proc/net/if_inet6", F_OK) == 0;
    json_set_string(arena, facts, "ipv6", slice_string(ipv6 ? "present" : "absent"));
    struct json *legacy = json_set_array(arena, facts, "legacy_tables");
    put_legacy(arena, "/proc/net/ip_tables_names", legacy);
    put_legacy(arena, "/proc/net/ip6_tables_names", legacy);
    return facts;
}

/* nft says in its text what iptables meant; only where there is such a rule. */
static void put_text(struct arena *arena, struct json *facts)
{
    cleanup_buf struct buf output = BUF_INIT(RULESET_MAX_BYTES);
    int fd = -1;
    if (slice_find(json_text(facts, "ruleset", SLICE_NONE), SLICE_LITERAL("\"xt\":")) == SIZE_MAX) {
        return;
    }
    enum err err = worker_child("nft-text", &fd);
    if (err == ERR_NONE) {
        err = read_all(fd, &output);
        close(fd);
    }
    const char *name = name_of(err, &output);
    if (strcmp(name, "ok") == 0) {
        json_set_string(arena, facts, "text", buf_slice(&output));
    } else {
        json_set_string(arena, facts, "text_read", slice_string(name));
    }
}

static struct json *run_nft(struct arena *arena, const char *program, enum err *ret_err)
{
    cleanup_buf struct buf output = BUF_INIT(RULESET_MAX_BYTES);
    int fd = -1;
    enum err err = worker_child(program, &fd);
    *ret_err = err;
    if (err == ERR_NONE) {
        err = read_all(fd, &output);
        close(fd);
    }
    return facts_of(arena, err, &output);
}

static struct json *plant(struct arena *arena)
{
    enum err err = ERR_NONE;
    struct json *facts = run_nft(arena, "nft-plant", &err);
    if (err == ERR_NONE && slice_is(json_text(facts, "read", SLICE_NONE), "ok")) {
        return facts;
    }
    cleanup_buf struct buf output = BUF_INIT(sizeof(open_ruleset));
    err = buf_append_string(&output, open_ruleset);
    return facts_of(arena, err, &output);
}

enum err collect_nft(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input, (void)raw;
    enum err err = ERR_NONE;
    struct json *facts = run_nft(arena, "nft", &err);
    put_text(arena, facts);
    return fact_output(arena, facts, plant(arena), &reply->output);
}
