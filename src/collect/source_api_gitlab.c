#include "collect/source_api.h"

#define GITLAB "/api/v4"
#define LIST(request_name, target, picked, condition)                                                                                          \
    {                                                                                                                                          \
        .name = request_name, .path = GITLAB target "per_page=100", .items = "", .paging = PAGES_HEADER, .parameter = "page",                  \
        .next = "X-Next-Page", .pick = picked, .when = condition                                                                               \
    }
#define PROJECT "id path_with_namespace visibility archived default_branch last_activity_at"

static const struct source_request requests[] = {
    {.name = "self", .path = GITLAB "/personal_access_tokens/self", .pick = "id name scopes active revoked expires_at last_used_at user_id"},
    LIST("users", "/users?", "id username email state is_admin two_factor_enabled bot external last_activity_on current_sign_in_at created_at", "!group"),
    LIST("groups", "/groups?all_available=true&", "id name full_path visibility require_two_factor_authentication", "!group"),
    LIST("projects", "/projects?", PROJECT, "!group"),
    {.name = "group", .path = GITLAB "/groups/{group}?with_projects=false", .pick = "id name full_path require_two_factor_authentication two_factor_grace_period", .when = "group"},
    LIST("members", "/groups/{group}/members/all?", "id username email state access_level expires_at created_at", "group"),
    {.name = "billable", .path = GITLAB "/groups/{group}/billable_members?per_page=100", .items = "", .paging = PAGES_HEADER, .parameter = "page", .next = "X-Next-Page",
     .pick = "id username last_activity_on last_login_at", .when = "group", .optional = true},
    LIST("subgroups", "/groups/{group}/descendant_groups?", "id name full_path visibility require_two_factor_authentication", "group"),
    LIST("group_projects", "/groups/{group}/projects?include_subgroups=true&", PROJECT, "group"),
};

static const struct source_planted planted[] = {
    {.target = GITLAB "/personal_access_tokens/self", .status = 200, .body = "{\"id\":1,\"name\":\"planted\",\"scopes\":[\"api\"],\"active\":true}"},
    {.target = GITLAB "/users?per_page=100&page=1", .status = 200, .headers = "X-Next-Page: \r\n",
     .body = "[{\"id\":1,\"username\":\"planted-admin\",\"state\":\"active\",\"is_admin\":true,\"two_factor_enabled\":false,\"bot\":false,\"last_activity_on\":\"2000-01-01\","
             "\"created_at\":\"2000-01-01T00:00:00.000Z\",\"private_token\":\"never kept\"}]"},
    {.target = GITLAB "/groups?all_available=true&per_page=100&page=1", .status = 200, .headers = "X-Next-Page: \r\n", .body = "[]"},
    {.target = GITLAB "/projects?per_page=100&page=1", .status = 200, .headers = "X-Next-Page: 2\r\n", .body = "[{\"id\":1,\"path_with_namespace\":\"planted/one\"}]"},
    {.target = GITLAB "/projects?per_page=100&page=2", .status = 200, .body = "[{", .cut = true},
};

const struct source_api source_api_gitlab = {
    .kind = "gitlab",
    .login = LOGIN_HEADER,
    .header = "PRIVATE-TOKEN: {token}",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true}",
};
