#include "process/sandbox_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { WITH_SANITIZER = 1 };
static int entered;
/* The leak check at the end starts a thread that traces this one: not in a sandbox. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return entered;
}
#else
enum { WITH_SANITIZER = 0 };
#endif

enum { UID_BASE = 65500 };

uint32_t sandbox_uid(enum role role)
{
    return UID_BASE + (uint32_t)role;
}

static void report_feature(struct sandbox_report *report, const char *feature)
{
    if (report->feature_count < SANDBOX_FEATURES_MAX) {
        report->features[report->feature_count++] = feature;
    }
}

static void report_either(struct sandbox_report *report, bool reached, const char *yes,
                          const char *no)
{
    report_feature(report, reached ? yes : no);
}

/* ---- limits ---- */

static bool set_limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) {
        return false;
    }
    rlim_t want =
        limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max ? (rlim_t)value : limit.rlim_max;
    limit = (struct rlimit){want, want};
    return setrlimit(resource, &limit) == 0;
}

static bool set_limits(const struct sandbox_profile *profile)
{
    bool ok = set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_NOFILE, profile->files_max);
    if (ok && profile->memory_max_bytes > 0 && !WITH_SANITIZER) {
        ok = set_limit(RLIMIT_AS, profile->memory_max_bytes);
    }
    return ok && (profile->children || profile->threads || set_limit(RLIMIT_NPROC, 0)); /* the limit counts threads too */
}

/* ---- user and capabilities ---- */

static bool set_capabilities(uint64_t kept)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)kept, (uint32_t)kept, 0},
        {(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), 0},
    };
    return syscall(SYS_capset, &header, data) == 0;
}

static bool capabilities_are(uint64_t kept)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    return (data[0].permitted | (uint64_t)data[1].permitted << 32) == kept &&
           (data[0].effective | (uint64_t)data[1].effective << 32) == kept &&
           data[0].inheritable == 0 && data[1].inheritable == 0;
}

static uint64_t capabilities_now(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    return syscall(SYS_capget, &header, data) != 0
               ? 0
               : data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/* No exec could bring capabilities back; where we may not even drop the bounding set there is none
 * to lose. */
static void drop_bounds(uint64_t kept)
{
    for (unsigned long i = 0; i < 64; i++) {
        if ((kept >> i & 1) == 0 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) {
            (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
        }
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    (void)prctl(PR_SET_SECUREBITS,
                SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED |
                    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
                0, 0, 0);
}

/* Gives up root. True when the ids are the role's own now; false when the host refused that. */
static bool change_ids(uint32_t uid, uint32_t gid)
{
    return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
           setresuid(uid, uid, uid) == 0;
}

/* Ordinary users are left as they are (an own user namespace did it); root must become someone
 * else. *ret_own: the uid is our own. */
static enum err leave_root(const struct sandbox_profile *profile, uint32_t uid, uint32_t gid,
                           bool own_user, bool *ret_own)
{
    uint64_t kept = own_user ? 0 : profile->capabilities & capabilities_now();
    bool own = own_user;
    drop_bounds(kept);
    if (geteuid() == 0 && !own_user) {
        (void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
        own = change_ids(uid, gid);
        (void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    }
    if (!set_capabilities(kept) || !capabilities_are(kept)) {
        return ERR_RIGHTS;
    }
    /* Proof: what is given up does not come back. */
    if (own && (setresuid(0, 0, 0) == 0 || geteuid() == 0 || getuid() == 0)) {
        return ERR_RIGHTS;
    }
    *ret_own = own;
    return ERR_NONE;
}

/* ---- the whole ---- */

static enum err enter_files(const struct sandbox_profile *profile,
                            const struct sandbox_options *options,
                            struct sandbox_report *report, bool *ret_reached)
{
    const struct landlock_rules rules = {
        .directory_fd = options->directory_fd,
        .read_paths = profile->read_paths,
        .more_read_paths = options->read_paths,
        .limit_files = true,
        .limit_bind = !profile->task_ports,
        .limit_connect = !profile->task_ports,
        .limit_scopes = true,
        .bind_any_port = profile->bind_any_port,
    };
    unsigned abi = 0;
    enum err err = landlock_enter(&rules, &abi);
    if (err != ERR_NONE && err != ERR_UNSUPPORTED) {
        return ERR_RIGHTS;
    }
    *ret_reached = err == ERR_NONE;
    report_either(report, *ret_reached, "landlock files", "no landlock");
    if (*ret_reached) {
        report_either(report, abi >= 4, "landlock ports", "no landlock ports");
        report_either(report, abi >= 6, "landlock scopes", "no landlock scopes");
    }
    return ERR_NONE;
}

/* Tried, not concluded: opening is all that a captured role would have to do. What covers the name in
 * an own root is no ordinary file; another user's cannot be opened; Landlock excludes a key that lies
 * outside the directory, but never one file inside it. */
static void report_key(const struct sandbox_profile *profile, int directory_fd,
                       struct sandbox_report *report)
{
    if (profile->hidden_names == NULL || directory_fd < 0) {
        return;
    }
    struct stat status;
    int fd = openat(directory_fd, profile->hidden_names[0],
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        report_feature(report, SANDBOX_KEY_IN_REACH);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static enum confinement level_of(bool seccomp, bool landlock, bool root_and_uid)
{
    if (!seccomp) {
        return CONFINEMENT_LIMITS;
    }
    if (!landlock) {
        return CONFINEMENT_SECCOMP;
    }
    return root_and_uid ? CONFINEMENT_FULL : CONFINEMENT_LANDLOCK;
}

enum err sandbox_enter(enum role role, const struct sandbox_options *options,
                       struct sandbox_report *ret_report)
{
    const struct sandbox_profile *profile =
        options->connects ? &sandbox_profile_connecting : &sandbox_profiles[role];
    struct sandbox_report report = {CONFINEMENT_NONE, {NULL}, 0};
    struct root_result root = {false, false, false, false};
    uint32_t uid = options->uid == 0 ? sandbox_uid(role) : options->uid;
    uint32_t gid = options->gid == 0 ? uid : options->gid;
    bool own_uid = false, landlock = false;

    tzset(); /* the last moment to read the time zone */
    if (!set_limits(profile) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return ERR_RIGHTS;
    }
    enum err err =
        root_enter(profile, options->read_paths, uid, gid, options->directory_fd, &root);
    if (err == ERR_NONE) {
        err = leave_root(profile, uid, gid, root.own_user, &own_uid);
    }
    if (err != ERR_NONE) {
        return err;
    }
    /* Changing ids may make a process dumpable again and forgets the signal at the parent's death,
     * so these come after. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return ERR_RIGHTS;
    }
    report_either(&report, own_uid, root.own_user ? "own user namespace" : "own uid", "no own uid");
    report_either(&report, root.own_root,
                  profile->root == ROOT_HOST ? "host root, read-only" : "own root", "no own root");
    if (!profile->host_network) {
        report_either(&report, root.own_network, "own network", "no own network");
    }
    err = enter_files(profile, options, &report, &landlock);
    if (err != ERR_NONE) {
        return err;
    }
    err = options->connects ? filter_load_connecting() : filter_load_role(role);
    if (err != ERR_NONE && err != ERR_UNSUPPORTED) {
        return ERR_RIGHTS;
    }
    report_either(&report, err == ERR_NONE, "seccomp", "no seccomp");
    report_key(profile, options->directory_fd, &report);
    report.level = level_of(err == ERR_NONE, landlock, own_uid && root.own_root);
#ifdef __SANITIZE_ADDRESS__
    entered = 1;
#endif
    *ret_report = report;
    return ERR_NONE;
}

enum err sandbox_narrow_task(const struct ports *connect, const struct ports *listen)
{
    const struct landlock_rules rules = {.directory_fd = -1,
                                         .limit_bind = true,
                                         .limit_connect = ports_count(connect) < PORTS_ALL,
                                         .bind_ports = listen,
                                         .connect_ports = connect};
    unsigned abi = 0;
    enum err err = landlock_enter(&rules, &abi);
    if (err != ERR_NONE && err != ERR_UNSUPPORTED) {
        return err;
    }
    err = filter_load_task(ports_count(listen) > 0);
    return err == ERR_UNSUPPORTED ? ERR_NONE : err;
}

enum err sandbox_end_connecting(void)
{
    /* Not by Landlock: a further layer of it would forbid to move files between directories. */
    enum err err = filter_load_connected();
    return err == ERR_UNSUPPORTED ? ERR_NONE : err;
}

enum err sandbox_enter_parent(struct sandbox_report *ret_report)
{
    struct sandbox_report report = {CONFINEMENT_NONE, {NULL}, 0};
    if (!set_limit(RLIMIT_CORE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return ERR_RIGHTS;
    }
    enum err err = filter_load_parent();
    if (err != ERR_NONE && err != ERR_UNSUPPORTED) {
        return err;
    }
    report_either(&report, err == ERR_NONE, "seccomp", "no seccomp");
    report.level = level_of(err == ERR_NONE, false, false);
#ifdef __SANITIZE_ADDRESS__
    entered = 1;
#endif
    *ret_report = report;
    return ERR_NONE;
}
