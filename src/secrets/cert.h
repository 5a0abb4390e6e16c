/*
 * cert: a program or person logs in with a TLS client certificate. Gate asks for one where such a method is mounted (core/clients, vault.h) and hands on what was shown;
 * judge reads, verifies and matches it (cert_judge); here stand the rows and what follows. Rows:
 *   m/UUID/cert/NAME  {"certificate": PEM of authorities, or of the one client,"display_name","allowed_…":[…],"required_extensions":[…],
 *                      "allowed_metadata_extensions":[…],"ocsp_…","token":{…}}; NAME in lower case
 *   m/UUID/crl/NAME   {"issuer": HEX of the SHA-256 of the issuer's name,"until_s"?: its next update,"serials":[decimal…],"url"? where it is fetched}
 * The mount's settings hold {"disable_binding","enable_identity_alias_metadata"}.
 */
#ifndef VOGT_SECRETS_CERT_H
#define VOGT_SECRETS_CERT_H

#include "secrets/login_token.h"

enum { CERT_NAME_MAX_BYTES = 128, CERT_ENTRIES_MAX = 1000, CERT_CRLS_MAX = 100 };

char *cert_path(struct turn *turn, struct slice name);
bool cert_name_is_good(struct slice name);
/* cert_ocsp.c. Was the certificate that judge found revoked? Asks only where the entry's row says so. ERR_INVALID with a complaint: it was, or nobody says that it was not. */
enum err cert_ocsp_check(struct turn *turn, const struct json *row, const struct json *found) must_check;

#endif
