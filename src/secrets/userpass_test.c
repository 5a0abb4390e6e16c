/* userpass: users and their passwords, logging in, and who is locked out. */
#include "secrets/login_scene.h"

#include "engine/token.h"

extern const struct engine engine_userpass;

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

static struct login_scene start(void)
{
    return login_scene_start(&engine_userpass, "userpass", NULL);
}

/* As root. */
static enum err ask(struct login_scene *scene, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    return login_scene_ask(scene, scene->root, verb, scene_text(scene, "auth/userpass/%s", path), body, ret_reply);
}

static enum err log_in(struct login_scene *scene, const char *name, const char *password, const struct json **ret_reply)
{
    return login_scene_ask(scene, SLICE_NONE, VERB_WRITE, scene_text(scene, "auth/userpass/login/%s", name), scene_text(scene, "{\"password\":\"%s\"}", password), ret_reply);
}

static void fail(struct login_scene *scene, const char *name, unsigned times)
{
    const struct json *reply = NULL;
    for (unsigned i = 0; i < times; i++) {
        CHECK_ERR(ERR_INVALID, log_in(scene, name, "wrong", &reply));
        CHECK_SLICE("invalid username or password", login_scene_error(reply));
    }
}

static enum err tune(struct login_scene *scene, const char *body)
{
    const struct json *reply = NULL;
    return login_scene_ask(scene, scene->root, VERB_WRITE, "sys/auth/userpass/tune", body, &reply);
}

TEST(a_user_is_written_read_listed_and_deleted)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "users/ada", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_LIST, "users", NULL, &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "users/ada", "{\"policies\":\"x\"}", &reply));
    CHECK_SLICE("missing password", login_scene_error(reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/Ada", "{\"password\":\"correct horse\",\"policies\":\"b,A\",\"token_ttl\":\"10m\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "users/aDa", NULL, &reply));
    CHECK_SLICE("[\"a\",\"b\"]", login_scene_text(&scene, reply, "data.policies"));
    CHECK_SLICE("[\"a\",\"b\"]", login_scene_text(&scene, reply, "data.token_policies"));
    CHECK_SLICE("600", login_scene_text(&scene, reply, "data.token_ttl"));
    CHECK_SLICE("(absent)", login_scene_text(&scene, reply, "data.hash"));
    CHECK_SLICE("(absent)", login_scene_text(&scene, reply, "data.password"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada/policies", "{\"token_policies\":[\"c\"]}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "users/ada", NULL, &reply));
    CHECK_SLICE("[\"c\"]", login_scene_text(&scene, reply, "data.token_policies"));
    CHECK_SLICE("600", login_scene_text(&scene, reply, "data.token_ttl"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_LIST, "users", NULL, &reply));
    CHECK_SLICE("[\"ada\"]", login_scene_text(&scene, reply, "data.keys"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "users/ADA", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "users/ada", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "users/ada", NULL, &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "ada", "correct horse", &reply));
    login_scene_end(&scene);
}

TEST(what_a_user_cannot_be_is_refused)
{
    static const struct {
        const char *path, *body;
    } bad[] = {
        {"users/a b", "{\"password\":\"x\"}"},
        {"users/ada", "{\"password\":\"x\",\"token_policies\":\"root\"}"},
        {"users/ada", "{\"password\":\"x\",\"password_hash\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}"},
        {"users/ada", "{\"password_hash\":\"$6$saltsalt$abc\"}"},
        {"users/ada", "{\"password_hash\":\"$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}"},
        {"users/ada", "{\"password_hash\":\"$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}"},
        {"users/ada", "{\"password_hash\":\"$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}"},
        {"users/ada", "{\"password_hash\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCCCE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}"},
        {"users/ada", "{\"password_hash\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe:\"}"},
        {"users/ada/password", "{\"password\":\"x\"}"},
        {"users/ada/policies", "{\"policies\":\"x\"}"},
    };
    struct login_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, bad[i].path, bad[i].body, &reply));
        CHECK(login_scene_error(reply).len > 0);
    }
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "users/ada", NULL, &reply));
    login_scene_end(&scene);
}

TEST(a_login_gives_a_token_with_the_users_policies_in_any_case_of_the_name)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada@example.org", "{\"password\":\"correct horse\",\"token_policies\":\"a\",\"token_ttl\":60,\"token_max_ttl\":120}", &reply));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene, SLICE_NONE, VERB_WRITE, "auth/userpass/login/ada@example.org", "{}", &reply));
    CHECK_SLICE("missing password", login_scene_error(reply));
    fail(&scene, "ada@example.org", 1);
    CHECK_ERR(ERR_NONE, log_in(&scene, "Ada@Example.org", "correct horse", &reply));
    CHECK_SLICE("[\"a\",\"default\"]", login_scene_text(&scene, reply, "auth.policies"));
    CHECK_SLICE("60", login_scene_text(&scene, reply, "auth.lease_duration"));
    CHECK_SLICE("{\"username\":\"ada@example.org\"}", login_scene_text(&scene, reply, "auth.metadata"));
    struct slice token = login_scene_text(&scene, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_SLICE("userpass-ada@example.org", login_scene_text(&scene, reply, "data.display_name"));
    login_scene_end(&scene);
}

TEST(a_new_password_ends_the_old_one_and_a_users_own_policy_may_set_it)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, "sys/policies/acl/self",
                                        "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":[{\"labels\":[\"auth/userpass/users/ada/password\"],\"line\":1,\"capabilities\":[\"update\"]}]}}}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"one\",\"token_policies\":\"self\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "one", &reply));
    struct slice ada = login_scene_text(&scene, reply, "auth.client_token");
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene, ada, VERB_WRITE, "auth/userpass/users/ada/password", "{}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, ada, VERB_WRITE, "auth/userpass/users/ada/password", "{\"password\":\"two\"}", &reply));
    CHECK_ERR(ERR_DENIED, login_scene_ask(&scene, ada, VERB_WRITE, "auth/userpass/users/ada/policies", "{\"policies\":\"x\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "ada", "one", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "two", &reply));
    CHECK_SLICE("[\"default\",\"self\"]", login_scene_text(&scene, reply, "auth.policies"));
    login_scene_end(&scene);
}

TEST(a_hash_made_elsewhere_logs_in_and_becomes_argon2id)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/plain", "{\"password\":\"plain one\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/bob", "{\"password_hash\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\",\"token_ttl\":77}", &reply));
    fail(&scene, "bob", 1);
    fail(&scene, "nobody", 1);
    CHECK_ERR(ERR_NONE, log_in(&scene, "plain", "plain one", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "bob", "U*U", &reply));
    CHECK_SLICE("77", login_scene_text(&scene, reply, "auth.lease_duration"));
    CHECK_ERR(ERR_NONE, log_in(&scene, "bob", "U*U", &reply)); /* by the new hash */
    CHECK_SLICE("77", login_scene_text(&scene, reply, "auth.lease_duration"));
    fail(&scene, "bob", 1);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/bob/password", "{\"password_hash\":\"$2y$05$OU7Kxh0PfWacaoowjL3pGu6up5vm2/BQWPaqhma1TbHzWZjcElT1C\"}", &reply));
    fail(&scene, "bob", 1);
    CHECK_ERR(ERR_NONE, log_in(&scene, "bob", "pässword", &reply));
    login_scene_end(&scene);
}

/* How much work a login asks for, and which. */
static unsigned works_of(struct login_scene *scene, const char *name)
{
    const char *body = scene_text(scene, "{\"password\":\"guess\"}");
    struct turn *turn = login_scene_begin(scene, VERB_WRITE, scene_text(scene, "auth/userpass/login/%s", name), body);
    unsigned works = 0;
    while (driver_run_once(scene->driver, turn) == ERR_NEED) {
        for (const struct ask *ask = turn->inside->asks; ask != NULL; ask = ask->next) {
            works += ask->state == ASK_OPEN && ask->role == ROLE_JUDGE;
        }
        if (driver_serve(scene->driver, turn) != ERR_NONE) {
            break;
        }
    }
    driver_end(turn);
    return works;
}

TEST(a_name_that_exists_costs_as_much_work_as_one_that_does_not)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"x\"}", &reply));
    CHECK_U64(1, works_of(&scene, "ada"));
    CHECK_U64(1, works_of(&scene, "nobody"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/bob", "{\"password_hash\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}", &reply));
    CHECK_U64(2, works_of(&scene, "ada"));
    CHECK_U64(2, works_of(&scene, "nobody"));
    CHECK_U64(2, works_of(&scene, "bob"));
    login_scene_end(&scene);
}

TEST(five_failures_lock_a_name_for_fifteen_minutes_whether_it_exists_or_not)
{
    static const char *const names[] = {"ada", "nobody"};
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"right\"}", &reply));
    for (size_t i = 0; i < 2; i++) {
        fail(&scene, names[i], 5);
        CHECK_ERR(ERR_DENIED, log_in(&scene, names[i], "right", &reply));
        CHECK(slice_starts(login_scene_error(reply), SLICE_LITERAL("permission denied")));
    }
    CHECK_ERR(ERR_NONE, driver_restart(scene.driver)); /* a restart frees nobody */
    login_scene_move(&scene, 15 * MINUTE_MS - 1);
    CHECK_ERR(ERR_DENIED, log_in(&scene, "ADA", "right", &reply));
    CHECK_ERR(ERR_DENIED, log_in(&scene, "nobody", "right", &reply));
    login_scene_move(&scene, 15 * MINUTE_MS);
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    fail(&scene, "nobody", 1);
    login_scene_end(&scene);
}

TEST(failures_are_forgotten_with_a_login_and_after_a_time)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"right\"}", &reply));
    fail(&scene, "ada", 4);
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    fail(&scene, "ada", 4);
    login_scene_move(&scene, 15 * MINUTE_MS);
    fail(&scene, "ada", 4);
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    login_scene_end(&scene);
}

TEST(the_mount_says_how_many_failures_lock_and_for_how_long)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"right\"}", &reply));
    CHECK_ERR(ERR_NONE, tune(&scene, "{\"user_lockout_config\":{\"lockout_threshold\":\"2\",\"lockout_duration\":\"1m\"}}"));
    CHECK_ERR(ERR_NONE, tune(&scene, "{\"user_lockout_config\":{\"lockout_counter_reset\":30}}"));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_READ, "sys/auth/userpass/tune", NULL, &reply));
    CHECK_SLICE("2", login_scene_text(&scene, reply, "data.user_lockout_threshold"));
    CHECK_SLICE("60", login_scene_text(&scene, reply, "data.user_lockout_duration"));
    CHECK_SLICE("30", login_scene_text(&scene, reply, "data.user_lockout_counter_reset_duration"));
    fail(&scene, "ada", 1);
    login_scene_move(&scene, 30 * SECOND_MS);
    fail(&scene, "ada", 2);
    CHECK_ERR(ERR_DENIED, log_in(&scene, "ada", "right", &reply));
    CHECK_ERR(ERR_NONE, tune(&scene, "{\"user_lockout_config\":{\"lockout_disable\":true}}"));
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    fail(&scene, "ada", 9);
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    CHECK_ERR(ERR_NONE, tune(&scene, "{\"user_lockout_config\":{\"lockout_disable\":false}}"));
    fail(&scene, "ada", 2);
    login_scene_move(&scene, 90 * SECOND_MS);
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    login_scene_end(&scene);
}

/* All begun before the first is counted, and each with its hash at hand: only as many guesses are answered as the threshold allows. */
TEST(many_guesses_at_once_are_no_way_past_the_threshold)
{
    enum { GUESSES = 12 };
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"right\"}", &reply));
    struct turn *turns[GUESSES];
    for (size_t i = 0; i < GUESSES; i++) {
        turns[i] = login_scene_begin(&scene, VERB_WRITE, "auth/userpass/login/ada", i == GUESSES - 1 ? "{\"password\":\"right\"}" : "{\"password\":\"wrong\"}");
        for (unsigned round = 0; round < 8; round++) { /* up to the last run, which is not made yet */
            bool has_work = false;
            enum err err = driver_run_once(scene.driver, turns[i]);
            for (const struct ask *ask = turns[i]->inside->asks; ask != NULL; ask = ask->next) {
                has_work = has_work || ask->role == ROLE_JUDGE;
            }
            CHECK_ERR(ERR_NEED, err);
            CHECK_ERR(ERR_NONE, driver_serve(scene.driver, turns[i]));
            if (has_work) {
                break;
            }
        }
    }
    unsigned wrong = 0, locked = 0;
    for (size_t i = 0; i < GUESSES; i++) {
        enum err err = driver_run_once(scene.driver, turns[i]);
        while (err == ERR_NEED) {
            CHECK_ERR(ERR_NONE, driver_serve(scene.driver, turns[i]));
            err = driver_run_once(scene.driver, turns[i]);
        }
        wrong += err == ERR_INVALID;
        locked += err == ERR_DENIED;
        CHECK_ERR(ERR_NONE, driver_apply(scene.driver, turns[i], err));
        driver_end(turns[i]);
    }
    CHECK_ERR(ERR_NONE, driver_commit(scene.driver));
    CHECK_U64(5, wrong);
    CHECK_U64(GUESSES - 5, locked);
    login_scene_end(&scene);
}

TEST(who_is_locked_out_is_listed_and_let_in_again)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"right\"}", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_READ, "sys/locked-users", NULL, &reply));
    CHECK_SLICE("{\"by_namespace\":[],\"total\":0}", login_scene_text(&scene, reply, "data"));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_READ, "sys/auth/userpass", NULL, &reply));
    const char *accessor = arena_string(scene.arena, login_scene_text(&scene, reply, "data.accessor"));
    fail(&scene, "ada", 5);
    fail(&scene, "bob", 4);
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_READ, "sys/locked-users", NULL, &reply));
    CHECK(slice_is(login_scene_text(&scene, reply, "data"), scene_text(&scene, "{\"by_namespace\":[{\"mount_accessors\":[{\"mount_accessor\":\"%s\",\"alias_identifiers\":[\"ada\"],\"counts\":1}],\"counts\":1,\"namespace_id\":\"root\",\"namespace_path\":\"\"}],\"total\":1}", accessor)));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, scene_text(&scene, "sys/locked-users/%s/unlock/Ada", accessor), "{}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene, scene.root, VERB_WRITE, scene_text(&scene, "sys/locked-users/%s/unlock/ada", accessor), "{}", &reply));
    login_scene_end(&scene);
}

/* Rows that are due and that nobody took away would stand before all leases for ever. */
TEST(what_counts_no_more_is_swept)
{
    struct login_scene scene = start();
    fail(&scene, "ada", 5);
    fail(&scene, "bob", 1);
    size_t before = memory_row_count(driver_rows(scene.driver));
    struct turn *turn = NULL;
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "own_lease_sweep", NULL, &turn));
    driver_end(turn);
    CHECK_U64(before, memory_row_count(driver_rows(scene.driver)));
    login_scene_move(&scene, 15 * MINUTE_MS);
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "own_lease_sweep", NULL, &turn));
    driver_end(turn);
    CHECK_U64(before - 2 + 1, memory_row_count(driver_rows(scene.driver))); /* one record of the audit log more */
    login_scene_end(&scene);
}

TEST(networks_bind_a_user)
{
    struct login_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "users/ada", "{\"password\":\"right\",\"bound_cidrs\":\"10.0.0.0/8\"}", &reply));
    CHECK_ERR(ERR_DENIED, log_in(&scene, "ada", "right", &reply));
    scene.remote = "10.1.2.3:1";
    CHECK_ERR(ERR_NONE, log_in(&scene, "ada", "right", &reply));
    login_scene_end(&scene);
}

TEST_MAIN
