#include "secrets/cert_judge.h"

#include "base/encode.h"
#include "base/glob.h"
#include "engine/request.h"
#include "secrets/cert_chain.h"
#include "secrets/cert_ocsp_judge.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

static enum err refuse(struct work_reply *reply, struct text text)
{
    return complain(&reply->complaint, ERR_INVALID, text, 0, 0, NULL, 0);
}

/* ---- what operators bring ---- */

enum err cert_judge_entry(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input;
    cert_stack *stack = NULL;
    enum err err = raw.len > CERT_PEM_MAX_BYTES ? ERR_TOO_LARGE : cert_read_pem(raw, &stack);
    if (err != ERR_NONE) {
        return refuse(reply, TEXT("failed to parse certificate", "das sind keine Zertifikate in PEM, höchstens 16 und 64 KiB"));
    }
    reply->output = json_new(arena, JSON_OBJECT);
    struct json *count = json_set_u64(arena, reply->output, "count", (uint64_t)sk_X509_num(stack));
    cert_stack_free(stack);
    return count == NULL ? ERR_MEMORY : ERR_NONE;
}

static X509_CRL *read_crl(struct slice raw)
{
    const unsigned char *at = raw.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)raw.len);
    if (crl == NULL) {
        BIO *memory = BIO_new_mem_buf(raw.data, (int)raw.len);
        crl = memory == NULL ? NULL : PEM_read_bio_X509_CRL(memory, NULL, NULL, (void *)(uintptr_t)"");
        BIO_free(memory);
    }
    ERR_clear_error();
    return crl;
}

enum err cert_judge_crl(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input;
    X509_CRL *crl = raw.len == 0 || raw.len > CERT_CRL_MAX_BYTES ? NULL : read_crl(raw);
    const STACK_OF(X509_REVOKED) *revoked = crl == NULL ? NULL : X509_CRL_get_REVOKED(crl);
    int count = sk_X509_REVOKED_num(revoked); /* -1: none */
    if (crl == NULL || count > CERT_CRL_SERIALS_MAX) {
        X509_CRL_free(crl);
        return refuse(reply, TEXT("failed to parse CRL", "das ist keine Sperrliste in PEM oder DER, höchstens 1 MiB und 20000 Nummern"));
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, reply->output, "issuer", cert_name_hash(arena, X509_CRL_get_issuer(crl)));
    struct tm until;
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    if (next != NULL && ASN1_TIME_to_tm(next, &until) == 1) {
        json_set_i64(arena, reply->output, "until_s", (int64_t)timegm(&until));
    }
    struct json *serials = json_set_array(arena, reply->output, "serials");
    for (int i = 0; i < count; i++) {
        json_append(serials, json_string(arena, cert_serial(arena, X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i)))));
    }
    X509_CRL_free(crl);
    return serials == NULL || serials->count != (size_t)(count > 0 ? count : 0) ? ERR_MEMORY : ERR_NONE;
}

/* ---- constraints ---- */

static bool any_fits(const struct json *patterns, const struct json *texts)
{
    for (const struct json *pattern = patterns->first; pattern != NULL; pattern = pattern->next) {
        for (const struct json *text = texts == NULL ? NULL : texts->first; text != NULL; text = text->next) {
            if (glob_matches(pattern->text, text->text)) {
                return true;
            }
        }
    }
    return false;
}

static const struct {
    const char *member;
    unsigned which;                     /* names that may fit: bits of enum cert_names */
} constraints[] = {
    {"allowed_names", 1U << CERT_COMMON_NAMES | 1U << CERT_DNS | 1U << CERT_EMAIL},
    {"allowed_common_names", 1U << CERT_COMMON_NAMES},
    {"allowed_dns_sans", 1U << CERT_DNS},
    {"allowed_email_sans", 1U << CERT_EMAIL},
    {"allowed_uri_sans", 1U << CERT_URI},
    {"allowed_organizational_units", 1U << CERT_UNITS},
};

static bool names_fit(struct arena *arena, const struct json *entry, X509 *leaf)
{
    for (size_t i = 0; i < sizeof constraints / sizeof constraints[0]; i++) {
        const struct json *patterns = json_member(entry, constraints[i].member);
        bool any = patterns == NULL || patterns->count == 0;
        for (unsigned which = CERT_COMMON_NAMES; !any && which <= CERT_URI; which++) {
            any = (constraints[i].which & 1U << which) != 0 && any_fits(patterns, cert_names(arena, leaf, (enum cert_names)which));
        }
        if (!any) {
            return false;
        }
    }
    return true;
}

/* "1.2.3:value" of a text, "hex:1.2.3:…" of the value's bytes. */
static bool extension_fits(struct arena *arena, struct slice wanted, X509 *leaf)
{
    bool is_hex = slice_starts(wanted, SLICE_LITERAL("hex:"));
    struct slice rest = is_hex ? slice_from(wanted, 4) : wanted, der, text;
    size_t colon = slice_find_byte(rest, ':');
    if (colon == SIZE_MAX || !cert_extension(arena, leaf, slice_first(rest, colon), &der, &text)) {
        return false;
    }
    struct slice pattern = slice_from(rest, colon + 1);
    if (!is_hex) {
        return text.data != NULL && glob_matches(pattern, text);
    }
    cleanup_buf struct buf hex = BUF_INIT(2 * REQUEST_CHAIN_MAX_BYTES);
    return hex_encode(&hex, der) == ERR_NONE && glob_matches(pattern, buf_slice(&hex));
}

static bool entry_takes(struct arena *arena, const struct json *entry, X509 *leaf)
{
    const struct json *wanted = json_member(entry, "required_extensions");
    bool good = names_fit(arena, entry, leaf);
    for (const struct json *one = wanted == NULL ? NULL : wanted->first; good && one != NULL; one = one->next) {
        good = extension_fits(arena, one->text, leaf);
    }
    return good;
}

/* ---- the login ---- */

static void show_extensions(struct arena *arena, const struct json *entry, X509 *leaf, struct json *output)
{
    const struct json *oids = json_member(entry, "allowed_metadata_extensions");
    struct json *shown = json_set_object(arena, output, "extensions");
    for (const struct json *oid = oids == NULL ? NULL : oids->first; oid != NULL; oid = oid->next) {
        struct slice der, text;
        char *name = arena_string(arena, oid->text);
        cleanup_buf struct buf hex = BUF_INIT(2 * REQUEST_CHAIN_MAX_BYTES);
        if (name == NULL || !cert_extension(arena, leaf, oid->text, &der, &text) || (text.data == NULL && hex_encode(&hex, der) != ERR_NONE)) {
            continue;
        }
        for (char *at = name; *at != '\0'; at++) {
            *at = *at == '.' ? '-' : *at;
        }
        json_set_string(arena, shown, name, text.data == NULL ? buf_slice(&hex) : text);
    }
}

static struct json *describe(struct arena *arena, const struct json *entry, cert_stack *path, struct slice nonce)
{
    X509 *leaf = sk_X509_value(path, 0);
    struct json *output = json_new(arena, JSON_OBJECT), *names = cert_names(arena, leaf, CERT_COMMON_NAMES);
    json_set_string(arena, output, "name", json_text(entry, "name", SLICE_NONE));
    json_set_string(arena, output, "common_name", names == NULL || names->last == NULL ? SLICE_NONE : names->last->text);
    json_set_string(arena, output, "serial_number", cert_serial(arena, X509_get0_serialNumber(leaf)));
    json_set_string(arena, output, "subject_key_id", cert_key_id(arena, X509_get0_subject_key_id(leaf)));
    json_set_string(arena, output, "authority_key_id", cert_key_id(arena, X509_get0_authority_key_id(leaf)));
    json_set_string(arena, output, "certificate", cert_hash(arena, leaf));
    show_extensions(arena, entry, leaf, output);
    struct json *chain = json_set_array(arena, output, "chain");
    for (int i = 0; i < sk_X509_num(path); i++) {
        struct json *one = json_append(chain, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "issuer", cert_name_hash(arena, X509_get_issuer_name(sk_X509_value(path, i))));
        json_set_string(arena, one, "serial", cert_serial(arena, X509_get0_serialNumber(sk_X509_value(path, i))));
    }
    return chain == NULL || !cert_ocsp_question(arena, entry, path, nonce, output) ? NULL : output;
}

/* Does this entry vouch for the chain, and do its constraints fit? */
static bool try_entry(struct arena *arena, const struct json *entry, cert_stack *chain, int64_t now_s, struct slice nonce, bool *any_verified, struct json **ret_output)
{
    cert_stack *anchors = NULL, *path = NULL;
    bool takes = false;
    if (cert_read_pem(json_text(entry, "certificate", SLICE_NONE), &anchors) == ERR_NONE && cert_verify(chain, anchors, X509_PURPOSE_SSL_CLIENT, now_s, &path) == ERR_NONE) {
        *any_verified = true;
        takes = entry_takes(arena, entry, sk_X509_value(chain, 0));
        *ret_output = takes ? describe(arena, entry, path, nonce) : NULL;
    }
    cert_stack_free(path);
    cert_stack_free(anchors);
    return takes;
}

enum err cert_judge_login(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    const struct json *entries = json_member(input, "entries");
    int64_t now_s = 0;
    cert_stack *chain = NULL;
    bool any_verified = false, takes = false;
    struct json *output = NULL;
    cleanup_buf struct buf nonce = BUF_INIT(CERT_NONCE_BYTES);
    if (json_i64(input, "now_s", &now_s) != ERR_NONE || entries == NULL || hex_decode(&nonce, json_text(input, "nonce", SLICE_NONE)) != ERR_NONE) {
        return ERR_INVALID;
    }
    if (cert_read_chain(raw, &chain) != ERR_NONE) {
        return refuse(reply, TEXT("invalid certificate or no client certificate supplied", "das Client-Zertifikat ist ungültig oder fehlt"));
    }
    for (const struct json *entry = entries->first; !takes && entry != NULL; entry = entry->next) {
        takes = try_entry(arena, entry, chain, now_s, buf_slice(&nonce), &any_verified, &output);
    }
    cert_stack_free(chain);
    if (!takes) {
        return any_verified ? refuse(reply, TEXT("no chain matching all constraints could be found for this login certificate", "kein Eintrag, dessen Bedingungen alle passen, nimmt dieses Zertifikat"))
                            : refuse(reply, TEXT("invalid certificate or no client certificate supplied", "das Client-Zertifikat ist ungültig oder fehlt"));
    }
    reply->output = output;
    return output == NULL ? ERR_MEMORY : ERR_NONE;
}
