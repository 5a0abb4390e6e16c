#include "command/rejudge.h"

#include "collect/nft.h"
#include "collect/self.h"
#include "collect/sockets.h"
#include "collect/tls.h"
#include "collect/volume.h"
#include "measure/fold.h"

#include <string.h>

enum { RAW_BYTES = 1 << 20 };

static const struct work judges[] = {
    {"judge.firewall", judge_firewall},   {"judge.ledger", judge_ledger},
    {"judge.privilege", judge_privilege}, {"judge.seal", judge_seal},
    {"judge.sockets", judge_sockets},     {"judge.tls", judge_tls},
    {"judge.volume", judge_volume},
};

static const struct work *find(const char *name)
{
    for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
        if (strcmp(judges[i].name, name) == 0) {
            return &judges[i];
        }
    }
    return NULL;
}

enum rejudged rejudge(struct arena *arena, const struct json *payload)
{
    const char *name = NULL;
    struct json *input = NULL;
    if (json_member(payload, "facts") == NULL) {
        return REJUDGED_NO_JUDGE;
    }
    enum err err = fold_judge_input(arena, payload, &name, &input);
    const struct work *judge = err == ERR_NONE ? find(name) : NULL;
    if (judge == NULL) {
        return err == ERR_NONE || err == ERR_NOT_FOUND ? REJUDGED_NO_JUDGE : REJUDGED_ERROR;
    }
    cleanup_buf struct buf raw = BUF_INIT(RAW_BYTES);
    struct work_reply reply = {.raw = &raw};
    err = judge->run(arena, input, SLICE_NONE, &reply);
    const struct json *then = json_member(payload, "observations"),
                      *now = json_member(reply.output, "observations");
    if (err != ERR_NONE || then == NULL || now == NULL) {
        return REJUDGED_ERROR;
    }
    bool same_plant = json_bool(json_member(payload, "plant"), "caught", false) ==
                      json_bool(json_member(reply.output, "plant"), "caught", false);
    return same_plant && json_equal(then, now) ? REJUDGED_AGREES : REJUDGED_DIFFERS;
}
