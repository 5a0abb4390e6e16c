#include "measure/exposure_task.h"

#include "collect/usual_ports.h"
#include "measure/edit.h"
#include "measure/estate.h"

enum {
    SLICE_PORTS = 2048,                 /* 32 of them are all; with the usual ones, two addresses that drop everything take 80 s */
    SLICE_MS = 43200000,
    TIMEOUT_MS = 115000,                /* reach lets a task run for 120 s */
    PER_SECOND = 200,
    ADDRESSES_MAX = 16,
    PLANT_FIRST = 20000,
    PLANT_SPAN = 12000,                 /* below the range that the kernel takes for outgoing connections */
};

/* What no vantage on the Internet can reach: loopback, link-local, and the networks that anybody may use at home. */
static bool is_public(struct slice address)
{
    static const char *const starts[] = {"127.", "10.", "192.168.", "169.254.", "0.", "::1", "fe80:", "fc", "fd"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (slice_starts(address, slice_string(starts[i]))) {
            return false;
        }
    }
    struct slice rest = address, first, second;
    uint64_t number = 0;
    bool shared = slice_split(&rest, '.', &first) && slice_split(&rest, '.', &second) && slice_to_u64(second, &number) == ERR_NONE &&
                  ((slice_is(first, "172") && number >= 16 && number < 32) || (slice_is(first, "100") && number >= 64 && number < 128));
    return !shared && address.len > 0;
}

static void add_address(struct turn *turn, struct json *list, struct slice address, bool any)
{
    struct slice rest = address, plain;
    if (!slice_split(&rest, '/', &plain) || (!any && !is_public(plain)) || list == NULL || list->count >= ADDRESSES_MAX) {
        return;
    }
    /* a provider hands out a network of IPv6; its first address is the host's until people say otherwise. Where it is not, nothing answers there, and
     * nothing is green. */
    bool network = rest.len > 0 && slice_ends(plain, SLICE_LITERAL("::"));
    char *first = turn_path(turn, "%.*s1", (int)plain.len, (const char *)plain.data);
    json_append(list, json_string(turn->arena, network && first != NULL ? slice_string(first) : plain));
}

/* "addresses", or the one "address". Where none is public, all are taken: the vantage may stand in their network. */
static struct json *addresses_of(struct turn *turn, const struct json *host)
{
    const struct json *attributes = json_member(host, "attributes");
    struct json *list = json_new(turn->arena, JSON_ARRAY);
    for (unsigned all = 0; all < 2 && list != NULL && list->count == 0; all++) {
        for (const struct json *one = edit_items(attributes, "addresses"); one != NULL; one = one->next) {
            add_address(turn, list, one->text, all == 1);
        }
        if (list->count == 0) {
            add_address(turn, list, json_text(attributes, "address", SLICE_NONE), all == 1);
        }
    }
    return list;
}

static void add_usual(struct turn *turn, struct json *list, const char *const *ports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_append(list, json_string(turn->arena, slice_string(ports[i])));
    }
}

enum err exposure_task(struct turn *turn, const struct json *host, struct json *input)
{
    struct json *ports = json_set_array(turn->arena, input, "ports"), *udp = json_set_array(turn->arena, input, "udp_ports");
    struct json *plant = json_set_array(turn->arena, input, "plant_ports"), *own = estate_ports(turn->arena, host);
    unsigned slice = (unsigned)(turn->now_ms / SLICE_MS % (65536 / SLICE_PORTS)) * SLICE_PORTS;
    uint16_t random[2];
    const struct json *outside = edit_items(json_member(host, "attributes"), "outside");
    for (const struct json *one = outside; one != NULL; one = one->next) {
        json_append(ports, json_copy(turn->arena, one));
    }
    if (outside == NULL) {
        add_usual(turn, ports, usual_tcp_ports, sizeof usual_tcp_ports / sizeof usual_tcp_ports[0]);
    }
    add_usual(turn, udp, usual_udp_ports, sizeof usual_udp_ports / sizeof usual_udp_ports[0]);
    for (const struct json *one = own == NULL ? NULL : own->first; one != NULL; one = one->next) {
        json_append(ports, json_number_i64(turn->arena, edit_number(one, "port", 0)));
    }
    char *range = turn_path(turn, "%u-%u", slice == 0 ? 1 : slice, slice + SLICE_PORTS - 1);
    if (outside == NULL) {
        json_append(ports, range == NULL ? NULL : json_string(turn->arena, slice_string(range)));
    }
    turn_random(turn, random, sizeof random);
    for (size_t i = 0; i < 2; i++) { /* one even, one odd: never the same */
        json_append(plant, json_number_u64(turn->arena, (uint64_t)PLANT_FIRST + (uint64_t)(random[i] % PLANT_SPAN / 2) * 2 + i));
    }
    json_set_u64(turn->arena, input, "timeout_ms", TIMEOUT_MS);
    json_set_u64(turn->arena, input, "per_second", PER_SECOND);
    return json_set(turn->arena, input, "addresses", addresses_of(turn, host)) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err exposure_estate(struct turn *turn, const struct json *host, struct json *estate)
{
    json_set(turn->arena, estate, "ports", estate_ports(turn->arena, host));
    return json_set(turn->arena, estate, "addresses", addresses_of(turn, host)) == NULL ? ERR_MEMORY : ERR_NONE;
}
