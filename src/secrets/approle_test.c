/* AppRole: roles and their fields, secret ids made, bound, counted, ended, and logging in with them. */
#include "secrets/login_scene.h"

#include "engine/token.h"

extern const struct engine engine_approle;

enum { SECOND_MS = 1000 };

static struct login_scene start(void)
{
    return login_scene_start(&engine_approle, "approle", NULL);
}

/* As root. */
static enum err ask(struct login_scene *scene, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    return login_scene_ask(scene, scene->root, verb, scene_text(scene, "auth/approle/%s", path), body, ret_reply);
}

static const char *string(struct login_scene *scene, const struct json *reply, const char *path)
{
    return arena_string(scene->arena, login_scene_text(scene, reply, path));
}

static enum err log_in(struct login_scene *scene, const char *role_id, const char *secret_id, const struct json **ret_reply)
{
    const char *body = scene_text(scene, "{\"role_id\":\"%s\",\"secret_id\":\"%s\"}", role_id, secret_id);
    return login_scene_ask(scene, SLICE_NONE, VERB_WRITE, "auth/approle/login", body, ret_reply);
}

/* A role with this body and the id "r"; gives a secret id made with `secret_body`. */
static const char *role_with_secret(struct login_scene *scene, const char *body, const char *secret_body)
{
    const struct json *reply = NULL;
    if (ask(scene, VERB_WRITE, "role/app", body, &reply) != ERR_NONE || ask(scene, VERB_WRITE, "role/app/role-id", "{\"role_id\":\"r\"}", &reply) != ERR_NONE ||
        ask(scene, VERB_WRITE, "role/app/secret-id", secret_body, &reply) != ERR_NONE) {
        return "(none was made)";
    }
    return string(scene, reply, "data.secret_id");
}

TEST(a_role_is_written_read_listed_and_deleted)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/web", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_LIST, "role", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/Web", "{\"token_policies\":\"B, a,b\",\"token_ttl\":\"10m\",\"token_max_ttl\":3600,\"secret_id_num_uses\":4}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "role/web", NULL, &reply));
    CHECK_SLICE("[\"a\",\"b\"]", login_scene_text(&scene, reply, "data.token_policies"));
    CHECK_SLICE("600", login_scene_text(&scene, reply, "data.token_ttl"));
    CHECK_SLICE("3600", login_scene_text(&scene, reply, "data.token_max_ttl"));
    CHECK_SLICE("4", login_scene_text(&scene, reply, "data.secret_id_num_uses"));
    CHECK_SLICE("0", login_scene_text(&scene, reply, "data.secret_id_ttl"));
    CHECK_SLICE("true", login_scene_text(&scene, reply, "data.bind_secret_id"));
    CHECK_SLICE("null", login_scene_text(&scene, reply, "data.secret_id_bound_cidrs"));
    CHECK_SLICE("[]", login_scene_text(&scene, reply, "data.token_bound_cidrs"));
    CHECK_SLICE("default", login_scene_text(&scene, reply, "data.token_type"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/web", "{\"token_type\":\"\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "role/web", NULL, &reply));
    CHECK_SLICE("default", login_scene_text(&scene, reply, "data.token_type"));
    CHECK_SLICE("(absent)", login_scene_text(&scene, reply, "data.policies"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/web", "{\"policies\":[\"c\"]}", &reply)); /* the rest stays */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "role/web", NULL, &reply));
    CHECK_SLICE("[\"c\"]", login_scene_text(&scene, reply, "data.policies"));
    CHECK_SLICE("[\"c\"]", login_scene_text(&scene, reply, "data.token_policies"));
    CHECK_SLICE("600", login_scene_text(&scene, reply, "data.token_ttl"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_LIST, "role", NULL, &reply));
    CHECK_SLICE("[\"web\"]", login_scene_text(&scene, reply, "data.keys"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "role/web", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/web", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "role/web", NULL, &reply));
    login_scene_end(&scene);
}

TEST(what_a_role_cannot_be_is_refused)
{
    static const struct {
        const char *body, *words;
    } bad[] = {
        {"{\"token_type\":\"eternal\"}", "invalid 'token_type' value"},
        {"{\"token_ttl\":20,\"token_max_ttl\":10}", "'token_ttl' cannot be greater than 'token_max_ttl'"},
        {"{\"token_type\":\"batch\",\"token_num_uses\":1}", "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count"},
        {"{\"token_type\":\"batch\",\"token_period\":1}", "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with period"},
        {"{\"token_policies\":[\"root\"]}", "auth methods cannot create root tokens"},
        {"{\"token_bound_cidrs\":[\"10.0.0.0/33\"]}", "this is no network"},
        {"{\"secret_id_bound_cidrs\":[\"everywhere\"]}", "invalid CIDR blocks"},
        {"{\"bind_secret_id\":false}", "at least one constraint should be enabled on the role"},
    };
    struct login_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/web", bad[i].body, &reply));
        CHECK(slice_starts(login_scene_error(reply), slice_string(bad[i].words)));
    }
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/w b", "{}", &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/web", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/web", "{\"local_secret_ids\":true}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/web", "{\"local_secret_ids\":false}", &reply));
    login_scene_end(&scene);
}

TEST(single_fields_are_read_set_and_taken_back)
{
    static const struct {
        const char *path, *member, *value, *shown, *empty;
    } fields[] = {
        {"policies", "policies", "[\"x\"]", "[\"x\"]", "[]"},
        {"bind-secret-id", "bind_secret_id", "true", "true", "true"},
        {"secret-id-num-uses", "secret_id_num_uses", "3", "3", "0"},
        {"secret-id-ttl", "secret_id_ttl", "\"1m\"", "60", "0"},
        {"secret-id-bound-cidrs", "secret_id_bound_cidrs", "\"10.0.0.0/8,192.168.0.1\"", "[\"10.0.0.0/8\",\"192.168.0.1\"]", "null"},
        {"bound-cidr-list", "bound_cidr_list", "[\"10.0.0.0/8\"]", "[\"10.0.0.0/8\"]", "null"},
        {"token-bound-cidrs", "token_bound_cidrs", "[\"10.0.0.0/8\"]", "[\"10.0.0.0/8\"]", "[]"},
        {"token-num-uses", "token_num_uses", "\"7\"", "7", "0"},
        {"token-ttl", "token_ttl", "30", "30", "0"},
        {"token-max-ttl", "token_max_ttl", "\"1h\"", "3600", "0"},
        {"period", "period", "5", "5", "0"},
    };
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/app/token-ttl", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_WRITE, "role/app/token-ttl", "{\"token_ttl\":1}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{}", &reply));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *path = scene_text(&scene, "role/app/%s", fields[i].path), *member = scene_text(&scene, "data.%s", fields[i].member);
        CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, path, scene_text(&scene, "{\"%s\":%s}", fields[i].member, fields[i].value), &reply));
        CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, path, NULL, &reply));
        CHECK(slice_is(login_scene_text(&scene, reply, member), fields[i].shown));
        CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, path, NULL, &reply));
        CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, path, NULL, &reply));
        CHECK(slice_is(login_scene_text(&scene, reply, member), fields[i].empty));
    }
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/app/token-ttl", "{\"token_max_ttl\":1}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/app/token-ttl", "{\"token_ttl\":1,\"period\":1}", &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/app/nonesuch", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_WRITE, "role/app/nonesuch", "{\"token_ttl\":1}", &reply));
    /* the last condition cannot be taken away */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"bind_secret_id\":false,\"token_bound_cidrs\":\"127.0.0.0/8\"}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_DELETE, "role/app/token-bound-cidrs", NULL, &reply));
    login_scene_end(&scene);
}

TEST(a_program_logs_in)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{\"token_policies\":\"web\",\"token_ttl\":120,\"token_max_ttl\":300,\"token_num_uses\":9}", "{\"metadata\":\"{\\\"host\\\":\\\"web-1\\\"}\"}");
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_SLICE("[\"default\",\"web\"]", login_scene_text(&scene, reply, "auth.policies"));
    CHECK_SLICE("120", login_scene_text(&scene, reply, "auth.lease_duration"));
    CHECK_SLICE("9", login_scene_text(&scene, reply, "auth.num_uses"));
    CHECK_SLICE("true", login_scene_text(&scene, reply, "auth.renewable"));
    CHECK_SLICE("true", login_scene_text(&scene, reply, "auth.orphan"));
    CHECK_SLICE("service", login_scene_text(&scene, reply, "auth.token_type"));
    CHECK_SLICE("{\"role_name\":\"app\",\"host\":\"web-1\"}", login_scene_text(&scene, reply, "auth.metadata"));
    struct slice token = login_scene_text(&scene, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_SLICE("approle", login_scene_text(&scene, reply, "data.display_name"));
    CHECK_SLICE("auth/approle/login", login_scene_text(&scene, reply, "data.path"));
    login_scene_end(&scene);
}

TEST(whatever_is_wrong_the_words_are_the_same)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{}", "{}");
    static const char *const roles[] = {"r", "s", "r"}, *const secrets[] = {"wrong", "good", "good "};
    for (size_t i = 0; i < 3; i++) {
        const char *tried = secrets[i][0] == 'w' ? secrets[i] : scene_text(&scene, "%s%s", secret, secrets[i] + 4);
        CHECK_ERR(ERR_INVALID, log_in(&scene, roles[i], tried, &reply));
        CHECK_SLICE("invalid role or secret ID", login_scene_error(reply));
    }
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "auth/approle/login", "{\"secret_id\":\"x\"}", &reply));
    CHECK_SLICE("missing role_id", login_scene_error(reply));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "auth/approle/login", "{\"role_id\":\"r\"}", &reply));
    CHECK_SLICE("missing secret_id", login_scene_error(reply));
    login_scene_end(&scene);
}

TEST(no_row_holds_a_secret_id)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/custom-secret-id", "{\"secret_id\":\"plain-as-day\"}", &reply));
    const struct memory_rows *rows = driver_rows(scene.driver);
    cleanup_buf struct buf plain = BUF_INIT(1 << 20);
    size_t read = 0;
    for (size_t i = 0; i < memory_row_count(rows); i++) {
        struct stored_row row = memory_stored(&rows->list[i]);
        buf_clear(&plain);
        CHECK(slice_find(row.path, SLICE_LITERAL("plain-as-day")) == SIZE_MAX);
        if (!slice_starts(row.path, SLICE_LITERAL("boot/")) && state_open(driver_state(scene.driver), &row, &plain) == ERR_NONE) {
            CHECK(slice_find(buf_slice(&plain), SLICE_LITERAL("plain-as-day")) == SIZE_MAX);
            read++;
        }
    }
    CHECK(read > 10);
    login_scene_end(&scene);
}

/* As keep does it: both turns wait for their rows in one fetch, run one after the other, and go into the same commit. */
TEST(two_logins_in_one_batch_do_not_both_take_the_last_use)
{
    struct login_scene scene = start();
    const char *secret = role_with_secret(&scene, "{\"secret_id_num_uses\":1}", "{}");
    CHECK_ERR(ERR_NONE, driver_restart(scene.driver)); /* nothing is cached: both must wait */
    const char *body = scene_text(&scene, "{\"role_id\":\"r\",\"secret_id\":\"%s\"}", secret);
    struct turn *turns[2] = {login_scene_begin(&scene, VERB_WRITE, "auth/approle/login", body), login_scene_begin(&scene, VERB_WRITE, "auth/approle/login", body)};
    enum err ends[2] = {ERR_NEED, ERR_NEED};
    unsigned rounds = 0;
    while (ends[0] == ERR_NEED || ends[1] == ERR_NEED) {
        for (int i = 0; i < 2; i++) {
            if (ends[i] == ERR_NEED) {
                ends[i] = driver_run_once(scene.driver, turns[i]);
                if (ends[i] != ERR_NEED) {
                    CHECK_ERR(ERR_NONE, driver_apply(scene.driver, turns[i], ends[i]));
                }
            }
        }
        for (int i = 0; i < 2; i++) {
            CHECK_ERR(ERR_NONE, ends[i] == ERR_NEED ? driver_serve(scene.driver, turns[i]) : ERR_NONE);
        }
        rounds++;
    }
    CHECK(rounds >= 3); /* they did run side by side */
    CHECK_ERR(ERR_NONE, driver_commit(scene.driver));
    CHECK_ERR(ERR_NONE, ends[0]);
    CHECK_ERR(ERR_INVALID, ends[1]);
    CHECK_SLICE("invalid role or secret ID", login_scene_error(turns[1]->reply.tree));
    driver_end(turns[0]);
    driver_end(turns[1]);
    login_scene_end(&scene);
}

TEST(uses_are_counted_and_only_by_logins)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{\"secret_id_num_uses\":3}", "{}");
    const char *named = scene_text(&scene, "{\"secret_id\":\"%s\"}", secret);
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id/lookup", named, &reply));
    CHECK_SLICE("2", login_scene_text(&scene, reply, "data.secret_id_num_uses"));
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "r", secret, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id/lookup", named, &reply));
    CHECK(reply == NULL); /* 204: Vault knows nothing of it either */
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_LIST, "role/app/secret-id", NULL, &reply));
    login_scene_end(&scene);
}

TEST(a_login_that_is_refused_takes_no_use)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{\"secret_id_num_uses\":1,\"token_bound_cidrs\":\"127.0.0.0/8\"}", "{}");
    scene.remote = "192.0.2.7:1000";
    CHECK_ERR(ERR_DENIED, log_in(&scene, "r", secret, &reply));
    CHECK_SLICE("permission denied", login_scene_error(reply));
    scene.remote = "127.0.0.1:1000";
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    login_scene_end(&scene);
}

TEST(networks_bind_secret_ids_and_tokens)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{\"secret_id_bound_cidrs\":[\"10.0.0.0/8\",\"2001:db8::/32\"],\"token_bound_cidrs\":\"10.0.0.0/8\"}",
                                          "{\"cidr_list\":[\"10.1.0.0/16\"],\"token_bound_cidrs\":\"10.1.2.0/24\"}");
    static const struct {
        const char *remote;
        enum err err;
    } callers[] = {{"10.1.2.3:1", ERR_NONE}, {"[::ffff:10.1.2.3]:1", ERR_NONE}, {"10.1.3.3:1", ERR_DENIED}, {"10.2.2.3:1", ERR_INVALID}, {"[2001:db8::1]:1", ERR_INVALID}, {"", ERR_INVALID}};
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        scene.remote = callers[i].remote;
        CHECK_ERR(callers[i].err, log_in(&scene, "r", secret, &reply));
    }
    scene.remote = "10.1.2.3:1";
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    struct slice token = login_scene_text(&scene, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    scene.remote = "10.1.3.3:1";
    CHECK_ERR(ERR_DENIED, login_scene_ask(&scene, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    static const char *const wider[] = {"{\"cidr_list\":\"10.0.0.0/7\"}", "{\"cidr_list\":\"192.168.0.0/16\"}", "{\"token_bound_cidrs\":\"0.0.0.0/0\"}", "{\"cidr_list\":\"2001:db9::/32\"}"};
    for (size_t i = 0; i < sizeof wider / sizeof wider[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/app/secret-id", wider[i], &reply));
    }
    login_scene_end(&scene);
}

TEST(a_role_may_be_bound_by_networks_alone)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"bind_secret_id\":false,\"secret_id_bound_cidrs\":\"127.0.0.0/8\",\"role_id\":\"r\"}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "auth/approle/login", "{\"role_id\":\"r\"}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/app/secret-id", "{}", &reply));
    scene.remote = "192.0.2.1:1";
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "auth/approle/login", "{\"role_id\":\"r\"}", &reply));
    login_scene_end(&scene);
}

TEST(a_secret_id_ends_at_its_time)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{\"secret_id_ttl\":\"1m\"}", "{\"ttl\":\"30s\"}");
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id/lookup", scene_text(&scene, "{\"secret_id\":\"%s\"}", secret), &reply));
    CHECK_SLICE("2026-11-23T12:00:00.000Z", login_scene_text(&scene, reply, "data.creation_time"));
    CHECK_SLICE("2026-11-23T12:00:30.000Z", login_scene_text(&scene, reply, "data.expiration_time"));
    CHECK_SLICE("30", login_scene_text(&scene, reply, "data.secret_id_ttl"));
    login_scene_move(&scene, 30 * SECOND_MS - 1);
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    login_scene_move(&scene, 30 * SECOND_MS);
    CHECK_ERR(ERR_INVALID, log_in(&scene, "r", secret, &reply));
    login_scene_end(&scene);
}

TEST(a_secret_id_cannot_be_looser_than_its_role)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    (void)role_with_secret(&scene, "{\"secret_id_ttl\":60,\"secret_id_num_uses\":2}", "{}");
    static const char *const bad[] = {"{\"ttl\":61}", "{\"ttl\":0}", "{\"num_uses\":3}", "{\"num_uses\":0}", "{\"metadata\":\"team=blue\"}", "{\"metadata\":\"{\\\"n\\\":1}\"}", "{\"metadata\":5}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/app/secret-id", bad[i], &reply));
    }
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id", "{\"ttl\":59,\"num_uses\":1,\"metadata\":{\"a\":\"b\"}}", &reply));
    CHECK_SLICE("59", login_scene_text(&scene, reply, "data.secret_id_ttl"));
    CHECK_SLICE("1", login_scene_text(&scene, reply, "data.secret_id_num_uses"));
    login_scene_end(&scene);
}

TEST(secret_ids_are_found_and_ended_by_accessor)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/none/secret-id", "{}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"role_id\":\"r\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/custom-secret-id", "{\"secret_id\":\"my own\",\"metadata\":\"{\\\"a\\\":\\\"b\\\"}\"}", &reply));
    const char *accessor = string(&scene, reply, "data.secret_id_accessor");
    CHECK_SLICE("my own", login_scene_text(&scene, reply, "data.secret_id"));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/app/custom-secret-id", "{\"secret_id\":\"my own\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", "my own", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_LIST, "role/app/secret-id", NULL, &reply));
    CHECK(slice_is(json_path(reply, "data.keys")->first->text, accessor));
    const char *named = scene_text(&scene, "{\"secret_id_accessor\":\"%s\"}", accessor);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id-accessor/lookup", named, &reply));
    CHECK_SLICE("{\"a\":\"b\"}", login_scene_text(&scene, reply, "data.metadata"));
    CHECK_SLICE("0001-01-01T00:00:00Z", login_scene_text(&scene, reply, "data.expiration_time"));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_WRITE, "role/app/secret-id-accessor/lookup", "{\"secret_id_accessor\":\"x/y\"}", &reply));
    CHECK_U64(1, json_member(reply, "errors")->count);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id-accessor/destroy", named, &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "r", "my own", &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_WRITE, "role/app/secret-id-accessor/destroy", named, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/custom-secret-id", "{\"secret_id\":\"my own\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "role/app/secret-id/destroy", "{\"secret_id\":\"my own\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "r", "my own", &reply));
    login_scene_end(&scene);
}

TEST(a_new_role_of_the_same_name_has_none_of_the_old_secret_ids)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{}", "{}");
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "role/app", NULL, &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "r", secret, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"role_id\":\"r\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "r", secret, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/two", "{}", &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/two/role-id", "{\"role_id\":\"r\"}", &reply)); /* of another role */
    login_scene_end(&scene);
}

TEST(tidying_clears_what_has_ended)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    (void)role_with_secret(&scene, "{}", "{\"ttl\":1}");
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id", "{}", &reply));
    login_scene_move(&scene, 2 * SECOND_MS);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "tidy/secret-id", "{}", &reply));
    CHECK_U64(1, json_member(reply, "warnings")->count);
    struct turn *turn = NULL;
    struct json *input = json_new(scene.arena, JSON_OBJECT);
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_READ, "sys/auth/approle", NULL, &reply));
    json_set_string(scene.arena, input, "uuid", json_text(reply, "uuid", SLICE_NONE));
    json_set_string(scene.arena, input, "after", SLICE_NONE);
    size_t before = memory_row_count(driver_rows(scene.driver));
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "approle_tidy_slice", input, &turn));
    driver_end(turn);
    CHECK(memory_row_count(driver_rows(scene.driver)) == before - 2 + 1); /* two rows less, one record of the audit log more */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_LIST, "role/app/secret-id", NULL, &reply));
    CHECK_U64(1, json_path(reply, "data.keys")->count);
    login_scene_end(&scene);
}

/* Their rows are due, and the sweep of leases meets them first. */
TEST(ended_secret_ids_are_swept)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    (void)role_with_secret(&scene, "{}", "{\"ttl\":1}");
    login_scene_move(&scene, 2 * SECOND_MS);
    size_t before = memory_row_count(driver_rows(scene.driver));
    struct turn *turn = NULL;
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "own_lease_sweep", NULL, &turn));
    driver_end(turn);
    CHECK_U64(before - 2 + 1, memory_row_count(driver_rows(scene.driver))); /* two rows less, one record of the audit log more */
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_LIST, "role/app/secret-id", NULL, &reply));
    login_scene_end(&scene);
}

TEST(what_a_route_does_not_know_is_ignored_and_said)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"secret_id_num_use\":1,\"name\":\"app\",\"x\":{},\"token_ttl\":60}", &reply));
    CHECK_SLICE("[\"Endpoint ignored these unrecognized parameters: [secret_id_num_use x]\"]", login_scene_text(&scene, reply, "warnings"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/secret-id", "{\"y\":1}", &reply));
    CHECK_SLICE("[\"Endpoint ignored these unrecognized parameters: [y]\"]", login_scene_text(&scene, reply, "warnings"));
    CHECK(login_scene_text(&scene, reply, "data.secret_id").len == 36);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"name\":\"app\"}", &reply)); /* it stands in the path */
    CHECK(reply == NULL);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    CHECK_SLICE("60", login_scene_text(&scene, reply, "data.token_ttl"));
    login_scene_end(&scene);
}

TEST(a_lockout_that_has_no_effect_is_said)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/auth/approle/tune", "{\"user_lockout_config\":{\"lockout_threshold\":3}}", &reply));
    CHECK_U64(1, json_member(reply, "warnings")->count);
    login_scene_end(&scene);
}

TEST(the_mounts_tuning_decides_where_the_role_says_nothing)
{
    struct login_scene scene = login_scene_start(&engine_approle, "approle", "{\"default_lease_ttl\":\"2m\",\"max_lease_ttl\":600}");
    const struct json *reply = NULL;
    const char *secret = role_with_secret(&scene, "{}", "{}");
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_SLICE("120", login_scene_text(&scene, reply, "auth.lease_duration"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app/token-ttl", "{\"token_ttl\":3600}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_SLICE("600", login_scene_text(&scene, reply, "auth.lease_duration"));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/auth/approle/tune", "{\"token_type\":\"default-batch\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_SLICE("batch", login_scene_text(&scene, reply, "auth.token_type"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"token_type\":\"service\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_SLICE("service", login_scene_text(&scene, reply, "auth.token_type"));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/auth/approle/tune", "{\"token_type\":\"batch\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    CHECK_SLICE("batch", login_scene_text(&scene, reply, "auth.token_type"));
    login_scene_end(&scene);
}

TEST(what_cannot_be_tuned_is_refused_and_who_may_see_a_mount_is_tuned)
{
    static const char *const bad[] = {"{\"token_type\":\"eternal\"}", "{\"default_lease_ttl\":\"soon\"}", "{\"default_lease_ttl\":\"2h\",\"max_lease_ttl\":\"1h\"}",
                                      "{\"listing_visibility\":\"all\"}", "{\"user_lockout_config\":{\"lockout_treshold\":5}}", "{\"default_lease_ttl\":\"33d\"}"};
    struct login_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/auth/approle/tune", bad[i], &reply));
        CHECK_ERR(ERR_INVALID, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/auth/other", scene_text(&scene, "{\"type\":\"approle\",\"config\":%s}", bad[i]), &reply));
    }
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_READ, "sys/auth/approle/tune", NULL, &reply));
    CHECK_SLICE("default-service", login_scene_text(&scene, reply, "data.token_type"));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, SLICE_NONE, VERB_READ, "sys/internal/ui/mounts", NULL, &reply));
    CHECK_SLICE("{}", login_scene_text(&scene, reply, "data.auth"));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/auth/approle/tune", "{\"listing_visibility\":\"unauth\",\"default_lease_ttl\":\"90s\"}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_READ, "sys/auth/approle/tune", NULL, &reply));
    CHECK_SLICE("90", login_scene_text(&scene, reply, "data.default_lease_ttl"));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, SLICE_NONE, VERB_READ, "sys/internal/ui/mounts", NULL, &reply));
    CHECK_U64(1, json_path(reply, "data.auth")->count);
    CHECK_SLICE("approle/", json_path(reply, "data.auth")->first->name);
    CHECK_ERR(ERR_DENIED, login_scene_ask(&scene, SLICE_LITERAL("hvs.wrong"), VERB_READ, "sys/internal/ui/mounts", NULL, &reply));
    login_scene_end(&scene);
}

TEST(policies_tell_making_a_role_from_changing_it)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/policies/acl/maker",
                                        "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":[{\"labels\":[\"auth/approle/role/*\"],\"line\":1,\"capabilities\":[\"create\"]}]}}}", &reply));
    const char *secret = role_with_secret(&scene, "{\"token_policies\":\"maker\"}", "{}");
    CHECK_ERR(ERR_NONE, log_in(&scene, "r", secret, &reply));
    struct slice maker = login_scene_text(&scene, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, maker, VERB_WRITE, "auth/approle/role/new", "{}", &reply));
    CHECK_ERR(ERR_DENIED, login_scene_ask(&scene, maker, VERB_WRITE, "auth/approle/role/new", "{}", &reply));
    CHECK_ERR(ERR_DENIED, login_scene_ask(&scene, maker, VERB_WRITE, "auth/approle/role/new/secret-id", "{}", &reply)); /* Vault: always an update */
    login_scene_end(&scene);
}

TEST_MAIN
