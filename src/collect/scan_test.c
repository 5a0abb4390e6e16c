/* The port scan: against sockets of this test on loopback, and its judge on facts. */
#include "collect/judge_test.h"
#include "collect/port_scan.h"
#include "collect/scan.h"
#include "collect/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BYTES = 8 << 20 };

/* A socket bound to a free port of loopback; listening or not. */
static int bound(bool listens, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || (listens && listen(fd, 1024) != 0) ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        abort();
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

TEST(addresses_are_numeric_only)
{
    struct scan_address address;
    CHECK_ERR(ERR_NONE, scan_address_of(SLICE_LITERAL("127.0.0.1"), &address));
    CHECK(!address.ipv6 && address.local);
    CHECK_ERR(ERR_NONE, scan_address_of(SLICE_LITERAL("2001:DB8::0:1"), &address));
    CHECK(address.ipv6 && !address.local);
    CHECK_STRING("2001:db8::1", address.text);
    static const char *const bad[] = {"", "localhost", "1.2.3", "::1%lo", "1.2.3.4.5", "256.1.1.1", "2001:db8::1/64", ":", "[::1]"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_INVALID, scan_address_of(slice_string(bad[i]), &address));
    }
}

TEST(open_and_closed_are_told_apart_in_any_number)
{
    enum { COUNT = 600 };
    struct scan_address address;
    struct scan_probe probes[COUNT];
    uint16_t open = 0, closed = 0;
    int open_fd = bound(true, &open), closed_fd = bound(false, &closed);
    CHECK_ERR(ERR_NONE, scan_address_of(SLICE_LITERAL("127.0.0.1"), &address));
    for (size_t i = 0; i < COUNT; i++) {
        probes[i] = (struct scan_probe){.port = i % 3 == 0 ? open : closed};
    }
    const struct scan_limits limits = {.per_second = 2000, .at_a_time = 16, .wait_ms = 2000, .deadline_ns = stream_now_ns() + 60000000000};
    scan_run(&address, probes, COUNT, &limits);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK_STRING(i % 3 == 0 ? "open" : "closed", scan_state_name((enum scan_state)probes[i].state));
    }
    close(open_fd);
    close(closed_fd);
}

TEST(what_there_was_no_time_for_is_not_called_filtered)
{
    struct scan_address address;
    struct scan_probe probes[3] = {{.port = 1}, {.port = 2}, {.port = 3}};
    CHECK_ERR(ERR_NONE, scan_address_of(SLICE_LITERAL("127.0.0.1"), &address));
    const struct scan_limits limits = {.per_second = 1, .at_a_time = 1, .wait_ms = 100, .deadline_ns = stream_now_ns()};
    scan_run(&address, probes, 3, &limits);
    CHECK_STRING("not-asked", scan_state_name((enum scan_state)probes[0].state));
    CHECK_STRING("not-asked", scan_state_name((enum scan_state)probes[2].state));
}

TEST(tasks_that_name_nothing_are_refused)
{
    static const char *const bad[] = {"{}", "{\"addresses\":[\"127.0.0.1\"]}", "{\"addresses\":[],\"ports\":[1]}", "{\"addresses\":[\"localhost\"],\"ports\":[1]}",
                                      "{\"addresses\":[1],\"ports\":[1]}", "{\"addresses\":[\"127.0.0.1\"],\"ports\":[0]}",
                                      "{\"addresses\":[\"127.0.0.1\"],\"ports\":[1],\"udp_ports\":[\"1-33\"]}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct work_reply reply = {0};
        CHECK_ERR(ERR_INVALID, collect_ports(arena, test_json(arena, bad[i]), SLICE_NONE, &reply));
        CHECK(reply.complaint.text.english != NULL && reply.complaint.text.german != NULL);
    }
}

TEST(the_planted_listener_is_caught_and_our_own_machine_is_no_outside)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply = {0};
    uint16_t open = 0, closed = 0, plant = 0, other = 0;
    int open_fd = bound(true, &open), closed_fd = bound(false, &closed);
    close(bound(false, &plant));
    close(bound(false, &other));
    const char *input = arena_printf(arena, "{\"addresses\":[\"127.0.0.1\"],\"ports\":[%u,%u],\"plant_ports\":[%u,%u]}", open, closed, plant, other);
    CHECK_ERR(ERR_NONE, collect_ports(arena, test_json(arena, input), SLICE_NONE, &reply));
    close(open_fd);
    close(closed_fd);
    const struct json *fact = judge_items(json_member(reply.output, "facts"), "addresses");
    CHECK_STRING(arena_printf(arena, "%u", open), arena_string(arena, judge_items(fact, "open")->text));
    CHECK_STRING(arena_printf(arena, "%u", closed), arena_string(arena, judge_items(fact, "closed")->text));
    CHECK_SLICE("open", json_text(json_member(fact, "control"), "last", SLICE_NONE));
    const char *estate = arena_printf(arena, "{\"ports\":[{\"port\":%u,\"protocol\":\"tcp\"}]}", open);
    struct json *output = test_judge(arena, judge_ports, json_member(reply.output, "facts"), json_path(reply.output, "plant.facts"), "{}", estate);
    CHECK(json_bool(json_member(output, "plant"), "caught", false));
    CHECK_STRING("error ports.not-outside", test_said(arena, output, "ports.outside"));
    output = test_judge(arena, judge_ports, json_member(reply.output, "facts"), json_path(reply.output, "plant.facts"), "{}", "{}");
    CHECK_STRING("fail ports.unlisted", test_said(arena, output, "ports.outside"));
}

#define STATES(open, closed, filtered, unasked) "\"open\":[" open "],\"closed\":[" closed "],\"filtered\":[" filtered "],\"unreachable\":[]," \
                                                "\"denied\":[],\"error\":[],\"not-asked\":[" unasked "]"
#define CONTROL(first, last) ",\"control\":{\"port\":22,\"first\":\"" first "\",\"last\":\"" last "\"}"
#define ADDRESS(text, rest) "{\"address\":\"" text "\",\"family\":\"ipv4\",\"local\":false," rest "}"
#define SCAN(list) "{\"asked\":100,\"complete\":true,\"addresses\":[" list "]}"
#define PLANTED "{\"asked\":2,\"addresses\":[{\"address\":\"127.0.0.1\",\"family\":\"ipv4\",\"local\":true," STATES("\"40000\"", "", "", "") CONTROL("open", "open") "}]}"

TEST(scans_are_judged)
{
    static const struct {
        const char *facts, *wanted;
    } rows[] = {
        {SCAN(ADDRESS("192.0.2.1", STATES("\"22\",\"443\"", "", "\"1-21\"", "") CONTROL("open", "open"))), "pass ports.all-listed"},
        {SCAN(ADDRESS("192.0.2.1", STATES("", "\"1-100\"", "", "") CONTROL("closed", "closed"))), "pass ports.all-listed"},
        {SCAN(ADDRESS("192.0.2.1", STATES("\"22\",\"443-445\"", "", "", "") CONTROL("open", "open"))), "fail ports.unlisted"},
        {SCAN(ADDRESS("192.0.2.1", STATES("\"22\"", "", "", "") CONTROL("open", "open")) ","
              ADDRESS("192.0.2.2", STATES("\"5432\"", "", "", "") CONTROL("open", "open"))), "fail ports.unlisted"},
        {SCAN(ADDRESS("192.0.2.1", STATES("", "", "\"1-100\"", ""))), "error ports.nothing-answers"},
        {SCAN(ADDRESS("192.0.2.1", STATES("\"22\"", "", "", "") CONTROL("open", "filtered"))), "error ports.control-lost"},
        {SCAN(ADDRESS("192.0.2.1", STATES("\"22\"", "", "", "\"99\"") CONTROL("open", "open"))), "error ports.incomplete"},
        {SCAN(ADDRESS("192.0.2.1", "\"cut\":true," STATES("\"22\"", "", "", "") CONTROL("open", "open"))), "error ports.incomplete"},
        {SCAN(ADDRESS("192.0.2.9", STATES("\"22\"", "", "", "") CONTROL("open", "open"))), "error ports.address-not-scanned"},
        {SCAN("{\"address\":\"192.0.2.1\"," STATES("\"22\"", "", "", "") CONTROL("open", "open") "}"), "error ports.not-outside"},
        {SCAN(ADDRESS("192.0.2.1", STATES("\"22\"", "", "", "") CONTROL("open", "open") ",\"udp\":{\"answered\":[\"53\"],\"silent\":[\"123\"]}")), "fail ports.unlisted"},
        {SCAN(ADDRESS("192.0.2.1", STATES("\"22\"", "", "", "") CONTROL("open", "open") ",\"udp\":{\"answered\":[\"443\"],\"silent\":[\"123\"]}")), "pass ports.all-listed"},
        {SCAN(ADDRESS("192.0.2.1", "\"open\":[\"x\"]")), "error facts.missing"},
        {SCAN(ADDRESS("192.0.2.1", "\"open\":[]" CONTROL("open", "open"))), "error ports.incomplete"},
        {SCAN(""), "error ports.address-not-scanned"},
        {"{}", "error ports.address-not-scanned"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *output = test_judge(arena, judge_ports, test_json(arena, rows[i].facts), test_json(arena, PLANTED), "{}",
                                         "{\"ports\":[{\"port\":22,\"protocol\":\"tcp\"},{\"port\":443}],\"addresses\":[\"192.0.2.1\"]}");
        CHECK(json_bool(json_member(output, "plant"), "caught", false));
        CHECK_STRING(rows[i].wanted, test_said(arena, output, "ports.outside"));
    }
}

TEST_MAIN
