#include "collect/source_api.h"

static const char *const extra[] = {"Accept: application/scim+json", NULL};

#define LIST(request_name, target, picked)                                                                                                     \
    {                                                                                                                                          \
        .name = request_name, .path = target "?count=100", .items = "Resources", .absent_is_empty = true, .paging = PAGES_INDEX,               \
        .parameter = "startIndex", .next = "totalResults", .pick = picked                                                                      \
    }

static const struct source_request requests[] = {
    LIST("users", "/Users", "id userName displayName active userType emails(value primary) roles(value display) entitlements(value) groups(value display) meta(created lastModified)"),
    LIST("groups", "/Groups", "id displayName members(value display)"),
};

static const struct source_planted planted[] = {
    {.target = "/Users?count=100&startIndex=1", .status = 200,
     .body = "{\"totalResults\":1,\"Resources\":[{\"id\":\"1\",\"userName\":\"planted-admin\",\"active\":true,\"roles\":[{\"value\":\"admin\"}],\"password\":\"never kept\"}]}"},
    {.target = "/Groups?count=100&startIndex=1", .status = 200, .body = "{\"totalResults\":2,\"Resources\":[{\"id\":\"g\",\"displayName\":\"planted\"}]}"},
    {.target = "/Groups?count=100&startIndex=2", .status = 200, .body = "{", .cut = true},
};

const struct source_api source_api_scim = {
    .kind = "scim",
    .login = LOGIN_HEADER,
    .header = "Authorization: Bearer {token}",
    .extra = extra,
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true}",
};
