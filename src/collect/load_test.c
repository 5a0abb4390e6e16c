/* What the kernel says of a machine's load: on its own texts, on broken ones, and on this machine. */
#include "collect/load.h"

#include "base/check.h"

enum { ARENA_BYTES = 8 << 20 };

/* worker_child is for other collectors of look. */
enum err worker_child(const char *program, int *ret_fd)
{
    (void)program, (void)ret_fd;
    return ERR_RIGHTS;
}

static void check_facts(void (*read)(struct arena *arena, struct slice text, struct json *facts), const char *text, const char *wanted)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf out = BUF_INIT(1 << 20);
    struct json *facts = json_new(arena, JSON_OBJECT);
    read(arena, slice_string(text), facts);
    CHECK_ERR(ERR_NONE, json_write(&out, facts, 0));
    CHECK_STRING(wanted, arena_string(arena, buf_slice(&out)));
}

TEST(the_kernels_texts_are_read)
{
    check_facts(load_read_cpuinfo, "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 78\nmodel name\t: Intel(R) Core(TM)\ncpu MHz\t\t: 2400.000\nflags\t: fpu\n\nprocessor\t: 1\n",
                "{\"cpus\":[{\"cpu\":0,\"vendor\":\"GenuineIntel\",\"family\":\"6\",\"model\":\"78\",\"name\":\"Intel(R) Core(TM)\",\"mhz\":2400.000},{\"cpu\":1}]}");
    check_facts(load_read_stat, "cpu  10 20 30 40 50 60 70 80 0 0\ncpu0 1 2 3 4\nintr 5\nbtime 1570114491\n",
                "{\"times\":[{\"cpu\":\"cpu-total\",\"user\":10,\"nice\":20,\"system\":30,\"idle\":40,\"iowait\":50,\"irq\":60,\"softirq\":70,\"steal\":80},{\"cpu\":\"cpu0\",\"user\":1,\"nice\":2,\"system\":3,\"idle\":4}],\"boot_s\":1570114491}");
    check_facts(load_read_meminfo, "MemTotal:       16314516 kB\nMemFree:          100 kB\nMemAvailable:   2 kB\nHugePages_Total:       0\n", "{\"memory\":{\"total\":16706064384,\"free\":102400,\"available\":2048}}");
    check_facts(load_read_loadavg, "0.52 10.58 0.05 1/389 12345\n", "{\"loads\":[0.52,10.58,0.05]}");
    check_facts(load_read_uptime, "350735.47 234388.90\n", "{\"uptime_s\":350735}");
}

TEST(what_is_not_understood_is_passed_over)
{
    check_facts(load_read_cpuinfo, "", "{\"cpus\":[]}");
    check_facts(load_read_cpuinfo, "model: 1\nprocessor: x\nprocessor : 3\ncpu MHz : 1.2.3\ncpu MHz : .5\ncpu MHz : 007\n", "{\"cpus\":[{\"cpu\":3}]}");
    check_facts(load_read_stat, "cpu\ncpu7 x\nbtime x\n", "{\"times\":[{\"cpu\":\"cpu-total\"},{\"cpu\":\"cpu7\"}]}");
    check_facts(load_read_meminfo, "MemTotal: 18446744073709551615 kB\nMemFree: -1 kB\nMemAvailable: 5\nMemTotal", "{\"memory\":{}}");
    check_facts(load_read_stat, "btime 1\nbtime 2\n", "{\"times\":[],\"boot_s\":1}"); /* said twice: a member stands once */
    check_facts(load_read_meminfo, "MemTotal: 1 kB\nMemTotal: 2 kB\n", "{\"memory\":{\"total\":1024}}");
    check_facts(load_read_cpuinfo, "processor: 1\nmodel: a\nmodel: b\ncpu MHz: 1\ncpu MHz: 2\n", "{\"cpus\":[{\"cpu\":1,\"model\":\"a\",\"mhz\":1}]}");
    check_facts(load_read_loadavg, "1e9 nan 5.", "{\"loads\":[]}");
    check_facts(load_read_uptime, "", "{}");
}

TEST(this_machine_is_read)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf raw = BUF_INIT(1024);
    struct work_reply reply = {.raw = &raw};
    CHECK_ERR(ERR_NONE, collect_load(arena, NULL, SLICE_NONE, &reply));
    const struct json *facts = json_member(reply.output, "facts");
    uint64_t total = 0, uptime = 0, processes = 0;
    CHECK_ERR(ERR_NONE, json_u64(json_member(facts, "memory"), "total", &total));
    CHECK_ERR(ERR_NONE, json_u64(facts, "uptime_s", &uptime));
    CHECK_ERR(ERR_NONE, json_u64(facts, "processes", &processes));
    CHECK(total > 1 << 20 && processes > 0 && json_member(facts, "loads")->count == 3 && json_member(facts, "times")->count >= 2);
}

TEST_MAIN
