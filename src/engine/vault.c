#include "engine/vault.h"

#include "base/encode.h"
#include "engine/http_settings.h"
#include "engine/policy.h"

#include <stdio.h>
#include <string.h>

enum { HALF_BYTES = 32 };

static void forget_shares(struct vault *vault)
{
    for (size_t i = 0; i < vault->share_count; i++) {
        secret_free(&vault->shares[i]);
    }
    vault->share_count = 0;
    root_making_end(&vault->root_making);
    rekeying_end(&vault->rekeying);
}

static void forget_keys(struct vault *vault)
{
    secret_free(&vault->token_key);
    secret_free(&vault->evidence_seed);
    secret_free(&vault->audit_seed);
    secret_free(&vault->authority_seed);
    vault->authority_len = 0;
}

void vault_free(struct vault *vault)
{
    forget_shares(vault);
    forget_keys(vault);
    secret_free(&vault->remote);
    secret_free(&vault->tls_key);
}

void vault_seal(struct vault *vault, struct state *state)
{
    forget_shares(vault);
    forget_keys(vault);
    secret_free(&vault->remote);
    state_set_barrier(state, NULL);
    vault->sealed = true;
}

static enum err random_secret(struct turn *turn, struct secret *ret_secret)
{
    enum err err = secret_new(KEY_BYTES, ret_secret);
    if (err == ERR_NONE) {
        turn_random(turn, ret_secret->data, ret_secret->len);
    }
    return err;
}

static enum err put_ring(struct turn *turn, struct barrier *barrier, struct slice root)
{
    uint8_t nonce[XAES_NONCE_BYTES];
    turn_random(turn, nonce, sizeof nonce);
    cleanup_buf struct buf ring = BUF_INIT(ROW_MAX_BYTES);
    enum err err = barrier_seal_ring(barrier, root, nonce, &ring);
    return err == ERR_NONE ? turn_put(turn, "boot/keyring", buf_slice(&ring), 0) : err;
}

static enum err put_keys(struct vault *vault, struct turn *turn)
{
    cleanup_buf struct buf row = BUF_INIT(512);
    enum err err = put_u8(&row, 2);
    err = err == ERR_NONE ? buf_append(&row, secret_slice(&vault->token_key)) : err;
    err = err == ERR_NONE ? buf_append(&row, secret_slice(&vault->evidence_seed)) : err;
    err = err == ERR_NONE ? buf_append(&row, secret_slice(&vault->audit_seed)) : err;
    err = err == ERR_NONE ? put_bytes(&row, slice_string(vault->name)) : err;
    err = err == ERR_NONE ? put_bytes(&row, slice_string(vault->former)) : err;
    err = err == ERR_NONE ? turn_put(turn, "core/keys", buf_slice(&row), 0) : err;
    wipe(row.data, row.len);
    return err;
}

static enum err put_seal(struct vault *vault, struct turn *turn, struct slice local, int64_t initialized_ms)
{
    cleanup_buf struct buf hex = BUF_INIT(2 * HALF_BYTES);
    enum err err = hex_encode(&hex, local);
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "type", slice_string(vault->type));
    json_set_string(turn->arena, row, "local", buf_slice(&hex));
    json_set_u64(turn->arena, row, "shares", vault->shares_total);
    json_set_u64(turn->arena, row, "threshold", vault->threshold);
    json_set_i64(turn->arena, row, "initialized_ms", initialized_ms);
    return err == ERR_NONE ? turn_put_json(turn, "boot/seal", row, 0) : err;
}

static enum err make_name(struct vault *vault, struct turn *turn)
{
    uint8_t random[8];
    turn_random(turn, random, sizeof random);
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof random);
    enum err err = hex_encode(&hex, slice_of(random, sizeof random));
    snprintf(vault->name, sizeof vault->name, "vogt-%.*s", (int)hex.len, (const char *)hex.data);
    return err;
}

/* Everything random, in one order, so that a run equals the one before. */
static enum err make_keys(struct vault *vault, struct turn *turn)
{
    forget_keys(vault);
    enum err err = random_secret(turn, &vault->token_key);
    err = err == ERR_NONE ? random_secret(turn, &vault->evidence_seed) : err;
    err = err == ERR_NONE ? random_secret(turn, &vault->audit_seed) : err;
    return err == ERR_NONE ? make_name(vault, turn) : err;
}

enum err vault_split(struct turn *turn, unsigned shares, unsigned threshold, struct secret *remote, struct secret *ret_shares)
{
    enum err err = random_secret(turn, remote);
    if (err != ERR_NONE) {
        return err;
    }
    if (shares == 1) {
        struct secret only = SECRET_NONE;
        err = secret_copy(secret_slice(remote), &only);
        *ret_shares = secret_take(&only);
        return err;
    }
    struct secret random cleanup_secret = SECRET_NONE;
    err = secret_new((size_t)KEY_BYTES * (threshold - 1), &random);
    if (err != ERR_NONE) {
        return err;
    }
    turn_random(turn, random.data, random.len);
    struct secret split[SHARES_MAX] = {{0}};
    err = shamir_split(secret_slice(remote), shares, threshold, secret_slice(&random), split);
    err = err == ERR_NONE ? secret_new((size_t)shares * (KEY_BYTES + 1), ret_shares) : err;
    for (unsigned i = 0; i < shares; i++) {
        if (err == ERR_NONE) {
            memcpy(ret_shares->data + (size_t)i * (KEY_BYTES + 1), split[i].data, KEY_BYTES + 1);
        }
        secret_free(&split[i]);
    }
    return err;
}

/* Asks for every row that initialising writes, so that the last run has them all. */
static bool want_rows(struct turn *turn)
{
    static const char *const paths[] = {"boot/seal", "boot/keyring", "core/keys", "policy/acl/default", "policy/acl/admin", "policy/acl/operator", "policy/acl/auditor"};
    bool all = true;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        all = turn_want(turn, paths[i]) && all;
    }
    return all;
}

enum err vault_initialize(struct vault *vault, struct turn *turn, unsigned shares, unsigned threshold, struct secret *ret_shares)
{
    if (!want_rows(turn)) {
        return ERR_NEED;
    }
    if (vault->initialized) {
        return ERR_EXISTS;
    }
    struct secret remote cleanup_secret = SECRET_NONE, root cleanup_secret = SECRET_NONE, first cleanup_secret = SECRET_NONE;
    uint8_t local[HALF_BYTES];
    turn_random(turn, local, sizeof local);
    enum err err = shares == 0 ? secret_copy(secret_slice(&vault->remote), &remote) : vault_split(turn, shares, threshold, &remote, ret_shares);
    vault->type = shares == 0 ? "key-file" : "shamir";
    vault->shares_total = shares;
    vault->threshold = threshold;
    err = err == ERR_NONE ? root_key_derive(secret_slice(&remote), slice_of(local, sizeof local), slice_string(vault->type), &root) : err;
    err = err == ERR_NONE ? random_secret(turn, &first) : err;
    struct barrier *barrier = NULL;
    err = err == ERR_NONE ? barrier_new(secret_slice(&first), turn->now_ms, &barrier) : err;
    if (err != ERR_NONE) {
        return err;
    }
    err = put_ring(turn, barrier, secret_slice(&root));
    err = err == ERR_NONE ? put_seal(vault, turn, slice_of(local, sizeof local), turn->now_ms) : err;
    err = err == ERR_NONE ? make_keys(vault, turn) : err;
    err = err == ERR_NONE ? put_keys(vault, turn) : err;
    err = err == ERR_NONE ? policy_create_defaults(turn) : err;
    if (err != ERR_NONE) {
        barrier_free(barrier);
        return err;
    }
    state_set_barrier(turn->state, barrier);
    secret_free(&vault->remote);
    vault->remote = secret_take(&remote);
    vault->remote_at_ms = turn->now_ms;
    vault->initialized = true;
    vault->sealed = false;
    return ERR_NONE;
}

static void keep_name(char out[VAULT_NAME_BYTES], struct slice name)
{
    if (name.len > 0) {
        memcpy(out, name.data, name.len);
    }
    out[name.len] = '\0';
}

static enum err load_keys(struct vault *vault, struct turn *turn)
{
    struct slice row, key, evidence, audit, name, former = SLICE_NONE;
    enum err err = turn_row(turn, "core/keys", &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct reader reader = reader_of(row);
    uint8_t version = 0;
    err = get_u8(&reader, &version);
    err = err == ERR_NONE ? get_raw(&reader, KEY_BYTES, &key) : err;
    err = err == ERR_NONE ? get_raw(&reader, KEY_BYTES, &evidence) : err;
    err = err == ERR_NONE ? get_raw(&reader, KEY_BYTES, &audit) : err;
    err = err == ERR_NONE ? get_bytes(&reader, sizeof vault->name - 1, &name) : err;
    if (err == ERR_NONE && version == 2) {
        err = get_bytes(&reader, sizeof vault->former - 1, &former);
    }
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err != ERR_NONE || (version != 1 && version != 2)) {
        return ERR_DAMAGED;
    }
    forget_keys(vault);
    err = secret_copy(key, &vault->token_key);
    err = err == ERR_NONE ? secret_copy(evidence, &vault->evidence_seed) : err;
    err = err == ERR_NONE ? secret_copy(audit, &vault->audit_seed) : err;
    keep_name(vault->name, name);
    keep_name(vault->former, former);
    /* the arena is not wiped: take the plain row out of it */
    memset((void *)(uintptr_t)row.data, 0, row.len);
    return err;
}

static enum err root_of(const struct json *seal, struct slice remote, struct secret *ret_root)
{
    cleanup_buf struct buf local = BUF_INIT(HALF_BYTES);
    enum err err = hex_decode(&local, json_text(seal, "local", SLICE_NONE));
    return err == ERR_NONE ? root_key_derive(remote, buf_slice(&local), json_text(seal, "type", SLICE_NONE), ret_root) : ERR_DAMAGED;
}

static enum err derive_root(struct turn *turn, struct slice remote, struct secret *ret_root)
{
    const struct json *seal = NULL;
    enum err err = turn_json(turn, "boot/seal", &seal);
    return err == ERR_NONE ? root_of(seal, remote, ret_root) : err;
}

enum err vault_would_open(const struct vault *vault, struct arena *arena, struct slice seal, struct slice ring)
{
    struct secret root cleanup_secret = SECRET_NONE;
    struct barrier *barrier = NULL;
    struct json *tree = NULL;
    enum err err = vault->remote.len == 0 ? ERR_SEALED : json_unpack(arena, seal, &tree);
    err = err == ERR_NONE ? root_of(tree, secret_slice(&vault->remote), &root) : err;
    err = err == ERR_NONE ? barrier_open(secret_slice(&root), ring, &barrier) : err;
    barrier_free(barrier);
    return err;
}

enum err vault_clients_load(struct vault *vault, struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, "core/clients", &row);
    const struct json *mounts = json_member(row, "mounts");
    if (err == ERR_NONE || err == ERR_NOT_FOUND) {
        vault->asks_certificates = mounts != NULL && mounts->count > 0;
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err vault_unseal(struct vault *vault, struct turn *turn, struct slice remote)
{
    bool ready = turn_want(turn, "boot/seal");
    ready = turn_want(turn, "boot/keyring") && ready;
    ready = turn_want(turn, "core/keys") && ready;
    ready = turn_want(turn, "core/authority") && ready;
    ready = turn_want(turn, "core/clients") && ready;
    ready = turn_want(turn, "core/http") && ready;
    if (!ready) {
        return ERR_NEED;
    }
    struct secret root cleanup_secret = SECRET_NONE;
    struct slice ring;
    enum err err = derive_root(turn, remote, &root);
    err = err == ERR_NONE ? turn_row(turn, "boot/keyring", &ring) : err;
    struct barrier *barrier = NULL;
    err = err == ERR_NONE ? barrier_open(secret_slice(&root), ring, &barrier) : err;
    if (err != ERR_NONE) {
        return err;
    }
    state_set_barrier(turn->state, barrier);
    err = load_keys(vault, turn);
    if (err == ERR_NONE) {
        err = vault_authority_load(vault, turn);
        err = err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    err = err == ERR_NONE ? vault_clients_load(vault, turn) : err;
    const struct json *http = NULL;
    err = err == ERR_NONE ? http_settings_load(turn, &http) : err;
    err = err == ERR_NONE ? http_settings_tell(turn, http) : err;
    if (err != ERR_NONE) {
        vault_seal(vault, turn->state);
        return err;
    }
    vault->sealed = false;
    return ERR_NONE;
}

static enum err no_root_key(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("the root key is not at hand: unseal again and rotate then", "der Wurzelschlüssel liegt nicht vor: erneut entsiegeln, dann rotieren"), SLICE_NONE);
}

enum err vault_rotate(struct vault *vault, struct turn *turn)
{
    struct slice ring;
    enum err err = turn_row(turn, "boot/keyring", &ring);
    struct secret root cleanup_secret = SECRET_NONE, key cleanup_secret = SECRET_NONE;
    if (err == ERR_NONE && vault->remote.len == 0) {
        return no_root_key(turn);
    }
    err = err == ERR_NONE ? derive_root(turn, secret_slice(&vault->remote), &root) : err;
    err = err == ERR_NONE ? random_secret(turn, &key) : err;
    err = err == ERR_NONE ? barrier_rotate(state_barrier(turn->state), secret_slice(&key), turn->now_ms) : err;
    return err == ERR_NONE ? put_ring(turn, state_barrier(turn->state), secret_slice(&root)) : err;
}

bool vault_can_rekey(struct turn *turn)
{
    bool has_ring = turn_want(turn, "boot/keyring");
    return turn_want(turn, "boot/seal") && has_ring;
}

enum err vault_rekey(struct vault *vault, struct turn *turn, struct slice remote, uint64_t shares, uint64_t threshold)
{
    struct secret root cleanup_secret = SECRET_NONE, kept cleanup_secret = SECRET_NONE;
    uint64_t shares_before = vault->shares_total, threshold_before = vault->threshold;
    uint8_t local[HALF_BYTES];
    const struct json *seal = NULL;
    int64_t initialized_ms = 0;
    turn_random(turn, local, sizeof local);
    enum err err = turn_json(turn, "boot/seal", &seal);
    err = err == ERR_NONE ? json_i64(seal, "initialized_ms", &initialized_ms) : err;
    err = err != ERR_NONE ? err : state_barrier(turn->state) == NULL ? ERR_SEALED : secret_copy(remote, &kept);
    err = err == ERR_NONE ? root_key_derive(remote, slice_of(local, sizeof local), slice_string(vault->type), &root) : err;
    err = err == ERR_NONE ? put_ring(turn, state_barrier(turn->state), secret_slice(&root)) : err;
    vault->shares_total = shares;
    vault->threshold = threshold;
    err = err == ERR_NONE ? put_seal(vault, turn, slice_of(local, sizeof local), initialized_ms) : err;
    if (err != ERR_NONE) {
        vault->shares_total = shares_before;
        vault->threshold = threshold_before;
        return err;
    }
    secret_free(&vault->remote);
    vault->remote = secret_take(&kept);
    return ERR_NONE;
}

enum err vault_rotate_root(struct vault *vault, struct turn *turn)
{
    if (vault->remote.len == 0) {
        return no_root_key(turn);
    }
    struct secret remote cleanup_secret = SECRET_NONE;
    enum err err = secret_copy(secret_slice(&vault->remote), &remote);
    return err == ERR_NONE ? vault_rekey(vault, turn, secret_slice(&remote), vault->shares_total, vault->threshold) : err;
}

enum err vault_rename(struct vault *vault, struct turn *turn)
{
    if (!turn_want(turn, "core/keys")) {
        return ERR_NEED;
    }
    snprintf(vault->former, sizeof vault->former, "%s", vault->name);
    enum err err = make_name(vault, turn);
    return err == ERR_NONE ? put_keys(vault, turn) : err;
}

static const struct secret *seed_of(const struct vault *vault, enum log_id log)
{
    return log == LOG_EVIDENCE ? &vault->evidence_seed : &vault->audit_seed;
}

enum err vault_log_origin(const struct vault *vault, enum log_id log, char origin[96])
{
    snprintf(origin, 96, "%s/%s", vault->name, log == LOG_EVIDENCE ? "evidence" : "audit");
    return seed_of(vault, log)->len == 0 ? ERR_SEALED : ERR_NONE;
}

enum err vault_log_key(const struct vault *vault, enum log_id log, char origin[96], struct note_key *ret_key, struct slice *ret_seed)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    struct slice seed = secret_slice(seed_of(vault, log));
    enum err err = vault_log_origin(vault, log, origin);
    err = err == ERR_NONE ? ed25519_public(seed, public_key) : err;
    err = err == ERR_NONE ? note_key_make(slice_string(origin), NOTE_TYPE_ED25519, slice_of(public_key, sizeof public_key), ret_key) : err;
    if (err == ERR_NONE) {
        *ret_seed = seed;
    }
    return err;
}
