/*
 * The parent: starts every role, makes every channel, hands out descriptors, restarts what may be
 * restarted, stops all in order. It holds the configuration and the listening sockets and sees no
 * client bytes. Internal to parent*.c.
 */
#ifndef VOGT_ROLES_PARENT_H
#define VOGT_ROLES_PARENT_H

#include "base/json.h"
#include "process/channel.h"
#include "process/sandbox.h"
#include "process/spawn.h"
#include "roles/programs.h"

enum {
    MEMBERS_MAX = 32,
    SOCKETS_MAX = 8,
    TELLS_MAX = 4, /* audit devices, a role each */
    ADDRESS_BYTES = 300,
    REASON_BYTES = 96,
};

/*
 *   EMPTY --member_start--> STARTING --READY--> SERVING --end--> WAITING --member_start (after the
 * backoff)--> STARTING
 *                               \------------------\---- STOP (members_stop) ---> STOPPING --end-->
 * EMPTY
 */
enum member_state {
    MEMBER_EMPTY,
    MEMBER_STARTING,
    MEMBER_SERVING,
    MEMBER_STOPPING,
    MEMBER_WAITING
};

struct member {
    enum role role;
    uint64_t index;
    enum member_state state;
    struct spawned spawned;
    struct channel *channel;
    int keep_end; /* keep's end of its channel, -1 once handed over */
    enum confinement level;
    char features[512]; /* words, joined by ", " */
    bool hung;          /* closed its channel: nothing more comes from it */
    bool replaced;      /* told to go because keep ended: start it anew, nobody is to blame */
    unsigned crashes;   /* since it last ran for a minute */
    int64_t started_ms, restart_ms, kill_ms; /* monotonic; kill_ms 0: no deadline */
};


struct options {
    const char *directory, *listen, *config;
    const char *database; /* NULL, or the file with the connection to PostgreSQL: the store's rows lie there */
    enum confinement minimum;
    int ready_fd; /* -1 */
    uint64_t judges, gates, reaches;
};

/* What the parent writes into the data directory for people: the operator's token, and the
 * certificate to trust. */
enum notice { NOTICE_TOKEN, NOTICE_CERTIFICATE, NOTICE_COUNT };

struct parent {
    struct options options;
    enum language language;
    struct arena *arena;       /* configuration */
    const struct json *config; /* never NULL */
    char directory_path[4096];
    int directory_fd, lock_fd, executables_fd, signal_fd;
    int sockets[SOCKETS_MAX];
    size_t socket_count;
    char address[ADDRESS_BYTES]; /* "https://localhost:8200" */
    bool plain;                  /* configured: HTTP without TLS, on loopback */
    struct sandbox_report own;
    struct member members[MEMBERS_MAX];
    size_t member_count;
    struct programs programs;
    bool sealed;    /* keep ended once: it must not unseal by itself again */
    bool store_away; /* the store's database is gone for now: it is tried again, and keep began anew through no fault of its own */
    bool announced; /* ready was said */
    bool asked;
    bool stopping, failed;
    size_t stop_phase;
    int64_t begun_ms;
    enum role ended_role;                  /* whose end had keep replaced, and why; told to the new one */
    char keep_reason[REASON_BYTES];
    int64_t watchdog_ms, watchdog_next_ms; /* 0: none asked for */
};

int64_t parent_now_ms(void);

/* Says one clear error (log, ready descriptor, terminal) and begins to stop. */
void parent_fail(struct parent *parent, enum err err, struct text text, const char *detail);
void parent_begin_stop(struct parent *parent);

/* parent_options.c */
enum err options_read(int count, char **arguments, struct options *ret_options,
                      struct complaint *complaint) must_check;

/* parent_directory.c */
enum err directory_open(struct parent *parent, struct complaint *complaint) must_check;
enum err directory_write(const struct parent *parent, enum notice notice,
                         struct slice text) must_check;
/* The key file of the seal, checked: regular, ours, nobody else's to read. */
/* The files of tls { certificate = FILE  key = FILE }; both -1 where none is configured. */
enum err directory_open_tls(const struct parent *parent, int ret_fds[2], struct complaint *complaint) must_check;
enum err directory_open_key(const struct parent *parent, int *ret_fd,
                            struct complaint *complaint) must_check;
/* The file with the connection to PostgreSQL, checked as the key file is; it is the store that reads it. */
enum err directory_open_database(const struct parent *parent, int *ret_fd, struct complaint *complaint) must_check;
/* Where audit devices write files: audit { directory = "…" }, else "audit" in the data directory. Made when it is not there. */
enum err directory_open_audit(const struct parent *parent, int *ret_fd, struct complaint *complaint) must_check;

/* parent_listen.c */
enum err listen_open(struct parent *parent, struct complaint *complaint) must_check;

/* parent_members.c */
void members_plan(struct parent *parent);
enum err member_start(struct parent *parent, struct member *member) must_check;
/* What is executed for a role: "store" is another program where its database is a server. */
const char *member_program(const struct parent *parent, enum role role);
struct member *member_of_role(struct parent *parent, enum role role);
struct member *member_at(struct parent *parent, enum role role, uint64_t index); /* NULL: none such */
void member_ended(struct parent *parent, struct member *member, int status);
/* All roles end and start again; why is told to the new keep. */
void members_begin_anew(struct parent *parent, enum role role, const char *reason);
void members_restart_due(struct parent *parent, int64_t now_ms);
void members_stop_step(struct parent *parent, int64_t now_ms);
bool members_all(const struct parent *parent, enum member_state state);
int64_t members_next_ms(const struct parent *parent); /* -1: nothing is due */
void member_kill(struct member *member);

/* parent_messages.c */
void member_hear(struct parent *parent, struct member *member);
void keep_tell_ended(struct parent *parent, enum role role, uint64_t index, const char *reason,
                     bool restarted);
void members_settle(struct parent *parent); /* after any READY: hand over channels, ask keep */

/* parent_notify.c */
void notify_manager(const char *state); /* systemd's NOTIFY_SOCKET; nothing without */
int64_t notify_watchdog_ms(void);       /* half the interval asked for, 0 without */
void notify_ready(const struct parent *parent, struct slice login_link);
void notify_failed(const struct parent *parent, enum err err, struct text text, const char *detail);

#endif
