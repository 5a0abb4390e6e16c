/*
 * The database's schema as a table (schema.def), for whoever makes, opens or verifies one. Constants
 * only.
 *
 * Schema 1: the set-hash left out when a row is due. Schema 2 is the same tables with the set-hash of
 * sethash.h; meta's "state" is that one. A store that was migrated also has "state-1", the set-hash as
 * schema 1 had it, because the newest audit entry names that one; the next commit takes it away.
 */
#ifndef VOGT_STORE_SCHEMA_H
#define VOGT_STORE_SCHEMA_H

#include <stddef.h>

enum {
    SCHEMA_VERSION = 2,
    SCHEMA_VERSION_OLDEST = 1, /* older ones never left a workbench */
    APPLICATION_ID = 0x566f6774,
};

struct schema_object {
    const char *type, *name, *sql; /* sql NULL: SQLite's own */
};

static const struct schema_object schema_objects[] = {
#define SCHEMA_OBJECT(type, name, sql) {type, name, sql},
#include "store/schema.def"
#undef SCHEMA_OBJECT
};

enum { SCHEMA_OBJECT_COUNT = sizeof(schema_objects) / sizeof(schema_objects[0]) };

#endif
