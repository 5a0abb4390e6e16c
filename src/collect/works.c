#include "collect/works.h"

#include "collect/nft.h"
#include "collect/sockets.h"
#include "collect/tls.h"

static const struct work works[] = {
    {"collect.tls", collect_tls},
    {"judge.tls", judge_tls},
    {"collect.nft", collect_nft},
    {"judge.firewall", judge_firewall},
    {"collect.sockets", collect_sockets},
    {"judge.sockets", judge_sockets},
};

const struct work *collect_works(size_t *ret_count)
{
    *ret_count = sizeof(works) / sizeof(works[0]);
    return works;
}
