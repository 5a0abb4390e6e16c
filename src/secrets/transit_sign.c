/*
 * sign, verify, hmac. A signature is "vault:vN:" and base64 (asn1) or base64url without padding (jws); of ECDSA the first is DER, the second r and s side by side.
 * Ed25519 signs the input itself, all others its digest, or what the caller digested (prehashed).
 */
#include "secrets/transit.h"

#include "base/encode.h"

#include <string.h>

enum { SCRATCH_MAX_BYTES = 16 << 20, FEW_ITEMS = 16 };

static const struct text NO_KEY = TEXT_INIT("signing key not found", "diesen Schlüssel gibt es nicht");

struct hash_name {
    const char *name;
    enum hash hash;
};
static const struct hash_name hash_names[] = {
    {"sha1", HASH_SHA1}, {"sha2-224", HASH_SHA2_224}, {"sha2-256", HASH_SHA2_256}, {"sha2-384", HASH_SHA2_384}, {"sha2-512", HASH_SHA2_512},
    {"sha3-224", HASH_SHA3_224}, {"sha3-256", HASH_SHA3_256}, {"sha3-384", HASH_SHA3_384}, {"sha3-512", HASH_SHA3_512}, {"none", HASH_NONE},
};

bool transit_hash(struct slice name, enum hash *ret_hash)
{
    for (size_t i = 0; i < sizeof hash_names / sizeof hash_names[0]; i++) {
        if (slice_is(name, hash_names[i].name)) {
            *ret_hash = hash_names[i].hash;
            return true;
        }
    }
    return false;
}

/* What the request says once for all items. */
struct manner {
    struct rsa_scheme scheme;
    struct slice salt;                  /* as it is handed to the work */
    bool is_prehashed, is_jws;
};

/* ---- reading the manner ---- */

static enum err read_hash(struct turn *turn, bool takes_none, enum hash *ret_hash)
{
    struct slice named = turn->values[1].len > 0 ? turn->values[1] : turn_field(turn, "hash_algorithm");
    named = named.len > 0 ? named : turn_field(turn, "algorithm");
    *ret_hash = HASH_SHA2_256;
    if (named.len > 0 && (!transit_hash(named, ret_hash) || (*ret_hash == HASH_NONE && !takes_none))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid hash algorithm", "dieses Hash-Verfahren gibt es hier nicht"), SLICE_NONE);
    }
    return ERR_NONE;
}

static enum err read_salt(struct turn *turn, struct manner *manner)
{
    const struct json *given = json_member(turn->request->body, "salt_length");
    struct slice text = given == NULL || given->text.len == 0 ? SLICE_LITERAL("auto") : given->text;
    uint64_t bytes = 0;
    manner->salt = text;
    manner->scheme.salt_bytes = slice_is(text, "hash") ? RSA_SALT_HASH : RSA_SALT_AUTO;
    if (slice_is(text, "auto") || slice_is(text, "hash")) {
        return ERR_NONE;
    }
    if (slice_to_u64(text, &bytes) != ERR_NONE || bytes > RSA_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("salt_length must be auto, hash, or a number of bytes", "salt_length ist auto, hash oder eine Zahl von Bytes"), SLICE_NONE);
    }
    manner->scheme.salt_bytes = (int)bytes;
    return ERR_NONE;
}

static enum err read_manner(struct turn *turn, struct manner *ret_manner)
{
    struct slice marshaling = turn_field(turn, "marshaling_algorithm"), padding = turn_field(turn, "signature_algorithm");
    struct manner manner = {.is_prehashed = json_bool(turn->request->body, "prehashed", false), .is_jws = slice_is(marshaling, "jws")};
    enum err err = read_hash(turn, true, &manner.scheme.hash);
    manner.scheme.is_pss = !slice_is(padding, "pkcs1v15");
    if (err == ERR_NONE && marshaling.len > 0 && !manner.is_jws && !slice_is(marshaling, "asn1")) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("invalid marshaling algorithm: asn1 or jws", "marshaling_algorithm ist asn1 oder jws"), SLICE_NONE);
    }
    if (err == ERR_NONE && padding.len > 0 && manner.scheme.is_pss && !slice_is(padding, "pss")) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("unsupported signature algorithm: pss or pkcs1v15", "signature_algorithm ist pss oder pkcs1v15"), SLICE_NONE);
    }
    if (err == ERR_NONE && manner.scheme.hash == HASH_NONE && (manner.scheme.is_pss || !manner.is_prehashed)) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15", "hash_algorithm=none braucht prehashed=true und signature_algorithm=pkcs1v15"), SLICE_NONE);
    }
    err = err == ERR_NONE ? read_salt(turn, &manner) : err;
    *ret_manner = manner;
    return err;
}

/* ---- the digest of an item ---- */

static enum err read_input(struct transit_call *call, const struct json *item)
{
    const struct json *input = json_member(item, "input");
    if (input == NULL || input->type != JSON_STRING) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("missing input", "es fehlt „input“"), SLICE_NONE);
    }
    buf_clear(&call->scratch);
    enum err err = base64_decode(&call->scratch, input->text);
    return err == ERR_MALFORMED ? turn_refuse(call->turn, ERR_INVALID, TEXT("unable to decode input as base64", "input ist kein Base64"), SLICE_NONE) : err;
}

static enum err digest_of(struct transit_call *call, const struct manner *manner, uint8_t room[HASH_MAX_BYTES], struct slice *ret_digest)
{
    struct slice input = buf_slice(&call->scratch);
    size_t bytes = hash_bytes(manner->scheme.hash);
    if (!manner->is_prehashed) {
        *ret_digest = slice_of(room, bytes);
        return hash_of(manner->scheme.hash, input, room);
    }
    bool fits = call->key.kind->family == TRANSIT_RSA ? (bytes == 0 ? input.len <= RSA_MAX_BYTES : input.len == bytes) : input.len > 0 && input.len <= HASH_MAX_BYTES;
    *ret_digest = input;
    return fits ? ERR_NONE : turn_refuse(call->turn, ERR_INVALID, TEXT("the input is no digest of this hash algorithm", "input hat nicht die Länge dieses Hash-Verfahrens"), SLICE_NONE);
}

/* ---- one signature ---- */

/* The seed of the context, for keys that are derived; else the key's own. */
static enum err seed_of(struct transit_call *call, const struct json *item, const struct transit_version *version, uint8_t seed[ED25519_SEED_BYTES])
{
    struct slice context;
    enum err err = transit_context(call, item, &context);
    if (err == ERR_NONE && call->key.derived) {
        return transit_derive(version->key, context, seed, ED25519_SEED_BYTES);
    }
    if (err == ERR_NONE) {
        memcpy(seed, version->key.data, ED25519_SEED_BYTES);
    }
    return err;
}

/* One item is done at once but for RSA; many go to keep's thread, so that nobody waits for them. */
static bool is_slow(const struct transit_call *call)
{
    return call->key.kind->family == TRANSIT_RSA || (call->batch != NULL && call->batch->count > FEW_ITEMS);
}

static struct json *told(struct transit_call *call, const struct manner *manner, struct slice message, enum err *ret_err)
{
    struct arena *arena = call->turn->arena;
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, input, "family", call->key.kind->family);
    json_set_u64(arena, input, "detail", call->key.kind->detail);
    json_set_bool(arena, input, "pss", manner->scheme.is_pss);
    json_set_u64(arena, input, "hash", manner->scheme.hash);
    json_set_string(arena, input, "salt", manner->salt);
    *ret_err = transit_set_base64(call->turn, input, "message", message);
    return input;
}

/* A signature as the key makes it; of ECDSA in DER. */
static enum err sign_message(struct transit_call *call, const struct manner *manner, struct slice key, struct slice message, struct buf *out)
{
    const struct json *output = NULL;
    struct slice signature;
    uint8_t plain[ED25519_SIGNATURE_BYTES];
    if (!is_slow(call) && call->key.kind->family == TRANSIT_EC) {
        return ec_sign((enum curve)call->key.kind->detail, key, message, out);
    }
    if (!is_slow(call)) {
        enum err err = ed25519_sign(key, message, plain);
        return err == ERR_NONE ? buf_append(out, slice_of(plain, sizeof plain)) : err;
    }
    enum err err = ERR_NONE;
    struct json *input = told(call, manner, message, &err);
    err = err == ERR_NONE ? turn_work(call->turn, ROLE_KEEP, "key.sign", input, key, &output, &signature, NULL) : err;
    if (err == ERR_INVALID) {
        return turn_refuse(call->turn, err, TEXT("this key cannot sign so: salt or input are too long for it", "so kann dieser Schlüssel nicht signieren: Salz oder Eingabe sind zu lang"), SLICE_NONE);
    }
    return err == ERR_NONE ? buf_append(out, signature) : err;
}

static enum err verify_message(struct transit_call *call, const struct manner *manner, struct slice key, struct slice message, struct slice signature)
{
    const struct json *output = NULL;
    struct slice raw;
    bool is_many = call->batch != NULL && call->batch->count > FEW_ITEMS; /* checking is quick with RSA too */
    if (!is_many) {
        return call->key.kind->family == TRANSIT_RSA ? rsa_verify(key, &manner->scheme, message, signature)
               : call->key.kind->family == TRANSIT_EC ? ec_verify((enum curve)call->key.kind->detail, key, message, signature) : ed25519_verify(key, message, signature);
    }
    enum err err = ERR_NONE;
    struct json *input = told(call, manner, message, &err);
    err = err == ERR_NONE ? transit_set_base64(call->turn, input, "signature", signature) : err;
    return err == ERR_NONE ? turn_work(call->turn, ROLE_KEEP, "key.verify", input, key, &output, &raw, NULL) : err;
}

static enum err sign_ed25519(struct transit_call *call, const struct json *item, const struct transit_version *version, const struct manner *manner, struct json *result, struct buf *out)
{
    uint8_t seed[ED25519_SEED_BYTES], public_key[ED25519_PUBLIC_BYTES];
    enum err err = seed_of(call, item, version, seed);
    err = err == ERR_NONE ? sign_message(call, manner, slice_of(seed, sizeof seed), buf_slice(&call->scratch), out) : err;
    if (err == ERR_NONE && call->key.derived) {
        err = ed25519_public(slice_of(seed, sizeof seed), public_key);
        err = err == ERR_NONE ? transit_set_base64(call->turn, result, call->batch == NULL ? "public_key" : "publickey", slice_of(public_key, sizeof public_key)) : err;
    }
    wipe(seed, sizeof seed);
    return err;
}

static enum err sign_ec(struct transit_call *call, const struct json *item, const struct transit_version *version, const struct manner *manner, struct json *result, struct buf *out)
{
    uint8_t room[HASH_MAX_BYTES];
    struct slice digest;
    cleanup_buf struct buf der = BUF_INIT(256);
    (void)item;
    (void)result;
    enum err err = digest_of(call, manner, room, &digest);
    err = err == ERR_NONE ? sign_message(call, manner, version->key, digest, &der) : err;
    return err != ERR_NONE ? err : manner->is_jws ? ec_to_jws((enum curve)call->key.kind->detail, buf_slice(&der), out) : buf_append(out, buf_slice(&der));
}

static enum err sign_rsa(struct transit_call *call, const struct json *item, const struct transit_version *version, const struct manner *manner, struct json *result, struct buf *out)
{
    uint8_t room[HASH_MAX_BYTES];
    struct slice digest;
    (void)item;
    (void)result;
    enum err err = digest_of(call, manner, room, &digest);
    return err == ERR_NONE ? sign_message(call, manner, version->key, digest, out) : err;
}

static enum err set_signature(struct transit_call *call, struct json *result, uint64_t number, struct slice signature, bool is_jws)
{
    if (!is_jws) {
        return transit_set_text(call->turn, result, "signature", number, signature);
    }
    char prefix[32];
    cleanup_buf struct buf text = BUF_INIT(2048);
    enum err err = buf_append(&text, slice_of(prefix, transit_prefix(number, prefix)));
    err = err == ERR_NONE ? base64url_encode(&text, signature) : err;
    return err != ERR_NONE ? err : json_set_string(call->turn->arena, result, "signature", buf_slice(&text)) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err sign_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result)
{
    static enum err (*const signers[])(struct transit_call *, const struct json *, const struct transit_version *, const struct manner *, struct json *, struct buf *) = {
        [TRANSIT_ED25519] = sign_ed25519, [TRANSIT_EC] = sign_ec, [TRANSIT_RSA] = sign_rsa,
    };
    const struct manner *manner = call->detail;
    cleanup_buf struct buf signature = BUF_INIT(RSA_MAX_BYTES);
    if (version->key.len == 0) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("requested version for signing does not contain a private part", "von dieser Version kennt Vogt nur den öffentlichen Teil"), SLICE_NONE);
    }
    enum err err = read_input(call, item);
    err = err == ERR_NONE ? signers[call->key.kind->family](call, item, version, manner, result, &signature) : err;
    err = err == ERR_NONE ? set_signature(call, result, version->number, buf_slice(&signature), manner->is_jws) : err;
    return err != ERR_NONE ? err : json_set_u64(call->turn->arena, result, "key_version", version->number) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err operation_transit_sign(struct turn *turn)
{
    struct manner manner;
    struct transit_call call = {.turn = turn, .scratch = BUF_INIT(SCRATCH_MAX_BYTES), .detail = &manner};
    enum err err = transit_call_batch(turn, &call.batch);
    err = err == ERR_NONE ? transit_need(turn, turn->values[0], NO_KEY, &call.key) : err;
    if (err == ERR_NONE && !call.key.kind->signs) {
        return turn_refuse(turn, ERR_INVALID, TEXT("key type does not support signing", "Schlüssel dieses Typs signieren nicht"), slice_string(call.key.kind->name));
    }
    err = err == ERR_NONE ? read_manner(turn, &manner) : err;
    err = err == ERR_NONE ? transit_call_bounded(&call) : err;
    return err == ERR_NONE ? transit_call_run(&call, transit_number_to_make, sign_item) : err;
}

/* ---- hmac ---- */

static struct slice mac_key(const struct transit_call *call, const struct transit_version *version)
{
    return call->key.kind->family == TRANSIT_HMAC ? version->key : version->hmac;
}

static enum err hmac_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result)
{
    const struct manner *manner = call->detail;
    uint8_t mac[HASH_MAX_BYTES];
    enum err err = read_input(call, item);
    err = err == ERR_NONE ? hash_mac(manner->scheme.hash, mac_key(call, version), buf_slice(&call->scratch), mac) : err;
    return err == ERR_NONE ? transit_set_text(call->turn, result, "hmac", version->number, slice_of(mac, hash_bytes(manner->scheme.hash))) : err;
}

enum err operation_transit_hmac(struct turn *turn)
{
    struct manner manner = {0};
    struct transit_call call = {.turn = turn, .scratch = BUF_INIT(SCRATCH_MAX_BYTES), .detail = &manner};
    enum err err = transit_call_batch(turn, &call.batch);
    err = err == ERR_NONE ? transit_need(turn, turn->values[0], TEXT("encryption key not found", "diesen Schlüssel gibt es nicht"), &call.key) : err;
    err = err == ERR_NONE ? read_hash(turn, false, &manner.scheme.hash) : err;
    return err == ERR_NONE ? transit_call_run(&call, transit_number_to_make, hmac_item) : err;
}

/* ---- verify ---- */

static struct slice text_to_verify(const struct json *item, bool *ret_is_mac)
{
    struct slice signature = json_text(item, "signature", SLICE_NONE), mac = json_text(item, "hmac", SLICE_NONE);
    *ret_is_mac = mac.len > 0;
    return signature.len > 0 && mac.len > 0 ? SLICE_NONE : mac.len > 0 ? mac : signature;
}

static enum err number_to_verify(struct transit_call *call, const struct json *item, uint64_t *ret_number)
{
    struct transit_text text;
    bool is_mac = false;
    struct slice given = text_to_verify(item, &is_mac);
    if (given.len == 0) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("provide one of 'signature' and 'hmac' to verify", "zu prüfen ist entweder „signature“ oder „hmac“"), SLICE_NONE);
    }
    if (!is_mac && !call->key.kind->signs) {
        return turn_refuse(call->turn, ERR_INVALID, TEXT("key type does not support verification", "Schlüssel dieses Typs prüfen keine Signaturen"), slice_string(call->key.kind->name));
    }
    enum err err = transit_number_to_read(call, given, true, &text);
    *ret_number = err == ERR_NONE ? text.version : 0;
    return err;
}

static enum err verify_mac(struct transit_call *call, const struct transit_version *version, const struct manner *manner, struct slice text)
{
    uint8_t mac[HASH_MAX_BYTES];
    cleanup_buf struct buf given = BUF_INIT(HASH_MAX_BYTES);
    if (manner->scheme.hash == HASH_NONE || base64_decode(&given, text) != ERR_NONE) {
        return ERR_FORGED;
    }
    enum err err = hash_mac(manner->scheme.hash, mac_key(call, version), buf_slice(&call->scratch), mac);
    return err != ERR_NONE ? err : secret_equal(buf_slice(&given), slice_of(mac, hash_bytes(manner->scheme.hash))) ? ERR_NONE : ERR_FORGED;
}

static enum err verify_ed25519(struct transit_call *call, const struct json *item, const struct transit_version *version, const struct manner *manner, struct slice signature)
{
    uint8_t seed[ED25519_SEED_BYTES], public_key[ED25519_PUBLIC_BYTES];
    if (!call->key.derived) {
        return verify_message(call, manner, version->public_key, buf_slice(&call->scratch), signature);
    }
    enum err err = seed_of(call, item, version, seed);
    err = err == ERR_NONE ? ed25519_public(slice_of(seed, sizeof seed), public_key) : err;
    wipe(seed, sizeof seed);
    return err == ERR_NONE ? verify_message(call, manner, slice_of(public_key, sizeof public_key), buf_slice(&call->scratch), signature) : err;
}

static enum err verify_ec(struct transit_call *call, const struct transit_version *version, const struct manner *manner, struct slice signature)
{
    enum curve curve = (enum curve)call->key.kind->detail;
    uint8_t room[HASH_MAX_BYTES];
    struct slice digest;
    cleanup_buf struct buf der = BUF_INIT(256);
    enum err err = digest_of(call, manner, room, &digest);
    err = err == ERR_NONE && manner->is_jws ? ec_from_jws(curve, signature, &der) : err;
    return err == ERR_NONE ? verify_message(call, manner, version->public_key, digest, manner->is_jws ? buf_slice(&der) : signature) : err;
}

static enum err verify_signature(struct transit_call *call, const struct json *item, const struct transit_version *version, const struct manner *manner, struct slice text)
{
    uint8_t room[HASH_MAX_BYTES];
    struct slice digest;
    cleanup_buf struct buf signature = BUF_INIT(RSA_MAX_BYTES);
    enum err err = manner->is_jws ? base64url_decode(&signature, text) : base64_decode(&signature, text);
    if (err != ERR_NONE) {
        return ERR_FORGED;
    }
    if (call->key.kind->family == TRANSIT_ED25519) {
        return verify_ed25519(call, item, version, manner, buf_slice(&signature));
    }
    if (call->key.kind->family == TRANSIT_EC) {
        return verify_ec(call, version, manner, buf_slice(&signature));
    }
    err = digest_of(call, manner, room, &digest);
    return err == ERR_NONE ? verify_message(call, manner, version->public_key, digest, buf_slice(&signature)) : err;
}

static enum err verify_item(struct transit_call *call, const struct json *item, const struct transit_version *version, struct json *result)
{
    const struct manner *manner = call->detail;
    struct transit_text text;
    bool is_mac = false;
    enum err err = transit_number_to_read(call, text_to_verify(item, &is_mac), true, &text);
    err = err == ERR_NONE ? read_input(call, item) : err;
    err = err != ERR_NONE ? err : is_mac ? verify_mac(call, version, manner, text.text) : verify_signature(call, item, version, manner, text.text);
    if (err != ERR_NONE && err != ERR_FORGED) {
        return err;
    }
    return json_set_bool(call->turn->arena, result, "valid", err == ERR_NONE) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err operation_transit_verify(struct turn *turn)
{
    struct manner manner;
    struct transit_call call = {.turn = turn, .scratch = BUF_INIT(SCRATCH_MAX_BYTES), .detail = &manner};
    enum err err = transit_call_batch(turn, &call.batch);
    err = err == ERR_NONE ? transit_need(turn, turn->values[0], TEXT("signature verification key not found", "diesen Schlüssel gibt es nicht"), &call.key) : err;
    err = err == ERR_NONE ? read_manner(turn, &manner) : err;
    err = err == ERR_NONE ? transit_call_bounded(&call) : err;
    return err == ERR_NONE ? transit_call_run(&call, number_to_verify, verify_item) : err;
}

/* ---- without a key ---- */

static enum err set_bytes(struct turn *turn, struct json *data, const char *name, struct slice bytes, struct slice format)
{
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    if (slice_is(format, "base64")) {
        return transit_set_base64(turn, data, name, bytes);
    }
    enum err err = hex_encode(&text, bytes);
    return err != ERR_NONE ? err : json_set_string(turn->arena, data, name, buf_slice(&text)) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err read_format(struct turn *turn, const char *otherwise, struct slice *ret_format)
{
    struct slice format = turn_field(turn, "format");
    *ret_format = format.len > 0 ? format : slice_string(otherwise);
    return slice_is(*ret_format, "hex") || slice_is(*ret_format, "base64") ? ERR_NONE
               : turn_refuse(turn, ERR_INVALID, TEXT("unsupported encoding format; must be \"hex\" or \"base64\"", "format ist hex oder base64"), SLICE_NONE);
}

enum err operation_transit_hash(struct turn *turn)
{
    struct slice named = turn->values[0].len > 0 ? turn->values[0] : turn_field(turn, "algorithm"), format, input;
    enum hash hash = HASH_SHA2_256;
    uint8_t digest[HASH_MAX_BYTES];
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    if (named.len > 0 && (!transit_hash(named, &hash) || hash == HASH_NONE || hash == HASH_SHA1)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unsupported algorithm", "dieses Hash-Verfahren gibt es hier nicht"), SLICE_NONE);
    }
    enum err err = read_format(turn, "hex", &format);
    err = err == ERR_NONE ? transit_bytes(turn, turn->request->body, "input", &input) : err;
    err = err == ERR_NONE ? hash_of(hash, input, digest) : err;
    err = err == ERR_NONE ? set_bytes(turn, data, "sum", slice_of(digest, hash_bytes(hash)), format) : err;
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum { RANDOM_MAX_BYTES = 128 << 10 };

/* "random", "random/BYTES", "random/SOURCE", "random/SOURCE/BYTES": all sources are the kernel's generator. */
enum err operation_transit_random(struct turn *turn)
{
    bool has_source = slice_is(turn->values[0], "platform") || slice_is(turn->values[0], "seal") || slice_is(turn->values[0], "all");
    struct slice text = has_source ? turn->values[1] : turn->values[0], format;
    uint64_t bytes = 32;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    enum err err = text.len > 0 ? slice_to_u64(text, &bytes) : json_u64(turn->request->body, "bytes", &bytes);
    if ((err != ERR_NONE && err != ERR_NOT_FOUND) || bytes < 1 || bytes > RANDOM_MAX_BYTES || (!has_source && turn->values[1].len > 0)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("\"bytes\" must be between 1 and 131072", "„bytes“ liegt zwischen 1 und 131072"), SLICE_NONE);
    }
    uint8_t *drawn = arena_alloc(turn->arena, (size_t)bytes);
    err = drawn == NULL ? ERR_MEMORY : read_format(turn, "base64", &format);
    if (err == ERR_NONE) {
        turn_random(turn, drawn, (size_t)bytes);
        err = set_bytes(turn, data, "random_bytes", slice_of(drawn, (size_t)bytes), format);
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}
