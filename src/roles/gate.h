/*
 * The gate's inside, shared by gate*.c: it speaks HTTPS on sockets that the parent opened, turns
 * hostile requests into bounded typed frames for keep and keep's replies into HTTP. It owns TLS
 * sessions and the bytes in flight; it never holds a key (keep signs the handshakes), opens no file
 * and starts no connection.
 *
 * One thread, one loop:  accept -> replies of keep -> MHD_run -> one flush to keep.
 *
 * An exchange is one request and its answer:
 *   READING --all bytes there--> WAITING (suspended; a frame is with keep) --REPLY or deadline--> ANSWERED
 *      \-------- answered by gate itself, or refused --------------------------------------------------^
 */
#ifndef VOGT_ROLES_GATE_H
#define VOGT_ROLES_GATE_H

#include "engine/route.h"
#include "process/role_start.h"

#include <gnutls/abstract.h>
#include <microhttpd.h>

enum {
    GATE_URL_MAX_BYTES = 2048,
    GATE_HEADER_MAX_BYTES = 16 << 10,
    GATE_TREE_MAX_BYTES =
        64 << 20, /* arena of one request: 8 MiB of "[[],[]," must not become 400 MB of nodes */
    GATE_BUFFERED_MAX_BYTES = 64 << 20, /* bodies and replies of all exchanges together */
    GATE_SMALL_REPLY_BYTES = 16 << 10,  /* never refused for the sake of others' uploads */
    GATE_REPLY_MAX_BYTES = 33 << 20,    /* a packed reply of 16 MiB as JSON text */
    GATE_CONNECTIONS_DEFAULT = 1024,
    GATE_PER_ADDRESS_DEFAULT = 256,
    GATE_HEAD_MAX_BYTES = 17 << 10, /* a whole record of TLS (RFC 8446, 5.2) */
    GATE_AHEAD_BYTES = 2048, /* read at once, whatever GnuTLS asks for: most requests whole */
};

enum stage { STAGE_READING, STAGE_WAITING, STAGE_ANSWERED, STAGE_FOLLOWING /* gate_stream.c */ };

/* What answers a target; a row of the table in gate_target.c. */
enum place { PLACE_API, PLACE_LEDGER, PLACE_METRICS, PLACE_OPENAPI, PLACE_PAGE };

/* X-Vogt-Session */
enum session { SESSION_NONE, SESSION_COOKIE, SESSION_END };

/* The headers that gate looks at; the table in gate_headers.c names them. */
enum header {
    HEADER_HOST,
    HEADER_CONTENT_LENGTH,
    HEADER_TRANSFER_ENCODING,
    HEADER_CONTENT_TYPE,
    HEADER_TOKEN,
    HEADER_AUTHORIZATION,
    HEADER_NAME_SPACE,
    HEADER_WRAP_TTL,
    HEADER_SESSION,
    HEADER_ACCEPT_LANGUAGE,
    HEADER_ACCEPT_ENCODING,
    HEADER_IF_NONE_MATCH,
    HEADER_ORIGIN,
    HEADER_COUNT
};

/* What the other end showed in its handshake; looked at with the connection's first request. */
enum peer { PEER_UNKNOWN, PEER_NONE, PEER_VERIFIED };

/* One TCP connection. It ends at its deadline, whatever trickles in: MHD's own timeout begins anew
 * with every byte. */
struct link {
    struct gate *gate;
    struct link *previous, *next;
    int fd; /* -1: at its end */
    int64_t deadline_mono_ns;
    enum peer peer;
    uint8_t certificate[REQUEST_CERTIFICATE_BYTES]; /* PEER_VERIFIED: SHA-256 of the client's */
    char remote[64];
    /* gate_transport.c */
    int transport_fd;
    bool has_body; /* what is sent next is a head, and its body comes right behind it */
    size_t ahead_at, ahead_len;
    uint8_t ahead[GATE_AHEAD_BYTES]; /* still encrypted */
};

struct exchange {
    struct gate *gate;
    uint32_t retry_after_s;             /* as keep said it; 0: 1 */
    struct MHD_Connection *connection;
    struct link *link;
    struct exchange *next_free;
    uint32_t slot,
        generation; /* together the id of its frame; a late reply finds another generation */
    enum stage stage;
    enum place place;
    enum session session;
    enum language language;
    enum verb verb;
    const struct route *route;
    bool begun, is_head;
    bool is_other_origin;               /* one that may call (gate_settings.c) */
    size_t charged_bytes;               /* of gate->buffered_bytes */
    struct slice headers[HEADER_COUNT]; /* borrowed from the connection, which outlives the
                                           exchange; a NUL follows each */
    struct slice session_token;         /* likewise: the cookie's */
    struct buf body;
    struct MHD_Response *response;
    struct stream *stream;              /* of a file in parts; else NULL */
    size_t reply_bytes;                 /* of a body that is there whole */
    struct upload *upload;              /* of a body in parts; else NULL */
    unsigned status;
    int64_t wait_deadline_mono_ns;
    size_t path_len, uri_len;
    char path[REQUEST_PATH_MAX_BYTES + 1];
    char uri[GATE_URL_MAX_BYTES + 1];
};

struct counters {
    uint64_t requests[6]; /* by the first digit of the status */
    uint64_t connections, refused_connections, handshakes, failed_signatures, expired_connections;
    uint64_t refused_certificates;
    uint64_t received_bytes, sent_bytes;
};

/* A frame that arrived while the gate waited for a signature. */
struct held_frame {
    struct held_frame *next;
    enum message kind;
    uint64_t id;
    size_t len;
    uint8_t bytes[];
};

struct identity; /* certificate chain and the handle of the key in keep */

struct gate {
    struct role_start start;
    struct MHD_Daemon *daemon;
    int epoll_fd, http_epoll_fd;
    bool listening, stopping, keep_lost, parent_lost, keep_wants_write;
    bool keep_unread; /* the channel may hold frames: more than a round takes, or those that came while a signature was waited for */
    int64_t now_mono_ns, sweep_mono_ns, stop_mono_ns;
    struct link *links;
    size_t link_count;
    struct exchange **exchanges; /* by slot; exchange_max pointers */
    size_t exchange_max, exchange_made, waiting_count;
    size_t unsent; /* requests since the last flush */
    struct exchange *free_exchanges;
    struct held_frame *held, **held_end;
    struct arena *arena; /* of the request or reply at hand */
    size_t buffered_bytes;
    struct buf head; /* a reply's, encrypted, that waits for its body */
    struct link *head_of;
    uint64_t sign_id;
    struct buf authority; /* DER; empty: there are no agents */
    bool asks_all;        /* a login by certificate is mounted: whatever a client has is asked for */
    bool authority_is_new; /* not yet among the trusted */
    struct arena *settings_arena;
    const struct json *settings; /* as keep told them; NULL: none yet */
    struct identity *identities; /* newest first; handshakes under way may still use an older one */
    struct counters counters;
};

/* gate.c */
void gate_flush(struct gate *gate);
void gate_listen_no_more(struct gate *gate);

/* gate_http.c: MHD's side. */
enum err gate_http_start(struct gate *gate, size_t connections, size_t per_address) must_check;
void gate_http_stop(struct gate *gate);
void gate_accept(struct gate *gate, int listener);
void gate_sweep(struct gate *gate); /* ends what passed its deadline */
void gate_link_until(struct gate *gate, struct link *link, int64_t seconds);

/* gate_transport.c: the bytes of TLS, between GnuTLS and the socket. */
void gate_transport_begin(struct gate *gate, struct link *link, struct MHD_Connection *connection);
void gate_transport_end(struct gate *gate, const struct link *link, struct MHD_Connection *connection);
void gate_transport_flush(struct gate *gate); /* at the end of a round */
ssize_t gate_transport_receive(gnutls_transport_ptr_t link, void *out, size_t len);    /* gnutls_pull_func */
ssize_t gate_transport_send(gnutls_transport_ptr_t link, const void *bytes, size_t len); /* gnutls_push_func */

/* gate_exchange.c */
struct exchange *exchange_new(struct gate *gate); /* NULL: too many */
void exchange_free(struct exchange *exchange);
uint64_t exchange_id(const struct exchange *exchange);
struct exchange *exchange_find(struct gate *gate, uint64_t id); /* waiting or following ones only */
bool exchange_charge(struct exchange *exchange,
                     size_t bytes);                 /* false: too much is buffered already */
void exchange_drop_body(struct exchange *exchange); /* with its charge */
void exchange_answer(struct exchange *exchange, unsigned status,
                     struct MHD_Response *response); /* takes the response */

/* gate_headers.c: fills exchange->headers. False: a header that decides something stands twice or
 * contradicts another; answered. */
bool gate_headers(struct exchange *exchange, const char *version);
bool gate_header_starts(const struct exchange *exchange, enum header header,
                        const char *start); /* in any case */

/* gate_target.c: which place a target belongs to. Fills place, verb, route and path; ERR_NONE or
 * the refusal is answered. */
bool gate_target(struct exchange *exchange, const char *method);

/* gate_request.c: all bytes are there. Either sends a frame to keep (the caller suspends) or
 * answers. */
void gate_request(struct exchange *exchange);
/* The request for a part of a file or of a body: with a query of gate's own. ERR_INVALID: its headers were refused, that is answered. */
enum err gate_request_part(struct exchange *exchange, const struct json *query, struct slice raw) must_check;

/* gate_reply.c */
void gate_reply(struct exchange *exchange, struct slice body); /* of a REPLY frame */
void gate_refuse(struct exchange *exchange, unsigned status, struct text text);
void gate_refuse_complaint(struct exchange *exchange, unsigned status,
                           const struct complaint *complaint);
struct MHD_Response *gate_response(struct exchange *exchange, struct buf *bytes,
                                   const char *content_type); /* takes the bytes */
void gate_header(struct MHD_Response *response, const char *name, const char *value);

/* gate_stream.c: files in parts. */
struct MHD_Response *gate_stream_begin(struct exchange *exchange, struct slice next, struct buf *bytes); /* takes the bytes; NULL: no room */
void gate_stream_go_on(struct exchange *exchange, struct slice body); /* of a REPLY frame */
void gate_stream_end(struct exchange *exchange);                      /* of a following one: the client sees that it was cut */
void gate_stream_free(struct exchange *exchange);

/* gate_upload.c: bodies in parts. */
bool gate_upload_begin(struct exchange *exchange); /* false: no room */
size_t gate_upload_take(struct exchange *exchange, struct slice bytes); /* how many were taken: less than all when the exchange waits now */
void gate_upload_end(struct exchange *exchange);                     /* the body has ended */
void gate_upload_go_on(struct exchange *exchange, struct slice body); /* of a REPLY frame */
void gate_upload_free(struct exchange *exchange);

/* gate_settings.c: what keep told of headers and origins. */
enum err gate_settings(struct gate *gate, struct slice body) must_check;
const struct json *gate_settings_headers(struct exchange *exchange); /* those of this request that records name; NULL: none */
bool gate_settings_origin(struct exchange *exchange, struct slice path, const char *method); /* false: a preflight, or an origin that may not call; answered */
void gate_settings_reply(const struct exchange *exchange, struct MHD_Response *response);
void gate_settings_page(struct gate *gate, struct MHD_Response *response);

/* gate_page.c: the web page and the API's description. */
void gate_page(struct exchange *exchange);
void gate_redirect(struct exchange *exchange, unsigned status, const char *location);
void gate_openapi(struct exchange *exchange);

/* gate_metrics.c: appends the gate's own counters as Prometheus text. */
enum err gate_metrics_put(const struct gate *gate, struct buf *out) must_check;

/* gate_tls.c */
enum err gate_tls_certificate(struct gate *gate, struct slice pem) must_check;
int gate_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
                      int authority_count, const gnutls_pk_algorithm_t *algorithms,
                      int algorithm_count, gnutls_pcert_st **ret_chain, unsigned *ret_chain_count,
                      gnutls_privkey_t *ret_key);
/* The authority whose client certificates count from now on. */
enum err gate_tls_authority(struct gate *gate, struct slice body) must_check;
/* Whether certificates of all issuers are asked for from now on. */
enum err gate_tls_clients(struct gate *gate, struct slice body) must_check;
/* Appends what this connection's client showed, as REQUEST has it; nothing when it showed none, or too much. The handshake proved that it holds the first one's key. */
enum err gate_tls_chain(struct exchange *exchange, struct buf *out) must_check;
/* The SHA-256 of the client certificate of this connection, empty without a good one. */
struct slice gate_tls_peer(struct exchange *exchange);
void gate_tls_stop(struct gate *gate);

/* gate.c: a frame of keep, now or held until now. */
void gate_frame(struct gate *gate, enum message kind, uint64_t id, struct slice body);
void gate_hold(struct gate *gate, const struct frame *frame);

#endif
