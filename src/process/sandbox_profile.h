/*
 * One row a role: what its sandbox leaves it. Internal to process/; the system calls stand in
 * filter_calls.c.
 */
#ifndef VOGT_PROCESS_SANDBOX_PROFILE_H
#define VOGT_PROCESS_SANDBOX_PROFILE_H

#include "process/sandbox.h"

enum root_kind {
    ROOT_EMPTY,     /* nothing at all */
    ROOT_DIRECTORY, /* the role's one directory is its root */
    ROOT_PATHS,     /* nothing but read_paths, read-only */
    ROOT_HOST,      /* the host's root, narrowed to read_paths by Landlock */
};

/* Where a role finds its one directory when that is not its root. */
#define SANDBOX_DIRECTORY "/data"

struct sandbox_profile {
    enum root_kind root;
    bool host_network;     /* stays in the host's network namespace */
    bool task_ports;       /* TCP ports are narrowed later, per task (sandbox_narrow_task) */
    bool bind_any_port;    /* may bind TCP port 0: a port of the kernel's choice */
    bool directory_beside; /* ROOT_PATHS: and its one directory, as SANDBOX_DIRECTORY */
    bool children;         /* may have processes of its own */
    bool threads;          /* may have threads; the filter refuses processes */
    uint64_t capabilities; /* kept when started by root: bits of CAP_* */
    uint64_t files_max, memory_max_bytes; /* RLIMIT_NOFILE; RLIMIT_AS, 0: as inherited */
    const char *const *read_paths; /* NULL-terminated; those that do not exist are passed over */
    const char *const
        *hidden_names; /* in the role's directory, wherever that is, NULL-terminated: what it must not see */
};

extern const struct sandbox_profile sandbox_profiles[ROLE_COUNT];
extern const struct sandbox_profile sandbox_profile_connecting; /* the store's, where its database is a server */

/* The filter of a role, loaded into the kernel. ERR_UNSUPPORTED: the kernel has none. */
enum err filter_load_role(enum role role) must_check;
enum err filter_load_connecting(void) must_check;
enum err filter_load_connected(void) must_check; /* on top of that: no more sockets, no more confinement calls */
/* On top of reach's: no new process, no more confinement calls, and listen() only where asked for. */
enum err filter_load_task(bool listens) must_check;
enum err filter_load_child(enum child_kind kind) must_check;
enum err filter_load_parent(void) must_check;

/* Own namespaces and root. *ret_own_user: a user namespace was made, so the uid is its own there.
 */
struct root_result {
    bool own_user, own_root, own_network, own_ipc;
};
/* `more_paths`: NULL, or read-only in a root of paths besides the profile's. */
enum err root_enter(const struct sandbox_profile *profile, const char *const *more_paths,
                    uint32_t uid, uint32_t gid, int directory_fd,
                    struct root_result *ret_result) must_check;

struct landlock_rules {
    int directory_fd;              /* -1, or read and write beneath */
    const char *const *read_paths, *const *more_read_paths; /* NULL, or read beneath */
    const char *const *run_paths;  /* NULL, or read and execute beneath */
    bool limit_files, limit_bind, limit_connect, limit_scopes;
    bool bind_any_port;
    const struct ports *bind_ports, *connect_ports; /* NULL: none */
};
/* *ret_abi: the kernel's version. ERR_UNSUPPORTED: no Landlock. */
enum err landlock_enter(const struct landlock_rules *rules, unsigned *ret_abi) must_check;

#endif
