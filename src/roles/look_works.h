/* The works of look: collectors that read this machine. */
#ifndef VOGT_ROLES_LOOK_WORKS_H
#define VOGT_ROLES_LOOK_WORKS_H

#include "collect/docker.h"
#include "collect/host.h"
#include "collect/load.h"
#include "collect/nft.h"
#include "collect/pod.h"
#include "collect/secrets.h"
#include "collect/sockets.h"
#include "collect/volume.h"

#define LOOK_WORKS                                                                                                                 \
    WORK("collect.docker", collect_docker)                                                                                         \
    WORK("collect.host", collect_host)                                                                                             \
    WORK("collect.load", collect_load)                                                                                             \
    WORK("collect.nft", collect_nft)                                                                                               \
    WORK("collect.pod", collect_pod)                                                                                               \
    WORK("collect.secrets", collect_secrets)                                                                                       \
    WORK("collect.sockets", collect_sockets)                                                                                       \
    WORK("collect.volumes", collect_volumes)

#endif
