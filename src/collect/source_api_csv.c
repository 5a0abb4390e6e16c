#include "collect/source_api.h"

static const struct source_request requests[] = {
    {.name = "people", .path = "", .items = "", .format = FORMAT_CSV, .pick = "email name login active admin second_factor last_login created groups"},
};

/* Longer than a text may be: what was cut must be said. */
#define LONG_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_256 LONG_64 LONG_64 LONG_64 LONG_64
#define LONG LONG_256 LONG_256 LONG_256 LONG_256 LONG_256

static const struct source_planted planted[] = {
    {.target = "", .status = 200,
     .body = "email,login,active,admin,second_factor,last_login,password,name\r\n"
             "planted@planted.invalid,planted,yes,yes,no,2000-01-01,never kept," LONG "\r\n"},
};

const struct source_api source_api_csv = {
    .kind = "csv",
    .login = LOGIN_BASIC,
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .inline_option = "text",
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = NULL,
    .planted_options = "{\"plain\":true}",
};
