/*
 * The vault: what keep holds that is in no row in plain form. The remote half of the root key while it is being put together, the keys derived from the ring, the
 * TLS identity. It owns them and wipes them; it never leaves keep's process.
 *
 * Rows: boot/seal     {"type":"key-file"|"shamir","local":hex of 32 bytes,"shares","threshold","initialized_ms"}
 *       boot/keyring  the sealed ring (store/barrier.h)
 *       boot/tls      u8 1, bytes private key (DER, SEC 1), bytes certificate (PEM): not behind the barrier, because a sealed Vogt must answer too
 *       core/clients   {"mounts":{UUID:true}}: mounts of logins by certificate
 *       core/authority u8 1, seed[32] (Ed25519), bytes certificate (DER) that signs the client certificates of agents; made with the first agent
 *       core/keys     u8 2, token key[32], evidence seed[32], audit seed[32], bytes name, bytes former name: the origins are "NAME/evidence" and "NAME/audit";
 *                     the former name is empty until `ledger/reopen`. Version 1 ends with the name.
 *
 * Initialising and unsealing are the only operations that change more than rows; they do so in their last run alone.
 */
#ifndef VOGT_ENGINE_VAULT_H
#define VOGT_ENGINE_VAULT_H

#include "engine/ceremony.h"
#include "ledger/note.h"

enum { VAULT_NAME_BYTES = 64 };
#define COMPATIBLE_VERSION "1.15.0" /* of Vault: clients tell by it what they may ask for */

struct vault {
    struct secret remote;               /* key-file: what seal answered */
    struct secret token_key, evidence_seed, audit_seed;
    struct secret tls_key;              /* DER */
    struct slice tls_given;             /* PEM chain that the operator gave; empty: Vogt's own certificate. The caller's, as long as the vault */
    char name[VAULT_NAME_BYTES];
    char former[VAULT_NAME_BYTES];      /* before the last reopening; empty: never reopened */
    struct secret authority_seed;       /* of the agents' authority; empty: there is none */
    uint8_t authority[1024];            /* its certificate, DER */
    size_t authority_len;
    bool asks_certificates;             /* a login by certificate is mounted: the row core/clients names one; gates ask clients for theirs */
    struct secret shares[SHARES_MAX];   /* given to sys/unseal so far */
    size_t share_count;
    struct root_making root_making;
    struct rekeying rekeying;
    bool sealed, initialized;
    const char *type;                   /* static: "key-file", "shamir" or "none" before */
    uint64_t shares_total, threshold;
    int64_t remote_at_ms;               /* when seal was asked: the proof that it was really asked */
};

void vault_free(struct vault *vault);
/* Forgets every key and seals the state. */
void vault_seal(struct vault *vault, struct state *state);

/* Makes root key, ring and keys and puts their rows. shares 0: the key file's remote half, else Shamir; *ret_shares then holds shares * 33 bytes. */
enum err vault_initialize(struct vault *vault, struct turn *turn, unsigned shares, unsigned threshold, struct secret *ret_shares) must_check;
/* Opens the ring with this remote half. ERR_FORGED: the wrong key. */
enum err vault_unseal(struct vault *vault, struct turn *turn, struct slice remote) must_check;
/* Would this remote half open the ring of another store, given its rows boot/seal and boot/keyring? ERR_FORGED: no. ERR_SEALED: there is no half at hand. */
enum err vault_would_open(const struct vault *vault, struct arena *arena, struct slice seal, struct slice ring) must_check;
/* A new key in the ring; rows are sealed anew in the background. */
enum err vault_rotate(struct vault *vault, struct turn *turn) must_check;
/* A new remote half in `shares` shares (1: the half itself), for vault_rekey. The same in every run. */
enum err vault_split(struct turn *turn, unsigned shares, unsigned threshold, struct secret *ret_remote, struct secret *ret_shares) must_check;
/* Puts the ring under another root key: of this remote half, or of the same half with another local one. Both only once vault_can_rekey says that the rows are there. */
bool vault_can_rekey(struct turn *turn);
enum err vault_rekey(struct vault *vault, struct turn *turn, struct slice remote, uint64_t shares, uint64_t threshold) must_check;
enum err vault_rotate_root(struct vault *vault, struct turn *turn) must_check;

/* New origins for both logs, after a restore. */
enum err vault_rename(struct vault *vault, struct turn *turn) must_check;

/* The name under which a log signs. ERR_SEALED. Costs nothing, unlike the key: Ed25519's public key is derived anew at every call. */
enum err vault_log_origin(const struct vault *vault, enum log_id log, char origin[96]) must_check;
/* The signing key of a log: origin, public key, seed. */
enum err vault_log_key(const struct vault *vault, enum log_id log, char origin[96], struct note_key *ret_key, struct slice *ret_seed) must_check;

/* The TLS identity: made at the first start; P-256, self-signed, for localhost, this host's addresses on loopback and `host`. */
enum err vault_identity(struct vault *vault, struct turn *turn, const char *host, struct slice *ret_certificate_pem) must_check;
/* Takes chain and key (PEM) of the operator in its place. ERR_INVALID with a complaint: no such key, or not that of the first certificate; keys are P-256,
 * P-384, Ed25519 or RSA of at least 2048 bits. */
enum err vault_give_identity(struct vault *vault, struct slice chain_pem, struct slice key_pem, struct complaint *complaint) must_check;
/* Signs a handshake by TLS SignatureScheme (RFC 8446, 4.2.3): ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384, rsa_pss_rsae_sha256 over the digest, ed25519 over the
 * message. ERR_INVALID: not with this key. */
enum err vault_sign(const struct vault *vault, uint16_t scheme, struct slice digest, struct buf *out) must_check;

/* SHA-256 of the TLS key's SubjectPublicKeyInfo: what agents pin. It outlives a new certificate for the same key. */
enum err vault_pin(const struct vault *vault, uint8_t ret_pin[SHA256_BYTES]) must_check;
/* asks_certificates, as the row core/clients says. */
enum err vault_clients_load(struct vault *vault, struct turn *turn) must_check;
/* The authority that signs agents' client certificates: taken from its row. ERR_NOT_FOUND: there is none yet. */
enum err vault_authority_load(struct vault *vault, struct turn *turn) must_check;
/* The same, made when there is none. */
enum err vault_authority_make(struct vault *vault, struct turn *turn) must_check;
/* A client certificate (DER) for this name and P-256 point, good from now (five minutes back, for slow clocks) until end_ms. */
struct leaf {
    struct slice name, point;
    uint64_t serial;
    int64_t end_ms;
};
enum err vault_issue(const struct vault *vault, const struct leaf *leaf, int64_t now_ms, struct buf *out) must_check;

#endif
