/* report_run INPUT.json EVIDENCE OUTPUT.pdf: the work "report.pdf" by hand, for tests and for
 * looking at pages. Never part of a role. */
#include "base/arena.h"
#include "measure/report.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUN_MAX_BYTES = 64 << 20, OUT_MAX_BYTES = 16 << 20 };

static struct slice read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(RUN_MAX_BYTES);
    if (file == NULL || data == NULL) {
        perror(path);
        exit(2);
    }
    size_t len = fread(data, 1, RUN_MAX_BYTES, file);
    fclose(file);
    return slice_of(data, len);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: report_run INPUT.json EVIDENCE OUTPUT.pdf\n");
        return 2;
    }
    struct arena *arena = arena_new(96 << 20);
    cleanup_buf struct buf out = BUF_INIT(OUT_MAX_BYTES);
    struct work_reply reply = {.raw = &out};
    struct json *input = NULL;
    struct slice tree = read_whole(argv[1]), evidence = read_whole(argv[2]);
    enum err err = json_read(arena, tree, &input, &reply.complaint);
    err = err == ERR_NONE ? report_pdf(arena, input, evidence, &reply) : err;
    free((void *)(uintptr_t)tree.data);
    free((void *)(uintptr_t)evidence.data);
    if (err != ERR_NONE) {
        char text[512];
        complaint_format(&reply.complaint, LANGUAGE_ENGLISH, text, sizeof(text));
        fprintf(stderr, "%s: %s\n", err_name(err), text);
        arena_free(arena);
        return 1;
    }
    FILE *file = fopen(argv[3], "wb");
    bool written = file != NULL && fwrite(out.data, 1, out.len, file) == out.len;
    arena_free(arena);
    return file != NULL && fclose(file) == 0 && written ? 0 : 2;
}
