/*
 * The command line of HashiCorp Vault, for scripts and client test suites that call `vault`: the same program, called by that name (argv[0], a link). One
 * table of verbs (verbs.def); every verb but `server` is an ordinary client of the HTTP API. What Vault prints for machines (table heads, "Unseal Key 1:",
 * "Code: 403") stands here as its users' scripts match it, in English; what we say ourselves is said in both languages.
 *
 * Source: Vault's public documentation of its commands (developer.hashicorp.com/vault/docs/commands, 1.15) and observed behaviour.
 *
 * address VAULT_ADDR, else https://127.0.0.1:8200; token VAULT_TOKEN, else ~/.vault-token; BAO_* stands before VAULT_*.
 */
#ifndef VOGT_DROPIN_DROPIN_H
#define VOGT_DROPIN_DROPIN_H

#include "command/command.h"
#include "crypto/secret.h"

/* Exit codes, as Vault has them. */
enum { DROPIN_OK, DROPIN_LOCAL, DROPIN_REMOTE };

enum { DROPIN_WORDS_MAX = 256, DROPIN_FLAGS_MAX = 64 };

struct dropin;
typedef int (*verb_fn)(struct dropin *dropin);

struct verb {
    const char *name;  /* "kv get" */
    verb_fn run;
    size_t least, most;
    const char *flags; /* besides the common ones: names with spaces between, "=" after those that take a value */
    const char *arguments;
    struct text help;
};

struct dropin_flag {
    const char *name, *value; /* value "" of a switch */
};

struct connection;

struct dropin {
    struct run run; /* arena, language, screen: what the command line shares */
    const struct verb *verb;
    struct dropin_flag flags[DROPIN_FLAGS_MAX];
    size_t flag_count;
    const char *words[DROPIN_WORDS_MAX]; /* the arguments */
    size_t word_count;
    struct connection *connection; /* NULL until the first request */
};

bool dropin_is_called(const char *program); /* the program's name is "vault" */
int dropin_main(int count, char **words);   /* without the program's name */

/* ---- flags and words ---- */

const char *dropin_flag(const struct dropin *dropin, const char *name); /* the last one given, else NULL */
bool dropin_switch(const struct dropin *dropin, const char *name);      /* given and not "false" */
bool dropin_next_flag(const struct dropin *dropin, const char *name, size_t *position, const char **ret_value);
const char *dropin_variable(const char *name); /* "ADDR": BAO_ADDR, else VAULT_ADDR, else NULL; empty is NULL */
bool dropin_is_table(const struct dropin *dropin); /* not -format=json or yaml */
/* Says one line on standard error; gives DROPIN_LOCAL. */
int dropin_say(struct dropin *dropin, struct text text, const char *detail);
int dropin_out_of_memory(struct dropin *dropin);

/* ---- requests ---- */

struct dropin_ask {
    const char *method, *path; /* below /v1/, not escaped; a query after '?' is sent as it is */
    const struct json *body;
    int file;                  /* a descriptor: the file is sent in the place of a body, for as long as it takes; 0: none */
    const char *content_type;  /* NULL: application/json */
    const char *doing;         /* begins the words of a failure: "Error reading secret/x" */
    bool missing_is_fine;      /* 404 without errors is no failure */
    bool is_own;               /* our question, not the caller's: its reply is never wrapped */
};
struct dropin_answer {
    unsigned status;
    const struct json *tree; /* NULL without a body */
};
/* Says a failure itself; DROPIN_OK, DROPIN_LOCAL (nobody answers) or DROPIN_REMOTE. */
int dropin_ask(struct dropin *dropin, const struct dropin_ask *ask, struct dropin_answer *ret_answer);
/* A reply that is a file, of any size and for as long as it comes, into a descriptor. */
int dropin_ask_file(struct dropin *dropin, const struct dropin_ask *ask, int fd);
/* Without words about a failure: whether it was answered with 2xx. */
bool dropin_try(struct dropin *dropin, const struct dropin_ask *ask, struct dropin_answer *ret_answer);
/* Asks as somebody else from now on; empty: as nobody. */
int dropin_use_token(struct dropin *dropin, struct slice token);
void dropin_use_address(struct dropin *dropin, const char *address, const char *authorities);
const char *dropin_address(struct dropin *dropin); /* of the server that is asked, once a token is used */
struct slice dropin_token(struct dropin *dropin); /* empty without */
void connection_free(struct connection *connection);
int dropin_keep_token(struct dropin *dropin, struct slice token); /* ~/.vault-token, 0600 */

/* login -method=oidc: waits for the browser (dropin_oidc.c). Says a failure itself; the answer is the login's. */
int dropin_login_browser(struct dropin *dropin, const char *mount, struct dropin_answer *ret_answer);

/* ---- data of the words: key=value, key=@file, key=-, @file.json, - ---- */

/* From word `first` on, into a new object. */
int dropin_data(struct dropin *dropin, size_t first, struct json **ret_object);
/* "a=1" of a repeatable flag, into `object` as member `name`. */
int dropin_pairs_flag(struct dropin *dropin, const char *flag, struct json *object, const char *name);
/* Copies flags into members of a body: table of {flag, member, kind}. */
enum dropin_kind { DROPIN_TEXT, DROPIN_NUMBER, DROPIN_SWITCH, DROPIN_LIST };
struct dropin_field {
    const char *flag, *member;
    enum dropin_kind kind;
};
int dropin_fields(struct dropin *dropin, const struct dropin_field *fields, size_t count, struct json *body);

/* ---- what is shown ---- */

/* A whole reply as -format and -field want it; NULL shows nothing. */
int dropin_show(struct dropin *dropin, const struct json *reply);
/* Data of a kv secret, its metadata above. */
int dropin_show_kv(struct dropin *dropin, const char *path, const struct json *reply);
int dropin_show_keys(struct dropin *dropin, const struct json *reply);
/* The same of what was listed at a path; without names it says so. */
int dropin_show_listed(struct dropin *dropin, const struct json *reply, const char *path);
int dropin_show_json(struct dropin *dropin, const struct json *tree);
int dropin_show_field(struct dropin *dropin, struct slice text); /* no newline but on a terminal */

enum { DROPIN_COLUMNS_MAX = 12 };
/* Rows are gathered, then written with columns as wide as they must be. */
struct dropin_table {
    struct arena *arena;
    size_t columns, count, room;
    struct slice *cells;
};
struct dropin_table dropin_table_of(struct dropin *dropin, size_t columns);
void dropin_row(struct dropin_table *table, const char *const *cells); /* a NULL cell is empty */
void dropin_pair(struct dropin_table *table, const char *key, struct slice value);
void dropin_table_write(struct dropin *dropin, const struct dropin_table *table, const char *header);
struct slice dropin_value(struct dropin *dropin, const struct json *value); /* as Vault prints it: map[a:b], [a b], <nil> */
const char *dropin_duration(struct dropin *dropin, uint64_t seconds);       /* 768h, 1h30m, 45s */
void dropin_line(struct dropin *dropin, const char *format, ...) __attribute__((format(printf, 2, 3)));

int dropin_show_seal(struct dropin *dropin, const struct json *status);

#define VERB(name, function, ...) int function(struct dropin *dropin);
#include "dropin/verbs.def"
#undef VERB

#endif
