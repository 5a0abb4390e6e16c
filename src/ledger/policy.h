/*
 * Trust policies (C2SP tlog-policy): which logs are known, which witnesses, and how many of these
 * must have cosigned.
 *
 *   log <vkey> [<url>]
 *   witness <name> <vkey> [<url>]
 *   group <name> all|any|<k> <name>...
 *   quorum <name>|none                exactly one
 *
 * Lines; words parted by spaces and tabs; '#' begins a comment line. Names are defined before they
 * are used, and each is a member of at most one group. All slices borrow from the text read;
 * nothing is allocated.
 */
#ifndef VOGT_LEDGER_POLICY_H
#define VOGT_LEDGER_POLICY_H

#include "ledger/checkpoint.h"

enum {
    POLICY_LOGS_MAX = 32,
    POLICY_WITNESSES_MAX = 32,
    POLICY_GROUPS_MAX = 32,
    POLICY_MEMBERS_MAX = POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX, /* bits of a uint64_t */
};

struct policy_log {
    struct note_key key;
    struct slice url;
};

/* A witness or a group: both can be members and the quorum. */
struct policy_member {
    struct slice name;
    bool is_witness;
    struct note_key key; /* witness */
    struct slice url;    /* witness */
    uint64_t members;    /* group: bits of earlier members */
    unsigned threshold;  /* group: how many of them */
};

struct policy {
    size_t log_count, member_count, witness_count, group_count;
    struct policy_log logs[POLICY_LOGS_MAX];
    struct policy_member members[POLICY_MEMBERS_MAX];
    bool quorum_none;
    size_t quorum; /* index into members, unless quorum_none */
};

struct policy_result {
    size_t log;         /* which log of the policy signed */
    uint64_t witnessed; /* bits of members: witnesses that cosigned, groups that are satisfied */
    unsigned witness_count;
    uint64_t earliest_unix_s, latest_unix_s; /* of the cosignatures; 0 without any */
};

/* ERR_MALFORMED, ERR_INVALID, ERR_UNSUPPORTED (a key of another algorithm), ERR_TOO_LARGE;
 * *complaint names the line. */
enum err policy_read(struct slice text, struct policy *ret_policy,
                     struct complaint *complaint) must_check;

/* Counts the cosignatures on a note; never fails for too few. ERR_FORGED: a known witness's
 * signature is wrong. */
enum err policy_count(const struct policy *policy, const struct note *note,
                      struct policy_result *ret_result) must_check;
bool policy_quorum_met(const struct policy *policy, const struct policy_result *result);
/* The whole rule: signed by a listed log whose name is the origin, and the quorum met.
 * ERR_MALFORMED; ERR_NOT_FOUND: no listed log signed it; ERR_FORGED; ERR_DENIED: too few witnesses.
 */
enum err policy_open(const struct policy *policy, struct slice bytes, struct note *ret_note,
                     struct checkpoint *ret_checkpoint,
                     struct policy_result *ret_result) must_check;

#endif
