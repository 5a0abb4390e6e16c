#include "collect/redirect.h"

#include <arpa/inet.h>
#include <string.h>

enum { HOST_MAX_BYTES = 255 };

static bool ends_host(uint8_t byte)
{
    return byte == '/' || byte == '?' || byte == '#' || byte == '\\';
}

/* What stands between "//" and the path, without user and port. Browsers take backslashes for slashes. Empty: a relative address. */
static struct slice host_of(struct slice location)
{
    size_t at = 0;
    while (at + 1 < location.len && !((location.data[at] == '/' || location.data[at] == '\\') && (location.data[at + 1] == '/' || location.data[at + 1] == '\\'))) {
        if (ends_host(location.data[at])) {
            return SLICE_NONE;
        }
        at++;
    }
    struct slice host = slice_from(location, at + 2);
    size_t end = 0;
    while (end < host.len && !ends_host(host.data[end])) {
        end++;
    }
    host = slice_first(host, end);
    for (size_t user; (user = slice_find_byte(host, '@')) != SIZE_MAX;) {
        host = slice_from(host, user + 1);
    }
    if (host.len > 0 && host.data[0] == '[') {
        size_t close = slice_find_byte(host, ']');
        return close == SIZE_MAX ? SLICE_NONE : slice_of(host.data + 1, close - 1);
    }
    return slice_first(host, slice_find_byte(host, ':'));
}

static enum redirect of_ipv4(uint32_t address)
{
    if (address >> 24 == 127 || address >> 24 == 0) {
        return REDIRECT_LOOPBACK;
    }
    bool metadata = address == 0x646464c8; /* 100.100.100.200 */
    return address >> 16 == 0xa9fe || metadata ? REDIRECT_LINK_LOCAL : REDIRECT_ELSEWHERE;
}

static enum redirect of_ipv6(const struct in6_addr *address)
{
    static const uint8_t metadata[16] = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54};
    if (IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address)) {
        return REDIRECT_LOOPBACK;
    }
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        const uint8_t *bytes = address->s6_addr + 12;
        return of_ipv4((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3]);
    }
    return IN6_IS_ADDR_LINKLOCAL(address) || memcmp(address->s6_addr, metadata, sizeof(metadata)) == 0 ? REDIRECT_LINK_LOCAL : REDIRECT_ELSEWHERE;
}

static bool is_beneath(struct slice host, struct slice name)
{
    size_t before = host.len < name.len ? 0 : host.len - name.len;
    return slice_equal_caseless(slice_from(host, before), name) && (before == 0 || host.data[before - 1] == '.');
}

enum redirect redirect_read(struct slice location)
{
    char host[HOST_MAX_BYTES + 1];
    struct slice found = host_of(slice_trim(location));
    found.len -= found.len > 0 && found.data[found.len - 1] == '.' ? 1 : 0;
    if (found.len == 0 || found.len > HOST_MAX_BYTES || slice_find_byte(found, 0) != SIZE_MAX) {
        return REDIRECT_ELSEWHERE;
    }
    memcpy(host, found.data, found.len);
    host[found.len] = '\0';
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (inet_aton(host, &ipv4) != 0) { /* also 2130706433, 0x7f.1 and the like, as browsers do */
        return of_ipv4(ntohl(ipv4.s_addr));
    }
    if (inet_pton(AF_INET6, host, &ipv6) == 1) {
        return of_ipv6(&ipv6);
    }
    if (is_beneath(found, SLICE_LITERAL("localhost"))) {
        return REDIRECT_LOOPBACK;
    }
    return is_beneath(found, SLICE_LITERAL("metadata.google.internal")) || slice_is_caseless(found, "metadata") ? REDIRECT_LINK_LOCAL : REDIRECT_ELSEWHERE;
}

bool redirect_is_https(struct slice location)
{
    const struct slice scheme = SLICE_LITERAL("https://");
    return location.len > scheme.len && slice_starts_caseless(location, scheme);
}
