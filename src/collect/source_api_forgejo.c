#include "collect/source_api.h"

#define FORGEJO "/api/v1"
#define LIST(request_name, target, member, picked, condition)                                                                                  \
    {                                                                                                                                          \
        .name = request_name, .path = FORGEJO target "limit=50", .items = member, .paging = PAGES_TOTAL, .parameter = "page",                  \
        .next = "X-Total-Count", .pick = picked, .when = condition                                                                             \
    }
#define USER "id login email is_admin active prohibit_login last_login created restricted"
#define REPOSITORY "id full_name private archived default_branch"

/* A list of no addresses, which every server refuses: a token that may not write is told so first, newer servers name its scopes as well. */
#define ATTEMPT FORGEJO "/user/emails"

static const struct source_request requests[] = {
    LIST("users", "/admin/users?", "", USER, "!org"),
    LIST("orgs", "/admin/orgs?", "", "id username name visibility", "!org"),
    LIST("repositories", "/repos/search?", "data", REPOSITORY, "!org"),
    LIST("members", "/orgs/{org}/members?", "", USER, "org"),
    LIST("teams", "/orgs/{org}/teams?", "", "id name permission", "org"),
    {.name = "team_members", .path = FORGEJO "/teams/{id}/members?limit=50", .items = "", .paging = PAGES_TOTAL, .parameter = "page", .next = "X-Total-Count",
     .pick = "id login", .each = "teams", .when = "org"},
    LIST("org_repositories", "/orgs/{org}/repos?", "", REPOSITORY, "org"),
    {.name = "attempt", .path = ATTEMPT, .attempt = "{\"emails\":[]}", .pick = "message", .optional = true},
};

static const struct source_planted planted[] = {
    {.target = FORGEJO "/admin/users?limit=50&page=1", .status = 200, .headers = "X-Total-Count: 1\r\n",
     .body = "[{\"id\":1,\"login\":\"planted-admin\",\"is_admin\":true,\"active\":true,\"last_login\":\"2000-01-01T00:00:00Z\",\"created\":\"2000-01-01T00:00:00Z\"}]"},
    {.target = FORGEJO "/admin/orgs?limit=50&page=1", .status = 200, .headers = "X-Total-Count: 0\r\n", .body = "[]"},
    {.target = FORGEJO "/repos/search?limit=50&page=1", .status = 200, .headers = "X-Total-Count: 2\r\n", .body = "{\"data\":[{\"id\":1,\"full_name\":\"planted/one\"}]}"},
    {.target = FORGEJO "/repos/search?limit=50&page=2", .status = 200, .body = "{", .cut = true},
    {.target = ATTEMPT, .status = 422, .body = "{\"message\":\"Email list empty\"}"},
};

const struct source_api source_api_forgejo = {
    .kind = "forgejo",
    .login = LOGIN_HEADER,
    .header = "Authorization: token {token}",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true}",
};
