#include "roles/parent.h"

#include "base/hcl.h"
#include "base/language.h"
#include "base/log.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CONFIG_BYTES = 1 << 20,
    ARENA_BYTES = 8 << 20,
    START_MS = 10000, /* all roles must be serving by then */
    ERROR_BYTES = 1024,
    HUNG_MS = 1000,
};

int64_t parent_now_ms(void)
{
    return clock_now().mono_ns / 1000000;
}

void parent_begin_stop(struct parent *parent)
{
    if (!parent->stopping) {
        parent->stopping = true;
        notify_manager("STOPPING=1");
    }
}

void parent_fail(struct parent *parent, enum err err, struct text text, const char *detail)
{
    if (parent->failed || parent->stopping) {
        return; /* one clear error; what follows is its echo */
    }
    parent->failed = true;
    LOG(LOG_ERROR, "parent.failed", LOG_ERR(err), LOG_TEXT("text", text_in(text, parent->language)),
        LOG_TEXT("detail", detail));
    if (parent->announced || parent->options.ready_fd < 0) {
        fprintf(stderr, "vogt: %s: %s\n", text_in(text, parent->language), detail);
    } else {
        notify_failed(parent, err, text, detail);
    }
    parent_begin_stop(parent);
}

static void fail_with(struct parent *parent, enum err err, const struct complaint *complaint)
{
    struct text text = complaint->text;
    if (text.english == NULL) {
        text = TEXT(err_text(err, LANGUAGE_ENGLISH), err_text(err, LANGUAGE_GERMAN));
    }
    char detail[ERROR_BYTES];
    if (complaint->line > 0) {
        snprintf(detail, sizeof(detail), "%s:%zu:%zu: %s", parent->options.config, complaint->line,
                 complaint->column, complaint->detail);
    } else {
        snprintf(detail, sizeof(detail), "%s", complaint->detail);
    }
    parent_fail(parent, err, text, detail);
}

static enum err read_whole(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = ERR_NONE;
    ssize_t got = 1;
    while (err == ERR_NONE && got > 0) {
        err = buf_reserve(out, 4096);
        got = err == ERR_NONE ? read(fd, out->data + out->len, 4096) : 0;
        if (got < 0) {
            err = err_from_errno(errno);
        } else {
            out->len += (size_t)got;
        }
    }
    close(fd);
    return err;
}

/* How long tokens and leases live. */
static enum err check_lease_times(const struct parent *parent, struct complaint *complaint)
{
    static const char *const names[] = {"default_lease_ttl", "max_lease_ttl"};
    uint64_t seconds[2] = {0, UINT64_MAX};
    for (size_t i = 0; i < 2; i++) {
        const struct json *value = json_member(parent->config, names[i]);
        if (value != NULL && (duration_parse(value->text, &seconds[i]) != ERR_NONE || seconds[i] == 0)) {
            return complain(complaint, ERR_INVALID, TEXT("a setting takes a duration, such as \"768h\"", "eine Einstellung nimmt eine Dauer, etwa \"768h\""), 0, 0, names[i], strlen(names[i]));
        }
    }
    return seconds[0] <= seconds[1] ? ERR_NONE
                                    : complain(complaint, ERR_INVALID, TEXT("default_lease_ttl is longer than max_lease_ttl", "default_lease_ttl ist länger als max_lease_ttl"), 0, 0, NULL, 0);
}

static enum err read_config(struct parent *parent, struct complaint *complaint)
{
    parent->config = json_new(parent->arena, JSON_OBJECT);
    const char *path = parent->options.config;
    if (path == NULL) {
        return parent->config == NULL ? ERR_MEMORY : ERR_NONE;
    }
    cleanup_buf struct buf bytes = BUF_INIT(CONFIG_BYTES);
    struct hcl_block *root = NULL;
    enum err err = read_whole(path, &bytes);
    if (err != ERR_NONE) {
        return complain(
            complaint, err,
            TEXT("the configuration cannot be read", "die Konfiguration lässt sich nicht lesen"), 0,
            0, path, strlen(path));
    }
    struct slice text = arena_copy(parent->arena, buf_slice(&bytes));
    err = hcl_read(parent->arena, text, &root, complaint);
    if (err == ERR_NONE) {
        parent->config = hcl_to_json(parent->arena, root);
        err = parent->config == NULL ? ERR_MEMORY : check_lease_times(parent, complaint);
    }
    return err;
}

/* They are opened anew whenever keep starts. */
static enum err check_tls(const struct parent *parent, struct complaint *complaint)
{
    int fds[2] = {-1, -1};
    enum err err = directory_open_tls(parent, fds, complaint);
    for (size_t i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    return err;
}

/* Likewise, whenever the store starts. */
static enum err check_database(const struct parent *parent, struct complaint *complaint)
{
    int fd = -1;
    enum err err = directory_open_database(parent, &fd, complaint);
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

/* All that can fail before the first role: each with its own words. */
static enum err prepare(struct parent *parent, struct complaint *complaint)
{
    parent->arena = arena_new(ARENA_BYTES);
    enum err err = parent->arena == NULL ? ERR_MEMORY : read_config(parent, complaint);
    if (err == ERR_NONE) {
        err = spawn_directory(&parent->executables_fd);
    }
    if (err == ERR_NONE) {
        err = directory_open(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = check_tls(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = check_database(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = listen_open(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = spawn_signals(&parent->signal_fd);
    }
    return err == ERR_NONE ? sandbox_enter_parent(&parent->own) : err;
}

static void start_all(struct parent *parent)
{
    members_plan(parent);
    for (size_t i = 0; i < parent->member_count; i++) {
        struct member *member = &parent->members[i];
        if (member->role == ROLE_SEAL || member->role == ROLE_TELL) {
            continue; /* when keep asks for it */
        }
        enum err err = member_start(parent, member);
        if (err != ERR_NONE) {
            parent_fail(parent, err,
                        TEXT("a role's program cannot be started; it must stand beside vogt-parent",
                             "das Programm einer Rolle lässt sich nicht starten; es muss neben "
                             "vogt-parent liegen"),
                        member_program(parent, member->role));
            return;
        }
    }
}

/* ---- the loop ---- */

static void reap(struct parent *parent)
{
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        if (program_ended(&parent->programs, pid)) {
            continue;
        }
        for (size_t i = 0; i < parent->member_count; i++) {
            if (parent->members[i].spawned.pid == pid) {
                member_ended(parent, &parent->members[i], status);
                break;
            }
        }
    }
}

/* The terminal went, or the shell says so: stop. Anybody else's SIGHUP is how log rotation asks for files to be reopened. */
static bool is_hangup(const struct signalfd_siginfo *info)
{
    return info->ssi_code == SI_KERNEL || (info->ssi_pid != 1 && info->ssi_pid == (uint32_t)getppid());
}

static void take_signals(struct parent *parent)
{
    struct signalfd_siginfo info;
    while (read(parent->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            reap(parent);
        } else if (info.ssi_signo == SIGHUP && !is_hangup(&info)) {
            LOG(LOG_INFO, "parent.hup", LOG_TEXT("what", "audit devices reopen moved files by themselves"));
        } else {
            LOG(LOG_INFO, "parent.stopping", LOG_NUMBER("signal", info.ssi_signo));
            parent_begin_stop(parent);
        }
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Does what is due and gives the milliseconds until something is due again, -1 for nothing. */
static int64_t do_what_is_due(struct parent *parent)
{
    int64_t now_ms = parent_now_ms();
    int64_t next_ms = programs_kill_due(&parent->programs, now_ms);
    members_restart_due(parent, now_ms);
    if (parent->stopping) {
        members_stop_step(parent, now_ms);
    } else if (!parent->announced) {
        if (now_ms - parent->begun_ms > START_MS) {
            parent_fail(parent, ERR_TIMEOUT,
                        TEXT("the roles did not get ready in time",
                             "die Rollen wurden nicht rechtzeitig bereit"),
                        "10 s");
            return 0;
        }
        next_ms = sooner(next_ms, parent->begun_ms + START_MS + 1);
    }
    if (parent->watchdog_ms > 0) {
        if (now_ms >= parent->watchdog_next_ms) {
            notify_manager("WATCHDOG=1");
            parent->watchdog_next_ms = now_ms + parent->watchdog_ms;
        }
        next_ms = sooner(next_ms, parent->watchdog_next_ms);
    }
    next_ms = sooner(next_ms, members_next_ms(parent));
    return next_ms < 0 ? -1 : next_ms > now_ms ? next_ms - now_ms : 0;
}

static bool all_gone(const struct parent *parent)
{
    for (size_t i = 0; i < parent->member_count; i++) {
        if (parent->members[i].spawned.pidfd >= 0) {
            return false;
        }
    }
    return true;
}

static void wait_once(struct parent *parent, int64_t wait_ms)
{
    struct pollfd wait[1 + MEMBERS_MAX];
    struct member *members[1 + MEMBERS_MAX];
    nfds_t count = 0;
    wait[count++] = (struct pollfd){parent->signal_fd, POLLIN, 0};
    for (size_t i = 0; i < parent->member_count; i++) {
        struct member *member = &parent->members[i];
        if (member->channel != NULL) {
            short events =
                (short)(POLLIN | (channel_queued_bytes(member->channel) > 0 ? POLLOUT : 0));
            members[count] = member;
            wait[count++] =
                (struct pollfd){member->hung ? -1 : channel_fd(member->channel), events, 0};
        }
    }
    if (poll(wait, count, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms) < 0) {
        return;
    }
    for (nfds_t i = 1; i < count; i++) {
        if ((wait[i].revents & POLLOUT) != 0 && channel_flush(members[i]->channel) != ERR_NONE) {
            continue; /* gone: its end comes as a signal */
        }
        if ((wait[i].revents & POLLIN) != 0) {
            member_hear(parent, members[i]);
        }
    }
    /* A role that closed its channel is about to end, which comes as a signal; one that lives on is
     * ended. */
    for (nfds_t i = 1; i < count; i++) {
        if ((wait[i].revents & (POLLHUP | POLLERR)) != 0) {
            members[i]->hung = true;
            members[i]->kill_ms = parent_now_ms() + HUNG_MS;
        }
    }
    if (wait[0].revents != 0) {
        take_signals(parent); /* last, because it may free what the loops above looked at */
    }
}

static void run(struct parent *parent)
{
    while (!parent->stopping || !all_gone(parent)) {
        int64_t wait_ms = do_what_is_due(parent);
        if (parent->stopping && all_gone(parent)) {
            break;
        }
        wait_once(parent, wait_ms);
    }
}

int main(int count, char **arguments)
{
    static struct parent parent = {
        .directory_fd = -1, .lock_fd = -1, .executables_fd = -1, .signal_fd = -1};
    struct complaint complaint = {.text = {NULL, NULL}};
    parent.begun_ms = parent_now_ms();
    parent.language = language_of_environment();
    parent.options.ready_fd = -1;
    log_start("parent", STDERR_FILENO);
    umask(077);
    signal(SIGPIPE, SIG_IGN); /* whoever waits for --ready-fd may have gone */
    enum err err = options_read(count, arguments, &parent.options, &complaint);
    if (err == ERR_NONE) {
        if (parent.options.ready_fd >= 0) {
            fcntl(parent.options.ready_fd, F_SETFD, FD_CLOEXEC);
        }
        err = prepare(&parent, &complaint);
    }
    if (err != ERR_NONE) {
        fail_with(&parent, err, &complaint);
        return 1;
    }
    parent.watchdog_ms = notify_watchdog_ms();
    start_all(&parent);
    run(&parent);
    LOG(LOG_INFO, "parent.stopped", LOG_NUMBER("failed", parent.failed ? 1 : 0));
    arena_free(parent.arena);
    return parent.failed ? 1 : 0;
}
