/* cert: entries, revocation lists, logging in with what gate hands on, and renewing with the same certificate. */
#include "secrets/login_scene.h"

#include "engine/job.h"
#include "engine/token.h"
#include "engine/vault.h"
#include "secrets/cert_maker.h"

extern const struct engine engine_cert;

enum { DAY_S = 86400 };

struct stage {
    struct login_scene scene;
    struct made authority, web, db;
    struct buf web_chain, db_chain;
};

static struct made make(struct cert_wish wish)
{
    wish.start_s = -DAY_S;
    wish.end_s = 30 * DAY_S;
    return cert_make(&wish, LOGIN_SCENE_MS / 1000);
}

static struct stage start(void)
{
    struct stage stage = {.scene = login_scene_start(&engine_cert, "cert", NULL), .authority = make((struct cert_wish){.name = "Our authority", .is_authority = true}),
                          .web_chain = BUF_INIT(65536), .db_chain = BUF_INIT(65536)};
    stage.web = make((struct cert_wish){.issuer = &stage.authority, .name = "web", .usage = "clientAuth"});
    stage.db = make((struct cert_wish){.issuer = &stage.authority, .name = "db", .usage = "clientAuth"});
    made_chain(&stage.web_chain, &stage.web);
    made_chain(&stage.db_chain, &stage.db);
    return stage;
}

static void end(struct stage *stage)
{
    made_free(&stage->authority);
    made_free(&stage->web);
    made_free(&stage->db);
    buf_free(&stage->web_chain);
    buf_free(&stage->db_chain);
    login_scene_end(&stage->scene);
}

/* As root, with the members of a body beside a text of several lines. */
static enum err write_text(struct stage *stage, const char *path, const char *member, struct slice text, const char *more)
{
    const struct json *reply = NULL;
    cleanup_buf struct buf quoted = BUF_INIT(1 << 20);
    if (json_write_string(&quoted, text) != ERR_NONE) {
        return ERR_INTERNAL;
    }
    const char *body = scene_text(&stage->scene, "{\"%s\":%.*s%s}", member, (int)quoted.len, (const char *)quoted.data, more);
    return login_scene_ask(&stage->scene, stage->scene.root, VERB_WRITE, scene_text(&stage->scene, "auth/cert/%s", path), body, &reply);
}

static enum err write_entry(struct stage *stage, const char *name, const char *more)
{
    return write_text(stage, scene_text(&stage->scene, "certs/%s", name), "certificate", made_pem(stage->scene.arena, &stage->authority), more);
}

static enum err log_in(struct stage *stage, const struct buf *chain, const char *body, const struct json **ret_reply)
{
    stage->scene.chain = chain == NULL ? SLICE_NONE : buf_slice(chain);
    enum err err = login_scene_ask(&stage->scene, SLICE_NONE, VERB_WRITE, "auth/cert/login", body, ret_reply);
    stage->scene.chain = SLICE_NONE;
    return err;
}

TEST(an_entry_is_written_read_listed_and_deleted)
{
    struct stage stage = start();
    struct login_scene *scene = &stage.scene;
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, login_scene_ask(scene, scene->root, VERB_READ, "auth/cert/certs/web", NULL, &reply));
    CHECK_ERR(ERR_INVALID, login_scene_ask(scene, scene->root, VERB_WRITE, "auth/cert/certs/web", "{\"policies\":\"a\"}", &reply));
    CHECK_ERR(ERR_INVALID, login_scene_ask(scene, scene->root, VERB_WRITE, "auth/cert/certs/web", "{\"certificate\":\"no PEM\"}", &reply));
    CHECK_ERR(ERR_INVALID, write_entry(&stage, "web", ",\"required_extensions\":\"1.2.3\""));
    CHECK_ERR(ERR_INVALID, write_entry(&stage, "web", ",\"token_policies\":\"root\""));
    CHECK_ERR(ERR_NONE, write_entry(&stage, "Web", ",\"allowed_common_names\":\"web,app\",\"policies\":\"a\",\"ttl\":\"10m\""));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_READ, "auth/cert/certs/web", NULL, &reply));
    CHECK(slice_equal(made_pem(scene->arena, &stage.authority), login_scene_text(scene, reply, "data.certificate")));
    CHECK_SLICE("[\"web\",\"app\"]", login_scene_text(scene, reply, "data.allowed_common_names"));
    CHECK_SLICE("[]", login_scene_text(scene, reply, "data.allowed_dns_sans"));
    CHECK_SLICE("web", login_scene_text(scene, reply, "data.display_name"));
    CHECK_SLICE("600", login_scene_text(scene, reply, "data.token_ttl"));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_WRITE, "auth/cert/certs/web", "{\"token_ttl\":60}", &reply)); /* the rest stays */
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_READ, "auth/cert/certs/web", NULL, &reply));
    CHECK_SLICE("60", login_scene_text(scene, reply, "data.token_ttl"));
    CHECK_SLICE("[\"web\",\"app\"]", login_scene_text(scene, reply, "data.allowed_common_names"));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_LIST, "auth/cert/certs", NULL, &reply));
    CHECK_SLICE("[\"web\"]", login_scene_text(scene, reply, "data.keys"));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_DELETE, "auth/cert/certs/WEB", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, login_scene_ask(scene, scene->root, VERB_READ, "auth/cert/certs/web", NULL, &reply));
    end(&stage);
}

TEST(a_login_gives_a_token_of_the_first_entry_that_fits)
{
    struct stage stage = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.web_chain, "{}", &reply));
    CHECK_ERR(ERR_NONE, write_entry(&stage, "a-db", ",\"allowed_common_names\":\"db\",\"token_policies\":\"db\""));
    CHECK_ERR(ERR_NONE, write_entry(&stage, "b-web", ",\"allowed_common_names\":\"web\",\"token_policies\":\"web\",\"token_ttl\":60,\"display_name\":\"Webshop\""));
    CHECK_ERR(ERR_INVALID, log_in(&stage, NULL, "{}", &reply));
    CHECK_SLICE("client certificate must be supplied", login_scene_error(reply));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply));
    CHECK_SLICE("[\"default\",\"web\"]", login_scene_text(&stage.scene, reply, "auth.policies"));
    CHECK_SLICE("b-web", login_scene_text(&stage.scene, reply, "auth.metadata.cert_name"));
    CHECK_SLICE("web", login_scene_text(&stage.scene, reply, "auth.metadata.common_name"));
    CHECK_SLICE("60", login_scene_text(&stage.scene, reply, "auth.lease_duration"));
    struct slice token = login_scene_text(&stage.scene, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&stage.scene, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_SLICE("cert-Webshop", login_scene_text(&stage.scene, reply, "data.display_name"));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{\"name\":\"B-Web\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.web_chain, "{\"name\":\"a-db\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.web_chain, "{\"name\":\"none\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.web_chain, "{\"name\":\"../x\"}", &reply));
    end(&stage);
}

TEST(a_revoked_certificate_logs_in_no_more)
{
    struct stage stage = start();
    struct login_scene *scene = &stage.scene;
    const struct json *reply = NULL;
    struct made other = make((struct cert_wish){.name = "Other authority", .is_authority = true});
    CHECK_ERR(ERR_NONE, write_entry(&stage, "all", ""));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply));
    CHECK_ERR(ERR_INVALID, write_text(&stage, "crls/x", "crl", SLICE_LITERAL("no list"), ""));
    CHECK_ERR(ERR_NONE, write_text(&stage, "crls/other", "crl", made_crl(scene->arena, &other, &stage.web, LOGIN_SCENE_MS / 1000), ""));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply)); /* the same number of another issuer */
    CHECK_ERR(ERR_NONE, write_text(&stage, "crls/Ours", "crl", made_crl(scene->arena, &stage.authority, &stage.web, LOGIN_SCENE_MS / 1000), ""));
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.web_chain, "{}", &reply));
    CHECK_SLICE("invalid certificate or no client certificate supplied", login_scene_error(reply));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.db_chain, "{}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_READ, "auth/cert/crls/ours", NULL, &reply));
    CHECK_U64(1, json_path(reply, "data.serials")->count);
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_LIST, "auth/cert/crls", NULL, &reply));
    CHECK_SLICE("[\"other\",\"ours\"]", login_scene_text(scene, reply, "data.keys"));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_DELETE, "auth/cert/crls/ours", NULL, &reply));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply));
    made_free(&other);
    end(&stage);
}

static struct {
    struct slice list;                  /* what the address gives; empty: an error */
    unsigned asked;
} publisher;

static enum err publish(struct arena *arena, const char *name, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)raw;
    publisher.asked++;
    if (strcmp(name, "http.get") != 0 || !slice_is(json_text(input, "url", SLICE_NONE), "https://crl.example/ours")) {
        return ERR_UNREACHABLE;
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, reply->output, "status", publisher.list.len == 0 ? 404 : 200);
    return publisher.list.len == 0 ? ERR_NONE : buf_append(reply->raw, publisher.list);
}

/* What the tick of each minute does with jobs. */
static enum err operation_test_due(struct turn *turn)
{
    struct turn_names due;
    enum err err = turn_due(turn, turn->now_ms, 100, &due);
    for (size_t i = 0; err == ERR_NONE && i < due.count; i++) {
        err = job_due(turn, due.names[i], due.bytes[i]);
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static void run_due(struct stage *stage)
{
    size_t ran = 0;
    CHECK_ERR(ERR_NONE, driver_run(stage->scene.driver, "test_due", NULL, NULL));
    (void)!driver_settle(stage->scene.driver, 100, &ran); /* a fetch that fails is an error of its turn */
}

TEST(a_list_with_an_address_is_fetched_and_fetched_again)
{
    struct stage stage = start();
    struct login_scene *scene = &stage.scene;
    const struct json *reply = NULL;
    const int64_t now_s = LOGIN_SCENE_MS / 1000;
    login_scene_set_reach(publish);
    driver_add_operation(scene->driver, "test_due", operation_test_due);
    publisher.asked = 0;
    publisher.list = SLICE_NONE;
    CHECK_ERR(ERR_NONE, write_entry(&stage, "all", ""));
    CHECK_ERR(ERR_INVALID, write_text(&stage, "crls/ours", "url", SLICE_LITERAL("https://crl.example/ours"), "")); /* 404 */
    CHECK_ERR(ERR_INVALID, write_text(&stage, "crls/ours", "url", SLICE_LITERAL("http://crl.example/ours"), ""));
    CHECK_ERR(ERR_INVALID, write_text(&stage, "crls/ours", "url", SLICE_LITERAL("https://other.example/ours"), ""));
    CHECK_ERR(ERR_INVALID, write_text(&stage, "crls/ours", "url", SLICE_LITERAL("https://crl.example/ours"), ",\"crl\":\"x\""));
    publisher.list = made_crl(scene->arena, &stage.authority, &stage.db, now_s + 5400);
    CHECK_ERR(ERR_NONE, write_text(&stage, "crls/ours", "url", SLICE_LITERAL("https://crl.example/ours"), ""));
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.db_chain, "{}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply));
    /* an hour later web is in it, and db no more */
    publisher.list = made_crl(scene->arena, &stage.authority, &stage.web, now_s + 9000);
    login_scene_move(scene, 3500 * 1000);
    run_due(&stage);
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply)); /* not yet */
    login_scene_move(scene, 3700 * 1000);
    run_due(&stage);
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.web_chain, "{}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.db_chain, "{}", &reply));
    /* it cannot be fetched: the one that is there counts until it has run out, at 9000; tried again every ten minutes */
    publisher.list = SLICE_NONE;
    unsigned before = publisher.asked;
    for (unsigned i = 0; i < 5; i++) {
        login_scene_move(scene, 3700 * 1000 + (i + 1) * INT64_C(1000000));
        run_due(&stage);
    }
    CHECK(publisher.asked > before + 1);
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.db_chain, "{}", &reply));
    login_scene_move(scene, 9100 * 1000);
    CHECK_ERR(ERR_INVALID, log_in(&stage, &stage.db_chain, "{}", &reply));
    CHECK(slice_starts(login_scene_error(reply), SLICE_LITERAL("the revocation list has run out")));
    publisher.list = made_crl(scene->arena, &stage.authority, &stage.web, now_s + 90000);
    login_scene_move(scene, 9800 * 1000);
    run_due(&stage);
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.db_chain, "{}", &reply));
    /* deleted: nobody asks any more */
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_DELETE, "auth/cert/crls/ours", NULL, &reply));
    before = publisher.asked;
    for (unsigned i = 0; i < 3; i++) {
        run_due(&stage);
        login_scene_move(scene, (17000 + 700 * (int64_t)i) * 1000);
    }
    CHECK_U64(before, publisher.asked);
    end(&stage);
}

TEST(a_renewal_needs_the_certificate_of_the_login)
{
    struct stage stage = start();
    struct login_scene *scene = &stage.scene;
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, write_entry(&stage, "all", ",\"token_ttl\":60"));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply));
    struct slice token = login_scene_text(scene, reply, "auth.client_token");
    CHECK_ERR(ERR_INVALID, login_scene_ask(scene, token, VERB_WRITE, "auth/token/renew-self", "{}", &reply));
    scene->chain = buf_slice(&stage.db_chain);
    CHECK_ERR(ERR_INVALID, login_scene_ask(scene, token, VERB_WRITE, "auth/token/renew-self", "{}", &reply));
    CHECK_SLICE("client identity during renewal not matching client identity used during login", login_scene_error(reply));
    scene->chain = buf_slice(&stage.web_chain);
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, token, VERB_WRITE, "auth/token/renew-self", "{}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_WRITE, "auth/cert/config", "{\"disable_binding\":true}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_READ, "auth/cert/config", NULL, &reply));
    CHECK_SLICE("true", login_scene_text(scene, reply, "data.disable_binding"));
    CHECK_ERR(ERR_NONE, log_in(&stage, &stage.web_chain, "{}", &reply));
    token = login_scene_text(scene, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, token, VERB_WRITE, "auth/token/renew-self", "{}", &reply));
    end(&stage);
}

/* Keep tells gates what this says. */
TEST(clients_are_asked_while_the_method_is_mounted)
{
    struct stage stage = start();
    struct login_scene *scene = &stage.scene;
    struct vault *vault = driver_vault(scene->driver);
    const struct json *reply = NULL;
    size_t ran = 0;
    CHECK_ERR(ERR_NONE, driver_settle(scene->driver, 100, &ran));
    CHECK(vault->asks_certificates);
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_WRITE, "sys/auth/second", "{\"type\":\"cert\"}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_DELETE, "sys/auth/cert", NULL, &reply));
    CHECK_ERR(ERR_NONE, driver_settle(scene->driver, 100, &ran));
    CHECK(vault->asks_certificates);
    CHECK_ERR(ERR_NONE, login_scene_ask(scene, scene->root, VERB_DELETE, "sys/auth/second", NULL, &reply));
    CHECK_ERR(ERR_NONE, driver_settle(scene->driver, 100, &ran));
    CHECK(!vault->asks_certificates);
    end(&stage);
}

TEST_MAIN
