#include "collect/judge.h"
#include "collect/volume.h"

#include <stdio.h>

enum { CIPHER_BITS = 256, DEPTH_MAX = 16, STEPS_MAX = 1000 };

/* How long the cipher's own key is: XTS uses two keys, so that 256 bits there are AES-128. */
static int64_t cipher_bits(struct slice cipher, int64_t key_bits)
{
    bool xts = slice_find(cipher, SLICE_LITERAL("xts")) != SIZE_MAX;
    return xts ? key_bits / 2 : key_bits;
}

/* With integrity the volume's key holds the MAC's too, which encrypts nothing. -1: a MAC whose key we cannot size. */
static int64_t mac_bits(struct slice mac)
{
    static const struct {
        const char *name;
        int64_t bits;
    } rows[] = {{"", 0}, {"none", 0}, {"aead", 0}, {"poly1305", 0}, {"hmac(sha1)", 160}, {"hmac(sha256)", 256}, {"hmac(sha512)", 512}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (slice_is(mac, rows[i].name)) {
            return rows[i].bits;
        }
    }
    return -1;
}

/* "capi:authenc(hmac(sha256),xts(aes))-plain64" of the kernel's table is "capi:xts(aes))-plain64" and a MAC; a header names the MAC beside the
 * cipher. */
static struct slice without_mac(struct judge_case *judge_case, const struct json *crypt, struct slice *ret_mac)
{
    static const struct slice wrapped = SLICE_INIT("capi:authenc(");
    struct slice cipher = json_text(crypt, "cipher", SLICE_NONE), rest = slice_from(cipher, wrapped.len);
    size_t comma = slice_find_byte(rest, ',');
    *ret_mac = json_text(crypt, "integrity", SLICE_NONE);
    if (!slice_starts(cipher, wrapped) || comma == SIZE_MAX) {
        return cipher;
    }
    struct slice inner = slice_from(rest, comma + 1);
    char *text = arena_printf(judge_case->arena, "capi:%.*s", (int)inner.len, (const char *)inner.data);
    *ret_mac = slice_first(rest, comma);
    return text == NULL ? SLICE_NONE : slice_string(text);
}

/* "aes-xts-plain64", "aes-cbc-essiv:sha256", "capi:xts(aes)-plain64": plain AES and nothing wrapped around it that we cannot size. */
static bool is_aes(struct slice cipher)
{
    return slice_starts(cipher, SLICE_LITERAL("aes-")) || slice_starts(cipher, SLICE_LITERAL("capi:xts(aes)")) ||
           slice_starts(cipher, SLICE_LITERAL("capi:cbc(aes)")) || slice_starts(cipher, SLICE_LITERAL("capi:gcm(aes)"));
}

static const struct json *device_by_number(const struct judge_case *judge_case, struct slice number)
{
    for (const struct json *device = judge_items(judge_case->facts, "devices"); device != NULL; device = device->next) {
        if (slice_equal(json_text(device, "device", SLICE_NONE), number)) {
            return device;
        }
    }
    return NULL;
}

static struct finding at_device(struct judge_case *judge_case, enum outcome outcome, const char *reason,
                                const struct json *device)
{
    struct finding finding = judge_finding(judge_case, outcome, reason);
    judge_value(judge_case, finding.values, "device", json_text(device, "name", json_text(device, "device", SLICE_LITERAL("?"))));
    return finding;
}

static struct finding judge_cipher(struct judge_case *judge_case, const struct json *device, const struct json *crypt)
{
    struct slice mac, cipher = without_mac(judge_case, crypt, &mac);
    int64_t key_bits = judge_number(crypt, "key_bits", 0), bits = cipher_bits(cipher, key_bits - (mac_bits(mac) < 0 ? key_bits : mac_bits(mac)));
    int64_t wanted = judge_number(judge_case->options, "cipher_bits", CIPHER_BITS);
    bool strong = is_aes(cipher) && bits >= wanted && bits >= 128;
    struct finding finding = at_device(judge_case, strong ? OUTCOME_PASS : OUTCOME_FAIL,
                                       strong ? "volume.encrypted"
                                       : is_aes(cipher) ? "volume.key-short" : "volume.other-cipher", device);
    judge_value(judge_case, finding.values, "cipher", json_text(crypt, "cipher", SLICE_NONE));
    json_set_i64(judge_case->arena, finding.values, "key_bits", key_bits);
    json_set_i64(judge_case->arena, finding.values, "cipher_bits", bits);
    return finding;
}

/* The header names the mapping when both carry the same UUID; the mapping writes it without dashes. */
static bool header_belongs(struct slice dm_uuid, struct slice uuid)
{
    char compact[41];
    size_t len = 0;
    for (size_t i = 0; i < uuid.len && len < sizeof(compact) - 1; i++) {
        if (uuid.data[i] != '-') {
            compact[len++] = (char)uuid.data[i];
        }
    }
    return len >= 32 && slice_find(dm_uuid, slice_of(compact, len)) != SIZE_MAX;
}

/* Checks what is written, and encrypts nothing: what counts lies above or beneath it. */
static bool is_integrity(const struct json *device)
{
    return slice_starts(json_text(device, "dm_uuid", SLICE_NONE), SLICE_LITERAL("CRYPT-INTEGRITY-"));
}

static const struct json *only_slave(const struct judge_case *judge_case, const struct json *device)
{
    const struct json *slaves = json_member(device, "slaves");
    return slaves == NULL || slaves->count != 1 ? NULL : device_by_number(judge_case, slaves->first->text);
}

static struct finding judge_header(struct judge_case *judge_case, const struct json *device)
{
    const struct json *slave = only_slave(judge_case, device);
    slave = slave != NULL && is_integrity(slave) ? only_slave(judge_case, slave) : slave;
    const struct json *luks = json_member(slave, "luks");
    struct finding worst = {0};
    if (luks == NULL || !header_belongs(json_text(device, "dm_uuid", SLICE_NONE), json_text(luks, "uuid", SLICE_NONE))) {
        return at_device(judge_case, OUTCOME_ERROR, "volume.cipher-unknown", device);
    }
    for (const struct json *segment = judge_items(luks, "segments"); segment != NULL; segment = segment->next) {
        judge_worst(&worst, judge_cipher(judge_case, device, segment));
    }
    return worst.reason != NULL ? worst : at_device(judge_case, OUTCOME_ERROR, "volume.cipher-unknown", device);
}

/* Where the kernel's table and the header are both known, both must be strong: the table is what runs now, the header what runs next. */
static struct finding judge_mapping(struct judge_case *judge_case, const struct json *device)
{
    const struct json *crypt = json_member(device, "crypt");
    if (crypt == NULL) {
        return judge_header(judge_case, device);
    }
    struct finding finding = judge_cipher(judge_case, device, crypt), header = judge_header(judge_case, device);
    if (header.outcome == OUTCOME_FAIL) {
        judge_worst(&finding, header);
    }
    return finding;
}

/* A device is encrypted by itself, or when each device beneath it is. At most DEPTH_MAX deep, STEPS_MAX in all: real stacks have
 * four or five, facts with cycles end here. */
static struct finding judge_device(struct judge_case *judge_case, struct slice number, unsigned depth, unsigned *steps)
{
    const struct json *device = device_by_number(judge_case, number);
    if (device == NULL || depth > DEPTH_MAX || (*steps)++ > STEPS_MAX) {
        struct finding finding = judge_finding(judge_case, OUTCOME_ERROR, "volume.device-unknown");
        judge_value(judge_case, finding.values, "device", number);
        return finding;
    }
    if (slice_starts(json_text(device, "dm_uuid", SLICE_NONE), SLICE_LITERAL("CRYPT-")) && !is_integrity(device)) {
        return judge_mapping(judge_case, device);
    }
    struct finding worst = {0};
    for (const struct json *slave = judge_items(device, "slaves"); slave != NULL; slave = slave->next) {
        judge_worst(&worst, judge_device(judge_case, slave->text, depth + 1, steps));
        if (worst.outcome == OUTCOME_FAIL) {
            break;
        }
    }
    if (worst.reason != NULL) {
        return worst;
    }
    return json_member(device, "loop") != NULL ? at_device(judge_case, OUTCOME_ERROR, "volume.loop", device)
                                               : at_device(judge_case, OUTCOME_FAIL, "volume.not-encrypted", device);
}

static struct finding judge_tops(struct judge_case *judge_case)
{
    struct finding worst = {0};
    unsigned steps = 0;
    struct slice type = json_text(json_member(judge_case->facts, "mount"), "type", SLICE_LITERAL("?"));
    for (const struct json *top = judge_items(judge_case->facts, "tops"); top != NULL; top = top->next) {
        judge_worst(&worst, judge_device(judge_case, top->text, 0, &steps));
    }
    if (worst.reason == NULL) {
        bool memory = slice_is(type, "tmpfs") || slice_is(type, "ramfs");
        worst = judge_finding(judge_case, OUTCOME_ERROR, memory ? "volume.memory" : "volume.no-device");
    } else if (worst.outcome == OUTCOME_PASS && json_bool(judge_case->facts, "devices_cut", true)) {
        worst = judge_finding(judge_case, OUTCOME_ERROR, "volume.device-unknown");
    }
    judge_value(judge_case, worst.values, "type", type);
    return worst;
}

static void judge_volume_cipher(struct judge_case *judge_case)
{
    const struct json *error = json_member(judge_case->facts, "error");
    struct finding finding;
    if (error != NULL) {
        finding = judge_finding(judge_case, OUTCOME_ERROR, "volume.path-not-read");
        judge_value(judge_case, finding.values, "result", json_text(judge_case->facts, "error", SLICE_LITERAL("?")));
    } else {
        finding = judge_tops(judge_case);
    }
    judge_value(judge_case, finding.values, "path", json_text(judge_case->facts, "path", SLICE_LITERAL("?")));
    judge_report(judge_case, "volume.cipher", finding);
}

enum err judge_volume(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"volume.cipher", "volume.key-short"}};
    static const struct judge judge = {kinds, 1, judge_volume_cipher};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
