/*
 * TLS without a key: the chain comes from keep, and what GnuTLS wants signed goes to keep as SIGN.
 * The wait for SIGNED blocks this one thread for about as long as keep's current batch takes; other
 * frames that arrive meanwhile are held back and handled afterwards, because a reply must not
 * resume a connection in the middle of MHD_run.
 *
 * Agents on other hosts bring a client certificate. Once keep named their authority, clients are asked for one, with that
 * authority as the only issuer, so that browsers have nothing to offer; nobody must have one. What a client shows is verified
 * with the connection's first request; keep then gets its SHA-256 and nothing else of it. Only that authority is among the trusted.
 *
 * Where a login by certificate is mounted, keep says so, and clients are asked for any certificate they have: its issuers are not
 * named, since gate knows none. Such a certificate is never verified here. A login or renewal hands on what the client showed, and
 * judge decides what it is worth; the handshake has proved that the client holds the key.
 *
 * SIGN: u16 TLS SignatureScheme, bytes: for ECDSA and RSA the digest that the scheme names, for
 * Ed25519 the message itself. SIGNED: bytes signature (ECDSA: DER); empty: refused.
 */
#include "roles/gate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>

#include "base/time.h"

enum { CHAIN_MAX = 8, SIGN_TIMEOUT_MS = 3000, RETIRED_SECONDS = 120, AUTHORITY_MAX_BYTES = 4096 };

struct identity {
    struct gate *gate;
    struct identity *older;
    int64_t retired_mono_ns; /* 0: in use */
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned chain_count;
    gnutls_privkey_t key;
    gnutls_pk_algorithm_t algorithm;
    unsigned bits;
};

/* MHD hands no pointer to the callback that chooses a certificate: there is one gate in a process,
 * and this is it. */
static struct gate *only_gate;

static const struct {
    gnutls_sign_algorithm_t algorithm;
    gnutls_digest_algorithm_t digest; /* GNUTLS_DIG_UNKNOWN: the message is signed as it is */
    uint16_t scheme;
} schemes[] = {
    {GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, GNUTLS_DIG_SHA256, 0x0403},
    {GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_DIG_SHA256, 0x0403},
    {GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, GNUTLS_DIG_SHA384, 0x0503},
    {GNUTLS_SIGN_ECDSA_SHA384, GNUTLS_DIG_SHA384, 0x0503},
    {GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, GNUTLS_DIG_SHA256, 0x0804},
    {GNUTLS_SIGN_EDDSA_ED25519, GNUTLS_DIG_UNKNOWN, 0x0807},
};

static size_t scheme_of(gnutls_sign_algorithm_t algorithm)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (schemes[i].algorithm == algorithm) {
            return i;
        }
    }
    return SIZE_MAX;
}

static enum err copy_signature(struct slice body, gnutls_datum_t *ret_signature)
{
    struct reader reader = reader_of(body);
    struct slice signature;
    enum err err = get_bytes(&reader, 1024, &signature);
    if (err == ERR_NONE) {
        err = reader_end(&reader);
    }
    if (err != ERR_NONE || signature.len == 0) {
        return ERR_DENIED;
    }
    unsigned char *copy = gnutls_malloc(signature.len);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    memcpy(copy, signature.data, signature.len);
    *ret_signature = (gnutls_datum_t){copy, (unsigned)signature.len};
    return ERR_NONE;
}

static enum err wait_for_signature(struct gate *gate, uint64_t id, gnutls_datum_t *ret_signature)
{
    /* What comes with the signature in one read waits in the channel, where epoll does not see it. */
    gate->keep_unread = true;
    int64_t end_ns = clock_now().mono_ns + (int64_t)SIGN_TIMEOUT_MS * 1000000;
    enum err err = channel_flush_all(gate->start.keep, SIGN_TIMEOUT_MS);
    while (err == ERR_NONE) {
        int64_t left_ms = (end_ns - clock_now().mono_ns) / 1000000;
        struct frame frame;
        err = left_ms <= 0 ? ERR_TIMEOUT : channel_wait(gate->start.keep, (int)left_ms, &frame);
        if (err == ERR_NONE && frame.kind == MESSAGE_SIGNED && frame.id == id) {
            return copy_signature(frame.body, ret_signature);
        }
        if (err == ERR_NONE && frame.kind != MESSAGE_SIGNED) {
            gate_hold(gate, &frame);
        }
    }
    gate->keep_lost = gate->keep_lost || err != ERR_TIMEOUT;
    return err;
}

static int sign(struct gate *gate, uint16_t scheme, const gnutls_datum_t *data,
                gnutls_datum_t *ret_signature)
{
    struct channel *keep = gate->start.keep;
    uint64_t id = ++gate->sign_id;
    struct buf *out = channel_begin(keep, MESSAGE_SIGN, id);
    enum err err = put_u16(out, scheme);
    if (err == ERR_NONE) {
        err = put_bytes(out, slice_of(data->data, data->size));
    }
    if (err == ERR_NONE) {
        err = channel_end(keep);
    }
    if (err == ERR_NONE) {
        err = wait_for_signature(gate, id, ret_signature);
    }
    if (err != ERR_NONE) {
        gate->counters.failed_signatures++;
        return GNUTLS_E_PK_SIGN_FAILED;
    }
    gate->counters.handshakes++;
    return 0;
}

static int sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *context,
                     unsigned flags, const gnutls_datum_t *hash, gnutls_datum_t *ret_signature)
{
    (void)key;
    (void)flags;
    size_t scheme = scheme_of(algorithm);
    return scheme == SIZE_MAX ? GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM
                              : sign(((struct identity *)context)->gate, schemes[scheme].scheme,
                                     hash, ret_signature);
}

static int sign_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *context,
                     unsigned flags, const gnutls_datum_t *data, gnutls_datum_t *ret_signature)
{
    size_t scheme = scheme_of(algorithm);
    if (scheme == SIZE_MAX) {
        return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
    }
    if (schemes[scheme].digest == GNUTLS_DIG_UNKNOWN) {
        return sign(((struct identity *)context)->gate, schemes[scheme].scheme, data,
                    ret_signature);
    }
    unsigned char digest[64];
    int code = gnutls_hash_fast(schemes[scheme].digest, data->data, data->size, digest);
    if (code < 0) {
        return code;
    }
    gnutls_datum_t hash = {digest, gnutls_hash_get_len(schemes[scheme].digest)};
    return sign_hash(key, algorithm, context, flags, &hash, ret_signature);
}

static int describe(gnutls_privkey_t key, unsigned flags, void *context)
{
    (void)key;
    const struct identity *identity = context;
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0) {
        return (int)identity->algorithm;
    }
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0) {
        return (int)identity->bits;
    }
    if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0) {
        gnutls_sign_algorithm_t algorithm = GNUTLS_FLAGS_TO_SIGN_ALGO(flags);
        return scheme_of(algorithm) != SIZE_MAX &&
               gnutls_sign_supports_pk_algorithm(algorithm, identity->algorithm);
    }
    return -1;
}

static void identity_free(struct identity *identity)
{
    for (unsigned i = 0; i < identity->chain_count; i++) {
        gnutls_pcert_deinit(&identity->chain[i]);
    }
    if (identity->key != NULL) {
        gnutls_privkey_deinit(identity->key);
    }
    free(identity);
}

static int load(struct identity *identity, struct slice pem)
{
    gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem.data, (unsigned)pem.len};
    unsigned count = CHAIN_MAX;
    int code =
        gnutls_pcert_list_import_x509_raw(identity->chain, &count, &text, GNUTLS_X509_FMT_PEM, 0);
    if (code < 0) {
        return code;
    }
    identity->chain_count = count;
    code = gnutls_pubkey_get_pk_algorithm(identity->chain[0].pubkey, &identity->bits);
    if (code < 0) {
        return code;
    }
    identity->algorithm = (gnutls_pk_algorithm_t)code;
    code = gnutls_privkey_init(&identity->key);
    return code < 0 ? code
                    : gnutls_privkey_import_ext4(identity->key, identity, sign_data, sign_hash,
                                                 NULL, NULL, describe, 0);
}

/* Handshakes under way end within the deadline of a first request: after that nobody points to an
 * old chain. */
static void forget_retired(struct gate *gate)
{
    struct identity **place = gate->identities == NULL ? NULL : &gate->identities->older;
    while (place != NULL && *place != NULL) {
        struct identity *old = *place;
        if (old->retired_mono_ns == 0) {
            old->retired_mono_ns = gate->now_mono_ns;
        }
        if (gate->now_mono_ns - old->retired_mono_ns > (int64_t)RETIRED_SECONDS * 1000000000) {
            *place = old->older;
            identity_free(old);
        } else {
            place = &old->older;
        }
    }
}

enum err gate_tls_certificate(struct gate *gate, struct slice pem)
{
    if (pem.len == 0) {
        return ERR_MALFORMED;
    }
    struct identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL) {
        return ERR_MEMORY;
    }
    identity->gate = gate;
    if (load(identity, pem) < 0) {
        identity_free(identity);
        return ERR_CRYPTO;
    }
    identity->older = gate->identities;
    gate->identities = identity;
    only_gate = gate;
    forget_retired(gate);
    return ERR_NONE;
}

enum err gate_tls_authority(struct gate *gate, struct slice body)
{
    struct reader reader = reader_of(body);
    struct slice der;
    enum err err = get_bytes(&reader, AUTHORITY_MAX_BYTES, &der);
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err != ERR_NONE || der.len == 0) {
        return ERR_MALFORMED;
    }
    buf_free(&gate->authority);
    gate->authority = BUF_INIT(AUTHORITY_MAX_BYTES);
    err = buf_append(&gate->authority, der);
    gate->authority_is_new = err == ERR_NONE;
    return err;
}

enum err gate_tls_clients(struct gate *gate, struct slice body)
{
    struct reader reader = reader_of(body);
    uint8_t asks_all = 0;
    enum err err = get_u8(&reader, &asks_all);
    err = err == ERR_NONE ? reader_end(&reader) : err;
    if (err != ERR_NONE || asks_all > 1) {
        return ERR_MALFORMED;
    }
    gate->asks_all = asks_all == 1;
    return ERR_NONE;
}

/* MHD owns the credentials and takes an authority at its start only; the session leads to them. */
static bool trust_authority(struct gate *gate, gnutls_session_t session)
{
    void *credentials = NULL;
    if (gate->authority_is_new) {
        gnutls_datum_t der = {gate->authority.data, (unsigned)gate->authority.len};
        if (gnutls_credentials_get(session, GNUTLS_CRD_CERTIFICATE, &credentials) < 0 ||
            gnutls_certificate_set_x509_trust_mem(credentials, &der, GNUTLS_X509_FMT_DER) < 1) {
            return false;
        }
        gate->authority_is_new = false;
    }
    return gate->authority.len > 0;
}

/* Chain, times and purpose; the peer proved in the handshake that it holds the key. */
static bool verify_peer(gnutls_session_t session)
{
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned status = 1;
    return gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0;
}

static enum peer look_at_peer(struct exchange *exchange)
{
    struct link *link = exchange->link;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned count = 0;
    if (exchange->gate->authority.len == 0 || info == NULL) {
        return PEER_NONE;
    }
    gnutls_session_t session = info->tls_session;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0) {
        return PEER_NONE;
    }
    size_t len = sizeof(link->certificate);
    if (!verify_peer(session) || gnutls_fingerprint(GNUTLS_DIG_SHA256, &chain[0], link->certificate, &len) != 0) {
        exchange->gate->counters.refused_certificates += !exchange->gate->asks_all; /* else it may be one to log in with */
        return PEER_NONE;
    }
    return PEER_VERIFIED;
}

struct slice gate_tls_peer(struct exchange *exchange)
{
    struct link *link = exchange->link;
    if (link->peer == PEER_UNKNOWN) {
        link->peer = look_at_peer(exchange);
    }
    return link->peer == PEER_VERIFIED ? slice_of(link->certificate, sizeof(link->certificate))
                                       : SLICE_NONE;
}

enum err gate_tls_chain(struct exchange *exchange, struct buf *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned count = 0;
    if (!exchange->gate->asks_all || info == NULL) {
        return ERR_NONE;
    }
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(info->tls_session, &count);
    size_t len = 0;
    for (unsigned i = 0; chain != NULL && i < count; i++) {
        len += sizeof(uint32_t) + chain[i].size;
    }
    enum err err = ERR_NONE;
    for (unsigned i = 0; err == ERR_NONE && len <= REQUEST_CHAIN_MAX_BYTES && count <= REQUEST_CHAIN_MAX_COUNT && i < count; i++) {
        err = put_bytes(out, slice_of(chain[i].data, chain[i].size));
    }
    return err;
}

int gate_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
                      int authority_count, const gnutls_pk_algorithm_t *algorithms,
                      int algorithm_count, gnutls_pcert_st **ret_chain, unsigned *ret_chain_count,
                      gnutls_privkey_t *ret_key)
{
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    struct identity *identity = only_gate == NULL ? NULL : only_gate->identities;
    if (identity == NULL) {
        return -1;
    }
    bool has_agents = trust_authority(only_gate, session);
    if (has_agents || only_gate->asks_all) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    }
    if (only_gate->asks_all) {
        gnutls_certificate_send_x509_rdn_sequence(session, 1); /* 1: no issuers are named */
    }
    *ret_chain = identity->chain;
    *ret_chain_count = identity->chain_count;
    *ret_key = identity->key;
    return 0;
}

void gate_tls_stop(struct gate *gate)
{
    while (gate->identities != NULL) {
        struct identity *identity = gate->identities;
        gate->identities = identity->older;
        identity_free(identity);
    }
    buf_free(&gate->authority);
    only_gate = NULL;
}
