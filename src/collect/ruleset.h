/*
 * An nftables ruleset, as "nft -j list ruleset" prints it, read for one question: what gets in? Pure; borrows from the tree.
 * Matches that are not understood are never taken to restrict anything, and are counted, so that no rule makes green by riddles.
 */
#ifndef VOGT_COLLECT_RULESET_H
#define VOGT_COLLECT_RULESET_H

#include "base/json.h"

enum { RULESET_RANGES_MAX = 256 };

struct port_range {
    bool tcp, udp;
    bool riddle;                       /* at most this: the rule has further matches, not understood */
    uint16_t first, last;
};

/* What a chain lets in from anywhere. */
struct opening {
    bool denies;                       /* what no rule accepts is dropped or rejected */
    bool everything;                   /* some rule accepts all */
    struct port_range ranges[RULESET_RANGES_MAX];
    size_t range_count;
    size_t riddles;                    /* accepting rules with matches not understood and no known ports, or more ranges than fit */
    int64_t riddle_handle;             /* of the first that was not understood, with or without ports */
    size_t accepts;                    /* accepting rules seen */
};

struct ruleset;

/* ERR_MALFORMED: not what nft prints. The ruleset lives in the arena. `text` is the same for people (nft_text), for rules that iptables made;
 * empty where there is none. */
enum err ruleset_read(struct arena *arena, const struct json *tree, struct slice text, struct ruleset **ret_ruleset) must_check;
/* The index-th base filter chain of the hook for "ip" or "ip6" (tables of family inet count for both); false past the last. */
bool ruleset_base_chain(const struct ruleset *ruleset, const char *family, const char *hook, size_t index,
                        struct opening *ret_opening);
/* Ports that prerouting hands on to other machines or containers before the input chain is asked. */
void ruleset_redirected(const struct ruleset *ruleset, const char *family, struct opening *ret_opening);

#endif
