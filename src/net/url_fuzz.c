/* Targets, paths and forms; what is encoded must decode to itself. */
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(16 << 20);
    cleanup_buf struct buf decoded = BUF_INIT(1 << 20), encoded = BUF_INIT(4 << 20),
                           again = BUF_INIT(4 << 20);
    struct target target;
    if (arena == NULL || target_split(slice_of(data, size), &target) != ERR_NONE) {
        return 0;
    }
    if (url_decode_path(&decoded, target.path) == ERR_NONE) {
        check(decoded.len <= target.path.len);
        check(url_encode_path(&encoded, buf_slice(&decoded)) == ERR_NONE);
        check(url_decode_path(&again, buf_slice(&encoded)) == ERR_NONE);
        check(slice_equal(buf_slice(&decoded), buf_slice(&again)));
    }
    struct json *object;
    struct complaint complaint;
    if (url_decode_form(arena, target.query, &object, &complaint) == ERR_NONE) {
        check(object->type == JSON_OBJECT);
    }
    return 0;
}
