#include "collect/source_api.h"

/* An action on a server that cannot exist (ids begin at 1) with a body that says nothing: whoever may write gets "not_found" or "invalid_input", a
 * token that may only read gets "token_readonly". Nothing can change either way. */
#define ATTEMPT_PATH "/v1/servers/0/actions/poweron"

#define LIST(member, picked)                                                                                                                   \
    {                                                                                                                                          \
        .name = member, .path = "/v1/" member "?per_page=50", .items = member, .paging = PAGES_NUMBER, .parameter = "page",                    \
        .next = "meta.pagination.next_page", .pick = picked                                                                                    \
    }

static const struct source_request requests[] = {
    LIST("servers", "id name status created public_net(ipv4(ip blocked dns_ptr) ipv6(ip blocked dns_ptr(ip dns_ptr)) firewalls(id status)) "
                    "private_net(network ip alias_ips) location(name country) datacenter(name location(name country)) image(name os_flavor os_version) "
                    "protection(delete rebuild) backup_window volumes load_balancers"),
    LIST("firewalls", "id name rules(direction protocol port source_ips destination_ips description) applied_to(type server(id) "
                      "label_selector(selector) applied_to_resources(type server(id)))"),
    LIST("networks", "id name ip_range subnets(type ip_range network_zone gateway) servers load_balancers expose_routes_to_vswitch"),
    LIST("volumes", "id name server size linux_device location(name country) format status protection(delete)"),
    LIST("load_balancers", "id name public_net(enabled ipv4(ip dns_ptr) ipv6(ip dns_ptr)) private_net(network ip) location(name country) "
                           "services(protocol listen_port destination_port http(redirect_http))"),
    {.name = "attempt", .path = ATTEMPT_PATH, .attempt = "{}", .pick = "error(code)", .optional = true},
};

#define NO_MORE "\"meta\":{\"pagination\":{\"page\":1,\"per_page\":50,\"previous_page\":null,\"next_page\":null,\"last_page\":1,\"total_entries\":1}}"

static const struct source_planted planted[] = {
    {.target = "/v1/servers?per_page=50&page=1", .status = 200,
     .body = "{\"servers\":[{\"id\":1,\"name\":\"planted\",\"status\":\"running\",\"public_net\":{\"ipv4\":{\"ip\":\"192.0.2.7\"},\"ipv6\":null,\"firewalls\":[]},"
             "\"private_net\":[],\"root_password\":\"never kept\"}]," NO_MORE "}"},
    {.target = "/v1/firewalls?per_page=50&page=1", .status = 200, .body = "{\"firewalls\":[]," NO_MORE "}"},
    {.target = "/v1/networks?per_page=50&page=1", .status = 200, .body = "{\"networks\":[]," NO_MORE "}"},
    {.target = "/v1/volumes?per_page=50&page=1", .status = 200,
     .body = "{\"volumes\":[{\"id\":1,\"name\":\"planted\"}],\"meta\":{\"pagination\":{\"page\":1,\"per_page\":50,\"previous_page\":null,\"next_page\":2,"
             "\"last_page\":2,\"total_entries\":2}}}"},
    {.target = "/v1/volumes?per_page=50&page=2", .status = 200, .body = "{\"volumes\":[{\"id\":2,", .cut = true},
    {.target = "/v1/load_balancers?per_page=50&page=1", .status = 200, .body = "{\"load_balancers\":[]," NO_MORE "}"},
    {.target = ATTEMPT_PATH, .status = 404, .body = "{\"error\":{\"code\":\"not_found\",\"message\":\"server not found\"}}"},
};

const struct source_api source_api_hetzner = {
    .kind = "hetzner",
    .login = LOGIN_HEADER,
    .header = "Authorization: Bearer {token}",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true}",
};
