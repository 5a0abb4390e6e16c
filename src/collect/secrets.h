/*
 * Secrets of environments, compared without being shown. Collector (look): the files that the task names, line by line as NAME=value or
 * whole, as fingerprints (fingerprint.h); a value never becomes a fact. Judges: secrets.files-closed (the files of one host),
 * secrets.disjoint (two environments, put together by keep).
 */
#ifndef VOGT_COLLECT_SECRETS_H
#define VOGT_COLLECT_SECRETS_H

#include "process/worker.h"

/* "collect.secrets". Input {"fingerprint_key": 64 hex digits,"paths":["/srv/app/.env","/run/secrets"]}; at most 64 paths. */
enum err collect_secrets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.secrets". Plant: a file within the collector that everybody may read. */
enum err judge_secrets(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.disjoint". Facts {"sides":[{"environment","sources":[facts of collect.secrets or collect.docker]},{…}]}: exactly two. Plant: the planted
 * facts of both sides, in which both hold the same secret. */
enum err judge_disjoint(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* A copy of the facts in which both sides hold one more secret, the same. NULL: the arena is full. */
struct json *disjoint_planted(struct arena *arena, const struct json *facts);

/* Puts the fingerprints of one file's content into fact: "values":[{"name","fingerprint"}], "left_out":{"short","common","plain"}, "cut"?. */
void secrets_read(struct arena *arena, struct slice content, struct slice file_name, const uint8_t *key, struct json *fact);

#endif
