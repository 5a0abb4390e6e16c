/*
 * vogt-agent: the parent of an agent on another host. What it may be told stands in its one table of options; everything else it learns from its courier.
 */
#include "roles/agent.h"

#include "base/language.h"
#include "base/log.h"
#include "base/time.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARENA_BYTES = 1 << 20, DETAIL_BYTES = 512 };

static const struct option_row {
    const char *name;
    size_t offset;
} option_rows[] = {
    {"--dir", offsetof(struct agent_options, directory)}, {"--server", offsetof(struct agent_options, server)}, {"--pin", offsetof(struct agent_options, pin)},
    {"--token", offsetof(struct agent_options, token)},   {"--name", offsetof(struct agent_options, name)},
    {"--read", offsetof(struct agent_options, read)},
};

int64_t agent_now_ms(void)
{
    return clock_now().mono_ns / 1000000;
}

void agent_fail(struct agent *agent, enum err err, struct text text, const char *detail)
{
    if (!agent->failed && !agent->stopping) {
        LOG(LOG_ERROR, "agent.failed", LOG_ERR(err), LOG_TEXT("text", text_in(text, agent->language)), LOG_TEXT("detail", detail));
        fprintf(stderr, "vogt-agent: %s%s%s\n", text_in(text, agent->language), detail[0] == '\0' ? "" : ": ", detail);
        agent->failed = true;
    }
    agent->stopping = true;
}

static enum err set_option(struct agent_options *options, const char *name, const char *value, struct complaint *complaint)
{
    if (strcmp(name, "--minimum") == 0) {
        return confinement_of_name(slice_string(value), &options->minimum) == ERR_NONE
                   ? ERR_NONE
                   : complain(complaint, ERR_INVALID, TEXT("the levels are none limits seccomp landlock full", "die Stufen sind none limits seccomp landlock full"), 0, 0, value, strlen(value));
    }
    for (size_t i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++) {
        if (strcmp(option_rows[i].name, name) == 0) {
            memcpy((char *)options + option_rows[i].offset, &value, sizeof(value));
            return ERR_NONE;
        }
    }
    return complain(complaint, ERR_INVALID, TEXT("no such option (--dir --server --pin --token --name --read --minimum)", "diese Option gibt es nicht (--dir --server --pin --token --name --read --minimum)"), 0, 0, name, strlen(name));
}

static enum err read_options(int count, char **arguments, struct agent_options *ret_options, struct complaint *complaint)
{
    struct agent_options options = {.minimum = CONFINEMENT_NONE};
    for (int i = 1; i < count; i += 2) {
        const char *value = i + 1 < count ? arguments[i + 1] : "";
        if (value[0] == '\0') {
            return complain(complaint, ERR_INVALID, TEXT("the option needs a value", "die Option braucht einen Wert"), 0, 0, arguments[i], strlen(arguments[i]));
        }
        enum err err = set_option(&options, arguments[i], value, complaint);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (options.directory == NULL) {
        return complain(complaint, ERR_INVALID, TEXT("the agent's directory is missing: --dir DIR", "das Verzeichnis des Agenten fehlt: --dir VERZEICHNIS"), 0, 0, NULL, 0);
    }
    if ((options.server == NULL) != (options.pin == NULL)) {
        return complain(complaint, ERR_INVALID, TEXT("--server and --pin belong together", "--server und --pin gehören zusammen"), 0, 0, NULL, 0);
    }
    *ret_options = options;
    return ERR_NONE;
}

static enum err prepare(struct agent *agent, struct complaint *complaint)
{
    struct sandbox_report own;
    agent->arena = arena_new(ARENA_BYTES);
    enum err err = agent->arena == NULL ? ERR_MEMORY : spawn_directory(&agent->executables_fd);
    err = err == ERR_NONE ? agent_directory_open(agent, complaint) : err;
    err = err == ERR_NONE ? agent_read_token(agent, complaint) : err;
    err = err == ERR_NONE ? spawn_signals(&agent->signal_fd) : err;
    return err == ERR_NONE ? sandbox_enter_parent(&own) : err;
}

/* ---- the loop ---- */

static void reap(struct agent *agent)
{
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        for (size_t i = 0; !program_ended(&agent->programs, pid) && i < AGENT_MEMBERS; i++) {
            if (agent->members[i].spawned.pid == pid) {
                agent_member_ended(agent, (enum agent_member_id)i, status);
                break;
            }
        }
    }
}

static void take_signals(struct agent *agent)
{
    struct signalfd_siginfo info;
    while (read(agent->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            reap(agent);
        } else {
            agent->stopping = true;
        }
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void wait_once(struct agent *agent)
{
    int64_t now_ms = agent_now_ms(), next_ms = sooner(programs_kill_due(&agent->programs, now_ms), agent_next_ms(agent));
    struct pollfd waiting[1 + AGENT_MEMBERS] = {{agent->signal_fd, POLLIN, 0}};
    for (size_t i = 0; i < AGENT_MEMBERS; i++) {
        struct channel *channel = agent->members[i].channel;
        short events = (short)(POLLIN | (channel != NULL && channel_queued_bytes(channel) > 0 ? POLLOUT : 0));
        waiting[1 + i] = (struct pollfd){channel == NULL ? -1 : channel_fd(channel), events, 0};
    }
    int64_t wait_ms = next_ms < 0 ? -1 : next_ms > now_ms ? next_ms - now_ms : 0;
    if (poll(waiting, 1 + AGENT_MEMBERS, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms) < 0) {
        return;
    }
    for (size_t i = 0; i < AGENT_MEMBERS; i++) {
        if ((waiting[1 + i].revents & POLLOUT) != 0 && channel_flush(agent->members[i].channel) != ERR_NONE) {
            continue; /* gone: its end comes as a signal */
        }
        if ((waiting[1 + i].revents & POLLIN) != 0) {
            agent_hear(agent, (enum agent_member_id)i);
        } else if ((waiting[1 + i].revents & (POLLHUP | POLLERR)) != 0) {
            agent_close(&agent->members[i]); /* what lives on without its channel is ended */
        }
    }
    if (waiting[0].revents != 0) {
        take_signals(agent); /* last: it may free what was looked at above */
    }
}

static void run(struct agent *agent)
{
    enum err err = agent_start(agent, MEMBER_COURIER);
    if (err != ERR_NONE) {
        agent_fail(agent, err, TEXT("the courier's program cannot be started; it must stand beside vogt-agent", "das Programm des Boten lässt sich nicht starten; es muss neben vogt-agent liegen"), "vogt-courier");
    }
    while (!agent->stopping || !agent_is_empty(agent)) {
        if (agent->stopping) {
            agent_stop_members(agent, agent_now_ms());
        }
        agent_restart_due(agent, agent_now_ms());
        wait_once(agent);
    }
}

int main(int count, char **arguments)
{
    static struct agent agent = {.directory_fd = -1, .lock_fd = -1, .executables_fd = -1, .signal_fd = -1};
    struct complaint complaint = {.text = {NULL, NULL}};
    agent.language = language_of_environment();
    agent.members[MEMBER_COURIER] = (struct agent_member){.role = ROLE_COURIER, .hub_end = -1, .spawned = {0, -1}};
    agent.members[MEMBER_WORKER] = (struct agent_member){.role = ROLE_NONE, .hub_end = -1, .spawned = {0, -1}};
    log_start("agent", STDERR_FILENO);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    enum err err = read_options(count, arguments, &agent.options, &complaint);
    err = err == ERR_NONE ? prepare(&agent, &complaint) : err;
    if (err != ERR_NONE) {
        struct text text = complaint.text.english != NULL ? complaint.text : TEXT(err_text(err, LANGUAGE_ENGLISH), err_text(err, LANGUAGE_GERMAN));
        agent_fail(&agent, err, text, complaint.detail);
        return 1;
    }
    run(&agent);
    explicit_bzero(agent.token, sizeof(agent.token));
    arena_free(agent.arena);
    LOG(LOG_INFO, "agent.stopped", LOG_NUMBER("failed", agent.failed ? 1 : 0));
    return agent.failed ? 1 : 0;
}
