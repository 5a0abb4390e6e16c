/* Certificates from issue to end, as keep sees them; and what they are, as OpenSSL reads them. */
#include "base/check.h"
#include "base/encode.h"
#include "engine/certificate.h"
#include "engine/turn_driver.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <string.h>

static const int64_t NOON_MS = INT64_C(1795435200000);

static struct {
    uint8_t point[P256_PUBLIC_BYTES], der[2048], digest[32];
    size_t der_len;
    char id[65];
    int64_t expires_ms;
} made;

static enum err operation_test_issue(struct turn *turn)
{
    struct certificate_wish wish = {.name = SLICE_LITERAL("web-1"), .kind = SLICE_LITERAL("host"), .point = slice_of(made.point, sizeof made.point)};
    struct certificate_made issued = {0};
    enum err err = vault_authority_make(turn->around->vault, turn);
    err = err == ERR_NONE ? certificate_issue(turn, &wish, &issued) : err;
    if (err == ERR_NONE) {
        memcpy(made.der, issued.der.data, issued.der.len);
        made.der_len = issued.der.len;
        memcpy(made.id, issued.id.data, issued.id.len);
        made.expires_ms = issued.expires_ms;
        sha256(issued.der, made.digest);
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err operation_test_end(struct turn *turn)
{
    enum err err = certificate_end(turn, slice_string(made.id));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* What a route with ROUTE_CERTIFICATE would do first. */
static enum err operation_test_who(struct turn *turn)
{
    struct slice hex = json_text(turn->input, "certificate", SLICE_NONE);
    struct request request = {.verb = VERB_READ};
    cleanup_buf struct buf bytes = BUF_INIT(32);
    enum err err = hex_decode(&bytes, hex);
    request.certificate = buf_slice(&bytes);
    turn->request = &request;
    err = err == ERR_NONE ? certificate_identify(turn) : err;
    turn->request = NULL;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "name", turn->caller.name);
    return err == ERR_NONE ? turn_reply_top(turn, 200, data) : err;
}

static struct turn_driver *start(uint64_t seed)
{
    struct turn_driver *driver = driver_new(seed, NOON_MS);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    size_t len = 0;
    driver_add_operation(driver, "test_issue", operation_test_issue);
    driver_add_operation(driver, "test_end", operation_test_end);
    driver_add_operation(driver, "test_who", operation_test_who);
    if (driver == NULL || EVP_PKEY_get_octet_string_param(key, "encoded-pub-key", made.point, sizeof made.point, &len) != 1) {
        __builtin_trap();
    }
    EVP_PKEY_free(key);
    return driver;
}

static enum err who(struct turn_driver *driver, const char *hex, char name[65])
{
    struct arena *arena cleanup_arena = arena_new(65536);
    struct turn *turn = NULL;
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "certificate", slice_string(hex));
    enum err err = driver_run(driver, "test_who", input, &turn);
    struct slice found = err == ERR_NONE ? json_text(turn->reply.tree, "name", SLICE_NONE) : SLICE_NONE;
    snprintf(name, 65, "%.*s", (int)found.len, found.len > 0 ? (const char *)found.data : "");
    driver_end(turn);
    return err;
}

static void digest_hex(char out[65])
{
    for (size_t i = 0; i < sizeof made.digest; i++) {
        snprintf(out + 2 * i, 3, "%02x", made.digest[i]);
    }
}

TEST(a_certificate_is_found_by_its_digest_until_it_ends)
{
    struct turn_driver *driver = start(3);
    char name[65], hex[65];
    CHECK_ERR(ERR_NONE, driver_run(driver, "test_issue", NULL, NULL));
    digest_hex(hex);
    CHECK(strcmp(hex, made.id) == 0);
    CHECK_ERR(ERR_NONE, who(driver, hex, name));
    CHECK(strcmp(name, "web-1") == 0);
    CHECK_ERR(ERR_DENIED, who(driver, "", name));
    CHECK_ERR(ERR_DENIED, who(driver, "00", name));
    CHECK_ERR(ERR_DENIED, who(driver, "0000000000000000000000000000000000000000000000000000000000000000", name));
    driver_set_now(driver, made.expires_ms - 1);
    CHECK_ERR(ERR_NONE, who(driver, hex, name));
    driver_set_now(driver, made.expires_ms);
    CHECK_ERR(ERR_DENIED, who(driver, hex, name));
    driver_set_now(driver, NOON_MS);
    CHECK_ERR(ERR_NONE, driver_run(driver, "test_end", NULL, NULL));
    CHECK_ERR(ERR_DENIED, who(driver, hex, name));
    CHECK_ERR(ERR_NONE, driver_run(driver, "test_end", NULL, NULL)); /* once more does no harm */
    driver_free(driver);
}

TEST(the_authority_outlives_a_restart_and_is_made_once)
{
    struct turn_driver *driver = start(4);
    uint8_t first[1024];
    CHECK(driver_vault(driver)->authority_len == 0);
    CHECK_ERR(ERR_NONE, driver_run(driver, "test_issue", NULL, NULL));
    size_t len = driver_vault(driver)->authority_len;
    CHECK(len > 0);
    memcpy(first, driver_vault(driver)->authority, len);
    CHECK_ERR(ERR_NONE, driver_restart(driver));
    CHECK_ERR(ERR_NONE, driver_run(driver, "test_issue", NULL, NULL));
    CHECK(slice_equal(slice_of(first, len), slice_of(driver_vault(driver)->authority, driver_vault(driver)->authority_len)));
    driver_free(driver);
}

TEST(openssl_takes_what_was_issued_for_a_client_and_nothing_else)
{
    struct turn_driver *driver = start(5);
    CHECK_ERR(ERR_NONE, driver_run(driver, "test_issue", NULL, NULL));
    const unsigned char *der = made.der, *authority_der = driver_vault(driver)->authority;
    X509 *leaf = d2i_X509(NULL, &der, (long)made.der_len), *authority = d2i_X509(NULL, &authority_der, (long)driver_vault(driver)->authority_len);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    CHECK(leaf != NULL && authority != NULL && X509_STORE_add_cert(store, authority) == 1);
    static const struct {
        int purpose;
        int64_t at_ms;
        int expected;
    } cases[] = {{X509_PURPOSE_SSL_CLIENT, 0, 1}, {X509_PURPOSE_SSL_SERVER, 0, 0}, {X509_PURPOSE_SSL_CLIENT, CERTIFICATE_TTL_MS + 1000, 0},
                 {X509_PURPOSE_SSL_CLIENT, -3600000, 0}, {X509_PURPOSE_SSL_CLIENT, CERTIFICATE_TTL_MS - 1000, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(X509_STORE_CTX_init(context, store, leaf, NULL) == 1);
        X509_STORE_CTX_set_purpose(context, cases[i].purpose);
        X509_STORE_CTX_set_time(context, 0, (time_t)((NOON_MS + cases[i].at_ms) / 1000));
        CHECK(X509_verify_cert(context) == cases[i].expected);
        X509_STORE_CTX_cleanup(context);
    }
    char name[65] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(leaf), NID_commonName, name, sizeof name);
    CHECK(strcmp(name, "web-1") == 0);
    CHECK(X509_check_ca(leaf) == 0);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(leaf);
    X509_free(authority);
    driver_free(driver);
}

TEST_MAIN
