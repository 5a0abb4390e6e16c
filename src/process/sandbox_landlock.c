/*
 * Landlock by its three system calls. The kernel's headers may be older than the kernel, so numbers
 * and structures stand here, as the kernel's documentation gives them: ruleset   u64 file accesses,
 * u64 network accesses (ABI 4), u64 scopes (ABI 6) beneath   u64 accesses, s32 descriptor (packed,
 * 12 bytes)         port  u64 accesses, u64 port
 */
#include "process/sandbox_profile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    CALL_CREATE_RULESET = 444, /* the same on all architectures */
    CALL_ADD_RULE = 445,
    CALL_RESTRICT_SELF = 446,
    CREATE_VERSION = 1,
    RULE_BENEATH = 1,
    RULE_PORT = 2,
};

enum file_access {
    FILE_EXECUTE = 1 << 0,
    FILE_WRITE = 1 << 1,
    FILE_READ = 1 << 2,
    FILE_READ_DIR = 1 << 3,
    FILE_ALL_ABI_1 = (1 << 13) - 1,
    FILE_REFER = 1 << 13,     /* ABI 2 */
    FILE_TRUNCATE = 1 << 14,  /* ABI 3 */
    FILE_IOCTL_DEV = 1 << 15, /* ABI 5 */
    FILE_REMOVE_DIR = 1 << 4,
    FILE_REMOVE = 1 << 5,
    FILE_MAKE_DIR = 1 << 7,
    FILE_MAKE_REG = 1 << 8,
};
enum { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2 };
enum { SCOPE_ABSTRACT_SOCKET = 1, SCOPE_SIGNAL = 2 };

struct ruleset {
    uint64_t files, network, scopes;
};
struct beneath {
    uint64_t access;
    int32_t fd;
} __attribute__((packed));
struct port {
    uint64_t access, port;
};
static_assert(sizeof(struct beneath) == 12, "the kernel reads twelve bytes");

/* Handled file accesses of each ABI; a higher one than we know has what we know. */
static const uint64_t files_of_abi[] = {
    0,
    FILE_ALL_ABI_1,
    FILE_ALL_ABI_1 | FILE_REFER,
    FILE_ALL_ABI_1 | FILE_REFER | FILE_TRUNCATE,
    FILE_ALL_ABI_1 | FILE_REFER | FILE_TRUNCATE,
    FILE_ALL_ABI_1 | FILE_REFER | FILE_TRUNCATE | FILE_IOCTL_DEV,
};
enum { ABI_FILES_MAX = 5, ABI_NETWORK = 4, ABI_SCOPES = 6 };

/* Bytes of struct ruleset that each kernel knows: it refuses larger ones only if the rest is not
 * zero, but older ones refuse any. */
static size_t ruleset_bytes(unsigned abi)
{
    return abi >= ABI_SCOPES    ? sizeof(struct ruleset)
           : abi >= ABI_NETWORK ? 2 * sizeof(uint64_t)
                                : sizeof(uint64_t);
}

static enum err add_beneath(int ruleset_fd, int fd, uint64_t access)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return err_from_errno(errno);
    }
    if (!S_ISDIR(status.st_mode)) {
        access &= FILE_EXECUTE | FILE_WRITE | FILE_READ | FILE_TRUNCATE |
                  FILE_IOCTL_DEV; /* the others mean directories only */
    }
    struct beneath rule = {access, fd};
    return syscall(CALL_ADD_RULE, ruleset_fd, RULE_BENEATH, &rule, 0) == 0 ? ERR_NONE
                                                                           : err_from_errno(errno);
}

static enum err add_paths(int ruleset_fd, const char *const *paths, uint64_t access)
{
    for (size_t i = 0; paths != NULL && paths[i] != NULL; i++) {
        int fd = open(paths[i], O_PATH | O_CLOEXEC);
        if (fd < 0) {
            continue; /* what is not there needs no rule */
        }
        enum err err = add_beneath(ruleset_fd, fd, access);
        close(fd);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

static enum err add_port(int ruleset_fd, uint64_t access, uint16_t number)
{
    struct port rule = {access, number};
    return syscall(CALL_ADD_RULE, ruleset_fd, RULE_PORT, &rule, 0) == 0 ? ERR_NONE
                                                                        : err_from_errno(errno);
}

static enum err add_set(int ruleset_fd, uint64_t access, const struct ports *ports)
{
    enum err err = ERR_NONE;
    for (unsigned port = 1; ports != NULL && err == ERR_NONE && port <= PORTS_ALL; port++) {
        err = ports_has(ports, (uint16_t)port) ? add_port(ruleset_fd, access, (uint16_t)port) : ERR_NONE;
    }
    return err;
}

static enum err add_files(int ruleset_fd, const struct landlock_rules *rules, uint64_t handled)
{
    const uint64_t data_access = FILE_WRITE | FILE_READ | FILE_READ_DIR | FILE_REMOVE_DIR |
                                 FILE_REMOVE | FILE_MAKE_DIR | FILE_MAKE_REG | FILE_REFER |
                                 FILE_TRUNCATE;
    enum err err = ERR_NONE;
    if (rules->directory_fd >= 0) {
        err = add_beneath(ruleset_fd, rules->directory_fd, data_access & handled);
    }
    if (err == ERR_NONE) {
        err = add_paths(ruleset_fd, rules->read_paths,
                        (FILE_READ | FILE_READ_DIR | FILE_IOCTL_DEV) & handled);
    }
    if (err == ERR_NONE) {
        err = add_paths(ruleset_fd, rules->more_read_paths, (FILE_READ | FILE_READ_DIR) & handled);
    }
    if (err == ERR_NONE) {
        err = add_paths(ruleset_fd, rules->run_paths,
                        (FILE_READ | FILE_READ_DIR | FILE_EXECUTE) & handled);
    }
    return err;
}

static enum err add_ports(int ruleset_fd, const struct landlock_rules *rules)
{
    enum err err = rules->limit_bind && rules->bind_any_port ? add_port(ruleset_fd, NET_BIND_TCP, 0)
                                                             : ERR_NONE;
    if (err == ERR_NONE && rules->limit_bind) {
        err = add_set(ruleset_fd, NET_BIND_TCP, rules->bind_ports);
    }
    if (err == ERR_NONE && rules->limit_connect) {
        err = add_set(ruleset_fd, NET_CONNECT_TCP, rules->connect_ports);
    }
    return err;
}

enum err landlock_enter(const struct landlock_rules *rules, unsigned *ret_abi)
{
    long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_VERSION);
    if (abi < 1) {
        return ERR_UNSUPPORTED;
    }
    struct ruleset ruleset = {0, 0, 0};
    if (rules->limit_files) {
        ruleset.files = files_of_abi[abi > ABI_FILES_MAX ? ABI_FILES_MAX : abi];
    }
    bool network = abi >= ABI_NETWORK && (rules->limit_bind || rules->limit_connect);
    if (network) {
        ruleset.network =
            (rules->limit_bind ? NET_BIND_TCP : 0u) | (rules->limit_connect ? NET_CONNECT_TCP : 0u);
    }
    if (abi >= ABI_SCOPES && rules->limit_scopes) {
        ruleset.scopes = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
    }
    if (ruleset.files == 0 && ruleset.network == 0 && ruleset.scopes == 0) {
        *ret_abi = (unsigned)abi;
        return ERR_NONE; /* nothing that this kernel could hold */
    }
    int fd = (int)syscall(CALL_CREATE_RULESET, &ruleset, ruleset_bytes((unsigned)abi), 0);
    if (fd < 0) {
        return errno == EOPNOTSUPP || errno == ENOSYS ? ERR_UNSUPPORTED : err_from_errno(errno);
    }
    enum err err = rules->limit_files ? add_files(fd, rules, ruleset.files) : ERR_NONE;
    if (err == ERR_NONE && network) {
        err = add_ports(fd, rules);
    }
    if (err == ERR_NONE && syscall(CALL_RESTRICT_SELF, fd, 0) != 0) {
        err = err_from_errno(errno);
    }
    close(fd);
    if (err == ERR_NONE) {
        *ret_abi = (unsigned)abi;
    }
    return err;
}
