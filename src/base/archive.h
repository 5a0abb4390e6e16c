/*
 * What an archive (.tar.gz) is made of that nobody compresses: members of gzip (RFC 1952) whose blocks are stored as they are (RFC 1951, type 0), and headers of tar (POSIX
 * ustar). Several members one after the other are one gzip file, so an archive of any size is written in parts that know nothing of each other.
 *
 * member: 1f 8b 08 00, time[4] = 0, 00, ff; blocks of up to 65,535 bytes: u8 1 for the last, else 0, u16 LE length, u16 LE its complement, bytes;
 *         u32 LE CRC-32 of all of them, u32 LE their number modulo 2^32.
 * header: 512 bytes: name[100], mode[8], uid[8], gid[8], size[12], time[12], checksum[8], type, link[100], "ustar\0" "00", zeros. Numbers are octal text; a size of 8 GiB
 *         or more is 0x80, then big-endian. Contents are filled up to 512 bytes with zeros; two blocks of zeros end the archive.
 *
 * The reader takes plain files with names of up to 100 bytes and nothing else: no paths are made of them.
 */
#ifndef VOGT_BASE_ARCHIVE_H
#define VOGT_BASE_ARCHIVE_H

#include "base/bytes.h"

enum { TAR_BLOCK_BYTES = 512, TAR_NAME_BYTES = 100 };

enum err gzip_put_stored(struct buf *out, struct slice bytes) must_check;
enum err tar_put_header(struct buf *out, const char *name, uint64_t size, int64_t unix_s) must_check;
enum err tar_put_padding(struct buf *out, uint64_t size) must_check; /* behind contents of this size */
enum err tar_put_end(struct buf *out) must_check;

/* A line of SHA256SUMS, as sha256sum writes it: hex of the digest, two spaces, name, line feed. And whether there is such a line. */
enum err sums_put(struct buf *sums, struct slice digest, const char *name) must_check;
bool sums_name(struct slice sums, struct slice digest, const char *name);

struct tar_reader {
    uint8_t block[TAR_BLOCK_BYTES];
    size_t filled;
    uint64_t left, padding;         /* of the member at hand */
    char name[TAR_NAME_BYTES + 1];
    bool is_ended;
};

/* Contents as they come; an empty member comes once, with no bytes. An error ends the feeding with it. */
typedef enum err (*tar_sink)(void *context, const char *name, struct slice bytes);
/* ERR_MALFORMED: no archive of this kind. */
enum err tar_feed(struct tar_reader *reader, struct slice bytes, tar_sink sink, void *context) must_check;
bool tar_is_whole(const struct tar_reader *reader);

#endif
