/*
 * A ClientHello written by hand and the first answer to it read by hand. It asks a server about versions and suites that the
 * TLS library here may no longer speak (SSL 3.0, RC4, export), so that "the library could not" is never taken for "the
 * server refused". Pure: bytes in, bytes out.
 *
 *   record    u8 type (22 handshake, 21 alert), u16 version, u16 length, body; a handshake may be split over many
 *   alert     u8 level (1 warning, 2 fatal), u8 number
 *   handshake u8 type (1 ClientHello, 2 ServerHello), u24 length, u16 version, 32 random bytes, u8 length + session id,
 *             ClientHello: u16 length + suites, u8 length + compressions, u16 length + extensions
 *             ServerHello: u16 suite, u8 compression
 */
#ifndef VOGT_COLLECT_HELLO_H
#define VOGT_COLLECT_HELLO_H

#include "base/bytes.h"

enum {
    HELLO_SSL_3_0 = 0x0300,
    HELLO_TLS_1_0 = 0x0301,
    HELLO_TLS_1_1 = 0x0302,
    HELLO_TLS_1_2 = 0x0303,
    HELLO_RANDOM_BYTES = 32,
    HELLO_ANSWER_MAX_BYTES = 5 + 16384 + 2048,
};

enum hello_state {
    HELLO_MORE,         /* the answer is not whole yet */
    HELLO_ACCEPTED,     /* a ServerHello: version and suite are set */
    HELLO_ALERT,        /* alert is set */
    HELLO_GARBAGE,      /* not TLS */
};

struct hello_answer {
    enum hello_state state;
    uint16_t version, suite;
    uint8_t alert;
    bool warned;        /* alert is set too, but was only a warning, which a ServerHello may follow */
};

/* Appends one record offering exactly `version` and the suites. server_name may be empty (an address: no name is sent). */
enum err hello_write(struct buf *out, uint16_t version, const uint16_t *suites, size_t suite_count,
                     struct slice server_name, const uint8_t random[HELLO_RANDOM_BYTES]) must_check;
struct hello_answer hello_read(struct slice received);

const char *hello_version_name(uint16_t version);  /* "1.2"; "ssl3"; "unknown" */
const char *hello_alert_name(uint8_t alert);       /* "handshake_failure"; "alert" when unknown */

#endif
