/* load PORT PATH [CONNECTIONS [SECONDS [TOKEN]]]: requests per second of a server on this machine.
 */
#include "load_client.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    char request[4096];
    struct load_result result;
    if (argc < 3) {
        fprintf(stderr, "load PORT PATH [CONNECTIONS [SECONDS [TOKEN]]]\n");
        return 2;
    }
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", argv[2],
             argc > 5 ? "X-Vault-Token: " : "", argc > 5 ? argv[5] : "", argc > 5 ? "\r\n" : "");
    struct load load = {.host = "127.0.0.1",
                        .port = (uint16_t)strtoul(argv[1], NULL, 10),
                        .request = request,
                        .connections = argc > 3 ? strtoul(argv[3], NULL, 10) : 64,
                        .warm_up_seconds = 0.5,
                        .seconds = argc > 4 ? strtod(argv[4], NULL) : 5};
    if (!load_run(&load, &result)) {
        fprintf(stderr, "no connection to port %s\n", argv[1]);
        return 1;
    }
    printf("{\"requests_per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"requests\":%llu,"
           "\"bad\":%llu,\"reply_bytes\":%zu}\n",
           result.requests_per_second, result.p50_us, result.p99_us,
           (unsigned long long)result.requests, (unsigned long long)result.bad, result.reply_bytes);
    return result.bad > 0;
}
