/*
 * Namespaces: parts of the path space with mounts, policies and tokens of their own, for teams that must not see each other. A namespace is a row; ten thousand of them
 * cost nothing while nobody asks. A request is in one by the header X-Vault-Namespace, by the beginning of its path, or by both.
 *
 *   space/at/PATH   {"id","uuid","created_ms","custom_metadata":{…}}: "team", "team/dev"
 *   n/ID/…          its rows: n/ID/mount/at/…, n/ID/mount/depth/…, n/ID/policy/acl/…, n/ID/policy/password/…, n/ID/usage/…
 *
 * Everything else knows paths from the root ("team/dev/secret/app") where it outlives a request: leases, cuts, limits, records. Rows of engines hang on the mount's uuid.
 *
 * Who may what: a token belongs to the namespace it was made in, and is good there and below. Its policies are those of its own namespace and speak of paths from there on,
 * so nothing that is made in a namespace reaches above it or beside it, root tokens included. Of Vogt's own routes only those of a table exist outside of the root
 * (namespace_has_route); all others are refused there. Without a policy `default` of its own a namespace has the root's.
 */
#ifndef VOGT_ENGINE_NAMESPACE_H
#define VOGT_ENGINE_NAMESPACE_H

#include "engine/turn.h"

enum { NAMESPACE_PATH_MAX_BYTES = 200, NAMESPACE_DEPTH_MAX = 7 };

/* Finds the request's namespace: turn->space, and a request whose path begins there. One that does not exist leaves the whole path, which nothing answers. ERR_NEED. */
enum err namespace_enter(struct turn *turn) must_check;
/* Does this route of the table exist in namespaces? Said with a complaint when not. */
enum err namespace_check_route(struct turn *turn, const struct route *route) must_check;

/* The namespace that a row (of a token) names with "space" and "space_id". ERR_NOT_FOUND: it is gone, or another one has its path now. */
enum err namespace_of(struct turn *turn, const struct json *row, struct namespace *ret_space) must_check;
/* Is `inner` this namespace, or one below it? */
bool namespace_within(const struct namespace *inner, const struct namespace *outer);
bool namespace_same(const struct namespace *a, const struct namespace *b);
/* A path of the request as the root knows it. */
struct slice namespace_whole(struct turn *turn, struct slice path);
/* ... and as the caller's policies speak of it. */
struct slice namespace_seen(struct turn *turn, struct slice path);
/* What a token's row says of its path, from the root. */
struct slice namespace_path_of(struct turn *turn, const struct json *row);

/* The path of a row of this namespace, in the run's arena. */
#define namespace_row(turn, space, ...) namespace_row_of((turn), (space).rows, turn_path(turn, __VA_ARGS__))
char *namespace_row_of(const struct turn *turn, struct slice rows, char *rest);

#endif
