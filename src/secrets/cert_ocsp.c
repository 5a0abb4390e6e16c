/* Asking whether the certificate of a login was revoked (OCSP, RFC 6960): whom, and what follows from the answers. What an answer says is judge's (cert_ocsp_judge.h). */
#include "secrets/cert.h"

#include "base/encode.h"
#include "secrets/web.h"

enum { SERVERS_MAX = 4, QUESTION_MAX_BYTES = 4096, OK_STATUS = 200 };

static struct json *input_of(struct turn *turn, const struct json *row, const struct json *ocsp)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    uint64_t max_age_s = 0;
    (void)!json_u64(row, "ocsp_this_update_max_age", &max_age_s); /* not there: 0 */
    json_set_i64(turn->arena, input, "now_s", turn->now_ms / 1000);
    json_set_u64(turn->arena, input, "max_age_s", max_age_s);
    json_set_string(turn->arena, input, "question", json_text(ocsp, "question", SLICE_NONE));
    json_set_string(turn->arena, input, "issuer", json_text(ocsp, "issuer", SLICE_NONE));
    return json_set_string(turn->arena, input, "authorities", json_text(row, "ocsp_ca_certificates", SLICE_NONE)) == NULL ? NULL : input;
}

/* "good" or "revoked"; ERR_INVALID with a complaint: no answer that counts, or that the server does not know the certificate. */
static enum err ask_one(struct turn *turn, const struct json *row, const struct json *ocsp, struct slice url, struct slice *ret_status)
{
    cleanup_buf struct buf question = BUF_INIT(QUESTION_MAX_BYTES);
    const struct json *output = NULL;
    struct slice body = SLICE_NONE;
    uint64_t status = 0;
    enum err err = base64_decode(&question, json_text(ocsp, "question", SLICE_NONE));
    const struct web_ask ask = {.url = url, .content_type = "application/ocsp-request", .body = buf_slice(&question), .proves_itself = true};
    err = err == ERR_NONE ? web_exchange(turn, &ask, &status, &body) : err;
    if (err == ERR_NONE && status != OK_STATUS) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the server answered with an error", "der Server antwortete mit einem Fehler"), slice_string(turn_path(turn, "%llu, %.*s", (unsigned long long)status, (int)url.len, (const char *)url.data)));
    }
    err = err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "cert.ocsp", input_of(turn, row, ocsp), body, &output, NULL, NULL) : err;
    *ret_status = err == ERR_NONE ? json_text(output, "status", SLICE_NONE) : SLICE_NONE;
    return err == ERR_NONE && slice_is(*ret_status, "unknown") ? turn_refuse(turn, ERR_INVALID, TEXT("the OCSP server does not know the certificate", "der OCSP-Server kennt das Zertifikat nicht"), url) : err;
}

/* The first that answers decides; with ocsp_query_all_servers all must say the same. Whoever says that it was revoked is believed at once. */
enum err cert_ocsp_check(struct turn *turn, const struct json *row, const struct json *found)
{
    const struct json *ocsp = json_member(found, "ocsp"), *servers = json_member(ocsp, "servers"), *server = json_member(ocsp, "question") == NULL ? NULL : servers->first;
    bool asks_all = json_bool(row, "ocsp_query_all_servers", false);
    struct complaint why = {.text = TEXT_INIT("no OCSP server can be asked about this certificate", "nach diesem Zertifikat kann kein OCSP-Server gefragt werden")};
    size_t good_count = 0, count = 0;
    if (ocsp == NULL) {
        return ERR_NONE;
    }
    for (; server != NULL && count < SERVERS_MAX; server = server->next, count++) {
        struct slice status = SLICE_NONE;
        enum err err = ask_one(turn, row, ocsp, server->text, &status);
        if (err == ERR_NEED || err == ERR_MEMORY) {
            return err;
        }
        if (slice_is(status, "revoked")) {
            return turn_refuse(turn, ERR_INVALID, TEXT("the client certificate was revoked", "das Client-Zertifikat wurde gesperrt"), SLICE_NONE);
        }
        if (err == ERR_NONE && !asks_all) {
            return ERR_NONE;
        }
        good_count += err == ERR_NONE;
        why = err == ERR_NONE ? why : turn->complaint;
        turn->complaint = (struct complaint){0};
    }
    if ((count > 0 && good_count == count) || json_bool(row, "ocsp_fail_open", false)) {
        return ERR_NONE;
    }
    turn->complaint = why;
    return ERR_INVALID;
}
