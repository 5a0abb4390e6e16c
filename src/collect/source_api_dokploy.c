/*
 * Dokploy (v0.30, 2026-08). Its keys read and write everything, so nothing but GET is ever asked, and of each answer little is kept: application.one, which
 * brings decrypted secrets, is not asked at all. application.search gives an owner nothing in some versions; projects are walked instead.
 */
#include "collect/source_api.h"

#define DOMAIN_PICK "domainId host https port path certificateType domainType serviceName"

static const struct source_request requests[] = {
    {.name = "projects", .path = "/api/project.all", .items = "",
     .pick = "projectId name environments(environmentId name isDefault applications(applicationId name applicationStatus) compose(composeId name composeStatus) "
             "postgres(postgresId) mysql(mysqlId) mariadb(mariadbId) mongo(mongoId) redis(redisId))"},
    {.name = "application_domains", .path = "/api/domain.byApplicationId?applicationId={id}", .items = "", .pick = DOMAIN_PICK, .each = "projects",
     .each_id = "environments.applications.applicationId"},
    {.name = "compose_domains", .path = "/api/domain.byComposeId?composeId={id}", .items = "", .pick = DOMAIN_PICK, .each = "projects",
     .each_id = "environments.compose.composeId"},
    {.name = "users", .path = "/api/user.all", .items = "", .pick = "id role createdAt user(id email twoFactorEnabled banned)"},
    {.name = "servers", .path = "/api/server.all", .items = "", .pick = "serverId name ipAddress serverStatus serverType"},
    {.name = "certificates", .path = "/api/certificates.all", .items = "", .pick = "certificateId name autoRenew serverId"},
};

static const struct source_planted planted[] = {
    {.target = "/api/project.all", .status = 200,
     .body = "[{\"projectId\":\"p\",\"name\":\"Planted\",\"env\":\"never kept\",\"environments\":[{\"environmentId\":\"e\",\"name\":\"production\",\"isDefault\":true,"
             "\"applications\":[{\"applicationId\":\"a\",\"name\":\"web\",\"applicationStatus\":\"done\"}],\"compose\":[]}]}]"},
    {.target = "/api/domain.byApplicationId?applicationId=a", .status = 200, .body = "[{\"domainId\":\"d\",", .cut = true},
    {.target = "/api/user.all", .status = 200,
     .body = "[{\"id\":\"m\",\"role\":\"owner\",\"user\":{\"id\":\"u\",\"email\":\"planted@planted.example\",\"twoFactorEnabled\":false,\"banned\":false,\"sshPrivateKey\":\"never kept\"}}]"},
    {.target = "/api/server.all", .status = 200, .body = "[]"},
    {.target = "/api/certificates.all", .status = 200, .body = "[]"},
};

const struct source_api source_api_dokploy = {
    .kind = "dokploy",
    .login = LOGIN_HEADER,
    .header = "x-api-key: {token}",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true}",
};
