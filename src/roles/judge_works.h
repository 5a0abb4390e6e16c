/* The works of the judge: pure functions over facts. Rows are WORK(name, function); the declarations come from the rooms' own headers. */
#ifndef VOGT_ROLES_JUDGE_WORKS_H
#define VOGT_ROLES_JUDGE_WORKS_H

#include "collect/connect.h"
#include "collect/countersign.h"
#include "collect/docker.h"
#include "collect/host.h"
#include "collect/exposure.h"
#include "collect/judge_source.h"
#include "collect/nft.h"
#include "collect/port_scan.h"
#include "collect/rotation.h"
#include "collect/secrets.h"
#include "collect/self.h"
#include "collect/sockets.h"
#include "collect/tls.h"
#include "collect/volume.h"
#include "measure/annex.h"
#include "measure/binding.h"
#include "measure/report.h"
#include "roles/judge_password.h"
#include "secrets/cert_judge.h"
#include "secrets/cert_ocsp_judge.h"
#include "secrets/jwt_judge.h"
#include "secrets/jwt_provider.h"
#include "secrets/kubernetes_judge.h"
#include "secrets/login_judge.h"
#include "secrets/transit_judge.h"

#define JUDGE_WORKS                                                                                                                \
    WORK("annex.bind", annex_bind)                                                                                                 \
    WORK("annex.read", annex_read)                                                                                                 \
    WORK("argon2id", judge_password)                                                                                               \
    WORK("cert.crl", cert_judge_crl)                                                                                               \
    WORK("cert.entry", cert_judge_entry)                                                                                           \
    WORK("cert.login", cert_judge_login)                                                                                           \
    WORK("cert.ocsp", cert_judge_ocsp)                                                                                             \
    WORK("countersign.stamp", countersign_stamp)                                                                                   \
    WORK("countersign.witness", countersign_witness)                                                                               \
    WORK("judge.docker", judge_docker)                                                                                             \
    WORK("judge.connect", judge_connect)                                                                                           \
    WORK("judge.disjoint", judge_disjoint)                                                                                         \
    WORK("judge.exposure", judge_exposure)                                                                                         \
    WORK("judge.firewall", judge_firewall)                                                                                         \
    WORK("judge.keys", judge_keys)                                                                                                 \
    WORK("judge.ledger", judge_ledger)                                                                                             \
    WORK("judge.machine", judge_machine)                                                                                           \
    WORK("judge.outside", judge_outside)                                                                                           \
    WORK("judge.ports", judge_ports)                                                                                               \
    WORK("judge.privilege", judge_privilege)                                                                                       \
    WORK("judge.rotation", judge_rotation)                                                                                         \
    WORK("judge.seal", judge_seal)                                                                                                 \
    WORK("judge.secrets", judge_secrets)                                                                                           \
    WORK("judge.sockets", judge_sockets)                                                                                           \
    WORK("judge.source", judge_source)                                                                                             \
    WORK("judge.tls", judge_tls)                                                                                                   \
    WORK("judge.volume", judge_volume)                                                                                             \
    WORK("login.account", login_account)                                                                                           \
    WORK("login.crypt", login_crypt)                                                                                               \
    WORK("login.device", login_device)                                                                                             \
    WORK("login.discovery", login_discovery)                                                                                       \
    WORK("login.exchange", login_exchange)                                                                                         \
    WORK("login.jwks", login_jwks)                                                                                                 \
    WORK("login.jwt", login_jwt)                                                                                                   \
    WORK("login.keys", login_keys)                                                                                                 \
    WORK("login.metadata", login_metadata)                                                                                         \
    WORK("login.review", login_review)                                                                                             \
    WORK("login.userinfo", login_userinfo)                                                                                         \
    WORK("report.pdf", report_pdf)                                                                                                 \
    WORK("transit.backup", transit_backup_text)                                                                                    \
    WORK("transit.public", transit_public_pem)

#endif
