/*
 * What judge does for logins: reads text that a client wrote inside of its JSON, and hashes passwords in the forms that others gave. Pure; keeps nothing, and no
 * complaint repeats what it was given.
 *   login.metadata  raw: JSON text                         -> {"metadata": the object}
 *   login.crypt     {"setting": a hash in bcrypt's form}, raw: the password -> {"hash"}: equal to the setting when the password is the right one
 */
#ifndef VOGT_SECRETS_LOGIN_JUDGE_H
#define VOGT_SECRETS_LOGIN_JUDGE_H

#include "process/worker.h"

enum { LOGIN_METADATA_MAX_BYTES = 64 << 10 };

enum err login_metadata(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err login_crypt(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
