/* What goes through a connection's transport arrives whole and in order, whatever the socket takes at once; and how many writes that needs. */
#include "roles/gate.h"

#include "base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINKS = 3, ROUNDS = 4000, RECORD_MAX_BYTES = 6000, STREAM_MAX_BYTES = 64 << 20 };

struct scene {
    struct gate gate;
    struct link links[LINKS];
    int far[LINKS]; /* the clients' ends */
    struct buf sent[LINKS], arrived[LINKS];
};

static bool begin(struct scene *scene)
{
    int bytes = 1;
    *scene = (struct scene){.gate = {.head = BUF_INIT(GATE_HEAD_MAX_BYTES)}};
    for (size_t i = 0; i < LINKS; i++) {
        int fds[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0 || setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0) {
            return false;
        }
        scene->links[i] = (struct link){.gate = &scene->gate, .transport_fd = fds[0]};
        scene->far[i] = fds[1];
        scene->sent[i] = scene->arrived[i] = BUF_INIT(STREAM_MAX_BYTES);
    }
    return true;
}

static void end(struct scene *scene)
{
    for (size_t i = 0; i < LINKS; i++) {
        close(scene->links[i].transport_fd);
        if (scene->far[i] >= 0) {
            close(scene->far[i]);
        }
        buf_free(&scene->sent[i]);
        buf_free(&scene->arrived[i]);
    }
    buf_free(&scene->gate.head);
}

/* Some of what came, or all. */
static bool read_far(struct scene *scene, size_t i, size_t most)
{
    uint8_t bytes[512];
    ssize_t got = 1;
    for (size_t left = most; got > 0 && left > 0; left -= (size_t)(got > 0 ? got : 0)) {
        got = read(scene->far[i], bytes, left < sizeof bytes ? left : sizeof bytes);
        if (got > 0 && buf_append(&scene->arrived[i], slice_of(bytes, (size_t)got)) != ERR_NONE) {
            return false;
        }
    }
    return got > 0 || errno == EAGAIN;
}

/* One record as GnuTLS writes it: again and again with what is left, as MHD does when the socket has room. False: an error that is none of waiting. */
static bool write_record(struct scene *scene, size_t i, size_t len)
{
    uint8_t record[RECORD_MAX_BYTES];
    for (size_t at = 0; at < len; at++) {
        record[at] = (uint8_t)random();
    }
    for (size_t at = 0; at < len;) {
        ssize_t sent = gate_transport_send(&scene->links[i], record + at, len - at);
        if (sent < 0 && (errno != EAGAIN || !read_far(scene, i, (size_t)random() % 700))) {
            return false;
        }
        at += sent < 0 ? 0 : (size_t)sent;
    }
    return buf_append(&scene->sent[i], slice_of(record, len)) == ERR_NONE;
}

TEST(heads_and_bodies_arrive_in_order_whatever_the_sockets_take)
{
    struct scene scene;
    CHECK(begin(&scene));
    srandom(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t i = (size_t)random() % LINKS;
        scene.links[i].has_body = random() % 4 != 0;
        CHECK(write_record(&scene, i, 1 + (size_t)random() % 500));
        if (random() % 8 == 0) {
            gate_transport_flush(&scene.gate); /* the body comes a round later */
        }
        if (random() % 8 != 0) {
            CHECK(write_record(&scene, i, 1 + (size_t)random() % RECORD_MAX_BYTES));
        }
    }
    for (size_t i = 0; i < LINKS; i++) {
        do {
            gate_transport_flush(&scene.gate);
            CHECK(read_far(&scene, i, STREAM_MAX_BYTES));
        } while (scene.gate.head_of == &scene.links[i]);
        CHECK(slice_equal(buf_slice(&scene.sent[i]), buf_slice(&scene.arrived[i])));
    }
    end(&scene);
}

TEST(a_head_waits_for_its_body_and_leaves_with_it)
{
    struct scene scene;
    CHECK(begin(&scene));
    scene.links[0].has_body = true;
    CHECK_U64(4, gate_transport_send(&scene.links[0], "head", 4));
    CHECK(read_far(&scene, 0, STREAM_MAX_BYTES));
    CHECK_U64(0, scene.arrived[0].len);
    CHECK_U64(4, gate_transport_send(&scene.links[1], "else", 4)); /* what has no body passes it */
    CHECK_U64(4, gate_transport_send(&scene.links[0], "body", 4));
    CHECK(read_far(&scene, 0, STREAM_MAX_BYTES));
    CHECK_SLICE("headbody", buf_slice(&scene.arrived[0]));
    scene.links[0].has_body = true;
    CHECK_U64(4, gate_transport_send(&scene.links[0], "more", 4));
    scene.links[2].has_body = true;
    CHECK_U64(4, gate_transport_send(&scene.links[2], "head", 4)); /* one at a time */
    CHECK(read_far(&scene, 0, STREAM_MAX_BYTES));
    CHECK_SLICE("headbodymore", buf_slice(&scene.arrived[0]));
    end(&scene);
}

TEST(a_head_of_a_connection_that_is_gone_holds_nobody_up)
{
    struct scene scene;
    CHECK(begin(&scene));
    scene.links[0].has_body = true;
    CHECK_U64(4, gate_transport_send(&scene.links[0], "head", 4));
    close(scene.far[0]);
    scene.far[0] = -1;
    scene.links[1].has_body = true;
    CHECK_U64(4, gate_transport_send(&scene.links[1], "head", 4));
    CHECK_U64(4, gate_transport_send(&scene.links[1], "body", 4));
    CHECK(read_far(&scene, 1, STREAM_MAX_BYTES));
    CHECK_SLICE("headbody", buf_slice(&scene.arrived[1]));
    CHECK(gate_transport_send(&scene.links[0], "body", 4) == -1 && errno == EPIPE);
    end(&scene);
}

TEST(records_are_taken_from_one_read)
{
    struct scene scene;
    uint8_t bytes[GATE_AHEAD_BYTES];
    CHECK(begin(&scene));
    CHECK(write(scene.far[0], "12345678", 8) == 8);
    CHECK_U64(5, gate_transport_receive(&scene.links[0], bytes, 5));
    CHECK(memcmp(bytes, "12345", 5) == 0);
    CHECK(write(scene.far[0], "9", 1) == 1);
    CHECK_U64(3, gate_transport_receive(&scene.links[0], bytes, 100));
    CHECK(memcmp(bytes, "678", 3) == 0);
    CHECK_U64(1, gate_transport_receive(&scene.links[0], bytes, sizeof bytes)); /* large ones go past the buffer */
    CHECK(bytes[0] == '9');
    CHECK(gate_transport_receive(&scene.links[0], bytes, 5) == -1 && errno == EAGAIN);
    close(scene.far[0]);
    scene.far[0] = -1;
    CHECK_U64(0, gate_transport_receive(&scene.links[0], bytes, 5));
    end(&scene);
}

TEST_MAIN
