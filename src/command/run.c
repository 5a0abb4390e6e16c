/*
 * vogt run: a program with secrets in its environment.
 *
 *   token made ──> secrets read ──> program started ──> signals passed on, token and leases renewed ──> it ends ──> leases and token revoked ──> its exit code
 *
 * Values lie in an arena that is wiped as soon as the program has them; none stands in an argument, a log or an error. This process leaves no core.
 */
#include "command/client.h"
#include "command/kv.h"
#include "command/run_environment.h"
#include "command/run_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { SECRETS_BYTES = 64 << 20, REVOKE_MS = 5000, NOT_FOUND_CODE = 127, NOT_STARTED_CODE = 126, SIGNALLED_CODE = 128 };
static const char default_ttl[] = "5m";

/* ---- its token ---- */

static void set_policies(struct run *run, struct json *body)
{
    const struct option_values *policies = &run->options[OPTION_POLICY];
    struct json *list = policies->count == 0 ? NULL : json_set_array(run->arena, body, "policies");
    for (size_t i = 0; i < policies->count; i++) {
        json_append(list, json_string(run->arena, slice_string(policies->list[i])));
    }
}

static enum outcome no_child(struct run *run, enum outcome outcome, const struct ask *ask)
{
    if (outcome == OUTCOME_DENIED) {
        return run_fail(run, outcome,
                        TEXT("this token may not create one for the program: allow it update on auth/token/create, or use --own-token", "dieses Token darf keines für das Programm erzeugen: erlaube ihm update auf auth/token/create oder nimm --own-token"),
                        SLICE_NONE);
    }
    const struct json *reply = NULL;
    struct ask loud = *ask;
    loud.quiet = false;
    outcome = client_ask(run, &loud, &reply);
    return outcome == OUTCOME_OK ? run_fail_err(run, ERR_PROTOCOL, "auth/token/create") : outcome;
}

static enum outcome make_token(struct run *run, struct renewer *renewer, struct environment *environment)
{
    const char *ttl = run_option(run, OPTION_TTL);
    struct json *body = json_new(run->arena, JSON_OBJECT);
    const struct json *reply = NULL;
    uint64_t seconds = 0;
    struct complaint complaint;
    set_policies(run, body);
    json_set_string(run->arena, body, "ttl", slice_string(ttl == NULL ? default_ttl : ttl));
    json_set_string(run->arena, body, "display_name", slice_string("run"));
    struct ask ask = {.method = "POST", .path = "auth/token/create", .body = body, .quiet = true};
    enum outcome outcome = client_ask(run, &ask, &reply);
    const struct json *auth = json_member(reply, "auth");
    struct slice token = json_text(auth, "client_token", SLICE_NONE);
    if (outcome != OUTCOME_OK || json_u64(auth, "lease_duration", &seconds) != ERR_NONE || token.len == 0) {
        return no_child(run, outcome, &ask);
    }
    outcome = client_use_token(run, token);
    if (outcome == OUTCOME_OK && run_has(run, OPTION_PASS_TOKEN)) {
        enum err err = environment_set(environment, "VAULT_TOKEN", token, "--pass-token", &complaint);
        err = err == ERR_NONE ? environment_set(environment, "VAULT_ADDR", slice_string(client_address(run)), "--pass-token", &complaint) : err;
        outcome = err == ERR_NONE ? OUTCOME_OK : run_fail_err(run, err, "--pass-token");
    }
    (void)renewer_add(renewer, SLICE_NONE, seconds); /* 0: it never ends by itself */
    return outcome;
}

static void end(struct run *run, const char *path, const char *lease)
{
    const struct json *reply = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    if (lease != NULL) {
        json_set_string(run->arena, body, "lease_id", slice_string(lease));
    }
    struct ask ask = {.method = "PUT", .path = path, .body = body, .timeout_ms = REVOKE_MS};
    (void)client_ask(run, &ask, &reply); /* it says itself what went wrong; by its time it ends all the same */
}

/* A token's end ends its leases; without a token of its own each is ended. */
static void revoke_all(struct run *run, const struct renewer *renewer, bool has_token)
{
    for (size_t i = 0; i < renewer->count && !has_token; i++) {
        end(run, "sys/leases/revoke", renewer->items[i].id);
    }
    if (has_token) {
        end(run, "auth/token/revoke-self", NULL);
    }
}

/* ---- its secrets ---- */

static enum outcome take_lease(struct run *run, struct renewer *renewer, const struct json *reply, const char *path)
{
    struct slice lease = json_text(reply, "lease_id", SLICE_NONE);
    uint64_t seconds = 0;
    if (lease.len == 0 || json_u64(reply, "lease_duration", &seconds) != ERR_NONE || seconds == 0) {
        return OUTCOME_OK;
    }
    if (!renewer_add(renewer, lease, seconds)) {
        return run_fail(run, OUTCOME_FAILED, TEXT("more leases than can be kept alive", "mehr Leases, als sich am Leben halten lassen"), slice_string(path));
    }
    if (!json_bool(reply, "renewable", false)) {
        renewer->items[renewer->count - 1].due_ms = INT64_MAX;
    }
    return OUTCOME_OK;
}

static enum outcome read_secret(struct run *run, const char *word, struct environment *environment, struct renewer *renewer)
{
    const char *equals = strrchr(word, '=');
    const char *path = arena_string(run->arena, slice_of(word, equals == NULL ? strlen(word) : (size_t)(equals - word)));
    struct kv_place place;
    const struct json *reply = NULL;
    struct complaint complaint = {.text = {NULL, NULL}};
    enum outcome outcome = path == NULL ? run_fail_err(run, ERR_MEMORY, "") : kv_find(run, path, &place);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    place.is_versioned = place.is_versioned && strcmp(place.type, "kv") == 0;
    struct ask ask = {.method = "GET", .path = kv_request_path(run, &place, "data"), .missing_is_fine = true};
    outcome = ask.path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_ask(run, &ask, &reply);
    const struct json *data = json_member(reply, "data");
    data = place.is_versioned ? json_member(data, "data") : data;
    if (outcome == OUTCOME_OK && (data == NULL || data->type != JSON_OBJECT)) {
        return run_fail(run, OUTCOME_INPUT, TEXT("nothing is there, or it was deleted", "dort ist nichts, oder es ist gelöscht"), slice_string(path));
    }
    outcome = outcome == OUTCOME_OK ? take_lease(run, renewer, reply, path) : outcome;
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    enum err err = environment_add(environment, path, equals == NULL ? "" : equals + 1, data, &complaint);
    return err == ERR_NONE ? OUTCOME_OK : run_fail_complaint(run, err, &complaint);
}

static enum outcome read_secrets(struct run *run, struct environment *environment, struct renewer *renewer)
{
    const struct option_values *secrets = &run->options[OPTION_SECRET];
    enum outcome outcome = OUTCOME_OK;
    for (size_t i = 0; i < secrets->count && outcome == OUTCOME_OK; i++) {
        outcome = read_secret(run, secrets->list[i], environment, renewer);
    }
    return outcome;
}

/* ---- the program ---- */

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

static void block_signals(sigset_t *waited, sigset_t *before)
{
    sigemptyset(waited);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        sigaddset(waited, passed_on[i]);
    }
    sigaddset(waited, SIGCHLD);
    sigprocmask(SIG_BLOCK, waited, before);
}

/* After fork: only what is safe there. `fd` closes by exec; else it carries errno. */
static void become(char **program, char **block, const sigset_t *mask, int fd, pid_t parent)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* whoever kills us does not leave it with secrets that nobody renews or revokes */
    if (getppid() != parent) {
        _exit(NOT_STARTED_CODE); /* that happened already */
    }
    sigaction(SIGPIPE, &usual, NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvpe(program[0], program, block);
    int number = errno;
    ssize_t written = write(fd, &number, sizeof number);
    _exit(written == (ssize_t)sizeof number ? NOT_STARTED_CODE : NOT_FOUND_CODE);
}

/* Comes back once the program has its environment. *ret_number: 0, or why it could not start. */
static pid_t start_program(char **program, char **block, const sigset_t *mask, int *ret_number)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        *ret_number = errno;
        return -1;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        become(program, block, mask, fds[1], parent);
    }
    *ret_number = pid < 0 ? errno : 0;
    close(fds[1]);
    int number = 0;
    ssize_t got = 0;
    do {
        got = read(fds[0], &number, sizeof number);
    } while (got < 0 && errno == EINTR);
    close(fds[0]);
    if (got == (ssize_t)sizeof number) {
        *ret_number = number;
        waitpid(pid, NULL, 0);
    }
    return pid;
}

/* Signals go on to the program, but those that the terminal sent: it has them already. */
static int wait_for(pid_t pid, const sigset_t *waited)
{
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) != pid) {
        siginfo_t info;
        int number = sigwaitinfo(waited, &info);
        if (number > 0 && number != SIGCHLD && info.si_code != SI_KERNEL) {
            kill(pid, number);
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED_CODE + WTERMSIG(status);
}

static enum outcome not_started(struct run *run, int number)
{
    run->exit_code = number == ENOENT ? NOT_FOUND_CODE : NOT_STARTED_CODE;
    return run_fail(run, OUTCOME_FAILED, TEXT("the program cannot be started", "das Programm lässt sich nicht starten"), slice_string(arena_printf(run->arena, "%s (%s)", run->program[0], strerror(number))));
}

struct job {
    struct run *run;
    struct arena *secrets, *own; /* values; the run's own arena, back once they are wiped */
    struct environment environment;
    struct renewer renewer;
    bool has_token;
};

static enum outcome prepare(struct job *job, char ***ret_block)
{
    struct run *run = job->run;
    enum outcome outcome = OUTCOME_OK;
    if (environment_start(&job->environment, job->secrets, run_has(run, OPTION_UPPER)) != ERR_NONE) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    if (!run_has(run, OPTION_OWN_TOKEN)) {
        outcome = make_token(run, &job->renewer, &job->environment);
        job->has_token = outcome == OUTCOME_OK;
    }
    outcome = outcome == OUTCOME_OK ? read_secrets(run, &job->environment, &job->renewer) : outcome;
    *ret_block = outcome == OUTCOME_OK ? environment_block(&job->environment, environ) : NULL;
    return outcome == OUTCOME_OK && *ret_block == NULL ? run_fail_err(run, ERR_MEMORY, "") : outcome;
}

static void forget(struct job *job)
{
    job->run->arena = job->own;
    arena_free(job->secrets);
    job->secrets = NULL;
}

static enum outcome run_program(struct job *job)
{
    struct run *run = job->run;
    sigset_t waited, before;
    char **block = NULL;
    int number = 0;
    block_signals(&waited, &before);
    run->arena = job->secrets;
    enum outcome outcome = prepare(job, &block);
    pid_t pid = outcome == OUTCOME_OK ? start_program(run->program, block, &before, &number) : -1;
    forget(job);
    if (outcome == OUTCOME_OK && number == 0) {
        if (renewer_start(&job->renewer, run) != ERR_NONE) {
            (void)run_fail_err(run, ERR_MEMORY, ""); /* the program runs; what it has ends by its time */
        }
        run->exit_code = wait_for(pid, &waited);
        renewer_stop(&job->renewer);
    } else if (outcome == OUTCOME_OK) {
        outcome = not_started(run, number);
    }
    revoke_all(run, &job->renewer, job->has_token);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return outcome;
}

enum outcome command_run(struct run *run)
{
    struct job job = {.run = run, .own = run->arena, .secrets = arena_new(SECRETS_BYTES)};
    if (run->program_count == 0) {
        arena_free(job.secrets);
        return run_fail(run, OUTCOME_USAGE, TEXT("which program? vogt run --secret PATH -- COMMAND ARGUMENTS", "welches Programm? vogt run --secret PFAD -- BEFEHL ANGABEN"), SLICE_NONE);
    }
    if (run_has(run, OPTION_OWN_TOKEN) && (run_has(run, OPTION_PASS_TOKEN) || run_has(run, OPTION_TTL) || run_has(run, OPTION_POLICY))) {
        arena_free(job.secrets);
        return run_fail(run, OUTCOME_USAGE, TEXT("--own-token makes no token: no --ttl, --policy or --pass-token", "--own-token erzeugt kein Token: kein --ttl, --policy oder --pass-token"), SLICE_NONE);
    }
    if (job.secrets == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    prctl(PR_SET_DUMPABLE, 0);
    (void)client_address(run); /* it stays in the run's own arena, longer than the secrets */
    return run_program(&job);
}
