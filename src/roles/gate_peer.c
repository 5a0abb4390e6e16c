#include "roles/gate_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

enum {
    QUEUE_BYTES = 64 << 20,
    READY_MS = 10000,
    STOP_MS = 8000,
    ARENA_BYTES = 64 << 20,
    FIRST_FD = 3,
    GATE_FDS = 3
};

static bool make_certificate(struct gate_peer *peer)
{
    X509 *certificate = X509_new();
    bool good = peer->key != NULL && certificate != NULL && X509_set_version(certificate, 2) == 1 &&
                ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++peer->serial) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(certificate), -60) != NULL &&
                X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) != NULL &&
                X509_set_pubkey(certificate, peer->key) == 1;
    X509_NAME *name = good ? X509_get_subject_name(certificate) : NULL;
    good = good &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_sign(certificate, peer->key, EVP_sha256()) > 0;
    BIO *memory = BIO_new(BIO_s_mem());
    good = good && memory != NULL && PEM_write_bio_X509(memory, certificate) == 1;
    char *text = NULL;
    long len = good ? BIO_get_mem_data(memory, &text) : 0;
    buf_clear(&peer->certificate_pem);
    good = good && len > 0 &&
           buf_append(&peer->certificate_pem, slice_of(text, (size_t)len)) == ERR_NONE;
    BIO_free(memory);
    X509_free(certificate);
    return good;
}

bool gate_peer_renew(struct gate_peer *peer)
{
    return make_certificate(peer) && channel_send(peer->keep, MESSAGE_CERTIFICATE, 0,
                                                  buf_slice(&peer->certificate_pem)) == ERR_NONE;
}

static void answer_sign(struct gate_peer *peer, const struct frame *frame)
{
    struct reader reader = reader_of(frame->body);
    uint16_t scheme;
    struct slice digest;
    uint8_t signature[256];
    size_t len = sizeof(signature);
    bool good = get_u16(&reader, &scheme) == ERR_NONE &&
                get_bytes(&reader, 64, &digest) == ERR_NONE && scheme == 0x0403;
    if (__atomic_load_n(&peer->refuse_signatures, __ATOMIC_ACQUIRE) > 0) {
        __atomic_sub_fetch(&peer->refuse_signatures, 1, __ATOMIC_ACQ_REL);
        good = false;
    }
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(peer->key, NULL);
    good = good && context != NULL && EVP_PKEY_sign_init(context) == 1 &&
           EVP_PKEY_sign(context, signature, &len, digest.data, digest.len) == 1;
    EVP_PKEY_CTX_free(context);
    struct buf *out = channel_begin(peer->keep, MESSAGE_SIGNED, frame->id);
    if (put_bytes(out, slice_of(signature, good ? len : 0)) == ERR_NONE &&
        channel_end(peer->keep) != ERR_NONE) {
        fprintf(stderr, "the signature could not be sent\n");
    }
    /* Behind the signature in the same write, so that gate reads both at once. */
    if (peer->held_reply.len > 0) {
        if (channel_send(peer->keep, MESSAGE_REPLY, peer->held_id, buf_slice(&peer->held_reply)) !=
            ERR_NONE) {
            fprintf(stderr, "the held reply could not be sent\n");
        }
        buf_clear(&peer->held_reply);
    }
}

static void answer_request(struct gate_peer *peer, struct arena *arena, const struct frame *frame)
{
    struct request request;
    struct reply reply = {.status = 500, .kind = REPLY_NONE};
    __atomic_add_fetch(&peer->requests, 1, __ATOMIC_ACQ_REL);
    arena_reset(arena);
    enum err err = request_get(arena, frame->body, &request);
    if (err != ERR_NONE) {
        fprintf(stderr, "gate sent a request that cannot be read: %s\n", err_name(err));
    } else if (!peer->answer(peer, arena, &request, &reply)) {
        return;
    }
    if (peer->hold_reply) {
        peer->hold_reply = false;
        peer->held_id = frame->id;
        if (reply_put(&peer->held_reply, &reply) != ERR_NONE) {
            fprintf(stderr, "a reply could not be held\n");
        }
        return;
    }
    struct buf *out = channel_begin(peer->keep, MESSAGE_REPLY, frame->id);
    if (reply_put(out, &reply) != ERR_NONE || channel_end(peer->keep) != ERR_NONE) {
        fprintf(stderr, "a reply could not be sent\n");
    }
}

static bool drain(struct gate_peer *peer, struct arena *arena)
{
    struct frame frame;
    enum err err;
    while ((err = channel_receive(peer->keep, &frame)) == ERR_NONE) {
        if (frame.kind == MESSAGE_SIGN) {
            answer_sign(peer, &frame);
        } else if (frame.kind == MESSAGE_REQUEST) {
            answer_request(peer, arena, &frame);
        }
    }
    return err == ERR_BUSY && channel_flush(peer->keep) == ERR_NONE;
}

static void *play_keep(void *context)
{
    struct gate_peer *peer = context;
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    while (arena != NULL && drain(peer, arena)) {
        short events = (short)(POLLIN | (channel_queued_bytes(peer->keep) > 0 ? POLLOUT : 0));
        struct pollfd waits[] = {{channel_fd(peer->keep), events, 0},
                                 {peer->stop_fds[0], POLLIN, 0}};
        (void)poll(waits, 2, -1);
        if (waits[1].revents != 0) {
            break;
        }
    }
    return NULL;
}

static int open_listener(uint16_t *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static bool find_program(char *path, size_t bytes)
{
    const char *given = getenv("VOGT_GATE");
    if (given != NULL) {
        return snprintf(path, bytes, "%s", given) < (int)bytes;
    }
    ssize_t len = readlink("/proc/self/exe", path, bytes - 1);
    if (len <= 0) {
        return false;
    }
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    return slash != NULL && snprintf(slash, bytes - (size_t)(slash - path), "/vogt-gate") == 10;
}

/* Descriptors are first moved out of the way of 3, 4 and 5, where the gate expects them. */
static void exec_gate(const char *path, const int *fds)
{
    int moved[GATE_FDS];
    for (int i = 0; i < GATE_FDS; i++) {
        moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 64);
    }
    for (int i = 0; i < GATE_FDS; i++) {
        if (dup2(moved[i], FIRST_FD + i) < 0) {
            _exit(126);
        }
    }
    execl(path, path, (char *)NULL);
    _exit(127);
}

static bool configure(struct gate_peer *peer, size_t connections, size_t per_address)
{
    cleanup_arena struct arena *arena = arena_new(65536);
    struct json *tree = json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "role", SLICE_LITERAL("gate"));
    json_set_u64(arena, tree, "index", 0);
    json_set_u64(arena, tree, "descriptors", 1);
    json_set_u64(arena, tree, "sockets", 1);
    json_set_u64(arena, tree, "connections", connections);
    json_set_u64(arena, tree, "connections_per_address", per_address);
    struct buf *out = channel_begin(peer->parent, MESSAGE_CONFIGURE, 0);
    struct frame frame;
    return json_pack(out, tree) == ERR_NONE && channel_end(peer->parent) == ERR_NONE &&
           channel_flush_all(peer->parent, READY_MS) == ERR_NONE &&
           channel_wait(peer->parent, READY_MS, &frame) == ERR_NONE &&
           frame.kind == MESSAGE_READY &&
           channel_send(peer->keep, MESSAGE_CERTIFICATE, 0, buf_slice(&peer->certificate_pem)) ==
               ERR_NONE &&
           channel_flush_all(peer->keep, READY_MS) == ERR_NONE;
}

bool gate_peer_start(struct gate_peer *peer, peer_answer_fn answer, size_t connections,
                     size_t per_address)
{
    char path[4096];
    int parent[2], keep[2];
    *peer = (struct gate_peer){
        .answer = answer, .key = EVP_EC_gen("P-256"), .certificate_pem = BUF_INIT(65536),
        .held_reply = BUF_INIT(65536)};
    signal(SIGPIPE, SIG_IGN);
    peer->listener = open_listener(&peer->port);
    if (!make_certificate(peer) || peer->listener < 0 || !find_program(path, sizeof(path)) ||
        channel_pair(parent) != ERR_NONE || channel_pair(keep) != ERR_NONE ||
        pipe2(peer->stop_fds, O_CLOEXEC) != 0) {
        fprintf(stderr, "the gate's peers could not be set up\n");
        return false;
    }
    peer->gate = fork();
    if (peer->gate == 0) {
        exec_gate(path, (const int[]){parent[1], keep[1], peer->listener});
    }
    close(parent[1]);
    close(keep[1]);
    peer->parent = channel_new(parent[0], ROLE_PARENT, ROLE_GATE, QUEUE_BYTES);
    peer->keep = channel_new(keep[0], ROLE_KEEP, ROLE_GATE, QUEUE_BYTES);
    if (peer->gate < 0 || peer->parent == NULL || peer->keep == NULL ||
        !configure(peer, connections, per_address) ||
        pthread_create(&peer->thread, NULL, play_keep, peer) != 0) {
        fprintf(stderr, "%s did not start\n", path);
        return false;
    }
    return true;
}

static int wait_for_exit(pid_t pid, int timeout_ms)
{
    int status;
    for (int waited_ms = 0; waited_ms < timeout_ms; waited_ms += 10) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        (void)poll(NULL, 0, 10);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return -1;
}

int gate_peer_stop(struct gate_peer *peer)
{
    if (peer->gate <= 0) {
        return -1; /* stopped already */
    }
    /* A gate that is ending by itself does not take STOP any more; its exit code tells the same. */
    if (channel_send(peer->parent, MESSAGE_STOP, 0, SLICE_NONE) == ERR_NONE) {
        (void)!channel_flush_all(peer->parent, STOP_MS);
    }
    int code = wait_for_exit(peer->gate, STOP_MS);
    (void)!write(peer->stop_fds[1], "", 1);
    pthread_join(peer->thread, NULL);
    channel_free(peer->parent);
    channel_free(peer->keep);
    close(peer->listener);
    close(peer->stop_fds[0]);
    close(peer->stop_fds[1]);
    EVP_PKEY_free(peer->key);
    buf_free(&peer->certificate_pem);
    buf_free(&peer->held_reply);
    *peer = (struct gate_peer){.gate = 0};
    return code;
}
