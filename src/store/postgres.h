/*
 * The one connection to a PostgreSQL database that a store keeps its rows in. In the order of a start:
 *
 *   rows_place_read       the URL (or keywords) that the operator wrote, held against what may stand there; nobody is asked
 *   rows_place_connect    names looked up, connected, TLS, login; the server must be one whose commits are durable, and nobody else's
 *   rows_open             (rows.h) with the source
 *
 * A connection that is lost is lost for good: the process ends, and whoever starts the next one finds out what was committed last. It owns the
 * connection; the password stands in libpq's memory as long as that lives, and nowhere in a text.
 */
#ifndef VOGT_STORE_POSTGRES_H
#define VOGT_STORE_POSTGRES_H

#include "store/rows.h"

enum { PLACE_URL_MAX_BYTES = 8192, PLACE_PATHS_MAX = 8 };

struct rows_place;

/* Complaints name the setting, never its value. ERR_MALFORMED; ERR_UNSUPPORTED: a setting that is not kept. */
enum err rows_place_read(struct slice url, struct rows_place **ret_place, struct complaint *complaint) must_check;
/* Files, and directories of local sockets, that connecting needs; NULL-terminated; they live as long as the place. */
const char *const *rows_place_paths(const struct rows_place *place);
void rows_place_free(struct rows_place *place); /* wipes */

/* ERR_UNREACHABLE: may be there later; ERR_LOCKED: another Vogt has it; ERR_DENIED, ERR_NOT_FOUND, ERR_UNSUPPORTED. The complaint's detail is the
 * server's own word. */
enum err rows_place_connect(struct rows_place *place, unsigned seconds, struct rows_source **ret_source, struct complaint *complaint) must_check;
const char *rows_source_words(const struct rows_source *source); /* what the server said about its last error; may be empty */
/* Readable though nothing was asked: rows_heed finds out whether the server is gone. */
int rows_source_fd(const struct rows_source *source);
void rows_heed(struct rows *rows);
void rows_source_free(struct rows_source *source);

#endif
