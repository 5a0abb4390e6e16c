#include "collect/source_api.h"

/* {"roles":["User.Read.All","User.ReadWrite.All"]} */
#define PLANTED_TOKEN "planted.eyJyb2xlcyI6WyJVc2VyLlJlYWQuQWxsIiwiVXNlci5SZWFkV3JpdGUuQWxsIl19.signature"

#define GRAPH "/v1.0"
#define LIST(request_name, target, picked, may_fail)                                                                                           \
    {                                                                                                                                          \
        .name = request_name, .path = GRAPH target, .items = "value", .paging = PAGES_ADDRESS, .next = "@odata.nextLink", .pick = picked,      \
        .optional = may_fail                                                                                                                   \
    }
#define POLICY                                                                                                                                 \
    "id displayName state conditions(users(includeUsers excludeUsers excludeGroups excludeRoles excludeGuestsOrExternalUsers("                 \
    "guestOrExternalUserTypes)) applications(includeApplications excludeApplications applicationFilter(mode)) clientAppTypes "                 \
    "signInRiskLevels userRiskLevels insiderRiskLevels platforms(includePlatforms excludePlatforms) locations(includeLocations "               \
    "excludeLocations) devices(deviceFilter(mode)) authenticationFlows(transferMethods)) "                                                    \
    "grantControls(operator builtInControls authenticationStrength(id requirementsSatisfied))"

static const struct source_request requests[] = {
    LIST("users", "/users?$select=id,userPrincipalName,mail,accountEnabled,userType,createdDateTime&$top=999", "id userPrincipalName mail accountEnabled userType createdDateTime", false),
    LIST("activity", "/users?$select=id,signInActivity&$top=120", "id signInActivity(lastSignInDateTime lastNonInteractiveSignInDateTime lastSuccessfulSignInDateTime)", true),
    LIST("factors", "/reports/authenticationMethods/userRegistrationDetails", "id userPrincipalName isAdmin isMfaRegistered isMfaCapable isPasswordlessCapable methodsRegistered", false),
    LIST("roles", "/directoryRoles", "id displayName roleTemplateId", false),
    {.name = "role_members", .path = GRAPH "/directoryRoles/{id}/members?$select=id", .items = "value", .paging = PAGES_ADDRESS, .next = "@odata.nextLink", .pick = "id", .each = "roles"},
    LIST("groups", "/groups?$select=id,displayName,securityEnabled&$top=999", "id displayName securityEnabled", false),
    {.name = "defaults", .path = GRAPH "/policies/identitySecurityDefaultsEnforcementPolicy", .pick = "id isEnabled"},
    LIST("policies", "/identity/conditionalAccess/policies", POLICY, true),
};

static const struct source_planted planted[] = {
    {.target = "/planted/oauth2/v2.0/token", .status = 200, .body = "{\"access_token\":\"" PLANTED_TOKEN "\",\"token_type\":\"Bearer\",\"expires_in\":3599}"},
    {.target = GRAPH "/users?$select=id,userPrincipalName,mail,accountEnabled,userType,createdDateTime&$top=999", .status = 200,
     .body = "{\"value\":[{\"id\":\"u\",\"userPrincipalName\":\"planted@planted.invalid\",\"accountEnabled\":true,\"userType\":\"Member\",\"createdDateTime\":\"2000-01-01T00:00:00Z\","
             "\"passwordProfile\":{\"password\":\"never kept\"}}]}"},
    {.target = GRAPH "/users?$select=id,signInActivity&$top=120", .status = 200,
     .body = "{\"value\":[{\"id\":\"u\",\"signInActivity\":{\"lastSignInDateTime\":\"2000-01-01T00:00:00Z\"}}]}"},
    {.target = GRAPH "/reports/authenticationMethods/userRegistrationDetails", .status = 200, .body = "{\"value\":[{\"id\":\"u\",\"isAdmin\":true,\"isMfaRegistered\":false}]}"},
    {.target = GRAPH "/directoryRoles", .status = 200, .body = "{\"value\":[]}"},
    {.target = GRAPH "/groups?$select=id,displayName,securityEnabled&$top=999", .status = 200,
     .body = "{\"value\":[{\"id\":\"g\",\"displayName\":\"planted\"}],\"@odata.nextLink\":\"http://192.0.2.1/v1.0/groups?$skiptoken=planted\"}"},
    {.target = GRAPH "/groups?$skiptoken=planted", .status = 200, .body = "{", .cut = true},
    {.target = GRAPH "/policies/identitySecurityDefaultsEnforcementPolicy", .status = 200, .body = "{\"id\":\"d\",\"isEnabled\":false}"},
    {.target = GRAPH "/identity/conditionalAccess/policies", .status = 200, .body = "{\"value\":[]}"},
};

const struct source_api source_api_entra = {
    .kind = "entra",
    .login = LOGIN_CLIENT,
    .token_path = "/{tenant}/oauth2/v2.0/token",
    .scope = "https://graph.microsoft.com/.default",
    .claims = "roles wids tid",
    .requests = requests,
    .request_count = SOURCE_COUNT(requests),
    .planted = planted,
    .planted_count = SOURCE_COUNT(planted),
    .planted_credential = "{\"client_id\":\"planted\",\"client_secret\":\"planted-token\"}",
    .planted_options = "{\"plain\":true,\"tenant\":\"planted\"}",
};
