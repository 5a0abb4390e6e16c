#include "collect/plant_port.h"

#include "base/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 8) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

int plant_port_listen(const struct json *list, uint16_t *ret_port)
{
    struct ports ports = {{0}};
    int fd = -1;
    if (ports_add_json(&ports, list) != ERR_NONE) {
        return -1;
    }
    for (unsigned port = 1; fd < 0 && port <= PORTS_ALL; port++) {
        fd = ports_has(&ports, (uint16_t)port) ? listen_on((uint16_t)port) : -1;
        *ret_port = fd >= 0 ? (uint16_t)port : *ret_port;
    }
    return fd;
}
