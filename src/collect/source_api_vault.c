/*
 * HashiCorp Vault, OpenBao, and another Vogt: five reading requests below /v1/sys and the token's own record. No secret is ever asked for. Of the policies only
 * paths and capabilities are kept; of audit devices their kinds, not their options.
 */
#include "collect/source_api.h"

static const struct source_request requests[] = {
    {.name = "seal", .path = "/v1/sys/seal-status", .pick = "type initialized sealed version vogt_version build_date storage_type recovery_seal t n"},
    {.name = "token", .path = "/v1/auth/token/lookup-self", .pick = "data(policies ttl period type orphan renewable)"},
    {.name = "rights", .path = "/v1/sys/internal/ui/resultant-acl", .pick = "data(root exact_paths(*(capabilities)) glob_paths(*(capabilities)))"},
    {.name = "devices", .path = "/v1/sys/audit", .pick = "data(*(type local))"},
    {.name = "keys", .path = "/v1/sys/key-status", .pick = "data(term install_time encryptions)"},
};

/* A text longer than any fact may be: the record of the planted token is cut. */
#define LONG_64 "planted.planted.planted.planted.planted.planted.planted.planted."
#define LONG_512 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64

static const struct source_planted planted[] = {
    {.target = "/v1/sys/seal-status", .status = 200,
     .body = "{\"type\":\"shamir\",\"initialized\":true,\"sealed\":true,\"version\":\"1.2.3\",\"build_date\":\"2019-10-14T00:00:00Z\",\"storage_type\":\"raft\",\"recovery_seal\":false,\"t\":1,\"n\":1}"},
    {.target = "/v1/auth/token/lookup-self", .status = 200, .body = "{\"data\":{\"id\":\"never kept\",\"type\":\"" LONG_512 LONG_512 LONG_512 "\",\"ttl\":0}}"},
    {.target = "/v1/sys/internal/ui/resultant-acl", .status = 200,
     .body = "{\"data\":{\"root\":false,\"exact_paths\":{\"sys/audit\":{\"capabilities\":[\"read\",\"sudo\"]}},\"glob_paths\":{\"planted/\":{\"capabilities\":[\"update\"]}}}}"},
    {.target = "/v1/sys/audit", .status = 200, .body = "{\"data\":{}}"},
    {.target = "/v1/sys/key-status", .status = 200, .body = "{\"data\":{\"term\":1,\"install_time\":\"2019-10-14T00:00:00Z\",\"encryptions\":7}}"},
};

const struct source_api source_api_vault = {
    .kind = "vault",
    .login = LOGIN_HEADER,
    .header = "X-Vault-Token: {token}",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true}",
};
