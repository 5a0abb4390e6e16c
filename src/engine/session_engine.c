/*
 * auth/token/session: a session of the page for somebody who has a token already. What a public route answers as `auth` goes into the cookie that no script reads
 * (gate_reply.c); so the page keeps no token, and needs the one that was typed in for this request only, whose header carries it.
 */
#include "engine/operations.h"

#include "engine/token.h"

enum err operation_token_session(struct turn *turn)
{
    struct token token;
    enum err err = token_find(turn, turn->request->token, &token); /* before its use is counted, which may be its last */
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    if (slice_is(json_text(token.row, "type", SLICE_NONE), "wrapping")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this token only unwraps an answer; it logs nobody in", "dieses Token packt nur eine Antwort aus; es meldet niemanden an"), SLICE_NONE);
    }
    err = token_identify(turn);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, record, "name", turn->caller.name);
    json_set_string(turn->arena, record, "how", SLICE_LITERAL("auth/token/session"));
    err = turn_evidence(turn, "login", record, NULL);
    return err == ERR_NONE ? turn_reply_auth(turn, token_auth(turn, &token, turn->request->token)) : err;
}
