#include "command/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 1 << 16, LOG_BYTES = 8 << 20, WORDS_MAX = 16, NOTICE_TRIES = 300 };

/* The two globals that a signal handler needs. */
static volatile sig_atomic_t stop_wanted;
static volatile pid_t daemon_pid;

/* kill is async-signal-safe. It stands here and not in a loop, because we may be within a question
 * to the daemon that only its end will answer. */
static void pass_on(int number)
{
    (void)number;
    stop_wanted = 1;
    if (daemon_pid > 0) {
        int saved = errno;
        kill(daemon_pid, SIGTERM);
        errno = saved;
    }
}

bool daemon_told_to_stop(void)
{
    return stop_wanted != 0;
}

static void take_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
    }
}

/* The log of the last starts is kept once, so that it never fills the disk. */
static int open_log(struct run *run, const char *directory)
{
    const char *path = arena_printf(run->arena, "%s/vogt.log", directory),
               *old = arena_printf(run->arena, "%s/vogt.log.1", directory);
    struct stat status;
    if (path == NULL || old == NULL || (mkdir(directory, 0700) != 0 && errno != EEXIST)) {
        return -1;
    }
    if (lstat(path, &status) == 0 && status.st_size > LOG_BYTES) {
        (void)rename(path, old);
    }
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static void become_daemon(const char *program, const char *const *words, int log_fd, int ready_fd,
                          pid_t above)
{
    /* A process group of its own: Ctrl-C at the terminal reaches us alone, and we pass it on, once.
     */
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != above) {
        _exit(127);
    }
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        signal(numbers[i], SIG_DFL);
    }
    int null_fd = open("/dev/null", O_RDWR);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(log_fd < 0 ? STDERR_FILENO : log_fd, STDERR_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || fcntl(ready_fd, F_SETFD, 0) != 0) {
        _exit(127);
    }
    union {
        const char *const *borrowed;
        char *const *words;
    } arguments = {.borrowed = words}; /* execv does not change them */
    execv(program, arguments.words);
    _exit(127);
}

static pid_t spawn(struct run *run, const struct daemon_start *start, int log_fd, int ready_fd)
{
    /* beside us, as in a build; where they are installed; where packages may put them */
    static const char *const places[] = {"/vogt-parent", "/../" VOGT_LIBRARY_FOLDER "/vogt/vogt-parent", "/../lib/vogt/vogt-parent"};
    const char *program = run_find_program(run, places, sizeof places / sizeof places[0]),
               *words[WORDS_MAX] = {"vogt-parent", "--dir",       start->directory,
                                    "--listen",    start->listen, "--ready-fd"};
    size_t count = 6;
    words[count++] = arena_printf(run->arena, "%d", ready_fd);
    if (start->minimum != NULL) {
        words[count++] = "--minimum";
        words[count++] = start->minimum;
    }
    if (start->config != NULL) {
        words[count++] = "--config";
        words[count++] = start->config;
    }
    if (start->database != NULL) {
        words[count++] = "--database";
        words[count++] = start->database;
    }
    if (program == NULL) {
        errno = ENOENT;
        return -1;
    }
    fflush(NULL);
    pid_t above = getpid(), pid = fork();
    if (pid == 0) {
        become_daemon(program, words, log_fd, ready_fd, above);
    }
    return pid;
}

static struct slice read_line(struct run *run, int fd)
{
    cleanup_buf struct buf line = BUF_INIT(LINE_BYTES);
    for (ssize_t got = 1; got > 0 && buf_reserve(&line, 4096) == ERR_NONE;) {
        do {
            got = read(fd, line.data + line.len, 4096);
        } while (got < 0 && errno == EINTR);
        line.len += got > 0 ? (size_t)got : 0;
        if (line.len > 0 && line.data[line.len - 1] == '\n') {
            break;
        }
    }
    return arena_copy(run->arena, slice_trim(buf_slice(&line)));
}

static enum outcome not_ready(struct run *run, const struct daemon_start *start,
                              const struct daemon *daemon, const struct json *line)
{
    bool stopped = daemon_told_to_stop();
    (void)daemon_end(daemon, true);
    const char *english = arena_string(run->arena, json_text(line, "english", SLICE_NONE)),
               *german = arena_string(run->arena, json_text(line, "german", SLICE_NONE));
    if (stopped) {
        return OUTCOME_FAILED;
    }
    if (english != NULL && english[0] != '\0' && german != NULL && german[0] != '\0') {
        return run_fail(run, OUTCOME_FAILED, (struct text){english, german},
                        json_text(line, "detail", SLICE_NONE));
    }
    const char *log =
        start->log_here ? "" : arena_printf(run->arena, "%s/vogt.log", start->directory);
    return run_fail(run, OUTCOME_FAILED,
                    TEXT("the daemon ended before it was ready; its log says why",
                         "der Dienst endete, bevor er bereit war; sein Protokoll sagt warum"),
                    slice_string(log));
}

/* Token and certificate are written beside the line of readiness, in no order; a sealed daemon
 * writes no token. */
static void wait_for_notices(struct run *run, const char *directory, bool may_be_sealed)
{
    const char *certificate = arena_printf(run->arena, "%s/tls.pem", directory),
               *token = arena_printf(run->arena, "%s/operator.token", directory);
    struct stat status;
    struct timespec pause = {.tv_nsec = 5000000};
    for (unsigned i = 0; i < NOTICE_TRIES && certificate != NULL && token != NULL; i++) {
        bool has_certificate = stat(certificate, &status) == 0 && status.st_size > 0;
        bool has_token = may_be_sealed || (stat(token, &status) == 0 && status.st_size > 0);
        if ((has_certificate && has_token) || daemon_told_to_stop()) {
            return;
        }
        nanosleep(&pause, NULL);
    }
}

enum outcome daemon_begin(struct run *run, const struct daemon_start *start,
                          struct daemon *ret_daemon)
{
    int ends[2], log_fd = start->log_here ? -1 : open_log(run, start->directory);
    if (!start->log_here && log_fd < 0) {
        return run_fail(
            run, OUTCOME_FAILED,
            TEXT("the data directory cannot be written",
                 "ins Datenverzeichnis lässt sich nicht schreiben"),
            slice_string(arena_printf(run->arena, "%s (%s)", start->directory, strerror(errno))));
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return run_fail_err(run, err_from_errno(errno), "pipe");
    }
    take_signals();
    struct daemon daemon = {.pid = spawn(run, start, log_fd, ends[1])};
    daemon_pid = daemon.pid;
    close(ends[1]);
    if (log_fd >= 0) {
        close(log_fd);
    }
    if (daemon.pid < 0) {
        close(ends[0]);
        return run_fail(run, OUTCOME_FAILED,
                        TEXT("vogt-parent cannot be started; it must stand beside vogt",
                             "vogt-parent lässt sich nicht starten; es muss neben vogt liegen"),
                        slice_string(strerror(errno)));
    }
    struct json *line = NULL;
    struct complaint complaint;
    struct slice text = read_line(run, ends[0]);
    close(ends[0]);
    if (json_read(run->arena, text, &line, &complaint) != ERR_NONE ||
        !json_bool(line, "ready", false)) {
        return not_ready(run, start, &daemon, line);
    }
    daemon.address = arena_string(run->arena, json_text(line, "address", SLICE_NONE));
    struct slice link = json_text(line, "login_link", SLICE_NONE);
    daemon.login_link = link.len == 0 ? NULL : arena_string(run->arena, link);
    wait_for_notices(run, start->directory, start->may_be_sealed);
    *ret_daemon = daemon;
    return OUTCOME_OK;
}

int daemon_end(const struct daemon *daemon, bool stop)
{
    int status = 0;
    pid_t got;
    if (stop) {
        kill(daemon->pid, SIGTERM);
    }
    do {
        got = waitpid(daemon->pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    daemon_pid = 0;
    return got < 0 ? 1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
