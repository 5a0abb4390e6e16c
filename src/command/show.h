/* An annex on the terminal: sections, sentences, verdicts, ages, reasons. Owns nothing. */
#ifndef VOGT_COMMAND_SHOW_H
#define VOGT_COMMAND_SHOW_H

#include "command/command.h"

/* data: what GET annex/current gives. */
void show_annex(struct run *run, const struct json *data);
/* "12 kept, 3 broken, …" */
void show_counts(struct run *run, const struct json *counts);
/* own[] and not_covered[] of GET morning. */
void show_own(struct run *run, const struct json *morning);
void show_verdict(struct run *run,
                  struct slice verdict); /* the word, coloured, padded to VERDICT_COLUMNS */
void show_heading(struct run *run, const char *text);
void show_pair(struct run *run, const char *name,
               struct slice value); /* "  name      value", wrapped */
/* "3 min ago" / "vor 3 Min." */
const char *show_age(struct run *run, int64_t seconds);
bool show_all_kept(const struct json *clauses);

enum { VERDICT_COLUMNS = 12, PAIR_COLUMNS = 25 };

#endif
