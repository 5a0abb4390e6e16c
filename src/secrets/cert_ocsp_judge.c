#include "secrets/cert_ocsp_judge.h"

#include "base/encode.h"

#include <limits.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

enum { SKEW_S = 300, DIGEST_MIN_BYTES = 28 /* no SHA-1 */, DER_MAX_BYTES = 64 << 10 };

/* ---- the question ---- */

/* Takes the DER. */
static bool put_der(struct arena *arena, struct json *object, const char *name, unsigned char *der, int len)
{
    cleanup_buf struct buf text = BUF_INIT(2 * DER_MAX_BYTES);
    bool good = len > 0 && base64_encode(&text, slice_of(der, (size_t)len)) == ERR_NONE && json_set_string(arena, object, name, buf_slice(&text)) != NULL;
    OPENSSL_free(der);
    return good;
}

/* The certificate is named by SHA-1 of its issuer's name and key, because that is what all servers know (RFC 5019, 2.1.1); nothing is trusted for it. */
static OCSP_REQUEST *new_request(X509 *leaf, X509 *issuer, struct slice nonce)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), leaf, issuer);
    if (request == NULL || id == NULL || OCSP_request_add0_id(request, id) == NULL) {
        OCSP_CERTID_free(id);
        OCSP_REQUEST_free(request);
        return NULL;
    }
    if (OCSP_request_add1_nonce(request, (unsigned char *)(uintptr_t)nonce.data, (int)nonce.len) != 1) {
        OCSP_REQUEST_free(request);
        return NULL;
    }
    return request;
}

/* Those that the entry names, else those of the certificate. */
static bool put_servers(struct arena *arena, const struct json *entry, X509 *leaf, struct json *ocsp)
{
    const struct json *named = json_member(entry, "ocsp_servers_override");
    if (named != NULL && named->count > 0) {
        return json_set(arena, ocsp, "servers", json_copy(arena, named)) != NULL;
    }
    struct json *servers = json_set_array(arena, ocsp, "servers");
    bool good = servers != NULL;
    STACK_OF(OPENSSL_STRING) *addresses = X509_get1_ocsp(leaf);
    for (int i = 0; good && i < sk_OPENSSL_STRING_num(addresses); i++) {
        good = json_append(servers, json_string(arena, slice_string(sk_OPENSSL_STRING_value(addresses, i)))) != NULL;
    }
    X509_email_free(addresses);
    return good;
}

bool cert_ocsp_question(struct arena *arena, const struct json *entry, cert_stack *path, struct slice nonce, struct json *output)
{
    if (!json_bool(entry, "ocsp_enabled", false)) {
        return true;
    }
    X509 *leaf = sk_X509_value(path, 0), *issuer = sk_X509_num(path) > 1 ? sk_X509_value(path, 1) : NULL;
    struct json *ocsp = json_set_object(arena, output, "ocsp");
    if (!put_servers(arena, entry, leaf, ocsp) || issuer == NULL) {
        return ocsp != NULL;
    }
    unsigned char *question = NULL, *certificate = NULL;
    OCSP_REQUEST *request = new_request(leaf, issuer, nonce);
    int question_len = request == NULL ? -1 : i2d_OCSP_REQUEST(request, &question);
    OCSP_REQUEST_free(request);
    int certificate_len = i2d_X509(issuer, &certificate);
    bool first = put_der(arena, ocsp, "question", question, question_len), second = put_der(arena, ocsp, "issuer", certificate, certificate_len);
    return first && second;
}

/* ---- the answer ---- */

struct hearing {
    OCSP_REQUEST *request;
    OCSP_RESPONSE *response;
    OCSP_BASICRESP *basic;
    cert_stack *authorities;            /* the issuer first */
    int64_t now_s, max_age_s;
};

static void hearing_end(struct hearing *hearing)
{
    OCSP_REQUEST_free(hearing->request);
    OCSP_RESPONSE_free(hearing->response);
    OCSP_BASICRESP_free(hearing->basic);
    cert_stack_free(hearing->authorities);
    ERR_clear_error();
}

static bool decode(const struct json *input, const char *name, struct buf *out)
{
    return base64_decode(out, json_text(input, name, SLICE_NONE)) == ERR_NONE && out->len > 0;
}

/* What keep gives: the question, who may answer it, the time. */
static bool hearing_begin(const struct json *input, struct hearing *hearing)
{
    cleanup_buf struct buf question = BUF_INIT(DER_MAX_BYTES), issuer = BUF_INIT(DER_MAX_BYTES);
    struct slice pem = json_text(input, "authorities", SLICE_NONE);
    if (json_i64(input, "now_s", &hearing->now_s) != ERR_NONE || json_i64(input, "max_age_s", &hearing->max_age_s) != ERR_NONE || !decode(input, "question", &question) || !decode(input, "issuer", &issuer)) {
        return false;
    }
    const unsigned char *at = question.data;
    hearing->request = d2i_OCSP_REQUEST(NULL, &at, (long)question.len);
    at = issuer.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)issuer.len);
    bool good = hearing->request != NULL && certificate != NULL && (pem.len > 0 ? cert_read_pem(pem, &hearing->authorities) == ERR_NONE : (hearing->authorities = sk_X509_new_null()) != NULL);
    if (!good || sk_X509_unshift(hearing->authorities, certificate) <= 0) {
        X509_free(certificate);
        return false;
    }
    return true;
}

static enum err refuse(struct work_reply *reply, struct text text, const char *detail)
{
    return complain(&reply->complaint, ERR_INVALID, text, 0, 0, detail, detail == NULL ? 0 : strlen(detail));
}

static enum err read_answer(struct slice raw, struct hearing *hearing, struct work_reply *reply)
{
    const unsigned char *at = raw.data;
    hearing->response = raw.len == 0 || raw.len > LONG_MAX ? NULL : d2i_OCSP_RESPONSE(NULL, &at, (long)raw.len);
    if (hearing->response == NULL || at != raw.data + raw.len) {
        return refuse(reply, TEXT("this is no OCSP answer", "das ist keine OCSP-Antwort"), NULL);
    }
    int status = OCSP_response_status(hearing->response);
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return refuse(reply, TEXT("the OCSP server refused to answer", "der OCSP-Server verweigerte die Antwort"), OCSP_response_status_str(status));
    }
    hearing->basic = OCSP_response_get1_basic(hearing->response);
    return hearing->basic == NULL ? refuse(reply, TEXT("this is no OCSP answer", "das ist keine OCSP-Antwort"), NULL) : ERR_NONE;
}

/* An authority itself, or whom it named for this by a certificate of its own (RFC 6960, 4.2.2.2). */
static bool may_answer(X509 *signer, const struct hearing *hearing)
{
    cert_stack *alone = sk_X509_new_null(), *path = NULL;
    bool is_meant = (X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) != 0; /* without the extension it would be all uses */
    bool good = alone != NULL && sk_X509_push(alone, signer) > 0 && cert_verify(alone, hearing->authorities, X509_PURPOSE_OCSP_HELPER, hearing->now_s, &path) == ERR_NONE &&
                (is_meant || sk_X509_num(path) == 1);
    cert_stack_free(path);
    sk_X509_free(alone);
    return good;
}

static bool is_weak(const OCSP_BASICRESP *basic)
{
    const ASN1_OBJECT *algorithm = NULL;
    int digest = NID_undef;
    X509_ALGOR_get0(&algorithm, NULL, NULL, OCSP_resp_get0_tbs_sigalg(basic));
    if (OBJ_find_sigid_algs(OBJ_obj2nid(algorithm), &digest, NULL) != 1) {
        return true;
    }
    const EVP_MD *md = EVP_get_digestbynid(digest); /* NULL: the algorithm has its own, such as Ed25519 */
    return digest != NID_undef && (md == NULL || EVP_MD_get_size(md) < DIGEST_MIN_BYTES);
}

static enum err check_signature(const struct hearing *hearing, struct work_reply *reply)
{
    X509 *signer = NULL;
    bool good = OCSP_resp_get0_signer(hearing->basic, &signer, hearing->authorities) == 1 && !is_weak(hearing->basic) &&
                OCSP_basic_verify(hearing->basic, hearing->authorities, NULL, OCSP_NOVERIFY) == 1 && may_answer(signer, hearing); /* the signature; whose it is, we look at ourselves */
    return good ? ERR_NONE : refuse(reply, TEXT("the OCSP answer is not signed by the issuer or by whom it named for this", "die OCSP-Antwort ist nicht vom Aussteller signiert, auch nicht von jemandem, den er dazu bestimmt hat"), NULL);
}

static bool time_of(const ASN1_GENERALIZEDTIME *time, int64_t *ret_s)
{
    struct tm parts;
    bool good = time != NULL && ASN1_TIME_to_tm(time, &parts) == 1;
    *ret_s = good ? (int64_t)timegm(&parts) : 0;
    return good;
}

/* An answer that says not until when it holds is one of this moment (RFC 6960, 4.2.2.1). */
static bool is_fresh(const struct hearing *hearing, const ASN1_GENERALIZEDTIME *this_update, const ASN1_GENERALIZEDTIME *next_update)
{
    int64_t from_s = 0, until_s = 0;
    bool has_end = time_of(next_update, &until_s);
    if (!time_of(this_update, &from_s) || (next_update != NULL && !has_end) || from_s > hearing->now_s + SKEW_S) {
        return false;
    }
    if (hearing->max_age_s > 0 && hearing->now_s - from_s > hearing->max_age_s) {
        return false;
    }
    return has_end ? hearing->now_s <= until_s + SKEW_S : hearing->max_age_s > 0 || hearing->now_s - from_s <= SKEW_S;
}

static enum err read_status(struct arena *arena, const struct hearing *hearing, struct work_reply *reply)
{
    OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(hearing->request, 0));
    ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
    int status = V_OCSP_CERTSTATUS_UNKNOWN, reason = 0;
    if (id == NULL || OCSP_resp_find_status(hearing->basic, id, &status, &reason, NULL, &this_update, &next_update) != 1) {
        return refuse(reply, TEXT("the OCSP answer is about another certificate", "die OCSP-Antwort betrifft ein anderes Zertifikat"), NULL);
    }
    if (!is_fresh(hearing, this_update, next_update)) {
        return refuse(reply, TEXT("the OCSP answer is too old, or of a time to come", "die OCSP-Antwort ist zu alt oder aus der Zukunft"), NULL);
    }
    const char *word = status == V_OCSP_CERTSTATUS_GOOD ? "good" : status == V_OCSP_CERTSTATUS_REVOKED ? "revoked" : "unknown";
    reply->output = json_new(arena, JSON_OBJECT);
    return json_set_string(arena, reply->output, "status", slice_string(word)) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err cert_judge_ocsp(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct hearing hearing = {0};
    enum err err = hearing_begin(input, &hearing) ? read_answer(raw, &hearing, reply) : ERR_INVALID;
    err = err == ERR_NONE ? check_signature(&hearing, reply) : err;
    /* servers may leave the nonce out (RFC 5019, 4); another one belongs to another question */
    if (err == ERR_NONE && OCSP_check_nonce(hearing.request, hearing.basic) == 0) {
        err = refuse(reply, TEXT("the OCSP answer belongs to another question (nonce)", "die OCSP-Antwort gehört zu einer anderen Frage (nonce)"), NULL);
    }
    err = err == ERR_NONE ? read_status(arena, &hearing, reply) : err;
    hearing_end(&hearing);
    return err;
}
