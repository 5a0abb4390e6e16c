/*
 * An agent's parent, internal to agent*.c: it starts the courier and one collector's role (look on a host, reach at a vantage), makes their channels, restarts what
 * ended, and starts nft for look. It reads its arguments, its directory's names and its roles' frames; no byte of the network and no fact.
 *
 *   enrolling: the courier alone  --it ends with "again"-->  serving: courier and worker  --courier ends--> all begin anew, with a growing pause
 */
#ifndef VOGT_ROLES_AGENT_H
#define VOGT_ROLES_AGENT_H

#include "base/json.h"
#include "process/channel.h"
#include "process/sandbox.h"
#include "process/spawn.h"
#include "roles/programs.h"

enum { AGENT_TOKEN_MAX_BYTES = 128 };

struct agent_options {
    const char *directory, *server, *pin, *token, *name; /* token: a file, or "-" */
    const char *read;                   /* NULL, or paths with colons between: files with secrets that look may read */
    enum confinement minimum;
};

enum agent_member_id { MEMBER_COURIER, MEMBER_WORKER, AGENT_MEMBERS };

/*   EMPTY --start--> STARTING --READY--> SERVING --end--> WAITING (pause) --> STARTING   */
enum agent_state { AGENT_EMPTY, AGENT_STARTING, AGENT_SERVING, AGENT_WAITING };

struct agent_member {
    enum role role;                     /* ROLE_NONE: none is wanted now */
    enum agent_state state;
    struct spawned spawned;
    struct channel *channel;
    int hub_end;                        /* the courier's end of the worker's channel, until it is handed over; -1 */
    enum confinement level;
    char confinement[16];
    unsigned crashes;
    int64_t started_ms, restart_ms, kill_ms;
};

struct agent {
    struct agent_options options;
    enum language language;
    struct arena *arena;
    int directory_fd, lock_fd, executables_fd, signal_fd;
    char token[AGENT_TOKEN_MAX_BYTES + 1];
    struct agent_member members[AGENT_MEMBERS];
    struct programs programs;
    bool stopping, failed;
};

int64_t agent_now_ms(void);
/* One clear error, then the end. */
void agent_fail(struct agent *agent, enum err err, struct text text, const char *detail);

/* agent_directory.c: DIR is 0700 and the courier's, one agent at a time; the token file; the kind of agent that was enrolled. */
enum err agent_directory_open(struct agent *agent, struct complaint *complaint) must_check;
enum err agent_read_token(struct agent *agent, struct complaint *complaint) must_check;
enum role agent_worker_role(const struct agent *agent); /* ROLE_NONE: not enrolled yet */

/* agent_sight.c: what this process lacks and its collectors will therefore not see; ids of measure/agent_gaps.def. */
struct json *agent_sight(struct arena *arena, enum role worker);

/* agent_members.c */
enum err agent_start(struct agent *agent, enum agent_member_id id) must_check;
void agent_hear(struct agent *agent, enum agent_member_id id);
void agent_member_ended(struct agent *agent, enum agent_member_id id, int status);
void agent_restart_due(struct agent *agent, int64_t now_ms);
int64_t agent_next_ms(const struct agent *agent); /* -1: nothing is due */
void agent_stop_members(struct agent *agent, int64_t now_ms);
void agent_close(struct agent_member *member); /* hung up: killed, and no longer listened to */
bool agent_is_empty(const struct agent *agent);

#endif
