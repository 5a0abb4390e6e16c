/*
 * A role that is told to stop while it still starts: STOP lies in its channel right behind CONFIGURE, and is read together with it. It must go at once all the same, else
 * every start that fails takes seconds for each role.
 */
#include "base/json.h"
#include "process/channel.h"
#include "process/spawn.h"

#include "base/check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUEUE_BYTES = 1 << 20, GOES_WITHIN_MS = 2500 };

/* The channel, which stays open as long as it is not freed; NULL: it did not work. */
static struct channel *tell_both(int fd, enum role role, size_t own)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct channel *channel = channel_new(fd, ROLE_PARENT, role, QUEUE_BYTES);
    struct json *tree = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, tree, "index", 0);
    json_set_u64(arena, tree, "descriptors", own);
    json_set_string(arena, tree, "language", SLICE_LITERAL("en"));
    enum err err = json_pack(channel_begin(channel, MESSAGE_CONFIGURE, 0), tree);
    err = err == ERR_NONE ? channel_end(channel) : err;
    err = err == ERR_NONE ? channel_send(channel, MESSAGE_STOP, 0, SLICE_NONE) : err;
    err = err == ERR_NONE ? channel_flush(channel) : err;
    if (err != ERR_NONE) {
        channel_free(channel);
        return NULL;
    }
    return channel;
}

/* Did it go by itself in time? `own_fd`: -1, or its descriptor 5. */
static bool goes(enum role role, int own_fd)
{
    int parent_fds[2], keep_fds[2], directory_fd = -1, status = 0;
    struct spawned spawned = {0, -1};
    if (channel_pair(parent_fds) != ERR_NONE || channel_pair(keep_fds) != ERR_NONE || spawn_directory(&directory_fd) != ERR_NONE) {
        return false;
    }
    struct channel *channel = tell_both(parent_fds[0], role, own_fd < 0 ? 0 : 1);
    const int fds[] = {parent_fds[1], keep_fds[1], own_fd};
    if (channel == NULL || spawn_role(directory_fd, role, NULL, fds, own_fd < 0 ? 2 : 3, &spawned) != ERR_NONE) {
        channel_free(channel);
        return false;
    }
    struct pollfd ended = {spawned.pidfd, POLLIN, 0};
    bool is_gone = poll(&ended, 1, GOES_WITHIN_MS) == 1;
    if (!is_gone) {
        kill(spawned.pid, SIGKILL);
    }
    bool is_reaped = waitpid(spawned.pid, &status, 0) == spawned.pid;
    channel_free(channel);
    return is_reaped && is_gone && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(a_role_that_is_told_to_stop_at_its_start_goes_at_once)
{
    char path[] = "/tmp/vogt-stop-XXXXXX", command[64];
    CHECK(mkdtemp(path) != NULL);
    int directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (geteuid() == 0) {
        CHECK(fchown(directory_fd, 65500 + ROLE_STORE, 65500 + ROLE_STORE) == 0);
    }
    CHECK(goes(ROLE_JUDGE, -1));
    CHECK(goes(ROLE_LOOK, -1));
    CHECK(goes(ROLE_REACH, -1));
    CHECK(goes(ROLE_STORE, directory_fd));
    snprintf(command, sizeof(command), "rm -rf %s", path);
    CHECK(system(command) == 0);
}

TEST_MAIN
