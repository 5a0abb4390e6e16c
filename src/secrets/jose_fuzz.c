/* Tokens, key sets and PEM from outside: "TOKEN\nJSON", and the same bytes as PEM. Nothing crashes, and nothing that is no signature passes. */
#include "secrets/jose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void with_key(struct arena *arena, const struct json *jwk, const struct jose *jose)
{
    struct jose_key key;
    if (jose_key_jwk(jwk, &key) != ERR_NONE) {
        return;
    }
    struct json *claims = NULL;
    enum err err = jose_verify(&key, jose);
    require(err == ERR_NONE || err == ERR_FORGED);
    require(err == ERR_FORGED || jose_key_fits(&key, jose->algorithm));
    if (jose_claims(arena, jose, &claims, NULL) == ERR_NONE) {
        require(claims->type == JSON_OBJECT);
    }
    jose_key_free(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(16 << 20);
    struct slice input = slice_of(data, size), token = SLICE_NONE;
    struct complaint complaint = {0};
    struct jose jose;
    struct jose_key key;
    struct json *tree = NULL;
    if (jose_key_pem(input, &key) == ERR_NONE) {
        jose_key_free(&key);
    }
    if (!slice_split(&input, '\n', &token) || jose_split(arena, token, &jose, &complaint) != ERR_NONE) {
        return 0;
    }
    require(jose.algorithm != NULL && json_member(jose.header, "crit") == NULL);
    if (json_read(arena, input, &tree, NULL) == ERR_NONE) {
        with_key(arena, tree, &jose);
        const struct json *keys = json_member(tree, "keys");
        size_t count = 0;
        for (const struct json *one = keys == NULL ? NULL : keys->first; one != NULL && count < 4; one = one->next, count++) {
            with_key(arena, one, &jose);
        }
    }
    return 0;
}
