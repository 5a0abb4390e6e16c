/* Forms of transit's keys: what people import, export and see. */
#ifndef VOGT_SECRETS_TRANSIT_FORM_H
#define VOGT_SECRETS_TRANSIT_FORM_H

#include "crypto/key_form.h"
#include "secrets/transit.h"

/* Of Ed25519, ECDSA and RSA. */
struct key_type transit_key_type(const struct transit_kind *kind);
/* What a version's key is exported as: base64 of its bytes, or PEM. */
enum transit_export { TRANSIT_EXPORT_ENCRYPTION, TRANSIT_EXPORT_SIGNING, TRANSIT_EXPORT_HMAC, TRANSIT_EXPORT_PUBLIC };
enum err transit_export_text(struct turn *turn, const struct transit_key *key, const struct transit_version *version, enum transit_export what, struct slice *ret_text) must_check;
/* The key as it travels wrapped: its bytes, or PKCS #8; and back. ERR_MALFORMED: no key of this kind. What is read lies in the arena. */
enum err transit_to_travel(const struct transit_key *key, const struct transit_version *version, struct buf *out) must_check;
enum err transit_from_travel(struct turn *turn, const struct transit_key *key, struct slice form, struct slice *ret_key) must_check;

#endif
