/*
 * The first lines of every role's main: the channels that the parent laid ready, its configuration,
 * the sandbox, READY.
 *
 *     int main(void)
 *     {
 *         struct role_start start;
 *         if (role_start(ROLE_STORE, &start) != ERR_NONE) {
 *             return ROLE_EXIT_START;
 *         }
 *         ... crypto_start(), whatever must read files of the host ...
 *         enum err err = role_confine(&start, start.fds[0]);      // store: its directory; others
 * -1 if (err == ERR_NONE) { err = open the database by relative names ("vogt.db"): the directory is
 * the working directory now
 *         }
 *         if (err == ERR_NONE) {
 *             err = role_ready(&start);
 *         }
 *         if (err != ERR_NONE) {
 *             return role_fail(&start, err, TEXT("...", "..."));
 *         }
 *         ... loop over start.keep and start.parent; leave on MESSAGE_STOP or ERR_CLOSED of the
 * parent's channel ... role_end(&start); return 0;
 *     }
 *
 * Descriptors: 3 the parent, 4 keep (not for keep itself), from 5 on the role's own (store: the
 * data directory; gate: listening sockets; seal: the key file). For keep they begin at 4: none,
 * or certificate and key of the operator. SIGINT,
 * SIGTERM, SIGHUP and SIGPIPE arrive ignored: the parent stops roles by STOP, in order.
 *
 * READY means "confined and taking frames", and is sent before waiting for anything from keep: the
 * parent hands a role's channel to keep (MESSAGE_CHANNEL, with the level reached) only after its
 * READY.
 *
 * CONFIGURE of every role:
 * {"role":"gate","index":0,"descriptors":1,"language":"de","minimum":"landlock"?}; and gate:
 * "sockets" (of "descriptors"), "address" ("https://localhost:8200") keep:  "address", "directory"
 * (absolute path, for messages), "seal":"key-file", "sealed" (true after a crash of keep: do not
 *          unseal by yourself), "counts":{"judge":1,…},
 * "parent":{"pid","confinement","features":[…]}, "config":{…} (hcl_to_json of
 *          --config; {} without)
 *   store: "directory" (for messages); look: "read" (paths that its works may read besides its
 * row: look { read = ["/srv/app/.env"] })
 */
#ifndef VOGT_PROCESS_ROLE_START_H
#define VOGT_PROCESS_ROLE_START_H

#include "base/json.h"
#include "process/channel.h"

enum {
    ROLE_FDS_MAX = 16,
    ROLE_PARENT_FD = 3,
    ROLE_KEEP_FD = 4,
};

/* Exit codes that the parent knows. A role that was told why by role_fail has said it already. */
enum role_exit {
    ROLE_EXIT_STOPPED = 0,
    ROLE_EXIT_START = 70,  /* could not begin: not started by the parent, broken configuration */
    ROLE_EXIT_FAILED = 71, /* role_fail told the parent why */
    ROLE_EXIT_DATA = 72,   /* store: a sync failed or the database is damaged; do not restart */
};

struct role_start {
    enum role self;
    uint64_t index;      /* of several equals, from 0 */
    struct arena *arena; /* holds the configuration */
    struct channel *parent;
    struct channel *keep; /* NULL for keep itself */
    const struct json *configuration;
    enum language language;
    int fds[ROLE_FDS_MAX]; /* the role's own descriptors, the first is number 5 */
    size_t fd_count;
    enum confinement level; /* after role_confine */
    struct json *features;  /* array of words: what holds, and "no …" for what the host refused */
};

/* Waits for CONFIGURE (5 s) and starts the log. On failure one line was logged and nothing is held.
 */
enum err role_start(enum role self, struct role_start *ret_start) must_check;

/* Enters the sandbox of the role's row (process/sandbox.h). directory_fd: -1, or the one directory
 * that the role may use; it becomes the working directory. ERR_RIGHTS: a step that must not fail
 * did, or "minimum" was not reached. */
enum err role_confine(struct role_start *start, int directory_fd) must_check;

/* Of a store whose database is a server: with the paths, and names and TCP until
 * sandbox_end_connecting. */
enum err role_confine_connecting(struct role_start *start, int directory_fd,
                                 const char *const *paths) must_check;

/* Sends READY {"confinement":"full","features":[…]} and writes it out. */
enum err role_ready(struct role_start *start) must_check;

/* Tells the parent (READY {"err":…,"english":…,"german":…}), which shows the text to the operator
 * and stops. Returns ROLE_EXIT_FAILED; frees like role_end. */
int role_fail(struct role_start *start, enum err err, struct text text);

void role_end(struct role_start *start);

#endif
