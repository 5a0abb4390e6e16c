/*
 * userpass: a person or service logs in with a name and a password. Rows:
 *   m/UUID/user/NAME  {"salt","hash","memory_kib","passes"} of Argon2id, or {"bcrypt"} as somebody brought it, until the first login makes Argon2id of it; "token":{…}
 * NAME is in lower case, as Vault has it. The mount's settings hold {"bcrypt"}: what to hash with for names that have no hash of that kind, once any had one, so that
 * a login costs the same work whether its name exists or not and whichever hash it has.
 */
#ifndef VOGT_SECRETS_USERPASS_H
#define VOGT_SECRETS_USERPASS_H

#include "secrets/login_token.h"

enum { USERPASS_PASSWORD_MAX_BYTES = 4096, USERPASS_NAME_MAX_BYTES = 128 };

bool userpass_name_is_good(struct slice name);
char *userpass_path(struct turn *turn, struct slice name);
/* Is this a hash in bcrypt's form, of a cost that a login may have? */
bool userpass_bcrypt_is_good(struct slice text);

/* The members of a row that stand for this password, hashed by judge. */
enum err userpass_hash(struct turn *turn, struct slice password, struct json *row) must_check;
/* The mount shall cost as much as this hash for everybody. */
enum err userpass_note_bcrypt(struct turn *turn, struct slice bcrypt) must_check;

#endif
