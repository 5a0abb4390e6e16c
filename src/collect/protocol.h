/*
 * The protocols that an endpoint may speak, one row each: how TLS begins there, what it lets through without TLS, which application
 * protocol is asked for by ALPN, and the ports where it is meant when the estate names none. Owns const tables only; connects nowhere.
 */
#ifndef VOGT_COLLECT_PROTOCOL_H
#define VOGT_COLLECT_PROTOCOL_H

#include "collect/talk.h"

/* What an endpoint that offers TLS does with those who do not use it. */
enum unencrypted {
    UNENCRYPTED_UNASKED,
    UNENCRYPTED_UNCLEAR,      /* it answered neither yes nor no */
    UNENCRYPTED_REFUSED,      /* it takes no password without TLS */
    UNENCRYPTED_ACCEPTED,     /* it goes on to passwords, or beyond, without TLS */
};
const char *unencrypted_name(enum unencrypted unencrypted); /* "accepted" */

enum { GREETING_WORDS_MAX_BYTES = 160 };

/* What was learned before TLS. The words are the endpoint's own, raw. */
struct greeting {
    enum unencrypted unencrypted;
    size_t words_bytes;
    uint8_t words[GREETING_WORDS_MAX_BYTES];
};
void greeting_words(struct greeting *greeting, struct slice words); /* cut to what fits */

struct protocol {
    const char *name;
    /* Leads to the first byte of TLS. ERR_UNSUPPORTED: it speaks the protocol and offers no TLS; ERR_PROTOCOL: it does not speak it, or will
     * not talk to us (the words say what it said); else the stream's errors. NULL: TLS at once. */
    enum err (*start)(struct talk *talk, struct slice server_name, struct greeting *greeting);
    /* On a connection of its own: asks for what should need TLS, without it. NULL: start sees it, or it cannot be seen. */
    enum err (*try_unencrypted)(struct talk *talk, struct greeting *greeting);
    const char *alpn;         /* as on the wire: a length byte before each name; NULL: none */
    bool browser;             /* asked over HTTP; Strict-Transport-Security is judged */
};

const struct protocol *protocol_by_name(struct slice name);      /* NULL: none */
const struct protocol *protocol_by_port(uint16_t port);          /* https where the table says nothing */
const struct protocol *protocol_all(size_t *ret_count);

/* protocol_lines.c */
enum err start_smtp(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_imap(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_pop3(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_sieve(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_ftp(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_xmpp(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_xmpp_server(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
/* protocol_packets.c */
enum err start_postgres(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_mysql(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err start_ldap(struct talk *talk, struct slice server_name, struct greeting *greeting) must_check;
enum err unencrypted_postgres(struct talk *talk, struct greeting *greeting) must_check;
enum err unencrypted_ldap(struct talk *talk, struct greeting *greeting) must_check;

#endif
