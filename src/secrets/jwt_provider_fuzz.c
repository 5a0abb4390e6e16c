/* What a provider's server answers: its document, its keys. What is taken is safe to ask, and every key that is kept checks signatures. */
#include "secrets/jwt_provider.h"

#include "secrets/jose.h"
#include "secrets/web_address.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void keys(struct arena *arena, struct slice raw)
{
    struct work_reply reply = {0};
    if (login_jwks(arena, NULL, raw, &reply) != ERR_NONE) {
        return;
    }
    const struct json *list = json_member(reply.output, "keys");
    require(list != NULL && list->count > 0);
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        struct jose_key key;
        require(jose_key_jwk(one, &key) == ERR_NONE);
        jose_key_free(&key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(16 << 20);
    struct slice raw = slice_of(data, size);
    struct json *input = json_new(arena, JSON_OBJECT);
    struct work_reply reply = {0};
    json_set_string(arena, input, "issuer", SLICE_LITERAL("https://i.example"));
    if (login_discovery(arena, input, raw, &reply) == ERR_NONE) {
        require(web_address_is_safe(json_text(reply.output, "jwks_uri", SLICE_NONE)));
    }
    keys(arena, raw);
    return 0;
}
