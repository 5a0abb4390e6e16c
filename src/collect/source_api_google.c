#include "collect/source_api.h"

#define DIRECTORY "/admin/directory/v1"
#define LIST(request_name, target, picked)                                                                                                     \
    {                                                                                                                                          \
        .name = request_name, .path = DIRECTORY target, .items = request_name, .absent_is_empty = true, .paging = PAGES_CURSOR,                \
        .parameter = "pageToken", .next = "nextPageToken", .pick = picked                                                                      \
    }

static const struct source_request requests[] = {
    LIST("users", "/users?customer=my_customer&maxResults=200&projection=basic",
         "id primaryEmail suspended archived isAdmin isDelegatedAdmin isEnrolledIn2Sv isEnforcedIn2Sv lastLoginTime creationTime orgUnitPath"),
    LIST("groups", "/groups?customer=my_customer&maxResults=200", "id email name directMembersCount"),
    {.name = "group_members", .path = DIRECTORY "/groups/{id}/members?maxResults=200", .items = "members", .absent_is_empty = true, .paging = PAGES_CURSOR,
     .parameter = "pageToken", .next = "nextPageToken", .pick = "id email role type status", .each = "groups"},
};

static const struct source_planted planted[] = {
    {.target = "/token", .status = 200, .body = "{\"access_token\":\"planted-token\",\"token_type\":\"Bearer\",\"expires_in\":3599}"},
    {.target = DIRECTORY "/users?customer=my_customer&maxResults=200&projection=basic", .status = 200,
     .body = "{\"users\":[{\"id\":\"1\",\"primaryEmail\":\"planted@planted.invalid\",\"isAdmin\":true,\"isEnrolledIn2Sv\":false,\"isEnforcedIn2Sv\":false,\"suspended\":false,"
             "\"lastLoginTime\":\"2000-01-01T00:00:00.000Z\",\"creationTime\":\"2000-01-01T00:00:00.000Z\",\"recoveryEmail\":\"never kept\"}]}"},
    {.target = DIRECTORY "/groups?customer=my_customer&maxResults=200", .status = 200,
     .body = "{\"groups\":[{\"id\":\"g\",\"email\":\"planted@planted.invalid\",\"name\":\"planted\"}],\"nextPageToken\":\"two\"}"},
    {.target = DIRECTORY "/groups?customer=my_customer&maxResults=200&pageToken=two", .status = 200, .body = "{", .cut = true},
    {.target = DIRECTORY "/groups/g/members?maxResults=200", .status = 200, .body = "{}"},
};

#define SCOPE "https://www.googleapis.com/auth/admin.directory."

const struct source_api source_api_google = {
    .kind = "google",
    .login = LOGIN_SERVICE_ACCOUNT,
    .token_path = "/token",
    .scope = SCOPE "user.readonly " SCOPE "group.readonly " SCOPE "group.member.readonly",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"client_email\":\"planted@planted.invalid\"}",
    .planted_options = "{\"plain\":true,\"subject\":\"admin@planted.invalid\"}",
};
