/*
 * The kinds of sources: a source is a configured read access to a provider, asked for what there is. Here stands what a person needs to set one
 * up: titles, where it is reached, which fields its credential and its options have, the smallest rights to give, which subjects it tells of.
 * The table is source_kinds.def; what is asked of each kind stands in source_api_*.c, what the answers mean in source_KIND.c. All static.
 */
#ifndef VOGT_COLLECT_SOURCE_KINDS_H
#define VOGT_COLLECT_SOURCE_KINDS_H

#include "base/json.h"

struct source_kind {
    const char *id;                     /* "github" */
    struct text title, rights;          /* what it is; what to grant, and nothing more */
    const char *address;                /* where it is reached unless the source says otherwise; "": it must say */
    const char *token_address;          /* where tokens are given, if elsewhere; "": at the address */
    const char *feeds;                  /* kinds of subjects, between blanks */
    bool cloud;                         /* its accounts are cloud accounts unless the option "cloud" says otherwise */
};

struct source_field {
    const char *kind, *name;
    bool credential;                    /* else an option */
    bool required, secret;
    struct text title;
};

const struct source_kind *source_kind_find(struct slice id);      /* NULL: unknown */
const struct source_kind *source_kind_all(size_t *ret_count);
const struct source_field *source_field_all(size_t *ret_count);   /* those of a kind stand together */

/* What a value of this field looks like, for who fills it in: "text", "long" (several lines), "list" of texts, "number", "switch". */
const char *source_field_form(const struct source_field *field);

/* Holds credential and options of a source against the table: nothing missing, nothing unknown, every value a text (or for "cloud" and "attempt"
 * a bool, for "admins" and the like a list of texts). ERR_INVALID with a complaint that names the field. */
enum err source_check(const struct source_kind *kind, const struct json *credential, const struct json *options,
                      struct complaint *complaint) must_check;

/* "https://host[:port][/path]", or http:// or dns:// (a name server): no user, no fragment, nothing that two readers could read in two ways. Borrowed. */
struct source_address {
    bool plain;                         /* http, dns */
    struct slice origin;                /* "https://host:port" as written */
    struct slice host;                  /* without brackets */
    uint16_t port;
    struct slice target;                /* from the first '/'; may be empty */
};
enum err source_address_read(struct slice text, struct source_address *ret_address) must_check;
bool source_address_same(const struct source_address *a, const struct source_address *b); /* scheme, host, port */
/* The TCP ports that a task at this source connects to: they go into its input as "port" and "ports". Returns how many (0: an address is bad). */
size_t source_ports(const struct source_kind *kind, struct slice address, struct slice token_address, uint16_t ret_ports[2]);

#endif
