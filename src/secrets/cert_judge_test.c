/* What judge makes of client certificates: which verify, which constraints fit, what is told of them. */
#include "secrets/cert_judge.h"

#include "base/check.h"
#include "secrets/cert_chain.h"
#include "secrets/cert_maker.h"

enum { DAY_S = 86400 };
static const int64_t NOW_S = INT64_C(1795435200);

static struct arena *arena;
static struct made authority, other, middle;

static struct made client(struct cert_wish wish)
{
    wish.start_s = wish.start_s == 0 ? -DAY_S : wish.start_s;
    wish.end_s = wish.end_s == 0 ? DAY_S : wish.end_s;
    return cert_make(&wish, NOW_S);
}

static struct json *entries_of(const char *name, struct slice pem, const char *member, const char *values)
{
    struct json *input = json_new(arena, JSON_OBJECT), *entry = json_new(arena, JSON_OBJECT), *list = NULL;
    json_set_i64(arena, input, "now_s", NOW_S);
    json_set_string(arena, input, "nonce", SLICE_LITERAL("00112233445566778899aabbccddeeff"));
    json_append(json_set_array(arena, input, "entries"), entry);
    json_set_string(arena, entry, "name", slice_string(name));
    json_set_string(arena, entry, "certificate", pem);
    if (member != NULL && json_read(arena, slice_string(values), &list, NULL) == ERR_NONE) {
        json_set(arena, entry, member, list);
    }
    return input;
}

static struct work_reply last;

static enum err log_in(const struct json *input, const struct made *leaf, const struct made *between)
{
    cleanup_buf struct buf chain = BUF_INIT(65536), raw = BUF_INIT(16);
    made_chain(&chain, leaf);
    if (between != NULL) {
        made_chain(&chain, between);
    }
    last = (struct work_reply){.raw = &raw};
    return cert_judge_login(arena, input, buf_slice(&chain), &last);
}

TEST(a_client_of_the_authority_is_known_and_no_other)
{
    static const struct {
        struct cert_wish wish;
        enum err err;
    } cases[] = {
        {{.issuer = &authority, .name = "web"}, ERR_NONE},
        {{.issuer = &authority, .name = "web", .usage = "clientAuth"}, ERR_NONE},
        {{.issuer = &authority, .name = "web", .usage = "clientAuth,serverAuth"}, ERR_NONE},
        {{.issuer = &authority, .name = "web", .usage = "serverAuth"}, ERR_INVALID},
        {{.issuer = &authority, .name = "web", .start_s = -2 * DAY_S, .end_s = -DAY_S}, ERR_INVALID},
        {{.issuer = &authority, .name = "web", .start_s = DAY_S, .end_s = 2 * DAY_S}, ERR_INVALID},
        {{.issuer = &authority, .name = "web", .rsa_bits = 2048}, ERR_NONE},
        {{.issuer = &authority, .name = "web", .rsa_bits = 1024}, ERR_INVALID},
        {{.issuer = &authority, .name = "web", .oid = "1.2.3.4", .value = "critical,ASN1:UTF8String:x"}, ERR_INVALID}, /* nobody here knows what it demands */
        {{.issuer = &other, .name = "web"}, ERR_INVALID},
        {{.name = "web"}, ERR_INVALID},
        {{.name = "Our authority", .is_authority = true}, ERR_INVALID}, /* its name, another key */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made leaf = client(cases[i].wish);
        CHECK_ERR(cases[i].err, log_in(entries_of("e", made_pem(arena, &authority), NULL, NULL), &leaf, NULL));
        CHECK(cases[i].err == ERR_NONE || last.complaint.text.english != NULL);
        made_free(&leaf);
    }
}

TEST(a_chain_is_built_from_what_the_client_brings)
{
    struct made leaf = client((struct cert_wish){.issuer = &middle, .name = "web"});
    struct slice pem = made_pem(arena, &authority);
    CHECK_ERR(ERR_INVALID, log_in(entries_of("e", pem, NULL, NULL), &leaf, NULL));
    CHECK_ERR(ERR_INVALID, log_in(entries_of("e", pem, NULL, NULL), &leaf, &other));
    CHECK_ERR(ERR_NONE, log_in(entries_of("e", pem, NULL, NULL), &leaf, &middle));
    CHECK_U64(3, json_member(last.output, "chain")->count);
    CHECK_ERR(ERR_NONE, log_in(entries_of("e", made_pem(arena, &middle), NULL, NULL), &leaf, NULL)); /* an authority in between may be the anchor */
    made_free(&leaf);
}

TEST(a_single_client_can_be_pinned_and_vouches_for_nobody)
{
    struct made pinned = client((struct cert_wish){.issuer = &other, .name = "web"}), twin = client((struct cert_wish){.issuer = &other, .name = "web"});
    struct made below = client((struct cert_wish){.issuer = &pinned, .name = "below"});
    struct slice pem = made_pem(arena, &pinned);
    CHECK_ERR(ERR_NONE, log_in(entries_of("e", pem, NULL, NULL), &pinned, NULL));
    CHECK_ERR(ERR_INVALID, log_in(entries_of("e", pem, NULL, NULL), &twin, NULL));
    CHECK_ERR(ERR_INVALID, log_in(entries_of("e", pem, NULL, NULL), &below, NULL));
    CHECK_ERR(ERR_INVALID, log_in(entries_of("e", pem, NULL, NULL), &below, &pinned));
    made_free(&pinned);
    made_free(&twin);
    made_free(&below);
}

TEST(constraints_decide)
{
    static const struct {
        const char *member, *values;
        enum err err;
    } cases[] = {
        {"allowed_common_names", "[\"web-1\"]", ERR_NONE},
        {"allowed_common_names", "[\"db\",\"web-*\"]", ERR_NONE},
        {"allowed_common_names", "[\"*eb*\"]", ERR_NONE},
        {"allowed_common_names", "[]", ERR_NONE},
        {"allowed_common_names", "[\"web\"]", ERR_INVALID},
        {"allowed_common_names", "[\"WEB-1\"]", ERR_INVALID},
        {"allowed_common_names", "[\"a.example\"]", ERR_INVALID},
        {"allowed_names", "[\"a.example\"]", ERR_NONE},
        {"allowed_names", "[\"ada@example\"]", ERR_NONE},
        {"allowed_names", "[\"web-1\"]", ERR_NONE},
        {"allowed_names", "[\"spiffe:*\"]", ERR_INVALID},
        {"allowed_dns_sans", "[\"*.example\"]", ERR_NONE},
        {"allowed_dns_sans", "[\"ada@example\"]", ERR_INVALID},
        {"allowed_email_sans", "[\"ada@*\"]", ERR_NONE},
        {"allowed_email_sans", "[\"bob@*\"]", ERR_INVALID},
        {"allowed_uri_sans", "[\"spiffe://example/*\"]", ERR_NONE},
        {"allowed_uri_sans", "[\"spiffe://other/*\"]", ERR_INVALID},
        {"allowed_organizational_units", "[\"engineering\"]", ERR_NONE},
        {"allowed_organizational_units", "[\"sales\"]", ERR_INVALID},
        {"required_extensions", "[\"1.2.3.4:blue\"]", ERR_NONE},
        {"required_extensions", "[\"1.2.3.4:b*\"]", ERR_NONE},
        {"required_extensions", "[\"hex:1.2.3.4:0c04626c7565\"]", ERR_NONE},
        {"required_extensions", "[\"1.2.3.4:blue\",\"1.2.3.5:x\"]", ERR_INVALID},
        {"required_extensions", "[\"1.2.3.4:red\"]", ERR_INVALID},
        {"required_extensions", "[\"hex:1.2.3.4:0c\"]", ERR_INVALID},
        {"required_extensions", "[\"no oid:x\"]", ERR_INVALID},
    };
    struct made leaf = client((struct cert_wish){.issuer = &authority, .name = "web-1", .unit = "engineering", .sans = "DNS:a.example,email:ada@example,URI:spiffe://example/web", .oid = "1.2.3.4", .value = "ASN1:UTF8String:blue"});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_ERR(cases[i].err, log_in(entries_of("e", made_pem(arena, &authority), cases[i].member, cases[i].values), &leaf, NULL));
    }
    CHECK_ERR(ERR_INVALID, log_in(entries_of("e", made_pem(arena, &authority), "allowed_common_names", "[\"x\"]"), &leaf, NULL));
    CHECK(slice_is(slice_string(last.complaint.text.english), "no chain matching all constraints could be found for this login certificate"));
    CHECK_ERR(ERR_INVALID, log_in(entries_of("e", made_pem(arena, &other), NULL, NULL), &leaf, NULL));
    CHECK(slice_is(slice_string(last.complaint.text.english), "invalid certificate or no client certificate supplied"));
    made_free(&leaf);
}

TEST(what_is_told_of_a_certificate)
{
    struct made leaf = client((struct cert_wish){.issuer = &authority, .name = "wéb", .oid = "1.2.3.4", .value = "ASN1:UTF8String:blue"});
    CHECK_ERR(ERR_NONE, log_in(entries_of("mine", made_pem(arena, &authority), "allowed_metadata_extensions", "[\"1.2.3.4\",\"2.5.29.19\",\"9.9\"]"), &leaf, NULL));
    CHECK_SLICE("mine", json_text(last.output, "name", SLICE_NONE));
    CHECK_SLICE("wéb", json_text(last.output, "common_name", SLICE_NONE));
    struct slice serial = cert_serial(arena, X509_get0_serialNumber(leaf.certificate));
    CHECK(slice_equal(serial, json_text(last.output, "serial_number", SLICE_NONE)));
    CHECK(json_text(last.output, "subject_key_id", SLICE_NONE).len == 59);
    const struct json *extensions = json_member(last.output, "extensions");
    CHECK_U64(2, extensions->count);
    CHECK_SLICE("blue", json_text(extensions, "1-2-3-4", SLICE_NONE));
    CHECK_SLICE("3000", json_text(extensions, "2-5-29-19", SLICE_NONE));
    made_free(&leaf);
}

TEST(what_cannot_be_read_is_refused)
{
    struct made leaf = client((struct cert_wish){.issuer = &authority, .name = "web"});
    cleanup_buf struct buf chain = BUF_INIT(65536), raw = BUF_INIT(16);
    struct json *input = entries_of("e", made_pem(arena, &authority), NULL, NULL);
    struct work_reply reply = {.raw = &raw};
    made_chain(&chain, &leaf);
    CHECK_ERR(ERR_NONE, cert_judge_login(arena, input, buf_slice(&chain), &reply));
    CHECK_ERR(ERR_INVALID, cert_judge_login(arena, input, SLICE_NONE, &reply));
    CHECK_ERR(ERR_INVALID, cert_judge_login(arena, input, slice_first(buf_slice(&chain), chain.len - 1), &reply));
    CHECK_ERR(ERR_NONE, put_bytes(&chain, SLICE_LITERAL("x")));
    CHECK_ERR(ERR_INVALID, cert_judge_login(arena, input, buf_slice(&chain), &reply));
    struct slice pem = made_pem(arena, &authority);
    CHECK_ERR(ERR_NONE, cert_judge_entry(arena, NULL, pem, &reply));
    CHECK_ERR(ERR_INVALID, cert_judge_entry(arena, NULL, SLICE_LITERAL("x"), &reply));
    CHECK_ERR(ERR_INVALID, cert_judge_entry(arena, NULL, slice_first(pem, pem.len - 60), &reply));
    struct slice second = slice_string(arena_printf(arena, "%.*s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", (int)pem.len, (const char *)pem.data));
    CHECK_ERR(ERR_INVALID, cert_judge_entry(arena, NULL, second, &reply));
    CHECK_ERR(ERR_INVALID, cert_judge_crl(arena, NULL, pem, &reply));
    made_free(&leaf);
}

TEST(a_revocation_list_names_issuer_and_numbers)
{
    struct made leaf = client((struct cert_wish){.issuer = &authority, .name = "web"});
    cleanup_buf struct buf raw = BUF_INIT(16);
    struct work_reply reply = {.raw = &raw};
    CHECK_ERR(ERR_NONE, cert_judge_crl(arena, NULL, made_crl(arena, &authority, &leaf, NOW_S), &reply));
    CHECK_U64(1, json_member(reply.output, "serials")->count);
    CHECK(slice_equal(json_member(reply.output, "serials")->first->text, cert_serial(arena, X509_get0_serialNumber(leaf.certificate))));
    CHECK(slice_equal(json_text(reply.output, "issuer", SLICE_NONE), cert_name_hash(arena, X509_get_subject_name(authority.certificate))));
    made_free(&leaf);
}

int main(void)
{
    arena = arena_new(16 << 20);
    authority = client((struct cert_wish){.name = "Our authority", .is_authority = true, .end_s = 30 * DAY_S});
    other = client((struct cert_wish){.name = "Other authority", .is_authority = true, .end_s = 30 * DAY_S});
    middle = client((struct cert_wish){.issuer = &authority, .name = "Authority between", .is_authority = true, .end_s = 30 * DAY_S});
    int code = check_main();
    made_free(&authority);
    made_free(&other);
    made_free(&middle);
    arena_free(arena);
    return code;
}
