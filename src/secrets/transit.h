/*
 * Transit: keys that never leave unless they were made for it, used by name: encrypting, signing, MACs. Rows of a mount:
 *
 *   m/UUID/key/NAME            {"id": HEX of 16 random bytes,"type","latest","available","min_decryption","min_encryption","derived","convergent","exportable",
 *                               "backup","deletable","rotate_s","rotate_at_ms","key_bytes","imported","import_rotation","backed_up_ms","restored_ms"}
 *   m/UUID/version/ID/NUMBER   {"created_ms","key","hmac","public"}: base64; NUMBER is hexadecimal of eight digits, so that rows follow one another as versions do.
 *                              "key" is absent where only a public key was imported
 *
 * Versions hang on the ID, drawn at random: a key that was deleted and is made again has none of the old ones. A key's row does not grow with its versions.
 * What stands in "key": AES, ChaCha20, HMAC: the key. Ed25519: the seed. ECDSA: the private number, big-endian, as long as the curve's order. RSA: RSAPrivateKey
 * of RFC 8017. "public": Ed25519: 32 bytes. ECDSA: 0x04, x, y. RSA: RSAPublicKey of RFC 8017.
 * Times of keys are of the wall: people and other programs read them.
 */
#ifndef VOGT_SECRETS_TRANSIT_H
#define VOGT_SECRETS_TRANSIT_H

#include "crypto/crypto.h"
#include "crypto/ec.h"
#include "crypto/rsa.h"
#include "secrets/secrets.h"

enum {
    TRANSIT_NAME_MAX_BYTES = 128,
    TRANSIT_HMAC_KEY_BYTES = 32,
    TRANSIT_HMAC_KEY_MAX_BYTES = 512,
    TRANSIT_ID_BYTES = 16,
    TRANSIT_VERSION_MAX = 1000000000,
    TRANSIT_CONVERGENT_VERSION = 3,
    TRANSIT_ROTATE_MIN_S = 3600,
};

enum transit_family { TRANSIT_AEAD, TRANSIT_ED25519, TRANSIT_EC, TRANSIT_RSA, TRANSIT_HMAC };

/* A type of key. */
struct transit_kind {
    const char *name;                   /* "aes256-gcm96" */
    enum transit_family family;
    unsigned detail;                    /* enum aead_kind; enum curve; bits of an RSA key */
    unsigned number;                    /* as backups name it */
    size_t key_bytes;                   /* 0: not fixed */
    bool encrypts, signs, derives;
    const char *public_name;            /* how the list of versions calls it */
};
const struct transit_kind *transit_kind(struct slice name);     /* NULL: unknown */
const struct transit_kind *transit_kind_numbered(uint64_t number);

/* A key as its row says; borrows from the run. */
struct transit_key {
    struct slice name, id;
    const struct transit_kind *kind;
    uint64_t latest, available, min_decryption, min_encryption;
    bool derived, convergent, exportable, backup, deletable, imported, import_rotation;
    uint64_t rotate_s, key_bytes;
    int64_t rotate_at_ms, backed_up_ms, restored_ms;
};

/* A version's material; in the run's arena, which is wiped. */
struct transit_version {
    uint64_t number;
    int64_t created_ms;
    struct slice key, hmac, public_key;
};

bool transit_name_is_good(struct slice name);
char *transit_key_path(struct turn *turn, struct slice name);
char *transit_version_path(struct turn *turn, struct slice id, uint64_t number);
/* ERR_NOT_FOUND, ERR_NEED, ERR_DAMAGED. */
enum err transit_load(struct turn *turn, struct slice name, struct transit_key *ret_key) must_check;
/* The same; where there is none: 400, with these words. */
enum err transit_need(struct turn *turn, struct slice name, struct text missing, struct transit_key *ret_key) must_check;
enum err transit_save(struct turn *turn, const struct transit_key *key) must_check;
enum err transit_version(struct turn *turn, const struct transit_key *key, uint64_t number, struct transit_version *ret_version) must_check;
/* All versions from `first` on, in order. */
enum err transit_versions(struct turn *turn, const struct transit_key *key, uint64_t first, struct transit_version **ret_versions, size_t *ret_count) must_check;
/* The versions that a path names: "" all that may still be read, "latest", or a number. Refuses others. */
enum err transit_versions_named(struct turn *turn, const struct transit_key *key, struct slice named, struct transit_version **ret_versions, size_t *ret_count) must_check;
enum err transit_put_version(struct turn *turn, const struct transit_key *key, const struct transit_version *version, bool is_new) must_check;
/* A key that never was: its id drawn, no version yet. */
struct transit_key transit_new(struct turn *turn, struct slice name, const struct transit_kind *kind);
/* Draws new material: key and public half of *version. */
enum err transit_make(struct turn *turn, const struct transit_key *key, struct transit_version *version) must_check;
/* Draws new material as the next version, saves key and version, and says so in the evidence log. */
enum err transit_rotate(struct turn *turn, struct transit_key *key) must_check;
/* The same with material from elsewhere; `version->hmac` is drawn. */
enum err transit_add(struct turn *turn, struct transit_key *key, struct transit_version *version) must_check;
/* The public half of a version's key. */
enum err transit_set_public(struct turn *turn, const struct transit_key *key, struct transit_version *version) must_check;
/* Sets when keep rotates the key next, and has it remembered; 0: no more. */
enum err transit_schedule(struct turn *turn, struct transit_key *key) must_check;
/* Its versions go by and by, and it is no longer rotated; the row stays, for who replaces it. */
enum err transit_forget(struct turn *turn, const struct transit_key *key) must_check;
/* Takes the key away. */
enum err transit_remove(struct turn *turn, const struct transit_key *key) must_check;

/* A version's public key as people see it: PEM of a SubjectPublicKeyInfo, of Ed25519 base64; of a derived key the one of this context, or nothing without. */
enum err transit_public_text(struct turn *turn, const struct transit_key *key, const struct transit_version *version, struct slice context, struct slice *ret_text) must_check;

/* What may be said of a new key: type and options of the body, checked. */
enum err transit_wish(struct turn *turn, struct slice name, struct transit_key *ret_key) must_check;
enum err transit_allow_derived(struct turn *turn, const struct transit_key *key) must_check;

bool transit_hash(struct slice name, enum hash *ret_hash);          /* "sha2-256"…, "none" */

/* The key of a context (Vault's kdf "hkdf_sha256"): HKDF-SHA-256 without salt, the context as info. */
enum err transit_derive(struct slice key, struct slice context, uint8_t *ret_out, size_t out_bytes) must_check;

/*
 * "vault:v1:TEXT", as ciphertexts, signatures and MACs are written.
 */
struct transit_text {
    uint64_t version;
    struct slice text;                  /* still base64 */
};
size_t transit_prefix(uint64_t version, char out[32]);              /* "vault:v7:" */

/*
 * A request that names a key and has one item or many (batch_input). An item is refused with turn_refuse: alone, that is the reply; in a batch it stands in the item's
 * result as "error", and the others are done all the same.
 */
struct transit_call;
typedef enum err (*transit_number_fn)(struct transit_call *call, const struct json *item, uint64_t *ret_number); /* which version an item needs */
typedef enum err (*transit_item_fn)(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result);

struct transit_loaded {
    struct transit_loaded *next;
    struct transit_version version;
    struct aead *aead;                  /* of keys that are not derived; made when first needed */
};

struct transit_call {
    struct turn *turn;
    struct transit_key key;
    const struct json *batch;           /* NULL: the body is the item */
    struct transit_loaded *loaded;
    struct buf scratch;                 /* wiped when the call ends */
    bool fails_alone;                   /* one refused item makes the whole reply 400, as for encrypt, decrypt and rewrap */
    const void *detail;                 /* of the operation */
};

/* Runs all items, makes the reply. */
enum err transit_call_run(struct transit_call *call, transit_number_fn number, transit_item_fn item) must_check;
/* batch_input of the body: NULL where there is none; refuses what is no array of objects, or empty. */
enum err transit_call_batch(struct turn *turn, const struct json **ret_batch) must_check;
struct transit_loaded *transit_call_version(struct transit_call *call, uint64_t number);     /* NULL: not loaded */
/* Items of pairs are slow, and works of their own in one turn. */
enum err transit_call_bounded(const struct transit_call *call) must_check;
/* For items that need a second version. */
enum err transit_call_load(struct transit_call *call, uint64_t number) must_check;

/* A member in base64, into the arena. Absent: empty. */
enum err transit_bytes(struct turn *turn, const struct json *item, const char *name, struct slice *ret_bytes) must_check;
/* The item's context, needed by derived keys. */
enum err transit_context(struct transit_call *call, const struct json *item, struct slice *ret_context) must_check;
/* key_version for making something new: 0 or absent is the latest. */
enum err transit_number_to_make(struct transit_call *call, const struct json *item, uint64_t *ret_number) must_check;
/* The version that a text names, for reading it. */
enum err transit_number_to_read(struct transit_call *call, struct slice text, bool is_signature, struct transit_text *ret_text) must_check;
/* Sets a member to "vault:vN:" and the bytes in base64. */
enum err transit_set_text(struct turn *turn, struct json *result, const char *name, uint64_t version, struct slice bytes) must_check;
enum err transit_set_base64(struct turn *turn, struct json *result, const char *name, struct slice bytes) must_check;

#endif
