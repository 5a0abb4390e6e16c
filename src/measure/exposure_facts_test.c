/* The layers of a host put together from the log, and the provider's part from a source's facts. */
#include "base/check.h"
#include "ledger/commitment.h"
#include "measure/edit.h"
#include "measure/exposure_provider.h"
#include "measure/scene.h"

#include "engine/state.h"
#include "store/rows.h"

/* The payload of the newest run of the probe. */
static const struct json *newest_payload(struct scene *scene, const char *probe)
{
    for (size_t i = memory_entry_count(driver_rows(scene->driver), LOG_EVIDENCE); i-- > 0;) {
        char path[LEDGER_ROW_PATH_BYTES];
        struct stored_row row;
        struct json *payload = NULL;
        cleanup_buf struct buf opened = BUF_INIT(ROW_MAX_BYTES);
        ledger_row_path("evidence", i, path);
        if (state_row(driver_state(scene->driver), slice_string(path), &row) != LOOKUP_FOUND || state_open(driver_state(scene->driver), &row, &opened) != ERR_NONE ||
            json_read(scene->arena, arena_copy(scene->arena, slice_from(buf_slice(&opened), COMMITMENT_SALT_BYTES)), &payload, NULL) != ERR_NONE) {
            return NULL;
        }
        if (slice_is(json_text(payload, "probe", SLICE_NONE), probe)) {
            return payload;
        }
    }
    return NULL;
}

TEST(layers_come_from_the_newest_runs)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_U64(1, (uint64_t)edit_number(data, "later", 0)); /* a turn does not read the entries that it makes */
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", driver_tree(scene.arena, "{\"probe\":\"exposure\",\"subject\":\"host:this\"}"), NULL));
    const struct json *payload = newest_payload(&scene, "exposure"), *facts = json_member(payload, "facts");
    CHECK(payload != NULL && facts != NULL);
    CHECK_SLICE("1", json_text(json_member(facts, "nft"), "seen", SLICE_NONE));
    CHECK_SLICE("1", json_text(json_member(facts, "sockets"), "seen", SLICE_NONE));
    CHECK(edit_number(json_member(facts, "collected_at_ms"), "nft", 0) > 0);
    CHECK(json_member(facts, "scan") == NULL && json_member(facts, "provider") == NULL);
    CHECK(json_member(facts, "published") == NULL); /* facts without engines are none */
    CHECK_SLICE("39119", json_text(json_member(payload, "planted"), "planted_port", SLICE_NONE));
    CHECK(scene_replays(&scene));
    scene_end(&scene);
}

TEST(what_a_blind_probe_saw_is_no_layer)
{
    struct scene scene = scene_start();
    const struct json *data = NULL;
    scene_script.blind = true;
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data));
    CHECK_ERR(ERR_NONE, scene_ask(&scene, VERB_WRITE, "observe", "{}", NULL, &data));
    CHECK_U64(1, (uint64_t)edit_number(data, "later", 0)); /* a turn does not read the entries that it makes */
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "observe_one", driver_tree(scene.arena, "{\"probe\":\"exposure\",\"subject\":\"host:this\"}"), NULL));
    const struct json *facts = json_member(newest_payload(&scene, "exposure"), "facts");
    CHECK(facts != NULL && json_member(facts, "nft") == NULL && json_member(facts, "sockets") == NULL);
    scene_end(&scene);
}

#define SOURCE(servers, firewalls) "{\"kind\":\"hetzner\",\"requests\":[{\"name\":\"servers\",\"complete\":true,\"items\":[" servers "]}," \
                                   "{\"name\":\"firewalls\",\"complete\":true,\"items\":[" firewalls "]}]}"
#define SERVER(firewalls) "{\"id\":7,\"name\":\"web-1\",\"public_net\":{\"ipv4\":{\"ip\":\"192.0.2.7\"},\"firewalls\":[" firewalls "]}}"
#define APPLIED(id) "{\"id\":" id ",\"status\":\"applied\"}"
#define FIREWALL(id, port) "{\"id\":" id ",\"rules\":[{\"direction\":\"in\",\"protocol\":\"tcp\",\"port\":\"" port "\",\"source_ips\":[\"0.0.0.0/0\"]}]}"

TEST(a_providers_firewalls_are_read_for_one_host)
{
    static const struct {
        const char *facts;
        bool known, attached;
        size_t rules;
    } rows[] = {
        {SOURCE(SERVER(APPLIED("1")), FIREWALL("1", "443")), true, true, 1},
        {SOURCE(SERVER(APPLIED("1") "," APPLIED("2")), FIREWALL("1", "443") "," FIREWALL("2", "22")), true, true, 2},
        {SOURCE(SERVER(""), FIREWALL("1", "443")), true, false, 0},
        {SOURCE(SERVER("{\"id\":1,\"status\":\"pending\"}"), FIREWALL("1", "443")), true, false, 0},
        {SOURCE(SERVER(APPLIED("3")), FIREWALL("1", "443")), false, false, 0},
        {SOURCE(SERVER(APPLIED("1")), "{\"id\":1}"), false, false, 0},
        {SOURCE("{\"id\":8,\"name\":\"web-2\",\"public_net\":{\"firewalls\":[]}}", ""), false, false, 0},
        {SOURCE("{\"id\":7,\"name\":\"web-1\"}", ""), false, false, 0},
        {"{\"kind\":\"hetzner\",\"requests\":[{\"name\":\"servers\",\"complete\":false,\"items\":[" SERVER("") "]},{\"name\":\"firewalls\",\"complete\":true,\"items\":[]}]}", false, false, 0},
        {"{\"kind\":\"other\",\"requests\":[]}", false, false, 0},
        {"{}", false, false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(1 << 20);
        struct json *provider = exposure_provider_of(arena, driver_tree(arena, rows[i].facts), SLICE_LITERAL("web-1"));
        CHECK_U64(rows[i].known ? 1 : 0, provider != NULL ? 1 : 0);
        CHECK_U64(rows[i].attached ? 1 : 0, json_bool(provider, "attached", false) ? 1 : 0);
        CHECK_U64(rows[i].rules, provider == NULL ? 0 : json_member(provider, "rules")->count);
    }
}

TEST_MAIN
