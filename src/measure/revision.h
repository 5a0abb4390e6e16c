/*
 * Two revisions of an annex, sentence by sentence: what stayed, moved, changed, came and went, and where a promise became
 * weaker. Pure; the result lives in the arena.
 *
 *   {"clauses":[{"id":"3.1","state":"unchanged|moved|changed|added","digest":"16 hex digits","before":"3.2",
 *                "similarity":83,"words":[{"op":"same|removed|added","text":"…"}],
 *                "weakened":[{"reason":"limit.relaxed","values":{"before":"30 Tage","after":"90 Tage"},"text":{"en":"…","de":"…"}}]}],
 *    "removed":[{"id":"4.2","section":"4","text":"…","digest":"…"}],
 *    "counts":{"unchanged":1,"moved":0,"changed":2,"added":0,"removed":1,"weakened":1}}
 *
 * "before" stands where an old clause is matched; "similarity", "words" and "weakened" where it changed. A clause only moved
 * when its section is neither the one of the same number nor of the same title.
 */
#ifndef VOGT_MEASURE_REVISION_H
#define VOGT_MEASURE_REVISION_H

#include "base/json.h"

enum { CLAUSE_DIGEST_BYTES = 17 };

/* The first 16 hex digits of SHA-256 over the folded words and signs of lead and text: letter case, blanks, quotation marks
 * and the marks between clauses do not count. ERR_TOO_LARGE: the arena is full. */
enum err clause_digest(struct arena *arena, struct slice text, struct slice lead, char ret_hex[CLAUSE_DIGEST_BYTES]) must_check;

/* Both as annex_read gives them (members more than those are ignored). ERR_INVALID when one has no clauses. */
enum err annex_compare(struct arena *arena, const struct json *before, const struct json *after, struct json **ret_revision) must_check;

#endif
