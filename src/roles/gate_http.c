/* MHD's side of the gate: connections with their deadlines, and the callbacks that lead an exchange
 * through its stages. */
#include "roles/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BELIEVED_BYTES = 64 << 10,
    POOL_BYTES = 32 << 10,      /* of a connection: request line, headers, reply head */
    FIRST_REQUEST_SECONDS = 15, /* from accept to the end of the headers, the handshake included */
    IDLE_SECONDS = 75,          /* from one request's end to the end of the next one's headers */
    BODY_SECONDS = 30,
    REPLY_SECONDS = 30,
    SLOWEST_BYTES_PER_SECOND = 32 << 10,
    KEEP_SECONDS = 180,   /* reports and observations take their time */
    SILENCE_SECONDS = 90, /* MHD's own timeout, behind ours */
    ACCEPTS_AT_ONCE = 64,
};

#define TLS_PRIORITIES                                                                             \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:"      \
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%SERVER_PRECEDENCE"

/* From 1.0 on MHD mends broken requests, or answers them with a redirect, unless it is told to refuse them; before,
 * it left them to us. */
#if MHD_VERSION >= 0x00097601
#define STRICT_FOR_CLIENT MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
#define STRICT_FOR_CLIENT
#endif

void gate_link_until(struct gate *gate, struct link *link, int64_t seconds)
{
    link->deadline_mono_ns = gate->now_mono_ns + seconds * 1000000000;
}

static void write_remote(struct link *link, const struct sockaddr *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        (void)inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host));
        snprintf(link->remote, sizeof(link->remote), "%s:%u", host, (unsigned)ntohs(in.sin_port));
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof(in));
        (void)inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof(host));
        snprintf(link->remote, sizeof(link->remote), "[%s]:%u", host,
                 (unsigned)ntohs(in.sin6_port));
    }
}

static struct link *link_new(struct gate *gate, struct MHD_Connection *connection)
{
    struct link *link = calloc(1, sizeof(*link));
    if (link == NULL) {
        return NULL;
    }
    /* One answer at a time: from 1.0 on they share their memory. */
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    link->fd = info == NULL ? -1 : info->connect_fd;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info != NULL && info->client_addr != NULL) {
        write_remote(link, info->client_addr);
    }
    link->next = gate->links;
    if (gate->links != NULL) {
        gate->links->previous = link;
    }
    gate->links = link;
    gate->link_count++;
    gate->counters.connections++;
    gate_link_until(gate, link, FIRST_REQUEST_SECONDS);
    gate_transport_begin(gate, link, connection);
    return link;
}

static void link_free(struct gate *gate, struct link *link)
{
    if (link->previous != NULL) {
        link->previous->next = link->next;
    } else {
        gate->links = link->next;
    }
    if (link->next != NULL) {
        link->next->previous = link->previous;
    }
    gate->link_count--;
    free(link);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct gate *gate = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = link_new(gate, connection);
    } else if (*socket_context != NULL) {
        gate_transport_end(gate, *socket_context, connection);
        link_free(gate, *socket_context);
        *socket_context = NULL;
    }
}

/* Called with the request line as it came, before anything is decoded. What it returns becomes the
 * handler's exchange. */
static void *on_target(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct gate *gate = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct exchange *exchange =
        info == NULL || info->socket_context == NULL ? NULL : exchange_new(gate);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->connection = connection;
    exchange->link = info->socket_context;
    size_t len = strlen(uri);
    exchange->uri_len = len > GATE_URL_MAX_BYTES ? GATE_URL_MAX_BYTES + 1 : len;
    memcpy(exchange->uri, uri, len > GATE_URL_MAX_BYTES ? GATE_URL_MAX_BYTES : len);
    return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    struct exchange *exchange = *request_context;
    if (exchange != NULL) {
        gate_link_until(context, exchange->link, IDLE_SECONDS);
        exchange_free(exchange);
        *request_context = NULL;
    }
}

/* Targets are decoded by net/url.h; MHD shall leave them alone. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* SIZE_MAX: chunked, the length shows at its end. MHD has refused lengths that are no numbers. */
static size_t announced_bytes(struct exchange *exchange)
{
    if (exchange->headers[HEADER_TRANSFER_ENCODING].data != NULL) {
        return SIZE_MAX;
    }
    struct slice text = exchange->headers[HEADER_CONTENT_LENGTH];
    uint64_t bytes;
    if (text.data == NULL) {
        return 0;
    }
    return slice_to_u64(text, &bytes) == ERR_NONE && bytes < SIZE_MAX ? (size_t)bytes
                                                                      : SIZE_MAX - 1;
}

static void refuse_size(struct exchange *exchange)
{
    gate_refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
                TEXT("the body is larger than 8 MiB", "der Rumpf ist größer als 8 MiB"));
}

static void refuse_room(struct exchange *exchange)
{
    gate_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                TEXT("too much is being uploaded at once, try again",
                     "es wird gerade zu viel auf einmal "
                     "hochgeladen, bitte erneut versuchen"));
}

static bool takes_parts(const struct exchange *exchange)
{
    return exchange->verb == VERB_WRITE && exchange->route != NULL && (exchange->route->flags & ROUTE_PARTS) != 0;
}

static void begin(struct exchange *exchange, const char *method, size_t body_bytes)
{
    size_t patience_bytes = body_bytes > REQUEST_RAW_MAX_BYTES ? REQUEST_RAW_MAX_BYTES : body_bytes;
    gate_link_until(exchange->gate, exchange->link,
                    BODY_SECONDS + (int64_t)patience_bytes / SLOWEST_BYTES_PER_SECOND);
    exchange->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    const union MHD_ConnectionInfo *head =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (head != NULL && head->header_size > GATE_HEADER_MAX_BYTES) {
        gate_refuse(
            exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
            TEXT("the headers are larger than 16 KiB", "die Kopfzeilen sind größer als 16 KiB"));
    } else if (!gate_target(exchange, method)) {
        return;
    } else if (takes_parts(exchange)) {
        if (!gate_upload_begin(exchange)) {
            refuse_room(exchange);
        }
    } else if (body_bytes != SIZE_MAX && body_bytes > REQUEST_RAW_MAX_BYTES) {
        refuse_size(exchange);
    }
}

/* Room for all that was announced, once there is enough of it to believe that it comes: growing copies and wipes. */
static enum err make_room(struct exchange *exchange, size_t len)
{
    struct buf *body = &exchange->body;
    size_t announced = announced_bytes(exchange);
    bool is_believed = body->len >= BELIEVED_BYTES && announced > body->len && announced <= REQUEST_RAW_MAX_BYTES;
    return body->capacity - body->len >= len || !is_believed ? ERR_NONE : buf_reserve(body, announced - body->len);
}

static void take_body(struct exchange *exchange, const char *data, size_t len)
{
    exchange->gate->counters.received_bytes += len;
    if (exchange->stage != STAGE_READING) {
        return;
    }
    if (len > REQUEST_RAW_MAX_BYTES - exchange->body.len) {
        refuse_size(exchange);
    } else if (!exchange_charge(exchange, len) || make_room(exchange, len) != ERR_NONE ||
               buf_append(&exchange->body, slice_of(data, len)) != ERR_NONE) {
        refuse_room(exchange);
    }
}

static enum MHD_Result deliver(struct exchange *exchange)
{
    struct gate *gate = exchange->gate;
    if (exchange->response == NULL) {
        return MHD_NO; /* no memory even for an error */
    }
    if (exchange->status / 100 < 6) {
        gate->counters.requests[exchange->status / 100]++;
    }
    gate_link_until(gate, exchange->link,
                    REPLY_SECONDS + (int64_t)exchange->charged_bytes / SLOWEST_BYTES_PER_SECOND);
    exchange->link->has_body = exchange->reply_bytes > 0 && !exchange->is_head;
    if (exchange->upload != NULL) {
        gate_header(exchange->response, MHD_HTTP_HEADER_CONNECTION, "close"); /* after a restore another gate answers */
    }
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
}

static enum MHD_Result wait_for_keep(struct exchange *exchange)
{
    if (exchange->upload == NULL) {
        exchange->wait_deadline_mono_ns =
            exchange->gate->now_mono_ns + (int64_t)KEEP_SECONDS * 1000000000;
        gate_link_until(exchange->gate, exchange->link, 2 * KEEP_SECONDS);
    }
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result finish(struct exchange *exchange)
{
    if (exchange->stage == STAGE_READING) {
        (exchange->upload != NULL ? gate_upload_end : gate_request)(exchange);
    }
    return exchange->stage == STAGE_ANSWERED ? deliver(exchange) : wait_for_keep(exchange);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_bytes, void **request_context)
{
    (void)context;
    (void)connection;
    (void)url;
    struct exchange *exchange = *request_context;
    if (exchange == NULL) {
        return MHD_NO;
    }
    if (!exchange->begun) {
        exchange->begun = true;
        bool good = gate_headers(exchange, version);
        size_t body_bytes = announced_bytes(exchange);
        if (good) {
            begin(exchange, method, body_bytes);
        }
        /* Refused before the body was sent: MHD answers and closes. Without a body the connection
         * can live on. */
        return exchange->stage == STAGE_ANSWERED && body_bytes > 0 ? deliver(exchange) : MHD_YES;
    }
    if (*upload_bytes > 0 && exchange->upload != NULL) {
        *upload_bytes -= gate_upload_take(exchange, slice_of(upload, *upload_bytes));
        return exchange->stage == STAGE_WAITING ? wait_for_keep(exchange) : MHD_YES;
    }
    if (*upload_bytes > 0) {
        take_body(exchange, upload, *upload_bytes);
        *upload_bytes = 0;
        return MHD_YES;
    }
    return finish(exchange);
}

enum err gate_http_start(struct gate *gate, size_t connections, size_t per_address)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;
    bool plain = json_bool(gate->start.configuration, "plain", false); /* parent has seen to it: on loopback alone */
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)gate_tls_retrieve},
        {MHD_OPTION_END, 0, NULL}};
    gate->daemon = MHD_start_daemon(
        plain ? flags : flags | MHD_USE_TLS, 0, NULL, NULL, on_request, gate, MHD_OPTION_ARRAY,
        plain ? &tls[2] : tls, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)per_address, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SILENCE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED, on_completed, gate,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, gate, MHD_OPTION_URI_LOG_CALLBACK, on_target,
        gate, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_SIGPIPE_HANDLED_BY_APP,
        1, STRICT_FOR_CLIENT MHD_OPTION_END);
    if (gate->daemon == NULL) {
        return ERR_IO;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(gate->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        return ERR_IO;
    }
    gate->http_epoll_fd = info->epoll_fd;
    return ERR_NONE;
}

/* MHD must not be stopped while a connection is suspended: whoever still waits is told to come
 * back. */
void gate_http_stop(struct gate *gate)
{
    if (gate->daemon == NULL) {
        return;
    }
    for (size_t i = 0; i < gate->exchange_made; i++) {
        if (gate->exchanges[i]->stage == STAGE_WAITING) {
            gate_refuse(gate->exchanges[i], MHD_HTTP_SERVICE_UNAVAILABLE,
                        TEXT("Vogt is stopping", "Vogt wird gerade beendet"));
        } else if (gate->exchanges[i]->stage == STAGE_FOLLOWING) {
            gate_stream_end(gate->exchanges[i]);
        }
    }
    (void)MHD_run(gate->daemon);
    (void)MHD_run(gate->daemon);
    MHD_stop_daemon(gate->daemon);
    gate->daemon = NULL;
}

void gate_accept(struct gate *gate, int listener)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof(address);
        memset(&address, 0, sizeof(address));
        int fd = accept4(listener, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        /* Closes the socket when a limit is reached. */
        if (MHD_add_connection(gate->daemon, fd, (struct sockaddr *)&address, len) != MHD_YES) {
            gate->counters.refused_connections++;
        }
    }
}

void gate_sweep(struct gate *gate)
{
    for (size_t i = 0; i < gate->exchange_made; i++) {
        struct exchange *exchange = gate->exchanges[i];
        if (exchange->stage == STAGE_WAITING &&
            exchange->wait_deadline_mono_ns < gate->now_mono_ns) {
            gate_refuse(exchange, MHD_HTTP_GATEWAY_TIMEOUT,
                        TEXT("this takes too long; it may still be under way",
                             "das dauert zu lange; vielleicht läuft es noch"));
        } else if (exchange->stage == STAGE_FOLLOWING && exchange->wait_deadline_mono_ns < gate->now_mono_ns) {
            gate_stream_end(exchange);
        }
    }
    for (struct link *link = gate->links; link != NULL; link = link->next) {
        if (link->deadline_mono_ns < gate->now_mono_ns && link->fd >= 0) {
            gate->counters.expired_connections++;
            (void)shutdown(link->fd, SHUT_RDWR); /* MHD reads the end and closes */
            link->fd = -1;
        }
    }
}
