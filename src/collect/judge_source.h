/*
 * "judge.source": facts of collect.source to what there is, what the credential could do, and observations. It looks at the facts' kind and hands
 * them to that kind's judge (source_KIND.c). Every kind reports source.complete and source.read-only about the source; kinds with people report
 * about each account mfa.factor, mfa.cloud-factor, access.unused-rights and access.matrix; clouds report cloud.security-groups about each host.
 *
 * Options: those of the source ("cloud": its accounts are cloud accounts; "admins": who may be admin; "days": how long a right may lie unused).
 * Estate:  {"hosts":[{"name","ports":[{"port","protocol"?}]}]}, for clouds.
 *
 * What the judges of the kinds share stands below; it is private to them.
 */
#ifndef VOGT_COLLECT_JUDGE_SOURCE_H
#define VOGT_COLLECT_JUDGE_SOURCE_H

#include "collect/judge.h"

enum err judge_source(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

struct source_judge {
    const char *kind;
    struct judge judge;
};

extern const struct source_judge source_judge_hetzner, source_judge_github, source_judge_gitlab, source_judge_forgejo, source_judge_keycloak, source_judge_entra,
    source_judge_google, source_judge_scim, source_judge_csv, source_judge_dokploy, source_judge_crtsh, source_judge_certspotter, source_judge_dns, source_judge_zone,
    source_judge_invoice, source_judge_s3, source_judge_aws, source_judge_registry, source_judge_vault;

/* A request of the facts; NULL: it was not made. Its items, and whether all of them were read. */
const struct json *source_request(const struct judge_case *judge_case, const char *name);
const struct json *source_items(const struct judge_case *judge_case, const char *name);
bool source_has_all(const struct judge_case *judge_case, const char *name);
/* Of a request that was asked once for each item of another: the one for this item, or NULL. */
const struct json *source_each(const struct judge_case *judge_case, const char *name, struct slice of);
/* The rows of a list by one member, for lists that are asked for each row of another: ten thousand people are looked up in no time. */
struct source_index {
    struct source_row {
        struct slice key;
        const struct json *row;
    } *rows;
    size_t count;
};
struct source_index source_index(struct judge_case *judge_case, const struct json *first, const char *member);
const struct json *source_find(const struct source_index *index, struct slice key); /* NULL: none; of two alike any */
/* The items of a request by a member; those that were asked for each item, by that item. */
struct source_index source_index_items(struct judge_case *judge_case, const char *request, const char *member);
struct source_index source_index_each(struct judge_case *judge_case, const char *request);
/* A member's text, whether it is a string or a number. */
struct slice source_text(const struct json *object, const char *dotted_path);

/* "kind/scope/name" as a subject may be called: no blanks, no control characters, at most 256 bytes. A part may be empty and is left out. */
struct slice source_name(struct judge_case *judge_case, const char *kind, struct slice scope, struct slice name);
struct slice source_lower(struct judge_case *judge_case, struct slice text);
/* Where it stands in the facts: "servers/42". */
struct slice source_where(struct judge_case *judge_case, const char *request, struct slice id);
/* "kind:name", the id of a subject. */
struct slice source_subject(struct judge_case *judge_case, const char *kind, struct slice name);

/* Reports source.complete and sets judge_case->whole: every request that is not optional was read to its end. */
void source_judge_complete(struct judge_case *judge_case);
/* Reports source.read-only from the powers that were added: any is a failure; none is a pass if all powers are `seen`. If they are not: an error
 * where `request`, which would show them, failed; else nobody shows them, which is unprovable. `request` may be NULL. */
void source_judge_read_only(struct judge_case *judge_case, bool seen, const char *request);
/* A power named by what the provider calls it ("repo", "manage-users"). */
void source_power(struct judge_case *judge_case, struct slice name);

/* An account at a provider, as its judge read it. */
struct source_account {
    struct slice name, login, email, where; /* name as of source_name; empty email: unknown */
    bool admin, service, inactive;      /* service: no person signs in with it; inactive: nobody can */
    struct finding factor;              /* of a person: what is known about the second factor */
    bool use_seen;                      /* the provider says when it was last used */
    int64_t last_used_ms;               /* -1: never */
    int64_t created_ms;                 /* -1: unknown; a new account had no time to be used */
};
/* Proposes it (unless inactive) and reports its four observations. */
void source_judge_account(struct judge_case *judge_case, const struct source_account *account);
/* Proposes the person behind an e-mail address. */
void source_propose_person(struct judge_case *judge_case, struct slice email, struct slice login, struct slice where);
/* RFC 3339, or a date alone; -1: neither. */
int64_t source_time(const struct json *object, const char *dotted_path);


#endif
