/* The works of the judge: pure functions over facts. Rows are WORK(name, function); the declarations come from the rooms' own headers. */
#ifndef VOGT_ROLES_JUDGE_WORKS_H
#define VOGT_ROLES_JUDGE_WORKS_H

#include "collect/tls.h"

#define JUDGE_WORKS                                                                                                                \
    WORK("judge.tls", judge_tls)

#endif
