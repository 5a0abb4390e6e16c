/*
 * The ruleset once more as "nft -a list ruleset" prints it for people. Rules that iptables made hold matches of its own, which nft's JSON
 * names without their content; the text says them in nft's words ("ct state related,established"). Rules are found by table, chain and
 * handle, and come back as the JSON expressions that nft would have printed, had they been native. Pure; lives in the arena.
 */
#ifndef VOGT_COLLECT_NFT_TEXT_H
#define VOGT_COLLECT_NFT_TEXT_H

#include "base/json.h"

struct nft_text;

/* Lines that are no rule are passed over. ERR_TOO_LARGE: more rules than fit, or the arena is full. */
enum err nft_text_read(struct arena *arena, struct slice text, struct nft_text **ret_text) must_check;
/* The expressions of the rule; NULL: the text (or NULL for it) has no such rule. What is not understood becomes {"unknown":null}. */
const struct json *nft_text_rule(const struct nft_text *text, struct slice family, struct slice table, struct slice chain, int64_t handle);

#endif
