/* load PORT PATH [CONNECTIONS [SECONDS [TOKEN [FILE [NUMBERS]]]]]: requests per second of a server on this machine.
 * With a file ("-": none), its bytes are posted. With numbers, every "{number}" in path and bytes counts up to that. */
#include "load_client.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 4096, BODY_MAX_BYTES = 16 << 20 };

static char *request_of(const char *path, const char *token, const char *file, size_t *ret_len)
{
    char *request = malloc(HEAD_BYTES + BODY_MAX_BYTES), *body = malloc(BODY_MAX_BYTES);
    FILE *stream = file == NULL ? NULL : fopen(file, "rb");
    size_t len = stream == NULL || body == NULL ? 0 : fread(body, 1, BODY_MAX_BYTES, stream);
    int head = request == NULL || body == NULL ? -1
                                               : snprintf(request, HEAD_BYTES, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n%s%s%s\r\n", file == NULL ? "GET" : "POST", path,
                                                          len, token[0] != 0 ? "X-Vault-Token: " : "", token, token[0] != 0 ? "\r\n" : "");
    bool good = head > 0 && head < HEAD_BYTES && (file == NULL || len > 0);
    if (good) {
        memcpy(request + head, body, len);
        *ret_len = (size_t)head + len;
    }
    if (stream != NULL) {
        (void)fclose(stream);
    }
    free(body);
    if (!good) {
        free(request);
    }
    return good ? request : NULL;
}

int main(int argc, char **argv)
{
    struct load_result result;
    if (argc < 3) {
        fprintf(stderr, "load PORT PATH [CONNECTIONS [SECONDS [TOKEN [FILE [NUMBERS]]]]]\n");
        return 2;
    }
    size_t request_len = 0;
    char *request = request_of(argv[2], argc > 5 ? argv[5] : "", argc > 6 && strcmp(argv[6], "-") != 0 ? argv[6] : NULL, &request_len);
    if (request == NULL) {
        fprintf(stderr, "no request\n");
        return 2;
    }
    struct load load = {.host = "127.0.0.1",
                        .port = (uint16_t)strtoul(argv[1], NULL, 10),
                        .request = request,
                        .request_len = request_len,
                        .numbers = argc > 7 ? (uint32_t)strtoul(argv[7], NULL, 10) : 0,
                        .connections = argc > 3 ? strtoul(argv[3], NULL, 10) : 64,
                        .warm_up_seconds = 0.5,
                        .seconds = argc > 4 ? strtod(argv[4], NULL) : 5};
    struct sched_param usual = {.sched_priority = 0};
    (void)sched_setscheduler(0, SCHED_BATCH, &usual); /* as if it were on another machine: it does not push the server off its processor at every reply */
    if (!load_run(&load, &result)) {
        fprintf(stderr, "no connection to port %s\n", argv[1]);
        return 1;
    }
    printf("{\"requests_per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"requests\":%llu,"
           "\"bad\":%llu,\"reply_bytes\":%zu}\n",
           result.requests_per_second, result.p50_us, result.p99_us,
           (unsigned long long)result.requests, (unsigned long long)result.bad, result.reply_bytes);
    free(request);
    return result.bad > 0;
}
