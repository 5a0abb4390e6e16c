/*
 * The sandbox of a role, entered once, in the single thread that there is, before the first hostile
 * byte: limits    rlimits, not dumpable, no new privileges root      own user, mount, network, IPC
 * and UTS namespaces as the host allows; an empty root (or the role's one directory) uid       own
 * uid, no groups, no capability but those of the role's row; proven by trying to get back landlock
 * no file and no TCP port but the row's; scopes (ABI 6) seccomp   the row's system calls; any other
 * kills the process (KILL_PROCESS), which the parent sees and records What a role may do stands in
 * tables (sandbox_profile.c, filter_calls.c), not in code. What the host refuses lowers the level
 * and is named in the features; whether the level suffices is the caller's decision.
 */
#ifndef VOGT_PROCESS_SANDBOX_H
#define VOGT_PROCESS_SANDBOX_H

#include "base/ports.h"
#include "process/role.h"

enum { SANDBOX_FEATURES_MAX = 16 };

/* A feature of the store below "full", when an ordinary user started it: it could read the key file
 * in its directory. `vogt status` says what to do about it. */
#define SANDBOX_KEY_IN_REACH "seal.key within reach"

struct sandbox_options {
    int directory_fd;  /* -1, or the one directory that the role may read and write */
    uint32_t uid, gid; /* 0: 65500 + role when root */
    const char *const *read_paths; /* NULL, or NULL-terminated: what the configuration lets this role
                                      read besides its row */
    bool connects; /* store, whose database is a server: names, TCP and the paths' local sockets, until
                      sandbox_end_connecting */
};

/* What was reached: static words such as "landlock 7", "own network", "no empty root". */
struct sandbox_report {
    enum confinement level;
    const char *features[SANDBOX_FEATURES_MAX];
    size_t feature_count;
};

uint32_t sandbox_uid(enum role role); /* 65500 + role */

/* ERR_RIGHTS: something that must work everywhere did not (limits, giving up root); the process
 * must exit. Otherwise *ret_report says how far it went. */
enum err sandbox_enter(enum role role, const struct sandbox_options *options,
                       struct sandbox_report *ret_report) must_check;

/* Narrows a process that is in reach's sandbox already: TCP connections to `connect` only, listening
 * on `listen` only (where Landlock knows ports; without any port no listen() at all), and no new
 * process. For the child that reach forks for one task. A task that names every port is not
 * narrowed by port: a rule for each would say nothing. */
enum err sandbox_narrow_task(const struct ports *connect, const struct ports *listen) must_check;

/* A store that has its connection: from now on no socket is made, connected or listened on, and no
 * confinement changed. What is open stays open. */
enum err sandbox_end_connecting(void) must_check;

/* For a child program of the parent's table, between fork and exec: limits, no new privileges,
 * Landlock read-only on /usr, /lib*, /etc/fonts…, a system call filter without sockets (pdftotext),
 * with netlink only (nft), or without any way to open one (vogt-relay, which may read nothing but
 * itself and the C library). `program` is what will be executed. Only async-signal-safe state is
 * touched. */
enum child_kind { CHILD_PDFTOTEXT, CHILD_NFT, CHILD_NFT_PLANT, CHILD_RELAY };
enum err sandbox_enter_child(enum child_kind kind, const char *program) must_check;

/* The parent's own: not dumpable, no new privileges, a filter that refuses what no role and no
 * child ever needs. */
enum err sandbox_enter_parent(struct sandbox_report *ret_report) must_check;

#endif
