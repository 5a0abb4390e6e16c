/* Zones, transfers, invoices, and the plants of sources that no table asks. */
#include "collect/dns_wire.h"
#include "collect/judge_source.h"
#include "collect/judge_test.h"
#include "collect/reason.h"
#include "collect/source.h"
#include "collect/zone.h"

enum { ARENA_BYTES = 32 << 20 };

/* -- zones ------------------------------------------------------------------------------------------------------------------ */

static const char *records_of(struct arena *arena, const struct json *records)
{
    const char *text = "";
    for (const struct json *record = records->first; record != NULL; record = record->next) {
        text = arena_printf(arena, "%s%s %s %s/", text, arena_string(arena, json_text(record, "name", SLICE_NONE)), arena_string(arena, json_text(record, "type", SLICE_NONE)),
                            arena_string(arena, json_text(record, "value", SLICE_NONE)));
    }
    return text;
}

TEST(master_files_are_read)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"@ 3600 IN SOA ns1 host.example.org. (\n 1 ; serial\n 2h 1h 4w 1d )\n  IN NS ns1\n", "example.org SOA ns1.example.org/example.org NS ns1.example.org/"},
        {"$TTL 1h\nWWW A 192.0.2.1\n\tAAAA 2001:db8::1\nalias IN 300 CNAME www\n", "www.example.org A 192.0.2.1/www.example.org AAAA 2001:db8::1/alias.example.org CNAME www.example.org/"},
        {"$ORIGIN sub\n@ MX 10 mail.example.net.\n", "sub.example.org MX mail.example.net/"},
        {"_sip._tcp SRV 1 2 5061 sip.example.org.\n", "_sip._tcp.example.org SRV sip.example.org/"},
        {"txt TXT \"a ; b ( c\" \"d\"\nx A 192.0.2.2 ; end", "x.example.org A 192.0.2.2/"},
        {"* A 192.0.2.3\n", "*.example.org A 192.0.2.3/"},
        {"none MX 0 .\n", "none.example.org MX ./"},
        {"h HTTPS 1 . alpn=h2\ncaa CAA 0 issue \"x\"\n", ""},
        {"$INCLUDE x\n", "UNSUPPORTED 1"},
        {"a A 192.0.2.1\n$GENERATE 1-9 b$ A 192.0.2.$\n", "UNSUPPORTED 2"},
        {"a A\n", "MALFORMED 1"},
        {"a A nonsense!\n", "MALFORMED 1"},
        {"a A 192.0.2.\x11\n", "MALFORMED 1"},
        {"a SOA (\n", "MALFORMED 1"},
        {"a SOA )\n", "MALFORMED 1"},
        {" A 192.0.2.1\n", "MALFORMED 1"},
        {"a..b A 192.0.2.1\n", "MALFORMED 1"},
        {"a TXT \"x\n", "MALFORMED 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *records = json_new(arena, JSON_ARRAY);
        size_t line = 0;
        enum err err = zone_read(arena, slice_string(rows[i].text), SLICE_LITERAL("Example.ORG."), records, &line);
        CHECK_STRING(rows[i].wanted, err == ERR_NONE ? records_of(arena, records) : arena_printf(arena, "%s %zu", err_name(err), line));
    }
}

TEST(lists_of_records_are_read)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"Name,Type,Value\nwww,A,192.0.2.1\nexample.org,MX,10 mail.example.org\n,AAAA,2001:db8::1\nmail.example.org.,A,192.0.2.2\n",
         "www.example.org A 192.0.2.1/example.org MX mail.example.org/example.org AAAA 2001:db8::1/mail.example.org A 192.0.2.2/"},
        {"type;content;name\nCNAME;www.example.org.;shop\nTXT;\"a;b\";x\nMX;mail.example.org;@\n", "shop.example.org CNAME www.example.org/example.org MX mail.example.org/"},
        {"name,type\nwww,A\n", "MALFORMED 1"},
        {"name,type,value\nwww,A\n", "MALFORMED 2"},
        {"name,type,value\nwww,A,x y\n", "MALFORMED 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *records = json_new(arena, JSON_ARRAY);
        size_t line = 0;
        enum err err = zone_read_csv(arena, slice_string(rows[i].text), SLICE_LITERAL("example.org"), records, &line);
        CHECK_STRING(rows[i].wanted, err == ERR_NONE ? records_of(arena, records) : arena_printf(arena, "%s %zu", err_name(err), line));
    }
}

/* -- messages --------------------------------------------------------------------------------------------------------------- */

#define SOA_AT_12 "\x07" "example\x03org\x00\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x18\xc0\x0c\xc0\x0c\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01"
#define SOA_AGAIN "\xc0\x0c\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x18\xc0\x0c\xc0\x0c\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01"
#define ANSWER(flags, count) "\x00\x05" flags "\x00\x00\x00" count "\x00\x00\x00\x00"
#define TAKE(literal) dns_take(&transfer, slice_of(literal, sizeof(literal) - 1), arena, records)

TEST(transfers_begin_and_end_with_the_same_soa)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *records = json_new(arena, JSON_ARRAY);
    struct dns_transfer transfer = {.id = 5, .zone = SLICE_LITERAL("example.org")};
    CHECK_ERR(ERR_NONE, TAKE(ANSWER("\x84\x00", "\x01") SOA_AT_12));
    CHECK_ERR(ERR_NONE, TAKE(ANSWER("\x84\x00", "\x02") "\x03www\x07" "example\x03org\x00\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x01"
                             "\xc0\x10\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x09\x00\x0a\x04mail\xc0\x10"));
    CHECK_U64(1, transfer.soa_count);
    CHECK_ERR(ERR_NONE, TAKE(ANSWER("\x84\x00", "\x01") SOA_AT_12));
    CHECK_U64(2, transfer.soa_count);
    CHECK_STRING("example.org SOA example.org/www.example.org A 192.0.2.1/example.org MX mail.example.org/", records_of(arena, records));
    CHECK_ERR(ERR_PROTOCOL, TAKE(ANSWER("\x84\x00", "\x01") SOA_AT_12));
}

TEST(hostile_messages_are_refused)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum err err;
    } rows[] = {
#define ROW(literal, wanted) {literal, sizeof(literal) - 1, wanted}
        ROW("", ERR_MALFORMED),
        ROW("\x00\x05\x84", ERR_MALFORMED),
        ROW("\x00\x06\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00" SOA_AT_12, ERR_PROTOCOL),
        ROW(ANSWER("\x04\x00", "\x01") SOA_AT_12, ERR_PROTOCOL),
        ROW(ANSWER("\x86\x00", "\x01") SOA_AT_12, ERR_PROTOCOL),
        ROW(ANSWER("\x84\x05", "\x00"), ERR_DENIED),
        ROW(ANSWER("\x84\x00", "\x00"), ERR_PROTOCOL),
        ROW(ANSWER("\x84\x00", "\x01") "\x03www\x00\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x01", ERR_PROTOCOL),
        ROW(ANSWER("\x84\x00", "\x01") "\xc0\x0c\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x00", ERR_MALFORMED),
        ROW(ANSWER("\x84\x00", "\x01") "\xc0\xff\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x00", ERR_MALFORMED),
        ROW(ANSWER("\x84\x00", "\x01") "\x07" "example\x03org\x00\x00\x06\x00\x01\x00\x00\x0e\x10\xff\xff\xc0\x0c", ERR_MALFORMED),
        ROW(ANSWER("\x84\x00", "\x01") "\x41" "example", ERR_MALFORMED),
        ROW(ANSWER("\x84\x00", "\x02") SOA_AT_12, ERR_MALFORMED),
        ROW(ANSWER("\x84\x00", "\x02") SOA_AT_12 "\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x03\xc0\x00\x02", ERR_MALFORMED),
        ROW(ANSWER("\x84\x00", "\x02") SOA_AT_12 SOA_AGAIN, ERR_NONE),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *records = json_new(arena, JSON_ARRAY);
        struct dns_transfer transfer = {.id = 5, .zone = SLICE_LITERAL("example.org")};
        CHECK_ERR(rows[i].err, dns_take(&transfer, slice_of(rows[i].bytes, rows[i].len), arena, records));
    }
    struct buf out = BUF_INIT(600);
    CHECK_ERR(ERR_INVALID, dns_put_axfr(&out, 1, SLICE_LITERAL("a..b")));
    CHECK_ERR(ERR_INVALID, dns_put_axfr(&out, 1, SLICE_NONE));
    CHECK_U64(0, out.len);
    CHECK_ERR(ERR_NONE, dns_put_axfr(&out, 1, SLICE_LITERAL("a.b")));
    CHECK(slice_equal(buf_slice(&out), slice_of("\x00\x15\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01" "a\x01" "b\x00\x00\xfc\x00\x01", 23)));
    buf_free(&out);
}

/* -- the sources ------------------------------------------------------------------------------------------------------------ */

static const struct json *seen(struct arena *arena, const char *input, const char *estate)
{
    struct work_reply reply = {0};
    if (collect_source(arena, test_json(arena, input), SLICE_NONE, &reply) != ERR_NONE) {
        return NULL;
    }
    return test_judge(arena, judge_source, json_member(reply.output, "facts"), json_path(reply.output, "plant.facts"), "{}", estate);
}

TEST(texts_are_judged_and_their_plants_caught)
{
#define INVOICE(options) "{\"kind\":\"invoice\",\"options\":{" options "}}"
#define GENERIC "\"text\":\"Name,ID,Product\\nweb-1,77,Cloud Server\\nhetzner.data,4711,Volume\\n,,Domain example.org\\n\",\"products\":[\"server\",\"volume\"]"
#define HETZNER "\"format\":\"hetzner\",\"text\":\"Server Auction,Server #123456 (web-1),2026-10-01,2026-10-31,1,30,30\\nTraffic,over,2026-10-01,2026-10-31,1,1,1\\n\""
    static const struct {
        const char *input, *estate, *kind, *wanted;
    } rows[] = {
        {"{\"kind\":\"zone\",\"options\":{\"zone\":\"example.org\",\"text\":\"www A 192.0.2.1\\n\"}}", "{}", "source.complete", "pass dns.zone-read"},
        {"{\"kind\":\"zone\",\"options\":{\"zone\":\"example.org\",\"text\":\"www A 192.0.2.1\\n\"}}", "{}", "source.read-only", "pass source.no-credential"},
        {"{\"kind\":\"zone\",\"options\":{\"zone\":\"example.org\",\"text\":\"www A\\n\"}}", "{}", "source.complete", "fail dns.zone-unread"},
        {"{\"kind\":\"zone\",\"options\":{\"zone\":\"example.org\",\"text\":\"name,type,value\\nwww,A,192.0.2.1\\n\"}}", "{}", "source.complete", "pass dns.zone-read"},
        {INVOICE(GENERIC), "{\"subjects\":[{\"kind\":\"host\",\"name\":\"web-1\"},{\"kind\":\"volume\",\"name\":\"x\",\"provider_id\":\"4711\"}]}", "population.invoice", "pass invoice.all-listed"},
        {INVOICE(GENERIC), "{\"subjects\":[{\"kind\":\"host\",\"name\":\"web-1\"}]}", "population.invoice", "fail invoice.unlisted"},
        {INVOICE(GENERIC), "{\"subjects\":[{\"kind\":\"host\",\"name\":\"web-10\"},{\"kind\":\"volume\",\"name\":\"x/hetzner.data\"}]}", "population.invoice", "fail invoice.unlisted"},
        {INVOICE(HETZNER), "{\"subjects\":[{\"kind\":\"host\",\"name\":\"WEB-1\"}]}", "population.invoice", "pass invoice.all-listed"},
        {INVOICE(HETZNER), "{\"subjects\":[{\"kind\":\"host\",\"name\":\"a\",\"provider_id\":123456}]}", "population.invoice", "pass invoice.all-listed"},
        {INVOICE(HETZNER), "{}", "population.invoice", "fail invoice.unlisted"},
        {INVOICE("\"text\":\"name\\nx\\n\\\"y\""), "{\"subjects\":[{\"name\":\"x\"}]}", "population.invoice", "error invoice.unread"},
        {INVOICE("\"text\":\"a,b\\n1,2\\n\""), "{}", "source.complete", "fail invoice.unread"},
        {INVOICE("\"text\":\"name,product\\nx,Domain\\n\",\"products\":[\"server\"]"), "{}", "population.invoice", "error invoice.nothing-counts"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        const struct json *output = seen(arena, rows[i].input, rows[i].estate);
        CHECK(json_bool(json_member(output, "plant"), "caught", false));
        CHECK_STRING(rows[i].wanted, test_said(arena, output, rows[i].kind));
        for (const struct json *one = judge_items(output, "observations"); one != NULL; one = one->next) {
            const struct reason *reason = reason_find(json_text(one, "reason", SLICE_NONE));
            cleanup_buf struct buf sentence = BUF_INIT(4096);
            CHECK(reason != NULL && reason_write(&sentence, reason->sentence, LANGUAGE_GERMAN, json_member(one, "values")) == ERR_NONE);
            CHECK(slice_find_byte(buf_slice(&sentence), '?') == SIZE_MAX);
        }
    }
}

TEST(what_cannot_be_asked_is_refused_with_a_word)
{
    static const char *const inputs[] = {
        "{\"kind\":\"dns\",\"address\":\"https://a\",\"port\":53,\"options\":{\"zones\":[\"a.b\"]}}",
        "{\"kind\":\"dns\",\"address\":\"dns://a\",\"port\":54,\"options\":{\"zones\":[\"a.b\"]}}",
        "{\"kind\":\"dns\",\"address\":\"dns://127.0.0.1\",\"port\":53,\"options\":{\"zones\":[]}}",
        "{\"kind\":\"dns\",\"address\":\"dns://127.0.0.1\",\"port\":53,\"options\":{}}",
        "{\"kind\":\"zone\",\"options\":{\"zone\":\"a\"}}",
        "{\"kind\":\"invoice\",\"options\":{\"text\":\"x\",\"unknown\":\"y\"}}",
        "{\"kind\":\"crtsh\",\"address\":\"dns://crt.sh\",\"port\":53,\"options\":{\"domain\":\"a.b\"}}",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct work_reply reply = {0};
        CHECK_ERR(ERR_INVALID, collect_source(arena, test_json(arena, inputs[i]), SLICE_NONE, &reply));
        CHECK(reply.complaint.text.english != NULL);
    }
}

TEST_MAIN
