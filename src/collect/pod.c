#include "collect/pod.h"

#include "collect/fact.h"

#include <fcntl.h>
#include <unistd.h>

enum { CA_MAX_BYTES = 64 << 10, TOKEN_MAX_BYTES = 16 << 10 };

enum err collect_pod(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input;
    (void)raw;
    struct slice ca = SLICE_NONE, token = SLICE_NONE;
    int fd = open(POD_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        ca = fact_read_text(arena, fd, "ca.crt", CA_MAX_BYTES, &ca) == ERR_NONE ? ca : SLICE_NONE;
        token = fact_read_text(arena, fd, "token", TOKEN_MAX_BYTES, &token) == ERR_NONE ? token : SLICE_NONE;
        close(fd);
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, reply->output, "ca", ca);
    return json_set_string(arena, reply->output, "token", token) == NULL ? ERR_MEMORY : ERR_NONE;
}
