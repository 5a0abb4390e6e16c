/*
 * Logins of programs in Kubernetes: the token of a service account is shown to the cluster's TokenReview, as Vault's method kubernetes does it. Rows:
 *   m/UUID/config        {"kubernetes_host","kubernetes_ca_cert","token_reviewer_jwt","pem_keys":[PEM…],"issuer","disable_iss_validation","disable_local_ca_jwt",
 *                         "use_annotations_as_alias_metadata"}
 *   m/UUID/pod           {"ca","token","read_ms"}: what the pod has that Vogt runs in; texts empty where it runs in none
 *   m/UUID/role/NAME     {"bound_service_account_names":[…],"bound_service_account_namespaces":[…],"audience","alias_name_source","token":{…}}
 * What a token says of itself only refuses early; who it is, the cluster says.
 */
#ifndef VOGT_SECRETS_KUBERNETES_H
#define VOGT_SECRETS_KUBERNETES_H

#include "secrets/login_token.h"

enum { KUBERNETES_NAME_MAX_BYTES = 128, KUBERNETES_JWT_MAX_BYTES = 16 << 10 };

enum err kubernetes_config(struct turn *turn, const struct json **ret_row) must_check;
enum err kubernetes_role(struct turn *turn, struct slice name, const struct json **ret_row) must_check;

#endif
