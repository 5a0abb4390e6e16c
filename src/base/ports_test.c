/* Sets of ports: what a task may name, and what it may not. */
#include "base/ports.h"

#include "base/check.h"

TEST(numbers_and_ranges_are_read)
{
    struct ports ports = {{0}};
    CHECK_ERR(ERR_NONE, ports_add_text(&ports, SLICE_LITERAL("443")));
    CHECK_ERR(ERR_NONE, ports_add_text(&ports, SLICE_LITERAL("8000-8003")));
    CHECK_ERR(ERR_NONE, ports_add_text(&ports, SLICE_LITERAL("8003-8003")));
    CHECK_U64(5, ports_count(&ports));
    CHECK(ports_has(&ports, 443) && ports_has(&ports, 8000) && ports_has(&ports, 8003));
    CHECK(!ports_has(&ports, 0) && !ports_has(&ports, 442) && !ports_has(&ports, 8004));
    CHECK_ERR(ERR_NONE, ports_add_text(&ports, SLICE_LITERAL("1-65535")));
    CHECK_U64(PORTS_ALL, ports_count(&ports));
}

TEST(what_is_no_port_adds_nothing)
{
    static const char *const bad[] = {"",    "0",     "65536", "-1",  "1-",      "-",   "2-1", "1-65536",
                                      "1 2", "+1",    "0-5",   "1--2", "1-2-3", "443 ", "x",   "99999999999999999999"};
    struct ports ports = {{0}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, ports_add_text(&ports, slice_string(bad[i])));
    }
    CHECK_U64(0, ports_count(&ports));
}

TEST(lists_of_a_task_are_read)
{
    cleanup_arena struct arena *arena = arena_new(1 << 16);
    struct json *list = NULL;
    struct ports ports = {{0}};
    CHECK_ERR(ERR_NONE, json_read(arena, SLICE_LITERAL("[22,\"80\",\"8000-8001\"]"), &list, NULL));
    CHECK_ERR(ERR_NONE, ports_add_json(&ports, list));
    CHECK_U64(4, ports_count(&ports));
    CHECK_ERR(ERR_NONE, ports_add_json(&ports, NULL));
    CHECK_ERR(ERR_NONE, json_read(arena, SLICE_LITERAL("[23,null]"), &list, NULL));
    CHECK_ERR(ERR_MALFORMED, ports_add_json(&ports, list));
}

TEST_MAIN
