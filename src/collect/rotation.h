/*
 * Rotation, from the outside: does a target still take a value? "credential.try" asks it once; "rotation.hook" tells a hook to change the value at the target;
 * "collect.rotation" tries the value before the last rotation and the present one. A value is in a task's input and in what goes to the target, in no fact,
 * output or complaint. Owns nothing.
 *
 *   target     "https://HOST[:PORT]/PATH" (or http:// on loopback): Basic authentication; 2xx is accepted, 401 and 403 are refused
 *              "postgres://HOST:PORT/DATABASE": a session with SCRAM-SHA-256, over TLS where the server offers it; 28P01 is refused. The server must show that it
 *              knows the password; one that asks for it in the clear or as MD5 is not told
 *   hook       "https://HOST[:PORT]/PATH" (or http:// on loopback): a POST of {"rotation","path","field","user","old","new","id"} with a bearer token; any 2xx
 *              means that the new value is set. The same "id" comes again after a lost answer: setting it twice must do no harm
 */
#ifndef VOGT_COLLECT_ROTATION_H
#define VOGT_COLLECT_ROTATION_H

#include "process/worker.h"

/* Input {"target","port","user","value","authorities_pem"?,"round"?}. Output {"state","status"}: see below. "round" tells two tries of one turn apart. */
enum err credential_try(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* Input {"hook","port","token","authorities_pem"?,"body":{…}}. Output {"status"}. */
enum err rotation_hook(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* Input {"target","port","user","current","old"?,"rotated_at_ms"?,"authorities_pem"?}. Facts {"target","user","rotated_at_ms","old":{"state","status"},
 * "current":{"state","status"}}. The plant is a target that takes whatever it is given. */
enum err collect_rotation(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err judge_rotation(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

enum credential_state {
    CREDENTIAL_UNCLEAR,                 /* an answer that says neither */
    CREDENTIAL_SILENT,                  /* nothing answers, or its certificate is not trusted */
    CREDENTIAL_REFUSED,
    CREDENTIAL_ACCEPTED,
};
const char *credential_state_name(enum credential_state state); /* "unclear" "silent" "refused" "accepted" */

struct credential {
    struct slice host, database, user, value;
    uint16_t port;
};
/* A session of PostgreSQL up to its first "ready" or refusal, within the deadline (monotonic). `status` gets a word for people: an SQLSTATE, "scram". */
enum credential_state credential_postgres(const struct credential *credential, int64_t deadline_ns, char status[16]);

/* The conversation after the greeting, over any bytes; for tests and the fuzzer. */
struct credential_line {
    enum err (*write)(void *context, struct slice bytes);
    enum err (*read)(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count);
    void *context;
};
enum credential_state credential_postgres_talk(const struct credential_line *line, const struct credential *credential, const uint8_t nonce[18], char status[16]);

#endif
