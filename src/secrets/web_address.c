#include "secrets/web_address.h"

static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte <= ' ' || byte > '~' || byte == '@' || byte == '#' || byte == '\\' || byte == '"' || byte == '<' || byte == '>') {
            return false;
        }
    }
    return true;
}

static bool is_host(struct slice host)
{
    return host.len > 0 && slice_consists_of(host, ASCII_LETTERS ASCII_DIGITS "-._");
}

static bool is_bracketed(struct slice host)
{
    return host.len > 3 && slice_consists_of(slice_first(slice_from(host, 1), host.len - 2), ASCII_DIGITS "abcdefABCDEF:.");
}

static size_t authority_len(struct slice rest)
{
    size_t slash = slice_find_byte(rest, '/'), question = slice_find_byte(rest, '?');
    size_t len = slash < question ? slash : question;
    return len == SIZE_MAX ? rest.len : len;
}

bool web_address_read(struct slice text, struct web_address *ret_address)
{
    struct web_address address = {.is_plain = slice_starts(text, SLICE_LITERAL("http://"))};
    if (text.len > WEB_ADDRESS_MAX_BYTES || !is_printable(text) || (!address.is_plain && !slice_starts(text, SLICE_LITERAL("https://")))) {
        return false;
    }
    struct slice rest = slice_from(text, address.is_plain ? 7 : 8), authority = slice_first(rest, authority_len(rest));
    bool has_brackets = authority.len > 0 && authority.data[0] == '[';
    size_t bracket = has_brackets ? slice_find_byte(authority, ']') : SIZE_MAX;
    size_t host_len = has_brackets ? bracket : slice_find_byte(authority, ':');
    if (has_brackets && bracket == SIZE_MAX) {
        return false;
    }
    host_len = has_brackets ? host_len + 1 : host_len == SIZE_MAX ? authority.len : host_len;
    address.host = slice_first(authority, host_len);
    struct slice port = slice_from(authority, host_len);
    uint64_t number = address.is_plain ? 80 : 443;
    if (port.len > 0 && (port.data[0] != ':' || slice_to_u64(slice_from(port, 1), &number) != ERR_NONE || number == 0 || number > UINT16_MAX)) {
        return false;
    }
    address.port = (uint16_t)number;
    address.is_local = slice_is(address.host, "localhost") || slice_is(address.host, "127.0.0.1") || slice_is(address.host, "[::1]");
    *ret_address = address;
    return has_brackets ? is_bracketed(address.host) : is_host(address.host);
}

bool web_address_is_safe(struct slice text)
{
    struct web_address address;
    return web_address_read(text, &address) && (!address.is_plain || address.is_local);
}
