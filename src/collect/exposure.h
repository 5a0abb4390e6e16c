/*
 * Default deny, judged over all layers together: the host's packet filter, what container engines publish past it, the provider's
 * firewall, who listens, and what a scan from outside saw. Judge: exposure.default-deny. Pure.
 *
 * Facts: {"nft"?: facts of collect.nft, "sockets"?: of collect.sockets, "scan"?: of collect.ports,
 *   "published"?:[{"address"?:"0.0.0.0","port":5432,"protocol":"tcp","container"?:"db"}],
 *   "provider"?:{"attached":bool,"rules":[{"direction":"in","protocol":"tcp|udp|…","port"?:"443"|"80-85","source_ips"?:["0.0.0.0/0","::/0"]}]},
 *   "collected_at_ms":{"nft":N,…}}
 * A layer that is absent, or older than the option "layer_max_ms" (24 h), was not seen: it stops nothing, and is listed as not covered.
 * Without a scan there is no pass.
 */
#ifndef VOGT_COLLECT_EXPOSURE_H
#define VOGT_COLLECT_EXPOSURE_H

#include "base/ports.h"
#include "collect/judge.h"

/* "judge.exposure". Estate {"ports":[{"port","protocol"?}],"addresses"?:[…]}. Option "exact": a listed TCP port that does not answer fails. */
enum err judge_exposure(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* A copy of the facts in which a container publishes one more port, and the scan finds it. NULL: the arena is full. */
struct json *exposure_planted(struct arena *arena, const struct json *facts);

/* -- what the layers say of one address family; the judge's own, shared by its two files ---------------------------- */

struct port_sets {
    struct ports tcp, udp;
};

enum layer { LAYER_NFT, LAYER_SOCKETS, LAYER_PUBLISHED, LAYER_PROVIDER, LAYER_SCAN, LAYER_COUNT };
const char *layer_name(enum layer layer);

struct exposure {
    bool seen[LAYER_COUNT];
    bool ipv6;
    bool nft_denies;                   /* what no rule of the input chain accepts is dropped */
    struct port_sets nft_open, nft_maybe, redirected;
    struct port_sets listening, published;
    bool provider_attached;
    struct port_sets provider_open;    /* from anywhere; all while none is attached or seen */
    bool scanned;                      /* an address of this family */
    struct port_sets scan_open;
    struct ports scan_asked;           /* TCP ports about which the scan can be believed */
};

/* Reads what was seen; *ret_bad: a layer whose facts are not understood, or LAYER_COUNT. */
void exposure_read(const struct judge_case *judge_case, bool ipv6, struct exposure *ret_exposure, enum layer *ret_bad);
/* "provider(rule 2: tcp 1-65535) > nft(dnat) > docker(db)": the way of an outside packet to this port. */
const char *exposure_path(const struct judge_case *judge_case, const struct exposure *exposure, uint16_t port, bool udp);

#endif
