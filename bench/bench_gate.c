/*
 * gate -> keep -> gate beside libmicrohttpd's own rate: the same load on a bare MHD server that
 * gives one prepared reply of the same size, and on vogt-gate with a keep that answers every
 * request with one prepared tree. Rounds alternate; medians count.
 *
 * `bench_gate floor` only serves the floor, prints its port and stays until it is stopped: for
 * bench/run.py, which holds a whole daemon against it.
 */
#include "load_client.h"
#include "roles/gate_peer.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>

enum { ROUNDS = 5, CONNECTIONS = 64 };

static const char body[] = "{\"request_id\":\"5d0b8a3e-0000-4000-8000-000000000000\",\"lease_id\":"
                           "\"\",\"renewable\":false,\"lease_duration\":0,"
                           "\"data\":{\"type\":\"shamir\",\"initialized\":true,\"sealed\":false,"
                           "\"t\":3,\"n\":5,\"progress\":0,\"version\":\"1.15.0\"},"
                           "\"wrap_info\":null,\"warnings\":null,\"auth\":null}\n";

static bool answer(struct gate_peer *peer, struct arena *arena, const struct request *request,
                   struct reply *reply)
{
    (void)peer;
    (void)request;
    struct json *tree;
    struct complaint complaint;
    *reply = (struct reply){.status = 200, .kind = REPLY_TREE};
    if (json_read(arena, slice_of(body, sizeof(body) - 1), &tree, &complaint) != ERR_NONE) {
        return false;
    }
    reply->tree = tree;
    return true;
}

/* ---- the floor ---- */

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_bytes, void **request)
{
    (void)url, (void)method, (void)version, (void)upload, (void)upload_bytes;
    if (*request == NULL) {
        *request = context;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, context);
}

static void make_pem(char *key_text, char *certificate_text, size_t bytes)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    BIO *memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
    BIO_read(memory, key_text, (int)bytes - 1);
    PEM_write_bio_X509(memory, certificate);
    BIO_read(memory, certificate_text, (int)bytes - 1);
    BIO_free(memory);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void floor_main(int ready_fd)
{
    static char key[8192], certificate[8192];
    make_pem(key, certificate, sizeof(key));
    struct MHD_Response *response = MHD_create_response_from_buffer(
        sizeof(body) - 1, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Strict-Transport-Security",
                            "max-age=63072000; includeSubDomains");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    struct MHD_Daemon *server =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS, 0, NULL, NULL, serve,
                         response, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT,
                         certificate, MHD_OPTION_HTTPS_PRIORITIES,
                         "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+"
                         "CHACHA20-POLY1305:%SERVER_PRECEDENCE",
                         MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server == NULL ? NULL : MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
    uint16_t port = info == NULL ? 0 : info->port;
    (void)!write(ready_fd, &port, sizeof(port));
    pause();
    _exit(0);
}

static pid_t floor_start(uint16_t *ret_port)
{
    int fds[2];
    if (pipe(fds) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        floor_main(fds[1]);
    }
    bool good = read(fds[0], ret_port, sizeof(*ret_port)) == sizeof(*ret_port) && *ret_port != 0;
    close(fds[0]);
    close(fds[1]);
    return good ? pid : -1;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int floor_only(void)
{
    uint16_t port = 0;
    pid_t floor = floor_start(&port);
    printf("%u\n", (unsigned)port);
    fflush(stdout);
    return floor < 0 || waitpid(floor, NULL, 0) < 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "floor") == 0) {
        return floor_only();
    }
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 2, floor_rates[ROUNDS], gate_rates[ROUNDS];
    struct gate_peer peer;
    struct load load = {.host = "127.0.0.1",
                        .request = "GET /v1/sys/seal-status HTTP/1.1\r\nHost: "
                                   "localhost\r\nX-Vault-Token: hvs.bench\r\n\r\n",
                        .connections = CONNECTIONS,
                        .warm_up_seconds = 0.3,
                        .seconds = seconds};
    struct load_result result;
    uint16_t floor_port = 0;
    pid_t floor = floor_start(&floor_port);
    if (floor < 0 || !gate_peer_start(&peer, answer, 1024, 1024)) {
        return 1;
    }
    bool good = true;
    for (size_t i = 0; i < ROUNDS && good; i++) {
        load.port = floor_port;
        good = load_run(&load, &result) && result.bad == 0;
        floor_rates[i] = result.requests_per_second;
        load.port = peer.port;
        good = good && load_run(&load, &result) && result.bad == 0;
        gate_rates[i] = result.requests_per_second;
        printf("round %zu: libmicrohttpd %.0f/s, gate and keep %.0f/s (p50 %.0f us, p99 %.0f us, "
               "%zu bytes)\n",
               i + 1, floor_rates[i], gate_rates[i], result.p50_us, result.p99_us,
               result.reply_bytes);
    }
    (void)kill(floor, SIGTERM);
    (void)waitpid(floor, NULL, 0);
    int code = gate_peer_stop(&peer);
    if (!good || code != 0) {
        fprintf(stderr, "the bench did not run through\n");
        return 1;
    }
    qsort(floor_rates, ROUNDS, sizeof(double), compare);
    qsort(gate_rates, ROUNDS, sizeof(double), compare);
    double ratio = gate_rates[ROUNDS / 2] / floor_rates[ROUNDS / 2];
    printf("gate -> keep -> gate: %.0f requests/s, %.0f %% of libmicrohttpd's %.0f (bar: 40 %%)\n",
           gate_rates[ROUNDS / 2], ratio * 100, floor_rates[ROUNDS / 2]);
    return ratio < 0.4;
}
