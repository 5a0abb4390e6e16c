/*
 * The estate: what there is to observe. Written as estate.hcl by people, extended by what Vogt discovers; the result is a list of subjects
 * {"id":"endpoint:localhost:8200","kind","name","source":"estate|discovered|vogt","confirmed":bool,"attributes":{}}.
 * Pure: takes the tree that hcl_to_json gives, never text. Every mistake is one complaint with its line.
 *
 *   environment "production" {}
 *   host "this" { environment = "production"  ports = ["22/tcp", 443] }
 *   host "web-1" { addresses = ["192.0.2.7", "2001:db8::7"]  ports = [443]  outside = ["1-1024", 8080] }     outside: which ports a vantage asks
 *   environment "staging" { apart_from = "production"  host = "staging-1"  control = "vogt.example.org:8200" }
 *   host "staging-1" { secrets = ["/srv/app/.env"]  environment = "staging" }
 *   endpoint "www.example.org:443" { host = "this"  protocol = "https"  minimum = "1.3"  trust = "public" }
 *   volume "/var/lib/postgresql" { host = "this"  cipher_bits = 256 }
 *   allow "endpoint:localhost:5432" { reason = "development only" }
 *
 * Sources, vantages and Vogt itself are subjects too, but written by their own operations, never here.
 */
#ifndef VOGT_MEASURE_ESTATE_H
#define VOGT_MEASURE_ESTATE_H

#include "base/json.h"

enum { ESTATE_SUBJECTS_MAX = 20000, ESTATE_NAME_MAX_BYTES = 256 };

/* {"subjects":[…],"allowed":[{"subject","reason"}]}; the subject vogt:this is always there. */
enum err estate_build(struct arena *arena, const struct json *tree, struct json **ret_estate, struct complaint *complaint) must_check;
/* What stands when nobody wrote one: this machine, and Vogt's own endpoint ("localhost:8200"). */
enum err estate_default(struct arena *arena, struct slice own_endpoint, struct json **ret_estate) must_check;
/* Something discovered, unconfirmed: a subject with those attributes that the estate has words for. NULL: no such kind, or a name that cannot stand in
 * an estate; or the arena is full. */
struct json *estate_discovered(struct arena *arena, struct slice kind, struct slice name, const struct json *attributes);
/* May this be said of a subject of this kind? */
bool estate_knows(struct slice kind, struct slice word);
/* "kind:name"; empty when the arena is full. */
struct slice estate_id(struct arena *arena, struct slice kind, struct slice name);
/* The ports of a host for the judges: [{"port","protocol"?}]. */
struct json *estate_ports(struct arena *arena, const struct json *host);

#endif
