/*
 * Between GnuTLS and a connection's socket: as few system calls as a request needs.
 *   in    GnuTLS asks for a record's 5 bytes of header, then for the rest: both come from one read.
 *   out   MHD sends a reply's head and its body one after the other, as two records: the head waits in gate->head until its body comes, and both leave in one write.
 *         One head waits at a time; it leaves by itself when another connection has one, and at the end of the round. What a full socket does not take of it leaves before
 *         the body, which MHD goes on sending when the socket has room.
 */
#include "roles/gate.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

ssize_t gate_transport_receive(gnutls_transport_ptr_t context, void *out, size_t len)
{
    struct link *link = context;
    if (link == NULL) {
        errno = ECONNRESET;
        return -1;
    }
    if (link->ahead_len == 0) {
        if (len >= sizeof(link->ahead)) {
            return recv(link->transport_fd, out, len, 0);
        }
        ssize_t got = recv(link->transport_fd, link->ahead, sizeof(link->ahead), 0);
        if (got <= 0) {
            return got;
        }
        link->ahead_at = 0;
        link->ahead_len = (size_t)got;
    }
    size_t taken = len < link->ahead_len ? len : link->ahead_len;
    memcpy(out, link->ahead + link->ahead_at, taken);
    link->ahead_at += taken;
    link->ahead_len -= taken;
    return (ssize_t)taken;
}

/* The waiting head, if it is this link's, and the bytes. What was sent of the bytes; -1 and errno for nothing of them. */
static ssize_t send_both(struct gate *gate, struct link *link, const void *bytes, size_t len)
{
    if (gate->head_of != link) {
        return send(link->transport_fd, bytes, len, MSG_NOSIGNAL);
    }
    struct iovec parts[] = {{gate->head.data, gate->head.len}, {(void *)(uintptr_t)bytes, len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent = sendmsg(link->transport_fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
        return -1;
    }
    size_t of_head = (size_t)sent < gate->head.len ? (size_t)sent : gate->head.len;
    buf_consume(&gate->head, of_head);
    gate->head_of = gate->head.len > 0 ? link : NULL;
    sent -= (ssize_t)of_head;
    if (sent == 0 && len > 0) {
        errno = EAGAIN;
        return -1;
    }
    return sent;
}

ssize_t gate_transport_send(gnutls_transport_ptr_t context, const void *bytes, size_t len)
{
    struct link *link = context;
    if (link == NULL) {
        errno = EPIPE;
        return -1;
    }
    struct gate *gate = link->gate;
    bool waits = link->has_body;
    link->has_body = false;
    if (waits) {
        gate_transport_flush(gate); /* another's */
        if (gate->head_of == NULL && buf_append(&gate->head, slice_of(bytes, len)) == ERR_NONE) {
            gate->head_of = link;
            return (ssize_t)len;
        }
    }
    return send_both(gate, link, bytes, len);
}

void gate_transport_begin(struct gate *gate, struct link *link, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    link->gate = gate;
    link->transport_fd = link->fd;
    if (info != NULL && info->tls_session != NULL) { /* else plain HTTP */
        gnutls_session_t session = info->tls_session;
        gnutls_transport_set_ptr(session, link);
        gnutls_transport_set_pull_function(session, gate_transport_receive);
        gnutls_transport_set_push_function(session, gate_transport_send);
    }
}

void gate_transport_end(struct gate *gate, const struct link *link, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info != NULL && info->tls_session != NULL) {
        gnutls_transport_set_ptr(info->tls_session, NULL);
    }
    if (gate->head_of == link) {
        gate->head_of = NULL;
        gate->head.len = 0;
    }
}

void gate_transport_flush(struct gate *gate)
{
    if (gate->head_of != NULL) {
        (void)send_both(gate, gate->head_of, NULL, 0); /* a socket that takes nothing, or is gone: MHD sees it with the body */
    }
}
