#include "roles/tell_device.h"

#include "base/ports.h"
#include "process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

enum { DNS_PORT = 53, PRIORITY_INFO = 6, MODE_MASK = 0666, RESERVE_PART = 20 };

struct writing {
    struct tell_device *device;
    struct arena *arena;
    const struct json *options;
    struct slice lines;
    bool is_last_word;
    int patience_ms;
    const char *detail;
};

void tell_close(struct tell_device *device)
{
    if (device->fd >= 0) {
        close(device->fd);
    }
    device->fd = -1;
    device->is_connecting = false;
}

static const char *option(const struct writing *writing, const char *name, const char *fallback)
{
    struct slice text = json_text(writing->options, name, SLICE_NONE);
    char *copy = text.len > 0 ? arena_string(writing->arena, text) : NULL;
    return copy == NULL ? fallback : copy;
}

static enum err fail(struct writing *writing, int number, const char *what)
{
    const char *cause = what != NULL ? what : strerror(number);
    writing->detail = cause;
    return number == 0 ? ERR_IO : err_from_errno(number);
}

/* Once, before the first byte leaves: from now on this process reaches no port but its device's. A name may have to be asked for by TCP. */
static enum err narrow(struct tell_device *device, uint16_t port)
{
    static const struct ports none;
    struct ports connect = {{0}};
    if (device->is_narrowed) {
        return ERR_NONE;
    }
    if (port != 0) {
        ports_add(&connect, port);
        ports_add(&connect, DNS_PORT);
    }
    enum err err = sandbox_narrow_task(&connect, &none);
    device->is_narrowed = err == ERR_NONE;
    return err;
}

/* ---- waiting, never longer than the patience ---- */

static bool wait_for(const struct writing *writing, short events)
{
    struct pollfd one = {writing->device->fd, events, 0};
    return poll(&one, 1, writing->patience_ms) == 1 && (one.revents & events) != 0;
}

/* A stream: what was begun must be ended, else the reader would see half a line before the next. */
static enum err write_stream(struct writing *writing)
{
    struct slice rest = writing->lines;
    while (rest.len > 0) {
        ssize_t got = write(writing->device->fd, rest.data, rest.len);
        if (got > 0) {
            rest = slice_from(rest, (size_t)got);
        } else if (got < 0 && errno != EAGAIN && errno != EINTR) {
            return fail(writing, errno, NULL);
        } else if (!wait_for(writing, POLLOUT)) {
            return fail(writing, ETIMEDOUT, "its reader does not take anything");
        }
    }
    return ERR_NONE;
}

static enum err write_datagrams(struct writing *writing, const char *head)
{
    struct slice rest = writing->lines, line;
    while (slice_split(&rest, '\n', &line)) {
        char *text = line.len == 0 ? NULL : arena_printf(writing->arena, "%s%.*s", head, (int)line.len, (const char *)line.data);
        if (line.len == 0) {
            continue;
        }
        if (text == NULL) {
            return ERR_MEMORY;
        }
        struct slice whole = slice_string(text);
        ssize_t got = send(writing->device->fd, whole.data, whole.len, MSG_NOSIGNAL);
        if (got < 0 && errno == EAGAIN && wait_for(writing, POLLOUT)) {
            got = send(writing->device->fd, whole.data, whole.len, MSG_NOSIGNAL);
        }
        if (got < 0) {
            return errno == EAGAIN ? fail(writing, ETIMEDOUT, "its reader does not take anything") : fail(writing, errno, NULL);
        }
    }
    return ERR_NONE;
}

/* ---- files ---- */

static bool was_moved(const struct tell_device *device, const char *name)
{
    struct stat open_one, named;
    return fstat(device->fd, &open_one) != 0 || fstatat(AT_FDCWD, name, &named, AT_SYMLINK_NOFOLLOW) != 0 || open_one.st_ino != named.st_ino ||
           open_one.st_dev != named.st_dev;
}

static enum err open_file(struct writing *writing, const char *name)
{
    unsigned mode = 0600;
    struct stat status;
    const char *text = option(writing, "mode", "0600");
    if (sscanf(text, "%o", &mode) != 1 || mode == 0) {
        mode = 0600;
    }
    int fd = openat(AT_FDCWD, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, mode & MODE_MASK);
    if (fd < 0) {
        return fail(writing, errno, errno == ENXIO ? "nobody reads the pipe" : errno == ELOOP ? "it is a symbolic link" : NULL);
    }
    if (fstat(fd, &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))) {
        close(fd);
        return fail(writing, EINVAL, "it is neither a file nor a pipe");
    }
    if (S_ISREG(status.st_mode)) {
        (void)fchmod(fd, mode & MODE_MASK); /* another's file keeps its mode */
    }
    writing->device->fd = fd;
    return ERR_NONE;
}

/* A request is let in only while there is room for its reply's record too. */
static enum err check_reserve(struct writing *writing)
{
    struct statvfs disk;
    if (writing->is_last_word || writing->lines.len == 0 || fstatvfs(writing->device->fd, &disk) != 0) {
        return ERR_NONE;
    }
    uint64_t unit = disk.f_frsize, free_bytes = unit * disk.f_bavail, part = unit * disk.f_blocks / RESERVE_PART;
    uint64_t reserve = part < TELL_RESERVE_BYTES ? part : TELL_RESERVE_BYTES;
    return free_bytes >= reserve + writing->lines.len ? ERR_NONE : fail(writing, ENOSPC, "its disk is full but for the reserve");
}

static enum err append(struct writing *writing)
{
    struct stat before;
    int fd = writing->device->fd;
    if (fstat(fd, &before) != 0) {
        return fail(writing, errno, NULL);
    }
    if (S_ISFIFO(before.st_mode)) {
        return write_stream(writing);
    }
    enum err err = check_reserve(writing);
    if (err != ERR_NONE) {
        return err;
    }
    ssize_t got = write(fd, writing->lines.data, writing->lines.len);
    if (got >= 0 && (size_t)got == writing->lines.len) {
        return ERR_NONE;
    }
    int number = got < 0 ? errno : ENOSPC;
    if (got > 0 && ftruncate(fd, before.st_size) != 0) {
        return fail(writing, number, "half a line was written, and the rest did not fit");
    }
    return fail(writing, number, NULL);
}

static enum err to_file(struct writing *writing)
{
    const char *name = option(writing, "name", "");
    enum err err = narrow(writing->device, 0);
    if (err == ERR_NONE && writing->device->fd >= 0 && was_moved(writing->device, name)) {
        tell_close(writing->device);
    }
    if (err == ERR_NONE && writing->device->fd < 0) {
        err = open_file(writing, name);
    }
    return err == ERR_NONE && writing->lines.len > 0 ? append(writing) : err;
}

/* ---- sockets ---- */

static enum err connect_to(struct writing *writing, int family, int type, const struct sockaddr *address, socklen_t length)
{
    struct tell_device *device = writing->device;
    device->fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (device->fd < 0) {
        return fail(writing, errno, NULL);
    }
    if (connect(device->fd, address, length) != 0) {
        if (errno != EINPROGRESS) {
            return fail(writing, errno, NULL);
        }
        device->is_connecting = true;
    }
    return ERR_NONE;
}

static enum err connect_local(struct writing *writing, int type, const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof local.sun_path) {
        return fail(writing, EINVAL, "its path is too long");
    }
    memcpy(local.sun_path, path, strlen(path));
    enum err err = narrow(writing->device, 0);
    return err == ERR_NONE ? connect_to(writing, AF_UNIX, type, (const struct sockaddr *)&local, sizeof local) : err;
}

static enum err connect_named(struct writing *writing, int type, char *address)
{
    char *colon = strrchr(address, ':');
    uint64_t port = 0;
    if (colon == NULL || colon == address || slice_to_u64(slice_string(colon + 1), &port) != ERR_NONE || port == 0 || port > PORTS_ALL) {
        return fail(writing, EINVAL, "an address is HOST:PORT");
    }
    *colon = '\0';
    char *host = address;
    if (host[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    enum err err = narrow(writing->device, type == SOCK_STREAM ? (uint16_t)port : 0);
    struct addrinfo hints = {.ai_socktype = type, .ai_family = AF_UNSPEC}, *found = NULL;
    if (err == ERR_NONE && (getaddrinfo(host, colon + 1, &hints, &found) != 0 || found == NULL)) {
        err = fail(writing, EHOSTUNREACH, "its name is not known");
    }
    for (struct addrinfo *one = found; one != NULL; one = one->ai_next) {
        err = connect_to(writing, one->ai_family, type, one->ai_addr, one->ai_addrlen);
        if (err == ERR_NONE) {
            break;
        }
        tell_close(writing->device);
    }
    if (found != NULL) {
        freeaddrinfo(found);
    }
    return err;
}

/* Connecting goes on from one record to the next, so that a device without patience comes back too. */
static enum err finish_connecting(struct writing *writing)
{
    struct tell_device *device = writing->device;
    int number = 0;
    socklen_t length = sizeof number;
    if (!wait_for(writing, POLLOUT | POLLERR | POLLHUP)) {
        return fail(writing, ETIMEDOUT, "it does not answer");
    }
    if (getsockopt(device->fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0 || number != 0) {
        number = number != 0 ? number : errno;
        tell_close(device);
        return fail(writing, number, NULL);
    }
    device->is_connecting = false;
    return ERR_NONE;
}

/* The other side closed: writing once more would still seem to work. */
static bool is_gone(const struct tell_device *device)
{
    char byte;
    struct pollfd one = {device->fd, POLLIN | POLLRDHUP, 0};
    return poll(&one, 1, 0) == 1 && ((one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 || recv(device->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0);
}

static enum err to_socket(struct writing *writing)
{
    struct tell_device *device = writing->device;
    const char *kind = option(writing, "socket_type", "tcp");
    bool is_datagram = strcmp(kind, "udp") == 0, is_local = strcmp(kind, "unix") == 0;
    enum err err = ERR_NONE;
    if (device->fd >= 0 && !device->is_connecting && !is_datagram && is_gone(device)) {
        tell_close(device);
    }
    if (device->fd < 0) {
        char *address = arena_string(writing->arena, json_text(writing->options, "address", SLICE_NONE));
        err = address == NULL ? ERR_MEMORY : is_local ? connect_local(writing, SOCK_STREAM, address) : connect_named(writing, is_datagram ? SOCK_DGRAM : SOCK_STREAM, address);
    }
    err = err == ERR_NONE && device->is_connecting ? finish_connecting(writing) : err;
    if (err != ERR_NONE || writing->lines.len == 0) {
        return err;
    }
    return is_datagram ? write_datagrams(writing, "") : write_stream(writing);
}

static enum err to_syslog(struct writing *writing)
{
    static const char *const facilities[] = {"KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP",
                                             "",     "",     "",     "",       "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"};
    const char *wanted = option(writing, "facility", "AUTH");
    size_t facility = 0;
    while (facility < sizeof facilities / sizeof facilities[0] && strcmp(facilities[facility], wanted) != 0) {
        facility++;
    }
    enum err err = writing->device->fd >= 0 ? ERR_NONE : connect_local(writing, SOCK_DGRAM, "/dev/log");
    char *head = arena_printf(writing->arena, "<%zu>%s: ", facility * 8 + PRIORITY_INFO, option(writing, "tag", "vault"));
    return err != ERR_NONE ? err : head == NULL ? ERR_MEMORY : write_datagrams(writing, head);
}

static enum err discard(struct writing *writing)
{
    return narrow(writing->device, 0);
}

static const struct {
    const char *kind;
    enum err (*write)(struct writing *writing);
} kinds[] = {{"file", to_file}, {"syslog", to_syslog}, {"socket", to_socket}, {"discard", discard}};

enum err tell_write(struct tell_device *device, struct arena *arena, const struct json *options, struct slice lines, bool is_last_word, const char **ret_detail)
{
    uint64_t patience_ms = TELL_PATIENCE_MS;
    struct writing writing = {.device = device, .arena = arena, .options = options, .lines = lines, .is_last_word = is_last_word, .detail = ""};
    if (json_u64(options, "patience_ms", &patience_ms) != ERR_NONE || patience_ms > TELL_PATIENCE_MAX_MS) {
        patience_ms = TELL_PATIENCE_MS;
    }
    writing.patience_ms = device->is_ailing ? 0 : (int)patience_ms;
    enum err err = ERR_UNSUPPORTED;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (slice_is(json_text(options, "kind", SLICE_NONE), kinds[i].kind)) {
            err = kinds[i].write(&writing);
        }
    }
    device->is_ailing = err != ERR_NONE;
    if (err != ERR_NONE && !device->is_connecting) {
        tell_close(device); /* begun anew with the next record */
    }
    *ret_detail = writing.detail;
    return err;
}
