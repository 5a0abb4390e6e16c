/*
 * For gate_test and bench_gate: starts vogt-gate as the parent does and plays parent and keep for
 * it, with a key and a self-signed certificate of its own. Never part of a daemon.
 */
#ifndef VOGT_ROLES_GATE_PEER_H
#define VOGT_ROLES_GATE_PEER_H

#include "engine/request.h"
#include "process/channel.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sys/types.h>

struct gate_peer;

/* What keep answers. `arena` lives until the reply is written. False: never answer. */
typedef bool (*peer_answer_fn)(struct gate_peer *peer, struct arena *arena,
                               const struct request *request, struct reply *reply);

struct gate_peer {
    pid_t gate;
    int listener; /* the gate's: what is set of it, accepted sockets inherit */
    uint16_t port;
    struct channel *parent, *keep;
    pthread_t thread;
    EVP_PKEY *key;
    struct buf certificate_pem;
    long serial; /* of the certificate */
    peer_answer_fn answer;
    int stop_fds[2];            /* the thread ends when one is written */
    unsigned refuse_signatures; /* atomically: answer so many SIGN with nothing */
    unsigned requests;          /* atomically: frames seen */
    bool hold_reply;            /* set by `answer`: this reply leaves with the next SIGNED */
    uint64_t held_id;
    struct buf held_reply; /* empty: none */
};

/* Finds vogt-gate beside the running program, or where VOGT_GATE says. False: said on standard
 * error why. */
bool gate_peer_start(struct gate_peer *peer, peer_answer_fn answer, size_t connections,
                     size_t per_address);
/* A new certificate for the same key, with the next serial number. In the keep thread only, that is
 * from `answer`. */
bool gate_peer_renew(struct gate_peer *peer);
/* STOP; returns the exit code, or -1 when it had to be killed. */
int gate_peer_stop(struct gate_peer *peer);

#endif
