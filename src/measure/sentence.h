/*
 * Sentences of German and English prose: wrapped lines are joined (undoing hyphenation), paragraphs are cut where a
 * sentence ends and nowhere else ("z. B.", "Art. 32", "1. Januar", "TLS 1.3" do not end one).
 * Pure functions over clean text (text_clean); own nothing.
 */
#ifndef VOGT_MEASURE_SENTENCE_H
#define VOGT_MEASURE_SENTENCE_H

#include "base/bytes.h"

/* Whether a hyphen at a line end belongs to the word is looked up in the document itself ("break-glass" stands elsewhere
 * unbroken); `left` bounds the look-ups. */
struct hyphens {
    struct slice document;
    unsigned left;
    enum language language;
};

/* Appends the next line of a paragraph to what is joined already. ERR_TOO_LARGE past the buf's maximum. */
enum err sentence_join(struct buf *joined, struct slice line, struct hyphens *hyphens) must_check;

/* The next sentence at or after *position, trimmed; false at the end. *position moves behind it. */
bool sentence_next(struct slice paragraph, size_t *position, struct slice *ret_sentence);

/* Without the marks of a list around it: a final ",", ";" and "; und", ", and" go; ":" and "." stay. */
struct slice sentence_trim(struct slice text);

/* By stop words; without any, by umlauts. */
enum language sentence_language(struct slice text);

/* Letters, as far as German and English need them; `c` is a code point. */
bool letter_is_upper(uint32_t c);
bool letter_is_lower(uint32_t c);
uint32_t text_first(struct slice text);                 /* its first code point, 0 when empty */
struct slice text_first_word(struct slice text);        /* up to white space, without punctuation behind it */
bool text_word_in(struct slice word, const char *list); /* " und oder " : blanks around every word; ASCII case folded */

#endif
