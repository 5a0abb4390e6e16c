/*
 * A file that is packed (gzip of tar, as archive.h writes it and everybody else) or not, as it streams by. Hostile bytes: what comes out of a piece of n bytes is at most
 * 1,032 * n + 64 KiB (RFC 1951 cannot say more), so whoever feeds small pieces bounds it. Owns its stream (about 100 KiB).
 */
#ifndef VOGT_BASE_ARCHIVE_READER_H
#define VOGT_BASE_ARCHIVE_READER_H

#include "base/archive.h"

struct archive_reader;

struct archive_reader *archive_reader_new(void); /* NULL without memory */
void archive_reader_free(struct archive_reader *reader);
/* Contents come with their member's name; those of a file that is not packed with an empty one. ERR_MALFORMED: neither; after an error the reader is of no use. */
enum err archive_reader_feed(struct archive_reader *reader, struct slice bytes, tar_sink sink, void *context) must_check;
/* The first two bytes said so. */
bool archive_reader_is_packed(const struct archive_reader *reader);
/* Nothing is missing at its end. Of a file that is not packed nobody can say, so it is. */
bool archive_reader_is_whole(const struct archive_reader *reader);

#endif
