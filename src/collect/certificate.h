/*
 * A certificate chain as a hostile server sent it, judged. Pure: DER bytes and a time in, a finding out; libcrypto parses.
 */
#ifndef VOGT_COLLECT_CERTIFICATE_H
#define VOGT_COLLECT_CERTIFICATE_H

#include "collect/judge.h"

/* Judges facts of one address ("chain", "verify") for the name asked for. The finding's values describe the leaf. */
struct finding certificate_judge(struct judge_case *judge_case, const struct json *address_facts,
                                 struct slice server_name) must_check;

#endif
