/*
 * What is asked of a kind of source, as constant tables: how to log in, which requests in which order, how their pages follow each other, and which
 * members of the replies become facts. One engine (source.c) reads them all; a new kind is a new table, a row in source_apis, a judge in
 * source_KIND.c, rows in source_kinds.def, and planted replies that its judge must catch. Owns nothing.
 *
 * Words in braces in paths and headers: {name} of the options (of the credential in headers), {id} of the item that drives the request,
 * {request.member} of the first item that an earlier request brought. In paths they are escaped whole, slashes too.
 */
#ifndef VOGT_COLLECT_SOURCE_API_H
#define VOGT_COLLECT_SOURCE_API_H

#include "base/json.h"

enum source_login {
    LOGIN_NONE,
    LOGIN_HEADER,                       /* `header` with the credential's fields */
    LOGIN_BASIC,                        /* fields user and password */
    LOGIN_CLIENT,                       /* OAuth 2 client credentials: fields client_id and client_secret; then a bearer */
    LOGIN_SERVICE_ACCOUNT,              /* a JWT signed with RS256 (fields client_email, private_key, option subject); then a bearer */
};

enum source_paging {
    PAGES_NONE,                         /* one reply is everything */
    PAGES_LINK,                         /* header Link: <…>; rel="next", same scheme, host and port */
    PAGES_ADDRESS,                      /* member `next` is the next page's address, likewise */
    PAGES_NUMBER,                       /* parameter=1, 2, …: member `next` is the next number; null at the end */
    PAGES_HEADER,                       /* parameter=1, 2, …: header `next` is the next number; empty at the end */
    PAGES_TOTAL,                        /* parameter=1, 2, …: header `next` says how many items there are */
    PAGES_CURSOR,                       /* parameter=…: member `next`; absent or empty at the end */
    PAGES_OFFSET,                       /* parameter=0, size, …: an empty page is the end */
    PAGES_INDEX,                        /* parameter=1, …: member `next` says how many items there are (SCIM) */
    PAGES_AFTER,                        /* the reply is the list; parameter=member `next` of its last item; an empty page is the end */
};

enum source_format { FORMAT_JSON, FORMAT_CSV };

struct source_request {
    const char *name;                   /* in facts */
    const char *path;                   /* beneath the address, with its query */
    const char *items;                  /* member (dotted) that holds the items; "": the reply is the list; NULL: the reply is one item */
    bool absent_is_empty;               /* a reply without that member has no items, where the provider leaves empty lists out */
    enum source_format format;          /* CSV is read as a list of objects of strings */
    const char *pick;                   /* what is kept of an item, see source_pick.h */
    enum source_paging paging;
    const char *parameter, *next;
    unsigned size;                      /* of a page, where the paging counts */
    const char *each, *each_id;         /* asked once for every item of that earlier request; the member that is {id}, "id" if NULL. Dotted: every one
                                         * that stands there, through lists ("environments.applications.applicationId") */
    const char *each_where;             /* only for items whose named members are true, or with '!' not true: "enabled !totp" */
    const char *when;                   /* only if this option is there, or with '!' not there */
    const char *headers;                /* reply headers that are facts, between blanks */
    const char *attempt;                /* POST with this body, which no server can carry out: whether it is refused for lack of rights is the fact */
    bool optional;                      /* the source is complete without it */
};

/* What the planted provider answers, by target. */
struct source_planted {
    const char *target, *headers, *body;
    unsigned status;
    bool cut;                           /* the connection ends before the body does */
};

struct source_api {
    const char *kind;
    enum source_login login;
    const char *header;                 /* LOGIN_HEADER: "Authorization: Bearer {token}" */
    const char *token_path, *scope;     /* where a token is asked for, beneath the token address */
    const char *claims;                 /* what is kept of the access token's own claims, if it is a JWT */
    const char *const *extra;           /* headers of every request, ends with NULL; may be NULL */
    const struct source_request *requests;
    size_t request_count;
    const char *inline_option;          /* this option, if given, is the only reply itself: nothing is connected to */
    const struct source_planted *planted;
    size_t planted_count;
    const char *planted_credential, *planted_options; /* JSON; every secret contains "planted" */
};

const struct source_api *const *source_api_all(size_t *ret_count);

extern const struct source_api source_api_hetzner, source_api_github, source_api_gitlab, source_api_forgejo, source_api_keycloak, source_api_entra, source_api_google,
    source_api_scim, source_api_csv, source_api_dokploy, source_api_crtsh, source_api_certspotter, source_api_vault;

#define SOURCE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
