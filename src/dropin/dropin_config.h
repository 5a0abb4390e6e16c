/*
 * Vault's configuration, HCL or JSON, one file or a directory of them, as far as it says something that Vogt does: storage, one listener, the seal,
 * how long tokens and leases live at most, a file for the process id.
 *
 * Source: developer.hashicorp.com/vault/docs/configuration (1.15).
 */
#ifndef VOGT_DROPIN_DROPIN_CONFIG_H
#define VOGT_DROPIN_DROPIN_CONFIG_H

#include "base/json.h"

enum { PASSED_OVER_MAX = 32 };

struct dropin_config {
    const char *storage, *path;             /* "inmem", "file", "raft" or "postgresql"; path NULL for inmem, and where it was not said */
    const char *database;                   /* of postgresql: the connection, with its password; NULL else */
    const char *address;                    /* "127.0.0.1:8200" */
    const char *certificate, *key;          /* NULL: Vogt signs one itself */
    bool is_plain;                          /* tls_disable */
    const char *api_address, *pid_file;     /* or NULL */
    uint64_t default_lease_s, max_lease_s;  /* 0: not said */
    size_t listener_count;
    const char *passed_over[PASSED_OVER_MAX]; /* settings without a meaning here */
    size_t passed_over_count;
};

/* `text` of one file, on top of what *config has. `is_json`: by the file's name. ERR_INVALID, ERR_MALFORMED or ERR_UNSUPPORTED with a complaint. */
enum err dropin_config_read(struct arena *arena, struct slice text, bool is_json, struct dropin_config *config, struct complaint *complaint) must_check;
/* A connection to PostgreSQL that the environment gives counts before the configuration's. */
void dropin_config_give_database(struct dropin_config *config, const char *url);
/* Storage and listener must be there; fills what was left out. */
enum err dropin_config_end(struct dropin_config *config, struct complaint *complaint) must_check;
/* Moves all strings but the database's into another arena, so that the one with the password can go. False: no memory. */
bool dropin_config_settle(struct dropin_config *config, struct arena *arena) must_check;
/* The same as Vogt's own configuration. */
enum err dropin_config_write(const struct dropin_config *config, struct buf *out) must_check;

#endif
