/* What the files of the TLS judge share. Pure, as every judge. */
#ifndef VOGT_COLLECT_JUDGE_TLS_H
#define VOGT_COLLECT_JUDGE_TLS_H

#include "collect/judge.h"

/* A finding that names the address it was made at. */
struct finding tls_finding(struct judge_case *judge_case, enum outcome outcome, const char *reason, const struct json *address);
/* tls.hsts of one address (judge_hsts.c). */
struct finding tls_judge_hsts(struct judge_case *judge_case, const struct json *address);

#endif
