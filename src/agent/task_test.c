#include "agent/task.h"
#include "base/check.h"

#include <string.h>

enum { ARENA_BYTES = 8 << 20 };

static enum err take(struct tasks *tasks, const char *text, const char *kind, int64_t now_ms)
{
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    struct json *tree = NULL;
    enum err err = json_read(arena, slice_string(text), &tree, NULL);
    return err == ERR_NONE ? tasks_take(tasks, tree, slice_string(kind), now_ms) : err;
}

#define TASK(probe, subject, collector, role) \
    "{\"probe\":\"" probe "\",\"subject\":\"" subject "\",\"collector\":\"" collector "\",\"role\":\"" role "\",\"input\":{\"a\":1}}"

TEST(the_fixed_list_is_all_there_is)
{
    struct tasks tasks = {.list = NULL};
    CHECK_ERR(ERR_NONE, take(&tasks, "{\"tasks\":[" TASK("sockets", "host:a", "collect.sockets", "look") "," TASK("x", "host:a", "sh -c id", "look") ","
                                     TASK("tls", "endpoint:b:1", "collect.tls", "reach") "," TASK("post", "x", "http.post", "reach") "]}", "host", 5));
    CHECK_U64(1, tasks.count);
    CHECK_U64(3, tasks.refused_count);
    CHECK(strcmp(tasks.refused[0].why, "unknown-collector") == 0 && strcmp(tasks.refused[0].collector, "sh -c id") == 0);
    CHECK(strcmp(tasks.refused[1].why, "not-for-this-kind") == 0);
    CHECK(strcmp(tasks.refused[2].why, "unknown-collector") == 0);
    CHECK_ERR(ERR_NONE, take(&tasks, "{\"tasks\":[" TASK("sockets", "host:a", "collect.sockets", "look") "," TASK("tls", "endpoint:b:1", "collect.tls", "reach") "]}", "vantage", 6));
    CHECK_U64(1, tasks.count);
    CHECK(tasks.list[0].role == ROLE_REACH);
    tasks_free(&tasks);
}

TEST(malformed_tasks_are_refused_one_by_one)
{
    static const char *const bad[] = {
        TASK("sockets", "", "collect.sockets", "look"), TASK("", "host:a", "collect.sockets", "look"), TASK("sockets", "host:a", "collect.sockets", "reach"),
        "{\"probe\":\"sockets\",\"subject\":\"host:a\",\"collector\":\"collect.sockets\",\"role\":\"look\",\"input\":[]}",
        "{\"probe\":\"sockets\",\"subject\":\"host:a\",\"collector\":\"collect.sockets\",\"role\":\"look\"}",
        "{\"probe\":\"sockets\",\"subject\":\"a\\u0000b\",\"collector\":\"collect.sockets\",\"role\":\"look\",\"input\":{}}", "7", "{}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tasks tasks = {.list = NULL};
        char text[1024];
        snprintf(text, sizeof(text), "{\"tasks\":[%s,%s]}", bad[i], TASK("nft", "host:a", "collect.nft", "look"));
        CHECK_ERR(ERR_NONE, take(&tasks, text, "host", 0));
        CHECK_U64(1, tasks.count);
        CHECK_U64(1, tasks.refused_count);
        tasks_free(&tasks);
    }
}

TEST(no_list_changes_nothing)
{
    struct tasks tasks = {.list = NULL};
    CHECK_ERR(ERR_NONE, take(&tasks, "{\"tasks\":[" TASK("nft", "host:a", "collect.nft", "look") "]}", "host", 0));
    CHECK_ERR(ERR_MALFORMED, take(&tasks, "{}", "host", 0));
    CHECK_ERR(ERR_MALFORMED, take(&tasks, "{\"tasks\":{}}", "host", 0));
    CHECK_ERR(ERR_MALFORMED, take(&tasks, "[]", "host", 0));
    CHECK_U64(1, tasks.count);
    CHECK_ERR(ERR_NONE, take(&tasks, "{\"tasks\":[]}", "host", 0));
    CHECK_U64(0, tasks.count);
    tasks_free(&tasks);
}

TEST(what_stays_keeps_its_schedule)
{
    struct tasks tasks = {.list = NULL};
    CHECK_ERR(ERR_NONE, take(&tasks, "{\"tasks\":[" TASK("nft", "host:a", "collect.nft", "look") "," TASK("sockets", "host:a", "collect.sockets", "look") "]}", "host", 100));
    struct task *task = tasks_due(&tasks, ROLE_LOOK, 100);
    CHECK(task != NULL && strcmp(task->probe, "nft") == 0);
    CHECK(tasks_due(&tasks, ROLE_REACH, 100) == NULL);
    CHECK_U64(0, (uint64_t)tasks_wait_ms(&tasks, 100));
    task->running = true;
    task->id = 9;
    tasks_due(&tasks, ROLE_LOOK, 100)->due_mono_ms = 500;
    CHECK(tasks_due(&tasks, ROLE_LOOK, 499) == NULL);
    CHECK_U64(1, (uint64_t)tasks_wait_ms(&tasks, 499));
    CHECK_ERR(ERR_NONE, take(&tasks, "{\"tasks\":[" TASK("sockets", "host:a", "collect.sockets", "look") "," TASK("nft", "host:a", "collect.nft", "look") "," TASK("volume", "volume:/", "collect.volumes", "look") "]}", "host", 200));
    CHECK(tasks_running(&tasks, 9) != NULL && strcmp(tasks_running(&tasks, 9)->probe, "nft") == 0);
    CHECK(tasks_running(&tasks, 8) == NULL);
    CHECK(strcmp(tasks_due(&tasks, ROLE_LOOK, 200)->probe, "volume") == 0); /* new: at once */
    tasks_free(&tasks);
    CHECK(tasks_wait_ms(&tasks, 0) == -1);
}

TEST_MAIN
