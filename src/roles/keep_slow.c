/*
 * A thread of keep's own for pure computing that would hold up everybody: RSA (a key of 4096 bits takes a second or more to find), large batches of signatures. No other process may see these keys,
 * so it is none. It shares nothing with keep's loop but a socketpair over which the frames go that judge gets too; it knows the works of one table, and neither rows nor
 * the vault. It is begun when it is first needed, within the sandbox.
 */
#include "roles/keep.h"

#include "secrets/transit_rsa.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { STACK_BYTES = 512 << 10, SLOW_AT_ONCE = 64 };

static const struct work works[] = {TRANSIT_RSA_WORKS};

enum err keep_prepare_slow(struct keep *keep)
{
    (void)mallopt(M_ARENA_MAX, 1); /* an arena a thread would be looked up in files and cost memory */
    keep->start_slow = keep_start_slow;
    return channel_pair(keep->slow_fds);
}

static void *run(void *argument)
{
    int fd = (int)(intptr_t)argument;
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL); /* signals are the loop's */
    struct channel *channel = channel_new(fd, ROLE_KEEP, ROLE_KEEP, QUEUE_MAX_BYTES);
    if (channel != NULL && worker_serve(channel, works, sizeof works / sizeof works[0]) == ERR_NONE) {
        abort(); /* it only ends with an error: ERR_CLOSED when keep goes */
    }
    if (channel == NULL) {
        (void)close(fd); /* keep sees it, and ends rather than wait */
    }
    channel_free(channel);
    return NULL;
}

enum err keep_start_slow(struct keep *keep)
{
    pthread_attr_t attributes;
    if (keep->slow_fds[0] < 0 || keep->member_count == MEMBERS_MAX || pthread_attr_init(&attributes) != 0) {
        return ERR_MEMORY;
    }
    struct channel *channel = channel_new(keep->slow_fds[0], ROLE_KEEP, ROLE_KEEP, QUEUE_MAX_BYTES);
    int failed = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    failed = failed == 0 && channel != NULL ? pthread_create(&keep->slow_thread, &attributes, run, (void *)(intptr_t)keep->slow_fds[1]) : ENOMEM;
    (void)pthread_attr_destroy(&attributes);
    if (failed != 0) {
        channel_free(channel);
        keep->slow_fds[0] = -1; /* closed; what cannot start a thread now is told so from here on */
        return err_from_errno(failed);
    }
    keep->has_slow_thread = true;
    keep->members[keep->member_count++] = (struct member){.role = ROLE_KEEP, .channel = channel, .capacity = SLOW_AT_ONCE};
    return ERR_NONE;
}

void keep_end_slow(struct keep *keep)
{
    if (!keep->has_slow_thread) {
        return;
    }
    for (size_t i = 0; i < keep->member_count; i++) {
        if (keep->members[i].role == ROLE_KEEP) {
            keep_lose_member(keep, &keep->members[i]); /* its reading ends */
        }
    }
    (void)pthread_join(keep->slow_thread, NULL);
}
