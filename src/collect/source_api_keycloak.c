#include "collect/source_api.h"

/* {"resource_access":{"realm-management":{"roles":["view-users","manage-users"]}}} */
#define PLANTED_TOKEN "planted.eyJyZXNvdXJjZV9hY2Nlc3MiOnsicmVhbG0tbWFuYWdlbWVudCI6eyJyb2xlcyI6WyJ2aWV3LXVzZXJzIiwibWFuYWdlLXVzZXJzIl19fX0.signature"

#define REALM "/admin/realms/{realm}"

static const struct source_request requests[] = {
    {.name = "realm", .path = REALM, .pick = "id realm enabled registrationAllowed bruteForceProtected browserFlow"},
    {.name = "users", .path = REALM "/users?briefRepresentation=false&max=100", .items = "", .paging = PAGES_OFFSET, .parameter = "first",
     .pick = "id username email enabled totp createdTimestamp federationLink"},
    {.name = "management", .path = REALM "/clients?clientId=realm-management", .items = "", .pick = "id clientId"},
    {.name = "roles", .path = REALM "/users/{id}/role-mappings/clients/{management.id}/composite", .items = "", .pick = "name", .each = "users", .each_where = "enabled"},
    {.name = "credentials", .path = REALM "/users/{id}/credentials", .items = "", .pick = "type", .each = "users", .each_where = "enabled !totp"},
    {.name = "groups", .path = REALM "/groups?briefRepresentation=true&max=100", .items = "", .paging = PAGES_OFFSET, .parameter = "first", .pick = "id name path"},
    {.name = "group_members", .path = REALM "/groups/{id}/members?briefRepresentation=true&max=100", .items = "", .paging = PAGES_OFFSET, .parameter = "first",
     .pick = "id username", .each = "groups"},
};

#define PLANTED "/admin/realms/planted"

static const struct source_planted planted[] = {
    {.target = "/realms/planted/protocol/openid-connect/token", .status = 200, .body = "{\"access_token\":\"" PLANTED_TOKEN "\",\"token_type\":\"Bearer\"}"},
    {.target = PLANTED, .status = 200, .body = "{\"id\":\"r\",\"realm\":\"planted\",\"smtpServer\":{\"password\":\"never kept\"}}"},
    {.target = PLANTED "/users?briefRepresentation=false&max=100&first=0", .status = 200,
     .body = "[{\"id\":\"u\",\"username\":\"planted-admin\",\"enabled\":true,\"totp\":false,\"createdTimestamp\":946684800000}]"},
    {.target = PLANTED "/users?briefRepresentation=false&max=100&first=1", .status = 200, .body = "[{", .cut = true},
    {.target = PLANTED "/clients?clientId=realm-management", .status = 200, .body = "[{\"id\":\"c\",\"clientId\":\"realm-management\"}]"},
    {.target = PLANTED "/users/u/role-mappings/clients/c/composite", .status = 200, .body = "[{\"id\":\"m\",\"name\":\"manage-users\"}]"},
    {.target = PLANTED "/users/u/credentials", .status = 200, .body = "[{\"id\":\"p\",\"type\":\"password\",\"secretData\":\"never kept\"}]"},
    {.target = PLANTED "/groups?briefRepresentation=true&max=100&first=0", .status = 200, .body = "[]"},
};

const struct source_api source_api_keycloak = {
    .kind = "keycloak",
    .login = LOGIN_CLIENT,
    .token_path = "/realms/{realm}/protocol/openid-connect/token",
    .claims = "realm_access(roles) resource_access(realm-management(roles))",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"client_id\":\"planted\",\"client_secret\":\"planted-token\"}",
    .planted_options = "{\"plain\":true,\"realm\":\"planted\"}",
};
