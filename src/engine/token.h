/*
 * Tokens, as Vault has them. A service token ("hvs." and 24 random bytes in base64url, or an id that root chose) is a row named by an HMAC of it, never by the token
 * itself. A batch token ("hvb.") is its row, sealed under a key derived from the one that names tokens: it costs no row, and nobody can change, list or end it alone.
 *
 *   token/id/HEX         {"accessor","policies":[…],"name","path","created_ms","expires_s" (0: never),"ttl_s"
 *                         "uses_left" (absent: no limit),"period_s","explicit_max_s","max_ttl_s","renewable","cidrs":[…],"meta":{…},"role","entity_id","alias","certificate",
 *                         "parent": HEX of the token that made it, "depth": how many stand above it (both absent: an orphan),
 *                         "mount": the uuid of the login mount that gave it,"space","space_id": its namespace (absent: the root),"type":"service"|"wrapping"
 *                         "children","leases","cubby": true once there is such a row to end with it}
 *                        or {"cut":true}: ended without its children (revoke-orphan), which are orphans since; stays as long as one lives
 *   token/accessor/HEX   {"id": HEX}; of a namespace below n/ID/ (namespace.h)
 *   token/child/HEX/HEX  {}: parent, child
 *   token/role/NAME      what tokens made by this role may be (token_role.c)
 *   token/end/HEX        {"id","keeps_children"}: this token has ended, what belongs to it is being ended in slices (token_end.c)
 *
 * Rows that older releases wrote have "created_s" instead of "created_ms", and none of the newer members: they are orphans that can be renewed.
 * All times but those shown are of the steady clock. A token is good while its own row, its mount and every ancestor are: so ending one ends all below at once,
 * before their rows are gone.
 */
#ifndef VOGT_ENGINE_TOKEN_H
#define VOGT_ENGINE_TOKEN_H

#include "engine/turn.h"

/* How the operator's token was got; no route gives this path. */
#define OPERATOR_PATH "parent"

enum token_type { TOKEN_SERVICE, TOKEN_BATCH, TOKEN_WRAPPING };

enum { TOKEN_DEPTH_MAX = 32, TOKEN_POLICIES_MAX = 256 };

struct token_wish {
    const char *name;                   /* shown and recorded: a person, "operator", "approle"; display_name in Vault's words */
    const char *path;                   /* how it was got: "auth/approle/login"; NULL: the request's path */
    const struct json *policies;        /* array of names; cleaned (lower case, sorted, once each), and `default` added */
    bool no_default_policy;
    uint64_t ttl_s;                     /* 0: never ends, unless a period is given */
    uint64_t uses;                      /* 0: no limit */
    enum token_type type;
    bool not_renewable;
    uint64_t period_s;                  /* each renewal gives this, without an end in sight; 0: not periodic */
    uint64_t explicit_max_s;            /* never longer than this in all; 0: none of its own */
    uint64_t max_ttl_s;                 /* of the mount, for renewals; 0: Vogt's */
    const struct json *cidrs;           /* array of addresses or networks that may use it; NULL or empty: any */
    const struct json *metadata;        /* object of texts; NULL: none */
    struct slice parent;                /* id of the parent's row; empty: an orphan */
    const char *role;                   /* of auth/token/roles; NULL: none */
    struct slice entity_id, alias_name; /* of identity; empty: none */
    struct slice certificate;           /* HEX of the SHA-256 of the client certificate with which alone it can be renewed; empty: none */
    struct slice id;                    /* the token itself, as root chose it; empty: random */
};

/*
 * Creates one and gives the `auth` part of a reply with client_token. Times are capped by explicit_max_s and max_ttl_s. Run below a login mount, the token ends
 * with that mount. ERR_INVALID with a complaint for what cannot be (a batch token with uses, a bad network, an id that is in use).
 */
enum err token_create(struct turn *turn, const struct token_wish *wish, struct json **ret_auth) must_check;
/* Fills turn->caller from the request's token; ERR_DENIED when there is none, it is unknown or over. Counts a limited use. */
enum err token_identify(struct turn *turn) must_check;

/* A token that is good now: its id (empty for a batch token), its row, its policies with those of its identity. */
struct token {
    struct slice id;
    const struct json *row;
    const struct json *policies;        /* all */
    const struct identity *identity;    /* NULL: the token names no entity */
    bool is_root, is_batch;
};
/* ERR_NOT_FOUND: unknown, over, an ancestor or its mount has ended. Counts no use. */
enum err token_find(struct turn *turn, struct slice text, struct token *ret_token) must_check;
enum err token_find_id(struct turn *turn, struct slice id, struct token *ret_token) must_check;
enum err token_find_accessor(struct turn *turn, struct slice accessor, struct token *ret_token) must_check;

/* Ends the token with this id (as in caller.token_id) and, in slices that follow, its children, leases and cubbyhole. */
enum err token_end(struct turn *turn, struct slice id) must_check;
/* Ends the token alone: its children are orphans from now on. */
enum err token_cut(struct turn *turn, const struct token *token) must_check;
/* The row of a token is due (own_lease_sweep): it has run out, or it is a cut that may have no children any more. */
enum err token_due(struct turn *turn, struct slice id) must_check;
/* May the caller give these policies on? Nobody gives what he does not hold; root and admin may widen, never to root, and so may the operator whose token
 * the parent wrote into the data directory. ERR_DENIED with a complaint. */
enum err token_may_give(struct turn *turn, const struct json *policies) must_check;
/* An array of one or more policy names, for a wish. */
struct json *token_policies(struct turn *turn, const char *first, const char *second);
/* The names in lower case, sorted, each once; root alone where it stands among them; `default` added unless told not to. */
struct json *token_clean_policies(struct turn *turn, const struct json *policies, bool no_default);

/* ---- the parts of token*.c ---- */

/* HEX of a token. ERR_SEALED. */
enum err token_name(struct turn *turn, struct slice text, char **ret_id) must_check;
char *token_row_path(struct turn *turn, struct slice id);
char *token_accessor_path(struct turn *turn, const struct json *row);                               /* in the token's namespace */
enum err token_put(struct turn *turn, struct slice id, const struct json *row) must_check;         /* due at its end */
int64_t token_expires_s(const struct json *row);                                                   /* 0: never */
int64_t token_created_ms(const struct json *row);
bool token_is_renewable(const struct json *row);
bool token_has(const struct json *names, const char *name);                                        /* an array of texts */
uint64_t token_number(const struct json *row, const char *name);                                   /* 0 when absent */
/* A copy of the row with one member set. */
struct json *token_with(struct turn *turn, const struct json *row, const char *name, struct json *value);
/* `auth` of a reply. */
struct json *token_auth(struct turn *turn, const struct token *token, struct slice client_token);
/* Marks in a token's row that there are children, leases or cubbyhole rows to end with it. */
enum err token_mark(struct turn *turn, const struct token *token, const char *what) must_check;

/* token_role.c. ERR_NOT_FOUND. */
enum err token_role_find(struct turn *turn, struct slice name, const struct json **ret_row) must_check;

/* token_batch.c */
bool token_is_batch(struct slice text);
enum err token_batch_seal(struct turn *turn, const struct json *row, struct slice *ret_text) must_check;
enum err token_batch_open(struct turn *turn, struct slice text, const struct json **ret_row) must_check; /* ERR_NOT_FOUND */

/* token_cidr.c: networks, and whether a remote address ("127.0.0.1:5123", "[::1]:5123") lies in one of them. */
bool token_cidr_is_good(struct slice text);
bool token_cidr_allows(const struct json *cidrs, struct slice remote);
/* Does this network lie within one of those? In any, where none is named. */
bool token_cidr_within(const struct json *cidrs, struct slice network);

#endif
