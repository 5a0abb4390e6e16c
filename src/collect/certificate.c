#include "collect/certificate.h"

#include "base/encode.h"
#include "base/time.h"
#include "collect/fact.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

enum {
    CHAIN_MAX = 10,
    CERTIFICATE_MAX_BYTES = 65536,
    NAME_TEXT_MAX_BYTES = 200,
    RSA_MIN_BITS = 2048,
    CURVE_MIN_BITS = 250,          /* X25519-like curves count 253 */
    SIGNATURE_MIN_BITS = 112,      /* of security: refuses MD5 and SHA-1 */
    DAY_S = 86400,
};

struct chain {
    X509 *certificates[CHAIN_MAX];
    size_t count;
};

static void chain_free(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        X509_free(chain->certificates[i]);
    }
}

static X509 *read_certificate(const struct json *text)
{
    cleanup_buf struct buf der = BUF_INIT(CERTIFICATE_MAX_BYTES);
    if (text->type != JSON_STRING || base64_decode(&der, text->text) != ERR_NONE || der.len == 0) {
        return NULL;
    }
    const unsigned char *position = der.data;
    X509 *certificate = d2i_X509(NULL, &position, (long)der.len);
    if (certificate != NULL && position != der.data + der.len) {
        X509_free(certificate); /* bytes after the certificate */
        certificate = NULL;
    }
    return certificate;
}

/* ERR_NOT_FOUND: no certificate; ERR_MALFORMED: one of them is none. */
static enum err read_chain(const struct json *facts, struct chain *ret_chain)
{
    struct chain chain = {.count = 0};
    for (const struct json *text = judge_items(facts, "chain"); text != NULL && chain.count < CHAIN_MAX; text = text->next) {
        X509 *certificate = read_certificate(text);
        if (certificate == NULL) {
            chain_free(&chain);
            return ERR_MALFORMED;
        }
        chain.certificates[chain.count++] = certificate;
    }
    if (chain.count == 0) {
        return ERR_NOT_FOUND;
    }
    *ret_chain = chain;
    return ERR_NONE;
}

/* -- describing ----------------------------------------------------------------------------------------------------- */

static void put_name(struct judge_case *judge_case, struct json *values, const char *name, const X509_NAME *value)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *data = NULL;
    if (text == NULL || X509_NAME_print_ex(text, value, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
        BIO_free(text);
        return;
    }
    long length = BIO_get_mem_data(text, &data);
    if (length > 0) {
        fact_set_text(judge_case->arena, values, name, slice_of(data, (size_t)length), NAME_TEXT_MAX_BYTES);
    } else {
        json_set_string(judge_case->arena, values, name, SLICE_LITERAL("-"));
    }
    BIO_free(text);
}

static void put_digest(struct judge_case *judge_case, struct json *values, const X509 *leaf)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    cleanup_buf struct buf hex = BUF_INIT(2 * EVP_MAX_MD_SIZE);
    if (X509_digest(leaf, EVP_sha256(), digest, &length) == 1 && hex_encode(&hex, slice_of(digest, length)) == ERR_NONE) {
        json_set_string(judge_case->arena, values, "sha256", buf_slice(&hex));
    }
}

/* ASN.1 times reach from year 0 to 9999 and may be nonsense; ERR_MALFORMED then. */
static enum err seconds_of(const ASN1_TIME *time, int64_t *ret_unix_s)
{
    struct tm fields;
    memset(&fields, 0, sizeof(fields));
    if (time == NULL || ASN1_TIME_to_tm(time, &fields) != 1) {
        return ERR_MALFORMED;
    }
    *ret_unix_s = (int64_t)timegm(&fields);
    return ERR_NONE;
}

static void put_time(struct judge_case *judge_case, struct json *values, const char *name, int64_t unix_s)
{
    char text[RFC3339_BYTES];
    rfc3339_format(unix_s * 1000, text);
    json_set_string(judge_case->arena, values, name, slice_first(slice_string(text), 10));
}

/* -- judging -------------------------------------------------------------------------------------------------------- */

static bool name_matches(X509 *leaf, struct slice name)
{
    char text[256];
    if (name.len == 0 || name.len >= sizeof(text) || slice_find_byte(name, 0) != SIZE_MAX) {
        return false;
    }
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    return X509_check_ip_asc(leaf, text, 0) == 1 || X509_check_host(leaf, text, name.len, flags, NULL) == 1;
}

/* NULL when strong; otherwise the reason. */
static const char *weakness_of_key(struct judge_case *judge_case, struct json *values, X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key == NULL) {
        return "tls.certificate-key-unknown";
    }
    int type = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);
    const char *name = EVP_PKEY_get0_type_name(key);
    json_set_string(judge_case->arena, values, "key", slice_string(name == NULL ? "?" : name));
    json_set_i64(judge_case->arena, values, "key_bits", bits);
    switch (type) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return bits >= RSA_MIN_BITS ? NULL : "tls.certificate-key-weak";
    case EVP_PKEY_EC:
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
        return bits >= CURVE_MIN_BITS ? NULL : "tls.certificate-key-weak";
    }
    return "tls.certificate-key-unknown";
}

/* A root's own signature protects nothing: whoever trusts it does so by its key. */
static bool is_self_issued(X509 *certificate)
{
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

static const char *weakness_of_signature(struct judge_case *judge_case, struct json *values, X509 *certificate)
{
    int digest = NID_undef, key = NID_undef, security_bits = 0;
    uint32_t flags = 0;
    int signature = X509_get_signature_nid(certificate);
    json_set_string(judge_case->arena, values, "signature",
                    slice_string(signature == NID_undef ? "?" : OBJ_nid2sn(signature)));
    if (X509_get_signature_info(certificate, &digest, &key, &security_bits, &flags) != 1) {
        return "tls.certificate-signature-weak";
    }
    return security_bits >= SIGNATURE_MIN_BITS ? NULL : "tls.certificate-signature-weak";
}

static const char *weakness_of_chain(struct judge_case *judge_case, struct json *values, const struct chain *chain)
{
    struct json *unused = json_new(judge_case->arena, JSON_OBJECT); /* only the leaf is described to people */
    for (size_t i = 0; i < chain->count; i++) {
        struct json *described = i == 0 ? values : unused;
        const char *weakness = weakness_of_key(judge_case, described, chain->certificates[i]);
        if (weakness == NULL && (i == 0 || !is_self_issued(chain->certificates[i]))) {
            const char *signature = weakness_of_signature(judge_case, described, chain->certificates[i]);
            weakness = i == 0 && is_self_issued(chain->certificates[i]) ? NULL : signature;
        }
        if (weakness != NULL) {
            return weakness;
        }
    }
    return NULL;
}

static const char *fault_of_time(struct judge_case *judge_case, struct json *values, X509 *leaf)
{
    int64_t from_s = 0, until_s = 0, now_s = judge_case->collected_at_ms / 1000;
    if (seconds_of(X509_get0_notBefore(leaf), &from_s) != ERR_NONE ||
        seconds_of(X509_get0_notAfter(leaf), &until_s) != ERR_NONE) {
        return "tls.certificate-malformed";
    }
    put_time(judge_case, values, "from", from_s);
    put_time(judge_case, values, "until", until_s);
    json_set_i64(judge_case->arena, values, "days_left", (until_s - now_s) / DAY_S);
    if (now_s < from_s) {
        return "tls.certificate-not-yet-valid";
    }
    if (now_s > until_s) {
        return "tls.certificate-expired";
    }
    int64_t wanted_days = judge_number(judge_case->options, "days_left", 0);
    return wanted_days > 0 && (until_s - now_s) / DAY_S < wanted_days ? "tls.certificate-expires-soon" : NULL;
}

static bool pin_matches(const struct json *pins, const unsigned char *digest, unsigned length)
{
    cleanup_buf struct buf hex = BUF_INIT(2 * EVP_MAX_MD_SIZE);
    if (hex_encode(&hex, slice_of(digest, length)) != ERR_NONE) {
        return false;
    }
    for (const struct json *pin = pins; pin != NULL; pin = pin->next) {
        if (pin->type == JSON_STRING && slice_equal(pin->text, buf_slice(&hex))) {
            return true;
        }
    }
    return false;
}

static bool is_pinned(const struct json *options, const X509 *leaf)
{
    const struct json *pins = judge_items(options, "pins");
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(leaf, EVP_sha256(), digest, &length) == 1 && pin_matches(pins, digest, length)) {
        return true;
    }
    unsigned char *der = NULL;
    int der_length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
    bool matches = der_length > 0 && EVP_Digest(der, (size_t)der_length, digest, &length, EVP_sha256(), NULL) == 1 &&
                   pin_matches(pins, digest, length);
    OPENSSL_free(der);
    return matches;
}

/* What the collector's list of authorities said. Times were left out there; they are judged above. */
static struct finding judge_trust(struct judge_case *judge_case, const struct json *facts, const X509 *leaf)
{
    struct slice trust = json_text(judge_case->options, "trust", SLICE_LITERAL("public"));
    if (slice_is(trust, "any")) {
        return judge_finding(judge_case, OUTCOME_PASS, "tls.certificate-untried");
    }
    if (slice_is(trust, "pinned")) {
        return is_pinned(judge_case->options, leaf) ? judge_finding(judge_case, OUTCOME_PASS, "tls.certificate-pinned")
                                                    : judge_finding(judge_case, OUTCOME_FAIL, "tls.certificate-not-pinned");
    }
    const struct json *verify = json_member(facts, "verify");
    if (!slice_is(trust, "public")) {
        return judge_finding(judge_case, OUTCOME_ERROR, "options.unknown");
    }
    if (!judge_is(verify, "roots", "system")) {
        return judge_finding(judge_case, OUTCOME_ERROR, "tls.no-authorities");
    }
    return judge_number(verify, "code", -1) == X509_V_OK
               ? judge_finding(judge_case, OUTCOME_PASS, "tls.certificate-good")
               : judge_finding(judge_case, OUTCOME_FAIL, "tls.certificate-untrusted");
}

static struct finding judge_chain(struct judge_case *judge_case, const struct json *facts, struct slice server_name,
                                  const struct chain *chain)
{
    X509 *leaf = chain->certificates[0];
    struct json *values = json_new(judge_case->arena, JSON_OBJECT);
    put_name(judge_case, values, "subject", X509_get_subject_name(leaf));
    put_name(judge_case, values, "issuer", X509_get_issuer_name(leaf));
    put_digest(judge_case, values, leaf);
    const char *time_fault = fault_of_time(judge_case, values, leaf);
    const char *weakness = weakness_of_chain(judge_case, values, chain);
    const char *reason = !name_matches(leaf, server_name) ? "tls.certificate-name" : time_fault != NULL ? time_fault : weakness;
    struct finding finding = {OUTCOME_FAIL, reason, values};
    if (reason == NULL) {
        finding = judge_trust(judge_case, facts, leaf);
        finding.values = values;
    }
    return finding;
}

struct finding certificate_judge(struct judge_case *judge_case, const struct json *address_facts, struct slice server_name)
{
    struct chain chain;
    enum err err = read_chain(address_facts, &chain);
    if (err != ERR_NONE) {
        ERR_clear_error();
        return err == ERR_NOT_FOUND ? judge_finding(judge_case, OUTCOME_ERROR, "tls.certificate-not-seen")
                                    : judge_finding(judge_case, OUTCOME_FAIL, "tls.certificate-malformed");
    }
    struct finding finding = json_bool(address_facts, "chain_cut", true)
                                 ? judge_finding(judge_case, OUTCOME_FAIL, "tls.certificate-too-large")
                                 : judge_chain(judge_case, address_facts, server_name, &chain);
    chain_free(&chain);
    ERR_clear_error();
    return finding;
}
