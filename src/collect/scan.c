/*
 *   NOT_ASKED --start--> a slot, waiting --answer--> OPEN, CLOSED, UNREACHABLE, DENIED, ERROR
 *                                        --wait_ms-> FILTERED
 * A slot is one socket. The next probe starts when a slot is free and the rate allows it.
 */
#include "collect/scan.h"

#include "collect/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000, CATCH_UP_NS = 20000000 };

struct slot {
    struct scan_probe *probe;          /* NULL: free */
    int64_t until_ns;
};

struct scan {
    const struct scan_address *addresses;
    const struct scan_limits *limits;
    struct slot slots[SCAN_AT_A_TIME_MAX];
    struct pollfd waiting[SCAN_AT_A_TIME_MAX];
    size_t used, at_a_time;
};

const char *scan_state_name(enum scan_state state)
{
    static const char *const names[SCAN_STATES] = {"not-asked", "open", "closed", "rejected", "filtered", "unreachable", "denied", "error"};
    return names[state];
}

/* The kernel chooses the source of a datagram socket without sending anything; our own address is its own source. */
static bool is_local(const struct scan_address *address)
{
    struct sockaddr_storage to = address->storage, from = {0};
    socklen_t length = sizeof(from);
    int fd = socket(address->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool local = false;
    if (address->ipv6) {
        ((struct sockaddr_in6 *)&to)->sin6_port = htons(9);
    } else {
        ((struct sockaddr_in *)&to)->sin_port = htons(9);
    }
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, address->length) == 0 && getsockname(fd, (struct sockaddr *)&from, &length) == 0) {
        local = address->ipv6 ? memcmp(&((struct sockaddr_in6 *)&to)->sin6_addr, &((struct sockaddr_in6 *)&from)->sin6_addr, 16) == 0
                              : ((struct sockaddr_in *)&to)->sin_addr.s_addr == ((struct sockaddr_in *)&from)->sin_addr.s_addr;
    }
    if (fd >= 0) {
        close(fd);
    }
    return local;
}

enum err scan_address_of(struct slice text, struct scan_address *ret_address)
{
    struct scan_address address = {.ipv6 = slice_find_byte(text, ':') != SIZE_MAX};
    char copy[sizeof(address.text)];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.data, 0, text.len) != NULL) {
        return ERR_INVALID;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    void *bytes = address.ipv6 ? (void *)&ipv6.sin6_addr : (void *)&ipv4.sin_addr;
    if (inet_pton(address.ipv6 ? AF_INET6 : AF_INET, copy, bytes) != 1 ||
        inet_ntop(address.ipv6 ? AF_INET6 : AF_INET, bytes, address.text, sizeof(address.text)) == NULL) {
        return ERR_INVALID;
    }
    address.length = address.ipv6 ? sizeof(ipv6) : sizeof(ipv4);
    memcpy(&address.storage, address.ipv6 ? (const void *)&ipv6 : (const void *)&ipv4, address.length);
    address.local = is_local(&address);
    *ret_address = address;
    return ERR_NONE;
}

/* Was it an ICMP message that ended the attempt? The socket's queue of errors has it then; a reset leaves nothing there. */
static bool was_rejected(int fd)
{
    uint8_t data[64], control[512];
    struct iovec part = {data, sizeof(data)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
        return false;
    }
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one != NULL; one = CMSG_NXTHDR(&message, one)) {
        struct sock_extended_err error;
        bool ours = (one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_RECVERR) || (one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_RECVERR);
        if (ours && one->cmsg_len >= CMSG_LEN(sizeof(error))) {
            memcpy(&error, CMSG_DATA(one), sizeof(error));
            return error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
        }
    }
    return false;
}

static void settle(struct scan_probe *probe, int number)
{
    static const struct {
        int number;
        enum scan_state state;
    } rows[] = {
        {0, SCAN_OPEN},
        {ECONNREFUSED, SCAN_CLOSED},
        {ECONNRESET, SCAN_CLOSED},
        {ETIMEDOUT, SCAN_FILTERED},
        {EHOSTUNREACH, SCAN_UNREACHABLE},
        {ENETUNREACH, SCAN_UNREACHABLE},
        {EADDRNOTAVAIL, SCAN_UNREACHABLE},
        {EACCES, SCAN_DENIED},
        {EPERM, SCAN_DENIED},
    };
    probe->state = SCAN_ERROR;
    probe->error = (int16_t)number;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].number == number) {
            probe->state = (uint8_t)rows[i].state;
            probe->error = 0;
        }
    }
}

/* Starts one attempt; what is answered at once takes no slot. */
static void start(struct scan *scan, struct scan_probe *probe, int64_t now_ns)
{
    const struct scan_address *address = &scan->addresses[probe->address];
    struct sockaddr_storage to = address->storage;
    if (address->ipv6) {
        ((struct sockaddr_in6 *)&to)->sin6_port = htons(probe->port);
    } else {
        ((struct sockaddr_in *)&to)->sin_port = htons(probe->port);
    }
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        settle(probe, errno);
        return;
    }
    int on = 1;
    (void)setsockopt(fd, address->ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, address->ipv6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on));
    int number = connect(fd, (const struct sockaddr *)&to, address->length) == 0 ? 0 : errno;
    if (number != EINPROGRESS) {
        settle(probe, number);
        close(fd);
        return;
    }
    scan->slots[scan->used] = (struct slot){probe, now_ns + scan->limits->wait_ms * 1000000};
    scan->waiting[scan->used++] = (struct pollfd){.fd = fd, .events = POLLOUT};
}

static void release(struct scan *scan, size_t index)
{
    close(scan->waiting[index].fd);
    scan->used--;
    scan->slots[index] = scan->slots[scan->used];
    scan->waiting[index] = scan->waiting[scan->used];
}

/* Takes what was answered, and gives up what waited long enough. Backwards: a released slot takes the last one's place. */
static void collect(struct scan *scan, int64_t now_ns)
{
    for (size_t i = scan->used; i-- > 0;) {
        if (scan->waiting[i].revents != 0) {
            int number = 0;
            socklen_t length = sizeof(number);
            if (getsockopt(scan->waiting[i].fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0) {
                number = errno;
            }
            bool rejected = (number == ECONNREFUSED || number == EACCES) && was_rejected(scan->waiting[i].fd);
            settle(scan->slots[i].probe, number);
            scan->slots[i].probe->state = rejected ? SCAN_REJECTED : scan->slots[i].probe->state;
            release(scan, i);
        } else if (scan->slots[i].until_ns <= now_ns) {
            scan->slots[i].probe->state = SCAN_FILTERED;
            release(scan, i);
        }
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void wait_until(struct scan *scan, int64_t wake_ns)
{
    for (size_t i = 0; i < scan->used; i++) {
        wake_ns = earlier(wake_ns, scan->slots[i].until_ns);
        scan->waiting[i].revents = 0;
    }
    int64_t left_ns = wake_ns - stream_now_ns();
    int wait_ms = left_ns <= 0 ? 0 : (int)(left_ns / 1000000 + 1);
    if (poll(scan->waiting, (nfds_t)scan->used, wait_ms) < 0) {
        for (size_t i = 0; i < scan->used; i++) {
            scan->waiting[i].revents = 0;  /* interrupted: the next round asks again */
        }
    }
}

void scan_run(const struct scan_address *addresses, struct scan_probe *probes, size_t count, const struct scan_limits *limits)
{
    bool known = limits->at_a_time > 0 && limits->at_a_time < SCAN_AT_A_TIME_MAX;
    struct scan scan = {.addresses = addresses, .limits = limits, .at_a_time = known ? limits->at_a_time : SCAN_AT_A_TIME_MAX};
    int64_t gap_ns = NANOSECONDS / (limits->per_second > 0 ? limits->per_second : 1), next_ns = stream_now_ns();
    size_t started = 0;
    while (started < count || scan.used > 0) {
        int64_t now_ns = stream_now_ns();
        if (now_ns >= limits->deadline_ns) {
            break;
        }
        while (started < count && scan.used < scan.at_a_time && now_ns >= next_ns) {
            start(&scan, &probes[started++], now_ns);
            next_ns += gap_ns;
        }
        next_ns = next_ns < now_ns - CATCH_UP_NS ? now_ns - CATCH_UP_NS : next_ns; /* what waited for a slot comes in no burst */
        if (started == count && scan.used == 0) {
            break;                     /* the last ones were answered at once */
        }
        bool may_start = started < count && scan.used < scan.at_a_time;
        wait_until(&scan, may_start ? earlier(next_ns, limits->deadline_ns) : limits->deadline_ns);
        collect(&scan, stream_now_ns());
    }
    while (scan.used > 0) {
        scan.slots[scan.used - 1].probe->state = SCAN_NOT_ASKED; /* asked, but not long enough to say */
        release(&scan, scan.used - 1);
    }
}
