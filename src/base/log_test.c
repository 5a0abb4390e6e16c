#include "base/check.h"
#include "base/json.h"
#include "base/log.h"

#include <unistd.h>

struct caught {
    char bytes[2 * LOG_LINE_BYTES];
    size_t len;
};

/* Logs into a pipe and returns what came out. */
static struct caught catch_event(const char *event, const struct log_field *fields, size_t count)
{
    struct caught caught = {.len = 0};
    int ends[2];
    if (pipe(ends) != 0) {
        return caught;
    }
    log_start("gate", ends[1]);
    log_event(LOG_WARN, event, fields, count);
    log_start("vogt", STDERR_FILENO);
    close(ends[1]);
    ssize_t got = read(ends[0], caught.bytes, sizeof(caught.bytes));
    caught.len = got < 0 ? 0 : (size_t)got;
    close(ends[0]);
    return caught;
}

TEST(log_line_is_json)
{
    const struct log_field fields[] = {LOG_TEXT("path", "a\"\n\x1b"), LOG_NUMBER("bytes", -5),
                                       LOG_ERR(ERR_FULL)};
    struct caught caught = catch_event("store.failed", fields, 3);
    cleanup_arena struct arena *arena = arena_new(1 << 16);
    struct json *line = NULL;
    CHECK(caught.len > 0 && caught.bytes[caught.len - 1] == '\n');
    CHECK_ERR(ERR_NONE, json_read(arena, slice_of(caught.bytes, caught.len), &line, NULL));
    CHECK_SLICE("warn", json_text(line, "level", SLICE_NONE));
    CHECK_SLICE("gate", json_text(line, "role", SLICE_NONE));
    CHECK_SLICE("store.failed", json_text(line, "event", SLICE_NONE));
    CHECK_SLICE("a\"\n\x1b", json_text(line, "path", SLICE_NONE));
    CHECK_SLICE("-5", json_text(line, "bytes", SLICE_NONE));
    CHECK_SLICE("FULL", json_text(line, "err", SLICE_NONE));
    CHECK_U64(24, json_text(line, "time", SLICE_NONE).len);
    CHECK(memchr(caught.bytes, '\n', caught.len - 1) == NULL);
}

TEST(log_line_is_bounded)
{
    static char text[LOG_LINE_BYTES + 100];
    memset(text, '\x01', sizeof(text) - 1); /* escapes make it six times longer */
    for (size_t len = 0; len < sizeof(text) - 1; len += 7) {
        const struct log_field fields[] = {LOG_SLICE("long", slice_of(text, len)),
                                           LOG_NUMBER("after", 1)};
        struct caught caught = catch_event("e", fields, 2);
        cleanup_arena struct arena *arena = arena_new(1 << 16);
        struct json *line = NULL;
        CHECK(caught.len > 0 && caught.len <= LOG_LINE_BYTES);
        CHECK_ERR(ERR_NONE, json_read(arena, slice_of(caught.bytes, caught.len), &line, NULL));
        bool complete = json_member(line, "long") != NULL && json_member(line, "after") != NULL;
        CHECK(json_bool(line, "cut", false) == !complete);
        CHECK(len > 600 || complete); /* six bytes each, and the rest of the line, within 4 KiB */
        CHECK(len < 700 || !complete);
    }
}

TEST_MAIN
