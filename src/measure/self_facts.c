#include "measure/self_facts.h"

#include "base/encode.h"
#include "engine/policy.h"
#include "engine/vault.h"
#include "ledger/checkpoint.h"
#include "measure/edit.h"
#include "measure/exposure_facts.h"
#include "measure/segmentation_task.h"
#include "measure/standing.h"

enum { SLICE_ENTRIES = 1000, RULES_MAX = 10000, OVERDUE_MS = 3600000, MOUNTS_MAX = 10000, KEYS_MAX = 10000 };

static enum err seal_facts(struct turn *turn, struct slice subject, struct json *facts)
{
    (void)subject;
    const struct vault *vault = turn->around->vault;
    json_set_string(turn->arena, facts, "seal", slice_string(vault->type));
    if (vault->remote_at_ms > 0) {
        json_set_i64(turn->arena, facts, "kms_asked_at_ms", vault->remote_at_ms);
    }
    return ERR_NONE;
}

static struct json *set_root(struct arena *arena, struct json *log, const char *name, const struct tree_hash *root)
{
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    return hex_encode(&hex, tree_hash_slice(root)) != ERR_NONE ? NULL : json_set_string(arena, log, name, buf_slice(&hex));
}

/* A rotation that is due is begun by the next tick, and its row gets a later time: what is still due an hour afterwards was left undone. */
static enum err late_rotations(struct turn *turn, struct json *late)
{
    static const char *const jobs[] = {"job/own_rotate/", "job/transit_rotate_due/", "job/secret_rotate/"};
    struct turn_names rows;
    enum err err = turn_due(turn, turn->now_ms - OVERDUE_MS, RULES_MAX, &rows);
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        for (size_t k = 0; k < sizeof jobs / sizeof jobs[0]; k++) {
            if (slice_starts(rows.names[i], slice_string(jobs[k]))) {
                json_append(late, json_string(turn->arena, slice_from(rows.names[i], sizeof "job/" - 1)));
            }
        }
    }
    return err;
}

/* How many transit keys have no schedule. Of the rows of that engine (secrets/transit.h) this needs what stands in clear words beside the material: "rotate_s". */
static enum err count_unscheduled(struct turn *turn, struct slice uuid, uint64_t *keys, uint64_t *unscheduled)
{
    struct turn_names rows = {0};
    enum err err = turn_list(turn, turn_path(turn, "m/%.*s/key/", (int)uuid.len, (const char *)uuid.data), SLICE_NONE, KEYS_MAX, &rows);
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        if (json_unpack(turn->arena, rows.bytes[i], &row) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        (*keys)++;
        *unscheduled += edit_number(row, "rotate_s", 0) == 0 ? 1 : 0;
    }
    return err;
}

static enum err transit_facts(struct turn *turn, struct json *facts)
{
    struct turn_names mounts = {0};
    uint64_t keys = 0, unscheduled = 0;
    enum err all = turn_list(turn, "mount/at/", SLICE_NONE, MOUNTS_MAX, &mounts);
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < mounts.count; i++) {
        struct json *row = NULL;
        if (json_unpack(turn->arena, mounts.bytes[i], &row) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        bool is_transit = slice_is(json_text(row, "type", SLICE_NONE), "transit");
        (void)standing_goes_on(&all, is_transit ? count_unscheduled(turn, json_text(row, "uuid", SLICE_NONE), &keys, &unscheduled) : ERR_NONE);
    }
    json_set_u64(turn->arena, facts, "transit_keys", keys);
    return json_set_u64(turn->arena, facts, "transit_unscheduled", unscheduled) == NULL && all == ERR_NONE ? ERR_MEMORY : all;
}

static enum err keys_facts(struct turn *turn, struct slice subject, struct json *facts)
{
    (void)subject;
    struct barrier *barrier = state_barrier(turn->state);
    json_set_u64(turn->arena, facts, "term", barrier_active_id(barrier));
    json_set_i64(turn->arena, facts, "installed_at_ms", barrier_active_since_unix_ms(barrier));
    enum err err = late_rotations(turn, json_set_array(turn->arena, facts, "late"));
    return err == ERR_NONE ? transit_facts(turn, facts) : err;
}

/* What verification has reached so far: a log is long, so that one run of the turn takes up where the last observation ended. The edge is kept
 * sealed like every row; whoever could change it there could change the whole store. */
static enum err load_edge(struct turn *turn, const char *path, uint64_t size, struct tree *ret_tree)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, path, &row);
    tree_clear(ret_tree);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    uint64_t done = 0;
    cleanup_buf struct buf edge = BUF_INIT(TREE_EDGE_MAX * SHA256_BYTES);
    err = json_u64(row, "size", &done);
    err = err == ERR_NONE ? hex_decode(&edge, json_text(row, "edge", SLICE_NONE)) : err;
    /* all of it again when the log is short, and every tenth time while it is not long; vogt ledger verify does so at any length */
    if (err != ERR_NONE || done > size || size < 10 * SLICE_ENTRIES || (size < 100 * SLICE_ENTRIES && edit_number(row, "runs", 0) % 10 == 9)) {
        return ERR_NONE;
    }
    struct tree tree;
    if (tree_load(&tree, done, buf_slice(&edge)) == ERR_NONE) {
        *ret_tree = tree;
    }
    return ERR_NONE;
}

static enum err save_edge(struct turn *turn, const char *path, const struct tree *tree)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, path, &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct tree_hash edge[TREE_EDGE_MAX];
    size_t count = tree_save(tree, edge);
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof edge);
    struct json *fresh = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < count; i++) {
        err = hex_encode(&hex, tree_hash_slice(&edge[i]));
        if (err != ERR_NONE) {
            return err;
        }
    }
    json_set_u64(turn->arena, fresh, "size", tree->size);
    json_set_string(turn->arena, fresh, "edge", buf_slice(&hex));
    json_set_i64(turn->arena, fresh, "runs", edit_number(row, "runs", 0) + 1);
    return turn_put_json(turn, path, fresh, 0);
}

/* Signed size and root beside what the entries themselves give. A checkpoint whose signature or origin is wrong is a finding. */
static enum err log_facts(struct turn *turn, struct json *facts, const char *name, enum log_id log)
{
    char origin[96];
    struct note_key key;
    struct slice seed, note_bytes;
    uint64_t published = 0;
    struct note note;
    struct checkpoint checkpoint;
    struct json *one = json_set_object(turn->arena, facts, name);
    enum err err = turn_checkpoint(turn, log, &note_bytes, &published);
    err = err == ERR_NONE ? vault_log_key(turn->around->vault, log, origin, &key, &seed) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err; /* no checkpoint yet: the judge says "not verified" */
    }
    uint64_t findings = checkpoint_open(note_bytes, &key, &note, &checkpoint) == ERR_NONE ? 0 : 1;
    char *path = turn_path(turn, "ledger/verified/%s", name);
    struct tree tree;
    err = findings > 0 ? ERR_NONE : load_edge(turn, path, checkpoint.size, &tree);
    if (err != ERR_NONE || findings > 0) {
        json_set_u64(turn->arena, one, "findings", findings);
        return err;
    }
    while (tree.size < checkpoint.size) {
        struct slice *entries = NULL;
        size_t count = 0;
        uint64_t left = checkpoint.size - tree.size;
        err = turn_entries(turn, log, tree.size, left < SLICE_ENTRIES ? (uint32_t)left : SLICE_ENTRIES, &entries, &count);
        if (err != ERR_NONE || count == 0) {
            break; /* fewer than what was signed: sizes differ */
        }
        for (size_t i = 0; i < count && err == ERR_NONE; i++) {
            err = tree_append(&tree, entries[i]);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct tree_hash verified;
    tree_root(&tree, &verified);
    json_set_u64(turn->arena, one, "size", checkpoint.size);
    json_set_u64(turn->arena, one, "verified_size", tree.size);
    json_set_u64(turn->arena, one, "findings", findings);
    bool whole = set_root(turn->arena, one, "root", &checkpoint.root) != NULL && set_root(turn->arena, one, "verified_root", &verified) != NULL;
    if (whole && tree.size == checkpoint.size && tree_hash_equal(&verified, &checkpoint.root)) {
        return save_edge(turn, path, &tree);
    }
    return whole ? ERR_NONE : ERR_MEMORY;
}

/* Observations that should have been made and were not: each stands in the schedule with a due time that went by. */
static enum err count_overdue(struct turn *turn, uint64_t *ret_count)
{
    struct turn_names rows;
    enum err err = turn_due(turn, turn->now_ms - OVERDUE_MS, RULES_MAX, &rows);
    *ret_count = 0;
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        *ret_count += slice_starts(rows.names[i], SLICE_LITERAL("schedule/")) ? 1 : 0;
    }
    return err;
}

static enum err ledger_facts(struct turn *turn, struct slice subject, struct json *facts)
{
    (void)subject;
    uint64_t overdue = 0;
    enum err err = turn_publish(turn, LOG_EVIDENCE);
    err = err == ERR_NONE ? turn_publish(turn, LOG_AUDIT) : err;
    err = err == ERR_NONE ? log_facts(turn, facts, "evidence", LOG_EVIDENCE) : err;
    err = err == ERR_NONE ? log_facts(turn, facts, "audit", LOG_AUDIT) : err;
    err = err == ERR_NONE ? count_overdue(turn, &overdue) : err;
    if (err != ERR_NONE) {
        return err;
    }
    const struct log_edge *edge = state_log(turn->state, LOG_EVIDENCE);
    int64_t age_ms = turn->now_ms - edge->published_at_ms;
    bool covers_all = edge->published_size == edge->tree.size;
    json_set_u64(turn->arena, facts, "gaps", overdue);
    return json_set_i64(turn->arena, facts, "checkpoint_age_ms", covers_all || age_ms < 0 ? 0 : age_ms) == NULL ? ERR_MEMORY : ERR_NONE;
}

static void add_rules(struct turn *turn, struct json *rules, struct slice policy, const struct json *row, const struct json *usage)
{
    int64_t granted_s = edit_number(row, "changed_s", turn->around->started_ms / 1000), used_s = 0;
    for (const struct json *rule = edit_items(row, "rules"); rule != NULL; rule = rule->next) {
        struct slice pattern = json_text(rule, "path", SLICE_NONE);
        struct json *one = json_append(rules, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, one, "holder", policy);
        json_set_string(turn->arena, one, "rule", pattern);
        edit_carry(turn->arena, one, rule, "capabilities");
        json_set_i64(turn->arena, one, "granted_at_ms", granted_s * 1000);
        const char *name = arena_string(turn->arena, pattern);
        if (name != NULL && json_i64(usage, name, &used_s) == ERR_NONE) {
            json_set_i64(turn->arena, one, "last_used_ms", used_s * 1000);
        }
    }
}

/* The attempt: what may a caller do who holds no more than everybody does? */
static enum err try_denied(struct turn *turn, struct json *facts)
{
    static const char path[] = "sys/rotate";
    struct json *policies = json_new(turn->arena, JSON_ARRAY), *probe = json_set_object(turn->arena, facts, "probe");
    json_append(policies, json_string(turn->arena, SLICE_LITERAL("default")));
    struct grant grant = {0};
    enum err err = policy_grant(turn, policies, slice_string(path), &grant);
    json_set_string(turn->arena, probe, "path", slice_string(path));
    json_set_bool(turn->arena, probe, "tried", err == ERR_NONE);
    json_set_bool(turn->arena, probe, "denied", (grant.capabilities & (CAPABILITY_UPDATE | CAPABILITY_CREATE | CAPABILITY_SUDO)) == 0);
    return err;
}

static enum err privilege_facts(struct turn *turn, struct slice subject, struct json *facts)
{
    (void)subject;
    struct turn_names policies, usages;
    enum err all = ERR_NONE;
    struct json *rules = json_set_array(turn->arena, facts, "rules");
    (void)(standing_goes_on(&all, turn_list(turn, "policy/acl/", SLICE_NONE, RULES_MAX, &policies)) &&
           standing_goes_on(&all, turn_list(turn, "usage/", SLICE_NONE, RULES_MAX, &usages)) && standing_goes_on(&all, try_denied(turn, facts)));
    for (size_t i = 0; all == ERR_NONE && i < policies.count; i++) {
        struct slice name = slice_from(policies.names[i], sizeof "policy/acl/" - 1);
        struct json *row = NULL, *usage = NULL;
        all = json_unpack(turn->arena, policies.bytes[i], &row);
        for (size_t u = 0; all == ERR_NONE && u < usages.count && usage == NULL; u++) {
            if (slice_equal(slice_from(usages.names[u], sizeof "usage/" - 1), name)) {
                all = json_unpack(turn->arena, usages.bytes[u], &usage);
            }
        }
        if (all == ERR_NONE) {
            add_rules(turn, rules, name, row, usage);
        }
    }
    return all;
}

enum err self_facts(struct turn *turn, struct slice probe, struct slice subject, struct json **ret_facts)
{
    static const struct {
        const char *probe;
        enum err (*gather)(struct turn *turn, struct slice subject, struct json *facts);
    } rows[] = {{"seal", seal_facts}, {"keys", keys_facts}, {"ledger", ledger_facts}, {"privilege", privilege_facts}, {"exposure", exposure_facts}, {"disjoint", secrets_facts}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (slice_is(probe, rows[i].probe)) {
            struct json *facts = json_new(turn->arena, JSON_OBJECT);
            enum err err = facts == NULL ? ERR_MEMORY : rows[i].gather(turn, subject, facts);
            *ret_facts = err == ERR_NONE ? facts : NULL;
            return err;
        }
    }
    return ERR_NOT_FOUND;
}
