/*
 * The whole of these rooms without a process: an annex is adopted, observed, spoken about, and after every scene the evidence log is folded
 * anew, which must agree with every verdict that was recorded.
 */
#include "measure/scene.h"

#include "base/check.h"
#include "measure/edit.h"

TEST(an_annex_is_adopted_observed_and_kept)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_U64(1, (uint64_t)edit_number(data, "revision", 0));
    CHECK_SLICE("unproven", scene_verdict(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_U64(0, (uint64_t)edit_number(data, "failed", 99));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK_SLICE("unproven", scene_verdict(&scene, "3.2"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(time_alone_ends_green_and_the_record_says_since_when)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    driver_set_now(scene.driver, SCENE_NOON_MS + 30 * SCENE_HOUR_MS);
    scene_script.refusing = "collect.tls";
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", driver_tree(scene.arena, "{\"probe\":\"machine\",\"subject\":\"host:this\"}"), NULL));
    CHECK_SLICE("stale", scene_verdict(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "annex/clauses/3.1", NULL, NULL, &data));
    /* nobody said within the hour whether all endpoints are known: that ended it first */
    CHECK_SLICE("2026-11-23T13:00:00.000Z", json_text(data, "since", SLICE_NONE));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "periods", NULL, NULL, &data));
    CHECK_U64(3600, (uint64_t)edit_number(edit_items(data, "clauses"), "kept_s", 0));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(nothing_is_kept_while_nobody_says_what_there_is)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    scene_script.refusing = "collect.host";
    driver_set_now(scene.driver, SCENE_NOON_MS + SCENE_HOUR_MS + 1);
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "tick", NULL, NULL));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "annex/clauses/3.1", NULL, NULL, &data));
    CHECK_SLICE("unproven", json_text(data, "verdict", SLICE_NONE));
    CHECK_SLICE("verdict.population", json_text(json_member(data, "reason"), "id", SLICE_NONE));
    scene_script.refusing = "";
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(a_clock_set_back_is_not_green)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    driver_set_now(scene.driver, SCENE_NOON_MS - SCENE_HOUR_MS);
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "tick", NULL, NULL));
    CHECK_SLICE("unproven", scene_verdict(&scene, "3.1"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(failures_refusals_and_blind_probes_are_what_they_are)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    scene_script.failing = "tls.version";
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("broken", scene_verdict(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "morning", NULL, NULL, &data));
    CHECK_SLICE("tls.old-version-accepted", json_text(edit_items(data, "fixes"), "reason_id", SLICE_NONE));
    scene_script.failing = "";
    scene_script.refusing = "collect.tls";
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("unproven", scene_verdict(&scene, "3.1"));
    scene_script.refusing = "";
    scene_script.blind = true;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("unproven", scene_verdict(&scene, "3.1"));
    scene_script.blind = false;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    scene_script.failing = "ledger.integrity";
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("unproven", scene_verdict(&scene, "3.1"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(what_people_say_is_recorded_and_survives_a_revision)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/clauses/3.1/bindings", "{\"measures\":[\"crypto.transit\"],\"reason\":\"yes\"}", NULL, &data));
    CHECK(json_bool(data, "confirmed", false));
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "annex/clauses/3.1/bindings", "{\"measures\":[\"no.such\"]}", NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_WRITE, "annex/clauses/9.9/bindings", "{\"measures\":[\"crypto.transit\"]}", NULL, &data));
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "annex/clauses/3.1/attestations", "{\"promise\":\"3.1.a\",\"statement\":\"trust me\"}", NULL, &data));
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "annex/clauses/3.1/deviation", "{\"owner\":\"ada\",\"plan\":\"mend\",\"due\":\"soon\"}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/clauses/3.1/deviation", "{\"owner\":\"ada\",\"plan\":\"mend\",\"due\":\"2027-01-31\"}", NULL, &data));
    CHECK_SLICE("mend", json_text(json_member(data, "deviation"), "plan", SLICE_NONE));
    size_t entries = memory_entry_count(driver_rows(scene.driver), LOG_EVIDENCE);
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_U64(1, (uint64_t)edit_number(data, "revision", 0));
    CHECK_U64(entries, memory_entry_count(driver_rows(scene.driver), LOG_EVIDENCE));
    scene_script.annex = scene_second_annex;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the second file", &data));
    CHECK_U64(2, (uint64_t)edit_number(data, "revision", 0));
    CHECK_SLICE("unchanged", json_text(edit_items(data, "changes"), "kind", SLICE_NONE));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "annex/clauses/4.1", NULL, NULL, &data));
    CHECK(json_bool(data, "confirmed", false));
    CHECK_SLICE("4.1.a", json_text(edit_items(data, "promises"), "id", SLICE_NONE));
    CHECK_SLICE("mend", json_text(json_member(data, "deviation"), "plan", SLICE_NONE));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_READ, "annex/clauses/3.2", NULL, NULL, &data));
    CHECK(!memory_has_row(driver_rows(scene.driver), "verdict/3.2"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_DELETE, "annex/clauses/4.1/deviation", NULL, NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_DELETE, "annex/clauses/4.1/deviation", NULL, NULL, &data));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(the_estate_decides_what_is_in_scope)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate",
                            "{\"hcl\":{\"text\":\"…\",\"tree\":{\"endpoint\":[{\"labels\":[\"localhost:8200\"],\"line\":1,\"own\":true},{\"labels\":[\"www:443\"],\"line\":2}]}}}", NULL, &data));
    CHECK_SLICE("unproven", scene_verdict(&scene, "3.1"));
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "estate", "{\"hcl\":{\"text\":\"…\",\"tree\":{\"endpiont\":[{\"labels\":[\"x\"],\"line\":1}]}}}", NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_SLICE("kept", scene_verdict(&scene, "3.1"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(what_is_due_is_observed_and_what_left_the_estate_is_not)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK(memory_has_row(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200"));
    uint64_t version = memory_row_version(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200");
    driver_set_now(scene.driver, SCENE_NOON_MS + 13 * SCENE_HOUR_MS);
    const struct json *watch = driver_tree(scene.arena, "{\"probe\":\"tls\",\"subject\":\"endpoint:localhost:8200\"}");
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", watch, NULL));
    CHECK_U64(version + 1, memory_row_version(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200"));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "estate", "{\"hcl\":{\"text\":\"…\",\"tree\":{\"endpoint\":[{\"labels\":[\"www:443\"],\"line\":2}]}}}", NULL, &data));
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", watch, NULL));
    CHECK(!memory_has_row(driver_rows(scene.driver), "schedule/tls/endpoint:localhost:8200"));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(without_an_annex_every_view_says_so)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_READ, "annex/current", NULL, NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_READ, "annex/clauses/1.1", NULL, NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "morning", NULL, NULL, &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "estate", NULL, NULL, &data));
    CHECK_U64(3, json_member(data, "subjects")->count);
    CHECK_ERR(ERR_INVALID, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_READ, "measures/crypto.transit", NULL, NULL, &data));
    CHECK_ERR(ERR_NOT_FOUND, scene_ask(&scene, VERB_READ, "measures/no.such", NULL, NULL, &data));
    scene_end(&scene);
}

TEST_MAIN
