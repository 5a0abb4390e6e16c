/*
 * The probe of the host's firewall. Collector (look): the ruleset as nft prints it, whether the machine forwards, what the older
 * iptables holds. Judge: firewall.default-deny.
 */
#ifndef VOGT_COLLECT_NFT_H
#define VOGT_COLLECT_NFT_H

#include "process/worker.h"

/* "collect.nft". The input is not used. */
enum err collect_nft(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.firewall". Estate as in judge.sockets: {"ports":[{"port":443,"protocol":"tcp"}]}. */
enum err judge_firewall(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
