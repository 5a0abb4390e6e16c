/* Prints the changes for a reason, for tests with the programs that they are written for: {"reason","subject","host","minimum"} on standard input. */
#include "measure/fix.h"

#include <stdio.h>
#include <unistd.h>

enum { INPUT_MAX_BYTES = 1 << 20, ARENA_BYTES = 16 << 20 };

int main(void)
{
    static char text[INPUT_MAX_BYTES];
    size_t len = fread(text, 1, sizeof text, stdin);
    struct arena *arena = arena_new(ARENA_BYTES);
    struct json *input = NULL, *list = json_new(arena, JSON_ARRAY);
    struct buf out = BUF_INIT(INPUT_MAX_BYTES);
    if (json_read(arena, slice_of(text, len), &input, NULL) != ERR_NONE) {
        fprintf(stderr, "fix_run: no JSON\n");
        return 2;
    }
    struct fix_subject about = {.subject = json_member(input, "subject"), .host = json_member(input, "host"),
                                .minimum = slice_is(json_text(input, "minimum", SLICE_LITERAL("1.3")), "1.2") ? "1.2" : "1.3"};
    if (fix_changes(arena, json_text(input, "reason", SLICE_NONE), &about, list) != ERR_NONE || json_write(&out, list, 0) != ERR_NONE) {
        return 1;
    }
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
