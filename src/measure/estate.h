/*
 * The estate: what there is to observe. Written as estate.hcl by people, extended by what Vogt discovers; the result is a list of subjects
 * {"id":"endpoint:localhost:8200","kind","name","source":"estate|discovered|vogt","confirmed":bool,"attributes":{}}.
 * Pure: takes the tree that hcl_to_json gives, never text. Every mistake is one complaint with its line.
 *
 *   environment "production" {}
 *   host "this" { environment = "production"  ports = ["22/tcp", 443] }
 *   endpoint "www.example.org:443" { host = "this"  protocol = "https"  minimum = "1.3"  trust = "public" }
 *   volume "/var/lib/postgresql" { host = "this"  cipher_bits = 256 }
 *   allow "endpoint:localhost:5432" { reason = "development only" }
 */
#ifndef VOGT_MEASURE_ESTATE_H
#define VOGT_MEASURE_ESTATE_H

#include "base/json.h"

enum { ESTATE_SUBJECTS_MAX = 2000, ESTATE_NAME_MAX_BYTES = 256 };

/* {"subjects":[…],"allowed":[{"subject","reason"}]}; the subject vogt:this is always there. */
enum err estate_build(struct arena *arena, const struct json *tree, struct json **ret_estate, struct complaint *complaint) must_check;
/* What stands when nobody wrote one: this machine, and Vogt's own endpoint ("localhost:8200"). */
enum err estate_default(struct arena *arena, struct slice own_endpoint, struct json **ret_estate) must_check;
/* All subjects: the estate's, then discovered ones ("proposals" of collect.host) that it neither names nor allows, unconfirmed. */
enum err estate_merge(struct arena *arena, const struct json *estate, const struct json *proposals, struct json **ret_subjects) must_check;
/* The ports of a host for the judges: [{"port","protocol"?}]. */
struct json *estate_ports(struct arena *arena, const struct json *host);
/* NULL: no such subject. */
const struct json *estate_subject(const struct json *subjects, struct slice id);

#endif
