/* The configuration's witness and timestamp blocks. */
#include "engine/countersign.h"

#include "base/time.h"
#include "ledger/note.h"

enum { NAME_MAX_BYTES = 64, URL_MAX_BYTES = 512, WITNESS_EVERY_MS = 600000, STAMP_EVERY_MS = 3600000 };

#define REFUSED(one, english, german, detail)                                                                                                                  \
    (void)!complain(&(one)->problem, ERR_INVALID, TEXT(english, german), 0, 0, (const char *)(detail).data, (detail).len)

static bool is_good_name(struct slice name)
{
    return name.len > 0 && name.len <= NAME_MAX_BYTES && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-._") && !byte_is_among(name.data[0], "-._");
}

/* http(s)://host[:port][/path], printable, no user, query or fragment. */
static bool read_url(struct slice url, uint16_t *ret_port)
{
    bool is_tls = slice_starts(url, SLICE_LITERAL("https://"));
    if (url.len > URL_MAX_BYTES || (!is_tls && !slice_starts(url, SLICE_LITERAL("http://")))) {
        return false;
    }
    for (size_t i = 0; i < url.len; i++) {
        if (url.data[i] <= ' ' || url.data[i] > '~' || url.data[i] == '@' || url.data[i] == '?' || url.data[i] == '#' || url.data[i] == '\\') {
            return false;
        }
    }
    struct slice rest = slice_from(url, is_tls ? 8 : 7);
    struct slice host = slice_first(rest, slice_find_byte(rest, '/'));
    size_t bracket = slice_find_byte(host, ']');
    struct slice after = bracket == SIZE_MAX ? host : slice_from(host, bracket + 1);
    size_t colon = slice_find_byte(after, ':');
    uint64_t port = is_tls ? 443 : 80;
    if (host.len == 0 || (bracket == SIZE_MAX && colon == 0)) {
        return false;
    }
    if (colon != SIZE_MAX && (slice_to_u64(slice_from(after, colon + 1), &port) != ERR_NONE || port == 0 || port > UINT16_MAX)) {
        return false;
    }
    *ret_port = (uint16_t)port;
    return true;
}

static void check_names(const struct json *block, const char *const *allowed, struct countersigner *one)
{
    for (const struct json *member = block->first; member != NULL; member = member->next) {
        bool known = slice_is(member->name, "labels") || slice_is(member->name, "line");
        for (const char *const *name = allowed; *name != NULL; name++) {
            known = known || slice_is(member->name, *name);
        }
        if (!known) {
            REFUSED(one, "this attribute is unknown here", "dieses Attribut ist hier unbekannt", member->name);
        }
    }
}

static void read_every(const struct json *block, int64_t fallback_ms, struct countersigner *one)
{
    uint64_t seconds = 0;
    struct slice text = json_text(block, "every", SLICE_NONE);
    one->every_ms = fallback_ms;
    if (json_member(block, "every") == NULL) {
        return;
    }
    if (duration_parse(text, &seconds) != ERR_NONE || seconds < 60 || seconds > 7 * 86400) {
        REFUSED(one, "every must lie between 1 minute and 7 days, for example \"10m\"", "every muss zwischen 1 Minute und 7 Tagen liegen, zum Beispiel \"10m\"", text);
        return;
    }
    one->every_ms = (int64_t)seconds * 1000;
}

static void read_common(const struct json *block, int64_t every_ms, struct countersigner *one)
{
    one->url = json_text(block, "url", SLICE_NONE);
    read_every(block, every_ms, one);
    if (!read_url(one->url, &one->port)) {
        REFUSED(one, "url must be an http or https address without user, query or fragment", "url muss eine http- oder https-Adresse ohne Benutzer, Abfrage oder Fragment sein",
                one->url);
    }
}

static void read_witness(const struct json *block, struct countersign_config *config)
{
    static const char *const allowed[] = {"url", "vkey", "every", NULL};
    const struct json *labels = json_member(block, "labels");
    struct countersigner one = {.name = labels != NULL && labels->count == 1 ? labels->first->text : SLICE_NONE};
    struct note_key key;
    check_names(block, allowed, &one);
    read_common(block, WITNESS_EVERY_MS, &one);
    one.vkey = json_text(block, "vkey", SLICE_NONE);
    if (note_key_parse(one.vkey, &key) != ERR_NONE || key.type != NOTE_TYPE_COSIGNATURE) {
        REFUSED(&one, "vkey must be a witness's Ed25519 verifier key, name+id+key of type 04", "vkey muss der Ed25519-Prüfschlüssel eines Zeugen sein, name+id+key vom Typ 04",
                one.vkey);
    }
    if (!is_good_name(one.name) || countersign_find(config, one.name) != NULL) {
        REFUSED(&one, "a witness needs one name of its own: lower-case letters, digits, - . _", "ein Zeuge braucht einen eigenen Namen: Kleinbuchstaben, Ziffern, - . _", one.name);
    }
    if (config->witness_count == WITNESSES_MAX) {
        REFUSED(config, "there are more than 16 witnesses", "es sind mehr als 16 Zeugen", one.name);
        return;
    }
    config->witnesses[config->witness_count++] = one;
}

static void read_stamper(const struct json *block, struct countersign_config *config)
{
    static const char *const allowed[] = {"url", "every", "trust", NULL};
    struct countersigner one = {.name = SLICE_LITERAL("timestamp")};
    check_names(block, allowed, &one);
    read_common(block, STAMP_EVERY_MS, &one);
    one.trust = json_text(block, "trust", SLICE_NONE);
    if (json_member(block, "trust") != NULL && !slice_starts(slice_trim(one.trust), SLICE_LITERAL("-----BEGIN CERTIFICATE-----"))) {
        REFUSED(&one, "trust must be certificates in PEM", "trust muss Zertifikate in PEM enthalten", slice_first(one.trust, 40));
    }
    if (block->next != NULL) {
        REFUSED(config, "there is more than one timestamp block", "es gibt mehr als einen timestamp-Block", one.url);
    }
    config->stamper = one;
    config->has_stamper = true;
}

void countersign_config_read(const struct json *config, struct countersign_config *ret_config)
{
    *ret_config = (struct countersign_config){0};
    const struct json *witnesses = json_member(config, "witness"), *stampers = json_member(config, "timestamp");
    bool witness_blocks = witnesses == NULL || (witnesses->type == JSON_ARRAY && (witnesses->first == NULL || witnesses->first->type == JSON_OBJECT));
    bool stamper_blocks = stampers == NULL || (stampers->type == JSON_ARRAY && (stampers->first == NULL || stampers->first->type == JSON_OBJECT));
    if (!witness_blocks || !stamper_blocks) {
        REFUSED(ret_config, "witness and timestamp are blocks: witness \"name\" { … }", "witness und timestamp sind Blöcke: witness \"name\" { … }", SLICE_NONE);
        return;
    }
    for (const struct json *block = witnesses == NULL ? NULL : witnesses->first; block != NULL; block = block->next) {
        read_witness(block, ret_config);
    }
    if (stampers != NULL && stampers->first != NULL) {
        read_stamper(stampers->first, ret_config);
    }
}

const struct countersigner *countersign_find(const struct countersign_config *config, struct slice name)
{
    for (size_t i = 0; config != NULL && i < config->witness_count; i++) {
        if (slice_equal(config->witnesses[i].name, name)) {
            return &config->witnesses[i];
        }
    }
    return NULL;
}
