/*
 * Own namespaces and an own root. Root unshares directly; an ordinary user through a user namespace
 * in which the process has one id and, in the end, no capability. The new root is built on a file
 * system in memory (or is the role's one directory), then the old one is let go: unshare -> nothing
 * propagates -> tmpfs (or directory) on a mount point -> paths bound read-only -> pivot_root -> old
 * root detached Where mount namespaces are refused but chroot is not (a container with its default
 * rights), the process's own fdinfo directory serves as a root in which there is nothing.
 */
#include "process/sandbox_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return ok;
}

/* One id inside for our one id outside. The kernel wants setgroups refused first. */
static bool map_ids(uid_t outer_uid, gid_t outer_gid, uint32_t uid, uint32_t gid)
{
    char map[64];
    if (!write_file("/proc/self/setgroups", "deny")) {
        return false;
    }
    snprintf(map, sizeof(map), "%u %u 1\n", gid, (unsigned)outer_gid);
    if (!write_file("/proc/self/gid_map", map)) {
        return false;
    }
    snprintf(map, sizeof(map), "%u %u 1\n", uid, (unsigned)outer_uid);
    return write_file("/proc/self/uid_map", map);
}

/* The most that the host allows, tried from the most to the least. A user namespace without its map
 * would leave us nobody: fatal. */
static enum err separate(const struct sandbox_profile *profile, uint32_t uid, uint32_t gid,
                         struct root_result *result)
{
    uid_t outer_uid = geteuid();
    gid_t outer_gid = getegid();
    const int user = outer_uid == 0 ? 0 : CLONE_NEWUSER;
    const int network = profile->host_network ? 0 : CLONE_NEWNET;
    const int mounts = profile->root == ROOT_HOST ? 0 : CLONE_NEWNS;
    const int tries[] = {
        user | mounts | network | CLONE_NEWIPC | CLONE_NEWUTS,
        user | mounts | CLONE_NEWIPC | CLONE_NEWUTS,
        user | mounts,
        user,
    };
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        if (tries[i] == 0 || unshare(tries[i]) != 0) {
            continue;
        }
        result->own_user = (tries[i] & CLONE_NEWUSER) != 0;
        result->own_network = (tries[i] & CLONE_NEWNET) != 0;
        result->own_ipc = (tries[i] & CLONE_NEWIPC) != 0;
        result->own_root = (tries[i] & CLONE_NEWNS) != 0;
        return result->own_user && !map_ids(outer_uid, outer_gid, uid, gid) ? ERR_RIGHTS : ERR_NONE;
    }
    return ERR_NONE;
}

/* Inside a user namespace the flags that the host's mount has must be kept. */
static unsigned long flags_of(const char *path)
{
    static const struct {
        unsigned long have, flag;
    } rows[] = {
        {ST_RDONLY, MS_RDONLY},     {ST_NOSUID, MS_NOSUID},   {ST_NODEV, MS_NODEV},
        {ST_NOEXEC, MS_NOEXEC},     {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME},
        {ST_RELATIME, MS_RELATIME},
    };
    struct statvfs status;
    unsigned long flags = 0;
    if (statvfs(path, &status) != 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        flags |= (status.f_flag & rows[i].have) != 0 ? rows[i].flag : 0;
    }
    return flags;
}

static bool bind_path(const char *from, const char *to, unsigned long extra)
{
    return mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0 &&
           mount(NULL, to, NULL,
                 MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC | extra | flags_of(to),
                 NULL) == 0;
}

/* Makes the directories above the last component of `path`, and the last as a directory or an empty
 * file. */
static bool make_place(char *path, bool directory)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdir(path, 0755);
        *slash = '/';
        if (made != 0 && errno != EEXIST) {
            return false;
        }
    }
    if (directory) {
        return mkdir(path, 0755) == 0 || errno == EEXIST;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
    if (fd < 0) {
        return false;
    }
    close(fd);
    return true;
}

/* Binds each path that exists to the same name below `base`. A link is followed first: its name
 * then holds what it points to. */
static bool bind_paths(const char *base, const char *const *paths)
{
    for (size_t i = 0; paths != NULL && paths[i] != NULL; i++) {
        char real[PATH_MAX], place[PATH_MAX];
        struct stat status;
        if (realpath(paths[i], real) == NULL || stat(real, &status) != 0) {
            continue;
        }
        int length = snprintf(place, sizeof(place), "%s%s", base, paths[i]);
        if (length > 0 && (size_t)length < sizeof(place) && access(place, F_OK) == 0) {
            continue; /* within one that is there */
        }
        if (length < 0 || (size_t)length >= sizeof(place) ||
            !make_place(place, S_ISDIR(status.st_mode)) || !bind_path(real, place, MS_RDONLY)) {
            return false;
        }
    }
    return true;
}

/* Lays an empty device over names in the role's directory that it must not see. */
static bool hide_names(const char *base, const char *const *names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        char place[PATH_MAX];
        int length = snprintf(place, sizeof(place), "%s/%s", base, names[i]);
        if (length < 0 || (size_t)length >= sizeof(place)) {
            return false;
        }
        if (access(place, F_OK) == 0 && mount("/dev/null", place, NULL, MS_BIND, NULL) != 0) {
            return false;
        }
    }
    return true;
}

/* The working directory is the role's one directory: it becomes a name in the new root, and may be written. */
static bool bind_directory(const struct sandbox_profile *profile, const char *base)
{
    char place[PATH_MAX];
    int length = snprintf(place, sizeof(place), "%s%s", base, SANDBOX_DIRECTORY);
    return length > 0 && (size_t)length < sizeof(place) && make_place(place, true) &&
           bind_path(".", place, 0) && hide_names(place, profile->hidden_names);
}

static bool build_root(const struct sandbox_profile *profile, const char *const *more_paths, const char *base)
{
    if (profile->root == ROOT_DIRECTORY) {
        return bind_path(".", base, 0) && hide_names(base, profile->hidden_names);
    }
    mode_t mask = umask(022); /* the places must be passable for the uid that comes later */
    bool ok =
        mount("vogt", base, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=65536,mode=0755") ==
            0 &&
        bind_paths(base, profile->read_paths) && bind_paths(base, more_paths) &&
        (!profile->directory_beside || bind_directory(profile, base)) &&
        mount(NULL, base, NULL,
              MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | flags_of(base),
              NULL) == 0;
    umask(mask);
    return ok;
}

static const char *mount_point(void)
{
    static const char *const places[] = {"/proc", "/tmp", "/run", "/mnt"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], F_OK) == 0) {
            return places[i];
        }
    }
    return "/";
}

static bool enter_new_root(const struct sandbox_profile *profile, const char *const *more_paths)
{
    const char *base = mount_point();
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           build_root(profile, more_paths, base) &&
           chdir(base) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
           umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

/* Without mount namespaces: chroot, if that is allowed. */
static bool enter_chroot(const struct sandbox_profile *profile)
{
    if (profile->root == ROOT_EMPTY) {
        return chdir("/proc/self/fdinfo") == 0 && chroot(".") == 0 && chdir("/") == 0;
    }
    if (profile->root == ROOT_DIRECTORY) {
        return chroot(".") == 0 && chdir("/") == 0;
    }
    return false;
}

/* The descriptor came from outside and would lead back there by "..": from now on it is the
 * directory as the new root shows it. */
static bool renew_directory(const struct sandbox_profile *profile, int directory_fd)
{
    int fd = open(profile->directory_beside ? SANDBOX_DIRECTORY : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = dup3(fd, directory_fd, O_CLOEXEC) == directory_fd && fchdir(fd) == 0;
    close(fd);
    return ok;
}

enum err root_enter(const struct sandbox_profile *profile, const char *const *more_paths,
                    uint32_t uid, uint32_t gid, int directory_fd, struct root_result *ret_result)
{
    struct root_result result = {false, false, false, false};
    /* The working directory moves into a new mount namespace with us, a descriptor does not; so it
     * comes first. */
    if (directory_fd >= 0 && fchdir(directory_fd) != 0) {
        return ERR_RIGHTS;
    }
    enum err err = separate(profile, uid, gid, &result);
    if (err != ERR_NONE) {
        return err;
    }
    if (profile->root == ROOT_HOST) {
        result.own_root = true; /* all that its row asks for */
    } else if (result.own_root) {
        result.own_root = enter_new_root(profile, more_paths);
    } else {
        result.own_root = enter_chroot(profile);
    }
    if (directory_fd >= 0 &&
        !(result.own_root ? renew_directory(profile, directory_fd) : fchdir(directory_fd) == 0)) {
        return ERR_RIGHTS;
    }
    *ret_result = result;
    return ERR_NONE;
}
