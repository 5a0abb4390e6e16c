/*
 * The table of routes: what exists under /v1/, what it takes, and its help, in one place (routes.def). Gate checks requests against it, keep finds the
 * operation by it, help, command line and OpenAPI are written from it.
 */
#ifndef VOGT_ENGINE_ROUTE_H
#define VOGT_ENGINE_ROUTE_H

#include "engine/request.h"

enum field_type {
    FIELD_STRING,
    FIELD_NUMBER,       /* whole, not negative; a decimal string is taken too */
    FIELD_BOOL,         /* or the strings "true", "false" */
    FIELD_DURATION,     /* seconds, or "1h30m"; gate hands on the number of seconds */
    FIELD_STRINGS,      /* array of strings, or one string with commas */
    FIELD_OBJECT,
    FIELD_PAIRS,        /* texts by name: an object, "name=value", or a list of such; gate hands on the object */
    FIELD_HCL,          /* a string of HCL; gate hands on {"text": …, "tree": hcl_to_json} */
    FIELD_ANY,
};

enum {
    FIELD_REQUIRED = 1,
    FIELD_SECRET = 2,   /* never shown in logs or examples */
    FIELD_LONG = 4,     /* several lines: certificates, keys */
    FIELD_OLD = 8,      /* taken from older clients, and of no use to others: another field means the same */
};

struct field {
    const char *name;           /* NULL ends the list */
    enum field_type type;
    unsigned flags;
    struct text help;
};

enum route_flags {
    ROUTE_PUBLIC = 1,           /* no token needed */
    ROUTE_WHILE_SEALED = 2,     /* answered before unsealing too */
    ROUTE_RAW_BODY = 4,         /* the body is a file, not JSON; up to REQUEST_RAW_MAX_BYTES */
    ROUTE_EFFECT = 8,           /* changes something: recorded in the audit log, committed before the reply */
    ROUTE_SECRET = 16,          /* reads a secret: recorded likewise */
    ROUTE_SUDO = 32,            /* needs the sudo capability */
    ROUTE_OPEN_FIELDS = 64,     /* fields beyond the list are handed on as they are */
    ROUTE_RAW_REPLY = 128,      /* answers a file */
    ROUTE_CERTIFICATE = 256,    /* an agent's client certificate opens it, and nothing else; it opens nothing else */
    ROUTE_PARTS = 512,          /* with RAW_BODY: a snapshot of any size, unpacked by gate and asked for in parts (request.h) */
};

struct route {
    const char *operation;      /* its name: "sys_seal_status" */
    unsigned verbs;             /* enum verb, or-ed */
    const char *pattern;        /* "annex/clauses/:id"; a last segment "*rest" takes all that follows */
    unsigned flags;
    const struct field *fields; /* ends with a NULL name */
    struct text help;
};

enum { ROUTE_VALUES_MAX = 4 };

struct route_match {
    const struct route *route;
    size_t index;                                   /* in the table */
    struct slice values[ROUTE_VALUES_MAX];          /* of :names, in order */
    bool path_known;                                /* the path exists with other verbs: 405 instead of 404 */
};

size_t route_count(void);
const struct route *route_at(size_t index);
/* ERR_NOT_FOUND, ERR_METHOD. */
enum err route_find(enum verb verb, struct slice path, struct route_match *ret_match) must_check;
/* The same among the routes of an engine, whose patterns begin at its mount; `path` is what follows the mount. */
enum err route_find_in(const struct route *routes, size_t count, enum verb verb, struct slice path, struct route_match *ret_match) must_check;
/* Does some pattern of the table begin with this segment, or with "auth/SEGMENT"? Then nothing can be mounted there. */
bool route_is_taken(struct slice path);
/* May a path that no row knows lie below a mount? Not where the table's own patterns begin, and not with dots for segments. */
bool route_may_be_mounted(struct slice path);
/* What gate takes for a path that no row of the table knows: an engine may be mounted there. Any verb, any JSON; keep looks further. */
const struct route *route_mounted(void);
/* Checks a body against the route's fields and gives the tree that keep shall see (durations in seconds, HCL parsed). */
enum err route_check(const struct route *route, struct arena *arena, const struct json *body, const struct json **ret_body,
                     struct complaint *complaint) must_check;
/* For engines, whose clients give more than a route knows, the names of the path among it: Vault ignores that and says so. *ret_body is the body without it, *ret_ignored
 * its names in one text; empty: none but those of the path. */
enum err route_known(const struct route *route, struct arena *arena, const struct json *body, const struct json **ret_body, struct slice *ret_ignored) must_check;
/* A table as OpenAPI 3.1, whose paths begin at `base`. */
enum err route_openapi_of(struct arena *arena, struct text title, const char *base, const struct route *routes, size_t count, struct json **ret_document) must_check;
/* The whole API, without what engines answer below their mounts. */
enum err route_openapi(struct arena *arena, struct json **ret_document) must_check;

#endif
