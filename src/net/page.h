/*
 * The web page as it was built into this program: a table of files that embed.py writes from
 * ui/dist. Constant data; nothing is read at run time.
 */
#ifndef VOGT_NET_PAGE_H
#define VOGT_NET_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page_file {
    const char *path; /* "index.html", "assets/index-3f2a.js" */
    const char *content_type;
    const char *etag;   /* with its quotes */
    bool is_unchanging; /* the name holds a digest of the content */
    const unsigned char *bytes;
    size_t len;
    const unsigned char *gzip; /* NULL: not worth it */
    size_t gzip_len;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
