/* What a captured Vogt could send as tasks: taken or refused one by one, and what was taken is of the fixed list. */
#include "agent/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const char *kind, const struct json *tree)
{
    struct tasks tasks = {.list = NULL};
    for (int round = 0; round < 2; round++) { /* the second time over what is there */
        if (tasks_take(&tasks, tree, slice_string(kind), 1000 * round) != ERR_NONE) {
            break;
        }
        for (size_t i = 0; i < tasks.count; i++) {
            bool known = false;
            if (task_role(slice_string(tasks.list[i].collector), slice_string(kind), &known) != tasks.list[i].role || !known || tasks.list[i].every_ms <= 0) {
                __builtin_trap();
            }
            tasks.list[i].running = i % 2 == 0;
            tasks.list[i].id = i;
        }
        if (tasks.count > TASKS_MAX || tasks.refused_count > TASKS_REFUSED_MAX) {
            __builtin_trap();
        }
    }
    tasks_free(&tasks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena cleanup_arena = arena_new(64 << 20);
    struct json *tree = NULL;
    if (arena == NULL || json_read(arena, slice_of(data, size), &tree, NULL) != ERR_NONE) {
        return 0;
    }
    look("host", tree);
    look("vantage", tree);
    return 0;
}
