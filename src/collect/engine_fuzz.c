/* An engine that answers anything: the reader of replies, what is picked, packages, and the judge on what came out. The first byte cuts the input into pieces. */
#include "collect/docker.h"
#include "collect/packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum err worker_child(const char *program, int *ret_fd)
{
    (void)program, (void)ret_fd;
    return ERR_NOT_FOUND;
}

struct hostile {
    struct slice bytes;
    size_t piece;
};

/* Replies follow each other in the input; one that is not whole ends the connection. */
static enum err ask(void *context, const char *line, struct engine_reply *reply)
{
    struct hostile *hostile = context;
    (void)line;
    while (reply->part != PART_DONE) {
        struct slice piece = slice_first(hostile->bytes, hostile->piece);
        /* a reply ends where it ends: the rest belongs to the next question */
        piece = slice_first(piece, 1);
        enum err err = piece.len == 0 ? ERR_CLOSED : engine_reply_feed(reply, piece);
        hostile->bytes = slice_from(hostile->bytes, piece.len);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return reply->body.len > ENGINE_BODY_MAX_BYTES ? ERR_INTERNAL : ERR_NONE;
}

static void feed_pieces(struct slice bytes, size_t piece)
{
    struct engine_reply reply = ENGINE_REPLY_INIT(false);
    while (bytes.len > 0 && engine_reply_feed(&reply, slice_first(bytes, piece)) == ERR_NONE) {
        bytes = slice_from(bytes, piece);
    }
    engine_reply_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = {1};
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    struct hostile hostile = {slice_of(data, size), size > 0 ? (size_t)data[0] + 1 : 1};
    const struct engine_wire wire = {ask, &hostile};
    struct slice rest = slice_of(data, size);
    struct tar_entry entry;
    feed_pieces(rest, hostile.piece);
    while (tar_next(&rest, &entry) == ERR_NONE) {
        (void)(packages_of_dpkg(entry.content) + packages_of_apk(entry.content));
    }
    struct json *input = json_new(arena, JSON_OBJECT), *facts = json_set_object(arena, input, "facts");
    struct json *engine = json_append(json_set_array(arena, facts, "engines"), json_new(arena, JSON_OBJECT));
    struct work_reply planted = {0}, reply = {0};
    if (docker_read(arena, &wire, key, engine) != ERR_NONE || collect_docker(arena, NULL, SLICE_NONE, &planted) != ERR_NONE) {
        return 0;
    }
    json_set(arena, input, "plant", json_copy(arena, json_member(planted.output, "plant")));
    json_set_i64(arena, input, "collected_at_ms", 1);
    if (judge_docker(arena, input, SLICE_NONE, &reply) == ERR_NONE && !json_bool(json_member(reply.output, "plant"), "caught", false)) {
        __builtin_trap();
    }
    return 0;
}
