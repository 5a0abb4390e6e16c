/* To those who wait outside: systemd (READY=1 and the like, one datagram each) and whoever gave
 * --ready-fd (one line of JSON). */
#include "roles/parent.h"

#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_manager(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') ||
        strlen(path) >= sizeof(address.sun_path)) {
        return;
    }
    size_t length = strlen(path);
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* the abstract name space */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, bytes) <
        0) {
        LOG(LOG_WARN, "notify.failed", LOG_ERR(err_from_errno(errno)));
    }
    close(fd);
}

int64_t notify_watchdog_ms(void)
{
    uint64_t usec = 0, pid = 0;
    const char *whose = getenv("WATCHDOG_PID");
    if (slice_to_u64(slice_string(getenv("WATCHDOG_USEC")), &usec) != ERR_NONE ||
        usec > UINT32_MAX * UINT64_C(1000)) {
        return 0;
    }
    if (whose != NULL &&
        (slice_to_u64(slice_string(whose), &pid) != ERR_NONE || pid != (uint64_t)getpid())) {
        return 0;
    }
    return (int64_t)(usec / 2000);
}

static void write_line(int fd, const struct json *tree)
{
    cleanup_buf struct buf line = BUF_INIT(1 << 16);
    if (fd < 0 || tree == NULL || json_write(&line, tree, 0) != ERR_NONE ||
        buf_append_byte(&line, '\n') != ERR_NONE) {
        return;
    }
    ssize_t written = write(fd, line.data, line.len);
    if (written < 0 || (size_t)written != line.len) {
        LOG(LOG_WARN, "notify.failed", LOG_ERR(ERR_IO));
    }
    close(fd);
}

static struct json *level_list(const struct parent *parent, struct arena *arena, struct json *tree)
{
    struct json *levels = json_set_object(arena, tree, "levels");
    struct json *last =
        json_set_string(arena, levels, "parent", slice_string(confinement_name(parent->own.level)));
    for (size_t i = 0; i < parent->member_count; i++) {
        const struct member *member = &parent->members[i];
        if (member->index == 0 && member->state == MEMBER_SERVING) {
            last = json_set_string(arena, levels, role_name(member->role),
                                   slice_string(confinement_name(member->level)));
        }
    }
    return last;
}

void notify_ready(const struct parent *parent, struct slice login_link)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_bool(arena, tree, "ready", true);
    json_set_string(arena, tree, "address", slice_string(parent->address));
    if (login_link.len > 0) {
        json_set_string(arena, tree, "login_link", login_link);
    } else {
        json_set_null(arena, tree, "login_link");
    }
    write_line(parent->options.ready_fd, level_list(parent, arena, tree) == NULL ? NULL : tree);
    notify_manager("READY=1");
    LOG(LOG_INFO, "parent.ready", LOG_TEXT("address", parent->address),
        LOG_NUMBER("after_ms", parent_now_ms() - parent->begun_ms));
}

void notify_failed(const struct parent *parent, enum err err, struct text text, const char *detail)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_bool(arena, tree, "ready", false);
    json_set_string(arena, tree, "err", slice_string(err_name(err)));
    json_set_string(arena, tree, "english", slice_string(text.english));
    json_set_string(arena, tree, "german", slice_string(text.german));
    struct json *last = json_set_string(arena, tree, "detail", slice_string(detail));
    write_line(parent->options.ready_fd, last == NULL ? NULL : tree);
}
