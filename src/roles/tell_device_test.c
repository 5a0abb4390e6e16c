/* An audit device on real files, pipes and sockets: what is full, stuck, removed or slow is said, and nothing waits longer than its patience. */
#include "roles/tell_device.h"

#include "base/check.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 32 << 20, LONG_BYTES = 1 << 20 };

struct scene {
    struct arena *arena;
    struct tell_device device;
    char directory[64];
    const char *detail;
};

static struct scene scene_start(void)
{
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .device = TELL_DEVICE_NONE, .directory = "/tmp/vogt-tell-XXXXXX", .detail = ""};
    scene.device.is_narrowed = true; /* this process goes on */
    if (scene.arena == NULL || mkdtemp(scene.directory) == NULL || chdir(scene.directory) != 0) {
        __builtin_trap();
    }
    return scene;
}

static void scene_end(struct scene *scene)
{
    static const char *const names[] = {"audit.log", "audit.log.1", "pipe", "link", "elsewhere"};
    tell_close(&scene->device);
    arena_free(scene->arena);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(names[i]);
    }
    if (chdir("/") == 0) {
        (void)rmdir(scene->directory);
    }
}

static enum err say(struct scene *scene, const char *options, struct slice lines)
{
    struct json *tree = NULL;
    if (json_read(scene->arena, slice_string(options), &tree, NULL) != ERR_NONE) {
        return ERR_INTERNAL;
    }
    return tell_write(&scene->device, scene->arena, tree, lines, false, &scene->detail);
}

static size_t read_file(const char *name, char *out, size_t bytes)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, out, bytes - 1);
    if (fd >= 0) {
        close(fd);
    }
    got = got < 0 ? 0 : got;
    out[got] = '\0';
    return (size_t)got;
}

static const char file_options[] = "{\"kind\":\"file\",\"name\":\"audit.log\",\"mode\":\"0640\"}";
static const char pipe_options[] = "{\"kind\":\"file\",\"name\":\"pipe\",\"patience_ms\":50}";

TEST(a_file_gets_whole_lines_with_its_mode)
{
    struct scene scene = scene_start();
    char text[64];
    struct stat status;
    CHECK_ERR(ERR_NONE, say(&scene, file_options, SLICE_NONE));
    CHECK_ERR(ERR_NONE, say(&scene, file_options, SLICE_LITERAL("one\n")));
    CHECK_ERR(ERR_NONE, say(&scene, file_options, SLICE_LITERAL("two\n")));
    (void)read_file("audit.log", text, sizeof text);
    CHECK(strcmp(text, "one\ntwo\n") == 0);
    CHECK(stat("audit.log", &status) == 0 && (status.st_mode & 07777) == 0640);
    scene_end(&scene);
}

TEST(a_file_that_was_removed_or_moved_is_opened_anew)
{
    struct scene scene = scene_start();
    char text[64];
    CHECK_ERR(ERR_NONE, say(&scene, file_options, SLICE_LITERAL("one\n")));
    CHECK(rename("audit.log", "audit.log.1") == 0);
    CHECK_ERR(ERR_NONE, say(&scene, file_options, SLICE_LITERAL("two\n")));
    (void)read_file("audit.log", text, sizeof text);
    CHECK(strcmp(text, "two\n") == 0);
    CHECK(unlink("audit.log") == 0);
    CHECK_ERR(ERR_NONE, say(&scene, file_options, SLICE_LITERAL("three\n")));
    (void)read_file("audit.log", text, sizeof text);
    CHECK(strcmp(text, "three\n") == 0);
    scene_end(&scene);
}

TEST(a_link_is_not_followed)
{
    struct scene scene = scene_start();
    CHECK(symlink("elsewhere", "audit.log") == 0);
    CHECK(say(&scene, file_options, SLICE_LITERAL("one\n")) != ERR_NONE);
    CHECK(access("elsewhere", F_OK) != 0);
    scene_end(&scene);
}

TEST(a_pipe_without_a_reader_says_so)
{
    struct scene scene = scene_start();
    CHECK(mkfifo("pipe", 0600) == 0);
    CHECK(say(&scene, pipe_options, SLICE_LITERAL("one\n")) != ERR_NONE);
    CHECK(strcmp(scene.detail, "nobody reads the pipe") == 0);
    scene_end(&scene);
}

/* A reader that does not read: the first record waits for its patience, those after it not at all, and when it reads again all is well. */
TEST(a_stuck_pipe_costs_its_patience_once)
{
    struct scene scene = scene_start();
    char *large = arena_alloc(scene.arena, LONG_BYTES);
    char byte[4096];
    memset(large, 'x', LONG_BYTES);
    large[LONG_BYTES - 1] = '\n';
    CHECK(mkfifo("pipe", 0600) == 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK(reader >= 0);
    CHECK_ERR(ERR_NONE, say(&scene, pipe_options, SLICE_LITERAL("one\n")));
    CHECK_ERR(ERR_TIMEOUT, say(&scene, pipe_options, slice_of(large, LONG_BYTES)));
    CHECK(strcmp(scene.detail, "its reader does not take anything") == 0);
    CHECK(scene.device.is_ailing);
    CHECK_ERR(ERR_TIMEOUT, say(&scene, pipe_options, slice_of(large, LONG_BYTES)));
    while (read(reader, byte, sizeof byte) > 0) {
    }
    CHECK_ERR(ERR_NONE, say(&scene, pipe_options, SLICE_LITERAL("two\n")));
    CHECK(!scene.device.is_ailing);
    ssize_t got = read(reader, byte, sizeof byte);
    CHECK(got == 4 && memcmp(byte, "two\n", 4) == 0);
    close(reader);
    scene_end(&scene);
}

static int listening(int type, unsigned *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) != 0 || (type == SOCK_STREAM && listen(fd, 4) != 0) ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        __builtin_trap();
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

TEST(a_machine_gets_the_lines_and_a_new_connection_when_it_hung_up)
{
    struct scene scene = scene_start();
    unsigned port = 0;
    char byte[64];
    int server = listening(SOCK_STREAM, &port);
    char *options = arena_printf(scene.arena, "{\"kind\":\"socket\",\"socket_type\":\"tcp\",\"address\":\"127.0.0.1:%u\"}", port);
    CHECK_ERR(ERR_NONE, say(&scene, options, SLICE_LITERAL("one\n")));
    int first = accept(server, NULL, NULL);
    CHECK(read(first, byte, sizeof byte) == 4);
    close(first);
    CHECK_ERR(ERR_NONE, say(&scene, options, SLICE_LITERAL("two\n")));
    int second = accept(server, NULL, NULL);
    CHECK(read(second, byte, sizeof byte) == 4 && memcmp(byte, "two\n", 4) == 0);
    close(second);
    close(server);
    CHECK(say(&scene, options, SLICE_LITERAL("three\n")) != ERR_NONE);
    CHECK(scene.detail[0] != '\0');
    scene_end(&scene);
}

TEST(datagrams_are_a_line_each)
{
    struct scene scene = scene_start();
    unsigned port = 0;
    char byte[64];
    int server = listening(SOCK_DGRAM, &port);
    char *options = arena_printf(scene.arena, "{\"kind\":\"socket\",\"socket_type\":\"udp\",\"address\":\"127.0.0.1:%u\"}", port);
    CHECK_ERR(ERR_NONE, say(&scene, options, SLICE_LITERAL("one\ntwo\n")));
    CHECK(recv(server, byte, sizeof byte, 0) == 3 && memcmp(byte, "one", 3) == 0);
    CHECK(recv(server, byte, sizeof byte, 0) == 3 && memcmp(byte, "two", 3) == 0);
    close(server);
    scene_end(&scene);
}

TEST(what_is_no_device_is_refused)
{
    struct scene scene = scene_start();
    CHECK(say(&scene, "{\"kind\":\"file\",\"name\":\".\"}", SLICE_LITERAL("one\n")) != ERR_NONE);
    CHECK(say(&scene, "{\"kind\":\"socket\",\"address\":\"nowhere\"}", SLICE_LITERAL("one\n")) != ERR_NONE);
    CHECK_ERR(ERR_UNSUPPORTED, say(&scene, "{\"kind\":\"tape\"}", SLICE_LITERAL("one\n")));
    CHECK_ERR(ERR_NONE, say(&scene, "{\"kind\":\"discard\"}", SLICE_LITERAL("one\n")));
    scene_end(&scene);
}

TEST_MAIN
