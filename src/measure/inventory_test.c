/* Who is in scope: what is found, what a person says of it, what hides, what the file says. Each scene is folded anew at its end. */
#include "measure/scene.h"

#include "base/check.h"
#include "measure/edit.h"
#include "measure/world.h"

#include <string.h>

#define FOUND_ONE "[{\"kind\":\"endpoint\",\"name\":\"web:443\",\"where\":\"0.0.0.0\",\"attributes\":{\"protocol\":\"https\",\"unknown\":1}}]"

static void adopt_and_observe(struct scene *scene)
{
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(scene, VERB_WRITE, "observe", "{}", NULL, &data));
}

static struct slice reason_of(struct scene *scene)
{
    const struct json *data = NULL;
    enum err err = scene_ask(scene, VERB_READ, "annex/clauses/3.1", NULL, NULL, &data);
    return err == ERR_NONE ? json_text(json_member(data, "reason"), "id", SLICE_NONE) : SLICE_NONE;
}

static const struct json *inbox(struct scene *scene)
{
    const struct json *data = NULL;
    return scene_ask(scene, VERB_READ, "estate/inbox", NULL, NULL, &data) == ERR_NONE ? json_member(data, "items") : NULL;
}

static uint64_t subjects(struct scene *scene, const char *query)
{
    const struct json *data = NULL;
    enum err err = scene_ask(scene, VERB_READ, "estate", NULL, NULL, &data);
    return err == ERR_NONE && edit_find(json_member(data, "subjects"), "id", slice_string(query)) < json_member(data, "subjects")->count;
}

static const struct json *coverage_of(struct scene *scene, const char *subject)
{
    const struct json *data = NULL;
    enum err err = scene_ask(scene, VERB_READ, "estate", NULL, NULL, &data);
    const struct json *list = json_member(data, "coverage");
    return err == ERR_NONE ? edit_at(list, edit_find(list, "subject", slice_string(subject))) : NULL;
}

TEST(coverage_says_of_each_subject_the_worst_that_was_judged_and_morning_how_many_wait)
{
    static const char own[] = "endpoint:localhost:8200";
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_SLICE("seen", json_text(coverage_of(&scene, own), "state", SLICE_NONE));
    CHECK(json_member(coverage_of(&scene, own), "verdict") == NULL);
    scene_script.failing = "tls.version";
    scene_script.found = FOUND_ONE;
    scene_script.whole = true;
    adopt_and_observe(&scene);
    const struct json *covered = coverage_of(&scene, own);
    CHECK_SLICE("judged", json_text(covered, "state", SLICE_NONE));
    CHECK_SLICE("broken", json_text(covered, "verdict", SLICE_NONE));
    CHECK_SLICE("tls.version", json_text(covered, "kind", SLICE_NONE));
    CHECK(json_text(json_member(covered, "reason"), "german", SLICE_NONE).len > 0 && json_member(covered, "index") != NULL);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "morning", NULL, NULL, &data));
    CHECK_U64(1, (uint64_t)edit_number(json_member(data, "inbox"), "new", 9));
    CHECK_U64(0, (uint64_t)edit_number(json_member(data, "inbox"), "gone", 9));
    scene_script.failing = "";
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", json_text(coverage_of(&scene, own), "verdict", SLICE_NONE));
    /* what lies there for days is old, whatever it said */
    driver_set_now(scene.driver, SCENE_NOON_MS + 400 * 24 * SCENE_HOUR_MS);
    CHECK_SLICE("stale", json_text(coverage_of(&scene, own), "verdict", SLICE_NONE));
    scene_end(&scene);
}

TEST(what_is_found_blocks_green_until_a_person_says_that_it_belongs)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    adopt_and_observe(&scene);
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    scene_script.found = FOUND_ONE;
    scene_script.whole = true;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("verdict.unconfirmed", reason_of(&scene));
    const struct json *item = inbox(&scene)->first;
    CHECK_SLICE("endpoint:web:443", json_text(item, "id", SLICE_NONE));
    CHECK_SLICE("new", json_text(item, "state", SLICE_NONE));
    CHECK_SLICE("host:this", json_text(edit_items(item, "seen"), "source", SLICE_NONE));
    CHECK_SLICE("https", json_text(json_member(item, "attributes"), "protocol", SLICE_NONE));
    CHECK(json_path(item, "attributes.unknown") == NULL);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/inbox/confirm", "{\"subjects\":[\"endpoint:web:443\"],\"attributes\":{\"protocol\":\"tls\"}}", NULL, &data));
    CHECK_SLICE("verdict.not-observed", reason_of(&scene));
    CHECK_U64(0, inbox(&scene)->count);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    /* what a person set is not taken back by the next finding */
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "estate", NULL, NULL, &data));
    const struct json *list = json_member(data, "subjects");
    CHECK_SLICE("tls", json_text(json_member(edit_at(list, edit_find(list, "id", SLICE_LITERAL("endpoint:web:443"))), "attributes"), "protocol", SLICE_NONE));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(what_hides_stays_in_scope_until_a_person_says_that_it_is_gone)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    scene_script.found = FOUND_ONE;
    scene_script.whole = true;
    adopt_and_observe(&scene);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/inbox/confirm", "{\"subjects\":[\"endpoint:web:443\"]}", NULL, &data));
    CHECK_ERR(ERR_CONFLICT, scene_ask(&scene, VERB_WRITE, "estate/inbox/remove", "{\"subjects\":[\"endpoint:web:443\"],\"reason\":\"none\"}", NULL, &data));
    scene_script.found = "[]";
    scene_script.whole = false;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_U64(0, inbox(&scene)->count); /* a run that did not see all says nothing of what it missed */
    scene_script.whole = true;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("gone", json_text(inbox(&scene)->first, "state", SLICE_NONE));
    CHECK_U64(1, subjects(&scene, "endpoint:web:443"));
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "estate/inbox/remove", "{\"subjects\":[\"endpoint:web:443\"],\"reason\":\" \"}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/inbox/remove", "{\"subjects\":[\"endpoint:web:*\"],\"reason\":\"switched off\"}", NULL, &data));
    CHECK_U64(0, subjects(&scene, "endpoint:web:443"));
    CHECK_U64(0, inbox(&scene)->count);
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(what_nobody_confirmed_leaves_with_its_finding)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    scene_script.found = FOUND_ONE;
    scene_script.whole = true;
    adopt_and_observe(&scene);
    CHECK_U64(1, subjects(&scene, "endpoint:web:443"));
    scene_script.found = "[]";
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_U64(0, subjects(&scene, "endpoint:web:443"));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(the_inbox_is_in_order)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    adopt_and_observe(&scene);
    scene_script.found = "[{\"kind\":\"endpoint\",\"name\":\"web:443\"},{\"kind\":\"endpoint\",\"name\":\"web:22\"},{\"kind\":\"endpoint\",\"name\":\"db:1\"},{\"kind\":\"bucket\",\"name\":\"z\"}]";
    scene_script.whole = true;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    const struct json *items = inbox(&scene);
    static const char *const expected[] = {"bucket:z", "endpoint:db:1", "endpoint:web:22", "endpoint:web:443"};
    CHECK_U64(4, items->count);
    for (size_t i = 0; i < 4; i++) {
        CHECK(slice_is(json_text(edit_at(items, i), "id", SLICE_NONE), expected[i]));
    }
    scene_end(&scene);
}

TEST(ignoring_needs_a_reason_is_shown_and_can_be_taken_back)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    scene_script.found = FOUND_ONE;
    scene_script.whole = true;
    adopt_and_observe(&scene);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/inbox/ignore", "{\"subjects\":[\"endpoint:web:443\"],\"reason\":\"a test bench\"}", NULL, &data));
    CHECK_U64(0, subjects(&scene, "endpoint:web:443"));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_U64(0, subjects(&scene, "endpoint:web:443"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "estate", NULL, NULL, &data));
    CHECK_SLICE("a test bench", json_text(edit_items(data, "ignored"), "reason", SLICE_NONE));
    CHECK_SLICE("ada", json_text(edit_items(data, "ignored"), "by", SLICE_NONE));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_WRITE, "estate/inbox/restore", "{\"subjects\":[\"endpoint:other:1\"],\"reason\":\"x\"}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/inbox/restore", "{\"subjects\":[\"endpoint:web:443\"],\"reason\":\"it counts\"}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("verdict.unconfirmed", reason_of(&scene));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(a_file_put_anew_keeps_what_people_confirmed)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    scene_script.found = FOUND_ONE;
    scene_script.whole = true;
    adopt_and_observe(&scene);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/inbox/confirm", "{\"subjects\":[\"endpoint:web:443\"]}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate", "{\"hcl\":{\"text\":\"x\",\"tree\":{\"host\":[{\"labels\":[\"this\"],\"line\":1}]}}}", NULL, &data));
    CHECK_U64(1, subjects(&scene, "endpoint:web:443"));
    CHECK_U64(0, subjects(&scene, "endpoint:localhost:8200"));
    CHECK_ERR(ERR_CONFLICT, scene_ask(&scene, VERB_WRITE, "estate/inbox/ignore", "{\"subjects\":[\"host:this\"],\"reason\":\"x\"}", NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_WRITE, "estate/inbox/confirm", "{\"subjects\":[\"host:nobody\"]}", NULL, &data));
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "estate/inbox/confirm", "{\"subjects\":[\"endpoint:web:443\"],\"attributes\":{\"colour\":\"red\"}}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate",
                                  "{\"hcl\":{\"text\":\"x\",\"tree\":{\"host\":[{\"labels\":[\"this\"],\"line\":1}],\"allow\":[{\"labels\":[\"endpoint:web:443\"],\"reason\":\"bench\",\"line\":2}]}}}", NULL, &data));
    CHECK_U64(0, subjects(&scene, "endpoint:web:443"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

/* Containers are known where the engines could be read, everything else where the machine could: neither stands for the other. */
TEST(each_of_a_hosts_tellers_speaks_for_its_own_subjects)
{
    static const struct {
        const char *observation, *told[3];
    } rows[] = {{"host.discovered", {"host.discovered", "population.endpoint", "population.volume"}}, {"engine.read", {"engine.read", "population.container"}}, {"firewall.default-deny", {"firewall.default-deny"}}};
    struct arena *arena = arena_new(1 << 16);
    const struct json *host = driver_tree(arena, "{\"id\":\"host:web\",\"kind\":\"host\",\"name\":\"web\"}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct kind *told[KINDS_MAX];
        size_t count = world_kinds_of(slice_string(rows[i].observation), host, told), wanted = 0;
        for (; wanted < 3 && rows[i].told[wanted] != NULL; wanted++) {
            bool is_there = false;
            for (size_t k = 0; k < count; k++) {
                is_there = is_there || strcmp(told[k]->id, rows[i].told[wanted]) == 0;
            }
            CHECK(is_there);
        }
        CHECK_U64(wanted, count);
    }
    arena_free(arena);
}

/* More changes than an entry list holds: after the sixty-fourth the estate is told whole, and replay agrees all along. */
TEST(the_estate_is_told_whole_from_time_to_time)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    scene_script.whole = true;
    adopt_and_observe(&scene);
    for (int i = 0; i < 70; i++) {
        scene_script.found = arena_printf(scene.arena, "[{\"kind\":\"endpoint\",\"name\":\"web%d:443\",\"where\":\"-\",\"attributes\":{}}]", i);
        CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", driver_tree(scene.arena, "{\"probe\":\"machine\",\"subject\":\"host:this\"}"), NULL));
    }
    CHECK_U64(1, subjects(&scene, "endpoint:web69:443"));
    CHECK_U64(0, subjects(&scene, "endpoint:web68:443"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "estate", NULL, NULL, &data));
    CHECK_U64(4, json_member(data, "subjects")->count);
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

/* A source feeds kinds of subjects from the moment it is set up: until it has told all, nothing about them is kept. */
TEST(a_source_is_set_up_asked_and_removed)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    adopt_and_observe(&scene);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/sources/hz", "{\"kind\":\"hetzner\",\"credential\":{\"token\":\"secret\"}}", NULL, &data));
    CHECK_SLICE("verdict.population", reason_of(&scene));
    CHECK(json_member(data, "credential") == NULL);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate/sources/hz/run", "{}", NULL, &data));
    CHECK_SLICE("kept", json_text(json_member(data, "complete"), "verdict", SLICE_NONE));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK_SLICE("kept", json_text(coverage_of(&scene, "source:hz"), "verdict", SLICE_NONE));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "estate/sources", NULL, NULL, &data));
    CHECK_U64(1, json_member(data, "sources")->count);
    CHECK(json_member(data, "kinds")->count > 5);
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "estate/sources/hz", "{\"kind\":\"hetzner\",\"address\":\"https://other.example\"}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_DELETE, "estate/sources/hz", NULL, NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_READ, "estate/sources/hz", NULL, NULL, &data));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST_MAIN
