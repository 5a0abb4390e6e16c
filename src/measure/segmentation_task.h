/*
 * Environments that must stay apart: environment "staging" { apart_from = "production"  host = "staging-1"  control = "vogt.example.org:8200" }.
 * What is tried from one, which secrets of both are compared, and under which key they become fingerprints.
 */
#ifndef VOGT_MEASURE_SEGMENTATION_TASK_H
#define VOGT_MEASURE_SEGMENTATION_TASK_H

#include "engine/turn.h"

bool segmentation_applies(const struct json *subject);          /* an environment that names what it is apart from */
/* The input of collect.connect: all endpoints of the other environment, the control, random ports for the plant. */
enum err segmentation_task(struct turn *turn, const struct json *environment, struct json *input) must_check;
/* {"apart_from":"environment:production"}, for judges that speak of both. */
enum err segmentation_options(struct turn *turn, const struct json *environment, struct json *options) must_check;

bool secrets_apply(const struct json *subject);                 /* a host that names files with secrets */
/* The input of collect.secrets: paths and key. */
enum err secrets_task(struct turn *turn, const struct json *host, struct json *input) must_check;
/* Sets "fingerprint_key": drawn once, kept sealed, the same for all hosts; it stands in no record. */
enum err secrets_key(struct turn *turn, struct json *input) must_check;
/* The facts of judge.disjoint: the newest of every host of both environments, none older than a day. A host that brought none stands there as
 * unread. */
enum err secrets_facts(struct turn *turn, struct slice subject, struct json *facts) must_check;

#endif
