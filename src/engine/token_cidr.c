/* Networks that a token is bound to: "10.0.0.0/8", "2001:db8::/32", a single address, or "unix". An IPv4 address that came over an IPv6 socket is IPv4. */
#include "engine/token.h"

#include <arpa/inet.h>
#include <string.h>

struct network {
    uint8_t bytes[16];
    unsigned bits;          /* of the address family: IPv4 lies below ::ffff:0:0/96 */
};

static bool read_address(struct slice text, uint8_t ret_bytes[16], bool *ret_is_v4)
{
    char copy[INET6_ADDRSTRLEN];
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, 0, text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, ret_bytes + 12) == 1) {
        memcpy(ret_bytes, mapped, sizeof mapped);
        *ret_is_v4 = true;
        return true;
    }
    *ret_is_v4 = false;
    return inet_pton(AF_INET6, copy, ret_bytes) == 1;
}

static bool read_network(struct slice text, struct network *ret_network)
{
    size_t slash = slice_find_byte(text, '/');
    bool is_v4 = false;
    uint64_t bits = 0;
    if (!read_address(slice_first(text, slash), ret_network->bytes, &is_v4)) {
        return false;
    }
    uint64_t most = is_v4 ? 32 : 128;
    bool has_bits = slash != SIZE_MAX;
    if (has_bits && (slice_to_u64(slice_from(text, slash + 1), &bits) != ERR_NONE || bits > most)) {
        return false;
    }
    ret_network->bits = (unsigned)((is_v4 ? 96 : 0) + (has_bits ? bits : most));
    return true;
}

static bool lies_in(const uint8_t address[16], const struct network *network)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(address, network->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || ((address[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0;
}

bool token_cidr_is_good(struct slice text)
{
    struct network network;
    return read_network(text, &network);
}

/* "127.0.0.1:5123" and "[::1]:5123" without their port. */
static struct slice without_port(struct slice remote)
{
    if (remote.len > 0 && remote.data[0] == '[') {
        size_t end = slice_find_byte(remote, ']');
        return end == SIZE_MAX ? SLICE_NONE : slice_first(slice_from(remote, 1), end - 1);
    }
    size_t colon = slice_find_byte(remote, ':');
    return slice_first(remote, colon);
}

bool token_cidr_allows(const struct json *cidrs, struct slice remote)
{
    if (cidrs == NULL || cidrs->count == 0) {
        return true;
    }
    uint8_t address[16];
    bool is_v4 = false;
    if (!read_address(without_port(remote), address, &is_v4)) {
        return false;
    }
    for (const struct json *one = cidrs->first; one != NULL; one = one->next) {
        struct network network;
        if (read_network(one->text, &network) && lies_in(address, &network)) {
            return true;
        }
    }
    return false;
}

bool token_cidr_within(const struct json *cidrs, struct slice text)
{
    struct network inner;
    if (!read_network(text, &inner)) {
        return false;
    }
    bool is_within = cidrs == NULL || cidrs->count == 0;
    for (const struct json *one = cidrs == NULL ? NULL : cidrs->first; one != NULL; one = one->next) {
        struct network outer;
        is_within = is_within || (read_network(one->text, &outer) && outer.bits <= inner.bits && lies_in(inner.bytes, &outer));
    }
    return is_within;
}
