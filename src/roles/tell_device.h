/*
 * One audit device, from the side that writes. It owns one descriptor and never waits longer than its patience.
 *
 *   {"kind":"file","name","mode"}               a file or pipe of the working directory; opened anew when it was moved or removed
 *   {"kind":"syslog","facility","tag"}          datagrams to /dev/log
 *   {"kind":"socket","address","socket_type":"tcp|udp|unix","patience_ms"}
 *   {"kind":"discard"}                          takes everything
 *
 * CLOSED --open--> CONNECTING (sockets) --> OPEN --failed write--> CLOSED. A device that did not take its last record is "ailing": the next one is tried
 * without patience, so that what waits behind it waits once and not again and again.
 */
#ifndef VOGT_ROLES_TELL_DEVICE_H
#define VOGT_ROLES_TELL_DEVICE_H

#include "base/json.h"

enum { TELL_PATIENCE_MS = 2000, TELL_PATIENCE_MAX_MS = 4000, TELL_RESERVE_BYTES = 16 << 20 };

struct tell_device {
    int fd;                 /* -1: closed */
    bool is_connecting, is_ailing, is_narrowed;
};
#define TELL_DEVICE_NONE ((struct tell_device){.fd = -1})

/* Writes whole lines; nothing to write only opens. With `is_last_word` the disk's reserve may be used: the reply of a request that was let in. *ret_detail (static or
 * in the arena) says more than the error, for a person: "audit.log: nobody reads the pipe". */
enum err tell_write(struct tell_device *device, struct arena *arena, const struct json *options, struct slice lines, bool is_last_word, const char **ret_detail) must_check;
void tell_close(struct tell_device *device);

#endif
