/*
 * Each role's sandbox, entered for real in a child process, and then every forbidden thing tried in
 * a further child of it. What the level reached promises must be refused (an error) or deadly
 * (SIGSYS); what the role needs must work. On a host that allows less, the test holds the role to
 * the level that it reports, and to its features by name.
 */
#include "process/sandbox.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a try came to; the child's exit code. */
enum outcome { OUTCOME_REFUSED = 10, OUTCOME_DONE = 11, OUTCOME_KILLED = 12, OUTCOME_BROKEN = 13 };

typedef int (*try_fn)(void); /* negative: refused */

static int refused_or(bool done)
{
    return done ? 0 : -1;
}

static int try_open_host_file(void)
{
    return open("/etc/passwd", O_RDONLY);
}
static int try_write_host_file(void)
{
    return open("/tmp/vogt-sandbox-test", O_WRONLY | O_CREAT, 0600);
}
static int try_leave_by_dots(void)
{
    return open("../../../../etc/passwd", O_RDONLY);
}
static int try_tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}
static int try_tcp_connect(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    /* A closed port answers ECONNREFUSED: that was let through. */
    return fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
                      errno != ECONNREFUSED)
               ? -1
               : 0;
}
static int try_fast_open(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 || (sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&address,
                             sizeof(address)) < 0 &&
                      errno != ECONNREFUSED)
               ? -1
               : 0;
}
static int try_udp(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return fd < 0 ? -1 : (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));
}
static int try_listen_known_port(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(48713), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof(address));
}
static int try_listen_any_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ? -1
                                                                                 : listen(fd, 1);
}
static int try_packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0);
}
static int try_exec(void)
{
    char *const arguments[] = {NULL, NULL};
    execve("/bin/true", arguments, arguments);
    return -1;
}
static int try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return pid;
}
static void *idle(void *argument)
{
    return argument;
}

static int try_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, idle, NULL) == 0 && pthread_join(thread, NULL) == 0 ? 0 : -1;
}

static int try_ptrace(void)
{
    return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static int try_read_parent_memory(void)
{
    return open("/proc/1/mem", O_RDONLY);
}
static int try_become_root(void)
{
    return refused_or(setresuid(0, 0, 0) == 0 && geteuid() == 0);
}
static int try_mount(void)
{
    return mount("none", "/", "tmpfs", 0, NULL);
}
static int try_chroot(void)
{
    return chroot(".");
}
static int try_user_namespace(void)
{
    return unshare(CLONE_NEWUSER);
}
static int try_executable_memory(void)
{
    return refused_or(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}
static int try_make_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static int try_kill_parent(void)
{
    return kill(getppid(), 0);
}
static int try_raise_limit(void)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    return setrlimit(RLIMIT_NOFILE, &limit);
}
static int try_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? 0 : -1;
}
static int try_memory(void)
{
    char *bytes = malloc(1 << 20);
    if (bytes == NULL) {
        return -1;
    }
    memset(bytes, 1, 1 << 20);
    free(bytes);
    return 0;
}
static int try_own_directory(void)
{
    int fd = open("made.db", O_RDWR | O_CREAT, 0600);
    return fd < 0 || pwrite(fd, "x", 1, 0) != 1 || fsync(fd) != 0 || mkdir("ledger", 0700) != 0 ||
                   rename("made.db", "ledger/made.db") != 0
               ? -1
               : 0;
}
static int try_hidden_key(void)
{
    char byte;
    int fd = open("seal.key", O_RDONLY);
    return fd < 0 || read(fd, &byte, 1) != 1 ? -1 : 0;
}
static int try_read_proc(void)
{
    return open("/proc/net/tcp", O_RDONLY);
}

/* What a resolver reads. */
static int try_read_hosts(void)
{
    return open("/etc/hosts", O_RDONLY);
}

/* Not a block device: the kernel's own answer shows that the filter let the question pass. */
static int try_device_size(void)
{
    uint64_t bytes = 0;
    int fd = open("/proc/version", O_RDONLY);
    return fd >= 0 && ioctl(fd, 0x80081272UL, &bytes) != 0 && (errno == ENOTTY || errno == EINVAL)
               ? 0
               : -1;
}

/* Where the promise comes from: the level that must have been reached for it to hold. */
struct attempt {
    const char *what;
    try_fn run;
    unsigned allowed_roles; /* bits of 1 << role: there it must work */
    unsigned untold_roles;  /* no promise either way */
    enum confinement from_level;
    const char *const *read_paths;
};

#define R(name) (1u << ROLE_##name)
#ifdef __SANITIZE_ADDRESS__
enum { WITH_SANITIZER = ~0 }; /* the sanitizer needs these calls itself: no promise in its builds */
#else
enum { WITH_SANITIZER = 0 };
#endif

static const struct attempt attempts[] = {
    {"memory", try_memory, ~0u, 0, CONFINEMENT_NONE},
    {"host file", try_open_host_file, 0, 0, CONFINEMENT_LANDLOCK},
    {"write a host file", try_write_host_file, 0, 0, CONFINEMENT_LANDLOCK},
    {"leave by dots", try_leave_by_dots, 0, 0, CONFINEMENT_LANDLOCK},
    {"TCP socket", try_tcp_socket, R(REACH) | R(LOOK) | R(COURIER) | R(TELL), 0, CONFINEMENT_SECCOMP},
    {"TCP connect", try_tcp_connect, R(REACH) | R(COURIER) | R(TELL), 0, CONFINEMENT_LANDLOCK},
    {"TCP fast open", try_fast_open, 0, 0, CONFINEMENT_SECCOMP},
    {"UDP", try_udp, R(REACH) | R(COURIER) | R(TELL), 0, CONFINEMENT_SECCOMP},
    /* courier and tell may bind until they have narrowed themselves, and never listen */
    {"known port", try_listen_known_port, R(REACH), R(COURIER) | R(TELL), CONFINEMENT_LANDLOCK},
    {"any port", try_listen_any_port, R(LOOK) | R(REACH), 0, CONFINEMENT_LANDLOCK},
    {"packet socket", try_packet_socket, 0, 0, CONFINEMENT_SECCOMP},
    {"exec", try_exec, 0, 0, CONFINEMENT_SECCOMP},
    {"fork", try_fork, R(REACH), 0, CONFINEMENT_SECCOMP},
    {"thread", try_thread, R(KEEP), R(GATE) | R(REACH), CONFINEMENT_SECCOMP},
    {"ptrace", try_ptrace, 0, 0, CONFINEMENT_SECCOMP},
    {"memory of another process", try_read_parent_memory, 0, 0, CONFINEMENT_SECCOMP},
    {"become root", try_become_root, 0, 0, CONFINEMENT_SECCOMP},
    {"mount", try_mount, 0, 0, CONFINEMENT_SECCOMP},
    {"chroot", try_chroot, 0, 0, CONFINEMENT_SECCOMP},
    {"user namespace", try_user_namespace, 0, 0, CONFINEMENT_SECCOMP},
    {"executable memory", try_executable_memory, 0, (unsigned)WITH_SANITIZER, CONFINEMENT_SECCOMP},
    {"make memory executable", try_make_executable, 0, (unsigned)WITH_SANITIZER,
     CONFINEMENT_SECCOMP},
    {"become dumpable", try_dumpable, 0, R(REACH) | R(COURIER) | R(TELL) | (unsigned)WITH_SANITIZER, CONFINEMENT_SECCOMP},
    {"raise a limit", try_raise_limit, 0, (unsigned)WITH_SANITIZER, CONFINEMENT_SECCOMP},
    {"signal to its parent", try_kill_parent, 0, 0, CONFINEMENT_SECCOMP},
    {"own directory", try_own_directory, R(STORE) | R(COURIER) | R(TELL),
     R(KEEP) | R(GATE) | R(JUDGE) | R(SEAL) | R(REACH) | R(LOOK), CONFINEMENT_NONE},
    {"key in its directory", try_hidden_key, 0, R(COURIER) | R(TELL), CONFINEMENT_FULL},
    {"proc", try_read_proc, R(LOOK), 0, CONFINEMENT_LANDLOCK},
    {"size of a device", try_device_size, R(LOOK), 0, CONFINEMENT_LANDLOCK},
    {"names of hosts", try_read_hosts, R(REACH) | R(COURIER) | R(TELL), 0, CONFINEMENT_LANDLOCK},
};

static bool has_feature(const struct sandbox_report *report, const char *feature)
{
    for (size_t i = 0; i < report->feature_count; i++) {
        if (strcmp(report->features[i], feature) == 0) {
            return true;
        }
    }
    return false;
}

/* A directory as the parent would lay it ready for the store. */
static int make_directory(enum role role, char path[64])
{
    snprintf(path, 64, "/tmp/vogt-sandbox-XXXXXX");
    if (mkdtemp(path) == NULL) {
        return -1;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int key = openat(fd, "seal.key", O_WRONLY | O_CREAT, 0600);
    if (key < 0 || write(key, "secret", 6) != 6) {
        return -1;
    }
    close(key);
    uint32_t uid = sandbox_uid(role);
    return geteuid() == 0 && fchown(fd, uid, uid) != 0 ? -1 : fd;
}

static void remove_directory(const char *path)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", path);
    if (system(command) != 0) {
        printf("left behind: %s\n", path);
    }
}

/* The store that is tried has a database server, and its connection. */
static bool is_connected;

/* The whole life of one child: enters, tells the report through `fd`, tries, exits with what came
 * of it. */
static _Noreturn void live(enum role role, const struct attempt *attempt, int directory_fd, int fd)
{
    umask(077); /* as under the parent */
    const struct sandbox_options options = {
        role == ROLE_STORE || role == ROLE_COURIER || role == ROLE_TELL ? directory_fd : -1, 0, 0, attempt->read_paths, is_connected};
    struct sandbox_report report;
    if (sandbox_enter(role, &options, &report) != ERR_NONE || (is_connected && sandbox_end_connecting() != ERR_NONE) ||
        write(fd, &report, sizeof(report)) != (ssize_t)sizeof(report)) {
        _exit(OUTCOME_BROKEN);
    }
    _exit(attempt->run() < 0 ? OUTCOME_REFUSED : OUTCOME_DONE);
}

static enum outcome try_as(enum role role, const struct attempt *attempt,
                           struct sandbox_report *ret_report)
{
    char path[64];
    int fds[2], status = 0, directory_fd = make_directory(role, path);
    if (directory_fd < 0 || pipe2(fds, O_CLOEXEC) != 0) {
        return OUTCOME_BROKEN;
    }
    pid_t pid = fork();
    if (pid == 0) {
        live(role, attempt, directory_fd, fds[1]);
    }
    close(fds[1]);
    bool told = read(fds[0], ret_report, sizeof(*ret_report)) == (ssize_t)sizeof(*ret_report);
    close(fds[0]);
    close(directory_fd);
    if (waitpid(pid, &status, 0) != pid || !told) {
        return OUTCOME_BROKEN;
    }
    remove_directory(path);
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGSYS ? OUTCOME_KILLED : OUTCOME_BROKEN;
    }
    return (enum outcome)WEXITSTATUS(status);
}

static bool as_promised(enum role role, const struct attempt *attempt, enum outcome outcome,
                        const struct sandbox_report *report)
{
    unsigned bit = 1u << role;
    if (outcome == OUTCOME_BROKEN) {
        return false;
    }
    if ((attempt->allowed_roles & bit) != 0) {
        return outcome == OUTCOME_DONE;
    }
    /* Ports are promised by Landlock only where this kernel's Landlock knows ports. */
    bool ports = attempt->run == try_tcp_connect || attempt->run == try_listen_known_port ||
                 attempt->run == try_listen_any_port;
    if ((attempt->untold_roles & bit) != 0 || (is_connected && attempt->run == try_read_hosts) || report->level < attempt->from_level ||
        (ports && has_feature(report, "no landlock ports"))) {
        return true;
    }
    return outcome == OUTCOME_REFUSED || outcome == OUTCOME_KILLED;
}

static bool check_role(enum role role)
{
    static const char *const words[] = {[OUTCOME_REFUSED] = "refused",
                                        [OUTCOME_DONE] = "done",
                                        [OUTCOME_KILLED] = "killed",
                                        [OUTCOME_BROKEN] = "broken"};
    bool good = true;
    struct sandbox_report report = {CONFINEMENT_NONE, {NULL}, 0};
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        enum outcome outcome = try_as(role, &attempts[i], &report);
        if (!as_promised(role, &attempts[i], outcome, &report)) {
            printf("     %s: %s: %s at level %s\n", role_name(role), attempts[i].what,
                   words[outcome], confinement_name(report.level));
            good = false;
        }
    }
    printf("     %s: level %s\n", role_name(role), confinement_name(report.level));
    return good && report.level >= CONFINEMENT_LIMITS;
}

TEST(gate_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_GATE));
}
TEST(keep_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_KEEP));
}
TEST(store_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_STORE));
}
/* Once it is connected it can do no more than one with a file; but the names of hosts lie in its root. */
TEST(a_connected_store_can_do_no_more)
{
    is_connected = true;
    bool good = check_role(ROLE_STORE);
    is_connected = false;
    CHECK(good);
}
/* An ordinary user on a host that refuses namespaces: as nobody in a user namespace in which no
 * further one may be made. False: this host cannot even do that. */
static bool become_ordinary_without_namespaces(void)
{
    enum { NOBODY = 65534 };
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
        return false;
    }
    char map[64];
    snprintf(map, sizeof(map), "1000 %u 1", (unsigned)geteuid());
    const struct {
        const char *path, *text;
    } files[] = {{"/proc/self/uid_map", map}, {"/proc/sys/user/max_user_namespaces", "0"}};
    bool good = prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 && unshare(CLONE_NEWUSER) == 0;
    for (size_t i = 0; good && i < sizeof(files) / sizeof(files[0]); i++) {
        int fd = open(files[i].path, O_WRONLY | O_CLOEXEC);
        good = fd >= 0 && write(fd, files[i].text, strlen(files[i].text)) > 0;
        close(fd);
    }
    return good;
}

static _Noreturn void live_ordinary(int directory_fd, int fd)
{
    static const struct attempt key = {"key in its directory", try_hidden_key, 0, 0, CONFINEMENT_FULL};
    if (!become_ordinary_without_namespaces()) {
        _exit(OUTCOME_BROKEN);
    }
    live(ROLE_STORE, &key, directory_fd, fd);
}

/* Below full the store says so itself when it could read the key; and at full it neither can nor
 * says it. */
TEST(a_store_that_reaches_the_key_says_so)
{
    static const struct attempt key = {"key in its directory", try_hidden_key, 0, 0, CONFINEMENT_FULL};
    struct sandbox_report report = {CONFINEMENT_NONE, {NULL}, 0};
    enum outcome outcome = try_as(ROLE_STORE, &key, &report);
    CHECK(outcome != OUTCOME_BROKEN);
    CHECK_U64(outcome == OUTCOME_DONE, has_feature(&report, SANDBOX_KEY_IN_REACH));

    char path[64];
    int fds[2], status = 0, directory_fd = make_directory(ROLE_STORE, path);
    CHECK(directory_fd >= 0 && pipe2(fds, O_CLOEXEC) == 0);
    if (geteuid() == 0) {
        CHECK(fchown(directory_fd, 65534, 65534) == 0 &&
              fchownat(directory_fd, "seal.key", 65534, 65534, 0) == 0);
    }
    pid_t pid = fork();
    if (pid == 0) {
        live_ordinary(directory_fd, fds[1]);
    }
    close(fds[1]);
    bool told = read(fds[0], &report, sizeof(report)) == (ssize_t)sizeof(report);
    close(fds[0]);
    close(directory_fd);
    CHECK(waitpid(pid, &status, 0) == pid);
    remove_directory(path);
    if (!told) {
        printf("     no user namespace here to try it in\n");
        return;
    }
    printf("     ordinary store without namespaces: level %s\n", confinement_name(report.level));
    CHECK(report.level < CONFINEMENT_FULL);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == OUTCOME_DONE);
    CHECK(has_feature(&report, SANDBOX_KEY_IN_REACH));
}

TEST(judge_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_JUDGE));
}
TEST(reach_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_REACH));
}
TEST(look_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_LOOK));
}
TEST(courier_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_COURIER));
}
TEST(tell_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_TELL));
}
TEST(seal_can_do_what_its_row_says_and_nothing_else)
{
    CHECK(check_role(ROLE_SEAL));
}

/* look may read what the configuration names, and nothing beside it. */
static const char named_file[] = "/tmp/vogt-sandbox-named";
static int try_named_file(void)
{
    return open(named_file, O_RDONLY | O_CLOEXEC);
}

TEST(look_reads_what_the_configuration_names)
{
    struct sandbox_report report;
    static const char *const named[] = {named_file, NULL}, *const other[] = {"/tmp/vogt-sandbox-other", NULL};
    const struct attempt may = {"a named file", try_named_file, R(LOOK), 0, CONFINEMENT_NONE, named};
    const struct attempt may_not = {"another file", try_named_file, 0, 0, CONFINEMENT_LANDLOCK, other};
    int fd = open(named_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(try_as(ROLE_LOOK, &may, &report) == OUTCOME_DONE);
    enum outcome outcome = try_as(ROLE_LOOK, &may_not, &report);
    CHECK(unlink(named_file) == 0);
    CHECK(outcome == OUTCOME_REFUSED || report.level < CONFINEMENT_LANDLOCK);
}

/* reach's child: its ports and no process any more. */
static enum err narrow(const char *connect_to, const char *listen_on)
{
    struct ports connect = {{0}}, listen = {{0}};
    enum err err = ports_add_text(&connect, slice_string(connect_to));
    err = err == ERR_NONE && listen_on != NULL ? ports_add_text(&listen, slice_string(listen_on)) : err;
    return err == ERR_NONE ? sandbox_narrow_task(&connect, &listen) : err;
}
static int try_listening(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(48713), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ? -1
                                                                                 : listen(fd, 1);
}
static int try_task(void)
{
    return narrow("4433", NULL) != ERR_NONE ? -1 : try_tcp_connect(); /* port 9 */
}
static int try_task_port(void)
{
    return narrow("9", NULL) != ERR_NONE ? -1 : try_tcp_connect();
}
static int try_task_range(void)
{
    return narrow("1-1024", NULL) != ERR_NONE ? -1 : try_tcp_connect();
}
static int try_task_all(void)
{
    return narrow("1-65535", NULL) != ERR_NONE ? -1 : try_tcp_connect();
}
static int try_task_fork(void)
{
    return narrow("9", NULL) != ERR_NONE ? -1 : try_fork();
}
static int try_task_bind(void)
{
    return narrow("9", NULL) != ERR_NONE ? -1 : try_listen_known_port();
}
static int try_task_listen(void)
{
    return narrow("9", NULL) != ERR_NONE ? -1 : listen(socket(AF_INET, SOCK_STREAM, 0), 1);
}
static int try_task_plant(void)
{
    return narrow("9", "48713") != ERR_NONE ? -1 : try_listening();
}
static int try_task_other_plant(void)
{
    return narrow("9", "48714") != ERR_NONE ? -1 : try_listening();
}

TEST(a_task_of_reach_connects_to_its_ports_alone)
{
    struct sandbox_report report;
    const struct attempt other = {"another port", try_task, 0, 0, CONFINEMENT_LANDLOCK};
    const struct attempt process = {"a process", try_task_fork, 0, 0, CONFINEMENT_SECCOMP};
    static const struct attempt own[] = {{"own port", try_task_port, R(REACH), 0, CONFINEMENT_NONE},
                                         {"own range", try_task_range, R(REACH), 0, CONFINEMENT_NONE},
                                         {"all ports", try_task_all, R(REACH), 0, CONFINEMENT_NONE}};
    enum outcome outcome = try_as(ROLE_REACH, &other, &report);
    CHECK(outcome == OUTCOME_REFUSED || has_feature(&report, "no landlock ports") ||
          report.level < CONFINEMENT_LANDLOCK);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        CHECK(try_as(ROLE_REACH, &own[i], &report) == OUTCOME_DONE);
    }
    outcome = try_as(ROLE_REACH, &process, &report);
    CHECK(outcome == OUTCOME_KILLED || report.level < CONFINEMENT_SECCOMP);
}

TEST(a_task_of_reach_listens_on_its_plants_port_alone)
{
    struct sandbox_report report;
    const struct attempt bound = {"a port", try_task_bind, 0, 0, CONFINEMENT_LANDLOCK};
    const struct attempt listening = {"listening", try_task_listen, 0, 0, CONFINEMENT_SECCOMP};
    const struct attempt plant = {"the plant's port", try_task_plant, R(REACH), 0, CONFINEMENT_NONE};
    const struct attempt other = {"another port", try_task_other_plant, 0, 0, CONFINEMENT_LANDLOCK};
    enum outcome outcome = try_as(ROLE_REACH, &bound, &report);
    bool ports = report.level >= CONFINEMENT_LANDLOCK && !has_feature(&report, "no landlock ports");
    CHECK(outcome == OUTCOME_REFUSED || !ports);
    outcome = try_as(ROLE_REACH, &other, &report);
    CHECK(outcome == OUTCOME_REFUSED || !ports);
    outcome = try_as(ROLE_REACH, &listening, &report);
    CHECK(outcome == OUTCOME_KILLED || report.level < CONFINEMENT_SECCOMP);
    CHECK(try_as(ROLE_REACH, &plant, &report) == OUTCOME_DONE);
}

TEST_MAIN
