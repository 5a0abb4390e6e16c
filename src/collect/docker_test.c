/* Container engines: the reader of replies, package lists, what is picked, the judge on facts, and the planted engine. */
#include "collect/docker.h"
#include "collect/fingerprint.h"
#include "collect/judge_test.h"
#include "collect/packages.h"
#include "collect/reason.h"

enum { ARENA_BYTES = 8 << 20 };

enum err worker_child(const char *program, int *ret_fd)
{
    (void)ret_fd;
    return strcmp(program, "engine-docker") == 0 ? ERR_RIGHTS : ERR_NOT_FOUND;
}

/* -- replies ---------------------------------------------------------------------------------------------------------- */

#define HEAD(more) "HTTP/1.1 200 OK\r\n" more "\r\n"

/* Feeds the bytes in pieces; the body, or the name of the error. */
static const char *fed(struct arena *arena, const char *bytes, size_t piece, bool is_head)
{
    struct engine_reply reply = ENGINE_REPLY_INIT(is_head);
    struct slice rest = slice_string(bytes);
    enum err err = ERR_NONE;
    while (err == ERR_NONE && rest.len > 0) {
        err = engine_reply_feed(&reply, slice_first(rest, piece));
        rest = slice_from(rest, piece);
    }
    const char *said = err != ERR_NONE ? err_name(err) : reply.part != PART_DONE ? "more" : arena_string(arena, buf_slice(&reply.body));
    engine_reply_free(&reply);
    return said == NULL ? "" : said;
}

TEST(replies_end_where_they_say)
{
    static const struct {
        const char *bytes, *wanted;
        bool is_head;
    } rows[] = {
        {HEAD("Content-Length: 2\r\n") "ok", "ok", false},
        {HEAD("content-length:2\r\nServer: x\r\n") "ok", "ok", false},
        {HEAD("Content-Length: 0\r\n"), "", false},
        {HEAD("Transfer-Encoding: chunked\r\n") "1\r\no\r\n0001;x=y\r\nk\r\n0\r\n\r\n", "ok", false},
        {HEAD("Transfer-Encoding: Chunked\r\n") "2\r\nok\r\n0\r\nTrailer: x\r\n\r\n", "ok", false},
        {HEAD("Content-Length: 70\r\n"), "", true},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", false},
        {HEAD("Content-Length: 3\r\n") "ok", "more", false},
        {HEAD("Transfer-Encoding: chunked\r\n") "2\r\nok\r\n", "more", false},
        {HEAD("Content-Length: 2\r\n") "okk", "MALFORMED", false},
        {HEAD(""), "MALFORMED", false},
        {HEAD("Content-Length: 2\r\nContent-Length: 2\r\n") "ok", "MALFORMED", false},
        {HEAD("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") "ok", "MALFORMED", false},
        {HEAD("Content-Length: -1\r\n"), "MALFORMED", false},
        {HEAD("Content-Length: 9000000\r\n"), "TOO_LARGE", false},
        {HEAD("Transfer-Encoding: gzip\r\n"), "MALFORMED", false},
        {HEAD("Transfer-Encoding: chunked\r\n") "g\r\n", "MALFORMED", false},
        {HEAD("Transfer-Encoding: chunked\r\n") "100000000\r\n", "MALFORMED", false},
        {HEAD("Transfer-Encoding: chunked\r\n") "1\r\nokk\r\n", "MALFORMED", false},
        {"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "MALFORMED", false},
        {"HTTP/1.1 100 Continue\r\n\r\n", "MALFORMED", false},
        {"HTTP/2 200\r\n\r\n", "MALFORMED", false},
        {"\r\n", "MALFORMED", false},
        {HEAD("no colon\r\n"), "MALFORMED", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        /* bytes after the end are only seen as such when they come in the same piece or later: both */
        CHECK_STRING(rows[i].wanted, fed(arena, rows[i].bytes, 1, rows[i].is_head));
        CHECK_STRING(rows[i].wanted, fed(arena, rows[i].bytes, 4096, rows[i].is_head));
    }
}

TEST(endless_heads_and_bodies_end)
{
    struct engine_reply reply = ENGINE_REPLY_INIT(false);
    CHECK_ERR(ERR_NONE, engine_reply_feed(&reply, SLICE_LITERAL("HTTP/1.1 200 OK\r\n")));
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < 100000; i++) {
        err = engine_reply_feed(&reply, SLICE_LITERAL("X: yyyyyyyyyyyyyyyy\r\n"));
    }
    CHECK_ERR(ERR_TOO_LARGE, err);
    engine_reply_free(&reply);
    reply = ENGINE_REPLY_INIT(false);
    err = engine_reply_feed(&reply, SLICE_LITERAL(HEAD("Transfer-Encoding: chunked\r\n")));
    for (size_t i = 0; err == ERR_NONE && i < 1000000; i++) {
        err = engine_reply_feed(&reply, SLICE_LITERAL("10\r\n0123456789abcdef\r\n"));
    }
    CHECK_ERR(ERR_TOO_LARGE, err);
    engine_reply_free(&reply);
}

/* -- packages --------------------------------------------------------------------------------------------------------- */

TEST(packages_are_counted)
{
    CHECK_U64(2, packages_of_dpkg(SLICE_LITERAL("Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: deinstall ok config-files\n\n"
                                                "Package: c\nDescription: x\n Package: no\nStatus: hold ok installed\n")));
    CHECK_U64(1, packages_of_dpkg(SLICE_LITERAL("Package: base-files\nVersion: 12\n")));
    CHECK_U64(0, packages_of_dpkg(SLICE_NONE));
    CHECK_U64(2, packages_of_apk(SLICE_LITERAL("C:Q1x\nP:musl\nV:1\n\nC:Q1y\nP:busybox\n")));
}

static size_t put_tar(uint8_t *out, const char *name, char type, const char *content)
{
    size_t size = strlen(content), padded = (size + 511) / 512 * 512;
    unsigned sum = 0;
    memset(out, 0, 512 + padded);
    snprintf((char *)out, 100, "%s", name);
    snprintf((char *)out + 124, 12, "%011o", (unsigned)(size & 0777777));
    out[156] = (uint8_t)type;
    memset(out + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++) {
        sum += out[i];
    }
    snprintf((char *)out + 148, 8, "%06o", sum);
    memcpy(out + 512, content, size);
    return 512 + padded;
}

TEST(archives_are_walked)
{
    static uint8_t bytes[8192];
    size_t count = put_tar(bytes, "status.d/", '5', "");
    count += put_tar(bytes + count, "pax", 'x', "30 mtime=1.5\n");
    count += put_tar(bytes + count, "status.d/base", '0', "Package: base\n");
    size_t good = count + 1024;
    memset(bytes + count, 0, 1024);
    struct slice rest = slice_of(bytes, good);
    struct tar_entry entry;
    CHECK_ERR(ERR_NONE, tar_next(&rest, &entry));
    CHECK(entry.type == '5');
    CHECK_ERR(ERR_NONE, tar_next(&rest, &entry));
    CHECK_SLICE("status.d/base", entry.name);
    CHECK_SLICE("Package: base\n", entry.content);
    CHECK_ERR(ERR_NOT_FOUND, tar_next(&rest, &entry));
    rest = slice_of(bytes, 700);
    CHECK_ERR(ERR_NONE, tar_next(&rest, &entry));
    CHECK_ERR(ERR_MALFORMED, tar_next(&rest, &entry));
    bytes[0] ^= 1;
    rest = slice_of(bytes, good);
    CHECK_ERR(ERR_MALFORMED, tar_next(&rest, &entry));
}

/* -- what is kept ----------------------------------------------------------------------------------------------------- */

#define SECRET "hunter2hunter2"

TEST(values_of_the_environment_never_become_facts)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    uint8_t key[FINGERPRINT_KEY_BYTES], other[FINGERPRINT_KEY_BYTES] = {9};
    struct json *input = test_json(arena, "{\"fingerprint_key\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}");
    CHECK_ERR(ERR_NONE, fingerprint_key(input, key));
    CHECK_ERR(ERR_NOT_FOUND, fingerprint_key(test_json(arena, "{}"), other));
    CHECK_ERR(ERR_INVALID, fingerprint_key(test_json(arena, "{\"fingerprint_key\":\"00\"}"), other));
    struct json *reply = test_json(arena, "{\"Id\":\"1\",\"Name\":\"/a\",\"Config\":{\"User\":\"1\",\"Env\":[\"PASSWORD=" SECRET "\",\"" SECRET "\",\"EMPTY=\"],"
                                          "\"Labels\":{\"password\":\"" SECRET "\"},\"Cmd\":[\"" SECRET "\"]},\"HostConfig\":{\"Binds\":[\"" SECRET "\"]}}");
    struct json *kept = docker_pick_container(arena, reply, key);
    CHECK_ERR(ERR_NONE, json_write(&text, kept, 0));
    CHECK(slice_find(buf_slice(&text), SLICE_LITERAL(SECRET)) == SIZE_MAX);
    const struct json *first = judge_items(kept, "environment");
    CHECK_SLICE("PASSWORD", json_text(first, "name", SLICE_NONE));
    /* the value's own HMAC-SHA-256, as `openssl dgst -sha256 -mac hmac` gives it */
    CHECK_SLICE("f66ae2e9d3501259364c48c627337c4e", json_text(first, "fingerprint", SLICE_NONE));
    CHECK_SLICE("?", json_text(first->next, "name", SLICE_NONE));
    CHECK(json_member(first->next, "fingerprint") == NULL && json_member(first->next->next, "fingerprint") == NULL);
    CHECK(json_member(judge_items(docker_pick_container(arena, reply, NULL), "environment"), "fingerprint") == NULL);
}

/* -- the judge -------------------------------------------------------------------------------------------------------- */

#define IMAGE(more) "\"images\":[{\"id\":\"sha256:i\",\"read\":\"ok\"," more "}]"
#define GOOD_IMAGE IMAGE("\"digests\":[\"r/a@sha256:d\"],\"size_bytes\":5000000,\"packages\":{\"from\":\"apk\",\"count\":15}")
#define CONTAINER(more) "\"containers\":[{\"id\":\"c\",\"name\":\"web\",\"read\":\"ok\",\"image\":\"r/a\",\"image_id\":\"sha256:i\"," more "}]"
#define CLEAN "\"user\":\"1000\",\"privileged\":false,\"cap_add\":[],\"mounts\":[],\"environment\":[]"
#define VARIABLES(of_image, own) IMAGE("\"digests\":[\"r/a@sha256:d\"],\"environment\":[" of_image "]") "," CONTAINER("\"user\":\"1000\",\"environment\":[" own "]")
#define ENGINE(more) "{\"engines\":[{\"engine\":\"docker\",\"read\":\"ok\",\"cut\":[]," more "},{\"engine\":\"podman\",\"read\":\"absent\"}]}"

static const struct json *judged(struct arena *arena, const char *facts, const char *options, const char *estate)
{
    struct work_reply planted = {0};
    if (collect_docker(arena, NULL, SLICE_NONE, &planted) != ERR_NONE) {
        return NULL;
    }
    return test_judge(arena, judge_docker, test_json(arena, facts), json_path(planted.output, "plant.facts"), options, estate);
}

TEST(containers_are_judged)
{
    static const struct {
        const char *facts, *kind, *wanted, *estate;
    } rows[] = {
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.image-known", "pass container.image-by-digest", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.image-budget", "pass container.image-in-budget", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.not-root", "pass container.unprivileged-user", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.engine-socket", "pass container.no-engine", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.capabilities", "pass container.few-capabilities", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "engine.read", "pass engine.whole", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.image-known", "pass container.image-by-digest", "{\"containers\":[{\"name\":\"this/web\",\"digest\":\"sha256:d\"}]}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.image-known", "fail container.image-other", "{\"containers\":[{\"name\":\"this/web\",\"digest\":\"sha256:e\"}]}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.image-budget", "fail container.image-packages", "{\"containers\":[{\"name\":\"this/web\",\"packages\":14}]}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN)), "container.image-budget", "fail container.image-large", "{\"containers\":[{\"name\":\"this/web\",\"megabytes\":4}]}"},
        {ENGINE(IMAGE("\"digests\":[],\"size_bytes\":1,\"packages\":{\"from\":\"none\",\"count\":0}") "," CONTAINER(CLEAN)), "container.image-known", "fail container.image-unknown", "{}"},
        {ENGINE(IMAGE("\"digests\":[],\"size_bytes\":1,\"packages\":{\"from\":\"none\",\"count\":0}") "," CONTAINER(CLEAN)), "container.image-budget", "pass container.image-in-budget", "{}"},
        {ENGINE(IMAGE("\"digests\":[\"localhost/a@sha256:d\"],\"size_bytes\":1") "," CONTAINER(CLEAN)), "container.image-known", "fail container.image-unknown", "{}"},
        {ENGINE(IMAGE("\"digests\":[\"localhost/a@sha256:d\"],\"size_bytes\":1") "," CONTAINER(CLEAN)), "container.image-known", "pass container.image-by-digest",
         "{\"containers\":[{\"name\":\"this/web\",\"digest\":\"sha256:d\"}]}"},
        {ENGINE(IMAGE("\"size_bytes\":1,\"packages\":{\"from\":\"rpm\"}") "," CONTAINER(CLEAN)), "container.image-budget", "error container.packages-unread", "{}"},
        {ENGINE(IMAGE("\"size_bytes\":1") "," CONTAINER(CLEAN)), "container.image-budget", "error container.packages-unread", "{}"},
        {ENGINE("\"images\":[]," CONTAINER(CLEAN)), "container.image-known", "error container.image-unread", "{}"},
        {ENGINE("\"images\":[]," CONTAINER(CLEAN)), "container.image-budget", "error container.image-unread", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"user\":\"\",\"privileged\":false,\"cap_add\":[],\"mounts\":[]")), "container.not-root", "fail container.root", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"user\":\"00:5\"")), "container.not-root", "fail container.root", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"user\":\"root:5\"")), "container.not-root", "fail container.root", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"user\":\"node\"")), "container.not-root", "pass container.unprivileged-user", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"x\":1")), "container.not-root", "error container.unread", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"x\":1")), "container.engine-socket", "error container.unread", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"x\":1")), "container.capabilities", "error container.unread", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"mounts\":[{\"source\":\"/run/\",\"destination\":\"/host\"}]")), "container.engine-socket", "fail container.engine-held", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"mounts\":[{\"source\":\"/srv/data\",\"destination\":\"/data\"}]")), "container.engine-socket", "pass container.no-engine", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"mounts\":[{\"source\":\"/x\",\"destination\":\"/run/docker.sock\"}]")), "container.engine-socket", "fail container.engine-held", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"cap_add\":[\"CAP_SYS_ADMIN\"],\"privileged\":false")), "container.capabilities", "fail container.strong-capability", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"cap_add\":[\"NET_BIND_SERVICE\"],\"privileged\":false")), "container.capabilities", "pass container.few-capabilities", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"cap_add\":[],\"privileged\":false,\"pid_mode\":\"host\"")), "container.capabilities", "fail container.host-processes", "{}"},
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"cap_add\":[]")), "container.capabilities", "fail container.privileged", "{}"},
        {ENGINE(VARIABLES("", "{\"name\":\"A\",\"worth\":\"short\"},{\"name\":\"B\",\"worth\":\"plain\"},{\"name\":\"?\"}")), "container.no-secrets", "pass container.no-secrets", "{}"},
        {ENGINE(VARIABLES("", "")), "container.no-secrets", "pass container.no-secrets", "{}"},
        {ENGINE(VARIABLES("", "{\"name\":\"DSN\",\"worth\":\"tells\"}")), "container.no-secrets", "fail container.secret", "{}"}, /* without a key there are no fingerprints */
        {ENGINE(VARIABLES("", "{\"name\":\"A\",\"worth\":\"tells\",\"fingerprint\":\"f\"}")), "container.no-secrets", "fail container.secret", "{\"containers\":[{\"name\":\"this/web\",\"plain\":[\"B\"]}]}"},
        {ENGINE(VARIABLES("", "{\"name\":\"A\",\"worth\":\"tells\",\"fingerprint\":\"f\"}")), "container.no-secrets", "pass container.no-secrets", "{\"containers\":[{\"name\":\"this/web\",\"plain\":[\"B\",\"A\"]}]}"},
        {ENGINE(VARIABLES("{\"name\":\"GPG_KEY\",\"fingerprint\":\"f\"}", "{\"name\":\"GPG_KEY\",\"worth\":\"tells\",\"fingerprint\":\"f\"}")), "container.no-secrets", "pass container.no-secrets", "{}"},
        {ENGINE(VARIABLES("{\"name\":\"GPG_KEY\",\"fingerprint\":\"f\"}", "{\"name\":\"GPG_KEY\",\"worth\":\"tells\",\"fingerprint\":\"g\"}")), "container.no-secrets", "fail container.secret", "{}"}, /* another value than the image's */
        {ENGINE(VARIABLES("{\"name\":\"DB_PASSWORD\",\"fingerprint\":\"f\"}", "{\"name\":\"DB_PASSWORD\",\"worth\":\"tells\",\"fingerprint\":\"f\"}")), "container.no-secrets", "fail container.secret", "{}"}, /* baked in */
        {ENGINE(VARIABLES("", "{\"name\":\"A\",\"fingerprint\":\"f\"}")), "container.no-secrets", "error container.variables-unread", "{}"}, /* as it was told before */
        {ENGINE(GOOD_IMAGE "," CONTAINER("\"user\":\"1\"")), "container.no-secrets", "error container.variables-unread", "{}"},
        {ENGINE("\"containers\":[{\"id\":\"c\",\"name\":\"web\",\"read\":\"status-500\"}]"), "engine.read", "fail engine.container-unread", "{}"},
        {ENGINE("\"containers\":[{\"id\":\"c\",\"name\":\"web\",\"read\":\"status-500\"}]"), "container.not-root", "error container.unread", "{}"},
        {"{\"engines\":[{\"engine\":\"docker\",\"read\":\"no-rights\"}]}", "engine.read", "error engine.unread", "{}"},
        {"{\"engines\":[{\"engine\":\"docker\",\"read\":\"ok\",\"cut\":[\"containers\"],\"containers\":[]}]}", "engine.read", "error engine.unread", "{}"},
        {"{\"engines\":[{\"engine\":\"docker\",\"read\":\"absent\"}]}", "engine.read", "pass engine.none", "{}"},
        {"{\"engines\":[]}", "engine.read", "error facts.missing", "{}"},
        {"{}", "engine.read", "error facts.missing", "{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        const struct json *output = judged(arena, rows[i].facts, "{}", rows[i].estate);
        CHECK(json_bool(json_member(output, "plant"), "caught", false));
        CHECK_STRING(rows[i].wanted, test_said(arena, output, rows[i].kind));
    }
}

TEST(what_runs_is_proposed_and_every_sentence_is_whole)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct json *output = judged(arena, ENGINE(GOOD_IMAGE "," CONTAINER(CLEAN ",\"ports\":[{\"inside\":\"80/tcp\",\"address\":\"0.0.0.0\",\"port\":8080},"
                                                                                    "{\"inside\":\"80/tcp\",\"address\":\"::\",\"port\":8080},{\"inside\":\"5432/tcp\",\"address\":\"127.0.0.1\",\"port\":5432},"
                                                                                    "{\"inside\":\"53/udp\",\"address\":\"0.0.0.0\",\"port\":53}]")
                                                     ",\"services\":[{\"name\":\"s\",\"ports\":[{\"port\":443,\"protocol\":\"tcp\"}]}]"), "{}", "{}");
    const struct json *proposals = judge_items(output, "proposals");
    CHECK(json_bool(output, "whole", false));
    CHECK_SLICE("this/web", json_text(proposals, "name", SLICE_NONE));
    CHECK_SLICE("localhost:8080", json_text(proposals->next, "name", SLICE_NONE));
    CHECK_SLICE("localhost:443", json_text(proposals->next->next, "name", SLICE_NONE));
    CHECK(proposals->next->next->next == NULL);
    for (const struct json *entry = judge_items(output, "observations"); entry != NULL; entry = entry->next) {
        cleanup_buf struct buf text = BUF_INIT(65536);
        const struct reason *reason = reason_find(json_text(entry, "reason", SLICE_NONE));
        CHECK(reason != NULL);
        CHECK_ERR(ERR_NONE, reason_write(&text, reason->sentence, LANGUAGE_GERMAN, json_member(entry, "values")));
        CHECK(slice_find_byte(buf_slice(&text), '?') == SIZE_MAX);
    }
}

TEST(an_engine_that_cannot_be_asked_is_said)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply = {0};
    CHECK_ERR(ERR_NONE, collect_docker(arena, test_json(arena, "{}"), SLICE_NONE, &reply));
    const struct json *engines = judge_items(json_member(reply.output, "facts"), "engines");
    CHECK_SLICE("no-rights", json_text(engines, "read", SLICE_NONE));
    CHECK_SLICE("absent", json_text(engines->next, "read", SLICE_NONE));
    CHECK_ERR(ERR_INVALID, collect_docker(arena, test_json(arena, "{\"fingerprint_key\":7}"), SLICE_NONE, &reply));
}

TEST_MAIN
