/*
 * The planted engine: answers in bytes as a real one would, through the same reader, on the same questions. Everything about its container is wrong: an
 * image from nowhere, too large and with too many packages, root, the engine's socket, privileged, a secret among its variables; and a second container refuses to be read.
 */
#include "collect/docker.h"

#include <stdio.h>
#include <string.h>

#define ID(digit) digit digit digit digit digit digit digit digit
#define ID_BAD ID("badc0ffe")
#define ID_MUTE ID("0000dead")
#define ID_IMAGE ID("1ace1ace")
#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static const struct planted_reply {
    const char *line, *head, *body; /* body in chunks of 100 bytes, or sized */
    bool chunked;
} replies[] = {
    {"version\n", OK, "{\"Version\":\"0\",\"ApiVersion\":\"1.41\"}", false},
    {"info\n", OK, "{\"OperatingSystem\":\"planted\",\"SecurityOptions\":[],\"ContainersRunning\":2}", false},
    {"containers\n", OK, "[{\"Id\":\"" ID_BAD "\",\"Names\":[\"/planted\"]},{\"Id\":\"" ID_MUTE "\",\"Names\":[\"/mute\"]}]", true},
    {"container " ID_BAD "\n", OK,
     "{\"Id\":\"" ID_BAD "\",\"Name\":\"/planted\",\"Image\":\"sha256:" ID_IMAGE "\",\"Config\":{\"Image\":\"planted:latest\",\"User\":\"\",\"Env\":[\"PASSWORD=planted-by-vogt\"],"
     "\"Labels\":{}},\"HostConfig\":{\"Privileged\":true,\"CapAdd\":[\"SYS_ADMIN\"],\"CapDrop\":null,\"NetworkMode\":\"bridge\"},\"Mounts\":[{\"Type\":\"bind\","
     "\"Source\":\"/var/run/docker.sock\",\"Destination\":\"/var/run/docker.sock\",\"RW\":true}],\"NetworkSettings\":{\"Ports\":{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\","
     "\"HostPort\":\"8080\"}]},\"Networks\":{\"bridge\":{}}}}",
     true},
    {"container " ID_MUTE "\n", "HTTP/1.1 500 Internal Server Error\r\n", "{\"message\":\"planted\"}", false},
    {"image " ID_IMAGE "\n", OK, "{\"Id\":\"sha256:" ID_IMAGE "\",\"RepoDigests\":[],\"RepoTags\":[\"planted:latest\"],\"Size\":9000000000,\"RootFS\":{\"Layers\":[\"sha256:00\"]},\"Config\":{}}",
     false},
    {"networks\n", OK, "[]", false},
    {"services\n", "HTTP/1.1 503 Service Unavailable\r\n", "{\"message\":\"planted\"}", true},
};

static enum err answer(const struct planted_reply *planted, struct engine_reply *reply)
{
    char line[64];
    struct slice body = slice_string(planted->body);
    int length = snprintf(line, sizeof line, planted->chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: %zu\r\n\r\n", body.len);
    enum err err = engine_reply_feed(reply, slice_string(planted->head));
    err = err == ERR_NONE ? engine_reply_feed(reply, slice_of(line, (size_t)length)) : err;
    while (planted->chunked && err == ERR_NONE && body.len > 0) {
        struct slice piece = slice_first(body, 100);
        length = snprintf(line, sizeof line, "%zx\r\n", piece.len);
        err = engine_reply_feed(reply, slice_of(line, (size_t)length));
        err = err == ERR_NONE ? engine_reply_feed(reply, piece) : err;
        err = err == ERR_NONE ? engine_reply_feed(reply, SLICE_LITERAL("\r\n")) : err;
        body = slice_from(body, piece.len);
    }
    return err != ERR_NONE ? err : engine_reply_feed(reply, planted->chunked ? SLICE_LITERAL("0\r\n\r\n") : body);
}

static enum err ask_planted(void *context, const char *line, struct engine_reply *ret_reply)
{
    static const struct planted_reply missing = {"", "HTTP/1.1 404 Not Found\r\n", "{\"message\":\"no such file\"}", false};
    (void)context;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        if (strcmp(line, replies[i].line) == 0) {
            return answer(&replies[i], ret_reply);
        }
    }
    return answer(&missing, ret_reply);
}

const struct engine_wire docker_planted = {ask_planted, NULL};
