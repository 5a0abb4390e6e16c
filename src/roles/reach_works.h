/* The works of reach: collectors that connect to their task's target. */
#ifndef VOGT_ROLES_REACH_WORKS_H
#define VOGT_ROLES_REACH_WORKS_H

#include "collect/connect.h"
#include "collect/port_scan.h"
#include "collect/post.h"
#include "collect/rotation.h"
#include "collect/source.h"
#include "collect/tls.h"

#define REACH_WORKS                                                                                                                \
    WORK("collect.connect", collect_connect)                                                                                       \
    WORK("collect.ports", collect_ports)                                                                                           \
    WORK("collect.rotation", collect_rotation)                                                                                     \
    WORK("collect.source", collect_source)                                                                                 \
    WORK("collect.tls", collect_tls)                                                                                       \
    WORK("credential.try", credential_try)                                                                                 \
    WORK("http.get", http_get)                                                                                             \
    WORK("http.post", http_post)                                                                                           \
    WORK("rotation.hook", rotation_hook)

#endif
