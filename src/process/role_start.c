#include "process/role_start.h"

#include "base/log.h"
#include "process/sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONFIGURE_WAIT_MS = 5000,
    READ_PATHS_MAX = 64,
    CONFIGURATION_BYTES = 4 << 20,
    PARENT_QUEUE_BYTES = 2 << 20,
    KEEP_QUEUE_BYTES = 64 << 20,
};

/* Descriptors came through exec; from now on they go nowhere else. */
static bool is_socket(int fd)
{
    int type;
    socklen_t length = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum err open_channels(enum role self, struct role_start *start)
{
    if (!is_socket(ROLE_PARENT_FD) || (!role_is_hub(self) && !is_socket(ROLE_KEEP_FD))) {
        return ERR_INVALID;
    }
    /* messages.def knows the hub as keep */
    start->parent = channel_new(ROLE_PARENT_FD, role_is_hub(self) ? ROLE_KEEP : self, ROLE_PARENT, PARENT_QUEUE_BYTES);
    if (!role_is_hub(self)) {
        start->keep = channel_new(ROLE_KEEP_FD, self, ROLE_KEEP, KEEP_QUEUE_BYTES);
    }
    start->arena = arena_new(CONFIGURATION_BYTES);
    return start->parent == NULL || start->arena == NULL ||
                   (!role_is_hub(self) && start->keep == NULL)
               ? ERR_MEMORY
               : ERR_NONE;
}

static enum err take_configuration(struct role_start *start)
{
    struct frame frame;
    enum err err = channel_wait(start->parent, CONFIGURE_WAIT_MS, &frame);
    if (err != ERR_NONE) {
        return err;
    }
    if (frame.kind != MESSAGE_CONFIGURE) {
        return ERR_PROTOCOL;
    }
    struct slice body = arena_copy(start->arena, frame.body); /* the tree borrows from it */
    struct json *configuration = NULL;
    err = body.data == NULL && frame.body.len > 0 ? ERR_MEMORY
                                                  : json_unpack(start->arena, body, &configuration);
    start->configuration = configuration;
    return err;
}

static enum err take_descriptors(struct role_start *start)
{
    uint64_t count = 0;
    enum err err = json_u64(start->configuration, "descriptors", &count);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    if (count > ROLE_FDS_MAX) {
        return ERR_TOO_LARGE;
    }
    int first = role_is_hub(start->self) ? ROLE_KEEP_FD : ROLE_KEEP_FD + 1;
    for (size_t i = 0; i < count; i++) {
        start->fds[i] = first + (int)i;
        if (fcntl(start->fds[i], F_SETFD, FD_CLOEXEC) != 0) {
            return ERR_INVALID;
        }
    }
    start->fd_count = (size_t)count;
    return ERR_NONE;
}

static enum err begin(enum role self, struct role_start *start)
{
    enum err err = open_channels(self, start);
    if (err == ERR_NONE) {
        err = take_configuration(start);
    }
    if (err == ERR_NONE) {
        err = take_descriptors(start);
    }
    if (err == ERR_NONE) {
        err = json_u64(start->configuration, "index", &start->index);
        err = err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    return err;
}

enum err role_start(enum role self, struct role_start *ret_start)
{
    static char name[32];
    snprintf(name, sizeof(name), "vogt-%s", role_name(self));
    prctl(PR_SET_NAME, name, 0, 0, 0); /* execveat would show a number */
    log_start(role_name(self), STDERR_FILENO);
    struct role_start start = {.self = self, .level = CONFINEMENT_NONE};
    enum err err = begin(self, &start);
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "role.not-started", LOG_ERR(err),
            LOG_TEXT("hint", "roles are started by vogt-parent only"));
        role_end(&start);
        return err;
    }
    start.language = slice_is(json_text(start.configuration, "language", SLICE_NONE), "de")
                         ? LANGUAGE_GERMAN
                         : LANGUAGE_ENGLISH;
    *ret_start = start;
    return ERR_NONE;
}

static uint32_t id_of(const struct role_start *start, const char *member)
{
    uint64_t id = 0;
    return json_u64(start->configuration, member, &id) == ERR_NONE && id < UINT32_MAX ? (uint32_t)id
                                                                                      : 0;
}

/* "read" of the configuration: absolute paths. What is none is passed over: the collector will say
 * that it could not read. */
static void read_paths_of(const struct role_start *start, const char *paths[READ_PATHS_MAX + 1])
{
    size_t count = 0;
    const struct json *list = json_member(start->configuration, "read");
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        const char *path = arena_string(start->arena, one->text);
        if (path != NULL && path[0] == '/' && count < READ_PATHS_MAX) {
            paths[count++] = path;
        }
    }
    paths[count] = NULL;
}

static enum err confine(struct role_start *start, const struct sandbox_options *options)
{
    struct sandbox_report report;
    enum err err = sandbox_enter(start->self, options, &report);
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "sandbox.failed", LOG_ERR(err));
        return err;
    }
    start->level = report.level;
    start->features = json_new(start->arena, JSON_ARRAY);
    for (size_t i = 0; i < report.feature_count; i++) {
        json_append(start->features, json_string(start->arena, slice_string(report.features[i])));
    }
    enum confinement minimum = CONFINEMENT_NONE;
    struct slice name = json_text(start->configuration, "minimum", SLICE_NONE);
    if (name.len > 0 && confinement_of_name(name, &minimum) != ERR_NONE) {
        return ERR_INVALID;
    }
    return start->level >= minimum ? ERR_NONE : ERR_RIGHTS;
}

enum err role_confine(struct role_start *start, int directory_fd)
{
    const char *paths[READ_PATHS_MAX + 1];
    read_paths_of(start, paths);
    const struct sandbox_options options = {.directory_fd = directory_fd, .uid = id_of(start, "uid"), .gid = id_of(start, "gid"), .read_paths = paths};
    return confine(start, &options);
}

enum err role_confine_connecting(struct role_start *start, int directory_fd, const char *const *paths)
{
    const struct sandbox_options options = {.directory_fd = directory_fd, .uid = id_of(start, "uid"), .gid = id_of(start, "gid"), .read_paths = paths, .connects = true};
    return confine(start, &options);
}

static enum err send_tree(struct channel *channel, enum message kind, const struct json *tree)
{
    struct buf *body = channel_begin(channel, kind, 0);
    enum err packed = json_pack(body, tree);
    enum err err = channel_end(channel);
    if (packed != ERR_NONE || err != ERR_NONE) {
        return packed != ERR_NONE ? packed : err;
    }
    return channel_flush_all(channel, CONFIGURE_WAIT_MS);
}

enum err role_ready(struct role_start *start)
{
    struct json *ready = json_new(start->arena, JSON_OBJECT);
    json_set_string(start->arena, ready, "confinement",
                    slice_string(confinement_name(start->level)));
    if (start->features == NULL) {
        start->features = json_new(start->arena, JSON_ARRAY);
    }
    if (json_set(start->arena, ready, "features", start->features) == NULL) {
        return ERR_MEMORY;
    }
    enum err err = send_tree(start->parent, MESSAGE_READY, ready);
    if (err == ERR_NONE) {
        LOG(LOG_INFO, "role.ready", LOG_TEXT("confinement", confinement_name(start->level)));
    }
    return err;
}

int role_fail(struct role_start *start, enum err err, struct text text)
{
    LOG(LOG_ERROR, "role.failed", LOG_ERR(err), LOG_TEXT("text", text_in(text, start->language)));
    struct json *failed = json_new(start->arena, JSON_OBJECT);
    json_set_string(start->arena, failed, "err", slice_string(err_name(err)));
    json_set_string(start->arena, failed, "english", slice_string(text.english));
    if (json_set_string(start->arena, failed, "german", slice_string(text.german)) != NULL) {
        enum err sent = send_tree(start->parent, MESSAGE_READY, failed);
        if (sent != ERR_NONE) {
            LOG(LOG_ERROR, "role.unheard", LOG_ERR(sent));
        }
    }
    role_end(start);
    return ROLE_EXIT_FAILED;
}

void role_end(struct role_start *start)
{
    channel_free(start->keep);
    channel_free(start->parent);
    arena_free(start->arena);
    *start = (struct role_start){.self = start->self};
}
