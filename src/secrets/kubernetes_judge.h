/*
 * What judge does for logins of Kubernetes: tokens of service accounts, and what a cluster's API says of them. Hostile bytes; pure; keeps nothing.
 *   login.account  {"pems":[PEM…]} (none: the signature is left to the cluster), raw: the token
 *                  -> {"namespace","name","uid","secret","issuer","audience": text or list} as the token says it; not believed before the cluster has said so
 *   login.review   raw: a TokenReview of authentication.k8s.io/v1
 *                  -> {"authenticated","namespace","name","uid","audiences":[…],"error"}
 */
#ifndef VOGT_SECRETS_KUBERNETES_JUDGE_H
#define VOGT_SECRETS_KUBERNETES_JUDGE_H

#include "process/worker.h"

enum err login_account(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err login_review(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
