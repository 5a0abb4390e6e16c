/*
 * Installed packages of an image, counted in the lists that package managers keep. Pure, on hostile bytes; borrows. Used by look (files that an engine
 * gives out) and judge (layers of an image).
 */
#ifndef VOGT_COLLECT_PACKAGES_H
#define VOGT_COLLECT_PACKAGES_H

#include "base/bytes.h"

/* dpkg's status (Debian): paragraphs with "Package:" whose "Status:" ends with " installed". One of status.d (distroless) has no status: it counts. */
uint64_t packages_of_dpkg(struct slice text);
/* apk's "installed" (Alpine): lines "P:name". */
uint64_t packages_of_apk(struct slice text);

/* The next entry of a tar archive (POSIX ustar, pax headers passed over). *rest moves behind it. ERR_NOT_FOUND at the end, ERR_MALFORMED. */
struct tar_entry {
    struct slice name, content;
    char type;                      /* '0' a file, '5' a directory, '2' a link … */
};
enum err tar_next(struct slice *rest, struct tar_entry *ret_entry) must_check;

#endif
