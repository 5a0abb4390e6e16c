/* The language of whoever started a program, as the environment says it: LC_ALL, LC_MESSAGES, LANG. German, else English. */
#ifndef VOGT_BASE_LANGUAGE_H
#define VOGT_BASE_LANGUAGE_H

#include "base/err.h"

enum language language_of_environment(void);

#endif
