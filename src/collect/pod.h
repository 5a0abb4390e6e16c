/*
 * What Kubernetes gives every pod: the authority of its cluster's API and a token for it. For logins of service accounts, where Vogt itself runs in the cluster. Look reads
 * the one directory where they lie; no agent's task names this work.
 */
#ifndef VOGT_COLLECT_POD_H
#define VOGT_COLLECT_POD_H

#include "process/worker.h"

#define POD_DIRECTORY "/var/run/secrets/kubernetes.io/serviceaccount"

/* "collect.pod". Output {"ca","token"}: texts, empty where there is none. */
enum err collect_pod(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
