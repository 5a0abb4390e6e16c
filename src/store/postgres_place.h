/* What rows_place_read found and rows_place_connect needs. Internal to postgres*.c. */
#ifndef VOGT_STORE_POSTGRES_PLACE_H
#define VOGT_STORE_POSTGRES_PLACE_H

#include "store/postgres.h"

enum { PLACE_SETTINGS_MAX = 40 };

struct rows_place {
    const char *names[PLACE_SETTINGS_MAX + 1];
    char *values[PLACE_SETTINGS_MAX + 1]; /* owned; NULL at the end, as libpq wants it */
    size_t count;
    const char *paths[2 * PLACE_PATHS_MAX + 1]; /* borrowed from the values and from `own` */
    size_t path_count;
    char *own[PLACE_PATHS_MAX];
    size_t own_count;
};

#endif
