/* Signatures against AWS's own examples, XML as trees, buckets and reports as the judge sees them, and the plants. */
#include "collect/judge_source.h"
#include "collect/judge_test.h"
#include "collect/reason.h"
#include "collect/sigv4.h"
#include "collect/source.h"
#include "collect/xml_tree.h"

enum { ARENA_BYTES = 64 << 20 };

/* "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", Amazon S3 API reference: GET Bucket lifecycle, GET Bucket (list objects). */
TEST(signatures_equal_those_of_the_reference)
{
    const struct sigv4 keys = {.access_key = SLICE_LITERAL("AKIAIOSFODNN7EXAMPLE"), .secret_key = SLICE_LITERAL("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                               .region = SLICE_LITERAL("us-east-1"), .service = SLICE_LITERAL("s3"), .unix_ms = 1369353600000};
    static const struct {
        const char *query, *signature;
    } rows[] = {
        {"lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = BUF_INIT(8192);
        const struct sigv4_request request = {.method = "GET", .host = SLICE_LITERAL("examplebucket.s3.amazonaws.com"), .path = SLICE_LITERAL("/"), .query = slice_string(rows[i].query)};
        CHECK_ERR(ERR_NONE, sigv4_sign(&keys, &request, &out));
        CHECK_STRING("x-amz-date: 20130524T000000Z", (const char *)out.data);
        CHECK(slice_find(buf_slice(&out), SLICE_LITERAL("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=")) != SIZE_MAX);
        CHECK(slice_find(buf_slice(&out), slice_string(rows[i].signature)) != SIZE_MAX);
        buf_free(&out);
    }
    struct buf out = BUF_INIT(8192);
    struct sigv4 none = keys;
    none.secret_key = SLICE_NONE;
    CHECK_ERR(ERR_INVALID, sigv4_sign(&none, &(struct sigv4_request){.method = "GET"}, &out));
    CHECK_U64(0, out.len);
}

static const char *tree_of(struct arena *arena, const char *text)
{
    struct json *root = NULL;
    struct buf out = BUF_INIT(65536);
    enum err err = xml_tree_read(arena, slice_string(text), &root);
    const char *said = err != ERR_NONE ? err_name(err) : json_write(&out, root, 0) == ERR_NONE ? arena_string(arena, buf_slice(&out)) : "";
    buf_free(&out);
    return said;
}

TEST(xml_becomes_a_tree)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"<?xml version=\"1.0\"?><a xmlns=\"x\"><b>1</b><b> 2 </b><c/></a>", "{\"a\":{\"b\":\"1\",\"b\":\"2\",\"c\":\"\"}}"},
        {"<a><!-- x --><![CDATA[1<2]]>3&amp;4</a>", "{\"a\":\"1<23&4\"}"},
        {"<n:a xmlns:n=\"u\"><n:b>x</n:b></n:a>", "{\"a\":{\"b\":\"x\"}}"},
        {"<a>", "MALFORMED"},
        {"", "MALFORMED"},
        {"<a/><b/>", "MALFORMED"},
        {"{}", "MALFORMED"},
        {"<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>", "MALFORMED"},
        {"<a><b><c><d><e><f><g><h><i><j><k><l><m><n><o><p><q/></p></o></n></m></l></k></j></i></h></g></f></e></d></c></b></a>", "TOO_LARGE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        CHECK_STRING(rows[i].wanted, tree_of(arena, rows[i].text));
    }
}

/* A server that is not there: the plant is caught all the same, and nothing is green. */
TEST(plants_are_caught_and_sentences_whole)
{
    static const char *const inputs[] = {
        "{\"kind\":\"s3\",\"address\":\"http://127.0.0.1:1\",\"port\":1,\"credential\":{\"access_key\":\"a\",\"secret_key\":\"b\"},\"options\":{}}",
        "{\"kind\":\"aws\",\"address\":\"http://127.0.0.1:1\",\"port\":1,\"credential\":{\"access_key\":\"a\",\"secret_key\":\"b\"},\"options\":{}}",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct work_reply reply = {0};
        CHECK_ERR(ERR_NONE, collect_source(arena, test_json(arena, inputs[i]), SLICE_NONE, &reply));
        const struct json *facts = json_member(reply.output, "facts"), *planted = json_path(reply.output, "plant.facts");
        const struct json *output = test_judge(arena, judge_source, facts, planted, "{}", "{}");
        CHECK(json_bool(json_member(output, "plant"), "caught", false));
        CHECK_STRING("error source.unreachable", test_said(arena, output, "source.complete"));
        cleanup_buf struct buf text = BUF_INIT(1 << 20);
        CHECK_ERR(ERR_NONE, json_write(&text, planted, 0));
        CHECK(slice_find(buf_slice(&text), SLICE_LITERAL("planted-token")) == SIZE_MAX);
        output = test_judge(arena, judge_source, planted, planted, "{}", "{}");
        for (const struct json *one = judge_items(output, "observations"); one != NULL; one = one->next) {
            const struct reason *reason = reason_find(json_text(one, "reason", SLICE_NONE));
            cleanup_buf struct buf sentence = BUF_INIT(4096);
            CHECK(reason != NULL && reason_write(&sentence, reason->sentence, LANGUAGE_GERMAN, json_member(one, "values")) == ERR_NONE);
            CHECK(slice_find_byte(buf_slice(&sentence), '?') == SIZE_MAX);
        }
    }
}

TEST(addresses_and_regions_are_checked)
{
    static const char *const inputs[] = {
        "{\"kind\":\"s3\",\"address\":\"https://a/path\",\"port\":443,\"credential\":{\"access_key\":\"a\",\"secret_key\":\"b\"}}",
        "{\"kind\":\"s3\",\"address\":\"https://a\",\"port\":444,\"credential\":{\"access_key\":\"a\",\"secret_key\":\"b\"}}",
        "{\"kind\":\"s3\",\"address\":\"http://a\",\"port\":80,\"credential\":{\"access_key\":\"a\",\"secret_key\":\"b\"}}",
        "{\"kind\":\"s3\",\"address\":\"https://a\",\"port\":443,\"credential\":{\"access_key\":\"a\",\"secret_key\":\"b\"},\"options\":{\"region\":\"x.evil.org/\"}}",
        "{\"kind\":\"s3\",\"address\":\"https://a\",\"port\":443,\"credential\":{\"access_key\":\"a\"}}",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct work_reply reply = {0};
        CHECK_ERR(ERR_INVALID, collect_source(arena, test_json(arena, inputs[i]), SLICE_NONE, &reply));
        CHECK(reply.complaint.text.english != NULL);
    }
}

TEST_MAIN
