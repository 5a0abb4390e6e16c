#include "engine/device.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "engine/turn_inside.h"

enum { INPUT_BYTES = 4096, SALT_BYTES = 32 };

enum err device_load(struct turn *turn, const struct json **ret_devices)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, "core/audit", &row);
    *ret_devices = err == ERR_NONE && json_member(row, "devices") != NULL && json_member(row, "devices")->count > 0 ? json_member(row, "devices") : NULL;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

/* Vault's options are strings, mostly. */
static bool is_on(const struct json *options, const char *name, bool fallback)
{
    const struct json *value = json_member(options, name);
    if (value == NULL) {
        return fallback;
    }
    return value->type == JSON_TRUE || (value->type == JSON_STRING && (slice_is(value->text, "true") || slice_is(value->text, "1")));
}

static enum err style_of(struct turn *turn, const struct json *device, struct device_style *ret_style)
{
    const struct json *options = json_member(device, "options");
    cleanup_buf struct buf salt = BUF_INIT(SALT_BYTES);
    enum err err = hex_decode(&salt, json_text(device, "salt", SLICE_NONE));
    *ret_style = (struct device_style){.salt = arena_copy(turn->arena, buf_slice(&salt)), .is_raw = is_on(options, "log_raw", false),
                                       .hashes_accessor = is_on(options, "hmac_accessor", true), .elides_lists = is_on(options, "elide_list_responses", false),
                                       .prefix = json_text(options, "prefix", SLICE_NONE)};
    return err == ERR_NONE && ret_style->salt.data != NULL ? ERR_NONE : ERR_DAMAGED;
}

static enum err put_record(struct turn *turn, const struct json *device, bool is_last, struct slice lines, struct buf *out)
{
    uint64_t slot = 0;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, input, "device", json_copy(turn->arena, json_member(device, "device")));
    struct json *last = json_set_bool(turn->arena, input, "last", is_last);
    cleanup_buf struct buf packed = BUF_INIT(INPUT_BYTES);
    enum err err = json_u64(device, "slot", &slot);
    err = err == ERR_NONE && (slot >= DEVICES_MAX || last == NULL) ? ERR_DAMAGED : err;
    err = err == ERR_NONE ? json_pack(&packed, input) : err;
    err = err == ERR_NONE ? put_u8(out, (uint8_t)slot) : err;
    err = err == ERR_NONE ? put_bytes(out, json_text(device, "path", SLICE_NONE)) : err;
    err = err == ERR_NONE ? put_bytes(out, buf_slice(&packed)) : err;
    return err == ERR_NONE ? put_bytes(out, lines) : err;
}

enum err device_record_get(struct reader *reader, struct device_record *ret_record)
{
    if (reader_left(reader) == 0) {
        return ERR_NOT_FOUND;
    }
    enum err err = get_u8(reader, &ret_record->slot);
    err = err == ERR_NONE ? get_bytes(reader, REQUEST_PATH_MAX_BYTES, &ret_record->path) : err;
    err = err == ERR_NONE ? get_bytes(reader, INPUT_BYTES, &ret_record->input) : err;
    err = err == ERR_NONE ? get_bytes(reader, DEVICE_RECORD_MAX_BYTES, &ret_record->lines) : err;
    return err == ERR_NONE && ret_record->slot >= DEVICES_MAX ? ERR_PROTOCOL : err;
}

/* What each device is told of one moment. */
static enum err put_all(struct turn *turn, const struct json *devices, bool with_request, bool with_response, enum err result, struct buf *out)
{
    cleanup_buf struct buf lines = BUF_INIT(DEVICE_RECORD_MAX_BYTES);
    for (const struct json *device = devices->first; device != NULL; device = device->next) {
        struct device_style style;
        buf_clear(&lines);
        enum err err = style_of(turn, device, &style);
        err = err == ERR_NONE && with_request ? device_line(turn, &style, DEVICE_REQUEST, result, &lines) : err;
        err = err == ERR_NONE && with_response ? device_line(turn, &style, DEVICE_RESPONSE, result, &lines) : err;
        err = err == ERR_NONE ? put_record(turn, device, with_response, buf_slice(&lines), out) : err;
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

enum { ALL_MAX_BYTES = DEVICES_MAX * (DEVICE_RECORD_MAX_BYTES + (64 << 10)) };

/* The way out when every device is stuck: ending one is told to them, and done all the same. The ledger records it. */
static bool is_way_out(const struct turn *turn)
{
    return slice_is(slice_string(turn->route->operation), "sys_audit_delete");
}

enum err device_ask(struct turn *turn, const struct json *devices)
{
    cleanup_buf struct buf all = BUF_INIT(ALL_MAX_BYTES);
    enum err err = turn_told_already(turn) ? ERR_NONE : put_all(turn, devices, true, false, ERR_NONE, &all);
    err = err == ERR_NONE ? turn_tell(turn, buf_slice(&all)) : err;
    if (err != ERR_NONE && err != ERR_NEED && is_way_out(turn)) {
        turn->complaint = (struct complaint){0};
        return ERR_NONE;
    }
    return err;
}

enum err device_try(struct turn *turn, const struct json *device)
{
    cleanup_buf struct buf one = BUF_INIT(INPUT_BYTES * 2);
    enum err err = put_record(turn, device, false, SLICE_NONE, &one);
    return err == ERR_NONE ? turn_tell_again(turn, buf_slice(&one)) : err;
}

enum err device_reply(struct turn *turn, enum err result, struct buf *out)
{
    const struct json *devices = turn->inside->devices;
    return devices == NULL || turn_tell_failed(turn) ? ERR_NONE : put_all(turn, devices, !turn_told_already(turn), true, result, out);
}

void device_reply_unrecorded(struct turn *turn, enum err err, const struct complaint *complaint)
{
    if (is_way_out(turn)) {
        return;
    }
    turn->complaint = *complaint;
    turn->complaint.text = turn->reply.status < 400 ? TEXT("the request was carried out, but no audit device took the record of its reply", "die Anfrage wurde ausgeführt, aber kein Audit-Gerät nahm den Eintrag ihrer Antwort an")
                                                    : TEXT("no audit device took the record of this refusal", "kein Audit-Gerät nahm den Eintrag dieser Ablehnung an");
    (void)err;
    reply_error(turn, ERR_IO);
}
