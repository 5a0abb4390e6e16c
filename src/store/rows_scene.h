/* A store of its own for each test: where it lies is the scene's matter (rows_scene_file.c, rows_scene_postgres.c). Tests only. */
#ifndef VOGT_STORE_ROWS_SCENE_H
#define VOGT_STORE_ROWS_SCENE_H

#include "store/store.h"

struct place {
    char path[64];              /* the data directory */
    char database[32];          /* of PostgreSQL */
    struct store *store;
    struct rows_source *source;
};

enum err place_new(struct place *place) must_check;
enum err place_open(struct place *place) must_check;
void place_close(struct place *place);
void place_end(struct place *place); /* closes and removes */
void place_file(const struct place *place, const char *name, char out[128]);
/* Runs SQL as another program would; false: it failed. */
bool place_run(const struct place *place, const char *sql) must_check;

/* Closed, changed so, and opened again. */
enum err place_reopen_after(struct place *place, const char *sql) must_check;

/* PostgreSQL's only: the server's process, and that server once more after it ended. */
int place_server(void);
enum err place_restart(void) must_check;

/* rows_scene.c: a commit of one change, as keep would send it. */
enum err commit_change(struct place *place, const struct change *change, struct buf *answer) must_check;
enum err put_row(struct place *place, const char *path, uint64_t expected, uint64_t due, const char *bytes) must_check;

#endif
