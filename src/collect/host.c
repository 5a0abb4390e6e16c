#include "collect/host.h"

#include "collect/fact.h"
#include "collect/mountinfo.h"
#include "collect/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 256, MOUNTS_MAX = 256, TEXT_MAX_BYTES = 256, PATH_MAX_BYTES = 4096, MOUNTINFO_MAX_BYTES = 1 << 20 };

static void put_names(struct arena *arena, struct json *facts)
{
    struct utsname names;
    struct slice text, line;
    if (uname(&names) == 0) {
        fact_set_text(arena, facts, "hostname", slice_string(names.nodename), TEXT_MAX_BYTES);
        fact_set_text(arena, facts, "kernel", slice_string(names.release), TEXT_MAX_BYTES);
    }
    if (fact_read_text(arena, AT_FDCWD, "/etc/os-release", 16384, &text) != ERR_NONE &&
        fact_read_text(arena, AT_FDCWD, "/usr/lib/os-release", 16384, &text) != ERR_NONE) {
        return;
    }
    while (slice_split(&text, '\n', &line)) {
        if (slice_starts(line, SLICE_LITERAL("PRETTY_NAME="))) {
            struct slice name = slice_from(line, 12);
            bool quoted = name.len >= 2 && name.data[0] == '"' && name.data[name.len - 1] == '"';
            fact_set_text(arena, facts, "os", quoted ? slice_first(slice_from(name, 1), name.len - 2) : name, TEXT_MAX_BYTES);
            return;
        }
    }
}

static void put_addresses(struct arena *arena, struct json *facts)
{
    struct json *list = json_set_array(arena, facts, "addresses");
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) {
        json_set_string(arena, facts, "addresses_error", slice_string(err_name(err_from_errno(errno))));
        return;
    }
    for (const struct ifaddrs *one = all; one != NULL && list != NULL && list->count < ADDRESSES_MAX; one = one->ifa_next) {
        char text[INET6_ADDRSTRLEN];
        if (one->ifa_addr == NULL || (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6)) {
            continue;
        }
        bool ipv6 = one->ifa_addr->sa_family == AF_INET6;
        struct sockaddr_in ipv4_address;
        struct sockaddr_in6 ipv6_address;
        memcpy(&ipv4_address, one->ifa_addr, sizeof(ipv4_address));
        memcpy(&ipv6_address, one->ifa_addr, ipv6 ? sizeof(ipv6_address) : sizeof(ipv4_address));
        const void *bytes = ipv6 ? (const void *)&ipv6_address.sin6_addr : (const void *)&ipv4_address.sin_addr;
        if (inet_ntop(one->ifa_addr->sa_family, bytes, text, sizeof(text)) != NULL) {
            struct json *fact = json_append(list, json_new(arena, JSON_OBJECT));
            fact_set_text(arena, fact, "interface", slice_string(one->ifa_name), TEXT_MAX_BYTES);
            json_set_string(arena, fact, "address", slice_string(text));
            json_set_string(arena, fact, "family", slice_string(ipv6 ? "ipv6" : "ipv4"));
        }
    }
    freeifaddrs(all);
}

/* File systems that lie on a device: what stands in memory or belongs to the kernel is no volume. */
static void put_mounts(struct arena *arena, struct json *facts)
{
    struct json *list = json_set_array(arena, facts, "mounts");
    struct slice text;
    struct mount mount;
    enum err err = fact_read_text(arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX_BYTES, &text);
    while (err == ERR_NONE && list != NULL && list->count < MOUNTS_MAX) {
        err = mountinfo_next(arena, &text, &mount);
        if (err != ERR_NONE || (mount.major == 0 && !slice_starts(mount.source, SLICE_LITERAL("/dev/")))) {
            continue;
        }
        struct json *fact = json_append(list, json_new(arena, JSON_OBJECT));
        fact_set_text(arena, fact, "point", mount.point, PATH_MAX_BYTES);
        fact_set_text(arena, fact, "type", mount.type, TEXT_MAX_BYTES);
        fact_set_text(arena, fact, "source", mount.source, PATH_MAX_BYTES);
    }
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        json_set_string(arena, facts, "mounts_error", slice_string(err_name(err)));
    }
}

/* One machine: what it is called, its addresses, its mounts, its listeners. */
static struct json *read_machine(struct arena *arena, struct json *holder, const char *proc)
{
    struct json *facts = json_set_object(arena, holder, "facts");
    put_names(arena, facts);
    put_addresses(arena, facts);
    put_mounts(arena, facts);
    int proc_fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd >= 0) {
        json_set(arena, facts, "sockets", sockets_read(arena, proc_fd));
        close(proc_fd);
    }
    return facts;
}

enum err collect_host(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input, (void)raw;
    struct json *output = json_new(arena, JSON_OBJECT);
    read_machine(arena, output, "/proc");
    /* the planted machine hides its listeners: where /proc should be lies a folder without tables of sockets */
    struct json *planted = read_machine(arena, json_set_object(arena, output, "plant"), "/proc/sys");
    if (planted == NULL || json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL) {
        return ERR_TOO_LARGE;
    }
    reply->output = output;
    return ERR_NONE;
}
