#include "collect/source_api.h"

static const char *const extra[] = {"Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28", NULL};

#define LIST(request_name, target, picked)                                                                                                     \
    {                                                                                                                                          \
        .name = request_name, .path = "/orgs/{org}/" target "per_page=100", .items = "", .paging = PAGES_LINK, .pick = picked                  \
    }

static const struct source_request requests[] = {
    {.name = "org", .path = "/orgs/{org}", .pick = "id login two_factor_requirement_enabled default_repository_permission members_can_create_repositories plan(name)",
     .headers = "X-OAuth-Scopes X-Accepted-OAuth-Scopes github-authentication-token-expiration"},
    LIST("owners", "members?role=admin&", "id login type site_admin"),
    LIST("members", "members?role=member&", "id login type"),
    LIST("without_factor", "members?filter=2fa_disabled&", "id login"),
    LIST("insecure_factor", "members?filter=2fa_insecure&", "id login"),
    LIST("outside", "outside_collaborators?", "id login type"),
    LIST("outside_without_factor", "outside_collaborators?filter=2fa_disabled&", "id login"),
    LIST("teams", "teams?", "id slug name privacy permission parent(slug)"),
    {.name = "team_members", .path = "/orgs/{org}/teams/{id}/members?per_page=100", .items = "", .paging = PAGES_LINK, .pick = "id login", .each = "teams", .each_id = "slug"},
    LIST("repositories", "repos?type=all&", "id name full_name private visibility archived disabled fork default_branch pushed_at"),
};

static const struct source_planted planted[] = {
    {.target = "/orgs/planted", .status = 200, .headers = "X-OAuth-Scopes: repo, admin:org\r\n",
     .body = "{\"id\":1,\"login\":\"planted\",\"two_factor_requirement_enabled\":false,\"billing_email\":\"never kept\"}"},
    {.target = "/orgs/planted/members?role=admin&per_page=100", .status = 200, .body = "[{\"id\":1,\"login\":\"planted-owner\",\"type\":\"User\"}]"},
    {.target = "/orgs/planted/members?role=member&per_page=100", .status = 200, .body = "[]"},
    {.target = "/orgs/planted/members?filter=2fa_disabled&per_page=100", .status = 200, .body = "[{\"id\":1,\"login\":\"planted-owner\"}]"},
    {.target = "/orgs/planted/members?filter=2fa_insecure&per_page=100", .status = 200, .body = "[]"},
    {.target = "/orgs/planted/outside_collaborators?per_page=100", .status = 200, .body = "[]"},
    {.target = "/orgs/planted/outside_collaborators?filter=2fa_disabled&per_page=100", .status = 200, .body = "[]"},
    {.target = "/orgs/planted/teams?per_page=100", .status = 200, .body = "[{\"id\":1,\"slug\":\"planted\",\"name\":\"Planted\"}]",
     .headers = "Link: <http://192.0.2.1/organizations/1/teams?page=2>; rel=\"next\", <http://192.0.2.1/organizations/1/teams?page=2>; rel=\"last\"\r\n"},
    {.target = "/organizations/1/teams?page=2", .status = 200, .body = "[{\"id\":2,", .cut = true},
    {.target = "/orgs/planted/teams/planted/members?per_page=100", .status = 200, .body = "[]"},
    {.target = "/orgs/planted/repos?type=all&per_page=100", .status = 200, .body = "[]"},
};

const struct source_api source_api_github = {
    .kind = "github",
    .login = LOGIN_HEADER,
    .header = "Authorization: Bearer {token}",
    .extra = extra,
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true,\"org\":\"planted\"}",
};
