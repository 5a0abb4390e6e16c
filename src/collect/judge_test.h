/* What the tests of judges share: facts written as text, judged, and the outcome as one line. Never part of a role. */
#ifndef VOGT_COLLECT_JUDGE_TEST_H
#define VOGT_COLLECT_JUDGE_TEST_H

#include "base/check.h"
#include "collect/judge.h"

static const int64_t test_now_ms = 1795430000000; /* 2026-11-23 */

static inline struct json *test_json(struct arena *arena, const char *text)
{
    struct json *value = NULL;
    struct complaint complaint;
    if (json_read(arena, slice_string(text), &value, &complaint) != ERR_NONE) {
        printf("not JSON: %s\n", text);
        return NULL;
    }
    return value;
}

static inline struct json *test_judge(struct arena *arena, work_fn work, const struct json *facts, const struct json *planted,
                                      const char *options, const char *estate)
{
    struct json *input = json_new(arena, JSON_OBJECT);
    if (facts != NULL) {
        json_set(arena, input, "facts", json_copy(arena, facts));
    }
    if (planted != NULL) {
        json_set(arena, json_set_object(arena, input, "plant"), "facts", json_copy(arena, planted));
    }
    json_set(arena, input, "options", test_json(arena, options));
    json_set(arena, input, "estate", test_json(arena, estate));
    json_set_i64(arena, input, "collected_at_ms", test_now_ms);
    struct work_reply reply = {0};
    return work(arena, input, SLICE_NONE, &reply) == ERR_NONE ? reply.output : NULL;
}

/* "pass reason" of the kind's only observation; "" when there is none or more than one. */
static inline const char *test_said(struct arena *arena, const struct json *output, const char *kind)
{
    const char *found = "";
    for (const struct json *entry = judge_items(output, "observations"); entry != NULL; entry = entry->next) {
        if (judge_is(entry, "kind", kind)) {
            if (found[0] != '\0') {
                return "";
            }
            found = arena_printf(arena, "%s %s", arena_string(arena, json_text(entry, "outcome", SLICE_NONE)),
                                 arena_string(arena, json_text(entry, "reason", SLICE_NONE)));
        }
    }
    return found;
}

#endif
