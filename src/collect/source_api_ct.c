/* Certificate transparency: which names certificates were issued for. Two search services of the public logs; neither knows the domain's owner. */
#include "collect/source_api.h"

#define CRTSH_PICK "id name_value common_name issuer_name not_before not_after"

/* crt.sh gives all it has in one reply. An identity with "%." stands for all names below. */
static const struct source_request crtsh_requests[] = {
    {.name = "below", .path = "/?q=%25.{domain}&exclude=expired&output=json", .items = "", .pick = CRTSH_PICK},
    {.name = "itself", .path = "/?q={domain}&exclude=expired&output=json", .items = "", .pick = CRTSH_PICK},
};

static const struct source_planted crtsh_planted[] = {
    {.target = "/?q=%25.planted.example&exclude=expired&output=json", .status = 200,
     .body = "[{\"id\":1,\"common_name\":\"www.planted.example\",\"name_value\":\"www.planted.example\\n*.planted.example\",\"issuer_name\":\"C=XX\","
             "\"not_before\":\"2026-01-01T00:00:00\",\"not_after\":\"2126-01-01T00:00:00\",\"serial_number\":\"never kept\"},\"what is no entry\"]"},
    {.target = "/?q=planted.example&exclude=expired&output=json", .status = 200, .body = "[]"},
};

const struct source_api source_api_crtsh = {
    .kind = "crtsh",
    .login = LOGIN_NONE,
    .requests = crtsh_requests,
    .request_count = SOURCE_COUNT(crtsh_requests),
    .planted = crtsh_planted,
    .planted_count = SOURCE_COUNT(crtsh_planted),
    .planted_options = "{\"plain\":true,\"domain\":\"planted.example\"}",
};

static const struct source_request certspotter_requests[] = {
    {.name = "issuances", .path = "/v1/issuances?domain={domain}&include_subdomains=true&expand=dns_names", .items = "", .pick = "id dns_names not_before not_after",
     .paging = PAGES_AFTER, .parameter = "after", .next = "id"},
};

#define CERTSPOTTER_TARGET "/v1/issuances?domain=planted.example&include_subdomains=true&expand=dns_names"

static const struct source_planted certspotter_planted[] = {
    {.target = CERTSPOTTER_TARGET, .status = 200,
     .body = "[{\"id\":\"1\",\"dns_names\":[\"planted.example\"],\"not_before\":\"2026-01-01T00:00:00Z\",\"not_after\":\"2126-01-01T00:00:00Z\",\"tbs_sha256\":\"never kept\"}]"},
    {.target = CERTSPOTTER_TARGET "&after=1", .status = 200, .body = "[{", .cut = true},
};

const struct source_api source_api_certspotter = {
    .kind = "certspotter",
    .login = LOGIN_HEADER,
    .header = "Authorization: Bearer {token}",
    .requests = certspotter_requests,
    .request_count = SOURCE_COUNT(certspotter_requests),
    .planted = certspotter_planted,
    .planted_count = SOURCE_COUNT(certspotter_planted),
    .planted_credential = "{\"token\":\"planted-token\"}",
    .planted_options = "{\"plain\":true,\"domain\":\"planted.example\"}",
};
