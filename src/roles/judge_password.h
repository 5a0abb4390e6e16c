/*
 * The work "argon2id": a passphrase becomes a hash. Slow and hungry on purpose, so the judge does
 * it, not keep. input   {"salt":"hex of 16 bytes","memory_kib":8..262144,"passes":1..10}, raw: the
 * passphrase output  {"hash":"hex of 32 bytes"} Pure; keeps nothing of the passphrase, and no
 * complaint names it.
 */
#ifndef VOGT_ROLES_JUDGE_PASSWORD_H
#define VOGT_ROLES_JUDGE_PASSWORD_H

#include "process/worker.h"

enum {
    PASSWORD_SALT_BYTES = 16,
    PASSWORD_HASH_BYTES = 32,
    PASSWORD_MAX_BYTES = 4096,
    PASSWORD_MEMORY_MIN_KIB = 8,
    PASSWORD_MEMORY_MAX_KIB = 262144,
    PASSWORD_PASSES_MAX = 10,
};

enum err judge_password(struct arena *arena, const struct json *input, struct slice raw,
                        struct work_reply *reply) must_check;

#endif
