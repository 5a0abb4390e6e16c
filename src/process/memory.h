/*
 * Memory of a role that answers requests of megabytes: what one request has freed stays for the next one instead of being given back and faulted in anew (a seventh of
 * what a request of 1 MiB costs). When nothing has happened for a while, all of it goes back to the system.
 */
#ifndef VOGT_PROCESS_MEMORY_H
#define VOGT_PROCESS_MEMORY_H

#include <stdint.h>

enum { MEMORY_HELD_MAX_BYTES = 32 << 20 };

void memory_hold(void);
/* To be called about once a second with a count that grows with every request. When it stands still, what is free goes back; and again once a minute, because a role's
 * own work leaves something behind too. */
void memory_rest(uint64_t requests);

#endif
