#include "process/spawn.h"

#include "process/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FD_FIRST = 3, ENVIRONMENT_MAX = 8, VARIABLE_BYTES = 256 };

/* What a role may know of our environment; its value is passed on only when short and printable. */
static const char *const variables_kept[] = {"LANG",         "LC_ALL",        "LC_MESSAGES", "TZ",
                                             "ASAN_OPTIONS", "UBSAN_OPTIONS", NULL};

enum err spawn_directory(int *ret_directory_fd)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0) {
        return length < 0 ? err_from_errno(errno) : ERR_IO;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return ERR_NOT_FOUND;
    }
    *slash = '\0';
    int fd = open(path[0] == '\0' ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    *ret_directory_fd = fd;
    return ERR_NONE;
}

/* NAME=value for each variable kept; `text` holds them. */
static void copy_environment(char text[ENVIRONMENT_MAX][VARIABLE_BYTES],
                             char *variables[ENVIRONMENT_MAX])
{
    size_t count = 0;
    for (size_t i = 0; variables_kept[i] != NULL && count < ENVIRONMENT_MAX - 1; i++) {
        const char *value = getenv(variables_kept[i]);
        if (value == NULL) {
            continue;
        }
        int length = snprintf(text[count], VARIABLE_BYTES, "%s=%s", variables_kept[i], value);
        if (length > 0 && length < VARIABLE_BYTES) {
            variables[count] = text[count];
            count++;
        }
    }
    variables[count] = NULL;
}

/* In the child: puts fds[i] at 3 + i and lets everything else go. Copies are made above the target
 * range first, so that no target is overwritten before it was copied. */
static bool place_fds(const int *fds, size_t fd_count)
{
    int copies[SPAWN_FDS_MAX];
    for (size_t i = 0; i < fd_count; i++) {
        copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FD_FIRST + SPAWN_FDS_MAX + 1);
        if (copies[i] < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < fd_count; i++) {
        if (dup2(copies[i], FD_FIRST + (int)i) < 0) {
            return false;
        }
    }
    return close_range(FD_FIRST + (unsigned)fd_count, UINT_MAX, 0) == 0;
}

static bool set_signals(void)
{
    static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGPIPE,
                                  SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL); /* SIGKILL and a few others refuse; they are default already */
    }
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        if (signal(ignored[i], SIG_IGN) == SIG_ERR) {
            return false;
        }
    }
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

struct start {
    int executable_fd;
    const int *fds;
    size_t fd_count;
    char *name;
    char **variables;
    pid_t parent_pid;
};

/* Runs between fork and exec: system calls only. */
static _Noreturn void become_role(const struct start *start)
{
    char *arguments[] = {start->name, NULL};
    int fds[SPAWN_FDS_MAX + 1];
    memcpy(fds, start->fds, start->fd_count * sizeof(int));
    fds[start->fd_count] = start->executable_fd; /* travels above the others; closed by exec */
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ok = null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 &&
              dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 && set_signals() &&
              prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == start->parent_pid &&
              place_fds(fds, start->fd_count + 1);
    if (ok) {
        int executable_fd = FD_FIRST + (int)start->fd_count;
        ok = fcntl(executable_fd, F_SETFD, FD_CLOEXEC) == 0;
        if (ok) {
            syscall(SYS_execveat, executable_fd, "", arguments, start->variables, AT_EMPTY_PATH);
        }
    }
    _exit(127);
}

enum err spawn_role(int directory_fd, enum role role, const char *program, const int *fds,
                    size_t fd_count, struct spawned *ret_spawned)
{
    char name[32], text[ENVIRONMENT_MAX][VARIABLE_BYTES], *variables[ENVIRONMENT_MAX];
    if (fd_count >= SPAWN_FDS_MAX) {
        return ERR_TOO_LARGE;
    }
    snprintf(name, sizeof(name), "%s%s", program == NULL ? "vogt-" : "", program == NULL ? role_name(role) : program);
    copy_environment(text, variables);
    int executable_fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
    if (executable_fd < 0) {
        return err_from_errno(errno);
    }
    const struct start start = {executable_fd, fds, fd_count, name, variables, getpid()};
    pid_t pid = fork();
    if (pid == 0) {
        become_role(&start);
    }
    int number = errno;
    close(executable_fd);
    if (pid < 0) {
        return err_from_errno(number);
    }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        enum err err = err_from_errno(errno);
        kill(pid, SIGKILL);
        return err;
    }
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    *ret_spawned = (struct spawned){pid, pidfd};
    return ERR_NONE;
}

enum err spawn_signals(int *ret_signal_fd)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return err_from_errno(errno);
    }
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    *ret_signal_fd = fd;
    return ERR_NONE;
}
