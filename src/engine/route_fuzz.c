/* Verb and path in the first line, a JSON body after it: look-up and check of whatever matches. */
#define ROUTES_FILE "engine/route_test.def"
#include "engine/route.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    struct slice rest = slice_of(data + 1, size - 1), path = SLICE_NONE;
    enum verb verb = (enum verb)(1u << (data[0] % 5));
    struct route_match match;
    (void)slice_split(&rest, '\n', &path);
    if (arena == NULL || route_find(verb, path, &match) != ERR_NONE) {
        return 0;
    }
    check((match.route->verbs & (unsigned)verb) != 0 && route_at(match.index) == match.route);
    for (size_t i = 0; i < ROUTE_VALUES_MAX; i++) {
        check(match.values[i].len <= path.len);
    }
    struct json *body;
    const struct json *checked;
    struct complaint complaint;
    if (json_read(arena, rest, &body, &complaint) == ERR_NONE &&
        route_check(match.route, arena, body, &checked, &complaint) == ERR_NONE) {
        check(checked->type == JSON_OBJECT && checked->count <= body->count);
        cleanup_buf struct buf packed = BUF_INIT(64 << 20);
        struct json *again;
        check(json_pack(&packed, checked) == ERR_NONE);
        check(json_unpack(arena, buf_slice(&packed), &again) != ERR_MALFORMED);
    }
    return 0;
}
