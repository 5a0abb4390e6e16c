/*
 * Child programs, from a fixed table: who may ask for it, where it stands, its arguments, its
 * confinement. The asker gets one end of a socketpair that is the program's standard input and
 * output. Killed after 20 s.
 *
 * vogt-relay gets one thing more, descriptor 4: a connection to the socket of its row, made here, before its confinement. It can open no other.
 * Who may write to an engine's socket owns the machine, so neither look, which parses what the engine says, nor anyone else may hold it.
 */
#include "roles/programs.h"

#include "base/log.h"
#include "process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PROGRAM_MS = 20000, ARGUMENTS_MAX = 8, CONNECTION_FD = 4 };

struct program_row {
    const char *name;
    enum role asker;
    enum child_kind kind;
    const char *paths[3];                 /* NULL-terminated; the first that is there; without '/': beside us */
    const char *arguments[ARGUMENTS_MAX]; /* NULL-terminated */
    const char *socket;                   /* of this machine, that it is connected to; NULL: none */
};

static const struct program_row rows[] = {
    {"pdftotext",
     ROLE_JUDGE,
     CHILD_PDFTOTEXT,
     {"/usr/bin/pdftotext", NULL},
     {"pdftotext", "-q", "-layout", "-enc", "UTF-8", "-", "-", NULL}},
    {"nft",
     ROLE_LOOK,
     CHILD_NFT,
     {"/usr/sbin/nft", "/sbin/nft", NULL},
     {"nft", "-j", "list", "ruleset", NULL}},
    {"nft-text",
     ROLE_LOOK,
     CHILD_NFT,
     {"/usr/sbin/nft", "/sbin/nft", NULL},
     {"nft", "-a", "list", "ruleset", NULL}},
    {"nft-plant",
     ROLE_LOOK,
     CHILD_NFT_PLANT,
     {"/usr/sbin/nft", "/sbin/nft", NULL},
     {"nft", "-j", "list", "ruleset", NULL}},
    {"engine-docker",
     ROLE_LOOK,
     CHILD_RELAY,
     {"vogt-relay", NULL},
     {"vogt-relay", NULL},
     "/run/docker.sock"},
    {"engine-podman",
     ROLE_LOOK,
     CHILD_RELAY,
     {"vogt-relay", NULL},
     {"vogt-relay", NULL},
     "/run/podman/podman.sock"},
};

static const struct program_row *find_row(enum role asker, struct slice name, enum err *ret_err)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (slice_is(name, rows[i].name)) {
            *ret_err = rows[i].asker == asker ? ERR_NONE : ERR_RIGHTS;
            return rows[i].asker == asker ? &rows[i] : NULL;
        }
    }
    *ret_err = ERR_NOT_FOUND;
    return NULL;
}

/* False: it is not there. */
static bool find_path(const struct program_row *row, char ret_path[PATH_MAX])
{
    for (size_t i = 0; row->paths[i] != NULL; i++) {
        char own[PATH_MAX];
        ssize_t own_bytes = readlink("/proc/self/exe", own, sizeof(own) - 1);
        own[own_bytes < 0 ? 0 : own_bytes] = '\0';
        char *slash = strrchr(own, '/');
        bool beside = strchr(row->paths[i], '/') == NULL;
        if (beside && slash == NULL) {
            return false;
        }
        int length = beside ? snprintf(ret_path, PATH_MAX, "%.*s%s", (int)(slash + 1 - own), own,
                                       row->paths[i])
                            : snprintf(ret_path, PATH_MAX, "%s", row->paths[i]);
        if (length > 0 && length < PATH_MAX && access(ret_path, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* The connection of the row, at its number. A second that waits for an engine is the asker's time. */
static bool connect_row(const struct program_row *row)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (row->socket == NULL) {
        return true;
    }
    if (strlen(row->socket) >= sizeof(address.sun_path)) {
        return false;
    }
    memcpy(address.sun_path, row->socket, strlen(row->socket) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0); /* a full queue must not hold us */
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        return false;
    }
    return fd == CONNECTION_FD || dup2(fd, CONNECTION_FD) == CONNECTION_FD;
}

/* Between fork and exec. What goes wrong is one byte through `trouble_fd`, which exec closes. */
static _Noreturn void become_program(const struct program_row *row, const char *path, int fd,
                                     int trouble_fd)
{
    static char search_path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LANG=C.UTF-8";
    char *const variables[] = {search_path, language, NULL};
    char *arguments[ARGUMENTS_MAX];
    for (size_t i = 0; i < ARGUMENTS_MAX; i++) {
        arguments[i] = (char *)(uintptr_t)row->arguments[i]; /* execve changes none of them */
    }
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    bool ok = null_fd >= 0 && dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0 &&
              dup2(null_fd, STDERR_FILENO) >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0 &&
              dup3(trouble_fd, 3, O_CLOEXEC) == 3 && close_range(4, UINT_MAX, 0) == 0 &&
              connect_row(row) && close_range(CONNECTION_FD + 1, UINT_MAX, 0) == 0 &&
              sandbox_enter_child(row->kind, path) == ERR_NONE;
    if (ok) {
        execve(path, arguments, variables);
    }
    ssize_t written = write(3, "!", 1);
    _exit(written == 1 ? 126 : 127);
}

/* Waits the few milliseconds until the program runs, or says that it does not. */
static bool runs(int trouble_fd)
{
    char byte;
    ssize_t got;
    do {
        got = read(trouble_fd, &byte, 1);
    } while (got < 0 && errno == EINTR);
    return got == 0;
}

static enum err launch(struct program *slot, int64_t now_ms, const struct program_row *row, const char *path,
                       int *ret_fd)
{
    int fds[2], trouble[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        return err_from_errno(errno);
    }
    if (pipe2(trouble, O_CLOEXEC) != 0) {
        enum err err = err_from_errno(errno);
        close(fds[0]);
        close(fds[1]);
        return err;
    }
    pid_t pid = fork();
    if (pid == 0) {
        /* The trouble pipe must not be number 3 while 3 is given to it, nor the socket be
         * overwritten. */
        int high = fcntl(trouble[1], F_DUPFD_CLOEXEC, 10);
        int socket_fd = fcntl(fds[1], F_DUPFD_CLOEXEC, 10);
        become_program(row, path, socket_fd, high);
    }
    close(fds[1]);
    close(trouble[1]);
    bool started = pid > 0 && runs(trouble[0]);
    close(trouble[0]);
    if (pid > 0) {
        *slot = (struct program){pid, now_ms + PROGRAM_MS};
    }
    if (!started) {
        close(fds[0]);
        return ERR_RIGHTS;
    }
    *ret_fd = fds[0];
    return ERR_NONE;
}

enum err program_start(struct programs *programs, int64_t now_ms, enum role asker, struct slice name, int *ret_fd)
{
    enum err err = ERR_INTERNAL;
    const struct program_row *row = find_row(asker, name, &err);
    if (row == NULL) {
        return err;
    }
    char path[PATH_MAX];
    if (row->socket != NULL && access(row->socket, F_OK) != 0 && errno == ENOENT) {
        return ERR_NOT_FOUND; /* no engine: an answer, which a missing program of ours must not look like */
    }
    if (!find_path(row, path)) {
        return row->socket != NULL ? ERR_UNSUPPORTED : ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < PROGRAMS_MAX; i++) {
        if (programs->list[i].pid == 0) {
            err = launch(&programs->list[i], now_ms, row, path, ret_fd);
            if (err != ERR_NONE) {
                LOG(LOG_WARN, "program.not-started", LOG_TEXT("program", row->name), LOG_ERR(err));
            }
            return err;
        }
    }
    return ERR_BUSY;
}

bool program_is_installed(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (slice_is(slice_string(name), rows[i].name)) {
            char path[PATH_MAX];
            return find_path(&rows[i], path);
        }
    }
    return false;
}

bool program_ended(struct programs *programs, pid_t pid)
{
    for (size_t i = 0; i < PROGRAMS_MAX; i++) {
        if (programs->list[i].pid == pid) {
            programs->list[i] = (struct program){0, 0};
            return true;
        }
    }
    return false;
}

int64_t programs_kill_due(struct programs *programs, int64_t now_ms)
{
    int64_t next_ms = -1;
    for (size_t i = 0; i < PROGRAMS_MAX; i++) {
        struct program *program = &programs->list[i];
        if (program->pid == 0) {
            continue;
        }
        if (now_ms >= program->kill_ms) {
            kill(program->pid,
                 SIGKILL); /* ours and not reaped yet, so the number is still its own */
            program->kill_ms = now_ms + PROGRAM_MS;
        }
        if (next_ms < 0 || program->kill_ms < next_ms) {
            next_ms = program->kill_ms;
        }
    }
    return next_ms;
}
