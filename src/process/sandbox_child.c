/*
 * Child programs of the parent's fixed table, between fork and exec. They read hostile input
 * (pdftotext), need one capability (nft) or hold one connection (vogt-relay); each has the limits, ids, files and system calls of its
 * row, and nothing else.
 */
#include "process/sandbox_profile.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const program_data[] = {
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/protocols",
    "/etc/services",
    "/dev/null",
    "/proc",
    NULL,
};

struct child_profile {
    enum role uid_of;
    uint64_t capability; /* number of CAP_*, held through exec; 0: none */
    bool own_network, network_needed;
};

static const struct child_profile profiles[] = {
    [CHILD_PDFTOTEXT] = {ROLE_JUDGE, 0, true, false},
    [CHILD_NFT] = {ROLE_LOOK, CAP_NET_ADMIN, false, false},
    /* Without a network of its own it would read the real one: refused then. */
    [CHILD_NFT_PLANT] = {ROLE_LOOK, CAP_NET_ADMIN, true, true},
    /* Its connection was made before it began. */
    [CHILD_RELAY] = {ROLE_LOOK, 0, true, false},
};

#ifdef __SANITIZE_ADDRESS__
enum { WITH_SANITIZER = 1 }; /* its shadow alone is terabytes of address space: here until exec, and in vogt-relay */
#else
enum { WITH_SANITIZER = 0 };
#endif

enum { MEMORY_BYTES = 1 << 30, FILES = 64, CPU_SECONDS = 20 };

static bool limit(__rlimit_resource_t resource, rlim_t value)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) {
        return false;
    }
    rlim_t want = now.rlim_max != RLIM_INFINITY && now.rlim_max < value ? now.rlim_max : value;
    now = (struct rlimit){want, want};
    return setrlimit(resource, &now) == 0;
}

/* An ordinary user gets a network of its own through a user namespace, without a map: it needs no
 * id there. */
static bool separate(const struct child_profile *profile)
{
    if (!profile->own_network) {
        return true;
    }
    bool done = unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) == 0;
    return done || !profile->network_needed;
}

static bool change_user(const struct child_profile *profile)
{
    uint32_t id = sandbox_uid(profile->uid_of);
    return setgroups(0, NULL) == 0 && setresgid(id, id, id) == 0 && setresuid(id, id, id) == 0;
}

/* Everything goes but the row's capability, which is made to survive exec. Where we lack it
 * already, the program will say so. */
static bool reduce(const struct child_profile *profile)
{
    uint64_t kept = profile->capability == 0 ? 0 : UINT64_C(1) << profile->capability;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (geteuid() == 0 && (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || !change_user(profile))) {
        return false;
    }
    if (syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    kept &= data[0].permitted;
    data[0] = (struct __user_cap_data_struct){(uint32_t)kept, (uint32_t)kept, (uint32_t)kept};
    data[1] = (struct __user_cap_data_struct){0, 0, 0};
    if (syscall(SYS_capset, &header, data) != 0) {
        return false;
    }
    return kept == 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, profile->capability, 0, 0) == 0;
}

enum err sandbox_enter_child(enum child_kind kind, const char *program)
{
    const struct child_profile *profile = &profiles[kind];
    /* vogt-relay stands beside the roles, wherever they were built. */
    const char *const run_paths[] = {"/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", program, NULL};
    const struct landlock_rules rules = {
        .directory_fd = -1,
        .read_paths = program_data,
        .run_paths = run_paths,
        .limit_files = true,
        .limit_bind = true,
        .limit_connect = true,
        .limit_scopes = true,
    };
    unsigned abi = 0;
    if (!limit(RLIMIT_CORE, 0) || (!WITH_SANITIZER && !limit(RLIMIT_AS, MEMORY_BYTES)) || !limit(RLIMIT_NOFILE, FILES) ||
        !limit(RLIMIT_CPU, CPU_SECONDS) || !limit(RLIMIT_FSIZE, 0) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !separate(profile) || !reduce(profile) ||
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
        return ERR_RIGHTS;
    }
    enum err err = landlock_enter(&rules, &abi);
    if (err != ERR_NONE && err != ERR_UNSUPPORTED) {
        return err;
    }
    err = filter_load_child(kind);
    return err == ERR_UNSUPPORTED ? ERR_NONE : err;
}
