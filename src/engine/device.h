/*
 * Audit devices, besides the ledger: where the records of requests go in Vault's own JSON. At least one device takes the record of a request before its operation
 * runs, and that of its reply before the reply leaves; else the request fails and names device and cause. The ledger records either way.
 *
 * Row core/audit: {"devices":[{"path":"file/","type","description","options":{…},"local","accessor","slot","salt": hex,"device": what tell gets (roles/tell_device.h)}]}
 *
 * Strings of bodies and replies stand in a record as "hmac-sha256:" and the HMAC with the device's own salt, so that who knows a value can look for it and nobody can
 * read it. Names of members, numbers and truth values stay, as with Vault.
 */
#ifndef VOGT_ENGINE_DEVICE_H
#define VOGT_ENGINE_DEVICE_H

#include "engine/turn.h"

enum { DEVICES_MAX = 4, DEVICE_RECORD_MAX_BYTES = 8 << 20 };

/* The devices of this turn; NULL: none. ERR_NEED. */
enum err device_load(struct turn *turn, const struct json **ret_devices) must_check;
/* Before the operation: ERR_NEED until a device took the request's record. Refuses with the device and its cause. */
enum err device_ask(struct turn *turn, const struct json *devices) must_check;
/* Opens one device without writing to it. */
enum err device_try(struct turn *turn, const struct json *device) must_check;
/* After the turn ended with `result`: the record of the reply for every device (and of the request, when it was refused before it could be told), as
 * device_records_* read it. Empty: nobody wants one. */
enum err device_reply(struct turn *turn, enum err result, struct buf *out) must_check;
/* No device took the record of the reply: what the caller gets instead. */
void device_reply_unrecorded(struct turn *turn, enum err err, const struct complaint *complaint);

/* One device's part of what is told: u8 slot, bytes path, bytes packed input of "tell.write", bytes lines. */
struct device_record {
    uint8_t slot;
    struct slice path, input, lines;
};
/* ERR_NOT_FOUND at the end. */
enum err device_record_get(struct reader *reader, struct device_record *ret_record) must_check;

/* device_record.c: one line of text. */
struct device_style {
    struct slice salt;                  /* bytes */
    bool is_raw, hashes_accessor, elides_lists;
    struct slice prefix;
};
enum device_moment { DEVICE_REQUEST, DEVICE_RESPONSE };
enum err device_line(struct turn *turn, const struct device_style *style, enum device_moment moment, enum err result, struct buf *out) must_check;
/* "hmac-sha256:…" */
struct slice device_hash(struct arena *arena, struct slice salt, struct slice text);

#endif
