#include "process/filter_calls.h"

#include "process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define ARGUMENT(argument_number, bits, wanted)                                                    \
    {                                                                                              \
        TEST_MASKED, argument_number, (uint64_t)(bits), (uint64_t)(wanted)                         \
    }
#define IS(argument_number, wanted)                                                                \
    {                                                                                              \
        TEST_MASKED, argument_number, UINT64_MAX, (uint64_t)(wanted)                               \
    }
#define CALL(call_name)                                                                            \
    {                                                                                              \
        .name = call_name                                                                          \
    }
#define CALL_IS(call_name, number, wanted)                                                         \
    {                                                                                              \
        .name = call_name, .arguments = { IS(number, wanted) }                                     \
    }
#define CALL_WITHOUT(call_name, number, bits)                                                      \
    {                                                                                              \
        .name = call_name, .arguments = { ARGUMENT(number, bits, 0) }                              \
    }
#define CALL_WITH(call_name, number, bits)                                                         \
    {                                                                                              \
        .name = call_name, .arguments = { ARGUMENT(number, bits, bits) }                           \
    }
#define CALL_SOCKET(family, type)                                                                  \
    {                                                                                              \
        .name = "socket", .arguments = { IS(0, family), ARGUMENT(1, SOCKET_TYPE_MASK, type) }      \
    }
#define REFUSE(call_name, number)                                                                  \
    {                                                                                              \
        .name = call_name, .refuse_errno = number                                                  \
    }
#define REFUSE_IS(call_name, number, wanted, error)                                                \
    {                                                                                              \
        .name = call_name, .arguments = {IS(number, wanted)}, .refuse_errno = error                \
    }
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

enum {
    OPEN_WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND,
    TERMINAL_GET = 0x5401,
    SOCKET_TYPE_MASK = 0xf,
};
/* linux/dm-ioctl.h and linux/fs.h, as numbers: their headers need not be installed. Unsigned, for a
 * sign would spread into the upper half that the kernel's argument does not have. */
#define DEVICE_MAPPER_DEV_STATUS UINT64_C(0xc138fd07)
#define DEVICE_MAPPER_TABLE_STATUS UINT64_C(0xc138fd0c)
#define BLOCK_SIZE_BYTES UINT64_C(0x80081272)
#define CLONE_NEW_ANY                                                                              \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET | 0x80 /* time */)

/* Every role: memory that is never executable, its own signals, clocks, randomness, and channels
 * over descriptors that it has. */
static const struct filter_call base[] = {
    CALL("read"),
    CALL("write"),
    CALL("readv"),
    CALL("writev"),
    CALL("close"),
    CALL("recvmsg"),
    CALL("recvfrom"),
    CALL("shutdown"),
    CALL_IS("sendto", 4, 0),
    CALL_WITHOUT("sendmsg", 2, MSG_FASTOPEN), /* fast open would connect past Landlock */
    CALL("poll"),
    CALL("ppoll"),
    CALL("epoll_create1"),
    CALL("epoll_ctl"),
    CALL("epoll_wait"),
    CALL("epoll_pwait"),
    CALL("fstat"),
    CALL("newfstatat"),
    CALL("lseek"), /* standard streams; paths lead nowhere in an empty root */
    CALL_IS("fcntl", 1, F_DUPFD_CLOEXEC),
    CALL_IS("fcntl", 1, F_GETFL),
    CALL_IS("fcntl", 1, F_SETFL),
    CALL_IS("fcntl", 1, F_GETFD),
    CALL_IS("fcntl", 1, F_SETFD),
    CALL_IS("ioctl", 1, TERMINAL_GET), /* the C library asks whether standard error is a terminal */
    CALL_WITHOUT("mmap", 2, PROT_EXEC),
    CALL_WITHOUT("mprotect", 2, PROT_EXEC),
    CALL("munmap"),
    CALL("mremap"),
    CALL("madvise"),
    CALL("brk"),
    CALL("mlock"),
    CALL("mlock2"),
    CALL("munlock"), /* guarded memory */
    CALL("rt_sigaction"),
    CALL("rt_sigprocmask"),
    CALL("rt_sigreturn"),
    CALL("sigaltstack"),
    CALL("restart_syscall"),
    {.name = "tgkill", .arguments = {{TEST_SELF, 0, UINT64_MAX, 0}}}, /* abort() */
    CALL("getrandom"),
    CALL("clock_gettime"),
    CALL("clock_getres"),
    CALL("gettimeofday"),
    CALL("time"),
    CALL("clock_nanosleep"),
    CALL("nanosleep"),
    CALL("getpid"),
    CALL("gettid"),
    CALL("getuid"),
    CALL("geteuid"),
    CALL("getgid"),
    CALL("getegid"),
    CALL("getppid"),
    CALL("futex"),
    CALL("sched_yield"),
    CALL("sched_getaffinity"),
    CALL("sysinfo"),
    CALL("uname"), /* sizing by the C library */
    CALL("exit"),
    CALL("exit_group"),
    END,
};

/* Libraries that look for optional files (character sets, time zones, policies): "no" instead of
 * death. */
static const struct filter_call no_files[] = {
    REFUSE("open", EACCES),
    REFUSE("openat", EACCES),
    REFUSE("access", EACCES),
    REFUSE("faccessat", EACCES),
    REFUSE("faccessat2", EACCES),
    REFUSE("readlink", EACCES),
    REFUSE("readlinkat", EACCES),
    REFUSE("stat", EACCES),
    REFUSE("lstat", EACCES),
    REFUSE("statx", EACCES),
    END,
};

/* Connections on sockets that were listening before. */
static const struct filter_call serve[] = {
    CALL("accept4"),
    CALL("accept"),
    CALL("getsockname"),
    CALL("getpeername"),
    CALL("setsockopt"),
    CALL("getsockopt"),
    CALL("eventfd2"),
    CALL("pipe2"),
    CALL("recvmmsg"),
    CALL("sendmmsg"),
    CALL_IS("ioctl", 1, FIONBIO),
    CALL_IS("ioctl", 1, FIONREAD),
    END,
};

/* Threads of the same process, no processes. clone3 hides its flags, so the C library is sent to
 * clone. */
static const struct filter_call threads[] = {
    CALL_WITH("clone", 0, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND),
    REFUSE("clone3", ENOSYS),
    CALL("set_robust_list"),
    CALL("rseq"),
    CALL("sched_setaffinity"),
    CALL_IS("prctl", 0, 15 /* PR_SET_NAME */),
    END,
};

/* SQLite and tile files beneath the one directory. */
static const struct filter_call files[] = {
    CALL("open"),
    CALL("openat"),
    CALL("stat"),
    CALL("lstat"),
    CALL("statx"),
    CALL("access"),
    CALL("faccessat"),
    CALL("faccessat2"),
    CALL("getcwd"),
    CALL("readlink"),
    CALL("readlinkat"),
    CALL("getdents64"),
    CALL("fstatfs"),
    CALL("statfs"),
    CALL("pread64"),
    CALL("pwrite64"),
    CALL("preadv"),
    CALL("pwritev"),
    CALL("ftruncate"),
    CALL("fallocate"),
    CALL("fadvise64"),
    CALL("fsync"),
    CALL("fdatasync"),
    CALL("sync_file_range"),
    CALL("unlink"),
    CALL("unlinkat"),
    CALL("rename"),
    CALL("renameat"),
    CALL("renameat2"),
    CALL("mkdir"),
    CALL("mkdirat"),
    CALL("rmdir"),
    CALL("fchmod"),
    CALL("fchown"),
    CALL("umask"),
    CALL("flock"),
    CALL("dup"),
    CALL("dup2"),
    CALL("dup3"),
    CALL("fchdir"),
    CALL_IS("fcntl", 1, F_SETLK),
    CALL_IS("fcntl", 1, F_GETLK),
    CALL_IS("fcntl", 1, F_SETLKW),
    CALL_IS("fcntl", 1, F_OFD_SETLK),
    CALL_IS("fcntl", 1, F_OFD_GETLK),
    END,
};

static const struct filter_call read_files[] = {
    CALL_WITHOUT("open", 1, OPEN_WRITING),
    CALL_WITHOUT("openat", 2, OPEN_WRITING),
    CALL("stat"),
    CALL("lstat"),
    CALL("statx"),
    CALL("access"),
    CALL("faccessat"),
    CALL("faccessat2"),
    CALL("readlink"),
    CALL("readlinkat"),
    CALL("getcwd"),
    CALL("getdents64"),
    CALL("pread64"),
    CALL("statfs"),
    CALL("fstatfs"),
    CALL("fadvise64"),
    CALL("dup"),
    CALL("fchdir"),
    END,
};

/* The outside: TCP, UDP for names, the kernel's list of addresses (getaddrinfo asks for it). No
 * local sockets: "no" for nscd's. */
static const struct filter_call network[] = {
    CALL_IS("socket", 0, AF_INET),
    CALL_IS("socket", 0, AF_INET6),
    CALL_IS("socket", 0, AF_NETLINK),
    REFUSE_IS("socket", 0, AF_UNIX, EACCES),
    CALL("connect"),
    CALL("bind"),
    CALL("getsockname"),
    CALL("getpeername"),
    CALL("setsockopt"),
    CALL("getsockopt"),
    CALL_WITHOUT("sendto", 3, MSG_FASTOPEN),
    CALL_WITHOUT("sendmmsg", 3, MSG_FASTOPEN),
    CALL("recvmmsg"),
    CALL_IS("ioctl", 1, FIONREAD),
    CALL_IS("ioctl", 1, FIONBIO),
    CALL_IS("socketpair", 0, AF_UNIX),
    CALL("pipe2"),
    CALL("pipe"),
    CALL("eventfd2"),
    CALL("select"),
    CALL("pselect6"),
    END,
};

/* reach's upper half: a child a task, narrowed further before it connects anywhere. A task may name a
 * port that it listens on itself, as its planted failure; no other task keeps listen(). */
static const struct filter_call tasks[] = {
    CALL("listen"),
    CALL_WITHOUT("clone", 0, CLONE_NEW_ANY),
    REFUSE("clone3", ENOSYS),
    CALL("set_robust_list"),
    CALL("rseq"),
    CALL("wait4"),
    CALL("waitid"),
    CALL("kill"),
    CALL("pidfd_open"),
    CALL("pidfd_send_signal"),
    CALL("prctl"),
    CALL("seccomp"),
    CALL("landlock_create_ruleset"),
    CALL("landlock_add_rule"),
    CALL("landlock_restrict_self"),
    CALL("prlimit64"),
    CALL("close_range"),
    CALL("dup2"),
    CALL("dup3"),
    END,
};

/* A role that narrows itself once more after its sandbox. */
static const struct filter_call narrow[] = {
    CALL("prctl"),
    CALL("seccomp"),
    CALL("landlock_create_ruleset"),
    CALL("landlock_add_rule"),
    CALL("landlock_restrict_self"),
    END,
};

/* The host's view for look: addresses by netlink, a listening TCP socket as the planted failure
 * (Landlock: port 0 only). */
static const struct filter_call host[] = {
    CALL_IS("socket", 0, AF_NETLINK),
    REFUSE_IS("socket", 0, AF_UNIX, EACCES),
    CALL_SOCKET(AF_INET, SOCK_STREAM),
    CALL_SOCKET(AF_INET6, SOCK_STREAM), /* datagrams could leave without connecting */
    CALL("bind"),
    CALL("listen"),
    CALL("getsockname"),
    CALL("setsockopt"),
    CALL("getsockopt"),
    CALL_WITHOUT("sendto", 3, MSG_FASTOPEN),
    CALL_IS("ioctl", 1, DEVICE_MAPPER_DEV_STATUS),
    CALL_IS("ioctl", 1, DEVICE_MAPPER_TABLE_STATUS),
    CALL_IS("ioctl", 1, BLOCK_SIZE_BYTES),
    CALL("getgroups"),
    END,
};

/* An audit device: a file of its directory, or one connection. Local sockets too: the host's log is one. A store's database server likewise. */
static const struct filter_call device[] = {
    CALL_SOCKET(AF_UNIX, SOCK_STREAM),
    CALL_SOCKET(AF_UNIX, SOCK_DGRAM),
    CALL_SOCKET(AF_INET, SOCK_STREAM),
    CALL_SOCKET(AF_INET6, SOCK_STREAM),
    CALL_SOCKET(AF_INET, SOCK_DGRAM),
    CALL_SOCKET(AF_INET6, SOCK_DGRAM),
    CALL_IS("socket", 0, AF_NETLINK), /* getaddrinfo asks which addresses this host has */
    CALL("connect"),
    CALL("bind"),
    CALL("getsockname"),
    CALL("getpeername"),
    CALL("setsockopt"),
    CALL("getsockopt"),
    CALL_WITHOUT("sendto", 3, MSG_FASTOPEN),
    CALL_WITHOUT("sendmmsg", 3, MSG_FASTOPEN),
    CALL("recvmmsg"),
    CALL_IS("ioctl", 1, FIONREAD),
    CALL_IS("ioctl", 1, FIONBIO),
    END,
};

#define LISTS(...)                                                                                 \
    {                                                                                              \
        .lists = (const struct filter_call *const[])                                               \
        {                                                                                          \
            __VA_ARGS__, NULL                                                                      \
        }                                                                                          \
    }

const struct filter filters_of_roles[ROLE_COUNT] = {
    [ROLE_GATE] = LISTS(base, no_files, serve, threads),
    [ROLE_KEEP] = LISTS(base, no_files, threads),
    [ROLE_STORE] = LISTS(base, files),
    [ROLE_JUDGE] = LISTS(base, no_files),
    [ROLE_REACH] = LISTS(base, read_files, network, tasks),
    [ROLE_LOOK] = LISTS(base, read_files, host),
    [ROLE_COURIER] = LISTS(base, files, network, narrow),
    [ROLE_TELL] = LISTS(base, files, device, narrow),
    [ROLE_SEAL] = LISTS(base, (const struct filter_call[]){CALL("pread64"), END}),
};

const struct filter filter_connecting = LISTS(base, files, device, narrow);

const char *const filter_connected_refused[] = {
    "socket",     "connect",    "bind",     "listen",  "accept",                  "accept4",           "socketpair",
    "sendmmsg",   "setsockopt", "prctl",    "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
    NULL,
};

/* Programs that start themselves: the loader maps libraries, so memory may be executable; files are
 * Landlock's matter. */
static const struct filter_call program[] = {
    CALL("execve"),
    CALL("mmap"),
    CALL("mprotect"),
    CALL("arch_prctl"),
    CALL("set_tid_address"),
    CALL("set_robust_list"),
    CALL("rseq"),
    CALL("prlimit64"),
    CALL("getrlimit"),
    CALL("pread64"),
    CALL("fcntl"),
    CALL("getrusage"),
    CALL("getcwd"),
    CALL("dup"),
    CALL("dup2"),
    CALL("ioctl"),
    CALL("statx"),
    CALL("chdir"),
    CALL("umask"),
    CALL("getpgrp"),
    CALL("getpgid"),
    CALL("geteuid"),
    CALL("sched_setaffinity"),
    CALL("unlink"),
    CALL("unlinkat"),
    CALL("ftruncate"),
    CALL("mkdir"),
    CALL("capget"),
    CALL("prctl"),
    CALL("getgroups"),
    CALL("times"),
    END,
};
static const struct filter_call netlink_only[] = {
    CALL_IS("socket", 0, AF_NETLINK),
    REFUSE_IS("socket", 0, AF_UNIX, EACCES),
    REFUSE_IS("socket", 0, AF_INET, EACCES),
    REFUSE_IS("socket", 0, AF_INET6, EACCES),
    CALL("bind"),
    CALL("getsockname"),
    CALL("setsockopt"),
    CALL("getsockopt"),
    CALL("sendto"),
    CALL("select"),
    CALL("pselect6"),
    CALL("connect"),
    END,
};

const struct filter filters_of_children[] = {
    [CHILD_PDFTOTEXT] = LISTS(base, read_files, program, threads),
    [CHILD_NFT] = LISTS(base, read_files, program, netlink_only),
    [CHILD_NFT_PLANT] = LISTS(base, read_files, program, netlink_only),
    [CHILD_RELAY] = LISTS(base, read_files, program), /* no socket(), no connect() */
};

/* What AddressSanitizer does beside the program: its report reads our own maps and symbols. */
static const struct filter_call sanitizer_calls[] = {
    CALL("open"),   CALL("openat"),   CALL("readlink"), CALL("readlinkat"), CALL("stat"),
    CALL("mmap"),   CALL("mprotect"), CALL("prctl"),    CALL("getrlimit"),  CALL("prlimit64"),
    CALL("access"), CALL("dup"),      CALL("pipe"),     CALL("getrusage"),  END,
};
const struct filter_call *const filter_sanitizer = sanitizer_calls;

/* A task of reach starts nothing and confines nothing any more. Threads stay allowed: the rows
 * above them match clone's other flags. */
const char *const filter_task_refused[] = {
    "wait4",
    "waitid",
    "kill",
    "pidfd_open",
    "pidfd_send_signal",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
    "prlimit64",
    NULL,
};

/* What no role and no child ever needs, not even while it builds its own sandbox. */
const char *const filter_parent_refused[] = {
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "bpf",
    "perf_event_open",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "swapon",
    "swapoff",
    "reboot",
    "add_key",
    "request_key",
    "keyctl",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "open_by_handle_at",
    "name_to_handle_at",
    "clock_settime",
    "settimeofday",
    "clock_adjtime",
    "adjtimex",
    "acct",
    "quotactl",
    "lookup_dcookie",
    "kcmp",
    "iopl",
    "ioperm",
    "syslog",
    "vhangup",
    "nfsservctl",
    "uselib",
    "_sysctl",
    "sysfs",
    "mknod",
    "mknodat",
    "fanotify_init",
    "pidfd_getfd",
    NULL,
};
