/*
 * vogt-relay: what stands between look and a container engine. Who may write to an engine's socket owns the machine; so the connection (descriptor 4,
 * made by the parent) is held by this program alone, which parses nothing that the engine says and lets nothing through but reading.
 *
 *   standard input:   one line a request: a word of the table below, with an identifier where the row has one
 *   to the engine:    GET or HEAD of the row's target, HTTP/1.1
 *   standard output:  the engine's bytes as they come; look finds the end of each reply
 *
 * A line that is not of this form ends the program. It runs in its own sandbox (process/sandbox_child.c), without a system call that opens a socket, and
 * links the C library only. It never waits for one side while the other has something to say, and holds at most one line and one piece of a reply.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ENGINE_FD = 4, ID_BYTES = 64, LINE_MAX_BYTES = 256, PIECE_BYTES = 65536 };

/* Paths without a version: the engine answers in its newest, of which look picks members that have stood there for years. */
static const struct row {
    const char *word, *method, *before_id, *after_id; /* after_id NULL: there is none */
} rows[] = {
    {"version", "GET", "/version", NULL},
    {"info", "GET", "/info", NULL},
    {"containers", "GET", "/containers/json", NULL},
    {"images", "GET", "/images/json", NULL},
    {"networks", "GET", "/networks", NULL},
    {"services", "GET", "/services", NULL},
    {"container", "GET", "/containers/", "/json"},
    {"image", "GET", "/images/sha256:", "/json"},
    /* lists of installed packages, as a tar archive with one file or one directory */
    {"dpkg", "GET", "/containers/", "/archive?path=/var/lib/dpkg/status"},
    {"dpkg-parts", "GET", "/containers/", "/archive?path=/var/lib/dpkg/status.d"},
    {"apk", "GET", "/containers/", "/archive?path=/lib/apk/db/installed"},
    {"rpm", "HEAD", "/containers/", "/archive?path=/var/lib/rpm"},
    {"rpm-sysimage", "HEAD", "/containers/", "/archive?path=/usr/lib/sysimage/rpm"},
};

/* Waits until the descriptor can be written: the engine's is not blocking, standard output may be. */
static bool write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd ready = {fd, POLLOUT, 0};
            written = poll(&ready, 1, -1) < 0 && errno != EINTR ? -1 : 0;
        } else if (written < 0 && errno == EINTR) {
            written = 0;
        }
        if (written < 0) {
            return false;
        }
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

static bool is_id(const char *text)
{
    return strlen(text) == ID_BYTES && strspn(text, "0123456789abcdef") == ID_BYTES;
}

static bool ask(char *line)
{
    char request[512];
    char *id = strchr(line, ' ');
    if (id != NULL) {
        *id++ = '\0';
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        if (strcmp(line, row->word) != 0) {
            continue;
        }
        if ((id != NULL) != (row->after_id != NULL) || (id != NULL && !is_id(id))) {
            return false;
        }
        int length = snprintf(request, sizeof request, "%s %s%s%s HTTP/1.1\r\nHost: engine\r\nAccept: */*\r\n\r\n", row->method, row->before_id,
                              id == NULL ? "" : id, id == NULL ? "" : row->after_id);
        return length > 0 && (size_t)length < sizeof request && write_all(ENGINE_FD, request, (size_t)length);
    }
    return false;
}

struct lines {
    char bytes[LINE_MAX_BYTES];
    size_t count;
};

/* Reads once and asks for every whole line. */
static bool hear(struct lines *lines)
{
    ssize_t got = read(STDIN_FILENO, lines->bytes + lines->count, sizeof lines->bytes - lines->count);
    if (got <= 0) {
        return got < 0 && (errno == EINTR || errno == EAGAIN);
    }
    lines->count += (size_t)got;
    char *end;
    while ((end = memchr(lines->bytes, '\n', lines->count)) != NULL) {
        size_t taken = (size_t)(end + 1 - lines->bytes);
        *end = '\0';
        if (!ask(lines->bytes)) {
            return false;
        }
        lines->count -= taken;
        memmove(lines->bytes, end + 1, lines->count);
    }
    return lines->count < sizeof lines->bytes;
}

static bool pass_on(void)
{
    char piece[PIECE_BYTES];
    ssize_t got = read(ENGINE_FD, piece, sizeof piece);
    if (got <= 0) {
        return got < 0 && (errno == EINTR || errno == EAGAIN);
    }
    return write_all(STDOUT_FILENO, piece, (size_t)got);
}

int main(void)
{
    struct lines lines = {.count = 0};
    for (;;) {
        struct pollfd sides[] = {{STDIN_FILENO, POLLIN, 0}, {ENGINE_FD, POLLIN, 0}};
        if (poll(sides, 2, -1) < 0) {
            if (errno == EINTR) {
                continue;
            }
            return 1;
        }
        if ((sides[0].revents != 0 && !hear(&lines)) || (sides[1].revents != 0 && !pass_on())) {
            return 0;
        }
    }
}
