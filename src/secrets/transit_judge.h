/*
 * Judge's part of transit: what people bring as text. Pure; keeps nothing, and no complaint repeats what it was given.
 *   transit.backup  raw: a backup as it was given (base64 of JSON)                  -> the JSON as a tree
 *   transit.public  {"family","curve"}: of key_form.h, raw: PEM of a public key     -> raw: the key as rows hold it
 */
#ifndef VOGT_SECRETS_TRANSIT_JUDGE_H
#define VOGT_SECRETS_TRANSIT_JUDGE_H

#include "process/worker.h"

enum { TRANSIT_BACKUP_MAX_BYTES = 6 << 20 };

enum err transit_backup_text(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_public_pem(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
