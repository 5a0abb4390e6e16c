/* sys/tools: random bytes, digests. */
#include "engine/operations.h"

#include "base/encode.h"
#include "crypto/hash.h"

enum { RANDOM_USUAL = 32, RANDOM_MAX = 128 << 10 };

static bool is_source(struct slice text)
{
    return slice_is(text, "platform") || slice_is(text, "seal") || slice_is(text, "all");
}

/* "random", "random/64", "random/platform", "random/platform/64", or the body: sources are all the same generator. */
static enum err wanted_bytes(struct turn *turn, uint64_t *ret_count)
{
    struct slice first = turn->values[0], count = turn->values[1];
    if (count.len == 0 && first.len > 0 && !is_source(first)) {
        count = first;
    } else if (first.len > 0 && !is_source(first)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("source is platform, seal or all", "source ist platform, seal oder all"), first);
    }
    enum err err = count.len > 0 ? slice_to_u64(count, ret_count) : json_u64(turn->request->body, "bytes", ret_count);
    if (err == ERR_NOT_FOUND) {
        *ret_count = RANDOM_USUAL;
    } else if (err != ERR_NONE || *ret_count < 1 || *ret_count > RANDOM_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("bytes is 1 to 131072", "bytes ist 1 bis 131072"), count);
    }
    return ERR_NONE;
}

enum err operation_tools_random(struct turn *turn)
{
    uint64_t count = 0;
    struct slice format = turn_field(turn, "format");
    if (format.len > 0 && !slice_is(format, "base64") && !slice_is(format, "hex")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unsupported encoding format; must be \"hex\" or \"base64\"", "format ist hex oder base64"), format);
    }
    enum err err = wanted_bytes(turn, &count);
    uint8_t *bytes = err == ERR_NONE ? arena_alloc(turn->arena, count) : NULL;
    if (err != ERR_NONE || bytes == NULL) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    turn_random(turn, bytes, count);
    cleanup_buf struct buf text = BUF_INIT(2 * RANDOM_MAX + 4);
    err = slice_is(format, "hex") ? hex_encode(&text, slice_of(bytes, count)) : base64_encode(&text, slice_of(bytes, count));
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "random_bytes", buf_slice(&text));
    wipe(text.data, text.len);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* ---- digests ---- */

static const struct {
    const char *name;
    enum hash hash;
} hashes[] = {
    {"sha2-224", HASH_SHA2_224}, {"sha2-256", HASH_SHA2_256}, {"sha2-384", HASH_SHA2_384}, {"sha2-512", HASH_SHA2_512},
    {"sha3-224", HASH_SHA3_224}, {"sha3-256", HASH_SHA3_256}, {"sha3-384", HASH_SHA3_384}, {"sha3-512", HASH_SHA3_512},
};
enum { HASH_NAME_COUNT = sizeof hashes / sizeof hashes[0], INPUT_MAX_BYTES = 8 << 20 };

static enum err reply_sum(struct turn *turn, struct slice sum, bool is_base64)
{
    cleanup_buf struct buf text = BUF_INIT(2 * HASH_MAX_BYTES + 4);
    enum err err = is_base64 ? base64_encode(&text, sum) : hex_encode(&text, sum);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "sum", buf_slice(&text));
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_tools_hash(struct turn *turn)
{
    struct slice algorithm = turn->values[0].len > 0 ? turn->values[0] : turn_field(turn, "algorithm"), format = turn_field(turn, "format");
    enum hash hash = algorithm.len == 0 ? HASH_SHA2_256 : HASH_NONE;
    for (size_t i = 0; i < HASH_NAME_COUNT; i++) {
        hash = slice_is(algorithm, hashes[i].name) ? hashes[i].hash : hash;
    }
    if (hash == HASH_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unsupported algorithm; sha2-224, -256, -384, -512, sha3-224, -256, -384, -512", "diesen Algorithmus gibt es nicht; sha2-224, -256, -384, -512, sha3-224, -256, -384, -512"), SLICE_NONE);
    }
    if (format.len > 0 && !slice_is(format, "base64") && !slice_is(format, "hex")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unsupported encoding format; must be \"hex\" or \"base64\"", "format ist hex oder base64"), SLICE_NONE);
    }
    uint8_t digest[HASH_MAX_BYTES];
    cleanup_buf struct buf input = BUF_INIT(INPUT_MAX_BYTES);
    enum err err = base64_decode(&input, turn_field(turn, "input"));
    if (err == ERR_MALFORMED) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unable to decode input as base64", "input ist kein base64"), SLICE_NONE);
    }
    err = err == ERR_NONE ? hash_of(hash, buf_slice(&input), digest) : err;
    wipe(input.data, input.len);
    return err == ERR_NONE ? reply_sum(turn, slice_of(digest, hash_bytes(hash)), slice_is(format, "base64")) : err;
}
