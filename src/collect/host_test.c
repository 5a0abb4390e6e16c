/* Sockets, mounts, LUKS headers and volumes: the readers on texts, the judges on facts, and a machine made of tables. */
#include "collect/judge_test.h"
#include "collect/luks.h"
#include "collect/mountinfo.h"
#include "collect/nft.h"
#include "collect/sockets.h"
#include "collect/volume.h"


enum { ARENA_BYTES = 8 << 20 };

/* No parent here that would start a program: the collector must say so, not guess. */
enum err worker_child(const char *program, int *ret_fd)
{
    (void)program, (void)ret_fd;
    return ERR_RIGHTS;
}

/* -- sockets -------------------------------------------------------------------------------------------------------- */

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define LINE(local, remote, state, inode) "   0: " local " " remote " " state " 00000000:00000000 00:00000000 00000000  1000        0 " inode " 1\n"

TEST(sockets_are_read)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *listeners = json_new(arena, JSON_ARRAY);
    CHECK_ERR(ERR_NONE, sockets_parse(arena, SLICE_LITERAL(HEAD LINE("0100007F:1F90", "00000000:0000", "0A", "77")
                                                          LINE("0202000A:0016", "0302000A:D431", "01", "78")), "tcp", listeners));
    CHECK_U64(1, listeners->count);
    CHECK_SLICE("127.0.0.1", json_text(listeners->first, "address", SLICE_NONE));
    CHECK_SLICE("8080", json_text(listeners->first, "port", SLICE_NONE));
    CHECK_ERR(ERR_NONE, sockets_parse(arena, SLICE_LITERAL(HEAD LINE("000080FE00000000FF005450E30000FE:0035",
                                                           "00000000000000000000000000000000:0000", "07", "79")), "udp6", listeners));
    CHECK_SLICE("fe80::5054:ff:fe00:e3", json_text(listeners->last, "address", SLICE_NONE));
    static const char *const bad[] = {"", "nothing\n", HEAD "   0: 0100007F:1F90\n", HEAD LINE("0100007F1F90:", "00000000:0000", "0A", "1"),
                                      HEAD LINE("0100007G:1F90", "00000000:0000", "0A", "1")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, sockets_parse(arena, slice_string(bad[i]), "tcp", listeners));
    }
}

#define TABLES "\"tables\":{\"tcp\":\"read\",\"udp\":\"read\",\"tcp6\":\"absent\",\"udp6\":\"absent\"}"
#define LISTENER(protocol, address, port) "{\"protocol\":\"" protocol "\",\"address\":\"" address "\",\"port\":" port "}"
#define PLANTED_SOCKET "{" TABLES ",\"listeners\":[" LISTENER("tcp", "0.0.0.0", "40001") "]}"
#define SOCKETS(list) "{" TABLES ",\"ephemeral_first\":32768,\"ephemeral_last\":60999,\"listeners\":[" list "]}"

TEST(sockets_are_judged)
{
    static const struct {
        const char *facts, *wanted;
    } rows[] = {
        {SOCKETS(LISTENER("tcp", "0.0.0.0", "22") "," LISTENER("tcp", "127.0.0.53", "53")), "pass sockets.all-listed"},
        {SOCKETS(LISTENER("tcp", "::", "22") "," LISTENER("udp", "::1", "323")), "pass sockets.all-listed"},
        {SOCKETS(LISTENER("tcp", "0.0.0.0", "5432")), "fail sockets.unlisted"},
        {SOCKETS(LISTENER("udp", "0.0.0.0", "22")), "fail sockets.unlisted"},
        {SOCKETS(LISTENER("udp", "0.0.0.0", "443")), "pass sockets.all-listed"},
        {SOCKETS(LISTENER("udp", "0.0.0.0", "40000")), "pass sockets.all-listed"},
        {SOCKETS(LISTENER("tcp", "0.0.0.0", "40000")), "fail sockets.unlisted"},
        {SOCKETS("{}"), "fail sockets.unlisted"},
        {SOCKETS(""), "pass sockets.all-listed"},
        {"{\"listeners\":[]}", "error sockets.not-read"},
        {"{" TABLES "}", "error sockets.not-read"},
        {"{\"tables\":{\"tcp\":\"read\",\"udp\":\"read\",\"tcp6\":\"cut\",\"udp6\":\"read\"},\"listeners\":[]}", "error sockets.not-read"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *output = test_judge(arena, judge_sockets, test_json(arena, rows[i].facts), test_json(arena, PLANTED_SOCKET), "{}",
                                         "{\"ports\":[{\"port\":22,\"protocol\":\"tcp\"},{\"port\":443},{\"port\":40001}]}");
        CHECK_STRING(rows[i].wanted, test_said(arena, output, "sockets.listed"));
    }
}

TEST(the_planted_socket_is_caught)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply = {0};
    CHECK_ERR(ERR_NONE, collect_sockets(arena, NULL, SLICE_NONE, &reply));
    struct json *output = test_judge(arena, judge_sockets, json_member(reply.output, "facts"),
                                     json_path(reply.output, "plant.facts"), "{}", "{}");
    CHECK(json_bool(json_member(output, "plant"), "caught", false));
}

TEST(a_firewall_that_cannot_be_read_is_an_error)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply = {0};
    CHECK_ERR(ERR_NONE, collect_nft(arena, NULL, SLICE_NONE, &reply));
    struct json *output = test_judge(arena, judge_firewall, json_member(reply.output, "facts"),
                                     json_path(reply.output, "plant.facts"), "{}", "{}");
    CHECK(json_bool(json_member(output, "plant"), "caught", false));
    CHECK_STRING("error firewall.no-rights", test_said(arena, output, "firewall.default-deny"));
    static const char *const bad[] = {"{\"read\":\"ok\"}", "{\"read\":\"ok\",\"ruleset\":\"{\"}", "{\"read\":\"ok\",\"ruleset\":\"{}\"}",
                                      "{\"read\":\"ok\",\"ruleset\":\"{\\\"nftables\\\":[]}\"}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        output = test_judge(arena, judge_firewall, test_json(arena, bad[i]), json_path(reply.output, "plant.facts"), "{}", "{}");
        CHECK_STRING("error firewall.not-read", test_said(arena, output, "firewall.default-deny"));
    }
}

/* -- mounts --------------------------------------------------------------------------------------------------------- */

static const char mounts[] =
    "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "22 21 0:30 / /var/lib rw - tmpfs tmpfs rw\n"
    "23 21 253:0 / /var/lib\\040data rw master:2 propagate_from:1 - xfs /dev/mapper/a\\134b rw\n"
    "24 21 0:31 / /merged rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/up,workdir=/w\n";

TEST(mounts_are_found)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct mount mount;
    struct slice text = slice_string(mounts);
    CHECK_ERR(ERR_NONE, mountinfo_find(arena, text, SLICE_LITERAL("/var/lib/x"), &mount));
    CHECK_SLICE("tmpfs", mount.type);
    CHECK_ERR(ERR_NONE, mountinfo_find(arena, text, SLICE_LITERAL("/var/lib data/y"), &mount));
    CHECK_U64(253, mount.major);
    CHECK_SLICE("/dev/mapper/a\\b", mount.source);
    CHECK_ERR(ERR_NONE, mountinfo_find(arena, text, SLICE_LITERAL("/var/library"), &mount));
    CHECK_U64(254, mount.major);
    CHECK_ERR(ERR_NONE, mountinfo_find(arena, text, SLICE_LITERAL("/merged"), &mount));
    CHECK_SLICE("/var/lib/up", mountinfo_option(mount.options, "upperdir"));
    CHECK_ERR(ERR_NOT_FOUND, mountinfo_find(arena, SLICE_LITERAL(""), SLICE_LITERAL("/"), &mount));
    CHECK_ERR(ERR_MALFORMED, mountinfo_find(arena, SLICE_LITERAL("1 2 3\n"), SLICE_LITERAL("/"), &mount));
    CHECK_ERR(ERR_MALFORMED, mountinfo_find(arena, SLICE_LITERAL("1 2 x:1 / / rw - ext4 a b\n"), SLICE_LITERAL("/"), &mount));
}

/* -- encryption ----------------------------------------------------------------------------------------------------- */

static size_t make_luks2(uint8_t *out, const char *json)
{
    static const uint8_t head[] = {'L', 'U', 'K', 'S', 0xba, 0xbe, 0, 2, 0, 0, 0, 0, 0, 0, 0x40, 0};
    memset(out, 0, 16384);
    memcpy(out, head, sizeof(head));
    memcpy(out + 168, "01234567-89ab-cdef-0123-456789abcdef", 36);
    memcpy(out + 4096, json, strlen(json));
    return 16384;
}

#define LUKS2(bytes) "{\"keyslots\":{\"0\":{\"type\":\"luks2\",\"key_size\":" bytes "}},\"segments\":{\"0\":{\"type\":\"crypt\"," \
                     "\"encryption\":\"aes-xts-plain64\"}}}"

TEST(luks_headers_are_read)
{
    static uint8_t header[16384];
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *fact = json_new(arena, JSON_OBJECT);
    size_t length = make_luks2(header, LUKS2("64"));
    CHECK_ERR(ERR_NONE, luks_read(arena, slice_of(header, length), fact));
    CHECK_SLICE("512", json_text(judge_items(fact, "segments"), "key_bits", SLICE_NONE));
    CHECK_ERR(ERR_TOO_LARGE, luks_read(arena, slice_of(header, length - 1), fact));
    header[0] = 'l';
    CHECK_ERR(ERR_NOT_FOUND, luks_read(arena, slice_of(header, length), fact));
    length = make_luks2(header, "{\"segments\":{}}");
    CHECK_ERR(ERR_MALFORMED, luks_read(arena, slice_of(header, length), fact));
    memset(header, 0, sizeof(header));
    memcpy(header, "LUKS\xba\xbe\0\1aes", 11);
    memcpy(header + 40, "xts-plain64", 11);
    header[111] = 32;
    fact = json_new(arena, JSON_OBJECT);
    CHECK_ERR(ERR_NONE, luks_read(arena, slice_of(header, 592), fact));
    CHECK_SLICE("aes-xts-plain64", json_text(judge_items(fact, "segments"), "cipher", SLICE_NONE));
    CHECK_SLICE("256", json_text(judge_items(fact, "segments"), "key_bits", SLICE_NONE));
    CHECK_ERR(ERR_MALFORMED, luks_read(arena, slice_of(header, 591), fact));
}

TEST(tables_are_read_without_their_key)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf text = BUF_INIT(4096);
    struct json *fact = json_new(arena, JSON_OBJECT);
    CHECK_ERR(ERR_NONE, luks_read_table(arena, SLICE_LITERAL("aes-xts-plain64 00112233445566778899aabbccddeeff 0 254:1 8"), fact));
    CHECK_SLICE("128", json_text(fact, "key_bits", SLICE_NONE));
    CHECK_ERR(ERR_NONE, json_write(&text, fact, 0));
    CHECK(slice_find(buf_slice(&text), SLICE_LITERAL("0011")) == SIZE_MAX);
    static const char *const bad[] = {"", "aes-xts-plain64", "aes 0", "aes xy 0", "aes :x:logon:a 0", "aes - 0", "aes :9999:logon:a 0"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, luks_read_table(arena, slice_string(bad[i]), fact));
    }
}

#define CRYPT(device, cipher, bits, slave)                                                                             \
    "{\"device\":\"" device "\",\"dm_uuid\":\"CRYPT-LUKS2-0123456789abcdef0123456789abcdef-a\",\"slaves\":[\"" slave "\"]," \
    "\"crypt\":{\"cipher\":\"" cipher "\",\"key_bits\":" bits "}}"
#define MAPPED "{\"device\":\"253:0\",\"dm_uuid\":\"CRYPT-LUKS2-0123456789abcdef0123456789abcdef-a\",\"slaves\":[\"254:1\"]}"
#define OVER_INTEGRITY "{\"device\":\"253:0\",\"dm_uuid\":\"CRYPT-LUKS2-0123456789abcdef0123456789abcdef-a\",\"slaves\":[\"253:1\"]}"
#define INTEGRITY(slave) "{\"device\":\"253:1\",\"dm_uuid\":\"CRYPT-INTEGRITY-0123456789abcdef0123456789abcdef-a_dif\",\"slaves\":[\"" slave "\"]}"
#define MAC_DISK(bits) "{\"device\":\"254:1\",\"slaves\":[],\"luks\":{\"uuid\":\"" UUID "\",\"segments\":[{\"cipher\":\"aes-xts-plain64\"," \
                       "\"integrity\":\"hmac(sha256)\",\"key_bits\":" bits "}]}}"
#define DISK(device) "{\"device\":\"" device "\",\"slaves\":[]}"
#define LUKS_DISK(uuid, bits) "{\"device\":\"254:1\",\"slaves\":[],\"luks\":{\"uuid\":\"" uuid "\",\"segments\":[{\"cipher\":" \
                              "\"aes-xts-plain64\",\"key_bits\":" bits "}]}}"
#define UUID "01234567-89ab-cdef-0123-456789abcdef"
#define VOLUME(tops, devices) "{\"path\":\"/x\",\"mount\":{\"type\":\"ext4\"},\"tops\":[" tops "],\"devices_cut\":false,\"devices\":[" devices "]}"

TEST(volumes_are_judged)
{
    static const struct {
        const char *facts, *wanted;
    } rows[] = {
        {VOLUME("\"253:0\"", CRYPT("253:0", "aes-xts-plain64", "512", "254:1") "," DISK("254:1")), "pass volume.encrypted"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "aes-xts-plain64", "256", "254:1") "," DISK("254:1")), "fail volume.key-short"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "aes-cbc-essiv:sha256", "256", "254:1")), "pass volume.encrypted"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "capi:xts(aes)-plain64", "512", "254:1")), "pass volume.encrypted"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "serpent-xts-plain64", "512", "254:1")), "fail volume.other-cipher"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "cipher_null-ecb", "512", "254:1")), "fail volume.other-cipher"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "capi:authenc(hmac(sha256),xts(aes))-plain64", "768", "253:1") "," INTEGRITY("254:1") "," DISK("254:1")), "pass volume.encrypted"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "capi:authenc(hmac(sha256),xts(aes))-plain64", "512", "253:1") "," INTEGRITY("254:1") "," DISK("254:1")), "fail volume.key-short"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "capi:authenc(cmac(aes),xts(aes))-plain64", "768", "253:1") "," INTEGRITY("254:1") "," DISK("254:1")), "fail volume.key-short"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "capi:authenc(hmac(sha256),xts(serpent))-plain64", "768", "253:1")), "fail volume.other-cipher"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "capi:gcm(aes)-random", "256", "253:1")), "pass volume.encrypted"},
        {VOLUME("\"253:0\"", OVER_INTEGRITY "," INTEGRITY("254:1") "," MAC_DISK("768")), "pass volume.encrypted"},
        {VOLUME("\"253:0\"", OVER_INTEGRITY "," INTEGRITY("254:1") "," MAC_DISK("512")), "fail volume.key-short"},
        {VOLUME("\"253:1\"", INTEGRITY("254:1") "," DISK("254:1")), "fail volume.not-encrypted"},
        {VOLUME("\"253:0\"", MAPPED "," LUKS_DISK(UUID, "512")), "pass volume.encrypted"},
        {VOLUME("\"253:0\"", MAPPED "," LUKS_DISK(UUID, "256")), "fail volume.key-short"},
        {VOLUME("\"253:0\"", MAPPED "," LUKS_DISK("fedcba98-89ab-cdef-0123-456789abcdef", "512")), "error volume.cipher-unknown"},
        {VOLUME("\"253:0\"", MAPPED "," DISK("254:1")), "error volume.cipher-unknown"},
        {VOLUME("\"253:0\"", CRYPT("253:0", "aes-xts-plain64", "512", "254:1") "," LUKS_DISK(UUID, "256")), "fail volume.key-short"},
        {VOLUME("\"9:0\"", "{\"device\":\"9:0\",\"slaves\":[\"253:0\",\"254:2\"]}," CRYPT("253:0", "aes-xts-plain64", "512", "254:1") ","
                DISK("254:2")), "fail volume.not-encrypted"},
        {VOLUME("\"253:0\",\"254:9\"", CRYPT("253:0", "aes-xts-plain64", "512", "254:1") "," DISK("254:9")), "fail volume.not-encrypted"},
        {VOLUME("\"254:1\"", LUKS_DISK(UUID, "512")), "fail volume.not-encrypted"},
        {VOLUME("\"254:1\"", ""), "error volume.device-unknown"},
        {VOLUME("\"7:0\"", "{\"device\":\"7:0\",\"loop\":\"/a\",\"slaves\":[]}"), "error volume.loop"},
        {VOLUME("\"1:1\"", "{\"device\":\"1:1\",\"slaves\":[\"1:1\",\"1:1\",\"1:1\"]}"), "error volume.device-unknown"},
        {VOLUME("", ""), "error volume.no-device"},
        {"{\"mount\":{\"type\":\"tmpfs\"},\"tops\":[]}", "error volume.memory"},
        {"{\"error\":\"NOT_FOUND\"}", "error volume.path-not-read"},
        {"{}", "error volume.no-device"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *planted = volume_read(arena, &volume_planted, SLICE_LITERAL("/planted/data"));
        struct json *output = test_judge(arena, judge_volume, test_json(arena, rows[i].facts), planted, "{}", "{}");
        CHECK_STRING(rows[i].wanted, test_said(arena, output, "volume.cipher"));
    }
}

TEST(the_machines_own_root_can_be_looked_up)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply = {0};
    struct json *input = test_json(arena, "{\"path\":\"/proc\"}");
    CHECK_ERR(ERR_NONE, collect_volumes(arena, input, SLICE_NONE, &reply));
    CHECK_SLICE("proc", json_text(json_path(reply.output, "facts.mount"), "type", SLICE_NONE));
    CHECK_ERR(ERR_INVALID, collect_volumes(arena, test_json(arena, "{\"path\":\"relative\"}"), SLICE_NONE, &reply));
}

TEST_MAIN
