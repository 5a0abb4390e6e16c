#include "base/check.h"
#include "base/hcl.h"
#include "dropin/dropin.h"
#include "dropin/dropin_config.h"

static struct arena *arena;

static enum err read_config(const char *text, bool is_json, struct dropin_config *ret_config, struct complaint *complaint)
{
    *ret_config = (struct dropin_config){.storage = NULL};
    enum err err = dropin_config_read(arena, slice_string(text), is_json, ret_config, complaint);
    return err == ERR_NONE ? dropin_config_end(ret_config, complaint) : err;
}

TEST(hcl_and_json_say_the_same)
{
    arena = arena_new(1 << 20);
    static const char hcl[] = "ui = true\ndisable_mlock = true\nstorage \"file\" {\n  path = \"/srv/vault\"\n}\nlistener \"tcp\" {\n  address = \"127.0.0.1:8300\"\n"
                              "  tls_disable = 1\n}\napi_addr = \"http://127.0.0.1:8300\"\ndefault_lease_ttl = \"10h\"\nmax_lease_ttl = \"768h\"\n";
    static const char *const json[] = {
        "{\"ui\":true,\"storage\":{\"file\":{\"path\":\"/srv/vault\"}},\"listener\":{\"tcp\":{\"address\":\"127.0.0.1:8300\",\"tls_disable\":\"true\"}},"
        "\"api_addr\":\"http://127.0.0.1:8300\",\"default_lease_ttl\":\"10h\",\"max_lease_ttl\":\"768h\"}",
        "{\"backend\":[{\"file\":[{\"path\":\"/srv/vault\"}]}],\"listener\":[{\"tcp\":{\"address\":\"127.0.0.1:8300\",\"tls_disable\":true}}],"
        "\"api_addr\":\"http://127.0.0.1:8300\",\"default_lease_ttl\":\"10h\",\"max_lease_ttl\":\"768h\"}"};
    for (size_t i = 0; i < 3; i++) {
        struct dropin_config config;
        struct complaint complaint;
        CHECK_ERR(ERR_NONE, read_config(i == 0 ? hcl : json[i - 1], i > 0, &config, &complaint));
        CHECK(strcmp(config.storage, "file") == 0 && strcmp(config.path, "/srv/vault") == 0);
        CHECK(strcmp(config.address, "127.0.0.1:8300") == 0 && config.is_plain);
        CHECK(strcmp(config.api_address, "http://127.0.0.1:8300") == 0);
        CHECK(config.default_lease_s == 36000 && config.max_lease_s == 768 * 3600);
        CHECK(config.passed_over_count == 0);
    }
    arena_free(arena);
}

TEST(what_cannot_be_kept_is_refused_by_name)
{
    arena = arena_new(1 << 20);
    static const struct {
        const char *text, *detail;
    } rows[] = {
        {"storage \"consul\" {}\nlistener \"tcp\" {}\n", "consul"},
        {"storage \"postgresql\" {}\nlistener \"tcp\" {}\n", "connection_url"},
        {"storage \"postgresql\" {\n connection_url = \"postgres://u:hunter2@h/d\"\n ha_enabled = \"true\"\n}\nlistener \"tcp\" {}\n", "ha_enabled"},
        {"storage \"file\" {}\nlistener \"tcp\" {}\n", "file"},
        {"storage \"inmem\" {}\nlistener \"unix\" {}\n", "unix"},
        {"storage \"inmem\" {}\nlistener \"tcp\" {}\nlistener \"tcp\" {}\n", "tcp"},
        {"storage \"inmem\" {}\nlistener \"tcp\" { tls_client_ca_file = \"/ca.pem\" }\n", "/ca.pem"},
        {"storage \"inmem\" {}\nlistener \"tcp\" {}\nseal \"awskms\" {}\n", "awskms"},
        {"storage \"inmem\" {}\nlistener \"tcp\" {}\nmax_lease_ttl = \"soon\"\n", "max_lease_ttl"},
        {"storage \"inmem\" {}\nlistener \"tcp\" { tls_cert_file = \"/c\" }\n", ""},
        {"storage \"inmem\" {}\n", ""},
        {"listener \"tcp\" {}\n", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dropin_config config;
        struct complaint complaint = {.text = {NULL, NULL}};
        CHECK(read_config(rows[i].text, false, &config, &complaint) != ERR_NONE);
        CHECK(complaint.text.english != NULL && complaint.text.german != NULL);
        CHECK(strcmp(complaint.detail, rows[i].detail) == 0);
    }
    arena_free(arena);
}

TEST(what_means_nothing_here_is_named)
{
    arena = arena_new(1 << 20);
    struct dropin_config config;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, read_config("storage \"inmem\" {}\nlistener \"tcp\" { x_forwarded_for_hop_skips = 1 }\ntelemetry { disable_hostname = true }\n", false, &config, &complaint));
    CHECK(config.passed_over_count == 2);
    CHECK(strcmp(config.passed_over[0], "listener.tcp.x_forwarded_for_hop_skips") == 0 && strcmp(config.passed_over[1], "telemetry") == 0);
    CHECK_ERR(ERR_NONE, read_config("storage \"postgresql\" {\n connection_url = \"postgres://u:p@h/d\"\n table = \"t\"\n max_parallel = 4\n ha_enabled = \"false\"\n}\nlistener \"tcp\" {}\n", false, &config,
                                    &complaint));
    CHECK(config.passed_over_count == 2 && strcmp(config.passed_over[0], "storage.postgresql.table") == 0 && strcmp(config.passed_over[1], "storage.postgresql.max_parallel") == 0);
    CHECK_STRING("postgres://u:p@h/d", config.database);
    struct arena *other cleanup_arena = arena_new(1 << 16);
    dropin_config_give_database(&config, "postgres://u:q@h/d");
    CHECK_STRING("postgres://u:q@h/d", config.database);
    CHECK(dropin_config_settle(&config, other) && config.database == NULL && strcmp(config.storage, "postgresql") == 0);
    arena_free(arena);
}

TEST(what_is_written_for_the_daemon_reads_as_its_configuration)
{
    arena = arena_new(1 << 20);
    struct dropin_config config;
    struct complaint complaint;
    struct hcl_block *root = NULL;
    cleanup_buf struct buf out = BUF_INIT(1 << 16);
    CHECK_ERR(ERR_NONE, read_config("storage \"inmem\" {}\nlistener \"tcp\" {\n tls_cert_file = \"/a \\\"b\\\".pem\"\n tls_key_file = \"/k\"\n}\n", false, &config, &complaint));
    CHECK_ERR(ERR_NONE, dropin_config_write(&config, &out));
    CHECK_ERR(ERR_NONE, hcl_read(arena, buf_slice(&out), &root, &complaint));
    CHECK(slice_is(root->blocks->labels[0], "shamir"));
    CHECK(slice_is(hcl_text(root->blocks->next, "certificate", SLICE_NONE), "/a \"b\".pem"));
    arena_free(arena);
}

TEST(the_name_it_is_called_by_decides)
{
    CHECK(dropin_is_called("vault") && dropin_is_called("/usr/bin/vault"));
    CHECK(!dropin_is_called("vogt") && !dropin_is_called("/srv/vault/vogt") && !dropin_is_called("vaults"));
}

TEST(durations_and_values_are_written_as_vault_writes_them)
{
    struct dropin dropin = {.run = {.arena = arena_new(1 << 20)}};
    static const struct {
        uint64_t seconds;
        const char *text;
    } rows[] = {{0, "0s"}, {45, "45s"}, {60, "1m"}, {90, "1m30s"}, {3600, "1h"}, {5400, "1h30m"}, {3601, "1h0m1s"}, {2764800, "768h"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK(strcmp(dropin_duration(&dropin, rows[i].seconds), rows[i].text) == 0);
    }
    struct json *tree = NULL;
    CHECK_ERR(ERR_NONE, json_read(dropin.run.arena, SLICE_LITERAL("{\"a\":[1,\"b\",null],\"c\":{\"d\":true}}"), &tree, NULL));
    CHECK(slice_is(dropin_value(&dropin, tree), "map[a:[1 b <nil>] c:map[d:true]]"));
    arena_free(dropin.run.arena);
}

TEST_MAIN
