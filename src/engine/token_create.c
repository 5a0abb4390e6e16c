/* auth/token/create and its siblings: who may make which token. */
#include "engine/token.h"

#include "engine/operations.h"

enum err operation_token_create(struct turn *turn)
{
    const struct json *policies = json_member(turn->request->body, "policies");
    if (policies == NULL || policies->count == 0) {
        policies = json_member(turn->caller.token, "policies");
    }
    enum err err = token_may_give(turn, policies);
    if (err != ERR_NONE) {
        return err;
    }
    uint64_t ttl_s = 0, uses = 0;
    (void)!json_u64(turn->request->body, "ttl", &ttl_s);
    (void)!json_u64(turn->request->body, "num_uses", &uses);
    struct slice name = turn_field(turn, "display_name");
    struct token_wish wish = {.name = name.len > 0 ? arena_string(turn->arena, name) : "token", .policies = policies,
                              .ttl_s = ttl_s == 0 ? TOKEN_MAX_TTL_S : ttl_s, .uses = uses, .parent = turn->caller.token_id};
    struct json *auth = NULL;
    err = token_create(turn, &wish, &auth);
    return err != ERR_NONE ? err : turn_reply_auth(turn, auth);
}
