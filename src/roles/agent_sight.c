#include "roles/agent.h"

#include <linux/capability.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first process namespace has a number that never changes (PROC_PID_INIT_INO). */
enum { FIRST_PROCESS_NAMESPACE = (int)0xEFFFFFFC };

static bool has_capability(unsigned number)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    return syscall(SYS_capget, &header, data) == 0 && (data[number / 32].effective >> (number % 32) & 1) != 0;
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static bool sees_other_processes_only(void)
{
    struct stat own;
    return stat("/proc/self/ns/pid", &own) == 0 && own.st_ino != (ino_t)(unsigned)FIRST_PROCESS_NAMESPACE;
}

/* Process 1 of this machine has the machine's network; inside a process namespace it is not the machine's, and nothing is claimed. */
static bool has_other_network(void)
{
    struct stat own, first;
    return !sees_other_processes_only() && stat("/proc/self/ns/net", &own) == 0 && stat("/proc/1/ns/net", &first) == 0 && own.st_ino != first.st_ino;
}

struct json *agent_sight(struct arena *arena, enum role worker)
{
    bool is_look = worker == ROLE_LOOK, is_root = geteuid() == 0;
    const struct {
        const char *id;
        bool missing;
    } gaps[] = {
        {"no-root", is_look && !is_root},
        {"no-net-admin", is_look && is_root && !has_capability(CAP_NET_ADMIN)},
        {"no-dac-read-search", is_look && is_root && !has_capability(CAP_DAC_READ_SEARCH)},
        {"no-sys-admin", is_root && !has_capability(CAP_SYS_ADMIN)},
        {"no-nft", is_look && !program_is_installed("nft")},
        {"other-network", is_look && has_other_network()},
        {"other-processes", is_look && sees_other_processes_only()},
        {"no-landlock", !has_landlock()},
    };
    struct json *list = json_new(arena, JSON_ARRAY);
    for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
        if (gaps[i].missing) {
            json_append(list, json_string(arena, slice_string(gaps[i].id)));
        }
    }
    return list;
}
