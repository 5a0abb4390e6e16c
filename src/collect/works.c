#include "collect/works.h"

#include "collect/connect.h"
#include "collect/countersign.h"
#include "collect/docker.h"
#include "collect/exposure.h"
#include "collect/host.h"
#include "collect/judge_source.h"
#include "collect/nft.h"
#include "collect/port_scan.h"
#include "collect/post.h"
#include "collect/rotation.h"
#include "collect/secrets.h"
#include "collect/self.h"
#include "collect/sockets.h"
#include "collect/source.h"
#include "collect/tls.h"
#include "collect/volume.h"

static const struct work works[] = {
    {"collect.tls", collect_tls},         {"judge.tls", judge_tls},
    {"collect.nft", collect_nft},         {"judge.firewall", judge_firewall},
    {"collect.ports", collect_ports},     {"judge.ports", judge_ports},
    {"collect.secrets", collect_secrets}, {"judge.secrets", judge_secrets}, {"judge.disjoint", judge_disjoint},
    {"collect.connect", collect_connect}, {"judge.connect", judge_connect},
    {"judge.exposure", judge_exposure},
    {"collect.volumes", collect_volumes}, {"judge.volume", judge_volume},
    {"collect.sockets", collect_sockets}, {"judge.sockets", judge_sockets},
    {"collect.host", collect_host},       {"judge.machine", judge_machine},
    {"judge.outside", judge_outside},    {"judge.seal", judge_seal}, {"judge.keys", judge_keys},
    {"judge.ledger", judge_ledger},       {"judge.privilege", judge_privilege},
    {"http.post", http_post},             {"countersign.witness", countersign_witness},
    {"countersign.stamp", countersign_stamp}, {"collect.docker", collect_docker},
    {"judge.docker", judge_docker},
    {"collect.rotation", collect_rotation}, {"judge.rotation", judge_rotation}, {"credential.try", credential_try}, {"rotation.hook", rotation_hook},
    {"collect.source", collect_source},   {"judge.source", judge_source},
};

const struct work *collect_works(size_t *ret_count)
{
    *ret_count = sizeof(works) / sizeof(works[0]);
    return works;
}
