/* Forms of transit's keys: what people import, export and see. */
#ifndef VOGT_SECRETS_TRANSIT_FORM_H
#define VOGT_SECRETS_TRANSIT_FORM_H

#include "secrets/transit.h"

/* SubjectPublicKeyInfo of an RSA or EC key. */
enum err transit_spki(const struct transit_kind *kind, struct slice public_key, struct buf *out) must_check;

#endif
