/* What servers answer to logins: a provider's document and keys, a cluster's review; and tokens of service accounts. What is taken is safe to ask, every key that is kept
 * checks signatures, and who is known has a name. */
#include "secrets/jwt_provider.h"

#include "secrets/jose.h"
#include "secrets/kubernetes_judge.h"
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

static void cluster(struct arena *arena, struct slice raw)
{
    struct work_reply review = {0}, account = {0};
    if (login_review(arena, NULL, raw, &review) == ERR_NONE && json_bool(review.output, "authenticated", false)) {
        require(json_text(review.output, "name", SLICE_NONE).len > 0 && json_text(review.output, "namespace", SLICE_NONE).len > 0);
    }
    if (login_account(arena, NULL, raw, &account) == ERR_NONE) {
        require(json_text(account.output, "name", SLICE_NONE).len > 0 && json_text(account.output, "uid", SLICE_NONE).len > 0);
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
    json_set_u64(arena, input, "status", 200);
    struct work_reply device = {0};
    if (login_device(arena, input, raw, &device) == ERR_NONE) {
        require(json_text(device.output, "device_code", SLICE_NONE).len > 0 && json_text(device.output, "url", SLICE_NONE).len > 0);
    }
    keys(arena, raw);
    cluster(arena, raw);
    return 0;
}
