/*
 * Facts: {"tables":{"tcp":"read|absent|cut|malformed|<error>", …}, "listeners":[{"protocol":"tcp|udp","address","port","uid",
 *   "inode","process"?}], "ephemeral_first","ephemeral_last", "processes_unreadable":N}
 * A line of a table: "  sl: local:port remote:port state queues timer retransmits uid timeout inode …"; addresses are hex
 * words as they lie in memory, so that their bytes are the address in network order.
 * The planted failure is a real socket, listening on every address, bound to the loopback device so that nobody reaches it.
 */
#include "collect/sockets.h"

#include "collect/fact.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TABLE_MAX_BYTES = 8 << 20,
    LISTENERS_MAX = 4096,
    PROCESSES_MAX = 32768,
    FILES_MAX = 8192,               /* of one process */
    STATE_LISTEN = 0x0a,
    STATE_CLOSED = 0x07,            /* of UDP: bound, without a peer */
};

static const char *const tables[] = {"tcp", "tcp6", "udp", "udp6"};

/* -- one table ------------------------------------------------------------------------------------------------------ */

static bool hex_value(struct slice text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > 16) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        unsigned digit = byte >= '0' && byte <= '9' ? byte - 48u : byte >= 'A' && byte <= 'F' ? byte - 55u
                         : byte >= 'a' && byte <= 'f' ? byte - 87u : 16u;
        if (digit == 16) {
            return false;
        }
        value = value << 4 | digit;
    }
    *ret_value = value;
    return true;
}

struct endpoint {
    uint8_t address[16];
    bool ipv6;
    uint16_t port;
};

static bool read_endpoint(struct slice text, struct endpoint *ret_endpoint)
{
    struct endpoint endpoint = {.ipv6 = text.len == 37};
    size_t words = endpoint.ipv6 ? 4 : 1;
    if (text.len != words * 8 + 5 || text.data[words * 8] != ':') {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < words; i++) {
        if (!hex_value(slice_first(slice_from(text, i * 8), 8), &value)) {
            return false;
        }
        uint32_t word = (uint32_t)value;
        memcpy(endpoint.address + i * 4, &word, 4);
    }
    if (!hex_value(slice_from(text, words * 8 + 1), &value)) {
        return false;
    }
    endpoint.port = (uint16_t)value;
    *ret_endpoint = endpoint;
    return true;
}

static bool next_field(struct slice *rest, struct slice *ret_field)
{
    while (rest->len > 0 && rest->data[0] == ' ') {
        *rest = slice_from(*rest, 1);
    }
    return slice_split(rest, ' ', ret_field) && ret_field->len > 0;
}

enum { FIELD_LOCAL = 1, FIELD_REMOTE = 2, FIELD_STATE = 3, FIELD_UID = 7, FIELD_INODE = 9, FIELD_COUNT = 10 };

static enum err read_line(struct arena *arena, struct slice line, bool tcp, struct json *listeners)
{
    struct slice fields[FIELD_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!next_field(&line, &fields[i])) {
            return ERR_MALFORMED;
        }
    }
    struct endpoint local, remote;
    uint64_t state = 0, uid = 0, inode = 0;
    if (!read_endpoint(fields[FIELD_LOCAL], &local) || !read_endpoint(fields[FIELD_REMOTE], &remote) ||
        !hex_value(fields[FIELD_STATE], &state) || slice_to_u64(fields[FIELD_UID], &uid) != ERR_NONE ||
        slice_to_u64(fields[FIELD_INODE], &inode) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    if (state != (tcp ? STATE_LISTEN : STATE_CLOSED) || local.port == 0 || remote.port != 0) {
        return ERR_NONE;
    }
    if (listeners != NULL && listeners->count >= LISTENERS_MAX) {
        return ERR_TOO_LARGE;
    }
    char address[INET6_ADDRSTRLEN] = "";
    inet_ntop(local.ipv6 ? AF_INET6 : AF_INET, local.address, address, sizeof(address));
    struct json *fact = json_append(listeners, json_new(arena, JSON_OBJECT));
    json_set_string(arena, fact, "protocol", slice_string(tcp ? "tcp" : "udp"));
    json_set_string(arena, fact, "address", slice_string(address));
    json_set_u64(arena, fact, "port", local.port);
    json_set_u64(arena, fact, "uid", uid);
    return json_set_u64(arena, fact, "inode", inode) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum err sockets_parse(struct arena *arena, struct slice text, const char *table, struct json *listeners)
{
    bool tcp = strncmp(table, "tcp", 3) == 0;
    struct slice rest = text, line;
    if (!slice_split(&rest, '\n', &line) || slice_find(line, SLICE_LITERAL("local_address")) == SIZE_MAX) {
        return ERR_MALFORMED;
    }
    while (slice_split(&rest, '\n', &line)) {
        if (slice_trim(line).len == 0) {
            continue;
        }
        enum err err = read_line(arena, line, tcp, listeners);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* -- who listens ---------------------------------------------------------------------------------------------------- */

static struct json *by_inode(struct json *listeners, uint64_t inode)
{
    for (struct json *fact = listeners->first; fact != NULL; fact = fact->next) {
        uint64_t own = 0;
        if (json_u64(fact, "inode", &own) == ERR_NONE && own == inode) {
            return fact;
        }
    }
    return NULL;
}

static void name_socket(struct arena *arena, int process_fd, const char *link, struct json *listeners)
{
    struct slice target = slice_string(link), name;
    uint64_t inode = 0;
    if (!slice_starts(target, SLICE_LITERAL("socket:[")) || target.len < 10 ||
        slice_to_u64(slice_first(slice_from(target, 8), target.len - 9), &inode) != ERR_NONE) {
        return;
    }
    struct json *fact = by_inode(listeners, inode);
    if (fact != NULL && json_member(fact, "process") == NULL &&
        fact_read_text(arena, process_fd, "comm", 64, &name) == ERR_NONE) {
        fact_set_text(arena, fact, "process", name, 64);
    }
}

/* False when the process does not show its files. */
static bool name_sockets_of(struct arena *arena, int process_fd, struct json *listeners)
{
    int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        bool gone = fd < 0 && (errno == ENOENT || errno == ESRCH);
        if (fd >= 0) {
            close(fd);
        }
        return gone;
    }
    const struct dirent *entry;
    bool shown = true;
    for (size_t count = 0; count < FILES_MAX && (entry = readdir(directory)) != NULL; count++) {
        char link[64];
        ssize_t length = entry->d_name[0] == '.' ? 0 : readlinkat(dirfd(directory), entry->d_name, link, sizeof(link) - 1);
        if (length < 0) {
            shown = shown && errno != EACCES;
        } else if (length > 0) {
            link[length] = '\0';
            name_socket(arena, process_fd, link, listeners);
        }
    }
    closedir(directory);
    return shown;
}

static uint64_t name_sockets(struct arena *arena, int proc_fd, struct json *listeners)
{
    uint64_t unreadable = 0;
    int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return 1;
    }
    const struct dirent *entry;
    for (size_t count = 0; count < PROCESSES_MAX && (entry = readdir(directory)) != NULL; count++) {
        uint64_t pid = 0;
        if (slice_to_u64(slice_string(entry->d_name), &pid) != ERR_NONE) {
            continue;
        }
        int process_fd = openat(proc_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (process_fd >= 0) {
            unreadable += name_sockets_of(arena, process_fd, listeners) ? 0 : 1;
            close(process_fd);
        }
    }
    closedir(directory);
    return unreadable;
}

/* -- the whole ------------------------------------------------------------------------------------------------------ */

static const char *read_table(struct arena *arena, int proc_fd, const char *table, struct json *listeners)
{
    char path[32];
    snprintf(path, sizeof(path), "net/%s", table);
    cleanup_buf struct buf text = BUF_INIT(TABLE_MAX_BYTES);
    bool was_cut = false;
    enum err err = fact_read_file(proc_fd, path, &text, &was_cut);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? "absent" : "unreadable";
    }
    err = was_cut ? ERR_TOO_LARGE : sockets_parse(arena, buf_slice(&text), table, listeners);
    return err == ERR_NONE ? "read" : err == ERR_TOO_LARGE ? "cut" : "malformed";
}

/* "32768\t60999": where the kernel takes the ports of outgoing traffic from. */
static void put_ephemeral(struct arena *arena, int proc_fd, struct json *facts)
{
    struct slice text, first;
    uint64_t from = 0, until = 0;
    if (fact_read_text(arena, proc_fd, "sys/net/ipv4/ip_local_port_range", 64, &text) != ERR_NONE ||
        !slice_split(&text, '\t', &first) || slice_to_u64(first, &from) != ERR_NONE ||
        slice_to_u64(slice_trim(text), &until) != ERR_NONE) {
        return;
    }
    json_set_u64(arena, facts, "ephemeral_first", from);
    json_set_u64(arena, facts, "ephemeral_last", until);
}

struct json *sockets_read(struct arena *arena, int proc_fd)
{
    struct json *facts = json_new(arena, JSON_OBJECT);
    struct json *states = json_set_object(arena, facts, "tables");
    struct json *listeners = json_set_array(arena, facts, "listeners");
    if (listeners == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        json_set_string(arena, states, tables[i], slice_string(read_table(arena, proc_fd, tables[i], listeners)));
    }
    put_ephemeral(arena, proc_fd, facts);
    json_set_u64(arena, facts, "processes_unreadable", name_sockets(arena, proc_fd, listeners));
    return facts;
}

/* A listening socket on every address; -1 when the machine refuses. Only the loopback device delivers to it, where that can be had. */
static int plant_socket(uint16_t *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t length = sizeof(address);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* The planted facts keep only the planted socket's line: the rest of the machine is no part of the plant. */
static struct json *only_port(struct arena *arena, struct json *facts, uint16_t port)
{
    struct json *kept = json_new(arena, JSON_OBJECT), *listeners = NULL;
    json_set(arena, kept, "tables", json_copy(arena, json_member(facts, "tables")));
    listeners = json_set_array(arena, kept, "listeners");
    const struct json *all = json_member(facts, "listeners");
    for (const struct json *fact = all == NULL ? NULL : all->first; fact != NULL; fact = fact->next) {
        uint64_t own = 0;
        if (json_u64(fact, "port", &own) == ERR_NONE && own == port) {
            json_append(listeners, json_copy(arena, fact));
        }
    }
    json_set_u64(arena, kept, "planted_port", port);
    return kept;
}

enum err collect_sockets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input, (void)raw;
    int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0) {
        return complain(&reply->complaint, err_from_errno(errno), TEXT("cannot read /proc", "/proc ist nicht lesbar"), 0, 0, NULL, 0);
    }
    struct json *facts = sockets_read(arena, proc_fd), *planted = NULL;
    uint16_t port = 0;
    int planted_fd = plant_socket(&port);
    if (planted_fd >= 0) {
        planted = only_port(arena, sockets_read(arena, proc_fd), port);
        close(planted_fd);
    }
    close(proc_fd);
    return fact_output(arena, facts, planted, &reply->output);
}
